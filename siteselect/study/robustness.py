"""How sure the ranking is: drawn anew, and held against what stands."""

from collections.abc import Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial

import geopandas as gpd
import numpy as np
import shapely

from siteselect.base import kept
from siteselect.base.errors import DataError, Fault
from siteselect.base.text import nearest
from siteselect.decide.doubt import Doubt
from siteselect.decide.robustness import (
    Backtest,
    RankDraws,
    backtest,
    confidence_factors,
    outranked,
    rank_draws,
)
from siteselect.decide.score import Scores, score
from siteselect.decide.sensitivity import Drivers, Flips, drivers, flips
from siteselect.decide.table import Floats, PerformanceTable
from siteselect.declared.criteria import CriteriaSet
from siteselect.declared.study import Study
from siteselect.measure.measure import Instruments, layers_of, prepare, read
from siteselect.study.cells import LATTICE_M, surface_of
from siteselect.study.question import Question
from siteselect.world.sites import places

DRIVER_DRAWS = 1024
CONFIDENCE_DRAWS = 128
LEVER = 0.5
# What stands: plants that run. Those nearer to each other than this share port and pipeline.
STANDS_IN, STANDS = "feedstock", ("petrochemical_complex", "operating")
SPOT_KM = 10.0
# What the plants brought with them, and what may have come for them.
TOLD = (("feedstock", "estates"), ("feedstock", "estates", "pipelines", "power_plants"))


@dataclass(frozen=True, slots=True)
class Robustness:
    """How sure the ranking is.

    Parameters
    ----------
    ranks : RankDraws
        Probability of standing on the list, rank interval, acceptabilities of each site.
    confidence : numpy.ndarray, shape (n,)
        Probability of standing on the list if the weights were those that favour the site most.
    drivers : Drivers
        Which source of doubt moves the ranking, and which the list.
    flips : Flips
        How little the weights must move to turn a pair, or the edge of the list.
    levers : numpy.ndarray of int64, shape (m, 2)
        Places on the list that change hands if the weight of a criterion is halved, or raised by
        half.
    """

    ranks: RankDraws
    confidence: Floats
    drivers: Drivers
    flips: Flips
    levers: np.ndarray


def made_by() -> tuple[str, str]:
    """Code and libraries that decide: what is kept of a decision follows from them too."""
    rooms = kept.code("base", "declared", "decide", "plan", "study")
    return rooms, kept.versions("numpy", "scipy", "numba")


def unknown_errors(study: Study, sets: Iterable[CriteriaSet]) -> list[Fault]:
    """Relative errors of what is no criterion: they would be dropped, and the ranking seem surer.

    Parameters
    ----------
    study : Study
    sets : iterable of CriteriaSet
        The study's own, and that of every park type: an error may be meant for one of them only.

    Returns
    -------
    list of Fault
    """
    known = {criterion.id for criteria in sets for criterion in criteria.criteria}
    return [
        Fault(f"no criterion {name}{nearest(name, known)}", study.id, "", "trust.relative_error")
        for name in (study.trust.relative_error if study.trust else ())
        if name not in known
    ]


def doubt_of(study: Study, criteria: CriteriaSet, n: int) -> Doubt:
    """What a study declares to be in doubt, for n sites.

    Parameters
    ----------
    study : Study
        With `trust`.
    criteria : CriteriaSet
    n : int
        Number of sites.

    Returns
    -------
    Doubt
    """
    declared = study.trust
    assert declared is not None  # noqa: S101 - the caller asks only then
    error = [declared.relative_error.get(c.id, 0.0) for c in criteria.criteria]
    return Doubt(
        concentration=declared.concentration,
        methods=declared.methods,
        spread=np.tile(error, (n, 1)),
        draws=declared.draws,
        level=declared.level,
    )


def robustness(
    study: Study,
    criteria: CriteriaSet,
    table: PerformanceTable,
    *,
    scores: Scores,
    kinds: list[str],
) -> Robustness | None:
    """How sure a ranking is.

    Parameters
    ----------
    study : Study
        Declares what is drawn, and the seed.
    criteria : CriteriaSet
    table : PerformanceTable
        Readings of the sites, with their bounds.
    scores : Scores
        The ranking.
    kinds : list of str
        Kind of each site.

    Returns
    -------
    Robustness or None
        None if the study does not ask, or fewer than two sites are ranked.
    """
    ranked = scores.rank > 0
    if study.trust is None or ranked.sum() < 2:
        return None
    parts = (*made_by(), study.trust, study.seed, criteria, table, scores, kinds)
    make = partial(_drawn, study, criteria, table, scores=scores, kinds=kinds)
    return kept.value(Robustness, parts, make)


def _drawn(
    study: Study,
    criteria: CriteriaSet,
    table: PerformanceTable,
    *,
    scores: Scores,
    kinds: list[str],
) -> Robustness:
    assert study.trust is not None  # noqa: S101 - the caller has seen to it
    ranked, seed = scores.rank > 0, study.seed
    k = min(study.trust.list_length, int(ranked.sum()))
    doubt = doubt_of(study, criteria, len(kinds))
    of_drivers, of_confidence = (_with_draws(doubt, n) for n in (DRIVER_DRAWS, CONFIDENCE_DRAWS))
    with ThreadPoolExecutor(1) as apart:
        # What drives the ranking has draws of its own, and so need not wait for the others.
        driven = apart.submit(
            drivers, table, criteria, doubt=of_drivers, ranked=ranked, k=k, seed=seed
        )
        trust = rank_draws(table, criteria, doubt=doubt, ranked=ranked, k=k, seed=seed)
        sure = confidence_factors(table, criteria, trust, doubt=of_confidence, seed=seed)
    return Robustness(
        ranks=trust,
        confidence=sure,
        drivers=driven.result(),
        flips=flips(scores, k=k),
        levers=levers(table, criteria, scores, kinds=kinds, k=k),
    )


def _with_draws(doubt: Doubt, draws: int) -> Doubt:
    return replace(doubt, draws=min(draws, doubt.draws))


def levers(
    table: PerformanceTable, criteria: CriteriaSet, scores: Scores, *, kinds: list[str], k: int
) -> np.ndarray:
    """How much of the list each weight alone can move.

    Parameters
    ----------
    table, criteria, scores, kinds
        As for `robustness`.
    k : int
        Length of the list.

    Returns
    -------
    numpy.ndarray of int64, shape (m, 2)
        Places that change hands if the weight is halved, and if it is raised by half, the others
        keeping their proportions.
    """
    official = (scores.rank > 0) & (scores.rank <= k)
    result = np.zeros((len(scores.weights), 2), dtype=np.int64)
    for j in range(len(scores.weights)):
        for side, factor in enumerate((1 - LEVER, 1 + LEVER)):
            weights = scores.weights.copy()
            weights[j] *= factor
            rank = score(table, criteria, kinds=kinds, weights=weights, bounds=False).rank
            result[j, side] = int((official & ~((rank > 0) & (rank <= k))).sum())
    return result


@dataclass(frozen=True, slots=True)
class Found:
    """Whether the criteria find the plants that stand, without being told of them.

    Parameters
    ----------
    plants : geopandas.GeoDataFrame
        Plants that run in the study area, with the number of the ``spot`` on which each stands and
        the share of the ground that it outranks, ``above``, by the criteria that are told least.
    told : tuple of tuple of str
        Layers that were not read, from none to those of `TOLD`.
    left : tuple of tuple of str
        Criteria that read them and were left out; one a row of `told`.
    by : tuple of Backtest
        By the other criteria, with their weights; one a row of `told`.
    provinces : mapping of str to Backtest
        By the criteria that are told least, plants and ground of one province alone.
    alone : mapping of str to Backtest
        By each of the criteria that are told least, alone.
    """

    plants: gpd.GeoDataFrame
    told: tuple[tuple[str, ...], ...]
    left: tuple[tuple[str, ...], ...]
    by: tuple[Backtest, ...]
    provinces: dict[str, Backtest]
    alone: dict[str, Backtest]


def find_plants(question: Question) -> Found:
    """Hold the criteria against the plants that stand: a test that they were not made for.

    Nothing is fitted, so no plant has to be kept apart; but criteria that read where plants are,
    or what was built for them, know the answer, and are left out step by step. The ground is cells
    of `LATTICE_M`, of whatever verdict.

    Parameters
    ----------
    question : Question

    Returns
    -------
    Found

    Raises
    ------
    DataError
        If no plant stands in the study area, or every criterion is told of them.
    """
    side = {"cell_m": max(LATTICE_M, question.study.cell_m), "trust": None}
    question = replace(question, study=question.study.model_copy(update=side))
    plants = _plants(question)
    told = ((), *TOLD)
    sets = [_untold(question.criteria, layers) for layers in told]
    least = sets[-1]
    if not least.criteria:
        raise DataError("every criterion is told of the plants, so none can find them")
    ready = prepare(question.criteria, question.catalog, question.crs)

    def tested(criteria: CriteriaSet, iso: str = "") -> tuple[Floats, Backtest]:
        there, asked = plants, question
        if iso:
            there = plants[plants["province"] == iso]
            one = question.study.model_copy(update={"provinces": (iso,)})
            asked = replace(question, study=one)
        above = _above(replace(asked, criteria=criteria), there, ready)
        return above, backtest(above, there["spot"].tolist(), seed=question.study.seed)

    by = [tested(criteria) for criteria in sets]
    every = {c.id for c in question.criteria.criteria}
    return Found(
        plants=plants.assign(above=by[-1][0]),
        told=told,
        left=tuple(tuple(sorted(every - {c.id for c in one.criteria})) for one in sets),
        by=tuple(found for _, found in by),
        provinces={iso: tested(least, iso)[1] for iso in sorted(set(plants["province"]))},
        alone={
            c.id: tested(least.model_copy(update={"criteria": (c,)}))[1] for c in least.criteria
        },
    )


def _plants(question: Question) -> gpd.GeoDataFrame:
    """Plants that run in the provinces of a study, each with the number of its spot."""
    every = question.catalog.features(STANDS_IN, question.crs)
    runs = (every["kind"] == STANDS[0]) & (every["status"] == STANDS[1])
    plants = every[runs & every["province"].isin(question.study.provinces)].reset_index(drop=True)
    if plants.empty:
        raise DataError(Fault("no plant runs in the study area", file=question.study.id))
    reach = shapely.buffer(plants.geometry.to_numpy(), SPOT_KM * 500.0)
    spots = shapely.STRtree(shapely.get_parts(shapely.union_all(reach)))
    plant, spot = spots.query(plants.geometry.to_numpy(), predicate="within")
    return plants.assign(spot=spot[np.argsort(plant)])


def _untold(criteria: CriteriaSet, layers: Collection[str]) -> CriteriaSet:
    """The criteria that read none of some layers; rules say nothing of how good ground is."""
    blind = tuple(c for c in criteria.criteria if not {*layers_of(c.measure)} & {*layers})
    return criteria.model_copy(update={"criteria": blind, "constraints": ()})


def _above(question: Question, plants: gpd.GeoDataFrame, like: Instruments) -> Floats:
    """Share of the ground that each plant outranks."""
    criteria, study = question.criteria, question.study
    ready = prepare(criteria, question.catalog, question.crs, like=like)
    ground = surface_of(question, ready).score
    stand = places(plants, study.cell_m, question.landmasses)
    scores = score(read(ready, stand), criteria, kinds=stand.kinds.tolist())
    return outranked(scores.score, ground[~np.isnan(ground)])
