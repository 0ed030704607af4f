"""The laws of the score, held on random readings."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from siteselect.base.errors import DataError
from siteselect.decide.counterfactual import counterfactual
from siteselect.decide.score import (
    ELIGIBLE,
    EXCLUDED,
    NOT_ASKED,
    OPEN,
    UNDETERMINED,
    Scores,
    answer,
    criterion_weights,
    measured,
    ranks,
    score,
)
from siteselect.decide.table import PerformanceTable
from siteselect.declared.criteria import Constraint, CriteriaSet
from tests.toy import criteria_data, criteria_set

TOY = criteria_set()
IDS = [c.id for c in TOY.criteria]
SEEDS = st.integers(0, 2**32 - 1)


def random_table(seed: int, n: int = 8, unknown: float = 0.3) -> PerformanceTable:
    """Readings of the toy criteria and of its one constraint; some unknown, all in doubt."""
    rng = np.random.default_rng(seed)
    values = rng.uniform(-5, 120, (n, 4))
    values[rng.uniform(size=values.shape) < unknown] = np.nan
    low, high = rng.exponential(4, (2, n, 4)) * (rng.uniform(size=(n, 1)) < 0.7)
    return PerformanceTable(
        place_ids=np.array([f"S{i:02d}" for i in range(n)]),
        column_ids=(*IDS, "national_park"),
        units=("km",) * 4,
        values=values,
        lower=values - low,
        upper=values + high,
        source_ids=((),) * 4,
    )


def rows(table: PerformanceTable, order: Any) -> PerformanceTable:
    return replace(
        table,
        place_ids=table.place_ids[order],
        values=table.values[order],
        lower=table.lower[order],
        upper=table.upper[order],
    )


def toy(**changes: Any) -> CriteriaSet:
    return CriteriaSet.model_validate_json(json.dumps(criteria_data() | changes))


# --- weights -----------------------------------------------------------------------------------


def test_a_weight_is_the_share_of_the_group_times_the_share_within() -> None:
    np.testing.assert_allclose(criterion_weights(TOY), [0.42, 0.18, 0.4], atol=1e-15)


def test_relative_weights_are_normalised() -> None:
    data = criteria_data()
    data["weights"] = "relative"
    data["groups"]["transport"]["weight"], data["groups"]["nature"]["weight"] = 3, 2
    for criterion, weight in zip(data["criteria"], (7, 3, 11), strict=True):
        criterion["weight"] = weight
    np.testing.assert_allclose(criterion_weights(toy(**data)), [0.42, 0.18, 0.4], atol=1e-15)


def test_an_idle_group_weighs_nothing() -> None:
    data = criteria_data()
    data["groups"]["transport"]["weight"], data["groups"]["nature"]["weight"] = 0, 1
    for criterion in data["criteria"][:2]:
        criterion["weight"] = 0
    np.testing.assert_array_equal(criterion_weights(toy(**data)), [0, 0, 1])


@given(SEEDS, st.floats(1e-6, 1e6))
def test_the_scale_of_weights_does_not_matter(seed: int, scale: float) -> None:
    table = random_table(seed)
    weights = np.random.default_rng(seed).uniform(0.1, 1, 3)
    one, other = score(table, TOY, weights=weights), score(table, TOY, weights=weights * scale)
    for field in ("score", "score_low", "score_high", "known", "contributions"):
        np.testing.assert_allclose(getattr(one, field), getattr(other, field), rtol=0, atol=1e-12)


@pytest.mark.parametrize("wrong", [[1, 1], [1, -1, 1], [0, 0, 0], [1, np.nan, 1], [np.inf, 1, 1]])
def test_weights_that_are_none_are_refused(wrong: list[float]) -> None:
    with pytest.raises(DataError, match="weights"):
        score([[1, 2, 3]], TOY, weights=wrong)


# --- one score a place -------------------------------------------------------------------------


def test_a_score_by_hand() -> None:
    """Values 0.5, 1 and 0; 0.42 x 0.5 + 0.18 x 1 + 0.4 x 0 = 0.39."""
    scores = score([[50, 0, 0]], TOY)
    np.testing.assert_allclose(scores.contributions, [[0.21, 0.18, 0.0]], atol=1e-15)
    assert scores.score[0] == pytest.approx(0.39, abs=1e-15)
    assert (scores.known[0], scores.rank[0]) == (1.0, 1)
    assert scores.score_low[0] == scores.score[0] == scores.score_high[0]


def test_a_score_by_hand_where_one_reading_is_unknown() -> None:
    """The nearest rail is not known: (0.21 + 0) / 0.82, within [0.21, 0.21 + 0.18]."""
    scores = score([[50, np.nan, 0]], TOY)
    assert scores.score[0] == pytest.approx(0.21 / 0.82, abs=1e-15)
    assert scores.known[0] == pytest.approx(0.82, abs=1e-15)
    assert scores.score_low[0] == pytest.approx(0.21, abs=1e-15)
    assert scores.score_high[0] == pytest.approx(0.39, abs=1e-15)
    assert np.isnan(scores.contributions[0, 1])


def test_a_place_of_which_nothing_is_known_has_no_score_and_no_rank() -> None:
    scores = score([[np.nan] * 3], TOY)
    assert np.isnan(scores.score[0])
    assert (scores.known[0], scores.rank[0]) == (0.0, 0)
    assert (scores.score_low[0], scores.score_high[0]) == (0.0, 1.0)


@given(SEEDS)
def test_contributions_sum_to_the_score_and_bounds_hold_it(seed: int) -> None:
    scores = score(random_table(seed), TOY)
    some = scores.known > 0
    total = np.nansum(scores.contributions, axis=1)
    np.testing.assert_allclose(total[some], scores.score[some], rtol=0, atol=1e-9)
    assert np.isnan(scores.score[~some]).all()
    assert (scores.score_low[some] <= scores.score[some]).all()
    assert (scores.score[some] <= scores.score_high[some]).all()
    assert (scores.score_low >= 0).all()
    assert (scores.score_high <= 1).all()
    has = ~np.isnan(scores.values)
    np.testing.assert_allclose(scores.known, (has * scores.weights).sum(axis=1), atol=1e-12)


@given(SEEDS, st.permutations(range(8)))
def test_the_order_of_places_does_not_matter(seed: int, order: list[int]) -> None:
    table = random_table(seed)
    one, other = score(table, TOY), score(rows(table, order), TOY)
    for field in ("score", "score_low", "score_high", "known", "verdict", "rank"):
        np.testing.assert_array_equal(getattr(one, field)[order], getattr(other, field))


@given(SEEDS, st.permutations(range(3)))
def test_the_order_of_criteria_does_not_matter(seed: int, order: list[int]) -> None:
    table = random_table(seed)
    data = criteria_data()
    data["criteria"] = [data["criteria"][i] for i in order]
    one, other = score(table, TOY), score(table, toy(**data))
    for field in ("score", "score_low", "score_high", "known"):
        np.testing.assert_allclose(getattr(one, field), getattr(other, field), rtol=0, atol=1e-12)
    np.testing.assert_array_equal(one.verdict, other.verdict)


@given(SEEDS, st.integers(0, 7))
def test_a_score_does_not_depend_on_the_other_places(seed: int, which: int) -> None:
    table = random_table(seed)
    together, alone = score(table, TOY), score(rows(table, [which]), TOY)
    for field in ("score", "score_low", "score_high", "known", "verdict"):
        np.testing.assert_array_equal(getattr(together, field)[[which]], getattr(alone, field))
    np.testing.assert_array_equal(together.contributions[[which]], alone.contributions)


@given(SEEDS, st.integers(0, 2), st.floats(0, 50))
def test_a_better_performance_never_lowers_a_score(seed: int, which: int, step: float) -> None:
    table = random_table(seed)
    better = 1.0 if IDS[which] == "protected" else -1.0
    shift = np.zeros((1, 4))
    shift[0, which] = better * step
    moved = replace(
        table,
        values=table.values + shift,
        lower=table.lower + shift,
        upper=table.upper + shift,
    )
    one, other = score(table, TOY), score(moved, TOY)
    for field in ("score", "score_low", "score_high"):
        before, after = getattr(one, field), getattr(other, field)
        assert (np.isnan(before) | (after >= before - 1e-12)).all()


@given(SEEDS, st.integers(0, 2), st.floats(0, 1))
def test_learning_a_reading_moves_the_score_towards_its_value(
    seed: int, which: int, share: float
) -> None:
    table = random_table(seed, n=1, unknown=0.2)
    values = table.values.copy()
    values[0, which] = np.nan
    unknown = PerformanceTable.of(values[:, :3], IDS)
    before = score(unknown, TOY)
    assume(before.known[0] > 0)
    knots = TOY.criteria[which].knots
    learnt = values[:, :3].copy()
    learnt[0, which] = knots[0][0] + share * (knots[-1][0] - knots[0][0])
    after = score(PerformanceTable.of(learnt, IDS), TOY)
    new, old, now = after.values[0, which], before.score[0], after.score[0]
    assert min(old, new) - 1e-12 <= now <= max(old, new) + 1e-12
    assert before.score_low[0] - 1e-12 <= now <= before.score_high[0] + 1e-12
    if abs(new - old) > 1e-9:
        assert abs(now - new) < abs(old - new)


@given(SEEDS)
def test_the_truth_lies_within_the_bounds_whatever_it_is(seed: int) -> None:
    """Readings anywhere within their bounds, unknown ones anywhere at all."""
    table = random_table(seed)
    rng = np.random.default_rng(seed + 1)
    truth = table.lower + rng.uniform(size=table.values.shape) * (table.upper - table.lower)
    truth = np.where(np.isnan(table.values), rng.uniform(-50, 200, truth.shape), truth)
    told, true = score(table, TOY), score(truth[:, :3], TOY)
    assert (told.score_low <= true.score + 1e-12).all()
    assert (true.score <= told.score_high + 1e-12).all()


def test_without_bounds_they_are_unknown_and_the_rest_is_the_same() -> None:
    table = random_table(1)
    full, quick = score(table, TOY), score(table, TOY, bounds=False)
    assert np.isnan(quick.score_low).all()
    assert np.isnan(quick.score_high).all()
    np.testing.assert_array_equal(full.score, quick.score)
    np.testing.assert_array_equal(full.rank, quick.rank)


def test_a_missing_column_is_named() -> None:
    with pytest.raises(DataError, match="no performances of protected"):
        score(PerformanceTable.of([[1, 2]], IDS[:2]), TOY)


# --- ranks -------------------------------------------------------------------------------------


@given(SEEDS)
def test_ranks_run_from_1_without_gaps_and_follow_the_score(seed: int) -> None:
    scores = score(random_table(seed, n=12), TOY)
    ranked = scores.rank > 0
    assert sorted(scores.rank[ranked]) == list(range(1, ranked.sum() + 1))
    by_rank = scores.score[ranked][np.argsort(scores.rank[ranked])]
    assert (np.diff(by_rank) <= 0).all()
    assert not (ranked & (scores.verdict == EXCLUDED)).any()
    assert not (ranked & (scores.known < TOY.min_known - 1e-9)).any()
    assert (ranked | (scores.verdict == EXCLUDED) | (scores.known < TOY.min_known)).all()


def test_equal_scores_rank_in_the_order_of_their_ids() -> None:
    got = ranks(np.array([0.5, 0.5, 0.9]), np.array(["b", "a", "c"]), np.ones(3, bool))
    assert got.tolist() == [3, 2, 1]


@pytest.mark.parametrize(("min_known", "rank"), [(0.82, 1), (0.83, 0)])
def test_too_little_data_gives_no_rank(min_known: float, rank: int) -> None:
    assert score([[50, np.nan, 0]], toy(min_known=min_known)).rank[0] == rank


# --- three answers -----------------------------------------------------------------------------


def rule(**changes: Any) -> Constraint:
    data = criteria_data()["constraints"][0] | changes
    if "at_most" in changes:
        data.pop("at_least")
    return Constraint.model_validate_json(json.dumps(data))


@given(
    reading=st.floats(-10, 10), slack=st.floats(0, 10), share=st.floats(0, 1), least=st.booleans()
)
def test_an_answer_is_given_only_if_both_ends_agree(
    reading: float, slack: float, share: float, *, least: bool
) -> None:
    limit = rule(at_least=1.0) if least else rule(at_most=1.0)
    low, high = reading - slack, reading + slack
    got = answer(np.array([low]), np.array([high]), limit)[0]
    truth = min(max(low + share * (high - low), low), high)
    keeps = truth >= 1.0 if least else truth <= 1.0
    if got == ELIGIBLE:
        assert keeps
    elif got == EXCLUDED:
        assert not keeps
    else:
        assert got == UNDETERMINED
        assert low <= 1.0 <= high


@pytest.mark.parametrize(
    ("change", "lower", "upper", "expected"),
    [
        ({"at_least": 1.0}, 1.0, 1.0, ELIGIBLE),
        ({"at_least": 1.0}, 0.0, 0.999, EXCLUDED),
        ({"at_least": 1.0}, 0.9, 1.1, UNDETERMINED),
        ({"at_most": 12.0}, 12.0, 12.0, ELIGIBLE),
        ({"at_most": 12.0}, 12.1, 15.0, EXCLUDED),
        ({"at_most": 12.0, "clear": 6.0}, 6.0, 6.0, ELIGIBLE),
        ({"at_most": 12.0, "clear": 6.0}, 7.0, 7.0, UNDETERMINED),
        ({"at_least": 0.05, "clear": 0.2}, 0.1, 0.1, UNDETERMINED),
        ({"at_least": 0.05, "clear": 0.2}, 0.2, 0.9, ELIGIBLE),
        ({"at_least": 1.0}, np.nan, np.nan, UNDETERMINED),
        ({"at_least": 1.0, "when_unknown": "open"}, np.nan, np.nan, OPEN),
        ({"at_least": 1.0}, np.inf, np.inf, ELIGIBLE),
        ({"at_least": 1.0}, -np.inf, 0.5, EXCLUDED),
        ({"at_least": 1.0}, -np.inf, np.inf, UNDETERMINED),
    ],
)
def test_answers_by_hand(change: dict[str, Any], lower: float, upper: float, expected: int) -> None:
    assert answer(np.array([lower]), np.array([upper]), rule(**change))[0] == expected


def judged(park_km: float, kinds: list[str], **changes: Any) -> Any:
    data = criteria_data()
    data["constraints"][0] |= changes
    table = PerformanceTable.of([[1, 1, 1, park_km]] * len(kinds), [*IDS, "national_park"])
    return score(table, toy(**data), kinds=kinds)


def test_a_rule_speaks_only_of_the_kinds_it_names() -> None:
    scores = judged(0.0, ["estate", "greenfield"], applies_to=["greenfield"])
    assert scores.answers[0].tolist() == [NOT_ASKED, EXCLUDED]
    assert scores.verdict.tolist() == [ELIGIBLE, EXCLUDED]
    assert scores.rank.tolist() == [1, 0]


def test_an_inquiry_never_colours_the_verdict() -> None:
    scores = judged(0.0, ["estate"], role="inquiry")
    assert scores.answers[0, 0] == EXCLUDED
    assert scores.verdict[0] == ELIGIBLE


def test_open_answers_are_no_part_of_the_verdict() -> None:
    scores = judged(np.nan, ["estate"], when_unknown="open")
    assert scores.answers[:, 0].tolist() == [OPEN, OPEN]
    assert scores.verdict[0] == ELIGIBLE


def test_a_rule_in_doubt_leaves_the_place_in_the_ranking() -> None:
    scores = judged(np.nan, ["estate"])
    assert scores.verdict[0] == UNDETERMINED
    assert scores.rank[0] == 1


def test_the_verdict_is_the_worst_answer_of_the_screens() -> None:
    data = criteria_data()
    for name in ("wetland", "lake"):
        data["constraints"].append(data["constraints"][0] | {"id": name})
    columns = [*IDS, "national_park", "wetland", "lake"]
    readings = [[1, 1, 1, *parks] for parks in ((9, 9, 9), (9, np.nan, 9), (9, np.nan, 0))]
    scores = score(PerformanceTable.of(readings, columns), toy(**data))
    assert scores.verdict.tolist() == [ELIGIBLE, UNDETERMINED, EXCLUDED]


def test_kinds_must_be_as_many_as_places() -> None:
    with pytest.raises(DataError, match="2 places have 1 kinds"):
        score([[1, 2, 3], [4, 5, 6]], TOY, kinds=["estate"])


def of_site(found: Scores, place: int) -> tuple[Any, ...]:
    """All that is said of one place, but for its rank among the others."""
    numbers = (found.score, found.score_low, found.score_high, found.known)
    return (*(repr(array[place]) for array in numbers), *found.answers[:, place],
            found.verdict[place])  # fmt: skip


REASONS = st.sampled_from(["national_park", "regulation_1390", "refused by IA-03"])


@given(SEEDS, st.integers(0, 7), REASONS, st.sampled_from(["granted", "refused"]))
def test_an_answer_moves_no_other_place_and_no_score(
    seed: int, place: int, reason: str, word: str
) -> None:
    table = random_table(seed)
    before = score(table, TOY)
    heard = replace(table, settled=((f"S{place:02d}", reason, word),))
    after = score(heard, TOY)
    for other in range(8):
        if other != place:
            assert of_site(before, other) == of_site(after, other)
    np.testing.assert_array_equal(before.score, after.score)
    np.testing.assert_array_equal(before.score_low, after.score_low)
    others = np.arange(8) != place
    order = [np.argsort(s.rank[others & (s.rank > 0)]).tolist() for s in (before, after)]
    assert order[0] == order[1]


@given(SEEDS, st.integers(0, 7), REASONS)
def test_a_refused_place_has_no_rank_and_says_why(seed: int, place: int, reason: str) -> None:
    heard = replace(random_table(seed), settled=((f"S{place:02d}", reason, "refused"),))
    found = score(heard, TOY)
    assert found.verdict[place] == EXCLUDED
    assert found.rank[place] == 0
    assert found.refused(place) == (reason,)
    assert all(found.refused(other) == () for other in range(8) if other != place)
    assert counterfactual(heard, TOY, place, k=1).blocked_by[-1:] == (reason,)


@given(SEEDS, st.integers(0, 7), st.sampled_from(["national_park", "regulation_1390"]))
def test_a_granted_rule_makes_no_place_worse(seed: int, place: int, rule: str) -> None:
    table = random_table(seed)
    before = score(table, TOY)
    after = score(replace(table, settled=((f"S{place:02d}", rule, "granted"),)), TOY)
    row = before.constraint_ids.index(rule)
    assert after.answers[row, place] == ELIGIBLE
    assert after.verdict[place] <= before.verdict[place]
    if before.rank[place]:
        assert after.rank[place] == before.rank[place]
    assert after.refusals == ()


@given(SEEDS, st.integers(0, 7))
def test_a_measured_exclusion_is_lifted_by_its_own_rule_alone(seed: int, place: int) -> None:
    table, name = random_table(seed), f"S{place:02d}"
    column = table.column_ids.index("national_park")
    for array in (table.values, table.lower, table.upper):
        array[place, column] = 0.5  # the limit is 1 km
    assert score(table, TOY).verdict[place] == EXCLUDED
    other = score(replace(table, settled=((name, "regulation_1390", "granted"),)), TOY)
    assert other.verdict[place] == EXCLUDED
    same = replace(table, settled=((name, "national_park", "granted"),))
    assert score(same, TOY).verdict[place] == ELIGIBLE
    # What was measured stays told.
    assert measured(same, TOY.constraints[0])[place] == EXCLUDED


def test_a_rule_that_is_not_asked_of_a_kind_stays_so_whatever_is_granted() -> None:
    data = criteria_data()
    data["constraints"][0]["applies_to"] = ["estate"]
    toy = CriteriaSet.model_validate_json(json.dumps(data))
    heard = replace(random_table(0), settled=(("S00", "national_park", "granted"),))
    assert score(heard, toy, kinds=["greenfield"] * 8).answers[0, 0] == NOT_ASKED
    no = replace(heard, settled=(("S00", "national_park", "refused"),))
    found = score(no, toy, kinds=["greenfield"] * 8)
    assert (found.answers[0, 0], found.verdict[0]) == (NOT_ASKED, EXCLUDED)
