"""Blocks: points gathered into nested squares, so that each is held against few features.

The answer at a point never depends on the square it fell into: the candidates of a square always
include every feature that could decide the answer at any of its points, and each pair of point
and feature is worked alike.
"""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pyproj import CRS

from siteselect.world.places import Grid, Places

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
        return cls.gathered(easting, northing, order, keys=keys)

    @classmethod
    def gathered(
        cls, easting: Floats, northing: Floats, order: Ints, *, keys: NDArray[np.integer[Any]]
    ) -> "Blocks":
        """Points that stand in the order of their squares already.

        Parameters
        ----------
        easting, northing : numpy.ndarray, shape (p,)
            Metres.
        order : numpy.ndarray of int64, shape (p,)
            Which of the points that were given stands at each position.
        keys : numpy.ndarray of int, shape (p,)
            Ascending: numbers that tell the squares of each, as `cells_in_order` has them.

        Returns
        -------
        Blocks
        """
        firsts: list[Ints] = []  # small to large, in squares of the size before; points at first
        for small, side in itertools.pairwise((SIDES[0], *SIDES)):
            keys = keys >> 2 * ((side // small).bit_length() - 1)
            firsts.append(np.flatnonzero(np.diff(keys, prepend=keys[:1] - 1)))
            keys = keys[firsts[-1]]
        boxes, parents = _boxes(easting, northing, firsts), [np.full(len(keys), -1)]
        sizes = [len(first) for first in firsts[::-1]]
        cuts = np.cumsum([0, *sizes])
        for start, outer, inner in zip(cuts.tolist(), firsts[:0:-1], sizes[1:], strict=False):
            held = np.diff(outer, append=inner)
            parents.append(start + np.repeat(np.arange(len(outer)), held))
        starts = np.append(firsts[0], len(easting))
        east, north = np.ascontiguousarray(easting), np.ascontiguousarray(northing)
        return cls(east, north, order, starts, boxes, np.concatenate(parents), cuts)


@dataclass(frozen=True, slots=True)
class _Laid:
    """The cells of a rectangle in the order of their squares: flat index, key, row, column."""

    cells: NDArray[np.int32]
    keys: NDArray[np.int32]
    row: NDArray[np.int32]
    column: NDArray[np.int32]


@lru_cache(maxsize=8)
def _laid(east: int, north: int, shape: tuple[int, int]) -> _Laid:
    """All cells of a rectangle whose corner stands so within a largest square."""
    row, column = np.divmod(np.arange(shape[0] * shape[1], dtype=np.int64), shape[1])
    keys = _keys(east + column + 0.5, north - row - 0.5, 1.0)
    order = np.argsort(keys, kind="stable")
    laid = (order, keys[order], row[order], column[order])
    return _Laid(*(part.astype(np.int32) for part in laid))


def _laid_of(grid: Grid) -> tuple[_Laid, NDArray[np.bool_]]:
    """The cells of a grid's rectangle, and which of them lie within the study area."""
    # Windows of whole largest squares are laid alike.
    west, north = grid.first
    laid = _laid(west % SIDES[-1], north % SIDES[-1], grid.shape)
    return laid, grid.inside.ravel()[laid.cells]


def cells_in_order(grid: Grid) -> Ints:
    """Cells of a grid in the order in which `Blocks` take their centres.

    Parameters
    ----------
    grid : Grid

    Returns
    -------
    numpy.ndarray of int64, shape (n,)
        Flat indices of those within the study area.
    """
    laid, there = _laid_of(grid)
    return laid.cells[there].astype(np.int64)


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


def _boxes(easting: Floats, northing: Floats, firsts: list[Ints]) -> Floats:
    """Around the points of squares, large to small."""
    if not len(easting):
        return np.zeros((4, 0))
    boxes, ends = [], [(easting, easting), (northing, northing)]
    for first in firsts:
        ends = [
            (np.minimum.reduceat(low, first), np.maximum.reduceat(high, first))
            for low, high in ends
        ]
        middles = [(low + high) / 2 for low, high in ends]
        # A hair more than half, so that rounding cannot leave a corner out.
        halves = [(high - low) / 2 * (1 + 1e-9) + 1e-6 for low, high in ends]
        boxes.append(np.stack([*middles, *halves]))
    return np.hstack(boxes[::-1])


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
    ordered : bool
        Whether the points stand in the order of the places.
    bounds : bool
        Whether the bounds of readings are asked too.
    """

    index: NDArray[np.int64]
    landmass: int
    points: Blocks
    slack_m: Floats
    ordered: bool
    bounds: bool = True


def _groups(
    landmass: NDArray[np.integer[Any]], slack_m: Floats, gather: Callable[[Ints | slice], Blocks]
) -> tuple[Group, ...]:
    """Sample points by landmass; `gather` makes blocks of some of them."""
    groups = []
    alone = bool((landmass == landmass[:1]).all())  # as mostly: nothing is to be picked out
    for mass in np.unique(landmass[:1] if alone else landmass).tolist():
        mine = None if alone else np.flatnonzero(landmass == mass)
        points = gather(slice(None) if mine is None else mine)
        order = points.order if mine is None else mine[points.order]
        ordered = bool((np.diff(order) > 0).all())
        slack = slack_m if alone and ordered else slack_m[order]
        groups.append(Group(order, mass, points, slack, ordered))
    return tuple(groups)


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
    gathered : callable
        Gathers the points by landmass, once; who reads rasters alone never asks.
    bounds : bool
        Whether the bounds of readings are asked too; if not, a reading stands for its bounds.
    """

    easting: Floats
    northing: Floats
    slack_m: Floats
    owner: NDArray[np.int64]
    columns: pd.DataFrame
    crs: CRS
    gathered: Callable[[], tuple[Group, ...]]
    bounds: bool = True

    @property
    def groups(self) -> tuple[Group, ...]:
        """The points by landmass."""
        return self.gathered()

    @classmethod
    def of(cls, places: Places) -> "Spots":
        """Sample points of places.

        Parameters
        ----------
        places : Places

        Returns
        -------
        Spots
        """
        east, north = places.easting, places.northing
        slack = places.accuracy_km[places.owner] * 1000.0

        def gather(index: Ints | slice) -> Blocks:
            return Blocks.of(east[index], north[index])

        gathered = cache(lambda: _groups(places.landmass, slack, gather))
        return cls(east, north, slack, places.owner, places.columns, places.crs, gathered)

    @classmethod
    def of_cells(cls, grid: Grid) -> "Spots":
        """Centres of the cells of a grid, in the order of `cells_in_order`.

        Parameters
        ----------
        grid : Grid

        Returns
        -------
        Spots
        """
        laid, there = _laid_of(grid)
        # The same to the last bit as `Grid.centres` has them.
        column, row = grid.first
        east: Floats = (laid.column[there].astype(float) + (column + 0.5)) * grid.cell_m
        north: Floats = ((row - 0.5) - laid.row[there].astype(float)) * grid.cell_m
        keys = laid.keys[there]
        slack, every = np.zeros(len(keys)), np.arange(len(keys))
        masses = np.zeros(len(keys), dtype=np.int16)
        if grid.landmass.any():
            masses = grid.landmass.ravel()[laid.cells[there]]

        def gather(index: Ints | slice) -> Blocks:
            mine = keys[index]
            return Blocks.gathered(east[index], north[index], every[: len(mine)], keys=mine)

        columns = pd.DataFrame(index=range(len(keys)))
        gathered = cache(lambda: _groups(masses, slack, gather))
        return cls(east, north, slack, every, columns, grid.crs, gathered)

    def without_bounds(self) -> "Spots":
        """The same spots, of which only readings are asked."""
        gathered = cache(lambda: tuple(replace(group, bounds=False) for group in self.groups))
        return replace(self, gathered=gathered, bounds=False)
