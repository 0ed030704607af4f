"""A criteria set is whole, its units fit, and one that extends another says what differs."""

import json
from pathlib import Path
from typing import Any

import pytest

from siteselect.base.errors import DeclarationError
from siteselect.declared import criteria
from siteselect.declared.criteria import CriteriaSet, named, park_types, read_criteria
from tests.toy import criteria_data

TITLES = "{en: X, fa: ایکس}"


def write(folder: Path, name: str = "toy", **changes: Any) -> Path:
    path = folder / f"{name}.yaml"
    # JSON is YAML: the tests of lines write their own.
    path.write_text(json.dumps(criteria_data() | changes, ensure_ascii=False), "utf-8")
    return path


def faults(path: Path) -> str:
    with pytest.raises(DeclarationError) as error:
        read_criteria(path)
    return str(error.value).replace(f"{path.parent}/", "")


def changed(folder: Path, change: Any) -> str:
    data = criteria_data()
    change(data)
    return faults(write(folder, **data))


def test_a_whole_set_is_read(tmp_path: Path) -> None:
    found = read_criteria(write(tmp_path))
    assert [c.id for c in found.criteria] == ["ports", "railways", "protected"]
    assert [c.limit for c in found.constraints] == [1.0, None]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda d: d["criteria"][0].update(weight=0.6),
         "weights of group transport sum to 0.9, not 1; normalised they are ports: 0.666667,"),
        (lambda d: d["groups"]["nature"].update(weight=0.9),
         "weights of groups sum to 1.5, not 1; normalised they are transport: 0.4, nature: 0.6"),
        (lambda d: [c.update(weight=0) for c in d["criteria"]],
         "weights of group transport sum to 0; weights of group nature sum to 0"),
        (lambda d: d["criteria"][1].update(id="ports"), "id ports is used twice"),
        (lambda d: d["constraints"][0].update(id="ports"), "id ports is used twice"),
        (lambda d: d["criteria"][2].update(group="moon"), "group moon is not declared"),
        (lambda d: d["criteria"][0].update(knots=[[0, 1], [0, 0]]), "knots of ports must ascend"),
        (lambda d: d["criteria"][0].update(knots=[[0, 1]]), "at least 2 items"),
        (lambda d: d["criteria"][0].update(knots=[[0, 1.5], [1, 0]]), "less than or equal to 1"),
        (lambda d: d["criteria"][0].update(unit="kt/y"),
         "ports: unit 'kt/y' does not fit a length; write one of km, m"),
        (lambda d: d["criteria"][0].update(wieght=1),
         "unknown key 'wieght' (did you mean 'weight'?)"),
        (lambda d: d["criteria"][0]["measure"].update(kind="distence"), "'distance', 'supply'"),
        (lambda d: d["constraints"][0].update(unit="deg"), "unit 'deg' does not fit a length"),
        (lambda d: d["constraints"][0].update(at_most=3), "has both at_least and at_most"),
        (lambda d: d["constraints"][0].pop("at_least"), "is a screen without a measure or a limit"),
        (lambda d: d["constraints"][1].update(role="screen"), "make it an inquiry"),
        (lambda d: d["constraints"][0].update(clear=0.5), "clear of national_park must keep its"),
        (lambda d: d["constraints"][1].update(clear=0.5), "clear of regulation_1390 must keep"),
        (lambda d: d["constraints"][1].update(at_most=1, clear=2), "clear of regulation_1390 must"),
        (lambda d: d["criteria"][0].update(weight=-1), "greater than or equal to 0"),
        (lambda d: d.update(min_known=float("nan")), "min_known"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_told(tmp_path: Path, change: Any, told: str) -> None:
    assert told in changed(tmp_path, change)


def test_weights_are_shares_within_a_millionth(tmp_path: Path) -> None:
    data = criteria_data()
    data["criteria"][0]["weight"] = 0.7 + 9e-7
    assert read_criteria(write(tmp_path, **data)).criteria[0].weight == 0.7 + 9e-7


def test_relative_weights_need_no_sum(tmp_path: Path) -> None:
    data = criteria_data() | {"weights": "relative"}
    data["criteria"][0]["weight"] = 7
    assert read_criteria(write(tmp_path, **data)).weights == "relative"


def test_a_declaration_cannot_be_changed(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="frozen"):
        read_criteria(write(tmp_path)).min_known = 0.1  # type: ignore[misc]


# --- extends -----------------------------------------------------------------------------------


def extended(folder: Path, text: str) -> Path:
    write(folder, "base")
    path = folder / "polymer.yaml"
    path.write_text(f"extends: base\nid: polymer\n{text}", "utf-8")
    return path


def test_an_extending_set_says_only_what_differs(tmp_path: Path) -> None:
    text = """
weights: relative
groups:
  nature: {weight: 0.1}
  people: {weight: 0.3, titles: {en: People, fa: مردم}}
criteria:
  ports: {weight: 0.2, knots: [[0, 0.0], [9, 1.0]]}
  railways: {measure: {target: {layer: metro}}}
constraints:
  national_park: {at_least: 2.0}
drop: [regulation_1390]
add:
- id: labour
  group: people
  weight: 1.0
  unit: people
  knots: [[0, 0.0], [1000, 1.0]]
  titles: {en: Labour, fa: کارگر}
  measure: {kind: supply, target: {layer: towns}, amount: {column: population},
            decay: {scale_km: 10, cutoff_km: 30}}
  evidence: Judgement.
"""
    got, base = read_criteria(extended(tmp_path, text)), read_criteria(tmp_path / "base.yaml")
    assert got.id == "polymer"
    assert [c.id for c in got.criteria] == ["ports", "railways", "protected", "labour"]
    assert [c.id for c in got.constraints] == ["national_park"]
    assert got.criteria[0].knots == ((0.0, 0.0), (9.0, 1.0))
    assert got.criteria[0].titles == base.criteria[0].titles
    assert got.criteria[1].measure.target.layer == "metro"  # type: ignore[union-attr]
    assert got.criteria[2] == base.criteria[2]
    assert got.constraints[0].limit == 2.0
    assert got.groups["nature"].titles == base.groups["nature"].titles
    assert list(got.groups) == ["transport", "nature", "people"]


def test_a_measure_of_another_kind_replaces_the_whole(tmp_path: Path) -> None:
    text = (
        "criteria:\n  ports: {unit: deg, measure: {kind: surface, layer: dem, statistic: slope}}\n"
    )
    assert read_criteria(extended(tmp_path, text)).criteria[0].measure.kind == "surface"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("criteria:\n  prots: {weight: 1}\n",
         "polymer.yaml: line 4: criteria: prots is not in base (did you mean 'ports'?)"),
        ("drop: [moon]\n", "polymer.yaml: line 3: drop: moon is not in base"),
        ("constraints:\n- id: x\n", "line 3: constraints: must be a mapping by id"),
        ("drop: {ports: 1}\n", "line 3: drop: must be a list of ids"),
        ("criteria:\n  railways:\n    wieght: 1\n",
         "line 5: criteria.1.wieght: unknown key 'wieght' (did you mean 'weight'?)"),
        ("drop: [ports, railways]\n", "weights of group transport sum to 0"),
        ("add:\n- {id: x}\n", "polymer.yaml: line 4: criteria.3: group is missing"),
    ],
)  # fmt: skip
def test_faults_of_an_extending_set_name_its_own_lines(
    tmp_path: Path, text: str, told: str
) -> None:
    assert told in faults(extended(tmp_path, text))


@pytest.mark.parametrize("name", ["bsae", "../base", "polymer", "3"])
def test_a_base_must_stand_beside_it(tmp_path: Path, name: str) -> None:
    path = extended(tmp_path, "")
    path.write_text(f"extends: {name}\n")
    assert f"extends: no model '{name}' beside it" in faults(path)


def test_a_base_that_is_not_whole_is_told_by_its_own_name(tmp_path: Path) -> None:
    path = extended(tmp_path, "")
    (tmp_path / "base.yaml").write_text("id: base\n")
    assert "base.yaml: titles is missing" in faults(path)


# --- the bundled models ------------------------------------------------------------------------


def test_every_bundled_model_is_whole() -> None:
    folder = criteria.files.home() / "criteria"
    found = park_types(folder)
    assert [model.id for model in found] == sorted(
        path.stem for path in folder.glob("*.yaml") if path.name not in criteria.NOT_TYPES
    )
    assert all(isinstance(model, CriteriaSet) and model.criteria for model in found)


def test_a_park_type_is_found_by_name_or_the_nearest_is_told() -> None:
    assert named("petrochemical").id == "petrochemical"
    with pytest.raises(DeclarationError, match="did you mean 'petrochemical'"):
        named("petrochemicals")
