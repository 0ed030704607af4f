"""The register of answers: what is refused of it, and what it settles."""

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from siteselect.base.errors import DataError
from siteselect.base.text import persian_digits
from siteselect.decide.score import EXCLUDED
from siteselect.declared.answers import Answer
from siteselect.plan.answers import (
    LAYOUT,
    Book,
    layout,
    read_answers,
    remarks,
    rules_of,
    settled,
    words_of,
)
from siteselect.plan.inquiries import Desk, inquiries
from tests.plan.test_inquiries import bodies, models
from tests.toy import toy_result

RULES = rules_of(models(), bodies())
SITES = ("IE-BUS-013", "IE-BUS-016", "IE-KHZ-008")
BOOK = Book(RULES, tuple(body.id for body in bodies()), SITES, lambda name: name in SITES)
HEAD = "site,rule,authority,answer,date,reference,note"
GOOD = "IE-BUS-016,wetland,IA-02,refused,2026-03-01,140/123,"


def read(folder: Path, *rows: str, head: str = HEAD) -> tuple[Answer, ...]:
    path = folder / "answers.csv"
    path.write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    return read_answers(path, BOOK)


def refused(folder: Path, *rows: str, head: str = HEAD) -> str:
    with pytest.raises(DataError) as caught:
        read(folder, *rows, head=head)
    return "\n".join(str(fault) for fault in caught.value.faults)


def test_a_register_is_read_as_it_stands(tmp_path: Path) -> None:
    (found,) = read(tmp_path, GOOD)
    assert found == Answer(
        site="IE-BUS-016", rule="wetland", authority="IA-02", answer="refused",
        date="2026-03-01", reference="140/123",
    )  # fmt: skip
    assert words_of(found, bodies()).startswith("refused by Department of Environment")
    assert words_of(found, bodies(), language="fa").startswith("مخالفت اداره کل حفاظت محیط زیست")


def test_a_rule_of_one_body_needs_no_name_of_it(tmp_path: Path) -> None:
    (found,) = read(tmp_path, "IE-BUS-016,wetland,,granted,2026-03-01,1,")
    assert found.authority == "IA-02"


def test_headings_words_and_digits_may_be_persian(tmp_path: Path) -> None:
    head = "شناسهٔ پهنه,شناسهٔ قاعده,شناسهٔ نهاد,پاسخ,تاریخ پاسخ,شمارهٔ نامه,یادداشت"
    row = (
        persian_digits("IE-BUS-016,wetland,IA-02,") + "مخالفت," + persian_digits("2026-03-01,140,")
    )
    (found,) = read(tmp_path, row, head=head)
    assert (found.site, found.authority, found.answer) == ("IE-BUS-016", "IA-02", "refused")
    assert (found.date, found.reference) == ("2026-03-01", "۱۴۰")


def test_what_is_pending_and_says_nothing_is_left_out(tmp_path: Path) -> None:
    rows = ("IE-BUS-016,wetland,IA-02,,,,", "IE-BUS-016,,IA-03,pending,,,asked in March")
    (found,) = read(tmp_path, *rows)
    assert (found.authority, found.answer, found.note) == ("IA-03", "pending", "asked in March")


@pytest.mark.parametrize(
    ("row", "field", "told"),
    [
        ("IE-BUS-16,wetland,IA-02,refused,2026-03-01,1,", "site", "did you mean 'IE-BUS-0"),
        (",wetland,IA-02,refused,2026-03-01,1,", "site", "name the site"),
        ("IE-BUS-016,wetlands,IA-02,refused,2026-03-01,1,", "rule", "did you mean 'wetland'"),
        ("IE-BUS-016,mountain,,granted,2026-03-01,1,", "rule", "nobody answers for mountain"),
        ("IE-BUS-016,,,granted,2026-03-01,1,", "rule", "who has answered"),
        ("IE-BUS-016,wetland,IA-99,refused,2026-03-01,1,", "authority", "is no authority"),
        ("IE-BUS-016,wetland,IA-07,refused,2026-03-01,1,", "authority", "IA-02 does"),
        ("IE-BUS-016,sea_shore,,refused,2026-03-01,1,", "authority", "IA-15 and IA-06"),
        ("IE-BUS-016,wetland,IA-02,grantd,2026-03-01,1,", "answer", "did you mean 'granted'"),
        ("IE-BUS-016,wetland,IA-02,refused,,1,", "date", "needs its date"),
        ("IE-BUS-016,wetland,IA-02,granted,2026-03-01,,", "reference", "needs its reference"),
        ("IE-BUS-016,wetland,IA-02,granted,1404-12-10,1,", "date", "no Gregorian date"),
        ("IE-BUS-016,wetland,IA-02,granted,yesterday,1,", "date", "is no date"),
    ],
)
def test_a_fault_names_row_field_and_cure(tmp_path: Path, row: str, field: str, told: str) -> None:
    said = refused(tmp_path, GOOD.replace("wetland", "lake"), row)
    assert said.startswith(f"answers.csv: row 3: {field}: ")
    assert told in said


def test_two_answers_to_one_question_are_refused(tmp_path: Path) -> None:
    said = refused(tmp_path, GOOD, "IE-BUS-016,wetland,,granted,2026-04-01,7,")
    assert "row 3: answer: row 2 answers the same, refused; keep one" in said


def test_every_fault_is_told_at_once(tmp_path: Path) -> None:
    said = refused(tmp_path, "IE-X,wetlands,IA-02,maybe,now,1,", ",,,granted,,,")
    assert {line.split(": ")[2] for line in said.splitlines() if "row 2" in line} == {
        "site", "rule", "answer", "date",
    }  # fmt: skip
    assert len([line for line in said.splitlines() if "row 3" in line]) == 4


def test_an_unknown_heading_and_a_missing_one_are_refused(tmp_path: Path) -> None:
    assert "did you mean 'answer'" in refused(tmp_path, GOOD, head=HEAD.replace("answer", "anser"))
    short = refused(tmp_path, "IE-BUS-016,IA-03", head="site,authority")
    assert "row 1: answer: is missing" in short


def test_the_layout_reads_back_as_nothing_answered(tmp_path: Path) -> None:
    result = toy_result()
    asked = inquiries(
        Desk(bodies(), result.rules), 0, kind="estate", criteria=result.criteria,
        table=result.table, scores=result.scores,
    )  # fmt: skip
    book = Book(rules_of([result.criteria], bodies()), BOOK.authorities, ("T-00",), "T-00".__eq__)
    for persian in (True, False):
        rows = layout(asked, {"T-00": "پهنه"}, persian=persian)
        assert [len(row) for row in rows] == [len(LAYOUT)] * (len(asked) + 1)
        path = tmp_path / f"{persian}.csv"
        with path.open("w", encoding="utf-8", newline="") as handle:
            csv.writer(handle).writerows(rows)
        assert read_answers(path, book) == ()
        filled = [rows[0], *((*row[:7], "granted", "2026-01-02", "5", "") for row in rows[1:])]
        with path.open("w", encoding="utf-8", newline="") as handle:
            csv.writer(handle).writerows(filled)
        assert {a.answer for a in read_answers(path, book)} == {"granted"}


WORDS = st.sampled_from(["granted", "refused", "conditional", "pending"])


@given(st.dictionaries(st.sampled_from(["IA-15", "IA-06"]), WORDS))
def test_a_rule_of_two_bodies_needs_the_yes_of_both(words: dict[str, str]) -> None:
    said = [
        Answer.model_validate({"site": "A", "rule": "sea_shore", "authority": body, "answer": word})
        for body, word in words.items()
    ]
    found = settled(said, RULES)
    if "refused" in words.values():
        assert found == (("A", "sea_shore", "refused"),)
    elif list(words.values()) == ["granted", "granted"]:
        assert found == (("A", "sea_shore", "granted"),)
    else:
        assert found == ()


@given(WORDS)
def test_of_a_site_as_a_whole_only_a_refusal_settles(word: str) -> None:
    said = Answer.model_validate({"site": "A", "authority": "IA-03", "answer": word})
    expected = (("A", "refused by IA-03", "refused"),) if word == "refused" else ()
    assert settled([said], RULES) == expected


def test_a_measured_exclusion_that_is_lifted_is_told() -> None:
    result = toy_result()
    out = int(np.flatnonzero(result.scores.answers[0] == EXCLUDED)[0])
    site = str(result.scores.place_ids[out])
    yes = Answer(site=site, rule="national_park", authority="IA-02", answer="granted",
                 date="2026-03-01", reference="9")  # fmt: skip
    table = replace(result.table, settled=settled([yes], {"national_park": ("IA-02",)}))
    told = remarks((yes,), table, result.criteria)
    assert told[0].en == "answers of authorities: 1 granted"
    assert told[1].en == (
        f"{site}: national_park excludes by measurement and is lifted by an answer:"
        " IA-02 2026-03-01 9"
    )
    assert remarks((), result.table, result.criteria) == []
    stranger = yes.model_copy(update={"site": "X"})
    assert remarks((stranger,), result.table, result.criteria)[1].en.endswith("nothing: X")
