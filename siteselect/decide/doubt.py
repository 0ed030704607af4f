"""Doubt: weights, method, data and positions drawn anew, block by block, from an explicit seed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import log
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from siteselect.base.errors import DataError
from siteselect.decide.score import score
from siteselect.decide.table import Floats, PerformanceTable
from siteselect.decide.values import value
from siteselect.declared.criteria import CriteriaSet

SOURCES = ("weights", "method", "data", "position")
Method = Literal["weighted_mean", "weighted_geometric", "owa"]
# A geometric mean is zero as soon as one value is; the least value tells apart what else differs.
LEAST_VALUE = 0.01
# Orness 0.67 to 0.33: from a taste for strong points to a fear of weak ones (owa, below).
ALPHA = (0.5, 2.0)
# Numbers held at once by one block of draws: 4 bytes each, a few arrays of them.
BLOCK = 2**20


def uniform_weights(m: int, *, draws: int, seed: int) -> Floats:
    """Weights drawn uniformly from the simplex: nothing is known of them.

    Parameters
    ----------
    m : int
        Number of criteria.
    draws, seed : int
        How many, and from which seed.

    Returns
    -------
    numpy.ndarray, shape (draws, m)
        Each row sums to 1.

    Examples
    --------
    >>> uniform_weights(3, draws=2, seed=1).sum(axis=1).round(12)
    array([1., 1.])
    """
    return stream(seed).dirichlet(np.ones(m), size=draws)


def dirichlet_weights(
    weights: ArrayLike, *, draws: int, seed: int, concentration: float = 100.0
) -> Floats:
    """Weights drawn around the declared ones.

    Parameters
    ----------
    weights : array_like, shape (m,)
        Declared weights, the mean of the draws; a weight of zero stays zero.
    draws, seed : int
        How many, and from which seed.
    concentration : float
        How sure the weights are: a weight w has the standard deviation
        ``sqrt(w (1 - w) / (concentration + 1))``; 0.03 for a weight of 0.1 at 100.

    Returns
    -------
    numpy.ndarray, shape (draws, m)
        Each row sums to 1.

    Raises
    ------
    DataError
        If a weight is negative, all are zero, or the concentration is not positive.

    Examples
    --------
    >>> drawn = dirichlet_weights([0.7, 0.3], draws=20_000, seed=1, concentration=50)
    >>> drawn.mean(axis=0).round(2)
    array([0.7, 0.3])
    """
    centre = np.asarray(weights, dtype=np.float64)
    if not (np.isfinite(centre).all() and (centre >= 0).all() and centre.sum() > 0):
        raise DataError("weights must not be negative and not all be zero")
    if not concentration > 0:
        raise DataError(f"a concentration is positive, got {concentration}")
    return _dirichlet(stream(seed), centre / centre.sum(), draws, concentration)


def _dirichlet(
    generator: np.random.Generator, centre: Floats, draws: int, concentration: float
) -> Floats:
    drawn = np.zeros((draws, len(centre)))
    drawn[:, centre > 0] = generator.dirichlet(concentration * centre[centre > 0], size=draws)
    return drawn


def ordinal_weights(order: Sequence[int], *, draws: int, seed: int) -> Floats:
    """Weights drawn uniformly from those that keep an order of importance.

    Parameters
    ----------
    order : sequence of int, length m
        Place of each criterion in the order of importance, 1 = most important; equal places
        leave the order between them open.
    draws, seed : int
        How many, and from which seed.

    Returns
    -------
    numpy.ndarray, shape (draws, m)
        Each row sums to 1. Without ties the mean is the rank-order centroid.

    References
    ----------
    Barron and Barrett (1996), Decision quality using ranked attribute weights, Management
    Science 42, 1515-1523; Tervonen and Lahdelma (2007), Implementing SMAA, European Journal of
    Operational Research 178, 500-513.

    Examples
    --------
    >>> ordinal_weights([2, 1], draws=20_000, seed=1).mean(axis=0).round(2)
    array([0.25, 0.75])
    """
    return _ordinal(stream(seed), np.asarray(order, dtype=np.float64), draws)


def _ordinal(generator: np.random.Generator, places: Floats, draws: int) -> Floats:
    descending = -np.sort(-generator.dirichlet(np.ones(len(places)), size=draws), axis=1)
    lots = generator.random(descending.shape)
    order = np.lexsort((lots, np.broadcast_to(places, lots.shape)), axis=1)
    drawn = np.empty_like(descending)
    np.put_along_axis(drawn, order, descending, axis=1)
    return drawn


def stream(*seed: int) -> np.random.Generator:
    """A stream of random numbers that nothing but these integers decide (PCG64).

    Examples
    --------
    >>> bool(stream(1, 2).random() == stream(1, 2).random())
    True
    """
    return np.random.Generator(np.random.PCG64(list(seed)))


@dataclass(frozen=True, slots=True)
class Doubt:
    """What is drawn anew in every draw, and how far it may stray.

    Parameters
    ----------
    weights : {"dirichlet", "ordinal", "declared"}
        Around the declared weights, uniform among those that keep their order, or not drawn.
    concentration : float
        How sure the declared weights are; see `dirichlet_weights`.
    methods : tuple of str
        Ways to aggregate, one drawn with equal chance: ``weighted_mean``, ``weighted_geometric``
        (values below 0.01 count as 0.01) and ``owa`` (weights shifted towards strong or weak
        points, its alpha drawn log-uniformly between 0.5 and 2). The weighted mean alone means
        that the method is not drawn.
    data : bool
        Whether readings are drawn by their `spread` and unknown values uniformly in 0..1. If not,
        readings are as read and scores are taken over the known weight.
    spread : numpy.ndarray, shape (n, m), optional
        Relative standard error of each reading, rows as in the table and columns as the criteria;
        none if not given. Recalled figures have a larger one than found ones.
    position : bool
        Whether positions are drawn, so that readings move between their bounds.
    draws : int
        How many draws.
    level : float
        Level of the interval of ranks.

    Examples
    --------
    >>> Doubt(weights="declared", methods=("weighted_mean",)).sources
    ('data', 'position')
    """

    weights: Literal["dirichlet", "ordinal", "declared"] = "dirichlet"
    concentration: float = 100.0
    methods: tuple[Method, ...] = ("weighted_mean", "weighted_geometric", "owa")
    data: bool = True
    spread: Floats | None = None
    position: bool = True
    draws: int = 10_000
    level: float = 0.9

    @property
    def sources(self) -> tuple[str, ...]:
        """The sources of doubt that are drawn."""
        drawn = (
            self.weights != "declared",
            self.methods != ("weighted_mean",),
            self.data,
            self.position,
        )
        return tuple(name for name, is_drawn in zip(SOURCES, drawn, strict=True) if is_drawn)


DEFAULT_DOUBT = Doubt()


@dataclass(frozen=True, slots=True)
class Model:
    """The places that compete, in the order of their ids, with all that may be drawn of them.

    Parameters
    ----------
    rows : numpy.ndarray of int64, shape (n,)
        Their rows in the performance table.
    criteria : CriteriaSet
        The knots.
    doubt : Doubt
        What is drawn.
    weights : numpy.ndarray, shape (m,)
        Declared weights.
    readings, up, down, sigma : numpy.ndarray, shape (m, n)
        Readings by criterion, how far each may move up and down by its position, and the
        log-normal parameter of its error; zeros where the source is not drawn.
    values : numpy.ndarray, shape (m, n)
        Values of the readings by the law; NaN where unknown.
    """

    rows: NDArray[np.int64]
    criteria: CriteriaSet
    doubt: Doubt
    weights: Floats
    readings: Floats
    up: Floats
    down: Floats
    sigma: Floats
    values: Floats

    @property
    def moved(self) -> list[int]:
        """Criteria with a reading that positions move."""
        return [int(j) for j in np.flatnonzero(((self.up > 0) | (self.down > 0)).any(axis=1))]

    @property
    def noisy(self) -> list[int]:
        """Criteria with a reading that has an error of its own."""
        return [int(j) for j in np.flatnonzero((self.sigma > 0).any(axis=1))]

    @property
    def unknown(self) -> NDArray[np.bool_]:
        """Where nothing was read, shape (m, n)."""
        return np.isnan(self.values)

    def blocks(self) -> Iterator[tuple[int, int]]:
        """Number and size of each block of draws."""
        step = max(1, BLOCK // self.readings.size)
        for block, start in enumerate(range(0, self.doubt.draws, step)):
            yield block, min(step, self.doubt.draws - start)


@dataclass(frozen=True, slots=True)
class Draws:
    """One block of draws; each source of doubt from a stream of its own.

    Parameters
    ----------
    weights : numpy.ndarray, shape (draws, m)
        The source *weights*.
    method, alpha : numpy.ndarray, shape (draws,)
        The source *method*: place in `Doubt.methods`, and alpha of the ordered weighted average.
    noise, unknown : numpy.ndarray, shapes (noisy criteria, draws, n), (draws, unknown values)
        The source *data*: standard normal errors, and values of what was not read.
    shift : numpy.ndarray, shape (moved criteria, draws, n)
        The source *position*: displacement towards a bound, -1..1.
    """

    weights: Floats
    method: NDArray[np.int64]
    alpha: Floats
    noise: NDArray[np.float32]
    unknown: Floats
    shift: NDArray[np.float32]


def model_of(
    table: PerformanceTable,
    criteria: CriteriaSet,
    *,
    doubt: Doubt,
    ranked: NDArray[np.bool_] | None = None,
) -> Model:
    """What competes and what may be drawn of it.

    Parameters
    ----------
    table, criteria, doubt, ranked
        As for `siteselect.decide.robustness.rank_draws`.

    Returns
    -------
    Model

    Raises
    ------
    DataError
        If no place competes, there is no draw, or the spread does not fit the table.
    """
    law = score(table, criteria)
    kept = np.flatnonzero(law.rank > 0 if ranked is None else ranked)
    kept = kept[np.argsort(table.place_ids[kept], kind="stable")]
    shape = law.values.shape
    spread = np.zeros(shape) if doubt.spread is None else np.asarray(doubt.spread)
    if spread.shape != shape or not (spread >= 0).all() or len(kept) == 0 or doubt.draws < 1:
        raise DataError(
            f"robustness needs a ranked place, a draw, and a spread of shape {shape} that is not "
            f"negative; got {len(kept)}, {doubt.draws} and {spread.shape}"
        )
    columns = [table.column_ids.index(c.id) for c in criteria.criteria]
    ends = np.array([[c.knots[0][0], c.knots[-1][0]] for c in criteria.criteria]).T
    bounds = (array[kept][:, columns] for array in (table.values, table.lower, table.upper))
    readings, lower, upper = (_finite(array, ends) for array in bounds)
    # Nothing within reach is no figure that could be misread.
    sigma = np.where(np.isinf(table.values[kept][:, columns]), 0.0, spread[kept])
    still = np.zeros(readings.shape)
    return Model(
        rows=kept,
        criteria=criteria,
        doubt=doubt,
        weights=law.weights,
        readings=readings.T.copy(),
        up=(np.fmax(upper - readings, 0) if doubt.position else still).T.copy(),
        down=(np.fmax(readings - lower, 0) if doubt.position else still).T.copy(),
        sigma=(np.sqrt(np.log1p(sigma**2)) if doubt.data else still).T.copy(),
        values=law.values[kept].T.copy(),
    )


def _finite(readings: Floats, ends: Floats) -> Floats:
    """Infinite readings brought to the end of the value function, which is flat beyond it."""
    return np.where(np.isinf(readings), np.where(readings > 0, ends[1], ends[0]), readings)


def draw(model: Model, seed: int, *, block: int, size: int) -> Draws:
    """Draws of each source, from a stream that only the seed, the source and the block decide.

    Parameters
    ----------
    model : Model
        What may be drawn.
    seed, block : int
        The streams.
    size : int
        How many draws.

    Returns
    -------
    Draws
    """
    doubt, (m, n) = model.doubt, model.readings.shape
    by_weight, by_method, by_data, by_position = (
        stream(seed, source, block) for source in range(len(SOURCES))
    )
    if doubt.weights == "dirichlet":
        weights = _dirichlet(by_weight, model.weights, size, doubt.concentration)
    elif doubt.weights == "ordinal":
        weights = np.zeros((size, m))
        weighed = model.weights > 0
        # Equal weights that only rounding tells apart leave their order open.
        weights[:, weighed] = _ordinal(by_weight, -model.weights[weighed].round(12), size)
    else:
        weights = np.broadcast_to(model.weights, (size, m))
    moved, noisy, unknown = len(model.moved), len(model.noisy), int(model.unknown.sum())
    radius = np.sqrt(by_position.random((size, n), dtype=np.float32))
    bearing = by_position.random((moved, size, n), dtype=np.float32) * np.float32(2 * np.pi)
    return Draws(
        weights,
        by_method.integers(len(doubt.methods), size=size),
        np.exp(by_method.uniform(log(ALPHA[0]), log(ALPHA[1]), size=size)),
        by_data.standard_normal((noisy, size, n), dtype=np.float32),
        by_data.random((size, unknown)),
        radius * np.cos(bearing),
    )


def drawn_values(model: Model, draws: Draws) -> list[Floats]:
    """Values of the places in each draw.

    Parameters
    ----------
    model : Model
        The readings and what they may do.
    draws : Draws
        The errors.

    Returns
    -------
    list of numpy.ndarray, length m
        By criterion, of shape (draws, n) where something is drawn and (n,) where nothing is;
        0 where a value is unknown and not drawn.
    """
    size, columns, used = len(draws.weights), [], 0
    for j, criterion in enumerate(model.criteria.criteria):
        reading = model.readings[j]
        if j in model.moved:
            shift = draws.shift[model.moved.index(j)]
            reading = reading + np.where(shift > 0, model.up[j], model.down[j]) * shift
        if j in model.noisy:
            sigma = model.sigma[j].astype(np.float32)
            reading = reading * np.exp(sigma * draws.noise[model.noisy.index(j)] - sigma**2 / 2)
        drawn = model.values[j] if reading.ndim == 1 else value(reading, criterion.knots)
        gaps = np.flatnonzero(np.isnan(model.values[j]))
        if len(gaps) > 0:
            drawn = np.array(np.broadcast_to(drawn, (size, len(model.rows))))
            drawn[:, gaps] = draws.unknown[:, used : used + len(gaps)] if model.doubt.data else 0.0
            used += len(gaps)
        columns.append(drawn)
    return columns


def drawn_scores(model: Model, draws: Draws, columns: list[Floats]) -> Floats:
    """Scores of the places, each draw by its method.

    Parameters
    ----------
    model : Model
        What is known.
    draws : Draws
        Weights and methods.
    columns : list of numpy.ndarray, length m
        As of `drawn_values`.

    Returns
    -------
    numpy.ndarray, shape (draws, n)
    """
    known = None if model.doubt.data or not model.unknown.any() else ~model.unknown
    scores = np.empty((len(draws.weights), len(model.rows)))
    for number, method in enumerate(model.doubt.methods):
        rows = np.flatnonzero(draws.method == number)
        these = [column if column.ndim == 1 else column[rows] for column in columns]
        if method == "weighted_geometric":
            logs = [np.log(np.maximum(column, LEAST_VALUE)) for column in these]
            scores[rows] = np.exp(mean_of(logs, draws.weights[rows], known))
        elif method == "owa":
            scores[rows] = _owa(these, draws.weights[rows], known, draws.alpha[rows])
        else:
            scores[rows] = mean_of(these, draws.weights[rows], known)
    return scores


def mean_of(columns: Sequence[Floats], weights: Floats, known: NDArray[np.bool_] | None) -> Floats:
    """Weighted mean over the known weight, as the law takes it, for every draw.

    Parameters
    ----------
    columns : sequence of numpy.ndarray, length m
        Values by criterion, shape (draws, n) or, if the same in all draws, (n,).
    weights : numpy.ndarray, shape (draws, m)
        Weights of each draw.
    known : numpy.ndarray of bool, shape (m, n), or None
        Which values count; all if None.

    Returns
    -------
    numpy.ndarray, shape (draws, n)

    Examples
    --------
    >>> mean_of([np.array([1.0, 0.0]), np.array([0.0, 1.0])], np.array([[0.75, 0.25]]), None)
    array([[0.75, 0.25]])
    """
    # Column by column in a fixed order, as the law itself: so an order is never rounding's.
    total, share = np.zeros((len(weights), columns[0].shape[-1])), np.zeros((len(weights), 1))
    for j, column in enumerate(columns):
        weight = weights[:, j, None] if known is None else weights[:, j, None] * known[j]
        total += weight * column
        share = share + weight
    return np.asarray(total / np.clip(share, np.finfo(float).tiny, 1.0))


def _owa(
    columns: Sequence[Floats], weights: Floats, known: NDArray[np.bool_] | None, alpha: Floats
) -> Floats:
    """Ordered weighted averaging with importance by the quantifier r**alpha (Yager 1996)."""
    size, n = len(weights), columns[0].shape[-1]
    values = np.stack([np.broadcast_to(column, (size, n)) for column in columns], axis=-1)
    shares = np.broadcast_to(weights[:, None, :], values.shape)
    if known is not None:
        shares = shares * known.T
    order = np.argsort(-values, axis=-1)
    values, shares = (np.take_along_axis(array, order, axis=-1) for array in (values, shares))
    reached = np.cumsum(shares, axis=-1)
    reached = reached / np.maximum(reached[..., -1:], np.finfo(float).tiny)
    steps = values - np.concatenate([values[..., 1:], np.zeros_like(values[..., :1])], axis=-1)
    return np.asarray((reached ** alpha[:, None, None] * steps).sum(axis=-1))


def best_first(scores: Floats) -> NDArray[np.int64]:
    """Places from best to worst in each draw; equal scores in the order of the places.

    Parameters
    ----------
    scores : numpy.ndarray, shape (draws, n)
        More is better.

    Returns
    -------
    numpy.ndarray of int64, shape (draws, n)
        Columns of `scores`.

    Examples
    --------
    >>> best_first(np.array([[0.2, 0.9, 0.9]]))
    array([[1, 2, 0]])
    """
    return np.argsort(-scores, axis=1, kind="stable")
