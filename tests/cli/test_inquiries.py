"""The command of the inquiries, as a user types it."""

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
