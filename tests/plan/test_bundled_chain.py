"""The bundled region: one park of each type can be fed, and what happens when a source goes."""

from functools import cache
from typing import Any

import numpy as np
import pytest

from siteselect.base import files
from siteselect.base.errors import NoSolution
from siteselect.declared.chain import Chain, bundled_rules, chain_of
from siteselect.plan.allocation import Allocation, allocate
from siteselect.plan.chain_flows import market
from siteselect.plan.policy import Candidates
from siteselect.world.catalog import Catalog
from tests.plan.test_allocation import programme


@cache
def tables() -> dict[str, list[dict[str, Any]]]:
    catalog = Catalog.open(files.home() / "data")
    names = ("value_chain", "materials", "prices", "feedstock", "estates", "ports", "rail_nodes")
    found: dict[str, list[dict[str, Any]]] = {}
    for name in names:
        rows = catalog.table(name).to_dict("records")
        # Near enough to metres for which source is nearer: degrees at 28 N.
        found[name] = [
            {str(key): value for key, value in row.items()}
            | {"easting": row.get("lon", 0) * 98e3, "northing": row.get("lat", 0) * 111e3}
            for row in rows
        ]
    return found


@cache
def bundled() -> Chain:
    names = ("value_chain", "materials", "prices")
    return chain_of(bundled_rules(), **{name: tables()[name] for name in names})


def points(rows: list[dict[str, Any]]) -> Any:
    return np.array([[row["easting"], row["northing"]] for row in rows])


def planned(*, without: str | None = None) -> Allocation:
    """One park of each type on estates of the four provinces, scores strewn by a seed."""
    rng = np.random.default_rng(1)
    estates = [row for row in tables()["estates"] if row["kind"] == "estate"][::3]
    types = tuple(bundled().rules.parks)
    n = len(estates)
    at = points(estates)
    sites = Candidates(
        ids=np.array([row["id"] for row in estates]),
        score=rng.uniform(0.4, 0.9, (n, len(types))),
        verdict=np.zeros(n, dtype=int),
        province=np.array([row["province"] for row in estates]),
        kind=np.array(["estate"] * n),
        easting=at[:, 0],
        northing=at[:, 1],
        accuracy_km=np.zeros(n),
        park_types=types,
    )
    rows = [r for r in tables()["feedstock"] if not (without and r["id"].startswith(without))]
    access = {
        "ports": points([r for r in tables()["ports"] if r["status"] == "operating"]),
        "rail_nodes": points([r for r in tables()["rail_nodes"] if r["status"] == "operating"]),
    }
    asked = programme(len(types), park_types={name: {"at_least": 1} for name in types})
    return allocate(sites, asked, bundled(), market=market(bundled(), rows), access=access)


def test_one_park_of_each_type_is_fed_and_mass_closes() -> None:
    found = planned()
    assert {park.park_type for park in found.parks} == set(bundled().rules.parks)
    supply = sum(balance.available for balance in found.balances.values())
    assert found.closure <= 1e-6 * supply
    assert found.portfolio.gap <= 1e-6
    for balance in found.balances.values():
        total = balance.captive + balance.bought + balance.used + balance.raw
        assert total == pytest.approx(balance.available, abs=1e-6 * supply)
    sulphur = found.balances["sulphur"]
    assert 150 < sulphur.used < 200
    assert sulphur.raw == pytest.approx(sulphur.left - sulphur.used)


def test_without_its_gas_refineries_the_region_is_short_of_sulphur() -> None:
    with pytest.raises(NoSolution, match=r"the chain is short of .*sulphur"):
        planned(without="GR-")
