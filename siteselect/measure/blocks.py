"""Blocks: points gathered into nested squares, so that each is held against few features.

The answer at a point never depends on the square it fell into: the candidates of a square always
include every feature that could decide the answer at any of its points, and each pair of point
and feature is worked alike.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from siteselect.world.places import Places

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SIDES_M = (32000.0, 8000.0, 2000.0)


@dataclass(frozen=True, slots=True)
class Level:
    """Squares of one size, in the order of the points.

    Parameters
    ----------
    starts : numpy.ndarray of int64, shape (squares + 1,)
        Position of the first point of each square.
    disc : numpy.ndarray, shape (squares, 3)
        Easting and northing of its centre, and how far a point of it may stand from there, metres.
    children : numpy.ndarray of int64, shape (squares + 1,)
        Index of its first square on the next level; on the last level of its first point.
    """

    starts: Ints
    disc: Floats
    children: Ints


@dataclass(frozen=True, slots=True)
class Blocks:
    """Points ordered by nested squares.

    Parameters
    ----------
    points : numpy.ndarray, shape (p, 2)
        Easting and northing, metres, as they were given.
    order : numpy.ndarray of int64, shape (p,)
        Index of the point at each position.
    levels : tuple of Level
        From large squares to small.
    """

    points: Floats
    order: Ints
    levels: tuple[Level, ...]

    @classmethod
    def of(cls, easting: Floats, northing: Floats) -> "Blocks":
        """Gather points, metres, into squares of `SIDES_M`.

        Examples
        --------
        >>> blocks = Blocks.of(np.array([1.0, 32001.0, 2.0]), np.array([1.0, 1.0, 1.0]))
        >>> blocks.order.tolist(), blocks.levels[0].starts.tolist()
        ([0, 2, 1], [0, 2, 3])
        """
        keys = [np.floor(a / side) for side in SIDES_M for a in (northing, easting)]
        order = np.lexsort(keys[::-1])
        changed = np.zeros(max(len(order) - 1, 0), dtype=bool)
        starts = []
        for north, east in zip(keys[0::2], keys[1::2], strict=True):
            changed |= (np.diff(north[order]) != 0) | (np.diff(east[order]) != 0)
            starts.append(np.unique([0, *(np.flatnonzero(changed) + 1), len(order)]))
        points = np.column_stack([easting[order], northing[order]])
        following = [*starts[1:], np.arange(len(order) + 1)]
        return cls(
            np.column_stack([easting, northing]),
            order,
            tuple(
                Level(cut, _discs(points, cut), np.searchsorted(inner, cut))
                for cut, inner in zip(starts, following, strict=True)
            ),
        )


def _discs(points: Floats, starts: Ints) -> Floats:
    low = np.minimum.reduceat(points, starts[:-1])
    high = np.maximum.reduceat(points, starts[:-1])
    # A hair more than the half diagonal, so that rounding cannot leave a corner out.
    reach = np.hypot(*((high - low) / 2).T) * (1 + 1e-9) + 1e-6
    return np.column_stack([(low + high) / 2, reach])


@dataclass(frozen=True, slots=True)
class Group:
    """Sample points of one landmass.

    Parameters
    ----------
    index : numpy.ndarray of int64, shape (g,)
        Which of the sample points.
    landmass : int
        0 the mainland.
    points : Blocks
        The points.
    slack_m : numpy.ndarray, shape (g,)
        Accuracy of their positions, metres.
    """

    index: NDArray[np.int64]
    landmass: int
    points: Blocks
    slack_m: Floats


@dataclass(frozen=True, slots=True)
class Spots:
    """The sample points of places, made ready for the readers once.

    Parameters
    ----------
    easting, northing, slack_m : numpy.ndarray, shape (p,)
        Position and its accuracy, metres.
    owner : numpy.ndarray of int64, shape (p,)
        Index of the place of each.
    columns : pandas.DataFrame
        What else is known of the places.
    crs : pyproj.CRS
        Analysis CRS.
    groups : tuple of Group
        The points by landmass.
    """

    easting: Floats
    northing: Floats
    slack_m: Floats
    owner: NDArray[np.int64]
    columns: pd.DataFrame
    crs: CRS
    groups: tuple[Group, ...]

    @classmethod
    def of(cls, places: Places) -> "Spots":
        """Sample points of places."""
        slack = places.accuracy_km[places.owner] * 1000.0
        groups = []
        for mass in np.unique(places.landmass):
            index = np.flatnonzero(places.landmass == mass)
            points = Blocks.of(places.easting[index], places.northing[index])
            groups.append(Group(index, int(mass), points, slack[index]))
        return cls(
            places.easting,
            places.northing,
            slack,
            places.owner,
            places.columns,
            places.crs,
            tuple(groups),
        )


def tree_of_points(features: Floats) -> shapely.STRtree:
    """A tree of points.

    Parameters
    ----------
    features : numpy.ndarray, shape (s, 2 or more)
        Easting and northing, then anything.

    Returns
    -------
    shapely.STRtree
    """
    return shapely.STRtree(np.asarray(shapely.points(features[:, :2])))


def candidates(blocks: Blocks, tree: shapely.STRtree, distance_m: Floats) -> tuple[Ints, Ints]:
    """Features that stand within a distance of the centre of each large square.

    Parameters
    ----------
    blocks : Blocks
    tree : shapely.STRtree
        Features.
    distance_m : numpy.ndarray, shape (squares,)
        How far to look, metres.

    Returns
    -------
    offsets : numpy.ndarray of int64, shape (squares + 1,)
        Where each square's candidates begin.
    indices : numpy.ndarray of int64
        Indices of features, ascending within a square.
    """
    disc = blocks.levels[0].disc
    block, feature = tree.query(
        shapely.points(disc[:, :2]), predicate="dwithin", distance=distance_m
    )
    order = np.lexsort((feature, block))
    counts = np.bincount(block, minlength=len(disc))
    return np.concatenate(([0], np.cumsum(counts))), feature[order].astype(np.int64)
