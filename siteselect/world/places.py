"""Places: cells of the study grid and candidate sites, in the one analysis CRS of a study."""

import threading
from dataclasses import dataclass, field, replace

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import ArrayLike, NDArray
from pyproj import CRS
from rasterio.features import rasterize
from rasterio.transform import Affine

from siteselect.base.errors import CrsMismatch

Floats = NDArray[np.float64]
OUTSIDE = -1
OFFING_M = 3000.0
MAINLAND_M2 = 5e9


def require_crs(one: CRS, other: CRS) -> None:
    """Refuse to let two coordinate reference systems meet.

    Raises
    ------
    CrsMismatch
        Naming both.

    Examples
    --------
    >>> require_crs(CRS.from_epsg(4326), CRS.from_epsg(4326))
    """
    if one != other:
        raise CrsMismatch(f"{one.to_string()} met {other.to_string()}; reproject one of them")


@dataclass(frozen=True, slots=True)
class Places:
    """Places to be measured: each is one or more sample points in the analysis CRS.

    A cell and a site known as a point are one sample point. A site known as a polygon is the
    centres of the grid cells within it, so a site that is one cell reads exactly as that cell.

    Parameters
    ----------
    ids : numpy.ndarray, shape (n,)
        Integers for cells, text for sites.
    kinds : numpy.ndarray of str, shape (n,)
        ``cell`` or the kind of site.
    accuracy_km : numpy.ndarray, shape (n,)
        Distance within which the true position lies.
    easting, northing : numpy.ndarray, shape (p,)
        Sample points, metres.
    owner : numpy.ndarray of int64, shape (p,)
        Index of the place of each sample point, ascending.
    landmass : numpy.ndarray of int64, shape (p,)
        0 the mainland, other numbers islands.
    crs : pyproj.CRS
        Analysis CRS.
    columns : pandas.DataFrame, n rows
        What else is known of each place; read by measures of kind attribute.
    """

    ids: NDArray[np.generic]
    kinds: NDArray[np.str_]
    accuracy_km: Floats
    easting: Floats
    northing: Floats
    owner: NDArray[np.int64]
    landmass: NDArray[np.int64]
    crs: CRS
    columns: pd.DataFrame

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, slots=True)
class Window:
    """A rectangle of cells of a grid.

    Parameters
    ----------
    row, column : int
        Its north-western cell, counted from that of the grid.
    rows, columns : int
        How many cells it holds.
    """

    row: int
    column: int
    rows: int
    columns: int


@dataclass(frozen=True, slots=True)
class Frame:
    """Where the cells of a grid stand, before it is asked what they hold.

    A grid of many cells is never held as a whole; it is cut window by window from its frame.

    Parameters
    ----------
    provinces : geopandas.GeoDataFrame
        Polygons in the analysis CRS with a column ``iso``.
    islands : geopandas.GeoDataFrame
        Polygons in the same CRS with a column ``landmass`` > 0.
    cell_m : float
        Side of a cell, metres.
    west, north : float
        Corner, metres; whole multiples of `cell_m`.
    shape : tuple of int
        Rows and columns.
    burning : threading.Lock
        Held while polygons are burnt: several threads of GDAL at once mislay the place of a raster,
        now and then.
    """

    provinces: gpd.GeoDataFrame
    islands: gpd.GeoDataFrame
    cell_m: float
    west: float
    north: float
    shape: tuple[int, int]
    burning: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    @classmethod
    def over(
        cls, provinces: gpd.GeoDataFrame, cell_m: float, *, islands: gpd.GeoDataFrame
    ) -> "Frame":
        """The frame that covers provinces, by the centres of its cells.

        Parameters
        ----------
        provinces, islands : geopandas.GeoDataFrame
            As above.
        cell_m : float
            Side of a cell, metres.

        Returns
        -------
        Frame

        Raises
        ------
        CrsMismatch
            If the two layers differ in CRS.
        """
        require_crs(provinces.crs, islands.crs)
        w, s, e, n = provinces.total_bounds
        west, north = np.floor(w / cell_m) * cell_m, np.ceil(n / cell_m) * cell_m
        shape = (int(np.ceil((north - s) / cell_m)), int(np.ceil((e - west) / cell_m)))
        return cls(provinces, islands, cell_m, float(west), float(north), shape)

    @property
    def crs(self) -> CRS:
        """Analysis CRS."""
        return CRS.from_user_input(self.provinces.crs)

    @property
    def whole(self) -> Window:
        """The window of all cells."""
        return Window(0, 0, *self.shape)

    @property
    def transform(self) -> Affine:
        """Affine transform from column and row to easting and northing."""
        return Affine(self.cell_m, 0, self.west, 0, -self.cell_m, self.north)

    def windows(self, side: int) -> tuple[Window, ...]:
        """Windows of `side` x `side` cells that touch the study area, row by row."""
        rows, columns = self.shape
        cut = [
            Window(top, left, min(side, rows - top), min(side, columns - left))
            for top in range(0, rows, side)
            for left in range(0, columns, side)
        ]
        boxes = [self._box(window) for window in cut]
        touched, _ = shapely.STRtree(self.provinces.geometry.to_numpy()).query(
            np.array(boxes, dtype=object), predicate="intersects"
        )
        return tuple(cut[i] for i in np.unique(touched))

    def _corner(self, window: Window) -> tuple[float, float]:
        west, north = self.west, self.north
        return west + window.column * self.cell_m, north - window.row * self.cell_m

    def _box(self, window: Window) -> shapely.Polygon:
        west, north = self._corner(window)
        south, east = north - window.rows * self.cell_m, west + window.columns * self.cell_m
        return shapely.box(west, south, east, north)

    def cut(self, window: Window) -> "Grid":
        """The grid of a window."""
        west, north = self._corner(window)
        shape = (window.rows, window.columns)
        transform = Affine(self.cell_m, 0, west, 0, -self.cell_m, north)
        codes = tuple(sorted(self.provinces["iso"]))
        index = [codes.index(iso) for iso in self.provinces["iso"]]
        # A little more than the window, so that no edge of its own crosses a cell.
        box = shapely.bounds(self._box(window)) + self.cell_m * np.array([-1, -1, 1, 1])
        provinces = _clipped(self.provinces, index, box)
        islands = _clipped(self.islands, self.islands["landmass"], box)
        with self.burning:
            province = _burn(provinces, shape, transform, fill=OUTSIDE)
            landmass = _burn(islands, shape, transform, fill=0)
        return Grid(self.crs, self.cell_m, float(west), float(north), province, codes, landmass)


@dataclass(frozen=True, slots=True)
class Grid:
    """The study grid: square cells snapped to whole multiples of their side.

    Parameters
    ----------
    crs : pyproj.CRS
        Analysis CRS.
    cell_m : float
        Side of a cell, metres.
    west, north : float
        Corner of the grid, metres; whole multiples of `cell_m`.
    province : numpy.ndarray of int16, shape (rows, columns)
        Index into `province_codes`, -1 outside the study area.
    province_codes : tuple of str
        ISO codes.
    landmass : numpy.ndarray of int16, shape (rows, columns)
        0 the mainland, other numbers islands; undefined outside the study area.
    """

    crs: CRS
    cell_m: float
    west: float
    north: float
    province: NDArray[np.int16]
    province_codes: tuple[str, ...]
    landmass: NDArray[np.int16]

    @classmethod
    def over(
        cls, provinces: gpd.GeoDataFrame, cell_m: float, *, islands: gpd.GeoDataFrame
    ) -> "Grid":
        """The grid that covers provinces; as `Frame.over`, with what the cells hold.

        Parameters
        ----------
        provinces, islands : geopandas.GeoDataFrame
            As for `Frame`.
        cell_m : float
            Side of a cell, metres.

        Returns
        -------
        Grid

        Raises
        ------
        CrsMismatch
            If the two layers differ in CRS.
        """
        frame = Frame.over(provinces, cell_m, islands=islands)
        return frame.cut(frame.whole)

    @property
    def transform(self) -> Affine:
        """Affine transform from column and row to easting and northing."""
        return Affine(self.cell_m, 0, self.west, 0, -self.cell_m, self.north)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.province.shape[0], self.province.shape[1]

    @property
    def first(self) -> tuple[int, int]:
        """Column and row of the north-western cell, counted from the origin of the CRS.

        A cell has the same numbers, and the same centre to the last bit, on every grid of its size.
        """
        return round(self.west / self.cell_m), round(self.north / self.cell_m)

    @property
    def inside(self) -> NDArray[np.bool_]:
        """Cells within the study area, shape (rows, columns)."""
        return np.asarray(self.province != OUTSIDE)

    @property
    def cell_ha(self) -> float:
        """Area of a cell, hectares."""
        return self.cell_m**2 / 1e4

    def cut(self, window: Window) -> "Grid":
        """The grid of a window."""
        here = (
            slice(window.row, window.row + window.rows),
            slice(window.column, window.column + window.columns),
        )
        return replace(
            self,
            west=self.west + window.column * self.cell_m,
            north=self.north - window.row * self.cell_m,
            province=self.province[here],
            landmass=self.landmass[here],
        )

    def cell_ids(self) -> NDArray[np.int64]:
        """Flat indices (row x columns + column) of the cells within the study area."""
        return np.flatnonzero(self.inside)

    def centres(self, cells: NDArray[np.int64]) -> tuple[Floats, Floats]:
        """Easting and northing of cells given by their flat indices, metres."""
        row, column = np.divmod(cells, self.shape[1])
        west, north = self.first
        return (west + column + 0.5) * self.cell_m, (north - row - 0.5) * self.cell_m

    def places(self, cells: NDArray[np.int64] | None = None) -> Places:
        """Cells as places, in row order; all of the study area if none are given.

        Parameters
        ----------
        cells : numpy.ndarray of int64, shape (n,), optional
            Flat indices.

        Returns
        -------
        Places
        """
        chosen = self.cell_ids() if cells is None else cells
        (east, north), n = self.centres(chosen), len(chosen)
        return Places(
            ids=chosen,
            kinds=np.full(n, "cell"),
            accuracy_km=np.zeros(n),
            easting=east,
            northing=north,
            owner=np.arange(n),
            landmass=self.landmass.ravel()[chosen].astype(np.int64),
            crs=self.crs,
            columns=pd.DataFrame(index=range(n)),
        )


def _clipped(
    layer: gpd.GeoDataFrame, values: ArrayLike, box: Floats
) -> list[tuple[shapely.Geometry, int]]:
    """What of a layer lies in a box: to burn a polygon takes as long as it has corners."""
    parts = shapely.clip_by_rect(layer.geometry.to_numpy(), *box)
    there = ~shapely.is_empty(parts)
    return list(zip(parts[there], np.asarray(values)[there].tolist(), strict=True))


def _burn(
    shapes: list[tuple[shapely.Geometry, int]],
    shape: tuple[int, int],
    transform: Affine,
    *,
    fill: int,
) -> NDArray[np.int16]:
    if not shapes:
        return np.full(shape, fill, dtype=np.int16)
    burnt = rasterize(shapes, out_shape=shape, transform=transform, fill=fill, dtype="int16")
    return np.asarray(burnt, dtype=np.int16)


@dataclass(frozen=True, slots=True)
class Landmasses:
    """The mainland and the islands, to tell what stands where.

    Parameters
    ----------
    islands : geopandas.GeoDataFrame
        Polygons with a column ``landmass`` > 0, in the analysis CRS.
    land : geopandas.GeoDataFrame
        All land, in the same CRS.
    """

    islands: gpd.GeoDataFrame
    land: gpd.GeoDataFrame

    def of(self, easting: Floats, northing: Floats) -> NDArray[np.int64]:
        """Landmass of points: 0 the mainland, other numbers islands.

        A point in the sea belongs to an island within `OFFING_M` of it, if the mainland is
        farther; else to the mainland.

        Parameters
        ----------
        easting, northing : numpy.ndarray, shape (p,)
            Metres.

        Returns
        -------
        numpy.ndarray of int64, shape (p,)
        """
        result = np.zeros(len(easting), dtype=np.int64)
        if len(self.islands) == 0 or len(easting) == 0:
            return result
        points = np.asarray(shapely.points(easting, northing))
        tree = shapely.STRtree(self.islands.geometry.to_numpy())
        point, island, away = _nearest_within(tree, points, OFFING_M)
        parts = shapely.get_parts(self.land.geometry.to_numpy())
        mainland = shapely.STRtree(parts[shapely.area(parts) > MAINLAND_M2])
        other, _, gap = _nearest_within(mainland, points[point], OFFING_M)
        nearest_main = np.full(len(point), np.inf)
        nearest_main[other] = gap
        mine = away < nearest_main
        result[point[mine]] = self.islands["landmass"].to_numpy()[island[mine]]
        return result


def _nearest_within(
    tree: shapely.STRtree, points: NDArray[np.object_], distance_m: float
) -> tuple[NDArray[np.int64], NDArray[np.int64], Floats]:
    (point, feature), away = tree.query_nearest(
        points, max_distance=distance_m, return_distance=True, all_matches=False
    )
    return point, feature, away


@dataclass(frozen=True, slots=True)
class Surface:
    """What the law says of each cell of the grid; NaN (verdict -1) outside the study area.

    Parameters
    ----------
    grid : Grid
        Where.
    score, known : numpy.ndarray of float32, shape (rows, columns)
        As in `siteselect.decide.score.Scores`.
    verdict : numpy.ndarray of int8, shape (rows, columns)
        0 eligible, 1 undetermined, 2 excluded, -1 outside.
    excluded_km2, undetermined_km2 : dict of str to float
        Area that each constraint excludes, and leaves in doubt.
    spread : numpy.ndarray of float32, shape (rows, columns), or None
        Standard deviation of the score under weights in doubt, if it was asked.
    """

    grid: Grid
    score: NDArray[np.float32]
    known: NDArray[np.float32]
    verdict: NDArray[np.int8]
    excluded_km2: dict[str, float]
    undetermined_km2: dict[str, float]
    spread: NDArray[np.float32] | None = None


@dataclass(frozen=True, slots=True)
class Sites:
    """The pool of candidates: one row a site.

    Parameters
    ----------
    frame : geopandas.GeoDataFrame
        In the analysis CRS, sorted by ``id``; geometry is a point, or a polygon where the extent
        is known. Columns: ``id, name_en, name_fa, kind, province`` (ISO code), ``lon, lat`` (of a
        representative point, degrees), ``position_accuracy_km, area_ha`` (NaN if unknown),
        ``status, source, source_kind, note``, then the user's own.
    places : Places
        The same sites as places, in the same order.
    """

    frame: gpd.GeoDataFrame
    places: Places

    def __len__(self) -> int:
        return len(self.frame)
