"""The suitability surface as small pictures in the projection of the map."""

import base64
import struct
import zlib
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from rasterio.transform import Affine
from rasterio.warp import Resampling, reproject

from siteselect.decide.score import EXCLUDED, UNDETERMINED
from siteselect.study.cells import Lattice
from siteselect.world.places import Grid, Surface

CLASS_LIMITS = (0.5, 0.6, 0.7, 0.8)
UNDETERMINED_CLASS, EXCLUDED_CLASS = len(CLASS_LIMITS) + 2, len(CLASS_LIMITS) + 3
# Colours of the ground by class; the first stands for "outside", the last two for the hatches.
PALETTE = ("#000000", "#F5F2CA", "#BEE4B2", "#8AC8BA", "#88A7BD", "#8D7DA5", "#FBFAF5", "#C9C5BE")
MOST_COLUMNS = 2400
VALUE_STEPS, UNKNOWN_STEP = 254, 255
REACH_CELLS = 1.5
# The two highest levels take five times as long for a tenth less.
PACKED = 7
_MAP_CRS = "EPSG:3857"
_GREY, _INDEXED = 0, 3

Bytes = NDArray[np.uint8]
# Transform from pixels to metres of the map, columns, rows.
Frame = tuple[Affine, int, int]


def classes(surface: Surface) -> Bytes:
    """Class of each cell of the grid.

    Parameters
    ----------
    surface : Surface

    Returns
    -------
    numpy.ndarray of uint8, shape (rows, columns)
        0 outside, 1 to 5 by score between fixed limits, 6 undetermined (or nothing known),
        7 excluded. A cell that is not eligible never carries a score class.
    """
    # The limits are compared in the precision of the surface, so that 0.6 itself is in its class.
    limits = np.asarray(CLASS_LIMITS, dtype=surface.score.dtype)
    result = (1 + np.digitize(surface.score, limits)).astype(np.uint8)
    result[np.isnan(surface.score) | (surface.verdict == UNDETERMINED)] = UNDETERMINED_CLASS
    result[surface.verdict == EXCLUDED] = EXCLUDED_CLASS
    result[~surface.grid.inside] = 0
    return result


def class_picture(surface: Surface) -> dict[str, Any]:
    """The classes as a picture with a palette, in web Mercator.

    Parameters
    ----------
    surface : Surface

    Returns
    -------
    dict
        ``png`` (data URI), ``columns``, ``rows``, ``bounds`` (west, south, east, north, in metres
        of EPSG:3857), ``palette`` and ``limits``.
    """
    # A metre of web Mercator is cos(latitude) metres on the ground.
    grid = surface.grid
    side = grid.cell_m / float(np.cos(np.radians(np.mean(_latitudes(grid)))))
    frame = _frame(grid, side)
    if frame[1] > MOST_COLUMNS:
        frame = _frame(grid, side * frame[1] / MOST_COLUMNS)
    picture = _warp(grid, classes(surface), frame, how=Resampling.nearest, nothing=0)
    return {
        "png": _png(picture, PALETTE),
        "columns": frame[1],
        "rows": frame[2],
        "bounds": _bounds(frame),
        "palette": PALETTE,
        "limits": CLASS_LIMITS,
    }


def lattice_picture(lattice: Lattice) -> dict[str, Any]:
    """Values of the criteria on coarse cells as one picture, so that a page can weigh them anew.

    Parameters
    ----------
    lattice : Lattice

    Returns
    -------
    dict
        ``png`` (data URI; value x 254, 255 unknown; the criteria stand below one another, each
        ``rows`` high), ``columns, rows, bounds`` as of `class_picture`, ``steps``, ``unknown`` and
        ``cell_m``; ``answers`` of the constraints: ``patterns``, a digit a constraint, and ``png``,
        the place of a pixel's pattern plus 1, its low byte above its high byte.

    Notes
    -----
    A pixel takes the value of the cell it lies in. Where the coarse cells leave a strip of the
    shore free it takes that of the nearest cell, at most `REACH_CELLS` away.
    """
    grid = lattice.grid
    # Widest on the ground at the southern edge.
    south, _ = _latitudes(grid)
    frame = _frame(grid, grid.cell_m / float(np.cos(np.radians(south))))
    source = _warp(grid, _nearest_cells(lattice), frame, how=Resampling.nearest, nothing=-1)
    steps = np.round(lattice.values * VALUE_STEPS)
    coded = np.where(np.isnan(steps), UNKNOWN_STEP, steps).astype(np.uint8)
    pictures = np.where(source < 0, UNKNOWN_STEP, coded.T[:, source])
    stacked = pictures.reshape(-1, frame[1]).astype(np.uint8)
    return {
        "png": _png(stacked),
        "columns": frame[1],
        "rows": frame[2],
        "bounds": _bounds(frame),
        "steps": VALUE_STEPS,
        "unknown": UNKNOWN_STEP,
        "cell_m": grid.cell_m,
        "answers": _answers(lattice.answers, source),
    }


def _answers(answers: NDArray[np.int8], source: NDArray[np.int32]) -> dict[str, Any]:
    told = [cell.tobytes() for cell in np.ascontiguousarray(answers.T)]
    patterns = sorted(set(told))
    at = {pattern: place for place, pattern in enumerate(patterns, start=1)}
    which = np.array([at[pattern] for pattern in told], dtype=np.uint16)
    place = np.where(source < 0, 0, which[source]).astype(np.uint16)
    planes = np.concatenate([place & 255, place >> 8]).astype(np.uint8)
    return {
        "patterns": ["".join(map(str, pattern)) for pattern in patterns],
        "png": _png(planes),
    }


def _nearest_cells(lattice: Lattice) -> NDArray[np.int32]:
    """For each cell of the grid the row of the lattice that speaks for it; -1 too far."""
    from scipy.ndimage import distance_transform_edt

    rows = np.full(lattice.grid.shape, -1, dtype=np.int32)
    rows.ravel()[lattice.cells] = np.arange(len(lattice.cells), dtype=np.int32)
    away, nearest = distance_transform_edt(rows < 0, return_indices=True)
    return np.where(away <= REACH_CELLS, rows[tuple(nearest)], -1).astype(np.int32)


def _edges(grid: Grid) -> tuple[float, float, float, float]:
    rows, columns = grid.shape
    south, east = grid.north - rows * grid.cell_m, grid.west + columns * grid.cell_m
    return grid.west, south, east, grid.north


@lru_cache(maxsize=8)
def _to(crs: CRS, other: str) -> Transformer:
    # Made in 30 ms and asked for five times a page.
    return Transformer.from_crs(crs, other, always_xy=True)


def _latitudes(grid: Grid) -> tuple[float, float]:
    _, south, _, north = _to(grid.crs, "EPSG:4326").transform_bounds(*_edges(grid))
    return south, north


def _frame(grid: Grid, resolution: float) -> Frame:
    """Pixels of a side in metres of the map that cover the grid: transform, width, height."""
    west, south, east, north = _to(grid.crs, _MAP_CRS).transform_bounds(*_edges(grid))
    width, height = np.ceil([(east - west) / resolution, (north - south) / resolution])
    return Affine(resolution, 0, west, 0, -resolution, north), int(width), int(height)


def _warp(
    grid: Grid, layer: NDArray[Any], frame: Frame, *, how: Resampling, nothing: float
) -> NDArray[Any]:
    transform, width, height = frame
    target = np.full((height, width), nothing, dtype=layer.dtype)
    reproject(
        layer,
        target,
        src_transform=grid.transform,
        src_crs=grid.crs,
        src_nodata=nothing,
        dst_transform=transform,
        dst_crs=_MAP_CRS,
        dst_nodata=nothing,
        resampling=how,
    )
    return target


def _bounds(frame: Frame) -> list[float]:
    transform, width, height = frame
    west, north = transform.c, transform.f
    edges = (west, north + transform.e * height, west + transform.a * width, north)
    return [round(edge, 3) for edge in edges]


def _png(picture: Bytes, palette: tuple[str, ...] = ()) -> str:
    """A PNG as a data URI (ISO/IEC 15948); nothing in it but size, palette and pixels."""
    height, width = picture.shape
    rows = np.zeros((height, 1 + width), dtype=np.uint8)
    rows[:, 1:] = picture
    if not palette:
        # Greys change little from row to row, so the differences pack better (filter type 2).
        rows[1:, 1:] -= picture[:-1]
        rows[1:, 0] = 2
    colour = _INDEXED if palette else _GREY
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, colour, 0, 0, 0))]
    if palette:
        chunks.append((b"PLTE", b"".join(bytes.fromhex(c[1:]) for c in palette)))
    chunks += [(b"IDAT", zlib.compress(rows.tobytes(), PACKED)), (b"IEND", b"")]
    body = b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    )
    return "data:image/png;base64," + base64.b64encode(b"\x89PNG\r\n\x1a\n" + body).decode("ascii")
