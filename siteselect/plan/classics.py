"""Where k places serve best, or stand farthest apart: two classics of the location of plants."""

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from siteselect.base.errors import DataError, NoSolution
from siteselect.declared.sources import Titles
from siteselect.plan.exact import TOP, Floats, Indices, Rule, cliques, maximise, problem, solve


def p_median(cost: ArrayLike, k: int, *, weight: ArrayLike | None = None) -> tuple[Indices, float]:
    """The k places nearest to all demand: least weighted sum of the cost to the nearest of them.

    Parameters
    ----------
    cost : array_like, shape (demands, places)
        Distance or cost; infinite where a place cannot serve a demand.
    k : int
        How many places are opened.
    weight : array_like, shape (demands,), optional
        Demand; 1 if not given. A demand of 0 asks for nothing.

    Returns
    -------
    places : numpy.ndarray of int64, shape (k,)
        Ascending.
    total : float
        Weighted sum, in the unit of `cost`.

    Raises
    ------
    DataError
        If there are fewer than k places, k is below 1, a cost is unknown, or the demand is
        negative, unknown or of another shape.
    NoSolution
        If no k places can serve all demand.

    Notes
    -----
    Hakimi 1964, in the radius form (Cornuejols, Nemhauser and Wolsey 1980; Garcia, Labbe and Marin
    2011): a demand pays each step of its sorted costs unless a place within it is open.

    Examples
    --------
    >>> import numpy as np
    >>> places, total = p_median(np.array([[0.0, 5.0], [5.0, 1.0], [6.0, 1.0]]), 1)
    >>> places.tolist(), total
    ([1], 7.0)
    """
    from scipy.sparse import coo_array

    costs_of, demand = _demands(cost, weight)
    n = costs_of.shape[1]
    _enough(n, k)
    rows: list[NDArray[Any]] = [np.zeros(n, dtype=np.int64), np.ones(n, dtype=np.int64)]
    columns: list[NDArray[Any]] = [np.arange(n), np.arange(n)]
    signs, limits, pay = [np.ones(n), -np.ones(n)], [float(k), -float(k)], [np.zeros(n)]
    column = n
    for costs, w in zip(costs_of, demand, strict=True):
        nearer = np.zeros(0, dtype=np.int64)
        steps = np.unique(np.sort(costs)[: n - k + 1])
        for low, high in pairwise(steps):
            # What cannot serve is no step that could be paid: a place before it must be open.
            paid = np.full(int(np.isfinite(high)), column)
            entries = np.concatenate([np.flatnonzero(costs == low), paid])
            rows.append(np.full(len(entries) + len(nearer), len(limits)))
            columns.append(np.concatenate([entries, nearer]))
            signs.append(np.concatenate([-np.ones(len(entries)), np.ones(len(nearer))]))
            limits.append(0.0 if len(nearer) else -1.0)
            pay.append(np.full(len(paid), -w * (high - low)))
            nearer, column = paid, column + len(paid)
    where = (np.concatenate(rows), np.concatenate(columns))
    matrix = coo_array((np.concatenate(signs), where), shape=(len(limits), column)).tocsr()
    gain = np.concatenate(pay)
    top = float(np.abs(gain).max()) or 1.0
    found = maximise(gain * (TOP / top), matrix, np.array(limits), whole=n, floor=0.0)
    if found is None or not np.isfinite(costs_of.min(axis=1)).all():
        raise NoSolution(f"no {k} of {n} places can serve all demand")
    places = np.flatnonzero(found[0][:n] > 0.5)
    return places, float(demand @ costs_of[:, places].min(axis=1))


def _demands(cost: ArrayLike, weight: ArrayLike | None) -> tuple[Floats, Floats]:
    """Costs and demand, checked; without those who want nothing."""
    costs = np.asarray(cost, dtype=np.float64)
    if costs.ndim != 2 or not (costs > -np.inf).all():
        raise DataError(f"known costs of demands x places are needed, got shape {costs.shape}")
    demand = np.ones(len(costs)) if weight is None else np.asarray(weight, dtype=np.float64)
    if demand.shape != costs.shape[:1] or not ((demand >= 0) & (demand < np.inf)).all():
        raise DataError(f"{len(costs)} demands of 0 or more are needed, got {weight!r}")
    return costs[demand > 0], demand[demand > 0]


def dispersion(distance: ArrayLike, k: int) -> tuple[Indices, float]:
    """The k places that lie farthest apart: greatest least distance between two of them.

    Parameters
    ----------
    distance : array_like, shape (n, n)
        Symmetric, known.
    k : int
        How many places, at least 2.

    Returns
    -------
    places : numpy.ndarray of int64, shape (k,)
        Ascending.
    least : float
        Distance between the two nearest of them.

    Raises
    ------
    DataError
        If there are fewer than k places, k is below 2, or the distances are no square of known
        numbers.

    Notes
    -----
    p-dispersion (Shier 1977; Kuby 1987), by bisection over the distinct distances: a spacing can
    be had if k places keep it. It is the widest spacing a programme of k parks could ask for.

    Examples
    --------
    >>> import numpy as np
    >>> position = np.array([0.0, 1.0, 5.0, 9.0])
    >>> places, least = dispersion(np.abs(position[:, None] - position), 3)
    >>> places.tolist(), least
    ([0, 2, 3], 4.0)
    """
    apart_by = np.asarray(distance, dtype=np.float64)
    n = len(apart_by)
    if apart_by.shape != (n, n) or np.isnan(apart_by).any():
        raise DataError(f"known distances of places x places are needed, got {apart_by.shape}")
    _enough(n, k)
    if k < 2:
        raise DataError("a distance needs two places; ask for k >= 2")
    levels = np.unique(apart_by[np.triu_indices(n, 1)])
    words = Titles(en="spacing", fa="فاصله")
    low, high, best = 0, len(levels), np.arange(k)
    while low < high:
        middle = (low + high) // 2
        apart = cliques(apart_by < levels[middle])
        rule = [Rule("spacing", words, apart, np.ones(len(apart)))] if len(apart) else []
        found = solve(problem(np.ones(n), rule, np.arange(n)))
        if found is not None and len(found.picks) >= k:
            low, best = middle + 1, found.picks[:k]
        else:
            high = middle
    chosen = apart_by[np.ix_(best, best)]
    return best, float(chosen[np.triu_indices(k, 1)].min())


def _enough(places: int, k: int) -> None:
    if not 1 <= k <= places:
        raise DataError(f"{k} of {places} places cannot be chosen")
