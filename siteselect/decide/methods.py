"""Methods beside the house law, to see how much hangs on the method."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from siteselect.base.errors import DataError, DeclarationError, Fault
from siteselect.decide.checks import (
    TIE,
    Preference,
    finite_table,
    number,
    preferences,
    signs,
    vector,
)
from siteselect.decide.committee import standing
from siteselect.decide.ordered import ordered_mean, quantifier
from siteselect.decide.table import Floats, PerformanceTable
from siteselect.decide.weights import normalised

Table = PerformanceTable | ArrayLike
BETTER, EQUAL, WORSE, INCOMPARABLE = 1, 0, -1, 2


@dataclass(frozen=True, slots=True)
class Vikor:
    """Compromise ranking; in all three measures less is better.

    Parameters
    ----------
    s, r, q : numpy.ndarray, shape (n,)
        Group utility, individual regret, and their mixture.
    acceptable_advantage : bool
        The second by `q` lies 1 / (n - 1) or more behind the first.
    acceptable_stability : bool
        The first by `q` is first by `s` or by `r` too.
    compromise : tuple of int
        Rows of the compromise set, best first.
    """

    s: Floats
    r: Floats
    q: Floats
    acceptable_advantage: bool
    acceptable_stability: bool
    compromise: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Promethee:
    """Outranking flows.

    Parameters
    ----------
    indices : numpy.ndarray, shape (n, n)
        Preference of the row over the column, 0..1.
    plus, minus, net : numpy.ndarray, shape (n,)
        Mean preference over the others, of the others over it, and the difference (PROMETHEE II).
    relations : numpy.ndarray of int8, shape (n, n)
        PROMETHEE I, row beside column: 1 better, 0 equal, -1 worse, 2 incomparable.
    """

    indices: Floats
    plus: Floats
    minus: Floats
    net: Floats
    relations: NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class Electre:
    """Credibility of outranking, and the two distillations.

    Parameters
    ----------
    concordance, credibility : numpy.ndarray, shape (n, n)
        That the row is at least as good as the column, before and after vetoes, 0..1.
    discordance : numpy.ndarray, shape (m, n, n)
        Opposition of each criterion, 0..1.
    descending, ascending : numpy.ndarray of int64, shape (n,)
        Ranks by the two distillations, 1 = best; equal ranks are ties.
    relations : numpy.ndarray of int8, shape (n, n)
        Both distillations together, row beside column: 1 better, 0 equal, -1 worse, 2 incomparable.
    rank : numpy.ndarray of int64, shape (n,)
        A complete order where one is needed: by the sum of the two ranks.
    """

    concordance: Floats
    credibility: Floats
    discordance: Floats
    descending: NDArray[np.int64]
    ascending: NDArray[np.int64]
    relations: NDArray[np.int8]
    rank: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Strategies:
    """Decision strategies: points of the triangle of risk by trade-off.

    Parameters
    ----------
    order_weights : numpy.ndarray, shape (k, m)
        One strategy a row, for the best value first.
    orness, tradeoff : numpy.ndarray, shape (k,)
        Where it stands: 0 averse to risk .. 1 taking it; 0 no compensation .. 1 full.
    """

    order_weights: Floats
    orness: Floats
    tradeoff: Floats


def weighted_mean(values: Table, weights: ArrayLike) -> Floats:
    """Weighted mean of values: simple additive weighting.

    Parameters
    ----------
    values : PerformanceTable or array_like, shape (n, m)
        More is better on every criterion.
    weights : array_like, shape (m,)
        Normalised here.

    Returns
    -------
    numpy.ndarray, shape (n,)

    Raises
    ------
    DataError
        Naming row and column of every value that is no finite number.
    DeclarationError
        If the weights are negative, all zero or too few.

    Examples
    --------
    >>> weighted_mean([[1.0, 0.0], [0.5, 0.5]], [3, 1])
    array([0.75, 0.5 ])
    """
    table = finite_table(values)
    return np.asarray(table @ _shares(weights, table), dtype=np.float64)


def weighted_geometric(values: Table, weights: ArrayLike) -> Floats:
    """Weighted geometric mean of values: a zero on any criterion of weight is fatal.

    Parameters
    ----------
    values : PerformanceTable or array_like, shape (n, m)
        Not negative; more is better on every criterion.
    weights : array_like, shape (m,)
        Normalised here.

    Returns
    -------
    numpy.ndarray, shape (n,)

    Raises
    ------
    DataError
        Naming row and column of every value that is no finite number or negative.
    DeclarationError
        If the weights are negative, all zero or too few.

    References
    ----------
    Bridgman (1922), Dimensional Analysis; the weighted product model.

    Examples
    --------
    >>> weighted_geometric([[1.0, 0.25], [0.0, 1.0]], [1, 1])
    array([0.5, 0. ])
    """
    table = finite_table(values, least=0.0)
    return np.asarray(np.prod(table ** _shares(weights, table), axis=1), dtype=np.float64)


def owa(
    values: Table,
    weights: ArrayLike | None,
    *,
    order_weights: ArrayLike | None = None,
    alpha: float | None = None,
) -> Floats:
    """Ordered weighted average: from the worst value of a place to its best.

    With z_1 >= z_2 >= ... the values of one alternative and u_1, u_2, ... the criterion weights
    brought into the same order:

    * ``order_weights`` v: sum of u_j v_j z_j over sum of u_j v_j. Equal criterion weights leave
      Yager's OWA, sum of v_j z_j; equal order weights leave the weighted mean.
    * ``alpha``: the quantifier Q(p) = p^alpha over the accumulated criterion weights, sum of
      (Q(u_1 + ... + u_j) - Q(u_1 + ... + u_(j-1))) z_j. 0 is the best value, 1 the weighted mean,
      infinity the worst value.
    * neither: the weighted mean.

    Parameters
    ----------
    values : PerformanceTable or array_like, shape (n, m)
        On one scale, more is better.
    weights : array_like, shape (m,), or None
        Of the criteria, normalised here; None is equal.
    order_weights : array_like, shape (m,), optional
        For the best value first, normalised here.
    alpha : float, optional
        0 or more.

    Returns
    -------
    numpy.ndarray, shape (n,)

    Raises
    ------
    DataError
        Naming row and column of every value that is no finite number.
    DeclarationError
        If weights or alpha are wrong, both ways are given, or a criterion without weight meets
        order weights with zeros, where the average may be undefined.

    References
    ----------
    Yager (1988), IEEE Transactions SMC 18, 183-190; Yager (1996), International Journal of
    Intelligent Systems 11, 49-73; Malczewski (2006), International Journal of Applied Earth
    Observation and Geoinformation 8, 270-277.

    Examples
    --------
    >>> owa([[0.7, 1.0, 0.2, 0.6]], None, order_weights=[0.4, 0.3, 0.2, 0.1]).round(9)
    array([0.75])
    >>> owa([[0.9, 0.3]], [1, 3], alpha=1)
    array([0.45])
    """
    table = finite_table(values)
    shares = _shares(np.ones(table.shape[1]) if weights is None else weights, table)
    if order_weights is not None and alpha is not None:
        raise DeclarationError("give order weights or alpha, not both")
    power = 1.0 if alpha is None else _power(alpha)
    risk = None if order_weights is None else _shares(order_weights, table)
    if risk is not None and not (shares.all() or risk.all()):
        raise DeclarationError(
            "leave out criteria that weigh nothing, or give every order weight above zero"
        )
    return ordered_mean(table, shares, risk=risk, alpha=power)


def _power(alpha: float) -> float:
    power = number(alpha)
    if not power >= 0 or (np.isinf(power) and alpha != np.inf):
        raise DeclarationError(f"alpha must be a number of 0 or more, not {alpha!r}")
    return power


def quantifier_weights(weights_sorted: ArrayLike, alpha: float) -> Floats:
    """Order weights of the quantifier p^alpha over criterion weights.

    Parameters
    ----------
    weights_sorted : array_like, shape (..., m)
        Criterion weights in the order of the values, best value first; normalised here.
    alpha : float
        0 (one criterion is enough) to infinity (all must be met).

    Returns
    -------
    numpy.ndarray, shape (..., m)
        Sum to 1 along the last axis.

    Raises
    ------
    DeclarationError
        If alpha is negative or no number.

    References
    ----------
    Yager (1996), International Journal of Intelligent Systems 11, 49-73.

    Examples
    --------
    >>> quantifier_weights([0.5, 0.5], 2)
    array([0.25, 0.75])
    """
    return quantifier(np.asarray(weights_sorted, dtype=np.float64), _power(alpha))


def orness(order_weights: ArrayLike) -> float:
    """How near to the best value an OWA stands: 0 the worst value, 0.5 the mean, 1 the best.

    References
    ----------
    Yager (1988), IEEE Transactions SMC 18, 183-190. A single weight has 0.5.

    Examples
    --------
    >>> round(orness([0.4, 0.3, 0.2, 0.1]), 9)
    0.666666667
    """
    shares = normalised(order_weights)
    return float(shares @ np.linspace(1.0, 0.0, len(shares))) if len(shares) > 1 else 0.5


def tradeoff(order_weights: ArrayLike) -> float:
    """How far a good value makes up for a bad one in an OWA: 0 not at all, 1 fully.

    References
    ----------
    Jiang and Eastman (2000), International Journal of Geographical Information Science 14, 173-184.

    Examples
    --------
    >>> tradeoff([0, 1, 0]), tradeoff([1, 1, 1])
    (0.0, 1.0)
    """
    shares = normalised(order_weights)
    n = len(shares)
    return float(1.0 - np.sqrt(n * ((shares - 1.0 / n) ** 2).sum() / (n - 1))) if n > 1 else 1.0


def dispersion(order_weights: ArrayLike) -> float:
    """Entropy of order weights: how many values have a say, 0 to ln m (Yager 1988).

    Examples
    --------
    >>> dispersion([0, 1])
    0.0
    """
    shares = normalised(order_weights)
    used = shares[shares > 0]
    return float(abs((used * np.log(used)).sum()))


def strategy(m: int, risk: float, compensation: float) -> Floats:
    """Order weights of a wanted orness and trade-off.

    Parameters
    ----------
    m : int
        How many criteria, 2 or more.
    risk : float
        Wanted orness, 0..1; met exactly.
    compensation : float
        Wanted trade-off, 0..1; met as nearly as that orness allows.

    Returns
    -------
    numpy.ndarray, shape (m,)
        Between the evenest weights of that orness (Fuller and Majlender 2003, Fuzzy Sets and
        Systems 136, 203-215) and the least even, which rest on one rank or two: a corner of all
        weights of that orness, for that is where the length of weights is greatest.

    Raises
    ------
    DeclarationError
        If m is below 2 or a wish lies outside 0..1.

    Examples
    --------
    >>> strategy(3, 0.5, 0), strategy(2, 0.75, 0.5)
    (array([0., 1., 0.]), array([0.75, 0.25]))
    """
    if m < 2 or not (0 <= risk <= 1 and 0 <= compensation <= 1):
        raise DeclarationError("a strategy needs 2 criteria, and orness and trade-off in 0..1")
    even = _evenest(m, risk)
    away, step = even - 1.0 / m, _barest(m, risk) - even
    # The distance from equal weights grows along the step: one root of a quadratic.
    length, slope = step @ step, away @ step
    lack = away @ away - (1.0 - compensation) ** 2 * (m - 1) / m
    if length < TIE:
        return even
    share = (np.sqrt(max(float(slope * slope - length * lack), 0.0)) - slope) / length
    return np.asarray(even + np.clip(share, 0.0, 1.0) * step, dtype=np.float64)


def strategies(m: int, *, steps: int = 5) -> Strategies:
    """The triangle of decision strategies, sampled.

    Its corners are the worst value (orness 0), the best (orness 1), and the weighted mean (orness
    0.5, full trade-off).

    Parameters
    ----------
    m : int
        How many criteria, 2 or more.
    steps : int
        Points along the risk axis, and from no trade-off to the triangle's edge above each.

    Returns
    -------
    Strategies
        With the orness and trade-off that each really has.

    Raises
    ------
    DeclarationError
        If m or steps is below 2.

    References
    ----------
    Jiang and Eastman (2000), International Journal of Geographical Information Science 14, 173-184.

    Examples
    --------
    >>> strategies(4, steps=3).order_weights.round(2)
    array([[0.  , 0.  , 0.  , 1.  ],
           [0.  , 0.75, 0.  , 0.25],
           [0.07, 0.6 , 0.07, 0.25],
           [0.25, 0.25, 0.25, 0.25],
           [1.  , 0.  , 0.  , 0.  ]])
    """
    if steps < 2:
        raise DeclarationError(f"{steps} step cannot span the triangle; give 2 or more")
    rows = np.array(
        [
            strategy(m, risk, share * (1.0 - abs(2.0 * risk - 1.0)))
            for risk in np.linspace(0.0, 1.0, steps)
            for share in (np.linspace(0.0, 1.0, steps) if 0 < risk < 1 else [0.0])
        ]
    )
    return Strategies(
        rows, np.array([orness(row) for row in rows]), np.array([tradeoff(row) for row in rows])
    )


def topsis(
    matrix: Table,
    weights: ArrayLike,
    objectives: ArrayLike,
    *,
    normalization: Literal["vector", "minmax", "fixed"] = "vector",
    ideal: ArrayLike | None = None,
    anti_ideal: ArrayLike | None = None,
) -> Floats:
    """Closeness to the ideal alternative, 0..1, more is better.

    Parameters
    ----------
    matrix : PerformanceTable or array_like, shape (n, m)
        Readings.
    weights, objectives : array_like, shape (m,)
        Weights are normalised here; 1 = more is better, -1 = less.
    normalization : str
        "vector": each column over its length, best and worst among the alternatives (Hwang and
        Yoon 1981). "minmax": each column from 0 to 1, likewise. "fixed": from `anti_ideal` to
        `ideal`, readings beyond them cut off, so that no alternative bears on another and ranks
        cannot be reversed by adding or dropping one.
    ideal, anti_ideal : array_like, shape (m,), optional
        For "fixed", in the unit of the column; not given, the matrix must hold values 0..1.

    Returns
    -------
    numpy.ndarray, shape (n,)
        A constant column separates nobody. Where nothing separates the alternatives, as with a
        single one, each is as near to the ideal as to its opposite: 0.5.

    Raises
    ------
    DataError
        Naming row and column of every reading that is no finite number, or not 0..1 where it must.
    DeclarationError
        If weights, objectives, the normalization or the ideals are wrong.

    References
    ----------
    Hwang and Yoon (1981), Multiple Attribute Decision Making. Garcia-Cascales and Lamata (2012),
    Mathematical and Computer Modelling 56, 123-132: rank reversal, and fixed ideals as its cure.

    Examples
    --------
    >>> topsis([[1, 5], [3, 5]], [1, 1], [1, -1])
    array([0., 1.])
    >>> topsis([[5], [8]], [1], [1], normalization="fixed", ideal=[10], anti_ideal=[0])
    array([0.5, 0.8])
    """
    table = finite_table(matrix)
    shares, sign = _shares(weights, table), signs(objectives, table.shape[1])
    if normalization == "fixed":
        worst, best = _fixed_ideals(table, sign, ideal, anti_ideal)
        scaled = np.clip((table - worst) / (best - worst), 0.0, 1.0)
        top, bottom = np.ones(len(sign)), np.zeros(len(sign))
    elif ideal is not None or anti_ideal is not None:
        raise DeclarationError("ideals are for the normalization 'fixed' only")
    else:
        scaled = _scaled(table * sign, normalization)
        top, bottom = scaled.max(axis=0), scaled.min(axis=0)
    above = np.linalg.norm((scaled - top) * shares, axis=1)
    below = np.linalg.norm((scaled - bottom) * shares, axis=1)
    total = above + below
    return np.where(total > 0, below / np.where(total > 0, total, 1.0), 0.5)


def vikor(matrix: Table, weights: ArrayLike, objectives: ArrayLike, *, v: float = 0.5) -> Vikor:
    """Compromise ranking with its compromise set.

    Parameters
    ----------
    matrix : PerformanceTable or array_like, shape (n, m)
        Readings.
    weights, objectives : array_like, shape (m,)
        Weights are normalised here; 1 = more is better, -1 = less.
    v : float
        Share of group utility in `q`, 0..1; the rest is individual regret.

    Returns
    -------
    Vikor
        A constant column adds nothing; a measure in which all are equal adds nothing to `q`.

    Raises
    ------
    DataError
        Naming row and column of every reading that is no finite number.
    DeclarationError
        If weights, objectives or v are wrong.

    References
    ----------
    Opricovic and Tzeng (2004), EJOR 156, 445-455: without acceptable advantage the set holds all
    that lie less than 1 / (n - 1) behind the first; with advantage but no stability, the first two.

    Examples
    --------
    >>> vikor([[1, 0], [0, 1], [0.9, 0.9]], [1, 1], [1, 1]).compromise
    (2,)
    """
    table = finite_table(matrix)
    shares, sign = _shares(weights, table), signs(objectives, table.shape[1])
    v, asked = number(v), v
    if not 0 <= v <= 1:
        raise DeclarationError(f"v must be a number in 0..1, not {asked!r}")
    gaps = _scaled(-table * sign, "minmax") * shares
    s, r = gaps.sum(axis=1), gaps.max(axis=1)
    q = v * _scaled(s[:, None], "minmax")[:, 0] + (1.0 - v) * _scaled(r[:, None], "minmax")[:, 0]
    order = np.argsort(q, kind="stable")
    behind = q[order] - q[order[0]]
    margin = 1.0 / (len(q) - 1) if len(q) > 1 else 0.0
    advantage = len(q) == 1 or bool(behind[1] >= margin - TIE)
    stability = bool(s[order[0]] <= s.min() + TIE or r[order[0]] <= r.min() + TIE)
    taken = 1 if stability else 2
    if not advantage:
        taken = int((behind < margin - TIE).sum())
    return Vikor(s, r, q, advantage, stability, tuple(int(i) for i in order[:taken]))


def promethee(
    matrix: Table,
    weights: ArrayLike,
    objectives: ArrayLike,
    *,
    preference: str | Sequence[Preference] = "usual",
) -> Promethee:
    """Outranking flows with the six preference functions (PROMETHEE I and II).

    Parameters
    ----------
    matrix : PerformanceTable or array_like, shape (n, m)
        Readings.
    weights, objectives : array_like, shape (m,)
        Weights are normalised here; 1 = more is better, -1 = less.
    preference : str or sequence of (shape, q, p, s), length m
        "usual" for all, or for each criterion its shape, the difference q up to which nobody cares,
        the difference p from which preference is full, and the inflexion s of the Gaussian; None
        for what a shape does not use. Shapes: usual, u-shape (q), v-shape (p), level (q, p),
        linear (q, p), gaussian (s).

    Returns
    -------
    Promethee
        A single alternative has flows of 0.

    Raises
    ------
    DataError
        Naming row and column of every reading that is no finite number.
    DeclarationError
        If weights or objectives are wrong, or shapes or thresholds are, naming every criterion.

    References
    ----------
    Brans and Vincke (1985), Management Science 31, 647-656; Brans, Vincke and Mareschal (1986),
    EJOR 24, 228-238.

    Examples
    --------
    >>> promethee([[4], [2], [1]], [1], [1], preference=[("v-shape", None, 2, None)]).net
    array([ 1.  , -0.25, -0.75])
    """
    table = finite_table(matrix)
    n, m = table.shape
    shares, readings = _shares(weights, table), table * signs(objectives, m)
    indices = np.zeros((n, n))
    for j, one in enumerate(preferences(preference, m)):
        indices += shares[j] * _preferred(readings[:, j, None] - readings[None, :, j], *one)
    others = max(n - 1, 1)
    plus, minus = indices.sum(axis=1) / others, indices.sum(axis=0) / others
    return Promethee(indices, plus, minus, plus - minus, _relations(plus, -minus))


def electre_iii(
    matrix: Table, weights: ArrayLike, objectives: ArrayLike, *, q: ArrayLike, p: ArrayLike,
    v: ArrayLike,
) -> Electre:  # fmt: skip
    """Credibility of outranking and its distillations.

    Parameters
    ----------
    matrix : PerformanceTable or array_like, shape (n, m)
        Readings.
    weights, objectives : array_like, shape (m,)
        Weights are normalised here; 1 = more is better, -1 = less.
    q, p, v : array_like, shape (m,)
        Differences of indifference, preference and veto, q <= p <= v; a v of None, NaN or infinity
        is no veto.

    Returns
    -------
    Electre

    Raises
    ------
    DataError
        Naming row and column of every reading that is no finite number.
    DeclarationError
        If weights or objectives are wrong, or a threshold is out of order, naming its criterion.

    References
    ----------
    Roy (1978), Cahiers du CERO 20, 3-24; Roy and Bouyssou (1993), Aide multicritere a la decision.

    Examples
    --------
    >>> found = electre_iii([[9, 4], [5, 5], [1, 2]], [1, 1], [1, 1], q=[1, 1], p=[2, 2], v=[9, 9])
    >>> found.descending, found.credibility[1].round(2)
    (array([1, 2, 3]), array([0.5, 1. , 1. ]))
    """
    table = finite_table(matrix)
    m = table.shape[1]
    shares, readings = _shares(weights, table), (table * signs(objectives, m)).T
    low, full, veto = _thresholds(q, p, v, m)
    behind = readings[:, None, :] - readings[:, :, None]
    agreeing = 1.0 - np.array([_ramp(d, *t) for d, *t in zip(behind, low, full, strict=True)])
    concordance = np.tensordot(shares, agreeing, axes=1)
    discordance = np.array([_ramp(d, *t) for d, *t in zip(behind, full, veto, strict=True)])
    with np.errstate(divide="ignore", invalid="ignore"):
        # Where all that weighs agrees, nothing exceeds the concordance, however it was summed.
        against = discordance > concordance + TIE
        cut = np.where(against, (1 - discordance) / (1 - concordance), 1.0)
    credibility = concordance * cut.prod(axis=0)
    descending = distillation(credibility)
    ascending = distillation(credibility, ascending=True)
    return Electre(
        concordance=concordance,
        credibility=credibility,
        discordance=discordance,
        descending=descending,
        ascending=ascending,
        relations=_relations(-descending, -ascending),
        rank=standing(descending + ascending, lowest_first=True),
    )


def distillation(credibility: ArrayLike, *, ascending: bool = False) -> NDArray[np.int64]:
    """Ranks distilled from a credibility of outranking.

    Parameters
    ----------
    credibility : array_like, shape (n, n)
        That the row is at least as good as the column, 0..1.
    ascending : bool
        Take the worst out first instead of the best.

    Returns
    -------
    numpy.ndarray of int64, shape (n,)
        1 = best; equal ranks are ties, and the next class follows without a gap.

    Notes
    -----
    With the customary threshold s(c) = 0.30 - 0.15 c. From the greatest credibility c among those
    left, the level falls to the greatest credibility below c - s(c). The row outranks the column if
    its credibility lies above that level and exceeds the opposite one by more than s of itself.
    Those with the best balance of outranking and being outranked are taken; ties are distilled
    further among themselves, down to level 0.

    References
    ----------
    Roy (1978); Vallee and Zielniewicz (1994), ELECTRE III-IV, Universite Paris-Dauphine.

    Examples
    --------
    >>> distillation([[1, 0.9, 0.9], [0.2, 1, 0.5], [0.1, 0.5, 1]])
    array([1, 2, 2])
    """
    table = np.asarray(credibility, dtype=np.float64)
    ranks = np.zeros(len(table), dtype=np.int64)
    left = np.arange(len(table))
    taken = 0
    while len(left):
        taken += 1
        pick = _distilled(table, left, -1.0 if ascending else 1.0)
        ranks[pick] = taken
        left = np.setdiff1d(left, pick)
    return taken + 1 - ranks if ascending else ranks


def _shares(weights: ArrayLike, table: Floats) -> Floats:
    shares = normalised(weights)
    if len(shares) != table.shape[1]:
        raise DeclarationError(
            f"{table.shape[1]} weights are needed, one a criterion; {len(shares)} were given"
        )
    return shares


def _evenest(m: int, risk: float) -> Floats:
    """Order weights of an orness that differ least: linear over the ranks that have any."""
    if risk < 0.5:
        return _evenest(m, 1.0 - risk)[::-1]
    rank = np.linspace(1.0, 0.0, m)
    used = m
    while True:
        off = rank[:used] - rank[:used].mean()
        part = 1.0 / used + (risk - rank[:used].mean()) * off / (off @ off)
        if used == 2 or part.min() >= 0:
            return np.append(np.maximum(part, 0.0), np.zeros(m - used))
        used -= 1


def _barest(m: int, risk: float) -> Floats:
    """Order weights of an orness that differ most.

    Of the pairs of ranks that have that orness between them, the one that rests most on a single
    rank is this rank and the last, or this rank and the first.
    """
    if risk < 0.5 - TIE:
        return _barest(m, 1.0 - risk)[::-1]
    place = (1.0 - risk) * (m - 1)
    rank, bare = int(place), np.zeros(m)
    last, first = (place - rank) / (m - 1 - rank), (rank + 1 - place) / (rank + 1)
    # Where both differ alike, the better rank has the weight: rounding must not choose.
    if last < first + TIE:
        bare[rank], bare[m - 1] = 1.0 - last, last
    else:
        bare[rank + 1], bare[0] = 1.0 - first, first
    return bare


def _scaled(readings: Floats, normalization: str) -> Floats:
    """Columns over their length, or from 0 to 1; a constant or empty column becomes zeros."""
    if normalization == "vector":
        # In two steps, so that the squares of small readings do not vanish.
        peak = np.abs(readings).max(axis=0)
        unit = readings / np.where(peak > 0, peak, 1.0)
        return np.asarray(unit / np.where(peak > 0, np.linalg.norm(unit, axis=0), 1.0))
    if normalization != "minmax":
        raise DeclarationError(f"normalization {normalization!r} is not vector, minmax or fixed")
    spread, low = np.ptp(readings, axis=0), readings.min(axis=0)
    # What differs by rounding only is constant; over its spread it would fill the whole scale.
    apart = spread > TIE * np.abs(readings).max(axis=0)
    return np.asarray(np.where(apart, readings - low, 0.0) / np.where(apart, spread, 1.0))


def _fixed_ideals(
    table: Floats, sign: Floats, ideal: ArrayLike | None, anti_ideal: ArrayLike | None
) -> tuple[Floats, Floats]:
    if (ideal is None) != (anti_ideal is None):
        raise DeclarationError("give the ideal and the anti-ideal, or neither")
    if ideal is None or anti_ideal is None:
        if table.min() < 0 or table.max() > 1:
            raise DataError("without ideals the matrix must hold values 0..1; give both ideals")
        return np.where(sign > 0, 0.0, 1.0), np.where(sign > 0, 1.0, 0.0)
    best = vector(ideal, None, "ideal", least=-np.inf)
    worst = vector(anti_ideal, None, "anti-ideal", least=-np.inf)
    if not len(best) == len(worst) == len(sign):
        raise DeclarationError(f"{len(sign)} ideals and as many anti-ideals are needed")
    faults = [
        Fault(f"ideal {best[j]:g} must be better than anti-ideal {worst[j]:g}",
              field=f"criterion {j + 1}")
        for j in np.flatnonzero((best - worst) * sign <= 0)
    ]  # fmt: skip
    if faults:
        raise DeclarationError(faults)
    return worst, best


def _preferred(ahead: Floats, kind: str, q: float, p: float, s: float) -> Floats:
    if kind == "gaussian":
        return np.where(ahead > 0, -np.expm1(-(ahead**2) / (2.0 * s * s)), 0.0)
    if kind == "level":
        return (_ramp(ahead, q, q) + _ramp(ahead, p, p)) / 2.0
    low = q if kind in ("u-shape", "linear") else 0.0
    return _ramp(ahead, low, p if kind in ("v-shape", "linear") else low)


def _ramp(difference: Floats, start: float, end: float) -> Floats:
    """0 up to `start`, 1 beyond `end`, linear between; a step where they meet."""
    if end > start:
        return np.clip((difference - start) / (end - start), 0.0, 1.0)
    # 8.6 - 8.3 is more than 0.3 by rounding only.
    return (difference > start * (1.0 + 1e-9)).astype(np.float64)


def _thresholds(q: ArrayLike, p: ArrayLike, v: ArrayLike, m: int) -> tuple[Floats, Floats, Floats]:
    low = vector(q, None, "indifference", least=0.0)
    full = vector(p, None, "preference", least=0.0)
    veto = np.array([np.inf if x is None else x for x in np.atleast_1d(np.asarray(v, object))])
    veto = np.where(np.isnan(veto.astype(np.float64)), np.inf, veto.astype(np.float64))
    if not len(low) == len(full) == len(veto) == m:
        raise DeclarationError(f"{m} thresholds of each kind are needed, one a criterion")
    faults = [
        Fault(f"thresholds must rise: q {low[j]:g}, p {full[j]:g}, v {veto[j]:g}",
              field=f"criterion {j + 1}")
        for j in np.flatnonzero(~((low <= full) & (full <= veto)))
    ]  # fmt: skip
    if faults:
        raise DeclarationError(faults)
    return low, full, veto


def _discrimination(credibility: Floats | float) -> Floats:
    return np.asarray(0.30 - 0.15 * credibility)


def _distilled(table: Floats, left: NDArray[np.int64], sign: float) -> NDArray[np.int64]:
    """The best (sign 1) or worst (sign -1) of those left."""
    level = -1.0
    while len(left) > 1:
        inner = table[np.ix_(left, left)]
        apart = inner[~np.eye(len(left), dtype=bool)]
        start = float(apart.max()) if level < 0 else level
        below = apart[apart < start - _discrimination(start) - TIE]
        level = float(below.max()) if len(below) else 0.0
        outranks = (inner > level + TIE) & (inner - inner.T > _discrimination(inner) + TIE)
        balance = sign * (outranks.sum(axis=1, dtype=np.int64) - outranks.sum(axis=0))
        left = left[balance == balance.max()]
        if level <= 0:
            break
    return left


def _relations(first: NDArray[np.generic], second: NDArray[np.generic]) -> NDArray[np.int8]:
    """Row beside column by two measures of which more is better."""
    one, two = first.astype(np.float64), second.astype(np.float64)
    signs_of = [
        np.sign(np.where(np.abs(d) < TIE, 0.0, d))
        for d in (one[:, None] - one[None], two[:, None] - two[None])
    ]
    together = np.sign(signs_of[0] + signs_of[1])
    clash = signs_of[0] * signs_of[1] < 0
    return np.where(clash, INCOMPARABLE, together).astype(np.int8)
