"""The parks: which sites together make the programme, and how sure that choice is."""

import csv
from collections.abc import Collection, Mapping
from dataclasses import asdict, replace
from io import StringIO
from pathlib import Path
from typing import Any, Literal

import numpy as np

from siteselect.base import files, kept
from siteselect.base.errors import DataError, DeclarationError, Fault
from siteselect.base.text import inert, nearest
from siteselect.decide.doubt import draw, drawn_scores, drawn_values, model_of
from siteselect.decide.score import Scores
from siteselect.decide.table import Floats, PerformanceTable
from siteselect.declared.criteria import CriteriaSet
from siteselect.declared.programme import Programme
from siteselect.declared.sources import Titles
from siteselect.declared.study import Study
from siteselect.plan import chain_words
from siteselect.plan.answers import layout
from siteselect.plan.inquiries import Desk, Inquiry, inquiries, least_time
from siteselect.plan.portfolio import Portfolio, candidates_of, choose
from siteselect.plan.portfolio_words import sentences
from siteselect.study import gate
from siteselect.study.result import Result
from siteselect.study.robustness import doubt_of, made_by
from siteselect.world.catalog import WGS84, Catalog
from siteselect.world.places import Sites
from siteselect.world.sites import GROWN

RESOLVES = 200
# The best of the ranking that ask, where no parks were chosen.
LISTED = 13
_NAMES = ("name_en", "name_fa", "kind", "province")


def parks(
    programme: Programme,
    pool: Sites,
    *,
    study: Study,
    criteria: CriteriaSet,
    table: PerformanceTable,
    scores: Scores,
) -> Portfolio:
    """The best set of parks of one type, from a pool, under a programme.

    Parameters
    ----------
    programme : Programme
        How many, under which rules; rules of provinces that the study leaves out, and of park
        types, are not asked.
    pool : Sites
        The candidates.
    study : Study
        Declares what is in doubt, and the seed; without `trust` nothing is drawn.
    criteria : CriteriaSet
    table : PerformanceTable
    scores : Scores
        Of the candidates, in the order of the pool.

    Returns
    -------
    Portfolio

    Raises
    ------
    NoSolution
        If no set keeps all rules, with a smallest set of rules that conflict.
    """
    doubted = study.trust is not None and (scores.rank > 0).sum() > 1
    asked = within(programme, study).model_copy(update={"park_types": {}})
    candidates = candidates_of(pool, {criteria.id: scores}, needs={criteria.id: criteria.needs})
    drawn = (study.trust, study.seed, criteria, table, scores) if doubted else ()

    def make() -> Portfolio:
        draws = score_draws(study, criteria, table, scores=scores) if doubted else None
        return choose(candidates, asked, draws=draws)

    return kept.value(Portfolio, (*made_by(), asked, candidates, *drawn), make)


def within(programme: Programme, study: Study) -> Programme:
    """A programme without the rules of provinces that a study leaves out.

    Parameters
    ----------
    programme : Programme
    study : Study

    Returns
    -------
    Programme

    Raises
    ------
    DeclarationError
        For a code that is no province at all: its rule would be dropped as if it were left out.
    """
    others = [code for code in programme.provinces if code not in study.provinces]
    if others:
        # Asked only here, where a programme speaks of more than the study.
        known = set(Catalog.open(files.home() / "data").features("provinces", WGS84)["iso"])
        faults = [
            Fault(f"no province {code}{nearest(code, known)}", programme.id, "", "provinces")
            for code in others
            if code not in known
        ]
        if faults:
            raise DeclarationError(faults)
    kept = {code: q for code, q in programme.provinces.items() if code in study.provinces}
    return programme.model_copy(update={"provinces": kept})


def unknown_locks(programme: Programme, study: Study, ids: Collection[str]) -> list[Fault]:
    """Sites that are locked in or out and can be no candidate, whatever the surface brings.

    Parameters
    ----------
    programme : Programme
    study : Study
        New regions of its provinces are not known yet.
    ids : collection of str
        Of estates, zones and own sites.

    Returns
    -------
    list of Fault
    """
    grown = {code[-2:] for code in study.provinces} if study.greenfield else set()

    def may_be(name: str) -> bool:
        region = GROWN.fullmatch(name)
        return name in ids or (region is not None and region[1] in grown)

    return [
        Fault(f"{name} is not among the candidates{nearest(name, ids)}", programme.id, "", key)
        for key in ("locked_in", "locked_out")
        for name in getattr(programme, key)
        if not may_be(name)
    ]


def score_draws(
    study: Study, criteria: CriteriaSet, table: PerformanceTable, *, scores: Scores
) -> Floats:
    """Scores of the candidates, drawn as robustness draws them.

    Parameters
    ----------
    study : Study
        With `trust`.
    criteria : CriteriaSet
    table : PerformanceTable
    scores : Scores
        Says which candidates compete.

    Returns
    -------
    numpy.ndarray, shape (`RESOLVES`, n)
        NaN for candidates without a rank.
    """
    ranked = scores.rank > 0
    doubt = replace(doubt_of(study, criteria, len(ranked)), draws=RESOLVES)
    model = model_of(table, criteria, doubt=doubt, ranked=ranked)
    result = np.full((RESOLVES, len(ranked)), np.nan)
    first = 0
    for block, size in model.blocks():
        drawn = draw(model, study.seed, block=block, size=size)
        rows = drawn_scores(model, drawn, drawn_values(model, drawn))
        result[first : first + size, model.rows] = rows
        first += size
    return result


def story(result: Result, *, language: Literal["en", "fa"]) -> tuple[str, ...]:
    """The story of the chosen parks in plain sentences; empty if none were chosen.

    Parameters
    ----------
    result : Result
    language : {"en", "fa"}

    Returns
    -------
    tuple of str
    """
    if result.portfolio is None:
        return ()
    names, plan = named(result), result.chain
    told = sentences(result.portfolio, names, language=language)
    if plan is None or plan.allocation is None:
        return told
    return (*told, *chain_words.sentences(plan.allocation, plan.chain, names, language=language))


def named(result: Result) -> dict[str, Titles]:
    """Names of the sites, and of the park types that are judged, by id.

    Parameters
    ----------
    result : Result

    Returns
    -------
    dict of str to Titles
    """
    frame, plan = result.pool.frame, result.chain
    names = {
        str(name): Titles(en=en or fa or str(name), fa=fa or en or str(name))
        for name, (en, fa) in zip(
            frame["id"],
            # A gap in a column of the user's is no name.
            frame[["name_en", "name_fa"]].fillna("").astype(str).to_numpy().tolist(),
            strict=True,
        )
    }
    typed = {} if plan is None else {name: made.titles for name, made in plan.criteria.items()}
    return names | {result.criteria.id: result.criteria.titles} | typed


def as_data(result: Result) -> dict[str, Any]:
    """The chosen parks as plain data; None stands for unknown.

    Parameters
    ----------
    result : Result
        With a portfolio.

    Returns
    -------
    dict
        ``picks`` (best first, with name and probability), total, bound, gap, price of existing
        capacity first, curve, price of each rule, alternatives, importance, the best of the sites
        left out, inquiries.

    Raises
    ------
    DataError
        If no parks were chosen.
    """
    found = result.portfolio
    if found is None:
        raise DataError("no parks were chosen")
    sites = result.sites.set_index("id")
    chance = sites.get("prob_in_portfolio", None)
    names = ("name_en", "name_fa", "kind", "lon", "lat")
    return {
        "picks": [
            {
                **asdict(pick),
                **{name: sites.loc[pick.id, name] for name in names},
                "probability": None if chance is None else float(chance.loc[pick.id]),
            }
            for pick in found.picks
        ],
        "total": found.total,
        "bound": found.bound,
        "gap": found.gap,
        "best_total": found.best_total,
        "price_of_existing_first": found.price,
        "tolerance": found.tolerance,
        "curve": [asdict(step) for step in found.curve],
        "rules": [{"rule": p.rule, "title": p.titles.en, "cost": _finite(p.cost)}
                  for p in found.prices],
        "alternatives": [asdict(other) for other in found.alternatives],
        "importance": [{**asdict(i), "loss": _finite(i.loss)} for i in found.importance],
        "left_out": [{**asdict(other), "loss": _finite(other.loss)} for other in found.left_out],
        "inquiries": [{"site": site, "question": t.en} for site, t in found.inquiries],
    }  # fmt: skip


def asks_of(result: Result, sites: Collection[str] = ()) -> dict[str, tuple[Inquiry, ...]]:
    """Whom the chosen parks must ask, and what.

    Parameters
    ----------
    result : Result
    sites : collection of str
        Ids of candidates that are asked for instead, chosen or not.

    Returns
    -------
    dict of str to tuple of Inquiry
        By id of the site: the chosen parks, best first, each by the rules of its park type; the
        best of the ranking, by the study's own criteria, if none were chosen.

    Raises
    ------
    DataError
        If there is no such candidate, with the nearest id that there is.
    """
    chosen = {p.id: p.park_type for p in result.portfolio.picks} if result.portfolio else {}
    ids = result.pool.frame["id"].astype(str).tolist()
    faults = [Fault(f"no candidate {name!r}{nearest(name, ids)}") for name in sites
              if name not in ids]  # fmt: skip
    if faults:
        raise DataError(faults)
    ranked = result.sites["id"][result.sites["rank"] > 0].head(LISTED).tolist()
    desk = Desk(result.authorities, result.rules, result.answers)
    found = {}
    for name in [*dict.fromkeys(sites)] or [*chosen] or ranked:
        criteria, table, scores = result.criteria, result.table, result.scores
        if result.chain is not None and name in chosen:
            by_type = chosen[name]
            criteria = result.chain.criteria[by_type]
            table, scores = result.chain.tables[by_type], result.chain.scores[by_type]
        place = ids.index(name)
        kind = str(result.pool.places.kinds[place])
        found[name] = inquiries(
            desk, place, kind=kind, criteria=criteria, table=table, scores=scores
        )
    return found


def asks_data(result: Result, asked: Mapping[str, tuple[Inquiry, ...]]) -> list[dict[str, Any]]:
    """The questions of each site as plain data; None stands for unknown.

    Parameters
    ----------
    result : Result
    asked : mapping of str to tuple of Inquiry
        As `asks_of` gives it.

    Returns
    -------
    list of dict
        A site each: who asks as which park type, ``least_days`` with the bodies that are to answer
        and those of them that have no known limit, and ``inquiries``.
    """
    sites = result.pool.frame.set_index("id")
    types = {result.criteria.id: result.criteria}
    types |= result.chain.criteria if result.chain else {}
    told = []
    for name, items in asked.items():
        time, criteria = least_time(items), types[items[0].park_type]
        told.append(
            {
                "site": name,
                **{key: str(sites.loc[name, key]) for key in _NAMES},
                "park_type": criteria.id,
                "park_type_en": criteria.titles.en,
                "park_type_fa": criteria.titles.fa,
                "least_days": time.days,
                "bodies": time.bodies,
                "bodies_without_days": time.unknown,
                "inquiries": [_ask_data(item) for item in items],
            }
        )
    return told


def write_register(
    result: Result, asked: Mapping[str, tuple[Inquiry, ...]], path: Path, *, persian: bool
) -> int:
    """A register of answers, ready to fill: a row a question, the answer still empty.

    Parameters
    ----------
    result : Result
    asked : mapping of str to tuple of Inquiry
        As `asks_of` gives it; what was answered so far is written with it.
    path : pathlib.Path
        A CSV file that does not exist yet.
    persian : bool
        Whether headings and words are in Persian; either is read.

    Returns
    -------
    int
        How many questions.

    Raises
    ------
    DataError
        If the file is there already, or cannot be written.
    """
    gate.refuse_there(path)
    column = "name_fa" if persian else "name_en"
    names = dict(zip(result.pool.frame["id"], result.pool.frame[column], strict=True))
    rows = layout((item for items in asked.values() for item in items), names, persian=persian)
    text = StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows([[inert(cell) for cell in row] for row in rows])
    files.write_text(path, "\ufeff" + text.getvalue())
    return len(rows) - 1


def _ask_data(item: Inquiry) -> dict[str, Any]:
    rule, body = item.rule, item.authority
    subject = rule.titles if rule else body.subject if body else item.name
    law, limits = item.basis, item.days_note
    return {
        "authority": body.id if body else None,
        "authority_en": item.name.en,
        "authority_fa": item.name.fa,
        "authority_source_kind": body.source_kind if body else None,
        "licensor": item.licensor,
        "subject_en": subject.en,
        "subject_fa": subject.fa,
        "rule": rule.id if rule else None,
        "siting_rules": list(rule.rules) if rule else [],
        "answer": item.answer or None,
        "settles": item.settles,
        "at_least": rule.at_least if rule else None,
        "at_most": rule.at_most if rule else None,
        "unit": rule.unit if rule else None,
        "reading": _finite(item.reading),
        "lower": _finite(item.lower),
        "upper": _finite(item.upper),
        "legal_basis": list(item.legal_basis),
        "basis_en": law.en,
        "basis_fa": law.fa,
        "legal_status": rule.status if rule else None,
        "source_kind": item.source_kind,
        "days": item.days,
        "days_note_en": limits.en,
        "days_note_fa": limits.fa,
        "status": item.status,
        "date": item.given.date if item.given else "",
        "reference": item.given.reference if item.given else "",
        "note": item.given.note if item.given else "",
    }


def _finite(number: float) -> float | None:
    return number if np.isfinite(number) else None
