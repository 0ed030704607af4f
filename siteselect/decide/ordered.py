"""Ordered means of many rows: what `methods.owa` says, a piece that fits the cache at a time."""

from functools import cache
from types import ModuleType

import numpy as np

from siteselect.decide.checks import TIE
from siteselect.decide.table import Floats

# Values of a piece; and how many rows are worth loading compiled code for.
PIECE, MANY = 1 << 15, 1 << 16


@cache
def kernels() -> ModuleType | None:
    """The compiled kernels of this room, or None where numba is not installed."""
    try:
        from siteselect.decide import kernels as compiled
    except ImportError:
        return None
    return compiled


def ordered_mean(values: Floats, shares: Floats, *, risk: Floats | None, alpha: float) -> Floats:
    """Ordered weighted mean of each row.

    Parameters
    ----------
    values : numpy.ndarray, shape (n, m)
        Finite.
    shares : numpy.ndarray, shape (m,)
        Criterion weights.
    risk : numpy.ndarray, shape (m,), or None
        Order weights, best value first; if None, those of the quantifier p^alpha.
    alpha : float
        0 or more; without effect if order weights are given.

    Returns
    -------
    numpy.ndarray, shape (n,)

    Examples
    --------
    >>> ordered_mean(np.array([[0.9, 0.3]]), np.array([0.25, 0.75]), risk=None, alpha=1.0)
    array([0.45])
    """
    n, m = values.shape
    compiled = kernels() if n >= MANY else None
    run = compiled.ordered_mean if compiled else _ordered_mean
    given, out = np.empty(0) if risk is None else risk, np.empty(n)
    each = max(1, PIECE // m)
    for first in range(0, n, each):
        piece = slice(first, first + each)
        run(np.ascontiguousarray(values[piece]), shares, given, alpha, out[piece])
    return out


def _ordered_mean(values: Floats, shares: Floats, risk: Floats, alpha: float, out: Floats) -> None:
    """The definition that the compiled kernel follows."""
    order = np.argsort(-values, axis=1, kind="stable")
    ordered, criterion = np.take_along_axis(values, order, axis=1), shares[order]
    if len(risk):
        parts = criterion * risk
        parts /= parts.sum(axis=1, keepdims=True)
    else:
        parts = quantifier(criterion, alpha)
    np.sum(parts * ordered, axis=1, out=out)


def quantifier(criterion: Floats, alpha: float) -> Floats:
    """Steps of p^alpha over accumulated criterion weights, along the last axis.

    Examples
    --------
    >>> quantifier(np.array([0.5, 0.5]), 2.0)
    array([0.25, 0.75])
    """
    reached = np.cumsum(criterion, axis=-1)
    reached /= reached[..., -1:]
    # Rounding just below 1 would cost everything at a great alpha.
    reached[reached > 1.0 - TIE] = 1.0
    share = np.where(reached > 0, reached**alpha, 0.0)
    return np.diff(share, axis=-1, prepend=0.0)
