"""Where k places serve best, or stand farthest apart: two classics of the location of plants."""

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from siteselect.base.errors import DataError
from siteselect.declared.sources import Titles
from siteselect.plan.exact import TOP, Floats, Indices, Rule, cliques, maximise, problem, solve


def p_median(cost: Floats, k: int, *, weight: Floats | None = None) -> tuple[Indices, float]:
    """The k places nearest to all demand: least weighted sum of the cost to the nearest of them.

    Parameters
    ----------
    cost : numpy.ndarray, shape (demands, places)
        Distance or cost.
    k : int
        How many places are opened.
    weight : numpy.ndarray, shape (demands,), optional
        Demand; 1 if not given.

    Returns
    -------
    places : numpy.ndarray of int64, shape (k,)
        Ascending.
    total : float
        Weighted sum, in the unit of `cost`.

    Raises
    ------
    DataError
        If there are fewer than k places.

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

    demands, n = cost.shape
    _enough(n, k)
    weight = np.ones(demands) if weight is None else weight
    rows: list[NDArray[Any]] = [np.zeros(n, dtype=np.int64), np.ones(n, dtype=np.int64)]
    columns: list[NDArray[Any]] = [np.arange(n), np.arange(n)]
    signs, limits, pay = [np.ones(n), -np.ones(n)], [float(k), -float(k)], [np.zeros(n)]
    column = n
    for costs, w in zip(cost, weight, strict=True):
        nearer = np.zeros(0, dtype=np.int64)
        steps = np.unique(np.sort(costs)[: n - k + 1])
        for low, high in pairwise(steps):
            entries = np.concatenate([np.flatnonzero(costs == low), [column]])
            rows.append(np.full(len(entries) + len(nearer), len(limits)))
            columns.append(np.concatenate([entries, nearer]))
            signs.append(np.concatenate([-np.ones(len(entries)), np.ones(len(nearer))]))
            limits.append(0.0 if len(nearer) else -1.0)
            pay.append(np.array([-w * (high - low)]))
            nearer, column = np.array([column]), column + 1
    where = (np.concatenate(rows), np.concatenate(columns))
    matrix = coo_array((np.concatenate(signs), where), shape=(len(limits), column)).tocsr()
    gain = np.concatenate(pay)
    top = float(np.abs(gain).max()) or 1.0
    found = maximise(gain * (TOP / top), matrix, np.array(limits), whole=n, floor=0.0)
    places = np.flatnonzero(found[0][:n] > 0.5) if found else np.arange(0)
    return places, float(weight @ cost[:, places].min(axis=1))


def dispersion(distance: Floats, k: int) -> tuple[Indices, float]:
    """The k places that lie farthest apart: greatest least distance between two of them.

    Parameters
    ----------
    distance : numpy.ndarray, shape (n, n)
        Symmetric.
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
        If there are fewer than k places, or k is below 2.

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
    n = len(distance)
    _enough(n, k)
    if k < 2:
        raise DataError("a distance needs two places; ask for k >= 2")
    levels = np.unique(distance[np.triu_indices(n, 1)])
    words = Titles(en="spacing", fa="فاصله")
    low, high, best = 0, len(levels), np.arange(k)
    while low < high:
        middle = (low + high) // 2
        apart = cliques(distance < levels[middle])
        rule = [Rule("spacing", words, apart, np.ones(len(apart)))] if len(apart) else []
        found = solve(problem(np.ones(n), rule, np.arange(n)))
        if found is not None and len(found.picks) >= k:
            low, best = middle + 1, found.picks[:k]
        else:
            high = middle
    chosen = distance[np.ix_(best, best)]
    return best, float(chosen[np.triu_indices(k, 1)].min())


def _enough(places: int, k: int) -> None:
    if places < k:
        raise DataError(f"{k} of {places} places cannot be chosen")
