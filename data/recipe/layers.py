"""Make the layers of the pack from the raw layers that ``extract.py`` cuts out of the packages.

Usage: ``python data/recipe/layers.py RAW DATA``

RAW holds what ``extract.py`` wrote; DATA is the folder of the pack. Rows that are left out are
printed. Every file is written with a fixed date and in a fixed order of rows, so the same input
and libraries give the same bytes.
"""

import re
import shutil
import sys
import unicodedata
from collections.abc import Iterable
from difflib import SequenceMatcher
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely
from persian import TOWN_NAMES
from shapely.geometry import box

WEST, SOUTH, EAST, NORTH = 46.0, 23.5, 65.0, 34.5
WGS84 = "EPSG:4326"
EQUAL_AREA = (
    "+proj=aea +lat_1=26 +lat_2=32 +lat_0=29 +lon_0=55.5 +x_0=0 +y_0=0 +datum=WGS84 +units=m"
    " +no_defs +type=crs"
)
VECTORS = (
    "coast_osm_odbl.gpkg",
    "neighbours_ne_pd.gpkg",
    "transport_osm_odbl.gpkg",
    "water_gshhg_lgpl.gpkg",
)
RASTERS = ("dem_globe_30s.tif", "landcover_modis_igbp_2019_3min.tif")
NEAR_M = 1000.0
TOWN_KM = 4.0
PLACES = 6

# Today's ISO 3166-2 codes (update of November 2020) by the names that Natural Earth uses.
ISO = {
    "Markazi": "IR-00", "Gilan": "IR-01", "Mazandaran": "IR-02", "East Azarbaijan": "IR-03",
    "West Azarbaijan": "IR-04", "Kermanshah": "IR-05", "Khuzestan": "IR-06", "Fars": "IR-07",
    "Kerman": "IR-08", "Razavi Khorasan": "IR-09", "Esfahan": "IR-10",
    "Sistan and Baluchestan": "IR-11", "Kordestan": "IR-12", "Hamadan": "IR-13",
    "Chahar Mahall and Bakhtiari": "IR-14", "Lorestan": "IR-15", "Ilam": "IR-16",
    "Kohgiluyeh and Buyer Ahmad": "IR-17", "Bushehr": "IR-18", "Zanjan": "IR-19",
    "Semnan": "IR-20", "Yazd": "IR-21", "Hormozgan": "IR-22", "Tehran": "IR-23",
    "Ardebil": "IR-24", "Qom": "IR-25", "Qazvin": "IR-26", "Golestan": "IR-27",
    "North Khorasan": "IR-28", "South Khorasan": "IR-29", "Alborz": "IR-30",
}  # fmt: skip
TARGET = ("IR-06", "IR-11", "IR-18", "IR-22")
COUNTRIES = {
    "AFG": ("Afghanistan", "افغانستان"),
    "ARE": ("United Arab Emirates", "امارات متحده عربی"),
    "BHR": ("Bahrain", "بحرین"),
    "IRQ": ("Iraq", "عراق"),
    "KWT": ("Kuwait", "کویت"),
    "OMN": ("Oman", "عمان"),
    "PAK": ("Pakistan", "پاکستان"),
    "QAT": ("Qatar", "قطر"),
    "SAU": ("Saudi Arabia", "عربستان سعودی"),
}
# Islands by a point that lies on them (degrees east, north).
ISLANDS = (
    ("Qeshm", "قشم", 55.90, 26.85),
    ("Kish", "کیش", 53.98, 26.54),
    ("Lavan", "لاوان", 53.30, 26.81),
    ("Kharg", "خارک", 50.32, 29.245),
    ("Kharko", "خارکو", 50.345, 29.32),
    ("Hormoz", "هرمز", 56.46, 27.06),
    ("Larak", "لارک", 56.36, 26.86),
    ("Hengam", "هنگام", 55.88, 26.645),
    ("Sirri", "سیری", 54.53, 25.91),
    ("Abu Musa", "ابوموسی", 55.03, 25.875),
    ("Greater Tunb", "تنب بزرگ", 55.305, 26.265),
    ("Lesser Tunb", "تنب کوچک", 55.148, 26.242),
    ("Farur", "فارور", 54.517, 26.287),
    ("Lesser Farur", "فارور کوچک", 54.445, 26.118),
    ("Hendorabi", "هندورابی", 53.63, 26.68),
    ("Shidvar", "شیدور", 53.41, 26.792),
)

PERSIAN = frozenset("آابپتثجچحخدذرزژسشصضطظعغفقکگلمنوهیئء" + "\u200c -()")
# Arabic ye and kaf become Persian, vowel marks go.
REPAIRS = str.maketrans("يىك", "ییک", "".join(map(chr, range(0x064B, 0x0653))))
LETTERS = {
    "ب": "b", "پ": "p", "ت": "t", "ط": "t", "ث": "s", "س": "s", "ص": "s", "ج": "j", "چ": "c",
    "خ": "x", "د": "d", "ذ": "z", "ز": "z", "ض": "z", "ظ": "z", "ر": "r", "ژ": "j", "ش": "$",
    "غ": "q", "ق": "q", "ف": "f", "ک": "k", "گ": "g", "ل": "l", "م": "m", "ن": "n",
}  # fmt: skip


def write(layer: gpd.GeoDataFrame, path: Path, name: str) -> None:
    """Add a layer to a GeoPackage, coordinates rounded to a tenth of a metre."""
    layer = layer.reset_index(drop=True)
    layer.geometry = shapely.set_precision(layer.geometry.values, 10.0**-PLACES)
    if layer.geometry.is_empty.any() or not layer.geometry.is_valid.all():
        raise SystemExit(f"{path.name}/{name}: empty or invalid geometry")
    pyogrio.write_dataframe(layer, path, layer=name, driver="GPKG", SPATIAL_INDEX="NO")
    print(f"{path.name}/{name}: {len(layer)} rows")


def polygons(shape: shapely.Geometry) -> list[shapely.Polygon]:
    """The polygons of a geometry, whatever it is."""
    return [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon"]


def provinces(raw: Path, out: Path) -> gpd.GeoDataFrame:
    """All 31 provinces on the OpenStreetMap coast, with today's codes."""
    table = pyogrio.read_dataframe(
        raw / "coast_osm_odbl.gpkg", layer="admin1_iran_ne10m_on_osm_coast"
    )
    made = gpd.GeoDataFrame(
        {
            "iso": table["name"].map(ISO),
            "name_en": table["name_en"],
            "name_fa": table["name_fa"].str.removeprefix("استان ").str.strip(),
            "geonames_admin1": table["gn_a1_code"].str.removeprefix("IR."),
            "area_km2": (table.to_crs(EQUAL_AREA).area / 1e6).round(1),
        },
        geometry=shapely.make_valid(table.geometry.values),
        crs=WGS84,
    )
    made["target"] = made["iso"].isin(TARGET).astype("int16")
    made = made.sort_values("iso")
    if made["iso"].isna().any() or made["iso"].duplicated().any():
        raise SystemExit("a province has no code of its own")
    write(made, out / "coast_osm_odbl.gpkg", "provinces")
    return made


def neighbours(raw: Path, out: Path) -> None:
    """Neighbouring countries, for the background of maps only."""
    table = pyogrio.read_dataframe(raw / "boundaries.gpkg", layer="admin1_neighbours_ne10m")
    table.geometry = shapely.make_valid(table.geometry.values)
    whole = table.dissolve("adm0_a3").geometry.simplify(0.01)
    parts = [shapely.MultiPolygon(polygons(shapely.make_valid(shape))) for shape in whole]
    made = gpd.GeoDataFrame(
        {
            "iso": whole.index,
            "name_en": [COUNTRIES[code][0] for code in whole.index],
            "name_fa": [COUNTRIES[code][1] for code in whole.index],
        },
        geometry=parts,
        crs=WGS84,
    )
    write(made.sort_values("iso"), out / "neighbours_ne_pd.gpkg", "neighbours")


def beyond_the_box() -> list[shapely.Polygon]:
    """Thin strips outside the box along the edges that run over land, at most to the sea.

    With them, a border gap or a lake that the edge of the box cuts is an inland hole and not a bay.
    """
    return [
        box(WEST - 0.1, NORTH, EAST + 0.1, NORTH + 0.1),
        box(WEST - 0.1, SOUTH - 0.1, WEST, NORTH + 0.1),
        box(WEST - 0.1, SOUTH - 0.1, 57.0, SOUTH),
        box(EAST, 25.6, EAST + 0.1, NORTH + 0.1),
    ]


def land_parts(raw: Path) -> tuple[list[shapely.Polygon], shapely.Geometry]:
    """Pieces of dry land in the box, largest first, without inland water; and Iran's land."""
    table = pyogrio.read_dataframe(raw / "coast_osm_odbl.gpkg", layer="land_osm_10m")
    shapes = shapely.make_valid(table.geometry.values)
    iran = shapes[int(np.flatnonzero(table["A3"] == "IRN")[0])]
    pieces = [shapely.Polygon(part.exterior) for shape in shapes for part in polygons(shape)]
    union = shapely.union_all(pieces + beyond_the_box())
    filled = shapely.union_all([shapely.Polygon(part.exterior) for part in polygons(union)])
    parts = polygons(shapely.intersection(filled, box(WEST, SOUTH, EAST, NORTH)))
    metres = gpd.GeoSeries(parts, crs=WGS84).to_crs(EQUAL_AREA).area
    order = np.argsort(-metres.to_numpy(), kind="stable")
    return [parts[i] for i in order], iran


def landmasses(parts: list[shapely.Polygon], iran: shapely.Geometry) -> gpd.GeoDataFrame:
    """Number the landmasses: 0 the mainland, then Iran's islands by size, then foreign ones.

    An island within 1 km of the mainland is part of it: a causeway or a short bridge reaches it.
    An islet within 1 km of a larger island of its own number is part of that island. The rule is
    not chained from islet to islet, else the mangroves of Khuran would tie Qeshm to the mainland.
    """
    made = gpd.GeoDataFrame(geometry=parts, crs=WGS84)
    plane = made.to_crs(EQUAL_AREA).geometry
    made["area_km2"] = (plane.area / 1e6).round(4)
    inside = shapely.contains_properly(iran, made.geometry.representative_point().values)
    made["iran"] = inside.astype("int16")
    made.loc[0, "iran"] = 0
    number = np.zeros(len(made), dtype=np.int32)
    heads: list[tuple[int, shapely.Geometry]] = []
    for index in sorted(range(1, len(made)), key=lambda i: (not inside[i], i)):
        shape = plane.iloc[index]
        if shape.distance(plane.iloc[0]) <= NEAR_M:
            continue
        near = [head for head, other in heads if shape.distance(other) <= NEAR_M]
        number[index] = near[0] if near else len(heads) + 1
        if not near:
            heads.append((len(heads) + 1, shape))
    made["landmass"] = number
    return made


def coast(raw: Path, out: Path) -> None:
    """Land, coastline without the edges of the box, and Iran's islands."""
    parts, iran = land_parts(raw)
    made = landmasses(parts, iran)
    path = out / "coast_osm_odbl.gpkg"
    write(made[["landmass", "iran", "area_km2", "geometry"]], path, "land")
    frame = box(WEST, SOUTH, EAST, NORTH).exterior.buffer(1e-6)
    lines = shapely.line_merge(shapely.difference(made.geometry.boundary.values, frame))
    shore = gpd.GeoDataFrame({"landmass": made["landmass"]}, geometry=lines, crs=WGS84)
    shore = shore[~shore.geometry.is_empty].explode(index_parts=False)
    write(shore[shapely.length(shore.geometry.values) > 0], path, "coastline")
    islands = made[(made["iran"] == 1) & (made["landmass"] > 0)].copy()
    islands["name_en"], islands["name_fa"] = "", ""
    for name_en, name_fa, lon, lat in ISLANDS:
        hit = islands.geometry.intersects(shapely.Point(lon, lat))
        if hit.sum() != 1:
            print(f"island {name_en}: {hit.sum()} polygons at {lon}, {lat}")
        islands.loc[hit, ["name_en", "name_fa"]] = [name_en, name_fa]
    islands = islands.sort_values(["landmass", "area_km2"], ascending=[True, False])
    columns = ["landmass", "name_en", "name_fa", "area_km2", "geometry"]
    write(islands[columns], path, "islands")
    near = int(((made["iran"] == 1) & (made["landmass"] == 0)).sum())
    print(f"left out of islands: {near} Iranian islands within 1 km of the mainland")


def inland_water(raw: Path, out: Path) -> None:
    """Lakes and rivers of GSHHG and WDBII."""
    path = out / "water_gshhg_lgpl.gpkg"
    lakes = pyogrio.read_dataframe(raw / "gshhg_full_lgpl.gpkg", layer="lakes_gshhg_full")
    # GSHHG marks the wide reach of a river by a negative area.
    made = gpd.GeoDataFrame(
        {
            "kind": np.where(lakes["src_area_km2"] < 0, "wide_river", "lake"),
            "area_km2": lakes["src_area_km2"].abs().round(3),
        },
        geometry=shapely.make_valid(lakes.geometry.values),
        crs=WGS84,
    )
    write(made.sort_values("area_km2", ascending=False), path, "lakes")
    rivers = pyogrio.read_dataframe(raw / "gshhg_full_lgpl.gpkg", layer="rivers_wdbii_full")
    long = rivers[shapely.length(rivers.geometry.values) > 0]
    print(f"rivers: {len(rivers) - len(long)} lines of zero length dropped")
    made = gpd.GeoDataFrame(
        {"river_class": long["class"].astype("int16"), "class_name": long["class_name"]},
        geometry=long.geometry.values,
        crs=WGS84,
    )
    write(made.sort_values("river_class", kind="stable"), path, "rivers")


def transport(raw: Path, out: Path) -> None:
    """Roads and railways as chords between the nodes of a graph."""
    for raw_name, name in (("highways_scgraph", "highways"), ("railways_scgraph", "railways")):
        table = pyogrio.read_dataframe(raw / "transport_osm_odbl.gpkg", layer=raw_name)
        made = table[["node_a", "node_b", "length_km", "geometry"]]
        made = made.astype({"node_a": "int32", "node_b": "int32"})
        write(made.sort_values(["node_a", "node_b"]), out / "transport_osm_odbl.gpkg", name)


def skeleton(name: str) -> str:
    """Consonants of a Persian or transliterated name, in one alphabet."""
    if any(letter in LETTERS for letter in name):
        return "".join(LETTERS.get(letter, "") for letter in name)
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    for pair, one in (("kh", "x"), ("gh", "q"), ("sh", "$"), ("ch", "c"), ("zh", "j")):
        plain = plain.replace(pair, one)
    return re.sub(r"[^bptsjcxdzr$qfkglmn]", "", plain)


def persian_name(name: str, others: Iterable[str]) -> str:
    """The alternate name in Persian letters whose consonants are nearest; empty if none fits.

    A name in Persian letters goes before one whose Arabic ye and kaf must be replaced and whose
    vowel marks must go; one that still holds other letters is no Persian name.
    """
    best, likeness = "", 0.6
    for penalty, repairs in ((0.0, {}), (0.1, REPAIRS)):
        for other in others:
            candidate = other.translate(repairs).strip()
            if not set(candidate) <= PERSIAN or not any(c in LETTERS for c in candidate):
                continue
            near = SequenceMatcher(None, skeleton(name), skeleton(candidate)).ratio() - penalty
            if near > likeness:
                best, likeness = candidate, near
    return best


def older_lines(table: pd.DataFrame, area: gpd.GeoDataFrame) -> list[str]:
    """A remark for each town that stands outside the province it belongs to today.

    Natural Earth's inner lines of the east are older than the moves of Tabas, Ferdows and Abarkuh.
    """
    shapes = area.set_index("iso").geometry.to_crs(EQUAL_AREA)
    points = gpd.points_from_xy(table["lon"], table["lat"], crs=WGS84).to_crs(EQUAL_AREA)
    away = [
        point.distance(shapes[iso]) / 1000 if iso else 0.0
        for point, iso in zip(points, table["province"], strict=True)
    ]
    return [
        f"lies {km:.0f} km outside the line of {iso} in `provinces`" if km > TOWN_KM else ""
        for km, iso in zip(away, table["province"], strict=True)
    ]


def towns(raw: Path, out: Path, area: gpd.GeoDataFrame) -> None:
    """Places of 500 people and more, as a table."""
    table = pyogrio.read_dataframe(raw / "places_geonames_ccby.gpkg", layer="cities500")
    table = table.sort_values("geonameid", key=lambda ids: ids.astype(int), ignore_index=True)
    code = dict(zip(area["geonames_admin1"], area["iso"], strict=True))
    iran = table["countrycode"] == "IR"
    ids = "GN-" + table["geonameid"].astype(str)
    made = pd.DataFrame(
        {
            "id": ids,
            "name_en": table["name"],
            "name_fa": [
                TOWN_NAMES.get(key) or persian_name(name, others.split("|"))
                for key, name, others in zip(
                    ids, table["name"], table["alternatenames"], strict=True
                )
            ],
            "kind": "town",
            "country": table["countrycode"],
            "province": table["admin1code"].map(code).where(iran, "").fillna(""),
            "admin1": table["admin1code"],
            "population": table["population"].astype(int),
            "lon": table["longitude"],
            "lat": table["latitude"],
            "source": "GeoNames cities500",
            "source_kind": "found",
        }
    )
    made["note"] = older_lines(made, area)
    made.to_csv(out / "towns.csv", index=False, lineterminator="\n", encoding="utf-8")
    nameless = made["name_fa"] == ""
    print(
        f"towns.csv: {len(made)} rows, {nameless.sum()} without a Persian name,"
        f" {(nameless & iran).sum()} of them in Iran; {(made['note'] != '').sum()} outside the line"
        " of their province"
    )


def main(raw: Path, out: Path) -> None:
    """Make every layer."""
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": "2026-01-01T00:00:00.000Z"})
    for name in VECTORS:
        (out / name).unlink(missing_ok=True)
    area = provinces(raw, out)
    neighbours(raw, out)
    coast(raw, out)
    inland_water(raw, out)
    transport(raw, out)
    towns(raw, out, area)
    for name in RASTERS:
        shutil.copyfile(raw / name, out / name)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
