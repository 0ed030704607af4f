"""Every method on the same sites: how much of the ranking hangs on the method."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from siteselect.base.errors import DataError
from siteselect.decide import methods
from siteselect.decide.checks import Preference
from siteselect.decide.committee import Agreement, agreement, standing
from siteselect.decide.doubt import LEAST_VALUE
from siteselect.decide.score import Scores
from siteselect.decide.table import Floats

Ranks = NDArray[np.int64]
OFFICIAL = "weighted_mean"
MOVERS = 5

METHODS = MappingProxyType(
    {
        OFFICIAL: "weighted mean (the house law)",
        "geometric": "weighted geometric mean",
        "owa_05": "OWA, alpha 0.5: leans to a site's best values",
        "owa_2": "OWA, alpha 2: leans to a site's worst values",
        "topsis_vector": "TOPSIS, vector normalisation",
        "topsis_minmax": "TOPSIS, min-max normalisation",
        "topsis_fixed": "TOPSIS, fixed ideals",
        "vikor": "VIKOR, by q",
        "promethee": "PROMETHEE II, net flow",
        "electre": "ELECTRE III, both distillations",
    }
)


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Differences of value (0..1) that the outranking methods ask for, on every criterion alike.

    Parameters
    ----------
    indifference, preference, veto : float
        Up to the first nobody cares, from the second preference is full, from the third a site
        that lags so far behind on one criterion cannot outrank (ELECTRE III only).
    """

    indifference: float = 0.05
    preference: float = 0.2
    veto: float = 0.8


@dataclass(frozen=True, slots=True)
class Triangle:
    """Decision strategies between risk and trade-off, each with the list that it leads to.

    Parameters
    ----------
    orness, tradeoff : numpy.ndarray, shape (s,)
        Where each strategy stands.
    kendall : numpy.ndarray, shape (s,)
        Agreement of its ranking with the official one, tau-b; NaN if it ties everything.
    listed, kept : numpy.ndarray of int64, shape (s,)
        Sites on its list, those that tie with the last in; and how many of them are on the
        official one.
    share : numpy.ndarray, shape (n,)
        Share of the strategies under which a site is on the list.
    """

    orness: Floats
    tradeoff: Floats
    kendall: Floats
    listed: Ranks
    kept: Ranks
    share: Floats


@dataclass(frozen=True, slots=True)
class Mover:
    """A site that one method ranks far from the official rank, and why.

    Parameters
    ----------
    site : int
        Row of the panel.
    method : str
        Key of `METHODS`.
    rank : int
        Under that method.
    criterion : str
        What explains it: of all criteria the one by which the two ranks come nearest if its value
        stands at the site's own score. Empty if none brings them nearer.
    value, contribution : float
        Of the site on that criterion.
    rank_without, official_without : int
        The method's rank then, and the official one: the weighted mean moves with the value too.
    """

    site: int
    method: str
    rank: int
    criterion: str
    value: float
    contribution: float
    rank_without: int
    official_without: int


@dataclass(frozen=True, slots=True)
class Panel:
    """The ranked sites under every method; rows are sites in the official order.

    Parameters
    ----------
    site_ids : tuple of str, length n
        Best first.
    k : int
        Length of the list.
    scores : mapping of str to numpy.ndarray, shape (n,)
        What each method says; more is better but for VIKOR's q.
    ranks : mapping of str to numpy.ndarray of int64, shape (n,)
        1 = best; equal scores share the better rank.
    agreement : Agreement
        Of all ranks.
    triangle : Triangle
        Of OWA strategies.
    compromise : tuple of int
        VIKOR's compromise set.
    conditions : (bool, bool)
        VIKOR's acceptable advantage and stability.
    relations : mapping of str to int
        PROMETHEE I over all pairs: ``better, equal, incomparable``; ``in_list`` counts the
        incomparable pairs among the official list.
    movers : tuple of Mover
        Of the sites that some method puts on the list, who moves most first.
    unknown : int
        Values that were unknown and stand at the score of their site.
    at_zero : int
        Sites with a value of 0 on a criterion of weight.
    """

    site_ids: tuple[str, ...]
    k: int
    scores: Mapping[str, Floats]
    ranks: Mapping[str, Ranks]
    agreement: Agreement
    triangle: Triangle
    compromise: tuple[int, ...]
    conditions: tuple[bool, bool]
    relations: Mapping[str, int]
    movers: tuple[Mover, ...]
    unknown: int
    at_zero: int

    @property
    def rules(self) -> tuple[str, ...]:
        """What was taken for granted, in sentences."""
        return (
            (
                "every method takes the values 0..1 of the criteria's own value functions and the"
                " declared weights; excluded and unranked sites stay out"
            ),
            (
                f"{self.unknown} unknown values stand at the score of their site, which leaves the"
                " official score as it is: these methods need full tables"
            ),
            (
                f"{self.at_zero} sites have a value of 0 on a criterion of weight; the geometric"
                f" mean takes {LEAST_VALUE:g} there, or they would all tie at 0"
            ),
        )


@dataclass(frozen=True, slots=True)
class _Case:
    """What the methods were asked, and what they said."""

    values: Floats
    weights: Floats
    official: Floats
    names: tuple[str, ...]
    asked: Mapping[str, Callable[[Floats], Floats]]
    ranks: Mapping[str, Ranks]


def panel(scores: Scores, *, k: int = 13, thresholds: Thresholds | None = None) -> Panel:
    """Run every method on the ranked sites.

    Parameters
    ----------
    scores : Scores
        What the law says; its values and weights are taken.
    k : int
        Length of the list.
    thresholds : Thresholds, optional
        Of the outranking methods.

    Returns
    -------
    Panel

    Raises
    ------
    DataError
        If fewer than two sites are ranked.
    DeclarationError
        If the thresholds do not rise.
    """
    order = np.argsort(np.where(scores.rank > 0, scores.rank, len(scores.rank) + 1), kind="stable")
    order = order[: int((scores.rank > 0).sum())]
    if len(order) < 2:
        raise DataError(f"{len(order)} site is ranked; methods are compared over two or more")
    used = scores.weights > 0
    weights, values = scores.weights[used], scores.values[np.ix_(order, np.flatnonzero(used))]
    official = scores.score[order]
    lacking = np.isnan(values)
    values = np.where(lacking, official[:, None], values)
    k = min(k, len(order))
    asked = _asked(weights, thresholds or Thresholds())
    found = {name: method(values) for name, method in asked.items()}
    ranks = {name: _ranked(name, found[name]) for name in METHODS}
    compared = agreement(ranks)
    names = tuple(np.array(scores.criteria_ids)[used].tolist())
    vikor = methods.vikor(values, weights, np.ones(len(weights)))
    return Panel(
        site_ids=tuple(str(name) for name in scores.place_ids[order]),
        k=k,
        scores=found,
        ranks=ranks,
        agreement=compared,
        triangle=_triangle(values, weights, ranks[OFFICIAL], k),
        compromise=vikor.compromise,
        conditions=(vikor.acceptable_advantage, vikor.acceptable_stability),
        relations=_relations(values, weights, thresholds or Thresholds(), k),
        movers=_movers(_Case(values, weights, official, names, asked, ranks), compared, k),
        unknown=int(lacking.sum()),
        at_zero=int((values <= 0).any(axis=1).sum()),
    )


def _asked(weights: Floats, given: Thresholds) -> dict[str, Callable[[Floats], Floats]]:
    m = len(weights)
    more = np.ones(m)
    low, full, veto = (
        np.full(m, level) for level in (given.indifference, given.preference, given.veto)
    )

    def electre(values: Floats) -> Floats:
        found = methods.electre_iii(values, weights, more, q=low, p=full, v=veto)
        return -found.rank.astype(np.float64)

    return {
        OFFICIAL: lambda v: methods.weighted_mean(v, weights),
        "geometric": lambda v: methods.weighted_geometric(np.maximum(v, LEAST_VALUE), weights),
        "owa_05": lambda v: methods.owa(v, weights, alpha=0.5),
        "owa_2": lambda v: methods.owa(v, weights, alpha=2.0),
        "topsis_vector": lambda v: methods.topsis(v, weights, more),
        "topsis_minmax": lambda v: methods.topsis(v, weights, more, normalization="minmax"),
        "topsis_fixed": lambda v: methods.topsis(v, weights, more, normalization="fixed"),
        "vikor": lambda v: methods.vikor(v, weights, more).q,
        "promethee": lambda v: (
            methods.promethee(v, weights, more, preference=_preference(given, m)).net
        ),
        "electre": electre,
    }


def _preference(given: Thresholds, m: int) -> list[Preference]:
    return [("linear", given.indifference, given.preference, None)] * m


def _ranked(name: str, found: Floats) -> Ranks:
    return standing(found, lowest_first=name == "vikor")


def _triangle(values: Floats, weights: Floats, official: Ranks, k: int) -> Triangle:
    if len(weights) < 2:
        ends = methods.Strategies(np.ones((1, 1)), np.array([0.5]), np.array([1.0]))
    else:
        ends = methods.strategies(len(weights))
    ranks = np.array(
        [standing(methods.owa(values, weights, order_weights=row)) for row in ends.order_weights]
    )
    listed = ranks <= k
    compared = agreement({"official": official} | {str(i): row for i, row in enumerate(ranks)})
    return Triangle(
        orness=ends.orness,
        tradeoff=ends.tradeoff,
        kendall=compared.kendall[0, 1:],
        listed=listed.sum(axis=1),
        kept=(listed & (official <= k)).sum(axis=1),
        share=listed.mean(axis=0),
    )


def _relations(values: Floats, weights: Floats, given: Thresholds, k: int) -> dict[str, int]:
    m = len(weights)
    found = methods.promethee(values, weights, np.ones(m), preference=_preference(given, m))
    pairs = found.relations[np.triu_indices(len(values), k=1)]
    listed = found.relations[:k, :k][np.triu_indices(k, k=1)]
    return {
        "better": int(np.isin(pairs, (methods.BETTER, methods.WORSE)).sum()),
        "equal": int((pairs == methods.EQUAL).sum()),
        "incomparable": int((pairs == methods.INCOMPARABLE).sum()),
        "in_list": int((listed == methods.INCOMPARABLE).sum()),
    }


def _movers(case: _Case, compared: Agreement, k: int) -> tuple[Mover, ...]:
    """Of the sites that some method puts on the list, those that move most."""
    near = [int(site) for site in compared.movers if compared.best[site] <= k]
    return tuple(_mover(case, site) for site in near[:MOVERS])


def _mover(case: _Case, site: int) -> Mover:
    """Where a site moves most, and which criterion undoes it: each in turn is tried."""
    first = {name: int(case.ranks[name][site]) for name in METHODS}
    method = max(METHODS, key=lambda name: abs(first[name] - first[OFFICIAL]))
    best, without = -1, (first[method], first[OFFICIAL])
    for j in range(len(case.weights)):
        trial = case.values.copy()
        trial[site, j] = case.official[site]
        rank, mean = (
            int(_ranked(name, case.asked[name](trial))[site]) for name in (method, OFFICIAL)
        )
        if abs(rank - mean) < abs(without[0] - without[1]):
            best, without = j, (rank, mean)
    known = best >= 0
    value = float(case.values[site, best]) if known else float("nan")
    return Mover(
        site=site,
        method=method,
        rank=first[method],
        criterion=case.names[best] if known else "",
        value=value,
        contribution=float(case.weights[best]) * value,
        rank_without=without[0],
        official_without=without[1],
    )


def as_data(found: Panel) -> dict[str, Any]:
    """A panel as plain data; None stands for unknown."""
    together = found.agreement
    at = together.names.index(OFFICIAL)
    listed = found.ranks[OFFICIAL] <= found.k
    strategies = zip(found.triangle.orness, found.triangle.tradeoff, found.triangle.kendall,
                     found.triangle.listed, found.triangle.kept, strict=True)  # fmt: skip
    return {
        "sites": len(found.site_ids),
        "list_length": found.k,
        "rules": list(found.rules),
        "methods": [
            {
                "method": name,
                "title": title,
                "top": [found.site_ids[i] for i in np.argsort(found.ranks[name], kind="stable")
                        if found.ranks[name][i] <= found.k],
                "kept": int((listed & (found.ranks[name] <= found.k)).sum()),
                "kendall": _number(together.kendall[at, together.names.index(name)]),
                "spearman": _number(together.spearman[at, together.names.index(name)]),
            }
            for name, title in METHODS.items()
        ],
        "kendall": [[_number(x) for x in row] for row in together.kendall],
        "spearman": [[_number(x) for x in row] for row in together.spearman],
        "under_every_method": [
            name for name, worst in zip(found.site_ids, together.worst, strict=True)
            if worst <= found.k
        ],
        "vikor": {
            "compromise": [found.site_ids[i] for i in found.compromise],
            "acceptable_advantage": found.conditions[0],
            "acceptable_stability": found.conditions[1],
        },
        "promethee_i": dict(found.relations),
        "strategies": [
            {"orness": _number(a), "tradeoff": _number(b), "kendall": _number(c),
             "listed": int(d), "kept": int(e)}
            for a, b, c, d, e in strategies
        ],
        "share_of_strategies": {
            name: _number(share)
            for name, share in zip(found.site_ids, found.triangle.share, strict=True)
        },
        "movers": [
            {"site": found.site_ids[m.site], "official_rank": int(found.ranks[OFFICIAL][m.site]),
             "method": m.method, "rank": m.rank, "criterion": m.criterion or None,
             "value": _number(m.value), "contribution": _number(m.contribution),
             "rank_without": m.rank_without, "official_without": m.official_without}
            for m in found.movers
        ],
    }  # fmt: skip


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
