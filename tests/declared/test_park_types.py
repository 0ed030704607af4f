"""The park types: each a model of its own, all by one law."""

from functools import cache

import pytest

from siteselect.base import files
from siteselect.base.text import figures
from siteselect.decide.score import criterion_weights
from siteselect.declared import criteria as declared
from siteselect.declared.chain import bundled_rules
from siteselect.declared.criteria import CriteriaSet
from siteselect.world.catalog import Catalog

TYPES = (
    "petrochemical", "polymer", "gas_conversion", "sulphur", "fertilizer", "aromatic",
    "chlor_alkali", "mixed",
)  # fmt: skip


@cache
def bundled() -> Catalog:
    return Catalog.open(files.home() / "data")


@cache
def named(park_type: str) -> CriteriaSet:
    return declared.named(park_type)


def weight_of(park_type: str, *ids: str) -> float:
    criteria = named(park_type)
    weights = dict(zip((c.id for c in criteria.criteria), criterion_weights(criteria), strict=True))
    return sum(float(weights.get(name, 0.0)) for name in ids)


def limit_of(criteria: CriteriaSet, name: str) -> float | None:
    return next((rule.at_least for rule in criteria.constraints if rule.id == name), None)


@pytest.mark.parametrize("park_type", TYPES)
def test_a_type_is_complete(park_type: str) -> None:
    criteria = named(park_type)
    assert criteria.id == park_type
    assert criteria.min_known == 0.6
    assert criterion_weights(criteria).sum() == pytest.approx(1)
    for criterion in criteria.criteria:
        assert criterion.evidence
        assert not criterion.titles.fa.isascii()
        readings = [value for _, value in criterion.knots]
        assert max(readings) > min(readings), f"{criterion.id} cannot tell two places apart"


@pytest.mark.parametrize("park_type", TYPES)
def test_every_rule_and_layer_that_is_named_exists(park_type: str) -> None:
    catalog = bundled()
    rules = set(catalog.table("rules")["id"])
    criteria = named(park_type)
    for constraint in criteria.constraints:
        assert set(constraint.rules) <= rules
    for item in (*criteria.criteria, *criteria.constraints):
        target = getattr(item.measure, "target", None)
        layers = {target.layer} if target is not None else set()
        assert layers <= set(catalog.sources)


@pytest.mark.parametrize("park_type", TYPES[1:])
def test_products_that_count_are_materials_of_the_chain(park_type: str) -> None:
    known = set(bundled().table("materials")["id"])
    supply = next((c for c in named(park_type).criteria if c.id == "feed_supply"), None)
    if supply is None:
        assert park_type == "mixed"
        return
    products = supply.measure.amount.products  # type: ignore[union-attr]
    assert products is not None
    assert set(products.names) <= known
    assert set(products.names).isdisjoint(products.factors)


def test_what_decides_a_type_weighs_most_there() -> None:
    def most(*ids: str) -> str:
        return max(TYPES, key=lambda name: weight_of(name, *ids))

    assert most("gas_line") == "gas_conversion"
    assert most("power") == "chlor_alkali"
    assert most("labour") == "polymer"
    assert most("road") == "polymer"
    assert most("deep_port") == "sulphur"
    assert most("feed_supply") == "sulphur"
    assert most("rail") == "fertilizer"


def test_sulphur_and_fertilizer_want_a_dry_bulk_berth_and_gas_a_trunk_line() -> None:
    for park_type in ("sulphur", "fertilizer"):
        port = next(c for c in named(park_type).criteria if c.id == "deep_port")
        assert port.measure.target.where["dry_bulk"] == ("yes",)  # type: ignore[union-attr]
    line = next(c for c in named("gas_conversion").criteria if c.id == "gas_line")
    assert line.measure.target.where["diameter_in"].min == 36  # type: ignore[union-attr]


def test_only_sellers_give_sulphur() -> None:
    supply = next(c for c in named("sulphur").criteria if c.id == "feed_supply")
    assert set(supply.measure.target.where["kind"]) == {"gas_refinery", "oil_refinery"}  # type: ignore[union-attr]


def test_lighter_hazard_asks_less_distance_to_people() -> None:
    limits = {name: limit_of(named(name), "settlement") for name in TYPES}
    assert limits["polymer"] == 0.5
    assert limits["mixed"] == 1.0
    assert {limits[name] for name in TYPES if name not in ("polymer", "mixed")} == {1.5}
    classes = {name: limit_of(named(name), "estate_class") for name in TYPES}
    assert (classes["polymer"], classes["mixed"], classes["sulphur"]) == (3, 4, 5)


def test_water_and_power_of_a_park_differ_as_its_plants_do() -> None:
    needs = {name: named(name).needs for name in TYPES}
    assert min(TYPES, key=lambda name: needs[name].water_m3_d[1]) == "polymer"
    assert max(TYPES, key=lambda name: needs[name].power_mw[1]) == "chlor_alkali"
    assert needs["gas_conversion"].gas_mcm_d is not None


def test_criteria_and_chain_count_south_pars_sulphur_alike() -> None:
    share = bundled_rules().available("GR-SP0910", "sulphur").share
    for park_type in ("sulphur", "fertilizer"):
        supply = next(c for c in named(park_type).criteria if c.id == "feed_supply")
        products = supply.measure.amount.products  # type: ignore[union-attr]
        assert products is not None
        assert products.availability == {"GR-SP": {"sulphur": share}}


def test_ammonia_kept_for_urea_is_capacity_times_the_coefficient_of_the_process() -> None:
    rows = {row["id"]: row for row in bundled().table("feedstock").to_dict("records")}
    processes = {row["id"]: row for row in bundled().table("value_chain").to_dict("records")}
    per_urea = figures(processes["F02"]["inputs"], file="value_chain", row="F02")["ammonia"]
    supply = next(c for c in named("fertilizer").criteria if c.id == "feed_supply")
    products = supply.measure.amount.products  # type: ignore[union-attr]
    assert products is not None
    for name, kept in products.captive.items():
        capacity = figures(rows[name]["capacity_kt_per_year"], file="feedstock", row=name)
        ammonia = capacity["urea"] * per_urea
        if "dap" in capacity:
            inputs = figures(processes["S09"]["inputs"], file="value_chain", row="S09")
            ammonia += capacity["dap"] * inputs["ammonia"]
        assert kept["ammonia"] == pytest.approx(ammonia, abs=1)
