"""The command of the inquiries: whom each site must ask, and what."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from siteselect.base.units import PERSIAN_UNITS
from siteselect.cli.door import (
    answer,
    answers_option,
    json_option,
    progress,
    study_argument,
    table,
    unheard,
)

if TYPE_CHECKING:
    from siteselect.study.result import Result

Language = Literal["en", "fa"]
Data = Mapping[str, Any]
# English and Persian of what the text says around the data.
WORDS: Mapping[str, tuple[str, str]] = {
    "site": ("site", "پهنه"),
    "type": ("type", "نوع پارک"),
    "bodies": ("bodies", "نهاد"),
    "least": ("least days", "دست‌کم (روز)"),
    "no_limit": ("without a known limit", "بی مهلت شناخته"),
    "questions": ("questions", "پرسش"),
    "name": ("name", "نام"),
    "licensor": ("licensor", "صادرکنندهٔ مجوز"),
    "days": ("days to reply", "مهلت پاسخ (روز)"),
    "unknown": ("unknown", "نامعلوم"),
    "reads": ("reads", "خوانده"),
    "to": ("to", "تا"),
    "partial": ("may be nearer, the layer is partial", "شاید نزدیک‌تر، لایه کامل نیست"),
    "at_least": ("at least", "دست‌کم"),
    "at_most": ("at most", "حداکثر"),
    "basis": ("legal basis", "مستند قانونی"),
    "nobody": ("No authority: a survey settles it", "بی‌نهاد: با نقشه‌برداری روشن می‌شود"),
    "not_in_table": ("not in the table of authorities", "در جدول نهادها نیست"),
    "on": ("on", "در تاریخ"),
    "reference": ("reference", "شمارهٔ"),
}
HEAD: Mapping[str, str] = {
    "en": "An answer to a rule settles it at that site alone: granted keeps the site, refused takes"
    " it out. All bodies asked at once, the longest known limit is the least time; a body without a"
    " known limit may take longer.",
    "fa": "پاسخ به هر قاعده همان قاعده را تنها در همان پهنه روشن می‌کند: موافقت پهنه را نگه می‌دارد و"
    " مخالفت آن را کنار می‌گذارد. اگر از همهٔ نهادها هم‌زمان پرسیده شود، بلندترین مهلت شناخته کمترین"
    " زمان است؛ نهادی که مهلتش نامعلوم است شاید بیشتر زمان بگیرد.",
}


@click.command()
@study_argument
@click.option("--site", "sites", multiple=True, metavar="ID", help="A site of the pool instead of"
              " the chosen parks; may be given again.")  # fmt: skip
@answers_option
@click.option("--layout", type=click.Path(path_type=Path, dir_okay=False), help="Write a register"
              " of answers, ready to fill, here.")  # fmt: skip
@click.option("--lang", type=click.Choice(["en", "fa"]), default="en", help="Language of the text.")
@json_option
def inquiries(
    study: Path | None,
    sites: tuple[str, ...],
    *,
    heard: Path | None,
    layout: Path | None,
    lang: Language,
    as_json: bool,
) -> None:
    """Whom the chosen parks must ask, about what, by which law, within how many days."""
    from siteselect.study.gate import refuse_there
    from siteselect.study.parks import asks_data, asks_of, write_register
    from siteselect.study.question import ask, with_answers
    from siteselect.study.run import decide

    if layout is not None:
        refuse_there(layout)
    # The choice is the same without draws, which take their time.
    question = ask(study, changes={"trust": None, **unheard(heard)})
    question = question if heard is None else with_answers(question, heard)
    result = decide(question, progress=progress())
    asked = asks_of(result, sites)
    if layout is not None:
        rows = write_register(result, asked, layout, persian=lang == "fa")
        data = {"layout": str(layout), "rows": rows}
        answer("inquiries", data, f"{rows} questions written to {layout}", as_json=as_json,
               warnings=result.warnings)  # fmt: skip
        return
    told = asks_data(result, asked)
    text = _text(result, told, lang)
    answer("inquiries", {"sites": told}, text, as_json=as_json, warnings=result.warnings)


def _word(name: str, lang: Language) -> str:
    return WORDS[name][lang == "fa"]


def _text(result: "Result", told: list[dict[str, Any]], lang: Language) -> str:
    blocks = [_summary(told, lang), HEAD[lang]]
    blocks += ["\n".join(_site(site, lang)) for site in told]
    blocks.append(_bases(result, told, lang))
    text = "\n\n".join(blocks)
    return text if lang == "en" else "\n".join(_persian(line) for line in text.split("\n"))


def _persian(line: str) -> str:
    """Figures in Persian digits; ids, dates and what follows a Latin word keep theirs."""
    from siteselect.base.text import persian_figures

    words = line.split(" ")
    latin = [bool(re.search(r"[A-Za-z]|\d-\d", word)) for word in words]
    return " ".join(
        word if held or before else persian_figures(word)
        for word, held, before in zip(words, latin, [False, *latin], strict=False)
    )


def _summary(told: list[dict[str, Any]], lang: Language) -> str:
    rows = []
    for site in told:
        days = _word("unknown", lang) if site["least_days"] is None else str(site["least_days"])
        asked = [item for item in site["inquiries"] if item["settles"] != "survey"]
        waiting = sum(item["status"] == "pending" for item in asked)
        rows.append([site["site"], site[f"park_type_{lang}"], str(site["bodies"]), str(waiting),
                     days, str(site["bodies_without_days"]), site[f"name_{lang}"]])  # fmt: skip
    heads = ("site", "type", "bodies", "questions", "least", "no_limit", "name")
    return table(rows, [_word(head, lang) for head in heads])


def _site(site: Data, lang: Language) -> Iterator[str]:
    yield f"{site['site']}  {site[f'name_{lang}']}: {site[f'park_type_{lang}']}"
    above = None
    for item in site["inquiries"]:
        survey = item["settles"] == "survey"
        body = _word("nobody", lang) if survey else _body(item, lang)
        if body != above:
            yield f"  {body}"
        yield f"    - {_question(item, lang)}"
        above = body


def _body(item: Data, lang: Language) -> str:
    name = item[f"authority_{lang}"]
    if item["authority"] is None:
        return f"{name} ({_word('not_in_table', lang)})"
    known = item["days"] is not None
    days = item[f"days_note_{lang}"] or str(item["days"]) if known else _word("unknown", lang)
    return _joined(
        [
            f"{name} [{item['authority']}]",
            _word("licensor", lang) if item["licensor"] else "",
            f"{_word('days', lang)}: {days}",
            _kind(item["authority_source_kind"], lang),
        ],
        lang,
    )


def _joined(parts: list[str], lang: Language) -> str:
    return ("; " if lang == "en" else "؛ ").join(part for part in parts if part)


def _kind(source_kind: str, lang: Language) -> str:
    from siteselect.present.export import SOURCE_FA

    return source_kind if lang == "en" else SOURCE_FA.get(source_kind, source_kind)


def _question(item: Data, lang: Language) -> str:
    from siteselect.declared.answers import SETTLES
    from siteselect.present.export import VERDICT_FA

    subject, given = item[f"subject_{lang}"], _given(item, lang)
    settles = getattr(SETTLES[item["settles"]], lang) if item["settles"] != "survey" else ""
    if item["rule"] is None:
        law = f"{_word('basis', lang)}: {item[f'basis_{lang}']}"
        return _joined([subject, law, settles, given], lang)
    answer = item["answer"] if lang == "en" else VERDICT_FA[item["answer"]]
    rules = " ".join(item["siting_rules"])
    head = f"{subject} ({item['rule']}): {answer}"
    return _joined([head, *_reading(item, lang), _standing(item, lang), rules, settles, given],
                   lang)  # fmt: skip


def _standing(item: Data, lang: Language) -> str:
    from siteselect.present.columns import STATUS_FA

    status = item["legal_status"] if lang == "en" else STATUS_FA[item["legal_status"]]
    kind = _kind(item["source_kind"], lang)
    return f"{status} ({kind})" if kind else str(status)


def _reading(item: Data, lang: Language) -> Iterator[str]:
    unit = PERSIAN_UNITS.get(item["unit"], item["unit"]) if lang == "fa" else item["unit"]
    if item["reading"] is not None:
        span = _word("partial", lang)
        if item["lower"] is not None and item["upper"] is not None:
            span = f"{item['lower']:.3g} {_word('to', lang)} {item['upper']:.3g}"
        yield f"{_word('reads', lang)} {item['reading']:.3g} {unit} ({span})"
    for side in ("at_least", "at_most"):
        if item[side] is not None:
            yield f"{_word(side, lang)} {item[side]:g} {unit}"


def _given(item: Data, lang: Language) -> str:
    from siteselect.declared.answers import STATUS

    if item["status"] == "pending":
        return ""
    words = [getattr(STATUS[item["status"]], lang), f"{_word('on', lang)} {item['date']}",
             f"{_word('reference', lang)} {item['reference']}", item["note"]]  # fmt: skip
    return "» " + (", " if lang == "en" else "، ").join(word for word in words if word)


def _bases(result: "Result", told: list[dict[str, Any]], lang: Language) -> str:
    """Where each rule that is asked about is written, once."""
    asked = {n for site in told for item in site["inquiries"] for n in item["siting_rules"]}
    rules = {name: result.rules.get(name, {}) for name in sorted(asked)}
    lines = [
        f"  {name}  {row.get('subject', '')}: {row.get('legal_basis', '')}"
        f" [{row.get('source_kind', '')}]"
        for name, row in rules.items()
    ]
    return "\n".join([f"{_word('basis', lang)}:", *lines])
