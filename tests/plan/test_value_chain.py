"""What there is, what can be made of it, and what is missing."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siteselect.base import files
from siteselect.base.errors import DataError
from siteselect.declared.chain import Chain, bundled_rules, chain_of
from siteselect.plan.chain_flows import Market, market
from siteselect.plan.value_chain import (
    added_value,
    bought_in,
    made_from,
    not_produced,
    route,
    sankey,
    within,
)
from siteselect.world.catalog import Catalog
from tests.plan.small_chain import MATERIALS, PROCESSES, chain, source


@pytest.fixture(scope="module")
def bundled() -> tuple[Chain, Market]:
    catalog = Catalog.open(files.home() / "data")
    tables = {
        name: catalog.table(name).to_dict("records")
        for name in ("value_chain", "materials", "prices")
    }
    made = chain_of(bundled_rules(), **tables)  # type: ignore[arg-type]
    rows = catalog.table("feedstock").to_dict("records")
    placed = [row | {"easting": row["lon"] * 98e3, "northing": row["lat"] * 111e3} for row in rows]
    return made, market(made, placed)  # type: ignore[arg-type]


def test_supply_is_nominal_times_a_dated_share_less_what_is_used() -> None:
    found = market(
        chain(),
        [
            source("G1", "sulphur=1000"),
            # 100 kt/y of acid at 80 % take 26.4 of sulphur: 8 of it its own, 18.4 bought.
            source("P1", "acid=100; sulphur=10", kind="petrochemical_complex"),
            source("G2", "sulphur=100", status="planned"),
            source("T1", "sulphur=100", kind="export_terminal"),
        ],
    )
    sulphur = found.balances["sulphur"]
    assert (sulphur.nominal, sulphur.available) == (1010, pytest.approx(508))
    assert sulphur.range == pytest.approx((406, 510))
    assert (sulphur.captive, sulphur.bought) == pytest.approx((8, 18.4))
    assert sulphur.left == pytest.approx(508 - 8 - 18.4)
    assert sulphur.recalled
    by = {s.source: s for s in found.supplies if s.material == "sulphur"}
    assert not by["G1"].recalled
    assert by["P1"].recalled
    assert "0.5 (2025): report" in by["G1"].basis


def test_a_range_stands_where_no_process_is_given() -> None:
    two = {
        "one": ("sulphur=0.33; air=0.5; water=0.17", "acid=1.0", "sulphur"),
        "two": ("sulphur=0.43; air=0.4; water=0.17", "acid=1.0", "sulphur"),
    }
    rows = [source("P1", "acid=100")]
    use = market(chain(two, parks={}), rows).uses[0]
    assert use.processes == ("one", "two")
    assert (use.low_kt_y, use.high_kt_y) == pytest.approx((26.4, 34.4))
    said = [{"source_prefix": "P", "material": "acid", "process": "one"}]
    use = market(chain(two, parks={}, made_by=said), rows).uses[0]
    assert (use.processes, use.low_kt_y, use.high_kt_y) == (("one",), *(pytest.approx(26.4),) * 2)
    none = [{"source_prefix": "", "material": "*", "process": ""}]
    assert market(chain(two, parks={}, made_by=none), rows).uses == ()


def test_totals_do_not_count_and_an_unknown_product_is_refused() -> None:
    found = market(chain(), [source("G1", "sulphur=10; total=99; gas_intake=50")])
    assert {s.material for s in found.supplies} == {"sulphur"}
    with pytest.raises(DataError, match="feedstock: G1: sulfur: is no material"):
        market(chain(), [source("G1", "sulfur=10")])


def test_a_capacity_that_is_not_known_is_no_zero() -> None:
    found = market(chain(), [source("G1", "sulphur=", products="sulphur")])
    assert found.unknown == (("G1", "sulphur"),)
    assert "sulphur" not in found.balances


def test_what_its_owner_keeps_is_not_sold() -> None:
    kept = [{"source": "G1", "material": "sulphur", "reason": "own acid"}]
    found = market(chain(not_sold=kept), [source("G1", "sulphur=100"), source("G2", "sulphur=10")])
    assert found.balances["sulphur"].left == pytest.approx(5)


@given(st.lists(st.floats(0, 5000), min_size=1, max_size=6), st.floats(0, 5000))
def test_every_tonne_goes_somewhere(capacities: list[float], acid: float) -> None:
    rows = [source(f"G{i}", f"sulphur={kt_y!r}") for i, kt_y in enumerate(capacities)]
    rows.append(source("P1", f"acid={acid!r}"))
    for balance in market(chain(), rows).balances.values():
        assert balance.captive + balance.bought + balance.left == pytest.approx(balance.available)
        assert min(balance.captive, balance.bought, balance.left, balance.short) >= 0
        assert balance.short <= 1e-9 or balance.left <= 1e-6


def test_yields_multiply_along_a_way_and_stop_at_the_radius() -> None:
    made = chain()
    found = market(made, [source("G1", "sulphur=100"), source("G2", "sulphur=40", east_km=200)])
    near, supplies = within(found, "sulphur", easting=0, northing=0, radius_km=100)
    assert (near, [s.source for s in supplies]) == (50, ["G1"])
    products = {m.product: m for m in made_from(made, "sulphur", found, at_hand_kt_y=near)}
    assert products["acid"].yield_t == pytest.approx(1 / 0.33)
    assert products["ammonium_sulphate"].steps == ("acid", "as")
    assert products["ammonium_sulphate"].kt_y == pytest.approx(50 / 0.33 / 0.745)
    assert products["ammonium_sulphate"].bought_in == ("ammonia",)


def test_a_loop_ends_and_a_better_yield_wins() -> None:
    looped = {
        "poor": ("sulphur=0.5; air=0.5", "acid=1.0", "sulphur"),
        "good": ("sulphur=0.4; air=0.6", "acid=1.0", "sulphur"),
        "back": ("acid=1.0", "sulphur=1.0", "sulphur"),
    }
    made = chain(looped, parks={})
    found = made_from(made, "sulphur", market(made, []))
    assert [(m.product, m.steps) for m in found] == [("acid", ("good",))]
    assert found[0].yield_t == pytest.approx(2.5)
    assert route(made, "sulphur", "acid", by="yield") == ("good",)


def test_the_shortest_way_by_steps_may_not_be_the_best_by_yield() -> None:
    ways = PROCESSES | {
        "direct": ("sulphur=2.0", "ammonium_sulphate=1.0; losses_and_byproducts=1.0", "sulphur")
    }
    made = chain(ways)
    assert route(made, "sulphur", "ammonium_sulphate") == ("direct",)
    assert route(made, "sulphur", "ammonium_sulphate", by="yield") == ("acid", "as")
    assert route(made, "ammonium_sulphate", "sulphur") == ()


def test_what_is_missing_and_what_is_bought_in() -> None:
    made = chain()
    found = market(made, [source("G1", "sulphur=100"), source("P1", "acid=", products="acid")])
    assert not_produced(made, found) == ("ammonium_sulphate",)
    assert bought_in(made, found) == (("ammonia", ("as",)),)


def test_added_value_needs_every_price() -> None:
    made = chain()
    acid = added_value(made, made.processes["acid"])
    assert (acid.low, acid.high) == pytest.approx((60 - 0.33 * 300, 60 - 0.33 * 70))
    salt = added_value(made, made.processes["as"])
    assert (salt.low, salt.missing) == (None, ("ammonia", "ammonium_sulphate"))


def test_a_sankey_loses_nothing() -> None:
    made = chain()
    found = market(made, [source("G1", "sulphur=100"), source("P1", "acid=50")])
    drawn = sankey(found.balances, sorted(found.balances), takes={})
    for name in ("sulphur", "acid"):
        enters = sum(kt_y for _, end, kt_y in drawn.links if end == name)
        leaves = sum(kt_y for start, _, kt_y in drawn.links if start == name)
        assert enters == pytest.approx(leaves)
    assert {node for node, _ in drawn.nodes} >= {end for link in drawn.links for end in link[:2]}


def test_south_pars_sulphur_is_what_was_reported_not_what_was_designed(
    bundled: tuple[Chain, Market],
) -> None:
    supplies = [
        s for s in bundled[1].supplies if s.material == "sulphur" and s.source.startswith("GR-SP")
    ]
    assert sum(s.nominal for s in supplies) == pytest.approx(1800, rel=0.01)
    assert 700 <= sum(s.available for s in supplies) <= 800
    razi = next(s for s in bundled[1].supplies if (s.source, s.material) == ("PC-RAZI", "sulphur"))
    assert razi.left == 0


def test_the_bundled_region_has_the_surplus_and_the_want_that_are_known(
    bundled: tuple[Chain, Market],
) -> None:
    made, found = bundled
    surplus = {name: balance.left for name, balance in found.balances.items()}
    assert min(surplus[name] for name in ("methanol", "urea", "sulphur", "ethane")) > 500
    assert found.balances["propylene"].short > 0
    assert surplus["propylene"] == 0
    products = {m.product for m in made_from(made, "sulphur", found)}
    assert products >= {
        "sulphuric_acid", "ammonium_sulphate", "sulphur_bentonite", "sea_binder",
        "sulphur_concrete", "carbon_disulphide", "mbt", "insoluble_sulphur", "dap", "xanthate",
    }  # fmt: skip
    assert all(math.isnan(m.kt_y) for m in made_from(made, "sulphur", found))
    assert set(MATERIALS) & set(not_produced(made, found)) == {"ammonium_sulphate"}
