"""Every kind of bad input meets its answer, and no bytes at all bring a traceback.

The kinds follow the project's list of what users bring; each file is made here, small and harmless.
"""

import contextlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st

from siteselect.base import files
from siteselect.base.errors import SiteselectError
from siteselect.world.checks import KINDS, CheckReport, check_file
from tests.world import faulty
from tests.world.faulty import AREA, GOOD, SQUARE, features, kml, named, packed, polygon, rows

OK = "50.5,28.5"
ERROR, REPAIR, ACCEPT = "error", "repair+warning", "accept"
WRONG_PRJ = (
    'PROJCS["UTM39",GEOGCS["WGS84",DATUM["D_WGS_1984",SPHEROID["WGS_1984",6378137,298.257223563]],'
    'PRIMEM["Greenwich",0],UNIT["Degree",0.0174532925199433]],PROJECTION["Transverse_Mercator"],'
    'PARAMETER["False_Easting",500000],PARAMETER["False_Northing",0],'
    'PARAMETER["Central_Meridian",51],PARAMETER["Scale_Factor",0.9996],'
    'PARAMETER["Latitude_Of_Origin",0],UNIT["Meter",1]]'
)
XXE = '<!DOCTYPE k [<!ENTITY x SYSTEM "canary.txt">]>'
MARK = "<Placemark><name>&x;</name><Point><coordinates>50.5,28.5</coordinates></Point></Placemark>"
VRT = (
    '<VRTDataset rasterXSize="9" rasterYSize="9"><VRTRasterBand dataType="Byte" band="1">'
    "<SimpleSource><SourceFilename>{}</SourceFilename></SimpleSource></VRTRasterBand></VRTDataset>"
)

TABLES = {
    "axis order": (rows("S1,A,28.5,50.5,5,1,1", "S2,B,28.6,51.5,5,1,1"), ERROR,
                   "rows 2 and 3: lon"),
    "one swapped": (rows(f"S1,A,{OK},5,1,1", "S2,B,28.6,51.5,5,1,1"), ERROR, "row 3 (S2)"),
    "degrees as text": (rows("S1,A,50°30'0\"E,28°30'00\"N,5,1,1"), ERROR, "row 2: lon: '50°30'0"),
    "persian digits": (rows("S1,ا,۵۰٫۵,۲۸٫۵,۲۲۰,۱,۸"), REPAIR, "row 2: lon, lat"),
    "arabic letters": (rows(f"S1,كنگان,{OK},5,1,1", "S2,کنگان,50.6,28.5,5,1,1"), REPAIR,
                       "rows 2 and 3"),
    "code page": (f"id,name,lon,lat\nS1,عسل,{OK}\n".encode("cp1256"), ERROR, "byte"),
    "byte order mark": (b"\xef\xbb\xbf" + GOOD.encode(), ACCEPT, ""),
    "duplicate ids": (rows(f"S2,A,{OK},5,1,1", "S2,B,50.6,28.5,5,1,1"), ERROR,
                      "rows 2 and 3: id: id 'S2'"),
    "missing values": (rows(f"S1,A,{OK},NaN,1,1", f"S2,B,{OK},inf,1,1", f"S3,C,{OK},-,1,1",
                            f"S4,D,{OK},,1,1"),
                       ERROR, "row 5: area_ha"),
    "missing column": (b"id,name,lon\nS1,A,50.5\n", ERROR, "column lat is missing"),
    "ragged": (rows(f"S1,A,{OK},5,1,1", f"S2,B, C,{OK},5,1,1"), ERROR,
               "row 3: has 8 fields, 7 expected"),
    "zero bytes": (b"", ERROR, "empty"),
    "formula text": (rows(f'S1,"=HYPERLINK(""http://127.0.0.1:9"")",{OK},5,1,1'), ACCEPT, ""),
    "markup text": (rows(f'S1,"<script>1</script>{{{{ 7*7 }}}}",{OK},5,1,1'), ACCEPT, ""),
    "sea": (rows("S1,A,50.5,27.0,5,1,1"), ERROR, "row 2 (S1): lon, lat: lies in the sea, 110"),
    "outside": (rows("S1,A,50.5,29.9,5,1,1"), ERROR, "outside the provinces of the study, 99."),
    "null island": (rows("S1,A,0,0,5,1,1"), ERROR, "0, 0"),
    "range": (rows("S1,A,50.5,127.5,5,1,1"), ERROR, "lat: 127.5 is not in [-90, 90]"),
    "units": (rows(f"S1,A,{OK},3500000,1,6000"), ERROR, "dist_port_km: 6000 is not in"),
    "quoted newline": (rows(f'S1,"A\nB, ""C""",{OK},5,1,1'), ACCEPT, ""),
    "huge field": (rows(f"S1,{'A' * 300_000},{OK},5,1,1"), REPAIR, "shortened"),
}  # fmt: skip
LAYERS = {
    "truncated": (features(polygon(SQUARE))[:-60], ERROR, "cut short"),
    "open ring": (features(polygon(SQUARE[:-1])), REPAIR, "P1: its ring"),
    "bowtie": (features(polygon([SQUARE[0], SQUARE[2], SQUARE[1], SQUARE[3], SQUARE[0]])), REPAIR,
               "area before"),
    "no features": (features(), ERROR, "no features"),
    "null geometry": (features(None, faulty.point(50.5, 28.5)), ERROR, "P1: has no geometry"),
    "mixed": (features(polygon(SQUARE), faulty.point(50.5, 28.5)), ERROR, "feature P2: mixes"),
    "lines": (features({"type": "LineString", "coordinates": SQUARE}), ERROR, "holds lines"),
    "antimeridian": (features(polygon([[179, 28], [-179, 28], [-179, 29], [179, 28]])), ERROR,
                     "180 degrees"),
    "metres in degrees": (features(faulty.point(659012.4, 3042877.1)), ERROR, "degrees"),
}  # fmt: skip


def outcome(report: CheckReport) -> str:
    return ERROR if report.faults else REPAIR if report.warnings else ACCEPT


def told(report: CheckReport) -> str:
    return "\n".join(str(fault) for fault in (*report.faults, *report.warnings))


def check(path: Path, kind: str) -> CheckReport:
    """Check a file; whatever is said names it, keeps its secrets, and leaves its folder alone."""
    secret = path.with_name("canary.txt")
    secret.write_text(faulty.CANARY * 50)
    before = {p: p.read_bytes() for p in path.parent.iterdir() if p.is_file()}
    report = check_file(path, kind, AREA)
    assert {p: p.read_bytes() for p in path.parent.iterdir() if p.is_file()} == before
    assert all(fault.file == path.name for fault in (*report.faults, *report.warnings))
    assert faulty.CANARY not in told(report)
    assert str(path.parent) not in told(report)
    return report


@pytest.mark.parametrize("name", TABLES)
def test_tables_meet_their_answer(tmp_path: Path, name: str) -> None:
    data, expected, word = TABLES[name]
    (tmp_path / "s.csv").write_bytes(data)
    report = check(tmp_path / "s.csv", "sites")
    assert outcome(report) == expected, told(report)
    assert word in told(report)


@pytest.mark.parametrize("name", LAYERS)
def test_layers_meet_their_answer(tmp_path: Path, name: str) -> None:
    data, expected, word = LAYERS[name]
    (tmp_path / "s.geojson").write_bytes(data)
    report = check(tmp_path / "s.geojson", "sites")
    assert outcome(report) == expected, told(report)
    assert word in told(report)


def _shape_zip(folder: Path, change: str) -> bytes:
    parts = faulty.shapefile(folder / "x")
    if change == "wrong .prj":
        parts[".prj"] = WRONG_PRJ.encode()
    elif change == "two layers":
        return packed(named(parts) | named(parts, "other"))
    elif change:
        del parts[change]
    return packed(named(parts))


ARCHIVES: dict[str, tuple[Callable[[Path], bytes], str, str]] = {
    "sound": (lambda f: _shape_zip(f, ""), ACCEPT, ""),
    "no .prj": (lambda f: _shape_zip(f, ".prj"), ERROR, "--crs"),
    "no .dbf": (lambda f: _shape_zip(f, ".dbf"), ERROR, ".dbf"),
    "wrong .prj": (lambda f: _shape_zip(f, "wrong .prj"), ERROR, "look like degrees"),
    "two layers": (lambda f: _shape_zip(f, "two layers"), ERROR, "'layer', 'other'"),
    "traversal": (lambda _: packed({"../../evil.txt": b"x"}), ERROR, "leads out"),
    "bomb": (lambda _: packed({"layer.shp": bytes(64 << 20)}), ERROR, "archive_ratio"),
}


@pytest.mark.parametrize("name", ARCHIVES)
def test_archives_meet_their_answer(tmp_path: Path, name: str) -> None:
    make, expected, word = ARCHIVES[name]
    (tmp_path / "s.zip").write_bytes(make(tmp_path))
    report = check(tmp_path / "s.zip", "sites")
    assert outcome(report) == expected, told(report)
    assert word in told(report)


@pytest.mark.parametrize(
    ("name", "kind", "data", "word"),
    [
        ("a.kml", "sites", kml(MARK, XXE), "DOCTYPE"),
        ("a.kml", "sites", kml(MARK, '<!DOCTYPE k [<!ENTITY x "xxxxxxxxxx">]>'), "DOCTYPE"),
        ("a.vrt", "dem", VRT.format("canary.txt").encode(), "not of a format"),
        ("a.tif", "dem", VRT.format("/vsicurl/http://127.0.0.1:9/a.tif").encode(), "no GeoTIFF"),
        ("a.gml", "sites", b"<gml/>", "not of a format"),
        ("a.gpkg", "sites", b"SQLite format 3\x00" + b"\x00" * 4000, "damaged database"),
        ("a.xlsx", "sites", faulty.workbook([["id", "lon", "lat"], ["S1", 50.5, "=27+0.5"]]),
         "row 2: lat: is a formula"),
        ("a.csv", "dem", GOOD.encode(), "not of a format"),
        ("a.tif", "sites", b"II*\x00", "a vector file is wanted"),
    ],
)  # fmt: skip
def test_hostile_and_mistaken_files_are_refused(
    tmp_path: Path, name: str, kind: str, data: bytes, word: str
) -> None:
    (tmp_path / name).write_bytes(data)
    report = check(tmp_path / name, kind)
    assert outcome(report) == ERROR
    assert word in told(report)


def test_a_vast_sparse_raster_is_refused_before_it_is_read(tmp_path: Path) -> None:
    import rasterio

    profile = {"driver": "GTiff", "width": 200_000, "height": 200_000, "count": 1, "dtype": "uint8",
               "crs": "EPSG:32639", "sparse_ok": True, "tiled": True, "blockxsize": 4096,
               "blockysize": 4096, "transform": Affine(10, 0, 4e5, 0, -10, 3e6)}  # fmt: skip
    with rasterio.open(tmp_path / "a.tif", "w", **profile):
        pass
    report = check_file(tmp_path / "a.tif", "dem", AREA)
    assert "raster_cells = 500,000,000" in told(report)


@settings(max_examples=150)
@given(
    kind=st.sampled_from(KINDS),
    suffix=st.sampled_from([".csv", ".xlsx", ".geojson", ".kml", ".gpkg", ".zip", ".shp", ".tif"]),
    data=st.binary(max_size=300),
)
def test_no_bytes_bring_a_traceback(
    tmp_path_factory: pytest.TempPathFactory, kind: str, suffix: str, data: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / f"random{suffix}"
    path.write_bytes(data)
    check_file(path, kind, AREA)


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The parts of a sound shapefile."""
    return faulty.shapefile(tmp_path_factory.mktemp("parts") / "x")


@pytest.fixture(scope="module")
def seeds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Sound files of every format, to be spoilt."""
    folder = tmp_path_factory.mktemp("seeds")
    frame = faulty.sites_frame()
    for name in ("a.gpkg", "a.fgb"):
        frame.to_file(folder / name)
    return {
        "csv": GOOD.encode(),
        "xlsx": faulty.workbook([["id", "lon", "lat"], ["S1", 50.5, 28.5]]),
        "geojson": features(polygon(SQUARE)),
        "kml": kml(MARK.replace("&x;", "A")),
        "zip": packed(named(faulty.shapefile(folder / "x"))),
        "gpkg": (folder / "a.gpkg").read_bytes(),
        "fgb": (folder / "a.fgb").read_bytes(),
        "tif": faulty.raster(folder / "a.tif"),
    }


def spoil(data: st.DataObject, sound: bytes) -> bytes:
    """Bytes with up to six places overwritten or shifted, and maybe the end cut off."""
    spoilt = bytearray(sound)
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(sound)))
        new = data.draw(st.binary(min_size=1, max_size=6))
        old = len(new) if data.draw(st.booleans()) else data.draw(st.integers(0, 6))
        spoilt[at : at + old] = new
    return bytes(spoilt[: data.draw(st.just(len(spoilt)) | st.integers(0, len(spoilt)))])


@settings(max_examples=40)
@given(data=st.data())
@pytest.mark.parametrize("suffix", ["csv", "xlsx", "geojson", "kml", "zip", "gpkg", "fgb", "tif"])
def test_spoilt_files_bring_no_traceback(
    tmp_path_factory: pytest.TempPathFactory,
    seeds: dict[str, bytes],
    data: st.DataObject,
    suffix: str,
) -> None:
    path = tmp_path_factory.getbasetemp() / f"spoilt.{suffix}"
    path.write_bytes(spoil(data, seeds[suffix]))
    check_file(path, "dem" if suffix == "tif" else "sites", AREA)


@settings(max_examples=60)
@given(data=st.data(), part=st.sampled_from([".shp", ".shx", ".dbf", ".prj", ".cpg"]))
def test_a_spoilt_part_of_a_shapefile_brings_no_traceback(
    tmp_path_factory: pytest.TempPathFactory,
    parts: dict[str, bytes],
    data: st.DataObject,
    part: str,
) -> None:
    path = tmp_path_factory.getbasetemp() / "spoilt_part.zip"
    path.write_bytes(packed(named(parts | {part: spoil(data, parts[part])})))
    check_file(path, "sites", AREA)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["type", "coordinates", "id", "geometry"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@settings(max_examples=150)
@given(geometry=JSON, properties=JSON, kind=st.sampled_from(["Point", "Polygon", "MultiPolygon"]))
def test_no_geojson_brings_a_traceback(
    tmp_path_factory: pytest.TempPathFactory, geometry: object, properties: object, kind: str
) -> None:
    shape = geometry if isinstance(geometry, dict) else {"type": kind, "coordinates": geometry}
    feature = {"type": "Feature", "properties": properties, "geometry": shape}
    path = tmp_path_factory.getbasetemp() / "any.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    check_file(path, "sites", AREA)


@settings(max_examples=150)
@given(text=st.text(max_size=80) | st.text("{}[]:-&*!|>'\"\n 01a#%@`", max_size=60))
def test_no_text_brings_a_traceback_as_yaml(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    with contextlib.suppress(SiteselectError):
        files.read_yaml(path)
