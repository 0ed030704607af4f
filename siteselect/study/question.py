"""The question: a study with everything it names, read and checked before anything is measured."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import geopandas as gpd
import shapely
from pyproj import CRS
from pyproj.exceptions import CRSError

from siteselect.base import files
from siteselect.base.errors import DataError, DeclarationError, Fault
from siteselect.base.text import fold, nearest
from siteselect.declared.answers import Answer
from siteselect.declared.criteria import CriteriaSet, file_of, files_behind, read_criteria
from siteselect.declared.programme import Programme
from siteselect.declared.study import Study
from siteselect.plan.answers import Book, read_answers, rules_of, settled
from siteselect.plan.inquiries import Authority, authorities_of
from siteselect.study import manifest
from siteselect.world import checks
from siteselect.world.catalog import WGS84, Catalog
from siteselect.world.location import Area
from siteselect.world.places import Landmasses
from siteselect.world.sites import GROWN


@dataclass(frozen=True, slots=True)
class Question:
    """A study with everything it names, read and checked, before anything is measured.

    Parameters
    ----------
    study : Study
        What is asked.
    criteria : CriteriaSet
        By which criteria.
    catalog : Catalog
        Of which world.
    crs : pyproj.CRS
        Analysis CRS.
    declarations : mapping of pathlib.Path to str
        Files of declarations and own sites, with the hash that each had before it was read.
    programme : Programme or None
        How many parks, under which rules.
    own : geopandas.GeoDataFrame or None
        The user's own sites, in EPSG:4326.
    repairs : tuple of Fault
        What was repaired in the user's own sites, or is in doubt.
    types : tuple of CriteriaSet
        Criteria of every park type that the programme names; none if it leaves the type open.
    units : pathlib.Path or None
        Register of downstream units.
    without : tuple of str
        Sources of feedstock to leave out, by the beginning of their ids.
    committee : mapping of str to mapping of str to float
        Weights of the criteria by member, as they follow from what each has judged.
    command : str
        How it was asked, files without their folders.
    answers : tuple of Answer
        What bodies that were asked have said of sites.
    settled : tuple of (str, str, str)
        What of it the law takes, as in `siteselect.decide.table.PerformanceTable`.
    """

    study: Study
    criteria: CriteriaSet
    catalog: Catalog
    crs: CRS
    declarations: Mapping[Path, str]
    programme: Programme | None
    own: gpd.GeoDataFrame | None
    repairs: tuple[Fault, ...]
    types: tuple[CriteriaSet, ...] = ()
    units: Path | None = None
    without: tuple[str, ...] = ()
    committee: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    command: str = ""
    answers: tuple[Answer, ...] = ()
    settled: tuple[tuple[str, str, str], ...] = ()

    @property
    def warnings(self) -> tuple[str, ...]:
        """Repairs and doubts in words, those of the catalogue first."""
        return tuple(str(fault) for fault in (*self.catalog.told, *self.repairs))

    @property
    def landmasses(self) -> Landmasses:
        """Mainland and islands."""
        return Landmasses(
            self.catalog.features("islands", self.crs), self.catalog.features("land", self.crs)
        )


@dataclass(frozen=True, slots=True)
class Own:
    """The user's own sites, where they are not those that the study names.

    Parameters
    ----------
    path : pathlib.Path
        A table or a layer.
    alone : bool
        Leave estates and new regions out of the pool.
    crs, encoding, layer : str, optional
        What the file does not say of itself, and which of its layers or sheets.
    """

    path: Path
    alone: bool = False
    crs: str | None = None
    encoding: str | None = None
    layer: str | None = None


def ask(
    study: Study | Path | None = None,
    *,
    own: Own | None = None,
    criteria: CriteriaSet | str | None = None,
    programme: Programme | Path | None = None,
    k: int | None = None,
    changes: Mapping[str, Any] = MappingProxyType({}),
) -> Question:
    """Read a study and everything it names.

    Parameters
    ----------
    study : Study, pathlib.Path or None
        A study, its file, or the bundled one. Files that a study names stand beside it, or in the
        bundled folder of criteria.
    own : Own, optional
        The user's own sites, instead of those that the study names.
    criteria : CriteriaSet or str, optional
        A set, or the id of a park type, instead of the one that the study names. Park types are
        looked for beside the criteria of the study, then in its folder, then among the bundled.
    programme : Programme or pathlib.Path, optional
        A programme or its file, instead of the one that the study names.
    k : int, optional
        How many parks, instead of the programme's number.
    changes : mapping
        Fields of the study that are to be another.

    Returns
    -------
    Question

    Raises
    ------
    DeclarationError, DataError
        Every fault, with file, line and key or row and field.
    """
    bundled = files.home() / "criteria"
    path = bundled / "study.yaml" if study is None else study
    folder = bundled if isinstance(path, Study) else path.parent
    marks = {} if isinstance(path, Study) else manifest.marks(path)
    declared = path if isinstance(path, Study) else files.read(path, Study)
    if own is not None and own.alone:
        changes = {
            **changes,
            "existing": None,
            "greenfield": None,
            "programme": None,
            "answers": None,
        }
    if changes:
        data = {**declared.model_dump(mode="json"), **changes}
        declared = files.validate(data, Study, file=str(declared.id))
    crs = _analysis_crs(declared)
    catalog = Catalog.open(files.home() / "data")
    folders = (_within(folder, declared.criteria, "criteria").parent, folder, bundled)
    if not isinstance(criteria, CriteriaSet):
        file = file_of(criteria, folders) if criteria else None
        criteria, read = _read(file or _beside(folder, bundled, declared.criteria, "criteria"))
        marks |= read
    _known_provinces(declared, catalog)
    if own is None and declared.own_sites is not None:
        own = Own(_within(folder, declared.own_sites, "own_sites"))
    if programme is None and declared.programme is not None:
        programme = _beside(folder, bundled, declared.programme, "programme")
    asked = programme if isinstance(programme, Programme) else None
    if isinstance(programme, Path):
        marks |= manifest.marks(programme)
        asked = files.read(programme, Programme)
    if asked is not None and k is not None:
        asked = asked.model_copy(update={"k": k})
    question = Question(declared, criteria, catalog, crs, marks, asked, None, ())
    question = _with_types(question, folders)
    if declared.committee is not None:
        question = _with_committee(question, _within(folder, declared.committee, "committee"))
    question = question if own is None else _with_own(question, own)
    named = declared.answers
    return question if named is None else with_answers(question, _within(folder, named, "answers"))


def with_answers(question: Question, path: Path) -> Question:
    """The question with a register of answers, instead of any that its study names.

    Parameters
    ----------
    question : Question
    path : pathlib.Path
        CSV, TSV or XLSX.

    Returns
    -------
    Question

    Raises
    ------
    DataError
        Every fault of the register, with row and field.
    """
    marks, study = manifest.marks(path), question.study
    known: list[str] = []
    if study.existing is not None:
        known += question.catalog.features(study.existing.layer, WGS84)["id"].astype(str).tolist()
    if question.own is not None:
        known += question.own["id"].astype(str).tolist()

    def is_site(name: str) -> bool:
        return name in known or (study.greenfield is not None and bool(GROWN.fullmatch(name)))

    bodies = bodies_known(question.catalog)
    rules = rules_of((question.criteria, *question.types), bodies)
    book = Book(rules, tuple(body.id for body in bodies), tuple(known), is_site)
    heard = answered(question, read_answers(path, book))
    return replace(heard, declarations={**question.declarations, **marks})


def answered(question: Question, answers: tuple[Answer, ...]) -> Question:
    """The question with what bodies have said of sites.

    Parameters
    ----------
    question : Question
    answers : tuple of Answer

    Returns
    -------
    Question
    """
    sets = (question.criteria, *question.types)
    rules = rules_of(sets, bodies_known(question.catalog))
    return replace(question, answers=answers, settled=settled(answers, rules))


def bodies_known(catalog: Catalog) -> tuple[Authority, ...]:
    """The bodies of the table of authorities."""
    rows = catalog.table("authorities").to_dict("records")
    return authorities_of([{str(name): cell for name, cell in row.items()} for row in rows])


def _read(path: Path) -> tuple[CriteriaSet, dict[Path, str]]:
    """A criteria set, and the hashes that its files had before they were read."""
    marks = {
        file: mark for part in files_behind(path) for file, mark in manifest.marks(part).items()
    }
    return read_criteria(path), marks


def _with_types(question: Question, folders: tuple[Path, Path, Path]) -> Question:
    """The question with what a programme of park types needs besides."""
    study, programme = question.study, question.programme
    if programme is None or not programme.park_types:
        return question
    own, (_, folder, bundled) = question.criteria, folders
    others: dict[str, tuple[CriteriaSet, dict[Path, str]]] = {}
    faults: list[Fault] = []
    for name in programme.park_types:
        try:
            others |= {} if name == own.id else {name: _read(file_of(name, folders))}
        except DeclarationError as error:
            here = {"file": programme.id, "field": "park_types"}
            faults += [fault if fault.file else replace(fault, **here) for fault in error.faults]
    if faults:
        raise DeclarationError(faults)
    marks = manifest.marks(bundled / "chain" / "south.yaml")
    for _, read in others.values():
        marks |= read
    units = None if study.units is None else _within(folder, study.units, "units")
    marks |= manifest.marks(units) if units else {}
    declarations = {**question.declarations, **marks}
    types = tuple(own if n == own.id else others[n][0] for n in programme.park_types)
    return replace(question, types=types, units=units, declarations=declarations)


def _with_committee(question: Question, path: Path) -> Question:
    """The question with the weights of every member, by criterion."""
    # Slow to load, and most questions have no committee.
    from siteselect.study.judgements import read_members
    from siteselect.study.weighting import weigh

    files_of = sorted(p for p in path.iterdir() if p.is_file()) if path.is_dir() else [path]
    marks = {file: mark for part in files_of for file, mark in manifest.marks(part).items()}
    _, speakers = read_members(path)
    ids = [c.id for c in question.criteria.criteria]
    members = {
        voice.speaker.name: dict(zip(ids, voice.weights.tolist(), strict=True))
        for voice in weigh(speakers, question.criteria).voices
    }
    declarations = {**question.declarations, **marks}
    return replace(question, committee=members, declarations=declarations)


def _with_own(question: Question, own: Own) -> Question:
    faults: list[Fault] = []
    marks = manifest.marks(own.path)
    frame = checks.user_sites(
        own.path,
        area(question.study, question.catalog),
        criteria=question.criteria,
        reading=checks.Reading(crs=own.crs, encoding=own.encoding, layer=own.layer),
        warnings=faults,
    )
    given = {
        "kind": "proposed",
        "status": "proposed",
        "source": own.path.name,
        "source_kind": "given",
        "note": frame["outside"],
    }
    clash = {}
    for name in frame.columns.intersection(list(given)):
        clash[name] = f"own_{name}"
        while clash[name] in frame:  # the table of a run, fed back in
            clash[name] = f"own_{clash[name]}"
    return replace(
        question,
        own=frame.rename(columns=clash).drop(columns="outside").assign(**given),
        declarations={**question.declarations, **marks},
        repairs=(*question.repairs, *faults),
    )


def _analysis_crs(study: Study) -> CRS:
    try:
        crs = CRS.from_user_input(study.crs)
    except CRSError as error:
        message = f"{study.crs[:80]!r} is no CRS that is known"
        raise DeclarationError(Fault(message, file=study.id, field="crs")) from error
    if not crs.is_projected or crs.axis_info[0].unit_name != "metre":
        raise DeclarationError(
            Fault(f"{study.crs!r} is not projected in metres", file=study.id, field="crs")
        )
    return crs


def _beside(folder: Path, bundled: Path, name: str, field: str) -> Path:
    for place in (_within(folder, name, field), bundled / name):
        if place.is_file():
            return place
    known = [path.name for path in bundled.glob("*.yaml")]
    raise DeclarationError(Fault(f"no such {field} file{nearest(name, known)}", file=name))


def _within(folder: Path, name: str, field: str) -> Path:
    """A file that a study names, which may not lead out of the study's folder.

    Who sends a study could otherwise make it read, and show, any file of the machine.
    """
    place = folder / name
    try:
        inside = place.resolve().is_relative_to(folder.resolve())
        place.exists()  # says of a name that no file can have that it is none
    except (OSError, ValueError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or str(error)[:80]
        message = f"{name[:80]!r} cannot be read ({reason})"
        raise DeclarationError(Fault(message, field=field)) from error
    if not name:
        raise DeclarationError(Fault("is empty; name a file, or leave it out", field=field))
    if not inside:
        message = f"{name[:80]!r} leads out of the study's folder; name it on the command line"
        raise DeclarationError(Fault(message, field=field))
    return place


def _known_provinces(study: Study, catalog: Catalog) -> None:
    """Refuse provinces that are none or stand twice, and an analysis CRS that is not for them."""
    layer = catalog.features("provinces", WGS84)
    codes = {fold(str(name)): str(iso) for column in ("iso", "name_en", "name_fa")
             for name, iso in zip(layer[column], layer["iso"], strict=True)}  # fmt: skip
    faults = [
        Fault(f"no province {code}{nearest(codes.get(fold(code), code), layer['iso'])}",
              file=study.id, field="provinces")
        for code in study.provinces
        if code not in set(layer["iso"])
    ]  # fmt: skip
    faults += [
        Fault(f"{code} stands there more than once", file=study.id, field="provinces")
        for code in sorted(set(study.provinces))
        if study.provinces.count(code) > 1
    ]
    made_for = _analysis_crs(study).area_of_use
    if made_for is not None:
        iran = shapely.box(*layer.total_bounds)
        if not iran.intersects(shapely.box(*made_for.bounds)):
            message = f"{study.crs[:80]!r} is made for another part of the world: {made_for.name}"
            faults.append(Fault(message[:240], file=study.id, field="crs"))
    if faults:
        raise DeclarationError(faults)


def refuse_outside(question: Question, lon: float, lat: float) -> None:
    """Refuse a point that no site of a study could have.

    Parameters
    ----------
    question : Question
        For its provinces.
    lon, lat : float
        Degrees.

    Raises
    ------
    DataError
        If the point lies outside the provinces of the study.
    """
    provinces = question.catalog.features("provinces", WGS84)
    there = provinces[provinces["iso"].isin(question.study.provinces)].union_all()
    if not shapely.contains_xy(there, lon, lat):
        lacking = " (longitude comes first)" if shapely.contains_xy(there, lat, lon) else ""
        raise DataError(f"{lon:g}, {lat:g} lies outside the provinces of the study{lacking}")


def area(study: Study, catalog: Catalog) -> Area:
    """Where the candidates of a study should lie.

    Parameters
    ----------
    study : Study
        For its provinces.
    catalog : Catalog
        For provinces, land and towns.

    Returns
    -------
    Area
    """
    provinces = catalog.features("provinces", WGS84)
    return Area(
        provinces[provinces["iso"].isin(study.provinces)],
        catalog.features("land", WGS84),
        catalog.features("towns", WGS84),
    )
