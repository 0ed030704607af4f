"""The rules: a programme as limits over the options, which conflict, what must be known."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from siteselect.base.errors import Fault, NoSolution
from siteselect.base.text import persian_digits
from siteselect.declared.programme import Budget, Programme, Quota, Spacing
from siteselect.declared.sources import Titles
from siteselect.plan.exact import (
    COUNT,
    EXTEND,
    REVIVE,
    RUNGS,
    Flags,
    Floats,
    Indices,
    Problem,
    Rule,
    cliques,
    solve,
)
from siteselect.plan.policy import RESOURCES, Candidates, Options, said

_ONE_POINT_KM = 1e-3


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
    rows, limits = np.array([[1.0] * m, [-1.0] * m]), np.array([k * 1.0, -k])
    yield Rule(COUNT, words, rows, limits, wants=1, waivable=False)


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
                   np.ones(len(used)), waivable=False)  # fmt: skip
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


def conflict(task: Problem) -> NoSolution:
    """Why no choice keeps all rules: a smallest set of rules that conflict, in words.

    Parameters
    ----------
    task : Problem
        A problem without solution by its rules alone, those included that an oracle told.

    Returns
    -------
    NoSolution
        The first fault says which rule asks for what and how much the others leave; each further
        fault is one of those others. Without any one of them the rest can be kept.

    Notes
    -----
    Deletion filter (Chinneck and Dravnieks 1991, ORSA Journal on Computing 3): each rule is left
    out in turn and stays out if the rest still conflicts. What remains is irreducible.
    """
    kept = replace(task.instead(np.zeros(task.values.shape[1])), oracle=None)
    for rule in task.rules:
        fewer = kept.without({rule.id})
        if solve(fewer) is None:
            kept = fewer
    asking = min((r for r in kept.rules if r.wants >= 0), key=lambda rule: rule.id == COUNT)
    others = kept.without({asking.id}).instead(-asking.rows[asking.wants])
    most = solve(others)
    reached = round(most.total) if most else 0
    rest = "; ".join(rule.titles.en for rule in others.rules)
    words = f"{asking.titles.en}, but at most {reached} can be had" + (
        f" while {rest}" if rest else ""
    )
    persian = f"{asking.titles.fa}، ولی حداکثر {persian_digits(str(reached))} به دست می‌آید" + (
        f"، تا این‌ها برقرار است: {'؛ '.join(rule.titles.fa for rule in others.rules)}"
        if others.rules
        else ""
    )
    return NoSolution(
        [Fault(words, field=asking.id)]
        + [Fault(rule.titles.en, field=rule.id) for rule in others.rules],
        [persian, *(rule.titles.fa for rule in others.rules)],
    )


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
            f"{doubt} of the chosen sites {'has' if doubt == 1 else 'have'} an undetermined"
            " verdict",
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
            fa=f"{one} و {other} تنها با یک نقطه شناخته شده‌اند: فاصلهٔ آن‌ها نامعلوم است",
        )
    doubtful = np.triu((distance - slack < spacing.at_least_km) & (distance > _ONE_POINT_KM), 1)
    if doubtful.any():
        count, km = int(doubtful.sum()), f"{spacing.at_least_km:g}"
        yield said(
            f"{count} {'pair' if count == 1 else 'pairs'} of chosen sites may lie nearer than {km}"
            " km, given the accuracy of their positions",
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
    no_figure = existing & np.isnan(options.column("free_ha").astype(float))
    unknown, there = (len(set(options.site[which].tolist())) for which in (no_figure, existing))
    if unknown:
        yield said(
            f"rung 'fill': free land is unknown at {unknown} of {there} existing candidates, which"
            " count as existing",
            f"پلهٔ «پر کردن»: زمین آزاد {unknown} نامزد از {there} نامزد موجود نامعلوم است و موجود"
            " شمرده شده‌اند",
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


def needed(who: Titles, *, by_policy: bool) -> Titles:
    """What cannot be had without any one of some sites.

    Parameters
    ----------
    who : Titles
        Their names.
    by_policy : bool
        Whether the rules could be kept without them, and only priority to existing capacity not.

    Returns
    -------
    Titles

    Examples
    --------
    >>> needed(Titles(en="Kangan", fa="کنگان"), by_policy=False).en
    'Without any one of these the rules cannot be kept: Kangan.'
    """
    en, fa = "the rules cannot be kept", "قواعد برآورده نمی‌شود"
    if by_policy:
        en = "existing capacity cannot come first as far"
        fa = "اولویت ظرفیت موجود تا این حد ممکن نیست"
    return Titles(
        en=f"Without any one of these {en}: {who.en}.", fa=f"بی هر یک از این‌ها {fa}: {who.fa}."
    )
