"""Who feeds the parks, drawn: materials on one side, park types on the other, as wide as they flow.

After Sankey 1898: the width of a band is its tonnage, so what enters a park type is what it takes.
"""

import itertools
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from siteselect.declared.sources import Titles
from siteselect.plan.allocation import Allocation
from siteselect.present.drawn.paper import FAINT, SECOND_INK, Tongue, sheet
from siteselect.study.result import ChainPlan, Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.patches import Rectangle

# Okabe and Ito 2008: told apart by those who do not see red and green.
BANDS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#8C8200", "#5B6675")
REGION, OUTSIDE, PARKS = "region", "outside", "parks"
GAP, NODE = 0.012, 0.012
_LEFT, _RIGHT = 0.34, 0.72

Links = Mapping[tuple[str, str, str], float]
Slots = Mapping[tuple[str, ...], tuple[float, float]]


def links(found: Allocation) -> dict[tuple[str, str, str], float]:
    """What each park type takes, kt/y, by where it is from and what it is.

    Parameters
    ----------
    found : Allocation

    Returns
    -------
    dict of (str, str, str) to float
        Key: ``region``, ``parks`` or ``outside``; the material; the park type.
    """
    kinds = {park.id: park.park_type for park in found.parks}
    total: dict[tuple[str, str, str], float] = {}
    traded = {flow.material for flow in found.flows}
    for flow in found.flows:
        place = PARKS if flow.origin in kinds else OUTSIDE if flow.origin == OUTSIDE else REGION
        key = (place, flow.material, kinds[flow.destination])
        total[key] = total.get(key, 0.0) + flow.kt_y
    for park in found.parks:
        for material, kt_y in park.takes.items():
            if material not in traded:
                key = (OUTSIDE, material, park.park_type)
                total[key] = total.get(key, 0.0) + kt_y
    return total


def draw(result: Result, plan: ChainPlan, found: Allocation, *, tongue: Tongue) -> "Figure":
    """Materials and park types with bands as wide as they flow.

    Parameters
    ----------
    result : Result
        For the foot of the sheet.
    plan : ChainPlan
        Of the result.
    found : Allocation
        Of the plan.
    tongue : Tongue
        Language of the words; the Persian figure runs from right to left.

    Returns
    -------
    matplotlib.figure.Figure
        What is bought in from outside, and what one park gives another, are bands of their own.
    """
    flows = _merged(links(found))
    given, taken = _sums(flows, slice(0, 2)), _sums(flows, slice(2, 3))
    total = f"{sum(flows.values()):,.0f}"
    figure = sheet(
        result, tongue, 2.2 + 0.3 * len(given),
        title=tongue.say("Who feeds the parks", "خوراک پارک‌ها از کجا می‌آید"),
        subtitle=tongue.say(
            f"{total} kt/y to {len(found.parks)} parks; in brackets what is still sold raw;"
            " * rests on recalled figures",
            f"{total.replace(',', '٬')} هزار تن در سال به {len(found.parks)} پارک؛ در کمانک"
            " آنچه هنوز خام فروخته می‌شود؛ * از حافظه، نه یافته در منبع",
        ),
    )  # fmt: skip
    axes = figure.add_subplot()
    axes.set_axis_off()
    axes.set_xlim((1, 0) if tongue.mirrored else (0, 1))
    axes.set_ylim(1, 0)
    starts, ends = _stack(given), _stack(taken)
    # A type has the same colour here and on the page: by its place among those chosen.
    colours = dict(
        zip([n for n in plan.criteria if (n,) in ends], itertools.cycle(BANDS), strict=False)
    )
    _bands(axes, flows, starts, ends=ends, colours=colours)
    for key, slot in starts.items():
        words, note = _origin(plan, found, *key), _raw(found, *key)
        _node(axes, tongue, slot, x=_LEFT, words=words, figures=_figure(given[key]) + note)
    for key, slot in ends.items():
        words = plan.criteria[key[0]].titles
        _node(axes, tongue, slot, x=_RIGHT, words=words, figures=_figure(taken[key]))
    return figure


def _merged(flows: Links) -> dict[tuple[str, str, str], float]:
    """The same with what comes from outside in one band a type: its materials stand in a table."""
    merged: dict[tuple[str, str, str], float] = {}
    for (place, material, park_type), kt_y in flows.items():
        key = (place, "" if place == OUTSIDE else material, park_type)
        merged[key] = merged.get(key, 0.0) + kt_y
    return merged


def _sums(flows: Links, part: slice) -> dict[tuple[str, ...], float]:
    total: dict[tuple[str, ...], float] = {}
    for (place, material, park_type), kt_y in flows.items():
        whole: tuple[str, ...] = (place, material, park_type)
        key = whole[part]
        total[key] = total.get(key, 0.0) + kt_y
    # What comes from outside stands last; the rest by size.
    return dict(sorted(total.items(), key=lambda item: (item[0][0] == OUTSIDE, -item[1])))


def _stack(sums: Mapping[tuple[str, ...], float]) -> dict[tuple[str, ...], tuple[float, float]]:
    """Top and height of each node from the top of the drawing down; thin ones get room to read."""
    sizes = np.array(list(sums.values())) / sum(sums.values())
    room = 1 - GAP * (len(sizes) - 1)
    least = room / len(sizes) * 0.5
    slots = np.maximum(sizes * room, least)
    slots *= room / slots.sum()
    tops = np.concatenate([[0.0], np.cumsum(slots + GAP)[:-1]])
    return {key: (float(t), float(s)) for key, t, s in zip(sums, tops, slots, strict=True)}


def _bands(
    axes: "Axes", flows: Links, starts: Slots, *, ends: Slots, colours: Mapping[str, str]
) -> None:
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    given, taken = _sums(flows, slice(0, 2)), _sums(flows, slice(2, 3))
    # One scale for both sides: the widest that fits every node.
    per_kt_y = min(
        slots[key][1] / kt_y
        for slots, sums in ((starts, given), (ends, taken))
        for key, kt_y in sums.items()
    )
    at = {key: top + (size - given[key] * per_kt_y) / 2 for key, (top, size) in starts.items()}
    to = {key: top + (size - taken[key] * per_kt_y) / 2 for key, (top, size) in ends.items()}
    first, then = list(starts), list(ends)
    left, right = _LEFT + NODE, _RIGHT - NODE
    middle = (left + right) / 2
    codes = [Path.MOVETO, *[Path.CURVE4] * 3, Path.LINETO, *[Path.CURVE4] * 3, Path.CLOSEPOLY]
    for key in sorted(flows, key=lambda k: (first.index(k[:2]), then.index(k[2:]))):
        width, start, end = flows[key] * per_kt_y, key[:2], key[2:]
        one, other = at[start], to[end]
        at[start], to[end] = one + width, other + width
        corners = [(left, one), (middle, one), (middle, other), (right, other),
                   (right, other + width), (middle, other + width), (middle, one + width),
                   (left, one + width), (left, one)]  # fmt: skip
        colour = colours[end[0]]
        axes.add_patch(PathPatch(Path(corners, codes), facecolor=colour, alpha=0.55,
                                 edgecolor=colour, linewidth=0.4))  # fmt: skip


def _origin(plan: ChainPlan, found: Allocation, place: str, material: str) -> Titles:
    if place == OUTSIDE:
        return Titles(en="bought in from outside", fa="خرید از بیرون منطقه")
    titles = plan.chain.materials[material].titles
    if place == PARKS:
        return Titles(en=f"{titles.en}, of other parks", fa=f"{titles.fa}، از پارک‌های دیگر")
    mark = "*" if found.balances[material].recalled else ""
    return Titles(en=f"{titles.en}{mark}", fa=f"{titles.fa}{mark}")


def _raw(found: Allocation, place: str, material: str) -> str:
    return f" ({_figure(found.balances[material].raw)})" if place == REGION else ""


def _figure(kt_y: float) -> str:
    return f"{kt_y:,.0f}"


def _node(
    axes: "Axes",
    tongue: Tongue,
    slot: tuple[float, float],
    *,
    x: float,
    words: Titles,
    figures: str,
) -> None:
    start, (top, size) = x == _LEFT, slot
    axes.add_patch(_block(x if start else x - NODE, top, size))
    side = "right" if start != tongue.mirrored else "left"
    text = tongue.say(f"{words.en}  {figures}", f"{words.fa}  {figures.replace(',', '٬')}")
    at = x - NODE if start else x + NODE
    axes.text(at, top + size / 2, text, ha=side, va="center", color=SECOND_INK, size=8.5)


def _block(x: float, top: float, size: float) -> "Rectangle":
    from matplotlib.patches import Rectangle

    return Rectangle((x, top), NODE, size, facecolor=FAINT, edgecolor="none")
