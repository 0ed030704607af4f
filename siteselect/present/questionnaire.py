"""The questionnaire: a workbook to hand to the members of a committee, which reads back.

One sheet of instructions and of who speaks, one of the groups of criteria, one of the criteria of
each group. Ids stand in hidden columns, and a hidden sheet says which sheet asks what, so that
titles may be in either language and sheets may be named as people like.
"""

import io
import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from siteselect.base.errors import DataError, Fault
from siteselect.base.text import persian_digits
from siteselect.base.units import PERSIAN_UNITS
from siteselect.declared.criteria import CriteriaSet, Criterion
from siteselect.declared.judgements import GROUPS, INDEX_COLUMNS, INDEX_SHEET, MEMBER
from siteselect.present.export import FIXED_DATE

Language = Literal["en", "fa"]
Method = Literal["ahp", "swing"]

SCALE = (*(f"1/{k}" for k in range(9, 1, -1)), *(str(k) for k in range(1, 10)))
LONGEST_NAME = 31  # letters that Excel lets a sheet have

WORDS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "en": {
            "guide": "Guide", "groups": "Groups", "title": "Weights of the criteria",
            "answer": "Answer", "name": "Your name", "organisation": "Your organisation",
            "importance": "Importance (left to the secretary; empty is 1)",
            "first": "First", "second": "Second", "judgement": "Judgement",
            "criterion": "Criterion", "group": "Group", "points": "Points",
            "worst": "Worst", "best": "Best", "all_worst": "all its criteria at their worst",
            "all_best": "all at their best", "comma": ", ",
            "contains": "The groups and their criteria:",
        },
        "fa": {
            "guide": "راهنما", "groups": "گروه‌ها", "title": "وزن معیارها",
            "answer": "پاسخ", "name": "نام شما", "organisation": "سازمان شما",
            "importance": "ضریب اهمیت (دبیر می‌نویسد؛ خالی یعنی ۱)",
            "first": "نخست", "second": "دوم", "judgement": "داوری",
            "criterion": "معیار", "group": "گروه", "points": "امتیاز",
            "worst": "بدترین", "best": "بهترین", "all_worst": "همهٔ معیارهایش در بدترین حال",
            "all_best": "همه در بهترین حال", "comma": "، ",
            "contains": "گروه‌ها و معیارهایشان:",
        },
    }
)  # fmt: skip

# Paragraphs, parted by empty lines.
GUIDE: Mapping[tuple[str, str], str] = MappingProxyType(
    {
        ("en", "ahp"): """
Each following sheet lists pairs. Say how many times the first matters as much as the second for
the choice of a site.

1: both alike. 3: the first somewhat more. 5: clearly more. 7: much more. 9: beyond compare. 2,
4, 6 and 8 lie between.

If the second matters more, choose a fraction: 1/3 is the second somewhat more, 1/5 clearly
more, and so on.

Leave a pair empty that you cannot judge; what joins each line to some other is enough. A sheet
left wholly empty keeps the weights declared so far.

Choose from the list in the cell, or type. Save the file under your own name and send it back;
nothing else need be changed.
""",
        ("en", "swing"): """
On each following sheet, imagine a site with the worst of everything. Which single line would
you first raise from its worst to its best? Give it 100 points.

Give every other line 0 to 100 points: what its own step from worst to best is worth beside that
one. Judge the step shown, not the topic.

Fill every line of a sheet. A sheet left wholly empty keeps the weights declared so far.

Save the file under your own name and send it back; nothing else need be changed.
""",
        ("fa", "ahp"): """
هر برگهٔ بعدی فهرستی از جفت‌هاست. بنویسید برای انتخاب پهنه، نخستین چند برابرِ دومین اهمیت دارد.

۱: برابر. ۳: نخست اندکی مهم‌تر. ۵: آشکارا مهم‌تر. ۷: بسیار مهم‌تر. ۹: بی‌اندازه مهم‌تر. ۲، ۴، ۶
و ۸ میان این‌هاست.

اگر دومی مهم‌تر است کسر برگزینید: 1/3 یعنی دومی اندکی مهم‌تر، 1/5 یعنی آشکارا مهم‌تر، و مانند
آن.

جفتی را که نمی‌توانید داوری کنید خالی بگذارید؛ همین که هر سطر به سطری دیگر پیوند بخورد بس است.
برگه‌ای که سراسر خالی بماند وزن‌های اعلام‌شدهٔ کنونی را نگه می‌دارد.

از فهرست درون خانه برگزینید یا بنویسید. پرونده را به نام خود ذخیره کنید و بازگردانید؛ چیز دیگری
را تغییر ندهید.
""",
        ("fa", "swing"): """
در هر برگهٔ بعدی پهنه‌ای را تصور کنید که در همه چیز بدترین است. نخست کدام سطر را از بدترین به
بهترین می‌رسانید؟ به آن ۱۰۰ امتیاز بدهید.

به هر سطر دیگر از ۰ تا ۱۰۰ امتیاز بدهید: رفتن همان سطر از بدترین به بهترین در کنار آن یکی چه
می‌ارزد. همان گامی را بسنجید که نوشته شده است، نه موضوع را.

همهٔ سطرهای یک برگه را پر کنید. برگه‌ای که سراسر خالی بماند وزن‌های اعلام‌شدهٔ کنونی را نگه
می‌دارد.

پرونده را به نام خود ذخیره کنید و بازگردانید؛ چیز دیگری را تغییر ندهید.
""",
    }
)

# The texts of one row.
Row = tuple[str, ...]


def write(
    criteria: CriteriaSet, path: Path, *, language: Language = "fa", method: Method = "ahp"
) -> None:
    """Write a questionnaire on the weights of a criteria set.

    Parameters
    ----------
    criteria : CriteriaSet
        What is weighed.
    path : pathlib.Path
        An ``.xlsx`` file that is not there yet: one that came back is never written over.
    language : str
        fa (right to left) or en.
    method : str
        ahp (pairs) or swing (points).

    Raises
    ------
    DataError
        If the file is there already, or cannot be written.
    """
    content = workbook(criteria, language=language, method=method)
    try:
        with path.open("xb") as handle:
            handle.write(content)
    except FileExistsError as error:
        raise DataError(Fault("is there already; name another file", file=str(path))) from error
    except OSError as error:
        raise DataError(Fault(f"cannot be written ({error.strerror})", file=str(path))) from error


def workbook(criteria: CriteriaSet, *, language: Language, method: Method) -> bytes:
    """The questionnaire as the bytes of a workbook: the same for the same criteria.

    Parameters
    ----------
    criteria : CriteriaSet
    language, method : str
        As for `write`.

    Returns
    -------
    bytes
    """
    import xlsxwriter

    words = WORDS[language]
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        book.set_properties({"created": FIXED_DATE.replace(tzinfo=None)})
        paper = _Paper(book, language)
        names: list[str] = [words["guide"]]
        index: list[Row] = [(MEMBER, words["guide"], method)]
        _guide(paper, criteria, names[0], method=method)
        for node, title, rows in _lists(criteria, language):
            names.append(_sheet_name(title, [*names, INDEX_SHEET]))
            index.append((node, names[-1], method))
            if method == "ahp":
                _pairs(paper, names[-1], rows)
            else:
                _points(paper, names[-1], rows, of_groups=node == GROUPS)
        _index(book, index)
    return buffer.getvalue()


class _Paper:
    """A workbook with its formats; every text is written as text, never as a formula."""

    def __init__(self, book: Any, language: Language) -> None:
        self.book, self.language, self.words = book, language, WORDS[language]
        side = {"reading_order": 2, "align": "right"} if language == "fa" else {"reading_order": 1}
        plain = {"text_wrap": True, "valign": "vcenter", "font_size": 11, **side}
        line = {"bottom": 1, "bottom_color": "#BBBBBB"}
        self.text = book.add_format(plain)
        self.item = book.add_format({**plain, **line})
        self.hint = book.add_format({**plain, **line, "font_color": "#555555"})
        self.title = book.add_format({**plain, "bold": True, "font_size": 14})
        self.head = book.add_format({**plain, "bold": True, "bg_color": "#E6F0F8", "border": 1})
        # Text, or a spreadsheet makes a date of 1/9.
        self.ask = book.add_format({"num_format": "@", "align": "center", "valign": "vcenter",
                                    "border": 1, "bg_color": "#FFF9E0", "locked": False,
                                    "font_size": 12})  # fmt: skip
        self.count = book.add_format({"num_format": "0.##", "align": "center", "border": 1,
                                      "valign": "vcenter", "bg_color": "#FFF9E0", "locked": False,
                                      "font_size": 12})  # fmt: skip

    def sheet(self, name: str, widths: tuple[int, ...], headings: Row, *, hidden: int) -> Any:
        """A sheet with its heading; the first columns are hidden."""
        sheet = self.book.add_worksheet(name)
        if self.language == "fa":
            sheet.right_to_left()
        sheet.set_portrait()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.hide_gridlines(2)
        for j, (width, heading) in enumerate(zip(widths, headings, strict=True)):
            sheet.set_column(j, j, width, None, {"hidden": j < hidden})
            sheet.write_string(0, j, heading, self.head)
        sheet.freeze_panes(1, 0)
        sheet.repeat_rows(0)
        sheet.set_row(0, 24)
        # The name of the sheet, and its page; both are codes, so that no title is read as one.
        sheet.set_header("&C&A")
        sheet.set_footer("&C&P / &N")
        # The ids must come back as they are; there is no password.
        sheet.protect("", {"format_columns": True, "format_rows": True})
        return sheet


def _guide(paper: _Paper, criteria: CriteriaSet, name: str, *, method: Method) -> None:
    words = paper.words
    title = criteria.titles.fa if paper.language == "fa" else criteria.titles.en
    heading = f"{words['title']}{words['comma']}{title}"
    sheet = paper.sheet(name, (8, 70, 34), ("id", heading, words["answer"]), hidden=1)
    sheet.set_row(0, 30)
    sheet.write_string(0, 1, heading, paper.title)
    row = 1
    for key in ("name", "organisation", "importance"):
        sheet.write_string(row, 0, key)
        sheet.write_string(row, 1, words[key], paper.text)
        sheet.write_blank(row, 2, None, paper.ask)
        sheet.set_row(row, 24)
        row += 1
    told = [" ".join(part.split()) for part in GUIDE[paper.language, method].split("\n\n")]
    for sentence in [*told, words["contains"], *_contents(criteria, paper.language)]:
        sheet.write_string(row, 1, sentence, paper.text)
        sheet.set_row(row, 16 * (1 + len(sentence) // 72) + 6)
        row += 1


def _contents(criteria: CriteriaSet, language: Language) -> list[str]:
    """Each group with the titles of its criteria."""
    return [
        f"{getattr(group.titles, language)}: "
        + WORDS[language]["comma"].join(
            getattr(c.titles, language) for c in criteria.criteria if c.group == name
        )
        for name, group in criteria.groups.items()
    ]


def _pairs(paper: _Paper, name: str, rows: list[Row]) -> None:
    words = paper.words
    headings = ("first_id", "second_id", words["first"], words["judgement"], words["second"])
    sheet = paper.sheet(name, (8, 8, 38, 14, 38), headings, hidden=2)
    rule = {
        "validate": "list", "source": list(SCALE), "ignore_blank": True,
        "error_title": words["judgement"], "error_message": "1/9 … 1/2, 1, 2 … 9",
        "input_title": words["judgement"], "input_message": "1/9 … 1 … 9",
    }  # fmt: skip
    pairs = [(a, b) for i, a in enumerate(rows) for b in rows[i + 1 :]]
    for i, (a, b) in enumerate(pairs, start=1):
        for j, text in enumerate((a[0], b[0])):
            sheet.write_string(i, j, text)
        sheet.write_string(i, 2, a[1], paper.item)
        sheet.write_blank(i, 3, None, paper.ask)
        sheet.write_string(i, 4, b[1], paper.item)
        sheet.set_row(i, 18 * (1 + max(len(a[1]), len(b[1])) // 38) + 4)
    sheet.data_validation(1, 3, len(pairs), 3, rule)


def _points(paper: _Paper, name: str, rows: list[Row], *, of_groups: bool) -> None:
    words = paper.words
    what = words["group"] if of_groups else words["criterion"]
    headings = ("id", what, words["worst"], words["best"], words["points"])
    sheet = paper.sheet(name, (8, 36, 29, 29, 12), headings, hidden=1)
    rule = {
        "validate": "decimal", "criteria": "between", "minimum": 0, "maximum": 100,
        "error_title": words["points"], "error_message": "0 … 100",
        "input_title": words["points"], "input_message": "0 … 100",
    }  # fmt: skip
    for i, row in enumerate(rows, start=1):
        sheet.write_string(i, 0, row[0])
        for j, text in enumerate(row[1:], start=1):
            sheet.write_string(i, j, text, paper.item if j == 1 else paper.hint)
        sheet.write_blank(i, 4, None, paper.count)
        sheet.set_row(i, 18 * (1 + max(len(row[1]) // 36, len(row[2]) // 29)) + 4)
    sheet.data_validation(1, 4, len(rows), 4, rule)


def _index(book: Any, rows: list[Row]) -> None:
    sheet = book.add_worksheet(INDEX_SHEET)
    for i, row in enumerate([INDEX_COLUMNS, *rows]):
        for j, text in enumerate(row):
            sheet.write_string(i, j, text)
    sheet.protect()
    sheet.hide()


def _lists(criteria: CriteriaSet, language: Language) -> list[tuple[str, str, list[Row]]]:
    """What is asked: id and title of each list of two or more, with id, title, worst and best."""
    words = WORDS[language]
    inner = {g: [c for c in criteria.criteria if c.group == g] for g in criteria.groups}
    titles = {
        g: getattr(criteria.groups[g].titles, language) for g, found in inner.items() if found
    }
    groups = [(g, title, words["all_worst"], words["all_best"]) for g, title in titles.items()]
    lists = [(GROUPS, words["groups"], groups)] + [
        (g, title, [(c.id, getattr(c.titles, language), *_ends(c, language)) for c in inner[g]])
        for g, title in titles.items()
    ]
    return [(node, title, rows) for node, title, rows in lists if len(rows) > 1]


def _ends(criterion: Criterion, language: Language) -> tuple[str, ...]:
    """The readings of least and of greatest value."""
    worst = min(criterion.knots, key=lambda knot: knot[1])[0]
    best = max(criterion.knots, key=lambda knot: knot[1])[0]
    if language == "fa":
        unit = PERSIAN_UNITS.get(criterion.unit, criterion.unit)
        # The mark keeps a figure that begins a cell to the right of its unit in every program.
        return tuple(f"\u200f{persian_digits(f'{x:g}')} {unit}" for x in (worst, best))
    return f"{worst:g} {criterion.unit}", f"{best:g} {criterion.unit}"


def _sheet_name(title: str, taken: list[str]) -> str:
    """A title as the name of a sheet: no letter that Excel refuses, short, and not taken."""
    plain = re.sub(r"[\[\]:*?/\\\x00-\x1f]", " ", title).strip(" '") or "sheet"
    small = {name.casefold() for name in (*taken, "history")}
    name, number = plain[:LONGEST_NAME].strip(" '"), 1
    while name.casefold() in small:
        number += 1
        name = f"{plain[: LONGEST_NAME - 4].strip()} {number}"
    return name
