"""Every command through the door: answers on stdout, talk on stderr, exit codes kept."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from siteselect.cli import world
from siteselect.cli.door import COMMANDS
from siteselect.world import checks
from tests.cli.conftest import Command

OUTPUTS = {
    "excluded_by.csv", "fields.csv", "manifest.json", "map.html", "ranking.csv", "ranking.xlsx",
    "report_en.pdf", "report_fa.docx", "report_fa.pdf", "sites.geojson", "sites.gpkg",
    "sites_shapefile.zip", "suitability.tif",
}  # fmt: skip
COARSE = ("--cell", "8000", "--no-robustness")


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished coarse run."""
    from siteselect.present import write
    from tests.real import result

    folder = tmp_path_factory.mktemp("run") / "out"
    write.write(result(), folder)
    return folder


def test_help_names_every_command(siteselect: Command) -> None:
    said = siteselect("--help")
    assert said.code == 0
    assert all(name in said.out for name in COMMANDS)
    assert "\\b" not in said.out
    assert "\n  siteselect explain 52.6,27.5 " in said.out


@pytest.mark.parametrize("name", list(COMMANDS))
def test_every_command_has_help(siteselect: Command, name: str) -> None:
    said = siteselect(name, "--help")
    assert said.code == 0
    assert said.out.startswith("Usage:")


def test_run_writes_the_whole_set_and_replaces_it(siteselect: Command, tmp_path: Path) -> None:
    said = siteselect("run", *COARSE, "--out", "out", "--json")
    assert said.code == 0, said.err
    data = json.loads(said.out)
    assert (data["schema"], data["command"], data["ok"]) == ("siteselect/1", "run", True)
    assert data["warnings"]
    assert {path.name for path in (tmp_path / "out").iterdir()} >= OUTPUTS
    again = siteselect("run", *COARSE, "--provinces", "IR-18", "--out", "out")
    assert again.code == 0, again.err
    ranking = pd.read_csv(tmp_path / "out" / "ranking.csv")
    assert set(ranking["province_iso"]) == {"IR-18"}
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    told = json.loads((tmp_path / "out" / "manifest.json").read_text("utf-8"))
    assert told["command"] == "siteselect run --provinces IR-18 --cell 8000.0 --no-robustness"


def test_the_manifest_says_how_it_was_asked_without_folders(
    siteselect: Command, tmp_path: Path
) -> None:
    (tmp_path / "my own.csv").write_text("id,lon,lat\nA,51.5,28.9\n")
    said = siteselect("score", "--sites", str(tmp_path / "my own.csv"), "--out", "out", "--json")
    assert said.code == 0, said.err
    told = json.loads((tmp_path / "out" / "manifest.json").read_text("utf-8"))
    assert told["command"] == "siteselect score --sites 'my own.csv'"


def test_a_dry_run_says_what_it_would_do_and_writes_nothing(
    siteselect: Command, tmp_path: Path
) -> None:
    said = siteselect("run", *COARSE, "--out", "out", "-n")
    assert said.code == 0
    for name in ("ports.csv", "value_chain.csv", "programme.yaml"):
        assert f"would read   {name}\n" in said.out
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "name", "code"),
    [
        (("weights", "ahp", "missing.csv"), "weights ahp", 4),
        (("run", "--nope"), "run", 2),
        (("verify", "nowhere"), "verify", 4),
        (("check", "missing.yaml"), "check", 3),
    ],
)
def test_a_refusal_is_one_json_object(
    siteselect: Command, words: tuple[str, ...], name: str, code: int
) -> None:
    said = siteselect(*words, "--json")
    told = json.loads(said.out)
    assert (told["command"], told["ok"], said.code) == (name, False, code)
    assert told["data"]["faults"]


def test_the_schema_of_criteria_is_told_as_it_is_or_in_one_object(siteselect: Command) -> None:
    plain, told = siteselect("criteria", "schema"), siteselect("criteria", "schema", "--json")
    assert json.loads(told.out)["data"] == json.loads(plain.out)


def test_a_foreign_folder_is_left_alone(siteselect: Command, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear")
    said = siteselect("run", *COARSE, "--out", "mine")
    assert said.code == 4
    assert "--force" in said.err
    assert (tmp_path / "mine" / "letter.txt").read_text() == "dear"


def test_a_study_made_by_init_is_checked_and_run(siteselect: Command, tmp_path: Path) -> None:
    assert siteselect("init", "new").code == 0
    assert siteselect("check", "new/study.yaml").code == 0
    # What stands beside the study is what is read, not the bundled file of the same name.
    programme = tmp_path / "new" / "criteria" / "programme.yaml"
    whole = programme.read_text("utf-8")
    programme.write_text(whole.replace("k: 13", "kay: 13"), "utf-8")
    assert "unknown key 'kay'" in siteselect("check", "new/study.yaml").err
    programme.write_text(whole, "utf-8")
    text = (tmp_path / "new" / "study.yaml").read_text("utf-8")
    (tmp_path / "new" / "study.yaml").write_text(text + "own_sites: own_sites.csv\n", "utf-8")
    said = siteselect("run", "new/study.yaml", *COARSE, "--out", "out")
    assert said.code == 0, said.err
    ranking = pd.read_csv(tmp_path / "out" / "ranking.csv", index_col="id")
    assert ranking.loc["MY-1", "kind"] == "proposed"
    assert siteselect("init", "new").code == 4


def test_a_study_made_by_init_reads_its_own_park_types(siteselect: Command, tmp_path: Path) -> None:
    assert siteselect("init", "new").code == 0
    polymer = tmp_path / "new" / "criteria" / "polymer.yaml"
    whole = polymer.read_text("utf-8")
    polymer.write_text("not: [valid\n", "utf-8")
    said = siteselect("check", "new/study.yaml")
    assert said.code == 3
    assert "polymer.yaml" in said.err
    polymer.write_text(f'{whole}version: "mine"\n', "utf-8")
    args = ("--park-type", "polymer", *COARSE, "--out", "out")
    said = siteselect("run", "new/study.yaml", *args)
    assert said.code == 0, said.err
    told = json.loads((tmp_path / "out" / "manifest.json").read_text("utf-8"))
    assert told["criteria"]["version"] == "mine"
    # Every file that decided is hashed, the model that another extends as well.
    assert {"polymer.yaml", "petrochemical.yaml"} <= {Path(n).name for n in told["declarations"]}


def test_own_sites_are_taken_into_a_study_made_by_init(siteselect: Command, tmp_path: Path) -> None:
    assert siteselect("init", "new").code == 0
    (tmp_path / "my.csv").write_text("id,lon,lat\nA,51.95,27.87\n", "utf-8")
    args = ("data", "import", "my.csv", "--as", "sites", "--study", "new/study.yaml")
    assert siteselect(*args).code == 0
    assert pd.read_csv(tmp_path / "new" / "own_sites.csv")["id"].tolist() == ["A"]
    # What was taken in is somebody's work, and stays.
    said = siteselect(*args)
    assert said.code == 4
    assert "is there already" in said.err


def coarse(folder: Path, more: str = "") -> Path:
    """A small study of one's own."""
    path = folder / "study.yaml"
    text = "id: x\ntitles: {en: X, fa: X}\nprovinces: [IR-18]\ncell_m: 8000\n"
    path.write_bytes((text + more + "criteria: petrochemical.yaml").encode())
    return path


def test_what_is_not_known_of_sites_is_imported_as_such(
    siteselect: Command, tmp_path: Path
) -> None:
    study = coarse(tmp_path)
    rows = "id,lon,lat,area_ha,dist_km\nA,51.95,27.87,unknown,3\nB,51.96,27.88,200,unknown\n"
    (tmp_path / "my.csv").write_text(rows)
    said = siteselect("data", "import", "my.csv", "--as", "sites", "--study", study)
    assert said.code == 0, said.err
    assert siteselect("check", study).code == 0
    copy = pd.read_csv(tmp_path / "own_sites.csv", dtype=str)
    assert copy["area_ha"].tolist() == ["unknown", "200.0"]
    assert copy["dist_km"].tolist() == ["3.0", "unknown"]


def test_what_a_file_of_sites_does_not_say_is_told_to_the_import(
    siteselect: Command, tmp_path: Path
) -> None:
    study = coarse(tmp_path)
    (tmp_path / "my.csv").write_bytes("id,lon,lat,name\nA,51.95,27.87,دير\n".encode("cp1256"))
    args = ("data", "import", "my.csv", "--as", "sites", "--study", study)
    refused = siteselect(*args)
    assert refused.code == 4
    assert "--encoding" in refused.err
    assert {path.name for path in tmp_path.iterdir()} == {"my.csv", "study.yaml"}
    said = siteselect(*args, "--encoding", "cp1256")
    assert said.code == 0, said.err
    assert "دیر" in (tmp_path / "own_sites.csv").read_text("utf-8")
    assert "row 2: name_fa: Arabic letters kaf and yeh were written as Persian" in said.err
    help_text = siteselect("data", "import", "--help").out
    assert all(option in help_text for option in ("--crs", "--encoding", "--layer"))


def test_every_fault_of_a_study_is_named_with_its_line(siteselect: Command, tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text(
        "id: x\ntitles: {en: X}\nprovinces: [IR-18]\ncel_m: 500\ncriteria: petrochemical.yaml\n"
    )
    said = siteselect("check", "bad.yaml")
    assert said.code == 3
    assert "line 4" in said.err
    assert "cell_m" in said.err
    assert "fa is missing" in said.err


def test_own_sites_are_scored(siteselect: Command, tmp_path: Path) -> None:
    (tmp_path / "my.csv").write_text(
        "id,lon,lat,name_fa,=cmd\nA,51.95,27.87,کنگان,=1+1\nB,56.0,27.3,بندر,x\n", "utf-8"
    )
    said = siteselect("score", "--sites", "my.csv", "--out", "scored", "--json")
    assert said.code == 0, said.err
    told = json.loads(said.out)
    assert {row["id"] for row in told["data"]["top"]} <= {"A", "B"}
    assert any("superseded" in words for words in told["warnings"])
    assert any(words.startswith("2 own sites are judged as if") for words in told["warnings"])
    ranking = pd.read_csv(tmp_path / "scored" / "ranking.csv", dtype=str, keep_default_na=False)
    assert set(ranking["id"]) == {"A", "B"}
    live = [cell for cell in ranking["name_fa"].tolist() if cell.startswith(("=", "+", "@"))]
    assert live == []


def test_explain_answers_for_a_point(siteselect: Command) -> None:
    said = siteselect("explain", "52.6,27.6", "--json")
    assert said.code == 0, said.err
    assert any("superseded" in words for words in json.loads(said.out)["warnings"])
    data = json.loads(said.out)["data"]
    assert data["rules"]
    assert data["lacks_for_the_list"] is not None


def test_verify_holds_and_breaks(siteselect: Command, finished: Path, tmp_path: Path) -> None:
    assert siteselect("verify", finished).code == 0
    copy = tmp_path / "copy"
    shutil.copytree(finished, copy)
    with (copy / "ranking.csv").open("a") as handle:
        handle.write("x\n")
    said = siteselect("verify", copy, "--json")
    assert said.code == 6
    assert "ranking.csv is not what it was" in said.err
    assert json.loads(said.out)["ok"] is False


def test_diff_of_a_run_with_itself_is_empty(siteselect: Command, finished: Path) -> None:
    said = siteselect("diff", finished, finished, "--exit-code")
    assert (said.code, said.out.strip()) == (0, "nothing changed")


def test_a_run_is_drawn_again_to_the_same_bytes(
    siteselect: Command, finished: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(finished, copy)
    (copy / "notes.txt").write_text("mine")
    said = siteselect("map", copy)
    assert said.code == 4
    assert "notes.txt" in said.err
    assert (copy / "notes.txt").read_text() == "mine"
    (copy / "notes.txt").unlink()
    (copy / "map.html").write_text("gone")
    said = siteselect("map", copy)
    assert said.code == 0, said.err
    assert (copy / "map.html").read_bytes() == (finished / "map.html").read_bytes()
    assert siteselect("verify", copy).code == 0
    (copy / "report_fa.pdf").write_bytes(b"")
    assert siteselect("verify", copy).code == 6
    said = siteselect("report", copy, "--json")
    assert said.code == 0, said.err
    told = json.loads(said.out)
    assert told["command"] == "report"
    assert [Path(path).name for path in told["data"]["reports"]] == [
        "report_fa.pdf", "report_en.pdf", "report_fa.docx",
    ]  # fmt: skip
    for name in ("report_fa.pdf", "report_en.pdf", "report_fa.docx"):
        assert (copy / name).read_bytes() == (finished / name).read_bytes(), name
    assert siteselect("verify", copy).code == 0


def test_members_of_a_committee_stand_in_the_run(siteselect: Command, tmp_path: Path) -> None:
    assert siteselect("init", "mine").code == 0
    members = """members:
- {name: "=1+1<b>", method: swing, groups: {feedstock: 100, land: 50}}
- {name: second, method: direct, groups: {environment: 1, feedstock: 3}}
"""
    (tmp_path / "mine" / "members.yaml").write_text(members, "utf-8")
    study = tmp_path / "mine" / "study.yaml"
    study.write_text(study.read_text("utf-8") + "committee: members.yaml\n", "utf-8")
    wrong = siteselect("run", "mine/study.yaml", *COARSE, "--out", "out")
    assert wrong.code == 3
    assert "members.yaml" in wrong.err
    groups = "environment: 2, transport: 1, energy_water: 1, industry: 1, land: 1, hazards: 1"
    every = f"{{feedstock: 3, labour: 0, {groups}}}"
    members = members.replace("{feedstock: 100, land: 50}", every)
    members = members.replace("{environment: 1, feedstock: 3}", every)
    (tmp_path / "mine" / "members.yaml").write_text(members, "utf-8")
    said = siteselect("run", "mine/study.yaml", *COARSE, "--out", "out")
    assert said.code == 0, said.err
    told = json.loads((tmp_path / "out" / "manifest.json").read_text("utf-8"))
    assert list(told["committee"]) == ["=1+1<b>", "second"]
    assert all(abs(sum(w.values()) - 1) < 1e-12 for w in told["committee"].values())
    assert "members.yaml" in {Path(name).name for name in told["declarations"]}
    before = (tmp_path / "out" / "map.html").read_bytes()
    assert b"=1+1\\u003cb\\u003e" in before
    assert siteselect("map", "out").code == 0
    assert (tmp_path / "out" / "map.html").read_bytes() == before


def test_data_commands(siteselect: Command) -> None:
    assert "ports" in siteselect("data", "list").out
    assert "CC" in siteselect("data", "sources").out
    assert json.loads(siteselect("data", "show", "dem", "--json").out)["data"]["unit"] == "m"
    wrong = siteselect("data", "show", "prots")
    assert wrong.code == 4
    assert "ports" in wrong.err


def test_the_bundled_data_pass_their_own_check(siteselect: Command) -> None:
    said = siteselect("data", "check")
    assert said.code == 0, said.err


def test_an_own_file_is_checked(siteselect: Command, tmp_path: Path) -> None:
    (tmp_path / "swapped.csv").write_text("id,lon,lat\nA,27.5,52.6\n")
    said = siteselect("data", "check", "swapped.csv", "--as", "sites")
    assert said.code == 4
    assert "row 2" in said.err
    assert siteselect("data", "check", "swapped.csv").code == 2
    said = siteselect("data", "check", "swapped.csv", "--as", "site")
    assert said.code == 2
    assert "'site' is not one of 'sites', 'provinces'" in said.err
    assert world.KINDS == checks.KINDS


def test_criteria_commands(siteselect: Command, tmp_path: Path) -> None:
    assert "petrochemical" in siteselect("criteria", "list").out
    shown = siteselect("criteria", "show", "petrochemical")
    assert "deep_port" in shown.out
    assert json.loads(siteselect("criteria", "schema").out)["title"] == "CriteriaSet"
    assert siteselect("criteria", "show", "petrochemcal").code == 3
    (tmp_path / "c.yaml").write_text("criteria:\n  slope: {weight: 0.5, directon: min}\n")
    assert siteselect("criteria", "check", "c.yaml").code == 3


def test_doctor_is_well(siteselect: Command) -> None:
    said = siteselect("doctor")
    assert said.code == 0, said.out + said.err
    assert "GDAL" in said.out


def test_usage_errors_exit_with_two(siteselect: Command) -> None:
    assert siteselect("run").code == 2
    assert siteselect("rum").code == 2
