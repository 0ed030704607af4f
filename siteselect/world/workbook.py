"""XLSX workbooks, as far as a table needs them: the stored text of each cell of one sheet.

Read by the standard library, because a formula without a stored value must be told from an empty
cell, and because no entity, link or macro of the file may come to life.
"""

import datetime
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from siteselect.base.errors import DataError, Fault
from siteselect.base.text import nearest
from siteselect.world.admit import (
    Limits,
    archive,
    large,
    parse_xml,
    refuse,
    row_list,
    shown,
)

_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class _Styles:
    """How numbers are shown: styles of dates and of percentages, and the day 0 of the workbook."""

    dates: frozenset[int]
    shares: frozenset[int]
    day_0: datetime.date


def sheet_records(
    path: Path, sheet: str | None, limits: Limits, *, notes: list[Fault]
) -> Iterator[tuple[int, list[str]]]:
    """Row number and texts of each row of a sheet.

    Parameters
    ----------
    path : pathlib.Path
        An ``.xlsx`` file.
    sheet : str or None
        Name of the sheet; may be None if one sheet alone holds cells.
    limits : Limits
        How much the file may hold.
    notes : list of Fault
        Hidden rows and columns are told here: they are read like the others.

    Yields
    ------
    int, list of str
        Numbers as text, dates as ISO text; a row is padded to the width of the first.

    Raises
    ------
    DataError
        If the workbook is damaged or ambiguous, and for every cell that holds a formula without a
        stored value, a spreadsheet error, or lies in a merged range.
    """
    with archive(path, limits) as book:
        largest = max((entry.file_size for entry in book.infolist()), default=0)
        refuse(large(largest, limits, path.name))
        parts = _sheets(book, path.name)
        names = list(parts)
        if sheet is None and len(names) > 1:
            listed = ", ".join(shown(name) for name in names[:10])
            raise DataError(Fault(f"holds {len(names)} sheets; name one of {listed}", path.name))
        if sheet is not None and sheet not in parts:
            hint = nearest(sheet, names)
            raise DataError(Fault(f"holds no sheet {shown(sheet)}{hint}", file=path.name))
        if not names:
            raise DataError(Fault("is empty: no sheet holds a cell", file=path.name))
        part, hidden = parts[sheet or names[0]]
        if hidden:
            notes.append(Fault("its sheet is hidden; it was read all the same", path.name))
        strings = [
            "".join(t.text or "" for t in item.iter() if _tag(t) == "t")
            for item in _part(book, "xl/sharedStrings.xml", path.name).findall("{*}si")
        ]
        root = _part(book, part, path.name)
        notes += _hidden(root, path.name) + _borrowed(root, path.name)
        yield from _sheet_rows(root, strings, _styles(book, path), path.name)


def _hidden(root: ElementTree.Element, file: str) -> list[Fault]:
    hidden = ("1", "true")
    rows = [
        int(row.get("r", "0"))
        for row in root.iterfind("{*}sheetData/{*}row")
        if row.get("hidden") in hidden and row.get("r", "").isdecimal() and len(row)
    ]
    columns = any(item.get("hidden") in hidden for item in root.iterfind("{*}cols/{*}col"))
    told = [Fault("is hidden; it was read all the same", file, row_list(rows))] if rows else []
    return told + [Fault("hides columns; they were read all the same", file)] * columns


def _borrowed(root: ElementTree.Element, file: str) -> list[Fault]:
    """Cells whose value stands in another workbook: only what was stored of it is at hand."""
    rows = [
        int(row.get("r", "0"))
        for row in root.iterfind("{*}sheetData/{*}row")
        for formula in row.iterfind("{*}c/{*}f")
        if re.search(r"\[\d+\]", formula.text or "") and row.get("r", "").isdecimal()
    ]
    message = "takes values from another workbook; those stored with it were read"
    return [Fault(message, file, row_list(rows))] if rows else []


def _sheets(book: zipfile.ZipFile, file: str) -> dict[str, tuple[str, bool]]:
    """Part of each sheet that holds a cell and whether it is hidden, by the name of the sheet."""
    links = _part(book, "xl/_rels/workbook.xml.rels", file)
    target = {link.get("Id"): link.get("Target", "") for link in links}
    sheets = {}
    for item in _part(book, "xl/workbook.xml", file).iterfind(".//{*}sheet"):
        key = next((value for name, value in item.items() if name.endswith("}id")), None)
        part = target.get(key, "")
        part = part.lstrip("/") if part.startswith("/") else f"xl/{part}"
        if part in book.namelist() and re.search(rb"<(\w+:)?c[ >]", book.read(part)):
            hidden = item.get("state", "visible") != "visible"
            sheets[item.get("name", "")] = (part, hidden)
    return sheets


def _tag(element: ElementTree.Element) -> str:
    return element.tag.rsplit("}", 1)[-1]


def _part(book: zipfile.ZipFile, name: str, file: str) -> ElementTree.Element:
    if name not in book.namelist():
        return ElementTree.Element("none")
    return parse_xml(book.read(name), name, file)


def _styles(book: zipfile.ZipFile, path: Path) -> _Styles:
    styles = _part(book, "xl/styles.xml", path.name)
    built_in = {str(code) for code in (*range(14, 23), *range(45, 48))}
    codes = {
        item.get("numFmtId", ""): re.sub(r'"[^"]*"|\[[^\]]*\]|\\.', "", item.get("formatCode", ""))
        for item in styles.iterfind(".//{*}numFmt")
    }
    dates = built_in | {key for key, code in codes.items() if re.search(r"[dmyhs]", code)}
    shares = {"9", "10"} | {key for key, code in codes.items() if "%" in code}
    formats = [form.get("numFmtId", "") for form in styles.iterfind("{*}cellXfs/{*}xf")]
    properties = _part(book, "xl/workbook.xml", path.name).find("{*}workbookPr")
    late = properties is not None and properties.get("date1904") in ("1", "true")
    return _Styles(
        frozenset(i for i, key in enumerate(formats) if key in dates),
        frozenset(i for i, key in enumerate(formats) if key in shares),
        datetime.date(*((1904, 1, 1) if late else (1899, 12, 30))),
    )


def _sheet_rows(
    root: ElementTree.Element,
    strings: list[str],
    styles: _Styles,
    file: str,
) -> Iterator[tuple[int, list[str]]]:
    faults = [
        Fault(f"cells {item.get('ref', '')[:20]} are merged; split them", file=file)
        for item in root.iterfind(".//{*}mergeCell")
    ]
    heading: list[str] = []
    number, below = 0, 0
    for row in root.iterfind("{*}sheetData/{*}row"):
        number = int(row.get("r", "")) if row.get("r", "").isdigit() else number + 1
        if number <= below:
            message = "stands twice or out of order; the workbook is damaged"
            faults.append(Fault(message, file, f"row {number}"))
        below = max(number, below)
        cells: dict[int, str] = {}
        for cell in row.findall("{*}c"):
            at = _column(cell.get("r", ""), max(cells, default=-1) + 1)
            try:
                cells[at] = _cell_text(cell, strings, styles, twice=at in cells)
            except (ValueError, OverflowError) as error:
                field = heading[at] if at < len(heading) else f"column {_letters(at)}"
                faults.append(Fault(str(error), file, f"row {number}", field))
        last = max([len(heading) - 1, *(at for at, text in cells.items() if text.strip())])
        record = [cells.get(at, "") for at in range(last + 1)]
        heading = heading or record
        yield number, record
    refuse(faults)


def _column(reference: str, following: int) -> int:
    letters = re.match(r"[A-Z]{1,3}", reference)
    if not letters:
        return following
    number = 0
    for letter in letters.group():
        number = number * 26 + ord(letter) - 64
    return number - 1


def _letters(at: int) -> str:
    letters = ""
    while at >= 0:
        letters, at = chr(65 + at % 26) + letters, at // 26 - 1
    return letters


def _cell_text(
    cell: ElementTree.Element, strings: list[str], styles: _Styles, *, twice: bool
) -> str:
    """The text of a cell; a ValueError says what is wrong with it."""
    if twice:
        raise ValueError("stands twice in its row; the workbook is damaged")
    kind, value = cell.get("t", "n"), cell.findtext("{*}v") or ""
    if kind == "inlineStr":
        value = "".join(t.text or "" for t in cell.iter() if _tag(t) == "t")
    elif kind == "e":
        raise ValueError(f"holds the spreadsheet error {shown(value)}")
    elif not value and kind != "str" and cell.find("{*}f") is not None:
        raise ValueError(
            "is a formula with no stored value; open the file in a spreadsheet program and save"
            " it, or write the value itself"
        )
    elif kind == "s":
        if not value.isdigit() or int(value) >= len(strings):
            raise ValueError("points at a text that the workbook does not hold; it is damaged")
        value = strings[int(value)]
    elif kind == "b":
        value = {"0": "FALSE", "1": "TRUE"}.get(value, value)
    elif kind == "n" and value:
        value = _figure(value, cell.get("s", "0"), styles)
    return value


def _figure(value: str, style: str, styles: _Styles) -> str:
    if not _NUMBER.fullmatch(value):
        raise ValueError(f"{shown(value)} is no number")
    form = int(style) if style.isdigit() else 0
    if form in styles.shares:
        # As the user sees it: 0.05 shown as 5% is neither 0.05 nor 5 without a word.
        return f"{float(value) * 100:.15g}%"
    if form not in styles.dates:
        return f"{float(value):.15g}"
    midnight = datetime.datetime.combine(styles.day_0, datetime.time())
    moment = midnight + datetime.timedelta(days=float(value))
    return moment.isoformat(sep=" ").removesuffix(" 00:00:00")
