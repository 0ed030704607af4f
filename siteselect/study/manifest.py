"""The manifest: from what, by what, with which hashes a result was made."""

import platform
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from pyproj import CRS

from siteselect.base import files
from siteselect.declared.criteria import CriteriaSet
from siteselect.declared.study import Study
from siteselect.measure.measure import layers_of, measures_of
from siteselect.world.catalog import Catalog

SCHEMA = "siteselect/1"
LIBRARIES = ("geopandas", "numpy", "pandas", "pyogrio", "pyproj", "rasterio", "scipy", "shapely")


def version() -> str:
    """Version of siteselect."""
    from siteselect import __version__

    return __version__


def describe(
    study: Study,
    criteria: CriteriaSet,
    catalog: Catalog,
    *,
    declarations: Sequence[Path],
    crs: CRS,
    warnings: Sequence[str],
) -> dict[str, Any]:
    """What a result was made from; the same for the same inputs, whenever and wherever.

    Parameters
    ----------
    study : Study
        As it was run.
    criteria : CriteriaSet
        As it was read.
    catalog : Catalog
        With the entries that were read.
    declarations : sequence of pathlib.Path
        Files of declarations and own sites.
    crs : pyproj.CRS
        Analysis CRS.
    warnings : sequence of str
        What must be known.

    Returns
    -------
    dict
        Plain data; file names without their folders.
    """
    return {
        "schema": SCHEMA,
        "version": version(),
        "study": study.model_dump(mode="json"),
        "criteria": criteria.model_dump(mode="json"),
        "files_of": {
            name: sorted({catalog.source(layer).file for layer in layers_of(measure)})
            for name, measure in measures_of(criteria)
        },
        "seed": study.seed,
        "crs": crs.to_wkt(),
        "cell_m": study.cell_m,
        "declarations": {path.name: files.sha256(path) for path in declarations},
        "inputs": {source.file: source.sha256 for source in catalog.used},
        "python": platform.python_version(),
        "libraries": {name: metadata.version(name) for name in LIBRARIES},
        "warnings": list(warnings),
    }
