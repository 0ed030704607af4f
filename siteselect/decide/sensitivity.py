"""Sensitivity: which input drives a result, and the least change of weights that turns an order."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from siteselect.base.errors import DataError
from siteselect.decide.doubt import (
    DEFAULT_DOUBT,
    SOURCES,
    Doubt,
    Draws,
    Model,
    best_first,
    draw,
    drawn_scores,
    drawn_values,
    model_of,
)
from siteselect.decide.score import Scores
from siteselect.decide.table import Floats, PerformanceTable
from siteselect.declared.criteria import CriteriaSet


@dataclass(frozen=True, slots=True)
class Indices:
    """Sobol indices, one of each kind an input.

    Parameters
    ----------
    first : numpy.ndarray, shape (d,)
        Share of the variance that goes if this input alone were known.
    total : numpy.ndarray, shape (d,)
        Share of the variance that stays if all but this input were known.
    """

    first: Floats
    total: Floats


def sobol(
    model: Callable[[Floats], ArrayLike],
    bounds: Sequence[tuple[float, float]],
    *,
    n: int,
    seed: int,
) -> Indices:
    """First-order and total Sobol indices of a model with independent uniform inputs.

    Parameters
    ----------
    model : callable
        Takes inputs of shape (rows, d), gives outputs of shape (rows,).
    bounds : sequence of (low, high), length d
        Range of each input.
    n : int
        Base sample, a power of two; the model is asked for ``n * (d + 2)`` rows.
    seed : int
        Seed of the scrambled sequence.

    Returns
    -------
    Indices
        Zeros if the output does not vary.

    Raises
    ------
    DataError
        If `n` is not a power of two, a range is empty or infinite, or the model gives another
        shape or what is no finite number.

    References
    ----------
    Saltelli et al. (2010), Variance based sensitivity analysis of model output, Computer Physics
    Communications 181, 259-270: sampling by radial exchange of columns, first-order estimator (b)
    and, after Jansen (1999), total estimator (f) of its table 2.

    Examples
    --------
    >>> indices = sobol(lambda x: 3 * x[:, 0] + x[:, 1], [(0, 1), (0, 1)], n=1024, seed=1)
    >>> indices.first.round(2), indices.total.round(2)
    (array([0.9, 0.1]), array([0.9, 0.1]))
    """
    from scipy.stats import qmc

    ranges = np.asarray(bounds, dtype=np.float64)
    if ranges.ndim != 2 or ranges.shape[1] != 2 or not np.isfinite(ranges).all():
        raise DataError(f"bounds are a finite (low, high) an input; got {bounds}")
    low, high = ranges.T
    if n < 2 or n & (n - 1) or not (low < high).all():
        raise DataError(f"n must be a power of two and every range rise; got n = {n}, {bounds}")
    d = len(low)
    sample = qmc.Sobol(2 * d, scramble=True, rng=np.random.default_rng(seed)).random(n)
    a, b = low + sample[:, :d] * (high - low), low + sample[:, d:] * (high - low)
    f_a, f_b = _asked(model, a), _asked(model, b)
    both = np.concatenate([f_a, f_b])
    variance, mean = float(both.var()), float(both.mean())
    first, total = np.zeros(d), np.zeros(d)
    for j in range(d if variance > 0 else 0):
        mixed = a.copy()
        mixed[:, j] = b[:, j]
        f_mixed = _asked(model, mixed)
        # Centred outputs have the same expectation and far less noise.
        first[j] = np.mean((f_b - mean) * (f_mixed - f_a)) / variance
        total[j] = np.mean((f_a - f_mixed) ** 2) / (2 * variance)
    return Indices(first, total)


def _asked(model: Callable[[Floats], ArrayLike], rows: Floats) -> Floats:
    output = np.asarray(model(rows), dtype=np.float64)
    if output.shape != (len(rows),):
        raise DataError(f"the model gave shape {output.shape} for {len(rows)} rows of inputs")
    wrong = np.flatnonzero(~np.isfinite(output))
    if len(wrong):
        at = ", ".join(f"{x:g}" for x in rows[wrong[0]])
        raise DataError(f"the model gave no finite number for {len(wrong)} inputs, one at {at}")
    return output


@dataclass(frozen=True, slots=True)
class WeightFlip:
    """The least change of weights after which one place overtakes another.

    Parameters
    ----------
    distance : float
        Euclidean distance between the weights; infinite if no weights turn the order.
    points : float
        Percentage points of weight that move from some criteria to others.
    weights : numpy.ndarray, shape (m,)
        The weights at which the two are level; NaN if there are none.
    """

    distance: float
    points: float
    weights: Floats


def weight_flip(values: ArrayLike, weights: ArrayLike, *, a: int, b: int) -> WeightFlip:
    """Least change of weights that makes place `b` overtake place `a`.

    Parameters
    ----------
    values : array_like, shape (n, m)
        Values of the places, all known.
    weights : array_like, shape (m,)
        The weights from which the change is measured; normalised here.
    a, b : int
        Rows of the place before and of the place behind.

    Returns
    -------
    WeightFlip
        At a distance of 0 if `b` is not behind. Infinite if `b` is better on no criterion.

    Raises
    ------
    DataError
        If a value is unknown, or the weights do not fit.

    Notes
    -----
    The nearest point of the simplex where both score alike: the projection onto the simplex cut
    by a half-space. By the conditions of Karush, Kuhn and Tucker it is the projection of
    ``weights + t * (values[b] - values[a])`` onto the simplex for the least t that levels the two
    (monotone in t, hence found by halving). Projection: Duchi et al. (2008), Proc. ICML 25,
    272-279. The question: Triantaphyllou and Sánchez (1997), Decision Sciences 28, 151-194.

    Examples
    --------
    >>> flip = weight_flip([[1.0, 0.0], [0.0, 1.0]], [0.6, 0.4], a=0, b=1)
    >>> flip.weights.round(9), round(flip.points, 6), round(flip.distance, 4)
    (array([0.5, 0.5]), 10.0, 0.1414)
    """
    rows = np.asarray(values, dtype=np.float64)
    start = _shares(weights, rows)
    level, distance, points = _levelled(start, (rows[b] - rows[a])[None, :])
    return WeightFlip(float(distance[0]), float(points[0]), level[0])


def _shares(weights: ArrayLike, rows: Floats) -> Floats:
    start = np.asarray(weights, dtype=np.float64)
    if rows.ndim != 2 or start.shape != rows.shape[1:] or not np.isfinite(rows).all():
        raise DataError("a flip needs one weight a criterion and known values throughout")
    if (start < 0).any() or not start.sum() > 0:
        raise DataError("weights must not be negative and not all be zero")
    return np.asarray(start / start.sum(), dtype=np.float64)


def _levelled(start: Floats, gains: Floats) -> tuple[Floats, Floats, Floats]:
    """Nearest weights with ``gains @ weights >= 0`` for every row of gains, shape (p, m)."""
    possible = gains.max(axis=1) > 0
    scale = np.maximum(np.abs(gains).max(axis=1, keepdims=True), np.finfo(float).tiny)
    slope = gains / scale
    low, high = np.zeros(len(gains)), np.ones(len(gains))

    def behind(t: Floats) -> NDArray[np.bool_]:
        score = (slope * _onto_simplex(start + t[:, None] * slope)).sum(axis=1)
        return np.asarray(score < 0)

    while (short := behind(high) & possible).any():
        low, high = np.where(short, high, low), np.where(short, 2 * high, high)
    for _ in range(64):
        middle = (low + high) / 2
        short = behind(middle)
        low, high = np.where(short, middle, low), np.where(short, high, middle)
    level = _onto_simplex(start + high[:, None] * slope)
    change = level - start
    distance = np.where(possible, np.sqrt((change**2).sum(axis=1)), np.inf)
    points = np.where(possible, 50 * np.abs(change).sum(axis=1), np.inf)
    already = slope @ start >= 0
    distance[already], points[already], level[already] = 0.0, 0.0, start
    level[np.isinf(distance)] = np.nan
    return level, distance, points


def _onto_simplex(points: Floats) -> Floats:
    descending = -np.sort(-points, axis=1)
    excess = np.cumsum(descending, axis=1) - 1
    size = np.arange(1, points.shape[1] + 1)
    kept = (descending * size > excess).sum(axis=1)
    shift = np.take_along_axis(excess, kept[:, None] - 1, axis=1) / kept[:, None]
    return np.asarray(np.maximum(points - shift, 0.0), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Flips:
    """How near an order stands to turning: each neighbouring pair, and the edge of the list.

    Parameters
    ----------
    before, behind : numpy.ndarray of int64, shape (p,)
        Rows of each neighbouring pair, best pair first.
    distance, points : numpy.ndarray, shape (p,)
        Least change of weights that turns the pair; see `WeightFlip`.
    edge : tuple of (int, int), or None
        The place of the list and the place outside it that change places first; None if the list
        holds every ranked place, or no weights turn any such pair.
    edge_flip : WeightFlip or None
        The change that makes them do so.
    """

    before: NDArray[np.int64]
    behind: NDArray[np.int64]
    distance: Floats
    points: Floats
    edge: tuple[int, int] | None
    edge_flip: WeightFlip | None


def flips(scores: Scores, *, k: int) -> Flips:
    """Weight-flip distances of a ranking: its neighbouring pairs and the edge of its first `k`.

    Parameters
    ----------
    scores : Scores
        The ranking.
    k : int
        Length of the list; its edge is turned when any place outside overtakes any inside.

    Returns
    -------
    Flips

    Notes
    -----
    A value that is unknown stands at the score of its place, which keeps the scores at the
    declared weights as they are.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> values, weights = np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([0.6, 0.4])
    >>> ranking = SimpleNamespace(values=values, weights=weights, score=values @ weights,
    ...                           rank=np.array([1, 2]))
    >>> flips(ranking, k=1).points.round(6)
    array([10.])
    """
    order = np.argsort(np.where(scores.rank > 0, scores.rank, np.iinfo(np.int64).max))
    order = order[: int((scores.rank > 0).sum())]
    values = np.where(np.isnan(scores.values), scores.score[:, None], scores.values)
    pairs = np.array(list(pairwise(order)), dtype=np.int64).reshape(-1, 2)
    _, distance, points = _levelled(scores.weights, values[pairs[:, 1]] - values[pairs[:, 0]])
    inside, outside = (grid.ravel() for grid in np.meshgrid(order[:k], order[k:], indexing="ij"))
    edge, edge_flip = None, None
    if len(outside) > 0:
        level, far, moved = _levelled(scores.weights, values[outside] - values[inside])
        first = int(np.argmin(far))
        if np.isfinite(far[first]):
            edge = (int(inside[first]), int(outside[first]))
            edge_flip = WeightFlip(float(far[first]), float(moved[first]), level[first])
    return Flips(pairs[:, 0], pairs[:, 1], distance, points, edge, edge_flip)


@dataclass(frozen=True, slots=True)
class Drivers:
    """Which source of doubt drives the ranking: one index a source.

    Parameters
    ----------
    sources : tuple of str, length 4
        ``weights, method, data, position``; one that is not drawn has indices of 0.
    ranks : Indices
        Of the ranks of all ranked places.
    listed : Indices
        Of who is among the first k.
    """

    sources: tuple[str, ...]
    ranks: Indices
    listed: Indices


def drivers(
    table: PerformanceTable,
    criteria: CriteriaSet,
    *,
    doubt: Doubt = DEFAULT_DOUBT,
    ranked: NDArray[np.bool_] | None = None,
    k: int = 13,
    seed: int,
) -> Drivers:
    """Sobol indices of the four sources of doubt for the ranking as a whole.

    Parameters
    ----------
    table, criteria, doubt, ranked, k, seed
        As for `siteselect.decide.robustness.rank_draws`. Each draw costs six rankings; a
        thousand draws give indices within about 0.03.

    Returns
    -------
    Drivers

    Notes
    -----
    Each source is one grouped factor: a draw of it is a whole realisation (all weights; all
    errors of the data; all displacements), picked by its block and row in a stream of its own, as
    the trigger of Crosetto and Tarantola picks a whole map. Of two independent samples A and B,
    every source in turn is taken from B and the others from A. The output is a vector (the rank
    of every place; its membership of the list), so variances are summed over its elements before
    they are divided: the generalised index of Gamboa et al.

    References
    ----------
    Crosetto and Tarantola (2001), Uncertainty and sensitivity analysis: tools for GIS-based model
    implementation, International Journal of Geographical Information Science 15, 415-437;
    Saltelli et al. (2008), Global Sensitivity Analysis: The Primer, on groups of factors; Jansen
    (1999), Computer Physics Communications 117, 35-43, for both estimators; Gamboa et al. (2014),
    Sensitivity analysis for multidimensional and functional outputs, Electronic Journal of
    Statistics 8, 575-603.
    """
    model = model_of(table, criteria, doubt=doubt, ranked=ranked)
    sums = np.zeros((2, 3, len(SOURCES)))  # outputs x (A to B, first, total) x sources
    blocks = tuple(model.blocks())
    for block, size in blocks:
        a, b = (draw(model, seed, block=block + offset, size=size) for offset in (0, len(blocks)))
        of_a, of_b = _outputs(model, a, k), _outputs(model, b, k)
        for s, mixed in enumerate(_exchanged(a, b)):
            of_mixed = _outputs(model, mixed, k)
            for o in range(2):
                sums[o, 0, s] += ((of_a[o] - of_b[o]) ** 2).sum()
                sums[o, 1, s] += ((of_b[o] - of_mixed[o]) ** 2).sum()
                sums[o, 2, s] += ((of_a[o] - of_mixed[o]) ** 2).sum()
    return Drivers(SOURCES, _indices(sums[0]), _indices(sums[1]))


def _exchanged(a: Draws, b: Draws) -> Iterator[Draws]:
    """Draws A with each source in turn taken from B, in the order of `SOURCES`."""
    yield replace(a, weights=b.weights)
    yield replace(a, method=b.method, alpha=b.alpha)
    yield replace(a, noise=b.noise, unknown=b.unknown)
    yield replace(a, shift=b.shift)


def _outputs(model: Model, draws: Draws, k: int) -> tuple[Floats, Floats]:
    order = best_first(drawn_scores(model, draws, drawn_values(model, draws)))
    ranks = np.empty(order.shape)
    np.put_along_axis(ranks, order, np.arange(1.0, order.shape[1] + 1)[None, :], axis=1)
    return ranks, (ranks <= k).astype(np.float64)


def _indices(sums: Floats) -> Indices:
    apart, from_b, from_a = sums
    if not (apart > 0).all():
        return Indices(np.zeros(len(SOURCES)), np.zeros(len(SOURCES)))
    return Indices(1 - from_b / apart, from_a / apart)
