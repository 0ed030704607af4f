"""Rasters: cloud-optimised GeoTIFF, written window by window, so that no size is too large."""

import contextlib
import hashlib
import math
import os
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import rasterio.shutil
from numpy.typing import NDArray
from pyproj import CRS
from rasterio.io import DatasetWriter
from rasterio.transform import from_origin
from rasterio.windows import Window as Part

from siteselect.base import files
from siteselect.base.errors import DataError, Fault, heed
from siteselect.declared.criteria import CriteriaSet
from siteselect.study.cells import reading_windows, score_windows
from siteselect.study.question import Question
from siteselect.world.places import Frame, Grid, Window

# What GDAL may hold of blocks on their way to the disk.
CACHE_BYTES = 256 * 2**20
# A draft is packed only where it could fill much of a disk.
DRAFT_BYTES = 2 * 10**9
TILE_CELLS = 256
READERS = os.cpu_count() or 1
# The smallest overview fits into one block of the file.
OVERVIEW_CELLS = 512
SOFTWARE = "siteselect"
# Names and units of the bands that the law gives.
SCORE_BANDS = (
    ("score", "known", "verdict"),
    ("score", "share of weight", "0 eligible, 1 undetermined, 2 excluded"),
)


@dataclass(frozen=True, slots=True)
class Bands:
    """What the bands of a raster hold.

    Parameters
    ----------
    names, units : tuple of str
        One a band.
    tags : mapping of str to str
        What must be known of the file.
    """

    names: tuple[str, ...]
    units: tuple[str, ...]
    tags: Mapping[str, str]


def write(
    question: Question,
    path: Path,
    *,
    criterion: str | None = None,
    pool: Executor | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Write one surface of a study alone, whatever its size.

    Parameters
    ----------
    question : Question
    path : pathlib.Path
        Replaced as a whole at the end.
    criterion : str, optional
        Id of the criterion whose readings are asked; score, known share and verdict if not given.
    pool : concurrent.futures.Executor, optional
        Who judges the cells; threads of this process if not given.
    progress : callable
        Told in a few words how far the work is.

    Returns
    -------
    dict
        What was written: ``file, cells`` of the box, ``cell_m`` and ``bands`` with their units.

    Raises
    ------
    DeclarationError
        If there is no such criterion.
    DataError
        If the file does not read back as it was written.
    """
    names: tuple[str, ...]
    units: tuple[str, ...]
    if criterion is None:
        found = score_windows(question, pool=pool, progress=progress)
        names, units = SCORE_BANDS
    else:
        found, chosen = reading_windows(question, criterion, progress=progress)
        names, units = (chosen.id,), (chosen.unit,)
    tags = {
        "software": SOFTWARE,
        "name": question.study.id,
        "title": question.study.titles.en,
        "title_fa": question.study.titles.fa,
        **criteria_tags(question.criteria, question.crs),
    }
    cog(path, found.frame, Bands(names, units, tags), windows=found.cells)
    rows, columns = found.frame.shape
    bands = [{"name": name, "unit": unit} for name, unit in zip(names, units, strict=True)]
    return {"file": str(path), "cells": rows * columns, "cell_m": found.frame.cell_m,
            "bands": bands}  # fmt: skip


def replaceable(path: Path, *, force: bool = False) -> None:
    """Find out before the work begins whether a raster can be put somewhere.

    Parameters
    ----------
    path : pathlib.Path
        Where it is to stand.
    force : bool
        Whether a file that is not ours may be replaced.

    Raises
    ------
    DataError
        If the folder is missing or cannot be written, or the file is somebody else's or of a run.
    """
    folder = path.absolute().parent
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        raise DataError(Fault("is no folder that can be written", file=str(folder)))
    if force or not path.exists():
        return
    message = ""
    if path.name in (files.outputs_of(folder) or ()):
        message = "is part of the run in its folder"
    elif not _ours(path):
        message = "is not a surface of siteselect"
    if message:
        message += "; choose another name, or replace it with --force"
        raise DataError(Fault(message, file=str(path)))


def _ours(path: Path) -> bool:
    try:
        with rasterio.open(path, driver="GTiff") as raster:
            return bool(raster.tags().get("software") == SOFTWARE)
    except rasterio.errors.RasterioError:
        return False


def criteria_tags(criteria: CriteriaSet, crs: CRS) -> dict[str, str]:
    """What a raster tells of the criteria that it follows from, and of its CRS.

    Parameters
    ----------
    criteria : CriteriaSet
    crs : pyproj.CRS
        Analysis CRS.

    Returns
    -------
    dict of str to str
    """
    return {
        "criteria": criteria.id,
        "criteria_version": criteria.version,
        "criteria_sha256": hashlib.sha256(criteria.model_dump_json().encode()).hexdigest(),
        "crs": crs.to_string(),
    }


def cog(
    path: Path,
    place: Frame | Grid,
    bands: Bands,
    *,
    windows: Iterable[tuple[Window, NDArray[np.float32]]],
) -> None:
    """Write bands as a cloud-optimised GeoTIFF, and read them back.

    Parameters
    ----------
    path : pathlib.Path
        Replaced as a whole at the end.
    place : Frame or Grid
        Where the cells are.
    bands : Bands
    windows : iterable of (Window, numpy.ndarray of float32, shape (bands, rows, columns))
        None twice; what none of them holds is NaN. Overviews take the nearest cell, so that a
        class is never averaged and all bands of an overview speak of the same cell.

    Raises
    ------
    DataError
        If a band does not read back as it was written.
    """
    draft, ready = (path.with_name(f".{path.name}.{word}") for word in ("draft", "ready"))
    drafts = _levels(draft, place.shape)
    try:
        with rasterio.Env(GDAL_CACHEMAX=CACHE_BYTES):
            sums = _draft(drafts, place, bands, windows)
            rasterio.shutil.copy(
                draft, ready, driver="COG", COMPRESS="DEFLATE", LEVEL=1, PREDICTOR="YES",
                BLOCKSIZE=TILE_CELLS, SPARSE_OK=True, NUM_THREADS="ALL_CPUS", BIGTIFF="IF_SAFER",
            )  # fmt: skip
            with ThreadPoolExecutor(READERS) as threads:
                same = threads.map(_as_written, [ready] * READERS,
                                   [sums[first::READERS] for first in range(READERS)])  # fmt: skip
                if not all(same):
                    raise DataError(Fault("does not read back as written", file=path.name))
        heed()
        ready.replace(path)
    finally:
        for file in (*drafts, ready):
            file.unlink(missing_ok=True)


def _as_written(path: Path, sums: Sequence[tuple[Part, int]]) -> bool:
    with rasterio.open(path) as raster:
        return all(_sum(raster.read(window=part)) == mark for part, mark in sums)


def _levels(path: Path, shape: tuple[int, int]) -> list[Path]:
    """A draft, and its overviews under the names by which GDAL finds them."""
    count = math.ceil(math.log2(max(*shape, OVERVIEW_CELLS) / OVERVIEW_CELLS))
    return [path.with_name(path.name + ".ovr" * level) for level in range(count + 1)]


def _draft(
    paths: Sequence[Path],
    place: Frame | Grid,
    bands: Bands,
    windows: Iterable[tuple[Window, NDArray[np.float32]]],
) -> list[tuple[Part, int]]:
    """Ordinary GeoTIFFs, of half the size each, in which each window is written once.

    Returns the checksums of the windows at full size. GDAL would make the overviews from the first
    raster, once that is whole; here the cells are at hand.
    """
    sums = []
    with contextlib.ExitStack() as stack:
        rasters = [
            stack.enter_context(_opened(path, place, bands, 1 << level))
            for level, path in enumerate(paths)
        ]
        for window, cells in windows:
            for level, raster in enumerate(rasters):
                step = 1 << level
                row, column = -(-window.row // step), -(-window.column // step)
                few = cells[
                    :, row * step - window.row :: step, column * step - window.column :: step
                ]
                if few.size:
                    part = Part(column, row, few.shape[2], few.shape[1])
                    raster.write(np.ascontiguousarray(few), window=part)
            part = Part(window.column, window.row, window.columns, window.rows)
            sums.append((part, _sum(cells)))
        rasters[0].descriptions, rasters[0].units = bands.names, bands.units
        rasters[0].update_tags(**bands.tags)
    return sums


def _opened(path: Path, place: Frame | Grid, bands: Bands, step: int) -> DatasetWriter:
    """A raster to write, of every so many rows and columns."""
    rows, columns = (-(-side // step) for side in place.shape)
    packed = {"compress": "ZSTD", "zstd_level": 1}
    if place.shape[0] * place.shape[1] * len(bands.names) * 4 <= DRAFT_BYTES:
        packed = {}
    corner, cell = (place.transform.c, place.transform.f), place.transform.a * step
    return rasterio.open(
        path, "w", driver="GTiff", count=len(bands.names), height=rows, width=columns,
        dtype="float32", nodata=np.nan, transform=from_origin(*corner, cell, cell),
        crs=rasterio.crs.CRS.from_wkt(place.crs.to_wkt()), tiled=True, blockxsize=TILE_CELLS,
        blockysize=TILE_CELLS, sparse_ok=True, BIGTIFF="IF_SAFER", **packed,
    )  # fmt: skip


def _sum(cells: NDArray[np.float32]) -> int:
    """Bit for bit, so that NaN equals NaN."""
    return zlib.crc32(np.ascontiguousarray(cells).view(np.uint8).data)
