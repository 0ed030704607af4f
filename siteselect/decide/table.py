"""The performance table: what was read, at which places, in which units, within which bounds."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from siteselect.base.errors import DataError

Floats = NDArray[np.float64]


def unmasked(values: ArrayLike) -> NDArray[Any]:
    """An array that has NaN for what is masked or NA, as rasters and nullable columns have it.

    Parameters
    ----------
    values : array_like
        What stands below a mask is no reading, but what its file writes for none.

    Returns
    -------
    numpy.ndarray
        Of the same type, or of one that holds NaN if anything is unknown.

    Examples
    --------
    >>> unmasked(np.ma.masked_equal([3, -9999], -9999))
    array([ 3., nan])
    """
    if np.ma.is_masked(values):
        return np.asarray(np.ma.filled(np.ma.asarray(values).astype(np.float64), np.nan))
    if hasattr(values, "isna") and (unknown := np.asarray(values.isna())).any():
        return np.where(unknown, np.nan, np.asarray(values))
    return np.asarray(values)


@dataclass(frozen=True, slots=True)
class PerformanceTable:
    """Readings of places: rows are places, columns are criteria and constraints.

    Parameters
    ----------
    place_ids : numpy.ndarray, shape (n,)
        Ids of the places, text for sites and integers for cells.
    column_ids : tuple of str, length m
        Ids of the criteria and constraints.
    units : tuple of str, length m
        Unit of each column.
    values : numpy.ndarray, shape (n, m)
        Readings; NaN is unknown, infinite means that nothing is within reach at all.
    lower, upper : numpy.ndarray, shape (n, m)
        Bounds of each reading from the accuracy of positions; NaN where the reading is.
    source_ids : tuple of tuple of str, length m
        Catalogue entries behind each column.
    settled : tuple of (str, str, str)
        What authorities have answered, which no layer can tell: place, the rule that is settled
        (or ``refused by`` and who has refused the place as a whole), ``granted`` or ``refused``.

    Raises
    ------
    DataError
        If the shapes disagree.

    Examples
    --------
    >>> PerformanceTable.of([[1.0, 2.0]], ["port", "rail"]).values.shape
    (1, 2)
    """

    place_ids: NDArray[np.generic]
    column_ids: tuple[str, ...]
    units: tuple[str, ...]
    values: Floats
    lower: Floats
    upper: Floats
    source_ids: tuple[tuple[str, ...], ...]
    settled: tuple[tuple[str, str, str], ...] = ()

    def __post_init__(self) -> None:
        shape = (len(self.place_ids), len(self.column_ids))
        arrays = (self.values, self.lower, self.upper)
        if any(array.shape != shape for array in arrays) or not (
            len(self.units) == len(self.source_ids) == shape[1]
        ):
            raise DataError(
                f"performance table of {shape[0]} places x {shape[1]} columns has arrays of shape "
                f"{', '.join(str(array.shape) for array in arrays)}"
            )

    @classmethod
    def of(cls, values: ArrayLike, column_ids: "list[str] | tuple[str, ...]") -> "PerformanceTable":
        """A table of exact readings, numbered from 0, without units or sources.

        Parameters
        ----------
        values : array_like, shape (n, m)
            Readings.
        column_ids : sequence of str, length m
            Ids of the columns.

        Returns
        -------
        PerformanceTable

        Raises
        ------
        DataError
            If a reading is no number.
        """
        try:
            array = np.atleast_2d(np.asarray(unmasked(values), dtype=np.float64))
        except (TypeError, ValueError) as error:
            raise DataError(f"readings are numbers, NaN where unknown: {error}") from error
        m = len(column_ids)
        return cls(
            np.arange(len(array)), tuple(column_ids), ("",) * m, array, array, array, ((),) * m
        )

    def index(self, column_id: str) -> int | None:
        """Position of a column, or None if the table does not hold it."""
        return self.column_ids.index(column_id) if column_id in self.column_ids else None
