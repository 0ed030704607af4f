"""Compiled kernels of this room; imported only where numba is installed.

Each gives what the numpy definition beside its caller gives. Inner loops run over places without
a branch, so that several are worked at once.
"""

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from siteselect.decide.table import Floats

CHUNK = 1024


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
    known, total, squares = np.empty(CHUNK), np.empty(CHUNK), np.empty(CHUNK)
    worth = np.empty(CHUNK)
    for first in range(0, readings.shape[1], CHUNK):
        size = min(CHUNK, readings.shape[1] - first)
        known[:], total[:], squares[:] = 0.0, 0.0, 0.0
        for j in range(len(shares)):
            row, share = readings[j, first : first + size], shares[j]
            worth[:] = base[j]
            for k in range(cuts[j], cuts[j + 1]):
                start, length, slope = ramps[0, k], ramps[1, k], ramps[2, k]
                for i in range(size):
                    on = row[i] - start
                    on = on if on > 0.0 else 0.0
                    on = on if on < length else length
                    worth[i] += slope * on
            for i in range(size):
                has = share if row[i] == row[i] else 0.0
                known[i] += has
                total[i] += has * worth[i]
                squares[i] += has * worth[i] * worth[i]
        for i in range(size):
            part = min(known[i], 1.0)
            mean = total[i] / part if part > 0.0 else math.nan
            out[0, first + i], out[1, first + i] = mean, part
            if len(out) == 3:
                variance = max(squares[i] / part - mean * mean, 0.0) / (concentration * part + 1.0)
                out[2, first + i] = math.sqrt(variance)
