"""Weights of criteria: direct, ranking, swing, AHP, BWM, and what the data alone would say."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from siteselect.base.errors import DeclarationError
from siteselect.decide import checks
from siteselect.decide.checks import Names, finite_table, judgements, labelled, signs, vector
from siteselect.decide.table import Floats, PerformanceTable

RandomIndex = str | Mapping[int, float]

ACCEPTABLE_RATIO = 0.1
SCALE = tuple(1.0 / k for k in range(9, 1, -1)) + tuple(float(k) for k in range(1, 10))

# Mean consistency index of random matrices of size 3, 4, ... 15, under the name of its table.
RANDOM_INDICES: Mapping[str, tuple[float, ...]] = MappingProxyType(
    {
        # Saaty (2008) and Saaty and Vargas (2012), sizes 3 to 15.
        "saaty": (0.52, 0.89, 1.11, 1.25, 1.35, 1.40, 1.45, 1.49, 1.52, 1.54, 1.56, 1.58, 1.59),
        # Saaty (1980).
        "saaty-1980": (
            0.58, 0.90, 1.12, 1.24, 1.32, 1.41, 1.45, 1.49, 1.51, 1.48, 1.56, 1.57, 1.59,
        ),
        # Alonso and Lamata (2006).
        "alonso-lamata": (
            0.5245, 0.8815, 1.1086, 1.2479, 1.3417, 1.4056, 1.4499, 1.4854, 1.5141, 1.5365,
            1.5551, 1.5713, 1.5838,
        ),
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Hint:
    """The one judgement whose change lowers the consistency ratio most.

    Parameters
    ----------
    row, column : int
        The judged pair, counted from 0; row < column.
    row_name, column_name : str
        The same by name.
    judgement, better : float
        As judged, and the value of Saaty's scale (1/9 to 9) to put in its place.
    consistency_ratio : float
        The ratio once the hint is followed and the missing judgements are completed anew.

    Examples
    --------
    >>> print(Hint(0, 2, "port", "slope", 0.25, 6.0, 0.01))
    port against slope: 1/4 -> 6 brings the consistency ratio to 0.010
    """

    row: int
    column: int
    row_name: str
    column_name: str
    judgement: float
    better: float
    consistency_ratio: float

    def __str__(self) -> str:
        return (
            f"{self.row_name} against {self.column_name}: {_spoken(self.judgement)} -> "
            f"{_spoken(self.better)} brings the consistency ratio to {self.consistency_ratio:.3f}"
        )


@dataclass(frozen=True, slots=True)
class Ahp:
    """Weights by the analytic hierarchy process, and how far the judgements agree.

    Parameters
    ----------
    weights : numpy.ndarray, shape (m,)
        Principal right eigenvector; sums to 1.
    matrix : numpy.ndarray, shape (m, m)
        The judgements, the missing ones completed.
    lambda_max, consistency_index, consistency_ratio : float
        Principal eigenvalue; (lambda_max - m) / (m - 1); that over the random index. The ratio of
        one or two criteria is 0.
    random_index : str
        Name of the random-index table used; "given" for a mapping.
    hint : Hint or None
        What to judge again; None if no single change lowers the ratio.
    """

    weights: Floats
    matrix: Floats
    lambda_max: float
    consistency_index: float
    consistency_ratio: float
    random_index: str
    hint: Hint | None

    @property
    def acceptable(self) -> bool:
        """Whether the ratio is at most 0.1, as Saaty asks."""
        return self.consistency_ratio <= ACCEPTABLE_RATIO


@dataclass(frozen=True, slots=True)
class AhpGroup:
    """Weights of a group of judges by the analytic hierarchy process.

    Parameters
    ----------
    weights : numpy.ndarray, shape (m,)
        Weights of the group; sum to 1.
    aggregation : str
        "judgements" or "priorities".
    importance : numpy.ndarray, shape (p,)
        Share of each judge; sums to 1.
    members : tuple of Ahp, length p
        Each judge alone.
    group : Ahp or None
        The group as one judge; None where priorities were aggregated.
    consistency_ratio : float
        Of the group's judgements, or the importance-weighted mean of the members' ratios.
    """

    weights: Floats
    aggregation: str
    importance: Floats
    members: tuple[Ahp, ...]
    group: Ahp | None
    consistency_ratio: float

    @property
    def matrix(self) -> Floats | None:
        """Aggregated judgements, shape (m, m); None where priorities were aggregated."""
        return None if self.group is None else self.group.matrix


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """Weights of criteria that stand in groups.

    Parameters
    ----------
    weights : numpy.ndarray, shape (m,)
        Share of the group times the share within it, group after group; sums to 1.
    groups : Ahp
        The groups against each other.
    branches : tuple of Ahp
        The criteria of each group against each other.
    consistency_ratio : float
        Of the whole hierarchy: the consistency indices, each weighed by its group, over the random
        indices weighed alike (Saaty 1980).
    """

    weights: Floats
    groups: Ahp
    branches: tuple[Ahp, ...]
    consistency_ratio: float


@dataclass(frozen=True, slots=True)
class Bwm:
    """Weights by the best-worst method.

    Parameters
    ----------
    weights : numpy.ndarray, shape (m,)
        Sum to 1; in the non-linear model the centres of `low` and `high`, normalised.
    low, high : numpy.ndarray, shape (m,)
        Least and greatest weight among all optimal answers; equal to `weights` if linear.
    xi : float
        The optimum: greatest deviation from a judgement.
    consistency_ratio : float
        Non-linear: `xi` over the greatest `xi` that a_BW allows (Rezaei 2015). Linear: `xi` itself
        (Rezaei 2016). 0 is full consistency.
    input_ratio : float
        Greatest abs(a_Bj a_jW - a_BW) / (a_BW^2 - a_BW), known before anything is solved (Liang,
        Brunelli and Rezaei 2020).
    worst_judged : int
        The criterion at which that difference is greatest: the one to ask about again.

    Notes
    -----
    With an a_BW of 1 the input ratio and the non-linear ratio are 0 by definition, there being
    nothing to measure by; `xi` alone tells then whether answers contradict.
    """

    weights: Floats
    low: Floats
    high: Floats
    xi: float
    consistency_ratio: float
    input_ratio: float
    worst_judged: int


def normalised(weights: ArrayLike, *, names: Names = None, what: str = "weight") -> Floats:
    """Weights that sum to 1: the direct method, points in any measure.

    Parameters
    ----------
    weights : array_like, shape (m,)
        Numbers, not negative, not all zero; text such as "1/3" is read.
    names : sequence of str, length m, optional
        For the messages.
    what : str
        What one of them is called in a message.

    Returns
    -------
    numpy.ndarray, shape (m,)

    Raises
    ------
    DeclarationError
        Naming every entry that is no number or negative.

    Examples
    --------
    >>> normalised([30, 10])
    array([0.75, 0.25])
    """
    numbers = vector(weights, names, what, least=0.0)
    if not numbers.sum() > 0:
        raise DeclarationError(f"every {what} is zero; one at least must be above zero")
    return np.asarray(numbers / numbers.sum(), dtype=np.float64)


def rank_order_centroid(n: int) -> Floats:
    """Weights of n criteria of which only the order is known, most important first.

    Parameters
    ----------
    n : int
        How many criteria.

    Returns
    -------
    numpy.ndarray, shape (n,)
        Descending, summing to 1: the centre of all weights in that order.

    Raises
    ------
    DeclarationError
        If n is below 1 or no whole number.

    References
    ----------
    Barron and Barrett (1996), Management Science 42(11).

    Examples
    --------
    >>> rank_order_centroid(2)
    array([0.75, 0.25])
    """
    size = checks.number(n)
    if not 1 <= size < np.inf or size % 1:
        raise DeclarationError(f"{n!r} criteria have no ranks; name a whole number, at least one")
    return np.asarray(np.cumsum(1.0 / np.arange(size, 0, -1))[::-1] / size, dtype=np.float64)


def ranking(ranks: ArrayLike, *, names: Names = None) -> Floats:
    """Rank-order-centroid weights in the order of the criteria; tied criteria share.

    Parameters
    ----------
    ranks : array_like, shape (m,)
        1 = most important; equal ranks are ties, gaps do not matter.
    names : sequence of str, length m, optional
        For the messages.

    Returns
    -------
    numpy.ndarray, shape (m,)

    Raises
    ------
    DeclarationError
        Naming every rank that is no number of 1 or more.

    Examples
    --------
    >>> ranking([2, 1]), ranking([1, 1])
    (array([0.25, 0.75]), array([0.5, 0.5]))
    """
    given = vector(ranks, names, "rank", least=1.0)
    centroid = rank_order_centroid(len(given))[np.argsort(np.argsort(given, kind="stable"))]
    _, group = np.unique(given, return_inverse=True)
    return np.asarray((np.bincount(group, centroid) / np.bincount(group))[group], dtype=np.float64)


def swing(points: ArrayLike, *, names: Names = None) -> Floats:
    """Weights from swings: what going from worst to best on each criterion is worth.

    Parameters
    ----------
    points : array_like, shape (m,)
        The greatest swing usually has 100, the others their worth beside it.
    names : sequence of str, length m, optional
        For the messages.

    Returns
    -------
    numpy.ndarray, shape (m,)

    Raises
    ------
    DeclarationError
        Naming every entry that is no number or negative.

    References
    ----------
    von Winterfeldt and Edwards (1986), Decision Analysis and Behavioral Research.

    Examples
    --------
    >>> swing([100, 60, 40])
    array([0.5, 0.3, 0.2])
    """
    return normalised(points, names=names, what="swing")


def ahp(matrix: ArrayLike, *, random_index: RandomIndex = "saaty", names: Names = None) -> Ahp:
    """Weights by the analytic hierarchy process: the principal eigenvector.

    Parameters
    ----------
    matrix : array_like, shape (m, m)
        How many times the criterion of the row matters as much as that of the column. NaN, None or
        "" is not compared; a judgement may stand on one side of the diagonal only; text such as
        "1/3" is read. Of a pair that is reciprocal but for rounding the greater entry counts.
    random_index : str or mapping of int to float
        "saaty", "saaty-1980", "alonso-lamata", or own figures by size.
    names : sequence of str, length m, optional
        Of the criteria, for messages and the hint.

    Returns
    -------
    Ahp

    Raises
    ------
    DeclarationError
        Naming every faulty cell, or the criteria that no comparison joins to the others.

    Notes
    -----
    Missing judgements take the values that make lambda_max least, which are unique if comparisons
    join all criteria (Bozoki, Fulop and Ronyai 2010). The random indices are those of complete
    matrices, so the ratio of an incomplete one is lenient.

    References
    ----------
    Saaty (1980), The Analytic Hierarchy Process. Bozoki, Fulop and Ronyai (2010), Mathematical and
    Computer Modelling 52, 318-333.

    Examples
    --------
    >>> found = ahp([[1, 2, 6], ["1/2", 1, 3], ["1/6", "1/3", 1]])
    >>> found.weights.round(9), round(found.consistency_ratio, 9)
    (array([0.6, 0.3, 0.1]), 0.0)
    """
    judged = judgements(matrix, names)
    return _solve(judged, random_index, labelled(names, len(judged), "criterion"))


def ahp_group(
    matrices: Sequence[ArrayLike],
    *,
    importance: ArrayLike | None = None,
    aggregate: Literal["judgements", "priorities"] = "judgements",
    aggregation: Literal["judgements", "priorities"] | None = None,
    random_index: RandomIndex = "saaty",
    names: Names = None,
) -> AhpGroup:
    """Weights of several judges, one matrix each.

    Parameters
    ----------
    matrices : sequence of array_like, each of shape (m, m)
        As for `ahp`; a pair that nobody judged is completed in the group's matrix.
    importance : array_like, shape (p,), optional
        Of the judges; equal if not given.
    aggregate : str
        "judgements": geometric mean of each judgement over those who gave it, then the
        eigenvector. "priorities": geometric mean of the members' weights.
    aggregation : str, optional
        The same, by the name that it has in files; goes before `aggregate`.
    random_index : str or mapping of int to float
        As for `ahp`.
    names : sequence of str, length m, optional
        Of the criteria.

    Returns
    -------
    AhpGroup

    Raises
    ------
    DeclarationError
        Naming judge and cell of every fault, or if the sizes disagree.

    References
    ----------
    Aczel and Saaty (1983), Journal of Mathematical Psychology 27: only the geometric mean keeps
    reciprocity. Forman and Peniwati (1998), EJOR 108, 165-169.

    Examples
    --------
    >>> ahp_group([[[1, 4], [0.25, 1]], [[1, 0.25], [4, 1]]]).weights
    array([0.5, 0.5])
    """
    judged = checks.all_judgements({f"judge {k}": m for k, m in enumerate(matrices, 1)}, names)
    if len({len(a) for a in judged}) != 1:
        raise DeclarationError("judges must compare the same criteria, one matrix each")
    way = aggregation or aggregate
    if way not in ("judgements", "priorities"):
        raise DeclarationError(f"aggregation {way!r} is not judgements or priorities")
    labels = labelled(names, len(judged[0]), "criterion")
    shares = normalised(np.ones(len(judged)) if importance is None else importance,
                        names=labelled(None, len(judged), "judge"), what="importance")  # fmt: skip
    members = tuple(_solve(a, random_index, labels) for a in judged)
    if way == "priorities":
        pooled = np.exp(shares @ np.log([m.weights for m in members]))
        ratio = float(shares @ [m.consistency_ratio for m in members])
        return AhpGroup(pooled / pooled.sum(), way, shares, members, None, ratio)
    group = _solve(_geometric_mean(np.array(judged), shares), random_index, labels)
    return AhpGroup(group.weights, way, shares, members, group, group.consistency_ratio)


def ahp_hierarchy(
    groups: ArrayLike, branches: Mapping[str, ArrayLike], *, random_index: RandomIndex = "saaty"
) -> Hierarchy:
    """Weights of criteria in groups: groups against each other, then criteria within each.

    Parameters
    ----------
    groups : array_like, shape (g, g)
        Judgements over the groups, in the order of `branches`.
    branches : mapping of str to array_like
        For each group the judgements over its criteria; a group of one has [[1]].
    random_index : str or mapping of int to float
        As for `ahp`.

    Returns
    -------
    Hierarchy

    Raises
    ------
    DeclarationError
        Naming the group and the faulty cell.

    References
    ----------
    Saaty (1980), The Analytic Hierarchy Process.

    Examples
    --------
    >>> ahp_hierarchy([[1, 3], [1 / 3, 1]], {"land": [[1, 1], [1, 1]], "sea": [[1]]}).weights
    array([0.375, 0.375, 0.25 ])
    """
    judged = checks.all_judgements(branches, None)
    top = ahp(groups, random_index=random_index, names=list(branches))
    below = tuple(
        _solve(a, random_index, labelled(None, len(a), f"{name} criterion"))
        for name, a in zip(branches, judged, strict=True)
    )
    sizes = [len(branch.weights) for branch in below]
    indices = top.consistency_index + top.weights @ [b.consistency_index for b in below]
    expected = _random_index(random_index, len(top.weights)) + top.weights @ [
        _random_index(random_index, size) for size in sizes
    ]
    weights = np.concatenate([w * b.weights for w, b in zip(top.weights, below, strict=True)])
    return Hierarchy(weights, top, below, float(indices / expected) if expected > 0 else 0.0)


def follow(matrix: ArrayLike, hint: Hint) -> Floats:
    """The judgements with one hint followed.

    Parameters
    ----------
    matrix : array_like, shape (m, m)
        As for `ahp`.
    hint : Hint

    Returns
    -------
    numpy.ndarray, shape (m, m)

    Examples
    --------
    >>> before = [[1, 2, 6], [0.5, 1, 1 / 3], [1 / 6, 3, 1]]
    >>> found = ahp(before)
    >>> ahp(follow(before, found.hint)).consistency_ratio < found.consistency_ratio
    True
    """
    changed = judgements(matrix, None)
    changed[hint.row, hint.column] = hint.better
    changed[hint.column, hint.row] = 1.0 / hint.better
    return changed


def bwm(
    best_to_others: ArrayLike,
    others_to_worst: ArrayLike,
    *,
    linear: bool = True,
    names: Names = None,
) -> Bwm:
    """Weights by the best-worst method.

    Parameters
    ----------
    best_to_others : array_like, shape (m,)
        How many times the best criterion matters as much as each; 1 at the best.
    others_to_worst : array_like, shape (m,)
        How many times each criterion matters as much as the worst; 1 at the worst.
    linear : bool
        The linear model, abs(w_B - a_Bj w_j), whose answer is unique; else the original one,
        abs(w_B / w_j - a_Bj).
    names : sequence of str, length m, optional
        Of the criteria.

    Returns
    -------
    Bwm

    Raises
    ------
    DeclarationError
        Naming entries below 1, a list without its 1, or two different judgements of best against
        worst.

    References
    ----------
    Rezaei (2015), Omega 53, 49-57 (non-linear); Rezaei (2016), Omega 64, 126-130 (linear, and the
    interval of optimal answers); Liang, Brunelli and Rezaei (2020), Omega 96 (input ratio).

    Examples
    --------
    >>> bwm([1, 2, 4], [4, 2, 1]).weights.round(6)
    array([0.571429, 0.285714, 0.142857])
    """
    to_others, to_worst = checks.answers(best_to_others, others_to_worst, names)
    best, worst = checks.ends(to_others, to_worst)
    top = to_others[worst]
    gaps = np.abs(to_others * to_worst - top)
    gaps[[best, worst]] = 0.0
    input_ratio = float(gaps.max() / (top * top - top)) if top > 1 else 0.0
    if linear:
        weights, xi = _linear_bwm(to_others, to_worst, best, worst)
        low = high = weights
        ratio = xi
    else:
        low, high, xi = _nonlinear_bwm(to_others, to_worst, best, worst)
        weights = (low + high) / (low + high).sum()
        greatest = (1.0 + 2.0 * top - np.sqrt(1.0 + 8.0 * top)) / 2.0
        ratio = float(xi / greatest) if top > 1 else 0.0
    return Bwm(weights, low, high, xi, ratio, input_ratio, int(gaps.argmax()))


def entropy(matrix: PerformanceTable | ArrayLike) -> Floats:
    """Weights by the entropy of each column: a check on judged weights, no substitute.

    Parameters
    ----------
    matrix : PerformanceTable or array_like, shape (n, m)
        Readings, not negative.

    Returns
    -------
    numpy.ndarray, shape (m,)
        A column without spread weighs 0; equal weights if no column has any.

    Raises
    ------
    DataError
        Naming row and column of every reading that is no finite number or is negative.

    References
    ----------
    Shannon (1948); Zeleny (1982), Multiple Criteria Decision Making. Here 0 ln 0 = 0.

    Examples
    --------
    >>> entropy([[1, 5], [3, 5]])
    array([1., 0.])
    """
    readings = finite_table(matrix, least=0.0)
    # What differs by rounding only says nothing, and rounding must make no weight negative.
    flat = np.ptp(readings, axis=0) <= checks.TIE * readings.max(axis=0)
    share = readings / np.where(flat, 1.0, readings.sum(axis=0))
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(share > 0, share * np.log(share), 0.0)
    information = 1.0 + terms.sum(axis=0) / np.log(max(len(readings), 2))
    return _shared_out(np.where(flat, 0.0, np.maximum(information, 0.0)))


def critic(matrix: PerformanceTable | ArrayLike, *, objectives: ArrayLike | None = None) -> Floats:
    """Weights by contrast and conflict of the columns: a check on judged weights.

    Standard deviation (population) of the min-max scaled column times the sum over the other
    columns of 1 - Pearson correlation.

    Parameters
    ----------
    matrix : PerformanceTable or array_like, shape (n, m)
        Readings.
    objectives : array_like, shape (m,), optional
        1 = more is better, -1 = less; all 1 if not given.

    Returns
    -------
    numpy.ndarray, shape (m,)
        A column without spread weighs 0 and conflicts with none; equal weights if no two columns
        conflict.

    Raises
    ------
    DataError
        Naming row and column of every reading that is no finite number.
    DeclarationError
        If an objective is neither 1 nor -1.

    References
    ----------
    Diakoulaki, Mavrotas and Papayannakis (1995), Computers and Operations Research 22, 763-770.

    Examples
    --------
    >>> critic([[0, 9, 1], [1, 0, 1], [2, 9, 1]]).round(3)
    array([0.464, 0.536, 0.   ])
    """
    readings = finite_table(matrix)
    readings = readings * signs(objectives, readings.shape[1])
    spread = np.ptp(readings, axis=0)
    spread[spread <= checks.TIE * np.abs(readings).max(axis=0)] = 0.0
    scaled = (readings - readings.min(axis=0)) / np.where(spread > 0, spread, 1.0)
    deviation = scaled.std(axis=0)
    centred = (scaled - scaled.mean(axis=0)) / np.where(spread > 0, deviation, 1.0)
    conflict = 1.0 - centred.T @ centred / len(scaled)
    # Rounding must not pass for conflict between columns that say the same.
    conflict[np.abs(conflict) < 1e-12] = 0.0
    conflict[:, spread == 0] = 0.0
    np.fill_diagonal(conflict, 0.0)
    return _shared_out(np.where(spread > 0, deviation, 0.0) * conflict.sum(axis=1))


def _spoken(judgement: float) -> str:
    return f"{judgement:.3g}" if judgement >= 1 else f"1/{1 / judgement:.3g}"


def _random_index(table: RandomIndex, n: int) -> float:
    if isinstance(table, str):
        if table not in RANDOM_INDICES:
            raise DeclarationError(
                f"random index {table!r} is unknown; write {', '.join(RANDOM_INDICES)}"
            )
        known: Mapping[int, float] = dict(enumerate(RANDOM_INDICES[table], 3))
    else:
        known = table
    if n <= 2:
        return 0.0
    if n not in known or not known[n] > 0:
        raise DeclarationError(
            f"no random index for {n} criteria; compare fewer at once, in groups"
        )
    return float(known[n])


def _perron(matrices: Floats) -> tuple[Floats, Floats]:
    """Principal eigenvalue and right eigenvector of each positive matrix, shape (k, n, n)."""
    values, vectors = np.linalg.eig(matrices)
    first = values.real.argmax(axis=1)
    right = np.abs(vectors.real[np.arange(len(first)), :, first])
    return values.real.max(axis=1), right / right.sum(axis=1, keepdims=True)


def _solve(judged: Floats, random_index: RandomIndex, labels: tuple[str, ...]) -> Ahp:
    n = len(judged)
    expected = _random_index(random_index, n)
    complete = _completed(judged, labels)
    values, vectors = _perron(complete[None])
    largest = max(float(values[0]), float(n))
    index = (largest - n) / (n - 1) if n > 1 else 0.0
    ratio = index / expected if expected else 0.0
    named = random_index if isinstance(random_index, str) else "given"
    found = Ahp(vectors[0], complete, largest, index, ratio, named, None)
    return replace(found, hint=_hint(judged, found, expected, labels)) if expected else found


def _completed(judged: Floats, labels: tuple[str, ...]) -> Floats:
    known = ~np.isnan(judged)
    missing = np.argwhere(np.triu(~known))
    if not len(missing):
        return judged
    from scipy.sparse.csgraph import connected_components

    parts, part = connected_components(known, directed=False)
    if parts > 1:
        apart = ", ".join(label for label, p in zip(labels, part, strict=True) if p != part[0])
        raise DeclarationError(f"no comparison joins {apart} to {labels[0]}; compare one pair more")
    # Least squares of the logarithms is a near place to start.
    logs = _joined(known) @ np.log(np.where(known, judged, 1.0)).sum(axis=1)
    start = np.where(known, judged, np.exp(logs[:, None] - logs))
    return np.asarray(_least(start[None], missing[None])[0][0], dtype=np.float64)


def _joined(known: NDArray[np.bool_]) -> Floats:
    """Pseudo-inverse of the Laplacian of the graph whose edges are the comparisons."""
    laplacian = np.diag(known.sum(axis=1)) - known.astype(np.float64)
    return np.asarray(np.linalg.pinv(laplacian, hermitian=True), dtype=np.float64)


def _replaced(matrices: Floats, pairs: NDArray[np.intp], values: Floats) -> Floats:
    """Matrices, shape (k, n, n), with d pairs of each, shape (k, d, 2), judged anew."""
    each, (rows, columns) = np.arange(len(pairs))[:, None], np.moveaxis(pairs, 2, 0)
    changed = matrices.copy()
    changed[each, rows, columns], changed[each, columns, rows] = values, 1.0 / values
    return changed


def _least(matrices: Floats, pairs: NDArray[np.intp]) -> tuple[Floats, Floats]:
    """Matrices with their pairs set so that lambda_max is least, and how little that is.

    It is convex in the logarithms of the judgements (Bozoki, Fulop and Ronyai 2010), so Newton's
    steps lead there, halved where they overshoot.
    """
    if not pairs.size:
        return matrices, np.linalg.eigvals(matrices).real.max(axis=1)
    each, (rows, columns) = np.arange(len(pairs))[:, None], np.moveaxis(pairs, 2, 0)
    logs, reached = np.log(matrices[each, rows, columns]), np.full(len(pairs), np.inf)
    tried, step = matrices, np.zeros(rows.shape)
    for _ in range(100):
        largest, right = _perron(tried)
        # Rounding is no overshooting.
        better = largest <= reached * (1.0 + 1e-12)
        reached = np.where(better, largest, reached)
        logs = np.where(better[:, None], logs + step, logs)
        step = np.where(better[:, None], _newton(tried, pairs, largest, right=right), step / 2.0)
        tried = _replaced(tried, pairs, np.exp(logs + step))
        if np.abs(step).max() < 1e-6:
            break
    return tried, reached


def _newton(matrices: Floats, pairs: NDArray[np.intp], largest: Floats, *, right: Floats) -> Floats:
    """Newton's steps of the logarithms of pairs, from two derivatives of lambda_max."""
    each, (rows, columns) = np.arange(len(pairs))[:, None], np.moveaxis(pairs, 2, 0)
    count, n, d = len(pairs), matrices.shape[1], pairs.shape[1]
    inverse = np.linalg.inv(largest[:, None, None] * np.eye(n) - matrices + right[:, :, None])
    # The left eigenvector, its product with the right one being 1.
    left = inverse.sum(axis=1)
    weight = right[:, :, None] * left[:, None]
    flow = matrices * np.swapaxes(weight, 1, 2)
    there, back = flow[each, rows, columns], flow[each, columns, rows]
    # The group inverse of lambda_max - A: how a change of one entry bears on another.
    group = (inverse - right[:, :, None] * (left[:, None] @ inverse)) / weight
    first, second = np.zeros((2, count, n, d))
    first[each, rows, np.arange(d)], first[each, columns, np.arange(d)] = there, -back
    second[each, columns, np.arange(d)], second[each, rows, np.arange(d)] = there, -back
    cross = np.swapaxes(second, 1, 2) @ group @ first
    curve = cross + np.swapaxes(cross, 1, 2) + np.eye(d) * (there + back)[:, None]
    return np.linalg.solve(curve, (back - there)[:, :, None])[:, :, 0]


def _hint(judged: Floats, found: Ahp, expected: float, labels: tuple[str, ...]) -> Hint | None:
    n, known, scale = len(judged), ~np.isnan(judged), np.array(SCALE)
    joined = _joined(known)
    # At a resistance of 1 the pair alone joins two parts: its judgement contradicts none.
    resistance = joined.diagonal()[:, None] + joined.diagonal() - 2.0 * joined
    asked = np.argwhere(np.triu(known & (resistance < 1.0 - 1e-9), k=1))[:, None]
    if not len(asked):
        return None
    missing = np.argwhere(np.triu(~known))[None].repeat(2 * len(asked), axis=0)
    near = found.weights[asked[:, :, 0]] / found.weights[asked[:, :, 1]]
    start = _replaced(found.matrix[None].repeat(len(asked), axis=0), asked, near)
    free, bound = _least(start, np.concatenate([asked, missing[: len(asked)]], axis=1))
    # lambda_max being convex, the best on the scale stands beside the best of all values.
    wished = free[np.arange(len(asked)), *asked[:, 0].T]
    above = np.searchsorted(scale, wished).clip(1, len(scale) - 1)
    values = scale[np.column_stack([above - 1, above])].reshape(-1, 1)
    asked, bound = asked.repeat(2, axis=0), bound.repeat(2)
    trials = _replaced(free.repeat(2, axis=0), asked, values)
    reached = np.linalg.eigvals(trials).real.max(axis=1)
    likely = np.flatnonzero(bound < reached.min() + 1e-9)
    reached[likely] = _least(trials[likely], missing[likely])[1]
    best = int(reached.argmin())
    if reached[best] > found.lambda_max - 1e-9:
        return None
    i, j = (int(k) for k in asked[best, 0])
    ratio = max(float(reached[best]) - n, 0.0) / (n - 1) / expected
    return Hint(i, j, labels[i], labels[j], float(judged[i, j]), float(values[best, 0]), ratio)


def _geometric_mean(judged: Floats, shares: Floats) -> Floats:
    given = np.where(np.isnan(judged), 0.0, shares[:, None, None])
    total = given.sum(axis=0)
    logs = (given * np.log(np.where(np.isnan(judged), 1.0, judged))).sum(axis=0)
    return np.where(total > 0, np.exp(logs / np.where(total > 0, total, 1.0)), np.nan)


def _linear_bwm(to_others: Floats, to_worst: Floats, best: int, worst: int) -> tuple[Floats, float]:
    from scipy.optimize import linprog

    n = len(to_others)
    gaps = np.zeros((2 * n, n + 1))
    each = np.arange(n)
    gaps[each, best] += 1.0
    gaps[each, each] -= to_others
    gaps[n + each, each] += 1.0
    gaps[n + each, worst] -= to_worst
    # The best against itself and the worst against itself deviate by nothing: rows of zeros.
    limits = np.vstack([gaps, -gaps])
    limits[:, n] = -1.0
    found = linprog(
        np.append(np.zeros(n), 1.0),
        A_ub=limits, b_ub=np.zeros(4 * n),
        A_eq=np.append(np.ones(n), 0.0)[None], b_eq=[1.0],
    )  # fmt: skip
    weights = np.maximum(found.x[:n], 0.0)
    return weights / weights.sum(), max(float(found.x[n]), 0.0)


def _nonlinear_bwm(
    to_others: Floats, to_worst: Floats, best: int, worst: int
) -> tuple[Floats, Floats, float]:
    """Intervals of optimal weights, and xi.

    With x_j = w_B / w_j, y_j = w_j / w_W and z = w_B / w_W the limits ask for x_j y_j = z with each
    factor within xi of its judgement. So an xi is reached exactly when the intervals of all the
    products and of z meet, and no programme need be solved.
    """
    middle = np.setdiff1d(np.arange(len(to_others)), [best, worst])
    x, y, top = to_others[middle], to_worst[middle], to_others[worst]

    def reach(xi: float) -> tuple[float, float]:
        low = np.append(np.maximum(x - xi, 0.0) * np.maximum(y - xi, 0.0), top - xi)
        high = np.append((x + xi) * (y + xi), top + xi)
        return float(low.max()), float(high.min())

    xi, enough = 0.0, float(to_others.max())
    if reach(0.0)[0] > reach(0.0)[1]:
        for _ in range(200):
            half = (xi + enough) / 2.0
            below, above = reach(half)
            xi, enough = (xi, half) if below <= above else (half, enough)
        xi = enough
    z = sum(reach(xi)) / 2.0
    with np.errstate(divide="ignore"):
        least = np.maximum(x - xi, z / (y + xi))
        most = np.minimum(x + xi, z / np.maximum(y - xi, 0.0))
    low, high = np.ones(len(to_others)), np.ones(len(to_others))
    low[middle], high[middle] = 1.0 / np.maximum(most, least), 1.0 / least
    low[worst] = high[worst] = 1.0 / z
    low[best] = high[best] = 1.0
    return low / (low + high.sum() - high), high / (high + low.sum() - low), xi


def _shared_out(parts: Floats) -> Floats:
    total = parts.sum()
    n = len(parts)
    return np.asarray(parts / total if total > 0 else np.full(n, 1.0 / n), dtype=np.float64)
