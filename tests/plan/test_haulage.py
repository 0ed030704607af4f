"""The cheapest flows of one material, and the prices that bound those of any other choice."""

from itertools import combinations

import numpy as np
import pytest
from scipy.optimize import linprog

from siteselect.plan.haulage import Trade, ship

SITES, K = 6, 3


def small_trade(seed: int, plenty: float) -> Trade:
    """Sources with so much more than is wanted in all, at every site an option that takes."""
    rng = np.random.default_rng(seed)
    want = rng.uniform(10, 100, SITES).round()
    cap = rng.uniform(0.5, 1.5, 3)
    cap *= plenty * want.sum() / cap.sum()
    none = np.zeros(SITES)
    apart = np.full((SITES, SITES), np.inf)
    cost = rng.uniform(5, 60, (3, SITES)).round(1)
    return Trade("sulphur", want, none, cap, ("a", "b", "c"), cost, apart)


def cheapest(trade: Trade, picks: np.ndarray) -> float | None:
    """The same by a programme over every pair of origin and taker; None if it cannot be done."""
    cost, want = trade.cost[:, picks], trade.want[picks]
    origins, takers = cost.shape
    found = linprog(
        cost.ravel(),
        A_ub=np.kron(np.eye(origins), np.ones(takers)),
        b_ub=trade.cap,
        A_eq=np.kron(np.ones(origins), np.eye(takers)),
        b_eq=want,
    )
    return float(found.fun) if found.status == 0 else None


@pytest.mark.parametrize("plenty", [0.8, 1.1, 4.0])
@pytest.mark.parametrize("seed", range(12))
def test_flows_are_the_cheapest_and_prices_bound_every_other_choice(
    seed: int, plenty: float
) -> None:
    trade, site = small_trade(seed, plenty), np.arange(SITES)
    best = {
        picks: cost
        for picks in combinations(range(SITES), K)
        if (cost := cheapest(trade, np.array(picks))) is not None
    }
    assert best
    for picks, cost in best.items():
        found = ship(trade, site, np.array(picks))
        assert found.cost == pytest.approx(cost, rel=1e-6)
        np.testing.assert_allclose(found.flow.sum(axis=0), trade.want[list(picks)])
        assert (found.flow.sum(axis=1) <= trade.cap * (1 + 1e-6)).all()
        for other, least in best.items():
            bound = found.each[list(other)].sum() - found.fixed
            assert bound <= least * (1 + 1e-6)
        assert found.each[list(picks)].sum() - found.fixed == pytest.approx(cost, rel=1e-6)
