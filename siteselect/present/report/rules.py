"""Rules in the report: what each excludes, whose it is, what it costs, and what was left out."""

from collections.abc import Iterator

import numpy as np

from siteselect.plan.portfolio_words import why_left_out
from siteselect.present import columns
from siteselect.present.report.case import Case
from siteselect.present.report.content import Block, Heading, Note, Paragraph, Table
from siteselect.present.report.parks import authority, limit


def rules(case: Case) -> Iterator[Block]:
    """The siting rules: those of the verdict, those to be asked, the open ones last.

    Parameters
    ----------
    case : Case

    Yields
    ------
    Block
    """
    voice, made = case.voice, {c.id: c for c in case.result.criteria.constraints}
    say = voice.say
    yield Heading(1, say("Siting rules", "قاعده‌های مکان‌یابی"), fresh=True)
    if any(c.status == "superseded" for c in made.values()):
        yield Note(say(
            "Rules marked superseded are those of 1378 (1999), the last complete table at hand; the"
            " annex of 1390 (2011) is in force and not at hand. This is no finding of law.",
            "قاعده‌های «منسوخ» از ضوابط ۱۳۷۸ است که واپسین جدول کامل در دست است؛ پیوست ضوابط ۱۳۹۰"
            " جاری است و در دست نیست. این نظر حقوقی نیست."))  # fmt: skip
    frame = columns.excluded_by(case.result).frame
    parts = (
        ("screen", say("Rules of the verdict", "قاعده‌های حکم")),
        ("inquiry", say("To be asked of their authority", "نیازمند استعلام")),
        ("open", say("Open: decided nowhere with the data at hand, never a pass",
                     "باز: با داده‌های در دست پاسخ ندارد و هرگز به معنای مجاز نیست")),
    )  # fmt: skip
    for part, title in parts:
        rows = []
        for r in frame[frame["part"] == part].to_dict("records"):
            c = made[r["constraint"]]
            head = (voice.of(c.titles), limit(case, c), authority(case, c), voice.term(c.status))
            figures = (
                voice.number(r["area_excluded_km2"]), voice.number(r["area_undetermined_km2"]),
                voice.number(r["sites_excluded"]), voice.number(r["sites_undetermined"]),
            )  # fmt: skip
            rows.append(head + {"screen": figures, "inquiry": figures[2:], "open": ()}[part])
        if rows:
            yield _table(case, title, tuple(rows))


def _table(case: Case, title: str, rows: tuple[tuple[str, ...], ...]) -> Table:
    say, count = case.voice.say, len(rows[0]) - 4
    heads = (say("Rule", "قاعده"), say("Limit", "حد"), say("Authority", "نهاد"),
             say("Standing in law", "وضعیت حقوقی"))  # fmt: skip
    figures = (
        say("Excluded, km²", "کنارگذاشته، km²"),
        say("In doubt, km²", "نامعین، km²"),
        say("Sites excluded", "پهنهٔ کنارگذاشته"), say("Sites in doubt", "پهنهٔ نامعین"),
    )  # fmt: skip
    return Table(
        (*heads, *figures[4 - count :]) if count else heads,
        (2.5, 1.9, 2.9, 1.5, *(1.2,) * count),
        rows, numeric=tuple(range(4, 4 + count)), title=title,
    )  # fmt: skip


def prices(case: Case) -> Iterator[Block]:
    """What the rules cost, what is nearly as good, and who was left out; nothing without parks.

    Parameters
    ----------
    case : Case

    Yields
    ------
    Block
    """
    found, voice = case.result.portfolio, case.voice
    if found is None:
        return
    say = voice.say
    yield Heading(1, say("Prices and alternatives", "بها و جایگزین‌ها"))
    yield Heading(2, say("Price of existing capacity first", "بهای اولویت ظرفیت موجود"))
    yield _curve(case)
    yield Heading(2, say("Price of each rule", "بهای هر قاعده"))
    free = sum(p.cost <= 0 for p in found.prices)
    yield Paragraph(say(
        f"How much greater the best total would be without the rule. {free} of"
        f" {len(found.prices)} rules cost nothing.",
        f"بی آن قاعده، جمع امتیاز بهترین سبد چقدر بیشتر می‌شد. {free} قاعده از {len(found.prices)}"
        " قاعده هزینه‌ای ندارد."))  # fmt: skip
    rows = tuple(
        (voice.of(p.titles), say("no set keeps the other rules", "هیچ سبدی بقیه را برآورده نمی‌کند")
         if np.isinf(p.cost) else voice.number(p.cost, 3))
        for p in found.binding
    )  # fmt: skip
    if rows:
        yield Table((say("Rule", "قاعده"), say("Total score it costs", "هزینه از جمع امتیاز")),
                    (5, 2), rows, numeric=(1,))  # fmt: skip
    yield from _alternatives(case)
    yield from _left_out(case)


def _curve(case: Case) -> Table:
    found, voice = case.result.portfolio, case.voice
    say = voice.say
    steps = () if found is None else found.curve
    rows = tuple(
        (voice.number(s.existing), voice.number(s.extensions), voice.number(s.greenfield),
         voice.number(s.total, 3), voice.share(s.break_even, 2), case.named(s.joins) or "–",
         case.named(s.leaves) or "–")
        for s in steps
    )  # fmt: skip
    return Table(
        (say("Existing", "موجود"), say("Extensions", "توسعه"), say("Greenfield", "زمین نو"),
         say("Total score", "جمع امتیاز"), say("Loss tolerated from", "رواداری لازم"),
         say("Come in", "می‌آیند"), say("Go", "می‌روند")),
        (0.9, 1, 1.1, 1, 1.1, 3, 3), rows, numeric=(0, 1, 2, 3, 4),
    )  # fmt: skip


def _alternatives(case: Case) -> Iterator[Block]:
    found, voice = case.result.portfolio, case.voice
    say = voice.say
    yield Heading(2, say("Sets that are nearly as good", "سبدهای هم‌تراز"))
    if found is None or not found.alternatives:
        yield Paragraph(say("None was found within the declared gap.",
                            "سبدی در فاصلهٔ اعلام‌شده یافت نشد."))  # fmt: skip
        return
    rows = tuple(
        (voice.number(number), voice.number(a.loss, 4),
         case.named(a.joins) or say("same sites, other types", "همان پهنه‌ها با نوع دیگر"),
         case.named(a.leaves) or "–")
        for number, a in enumerate(found.alternatives, 1)
    )  # fmt: skip
    yield Table(
        (say("No.", "ردیف"), say("Loses", "افت"), say("Come in", "می‌آیند"),
         say("Go", "می‌روند")),
        (1, 1, 4, 4), rows, numeric=(0, 1),
    )  # fmt: skip


def _left_out(case: Case) -> Iterator[Block]:
    found, voice = case.result.portfolio, case.voice
    say = voice.say
    if found is None or not found.left_out:
        return
    yield Heading(2, say("Sites that score high and were left out",
                         "پهنه‌های پرامتیازی که در سبد نیستند"))  # fmt: skip
    rows = tuple(
        (case.name(o.id), case.province(str(case.sites.loc[o.id, "province"])),
         voice.number(o.score, 3), voice.of(why_left_out(o)))
        for o in found.left_out
    )  # fmt: skip
    yield Table(
        (say("Site", "پهنه"), say("Province", "استان"), say("Best score", "بیشترین امتیاز"),
         say("Why it is not chosen", "چرا در سبد نیست؟")),
        (3.4, 1.6, 1, 4.4), rows, numeric=(2,),
    )  # fmt: skip
