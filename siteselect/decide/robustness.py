"""Robustness: how a ranking stands when all in doubt is drawn anew, and beside what exists."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from siteselect.base.errors import DataError
from siteselect.decide.doubt import (
    BLOCK,
    DEFAULT_DOUBT,
    Doubt,
    Model,
    best_first,
    dirichlet_weights,
    draw,
    drawn_scores,
    drawn_values,
    mean_of,
    model_of,
    ordinal_weights,
    stream,
    uniform_weights,
)
from siteselect.decide.sensitivity import drivers, flips, sobol, weight_flip
from siteselect.decide.table import Floats, PerformanceTable, unmasked
from siteselect.declared.criteria import CriteriaSet

# What a study of robustness is made of stands here under one name, wherever it is worked out.
__all__ = (
    "Backtest",
    "Doubt",
    "RankDraws",
    "Smaa",
    "backtest",
    "confidence_factors",
    "dirichlet_weights",
    "drivers",
    "flips",
    "ordinal_weights",
    "outranked",
    "rank_draws",
    "score_under_doubt",
    "smaa",
    "sobol",
    "uniform_weights",
    "weight_flip",
)

# Of a backtest: how much an interval holds, how often it is drawn, which shares of the ground count
# as its best.
LEVEL, SPOT_DRAWS, BEST = 0.95, 5000, (0.05, 0.1, 0.2)


@dataclass(frozen=True, slots=True)
class Smaa:
    """What the set of all possible weights says of alternatives.

    Parameters
    ----------
    acceptability : numpy.ndarray, shape (n, n)
        Share of the draws in which an alternative (row) takes a rank (column 0 = best).
    central_weights : numpy.ndarray, shape (n, m)
        Mean of the weights that put an alternative first; NaN if none does.
    confidence : numpy.ndarray, shape (n,)
        Probability that an alternative is first if its central weights hold; 0 if it has none.
    """

    acceptability: Floats
    central_weights: Floats
    confidence: Floats


def smaa(values: ArrayLike, *, draws: int, seed: int, weights: ArrayLike | None = None) -> Smaa:
    """Stochastic multicriteria acceptability analysis with the weighted mean (SMAA-2).

    Parameters
    ----------
    values : array_like, shape (n, m) or (n, m, 2)
        Values of the alternatives; or their lower and upper bounds, between which each is drawn
        uniformly.
    draws, seed : int
        How many draws of weights (and of values), and from which seed.
    weights : array_like, shape (draws, m) or (m,), optional
        Drawn weights, as of `dirichlet_weights` or `ordinal_weights`, or weights held fixed, each
        set normalised here; uniform on the simplex if not given.

    Returns
    -------
    Smaa

    Raises
    ------
    DataError
        If a value is unknown, the shapes disagree, there is no draw or no alternative, or weights
        are negative, unknown or all zero.

    Notes
    -----
    Equal scores rank in the order of the rows.

    References
    ----------
    Lahdelma and Salminen (2001), SMAA-2: stochastic multicriteria acceptability analysis for
    group decision making, Operations Research 49, 444-454.

    Examples
    --------
    >>> trust = smaa([[1.0, 0.0], [0.0, 1.0], [0.6, 0.6]], draws=40_000, seed=1)
    >>> trust.acceptability[:, 0].round(2)
    array([0.4, 0.4, 0.2])
    """
    low, high = _bounds(values)
    n, m = low.shape
    if draws < 1:
        raise DataError(f"SMAA needs a draw, got {draws}")
    drawn = _given(weights, draws, m, seed)
    counts, central = np.zeros((n, n)), np.zeros((n, m))
    step = max(1, BLOCK // (n * m))
    for block, start in enumerate(range(0, draws, step)):
        rows = drawn[start : start + step]
        order = best_first(mean_of(_between(low, high, len(rows), (seed, 1, block)), rows, None))
        _count(counts, order)
        np.add.at(central, order[:, 0], rows)
    first = counts[:, :1]
    with np.errstate(invalid="ignore"):
        central = central / first
    return Smaa(counts / draws, central, _confidence(low, high, central, draws, seed))


def _bounds(values: ArrayLike) -> tuple[Floats, Floats]:
    given = np.asarray(unmasked(values), dtype=np.float64)
    if given.ndim not in (2, 3) or given.shape[2:] not in ((), (2,)) or not given.size:
        raise DataError(f"values have shape (n, m) or (n, m, 2), got {given.shape}")
    if not np.isfinite(given).all():
        raise DataError("SMAA needs known values; give what is unknown the bounds 0 and 1")
    return (given, given) if given.ndim == 2 else (given[..., 0], given[..., 1])


def _given(weights: ArrayLike | None, draws: int, m: int, seed: int) -> Floats:
    if weights is None:
        return uniform_weights(m, draws=draws, seed=seed)
    given = np.asarray(weights, dtype=np.float64)
    if given.shape not in ((m,), (draws, m)):
        raise DataError(f"weights have shape ({m},) or ({draws}, {m}), got {given.shape}")
    total = given.sum(axis=-1, keepdims=True)
    if not ((given >= 0).all() and ((total > 0) & np.isfinite(total)).all()):
        raise DataError("weights must be known, not negative and not all zero")
    return np.broadcast_to(given / total, (draws, m))


def _between(low: Floats, high: Floats, draws: int, seed: tuple[int, ...]) -> list[Floats]:
    """Values by criterion: of shape (draws, n) where they are drawn, (n,) where they are exact."""
    generator = stream(*seed)
    return [
        a + (b - a) * generator.random((draws, len(a))) if (a != b).any() else a
        for a, b in zip(low.T, high.T, strict=True)
    ]


def _confidence(low: Floats, high: Floats, central: Floats, draws: int, seed: int) -> Floats:
    won = np.zeros(len(low))
    draws = draws if (low != high).any() else 1
    step = max(1, BLOCK // low.size)
    for i in np.flatnonzero(~np.isnan(central[:, 0])):
        for block, start in enumerate(range(0, draws, step)):
            size = min(step, draws - start)
            columns = _between(low, high, size, (seed, 2, block))
            held = np.broadcast_to(central[i], (size, low.shape[1]))
            won[i] += (best_first(mean_of(columns, held, None))[:, 0] == i).sum()
    return won / draws


@dataclass(frozen=True, slots=True)
class RankDraws:
    """How each place ranks when what is in doubt is drawn anew.

    Rows are those of the performance table; a place that is not ranked has zeros and NaN.

    Parameters
    ----------
    place_ids : numpy.ndarray, shape (n,)
        As in the performance table.
    k : int
        Length of the list.
    sources : tuple of str
        Sources of doubt that were drawn.
    prob_top_k : numpy.ndarray, shape (n,)
        Share of the draws in which the place is among the first k.
    rank_low, rank_high : numpy.ndarray of int64, shape (n,)
        Best and worst rank of the interval of the declared level, half of what it leaves out on
        either side.
    expected_rank : numpy.ndarray, shape (n,)
        Mean rank.
    acceptability : numpy.ndarray, shape (n, r)
        Share of the draws in which the place takes each of the r ranks.
    central_weights : numpy.ndarray, shape (n, m)
        Mean of the weights with which the place is among the first k; NaN if it never is.
    """

    place_ids: NDArray[np.generic]
    k: int
    sources: tuple[str, ...]
    prob_top_k: Floats
    rank_low: NDArray[np.int64]
    rank_high: NDArray[np.int64]
    expected_rank: Floats
    acceptability: Floats
    central_weights: Floats


def _count(counts: Floats, order: NDArray[np.int64]) -> None:
    ranks = np.arange(order.shape[1])
    for row in order:
        counts[row, ranks] += 1


def rank_draws(
    table: PerformanceTable,
    criteria: CriteriaSet,
    *,
    doubt: Doubt = DEFAULT_DOUBT,
    ranked: NDArray[np.bool_] | None = None,
    k: int = 13,
    seed: int,
) -> RankDraws:
    """Rank places again and again, with weights, method, data and positions drawn together.

    Parameters
    ----------
    table : PerformanceTable
        Readings of the places with their bounds.
    criteria : CriteriaSet
        Knots and declared weights.
    doubt : Doubt
        What is drawn, how far, and how often.
    ranked : numpy.ndarray of bool, shape (n,), optional
        Places that compete, such as ``scores.rank > 0``; by the law for cells if not given. The
        verdict of a place is not drawn.
    k : int
        Length of the list.
    seed : int
        The same seed gives the same draws, whichever other source of doubt is drawn.

    Returns
    -------
    RankDraws

    Raises
    ------
    DataError
        If no place competes, or the spread does not fit the table.

    Notes
    -----
    *Position*: in each draw a site is missed by one displacement, uniform over a disc, which
    moves all its readings together: its length is common, its bearing against the line to the
    nearest feature is drawn for each criterion, since the features lie in different directions
    that the table does not hold. A reading moves by length x cosine of the bearing towards its
    upper or lower bound. The bounds hold the accuracy of the features as well, whose errors thus
    count as part of the displacement.

    *Data*: each reading is multiplied by an independent log-normal error of mean 1 and the
    relative standard error of `Doubt.spread`; an unknown value is uniform in 0..1.

    Memory is bounded by blocks of draws, besides n x n counts.

    References
    ----------
    Lahdelma and Salminen (2001), SMAA-2, Operations Research 49, 444-454; Tervonen and Lahdelma
    (2007), Implementing stochastic multicriteria acceptability analysis, European Journal of
    Operational Research 178, 500-513; for maps: Ligmann-Zielinska and Jankowski (2014), Spatially
    explicit integrated uncertainty and sensitivity analysis of criteria weights, Environmental
    Modelling & Software 57, 235-247. Ordered weighted averaging with importance: Yager (1996),
    Quantifier guided aggregation using OWA operators, International Journal of Intelligent
    Systems 11, 49-73.

    Examples
    --------
    >>> from siteselect.base.files import home
    >>> from siteselect.declared.criteria import read_criteria
    >>> criteria = read_criteria(home() / "criteria" / "petrochemical.yaml")
    >>> rows = [[min(c.knots, key=lambda k: k[1])[0] for c in criteria.criteria],
    ...         [max(c.knots, key=lambda k: k[1])[0] for c in criteria.criteria]]
    >>> table = PerformanceTable.of(rows, [c.id for c in criteria.criteria])
    >>> rank_draws(table, criteria, doubt=Doubt(draws=100), k=1, seed=1).prob_top_k
    array([0., 1.])
    """
    model = model_of(table, criteria, doubt=doubt, ranked=ranked)
    n, m = len(model.rows), len(model.weights)
    counts, central = np.zeros((n, n)), np.zeros((n, m))
    for block, size in model.blocks():
        draws = draw(model, seed, block=block, size=size)
        order = best_first(drawn_scores(model, draws, drawn_values(model, draws)))
        _count(counts, order)
        # Summed one by one: a matrix product may add in another order on another machine.
        np.add.at(central, order[:, :k], draws.weights[:, None, :])
    return _summary(table, model, counts, central, k)


def _summary(
    table: PerformanceTable, model: Model, counts: Floats, central: Floats, k: int
) -> RankDraws:
    n, draws = len(table.place_ids), model.doubt.draws
    cumulated = np.cumsum(counts, axis=1)
    inside = cumulated[:, min(k, counts.shape[1]) - 1]
    tail = draws * (1 - model.doubt.level) / 2
    with np.errstate(invalid="ignore"):
        central = np.where(inside[:, None] > 0, central / inside[:, None], np.nan)

    def whole(rows: Floats, blank: float = 0.0) -> Floats:
        filled = np.full((n, *rows.shape[1:]), blank)
        filled[model.rows] = rows
        return filled

    return RankDraws(
        place_ids=table.place_ids,
        k=k,
        sources=model.doubt.sources,
        prob_top_k=whole(inside / draws),
        rank_low=whole(1.0 + (cumulated <= tail).sum(axis=1)).astype(np.int64),
        rank_high=whole(1.0 + (cumulated < draws - tail).sum(axis=1)).astype(np.int64),
        expected_rank=whole(counts @ np.arange(1.0, len(counts) + 1) / draws, np.nan),
        acceptability=whole(counts / draws),
        central_weights=whole(central, np.nan),
    )


def confidence_factors(
    table: PerformanceTable,
    criteria: CriteriaSet,
    trust: RankDraws,
    *,
    doubt: Doubt = DEFAULT_DOUBT,
    seed: int,
) -> Floats:
    """Probability of each place to be among the first k if its central weights hold.

    A low figure says that even the weights most in its favour do not carry the place, because
    its data or position are too uncertain.

    Parameters
    ----------
    table, criteria, doubt, seed
        As for `rank_draws`; a few hundred draws are enough. Its weights are not drawn.
    trust : RankDraws
        With the central weights.

    Returns
    -------
    numpy.ndarray, shape (n,)
        0 for a place that was never among the first k.

    References
    ----------
    Lahdelma and Salminen (2001): confidence factor, here of the list instead of the first rank.
    """
    model = model_of(table, criteria, doubt=doubt, ranked=~np.isnan(trust.expected_rank))
    central = trust.central_weights[model.rows]
    inside = np.zeros(len(model.rows))
    for block, size in model.blocks():
        draws = draw(model, seed, block=block, size=size)
        columns = drawn_values(model, draws)
        for i in np.flatnonzero(~np.isnan(central[:, 0])):
            held = replace(draws, weights=np.broadcast_to(central[i], draws.weights.shape))
            scores = drawn_scores(model, held, columns)
            better = scores > scores[:, i, None]
            level = scores[:, :i] == scores[:, i, None]
            inside[i] += (better.sum(axis=1) + level.sum(axis=1) < trust.k).sum()
    factors = np.zeros(len(table.place_ids))
    factors[model.rows] = inside / doubt.draws
    return factors


def score_under_doubt(
    values: ArrayLike, weights: ArrayLike, *, concentration: float = 100.0
) -> tuple[Floats, Floats]:
    """Mean and standard deviation of scores under Dirichlet weights, in closed form.

    Parameters
    ----------
    values : array_like, shape (n, m)
        Values of places, such as the cells of a tile; NaN is unknown.
    weights : array_like, shape (m,)
        Declared weights; normalised here.
    concentration : float
        How sure they are; see `dirichlet_weights`.

    Returns
    -------
    mean, sd : numpy.ndarray, shape (n,)
        The mean is the score itself; NaN if nothing is known.

    Notes
    -----
    The part of Dirichlet weights that falls on known criteria, brought to a sum of 1, is again
    Dirichlet with that part of the concentration; so with shares p over the known weight K the
    variance is ``(sum(p v**2) - sum(p v)**2) / (concentration * K + 1)``.

    References
    ----------
    Kotz, Balakrishnan and Johnson (2000), Continuous Multivariate Distributions 1, chapter 49.

    Examples
    --------
    >>> mean, sd = score_under_doubt([[1.0, 0.0], [0.5, 0.5]], [0.5, 0.5], concentration=24)
    >>> mean, sd
    (array([0.5, 0.5]), array([0.1, 0. ]))
    """
    rows, shares = np.asarray(values, dtype=np.float64), np.asarray(weights, dtype=np.float64)
    shares = shares / shares.sum()
    known, total, squares = np.zeros(len(rows)), np.zeros(len(rows)), np.zeros(len(rows))
    for column, share in zip(rows.T, shares, strict=True):
        weight = np.where(np.isnan(column), 0.0, share)
        filled = np.nan_to_num(column)
        known, total = known + weight, total + weight * filled
        squares = squares + weight * filled**2
    part = np.where(known > 0, known, np.nan)
    mean = total / part
    variance = np.maximum(squares / part - mean**2, 0.0) / (concentration * part + 1)
    return mean, np.sqrt(variance)


@dataclass(frozen=True, slots=True)
class Backtest:
    """How high a score puts places that exist; each spot counts once, whatever stands there.

    Parameters
    ----------
    spots : int
        How many spots have a score.
    auc : float
        Chance that a spot scores higher than any piece of ground, ties counted half: 0.5 is
        guessing, 1 is always.
    low, high : float
        Between them lie `level` of the means of spots drawn anew; NaN of fewer than two spots.
    level : float
    best : mapping of float to float
        By share of the ground, best first: share of the spots that lie in it.
    """

    spots: int
    auc: float
    low: float
    high: float
    level: float
    best: Mapping[float, float]


def outranked(places: ArrayLike, ground: ArrayLike) -> Floats:
    """Share of the ground that each place scores higher than, ties counted half.

    Parameters
    ----------
    places : array_like, shape (p,)
        Scores; NaN is unknown.
    ground : array_like, shape (n,)
        Scores of pieces of ground of one size; unknown ones are left out.

    Returns
    -------
    numpy.ndarray, shape (p,)
        0 to 1; NaN where the score is.

    Raises
    ------
    DataError
        If no ground has a score.

    Examples
    --------
    >>> outranked([3, 1, 0], [0, 1, 1, 2])
    array([1.   , 0.5  , 0.125])
    """
    given = np.asarray(ground, dtype=np.float64)
    known = np.sort(given[~np.isnan(given)])
    if not len(known):
        raise DataError("no ground has a score, so there is nothing to hold places against")
    asked = np.asarray(places, dtype=np.float64)
    below, upto = (np.searchsorted(known, asked, side=side) for side in ("left", "right"))
    return np.where(np.isnan(asked), np.nan, (below + upto) / (2 * len(known)))


def backtest(
    above: ArrayLike, spots: Sequence[int], *, seed: int, draws: int = SPOT_DRAWS
) -> Backtest:
    """How high the spots stand, and how sure that is of so few.

    Parameters
    ----------
    above : array_like, shape (p,)
        Share of the ground that each place outranks, as `outranked` gives it.
    spots : sequence of int, length p
        Number of the spot on which each place stands: neighbours are no proof of each other.
    seed : int
        Of the draws.
    draws : int
        How often the spots are drawn anew, with replacement.

    Returns
    -------
    Backtest

    Raises
    ------
    DataError
        If no place has a score.

    Notes
    -----
    The mean share of the ground that is outranked is the area under the curve of hits against
    false alarms [1]_; the interval is the percentile bootstrap over spots [2]_.

    References
    ----------
    .. [1] Hanley and McNeil (1982), Radiology 143, 29-36.
    .. [2] Efron and Tibshirani (1993), An Introduction to the Bootstrap, chapter 13.

    Examples
    --------
    >>> found = backtest([1.0, 0.98, 0.5], [0, 0, 1], seed=1)
    >>> found.spots, found.auc, found.best[0.05]
    (2, 0.745, 0.5)
    """
    shares, marks = np.asarray(above, dtype=np.float64), np.asarray(spots)
    known = ~np.isnan(shares)
    if not known.any():
        raise DataError("no place has a score, so nothing can be tested")
    _, spot = np.unique(marks[known], return_inverse=True)
    each = np.bincount(spot, shares[known]) / np.bincount(spot)
    low = high = np.nan
    if len(each) > 1:
        drawn = np.random.default_rng(seed).integers(len(each), size=(draws, len(each)))
        tails = (1 - LEVEL) / 2, (1 + LEVEL) / 2
        low, high = np.quantile(each[drawn].mean(axis=1), tails).tolist()
    best = {share: float((each >= 1 - share).mean()) for share in BEST}
    return Backtest(len(each), float(each.mean()), low, high, LEVEL, best)
