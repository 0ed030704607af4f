"""Units lead to one house unit a dimension."""

import pytest

from siteselect.base.errors import UnitMismatch
from siteselect.base.units import UNITS, factor


def test_the_house_unit_of_each_dimension_stands_first() -> None:
    assert {kind: next(iter(fitting.items())) for kind, fitting in UNITS.items()} == {
        "length": ("km", 1.0), "area": ("ha", 1.0), "slope": ("deg", 1.0),
        "flow": ("kt/y", 1.0), "people": ("people", 1.0), "share": ("share", 1.0),
        "class": ("class", 1.0), "number": ("count", 1.0),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("unit", "dimension", "house"),
    [("m", "length", 1e-3), ("km2", "area", 100.0),
     ("m2", "area", 1e-4), ("%", "share", 0.01), ("t/y", "flow", 1e-3), ("Mt/y", "flow", 1e3)],
)  # fmt: skip
def test_factors_are_those_of_the_si(unit: str, dimension: str, house: float) -> None:
    assert factor(unit, dimension) == house


def test_a_wrong_unit_is_named_beside_those_that_fit() -> None:
    with pytest.raises(UnitMismatch, match=r"'kt/y' does not fit a length; write one of km, m"):
        factor("kt/y", "length")
    with pytest.raises(UnitMismatch, match="'furlong'"):
        factor("furlong", "length")
