"""Small pools, random programmes, and what trying every set says of them."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from siteselect.declared.programme import Programme
from siteselect.plan.portfolio import Candidates

KINDS = ("estate", "special_zone", "extension", "greenfield", "proposed")
PROVINCES = ("IR-06", "IR-18", "IR-22")
BUDGETS = ("area_ha", "water_m3_d", "power_mw", "capital_meur")


def programme(k: int, **changes: Any) -> Programme:
    """A programme from plain data, as a file would give it."""
    data = {"id": "toy", "titles": {"en": "Toy", "fa": "آزمون"}, "k": k} | changes
    return Programme.model_validate_json(json.dumps(data))


def pool(n: int, seed: int, *, types: int = 1) -> Candidates:
    """Sites strewn over 100 km, two of them at one town's point, with all that can be known."""
    rng = np.random.default_rng(seed)
    kind = rng.choice(KINDS, n, p=[0.35, 0.15, 0.15, 0.25, 0.1])
    east, north = rng.uniform(0, 100e3, n), rng.uniform(0, 60e3, n)
    east[1], north[1] = east[0], north[0]
    unknown = rng.random((4, n)) < 0.25
    use = np.where(unknown, np.nan, rng.uniform(50, 400, (4, n)))
    score = rng.uniform(0.1, 1, (n, types)).round(2)
    score[rng.random((n, types)) < 0.05] = np.nan
    return Candidates(
        ids=rng.permutation([f"S-{i:02d}" for i in range(n)]),
        score=score if types > 1 else score[:, 0],
        verdict=rng.choice([0, 1, 2], n, p=[0.5, 0.4, 0.1]),
        province=rng.choice(PROVINCES, n),
        kind=kind,
        easting=east,
        northing=north,
        accuracy_km=rng.choice([0.0, 3.0, 15.0], n),
        park_types=tuple(f"type_{i}" for i in range(types)),
        ranked=rng.random(n) > 0.05,
        area_ha=use[0],
        water_m3_d=use[1],
        power_mw=use[2],
        capital_meur=use[3],
        free_ha=np.where(rng.random(n) < 0.6, np.nan, rng.uniform(0, 200, n)),
        idle=rng.random(n) < 0.3,
        overlaps=(("S-00", "S-01"),),
    )


def random_programme(sites: Candidates, seed: int) -> Programme:
    """A programme in which each kind of rule appears about half of the time."""
    rng = np.random.default_rng(seed + 10_000)
    k = int(rng.integers(2, 5))
    ids = [str(name) for name in rng.permutation(sites.ids)]

    def maybe(value: Any, none: Any) -> Any:
        return value if rng.random() < 0.5 else none

    def quotas(codes: tuple[str, ...]) -> dict[str, Any]:
        return {
            code: {"at_least": int(rng.integers(0, 2)), "at_most": int(rng.integers(1, 4))}
            for code in codes
            if rng.random() < 0.5
        }

    budgets = {
        name: {"at_most": float(rng.uniform(150, 350) * k)}
        | maybe({"if_unknown": float(rng.uniform(0, 300))}, {})
        for name in BUDGETS
        if rng.random() < 0.4
    }
    policy = str(rng.choice(["allowed", "priced", "forbidden"], p=[0.5, 0.35, 0.15]))
    spacing = {
        "at_least_km": float(rng.choice([5.0, 12.0, 25.0])),
        "judged": str(rng.choice(["nominal", "certain", "possible"])),
    }
    return programme(
        k,
        provinces=quotas(PROVINCES),
        park_types=quotas(sites.park_types) if len(sites.park_types) > 1 else {},
        spacing=maybe(spacing, None),
        budgets=budgets,
        locked_in=maybe(ids[:1], []),
        locked_out=maybe(ids[1:2], []),
        undetermined={"policy": policy, "price": 0.07 if policy == "priced" else 0.0},
        existing_first=maybe(
            {"tolerance_loss": float(rng.choice([0.0, 0.05, 0.2])), "least_free_ha": 50.0}, None
        ),
        alternatives={"gap": 0.1, "at_most": 10},
    )


@dataclass(frozen=True, slots=True)
class Sets:
    """Every set of k options that keeps the rules: members (c, k) and worth (c,)."""

    members: np.ndarray
    total: np.ndarray
    site: np.ndarray
    greenfield: np.ndarray
    lower: np.ndarray

    def where(self, keep: np.ndarray) -> "Sets":
        """Some of them."""
        return Sets(
            self.members[keep], self.total[keep], self.site, self.greenfield[keep], self.lower[keep]
        )

    def names(self, sites: Candidates) -> list[frozenset[str]]:
        """The sites of each set."""
        return [frozenset(sites.ids[self.site[row]].tolist()) for row in self.members]

    def under_policy(self, tolerance: float | None) -> "Sets":
        """Those on no lower a rung than the tolerated loss asks for."""
        if tolerance is None:
            return self
        best = self.total.max()
        kept = self.where(self.total >= best - tolerance * abs(best) - 1e-9)
        green = kept.greenfield.min()
        lower = kept.lower[kept.greenfield <= green].min()
        return self.where((self.greenfield <= green) & (self.lower <= lower))


def all_sets(sites: Candidates, asked: Programme, *, values: np.ndarray | None = None) -> Sets:
    """Try every set; `values` (n, t) stands for the scores if given."""
    n, t = len(sites.ids), len(sites.park_types)
    score = sites.score.reshape(n, t)
    pairs = [
        (i, j)
        for i in range(n)
        for j in range(t)
        if sites.verdict[i] < 2 and sites.ranked[i] and np.isfinite(score[i, j])
    ]
    site, park = np.array(pairs).T if pairs else np.zeros((2, 0), dtype=int)
    members = np.array(list(combinations(range(len(pairs)), asked.k)), dtype=int)
    members = members.reshape(-1, asked.k)
    doubt = sites.verdict[site] == 1
    worth = (score if values is None else values.reshape(n, t))[site, park]
    worth = worth - asked.undetermined.price * doubt
    keep = np.ones(len(members), dtype=bool)
    for rule in _rules(sites, asked, site, park):
        keep &= rule(members)
    members = members[keep]
    least = asked.existing_first.least_free_ha if asked.existing_first else 0.0
    existing = np.isin(sites.kind, ["estate", "special_zone"])
    full = sites.free_ha < least
    extend = (sites.kind == "extension") | (existing & full)
    revive = existing & sites.idle & ~full
    green = np.isin(sites.kind, ["greenfield", "proposed"])
    lower = (asked.k + 1) * extend + revive
    return Sets(
        members,
        worth[members].sum(axis=1),
        site,
        green[site][members].sum(axis=1),
        lower[site][members].sum(axis=1),
    )


def _rules(
    sites: Candidates, asked: Programme, site: np.ndarray, park: np.ndarray
) -> Iterator[Any]:
    near = too_near(sites, asked)
    pairs = list(combinations(range(asked.k), 2))
    yield lambda m: ~np.any([near[site[m[:, a]], site[m[:, b]]] for a, b in pairs], axis=0)
    for codes, quotas in (
        (sites.province[site], asked.provinces),
        (np.array(sites.park_types)[park], asked.park_types),
    ):
        for code, quota in quotas.items():
            most = asked.k if quota.at_most is None else quota.at_most
            inside, low = codes == code, quota.at_least
            yield (
                lambda m, inside=inside, low=low, most=most: (
                    (inside[m].sum(axis=1) >= low) & (inside[m].sum(axis=1) <= most)
                )
            )
    for name in asked.locked_in:
        yield lambda m, name=name: (sites.ids[site[m]] == name).any(axis=1)
    for name in asked.locked_out:
        yield lambda m, name=name: ~(sites.ids[site[m]] == name).any(axis=1)
    if asked.undetermined.policy == "forbidden":
        yield lambda m: ~(sites.verdict[site[m]] == 1).any(axis=1)
    for name in BUDGETS:
        budget = getattr(asked.budgets, name)
        if budget is not None:
            column = getattr(sites, name)[site]
            use = np.where(np.isnan(column), budget.if_unknown or 0.0, column)
            yield lambda m, use=use, most=budget.at_most: use[m].sum(axis=1) <= most


def too_near(sites: Candidates, asked: Programme) -> np.ndarray:
    """Pairs of sites that may not both be chosen, from the words of the rules, pair by pair."""
    n = len(sites.ids)
    near = np.eye(n, dtype=bool)
    for a, b in combinations(range(n), 2):
        names = {str(sites.ids[a]), str(sites.ids[b])}
        bad = any(names == set(pair) for pair in sites.overlaps)
        if asked.spacing is not None:
            d = float(np.hypot(sites.easting[a] - sites.easting[b],
                               sites.northing[a] - sites.northing[b])) / 1e3  # fmt: skip
            slack = float(sites.accuracy_km[a] + sites.accuracy_km[b])
            far, near_end = d + slack, d - slack
            judged = {"certain": far, "nominal": d, "possible": near_end}[asked.spacing.judged]
            bad |= far < asked.spacing.at_least_km
            bad |= d > 0.001 and judged < asked.spacing.at_least_km
        near[a, b] = near[b, a] = bad
    return near


def greedy(sites: Candidates, asked: Programme) -> list[str] | None:
    """Best score first, whatever can still be added; None if it does not reach k."""
    near = too_near(sites, asked)
    score = sites.score.reshape(len(sites.ids), -1).max(axis=1)
    taken: list[int] = []
    for i in np.argsort(-np.nan_to_num(score, nan=-1.0)):
        if sites.verdict[i] < 2 and sites.ranked[i] and np.isfinite(score[i]):
            room = all(
                quota.at_most is None
                or sites.province[i] != code
                or sum(sites.province[taken] == code) < quota.at_most
                for code, quota in asked.provinces.items()
            )
            if room and len(taken) < asked.k and not near[i, taken].any():
                taken.append(int(i))
    return [str(name) for name in sites.ids[taken]] if len(taken) == asked.k else None
