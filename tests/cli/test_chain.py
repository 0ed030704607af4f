"""The commands of the value chain, as a user types them."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tests.plan import test_units as units


def test_the_balance_is_told_and_a_source_can_be_left_out(siteselect: Command) -> None:
    told = json.loads(siteselect("chain", "--json").out)["data"]
    whole, links = told["balance"], told["sankey"]["links"]
    for name in ("sulphur", "methanol"):
        enters = sum(kt_y for _, end, kt_y in links if end == name)
        leaves = sum(kt_y for start, _, kt_y in links if start == name)
        assert enters == pytest.approx(leaves) == pytest.approx(whole[name]["available"])
    fewer = json.loads(siteselect("chain", "--without", "GR-SP", "--json").out)["data"]["balance"]
    assert fewer["sulphur"]["available"] < whole["sulphur"]["available"]
    assert fewer["condensate"]["short"] > 1 > whole["condensate"]["short"]
    assert fewer["hdpe"] == whole["hdpe"]
    for balance in whole.values():
        spent = balance["captive"] + balance["bought"] + balance["left"]
        assert spent == pytest.approx(balance["available"])
        assert balance["range"][0] <= balance["available"] <= balance["range"][1]


def test_what_is_near_a_point_is_what_can_be_made_there(siteselect: Command) -> None:
    ask = ("chain", "--from", "sulphur", "--at", "52.6,27.5", "--within")
    near = json.loads(siteselect(*ask, "100", "--json").out)["data"]
    none = json.loads(siteselect(*ask, "0", "--json").out)["data"]
    assert near["left_kt_y"] == pytest.approx(sum(s["left"] for s in near["sources"]))
    assert near["left_kt_y"] > 100
    assert none["left_kt_y"] == 0
    assert none["sources"] == []
    by_product = {item["product"]: item for item in near["made"]}
    acid = by_product["sulphuric_acid"]
    assert acid["kt_y"] == pytest.approx(acid["yield_t"] * near["left_kt_y"])
    text = siteselect(*ask, "100", "--lang", "fa").out
    assert "اسید سولفوریک" in text


def test_a_route_is_told_and_an_unknown_material_refused(siteselect: Command) -> None:
    found = siteselect("chain", "--route", "sulphur", "ammonium_sulphate")
    assert "ammonium_sulphate" in found.out.splitlines()[-1]
    assert "no process of the table leads" in siteselect("chain", "--route", "pvc", "sulphur").out
    wrong = siteselect("chain", "--from", "sulfur")
    assert wrong.code == 4
    assert "sulphur" in wrong.err
    nowhere = siteselect("chain", "--without", "GR-XX")
    assert nowhere.code == 4
    assert "GR-XX" in nowhere.err
    point = siteselect("chain", "--from", "sulphur", "--at", "here")
    assert point.code == 2


def test_two_questions_in_one_and_places_off_the_earth_are_refused(siteselect: Command) -> None:
    both = siteselect("chain", "--route", "sulphur", "dap", "--missing")
    assert (both.code, both.out) == (2, "")
    assert "--route and --missing are two questions" in both.err
    assert siteselect("chain", "--at", "52,27").code == 2
    for place in ("300,0", "52", "52,95", "nan,27"):
        assert siteselect("chain", "--from", "sulphur", "--at", place).code == 2
    ask = ("chain", "--from", "sulphur", "--at")
    for place, hint in (("27.5,52.6", " (longitude comes first)\n"), ("48.86,2.35", "study\n")):
        said = siteselect(*ask, place)
        assert (said.code, said.out) == (4, "")
        assert "lies outside the provinces of the study" in said.err
        assert said.err.endswith(hint)
    empty = siteselect("chain", "--without", "")
    assert empty.code == 4
    assert "no source of feedstock" in empty.err


def test_of_what_no_process_charges_nothing_is_made(siteselect: Command) -> None:
    said = siteselect("chain", "--from", "water")
    assert said.code == 0
    assert "no process of the table starts from water" in said.out
    assert "is there already" in siteselect("chain", "--route", "dap", "dap").out


def test_supply_stands_by_source_with_its_dated_share(siteselect: Command) -> None:
    told = json.loads(siteselect("chain", "--from", "sulphur", "--json").out)["data"]
    assert told["left_kt_y"] == pytest.approx(sum(s["left"] for s in told["sources"]))
    for supply in told["sources"]:
        assert supply["available"] == pytest.approx(supply["nominal"] * supply["share"])
        assert supply["share_range"][0] <= supply["share"] <= supply["share_range"][1]
        assert supply["as_of"]
    assert "GR-SP12 South Pars gas refinery, phase(s) 12 (recalled: 274 x 0.42 of 2025)" in (
        siteselect("chain", "--from", "sulphur").out
    )


def test_what_running_plants_take_is_a_range_where_no_process_is_given(
    siteselect: Command,
) -> None:
    uses = json.loads(siteselect("chain", "--uses", "--json").out)["data"]["uses"]
    assert all(use["low_kt_y"] <= use["high_kt_y"] and use["recalled"] for use in uses)
    open_ = [use for use in uses if len(use["processes"]) > 1]
    assert {use["material"] for use in open_} >= {"ethane", "naphtha"}
    assert all(use["low_kt_y"] == use["high_kt_y"] for use in uses if len(use["processes"]) == 1)
    text = siteselect("chain", "--uses").out
    assert "0-3295" in text
    assert "a range where it is not said by which process" in text


def test_missing_products_and_added_value_are_told(siteselect: Command) -> None:
    missing = json.loads(siteselect("chain", "--missing", "--json").out)["data"]
    assert "carbon_disulphide" in missing["not_produced"]
    assert "S02" in missing["bought_in"]["bentonite"]
    value = json.loads(siteselect("chain", "--value", "--json").out)["data"]["added_value"]
    known = [item for item in value if item["low"] is not None]
    assert known
    assert all(item["low"] <= item["high"] for item in known)
    assert all(item["missing"] for item in value if item["low"] is None)
    assert "no margin" in siteselect("chain", "--value").out


def test_without_a_register_the_tool_says_so_and_gives_one_to_fill(
    siteselect: Command, tmp_path: Path
) -> None:
    assert "no register" in siteselect("units").out
    assert siteselect("units", "--layout", "empty.csv").code == 0
    headings = (tmp_path / "empty.csv").read_text("utf-8-sig").strip().split(",")
    assert len(headings) == 59
    again = siteselect("units", "--layout", "empty.csv")
    assert again.code == 4
    assert "already" in again.err


@pytest.mark.parametrize("option", ["--layout", "--example"])
def test_a_register_that_cannot_be_written_is_refused(
    siteselect: Command, tmp_path: Path, option: str
) -> None:
    said = siteselect("units", option, tmp_path / "none" / "a.csv")
    assert said.code == 4
    assert f"{tmp_path / 'none'}: is no folder that can be written; make it" in said.err
    (tmp_path / "there.csv").touch()
    other = "--example" if option == "--layout" else "--layout"
    both = siteselect("units", option, "there.csv", other, "new.csv")
    assert both.code == 4
    assert [path.name for path in tmp_path.iterdir()] == ["there.csv"]


def test_a_synthetic_register_can_be_tried(siteselect: Command) -> None:
    assert siteselect("units", "--example", "try.csv").code == 0
    assert siteselect("units", "--example", "try.csv").code == 4
    said = siteselect("units", "try.csv")
    assert said.out.startswith("SYNTHETIC EXAMPLE, NO FACT")
    assert "not built or no longer standing 1" in said.out
    told = json.loads(siteselect("units", "try.csv", "--json").out)
    assert told["data"]["synthetic"] is True
    assert any("synthetic" in warning for warning in told["warnings"])


UNIT = units.UNIT | {"estate_id": "IE-KHZ-012", "feedstock_supplier_id": "PC-MARUN"}


def test_a_register_is_diagnosed_and_a_synthetic_one_says_so(
    siteselect: Command, tmp_path: Path
) -> None:
    units.write(tmp_path / "units.csv", UNIT, persian=True)
    said = siteselect("units", "units.csv")
    assert said.code == 0
    assert said.out.startswith("SYNTHETIC EXAMPLE, NO FACT")
    assert "synthetic" in said.err
    assert "IE-KHZ-012" in said.out
    told = json.loads(siteselect("units", "units.csv", "--json").out)["data"]
    assert told["idle"][0]["revivable"] == pytest.approx(4000)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"nominal_capacity_t_y": "5 kt"}, "nominal_capacity_t_y"),
        ({"actual_output_t_y": "۶۰۰۰"}, "actual_output_t_y"),
        ({"estate_id": "IE-KHZ-999"}, "estate_id"),
        ({"main_product": "pe_pips"}, "main_product"),
    ],
)
def test_a_wrong_register_names_row_and_field(
    siteselect: Command, tmp_path: Path, changes: dict[str, str], field: str
) -> None:
    units.write(tmp_path / "units.csv", UNIT, UNIT | {"unit_id": "U2"} | changes)
    said = siteselect("units", "units.csv")
    assert said.code == 4
    assert "row 3" in said.err
    assert field in said.err
    assert said.out == ""


def test_idle_units_come_first_among_openings(siteselect: Command, tmp_path: Path) -> None:
    idle = UNIT | {"main_product": "nonwoven", "chain_process_id": "V05", "main_feedstock":
                   "polypropylene", "estate_id": "IE-KHZ-027"}  # fmt: skip
    units.write(tmp_path / "units.csv", idle)
    said = siteselect("opportunities", "--units", "units.csv", "--top", "1", "--json")
    first = json.loads(said.out)["data"]["openings"][0]
    assert (first["product"], first["place"]) == ("nonwoven", "IE-KHZ-027")
    assert "synthetic" in said.err


def test_openings_are_listed_with_every_factor(siteselect: Command) -> None:
    said = siteselect("opportunities", "--top", "5", "--why")
    assert said.code == 0
    assert "no register of units is at hand" in said.out
    assert "there is no register" in said.err
    for word in ("feedstock:", "price:", "utility gas_line:", "bought in:", "missing:"):
        assert said.out.count(word) == 5
    told = json.loads(siteselect("opportunities", "--top", "5", "--json").out)["data"]
    assert [item["rank"] for item in told["openings"]] == [1, 2, 3, 4, 5]
    assert told["found"] > 5
