"""Readers: for each kind of measure, a function from sample points to readings."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer

from siteselect.base import kept
from siteselect.declared.measures import (
    Attribute,
    Count,
    Distance,
    Gap,
    Inside,
    Measure,
    Radius,
    Share,
    Supply,
    Surface,
)
from siteselect.measure import amounts, ground, reach
from siteselect.measure.blocks import Blocks, Group, Spots
from siteselect.world.catalog import WGS84, Catalog, Raster, column, lonlat
from siteselect.world.places import Landmasses
from siteselect.world.store import remembered

Floats = NDArray[np.float64]
Reading = tuple[Floats, Floats, Floats]
Reader = Callable[[Spots], Reading]


def reader(measure: Measure, catalog: Catalog, crs: CRS) -> Reader:
    """The reader of a measure, with what it needs loaded and prepared.

    Parameters
    ----------
    measure : Measure
        What is read.
    catalog : Catalog
        Where from.
    crs : pyproj.CRS
        Analysis CRS.

    Returns
    -------
    callable
        Takes `Spots` of p points; returns reading, lower and upper bound, each of shape (p,), in
        the house unit of the measure.

    Raises
    ------
    DataError
        If a layer, column or id is missing.
    """
    match measure:
        case Distance():
            take = _distance(measure, catalog, crs)
        case Supply():
            take = _supply(measure, catalog, crs)
        case Count():
            take = _count(measure, catalog, crs)
        case Surface():
            take = _surface(measure, catalog, crs)
        case Share():
            take = _share(measure, catalog, crs)
        case Inside():
            take = _inside(measure, catalog, crs)
        case Attribute():
            take = _attribute(measure, catalog, crs)
    return take


def _selected(
    measure: Distance | Supply | Count, needs: tuple[str, ...], catalog: Catalog, crs: CRS
) -> list[gpd.GeoDataFrame]:
    """Features of all targets, after a look that they have the columns that the measure reads."""
    frames = []
    for target in (measure.target, *measure.also):
        frame = catalog.select(target, crs)
        for name in needs:
            column(frame, name, target.layer)
        frames.append(frame)
    return frames


def _landmass(middle: Floats, catalog: Catalog, crs: CRS) -> NDArray[np.int64]:
    masses = Landmasses(catalog.features("islands", crs), catalog.features("land", crs))
    return masses.of(middle[:, 0], middle[:, 1])


def _each(spots: Spots, work: Callable[[Group], Reading]) -> Reading:
    """Work on each landmass's points, put back in the order of the places."""
    if len(spots.groups) == 1 and spots.groups[0].ordered:
        return work(spots.groups[0])
    result = np.empty((3 if spots.bounds else 1, len(spots.slack_m)))
    for group in spots.groups:
        for row, part in zip(result, work(group), strict=False):
            row[group.index] = part
    return (result[0], result[1], result[2]) if spots.bounds else (result[0],) * 3


# ------------------------------------------------------------------------------- distance


def _distance(measure: Distance, catalog: Catalog, crs: CRS) -> Reader:
    radius = measure.radius
    needs = (radius.column or radius.population,) if radius else ()
    frames = _selected(measure, needs, catalog, crs)
    pieces, bodies = _pieces(frames, measure)
    mass = None
    if measure.reach == "same_landmass":
        mass = _landmass(pieces.middles(), catalog, crs)

    @cache
    def chosen(landmass: int | None, *, bounds: bool) -> reach.Segments:
        given = pieces if bounds else pieces.certain()
        return given if mass is None else given.take(mass == landmass)

    def at_group(group: Group) -> Reading:
        near = chosen(None if mass is None else group.landmass, bounds=group.bounds)
        distance, low, high = reach.nearest_m(group.points, near, bounds=group.bounds)
        # Where pieces were left out, a border may be nearer than told.
        border = distance if mass is None else np.zeros(len(distance))
        inside = bodies.holding(group.points, border)
        if inside.any():
            if group.bounds:
                high = np.minimum(high, bodies.beyond(group.points, inside))
            distance, low = (np.where(inside, 0.0, end) for end in (distance, low))
        if not group.bounds:
            nominal = np.maximum(distance, 0.0, out=distance)
            nominal /= 1000.0
            return nominal, nominal, nominal
        ends = (distance, low - group.slack_m, high + group.slack_m)
        nominal, near_end, far_end = (np.maximum(end, 0.0) / 1000.0 for end in ends)
        return nominal, near_end, far_end

    gaps = tuple(_Lack.of(gap, crs) for gap in measure.gaps)
    return lambda spots: _lacking(gaps, spots, _each(spots, at_group))


@dataclass(frozen=True, slots=True)
class _Bodies:
    """Polygons, to tell which points lie in them, and how deep."""

    tree: shapely.STRtree
    error_m: Floats

    @classmethod
    def of(cls, polygons: NDArray[np.object_], error_m: Floats) -> "_Bodies":
        parts, owner = shapely.get_parts(polygons, return_index=True)
        shapely.prepare(parts)
        # GEOS answers the first question by a plain scan and builds its index at the second. Asked
        # here, by one thread, it is only read later; threads that both ask first would build it
        # over each other, and break the heap.
        inner = shapely.get_coordinates(shapely.point_on_surface(parts))
        for _ in range(2):
            shapely.contains_xy(parts, *inner.T)
        return cls(shapely.STRtree(parts), error_m[owner])

    def holding(self, points: Blocks, border_m: Floats) -> NDArray[np.bool_]:
        """Whether each point lies in any of them, none being nearer to a border than told."""
        inside = np.zeros(len(points), dtype=bool)
        if not len(points) or not len(self.tree):
            return inside
        # No border passes between the points of a square whose first point is farther from every
        # border than the square is wide: what holds that one holds them all.
        first, sizes = points.starts[:-1], np.diff(points.starts)
        wide = 2 * np.hypot(*points.boxes[2:, points.cuts[-2] :])
        alike = border_m[first] > wide
        asked = np.concatenate([first[alike], np.flatnonzero(~np.repeat(alike, sizes))])
        found = np.zeros(len(asked), dtype=bool)
        east, north = points.easting[asked], points.northing[asked]
        for body in self._near(east, north):
            found |= shapely.contains_xy(self.tree.geometries[body], east, north)
        inside[asked[alike.sum() :]] = found[alike.sum() :]
        inside |= np.repeat(_placed(found[: alike.sum()], alike), sizes)
        return inside

    def beyond(self, points: Blocks, inside: NDArray[np.bool_]) -> Floats:
        """How far beyond a point the nearest border may be, at the least of all that hold it."""
        result = np.full(len(points), np.inf)
        east, north = points.easting[inside], points.northing[inside]
        least = np.full(len(east), np.inf)
        for body in self._near(east, north):
            mine = shapely.contains_xy(self.tree.geometries[body], east, north)
            if mine.any():
                border = shapely.boundary(self.tree.geometries[body])
                depth = shapely.distance(border, shapely.points(east[mine], north[mine]))
                least[mine] = np.minimum(least[mine], self.error_m[body] - depth)
        result[inside] = least
        return result

    def _near(self, east: Floats, north: Floats) -> NDArray[np.int64]:
        if not len(east):
            return np.zeros(0, dtype=np.int64)
        box = shapely.box(east.min(), north.min(), east.max(), north.max())
        return np.asarray(np.sort(self.tree.query(box)))


def _placed(values: NDArray[np.bool_], where: NDArray[np.bool_]) -> NDArray[np.bool_]:
    result = np.zeros(len(where), dtype=bool)
    result[where] = values
    return result


def _pieces(frames: list[gpd.GeoDataFrame], measure: Distance) -> tuple[reach.Segments, _Bodies]:
    geometry = np.concatenate([frame.geometry.to_numpy() for frame in frames])
    sizes = [_discs(frame, measure.radius) for frame in frames]
    radius, error = (np.concatenate(parts) for parts in zip(*sizes, strict=True))
    polygon = np.isin(shapely.get_type_id(geometry), (3, 6)) & (not measure.outline)
    bodies = _Bodies.of(geometry[polygon], error[polygon])
    return reach.segments(geometry, radius_m=radius, error_m=error), bodies


def _discs(frame: gpd.GeoDataFrame, radius: Radius | None) -> tuple[Floats, Floats]:
    accuracy = frame["position_accuracy_km"].to_numpy(dtype=float)
    if radius is None:
        return np.zeros(len(frame)), accuracy * 1000.0
    if radius.column:
        km = pd.to_numeric(frame[radius.column]).to_numpy(dtype=float)
    else:
        people = pd.to_numeric(frame[radius.population]).to_numpy(dtype=float)
        km = np.sqrt(people / radius.people_per_ha / 100.0 / np.pi)
    unknown = np.isnan(km)
    km = np.where(unknown, 0.0, km)
    # A feature of unknown size may reach that far, but proves nothing: it can never exclude.
    error = np.where(unknown, radius.unknown_km, accuracy + radius.shape_error * km)
    return km * 1000.0, error * 1000.0


@dataclass(frozen=True, slots=True)
class _Lack:
    """A box in degrees in which a layer is known to lack something, and what surrounds it."""

    gap: Gap
    west: float
    south: float
    east: float
    north: float

    @classmethod
    def of(cls, gap: Gap, crs: CRS) -> "_Lack":
        to_plane = Transformer.from_crs(WGS84, crs, always_xy=True)
        # With many points a side, the edges bend by less than a metre between two of them.
        box = to_plane.transform_bounds(gap.west, gap.south, gap.east, gap.north, densify_pts=101)
        return cls(gap, *box)

    def holds(self, spots: Spots, reading_km: Floats) -> NDArray[np.bool_]:
        """Which spots lie in it and see nothing within the distance that it tells."""
        inside = (spots.easting >= self.west - 1) & (spots.easting <= self.east + 1)
        inside &= (spots.northing >= self.south - 1) & (spots.northing <= self.north + 1)
        inside &= reading_km > self.gap.beyond_km
        lon, lat = lonlat(spots.easting[inside], spots.northing[inside], spots.crs)
        box = (lon >= self.gap.west) & (lon <= self.gap.east)
        inside[inside] = box & (lat >= self.gap.south) & (lat <= self.gap.north)
        return inside


def _lacking(gaps: tuple[_Lack, ...], spots: Spots, reading: Reading) -> Reading:
    lacking = np.zeros(len(spots.easting), dtype=bool)
    for gap in gaps:
        lacking |= gap.holds(spots, reading[0])
    if not lacking.any():
        return reading
    nominal, low, high = (np.where(lacking, np.nan, part) for part in reading)
    return nominal, low, high


# --------------------------------------------------------------------------- supply, count


def _supply(measure: Supply, catalog: Catalog, crs: CRS) -> Reader:
    declared = measure.amount
    products = declared.products.column if declared.products else ""
    needs = (declared.column, products, "status" if declared.by_status else "")
    frames = _selected(measure, tuple(filter(None, needs)), catalog, crs)
    amounts.refuse_unknown(measure, catalog, crs)
    amount = np.concatenate([amounts.of(frame, declared) for frame in frames])
    sources = np.column_stack([_positions(frames), amount, _accuracies(frames)])[amount > 0]
    masses = _source_masses(measure, sources, catalog, crs)
    scale_m, cutoff_m = measure.decay.scale_km * 1000.0, measure.decay.cutoff_km * 1000.0

    def at_group(group: Group) -> Reading:
        near = sources if masses is None else sources[masses == group.landmass]
        return reach.supply(
            group.points,
            group.slack_m,
            near,
            scale_m=scale_m,
            cutoff_m=cutoff_m,
            bounds=group.bounds,
        )

    return lambda spots: _each(spots, at_group)


def _positions(frames: list[gpd.GeoDataFrame]) -> Floats:
    return np.concatenate(
        [shapely.get_coordinates(shapely.centroid(f.geometry.to_numpy())) for f in frames]
    )


def _accuracies(frames: list[gpd.GeoDataFrame]) -> Floats:
    km = [frame["position_accuracy_km"].to_numpy(dtype=float) for frame in frames]
    return np.asarray(np.concatenate(km) * 1000.0)


def _source_masses(
    measure: Supply | Count, sources: Floats, catalog: Catalog, crs: CRS
) -> NDArray[np.int64] | None:
    if measure.reach == "anywhere":
        return None
    return _landmass(sources[:, :2], catalog, crs)


def _count(measure: Count, catalog: Catalog, crs: CRS) -> Reader:
    needs = ("status" if measure.by_status else "", measure.column if measure.families else "")
    chosen = _selected(measure, tuple(filter(None, needs)), catalog, crs)
    amounts.refuse_unknown(measure, catalog, crs)
    frames = [amounts.counted(frame, measure) for frame in chosen]
    families = None
    if measure.families:
        families = np.concatenate([amounts.families(frame, measure) for frame in frames])
    sources = np.column_stack([_positions(frames), _accuracies(frames)])
    masses = _source_masses(measure, sources, catalog, crs)

    def at_group(group: Group) -> Reading:
        mine = np.ones(len(sources), bool) if masses is None else masses == group.landmass
        return amounts.count_within(
            group.points,
            group.slack_m,
            sources[mine],
            member=None if families is None else families[mine],
            radius_m=measure.radius_km * 1000.0,
        )

    return lambda spots: _each(spots, at_group)


# -------------------------------------------------------------------------- surface, share


def _surface(measure: Surface, catalog: Catalog, crs: CRS) -> Reader:
    raster = catalog.raster(measure.layer, crs)
    own_km = catalog.source(measure.layer).position_accuracy_km
    if measure.statistic == "slope":
        raster = _slope(measure.layer, catalog, crs)
    return _sampled(raster, own_km)


def _slope(layer: str, catalog: Catalog, crs: CRS) -> Raster:
    """Slope of a layer of elevations: several measures ask for the same, in run after run."""
    dem = catalog.raster(layer, crs)
    values = remembered(
        "slope", *_code(), *catalog.mark(layer, crs), make=lambda: ground.slope(dem).values
    )
    return replace(dem, values=values)


def _code() -> tuple[str, str]:
    """Which code makes what is kept of a raster."""
    return kept.code("measure"), "compiled" if reach.kernels("kernels_grid") else "numpy"


def _share(measure: Share, catalog: Catalog, crs: CRS) -> Reader:
    raster = catalog.raster(measure.layer, crs)

    def make() -> Floats:
        if measure.slope_below_deg is None:
            counts = np.isin(raster.values, measure.classes)
        else:
            with np.errstate(invalid="ignore"):
                counts = _slope(measure.layer, catalog, crs).values < measure.slope_below_deg
        return ground.share_around(counts, raster, measure.radius_km).values

    asked, how = measure.model_dump_json(), (*_code(), *catalog.mark(measure.layer, crs))
    share = replace(raster, values=remembered(asked, *how, make=make))
    return _sampled(share, catalog.source(measure.layer).position_accuracy_km)


def _sampled(raster: Raster, own_km: float) -> Reader:
    def at(spots: Spots) -> Reading:
        values = ground.at(raster, spots.easting, spots.northing)
        if not spots.slack_m.any():
            # A cell of the grid stands for its own ground; only an uncertain site looks around.
            return values, values, values
        look = np.where(spots.slack_m > 0, spots.slack_m + own_km * 1000.0, 0.0)
        low, high = ground.range_within(raster, spots.easting, spots.northing, radius_m=look)
        return values, low, high

    return at


# ------------------------------------------------------------------------ inside, attribute


def _inside(measure: Inside, catalog: Catalog, crs: CRS) -> Reader:
    frame = catalog.select(measure.target, crs)
    # What adjoins is one body: the line between two provinces is no way out of the study area.
    told = remembered(
        measure.target.model_dump_json(),
        kept.code("measure"),
        shapely.geos_version_string,
        *catalog.mark(measure.target.layer, crs),
        make=lambda: np.frombuffer(shapely.to_wkb(frame.geometry.union_all()), dtype=np.uint8),
    )
    whole = shapely.get_parts(shapely.from_wkb(told.tobytes()))
    error_m = frame["position_accuracy_km"].to_numpy(dtype=float).max(initial=0.0) * 1000.0
    bodies = _Bodies.of(whole, np.full(len(whole), error_m))
    pieces = reach.segments(whole)

    def at_group(group: Group) -> Reading:
        distance, _, _ = reach.nearest_m(group.points, pieces, bounds=False)
        inside = bodies.holding(group.points, distance)
        signed = np.where(inside, distance, -distance) / 1000.0
        slack = (group.slack_m + error_m) / 1000.0
        return signed, signed - slack, signed + slack

    return lambda spots: _each(spots, at_group)


def _attribute(measure: Attribute, catalog: Catalog, crs: CRS) -> Reader:
    if measure.target is None:
        return lambda spots: _own(measure, spots)
    frame = catalog.select(measure.target, crs)
    codes = _coded(column(frame, measure.column, measure.target.layer), measure.codes)
    coded = np.column_stack([_positions([frame]), codes, _accuracies([frame])])
    within = np.inf if measure.within_km is None else measure.within_km * 1000.0

    def at_group(group: Group) -> Reading:
        return amounts.nearest_code(
            group.points, group.slack_m, coded, within_m=within, bounds=group.bounds
        )

    return lambda spots: _each(spots, at_group)


def _own(measure: Attribute, spots: Spots) -> Reading:
    codes = np.full(len(spots.easting), np.nan)
    if measure.column in spots.columns:
        codes = _coded(spots.columns[measure.column], measure.codes)[spots.owner]
    return codes, codes, codes


def _coded(words: pd.Series, codes: Mapping[str, float]) -> Floats:
    if codes:
        return words.map(lambda word: codes.get(str(word), np.nan)).to_numpy(dtype=float)
    return pd.to_numeric(words, errors="coerce").to_numpy(dtype=float)
