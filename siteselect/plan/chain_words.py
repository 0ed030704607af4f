"""The story of an allocation in plain sentences, in both languages."""

from collections.abc import Iterator, Mapping
from typing import Literal

from siteselect.declared.chain import Chain
from siteselect.declared.sources import Titles
from siteselect.plan.allocation import OUTSIDE, Allocation
from siteselect.plan.chain_flows import Balance
from siteselect.plan.policy import said


def sentences(
    allocation: Allocation,
    chain: Chain,
    names: Mapping[str, Titles],
    *,
    language: Literal["en", "fa"],
    balances: bool = True,
) -> tuple[str, ...]:
    """Who feeds whom, at what cost, and what is still sold raw.

    Parameters
    ----------
    allocation : Allocation
        Parks and flows.
    chain : Chain
        Names of materials.
    names : mapping of str to Titles
        Names of sites and park types by id; an id without a name stands for itself.
    language : {"en", "fa"}
        English, or Persian with Persian digits.
    balances : bool
        Whether each material has its sentence; False where a table tells it.

    Returns
    -------
    tuple of str
        What the haulage costs; parks that feed parks; each material that is drawn, with what is
        left of it with and without the programme; what is bought in; what is short today; park
        types that cannot be fed; and which figures are recalled.
    """
    # Apart from the other names: sulphur is a material and a park type.
    materials = {name: material.titles for name, material in chain.materials.items()}
    story = [
        *_cost(allocation),
        *_between(allocation, materials, names),
        *(_balances(allocation, materials) if balances else ()),
        *_outside(allocation, materials),
        *_short(allocation, materials, names),
    ]
    return tuple(getattr(line, language) for line in story)


def _of(name: str, titles: Mapping[str, Titles]) -> Titles:
    return titles.get(name, Titles(en=name, fa=name))


def _listed(parts: list[Titles]) -> Titles:
    return Titles(en=", ".join(p.en for p in parts), fa="، ".join(p.fa for p in parts))


def _cost(allocation: Allocation) -> Iterator[Titles]:
    cost = f"{allocation.haulage_musd:.1f}"
    yield said(
        f"Feedstock costs {cost} million USD a year to haul.",
        f"حمل خوراک سالانه {cost} میلیون دلار هزینه دارد.",
    )


def _between(
    allocation: Allocation, materials: Mapping[str, Titles], names: Mapping[str, Titles]
) -> Iterator[Titles]:
    parks = {park.id for park in allocation.parks}
    for flow in allocation.flows:
        if flow.origin in parks:
            start, end = _of(flow.origin, names), _of(flow.destination, names)
            what, kt_y = _of(flow.material, materials), f"{flow.kt_y:.0f}"
            yield said(
                f"{start.en} gives {end.en} {kt_y} kt/y of {what.en}.",
                f"{start.fa} سالانه {kt_y} هزار تن {what.fa} به {end.fa} می‌دهد.",
            )


def _balances(allocation: Allocation, materials: Mapping[str, Titles]) -> Iterator[Titles]:
    for name, balance in allocation.balances.items():
        if balance.used > 0:
            what = _of(name, materials)
            used, raw, left = (f"{x:.0f}" for x in (balance.used, balance.raw, balance.left))
            mark = " (recalled)" if balance.recalled else ""
            mark_fa = " (از حافظه)" if balance.recalled else ""
            yield said(
                f"{what.en}: the parks draw {used} kt/y; {raw} are still sold raw instead of"
                f" {left}{mark}.",
                f"{what.fa}: پارک‌ها سالانه {used} هزار تن می‌گیرند؛ {raw} به‌جای {left} هنوز خام"
                f" فروخته می‌شود{mark_fa}.",
            )


def _outside(allocation: Allocation, materials: Mapping[str, Titles]) -> Iterator[Titles]:
    if allocation.bought_in:
        total = f"{sum(allocation.bought_in.values()):.0f}"
        what = _listed([_of(name, materials) for name in allocation.bought_in if name != OUTSIDE])
        yield said(
            f"Bought in from outside the region, {total} kt/y: {what.en}.",
            f"خرید از بیرون منطقه، سالانه {total} هزار تن: {what.fa}.",
        )


def _lack(balance: Balance, name: Titles) -> Titles:
    low, high = f"{balance.short_low:.0f}", f"{balance.short:.0f}"
    en, fa = (high, high) if low == high else (f"{low} to {high}", f"{low} تا {high}")
    return Titles(en=f"{name.en} {en}", fa=f"{name.fa} {fa}")


def _short(
    allocation: Allocation, materials: Mapping[str, Titles], names: Mapping[str, Titles]
) -> Iterator[Titles]:
    lacking = [(n, b) for n, b in allocation.balances.items() if b.short >= 1]
    if lacking:
        lacking.sort(key=lambda item: (-item[1].short, item[0]))
        what = _listed([_lack(b, _of(n, materials)) for n, b in lacking])
        yield said(
            f"Running plants want more than the region gives, kt/y: {what.en} (recalled; a range"
            " where it is not said by which process they work).",
            f"واحدهای موجود بیش از عرضهٔ منطقه می‌خواهند، هزار تن در سال: {what.fa} (از حافظه؛"
            " بازه آنجاست که فرایند واحد معلوم نیست).",
        )
    for park_type, wanted in allocation.unfed.items():
        kind, what = _of(park_type, names), _listed([_of(name, materials) for name in wanted])
        yield Titles(
            en=f"No {kind.en} can be fed, for want of {what.en}.",
            fa=f"خوراک هیچ {kind.fa} فراهم نیست؛ کمبود: {what.fa}.",
        )
