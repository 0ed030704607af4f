"""Compiled kernels of `ordered` and `cells`; imported only where numba is installed."""

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from siteselect.decide.checks import TIE
from siteselect.decide.table import Floats

# Share and lowest value of a criterion; start, length and slope of its ramp.
Ramp = tuple[float, float, float, float, float]

CHUNK = 2048  # so many cells of one criterion, and their sums, stay in the inner caches
ROWS = 128  # so many rows and their weights stay in the innermost cache


@njit(cache=True, nogil=True, error_model="numpy")
def ordered_mean(values: Floats, shares: Floats, risk: Floats, alpha: float, out: Floats) -> None:
    """Ordered weighted mean of each row.

    Parameters
    ----------
    values : numpy.ndarray, shape (n, m)
    shares : numpy.ndarray, shape (m,)
        Criterion weights.
    risk : numpy.ndarray, shape (m,) or (0,)
        Order weights, best value first; if there are none, those of the quantifier p^alpha.
    alpha : float
    out : numpy.ndarray, shape (n,)
        Receives the means.
    """
    n, m = values.shape
    best, weight, done = np.empty((m, ROWS)), np.empty((m, ROWS)), np.empty((2, ROWS))
    for first in range(0, n, ROWS):
        rows = min(ROWS, n - first)
        for j in range(m):
            for i in range(rows):
                best[j, i], weight[j, i] = values[first + i, j], shares[j]
        _sort(best, weight)
        done[:] = 0.0
        if len(risk):
            for j in range(m):
                for i in range(ROWS):
                    part = weight[j, i] * risk[j]
                    done[0, i] += part * best[j, i]
                    done[1, i] += part
            for i in range(rows):
                out[first + i] = done[0, i] / done[1, i]
        else:
            for j in range(m):
                done[1] += weight[j]
            for i in range(rows):
                out[first + i] = _quantified(best[:, i], weight[:, i], done[1, i], alpha)


@njit(cache=True, nogil=True, error_model="numpy")
def _sort(best: Floats, weight: Floats) -> None:
    """Sort columns side by side, best first; what is equal keeps its order.

    A network that compares neighbours in turn: it knows no branches, so that several columns are
    compared at once, and unlike shorter networks it never passes equals over each other.
    """
    m, rows = best.shape
    for turn in range(m):
        for j in range(turn & 1, m - 1, 2):
            for i in range(rows):
                one, other = best[j, i], best[j + 1, i]
                mine, its = weight[j, i], weight[j + 1, i]
                swap = one < other
                best[j, i], best[j + 1, i] = max(one, other), min(one, other)
                weight[j, i] = its if swap else mine
                weight[j + 1, i] = mine if swap else its


@njit(cache=True, nogil=True, error_model="numpy")
def _quantified(best: Floats, weight: Floats, whole: float, alpha: float) -> float:
    """Mean of sorted values by the steps of p^alpha over their accumulated weights."""
    total, reached, before = 0.0, 0.0, 0.0
    for j in range(len(best)):
        reached += weight[j]
        p = reached / whole
        p = 1.0 if p > 1.0 - TIE else p
        if alpha == 1.0:
            share = p
        elif alpha == 2.0:
            share = p * p
        elif alpha == 0.5:
            share = math.sqrt(p)
        else:
            share = p**alpha if p > 0.0 else 0.0
        total += (share - before) * best[j]
        before = share
    return total


@njit(cache=True, nogil=True, error_model="numpy")
def _along(reading: float, start: float, length: float) -> float:
    """How far a reading has come on a ramp."""
    on = reading - start
    on = on if on > 0.0 else 0.0
    return on if on < length else length


@njit(cache=True, nogil=True, error_model="numpy")
def _climb(row: Floats, low: float, ramps: Floats, out: Floats) -> None:
    """The value below the last ramp of a value function: what those before it add to the first."""
    for i in range(len(out)):
        out[i] = low
    for k in range(ramps.shape[1]):
        start, length, slope = ramps[0, k], ramps[1, k], ramps[2, k]
        for i in range(len(out)):
            out[i] += slope * _along(row[i], start, length)


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _worth(reading: float, ramp: Ramp) -> tuple[float, float]:
    """Share of a criterion that counts, and its value."""
    share, low, start, length, slope = ramp
    has = share if reading == reading else 0.0  # noqa: PLR0124 - not so if it is NaN
    return has, low + slope * _along(reading, start, length)


@njit(cache=True, nogil=True, error_model="numpy")
def _four(
    rows: tuple[Floats, Floats, Floats, Floats],
    ramps: tuple[Ramp, Ramp, Ramp, Ramp],
    known: Floats,
    total: Floats,
) -> None:
    """Add four criteria of one ramp each to the sums, which are fetched once for all of them."""
    one, two, three, four = rows
    for i in range(len(known)):
        sum_known, sum_total = known[i], total[i]
        has, worth = _worth(one[i], ramps[0])
        sum_known, sum_total = sum_known + has, sum_total + has * worth
        has, worth = _worth(two[i], ramps[1])
        sum_known, sum_total = sum_known + has, sum_total + has * worth
        has, worth = _worth(three[i], ramps[2])
        sum_known, sum_total = sum_known + has, sum_total + has * worth
        has, worth = _worth(four[i], ramps[3])
        known[i], total[i] = sum_known + has, sum_total + has * worth


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _ramp(j: int, shares: Floats, base: Floats, ramps: Floats, k: int) -> Ramp:
    """The only ramp of a criterion, which stands at k."""
    return shares[j], base[j], ramps[0, k], ramps[1, k], ramps[2, k]


@njit(cache=True, nogil=True, error_model="numpy")
def weigh(
    readings: Floats,
    shares: Floats,
    base: Floats,
    ramps: Floats,
    cuts: NDArray[np.int64],
    concentration: float,
    out: NDArray[np.float32],
) -> None:
    """Value functions, weighted mean, known share and its spread, in one pass over the readings.

    Parameters
    ----------
    readings : numpy.ndarray, shape (m, n)
        NaN is unknown.
    shares, base : numpy.ndarray, shape (m,)
        Weight of each criterion, and its value below the first knot.
    ramps : numpy.ndarray, shape (3, r)
        Start, length and slope of the ramps of all value functions.
    cuts : numpy.ndarray of int64, shape (m + 1,)
        Where the ramps of each criterion begin.
    concentration : float
        How sure the weights are; read only if `out` has a third row.
    out : numpy.ndarray of float32, shape (2 or 3, n)
        Receives score, known share and standard deviation of the score.
    """
    # Rows a little longer than a chunk: a core mistakes places a power of two apart for the same.
    room, plain = np.empty((4, CHUNK + 40)), len(out) == 2
    for first in range(0, readings.shape[1], CHUNK):
        size = min(CHUNK, readings.shape[1] - first)
        known, total, squares = room[0, :size], room[1, :size], room[2, :size]
        for i in range(size):
            known[i] = total[i] = squares[i] = 0.0
        j = 0
        while j < len(shares):
            k = cuts[j]
            if plain and j + 4 <= len(shares) and cuts[j + 4] == k + 4:
                # Nothing is held but the sums. Rows are cut one by one: only so does a loop over
                # them know that they have no gaps.
                end = first + size
                rows = (
                    readings[j, first:end],
                    readings[j + 1, first:end],
                    readings[j + 2, first:end],
                    readings[j + 3, first:end],
                )
                chosen = (
                    _ramp(j, shares, base, ramps, k),
                    _ramp(j + 1, shares, base, ramps, k + 1),
                    _ramp(j + 2, shares, base, ramps, k + 2),
                    _ramp(j + 3, shares, base, ramps, k + 3),
                )
                _four(rows, chosen, known, total)
                j += 4
                continue
            row, share, last = readings[j, first : first + size], shares[j], cuts[j + 1] - 1
            below = room[3, :size]
            _climb(row, base[j], ramps[:, k:last], below)
            start, length, slope = ramps[0, last], ramps[1, last], ramps[2, last]
            for i in range(size):
                worth = below[i] + slope * _along(row[i], start, length)
                has = share if row[i] == row[i] else 0.0
                known[i] += has
                total[i] += has * worth
                squares[i] += has * worth * worth
            j += 1
        for i in range(size):
            part = min(known[i], 1.0)
            mean = total[i] / part if part > 0.0 else math.nan
            out[0, first + i], out[1, first + i] = mean, part
            if len(out) == 3:
                variance = max(squares[i] / part - mean * mean, 0.0) / (concentration * part + 1.0)
                out[2, first + i] = math.sqrt(variance)
