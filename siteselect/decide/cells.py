"""The law on cells: the score of many places from readings alone, in one pass over them."""

import numpy as np
from numpy.typing import NDArray

from siteselect.decide.ordered import kernels
from siteselect.decide.score import criterion_weights
from siteselect.decide.table import Floats
from siteselect.decide.values import value
from siteselect.declared.criteria import CriteriaSet

# Cells whose values of one criterion stay in the nearest cache while the next is added.
CHUNK = 4096


def weigh(
    readings: Floats, criteria: CriteriaSet, *, concentration: float | None = None
) -> NDArray[np.float32]:
    """Score and known share of cells, and how far the score moves under weights in doubt.

    What `siteselect.decide.score.score` says of the same readings, and what
    `siteselect.decide.robustness.score_under_doubt` says of their values, without ever holding
    the values of all criteria.

    Parameters
    ----------
    readings : numpy.ndarray, shape (m, n)
        A row a criterion, in their order and units; NaN is unknown.
    criteria : CriteriaSet
    concentration : float, optional
        How sure the weights are; see `siteselect.decide.doubt.dirichlet_weights`.

    Returns
    -------
    numpy.ndarray of float32, shape (2, n) or, with `concentration`, (3, n)
        Score (NaN if nothing is known), known share, standard deviation of the score.

    Examples
    --------
    >>> from siteselect.base.files import home
    >>> from siteselect.declared.criteria import read_criteria
    >>> criteria = read_criteria(home() / "criteria" / "petrochemical.yaml")
    >>> best = [max(c.knots, key=lambda knot: knot[1])[0] for c in criteria.criteria]
    >>> weigh(np.array(best, dtype=float)[:, None], criteria).round(6)
    array([[1.],
           [1.]], dtype=float32)
    """
    shares = criterion_weights(criteria)
    out = np.empty((2 if concentration is None else 3, readings.shape[1]), dtype=np.float32)
    compiled = kernels()
    if compiled:
        ramps = [_ramps(c.knots) for c in criteria.criteria]
        cuts = np.cumsum([0, *(ramp.shape[1] - 1 for ramp in ramps)])
        base = np.array([ramp[2, 0] for ramp in ramps])
        flat = np.hstack([ramp[:, 1:] for ramp in ramps])
        compiled.weigh(np.ascontiguousarray(readings), shares, base, flat, cuts,
                       concentration or 0.0, out)  # fmt: skip
    else:
        for first in range(0, readings.shape[1], CHUNK):
            here = slice(first, first + CHUNK)
            _weigh(readings[:, here], criteria, shares, concentration, out[:, here])
    return out


def _ramps(knots: tuple[tuple[float, float], ...]) -> Floats:
    """A value function as its first value and the ramps after it: start, length and slope of each.

    The value is the first plus, of every ramp, its slope times how far the reading has come on it.
    """
    at, height = np.asarray(knots, dtype=np.float64).T
    length = np.diff(at)
    first = [[np.nan], [np.nan], height[:1]]
    return np.hstack([first, [at[:-1], length, np.diff(height) / length]])


def _weigh(
    readings: Floats,
    criteria: CriteriaSet,
    shares: Floats,
    concentration: float | None,
    out: NDArray[np.float32],
) -> None:
    """The definition that the compiled kernel follows."""
    known, total, squares = np.zeros((3, readings.shape[1]))
    for row, share, criterion in zip(readings, shares, criteria.criteria, strict=True):
        worth = value(row, criterion.knots)
        has = ~np.isnan(worth)
        known += np.where(has, share, 0.0)
        total += np.where(has, share * worth, 0.0)
        squares += np.where(has, share * worth * worth, 0.0)
    known = np.minimum(known, 1.0)
    part = np.where(known > 0, known, np.nan)
    mean = total / part
    out[0], out[1] = mean, known
    if concentration is not None:
        variance = np.maximum(squares / part - mean**2, 0.0) / (concentration * part + 1)
        out[2] = np.sqrt(variance)
