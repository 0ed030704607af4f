"""How sure the ranking is, under weights, method, data and positions drawn together."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from siteselect.base import kept
from siteselect.base.errors import Fault
from siteselect.base.text import nearest
from siteselect.decide.doubt import Doubt
from siteselect.decide.robustness import (
    RankDraws,
    confidence_factors,
    rank_draws,
)
from siteselect.decide.score import Scores, score
from siteselect.decide.sensitivity import Drivers, Flips, drivers, flips
from siteselect.decide.table import Floats, PerformanceTable
from siteselect.declared.criteria import CriteriaSet
from siteselect.declared.study import Study

DRIVER_DRAWS = 1024
CONFIDENCE_DRAWS = 128
LEVER = 0.5


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
