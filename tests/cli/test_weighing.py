"""The commands `weights` and `methods`, as a user meets them."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner, Result

from siteselect.base.errors import DataError, DeclarationError
from siteselect.cli import door
from siteselect.decide.score import criterion_weights
from siteselect.declared.criteria import read_criteria
from siteselect.study import question as asking
from siteselect.study import run
from tests.toy import criteria_data, criteria_set, toy_result

MATRIX = ",a,b,c\na,1,2,6\nb,1/2,1,3\nc,1/6,1/3,1\n"
HOSTILE = "=1+1\x1b[31m<b>"
MEMBERS = """
members:
- name: "=1+1\\e[31m<b>"
  method: ahp
  groups: {names: [transport, nature], matrix: [[1, 9], [null, 1]]}
- name: second
  method: swing
  importance: 2
  groups: {transport: 10, nature: 90}
"""
Command = Callable[..., Any]


def say(*arguments: str | Path, stdin: str | bytes = "") -> Result:
    return CliRunner().invoke(door.siteselect, [str(a) for a in arguments], input=stdin)


def data_of(result: Result) -> Any:
    assert result.exception is None, result.exception
    envelope = json.loads(result.stdout)
    assert envelope["schema"] == "siteselect/1"
    assert envelope["ok"] is True
    return envelope["data"]


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The toy world instead of the study; the folder that holds its criteria."""
    base = tmp_path / "base" / "toy.yaml"
    base.parent.mkdir()
    base.write_text(json.dumps(criteria_data(), ensure_ascii=False), "utf-8")
    result = toy_result(40)
    question = SimpleNamespace(
        criteria=criteria_set(), study=result.study, declarations=(base.parent / "s.yaml", base)
    )
    monkeypatch.setattr(asking, "ask", lambda *_, **__: question)
    monkeypatch.setattr(run, "decide", lambda *_, **__: result)
    return base.parent


@pytest.mark.parametrize(
    ("method", "stdin", "first"),
    [
        ("ahp", MATRIX, 0.6),
        ("ahp", "names: [a, b]\nmatrix: [[1, 4], [null, 1]]\n", 0.8),
        ("direct", "# shares\nweights: {a: 3, b: 1}\n", 0.75),
        ("swing", "criterion,points\na,100\nb,25\n", 0.8),
        ("rank", "criterion;rank\na;1\nb;2\n", 0.75),
        ("bwm", "criterion,best_to,to_worst\na,1,4\nb,4,1\n", 0.8),
    ],
)
def test_one_person_on_standard_input(method: str, stdin: str, first: float) -> None:
    data = data_of(say("weights", method, "-", "--json", stdin=stdin))
    assert data["weights"]["a"] == pytest.approx(first)
    assert data["method"] == method
    assert f"{first:.4f}" in say("weights", method, "-", stdin=stdin).stdout


def test_consistency_names_its_table_and_what_to_judge_again(tmp_path: Path) -> None:
    path = tmp_path / "m.csv"
    path.write_text(",a,b,c\na,1,3,1/5\nb,,1,2\nc,,,1\n", "utf-8")
    text = say("weights", "ahp", path, "--random-index", "alonso-lamata").stdout
    assert "random index alonso-lamata" in text
    assert "above 0.1: judge again" in text
    assert "hint: " in text
    data = data_of(say("weights", "ahp", path, "--json"))
    assert data["acceptable"] is False
    assert data["held_against"] == "random index saaty"
    # Three criteria: lambda is 1 + t + 1/t with t the third root of a12 a23 / a13 (Saaty 1980).
    t = (3 * 2 / 0.2) ** (1 / 3)
    assert data["consistency_ratio"] == pytest.approx((t + 1 / t - 2) / 2 / 0.52)
    assert data["hint"].split(" brings")[0] in text


@pytest.mark.usefixtures("toy")
def test_a_workbook_on_standard_input(tmp_path: Path) -> None:
    say("weights", "questionnaire", "--out", tmp_path / "q.xlsx", "--lang", "en")
    unanswered = say("weights", "ahp", "-", stdin=(tmp_path / "q.xlsx").read_bytes())
    assert isinstance(unanswered.exception, DeclarationError)
    assert str(unanswered.exception) == "stdin.xlsx: no sheet of the questionnaire is answered"


def test_bwm_gives_intervals_if_asked() -> None:
    # The car of Rezaei (2015): price, quality, comfort, safety, style; xi is 1, over 4.47.
    stdin = "criterion,best_to,to_worst\np,2,4\nq,1,8\nc,4,4\ns,3,2\nt,8,1\n"
    data = data_of(say("weights", "bwm", "-", "--json", "--non-linear", stdin=stdin))
    assert all(data["low"][n] <= data["weights"][n] <= data["high"][n] for n in "pqcst")
    assert data["consistency_ratio"] == pytest.approx(1 / 4.47, abs=1e-3)
    assert data["acceptable"] is None
    assert "low" not in data_of(say("weights", "bwm", "-", "--json", stdin=stdin))


@pytest.mark.parametrize(
    ("method", "stdin", "told"),
    [
        ("ahp", ",a,b\na,1,3\nb,3,1\n", "stdin.csv: row 2: a: b: 3 is not 1 over 3"),
        ("ahp", "names: [a]\nmatrix: [[x]]\n", "stdin.yaml: line 2: matrix.0.0: is no number"),
        ("rank", "ranks: {a: 1\n", "stdin.yaml"),
        ("swing", "", "stdin.csv: is empty"),
        ("direct", b"\xff\xfe\x00", "stdin.csv: is UTF-16"),
    ],
)
def test_faults_of_standard_input(method: str, stdin: str | bytes, told: str) -> None:
    result = say("weights", method, "-", stdin=stdin)
    assert isinstance(result.exception, (DeclarationError, DataError))
    assert str(result.exception).startswith(told)


def test_a_fault_ends_with_its_code(siteselect: Command, tmp_path: Path) -> None:
    (tmp_path / "bad.csv").write_text(",a,b\na,1,3\nb,3,1\n", "utf-8")
    said = siteselect("weights", "ahp", "bad.csv", "--json")
    assert said.code == 3
    assert json.loads(said.out)["data"]["faults"] == [
        "bad.csv: row 2: a: b: 3 is not 1 over 3, its opposite"
    ]
    assert siteselect("weights", "ahp", "none.csv").code == 4
    assert siteselect("weights", "entropy").code == 2


def test_names_steer_no_terminal() -> None:
    text = say("weights", "direct", "-", stdin=f"criterion,weight\n{HOSTILE},1\nb,1\n").stdout
    assert "\x1b" not in text
    assert "=1+1" in text


def test_data_alone_are_said_to_be_a_check() -> None:
    stdin = "id,flat,spread\nA,5,1\nB,5,3\n"
    text = say("weights", "entropy", "-", stdin=stdin).stdout
    assert "a check on judged weights" in text
    stdin = "id,x,y,z\nA,0,2,0\nB,1,1,1\nC,2,0,2\n"
    data = data_of(say("weights", "critic", "-", "--less", "y", "--json", stdin=stdin))
    assert list(data["weights"].values()) == pytest.approx([1 / 3] * 3)


@pytest.mark.usefixtures("toy")
def test_a_committee_keeps_its_dissent(tmp_path: Path) -> None:
    path = tmp_path / "members.yaml"
    path.write_text(MEMBERS, "utf-8")
    data = data_of(say("weights", "group", path, "-k", "5", "--json"))
    assert data["disagreement"] == pytest.approx(0.8)
    assert [m["importance"] for m in data["members"]] == pytest.approx([1 / 3, 2 / 3])
    assert data["weights"]["protected"] == pytest.approx(0.1 / 3 + 0.9 * 2 / 3)
    sites = data["sites"]
    both = set(sites["under_every_member"])
    contested = {one["id"] for one in sites["contested"]}
    assert contested
    assert not both & contested
    assert len(both) + len(contested) + sites["under_none"] == 40
    assert both <= set(sites["group"])
    for one in sites["contested"]:
        assert len(one["for"]) == 1
        assert one["in_group"] == (one["id"] in sites["group"])
    decided = {n for part in sites["decides"].values() for n in part["brings_in"]}
    assert decided <= set(sites["group"])
    text = say("weights", "group", path, "-k", "5").stdout
    assert "\x1b" not in text
    assert "without this member" in text


@pytest.mark.usefixtures("toy")
def test_the_groups_weights_can_be_run(tmp_path: Path) -> None:
    path, out = tmp_path / "members.yaml", tmp_path / "new" / "ours.yaml"
    path.write_text(MEMBERS, "utf-8")
    data = data_of(say("weights", "group", path, "--no-sites", "--json", "--out", out))
    assert "sites" not in data
    back = read_criteria(out)
    assert criterion_weights(back).tolist() == pytest.approx(list(data["weights"].values()))
    assert back.version == "1, weights of 2 members"
    again = say("weights", "group", path, "--no-sites", "--out", out)
    assert "is there already" in str(again.exception)
    assert say("weights", "group", path, "--no-sites", "--out", out, "--force").exception is None


@pytest.mark.usefixtures("toy")
def test_aggregation_of_judgements_is_refused_where_it_has_no_sense(tmp_path: Path) -> None:
    path = tmp_path / "members.yaml"
    path.write_text(MEMBERS, "utf-8")
    result = say("weights", "group", path, "--aggregation", "judgements", "--no-sites")
    assert "'second' uses swing" in str(result.exception)


@pytest.mark.usefixtures("toy")
def test_a_questionnaire_is_written_for_the_study(tmp_path: Path) -> None:
    out = tmp_path / "q.xlsx"
    for arguments in (["--method", "swing"], ["--lang", "en"]):
        out.unlink(missing_ok=True)
        assert data_of(say("weights", "questionnaire", "--out", out, "--json", *arguments))
        data = data_of(say("weights", "group", out, "--no-sites", "--json"))
        assert data["disagreement"] == 0
        assert data["members"][0]["name"] == "q"


@pytest.mark.usefixtures("toy")
def test_methods_are_compared_on_the_same_sites(tmp_path: Path) -> None:
    out = tmp_path / "out"
    data = data_of(say("methods", "-k", "5", "--json", "--out", out))
    assert data["methods"][0]["method"] == "weighted_mean"
    ranks = list(csv.DictReader(io.StringIO((out / "methods.csv").read_text("utf-8-sig"))))
    assert len(ranks) == data["sites"]
    assert [row["id"] for row in ranks[:5]] == data["methods"][0]["top"]
    for one in data["methods"]:
        listed = [row["id"] for row in ranks if int(row[f"rank_{one['method']}"]) <= 5]
        assert sorted(listed) == sorted(one["top"])
    text = say("methods", "-k", "5").stdout
    for words in ("stand at the score of their site", "kendall", "who moves most", "VIKOR",
                  "PROMETHEE I", "trade-off"):  # fmt: skip
        assert words in text


@pytest.mark.usefixtures("toy")
def test_methods_leave_the_folder_of_a_run_alone(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text("{}", "utf-8")
    result = say("methods", "--out", tmp_path)
    assert "is the folder of a run" in str(result.exception)
    assert not (tmp_path / "methods.csv").exists()


@pytest.mark.usefixtures("toy")
def test_methods_replace_no_table_unless_told_to(tmp_path: Path) -> None:
    (tmp_path / "methods.csv").write_text("mine")
    result = say("methods", "--out", tmp_path)
    assert isinstance(result.exception, DataError)
    assert "methods.csv: is there already; name another folder, or replace it with --force" in str(
        result.exception
    )
    assert (tmp_path / "methods.csv").read_text() == "mine"
    assert say("methods", "--out", tmp_path, "--force").exception is None
    assert (tmp_path / "methods.csv").read_text("utf-8-sig").startswith("id,")


@pytest.mark.usefixtures("toy")
def test_thresholds_out_of_order_are_told() -> None:
    result = say("methods", "--indifference", "0.5", "--preference", "0.2")
    assert isinstance(result.exception, DeclarationError)
