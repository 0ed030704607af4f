"""The exact core against trying everything."""

import subprocess
import sys
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from siteselect.base.errors import DataError, NoSolution
from siteselect.declared.sources import Titles
from siteselect.plan.classics import dispersion, p_median
from siteselect.plan.exact import (
    Burden,
    Rule,
    alternatives,
    cliques,
    first_by_id,
    keep_total,
    problem,
    replacements,
    settle,
    solve,
    worth,
)
from siteselect.plan.rules import conflict

WORDS = Titles(en="rule", fa="قاعده")


def exactly(k, m):
    rows = np.vstack([np.ones(m), -np.ones(m)])
    return Rule("k", WORDS, rows, np.array([k, -k], dtype=float), wants=1)


def at_most(name, members, most):
    return Rule(name, WORDS, np.atleast_2d(members).astype(float), np.array([float(most)]))


def at_least(name, members, least):
    row = -np.atleast_2d(members).astype(float)
    return Rule(name, Titles(en=name, fa=name), row, np.array([-float(least)]), wants=0)


@given(st.integers(0, 10_000), st.integers(2, 14))
def test_cliques_say_exactly_which_pairs_are_near(seed, n):
    rng = np.random.default_rng(seed)
    near = np.triu(rng.random((n, n)) < rng.uniform(0.05, 0.9), 1)
    near |= near.T
    sets = cliques(near)
    together = (sets.T @ sets > 0) & ~np.eye(n, dtype=bool)
    assert (together == near).all()


def test_a_triangle_is_one_row_and_two_pairs_are_two():
    near = np.zeros((5, 5), dtype=bool)
    for a, b in ((0, 1), (1, 2), (0, 2), (3, 4)):
        near[a, b] = near[b, a] = True
    assert cliques(near).sum(axis=1).tolist() == [3, 2]
    assert cliques(np.eye(3, dtype=bool)).shape == (0, 3)


@given(st.integers(0, 10_000))
def test_knapsacks_equal_trying_everything(seed):
    rng = np.random.default_rng(seed)
    m, k = 11, 4
    values, use = rng.normal(0, 1, m), rng.uniform(1, 5, (2, m))
    limit = rng.uniform(8, 16, 2)
    rules = [exactly(k, m), *(at_most(f"b{i}", use[i], limit[i]) for i in range(2))]
    found = solve(problem(values, rules, np.arange(m)))
    sets = [c for c in combinations(range(m), k) if (use[:, c].sum(axis=1) <= limit).all()]
    if found is None:
        assert not sets
    else:
        best = max(values[list(c)].sum() for c in sets)
        assert found.total == pytest.approx(best, abs=1e-9)
        assert found.bound == pytest.approx(best, abs=1e-8)


@given(st.integers(0, 10_000))
def test_many_options_need_a_core_and_the_core_is_enough(seed):
    """200 options under one knapsack: the answer of dynamic programming."""
    rng = np.random.default_rng(seed)
    m, k, room = 200, 5, 60
    values, use = rng.random(m), rng.integers(5, 25, m)
    found = solve(problem(values, [exactly(k, m), at_most("room", use, room)], np.arange(m)))
    best = np.full((k + 1, room + 1), -np.inf)
    best[0, :] = 0
    for value, weight in zip(values, use, strict=True):
        for count in range(k, 0, -1):
            best[count, weight:] = np.maximum(
                best[count, weight:], best[count - 1, : room + 1 - weight] + value
            )
    assert found.total == pytest.approx(best[k, room], abs=1e-9)


@given(st.integers(0, 10_000))
def test_the_least_total_over_scenarios_is_maximised(seed):
    rng = np.random.default_rng(seed)
    m, k = 9, 3
    values = rng.random((6, m))
    found = solve(problem(values, [exactly(k, m)], np.arange(m)))
    best = max(values[:, list(c)].sum(axis=1).min() for c in combinations(range(m), k))
    assert found.total == pytest.approx(best, abs=1e-9)
    assert found.bound == pytest.approx(best, abs=1e-7)


def test_ties_go_to_the_first():
    task = problem(np.array([0.5, 0.7, 0.5, 0.5, 0.7]), [exactly(3, 5)], np.arange(5))
    assert first_by_id(task, solve(task)).picks.tolist() == [0, 1, 4]


@given(st.integers(0, 10_000))
def test_a_tie_break_never_costs_anything(seed):
    values = np.random.default_rng(seed).integers(0, 4, 12) / 7
    task = problem(values, [exactly(4, 12)], np.arange(12))
    best = solve(task)
    first = first_by_id(task, best)
    assert first.total == pytest.approx(best.total, abs=1e-12)
    order = np.lexsort((np.arange(12), -values))[:4]
    assert first.picks.tolist() == sorted(order.tolist())


def test_the_total_may_be_held():
    task = problem(np.array([0.9, 0.8, 0.1]), [exactly(2, 3)], np.arange(3))
    last = np.array([0.0, 0.0, 1.0])
    assert solve(keep_total(task, 1.7, 0.1).worth(last)).picks.tolist() == [0, 1]
    assert solve(keep_total(task, 1.7, 0.7).worth(last)).picks.tolist() == [0, 2]


def test_a_rule_may_be_left_out_and_the_rest_stays():
    rules = [exactly(2, 3), at_most("a", [1, 0, 0], 0), at_most("b", [0, 1, 0], 0)]
    task = problem(np.array([0.9, 0.8, 0.1]), rules, np.arange(3))
    assert solve(task) is None
    assert solve(task.without({"a"})).picks.tolist() == [0, 2]
    assert solve(task.without({"b"})).picks.tolist() == [1, 2]
    assert [rule.id for rule in task.without({"a"}).rules] == ["k", "b"]


@given(st.integers(0, 10_000))
def test_a_conflict_is_irreducible(seed):
    """The named rules conflict; without any one of them they do not."""
    rng = np.random.default_rng(seed)
    m = 7
    rules = [exactly(int(rng.integers(2, 6)), m)]
    for i in range(6):
        members = rng.random(m) < 0.5
        make = at_least if rng.random() < 0.5 else at_most
        rules.append(make(f"r{i}", members, int(rng.integers(0, 4))))
    task = problem(np.ones(m), rules, np.arange(m))
    if solve(task) is not None:
        return
    named = {fault.field for fault in conflict(task).faults}
    core = [rule for rule in rules if rule.id in named]
    assert len(core) == len(named)
    assert solve(problem(np.ones(m), core, np.arange(m))) is None
    for left_out in core:
        rest = [rule for rule in core if rule is not left_out]
        assert solve(problem(np.ones(m), rest, np.arange(m))) is not None


def test_a_conflict_says_how_much_can_be_had():
    rules = [
        exactly(3, 5),
        at_least("north", [1, 1, 1, 0, 0], 3),
        at_most("few", [1, 1, 0, 0, 0], 1),
    ]
    words = str(conflict(problem(np.ones(5), rules, np.arange(5))).faults[0])
    assert words == "north: north, but at most 2 can be had while rule"


# --- classical location problems -----------------------------------------------------------------


@given(st.integers(0, 10_000), st.integers(1, 4))
def test_p_median_equals_trying_everything(seed, k):
    rng = np.random.default_rng(seed)
    cost = rng.integers(0, 30, (12, 8)).astype(float)
    weight = rng.uniform(0, 5, 12)
    places, total = p_median(cost, k, weight=weight)
    best = min(weight @ cost[:, list(c)].min(axis=1) for c in combinations(range(8), k))
    assert len(places) == k
    assert total == pytest.approx(best, abs=1e-9)


@given(st.integers(0, 10_000), st.integers(2, 5))
def test_dispersion_equals_trying_everything(seed, k):
    points = np.random.default_rng(seed).uniform(0, 100, (9, 2))
    distance = np.hypot(*(points[:, None] - points).transpose(2, 0, 1))
    places, least = dispersion(distance, k)
    best = max(
        min(distance[a, b] for a, b in combinations(c, 2)) for c in combinations(range(9), k)
    )
    assert len(places) == k
    assert least == pytest.approx(best, abs=1e-12)


@given(st.integers(0, 10_000))
def test_the_greatest_sum_of_distances_is_a_problem_like_any_other(seed):
    """Maximum diversity (Kuby 1987): one option a pair, which needs both of its places."""
    n, k = 7, 3
    points = np.random.default_rng(seed).uniform(0, 100, (n, 2))
    distance = np.hypot(*(points[:, None] - points).transpose(2, 0, 1))
    pairs = list(combinations(range(n), 2))
    m = n + len(pairs)
    needs = np.zeros((2 * len(pairs), m))
    for row, (pair, end) in enumerate((p, e) for p in range(len(pairs)) for e in range(2)):
        needs[row, n + pair], needs[row, pairs[pair][end]] = 1, -1
    chosen = np.zeros((2, m))
    chosen[0, :n], chosen[1, :n] = 1, -1
    rules = [
        Rule("k", WORDS, chosen, np.array([k, -k], dtype=float)),
        Rule("needs", WORDS, needs, np.zeros(len(needs))),
    ]
    values = np.append(np.zeros(n), [distance[a, b] for a, b in pairs])
    found = solve(problem(values, rules, np.arange(m)))
    best = max(
        sum(distance[a, b] for a, b in combinations(c, 2)) for c in combinations(range(n), k)
    )
    assert found.total == pytest.approx(best, rel=1e-9)


def test_sixteen_stores_of_san_francisco_lie_farthest_apart():
    """Coordinates and answer of the p-dispersion example of spopt's tests (BSD-3), as facts."""
    lon = [-122.510018, -122.433782, -122.438982, -122.440218, -122.421637, -122.430982,
           -122.426873, -122.432345, -122.412818, -122.398909, -122.488873, -122.464927,
           -122.473945, -122.449291, -122.491745, -122.483181]  # fmt: skip
    lat = [37.772364, 37.655364, 37.719236, 37.745382, 37.742964, 37.782964, 37.769291, 37.805218,
           37.805746, 37.797073, 37.753764, 37.774727, 37.743164, 37.731545, 37.649309,
           37.701109]  # fmt: skip
    at = np.column_stack([lon, lat])
    places, least = dispersion(np.hypot(*(at[:, None] - at).transpose(2, 0, 1)), 4)
    assert places.tolist() == [0, 2, 8, 14]
    assert least == pytest.approx(0.08760, abs=5e-6)


@pytest.mark.parametrize("seed", range(8))
def test_a_place_that_cannot_serve_a_demand_does_not(seed):
    rng = np.random.default_rng(seed)
    cost, weight = rng.uniform(1, 9, (5, 6)), rng.integers(0, 3, 5)
    cost[rng.uniform(size=cost.shape) < 0.65] = np.inf
    asked = weight > 0
    totals = [
        float(weight[asked] @ cost[asked][:, chosen].min(axis=1))
        for chosen in combinations(range(6), 2)
    ]
    if np.isinf(min(totals)):
        with pytest.raises(NoSolution, match="no 2 of 6 places can serve all demand"):
            p_median(cost.tolist(), 2, weight=weight.tolist())
    else:
        assert p_median(cost.tolist(), 2, weight=weight.tolist())[1] == pytest.approx(min(totals))


@pytest.mark.parametrize(
    ("cost", "weight", "said"),
    [
        ([[0, np.nan]], None, "known costs"),
        ([[0, -np.inf]], None, "known costs"),
        ([0, 1], None, "known costs"),
        ([[0, 1]], [-1], "1 demands of 0 or more"),
        ([[0, 1]], [np.nan], "1 demands of 0 or more"),
        ([[0, 1]], [1, 2], "1 demands of 0 or more"),
    ],
)
def test_costs_and_demands_that_are_none_are_refused(cost, weight, said):
    with pytest.raises(DataError, match=said):
        p_median(cost, 1, weight=weight)


@pytest.mark.parametrize("distance", [[[0, np.nan], [np.nan, 0]], [[0, 1, 2], [1, 0, 3]], [0, 1]])
def test_distances_that_are_none_are_refused(distance):
    with pytest.raises(DataError, match="known distances of places x places"):
        dispersion(distance, 2)


def test_too_few_places_are_refused():
    with pytest.raises(DataError, match="3 of 2 places"):
        p_median(np.zeros((4, 2)), 3)
    with pytest.raises(DataError, match="0 of 2 places"):
        p_median(np.zeros((4, 2)), 0)
    with pytest.raises(DataError, match="3 of 2 places"):
        dispersion(np.zeros((2, 2)), 3)
    with pytest.raises(DataError, match="two places"):
        dispersion(np.zeros((2, 2)), 1)


def test_the_solver_keeps_the_standard_output_for_the_answer() -> None:
    code = (
        "import os\n"
        "from siteselect.plan.exact import silent\n"
        "with silent:\n"
        "    with silent:\n"
        "        os.write(1, b'a remark')\n"
        "    os.write(1, b'another')\n"
        "os.write(1, b'the answer')\n"
    )
    said = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
    assert said.stdout == b"the answer"


def burdened(seed, m, k):
    """A problem with a burden, and what every set is worth: None for what cannot be carried out."""
    rng = np.random.default_rng(seed)
    values = rng.uniform(0, 1, m).round(2)
    hidden = rng.uniform(0, 0.4, (4, m)).round(2)
    sets = np.array(list(combinations(range(m), k)))
    barred = {tuple(row) for row in sets[rng.random(len(sets)) < rng.uniform(0, 0.6)].tolist()}

    def oracle(picks):
        if tuple(picks.tolist()) in barred:
            rule = at_most("barred", np.isin(np.arange(m), picks), k - 1)
            return Burden((rule,), 0.0, np.zeros((0, m)))
        costs = hidden[:, picks].sum(axis=1)
        return Burden((), float(costs.max()), hidden[[costs.argmax()]])

    worths = {
        tuple(row): None
        if tuple(row) in barred
        else values[row].sum() - hidden[:, row].sum(axis=1).max()
        for row in map(list, sets.tolist())
    }
    return replace(problem(values, [exactly(k, m)], np.arange(m)), oracle=oracle), worths


@given(st.integers(0, 10_000), st.integers(2, 8), st.data())
def test_a_burden_that_shows_only_set_by_set_is_settled_exactly(seed, m, data):
    k = data.draw(st.integers(1, m))
    task, worths = burdened(seed, m, k)
    feasible = [total for total in worths.values() if total is not None]
    found, learnt = settle(task)
    if not feasible:
        assert found is None
        assert conflict(learnt).faults
        return
    assert found.total == pytest.approx(max(feasible), abs=1e-6)
    assert found.bound == pytest.approx(found.total, abs=1e-6)
    assert worth(task, found.picks) == pytest.approx(found.total)
    again = solve(learnt)
    assert again.total == pytest.approx(found.total, abs=1e-6)


@given(st.integers(0, 10_000), st.integers(2, 8), st.data())
def test_other_choices_carry_their_burden_too(seed, m, data):
    k = data.draw(st.integers(1, m - 1))
    task, worths = burdened(seed, m, k)
    best, learnt = settle(task)
    if best is None or abs(best.total) < 0.01:
        return
    totals = sorted((t for t in worths.values() if t is not None), reverse=True)
    others = alternatives(learnt, best, gap=1e3, most=3)
    assert [other.total for other in others] == pytest.approx(totals[1:4], abs=1e-6)
    for site, other in zip(best.picks, replacements(learnt, best), strict=True):
        left = [t for row, t in worths.items() if t is not None and site not in row]
        if other is None:
            assert not left
        else:
            assert other.total == pytest.approx(max(left), abs=1e-6)


@given(st.integers(0, 10_000), st.integers(3, 8))
def test_a_kept_total_is_kept_with_its_burden(seed, m):
    task, worths = burdened(seed, m, 2)
    best, learnt = settle(task)
    if best is None:
        return
    loss = 0.2
    found = solve(keep_total(learnt, best.total, loss).instead(-np.arange(m, dtype=float)))
    kept = [row for row, t in worths.items() if t is not None and t >= best.total - loss - 1e-7]
    assert sum(found.picks) == min(sum(row) for row in kept)
    assert worth(task, first_by_id(learnt, best).picks) == pytest.approx(best.total, abs=1e-6)
