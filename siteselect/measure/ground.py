"""Ground: what rasters say at a place and around it."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from siteselect.decide.table import unmasked
from siteselect.measure import reach, stripes
from siteselect.world.catalog import Raster

Floats = NDArray[np.float64]

# Cells of discs that are looked at together: as many as stay in the cache.
_AT_A_TIME = 1 << 18


def slope_deg(elevation: ArrayLike, cell_m: float) -> Floats:
    """Slope of an elevation grid, in degrees.

    Parameters
    ----------
    elevation : array_like, shape (rows, columns)
        Metres; NaN or masked is unknown, and so is then the slope there and at its neighbours.
    cell_m : float
        Side of a cell, metres: the grid must be projected, never in degrees.

    Returns
    -------
    numpy.ndarray, shape (rows, columns)
        Degrees; the outermost rows and columns repeat their neighbours' elevations.

    Raises
    ------
    ValueError
        If the grid is not of two dimensions, or its cells have no side.

    References
    ----------
    Horn (1981), Hill shading and the reflectance map, Proc. IEEE 69(1) 14-47.

    Examples
    --------
    >>> float(slope_deg([[0, 1, 2], [0, 1, 2], [0, 1, 2]], 1.0)[1, 1].round(6))
    45.0
    """
    heights = unmasked(elevation)
    if heights.ndim != 2 or not cell_m > 0:
        raise ValueError(
            f"wants rows x columns of cells with a side, not {heights.shape}, {cell_m}"
        )
    out = np.empty(heights.shape)
    compiled = reach.kernels("kernels_grid")
    run = compiled.slope if compiled else _slope

    def fill(_: int, rows: slice) -> None:
        run(_rimmed(heights, rows), 8.0 * cell_m, out[rows])

    stripes.work(fill, stripes.stripes(*heights.shape))
    return out


def _rimmed(heights: NDArray[Any], rows: slice) -> Floats:
    """Rows of a grid with the cells around them, and beyond its edge the edge again."""
    above, below = max(rows.start - 1, 0), min(rows.stop + 1, len(heights))
    part = np.ascontiguousarray(heights[above:below], dtype=np.float64)
    return np.pad(part, ((above == rows.start, below == rows.stop), (1, 1)), mode="edge")


def _slope(rimmed: Floats, run: float, out: Floats) -> None:
    """The definition that the compiled kernel follows."""
    rise = rimmed[:, 2:] - rimmed[:, :-2]
    east = rise[:-2] + 2 * rise[1:-1] + rise[2:]
    drop = rimmed[2:] - rimmed[:-2]
    south = drop[:, :-2] + 2 * drop[:, 1:-1] + drop[:, 2:]
    degrees = np.degrees(np.arctan(np.sqrt(east * east + south * south) / run))
    # Horn does not look at the cell itself.
    out[:] = np.where(np.isnan(rimmed[1:-1, 1:-1]), np.nan, degrees)


def slope(dem: Raster) -> Raster:
    """Slope of a raster of elevations; the sea, where it is unknown, counts as level 0.

    Parameters
    ----------
    dem : Raster
        Metres.

    Returns
    -------
    Raster
        Degrees; unknown where the elevation is.
    """
    filled = np.where(np.isnan(dem.values), 0.0, dem.values)
    degrees = slope_deg(filled, dem.cell_m)
    return Raster(np.where(np.isnan(dem.values), np.nan, degrees), dem.transform, dem.crs)


def share_around(counts: NDArray[np.bool_], raster: Raster, radius_km: float) -> Raster:
    """Share of the disc around each cell whose cells count.

    Parameters
    ----------
    counts : numpy.ndarray of bool, shape (rows, columns)
        Cells that count.
    raster : Raster
        Where they are.
    radius_km : float
        Radius of the disc; at least the cell itself is looked at.

    Returns
    -------
    Raster
        0 to 1; the part of a disc beyond the raster is left out of the count.
    """
    reach_cells = int(radius_km * 1000 / raster.cell_m)
    offset = np.arange(-reach_cells, reach_cells + 1) * raster.cell_m
    disc = np.hypot(offset[:, None], offset) <= radius_km * 1000
    half = disc.sum(axis=1) // 2
    hits, looked = _in_disc(counts, half), _in_disc(np.ones(counts.shape, dtype=bool), half)
    return Raster(hits / looked, raster.transform, raster.crs)


def _in_disc(counts: NDArray[np.bool_], half: NDArray[np.int64]) -> NDArray[np.int32]:
    """Cells that count in a disc around each, whose rows reach so many cells to either side."""
    rows, columns = counts.shape
    most = len(half) // 2
    # A stretch of a row holds the difference of two running sums; beyond the row they stand still.
    running = np.zeros((rows, columns + 2 * most + 1), np.int32)
    np.cumsum(counts, axis=1, out=running[:, most + 1 : most + 1 + columns])
    running[:, most + 1 + columns :] = running[:, most + columns, None]
    total = np.zeros(counts.shape, np.int32)
    for away, wide in zip(range(-most, most + 1), half, strict=True):
        here = total[max(0, -away) : max(0, rows - max(0, away))]
        there = running[max(0, away) : max(0, rows + min(0, away))]
        here += there[:, most + 1 + wide :][:, :columns]
        here -= there[:, most - wide :][:, :columns]
    return total


def at(raster: Raster, easting: Floats, northing: Floats) -> Floats:
    """Value of the cell that each point lies in; NaN beyond the raster.

    Parameters
    ----------
    raster : Raster
    easting, northing : numpy.ndarray, shape (p,)
        Metres.

    Returns
    -------
    numpy.ndarray, shape (p,)
    """
    row, column = _cell(raster, easting, northing)
    rows, columns = raster.values.shape
    within = (row >= 0) & (row < rows) & (column >= 0) & (column < columns)
    found = raster.values[np.clip(row, 0, rows - 1), np.clip(column, 0, columns - 1)]
    return np.where(within, found, np.nan)


def _cell(raster: Raster, easting: Floats, northing: Floats) -> tuple[NDArray[np.int64], ...]:
    column = np.floor((easting - raster.transform.c) / raster.transform.a)
    row = np.floor((northing - raster.transform.f) / raster.transform.e)
    return row.astype(np.int64), column.astype(np.int64)


def range_within(
    raster: Raster, easting: Floats, northing: Floats, *, radius_m: Floats
) -> tuple[Floats, Floats]:
    """Least and greatest value of the cells that a disc around each point touches.

    Parameters
    ----------
    raster : Raster
    easting, northing : numpy.ndarray, shape (p,)
        Metres.
    radius_m : numpy.ndarray, shape (p,)
        Radius of each disc; at 0 the point's own cell is read.

    Returns
    -------
    lower, upper : numpy.ndarray, shape (p,)
        NaN where nothing is known.
    """
    lower = at(raster, easting, northing)
    upper = lower.copy()
    row, column = _cell(raster, easting, northing)
    wide = np.ceil(np.where(radius_m > 0, radius_m, 0.0) / raster.cell_m).astype(np.int64)
    for cells in np.unique(wide[wide > 0]).tolist():
        mine = np.flatnonzero(wide == cells)
        for few in np.array_split(mine, 1 + mine.size * (2 * cells + 1) ** 2 // _AT_A_TIME):
            spots = (easting[few], northing[few], radius_m[few])
            found = _in_discs(raster, row[few], column[few], reach=cells, spots=spots)
            lower[few], upper[few] = found
    return lower, upper


def _in_discs(
    raster: Raster,
    row: NDArray[np.int64],
    column: NDArray[np.int64],
    *,
    reach: int,
    spots: tuple[Floats, Floats, Floats],
) -> tuple[Floats, Floats]:
    """Least and greatest value in discs whose cells lie within `reach` of each point's own."""
    rows, columns = raster.values.shape
    easting, northing, radius_m = spots
    away = np.arange(-reach, reach + 1)
    r, c = row[:, None] + away, column[:, None] + away
    # To the nearest point of each cell, not to its centre: the truth may lie in its corner.
    half = raster.cell_m / 2
    north = raster.transform.f + (r + 0.5) * raster.transform.e - northing[:, None]
    east = raster.transform.c + (c + 0.5) * raster.transform.a - easting[:, None]
    north, east = (np.maximum(np.abs(side) - half, 0.0) for side in (north, east))
    near = np.hypot(north[:, :, None], east[:, None, :]) <= radius_m[:, None, None]
    near &= ((r >= 0) & (r < rows))[:, :, None] & ((c >= 0) & (c < columns))[:, None, :]
    r, c = np.clip(r, 0, rows - 1), np.clip(c, 0, columns - 1)
    values = np.where(near, raster.values[r[:, :, None], c[:, None, :]], np.nan)
    return np.fmin.reduce(values, axis=(1, 2)), np.fmax.reduce(values, axis=(1, 2))
