"""Compiled kernels of `siteselect.measure.reach`; imported only where numba is installed.

Each does exactly what the numpy definition beside its caller does, square by square, without
building the points x features matrix.
"""

import math

import numpy as np
from numba import njit

from siteselect.measure.blocks import Floats, Ints


@njit(cache=True, nogil=True, error_model="numpy")
def _distance(e: float, n: float, pieces: Floats, k: int) -> float:
    de, dn = pieces[k, 2] - pieces[k, 0], pieces[k, 3] - pieces[k, 1]
    pe, pn = e - pieces[k, 0], n - pieces[k, 1]
    length2 = de * de + dn * dn
    t = (pe * de + pn * dn) / length2 if length2 > 0.0 else 0.0
    t = min(max(t, 0.0), 1.0)
    he, hn = pe - t * de, pn - t * dn
    return float(math.sqrt(he * he + hn * hn) - pieces[k, 4])


@njit(cache=True, nogil=True, error_model="numpy")
def _keep(disc: Floats, pieces: Floats, given: Ints, lows: Floats, kept: Ints) -> int:
    """Candidates that may decide the answer somewhere in a disc."""
    bound = math.inf
    for j in range(len(given)):
        d = _distance(disc[0], disc[1], pieces, given[j])
        lows[j] = d - pieces[given[j], 5]
        bound = min(bound, d + pieces[given[j], 5])
    bound += 2.0 * disc[2]
    count = 0
    for j in range(len(given)):
        if lows[j] <= bound:
            kept[count] = given[j]
            count += 1
    return count


@njit(cache=True, nogil=True, error_model="numpy")
def nearest(
    points: Floats,
    pieces: Floats,
    given: tuple[Ints, Ints],
    discs: tuple[Floats, Floats],
    children: tuple[Ints, Ints, Ints],
    out: Floats,
) -> None:
    """Least distance, and least near and far end of it, of each point to the pieces.

    Parameters
    ----------
    points : numpy.ndarray, shape (p, 2)
        Easting and northing, metres, in the order of the squares.
    pieces : numpy.ndarray, shape (s, 6)
        Easting and northing of both ends, radius and error, metres.
    given : tuple of numpy.ndarray of int64
        Where the candidates of each large square begin, and the candidates.
    discs : tuple of numpy.ndarray
        Centre and reach of the middle and the small squares.
    children : tuple of numpy.ndarray of int64
        First child of each large, middle and small square.
    out : numpy.ndarray, shape (p, 3)
        Receives distance, near end and far end, metres.
    """
    offsets, candidates = given
    large, middle, small = children
    for a in range(len(large) - 1):
        mine = candidates[offsets[a] : offsets[a + 1]]
        lows, first, second = np.empty(len(mine)), np.empty_like(mine), np.empty_like(mine)
        for b in range(large[a], large[a + 1]):
            some = first[: _keep(discs[0][b], pieces, mine, lows, first)]
            for c in range(middle[b], middle[b + 1]):
                few = second[: _keep(discs[1][c], pieces, some, lows, second)]
                for i in range(small[c], small[c + 1]):
                    _least(points[i], pieces, few, out[i])


@njit(cache=True, nogil=True, error_model="numpy")
def _least(point: Floats, pieces: Floats, few: Ints, out: Floats) -> None:
    best, near, far = math.inf, math.inf, math.inf
    for k in few:
        d = _distance(point[0], point[1], pieces, k)
        best = min(best, d)
        near = min(near, d - pieces[k, 5])
        far = min(far, d + pieces[k, 5])
    out[0], out[1], out[2] = best, near, far


@njit(cache=True, nogil=True, error_model="numpy")
def supplied(
    points: Floats,
    sources: Floats,
    decay: Floats,
    starts: Ints,
    given: tuple[Ints, Ints],
    out: Floats,
) -> None:
    """Sum over sources of amount x exp(-distance / scale), at nominal, far and near distance.

    Parameters
    ----------
    points : numpy.ndarray, shape (p, 3)
        Easting, northing and accuracy, metres, in the order of the squares.
    sources : numpy.ndarray, shape (s, 4)
        Easting, northing, amount and accuracy.
    decay : numpy.ndarray, shape (2,)
        Scale and cutoff, metres.
    starts : numpy.ndarray of int64, shape (squares + 1,)
        First point of each large square.
    given : tuple of numpy.ndarray of int64
        Where the candidates of each large square begin, and the candidates.
    out : numpy.ndarray, shape (p, 3)
        Receives the sum, and its lower and upper bound.
    """
    offsets, candidates = given
    scale, cutoff = decay[0], decay[1]
    for a in range(len(starts) - 1):
        mine = candidates[offsets[a] : offsets[a + 1]]
        for i in range(starts[a], starts[a + 1]):
            total, low, high = 0.0, 0.0, 0.0
            for k in mine:
                he, hn = points[i, 0] - sources[k, 0], points[i, 1] - sources[k, 1]
                d = math.sqrt(he * he + hn * hn)
                slack = points[i, 2] + sources[k, 3]
                if d <= cutoff:
                    total += sources[k, 2] * math.exp(-d / scale)
                if d + slack <= cutoff:
                    low += sources[k, 2] * math.exp(-(d + slack) / scale)
                closest = max(d - slack, 0.0)
                if closest <= cutoff:
                    high += sources[k, 2] * math.exp(-closest / scale)
            out[i, 0], out[i, 1], out[i, 2] = total, low, high
