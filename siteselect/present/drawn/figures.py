"""Figures: how sure the ranking is and what moves it, in both languages, as PNG and SVG.

A figure for Persian readers is mirrored as a whole, not translated on the spot: names stand on the
right, bars grow to the left, and every digit is Persian. The same result gives the same bytes.
"""

import importlib.util
import textwrap
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from siteselect.present.drawn import sankey
from siteselect.present.drawn.paper import FAINT, GRID, Tongue, legend, save, sheet, style
from siteselect.present.styles import CLASSES, INK, WHITE
from siteselect.present.tables import text
from siteselect.present.trust import SOURCES, ranked
from siteselect.study.result import Result
from siteselect.study.robustness import DRIVER_DRAWS, Robustness

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LANGUAGES = ("fa", "en")
SITES, RANKS, LETTERS = 30, 40, 48
LESS, MORE = "#9A3412", "#00694C"
ALONE, TOGETHER = "#31688E", "#88A7BD"
# Lower limits of the classes of probability: fixed, so that two runs can be laid side by side.
LIMITS = (0.0, 0.01, 0.02, 0.05, 0.1, 0.2)


def write(result: Result, folder: Path) -> tuple[str, ...]:
    """Draw the figures of a result: how sure it is, and who feeds its parks, where it knows.

    Parameters
    ----------
    result : Result
    folder : pathlib.Path
        An existing folder; gets ``figure_<name>_<language>.png`` and ``.svg`` for each of
        `DRAWINGS`, and ``figure_chain_<language>`` of the value chain, in Persian and English.

    Returns
    -------
    tuple of str
        A warning if the library that draws is not installed.

    Raises
    ------
    DataError
        If a file does not read back as a picture.
    """
    found, plan = result.robustness, result.chain
    fed = None if plan is None else plan.allocation
    if found is None and fed is None:
        return ()
    if importlib.util.find_spec("matplotlib") is None:
        return ("no figures were drawn: the extra 'report' is not installed",)
    with style():
        for language in LANGUAGES:
            tongue = Tongue(language)
            if found is not None:
                for name, draw in DRAWINGS.items():
                    save(draw(result, found, tongue), folder / f"figure_{name}_{language}")
            if plan is not None and fed is not None:
                drawn = sankey.draw(result, plan, fed, tongue=tongue)
                save(drawn, folder / f"figure_chain_{language}")
    return ()


def _draws(result: Result) -> int:
    return result.study.trust.draws if result.study.trust is not None else 0


def _bars(axes: "Axes", tongue: Tongue, labels: Sequence[str]) -> None:
    """Rows from top to bottom with their names on the side from which one reads."""
    axes.set_yticks(range(len(labels)), labels)
    axes.set_ylim(len(labels) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.xaxis.grid(visible=True, color=GRID, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines["left"].set_visible(not tongue.mirrored)
    axes.spines["right"].set_visible(tongue.mirrored)
    if tongue.mirrored:
        axes.invert_xaxis()
        axes.yaxis.tick_right()


def tornado(result: Result, found: Robustness, tongue: Tongue) -> "Figure":
    """Places of the list that change hands if one weight is halved, or raised by half.

    Parameters
    ----------
    result : Result
    found : Robustness
        Of the same result.
    tongue : language of the words

    Returns
    -------
    matplotlib.figure.Figure
        The criterion that can move most stands on top.
    """
    k, levers, weights = found.ranks.k, found.levers, result.scores.weights
    order = np.lexsort((-weights, -levers.sum(axis=1), -levers.max(axis=1)))
    criteria = [result.criteria.criteria[j] for j in order]
    figure = sheet(
        # One bar alone gets the room of two: its axis needs some.
        result, tongue, 1.9 + 0.27 * max(len(criteria), 2),
        title=tongue.say("How far one weight alone moves the list",
                         "یک وزن به‌تنهایی فهرست را چه اندازه جابه‌جا می‌کند"),
        subtitle=tongue.say(f"Places of the first {k} that change hands; in brackets the weight",
                            f"شمار جاهای {k} پهنهٔ نخست که جابه‌جا می‌شود؛ وزن در کمانک"),
    )  # fmt: skip
    axes = figure.add_subplot()
    sides = (
        (-1, LESS, tongue.say("▼ weight halved", "▼ وزن نصف شود")),
        (1, MORE, tongue.say("▲ weight raised by half", "▲ وزن یک و نیم برابر شود")),
    )
    for side, (sign, colour, label) in enumerate(sides):
        places = levers[order, side]
        axes.barh(range(len(order)), sign * places, color=colour, height=0.62, label=label)
        for row, count in enumerate(places):
            outer = "left" if (sign > 0) != tongue.mirrored else "right"
            axes.annotate(tongue.say(str(count), str(count)), (sign * count, row),
                          (4 if outer == "left" else -4, 0), textcoords="offset points",
                          ha=outer, va="center", size=8, color=colour)  # fmt: skip
    names = [tongue.say(c.titles.en, c.titles.fa) for c in criteria]
    shares = [tongue.share(weights[j]) for j in order]
    _bars(axes, tongue, [f"{n} ({s})" for n, s in zip(names, shares, strict=True)])
    reach = max(int(levers.max()), 1)
    ticks = range(-reach, reach + 1, 1 + reach // 6)
    axes.set_xticks(ticks, [tongue.say(str(abs(t)), str(abs(t))) for t in ticks])
    axes.set_xlim(*(np.array([-1.0, 1.0]) * (reach + 0.6) * (-1 if tongue.mirrored else 1)))
    axes.axvline(0, color=FAINT, linewidth=0.8)
    axes.spines[["left", "right"]].set_visible(False)
    handles, labels = axes.get_legend_handles_labels()
    legend(figure, tongue, handles=handles, labels=labels)
    return figure


def rank_heat(result: Result, found: Robustness, tongue: Tongue) -> "Figure":
    """How probable each rank is for the sites that lead the official ranking.

    Parameters
    ----------
    result : Result
    found : Robustness
        Of the same result.
    tongue : language of the words

    Returns
    -------
    matplotlib.figure.Figure
        Sites down by official rank, ranks across; the line is the edge of the list.
    """
    from matplotlib.colors import BoundaryNorm, ListedColormap

    ranks, order = found.ranks, ranked(result)[:SITES]
    k, cells = ranks.k, ranks.acceptability[order][:, :RANKS]
    figure = sheet(
        result, tongue, 2.3 + 0.2 * len(order),
        title=tongue.say("Where the leading sites may rank",
                         "رتبه‌های ممکن پهنه‌های پیشتاز"),
        subtitle=tongue.say(
            f"Probability of each rank; in the margin, of the first {k}, whose edge the lines mark",
            f"احتمال هر رتبه؛ در کناره، احتمال بودن در {k} پهنهٔ نخست که خط‌ها لبهٔ آن است"),
        draws=_draws(result),
    )  # fmt: skip
    axes = figure.add_subplot()
    colours = ListedColormap([WHITE, *(colour for _, colour in CLASSES)])
    axes.imshow(cells, cmap=colours, norm=BoundaryNorm([*LIMITS, 1.0], colours.N),
                        aspect="auto", interpolation="nearest")  # fmt: skip
    sites = result.pool.frame.iloc[order]
    titles = sites["name_fa" if tongue.mirrored else "name_en"].map(text).replace("", None)
    names = [
        tongue.say(words, words)
        for words in (
            f"{textwrap.shorten(title, LETTERS, placeholder='…')}   {place}"
            for place, title in enumerate(titles.fillna(sites["id"]), start=1)
        )
    ]
    _bars(axes, tongue, names)
    axes.set_ylim(len(order) - 0.5, -0.5)
    axes.xaxis.grid(visible=False)
    shown = [1, *range(5, cells.shape[1] + 1, 5)]
    axes.set_xticks([rank - 1 for rank in shown], [tongue.say(str(r), str(r)) for r in shown])
    axes.set_xlabel(tongue.say("Rank in a draw", "رتبه در هر بار نمونه‌گیری"))
    axes.axvline(k - 0.5, color=INK, linewidth=1.2)
    if len(order) > k:
        axes.axhline(k - 0.5, color=INK, linewidth=0.8, linestyle=(0, (4, 3)))
    for row, i in enumerate(order):
        axes.annotate(tongue.share(ranks.prob_top_k[i]), (cells.shape[1] - 0.5, row),
                      (-5 if tongue.mirrored else 5, 0), textcoords="offset points", size=8,
                      ha="right" if tongue.mirrored else "left", va="center")  # fmt: skip
    _classes(figure, tongue, [colours(i) for i in range(colours.N)])
    return figure


def _classes(figure: "Figure", tongue: Tongue, colours: Sequence[object]) -> None:
    from matplotlib.patches import Patch

    edges = [tongue.share(limit) for limit in LIMITS]
    labels = [tongue.say(f"below {edges[1]}", f"کمتر از {edges[1]}")]
    labels += [
        tongue.say(f"{low} to {high}", f"{low} تا {high}") for low, high in pairwise(edges[1:])
    ]
    labels.append(tongue.say(f"{edges[-1]} and more", f"{edges[-1]} و بیشتر"))
    patches = [Patch(facecolor=c, edgecolor=FAINT, linewidth=0.5) for c in colours]  # type: ignore[arg-type]
    legend(figure, tongue, handles=patches, labels=labels)


def driver_bars(result: Result, found: Robustness, tongue: Tongue) -> "Figure":
    """Which source of doubt moves the ranks, and which the list.

    Parameters
    ----------
    result : Result
    found : Robustness
        Of the same result.
    tongue : language of the words

    Returns
    -------
    matplotlib.figure.Figure
        Long bars are total indices, the dark part in front the first-order ones.
    """
    drivers, k = found.drivers, found.ranks.k
    figure = sheet(
        result, tongue, 3.9,
        title=tongue.say("What the doubt comes from", "تردید از کجا می‌آید"),
        subtitle=tongue.say("Share of the variance that a source explains (Sobol indices)",
                            "سهم هر سرچشمه از پراکندگی (نمایه‌های سوبول)"),
        draws=min(DRIVER_DRAWS, _draws(result)),
    )  # fmt: skip
    panels = [
        (tongue.say("of the ranks of all sites", "رتبهٔ همهٔ پهنه‌ها"), drivers.ranks),
        (tongue.say(f"of who is among the first {k}", f"بودن در {k} پهنهٔ نخست"), drivers.listed),
    ]
    both, outer = figure.subplots(1, 2), -1 if tongue.mirrored else 0
    names = [tongue.say(*SOURCES[source]) for source in drivers.sources]
    rows = range(len(names))
    for axes, (title, indices) in zip(both[:: -1 if tongue.mirrored else 1], panels, strict=True):
        first, total = np.clip(indices.first, 0, 1), np.clip(indices.total, 0, 1)
        long = axes.barh(rows, total, color=TOGETHER, height=0.62)
        dark = axes.barh(rows, first, color=ALONE, height=0.34)
        for row in rows:
            label = tongue.say(
                f"{first[row]:.0%} / {total[row]:.0%}",
                f"{tongue.share(first[row])} / {tongue.share(total[row])}",
            )
            axes.annotate(label, (max(first[row], total[row]), row),
                          (-4 if tongue.mirrored else 4, 0), textcoords="offset points", size=8,
                          ha="right" if tongue.mirrored else "left", va="center")  # fmt: skip
        _bars(axes, tongue, names if axes is both[outer] else [""] * len(names))
        axes.set_title(title, loc=tongue.start, size=9, weight="bold")
        ticks = np.linspace(0, 1, 5)
        axes.set_xticks(ticks, [tongue.share(tick) for tick in ticks])
        axes.set_xlim(*((1.12, 0) if tongue.mirrored else (0, 1.12)))
    words = [tongue.say("alone", "به‌تنهایی"), tongue.say("with what it does together with others",
             "همراه با آنچه با دیگران می‌کند")]  # fmt: skip
    legend(figure, tongue, handles=[dark, long], labels=words)
    return figure


DRAWINGS: dict[str, Callable[[Result, Robustness, Tongue], "Figure"]] = {
    "levers": tornado,
    "ranks": rank_heat,
    "drivers": driver_bars,
}
