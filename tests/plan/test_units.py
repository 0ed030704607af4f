"""The register of downstream units: what is refused, and the diagnosis. Every row is synthetic."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siteselect.base import files
from siteselect.base.errors import DataError
from siteselect.base.text import persian_digits
from siteselect.plan.units import BANDS, Register, band, diagnose, read_units
from siteselect.world.catalog import Catalog
from tests.plan.test_bundled_chain import bundled

LAYOUT = (
    Catalog.open(files.home() / "data").table("unit_register_layout").to_dict("records")
)  # read once: the real layout of 59 fields
LABELS = {row["id"]: row["label_fa"] for row in LAYOUT}
KNOWN = {
    "estates": ["IE-1", "IE-2"],
    "materials": ["pe_pipe", "hdpe", "pp_bags"],
    "processes": ["V01", "V04"],
    "sources": ["PC-JAM"],
}
PROCESSES = {"V01": bundled().processes["V01"], "V04": bundled().processes["V04"]}
UNIT = {
    "unit_id": "U1", "estate_id": "IE-1", "licence_stage": "operation_licence",
    "name_fa": "لوله‌سازی نمونه", "isic4": "2220", "isipo_group": "chemical",
    "chain_process_id": "V01", "main_product": "pe_pipe", "main_feedstock": "hdpe",
    "lat": "30.5", "lon": "49.1", "position_accuracy_km": "1", "nominal_capacity_t_y": "5000",
    "actual_output_t_y": "1000", "output_year": "1403", "activity_status": "active",
    "cause_primary": "liquidity", "jobs_actual": "40", "land_area_m2": "10000",
    "power_contract_kw": "800", "env_class": "3", "source": "synthetic example",
    "source_kind": "survey", "as_of": "2025-03-20",
}  # fmt: skip


def write(path: Path, *units: dict[str, str], persian: bool = False) -> Path:
    headings = list(dict.fromkeys(name for unit in units for name in unit))
    lines = [[unit.get(name, "") for name in headings] for unit in units]
    if persian:
        headings = [LABELS[name] for name in headings]
    text = "\n".join(",".join(cells) for cells in [headings, *lines]) + "\n"
    path.write_text(text, encoding="utf-8")
    return path


def read(folder: Path, *units: dict[str, Any], persian: bool = False) -> Register:
    path = write(folder / "units.csv", *units, persian=persian)
    return read_units(path, LAYOUT, KNOWN, processes=PROCESSES)


def refused(folder: Path, **changes: str) -> str:
    with pytest.raises(DataError) as caught:
        read(folder, UNIT, UNIT | {"unit_id": "U2"} | changes)
    return str(caught.value)


def test_the_layout_has_59_fields_and_each_can_be_read() -> None:
    assert len(LAYOUT) == 59
    assert set(UNIT) >= {row["id"] for row in LAYOUT if row["requirement"] == "required"}


def test_a_unit_reads_in_english_and_in_persian(tmp_path: Path) -> None:
    english = read(tmp_path, UNIT).units
    farsi = {name: persian_digits(word) if word[:1].isdigit() else word
             for name, word in UNIT.items()}  # fmt: skip
    register = read(tmp_path, farsi, persian=True)
    assert register.units == english
    assert any("Persian or Arabic digits" in warning.message for warning in register.warnings)
    assert register.synthetic
    assert not read(tmp_path, UNIT | {"source": "estate company"}).synthetic


def test_a_workbook_reads_as_well(tmp_path: Path) -> None:
    import xlsxwriter

    path = tmp_path / "units.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, [LABELS[name] for name in UNIT])
        sheet.write_row(1, 0, list(UNIT.values()))
    assert read_units(path, LAYOUT, KNOWN).units == read(tmp_path, UNIT).units


@pytest.mark.parametrize(
    ("field", "cell", "words"),
    [
        ("actual_output_t_y", "6000", "6000 t/y is above the capacity of 5000 t/y"),
        ("nominal_capacity_t_y", "5 kt", "'5 kt'"),
        ("nominal_capacity_t_y", "0", "must be above 0"),
        ("nominal_capacity_t_y", "", "nominal_capacity_t_y"),
        ("practical_capacity_t_y", "5500", "above the licensed 5000"),
        ("estate_id", "IE-9", "'IE-9' is unknown"),
        ("main_product", "pe_pip", "did you mean 'pe_pipe'?"),
        ("main_feedstock", "HDPE", "'HDPE' is unknown"),
        ("chain_process_id", "V99", "'V99' is unknown"),
        ("activity_status", "aktive", "did you mean 'active'?"),
        ("cause_secondary", "no money", "is not one of liquidity"),
        ("cause_primary", "", "a unit at 20 % must name its main cause"),
        ("utilisation_pct", "80", "80 % is given, output over capacity is 20.0 %"),
        ("lat", "49.1", "49.1"),
        ("env_class", "9", "whole number from 1 to 7"),
        ("isic4", "22", "four digits"),
        ("as_of", "20 March", "is no date"),
        ("as_of", "1403-12-30", "is no Gregorian date"),
        ("as_of", "۱۴۰۳-۱۲-۳۰", "is no Gregorian date"),
        ("output_year", "2024", "2024 is Gregorian, but row 2 has 1403; write one calendar"),
        ("output_year", "12", "12 is no year such as 1403 or 2024"),
        ("machinery_year", "980", "980 is no year"),
        ("utilisation_band", "ge70", "ge70 is given, output over capacity is 20.0 %"),
        ("main_product", "pp_bags", "'pp_bags' is not made by V01, which makes pe_pipe"),
        ("park_type", "sulphur", "'sulphur' may not hold V01"),
        ("revival_measure", "merger; prayer", "'prayer' is not one of"),
        ("export_markets", "IQ; Iraq", "country codes"),
        ("unit_id", "U1", "stands in row 2 too"),
    ],
)
def test_a_fault_names_row_and_field(tmp_path: Path, field: str, cell: str, words: str) -> None:
    said = refused(tmp_path, **{field: cell})
    assert words in said
    assert f"units.csv: row 3: {field}: " in said


def test_an_idle_unit_has_no_output(tmp_path: Path) -> None:
    assert "said to stand idle" in refused(tmp_path, activity_status="inactive")


def test_every_fault_is_told_at_once(tmp_path: Path) -> None:
    said = refused(tmp_path, estate_id="X", main_product="Y", actual_output_t_y="9999")
    assert all(f"row 3: {name}" in said for name in ("estate_id", "main_product"))
    assert "actual_output_t_y" in said


def test_a_heading_that_is_no_field_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"row 1: nominal_capacity_kt_y: is no field .*t_y'"):
        read(tmp_path, UNIT | {"nominal_capacity_kt_y": "5"})


def test_what_could_be_revived(tmp_path: Path) -> None:
    register = read(
        tmp_path,
        UNIT,
        UNIT | {"unit_id": "U2", "practical_capacity_t_y": "4000", "actual_output_t_y": "0",
                "activity_status": "inactive", "cause_primary": "feedstock_shortage"},
        UNIT | {"unit_id": "U3", "actual_output_t_y": "4500", "cause_primary": ""},
        UNIT | {"unit_id": "U4", "estate_id": "IE-2", "main_product": "pp_bags",
                "chain_process_id": "V04", "actual_output_t_y": "2500"},
    )  # fmt: skip
    found = diagnose(register)
    assert found.bands == {"ge70": 1, "50to70": 1, "lt50": 1, "idle": 1}
    assert found.causes == (("liquidity", 2), ("feedstock_shortage", 1))
    assert [(i.estate, i.product, i.units, i.revivable) for i in found.idle] == [
        ("IE-1", "pe_pipe", ("U1", "U2"), 8000.0),
        ("IE-2", "pp_bags", ("U4",), 2500.0),
    ]
    assert found.made == (("pe_pipe", 5500.0), ("pp_bags", 2500.0))
    assert found.idle_estates() == {"IE-1": 8000.0, "IE-2": 2500.0}
    assert found.synthetic


def test_causes_are_those_of_units_below_70_percent(tmp_path: Path) -> None:
    register = read(
        tmp_path,
        UNIT | {"cause_primary": "feedstock_shortage"},
        UNIT | {"unit_id": "U2", "actual_output_t_y": "3500"},
        UNIT | {"unit_id": "U3", "actual_output_t_y": "4999", "cause_secondary": "liquidity"},
    )
    found = diagnose(register)
    assert found.bands["ge70"] == 2
    assert found.causes == (("feedstock_shortage", 1),)
    assert [(i.units, i.causes) for i in found.idle] == [(("U1",), ("feedstock_shortage",))]


@pytest.mark.parametrize(
    "changes",
    [{"activity_status": "under_construction"}, {"licence_stage": "establishment_permit"},
     {"activity_status": "liquidated"}, {"licence_stage": "revoked"}],
)  # fmt: skip
def test_what_does_not_stand_cannot_be_revived(tmp_path: Path, changes: dict[str, str]) -> None:
    bare = UNIT | {"unit_id": "U2", "actual_output_t_y": "0", "cause_primary": ""} | changes
    found = diagnose(read(tmp_path, UNIT, bare))
    assert found.unbuilt == 1
    assert found.bands == {"ge70": 0, "50to70": 0, "lt50": 1, "idle": 0}
    assert [(entry.units, entry.revivable) for entry in found.idle] == [(("U1",), 4000.0)]


def test_a_machine_may_bear_its_makers_calendar(tmp_path: Path) -> None:
    two = (UNIT | {"machinery_year": "1998"},
           UNIT | {"unit_id": "U2", "machinery_year": "1377"})  # fmt: skip
    assert len(read(tmp_path, *two).units) == 2


def test_the_synthetic_example_reads_and_says_what_it_is() -> None:
    catalog = Catalog.open(files.home() / "data")
    known = {
        "estates": catalog.table("estates")["id"].tolist(),
        "materials": list(bundled().materials),
        "processes": list(bundled().processes),
        "sources": [],
    }
    path = files.home() / "criteria" / "chain" / "units_synthetic.csv"
    register = read_units(path, LAYOUT, known, processes=bundled().processes)
    assert register.synthetic
    assert all("synthetic" in unit.source and "ساختگی" in unit.name for unit in register.units)
    found = diagnose(register)
    assert found.synthetic
    assert min(found.bands.values()) >= 1
    assert found.unbuilt == 1


@given(st.floats(0, 100), st.sampled_from(["active", "semi_active", "inactive"]))
def test_every_unit_has_one_band(used: float, status: str) -> None:
    assert band(used, status) in BANDS
    assert (band(used, status) == "idle") == (used <= 0 or status == "inactive")
