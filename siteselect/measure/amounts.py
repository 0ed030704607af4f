"""Amounts: what a feature supplies, which families it counts in, which class it carries."""

from functools import partial

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from siteselect.base.text import figures
from siteselect.declared.measures import Amount, Count, Products
from siteselect.measure import reach
from siteselect.measure.blocks import Blocks, Ints, Squares, descend

Floats = NDArray[np.float64]


def of(frame: gpd.GeoDataFrame, amount: Amount) -> Floats:
    """What each feature of a layer supplies.

    Parameters
    ----------
    frame : geopandas.GeoDataFrame
        Features.
    amount : Amount
        How to tell.

    Returns
    -------
    numpy.ndarray, shape (features,)
        An unknown figure supplies nothing that could be counted on.

    Raises
    ------
    DataError
        If a figure in a list of products is no amount.
    """
    if amount.products is not None:
        total = np.array([_of_row(row, amount.products) for row in frame.to_dict("records")])
    elif amount.column:
        total = pd.to_numeric(frame[amount.column], errors="coerce").fillna(0.0).to_numpy(float)
    else:
        total = np.full(len(frame), amount.constant)
    if amount.by_status:
        total = total * frame["status"].map(lambda word: amount.by_status.get(word, 0.0)).to_numpy()
    return np.asarray(total, dtype=np.float64)


def _of_row(row: dict[str, object], products: Products) -> float:
    name = str(row["id"])
    listed = figures(str(row.get(products.column) or ""), file="", row=name)
    if name in products.instead and products.instead[name] in listed:
        return listed[products.instead[name]]
    share, captive = _of_source(products.availability, name), products.captive.get(name, {})
    total = 0.0
    for product, kt_y in listed.items():
        factor = 1.0 if product in products.names else products.factors.get(product, 0.0)
        left = max(kt_y - captive.get(product, 0.0), 0.0)
        total += factor * share.get(product, 1.0) * left
    return total


def _of_source(by_source: dict[str, dict[str, float]], name: str) -> dict[str, float]:
    fitting = [key for key in by_source if name.startswith(key)]
    return by_source[max(fitting, key=len)] if fitting else {}


def counted(frame: gpd.GeoDataFrame, measure: Count) -> gpd.GeoDataFrame:
    """Features whose status counts.

    Parameters
    ----------
    frame : geopandas.GeoDataFrame
    measure : Count

    Returns
    -------
    geopandas.GeoDataFrame
    """
    return frame[frame["status"].isin(list(measure.by_status))] if measure.by_status else frame


def families(frame: gpd.GeoDataFrame, measure: Count) -> NDArray[np.bool_]:
    """Which families each feature belongs to.

    Parameters
    ----------
    frame : geopandas.GeoDataFrame
    measure : Count
        With families.

    Returns
    -------
    numpy.ndarray of bool, shape (features, families)
    """
    words = [
        {word.strip() for word in str(text).split(";")} for text in frame[measure.column].fillna("")
    ]
    return np.array(
        [[bool(mine & set(family)) for family in measure.families.values()] for mine in words]
    ).reshape(len(frame), len(measure.families))


def count_within(
    points: Blocks,
    slack_m: Floats,
    sources: Floats,
    *,
    member: NDArray[np.bool_] | None,
    radius_m: float,
) -> tuple[Floats, Floats, Floats]:
    """How many families (or features) stand within a radius, and the bounds of that number.

    Parameters
    ----------
    points : Blocks
        p points, metres.
    slack_m : numpy.ndarray, shape (p,)
        Accuracy of their positions, metres, in the order of the blocks.
    sources : numpy.ndarray, shape (s, 3)
        Easting, northing, accuracy, metres.
    member : numpy.ndarray of bool, shape (s, families), or None
        Which families each belongs to; if none, every feature counts for itself.
    radius_m : float
        Radius.

    Returns
    -------
    count, lower, upper : numpy.ndarray, shape (p,)
        In the order of the blocks.
    """
    out = np.zeros((3, len(points)))
    if len(sources) and len(points):
        place = (points.easting, points.northing, slack_m)
        limits = (float(radius_m), float(slack_m.max() + sources[:, 2].max()))
        compiled = reach.kernels()
        run = compiled.counted if compiled else _counted
        families = np.zeros((len(sources), 0), dtype=bool) if member is None else member
        run(place, np.ascontiguousarray(sources.T), families, limits, points.squares(), out)
    return out[0], out[1], out[2]


def _counted(
    place: tuple[Floats, Floats, Floats],
    sources: Floats,
    member: NDArray[np.bool_],
    limits: tuple[float, float],
    squares: Squares,
    out: Floats,
) -> None:
    """The definition that the compiled kernel follows."""
    (easting, northing, slack_m), (radius, doubt) = place, limits
    near = partial(reach.within, sources, far_m=radius + doubt)
    for here, chosen in descend(squares, near, sources.shape[1]):
        few = sources[:, chosen]
        away = np.hypot(easting[here, None] - few[0], northing[here, None] - few[1])
        slack = slack_m[here, None] + few[2]
        for row, farther in zip(out, (away, away + slack, away - slack), strict=True):
            hit = farther <= radius
            row[here] = (hit @ member[chosen] if member.shape[1] else hit).sum(axis=1)


def nearest_code(
    points: Blocks, slack_m: Floats, coded: Floats, *, within_m: float, bounds: bool = True
) -> tuple[Floats, Floats, Floats]:
    """Code of the nearest feature, and the range over all that may be the nearest.

    Parameters
    ----------
    points : Blocks
        p points, metres.
    slack_m : numpy.ndarray, shape (p,)
        Accuracy of their positions, metres, in the order of the blocks.
    coded : numpy.ndarray, shape (s, 4)
        Easting, northing, code, accuracy; a code may be NaN.
    within_m : float
        A feature farther than this says nothing.
    bounds : bool
        Whether the range is asked; else the code stands for it.

    Returns
    -------
    code, lower, upper : numpy.ndarray, shape (p,)
        In the order of the blocks; NaN where nothing is near enough. No bounds where a feature
        that may be the nearest has no code.
    """
    out = np.full((3, len(points)), np.nan)
    if len(coded) and len(points):
        place = (points.easting, points.northing, slack_m)
        doubt = float(slack_m.max() + coded[:, 3].max()) if bounds else 0.0
        compiled = reach.kernels()
        run = compiled.coded if compiled else _coded
        features = np.ascontiguousarray(coded.T)
        run(place, features, (float(within_m), doubt), points.squares(), bounds, out)
    return (out[0], out[1], out[2]) if bounds else (out[0], out[0], out[0])


def _coded(
    place: tuple[Floats, Floats, Floats],
    features: Floats,
    limits: tuple[float, float],
    squares: Squares,
    bounds: bool,  # noqa: FBT001 - as the kernel takes it
    out: Floats,
) -> None:
    """The definition that the compiled kernel follows."""
    (easting, northing, slack_m), (within, doubt) = place, limits

    def may_decide(disc: Floats, given: Ints) -> NDArray[np.bool_]:
        away = np.hypot(disc[0] - features[0, given], disc[1] - features[1, given])
        return np.asarray(away <= away.min() + 2 * (disc[2] + doubt))

    for here, chosen in descend(squares, may_decide, features.shape[1]):
        near = features[:, chosen]
        away = np.hypot(easting[here, None] - near[0], northing[here, None] - near[1])
        out[0, here] = near[2, away.argmin(axis=1)]
        if bounds:
            slack = slack_m[here, None] + near[3]
            # What may be nearer than the nearest may be far, may be the nearest.
            possible = away - slack <= (away + slack).min(axis=1)[:, None]
            codes = np.where(possible, near[2], np.nan)
            blind = (possible & np.isnan(near[2])).any(axis=1)
            out[1, here] = np.where(blind, -np.inf, np.fmin.reduce(codes, axis=1))
            out[2, here] = np.where(blind, np.inf, np.fmax.reduce(codes, axis=1))
        out[:, here][:, away.min(axis=1) > within] = np.nan
