"""Tables: rows and columns on their way into a file, and the proof that they arrived."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from siteselect.base.errors import DataError, Fault
from siteselect.base.text import inert

# Line ends of one kind only, so that what is read back is what was written.
_LINE_ENDS = str.maketrans({"\r": "\n"})
# What a cell of CSV may hold only within quotes.
_TO_QUOTE = re.compile('[",\n\r]')
# The powers of ten that a float holds exactly, and how near a half the 13th digit may come
# unchecked: a product of 12 digits is off by less than a thousandth of the last.
_POWERS = np.array([float(f"1e{places}") for places in range(23)])
_NEAR_HALF = 1e-3
# So many cells tell whether those of a column are mostly different.
MANY = 256


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a written table.

    Parameters
    ----------
    name : str
        Heading in the file.
    en, fa : str
        What it holds.
    unit : str
        Unit of a number; empty for text.
    source : str
        Where its content comes from.
    """

    name: str
    en: str
    fa: str
    unit: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table to be written: its columns and its rows.

    Parameters
    ----------
    columns : tuple of Column, length m
        In the order of the file.
    frame : pandas.DataFrame, n rows x m columns
        Text (never missing, empty if unknown), Int64, or float64 (NaN is unknown, infinite is
        out of reach), rounded to 12 significant digits so that every file tells the same number.
    """

    columns: tuple[Column, ...]
    frame: pd.DataFrame


def text(value: object) -> str:
    r"""A cell of text: empty if missing, line ends as line feeds.

    Examples
    --------
    >>> text(None), text(float("nan")), text("a\r\nb")
    ('', '', 'a\nb')
    """
    if value is None or value is pd.NA or value is pd.NaT or value != value:  # noqa: PLR0124 - NaN
        return ""
    return str(value).replace("\r\n", "\n").translate(_LINE_ENDS)


def twelve(numbers: ArrayLike) -> NDArray[np.float64]:
    """Numbers rounded to 12 significant digits, so that every format writes the same one.

    Parameters
    ----------
    numbers : array_like of float, shape (n,)

    Returns
    -------
    numpy.ndarray, shape (n,)
        Each is the float that its 12 digits read as.

    Notes
    -----
    A whole number of at most 12 digits over a power of ten that a float holds exactly is rounded
    once, as reading the digits is. Where the power is not exact, or the 13th digit so near a half
    that the product may have crossed it, the digits are written and read.

    Examples
    --------
    >>> twelve([1 / 3, float("nan")])
    array([0.33333333, nan])
    """
    cells = np.asarray(numbers, dtype=np.float64)
    with np.errstate(all="ignore"):
        places = 11 - np.floor(np.log10(np.abs(cells)))
        exact = (places >= 0) & (places < len(_POWERS))
        power = _POWERS[np.where(exact, places, 0).astype(np.int64)]
        scaled = cells * power
        exact &= (np.abs(scaled) >= 1e11) & (np.abs(scaled) < 1e12)
        exact &= np.abs(scaled - np.floor(scaled) - 0.5) > _NEAR_HALF
        rounded = np.where(exact, np.rint(scaled) / power, cells)
    rest = np.flatnonzero(~exact & np.isfinite(cells))
    rounded[rest] = [float(f"{number:.12g}") for number in cells[rest].tolist()]
    return rounded


def tidy(series: pd.Series) -> pd.Series:
    """A column as a `Table` holds it: text, Int64, or float64 of 12 digits.

    Parameters
    ----------
    series : pandas.Series, n rows
        Anything that a pool or a layer carries.

    Returns
    -------
    pandas.Series, n rows

    Examples
    --------
    >>> tidy(pd.Series(["a", None])).tolist()
    ['a', '']
    """
    if is_text(series) or pd.api.types.is_bool_dtype(series):
        cells = [c if type(c) is str and "\r" not in c else text(c) for c in series.tolist()]
        return pd.Series(cells, index=series.index, dtype=object)
    if pd.api.types.is_integer_dtype(series):
        return series.astype("Int64")
    return pd.Series(twelve(series.astype(float)), index=series.index)


def is_text(series: pd.Series) -> bool:
    """Whether a column holds text, whichever type pandas picked for it.

    Examples
    --------
    >>> is_text(pd.Series(["a"])), is_text(pd.Series([1.0]))
    (True, False)
    """
    return not pd.api.types.is_numeric_dtype(series)


def shown(cell: Any) -> str:
    """A cell as CSV text: 12 digits, ``inf`` if out of reach, empty if unknown, never a formula.

    Examples
    --------
    >>> shown(0.1 + 0.2), shown(float("nan")), shown(float("inf")), shown("=1"), shown(7)
    ('0.3', '', 'inf', "'=1", '7')
    """
    if isinstance(cell, str):
        return inert(cell)
    if pd.isna(cell):
        return ""
    # A zero has no sign for a reader.
    return f"{cell + 0.0:.12g}" if isinstance(cell, float) else str(cell)


def shown_column(series: pd.Series) -> list[str]:
    """The cells of one column as `shown` writes each, a column at a time.

    Parameters
    ----------
    series : pandas.Series, n rows
        Of a `Table`.

    Returns
    -------
    list of str, length n

    Examples
    --------
    >>> shown_column(pd.Series([1 / 3, float("nan"), float("inf")]))
    ['0.333333333333', '', 'inf']
    """
    if series.dtype != np.float64:
        return _each_once(series.tolist(), shown)
    numbers = series.to_numpy() + 0.0
    few = numbers[:MANY].tolist()
    if len(set(few)) > len(few) // 2:
        cells = ("%.12g " * len(numbers) % tuple(numbers.tolist())).split()
        for at in np.flatnonzero(np.isnan(numbers)).tolist():
            cells[at] = ""
        return cells
    # A criterion often gives many places the same.
    codes, known = pd.factorize(numbers)
    told = [*(f"{number:.12g}" for number in known.tolist()), ""]
    return [told[code] for code in codes.tolist()]


def _each_once(cells: list[Any], make: Callable[[Any], str]) -> list[str]:
    """What is made of each cell; of equal ones once."""
    made = {cell: make(cell) for cell in set(cells)}
    return [made[cell] for cell in cells]


def csv_rows(frame: pd.DataFrame) -> list[str]:
    r"""The rows of a table as lines of CSV, each with its line end.

    Parameters
    ----------
    frame : pandas.DataFrame, n rows
        Of a `Table`.

    Returns
    -------
    list of str, length n

    Examples
    --------
    >>> csv_rows(pd.DataFrame({"a": ["x", "=1"], "b": [0.5, float("nan")]}))
    ['x,0.5\n', "'=1,\n"]
    """
    columns = [
        shown_column(series) if series.dtype == np.float64 else _each_once(series.tolist(), _quoted)
        for series in (frame.iloc[:, at] for at in range(frame.shape[1]))
    ]
    if len(columns) == 1:  # an empty line would be no row
        columns = [[cell or '""' for cell in columns[0]]]
    return [",".join(row) + "\n" for row in zip(*columns, strict=True)]


def _quoted(cell: Any) -> str:
    """A cell of CSV as it is shown, in quotes where it needs some."""
    told = shown(cell)
    return '"' + told.replace('"', '""') + '"' if _TO_QUOTE.search(told) else told


def csv_text(table: Table) -> str:
    r"""A table as CSV (RFC 4180), led by a byte order mark so that Excel opens Persian right.

    Parameters
    ----------
    table : Table

    Returns
    -------
    str
        Lines end in line feeds.

    Examples
    --------
    >>> table = Table((Column("a", "A", "الف"),), pd.DataFrame({"a": ["x", "=1"]}))
    >>> csv_text(table)
    "\ufeffa\nx\n'=1\n"
    """
    head = pd.DataFrame([[column.name for column in table.columns]], dtype=object)
    return "".join(["\ufeff", *csv_rows(head), *csv_rows(table.frame)])


def require_same(written: pd.DataFrame, back: pd.DataFrame, *, file: str, key: str) -> None:
    """Refuse a file that does not read back as it was written.

    Parameters
    ----------
    written, back : pandas.DataFrame
        What was given to the writer, and what the file holds; every column of `written` is
        compared, missing text as empty, numbers to 11 digits and 12 decimals, which is what
        the poorest format (DBF) keeps.
    file : str
        Named in the faults.
    key : str
        Column that names a row.

    Raises
    ------
    DataError
        Naming file, row and field of each difference.
    """
    if len(written) != len(back):
        raise DataError(Fault(f"holds {len(back)} rows, {len(written)} were written", file=file))
    lost = [str(name) for name in written.columns if name not in back.columns]
    if lost:
        raise DataError(Fault(f"lost the columns {', '.join(lost)}", file=file))
    faults = [
        Fault(f"reads back as {shown(other)!r}, not {shown(one)!r}", file, str(row), str(name))
        for name in written.columns
        for row, one, other in _differences(written[key], written[name], back[name])
    ]
    if faults:
        raise DataError(faults)


def _differences(
    rows: pd.Series, written: pd.Series, back: pd.Series
) -> list[tuple[object, object, object]]:
    if is_text(written):
        cells = zip(rows, written.map(text), back.map(text), strict=True)
        return [(row, a, b) for row, a, b in cells if a != b]
    one, other = (pd.to_numeric(s).to_numpy(np.float64, na_value=np.nan) for s in (written, back))
    close = np.isclose(one, other, rtol=1e-11, atol=1e-12, equal_nan=True)
    return [(row, a, b) for row, a, b, ok in zip(rows, one, other, close, strict=True) if not ok]
