"""Content: the parts that a report is made of, in one language and in no format."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, Literal

Language = Literal["en", "fa"]

# What XML cannot hold, and what would turn the direction of the words that follow.
_FORBIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)
_SPACE = re.compile(r"\s+")
# Words in Latin letters with the figures, marks and brackets that belong to them; and figures below
# zero, whose sign would else go to the other side.
_LATIN = re.compile(
    "[A-Za-z\u00c0-\u024f](?:[^\u0590-\u08ff\u200c()«»;؛]|\\([^\u0590-\u08ff()]*\\))*"
    "(?<=[A-Za-z0-9²)\u00c0-\u024f])"
    "|(?<![\\w.-])[-\u2212][0-9\u06f0-\u06f9][0-9\u06f0-\u06f9.,٫٬]*"
)
_LETTER = re.compile("[A-Za-z\u00c0-\u024f]")
_FROM_RIGHT = re.compile("[\u0590-\u06ef\u06fa-\u08ff]")


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading; `fresh` begins a page with it, `level` 1 is a section of the report."""

    level: int
    text: str
    fresh: bool = False


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Running text."""

    text: str


@dataclass(frozen=True, slots=True)
class Note:
    """What must not be overlooked."""

    text: str


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list."""

    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Facts:
    """Pairs of a word and what stands behind it."""

    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table.

    Parameters
    ----------
    heads : tuple of str, length m
        Headings of the columns.
    widths : tuple of float, length m
        Shares of the width.
    rows : tuple of tuple of str
        Cells, m a row.
    numeric : tuple of int
        Columns of numbers.
    title : str
        What stands above it.
    """

    heads: tuple[str, ...]
    widths: tuple[float, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: tuple[int, ...] = ()
    title: str = ""


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawing that stands beside the report: its name without ending, and its words."""

    file: str
    alt: str
    caption: str


Block = Heading | Paragraph | Note | Bullets | Facts | Table | Picture


@dataclass(frozen=True, slots=True)
class Report:
    """A whole report.

    Parameters
    ----------
    language : {"en", "fa"}
    title, subtitle : str
        On the first page.
    running : str
        At the head of every other page.
    blocks : tuple
        In the order of reading.
    """

    language: Language
    title: str
    subtitle: str
    running: str
    blocks: tuple[Block, ...]


def clean(text: str) -> str:
    r"""Text as it may stand on paper: one line, nothing unseen that turns or breaks it.

    Examples
    --------
    >>> clean("a\x00b\u202ec\nd")
    'abc d'
    """
    return _SPACE.sub(" ", _FORBIDDEN.sub("", text)).strip()


def pieces(text: str) -> Iterator[tuple[str, bool]]:
    """A line in pieces, each with whether it is of Latin letters.

    Parameters
    ----------
    text : str

    Yields
    ------
    tuple of (str, bool)
        Never empty ones.

    Examples
    --------
    >>> list(pieces("پارک Pars 2، جم"))
    [('پارک ', False), ('Pars 2', True), ('، جم', False)]
    >>> list(pieces("1999 (GLOBE)"))
    [('1999 (GLOBE)', True)]
    """
    if _LETTER.search(text) and not _FROM_RIGHT.search(text):
        yield text, True
        return
    at = 0
    for found in _LATIN.finditer(text):
        if found.start() > at:
            yield text[at : found.start()], False
        yield found[0], True
        at = found.end()
    if at < len(text):
        yield text[at:], False


def marked(text: str) -> str:
    r"""A Persian line whose per cent signs stay behind their figures, whatever shows it.

    Examples
    --------
    >>> marked("۵٪") == "۵\u200f٪"
    True
    """
    return text.replace("٪", "\u200f٪")


def isolated(text: str) -> str:
    r"""A line in which words of Latin letters keep their own direction.

    Examples
    --------
    >>> isolated("پارک Pars 2") == "پارک \u2066Pars 2\u2069"
    True
    """
    return "".join(f"\u2066{part}\u2069" if latin else part for part, latin in pieces(text))


def plain(report: Report) -> dict[str, Any]:
    """A report as plain data for a template: text alone, cleaned, with its directions marked.

    Parameters
    ----------
    report : Report

    Returns
    -------
    dict
        The fields of the report; each block says its ``kind``.
    """
    told = _plain(report, mark=report.language == "fa")
    return {**told, "language": report.language}


def _plain(part: Any, *, mark: bool) -> Any:
    if isinstance(part, str):
        return isolated(marked(clean(part))) if mark else clean(part)
    if isinstance(part, tuple):
        return [_plain(item, mark=mark) for item in part]
    if is_dataclass(part):
        cells = {f.name: _plain(getattr(part, f.name), mark=mark) for f in fields(part)}
        if isinstance(part, Picture):
            cells["file"] = part.file
        return {"kind": type(part).__name__.lower(), **cells}
    return part
