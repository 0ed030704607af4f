"""The report as a whole: its parts in their order, in one language, from a result."""

from collections.abc import Iterator, Sequence

from siteselect.present.report.case import Case
from siteselect.present.report.chain import chain
from siteselect.present.report.content import Block, Heading, Picture, Report
from siteselect.present.report.method import method, sources
from siteselect.present.report.parks import parks
from siteselect.present.report.rules import prices, rules
from siteselect.present.report.summary import summary

#: What each drawing shows, and what is read from it.
DRAWINGS = {
    "map": ("Where the parks stand", "پارک‌ها کجا هستند"),
    "ranks": ("Where the leading sites may rank", "رتبه‌های ممکن پهنه‌های پیشتاز"),
    "levers": ("How far one weight alone moves the list",
               "یک وزن به‌تنهایی فهرست را چه اندازه جابه‌جا می‌کند"),
    "drivers": ("What the doubt comes from", "تردید از کجا می‌آید"),
    "chain": ("Who feeds the parks", "خوراک پارک‌ها از کجا می‌آید"),
}  # fmt: skip


def build(case: Case, drawn: Sequence[str] = ()) -> Report:
    """A report of a result in one language.

    Parameters
    ----------
    case : Case
    drawn : sequence of str
        Which of `DRAWINGS` stand beside it.

    Returns
    -------
    Report
    """
    titles, language = case.result.study.titles, case.voice.language
    asked = case.asked()
    return Report(
        language,
        case.voice.of(titles),
        str(asked["titles"][language]) if asked else case.voice.of(case.result.criteria.titles),
        case.voice.say(f"siteselect: {titles.en}", case.voice.of(titles)),
        tuple(_blocks(case, drawn)),
    )


def _blocks(case: Case, drawn: Sequence[str]) -> Iterator[Block]:
    say = case.voice.say
    yield from summary(case)
    if "map" in drawn:
        yield Heading(1, say("Map of the region", "نقشهٔ منطقه"), fresh=True)
        yield _picture(case, "map")
        # Beneath it there is room, and it says how far the marks may be trusted.
        if "drivers" in drawn:
            yield _picture(case, "drivers")
    yield from parks(case)
    yield from chain(case, _picture(case, "chain") if "chain" in drawn else None)
    yield from rules(case)
    yield from prices(case)
    doubts = [name for name in ("ranks", "levers") if name in drawn]
    if doubts:
        yield Heading(1, say("How sure the ranking is", "رتبه‌بندی چقدر مطمئن است"))
        for name in doubts:
            yield _picture(case, name)
    yield from method(case)
    yield from sources(case)


def _picture(case: Case, name: str) -> Picture:
    words = case.voice.say(*DRAWINGS[name])
    return Picture(f"figure_{name}_{case.voice.language}", words, words)
