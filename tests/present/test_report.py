"""What the report says is what was found, in both languages, and what is not known is said."""

import re
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from siteselect.declared.answers import Answer
from siteselect.declared.sources import Titles
from siteselect.declared.study import Trust
from siteselect.plan.inquiries import least_time
from siteselect.plan.portfolio import Robust
from siteselect.plan.portfolio_words import priority, proof
from siteselect.present.report import words
from siteselect.present.report.build import DRAWINGS, build
from siteselect.present.report.case import case_of
from siteselect.present.report.content import (
    Bullets,
    Facts,
    Heading,
    Note,
    Paragraph,
    Picture,
    Report,
    Table,
    clean,
    isolated,
    pieces,
    plain,
)
from siteselect.present.report.words import Voice
from siteselect.study.parks import asks_of
from siteselect.study.result import Result
from tests.real import result
from tests.toy import toy_result

TRUST = Trust(draws=200, list_length=4)
CHAIN = "Value chain"


@cache
def drawn_result() -> Result:
    """The coarse study as if its parks had been drawn anew."""
    found = result()
    assert found.portfolio is not None
    chance = np.linspace(0, 1, len(found.pool.frame))
    robust = Robust(chance, expected=10.0, worst=9.0, regret_mean=0.25, regret_max=0.5)
    return replace(found, portfolio=replace(found.portfolio, robust=robust))


def report_of(found: Result, language: str, drawn: tuple[str, ...] = ()) -> Report:
    return build(case_of(found, Voice(language)), drawn)  # type: ignore[arg-type]


@cache
def told(language: str) -> Report:
    return report_of(drawn_result(), language, tuple(DRAWINGS))


def tables(report: Report, first: str) -> list[Table]:
    return [b for b in report.blocks if isinstance(b, Table) and b.heads[0] == first]


def lines(report: Report) -> str:
    """Every word of a report."""

    def walk(part: object) -> list[str]:
        if isinstance(part, str):
            return [part]
        parts = part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
        return [said for item in parts for said in walk(item)]

    return "\n".join(walk(plain(report)))


def section(report: Report, title: str) -> list[object]:
    """The blocks below the first heading of this title."""
    found: list[object] = []
    inside = False
    for block in report.blocks:
        if isinstance(block, Heading) and block.level == 1:
            inside = block.text == title
        elif inside:
            found.append(block)
    return found


def latin(text: str) -> str:
    return text.translate(str.maketrans("۰۱۲۳۴۵۶۷۸۹٫٬", "0123456789.,"))


# --- the parks ----------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "fa"])
def test_the_first_table_is_the_portfolio(language: str) -> None:
    found, report = drawn_result(), told(language)
    assert found.portfolio is not None
    table = next(b for b in report.blocks if isinstance(b, Table))
    names = found.pool.frame.set_index("id")[f"name_{language}"]
    chance = found.sites.set_index("id")["prob_in_portfolio"]
    assert len(table.rows) == len(found.portfolio.picks) == 13
    for number, (row, pick) in enumerate(zip(table.rows, found.portfolio.picks, strict=True), 1):
        assert latin(row[0]) == str(number)
        assert latin(row[1]) == latin(names[pick.id])
        assert latin(row[5]) == f"{pick.score:.3f}"
        assert latin(row[6]).rstrip("%٪") == f"{chance[pick.id]:.0%}".rstrip("%")
        verdict = "undetermined" if pick.undetermined else "eligible"
        assert row[7] == words.Voice(report.language).term(verdict)


@pytest.mark.parametrize("language", ["en", "fa"])
def test_every_park_has_its_part(language: str) -> None:
    found, report = drawn_result(), told(language)
    assert found.portfolio is not None
    heads = [b.text for b in report.blocks if isinstance(b, Heading) and b.level == 2]
    names = found.pool.frame.set_index("id")[f"name_{language}"]
    for pick in found.portfolio.picks:
        assert sum(latin(names[pick.id]) + " —" in latin(head) for head in heads) == 1, pick.id
    ids = [row[1] for b in report.blocks if isinstance(b, Facts) for row in b.rows]
    assert all(pick.id in ids for pick in found.portfolio.picks)


def test_the_price_and_the_proof_stand_on_the_first_page() -> None:
    found = drawn_result().portfolio
    assert found is not None
    first = " ".join(b.text for b in told("en").blocks[:9] if isinstance(b, Paragraph))
    cost = priority(found)
    assert cost is not None
    assert proof(found).en in first
    assert cost.en in first
    assert "0.250 of total score on average, 0.500 at most" in first


def test_contributions_sum_to_the_score_and_come_in_order() -> None:
    found = drawn_result().portfolio
    assert found is not None
    shown = tables(told("en"), "Why here: criterion")
    assert len(shown) == 13
    for table, pick in zip(shown, found.picks, strict=True):
        parts = [float(row[3]) for row in table.rows]
        assert sum(parts) == pytest.approx(pick.score, abs=0.005)
        assert parts[:-1] == sorted(parts[:-1], reverse=True)
        assert all(row[1] for row in table.rows[:-1]), "a reading has its figure and its unit"


def test_a_rule_in_doubt_names_whom_to_ask_and_never_reads_as_a_pass() -> None:
    for table in tables(told("en"), "Rule in doubt"):
        assert {row[1] for row in table.rows} <= {"undetermined", "inquiry"}
        assert all(cell for row in table.rows for cell in row)
    nowhere = [b for b in section(told("en"), "Siting rules") if isinstance(b, Table)]
    assert nowhere[-1].title.startswith("Open")
    assert "never a pass" in nowhere[-1].title
    assert {row[0] for row in nowhere[-1].rows} == {
        c.titles.en for c in result().criteria.constraints if c.measure is None or c.limit is None
    }
    assert {row[1] for row in nowhere[-1].rows} == {"unknown"}


def test_whom_to_ask_is_that_of_the_inquiries() -> None:
    found = drawn_result()
    asked = asks_of(found)
    text = lines(told("en"))
    for time in map(least_time, asked.values()):
        assert f"{time.bodies} bodies must be asked; of {time.unknown} no time limit" in text
    times = [least_time(items) for items in asked.values()]
    bodies = [time.bodies for time in times]
    days = max(time.days for time in times if time.days is not None)
    assert f"Each of these sites asks {min(bodies)} to {max(bodies)} bodies" in text
    assert f"{days} days are the least" in text
    questions = [item for items in asked.values() for item in items]
    environment = [i for i in questions if i.authority and i.authority.id == "IA-02" and i.rule]
    assert f"{environment[0].name.en} ({len(environment)})" in text
    assert "Answered so far" not in text


def test_what_was_answered_stands_with_its_park() -> None:
    found = drawn_result()
    assert found.portfolio is not None
    site = found.portfolio.picks[0].id
    yes = Answer(site=site, authority="IA-02", answer="granted", date="2026-03-01", reference="1/2")
    text = lines(report_of(replace(found, answers=(yes,)), "en"))
    assert "Answered so far: granted 1." in text
    assert "granted by Department of Environment (provincial) [IA-02], 2026-03-01" in text


def test_feedstock_is_that_of_the_plan_and_recalled_is_not_shown_as_found() -> None:
    plan = drawn_result().chain
    assert plan is not None
    assert plan.allocation is not None
    inside = [f for f in plan.allocation.flows if f.origin != "outside"]
    rows = [row for table in tables(told("en"), "Feedstock") for row in table.rows]
    assert len(rows) == len(inside)
    assert sorted(float(r[2].replace(",", "")) for r in rows) == pytest.approx(
        sorted(f.kt_y for f in inside), abs=0.051
    )
    from siteselect.present import supply

    marks = supply.tables(drawn_result())["chain_flows.csv"].frame
    recalled = (marks[marks["origin"] != "outside"]["figures"] == "recalled").sum()
    assert sum(row[6] == "recalled" for row in rows) == recalled > 0


def test_without_each_park_it_says_what_is_lost_and_who_comes() -> None:
    found = drawn_result().portfolio
    assert found is not None
    said = [i for b in told("en").blocks if isinstance(b, Bullets) for i in b.items]
    for item in found.importance:
        if np.isinf(item.loss):
            assert any(s.startswith("Without any one of these") for s in said)
        elif item.loss >= 5e-5:
            assert any(f"loses {item.loss:.4f} of total score" in s for s in said)


def test_sulphur_stands_in_the_balance_with_what_is_still_raw() -> None:
    plan = drawn_result().chain
    assert plan is not None
    assert plan.allocation is not None
    (balance,) = tables(told("en"), "Material")
    (row,) = [row for row in balance.rows if row[0] == "sulphur"]
    sulphur = plan.allocation.balances["sulphur"]
    assert [row[1], row[7], row[8]] == [
        f"{x:,.0f}" for x in (sulphur.available, sulphur.left, sulphur.raw)
    ]


def test_prices_alternatives_and_those_left_out_are_those_of_the_portfolio() -> None:
    found = drawn_result().portfolio
    assert found is not None
    rows = [b for b in section(told("en"), "Prices and alternatives") if isinstance(b, Table)]
    curve, prices, others, out = rows
    assert [row[3] for row in curve.rows] == [f"{s.total:.3f}" for s in found.curve]
    assert [row[0] for row in prices.rows] == [p.titles.en for p in found.binding]
    assert [row[1] for row in others.rows] == [f"{a.loss:.4f}" for a in found.alternatives]
    assert [row[2] for row in out.rows] == [f"{o.score:.3f}" for o in found.left_out]
    assert all(row[3] for row in out.rows)


def test_sources_warnings_and_provenance_are_all_there() -> None:
    found, report = drawn_result(), told("en")
    (table,) = tables(report, "Source")
    assert [(row[0], row[5], row[6]) for row in table.rows] == [
        (s.titles.en, s.licence, s.sha256[:12]) for s in found.sources
    ]
    said = lines(report)
    for warning in found.warnings:
        assert clean(warning) in said
    assert f"siteselect {found.manifest['version']}" in said
    assert all(mark[:12] in said for mark in found.manifest["declarations"].values())


# --- both languages -----------------------------------------------------------------------------


def test_both_languages_have_the_same_structure() -> None:
    def form(report: Report) -> list[object]:
        return [
            (type(b).__name__, *(
                (len(b.heads), len(b.rows), b.numeric) if isinstance(b, Table)
                else (b.level, b.fresh) if isinstance(b, Heading)
                else (len(b.rows),) if isinstance(b, Facts)
                else (len(b.items),) if isinstance(b, Bullets) else ()
            ))
            for b in report.blocks
        ]  # fmt: skip

    assert form(told("en")) == form(told("fa"))


def test_persian_figures_are_persian() -> None:
    for table in (b for b in told("fa").blocks if isinstance(b, Table)):
        if table.heads[0] != "منبع":  # dates and licences stand as they were given
            for row in table.rows:
                for at in table.numeric:
                    assert not re.search(r"[0-9.,%]", row[at]), row


def test_no_cell_is_blank_and_no_number_is_nan() -> None:
    for language in ("en", "fa"):
        report = told(language)
        assert not re.search(r"\b(nan|inf|None|NaT|<NA>)\b", lines(report))
        for table in (b for b in report.blocks if isinstance(b, Table)):
            for row in table.rows:
                rest = "other" in row[0] or "دیگر" in row[0]
                assert all(row) or rest, (table.heads, row)
        unknown = words.Voice(report.language).unknown
        assert any(fact[1] == unknown for b in report.blocks if isinstance(b, Facts)
                   for fact in b.rows)  # fmt: skip


# --- what a study may lack ----------------------------------------------------------------------


def heads(report: Report) -> list[str]:
    return [b.text for b in report.blocks if isinstance(b, Heading) and b.level == 1]


def test_without_a_programme_the_best_of_the_ranking_stand_there() -> None:
    run = toy_result(20)
    report = report_of(run, "en")
    assert heads(report) == [
        "The best sites one by one", "Siting rules", "Method", "Sources and provenance",
    ]  # fmt: skip
    table = next(b for b in report.blocks if isinstance(b, Table))
    ranked = run.sites[run.sites["rank"] > 0].head(13)
    assert [row[1] for row in table.rows] == ranked["name_en"].tolist()
    assert [row[4] for row in table.rows] == [f"{s:.3f}" for s in ranked["score"]]
    assert not [b for b in report.blocks if isinstance(b, Picture)]
    assert "How sure it is" not in lines(report)


def test_with_trust_the_list_says_how_sure_it_is() -> None:
    report = report_of(toy_result(20, trust=TRUST), "en")
    table = next(b for b in report.blocks if isinstance(b, Table))
    assert table.heads[6] == "Chance of the first 4"
    assert "How sure it is" in [b.text for b in report.blocks if isinstance(b, Heading)]


def test_a_programme_that_cannot_be_met_says_which_rules_conflict() -> None:
    found = result()
    assert found.chain is not None
    failed = replace(
        found,
        portfolio=None,
        chain=replace(found.chain, allocation=None),
        warnings=("no parks can be chosen: Bushehr needs at least 9", *found.warnings),
        trouble=(Titles(en="no parks can be chosen: Bushehr needs at least 9",
                        fa="سبدی نمی‌توان برگزید: بوشهر دست‌کم ۹ پارک می‌خواهد"),),
    )  # fmt: skip
    report = report_of(failed, "en")
    notes = [b for b in report.blocks if isinstance(b, Note)]
    assert "cannot all be kept" in notes[0].text
    at = report.blocks.index(notes[0])
    assert report.blocks[at + 1] == Bullets(("Bushehr needs at least 9",))
    assert Bullets(("بوشهر دست‌کم ۹ پارک می‌خواهد",)) in report_of(failed, "fa").blocks
    assert CHAIN in heads(report)
    assert "Prices and alternatives" not in heads(report)


def test_a_site_without_names_is_called_by_its_id() -> None:
    run = toy_result(4)
    frame = run.pool.frame.assign(name_en="", name_fa="")
    said = lines(report_of(replace(run, pool=replace(run.pool, frame=frame)), "fa"))
    ranked = run.sites[run.sites["rank"] > 0]["id"]
    assert all(site in said for site in ranked)


# --- text ---------------------------------------------------------------------------------------

ODD = st.text(
    alphabet=st.sampled_from(list("aZ۳9-−. ()«»،؛پک#$*<&\\\u202e\u2066\x00\x0b\n\u200c٪"))
)


@given(ODD)
def test_a_line_is_cut_without_losing_a_letter(text: str) -> None:
    assert "".join(part for part, _ in pieces(text)) == text
    assert re.sub("[\u2066\u2069]", "", isolated(clean(text))) == clean(text)


@given(st.text())
def test_what_is_clean_stays_clean_and_holds_nothing_that_xml_forbids(text: str) -> None:
    said = clean(text)
    assert clean(said) == said
    assert not re.search(
        "[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]", said
    )


def test_figures_below_zero_keep_their_sign_before_them() -> None:
    assert isolated("از -۸٫۵ تا ۳") == "از \u2066-۸٫۵\u2069 تا ۳"
    assert isolated("۵-۸") == "۵-۸"


def test_a_voice_says_unknown_and_out_of_reach_in_words() -> None:
    for language, unknown in (("en", "unknown"), ("fa", "نامعلوم")):
        voice = words.Voice(language)  # type: ignore[arg-type]
        assert voice.number(float("nan")) == unknown
        assert voice.share(float("nan")) == unknown
        assert voice.reading(float("nan"), "km") == unknown
        assert voice.number(float("inf")) == voice.reading(float("inf"), "km")
    assert words.Voice("en").number(-0.0001, 2) == "0.00"
    assert words.Voice("en").span(1.0, 1.2) == "1"
    assert words.Voice("fa").span(1.0, 3.0) == "۱ تا ۳"
    assert words.Voice("en").figure(2500.0, "km") == "2,500"
