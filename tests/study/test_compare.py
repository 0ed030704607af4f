"""Differences between runs are told, and their causes sum to the change."""

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from siteselect.base import files
from siteselect.base.errors import DataError
from siteselect.declared.criteria import CriteriaSet
from siteselect.present import columns, export, write
from siteselect.study import compare
from siteselect.study.compare import Run, diff, read_manifest, verify
from siteselect.study.question import Own, ask
from siteselect.study.run import decide
from tests.real import COARSE_M, question, result
from tests.toy import toy_result


def reweighed() -> CriteriaSet:
    """The bundled criteria with another weight, another value function and one rule less."""
    data = question().criteria.model_dump(mode="json")
    data["groups"]["feedstock"]["weight"] += 0.05
    data["groups"]["environment"]["weight"] -= 0.05
    for criterion in data["criteria"]:
        if criterion["id"] == "deep_port":
            criterion["knots"][-1][0] = 500.0
    data["constraints"] = [c for c in data["constraints"] if c["id"] != "permanent_river"]
    return CriteriaSet.model_validate_json(json.dumps(data))


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Run]:
    """The coarse study, and the same by other criteria."""
    folder = tmp_path_factory.mktemp("runs")
    write.write(result(), folder / "one")
    asked = ask(criteria=reweighed(), changes={"cell_m": COARSE_M, "trust": None})
    write.write(decide(asked), folder / "two")
    return Run.read(folder / "one"), Run.read(folder / "two")


def test_causes_sum_to_the_change_of_score(runs: tuple[Run, Run]) -> None:
    moved = [item for item in diff(*runs).moved if abs(item.score_change) > 1e-6]
    assert len(moved) > 50
    for item in moved:
        told = sum(cause.share for cause in item.causes)
        assert told == pytest.approx(item.score_change, rel=0.01, abs=1e-9)
        assert {cause.kind for cause in item.causes} <= {"knots", "weight"}


def test_lists_and_rules_that_changed_are_named(runs: tuple[Run, Run]) -> None:
    found = diff(*runs)
    assert len(found.onto_list) == len(found.off_list)
    assert any("no longer in doubt by permanent_river" in i.rules for i in found.moved)


def test_new_regions_that_come_and_go_are_named(runs: tuple[Run, Run]) -> None:
    found = diff(*runs)
    assert all(name.startswith("GF-") for name in (*found.came, *found.went))


def test_parks_that_come_and_go_are_told_with_their_causes(runs: tuple[Run, Run]) -> None:
    one, other = runs
    chosen = [set(run.ranking.index[run.ranking["in_portfolio"] == 1]) for run in runs]
    found = diff(one, other).parks
    assert {item.site_id for item in found if item.came} == chosen[1] - chosen[0]
    assert {item.site_id for item in found if not item.came} == chosen[0] - chosen[1]
    assert all(item.causes for item in found)


def test_a_rule_of_the_programme_that_changed_is_named(runs: tuple[Run, Run]) -> None:
    run = runs[0]
    gone = str(run.ranking.index[run.ranking["in_portfolio"] == 1][0])
    fewer = run.ranking.copy()
    fewer.loc[gone, "in_portfolio"] = 0
    programme = {**run.manifest["programme"], "k": run.manifest["programme"]["k"] - 1}
    found = diff(
        run, replace(run, ranking=fewer, manifest={**run.manifest, "programme": programme})
    )
    words = f"programme.k was {programme['k'] + 1}, is {programme['k']}"
    assert words in found.declared
    assert [(item.site_id, item.came, item.causes) for item in found.parks] == [
        (gone, False, (words,))
    ]


def test_a_folder_without_a_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no manifest"):
        read_manifest(tmp_path)
    (tmp_path / "manifest.json").write_text('{"schema": "else"}')
    with pytest.raises(DataError, match="no manifest of a siteselect run"):
        read_manifest(tmp_path)


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (",", ";", "lacks columns that a run writes: id, name_en, verdict, excluded_by, ...; save"),
        (",score,", ",points,", "lacks columns that a run writes: score; save it with commas"),
        ("0.", "0,", "ranking.csv: "),
        ("\n1,", "\nfirst,", "ranking.csv: rank: holds what is no number"),
    ],
)
def test_a_ranking_that_went_through_another_program_is_refused(
    runs: tuple[Run, Run], tmp_path: Path, before: str, after: str, told: str
) -> None:
    shutil.copytree(runs[0].folder, tmp_path / "run")
    path = tmp_path / "run" / "ranking.csv"
    path.write_text(path.read_text("utf-8-sig").replace(before, after), "utf-8")
    with pytest.raises(DataError) as caught:
        Run.read(tmp_path / "run")
    assert told in str(caught.value)


def test_a_stranger_in_the_folder_is_noticed(runs: tuple[Run, Run]) -> None:
    folder = runs[0].folder
    (folder / "stranger.txt").write_text("x")
    _, broken, _ = verify(folder)
    (folder / "stranger.txt").unlink()
    assert broken == ("output stranger.txt is not of this run",)


def chosen(folder: Path, greenfield: int, share: float) -> Run:
    """A run as far as the ladder of existing capacity goes."""
    folder.mkdir()
    rungs = ["greenfield"] * greenfield + ["fill"] * (4 - greenfield)
    rows = [f"S{i},{rung}" for i, rung in enumerate(rungs)]
    (folder / "portfolio.csv").write_text("\n".join(["id,rung", *rows]) + "\n", "utf-8-sig")
    curve = f"existing,greenfield,tolerance\n1,3,0\n2,2,{share}\n"
    (folder / "portfolio_curve.csv").write_text(curve, "utf-8-sig")
    ranking = pd.DataFrame({"id": [f"S{i}" for i in range(4)]}).set_index("id", drop=False)
    programme = {"existing_first": {"tolerance_loss": 0.02}}
    return Run(folder, {"programme": programme}, toy_result(4).criteria, ranking)


def test_a_tolerance_that_is_passed_by_a_hair_is_told(tmp_path: Path) -> None:
    two, three = chosen(tmp_path / "a", 2, 0.019989), chosen(tmp_path / "b", 3, 0.020003)
    [told] = compare._ladder(two, three)
    assert told.startswith("existing capacity first leaves 3 greenfield parks instead of 2: ")
    assert "2 cost 2.0003% of the total, 1.9989% before, of 2.0% that are tolerated" in told
    assert compare._ladder(two, two) == []


def test_most_of_a_change_is_never_what_went_the_other_way(tmp_path: Path) -> None:
    run = chosen(tmp_path / "a", 2, 0.01)
    causes = (
        compare.Cause("rail", "weight", 0.0789, "weight of rail"),
        compare.Cause("deep_port", "weight", -0.0658, "weight of deep_port"),
        compare.Cause("road", "weight", -0.0145, "weight of road"),
    )
    moved = compare.Moved("S0", "S0", 1, 2, -0.0014, causes, ())
    [told] = compare._why(run, run, "S0", moved=moved, ladder=[])
    assert told == "its score changed by -0.0014, most of it by this: weight of deep_port"


def test_the_criteria_of_another_park_type_that_changed_are_named(tmp_path: Path) -> None:
    run = chosen(tmp_path / "a", 2, 0.01)
    typed = run.ranking.assign(park_type=["polymer", "polymer", "sulphur", ""])
    one, other = (
        replace(run, ranking=typed, manifest={**run.manifest, "declarations": marks})
        for marks in ({"polymer.yaml": "a", "sulphur.yaml": "a"},
                      {"polymer.yaml": "b", "sulphur.yaml": "a"})
    )  # fmt: skip
    told = [compare._why(one, other, name, moved=None, ladder=[]) for name in ("S0", "S2", "S3")]
    beside = "nothing of its own changed; others changed that compete with it"
    assert told == [("declaration polymer.yaml changed",), (beside,), (beside,)]


def stretched() -> CriteriaSet:
    """The other criteria, with every value function stretched by a third."""
    data = reweighed().model_dump(mode="json")
    for criterion in data["criteria"]:
        criterion["knots"] = [[at * 4 / 3, height] for at, height in criterion["knots"]]
    return CriteriaSet.model_validate_json(json.dumps(data))


SPOTS = ((48.7, 31.1), (48.9, 31.3), (49.1, 31.0), (52.7, 27.6), (56.0, 27.4), (51.3, 28.9))
KINDS = ("weight", "knots", "reading")


def own_run(folder: Path, *, moved: float = 0.0, criteria: CriteriaSet | None = None) -> Run:
    """A run of six own sites on coarse cells, moved north by some degrees."""
    folder.mkdir()
    rows = [f"S{n},{lon},{lat + moved},{200 + n},1" for n, (lon, lat) in enumerate(SPOTS)]
    heading = "id,lon,lat,area_ha,position_accuracy_km\n"
    (folder / "own.csv").write_text(heading + "\n".join(rows) + "\n")
    own = Own(folder / "own.csv", alone=True)
    found = decide(ask(own=own, criteria=criteria, changes={"cell_m": 20_000.0, "trust": None}))
    export.write_csv(columns.ranking(found), folder / "ranking.csv")
    (folder / "manifest.json").write_text(json.dumps(dict(found.manifest)), "utf-8")
    return Run.read(folder)


def other_ports(home: Path) -> None:
    """A copy of the data and criteria in which one port is gone."""
    for name in ("data", "criteria"):
        shutil.copytree(files.home() / name, home / name)
    ports, catalog = home / "data" / "ports.csv", home / "data" / "catalog.yaml"
    before = files.sha256(ports)
    lines = ports.read_text("utf-8").splitlines(keepends=True)
    ports.write_text("".join(line for line in lines if not line.startswith("PT-01,")), "utf-8")
    text = catalog.read_text("utf-8")
    assert before in text
    catalog.write_text(text.replace(before, files.sha256(ports)), "utf-8")


@pytest.mark.slow
def test_causes_are_named_whatever_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base = own_run(tmp_path / "base")
    pairs = {
        "weights and knots": own_run(tmp_path / "a", criteria=stretched()),
        "positions": own_run(tmp_path / "b", moved=0.02),
    }
    other_ports(tmp_path / "home")
    monkeypatch.setenv("SITESELECT_HOME", str(tmp_path / "home"))
    pairs["data"] = own_run(tmp_path / "c")
    pairs["all at once"] = own_run(tmp_path / "d", moved=0.02, criteria=stretched())
    words: dict[str, set[str]] = {}
    for name, run in pairs.items():
        moved = [item for item in diff(base, run).moved if item.score_change]
        assert moved, name
        for item in moved:
            # At least 99 % of the change, and nothing of it without a name.
            told = sum(cause.share for cause in item.causes)
            assert abs(told - item.score_change) <= 0.01 * abs(item.score_change) + 1e-10, name
            assert all(c.kind != "reading" or "(" in c.words for c in item.causes), item.causes
        words[name] = {cause.words for item in moved for cause in item.causes}
    assert all("position moved by 2.2 km" in text for text in words["positions"])
    assert all("ports.csv changed" in text for text in words["data"])
    kinds = {cause.kind for item in diff(base, pairs["all at once"]).moved for cause in item.causes}
    assert kinds == set(KINDS)
    declared = diff(base, pairs["all at once"]).declared
    assert {"input ports.csv changed", "declaration own.csv changed"} <= set(declared)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"inputs": 3}, "inputs: is missing, or is not what a run writes"),
        ({"study": None}, "study: is missing"),
        ({"outputs": {}}, "lists no outputs"),
        ({"outputs": {"../../etc/passwd": "0"}}, "'../../etc/passwd' is no file of a run"),
        ({"declarations": {"/etc/passwd": "0"}}, "'/etc/passwd' is no file of a run"),
    ],
)
def test_a_manifest_that_was_tampered_with_is_refused(
    tmp_path: Path, changes: dict[str, object], words: str
) -> None:
    sound = {"schema": "siteselect/1", "study": {}, "criteria": {}, "inputs": {},
             "declarations": {}, "cell_m": 500.0, "outputs": {"a.csv": "0"}}  # fmt: skip
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps(sound))
    assert verify(tmp_path)[1] == ("output a.csv is not there",)
    path.write_text(json.dumps(sound | changes))
    with pytest.raises(DataError, match=re.escape(words)):
        verify(tmp_path)


def test_a_manifest_without_end_is_refused(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text("[" * 100_000)
    with pytest.raises(DataError, match="no manifest of a run"):
        read_manifest(tmp_path)
