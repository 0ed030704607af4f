"""The region drawn: provinces, neighbours, and the parks numbered as the report numbers them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely
from numpy.typing import NDArray

from siteselect.present.drawn.paper import FAINT, SECOND_INK, WIDTH, Tongue, legend, sheet
from siteselect.present.maps.layers import study_box
from siteselect.present.report.case import Case
from siteselect.present.styles import INK, WHITE
from siteselect.present.tables import text
from siteselect.study.result import Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SEA, NEIGHBOUR, COUNTRY, MINE, BORDER = "#E4EEF4", "#EFEFEA", "#F6F4EE", "#FFFFFF", "#A9B0B8"
# By ground: shape and colour, so that neither is needed alone.
MARKS = {
    "existing": ("s", "#31688E"), "extension": ("p", "#8C5E00"), "greenfield": ("o", "#00694C"),
    "proposed": ("^", "#7A3B69"),
}  # fmt: skip
_GROUND = {
    "estate": "existing", "special_zone": "existing", "fill": "existing", "revive": "existing",
    "extend": "extension",
}  # fmt: skip
_TOLERANCE_M, _MARGIN_M = 700.0, 45_000.0
_SEEN_M2, _NAMED_M2 = 2e7, 2e10
_APART, _TURNS = 0.23, 400
_BARS_KM = (20, 50, 100, 200, 400)

Points = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Ground:
    """What the parks are drawn on, in the analysis CRS; the same in every language.

    Parameters
    ----------
    box : tuple of float
        West, south, east, north, metres.
    areas : tuple of (str, float, list of arrays)
        Fill, width of the border, and rings, in the order of drawing.
    labels : tuple of (str, tuple of float, bool)
        ISO code, where the name fits, and whether the province is one of the study.
    """

    box: tuple[float, float, float, float]
    areas: tuple[tuple[str, float, list[Points]], ...]
    labels: tuple[tuple[str, tuple[float, float], bool], ...]


def ground_of(result: Result) -> Ground:
    """The ground of a result's map.

    Parameters
    ----------
    result : Result

    Returns
    -------
    Ground
    """
    context, crs = result.context, result.pool.frame.crs
    every = context["provinces"]
    wide = study_box(every[every["iso"].isin(result.study.provinces)])
    rows = every[every.intersects(shapely.box(*wide))].to_crs(crs)
    mine = rows["iso"].isin(result.study.provinces).to_numpy()
    west, south, east, north = rows[mine].total_bounds
    box = (west - _MARGIN_M, south - _MARGIN_M, east + _MARGIN_M, north + _MARGIN_M)
    simple = shapely.coverage_simplify(rows.geometry.to_numpy(), _TOLERANCE_M)
    shapes = shapely.clip_by_rect(simple, *box)
    far = [
        (NEIGHBOUR, 0.5, _rings(context[name].clip_by_rect(*wide).to_crs(crs).to_numpy()))
        for name in ("land", "neighbours")
        if name in context
    ]
    labels = [
        (str(iso), shapely.maximum_inscribed_circle(shape, tolerance=5000).coords[0], bool(own))
        for shape, iso, own in zip(shapes, rows["iso"], mine, strict=True)
        if not shape.is_empty and (own or shape.area > _NAMED_M2)
    ]
    mine_last = ((COUNTRY, 0.5, _rings(shapes[~mine])), (MINE, 1.1, _rings(shapes[mine])))
    return Ground(box, (*far, *mine_last), tuple(labels))


def _rings(shapes: NDArray[np.object_]) -> list[Points]:
    """Outer rings; islands and lakes too small to be seen are left out."""
    parts = shapely.get_parts(shapely.get_parts(shapes))
    whole = [p for p in parts if p.geom_type == "Polygon" and p.area > _SEEN_M2]
    return [np.asarray(p.exterior.simplify(_TOLERANCE_M).coords) for p in whole]


def draw(case: Case, ground: Ground) -> "Figure":
    """The region with the parks, or with the best of the ranking.

    Parameters
    ----------
    case : Case
    ground : Ground
        Of the same result.

    Returns
    -------
    matplotlib.figure.Figure
    """
    tongue, box = Tongue(case.voice.language), ground.box
    tall = (box[3] - box[1]) / (box[2] - box[0])
    figure = sheet(
        case.result, tongue, round(1.75 + WIDTH * min(max(tall, 0.35), 1.1), 2),
        title=tongue.say("Where the parks stand", "پارک‌ها کجا هستند") if len(case.parks)
        else tongue.say("The best of the ranking", "بهترین‌های رتبه‌بندی"),
        subtitle=tongue.say("Numbered as in the table of the report; the shape tells the ground",
                            "شماره‌ها همان شماره‌های جدول گزارش است؛ شکل، گونهٔ زمین را می‌گوید"),
    )  # fmt: skip
    axes = figure.add_subplot()
    axes.set_xlim(box[0], box[2])
    axes.set_ylim(box[1], box[3])
    axes.set_aspect("equal")
    axes.set_facecolor(SEA)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[["top", "right"]].set_visible(True)
    _ground(axes, case, ground)
    spots = _sites(figure, axes, case, box=box)
    _scale_bar(axes, tongue, box, spots)
    return figure


def _ground(axes: "Axes", case: Case, ground: Ground) -> None:
    from matplotlib.collections import PolyCollection

    for fill, width, rings in ground.areas:
        axes.add_collection(
            PolyCollection(rings, facecolor=fill, edgecolor=BORDER, linewidth=width, zorder=1),
            autolim=False,
        )
    for iso, spot, own in ground.labels:
        axes.annotate(case.province(iso), spot, ha="center", va="center", size=10 if own else 8,
                      color=SECOND_INK if own else FAINT, weight="bold" if own else "normal",
                      zorder=3)  # fmt: skip


def _scale_bar(axes: "Axes", tongue: Tongue, box: Sequence[float], spots: Points) -> None:
    wide, tall = box[2] - box[0], box[3] - box[1]
    km = max((k for k in _BARS_KM if k * 1000 <= wide / 5), default=_BARS_KM[0])
    low = box[1] + 0.05 * tall
    # In the lower corner that is farther from every mark.
    corners = [box[0] + 0.04 * wide, box[2] - 0.04 * wide - km * 1000]
    middles = np.array([[left + km * 500, low] for left in corners])
    room = np.hypot(*(spots[None] - middles[:, None]).transpose(2, 0, 1)).min(axis=1, initial=1e9)
    left = corners[int(np.argmax(room))]
    for half, colour in ((0, INK), (1, WHITE)):
        axes.barh(low, km * 500, 0.012 * tall, left + half * km * 500, color=colour,
                  edgecolor=INK, linewidth=0.8, zorder=6)  # fmt: skip
    axes.annotate(tongue.say(f"{km} km", f"{km} کیلومتر"), (left + km * 500, low + 0.02 * tall),
                  ha="center", va="bottom", size=8, zorder=6)  # fmt: skip


def _sites(figure: "Figure", axes: "Axes", case: Case, *, box: Sequence[float]) -> Points:
    from matplotlib.lines import Line2D

    frame = case.result.pool.frame.set_index("id")
    ids = [site for site, _ in case.listed()]
    middles = frame.loc[ids].geometry.representative_point()
    at = np.column_stack([middles.x, middles.y]) if ids else np.zeros((0, 2))
    per_inch = (box[2] - box[0]) / (WIDTH * 0.96)
    places = spread(at / per_inch, _APART) * per_inch
    used = {}
    for number, (site, spot, place) in enumerate(zip(ids, at, places, strict=True), 1):
        ground = _ground_of(case, site)
        shape, colour = MARKS[ground]
        used[ground] = (shape, colour)
        if (spot != place).any():
            axes.plot(*zip(spot, place, strict=True), color=INK, linewidth=0.8, zorder=4)
            axes.plot(*spot, marker="o", markersize=3, color=INK, zorder=4)
        axes.plot(*place, marker=shape, markersize=15.5, color=colour, markeredgecolor=WHITE,
                  markeredgewidth=0.8, zorder=5)  # fmt: skip
        said = case.voice.number(number)
        axes.annotate(said, place, ha="center", va="center_baseline", size=7.5, color=WHITE,
                      weight="bold", zorder=6)  # fmt: skip
    words = {
        "existing": ("existing land", "زمین موجود"), "extension": ("extension", "توسعه"),
        "greenfield": ("greenfield", "زمین نو"), "proposed": ("proposed", "پیشنهادی"),
    }  # fmt: skip
    tongue = Tongue(case.voice.language)
    handles = [
        Line2D([], [], linestyle="none", marker=shape, color=colour, markersize=9)
        for shape, colour in used.values()
    ]
    point = Line2D([], [], linestyle="none", marker="o", color=INK, markersize=3)
    legend(
        figure, tongue, handles=[*handles, point],
        labels=[*(tongue.say(*words[name]) for name in used),
                tongue.say("site of a mark that stands aside", "جای پهنه‌ای که نشانه‌اش کنار است")],
    )  # fmt: skip
    return places


def _ground_of(case: Case, site: str) -> str:
    rungs = dict(zip(case.parks["id"], case.parks["rung"], strict=True)) if len(case.parks) else {}
    word = rungs.get(site) or text(case.sites.loc[site, "kind"])
    ground = _GROUND.get(word, word)
    return ground if ground in MARKS else "proposed"


def spread(at: Points, apart: float) -> Points:
    """Places for marks beside their points, so that none covers another.

    Parameters
    ----------
    at : numpy.ndarray, shape (n, 2)
        Points.
    apart : float
        Least distance of two marks, in the same unit.

    Returns
    -------
    numpy.ndarray, shape (n, 2)
        The points themselves where they are far enough apart.

    Examples
    --------
    >>> moved = spread(np.array([[0.0, 0.0], [0.0, 0.0], [9.0, 9.0]]), 1.0)
    >>> bool(np.hypot(*(moved[0] - moved[1])) > 0.99), moved[2].tolist()
    (True, [9.0, 9.0])
    """
    places = at.astype(np.float64).copy()
    # Twins part in directions of their own, the same ones every time.
    turn = np.arange(len(at)) * 2.4
    places += 1e-3 * apart * np.column_stack([np.cos(turn), np.sin(turn)])
    for _ in range(_TURNS):
        gap = places[:, None] - places[None]
        far = np.hypot(gap[..., 0], gap[..., 1]) + np.eye(len(at)) * 1e9
        short = np.clip(apart * 1.02 - far, 0, None)
        if not short.any():
            break
        places += (gap / far[..., None] * short[..., None]).sum(axis=1) * 0.5
    still = np.hypot(*(places - at).T) < 0.01 * apart
    return np.where(still[:, None], at, places)
