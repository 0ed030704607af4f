"""Compiled kernels of `siteselect.measure.reach`; imported only where numba is installed.

Each gives what the numpy definition beside its caller gives, square by square, without building
the points x features matrix. Inner loops run over the points of a square, one feature at a time
and without a branch, so that several points are worked at once. Of the licences of fast maths only
those are taken that change no result of numbers: no operation is reordered or contracted.
"""

import math

import numpy as np
from numba import njit

from siteselect.measure.blocks import Floats, Squares

FAST = {"nnan", "nsz"}


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST, inline="always")
def _square(pe: float, pn: float, de: float, dn: float, over: float) -> float:
    """Squared distance of a point to a straight piece, both from the start of the piece."""
    t = (pe * de + pn * dn) * over
    t = 0.0 if t < 0.0 else t
    t = 1.0 if t > 1.0 else t
    he, hn = pe - t * de, pn - t * dn
    return he * he + hn * hn


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def _refine(disc: Floats, given: Floats, count: int, kept: Floats, near: Floats) -> int:
    """Keep the features that may be the nearest somewhere in a disc."""
    east, north, bound = disc[0], disc[1], math.inf
    for k in range(count):
        square = _square(
            east - given[0, k], north - given[1, k], given[2, k], given[3, k], given[4, k]
        )
        away = math.sqrt(square) - given[5, k]
        near[k] = away - given[6, k]
        far = away + given[6, k]
        bound = far if far < bound else bound
    bound += 2.0 * disc[2]
    found = 0
    for k in range(count):
        if near[k] <= bound:
            for row in range(7):
                kept[row, found] = given[row, k]
            found += 1
    return found


@njit(cache=True, nogil=True, error_model="numpy")
def nearest(
    east: Floats,
    north: Floats,
    pieces: Floats,
    squares: Squares,
    out: Floats,
) -> None:
    """Least distance, and least near and far end of it, of each point to the pieces.

    Parameters
    ----------
    east, north : numpy.ndarray, shape (p,)
        Metres, in the order of the squares.
    pieces : numpy.ndarray, shape (7, s)
        Easting and northing of the start, the way to the end, one over its squared length (0 for
        a point), radius and error, metres.
    squares : tuple of numpy.ndarray
        As `Blocks` holds them: starts, discs, parents, cuts.
    out : numpy.ndarray, shape (3, p)
        Receives distance, near end and far end, metres.
    """
    starts, centres, parents, cuts = squares
    sizes = len(cuts) - 1
    held = np.empty((sizes, 7, pieces.shape[1]))
    near = np.empty(pieces.shape[1])
    counts, here, chain = np.zeros(sizes, np.int64), np.full(sizes, -1), np.empty(sizes, np.int64)
    for i in range(len(starts) - 1):
        chain[sizes - 1] = cuts[sizes - 1] + i
        for size in range(sizes - 1, 0, -1):
            chain[size - 1] = parents[chain[size]]
        for size in range(sizes):
            if here[size] != chain[size]:
                here[size] = chain[size]
                given = pieces if size == 0 else held[size - 1]
                count = pieces.shape[1] if size == 0 else counts[size - 1]
                disc = centres[:, chain[size]].copy()
                counts[size] = _refine(disc, given, count, held[size], near)
        few, count = held[sizes - 1], counts[sizes - 1]
        _ends(east, north, few, count, starts[i], starts[i + 1], out)


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def _ends(
    east: Floats, north: Floats, few: Floats, count: int, first: int, last: int, out: Floats
) -> None:
    for i in range(first, last):
        out[0, i] = out[1, i] = out[2, i] = math.inf
    for k in range(count):
        ae, an, de, dn, over = few[0, k], few[1, k], few[2, k], few[3, k], few[4, k]
        radius, error = few[5, k], few[6, k]
        for i in range(first, last):
            away = math.sqrt(_square(east[i] - ae, north[i] - an, de, dn, over)) - radius
            low, high = away - error, away + error
            out[0, i] = away if away < out[0, i] else out[0, i]
            out[1, i] = low if low < out[1, i] else out[1, i]
            out[2, i] = high if high < out[2, i] else out[2, i]


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST, inline="always")
def _decayed(away: float, scale: float, cutoff: float) -> float:
    """exp(-away / scale) up to the cutoff, right to 3e-14 of itself, without a call or a branch."""
    x = -away / scale
    # exp(x) = exp(x / 256) ** 256; past exp(-64) nothing is left to be told from nothing.
    y = (x if x > -64.0 else -64.0) * 0.00390625
    p = 1.0 + y / 11.0
    for k in (10.0, 9.0, 8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0):
        p = 1.0 + p * y / k
    for _ in range(8):
        p *= p
    return p if away <= cutoff else 0.0


@njit(cache=True, nogil=True, error_model="numpy")
def supplied(
    place: tuple[Floats, Floats, Floats],
    sources: Floats,
    decay: tuple[float, float, float],
    squares: Squares,
    bounds: bool,
    out: Floats,
) -> None:
    """Sum over sources of amount x exp(-distance / scale), at nominal, far and near distance.

    Parameters
    ----------
    place : tuple of numpy.ndarray, shape (p,)
        Easting, northing and accuracy of the points, metres, in the order of the squares.
    sources : numpy.ndarray, shape (4, s)
        Easting, northing, amount and accuracy.
    decay : tuple of float
        Scale and cutoff, and the greatest sum of two accuracies, metres.
    squares : tuple of numpy.ndarray
        As `Blocks` holds them: starts, discs, parents, cuts.
    bounds : bool
        Whether the sums at the far and the near distance are asked.
    out : numpy.ndarray, shape (3, p)
        Zeros; receives the sum, and its lower and upper bound.
    """
    starts, centres, _, cuts = squares
    smallest = cuts[len(cuts) - 2]
    for i in range(len(starts) - 1):
        east, north = centres[0, smallest + i], centres[1, smallest + i]
        reach = decay[1] + decay[2] + centres[2, smallest + i]
        for k in range(sources.shape[1]):
            de, dn = east - sources[0, k], north - sources[1, k]
            if de * de + dn * dn <= reach * reach:
                _add(place, sources, k, decay, starts[i], starts[i + 1], bounds, out)


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def _add(
    place: tuple[Floats, Floats, Floats],
    sources: Floats,
    k: int,
    decay: tuple[float, float, float],
    first: int,
    last: int,
    bounds: bool,
    out: Floats,
) -> None:
    east, north, slack = place
    scale, cutoff = decay[0], decay[1]
    se, sn, amount, accuracy = sources[0, k], sources[1, k], sources[2, k], sources[3, k]
    for i in range(first, last):
        de, dn = east[i] - se, north[i] - sn
        out[0, i] += amount * _decayed(math.sqrt(de * de + dn * dn), scale, cutoff)
    if bounds:
        for i in range(first, last):
            de, dn, doubt = east[i] - se, north[i] - sn, slack[i] + accuracy
            away = math.sqrt(de * de + dn * dn)
            near = away - doubt
            near = near if near > 0.0 else 0.0
            out[1, i] += amount * _decayed(away + doubt, scale, cutoff)
            out[2, i] += amount * _decayed(near, scale, cutoff)
