"""Tables that people bring: CSV, TSV and XLSX, read as text, then typed by declared columns.

Nothing is guessed and nothing is lost: a cell that cannot be read for certain is a fault with its
row and column, and every repair is a warning. Row numbers are those that a spreadsheet shows: the
heading is row 1.
"""

import codecs
import csv
import io
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from siteselect.base.errors import DataError, Fault
from siteselect.base.text import fold, latin_digits, misread, nearest
from siteselect.declared.sources import Column
from siteselect.world.admit import (
    LIMITS,
    Limits,
    admit,
    no_number,
    over,
    refuse,
    row_list,
    shown,
)
from siteselect.world.workbook import sheet_records

UNKNOWN = frozenset({"unknown", "نامعلوم"})
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)
# What a number may carry unseen: another minus, marks of direction, spaces that do not break.
_CLEAN = str.maketrans({"\u2212": "-", "\u00a0": " ", "\u202f": " "} | dict.fromkeys(
    "\u200e\u200f\u200b\u061c\ufeff", ""))  # fmt: skip
# Marks that turn the direction of text, control characters, and spaces without width; not the
# joiners, which Persian is spelt with.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]"
)
_MARKED = "this heading holds marks that are not seen, so it is none that is looked for"
_LOST = "\ufffd"
# Codecs that do more than name letters, so that bytes would be read as something else.
_NO_ENCODINGS = frozenset({"idna", "punycode", "unicode_escape", "raw_unicode_escape", "utf-7",
                           "unicode-escape", "raw-unicode-escape", "undefined"})  # fmt: skip
_ALSO_CALLED = {
    "id": ("code", "شناسه", "کد"),
    "lon": ("longitude", "long", "lng", "x", "easting", "utm_x", "طول", "طول جغرافیایی"),
    "lat": ("latitude", "y", "northing", "utm_y", "عرض", "عرض جغرافیایی"),
}
_PROJECTED = ("easting", "northing", "utm_x", "utm_y")
_SMALLER = {"km": (1e3, "metres"), "ha": (1e4, "square metres")}


@dataclass(frozen=True, slots=True)
class Table:
    """A table as text.

    Parameters
    ----------
    file : str
        Name of the file.
    columns : tuple of str
        Headings.
    rows : tuple of tuple of str
        One text a column.
    numbers : tuple of int
        Row number of each row in the file; the heading is row 1.
    notes : tuple of Fault
        What had to be taken for granted in reading it; `typed` hands them on as warnings.
    word : str
        What a row is called in faults: ``row``, or ``feature`` for the attributes of a layer.
    """

    file: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: tuple[int, ...]
    notes: tuple[Fault, ...] = ()
    word: str = "row"


def read_table(
    path: Path, *, encoding: str | None = None, sheet: str | None = None, limits: Limits = LIMITS
) -> Table:
    """A table of text from a CSV, TSV or XLSX file.

    Parameters
    ----------
    path : pathlib.Path
        ``.csv``, ``.txt``, ``.tsv`` or ``.xlsx``. CSV is read strictly by RFC 4180; commas,
        semicolons or tabs separate its fields.
    encoding : str, optional
        Encoding of a CSV that is not UTF-8.
    sheet : str, optional
        Sheet of a workbook that holds several.
    limits : Limits
        How much it may hold.

    Returns
    -------
    Table

    Raises
    ------
    DataError
        Every fault, each with its row: a row of the wrong length, a heading twice, bytes that are
        not text in that encoding, a formula without a stored value, a limit that is hit.
    """
    admit(path, limits)
    kind = path.suffix.lower()
    notes: list[Fault] = []
    records: Iterator[tuple[int, Sequence[str]]]
    with path.open("rb") as handle:
        head = handle.read(8)
    if kind == ".xlsx":
        if not head.startswith(b"PK"):
            raise DataError(Fault("is named .xlsx but is no such workbook", file=path.name))
        records = sheet_records(path, sheet, limits, notes=notes)
    elif kind in (".csv", ".tsv", ".txt"):
        if head.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
            raise DataError(Fault(f"is named {kind} but is a spreadsheet", file=path.name))
        text = _decoded(path.read_bytes(), encoding, path.name)
        delimiter, notes = _delimiter(text, kind, path.name)
        records = _records(text, delimiter, limits, path.name)
    else:
        raise DataError(Fault("is no table; give .csv, .tsv or .xlsx", file=path.name))
    return _checked(records, notes, limits, path.name)


def _decoded(data: bytes, encoding: str | None, file: str) -> str:
    wide = _wide(data) if encoding is None else ""
    if wide:
        cure = f"give --encoding {wide.lower()} or save it as UTF-8"
        raise DataError(Fault(f"is {wide}; {cure}", file=file))
    mark = len(codecs.BOM_UTF8) if data.startswith(codecs.BOM_UTF8) else 0
    try:
        name = codecs.lookup(encoding or "utf-8").name
        text = data[mark:].decode("no encoding" if name in _NO_ENCODINGS else name)
        # The codec of one order of bytes keeps the mark of it.
        text = text.removeprefix("\ufeff" if encoding else "")
    except LookupError as error:
        raise DataError(Fault(f"{shown(encoding or '')} is no encoding", file=file)) from error
    except UnicodeDecodeError as error:
        at = error.start + mark
        raise DataError(
            Fault(
                f"is not {encoding or 'UTF-8'}: byte {at} is 0x{data[at]:02x}; save it as UTF-8"
                " or give its encoding, for example --encoding cp1256",
                file=file,
            )
        ) from error
    except UnicodeError as error:
        raise DataError(Fault(f"cannot be read as {shown(encoding or '')}", file=file)) from error
    if encoding and name not in ("utf-8", "utf-8-sig") and _is_utf_8(data):
        raise DataError(Fault(f"is UTF-8, not {shown(encoding)}; leave --encoding out", file=file))
    if "\x00" in text:
        raise DataError(Fault(f"holds a NUL at character {text.index(chr(0))}", file=file))
    return text


def _wide(data: bytes) -> str:
    """Which encoding of two or four bytes a letter a text is in, by its mark or its zeros."""
    # In this order: the mark of UTF-16 is the beginning of that of UTF-32.
    if data.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return "UTF-32"
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "UTF-16"
    head = data[:200]
    zeros = [head[start::2].count(0) / max(len(head) // 2, 1) for start in (0, 1)]
    if min(zeros) < 0.1 and max(zeros) > 0.4:
        return "UTF-16-BE" if zeros[0] > zeros[1] else "UTF-16-LE"
    return ""


def _is_utf_8(data: bytes) -> bool:
    """Whether bytes are UTF-8 and more than ASCII; other encodings hardly ever look like it."""
    try:
        return not data.isascii() and bool(data.decode("utf-8"))
    except UnicodeDecodeError:
        return False


def _delimiter(text: str, kind: str, file: str) -> tuple[str, list[Fault]]:
    if text[:6].lower().strip('"').startswith("sep="):
        message = "is a note for a spreadsheet program; remove this row"
        raise DataError(Fault(f"{shown(text[:5])} {message}", file, "row 1"))
    heading = re.sub(r'"[^"]*"', "", text.lstrip("\r\n")[:100_000]).split("\n", 1)[0]
    best = "\t" if kind == ".tsv" else max(",;\t", key=heading.count)
    word = {",": "", ";": "semicolons", "\t": "" if kind == ".tsv" else "tabs"}[best]
    return best, [Fault(f"its fields are taken to be separated by {word}", file)] if word else []


def _records(
    text: str, delimiter: str, limits: Limits, file: str
) -> Iterator[tuple[int, Sequence[str]]]:
    # The module's field limit is its only guard against a quote that is never closed; the size of
    # the file already bounds a field here, so the limit is raised for this read alone.
    before = csv.field_size_limit(limits.file_bytes)
    number = 0
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        for number, record in enumerate(reader, start=1):
            yield number, record
    except csv.Error as error:
        reason = "a quoted field is never closed" if "end of data" in str(error) else str(error)
        raise DataError(Fault(reason, file=file, row=f"row {number + 1}")) from error
    finally:
        csv.field_size_limit(before)


def _checked(
    records: Iterator[tuple[int, Sequence[str]]], notes: list[Fault], limits: Limits, file: str
) -> Table:
    columns: tuple[str, ...] = ()
    rows: list[tuple[str, ...]] = []
    numbers: list[int] = []
    faults: list[Fault] = []
    for number, record in records:
        if not any(cell.strip() for cell in record):
            continue
        if not columns:
            columns = tuple(cell.strip() for cell in record)
            notes += [
                Fault(_MARKED, file, f"row {number}", shown(name))
                for name in columns
                if _UNSEEN.search(name)
            ]
            continue
        if len(record) != len(columns):
            faults.append(
                Fault(f"has {len(record)} fields, {len(columns)} expected", file, f"row {number}")
            )
        if len(rows) == limits.rows:
            raise DataError(
                over("rows or more", limits.rows + 1, limits.rows, name="rows", file=file)
            )
        rows.append(tuple(record))
        numbers.append(number)
    refuse([*_heading_faults(columns, limits, file), *faults])
    if not rows:
        raise DataError(Fault("holds no rows below its heading", file=file))
    return Table(file, columns, tuple(rows), tuple(numbers), tuple(notes))


def _heading_faults(columns: tuple[str, ...], limits: Limits, file: str) -> list[Fault]:
    if not columns:
        return [Fault("is empty: it holds no heading and no rows", file=file)]
    if len(columns) > limits.columns:
        return [over("columns", len(columns), limits.columns, name="columns", file=file)]
    small = [name.casefold() for name in columns]
    twice = sorted({name for name in columns if name and small.count(name.casefold()) > 1})
    # The first heading of a table of judgements is empty by custom.
    bare = [i + 1 for i, name in enumerate(columns) if not name and i > 0]
    return [Fault("this heading stands twice", file, "row 1", shown(name)) for name in twice] + [
        Fault(f"{row_list(bare, 'column')} without a heading", file, "row 1") for _ in bare[:1]
    ]


def typed(
    table: Table,
    columns: Mapping[str, Column],
    *,
    warnings: list[Fault],
    limits: Limits = LIMITS,
) -> pd.DataFrame:
    """A table with its columns read as they are declared; others stay text.

    Parameters
    ----------
    table : Table
        As read.
    columns : mapping of str to Column
        What each column must hold. A required column must be there and its cells filled; in
        another the cell of a number may be empty or say ``unknown``.
    warnings : list of Fault
        Repairs are appended here.
    limits : Limits
        How long a text may be.

    Returns
    -------
    pandas.DataFrame
        Index: row number in the file. Numbers are float64 (NaN if unknown), integers int64 where
        none is missing.

    Raises
    ------
    DataError
        Every cell that is wrong, with row and column.

    Examples
    --------
    >>> table = Table("a.csv", ("id", "area_ha"), (("S1", "۲۲۰"),), (2,))
    >>> warnings = []
    >>> typed(table, {"area_ha": Column(type="number", low=0)}, warnings=warnings)["area_ha"][2]
    np.float64(220.0)
    >>> print(warnings[0])
    a.csv: row 2: area_ha: Persian or Arabic digits were read as Latin ones
    """
    frame, faults = parse(table, columns, warnings=warnings, limits=limits)
    refuse(faults)
    return frame


def parse(
    table: Table,
    columns: Mapping[str, Column],
    *,
    warnings: list[Fault],
    limits: Limits = LIMITS,
) -> tuple[pd.DataFrame, list[Fault]]:
    """As `typed`, but hands back the faults, so that they can be told with those of other checks.

    Parameters
    ----------
    table : Table
    columns : mapping of str to Column
    warnings : list of Fault
    limits : Limits
        All as in `typed`.

    Returns
    -------
    frame : pandas.DataFrame
        NaN or the text as it stands where a cell is wrong.
    faults : list of Fault
        Every one.
    """
    warnings += table.notes
    faults = missing_columns(table, columns)
    digits: dict[str, list[int]] = {}
    signs: dict[str, list[int]] = {}
    data: dict[str, object] = {}
    cells_of = list(zip(*table.rows, strict=True))
    for name, cells in zip(table.columns, cells_of, strict=True):
        column = columns.get(name, Column())
        reader = _Reader(table, name, column)
        if column.type in ("number", "integer"):
            data[name], found, converted = reader.figures(cells)
            for number in converted:
                other_digits = any(c.isdecimal() and not c.isascii() for c in cells[number[0]])
                (digits if other_digits else signs).setdefault(name, []).append(number[1])
        elif column.type == "text":
            data[name], found = reader.texts(cells, limits.text_chars, warnings)
        else:
            data[name], found = list(cells), reader.words(cells)
        faults += found
    for repaired, message in (
        (digits, "Persian or Arabic digits were read as Latin ones"),
        (signs, "a minus sign, space or mark that is not ASCII was read as if it were"),
    ):
        if repaired:
            rows = row_list((row for found in repaired.values() for row in found), table.word)
            warnings.append(Fault(message, table.file, rows, ", ".join(repaired)))
    return pd.DataFrame(data, index=list(table.numbers)), faults


def missing_columns(table: Table, columns: Mapping[str, Column]) -> list[Fault]:
    """A fault for each required column that a table lacks, with the columns that it has.

    Examples
    --------
    >>> table = Table("a.csv", ("id", "lan"), (("S1", "27"),), (2,))
    >>> print(missing_columns(table, {"lat": Column(required=True)})[0])
    a.csv: row 1: lat: column lat is missing (did you mean 'lan'?); there are id, lan
    """
    there = ", ".join(shown(name)[1:-1] for name in table.columns[:30])
    return [
        Fault(
            f"column {name} is missing{_hint(name, table.columns)}; there are {there}",
            table.file,
            "row 1",
            name,
        )
        for name, column in columns.items()
        if column.required and name not in table.columns
    ]


def _hint(name: str, columns: Sequence[str]) -> str:
    other = next((c for c in columns if fold(c) in _ALSO_CALLED.get(name, ())), "")
    if other.casefold() in _PROJECTED:
        return f" ({other} is projected: give degrees, or a vector file with its CRS)"
    return f" (if {shown(other)} holds it, call it {name})" if other else nearest(name, columns)


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads the cells of one column and words its faults."""

    table: Table
    name: str
    column: Column

    def fault(self, at: int, message: str) -> Fault:
        row = f"{self.table.word} {self.table.numbers[at]}"
        return Fault(message, self.table.file, row, self.name)

    def figures(
        self, cells: Sequence[str]
    ) -> tuple[NDArray[np.float64] | NDArray[np.int64], list[Fault], list[tuple[int, int]]]:
        """Numbers, faults, and place and row number of each cell that was repaired."""
        values = np.full(len(cells), np.nan)
        faults: list[Fault] = []
        converted: list[tuple[int, int]] = []
        for at, cell in enumerate(cells):
            text = cell.strip()
            if _NUMBER.fullmatch(text):
                values[at] = float(text)
                continue
            plain = latin_digits(re.sub(r"(?<=\d)٬(?=\d{3})", "", text.translate(_CLEAN).strip()))
            if plain and _NUMBER.fullmatch(plain):
                values[at] = float(plain)
                converted.append((at, self.table.numbers[at]))
            elif self.column.required or (plain and plain.casefold() not in UNKNOWN):
                reason = no_number(plain, written=text, required=self.column.required)
                faults.append(self.fault(at, reason))
        faults += self._out_of_range(values, cells)
        if self.column.type == "integer" and not np.isnan(values).any():
            return values.astype(np.int64), faults, converted
        return values, faults, converted

    def _out_of_range(self, values: NDArray[np.float64], cells: Sequence[str]) -> list[Fault]:
        low = -math.inf if self.column.low is None else self.column.low
        high = math.inf if self.column.high is None else self.column.high
        faults = []
        for at in np.flatnonzero((values < low) | (values > high) | np.isinf(values)).tolist():
            span = f"[{low:.10g}, {high:.10g}]{self._hint(float(values[at]), high)}"
            faults.append(self.fault(at, f"{cells[at].strip()[:40]} is not in {span}"))
        if self.column.type == "integer":
            broken = np.flatnonzero(values % 1 > 0).tolist()
            faults += [self.fault(at, f"{shown(cells[at])} is no whole number") for at in broken]
        return faults

    def _hint(self, value: float, high: float) -> str:
        if self.name in ("lon", "lat") and abs(value) > 1000:
            return "; it looks like projected metres: give degrees, or a vector file with its CRS"
        per, word = _SMALLER.get(self.column.unit, (0.0, ""))
        if per and value > high and value / per <= high:
            return f" {self.column.unit}; the value looks like {word}"
        return f" {self.column.unit}".rstrip()

    def texts(
        self, cells: Sequence[str], longest: int, warnings: list[Fault]
    ) -> tuple[list[str], list[Fault]]:
        faults = self._empty(cells)
        texts = [_UNSEEN.sub("", cell).strip() for cell in cells]
        numbers = self.table.numbers
        for message, rows in (
            ("control characters and marks of direction were left out",
             [numbers[at] for at, cell in enumerate(cells) if _UNSEEN.search(cell)]),
            ("holds the mark of letters that were lost when the file was saved",
             [numbers[at] for at, text in enumerate(texts) if _LOST in text]),
            ("looks like Persian that was read in a Western code page; save the file anew as UTF-8",
             [numbers[at] for at, cell in enumerate(cells) if misread(cell)]),
        ):  # fmt: skip
            if rows:
                listed = row_list(rows, self.table.word)
                warnings.append(Fault(message, self.table.file, listed, self.name))
        for at, text in enumerate(texts):
            if len(text) > longest:
                message = f"is {len(text):,} characters long; shortened to {longest:,}"
                warnings.append(self.fault(at, f"{message} (limit text_chars)"))
                texts[at] = text[: longest - 1] + "…"
        return texts, faults

    def words(self, cells: Sequence[str]) -> list[Fault]:
        faults = self._empty(cells)
        if self.column.type == "wkt":
            shapes = [_wkt(cell) for cell in cells]
            wrong = [at for at, shape in enumerate(shapes) if shape is None and cells[at].strip()]
            return faults + [self.fault(at, f"{shown(cells[at])} is no WKT") for at in wrong]
        allowed = self.column.choices
        wrong = [at for at, cell in enumerate(cells) if cell and cell not in allowed]
        words = ", ".join(allowed)
        return faults + [
            self.fault(at, f"{shown(cells[at])} is not one of {words}{nearest(cells[at], allowed)}")
            for at in wrong
        ]

    def _empty(self, cells: Sequence[str]) -> list[Fault]:
        if not self.column.required:
            return []
        return [
            self.fault(at, "is empty")
            for at, cell in enumerate(cells)
            if not _UNSEEN.sub("", cell).strip()
        ]


def _wkt(text: str) -> shapely.Geometry | None:
    try:
        with np.errstate(invalid="ignore"):  # a position may be no number; that is told later
            return shapely.from_wkt(text, on_invalid="ignore")
    except NotImplementedError:  # curves
        return None
