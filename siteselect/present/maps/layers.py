"""Context layers as plain numbers: clipped, simplified, rounded, named."""

from collections.abc import Iterable, Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from siteselect.declared.sources import Titles

# Positions are whole multiples of this share of a degree (about 11 m).
STEPS_PER_DEGREE = 10_000
MARGIN_DEG = 1.6
STUDY_TOLERANCE_DEG = 0.0025
LAND_TOLERANCE_DEG = 0.004
OUTLINE_TOLERANCE_DEG = 0.0005
LEAST_ISLAND_DEG2 = 2e-5
TOWNS_DRAWN = 160

Box = tuple[float, float, float, float]

# What a feature may tell, with the columns that say it in order of preference.
_FACTS: Mapping[str, tuple[str, ...]] = {
    "en": ("name_en", "name"),
    "fa": ("name_fa",),
    "kind": ("kind", "category", "fluid"),
    "status": ("status",),
    "depth": ("depth_m", "max_draft_m"),
    "size": ("diameter_in",),
    "radius": ("radius_km", "approx_radius_km"),
    "people": ("population",),
    "accuracy": ("position_accuracy_km",),
    "origin": ("source_kind",),
    "trace": ("geometry_source_kind",),
}


def study_box(provinces: gpd.GeoDataFrame) -> Box:
    """The box that the page shows: the provinces and a margin.

    Parameters
    ----------
    provinces : geopandas.GeoDataFrame
        Provinces of the study, degrees.

    Returns
    -------
    tuple of float
        West, south, east, north, degrees.
    """
    west, south, east, north = (float(edge) for edge in provinces.total_bounds)
    return west - MARGIN_DEG, south - MARGIN_DEG, east + MARGIN_DEG, north + MARGIN_DEG


def text(value: Any) -> str:
    """A cell as text; empty if there is nothing in it.

    Examples
    --------
    >>> text(float("nan")), text("Kangan")
    ('', 'Kangan')
    """
    return "" if value is None or pd.isna(value) else str(value)


def titles(both: Titles) -> dict[str, str]:
    """A name in both languages.

    Examples
    --------
    >>> titles(Titles(en="Port", fa="بندر"))
    {'en': 'Port', 'fa': 'بندر'}
    """
    return {"en": both.en, "fa": both.fa}


def number(value: Any, digits: int) -> float | int | str | None:
    """A number that JSON can hold: null if unknown, ``"inf"`` if nothing is within reach.

    Examples
    --------
    >>> number(1.23456, 2), number(float("nan"), 2), number(float("inf"), 2), number(3.0, 2)
    (1.23, None, 'inf', 3)
    """
    if value is None or pd.isna(value):
        return None
    if np.isinf(value):
        return "inf"
    rounded = round(float(value), digits)
    return int(rounded) if rounded == int(rounded) else rounded


def flat(points: Any) -> list[int]:
    """Positions as whole steps, the first absolute and the rest as differences.

    Parameters
    ----------
    points : array_like, shape (n, 2)
        Longitude and latitude, degrees.

    Returns
    -------
    list of int, length 2 n or less
        A point that falls on its neighbour is left out.

    Examples
    --------
    >>> flat([(50.0, 27.0), (50.001, 27.0), (50.001, 26.9995)])
    [500000, 270000, 10, 0, 0, -5]
    """
    steps = np.round(np.asarray(points, dtype=np.float64)[:, :2] * STEPS_PER_DEGREE)
    moves = np.diff(steps.astype(np.int64), axis=0)
    moves = moves[(moves != 0).any(axis=1)]
    return [int(v) for v in np.concatenate([steps[:1].astype(np.int64), moves]).ravel()]


def shapes(geometries: Iterable[Any], box: Box, tolerance: float) -> list[list[int]]:
    """Rings or lines of geometries, clipped to a box and simplified.

    Parameters
    ----------
    geometries : iterable of shapely geometry
        Polygons or lines, degrees.
    box : tuple of float
        West, south, east, north, degrees.
    tolerance : float
        Greatest shift of a line by the simplification, degrees.

    Returns
    -------
    list of list of int
        One flat list a ring or line.
    """
    found: list[list[int]] = []
    for geometry in geometries:
        clipped = shapely.clip_by_rect(shapely.make_valid(geometry), *box)
        for part in shapely.get_parts(clipped.simplify(tolerance)):
            if part.geom_type == "LineString" and not part.is_empty:
                found.append(flat(part.coords))
            elif part.geom_type == "Polygon" and part.area > LEAST_ISLAND_DEG2:
                rings = (part.exterior, *part.interiors)
                found += [flat(r.coords) for r in rings if shapely.Polygon(r).area > tolerance**2]
    return [shape for shape in found if len(shape) > 2]


def land(frame: gpd.GeoDataFrame, box: Box) -> list[list[int]]:
    """Land as rings.

    Parameters
    ----------
    frame : geopandas.GeoDataFrame
        Polygons, degrees.
    box : tuple of float
        West, south, east, north, degrees.

    Returns
    -------
    list of list of int
        One flat list a ring; islands too small to be seen are left out.
    """
    return shapes(frame.geometry, box, LAND_TOLERANCE_DEG)


def areas(frame: gpd.GeoDataFrame, study: tuple[str, ...], box: Box) -> list[dict[str, Any]]:
    """Provinces or countries as rings that still fit together, with the place of their name.

    Parameters
    ----------
    frame : geopandas.GeoDataFrame
        Polygons with ``iso, name_en, name_fa``.
    study : tuple of str
        ISO codes of the study's provinces; others are context.
    box : tuple of float
        West, south, east, north, degrees.

    Returns
    -------
    list of dict
        ``id, en, fa, study, spot`` (where the name fits) and ``rings``; none outside the box.
    """
    ordered = frame.sort_values("iso")
    # Simplified together, so that neighbours keep one common border.
    simple = shapely.coverage_simplify(ordered.geometry.to_numpy(), STUDY_TOLERANCE_DEG)
    found = []
    for row, geometry in zip(ordered.itertuples(), simple, strict=True):
        rings = shapes([geometry], box, 0.0)
        if rings:
            inner = shapely.clip_by_rect(geometry, *box)
            spot = shapely.maximum_inscribed_circle(inner, tolerance=0.02).coords[0]
            found.append(
                {
                    "id": row.iso,
                    "en": text(row.name_en),
                    "fa": text(row.name_fa),
                    "study": row.iso in study,
                    "spot": [round(spot[0], 3), round(spot[1], 3)],
                    "rings": rings,
                }
            )
    return found


def points(frame: gpd.GeoDataFrame, box: Box) -> list[dict[str, Any]]:
    """Point features inside a box, with what they tell of themselves.

    Parameters
    ----------
    frame : geopandas.GeoDataFrame
        Points, degrees.
    box : tuple of float
        West, south, east, north, degrees.

    Returns
    -------
    list of dict
        ``id``, ``at`` (longitude and latitude) and the facts that the row holds.
    """
    inside = frame[frame.geometry.within(shapely.box(*box))]
    return [
        {"id": text(row.get("id")), "at": [round(g.x, 4), round(g.y, 4)], **_facts(row)}
        for row, g in zip(inside.to_dict("records"), inside.geometry, strict=True)
    ]


def towns(frame: gpd.GeoDataFrame, box: Box) -> list[dict[str, Any]]:
    """The largest towns inside a box, largest first; a tie in the order of the layer.

    Parameters
    ----------
    frame : geopandas.GeoDataFrame
        Points, degrees, with ``population`` if known.
    box : tuple of float
        West, south, east, north, degrees.

    Returns
    -------
    list of dict
        As of `points`, at most `TOWNS_DRAWN`.
    """
    if "population" in frame:
        frame = frame.sort_values("population", ascending=False, kind="stable")
    return points(frame.head(TOWNS_DRAWN * 3), box)[:TOWNS_DRAWN]


def lines(frame: gpd.GeoDataFrame, study: Any, box: Box) -> list[dict[str, Any]]:
    """Line features inside a box, with what they tell of themselves; nameless ones as one.

    Parameters
    ----------
    frame : geopandas.GeoDataFrame
        Lines, degrees.
    study : shapely geometry
        Area of the study: ``paths`` lie within it, ``far`` beyond it.
    box : tuple of float
        West, south, east, north, degrees.

    Returns
    -------
    list of dict
        ``id, paths, far`` and the facts that the row holds.
    """
    if "id" not in frame:
        whole = shapely.line_merge(shapely.union_all(frame.geometry.to_numpy()))
        frame = gpd.GeoDataFrame(geometry=[whole], crs=frame.crs)
    found = []
    for row, geometry in zip(frame.to_dict("records"), frame.geometry, strict=True):
        paths = shapes([geometry.intersection(study)], box, LAND_TOLERANCE_DEG)
        far = shapes([geometry.difference(study)], box, LAND_TOLERANCE_DEG)
        if paths or far:
            found.append({"id": text(row.get("id")), "paths": paths, "far": far, **_facts(row)})
    return found


def outlines(frame: gpd.GeoDataFrame) -> list[list[list[int]] | None]:
    """Outline of each site whose extent is known, else None; in the order of the frame.

    Parameters
    ----------
    frame : geopandas.GeoDataFrame
        Points and polygons in any CRS.

    Returns
    -------
    list of (list of list of int) or None
        Flat rings, degrees.
    """
    degrees = frame.to_crs("EPSG:4326")
    return [
        [
            flat(part.exterior.simplify(OUTLINE_TOLERANCE_DEG).coords)
            for part in shapely.get_parts(g)
        ]
        if g.geom_type in ("Polygon", "MultiPolygon")
        else None
        for g in degrees.geometry
    ]


def _facts(row: Mapping[Any, Any]) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    for fact, columns in _FACTS.items():
        cells = (row[column] for column in columns if column in row and text(row[column]) != "")
        cell = next(cells, None)
        if cell is not None:
            facts[fact] = cell if isinstance(cell, str) else number(cell, 2)
    return facts
