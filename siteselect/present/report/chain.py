"""The value chain in the report: the balance of materials, what is still sold raw, openings."""

from collections.abc import Iterator

import pandas as pd

from siteselect.plan import chain_words
from siteselect.plan.units import Diagnosis
from siteselect.present.report.case import Case
from siteselect.present.report.content import (
    Block,
    Bullets,
    Heading,
    Note,
    Paragraph,
    Picture,
    Table,
)
from siteselect.present.report.words import Voice
from siteselect.present.tables import text
from siteselect.study.result import ChainPlan

_OPENINGS, _IDLE = 10, 12


def chain(case: Case, picture: Picture | None = None) -> Iterator[Block]:
    """What becomes of the region's materials; nothing where the study has no value chain.

    Parameters
    ----------
    case : Case
    picture : Picture, optional
        Who feeds the parks, drawn.

    Yields
    ------
    Block
    """
    plan = case.result.chain
    if plan is None:
        return
    say = case.voice.say
    yield Heading(1, say("Value chain", "زنجیرهٔ ارزش"), fresh=True)
    if plan.allocation is not None:
        told = chain_words.sentences(
            plan.allocation, plan.chain, case.names, language=case.voice.language, balances=False
        )
        yield Bullets(told)
        yield _balance(case.voice, case.chain["chain_balance.csv"])
        yield Paragraph(say(
            "Kilotonnes a year. Raw: left over and sold as it is, with the parks and without.",
            "هزار تن در سال. خام: مازادی که همان‌گونه فروخته می‌شود، با پارک‌ها و بی آن‌ها.",
        ))  # fmt: skip
    if picture is not None:
        yield picture
    if plan.openings:
        yield from _openings(case, plan, case.chain["chain_openings.csv"])
    if plan.diagnosis is not None:
        yield from _idle(case, plan.diagnosis, case.chain["chain_idle.csv"])


def _balance(voice: Voice, frame: pd.DataFrame) -> Table:
    say = voice.say
    # What parks draw or make; and sulphur, which the study was asked about, in any case.
    told = frame[(frame["parks"] > 0) | (frame["given"] > 0) | (frame["material"] == "sulphur")]
    name = "name_fa" if voice.language == "fa" else "name_en"
    rows = tuple(
        (
            voice.digits(text(r[name])), voice.number(r["available"]),
            voice.span(r["available_low"], r["available_high"]), voice.number(r["own_use"]),
            voice.number(r["bought"]), voice.number(r["parks"]), voice.number(r["given"]),
            voice.number(r["raw_without"]), voice.number(r["raw_with"]), voice.term(r["figures"]),
        )
        for r in told.to_dict("records")
    )  # fmt: skip
    return Table(
        (say("Material", "ماده"), say("Available", "در دسترس"), say("range", "بازه"),
         say("Own use", "مصرف خود"), say("Sold", "فروش"), say("Parks draw", "برداشت پارک‌ها"),
         say("Parks make", "تولید پارک‌ها"), say("Raw without", "خام بی پارک‌ها"),
         say("Still raw", "هنوز خام"), say("Figures", "رقم‌ها")),
        (3, 1.3, 1.9, 1.1, 1, 1.1, 1.1, 1.2, 1.1, 1.3), rows,
        numeric=(1, 2, 3, 4, 5, 6, 7, 8),
        title=say("Balance of materials, kt/y", "توازن مواد، هزار تن در سال"),
    )  # fmt: skip


def _openings(case: Case, plan: ChainPlan, frame: pd.DataFrame) -> Iterator[Block]:
    voice = case.voice
    say = voice.say
    yield Heading(2, say("Openings", "فرصت‌های تولید"))
    best = frame.drop_duplicates("product").head(_OPENINGS)
    yield Paragraph(say(
        f"{len(best)} of {frame['product'].nunique()} products that no source of the tables makes,"
        " or too little of, and that existing sites could make; the calmest prices first, each at"
        " its best site.",
        f"{len(best)} محصول از {frame['product'].nunique()} محصولی که هیچ منبعی در جدول‌ها نمی‌سازد"
        " یا کم می‌سازد و پهنه‌های موجود توان ساختش را دارند؛ آرام‌ترین بهاها نخست، هر یک در بهترین"
        " پهنه."))  # fmt: skip
    name = "name_fa" if voice.language == "fa" else "name_en"
    factors = {(o.product, o.place): o for o in plan.openings}
    rows = []
    for r in best.to_dict("records"):
        value = {f.name: f.value for f in factors[r["product"], r["site"]].factors}
        near = [v for key, v in value.items() if key.startswith("utility ")]
        rows.append((
            voice.digits(text(r[name])), case.name(text(r["site"])),
            _calm(voice, value["price"]), voice.number(value["feedstock"], 1),
            voice.say(f"{sum(near):.0f} of {len(near)}", f"{sum(near):.0f} از {len(near)}"),
            voice.term("recalled" if r["recalled"] else "found"),
        ))  # fmt: skip
    yield Table(
        (say("Product", "محصول"), say("Existing site", "پهنهٔ موجود"), say("Price", "بازار"),
         say("Feed for so many least plants", "خوراک چند واحد کوچک"),
         say("Utilities near", "زیرساخت نزدیک"), say("Figures", "رقم‌ها")),
        (2.4, 3.4, 2.1, 1.6, 1.3, 1.2), tuple(rows), numeric=(3,),
    )  # fmt: skip


def _calm(voice: Voice, code: float) -> str:
    words = (
        ("calm price", "بازار آرام"), ("medium price swings", "نوسان متوسط"),
        ("price not known", "بهای نامعلوم"), ("wild price", "بازار پرنوسان"),
    )  # fmt: skip
    return voice.say(*words[int(code)])


def _idle(case: Case, found: Diagnosis, frame: pd.DataFrame) -> Iterator[Block]:
    voice = case.voice
    say = voice.say
    yield Heading(2, say("Idle capacity", "ظرفیت راکد"))
    if found.synthetic:
        yield Note(say("The register of units is synthetic: an example, no fact.",
                       "فهرست واحدها ساختگی است: نمونه است، نه واقعیت."))  # fmt: skip
    materials = case.result.chain.chain.materials if case.result.chain else {}
    rows = tuple(
        (case.name(text(r["id"])), voice.of(materials[r["product"]].titles),
         voice.number(r["capacity"]), voice.number(r["output"]), voice.number(r["revivable"]),
         text(r["causes"]))
        for r in frame.head(_IDLE).to_dict("records")
    )  # fmt: skip
    if rows:
        yield Table(
            (say("Existing site", "پهنهٔ موجود"), say("Product", "محصول"),
             say("Capacity, t/y", "ظرفیت، تن در سال"), say("Output, t/y", "تولید، تن در سال"),
             say("Could be revived, t/y", "قابل احیا، تن در سال"), say("Causes", "علت‌ها")),
            (3, 2, 1.3, 1.3, 1.4, 2), rows, numeric=(2, 3, 4),
        )  # fmt: skip
