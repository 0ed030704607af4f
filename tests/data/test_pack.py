"""The data pack: it is what the catalogue says, and the world in it hangs together."""

import csv
import importlib.util
import itertools
import math
import re
from functools import cache
from pathlib import Path
from types import ModuleType

import geopandas as gpd
import numpy as np
import pyogrio
import pytest
import rasterio
import shapely
from rasterio.features import rasterize

from siteselect.base import files
from siteselect.declared.sources import CatalogFile, Column, Source
from siteselect.declared.study import ALBERS

DATA = Path(__file__).resolve().parents[2] / "data"
SOURCES = {source.id: source for source in files.read(DATA / "catalog.yaml", CatalogFile).sources}
TABLES = sorted(name for name, source in SOURCES.items() if source.file.endswith(".csv"))
LAYERS = sorted(name for name, source in SOURCES.items() if source.file.endswith(".gpkg"))
RASTERS = sorted(name for name, source in SOURCES.items() if source.kind == "raster")
# Longest distance by which the inner province lines of the four provinces are off.
LINES_KM = SOURCES["provinces"].position_accuracy_km
TARGET = {"IR-06", "IR-11", "IR-18", "IR-22"}


@cache
def rows(name: str) -> list[dict[str, str]]:
    with (DATA / SOURCES[name].file).open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


@cache
def layer(name: str) -> gpd.GeoDataFrame:
    source = SOURCES[name]
    return pyogrio.read_dataframe(DATA / source.file, layer=source.layer)


@cache
def shapes_km(name: str, key: str = "") -> dict[str, shapely.Geometry]:
    """Geometries of a layer in a plane of kilometres, by a column; by row without one."""
    plane = layer(name).to_crs(ALBERS)
    words = plane[key] if key else plane.index
    return {
        str(word): shapely.transform(shape, lambda xy: xy / 1000)
        for word, shape in zip(words, plane.geometry, strict=True)
    }


@cache
def points_km(name: str) -> list[shapely.Point]:
    lon = [float(row["lon"]) for row in rows(name)]
    lat = [float(row["lat"]) for row in rows(name)]
    plane = gpd.GeoSeries(gpd.points_from_xy(lon, lat), crs="EPSG:4326").to_crs(ALBERS)
    return [shapely.Point(point.x / 1000, point.y / 1000) for point in plane]


def accuracy_km(source: Source, row: dict[str, str]) -> float:
    return float(row.get("position_accuracy_km") or source.position_accuracy_km)


def fault(cell: str, column: Column) -> str:
    """What is wrong with a cell, empty if nothing."""
    if not cell:
        return "is empty" if column.required else ""
    if column.type == "choice" and cell not in column.choices:
        return "is no choice"
    if column.type == "wkt" and not shapely.is_valid(shapely.from_wkt(cell)):
        return "is no valid geometry"
    if column.type in ("number", "integer"):
        number = float(cell)
        if column.type == "integer" and not number.is_integer():
            return "is no whole number"
        low = -math.inf if column.low is None else column.low
        high = math.inf if column.high is None else column.high
        if not low <= number <= high:
            return "is out of range"
    return ""


def test_every_file_is_in_the_catalogue_and_has_its_hash():
    listed = {source.file: source.sha256 for source in SOURCES.values()}
    there = {p.name for p in DATA.iterdir() if p.suffix in (".csv", ".gpkg", ".tif")}
    assert there == set(listed)
    assert {name: files.sha256(DATA / name) for name in listed} == listed


def test_the_pack_stays_small():
    assert sum(path.stat().st_size for path in DATA.rglob("*") if path.is_file()) < 13_000_000


def test_ids_are_unique():
    declared = files.read(DATA / "catalog.yaml", CatalogFile).sources
    assert len(SOURCES) == len(declared)


def test_one_file_has_one_licence():
    licences: dict[str, set[str]] = {}
    for source in SOURCES.values():
        licences.setdefault(source.file, set()).add(source.licence)
    assert {file: found for file, found in licences.items() if len(found) > 1} == {}


@pytest.mark.parametrize("name", sorted(SOURCES))
def test_every_file_is_named_in_the_licences(name):
    text = (DATA / "LICENSES.md").read_text("utf-8")
    listed = f"`{SOURCES[name].file}`" in text
    assert listed or SOURCES[name].licence == "CC0-1.0"


@pytest.mark.parametrize("name", sorted(SOURCES))
def test_every_entry_argues_its_accuracy_and_coverage(name):
    source = SOURCES[name]
    assert source.attribution
    assert source.quality
    assert source.accuracy_basis
    assert source.coverage_scope
    assert (source.position_accuracy_km > 0) == bool(source.crs)
    assert re.search("[آ-ی]", source.titles.fa)


@pytest.mark.parametrize("name", TABLES)
def test_tables_conform_to_their_columns(name):
    columns, table = SOURCES[name].columns, rows(name)
    assert list(table[0]) == list(columns)
    faults = [
        (row["id"], column, row[column], fault(row[column], schema))
        for row in table
        for column, schema in columns.items()
        if fault(row[column], schema)
    ]
    assert faults == []
    assert len({row["id"] for row in table}) == len(table)


@pytest.mark.parametrize("name", TABLES)
def test_tables_are_plain_text_in_utf8(name):
    data = (DATA / SOURCES[name].file).read_bytes()
    assert not data.startswith(b"\xef\xbb\xbf")
    assert b"\r" not in data
    assert data.endswith(b"\n")


@pytest.mark.parametrize("name", TABLES)
def test_every_row_names_its_source(name):
    kinds = {row["source_kind"] for row in rows(name)}
    assert all(row["source"] for row in rows(name))
    stated = SOURCES[name].source_kind
    assert kinds == {stated} if stated != "mixed" else {"found", "recalled"} <= kinds


@pytest.mark.parametrize("name", TABLES)
def test_persian_names_are_persian(name):
    for row in rows(name):
        text = row.get("name_fa", "") + row.get("label_fa", "")
        assert not set(text) & set("يىكة٠١٢٣٤٥٦٧٨٩"), row["id"]
    for column in SOURCES[name].columns.values():
        assert column.titles is not None
        assert not set(column.titles.fa) & set("يىك")


@pytest.mark.parametrize("name", [n for n in TABLES if SOURCES[n].kind == "points"])
def test_points_stand_in_the_province_they_name(name):
    source, provinces = SOURCES[name], shapes_km("provinces", "iso")
    land = list(shapes_km("land").values())
    astray = []
    for row, point in zip(rows(name), points_km(name), strict=True):
        iso = row.get("province")
        if not iso or f"outside the line of {iso}" in row.get("note", ""):
            continue
        reach = accuracy_km(source, row) + float(row.get("radius_km") or 0) + LINES_KM
        away = point.distance(provinces[iso])
        at_sea = row["kind"] in source.offshore and min(s.distance(point) for s in land) > 0
        if away > reach and not at_sea:
            astray.append((row["id"], iso, round(away, 1)))
    assert astray == []


def test_a_note_that_a_point_is_astray_tells_the_truth():
    provinces = shapes_km("provinces", "iso")
    said = 0
    for row, point in zip(rows("towns"), points_km("towns"), strict=True):
        found = re.search(r"lies (\d+) km outside the line of (IR-\d\d)", row["note"])
        if found:
            said += 1
            assert row["province"] not in TARGET
            away = point.distance(provinces[found.group(2)])
            assert away == pytest.approx(float(found.group(1)), abs=0.6)
    assert said == 15


def test_asaluyeh_lies_in_bushehr():
    # GeoNames 142857, Bandar-e Asaluyeh; it lies outside the provinces of Natural Earth.
    asaluyeh = next(
        point
        for row, point in zip(rows("towns"), points_km("towns"), strict=True)
        if row["id"] == "GN-142857"
    )
    holding = [
        iso for iso, shape in shapes_km("provinces", "iso").items() if shape.covers(asaluyeh)
    ]
    assert holding == ["IR-18"]


def test_provinces_carry_the_codes_of_today():
    # ISO 3166-2:IR as of November 2020; before it IR-06 was Bushehr.
    names = dict(zip(layer("provinces")["iso"], layer("provinces")["name_en"], strict=True))
    assert len(names) == 31
    assert names["IR-06"] == "Khuzestan"
    assert names["IR-11"] == "Sistan and Baluchestan"
    assert names["IR-18"] == "Bushehr"
    assert names["IR-22"] == "Hormozgan"
    target = layer("provinces")[layer("provinces")["target"] == 1]
    assert set(target["iso"]) == TARGET


@pytest.mark.parametrize(
    ("iso", "published_km2"),
    # Statistical Centre of Iran; the OSM coast gives up tidal ground.
    [("IR-06", 64_055), ("IR-18", 22_743), ("IR-22", 70_697), ("IR-11", 181_785)],
)
def test_provinces_have_about_their_published_area(iso, published_km2):
    assert shapes_km("provinces", "iso")[iso].area == pytest.approx(published_km2, rel=0.06)


def test_provinces_do_not_overlap():
    shapes = list(shapes_km("provinces", "iso").values())
    whole = shapely.union_all(shapes).area
    assert sum(shape.area for shape in shapes) == pytest.approx(whole, rel=1e-4)


@pytest.mark.parametrize("name", LAYERS)
def test_layers_are_sound(name):
    frame = layer(name)
    words = {"polygons": "Polygon", "lines": "LineString", "points": "Point"}
    assert frame.crs.to_string() == SOURCES[name].crs
    assert frame.geometry.is_valid.all()
    assert not frame.geometry.is_empty.any()
    assert frame.geometry.geom_type.str.endswith(words[SOURCES[name].kind]).all()


def test_rivers_and_roads_have_length():
    for name in ("rivers", "highways", "railways", "coastline"):
        assert (shapely.length(layer(name).geometry.to_numpy()) > 0).all()
    assert set(layer("rivers")["river_class"]) <= set(range(8))


@pytest.mark.parametrize(
    ("lon", "lat", "dry"),
    [
        (48.684, 31.319, True),  # Ahvaz
        (56.0, 26.8, True),  # Qeshm island
        (58.6, 27.5, True),  # Jaz Murian, inland water
        (51.5, 32.65, True),  # Isfahan
        (51.0, 27.0, False),  # the Gulf
        (58.5, 25.0, False),  # the Gulf of Oman
    ],
)
def test_land_tells_dry_ground_from_the_sea(lon, lat, dry):
    assert layer("land").geometry.covers(shapely.Point(lon, lat)).any() == dry


def test_land_has_no_holes():
    rings = sum(
        len(part.interiors) for shape in layer("land").geometry for part in shapely.get_parts(shape)
    )
    assert rings == 0


def test_the_coastline_is_the_border_of_the_land_and_not_of_the_box():
    shore = layer("coastline").geometry
    land = layer("land").geometry.boundary.union_all()
    points = shapely.points(shapely.get_coordinates(shore.to_numpy())[::50])
    assert shapely.distance(points, land).max() < 1e-5
    frame = shapely.box(46, 23.5, 65, 34.5).exterior
    along = shapely.intersection(shore.union_all(), frame.buffer(1e-7)).length
    assert along < 0.001


@pytest.mark.parametrize(
    ("name", "lon", "lat"),
    # Distances from the sea by the map: Ahvaz some 100 km, Bandar Abbas under 3 km.
    [("Ahvaz", 48.684, 31.319), ("Iranshahr", 60.685, 27.202)],
)
def test_no_shore_stands_inland(name, lon, lat):
    plane = layer("coastline").to_crs(ALBERS).geometry
    town = gpd.GeoSeries([shapely.Point(lon, lat)], crs="EPSG:4326").to_crs(ALBERS).iloc[0]
    assert plane.distance(town).min() > 60_000, name


def test_islands_are_numbered_by_size_and_off_the_mainland():
    frame = layer("islands")
    first = frame.drop_duplicates("landmass")
    assert first["landmass"].tolist() == list(range(1, len(first) + 1))
    assert (np.diff(first["area_km2"]) <= 0).all()
    assert frame.loc[0, "name_en"] == "Qeshm"
    land = layer("land").to_crs(ALBERS)
    mainland = land.geometry.iloc[int(land["area_km2"].argmax())]
    assert frame.to_crs(ALBERS).distance(mainland).min() > 1000
    named = frame[frame["name_en"] != ""]
    assert named["name_en"].is_unique
    assert (named["name_fa"] != "").all()


def test_land_and_islands_agree_on_their_numbers():
    joined = layer("islands").sjoin(
        layer("land")[["landmass", "geometry"]].rename(columns={"landmass": "in_land"}),
        predicate="covered_by",
    )
    assert len(joined) == len(layer("islands"))
    assert (joined["landmass"] == joined["in_land"]).all()


@pytest.mark.parametrize("name", RASTERS)
def test_rasters_hold_believable_values(name):
    source = SOURCES[name]
    with rasterio.open(DATA / source.file) as data:
        values = data.read(1)
        assert data.count == len(source.bands)
        assert data.crs.to_string() == source.crs
        assert data.nodata == source.nodata
        assert tuple(data.bounds) == pytest.approx((46, 23.5, 65, 34.5))
    known = values[values != source.nodata]
    assert source.low is not None
    assert source.high is not None
    assert source.low <= known.min() <= known.max() <= source.high


def test_elevation_is_known_on_land_but_for_a_fringe():
    frame = layer("provinces")
    with rasterio.open(DATA / SOURCES["dem"].file) as data:
        values, transform = data.read(1), data.transform
    land = rasterize(
        frame[frame["target"] == 1].geometry, out_shape=values.shape, transform=transform
    ).astype(bool)
    assert 0 < (values[land] == 0).mean() < 0.001


def test_links_of_the_railway_join_nodes_that_exist():
    known = {row["id"] for row in rows("rail_nodes")}
    for row in rows("rail_links"):
        assert {row["from_id"], row["to_id"]} <= known


def test_a_link_starts_and_ends_at_its_nodes():
    where = {row["id"]: (float(row["lon"]), float(row["lat"])) for row in rows("rail_nodes")}
    for row in rows("rail_links"):
        line = shapely.from_wkt(row["wkt"])
        assert line.coords[0] == pytest.approx(where[row["from_id"]], abs=0.02)
        assert line.coords[-1] == pytest.approx(where[row["to_id"]], abs=0.02)


def test_products_of_feedstock_are_amounts():
    pattern = re.compile(r"[a-z0-9_]+=\d+(\.\d+)?(; [a-z0-9_]+=\d+(\.\d+)?)*")
    for row in rows("feedstock"):
        assert not row["capacity_kt_per_year"] or pattern.fullmatch(row["capacity_kt_per_year"])
        listed = set(re.findall(r"[a-z0-9_]+(?==)", row["capacity_kt_per_year"]))
        assert set(filter(None, row["found_capacity_products"].split("; "))) <= listed, row["id"]


def test_depths_are_those_of_berths():
    # World Port Index gives 25 to 42 m of anchorage at Asaluyeh, and zero for unknown.
    depth = {row["id"]: row["depth_m"] for row in rows("ports")}
    assert depth["PT-11"] == "15"
    assert depth["PT-09"] == "6.4"
    assert depth["PT-19"] == "6.4"
    assert "0" not in depth.values()
    deep = [
        row["id"]
        for row in rows("ports")
        if row["cargo"] == "yes" and row["status"] == "operating"
        if row["depth_m"] and float(row["depth_m"]) >= 11
    ]
    assert deep == ["PT-01", "PT-02", "PT-11", "PT-16", "PT-17", "PT-20"]


def test_discs_of_protected_areas_have_their_published_area():
    for row in rows("protected"):
        assert not row["area_km2"] or row["radius_km"], row["id"]
        if row["area_km2"]:
            disc = math.pi * float(row["radius_km"]) ** 2
            assert disc == pytest.approx(float(row["area_km2"]), rel=0.2), row["id"]


def test_estates_that_share_a_point_say_so():
    where = [(row["lon"], row["lat"]) for row in rows("estates")]
    for row, place in zip(rows("estates"), where, strict=True):
        assert (row["shared_point"] == "yes") == (where.count(place) > 1)
    limited = {row["id"] for row in rows("estates") if row["allowed_classes"]}
    assert limited == {"IE-KHZ-026"}


def test_an_earthquake_stands_once():
    seen = sorted(
        (row["date"], float(row["lon"]), float(row["lat"]), float(row["magnitude"]), row["id"])
        for row in rows("earthquakes")
    )
    for one, two in itertools.pairwise(seen):
        assert one[:4] != two[:4]


def test_rules_without_the_legal_text_have_no_number():
    # The distance annex of the regulation of 1390 is not at hand.
    rules = {row["id"]: row for row in rows("rules")}
    for number in range(35, 42):
        rule = rules[f"SR-{number:03d}"]
        assert rule["threshold"] == ""
        assert rule["status"] == "needs_legal_text"
    assert rules["SR-002"]["status"] == "superseded"
    assert float(rules["SR-002"]["threshold"]) == 1500


def test_the_value_chain_closes():
    for row in rows("value_chain"):
        inputs = sum(float(part.split("=")[1]) for part in row["inputs"].split("; "))
        outputs = sum(float(part.split("=")[1]) for part in row["outputs"].split("; "))
        assert inputs == pytest.approx(outputs, rel=0.01), row["id"]


def test_every_material_of_the_chain_has_a_name():
    named = {row["id"] for row in rows("materials")}
    used = {
        part.split("=")[0]
        for row in rows("value_chain")
        for part in (row["inputs"] + "; " + row["outputs"]).split("; ")
    }
    assert used <= named


def recipe(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, DATA / "recipe" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_stamping_a_fresh_pack_changes_nothing():
    text = (DATA / "catalog.yaml").read_text("utf-8")
    assert recipe("stamp").stamp(text, DATA) == text


def test_stamping_mends_a_wrong_hash_and_nothing_else():
    text = (DATA / "catalog.yaml").read_text("utf-8")
    wrong = re.sub(r"(sha256: )[0-9a-f]{64}", r"\g<1>" + "0" * 64, text)
    assert wrong != text
    assert recipe("stamp").stamp(wrong, DATA) == text
