"""The command of the inquiries, as a user types it."""

import csv
import json
from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tests.real import COARSE_M

STUDY = f"""
id: south
titles: {{en: South, fa: جنوب}}
provinces: [IR-18]
cell_m: {COARSE_M}
criteria: petrochemical.yaml
existing: {{layer: estates, kinds: {{estate: estate, special_economic_zone: special_zone}}}}
"""


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """A study of existing sites of one province, without a programme."""
    path = tmp_path / "study.yaml"
    path.write_text(STUDY, encoding="utf-8")
    return path


def test_without_a_programme_the_best_of_the_ranking_ask(siteselect: Command, study: Path) -> None:
    told = json.loads(siteselect("inquiries", study, "--json").out)
    assert (told["command"], told["ok"]) == ("inquiries", True)
    sites = told["data"]["sites"]
    assert len(sites) == 13
    for site in sites:
        assert site["least_days"] == 60
        assert 0 < site["bodies_without_days"] < site["bodies"]
        for item in site["inquiries"]:
            assert item["authority_en"]
            assert item["days"] is None or item["days"] > 0
            assert item["legal_basis"] or item["settles"] == "survey" or not item["siting_rules"]
            assert item["source_kind"] in ("found", "recalled", "")
            assert item["status"] == "pending"
    zones = [site for site in sites if site["kind"] == "special_zone"]
    assert zones
    assert {site["inquiries"][0]["authority"] for site in zones} == {"IA-25"}


def test_the_text_tells_whom_to_ask_in_both_languages(siteselect: Command, study: Path) -> None:
    ask = ("inquiries", study, "--site", "IE-BUS-016")
    english, persian = siteselect(*ask).out, siteselect(*ask, "--lang", "fa").out
    assert "licensor; days to reply: unknown; recalled" in english
    assert "National park (national_park): undetermined; reads 0 km" in english
    assert "No authority: a survey settles it" in english
    assert "SR-010  national park: Cabinet regulation 64677" in english
    assert "پارک ملی (national_park): نامعین؛ خوانده ۰ کیلومتر" in persian
    assert "دبیرخانه مناطق آزاد [IA-25]؛ صادرکنندهٔ مجوز؛ مهلت پاسخ (روز): نامعلوم" in persian
    assert "dastour.ir 400303" in persian
    assert len(english.splitlines()) == len(persian.splitlines())


def test_a_site_that_is_no_candidate_is_refused_with_the_nearest(
    siteselect: Command, study: Path
) -> None:
    wrong = siteselect("inquiries", study, "--site", "IE-BUS-16")
    assert wrong.code == 4
    assert "did you mean 'IE-BUS-0" in wrong.err


def test_a_register_is_laid_out_filled_and_fed_back(
    siteselect: Command, study: Path, tmp_path: Path
) -> None:
    register = tmp_path / "register.csv"
    ask = ("inquiries", study, "--site", "IE-BUS-016")
    written = siteselect(*ask, "--layout", register, "--lang", "fa")
    assert f"questions written to {register}" in written.out
    assert siteselect(*ask, "--layout", register).code == 4  # nothing is written over
    with register.open(encoding="utf-8-sig", newline="") as handle:
        rows = list(csv.reader(handle))
    assert rows[0][:2] == ["شناسهٔ پهنه", "نام پهنه"]
    (row,) = (row for row in rows if "national_park" in row)
    row[-4:-1] = ["مخالفت", "2026-03-01", "140/1"]
    with register.open("w", encoding="utf-8", newline="") as handle:
        csv.writer(handle).writerows(rows)
    told = siteselect("explain", "IE-BUS-016", "--study", study, "--answers", register)
    assert "refused by Department of Environment (provincial) [IA-02] (national_park)" in told.out
    assert "excluded" in told.out
    again = json.loads(siteselect(*ask, "--answers", register, "--json").out)["data"]["sites"]
    (asked,) = (item for item in again[0]["inquiries"] if item["rule"] == "national_park")
    assert (asked["status"], asked["answer"]) == ("refused", "excluded")
    text = siteselect(*ask, "--answers", register, "--lang", "fa").out
    assert "» مخالفت، در تاریخ 2026-03-01، شمارهٔ ۱۴۰/۱" in text


def test_every_fault_of_a_register_is_told_at_once(
    siteselect: Command, study: Path, tmp_path: Path
) -> None:
    register = tmp_path / "register.csv"
    register.write_text(
        "site,rule,authority,answer,date,reference\nIE-BUS-16,wetlands,IA-02,yes,1404-01-01,\n",
        encoding="utf-8",
    )
    for command in (("inquiries", study), ("run", study, "--out", tmp_path / "out")):
        wrong = siteselect(*command, "--answers", register)
        assert wrong.code == 4
        for field in ("site", "rule", "answer", "date"):
            assert f"error: register.csv: row 2: {field}: " in wrong.err
