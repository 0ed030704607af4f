"""Bad input through the command line: refused with file, row and field, and without a trace.

The kinds are those of the project's list of what users bring; every file is made here.
"""

import json
import re
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl  # type: ignore[import-untyped]
import pandas as pd
import pytest
from affine import Affine

from siteselect.base import files
from siteselect.base.errors import DeclarationError
from siteselect.world.admit import Limits, limits_of
from tests.trust.conftest import Said, contents, study_text
from tests.world import faulty
from tests.world.faulty import CANARY, features, kml, named, packed, polygon, rows

Run = Callable[..., Said]
A, B = "52.61,27.50", "49.10,30.52"  # on land, in Bushehr and in Khuzestan
POINT = faulty.point(52.61, 27.5)
SQUARE = [[52.7, 27.5], [52.72, 27.5], [52.72, 27.52], [52.7, 27.52], [52.7, 27.5]]
CODED = {"crs": {"type": "name", "properties": {"name": "+proj=longlat +nadgrids=/x +type=crs"}}}
VRT = (
    '<VRTDataset rasterXSize="9" rasterYSize="9"><VRTRasterBand dataType="Byte" band="1">'
    "<SimpleSource><SourceFilename>{}</SourceFilename></SimpleSource></VRTRasterBand></VRTDataset>"
)
XXE = '<!DOCTYPE k [<!ENTITY x SYSTEM "canary.txt">]>'
MARK = "<Placemark><name>&x;</name><Point><coordinates>52.61,27.5</coordinates></Point></Placemark>"
UTM = "id,name,easting,northing\nS1,A,659012,3042877\n"

# Name of the file, its bytes, and what the message must say.
TABLES: dict[str, tuple[bytes, tuple[str, ...]]] = {
    "axis order": (rows("S1,A,27.50,52.61,5,1,1", "S2,B,30.52,49.10,5,1,1"),
                   ("rows 2 and 3", "lon, lat", "exchange")),
    "degrees as text": (rows("S1,A,52°36'36\"E,27°30'00\"N,5,1,1"), ("row 2: lon", "row 2: lat")),
    "code page": (f"id,name,lon,lat\nS1,عسل,{A}\n".encode("cp1256"), ("byte", "--encoding")),
    "UTF-16": (rows(f"S1,A,{A},5,1,1").decode().encode("utf-16"), ("UTF-16", "--encoding")),
    "duplicate ids": (rows(f"S2,A,{A},5,1,1", f"S2,B,{B},5,1,1"), ("rows 2 and 3: id", "'S2'")),
    "ids that look the same": (rows(f"S2,A,{A},5,1,1", f"\u200fS2,B,{B},5,1,1"),
                               ("rows 2 and 3: id", "'S2'")),
    "missing values": (rows(f"S1,A,{A},NaN,1,1", f"S2,B,{B},inf,1,1", f"S3,C,{A},-,1,1",
                            f"S4,D,{B},,1,1"),
                       tuple(f"row {n}: area_ha" for n in (2, 3, 4, 5))),
    "missing column": (b"id,name,lon,latitude\nS1,A,52.61,27.5\n",
                       ("column lat is missing", "call it lat", "there are id, name, lon")),
    "projected columns": (UTM.encode(), ("column lon is missing", "easting is projected")),
    "projected values": (rows("S1,A,659012,3042877,5,1,1"), ("row 2: lon", "projected metres")),
    "ragged": (rows(f"S1,A,{A},5,1,1", f"S2,B, C,{B},5,1,1"),
               ("row 3: has 8 fields, 7 expected",)),
    "zero bytes": (b"", ("is empty",)),
    "heading only": (faulty.HEADING.encode(), ("no rows",)),
    "sea": (rows(f"S1,A,{A},5,1,1", "S2,B,51.0,27.0,5,1,1"), ("row 3 (S2)", "in the sea")),
    "outside": (rows(f"S1,A,{A},5,1,1", "S2,B,51.4,35.7,5,1,1"), ("row 3 (S2)", "km from the")),
    "null island": (rows("S1,A,0,0,5,1,1"), ("row 2 (S1)", "0, 0")),
    "range": (rows("S1,A,52.61,127.5,5,1,1"), ("row 2: lat: 127.5 is not in [-90, 90]",)),
    "units": (rows(f"S1,A,{A},3500000,1,6000"), ("row 2: area_ha", "row 2: dist_port_km: 6000")),
    "decimal comma": (rows(f"S1,A,{A},5,1,1").replace(b",", b";").replace(b"52.61", b"52,61"),
                      ("row 2: lon: '52,61'", "decimal mark")),
    "thousands": (rows(f'S1,A,{A},"1,200",1,1', f"S2,B,{B},1\u00a0200,1,1"),
                  ("row 2: area_ha", "row 3: area_ha", "thousands")),
    "unit in the cell": (rows(f"S1,A,{A},5 ha,1,1"), ("row 2: area_ha", "carries a unit")),
    "quote without end": (rows(f'S1,"A,{A},5,1,1'), ("row 2", "never closed")),
    "binary": (rows(f"S1,A\0,{A},5,1,1"), ("NUL",)),
}  # fmt: skip
LAYERS: dict[str, tuple[bytes, tuple[str, ...]]] = {
    "cut short": (features(polygon(SQUARE))[:-60], ("cut short", "byte")),
    "no features": (features(), ("no features",)),
    "null geometry": (features(None, POINT), ("feature P1: has no geometry",)),
    "mixed": (features(polygon(SQUARE), POINT), ("feature P2", "1 Point, 1 Polygon")),
    "antimeridian": (features(polygon([[179, 28], [-179, 28], [-179, 29], [179, 28]])),
                     ("feature P1", "180 degrees")),
    "metres in degrees": (features(faulty.point(659012.4, 3042877.1)), ("EPSG:4326", "projected")),
    "CRS that names a file": (features(POINT, **CODED), ("crs: names a CRS",)),
    "key twice": (features(POINT).replace(b'"id": "P1"', b'"id": "a", "id": "b"'), ("'id' twice",)),
    "two documents": (features(POINT) * 2, ("after the end",)),
    "whole world": (features(polygon([[40, 20], [60, 20], [60, 40], [40, 20]])),
                    ("feature 1 (P1)", "its outline covers")),
}  # fmt: skip


def refused(run: Run, folder: Path, path: Path, *command: object) -> str:
    """The message of a command that must fail, naming the file, and leave nothing behind."""
    (folder / "canary.txt").write_text(CANARY * 20)
    before = contents(folder)
    said = run(*command)
    assert said.code in (3, 4), said.err
    assert said.out == ""
    assert "Traceback" not in said.err
    assert CANARY not in said.err
    assert contents(folder) == before
    assert not (folder / "new").exists()
    lines = said.err.strip().splitlines()
    assert all(line.startswith(("error: ", "warning: ")) for line in lines), said.err
    assert all(path.name in line for line in lines if line.startswith("error: ")), said.err
    return said.err


def scored(run: Run, folder: Path, name: str, data: bytes) -> str:
    """The message of `score` for a file that it must refuse."""
    path = folder / name
    path.write_bytes(data)
    return refused(run, folder, path, "score", "--sites", path, "--out", folder / "new" / "out")


@pytest.mark.parametrize("name", TABLES)
def test_tables_are_refused(here: Run, tmp_path: Path, name: str) -> None:
    data, words = TABLES[name]
    message = scored(here, tmp_path, "s.csv", data)
    assert [word for word in words if word not in message] == [], message


@pytest.mark.parametrize("name", LAYERS)
def test_layers_are_refused(here: Run, tmp_path: Path, name: str) -> None:
    data, words = LAYERS[name]
    message = scored(here, tmp_path, "s.geojson", data)
    assert [word for word in words if word not in message] == [], message


def archives(folder: Path) -> dict[str, tuple[bytes, str]]:
    """Archives that must be refused, with a word of the reason."""
    parts = faulty.shapefile(folder / "parts")
    wrong = Path(folder / "utm.prj")
    wrong.write_text(
        'PROJCS["U",GEOGCS["W",DATUM["D_WGS_1984",SPHEROID["W",6378137,298.257223563]],'
        'PRIMEM["Greenwich",0],UNIT["Degree",0.0174532925199433]],'
        'PROJECTION["Transverse_Mercator"],PARAMETER["False_Easting",500000],'
        'PARAMETER["False_Northing",0],PARAMETER["Central_Meridian",51],'
        'PARAMETER["Scale_Factor",0.9996],PARAMETER["Latitude_Of_Origin",0],UNIT["Meter",1]]'
    )
    persian = faulty.shapefile(folder / "persian", names=("عسلویه", "کنگان"))
    without = {
        suffix: {k: v for k, v in parts.items() if k != suffix} for suffix in (".prj", ".dbf")
    }
    return {
        "no .prj": (packed(named(without[".prj"])), "--crs"),
        "no .dbf": (packed(named(without[".dbf"])), ".dbf"),
        "wrong .prj": (packed(named(parts | {".prj": wrong.read_bytes()})), "look like degrees"),
        "no CRS on earth": (packed(named(parts | {".prj": b'LOCAL_CS["x"]'})), "no place on the"),
        "two layers": (packed(named(parts) | named(parts, "other")), "'layer', 'other'"),
        "same name twice": (
            packed({f"{f}/{k}": v for f in "xy" for k, v in named(parts).items()}),
            "'x/layer', 'y/layer'",
        ),
        "encoding unknown": (packed(named(persian | {".cpg": b"KLINGON"})), "'KLINGON'"),
        "encoding that lies": (packed(named(persian | {".cpg": b"CP1256"})), "reads as UTF-8"),
        "traversal": (packed({"../../evil.txt": b"x"}), "leads out"),
        "bomb": (packed({"layer.shp": bytes(64 << 20)}), "archive_ratio"),
        "link": (packed(named(parts), link="layer.shp"), "is a link"),
        "nested": (packed(named(parts) | {"a.zip": b"PK"}), "archive within"),
        "cut short": (packed(named(parts))[:-60], "damaged archive"),
    }


def test_archives_are_refused(
    here: Run, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    for name, (data, word) in archives(tmp_path_factory.mktemp("parts")).items():
        message = scored(here, tmp_path, "s.zip", data)
        assert word in message, f"{name}: {message}"
    assert not list(tmp_path.parent.glob("*evil*"))


def geopackages(folder: Path) -> dict[str, tuple[bytes, str]]:
    """GeoPackages that must be refused, with a word of the reason."""
    path = folder / "a.gpkg"
    faulty.sites_frame().to_file(path, layer="a")
    sound = path.read_bytes()
    with sqlite3.connect(path) as base:
        base.execute("ALTER TABLE a RENAME TO b")
        base.execute(
            "CREATE VIEW a AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
            " SELECT b.* FROM b, n"
        )
    base.close()
    view = path.read_bytes()
    path.unlink()
    faulty.sites_frame().to_file(path, layer="a")
    faulty.sites_frame().to_file(path, layer="b")
    return {
        "damaged": (b"SQLite format 3\x00" + bytes(4000), "damaged database"),
        "cut short": (sound[:-4096], "damaged database"),
        "view without end": (view, "is a view"),
        "two layers": (path.read_bytes(), "'a', 'b'"),
    }


def test_databases_are_refused(
    here: Run, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    for name, (data, word) in geopackages(tmp_path_factory.mktemp("gpkg")).items():
        message = scored(here, tmp_path, "s.gpkg", data)
        assert word in message, f"{name}: {message}"


def test_hostile_markup_and_workbooks_are_refused(here: Run, tmp_path: Path) -> None:
    assert "DOCTYPE" in scored(here, tmp_path, "s.kml", kml(MARK, XXE))
    link = kml("<NetworkLink><Link><href>http://127.0.0.1:9/</href></Link></NetworkLink>")
    assert "links to another file" in scored(here, tmp_path, "s.kml", link)
    head = ["id", "lon", "lat"]
    message = scored(here, tmp_path, "s.xlsx", faulty.workbook([head, ["S1", 52.6, "=27+0.5"]]))
    assert "row 2: lat: is a formula" in message
    message = scored(
        here, tmp_path, "s.xlsx", faulty.workbook([head, ["S1", 52.6, 27.5]], second="x")
    )
    assert "holds 2 sheets" in message
    for name in ("s.gml", "s.vrt", "s.kmz", "s.tar", "s.xls", "s"):
        assert "not of a format that is read" in scored(here, tmp_path, name, b"PK\x03\x04")


def rasters(folder: Path) -> dict[str, tuple[bytes, str]]:
    """Rasters that are no DEM, with a word of the reason."""
    path = folder / "a.tif"
    heights = np.linspace(0, 900, 400, dtype="float32").reshape(20, 20)
    hollow = np.where(heights < 5, -9999, heights).astype("float32")
    endless = heights.copy()
    endless[0, 0] = np.inf

    def made(cells: Any = heights, **more: Any) -> bytes:
        return faulty.raster(path, cells, **more)

    turned = Affine.translation(450_000, 3_200_000) * Affine.rotation(30) * Affine.scale(1000)
    return {
        "cut short": (made()[:900], "truncated"),
        "no CRS": (made(crs=None), "no CRS"),
        "no CRS on earth": (made(crs='LOCAL_CS["x",UNIT["metre",1]]'), "no place on the earth"),
        "undeclared nodata": (made(hollow, nodata=None), "hold -9999"),
        "degrees": (made(crs="EPSG:4326", transform=Affine(0.01, 0, 52, 0, -0.01, 28)),
                    "slope between them would be wrong"),
        "feet": (made(units="ft"), "must be metres"),
        "cells in feet": (made(crs="EPSG:2263"), "survey foot"),
        "centimetres": (made(heights * 100), "not within [-450, 9000]"),
        "infinity": (made(endless), "hold infinity"),
        "rotated": (made(transform=turned), "rotated"),
        "three bands": (made(np.zeros((3, 20, 20), "float32")), "3 bands"),
        "complex": (made(heights.astype("complex64"), nodata=None), "complex"),
        "elsewhere": (made(crs="EPSG:32632"), "outside the provinces"),
        "vast": (made(np.zeros((1, 1), "uint8"), nodata=None), ""),
        "VRT by another name": (VRT.format("canary.txt").encode(), "no GeoTIFF"),
        "VRT to the network": (VRT.format("/vsicurl/http://127.0.0.1:9/a").encode(), "no GeoTIFF"),
    }  # fmt: skip


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::PendingDeprecationWarning")
def test_rasters_are_refused(
    here: Run, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    for name, (data, word) in rasters(tmp_path_factory.mktemp("tif")).items():
        path = tmp_path / "d.tif"
        path.write_bytes(data)
        (tmp_path / "d.tif.aux.xml").write_text("<PAMDataset><SRS>EPSG:32639</SRS></PAMDataset>")
        if word:
            message = refused(here, tmp_path, path, "data", "check", path, "--as", "dem")
            assert word in message, f"{name}: {message}"


def criteria_with(change: Callable[[str], str]) -> bytes:
    """The bundled criteria after a change of text, which must have changed something."""
    text = (files.home() / "criteria" / "petrochemical.yaml").read_text("utf-8")
    changed = change(text)
    assert changed != text
    return changed.encode()


def weight(text: str) -> Callable[[str], str]:
    """Put a text in the place of the first weight."""
    return lambda whole: re.sub(r"weight: [\d.]+", f"weight: {text}", whole, count=1)


DECLARATIONS: dict[str, tuple[Callable[[str], str], tuple[str, ...]]] = {
    "code": (lambda t: t + "x: !!python/object/apply:os.system ['touch pwned']\n", ("line", "tag")),
    "sum": (weight("0.64"), ("weights of groups sum to 1.4", "normalised")),
    "unknown key": (lambda t: t.replace("  unit: km\n", "  unti: km\n", 1),
                    ("line", "unknown key 'unti'", "unit")),
    "key twice": (lambda t: t + "id: other\n", ("line", "duplicate key")),
    "a number for a name": (lambda t: t.replace("id: petrochemical", "id: 010", 1),
                            ("line", "id", "valid string")),
    "words for weights": (weight('"0.24"'), ("line", "groups.environment.weight", "number")),
    "not a number": (weight(".nan"), ("groups.environment.weight", "finite")),
    "negative": (weight("-0.24"), ("groups.environment.weight", "greater than or equal to 0")),
    "persian digits": (weight("۰٫۲۴"), ("groups.environment.weight", "number")),
    "knots": (lambda t: re.sub(r"knots: \[\[.*?\]\]", "knots: [[9, 1], [0, 0]]", t, count=1),
              ("knots of protected_distance must ascend",)),
    "output elsewhere": (lambda t: t + "output: ../../../escape\n", ("unknown key 'output'",)),
    "tab": (lambda t: t.replace("\n  ", "\n\t", 1), ("line", "\\t")),
    "old YAML": (lambda t: f"%YAML 1.1\n---\n{t}", ("older YAML",)),
    "two documents": (lambda t: f"{t}---\nid: x\n", ("another document",)),
    "deep": (lambda _: "[" * 5000, ("nested too deep",)),
    "aliases": (lambda _: "a0: &a0 [1,1,1,1,1,1,1,1]\n" + "".join(
        f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 8)}]\n" for n in range(1, 9)), ("aliases",)),
    "wide": (lambda _: "".join(f"k{n}: 1\n" for n in range(30_000)), ("more than",)),
    "empty": (lambda _: "", ("object",)),
}  # fmt: skip


@pytest.mark.parametrize("name", DECLARATIONS)
def test_declarations_are_refused(here: Run, tmp_path: Path, name: str) -> None:
    change, words = DECLARATIONS[name]
    path = tmp_path / "c.yaml"
    path.write_bytes(criteria_with(change))
    message = refused(here, tmp_path, path, "criteria", "check", path)
    assert [word for word in words if word not in message] == [], message
    assert not (tmp_path / "pwned").exists()


@pytest.mark.parametrize(
    ("matrix", "words"),
    [
        (",a,b\na,1,3\nb,3,1\n", ("row 2", "a", "b")),
        (",a,b\na,1,0\nb,,1\n", ("row 2", "b", "no judgement")),
        (",a,b\na,1,x\nb,1,1\n", ("row 2", "b", "'x'")),
        (",a,b\na,1,-3\nb,,1\n", ("row 2", "b")),
    ],
)
def test_judgements_are_refused(
    here: Run, tmp_path: Path, matrix: str, words: tuple[str, ...]
) -> None:
    path = tmp_path / "j.csv"
    path.write_text(matrix)
    message = refused(here, tmp_path, path, "weights", "ahp", path)
    assert [word for word in words if word not in message] == [], message


@pytest.mark.parametrize(
    "place",
    ["/vsicurl/http://127.0.0.1:9/a.csv", "/vsizip/a.zip/a.csv", "/vsimem/a.geojson",
     "http://127.0.0.1:9/a.csv", "ftp://127.0.0.1:9/a.tif", "file:///etc/hosts.csv", "/dev/zero",
     "zip://a.zip!a.shp"],
)  # fmt: skip
def test_what_is_no_local_file_is_refused(here: Run, tmp_path: Path, place: str) -> None:
    for command in (("score", "--out", "new/out", "--sites"), ("data", "check", "--as", "sites")):
        said = here(*command, place)
        assert said.code == 4
        assert "is no local file" in said.err or "is no file" in said.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "word"),
    [
        (study_text(own_sites="../outside.csv"), "leads out of the study's folder"),
        (study_text(own_sites="link.csv"), "leads out of the study's folder"),
        (study_text(own_sites="/vsicurl/http://127.0.0.1:9/a.csv"), "leads out"),
        (study_text().replace("criteria: petro", "criteria: ../petro"), "leads out"),
        (study_text() + "crs: /etc/hosts\n", "no CRS that is known"),
        (study_text() + "crs: EPSG:4326\n", "not projected in metres"),
        (study_text().replace("IR-06", "IR-99"), "no province IR-99"),
        (study_text(cell_m=20), "limit grid_cells"),
    ],
)
def test_studies_that_reach_too_far_are_refused(
    here: Run, tmp_path: Path, text: str, word: str
) -> None:
    (tmp_path / "study").mkdir()
    (tmp_path / "outside.csv").write_text(f"{CANARY},lon,lat\n1,2,3\n")
    (tmp_path / "study" / "link.csv").symlink_to(tmp_path / "outside.csv")
    (tmp_path / "study" / "study.yaml").write_text(text, "utf-8")
    said = here("run", "study/study.yaml", "--out", "new/out")
    assert said.code in (3, 4)
    assert word in said.err
    assert CANARY not in said.err
    assert sorted(p.name for p in tmp_path.iterdir()) == ["outside.csv", "study"]


def test_limits_are_set_by_the_environment() -> None:
    assert limits_of({}) == Limits()
    assert limits_of({"SITESELECT_LIMIT_RASTER_CELLS": "7"}) == Limits(raster_cells=7)
    with pytest.raises(DeclarationError, match=r"SITESELECT_LIMIT_ROW.*did you mean"):
        limits_of({"SITESELECT_LIMIT_ROW": "7"})
    with pytest.raises(DeclarationError, match="no whole number"):
        limits_of({"SITESELECT_LIMIT_ROWS": "many"})


AWKWARD = (
    "\ufeffid,name,lon,lat,area_ha,rank,score,verdict,kind\n"
    '=1+1,"=HYPERLINK(""http://127.0.0.1:9"")",52.61,27.50,220,1,1,x,y\n'
    'S2,"<script>window.__pwned=1</script><img src=x onerror=window.__pwned=1>",'
    "49.10,30.52,400,1,1,x,y\n"
    'S3,"A[{{ 7*7 }}]{% raw %}{% endraw %}",60.70,25.45,350,1,1,x,y\n'
    'S4,"Line one\nline ""two"", three",56.05,27.20,180,1,1,x,y\n'
    "S5,كنگان,۵۲٫۶۵,۲۷٫۵۵,۲۲۰,1,1,x,y\n"
    "S6,کنگان,52.66,27.56,unknown,1,1,x,y\n"
    f"S7,{'N' * 300_000},52.67,27.57,5,1,1,x,y\n"
    "S8,\u202eevil\u202c,52.68,27.58,\u00a05,1,1,x,y\n"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study and the user's awkward but sound sites, in a folder that may not be written."""
    folder = tmp_path_factory.mktemp("awkward") / "in"
    folder.mkdir()
    (folder / "study.yaml").write_text(study_text(), "utf-8")
    (folder / "sites.csv").write_text(AWKWARD, "utf-8")
    shapes = features(polygon(SQUARE[:-1]), polygon([SQUARE[i] for i in (0, 2, 1, 3, 0)]))
    (folder / "sites.geojson").write_bytes(shapes)
    folder.chmod(0o555)
    return folder


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*extension is not supported:UserWarning")
def test_awkward_text_is_kept_and_comes_alive_nowhere(
    siteselect: Run, folder: Path, tmp_path: Path
) -> None:
    before = contents(folder)
    said = siteselect("score", folder / "study.yaml", "--sites", folder / "sites.csv",
                      "--out", tmp_path / "out")  # fmt: skip
    assert said.code == 0, said.err
    assert contents(folder) == before
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text("utf-8"))
    for word in ("row 6: lon, lat, area_ha: Persian or Arabic digits", "row 6: name_fa: Arabic",
                 "rows 6 and 7: name_fa: probably the same name", "row 8: name: is 300,000",
                 "row 9: name: control characters"):  # fmt: skip
        assert f"warning: sites.csv: {word}" in said.err
        assert any(word in warning for warning in manifest["warnings"])
    assert {"row 6", "row 8"} <= {repair["row"] for repair in manifest["repairs"]}
    ranking = pd.read_csv(tmp_path / "out" / "ranking.csv", dtype=str, keep_default_na=False)
    assert len(ranking) == 8
    assert not ranking.map(lambda cell: cell.startswith(("=", "+", "@", "\t", "\r"))).any().any()
    assert "A[{{ 7*7 }}]{% raw %}{% endraw %}" in set(ranking["name_en"])
    book = openpyxl.load_workbook(tmp_path / "out" / "ranking.xlsx")
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert [cell.coordinate for cell in cells if cell.data_type == "f"] == []
    page = (tmp_path / "out" / "map.html").read_text("utf-8")
    assert "A[49]" not in page
    assert "<script>window.__pwned" not in page
    assert "<img src=x onerror" not in page
    assert len(page) < 20_000_000


@pytest.mark.slow
def test_repaired_outlines_are_told(siteselect: Run, folder: Path, tmp_path: Path) -> None:
    said = siteselect("score", folder / "study.yaml", "--sites", folder / "sites.geojson",
                      "--out", tmp_path / "out")  # fmt: skip
    assert said.code == 0, said.err
    assert "feature P1: its ring was not closed" in said.err
    assert "feature P2: outline repaired" in said.err
    assert "area before" in said.err
    assert siteselect("verify", tmp_path / "out").code == 0
