import json
from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from siteselect.base.errors import DataError
from siteselect.decide import methods, robustness
from siteselect.decide.doubt import Doubt, draw, drawn_scores, drawn_values, model_of
from siteselect.decide.robustness import rank_draws, smaa
from siteselect.decide.score import score
from siteselect.decide.table import PerformanceTable
from siteselect.decide.values import value, value_range
from siteselect.declared.criteria import CriteriaSet
from tests.toy import criteria_data, criteria_set, site_frame, table_of

CRITERIA = criteria_set()
EXACT = Doubt(weights="declared", methods=("weighted_mean",), data=False, position=False, draws=50)
ONLY_WEIGHTS = replace(EXACT, weights="dirichlet", draws=400)
EVERYTHING = Doubt(draws=600, spread=np.full((12, 3), 0.2))


def table(seed: int = 0, n: int = 12) -> PerformanceTable:
    return table_of(site_frame(n, seed), CRITERIA, seed)


def without_rules() -> CriteriaSet:
    return CriteriaSet.model_validate_json(json.dumps(criteria_data() | {"constraints": []}))


def bytes_of(result: object) -> list[bytes]:
    arrays = (getattr(result, field.name) for field in fields(result))  # type: ignore[arg-type]
    return [array.tobytes() for array in arrays if isinstance(array, np.ndarray)]


# SMAA: known answers by hand, for weights uniform on the simplex.

DRAWS = 40_000


def within_three_errors(found, exact) -> bool:
    exact = np.asarray(exact)
    return bool((np.abs(found - exact) <= 3 * np.sqrt(exact * (1 - exact) / DRAWS)).all())


def test_smaa_of_two_extremes_and_a_compromise():
    # By intervals of the first weight: the second place wins on (0, 0.4), the third on
    # (0.4, 0.6), the first on (0.6, 1); the first is second on (0.5, 0.6).
    trust = smaa([[1.0, 0.0], [0.0, 1.0], [0.6, 0.6]], draws=DRAWS, seed=3)
    assert within_three_errors(
        trust.acceptability, [[0.4, 0.1, 0.5], [0.4, 0.1, 0.5], [0.2, 0.8, 0.0]]
    )
    np.testing.assert_allclose(
        trust.central_weights, [[0.8, 0.2], [0.2, 0.8], [0.5, 0.5]], atol=0.01
    )
    np.testing.assert_array_equal(trust.confidence, [1, 1, 1])


def test_smaa_of_unit_vectors():
    # The greatest of three uniform weights is on average (1 + 1/2 + 1/3) / 3 = 11/18.
    trust = smaa(np.eye(3), draws=DRAWS, seed=4)
    assert within_three_errors(trust.acceptability[:, 0], np.full(3, 1 / 3))
    np.testing.assert_allclose(
        trust.central_weights, np.where(np.eye(3) > 0, 11 / 18, 3.5 / 18), atol=0.01
    )


def test_smaa_draws_values_between_their_bounds():
    # A fixed 0.5 against a value uniform in 0.25..1: first in two thirds of the draws.
    bounds = [[[0.5, 0.5]], [[0.25, 1.0]]]
    trust = smaa(bounds, draws=DRAWS, seed=5)
    assert within_three_errors(trust.acceptability[1, 0], 2 / 3)
    assert within_three_errors(trust.confidence, [1 / 3, 2 / 3])


def test_smaa_with_given_weights():
    drawn = robustness.ordinal_weights([1, 2], draws=500, seed=1)
    trust = smaa([[1.0, 0.0], [0.0, 1.0]], draws=500, seed=1, weights=drawn)
    np.testing.assert_array_equal(trust.acceptability, np.eye(2))
    assert trust.confidence.tolist() == [1, 0]
    assert np.isnan(trust.central_weights[1]).all()
    fixed = smaa([[1.0, 0.0], [0.0, 1.0]], draws=10, seed=1, weights=[0.2, 0.8])
    assert fixed.acceptability[1, 0] == 1


def test_smaa_normalises_given_weights():
    values, weights = [[1.0, 0.0], [0.0, 1.0]], np.array([[3.0, 1.0], [10.0, 30.0], [4.0, 0.0]])
    trust = smaa(values, draws=3, seed=1, weights=weights)
    np.testing.assert_allclose(trust.central_weights, [[0.875, 0.125], [0.25, 0.75]])
    np.testing.assert_allclose(trust.acceptability, [[2 / 3, 1 / 3], [1 / 3, 2 / 3]])


@pytest.mark.parametrize("weights", [[-1, 2], [np.nan, 1], [np.inf, 1], [0, 0]])
def test_smaa_refuses_weights_that_are_none(weights):
    with pytest.raises(DataError, match="weights must be known, not negative and not all zero"):
        smaa([[1.0, 0.0], [0.0, 1.0]], draws=10, seed=1, weights=weights)


def test_smaa_needs_a_draw_and_an_alternative():
    with pytest.raises(DataError, match="needs a draw, got 0"):
        smaa([[1.0, 0.0]], draws=0, seed=1)
    with pytest.raises(DataError, match=r"got \(0, 2\)"):
        smaa(np.empty((0, 2)), draws=10, seed=1)


@pytest.mark.parametrize(
    ("values", "weights"),
    [([[np.nan, 1.0]], None), ([1.0, 2.0], None), ([[1.0, 2.0]], [1.0]), ([[1.0, 2.0]], [[1.0]])],
)
def test_smaa_refuses_what_does_not_fit(values, weights):
    with pytest.raises(DataError):
        smaa(values, draws=10, seed=1, weights=weights)


@settings(max_examples=30, deadline=None)
@given(
    st.integers(2, 6).flatmap(
        lambda m: st.lists(
            st.lists(st.integers(0, 20).map(lambda x: x / 20), min_size=m, max_size=m),
            min_size=2, max_size=8,
        )
    ),
    st.integers(0, 2**32),
)  # fmt: skip
def test_smaa_laws(values, seed):
    dominated = [[x * 0.9 for x in values[0]], *values]
    trust = smaa(dominated, draws=200, seed=seed)
    np.testing.assert_allclose(trust.acceptability.sum(axis=1), 1)
    np.testing.assert_allclose(trust.acceptability.sum(axis=0), 1)
    assert bytes_of(trust) == bytes_of(smaa(dominated, draws=200, seed=seed))
    # What is dominated never comes first, unless nothing tells it apart: then the order of rows.
    if any(x > 0 for x in values[0]):
        assert trust.acceptability[0, 0] == 0


# Weights


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(1, 4), min_size=2, max_size=7), st.integers(0, 2**32))
def test_ordinal_weights_keep_the_order(order, seed):
    drawn = robustness.ordinal_weights(order, draws=50, seed=seed)
    np.testing.assert_allclose(drawn.sum(axis=1), 1)
    for i, a in enumerate(order):
        for j, b in enumerate(order):
            if a < b:
                assert (drawn[:, i] >= drawn[:, j]).all()


def test_ordinal_weights_leave_ties_open_and_average_to_the_centroid():
    drawn = robustness.ordinal_weights([1, 2, 3], draws=DRAWS, seed=1)
    # Rank-order centroid of three: (1 + 1/2 + 1/3) / 3, (1/2 + 1/3) / 3, (1/3) / 3.
    np.testing.assert_allclose(drawn.mean(axis=0), [11 / 18, 5 / 18, 2 / 18], atol=0.005)
    tied = robustness.ordinal_weights([1, 1], draws=DRAWS, seed=1)
    assert within_three_errors((tied[:, 0] > tied[:, 1]).mean(), 0.5)


def test_dirichlet_weights_have_the_declared_mean_and_spread():
    centre = np.array([0.5, 0.3, 0.2, 0.0])
    drawn = robustness.dirichlet_weights(centre, draws=DRAWS, seed=2, concentration=60)
    np.testing.assert_allclose(drawn.mean(axis=0), centre, atol=0.002)
    np.testing.assert_allclose(drawn.std(axis=0), np.sqrt(centre * (1 - centre) / 61), atol=0.002)
    np.testing.assert_allclose(drawn.sum(axis=1), 1)
    assert (drawn[:, 3] == 0).all()


@pytest.mark.parametrize(("weights", "concentration"), [([-1, 2], 10), ([0, 0], 10), ([1, 1], 0)])
def test_dirichlet_weights_refuse_nonsense(weights, concentration):
    with pytest.raises(DataError):
        robustness.dirichlet_weights(weights, draws=5, seed=1, concentration=concentration)


# Draws of a ranking


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32))
def test_without_doubt_the_official_ranking_is_certain(seed):
    readings = table(seed)
    official = score(readings, CRITERIA)
    trust = rank_draws(readings, CRITERIA, doubt=EXACT, k=3, seed=seed)
    assert trust.sources == ()
    ranked = official.rank > 0
    np.testing.assert_array_equal(trust.rank_low, official.rank)
    np.testing.assert_array_equal(trust.rank_high, official.rank)
    np.testing.assert_array_equal(trust.expected_rank[ranked], official.rank[ranked])
    np.testing.assert_array_equal(trust.prob_top_k, ranked & (official.rank <= 3))
    assert np.isnan(trust.expected_rank[~ranked]).all()


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 14))
def test_laws_of_rank_draws(seed, k):
    readings = table(seed)
    ranked = score(readings, CRITERIA).rank > 0
    trust = rank_draws(readings, CRITERIA, doubt=EVERYTHING, k=k, seed=seed)
    np.testing.assert_allclose(trust.acceptability.sum(axis=1), ranked)
    np.testing.assert_allclose(trust.acceptability.sum(axis=0), 1)
    assert trust.prob_top_k.sum() == pytest.approx(min(k, ranked.sum()))
    assert (trust.rank_low[ranked] >= 1).all()
    assert (trust.rank_low <= trust.rank_high).all()
    in_interval = [
        row[low - 1 : high].sum()
        for row, low, high in zip(
            trust.acceptability[ranked],
            trust.rank_low[ranked],
            trust.rank_high[ranked],
            strict=True,
        )
    ]
    assert min(in_interval) >= 0.9 - 1e-9
    ever = trust.prob_top_k > 0
    np.testing.assert_allclose(trust.central_weights[ever].sum(axis=1), 1)
    assert np.isnan(trust.central_weights[~ever]).all()
    again = rank_draws(readings, CRITERIA, doubt=EVERYTHING, k=k, seed=seed)
    assert bytes_of(trust) == bytes_of(again)


def test_another_seed_gives_other_draws():
    one, two = (
        rank_draws(table(), CRITERIA, doubt=EVERYTHING, k=3, seed=seed).expected_rank
        for seed in (1, 2)
    )
    assert not np.array_equal(one, two, equal_nan=True)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32))
def test_a_dominated_site_never_comes_before_its_dominator(seed):
    rng = np.random.default_rng(seed)
    criteria = without_rules()
    better = rng.uniform(0, 30, 3)
    worse = better + np.array(
        [5.0, 2.0, -1.0]
    )  # farther from port and rail, nearer to the protected area
    readings = PerformanceTable.of([worse, better], [c.id for c in criteria.criteria])
    for weights in ("dirichlet", "ordinal"):
        doubt = replace(EVERYTHING, spread=None, position=False, weights=weights)
        assert rank_draws(readings, criteria, doubt=doubt, k=1, seed=seed).prob_top_k[0] == 0


def test_row_order_and_other_sources_leave_the_draws_of_a_source_alone():
    readings = table()
    trust = rank_draws(readings, CRITERIA, doubt=EVERYTHING, k=4, seed=7)
    turned = np.arange(12)[::-1]
    flipped = PerformanceTable(
        readings.place_ids[turned], readings.column_ids, readings.units, readings.values[turned],
        readings.lower[turned], readings.upper[turned], readings.source_ids,
    )  # fmt: skip
    other = rank_draws(flipped, CRITERIA, doubt=EVERYTHING, k=4, seed=7)
    np.testing.assert_array_equal(other.prob_top_k[turned], trust.prob_top_k)

    whole, part = (model_of(readings, CRITERIA, doubt=d) for d in (EVERYTHING, ONLY_WEIGHTS))
    np.testing.assert_array_equal(
        draw(whole, 7, block=0, size=20).weights, draw(part, 7, block=0, size=20).weights
    )


def test_drawn_values_stay_within_what_positions_allow():
    readings = table(3)
    model = model_of(readings, CRITERIA, doubt=replace(EVERYTHING, spread=None))
    columns = drawn_values(model, draw(model, 1, block=0, size=500))
    for j, criterion in enumerate(CRITERIA.criteria):
        worst, best = value_range(
            readings.lower[model.rows, j], readings.upper[model.rows, j], criterion.knots
        )
        known = ~model.unknown[j]
        assert (columns[j][:, known] >= worst[known] - 1e-6).all()
        assert (columns[j][:, known] <= best[known] + 1e-6).all()
        assert np.ptp(columns[j], axis=0).max() > 0.02


def test_one_displacement_moves_all_readings_of_a_site():
    readings = table(3)
    model = model_of(readings, CRITERIA, doubt=replace(EVERYTHING, spread=None))
    shift = draw(model, 1, block=0, size=20_000).shift[:, :, 0].astype(float)
    # Uniform over a disc, seen along a line: variance 1/4; the lengths are shared, the bearings
    # are not, so squares go together while the shifts themselves do not.
    np.testing.assert_allclose(shift.var(axis=1), 0.25, atol=0.01)
    assert abs(np.corrcoef(shift)[0, 1]) < 0.03
    assert np.corrcoef(shift**2)[0, 1] > 0.1


def test_data_errors_have_the_declared_mean_and_spread():
    criteria = without_rules()
    readings = PerformanceTable.of([[50.0, 25.0, 15.0]] * 2, [c.id for c in criteria.criteria])
    spread = np.array([[0.1, 0.0, 0.05]] * 2)
    doubt = Doubt(spread=spread, position=False)
    model = model_of(readings, criteria, doubt=doubt)
    columns = drawn_values(model, draw(model, 1, block=0, size=50_000))
    ports = 100 * (1 - columns[0])
    assert ports.mean() == pytest.approx(50, abs=0.1)
    assert ports.std() == pytest.approx(5, abs=0.1)
    np.testing.assert_array_equal(columns[1], 0.5)


def test_what_is_unknown_may_have_any_value():
    criteria = without_rules()
    rows = [[10.0, 10.0, 25.0], [10.0, np.nan, 25.0]]
    readings = PerformanceTable.of(rows, [c.id for c in criteria.criteria])
    doubt = replace(EXACT, data=True, draws=DRAWS)
    trust = rank_draws(readings, criteria, doubt=doubt, k=1, seed=1)
    # The known one has the value 0.8, so the unknown one, alike elsewhere, wins in a fifth.
    assert within_three_errors(trust.prob_top_k, [0.8, 0.2])


def test_infinite_readings_stay_out_of_reach():
    criteria = without_rules()
    rows = np.array([[np.inf, 10.0, 25.0], [50.0, 10.0, 25.0]])
    lower, upper = rows.copy(), rows.copy()
    lower[:, 1], upper[:, 1] = 5.0, np.inf
    exact = PerformanceTable.of(rows, [c.id for c in criteria.criteria])
    readings = replace(exact, lower=lower, upper=upper)
    doubt = Doubt(spread=np.full((2, 3), 0.3), draws=300)
    model = model_of(readings, criteria, doubt=doubt)
    columns = drawn_values(model, draw(model, 1, block=0, size=300))
    np.testing.assert_array_equal(columns[0][:, 0], 0)
    assert all(np.isfinite(column).all() for column in columns)


@pytest.mark.parametrize("data", [True, False])
def test_methods_are_those_of_the_methods_module(data):
    readings = table(4)
    doubt = replace(EVERYTHING, data=data, spread=None, position=False)
    model = model_of(readings, CRITERIA, doubt=doubt)
    draws = draw(model, 2, block=0, size=60)
    columns = drawn_values(model, draws)
    scores = drawn_scores(model, draws, columns)
    assert model.unknown.any()
    assert set(draws.method) == {0, 1, 2}
    assert (draws.alpha >= 0.5).all()
    assert (draws.alpha <= 2).all()
    for d in range(60):
        for i in range(len(model.rows)):
            known = np.full(3, data) | ~model.unknown[:, i]
            values = np.array([c[i] if c.ndim == 1 else c[d, i] for c in columns])[known]
            weights = draws.weights[d][known]
            expected = (
                methods.weighted_mean([values], weights),
                methods.weighted_geometric([np.maximum(values, 0.01)], weights),
                methods.owa([values], weights, alpha=float(draws.alpha[d])),
            )[draws.method[d]][0]
            assert scores[d, i] == pytest.approx(expected, abs=1e-12)


def test_interval_covers_the_truth_as_often_as_it_says():
    # Truths made without the module: weights, readings and scores by plain numpy.
    criteria, rng = without_rules(), np.random.default_rng(11)
    n, spread, concentration = 120, 0.25, 30.0
    rows = rng.uniform([5, 5, 2], [95, 48, 28], (n, 3))
    readings = PerformanceTable.of(rows, [c.id for c in criteria.criteria])
    doubt = Doubt(
        concentration=concentration, methods=("weighted_mean",), spread=np.full((n, 3), spread),
        draws=4000,
    )  # fmt: skip
    trust = rank_draws(readings, criteria, doubt=doubt, k=13, seed=1)
    shares = np.array([0.42, 0.18, 0.4])
    sigma = np.sqrt(np.log(1 + spread**2))
    covered, truths = 0, 200
    for _ in range(truths):
        weights = rng.dirichlet(concentration * shares)
        true = rows * rng.lognormal(-(sigma**2) / 2, sigma, rows.shape)
        values = np.column_stack(
            [value(true[:, j], c.knots) for j, c in enumerate(criteria.criteria)]
        )
        rank = 1 + np.argsort(np.argsort(-(values @ weights)))
        covered += int(((trust.rank_low <= rank) & (rank <= trust.rank_high)).sum())
    assert 0.88 <= covered / (truths * n) <= 0.92


def test_only_what_competes_is_ranked():
    readings = table()
    ranked = np.zeros(12, dtype=bool)
    ranked[[2, 5, 7]] = True
    trust = rank_draws(readings, CRITERIA, doubt=EVERYTHING, ranked=ranked, k=2, seed=1)
    assert trust.acceptability.shape == (12, 3)
    assert (trust.acceptability[~ranked] == 0).all()
    assert trust.prob_top_k.sum() == pytest.approx(2)


def test_confidence_factors():
    readings = table(1)
    certain = replace(ONLY_WEIGHTS, draws=200)
    trust = rank_draws(readings, CRITERIA, doubt=certain, k=3, seed=1)
    factors = robustness.confidence_factors(readings, CRITERIA, trust, doubt=certain, seed=2)
    # With exact data central weights either carry a place onto the list or do not.
    assert set(factors) <= {0.0, 1.0}
    assert (factors[trust.prob_top_k == 1] == 1).all()
    assert (factors[trust.prob_top_k == 0] == 0).all()
    doubtful = replace(EVERYTHING, draws=200)
    trust = rank_draws(readings, CRITERIA, doubt=doubtful, k=3, seed=1)
    factors = robustness.confidence_factors(readings, CRITERIA, trust, doubt=doubtful, seed=2)
    assert ((factors > 0) & (factors < 1)).any()


@pytest.mark.parametrize(
    "wrong",
    [
        {"doubt": replace(EXACT, spread=np.zeros((2, 2)))},
        {"doubt": replace(EXACT, spread=np.full((12, 3), -0.1))},
        {"doubt": replace(EXACT, draws=0)},
        {"ranked": np.zeros(12, dtype=bool)},
    ],
)
def test_rank_draws_refuses_what_does_not_fit(wrong):
    with pytest.raises(DataError):
        rank_draws(table(), CRITERIA, seed=1, **wrong)


# The closed form for maps


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32), st.floats(2, 200))
def test_closed_form_meets_the_draws(seed, concentration):
    rng = np.random.default_rng(seed)
    values = rng.uniform(size=(6, 4))
    values[rng.uniform(size=(6, 4)) < 0.25] = np.nan
    values[0] = np.nan
    weights = rng.uniform(0.1, 1, 4)
    mean, sd = robustness.score_under_doubt(values, weights, concentration=concentration)
    drawn = robustness.dirichlet_weights(
        weights, draws=20_000, seed=seed, concentration=concentration
    )
    known = ~np.isnan(values[1:])
    share = np.maximum(drawn @ known.T, 1e-12)
    scores = drawn @ np.nan_to_num(values[1:]).T / share
    # The mean of conditional shares is exact too: the part is independent of its sum.
    some = known.any(axis=1)
    np.testing.assert_allclose(scores.mean(axis=0)[some], mean[1:][some], atol=0.015)
    np.testing.assert_allclose(scores.std(axis=0)[some], sd[1:][some], atol=0.015)
    assert np.isnan(mean[0])
    assert np.isnan(sd[0])


def test_closed_form_mean_is_the_score():
    readings = table(2)
    official = score(readings, CRITERIA)
    mean, sd = robustness.score_under_doubt(official.values, official.weights)
    np.testing.assert_allclose(mean, official.score, rtol=1e-12)
    assert (sd[official.known == 1] > 0).all()
