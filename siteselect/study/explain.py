"""Explanations: why a place stands where it does, why not, and what would change it."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from pyproj import Transformer

from siteselect.base.errors import DataError, Fault
from siteselect.base.text import nearest
from siteselect.decide.counterfactual import Counterfactual, counterfactual
from siteselect.decide.explain import Waterfall, sentences, waterfall
from siteselect.decide.score import ANSWERS, Scores, measured, score
from siteselect.decide.table import PerformanceTable
from siteselect.declared.answers import Answer
from siteselect.declared.criteria import Constraint
from siteselect.measure.measure import Instruments, prepare, read
from siteselect.plan.answers import words_of
from siteselect.study.question import Question, refuse_outside
from siteselect.study.result import Result
from siteselect.study.run import Progress, decide
from siteselect.world.catalog import WGS84
from siteselect.world.places import Places


@dataclass(frozen=True, slots=True)
class RuleAnswer:
    """What one rule says of one place.

    Parameters
    ----------
    constraint : Constraint
        The rule.
    answer : str
        eligible, undetermined, excluded, open, or not asked.
    reading, lower, upper : float
        In the rule's unit; NaN where nothing is read.
    legal_basis : tuple of str
        Where the rule is written.
    given : tuple of Answer
        What bodies that were asked have answered of it.
    measured : str
        What the rule says by its reading alone, before anybody was asked.
    """

    constraint: Constraint
    answer: str
    reading: float
    lower: float
    upper: float
    legal_basis: tuple[str, ...]
    given: tuple[Answer, ...] = ()
    measured: str = ""


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why one place stands where it does.

    Parameters
    ----------
    place_id, name : str
        The place.
    score, score_low, score_high, known : float
        As in `Scores`.
    rank, verdict : int
        As in `Scores`.
    gap : float
        How much score it lacks for the list; negative if it is on it, NaN if no list is full.
    performances : tuple of (str, float, str)
        Criterion, reading, unit.
    rules : tuple of RuleAnswer
        Excluded first, then undetermined, open, eligible.
    contributions : Waterfall
        How its score adds up.
    change : Counterfactual
        The least change that puts it on the list.
    text : dict of str to tuple of str
        The same in sentences, ``en`` and ``fa``.
    answers : dict of str to tuple of str
        What bodies that were asked have said of it, each in a line, ``en`` and ``fa``.
    """

    place_id: str
    name: str
    score: float
    score_low: float
    score_high: float
    known: float
    rank: int
    verdict: int
    gap: float
    performances: tuple[tuple[str, float, str], ...]
    rules: tuple[RuleAnswer, ...]
    contributions: Waterfall
    change: Counterfactual
    text: dict[str, tuple[str, ...]]
    answers: dict[str, tuple[str, ...]]


def ask_why(
    question: Question,
    where: str | tuple[float, float],
    *,
    k: int = 13,
    progress: Progress = lambda _: None,
) -> tuple[Explanation, Result]:
    """Answer a study, and explain one place by what was prepared for it.

    Parameters
    ----------
    question : Question
    where : str or tuple of (float, float)
        Id of a candidate, or longitude and latitude in degrees.
    k : int
        Length of the list.
    progress : callable
        Told in a few words what begins.

    Returns
    -------
    Explanation
    Result
        With the list that the place was held against.

    Raises
    ------
    DeclarationError, DataError
        As in `decide`, `of_site` and `of_point`.
    """
    progress("preparing the measures")
    instruments = prepare(question.criteria, question.catalog, question.crs)
    result = decide(question, instruments=instruments, progress=progress)
    if isinstance(where, str):
        return of_site(result, where, k=k), result
    return of_point(question, result, where, k=k, instruments=instruments), result


def of_site(result: Result, site_id: str, *, k: int = 13) -> Explanation:
    """Why a candidate stands where it does.

    Parameters
    ----------
    result : Result
    site_id : str
        Id of a candidate.
    k : int
        Length of the list.

    Returns
    -------
    Explanation

    Raises
    ------
    DataError
        If there is no such candidate, with the nearest id that there is.
    """
    ids = result.pool.frame["id"].tolist()
    if site_id not in ids:
        raise DataError(Fault(f"no candidate {site_id!r}{nearest(site_id, ids)}"))
    kinds = result.pool.places.kinds.tolist()
    return _explained(result, result.table, result.scores, kinds, ids.index(site_id), k)


def of_point(
    question: Question,
    result: Result,
    lonlat: tuple[float, float],
    *,
    k: int = 13,
    instruments: Instruments | None = None,
) -> Explanation:
    """Why, or why not, at any point: as if it were a candidate beside the others.

    Parameters
    ----------
    question : Question
        That the result answers.
    result : Result
        With the list to hold the point against.
    lonlat : tuple of (float, float)
        Longitude and latitude, degrees.
    k : int
        Length of the list.
    instruments : Instruments, optional
        Prepared for its criteria; they are if not given.

    Returns
    -------
    Explanation

    Raises
    ------
    DataError
        If the point lies outside the provinces of the study.
    """
    place = _place(question, *lonlat)
    if instruments is None:
        instruments = prepare(question.criteria, question.catalog, question.crs)
    table = _joined(result.table, read(instruments, place))
    kinds = [*result.pool.places.kinds.tolist(), "proposed"]
    scores = score(table, question.criteria, kinds=kinds)
    return _explained(result, table, scores, kinds, len(kinds) - 1, k)


def _place(question: Question, lon: float, lat: float) -> Places:
    refuse_outside(question, lon, lat)
    to_plane = Transformer.from_crs(WGS84, question.crs, always_xy=True)
    east, north = (np.array([axis]) for axis in to_plane.transform(lon, lat))
    return Places(
        ids=np.array([f"{lon:g},{lat:g}"]),
        kinds=np.array(["proposed"]),
        accuracy_km=np.zeros(1),
        easting=east,
        northing=north,
        owner=np.zeros(1, dtype=np.int64),
        landmass=question.landmasses.of(east, north),
        crs=question.crs,
        columns=pd.DataFrame(index=[0]),
    )


def _joined(one: PerformanceTable, other: PerformanceTable) -> PerformanceTable:
    return PerformanceTable(
        np.concatenate([one.place_ids, other.place_ids]),
        one.column_ids,
        one.units,
        np.concatenate([one.values, other.values]),
        np.concatenate([one.lower, other.lower]),
        np.concatenate([one.upper, other.upper]),
        one.source_ids,
        one.settled,
    )


def _explained(
    result: Result, table: PerformanceTable, scores: Scores, kinds: list[str], i: int, k: int
) -> Explanation:
    criteria = result.criteria
    fall = waterfall(scores, i)
    changeable = [c.id for c in criteria.criteria if c.changeable]
    change = counterfactual(table, criteria, i, k=k, kinds=kinds, changeable=changeable)
    place_id = str(scores.place_ids[i])
    frame = result.pool.frame
    names = {
        "en": dict(zip(frame["id"], frame["name_en"], strict=True)),
        "fa": dict(zip(frame["id"], frame["name_fa"], strict=True)),
    }
    text = {
        language: (
            *sentences(fall, criteria, language=language, names=names[language]),
            *sentences(change, criteria, language=language, names=names[language]),
        )
        for language in ("en", "fa")
    }
    others = np.sort(scores.score[(scores.rank > 0) & (np.arange(len(kinds)) != i)])[::-1]
    return Explanation(
        place_id=place_id,
        name=names["en"].get(place_id, place_id),
        score=float(scores.score[i]),
        score_low=float(scores.score_low[i]),
        score_high=float(scores.score_high[i]),
        known=float(scores.known[i]),
        rank=int(scores.rank[i]),
        verdict=int(scores.verdict[i]),
        gap=float(others[k - 1] - scores.score[i]) if len(others) >= k else float("nan"),
        performances=tuple(
            (c.id, float(table.values[i, table.column_ids.index(c.id)]), c.unit)
            for c in criteria.criteria
        ),
        rules=_rules(result, table, scores, i),
        contributions=fall,
        change=change,
        text=text,
        answers={"en": _heard(result, place_id, "en"), "fa": _heard(result, place_id, "fa")},
    )


def _heard(result: Result, place: str, language: Literal["en", "fa"]) -> tuple[str, ...]:
    """What bodies have said of a place, each in a line."""
    return tuple(
        words_of(item, result.authorities, language=language)
        for item in result.answers
        if item.site == place
    )


def _rules(
    result: Result, table: PerformanceTable, scores: Scores, i: int
) -> tuple[RuleAnswer, ...]:
    answers, place = [], str(scores.place_ids[i])
    for row, constraint in zip(scores.answers, result.criteria.constraints, strict=True):
        column = table.index(constraint.id)
        parts = (table.values, table.lower, table.upper)
        reading = [np.nan if column is None else float(part[i, column]) for part in parts]
        basis = [result.rules.get(rule, {}).get("legal_basis", "") for rule in constraint.rules]
        answers.append(
            RuleAnswer(
                constraint=constraint,
                answer=ANSWERS[row[i]],
                reading=reading[0],
                lower=reading[1],
                upper=reading[2],
                legal_basis=tuple(dict.fromkeys(filter(None, basis))),
                given=tuple(
                    a for a in result.answers if (a.site, a.rule) == (place, constraint.id)
                ),
                measured=ANSWERS[measured(table, constraint)[i]],
            )
        )
    order = ("excluded", "undetermined", "open", "eligible", "not asked")
    return tuple(
        sorted(answers, key=lambda a: (a.constraint.role != "screen", order.index(a.answer)))
    )


def as_data(item: Explanation) -> dict[str, Any]:
    """An explanation as plain data; None stands for unknown."""

    def number(value: float) -> float | None:
        return value if np.isfinite(value) else None

    return {
        "id": item.place_id,
        "name": item.name,
        "score": number(item.score),
        "score_low": number(item.score_low),
        "score_high": number(item.score_high),
        "known": number(item.known),
        "rank": item.rank or None,
        "verdict": ANSWERS[item.verdict],
        "lacks_for_the_list": number(item.gap),
        "performances": [
            {"criterion": name, "reading": number(value), "unit": unit}
            for name, value, unit in item.performances
        ],
        "contributions": [
            {"criterion": s.criterion_id, "contribution": number(s.contribution),
             "possible": number(s.possible)}
            for s in item.contributions.steps
        ],
        "rules": [
            {"rule": a.constraint.id, "role": a.constraint.role, "answer": a.answer,
             "reading": number(a.reading), "lower": number(a.lower), "upper": number(a.upper),
             "limit": a.constraint.limit, "unit": a.constraint.unit,
             "authority": a.constraint.authority, "status": a.constraint.status,
             "legal_basis": list(a.legal_basis), "measured": a.measured,
             "given": [given.model_dump() for given in a.given]}
            for a in item.rules
        ],
        "answers": {language: list(lines) for language, lines in item.answers.items()},
        "least_change": {
            "possible": item.change.possible,
            "obstacle": item.change.obstacle,
            "blocked_by": list(item.change.blocked_by),
            "changes": [
                {"criterion": c.criterion_id, "before": number(c.before), "after": number(c.after),
                 "unit": c.unit}
                for c in item.change.changes
            ],
            "rank_after": item.change.rank_after or None,
        },
        "text": {language: list(lines) for language, lines in item.text.items()},
    }  # fmt: skip
