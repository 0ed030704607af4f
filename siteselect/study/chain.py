"""The chain of a study: what the region supplies, and parks with their types and feedstock."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pyproj import CRS

from siteselect.base.errors import DataError, Fault
from siteselect.base.text import nearest
from siteselect.decide.score import Scores, score
from siteselect.decide.table import Floats, PerformanceTable
from siteselect.declared.chain import Chain, bundled_rules, chain_of
from siteselect.declared.criteria import CriteriaSet
from siteselect.declared.programme import Programme
from siteselect.declared.sources import Titles
from siteselect.declared.study import Study
from siteselect.measure.measure import Instruments, prepare, read
from siteselect.plan.allocation import Allocation, allocate
from siteselect.plan.chain_flows import Market, market
from siteselect.plan.policy import candidates_of
from siteselect.plan.units import Diagnosis, diagnose, read_units
from siteselect.study.parks import score_draws, within
from siteselect.study.result import ChainPlan
from siteselect.world.catalog import Catalog
from siteselect.world.places import Sites

TABLES = ("value_chain", "materials", "prices")
ACCESS = ("ports", "rail_nodes")


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
        Fault(f"no source of feedstock is named {name}{nearest(name, ids)}", field="without")
        for name in without
        if not any(known.startswith(name) for known in ids)
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
    return diagnose(read_units(path, layout, known))


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
    types: tuple[CriteriaSet, ...], pool: Sites, catalog: Catalog, *, instruments: Instruments
) -> Typed:
    """Every site by every park type: one pool, one law.

    Parameters
    ----------
    types : tuple of CriteriaSet
    pool : Sites
    catalog : Catalog
    instruments : Instruments
        Prepared for the study's own criteria; what a type asks the same is not prepared again.

    Returns
    -------
    Typed
    """
    kinds = pool.places.kinds.tolist()
    tables, scores, made = {}, {}, instruments
    for criteria in types:
        made = prepare(criteria, catalog, instruments.crs, like=made)
        tables[criteria.id] = read(made, pool.places)
        scores[criteria.id] = score(tables[criteria.id], criteria, kinds=kinds)
    return Typed({criteria.id: criteria for criteria in types}, tables, scores)


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
    draws = None
    if study.trust is not None:
        each = [
            score_draws(study, typed.criteria[name], typed.tables[name], scores=scores)
            for name, scores in typed.scores.items()
        ]
        draws = np.stack(each, axis=-1)
    titled = {
        name: quota.model_copy(update={"titles": quota.titles or typed.criteria[name].titles})
        for name, quota in programme.park_types.items()
    }
    asked = within(programme, study).model_copy(update={"park_types": titled})
    return allocate(
        candidates_of(pool, typed.scores, idle=idle),
        asked,
        region.chain,
        market=region.market,
        access=region.access,
        draws=draws,
    )


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
            name: asdict(balance) for name, balance in found.balances.items() if balance.nominal > 0
        },
        "bought_in_kt_y": dict(found.bought_in),
        "haulage_musd": found.haulage_musd,
        "closure_kt_y": found.closure,
        "unfed": {name: list(materials) for name, materials in found.unfed.items()},
    }
