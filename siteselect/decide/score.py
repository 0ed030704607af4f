"""The law: values, weights, what is known, three-valued verdicts, one score a place."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from siteselect.base.errors import DataError
from siteselect.decide.table import Floats, PerformanceTable
from siteselect.decide.values import value, value_range
from siteselect.declared.criteria import Constraint, CriteriaSet

ELIGIBLE, UNDETERMINED, EXCLUDED = 0, 1, 2
OPEN, NOT_ASKED = 3, 4
REFUSED = "refused"
REFUSED_BY = "refused by"
ANSWERS = ("eligible", "undetermined", "excluded", "open", "not asked")


@dataclass(frozen=True, slots=True)
class Scores:
    """What the law says of each place.

    Parameters
    ----------
    place_ids : numpy.ndarray, shape (n,)
        As in the performance table.
    criteria_ids : tuple of str, length m
        Criteria in the order of the columns below.
    constraint_ids : tuple of str, length c
        Constraints in the order of the rows of `answers`.
    weights : numpy.ndarray, shape (m,)
        Share of each criterion in the score; they sum to 1.
    values, contributions : numpy.ndarray, shape (n, m)
        Value 0..1 and weight x value over the known weight; NaN where unknown. The known
        contributions of a place sum to its score.
    score, score_low, score_high : numpy.ndarray, shape (n,)
        Weighted mean over what is known, NaN if nothing is; the same over all weight, if every
        unknown were worst, or best, and every position lay at the worse, or better, end of its
        accuracy.
    known : numpy.ndarray, shape (n,)
        Share of weight that had data.
    answers : numpy.ndarray of int8, shape (c, n)
        0 eligible, 1 undetermined, 2 excluded, 3 open (no answer can be had: no part of the
        verdict), 4 not asked of this kind of place.
    verdict : numpy.ndarray of int8, shape (n,)
        The worst answer of the screens: 0, 1 or 2.
    rank : numpy.ndarray of int64, shape (n,)
        1 = best; 0 = not ranked (excluded, or less than `min_known` of the weight has data).
    refusals : tuple of (str, str)
        Places that are excluded because an authority has refused, with the rule that was refused,
        or ``refused by`` and who has refused the place as a whole.
    """

    place_ids: NDArray[np.generic]
    criteria_ids: tuple[str, ...]
    constraint_ids: tuple[str, ...]
    weights: Floats
    values: Floats
    contributions: Floats
    score: Floats
    score_low: Floats
    score_high: Floats
    known: Floats
    answers: NDArray[np.int8]
    verdict: NDArray[np.int8]
    rank: NDArray[np.int64]
    refusals: tuple[tuple[str, str], ...] = ()

    def refused(self, place: int) -> tuple[str, ...]:
        """Why a place was refused: rules, or who has refused it as a whole; empty if it was not."""
        name = str(self.place_ids[place])
        return tuple(reason for where, reason in self.refusals if where == name)


def criterion_weights(criteria: CriteriaSet) -> Floats:
    """Share of each criterion in the score: share of its group times its share within.

    Parameters
    ----------
    criteria : CriteriaSet

    Returns
    -------
    numpy.ndarray, shape (m,)
        In the order of ``criteria.criteria``; sums to 1.
    """
    inner = dict.fromkeys(criteria.groups, 0.0)
    for criterion in criteria.criteria:
        inner[criterion.group] += criterion.weight
    raw = np.array(
        [
            criteria.groups[c.group].weight * (c.weight / inner[c.group] if c.weight else 0.0)
            for c in criteria.criteria
        ]
    )
    return np.asarray(raw / raw.sum(), dtype=np.float64)


def score(
    performances: PerformanceTable | ArrayLike,
    criteria: CriteriaSet,
    *,
    kinds: Sequence[str] | None = None,
    weights: ArrayLike | None = None,
    bounds: bool = True,
) -> Scores:
    """Score places: the one law, for cells and sites alike.

    Parameters
    ----------
    performances : PerformanceTable or array_like, shape (n, m)
        Readings. An array holds exact readings of the criteria in their order and no constraint.
    criteria : CriteriaSet
        What is weighed and what is a rule.
    kinds : sequence of str, length n, optional
        Kind of each place, for rules that speak of some kinds only; cells if not given.
    weights : array_like, shape (m,), optional
        Weights instead of the declared ones; normalised here.
    bounds : bool
        Whether to work out `score_low` and `score_high`; NaN if not.

    Returns
    -------
    Scores

    Raises
    ------
    DataError
        If a criterion has no column, the weights are negative or all zero, or there are not as
        many kinds as places.

    Notes
    -----
    Weighted mean over the known weight (simple additive weighting; Hwang and Yoon 1981), with
    values anchored in real units, so that no place changes the score of another.

    What an authority has answered of a rule outranks what was measured: granted is eligible, even
    where the measured distance breaks the limit, and refused excludes, whatever the role of the
    rule. Whoever refuses a place as a whole excludes it too. Scores do not move.

    Examples
    --------
    >>> from siteselect.base.files import home
    >>> from siteselect.declared.criteria import read_criteria
    >>> criteria = read_criteria(home() / "criteria" / "petrochemical.yaml")
    >>> best = [max(c.knots, key=lambda knot: knot[1])[0] for c in criteria.criteria]
    >>> float(score([best], criteria).score[0].round(12))
    1.0
    """
    table = (
        performances
        if isinstance(performances, PerformanceTable)
        else PerformanceTable.of(performances, [c.id for c in criteria.criteria])
    )
    shares = _normalised(weights, criteria)
    columns = _columns(table, criteria)
    values = _values(table, criteria, columns)
    known, total = _sums(shares, values)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(known > 0, total / known, np.nan)
        contributions = shares * values / known[:, None]
    low = high = np.full(len(mean), np.nan)
    if bounds:
        low, high = _bounds(table, criteria, columns, shares)
        # Rounding must not carry a score of complete and exact data out of its own bounds.
        low, high = np.fmin(low, mean), np.fmax(high, mean)
    answers = _answers(table, criteria.constraints, kinds)
    refusals = _settle(table, criteria.constraints, answers)
    screens = [c.role == "screen" for c in criteria.constraints]
    verdict = worst_answer(answers[np.asarray(screens, dtype=bool)])
    if refusals:
        verdict[np.isin(table.place_ids.astype(str), [place for place, _ in refusals])] = EXCLUDED
    ranked = (verdict != EXCLUDED) & (known >= criteria.min_known - 1e-12) & (known > 0)
    return Scores(
        place_ids=table.place_ids,
        criteria_ids=tuple(c.id for c in criteria.criteria),
        constraint_ids=tuple(c.id for c in criteria.constraints),
        weights=shares,
        values=values,
        contributions=contributions,
        score=mean,
        score_low=low,
        score_high=high,
        known=known,
        answers=answers,
        verdict=verdict,
        rank=ranks(mean, table.place_ids, ranked),
        refusals=refusals,
    )


def ranks(
    scores: Floats, place_ids: NDArray[np.generic], ranked: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """Ranks by score, 1 = best, 0 = not ranked; equal scores in the order of their ids.

    Examples
    --------
    >>> ranks(np.array([0.2, 0.9, 0.5]), np.array(["a", "b", "c"]), np.array([True, True, False]))
    array([2, 1, 0])
    """
    order = np.lexsort((place_ids, -np.nan_to_num(scores, nan=-1.0)))
    order = order[ranked[order]]
    result = np.zeros(len(scores), dtype=np.int64)
    result[order] = np.arange(1, len(order) + 1)
    return result


def _normalised(weights: ArrayLike | None, criteria: CriteriaSet) -> Floats:
    if weights is None:
        return criterion_weights(criteria)
    given = np.asarray(weights, dtype=np.float64)
    if given.shape != (len(criteria.criteria),) or not np.isfinite(given).all():
        raise DataError(f"{len(criteria.criteria)} finite weights are needed, got {given!r}")
    if (given < 0).any() or given.sum() <= 0:
        raise DataError("weights must not be negative and not all be zero")
    return np.asarray(given / given.sum(), dtype=np.float64)


def _columns(table: PerformanceTable, criteria: CriteriaSet) -> list[int]:
    missing = [c.id for c in criteria.criteria if table.index(c.id) is None]
    if missing:
        raise DataError(f"no performances of {', '.join(missing)}")
    return [table.column_ids.index(c.id) for c in criteria.criteria]


def _values(table: PerformanceTable, criteria: CriteriaSet, columns: list[int]) -> Floats:
    values = np.empty((len(columns), len(table.place_ids)))
    for row, column, criterion in zip(values, columns, criteria.criteria, strict=True):
        row[:] = value(table.values[:, column], criterion.knots)
    return values.T


def _sums(shares: Floats, values: Floats) -> tuple[Floats, Floats]:
    # Column by column in a fixed order, so that a place's score never depends on its neighbours.
    known, total = np.zeros(len(values)), np.zeros(len(values))
    for share, column in zip(shares, values.T, strict=True):
        has = ~np.isnan(column)
        known += np.where(has, share, 0.0)
        total += np.where(has, share * column, 0.0)
    return np.minimum(known, 1.0), total


def _bounds(
    table: PerformanceTable, criteria: CriteriaSet, columns: list[int], shares: Floats
) -> tuple[Floats, Floats]:
    low, high = np.zeros(len(table.place_ids)), np.zeros(len(table.place_ids))
    for share, column, criterion in zip(shares, columns, criteria.criteria, strict=True):
        worst, best = value_range(table.lower[:, column], table.upper[:, column], criterion.knots)
        at = value(table.values[:, column], criterion.knots)
        has = ~np.isnan(at)
        low += np.where(has, share * np.fmin(worst, at), 0.0)
        high += share * np.where(has, np.fmax(best, at), 1.0)
    return low, np.minimum(high, 1.0)


def _answers(
    table: PerformanceTable, constraints: tuple[Constraint, ...], kinds: Sequence[str] | None
) -> NDArray[np.int8]:
    n = len(table.place_ids)
    answers = np.empty((len(constraints), n), dtype=np.int8)
    kind = np.asarray(kinds if kinds is not None else ["cell"] * n)
    if len(kind) != n:
        raise DataError(f"{n} places have {len(kind)} kinds")
    for i, constraint in enumerate(constraints):
        answers[i] = measured(table, constraint)
        if constraint.applies_to:
            answers[i][~np.isin(kind, constraint.applies_to)] = NOT_ASKED
    return answers


def _settle(
    table: PerformanceTable, constraints: tuple[Constraint, ...], answers: NDArray[np.int8]
) -> tuple[tuple[str, str], ...]:
    """Put what authorities have answered in place of what was measured; what they have refused."""
    if not table.settled:
        return ()
    rows = {str(name): i for i, name in enumerate(table.place_ids)}
    rules = {constraint.id: c for c, constraint in enumerate(constraints)}
    here = [item for item in table.settled if item[0] in rows]
    for place, subject, word in here:
        at = (rules.get(subject, -1), rows[place])
        if at[0] >= 0 and answers[at] != NOT_ASKED:
            answers[at] = EXCLUDED if word == REFUSED else ELIGIBLE
    return tuple((place, subject) for place, subject, word in here if word == REFUSED)


def measured(table: PerformanceTable, constraint: Constraint) -> NDArray[np.int8]:
    """What a rule says by its readings alone, before anybody was asked.

    Parameters
    ----------
    table : PerformanceTable
    constraint : Constraint

    Returns
    -------
    numpy.ndarray of int8, shape (n,)
        Open where nothing is read.

    Examples
    --------
    >>> rule = Constraint.model_validate({"id": "town", "role": "inquiry", "at_least": 1.5,
    ...     "titles": {"en": "Town", "fa": "شهر"}, "authority": "DoE", "authority_fa": "محیط زیست",
    ...     "status": "superseded"})
    >>> measured(PerformanceTable.of([[1.0]], ["town"]), rule)
    array([2], dtype=int8)
    """
    column = table.index(constraint.id)
    if column is None or constraint.limit is None:
        return np.full(len(table.place_ids), OPEN, dtype=np.int8)
    return answer(table.lower[:, column], table.upper[:, column], constraint)


def answer(lower: Floats, upper: Floats, constraint: Constraint) -> NDArray[np.int8]:
    """Answers of one constraint to readings known within bounds.

    Excluded if even the far end breaks the limit, eligible if even the near end keeps it (and
    `clear`, if declared), else undetermined.

    Parameters
    ----------
    lower, upper : numpy.ndarray, shape (n,)
        Bounds of the reading; NaN is unknown.
    constraint : Constraint
        With a limit.

    Returns
    -------
    numpy.ndarray of int8, shape (n,)

    Examples
    --------
    >>> rule = Constraint.model_validate({"id": "town", "role": "inquiry", "at_least": 1.5,
    ...     "titles": {"en": "Town", "fa": "شهر"}, "authority": "DoE", "authority_fa": "محیط زیست",
    ...     "status": "superseded"})
    >>> answer(np.array([2.0, 0.0, 1.0]), np.array([4.0, 1.0, 3.0]), rule)
    array([0, 2, 1], dtype=int8)
    """
    limit = constraint.limit
    assert limit is not None  # noqa: S101 - the caller checked; tells the type checker
    clear = limit if constraint.clear is None else constraint.clear
    if constraint.at_least is not None:
        breaks, keeps = upper < limit, lower >= max(limit, clear)
    else:
        breaks, keeps = lower > limit, upper <= min(limit, clear)
    result = np.where(breaks, EXCLUDED, np.where(keeps, ELIGIBLE, UNDETERMINED)).astype(np.int8)
    unknown = OPEN if constraint.when_unknown == "open" else UNDETERMINED
    result[np.isnan(lower) | np.isnan(upper)] = unknown
    return result


def worst_answer(answers: NDArray[np.int8]) -> NDArray[np.int8]:
    """The verdict over some rules: the worst of their answers; what is open is no part of it.

    Parameters
    ----------
    answers : numpy.ndarray of int8, shape (c, n)
        As in `Scores`, of the screens alone.

    Returns
    -------
    numpy.ndarray of int8, shape (n,)
        0, 1 or 2.

    Examples
    --------
    >>> worst_answer(np.array([[0, 1, 3], [0, 2, 4]], dtype=np.int8))
    array([0, 2, 0], dtype=int8)
    """
    decided = np.where(answers <= EXCLUDED, answers, ELIGIBLE)
    return np.asarray(decided.max(axis=0, initial=ELIGIBLE), dtype=np.int8)
