"""Files as people bring them, good and faulty, each made small and harmless in a folder."""

import io
import json
import stat
import zipfile
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import openpyxl  # type: ignore[import-untyped]
import rasterio
from affine import Affine
from shapely.geometry import LineString, Point, box

from siteselect.world.location import Area
from tests.toy import PROVINCES

HEADING = "id,name,lon,lat,area_ha,slope_deg,dist_port_km\n"
GOOD = (
    HEADING
    + "S1,Alpha,50.25,28.5,220,1.2,8\nS2,Beta,50.75,28.25,400,0.4,6\n"
    + "S3,Gamma,51.5,28.75,350,2.1,14\n"
)
CANARY = "canary-7f3a"
SQUARE = [[50.1, 28.1], [50.2, 28.1], [50.2, 28.2], [50.1, 28.2], [50.1, 28.1]]
TOWNS = gpd.GeoDataFrame(
    {"name_en": ["Alphatown", "Betatown"], "name_fa": ["آلفاشهر", "بتاشهر"]},
    geometry=[Point(50.2, 28.5), Point(51.8, 28.5)],
    crs="EPSG:4326",
)
# The mainland, and an island far to the south so that the sea between is known to be sea.
LAND = gpd.GeoDataFrame(geometry=[box(49, 28, 53, 30), box(49, 24, 49.2, 24.2)], crs="EPSG:4326")
AREA = Area(PROVINCES, LAND, TOWNS)


def rows(*lines: str) -> bytes:
    """A table of sites with these rows."""
    return (HEADING + "\n".join(lines) + "\n").encode()


def features(*geometries: Any, **more: Any) -> bytes:
    """A GeoJSON of these geometries, called P1, P2, ..."""
    listed = [
        {"type": "Feature", "properties": {"id": f"P{n}"}, "geometry": geometry}
        for n, geometry in enumerate(geometries, start=1)
    ]
    return json.dumps({"type": "FeatureCollection", "features": listed} | more).encode()


def polygon(ring: list[list[float]]) -> dict[str, Any]:
    """A polygon of one ring."""
    return {"type": "Polygon", "coordinates": [ring]}


def point(lon: float, lat: float) -> dict[str, Any]:
    """A point."""
    return {"type": "Point", "coordinates": [lon, lat]}


def kml(body: str, head: str = "") -> bytes:
    """A KML document with a body."""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>{head}'
        f'<kml xmlns="http://www.opengis.net/kml/2.2"><Document>{body}</Document></kml>'
    ).encode()


def packed(entries: dict[str, bytes], *, link: str = "") -> bytes:
    """A zip archive of these entries, one of which may be a symbolic link."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, data in entries.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = (stat.S_IFLNK if name == link else stat.S_IFREG) << 16
            opened.writestr(info, data)
    return out.getvalue()


def workbook(cells: list[list[Any]], **more: Any) -> bytes:
    """An XLSX workbook of one sheet; ``merge`` a range, ``second`` a further sheet."""
    book = openpyxl.Workbook()
    sheet = book.active
    for row in cells:
        sheet.append(row)
    if "merge" in more:
        sheet.merge_cells(more["merge"])
    if "second" in more:
        book.create_sheet(more["second"]).append(["id"])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def sites_frame(
    crs: str = "EPSG:4326", names: tuple[str, str] = ("Alpha", "Beta")
) -> gpd.GeoDataFrame:
    """Two sites as a layer."""
    frame = gpd.GeoDataFrame(
        {"id": ["S1", "S2"], "name": list(names)},
        geometry=[Point(50.25, 28.5), Point(51.5, 28.75)],
        crs="EPSG:4326",
    )
    return frame.to_crs(crs)


def shapefile(folder: Path, **more: Any) -> dict[str, bytes]:
    """The parts of a shapefile of two sites, by suffix."""
    folder.mkdir(parents=True, exist_ok=True)
    frame = sites_frame(names=more.get("names", ("Alpha", "Beta")))
    frame.to_file(folder / "layer.shp", encoding=more.get("encoding", "UTF-8"))
    return {path.suffix: path.read_bytes() for path in folder.iterdir()}


def named(parts: dict[str, bytes], stem: str = "layer") -> dict[str, bytes]:
    """Parts of a shapefile under a name."""
    return {stem + suffix: data for suffix, data in parts.items()}


def raster(path: Path, cells: Any = None, **more: Any) -> bytes:
    """A GeoTIFF of heights, 1 km cells in UTM zone 39 unless told otherwise."""
    values = np.linspace(0, 900, 400, dtype="float32").reshape(20, 20) if cells is None else cells
    values = values if values.ndim == 3 else values[None]
    profile = {
        "driver": "GTiff", "height": values.shape[1], "width": values.shape[2],
        "count": values.shape[0], "dtype": values.dtype, "crs": "EPSG:32639",
        "transform": Affine(1000, 0, 450_000, 0, -1000, 3_200_000), "nodata": -32768.0,
    }  # fmt: skip
    units = more.pop("units", None)
    with rasterio.open(path, "w", **(profile | more)) as data:
        data.write(values)
        if units:
            data.units = (units,)
    return path.read_bytes()


def lines_frame() -> gpd.GeoDataFrame:
    """One pipeline as a layer."""
    return gpd.GeoDataFrame(
        {"id": ["PL1"]}, geometry=[LineString([(50, 28.2), (51, 28.6)])], crs="EPSG:4326"
    )
