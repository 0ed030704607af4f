"""How the report came about: the method, weights and value functions, sources, provenance."""

from collections.abc import Iterator

from siteselect.declared.criteria import Criterion
from siteselect.declared.sources import Titles
from siteselect.present.maps.data import warnings
from siteselect.present.report.case import Case
from siteselect.present.report.content import Block, Bullets, Facts, Heading, Paragraph, Table

_HASH = 12


def method(case: Case) -> Iterator[Block]:
    """The method for readers, and what was weighed.

    Parameters
    ----------
    case : Case

    Yields
    ------
    Block
    """
    say = case.voice.say
    yield Heading(1, say("Method", "روش"), fresh=True)
    for said in (*_law(), *_choice(case)):
        yield Paragraph(say(said.en, said.fa))
    yield Heading(2, say("Weights and value functions", "وزن‌ها و تابع‌های ارزش"))
    yield _weights(case)
    others = _types(case)
    if others is not None:
        yield Heading(2, say("Weights of the park types", "وزن‌ها در هر نوع پارک"))
        yield others


def _law() -> Iterator[Titles]:
    yield Titles(
        en="One law judges everything. A cell of the map and a candidate site are read by"
        " the same measures and scored by the same function: each criterion turns its"
        " reading, in its own unit, into a value from 0 to 1 by fixed corners (below),"
        " and the score is the mean of the values by weight. No site therefore changes"
        " the score of another.",
        fa="یک قاعده همه را می‌سنجد. یاختهٔ نقشه و پهنهٔ نامزد با همان سنجه‌ها خوانده"
        " می‌شوند و همان تابع به آن‌ها امتیاز می‌دهد: هر معیار، عملکرد را با یکای خود و"
        " با نقطه‌های ثابت (در زیر) به ارزشی میان ۰ و ۱ برمی‌گرداند و امتیاز، میانگین"
        " وزنی ارزش‌هاست. پس هیچ پهنه‌ای امتیاز پهنهٔ دیگر را تغییر نمی‌دهد.",
    )
    yield Titles(
        en="Unknown stays unknown. The score is taken over what is known; the data known say"
        " how much of the weight that is, and the score interval says how far the score"
        " could move if all that is unknown, and every position, turned out for the worse"
        " or the better.",
        fa="نامعلوم، نامعلوم می‌ماند. امتیاز بر آنچه دانسته است گرفته می‌شود؛ «سهم داده»"
        " می‌گوید چه اندازه از وزن دانسته است و «بازهٔ امتیاز» می‌گوید اگر هر نامعلوم و"
        " هر موقعیت به زیان یا به سود پهنه درآید امتیاز تا کجا جابه‌جا می‌شود.",
    )
    yield Titles(
        en="A rule has three answers. With positions known to within an accuracy, a rule"
        " excludes only if even the far end of the range breaks its limit and clears only"
        " if even the near end keeps it; otherwise the answer is undetermined. A rule"
        " without a number or a layer, or whose limit lies far below our accuracy, opens"
        " a question to its authority and never colours the map.",
        fa="هر قاعده سه پاسخ دارد. چون موقعیت‌ها با دقتی محدود دانسته است، قاعده تنها آنگاه"
        " پهنه‌ای را کنار می‌گذارد که دورترین سر بازه هم حد را بشکند و تنها آنگاه مجاز"
        " می‌داند که نزدیک‌ترین سر هم حد را نگه دارد؛ وگرنه پاسخ نامعین است. قاعده‌ای که"
        " عدد یا لایه ندارد، یا حد آن بسیار کمتر از دقت ماست، پرسشی از نهاد خود می‌گشاید"
        " و نقشه را رنگ نمی‌کند.",
    )


def _choice(case: Case) -> Iterator[Titles]:
    result = case.result
    cell = f"{result.study.cell_m:,.0f}"
    if result.portfolio is not None:
        yield Titles(
            en="The parks are chosen together, by an exact search: the set of greatest total"
            " score that keeps every rule of the programme, each fed from sources within"
            " reach, no tonne drawn twice, the haulage taken off. Priority to existing"
            " capacity is a tolerated loss of total score, never a shift of weights, so"
            " its price is visible.",
            fa="پارک‌ها با هم و با جست‌وجوی دقیق برگزیده می‌شوند: سبدی با بیشترین جمع امتیاز"
            " که همهٔ قاعده‌های برنامه را نگه می‌دارد، هر پارک از منبع‌های در دسترس خوراک"
            " می‌گیرد، هیچ تنی دو بار برداشت نمی‌شود و هزینهٔ حمل کسر می‌شود. اولویت"
            " ظرفیت موجود، افت پذیرفتهٔ جمع امتیاز است و نه دست بردن در وزن‌ها؛ از این رو"
            " بهای آن دیده می‌شود.",
        )
    trust = result.study.trust
    if trust is not None and result.robustness is not None:
        draws = f"{trust.draws:,}"
        yield Titles(
            en=f"How sure it is was drawn: {draws} times weights, method of adding up, data"
            f" and positions together, seed {result.study.seed}.",
            fa=f"برای سنجش اطمینان، {draws} بار وزن‌ها، روش جمع‌بندی، داده‌ها و موقعیت‌ها با"
            f" هم نمونه‌گیری شد (بذر {result.study.seed}).",
        )
    yield Titles(
        en=f"The map has cells of {cell} m.",
        fa=f"یاخته‌های نقشه {cell} متری است.",
    )


def _weights(case: Case) -> Table:
    voice, made = case.voice, case.result.criteria
    say = voice.say
    rows = tuple(
        (voice.of(made.groups[c.group].titles), voice.of(c.titles), voice.share(float(weight), 1),
         _knots(case, c))
        for c, weight in zip(made.criteria, case.result.scores.weights, strict=True)
    )  # fmt: skip
    return Table(
        (say("Group", "گروه"), say("Criterion", "معیار"), say("Weight", "وزن"),
         say("Reading = value", "عملکرد = ارزش")),
        (1.7, 2.4, 0.8, 5.4), rows, numeric=(2,), title=voice.of(made.titles),
    )  # fmt: skip


def _knots(case: Case, c: Criterion) -> str:
    """The corners of a value function; the unit stands with the first alone."""
    voice = case.voice
    mark = voice.say("; ", "؛ ")
    (first, start), *rest = c.knots
    head = f"{voice.reading(first, c.unit)} = {voice.number(start, 2)}"
    return mark.join(
        [head, *(f"{voice.figure(x, c.unit)} = {voice.number(y, 2)}" for x, y in rest)]
    )


def _types(case: Case) -> Table | None:
    plan, voice = case.result.chain, case.voice
    if plan is None or len(plan.criteria) < 2:
        return None
    titles = {c.id: c.titles for made in plan.criteria.values() for c in made.criteria}
    shares = {
        name: dict(zip(scores.criteria_ids, scores.weights, strict=True))
        for name, scores in plan.scores.items()
    }
    rows = tuple(
        (voice.of(title), *(
            voice.share(float(share[name])) if name in share else "–" for share in shares.values()
        ))
        for name, title in titles.items()
    )  # fmt: skip
    return Table(
        (voice.say("Criterion", "معیار"), *(case.name(name) for name in shares)),
        (3.2, *(1.2,) * len(shares)), rows, numeric=tuple(range(1, len(shares) + 1)),
    )  # fmt: skip


def sources(case: Case) -> Iterator[Block]:
    """Sources, warnings and provenance.

    Parameters
    ----------
    case : Case

    Yields
    ------
    Block
    """
    voice = case.voice
    say = voice.say
    yield Heading(1, say("Sources and provenance", "منابع و شناسنامهٔ اجرا"), fresh=True)
    rows = tuple(
        (voice.of(s.titles), s.date, voice.reading(s.position_accuracy_km, "km"),
         voice.term(s.coverage), voice.term(s.source_kind), s.licence, s.sha256[:_HASH])
        for s in case.result.sources
    )  # fmt: skip
    yield Table(
        (say("Source", "منبع"), say("Date of the data", "تاریخ داده"),
         say("Position accuracy", "دقت موقعیت"), say("Coverage", "پوشش"),
         say("Known from", "شناخته از"), say("Licence", "پروانه"),
         "SHA-256"),
        (2.4, 2.1, 1.2, 1, 1.3, 1.6, 1.7), rows,
    )  # fmt: skip
    whole = (part.strip() for s in case.result.sources for part in s.attribution.split(";"))
    marks = dict.fromkeys(filter(None, whole))
    yield Heading(2, say("Attributions", "انتساب‌ها"))
    yield Paragraph("; ".join(marks))
    told = [said[voice.language] or said["en"] for said in warnings(case.result)]
    if told:
        yield Heading(2, say("What must be known of this run", "آنچه باید از این اجرا دانست"))
        yield Bullets(tuple(told))
    yield Heading(2, say("How to make this report again", "چگونه این گزارش دوباره ساخته می‌شود"))
    yield Facts(tuple(_provenance(case)))


def _provenance(case: Case) -> Iterator[tuple[str, str]]:
    manifest, study, say = case.result.manifest, case.result.study, case.voice.say
    yield say("Study", "مطالعه"), f"{case.voice.of(study.titles)} ({study.id})"
    made = case.result.criteria
    yield (
        say("Criteria", "معیارها"),
        say(f"{made.titles.en}, version {made.version}", f"{made.titles.fa}، نسخهٔ {made.version}"),
    )
    yield say("Program", "برنامه"), f"siteselect {manifest['version']}"
    yield say("Seed", "بذر"), case.voice.say(str(study.seed), str(study.seed))
    yield say("Command", "فرمان"), manifest.get("command") or case.voice.unknown
    left = manifest.get("without") or ()
    if left:
        yield say("Left out of the sources", "کنارگذاشته از منابع"), ", ".join(left)
    libraries = {"python": manifest.get("python", ""), **manifest.get("libraries", {})}
    yield say("Libraries", "کتابخانه‌ها"), ", ".join(f"{n} {v}" for n, v in libraries.items() if v)
    for name, mark in manifest.get("declarations", {}).items():
        yield name, mark[:_HASH]
