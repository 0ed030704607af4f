"""The value chain as plain data for the page: who feeds whom, and what is still sold raw."""

from collections.abc import Iterator
from typing import Any

import geopandas as gpd
import numpy as np

from siteselect.declared.sources import Titles
from siteselect.plan import chain_words
from siteselect.plan.allocation import OUTSIDE, Allocation
from siteselect.plan.openings import Opening
from siteselect.present.maps.layers import number, titles
from siteselect.study.result import ChainPlan, Result
from siteselect.world.catalog import WGS84

KT_Y, KM = 2, 1


def flows(result: Result) -> dict[str, Any] | None:
    """The value chain of a result for the page.

    Parameters
    ----------
    result : Result

    Returns
    -------
    dict or None
        ``materials`` and ``sources`` by number; ``flows`` as rows of material, origin (a source,
        or a site written as -1 less its place in the pool), site, kt/y, km, mode and USD/t;
        ``outside`` as rows of material, site and kt/y; ``balance`` of what is drawn; ``told`` in
        sentences; ``openings`` as rows of material, site, calm (0 calm, 1 medium, 2 not known, 3
        wild), how often the least plant could be fed, utilities within reach, how many there are,
        and 1 if recalled; ``idle`` as rows of site, material and t/y. None if there are no typed
        parks.
    """
    plan = result.chain
    if plan is None or plan.allocation is None:
        return None
    found = plan.allocation
    place = {str(name): i for i, name in enumerate(result.pool.frame["id"])}
    materials = {name: i for i, name in enumerate(sorted(_materials(plan, found)))}
    sources = {name: i for i, name in enumerate(sorted(_origins(found, place)))}
    return {
        "materials": [titles(plan.chain.materials[name].titles) for name in materials],
        "sources": list(_sources(plan, tuple(sources), result)),
        "flows": [
            [materials[f.material], sources.get(f.origin, -1 - place.get(f.origin, 0)),
             place[f.destination], number(f.kt_y, KT_Y), number(f.km, KM), f.mode,
             number(f.usd_t, 1)]
            for f in found.flows
            if f.origin != OUTSIDE
        ],
        "outside": [[materials[m], place[p], number(kt_y, KT_Y)] for m, p, kt_y in _bought(found)],
        "balance": [_balance(materials[name], found, name) for name in _drawn(found)],
        "haulage": number(found.haulage_musd, 1),
        "told": _told(result, plan, found),
        "openings": [
            [materials[item.product], place[item.place], *_factors(item)] for item in plan.openings
        ],
        "idle": [
            [place[entry.estate], materials[entry.product], number(entry.revivable, 0)]
            for entry in (plan.diagnosis.idle if plan.diagnosis else ())
            if entry.estate in place
        ],
        "synthetic": bool(plan.diagnosis and plan.diagnosis.synthetic),
    }  # fmt: skip


def _materials(plan: ChainPlan, found: Allocation) -> set[str]:
    idle = plan.diagnosis.idle if plan.diagnosis else ()
    traded = {f.material for f in found.flows} | {m for p in found.parks for m in p.takes}
    return traded | {item.product for item in plan.openings} | {entry.product for entry in idle}


def _factors(item: Opening) -> tuple[object, ...]:
    value = {factor.name: factor.value for factor in item.factors}
    near = [factor.value for factor in item.factors if factor.name.startswith("utility ")]
    return (number(value["price"], 0), number(value["feedstock"], 1), int(sum(near)), len(near),
            int(item.recalled))  # fmt: skip


def _origins(found: Allocation, place: dict[str, int]) -> set[str]:
    return {f.origin for f in found.flows if f.origin != OUTSIDE and f.origin not in place}


def _bought(found: Allocation) -> Iterator[tuple[str, str, float]]:
    traded = {flow.material for flow in found.flows}
    for flow in found.flows:
        if flow.origin == OUTSIDE:
            yield flow.material, flow.destination, flow.kt_y
    for park in found.parks:
        for material, kt_y in park.takes.items():
            if material not in traded:
                yield material, park.id, kt_y


def _drawn(found: Allocation) -> list[str]:
    drawn = {name: b for name, b in found.balances.items() if b.used > 0}
    return sorted(drawn, key=lambda name: (-drawn[name].used, name))


def _balance(material: int, found: Allocation, name: str) -> dict[str, Any]:
    b = found.balances[name]
    figures = {"available": b.available, "own": b.captive, "bought": b.bought, "parks": b.used,
               "raw": b.raw, "without": b.left}  # fmt: skip
    told = {key: number(kt_y, KT_Y) for key, kt_y in figures.items()}
    return {"material": material, **told, "recalled": b.recalled}


def _sources(plan: ChainPlan, names: tuple[str, ...], result: Result) -> Iterator[dict[str, Any]]:
    known = {s.source: s for s in plan.market.supplies}
    at = np.array([[known[n].easting, known[n].northing] for n in names]).reshape(-1, 2)
    points = gpd.GeoSeries.from_xy(at[:, 0], at[:, 1], crs=result.pool.frame.crs).to_crs(WGS84)
    for name, point in zip(names, points, strict=True):
        both = Titles(en=known[name].name_en, fa=known[name].name_fa or known[name].name_en)
        yield {"id": name, **titles(both), "at": [number(point.x, 4), number(point.y, 4)]}


def _told(result: Result, plan: ChainPlan, found: Allocation) -> list[dict[str, str]]:
    frame = result.pool.frame
    names = {
        str(name): Titles(en=en, fa=fa or en)
        for name, en, fa in zip(frame["id"], frame["name_en"], frame["name_fa"], strict=True)
    } | {name: made.titles for name, made in plan.criteria.items()}
    both = (
        chain_words.sentences(found, plan.chain, names, language=lang, balances=False)
        for lang in ("en", "fa")
    )
    return [{"en": en, "fa": fa} for en, fa in zip(*both, strict=True)]
