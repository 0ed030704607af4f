"""The one composer: a study goes in, a result comes out."""

import itertools
import math
from collections.abc import Callable, Hashable, Iterator, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from siteselect.base.errors import DataError, DeclarationError, Fault, NoSolution
from siteselect.base.text import persian_digits
from siteselect.decide.score import EXCLUDED, Scores, score
from siteselect.decide.table import PerformanceTable
from siteselect.declared.criteria import CriteriaSet
from siteselect.declared.sources import Titles
from siteselect.measure.measure import Instruments, layers_of, measures_of, prepare, read
from siteselect.plan import answers
from siteselect.plan.inquiries import Authority
from siteselect.plan.portfolio import Portfolio
from siteselect.study import chain, manifest
from siteselect.study.cells import lattice_of, surface_of
from siteselect.study.parks import parks
from siteselect.study.question import Question, bodies_known
from siteselect.study.result import ChainPlan, Result
from siteselect.study.robustness import robustness
from siteselect.world import sites
from siteselect.world.catalog import WGS84, Catalog
from siteselect.world.places import OUTSIDE, Sites, Surface

CONTEXT = (
    "provinces", "neighbours", "land", "islands", "estates", "ports", "pipelines", "feedstock",
    "railways", "protected", "towns",
)  # fmt: skip
# Where rules are written, and who is asked about them.
TABLES = ("rules", "authorities")

# How far the feedstock of an opening may be.
OPENINGS_KM = 100.0

Progress = Callable[[str], None]


def decide(
    question: Question,
    *,
    instruments: Instruments | None = None,
    pool: Executor | None = None,
    progress: Progress = lambda _: None,
) -> Result:
    """Measure, score and rank; writes nothing.

    Parameters
    ----------
    question : Question
    instruments : Instruments, optional
        Prepared for its criteria; they are if not given.
    pool : concurrent.futures.Executor, optional
        Who works on the surface; threads of this process if not given.
    progress : callable
        Told in a few words what begins.

    Returns
    -------
    Result

    Raises
    ------
    DeclarationError
        If sources are to be left out and no park draws on any.
    DataError
        If there is no candidate or no such source, or a file that was read has changed since.
    """
    study, catalog, crs = question.study, question.catalog, question.crs
    _refuse_idle_without(question)
    if instruments is None:
        progress("preparing the measures")
        instruments = prepare(question.criteria, catalog, crs)
    surface = surface_of(question, instruments, pool=pool, progress=progress)
    progress("gathering the candidates")
    pooled = pool_of(question, surface)
    progress(f"scoring {len(pooled)} candidates")
    table, scores = score_sites(question, instruments, pooled)
    kinds = pooled.places.kinds.tolist()
    if study.trust is not None:
        progress("drawing weights, methods, data and positions")
    with ThreadPoolExecutor(1) as apart:
        # Neither rests on the other, and each leaves a core idle for part of its time.
        trust = apart.submit(
            robustness, study, question.criteria, table, scores=scores, kinds=kinds
        )
        supplied = None
        if question.types:
            chosen, supplied, trouble = _typed_parks(
                question, pooled, instruments, readings=(table, scores), progress=progress
            )
        else:
            chosen, trouble = _parks(question, pooled, table, scores=scores, progress=progress)
    context = {name: catalog.features(name, WGS84) for name in CONTEXT}
    rules, bodies = catalog.table("rules"), bodies_known(catalog)
    manifest.refuse_changed(question.declarations, catalog)
    heard = [told.en for told in answers.remarks(question.answers, table, question.criteria)]
    known = remarks(question, scores.rank, scores.verdict)
    warnings = (*question.warnings, *known, *heard, *(note.en for note in trouble))
    return Result(
        study=study,
        criteria=question.criteria,
        pool=pooled,
        table=table,
        scores=scores,
        surface=surface,
        context=context,
        sources=catalog.used,
        rules={str(row["id"]): _texts(row) for row in rules.to_dict("records")},
        warnings=warnings,
        manifest=_manifest(question, warnings, supplied, bodies=bodies),
        robustness=trust.result(),
        portfolio=chosen,
        lattice=lattice_of(question, instruments),
        chain=supplied,
        trouble=tuple(trouble),
        authorities=bodies,
        answers=question.answers,
    )


def _refuse_idle_without(question: Question) -> None:
    """Refuse, before the work begins, sources to leave out that are unknown or feed nobody."""
    if not question.without:
        return
    # A catalogue of its own, for what is only looked up is no input of the result.
    catalog = Catalog(question.catalog.folder, question.catalog.sources)
    chain.region(catalog, question.crs, without=question.without)
    if not question.types:
        message = (
            "changes nothing here: without park types in a programme nobody draws on sources; name"
            " park_types in the programme of the study, or drop --without"
        )
        raise DeclarationError(Fault(message, file=question.study.id, field="without"))


def _manifest(
    question: Question,
    warnings: tuple[str, ...],
    supplied: ChainPlan | None,
    *,
    bodies: tuple[Authority, ...],
) -> dict[str, Any]:
    told = manifest.describe(
        question.study,
        question.criteria,
        question.catalog,
        marks=question.declarations,
        crs=question.crs,
        warnings=warnings,
    )
    return (
        told
        | manifest.rules_of(question.programme, question.repairs)
        | {
            "answers": [
                item.model_dump(mode="json") | {"words": answers.words_of(item, bodies)}
                for item in question.answers
            ],
            "command": question.command,
            "without": list(question.without),
            "committee": {name: dict(weights) for name, weights in question.committee.items()},
            "chain": None if supplied is None else chain.as_data(supplied),
        }
    )


def _typed_parks(
    question: Question,
    pooled: Sites,
    instruments: Instruments,
    *,
    readings: tuple[PerformanceTable, Scores],
    progress: Progress,
) -> tuple[Portfolio | None, ChainPlan, list[Titles]]:
    programme, catalog = question.programme, question.catalog
    assert programme is not None  # noqa: S101 - a programme names the types
    progress(f"scoring {len(pooled)} candidates by {len(question.types)} park types")
    typed = chain.judge(
        question.types, pooled, catalog, instruments=instruments, settled=question.settled
    )
    region = chain.region(catalog, question.crs, without=question.without)
    units = question.units
    diagnosis = None if units is None else chain.register(units, catalog, region.chain)
    idle = frozenset(diagnosis.idle_estates()) if diagnosis else frozenset()
    remarks = chain.remarks(diagnosis)
    progress(f"choosing {programme.k} parks, their types and who feeds them")
    allocation = None
    try:
        allocation = chain.parks_of(
            programme, pooled, question.study, typed=typed, region=region, idle=idle
        )
        remarks += allocation.portfolio.notes
    except NoSolution as error:
        remarks += _refused(error)
    openings = chain.openings_at(
        region, pooled, question.criteria, readings=readings, diagnosis=diagnosis,
        radius_km=OPENINGS_KM,
    )  # fmt: skip
    plan = ChainPlan(
        typed.criteria, typed.tables, typed.scores, region.chain, region.market, allocation,
        diagnosis, openings,
    )  # fmt: skip
    return allocation.portfolio if allocation else None, plan, remarks


def _parks(
    question: Question,
    pooled: Sites,
    table: PerformanceTable,
    *,
    scores: Scores,
    progress: Progress,
) -> tuple[Portfolio | None, list[Titles]]:
    if question.programme is None:
        return None, []
    progress(f"choosing {question.programme.k} parks")
    try:
        chosen = parks(
            question.programme,
            pooled,
            study=question.study,
            criteria=question.criteria,
            table=table,
            scores=scores,
        )
    except NoSolution as error:
        # The ranking stands without the parks; why none can be chosen is told with it.
        return None, _refused(error)
    return chosen, list(chosen.notes)


def _refused(error: NoSolution) -> list[Titles]:
    """Why no parks can be chosen, fault by fault."""
    return [
        Titles(
            en=f"no parks can be chosen: {fault}",
            fa=f"سبدی نمی‌توان برگزید: {persian}" if persian else "",
        )
        for fault, persian in itertools.zip_longest(error.faults, error.persian, fillvalue="")
    ]


def _texts(row: Mapping[Hashable, Any]) -> dict[str, str]:
    return {str(column): "" if pd.isna(cell) else str(cell) for column, cell in row.items()}


def pool_of(question: Question, surface: Surface) -> Sites:
    """Candidates of all origins.

    Parameters
    ----------
    question : Question
    surface : Surface
        That new regions are grown from.

    Returns
    -------
    Sites

    Raises
    ------
    DataError
        If there is no candidate, or an id stands twice.
    """
    study, catalog, crs = question.study, question.catalog, question.crs
    frames: list[gpd.GeoDataFrame] = []
    if study.existing is not None:
        frames.append(sites.existing(catalog, study.existing, study, crs=crs))
    if study.greenfield is not None:
        frames.append(sites.greenfield(catalog, surface, study.greenfield, crs=crs))
    if question.own is not None:
        twice = sites.taken(question.own, {name for frame in frames for name in frame["id"]})
        if twice:
            raise DataError(twice)
        frames.append(question.own.to_crs(crs))
    if not any(map(len, frames)):
        raise DataError(sites.nobody(study))
    return sites.pool(frames, study.cell_m, question.landmasses)


def score_sites(
    question: Question, instruments: Instruments, pooled: Sites
) -> tuple[PerformanceTable, Scores]:
    """Readings and scores of candidates, by the same measures and law as the cells.

    Parameters
    ----------
    question : Question
    instruments : Instruments
        Prepared for its criteria.
    pooled : Sites
        The candidates.

    Returns
    -------
    table : PerformanceTable
    scores : Scores
    """
    table = replace(read(instruments, pooled.places), settled=question.settled)
    return table, score(table, question.criteria, kinds=pooled.places.kinds.tolist())


def shares_of(question: Question, size: int, count: int) -> list[Question]:
    """The user's own sites in shares of whole blocks, neighbours together.

    A block that covers little ground meets few features.

    Parameters
    ----------
    question : Question
        With own sites alone.
    size : int
        Sites of a block.
    count : int
        How many shares at most; the first is the largest.

    Returns
    -------
    list of Question
        All but the first with a catalogue of their own, as other processes ask for it.
    """
    own = question.own
    assert own is not None  # noqa: S101 - the caller has seen to it
    own = own.iloc[np.argsort(own.hilbert_distance().to_numpy(), kind="stable")]
    blocks = math.ceil(len(own) / size)
    cuts = [math.ceil(blocks * k / count) * size for k in range(count + 1)]
    parts = [own.iloc[first:last] for first, last in itertools.pairwise(cuts) if first < len(own)]
    fresh = Catalog(question.catalog.folder, question.catalog.sources)
    catalogs = [question.catalog, *[fresh] * (len(parts) - 1)]
    return [
        replace(question, own=part, catalog=catalog)
        for part, catalog in zip(parts, catalogs, strict=True)
    ]


def in_blocks(
    question: Question, size: int, *, progress: Progress = lambda _: None
) -> Iterator[Result]:
    """The user's own sites measured and scored a block at a time, so that memory stays bounded.

    The anchors of the law do not move: a site scores the same whichever block it stands in. Ranks
    are those within a block.

    Parameters
    ----------
    question : Question
        With own sites alone, as `shares_of` has put them.
    size : int
        Sites of a block.
    progress : callable
        Told in a few words what begins.

    Yields
    ------
    Result
        All with the surface of the first, and without draws.

    Raises
    ------
    DataError
        As in `decide`.
    """
    own = question.own
    assert own is not None  # noqa: S101 - the caller has seen to it
    bare = replace(question, study=question.study.model_copy(update={"trust": None}))
    progress("preparing the measures")
    instruments = prepare(bare.criteria, bare.catalog, bare.crs)
    first = decide(replace(bare, own=own.iloc[:size]), instruments=instruments, progress=progress)
    yield first
    for start in range(size, len(own), size):
        progress(f"scoring candidates: {start / len(own):.0%}")
        pooled = pool_of(replace(bare, own=own.iloc[start : start + size]), first.surface)
        table, scores = score_sites(bare, instruments, pooled)
        yield replace(first, pool=pooled, table=table, scores=scores)
    manifest.refuse_changed(bare.declarations, bare.catalog)


def remarks(question: Question, rank: NDArray[np.int64], verdict: NDArray[np.int8]) -> list[str]:
    """`caveats` of a question, as a run tells them.

    Parameters
    ----------
    question : Question
    rank, verdict : numpy.ndarray, shape (n,)
        As in `siteselect.decide.score.Scores`.

    Returns
    -------
    list of str
    """
    surveyed = 0 if question.own is None else int((question.own[sites.ACCURACY] == 0).sum())
    return [told.en for told in caveats(question.criteria, rank, verdict, surveyed=surveyed)]


def caveats(
    criteria: CriteriaSet, rank: NDArray[np.int64], verdict: NDArray[np.int8], *, surveyed: int
) -> list[Titles]:
    """What must be known of a ranking.

    Parameters
    ----------
    criteria : CriteriaSet
    rank, verdict : numpy.ndarray, shape (n,)
        As in `siteselect.decide.score.Scores`.
    surveyed : int
        Own sites of which no doubt of position is told.

    Returns
    -------
    list of Titles
    """
    told = []
    superseded = [c.titles for c in criteria.constraints if c.status == "superseded"]
    if superseded:
        told.append(
            Titles(
                en="the distances of 1378 are superseded and stand in for the annex of 1390, which"
                f" is not at hand: {', '.join(rule.en for rule in superseded)}",
                fa="فاصله‌های ضوابط ۱۳۷۸ منسوخ‌اند و به‌جای پیوست ضوابط ۱۳۹۰، که در دست نیست، به کار"
                f" رفته‌اند: {'، '.join(rule.fa for rule in superseded)}",
            )
        )
    n = int(((rank == 0) & (verdict != EXCLUDED)).sum())
    if n:
        told.append(
            Titles(
                en=f"{n} candidates have too little data for a rank",
                fa=f"دادهٔ {persian_digits(str(n))} پهنه برای رتبه کافی نیست",
            )
        )
    if surveyed:
        told.append(
            Titles(
                en=f"{surveyed} own sites are judged as if surveyed: their {sites.ACCURACY} is 0 or"
                " not given",
                fa=f"{persian_digits(str(surveyed))} پهنهٔ کاربر چنان داوری شده که گویی نقشه‌برداری"
                " شده است: دقت موقعیت آن‌ها صفر است یا داده نشده",
            )
        )
    return told


def inputs_of(question: Question) -> tuple[str, ...]:
    """Files of the catalogue that a question reads."""
    asked = [m for c in (question.criteria, *question.types) for _, m in measures_of(c)]
    names = [*CONTEXT, *TABLES, *(name for measure in asked for name in layers_of(measure))]
    names += (*chain.TABLES, *chain.ACCESS, "feedstock") if question.types else ()
    return tuple(sorted({question.catalog.source(name).file for name in names}))


def verdict_shares(result: Result) -> dict[str, dict[str, float]]:
    """Share of area and of sites in each verdict.

    Returns
    -------
    dict
        ``area`` and ``sites``, each with ``eligible, undetermined, excluded`` that sum to 1.
    """
    cells = result.surface.verdict[result.surface.verdict != OUTSIDE]
    names = ("eligible", "undetermined", "excluded")
    parts = {"area": cells, "sites": result.scores.verdict}
    return {
        what: {name: float(np.mean(codes == i)) for i, name in enumerate(names)}
        for what, codes in parts.items()
    }
