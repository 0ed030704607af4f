"""The law on cells: the score of many places from readings alone, in one pass over them."""

import itertools

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
        base, ramps, cuts = _ramps([c.knots for c in criteria.criteria])
        compiled.weigh(np.ascontiguousarray(readings), shares, base, ramps, cuts,
                       concentration or 0.0, out)  # fmt: skip
    else:
        for first in range(0, readings.shape[1], CHUNK):
            here = slice(first, first + CHUNK)
            _weigh(readings[:, here], criteria, shares, concentration, out[:, here])
    return out


def _ramps(
    every: list[tuple[tuple[float, float], ...]],
) -> tuple[Floats, Floats, NDArray[np.int64]]:
    """Value functions as their first values and the ramps after them.

    A value is the first plus, of every ramp, its slope times how far the reading has come on it.
    Start, length and slope of the ramps stand in one array, with where those of each begin.
    """
    ramps: list[tuple[float, float, float]] = []
    cuts = [0]
    for knots in every:
        for (start, low), (end, high) in itertools.pairwise(knots):
            ramps.append((start, end - start, (high - low) / (end - start)))
        cuts.append(len(ramps))
    base = np.array([knots[0][1] for knots in every], dtype=np.float64)
    return base, np.array(ramps, dtype=np.float64).T.copy(), np.array(cuts)


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
