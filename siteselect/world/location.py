"""Whether things lie where they say they lie: on land, in the study area, in their province."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import Transformer

from siteselect.base.errors import Fault
from siteselect.base.text import fold, nearest
from siteselect.declared.study import ALBERS
from siteselect.world.admit import row_list, shown

TOWN_REACH_KM = 30.0
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
        ``exchanged``, ``zero``, ``sea``, ``outside``, ``province`` or ``town``.
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
            hint = nearest(text, map(str, area.provinces["name_en"]))
            message = f"{shown(text)} is no province of the study{hint}"
            faults.append(Fault(message, file, row_list([row], _word(frame)), "province"))
    return codes, faults


def _bare(name: str) -> str:
    words = fold(name.replace("-", " ") if not name.startswith("IR-") else name).split()
    return " ".join(word for word in words if word not in _FILLERS)


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
    valid = np.asarray(np.isfinite(shapely.bounds(shapes)).all(axis=1))
    shapes[~valid] = shapely.Point()
    centres = shapely.point_on_surface(shapes)
    provinces, land = area.province_shapes, area.land_shapes
    away_km = np.array([shapely.distance(shapes, one) for one in provinces]) / 1e3
    inside = np.array([shapely.covers(one, centres) for one in provinces])
    tree = shapely.STRtree(land)
    shore_km = np.full(len(shapes), np.nan)
    box = shapely.box(*area.land.total_bounds)
    near = valid & shapely.intersects(box, spots)
    if near.any():
        found = tree.query_nearest(shapes[near], return_distance=True, all_matches=False)
        shore_km[np.flatnonzero(near)[found[0][0]]] = found[1] / 1e3
    return Located(frame, area, accuracy_km, np.where(inside, 0, away_km), shore_km, valid)


@dataclass(frozen=True)
class Located:
    """Features and their distances, in km.

    Parameters
    ----------
    frame : geopandas.GeoDataFrame
        n features.
    area : Area
    accuracy_km : numpy.ndarray, shape (n,)
    away_km : numpy.ndarray, shape (provinces, n)
        Distance from each province; 0 within.
    shore_km : numpy.ndarray, shape (n,)
        Distance from land; NaN beyond the bounds of the land layer.
    valid : numpy.ndarray of bool, shape (n,)
        Whether it has a position at all.
    """

    frame: gpd.GeoDataFrame
    area: Area
    accuracy_km: NDArray[np.float64]
    away_km: NDArray[np.float64]
    shore_km: NDArray[np.float64]
    valid: NDArray[np.bool_]

    @cached_property
    def province(self) -> list[str]:
        """ISO code of the province that each lies in, or next to within its accuracy."""
        nearest_one = self.away_km.argmin(axis=0)
        near = self.away_km.min(axis=0) <= self.accuracy_km + self.area.province_accuracy_km
        codes = self.area.provinces["iso"].astype(str).to_numpy()
        return [codes[at] if ok else "" for at, ok in zip(nearest_one, near, strict=True)]

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
        kinds = self.frame.get("kind", pd.Series("", index=self.frame.index)).to_list()
        for at in np.flatnonzero(self.valid).tolist():
            dry = offshore is None or kinds[at] in offshore
            if at not in done:
                found += self._of_one(at, within=within, named=named[at], dry=dry)
        return found

    def fault(self, finding: Finding, file: str) -> Fault:
        """A finding as a fault that names file, row and id."""
        rows = row_list(self.frame.index[list(finding.rows)], _word(self.frame))
        if len(finding.rows) == 1 and "id" in self.frame:
            rows += f" ({shown(str(self.frame['id'].iloc[finding.rows[0]]))[1:-1]})"
        return Fault(finding.message, file, rows, "lon, lat")

    def _exchanged(self) -> list[Finding]:
        """Points that lie outside, but inside once lon and lat are exchanged."""
        shapes = self.frame.geometry.to_numpy()
        points = self.valid & (shapely.get_type_id(shapes) == 0)
        slack = self.accuracy_km + self.area.province_accuracy_km
        far = points & (self.away_km.min(axis=0) > slack)
        turned = self.area.to_plane.transform(shapely.get_y(shapes), shapely.get_x(shapes))
        east, north = np.where(np.isfinite(turned), turned, 0.0)
        home = [shapely.contains_xy(one, east, north) for one in self.area.province_shapes]
        rows = np.flatnonzero(far & np.any(home, axis=0)).tolist()
        if not rows:
            return []
        who = "all points" if len(rows) == len(self.frame) else f"{len(rows)} of the points"
        message = (
            f"{who} lie outside the study area, but inside it when lon and lat are exchanged;"
            " exchange the two columns there"
        )
        return [Finding(tuple(rows), "exchanged", message, beyond=True)]

    def _of_one(self, at: int, *, within: bool, named: str, dry: bool) -> list[Finding]:
        """What is to be said of one feature: the first thing that holds."""
        shape, own = self.frame.geometry.iloc[at], float(self.accuracy_km[at])
        shore, away = float(self.shore_km[at]), float(self.away_km[:, at].min())
        coast, line = own + self.area.land_accuracy_km, own + self.area.province_accuracy_km
        if shape.geom_type == "Point" and shape.x == 0 and shape.y == 0:
            text = "lies at 0, 0, where positions stand that were never filled in"
            return [Finding((at,), "zero", text, beyond=True)]
        if shore > 0 and not dry:
            text = f"lies in the sea, {shore:.1f} km from land; known to within {coast:g} km"
            return [Finding((at,), "sea", text, beyond=shore > coast)]
        codes = self.area.provinces["iso"].astype(str).to_list()
        if named in codes and (off := float(self.away_km[codes.index(named), at])) > 0:
            title = self.area.provinces["name_en"].iloc[codes.index(named)]
            text = f"lies {off:.1f} km outside {title}, the province it names"
            known = f"; known to within {line:g} km"
            return [Finding((at,), "province", text + known, beyond=off > line)]
        if within and away > 0:
            text = f"lies outside the provinces of the study, {away:.1f} km from the nearest"
            known = f"; known to within {line:g} km"
            return [Finding((at,), "outside", text + known, beyond=away > line)]
        return self._far_from_town(at, own)

    def _far_from_town(self, at: int, own: float) -> list[Finding]:
        """A town that is named in a column of its own binds; one within a name is a hint."""
        spots, row = self.area.town_spots, self.frame.iloc[at]
        for column in ("town", "city", "name_en", "name_fa"):
            words = fold(str(row.get(column, ""))).split()
            town = " ".join(word for word in words if not word.isdecimal())
            if town not in spots:
                town = " ".join(word for word in town.split() if word not in _KIND_WORDS)
            if town not in spots:
                continue
            centre = row.geometry.representative_point()
            east, north = self.area.to_plane.transform(centre.x, centre.y)
            off = min(float(np.hypot(east - e, north - n)) for e, n in spots[town]) / 1e3
            if off > own + TOWN_REACH_KM:
                text = f"lies {off:.0f} km from {shown(town)[1:-1]}, the town it names"
                return [Finding((at,), "town", text, beyond=column in ("town", "city"))]
        return []


def _word(frame: gpd.GeoDataFrame) -> str:
    return str(frame.index.name or "row")
