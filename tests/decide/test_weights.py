"""Weights: published cases, laws, second opinions, and faults that name their cell."""

import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymcdm import weights as theirs
from pymcdm.weights import subjective
from scipy.optimize import linprog

from siteselect.base.errors import DataError, DeclarationError
from siteselect.decide import weights
from siteselect.decide.methods import standing, weighted_mean
from siteselect.decide.table import Floats, PerformanceTable

CASES = json.loads(Path(__file__).with_name("published.json").read_text("utf-8"))
NAN = float("nan")


def case(name: str) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    found = CASES[name]
    return found["inputs"], found["expected"], found["tolerance"]


def judged(rng: np.random.Generator, n: int) -> Floats:
    """Judgements drawn from Saaty's scale without a thought."""
    matrix = np.ones((n, n))
    rows, columns = np.triu_indices(n, 1)
    matrix[rows, columns] = rng.choice(weights.SCALE, len(rows))
    matrix[columns, rows] = 1.0 / matrix[rows, columns]
    return matrix


def consistent(shares: Floats) -> Floats:
    return shares[:, None] / shares[None]


# --- AHP: published ------------------------------------------------------------------------------


def test_drinks_of_saaty() -> None:
    given_, expected, within = case("ahp-saaty-drinks")
    for table in ("saaty", "saaty-1980"):
        found = weights.ahp(given_["matrix"], random_index=table)
        np.testing.assert_allclose(found.weights, expected["priorities"], atol=within["priorities"])
        assert found.consistency_ratio == pytest.approx(expected["cr"], abs=within["cr"])
        assert found.random_index == table


def test_leader_is_chosen_through_the_hierarchy() -> None:
    given_, expected, within = case("ahp-leader")
    criteria = weights.ahp(given_["criteria_matrix"], names=given_["criteria"])
    below = {c: weights.ahp(given_["alternative_matrices"][c]) for c in given_["criteria"]}
    whole = weighted_mean(np.array([a.weights for a in below.values()]).T, criteria.weights)
    np.testing.assert_allclose(criteria.weights, expected["criteria_weights"], atol=within["local"])
    np.testing.assert_allclose(
        below["Experience"].weights, expected["experience_local"], atol=within["local"]
    )
    np.testing.assert_allclose(whole, expected["global_priorities"], atol=within["global_"])
    for found, key in ((criteria, "criteria_cr"), (below["Experience"], "experience_cr"),
                       (below["Education"], "education_cr")):  # fmt: skip
        assert found.consistency_ratio == pytest.approx(expected[key], abs=within["cr"])


def test_an_inconsistent_matrix_says_so_and_what_to_judge_again() -> None:
    given_, expected, within = case("ahp-wang-chin-6x6")
    found = weights.ahp(given_["matrix"])
    np.testing.assert_allclose(found.weights, expected["priorities"], atol=within["priorities"])
    assert found.lambda_max == pytest.approx(expected["lambda_max"], abs=1e-4)
    assert not found.acceptable
    assert found.hint is not None
    assert f"{found.hint.consistency_ratio:.3f}" in str(found.hint)


def test_a_gap_of_a_nullable_frame_is_no_judgement() -> None:
    gaps = [[1, None, 4], [None, 1, 2], [0.25, 0.5, 1]]
    frame = pd.DataFrame(gaps).convert_dtypes()
    assert frame.isna().to_numpy().sum() == 2
    np.testing.assert_array_equal(weights.ahp(frame).weights, weights.ahp(gaps).weights)


def test_missing_judgements_are_completed_for_the_least_eigenvalue() -> None:
    given_, expected, within = case("ahp-incomplete-4x4")
    matrix = np.full((4, 4), NAN)
    for row, column, value in given_["known"]:
        i, j = given_["order"].index(row), given_["order"].index(column)
        matrix[i, j], matrix[j, i] = value, 1 / value
    np.fill_diagonal(matrix, 1)
    found = weights.ahp(matrix, random_index={4: 0.8276})  # Donegan and Dodd (1991)
    assert found.matrix[2, 3] == pytest.approx(expected["missing"]["c,d"], abs=within["missing"])
    np.testing.assert_allclose(found.weights, expected["priorities"], atol=within["priorities"])
    assert found.consistency_ratio == pytest.approx(expected["cr_donegan_dodd"], abs=within["cr"])
    assert found.random_index == "given"


def test_ratio_depends_on_the_table_that_is_named() -> None:
    given_, expected, within = case("ahp-cr-3x3")
    found = weights.ahp(given_["matrix"])
    assert found.consistency_index == pytest.approx(expected["ci"], abs=within["ci"])
    assert found.consistency_ratio == pytest.approx(expected["cr"], abs=within["cr"])
    other = weights.ahp(given_["matrix"], random_index="alonso-lamata")
    assert other.random_index == "alonso-lamata"
    assert other.consistency_ratio == pytest.approx(found.consistency_index / 0.5245)


def test_reciprocal_judges_cancel() -> None:
    given_, expected, within = case("ahp-group-aij-reciprocal-judges")
    found = weights.ahp_group(given_["judges"])
    assert found.matrix is not None
    np.testing.assert_allclose(found.matrix, expected["aggregated"], atol=within["all"])
    np.testing.assert_allclose(found.weights, expected["priorities"], atol=within["all"])
    assert found.consistency_ratio == pytest.approx(0.0, abs=within["all"])


def test_distributive_ahp_reverses_ranks_and_ideal_does_not() -> None:
    given_, expected, within = case("ahp-rank-reversal-belton-gear")
    before = np.array(given_["columns"], float).T
    after = np.vstack([before, before[1]])
    shares = given_["weights"]
    local = [np.array([weights.ahp(consistent(c)).weights for c in t.T]).T for t in (before, after)]
    np.testing.assert_allclose(
        weighted_mean(local[0], shares), expected["before"], atol=within["all"]
    )
    np.testing.assert_allclose(
        weighted_mean(local[1], shares), expected["after"], atol=within["all"]
    )
    ideal = [standing(weighted_mean(t / t.max(axis=0), shares)[:3]) for t in local]
    assert ideal[0].tolist() == ideal[1].tolist()


# --- AHP: laws -----------------------------------------------------------------------------------


@given(st.lists(st.floats(0.05, 1.0), min_size=1, max_size=9))
def test_consistent_judgements_give_back_their_weights(raw: list[float]) -> None:
    shares = np.array(raw) / sum(raw)
    found = weights.ahp(consistent(shares))
    np.testing.assert_allclose(found.weights, shares, atol=1e-9)
    assert found.consistency_ratio == pytest.approx(0.0, abs=1e-9)


@given(st.integers(0, 10_000), st.integers(3, 7))
@settings(deadline=None)
def test_names_do_not_matter(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    matrix, order = judged(rng, n), rng.permutation(n)
    one, other = weights.ahp(matrix), weights.ahp(matrix[np.ix_(order, order)])
    np.testing.assert_allclose(one.weights[order], other.weights, atol=1e-9)
    assert one.consistency_ratio == pytest.approx(other.consistency_ratio, abs=1e-9)


def test_weights_equal_pymcdm() -> None:
    rng = np.random.default_rng(1)
    for _ in range(100):
        matrix = judged(rng, int(rng.integers(2, 9)))
        np.testing.assert_allclose(
            weights.ahp(matrix).weights, subjective.AHP(matrix=matrix)(), atol=1e-9
        )


def test_eigenvector_equals_repeated_multiplication() -> None:
    rng = np.random.default_rng(2)
    for _ in range(100):
        matrix = judged(rng, int(rng.integers(2, 9)))
        vector = np.ones(len(matrix))
        for _ in range(400):
            vector = matrix @ vector
            vector /= vector.sum()
        np.testing.assert_allclose(weights.ahp(matrix).weights, vector, atol=1e-9)


def test_following_the_hint_lowers_the_ratio() -> None:
    rng = np.random.default_rng(3)
    asked = lowered = told = 0
    while asked < 1000:
        matrix = judged(rng, int(rng.integers(3, 8)))
        found = weights.ahp(matrix)
        if found.acceptable:
            continue
        asked += 1
        if found.hint is not None:
            after = weights.ahp(weights.follow(matrix, found.hint)).consistency_ratio
            lowered += after < found.consistency_ratio
            told += abs(after - found.hint.consistency_ratio) < 1e-9
    assert lowered >= 950
    assert told == lowered


@pytest.mark.parametrize(
    ("n", "skipped"),
    [(3, []), (5, []), (4, [(2, 3)]), (5, [(0, 1), (2, 4)]), (5, [(0, 1), (0, 2), (3, 4)])],
)
def test_the_hint_is_the_best_single_change(n: int, skipped: list[tuple[int, int]]) -> None:
    rng = np.random.default_rng(4)
    for _ in range(2):
        matrix = judged(rng, n)
        for i, j in skipped:
            matrix[i, j] = matrix[j, i] = NAN
        hint = weights.ahp(matrix).hint
        assert hint is not None
        ratios = []
        for i, j in itertools.combinations(range(n), 2):
            for value in weights.SCALE if not np.isnan(matrix[i, j]) else ():
                other = matrix.copy()
                other[i, j], other[j, i] = value, 1 / value
                ratios.append(weights.ahp(other).consistency_ratio)
        after = weights.ahp(weights.follow(matrix, hint)).consistency_ratio
        assert after == pytest.approx(min(ratios), abs=1e-9)
        assert hint.consistency_ratio == pytest.approx(after, abs=1e-9)


def test_a_judgement_that_alone_joins_two_parts_is_not_asked_again() -> None:
    tree = np.full((4, 4), NAN)
    for i, j, value in ((0, 1, 3.0), (1, 2, 5.0), (1, 3, 0.5)):
        tree[i, j] = value
    found = weights.ahp(tree)
    assert found.consistency_ratio == pytest.approx(0, abs=1e-9)
    assert found.hint is None
    tree[2, 3] = 9.0
    hint = weights.ahp(tree).hint
    assert hint is not None
    assert (hint.row, hint.column) != (0, 1)


def test_missing_judgements_bear_equally_on_both_criteria() -> None:
    # Where a derivative of the eigenvalue is not zero, it could be less still; it is convex.
    rng = np.random.default_rng(19)
    for _ in range(10):
        matrix = judged(rng, 15)
        gaps = np.triu(rng.random((15, 15)) < 0.5, k=2)
        matrix[gaps | gaps.T] = NAN
        found = weights.ahp(matrix).matrix
        right, left = (np.abs(np.linalg.eig(a)[1][:, np.argmax(np.linalg.eig(a)[0].real)])
                       for a in (found, found.T))  # fmt: skip
        flow = left[:, None] * found * right / (left @ right)
        np.testing.assert_allclose((flow - flow.T)[gaps], 0, atol=1e-8)


def test_the_hint_of_an_incomplete_matrix_is_about_a_judged_pair() -> None:
    rng = np.random.default_rng(5)
    for _ in range(30):
        matrix = judged(rng, 5)
        matrix[0, 3] = matrix[3, 0] = NAN
        found = weights.ahp(matrix)
        assert found.hint is not None
        assert (found.hint.row, found.hint.column) != (0, 3)
        after = weights.ahp(weights.follow(matrix, found.hint))
        assert after.consistency_ratio < found.consistency_ratio


def test_no_completion_has_a_lesser_eigenvalue() -> None:
    rng = np.random.default_rng(6)
    for _ in range(30):
        matrix = judged(rng, 6)
        for i, j in ((0, 2), (1, 4), (3, 5)):
            matrix[i, j] = matrix[j, i] = NAN
        found = weights.ahp(matrix)
        for _ in range(20):
            other = found.matrix.copy()
            for i, j in ((0, 2), (1, 4), (3, 5)):
                other[i, j] *= np.exp(rng.normal(0, 0.2))
                other[j, i] = 1 / other[i, j]
            assert weights.ahp(other).lambda_max >= found.lambda_max - 1e-9


def test_one_and_two_criteria_cannot_contradict() -> None:
    assert weights.ahp([[1]]).weights.tolist() == [1.0]
    pair = weights.ahp([[1, 9], ["1/9", 1]])
    assert pair.consistency_ratio == 0
    assert pair.hint is None
    np.testing.assert_allclose(pair.weights, [0.9, 0.1])


def test_one_side_and_two_decimals_are_enough() -> None:
    whole = weights.ahp([[1, 3, 7], [1 / 3, 1, 2], [1 / 7, 0.5, 1]])
    half = weights.ahp([[1, 3, "7"], ["", None, 2], [None, NAN, 1]])
    rounded = weights.ahp([[1, 3, 7], [0.33, 1, 2], [0.14, 0.5, 1]])
    np.testing.assert_array_equal(whole.matrix, half.matrix)
    np.testing.assert_allclose(whole.weights, rounded.weights, atol=1e-15)


@pytest.mark.parametrize("judgement", range(1, 10))
def test_a_reciprocal_may_be_rounded_to_two_decimals_and_no_coarser(judgement: int) -> None:
    for hundredths in range(1, 111):
        other, off = hundredths / 100, abs(hundredths / 100 - 1 / judgement)
        if off < 0.005 + 1e-12:
            for pair in ([[1, judgement], [other, 1]], [[1, other], [judgement, 1]]):
                found = weights.ahp(pair).weights
                assert sorted(found)[1] == pytest.approx(judgement / (judgement + 1))
        elif off > 0.01 + 1e-12 or judgement > 1:
            with pytest.raises(DeclarationError, match="its opposite"):
                weights.ahp([[1, judgement], [other, 1]])


@given(st.floats(1, 9))
def test_both_sides_may_be_rounded_to_two_decimals(judgement: float) -> None:
    one, other = round(judgement, 2), round(1 / judgement, 2)
    found = weights.ahp([[1, one], [other, 1]])
    assert found.matrix[0, 1] == pytest.approx(judgement, abs=0.011)


# --- AHP: faults ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("matrix", "said"),
    [
        ([[1, 3, 5], [3, 1, 2], [0.2, 0.5, 1]], ["port: rail: 3 is not 1 over 3"]),
        ([[1, 0, 5], ["", 1, 2], [0.2, 0.5, 1]], ["port: rail: 0 is no judgement"]),
        ([[1, "much", -2], ["", 1, 2], ["", 0.5, 1]],
         ["port: rail: much is no judgement", "port: slope: -2 is no judgement"]),
        ([[1, 3, 5], [1 / 3, 2, 2], [0.2, 0.5, 1]], ["rail: rail: 2 must be 1"]),
        ([[1, "1/0", 5], ["", 1, 2], [0.2, 0.5, 1]], ["port: rail: 1/0 is no judgement"]),
        ([[1, 1000, 5], [0.005, 1, 2], [0.2, 0.5, 1]], ["port: rail: 1000 is not 1 over 0.005"]),
        ([[1, 2, 3], [0.5, 1, 2]], ["square", "(2, 3)"]),
        ([[1, 2], [0.5, 1]], ["2 names are needed, 3 were given"]),
        ([[1, NAN, NAN], [NAN, 1, 2], [NAN, 0.5, 1]], ["no comparison joins rail, slope to port"]),
    ],
)  # fmt: skip
def test_a_bad_matrix_names_the_cell(matrix: Any, said: list[str]) -> None:
    with pytest.raises(DeclarationError) as caught:
        weights.ahp(matrix, names=["port", "rail", "slope"])
    assert all(part in str(caught.value) for part in said)


def test_a_ragged_matrix_is_refused() -> None:
    with pytest.raises(DeclarationError, match="square"):
        weights.ahp([[1, 2], [0.5]])  # type: ignore[list-item] # the fault itself


def test_an_unknown_random_index_is_refused() -> None:
    matrix = np.ones((16, 16))
    with pytest.raises(DeclarationError, match=r"'saaty-2050' is unknown; write saaty"):
        weights.ahp(np.ones((3, 3)), random_index="saaty-2050")
    with pytest.raises(DeclarationError, match="'saaty-2050' is unknown"):
        weights.ahp(np.ones((2, 2)), random_index="saaty-2050")
    with pytest.raises(DeclarationError, match="no random index for 16 criteria"):
        weights.ahp(matrix)
    assert weights.ahp(matrix, random_index={16: 1.6}).consistency_ratio == pytest.approx(0)


# --- AHP: groups and hierarchies -----------------------------------------------------------------


@pytest.mark.parametrize("aggregation", ["judgements", "priorities"])
def test_a_judge_who_alone_counts_is_the_group(aggregation: Any) -> None:
    rng = np.random.default_rng(7)
    one, other = judged(rng, 4), judged(rng, 4)
    found = weights.ahp_group([one, other], importance=[1, 0], aggregation=aggregation)
    alone = weights.ahp(one)
    np.testing.assert_allclose(found.weights, alone.weights, atol=1e-12)
    assert found.consistency_ratio == pytest.approx(alone.consistency_ratio)
    assert found.importance.tolist() == [1.0, 0.0]
    assert len(found.members) == 2


def test_both_aggregations_meet_where_judges_are_consistent() -> None:
    rng = np.random.default_rng(8)
    judges = [consistent(rng.dirichlet(np.ones(5))) for _ in range(3)]
    one = weights.ahp_group(judges, importance=[3, 2, 1])
    other = weights.ahp_group(judges, importance=[3, 2, 1], aggregation="priorities")
    np.testing.assert_allclose(one.weights, other.weights, atol=1e-9)
    assert other.matrix is None


@pytest.mark.parametrize("way", ["judgements", "priorities"])
def test_aggregate_and_aggregation_name_the_same(way: Any) -> None:
    rng = np.random.default_rng(9)
    judges = [judged(rng, 4), judged(rng, 4)]
    one = weights.ahp_group(judges, aggregate=way)
    other = weights.ahp_group(judges, aggregation=way)
    assert one.aggregation == other.aggregation == way
    np.testing.assert_array_equal(one.weights, other.weights)


def test_a_pair_that_one_judge_skipped_is_the_others() -> None:
    one = [[1, 2, NAN], [0.5, 1, 3], [NAN, 1 / 3, 1]]
    other = [[1, 4, 5], [0.25, 1, 3], [0.2, 1 / 3, 1]]
    found = weights.ahp_group([one, other])
    assert found.matrix is not None
    assert found.matrix[0, 2] == pytest.approx(5)
    assert found.matrix[0, 1] == pytest.approx(8**0.5)


def test_faults_of_a_group_name_the_judge() -> None:
    with pytest.raises(DeclarationError, match="judge 2: criterion 1: criterion 2: 0 is no"):
        weights.ahp_group([[[1, 2], [0.5, 1]], [[1, 0], [1, 1]]])
    with pytest.raises(DeclarationError, match="same criteria"):
        weights.ahp_group([np.ones((2, 2)), np.ones((3, 3))])
    with pytest.raises(DeclarationError, match="'votes' is not"):
        weights.ahp_group([np.ones((2, 2))], aggregation="votes")  # type: ignore[arg-type] # the fault itself


def test_faults_of_all_judges_are_named_at_once() -> None:
    with pytest.raises(DeclarationError) as caught:
        weights.ahp_group([[[1, -2], [1, 1]], np.ones((2, 2)), [[1, 0], [1, 1]]])
    rows = [fault.row for fault in caught.value.faults]
    assert rows == ["judge 1: criterion 1", "judge 3: criterion 1"]
    with pytest.raises(DeclarationError) as caught:
        weights.ahp_hierarchy(np.ones((2, 2)), {"land": [[1, 0], [1, 1]], "sea": [[2]]})
    assert [fault.row for fault in caught.value.faults] == [
        "land: criterion 1",
        "sea: criterion 1",
    ]
    with pytest.raises(DeclarationError) as caught:
        weights.bwm([0.5, 3], [4, 0])
    assert [fault.field for fault in caught.value.faults] == ["criterion 1", "criterion 2"]


@pytest.mark.parametrize(("importance", "given_"), [([1], 1), ([1, 2, 3], 3), (1, 1)])
def test_importances_are_counted_against_the_judges(importance: Any, given_: int) -> None:
    said = f"one importance is needed for each of judge 1, judge 2; {given_} were given"
    with pytest.raises(DeclarationError, match=said):
        weights.ahp_group([np.ones((2, 2))] * 2, importance=importance)


def test_a_hierarchy_multiplies_down() -> None:
    rng = np.random.default_rng(9)
    groups, land, sea = judged(rng, 2), judged(rng, 3), judged(rng, 4)
    found = weights.ahp_hierarchy(groups, {"land": land, "sea": sea})
    top, below = weights.ahp(groups).weights, [weights.ahp(land), weights.ahp(sea)]
    np.testing.assert_allclose(
        found.weights, [*top[0] * below[0].weights, *top[1] * below[1].weights], atol=1e-12
    )
    index = top @ [b.consistency_index for b in below]
    assert found.consistency_ratio == pytest.approx(index / (top @ [0.52, 0.89]))
    with pytest.raises(DeclarationError, match="sea: criterion 1: criterion 2: 0 is no"):
        weights.ahp_hierarchy(groups, {"land": land, "sea": [[1, 0], [1, 1]]})


# --- BWM -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("linear", [True, False])
def test_car_of_rezaei(*, linear: bool) -> None:
    given_, expected, within = case("bwm-car")
    found = weights.bwm(given_["best_to_others"], given_["others_to_worst"], linear=linear)
    np.testing.assert_allclose(found.weights, expected["weights"], atol=within["weights"])
    assert found.xi == pytest.approx(expected["xi"], abs=within["xi"])
    assert found.consistency_ratio == found.input_ratio == 0


def test_transport_mode_of_rezaei() -> None:
    given_, expected, within = case("bwm-transport")
    pair = given_["best_to_others"], given_["others_to_worst"]
    found = weights.bwm(*pair, linear=False)
    np.testing.assert_allclose(found.weights, expected["nonlinear"], atol=within["weights"])
    assert found.xi == pytest.approx(expected["xi"], abs=within["xi"])
    assert found.consistency_ratio == pytest.approx(
        expected["consistency_ratio"], abs=within["consistency_ratio"]
    )
    linear = weights.bwm(*pair)
    np.testing.assert_allclose(linear.weights, expected["linear"], atol=within["weights"])
    assert found.worst_judged == 1


def test_consistency_index_of_rezaei() -> None:
    _, expected, within = case("bwm-consistency-index")
    for top, index in enumerate(expected["index"][1:], 2):
        # The least consistent answers there are: the middle one as far from both as best is.
        found = weights.bwm([1, top, top], [top, top, 1], linear=False)
        assert found.xi / found.consistency_ratio == pytest.approx(index, abs=within["all"])
        assert found.consistency_ratio == pytest.approx(1)


def lp(to_others: Floats, to_worst: Floats, xi: float | None, goal: Floats) -> Any:
    """Rezaei's limits as a linear programme: xi a variable if None, else the non-linear model."""
    n, best, worst = len(to_others), to_others.argmin(), to_worst.argmin()
    rows = []
    for j in range(n):
        for first, second, a in ((best, j, to_others[j]), (j, worst, to_worst[j])):
            if first == second:
                continue
            for sign in (1, -1):
                row = np.zeros(n + 1)
                row[first] += sign
                row[second] -= sign * a + (0 if xi is None else xi)
                row[n] = -1 if xi is None else 0
                rows.append(row)
    return linprog(goal, A_ub=rows, b_ub=np.zeros(len(rows)),
                   A_eq=[[1] * n + [0]], b_eq=[1])  # fmt: skip


def answers(rng: np.random.Generator) -> tuple[Floats, Floats]:
    n = int(rng.integers(3, 7))
    top = int(rng.integers(3, 10))
    to_others, to_worst = rng.integers(2, top + 1, n) * 1.0, rng.integers(2, top + 1, n) * 1.0
    to_others[0], to_worst[0], to_others[-1], to_worst[-1] = 1, top, top, 1
    return to_others, to_worst


def test_linear_weights_equal_a_programme_of_our_own() -> None:
    rng = np.random.default_rng(10)
    for _ in range(50):
        pair = answers(rng)
        found = weights.bwm(*pair)
        solved = lp(*pair, None, np.append(np.zeros(len(pair[0])), 1.0))
        assert found.xi == pytest.approx(solved.fun, abs=1e-7)


def test_nonlinear_intervals_equal_programmes() -> None:
    rng = np.random.default_rng(11)
    for _ in range(30):
        pair = answers(rng)
        n = len(pair[0])
        found = weights.bwm(*pair, linear=False)
        if found.xi > 1e-3:
            assert lp(*pair, found.xi - 1e-3, np.zeros(n + 1)).status == 2, "xi could be less"
        for j in range(n):
            for sign, end in ((1, found.low), (-1, found.high)):
                solved = lp(*pair, found.xi + 1e-9, sign * np.eye(n + 1)[j])
                assert sign * solved.fun == pytest.approx(end[j], abs=2e-5)


@pytest.mark.parametrize(
    ("to_others", "to_worst", "ratio", "worst_judged"),
    [
        ([1, 1.5, 1.5], [1.5, 1.5, 1], 1.0, 1),
        ([1, 1.1, 1.2], [1.2, 1.0, 1], 0.1 / 0.24, 1),
        ([1, 2, 3, 9], [9, 4, 5, 1], 6 / 72, 2),
        ([1, 1, 2], [1, 1, 2], 0.0, 2),
        ([1, 1], [1, 1], 0.0, 0),
    ],
)
def test_input_ratio_of_liang(
    to_others: list[float], to_worst: list[float], ratio: float, worst_judged: int
) -> None:
    for linear in (True, False):
        found = weights.bwm(to_others, to_worst, linear=linear)
        assert found.input_ratio == pytest.approx(ratio)
        assert found.worst_judged == worst_judged
        assert np.isfinite(found.consistency_ratio)
        if to_worst[0] == 1 and not linear:
            assert found.consistency_ratio == 0


def test_bwm_of_equals_and_of_one() -> None:
    assert weights.bwm([1], [1]).weights.tolist() == [1.0]
    for linear in (True, False):
        found = weights.bwm([1, 1, 1], [1, 1, 1], linear=linear)
        np.testing.assert_allclose(found.weights, 1 / 3, atol=1e-12)


@pytest.mark.parametrize(
    ("pair", "said"),
    [
        (([1, 2, 0.5], [3, 2, 1]), "criterion 3: best against it 0.5 is no number of 1 or more"),
        (([1, "x", 3], [3, 2, 1]), "criterion 2: best against it x is no number"),
        (([2, 2, 3], [3, 2, 1]), "1 at the best"),
        (([1, 2, 3], [3, 2]), "one length"),
        (([1, 2, 7], [2, 2, 1]), "7 in the first list but 2 in the second"),
        (([1, NAN], [2, 1]), "criterion 2: best against it nan"),
    ],
)
def test_bad_bwm_answers_are_named(pair: Any, said: str) -> None:
    with pytest.raises(DeclarationError, match=said):
        weights.bwm(*pair)


# --- direct, ranking, swing ----------------------------------------------------------------------


def test_rank_order_centroid() -> None:
    given_, expected, within = case("roc-weights-5")
    found = weights.rank_order_centroid(given_["n"])
    np.testing.assert_allclose(found, expected["weights"], atol=within["all"])


@given(st.integers(1, 40))
def test_centroids_descend_and_sum_to_one(n: int) -> None:
    found = weights.rank_order_centroid(n)
    assert found.sum() == pytest.approx(1)
    assert (np.diff(found) < 0).all()


def test_rank_order_centroid_is_the_mean_of_ordered_weights() -> None:
    drawn = np.sort(np.random.default_rng(12).dirichlet(np.ones(4), 20_000), axis=1)[:, ::-1]
    np.testing.assert_allclose(weights.rank_order_centroid(4), drawn.mean(axis=0), atol=0.005)


@given(st.lists(st.integers(1, 5), min_size=1, max_size=8))
def test_tied_ranks_share_and_better_ranks_weigh_more(ranks: list[int]) -> None:
    found = weights.ranking(ranks)
    assert found.sum() == pytest.approx(1)
    for (a, one), (b, other) in itertools.combinations(zip(ranks, found, strict=True), 2):
        assert one == other if a == b else (one > other) == (a < b)


def test_swings_keep_their_proportions() -> None:
    np.testing.assert_allclose(weights.swing([100, "80", 20, 0]), [0.5, 0.4, 0.1, 0])
    with pytest.raises(DeclarationError, match="rail: swing -1 is no number of 0 or more"):
        weights.swing([100, -1], names=["port", "rail"])
    with pytest.raises(DeclarationError, match="every swing is zero"):
        weights.swing([0, 0])
    with pytest.raises(DeclarationError, match="rank 0 is no number of 1"):
        weights.ranking([0, 1])
    for number in (0, 2.5, NAN, "some", float("inf")):
        with pytest.raises(DeclarationError, match="criteria have no ranks"):
            weights.rank_order_centroid(number)  # type: ignore[arg-type] # the fault itself


# --- entropy and CRITIC --------------------------------------------------------------------------


def test_entropy_of_elsayed() -> None:
    given_, expected, within = case("entropy-elsayed-2017")
    found = weights.entropy(given_["matrix"])
    np.testing.assert_allclose(found, expected["weights"], atol=within["weights"])


def test_critic_of_diakoulaki() -> None:
    given_, expected, within = case("critic-diakoulaki-1995")
    found = weights.critic(given_["matrix"], objectives=given_["objectives"])
    np.testing.assert_allclose(found, expected["pearson_scaled"], atol=within["all"])


def test_a_column_that_differs_by_rounding_only_says_nothing() -> None:
    table = [[0.3, 1.0, 4.0], [0.1 + 0.2, 2.0, 0.0], [0.3, 5.0, 1.0]]
    assert weights.critic(table)[0] == 0.0
    alike = weights.critic([[0.3, *row[1:]] for row in table])
    np.testing.assert_array_equal(weights.critic(table), alike)


def test_objective_weights_equal_pymcdm() -> None:
    rng = np.random.default_rng(13)
    for _ in range(100):
        matrix = rng.integers(1, 9, (rng.integers(6, 12), rng.integers(2, 7))) * 1.0
        matrix[0], matrix[1] = rng.permutation(9)[: matrix.shape[1]] + 1, 9.5  # none constant
        np.testing.assert_allclose(
            weights.entropy(matrix), theirs.entropy_weights(matrix), atol=1e-9
        )
        np.testing.assert_allclose(weights.critic(matrix), theirs.critic_weights(matrix), atol=1e-9)


def slow_critic(matrix: Floats) -> Floats:
    """CRITIC in loops, for columns of which some are constant: pymcdm gives NaN there."""
    spread = [j for j in range(matrix.shape[1]) if matrix[:, j].max() > matrix[:, j].min()]
    scaled = {j: (matrix[:, j] - min(matrix[:, j])) / np.ptp(matrix[:, j]) for j in spread}
    parts = np.zeros(matrix.shape[1])
    for j in spread:
        for other in spread:
            if other != j:
                parts[j] += scaled[j].std() * (1 - np.corrcoef(scaled[j], scaled[other])[0, 1])
    return parts / parts.sum() if parts.sum() > 1e-9 else np.full(len(parts), 1 / len(parts))


def test_constant_columns_and_single_alternatives_stay_finite() -> None:
    rng = np.random.default_rng(14)
    for _ in range(100):
        matrix = rng.integers(1, 4, (rng.integers(1, 6), rng.integers(1, 5))) * 1.0
        matrix[:, 0] = 5
        np.testing.assert_allclose(weights.critic(matrix), slow_critic(matrix), atol=1e-9)
        found = weights.entropy(matrix)
        assert found.sum() == pytest.approx(1)
        assert found[0] == pytest.approx(0) or found == pytest.approx(1 / matrix.shape[1])


def test_costs_turn_the_conflict_of_critic() -> None:
    matrix = np.random.default_rng(15).random((9, 3))
    turned = matrix * [1, -1, 1]
    found = weights.critic(matrix, objectives=[1, -1, 1])
    np.testing.assert_allclose(found, weights.critic(turned), atol=1e-12)
    assert not np.allclose(found, weights.critic(matrix))
    with pytest.raises(DeclarationError, match="criterion 2: objective 0 is neither"):
        weights.critic(matrix, objectives=[1, 0, 1])


def test_columns_that_say_the_same_weigh_the_same() -> None:
    column = np.random.default_rng(16).random(6)
    found = weights.critic(np.array([column, column * 3 + 1]).T)
    np.testing.assert_allclose(found, [0.5, 0.5])


@pytest.mark.parametrize("method", [weights.entropy, weights.critic])
def test_unknown_readings_are_named(method: Any) -> None:
    table = PerformanceTable.of([[1.0, NAN], [np.inf, 2.0]], ["port", "rail"])
    with pytest.raises(DataError) as caught:
        method(table)
    assert [(f.row, f.field) for f in caught.value.faults] == [("0", "rail"), ("1", "port")]
    with pytest.raises(DataError, match="row 2: column 1: many is no finite number"):
        method([[1, 2], ["many", 3]])


@pytest.mark.parametrize("spread", [1e-16, 1e-13, 1e-9, 1e-7])
def test_entropy_gives_no_weight_below_zero(spread: float) -> None:
    rng = np.random.default_rng(13)
    for _ in range(50):
        almost = 7.3 * (1 + spread * rng.normal(size=5))
        found = weights.entropy(np.column_stack([almost, [1, 2, 3, 4, 5]]))
        assert found[0] >= 0
        np.testing.assert_allclose(found, [0, 1], atol=1e-12)


def test_entropy_refuses_negative_readings() -> None:
    with pytest.raises(DataError, match="row 1: column 2: -1 is below 0"):
        weights.entropy([[1, -1], [2, 3]])
