"""Place and type together, against trying every choice."""

import json
from collections import Counter
from itertools import combinations, product
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from siteselect.base.errors import DataError, NoSolution
from siteselect.declared.chain import Chain
from siteselect.declared.programme import Programme
from siteselect.declared.sources import Titles
from siteselect.plan.allocation import OUTSIDE, Allocation, allocate
from siteselect.plan.chain_flows import Market, market
from siteselect.plan.chain_words import sentences
from siteselect.plan.haulage import ways
from siteselect.plan.policy import Candidates
from siteselect.plan.portfolio_words import sentences as portfolio_sentences
from tests.plan.small_chain import MATERIALS, PROCESSES, chain, source

PORTS = {"ports": np.array([[0.0, 0.0], [300e3, 0.0]])}
TYPES = ("sulphur", "fertilizer")


def programme(k: int, **changes: Any) -> Programme:
    data = {"id": "toy", "titles": {"en": "Toy", "fa": "آزمون"}, "k": k} | changes
    return Programme.model_validate_json(json.dumps(data))


def pool(scores: Any, east_km: Any, **changes: Any) -> Candidates:
    n = len(east_km)
    given_columns: dict[str, Any] = {
        "ids": np.array([f"S{i}" for i in range(n)]),
        "score": np.asarray(scores, dtype=float),
        "verdict": np.zeros(n, dtype=int),
        "province": np.array(["P"] * n),
        "kind": np.array(["greenfield"] * n),
        "easting": np.asarray(east_km, dtype=float) * 1e3,
        "northing": np.zeros(n),
        "accuracy_km": np.zeros(n),
        "park_types": TYPES,
    }
    return Candidates(**(given_columns | changes))


def plan(sites: Candidates, asked: Programme, made: Chain, there: Market) -> Allocation:
    return allocate(sites, asked, made, market=there, access=PORTS)


def by_hand(sites: Candidates, asked: Programme, made: Chain, there: Market) -> float | None:
    """The best total over every set of sites and every assignment of types within quotas."""
    best = None
    kinds = range(len(sites.park_types))
    for chosen in combinations(range(len(sites.ids)), asked.k):
        for parks in product(kinds, repeat=asked.k):
            picks = list(zip(chosen, parks, strict=True))
            score = sum(sites.score[i, t] for i, t in picks)
            if not np.isfinite(score) or not within_quotas(sites, picks, asked):
                continue
            cost = haulage(sites, picks, made, there)
            if cost is not None:
                total = score - made.rules.score_per_musd * cost / 1e3
                best = total if best is None else max(best, total)
    return best


def within_quotas(sites: Candidates, picks: list[tuple[int, int]], asked: Programme) -> bool:
    count = Counter(sites.park_types[t] for _, t in picks)
    return all(
        quota.at_least <= count[name] <= (asked.k if quota.at_most is None else quota.at_most)
        for name, quota in asked.park_types.items()
    )


def haulage(
    sites: Candidates, picks: list[tuple[int, int]], made: Chain, there: Market
) -> float | None:
    names = {name for _, t in picks for name in made.park_net(sites.park_types[t])}
    traded = sorted(names - {*made.rules.free, *made.rules.waste})
    costs = [shipping(sites, picks, made, there, name) for name in traded]
    known = [cost for cost in costs if cost is not None]
    return sum(known) if len(known) == len(costs) else None


def shipping(
    sites: Candidates, picks: list[tuple[int, int]], made: Chain, there: Market, material: str
) -> float | None:
    """Cost of one material, thousand USD a year; None if it is short."""
    nets = [(i, made.park_net(sites.park_types[t]).get(material, 0.0)) for i, t in picks]
    at = np.column_stack([sites.easting, sites.northing])
    takers = [(i, -net) for i, net in nets if net < 0]
    offers = [
        (np.array([s.easting, s.northing]), s.left, -1)
        for s in there.supplies
        if s.material == material
    ]
    offers += [(at[i], net, i) for i, net in nets if net > 0]
    cost = np.array([
        [np.inf if site == i else ways(made, material, start[None], to=at[i][None],
                                       access=PORTS).usd_t[0, 0] for i, _ in takers]
        for start, _, site in offers
    ]).reshape(len(offers), len(takers))  # fmt: skip
    cap = [kt_y for _, kt_y, _ in offers]
    if not takers:
        return 0.0
    balance = there.balances.get(material)
    made_here = any(
        made.park_net(name).get(material, 0.0) > 0 and np.isfinite(sites.score[:, t]).any()
        for t, name in enumerate(sites.park_types)
    )
    none_sells = balance is None or balance.nominal <= 0
    if none_sells and made.materials[material].role != "regional_feedstock":
        cost = np.vstack([cost, np.full((1, len(takers)), made.rules.bought_in_usd_t)])
        cap.append(1e9)
        if not made_here:
            return 0.0  # bought in whatever is chosen: it decides nothing and is not counted
    rows = np.argwhere(np.isfinite(cost))
    a_ub = (rows[:, 0] == np.arange(len(cap))[:, None]) * 1.0
    a_eq = (rows[:, 1] == np.arange(len(takers))[:, None]) * 1.0
    if not len(rows):
        return None
    found = linprog(cost[tuple(rows.T)], A_ub=a_ub, b_ub=cap, A_eq=a_eq,
                    b_eq=[want for _, want in takers])  # fmt: skip
    return float(found.fun) if found.status == 0 else None


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 10_000), st.integers(1, 3))
def test_small_cases_equal_trying_everything(seed: int, k: int) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(k, 6))
    sites = pool(rng.uniform(0.2, 0.9, (n, 2)).round(2), rng.uniform(0, 700, n).round(0))
    made = chain(score_per_musd=float(rng.choice([0.0, 0.02, 0.2])))
    rows = [
        source("G1", f"sulphur={rng.integers(50, 700)}"),
        source("G2", f"sulphur={rng.integers(0, 300)}", east_km=300),
        source("A1", f"ammonia={rng.integers(20, 120)}", east_km=float(rng.uniform(0, 400))),
    ]
    if rng.random() < 0.5:
        rows.append(source("P1", f"acid={rng.integers(20, 400)}", east_km=100))
    there = market(made, rows)
    best = by_hand(sites, programme(k), made, there)
    if best is None:
        with pytest.raises(NoSolution):
            plan(sites, programme(k), made, there)
        return
    found = plan(sites, programme(k), made, there)
    assert found.portfolio.total == pytest.approx(best, abs=1e-6)
    assert found.portfolio.gap <= 1e-6
    check_mass(found, there)


LOOP = {
    "acid": ("sulphur=0.6; ammonium_sulphate=0.4", "acid=1.0", "sulphur"),
    "as": ("ammonia=0.5; acid=0.5", "ammonium_sulphate=1.0", "fertilizer"),
    "burn": ("sulphur=1.0", "acid=1.0", "aromatic"),
}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 10_000))
def test_parks_that_feed_each_other_in_a_loop_equal_trying_everything(seed: int) -> None:
    rng = np.random.default_rng(seed)
    k, n = int(rng.integers(1, 4)), int(rng.integers(3, 5))
    kinds = ("sulphur", "fertilizer", "aromatic")
    scores = rng.uniform(0.2, 0.9, (n, 3)).round(2)
    scores[rng.random((n, 3)) < 0.1] = np.nan
    sites = pool(scores, rng.uniform(0, 600, n).round(0), park_types=kinds)
    # From grams to megatonnes: no tolerance may be in tonnes.
    size = float(rng.choice([1e-3, 1.0, 1e3]))
    made = chain(
        LOOP,
        parks={kind: {name: 100 * size} for kind, name in zip(kinds, LOOP, strict=True)},
        scale=(0.0, 1e9),
        score_per_musd=float(rng.choice([0.0, 0.02, 0.2])) / size,
    )
    # Twelve of sixty and hundred: some supplies are just what so many parks take.
    rows = [
        source("G1", f"sulphur={float(size * 2 * rng.choice([60, 100, 120, 160, 300]))!r}"),
        source("A1", f"ammonia={float(size * rng.choice([50, 100, 150]) / 0.8)!r}", east_km=200),
    ]
    if rng.random() < 0.5:
        rows.append(source("P1", f"acid={float(size * rng.integers(20, 400))!r}", east_km=100))
    there = market(made, rows)
    quotas: dict[str, Any] = {}
    if rng.random() < 0.5:
        quotas[str(rng.choice(kinds))] = {"at_most": int(rng.integers(0, 2))}
    if rng.random() < 0.3:
        quotas["fertilizer"] = {"at_least": 1}
    asked = programme(k, park_types=quotas)
    best = by_hand(sites, asked, made, there)
    if best is None:
        with pytest.raises(NoSolution):
            plan(sites, asked, made, there)
        return
    found = plan(sites, asked, made, there)
    assert found.portfolio.total == pytest.approx(best, abs=1e-6)
    assert found.portfolio.gap <= 1e-6
    check_mass(found, there)


def check_mass(found: Allocation, there: Market) -> None:
    """Every park gets what it takes; nobody gives more than he has, each to 1e-6 of it."""
    sent: Counter[tuple[str, str]] = Counter()
    arrived: Counter[tuple[str, str]] = Counter()
    for flow in found.flows:
        sent[flow.origin, flow.material] += flow.kt_y
        arrived[flow.destination, flow.material] += flow.kt_y
        assert flow.origin != flow.destination
        assert flow.kt_y > 0
    for supply in there.supplies:
        assert sent[supply.source, supply.material] <= supply.left * (1 + 1e-6)
    outside = {m for park in found.parks for m in park.takes} - {f.material for f in found.flows}
    for park in found.parks:
        for material, kt_y in park.gives.items():
            assert sent[park.id, material] <= kt_y * (1 + 1e-6)
        for material, kt_y in park.takes.items():
            if material not in outside:
                assert arrived[park.id, material] == pytest.approx(kt_y, rel=1e-6)
    for name, balance in found.balances.items():
        total = balance.captive + balance.bought + balance.used + balance.raw
        assert total == pytest.approx(balance.available, rel=1e-6, abs=1e-12), name


def test_one_park_feeds_another_where_that_is_cheaper() -> None:
    made, sites = chain(score_per_musd=0.05), pool([[0.8, 0.1], [0.1, 0.8]], [0, 30])
    there = market(made, [source("G1", "sulphur=500"), source("A1", "ammonia=100", east_km=30)])
    found = plan(sites, programme(2), made, there)
    acid = next(f for f in found.flows if f.material == "acid")
    assert (acid.origin, acid.destination, acid.kt_y) == ("S0", "S1", pytest.approx(74.5))
    assert found.bought_in == {}
    alone = plan(sites, programme(1, locked_out=["S0"], park_types={"fertilizer": {"at_least": 1}}),
                 made, there)  # fmt: skip
    assert alone.bought_in == {"acid": pytest.approx(74.5)}
    assert {f.mode for f in alone.flows if f.material == "acid"} == {OUTSIDE}


def test_a_charge_is_fed_by_what_stands_in_for_it() -> None:
    burnt = {
        "acid": ("charge=0.33; air=0.5; water=0.17", "acid=1.0", "sulphur"),
        "as": PROCESSES["as"],
    }
    made = chain(
        burnt,
        materials=MATERIALS | {"charge": "intermediate"},
        stand_ins={"charge": ["sulphur"]},
    )
    there = market(made, [source("G1", "sulphur=300"), source("A1", "ammonia=100")])
    found = plan(pool([[0.9, 0.2]], [0]), programme(1), made, there)
    assert found.bought_in == {}
    assert [(f.material, f.origin, f.kt_y) for f in found.flows] == [
        ("sulphur", "G1", pytest.approx(99))
    ]


def test_supply_is_never_drawn_twice() -> None:
    made = chain()
    sites = pool([[0.9, 0.2], [0.9, 0.2], [0.5, 0.5]], [0, 10, 20])
    # One acid park takes 99 of sulphur; 150 are left, so a second one cannot be fed.
    there = market(made, [source("G1", "sulphur=300"), source("A1", "ammonia=100")])
    found = plan(sites, programme(2), made, there)
    assert [park.park_type for park in found.parks] == ["sulphur", "fertilizer"]
    assert found.balances["sulphur"].raw == pytest.approx(51)
    more = market(made, [source("G1", "sulphur=400"), source("A1", "ammonia=100")])
    assert [p.park_type for p in plan(sites, programme(2), made, more).parks] == ["sulphur"] * 2


def test_a_short_material_is_named() -> None:
    made, sites = chain(), pool([[0.9, 0.2], [0.9, 0.2]], [0, 10])
    there = market(made, [source("G1", "sulphur=300"), source("A1", "ammonia=5")])
    asked = programme(2, park_types={"sulphur": {"at_least": 2}})
    with pytest.raises(NoSolution, match="the chain is short of sulphur"):
        plan(sites, asked, made, there)
    assert plan(sites, programme(1), made, there).unfed == {"fertilizer": ("ammonia",)}
    gone = market(made, [source("A1", "ammonia=100")])
    with pytest.raises(
        NoSolution, match="sulphur is short: sources within reach give new parks 0 kt/y"
    ):
        plan(sites, programme(1, park_types={"sulphur": {"at_least": 1}}), made, gone)


def test_a_source_whose_position_is_not_known_gives_nothing_within_reach() -> None:
    made, sites = chain(), pool([[0.9, 0.2], [0.9, 0.2]], [0, 10])
    lost = source("G1", "sulphur=900") | {"easting": None, "northing": None}
    there = market(made, [lost, source("A1", "ammonia=900")])
    with pytest.raises(NoSolution, match="sources within reach give new parks 0 kt/y"):
        plan(sites, programme(1, park_types={"sulphur": {"at_least": 1}}), made, there)


def test_no_candidate_at_all_is_said() -> None:
    sites = pool([[0.9, 0.2], [0.8, 0.3]], [0, 10], verdict=np.full(2, 2))
    there = market(chain(), [source("G1", "sulphur=900"), source("A1", "ammonia=900")])
    with pytest.raises(NoSolution, match=r"exactly 1 parks are asked for \(0 candidates"):
        plan(sites, programme(1), chain(), there)


def test_a_conflict_of_rules_alone_blames_no_material() -> None:
    made, sites = chain(), pool([[0.9, 0.2], [0.9, 0.2]], [0, 10])
    there = market(made, [source("G1", "sulphur=900"), source("A1", "ammonia=900")])
    with pytest.raises(NoSolution) as caught:
        plan(sites, programme(2, spacing={"at_least_km": 50}), made, there)
    assert "short" not in str(caught.value)


def test_another_source_changes_only_what_touches_it() -> None:
    made, sites = chain(), pool([[0.9, 0.2], [0.2, 0.9]], [0, 300])
    rows = [source("G1", "sulphur=400"), source("A1", "ammonia=100", east_km=300)]
    before = plan(sites, programme(2), made, market(made, rows))
    after = plan(sites, programme(2), made,
                 market(made, [rows[0], source("A1", "ammonia=200", east_km=300)]))  # fmt: skip
    assert before.parks == after.parks
    assert before.flows == after.flows
    changed = {n for n in before.balances if before.balances[n] != after.balances[n]}
    assert changed == {"ammonia"}


def test_neither_the_order_of_sites_nor_of_sources_matters() -> None:
    rng = np.random.default_rng(5)
    scores, east = rng.uniform(0.3, 0.9, (6, 2)), rng.uniform(0, 500, 6)
    made = chain(score_per_musd=0.05)
    rows = [source("G1", "sulphur=900"), source("G2", "sulphur=300", east_km=300),
            source("A1", "ammonia=200")]  # fmt: skip
    one = plan(pool(scores, east), programme(3), made, market(made, rows))
    order = rng.permutation(6)
    ids = np.array([f"S{i}" for i in order])
    shuffled = pool(scores[order], east[order], ids=ids)
    other = plan(shuffled, programme(3), made, market(made, rows[::-1]))
    assert one.parks == other.parks
    assert one.portfolio.total == pytest.approx(other.portfolio.total, abs=1e-9)


def test_existing_capacity_comes_first_within_the_tolerated_loss() -> None:
    made = chain(score_per_musd=0.0)
    sites = pool([[0.90, 0.1], [0.89, 0.1]], [0, 10], kind=np.array(["greenfield", "estate"]))
    there = market(made, [source("G1", "sulphur=900")])
    best = plan(sites, programme(1), made, there)
    first = plan(sites, programme(1, existing_first={"tolerance_loss": 0.02}), made, there)
    strict = plan(sites, programme(1, existing_first={"tolerance_loss": 0.005}), made, there)
    assert [a.parks[0].id for a in (best, first, strict)] == ["S0", "S1", "S0"]
    assert first.portfolio.best_total == pytest.approx(best.portfolio.total)


def test_a_ship_needs_a_port_at_both_ends() -> None:
    made = chain()
    there = np.array([[0.0, 0.0]])
    far = np.array([[300e3, 0.0], [320e3, 0.0], [800e3, 0.0]])
    way = ways(made, "sulphur", there, to=far, access=PORTS)
    assert [way.modes[mode] for mode in way.mode[0, :2]] == ["sea", "road"]
    assert way.usd_t[0].tolist() == pytest.approx([5 + 0.01 * 300, 2 + 0.05 * 320, np.inf])
    with pytest.raises(DataError, match="no points of ports"):
        ways(made, "sulphur", there, to=far, access={})


def test_the_story_names_parks_flows_and_what_is_still_sold_raw() -> None:
    made, sites = chain(score_per_musd=0.05), pool([[0.8, 0.1], [0.1, 0.8]], [0, 30])
    there = market(made, [source("G1", "sulphur=500"), source("A1", "ammonia=100", east_km=30)])
    found = plan(sites, programme(2), made, there)
    names = {
        "S0": Titles(en="Port", fa="بندر"),
        "sulphur": Titles(en="Sulphur park", fa="پارک گوگرد"),
    }
    english = " ".join(sentences(found, made, names, language="en"))
    assert "million USD a year to haul" in english
    assert (
        "Port gives S1 74 kt/y of acid." in english or "Port gives S1 75 kt/y of acid." in english
    )
    assert "sulphur: the parks draw 99 kt/y; 151 are still sold raw instead of 250" in english
    assert "(recalled)" in english
    chosen = " ".join(portfolio_sentences(found.portfolio, names, language="en"))
    assert "2 parks are chosen: Port (Sulphur park), S1 (fertilizer)." in chosen
    assert "taken off for hauling feedstock; no set" in chosen
    assert "(proven)" in chosen
    farsi = " ".join(sentences(found, made, names, language="fa"))
    assert "بندر" in farsi
    assert not set("0123456789") & set(farsi.replace("S1", ""))


def test_the_story_says_what_cannot_be_fed_and_what_is_bought_in() -> None:
    made, sites = chain(), pool([[0.9, 0.9]], [0])
    there = market(made, [source("G1", "sulphur=300"), source("A1", "ammonia=5")])
    told = " ".join(sentences(plan(sites, programme(1), made, there), made, {}, language="en"))
    assert "No fertilizer can be fed, for want of ammonia." in told
    rich = market(made, [source("G1", "sulphur=1"), source("A1", "ammonia=500"),
                         source("P1", "ammonia=10", kind="petrochemical_complex")])  # fmt: skip
    told = " ".join(sentences(plan(sites, programme(1), made, rich), made, {}, language="en"))
    assert "Bought in from outside the region, 74 kt/y: acid." in told


def test_an_objective_over_draws_is_refused() -> None:
    made, sites = chain(), pool([[0.9, 0.9]], [0])
    there = market(made, [source("G1", "sulphur=300")])
    with pytest.raises(DataError, match="worst is not weighed"):
        plan(sites, programme(1, objective="worst"), made, there)
