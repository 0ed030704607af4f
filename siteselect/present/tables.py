"""Tables: rows and columns on their way into a file, and the proof that they arrived."""

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from siteselect.base.errors import DataError, Fault
from siteselect.base.text import inert

# Line ends of one kind only, so that what is read back is what was written.
_LINE_ENDS = str.maketrans({"\r": "\n"})


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


def twelve(numbers: Iterable[float]) -> NDArray[np.float64]:
    """Numbers rounded to 12 significant digits, so that every format writes the same one.

    Examples
    --------
    >>> twelve([1 / 3, float("nan")])
    array([0.33333333, nan])
    """
    return np.array([float(f"{number:.12g}") for number in numbers], dtype=np.float64)


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
        return series.map(text).astype(object)
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
    return f"{cell:.12g}" if isinstance(cell, float) else str(cell)


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
    buffer = io.StringIO(newline="")
    buffer.write("\ufeff")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow([inert(column.name) for column in table.columns])
    writer.writerows([shown(cell) for cell in row] for row in table.frame.itertuples(index=False))
    return buffer.getvalue()


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
