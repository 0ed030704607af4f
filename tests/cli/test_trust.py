"""The command that says how sure the ranking is."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from siteselect.cli import trust
from siteselect.declared.study import Trust
from siteselect.study import run as running
from siteselect.study.result import Result
from tests.cli.conftest import Command
from tests.toy import toy_result

STUDY = """\
id: south
titles: {{en: Coarse, fa: درشت}}
provinces: [IR-18]
cell_m: 8000
criteria: petrochemical.yaml
existing:
  layer: estates
  kinds: {{estate: estate, special_economic_zone: special_zone}}
{trust}"""


@pytest.fixture(scope="module")
def toy() -> Result:
    return toy_result(30, trust=Trust(draws=300, list_length=4))


def told(result: Result) -> list[str]:
    return trust._told(result).splitlines()


def test_a_study_is_drawn_and_told_as_data(siteselect: Command, tmp_path: Path) -> None:
    declared = "trust: {draws: 200, list_length: 3}"
    (tmp_path / "study.yaml").write_text(STUDY.format(trust=declared), "utf-8")
    said = siteselect("robustness", "study.yaml", "--json")
    assert said.code == 0, said.err
    data = json.loads(said.out)["data"]
    assert data["list_length"] == 3
    assert "weights" in data["drawn"]
    assert [row["rank"] for row in data["sites"]] == list(range(1, len(data["sites"]) + 1))
    assert sum(row["prob_top_k"] for row in data["sites"]) == pytest.approx(3)
    assert {row["source"] for row in data["drivers"]} == {"weights", "method", "data", "position"}
    assert data["flips"]
    assert data["levers"]
    assert list(tmp_path.iterdir()) == [tmp_path / "study.yaml"]


def test_a_study_that_does_not_ask_is_drawn_with_the_usual_doubts(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked = []

    def decide(question: running.Question, **_: object) -> Result:
        asked.append(question.study.trust)
        return toy_result(30, trust=Trust(draws=200))

    monkeypatch.setattr(running, "decide", decide)
    (tmp_path / "study.yaml").write_text(STUDY.format(trust=""), "utf-8")
    said = CliRunner().invoke(trust.robustness, [str(tmp_path / "study.yaml")])
    assert said.exit_code == 0, said.output
    assert asked == [Trust()]


def test_each_site_of_the_list_has_its_chance_and_interval(toy: Result) -> None:
    lines = told(toy)
    assert lines[0] == "300 draws of weights, method, data, position together, seed 0"
    top = toy.sites.head(4)
    for line, row in zip(lines[3:7], top.to_dict("records"), strict=True):
        assert line.split()[:2] == [str(row["rank"]), row["id"]]
        assert f"{row['prob_top_k']:.0%}" in line
        assert f"{row['rank_low']:.0f} to {row['rank_high']:.0f}" in line
    assert lines[7] == ""


def test_drivers_are_told_strongest_first(toy: Result) -> None:
    (line,) = (line for line in told(toy) if line.startswith("what moves who is on the list"))
    assert toy.robustness is not None
    totals = dict(
        zip(toy.robustness.drivers.sources, toy.robustness.drivers.listed.total, strict=True)
    )
    named = [part.split()[0] for part in line.partition(": ")[2].split(", ")]
    assert named == sorted((s for s in totals if totals[s] > 0), key=lambda s: -totals[s])


def test_the_edge_is_told_in_words(toy: Result) -> None:
    found = toy.robustness
    assert found is not None
    assert found.flips.edge is not None
    assert found.flips.edge_flip is not None
    text = "\n".join(told(toy))
    inside, outside = (toy.scores.place_ids[i] for i in found.flips.edge)
    assert f"moving {found.flips.edge_flip.points:.2g} percentage points" in text
    change = found.flips.edge_flip.weights - toy.scores.weights
    taken, given = (toy.criteria.criteria[int(f(change))].titles.en for f in (np.argmin, np.argmax))
    assert f"most of it from: {taken}" in text
    assert f"most of it to:   {given}" in text
    assert text.index(outside + " (rank") < text.index(f"overtakes {inside}")


def test_an_edge_that_nothing_turns_is_said_so(toy: Result) -> None:
    assert toy.robustness is not None
    flips = dataclasses.replace(toy.robustness.flips, edge=None, edge_flip=None)
    held = dataclasses.replace(toy, robustness=dataclasses.replace(toy.robustness, flips=flips))
    assert told(held)[-1] == "no change of weights turns the edge of the list"


def test_what_is_infinite_or_unknown_is_plain_data(toy: Result) -> None:
    assert toy.robustness is not None
    far = np.full(len(toy.robustness.flips.points), np.inf)
    flips = dataclasses.replace(toy.robustness.flips, points=far)
    held = dataclasses.replace(toy, robustness=dataclasses.replace(toy.robustness, flips=flips))
    data = json.loads(json.dumps(trust._data(held), allow_nan=False))
    assert data["flips"][0]["points"] == "inf"
    never = [row for row in data["sites"] if row["prob_top_k"] == 0]
    assert all(row["w_ports"] is None for row in never)
    assert never


def test_too_few_ranked_sites_are_an_error_of_the_data(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(running, "decide", lambda *_, **__: toy_result(1))
    (tmp_path / "study.yaml").write_text(STUDY.format(trust=""), "utf-8")
    said = CliRunner().invoke(trust.robustness, [str(tmp_path / "study.yaml")])
    assert "fewer than two sites have a rank" in str(said.exception)


@pytest.mark.slow
def test_the_criteria_are_held_against_what_stands(siteselect: Command) -> None:
    text = siteselect("backtest").out
    data = json.loads(siteselect("backtest", "--json").out)["data"]
    first, *_, least = data["by"]
    assert first["layers_not_read"] == first["criteria_left_out"] == []
    assert {"feed_supply", "estates_near", "gas_line"} <= set(least["criteria_left_out"])
    assert 0 <= least["low"] <= least["auc"] <= least["high"] <= 1
    told = next(line for line in text.splitlines() if line.startswith("all criteria"))
    assert f"  {first['auc']:.2f}  {first['low']:.2f} to {first['high']:.2f}  " in told
    assert f"{len(data['plants'])} plants run" in text
    assert "the same within Khuzestan" in text
    assert "0.5 is guessing" in text
    assert "intervals" in text
