"""The one composer: a study goes in, a result comes out."""

import math
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from pyproj import CRS
from pyproj.exceptions import CRSError

from siteselect.base import files
from siteselect.base.errors import DataError, DeclarationError, Fault, NoSolution
from siteselect.base.text import nearest
from siteselect.decide.score import EXCLUDED, Scores, score
from siteselect.decide.table import PerformanceTable
from siteselect.declared.criteria import CriteriaSet, read_criteria
from siteselect.declared.programme import Programme
from siteselect.declared.study import Study
from siteselect.measure import tiles
from siteselect.measure.measure import Instruments, layers_of, measures_of, prepare, read
from siteselect.plan.portfolio import Portfolio
from siteselect.study import manifest
from siteselect.study.parks import parks
from siteselect.study.result import Lattice, Result
from siteselect.study.robustness import robustness, spread_of
from siteselect.world import checks, sites
from siteselect.world.admit import LIMITS, over
from siteselect.world.catalog import WGS84, Catalog
from siteselect.world.location import Area
from siteselect.world.places import OUTSIDE, Grid, Landmasses, Sites, Surface

CONTEXT = (
    "provinces", "neighbours", "land", "islands", "estates", "ports", "pipelines", "feedstock",
    "railways", "protected", "towns",
)  # fmt: skip

LATTICE_M = 5000.0

Progress = Callable[[str], None]


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
    """

    study: Study
    criteria: CriteriaSet
    catalog: Catalog
    crs: CRS
    declarations: Mapping[Path, str]
    programme: Programme | None
    own: gpd.GeoDataFrame | None
    repairs: tuple[Fault, ...]

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
    criteria: CriteriaSet | None = None,
    programme: Path | None = None,
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
    criteria : CriteriaSet, optional
        Instead of the one that the study names.
    programme : pathlib.Path, optional
        File of the programme, instead of the one that the study names.
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
        changes = {**changes, "existing": None, "greenfield": None, "programme": None}
    if changes:
        data = {**declared.model_dump(mode="json"), **changes}
        declared = files.validate(data, Study, file=str(declared.id))
    crs = _analysis_crs(declared)
    catalog = Catalog.open(files.home() / "data")
    if criteria is None:
        named = _beside(folder, bundled, declared.criteria)
        marks |= manifest.marks(named)
        criteria = read_criteria(named)
    _known_provinces(declared, catalog)
    if own is None and declared.own_sites:
        own = Own(_within(folder, declared.own_sites, "own_sites"))
    if programme is None and declared.programme is not None:
        programme = _beside(folder, bundled, declared.programme)
    marks |= manifest.marks(programme) if programme else {}
    asked = files.read(programme, Programme) if programme else None
    if asked is not None and k is not None:
        asked = asked.model_copy(update={"k": k})
    question = Question(declared, criteria, catalog, crs, marks, asked, None, ())
    return question if own is None else _with_own(question, own)


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
    clash = {name: f"own_{name}" for name in given if name in frame}
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


def _beside(folder: Path, bundled: Path, name: str) -> Path:
    for place in (_within(folder, name, "criteria"), bundled / name):
        if place.is_file():
            return place
    known = [path.name for path in bundled.glob("*.yaml")]
    raise DeclarationError(Fault(f"no such criteria file{nearest(name, known)}", file=name))


def _within(folder: Path, name: str, field: str) -> Path:
    """A file that a study names, which may not lead out of the study's folder.

    Who sends a study could otherwise make it read, and show, any file of the machine.
    """
    place = folder / name
    if not place.resolve().is_relative_to(folder.resolve()):
        message = f"{name[:80]!r} leads out of the study's folder; name it on the command line"
        raise DeclarationError(Fault(message, field=field))
    return place


def _known_provinces(study: Study, catalog: Catalog) -> None:
    known = set(catalog.features("provinces", WGS84)["iso"])
    faults = [
        Fault(f"no province {code}{nearest(code, known)}", file=study.id, field="provinces")
        for code in study.provinces
        if code not in known
    ]
    if faults:
        raise DeclarationError(faults)


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


def decide(question: Question, *, progress: Progress = lambda _: None) -> Result:
    """Measure, score and rank; writes nothing.

    Parameters
    ----------
    question : Question
    progress : callable
        Told in a few words what begins.

    Returns
    -------
    Result

    Raises
    ------
    DataError
        If there is no candidate, or a file that was read has changed since.
    """
    study, catalog, crs = question.study, question.catalog, question.crs
    progress("preparing the measures")
    instruments = prepare(question.criteria, catalog, crs)
    surface = surface_of(question, instruments, progress=progress)
    progress("gathering the candidates")
    pooled = pool_of(question, surface)
    progress(f"scoring {len(pooled)} candidates")
    table, scores = score_sites(question, instruments, pooled)
    kinds = pooled.places.kinds.tolist()
    if study.trust is not None:
        progress("drawing weights, methods, data and positions")
    trust = robustness(study, question.criteria, table, scores=scores, kinds=kinds)
    chosen, trouble = _parks(question, pooled, table, scores=scores, progress=progress)
    context = {name: catalog.features(name, WGS84) for name in CONTEXT}
    rules = catalog.table("rules")
    manifest.refuse_changed(question.declarations, catalog)
    warnings = (*question.warnings, *_remarks(question, scores), *trouble)
    return Result(
        study=study,
        criteria=question.criteria,
        pool=pooled,
        table=table,
        scores=scores,
        surface=surface,
        context=context,
        sources=catalog.used,
        rules={str(row["id"]): _texts(row) for row in rules.to_dict("records")},
        warnings=warnings,
        manifest=manifest.describe(
            study,
            question.criteria,
            catalog,
            marks=question.declarations,
            crs=crs,
            warnings=warnings,
        )
        | manifest.rules_of(question.programme, question.repairs),
        robustness=trust,
        portfolio=chosen,
        lattice=lattice_of(question, instruments),
    )


def _parks(
    question: Question,
    pooled: Sites,
    table: PerformanceTable,
    *,
    scores: Scores,
    progress: Progress,
) -> tuple[Portfolio | None, list[str]]:
    if question.programme is None:
        return None, []
    progress(f"choosing {question.programme.k} parks")
    try:
        chosen = parks(
            question.programme,
            pooled,
            study=question.study,
            criteria=question.criteria,
            table=table,
            scores=scores,
        )
    except NoSolution as error:
        # The ranking stands without the parks; why none can be chosen is told with it.
        return None, [f"no parks can be chosen: {fault}" for fault in error.faults]
    return chosen, [note.en for note in chosen.notes]


def _texts(row: Mapping[Hashable, Any]) -> dict[str, str]:
    return {str(column): "" if pd.isna(cell) else str(cell) for column, cell in row.items()}


def grid_of(question: Question, *, cell_m: float | None = None) -> Grid:
    """The study grid, or one of another cell over the same provinces.

    Parameters
    ----------
    question : Question
        For its provinces.
    cell_m : float, optional
        Side of a cell, metres; the study's if not given.

    Returns
    -------
    Grid

    Raises
    ------
    DataError
        If it would hold more cells than the limit.
    """
    provinces = question.catalog.features("provinces", question.crs)
    chosen = provinces[provinces["iso"].isin(question.study.provinces)]
    islands = question.catalog.features("islands", question.crs)
    side = cell_m or question.study.cell_m
    west, south, east, north = chosen.total_bounds
    cells = math.ceil((east - west) / side) * math.ceil((north - south) / side)
    if cells > LIMITS.grid_cells:
        fault = over(
            f"cells of {side:g} m", cells, LIMITS.grid_cells, name="grid_cells", file="the study"
        )
        raise DataError(fault)
    return Grid.over(chosen, side, islands=islands)


def lattice_of(question: Question, instruments: Instruments) -> Lattice:
    """What each criterion is worth on cells of `LATTICE_M`, or the study's if those are larger.

    Parameters
    ----------
    question : Question
    instruments : Instruments
        Prepared for its criteria.

    Returns
    -------
    Lattice
    """
    grid = grid_of(question, cell_m=max(LATTICE_M, question.study.cell_m))
    table = read(instruments.without_inquiries(), grid.places())
    scores = score(table, question.criteria, bounds=False)
    return Lattice(grid, grid.cell_ids(), scores.values, scores.verdict)


def surface_of(
    question: Question, instruments: Instruments, *, progress: Progress = lambda _: None
) -> Surface:
    """What the law says of every cell of the study area.

    Parameters
    ----------
    question : Question
    instruments : Instruments
        Prepared for its criteria.
    progress : callable
        Told in a few words how far the work is.

    Returns
    -------
    Surface
    """
    return tiles.surface(
        grid_of(question),
        question.criteria,
        instruments.without_inquiries(),
        progress=progress,
        spread=spread_of(question.study, question.criteria),
    )


def pool_of(question: Question, surface: Surface) -> Sites:
    """Candidates of all origins.

    Parameters
    ----------
    question : Question
    surface : Surface
        That new regions are grown from.

    Returns
    -------
    Sites

    Raises
    ------
    DataError
        If there is no candidate, or an id stands twice.
    """
    study, catalog, crs = question.study, question.catalog, question.crs
    frames: list[gpd.GeoDataFrame] = []
    if study.existing is not None:
        frames.append(sites.existing(catalog, study.existing, study, crs=crs))
    if study.greenfield is not None:
        frames.append(sites.greenfield(catalog, surface, study.greenfield, crs=crs))
    if question.own is not None:
        frames.append(question.own.to_crs(crs))
    ids = [name for frame in frames for name in frame["id"]]
    if not ids:
        raise DataError("no candidates: the study names no estates, no greenfield, no own sites")
    twice = sorted({name for name in ids if ids.count(name) > 1})
    if twice:
        raise DataError([Fault("stands twice in the pool; rename it", row=name) for name in twice])
    return sites.pool(frames, study.cell_m, question.landmasses)


def score_sites(
    question: Question, instruments: Instruments, pooled: Sites
) -> tuple[PerformanceTable, Scores]:
    """Readings and scores of candidates, by the same measures and law as the cells.

    Parameters
    ----------
    question : Question
    instruments : Instruments
        Prepared for its criteria.
    pooled : Sites
        The candidates.

    Returns
    -------
    table : PerformanceTable
    scores : Scores
    """
    table = read(instruments, pooled.places)
    return table, score(table, question.criteria, kinds=pooled.places.kinds.tolist())


def _remarks(question: Question, scores: Scores) -> list[str]:
    remarks = []
    superseded = [c.id for c in question.criteria.constraints if c.status == "superseded"]
    if superseded:
        remarks.append(
            "the distances of 1378 are superseded and stand in for the annex of 1390, which is not"
            f" at hand: {', '.join(superseded)}"
        )
    n = int(((scores.rank == 0) & (scores.verdict != EXCLUDED)).sum())
    if n:
        remarks.append(f"{n} candidates have too little data for a rank")
    return remarks


def inputs_of(question: Question) -> tuple[str, ...]:
    """Files of the catalogue that a question reads."""
    names = [n for _, measure in measures_of(question.criteria) for n in layers_of(measure)]
    names += [*CONTEXT, "rules"]
    return tuple(sorted({question.catalog.source(name).file for name in names}))


def verdict_shares(result: Result) -> dict[str, dict[str, float]]:
    """Share of area and of sites in each verdict.

    Returns
    -------
    dict
        ``area`` and ``sites``, each with ``eligible, undetermined, excluded`` that sum to 1.
    """
    cells = result.surface.verdict[result.surface.verdict != OUTSIDE]
    names = ("eligible", "undetermined", "excluded")
    parts = {"area": cells, "sites": result.scores.verdict}
    return {
        what: {name: float(np.mean(codes == i)) for i, name in enumerate(names)}
        for what, codes in parts.items()
    }
