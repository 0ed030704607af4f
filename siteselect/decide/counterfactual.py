"""Counterfactual: the least change of readings that puts a place on the list."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from siteselect.base.errors import DataError
from siteselect.decide.score import EXCLUDED, Scores, score
from siteselect.decide.table import Floats, PerformanceTable
from siteselect.decide.values import Knots, value
from siteselect.declared.criteria import CriteriaSet

# A score must pass the edge of the list by more than rounding can take back.
MARGIN = 1e-9


@dataclass(frozen=True, slots=True)
class Change:
    """One reading that would have to be another.

    Parameters
    ----------
    criterion_id, unit : str
        The criterion and the unit of its readings.
    before, after : float
        The reading as it is, and the nearest one that is enough.
    value_before, value_after : float
        Their values, 0..1.
    """

    criterion_id: str
    unit: str
    before: float
    after: float
    value_before: float
    value_after: float


Obstacle = Literal["", "excluded", "unknown", "out of reach"]


@dataclass(frozen=True, slots=True)
class Counterfactual:
    """The least change that puts a place on the list.

    Parameters
    ----------
    place_id : str
        The place.
    k : int
        Length of the list.
    changes : tuple of Change
        Empty if the place is on the list already, or cannot come onto it.
    obstacle : {"", "excluded", "unknown", "out of reach"}
        Why no change of readings is enough: a screen excludes the place; too little is known of
        it for a rank; or its score falls short even at the best readings.
    blocked_by : tuple of str
        Screens that exclude it, or criteria without a reading, that must change first.
    rank_before, rank_after : int
        0 = not ranked.
    score_before, score_after : float
        After the changes, or at the best readings if those are not enough.
    """

    place_id: str
    k: int
    changes: tuple[Change, ...]
    obstacle: Obstacle
    blocked_by: tuple[str, ...]
    rank_before: int
    rank_after: int
    score_before: float
    score_after: float

    @property
    def possible(self) -> bool:
        """Whether the place is on the list after the changes."""
        return not self.obstacle


def counterfactual(
    table: PerformanceTable,
    criteria: CriteriaSet,
    i: int,
    *,
    k: int = 13,
    kinds: Sequence[str] | None = None,
    changeable: Sequence[str] | None = None,
) -> Counterfactual:
    """The least change of a place's known readings that puts it among the first `k`.

    Fewest criteria first, then the smallest sum of changes in value. What comes out is scored
    again by `siteselect.decide.score.score`.

    Parameters
    ----------
    table, criteria, kinds
        As for `siteselect.decide.score.score`.
    i : int
        Row of the place.
    k : int
        Length of the list.
    changeable : sequence of str, optional
        Criteria whose readings may change: a road can be built, a fault line cannot be moved.
        All if not given.

    Returns
    -------
    Counterfactual

    Raises
    ------
    DataError
        If `k` is less than 1.

    Notes
    -----
    Anchored values make this exact: no other score moves when this place changes, so the score
    to pass is that of the last place on the list. For a given set of criteria the smallest sum of
    changes fills the heaviest criterion first; sets are enumerated by size. Counterfactual
    explanations: Wachter, Mittelstadt and Russell (2018), Harvard Journal of Law & Technology 31,
    841-887. Screens are no part of the change, nor are unknown readings.

    Examples
    --------
    >>> from siteselect.base.files import home
    >>> from siteselect.declared.criteria import read_criteria
    >>> criteria = read_criteria(home() / "criteria" / "petrochemical.yaml")
    >>> rows = [[pick(c.knots, key=lambda knot: knot[1])[0] for c in criteria.criteria]
    ...         for pick in (max, min)]
    >>> table = PerformanceTable.of(rows, [c.id for c in criteria.criteria])
    >>> counterfactual(table, criteria, 1, k=1).obstacle  # the best cannot be passed
    'out of reach'
    """
    if k < 1:
        raise DataError(f"a list has at least one place, got k = {k}")
    law = score(table, criteria, kinds=kinds)
    found = Counterfactual(
        place_id=str(table.place_ids[i]),
        k=k,
        changes=(),
        obstacle="",
        blocked_by=(),
        rank_before=int(law.rank[i]),
        rank_after=int(law.rank[i]),
        score_before=float(law.score[i]),
        score_after=float(law.score[i]),
    )
    if law.verdict[i] == EXCLUDED:
        return replace(found, obstacle="excluded", blocked_by=_screens(law, criteria, i))
    if law.rank[i] == 0:
        unknown = np.flatnonzero(np.isnan(law.values[i]))
        names = tuple(law.criteria_ids[j] for j in unknown)
        return replace(found, obstacle="unknown", blocked_by=names)
    if law.rank[i] <= k:
        return found
    edge = float(law.score[law.rank == k][0])
    free = [c.id in changeable if changeable is not None else True for c in criteria.criteria]
    lifts = _least_lifts(law, criteria, i, edge + MARGIN, np.array(free))
    changes = tuple(_changes(table, criteria, law.values[i], i, lifts))
    again = score(_changed(table, i, changes), criteria, kinds=kinds)
    enters = again.rank[i] <= k
    return replace(
        found,
        changes=changes if enters else (),
        obstacle="" if enters else "out of reach",
        rank_after=int(again.rank[i]),
        score_after=float(again.score[i]),
    )


def _screens(law: Scores, criteria: CriteriaSet, i: int) -> tuple[str, ...]:
    screens = [
        constraint.id
        for constraint, answers in zip(criteria.constraints, law.answers, strict=True)
        if constraint.role == "screen" and answers[i] == EXCLUDED
    ]
    return tuple(dict.fromkeys([*screens, *law.refused(i)]))


def _least_lifts(
    law: Scores, criteria: CriteriaSet, i: int, target: float, free: NDArray[np.bool_]
) -> Floats:
    """Lift of each value that brings a place to a target; every free one to the top if none does.

    Criteria are taken by falling weight, so that within a set the heaviest is filled first.
    """
    top = np.array([max(height for _, height in c.knots) for c in criteria.criteria])
    room = np.where(free, np.nan_to_num(top - law.values[i]), 0.0)
    shares = law.weights / law.known[i]
    gap = target - float(law.score[i])
    useful = np.flatnonzero((room > 0) & (shares > 0))
    useful = useful[np.argsort(-shares[useful], kind="stable")]
    gains = room[useful] * shares[useful]
    enough = np.flatnonzero(np.cumsum(-np.sort(-gains)) >= gap)
    lifts = np.zeros(len(room))
    if len(enough) == 0:
        lifts[useful] = room[useful]
        return lifts
    sets = np.array(list(combinations(range(len(useful)), int(enough[0]) + 1)))
    part = gains[sets]
    kept = part.sum(axis=1) >= gap - MARGIN / 1000  # sums in another order differ by rounding
    sets, part = sets[kept], part[kept]
    lift = np.clip(gap - (np.cumsum(part, axis=1) - part), 0.0, part) / shares[useful[sets]]
    least = int(np.argmin(lift.sum(axis=1)))
    lifts[useful[sets[least]]] = lift[least]
    return lifts


def _changes(
    table: PerformanceTable, criteria: CriteriaSet, values: Floats, i: int, lifts: Floats
) -> Iterator[Change]:
    for j in np.flatnonzero(lifts > 0):
        criterion = criteria.criteria[j]
        before = float(table.values[i, table.column_ids.index(criterion.id)])
        after = nearest_reading(before, float(values[j] + lifts[j]), criterion.knots)
        yield Change(
            criterion_id=criterion.id,
            unit=criterion.unit,
            before=before,
            after=after,
            value_before=float(values[j]),
            value_after=float(value(after, criterion.knots)),
        )


def nearest_reading(reading: float, target: float, knots: Knots) -> float:
    """The reading nearest to a given one whose value reaches a target.

    Parameters
    ----------
    reading : float
        Where to start from; it may be infinite.
    target : float
        A value 0..1; above the highest knot it is taken as that.
    knots : sequence of (reading, value)
        Ascending readings.

    Returns
    -------
    float

    Examples
    --------
    >>> nearest_reading(80.0, 0.75, [(0, 1.0), (100, 0.0)])
    25.0
    >>> nearest_reading(9.0, 0.5, [(0, 0.0), (5, 1.0), (10, 0.0)])
    7.5
    """
    target = min(target, max(height for _, height in knots))
    start = min(max(reading, knots[0][0]), knots[-1][0])
    enough = [start] if float(value(start, knots)) >= target else []
    enough += [at for at, height in knots if height >= target]
    for (left, low), (right, high) in pairwise(knots):
        if min(low, high) < target < max(low, high):
            enough.append(left + (right - left) * (target - low) / (high - low))
    return min(enough, key=lambda at: abs(at - start))


def _changed(table: PerformanceTable, i: int, changes: Sequence[Change]) -> PerformanceTable:
    arrays = [table.values.copy(), table.lower.copy(), table.upper.copy()]
    for change in changes:
        j = table.column_ids.index(change.criterion_id)
        for array in arrays:
            # The doubt about a position stays as wide as it was, where it has a width.
            finite = np.isfinite(change.before) and np.isfinite(array[i, j])
            array[i, j] = change.after + (array[i, j] - change.before if finite else 0.0)
    return replace(table, values=arrays[0], lower=arrays[1], upper=arrays[2])
