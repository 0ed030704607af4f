"""The first page: what was asked, what the answer is, how sure it is, and what is not known."""

from collections import Counter
from collections.abc import Iterator

import numpy as np

from siteselect.decide.score import ANSWERS
from siteselect.declared.answers import STATUS
from siteselect.plan.inquiries import least_time
from siteselect.plan.portfolio_words import priority, proof
from siteselect.present.maps.data import warnings
from siteselect.present.report.case import Case
from siteselect.present.report.content import Block, Bullets, Heading, Note, Paragraph, Table

_OFTEN, _SELDOM = 0.9, 0.5
_ASKED = 5  # bodies that are named
_FAILED = "no parks can be chosen: "


def summary(case: Case) -> Iterator[Block]:
    """The page that answers.

    Parameters
    ----------
    case : Case

    Yields
    ------
    Block
    """
    say = case.voice.say
    yield Heading(2, say("What was asked", "چه پرسیده شد"))
    yield Paragraph(_question(case))
    yield Heading(2, say("The answer", "پاسخ"))
    failed = [
        (said[case.voice.language] or said["en"]).partition(": ")[2]
        for said in warnings(case.result)
        if said["en"].startswith(_FAILED)
    ]
    if failed:
        yield Note(say(
            "No parks can be chosen: these rules cannot all be kept. The best of the ranking stand"
            " below; they are no portfolio.",
            "هیچ سبدی نمی‌توان برگزید: این قاعده‌ها با هم برآورده نمی‌شود. بهترین‌های رتبه‌بندی در"
            " زیر آمده است و سبد نیست."))  # fmt: skip
        yield Bullets(tuple(failed))
    yield parks(case) if len(case.parks) else ranking(case)
    if case.result.portfolio is not None:
        told = (proof(case.result.portfolio), priority(case.result.portfolio))
        yield Paragraph(" ".join(case.voice.of(line) for line in told if line is not None))
    sure = _sure(case)
    if sure:
        yield Heading(2, say("How sure it is", "چقدر مطمئن است"))
        yield Paragraph(sure)
    yield Heading(2, say("What is not known", "آنچه دانسته نیست"))
    yield Bullets(tuple(_unknown(case)))
    asked = _authorities(case)
    if asked:
        yield Heading(2, say("Who must be asked", "از چه نهادی باید پرسید"))
        yield Paragraph(asked)


def _question(case: Case) -> str:
    result, voice = case.result, case.voice
    provinces = voice.listed([case.province(iso) for iso in result.study.provinces])
    ranked = int((result.scores.rank > 0).sum())
    pool = voice.say(
        f"{ranked:,} of {len(case.sites):,} candidates in {provinces} could be ranked.",
        f"از {len(case.sites):,} پهنهٔ نامزد در {provinces}، {ranked:,} پهنه رتبه گرفت.",
    )
    asked = case.asked()
    if not asked:
        return voice.say("Which candidates suit best? ", "کدام پهنه‌ها مناسب‌ترند؟ ") + pool
    title = asked["titles"][voice.language]
    k = asked["k"]
    head = voice.say(f"{title}: where should {k} parks stand? ",
                     f"{title}: جای {k} پارک کجا باشد؟ ")  # fmt: skip
    first = asked.get("existing_first")
    if not first:
        return head + pool
    loss = voice.share(first["tolerance_loss"], 1)
    return f"{head}{pool} " + voice.say(
        f"Existing capacity comes first, for at most {loss} of the best total score.",
        f"اولویت با ظرفیت موجود است، تا {loss} افت از بهترین جمع امتیاز.",
    )


def parks(case: Case) -> Table:
    """The chosen parks, best first.

    Parameters
    ----------
    case : Case
        With parks.

    Returns
    -------
    Table
    """
    voice = case.voice
    say = voice.say
    heads = [
        say("No.", "ردیف"), say("Park", "پهنه"), say("Province", "استان"),
        say("Park type", "نوع پارک"), say("Ground", "زمین"), say("Score", "امتیاز"),
    ]  # fmt: skip
    drawn = case.parks["prob_in_portfolio"].notna().any()
    rows = []
    for number, row in enumerate(case.parks.to_dict("records"), 1):
        verdict = "undetermined" if row["undetermined"] else "eligible"
        chance = [voice.share(row["prob_in_portfolio"])] if drawn else []
        rows.append((
            voice.number(number), case.name(row["id"]), case.province(row["province"]),
            case.name(row["park_type"]), voice.term(row["rung"]), voice.number(row["score"], 3),
            *chance, voice.term(verdict),
        ))  # fmt: skip
    chance_head = [say("Chance", "احتمال گزینش")] if drawn else []
    return Table(
        (*heads, *chance_head, say("Verdict", "حکم")),
        (1.0, 4.1, 1.7, 2.2, 1.7, 1.1, *([1.2] if drawn else []), 1.8),
        tuple(rows),
        numeric=(0, 5, 6) if drawn else (0, 5),
    )


def ranking(case: Case) -> Table:
    """The best of the ranking.

    Parameters
    ----------
    case : Case

    Returns
    -------
    Table
    """
    voice = case.voice
    say = voice.say
    drawn = "prob_top_k" in case.sites
    rows = []
    for site, _ in case.listed():
        row = case.site(site)
        chance = [voice.share(row["prob_top_k"])] if drawn else []
        rows.append((
            voice.number(row["rank"]), case.name(site), case.province(row["province"]),
            voice.term(row["kind"]), voice.number(row["score"], 3),
            voice.span(row["score_low"], row["score_high"], 3), *chance,
            voice.term(ANSWERS[row["verdict"]]),
        ))  # fmt: skip
    k = "" if case.result.robustness is None else case.result.robustness.ranks.k
    chance_head = [say(f"Chance of the first {k}", f"احتمال {k} رتبهٔ نخست")] if drawn else []
    return Table(
        (say("Rank", "رتبه"), say("Candidate site", "پهنهٔ نامزد"), say("Province", "استان"),
         say("Kind", "نوع"), say("Score", "امتیاز"), say("Score interval", "بازهٔ امتیاز"),
         *chance_head, say("Verdict", "حکم")),
        (0.8, 4, 1.7, 2, 1, 1.8, *([1.3] if drawn else []), 1.7),
        tuple(rows),
        numeric=(0, 4, 5, 6) if drawn else (0, 4, 5),
    )  # fmt: skip


def _sure(case: Case) -> str:
    found, voice = case.result.portfolio, case.voice
    if found is None:
        return _sure_of_list(case)
    if found.robust is None:
        return ""
    chance = case.parks["prob_in_portfolio"].to_numpy(float)
    often, seldom = int((chance >= _OFTEN).sum()), int((chance < _SELDOM).sum())
    regret, most = f"{found.robust.regret_mean:.3f}", f"{found.robust.regret_max:.3f}"
    k = len(chance)
    return voice.say(
        f"When weights, method, data and positions are drawn anew, {often} of the {k} parks are in"
        f" the best set in nine draws of ten or more, {seldom} in fewer than half. The set falls"
        f" short of the best of a draw by {regret} of total score on average, {most} at most;"
        f" {len(found.alternatives)} other sets are within the declared gap.",
        f"با نمونه‌گیری دوبارهٔ وزن‌ها، روش، داده‌ها و موقعیت‌ها، {often} پارک از {k} پارک دست‌کم در"
        f" نه نمونه از ده نمونه در بهترین سبد است و {seldom} پارک در کمتر از نیمی از نمونه‌ها. این"
        f" سبد به‌طور میانگین {regret} و دست بالا {most} از جمع امتیاز بهترین سبد هر نمونه کمتر"
        f" دارد؛ {len(found.alternatives)} سبد دیگر هم‌تراز آن است.",
    )


def _sure_of_list(case: Case) -> str:
    found = case.result.robustness
    if found is None:
        return ""
    k = found.ranks.k
    chance = case.sites["prob_top_k"].to_numpy(float)[:k]
    often, seldom = int((chance >= _OFTEN).sum()), int((chance < _SELDOM).sum())
    return case.voice.say(
        f"When weights, method, data and positions are drawn anew, {often} of the first {k} stay"
        f" among them in nine draws of ten or more, {seldom} in fewer than half.",
        f"با نمونه‌گیری دوبارهٔ وزن‌ها، روش، داده‌ها و موقعیت‌ها، {often} پهنه از {k} پهنهٔ نخست"
        f" دست‌کم در نه نمونه از ده نمونه در فهرست می‌ماند و {seldom} پهنه در کمتر از نیمی.",
    )


def _unknown(case: Case) -> Iterator[str]:
    result, say = case.result, case.voice.say
    constraints = result.criteria.constraints
    if any(c.status == "superseded" for c in constraints):
        yield say(
            "The legal distances are superseded: those of 1378 stand in for the annex of 1390,"
            " which is not at hand. A verdict here is no permit.",
            "فاصله‌های قانونی منسوخ است: ضوابط ۱۳۷۸ به‌جای پیوست ضوابط ۱۳۹۰ که در دست نیست به کار"
            " رفته است. حکم در اینجا مجوز نیست.",
        )
    yield _positions(case)
    nowhere = open_everywhere(case)
    if nowhere:
        yield say(
            f"Rules that can be decided nowhere with the data at hand: {nowhere}. They are open"
            " with every site and never a pass.",
            f"قاعده‌هایی که با داده‌های در دست هیچ‌جا پاسخ ندارند: {nowhere}. در همهٔ پهنه‌ها بازند و"
            " هرگز به معنای مجاز نیست.",
        )
    yield _recalled(case)
    if len(case.parks) and case.result.portfolio is not None and case.result.portfolio.inquiries:
        count = len({site for site, _ in case.result.portfolio.inquiries})
        yield say(
            f"Free land is unknown at {count} of the chosen sites; it must be asked first.",
            f"زمین آزاد {count} پهنهٔ برگزیده نامعلوم است و باید نخست پرسیده شود.",
        )


def open_everywhere(case: Case) -> int:
    """How many rules have an answer at no site: no number or no layer is at hand."""
    return sum(c.measure is None or c.limit is None for c in case.result.criteria.constraints)


def _positions(case: Case) -> str:
    ids = [site for site, _ in case.listed()]
    accuracy = case.sites.loc[ids, "position_accuracy_km"].to_numpy(float)
    doubt = sum(
        ANSWERS[j.scores.verdict[j.row]] == "undetermined"
        for j in (case.judged(site, kind) for site, kind in case.listed())
    )
    vague = int((accuracy >= 1).sum())
    most = f"{np.nanmax(accuracy, initial=0):g}"
    return case.voice.say(
        f"Positions are approximate: {vague} of these {len(ids)} sites are known to within"
        f" kilometres only ({most} km at worst). So the verdict of {doubt} is undetermined, which"
        " is not a pass: a survey and the inquiries settle it.",
        f"موقعیت‌ها تقریبی است: {vague} پهنه از این {len(ids)} پهنه تنها با دقت چند کیلومتر شناخته"
        f" است (در بدترین حالت {most} کیلومتر). از این رو حکم {doubt} پهنه نامعین است و این به"
        " معنای مجاز نیست؛ نقشه‌برداری و استعلام آن را روشن می‌کند.",
    )


def _recalled(case: Case) -> str:
    sources = case.result.sources
    some = sum(s.source_kind in ("recalled", "mixed") for s in sources)
    ids = [site for site, _ in case.listed()]
    sites = int((case.sites.loc[ids, "source_kind"] == "recalled").sum())
    return case.voice.say(
        f"{some} of {len(sources)} sources hold facts that are recalled, not read in a document;"
        f" recalled sites in the table above: {sites}. Nobody has checked them.",
        f"{some} منبع از {len(sources)} منبع داده‌هایی «از حافظه» دارد که در سندی خوانده نشده است؛"
        f" شمار پهنه‌های از حافظه در جدول بالا: {sites}. کسی آن‌ها را وارسی نکرده است.",
    )


def _authorities(case: Case) -> str:
    """Whom the sites of the table must ask, how long that takes, and what was answered so far."""
    voice, questions = case.voice, [item for items in case.asks.values() for item in items]
    about = Counter(
        voice.of(item.name) for item in questions if item.rule and item.waits and item.has_body
    )
    if not about:
        return ""
    times = [least_time(items) for items in case.asks.values()]
    bodies, unknown = ([getattr(time, of) for time in times] for of in ("bodies", "unknown"))
    low, high = voice.number(min(bodies)), voice.number(max(bodies))
    few, many = voice.number(min(unknown)), voice.number(max(unknown))
    told = [voice.say(
        f"Each of these sites asks {low} to {high} bodies; of {few} to {many} of them no time limit"
        " is known.",
        f"هر پهنه از {low} تا {high} نهاد می‌پرسد؛ مهلت پاسخ {few} تا {many} نهاد نامعلوم است.",
    )]  # fmt: skip
    known = [time.days for time in times if time.days is not None]
    if known:
        days = voice.number(max(known))
        told.append(voice.say(
            f"If all are asked at once, {days} days are the least.",
            f"اگر از همه هم‌زمان پرسیده شود، دست‌کم {days} روز زمان می‌برد.",
        ))  # fmt: skip
    most = [f"{name} ({voice.number(count)})" for name, count in about.most_common(_ASKED)]
    told.append(voice.say(
        f"Most questions on rules go to {voice.listed(most)}; inquiries.csv holds them all.",
        f"بیشترین پرسش‌ها دربارهٔ قاعده‌ها از این نهادهاست: {voice.listed(most)}. همهٔ پرسش‌ها در"
        " inquiries.csv است.",
    ))  # fmt: skip
    heard = Counter(item.status for item in questions if item.given)
    if heard:
        said = [f"{voice.of(STATUS[word])} {voice.number(n)}" for word, n in heard.items()]
        told.append(voice.say("Answered so far: ", "پاسخ‌ها تا کنون: ") + voice.listed(said) + ".")
    return " ".join(told)
