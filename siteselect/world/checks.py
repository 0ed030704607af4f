"""Checks of what people bring: schema, units, and whether things lie where they say they lie."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from siteselect.base.errors import DataError, Fault
from siteselect.base.text import nearest
from siteselect.declared.criteria import CriteriaSet
from siteselect.declared.sources import Column
from siteselect.world import layers, location, sites, tables
from siteselect.world.admit import LIMITS, Limits, refuse, row_list, shown
from siteselect.world.location import Area
from siteselect.world.rasters import check_raster, meets

KINDS = ("sites", "provinces", "estates", "ports", "pipelines", "feedstock", "dem", "raster")
RANGES: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "km": (0, 2000),
        "ha": (0, 1_000_000),
        "m": (-12_000, 2_000_000),
        "m3_d": (0, 20_000_000),
        "mw": (0, 50_000),
        "kt_y": (0, 500_000),
        "deg": (-360, 360),
        "pct": (-100, 1000),
        "share": (0, 1),
        "slope_deg": (0, 90),
        "area_ha": (0.01, 200_000),
        "position_accuracy_km": (0, 200),
    }
)
"""Widest range that a figure of each unit is believed in, by the ending of its column's name."""
UNITS = ("km", "ha", "m", "m3_d", "mw", "kt_y", "deg", "pct")
OFFSHORE = MappingProxyType(
    {
        "ports": None,
        "feedstock": ("export_terminal", "oil_terminal", "terminal", "offshore_platform"),
    }
)
"""Kinds of row that may lie in the sea by nature; None for all."""
OWN_FIGURES = ("area_ha", sites.ACCURACY)
NAME_CHARS = 200
_TABLES = (".csv", ".tsv", ".txt", ".xlsx")
_WKT = ("wkt", "geometry_wkt", "waypoints", "geometry")
_KAF_YEH = str.maketrans({"ك": "ک", "ي": "ی", "ى": "ی"})


@dataclass(frozen=True, slots=True)
class Reading:
    """What a file does not say of itself.

    Parameters
    ----------
    crs : str, optional
        CRS of a layer that does not say its own.
    encoding : str, optional
        Encoding of a CSV that is not UTF-8.
    layer : str, optional
        Layer of a file, or sheet of a workbook, that holds several.
    limits : Limits
        How much it may hold.
    """

    crs: str | None = None
    encoding: str | None = None
    layer: str | None = None
    limits: Limits = LIMITS


AS_IT_SAYS = Reading()


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What a check found.

    Parameters
    ----------
    faults, warnings : tuple of Fault
        What must be put right, and what was repaired or should be looked at.
    rows : int
        Rows, features or cells that were read; 0 if none could be.
    """

    faults: tuple[Fault, ...]
    warnings: tuple[Fault, ...]
    rows: int


def check_file(
    path: Path,
    kind: str,
    area: Area,
    *,
    criteria: CriteriaSet | None = None,
    reading: Reading = AS_IT_SAYS,
) -> CheckReport:
    """Hold a file against what its kind must be; nothing is raised for what is wrong in it.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    kind : str
        One of `KINDS`.
    area : Area
        Where things should lie.
    criteria : CriteriaSet, optional
        For the numeric columns that its criteria of kind attribute read.
    reading : Reading
        What the file does not say of itself.

    Returns
    -------
    CheckReport

    Raises
    ------
    DataError
        If there is no such kind.
    """
    warnings = [] if kind == "sites" else _unheeded(path, reading)
    checks: dict[str, Callable[[], tuple[list[Fault], int]]] = {
        "provinces": lambda: _check_provinces(path, area, reading, warnings),
        "pipelines": lambda: _check_lines(path, area, reading, warnings),
        "dem": lambda: _check_cells(path, kind, area, reading, warnings),
        "raster": lambda: _check_cells(path, kind, area, reading, warnings),
        "sites": lambda: ([], len(user_sites(path, area, criteria=criteria, reading=reading,
                                             warnings=warnings))),
    }  # fmt: skip
    if kind not in KINDS:
        raise DataError(
            Fault(f"no kind {shown(kind)}{nearest(kind, KINDS)}; one of {', '.join(KINDS)}")
        )
    check = checks.get(kind, lambda: _check_features(path, kind, area, reading, warnings))
    try:
        faults, rows = check()
    except DataError as error:
        faults, rows = list(error.faults), 0
    return CheckReport(tuple(faults), tuple(warnings), rows)


def user_sites(
    path: Path,
    area: Area,
    *,
    criteria: CriteriaSet | None = None,
    reading: Reading = AS_IT_SAYS,
    warnings: list[Fault],
) -> gpd.GeoDataFrame:
    """The user's own sites, from a table with ``id, lon, lat`` or a vector file.

    Parameters
    ----------
    path : pathlib.Path
        CSV, TSV, XLSX, or any vector file of points or polygons.
    area : Area
        The study area, and the land.
    criteria : CriteriaSet, optional
        Its criteria of kind attribute name numeric columns of the file.
    reading : Reading
        What the file does not say of itself.
    warnings : list of Fault
        Repairs and doubts are appended here.

    Returns
    -------
    geopandas.GeoDataFrame
        EPSG:4326, index = row or feature number. Columns ``id, name_en, name_fa, area_ha`` (NaN if
        unknown; of the outline if there is one), ``position_accuracy_km`` (0 if there is no such
        column),
        ``province`` (ISO code), ``lon, lat`` (of a representative point), ``outside`` (why an
        outline may be listed but not ranked: it lies in the sea or beyond the provinces; empty
        otherwise), then the user's own.

    Raises
    ------
    DataError
        Every fault: of the file, of each cell, of each position. An accuracy that is unknown is
        one: an exact site would be judged in its place. A point in the sea or outside the
        provinces is a fault beyond its own accuracy plus that of the layer, within it a warning;
        an outline was drawn on purpose (land may be reclaimed), so it is kept and told.
    """
    warnings += _unheeded(path, reading)
    frame, faults = _features(path, criteria, reading, warnings, exact=True)
    told: list[Fault] = []
    frame = sites.with_accuracy(_named(frame, path.name, told), path.name, told)
    faults = [
        *map(sites.with_cure, faults),
        *location.sizes(frame, path.name, RANGES["area_ha"], warnings=told),
        *sites.twice(frame, path.name, told),
    ]
    codes, unknown = location.province_codes(frame, area, path.name)
    where = location.locate(frame, area, frame[sites.ACCURACY].to_numpy(dtype=float))
    drawn = frame.geometry.geom_type.isin(("Polygon", "MultiPolygon")).to_numpy()
    outside = [""] * len(frame)
    for finding in where.findings(within=True, named=codes):
        fault = where.fault(finding, path.name)
        at = finding.rows[0]
        if not finding.beyond:
            told.append(fault)
        elif drawn[at] and finding.what == "sea":
            outside[at] = finding.message
            told.append(replace(fault, message=f"{fault.message}; kept, but it cannot be ranked"))
        else:
            faults.append(fault)
    refuse([*faults, *unknown])
    warnings += told
    frame["province"], frame["outside"] = where.province, outside
    first = ["id", "name_en", "name_fa", *OWN_FIGURES, "province", "lon", "lat", "outside"]
    return frame[[*first, *(c for c in frame.columns if c not in first)]]


def _features(
    path: Path, criteria: CriteriaSet | None, reading: Reading, warnings: list[Fault],
    *, exact: bool = False,
) -> tuple[gpd.GeoDataFrame, list[Fault]]:  # fmt: skip
    """Typed rows with their geometry in EPSG:4326, and the faults of their cells.

    `exact` asks that an accuracy be known; a layer of the catalogue has one for the rows without.
    """
    if path.suffix.lower() in _TABLES:
        table = tables.read_table(
            path, encoding=reading.encoding, sheet=reading.layer, limits=reading.limits
        )
        table = replace(table, columns=sites.headings(table.columns, table.file, warnings))
        columns = _columns(table, criteria, placed=False, exact=exact)
        frame, faults = tables.parse(table, columns, warnings=warnings, limits=reading.limits)
        faults += _blanks(table, columns)
        if not {"id", "lon", "lat"} <= set(frame):
            raise DataError(faults)
        geometry = gpd.points_from_xy(frame["lon"], frame["lat"])
        frame.index.name = table.word
        placed = gpd.GeoDataFrame(frame, geometry=geometry, crs="EPSG:4326")
        return placed, faults + _not_degrees(placed, reading.crs, path.name)
    layer = layers.read_vector(
        path, layer=reading.layer, crs=reading.crs, limits=reading.limits, warnings=warnings
    ).to_crs("EPSG:4326")
    table = _attributes(layer, path.name, warnings)
    columns = _columns(table, criteria, placed=True, exact=exact)
    frame, faults = tables.parse(table, columns, warnings=warnings, limits=reading.limits)
    if layer.geometry.geom_type.str.endswith("LineString").any():
        faults.append(Fault("holds lines; points or polygons are wanted", path.name))
    layer = layer.set_geometry(_single(layer, path.name, faults))
    frame.index.name = table.word
    placed = gpd.GeoDataFrame(frame, geometry=layer.geometry, crs=layer.crs)
    centre = placed.geometry.representative_point()
    warnings += location.elsewhere(placed, centre, path.name)
    return placed.assign(lon=centre.x, lat=centre.y), faults


def _not_degrees(placed: gpd.GeoDataFrame, crs: str | None, file: str) -> list[Fault]:
    """Whether a CRS that was given is another than that of lon and lat."""
    try:
        layers.located(placed, crs, file)
    except DataError as error:
        return list(error.faults)
    return []


def _unheeded(path: Path, reading: Reading) -> list[Fault]:
    """What was said of a file that files of its kind say themselves."""
    suffix = path.suffix.lower()
    return [
        Fault(f"--{option} {shown(value)} is not heeded: {reason}", file=path.name)
        for option, value, heeded, reason in (
            ("encoding", reading.encoding, suffix in (".csv", ".tsv", ".txt"),
             "only plain text needs it"),
            ("layer", reading.layer, suffix in (".xlsx", ".gpkg", ".zip"), "it holds one alone"),
            ("crs", reading.crs, suffix not in (".tif", ".tiff"), "a raster must say it itself"),
        )
        if value and not heeded
    ]  # fmt: skip


def _single(layer: gpd.GeoDataFrame, file: str, faults: list[Fault]) -> gpd.GeoSeries:
    """The geometry of a layer with each point that is written as a group of one taken out of it."""
    grouped = layer.geometry.geom_type == "MultiPoint"
    several = grouped & (layer.geometry.count_geometries() > 1)
    if several.any():
        message = "holds several points; a site is one point or an outline"
        faults.append(Fault(message, file, row_list(layer.index[several], "feature")))
    first = shapely.get_geometry(layer.geometry.to_numpy(), 0)
    return layer.geometry.where(~grouped, gpd.GeoSeries(first, layer.index, crs=layer.crs))


def _attributes(layer: gpd.GeoDataFrame, file: str, warnings: list[Fault]) -> tables.Table:
    """The attributes of a layer as a table of text, so that the same rules read both."""
    plain = pd.DataFrame(layer.drop(columns=layer.geometry.name))
    plain.columns = pd.Index(sites.headings(tuple(map(str, plain.columns)), file, warnings))
    if "id" not in plain:
        plain.insert(0, "id", [f"F{number}" for number in layer.index])
        warnings.append(Fault("has no id; its features are called F1, F2, ...", file=file))
    columns = [[_cell(value) for value in plain[name]] for name in plain]
    rows = tuple(zip(*columns, strict=True))
    return tables.Table(file, tuple(plain.columns), rows, tuple(layer.index), word="feature")


def _cell(value: Any) -> str:
    if value is None or value is pd.NaT or value is pd.NA or value != value:  # noqa: PLR0124
        return ""
    return f"{value:.15g}" if isinstance(value, (float, np.floating)) else str(value)


def _columns(
    table: tables.Table, criteria: CriteriaSet | None, *, placed: bool, exact: bool
) -> dict[str, Column]:
    """What each column of the user's table must hold."""
    found: dict[str, Column] = {"id": Column(required=True)}
    if not placed:
        found["lon"] = Column(type="number", unit="deg", required=True, low=-180, high=180)
        found["lat"] = Column(type="number", unit="deg", required=True, low=-90, high=90)
    for name in table.columns:
        if (unit := _unit(name)) and (name in OWN_FIGURES or _has_number(table, name)):
            low, high = RANGES.get(name, RANGES[unit])
            must = exact and name == sites.ACCURACY
            found[name] = Column(type="number", unit=unit, required=must, low=low, high=high)
    for criterion in criteria.criteria if criteria else ():
        measure = criterion.measure
        if measure.kind == "attribute" and measure.target is None and measure.column != "id":
            unit = criterion.unit.replace("/", "_").lower().replace("%", "pct")
            low, high = RANGES.get(measure.column, RANGES.get(unit, (-1e12, 1e12)))
            found[measure.column] = (
                Column(type="choice", choices=tuple(measure.codes))
                if measure.codes
                else Column(type="number", unit=criterion.unit, low=low, high=high)
            )
    return found


def _unit(name: str) -> str:
    endings = [unit for unit in UNITS if name.endswith(f"_{unit}")]
    return max(endings, key=len, default="")


def _has_number(table: tables.Table, name: str) -> bool:
    at = table.columns.index(name)
    return any(any(c.isdecimal() for c in row[at][:40]) for row in table.rows)


def _blanks(table: tables.Table, columns: Mapping[str, Column]) -> list[Fault]:
    """Empty cells of numeric columns: unknown must be said, not left out."""
    return [
        Fault("is empty; write a number, or 'unknown' if it is not known", table.file,
              f"row {number}", name)
        for at, name in enumerate(table.columns)
        if name in columns and columns[name].type == "number" and not columns[name].required
        for number, row in zip(table.numbers, table.rows, strict=True)
        if not row[at].strip()
    ]  # fmt: skip


def _named(frame: gpd.GeoDataFrame, file: str, warnings: list[Fault]) -> gpd.GeoDataFrame:
    """Names in their language, Persian letters for Arabic ones, area filled in."""
    frame, word = frame.copy(), str(frame.index.name or "row")
    for column in ("name", "name_en", "name_fa"):
        if column not in frame:
            frame[column] = ""
    names = frame["name"].astype(str)
    persian = names.str.contains(r"[\u0600-\u06ff]", regex=True)
    for column, mine in (("name_en", ~persian), ("name_fa", persian)):
        blank = frame[column].astype(str) == ""
        frame[column] = frame[column].astype(str).where(~(blank & mine), names)
        long = frame[column].str.len() > NAME_CHARS
        if long.any():
            message = f"is longer than {NAME_CHARS} characters; shortened"
            warnings.append(Fault(message, file, row_list(frame.index[long], word), column))
            frame[column] = frame[column].str.slice(0, NAME_CHARS)
    repaired = frame["name_fa"].str.translate(_KAF_YEH)
    changed = repaired != frame["name_fa"]
    if changed.any():
        message = "Arabic letters kaf and yeh were written as Persian ones"
        warnings.append(Fault(message, file, row_list(frame.index[changed], word), "name_fa"))
    frame["name_fa"] = repaired
    frame["name_en"] = frame["name_en"].where(
        (frame["name_en"] != "") | (frame["name_fa"] != ""), frame["id"].astype(str)
    )
    drawn = ~frame.geometry.geom_type.isin(("Point", "MultiPoint"))
    outline_ha = frame.geometry[drawn].map(lambda shape: layers.area_km2(shape, frame.crs) * 100)
    given = frame.get("area_ha", pd.Series(np.nan, index=frame.index)).astype(float)
    frame["area_ha"] = given.fillna(outline_ha.astype(float))
    return frame.drop(columns="name")


def _check_features(
    path: Path, kind: str, area: Area, reading: Reading, warnings: list[Fault]
) -> tuple[list[Fault], int]:
    frame, faults = _features(path, None, reading, warnings)
    frame = _named(frame, path.name, warnings)
    faults += sites.twice(frame, path.name, warnings)
    offshore = OFFSHORE.get(kind, ())
    # The layer may go beyond the provinces of the study, so a name that is none of theirs may be.
    warnings += location.province_codes(frame, area, path.name)[1]
    found, doubts = location.check_points(frame, path.name, area, offshore=offshore)
    warnings += doubts
    return [*faults, *found], len(frame)


def _check_lines(
    path: Path, area: Area, reading: Reading, warnings: list[Fault]
) -> tuple[list[Fault], int]:
    faults: list[Fault] = []
    if path.suffix.lower() in _TABLES:
        frame = _line_table(path, reading, warnings)
    else:
        layer = layers.read_vector(
            path, layer=reading.layer, crs=reading.crs, limits=reading.limits, warnings=warnings
        )
        table = _attributes(layer, path.name, warnings)
        columns = {"id": Column(required=True)}
        read, faults = tables.parse(table, columns, warnings=warnings, limits=reading.limits)
        frame = layer.assign(id=read["id"]).rename_axis(table.word)
    bare = frame.assign(lon=frame.index, lat=0.0, name_en="", name_fa="")
    faults += sites.twice(bare, path.name, warnings)
    lines = np.isin(shapely.get_type_id(frame.geometry.to_numpy()), (1, 5))
    if not lines.all():
        rows = row_list(frame.index[~lines], str(frame.index.name))
        return [*faults, Fault("holds no line", path.name, rows)], len(frame)
    try:
        sound = layers.sound(frame, path.name, reading.limits, warnings=warnings)
        faults += location.misplaced(sound, area, path.name)
    except DataError as error:
        faults += error.faults
    return faults, len(frame)


def _line_table(path: Path, reading: Reading, warnings: list[Fault]) -> gpd.GeoDataFrame:
    table = tables.read_table(
        path, encoding=reading.encoding, sheet=reading.layer, limits=reading.limits
    )
    name = next((name for name in _WKT if name in table.columns), "wkt")
    columns = {"id": Column(required=True), name: Column(type="wkt", required=True)}
    read = tables.typed(table, columns, warnings=warnings, limits=reading.limits)
    with np.errstate(invalid="ignore"):
        shapes = shapely.from_wkt(read[name].to_numpy(dtype=object))
    frame = gpd.GeoDataFrame(read, geometry=shapes).rename_axis(table.word)
    return layers.located(frame, reading.crs or "EPSG:4326", path.name)


def _check_provinces(
    path: Path, area: Area, reading: Reading, warnings: list[Fault]
) -> tuple[list[Fault], int]:
    frame = layers.read_vector(
        path, layer=reading.layer, crs=reading.crs, limits=reading.limits, warnings=warnings
    ).to_crs("EPSG:4326")
    if not frame.geometry.geom_type.isin(("Polygon", "MultiPolygon")).all():
        return [Fault("holds no polygons; provinces must be", path.name)], len(frame)
    column = next((c for c in ("iso", "province", "name_en", "name", "name_fa") if c in frame), "")
    if not column:
        there = ", ".join(map(str, frame.columns[:20]))
        return [Fault(f"has no column iso or province; there are {there}", path.name)], len(frame)
    frame = frame.assign(province=frame[column]).rename_axis("feature")
    codes, faults = location.province_codes(frame, area, path.name)
    faults += [
        Fault("names no province", path.name, row_list([row], "feature"), column)
        for row, name in frame["province"].items()
        if not _cell(name).strip()
    ]
    faults += [
        Fault(f"{code} stands more than once", path.name, row_list(rows, "feature"), column)
        for code, rows in frame.index.groupby(codes).items()
        if code and len(rows) > 1
    ]
    shapes = frame.geometry.to_numpy()
    one, other = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    for i, j in sorted(zip(one.tolist(), other.tolist(), strict=True)):
        shared = layers.area_km2(shapely.intersection(shapes[i], shapes[j]), frame.crs)
        if i < j and shared > 0.01:
            pair = " and ".join(shown(str(frame[column].iloc[at])) for at in (i, j))
            message = f"{pair} overlap by {shared:,.2f} km2; what lies there is counted once"
            warnings.append(Fault(message, path.name, row_list((i + 1, j + 1), "feature")))
    return [*faults, *location.misplaced(frame, area, path.name)], len(frame)


def _check_cells(
    path: Path, kind: str, area: Area, reading: Reading, warnings: list[Fault]
) -> tuple[list[Fault], int]:
    faults, doubts = check_raster(path, kind, limits=reading.limits)
    warnings += doubts
    with layers.open_raster(path, limits=reading.limits) as data:
        if not faults and not meets(data, area):
            message = "lies outside the provinces of the study; give the part of the world meant"
            faults = [Fault(message, file=path.name)]
        return faults, data.width * data.height
