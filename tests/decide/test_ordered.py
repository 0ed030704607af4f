"""Ordered means of many rows are those of few, compiled or not."""

import sys
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from siteselect.decide import methods, ordered

SEEDS = st.integers(0, 2**32 - 1)


def slow(row: np.ndarray, shares: np.ndarray, risk: np.ndarray | None, alpha: float) -> float:
    """The mean as the docstring of `methods.owa` writes it down, for one row."""
    order = sorted(range(len(row)), key=lambda j: -row[j])  # stable, as both ways must be
    z, u = row[order], shares[order]
    if risk is not None:
        return float((u * risk * z).sum() / (u * risk).sum())
    reached = np.minimum(np.cumsum(u) / u.sum(), 1.0)
    reached[reached > 1 - 1e-12] = 1.0
    share = np.where(reached > 0, reached**alpha, 0.0)
    return float(np.diff(share, prepend=0.0) @ z)


@given(SEEDS, st.sampled_from([0.0, 0.3, 0.5, 1.0, 2.0, 7.5, np.inf]), st.integers(1, 40))
def test_every_way_of_working_gives_the_definition(seed: int, alpha: float, piece: int) -> None:
    rng = np.random.default_rng(seed)
    n, m = rng.integers(1, 300), rng.integers(1, 9)
    values = rng.normal(size=(n, m)).round(rng.integers(0, 3))  # with ties, which must stay put
    shares = rng.uniform(0.1, 1, m)
    risk = rng.uniform(0.1, 1, m) if rng.uniform() < 0.5 else None
    if risk is None and m > 1:
        shares[0] = 0.0
    shares /= shares.sum()
    expected = [slow(row, shares, risk, alpha) for row in values]
    for many in (0, 1 << 30):
        with patch.object(ordered, "MANY", many), patch.object(ordered, "PIECE", piece):
            found = ordered.ordered_mean(values, shares, risk=risk, alpha=alpha)
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


def test_many_rows_are_read_as_each_alone() -> None:
    rng = np.random.default_rng(1)
    values = np.asfortranarray(rng.uniform(size=(ordered.MANY + 7, 12)))
    weights = rng.uniform(size=12)
    for wish in ({"alpha": 2.0}, {"order_weights": np.arange(12, 0, -1)}):
        whole = methods.owa(values, weights, **wish)
        for i in (0, 127, 128, ordered.MANY + 6):
            alone = methods.owa(values[i], weights, **wish)
            assert whole[i] == pytest.approx(alone[0], rel=1e-12)


def test_the_compiled_kernels_are_at_hand_or_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "siteselect.decide.kernels", None)
    monkeypatch.delattr("siteselect.decide.kernels", raising=False)
    assert ordered.kernels.__wrapped__() is None
