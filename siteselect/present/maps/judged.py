"""What one set of criteria makes of the sites, as plain data for the page.

The study's own set stands whole in the page. The set of another park type asks much the same, so it
is written as what it does otherwise: the page puts the two together when somebody looks through it.
"""

import base64
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from siteselect.decide.score import Scores, criterion_weights
from siteselect.decide.table import PerformanceTable
from siteselect.decide.values import value_range
from siteselect.declared.criteria import CriteriaSet
from siteselect.plan.inquiries import bodies_of
from siteselect.present.maps import layers
from siteselect.study.result import Result

READING_DIGITS = 3
# Bounds of values are drawn, never compared: sixteen bits each, widened to the next step.
BOUND_STEPS, BOUND_UNKNOWN = 65534, 65535

Floats = NDArray[np.float64]


def exact(numbers: Floats) -> str:
    """Numbers bit by bit: little-endian doubles in base64, row by row; unknown is NaN.

    Parameters
    ----------
    numbers : numpy.ndarray

    Returns
    -------
    str

    Examples
    --------
    >>> exact(np.array([1.0]))
    'AAAAAAAA8D8='
    """
    return _base64(np.ascontiguousarray(numbers, dtype="<f8"))


def bounds(worst: Floats, best: Floats) -> tuple[str, str]:
    """Ranges of values in steps of 1 / `BOUND_STEPS`, never narrower than they are.

    Parameters
    ----------
    worst, best : numpy.ndarray
        Values in [0, 1]; NaN = unknown.

    Returns
    -------
    tuple of str
        Little-endian 16-bit numbers in base64; `BOUND_UNKNOWN` = unknown.

    Examples
    --------
    >>> bounds(np.array([0.0, np.nan]), np.array([1.0, np.nan]))
    ('AAD//w==', '/v///w==')
    """
    steps = np.floor(worst * BOUND_STEPS), np.ceil(best * BOUND_STEPS)
    known = (np.where(np.isnan(s), BOUND_UNKNOWN, s) for s in steps)
    low, high = (_base64(s.astype("<u2")) for s in known)
    return low, high


def groups(made: CriteriaSet) -> list[dict[str, Any]]:
    """The groups of a set, in its order.

    Parameters
    ----------
    made : CriteriaSet

    Returns
    -------
    list of dict
    """
    return [{"id": name, **layers.titles(group.titles)} for name, group in made.groups.items()]


def criteria(made: CriteriaSet, table: PerformanceTable) -> list[dict[str, Any]]:
    """The criteria of a set with their weights, evidence and sources.

    Parameters
    ----------
    made : CriteriaSet
    table : PerformanceTable
        Readings by the set.

    Returns
    -------
    list of dict
    """
    order = list(made.groups)
    return [
        {
            "id": c.id,
            **layers.titles(c.titles),
            "group": order.index(c.group),
            "weight": float(weight),
            "unit": c.unit,
            "evidence": c.evidence,
            "quality": c.quality,
            "sources": list(table.source_ids[table.column_ids.index(c.id)]),
        }
        for c, weight in zip(made.criteria, criterion_weights(made), strict=True)
    ]


def rules(made: CriteriaSet, result: Result) -> list[dict[str, Any]]:
    """The constraints of a set with their authority, its time limits and legal basis.

    Parameters
    ----------
    made : CriteriaSet
    result : Result
        With the table of rules and the bodies that are asked.

    Returns
    -------
    list of dict
    """
    found = []
    for c in made.constraints:
        rows = [result.rules[name] for name in c.rules if name in result.rules]
        bases = dict.fromkeys(layers.text(row.get("legal_basis")) for row in rows)
        kinds = dict.fromkeys(layers.text(row.get("source_kind")) for row in rows)
        bodies = [body for body, _ in bodies_of(c, result.authorities) if body]
        limits = {b.days_note.en: layers.titles(b.days_note) for b in bodies if b.days is not None}
        found.append(
            {
                "id": c.id,
                **layers.titles(c.titles),
                "role": c.role,
                "authority": {"en": c.authority, "fa": c.authority_fa},
                "days": list(limits.values()),
                "status": c.status,
                "rules": list(c.rules),
                "basis": [basis for basis in bases if basis],
                "origin": [kind for kind in kinds if kind],
                "limit": c.limit,
                "least": c.at_least is not None,
                "unit": c.unit,
                "note": c.note,
            }
        )
    return found


def sites(made: CriteriaSet, table: PerformanceTable, scores: Scores) -> dict[str, Any]:
    """What a set makes of every site, site by site.

    Parameters
    ----------
    made : CriteriaSet
    table : PerformanceTable
    scores : Scores
        Of the table, by the set.

    Returns
    -------
    dict
        ``verdict, values, worst, best, readings, answers, distances``.
    """
    worst, best = bounds(*_value_bounds(made, table))
    return {
        "verdict": scores.verdict.tolist(),
        "values": exact(scores.values),
        "worst": worst,
        "best": best,
        "readings": _matrix(readings(table, scores.criteria_ids)),
        "answers": _answers(scores),
        "distances": _matrix(readings(table, scores.constraint_ids)),
    }


def lenses(result: Result) -> list[dict[str, Any]]:
    """The other park types as what they judge otherwise than the study's own set.

    Parameters
    ----------
    result : Result

    Returns
    -------
    list of dict
        One a park type besides the study's own: ``id, en, fa``; ``criteria``, each ``like`` one of
        the study's but for what is said besides (words, weight, columns), or whole; ``rules`` in
        the same way; ``verdict`` of the sites where it differs. Empty without park types.
    """
    plan = result.chain
    if plan is None:
        return []
    others = [name for name in plan.criteria if name != result.criteria.id]
    return [_lens(result, plan.criteria[n], plan.tables[n], plan.scores[n]) for n in others]


def _lens(
    result: Result, made: CriteriaSet, table: PerformanceTable, scores: Scores
) -> dict[str, Any]:
    verdict = np.flatnonzero(scores.verdict != result.scores.verdict).tolist()
    return {
        "id": made.id,
        **layers.titles(made.titles),
        "version": made.version,
        "minKnown": made.min_known,
        "groups": groups(made),
        "criteria": list(_criteria(result, made, table, scores=scores)),
        "rules": list(_rules(result, made, table, scores=scores)),
        "verdict": [[i, int(scores.verdict[i])] for i in verdict],
    }


def _criteria(
    result: Result, made: CriteriaSet, table: PerformanceTable, *, scores: Scores
) -> Iterator[dict[str, Any]]:
    own, ids = criteria(result.criteria, result.table), result.scores.criteria_ids
    low, high = _value_bounds(made, table)
    worst, best = _value_bounds(result.criteria, result.table)
    for j, row in enumerate(criteria(made, table)):
        k = ids.index(row["id"]) if row["id"] in ids else -1
        columns = np.stack([scores.values[:, j], low[:, j], high[:, j]])
        told = _otherwise(row, own, k)
        if k < 0 or not np.array_equal(
            columns, [result.scores.values[:, k], worst[:, k], best[:, k]], equal_nan=True
        ):
            told["values"] = exact(columns[0])
            told["worst"], told["best"] = bounds(columns[1], columns[2])
            told["readings"] = _column(table, row["id"])
        yield told


def _rules(
    result: Result, made: CriteriaSet, table: PerformanceTable, *, scores: Scores
) -> Iterator[dict[str, Any]]:
    own, ids = rules(result.criteria, result), result.scores.constraint_ids
    before, after = _answers(result.scores), _answers(scores)
    for c, row in enumerate(rules(made, result)):
        k = ids.index(row["id"]) if row["id"] in ids else -1
        told, far = _otherwise(row, own, k), _column(table, row["id"])
        if k < 0 or before[k] != after[c]:
            told["answers"] = after[c]
        if k < 0 or far != _column(result.table, row["id"]):
            told["distances"] = far
        yield told


def _otherwise(row: dict[str, Any], own: list[dict[str, Any]], k: int) -> dict[str, Any]:
    """What a row says otherwise than row k of the study's own; all of it if there is none."""
    if k < 0:
        return dict(row)
    return {"like": k, **{key: said for key, said in row.items() if own[k][key] != said}}


def _column(table: PerformanceTable, name: str) -> list[Any]:
    return [layers.number(x, READING_DIGITS) for x in readings(table, (name,))[:, 0]]


def readings(table: PerformanceTable, ids: tuple[str, ...]) -> Floats:
    """Readings of criteria or constraints, shape (n, m); NaN where a table has none.

    Parameters
    ----------
    table : PerformanceTable
    ids : tuple of str

    Returns
    -------
    numpy.ndarray
    """
    unread = np.full(len(table.place_ids), np.nan)
    places = [table.index(name) for name in ids]
    columns = [unread if place is None else table.values[:, place] for place in places]
    return np.stack(columns, axis=1) if columns else np.empty((len(unread), 0))


def _value_bounds(made: CriteriaSet, table: PerformanceTable) -> tuple[Floats, Floats]:
    pairs = []
    for criterion in made.criteria:
        j = table.column_ids.index(criterion.id)
        pairs.append(value_range(table.lower[:, j], table.upper[:, j], criterion.knots))
    return np.stack([low for low, _ in pairs], axis=1), np.stack(
        [high for _, high in pairs], axis=1
    )


def _answers(scores: Scores) -> list[str]:
    return ["".join(str(int(a)) for a in row) for row in scores.answers]


def _matrix(values: Floats) -> list[list[Any]]:
    return [[layers.number(value, READING_DIGITS) for value in row] for row in values]


def _base64(numbers: NDArray[Any]) -> str:
    return base64.b64encode(numbers.tobytes()).decode("ascii")
