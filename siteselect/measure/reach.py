"""Reach: distance to features, supply that loses weight with it, distance over grids."""

import importlib
import math
from dataclasses import dataclass
from functools import cache, partial
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from siteselect.base.errors import DataError
from siteselect.decide.table import unmasked
from siteselect.measure import stripes
from siteselect.measure.blocks import Blocks, Floats, Ints, Squares, descend

if TYPE_CHECKING:
    from scipy.sparse import csr_array

# A bucket is as wide as some of the shortest steps: wider ones are worked again and again, narrower
# ones are mostly empty. Where they would still be, or be very many, a heap is quicker.
BUCKET_STEPS, MOST_EMPTY, MOST_BUCKETS = 8.0, 64.0, 1 << 12


@cache
def kernels(module: str = "kernels") -> ModuleType | None:
    """The compiled kernels of a module of this room, or None where numba is not installed."""
    try:
        return importlib.import_module(f"siteselect.measure.{module}")
    except ImportError:
        return None


@dataclass(frozen=True, slots=True)
class Segments:
    """Features taken apart into straight pieces; a point is a piece without length.

    Parameters
    ----------
    ways : numpy.ndarray, shape (9, s)
        Easting and northing of the start, the way from there to the end, one over its squared
        length (0 for a point), easting and northing of the end, radius of a disc around the piece,
        and how far its position or border may be wrong; metres.
    """

    ways: Floats

    def __len__(self) -> int:
        return len(self.ways[0])

    @property
    def error_m(self) -> Floats:
        """How far the position or border of each may be wrong, metres."""
        return np.asarray(self.ways[8])

    def certain(self) -> "Segments":
        """The same pieces as if none could be wrong."""
        return Segments(np.vstack([self.ways[:8], np.zeros(len(self))]))

    def take(self, keep: NDArray[np.bool_]) -> "Segments":
        """Some of the pieces."""
        return Segments(np.ascontiguousarray(self.ways[:, keep]))

    def middles(self) -> Floats:
        """Easting and northing of the middle of each piece, shape (s, 2)."""
        return np.asarray((self.ways[:2] + self.ways[5:7]).T / 2)


def segments(
    geometries: ArrayLike, *, radius_m: ArrayLike = 0.0, error_m: ArrayLike = 0.0
) -> Segments:
    """Points, lines and outlines of polygons as straight pieces.

    Parameters
    ----------
    geometries : array_like of shapely.Geometry, shape (f,)
        In the analysis CRS.
    radius_m, error_m : array_like, shape (f,) or scalar
        Radius of a disc around each feature, and accuracy of its position, metres.

    Returns
    -------
    Segments

    Examples
    --------
    >>> len(segments([shapely.Point(0, 0), shapely.LineString([(0, 0), (1, 0), (1, 1)])]))
    3
    """
    shapes = np.asarray(geometries, dtype=object)
    polygons = np.isin(shapely.get_type_id(shapes), (3, 6))
    lines = shapes.copy()
    lines[polygons] = shapely.boundary(shapes[polygons])
    parts, owner = shapely.get_parts(lines, return_index=True)
    coordinates, part = shapely.get_coordinates(parts, return_index=True)
    same = np.flatnonzero(part[1:] == part[:-1])
    lone = np.flatnonzero(np.bincount(part, minlength=len(parts))[part] == 1)
    ends = np.concatenate(
        [
            np.column_stack([coordinates[same], coordinates[same + 1]]),
            np.column_stack([coordinates[lone], coordinates[lone]]),
        ]
    )
    feature = np.concatenate([owner[part[same]], owner[part[lone]]]).astype(np.int64)
    size = len(shapes)
    start, way = ends[:, :2], ends[:, 2:] - ends[:, :2]
    length2 = (way**2).sum(axis=1)
    over = np.divide(1.0, length2, out=np.zeros(len(way)), where=length2 > 0)
    radius, error = (
        np.broadcast_to(np.asarray(metres, float), (size,))[feature]
        for metres in (radius_m, error_m)
    )
    return Segments(np.vstack([start.T, way.T, over, ends[:, 2:].T, radius, error]))


def nearest_m(
    points: Blocks, pieces: Segments, *, bounds: bool = True
) -> tuple[Floats, Floats, Floats]:
    """Distance to the nearest feature, and the least near and far end that errors allow.

    With d the distance to a feature, less its radius, and e its error, the truth lies in
    [d - e, d + e]; the nearest feature then stands between the least near and the least far end.

    Parameters
    ----------
    points : Blocks
        p points, metres.
    pieces : Segments
        Features.
    bounds : bool
        Whether the ends are asked; else the distance stands for them.

    Returns
    -------
    distance, near, far : numpy.ndarray, shape (p,)
        Metres, in the order of the blocks; below 0 within a disc, or within the error; infinite if
        there is no feature.

    Examples
    --------
    >>> road = segments([shapely.LineString([(0, 0), (10, 0)])], error_m=1.0)
    >>> here = Blocks.of(np.array([5.0]), np.array([4.0]))
    >>> [float(x[0]) for x in nearest_m(here, road)]
    [4.0, 3.0, 5.0]
    """
    out = np.empty((3 if bounds else 1, len(points)))
    if not len(pieces):
        out.fill(np.inf)
    elif len(points):
        compiled = kernels()
        run = compiled.nearest if compiled else _nearest
        run(points.easting, points.northing, pieces.ways, points.squares(), out)
    return (out[0], out[1], out[2]) if bounds else (out[0], out[0], out[0])


def _nearest(
    easting: Floats, northing: Floats, ways: Floats, squares: Squares, out: Floats
) -> None:
    """The definition that the compiled kernel follows."""
    for here, chosen in descend(squares, partial(_may_decide, ways), ways.shape[1]):
        few = ways[:, chosen]
        away = to_pieces(easting[here], northing[here], few)
        ends = (away, away - few[8], away + few[8])[: len(out)]
        out[:, here] = np.stack([end.min(axis=1) for end in ends])


def _may_decide(ways: Floats, disc: Floats, given: Ints) -> NDArray[np.bool_]:
    few = ways[:, given]
    away = to_pieces(disc[0:1], disc[1:2], few)[0]
    bound = (away + few[8]).min() + 2 * disc[2]
    return np.asarray(away - few[8] <= bound)


def to_pieces(easting: Floats, northing: Floats, ways: Floats) -> Floats:
    """Distance of each point to each straight piece, less its radius.

    Parameters
    ----------
    easting, northing : numpy.ndarray, shape (p,)
        Metres.
    ways : numpy.ndarray, shape (9, s)
        As `Segments` holds them.

    Returns
    -------
    numpy.ndarray, shape (p, s)

    Examples
    --------
    >>> point = segments([shapely.Point(0, 0)])
    >>> to_pieces(np.array([3.0]), np.array([4.0]), point.ways)
    array([[5.]])
    """
    east, north = easting[:, None] - ways[0], northing[:, None] - ways[1]
    t = np.clip((east * ways[2] + north * ways[3]) * ways[4], 0.0, 1.0)
    return np.asarray(np.hypot(east - t * ways[2], north - t * ways[3]) - ways[7])


def supply(
    points: Blocks,
    slack_m: Floats,
    sources: Floats,
    *,
    scale_m: float,
    cutoff_m: float,
    bounds: bool = True,
) -> tuple[Floats, Floats, Floats]:
    """Sum of amounts that lose weight with distance, and its bounds from position accuracy.

    Parameters
    ----------
    points : Blocks
        p points, metres.
    slack_m : numpy.ndarray, shape (p,)
        Accuracy of their positions, metres, in the order of the blocks.
    sources : numpy.ndarray, shape (s, 4)
        Easting, northing, amount, accuracy of the position.
    scale_m, cutoff_m : float
        exp(-distance / scale), nothing past the cutoff.
    bounds : bool
        Whether the bounds are asked; else the sum stands for them.

    Returns
    -------
    total, lower, upper : numpy.ndarray, shape (p,)
        In the unit of the amounts, in the order of the blocks.

    References
    ----------
    Hansen (1959), How accessibility shapes land use, J. Am. Inst. Planners 25(2) 73-76:
    accessibility as a sum of opportunities discounted by distance; exponential form, Wilson 1971.

    Examples
    --------
    >>> plant = np.array([[0.0, 0.0, 100.0, 0.0]])
    >>> here = Blocks.of(np.array([0.0]), np.array([0.0]))
    >>> float(supply(here, np.zeros(1), plant, scale_m=1.0, cutoff_m=9.0)[0][0])
    100.0
    """
    out = np.zeros((3, len(points)))
    if len(sources) and len(points):
        place = (points.easting, points.northing, slack_m)
        doubt = float(slack_m.max() + sources[:, 3].max())
        compiled = kernels()
        run = compiled.supplied if compiled else _supplied
        decay = (float(scale_m), float(cutoff_m), doubt)
        run(place, np.ascontiguousarray(sources.T), decay, points.squares(), bounds, out)
    return (out[0], out[1], out[2]) if bounds else (out[0], out[0], out[0])


def _supplied(
    place: tuple[Floats, Floats, Floats],
    sources: Floats,
    decay: tuple[float, float, float],
    squares: Squares,
    bounds: bool,  # noqa: FBT001 - as the kernel takes it
    out: Floats,
) -> None:
    """The definition that the compiled kernel follows."""
    (easting, northing, slack_m), (scale, cutoff, doubt) = place, decay
    near = partial(within, sources, far_m=cutoff + doubt)
    for here, chosen in descend(squares, near, sources.shape[1]):
        few = sources[:, chosen]
        away = np.hypot(easting[here, None] - few[0], northing[here, None] - few[1])
        slack = slack_m[here, None] + few[3]
        ends = (away, away + slack, np.maximum(away - slack, 0.0))
        for row, end in enumerate(ends if bounds else ends[:1]):
            weight = np.where(end <= cutoff, np.exp(-end / scale), 0.0)
            out[row, here] = weight @ few[2]


def within(sources: Floats, disc: Floats, given: Ints, *, far_m: float) -> NDArray[np.bool_]:
    """Which sources are within a distance of some point of a disc, as `descend` asks.

    Parameters
    ----------
    sources : numpy.ndarray, shape (2 or more, s)
        Easting, northing, metres.
    disc : numpy.ndarray, shape (3,)
        Easting and northing of its centre, radius, metres.
    given : numpy.ndarray of int64
        The sources asked for.
    far_m : float
        The distance.

    Returns
    -------
    numpy.ndarray of bool

    Examples
    --------
    >>> within(np.zeros((2, 1)), np.array([6.0, 0.0, 1.0]), np.array([0]), far_m=5.0)
    array([ True])
    """
    away = np.hypot(disc[0] - sources[0, given], disc[1] - sources[1, given])
    return np.asarray(away <= far_m + disc[2])


def distance_grid(features: ArrayLike, cell_m: float | tuple[float, float]) -> Floats:
    """Exact straight distance from the centre of each cell to that of the nearest target.

    Parameters
    ----------
    features : array_like, shape (rows, columns)
        Cells that are finite and not 0 are targets; infinite, NaN and masked cells are none.
    cell_m : float or tuple of float
        Side of a cell, metres; or its height and width, if they differ.

    Returns
    -------
    numpy.ndarray, shape (rows, columns)
        Metres; infinite if there is no target.

    References
    ----------
    Maurer, Qi and Raghavan (2003), A linear time algorithm for computing exact Euclidean distance
    transforms of binary images in arbitrary dimensions, IEEE Trans. PAMI 25(2) 265-270.

    Examples
    --------
    >>> distance_grid([[0, 0, 7]], 500.0)
    array([[1000.,  500.,    0.]])
    """
    array, sides = _cells(features), _sides(cell_m)
    compiled = kernels("kernels_grid")
    if compiled is None:
        return _straight(_nearest_target(array, sides), sides)
    field, out = _Field.of(array, compiled), np.empty(array.shape)

    def fill(number: int, rows: slice) -> None:
        compiled.distances(*field.at(number, rows), sides, out[rows])

    stripes.work(fill, field.pieces)
    return out


def allocation_grid(features: ArrayLike, cell_m: float | tuple[float, float]) -> Floats:
    """Value of the target nearest to each cell; where several are as near, of one of them.

    Parameters
    ----------
    features : array_like, shape (rows, columns)
        As for `distance_grid`.
    cell_m : float or tuple of float
        Side of a cell, or its height and width.

    Returns
    -------
    numpy.ndarray, shape (rows, columns)
        NaN if there is no target.

    Examples
    --------
    >>> allocation_grid([[4, 0, 0, 7]], 500.0)
    array([[4., 4., 7., 7.]])
    """
    array, sides = _cells(features), _sides(cell_m)
    compiled = kernels("kernels_grid")
    if compiled is None:
        return _values_at(array, _nearest_target(array, sides))
    field, out = _Field.of(array, compiled), np.empty(array.shape)
    stretch = (sides[0] / sides[1]) ** 2

    def fill(number: int, rows: slice) -> None:
        nearest = np.empty((2, *out[rows].shape), np.int32)
        compiled.allocations(*field.at(number, rows), stretch, (nearest[0], nearest[1]))
        out[rows] = _values_at(array, nearest)

    stripes.work(fill, field.pieces)
    return out


def _straight(nearest: NDArray[Any], sides: tuple[float, float]) -> Floats:
    row, column = np.indices(nearest[0].shape, sparse=True)
    away = np.hypot((nearest[0] - row) * sides[0], (nearest[1] - column) * sides[1])
    return np.where(nearest[0] < 0, np.inf, away)


def _values_at(array: NDArray[Any], nearest: NDArray[Any]) -> Floats:
    return np.where(nearest[0] < 0, np.float64(np.nan), array[tuple(nearest)])


def _nearest_target(array: NDArray[Any], sides: tuple[float, float]) -> NDArray[Any]:
    """Row and column of the nearest target: the definition that the compiled kernels follow."""
    from scipy.ndimage import distance_transform_edt

    target = _targets(array)
    if not target.any():
        return np.full((2, *array.shape), -1)
    return np.asarray(
        distance_transform_edt(~target, sampling=sides, return_distances=False, return_indices=True)
    )


def _targets(array: NDArray[Any]) -> NDArray[np.bool_]:
    there = np.asarray(array != 0)
    if array.dtype.kind == "f":
        there &= np.isfinite(array)
    return there


@dataclass(frozen=True, slots=True)
class _Field:
    """Targets of a grid in stripes, each with the nearest rows of targets above and below it.

    Columns without any target decide nothing; where they are most, they are left out.
    """

    target: NDArray[np.bool_]
    columns: NDArray[np.int32]
    above: NDArray[np.int32]
    below: NDArray[np.int32]
    pieces: list[slice]

    @classmethod
    def of(cls, array: NDArray[Any], compiled: ModuleType) -> "_Field":
        pieces = stripes.stripes(*array.shape)
        none = 2 * compiled.FAR
        target = np.empty(array.shape, dtype=bool)
        above = np.full((len(pieces) + 1, array.shape[1]), -none, np.int32)
        below = np.full((len(pieces) + 1, array.shape[1]), none, np.int32)

        def look(number: int, rows: slice) -> None:
            target[rows] = _targets(array[rows])
            compiled.ends_of(target[rows], rows.start, below[number], above[number + 1])

        stripes.work(look, pieces)
        np.maximum.accumulate(above, axis=0, out=above)
        np.minimum.accumulate(below[::-1], axis=0, out=below[::-1])
        columns = np.flatnonzero(below[0] < none).astype(np.int32)
        if 2 * len(columns) > array.shape[1]:
            columns = np.arange(array.shape[1], dtype=np.int32)
        else:
            above, below = (np.take(ends, columns, axis=1) for ends in (above, below))
        return cls(target, columns, above, below, pieces)

    def at(self, number: int, rows: slice) -> tuple[Any, ...]:
        """What the kernels ask of a stripe."""
        target = self.target[rows]
        if len(self.columns) < target.shape[1]:
            target = np.take(target, self.columns, axis=1)
        nearest = (self.above[number], self.below[number + 1])
        return target, self.columns, rows.start, nearest


def _cells(values: ArrayLike) -> NDArray[Any]:
    array = unmasked(values)
    if array.dtype.kind not in "biuf":
        array = array.astype(np.float64)
    if array.ndim != 2:
        raise DataError(f"a grid of rows and columns is needed, got shape {array.shape}")
    return array


def _sides(cell_m: float | tuple[float, float]) -> tuple[float, float]:
    sides = np.asarray(cell_m, dtype=np.float64)
    if sides.shape not in ((), (2,)) or not ((sides > 0) & (sides < np.inf)).all():
        raise DataError(f"sides of a cell must be positive, one or two; got {cell_m}")
    height, width = np.broadcast_to(sides, 2)
    return float(height), float(width)


def cost_distance(
    friction: ArrayLike,
    sources: ArrayLike,
    cell_m: float | tuple[float, float],
    *,
    barrier: ArrayLike | None = None,
) -> Floats:
    """Least accumulated cost from any source to each cell, over its eight neighbours.

    A step costs the mean friction of its two cells times its length. A diagonal step may pass
    between two barriers that touch by a corner.

    Parameters
    ----------
    friction : array_like, shape (rows, columns)
        Cost a metre, not negative; NaN, masked or infinite cells cannot be entered.
    sources : array_like
        Either an array of the shape of `friction` whose cells that are finite and not 0 are
        sources, or (row, column) of one source, or of several, shape (k, 2).
    cell_m : float or tuple of float
        Side of a cell, metres; or its height and width.
    barrier : array_like of bool, shape (rows, columns), optional
        Cells that cannot be entered.

    Returns
    -------
    numpy.ndarray, shape (rows, columns)
        Cost; infinite where no way leads, and on barriers.

    Raises
    ------
    DataError
        If a shape does not fit, a friction is negative, or a source lies beyond the grid.

    References
    ----------
    Dijkstra (1959), A note on two problems in connexion with graphs, Numer. Math. 1, 269-271; the
    cost of a step as in r.cost of GRASS GIS and in the cost distance tools of ArcGIS.

    Examples
    --------
    >>> cost_distance([[1.0, 3.0, 1.0]], (0, 0), 10.0)
    array([[ 0., 20., 40.]])
    """
    cost = np.ascontiguousarray(_cells(friction), dtype=np.float64)
    if (cost < 0).any():
        raise DataError("friction must not be negative")
    closed = ~np.isfinite(cost)
    if barrier is not None:
        if np.shape(barrier) != cost.shape:
            raise DataError(f"a barrier of shape {np.shape(barrier)} met a grid of {cost.shape}")
        closed |= np.asarray(barrier, dtype=bool)
    starts = _source_cells(sources, cost.shape)
    starts, sides = starts[~closed.ravel()[starts]], _sides(cell_m)
    if not len(starts):
        return np.full(cost.shape, np.inf)
    compiled = kernels("kernels_grid")
    if compiled is None:
        return _least_cost(np.where(closed, np.nan, cost), starts, sides)
    steps, buckets = _neighbours(cost.shape[1] + 2, sides), _buckets(cost, ~closed, sides)
    row, column = np.divmod(starts, cost.shape[1])
    padded = np.pad(cost, 1)
    least = np.pad(np.where(closed, -np.inf, np.inf), 1, constant_values=-np.inf)
    flat = padded.ravel(), least.ravel(), (row + 1) * padded.shape[1] + column + 1, steps
    if buckets is None:
        compiled.by_heap(*flat)
    else:
        compiled.by_buckets(*flat, (*buckets, padded.shape[1]))
    return np.asarray(np.abs(least[1:-1, 1:-1]))  # what is closed is infinitely far


def _neighbours(columns: int, sides: tuple[float, float]) -> tuple[Ints, Floats]:
    """From a cell of a grid in one row to its eight neighbours, and half of each length."""
    around = [(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1) if i or j]
    lengths = [math.hypot(i * sides[0], j * sides[1]) for i, j in around]
    return np.array([i * columns + j for i, j in around]), np.array(lengths) / 2.0


def _buckets(
    cost: Floats, known: NDArray[np.bool_], sides: tuple[float, float]
) -> tuple[float, int] | None:
    """Width and number of the buckets that fit a friction, or None if none do."""
    low = cost.min(where=known, initial=np.inf)
    high, mean = cost.max(where=known, initial=0.0), cost.mean(where=known)
    if not 0 < mean <= low * MOST_EMPTY * BUCKET_STEPS:
        return None
    width = BUCKET_STEPS * low * min(sides)
    count = high * math.hypot(*sides) / width + 3
    return (float(width), 1 << math.ceil(math.log2(count))) if count <= MOST_BUCKETS else None


def _least_cost(cost: Floats, starts: Ints, sides: tuple[float, float]) -> Floats:
    """The definition that the compiled kernels follow."""
    from scipy.sparse.csgraph import dijkstra

    least = dijkstra(_steps(cost, sides), directed=False, indices=starts, min_only=True)
    return np.asarray(least, dtype=np.float64).reshape(cost.shape)


def _source_cells(sources: ArrayLike, shape: tuple[int, ...]) -> Ints:
    given = np.asarray(unmasked(sources), dtype=np.float64)
    if given.shape == shape:
        return np.flatnonzero(np.isfinite(given) & (given != 0))
    pairs = np.atleast_2d(given)
    if pairs.shape[1:] != (2,) or ((pairs < 0) | (pairs >= shape) | (pairs % 1 != 0)).any():
        raise DataError(f"sources are neither a grid of {shape} nor rows and columns within it")
    return np.unique(np.ravel_multi_index(tuple(pairs.astype(np.int64).T), shape))


def _steps(cost: Floats, sides: tuple[float, float]) -> "csr_array":
    """The steps between neighbours as a graph, each once."""
    from scipy.sparse import csr_array

    height, width = sides
    index = np.arange(cost.size).reshape(cost.shape)
    # East, south, and the two diagonals south: half of the eight, the rest are the way back.
    pairs = (
        (np.s_[:, :-1], np.s_[:, 1:], width),
        (np.s_[:-1], np.s_[1:], height),
        (np.s_[:-1, :-1], np.s_[1:, 1:], math.hypot(height, width)),
        (np.s_[:-1, 1:], np.s_[1:, :-1], math.hypot(height, width)),
    )
    start = np.concatenate([index[one].ravel() for one, _, _ in pairs])
    end = np.concatenate([index[other].ravel() for _, other, _ in pairs])
    weight = np.concatenate(
        [((cost[one] + cost[other]) / 2 * length).ravel() for one, other, length in pairs]
    )
    known = ~np.isnan(weight)
    return csr_array((weight[known], (start[known], end[known])), shape=(cost.size, cost.size))
