"""The performance table keeps its shape."""

from dataclasses import replace

import numpy as np
import pytest

from siteselect.base.errors import DataError
from siteselect.decide.table import PerformanceTable


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
