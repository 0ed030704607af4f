"""What there is, what can be made of it, and what is missing."""

import math
from collections.abc import Iterator
from itertools import permutations

import numpy as np
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


@given(st.floats(1, 500), st.floats(0, 500), st.booleans())
def test_a_use_whose_process_is_not_known_is_a_range_of_want_and_of_shortage(
    acid: float, sulphur: float, said: bool,  # noqa: FBT001 - drawn
) -> None:  # fmt: skip
    two = {
        "burnt": ("sulphur=0.33; air=0.5; water=0.17", "acid=1.0", "sulphur"),
        "bought": ("ammonia=0.4; air=0.6", "acid=1.0", "sulphur"),
    }
    how = [{"source_prefix": "", "material": "acid", "process": "burnt"}] if said else []
    rows = [source("P1", f"acid={acid!r}"), source("G1", f"sulphur={sulphur!r}")]
    balance = market(chain(two, parks={}, made_by=how), rows).balances["sulphur"]
    most = 0.8 * acid * 0.33
    assert balance.wanted == pytest.approx((most if said else 0.0, most))
    assert balance.short == pytest.approx(max(most - 0.5 * sulphur, 0.0), abs=1e-6 * most)
    assert balance.short_low == pytest.approx(balance.short if said else 0.0)
    assert balance.captive + balance.bought + balance.short == pytest.approx(most, rel=1e-5)


def test_totals_do_not_count_and_an_unknown_product_is_refused() -> None:
    found = market(chain(), [source("G1", "sulphur=10; total=99; gas_intake=50")])
    assert {s.material for s in found.supplies} == {"sulphur"}
    with pytest.raises(DataError, match="feedstock: G1: sulfur: is no material"):
        market(chain(), [source("G1", "sulfur=10")])


def test_every_fault_of_the_sources_is_told_at_once() -> None:
    rows = [
        source("G1", "sulphur=-5"), source("G2", "sulfur=10"), source("G3", "acid=700-800"),
        source("G4", "acid=1"), source("G4", "acid=2"),
    ]  # fmt: skip
    with pytest.raises(DataError) as caught:
        market(chain(), rows)
    words = str(caught.value)
    for part in ("G1: sulphur: '-5'", "G2: sulfur", "G3: acid: '700-800'", "G4: this id stands"):
        assert part in words


def test_a_source_without_position_is_counted_and_feeds_nobody() -> None:
    lost = source("G2", "sulphur=100") | {"easting": float("nan"), "northing": None}
    found = market(chain(), [source("G1", "sulphur=100"), lost])
    assert found.balances["sulphur"].left == pytest.approx(100)
    # The origin of the coordinates is a place like any other: unknown is not there.
    assert within(found, "sulphur", easting=0, northing=0, radius_km=1e6)[0] == pytest.approx(50)


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


def test_what_a_way_draws_twice_is_counted_twice() -> None:
    # With its own acid a tonne of salt draws 0.5 t of sulphur and 0.5 t of acid at 0.33 t each:
    # 1.50 t of salt a tonne. Half of the charge alone gives 2 t, with the acid bought in.
    ways = {
        "acid": PROCESSES["acid"],
        "blend": ("acid=0.5; sulphur=0.5", "ammonium_sulphate=1.0", "sulphur"),
    }
    made = chain(ways, parks={})
    found = {m.product: m for m in made_from(made, "sulphur", market(made, []))}
    salt = found["ammonium_sulphate"]
    assert (salt.steps, salt.yield_t, salt.bought_in) == (("blend",), pytest.approx(2), ("acid",))


def test_nothing_is_made_of_what_no_process_charges() -> None:
    made = chain()
    for name in ("water", "losses_and_byproducts", "ammonium_sulphate"):
        assert made_from(made, name, market(made, [])) == ()
        assert route(made, name, "acid") == ()


NAMES = ("sulphur", "ammonia", "acid", "ammonium_sulphate")


def by_hand(made: Chain, product: str) -> Iterator[float]:
    """Yield of each way from sulphur: what a tonne of product draws, back from its last step."""
    for count in range(1, len(made.processes) + 1):
        for steps in permutations(made.processes.values(), count):
            for links in permutations(NAMES, count - 1):
                way = ("sulphur", *links, product)
                passed = {"sulphur"}
                drawn, wanted = 0.0, 1.0
                for step, after in zip(steps, way[1:], strict=True):
                    passed |= set(step.inputs)
                    if after not in step.outputs or after in passed:
                        break
                    passed.add(after)
                else:
                    for step, before, after in reversed(
                        list(zip(steps, way[:-1], way[1:], strict=True))
                    ):
                        if before not in step.inputs:
                            break
                        runs = wanted / step.outputs[after]
                        wanted = runs * step.inputs[before]
                        if before != "sulphur":
                            drawn += runs * step.inputs.get("sulphur", 0.0)
                    else:
                        yield 1 / (drawn + wanted)


@given(st.integers(0, 10_000))
def test_the_best_of_all_ways_is_found_loops_and_all(seed: int) -> None:
    rng = np.random.default_rng(seed)
    ways = {}
    for number in range(int(rng.integers(1, 5))):
        takes, gives = rng.choice(NAMES, 2, replace=False), rng.choice(NAMES, 2, replace=False)
        parts = rng.integers(1, 9, 4) / 10
        scale = parts[:2].sum() / parts[2:].sum()
        ways[f"p{number}"] = (
            "; ".join(f"{n}={t!r}" for n, t in zip(takes, parts[:2].tolist(), strict=True)),
            "; ".join(
                f"{n}={t!r}" for n, t in zip(gives, (parts[2:] * scale).tolist(), strict=True)
            ),
            "sulphur",
        )
    made = chain(ways, parks={})
    found = {m.product: m.yield_t for m in made_from(made, "sulphur", market(made, []))}
    for product in NAMES[1:]:
        best = max(by_hand(made, product), default=None)
        assert (product in found) == (best is not None)
        if best is not None:
            assert found[product] == pytest.approx(best, rel=1e-5)


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
