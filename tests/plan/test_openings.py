"""Openings: which product, where, and why."""

import numpy as np
import pytest

from siteselect.plan.chain_flows import market
from siteselect.plan.openings import Opening, Spots, missing, openings
from siteselect.plan.units import Diagnosis, Idle
from tests.plan.small_chain import PROCESSES, chain, source

WAYS = PROCESSES | {
    "granules": ("sulphur=1.0", "granules=1.0", "sulphur"),
    "blend": ("acid=0.5; sulphur=0.5", "blend=1.0", "sulphur"),
}
MATERIALS = {
    "sulphur": "regional_feedstock", "ammonia": "regional_feedstock", "acid": "intermediate",
    "ammonium_sulphate": "final_product", "granules": "final_product", "blend": "final_product",
    "air": "bought_in_input", "water": "bought_in_input",
    "losses_and_byproducts": "final_product",
}  # fmt: skip
MADE = chain(WAYS, materials=MATERIALS)
ROWS = [source("G1", "sulphur=100"), source("A1", "ammonia=100", east_km=300)]


def spots(**changes: object) -> Spots:
    given = {
        "ids": ("near", "town", "far"),
        "easting": np.array([0.0, 20e3, 300e3]),
        "northing": np.zeros(3),
        "utilities": {"power": np.array([80.0, 10.0, np.nan])},
        "reach_km": {"power": 50.0},
        "source": "criteria",
    }
    return Spots(**(given | changes))  # type: ignore[arg-type]


def factor(opening: Opening, name: str) -> object:
    return next(f for f in opening.factors if f.name == name)


def test_only_what_is_missing_and_can_be_fed_is_an_opening() -> None:
    found = openings(MADE, market(MADE, ROWS), spots(), radius_km=50)
    assert {o.product for o in found} == {"acid", "ammonium_sulphate", "blend", "granules"}
    assert {o.place for o in found if o.product == "granules"} == {"near", "town"}
    assert {o.place for o in found if o.product == "ammonium_sulphate"} == {"far"}
    assert [o.rank for o in found] == list(range(1, len(found) + 1))
    plenty = market(MADE, [*ROWS, source("P1", "granules=5")])
    assert "granules" not in {o.product for o in openings(MADE, plenty, spots())}
    none = market(MADE, [source("G1", "sulphur=2")])
    assert openings(MADE, none, spots(), radius_km=50) == ()


def test_utilities_within_reach_come_before_more_feed() -> None:
    found = [o for o in openings(MADE, market(MADE, ROWS), spots()) if o.product == "granules"]
    assert [o.place for o in found] == ["town", "near"]


def test_what_does_not_travel_is_no_product_that_is_missing() -> None:
    inside = chain(WAYS, materials=MATERIALS, on_site=["acid"])
    there = market(inside, ROWS)
    assert "acid" not in missing(inside, there)
    assert "acid" not in {o.product for o in openings(inside, there, spots())}


def test_idle_units_come_first() -> None:
    idle = Idle("near", "blend", ("U1",), 9000.0, 1000.0, 8000.0, ("liquidity",))
    ailing = Diagnosis({}, (), (idle,), synthetic=True)
    first = openings(MADE, market(MADE, ROWS), spots(), diagnosis=ailing)[0]
    assert (first.product, first.place) == ("blend", "near")
    told = factor(first, "idle capacity")
    assert (told.value, told.source) == (8000.0, "register (synthetic example)")  # type: ignore[attr-defined]
    without = openings(MADE, market(MADE, ROWS), spots())[0]
    assert "no register" in factor(without, "idle capacity").reading  # type: ignore[attr-defined]


def test_what_units_of_the_register_make_is_an_opening_only_where_they_stand_idle() -> None:
    idle = Idle("near", "blend", ("U1",), 9000.0, 1000.0, 8000.0, ("liquidity",))
    ailing = Diagnosis({}, (), (idle,), synthetic=True, made=(("blend", 1000.0), ("granules", 5.0)))
    found = openings(MADE, market(MADE, ROWS), spots(), diagnosis=ailing)
    assert [o.place for o in found if o.product == "blend"] == ["near"]
    assert "granules" not in {o.product for o in found}
    told = factor(found[0], "missing")
    assert told.reading == "units of the register make 1000 t/y, others of them stand idle"  # type: ignore[attr-defined]
    # A synthetic example is never shown as found.
    assert all(f.recalled for f in found[0].factors if "synthetic" in f.source)


def test_a_calm_price_comes_before_one_that_swings() -> None:
    found = openings(MADE, market(MADE, ROWS), spots(utilities={}), radius_km=50)
    calm = {o.product: factor(o, "price") for o in found}
    assert "70 to 300 USD/t (high)" in calm["granules"].reading  # type: ignore[attr-defined]
    assert calm["acid"].reading == "acid 60 to 60 USD/t (not_classed)"  # type: ignore[attr-defined]
    order = [factor(o, "price").value for o in found]  # type: ignore[attr-defined]
    assert order == sorted(order)


def test_every_factor_says_where_it_is_from_and_what_is_recalled() -> None:
    for opening in openings(MADE, market(MADE, ROWS), spots()):
        assert opening.recalled
        for told in opening.factors:
            assert told.reading
            assert told.source or told.name in ("idle capacity", "price")
    blend = next(o for o in openings(MADE, market(MADE, ROWS), spots()) if o.product == "blend")
    assert factor(blend, "bought in").reading == "50%: acid"  # type: ignore[attr-defined]


def test_what_running_plants_want_more_of_is_missing_too() -> None:
    short = market(MADE, [source("G1", "sulphur=1"), source("P1", "acid=100")])
    assert missing(MADE, short)["sulphur"].value == pytest.approx(25.9)
    assert missing(MADE, short)["granules"].reading == "no producer in the tables of the region"
