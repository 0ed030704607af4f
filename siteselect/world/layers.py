"""Layers that people bring: vector files and rasters, of a few known formats only.

A file is what its first bytes say, not what its name says. Formats that point at other files
(VRT, GML, web services) are not read at all, archives are inspected first, and reading never writes
beside the input.
"""

import sqlite3
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any
from warnings import catch_warnings

import geopandas as gpd
import numpy as np
import pyogrio
import rasterio
import shapely
from numpy.typing import NDArray
from pyogrio.errors import DataLayerError, DataSourceError, FeatureError, FieldError, GeometryError
from pyproj import CRS, Geod, Transformer
from pyproj.exceptions import CRSError, ProjError
from rasterio.errors import NotGeoreferencedWarning, RasterioError
from rasterio.io import DatasetReader

from siteselect.base.errors import CrsMismatch, DataError, Fault
from siteselect.base.text import nearest
from siteselect.world import dbase, geopackage
from siteselect.world.admit import LIMITS, Limits, admit, archive, large, over, refuse, shown
from siteselect.world.markup import feature_name, read_geojson, read_kml

FORMATS = MappingProxyType(
    {
        ".geojson": ("GeoJSON", (b"{",)),
        ".json": ("GeoJSON", (b"{",)),
        ".kml": ("KML", (b"<",)),
        ".gpkg": ("GeoPackage", (b"SQLite format 3\x00",)),
        ".fgb": ("FlatGeobuf", (b"fgb\x03fgb",)),
        ".shp": ("shapefile", (b"\x00\x00\x27\x0a",)),
        ".zip": ("zip archive", (b"PK",)),
        ".tif": ("GeoTIFF", (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")),
        ".tiff": ("GeoTIFF", (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")),
    }
)
# What people bring in other formats, and what to do about it.
_INSTEAD = {
    "save it as .xlsx or .csv": (".xls", ".xlsm", ".xlsb", ".ods"),
    "unpack it and give the .kml in it": (".kmz",),
    "unpack it first": (".rar", ".7z", ".gz", ".tar", ".tgz", ".xz", ".bz2"),
    "save it as .gpkg": (".gml", ".gpx", ".dxf", ".dwg", ".dgn", ".tab", ".mif", ".gdb", ".mdb",
                         ".topojson", ".geojsonl", ".parquet", ".sqlite"),
    "give the .shp beside it": (".shx", ".dbf", ".prj", ".cpg", ".sbn"),
    "save it as .tif": (".asc", ".img", ".hgt", ".dem", ".nc", ".grd", ".vrt", ".ecw"),
}  # fmt: skip
_SHAPEFILE = (".shp", ".shx", ".dbf", ".prj", ".cpg")
_GDAL_FAULTS = (
    DataLayerError, DataSourceError, FeatureError, FieldError, GeometryError, CRSError,
    shapely.errors.GEOSException, UnicodeDecodeError, ValueError, RuntimeError, OSError,
    IndexError, MemoryError, sqlite3.Error,
)  # fmt: skip
CACHE_MB = 64
_GEOD = Geod(ellps="WGS84")
_MIXED = "GeometryCollection"
_FAMILY = ("Point", "LineString", "LineString", "Polygon", "Point", "LineString", "Polygon", _MIXED)


def sniff(path: Path, limits: Limits = LIMITS) -> str:
    """The format of a file, by its name and its first bytes together.

    Parameters
    ----------
    path : pathlib.Path
    limits : Limits
        How large it may be.

    Returns
    -------
    str
        Such as ``GeoJSON`` or ``zip archive``.

    Raises
    ------
    DataError
        If the format is not among those read, or name and bytes disagree.
    """
    admit(path, limits)
    suffix = path.suffix.lower()
    if suffix not in FORMATS:
        known = ", ".join(FORMATS)
        cure = "".join(f"; {way}" for way, others in _INSTEAD.items() if suffix in others)
        raise DataError(Fault(f"is not of a format that is read ({known}){cure}", file=path.name))
    kind, marks = FORMATS[suffix]
    with path.open("rb") as handle:
        head = handle.read(64).removeprefix(b"\xef\xbb\xbf")
    text = kind in ("GeoJSON", "KML")
    if not (head.lstrip() if text else head).startswith(marks):
        raise DataError(Fault(f"is named {suffix} but is no {kind}; refused", file=path.name))
    return kind


def read_vector(
    path: Path,
    *,
    layer: str | None = None,
    crs: str | None = None,
    limits: Limits = LIMITS,
    warnings: list[Fault],
) -> gpd.GeoDataFrame:
    """The features of a vector file, of one kind of geometry, sound and in a known CRS.

    Parameters
    ----------
    path : pathlib.Path
        GeoJSON, KML, GeoPackage, FlatGeobuf, a shapefile, or a zip archive of one.
    layer : str, optional
        Layer of a file that holds several.
    crs : str, optional
        CRS of a file that does not say its own.
    limits : Limits
        How much it may hold.
    warnings : list of Fault
        Repairs are appended here: rings closed, outlines made valid with their area before and
        after.

    Returns
    -------
    geopandas.GeoDataFrame
        In the CRS of the file. Index: number of the feature, from 1.

    Raises
    ------
    DataError
        Every fault: damage, an unknown CRS or one that the coordinates contradict, a feature
        without geometry, mixed kinds of geometry, an outline round the world, a limit that is hit.
    """
    kind = sniff(path, limits)
    if kind == "GeoTIFF":
        raise DataError(Fault("is a raster; a vector file is wanted", file=path.name))
    if kind in ("GeoJSON", "KML"):
        refuse(large(path.stat().st_size, limits, path.name))
    if kind == "GeoJSON":
        frame = read_geojson(path, warnings=warnings)
    elif kind == "KML":
        frame = read_kml(path, warnings=warnings)
    elif kind == "zip archive":
        frame = _zipped(path, layer, crs, limits, warnings)
    elif kind == "shapefile":
        frame = _shapefile(path, path.name, crs, warnings)
    else:
        frame = _database(path, kind, layer, limits, warnings)
    return sound(located(frame, crs, path.name), path.name, limits, warnings=warnings)


def _chosen(names: list[str], layer: str | None, file: str) -> str:
    listed = ", ".join(shown(name) for name in names[:10])
    if layer is not None and layer not in names:
        hint = nearest(layer, names)
        raise DataError(Fault(f"holds no layer {shown(layer)}{hint}; it holds {listed}", file))
    if layer is None and len(names) != 1:
        reason = f"name one of {listed} (--layer)" if names else "a vector layer is wanted"
        raise DataError(Fault(f"holds {len(names)} layers; {reason}", file=file))
    return layer or names[0]


def _zipped(
    path: Path, layer: str | None, crs: str | None, limits: Limits, warnings: list[Fault]
) -> gpd.GeoDataFrame:
    with archive(path, limits) as opened, tempfile.TemporaryDirectory() as folder:
        # What macOS adds for itself is no layer.
        members = [
            name
            for name in opened.namelist()
            if name[-1] != "/" and not name.startswith("__MACOSX/")
        ]
        shapes = {_stem(name): name for name in members if name.lower().endswith(".shp")}
        if not shapes:
            raise DataError(Fault("holds no shapefile; give the layer itself", file=path.name))
        stem = shapes[_chosen(sorted(shapes), layer, path.name)].rpartition(".")[0]
        for name in members:
            whole, _, suffix = name.rpartition(".")
            if whole.casefold() == stem.casefold() and f".{suffix.lower()}" in _SHAPEFILE:
                (Path(folder) / f"layer.{suffix.lower()}").write_bytes(opened.read(name))
        return _shapefile(Path(folder) / "layer.shp", path.name, crs, warnings)


def _stem(member: str) -> str:
    return member.rpartition(".")[0]


def _shapefile(path: Path, file: str, crs: str | None, warnings: list[Fault]) -> gpd.GeoDataFrame:
    beside = {
        other.suffix.lower(): other
        for other in path.parent.glob(f"{path.stem.replace('[', '[[]')}.*")
        if other.suffix.lower() in _SHAPEFILE and other.is_file()
    }
    faults = [
        Fault(f"its {suffix} is missing ({what})", file=file)
        for suffix, what in ((".dbf", "attributes"), (".shx", "index of the shapes"))
        if suffix not in beside
    ]
    if ".prj" not in beside and crs is None:
        faults.append(_no_crs(file, " (its .prj is missing)"))
    refuse(faults or dbase.damage(beside, file))
    gone = dbase.deleted(beside[".dbf"])
    if gone:
        message = f"{gone:,} of its rows are marked as deleted; they are left out"
        warnings.append(Fault(message, file=file))
    return _gdal(path, file, warnings, encoding=dbase.encoding(beside, file, warnings))


def _database(
    path: Path, kind: str, layer: str | None, limits: Limits, warnings: list[Fault]
) -> gpd.GeoDataFrame:
    if kind == "FlatGeobuf":
        return _gdal(path, path.name, warnings)
    try:
        with geopackage.alone(path) as base:
            return _geopackage(base, path.name, layer, limits, warnings)
    except sqlite3.Error as error:
        raise DataError(Fault("is a damaged database or no GeoPackage", path.name)) from error


def _geopackage(
    path: Path, file: str, layer: str | None, limits: Limits, warnings: list[Fault]
) -> gpd.GeoDataFrame:
    try:
        with catch_warnings(record=True, action="always"):
            found = pyogrio.list_layers(path)
            name = _chosen([str(name) for name, geometry in found if geometry], layer, file)
            geopackage.refuse_view(path, name, file)
            count = pyogrio.read_info(path, layer=name)["features"]
    except _GDAL_FAULTS as error:
        raise DataError(Fault("is a damaged database or no GeoPackage", file=file)) from error
    if count > limits.rows:
        raise DataError(over("features", count, limits.rows, name="rows", file=file))
    frame = _gdal(path, file, warnings, layer=name)
    if count >= 0 and len(frame) != count:
        message = f"is a damaged database: {len(frame):,} of {count:,} features could be read"
        raise DataError(Fault(message, file=file))
    return frame


def _gdal(
    path: Path,
    file: str,
    warnings: list[Fault],
    *,
    layer: str | None = None,
    encoding: str | None = None,
) -> gpd.GeoDataFrame:
    try:
        with catch_warnings(record=True, action="always") as told:
            frame = pyogrio.read_dataframe(
                path, layer=layer, encoding=encoding, on_invalid="ignore"
            )
    except UnicodeDecodeError as error:
        raise DataError(Fault("its text is not in the encoding that it names", file)) from error
    except _GDAL_FAULTS as error:
        raise DataError(Fault("is damaged: its features cannot be read", file=file)) from error
    words = {str(item.message).replace(str(path), file)[:200] for item in told}
    warnings += [Fault(text, file=file) for text in sorted(words)]
    if not isinstance(frame, gpd.GeoDataFrame):
        raise DataError(Fault("holds no geometry", file=file))
    message = "holds numbers of 16 digits and more, which are rounded; keep codes as text"
    for name, cells in frame.select_dtypes("float").items():
        if (cells.abs() >= 2**53).any():
            warnings.append(Fault(message, file=file, field=str(name)))
    return frame.set_axis(range(1, len(frame) + 1), axis="index")


def _no_crs(file: str, why: str = "") -> Fault:
    return Fault(f"has no CRS{why}; give it, for example --crs EPSG:4326", file=file)


def located(frame: gpd.GeoDataFrame, crs: str | None, file: str) -> gpd.GeoDataFrame:
    """Features in the CRS that they say, or in the one that is given if they say none.

    Parameters
    ----------
    frame : geopandas.GeoDataFrame
    crs : str or None
        As it was given.
    file : str
        Name of the file, for faults.

    Returns
    -------
    geopandas.GeoDataFrame

    Raises
    ------
    DataError
        If there is none, if both say another, or if it leads to no place on the earth.
    """
    if crs is None:
        if frame.crs is None:
            raise DataError(_no_crs(file))
        return _on_earth(frame, file)
    try:
        given = CRS.from_user_input(crs)
    except CRSError as error:
        raise DataError(Fault(f"--crs {shown(crs)} is no CRS", file=file)) from error
    if frame.crs is not None and frame.crs != given:
        raise CrsMismatch(
            Fault(f"says its CRS is {_crs_name(frame.crs)}, but --crs says {crs}", file=file)
        )
    return _on_earth(frame.set_crs(given), file)


def _on_earth(frame: gpd.GeoDataFrame, file: str) -> gpd.GeoDataFrame:
    """Refuse a CRS that leads to no longitude and latitude."""
    crs = frame.crs
    try:
        Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
        known = crs.is_geographic or crs.is_projected
    except ProjError:
        known = False
    if not known:
        message = f"its CRS {shown(crs.name)} has no place on the earth; give a geographic or"
        raise DataError(Fault(f"{message} projected one", file=file))
    return frame


def _crs_name(crs: CRS) -> str:
    code = crs.to_epsg()
    return f"EPSG:{code}" if code else crs.name


def sound(
    frame: gpd.GeoDataFrame, file: str, limits: Limits, *, warnings: list[Fault]
) -> gpd.GeoDataFrame:
    """Features of one kind of geometry that are whole and lie where their CRS can mean.

    Parameters
    ----------
    frame : geopandas.GeoDataFrame
        With a CRS; its index is called what its rows are called in faults, ``feature`` if nothing.
    file : str
        Name of the file, for faults.
    limits : Limits
        How much it may hold.
    warnings : list of Fault
        Outlines that were made valid.

    Returns
    -------
    geopandas.GeoDataFrame
        Flat, and with valid outlines.

    Raises
    ------
    DataError
        Every fault.
    """
    if frame.empty:
        raise DataError(Fault("is empty: the layer holds no features", file=file))
    if len(frame) > limits.rows:
        raise DataError(over("features", len(frame), limits.rows, name="rows", file=file))
    shapes = frame.geometry.to_numpy()
    corners = int(shapely.get_num_coordinates(shapes).sum())
    if corners > limits.vertices:
        raise DataError(over("corners", corners, limits.vertices, name="vertices", file=file))
    bounds = shapely.bounds(shapes)
    names = _Names(frame, file)
    missing = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    faults = names.each(missing, "has no geometry")
    faults += names.each(_endless(shapes) & ~missing, "holds a position that is not finite")
    faults += _kind_faults(shapes, missing, names)
    refuse(faults)
    refuse(_place_faults(frame.crs, bounds, names))
    shapes = _made_valid(shapely.force_2d(shapes), frame.crs, names, warnings)
    return frame.set_geometry(gpd.GeoSeries(shapes, index=frame.index, crs=frame.crs))


def _endless(shapes: NDArray[np.object_]) -> NDArray[np.bool_]:
    """Shapes of which a corner is no finite position; their bounds would not tell."""
    corners, of = shapely.get_coordinates(shapes, return_index=True)
    found = np.zeros(len(shapes), dtype=bool)
    found[of[~np.isfinite(corners).all(axis=1)]] = True
    return found


class _Names:
    """Words the faults of features."""

    def __init__(self, frame: gpd.GeoDataFrame, file: str) -> None:
        self.ids = frame["id"].to_list() if "id" in frame else [None] * len(frame)
        self.rows, self.word = frame.index.to_list(), frame.index.name or "feature"
        self.file = file

    def fault(self, at: int, message: str) -> Fault:
        name = feature_name({"id": self.ids[at]}, at + 1)
        own = name if self.word == "feature" else f"{self.word} {self.rows[at]}"
        return Fault(message, self.file, own)

    def each(self, wrong: NDArray[np.bool_], message: str) -> list[Fault]:
        return [self.fault(at, message) for at in np.flatnonzero(wrong).tolist()]


def _kind_faults(
    shapes: NDArray[np.object_], missing: NDArray[np.bool_], names: _Names
) -> list[Fault]:
    """The first feature that is not of the kind that most are of."""
    codes = shapely.get_type_id(shapes).tolist()
    kinds = {at: _FAMILY[codes[at]] for at in np.flatnonzero(~missing).tolist()}
    counts = Counter(kinds.values())
    if len(counts) < 2 and _MIXED not in counts:
        return []
    # A collection is never usual; of kinds that are as frequent the one that is met first is.
    usual = max((kind for kind in counts if kind != _MIXED), key=counts.__getitem__, default="")
    odd = next(at for at, kind in kinds.items() if kind != usual)
    listed = ", ".join(f"{count} {kind}" for kind, count in sorted(counts.items()))
    return [names.fault(odd, f"mixes kinds of geometry ({listed}); give one kind a layer")]


def _place_faults(crs: CRS, bounds: NDArray[np.float64], names: _Names) -> list[Fault]:
    """Coordinates that the CRS cannot mean, and outlines that go round the world."""
    west, south = bounds[:, :2].min(axis=0)
    east, north = bounds[:, 2:].max(axis=0)
    degrees_like = max(abs(west), abs(east)) <= 180 and max(abs(south), abs(north)) <= 90
    name = _crs_name(crs)
    if crs.is_geographic and not degrees_like:
        return [
            Fault(f"its CRS {name} is in degrees, but its coordinates reach {east:,.8g},"
                  f" {north:,.8g}: they look projected; give the right CRS", names.file)
        ]  # fmt: skip
    if crs.is_projected and degrees_like:
        return [
            Fault(f"its CRS {name} is projected, but its coordinates run from {west:.4g},"
                  f" {south:.4g} to {east:.4g}, {north:.4g}: they look like degrees", names.file)
        ]  # fmt: skip
    if crs.is_projected:
        try:
            there = Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
            corners = there.transform([west, east], [south, north])
        except ProjError:
            corners = ([np.inf], [np.inf])
        if not np.isfinite(corners).all():
            return [Fault(f"its coordinates lie outside its CRS {name}", names.file)]
        return []
    wide = bounds[:, 2] - bounds[:, 0] > 180
    return names.each(wide, "spans more than 180 degrees; cut it at the antimeridian (RFC 7946)")


def _made_valid(
    shapes: NDArray[np.object_], crs: CRS, names: _Names, warnings: list[Fault]
) -> NDArray[np.object_]:
    """Outlines that cross themselves, rebuilt; each with a warning of place and area."""
    polygon = np.isin(shapely.get_type_id(shapes), (3, 6))
    for at in np.flatnonzero(polygon & ~shapely.is_valid(shapes)).tolist():
        before = shapes[at]
        reason = shapely.is_valid_reason(before)
        after = shapely.make_valid(before)
        parts = [part for part in shapely.get_parts([after]) if part.geom_type == "Polygon"]
        if after.geom_type == "GeometryCollection":
            nested = shapely.get_parts(shapely.get_parts([after]))
            parts = [part for part in nested if part.geom_type == "Polygon"]
            after = shapely.multipolygons(parts) if parts else after
        if not parts:
            raise DataError(names.fault(at, f"its outline is flat and holds no area ({reason})"))
        shapes[at] = after
        areas = f"area before {area_km2(before, crs):,.3f} km2, after {area_km2(after, crs):,.3f}"
        warnings.append(names.fault(at, f"outline repaired ({reason}); {areas}"))
    return shapes


def area_km2(shape: shapely.Geometry, crs: CRS) -> float:
    """Area of a shape in km2: on the ellipsoid if its CRS is in degrees, else in the plane.

    Examples
    --------
    >>> round(area_km2(shapely.box(52, 27, 53, 28), CRS.from_epsg(4326)))
    10949
    """
    if crs.is_geographic:
        return abs(float(_GEOD.geometry_area_perimeter(shape)[0])) / 1e6
    factor = crs.axis_info[0].unit_conversion_factor if crs.axis_info else 1.0
    return float(shapely.area(shape)) * factor**2 / 1e6


@contextmanager
def open_raster(path: Path, *, limits: Limits = LIMITS) -> Iterator[DatasetReader]:
    """A GeoTIFF, opened by no other driver and without looking at the files beside it.

    Parameters
    ----------
    path : pathlib.Path
        ``.tif`` or ``.tiff``.
    limits : Limits
        How many cells it may hold.

    Yields
    ------
    rasterio.io.DatasetReader

    Raises
    ------
    DataError
        If it is none, is damaged or cut short (while it is read, too), or is too large.
    """
    if sniff(path, limits) != "GeoTIFF":
        raise DataError(Fault("is no GeoTIFF", file=path.name))
    options: dict[str, Any] = {
        "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
        "GDAL_PAM_ENABLED": "NO",
        # By default the cache of blocks takes a twentieth of the machine's memory.
        "GDAL_CACHEMAX": CACHE_MB,
    }
    try:
        with rasterio.Env(**options), _geotiff(path) as data:
            cells = data.width * data.height * data.count
            if cells > limits.raster_cells:
                raise DataError(
                    over("cells", cells, limits.raster_cells, name="raster_cells", file=path.name)
                )
            yield data
    except (RasterioError, UnicodeDecodeError) as error:
        raise DataError(Fault("is a damaged or truncated GeoTIFF", file=path.name)) from error


def _geotiff(path: Path) -> DatasetReader:
    # A raster without a position brings a warning; the check of rasters says it as a fault.
    with catch_warnings(action="ignore", category=NotGeoreferencedWarning):
        return rasterio.open(path, driver="GTiff")
