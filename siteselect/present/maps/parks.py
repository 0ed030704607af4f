"""The chosen parks as plain data for the page: sites by their place in the pool."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from siteselect.base.text import fold
from siteselect.plan.portfolio import Importance, LeftOut, Portfolio
from siteselect.present.maps.layers import number, titles
from siteselect.study.result import Result

DIGITS = 6
# Below this a gap is rounding of the solver.
PROVEN_GAP = 1e-6


def parks(result: Result) -> dict[str, Any] | None:
    """The portfolio of a result for the page.

    Parameters
    ----------
    result : Result

    Returns
    -------
    dict or None
        Figures of the set, ``picks`` by park type, ``sets`` (near-equal ones), ``swaps`` (one a
        pick), ``left_out``, ``curve``, ``prices``, ``notes`` and ``inquiries``; None if nothing
        was chosen.
    """
    found = result.portfolio
    if found is None:
        return None
    place = {str(name): i for i, name in enumerate(result.pool.frame["id"])}
    return {
        **_figures(found),
        "types": _types(result, found),
        "picks": [
            {"site": place[p.id], "type": p.park_type, "rung": p.rung,
             "score": number(p.score, DIGITS)}
            for p in found.picks
        ],
        "sets": [
            {
                "sites": _places(a.ids, place),
                "types": list(a.park_types),
                "loss": number(a.loss, DIGITS),
                "joins": _places(a.joins, place),
                "leaves": _places(a.leaves, place),
            }
            for a in found.alternatives
        ],
        "swaps": [_swap(item, place) for item in found.importance],
        "left_out": [{"site": place[o.id], **_swap(o, place)} for o in found.left_out],
        "curve": [
            [s.existing, s.extensions, s.greenfield, number(s.total, DIGITS),
             number(s.break_even, DIGITS)]
            for s in found.curve
        ],
        "prices": [{**titles(p.titles), "cost": number(p.cost, DIGITS)} for p in found.prices],
        "notes": [titles(note) for note in found.notes],
        "inquiries": _inquiries(found, place),
    }  # fmt: skip


def _figures(found: Portfolio) -> dict[str, Any]:
    rungs = [pick.rung for pick in found.picks]
    names = ("total", "burden", "best_total", "price", "tolerance", "gap")
    robust = found.robust
    return {
        **{name: number(getattr(found, name), DIGITS) for name in names},
        "proven": bool(found.gap <= PROVEN_GAP),
        "existing": rungs.count("fill") + rungs.count("revive"),
        "extensions": rungs.count("extend"),
        "greenfield": rungs.count("greenfield"),
        "robust": None
        if robust is None
        else {
            name: number(getattr(robust, name), DIGITS)
            for name in ("expected", "worst", "regret_mean", "regret_max")
        },
    }


def _types(result: Result, found: Portfolio) -> list[dict[str, str]]:
    """Park types that are chosen, in the order of the programme, with their titles if known."""
    plan = result.chain
    typed = {} if plan is None else {n: titles(c.titles) for n, c in plan.criteria.items()}
    known = {result.criteria.id: titles(result.criteria.titles), **typed}
    chosen = dict.fromkeys(pick.park_type for pick in found.picks)
    ids = sorted(chosen, key=list(known).index) if set(chosen) <= set(known) else chosen
    return [{"id": name, **known.get(name, {"en": name, "fa": name})} for name in ids]


def _places(ids: Iterable[str], place: dict[str, int]) -> list[int]:
    return [place[name] for name in ids]


def _swap(item: Importance | LeftOut, place: dict[str, int]) -> dict[str, Any]:
    return {
        # Without the site the rules, or only the policy as far as it goes, cannot be kept.
        "policy": item.by_policy,
        "loss": None if np.isinf(item.loss) else number(item.loss, DIGITS),
        "joins": _places(item.joins, place),
        "leaves": _places(item.leaves, place),
    }


def _inquiries(found: Portfolio, place: dict[str, int]) -> list[dict[str, Any]]:
    """One entry a question, with the chosen sites that must put it."""
    asked: dict[str, dict[str, Any]] = {}
    for name, question in found.inquiries:
        entry = asked.setdefault(fold(question.en), {**titles(question), "sites": []})
        entry["sites"].append(place[name])
    return list(asked.values())
