"""Bad input of every kind, beyond the files that users are known to have brought.

Each case is made here: a name, the bytes, what must come of them, and a word of what is said.
"""

import gzip
import io
import json
import sqlite3
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import openpyxl  # type: ignore[import-untyped]
import pytest
import rasterio
from affine import Affine
from openpyxl.worksheet.formula import ArrayFormula  # type: ignore[import-untyped]
from shapely.geometry import Point

from siteselect.world.admit import Limits
from siteselect.world.checks import AS_IT_SAYS, Reading, check_file
from tests.world import faulty
from tests.world.faulty import AREA, GOOD, SQUARE, features, kml, named, packed, point, polygon
from tests.world.faulty import rows as table
from tests.world.test_badinput import ACCEPT, ERROR, REPAIR, check, outcome, told

OK, ALSO = "50.5,28.5", "51.5,28.5"
BOTH = table(f"S1,A,{OK},5,1,1", f"S2,B,{ALSO},5,1,1")
HERE = point(50.5, 28.5)


def cell(text: str) -> bytes:
    """A table of one site whose area is written like this."""
    return table(f"S1,A,{OK},{text},1,1")


TEXTS = {
    "UTF-16 without a mark": (BOTH.decode().encode("utf-16-le"), ERROR, "--encoding utf-16-le"),
    "UTF-16 the other way": (BOTH.decode().encode("utf-16-be"), ERROR, "--encoding utf-16-be"),
    "UTF-32": (BOTH.decode().encode("utf-32"), ERROR, "is UTF-32"),
    "two encodings": (table(f"S1,عسل,{OK},5,1,1") + "S2,عسل,".encode("cp1256") + b"51.5,28.5,5,1,1",
                      ERROR, "byte 76 is 0xda"),
    "letters that went through a code page": (table(f"S1,Ø¹Ø³Ù„ÙˆÛŒÙ‡,{OK},5,1,1"), REPAIR,
                                              "row 2: name: looks like Persian"),
    "accents are no such letters": (table(f"S1,Zürich Ñandú,{OK},5,1,1"), ACCEPT, ""),
    "a mark in the middle": (BOTH + b"\xef\xbb\xbfS3,C,50.6,28.5,5,1,1\n", REPAIR, "row 4: id"),
    "two marks": (b"\xef\xbb\xbf\xef\xbb\xbf" + BOTH, ERROR, "column id is missing"),
    "half a surrogate": (table(f"S1,A,{OK},5,1,1") + b"S2,\xed\xa0\x80,51,28,5,1,1", ERROR, "0xed"),
    "lines of an old Macintosh": (BOTH.replace(b"\n", b"\r"), ACCEPT, ""),
    "end mark of DOS": (BOTH + b"\x1a", ERROR, "row 4: has 1 fields"),
    "packed": (gzip.compress(BOTH, mtime=0), ERROR, "byte 1 is 0x8b"),
    "a page of the web": (b"<html><body>404</body></html>", ERROR, "no rows"),
    "semicolons": (BOTH.replace(b",", b";"), REPAIR, "semicolons"),
    "bars": (BOTH.replace(b",", b"|"), ERROR, "column id is missing"),
    "heading in commas, rows in semicolons": (
        BOTH.replace(b",", b";").replace(b";", b",", 6), ERROR, "row 2: has 1 fields, 7 expected"),
    "note of a spreadsheet": (b"sep=;\n" + BOTH, ERROR, "row 1: 'sep=;' is a note"),
    "heading twice": (b"id,lon,lat,lat\nS1,50.5,28.5,28.5\n", ERROR, "row 1: 'lat'"),
    "heading twice but for case": (b"id,lon,lat,Lat\nS1,50.5,28.5,28\n", ERROR, "row 1: 'Lat'"),
    "headings in capitals": (b"ID,LON,LAT\nS1,50.5,28.5\n", ERROR, "did you mean 'LON'?"),
    "heading of nothing": (b"id,lon,lat,\nS1,50.5,28.5,x\n", ERROR, "column 4 without a heading"),
    "headings in Persian": ("شناسه,طول,عرض\nS1,50.5,28.5\n".encode(), ERROR, "call it lon"),
    "heading with a mark": ("id,\u200flon,lat\nS1,50.5,28.5\n".encode(), ERROR, "'\\u200flon'"),
    "no heading": (b"S1,50.5,28.5\nS2,51.5,28.5\n", ERROR, "there are S1, 50.5, 28.5"),
    "a remark above": (b"# mine\n" + BOTH, ERROR, "row 2: has 7 fields, 1 expected"),
    "a total below": (BOTH + b"Total,,,,10,,\n", ERROR, "row 4: lon: is empty"),
    "commas at the ends": (BOTH.replace(b"5,1,1", b"5,1,1,"), ERROR, "row 2: has 8 fields"),
    "a mark alone": (b"\xef\xbb\xbf", ERROR, "is empty"),
    "blank lines": (b"\n\n \n", ERROR, "is empty"),
    "quote and then more": (table(f'S1,"A"x,{OK},5,1,1'), ERROR, "row 2"),
    "very many columns": ((",".join(f"c{n}" for n in range(1500)) + "\n").encode(), ERROR,
                          "SITESELECT_LIMIT_COLUMNS"),
    "no id": (table(f",A,{OK},5,1,1"), ERROR, "row 2: id: is empty"),
    "an id of marks": (table(f"\u200f,A,{OK},5,1,1"), ERROR, "row 2: id: is empty"),
    "ids alike but for case": (table(f"S1,A,{OK},5,1,1", f"s1,B,{ALSO},5,1,1"), REPAIR,
                               "rows 2 and 3: id"),
    "ids alike but for digits": (table(f"S1,A,{OK},5,1,1", f"S۱,B,{ALSO},5,1,1"), REPAIR,
                                 "rows 2 and 3: id"),
    "ids alike but for a space": (table(f"S1,A,{OK},5,1,1", f"S1 ,B,{ALSO},5,1,1"), ERROR,
                                  "rows 2 and 3: id"),
    "one place twice": (table(f"S1,A,{OK},5,1,1", f"S2,B,{OK},5,1,1"), REPAIR, "one position"),
    "degrees with colons": (table("S1,A,50:30:00,28:30:00,5,1,1"), ERROR, "row 2: lon"),
    "degrees with letters": (table("S1,A,50.5E,28.5N,5,1,1"), ERROR, "row 2: lat"),
    "degrees in Persian": (table("S1,A,۵۰°۳۰′,۲۸°۳۰′,5,1,1"), ERROR, "write 28.5"),
    "UTM with its zone": (b"id,zone,easting,northing\nS1,39,545000,3150000\n", ERROR, "projected"),
    "Web Mercator": (table("S1,A,5621634.1,3313042.5,5,1,1"), ERROR, "projected metres"),
    "millionths of a degree": (table("S1,A,50500000,28500000,5,1,1"), ERROR, "row 2: lon"),
    "radians": (table("S1,A,0.8814,0.4974,5,1,1"), ERROR, "row 2 (S1)"),
    "a pole": (table("S1,A,50.5,90,5,1,1"), ERROR, "row 2 (S1)"),
    "the antimeridian": (table("S1,A,-180,28.5,5,1,1"), ERROR, "row 2 (S1)"),
    "the wrong side": (table("S1,A,-50.5,28.5,5,1,1"), ERROR, "row 2 (S1)"),
}  # fmt: skip
NUMBERS = {
    "٢٢٠": REPAIR, "۱٬۲۰۰": REPAIR, "۵٫۵": REPAIR, "\u00a05": ACCEPT, "\u200e5": REPAIR,
    "1e5": ACCEPT, ".5": ACCEPT, "5.": ACCEPT, "+5": ACCEPT, " 5 ": ACCEPT, "unknown": ACCEPT,
    "نامعلوم": ACCEPT,
    **dict.fromkeys(
        ["1e400", "1e-400", "1" * 500, "nan", "NaN", "Infinity", "-inf", "N/A", "#N/A", "#REF!",
         "null", "-", "—", '"5,5"', '"1,200"', "1.200.000", "1 200", "1\u202f200", "1'200",
         '"1,20,000"', "5 ha", "۵ هکتار", "5 m²", "5%", "~5", "5-6", "<5", "(5)", "5-", "$5", "1/2",
         "5²", "５", "৫", "Ⅴ", "⑤", "5.5.5", "TRUE", "2026-01-02", "-9999", "0", "−5", "0x10",
         "1_000", "۵،۵", "۵/۵"],
        ERROR,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", TEXTS)
def test_texts_meet_their_answer(tmp_path: Path, name: str) -> None:
    data, expected, word = TEXTS[name]
    (tmp_path / "s.csv").write_bytes(data)
    report = check(tmp_path / "s.csv", "sites")
    assert outcome(report) == expected, told(report)
    assert word in told(report)


@pytest.mark.parametrize("text", NUMBERS)
def test_numbers_meet_their_answer(tmp_path: Path, text: str) -> None:
    (tmp_path / "s.csv").write_bytes(cell(text))
    report = check(tmp_path / "s.csv", "sites")
    assert outcome(report) == NUMBERS[text], told(report)
    assert NUMBERS[text] == ACCEPT or "row 2: area_ha" in told(report)


def test_an_encoding_that_is_none_or_lies_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "s.csv"
    path.write_bytes(BOTH)
    for encoding in ("klingon", "rot13", "zlib", "idna", "utf-16", ""):
        report = check_file(path, "sites", AREA, reading=Reading(encoding=encoding))
        assert bool(report.faults) == bool(encoding), encoding


def many(*geometries: Any, **more: Any) -> bytes:
    return features(*geometries, **more)


def crs(name: Any) -> dict[str, Any]:
    """The older member that names a CRS."""
    return {"crs": {"type": "name", "properties": {"name": name}}}


def bare(**properties: Any) -> bytes:
    """One site with these properties."""
    return json.dumps(
        {"type": "FeatureCollection",
         "features": [{"type": "Feature", "properties": properties, "geometry": HERE}]}
    ).encode()  # fmt: skip


def shape(kind: str, coordinates: Any) -> dict[str, Any]:
    return {"type": kind, "coordinates": coordinates}


HOLE = [[50.5, 28.5], [50.6, 28.5], [50.6, 28.6], [50.5, 28.5]]
LAYERS = {
    "empty polygon": (many(shape("Polygon", [])), ERROR, "feature P1: has no geometry"),
    "half a position": (many(shape("Point", [50.5])), ERROR, "feature P1"),
    "text for a position": (many(shape("Point", ["50.5", "28.5"])), ERROR, "feature P1"),
    "nothing for a position": (many(shape("Point", [None, 28.5])), ERROR, "feature P1"),
    "heights": (many(shape("Point", [50.5, 28.5, 12])), ACCEPT, ""),
    "group of geometries": (many({"type": "GeometryCollection", "geometries": [HERE]}), ERROR,
                            "1 GeometryCollection"),
    "no known type": (many(shape("Circle", [50.5, 28.5])), ERROR, "feature P1"),
    "curve": (many(shape("CurvePolygon", [SQUARE])), ERROR, "feature P1"),
    "no area": (many(polygon([[50.1, 28.1]] * 4)), ERROR, "holds no area"),
    "there and back": (many(polygon([SQUARE[0], SQUARE[2], SQUARE[0], SQUARE[0]])), ERROR,
                       "holds no area"),
    "corners twice": (many(polygon([c for c in SQUARE for _ in "ab"])), ACCEPT, ""),
    "the wrong way round": (many(polygon(SQUARE[::-1])), ACCEPT, ""),
    "a spike": (many(polygon([*SQUARE[:2], [50.3, 28.1], *SQUARE[1:]])), REPAIR, "area before"),
    "hole outside": (many(shape("Polygon", [SQUARE, HOLE])), REPAIR, "outline repaired"),
    "parts that overlap": (many(shape("MultiPolygon", [[SQUARE], [SQUARE]])), REPAIR, "repaired"),
    "outline with axes exchanged": (many(polygon([[b, a] for a, b in SQUARE])), ERROR,
                                    "feature 1 (P1): lon, lat: all positions"),
    "outline in another province": (many(polygon([[b, a + 1.7] for b, a in SQUARE])), ERROR,
                                    "outside the provinces"),
    "several points": (many(shape("MultiPoint", [[50.5, 28.5], [50.6, 28.5]])), ERROR, "several"),
    "one point of many": (many(shape("MultiPoint", [[50.5, 28.5]])), ACCEPT, ""),
    "beyond all numbers": (many(HERE).replace(b"28.5", b"1e400"), ERROR, "feature P1"),
    "no number": (many(HERE).replace(b"28.5", b"NaN"), ERROR, "holds NaN"),
    "no list": (b'{"type": "FeatureCollection", "features": null}', ERROR, "no GeoJSON"),
    "Esri's own": (b'{"displayFieldName": "", "features": []}', ERROR, "no GeoJSON"),
    "topology": (b'{"type": "Topology", "objects": {}}', ERROR, "no GeoJSON"),
    "deep": (b'{"type": "FeatureCollection", "features": ' + b"[" * 20_000, ERROR, "too deep"),
    "a line each": (many(HERE) + b"\n" + many(HERE), ERROR, "after the end"),
    "UTF-16": (many(HERE).decode().encode("utf-16"), ERROR, "is no GeoJSON"),
    "a number without end": (bare(id="x").replace(b'"x"', b"9" * 5000), ERROR, "too long"),
    "CRS by a link": (many(HERE, crs={"type": "link", "properties": {"href": "http://127.0.0.1"}}),
                      ERROR, "crs: names a CRS"),
    "CRS that lies": (many(HERE, **crs("EPSG:32639")), ERROR, "look like degrees"),
    "CRS of heights": (many(HERE, **crs("EPSG:5703")), ERROR, "no place on the earth"),
    "CRS from the earth's centre": (many(HERE, **crs("EPSG:4978")), ERROR, "no place on the"),
    "CRS of another zone": (many(point(500_000, 3_150_000), **crs("EPSG:32601")), ERROR,
                            "outside the provinces"),
    "CRS that is right": (many(point(5_621_634, 3_313_042), **crs("EPSG:3857")), ACCEPT, ""),
    "another place in its columns": (bare(id="a", lon=51.5, lat=28.5), REPAIR,
                                     "feature 1: lon: is not where"),
    "a unit in its columns": (bare(id="a", area_ha="5 ha"), ERROR, "feature 1: area_ha"),
    "a province of nowhere": (bare(id="a", province="Atlantis"), ERROR, "'Atlantis'"),
}  # fmt: skip


@pytest.mark.parametrize("name", LAYERS)
def test_layers_meet_their_answer(tmp_path: Path, name: str) -> None:
    data, expected, word = LAYERS[name]
    (tmp_path / "s.geojson").write_bytes(data)
    report = check(tmp_path / "s.geojson", "sites")
    assert outcome(report) == expected, told(report)
    assert word in told(report)


def mark(geometry: str) -> bytes:
    """A KML of one placemark."""
    return kml(f'<Placemark id="a"><name>A</name>{geometry}</Placemark>')


def spot(text: str) -> bytes:
    return mark(f"<Point><coordinates>{text}</coordinates></Point>")


MARKS = {
    "sound": (spot("50.5,28.5,0"), ACCEPT, ""),
    "no geometry": (mark(""), ERROR, "feature a: has no geometry"),
    "a gap after the comma": (spot("50.5, 28.5"), ERROR, "feature a"),
    "two positions of a point": (spot("50.5,28.5 51.5,28.5"), ERROR, "feature a: its geometry"),
    "half a position": (spot("50.5"), ERROR, "feature a"),
    "decimal comma": (spot("50,5,28,5"), ERROR, "outside the provinces"),
    "no number": (spot("nan,28.5"), ERROR, "feature a"),
    "axes exchanged": (spot("28.5,50.5"), ERROR, "exchange"),
    "groups without end": (mark("<MultiGeometry>" * 3000 + "</MultiGeometry>" * 3000), ERROR,
                           "feature a: its geometry cannot be read"),
    "folders without end": (kml("<Folder>" * 20_000 + "</Folder>" * 20_000), ERROR, "no features"),
    "a picture": (kml("<GroundOverlay><Icon><href>http://127.0.0.1:9/</href></Icon>"
                      "</GroundOverlay>"), ERROR, "no features"),
    "a name twice": (kml('<Placemark id="a"><Point><coordinates>50.5,28.5</coordinates></Point>'
                         "</Placemark>" * 2), ERROR, "features 1 and 2: id"),
    "included text": (kml('<i:include xmlns:i="http://www.w3.org/2001/XInclude" href="canary.txt"'
                          ' parse="text"/>'), ERROR, "no features"),
    "another format": (b'<gpx><wpt lat="28" lon="50"/></gpx>', ERROR, "no KML"),
    "not closed": (b"<kml><Placemark>", ERROR, "at line 1"),
    "UTF-16 with a document type": ('<?xml version="1.0"?><!DOCTYPE k [<!ENTITY x SYSTEM '
                                    '"canary.txt">]><kml/>'.encode("utf-16"), ERROR, "no KML"),
    "UTF-7": (b'<?xml version="1.0" encoding="UTF-7"?><kml>+ADwAIQ-</kml>', ERROR, "not well-form"),
    "a document type in small letters": (b"<!doctype k><kml/>", ERROR, "DOCTYPE"),
}  # fmt: skip


@pytest.mark.parametrize("name", MARKS)
def test_marks_meet_their_answer(tmp_path: Path, name: str) -> None:
    data, expected, word = MARKS[name]
    (tmp_path / "s.kml").write_bytes(data)
    report = check(tmp_path / "s.kml", "sites")
    assert outcome(report) == expected, told(report)
    assert word in told(report)


def flagged(data: bytes, sign: bytes, at: int, value: bytes) -> bytes:
    """An archive with a few bytes of every record of a sort replaced."""
    out, start = bytearray(data), -1
    while (start := out.find(sign, start + 1)) >= 0:
        out[start + at : start + at + len(value)] = value
    return bytes(out)


def archives(folder: Path) -> dict[str, tuple[bytes, str, str]]:
    parts = faulty.shapefile(folder / "a")
    persian = faulty.shapefile(folder / "b", names=("عسل", "كنار"), encoding="cp1256")
    sound = packed(named(parts))
    gone = bytearray(parts[".dbf"])
    gone[struct.unpack("<H", gone[8:10])[0]] = 0x2A
    nowhere = bytearray(parts[".shp"])
    nowhere[112:120] = struct.pack("<d", float("nan"))
    twice = io.BytesIO()
    with zipfile.ZipFile(twice, "w") as out:
        for name, data in named(parts).items():
            out.writestr(name, data)
        with pytest.warns(UserWarning, match="Duplicate name"):
            out.writestr("layer.dbf", parts[".dbf"])
    return {
        "in capitals": (packed({k.upper(): v for k, v in named(parts).items()}), ACCEPT, ""),
        "in a folder": (packed({f"a/b/{k}": v for k, v in named(parts).items()}), ACCEPT, ""),
        "in Persian": (packed(named(parts, "لایه")), ACCEPT, ""),
        "with what others add": (packed(named(parts) | {"layer.qix": b"x", "layer.shp.xml": b"<!D",
                                                        "__MACOSX/._layer.shp": b"x"}), ACCEPT, ""),
        "no index": (packed(named({k: v for k, v in parts.items() if k != ".shx"})), ERROR, ".shx"),
        "a part twice": (twice.getvalue(), ERROR, "'layer.dbf' stands there 2 times"),
        "a part twice but for case": (packed(named(parts) | {"LAYER.PRJ": b"x"}), ERROR, "2 times"),
        "rows marked as deleted": (packed(named(parts | {".dbf": bytes(gone)})), REPAIR, "deleted"),
        "wrong code page": (packed(named(persian | {".cpg": b"CP1252"})), REPAIR,
                            "features 1 and 2: name: looks like Persian"),
        "no UTF-8": (packed(named(persian | {".cpg": b"UTF-8"})), ERROR, "not in the encoding"),
        "no code page": (packed(named({k: v for k, v in persian.items() if k != ".cpg"})), ERROR,
                         ".cpg"),
        "code page of zeros": (packed(named(persian | {".cpg": b"\0\xff" * 9})), ERROR, "its .cpg"),
        "empty .prj": (packed(named(parts | {".prj": b""})), ERROR, "--crs"),
        ".prj that names a file": (packed(named(
            parts | {".prj": b"+proj=longlat +nadgrids=/etc/passwd"})), ERROR, "--crs"),
        "more rows than there are": (packed(named(parts | {".dbf": flagged(
            parts[".dbf"][:32], parts[".dbf"][:1], 4, b"\xff\xff\0\0") + parts[".dbf"][32:]})),
            ERROR, "cut short"),
        "a position of no number": (packed(named(parts | {".shp": bytes(nowhere)})), ERROR,
                                    "feature S1: holds a position that is not finite"),
        "absolute": (packed({"/etc/x.shp": b"x"}), ERROR, "leads out"),
        "a drive": (packed({"C:\\x.shp": b"x"}), ERROR, "leads out"),
        "backslashes": (packed({"..\\..\\x": b"x"}), ERROR, "leads out"),
        "out and in": (packed({"a/../../x.shp": b"x"}), ERROR, "leads out"),
        "very many": (packed({f"f{n}": b"" for n in range(1500)}), ERROR, "ARCHIVE_ENTRIES"),
        "bomb in the attributes": (packed(named(parts | {".dbf": bytes(20_000_000)})), ERROR,
                                   "archive_ratio"),
        "no layer": (packed({"README.txt": b"x"}), ERROR, "holds no shapefile"),
        "nothing": (packed({}), ERROR, "holds no shapefile"),
        "another layer": (packed({"a.geojson": features(HERE)}), ERROR, "give the layer itself"),
        "password": (flagged(flagged(sound, b"PK\1\2", 8, b"\1"), b"PK\3\4", 6, b"\1"), ERROR,
                     "password"),
        "no known way of packing": (flagged(flagged(sound, b"PK\1\2", 10, b"\x63\0"), b"PK\3\4", 8,
                                            b"\x63\0"), ERROR, "archive"),
        "a wrong sum": (flagged(sound, b"PK\1\2", 16, b"\0\0\0\0"), ERROR, "damaged archive"),
        "sizes that lie": (flagged(sound, b"PK\1\2", 24, b"\1\0\0\0"), ERROR, "damaged archive"),
        "bytes before": (b"x" + sound, ERROR, "no zip archive"),
        "by another name": (b"Rar!\x1a\x07", ERROR, "no zip archive"),
    }  # fmt: skip


def test_archives_meet_their_answer(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    for name, (data, expected, word) in archives(tmp_path_factory.mktemp("parts")).items():
        (tmp_path / "s.zip").write_bytes(data)
        report = check(tmp_path / "s.zip", "sites")
        assert outcome(report) == expected, f"{name}: {told(report)}"
        assert word in told(report), f"{name}: {told(report)}"


def shifted(folder: Path, crs_name: str) -> bytes:
    """A shapefile of a point in metres that says this CRS."""
    frame = gpd.GeoDataFrame({"id": ["S1"]}, geometry=[Point(450_000, 3_150_000)], crs=crs_name)
    folder.mkdir()
    frame.to_file(folder / "layer.shp")
    return packed(named({path.suffix: path.read_bytes() for path in folder.iterdir()}))


def test_a_zone_too_far_and_feet_are_refused(tmp_path: Path) -> None:
    for number, name in enumerate(("EPSG:32641", "EPSG:2263")):
        path = tmp_path / "s.zip"
        path.write_bytes(shifted(tmp_path / str(number), name))
        assert "outside the provinces" in told(check_file(path, "sites", AREA))


DATABASES = {
    "trigger": (["CREATE TRIGGER z AFTER INSERT ON a BEGIN DELETE FROM a; END"], ACCEPT, ""),
    "no list of layers": (["DELETE FROM gpkg_contents"], ERROR, "holds 0 layers"),
    "no list of shapes": (["DELETE FROM gpkg_geometry_columns"], ERROR, "no GeoPackage"),
    "no CRS": (["UPDATE gpkg_geometry_columns SET srs_id = -1"], ERROR, "no place on the earth"),
    "a CRS of nowhere": (["UPDATE gpkg_geometry_columns SET srs_id = 99999"], ERROR, "--crs"),
    "text of no encoding": (["UPDATE a SET name = CAST(X'd9ff' AS TEXT)"], ERROR, "encoding"),
}


@pytest.mark.parametrize("name", DATABASES)
def test_databases_meet_their_answer(tmp_path: Path, name: str) -> None:
    changes, expected, word = DATABASES[name]
    path = tmp_path / "s.gpkg"
    faulty.sites_frame().to_file(path, layer="a", SPATIAL_INDEX="NO")
    with sqlite3.connect(path) as base:
        for change in changes:
            base.execute(change)
    base.close()
    report = check(path, "sites")
    assert outcome(report) == expected, told(report)
    assert word in told(report)


HEAD = ["id", "name", "lon", "lat", "area_ha"]


def book(change: Callable[[Any, Any], object]) -> bytes:
    """A sound workbook after a change of it and of its sheet."""
    made = openpyxl.Workbook()
    sheet = made.active
    for row in (HEAD, ["S1", "A", 50.5, 28.5, 5], ["S2", "B", 51.5, 28.5, 6]):
        sheet.append(row)
    change(made, sheet)
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def put(place: str, value: Any) -> Callable[[Any, Any], object]:
    return lambda _, sheet: sheet.__setitem__(place, value)


def hidden(made: Any, sheet: Any) -> None:
    sheet.sheet_state = "hidden"
    made.create_sheet("empty")


def second(made: Any, _: Any) -> None:
    made.create_sheet("more").append(["id"])
    made["more"].sheet_state = "veryHidden"


def share(_: Any, sheet: Any) -> None:
    sheet["E2"] = 0.05
    sheet["E2"].number_format = "0%"


def inside(*changes: tuple[bytes, bytes]) -> bytes:
    """A sound workbook after changes of the text of its sheet, each of which must apply."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(book(lambda *_: None))) as old,
        zipfile.ZipFile(out, "w") as new,
    ):
        for part in old.namelist():
            data = old.read(part)
            for before, after in changes if part.endswith("sheet1.xml") else ():
                assert before in data
                data = data.replace(before, after)
            new.writestr(part, data)
    return out.getvalue()


FIVE = b'<c r="E2" t="n"><v>5</v></c>'
BOOKS = {
    "formula": (book(put("E2", "=2+3")), ERROR, "row 2: area_ha: is a formula"),
    "formula of a range": (book(put("E2", ArrayFormula("E2:E3", "=1"))), ERROR, "is a formula"),
    "formula with its value": (inside((FIVE, b'<c r="E2"><f>2+3</f><v>5</v></c>')), ACCEPT, ""),
    "value of another workbook": (inside((FIVE, b'<c r="E2"><f>[1]A!A1</f><v>5</v></c>')), REPAIR,
                                  "row 2: takes values from another workbook"),
    "error": (book(put("E2", "#REF!")), ERROR, "row 2: area_ha: holds the spreadsheet error"),
    "date": (inside((FIVE, b'<c r="E2" t="d"><v>2026-01-05</v></c>')), ERROR, "row 2: area_ha"),
    "yes": (book(put("E2", True)), ERROR, "row 2: area_ha: 'TRUE'"),
    "share of a hundred": (book(share), ERROR, "row 2: area_ha: '5%'"),
    "text of a number": (book(put("E2", "5")), ACCEPT, ""),
    "Persian digits": (book(put("E2", "۵")), REPAIR, "row 2: area_ha"),
    "merged": (book(lambda _, s: s.merge_cells("A2:B2")), ERROR, "cells A2:B2 are merged"),
    "title above": (book(lambda _, s: (s.insert_rows(1), put("A1", "Mine")(_, s))), ERROR,
                    "row 2: has 5 fields, 1 expected"),
    "hidden sheet": (book(hidden), REPAIR, "sheet is hidden"),
    "another hidden sheet": (book(second), ERROR, "holds 2 sheets"),
    "a cell far away": (book(put("ZZ2", "x")), ERROR, "row 2: has 702 fields"),
    "a cell twice": (inside((FIVE, FIVE + FIVE.replace(b"5", b"9"))), ERROR,
                     "row 2: area_ha: stands twice"),
    "a row twice": (inside((b'<row r="3"', b'<row r="2"')), ERROR, "row 2: stands twice"),
    "no number": (inside((b"<v>5</v>", b"<v>NaN</v>")), ERROR, "row 2: area_ha: 'NaN'"),
    "document type": (inside((b"<worksheet", b"<!DOCTYPE x><worksheet")), ERROR, "DOCTYPE"),
    "heading alone": (book(lambda _, s: s.delete_rows(2, 5)), ERROR, "no rows"),
    "nothing": (book(lambda _, s: s.delete_rows(1, 5)), ERROR, "is empty"),
    "comma separated": (GOOD.encode(), ERROR, "no such workbook"),
    "an older workbook": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500), ERROR, "no such"),
    "another archive": (packed({"a.txt": b"x"}), ERROR, "no sheet holds a cell"),
}  # fmt: skip


@pytest.mark.parametrize("name", BOOKS)
def test_books_meet_their_answer(tmp_path: Path, name: str) -> None:
    data, expected, word = BOOKS[name]
    (tmp_path / "s.xlsx").write_bytes(data)
    report = check(tmp_path / "s.xlsx", "sites")
    assert outcome(report) == expected, told(report)
    assert word in told(report)


HEIGHTS = np.linspace(0, 900, 400, dtype="float32").reshape(20, 20)
NORTH_UP = Affine(1000, 0, 450_000, 0, -1000, 3_200_000)
RASTERS: dict[str, tuple[Any, dict[str, Any], str, str]] = {
    "all unknown": (np.full((20, 20), -32768.0, "float32"), {}, ERROR, "is empty"),
    "all NaN": (np.full((20, 20), np.nan, "float32"), {"nodata": None}, ERROR, "is empty"),
    "nodata is NaN": (HEIGHTS, {"nodata": np.nan}, ACCEPT, ""),
    "no nodata": (HEIGHTS, {"nodata": None}, REPAIR, "declares no nodata"),
    "another nodata": (np.where(HEIGHTS < 5, 32767, HEIGHTS), {}, ERROR, "hold 32767"),
    "the least number": (np.where(HEIGHTS < 5, np.float32(-3.4e38), HEIGHTS), {"nodata": None},
                         ERROR, "nodata is not declared"),
    "kilometres": (HEIGHTS / 125 + 0.5, {}, REPAIR, "kilometres"),
    "upside down": (HEIGHTS, {"transform": Affine(1000, 0, 450_000, 0, 1000, 3_180_000)}, ERROR,
                    "mirrored or upside down"),
    "mirrored": (HEIGHTS, {"transform": Affine(-1000, 0, 470_000, 0, -1000, 3_200_000)}, ERROR,
                 "mirrored or upside down"),
    "sheared": (HEIGHTS, {"transform": Affine(1000, 5, 450_000, 0, -1000, 3_200_000)}, ERROR,
                "rotated"),
    "cells of nothing": (HEIGHTS, {"transform": Affine(1e-9, 0, 450_000, 0, -1e-9, 3_200_000)},
                         ERROR, "m wide"),
    "no position": (HEIGHTS, {"transform": Affine.identity()}, ERROR, "has no position"),
    "projected that lies": (HEIGHTS, {"transform": Affine(0.01, 0, 50, 0, -0.01, 28.6)}, ERROR,
                            "does not fit its coordinates"),
    "degrees that lie": (HEIGHTS, {"crs": "EPSG:4326"}, ERROR, "does not fit its coordinates"),
    "another zone": (HEIGHTS, {"crs": "EPSG:32641"}, ERROR, "outside the provinces"),
    "colours": (np.zeros((3, 20, 20), "uint8"), {"nodata": None}, ERROR, "3 bands"),
    "colour numbers": (np.arange(400).reshape(20, 20).astype("uint8"),
                       {"nodata": None, "photometric": "palette"}, ERROR, "numbers of colours"),
    "one more band": (np.stack([HEIGHTS, HEIGHTS]), {}, ERROR, "2 bands"),
}  # fmt: skip


@pytest.mark.filterwarnings(
    "ignore::DeprecationWarning", "ignore::rasterio.errors.NotGeoreferencedWarning"
)
@pytest.mark.parametrize("name", RASTERS)
def test_rasters_meet_their_answer(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, name: str
) -> None:
    cells, more, expected, word = RASTERS[name]
    made = tmp_path_factory.mktemp("cells") / "a.tif"
    (tmp_path / "d.tif").write_bytes(faulty.raster(made, cells, **more))
    report = check(tmp_path / "d.tif", "dem")
    assert outcome(report) == expected, told(report)
    assert word in told(report)


def test_cells_that_do_not_mean_what_they_hold_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "d.tif"
    faulty.raster(path, HEIGHTS.astype("int16"))
    with rasterio.open(path, "r+") as data:
        data.scales, data.offsets = (0.1,), (100,)
    assert "to be scaled by 0.1 and moved by 100" in told(check_file(path, "dem", AREA))
    profile = {"driver": "GTiff", "height": 20, "width": 20, "count": 1, "dtype": "float32",
               "crs": "EPSG:32639", "transform": NORTH_UP}  # fmt: skip
    with (
        rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True),
        rasterio.open(tmp_path / "m.tif", "w", **profile) as data,
    ):
        data.write(HEIGHTS[None])
        data.write_mask(HEIGHTS > 100)
    assert "carries a mask" in told(check_file(tmp_path / "m.tif", "dem", AREA))


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("d.tif", b"<GDAL_WMS><Service name='WMS'/></GDAL_WMS>"),
        ("d.tif", b"<GDALTileIndexDataset/>"), ("d.tif", b"SQLite format 3\0" + bytes(90)),
        ("d.tif", b"\xff\xd8\xff\xe0" + bytes(90)), ("d.wms", b"<GDAL_WMS/>"), ("d.xml", b"<a/>"),
        ("d.asc", b"ncols 2\n"), ("d.nc", b"CDF\1"), ("d.hgt", bytes(90)), ("d.gti", b"<a/>"),
        ("d.vrt.tif", b"<?xml version='1.0'?><VRTDataset/>"),
        ("d.tif.gz", gzip.compress(b"II*\0", mtime=0)),
    ],
)  # fmt: skip
def test_other_drivers_are_never_asked(tmp_path: Path, name: str, data: bytes) -> None:
    (tmp_path / name).write_bytes(data)
    for kind in ("dem", "raster"):
        message = told(check(tmp_path / name, kind))
        assert "is no GeoTIFF" in message or "not of a format" in message


def line(*positions: list[float]) -> dict[str, Any]:
    return shape("LineString", list(positions))


def wkt(text: str) -> bytes:
    return f'id,wkt\nP1,"{text}"\n'.encode()


PIPES: dict[str, tuple[str, bytes, str, str]] = {
    "sound": ("s.csv", wkt("LINESTRING (50.1 28.1, 50.9 28.4)"), ACCEPT, ""),
    "axes exchanged": ("s.csv", wkt("LINESTRING (28.1 50.1, 28.4 50.9)"), ERROR, "row 2: lon, lat"),
    "metres": ("s.csv", wkt("LINESTRING (545000 3150000, 555000 3160000)"), ERROR, "projected"),
    "no number": ("s.csv", wkt("LINESTRING (nan 28, 50 28)"), ERROR, "row 2: holds a position"),
    "nothing": ("s.csv", wkt("LINESTRING EMPTY"), ERROR, "row 2: has no geometry"),
    "curve": ("s.csv", wkt("CIRCULARSTRING (50 28, 50.5 28.5, 51 28)"), ERROR, "row 2: wkt"),
    "cut short": ("s.csv", wkt("LINESTRING (50.1 28.1"), ERROR, "row 2: wkt"),
    "with a CRS": ("s.csv", wkt("SRID=32639;LINESTRING (50 28, 51 28)"), ERROR, "row 2: wkt"),
    "drawn exchanged": ("s.geojson", many(line([28.1, 50.1], [28.4, 50.9])), ERROR, "exchange"),
    "drawn far away": ("s.geojson", many(line([0.1, 0.1], [1, 1])), ERROR, "km from the nearest"),
    "drawn round the world": ("s.geojson", many(line([179, 28], [-179, 28])), ERROR, "180 degrees"),
    "points": ("s.geojson", many(HERE), ERROR, "feature 1: holds no line"),
}  # fmt: skip


@pytest.mark.parametrize("name", PIPES)
def test_lines_meet_their_answer(tmp_path: Path, name: str) -> None:
    file, data, expected, word = PIPES[name]
    (tmp_path / file).write_bytes(data)
    report = check(tmp_path / file, "pipelines")
    assert outcome(report) == expected, told(report)
    assert word in told(report)


def province(iso: Any, ring: list[list[float]]) -> bytes:
    feature = {"type": "Feature", "properties": {"iso": iso}, "geometry": polygon(ring)}
    return json.dumps({"type": "FeatureCollection", "features": [feature]}).encode()


WHOLE = [[50.0, 28.0], [51.0, 28.0], [51.0, 29.0], [50.0, 29.0], [50.0, 28.0]]


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (province("IR-99", WHOLE), "feature 1: province: 'IR-99'"),
        (province(None, WHOLE), "feature 1: iso: names no province"),
        (province("IR-18", [[b, a] for a, b in WHOLE]), "feature 1: lon, lat: all positions"),
        (province("IR-18", [[a - 40, b + 20] for a, b in WHOLE]), "km from the nearest"),
    ],
)
def test_provinces_meet_their_answer(tmp_path: Path, data: bytes, word: str) -> None:
    (tmp_path / "s.geojson").write_bytes(data)
    assert word in told(check(tmp_path / "s.geojson", "provinces"))


@pytest.mark.parametrize("kind", ["estates", "ports", "feedstock"])
def test_features_of_another_continent_are_refused(tmp_path: Path, kind: str) -> None:
    (tmp_path / "s.csv").write_bytes(table("S1,A,-70,-20,5,1,1"))
    assert "row 2 (S1): lon, lat: lies outside" in told(check(tmp_path / "s.csv", kind))


def test_what_is_no_plain_file_is_refused(tmp_path: Path) -> None:
    import os

    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "dangling.csv").symlink_to(tmp_path / "nowhere")
    (tmp_path / "loop.csv").symlink_to(tmp_path / "loop.csv")
    names = ["folder.csv", "dangling.csv", "loop.csv", "none.csv", "a" * 300 + ".csv", "a\0.csv"]
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.csv")
        names.append("pipe.csv")
    for name in names:
        for kind in ("sites", "dem", "provinces"):
            assert check_file(tmp_path / name, kind, AREA).faults


def test_limits_are_named_when_they_are_hit(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_bytes(BOTH)
    (tmp_path / "s.geojson").write_bytes(many(polygon(SQUARE)))
    (tmp_path / "s.xlsx").write_bytes(book(lambda *_: None))
    for name, limits in (
        ("s.csv", Limits(rows=1)),
        ("s.csv", Limits(file_bytes=9)),
        ("s.geojson", Limits(vertices=3)),
        ("s.geojson", Limits(document_bytes=9)),
        ("s.xlsx", Limits(document_bytes=9)),
        ("s.geojson", Limits(file_bytes=9)),
    ):
        report = check_file(tmp_path / name, "sites", AREA, reading=Reading(limits=limits))
        assert "SITESELECT_LIMIT_" in told(report)
    assert not check_file(tmp_path / "s.csv", "sites", AREA, reading=AS_IT_SAYS).faults
