"""The chain of a study: what the region supplies, and parks with their types and feedstock."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
from pyproj import CRS

from siteselect.base import files, kept
from siteselect.base.errors import DataError, Fault
from siteselect.base.text import nearest
from siteselect.decide.score import EXCLUDED, Scores, score
from siteselect.decide.table import Floats, PerformanceTable
from siteselect.decide.values import value
from siteselect.declared.chain import Chain, bundled_rules, chain_of
from siteselect.declared.criteria import CriteriaSet, Criterion
from siteselect.declared.programme import Programme
from siteselect.declared.sources import Titles
from siteselect.declared.study import Study
from siteselect.measure.measure import Instruments, prepare, read, read_each
from siteselect.plan import value_chain
from siteselect.plan.allocation import Allocation, allocate
from siteselect.plan.chain_flows import Market, Supply, market
from siteselect.plan.openings import Opening, Spots, openings
from siteselect.plan.policy import EXISTING, candidates_of
from siteselect.plan.units import Diagnosis, diagnose, read_units
from siteselect.study import gate
from siteselect.study.parks import score_draws, within
from siteselect.study.question import Question
from siteselect.study.result import ChainPlan
from siteselect.study.robustness import made_by
from siteselect.world import sites
from siteselect.world.catalog import WGS84, Catalog
from siteselect.world.places import Sites

TABLES = ("value_chain", "materials", "prices")
ACCESS = ("ports", "rail_nodes")
# Criteria whose readings are distances to what a plant needs besides feedstock.
UTILITIES = ("gas_line", "power", "fresh_water")
_REACHED = 0.5


@dataclass(frozen=True, slots=True)
class Region:
    """The region's chain: how it is counted, what it supplies, and where ways begin and end.

    Parameters
    ----------
    chain : Chain
        Materials, processes, prices and rules.
    market : Market
        Sources and what is left of them; positions in metres.
    access : mapping of str to numpy.ndarray, shape (p, 2)
        Points of each layer that a mode of haulage needs near both ends, metres.
    """

    chain: Chain
    market: Market
    access: Mapping[str, Floats]


def region(catalog: Catalog, crs: CRS, *, without: tuple[str, ...] = ()) -> Region:
    """The region's chain as the catalogue and the declared rules have it.

    Parameters
    ----------
    catalog : Catalog
        For the tables of the chain, sources, ports and rail nodes.
    crs : pyproj.CRS
        Analysis CRS.
    without : tuple of str
        Sources to leave out, by id or by its beginning, such as ``GR-SP``: what if it stopped?

    Returns
    -------
    Region

    Raises
    ------
    DataError
        If a table has a fault, or no source is named so.
    """
    rows = {name: catalog.table(name).to_dict("records") for name in TABLES}
    chain = chain_of(bundled_rules(), **{name: _rows(table) for name, table in rows.items()})
    sources = catalog.features("feedstock", crs)
    sources = sources.assign(easting=sources.geometry.x, northing=sources.geometry.y)
    ids = sources["id"].astype(str).tolist()
    faults = [
        Fault(
            f"no source of feedstock is named {name or 'nothing'}{nearest(name, ids)}",
            field="without",
        )
        for name in without
        if not name or not any(known.startswith(name) for known in ids)
    ]
    if faults:
        raise DataError(faults)
    kept = sources[[not name.startswith(without) for name in ids]] if without else sources
    table = pd.DataFrame(kept.drop(columns="geometry")).to_dict("records")
    return Region(chain, market(chain, _rows(table)), {n: _points(catalog, n, crs) for n in ACCESS})


def _rows(records: list[dict[object, object]]) -> list[dict[str, object]]:
    return [{str(key): cell for key, cell in record.items()} for record in records]


def _points(catalog: Catalog, name: str, crs: CRS) -> Floats:
    layer = catalog.features(name, crs)
    running = layer[layer["status"] == "operating"].geometry
    return np.column_stack([running.x, running.y])


def register(path: Path, catalog: Catalog, chain: Chain) -> Diagnosis:
    """What ails the downstream units of a register.

    Parameters
    ----------
    path : pathlib.Path
        CSV, TSV or XLSX in the layout of ``unit_register_layout``.
    catalog : Catalog
        For the layout, the estates and the sources that the register may name.
    chain : Chain
        For the materials and processes that it may name.

    Returns
    -------
    Diagnosis

    Raises
    ------
    DataError
        Every fault, with row and field.
    """
    known = {
        "estates": catalog.table("estates")["id"].astype(str).tolist(),
        "sources": catalog.table("feedstock")["id"].astype(str).tolist(),
        "materials": list(chain.materials),
        "processes": list(chain.processes),
    }
    layout = _rows(catalog.table("unit_register_layout").to_dict("records"))
    return diagnose(read_units(path, layout, known, processes=chain.processes))


def write_layout(catalog: Catalog, path: Path) -> None:
    """An empty register to fill: headings in Persian, one a field of the layout.

    Parameters
    ----------
    catalog : Catalog
        For the layout.
    path : pathlib.Path
        A CSV file that does not exist yet.

    Raises
    ------
    DataError
        If the file is there already, or cannot be written.
    """
    gate.refuse_there(path)
    layout = catalog.table("unit_register_layout").sort_values("order")
    files.write_text(path, "\ufeff" + ",".join(layout["label_fa"]) + "\n")


def write_example(path: Path) -> None:
    """A register to try: eight units that do not exist, each of which says so.

    Parameters
    ----------
    path : pathlib.Path
        A CSV file that does not exist yet.

    Raises
    ------
    DataError
        If the file is there already, or cannot be written.
    """
    gate.refuse_there(path)
    example = files.home() / "criteria" / "chain" / "units_synthetic.csv"
    files.write_text(path, example.read_text("utf-8"))


@dataclass(frozen=True, slots=True)
class Typed:
    """One pool judged by the criteria of every park type.

    Parameters
    ----------
    criteria : mapping of str to CriteriaSet
    tables : mapping of str to PerformanceTable
    scores : mapping of str to Scores
        By park type, in the order of the pool.
    """

    criteria: Mapping[str, CriteriaSet]
    tables: Mapping[str, PerformanceTable]
    scores: Mapping[str, Scores]


def judge(
    types: tuple[CriteriaSet, ...], pool: Sites, catalog: Catalog, *, instruments: Instruments,
    settled: tuple[tuple[str, str, str], ...] = (),
) -> Typed:  # fmt: skip
    """Every site by every park type: one pool, one law.

    Parameters
    ----------
    types : tuple of CriteriaSet
    pool : Sites
    catalog : Catalog
    instruments : Instruments
        Prepared for the study's own criteria; what a type asks the same is not prepared again.
    settled : tuple of (str, str, str)
        What authorities have answered, as in `PerformanceTable`.

    Returns
    -------
    Typed
    """
    made = [instruments]
    for criteria in types:
        made.append(prepare(criteria, catalog, instruments.crs, like=made[-1]))
    sets = {criteria.id: criteria for criteria in types}
    tables = {
        name: replace(table, settled=settled)
        for name, table in zip(sets, read_each(made[1:], pool.places), strict=True)
    }
    kinds = pool.places.kinds.tolist()
    scores = {name: score(tables[name], sets[name], kinds=kinds) for name in sets}
    return Typed(sets, tables, scores)


def parks_of(
    programme: Programme, pool: Sites, study: Study, *, typed: Typed, region: Region,
    idle: frozenset[str] = frozenset(),
) -> Allocation:  # fmt: skip
    """The parks of a programme with their types, fed from the region.

    Parameters
    ----------
    programme : Programme
        How many parks of which types; rules of provinces that the study leaves out are not asked.
    pool : Sites
        The candidates.
    study : Study
        Declares what is in doubt, and the seed; without `trust` nothing is drawn.
    typed : Typed
        What each park type makes of the pool.
    region : Region
        Who feeds them.
    idle : frozenset of str
        Estates that are known to have capacity that could be revived.

    Returns
    -------
    Allocation

    Raises
    ------
    NoSolution
        If no choice keeps all rules; a material that is short is named.
    """
    titled = {
        name: quota.model_copy(update={"titles": quota.titles or typed.criteria[name].titles})
        for name, quota in programme.park_types.items()
    }
    asked = within(programme, study).model_copy(update={"park_types": titled})
    candidates = candidates_of(
        pool, typed.scores, idle=idle, needs={n: c.needs for n, c in typed.criteria.items()}
    )
    drawn = () if study.trust is None else (study.trust, study.seed, typed)

    def make() -> Allocation:
        return allocate(
            candidates,
            asked,
            region.chain,
            market=region.market,
            access=region.access,
            draws=_draws(study, typed),
        )

    return kept.value(Allocation, (*made_by(), asked, candidates, region, *drawn), make)


def _draws(study: Study, typed: Typed) -> Floats | None:
    """Draws of the scores of every type; None if the study does not ask."""
    if study.trust is None:
        return None
    each = [
        score_draws(study, typed.criteria[name], typed.tables[name], scores=scores)
        for name, scores in typed.scores.items()
    ]
    return np.stack(each, axis=-1)


def remarks(diagnosis: Diagnosis | None) -> list[Titles]:
    """What must be known of the register of downstream units."""
    if diagnosis is None:
        return [
            Titles(
                en="there is no register of downstream units: none is known to stand idle",
                fa="فهرستی از واحدهای پایین‌دستی در دست نیست: واحد راکدی شناخته نشده است",
            )
        ]
    if diagnosis.synthetic:
        return [
            Titles(
                en="the register of units is synthetic: an example, no fact",
                fa="فهرست واحدها ساختگی است: نمونه است، نه واقعیت",
            )
        ]
    return []


def as_data(plan: ChainPlan) -> dict[str, Any]:
    """The parks, their feedstock and the balance as plain data; None stands for unknown.

    Parameters
    ----------
    plan : ChainPlan

    Returns
    -------
    dict
        ``supplies`` (kt/y that is left to draw, by source and material), and if parks were chosen
        ``parks``, ``flows``, ``balance``, ``bought_in_kt_y``, ``haulage_musd``, ``closure_kt_y``
        and ``unfed``.
    """
    supplies: dict[str, dict[str, float]] = {}
    for supply in plan.market.supplies:
        supplies.setdefault(supply.source, {})[supply.material] = supply.left
    found = plan.allocation
    if found is None:
        return {"supplies": supplies, "parks": None}
    return {
        "supplies": supplies,
        "parks": {
            park.id: {
                "park_type": park.park_type,
                "takes_kt_y": dict(park.takes),
                "gives_kt_y": dict(park.gives),
            }
            for park in found.parks
        },
        "flows": [
            {**asdict(flow), "km": flow.km if np.isfinite(flow.km) else None}
            for flow in found.flows
        ],
        "balance": {
            name: asdict(balance)
            for name, balance in found.balances.items()
            if balance.nominal > 0 or balance.short > 0
        },
        "bought_in_kt_y": dict(found.bought_in),
        "haulage_musd": found.haulage_musd,
        "closure_kt_y": found.closure,
        "unfed": {name: list(materials) for name, materials in found.unfed.items()},
    }


def balance_data(region: Region) -> dict[str, Any]:
    """The region's balance of materials without a programme, most available first.

    Parameters
    ----------
    region : Region

    Returns
    -------
    dict
        ``balance`` by material, kt/y; ``no_figure``: what is listed without a capacity; and
        ``sankey``: nodes and links to draw the balance by.
    """
    found = {n: b for n, b in region.market.balances.items() if b.nominal > 0 or b.short > 0}
    order = sorted(found, key=lambda name: (-found[name].available, name))
    return {
        "balance": {name: asdict(found[name]) for name in order},
        "no_figure": [f"{source}: {product}" for source, product in region.market.unknown],
        "sankey": asdict(value_chain.sankey(found, order, takes={})),
    }


def made_data(
    region: Region, material: str, *, crs: CRS, at: tuple[float, float] | None, radius_km: float
) -> dict[str, Any]:
    """What can be made of a material, from what is left of it in the region or near a point.

    Parameters
    ----------
    region : Region
    material : str
    crs : pyproj.CRS
        That of the region.
    at : tuple of (float, float) or None
        Longitude and latitude, degrees; None for the whole region.
    radius_km : float
        How near, straight.

    Returns
    -------
    dict
        ``left_kt_y``, ``sources`` (nearest first; of the whole region the largest first) with the
        dated share of capacity that each is counted with, and ``made``.

    Raises
    ------
    DataError
        If no material is named so.
    """
    refuse_unknown(region.chain, [material])
    balance = region.market.balances.get(material)
    left = balance.left if balance else 0.0
    supplies = tuple(
        sorted(
            (s for s in region.market.supplies if s.material == material),
            key=lambda s: (-s.left, s.source),
        )
    )
    if at is not None:
        point = gpd.GeoSeries.from_xy([at[0]], [at[1]], crs=WGS84).to_crs(crs)
        left, supplies = value_chain.within(
            region.market,
            material,
            easting=float(point.x.iloc[0]),
            northing=float(point.y.iloc[0]),
            radius_km=radius_km,
        )
    made = value_chain.made_from(region.chain, material, region.market, at_hand_kt_y=left)
    return {
        "material": material,
        "left_kt_y": left,
        "sources": [_supply_data(region.chain, supply) for supply in supplies],
        "made": [asdict(item) for item in made],
    }


def _supply_data(chain: Chain, supply: Supply) -> dict[str, Any]:
    entry = chain.rules.available(supply.source, supply.material)
    place = {
        name: metres if np.isfinite(metres) else None
        for name, metres in (("easting", supply.easting), ("northing", supply.northing))
    }
    known = {"share": entry.share, "share_range": list(entry.range), "as_of": entry.as_of}
    return {**asdict(supply), **place, **known}


def uses_data(region: Region) -> dict[str, Any]:
    """What running plants take of each feedstock, greatest first: recalled, or a range.

    Parameters
    ----------
    region : Region

    Returns
    -------
    dict
        ``uses``: plant, product, material, processes that it may be, and kt/y from least to most.
    """
    order = sorted(region.market.uses, key=lambda u: (u.material, -u.high_kt_y, u.source))
    return {"uses": [{**asdict(use), "recalled": True} for use in order]}


def route_data(
    region: Region, start: str, end: str, *, by: Literal["steps", "yield"]
) -> dict[str, Any]:
    """The shortest way from a material to a product.

    Parameters
    ----------
    region : Region
    start, end : str
        Materials.
    by : {"steps", "yield"}
        Fewest processes, or least of the material a tonne.

    Returns
    -------
    dict
        ``processes``: id, titles, main product and whether its factors are recalled; none if there
        is no way.

    Raises
    ------
    DataError
        If no material is named so.
    """
    refuse_unknown(region.chain, [start, end])
    steps = value_chain.route(region.chain, start, end, by=by)
    done = [region.chain.processes[step] for step in steps]
    return {
        "from": start,
        "to": end,
        "by": by,
        "processes": [
            {
                "id": p.id,
                "title_en": p.titles.en,
                "title_fa": p.titles.fa,
                "main": p.main,
                "recalled": p.source_kind != "found",
            }
            for p in done
        ],
    }


def missing_data(region: Region) -> dict[str, Any]:
    """Products that nobody in the region makes, and inputs that nothing in it supplies.

    Parameters
    ----------
    region : Region

    Returns
    -------
    dict
        ``not_produced``, and ``bought_in`` with the processes that want each.
    """
    outside = value_chain.bought_in(region.chain, region.market)
    return {
        "not_produced": list(value_chain.not_produced(region.chain, region.market)),
        "bought_in": {name: list(users) for name, users in outside},
    }


def value_data(region: Region) -> dict[str, Any]:
    """What each process adds, USD a tonne of its main product: best first, unknown last.

    Parameters
    ----------
    region : Region

    Returns
    -------
    dict
        ``added_value``; None stands where an input or the product has no quote.
    """
    chain = region.chain
    found = [value_chain.added_value(chain, process) for process in chain.processes.values()]
    found.sort(key=lambda a: (a.low is None, -((a.low or 0.0) + (a.high or 0.0)), a.process))
    return {"added_value": [asdict(item) for item in found]}


def refuse_unknown(chain: Chain, materials: Iterable[str]) -> None:
    """Refuse names that are no material of the chain.

    Parameters
    ----------
    chain : Chain
    materials : iterable of str

    Raises
    ------
    DataError
        Naming each, with the nearest that there is.
    """
    faults = [
        Fault(f"no material is named {name}{nearest(name, chain.materials)}", field="material")
        for name in materials
        if name not in chain.materials
    ]
    if faults:
        raise DataError(faults)


def openings_of(
    question: Question, region: Region, *, diagnosis: Diagnosis | None, radius_km: float
) -> tuple[tuple[Opening, ...], Sites]:
    """Products that the region lacks, and the existing sites where they could be made.

    Parameters
    ----------
    question : Question
        For its estates and zones, its criteria and its catalogue.
    region : Region
        What there is to make them of.
    diagnosis : Diagnosis or None
        Idle units, which come first.
    radius_km : float
        How far feedstock may be.

    Returns
    -------
    openings : tuple of Opening
        Best first; none at a site that is excluded.
    sites : Sites
        The places that were asked.

    Raises
    ------
    DataError
        If the study names no existing sites.
    """
    study = question.study
    if study.existing is None:
        raise DataError("the study names no existing estates, so there is no place to ask about")
    frame = sites.existing(question.catalog, study.existing, study, crs=question.crs)
    pool = sites.pool([frame], study.cell_m, question.landmasses)
    table = read(prepare(question.criteria, question.catalog, question.crs), pool.places)
    table = replace(table, settled=question.settled)
    scores = score(table, question.criteria, kinds=pool.places.kinds.tolist())
    found = openings_at(
        region, pool, question.criteria, readings=(table, scores), diagnosis=diagnosis,
        radius_km=radius_km,
    )  # fmt: skip
    return found, pool


def openings_at(
    region: Region,
    pool: Sites,
    criteria: CriteriaSet,
    *,
    readings: tuple[PerformanceTable, Scores],
    diagnosis: Diagnosis | None,
    radius_km: float,
) -> tuple[Opening, ...]:
    """Openings at the existing sites of a pool that has been measured.

    Parameters
    ----------
    region : Region
        What there is to make them of.
    pool : Sites
    criteria : CriteriaSet
    readings : (PerformanceTable, Scores)
        What was read of the pool by the criteria, and what they make of it.
    diagnosis : Diagnosis or None
        Idle units, which come first.
    radius_km : float
        How far feedstock may be.

    Returns
    -------
    tuple of Opening
        Best first; none at a site that is excluded.

    Notes
    -----
    A utility is within reach where its criterion gives at least half of its value: no distance is
    declared twice.
    """
    table, scores = readings
    standing = pool.frame["kind"].isin(EXISTING).to_numpy()
    open_to = np.flatnonzero((scores.verdict != EXCLUDED) & standing)
    asked = {c.id: c for c in criteria.criteria if c.id in UTILITIES and c.unit == "km"}
    points = pool.frame.geometry.representative_point()
    spots = Spots(
        ids=tuple(pool.frame["id"].astype(str).iloc[open_to]),
        easting=points.x.to_numpy()[open_to],
        northing=points.y.to_numpy()[open_to],
        utilities={name: table.values[open_to, table.column_ids.index(name)] for name in asked},
        reach_km={name: _reach_km(criterion) for name, criterion in asked.items()},
        source="layers of the criteria " + ", ".join(asked),
    )
    return openings(region.chain, region.market, spots, radius_km=radius_km, diagnosis=diagnosis)


def _reach_km(criterion: Criterion) -> float:
    """The farthest distance at which a criterion still gives half of its value."""
    far = np.linspace(0.0, criterion.knots[-1][0], 1001)
    good = far[value(far, criterion.knots) >= _REACHED]
    return float(round(good[-1], 1)) if len(good) else 0.0
