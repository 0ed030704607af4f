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
                "یافته (found): همه در منبع؛ از حافظه (recalled): نه همه", "",
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
    Column("use_low", "Wanted by running plants in all, at least", "نیاز واحدهای موجود، دست‌کم",
           "kt/y", "data/value_chain.csv"),
    Column("use_high", "At most: where it is not said by which process they work",
           "دست‌بالا: آنجا که فرایند واحد معلوم نیست", "kt/y", "data/value_chain.csv"),
    Column("short_low", "Of it more than the region gives, at least",
           "کمبود واحدهای موجود، دست‌کم", "kt/y"),
    Column("short", "At most", "کمبود واحدهای موجود، دست‌بالا", "kt/y"),
    Column("raw_without", "Still sold raw without the parks", "خام‌فروشی بی پارک‌ها", "kt/y"),
    Column("parks", "Drawn by the parks", "برداشت پارک‌ها", "kt/y"),
    Column("raw_with", "Still sold raw with the parks", "خام‌فروشی با پارک‌ها", "kt/y"),
    Column("given", "Made by the parks", "تولید پارک‌ها", "kt/y"),
    _FOUND,
)  # fmt: skip
_SUPPLY = (
    Column("source", "Source", "شناسهٔ منبع"),
    Column("source_en", "Its English name", "نام انگلیسی منبع"),
    Column("source_fa", "Its Persian name", "نام منبع"),
    Column("material", "Material", "ماده"),
    Column("name_fa", "Persian name", "نام"),
    Column("nominal", "Capacity", "ظرفیت اسمی", "kt/y", "data/feedstock.csv"),
    Column("share", "Share of it that is really there", "سهم در دسترس", "share", _RULES),
    Column("share_low", "At least", "دست‌کم", "share", _RULES),
    Column("share_high", "At most", "دست‌بالا", "share", _RULES),
    Column("as_of", "What year the share speaks of", "سال سهم در دسترس", "", _RULES),
    Column("available", "Really there", "در دسترس", "kt/y"),
    Column("own_use", "Used or kept by its maker", "مصرف خود تولیدکننده", "kt/y"),
    Column("bought", "Sold to running plants", "فروش به واحدهای موجود", "kt/y"),
    Column("left", "Left for new parks", "مانده برای پارک‌های نو", "kt/y"),
    Column("parks", "Drawn by the parks", "برداشت پارک‌ها", "kt/y"),
    Column("raw_with", "Still sold raw with the parks", "خام‌فروشی با پارک‌ها", "kt/y"),
    _FOUND,
    Column("basis", "Where capacity and share are from", "منبع ظرفیت و سهم"),
)
_USES = (
    Column("source", "Running plant", "شناسهٔ واحد"),
    Column("product", "For which of its products", "برای کدام محصول"),
    Column("material", "What it takes", "چه می‌گیرد"),
    Column("name_fa", "Persian name", "نام"),
    Column(
        "low",
        "At least: capacity x availability x coefficient",
        "دست‌کم: ظرفیت × سهم در دسترس × ضریب",
        "kt/y",
        "data/value_chain.csv",
    ),
    Column("high", "At most", "دست‌بالا", "kt/y", "data/value_chain.csv"),
    Column(
        "processes",
        "Processes that it may work by; empty: the figure is given as an intake",
        "فرایندهای ممکن؛ خالی: مصرف در جدول آمده است",
    ),
    _FOUND,
)
FLOWS = (
    Column("material", "Material", "ماده"),
    Column("name_fa", "Persian name", "نام"),
    Column("origin", "Source or park; outside: bought in", "مبدأ؛ outside: خرید از بیرون"),
    Column("origin_en", "English name of the origin", "نام انگلیسی مبدأ"),
    Column("origin_fa", "Persian name of the origin", "نام مبدأ"),
    Column("destination", "Park", "پارک مقصد"),
    Column("destination_en", "English name of the park", "نام انگلیسی پارک"),
    Column("destination_fa", "Persian name of the park", "نام پارک"),
    Column("kt_y", "Amount", "مقدار", "kt/y"),
    Column("km", "Straight distance; empty: unknown", "فاصلهٔ مستقیم", "km"),
    Column("mode", "Way", "راه حمل", "", _RULES),
    Column("usd_t", "Cost of a tonne hauled", "هزینهٔ حمل هر تن", "USD/t", _RULES),
    _FOUND,
)  # fmt: skip
_PARKS = (
    Column("id", "Site", "شناسه"),
    Column("park_type", "Park type", "نوع پارک"),
    Column("direction", "takes or gives", "می‌گیرد (takes) یا می‌دهد (gives)"),
    Column("material", "Material", "ماده"),
    Column("name_en", "English name", "نام انگلیسی"),
    Column("name_fa", "Persian name", "نام"),
    Column("kt_y", "Amount", "مقدار", "kt/y", _RULES),
    _FOUND,
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
           "عامل‌هایی که از حافظه‌اند، نه یافته در منبع"),
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


# Sheets of the workbook by the table that they hold.
SHEETS = {
    "chain_balance.csv": "زنجیره؛ توازن",
    "chain_flows.csv": "زنجیره؛ خوراک پارک‌ها",
    "chain_parks.csv": "زنجیره؛ محصول پارک‌ها",
    "chain_supply.csv": "زنجیره؛ منابع",
    "chain_uses.csv": "زنجیره؛ مصرف موجود",
    "chain_openings.csv": "زنجیره؛ فرصت‌ها",
    "chain_idle.csv": "زنجیره؛ ظرفیت راکد",
}


def tables(result: Result) -> dict[str, Table]:
    """The tables of the value chain by file name.

    Parameters
    ----------
    result : Result

    Returns
    -------
    dict of str to Table
        ``chain_supply.csv``, ``chain_uses.csv`` and ``chain_openings.csv``; ``chain_idle.csv`` if
        there is a register; ``chain_balance.csv``, ``chain_flows.csv`` and ``chain_parks.csv`` if
        typed parks were chosen.
    """
    plan = result.chain
    if plan is None:
        return {}
    found = plan.allocation
    open_to = {
        "chain_supply.csv": _table(_SUPPLY, list(_supply(plan))),
        "chain_uses.csv": _table(_USES, list(_uses(plan))),
        "chain_openings.csv": _table(_OPENINGS, list(_openings(plan))),
    }
    if plan.diagnosis is not None:
        open_to["chain_idle.csv"] = _table(_IDLE, list(_idle(plan, plan.diagnosis)))
    if found is None:
        return open_to
    return open_to | {
        "chain_balance.csv": balance(plan, found),
        "chain_flows.csv": _table(FLOWS, list(_flows(result, plan, found))),
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
         *b.range, b.captive, b.bought, *b.wanted, b.short_low, b.short, b.left, b.used, b.raw,
         b.given, _mark(recalled=b.recalled))
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
    rows = [row for row in _flows(result, plan, plan.allocation) if row[2] != OUTSIDE]
    plain = _table(FLOWS, rows).frame
    ends = zip(plain["origin"], plain["destination"], strict=True)
    drawn = [LineString([at[start], at[end]]) for start, end in ends]
    return gpd.GeoDataFrame(plain, geometry=drawn, crs=frame.crs).to_crs(WGS84)


def _mark(*, recalled: bool) -> str:
    return "recalled" if recalled else "found"


def _supply(plan: ChainPlan) -> Iterator[tuple[object, ...]]:
    flows = plan.allocation.flows if plan.allocation else ()
    drawn: dict[tuple[str, str], float] = {}
    for flow in flows:
        key = (flow.origin, flow.material)
        drawn[key] = drawn.get(key, 0.0) + flow.kt_y
    for s in plan.market.supplies:
        entry = plan.chain.rules.available(s.source, s.material)
        parks = drawn.get((s.source, s.material), 0.0)
        yield (
            s.source, s.name_en, s.name_fa, s.material, _titles(plan.chain, s.material).fa,
            s.nominal, entry.share, *entry.range, entry.as_of, s.available, s.captive, s.bought,
            s.left, parks, max(s.left - parks, 0.0), _mark(recalled=s.recalled), s.basis,
        )  # fmt: skip


def _uses(plan: ChainPlan) -> Iterator[tuple[object, ...]]:
    for use in plan.market.uses:
        yield (use.source, use.product, use.material, _titles(plan.chain, use.material).fa,
               use.low_kt_y, use.high_kt_y, " ".join(use.processes),
               _mark(recalled=True))  # fmt: skip


def _flows(result: Result, plan: ChainPlan, found: Allocation) -> Iterator[tuple[object, ...]]:
    names = {s.source: (s.name_en, s.name_fa) for s in plan.market.supplies}
    columns = (result.pool.frame[column] for column in ("id", "name_en", "name_fa"))
    names |= {str(name): (en, fa) for name, en, fa in zip(*columns, strict=True)}
    names[OUTSIDE] = ("bought in from outside", "خرید از بیرون منطقه")
    recalled = {(s.source, s.material): s.recalled for s in plan.market.supplies}
    traded = {flow.material for flow in found.flows}
    rows = [
        (f.material, f.origin, f.destination, (f.kt_y, f.km, f.mode, f.usd_t)) for f in found.flows
    ]
    rows += [
        (material, OUTSIDE, park.id, (kt_y, np.nan, OUTSIDE, np.nan))
        for park in found.parks
        for material, kt_y in park.takes.items()
        if material not in traded
    ]
    for material, origin, park, amounts in rows:
        # What a park takes is declared by judgement, so no flow is found unless its source is.
        mark = _mark(recalled=recalled.get((origin, material), True))
        yield (material, _titles(plan.chain, material).fa, origin, *names[origin], park,
               *names[park], *amounts, mark)  # fmt: skip


def _parks(chain: Chain, found: Allocation) -> Iterator[tuple[object, ...]]:
    for park in found.parks:
        steps = [chain.processes[name] for name in chain.rules.parks[park.park_type]]
        for direction, amounts in (("takes", park.takes), ("gives", park.gives)):
            for material, kt_y in amounts.items():
                titles = _titles(chain, material)
                recalled = any(
                    step.source_kind != "found"
                    for step in steps
                    if material in step.inputs or material in step.outputs
                )
                yield (park.id, park.park_type, direction, material, titles.en, titles.fa, kt_y,
                       _mark(recalled=recalled))  # fmt: skip


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
