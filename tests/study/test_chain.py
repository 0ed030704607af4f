"""Place, park type and feedstock together, on the real data."""

import json
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

from siteselect.base.errors import DataError
from siteselect.plan.allocation import Allocation
from siteselect.plan.chain_flows import market
from siteselect.study import chain
from siteselect.study.compare import chain_changes
from siteselect.study.parks import story
from siteselect.study.question import ask
from siteselect.study.result import ChainPlan, Result
from siteselect.study.run import decide
from tests.real import COARSE_M, question, result

CHANGES: dict[str, Any] = {"cell_m": COARSE_M, "trust": None}
KM = 1e3


@cache
def without(source: str) -> Result:
    return decide(replace(question(), without=(source,)))


def plan(of: Result | None = None) -> ChainPlan:
    found = (of or result()).chain
    assert found is not None
    return found


def placed() -> Allocation:
    found = plan().allocation
    assert found is not None
    return found


def test_the_bundled_study_places_thirteen_typed_parks() -> None:
    found, types = plan(), [park.park_type for park in placed().parks]
    programme = question().programme
    assert programme is not None
    assert len(types) == 13
    for name, quota in programme.park_types.items():
        assert quota.at_least <= types.count(name) <= (quota.at_most or 13)
    assert set(found.scores) == set(programme.park_types)
    chosen = result().portfolio
    assert chosen is not None
    assert chosen.gap <= 1e-6
    parks = {(p.id, p.park_type) for p in placed().parks}
    assert parks == {(pick.id, pick.park_type) for pick in chosen.picks}


def test_mass_closes_and_no_supply_is_drawn_twice() -> None:
    found = plan().allocation
    assert found is not None
    supply = sum(balance.available for balance in found.balances.values())
    assert found.closure <= 1e-6 * supply
    left = {(s.source, s.material): s.left for s in plan().market.supplies}
    drawn: dict[tuple[str, str], float] = {}
    for flow in found.flows:
        drawn[flow.origin, flow.material] = drawn.get((flow.origin, flow.material), 0) + flow.kt_y
    parks = {park.id: park for park in found.parks}
    for (origin, material), kt_y in drawn.items():
        if origin in parks:
            assert kt_y <= parks[origin].gives[material] + 1e-4
        elif origin != "outside":
            assert kt_y <= left[origin, material] + 1e-4
    for name, balance in found.balances.items():
        total = balance.captive + balance.bought + balance.used + balance.raw
        assert total == pytest.approx(balance.available, abs=1e-6 * supply), name


def test_the_total_is_the_scores_less_the_haulage() -> None:
    found, chosen = plan().allocation, result().portfolio
    assert found is not None
    assert chosen is not None
    price = plan().chain.rules.score_per_musd
    assert chosen.total == pytest.approx(found.score - price * found.haulage_musd, abs=1e-6)
    assert chosen.burden == pytest.approx(price * found.haulage_musd, abs=1e-6)


def test_types_differ_where_they_should() -> None:
    """Sulphur by its sellers, gas conversion on the gas corridor and the Makran coast, polymer by
    the crackers of Khuzestan."""
    frame = result().pool.frame
    points = frame.geometry.representative_point()
    at = np.column_stack([points.x, points.y])
    province = frame["province"].to_numpy()
    sellers = np.array(
        [
            [s.easting, s.northing]
            for s in plan().market.supplies
            if s.material == "sulphur" and s.left > 0
        ]
    )

    def best(park_type: str, count: int) -> Any:
        rank = plan().scores[park_type].rank
        return np.flatnonzero((rank > 0) & (rank <= count))

    away_km = np.hypot(*(at[best("sulphur", 10)][:, None] - sellers).T).min(axis=0) / KM
    assert np.median(away_km) < 40
    assert set(province[best("gas_conversion", 5)]) <= {"IR-18", "IR-11"}
    assert set(province[best("polymer", 5)]) == {"IR-06"}
    assert "IR-22" in set(province[best("aromatic", 1)])


def test_without_its_gas_refineries_the_shortage_is_named() -> None:
    found = without("GR-")
    assert found.portfolio is None
    assert plan(found).allocation is None
    assert any("the chain is short of" in w and "sulphur" in w for w in found.warnings)
    assert (found.sites["rank"] == 1).any()


def test_an_unknown_source_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(DataError, match="PC-RAZI"):
        without("PC-RAZY")


def test_leaving_a_source_out_changes_no_score_and_no_other_source() -> None:
    first, second = result(), without("PC-MARUN")
    for name, scores in plan(first).scores.items():
        np.testing.assert_array_equal(scores.score, plan(second).scores[name].score)
    assert second.manifest["without"] == ["PC-MARUN"]
    gone = {s.source for s in plan(first).market.supplies} - {
        s.source for s in plan(second).market.supplies
    }
    assert gone == {"PC-MARUN"}


def test_what_a_type_makes_of_the_pool_is_what_its_own_run_says() -> None:
    from siteselect.declared.criteria import named

    alone = decide(ask(criteria=named("sulphur"), changes={**CHANGES, "programme": None}))
    mine = pd.Series(plan().scores["sulphur"].score, index=result().pool.frame["id"])
    own = alone.sites.set_index("id")["score"]
    both = mine.index.intersection(own.index)
    estates = [name for name in both if not name.startswith("GF-")]
    assert len(estates) > 100
    np.testing.assert_allclose(mine[estates], own[estates], atol=1e-12)


def test_plain_data_hold_no_figure_that_json_does_not_know() -> None:
    told = json.loads(json.dumps(chain.as_data(plan()), allow_nan=False))
    assert len(told["parks"]) == 13
    assert told["balance"]["sulphur"]["used"] > 0
    assert chain.as_data(plan(without("GR-")))["parks"] is None


def test_the_story_names_types_flows_and_what_is_still_sold_raw() -> None:
    english, persian = (" ".join(story(result(), language=lang)) for lang in ("en", "fa"))
    assert "(Sulphur park)" in english
    assert "(پارک گوگرد)" in persian
    assert "are still sold raw instead of" in english
    assert "میلیون دلار" in persian


def test_a_programme_without_types_chooses_parks_of_the_studys_own_type() -> None:
    programme = question().programme
    assert programme is not None
    asked = replace(question(), programme=programme.model_copy(update={"park_types": {}}), types=())
    found = decide(asked)
    assert found.chain is None
    assert found.portfolio is not None
    assert {pick.park_type for pick in found.portfolio.picks} == {found.criteria.id}
    assert found.portfolio.burden == 0


def test_a_changed_figure_changes_only_what_touches_it_and_diff_says_so() -> None:
    region = chain.region(question().catalog, question().crs)
    rows = question().catalog.features("feedstock", question().crs)
    rows = rows.assign(easting=rows.geometry.x, northing=rows.geometry.y)
    source = next(
        flow.origin for flow in placed().flows if flow.material == "sulphur" and flow.kt_y > 1
    )
    figure = rows.loc[rows["id"] == source, "capacity_kt_per_year"].iloc[0]
    sulphur = next(part for part in figure.split("; ") if part.startswith("sulphur="))
    rows.loc[rows["id"] == source, "capacity_kt_per_year"] = figure.replace(sulphur, "sulphur=40")
    records = [
        {str(key): cell for key, cell in row.items()}
        for row in pd.DataFrame(rows.drop(columns="geometry")).to_dict("records")
    ]
    changed = replace(region, market=market(region.chain, records))
    programme = question().programme
    assert programme is not None
    typed = chain.Typed(plan().criteria, {}, plan().scores)
    fed = chain.parks_of(programme, result().pool, question().study, typed=typed, region=changed)
    other = replace(plan(), market=changed.market, allocation=fed)
    words = chain_changes(chain.as_data(plan()), chain.as_data(other))
    assert any(w.startswith(f"{source} leaves") and "sulphur" in w for w in words)
    assert not any(" leaves " in w and "sulphur" not in w for w in words)
    same = {park.id: park.park_type for park in placed().parks}
    if same == {park.id: park.park_type for park in fed.parks}:
        assert all("sulphur" in w for w in words)
    assert fed.closure <= 1e-3


def test_what_is_newly_short_is_told_by_name() -> None:
    def run(short: float) -> dict[str, Any]:
        return {"supplies": {}, "parks": None, "balance": {"sulphur": {"short": short}}}

    assert chain_changes(run(0.0), run(12.34)) == (
        "running plants lack 12.3 kt/y of sulphur instead of 0.0",
    )
    assert chain_changes(run(5.0), run(5.0)) == ()
