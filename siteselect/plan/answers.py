"""The register of answers: what bodies have said of sites, read, checked, and what it settles."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from siteselect.base.errors import DataError, Fault
from siteselect.base.text import fold, latin_digits, nearest, persian_digits
from siteselect.decide.score import EXCLUDED, REFUSED, REFUSED_BY, measured
from siteselect.decide.table import PerformanceTable
from siteselect.declared.answers import STATUS, Answer
from siteselect.declared.chain import text_of
from siteselect.declared.criteria import CriteriaSet
from siteselect.declared.sources import Column, Titles
from siteselect.plan.inquiries import Authority, Inquiry, bodies_of
from siteselect.plan.units import date_faults, headed
from siteselect.world.tables import parse, read_table

# What is read of a register; the other columns of its layout only say what is asked.
FIELDS: Mapping[str, Titles] = MappingProxyType(
    {
        "site": Titles(en="site", fa="شناسهٔ پهنه"),
        "rule": Titles(en="rule", fa="شناسهٔ قاعده"),
        "authority": Titles(en="authority", fa="شناسهٔ نهاد"),
        "answer": Titles(en="answer", fa="پاسخ"),
        "date": Titles(en="date", fa="تاریخ پاسخ"),
        "reference": Titles(en="reference", fa="شمارهٔ نامه"),
        "note": Titles(en="note", fa="یادداشت"),
    }
)
TOLD: Mapping[str, Titles] = MappingProxyType(
    {
        "site_name": Titles(en="site_name", fa="نام پهنه"),
        "authority_name": Titles(en="authority_name", fa="نام نهاد"),
        "subject": Titles(en="subject", fa="موضوع استعلام"),
        "days": Titles(en="days", fa="مهلت پاسخ (روز)"),
    }
)
LAYOUT = ("site", "site_name", "authority", "authority_name", "rule", "subject", "days", "answer",
          "date", "reference", "note")  # fmt: skip
_CODES = ("site", "rule", "authority", "date")


@dataclass(frozen=True, slots=True)
class Book:
    """What a register may speak of.

    Parameters
    ----------
    rules : mapping of str to tuple of str
        Rules of the criteria with the bodies that answer for each, as rows of the table of
        authorities; an empty name stands for one that the table does not know, no name at all for
        a rule that nobody answers.
    authorities : tuple of str
        Rows of the table of authorities.
    sites : tuple of str
        Ids of sites that are known before anything is measured.
    is_site : callable
        Whether an id can be one of a candidate.
    """

    rules: Mapping[str, tuple[str, ...]]
    authorities: tuple[str, ...]
    sites: tuple[str, ...]
    is_site: Callable[[str], bool]


def rules_of(
    sets: Iterable[CriteriaSet], authorities: Iterable[Authority]
) -> dict[str, tuple[str, ...]]:
    """Rules of some criteria sets, with who answers for each.

    Parameters
    ----------
    sets : iterable of CriteriaSet
    authorities : iterable of Authority

    Returns
    -------
    dict of str to tuple of str
        As in `Book`.
    """
    known = tuple(authorities)
    return {
        rule.id: tuple(body.id if body else "" for body, _ in bodies_of(rule, known))
        for criteria in sets
        for rule in criteria.constraints
    }


def read_answers(path: Path, book: Book) -> tuple[Answer, ...]:
    """A register of answers from its file.

    Parameters
    ----------
    path : pathlib.Path
        CSV, TSV or XLSX, with headings and words in English or Persian.
    book : Book
        What it may speak of.

    Returns
    -------
    tuple of Answer
        In the order of the file; rows that are pending and say nothing else are left out.

    Raises
    ------
    DataError
        Every fault, each with row and field: an unknown heading, site, rule, authority or word, a
        body that does not answer for the rule, a rule that nobody answers, an answer without date
        or reference, a date that is not Gregorian, two answers to one question. Nothing is guessed.
    """
    spelt = {name: (titles.en, titles.fa) for name, titles in {**FIELDS, **TOLD}.items()}
    table = headed(read_table(path), spelt)
    columns = {name: Column.model_validate({"type": "text"}) for name in table.columns}
    frame, faults = parse(table, columns, warnings=[])
    faults += [
        Fault("is missing; --layout writes a register with it", table.file, "row 1", name)
        for name in ("site", "answer")
        if name not in table.columns
    ]
    answers: list[Answer] = []
    seen: dict[tuple[str, str, str], tuple[int, str]] = {}
    for number, row in zip(table.numbers, frame.to_dict("records"), strict=True):
        cells = {name: text_of({str(key): cell for key, cell in row.items()}, name)
                 for name in FIELDS}  # fmt: skip
        cells |= {name: latin_digits(cells[name]) for name in _CODES}
        word = _word(cells["answer"])
        found = [*_row_faults(cells, book), *_word_faults(cells, word)]
        body = cells["authority"] or _only_body(cells["rule"], book)
        key = (cells["site"], cells["rule"], body)
        if key in seen:
            row_number, other = seen[key]
            found.append(("answer", f"row {row_number} answers the same, {other}; keep one"))
        seen.setdefault(key, (number, word))
        faults += [Fault(told, table.file, f"row {number}", field) for field, told in found]
        if not found:
            answers.append(Answer.model_validate({**cells, "authority": body, "answer": word}))
    if faults:
        raise DataError(faults)
    return tuple(a for a in answers if a.answer != "pending" or a.date or a.reference or a.note)


def _word(text: str) -> str:
    """The answer in the words of the law; as it stands if it is none; nothing is pending."""
    words = {fold(word): name for name, titles in STATUS.items() for word in (titles.en, titles.fa)}
    return words.get(fold(text), text) if text else "pending"


def _only_body(rule: str, book: Book) -> str:
    bodies = book.rules.get(rule, ())
    return bodies[0] if len(bodies) == 1 else ""


def _row_faults(cells: Mapping[str, str], book: Book) -> Iterator[tuple[str, str]]:
    site, rule, body = (cells[name] for name in ("site", "rule", "authority"))
    if not site:
        yield "site", "is empty; name the site that is answered"
    elif not book.is_site(site):
        yield "site", f"{site[:40]!r} is no candidate{nearest(site, book.sites)}"
    if not rule and not body:
        yield "rule", "is empty, and so is the authority; name the rule, or who has answered"
    if rule and rule not in book.rules:
        yield "rule", f"{rule[:40]!r} is no rule{nearest(rule, book.rules)}"
    if body and body not in book.authorities:
        yield "authority", f"{body[:40]!r} is no authority{nearest(body, book.authorities)}"
    elif rule in book.rules:
        yield from _body_faults(rule, body, book.rules[rule])


def _body_faults(rule: str, body: str, bodies: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    if not bodies:
        yield "rule", f"nobody answers for {rule}: a survey settles it, no letter does"
    elif not body and len(bodies) > 1:
        yield "authority", f"{rule} is asked of {' and '.join(bodies)}; name which has answered"
    elif body and body not in bodies:
        told = " and ".join(filter(None, bodies)) or "a body that the table does not know"
        yield "authority", f"{body} does not answer for {rule}, {told} does"


def _word_faults(cells: Mapping[str, str], word: str) -> Iterator[tuple[str, str]]:
    if word not in STATUS:
        yield "answer", f"{word[:40]!r} is not one of {', '.join(STATUS)}{nearest(word, STATUS)}"
    elif word != "pending":
        for name in ("date", "reference"):
            if not cells[name]:
                yield name, f"is empty; an answer that is {word} needs its {name}"
    if cells["date"]:
        yield from date_faults("date", cells["date"])


def settled(
    answers: Iterable[Answer], rules: Mapping[str, tuple[str, ...]]
) -> tuple[tuple[str, str, str], ...]:
    """What a register settles, as the law takes it.

    A rule that several bodies answer for is granted only if all have granted it, and refused if
    any has. A body that grants a site as a whole settles no rule; one that refuses it excludes it.

    Parameters
    ----------
    answers : iterable of Answer
    rules : mapping of str to tuple of str
        As in `Book`.

    Returns
    -------
    tuple of (str, str, str)
        As in `siteselect.decide.table.PerformanceTable`.

    Examples
    --------
    >>> yes = Answer(site="A", rule="wetland", authority="IA-02", answer="granted")
    >>> settled([yes], {"wetland": ("IA-02",)}), settled([yes], {"wetland": ("IA-02", "IA-07")})
    ((('A', 'wetland', 'granted'),), ())
    """
    said: dict[tuple[str, str], dict[str, str]] = {}
    for item in answers:
        subject = item.rule or f"{REFUSED_BY} {item.authority}"
        said.setdefault((item.site, subject), {})[item.authority] = item.answer
    found = []
    for (site, subject), words in said.items():
        if REFUSED in words.values():
            found.append((site, subject, REFUSED))
        elif subject in rules and {words.get(body) for body in rules[subject]} == {"granted"}:
            found.append((site, subject, "granted"))
    return tuple(found)


def layout(
    asked: Iterable[Inquiry], names: Mapping[str, str], *, persian: bool
) -> list[tuple[str, ...]]:
    """A register that is ready to fill: a row a question, with what was answered so far.

    Parameters
    ----------
    asked : iterable of Inquiry
    names : mapping of str to str
        Names of the sites by id.
    persian : bool
        Whether headings and words are in Persian.

    Returns
    -------
    list of tuple of str
        The headings of `LAYOUT`, then a row each.
    """
    language = "fa" if persian else "en"
    titles = {**FIELDS, **TOLD}
    rows = [tuple(str(getattr(titles[name], language)) for name in LAYOUT)]
    for item in asked:
        if not item.has_body:
            continue
        body, given = item.authority, item.given
        subject = item.rule.titles if item.rule else body.subject if body else item.name
        told = ("", "", "", "")
        if given is not None:
            word = "" if given.answer == "pending" else getattr(STATUS[given.answer], language)
            told = (word, given.date, given.reference, given.note)
        rows.append(
            (item.site, names.get(item.site, ""), body.id if body else "",
             getattr(item.name, language), item.rule.id if item.rule else "",
             getattr(subject, language), "" if item.days is None else str(item.days), *told)
        )  # fmt: skip
    return rows


def remarks(
    answers: tuple[Answer, ...], table: PerformanceTable, criteria: CriteriaSet
) -> list[Titles]:
    """What must be known of the answers that a result rests on.

    Parameters
    ----------
    answers : tuple of Answer
    table : PerformanceTable
        What was read of the candidates, with what is settled of them.
    criteria : CriteriaSet

    Returns
    -------
    list of Titles
        How many answers of which kind there are, those of sites that are no candidates here, and
        every measured exclusion that an answer lifts. Empty without answers.
    """
    if not answers:
        return []
    counts = Counter(str(item.answer) for item in answers)
    told = [(name, counts[name]) for name in STATUS if counts[name]]
    found = [
        Titles(
            en="answers of authorities: " + ", ".join(f"{n} {STATUS[name].en}" for name, n in told),
            fa="پاسخ نهادها: "
            + "، ".join(f"{persian_digits(str(n))} {STATUS[name].fa}" for name, n in told),
        )
    ]
    rows = {str(name): i for i, name in enumerate(table.place_ids)}
    absent = list(dict.fromkeys(item.site for item in answers if item.site not in rows))
    if absent:
        found.append(
            Titles(
                en=f"answers of sites that are no candidates here change nothing: "
                f"{', '.join(absent)}",
                fa=f"پاسخ پهنه‌هایی که اینجا نامزد نیستند بی‌اثر است: {'، '.join(absent)}",
            )
        )
    return [*found, *lifted(answers, table, criteria)]


def lifted(
    answers: tuple[Answer, ...], table: PerformanceTable, criteria: CriteriaSet
) -> list[Titles]:
    """Measured exclusions that an answer lifts, each with the letter that does.

    Parameters
    ----------
    answers : tuple of Answer
    table : PerformanceTable
        What was read of sites, with what is settled of them.
    criteria : CriteriaSet

    Returns
    -------
    list of Titles
    """
    rows = {str(name): i for i, name in enumerate(table.place_ids)} if table.settled else {}
    found = []
    rules = {rule.id: rule for rule in criteria.constraints}
    for site, name, word in table.settled:
        rule = rules.get(name)
        if word == REFUSED or rule is None or site not in rows or rule.role != "screen":
            continue
        if measured(table, rule)[rows[site]] == EXCLUDED:
            by = _by([a for a in answers if (a.site, a.rule) == (site, name)])
            found.append(
                Titles(
                    en=f"{site}: {name} excludes by measurement and is lifted by an answer: {by}",
                    fa=f"{site}: سنجش {rule.titles.fa} پهنه را کنار می‌گذارد و پاسخ نهاد آن را"
                    f" برداشته است: {by}",
                )
            )
    return found


def _by(answers: list[Answer]) -> str:
    return "; ".join(f"{a.authority} {a.date} {a.reference}".strip() for a in answers)


_VERBS: Mapping[str, Titles] = MappingProxyType(
    {
        "granted": Titles(en="granted by", fa="موافقت"),
        "refused": Titles(en=REFUSED_BY, fa="مخالفت"),
        "conditional": Titles(en="granted under conditions by", fa="موافقت مشروط"),
        "pending": Titles(en="pending with", fa="در انتظار پاسخ"),
    }
)


def words_of(
    answer: Answer, authorities: Iterable[Authority], *, language: Literal["en", "fa"] = "en"
) -> str:
    """An answer in one line: what, by whom, when, under which number.

    Parameters
    ----------
    answer : Answer
    authorities : iterable of Authority
        To name who has answered.
    language : {"en", "fa"}

    Returns
    -------
    str

    Examples
    --------
    >>> no = Answer(site="A", rule="wetland", authority="IA-02", answer="refused",
    ...             date="2026-03-01", reference="12/345")
    >>> words_of(no, [])
    'refused by IA-02 (wetland), 2026-03-01, reference 12/345'
    """
    english = language == "en"
    names = {body.id: f"{getattr(body.titles, language)} [{body.id}]" for body in authorities}
    nameless = "its authority" if english else "نهاد آن"
    who = names.get(answer.authority, answer.authority or nameless)
    about = f" ({answer.rule})" if answer.rule else ""
    number = "reference" if english else "شمارهٔ"
    parts = (
        f"{getattr(_VERBS[answer.answer], language)} {who}{about}",
        answer.date,
        f"{number} {answer.reference}" if answer.reference else "",
        answer.note,
    )
    return (", " if english else "، ").join(filter(None, parts))
