"""Value functions: a performance becomes a value 0..1 by fixed knots in real units."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from siteselect.decide.table import Floats

Knots = Sequence[tuple[float, float]]


def value(performance: ArrayLike, knots: Knots) -> Floats:
    """Value of performances: linear between the knots, flat beyond the ends.

    Parameters
    ----------
    performance : array_like, any shape
        Readings in the unit of the knots; NaN stays NaN, infinities take the end values.
    knots : sequence of (reading, value)
        Ascending readings; values 0..1.

    Returns
    -------
    numpy.ndarray, same shape
        Values 0..1.

    References
    ----------
    Keeney and Raiffa (1976), Decisions with Multiple Objectives: single-attribute value functions
    with anchors that do not depend on the alternatives.

    Examples
    --------
    >>> value([0.0, 5.0, 99.0], [(0, 1.0), (10, 0.0)])
    array([1. , 0.5, 0. ])
    """
    readings, heights = np.asarray(knots, dtype=np.float64).T
    at = np.asarray(performance, dtype=np.float64)
    return np.asarray(np.interp(at, readings, heights), dtype=np.float64)


def value_range(lower: ArrayLike, upper: ArrayLike, knots: Knots) -> tuple[Floats, Floats]:
    """Least and greatest value that a reading between two bounds may have.

    A value function may rise and fall, so the corners between the bounds count too.

    Parameters
    ----------
    lower, upper : array_like, same shape
        Bounds of the reading; NaN stays NaN.
    knots : sequence of (reading, value)
        Ascending readings; values 0..1.

    Returns
    -------
    worst, best : numpy.ndarray, same shape

    Examples
    --------
    >>> worst, best = value_range([1.0], [9.0], [(0, 0.0), (5, 1.0), (10, 0.0)])
    >>> float(worst[0].round(9)), float(best[0])
    (0.2, 1.0)
    """
    low, high = np.asarray(lower, dtype=np.float64), np.asarray(upper, dtype=np.float64)
    at_low, at_high = value(low, knots), value(high, knots)
    worst, best = np.minimum(at_low, at_high), np.maximum(at_low, at_high)
    for reading, height in knots:
        between = (low < reading) & (reading < high)
        worst = np.where(between, np.minimum(worst, height), worst)
        best = np.where(between, np.maximum(best, height), best)
    return worst, best
