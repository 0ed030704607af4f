"""Amounts: what a feature supplies, which families it counts in, which class it carries."""

from collections.abc import Collection, Iterable, Iterator
from functools import partial

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pyproj import CRS

from siteselect.base.errors import DataError, Fault
from siteselect.base.text import figures, nearest
from siteselect.declared.measures import Amount, Count, Products, Supply
from siteselect.measure import reach
from siteselect.measure.blocks import Blocks, Ints, Squares, descend
from siteselect.world.catalog import Catalog

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


def refuse_unknown(measure: Supply | Count, catalog: Catalog, crs: CRS) -> None:
    """Refuse a product, source or status that is misspelt: it would count nothing, unsaid.

    Parameters
    ----------
    measure : Supply or Count
    catalog : Catalog
        The whole of each layer is the reference, for what a target leaves out is no misspelling,
        and with it the words that the catalogue declares.
    crs : pyproj.CRS
        In which the layers are read.

    Raises
    ------
    DataError
        Naming each, with the nearest that there is.
    """
    layers = tuple(dict.fromkeys(target.layer for target in (measure.target, *measure.also)))
    frames = [catalog.features(name, crs) for name in layers]
    counts = measure.amount if isinstance(measure, Supply) else measure
    at = "amount." if isinstance(measure, Supply) else ""
    faults = []
    if counts.by_status:
        declared = [catalog.source(name).columns.get("status") for name in layers]
        known = {word for frame in frames for word in frame["status"].dropna()}
        known |= {word for column in declared if column for word in column.choices}
        faults += _unheld(((f"{at}by_status", word) for word in counts.by_status), known)
    if isinstance(counts, Amount) and counts.products is not None:
        known = {name for frame in frames for name in _made(frame, counts.products.column)}
        asked = list(_products(counts.products))
        if not known.issuperset(name for _, name in asked) and "materials" in catalog.sources:
            # What is a material, and made by nobody yet, is a word that is known.
            known |= set(catalog.table("materials")["id"].astype(str))
        ids = [str(name) for frame in frames for name in frame["id"]]
        faults += [*_unheld(asked, known), *_unheld(_sources(counts.products, ids), ids)]
    if faults:
        file = ", ".join(layers)
        raise DataError([Fault(message, file, "", field) for field, message in faults])


def _unheld(asked: Iterable[tuple[str, str]], known: Collection[str]) -> list[tuple[str, str]]:
    return [(field, f"holds no {word!r}{nearest(word, known)}") for field, word in asked
            if word not in known]  # fmt: skip


def _made(frame: gpd.GeoDataFrame, column: str) -> set[str]:
    """Products that a layer lists, with a figure or without."""
    cells = [text for name in (column, "products") if name in frame for text in frame[name]]
    parts = (part for text in cells if isinstance(text, str) for part in text.split(";"))
    return {part.partition("=")[0].strip() for part in parts} - {""}


def _products(products: Products) -> Iterator[tuple[str, str]]:
    field = "amount.products"
    yield from ((f"{field}.names", name) for name in products.names)
    yield from ((f"{field}.factors", name) for name in products.factors)
    yield from ((f"{field}.instead.{key}", name) for key, name in products.instead.items())
    for part in ("availability", "captive"):
        for key, by_product in getattr(products, part).items():
            yield from ((f"{field}.{part}.{key}", name) for name in by_product)


def _sources(products: Products, ids: list[str]) -> Iterator[tuple[str, str]]:
    field = "amount.products"
    yield from ((f"{field}.captive", name) for name in products.captive)
    yield from ((f"{field}.instead", name) for name in products.instead)
    for start in products.availability:
        if not any(name.startswith(start) for name in ids):
            yield f"{field}.availability", start


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
