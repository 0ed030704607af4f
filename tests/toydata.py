"""Tiny data folders: a catalogue and its files, written for one test."""

import hashlib
import json
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import rasterio
import shapely
from rasterio.transform import Affine

from siteselect.decide.table import PerformanceTable
from siteselect.declared.criteria import CriteriaSet
from siteselect.measure.measure import measure
from siteselect.world.catalog import Catalog
from siteselect.world.places import Places
from tests.toy import ANALYSIS, criteria_data, source, titles

KINDS = {"Point": "points", "LineString": "lines", "Polygon": "polygons"}


def layer(shapes: list[shapely.Geometry], **columns: Any) -> gpd.GeoDataFrame:
    """Features in the analysis CRS, numbered F-0, F-1, ..."""
    names = [f"F-{i}" for i in range(len(shapes))]
    return gpd.GeoDataFrame({"id": names, **columns}, geometry=shapes, crs=ANALYSIS)


def entry(folder: Path, name: str, thing: Any) -> dict[str, Any]:
    """Write a layer, a raster (array, transform, CRS) or a table; its line of the catalogue."""
    changes: dict[str, Any] = {}
    if isinstance(thing, tuple) and isinstance(thing[-1], dict):
        *rest, changes = thing
        thing = rest[0] if len(rest) == 1 else tuple(rest)
    if isinstance(thing, gpd.GeoDataFrame):
        file, kind = f"{name}.gpkg", "points"
        if len(thing):
            kind = KINDS[thing.geom_type.iloc[0].removeprefix("Multi")]
        # In degrees, as people bring them: metres near the origin would be taken for degrees.
        thing.to_crs("EPSG:4326").to_file(folder / file, driver="GPKG")
    elif isinstance(thing, pd.DataFrame):
        file, kind = f"{name}.csv", "table"
        thing.to_csv(folder / file, index=False)
    else:
        file, kind = f"{name}.tif", "raster"
        write_raster(folder / file, *thing)
    digest = hashlib.sha256((folder / file).read_bytes()).hexdigest()
    told = {"file": file, "kind": kind, "sha256": digest, "position_accuracy_km": 0.0} | changes
    return json.loads(source(name, **told).model_dump_json())


def write_raster(path: Path, values: np.ndarray, transform: Affine, crs: Any = ANALYSIS) -> None:
    profile = {"driver": "GTiff", "height": values.shape[0], "width": values.shape[1], "count": 1}
    profile |= {"dtype": "float64", "crs": rasterio.CRS.from_user_input(crs), "nodata": -9999.0}
    with rasterio.open(path, "w", transform=transform, **profile) as data:
        data.write(np.where(np.isnan(values), -9999.0, values), 1)


def catalog(folder: Path, **things: Any) -> Catalog:
    """A catalogue of the things given; changes of an entry follow its thing in a tuple."""
    folder.mkdir(parents=True, exist_ok=True)
    entries = [entry(folder, name, thing) for name, thing in things.items()]
    (folder / "catalog.yaml").write_text(json.dumps({"sources": entries}), "utf-8")
    return Catalog.open(folder)


def spots(
    easting: Any, northing: Any, accuracy_km: Any = 0.0, landmass: Any = 0, **columns: Any
) -> Places:
    """Places that are single points, metres."""
    e, n = np.atleast_1d(np.asarray(easting, float)), np.atleast_1d(np.asarray(northing, float))
    size = len(e)
    return Places(
        ids=np.array([f"S-{i:03d}" for i in range(size)]),
        kinds=np.full(size, "estate"),
        accuracy_km=np.broadcast_to(np.asarray(accuracy_km, float), size).copy(),
        easting=e,
        northing=n,
        owner=np.arange(size),
        landmass=np.broadcast_to(np.asarray(landmass, np.int64), size).copy(),
        crs=ANALYSIS,
        columns=pd.DataFrame(columns, index=range(size)),
    )


def one_criterion(spec: dict[str, Any], unit: str = "km", **constraint: Any) -> CriteriaSet:
    """A criteria set of one criterion, and a rule on the same reading if a limit is given."""
    data = criteria_data()
    data["groups"] = {"all": {"weight": 1.0, "titles": titles("All", "همه")}}
    first = data["criteria"][0] | {"id": "it", "group": "all", "weight": 1.0, "unit": unit}
    data["criteria"] = [first | {"measure": spec, "knots": [[0, 0.0], [100, 1.0]]}]
    rule = data["constraints"][0] | {"id": "rule", "measure": spec, "unit": unit}
    rule.pop("at_least")
    data["constraints"] = [rule | constraint] if constraint else []
    return CriteriaSet.model_validate_json(json.dumps(data))


def reading(
    spec: dict[str, Any], places: Places, world: Catalog, unit: str = "km"
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Reading, lower and upper bound of one measure at places."""
    table: PerformanceTable = measure(one_criterion(spec, unit), places, world)
    return table.values[:, 0], table.lower[:, 0], table.upper[:, 0]
