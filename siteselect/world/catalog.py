"""The catalogue: what data there are, and the only way to read them."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import rasterio
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from rasterio.enums import Resampling
from rasterio.io import DatasetReader
from rasterio.transform import Affine
from rasterio.warp import calculate_default_transform, reproject

from siteselect.base import files, kept
from siteselect.base.errors import DataError, Fault
from siteselect.base.text import nearest
from siteselect.declared.measures import Condition, Range, Target
from siteselect.declared.sources import CatalogFile, Source
from siteselect.world import layers, tables
from siteselect.world.store import remembered

WGS84 = CRS.from_epsg(4326)
KM_PER_DEGREE = 111.32


@dataclass(frozen=True, slots=True)
class Raster:
    """A raster in the analysis CRS, on square cells.

    Parameters
    ----------
    values : numpy.ndarray of float64, shape (rows, columns)
        NaN where unknown.
    transform : rasterio.Affine
        From column and row to easting and northing.
    crs : pyproj.CRS
        Analysis CRS.
    """

    values: NDArray[np.float64]
    transform: Affine
    crs: CRS

    @property
    def cell_m(self) -> float:
        """Side of a cell, metres."""
        return float(self.transform.a)


@dataclass(frozen=True)
class Catalog:
    """Entries of ``catalog.yaml``; layers are read on use and their hash is checked then.

    Parameters
    ----------
    folder : pathlib.Path
        Folder of the catalogue and its files.
    sources : mapping of str to Source
        Entries by id.

    Examples
    --------
    >>> catalog = Catalog.open(files.home() / "data")
    >>> catalog.source("ports").titles.en
    'Ports'
    """

    folder: Path
    sources: Mapping[str, Source]
    _read: dict[tuple[str, str], object] = field(default_factory=dict, repr=False, compare=False)
    _hashes: dict[str, str] = field(default_factory=dict, repr=False, compare=False)
    _told: list[Fault] = field(default_factory=list, repr=False, compare=False)

    @classmethod
    def open(cls, folder: Path) -> "Catalog":
        """Read the entries of a folder's ``catalog.yaml``.

        Raises
        ------
        DeclarationError
            Every fault of the file.
        """
        declared = files.read(folder / "catalog.yaml", CatalogFile)
        return cls(folder, {source.id: source for source in declared.sources})

    @property
    def used(self) -> tuple[Source, ...]:
        """Entries that have been read so far, by id."""
        return tuple(self.sources[name] for name in sorted({key for key, _ in self._read}))

    @property
    def told(self) -> tuple[Fault, ...]:
        """What was repaired or is in doubt in the entries that have been read so far."""
        return tuple(sorted(set(self._told), key=str))

    def source(self, name: str) -> Source:
        """One entry.

        Raises
        ------
        DataError
            If there is none of that id, with the nearest that there is.
        """
        if name not in self.sources:
            raise DataError(
                Fault(
                    f"no such source{nearest(name, self.sources)}", file="catalog.yaml", field=name
                )
            )
        return self.sources[name]

    def path(self, source: Source) -> Path:
        """The file of an entry, after its hash was checked.

        Raises
        ------
        DataError
            If the file is missing or is not the one that the catalogue speaks of.
        """
        path = self.folder / source.file
        if not path.is_file():
            raise DataError(Fault("is missing", file=source.file, field=source.id))
        if source.file not in self._hashes:
            self._hashes[source.file] = files.sha256(path)
        if self._hashes[source.file] != source.sha256:
            raise DataError(
                Fault(
                    "is not the file that the catalogue speaks of; restore it, or if the change"
                    " is meant, give catalog.yaml its new sha256",
                    file=source.file,
                    field=source.id,
                )
            )
        return path

    def table(self, name: str) -> pd.DataFrame:
        """A table, typed by its declared columns.

        Raises
        ------
        DataError
            Every fault of the table.
        """
        source = self.source(name)
        key = (name, "table")
        if key not in self._read:
            table = tables.read_table(self.path(source))
            self._read[key] = tables.typed(table, source.columns, warnings=self._told)
        frame = self._read[key]
        assert isinstance(frame, pd.DataFrame)  # noqa: S101 - what was put there above
        return frame

    def features(self, name: str, crs: CRS) -> gpd.GeoDataFrame:
        """A layer of features in a CRS, with ``position_accuracy_km`` of each row.

        Parameters
        ----------
        name : str
            Id of an entry with positions.
        crs : pyproj.CRS
            Where they are wanted.

        Returns
        -------
        geopandas.GeoDataFrame
            For the whole box of the data, never clipped to a study; not to be changed.

        Raises
        ------
        DataError
            If the entry holds no features, or the file has faults.
        """
        source = self.source(name)
        key = (name, crs.to_wkt())
        if key not in self._read:
            if source.kind not in ("points", "lines", "polygons"):
                raise DataError(Fault("holds no features", file=source.file, field=name))
            frame = self._located(source).to_crs(crs)
            accuracy = frame.get("position_accuracy_km", pd.Series(np.nan, index=frame.index))
            frame["position_accuracy_km"] = pd.to_numeric(accuracy).fillna(
                source.position_accuracy_km
            )
            self._read[key] = frame
        found = self._read[key]
        assert isinstance(found, gpd.GeoDataFrame)  # noqa: S101 - what was put there above
        return found

    def _located(self, source: Source) -> gpd.GeoDataFrame:
        if source.file.endswith(".csv"):
            table = self.table(source.id)
            if source.kind == "points":
                geometry = gpd.points_from_xy(table["lon"], table["lat"])
            else:
                geometry = shapely.from_wkt(table["wkt"].to_numpy(dtype=object))
            return gpd.GeoDataFrame(table, geometry=geometry, crs=source.crs)
        path, layer = self.path(source), source.layer or None
        return layers.read_vector(path, layer=layer, warnings=self._told)

    def raster(self, name: str, crs: CRS) -> Raster:
        """A raster in the analysis CRS, at about the size of its own cells.

        Parameters
        ----------
        name : str
            Id of an entry that is a raster.
        crs : pyproj.CRS
            Where it is wanted.

        Returns
        -------
        Raster
            Classes take the nearest cell, everything else is interpolated bilinearly; not to be
            changed.

        Raises
        ------
        DataError
            If the entry is no raster, or the file has faults.
        """
        source = self.source(name)
        key = (name, crs.to_wkt())
        if key not in self._read:
            if source.kind != "raster":
                raise DataError(Fault("is no raster", file=source.file, field=name))
            self._read[key] = self._warped(source, crs)
        found = self._read[key]
        assert isinstance(found, Raster)  # noqa: S101 - what was put there above
        return found

    def _warped(self, source: Source, crs: CRS) -> Raster:
        with layers.open_raster(self.path(source)) as data:
            there = rasterio.CRS.from_wkt(crs.to_wkt())
            transform, width, height = calculate_default_transform(
                data.crs, there, data.width, data.height, *data.bounds, resolution=_cell_m(data)
            )

            def warp() -> NDArray[np.float64]:
                values = data.read(1).astype(np.float64)
                nodata = data.nodata if data.nodata is not None else source.nodata
                if nodata is not None:
                    values[values == nodata] = np.nan
                out = np.full((height, width), np.nan)
                how = Resampling.nearest if source.unit == "class" else Resampling.bilinear
                reproject(
                    values, out, src_transform=data.transform, src_crs=data.crs, src_nodata=np.nan,
                    dst_transform=transform, dst_crs=there, dst_nodata=np.nan, resampling=how,
                    num_threads=os.cpu_count() or 1,
                )  # fmt: skip
                return out

            values = remembered(*self.mark(source.id, crs), make=warp)
        return Raster(values, transform, crs)

    def mark(self, name: str, crs: CRS) -> tuple[str, ...]:
        """All that an entry follows from where it is wanted, as the name of what is made of it.

        Parameters
        ----------
        name : str
            Id of an entry.
        crs : pyproj.CRS
            Where it is wanted.

        Returns
        -------
        tuple of str
        """
        how = (kept.code("world"), rasterio.__gdal_version__)
        return *how, self.source(name).model_dump_json(), crs.to_wkt()

    def select(self, target: Target, crs: CRS) -> gpd.GeoDataFrame:
        """Features that a target names.

        Parameters
        ----------
        target : Target
            Layer, conditions, ids.
        crs : pyproj.CRS
            Where they are wanted.

        Returns
        -------
        geopandas.GeoDataFrame

        Raises
        ------
        DataError
            If a column or id is not in the layer.
        """
        frame = self.features(target.layer, crs)
        keep = np.ones(len(frame), dtype=bool)
        for name, condition in target.where.items():
            cells = column(frame, name, target.layer)
            self._known_words(target.layer, cells, condition)
            keep &= _holds(cells, condition)
        named = (*target.ids, *target.without)
        if named:
            ids = column(frame, "id", target.layer).astype(str)
            lost = sorted(set(named) - set(ids))
            if lost:
                raise DataError(
                    Fault(f"has no id {', '.join(lost)}{nearest(lost[0], ids)}", file=target.layer)
                )
            keep &= ~ids.isin(target.without).to_numpy()
            keep &= ids.isin(target.ids).to_numpy() if target.ids else True
        return frame[keep]

    def _known_words(self, layer: str, cells: pd.Series, condition: Condition) -> None:
        # A misspelt word would select nothing, and nothing is infinitely far away.
        if isinstance(condition, Range):
            return
        declared = self.source(layer).columns.get(str(cells.name))
        known = {*cells.dropna(), *(declared.choices if declared else ())}
        faults = [
            Fault(
                f"holds no {word!r}{nearest(str(word), map(str, known))}",
                layer,
                "",
                str(cells.name),
            )
            for word in condition
            if word not in known
        ]
        if faults:
            raise DataError(faults)


def column(frame: gpd.GeoDataFrame, name: str, layer: str) -> pd.Series:
    """A column of a layer.

    Parameters
    ----------
    frame : geopandas.GeoDataFrame
    name : str
        Name of the column.
    layer : str
        Name of the layer, for messages.

    Returns
    -------
    pandas.Series

    Raises
    ------
    DataError
        If there is none of that name, with the nearest that there is.
    """
    if name not in frame:
        raise DataError(Fault(f"has no column {name}{nearest(name, frame.columns)}", file=layer))
    found: pd.Series = frame[name]
    return found


def _cell_m(data: DatasetReader) -> float:
    """Side of a raster's cells in metres, about."""
    if data.crs.is_geographic:
        side = float(data.res[0]) * KM_PER_DEGREE * 1000 * 0.95
    else:
        side = float(data.res[0] * data.crs.linear_units_factor[1])
    return round(side, -2) if side >= 500 else side


def _holds(cells: pd.Series, condition: Condition) -> NDArray[np.bool_]:
    if isinstance(condition, Range):
        numbers = pd.to_numeric(cells, errors="coerce").to_numpy(dtype=float)
        low = -np.inf if condition.min is None else condition.min
        high = np.inf if condition.max is None else condition.max
        fits = (numbers >= low) & (numbers <= high)
        return np.asarray(np.where(np.isnan(numbers), condition.unknown == "keep", fits))
    return np.asarray(cells.isin(list(condition)))


def lonlat(
    easting: NDArray[np.float64], northing: NDArray[np.float64], crs: CRS
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Longitude and latitude of points of a CRS.

    Parameters
    ----------
    easting, northing : numpy.ndarray, shape (p,)
        In the unit of the CRS.
    crs : pyproj.CRS
        Theirs.

    Returns
    -------
    lon, lat : numpy.ndarray, shape (p,)
        Degrees.
    """
    lon, lat = Transformer.from_crs(crs, WGS84, always_xy=True).transform(easting, northing)
    return np.asarray(lon), np.asarray(lat)
