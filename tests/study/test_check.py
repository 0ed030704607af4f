"""A study is held against the data before anything is measured: what a run refuses, and why."""

import re
from pathlib import Path

import pytest

from siteselect.base import files
from siteselect.base.errors import DataError, DeclarationError
from siteselect.declared.programme import Programme, Quota
from siteselect.study import parks
from siteselect.study.project import check
from siteselect.study.question import Own, ask
from siteselect.study.robustness import unknown_errors

HERE = files.home() / "criteria"
OWN = "id,lon,lat,position_accuracy_km\n{},52.1066,28.09,1\n"


def faults(folder: Path, study: str, programme: str = "") -> list[str]:
    """What is refused of a study of the bundled files, after these edits: ``old -> new``."""
    for name, edits in (("study.yaml", study), ("programme.yaml", programme)):
        text = (HERE / name).read_text("utf-8")
        for edit in filter(None, edits.split("\n")):
            old, _, new = edit.strip().partition(" -> ")
            assert not new or old in text
            text = text.replace(old, new, 1) if new else f"{text}\n{old}\n"
        (folder / name).write_text(text, "utf-8")
    try:
        check(folder / "study.yaml")
    except (DataError, DeclarationError) as error:
        return [str(fault) for fault in error.faults]
    return []


ESTATES = """estate: estate -> estat: estate
[IE-KHZ-043] -> [IE-KHZ-943]
[list_only] -> [list_onlyy]
units: none.csv"""
LOCKS = """IR-11: -> IR-99:
locked_in: [NOPE, IE-KHZ-042, GF-06+0001-0002]
locked_out: [GF-99+0001-0002]"""


@pytest.mark.parametrize(
    ("study", "programme", "told"),
    [
        ("layer: estates -> layer: estatez\navoid: protected -> avoid: protectd", "",
         ["existing.layer: no layer estatez .*'estates'", "no layer protectd .*'protected'"]),
        ("avoid: protected -> avoid: towns\nfeed_supply: -> feed_suply:", "",
         ["greenfield.avoid: towns has no radius_km",
          "trust.relative_error: no criterion feed_suply .did you mean 'feed_supply'"]),
        (ESTATES, "",
         ["existing.kinds: .*'estat'", "existing.extensions: .*'IE-KHZ-943'",
          "existing.without_status: .*'list_onlyy'", "none.csv: cannot be read"]),
        ("own_sites: own.csv", LOCKS,
         ["own.csv: row 2: id: 'IE-KHZ-042' is the id of another candidate too",
          "southern_parks: provinces: no province IR-99", "locked_in: NOPE is not among",
          "locked_out: GF-99.0001-0002 is not among"]),
    ],
)  # fmt: skip
def test_a_check_tells_all_that_a_run_refuses_unmeasured(
    tmp_path: Path, study: str, programme: str, told: list[str]
) -> None:
    (tmp_path / "own.csv").write_text(OWN.format("IE-KHZ-042"))
    found = faults(tmp_path, study, programme)
    assert len(found) == len(told), found
    for words in told:
        assert any(re.search(words, fault) for fault in found), (words, found)


@pytest.mark.parametrize("field", ["criteria", "programme", "own_sites", "units", "committee"])
@pytest.mark.parametrize(
    ("name", "told"),
    [
        ('""', "is empty; name a file, or leave it out"),
        (r'"a\0b.csv"', ".*cannot be read .embedded null byte"),
        ("x" * 300, "'xxx.*' cannot be read .File name too long"),
        ("../x.csv", "'../x.csv' leads out of the study's folder"),
    ],
)
def test_a_name_that_no_file_can_have_is_refused_by_its_key(
    tmp_path: Path, field: str, name: str, told: str
) -> None:
    text = re.sub(rf"(?m)^{field}: .*\n", "", (HERE / "study.yaml").read_text("utf-8"))
    (tmp_path / "study.yaml").write_text(f"{text}\n{field}: {name}\n", "utf-8")
    with pytest.raises(DeclarationError, match=f"^{field}: {told}"):
        ask(tmp_path / "study.yaml")


def test_a_link_that_leads_back_to_itself_is_refused(tmp_path: Path) -> None:
    (tmp_path / "own.csv").symlink_to("own.csv")
    found = faults(tmp_path, "own_sites: own.csv")
    assert len(found) == 1
    assert re.match(r"own(_sites: '|.csv: ).*cannot be read", "".join(found))


def test_the_bundled_study_and_one_of_few_provinces_pass(tmp_path: Path) -> None:
    assert faults(tmp_path, "[IR-06, IR-18, IR-22, IR-11] -> [IR-18]") == []


def test_a_study_of_nobody_is_refused_unless_regions_may_grow(tmp_path: Path) -> None:
    nobody = re.compile(r"existing:.*?(?=^trust)", re.DOTALL | re.MULTILINE)
    text = nobody.sub("", (HERE / "study.yaml").read_text("utf-8"))
    (tmp_path / "study.yaml").write_text(text, "utf-8")
    with pytest.raises(DataError, match="south: no candidates: the study names no estates"):
        check(tmp_path / "study.yaml")


def test_a_province_left_out_is_no_misspelling_but_an_unknown_one_is() -> None:
    study = ask().study.model_copy(update={"provinces": ("IR-18",)})

    def asked(*codes: str) -> Programme:
        quotas = {code: Quota() for code in codes}
        return Programme(id="p", titles=study.titles, k=1, provinces=quotas)

    assert set(parks.within(asked("IR-18", "IR-06"), study).provinces) == {"IR-18"}
    with pytest.raises(DeclarationError) as caught:
        parks.within(asked("IR-18", "IR-66", "IR18"), study)
    assert [fault.message.split(" (")[0] for fault in caught.value.faults] == [
        "no province IR-66", "no province IR18"
    ]  # fmt: skip


def test_an_error_may_be_meant_for_one_park_type_only() -> None:
    question = ask()
    errors = {"farm_market": 0.1, "feed_variety": 0.1, "labor": 0.1}
    trust = question.study.trust.model_copy(update={"relative_error": errors})  # type: ignore[union-attr]
    study = question.study.model_copy(update={"trust": trust})
    told = unknown_errors(study, question.types)
    assert [str(fault) for fault in told] == [
        "south: trust.relative_error: no criterion labor (did you mean 'labour'?)"
    ]
    assert unknown_errors(study.model_copy(update={"trust": None}), question.types) == []


def test_the_table_of_a_run_may_be_fed_back_in(tmp_path: Path) -> None:
    head = OWN.split("\n", maxsplit=1)[0]
    (tmp_path / "own.csv").write_text(
        f"{head},kind,own_kind\nX1,52.1066,28.09,1,estate,mine\n", "utf-8"
    )
    own = ask(own=Own(tmp_path / "own.csv", alone=True)).own
    assert own is not None
    assert own.columns.is_unique
    told = own[["kind", "own_kind", "own_own_kind"]].iloc[0].tolist()
    assert told == ["proposed", "mine", "estate"]


@pytest.mark.parametrize(
    ("provinces", "told"),
    [
        ("خوزستان", "provinces: no province خوزستان .did you mean 'IR-06'"),
        ("bushehr", "provinces: no province bushehr .did you mean 'IR-18'"),
        ("IR-06, IR-06", "provinces: IR-06 stands there more than once"),
        ("IR-06]\ncrs: EPSG:32601 #", "crs: 'EPSG:32601' is made for another part of the world"),
    ],
)
def test_where_a_study_lies_is_looked_at(tmp_path: Path, provinces: str, told: str) -> None:
    text = (HERE / "study.yaml").read_text("utf-8")
    text = text.replace("[IR-06, IR-18, IR-22, IR-11]", f"[{provinces}]")
    (tmp_path / "study.yaml").write_text(text, "utf-8")
    with pytest.raises(DeclarationError, match=told) as caught:
        ask(tmp_path / "study.yaml")
    assert len(caught.value.faults) == 1


def test_a_register_that_nothing_reads_is_told(tmp_path: Path) -> None:
    text = re.sub(r"(?m)^programme: .*\n", "", (HERE / "study.yaml").read_text("utf-8"))
    (tmp_path / "study.yaml").write_text(f"{text}\nunits: none.csv\n", "utf-8")
    assert check(tmp_path / "study.yaml")[-1].startswith("south: units: is not read: only a progr")


def test_every_park_type_that_there_is_none_of_is_told_at_once(tmp_path: Path) -> None:
    found = faults(tmp_path, "", "aromatic: { -> aromatik: {\npolymer: { -> polymr: {")
    assert [fault[: fault.index("?")] for fault in found] == [
        f"southern_parks: park_types: no park type {wrong!r} (did you mean {right!r}"
        for wrong, right in (("polymr", "polymer"), ("aromatik", "aromatic"))
    ]
