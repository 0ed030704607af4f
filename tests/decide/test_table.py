"""The performance table keeps its shape."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from siteselect.base.errors import DataError
from siteselect.decide import methods, weights
from siteselect.decide.robustness import smaa
from siteselect.decide.table import PerformanceTable, unmasked


def test_a_table_of_exact_readings_has_no_width() -> None:
    table = PerformanceTable.of([[1.0, np.nan], [3.0, 4.0]], ["port", "rail"])
    assert table.place_ids.tolist() == [0, 1]
    np.testing.assert_array_equal(table.lower, table.values)
    np.testing.assert_array_equal(table.upper, table.values)
    assert table.units == ("", "")


def test_a_column_is_found_by_its_id() -> None:
    table = PerformanceTable.of([1.0, 2.0], ["port", "rail"])
    assert (table.index("rail"), table.index("road")) == (1, None)


def test_shapes_that_disagree_are_refused() -> None:
    with pytest.raises(DataError, match=r"1 places x 3 columns has arrays of shape \(1, 2\)"):
        PerformanceTable.of([[1.0, 2.0]], ["a", "b", "c"])
    table = PerformanceTable.of([[1.0, 2.0]], ["a", "b"])
    with pytest.raises(DataError):
        replace(table, units=("km",))


def masked() -> np.ma.MaskedArray:
    return np.ma.masked_equal([[1, -9999], [3, 4]], -9999)


def test_what_is_masked_is_unknown() -> None:
    table = PerformanceTable.of(masked(), ["port", "rail"])
    for array in (table.values, table.lower, table.upper, unmasked(masked())):
        assert type(array) is np.ndarray
        np.testing.assert_array_equal(array, [[1, np.nan], [3, 4]])


def test_what_a_nullable_column_lacks_is_unknown() -> None:
    frame = pd.DataFrame({"port": pd.array([1, None], dtype="Int64"), "rail": [2.0, 4.0]})
    table = PerformanceTable.of(frame, list(frame))
    np.testing.assert_array_equal(table.values, [[1, 2], [np.nan, 4]])
    assert unmasked(frame[["rail"]]).dtype == np.float64


def test_a_reading_that_is_no_number_is_refused() -> None:
    with pytest.raises(DataError, match=r"readings are numbers, NaN where unknown: .*many"):
        PerformanceTable.of([["many", 1]], ["port", "rail"])


def test_an_array_without_a_masked_cell_stays_what_it_is() -> None:
    plain = np.ma.masked_equal([[1, 2]], -9999)
    assert type(unmasked(plain)) is np.ndarray
    assert unmasked(plain).dtype == plain.dtype
    assert unmasked([[1, 2]]).tolist() == [[1, 2]]


@pytest.mark.parametrize(
    "call",
    [
        lambda x: methods.weighted_mean(x, [1, 1]),
        lambda x: methods.topsis(x, [1, 1], [1, 1]),
        lambda x: smaa(x, draws=10, seed=1),
        weights.entropy,
        weights.critic,
    ],
)
def test_no_method_reads_what_stands_below_a_mask(call: Any) -> None:
    with pytest.raises(DataError):
        call(masked())
