"""Trust: the tables that say how sure the ranking is, and what moves it."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from siteselect.base.text import persian_digits, persian_figures
from siteselect.present.tables import Column, Table, tidy
from siteselect.study.result import Result
from siteselect.study.robustness import Robustness

# Of the ranking; held even where no robustness was asked, so that a ranking fed back in never
# passes an earlier probability off as a fresh one.
APPENDED = ("prob_top_k", "rank_low", "rank_high")
SOURCES = {
    "weights": ("Weights", "وزن‌ها"),
    "method": ("Method of adding up", "روش جمع‌بندی"),
    "data": ("Errors of the data", "خطای داده‌ها"),
    "position": ("Positions of sites and features", "موقعیت پهنه‌ها و عارضه‌ها"),
}
SURFACE = (
    Column("score_sd", "Standard deviation of the score of each cell under the weights in doubt",
           "انحراف معیار امتیاز هر یاخته با وزن‌های نامطمئن", "score",
           "closed form for Dirichlet weights"),
)  # fmt: skip
_DRIVERS = (
    Column("source", "Source of doubt", "سرچشمهٔ تردید"),
    Column("title_en", "Its name", "نام انگلیسی"),
    Column("title_fa", "Its Persian name", "نام"),
    *(
        Column(f"{kind}_{of}", f"Share of the variance of {en_of} that {en}",
               f"سهمی از پراکندگی {fa_of} که {fa}", "share", "Sobol indices, grouped factors")
        for of, en_of, fa_of in (
            ("ranks", "the ranks", "رتبه‌ها"),
            ("list", "who is on the list", "عضویت در فهرست"),
        )
        for kind, en, fa in (
            ("first", "goes if this source alone were known", "با دانستن همین یکی از میان می‌رود"),
            ("total", "stays if all but this source were known", "با دانستن همهٔ دیگرها می‌ماند"),
        )
    ),
)  # fmt: skip
_FLIPS = (
    Column("part", "pair: neighbours in the ranking; edge: the pair of list and rest that turns "
           "first", "pair: دو همسایه؛ edge: نخستین جفتی که لبهٔ فهرست را می‌گرداند"),
    Column("rank", "Rank of the better", "رتبهٔ بهتر"),
    Column("better", "Site before", "پهنهٔ پیش"),
    Column("worse", "Site behind", "پهنهٔ پس"),
    Column("points", "Weight that must move before the order turns, percentage points; inf: none "
           "turns it", "وزنی که باید جابه‌جا شود تا ترتیب بگردد، واحد درصد؛ inf: هیچ وزنی",
           "%", "least change of weights"),
    Column("distance", "The same as Euclidean distance of the weights; inf: none turns it",
           "همان، فاصلهٔ اقلیدسی وزن‌ها؛ inf: هیچ وزنی", "", "least change of weights"),
)  # fmt: skip


def ranking_columns(result: Result) -> tuple[Column, ...]:
    """What the ranking adds if its robustness is known: ``prob_top_k, rank_low, rank_high``.

    Parameters
    ----------
    result : Result

    Returns
    -------
    tuple of Column
        Empty if it is not known; their source says what was drawn and how often.
    """
    found, trust = result.robustness, result.study.trust
    if found is None or trust is None:
        return ()
    k, level = found.ranks.k, f"{trust.level:.0%}"
    level_fa = persian_figures(level)
    drawn = f"{trust.draws} draws of {', '.join(found.ranks.sources) or 'nothing'} together"
    source = (
        f"{drawn}, seed {result.study.seed}; Dirichlet weights of concentration"
        f" {trust.concentration:g}; {', '.join(trust.methods)}"
    )
    return (
        Column("prob_top_k", f"Probability of standing among the first {k} (the list)",
               persian_digits(f"احتمال بودن در {k} پهنهٔ نخست (فهرست)"), "share", source),
        Column("rank_low", f"Best rank of the {level} interval",
               f"بهترین رتبه در بازهٔ {level_fa}", "", source),
        Column("rank_high", f"Worst rank of the {level} interval",
               f"بدترین رتبه در بازهٔ {level_fa}", "", source),
    )  # fmt: skip


def tables(result: Result) -> dict[str, Table]:
    """The tables of robustness by file name.

    Parameters
    ----------
    result : Result

    Returns
    -------
    dict of str to Table
        ``robustness.csv``, ``drivers.csv``, ``flips.csv`` and ``levers.csv``; empty if the
        robustness is not known.
    """
    found = result.robustness
    if found is None:
        return {}
    return {
        "robustness.csv": _sites(result, found),
        "drivers.csv": _drivers(found),
        "flips.csv": _flips(result, found),
        "levers.csv": _levers(result, found),
    }


def ranked(result: Result) -> np.ndarray:
    """Rows of the pool that have a rank, best first, as an array of int64.

    Parameters
    ----------
    result : Result

    Returns
    -------
    numpy.ndarray of int64, shape (r,)
    """
    order = np.argsort(result.scores.rank, kind="stable")
    return order[result.scores.rank[order] > 0]


def _table(columns: tuple[Column, ...], cells: Mapping[str, object]) -> Table:
    frame = pd.DataFrame({column.name: cells[column.name] for column in columns})
    return Table(columns, frame.apply(tidy))


def _sites(result: Result, found: Robustness) -> Table:
    order, ranks = ranked(result), found.ranks
    added = ranking_columns(result)
    k, source = ranks.k, added[0].source
    weights = tuple(
        Column(f"w_{c.id}", f"Mean weight where the site is on the list: {c.titles.en}; empty: "
               "it never is", f"میانگین وزن آنجا که پهنه در فهرست است: {c.titles.fa}؛ خالی: هیچ‌گاه",
               "share", source)
        for c in result.criteria.criteria
    )  # fmt: skip
    columns = (
        Column("id", "Site", "شناسهٔ پهنه"),
        Column("rank", "Rank, 1 = best", "رتبه"),
        *added,
        Column("expected_rank", "Mean rank", "میانگین رتبه", "", source),
        Column("confidence", f"Probability of standing among the first {k} if the weights were "
               "those most in its favour (w_ columns): low means that data or position are too "
               "uncertain", persian_digits(
               f"احتمال بودن در {k} پهنهٔ نخست اگر وزن‌ها همان ستون‌های w_ بود"), "share",
               source),
        *weights,
    )  # fmt: skip
    cells = {
        "id": ranks.place_ids[order].astype(object),
        "rank": result.scores.rank[order],
        "prob_top_k": ranks.prob_top_k[order],
        "rank_low": ranks.rank_low[order],
        "rank_high": ranks.rank_high[order],
        "expected_rank": ranks.expected_rank[order],
        "confidence": found.confidence[order],
    }
    central = ranks.central_weights[order].T
    cells |= {c.name: column for c, column in zip(weights, central, strict=True)}
    return _table(columns, cells)


def _drivers(found: Robustness) -> Table:
    drivers = found.drivers
    titles = [SOURCES[source] for source in drivers.sources]
    return _table(
        _DRIVERS,
        {
            "source": list(drivers.sources),
            "title_en": [en for en, _ in titles],
            "title_fa": [fa for _, fa in titles],
            "first_ranks": drivers.ranks.first,
            "total_ranks": drivers.ranks.total,
            "first_list": drivers.listed.first,
            "total_list": drivers.listed.total,
        },
    )


def _flips(result: Result, found: Robustness) -> Table:
    flips, ids = found.flips, result.scores.place_ids
    before, behind = flips.before.tolist(), flips.behind.tolist()
    points, distance = flips.points.tolist(), flips.distance.tolist()
    part = ["pair"] * len(before)
    if flips.edge is not None and flips.edge_flip is not None:
        before.append(flips.edge[0])
        behind.append(flips.edge[1])
        points.append(flips.edge_flip.points)
        distance.append(flips.edge_flip.distance)
        part.append("edge")
    return _table(
        _FLIPS,
        {
            "part": part,
            "rank": result.scores.rank[before],
            "better": ids[before].astype(object),
            "worse": ids[behind].astype(object),
            "points": points,
            "distance": distance,
        },
    )


def _levers(result: Result, found: Robustness) -> Table:
    k = found.ranks.k
    columns = (
        Column("criterion", "Criterion", "شناسهٔ معیار"),
        Column("title_en", "Title", "معیار (انگلیسی)"),
        Column("title_fa", "Persian title", "معیار"),
        Column("weight", "Share of the score", "وزن", "share", "criteria set"),
        Column("places_half", f"Places of {k} that change hands at half the weight",
               persian_digits(f"شمار جاهای فهرست {k}تایی که با نصف وزن جابه‌جا می‌شود"), "count"),
        Column("places_one_and_half",
               f"Places of {k} that change hands at one and a half of the weight",
               persian_digits(f"شمار جاهای فهرست {k}تایی که با یک و نیم برابر وزن جابه‌جا می‌شود"),
               "count"),
    )  # fmt: skip
    criteria = result.criteria.criteria
    return _table(
        columns,
        {
            "criterion": [c.id for c in criteria],
            "title_en": [c.titles.en for c in criteria],
            "title_fa": [c.titles.fa for c in criteria],
            "weight": result.scores.weights,
            "places_half": found.levers[:, 0],
            "places_one_and_half": found.levers[:, 1],
        },
    )
