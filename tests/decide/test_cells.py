"""The law on cells is the law: the same score, known share and spread, with numba and without."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from siteselect.decide import cells
from siteselect.decide.robustness import score_under_doubt
from siteselect.decide.score import criterion_weights, score
from siteselect.declared.criteria import named

COMPILED = cells.kernels()
CRITERIA = named("petrochemical")


@pytest.fixture(params=["compiled", "numpy"])
def kernel(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways of working; where numba is absent only one is left."""
    if request.param == "compiled" and COMPILED is None:
        pytest.skip("numba is not installed")
    chosen = COMPILED if request.param == "compiled" else None
    monkeypatch.setattr(cells, "kernels", lambda: chosen)


def readings(seed: int, n: int) -> np.ndarray:
    """Readings within, at and beyond the knots, some unknown, some infinite."""
    rng = np.random.default_rng(seed)
    high = np.array([c.knots[-1][0] for c in CRITERIA.criteria])
    drawn = rng.uniform(-0.3, 1.4, (len(high), n)) * high[:, None]
    at = np.array([c.knots[rng.integers(len(c.knots))][0] for c in CRITERIA.criteria])
    drawn = np.where(rng.uniform(size=drawn.shape) < 0.1, at[:, None], drawn)
    drawn[rng.uniform(size=drawn.shape) < 0.2] = np.nan
    drawn[rng.uniform(size=drawn.shape) < 0.02] = np.inf
    drawn[:, rng.uniform(size=n) < 0.1] = np.nan
    return drawn


@pytest.mark.usefixtures("kernel")
@pytest.mark.parametrize("n", [0, 1, 1023, 1025, 9000])
def test_a_cell_gets_the_score_of_a_site(n: int) -> None:
    drawn = readings(n, n)
    got = cells.weigh(drawn, CRITERIA)
    at_once = score(drawn.T.reshape(n, -1), CRITERIA, bounds=False) if n else None
    assert got.shape == (2, n)
    if at_once is not None:
        np.testing.assert_allclose(got[0], at_once.score, rtol=1e-6)
        np.testing.assert_allclose(got[1], at_once.known, rtol=1e-6)


@pytest.mark.usefixtures("kernel")
@given(st.integers(0, 2**32 - 1), st.floats(0.0, 500.0))
def test_the_spread_is_that_of_its_definition(seed: int, concentration: float) -> None:
    drawn = readings(seed, 50)
    got = cells.weigh(drawn, CRITERIA, concentration=concentration)
    values = score(drawn.T, CRITERIA, bounds=False).values
    weights = criterion_weights(CRITERIA)
    mean, spread = score_under_doubt(values, weights, concentration=concentration)
    np.testing.assert_allclose(got[0], mean, rtol=1e-6)
    np.testing.assert_allclose(got[2], spread, rtol=1e-5, atol=1e-7)


def test_both_ways_of_working_agree_to_the_last_bit_that_is_kept() -> None:
    if COMPILED is None:
        pytest.skip("numba is not installed")
    drawn = readings(5, 3000)
    one = cells.weigh(drawn, CRITERIA, concentration=60.0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cells, "kernels", lambda: None)
        other = cells.weigh(drawn, CRITERIA, concentration=60.0)
    np.testing.assert_allclose(one, other, rtol=2.4e-7, atol=1e-9)
