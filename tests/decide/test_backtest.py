"""A backtest is the chance that places that exist score higher than ground, by its definition."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from siteselect.base.errors import DataError
from siteselect.decide.robustness import BEST, backtest, outranked

NAN = float("nan")
levels = st.integers(0, 6).map(float)
scores = st.lists(levels | st.just(NAN), min_size=1, max_size=12)
known = st.lists(levels, min_size=1, max_size=12)


@given(known, st.lists(levels, min_size=1, max_size=30), scores)
def test_what_is_outranked_is_counted_pair_by_pair(
    places: list[float], ground: list[float], holes: list[float]
) -> None:
    unknown = [cell for cell in holes if np.isnan(cell)]
    counted = [np.mean([(p > g) + 0.5 * (p == g) for g in ground]) for p in places]
    np.testing.assert_allclose(outranked(places, [*ground, *unknown]), counted)


@given(known, known)
def test_turning_every_score_over_turns_the_answer_over(
    places: list[float], ground: list[float]
) -> None:
    over = outranked([-p for p in places], [-g for g in ground])
    np.testing.assert_allclose(over, 1 - outranked(places, ground))


@given(st.lists(st.tuples(st.integers(0, 100).map(lambda n: n / 100), st.integers(0, 4)),
                min_size=1, max_size=12), st.integers(1, 5))  # fmt: skip
def test_a_spot_counts_once_whatever_stands_there(
    plants: list[tuple[float, int]], often: int
) -> None:
    above, spots = [share for share, _ in plants], [spot for _, spot in plants]
    once = backtest(above, spots, seed=1, draws=50)
    again = backtest(above * often, spots * often, seed=1, draws=50)
    assert again.auc == pytest.approx(once.auc)
    assert (again.spots, again.best) == (once.spots, once.best)
    assert once.spots == len(set(spots))
    assert once.auc == pytest.approx(
        np.mean([np.mean([a for a, s in plants if s == spot]) for spot in set(spots)])
    )
    if once.spots > 1:
        assert min(above) - 1e-9 <= once.low <= once.high <= max(above) + 1e-9


def test_hits_are_spots_in_the_best_of_the_ground() -> None:
    found = backtest([0.99, 0.92, 0.85, 0.5], [0, 1, 2, 3], seed=1)
    assert [found.best[share] for share in BEST] == [0.25, 0.5, 0.75]


def test_the_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(7)
    held = 0
    for _ in range(400):
        found = backtest(rng.random(40), range(40), seed=1, draws=400)
        held += found.low <= 0.5 <= found.high
    assert 0.9 <= held / 400 <= 0.98


def test_one_spot_has_no_interval() -> None:
    found = backtest([0.9, 0.7], [3, 3], seed=1)
    assert found.auc == pytest.approx(0.8)
    assert np.isnan([found.low, found.high]).all()


def test_unknown_is_left_out_and_nothing_known_is_refused() -> None:
    assert backtest([0.9, NAN], [0, 1], seed=1).spots == 1
    with pytest.raises(DataError, match="no place has a score"):
        backtest([NAN], [0], seed=1)
    with pytest.raises(DataError, match="no ground has a score"):
        outranked([1.0], [NAN])
