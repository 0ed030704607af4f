"""Compiled kernels over grids, for `reach` and `ground`; imported only where numba is installed.

Each gives what the definition beside its caller gives. They take contiguous arrays of one type
each, so that every kernel is compiled once.
"""

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from siteselect.measure.blocks import Floats, Ints

Rows = NDArray[np.int32]
Marks = NDArray[np.bool_]

FAR = 1 << 29  # rows: beyond any grid
STEEP, MIDDLING = math.tan(3.0 * math.pi / 8.0), 0.66

# --- straight distance -------------------------------------------------------------------------


@njit(cache=True, nogil=True, error_model="numpy")
def ends_of(target: Marks, first_row: int, first: Rows, last: Rows) -> None:
    """First and last row with a target, by column.

    Parameters
    ----------
    target : numpy.ndarray of bool, shape (rows, columns)
        Rows of a stripe.
    first_row : int
        Row of the grid that the stripe begins with.
    first, last : numpy.ndarray of int32, shape (columns,)
        Receive the rows, if they held none nearer; left alone where the stripe has no target.
    """
    rows, columns = target.shape
    for i in range(rows):
        row = np.int32(first_row + i)
        for j in range(columns):
            last[j] = row if target[i, j] else last[j]
            first[j] = min(first[j], row) if target[i, j] else first[j]


@njit(cache=True, nogil=True, error_model="numpy")
def _columns(target: Marks, first_row: int, above: Rows, below: Rows) -> Rows:
    """Row of the nearest target within the column of each cell."""
    rows, columns = target.shape
    held = np.empty((rows, columns), np.int32)
    for i in range(rows):
        row = np.int32(first_row + i)
        before = held[i - 1] if i else above
        for j in range(columns):
            held[i, j] = row if target[i, j] else before[j]
    low = below.copy()
    for i in range(rows - 1, -1, -1):
        row = np.int32(first_row + i)
        for j in range(columns):
            low[j] = row if target[i, j] else low[j]
            held[i, j] = low[j] if low[j] - row < row - held[i, j] else held[i, j]
    return held


@njit(cache=True, nogil=True, error_model="numpy")
def _envelope(squares: Floats, sites: Rows, starts: Floats) -> int:
    """Columns that are nearest to some cell of a row, from left to right, and where each begins.

    The square distance to the target of column q is a parabola over the row; what is seen of them
    all from below is kept as a stack.
    """
    columns, count = len(squares), 0
    for q in range(columns):
        square = squares[q]
        if square == math.inf:
            continue
        start = -1.0  # what would be seen left of the row does not count
        while count:
            p = sites[count - 1]
            # Right of here the target of q is nearer than that of p.
            start = (square - squares[p] + float(q - p) * float(q + p)) / (2.0 * float(q - p))
            if start > starts[count - 1]:
                break
            count -= 1
            start = -1.0
        if start < columns:
            sites[count], starts[count] = q, start
            count += 1
    return count


@njit(cache=True, nogil=True, error_model="numpy")
def _squares(held: Rows, row: int, stretch: float, out: Floats) -> None:
    """Square distance to the nearest target of each column, in widths of a cell."""
    for j in range(len(held)):
        away = np.float64(row - held[j])
        out[j] = stretch * away * away if abs(away) < FAR else math.inf


@njit(cache=True, nogil=True, error_model="numpy")
def distances(
    target: Marks,
    first_row: int,
    nearest: tuple[Rows, Rows],
    sides: tuple[float, float],
    out: Floats,
) -> None:
    """Distance from each cell of a stripe to the nearest target of the whole grid.

    Parameters
    ----------
    target : numpy.ndarray of bool, shape (rows, columns)
        Rows of a stripe.
    first_row : int
        Row of the grid that the stripe begins with.
    nearest : tuple of numpy.ndarray of int32, shape (columns,)
        Row of the last target above the stripe and of the first below it, by column; twice `FAR`
        away where there is none.
    sides : tuple of float
        Height and width of a cell, metres.
    out : numpy.ndarray, shape (rows, columns)
        Receives metres; infinite if there is no target.
    """
    rows, columns = target.shape
    held = _columns(target, first_row, nearest[0], nearest[1])
    width, stretch = sides[1], (sides[0] / sides[1]) ** 2
    along = np.arange(columns).astype(np.float64)
    squares, starts = np.empty(columns), np.empty(columns + 1)
    sites = np.empty(columns, np.int32)
    for i in range(rows):
        _squares(held[i], first_row + i, stretch, squares)
        count = _envelope(squares, sites, starts)
        starts[count] = columns
        if not count:
            out[i] = math.inf
        for k in range(count):
            square, column = squares[sites[k]], float(sites[k])
            for j in range(max(0, math.ceil(starts[k])), math.ceil(starts[k + 1])):
                away = along[j] - column
                out[i, j] = square + away * away
        for j in range(columns):
            out[i, j] = width * math.sqrt(out[i, j])


@njit(cache=True, nogil=True, error_model="numpy")
def allocations(
    target: Marks,
    first_row: int,
    nearest: tuple[Rows, Rows],
    stretch: float,
    out: tuple[Rows, Rows],
) -> None:
    """Row and column of the target nearest to each cell of a stripe; else as `distances`.

    Parameters
    ----------
    target : numpy.ndarray of bool, shape (rows, columns)
    first_row : int
    nearest : tuple of numpy.ndarray of int32
    stretch : float
        Square of the height of a cell over its width.
    out : tuple of numpy.ndarray of int32, shape (rows, columns)
        Receive rows and columns; -1 if there is no target.
    """
    rows, columns = target.shape
    held = _columns(target, first_row, nearest[0], nearest[1])
    squares, starts = np.empty(columns), np.empty(columns + 1)
    sites = np.empty(columns, np.int32)
    for i in range(rows):
        _squares(held[i], first_row + i, stretch, squares)
        count = _envelope(squares, sites, starts)
        starts[count] = columns
        if not count:
            out[0][i], out[1][i] = -1, -1
        for k in range(count):
            begin, end = max(0, math.ceil(starts[k])), math.ceil(starts[k + 1])
            out[0][i, begin:end] = held[i, sites[k]]
            out[1][i, begin:end] = sites[k]


# --- accumulated cost --------------------------------------------------------------------------


@njit(cache=True, nogil=True, error_model="numpy")
def by_buckets(
    cost: Floats,
    least: Floats,
    starts: Ints,
    steps: tuple[Ints, Floats],
    buckets: tuple[float, int],
) -> None:
    """Least accumulated cost, by buckets of cells that are about as far.

    A cell may improve while its own bucket is worked, and is then worked again; no bucket is
    returned to. What is left is the exact least cost.

    Parameters
    ----------
    cost : numpy.ndarray, shape (cells,)
        Friction of a grid with a rim around it.
    least : numpy.ndarray, shape (cells,)
        Infinite where a way may lead, minus infinite where none may and on the rim; receives cost.
    starts : numpy.ndarray of int64
        Source cells.
    steps : tuple of numpy.ndarray, shape (8,)
        From a cell to its neighbours, and half the length of each step, metres.
    buckets : tuple
        Width of a bucket, and how many there are: a power of two, enough for the dearest step.
    """
    offsets, halves = steps
    scale, mask = 1.0 / buckets[0], buckets[1] - 1
    heads = np.full(buckets[1], -1, np.int32)
    size = max(1 << 16, 2 * len(starts))
    cells, keys, links = np.empty(size, np.int64), np.empty(size), np.empty(size, np.int32)
    for e in range(size):
        links[e] = e + 1
    waiting = len(starts)
    for e in range(waiting):
        least[starts[e]] = 0.0
        cells[e], keys[e], links[e] = starts[e], 0.0, e - 1
    heads[0], free, bucket = waiting - 1, waiting, 0
    while waiting:
        e = heads[bucket & mask]
        heads[bucket & mask] = -1
        bucket += e < 0
        while e >= 0:
            cell, key, after = cells[e], keys[e], links[e]
            links[e] = free
            free, e = e, after
            waiting -= 1
            if key != least[cell]:
                continue  # it has improved since
            if size - waiting < len(offsets):
                cells, keys = np.append(cells, cells), np.append(keys, keys)
                links = np.append(links, np.arange(size + 1, 2 * size + 1).astype(np.int32))
                links[-1] = free
                free, size = size, 2 * size
            friction = cost[cell]
            for k in range(len(offsets)):
                other = cell + offsets[k]
                reached = key + (friction + cost[other]) * halves[k]
                if reached < least[other]:
                    least[other] = reached
                    slot, entry = int(reached * scale) & mask, free
                    free = links[entry]
                    cells[entry], keys[entry], links[entry] = other, reached, heads[slot]
                    heads[slot] = entry
                    waiting += 1


@njit(cache=True, nogil=True, error_model="numpy")
def by_heap(cost: Floats, least: Floats, starts: Ints, steps: tuple[Ints, Floats]) -> None:
    """Least accumulated cost, by a heap: for friction that differs too much for buckets.

    Parameters
    ----------
    cost, least : numpy.ndarray, shape (cells,)
        As for `by_buckets`.
    starts : numpy.ndarray of int64
    steps : tuple of numpy.ndarray, shape (8,)
    """
    offsets, halves = steps
    count = len(starts)
    size = max(1 << 16, 2 * count)
    keys, cells = np.zeros(size), np.empty(size, np.int64)
    cells[:count] = starts
    for start in starts:
        least[start] = 0.0
    while count:
        key, cell = keys[0], cells[0]
        count -= 1
        _sink(keys, cells, count)
        if key != least[cell]:
            continue
        if len(keys) - count < len(offsets):
            keys, cells = np.append(keys, keys), np.append(cells, cells)
        friction = cost[cell]
        for k in range(len(offsets)):
            other = cell + offsets[k]
            reached = key + (friction + cost[other]) * halves[k]
            if reached < least[other]:
                least[other] = reached
                at = count
                count += 1
                while at and reached < keys[(at - 1) >> 2]:
                    above = (at - 1) >> 2
                    keys[at], cells[at] = keys[above], cells[above]
                    at = above
                keys[at], cells[at] = reached, other


@njit(cache=True, nogil=True, error_model="numpy")
def _sink(keys: Floats, cells: Ints, count: int) -> None:
    """Put the last of a heap of four branches, at count, in the place of its first."""
    key, cell, at = keys[count], cells[count], 0
    while True:
        child = 4 * at + 1
        if child >= count:
            break
        for other in range(child + 1, min(child + 4, count)):
            child = other if keys[other] < keys[child] else child
        if keys[child] >= key:
            break
        keys[at], cells[at] = keys[child], cells[child]
        at = child
    keys[at], cells[at] = key, cell


# --- slope -------------------------------------------------------------------------------------

# atan of what lies below 0.66 is x times one polynomial of x squared over another (Moshier,
# Cephes 2.8, atan.c, to 1.8e-16); larger arguments are turned into it. Written out, because a call
# for each cell cannot be worked several cells at once.
P = (-8.750608600031904122785e-1, -1.615753718733365076637e1, -7.500855792314704667340e1,
     -1.228866684490136173410e2, -6.485021904942025371773e1)  # fmt: skip
Q = (2.485846490142306297962e1, 1.650270098316988542046e2, 4.328810604912902668951e2,
     4.853903996359136964868e2, 1.945506571482613964425e2)  # fmt: skip


@njit(cache=True, nogil=True, error_model="numpy")
def slope(rimmed: Floats, run: float, out: Floats) -> None:
    """Slope after Horn, in degrees.

    Parameters
    ----------
    rimmed : numpy.ndarray, shape (rows + 2, columns + 2)
        Elevations with the cells around them.
    run : float
        Eight times the side of a cell, in the unit of the elevations.
    out : numpy.ndarray, shape (rows, columns)
        Receives degrees.
    """
    rows, columns = out.shape
    for i in range(rows):
        north, here, south = rimmed[i], rimmed[i + 1], rimmed[i + 2]
        for j in range(columns):
            east = (north[j + 2] - north[j]) + 2.0 * (here[j + 2] - here[j])
            east += south[j + 2] - south[j]
            down = (south[j] - north[j]) + 2.0 * (south[j + 1] - north[j + 1])
            down += south[j + 2] - north[j + 2]
            rise = math.sqrt(east * east + down * down)
            steep, middling = rise > STEEP * run, rise > MIDDLING * run
            part = -run if steep else (rise - run if middling else rise)
            x = part / (rise if steep else (rise + run if middling else run))
            z = x * x
            over = (((P[0] * z + P[1]) * z + P[2]) * z + P[3]) * z + P[4]
            under = ((((z + Q[0]) * z + Q[1]) * z + Q[2]) * z + Q[3]) * z + Q[4]
            angle = x + x * z * over / under
            turned = math.pi / 2.0 if steep else (math.pi / 4.0 if middling else 0.0)
            out[i, j] = (angle + turned) * (180.0 / math.pi)
