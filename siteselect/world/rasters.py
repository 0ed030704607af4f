"""Whether a raster can be used: its CRS, its nodata, its unit and range; read in blocks."""

from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from rasterio.enums import MaskFlags
from rasterio.io import DatasetReader
from rasterio.warp import transform_bounds
from rasterio.windows import Window

from siteselect.base.errors import Fault
from siteselect.world.admit import LIMITS, Limits, shown
from siteselect.world.layers import open_raster
from siteselect.world.location import Area

DEM_RANGE_M = (-450.0, 9000.0)
MOUNTAIN_KM = 9.0
CELL_SPAN_M = (0.1, 500_000.0)
FILL_VALUES = (-9999.0, -32768.0, -32767.0, 32767.0, 65535.0, -99999.0, -2147483648.0)
WINDOW = 2048
BLOCK_LIMIT_BYTES = 256_000_000


def check_raster(
    path: Path, kind: str = "raster", *, limits: Limits = LIMITS
) -> tuple[list[Fault], list[Fault]]:
    """Whether a raster can be used: its CRS, its nodata, and for a DEM its unit and range.

    It is read in blocks, so memory stays bounded whatever its size.

    Parameters
    ----------
    path : pathlib.Path
        A GeoTIFF.
    kind : {"raster", "dem"}
        A DEM must be in a projected CRS, because slope is taken between cells in metres.
    limits : Limits
        How many cells it may hold.

    Returns
    -------
    faults, warnings : list of Fault

    Raises
    ------
    DataError
        If it cannot be read at all.
    """
    with open_raster(path, limits=limits) as data:
        faults = [Fault(text, file=path.name) for text in _frame_faults(data, kind)]
        block = max(h * w for h, w in data.block_shapes) * np.dtype(data.dtypes[0]).itemsize
        if block > BLOCK_LIMIT_BYTES:
            message = f"its blocks hold {block:,} bytes each; write it tiled, 512 x 512"
            return [*faults, Fault(message, path.name)], []
        doubts: list[Fault] = []
        for band in range(1, data.count + 1):
            low, high, valid, fills = _scan(data, band)
            endless = fills.pop(np.inf, 0)
            if endless:
                faults.append(Fault(f"{endless:,} cells hold infinity", path.name, f"band {band}"))
            if kind == "dem" and valid and high <= MOUNTAIN_KM and high % 1 > 0:
                message = f"heights reach only {high:g} m; if they are kilometres, write metres"
                doubts.append(Fault(message, path.name, f"band {band}"))
            place = f"band {band}"
            faults += [Fault(text, path.name, place) for text in _value_faults(
                data, kind, (low, high, valid), fills)]  # fmt: skip
            if data.nodata is None and valid == data.width * data.height and not fills:
                doubts.append(Fault("declares no nodata; every cell is taken as known",
                                    path.name, place))  # fmt: skip
        return faults, doubts


def _crs_faults(data: DatasetReader, kind: str) -> list[str]:
    cure = "reproject it to metres, for example to EPSG:32640"
    if data.crs is None:
        return ["has no CRS; write one into the file, for example with gdal_edit -a_srs"]
    if not (data.crs.is_geographic or data.crs.is_projected):
        return ["its CRS has no place on the earth; give a geographic or projected one"]
    if kind == "dem" and data.crs.is_geographic:
        wide = f"its cells are {abs(data.transform.a):g} degrees wide and its heights are metres"
        return [f"{wide}: a slope between them would be wrong by a factor of 100,000; {cure}"]
    if kind == "dem" and data.crs.linear_units_factor[1] != 1:
        return [f"its cells are measured in {data.crs.linear_units_factor[0]}; {cure}"]
    return []


def _frame_faults(data: DatasetReader, kind: str) -> list[str]:
    faults = _crs_faults(data, kind)
    if data.transform.is_identity:
        faults.append("has no position: its cells have neither corner nor size")
    elif data.transform.b or data.transform.d:
        faults.append("is rotated; warp it so that north is up")
    elif not (data.transform.a > 0 > data.transform.e):
        faults.append("is mirrored or upside down; warp it so that north is up")
    elif data.crs is not None:
        west, south, east, north = data.bounds
        degrees_like = max(abs(west), abs(east)) <= 180 and max(abs(south), abs(north)) <= 90
        if data.crs.is_geographic != degrees_like:
            faults.append(f"its CRS {data.crs.to_string()[:60]} does not fit its coordinates"
                          f" {west:,.2f}, {south:,.2f} to {east:,.2f}, {north:,.2f}")  # fmt: skip
    if kind == "dem" and data.count != 1:
        faults.append(f"holds {data.count} bands; a DEM has one")
    if kind == "dem" and str(data.units[0] or "m").casefold() not in ("m", "metre", "meter"):
        faults.append(f"its unit is {shown(str(data.units[0]))}; heights must be metres")
    if any(kind_of.startswith("complex") for kind_of in data.dtypes):
        faults.append("holds complex numbers")
    return faults + _meaning_faults(data, kind)


def _meaning_faults(data: DatasetReader, kind: str) -> list[str]:
    """Cells that do not mean what they hold."""
    faults = []
    if set(data.scales) != {1.0} or set(data.offsets) != {0.0}:
        faults.append(f"its values are to be scaled by {data.scales[0]:g} and moved by"
                      f" {data.offsets[0]:g}; write the values themselves")  # fmt: skip
    if any(MaskFlags.per_dataset in flags for flags in data.mask_flag_enums):
        faults.append("carries a mask beside its values; declare a nodata value instead")
    if kind == "dem" and _has_colours(data):
        faults.append("holds numbers of colours, not heights")
    placed = data.crs is not None and not data.transform.is_identity
    side = abs(data.transform.a) * (111_320 if placed and data.crs.is_geographic else 1)
    if placed and not CELL_SPAN_M[0] <= side <= CELL_SPAN_M[1]:
        faults.append(f"its cells are {side:g} m wide, not within [{CELL_SPAN_M[0]:g},"
                      f" {CELL_SPAN_M[1]:g}]")  # fmt: skip
    return faults


def _has_colours(data: DatasetReader) -> bool:
    try:
        return bool(data.colormap(1))
    except ValueError:
        return False


def meets(data: DatasetReader, area: Area) -> bool:
    """Whether the box of a raster meets that of the study area.

    Parameters
    ----------
    data : rasterio.io.DatasetReader
        With a CRS.
    area : Area

    Returns
    -------
    bool
    """
    box = shapely.box(*transform_bounds(data.crs, "EPSG:4326", *data.bounds))
    return bool(box.intersects(shapely.box(*area.provinces.total_bounds)))


def _scan(data: DatasetReader, band: int) -> tuple[float, float, int, dict[float, int]]:
    """Least and greatest value, number of known cells, and how often each usual fill stands."""
    low, high, valid = np.inf, -np.inf, 0
    fills: dict[float, int] = {}
    for top in range(0, data.height, WINDOW):
        for left in range(0, data.width, WINDOW):
            window = Window(
                left, top, min(WINDOW, data.width - left), min(WINDOW, data.height - top)
            )
            cells: NDArray[Any] = data.read(band, window=window)
            known = np.isfinite(cells)
            endless = int(np.isinf(cells).sum()) if cells.dtype.kind in "fc" else 0
            if endless and not (data.nodata is not None and np.isinf(data.nodata)):
                fills[np.inf] = fills.get(np.inf, 0) + endless
            if data.nodata is not None and np.isfinite(data.nodata):
                known &= cells != data.nodata
            values = cells[known].real
            for fill in FILL_VALUES if values.size else ():
                count = int((values == fill).sum())
                if count:
                    fills[fill] = fills.get(fill, 0) + count
            if values.size:
                low, high = min(low, float(values.min())), max(high, float(values.max()))
                valid += values.size
    return low, high, valid, fills


def _value_faults(
    data: DatasetReader, kind: str, found: tuple[float, float, int], fills: dict[float, int]
) -> list[str]:
    low, high, valid = found
    if not valid:
        return ["is empty: no cell holds a value"]
    faults = [
        f"{count:,} cells hold {fill:g}, which usually stands for nodata, but nodata is declared"
        f" as {data.nodata}; declare it"
        for fill, count in fills.items()
        if fill < 0 or kind == "dem"
    ]
    if kind == "dem" and (low < DEM_RANGE_M[0] or high > DEM_RANGE_M[1]):
        span = f"[{DEM_RANGE_M[0]:g}, {DEM_RANGE_M[1]:g}]"
        faults.append(f"heights run from {low:g} to {high:g} m, not within {span}")
    if abs(low) > 1e30 or abs(high) > 1e30:
        faults.append(f"values reach {max(abs(low), abs(high)):.3g}: nodata is not declared")
    return faults
