"""The parks one by one: what speaks for each and against it, what it takes, what must be asked."""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from siteselect.decide.explain import sentences, waterfall
from siteselect.decide.score import ANSWERS, NOT_ASKED, OPEN, UNDETERMINED
from siteselect.declared.criteria import Constraint
from siteselect.declared.sources import Titles
from siteselect.plan.allocation import OUTSIDE
from siteselect.plan.answers import words_of
from siteselect.plan.inquiries import least_time
from siteselect.plan.rules import needed
from siteselect.present.columns import opened
from siteselect.present.report.case import Case, Judged
from siteselect.present.report.content import Block, Bullets, Facts, Heading, Paragraph, Table
from siteselect.present.tables import text

_SHOWN, _SMALL = 8, 5e-5


def parks(case: Case) -> Iterator[Block]:
    """Every chosen park; without parks, the best of the ranking.

    Parameters
    ----------
    case : Case

    Yields
    ------
    Block
    """
    say = case.voice.say
    typed = len(case.parks) > 0
    yield Heading(
        1, say("The parks one by one", "پارک‌ها یک به یک") if typed
        else say("The best sites one by one", "بهترین پهنه‌ها یک به یک"), fresh=True,
    )  # fmt: skip
    yield Paragraph(say(
        "A contribution is weight times value; those of a site sum to its score. Rules that are not"
        " listed with a site are kept there, or are among the open ones of the section on rules,"
        " which are never a pass.",
        "سهم، حاصل‌ضرب وزن و ارزش است و سهم‌های هر پهنه به امتیاز آن می‌رسد. قاعده‌ای که در زیر پهنه"
        " نیامده، در آن رعایت شده یا از قاعده‌های باز در بخش قاعده‌هاست که هرگز به معنای مجاز نیست.",
    ))  # fmt: skip
    flows = case.chain.get("chain_flows.csv")
    for number, (site, park_type) in enumerate(case.listed(), 1):
        judged = case.judged(site, park_type)
        title = case.name(site)
        word = say("Park", "پارک") if typed else say("Site", "پهنهٔ")
        head = f"{word} {case.voice.number(number)}: {title}"
        if typed:
            head += f" — {case.name(park_type)}"
        yield Heading(2, head, fresh=number > 1)
        yield Facts(tuple(_facts(case, site, judged)))
        yield _why(case, judged)
        yield Bullets(tuple(_against(case, site, judged)))
        asked = tuple(_rule(case, judged, c) for c in doubtful(judged))
        if asked:
            yield _rules_table(case, asked)
        if typed and flows is not None:
            yield from _feed(case, site, flows)


def _facts(case: Case, site: str, judged: Judged) -> Iterator[tuple[str, str]]:
    voice, row, scores = case.voice, case.site(site), judged.scores
    say, i = voice.say, judged.row
    yield say("Province", "استان"), case.province(row["province"])
    park = case.park(site)
    kind, ground = voice.term(row["kind"]), voice.term(park.get("rung", row["kind"]))
    both = (kind,) if ground == kind else (kind, ground)
    yield say("Kind of site", "گونهٔ پهنه"), voice.listed(both)
    low, high = float(scores.score_low[i]), float(scores.score_high[i])
    yield say("Score", "امتیاز"), voice.number(scores.score[i], 3)
    yield say("Score interval", "بازهٔ امتیاز"), voice.span(low, high, 3)
    yield say("Data known", "سهم داده"), voice.share(scores.known[i])
    if not pd.isna(park.get("prob_in_portfolio", np.nan)):
        chance = voice.share(park["prob_in_portfolio"])
        yield say("Chance of being chosen", "احتمال گزینش"), chance
    elif "prob_top_k" in row:
        chance = voice.share(row["prob_top_k"])
        yield say("Chance of the list", "احتمال بودن در فهرست"), chance
    rank = int(row["rank"])
    yield (
        say("Rank in the ranking", "رتبه در رتبه‌بندی"),
        voice.number(rank) if rank else say("not ranked", "بی‌رتبه"),
    )
    yield say("Verdict", "حکم"), voice.term(ANSWERS[scores.verdict[i]])
    yield say("Position accuracy", "دقت موقعیت"), voice.reading(
        float(row["position_accuracy_km"]), "km")  # fmt: skip
    area = float(row["area_ha"])
    yield say("Area", "مساحت"), voice.reading(area, "ha")
    yield say("Known from", "شناخته از"), voice.term(text(row["source_kind"]))
    yield say("Id", "شناسه"), site


def _why(case: Case, judged: Judged) -> Table:
    voice, scores, i = case.voice, judged.scores, judged.row
    say = voice.say
    made = {c.id: c for c in judged.criteria.criteria}
    steps = waterfall(scores, i).steps
    rows = []
    for step in steps[:_SHOWN]:
        criterion = made[step.criterion_id]
        column = judged.table.column_ids.index(step.criterion_id)
        value = scores.values[i, scores.criteria_ids.index(step.criterion_id)]
        rows.append((
            voice.of(criterion.titles),
            voice.reading(float(judged.table.values[i, column]), criterion.unit),
            voice.number(value, 2), voice.number(step.contribution, 3),
            voice.number(step.possible, 3),
        ))  # fmt: skip
    rest = [s for s in steps[_SHOWN:] if not np.isnan(s.contribution)]
    if rest:
        count = len(rest)
        rows.append((
            say(f"the other {count} criteria", f"{count} معیار دیگر"), "", "",
            voice.number(sum(s.contribution for s in rest), 3),
            voice.number(sum(s.possible for s in rest), 3),
        ))  # fmt: skip
    return Table(
        (say("Why here: criterion", "چرا اینجا: معیار"), say("Reading", "عملکرد"),
         say("Value", "ارزش"), say("Contribution", "سهم"), say("of at most", "از حداکثر")),
        (4.6, 2.2, 1, 1.2, 1.2), tuple(rows), numeric=(2, 3, 4),
    )  # fmt: skip


def _against(case: Case, site: str, judged: Judged) -> Iterator[str]:
    voice, scores, i = case.voice, judged.scores, judged.row
    fall = waterfall(scores, i)
    told = sentences(fall, judged.criteria, language=voice.language)
    # The first says its rank and the second what it gains, which stand above.
    yield from told[2:]
    count = sum(c.role == "screen" for c in doubtful(judged))
    if count:
        yield voice.say(
            f"{count} rules of the verdict cannot be decided at this position; that is not a pass.",
            f"{count} قاعدهٔ حکم در این موقعیت پاسخ روشن ندارد و این به معنای مجاز نیست.",
        )
    yield from _asks(case, site)
    if text(case.site(site)["source_kind"]) == "recalled":
        yield voice.say("The site itself is recalled, not read in a document.",
                        "خود پهنه از حافظه است، نه یافته در سند.")  # fmt: skip
    found = case.result.portfolio
    if found is None:
        return
    for name, question in found.inquiries:
        if name == site:
            yield voice.say("To be asked first: ", "نخست باید پرسید: ") + voice.of(question)
    for item in found.importance:
        if item.id == site:
            yield without(case, item.loss, item.joins, by_policy=item.by_policy)


def _asks(case: Case, site: str) -> Iterator[str]:
    """Whom a site must ask, and what was answered."""
    voice, asked = case.voice, case.asks.get(site, ())
    time = least_time(asked)
    if time.bodies:
        many, unknown = voice.number(time.bodies), voice.number(time.unknown)
        yield voice.say(
            f"{many} bodies must be asked; of {unknown} no time limit is known.",
            f"از {many} نهاد باید پرسید؛ مهلت پاسخ {unknown} نهاد نامعلوم است.",
        )
    for item in asked:
        if item.given is not None and not item.waits:
            yield words_of(item.given, case.result.authorities, language=voice.language)


def without(case: Case, loss: float, joins: tuple[str, ...], *, by_policy: bool) -> str:
    """What is lost without a chosen site, and who would come in.

    Parameters
    ----------
    case : Case
    loss : float
        Of total score; infinite if the rules cannot be kept.
    joins : tuple of str
        Ids of those who come in.
    by_policy : bool
        Whether it is only priority to existing capacity that cannot be kept.

    Returns
    -------
    str
    """
    voice = case.voice
    if np.isinf(loss):
        return voice.of(needed(Titles(en="this site", fa="این پهنه"), by_policy=by_policy))
    who = case.named(joins)
    head = voice.say("Without it another set is as good", "بی آن، سبد دیگری به همین خوبی هست")
    if loss >= _SMALL:
        head = voice.say(f"Without it the set loses {loss:.4f} of total score",
                         f"بی آن، سبد {loss:.4f} از جمع امتیاز را از دست می‌دهد")  # fmt: skip
    come = voice.say("; then would come in: ", "؛ جایگزین: ")
    return f"{head}{come}{who}." if who else f"{head}."


def doubtful(judged: Judged) -> Iterator[Constraint]:
    """The rules that are in doubt at a site, or that must be asked there; the verdict's first.

    Parameters
    ----------
    judged : Judged

    Yields
    ------
    Constraint
        None that is open everywhere.
    """
    answers = dict(zip(judged.scores.constraint_ids, judged.scores.answers, strict=True))
    for c in sorted(judged.criteria.constraints, key=lambda c: c.role != "screen"):
        answer = answers[c.id][judged.row]
        if c.measure is None or c.limit is None or answer in (NOT_ASKED, OPEN):
            continue
        asked = c.role == "inquiry" and bool(opened(c, answers[c.id])[judged.row])
        if answer == UNDETERMINED or asked:
            yield c


def _rule(case: Case, judged: Judged, c: Constraint) -> tuple[str, ...]:
    voice, column = case.voice, judged.table.index(c.id)
    parts = (judged.table.lower, judged.table.upper)
    low, high = (float(p[judged.row, column]) if column is not None else np.nan for p in parts)
    answer = "undetermined" if c.role == "screen" else "inquiry"
    return (
        voice.of(c.titles), voice.term(answer), _range(case, low, high, c.unit), limit(case, c),
        authority(case, c), voice.term(c.status),
    )  # fmt: skip


def _range(case: Case, low: float, high: float, unit: str) -> str:
    voice = case.voice
    one, other = voice.reading(low, unit), voice.reading(high, unit)
    if low == -np.inf:
        # Of a partial layer: something may stand right here that it does not hold.
        return voice.say(f"up to {other}", f"تا {other}")
    if one == other or np.isnan([low, high]).any():
        return one
    return voice.say(f"{voice.figure(low, unit)} to {other}",
                     f"{voice.figure(low, unit)} تا {other}")  # fmt: skip


def limit(case: Case, c: Constraint) -> str:
    """The limit of a rule in words; unknown where its number is not at hand.

    Parameters
    ----------
    case : Case
    c : Constraint

    Returns
    -------
    str
    """
    voice = case.voice
    if c.limit is None:
        return voice.unknown
    said = voice.reading(c.limit, c.unit)
    if c.at_least is not None:
        return voice.say(f"at least {said}", f"دست‌کم {said}")
    return voice.say(f"at most {said}", f"حداکثر {said}")


def authority(case: Case, c: Constraint) -> str:
    """Whom a rule asks.

    Parameters
    ----------
    case : Case
    c : Constraint

    Returns
    -------
    str
    """
    return (c.authority_fa or c.authority) if case.voice.language == "fa" else c.authority


def _rules_table(case: Case, rows: tuple[tuple[str, ...], ...]) -> Table:
    say = case.voice.say
    return Table(
        (say("Rule in doubt", "قاعدهٔ نامعین"), say("Answer", "پاسخ"), say("Reads", "خوانده"),
         say("Limit", "حد"), say("To be asked of", "نهاد استعلام"),
         say("Standing in law", "وضعیت حقوقی")),
        (2.5, 1.5, 1.8, 1.8, 3.1, 1.7), rows,
    )  # fmt: skip


def _feed(case: Case, site: str, flows: pd.DataFrame) -> Iterator[Block]:
    voice, say = case.voice, case.voice.say
    mine = flows[flows["destination"] == site].sort_values(
        ["kt_y", "material", "origin"], ascending=[False, True, True]
    )
    here = mine["origin"] != OUTSIDE
    rows = tuple(
        (_material(case, r), _origin(case, r), voice.number(r["kt_y"], 1), voice.number(r["km"]),
         voice.term(r["mode"]), voice.number(r["usd_t"], 1), voice.term(r["figures"]))
        for r in mine[here].to_dict("records")
    )  # fmt: skip
    if rows:
        yield Table(
            (say("Feedstock", "خوراک"), say("From", "از"), say("kt/y", "هزار تن در سال"),
             say("km", "کیلومتر"), say("Way", "راه"), say("USD/t", "دلار بر تن"),
             say("Figures", "رقم‌ها")),
            (2.4, 3.4, 1.5, 1.1, 1.3, 1.3, 1.3), rows, numeric=(2, 3, 5),
        )  # fmt: skip
    bought = mine[~here].to_dict("records")
    if bought:
        head = say("Bought in from outside the region, kt/y: ",
                   "خرید از بیرون منطقه، هزار تن در سال: ")  # fmt: skip
        yield Paragraph(head + _amounts(case, bought))
    made = case.chain["chain_parks.csv"]
    gives = made[(made["id"] == site) & (made["direction"] == "gives")].to_dict("records")
    if gives:
        yield Paragraph(
            say("Would make, kt/y: ", "تولید، هزار تن در سال: ") + _amounts(case, gives)
        )


def _amounts(case: Case, rows: Sequence[Mapping[Hashable, Any]]) -> str:
    """Materials with their amounts; what is recalled is marked so, one by one or all at once."""
    voice = case.voice
    marks = {r["figures"] for r in rows}
    items = [
        f"{_material(case, r)} {voice.number(r['kt_y'], 1)}"
        + (f" ({voice.term(r['figures'])})" if len(marks) > 1 else "")
        for r in rows
    ]
    tail = f" ({voice.term(marks.pop())})" if len(marks) == 1 else ""
    return f"{voice.listed(items)}{tail}."


def _material(case: Case, row: Mapping[Hashable, Any]) -> str:
    plan, name = case.result.chain, str(row["material"])
    return name if plan is None else case.voice.of(plan.chain.materials[name].titles)


def _origin(case: Case, row: Mapping[Hashable, Any]) -> str:
    fa = case.voice.language == "fa"
    return case.voice.digits(text(row["origin_fa"])) if fa else text(row["origin_en"])
