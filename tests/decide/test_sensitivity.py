from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from siteselect.base.errors import DataError
from siteselect.decide.doubt import Doubt
from siteselect.decide.score import score
from siteselect.decide.sensitivity import drivers, flips, sobol, weight_flip
from tests.toy import criteria_set, site_frame, table_of

# Sobol indices in closed form


def test_sobol_of_ishigami():
    # Ishigami and Homma (1990) with a = 7, b = 0.1.
    def model(x):
        return np.sin(x[:, 0]) + 7 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0])

    indices = sobol(model, [(-np.pi, np.pi)] * 3, n=8192, seed=1)
    np.testing.assert_allclose(indices.first, [0.313905, 0.442411, 0.0], atol=0.02)
    np.testing.assert_allclose(indices.total, [0.557589, 0.442411, 0.243684], atol=0.02)


def test_sobol_of_the_g_function():
    # Saltelli and Sobol (1995): partial variances 1 / (3 (1 + a)^2), product form.
    a = np.array([0.0, 1.0, 4.5, 9.0, 99.0])
    part = 1 / (3 * (1 + a) ** 2)
    variance = np.prod(1 + part) - 1
    total = part * np.prod(1 + part) / (1 + part) / variance

    def model(x):
        return np.prod((np.abs(4 * x - 2) + a) / (1 + a), axis=1)

    indices = sobol(model, [(0, 1)] * 5, n=8192, seed=2)
    np.testing.assert_allclose(indices.first, part / variance, atol=0.02)
    np.testing.assert_allclose(indices.total, total, atol=0.02)


def test_sobol_of_a_weighted_sum():
    # No interactions: the share of w^2 var; ranges sqrt(12) sd wide.
    weights, sd = np.array([0.4, 0.3, 0.2, 0.1]), np.array([1.0, 2.0, 1.0, 3.0])
    bounds = [(0.0, np.sqrt(12) * s) for s in sd]
    indices = sobol(lambda x: x @ weights, bounds, n=4096, seed=3)
    exact = [0.24615385, 0.55384615, 0.06153846, 0.13846154]
    np.testing.assert_allclose(indices.first, exact, atol=0.02)
    np.testing.assert_allclose(indices.total, exact, atol=0.02)


def test_sobol_is_repeatable_and_quiet_about_constants():
    one, two = (sobol(lambda x: x[:, 0] ** 2, [(0, 1)] * 2, n=64, seed=5) for _ in range(2))
    assert one.first.tobytes() == two.first.tobytes()
    still = sobol(lambda x: np.ones(len(x)), [(0, 1)] * 2, n=64, seed=5)
    assert still.first.tolist() == still.total.tolist() == [0, 0]


@pytest.mark.parametrize(("n", "bounds"), [(100, [(0, 1)]), (0, [(0, 1)]), (64, [(1, 1)])])
def test_sobol_refuses_what_does_not_fit(n, bounds):
    with pytest.raises(DataError):
        sobol(lambda x: x[:, 0], bounds, n=n, seed=1)
    with pytest.raises(DataError, match="shape"):
        sobol(lambda x: x, [(0, 1)], n=64, seed=1)


@pytest.mark.parametrize("bounds", [[], [1, 2], [(0, 1, 2)], [(0, np.inf)], [(np.nan, 1)]])
def test_sobol_names_bounds_that_are_none(bounds):
    with pytest.raises(DataError, match="bounds are a finite"):
        sobol(lambda x: x[:, 0], bounds, n=8, seed=1)


def test_sobol_does_not_take_an_unknown_output_for_one_that_does_not_vary():
    with pytest.raises(DataError, match="no finite number for 8 inputs, one at 0"):
        sobol(lambda x: np.full(len(x), np.nan), [(0, 1)], n=8, seed=1)
    with pytest.raises(DataError, match="no finite number"):
        sobol(lambda x: np.where(x[:, 0] > 0.5, np.inf, x[:, 0]), [(0, 1)], n=64, seed=1)


# Weight flips


def nearest_by_slsqp(weights, gain):
    found = minimize(
        lambda w: ((w - weights) ** 2).sum(), np.full(len(weights), 1 / len(weights)),
        jac=lambda w: 2 * (w - weights), bounds=[(0, 1)] * len(weights), method="SLSQP",
        constraints=[{"type": "eq", "fun": lambda w: w.sum() - 1},
                     {"type": "ineq", "fun": lambda w: gain @ w}],
        options={"ftol": 1e-14, "maxiter": 500},
    )  # fmt: skip
    return np.sqrt(found.fun) if found.success else None


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.integers(2, 8))
def test_weight_flip_is_the_nearest_point(seed, m):
    rng = np.random.default_rng(seed)
    values, weights = rng.uniform(size=(2, m)), rng.dirichlet(np.ones(m))
    a, b = (0, 1) if values[0] @ weights >= values[1] @ weights else (1, 0)
    flip = weight_flip(values, weights, a=a, b=b)
    gain = values[b] - values[a]
    if gain.max() <= 0:
        assert np.isinf(flip.distance)
        return
    assert flip.weights.sum() == pytest.approx(1)
    assert (flip.weights >= 0).all()
    assert gain @ flip.weights == pytest.approx(0, abs=1e-9)
    assert flip.distance == pytest.approx(np.linalg.norm(flip.weights - weights), abs=1e-12)
    assert flip.points == pytest.approx(50 * np.abs(flip.weights - weights).sum(), abs=1e-9)
    other = nearest_by_slsqp(weights, gain)
    assume(other is not None)
    assert flip.distance <= other + 1e-6


def test_weight_flip_by_hand():
    # Two criteria: level at (0.5, 0.5), so ten points move, sqrt(2) x 0.1 away.
    flip = weight_flip([[1.0, 0.0], [0.0, 1.0]], [0.6, 0.4], a=0, b=1)
    np.testing.assert_allclose(flip.weights, [0.5, 0.5])
    assert (flip.points, flip.distance) == pytest.approx((10, 0.1 * np.sqrt(2)))
    # The nearest point of the line would leave the simplex: the third weight stops at 0.
    edge = weight_flip([[0.9, 0.0, 1.0], [0.0, 0.1, 0.0]], [0.5, 0.4, 0.1], a=0, b=1)
    np.testing.assert_allclose(edge.weights, [0.1, 0.9, 0.0], atol=1e-12)


def test_weight_flip_knows_the_impossible_and_the_done():
    impossible = weight_flip([[1.0, 0.5], [0.5, 0.5]], [0.5, 0.5], a=0, b=1)
    assert np.isinf(impossible.distance)
    assert np.isinf(impossible.points)
    assert np.isnan(impossible.weights).all()
    done = weight_flip([[0.1, 0.1], [0.9, 0.9]], [3, 1], a=0, b=1)
    assert (done.distance, done.points, done.weights.tolist()) == (0, 0, [0.75, 0.25])


@pytest.mark.parametrize(
    ("values", "weights"),
    [([[np.nan, 1], [0, 1]], [1, 1]), ([[1, 1], [0, 1]], [1, 1, 1]), ([[1, 1], [0, 1]], [-1, 2])],
)
def test_weight_flip_refuses_what_does_not_fit(values, weights):
    with pytest.raises(DataError):
        weight_flip(values, weights, a=0, b=1)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32))
def test_flips_of_a_ranking(seed):
    rng = np.random.default_rng(seed)
    values, weights = rng.uniform(size=(7, 3)), rng.dirichlet(np.ones(3))
    scores = values @ weights
    rank = 1 + np.argsort(np.argsort(-scores))
    rank[rank == 7] = 0
    law = SimpleNamespace(values=values, weights=weights, score=scores, rank=rank)
    found = flips(law, k=2)
    order = np.argsort(-scores)[:6]
    assert [found.before.tolist(), found.behind.tolist()] == [
        order[:-1].tolist(),
        order[1:].tolist(),
    ]
    for a, b, distance in zip(found.before, found.behind, found.distance, strict=True):
        assert distance == pytest.approx(weight_flip(values, weights, a=a, b=b).distance)
    nearest = min(
        weight_flip(values, weights, a=a, b=b).distance for a in order[:2] for b in order[2:]
    )
    if found.edge is None:
        assert np.isinf(nearest)
    else:
        assert found.edge_flip.distance == pytest.approx(nearest)
        assert found.edge[0] in order[:2]
        assert found.edge[1] in order[2:]
    assert flips(law, k=6).edge is None


def test_flips_take_unknown_values_at_the_score_of_the_place():
    criteria, frame = criteria_set(), site_frame(30, 4)
    law = score(table_of(frame, criteria, 4), criteria)
    found = flips(law, k=5)
    assert np.isnan(law.values[law.rank > 0]).any()
    assert len(found.distance) == (law.rank > 0).sum() - 1
    assert (found.distance >= 0).all()
    assert np.isfinite(found.points[np.isfinite(found.distance)]).all()


# Drivers of a ranking


def table_and_criteria():
    criteria = criteria_set()
    return table_of(site_frame(30, 1), criteria, 1), criteria


STILL = Doubt(weights="declared", methods=("weighted_mean",), data=False, position=False, draws=200)


@pytest.mark.parametrize(
    ("source", "change"),
    [
        (0, {"weights": "dirichlet", "concentration": 10.0}),
        (1, {"methods": ("weighted_mean", "weighted_geometric")}),
        (2, {"data": True}),
        (3, {"position": True}),
    ],
)
def test_a_single_source_of_doubt_drives_everything(source, change):
    table, criteria = table_and_criteria()
    found = drivers(table, criteria, doubt=replace(STILL, **change), k=8, seed=1)
    alone = np.zeros(4)
    alone[source] = 1
    for indices in (found.ranks, found.listed):
        np.testing.assert_allclose(indices.first, alone, atol=1e-12)
        np.testing.assert_allclose(indices.total, alone, atol=1e-12)
    assert found.sources == ("weights", "method", "data", "position")


def test_no_doubt_has_no_driver():
    table, criteria = table_and_criteria()
    found = drivers(table, criteria, doubt=STILL, k=5, seed=1)
    assert not np.concatenate([found.ranks.first, found.ranks.total]).any()


def test_drivers_follow_the_size_of_the_doubt():
    table, criteria = table_and_criteria()
    spread = np.full((30, 3), 0.05)
    doubt = Doubt(weights="dirichlet", methods=("weighted_mean",), spread=spread, draws=1500)
    unsure = drivers(table, criteria, doubt=replace(doubt, concentration=4.0), k=5, seed=1)
    sure = drivers(table, criteria, doubt=replace(doubt, concentration=400.0), k=5, seed=1)
    assert unsure.ranks.total[0] > sure.ranks.total[0] + 0.2
    assert sure.ranks.total[2] > unsure.ranks.total[2]
    for found in (unsure, sure):
        # Totals hold the interactions, firsts do not; both up to the noise of the draws.
        assert (found.ranks.total >= found.ranks.first - 0.05).all()
        assert found.ranks.first.sum() <= 1.05
        assert found.ranks.total.sum() >= 0.95
        assert found.ranks.total[1] == 0
    again = drivers(table, criteria, doubt=replace(doubt, concentration=4.0), k=5, seed=1)
    assert again.ranks.total.tobytes() == unsure.ranks.total.tobytes()
