"""The questionnaire: it reads back in both languages, and nothing in it runs."""

import json
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from siteselect.base.errors import DataError, DeclarationError
from siteselect.declared.criteria import CriteriaSet, named
from siteselect.declared.judgements import GROUPS, INDEX_SHEET
from siteselect.present.questionnaire import GUIDE, SCALE, WORDS, Language, Method, workbook, write
from siteselect.study.judgements import questionnaire, read_lists, read_members
from siteselect.study.weighting import judge, lists_of, weigh
from tests.toy import criteria_data, criteria_set, titles

BOTH = pytest.mark.parametrize("language", ["en", "fa"])
HOSTILE = '=HYPERLINK("http://x","y") & [a]:*?/\\ <script>'


def filled(
    path: Path, answers: dict[str, dict[tuple[str, ...], Any]], person: dict[str, Any]
) -> Path:
    """A questionnaire filled in as a spreadsheet program would save it."""
    book = openpyxl.load_workbook(path)
    index = {row[0].value: row[1].value for row in book[INDEX_SHEET].iter_rows(min_row=2)}
    guide = book.worksheets[0]
    for row in guide.iter_rows(min_row=2):
        if row[0].value in person:
            row[2].value = person[row[0].value]
    for node, said in answers.items():
        for row in book[index[node]].iter_rows(min_row=2):
            for key, value in said.items():
                if tuple(cell.value for cell in row[: len(key)]) == key:
                    row[3 if len(key) == 2 else 4].value = value
    book.save(path)
    return path


def hostile_criteria() -> CriteriaSet:
    data = criteria_data()
    data["groups"]["transport"]["titles"] = titles(HOSTILE, HOSTILE)
    data["criteria"][0]["titles"] = titles("=1+1", "@SUM(1)")
    return CriteriaSet.model_validate_json(json.dumps(data))


@BOTH
def test_pairs_read_back(tmp_path: Path, language: Language) -> None:
    write(criteria_set(), tmp_path / "m.xlsx", language=language, method="ahp")
    answers = {GROUPS: {("transport", "nature"): "1/3"}, "transport": {("ports", "railways"): "۴"}}
    person = {"name": "دبیر کارگروه", "organisation": "@SUM(1)", "importance": "۲"}
    path = filled(tmp_path / "m.xlsx", answers, person)
    _, (speaker,) = read_members(path)
    assert (speaker.name, speaker.organisation, speaker.importance) == (
        "دبیر کارگروه",
        "@SUM(1)",
        2,
    )
    group = weigh([speaker], criteria_set())
    assert group.committee.weights == pytest.approx([0.25 * 0.8, 0.25 * 0.2, 0.75])
    lists = read_lists(path, "ahp")
    assert judge(lists[GROUPS]).weights == pytest.approx([0.25, 0.75])
    with pytest.raises(DeclarationError, match="asks by ahp, not swing"):
        read_lists(path, "swing")


@BOTH
def test_points_read_back(tmp_path: Path, language: Language) -> None:
    write(criteria_set(), tmp_path / "m.xlsx", language=language, method="swing")
    answers = {"transport": {("ports",): 100, ("railways",): 25}}
    path = filled(tmp_path / "m.xlsx", answers, {})
    _, (speaker,) = read_members(path)
    assert speaker.name == "m"
    assert speaker.importance == 1
    group = weigh([speaker], criteria_set())
    assert group.committee.weights == pytest.approx([0.6 * 0.8, 0.6 * 0.2, 0.4])
    assert group.voices[0].declared == (GROUPS,)


@BOTH
@pytest.mark.parametrize("method", ["ahp", "swing"])
def test_the_bundled_questionnaire_asks_for_everything(
    tmp_path: Path, language: Language, method: Method
) -> None:
    criteria = named("petrochemical")
    write(criteria, tmp_path / "m.xlsx", language=language, method=method)
    book = openpyxl.load_workbook(tmp_path / "m.xlsx")
    asked = {row[0].value: row[1].value for row in book[INDEX_SHEET].iter_rows(min_row=2)}
    lists = {node: names for node, names in lists_of(criteria).items() if len(names) > 1}
    assert set(asked) == {*lists, "(member)"}
    for node, names in lists.items():
        rows = [[c.value for c in row] for row in book[asked[node]].iter_rows(min_row=2)]
        n = len(names)
        if method == "ahp":
            pairs = {frozenset(row[:2]) for row in rows}
            assert len(pairs) == len(rows) == n * (n - 1) // 2
        else:
            assert tuple(row[0] for row in rows) == names
    # Unanswered, it says so where answers are needed, and stands as declared in a committee.
    with pytest.raises(DeclarationError, match="no sheet of the questionnaire is answered"):
        read_lists(tmp_path / "m.xlsx", method)
    empty = questionnaire(tmp_path / "m.xlsx")
    assert empty is not None
    assert empty.answers == {}


@BOTH
def test_the_paper_is_made_for_its_readers(tmp_path: Path, language: Language) -> None:
    write(criteria_set(), tmp_path / "m.xlsx", language=language)
    book = openpyxl.load_workbook(tmp_path / "m.xlsx")
    guide, groups, transport, index = book.worksheets
    assert index.title == INDEX_SHEET
    assert index.sheet_state == "hidden"
    for sheet in (guide, groups, transport):
        assert bool(sheet.sheet_view.rightToLeft) == (language == "fa")
        assert sheet.column_dimensions["A"].hidden
        assert not sheet.merged_cells.ranges
    (rule,) = groups.data_validations.dataValidation
    assert rule.type == "list"
    assert rule.formula1.strip('"').split(",") == list(SCALE)
    answer = groups["D2"]
    # Text, or a spreadsheet makes a date of 1/9; and the only cells that are not locked.
    assert answer.number_format == "@"
    assert not answer.protection.locked
    assert groups["A2"].protection.locked
    assert groups.protection.sheet
    told = [row[1].value for row in guide.iter_rows(min_row=2)]
    assert WORDS[language]["name"] in told
    assert len(GUIDE[language, "ahp"].split("\n\n")) <= len(told) - 3


def test_swings_show_what_goes_from_where_to_where(tmp_path: Path) -> None:
    for language, ends in (
        ("en", ("100 km", "0 km")),
        ("fa", ("\u200f۱۰۰ کیلومتر", "\u200f۰ کیلومتر")),
    ):
        path = tmp_path / f"{language}.xlsx"
        path.write_bytes(workbook(criteria_set(), language=language, method="swing"))  # type: ignore[arg-type]
        sheet = openpyxl.load_workbook(path).worksheets[2]
        assert (sheet["C2"].value, sheet["D2"].value) == ends
        (rule,) = sheet.data_validations.dataValidation
        assert (rule.type, rule.formula1, rule.formula2) == ("decimal", "0", "100")


@BOTH
def test_no_title_runs_or_breaks_the_workbook(tmp_path: Path, language: Language) -> None:
    criteria = hostile_criteria()
    write(criteria, tmp_path / "m.xlsx", language=language)
    book = openpyxl.load_workbook(tmp_path / "m.xlsx")
    cells = [c for sheet in book for row in sheet.iter_rows() for c in row]
    assert not [c for c in cells if c.data_type == "f"]
    assert HOSTILE in [c.value for c in cells]
    assert all(len(sheet.title) <= 31 and not set("[]:*?/\\") & set(sheet.title) for sheet in book)
    path = filled(tmp_path / "m.xlsx", {"transport": {("ports", "railways"): 3}}, {})
    assert judge(read_lists(path, "ahp")["transport"]).weights == pytest.approx([0.75, 0.25])


def test_groups_of_one_title_have_sheets_of_their_own(tmp_path: Path) -> None:
    data = criteria_data()
    data["criteria"].append({**data["criteria"][2], "id": "rivers", "weight": 0.0})
    for group in data["groups"].values():
        group["titles"] = titles("History", INDEX_SHEET)
    criteria = CriteriaSet.model_validate_json(json.dumps(data))
    for language in ("en", "fa"):
        write(criteria, tmp_path / f"{language}.xlsx", language=language)  # type: ignore[arg-type]
        path = filled(
            tmp_path / f"{language}.xlsx",
            {"transport": {("ports", "railways"): 3}, "nature": {("protected", "rivers"): 4}},
            {},
        )
        lists = read_lists(path, "ahp")
        assert {node: judge(one).weights[0] for node, one in lists.items()} == pytest.approx(
            {"transport": 0.75, "nature": 0.8}
        )


def test_same_criteria_same_bytes() -> None:
    one, two = (workbook(criteria_set(), language="fa", method="ahp") for _ in range(2))
    assert one == two


def test_what_came_back_is_never_written_over(tmp_path: Path) -> None:
    write(criteria_set(), tmp_path / "m.xlsx")
    before = (tmp_path / "m.xlsx").read_bytes()
    with pytest.raises(DataError, match="is there already"):
        write(criteria_set(), tmp_path / "m.xlsx")
    assert (tmp_path / "m.xlsx").read_bytes() == before
    with pytest.raises(DataError, match="cannot be written"):
        write(criteria_set(), tmp_path / "nowhere" / "m.xlsx")


def test_a_folder_tells_the_faults_of_every_file(tmp_path: Path) -> None:
    for name, said, importance in (("a", "3", "x"), ("b", "0", "-1"), ("c", "2026-01-09", None)):
        write(criteria_set(), tmp_path / f"{name}.xlsx")
        person = {"name": "same", "importance": importance}
        filled(tmp_path / f"{name}.xlsx", {GROUPS: {("transport", "nature"): said}}, person)
    (tmp_path / "~$a.xlsx").write_bytes(b"left by a program")
    with pytest.raises(DeclarationError) as error:
        read_members(tmp_path)
    told = str(error.value)
    assert "a.xlsx: importance: is no number" in told
    assert "b.xlsx: importance: '-1' is below 0" in told
    assert "c.xlsx: row 2" in told
    assert "made a date of it" in told
    assert "~$a" not in told


def test_a_folder_of_questionnaires_is_a_committee(tmp_path: Path) -> None:
    for name, method, answers in (
        ("a", "ahp", {GROUPS: {("transport", "nature"): 3}}),
        ("b", "swing", {GROUPS: {("transport",): 25, ("nature",): 75}}),
    ):
        write(criteria_set(), tmp_path / f"{name}.xlsx", method=method, language="en")  # type: ignore[arg-type]
        filled(tmp_path / f"{name}.xlsx", answers, {})  # type: ignore[arg-type]
    aggregation, speakers = read_members(tmp_path)
    group = weigh(speakers, criteria_set(), aggregation=aggregation)
    assert group.committee.names == ("a", "b")
    assert group.committee.weights == pytest.approx([0.35, 0.15, 0.5])
    filled(tmp_path / "b.xlsx", {}, {"name": "a"})
    with pytest.raises(DeclarationError, match="'a' speaks in more than one file"):
        read_members(tmp_path)
    (tmp_path / "none").mkdir()
    with pytest.raises(DeclarationError, match="holds no questionnaire"):
        read_members(tmp_path / "none")
