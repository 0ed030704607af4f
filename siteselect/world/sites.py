"""Sites: one pool of existing estates and zones, new regions, and the user's own."""

import math
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import CRS
from rasterio.features import rasterize

from siteselect.base.errors import DataError, Fault
from siteselect.base.text import fold, nearest, persian_digits
from siteselect.declared.study import Existing, Greenfield, Study
from siteselect.world import regions
from siteselect.world.admit import first_of, row_list, shown
from siteselect.world.catalog import Catalog, lonlat
from siteselect.world.places import Floats, Grid, Landmasses, Places, Sites, Surface

COLUMNS = (
    "id", "name_en", "name_fa", "kind", "province", "lon", "lat", "position_accuracy_km",
    "area_ha", "status", "source", "source_kind", "note",
)  # fmt: skip
ACCURACY = "position_accuracy_km"
# What else a column of own sites may be called: in any case, as the shapefile of a run calls it,
# and as the format of shapefiles cuts it to 10 letters. No area: a shapefile leaves one that is
# unknown empty, which is no fault where it is only carried.
SPELT = {name: name for name in ("name_en", "name_fa", ACCURACY)} | {
    "site_id": "id", "acc_km": ACCURACY, "accuracy_km": ACCURACY, "accuracy_k": ACCURACY,
    "position_a": ACCURACY,
}  # fmt: skip
# Id of a new region, as far as it is known before the surface is: province, column, row.
GROWN = re.compile(r"GF-(\d\d)[+-]\d{4,}[+-]\d{4,}", re.ASCII)
WITHIN = "the km within which the site lies"
MOST_SAMPLES = 400
DIRECTIONS = (
    ("N", "شمال"), ("NE", "شمال شرق"), ("E", "شرق"), ("SE", "جنوب شرق"),
    ("S", "جنوب"), ("SW", "جنوب غرب"), ("W", "غرب"), ("NW", "شمال غرب"),
)  # fmt: skip


def headings(columns: Sequence[str], file: str, warnings: list[Fault]) -> tuple[str, ...]:
    """Headings of own sites, with other spellings of those that are read as these.

    Parameters
    ----------
    columns : sequence of str
        As they stand.
    file : str
        For the warning.
    warnings : list of Fault
        Which were read as which is appended here.

    Returns
    -------
    tuple of str
        A heading keeps its name if the file has the right one too, or two that may be meant.

    Examples
    --------
    >>> warnings = []
    >>> headings(["SITE_ID", "ACC_KM", "RANK"], "sites.shp", warnings)
    ('id', 'position_accuracy_km', 'RANK')
    >>> print(warnings[0])
    sites.shp: SITE_ID is read as id, ACC_KM as position_accuracy_km
    """
    meant = [
        SPELT.get(re.sub(r"[\W_]+", "_", name.casefold()).strip("_"), name) for name in columns
    ]
    named = tuple(
        old if new in columns or meant.count(new) > 1 else new
        for old, new in zip(columns, meant, strict=True)
    )
    read = [(old, new) for old, new in zip(columns, named, strict=True) if old != new]
    if read:
        words = ", ".join(f"{shown(old)[1:-1]} as {new}" for old, new in read)
        warnings.append(Fault(words.replace(" as ", " is read as ", 1), file))
    return named


def with_accuracy(frame: gpd.GeoDataFrame, file: str, warnings: list[Fault]) -> gpd.GeoDataFrame:
    """Own sites with an accuracy each; without the column they are exact.

    Parameters
    ----------
    frame : geopandas.GeoDataFrame
        Index: row or feature number.
    file : str
        For the warning.
    warnings : list of Fault
        A column that may hold it, under another name, is told here.

    Returns
    -------
    geopandas.GeoDataFrame
        0 also where a cell is at fault, so that the other faults can be told with it.
    """
    if ACCURACY in frame:
        return frame.assign(**{ACCURACY: frame[ACCURACY].astype(float).fillna(0.0)})
    words = re.compile(r"(?i)accura|^acc\b|^acc_|دقت")
    other = [shown(c) for c in map(str, frame.columns) if words.search(c)]
    if other:
        message = f"is not given; if {' or '.join(other)} holds it in km, call it so"
        warnings.append(Fault(message, file, "", ACCURACY))
    return frame.assign(**{ACCURACY: 0.0})


def twice(frame: gpd.GeoDataFrame, file: str, warnings: list[Fault]) -> list[Fault]:
    """Ids that stand twice are faults; names and positions that do are worth a look.

    Parameters
    ----------
    frame : geopandas.GeoDataFrame
        With ``id, name_en, name_fa, lon, lat``; its index is called what its rows are.
    file : str
        Name of the file, for faults.
    warnings : list of Fault
        What is worth a look is appended here.

    Returns
    -------
    list of Fault
    """
    word = str(frame.index.name or "row")

    def repeated(column: pd.Series) -> list[tuple[str, str]]:
        again = column[column.duplicated(keep=False) & (column != "")]
        return [(str(key), row_list(rows.index, word)) for key, rows in again.groupby(again)]

    alike = frame["id"].astype(str).map(fold)
    warnings += first_of(
        Fault("ids that differ in letters of case or script only", file, rows, "id")
        for key, rows in repeated(alike)
        if len(set(frame["id"][alike == key])) > 1
    )
    for column in ("name_en", "name_fa"):
        warnings += first_of(
            Fault("probably the same name", file, rows, column)
            for _, rows in repeated(frame[column].map(fold))
        )
    spots = frame["lon"].astype(str) + " " + frame["lat"].astype(str)
    warnings += first_of(
        Fault("share one position; their spacing is unknown", file, rows, "lon, lat")
        for _, rows in repeated(spots.where(frame["lon"].notna(), ""))
    )
    return [
        Fault(f"id {shown(name)} stands more than once", file, rows, "id")
        for name, rows in repeated(frame["id"].astype(str))
    ]


def with_cure(fault: Fault) -> Fault:
    """The fault of an accuracy that is not said, with what is to be said.

    Examples
    --------
    >>> print(with_cure(Fault("is empty; write a number", "s.csv", "row 2", ACCURACY)))
    s.csv: row 2: position_accuracy_km: is empty; write a number: the km within which the site lies
    """
    if fault.field != ACCURACY or " is not in " in fault.message:
        return fault
    return replace(fault, message=f"{fault.message}: {WITHIN}")


def existing(catalog: Catalog, rule: Existing, study: Study, *, crs: CRS) -> gpd.GeoDataFrame:
    """Estates and zones of the study's provinces, as candidates.

    Parameters
    ----------
    catalog : Catalog
    rule : Existing
        Which rows, as which kind of site.
    study : Study
        For its provinces.
    crs : pyproj.CRS
        Analysis CRS.

    Returns
    -------
    geopandas.GeoDataFrame
        With `COLUMNS` and the columns of the table that are not among them.

    Raises
    ------
    DataError
        For a layer, a kind, a status or an id that there is not, each with the nearest that is.
    """
    needs = ("id", "kind", "status", "province")
    frame = _layer(catalog, rule.layer, crs, field="existing.layer", needs=needs)
    faults = [
        Fault(f"{rule.layer} has no {what} {shown(word)}{nearest(word, known)}", study.id, "", key)
        for key, what, words, known in _named_rows(catalog, rule, frame)
        for word in words
        if word not in known
    ]
    if faults:
        raise DataError(faults)
    keep = frame["kind"].isin(list(rule.kinds)) & ~frame["status"].isin(rule.without_status)
    frame = frame[keep & frame["province"].isin(study.provinces)].copy()
    frame["row_kind"] = frame["kind"]
    kind = frame["kind"].map(rule.kinds)
    kind = kind.mask(frame["status"].isin(rule.proposed_status), "proposed")
    frame["kind"] = kind.mask(frame["id"].isin(rule.extensions), "extension")
    return frame


def _layer(
    catalog: Catalog, name: str, crs: CRS, *, field: str, needs: tuple[str, ...]
) -> gpd.GeoDataFrame:
    """A layer that a study names, after a look that it is one and has the columns it needs."""
    if name not in catalog.sources:
        hint = nearest(name, catalog.sources)
        raise DataError(Fault(f"no layer {name} in the catalogue{hint}", field=field))
    frame = catalog.features(name, crs)
    lost = ", ".join(column for column in needs if column not in frame)
    if lost:
        raise DataError(Fault(f"{name} has no {lost}; name a layer that has", field=field))
    return frame


def _named_rows(
    catalog: Catalog, rule: Existing, frame: gpd.GeoDataFrame
) -> Iterable[tuple[str, str, Iterable[str], Collection[str]]]:
    """Field, what it names, its words, and those that there are: of the layer, or declared."""
    declared = catalog.source(rule.layer).columns
    held = {
        name: {*frame[name].dropna(), *(declared[name].choices if name in declared else ())}
        for name in ("kind", "status")
    }
    yield "existing.kinds", "kind", rule.kinds, held["kind"]
    yield "existing.without_status", "status", rule.without_status, held["status"]
    yield "existing.proposed_status", "status", rule.proposed_status, held["status"]
    yield "existing.extensions", "id", rule.extensions, set(frame["id"].astype(str))


def taken(own: gpd.GeoDataFrame, ids: Collection[str]) -> list[Fault]:
    """Own sites with the id of another candidate.

    Parameters
    ----------
    own : geopandas.GeoDataFrame
        Index: row or feature number; with ``id`` and ``source``, their file.
    ids : collection of str
        Of the others.

    Returns
    -------
    list of Fault
        With file and row.
    """
    word = str(own.index.name or "row")
    return [
        Fault(f"{shown(name)} is the id of another candidate too; rename it", file, f"{word} {row}",
              "id")
        for row, name, file in zip(own.index, own["id"], own["source"], strict=True)
        if name in ids
    ]  # fmt: skip


def nobody(study: Study) -> str:
    """Why a study has no candidate.

    Parameters
    ----------
    study : Study
        Without own sites, and without a row or region of what it names.

    Returns
    -------
    str
    """
    found = []
    if study.existing is not None:
        found.append(f"no row of {study.existing.layer} in its provinces is of the kinds and status"
                     " that existing takes")  # fmt: skip
    if study.greenfield is not None:
        found.append(f"no region of {study.greenfield.min_ha:g} ha could be grown (see min_ha,"
                     " min_score, verdicts, avoid and per_province of greenfield)")  # fmt: skip
    told = "; ".join(found) or "the study names no estates, no greenfield, no own sites"
    return f"no candidates: {told}"


def greenfield(
    catalog: Catalog, surface: Surface, rule: Greenfield, *, crs: CRS
) -> gpd.GeoDataFrame:
    """Regions grown from the surface, as candidates named after the nearest town.

    Parameters
    ----------
    catalog : Catalog
        For towns, and the discs to avoid.
    surface : Surface
        What to grow from.
    rule : Greenfield
        How.
    crs : pyproj.CRS
        Analysis CRS.

    Returns
    -------
    geopandas.GeoDataFrame
        Polygons.
    """
    avoid = _discs(catalog, rule.avoid, surface.grid, crs) if rule.avoid else None
    grown = regions.grow(surface, rule, avoid=avoid)
    geometry = np.array([regions.polygon(region, surface) for region in grown], dtype=object)
    centre = shapely.point_on_surface(geometry)
    east, north = shapely.get_x(centre), shapely.get_y(centre)
    lon, lat = lonlat(east, north, crs)
    names = _named(catalog.features("towns", crs), east, north)
    frame = pd.DataFrame(
        {
            "id": [region.id for region in grown],
            "name_en": [en for en, _ in names],
            "name_fa": [fa for _, fa in names],
            "kind": "greenfield",
            "province": [region.province for region in grown],
            "lon": lon,
            "lat": lat,
            "position_accuracy_km": 0.0,
            "area_ha": shapely.area(geometry) / 1e4,
            "status": "not established",
            "source": "grown from the suitability surface of this run",
            "source_kind": "derived",
            "note": "land title and present use are not known",
        }
    )
    return gpd.GeoDataFrame(frame, geometry=geometry, crs=crs)


def avoided(catalog: Catalog, layer: str, crs: CRS) -> NDArray[np.object_]:
    """Discs in which no region is grown.

    Parameters
    ----------
    catalog : Catalog
    layer : str
        With a column ``radius_km``; a row without one has no disc.
    crs : pyproj.CRS
        Analysis CRS.

    Returns
    -------
    numpy.ndarray of shapely.Geometry

    Raises
    ------
    DataError
        If there is no such layer or column, or it holds no numbers.
    """
    frame = _layer(catalog, layer, crs, field="greenfield.avoid", needs=("radius_km",))
    cells = frame["radius_km"]
    km = pd.to_numeric(cells, errors="coerce")
    if (km.isna() & cells.notna()).any():
        raise DataError(Fault("holds what is no number", layer, "", "radius_km"))
    radius = km.fillna(0.0).to_numpy(dtype=float) * 1000.0
    return np.asarray(shapely.buffer(frame.geometry.to_numpy()[radius > 0], radius[radius > 0]))


def _discs(catalog: Catalog, layer: str, grid: Grid, crs: CRS) -> NDArray[np.bool_]:
    discs = avoided(catalog, layer, crs)
    if len(discs) == 0:
        return np.zeros(grid.shape, dtype=bool)
    return np.asarray(
        rasterize(discs, out_shape=grid.shape, transform=grid.transform, dtype="uint8") > 0
    )


def _named(towns: gpd.GeoDataFrame, east: Floats, north: Floats) -> list[tuple[str, str]]:
    home = towns[towns["country"] == "IR"]
    at = shapely.get_coordinates(home.geometry.to_numpy())
    names = []
    for point in np.column_stack([east, north]):
        nearest = int(np.hypot(*(point - at).T).argmin())
        town, away = home.iloc[nearest], (point - at[nearest]) / 1000.0
        km = round(float(np.hypot(*away)))
        bearing = round(float(np.degrees(np.arctan2(*away))) / 45.0) % 8
        en, fa = DIRECTIONS[bearing]
        name_fa = town["name_fa"] if isinstance(town["name_fa"], str) else ""
        persian = f"{persian_digits(str(km))} کیلومتری {fa} {name_fa or town['name_en']}"
        names.append((f"{km} km {en} of {town['name_en']}", persian))
    return names


def pool(frames: Sequence[gpd.GeoDataFrame], cell_m: float, landmasses: Landmasses) -> Sites:
    """Candidates of all origins as one pool, sorted by id.

    Parameters
    ----------
    frames : sequence of geopandas.GeoDataFrame
        In the analysis CRS, with `COLUMNS`.
    cell_m : float
        Side of a grid cell: a polygon is read at the centres of the cells within it.
    landmasses : Landmasses
        To tell islands.

    Returns
    -------
    Sites
    """
    filled = [frame for frame in frames if len(frame)]
    crs = landmasses.land.crs
    joined = gpd.GeoDataFrame(pd.concat(filled, ignore_index=True), geometry="geometry", crs=crs)
    joined = joined.sort_values("id", kind="stable").reset_index(drop=True)
    rest = [c for c in joined.columns if c not in (*COLUMNS, "geometry")]
    joined = joined[[*COLUMNS, *rest, "geometry"]]
    return Sites(joined, places(joined, cell_m, landmasses))


def places(frame: gpd.GeoDataFrame, cell_m: float, landmasses: Landmasses) -> Places:
    """Sites as places.

    Parameters
    ----------
    frame : geopandas.GeoDataFrame
        Points or polygons in the analysis CRS, with ``id, kind, position_accuracy_km``.
    cell_m : float
        Side of a grid cell, metres.
    landmasses : Landmasses

    Returns
    -------
    Places
    """
    points, owner = _samples(frame.geometry.to_numpy(), cell_m)
    return Places(
        ids=frame["id"].to_numpy(dtype=object).astype(str),
        kinds=frame["kind"].to_numpy(dtype=object).astype(str),
        accuracy_km=frame["position_accuracy_km"].to_numpy(dtype=float),
        easting=points[:, 0],
        northing=points[:, 1],
        owner=owner,
        landmass=landmasses.of(points[:, 0], points[:, 1]),
        crs=frame.crs,
        columns=pd.DataFrame(frame.drop(columns=frame.geometry.name)),
    )


def _samples(geometries: NDArray[np.object_], cell_m: float) -> tuple[Floats, NDArray[np.int64]]:
    """Sample points of geometries, one after another, and whose each is."""
    spots = shapely.get_type_id(geometries) == 0
    counts = np.ones(len(geometries), dtype=np.int64)
    parts = {}
    for place in np.flatnonzero(~spots).tolist():
        parts[place] = _within(geometries[place], cell_m)
        counts[place] = len(parts[place])
    owner = np.repeat(np.arange(len(geometries)), counts)
    points = np.empty((len(owner), 2))
    points[spots[owner]] = shapely.get_coordinates(geometries[spots])
    if parts:
        points[~spots[owner]] = np.concatenate(list(parts.values()))
    return points, owner


def _within(geometry: shapely.Geometry, cell_m: float) -> Floats:
    """Centres of the cells within a polygon."""
    # A coarser lattice of whole cells for a large polygon, so that the work stays bounded.
    step = cell_m * max(1, math.ceil(math.sqrt(shapely.area(geometry) / cell_m**2 / MOST_SAMPLES)))
    west, south, east, north = shapely.bounds(geometry)
    column = np.arange(np.floor(west / step), np.ceil(east / step))
    row = np.arange(np.floor(south / step), np.ceil(north / step))
    e, n = (axis.ravel() for axis in np.meshgrid((column + 0.5) * step, (row + 0.5) * step))
    inside = shapely.contains_xy(geometry, e, n)
    if not inside.any():
        return shapely.get_coordinates(shapely.point_on_surface(geometry))
    return np.column_stack([e[inside], n[inside]])
