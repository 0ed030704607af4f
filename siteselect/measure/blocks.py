"""Blocks: points gathered into nested squares, so that each is held against few features.

The answer at a point never depends on the square it fell into: the candidates of a square always
include every feature that could decide the answer at any of its points, and each pair of point
and feature is worked alike.
"""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pyproj import CRS

from siteselect.world.places import Places

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Squares = tuple[Ints, Floats, Ints, Ints]

# Sides of the squares in spacings, small to large, each a power of two.
SIDES = (16, 64, 256)
# Spacing of points that stand on no grid, metres.
SPACING_M = 500.0


@dataclass(frozen=True, slots=True)
class Blocks:
    """Points in the order of nested squares.

    Parameters
    ----------
    easting, northing : numpy.ndarray, shape (p,)
        Metres, in the order of the squares.
    order : numpy.ndarray of int64, shape (p,)
        Which of the points that were given stands at each position.
    starts : numpy.ndarray of int64, shape (smallest squares + 1,)
        Position of the first point of each of the smallest squares.
    boxes : numpy.ndarray, shape (4, squares)
        Around the points of the squares of all sizes, large to small: easting and northing of the
        centre, half width and half height, metres.
    parents : numpy.ndarray of int64, shape (squares,)
        The square of the next size that each lies in; -1 for the largest.
    cuts : numpy.ndarray of int64, shape (sizes + 1,)
        Where the squares of each size begin.
    """

    easting: Floats
    northing: Floats
    order: Ints
    starts: Ints
    boxes: Floats
    parents: Ints
    cuts: Ints

    def __len__(self) -> int:
        return len(self.order)

    def squares(self) -> Squares:
        """The squares alone: starts, boxes, parents, cuts."""
        return self.starts, self.boxes, self.parents, self.cuts

    @classmethod
    def of(cls, easting: Floats, northing: Floats, spacing_m: float = SPACING_M) -> "Blocks":
        """Gather points, metres, into squares of `SIDES` times a spacing.

        Examples
        --------
        >>> blocks = Blocks.of(np.array([1.0, 9001.0, 2.0]), np.array([1.0, 1.0, 1.0]))
        >>> blocks.order.tolist(), blocks.starts.tolist()
        ([0, 2, 1], [0, 2, 3])
        """
        keys = _keys(easting, northing, spacing_m)
        order = np.arange(len(keys))
        if (np.diff(keys) < 0).any():
            order = np.argsort(keys, kind="stable")
            keys, easting, northing = keys[order], easting[order], northing[order]
        sizes = []  # small to large, in positions of the first points
        for small, side in itertools.pairwise((SIDES[0], *SIDES)):
            keys = keys >> 2 * ((side // small).bit_length() - 1)
            sizes.append(np.flatnonzero(np.diff(keys, prepend=keys[:1] - 1)))
        firsts = np.concatenate(sizes[::-1])
        cuts = np.cumsum([0, *(len(size) for size in sizes[::-1])])
        parents = np.full(len(firsts), -1)
        for level in range(1, len(SIDES)):
            mine = slice(cuts[level], cuts[level + 1])
            outer = firsts[cuts[level - 1] : cuts[level]]
            parents[mine] = cuts[level - 1] + np.searchsorted(outer, firsts[mine], "right") - 1
        boxes = np.hstack([_boxes(easting, northing, size) for size in sizes[::-1]])
        starts = np.append(sizes[0], len(keys))
        east, north = np.ascontiguousarray(easting), np.ascontiguousarray(northing)
        return cls(east, north, order, starts, boxes, parents, cuts)


def in_order(easting: Floats, northing: Floats, spacing_m: float) -> Ints:
    """The order in which `Blocks` take points, so that they can be brought in it at once.

    Examples
    --------
    >>> in_order(np.array([1.0, 9001.0, 2.0]), np.array([1.0, 1.0, 1.0]), 500.0).tolist()
    [0, 2, 1]
    """
    return np.argsort(_keys(easting, northing, spacing_m), kind="stable")


def _keys(easting: Floats, northing: Floats, spacing_m: float) -> Ints:
    """A number a point: points of one square, of whatever size, have neighbouring numbers."""
    if not len(easting):
        return np.zeros(0, dtype=np.int64)
    east, north = (
        np.floor(axis / (SIDES[0] * spacing_m)).astype(np.int64) for axis in (easting, northing)
    )
    # Counted from the corner of a largest square, so that the squares lie alike for all points.
    whole = SIDES[-1] // SIDES[0]
    east, north = (axis - axis.min() // whole * whole for axis in (east, north))
    # Sides are powers of two: what lies in which square is told by the bits of a number.
    keys, at, inner = np.zeros(len(east), dtype=np.int64), 0, 0
    for small, side in itertools.pairwise(SIDES):
        bits = (side // small).bit_length() - 1
        for axis in (east, north):
            keys |= (axis >> inner & (1 << bits) - 1) << at
            at += bits
        inner += bits
    across = (int(east.max()) >> inner) + 1
    return np.asarray(keys + (((north >> inner) * across + (east >> inner)) << at))


def _boxes(easting: Floats, northing: Floats, firsts: Ints) -> Floats:
    if not len(firsts):
        return np.zeros((4, 0))
    low, high = (
        np.stack([end.reduceat(axis, firsts) for axis in (easting, northing)])
        for end in (np.minimum, np.maximum)
    )
    # A hair more than half, so that rounding cannot leave a corner out.
    return np.vstack([(low + high) / 2, (high - low) / 2 * (1 + 1e-9) + 1e-6])


def descend(
    squares: Squares, decide: Callable[[Floats, Ints], NDArray[np.bool_]], size: int
) -> Iterator[tuple[slice, Ints]]:
    """Points of one square after another, with the features that matter there.

    Parameters
    ----------
    squares : tuple of numpy.ndarray
        As `Blocks.squares` gives them.
    decide : callable
        From a disc (easting and northing of its centre, radius, metres) and indices of features to
        which of them may matter somewhere in the disc.
    size : int
        Number of features.

    Yields
    ------
    slice, numpy.ndarray of int64
        Positions of the points of a square; the features left when all larger squares were asked.

    Examples
    --------
    >>> blocks = Blocks.of(np.array([1.0, 2.0]), np.array([1.0, 1.0]))
    >>> [(here, few.tolist()) for here, few in descend(
    ...     blocks.squares(), lambda disc, given: given != 1, 3)]
    [(slice(0, 2, None), [0, 2])]
    """
    starts, boxes, parents, cuts = squares
    discs = np.vstack([boxes[:2], np.hypot(boxes[2], boxes[3])])
    kept = {-1: np.arange(size)}
    for square in range(cuts[-1]):
        given = kept[int(parents[square])]
        kept[square] = given[decide(discs[:, square], given)]
    for square, (first, end) in enumerate(itertools.pairwise(starts.tolist()), int(cuts[-2])):
        yield slice(first, end), kept[square]


@dataclass(frozen=True, slots=True)
class Group:
    """Sample points of one landmass.

    Parameters
    ----------
    index : numpy.ndarray of int64, shape (g,)
        Which of the sample points, in the order of `points`.
    landmass : int
        0 the mainland.
    points : Blocks
        The points.
    slack_m : numpy.ndarray, shape (g,)
        Accuracy of their positions, metres, in the order of `points`.
    bounds : bool
        Whether the bounds of readings are asked too.
    """

    index: NDArray[np.int64]
    landmass: int
    points: Blocks
    slack_m: Floats
    bounds: bool = True

    @property
    def ordered(self) -> bool:
        """Whether the points stand in the order of the places."""
        return bool((np.diff(self.index) > 0).all())


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
    bounds : bool
        Whether the bounds of readings are asked too; if not, a reading stands for its bounds.
    """

    easting: Floats
    northing: Floats
    slack_m: Floats
    owner: NDArray[np.int64]
    columns: pd.DataFrame
    crs: CRS
    groups: tuple[Group, ...]
    bounds: bool = True

    @classmethod
    def of(cls, places: Places, *, spacing_m: float = SPACING_M) -> "Spots":
        """Sample points of places.

        Parameters
        ----------
        places : Places
        spacing_m : float
            How far apart they stand, about.

        Returns
        -------
        Spots
        """
        slack = places.accuracy_km[places.owner] * 1000.0
        groups = []
        for mass in np.flatnonzero(np.bincount(places.landmass)):
            index = np.flatnonzero(places.landmass == mass)
            points = Blocks.of(places.easting[index], places.northing[index], spacing_m)
            index = index[points.order]
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

    def without_bounds(self) -> "Spots":
        """The same spots, of which only readings are asked."""
        groups = tuple(replace(group, bounds=False) for group in self.groups)
        return replace(self, groups=groups, bounds=False)
