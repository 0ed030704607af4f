"""Several voices: weights pooled, how far they agree, and the dissent that a mean would hide."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from siteselect.base.errors import DataError, DeclarationError
from siteselect.decide.checks import TIE, finite_table
from siteselect.decide.table import Floats
from siteselect.decide.weights import normalised


@dataclass(frozen=True, slots=True)
class Committee:
    """Members' weights and their mean.

    Parameters
    ----------
    names : tuple of str, length p
        Of the members.
    weights : numpy.ndarray, shape (m,)
        Importance-weighted mean; sums to 1.
    members : numpy.ndarray, shape (p, m)
        Weights of each member; rows sum to 1.
    importance : numpy.ndarray, shape (p,)
        Share of each member; sums to 1.
    disagreement : float
        Share of weight that two members place differently, on average over the pairs: 0 of one
        mind, 1 nothing in common.
    distance : numpy.ndarray, shape (p,)
        The same between each member and the mean.
    spread : numpy.ndarray, shape (m,)
        Greatest less least weight of each criterion.
    """

    names: tuple[str, ...]
    weights: Floats
    members: Floats
    importance: Floats
    disagreement: float
    distance: Floats
    spread: Floats


@dataclass(frozen=True, slots=True)
class Dissent:
    """Which sites are chosen whoever is asked, and whose weights decide over the others.

    Parameters
    ----------
    in_top : numpy.ndarray of bool, shape (p, n)
        Whether a site is in the top k under one member's weights alone.
    pooled : numpy.ndarray of bool, shape (n,)
        Whether it is under the committee's.
    always, never, contested : numpy.ndarray of int64
        Rows of the sites that are in the top k under every member, under none, under some.
    decides : numpy.ndarray of int8, shape (p, n)
        1 where the site is in the pooled top k and would not be without this member, -1 where it
        is not and would be, 0 where the member changes nothing.
    power : numpy.ndarray of int64, shape (p,)
        On how many sites each member's weights decide.
    """

    in_top: NDArray[np.bool_]
    pooled: NDArray[np.bool_]
    always: NDArray[np.int64]
    never: NDArray[np.int64]
    contested: NDArray[np.int64]
    decides: NDArray[np.int8]
    power: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far several rankings of the same alternatives agree.

    Parameters
    ----------
    names : tuple of str, length k
        Of the rankings.
    kendall, spearman : numpy.ndarray, shape (k, k)
        Rank correlation, tau-b and rho, -1..1; NaN beside a ranking that ties everything.
    best, worst : numpy.ndarray, shape (n,)
        Best and worst rank of each alternative.
    movers : numpy.ndarray of int64, shape (n,)
        Rows by the distance between the two, who moves most first.
    """

    names: tuple[str, ...]
    kendall: Floats
    spearman: Floats
    best: Floats
    worst: Floats
    movers: NDArray[np.int64]


def pool(members: Mapping[str, ArrayLike], *, importance: ArrayLike | None = None) -> Committee:
    """Weights of a committee whose members each came to theirs in their own way.

    Parameters
    ----------
    members : mapping of str to array_like, shape (m,)
        Weights by member, from any method; normalised here.
    importance : array_like, shape (p,), optional
        Of the members; equal if not given.

    Returns
    -------
    Committee

    Raises
    ------
    DeclarationError
        If there is no member, the weights differ in number, or an entry is negative or no number.

    Examples
    --------
    >>> found = pool({"a": [3, 1], "b": [1, 3]})
    >>> found.weights, found.disagreement
    (array([0.5, 0.5]), 0.5)
    """
    names = tuple(members)
    rows = [normalised(given, what=f"weight of {name}") for name, given in members.items()]
    if len({len(row) for row in rows}) != 1:
        raise DeclarationError("members must weigh the same criteria, and one member at least")
    shares = normalised(
        np.ones(len(rows)) if importance is None else importance, names=names, what="importance"
    )
    table = np.array(rows)
    mean = shares @ table
    apart = np.abs(table[:, None] - table[None]).sum(axis=2) / 2.0
    pairs = np.outer(shares, shares) * ~np.eye(len(rows), dtype=bool)
    return Committee(
        names=names,
        weights=mean,
        members=table,
        importance=shares,
        disagreement=float((pairs * apart).sum() / pairs.sum()) if pairs.any() else 0.0,
        distance=np.abs(table - mean).sum(axis=1) / 2.0,
        spread=np.ptp(table, axis=0),
    )


def dissent(score: Callable[[Floats], ArrayLike], committee: Committee, *, k: int) -> Dissent:
    """Which sites survive under every member, which under none, and whose weights decide.

    Parameters
    ----------
    score : callable
        Weights of shape (m,) to scores of shape (n,), more is better; NaN is never chosen. The
        house law, or any method.
    committee : Committee
        From `pool`.
    k : int
        How many sites are chosen; those that tie with the last are in.

    Returns
    -------
    Dissent

    Raises
    ------
    DeclarationError
        If k is below 1.

    Examples
    --------
    >>> values = np.array([[1.0, 0.0], [0.0, 1.0], [0.9, 0.9]])
    >>> found = dissent(lambda w: values @ w, pool({"a": [1, 0], "b": [1, 1]}), k=2)
    >>> found.always, found.never, found.power
    (array([0, 2]), array([], dtype=int64), array([1, 0]))
    """
    if k < 1:
        raise DeclarationError(f"the top {k} holds no site; k must be 1 or more")

    def top(weights: Floats) -> NDArray[np.bool_]:
        scores = np.asarray(score(weights), dtype=np.float64)
        return (standing(scores) <= k) & np.isfinite(scores)

    in_top = np.array([top(row) for row in committee.members])
    pooled = top(committee.weights)
    without = np.array([top(_without(committee, member)) for member in range(len(in_top))])
    count = in_top.sum(axis=0)
    decides = pooled.astype(np.int8) - without.astype(np.int8)
    return Dissent(
        in_top=in_top,
        pooled=pooled,
        always=np.flatnonzero(count == len(in_top)),
        never=np.flatnonzero(count == 0),
        contested=np.flatnonzero((count > 0) & (count < len(in_top))),
        decides=decides,
        power=np.abs(decides).sum(axis=1, dtype=np.int64),
    )


def standing(scores: ArrayLike, *, lowest_first: bool = False) -> NDArray[np.int64]:
    """Ranks by score, 1 = best; equal scores share the better rank.

    Parameters
    ----------
    scores : array_like, shape (n,)
    lowest_first : bool
        Less is better, as with VIKOR.

    Returns
    -------
    numpy.ndarray of int64, shape (n,)

    Examples
    --------
    >>> standing([0.2, 0.9, 0.9])
    array([3, 1, 1])
    """
    given = np.asarray(scores, dtype=np.float64)
    ordered = np.sort(given if lowest_first else -given)
    mine = (given if lowest_first else -given) - TIE
    return np.searchsorted(ordered, mine).astype(np.int64) + 1


def agreement(rankings: Mapping[str, ArrayLike]) -> Agreement:
    """How far rankings agree, and which alternatives move most between them.

    Parameters
    ----------
    rankings : mapping of str to array_like, shape (n,)
        Ranks of the same alternatives, 1 = best, by each method; equal ranks are ties.

    Returns
    -------
    Agreement

    Raises
    ------
    DataError
        If the rankings differ in length or hold no numbers.

    References
    ----------
    Kendall (1945), Biometrika 33, 239-251 (tau-b); Spearman (1904).

    Examples
    --------
    >>> found = agreement({"mean": [1, 2, 3], "topsis": [2, 1, 3]})
    >>> found.kendall[0, 1].round(3), found.movers
    (np.float64(0.333), array([0, 1, 2]))
    """
    from scipy.stats import kendalltau, rankdata

    if not rankings or len({np.size(ranks) for ranks in rankings.values()}) != 1:
        raise DataError("rankings of the same alternatives are needed, one at least")
    table = finite_table(np.array([np.asarray(r, dtype=np.float64) for r in rankings.values()]))
    k = len(table)
    kendall = np.array(
        [[kendalltau(table[a], table[b]).statistic for b in range(k)] for a in range(k)]
    )
    centred = rankdata(table, axis=1) - (table.shape[1] + 1) / 2.0
    length = np.linalg.norm(centred, axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        spearman = np.clip(centred @ centred.T / np.outer(length, length), -1.0, 1.0)
    best, worst = table.min(axis=0), table.max(axis=0)
    return Agreement(
        tuple(rankings), kendall, spearman, best, worst, np.argsort(best - worst, kind="stable")
    )


def _without(committee: Committee, member: int) -> Floats:
    rest = committee.importance.copy()
    rest[member] = 0.0
    # Without the only voice that counts nothing is left to compare with.
    total = rest.sum()
    return rest @ committee.members / total if total > 0 else committee.weights
