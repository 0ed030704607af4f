"""Projects: a study to edit, a check before the run, and whether the machine is fit."""

import contextlib
import errno
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from siteselect.base import files
from siteselect.base.errors import DataError, DeclarationError, Fault, SiteselectError
from siteselect.decide.score import criterion_weights
from siteselect.declared.criteria import CriteriaSet
from siteselect.declared.sources import Source
from siteselect.declared.study import Study
from siteselect.measure.measure import prepare
from siteselect.study import chain, parks
from siteselect.study.question import Own, Question, area, ask
from siteselect.study.robustness import unknown_errors
from siteselect.world import checks, sites
from siteselect.world.catalog import WGS84, Catalog
from siteselect.world.location import Area, check_points

README = """\
A study for siteselect.

study.yaml            where, at what cell, which candidates
criteria/*.yaml       what is weighed and what is a rule; edit petrochemical.yaml here
own_sites.csv         your own sites; name it in study.yaml as own_sites: own_sites.csv

siteselect check study.yaml
siteselect run study.yaml --out out/
"""
OWN_SITES = (
    "id,name_en,name_fa,lon,lat,area_ha,position_accuracy_km\n"
    "MY-1,An example near Dayyer,نمونه نزدیک دیر,51.95,27.87,500,1\n"
)


def init(folder: Path) -> tuple[str, ...]:
    """Put a study that can be edited and run into a folder.

    Parameters
    ----------
    folder : pathlib.Path
        New or empty.

    Returns
    -------
    tuple of str
        Names of the files made.

    Raises
    ------
    DataError
        If something of the same name is there already, or the folder cannot be written; nothing is
        changed then.
    """
    bundled = files.home() / "criteria"
    study = (bundled / "study.yaml").read_text("utf-8")
    for key, name in (
        ("criteria: ", "petrochemical.yaml"),
        ("programme: ", "programme.yaml"),
        ("$schema=", "schema/study.json"),
    ):
        study = study.replace(f"{key}{name}", f"{key}criteria/{name}")
    content = {"study.yaml": study, "own_sites.csv": OWN_SITES, "README.txt": README}
    content |= {
        f"criteria/{path.relative_to(bundled).as_posix()}": path.read_text("utf-8")
        for path in sorted([*bundled.glob("*.yaml"), *bundled.glob("schema/*.json")])
        if path.name != "study.yaml"
    }
    there = [Fault("is there already", file=str(folder / name)) for name in content
             if os.path.lexists(folder / name)]  # fmt: skip
    above = {parent for name in content for parent in (folder / name).parents}
    there += [Fault("is a file where a folder is wanted; move it, or name another folder",
                    file=str(parent)) for parent in sorted(above) if parent.is_file()]  # fmt: skip
    if there:
        raise DataError(there)
    _write_all({folder / name: text for name, text in content.items()})
    return tuple(content)


def _write_all(contents: Mapping[Path, str]) -> None:
    """Write several texts, or none of them if one cannot be written.

    A link stays, and what it points to is written.
    """
    places = {Path(os.path.realpath(path)): text for path, text in contents.items()}
    try:
        with contextlib.ExitStack() as undo:
            drafts = {path: _draft(path, text, undo) for path, text in places.items()}
            for path, draft in drafts.items():
                back: Callable[[], object] = partial(path.unlink, missing_ok=True)
                if path.exists():
                    back = partial(path.write_bytes, path.read_bytes())
                undo.callback(back)
                draft.replace(path)
            undo.pop_all()
    except OSError as error:
        message = f"cannot be written ({error.strerror}); nothing was changed"
        raise DataError(Fault(message, file=str(error.filename))) from error


def _draft(path: Path, text: str, undo: contextlib.ExitStack) -> Path:
    """The text in a file beside its place, which is taken away when all is undone."""
    for folder in [parent for parent in path.parents if not parent.exists()][::-1]:
        folder.mkdir()
        undo.callback(folder.rmdir)
    if path.exists() and not os.access(path, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
    draft = path.with_name(f".{path.name}.draft")
    undo.callback(draft.unlink, missing_ok=True)
    files.write_text(draft, text)
    if path.exists():
        shutil.copymode(path, draft)
    return draft


def check(study: Path | None = None) -> tuple[str, ...]:
    """Hold a study against the data: everything it names is read, nothing is measured.

    Parameters
    ----------
    study : pathlib.Path, optional
        The bundled study if not given.

    Returns
    -------
    tuple of str
        Warnings.

    Raises
    ------
    DeclarationError, DataError
        Every fault at once.
    """
    question = ask(study)
    rules = set(question.catalog.table("rules")["id"])
    sets = {question.study.criteria: question.criteria}
    sets |= {f"{c.id}.yaml": c for c in question.types if c.id != question.criteria.id}
    faults: list[Fault] = []
    made = None
    for file, criteria in sets.items():
        with _told(faults, file):
            made = prepare(criteria, question.catalog, question.crs, like=made)
        faults += [
            Fault(f"no rule {rule} in the table of siting rules", file=file, field=constraint.id)
            for constraint in criteria.constraints
            for rule in constraint.rules
            if rule not in rules
        ]
    faults += unknown_errors(question.study, sets.values())
    _look_at_pool(question, faults)
    _look_at_chain(question, faults)
    if faults:
        raise DataError(faults)
    unread = "is not read: only a programme that names park types chooses parks beside units"
    idle = question.study.units is not None and question.units is None
    return (*question.warnings, *[str(Fault(unread, question.study.id, "", "units"))] * idle)


@contextlib.contextmanager
def _told(faults: list[Fault], file: str) -> Iterator[None]:
    """What is refused within is gathered, and the next thing looked at."""
    try:
        yield
    except (DataError, DeclarationError) as error:
        faults += [replace(fault, file=fault.file or file) for fault in error.faults]


def _look_at_pool(question: Question, faults: list[Fault]) -> None:
    """What a run refuses of its candidates, as far as nothing need be measured to see it."""
    study, catalog, crs = question.study, question.catalog, question.crs
    ids: set[str] = set()
    if study.greenfield is not None and study.greenfield.avoid:
        with _told(faults, study.id):
            sites.avoided(catalog, study.greenfield.avoid, crs)
    before = len(faults)
    if study.existing is not None:
        with _told(faults, study.id):
            ids |= set(sites.existing(catalog, study.existing, study, crs=crs)["id"])
    sure = len(faults) == before
    if question.own is not None:
        faults += sites.taken(question.own, ids)
        ids |= set(question.own["id"])
    if sure and not ids and study.greenfield is None:
        faults.append(Fault(sites.nobody(study), file=study.id))
    if question.programme is not None:
        with _told(faults, study.id):
            parks.within(question.programme, study)
        if sure:
            faults += parks.unknown_locks(question.programme, study, ids)


def _look_at_chain(question: Question, faults: list[Fault]) -> None:
    """What a run refuses of the register of units, if it reads one."""
    if question.units is not None:
        with _told(faults, question.units.name):
            region = chain.region(question.catalog, question.crs, without=question.without)
            chain.register(question.units, question.catalog, region.chain)


def weights_of(criteria: CriteriaSet) -> dict[str, float]:
    """Share of each criterion in the score; they sum to 1."""
    shares = criterion_weights(criteria).tolist()
    return {c.id: share for c, share in zip(criteria.criteria, shares, strict=True)}


def open_catalog() -> Catalog:
    """The catalogue of the bundled data, or of ``SITESELECT_HOME``."""
    return Catalog.open(files.home() / "data")


def check_catalog() -> tuple[int, tuple[str, ...]]:
    """Read every entry of the catalogue and hold each position against what it says.

    Returns
    -------
    rows : int
        Rows, features and rasters read.
    warnings : tuple of str
        Doubts within accuracy.

    Raises
    ------
    DataError
        Every fault of every entry at once.
    """
    catalog = open_catalog()
    where = area(files.read(files.home() / "criteria" / "study.yaml", Study), catalog)
    everywhere = replace(where, provinces=catalog.features("provinces", WGS84))
    faults: list[Fault] = []
    warnings: list[Fault] = []
    rows = 0
    for source in catalog.sources.values():
        try:
            rows += _checked(catalog, source, everywhere, faults, warnings)
        except DataError as error:
            faults += error.faults
    if faults:
        raise DataError(faults)
    return rows, tuple(str(fault) for fault in warnings)


def _checked(
    catalog: Catalog, source: Source, where: Area, faults: list[Fault], warnings: list[Fault]
) -> int:
    if source.kind == "raster":
        catalog.raster(source.id, WGS84)
        return 1
    if source.kind == "table":
        return len(catalog.table(source.id))
    frame = catalog.features(source.id, WGS84)
    if source.kind == "points" and source.id != "towns":
        found, doubts = check_points(frame, source, where)
        faults += found
        warnings += doubts
    return len(frame)


def check_own(
    path: Path,
    kind: str,
    *,
    crs: str | None = None,
    encoding: str | None = None,
    layer: str | None = None,
) -> tuple[int, tuple[str, ...]]:
    """Hold a file of the user's against what its kind must be.

    Parameters
    ----------
    path : pathlib.Path
    kind : str
        One of `siteselect.world.checks.KINDS`.
    crs, encoding, layer : str, optional
        What the file does not say of itself, and which of its layers or sheets.

    Returns
    -------
    rows : int
    warnings : tuple of str

    Raises
    ------
    DataError
        Every fault at once.
    """
    question = ask()
    report = checks.check_file(
        path,
        kind,
        area(question.study, question.catalog),
        criteria=question.criteria,
        reading=checks.Reading(crs=crs, encoding=encoding, layer=layer),
    )
    if report.faults:
        raise DataError(report.faults)
    return report.rows, tuple(str(fault) for fault in report.warnings)


def import_sites(
    path: Path,
    study: Path,
    *,
    crs: str | None = None,
    encoding: str | None = None,
    layer: str | None = None,
    warnings: list[Fault] | None = None,
) -> Path:
    """Check the user's sites and put a clean copy beside a study, which then names it.

    Parameters
    ----------
    path : pathlib.Path
        A table or layer of sites.
    study : pathlib.Path
        The study's file.
    crs, encoding, layer : str, optional
        What the file of sites does not say of itself, and which of its layers or sheets.
    warnings : list of Fault, optional
        What was repaired in the copy, or is in doubt, is appended here.

    Returns
    -------
    pathlib.Path
        The copy, a CSV.

    Raises
    ------
    DeclarationError, DataError
        Every fault; nothing is written then.
    """
    question = ask(study, own=Own(path, crs=crs, encoding=encoding, layer=layer))
    assert question.own is not None  # noqa: S101 - own sites were given
    copy = study.with_name("own_sites.csv")
    # The example that a new study comes with is nobody's work.
    example = copy.is_file() and copy.read_bytes() == OWN_SITES.encode()
    if os.path.lexists(copy) and not example:
        raise DataError(Fault("is there already; move it first", file=str(copy)))
    own = question.own.drop(columns=["kind", "status", "source", "source_kind", "note"])
    if not (own.geometry.geom_type == "Point").all():
        raise DataError(Fault("has outlines, which a table cannot hold; name it in the study as"
                              " own_sites instead", file=str(path)))  # fmt: skip
    # Of an accuracy that is nowhere above 0 it is not known whether anybody gave it.
    surveyed = [] if (own[sites.ACCURACY] > 0).any() else [sites.ACCURACY]
    table = own.drop(columns=["province", "geometry", *surveyed])
    listed = table.to_csv(index=False, lineterminator="\n", na_rep="unknown")
    text = _naming(study, copy.name)
    with tempfile.TemporaryDirectory() as name:
        _refuse_altered(question, {study: text, copy: listed}, Path(name))
    _write_all({copy: listed, study: text})
    if warnings is not None:
        warnings += question.repairs
    return copy


def _naming(study: Path, sites: str) -> str:
    """The text of a study with its own sites named so; whatever else stands in it stays."""
    from ruamel.yaml import YAML

    source = study.read_bytes().decode("utf-8")
    mark = "\ufeff" * source.startswith("\ufeff")
    text: str = source.removeprefix(mark)
    line = "\r\n" if "\r\n" in text else "\n"
    root = YAML(typ="rt", pure=True).compose(text)
    held = [(key, value) for key, value in root.value if key.value == "own_sites"]
    if held:
        key, value = held[0]
        start, end, put = value.start_mark.index, value.end_mark.index, sites
        if start == end:  # no value stands there
            start = end = text.find(":", key.end_mark.index) + 1
            put = f" {sites}"
        elif text[start:end].endswith("\n"):  # a block of text takes its line with it
            put = sites + line
    elif root.flow_style:
        start = end = root.start_mark.index + 1
        put = f"own_sites: {sites}, "
    else:
        start = end = root.end_mark.index
        ended = not text[:end] or text[:end].endswith("\n")
        put = line * (not ended) + " " * root.start_mark.column + f"own_sites: {sites}{line}"
    return mark + text[:start] + put + text[end:]


def _refuse_altered(question: Question, contents: dict[Path, str], folder: Path) -> None:
    """Read a study and its sites as they are to be written, and refuse what comes out otherwise."""
    (study, text), (copy, sites) = contents.items()
    drafts = folder / study.name, folder / copy.name
    files.write_text(drafts[0], text)
    files.write_text(drafts[1], sites)
    before = files.read(study, Study)
    try:
        kept = files.read(drafts[0], Study) == before.model_copy(update={"own_sites": copy.name})
    except DeclarationError:
        kept = False
    if not kept:
        message = f"has no place for it that can be found; write own_sites: {copy.name} there first"
        raise DeclarationError(Fault(message, file=str(study), field="own_sites"))
    where = area(question.study, question.catalog)
    back = checks.user_sites(drafts[1], where, criteria=question.criteria, warnings=[])
    own, figures = question.own, ["lon", "lat", "area_ha", "position_accuracy_km"]
    assert own is not None  # noqa: S101 - own sites were given
    same = back["id"].tolist() == own["id"].tolist()
    if not same or not np.array_equal(back[figures], own[figures], equal_nan=True):
        raise DataError(Fault("does not read back as it was written", file=str(copy)))


@dataclass(frozen=True, slots=True)
class Health:
    """What the machine says of itself.

    Parameters
    ----------
    versions : tuple of (str, str)
        Library and version; GDAL and PROJ once for each library that brings its own.
    passed, failed : tuple of str
        Checks that held, and those that did not, in words.
    """

    versions: tuple[tuple[str, str], ...]
    passed: tuple[str, ...]
    failed: tuple[str, ...]


def doctor() -> Health:
    """Versions, data hashes, agreement of the libraries, a write probe.

    Returns
    -------
    Health
    """
    checks = {
        "the two copies of GDAL and PROJ agree within 1 mm": _agreement,
        "no variable redirects the data of GDAL or PROJ": _environment,
        "every file of the catalogue has its hash": _hashes,
        "a folder can be written beside the working folder": _probe,
    }
    passed, failed = [], []
    for words, check_one in checks.items():
        try:
            trouble = check_one()
        except SiteselectError as error:
            trouble = str(error)
        if trouble:
            failed.append(f"{words}: {trouble}")
        else:
            passed.append(words)
    return Health(_versions(), tuple(passed), tuple(failed))


def _versions() -> tuple[tuple[str, str], ...]:
    import platform
    from importlib import metadata

    import pyogrio
    import pyproj
    import rasterio
    import shapely

    inside = {
        "shapely": f"GEOS {shapely.geos_version_string}",
        "pyproj": f"PROJ {pyproj.proj_version_str}",
        "rasterio": f"GDAL {rasterio.__gdal_version__}",
        "pyogrio": f"GDAL {'.'.join(map(str, pyogrio.__gdal_version__))}",
    }
    libraries = ("numpy", "pandas", "geopandas", *inside)
    found = [(name, f"{metadata.version(name)} {inside.get(name, '')}") for name in libraries]
    return (("python", platform.python_version()), *((n, v.strip()) for n, v in found))


def _agreement() -> str:
    import geopandas as gpd
    from rasterio.warp import transform

    lon, lat = [48.7, 52.6, 56.3, 60.6], [31.3, 27.5, 27.2, 25.3]
    east, north = transform("EPSG:4326", "EPSG:32640", lon, lat)
    points = gpd.GeoSeries(gpd.points_from_xy(lon, lat), crs="EPSG:4326").to_crs("EPSG:32640")
    away = max(
        ((points.x - east) ** 2 + (points.y - north) ** 2).pow(0.5).max(),
        0.0,
    )
    return f"they differ by {away:.6f} m" if away > 1e-3 else ""


def _environment() -> str:
    found = [name for name in ("PROJ_LIB", "PROJ_DATA", "GDAL_DATA") if os.environ.get(name)]
    return f"{', '.join(found)} is set; unset it" if found else ""


def _hashes() -> str:
    catalog = Catalog.open(files.home() / "data")
    faults = []
    for source in catalog.sources.values():
        try:
            catalog.path(source)
        except DataError as error:
            faults.append(str(error))
    return "; ".join(faults)


def _probe() -> str:
    try:
        with tempfile.TemporaryDirectory(dir=".") as folder:
            free = shutil.disk_usage(folder).free
    except OSError as error:
        return str(error.strerror)
    return "" if free > 200e6 else f"only {free / 1e6:.0f} MB are free"
