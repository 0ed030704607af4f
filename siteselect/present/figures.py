"""Figures: how sure the ranking is and what moves it, in both languages, as PNG and SVG.

A figure for Persian readers is mirrored as a whole, not translated on the spot: names stand on the
right, bars grow to the left, and every digit is Persian. The same result gives the same bytes.
"""

import importlib.util
import textwrap
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import numpy as np

from siteselect.base.errors import DataError, Fault
from siteselect.base.text import persian_digits
from siteselect.present.styles import CLASSES, INK, WHITE
from siteselect.present.tables import text
from siteselect.present.trust import SOURCES, ranked
from siteselect.study.result import Result
from siteselect.study.robustness import DRIVER_DRAWS, Robustness

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ASSETS = Path(__file__).parent / "assets"
FONT = "Vazirmatn"
LANGUAGES = ("fa", "en")
DPI, WIDTH, MARGIN = 200, 9.0, 0.015
SITES, RANKS, LETTERS = 30, 40, 48
SECOND_INK, FAINT, GRID = "#4A5666", "#5B6675", "#DDE3EA"
LESS, MORE = "#9A3412", "#00694C"
ALONE, TOGETHER = "#31688E", "#88A7BD"
# Lower limits of the classes of probability: fixed, so that two runs can be laid side by side.
LIMITS = (0.0, 0.01, 0.02, 0.05, 0.1, 0.2)
STYLE: dict[Any, Any] = {
    "font.family": [FONT, "DejaVu Sans"],
    "font.size": 9.0,
    "text.color": INK,
    "text.parse_math": False,
    "axes.edgecolor": FAINT,
    "axes.labelcolor": SECOND_INK,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.unicode_minus": True,
    "xtick.color": SECOND_INK,
    "ytick.color": INK,
    "ytick.alignment": "center",
    "legend.frameon": False,
    "svg.hashsalt": "siteselect",
    "svg.fonttype": "path",
}


@dataclass(frozen=True, slots=True)
class _Tongue:
    """A language of the figures: which of two words, which digits, which side."""

    name: str

    @property
    def mirrored(self) -> bool:
        return self.name == "fa"

    @property
    def start(self) -> str:
        """The side from which one reads."""
        return "right" if self.mirrored else "left"

    @property
    def edge(self) -> float:
        """Where lines of text begin, as a share of the width."""
        return 1 - MARGIN if self.mirrored else MARGIN

    def say(self, en: str, fa: str) -> str:
        """The words of this language; the mark sets the direction of what begins otherwise."""
        return "\u200f" + persian_digits(fa) if self.mirrored else en

    def share(self, number: float) -> str:
        """A percentage; marks of direction keep the Persian sign behind its digits everywhere."""
        figure = f"{number:.0%}"
        if not self.mirrored:
            return figure
        return "\u200f" + persian_digits(figure).replace("%", "\u200f٪")


def write(result: Result, folder: Path) -> tuple[str, ...]:
    """Draw the figures of a result whose robustness is known.

    Parameters
    ----------
    result : Result
    folder : pathlib.Path
        An existing folder; gets ``figure_<name>_<language>.png`` and ``.svg`` for each of
        `DRAWINGS` in Persian and English.

    Returns
    -------
    tuple of str
        A warning if the library that draws is not installed.

    Raises
    ------
    DataError
        If a file does not read back as a picture.
    """
    found = result.robustness
    if found is None:
        return ()
    if importlib.util.find_spec("matplotlib") is None:
        return ("no figures were drawn: the extra 'report' is not installed",)
    with _style():
        for name, draw in DRAWINGS.items():
            for language in LANGUAGES:
                figure = draw(result, found, _Tongue(language))
                _save(figure, folder / f"figure_{name}_{language}")
    return ()


@contextmanager
def _style() -> Iterator[None]:
    import matplotlib as mpl
    from matplotlib import font_manager

    held = {entry.fname for entry in font_manager.fontManager.ttflist}
    for path in sorted(ASSETS.glob("*.ttf")):
        if str(path) not in held:
            font_manager.fontManager.addfont(path)
    with mpl.rc_context(STYLE), warnings.catch_warnings():
        # A name in a script that neither font holds is drawn as boxes.
        warnings.filterwarnings("ignore", "Glyph .* missing from", UserWarning)
        yield


def _save(figure: "Figure", path: Path) -> None:
    from matplotlib.image import imread

    picture, drawing = path.with_suffix(".png"), path.with_suffix(".svg")
    # Laid out once, so that both files are the same drawing.
    engine = figure.get_layout_engine()
    if engine is not None:
        engine.execute(figure)
        figure.set_layout_engine("none")
    figure.savefig(picture, dpi=DPI, metadata={"Software": None})
    figure.savefig(drawing, metadata={"Date": None, "Creator": None})
    width, height = figure.get_size_inches() * DPI
    if imread(picture).shape[:2] != (round(height), round(width)):
        raise DataError(Fault("does not read back as it was drawn", file=picture.name))
    try:
        ElementTree.parse(drawing)  # noqa: S314 - ours
    except ElementTree.ParseError as error:
        raise DataError(
            Fault(f"does not read back as it was drawn: {error}", file=drawing.name)
        ) from error


def _sheet(
    result: Result, tongue: _Tongue, height: float, *, title: str, subtitle: str, draws: int = 0
) -> "Figure":
    """An empty figure with its heading, and at its foot what it was drawn from."""
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    below, above = 0.8 / height, 1 - 0.95 / height
    engine = ConstrainedLayoutEngine(rect=(MARGIN, below, 1 - 2 * MARGIN, above - below))
    figure = Figure(figsize=(WIDTH, height), dpi=DPI, facecolor=WHITE, layout=engine)
    at = tongue.edge
    figure.text(at, 1 - 0.2 / height, title, ha=tongue.start, va="top", size=14, weight="bold")
    figure.text(at, 1 - 0.55 / height, subtitle, ha=tongue.start, va="top", color=SECOND_INK)
    foot = _foot(result, tongue, draws)
    figure.text(at, 0.12 / height, foot, ha=tongue.start, va="bottom", size=7, color=FAINT)
    return figure


def _legend(
    figure: "Figure", tongue: _Tongue, handles: Sequence[Any], labels: Sequence[str]
) -> None:
    """The key, between drawing and foot, in the order of reading."""
    step = -1 if tongue.mirrored else 1
    figure.legend(handles[::step], labels[::step],
                  loc="lower right" if tongue.mirrored else "lower left",
                  bbox_to_anchor=(tongue.edge, 0.47 / figure.get_figheight()), borderaxespad=0,
                  borderpad=0, ncols=len(labels), fontsize=8, handlelength=1.2, handleheight=1.0,
                  columnspacing=1.4, markerfirst=not tongue.mirrored)  # fmt: skip


def _foot(result: Result, tongue: _Tongue, draws: int) -> str:
    study, criteria = result.study.titles, result.criteria.titles
    lines = [tongue.say(f"{study.en}; {criteria.en}.", f"{study.fa}؛ {criteria.fa}.")]
    if draws:
        seed, many = result.study.seed, f"{draws:,}"
        lines[0] += tongue.say(f" {many} draws, seed {seed}.",
                               f" {many.replace(',', '٬')} بار نمونه‌گیری، بذر {seed}.")  # fmt: skip
    if any(c.status == "superseded" for c in result.criteria.constraints):
        lines.append(tongue.say(
            "Siting rules of superseded law: a documented floor, not a permit.",
            "قاعده‌های مکان‌یابی از قانون منسوخ است: کف مستند تاریخی است، نه مجوز."))  # fmt: skip
    return "\n".join(lines)


def _draws(result: Result) -> int:
    return result.study.trust.draws if result.study.trust is not None else 0


def _bars(axes: "Axes", tongue: _Tongue, labels: Sequence[str]) -> None:
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


def tornado(result: Result, found: Robustness, tongue: _Tongue) -> "Figure":
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
    figure = _sheet(
        result, tongue, 1.9 + 0.27 * len(criteria),
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
    _legend(figure, tongue, *axes.get_legend_handles_labels())
    return figure


def rank_heat(result: Result, found: Robustness, tongue: _Tongue) -> "Figure":
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
    figure = _sheet(
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


def _classes(figure: "Figure", tongue: _Tongue, colours: Sequence[object]) -> None:
    from matplotlib.patches import Patch

    edges = [tongue.share(limit) for limit in LIMITS]
    labels = [tongue.say(f"below {edges[1]}", f"کمتر از {edges[1]}")]
    labels += [
        tongue.say(f"{low} to {high}", f"{low} تا {high}") for low, high in pairwise(edges[1:])
    ]
    labels.append(tongue.say(f"{edges[-1]} and more", f"{edges[-1]} و بیشتر"))
    patches = [Patch(facecolor=c, edgecolor=FAINT, linewidth=0.5) for c in colours]  # type: ignore[arg-type]
    _legend(figure, tongue, patches, labels)


def driver_bars(result: Result, found: Robustness, tongue: _Tongue) -> "Figure":
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
    figure = _sheet(
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
    _legend(figure, tongue, [dark, long], words)
    return figure


DRAWINGS: dict[str, Callable[[Result, Robustness, _Tongue], "Figure"]] = {
    "levers": tornado,
    "ranks": rank_heat,
    "drivers": driver_bars,
}
