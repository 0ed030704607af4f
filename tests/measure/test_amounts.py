"""What a feature supplies: lists of products, what is captive, what stands instead."""

import geopandas as gpd
import numpy as np
import pytest
from shapely.geometry import Point

from siteselect.base.errors import DataError
from siteselect.declared.measures import Amount, Products
from siteselect.measure import amounts


def supplied(made: str, name: str = "GR-1", **products: object) -> float:
    frame = gpd.GeoDataFrame({"id": [name], "made": [made]}, geometry=[Point(0, 0)])
    declared = Products(column="made", **products)  # type: ignore[arg-type]
    return float(amounts.of(frame, Amount(products=declared))[0])


def test_products_count_in_full_in_part_or_not_at_all() -> None:
    made = "ethane=700; condensate=200; water=9; lpg="
    assert supplied(made, names=("ethane", "lpg"), factors={"condensate": 0.1}) == 720.0


def test_what_is_captive_or_not_to_be_had_is_taken_off() -> None:
    made = "ethane=700; lpg=100"
    left = supplied(
        made,
        names=("ethane", "lpg"),
        captive={"GR-1": {"ethane": 200.0, "lpg": 500.0}},
        availability={"GR": {"ethane": 0.9}, "GR-1": {"ethane": 0.5}},
    )
    assert left == 250.0  # the longest beginning of the id speaks


def test_a_total_may_stand_for_the_list() -> None:
    made = "ethane=700; total=300"
    assert supplied(made, names=("ethane",), instead={"GR-1": "total"}) == 300.0
    assert supplied(made, "GR-2", names=("ethane",), instead={"GR-1": "total"}) == 700.0
    assert supplied("ethane=5", names=("ethane",), instead={"GR-1": "total"}) == 5.0


@pytest.mark.parametrize("figure", ["many", "nan", "inf", "-3", "1,000", "1; ethane=2"])
def test_a_figure_that_is_no_amount_is_refused(figure: str) -> None:
    with pytest.raises(DataError, match=r"GR-1: ethane: (.* is no number|stands twice)"):
        supplied(f"ethane={figure}", names=("ethane",))


def test_an_empty_list_and_an_unknown_figure_supply_nothing() -> None:
    assert supplied("", names=("ethane",)) == 0.0
    frame = gpd.GeoDataFrame({"t": [3.0, np.nan]}, geometry=[Point(0, 0)] * 2)
    np.testing.assert_array_equal(amounts.of(frame, Amount(column="t")), [3, 0])
    np.testing.assert_array_equal(amounts.of(frame, Amount(constant=2.0)), [2, 2])
