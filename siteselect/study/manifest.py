"""The manifest: from what, by what, with which hashes a result was made."""

import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import Any

import shapely
from pyproj import CRS, proj_version_str
from pyproj.transformer import TransformerGroup

from siteselect.base import files
from siteselect.base.errors import DataError, Fault
from siteselect.declared.criteria import CriteriaSet
from siteselect.declared.programme import Programme
from siteselect.declared.study import Study
from siteselect.measure.measure import layers_of, measures_of
from siteselect.world.catalog import Catalog

SCHEMA = "siteselect/1"
_SHAPEFILE = (".shp", ".shx", ".dbf", ".prj", ".cpg")
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
    marks: Mapping[Path, str],
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
    marks : mapping of pathlib.Path to str
        Files of declarations and own sites, with the hash that each had before it was read.
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
        "operations": operations(catalog, crs),
        "declarations": {_name(path): mark for path, mark in marks.items()},
        "inputs": {source.file: source.sha256 for source in catalog.used},
        "python": platform.python_version(),
        "libraries": {name: metadata.version(name) for name in LIBRARIES},
        "native": native(),
        "warnings": list(warnings),
    }


def _name(path: Path) -> str:
    """A bundled file by its place below the home folder, another by its name alone."""
    home = files.home().resolve()
    inside = path.resolve().is_relative_to(home / "criteria")
    return path.resolve().relative_to(home).as_posix() if inside else path.name


def rules_of(programme: Programme | None, repairs: Sequence[Fault]) -> dict[str, Any]:
    """The parts of a manifest that a run may lack: the rules of its parks, and its repairs.

    Parameters
    ----------
    programme : Programme or None
        As it was read.
    repairs : sequence of Fault
        What was repaired in the user's own sites, or is in doubt.

    Returns
    -------
    dict
        ``programme`` (None if no parks were asked for) and ``repairs``.

    Examples
    --------
    >>> rules_of(None, [Fault("ring closed", "a.geojson", "feature 1")])["repairs"]
    [{'message': 'ring closed', 'file': 'a.geojson', 'row': 'feature 1', 'field': ''}]
    """
    return {
        "programme": None if programme is None else programme.model_dump(mode="json"),
        "repairs": [asdict(fault) for fault in repairs],
    }


def marks(path: Path) -> dict[Path, str]:
    """The hash of a file before it is read; of a shapefile, of each of its parts.

    Parameters
    ----------
    path : pathlib.Path
        A file that may be missing, which its reader then says.

    Returns
    -------
    dict of pathlib.Path to str
    """
    parts = [path]
    if path.suffix.lower() == ".shp":
        parts += [
            other
            for other in sorted(path.parent.glob("*"))
            if other.stem == path.stem and other != path and other.suffix.lower() in _SHAPEFILE
        ]
    return {part: files.sha256(part) for part in parts if part.is_file()}


def files_changed(before: Mapping[str, Any], after: Mapping[str, Any], key: str) -> dict[str, str]:
    """Files that two manifests do not both hold with the same hash.

    Parameters
    ----------
    before, after : mapping
        Manifests.
    key : str
        ``inputs`` or ``declarations``.

    Returns
    -------
    dict of str to str
        What became of each, by its name.

    Examples
    --------
    >>> files_changed({"inputs": {"a": "1"}}, {"inputs": {"a": "2", "b": "1"}}, "inputs")
    {'a': 'changed', 'b': 'is in one run only'}
    """
    marks = before.get(key, {}), after.get(key, {})
    both = marks[0].keys() & marks[1].keys()
    return {
        name: "changed" if name in both else "is in one run only"
        for name in sorted({*marks[0], *marks[1]})
        if marks[0].get(name) != marks[1].get(name)
    }


def answers_changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, list[str]]:
    """Answers of bodies that only one of two manifests holds, in words.

    Parameters
    ----------
    before, after : mapping
        Manifests.

    Returns
    -------
    dict of str to list of str
        By the site that they speak of, those that are new first.

    Examples
    --------
    >>> answers_changed({}, {"answers": [{"site": "A", "words": "refused by IA-03"}]})
    {'A': ['refused by IA-03']}
    """
    told = [{(item["site"], item["words"]) for item in manifest.get("answers", ())}
            for manifest in (before, after)]  # fmt: skip
    found: dict[str, list[str]] = {}
    gone = [(site, f"no longer {words}") for site, words in told[0] - told[1]]
    for site, words in [*sorted(told[1] - told[0]), *sorted(gone)]:
        found.setdefault(site, []).append(words)
    return found


def refuse_changed(marks: Mapping[Path, str], catalog: Catalog) -> None:
    """Refuse a result whose inputs are no longer what they were when they were read.

    Parameters
    ----------
    marks : mapping of pathlib.Path to str
        Hash of each file before it was read.
    catalog : Catalog
        With the entries that were read.

    Raises
    ------
    DataError
        Naming every file that has changed or gone.
    """
    known = dict(marks) | {catalog.folder / source.file: source.sha256 for source in catalog.used}
    changed = [
        Fault("has changed while it was in use; nothing was written, run again", file=path.name)
        for path, mark in known.items()
        if not path.is_file() or files.sha256(path) != mark
    ]
    if changed:
        raise DataError(changed)


def operations(catalog: Catalog, crs: CRS) -> list[dict[str, Any]]:
    """How positions came into the analysis CRS, and how exact PROJ says that is.

    Parameters
    ----------
    catalog : Catalog
        With the entries that were read.
    crs : pyproj.CRS
        Analysis CRS.

    Returns
    -------
    list of dict
        ``source`` CRS, the ``operation`` that PROJ takes first, and its ``accuracy_m``: 0 for a
        conversion within one datum, None where PROJ does not know.
    """
    found = []
    for name in sorted({source.crs for source in catalog.used if source.crs}):
        best = TransformerGroup(name, crs, always_xy=True).transformers[0]
        accuracy = None if best.accuracy < 0 else best.accuracy
        found.append({"source": name, "operation": best.definition, "accuracy_m": accuracy})
    return found


def native() -> dict[str, str]:
    """Versions of the libraries that were compiled into others, which may differ between them."""
    import pyogrio
    import rasterio

    return {
        "GDAL of pyogrio": ".".join(map(str, pyogrio.__gdal_version__)),
        "GDAL of rasterio": rasterio.__gdal_version__,
        "GEOS of shapely": shapely.geos_version_string,
        "PROJ of pyproj": proj_version_str,
    }
