"""The portfolio against trying every set, and the laws that it keeps."""

import itertools
from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from siteselect.base.errors import DataError, DeclarationError, NoSolution
from siteselect.declared.criteria import Needs
from siteselect.declared.sources import Titles
from siteselect.plan.portfolio import Candidates, candidates_of, choose
from siteselect.plan.portfolio_words import sentences
from tests import toy
from tests.plan.brute import all_sets, greedy, pool, programme, random_programme

CASES = 240


@lru_cache(maxsize=CASES)
def case(seed):
    """A random pool and programme, every set, and what was chosen (None: nothing can be)."""
    sites = pool(9 if seed % 3 else 7, seed, types=1 if seed % 3 else 2)
    asked = random_programme(sites, seed)
    try:
        found = choose(sites, asked)
    except NoSolution:
        found = None
    return sites, asked, all_sets(sites, asked), found


def tolerance(asked):
    return asked.existing_first.tolerance_loss if asked.existing_first else None


def chosen(found):
    return frozenset(pick.id for pick in found.picks)


# --- equal to trying everything ------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(CASES))
def test_the_choice_is_the_best_of_all_sets(seed):
    sites, asked, sets, found = case(seed)
    if not len(sets.members):
        assert found is None
        return
    assert found is not None
    allowed = sets.under_policy(tolerance(asked))
    assert found.best_total == pytest.approx(sets.total.max(), abs=1e-9)
    assert found.total == pytest.approx(allowed.total.max(), abs=1e-9)
    best = allowed.where(allowed.total > allowed.total.max() - 1e-9)
    assert chosen(found) in best.names(sites)
    assert found.gap <= 1e-8


def test_both_outcomes_and_every_kind_of_rule_occur():
    cases = [case(seed) for seed in range(CASES)]
    solved = [asked for _, asked, _, found in cases if found]
    assert 80 <= len(solved) <= CASES - 40
    kinds = ("provinces", "park_types", "spacing", "locked_in", "locked_out", "existing_first")
    for kind in kinds:
        assert sum(bool(getattr(asked, kind)) for asked in solved) >= 10, kind
    for name in ("area_ha", "water_m3_d", "power_mw", "capital_meur"):
        assert sum(getattr(asked.budgets, name) is not None for asked in solved) >= 10, name
    for policy in ("allowed", "priced", "forbidden"):
        assert sum(asked.undetermined.policy == policy for asked in solved) >= 5, policy
    assert sum(bool(found.binding) for *_, found in cases if found) >= 40


@pytest.mark.parametrize("seed", range(0, CASES, 4))
def test_alternatives_are_the_next_best_sets_in_order(seed):
    sites, asked, sets, found = case(seed)
    if found is None:
        return
    allowed = sets.under_policy(tolerance(asked))
    best = {}
    for names, total in zip(allowed.names(sites), allowed.total, strict=True):
        best[names] = max(total, best.get(names, -np.inf))
    del best[chosen(found)]
    least = found.total - asked.alternatives.gap * abs(found.total)
    expected = sorted((t for t in best.values() if t >= least), reverse=True)[:10]
    assert [a.total for a in found.alternatives] == pytest.approx(expected, abs=1e-9)
    assert len({frozenset(a.ids) for a in found.alternatives}) == len(expected)
    for other in found.alternatives:
        assert (chosen(found) - set(other.leaves)) | set(other.joins) == set(other.ids)
        assert other.loss == pytest.approx(found.total - other.total, abs=1e-12)


@pytest.mark.parametrize("seed", range(1, CASES, 4))
def test_importance_is_the_loss_without_the_site(seed):
    sites, asked, sets, found = case(seed)
    if found is None:
        return
    allowed = sets.under_policy(tolerance(asked))
    assert [item.id for item in found.importance] == [pick.id for pick in found.picks]
    for item in found.importance:
        without = allowed.where(np.array([item.id not in s for s in allowed.names(sites)]))
        best = without.total.max(initial=-np.inf)
        assert item.loss == pytest.approx(found.total - best, abs=1e-9)
        assert item.id in item.leaves
        anyhow = any(item.id not in chosen for chosen in sets.names(sites))
        assert item.by_policy == (np.isinf(item.loss) and anyhow)
        if item.by_policy:
            other = {pick.id for pick in found.picks} - set(item.leaves) | set(item.joins)
            assert other in [set(chosen) for chosen in sets.names(sites)]
    losses = [swap.loss for swap in found.swaps]
    assert losses == sorted(losses)


@pytest.mark.parametrize("seed", range(3, CASES, 4))
def test_insisting_on_a_site_costs_what_the_best_set_with_it_lacks(seed):
    sites, asked, sets, found = case(seed)
    if found is None:
        return

    def best_with(some, name):
        holds = np.array([name in names for names in some.names(sites)], dtype=bool)
        return some.where(holds).total.max(initial=-np.inf)

    assert not chosen(found) & {other.id for other in found.left_out}
    scores = [other.score for other in found.left_out]
    assert scores == sorted(scores, reverse=True)
    best = np.fmax.reduce(sites.score.reshape(len(sites.ids), -1), axis=1)
    allowed = sets.under_policy(tolerance(asked))
    for other in found.left_out:
        assert other.score == best[sites.ids == other.id]
        within, free = best_with(allowed, other.id), best_with(sets, other.id)
        held = np.isfinite(within)
        lost = found.total - within if held else found.best_total - free
        assert other.loss == pytest.approx(lost, abs=1e-9)
        assert other.by_policy == (not held and np.isfinite(free))
        assert (other.id in other.joins) == np.isfinite(lost)


@pytest.mark.parametrize("seed", range(2, CASES, 4))
def test_the_price_of_a_rule_is_what_the_best_set_gains_without_it(seed):
    sites, asked, sets, found = case(seed)
    if found is None:
        return
    prices = {price.rule: price.cost for price in found.prices}
    relaxed = {
        "spacing": {"spacing": None},
        **{f"locked_in.{name}": {"locked_in": ()} for name in asked.locked_in},
        **{f"locked_out.{name}": {"locked_out": ()} for name in asked.locked_out},
        **{
            f"budget.{name}": {"budgets": asked.budgets.model_copy(update={name: None})}
            for name in ("area_ha", "water_m3_d", "power_mw", "capital_meur")
        },
    }
    for rule, change in relaxed.items():
        if rule in prices:
            free = all_sets(sites, asked.model_copy(update=change))
            gain = free.total.max() - sets.total.max()
            assert prices[rule] == pytest.approx(gain, abs=1e-9), rule
    assert all(cost >= 0 for cost in prices.values())
    assert [p.cost for p in found.binding] == sorted(
        (c for c in prices.values() if c), reverse=True
    )


# --- laws ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(60))
def test_never_below_greedy(seed):
    sites = pool(20, seed)
    asked = programme(
        5,
        spacing={"at_least_km": 15.0},
        provinces={"IR-06": {"at_most": 2}, "IR-18": {"at_most": 2}},
    )
    taken = greedy(sites, asked)
    if taken is not None:
        found = choose(sites, asked)
        score = dict(zip(sites.ids.tolist(), sites.score, strict=True))
        assert found.total >= sum(score[name] for name in taken) - 1e-12


@given(st.integers(0, 10_000), st.integers(0, 10_000))
@settings(max_examples=25)
def test_the_order_of_rows_does_not_matter(seed, shuffle):
    sites = pool(14, seed)
    sites = replace(sites, score=sites.score.round(1))
    asked = programme(4, existing_first={"tolerance_loss": 0.03}, spacing={"at_least_km": 8.0})
    order = np.random.default_rng(shuffle).permutation(14)
    columns = {
        name: getattr(sites, name)[order]
        for name in Candidates.__dataclass_fields__
        if isinstance(getattr(sites, name), np.ndarray)
    }
    try:
        one = choose(sites, asked)
    except NoSolution:
        with pytest.raises(NoSolution):
            choose(replace(sites, **columns), asked)
        return
    assert one == choose(replace(sites, **columns), asked)


@pytest.mark.parametrize("seed", range(8))
def test_the_last_bits_of_the_scores_decide_nothing(seed):
    """Twins score alike but for the order in which sums were made: their ids tell them apart."""
    sites = pool(14, seed)
    sites = replace(sites, score=sites.score.round(1))
    asked = programme(
        4,
        existing_first={"tolerance_loss": 0.03},
        spacing={"at_least_km": 8.0},
        alternatives={"gap": 0.1, "at_most": 10},
    )
    rng = np.random.default_rng(seed)
    bits = rng.choice([-1, 0, 1], 14) * np.finfo(float).eps
    draws = sites.score + rng.normal(0, 0.05, (20, 14)).round(2)
    one = choose(sites, asked, draws=draws)
    stirred = replace(sites, score=sites.score * (1 + bits))
    other = choose(stirred, asked, draws=draws * (1 + bits))
    assert replace(one, robust=None) == replace(other, robust=None)
    assert one.robust.probability.tolist() == other.robust.probability.tolist()


@given(st.integers(0, 10_000), st.sampled_from([0.0, 0.01, 0.05, 0.2, 1.0]))
@settings(max_examples=40)
def test_no_greenfield_while_the_tolerance_allows_an_existing_one(seed, share):
    """Not one set within the tolerated loss has fewer greenfield sites than the chosen one."""
    sites = pool(10, seed)
    asked = programme(3, existing_first={"tolerance_loss": share})
    sets = all_sets(sites, asked)
    if not len(sets.members):
        return
    found = choose(sites, asked)
    green = sum(pick.rung == "greenfield" for pick in found.picks)
    best = sets.total.max()
    within = sets.total >= best - share * best - 1e-9
    assert green == sets.greenfield[within].min()
    assert found.total >= best * (1 - share) - 1e-9
    assert found.price == pytest.approx(best - found.total, abs=1e-9)
    if share == 0:
        assert found.total == pytest.approx(best, abs=1e-9)


@given(st.integers(0, 10_000))
@settings(max_examples=40)
def test_the_curve_tells_at_which_tolerance_each_greenfield_park_gives_way(seed):
    sites = pool(12, seed)
    asked = programme(4, existing_first={"tolerance_loss": 0.0})
    if not len(all_sets(sites, asked).members):
        return
    curve = choose(sites, asked).curve
    assert all(a.greenfield > b.greenfield for a, b in itertools.pairwise(curve))
    assert all(a.total >= b.total - 1e-12 for a, b in itertools.pairwise(curve))
    for before, step in itertools.pairwise(curve):
        assert len(step.joins) == len(step.leaves) >= 1
        if step.break_even - before.break_even > 1e-6:
            for share, green in ((step.break_even - 1e-7, before), (step.break_even + 1e-7, step)):
                again = choose(sites, programme(4, existing_first={"tolerance_loss": share}))
                count = sum(pick.rung == "greenfield" for pick in again.picks)
                assert count == green.greenfield


def test_excluded_and_unranked_sites_are_never_chosen():
    for seed in range(CASES):
        sites, *_, found = case(seed)
        if found:
            row = {name: i for i, name in enumerate(sites.ids.tolist())}
            at = [row[pick.id] for pick in found.picks]
            assert (sites.verdict[at] < 2).all()
            assert sites.ranked[at].all()
            assert len(set(at)) == len(at)


# --- small worlds with known answers -------------------------------------------------------------


def line(scores, kinds=None, *, step_km=50.0, **columns):
    """Sites a, b, c ... on a line."""
    n = len(scores)
    base = {
        "ids": np.array([chr(97 + i) for i in range(n)]),
        "score": np.array(scores, dtype=float),
        "verdict": np.zeros(n, dtype=int),
        "province": np.array(["P"] * n),
        "kind": np.array(kinds or ["greenfield"] * n),
        "easting": np.arange(n) * step_km * 1e3,
        "northing": np.zeros(n),
        "accuracy_km": np.zeros(n),
    }
    return Candidates(**(base | columns))


def ids(found):
    return "".join(sorted(pick.id for pick in found.picks))


def test_the_ladder_fills_revives_extends_and_only_then_builds():
    kinds = ["greenfield", "extension", "estate", "estate", "estate", "special_zone"]
    sites = line(
        [0.9, 0.88, 0.87, 0.86, 0.85, 0.84],
        kinds,
        idle=np.array([0, 0, 1, 0, 0, 0], dtype=bool),
        free_ha=np.array([np.nan, np.nan, np.nan, 10, np.nan, 80]),
    )

    def rungs(share):
        first = {"tolerance_loss": share, "least_free_ha": 50.0}
        found = choose(sites, programme(2, existing_first=first))
        return {pick.id: pick.rung for pick in found.picks}

    assert rungs(0.0) == {"a": "greenfield", "b": "extend"}
    assert rungs(0.02) == {"b": "extend", "c": "revive"}
    assert rungs(0.035) == {"c": "revive", "e": "fill"}
    assert rungs(0.06) == {"e": "fill", "f": "fill"}


def test_unknown_free_land_counts_as_existing_and_asks():
    sites = line([0.9, 0.8, 0.1], ["estate", "estate", "greenfield"],
                 free_ha=np.array([np.nan, 90.0, np.nan]))  # fmt: skip
    found = choose(sites, programme(2, existing_first={"tolerance_loss": 0.0}))
    assert [pick.rung for pick in found.picks] == ["fill", "fill"]
    assert [(name, ask.en) for name, ask in found.inquiries] == [("a", "How much land is free?")]
    notes = " | ".join(note.en for note in found.notes)
    assert "rung 'revive' has no data" in notes
    assert "free land is unknown at 1 of 2 existing candidates" in notes


@pytest.mark.parametrize(
    ("judged", "picks"), [("nominal", "ac"), ("certain", "ab"), ("possible", "ad")]
)
def test_spacing_is_judged_as_declared(judged, picks):
    """Sites 15 km apart known to 5 km each, spacing 20 km: the truth lies in 5 to 25 km."""
    sites = line([0.9, 0.8, 0.7, 0.6], step_km=15.0, accuracy_km=np.full(4, 5.0))
    sites = replace(sites, easting=np.array([0.0, 15e3, 25e3, 60e3]))
    asked = programme(2, spacing={"at_least_km": 20.0, "judged": judged})
    assert ids(choose(sites, asked)) == picks


def test_estates_of_one_town_point_are_different_sites_of_unknown_spacing():
    sites = replace(line([0.9, 0.8, 0.7], accuracy_km=np.full(3, 15.0)),
                    easting=np.array([0.0, 0.0, 90e3]))  # fmt: skip
    asked = programme(2, spacing={"at_least_km": 20.0})
    found = choose(sites, asked)
    assert ids(found) == "ab"
    assert any("a and b are known by one point only" in note.en for note in found.notes)
    exact = replace(sites, accuracy_km=np.zeros(3))
    assert ids(choose(exact, asked)) == "ac"
    assert ids(choose(replace(sites, overlaps=(("a", "b"),)), asked)) == "ac"


def test_one_site_takes_one_park_type_and_types_keep_their_quota():
    score = np.array([[0.9, 0.8], [0.85, 0.1], [0.5, 0.45], [0.4, np.nan]])
    base = line([0.0] * 4)
    sites = replace(base, score=score, park_types=("polymer", "sulphur"))
    asked = programme(3, park_types={"sulphur": {"at_least": 1}})
    found = choose(sites, asked)
    assert {(p.id, p.park_type) for p in found.picks} == {
        ("a", "polymer"), ("b", "polymer"), ("c", "sulphur")}  # fmt: skip
    cost = {price.rule: price.cost for price in found.prices}["park_type.sulphur.at_least"]
    assert cost == pytest.approx(0.05)


def test_a_budget_counts_the_unknown_as_declared_and_says_so():
    sites = line([0.9, 0.8, 0.7], water_m3_d=np.array([np.nan, 60.0, 30.0]))
    lax = choose(sites, programme(2, budgets={"water_m3_d": {"at_most": 70.0}}))
    assert ids(lax) == "ab"
    assert any("unknown at 1 chosen sites and taken as 0" in note.en for note in lax.notes)
    strict = programme(2, budgets={"water_m3_d": {"at_most": 75.0, "if_unknown": 40.0}})
    assert ids(choose(sites, strict)) == "ac"


@pytest.mark.parametrize(
    ("rule", "picks"),
    [
        ({"policy": "allowed"}, "ab"),
        ({"policy": "priced", "price": 0.15}, "bc"),
        ({"policy": "forbidden"}, "bc"),
        ({"policy": "priced", "price": 0.05}, "ab"),
    ],
)
def test_an_undetermined_verdict_is_allowed_priced_or_forbidden(rule, picks):
    sites = line([0.9, 0.85, 0.8], verdict=np.array([1, 0, 0]))
    found = choose(sites, programme(2, undetermined=rule))
    assert ids(found) == picks
    assert any("undetermined" in note.en for note in found.notes) == ("a" in picks)
    forbidden = {p.rule: p.cost for p in found.prices}.get("undetermined")
    assert forbidden == (pytest.approx(0.1) if rule["policy"] == "forbidden" else None)


def test_picks_are_told_by_score_whatever_their_verdict_costs():
    sites = line([0.9, 0.85, 0.8], verdict=np.array([1, 0, 0]))
    asked = programme(3, undetermined={"policy": "priced", "price": 0.15})
    assert [pick.id for pick in choose(sites, asked).picks] == ["a", "b", "c"]


def test_the_thirteenth_against_the_fourteenth():
    found = choose(line(np.linspace(0.9, 0.5, 16)), programme(13))
    nearest = found.swaps[0]
    assert (nearest.leaves, nearest.joins) == (("m",), ("n",))
    assert nearest.loss == pytest.approx(0.4 / 15)
    assert len(found.alternatives) == 6
    wide = programme(13, alternatives={"gap": 0.05, "at_most": 12})
    assert len(choose(line(np.linspace(0.9, 0.5, 16)), wide).alternatives) == 12


# --- what is wrong -------------------------------------------------------------------------------

INFEASIBLE = [
    ({"k": 7}, {"k"}, "exactly 7 parks are asked for (6 candidates may be chosen)"),
    ({"k": 4, "spacing": {"at_least_km": 30.0}}, {"k", "spacing"}, "but at most 3 can be had"),
    ({"k": 5, "provinces": {"N": {"at_least": 4}}}, {"province.N.at_least"},
     "needs at least 4 (3 candidates may be chosen), but at most 3"),
    ({"k": 2, "provinces": {"N": {"at_least": 2}, "S": {"at_least": 1}}},
     {"k", "province.N.at_least", "province.S.at_least"}, "but at most 1 can be had"),
    ({"k": 3, "provinces": {"N": {"at_least": 3}}, "spacing": {"at_least_km": 30.0}},
     {"province.N.at_least", "spacing"}, "but at most 2 can be had while sites lie at least 30 km"),
    ({"k": 4, "provinces": {"N": {"at_most": 1}, "S": {"at_most": 2}}},
     {"k", "province.N.at_most", "province.S.at_most"}, "but at most 3 can be had"),
    ({"k": 2, "locked_in": ["a", "b"], "spacing": {"at_least_km": 30.0}},
     {"locked_in.a", "locked_in.b", "spacing"}, "but at most 0 can be had"),
    ({"k": 2, "locked_in": ["x"]}, {"locked_in.x"}, "although it is excluded"),
    ({"k": 1, "locked_in": ["a", "c"]}, {"k", "locked_in.a", "locked_in.c"}, "exactly 1 parks"),
    ({"k": 3, "budgets": {"area_ha": {"at_most": 250.0}}}, {"k", "budget.area_ha"},
     "take at most 250 of land (ha)"),
    ({"k": 1, "locked_in": ["f"], "budgets": {"area_ha": {"at_most": 150.0}}},
     {"locked_in.f", "budget.area_ha"}, "f is locked in"),
    ({"k": 5, "undetermined": {"policy": "forbidden"}}, {"k", "undetermined"},
     "no undetermined site is chosen"),
    ({"k": 6, "locked_out": ["c"]}, {"k", "locked_out.c"}, "c is locked out"),
    ({"k": 2, "locked_in": ["e", "f"], "provinces": {"S": {"at_most": 1}}},
     {"locked_in.e", "locked_in.f", "province.S.at_most"}, "S takes at most 1"),
    ({"k": 3, "park_types": {"park": {"at_most": 2}}}, {"k", "park_type.park.at_most"},
     "park takes at most 2"),
    ({"k": 2, "provinces": {"W": {"at_least": 1}}}, {"province.W.at_least"},
     "(0 candidates may be chosen), but at most 0"),
    ({"k": 6}, {"k", "overlap"}, "at most one of overlapping sites"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "rules", "words"), INFEASIBLE)
def test_an_infeasible_programme_names_the_rules_that_conflict(changes, rules, words):
    """Six sites 20 km apart on a line, three a province; x is excluded."""
    overlap = (("a", "b"),) if rules == {"k", "overlap"} else ()
    sites = line(
        [0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.99],
        step_km=20.0,
        ids=np.array([*"abcdef", "x"]),
        verdict=np.array([1, 1, 0, 0, 0, 0, 2]),
        province=np.array([*"NNNSSS", "S"]),
        area_ha=np.array([100.0, 100, 100, 100, 100, 200, 100]),
        overlaps=overlap,
    )
    with pytest.raises(NoSolution) as caught:
        choose(sites, programme(**changes))
    faults = caught.value.faults
    assert {fault.field for fault in faults} == rules
    assert words in str(caught.value)
    assert caught.value.exit_code == 5


def test_the_words_carry_the_numbers():
    sites = line([0.9] * 7, easting=np.array([0, 15e3, 30e3, 45e3, 60e3, 200e3, 300e3]),
                 province=np.array([*"PPPPPQQ"]))  # fmt: skip
    asked = programme(
        5,
        provinces={"P": {"at_least": 4, "titles": {"en": "Bushehr", "fa": "بوشهر"}}},
        spacing={"at_least_km": 20.0},
    )
    with pytest.raises(NoSolution) as caught:
        choose(sites, asked)
    assert str(caught.value.faults[0]).endswith(
        "Bushehr needs at least 4 (5 candidates may be chosen), but at most 3 can be had"
        " while sites lie at least 20 km apart"
    )
    assert len(caught.value.persian) == len(caught.value.faults)
    assert "بوشهر دست‌کم ۴ پارک می‌خواهد" in caught.value.persian[0]
    assert "ولی حداکثر ۳ به دست می‌آید" in caught.value.persian[0]


def test_a_mistyped_name_is_an_error_with_a_hint():
    sites = replace(line([0.9, 0.8]), ids=np.array(["IE-KHZ-001", "IE-KHZ-002"]))
    asked = programme(1, locked_in=["IE-KHZ-01"], locked_out=["zzz"], park_types={"parc": {}})
    with pytest.raises(DeclarationError) as caught:
        choose(sites, asked)
    told = {fault.field: fault.message for fault in caught.value.faults}
    assert "did you mean 'IE-KHZ-001'?" in told["locked_in"]
    assert told["locked_out"] == "zzz is not among the candidates"
    assert "did you mean 'park'?" in told["park_types"]


def test_candidates_that_do_not_fit_are_refused_all_at_once():
    with pytest.raises(DataError) as caught:
        line([0.9, 0.8], ids=np.array(["a", "a"]), verdict=np.zeros(3, dtype=int),
             easting=np.array([0.0, np.nan]), overlaps=(("a", "q"),))  # fmt: skip
    told = str(caught.value)
    for words in ("verdict: has shape (3,)", "stands twice", "has no position", "q is not among"):
        assert words in told


# --- draws ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [0, 1, 2, 4, 5, 6])
def test_probability_and_regret_are_those_of_trying_everything(seed):
    sites = replace(pool(9, seed), verdict=np.zeros(9, dtype=int))
    sites = replace(sites, score=np.nan_to_num(sites.score, nan=0.2), ranked=np.ones(9, dtype=bool))
    asked = programme(3, spacing={"at_least_km": 12.0}, existing_first={"tolerance_loss": 0.05})
    rng = np.random.default_rng(seed)
    draws = np.clip(sites.score + rng.normal(0, 0.2, (40, 9)), 0, 1)
    found = choose(sites, asked, draws=draws)
    allowed = all_sets(sites, asked).under_policy(0.05).names(sites)
    row = {name: i for i, name in enumerate(sites.ids.tolist())}
    totals = np.array(
        [[draw[[row[i] for i in names]].sum() for names in allowed] for draw in draws]
    )
    mine = totals[:, allowed.index(chosen(found))]
    assert found.robust.expected == pytest.approx(mine.mean())
    assert found.robust.worst == pytest.approx(mine.min())
    assert found.robust.regret_mean == pytest.approx((totals.max(axis=1) - mine).mean(), abs=1e-9)
    assert found.robust.regret_max == pytest.approx((totals.max(axis=1) - mine).max(), abs=1e-9)
    hits = np.zeros(9)
    for best in totals.argmax(axis=1):
        hits[[row[name] for name in allowed[best]]] += 1
    assert found.robust.probability == pytest.approx(hits / 40)
    assert found.robust.probability.sum() == pytest.approx(3)


@pytest.mark.parametrize("seed", range(8))
def test_the_expected_and_the_worst_case_may_be_maximised(seed):
    sites = line([0.5] * 9, step_km=9.0, ranked=np.ones(9, dtype=bool),
                 free_ha=np.full(9, np.nan), idle=np.zeros(9, dtype=bool))  # fmt: skip
    draws = np.random.default_rng(seed).random((15, 9))
    rules = {"spacing": {"at_least_km": 10.0}}
    sets = all_sets(sites, programme(3, **rules))
    totals = draws[:, sets.site[sets.members]].sum(axis=2)
    expected = choose(sites, programme(3, objective="expected", **rules), draws=draws)
    worst = choose(sites, programme(3, objective="worst", **rules), draws=draws)
    assert expected.total == pytest.approx(totals.mean(axis=0).max(), abs=1e-9)
    assert expected.robust.expected == pytest.approx(expected.total)
    assert worst.total == pytest.approx(totals.min(axis=0).max(), abs=1e-9)
    assert worst.robust.worst == pytest.approx(worst.total)
    assert worst.robust.worst >= expected.robust.worst - 1e-9
    assert expected.robust.expected >= worst.robust.expected - 1e-9


def test_draws_that_do_not_fit_are_refused():
    sites = line([0.9, 0.8, 0.7])
    for objective in ("expected", "worst"):
        with pytest.raises(DataError, match="needs draws"):
            choose(sites, programme(1, objective=objective))
    for wrong in (np.zeros((5, 4)), np.zeros((0, 3)), np.zeros(3)):
        with pytest.raises(DataError, match="not \\(draws, 3, 1\\)"):
            choose(sites, programme(1), draws=wrong)
    with pytest.raises(DataError, match="lacks the score"):
        choose(sites, programme(1), draws=np.array([[0.1, np.nan, 0.2]]))


# --- from a run, and in words --------------------------------------------------------------------


def test_candidates_come_from_a_pool_and_its_scores():
    result = toy.toy_result(24)
    sites = candidates_of(result.pool, {"toy": result.scores})
    assert sites.ids.tolist() == result.pool.frame["id"].tolist()
    assert (sites.by_pair("ranked", 1)[:, 0] == (result.scores.rank > 0)).all()
    assert sites.park_types == ("toy",)
    found = choose(sites, programme(5, existing_first={"tolerance_loss": 0.05}))
    scores = dict(zip(sites.ids.tolist(), result.scores.score, strict=True))
    assert found.total == pytest.approx(sum(scores[pick.id] for pick in found.picks))


def test_a_park_counts_with_the_larger_end_of_what_its_type_needs():
    result = toy.toy_result(24)
    needs = {"toy": Needs(land_ha=(1, 2), water_m3_d=(100, 300), power_mw=(5, 8))}
    sites = candidates_of(result.pool, {"toy": result.scores}, needs=needs)
    enough = programme(3, budgets={"water_m3_d": {"at_most": 900}, "power_mw": {"at_most": 24}})
    found = choose(sites, enough)
    assert len(found.picks) == 3
    assert not any("unknown at" in note.en for note in found.notes)
    for short in ({"water_m3_d": {"at_most": 899}}, {"power_mw": {"at_most": 23}}):
        with pytest.raises(NoSolution, match="all parks together take at most"):
            choose(sites, programme(3, budgets=short))


def test_polygons_that_overlap_exclude_each_other():
    result = toy.toy_result(12)
    frame = result.pool.frame.copy()
    green = frame.index[frame["kind"] == "greenfield"]
    frame.loc[green[1], "geometry"] = frame.loc[green[0], "geometry"].buffer(300)
    frame.loc[green[2], "geometry"] = frame.geometry[green[0]].representative_point().buffer(50)
    pool_ = replace(result.pool, frame=frame)
    ids_ = frame["id"]
    pairs = candidates_of(pool_, {"toy": result.scores}).overlaps
    assert set(pairs) == {
        (ids_[green[0]], ids_[green[1]]),
        (ids_[green[0]], ids_[green[2]]),
        (ids_[green[1]], ids_[green[2]]),
    }


def test_the_story_is_told_in_both_languages():
    kinds = ["greenfield", "greenfield", "estate", "estate", "estate"]
    sites = line([0.9, 0.8, 0.79, 0.4, 0.7], kinds)
    asked = programme(2, existing_first={"tolerance_loss": 0.02}, locked_out=["e"])
    found = choose(sites, asked)
    names = {"a": Titles(en="Asaluyeh", fa="عسلویه"), "c": Titles(en="Jask", fa="جاسک")}
    english = "\n".join(sentences(found, names, language="en"))
    assert "2 parks are chosen: Asaluyeh, Jask." in english
    assert "1.690; no set under the same rules scores more (proven)" in english
    assert "costs 0.010 of 1.700 (0.59%; tolerated 2.0%) and leaves 1 of 2 greenfield" in english
    assert "gives way at a tolerated loss of 30.00% (0 left)" in english
    persian = "\n".join(sentences(found, names, language="fa"))
    assert "۲ پارک برگزیده شده است: عسلویه، جاسک." in persian
    assert not set("0123456789%") & set(persian)
    assert "۰٫۰۱۰ از ۱٫۷۰۰ هزینه دارد (۰٫۵۹٪؛ رواداری ۲٫۰٪)" in persian
    assert len(sentences(found, names, language="fa")) == len(sentences(found, {}, language="en"))


def test_the_story_names_binding_rules_and_sites_that_cannot_be_missed():
    sites = line([0.9, 0.8, 0.3], province=np.array(["P", "P", "Q"]))
    found = choose(sites, programme(2, provinces={"Q": {"at_least": 1}}))
    told = "\n".join(sentences(found, {}, language="en"))
    assert "The rule «Q needs at least 1 (1 candidates may be chosen)» costs 0.500." in told
    assert "Without any one of these the rules cannot be kept: c." in told
    assert found.binding[0].cost == pytest.approx(0.5)


def test_a_site_that_only_the_policy_needs_is_told_apart():
    kinds = ["greenfield", "greenfield", "estate"]
    asked = programme(2, existing_first={"tolerance_loss": 1})
    found = choose(line([0.9, 0.8, 0.79], kinds), asked)
    held = {item.id: item for item in found.importance}["c"]
    assert np.isinf(held.loss)
    assert held.by_policy
    assert (held.joins, held.leaves) == (("b",), ("c",))
    told = "\n".join(sentences(found, {}, language="en"))
    assert "Without any one of these existing capacity cannot come first as far: c." in told
    assert "the rules cannot be kept" not in told
