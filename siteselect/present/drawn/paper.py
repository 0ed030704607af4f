"""The paper that figures are drawn on: heading, foot, key and language, the same for all."""

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from siteselect.base.errors import DataError, Fault
from siteselect.base.text import persian_digits
from siteselect.present.styles import INK, WHITE
from siteselect.study.result import Result

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ASSETS = Path(__file__).parents[1] / "assets"
FONT = "Vazirmatn"
DPI, WIDTH, MARGIN = 200, 9.0, 0.015
SECOND_INK, FAINT, GRID = "#4A5666", "#5B6675", "#DDE3EA"
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
class Tongue:
    """A language of the figures: which of two words, which digits, which side."""

    name: str

    @property
    def mirrored(self) -> bool:
        """Whether it is read from the right."""
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
        """The words of this language; the mark sets the direction of what begins otherwise.

        Parameters
        ----------
        en, fa : str

        Returns
        -------
        str
            The Persian ones with Persian digits.
        """
        return "\u200f" + persian_digits(fa) if self.mirrored else en

    def share(self, number: float) -> str:
        """A percentage; marks of direction keep the Persian sign behind its digits everywhere."""
        figure = f"{number:.0%}"
        if not self.mirrored:
            return figure
        return "\u200f" + persian_digits(figure).replace("%", "\u200f٪")


@contextmanager
def style() -> Iterator[None]:
    """Draw in the type and colours of the house while the context lasts."""
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


def save(figure: "Figure", path: Path) -> None:
    """Write a figure as PNG and SVG, and read both back.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    path : pathlib.Path
        Without its ending.

    Raises
    ------
    DataError
        If a file does not read back as it was drawn.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from PIL import Image

    picture, drawing = path.with_suffix(".png"), path.with_suffix(".svg")
    # Laid out once, so that both files are the same drawing.
    engine = figure.get_layout_engine()
    if engine is not None:
        engine.execute(figure)
        figure.set_layout_engine("none")
    # Not through `savefig`, which draws everything once more beforehand.
    agg, svg = FigureCanvasAgg(figure), FigureCanvasSVG(figure)
    agg.print_png(picture, metadata={"Software": None})  # type: ignore[no-untyped-call]
    svg.print_svg(drawing, metadata={"Date": None, "Creator": None})  # type: ignore[no-untyped-call]
    width, height = figure.get_size_inches() * DPI
    try:
        with Image.open(picture) as read:
            read.load()
        as_drawn = read.size == (round(width), round(height))
        ElementTree.parse(drawing)  # noqa: S314 - ours
    except (OSError, ElementTree.ParseError) as error:
        file = drawing if isinstance(error, ElementTree.ParseError) else picture
        raise DataError(
            Fault(f"does not read back as it was drawn: {error}", file=file.name)
        ) from error
    if not as_drawn:
        raise DataError(Fault("does not read back as it was drawn", file=picture.name))


def sheet(
    result: Result, tongue: Tongue, height: float, *, title: str, subtitle: str, draws: int = 0
) -> "Figure":
    """An empty figure with its heading, and at its foot what it was drawn from.

    Parameters
    ----------
    result : Result
        For the foot.
    tongue : Tongue
    height : float
        Inches.
    title, subtitle : str
    draws : int
        How many draws it rests on; 0 if on none.

    Returns
    -------
    matplotlib.figure.Figure
    """
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


def legend(
    figure: "Figure", tongue: Tongue, *, handles: Sequence[Any], labels: Sequence[str]
) -> None:
    """The key, between drawing and foot, in the order of reading.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    tongue : Tongue
    handles, labels : sequence
        As many of each.
    """
    step = -1 if tongue.mirrored else 1
    figure.legend(handles[::step], labels[::step],
                  loc="lower right" if tongue.mirrored else "lower left",
                  bbox_to_anchor=(tongue.edge, 0.47 / figure.get_figheight()), borderaxespad=0,
                  borderpad=0, ncols=len(labels), fontsize=8, handlelength=1.2, handleheight=1.0,
                  columnspacing=1.4, markerfirst=not tongue.mirrored)  # fmt: skip


def _foot(result: Result, tongue: Tongue, draws: int) -> str:
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
