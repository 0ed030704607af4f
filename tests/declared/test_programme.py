"""The programme as people write it."""

import pytest

from siteselect.base import files
from siteselect.base.errors import DeclarationError
from siteselect.declared.programme import Programme

HEAD = "id: toy\ntitles: {en: Toy, fa: آزمون}\nk: 3\n"


def read(tmp_path, text):
    path = tmp_path / "programme.yaml"
    path.write_text(HEAD + text, encoding="utf-8")
    return files.read(path, Programme)


def test_the_shipped_programme_is_thirteen_parks_in_four_provinces():
    shipped = files.read(files.home() / "criteria" / "programme.yaml", Programme)
    assert shipped.k == 13
    assert set(shipped.provinces) == {"IR-06", "IR-18", "IR-22", "IR-11"}
    assert sum(quota.at_least for quota in shipped.provinces.values()) <= shipped.k
    assert sum(quota.at_most for quota in shipped.provinces.values()) >= shipped.k
    assert shipped.existing_first.tolerance_loss == 0.02
    assert shipped.alternatives.at_most >= 10
    assert shipped.undetermined.policy == "allowed"
    assert all(quota.titles.fa for quota in shipped.provinces.values())


def test_a_count_alone_is_a_programme(tmp_path):
    plain = read(tmp_path, "")
    assert plain.k == 3
    assert plain.existing_first is None
    assert plain.spacing is None


@pytest.mark.parametrize(
    ("text", "field", "words"),
    [
        ("locked_in: [a, b]\nlocked_out: [b]\n", "", "locked in and locked out at once: b"),
        ("provinces: {IR-06: {at_least: 3, at_most: 2}}\n", "provinces.IR-06", "above at_most 2"),
        ("undetermined: {policy: allowed, price: 0.1}\n", "undetermined", "policy: priced"),
        ("existing_first: {tolerance_loss: 2}\n", "existing_first.tolerance_loss", "less than"),
        ("existing_first: {}\n", "existing_first", "tolerance_loss is missing"),
        ("spacing: {at_least_km: -1}\n", "spacing.at_least_km", "greater than"),
        ("spacing: {at_least_km: 5, judged: nearly}\n", "spacing.judged", "nominal"),
        ("budgets: {land: {at_most: 5}}\n", "budgets.land", "unknown key 'land'"),
        ("locked_inn: [a]\n", "locked_inn", "did you mean 'locked_in'?"),
        ("objective: best\n", "objective", "expected"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(tmp_path, text, field, words):
    with pytest.raises(DeclarationError) as caught:
        read(tmp_path, text)
    fault = caught.value.faults[0]
    assert fault.field == field
    assert words in fault.message


def test_k_is_a_whole_number_from_one_up(tmp_path):
    path = tmp_path / "programme.yaml"
    for wrong in ("0", "2.5", "'13'"):
        path.write_text(HEAD.replace("k: 3", f"k: {wrong}"), encoding="utf-8")
        with pytest.raises(DeclarationError) as caught:
            files.read(path, Programme)
        assert caught.value.faults[0].field == "k"
        assert caught.value.faults[0].row == "line 3"
