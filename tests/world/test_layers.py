"""Layers: sound features of a known CRS, or words that say what is wrong."""

import sqlite3
from contextlib import closing
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
from shapely.geometry import Point, Polygon, box

from siteselect.base.errors import CrsMismatch, DataError, Fault
from siteselect.world.admit import Limits
from siteselect.world.layers import area_km2, open_raster, read_vector, sniff
from tests.world import faulty
from tests.world.faulty import SQUARE, features, kml, named, packed, point, polygon, shapefile

PLACEMARK = (
    "<Placemark id='K1'><name>Alpha</name><ExtendedData><Data name='area_ha'><value>5</value>"
    "</Data></ExtendedData><Point><coordinates>50.25,28.5,0</coordinates></Point></Placemark>"
)


def read(
    folder: Path, name: str, data: bytes, **more: object
) -> tuple[gpd.GeoDataFrame, list[str]]:
    path = folder / name
    path.write_bytes(data)
    warnings: list[Fault] = []
    frame = read_vector(path, warnings=warnings, **more)  # type: ignore[arg-type]
    return frame, [str(fault) for fault in warnings]


def refused(folder: Path, name: str, data: bytes, **more: object) -> str:
    with pytest.raises(DataError) as caught:
        read(folder, name, data, **more)
    assert str(caught.value).startswith(name)
    return str(caught.value)


@pytest.mark.parametrize("name", ["a.gpkg", "a.fgb", "a.geojson", "a.shp"])
def test_each_format_gives_the_same_features(tmp_path: Path, name: str) -> None:
    faulty.sites_frame().to_file(tmp_path / name)
    warnings: list[Fault] = []
    frame = read_vector(tmp_path / name, warnings=warnings)
    found = {row["name"]: (row.geometry.x, row.geometry.y) for _, row in frame.iterrows()}
    assert found == {"Alpha": (50.25, 28.5), "Beta": (51.5, 28.75)}
    assert frame.index.tolist() == [1, 2]
    assert frame.crs.to_epsg() == 4326
    assert warnings == []


def test_reading_leaves_nothing_beside_the_input(tmp_path: Path) -> None:
    for name in ("a.gpkg", "a.fgb", "a.geojson", "a.shp"):
        faulty.sites_frame().to_file(tmp_path / name)
    faulty.raster(tmp_path / "a.tif")
    with sqlite3.connect(tmp_path / "a.gpkg") as base:
        base.execute("PRAGMA journal_mode=WAL")
    base.close()
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    for path in before:
        if path.suffix == ".tif":
            with open_raster(path) as data:
                data.read()
        elif path.suffix in (".gpkg", ".fgb", ".geojson", ".shp"):
            read_vector(path, warnings=[])
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_kml_gives_names_and_extended_data(tmp_path: Path) -> None:
    frame, _ = read(tmp_path, "a.kml", kml(PLACEMARK))
    assert frame[["id", "name", "area_ha"]].to_numpy().tolist() == [["K1", "Alpha", "5"]]
    assert frame.geometry.iloc[0] == Point(50.25, 28.5)


def test_kml_polygons_keep_their_holes(tmp_path: Path) -> None:
    def ring(west: float, east: float) -> str:
        corners = [(west, west - 22), (east, west - 22), (east, east - 22), (west, east - 22)]
        text = " ".join(f"{lon},{lat}" for lon, lat in [*corners, corners[0]])
        return f"<LinearRing><coordinates>{text}</coordinates></LinearRing>"

    inner = f"<innerBoundaryIs>{ring(50.4, 50.6)}</innerBoundaryIs>"
    outer = f"<outerBoundaryIs>{ring(50, 51)}</outerBoundaryIs>"
    body = f"<Placemark><Polygon>{inner}{outer}</Polygon></Placemark>"
    frame, _ = read(tmp_path, "a.kml", kml(body))
    assert frame.geometry.iloc[0].area == pytest.approx(1 - 0.04)


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (kml(PLACEMARK, '<!DOCTYPE k [<!ENTITY x SYSTEM "canary.txt">]>'), "DOCTYPE"),
        (kml(PLACEMARK).decode().encode("utf-16"), "no KML"),
        (kml("<NetworkLink><Link><href>http://127.0.0.1:9/</href></Link></NetworkLink>"), "links"),
        (kml("<Placemark>"), "not well-formed XML at line 1"),
        (b"<html></html>", "no KML"),
        (kml(""), "no features"),
        (kml("<Placemark><name>A</name></Placemark>"), "has no geometry"),
        (kml("<Placemark><Point><coordinates>a,b</coordinates></Point></Placemark>"), "geometry"),
        (kml(PLACEMARK.replace("50.25,28.5", "50.25, 28.5")), "K1: its geometry cannot be read"),
    ],
)
def test_kml_that_is_wrong_is_refused(tmp_path: Path, data: bytes, word: str) -> None:
    assert word in refused(tmp_path, "a.kml", data)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (features(polygon(SQUARE))[:120], ("cut short", "byte 120")),
        (features(), ("no features",)),
        (features(None, point(50, 28)), ("feature P1", "no geometry")),
        (features(point(50, 28), polygon(SQUARE)), ("1 Point, 1 Polygon",)),
        (features({"type": "GeometryCollection", "geometries": []}), ("no geometry",)),
        (features(polygon([[179.5, 27], [-179.5, 27], [-179.5, 28], [179.5, 27]])), ("180 degr",)),
        (features(point(659012.4, 3042877.1)), ("EPSG:4326 is in degrees", "659,012")),
        (features({"type": "Point", "coordinates": ["a", "b"]}), ("feature P1", "cannot be read")),
        (features({"type": "Sphere", "coordinates": [1, 2]}), ("feature P1", "cannot be read")),
        (features(point(50, 28)).replace(b"50", b"NaN"), ("NaN",)),
        (features(point(50, 28)).replace(b"50", b"1e999"), ("cannot be read",)),
        (b'{"type": "FeatureCollection", "features": ' + b"[" * 100_000, ("nested too deep",)),
        (b'{"type": "Topology", "objects": {}}', ("no GeoJSON",)),
        (b'{"a": 1}', ("no GeoJSON",)),
        (b'{"type": "FeatureCollection", "features": [3]}', ("feature 1", "no feature")),
        (b'{"type": "FeatureCollection" "features": []}', ("no JSON at byte 29",)),
        ('{"type": "é"}'.encode("latin-1"), ("not UTF-8 at byte 10",)),
        (
            rb'{"type": "Point", "coordinates": [50, 28], "name": "\ud83d"}',
            (r"holds \ud83d, which",),
        ),
        (b"PK\x03\x04", ("is named .geojson but is no GeoJSON",)),
        (features(polygon([[50, 28], [51, 29], [50, 28], [50, 28]])), ("flat",)),
    ],
)
def test_geojson_that_is_wrong_is_refused(
    tmp_path: Path, data: bytes, words: tuple[str, ...]
) -> None:
    message = refused(tmp_path, "a.geojson", data)
    for word in words:
        assert word in message


def test_whole_numbers_and_letters_written_in_two_halves_stay_what_they_are(
    tmp_path: Path,
) -> None:
    data = features(point(50, 28), point(50.5, 28)).replace(
        b'{"id": "P1"}', rb'{"id": "P1", "code": 12345678901234567, "name": "\ud83d\ude00"}'
    )
    data = data.replace(b'{"id": "P2"}', b'{"id": "P2", "code": null}')
    frame, _ = read(tmp_path, "a.geojson", data)
    assert [str(value) for value in frame.loc[1, ["code", "name"]]] == ["12345678901234567", "😀"]


def test_an_open_ring_is_closed_and_told(tmp_path: Path) -> None:
    frame, warnings = read(tmp_path, "a.geojson", features(polygon(SQUARE[:-1])))
    assert frame.geometry.iloc[0].equals(Polygon(SQUARE))
    assert "feature P1: its ring was not closed" in warnings[0]


def test_an_outline_that_crosses_itself_is_repaired_with_place_and_area(tmp_path: Path) -> None:
    bowtie = polygon([[52, 27], [52.2, 27.2], [52.2, 27], [52, 27.2], [52, 27]])
    frame, warnings = read(tmp_path, "a.geojson", features(bowtie))
    assert frame.geometry.iloc[0].is_valid
    # Two triangles of 0.2 by 0.1 degrees: half of the 0.2 by 0.2 square.
    half = area_km2(box(52, 27, 52.2, 27.2), frame.crs) / 2
    assert area_km2(frame.geometry.iloc[0], frame.crs) == pytest.approx(half, rel=1e-3)
    assert "Self-intersection[52.1 27.1]" in warnings[0]
    assert float(warnings[0].split("after ")[1]) == pytest.approx(half, rel=1e-3)


def test_the_older_crs_member_of_geojson_is_heeded(tmp_path: Path) -> None:
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::32639"}}
    frame, _ = read(tmp_path, "a.geojson", features(point(659012.4, 3042877.1), crs=crs))
    assert frame.crs.to_epsg() == 32639
    crs["properties"]["name"] = "EPSG:none"  # type: ignore[index]
    assert "CRS that is not known" in refused(tmp_path, "b.geojson", features(point(1, 2), crs=crs))


def test_a_zipped_shapefile_reads_with_its_code_page(tmp_path: Path) -> None:
    parts = shapefile(tmp_path / "x", names=("عسلويه", "ماهشهر"), encoding="cp1256")
    frame, _ = read(tmp_path, "a.zip", packed(named(parts)))
    assert frame["name"].tolist() == ["عسلويه", "ماهشهر"]
    del parts[".cpg"]
    # Without .cpg the language byte of the .dbf decides; a silent one is a fault.
    parts[".dbf"] = parts[".dbf"][:29] + b"\x00" + parts[".dbf"][30:]
    assert "encoding" in refused(tmp_path, "b.zip", packed(named(parts)))


def test_a_silent_shapefile_in_utf8_is_read_as_that(tmp_path: Path) -> None:
    parts = shapefile(tmp_path / "x", names=("عسلویه", "ماهشهر"))
    del parts[".cpg"]
    parts[".dbf"] = parts[".dbf"][:29] + b"\x00" + parts[".dbf"][30:]
    frame, warnings = read(tmp_path, "a.zip", packed(named(parts)))
    assert frame["name"].tolist() == ["عسلویه", "ماهشهر"]
    assert "read as UTF-8" in warnings[0]


@pytest.mark.parametrize(
    ("without", "word"),
    [(".prj", "--crs"), (".dbf", "its .dbf is missing"), (".shx", "its .shx is missing")],
)
def test_a_shapefile_that_lacks_a_part_names_it(tmp_path: Path, without: str, word: str) -> None:
    parts = shapefile(tmp_path / "x")
    del parts[without]
    assert word in refused(tmp_path, "a.zip", packed(named(parts)))


def test_a_crs_that_is_given_fills_a_gap_but_does_not_overrule(tmp_path: Path) -> None:
    parts = shapefile(tmp_path / "x")
    full = packed(named(parts))
    del parts[".prj"]
    frame, _ = read(tmp_path, "a.zip", packed(named(parts)), crs="EPSG:4326")
    assert frame.crs.to_epsg() == 4326
    assert "is no CRS" in refused(tmp_path, "a.zip", packed(named(parts)), crs="nonsense")
    with pytest.raises(CrsMismatch, match="EPSG:4326"):
        read(tmp_path, "b.zip", full, crs="EPSG:32639")


def test_a_projection_that_the_coordinates_contradict_is_refused(tmp_path: Path) -> None:
    parts = shapefile(tmp_path / "x")
    faulty.sites_frame("EPSG:32639").to_file(tmp_path / "utm.shp")
    parts[".prj"] = (tmp_path / "utm.prj").read_bytes()
    assert "look like degrees" in refused(tmp_path, "a.zip", packed(named(parts)))


@pytest.mark.parametrize("suffix", [".shp", ".shx", ".dbf"])
def test_a_shapefile_that_is_cut_short_is_refused(tmp_path: Path, suffix: str) -> None:
    parts = shapefile(tmp_path / "x")
    parts[suffix] = parts[suffix][:-20]
    assert f"its {suffix} is cut short" in refused(tmp_path, "a.zip", packed(named(parts)))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (packed({"../../evil.txt": b"x", "layer.shp": b"y"}), ("'../../evil.txt'", "leads out")),
        (packed({"/etc/evil": b"x"}), ("leads out",)),
        (packed({"C:\\evil": b"x"}), ("leads out",)),
        (packed({"layer.shp": b"target"}, link="layer.shp"), ("is a link",)),
        (packed({"inner.zip": b"x"}), ("archive within the archive",)),
        (packed({"layer.shp": bytes(3_000_000)}), ("archive_ratio = 100",)),
        (packed({f"{n}.txt": b"" for n in range(1001)}), ("archive_entries = 1,000",)),
        (packed({"readme.txt": b"x"}), ("holds no shapefile",)),
        (b"PK\x03\x04 cut", ("damaged archive",)),
    ],
)
def test_an_archive_that_is_hostile_is_refused(
    tmp_path: Path, data: bytes, words: tuple[str, ...]
) -> None:
    message = refused(tmp_path, "a.zip", data)
    for word in words:
        assert word in message
    assert [path.name for path in tmp_path.iterdir()] == ["a.zip"]


def test_an_archive_beyond_its_size_is_refused(tmp_path: Path) -> None:
    data = packed({"layer.shp": bytes(range(256)) * 40})
    assert "archive_bytes = 1,000" in refused(
        tmp_path, "a.zip", data, limits=Limits(archive_bytes=1000)
    )


def test_two_layers_are_asked_about(tmp_path: Path) -> None:
    parts = shapefile(tmp_path / "x")
    data = packed(named(parts) | named(parts, "other"))
    assert "name one of 'layer', 'other'" in refused(tmp_path, "a.zip", data)
    assert len(read(tmp_path, "a.zip", data, layer="other")[0]) == 2
    assert "did you mean 'other'" in refused(tmp_path, "a.zip", data, layer="othr")
    path = tmp_path / "a.gpkg"
    faulty.sites_frame().to_file(path, layer="one")
    faulty.sites_frame().to_file(path, layer="two")
    assert "'one', 'two'" in refused(tmp_path, "a.gpkg", path.read_bytes())


def test_a_damaged_geopackage_is_called_so(tmp_path: Path) -> None:
    faulty.sites_frame().to_file(tmp_path / "a.gpkg")
    data = (tmp_path / "a.gpkg").read_bytes()
    assert "damaged database" in refused(tmp_path, "a.gpkg", data[: len(data) // 2])
    assert "damaged database" in refused(tmp_path, "a.gpkg", data[:16] + b"\xff" * len(data))
    assert "no GeoPackage" in refused(tmp_path, "a.gpkg", b"not a database")


def test_a_geopackage_that_is_being_changed_is_not_read_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "a.gpkg"
    faulty.sites_frame().to_file(path)
    with closing(sqlite3.connect(path)) as base:  # as QGIS holds a layer that is open
        base.execute("PRAGMA journal_mode=WAL")
        base.execute("PRAGMA wal_autocheckpoint=0")
        base.execute("CREATE TABLE told (words)")
        base.commit()
        before = {file: file.read_bytes() for file in tmp_path.iterdir()}
        with pytest.raises(DataError, match=r"a.gpkg: holds changes that are still in a.gpkg-wal"):
            read_vector(path, warnings=[])
        assert {file: file.read_bytes() for file in tmp_path.iterdir()} == before
        base.execute("PRAGMA wal_checkpoint(PASSIVE)")
        assert (tmp_path / "a.gpkg-wal").stat().st_size
        assert len(read_vector(path, warnings=[])) == 2


@pytest.mark.parametrize(
    ("name", "cure"),
    [
        ("a.xls", "; save it as .xlsx or .csv"), ("a.KMZ", "; unpack it and give the .kml in it"),
        ("a.dbf", "; give the .shp beside it"), ("a.csv.gz", "; unpack it first"),
        ("a.asc", "; save it as .tif"), ("a.gml", "; save it as .gpkg"), ("a.exe", ".tiff)"),
    ],
)  # fmt: skip
def test_a_format_that_is_not_read_is_answered_with_what_to_do(
    tmp_path: Path, name: str, cure: str
) -> None:
    message = refused(tmp_path, name, b"x")
    assert "is not of a format that is read (" in message
    assert message.endswith(cure)


def test_a_position_beyond_all_bounds_is_told_in_few_words(tmp_path: Path) -> None:
    message = refused(tmp_path, "a.geojson", features(point(1e300, 28)))
    assert "reach 1e+300, 28: they look projected" in message


def test_codes_that_a_blank_beside_them_rounds_are_told(tmp_path: Path) -> None:
    codes = pd.array([12345678901234567, None], dtype="Int64")
    faulty.sites_frame().assign(code=codes, share=[0.5, None]).to_file(tmp_path / "a.gpkg")
    warnings: list[Fault] = []
    read_vector(tmp_path / "a.gpkg", warnings=warnings)
    assert [fault.field for fault in warnings] == ["code"]
    assert "keep codes as text" in str(warnings[0])


def test_limits_of_a_layer_are_named(tmp_path: Path) -> None:
    data = features(*[polygon(SQUARE)] * 3)
    assert "rows = 2" in refused(tmp_path, "a.geojson", data, limits=Limits(rows=2))
    assert "vertices = 14" in refused(tmp_path, "a.geojson", data, limits=Limits(vertices=14))


def test_a_raster_is_read_by_one_driver_only(tmp_path: Path) -> None:
    (tmp_path / "canary.txt").write_text(faulty.CANARY * 60)
    source = (
        '<VRTDataset rasterXSize="20" rasterYSize="20"><VRTRasterBand dataType="Byte" band="1"'
        ' subClass="VRTRawRasterBand"><SourceFilename relativeToVRT="1">canary.txt'
        "</SourceFilename></VRTRasterBand></VRTDataset>"
    )
    for name in ("a.vrt", "a.tif", "a.gml", "a.pdf", "a.xml"):
        (tmp_path / name).write_text(source)
        with pytest.raises(DataError) as caught, open_raster(tmp_path / name):
            pass
        assert faulty.CANARY not in str(caught.value)


def test_a_raster_that_is_cut_short_or_too_large_is_refused(tmp_path: Path) -> None:
    data = faulty.raster(tmp_path / "a.tif")
    (tmp_path / "a.tif").write_bytes(data[:700])
    with pytest.raises(DataError, match="truncated"), open_raster(tmp_path / "a.tif") as opened:
        opened.read()
    (tmp_path / "a.tif").write_bytes(data)
    with pytest.raises(DataError, match="raster_cells = 399"):  # noqa: SIM117
        with open_raster(tmp_path / "a.tif", limits=Limits(raster_cells=399)):
            pass


def test_a_raster_and_a_layer_are_not_taken_for_each_other(tmp_path: Path) -> None:
    faulty.raster(tmp_path / "a.tif")
    with pytest.raises(DataError, match="a vector file is wanted"):
        read_vector(tmp_path / "a.tif", warnings=[])
    faulty.sites_frame().to_file(tmp_path / "a.gpkg")
    with pytest.raises(DataError, match="no GeoTIFF"), open_raster(tmp_path / "a.gpkg"):
        pass
    assert sniff(tmp_path / "a.gpkg") == "GeoPackage"
