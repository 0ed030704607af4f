"""Checks: things lie where they say they lie, in units that can be believed."""

import json
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from affine import Affine
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import Point, Polygon, box

from siteselect.base.errors import DataError, Fault
from siteselect.declared.criteria import CriteriaSet
from siteselect.world import checks
from siteselect.world.checks import Reading, check_file, user_sites
from siteselect.world.location import Area, check_points, province_codes
from siteselect.world.rasters import check_raster
from tests import toy
from tests.world import faulty
from tests.world.faulty import AREA, GOOD, features, polygon


def sites(folder: Path, data: bytes, name: str = "s.csv", **more: object) -> tuple[
    gpd.GeoDataFrame, list[str]
]:  # fmt: skip
    path = folder / name
    path.write_bytes(data)
    warnings: list[Fault] = []
    frame = user_sites(path, AREA, warnings=warnings, **more)  # type: ignore[arg-type]
    return frame, [str(fault) for fault in warnings]


def faults(folder: Path, data: bytes, name: str = "s.csv", **more: object) -> str:
    with pytest.raises(DataError) as caught:
        sites(folder, data, name, **more)
    return str(caught.value)


def test_a_good_table_passes_without_a_word(tmp_path: Path) -> None:
    frame, warnings = sites(tmp_path, GOOD.encode())
    assert warnings == []
    assert frame["province"].tolist() == ["IR-18", "IR-18", "IR-22"]
    assert frame[["name_en", "area_ha", "slope_deg"]].iloc[0].tolist() == ["Alpha", 220.0, 1.2]
    assert frame.columns[:4].tolist() == ["id", "name_en", "name_fa", "area_ha"]
    assert frame.crs.to_epsg() == 4326
    assert (frame["outside"] == "").all()
    assert (frame["position_accuracy_km"] == 0).all()


def test_columns_of_the_users_own_are_carried_untouched(tmp_path: Path) -> None:
    data = b"id,lon,lat,note,code_km\nS1,50.5,28.5, keep 007 ,none\n"
    frame, _ = sites(tmp_path, data)
    assert frame["note"].iloc[0] == "keep 007"
    assert frame["code_km"].iloc[0] == "none"


def test_an_attribute_criterion_types_its_column(tmp_path: Path) -> None:
    data = toy.criteria_data()
    data["criteria"][0]["measure"] = {"kind": "attribute", "column": "quay"}
    criteria = CriteriaSet.model_validate_json(json.dumps(data))
    table = b"id,lon,lat,quay\nS1,50.5,28.5,6\n"
    assert sites(tmp_path, table, criteria=criteria)[0]["quay"].iloc[0] == 6.0
    assert "quay: 6000 is not in [0, 2000] km; the value looks like metres" in faults(
        tmp_path, table.replace(b",6\n", b",6000\n"), criteria=criteria
    )


def test_attribute_words_must_be_known(tmp_path: Path) -> None:
    data = toy.criteria_data()
    data["criteria"][0]["measure"] = {"kind": "attribute", "column": "soil",
                                      "codes": {"rock": 1.0, "sand": 0.2}}  # fmt: skip
    criteria = CriteriaSet.model_validate_json(json.dumps(data))
    message = faults(tmp_path, b"id,lon,lat,soil\nS1,50.5,28.5,rok\n", criteria=criteria)
    assert "row 2: soil: 'rok' is not one of rock, sand (did you mean 'rock'?)" in message


def test_faults_of_cells_and_of_positions_come_together(tmp_path: Path) -> None:
    message = faults(
        tmp_path,
        faulty.rows("S1,A,50.5,28.5,x,1,1", "S1,B,51.5,20.0,5,1,1", "S3,C,28.5,50.5,5,1,1"),
    )
    assert "row 2: area_ha: 'x' is no number" in message
    assert "rows 2 and 3: id: id 'S1' stands more than once" in message
    assert "row 3 (S1): lon, lat: lies outside the provinces" in message
    assert "row 4 (S3): lon, lat: 1 of the positions" in message


def test_a_point_in_the_sea_is_a_fault_beyond_its_accuracy_and_a_warning_within(
    tmp_path: Path,
) -> None:
    table = b"id,lon,lat,position_accuracy_km\nS1,50.5,27.95,%d\n"
    # 0.05 degrees south of the coast at 28 N: 5.5 km.
    assert "(S1): lon, lat: lies in the sea, 5.5 km from land" in faults(tmp_path, table % 3)
    frame, warnings = sites(tmp_path, table % 4)
    assert "lies in the sea" in warnings[0]
    assert frame["province"].tolist() == ["IR-18"]


@pytest.mark.parametrize("word", ["unknown", "نامعلوم", "Unknown", ""])
def test_an_unknown_accuracy_is_never_an_exact_position(tmp_path: Path, word: str) -> None:
    data = f"id,lon,lat,position_accuracy_km\nU,50.5,28.5,{word}\nK,50.6,28.5,2\n"
    message = faults(tmp_path, data.encode())
    assert message.startswith(
        "s.csv: row 2: position_accuracy_km: is empty; write a number: the km"
        if not word
        else f"s.csv: row 2: position_accuracy_km: {word!r} is"
    )
    assert message.endswith("the km within which the site lies")
    assert "or 'unknown'" not in message


def test_a_layer_that_the_catalogue_gives_an_accuracy_may_leave_it_unknown(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text("id,lon,lat,position_accuracy_km\nU,50.5,28.5,unknown\n")
    report = check_file(tmp_path / "p.csv", "ports", AREA)
    assert report.faults == report.warnings == ()


@pytest.mark.parametrize(
    "heading",
    ["Position_Accuracy_km", "POSITION_ACCURACY_KM", "position accuracy (km)", "accuracy_km",
     "ACC_KM", "position_a"],
)  # fmt: skip
def test_an_accuracy_of_another_spelling_is_read_and_told(tmp_path: Path, heading: str) -> None:
    frame, warnings = sites(tmp_path, f"id,lon,lat,{heading}\nS1,50.5,28.5,7\n".encode())
    assert frame["position_accuracy_km"].tolist() == [7.0]
    assert warnings == [f"s.csv: {heading} is read as position_accuracy_km"]


@pytest.mark.parametrize(
    ("heading", "cure"),
    [("accuracy", "if 'accuracy' holds it in km, call it so"),
     ("دقت (کیلومتر)", "if 'دقت (کیلومتر)' holds it in km, call it so"),
     ("acc_km,accuracy_km", "if 'acc_km' or 'accuracy_km' holds it in km, call it so")],
)  # fmt: skip
def test_what_may_be_an_accuracy_is_named_and_not_guessed(
    tmp_path: Path, heading: str, cure: str
) -> None:
    cells = ",".join("7" for _ in heading.split(","))
    frame, warnings = sites(tmp_path, f"id,lon,lat,{heading}\nS1,50.5,28.5,{cells}\n".encode())
    assert frame["position_accuracy_km"].tolist() == [0.0]
    assert [text for text in warnings if text.endswith(cure)]


def test_a_shapefile_keeps_the_accuracy_and_the_ids_that_its_format_renames(tmp_path: Path) -> None:
    frame = faulty.sites_frame().assign(position_accuracy_km=[3.0, 12.0])
    frame.rename(columns=lambda name: name[:10]).to_file(tmp_path / "any.shp")
    assert _read(tmp_path / "any.shp") == [("S1", 3.0), ("S2", 12.0)]
    frame = frame.rename(columns={"id": "SITE_ID", "position_accuracy_km": "ACC_KM"})
    frame.assign(AREA_HA=[5.0, np.nan]).to_file(tmp_path / "own.shp")
    assert _read(tmp_path / "own.shp") == [("S1", 3.0), ("S2", 12.0)]


def _read(path: Path) -> list[tuple[str, float]]:
    warnings: list[Fault] = []
    frame = user_sites(path, AREA, warnings=warnings)
    assert any("read as" in str(fault) for fault in warnings)
    return list(zip(frame["id"], frame["position_accuracy_km"], strict=True))


@given(away=st.floats(0.001, 0.5), own=st.floats(0, 40))
def test_outside_is_a_fault_exactly_beyond_both_accuracies(away: float, own: float) -> None:
    frame = gpd.GeoDataFrame(
        {"id": ["S1"], "province": ["Hormozgan"], "position_accuracy_km": [own]},
        geometry=[Point(52 + away, 28.5)], crs="EPSG:4326",
    )  # fmt: skip
    found, warnings = check_points(frame, "t.csv", AREA)
    km = away * 111.32 * np.cos(np.radians(28.5))
    if abs(km - own - AREA.province_accuracy_km) > 0.05:
        assert bool(found) == (km > own + AREA.province_accuracy_km)
    assert len(found) + len(warnings) == 1


def test_an_outline_in_the_sea_is_kept_and_told(tmp_path: Path) -> None:
    ring = [[50.1, 27.1], [50.2, 27.1], [50.2, 27.2], [50.1, 27.2], [50.1, 27.1]]
    frame, warnings = sites(tmp_path, features(polygon(ring)), "s.geojson")
    assert frame["outside"].iloc[0].startswith("lies in the sea, 88")
    assert frame["province"].iloc[0] == ""
    assert any("feature 1 (P1)" in text and "cannot be ranked" in text for text in warnings)


def test_an_outline_gives_its_area_and_a_point_within(tmp_path: Path) -> None:
    frame, warnings = sites(tmp_path, features(polygon(faulty.SQUARE)), "s.geojson")
    # A tenth of a degree squared at 28.15 N: 11.08 km by 9.83 km on the WGS84 ellipsoid.
    assert frame["area_ha"].iloc[0] == pytest.approx(10_880, rel=2e-3)
    assert Polygon(faulty.SQUARE).contains(Point(frame[["lon", "lat"]].iloc[0]))
    assert warnings == []


def test_a_group_of_one_point_is_a_point_and_of_more_is_a_fault(tmp_path: Path) -> None:
    group = {"type": "MultiPoint", "coordinates": [[50.5, 28.5]]}
    assert sites(tmp_path, features(group), "s.geojson")[0].geometry.iloc[0] == Point(50.5, 28.5)
    group["coordinates"] = [[50.5, 28.5], [50.6, 28.5]]
    assert "feature 1: holds several points" in faults(tmp_path, features(group), "s.geojson")


def test_a_layer_in_metres_ends_in_degrees(tmp_path: Path) -> None:
    faulty.sites_frame("EPSG:32639").to_file(tmp_path / "s.gpkg")
    frame = user_sites(tmp_path / "s.gpkg", AREA, warnings=[])
    assert frame["lon"].tolist() == pytest.approx([50.25, 51.5])


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (["S1,A,28.5,50.5,5,1,1", "S2,B,28.2,51.5,5,1,1"],
         ["rows 2 and 3: lon, lat: all positions", "exchange"]),
        (["S1,A,0,0,5,1,1"], ["lies at 0, 0"]),
        (["S1,A,659012.4,3042877.1,5,1,1"], ["row 2: lon", "projected metres"]),
        (["S1,A,50.5,127.50,5,1,1"], ["row 2: lat: 127.50 is not in [-90, 90]"]),
        (["S1,A,,28.5,5,1,1"], ["row 2: lon: is empty"]),
        (["S1,A,50.5,28.5,,1,1"], ["row 2: area_ha: is empty", "'unknown'"]),
        ([",A,50.5,28.5,5,1,1"], ["row 2: id: is empty"]),
        (["S1,A,50.5,28.5,3500000,1,6000"], ["square metres", "looks like metres"]),
        (["S1,A,50.5,28.5,5,99,1"], ["slope_deg: 99 is not in [0, 90]"]),
    ],
)  # fmt: skip
def test_positions_and_units_that_cannot_be_meant(
    tmp_path: Path, rows: list[str], words: list[str]
) -> None:
    message = faults(tmp_path, faulty.rows(*rows))
    for word in words:
        assert word in message


def test_unknown_area_is_said_and_stays_unknown(tmp_path: Path) -> None:
    frame, _ = sites(tmp_path, faulty.rows("S1,A,50.5,28.5,unknown,1,1"))
    assert np.isnan(frame["area_ha"].iloc[0])


def test_arabic_letters_are_repaired_and_twins_are_named(tmp_path: Path) -> None:
    frame, warnings = sites(
        tmp_path, faulty.rows("S1,كنگان,50.5,28.5,5,1,1", "S2,کنگان,50.6,28.5,5,1,1")
    )
    assert frame["name_fa"].tolist() == ["کنگان", "کنگان"]
    assert any("row 2: name_fa: Arabic letters" in text for text in warnings)
    assert any("rows 2 and 3: name_fa: probably the same name" in text for text in warnings)


@pytest.mark.parametrize("pairs", [12, 13, 40])
def test_of_very_many_twins_the_first_are_named_and_the_rest_counted(
    tmp_path: Path, pairs: int
) -> None:
    rows = (f"S{n},N{n},{50 + n // 2 / 100},28.5,5,1,1" for n in range(2 * pairs))
    _, warnings = sites(tmp_path, faulty.rows(*rows))
    told = [text for text in warnings if "share one position" in text]
    assert len(told) == 12
    assert told[0] == "s.csv: rows 2 and 3: lon, lat: share one position; their spacing is unknown"
    rest = "" if pairs == 12 else f" ({pairs - 11} more)"
    assert told[-1].endswith(f"their spacing is unknown{rest}")
    assert told[-1].startswith("s.csv: rows" if pairs == 12 else "s.csv: lon, lat")


def test_a_long_name_is_shortened_everywhere(tmp_path: Path) -> None:
    frame, warnings = sites(tmp_path, faulty.rows(f"S1,{'A' * 300_000},50.5,28.5,5,1,1"))
    assert len(frame["name_en"].iloc[0]) == checks.NAME_CHARS
    assert "300,000" in warnings[0]


@pytest.mark.parametrize(
    "name", ["Bushehr", "IR-18", "ir-18", "استان بوشهر", "استان بوشهر\u200c", "bushehr province"]
)
def test_a_province_is_known_by_any_of_its_names(name: str) -> None:
    frame = gpd.GeoDataFrame({"province": [name]}, geometry=[Point(50.5, 28.5)], crs=4326)
    assert province_codes(frame, AREA, "t.csv") == (["IR-18"], [])


@pytest.mark.parametrize("name", ["سیستان و بلوچستان", "سیستان وبلوچستان", "سيستان‌و‌بلوچستان"])
def test_and_may_be_written_onto_the_name_that_follows(name: str) -> None:
    named = toy.PROVINCES.assign(name_fa="سیستان و بلوچستان").iloc[:1]
    frame = gpd.GeoDataFrame({"province": [name]}, geometry=[Point(50.5, 28.5)], crs=4326)
    assert province_codes(frame, Area(named, AREA.land), "t.csv")[1] == []
    frame["province"] = "سیستان و بلوچ"
    assert "did you mean 'سیستان و" in str(
        province_codes(frame, Area(named, AREA.land), "t.csv")[1][0]
    )


def test_a_province_that_the_point_contradicts_is_a_fault(tmp_path: Path) -> None:
    table = b"id,lon,lat,province\nS1,51.5,28.5,Bushehr\nS2,50.5,28.5,Busher\n"
    message = faults(tmp_path, table)
    assert "row 2 (S1): lon, lat: lies 48.9 km outside Bushehr" in message
    assert (
        "row 3: province: 'Busher' is no province of the study (did you mean 'Bushehr'?)" in message
    )


def test_a_town_that_is_named_binds_and_one_in_a_name_is_a_hint() -> None:
    frame = gpd.GeoDataFrame(
        {"id": ["C1", "C2", "C3"], "name_en": ["x", "Alphatown customs", "Betatown"],
         "town": ["Alphatown", "", "Betatown"]},
        geometry=[Point(51.5, 28.5), Point(51.5, 28.5), Point(51.8, 28.6)], crs="EPSG:4326",
    )  # fmt: skip
    found, warnings = check_points(frame, "t.csv", AREA)
    assert [fault.row for fault in found] == ["row 0 (C1)"]
    assert "km from alphatown" in str(found[0])
    assert [fault.row for fault in warnings] == ["row 1 (C2)"]


def test_kinds_offshore_by_nature_may_lie_in_the_sea() -> None:
    frame = gpd.GeoDataFrame(
        {"id": ["a", "b"], "kind": ["oil_terminal", "port"], "province": ["Bushehr", "Bushehr"]},
        geometry=[Point(50.5, 27.0), Point(50.5, 27.0)], crs="EPSG:4326",
    )  # fmt: skip
    source = toy.source("ports", offshore=("oil_terminal",))
    found, _ = check_points(frame, source, AREA)
    assert [fault.row for fault in found] == ["row 1 (b)"]
    assert check_points(frame, "t.csv", AREA, offshore=None) == ([], [])


def test_a_lake_is_no_sea() -> None:
    lake = box(50.4, 28.4, 50.6, 28.6)
    land = gpd.GeoDataFrame(geometry=[box(49, 28, 53, 30).difference(lake)], crs="EPSG:4326")
    frame = gpd.GeoDataFrame({"id": ["a"]}, geometry=[Point(50.5, 28.5)], crs="EPSG:4326")
    assert check_points(frame, "t.csv", Area(toy.PROVINCES, land)) == ([], [])


def test_overlapping_provinces_are_told_with_their_area(tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame(
        {"province": ["Bushehr", "Hormozgan"]},
        geometry=[box(52, 27, 53, 28), box(52.5, 27, 53.5, 28)], crs="EPSG:4326",
    )  # fmt: skip
    frame.to_file(tmp_path / "p.geojson")
    report = check_file(tmp_path / "p.geojson", "provinces", AREA)
    assert (report.faults, report.rows) == ((), 2)
    # Half of the one-degree square at 27 to 28 N: 10,949 km2 on the ellipsoid.
    assert "overlap by 5,47" in str(report.warnings[0])


@pytest.mark.parametrize("kind", ["estates", "ports", "feedstock"])
def test_tables_of_points_are_checked(tmp_path: Path, kind: str) -> None:
    (tmp_path / "t.csv").write_text(
        "id,name_en,lon,lat,kind,province\nA,One,50.5,28.5,x,Bushehr\nB,Two,50.5,27.0,x,Bushehr\n"
    )
    report = check_file(tmp_path / "t.csv", kind, AREA)
    assert report.rows == 2
    assert any("sea" in str(fault) for fault in report.faults) == (kind != "ports")


def test_pipelines_are_lines(tmp_path: Path) -> None:
    faulty.lines_frame().to_file(tmp_path / "l.gpkg")
    assert check_file(tmp_path / "l.gpkg", "pipelines", AREA).faults == ()
    (tmp_path / "l.csv").write_text('id,wkt\nL1,"LINESTRING (50 28, 51 28)"\nL1,POINT (1 2)\n')
    report = check_file(tmp_path / "l.csv", "pipelines", AREA)
    assert "rows 2 and 3: id: id 'L1'" in str(report.faults[0])
    assert "row 3: holds no line" in str(report.faults[1])


def test_lines_of_a_layer_have_ids_like_those_of_a_table(tmp_path: Path) -> None:
    frame = faulty.lines_frame()
    frame = gpd.GeoDataFrame(pd.concat([frame, frame]), crs=frame.crs)
    for ids, told in (
        (["a", "a"], "features 1 and 2: id: id 'a' stands more than once"),
        (["a", None], "feature 2: id: is empty"),
    ):
        frame.assign(id=ids).to_file(tmp_path / "l.gpkg")
        report = check_file(tmp_path / "l.gpkg", "pipelines", AREA)
        assert [str(fault) for fault in report.faults] == [f"l.gpkg: {told}"]
    frame[["geometry"]].to_file(tmp_path / "l.gpkg")
    report = check_file(tmp_path / "l.gpkg", "pipelines", AREA)
    assert (report.faults, len(report.warnings)) == ((), 1)
    assert "has no id" in str(report.warnings[0])


def test_a_crs_that_is_given_for_a_table_is_held_against_it(tmp_path: Path) -> None:
    (tmp_path / "l.csv").write_text('id,wkt\nL1,"LINESTRING (545000 3150000, 546000 3150000)"\n')
    (tmp_path / "s.csv").write_text("id,lon,lat\nS1,50.5,28.5\n")

    def told(name: str, kind: str, crs: str) -> str:
        report = check_file(tmp_path / name, kind, AREA, reading=Reading(crs=crs))
        return "; ".join(str(fault) for fault in (*report.faults, *report.warnings))

    assert told("l.csv", "pipelines", "EPSG:32639") == told("s.csv", "sites", "EPSG:4326") == ""
    assert "--crs 'foo' is no CRS" in told("l.csv", "pipelines", "foo")
    assert "--crs 'foo' is no CRS" in told("s.csv", "sites", "foo")
    assert "but --crs says EPSG:32639" in told("s.csv", "sites", "EPSG:32639")


@pytest.mark.parametrize(
    ("name", "reading", "heeded"),
    [
        ("s.csv", Reading(layer="a"), False), ("s.csv", Reading(encoding="utf-8"), True),
        ("s.xlsx", Reading(encoding="cp1256"), False), ("s.xlsx", Reading(layer="Sheet"), True),
        ("s.geojson", Reading(layer="a"), False), ("s.geojson", Reading(encoding="a"), False),
    ],
)  # fmt: skip
def test_what_is_said_of_a_file_in_vain_is_told(
    tmp_path: Path, name: str, reading: Reading, *, heeded: bool
) -> None:
    files = {
        "s.csv": b"id,lon,lat\nS1,50.5,28.5\n",
        "s.xlsx": faulty.workbook([["id", "lon", "lat"], ["S1", 50.5, 28.5]]),
        "s.geojson": faulty.features(faulty.point(50.5, 28.5)),
    }
    (tmp_path / name).write_bytes(files[name])
    report = check_file(tmp_path / name, "sites", AREA, reading=reading)
    assert report.faults == ()
    assert ["is not heeded" in str(fault) for fault in report.warnings] == [True] * (not heeded)


def test_a_province_that_is_none_of_the_study_is_told_of_an_estate(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("id,lon,lat,province\nA,50.5,28.5,Busher\n")
    report = check_file(tmp_path / "t.csv", "estates", AREA)
    assert report.faults == ()
    assert "row 2: province: 'Busher' is no province of the study (did" in str(report.warnings[0])


def test_a_kind_that_is_unknown_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="did you mean 'ports'"):
        check_file(tmp_path / "t.csv", "port", AREA)


def test_an_encoding_and_a_sheet_are_passed_on(tmp_path: Path) -> None:
    data = "id,name,lon,lat\nS1,عسلويه,50.5,28.5\n".encode("cp1256")
    frame, _ = sites(tmp_path, data, reading=Reading(encoding="cp1256"))
    assert frame["name_fa"].iloc[0] == "عسلویه"
    book = faulty.workbook([["id", "lon", "lat"], ["S1", 50.5, 28.5]], second="Other")
    assert len(sites(tmp_path, book, "s.xlsx", reading=Reading(layer="Sheet"))[0]) == 1


def cells(*rows: list[float]) -> np.ndarray:
    return np.array(rows, dtype="float32")


@pytest.mark.parametrize(
    ("more", "word"),
    [
        ({"crs": None}, "has no CRS"),
        ({"crs": "EPSG:4326", "transform": Affine(0.01, 0, 50, 0, -0.01, 29)}, "0.01 deg"),
        ({"crs": "EPSG:4326"}, "does not fit its coordinates"),
        ({"transform": Affine(1000, 50, 4e5, 50, -1000, 3e6)}, "rotated"),
        ({"cells": cells([1, -9999], [2, 3]), "nodata": None}, "1 cells hold -9999"),
        ({"cells": cells([1, 9500], [2, 3])}, "not within [-450, 9000]"),
        ({"cells": cells([-32768, -32768])}, "is empty"),
        ({"cells": np.zeros((2, 3, 3), "float32")}, "holds 2 bands"),
        ({"units": "feet"}, "unit is 'feet'"),
        ({"cells": np.ones((2, 2), "complex64"), "nodata": None}, "complex"),
    ],
)  # fmt: skip
def test_a_dem_that_cannot_be_used_is_told(
    tmp_path: Path, more: dict[str, object], word: str
) -> None:
    faulty.raster(tmp_path / "d.tif", more.pop("cells", None), **more)
    report = check_file(tmp_path / "d.tif", "dem", AREA)
    assert any(word in str(fault) for fault in report.faults), report


def test_a_good_dem_passes_without_a_word(tmp_path: Path) -> None:
    faulty.raster(tmp_path / "d.tif")
    assert check_raster(tmp_path / "d.tif", "dem") == ([], [])


def test_the_least_whole_number_is_no_value_of_any_raster(tmp_path: Path) -> None:
    values = np.array([[1, -(2**31)], [3, 4]], dtype="int32")
    faulty.raster(tmp_path / "d.tif", values, nodata=None)
    report = check_file(tmp_path / "d.tif", "raster", AREA)
    assert "1 cells hold -2.14748e+09, which usually stands for nodata" in str(report.faults[0])
