"""The value chain as tables: the region's balance, who feeds whom, what each park makes."""

from collections.abc import Iterator, Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
from shapely import LineString

from siteselect.declared.chain import Chain
from siteselect.declared.sources import Titles
from siteselect.plan.allocation import OUTSIDE, Allocation
from siteselect.plan.units import Diagnosis
from siteselect.present.tables import Column, Table, tidy
from siteselect.study.result import ChainPlan, Result
from siteselect.world.catalog import WGS84

_RULES = "criteria/chain/south.yaml"
_FOUND = Column("figures", "found: every figure was read in a source; recalled: not all were",
                "found: همه از منبع؛ recalled: برخی به‌یادآورده", "",
                "data/feedstock.csv")  # fmt: skip
_BALANCE = (
    Column("material", "Material", "ماده"),
    Column("name_en", "English name", "نام انگلیسی"),
    Column("name_fa", "Persian name", "نام"),
    Column("nominal", "Capacity of the region's sources", "ظرفیت اسمی منابع منطقه", "kt/y",
           "data/feedstock.csv"),
    Column("available", "Of it really there", "در دسترس", "kt/y", _RULES),
    Column("available_low", "At least", "دست‌کم", "kt/y", _RULES),
    Column("available_high", "At most", "دست‌بالا", "kt/y", _RULES),
    Column("own_use", "Used where it is made", "مصرف خود تولیدکننده", "kt/y"),
    Column("bought", "Sold to running plants", "فروش به واحدهای موجود", "kt/y"),
    Column("short", "Wanted by running plants beyond it", "کمبود واحدهای موجود", "kt/y"),
    Column("raw_without", "Still sold raw without the parks", "خام‌فروشی بی پارک‌ها", "kt/y"),
    Column("parks", "Drawn by the parks", "برداشت پارک‌ها", "kt/y"),
    Column("raw_with", "Still sold raw with the parks", "خام‌فروشی با پارک‌ها", "kt/y"),
    Column("given", "Made by the parks", "تولید پارک‌ها", "kt/y"),
    _FOUND,
)  # fmt: skip
FLOWS = (
    Column("material", "Material", "ماده"),
    Column("name_fa", "Persian name", "نام"),
    Column("origin", "Source or park; outside: bought in", "مبدأ؛ outside: خرید از بیرون"),
    Column("destination", "Park", "پارک مقصد"),
    Column("kt_y", "Amount", "مقدار", "kt/y"),
    Column("km", "Straight distance; empty: unknown", "فاصلهٔ مستقیم", "km"),
    Column("mode", "Way", "راه حمل", "", _RULES),
    Column("usd_t", "Cost of a tonne hauled", "هزینهٔ حمل هر تن", "USD/t", _RULES),
)  # fmt: skip
_PARKS = (
    Column("id", "Site", "شناسه"),
    Column("park_type", "Park type", "نوع پارک"),
    Column("direction", "takes or gives", "می‌گیرد (takes) یا می‌دهد (gives)"),
    Column("material", "Material", "ماده"),
    Column("name_en", "English name", "نام انگلیسی"),
    Column("name_fa", "Persian name", "نام"),
    Column("kt_y", "Amount", "مقدار", "kt/y", _RULES),
)
_OPENINGS = (
    Column("rank", "1 = best", "رتبه؛ ۱ = بهترین"),
    Column("product", "Product that the region lacks", "محصولی که منطقه ندارد"),
    Column("name_en", "English name", "نام انگلیسی"),
    Column("name_fa", "Persian name", "نام"),
    Column("process", "Process", "فرایند", "", "data/value_chain.csv"),
    Column("site", "Existing site where it could be made", "شهرک یا منطقهٔ موجود"),
    Column("idle", "Idle capacity", "ظرفیت راکد", "", "register of downstream units"),
    Column("feedstock", "How often a least usual plant could be fed",
           "خوراک در دسترس، چند برابر کوچک‌ترین واحد معمول", "", "data/feedstock.csv"),
    Column("price", "How calm its price is", "آرامش بازار آن", "", "data/prices.csv"),
    Column("utilities", "Utilities, and how far they are within reach", "آب، برق و گاز در دسترس"),
    Column("bought_in", "Share of the charge that comes from outside", "سهم خرید از بیرون"),
    Column("missing", "Why it counts as missing", "چرا کمبود است"),
    Column("recalled", "Factors that rest on recalled figures",
           "عامل‌هایی که بر داده‌های به‌یادآورده تکیه دارد"),
    Column("sources", "Where the factors are from", "منبع‌ها"),
)  # fmt: skip
_IDLE = (
    Column("id", "Existing site", "شناسه"),
    Column("product", "Product", "محصول"),
    Column("name_fa", "Persian name", "نام"),
    Column("capacity", "Capacity", "ظرفیت", "t/y", "register of downstream units"),
    Column("output", "Output", "تولید", "t/y", "register of downstream units"),
    Column("revivable", "Could be revived", "قابل احیا", "t/y", "register of downstream units"),
    Column("causes", "Main causes", "علت‌های اصلی"),
    Column("units", "Units", "واحدها"),
    Column("register", "real or synthetic: an example, no fact",
           "real: واقعی؛ synthetic: نمونهٔ ساختگی"),
)  # fmt: skip


def tables(result: Result) -> dict[str, Table]:
    """The tables of the value chain by file name.

    Parameters
    ----------
    result : Result

    Returns
    -------
    dict of str to Table
        ``chain_openings.csv``; ``chain_idle.csv`` if there is a register; ``chain_balance.csv``,
        ``chain_flows.csv`` and ``chain_parks.csv`` if typed parks were chosen.
    """
    plan = result.chain
    if plan is None:
        return {}
    found = plan.allocation
    open_to = {"chain_openings.csv": _table(_OPENINGS, list(_openings(plan)))}
    if plan.diagnosis is not None:
        open_to["chain_idle.csv"] = _table(_IDLE, list(_idle(plan, plan.diagnosis)))
    if found is None:
        return open_to
    return open_to | {
        "chain_balance.csv": balance(plan, found),
        "chain_flows.csv": _table(FLOWS, list(_flows(plan.chain, found))),
        "chain_parks.csv": _table(_PARKS, list(_parks(plan.chain, found))),
    }


def balance(plan: ChainPlan, found: Allocation) -> Table:
    """One row a material of the region or of the parks, those that parks draw first.

    Parameters
    ----------
    plan : ChainPlan
    found : Allocation
        Of the plan.

    Returns
    -------
    Table
    """
    order = sorted(found.balances.items(), key=lambda item: (-item[1].used, item[0]))
    rows = [
        (name, _titles(plan.chain, name).en, _titles(plan.chain, name).fa, b.nominal, b.available,
         *b.range, b.captive, b.bought, b.short, b.left, b.used, b.raw, b.given,
         "recalled" if b.recalled else "found")
        for name, b in order
        if b.nominal > 0 or b.short > 0
    ]  # fmt: skip
    return _table(_BALANCE, rows)


def lines(result: Result) -> gpd.GeoDataFrame | None:
    """Who feeds whom as straight lines from source or park to park, in EPSG:4326.

    Parameters
    ----------
    result : Result

    Returns
    -------
    geopandas.GeoDataFrame or None
        The columns of ``chain_flows.csv``; what is bought in has no line. None if no typed parks
        were chosen.
    """
    plan = result.chain
    if plan is None or plan.allocation is None:
        return None
    frame = result.pool.frame
    middles = frame.geometry.representative_point()
    at = {str(name): (point.x, point.y) for name, point in zip(frame["id"], middles, strict=True)}
    at |= {s.source: (s.easting, s.northing) for s in plan.market.supplies}
    rows = [row for row in _flows(plan.chain, plan.allocation) if row[2] != OUTSIDE]
    drawn = [LineString([at[str(row[2])], at[str(row[3])]]) for row in rows]
    plain = _table(FLOWS, rows).frame
    return gpd.GeoDataFrame(plain, geometry=drawn, crs=frame.crs).to_crs(WGS84)


def _flows(chain: Chain, found: Allocation) -> Iterator[tuple[object, ...]]:
    traded = {flow.material for flow in found.flows}
    for flow in found.flows:
        yield (flow.material, _titles(chain, flow.material).fa, flow.origin, flow.destination,
               flow.kt_y, flow.km, flow.mode, flow.usd_t)  # fmt: skip
    for park in found.parks:
        for material, kt_y in park.takes.items():
            if material not in traded:
                yield (material, _titles(chain, material).fa, OUTSIDE, park.id, kt_y, np.nan,
                       OUTSIDE, np.nan)  # fmt: skip


def _parks(chain: Chain, found: Allocation) -> Iterator[tuple[object, ...]]:
    for park in found.parks:
        for direction, amounts in (("takes", park.takes), ("gives", park.gives)):
            for material, kt_y in amounts.items():
                titles = _titles(chain, material)
                yield park.id, park.park_type, direction, material, titles.en, titles.fa, kt_y


def _openings(plan: ChainPlan) -> Iterator[tuple[object, ...]]:
    for item in plan.openings:
        said = {factor.name: factor.reading for factor in item.factors}
        near = [f"{name.removeprefix('utility ')} {reading}" for name, reading in said.items()
                if name.startswith("utility ")]  # fmt: skip
        titles = _titles(plan.chain, item.product)
        yield (
            item.rank, item.product, titles.en, titles.fa, item.process, item.place,
            said["idle capacity"], said["feedstock"], said["price"], "; ".join(near),
            said["bought in"], said["missing"],
            ", ".join(f.name for f in item.factors if f.recalled),
            " | ".join(dict.fromkeys(f.source for f in item.factors if f.source)),
        )  # fmt: skip


def _idle(plan: ChainPlan, found: Diagnosis) -> Iterator[tuple[object, ...]]:
    for entry in found.idle:
        yield (
            entry.estate, entry.product, _titles(plan.chain, entry.product).fa, entry.capacity,
            entry.output, entry.revivable, ", ".join(entry.causes), " ".join(entry.units),
            "synthetic" if found.synthetic else "real",
        )  # fmt: skip


def _titles(chain: Chain, material: str) -> Titles:
    return chain.materials[material].titles


def _table(columns: tuple[Column, ...], rows: Sequence[tuple[object, ...]]) -> Table:
    frame = pd.DataFrame(rows, columns=[c.name for c in columns])
    return Table(columns, frame.apply(tidy) if rows else frame)
