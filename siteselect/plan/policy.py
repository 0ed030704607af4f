"""The policy: candidates as the portfolio sees them, and a programme's rules over them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from siteselect.base.errors import DataError, DeclarationError, Fault
from siteselect.base.text import nearest, persian_digits
from siteselect.decide.score import Scores
from siteselect.declared.programme import Budget, Programme, Quota, Spacing
from siteselect.declared.sources import Titles
from siteselect.plan.exact import (
    COUNT,
    EXTEND,
    FILL,
    GREENFIELD,
    REVIVE,
    RUNGS,
    Flags,
    Floats,
    Indices,
    Rule,
    cliques,
)
from siteselect.world.places import Sites

_EXISTING = ("estate", "special_zone")
_ONE_POINT_KM = 1e-3
RESOURCES = {
    "area_ha": Titles(en="land (ha)", fa="زمین (هکتار)"),
    "water_m3_d": Titles(en="water (m3 a day)", fa="آب (مترمکعب در روز)"),
    "power_mw": Titles(en="power (MW)", fa="برق (مگاوات)"),
    "capital_meur": Titles(en="capital (million euro)", fa="سرمایه (میلیون یورو)"),
}


@dataclass(frozen=True, slots=True)
class Candidates:
    """The pool as the portfolio sees it: n sites, each fit for one or more of t park types.

    Parameters
    ----------
    ids : numpy.ndarray of str, shape (n,)
        Unique.
    score : numpy.ndarray, shape (n,) or (n, t)
        Score 0..1, by park type; NaN where it has none: that pair is never chosen.
    verdict : numpy.ndarray of int, shape (n,) or (n, t)
        0 eligible, 1 undetermined, 2 excluded: never chosen.
    province, kind : numpy.ndarray of str, shape (n,)
        Province code; ``estate, special_zone, extension, greenfield, proposed``.
    easting, northing : numpy.ndarray, shape (n,)
        Metres.
    accuracy_km : numpy.ndarray, shape (n,)
        Distance within which the true position lies.
    park_types : tuple of str, length t
        Names of the columns of `score`.
    ranked : numpy.ndarray of bool, shape (n,) or (n, t), optional
        False where too little is known to be ranked: never chosen. All True if not given.
    area_ha, water_m3_d, power_mw, capital_meur : numpy.ndarray, shape (n,) or (n, t), optional
        What a park there takes; NaN = unknown. All unknown if not given.
    free_ha : numpy.ndarray, shape (n,), optional
        Free land of existing sites; NaN = unknown.
    idle : numpy.ndarray of bool, shape (n,), optional
        True for an existing site that is known to stand idle.
    overlaps : tuple of (str, str)
        Pairs of ids whose ground overlaps.

    Raises
    ------
    DataError
        If shapes differ, an id stands twice or a position is unknown.
    """

    ids: NDArray[np.str_]
    score: Floats
    verdict: NDArray[np.integer[Any]]
    province: NDArray[np.str_]
    kind: NDArray[np.str_]
    easting: Floats
    northing: Floats
    accuracy_km: Floats
    park_types: tuple[str, ...] = ("park",)
    ranked: Flags | None = None
    area_ha: Floats | None = None
    water_m3_d: Floats | None = None
    power_mw: Floats | None = None
    capital_meur: Floats | None = None
    free_ha: Floats | None = None
    idle: Flags | None = None
    overlaps: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        n, t = len(self.ids), len(self.park_types)
        faults = [
            Fault(f"has shape {array.shape} for {n} sites and {t} park types", field=name)
            for name, array in self._arrays()
            if array.shape not in ((n,), (n, t)) or (name == "score" and array.size != n * t)
        ]
        names, counts = np.unique(self.ids, return_counts=True)
        faults += [Fault("this id stands twice", row=str(name)) for name in names[counts > 1]]
        lost = ~np.isfinite(self.easting + self.northing + self.accuracy_km)
        faults += [Fault("has no position", row=str(name)) for name in self.ids[lost]]
        known = set(self.ids.tolist())
        faults += [
            Fault(f"{name} is not among the candidates{nearest(name, known)}", field="overlaps")
            for pair in self.overlaps
            for name in pair
            if name not in known
        ]
        if faults:
            raise DataError(faults)

    def _arrays(self) -> Iterator[tuple[str, NDArray[Any]]]:
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, np.ndarray):
                yield field.name, value

    def by_pair(self, name: str, missing: float) -> NDArray[Any]:
        """A column for each pair of site and park type.

        Parameters
        ----------
        name : str
            Name of a column.
        missing : float
            Stands where it was not given.

        Returns
        -------
        numpy.ndarray, shape (n, t)
        """
        column = getattr(self, name)
        shape = len(self.ids), len(self.park_types)
        if column is None:
            return np.full(shape, missing)
        return np.broadcast_to(column.reshape(shape[0], -1), shape)

    def sorted(self) -> tuple["Candidates", Indices]:
        """The same candidates in the order of their ids, and the row that each came from."""
        order = np.argsort(self.ids, kind="stable")
        columns: dict[str, Any] = {name: array[order] for name, array in self._arrays()}
        return replace(self, **columns), order


def candidates_of(pool: Sites, scores: Mapping[str, Scores]) -> Candidates:
    """The pool and its scores as candidates.

    Parameters
    ----------
    pool : Sites
        Its frame may carry ``free_ha``; status ``idle`` marks an idle estate.
    scores : mapping of str to Scores
        What the law says of the pool, by park type.

    Returns
    -------
    Candidates
        Known by representative points. Sites overlap where their polygons do; a site known by a
        point overlaps none.
    """
    frame = pool.frame
    point = frame.geometry.representative_point()
    ids = frame["id"].to_numpy().astype(str)
    area = frame.geometry.area.to_numpy() > 0
    one, other = frame.sindex.query(frame.geometry, predicate="overlaps")
    inner, outer = frame.sindex.query(frame.geometry, predicate="within")
    pairs = {(min(a, b), max(a, b)) for a, b in zip([*one, *inner], [*other, *outer], strict=True)
             if a != b and area[a] and area[b]}  # fmt: skip
    free = frame["free_ha"].to_numpy(float) if "free_ha" in frame else None
    return Candidates(
        ids=ids,
        score=np.column_stack([s.score for s in scores.values()]),
        verdict=np.column_stack([s.verdict for s in scores.values()]),
        ranked=np.column_stack([s.rank > 0 for s in scores.values()]),
        province=frame["province"].to_numpy().astype(str),
        kind=frame["kind"].to_numpy().astype(str),
        easting=point.x.to_numpy(),
        northing=point.y.to_numpy(),
        accuracy_km=frame["position_accuracy_km"].to_numpy(float),
        park_types=tuple(scores),
        area_ha=frame["area_ha"].to_numpy(float),
        free_ha=free,
        idle=frame["status"].to_numpy() == "idle",
        overlaps=tuple((str(ids[a]), str(ids[b])) for a, b in sorted(pairs)),
    )


@dataclass(frozen=True, slots=True)
class Options:
    """The m pairs (site, park type) that may be chosen, in the order of ids, then of types.

    Parameters
    ----------
    pool : Candidates
        In the order of ids.
    site, park : numpy.ndarray of int64, shape (m,)
        Row of the pool, and column of its scores.
    values : numpy.ndarray, shape (m,)
        Score less the price of an undetermined verdict.
    undetermined : numpy.ndarray of bool, shape (m,)
        Whether the verdict is.
    rung : numpy.ndarray of int64, shape (m,)
        Index into `siteselect.plan.exact.RUNGS`.
    """

    pool: Candidates
    site: Indices
    park: Indices
    values: Floats
    undetermined: Flags
    rung: Indices

    def column(self, name: str) -> NDArray[Any]:
        """A column of the pool, by option; NaN where it was not given."""
        return np.asarray(self.pool.by_pair(name, np.nan)[self.site, self.park])

    def names(self, picks: Indices) -> tuple[str, ...]:
        """Ids of the sites of options."""
        return tuple(str(name) for name in self.pool.ids[self.site[picks]])


def refuse_unknown(pool: Candidates, programme: Programme) -> None:
    """Refuse a programme that names a site or a park type that is not in the pool.

    Parameters
    ----------
    pool : Candidates
        What there is.
    programme : Programme
        What is named.

    Raises
    ------
    DeclarationError
        Naming each, with the nearest word that is known.
    """
    ids = pool.ids.tolist()
    known = {"locked_in": ids, "locked_out": ids, "park_types": list(pool.park_types)}
    faults = [
        Fault(f"{name} is not among the candidates{nearest(name, words)}", field=key)
        for key, words in known.items()
        for name in getattr(programme, key)
        if name not in words
    ]
    if faults:
        raise DeclarationError(faults)


def options_of(pool: Candidates, programme: Programme) -> Options:
    """The pairs of site and park type that may be chosen, and what each is worth.

    Parameters
    ----------
    pool : Candidates
        In the order of ids.
    programme : Programme
        Prices an undetermined verdict and says when an estate counts as full.

    Returns
    -------
    Options
        Pairs that are ranked, scored and not excluded.
    """
    score, verdict = pool.by_pair("score", np.nan), pool.by_pair("verdict", 0)
    ranked = pool.by_pair("ranked", 1).astype(bool)
    site, park = np.nonzero((verdict < 2) & ranked & np.isfinite(score))
    undetermined = verdict[site, park] == 1
    values = score[site, park] - programme.undetermined.price * undetermined
    rung = _rungs(pool, programme)[site]
    return Options(pool, site, park, values, undetermined, rung)


def _rungs(pool: Candidates, programme: Programme) -> Indices:
    first = programme.existing_first
    least = first.least_free_ha if first else 0.0
    n = len(pool.ids)
    idle = pool.idle if pool.idle is not None else np.zeros(n, dtype=bool)
    full = pool.free_ha < least if pool.free_ha is not None else np.zeros(n, dtype=bool)
    existing = np.isin(pool.kind, _EXISTING)
    return np.select(
        [(pool.kind == "extension") | (existing & full), existing & idle, existing],
        [EXTEND, REVIVE, FILL],
        GREENFIELD,
    ).astype(np.int64)


def drawn_values(draws: Floats, scores: Candidates, options: Options, *, order: Indices) -> Floats:
    """Draws of the scores as values of the options.

    Parameters
    ----------
    draws : numpy.ndarray, shape (d, n) or (d, n, t)
        In the order of `scores`.
    scores : Candidates
        As given.
    options : Options
        Of the sorted candidates.
    order : numpy.ndarray of int64, shape (n,)
        Row of `scores` that each sorted candidate came from.

    Returns
    -------
    numpy.ndarray, shape (d, m)

    Raises
    ------
    DataError
        If the shape does not fit, or a draw lacks a score.
    """
    n, t = len(scores.ids), len(scores.park_types)
    shaped = np.asarray(draws, dtype=np.float64)
    if not len(shaped) or shaped.shape[1:] not in ((n,), (n, t)) or shaped[0].size != n * t:
        raise DataError(f"draws have shape {shaped.shape}, not (draws, {n}, {t})")
    taken = shaped.reshape(-1, n, t)[:, order][:, options.site, options.park]
    if not np.isfinite(taken).all():
        raise DataError("a draw lacks the score of a candidate that has one")
    price = options.pool.score.reshape(n, t)[options.site, options.park] - options.values
    return np.asarray(taken - price)


def objective(options: Options, programme: Programme, drawn: Floats | None) -> Floats:
    """What is maximised.

    Parameters
    ----------
    options : Options
        With their values.
    programme : Programme
        Names the objective.
    drawn : numpy.ndarray, shape (d, m), or None
        Values in draws of the scores.

    Returns
    -------
    numpy.ndarray, shape (m,) or (d, m)
        Several rows where the least of their totals counts.

    Raises
    ------
    DataError
        If the objective needs draws and there are none.
    """
    if programme.objective == "score":
        return options.values
    if drawn is None:
        raise DataError(f"objective {programme.objective} needs draws of the scores")
    return drawn if programme.objective == "worst" else np.asarray(drawn.mean(axis=0))


def said(en: str, fa: str) -> Titles:
    """A sentence in both languages, the Persian one with Persian digits.

    Examples
    --------
    >>> said("13 parks", "13 پارک").fa
    '۱۳ پارک'
    """
    return Titles(en=en, fa=persian_digits(fa))


def rules_of(options: Options, programme: Programme) -> Iterator[Rule]:
    """A programme's rules over the options.

    Parameters
    ----------
    options : Options
        What may be chosen.
    programme : Programme
        What is asked.

    Yields
    ------
    Rule
        Budgets first and provinces last: the filter of conflicts leaves early ones out first, so
        where several sets of rules conflict the one explained speaks of provinces and counts.
    """
    yield from _budget_rules(options, programme)
    if programme.undetermined.policy == "forbidden":
        words = said("no undetermined site is chosen", "هیچ پهنهٔ نامعین انتخاب نشود")
        yield _at_most("undetermined", words, options.undetermined, 0)
    yield from _lock_rules(options, programme)
    yield from _quota_rules(options, "park_type", programme.park_types)
    yield from _point_rules(options, programme)
    yield from _apart_rules(options, programme)
    yield from _quota_rules(options, "province", programme.provinces)
    k, m = programme.k, len(options.site)
    words = said(
        f"exactly {k} parks are asked for ({len(set(options.site))} candidates may be chosen)",
        f"درست {k} پارک خواسته شده است ({len(set(options.site))} نامزد قابل انتخاب است)",
    )
    yield Rule(COUNT, words, np.array([[1.0] * m, [-1.0] * m]), np.array([k * 1.0, -k]), wants=1)


def _point_rules(options: Options, programme: Programme) -> Iterator[Rule]:
    most = None if programme.spacing is None else programme.spacing.at_most_per_point
    if most is None:
        return
    pool = options.pool
    points = np.column_stack([pool.easting, pool.northing])[options.site]
    _, which = np.unique(np.round(points), axis=0, return_inverse=True)
    for point in np.unique(which):
        members = which == point
        sites = pool.ids[np.unique(options.site[members])].tolist()
        if len(sites) > most:
            counts = said("", f"حداکثر {most} پهنه از {len(sites)} پهنهٔ هم‌نقطه با")
            words = Titles(
                en=f"at most {most} of the {len(sites)} sites at the point of {sites[0]}",
                fa=f"{counts.fa} {sites[0]}",
            )
            yield _at_most(f"point {sites[0]}", words, members, most)


def _at_most(name: str, words: Titles, members: NDArray[Any], most: float) -> Rule:
    return Rule(name, words, members[None].astype(np.float64), np.array([most * 1.0]))


def _at_least(name: str, words: Titles, members: NDArray[Any], least: float) -> Rule:
    return Rule(name, words, -members[None].astype(np.float64), np.array([-least * 1.0]), wants=0)


def _budget_rules(options: Options, programme: Programme) -> Iterator[Rule]:
    for name, resource in RESOURCES.items():
        budget: Budget | None = getattr(programme.budgets, name)
        if budget is not None:
            use = np.nan_to_num(options.column(name).astype(float), nan=budget.if_unknown or 0.0)
            limit = f"{budget.at_most:g}"
            words = said(
                f"all parks together take at most {limit} of {resource.en}",
                f"همهٔ پارک‌ها با هم حداکثر {limit} {resource.fa} می‌گیرند",
            )
            yield _at_most(f"budget.{name}", words, use / budget.at_most, 1.0)


def _lock_rules(options: Options, programme: Programme) -> Iterator[Rule]:
    ids = options.pool.ids[options.site]
    for name in sorted(programme.locked_in):
        why = "" if name in ids else " although it is excluded or not ranked"
        why_fa = "" if name in ids else "، هرچند حذف شده یا رتبه ندارد"
        words = Titles(en=f"{name} is locked in{why}", fa=f"{name} قفل‌شده است{why_fa}")
        yield _at_least(f"locked_in.{name}", words, ids == name, 1)
    for name in sorted(programme.locked_out):
        words = Titles(en=f"{name} is locked out", fa=f"{name} کنار گذاشته شده است")
        yield _at_most(f"locked_out.{name}", words, ids == name, 0)


def _quota_rules(
    options: Options, what: Literal["province", "park_type"], quotas: Mapping[str, Quota]
) -> Iterator[Rule]:
    if what == "province":
        codes = options.pool.province[options.site]
    else:
        codes = np.array(options.pool.park_types)[options.park]
    for code, quota in sorted(quotas.items()):
        name = quota.titles or Titles(en=code, fa=code)
        members = codes == code
        count = len(set(options.site[members]))
        if quota.at_least:
            words = said(
                f"{name.en} needs at least {quota.at_least} ({count} candidates may be chosen)",
                f"{name.fa} دست‌کم {quota.at_least} پارک می‌خواهد ({count} نامزد قابل انتخاب است)",
            )
            yield _at_least(f"{what}.{code}.at_least", words, members, quota.at_least)
        if quota.at_most is not None:
            words = said(
                f"{name.en} takes at most {quota.at_most}",
                f"{name.fa} حداکثر {quota.at_most} پارک می‌گیرد",
            )
            yield _at_most(f"{what}.{code}.at_most", words, members, quota.at_most)


def _apart_rules(options: Options, programme: Programme) -> Iterator[Rule]:
    pool = options.pool
    used = np.unique(options.site)
    at = np.searchsorted(used, options.site)
    if len(pool.park_types) > 1:
        words = Titles(en="a site takes one park type", fa="هر پهنه یک نوع پارک می‌گیرد")
        yield Rule("one_type", words, (np.arange(len(used))[:, None] == at) * 1.0,
                   np.ones(len(used)))  # fmt: skip
    row = {name: index for index, name in enumerate(pool.ids)}
    over = np.zeros((len(pool.ids), len(pool.ids)), dtype=bool)
    for one, other in pool.overlaps:
        over[row[one], row[other]] = over[row[other], row[one]] = True
    near = {"overlap": over, "spacing": _near(pool, programme.spacing)}
    words_of = {
        "overlap": said("at most one of overlapping sites", "از پهنه‌های هم‌پوش حداکثر یکی"),
        "spacing": _spacing_words(programme.spacing),
    }
    for name, matrix in near.items():
        sets = cliques(matrix[np.ix_(used, used)])
        if len(sets):
            yield Rule(name, words_of[name], sets[:, at], np.ones(len(sets)))


def _spacing_words(spacing: Spacing | None) -> Titles:
    km = f"{spacing.at_least_km:g}" if spacing else "0"
    return said(f"sites lie at least {km} km apart", f"پهنه‌ها دست‌کم {km} کیلومتر فاصله دارند")


def _near(pool: Candidates, spacing: Spacing | None) -> Flags:
    """Pairs that lie too near each other, by the way declared.

    Sites known only by one and the same point, such as two estates of a town, are of unknown
    spacing: too near only if even the far end of their accuracies is.
    """
    distance, slack = _distance_km(pool)
    if spacing is None:
        return np.zeros(distance.shape, dtype=bool)
    certain = distance + slack < spacing.at_least_km
    apart = distance - slack if spacing.judged == "possible" else distance
    doubtful = (apart < spacing.at_least_km) & (distance > _ONE_POINT_KM)
    return certain if spacing.judged == "certain" else certain | doubtful


def _distance_km(pool: Candidates) -> tuple[Floats, Floats]:
    east, north = pool.easting / 1e3, pool.northing / 1e3
    distance = np.hypot(east[:, None] - east, north[:, None] - north)
    return distance, pool.accuracy_km[:, None] + pool.accuracy_km


def notes_of(options: Options, programme: Programme, picks: Indices) -> Iterator[Titles]:
    """What must be known of a choice.

    Parameters
    ----------
    options : Options
        What could be chosen.
    programme : Programme
        What was asked.
    picks : numpy.ndarray of int64, shape (k,)
        What was chosen.

    Yields
    ------
    Titles
        Positions that leave the spacing in doubt, verdicts, rungs and budgets without data.
    """
    yield from _position_notes(options, programme.spacing, picks)
    doubt = int(options.undetermined[picks].sum())
    if doubt:
        yield said(
            f"{doubt} of the chosen sites have an undetermined verdict",
            f"حکم {doubt} پهنه از پهنه‌های برگزیده نامعین است",
        )
    if programme.existing_first is not None:
        yield from _rung_notes(options)
    for name, resource in RESOURCES.items():
        budget: Budget | None = getattr(programme.budgets, name)
        unknown = int(np.isnan(options.column(name)[picks].astype(float)).sum())
        if budget is not None and unknown:
            taken = budget.if_unknown or 0.0
            yield said(
                f"{resource.en} is unknown at {unknown} chosen sites and taken as {taken:g} each",
                f"{resource.fa} در {unknown} پهنهٔ برگزیده نامعلوم است و {taken:g} گرفته شده است",
            )
    for code in sorted(set(programme.provinces) - set(options.pool.province.tolist())):
        title = programme.provinces[code].titles or Titles(en=code, fa=code)
        yield Titles(en=f"{title.en} has no candidate", fa=f"{title.fa} هیچ نامزدی ندارد")


def _position_notes(options: Options, spacing: Spacing | None, picks: Indices) -> Iterator[Titles]:
    if spacing is None:
        return
    sites = np.sort(options.site[picks])
    distance, slack = (array[np.ix_(sites, sites)] for array in _distance_km(options.pool))
    names = options.pool.ids[sites]
    one_point = np.argwhere(np.triu(distance <= _ONE_POINT_KM, 1))
    for one, other in names[one_point].tolist():
        yield Titles(
            en=f"{one} and {other} are known by one point only: their spacing is unknown",
            fa=f"{one} و {other} تنها با یک نقطه شناخته‌اند: فاصلهٔ آن‌ها نامعلوم است",
        )
    doubtful = np.triu((distance - slack < spacing.at_least_km) & (distance > _ONE_POINT_KM), 1)
    if doubtful.any():
        count, km = int(doubtful.sum()), f"{spacing.at_least_km:g}"
        yield said(
            f"{count} pairs of chosen sites may lie nearer than {km} km, given the accuracy of"
            " their positions",
            f"با توجه به دقت موقعیت‌ها، {count} جفت از پهنه‌های برگزیده شاید نزدیک‌تر از {km}"
            " کیلومتر باشند",
        )


def _rung_notes(options: Options) -> Iterator[Titles]:
    count = np.bincount(options.rung, minlength=len(RUNGS))
    if not count[REVIVE]:
        yield Titles(
            en="rung 'revive' has no data: no existing site is known to stand idle",
            fa="پلهٔ «احیا» داده ندارد: هیچ پهنهٔ موجودی راکد شناخته نشده است",
        )
    if not count[EXTEND]:
        yield Titles(en="rung 'extend' has no candidate", fa="پلهٔ «توسعه» هیچ نامزدی ندارد")
    existing = options.rung <= REVIVE
    unknown = int((existing & np.isnan(options.column("free_ha").astype(float))).sum())
    if unknown:
        yield said(
            f"rung 'fill': free land is unknown at {unknown} of {int(existing.sum())} existing"
            " candidates, which count as existing",
            f"پلهٔ «پر کردن»: زمین آزاد {unknown} نامزد از {int(existing.sum())} نامزد موجود"
            " نامعلوم است و موجود شمرده شده‌اند",
        )


def inquiries_of(options: Options, picks: Indices) -> Iterator[tuple[str, Titles]]:
    """Questions that chosen sites must put: how much land is free where that is not known.

    Parameters
    ----------
    options : Options
        What could be chosen.
    picks : numpy.ndarray of int64, shape (k,)
        What was chosen.

    Yields
    ------
    tuple of (str, Titles)
        Id of the site and the question.
    """
    free = options.column("free_ha").astype(float)
    for option in picks:
        if options.rung[option] <= REVIVE and np.isnan(free[option]):
            name = options.names(np.array([option]))[0]
            yield name, Titles(en="How much land is free?", fa="چه مقدار زمین آزاد است؟")
