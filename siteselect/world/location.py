"""Whether things lie where they say they lie: on land, in the study area, in their province."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache, cached_property

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import Transformer

from siteselect.base.errors import Fault
from siteselect.base.text import fold, nearest
from siteselect.declared.sources import Source
from siteselect.declared.study import ALBERS
from siteselect.world.admit import row_list, shown
from siteselect.world.layers import area_km2

TOWN_REACH_KM = 30.0
WORTH_SAYING_KM = 0.05
# Farther off than this lies nothing that bears on a park: the whole of Iran is nearer.
FAR_KM = 1500.0
OUTLINE_FACTOR = 1.5
SAME_PLACE_DEG = 0.01
_FILLERS = frozenset({"province", "ostan", "استان", "and", "va", "o", "و", "-", "&"})

_KIND_WORDS = frozenset(
    {"port", "bandar", "customs", "town", "city", "industrial", "estate", "park", "airport",
     "بندر", "گمرک", "شهر", "شهرک", "صنعتی", "فرودگاه"}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, or doubtful, with the position of features.

    Parameters
    ----------
    rows : tuple of int
        Places in the frame, from 0.
    what : str
        ``exchanged``, ``zero``, ``far``, ``sea``, ``outside``, ``province`` or ``town``.
    message : str
        In words.
    beyond : bool
        Whether it is beyond the accuracy of the position and of the layer: a fault, no warning.
    """

    rows: tuple[int, ...]
    what: str
    message: str
    beyond: bool


@dataclass(frozen=True)
class Area:
    """Where things should lie.

    Parameters
    ----------
    provinces : geopandas.GeoDataFrame
        EPSG:4326, the provinces of the study, with ``iso, name_en, name_fa``.
    land : geopandas.GeoDataFrame
        EPSG:4326, all land within its bounds; what lies in a hole of it is inland water, no sea.
    towns : geopandas.GeoDataFrame, optional
        EPSG:4326, points with ``name_en, name_fa``.
    province_accuracy_km : float
        How far the province lines may be off: inland lines of a 1:10 million map.
    land_accuracy_km : float
        How far the coast may be off.
    """

    provinces: gpd.GeoDataFrame
    land: gpd.GeoDataFrame
    towns: gpd.GeoDataFrame | None = None
    province_accuracy_km: float = 10.0
    land_accuracy_km: float = 2.0

    @cached_property
    def province_shapes(self) -> NDArray[np.object_]:
        """Provinces in the plane, metres."""
        return _in_plane(self.provinces.geometry)

    @cached_property
    def land_shapes(self) -> NDArray[np.object_]:
        """Land in the plane, metres, without its holes."""
        parts = shapely.get_parts(self.land.geometry.to_numpy())
        filled = shapely.polygons(shapely.get_exterior_ring(parts))
        return _in_plane(gpd.GeoSeries(filled, crs="EPSG:4326"))

    @cached_property
    def to_plane(self) -> Transformer:
        """From lon, lat to easting, northing."""
        return Transformer.from_crs("EPSG:4326", ALBERS, always_xy=True)

    @cached_property
    def town_spots(self) -> dict[str, list[tuple[float, float]]]:
        """Easting and northing of each town, by its folded names."""
        spots: dict[str, list[tuple[float, float]]] = {}
        if self.towns is not None:
            there = self.towns.to_crs(ALBERS)
            for column in ("name_en", "name_fa"):
                for name, point in zip(there.get(column, []), there.geometry, strict=False):
                    if len(fold(str(name))) > 3:
                        spots.setdefault(fold(str(name)), []).append((point.x, point.y))
        return spots


def _in_plane(shapes: gpd.GeoSeries) -> NDArray[np.object_]:
    # A long side that is straight in degrees is bent in the plane, by 1.6 km over 4 degrees.
    return np.asarray(shapes.segmentize(0.1).to_crs(ALBERS).to_numpy())


def province_codes(frame: gpd.GeoDataFrame, area: Area, file: str) -> tuple[list[str], list[Fault]]:
    """The ISO code of the province that each row names, ``""`` where it names none.

    Names are compared after folding and without words such as *province* and *and*, because they
    are spelt in several ways.

    Parameters
    ----------
    frame : geopandas.GeoDataFrame
        May have a column ``province``.
    area : Area
    file : str
        Name of the file, for faults.

    Returns
    -------
    codes : list of str
    faults : list of Fault
        Names that no province bears.
    """
    if "province" not in frame:
        return [""] * len(frame), []
    known: dict[str, str] = {}
    for column in ("iso", "name_en", "name_fa"):
        for name, iso in zip(area.provinces[column], area.provinces["iso"], strict=True):
            known[_bare(str(name))] = str(iso)
    codes, faults = [], []
    for row, name in zip(frame.index, frame["province"], strict=True):
        text = "" if name is None or name != name else str(name)  # noqa: PLR0124
        codes.append(known.get(_bare(text), ""))
        if text.strip() and not codes[-1]:
            hint = nearest(text, map(str, area.provinces[["name_en", "name_fa"]].to_numpy().flat))
            message = f"{shown(text)} is no province of the study{hint}"
            faults.append(Fault(message, file, row_list([row], _word(frame)), "province"))
    return codes, faults


def _bare(name: str) -> str:
    words = fold(name if name[:3].upper() == "IR-" else name.replace("-", " ")).split()
    # "And" is often written onto the next word; no province begins with its letter.
    return " ".join(word.removeprefix("و") for word in words if word not in _FILLERS)


def sizes(
    frame: gpd.GeoDataFrame, file: str, span_ha: tuple[float, float], *, warnings: list[Fault]
) -> list[Fault]:
    """Outlines that no site has, and those far from the area that is written beside them.

    Parameters
    ----------
    frame : geopandas.GeoDataFrame
        With ``id, area_ha``.
    file : str
        Name of the file, for faults.
    span_ha : tuple of float
        Least and greatest area that is believed.
    warnings : list of Fault
        Areas that differ from their outline by more than a half are told here.

    Returns
    -------
    list of Fault
    """
    low, high = span_ha
    faults = []
    outlines = frame.geometry[frame.geometry.geom_type.isin(("Polygon", "MultiPolygon"))]
    for row, shape in outlines.items():
        drawn, given = area_km2(shape, frame.crs) * 100, float(frame["area_ha"][row])
        where = f"{_word(frame)} {row} ({shown(str(frame['id'][row]))[1:-1]})"
        if not low <= drawn <= high:
            message = f"its outline covers {drawn:,.4g} ha, which is not in [{low:g}, {high:g}]"
            faults.append(Fault(message, file, where, "geometry"))
        elif not 1 / OUTLINE_FACTOR <= given / drawn <= OUTLINE_FACTOR:
            message = f"is {given:,.4g} ha, but its outline covers {drawn:,.4g} ha"
            warnings.append(Fault(message, file, where, "area_ha"))
    return faults


def check_points(
    frame: gpd.GeoDataFrame,
    source: Source | str,
    area: Area,
    *,
    offshore: Collection[str] | None = (),
    accuracy_km: float = 0.0,
) -> tuple[list[Fault], list[Fault]]:
    """Whether features lie where they say: on land, in their province, near their town.

    Parameters
    ----------
    frame : geopandas.GeoDataFrame
        EPSG:4326; may have ``id, name_en, kind, province, town, position_accuracy_km``. Index: row
        number.
    source : Source or str
        Entry of the catalogue, whose accuracy and offshore kinds are then used, or a file's name.
    area : Area
        Provinces, land, towns.
    offshore : collection of str or None
        Kinds of row that may lie in the sea; None for all.
    accuracy_km : float
        Accuracy of rows that do not carry their own.

    Returns
    -------
    faults, warnings : list of Fault
        A position is at fault beyond its own accuracy plus the layer's, within it a warning.
    """
    file = source
    if isinstance(source, Source):
        file, offshore, accuracy_km = source.file, source.offshore, source.position_accuracy_km
    own = frame.get("position_accuracy_km", pd.Series(np.nan, index=frame.index))
    accuracy = pd.to_numeric(own, errors="coerce").fillna(accuracy_km).to_numpy(dtype=float)
    codes, _ = province_codes(frame, area, str(file))
    where = locate(frame, area, accuracy)
    found = where.findings(within=False, named=codes, offshore=offshore)
    told = [(finding.beyond, where.fault(finding, str(file))) for finding in found]
    return [f for beyond, f in told if beyond], [f for beyond, f in told if not beyond]


def misplaced(frame: gpd.GeoDataFrame, area: Area, file: str) -> list[Fault]:
    """Lines and outlines with lon and lat exchanged, or in another part of the world.

    They may leave the study area and cross the sea.

    Parameters
    ----------
    frame : geopandas.GeoDataFrame
        In any CRS; its index is called what its rows are called in faults.
    area : Area
    file : str
        Name of the file, for faults.

    Returns
    -------
    list of Fault
    """
    named = str(frame.index.name or "feature")
    bare = frame[[frame.geometry.name]].to_crs("EPSG:4326").rename_axis(named)
    return check_points(bare, file, area, offshore=None)[0]


def elsewhere(frame: gpd.GeoDataFrame, centre: gpd.GeoSeries, file: str) -> list[Fault]:
    """Columns ``lon`` and ``lat`` of a layer that say another place than its geometry.

    Parameters
    ----------
    frame : geopandas.GeoDataFrame
        EPSG:4326.
    centre : geopandas.GeoSeries of points
        Where its features lie; this is taken.
    file : str
        Name of the file, for faults.

    Returns
    -------
    list of Fault
    """
    found = []
    for name, drawn in (("lon", centre.x), ("lat", centre.y)):
        written = pd.to_numeric(frame.get(name, drawn), errors="coerce")
        rows = frame.index[(written - drawn).abs() > SAME_PLACE_DEG]
        if len(rows):
            message = "is not where the geometry lies, which is taken"
            found.append(Fault(message, file, row_list(rows, "feature"), name))
    return found


def locate(frame: gpd.GeoDataFrame, area: Area, accuracy_km: NDArray[np.float64]) -> "Located":
    """How far each feature lies from the study area and from land.

    Parameters
    ----------
    frame : geopandas.GeoDataFrame
        EPSG:4326, n features; empty or infinite positions lie nowhere.
    area : Area
    accuracy_km : numpy.ndarray, shape (n,)
        Accuracy of each position.

    Returns
    -------
    Located
    """
    spots = frame.geometry.to_numpy()
    shapes = np.array(frame.geometry.to_crs(ALBERS).to_numpy())
    shapes[~np.isfinite(shapely.bounds(shapes)).all(axis=1)] = shapely.Point()
    away_km, nearest_one = _reach(shapes, area.province_shapes)
    inside = shapely.STRtree(shapely.point_on_surface(shapes)).query(
        area.province_shapes, predicate="intersects"
    )
    nearest_one[inside[1]] = inside[0]
    shore_km = _reach(shapes, area.land_shapes)[0]
    shore_km[~shapely.intersects(shapely.box(*area.land.total_bounds), spots)] = np.nan
    return Located(frame, area, accuracy_km, shapes, (away_km, nearest_one), shore_km)


def _reach(
    shapes: NDArray[np.object_], targets: NDArray[np.object_]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Distance from the nearest target in km, 0 where they touch, and which one it is."""
    km, which = np.full(len(shapes), np.nan), np.zeros(len(shapes), dtype=np.int64)
    touching = shapely.STRtree(shapes).query(targets, predicate="intersects")
    which[touching[1]], km[touching[1]] = touching[0], 0.0
    rest = np.flatnonzero(np.isnan(km) & ~shapely.is_empty(shapes))
    if len(rest):
        found, metres = shapely.STRtree(targets).query_nearest(
            shapes[rest], return_distance=True, all_matches=False
        )
        which[rest[found[0]]], km[rest[found[0]]] = found[1], metres / 1e3
    return km, which


@dataclass(frozen=True)
class Located:
    """Features and their distances.

    Parameters
    ----------
    frame : geopandas.GeoDataFrame
        n features.
    area : Area
    accuracy_km : numpy.ndarray, shape (n,)
    shapes : numpy.ndarray of shapely.Geometry, shape (n,)
        In the plane, metres; empty where there is no position.
    reach : tuple of numpy.ndarray, each of shape (n,)
        Distance from the nearest province in km, 0 within, and which it is.
    shore_km : numpy.ndarray, shape (n,)
        Distance from land; NaN beyond the bounds of the land layer.
    """

    frame: gpd.GeoDataFrame
    area: Area
    accuracy_km: NDArray[np.float64]
    shapes: NDArray[np.object_]
    reach: tuple[NDArray[np.float64], NDArray[np.int64]]
    shore_km: NDArray[np.float64]

    @cached_property
    def codes(self) -> list[str]:
        """ISO codes of the provinces."""
        return [str(code) for code in self.area.provinces["iso"]]

    @cached_property
    def province(self) -> list[str]:
        """ISO code of the province that each lies in, or next to within its accuracy."""
        near = self.reach[0] <= self.accuracy_km + self.area.province_accuracy_km
        codes = self.codes
        return [codes[at] if ok else "" for at, ok in zip(self.reach[1], near, strict=True)]

    def findings(
        self, *, within: bool, named: Sequence[str], offshore: Collection[str] | None = ()
    ) -> list[Finding]:
        """What is wrong with the positions, and what is doubtful.

        Parameters
        ----------
        within : bool
            Whether everything must lie in the study area.
        named : sequence of str
            ISO code of the province that each names, or ``""``.
        offshore : collection of str or None
            Kinds that may lie in the sea; None for all.

        Returns
        -------
        list of Finding
        """
        found = self._exchanged()
        done = {at for finding in found for at in finding.rows}
        kinds = self.frame.get("kind", pd.Series("", index=self.frame.index))
        dry = np.full(len(kinds), True) if offshore is None else kinds.isin(offshore).to_numpy()
        towns = self._named_towns()
        zero = shapely.equals(self.frame.geometry.to_numpy(), shapely.Point(0, 0))
        mine = np.array(self.codes, dtype=object)[self.reach[1]]
        other = np.array([name in self.codes for name in named]) & (np.array(named) != mine)
        suspect = zero | ((self.shore_km > 0) & ~dry) | other | (self.reach[0] > FAR_KM)
        suspect |= (self.reach[0] > 0) & (within or np.array([bool(name) for name in named]))
        suspect[list(towns)] = True
        for at in np.flatnonzero(suspect & ~shapely.is_empty(self.shapes)).tolist():
            if zero[at] and at not in done:
                text = "lies at 0, 0, where positions stand that were never filled in"
                found.append(Finding((at,), "zero", text, beyond=True))
            elif at not in done:
                place = self._out_of_place(at, within=within, named=named[at], dry=bool(dry[at]))
                found += place or self._far_from_town(at, towns.get(at, ("", False)))
        return found

    def fault(self, finding: Finding, file: str) -> Fault:
        """A finding as a fault that names file, row and id.

        Parameters
        ----------
        finding : Finding
        file : str
            Name of the file.

        Returns
        -------
        Fault
        """
        rows = row_list(self.frame.index[list(finding.rows)], _word(self.frame))
        if len(finding.rows) == 1 and "id" in self.frame:
            rows += f" ({shown(str(self.frame['id'].iloc[finding.rows[0]]))[1:-1]})"
        return Fault(finding.message, file, rows, "lon, lat")

    def _exchanged(self) -> list[Finding]:
        """What lies outside, but inside once lon and lat are exchanged."""
        slack = self.accuracy_km + self.area.province_accuracy_km
        far = np.flatnonzero(~shapely.is_empty(self.shapes) & (self.reach[0] > slack))
        spots = shapely.point_on_surface(self.frame.geometry.to_numpy()[far])
        turned = self.area.to_plane.transform(shapely.get_y(spots), shapely.get_x(spots))
        east, north = np.where(np.isfinite(turned), turned, 0.0)
        home = [shapely.contains_xy(one, east, north) for one in self.area.province_shapes]
        rows = far[np.any(home, axis=0)].tolist()
        if not rows:
            return []
        who = "all positions" if len(rows) == len(self.frame) else f"{len(rows)} of the positions"
        message = (
            f"{who} lie outside the study area, but inside it when lon and lat are exchanged;"
            " exchange the two columns there"
        )
        return [Finding(tuple(rows), "exchanged", message, beyond=True)]

    def _out_of_place(self, at: int, *, within: bool, named: str, dry: bool) -> list[Finding]:
        """The first of these that holds: far off, in the sea, not where it says, outside."""
        own, away = float(self.accuracy_km[at]), float(self.reach[0][at])
        if away > FAR_KM:
            text = f"lies outside the provinces of the study, {away:,.0f} km from the nearest"
            return [Finding((at,), "far", text, beyond=True)]
        coast, line = own + self.area.land_accuracy_km, own + self.area.province_accuracy_km
        shore = float(self.shore_km[at])
        if shore > WORTH_SAYING_KM:
            if dry:  # out at sea by nature, it belongs to a province without lying in it
                return []
            text = f"lies in the sea, {shore:.1f} km from land; known to within {coast:g} km"
            return [Finding((at,), "sea", text, beyond=shore > coast)]
        known = f"; known to within {line:g} km"
        if named in self.codes:
            which = self.codes.index(named)
            off = float(shapely.distance(self.shapes[at], self.area.province_shapes[which])) / 1e3
            title = self.area.provinces["name_en"].iloc[which]
            text = f"lies {off:.1f} km outside {title}, the province it names{known}"
            told = [Finding((at,), "province", text, beyond=off > line)]
            return told if off > WORTH_SAYING_KM else []
        if within and away > WORTH_SAYING_KM:
            text = f"lies outside the provinces of the study, {away:.1f} km from the nearest{known}"
            return [Finding((at,), "outside", text, beyond=away > line)]
        return []

    def _named_towns(self) -> dict[int, tuple[str, bool]]:
        """The town that each feature names, and whether in a column of its own, which binds."""
        named: dict[int, tuple[str, bool]] = {}
        spots = self.area.town_spots

        @cache  # most tables name a site alike in both columns
        def town_in(name: str) -> str:
            words = [word for word in fold(name).split() if not word.isdecimal()]
            bare = " ".join(word for word in words if word not in _KIND_WORDS)
            return next((text for text in (" ".join(words), bare) if text in spots), "")

        for column in ("name_fa", "name_en", "city", "town"):
            names = self.frame[column].tolist() if spots and column in self.frame else []
            for at, name in enumerate(names):
                if town := town_in(str(name)):
                    named[at] = (town, column in ("town", "city"))
        return named

    def _far_from_town(self, at: int, named: tuple[str, bool]) -> list[Finding]:
        town, binds = named
        centre = shapely.point_on_surface(self.shapes[at])
        spots = [shapely.Point(spot) for spot in self.area.town_spots.get(town, [])]
        off = min((float(shapely.distance(centre, spot)) / 1e3 for spot in spots), default=0.0)
        if off <= float(self.accuracy_km[at]) + TOWN_REACH_KM:
            return []
        text = f"lies {off:.0f} km from {shown(town)[1:-1]}, the town it names"
        return [Finding((at,), "town", text, beyond=binds)]


def _word(frame: gpd.GeoDataFrame) -> str:
    return str(frame.index.name or "row")
