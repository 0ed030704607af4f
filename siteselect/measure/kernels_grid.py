"""Compiled kernels over grids, for `reach` and `ground`; imported only where numba is installed.

Each gives what the definition beside its caller gives. They take contiguous arrays of one type
each, so that every kernel is compiled once.
"""

import math
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from siteselect.measure.blocks import Floats, Ints

Rows = NDArray[np.int32]
Marks = NDArray[np.bool_]

FAR = 1 << 29  # rows: beyond any grid
TILE = 6  # 2**TILE rows and columns: what a tile is read from stays in a core's own cache
ROOM = 1 << 16  # cells that may wait at first
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
def _envelope(squares: Floats, at: Rows, width: int, sites: Rows, starts: Floats) -> int:
    """Targets that are nearest to some cell of a row, from left to right, and where each begins.

    The square distance to the target of a column is a parabola over the row; what is seen of them
    all from below is kept as a stack.
    """
    count = 0
    for q in range(len(squares)):
        square, here = squares[q], float(at[q])
        if square == math.inf:
            continue
        start = -1.0  # what would be seen left of the row does not count
        while count:
            p = sites[count - 1]
            there = float(at[p])
            # Right of here the target of q is nearer than that of p.
            start = (square - squares[p] + (here - there) * (here + there)) / (2.0 * (here - there))
            if start > starts[count - 1]:
                break
            count -= 1
            start = -1.0
        if start < width:
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
    at: Rows,
    first_row: int,
    nearest: tuple[Rows, Rows],
    sides: tuple[float, float],
    out: Floats,
) -> None:
    """Distance from each cell of a stripe to the nearest target of the whole grid.

    Parameters
    ----------
    target : numpy.ndarray of bool, shape (rows, c)
        Columns of a stripe; those that hold no target in the whole grid may be left out.
    at : numpy.ndarray of int32, shape (c,)
        Which columns they are, in ascending order.
    first_row : int
        Row of the grid that the stripe begins with.
    nearest : tuple of numpy.ndarray of int32, shape (c,)
        Row of the last target above the stripe and of the first below it, by column; twice `FAR`
        away where there is none.
    sides : tuple of float
        Height and width of a cell, metres.
    out : numpy.ndarray, shape (rows, columns)
        Receives metres; infinite if there is no target.
    """
    rows, columns = out.shape
    held = _columns(target, first_row, nearest[0], nearest[1])
    width, stretch = sides[1], (sides[0] / sides[1]) ** 2
    along = np.arange(columns).astype(np.float64)
    squares, starts = np.empty(len(at)), np.empty(len(at) + 1)
    sites = np.empty(len(at), np.int32)
    for i in range(rows):
        _squares(held[i], first_row + i, stretch, squares)
        count = _envelope(squares, at, columns, sites, starts)
        starts[count] = columns
        if not count:
            out[i] = math.inf
        for k in range(count):
            square, column = squares[sites[k]], float(at[sites[k]])
            for j in range(max(0, math.ceil(starts[k])), math.ceil(starts[k + 1])):
                away = along[j] - column
                out[i, j] = square + away * away
        for j in range(columns):
            out[i, j] = width * math.sqrt(out[i, j])


@njit(cache=True, nogil=True, error_model="numpy")
def allocations(
    target: Marks,
    at: Rows,
    first_row: int,
    nearest: tuple[Rows, Rows],
    stretch: float,
    out: tuple[Rows, Rows],
) -> None:
    """Row and column of the target nearest to each cell of a stripe; else as `distances`.

    Parameters
    ----------
    target : numpy.ndarray of bool, shape (rows, c)
    at : numpy.ndarray of int32, shape (c,)
    first_row : int
    nearest : tuple of numpy.ndarray of int32
    stretch : float
        Square of the height of a cell over its width.
    out : tuple of numpy.ndarray of int32, shape (rows, columns)
        Receive rows and columns; -1 if there is no target.
    """
    rows, columns = out[0].shape
    held = _columns(target, first_row, nearest[0], nearest[1])
    squares, starts = np.empty(len(at)), np.empty(len(at) + 1)
    sites = np.empty(len(at), np.int32)
    for i in range(rows):
        _squares(held[i], first_row + i, stretch, squares)
        count = _envelope(squares, at, columns, sites, starts)
        starts[count] = columns
        if not count:
            out[0][i], out[1][i] = -1, -1
        for k in range(count):
            begin, end = max(0, math.ceil(starts[k])), math.ceil(starts[k + 1])
            out[0][i, begin:end] = held[i, sites[k]]
            out[1][i, begin:end] = at[sites[k]]


# --- accumulated cost --------------------------------------------------------------------------


@njit(cache=True, nogil=True, error_model="numpy")
def by_buckets(
    cost: Floats,
    least: Floats,
    starts: Ints,
    steps: tuple[Ints, Floats],
    buckets: tuple[float, int, int],
) -> None:
    """Least accumulated cost, by buckets of cells that are about as far.

    A cell may improve while its own bucket is worked, and is then worked again; no bucket is
    returned to. What is left is the exact least cost. Within a bucket, a tile of the grid is worked
    until nothing is left of it, so that its cells stay in the cache.

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
        Width of a bucket; how many there are, a power of two and enough for the dearest step; and
        the columns of the grid.
    """
    columns = buckets[2]
    across = (columns >> TILE) + 1
    tiles = across * ((len(cost) // columns >> TILE) + 1)
    # By tile and bucket: the last of those waiting, and the next tile that has some waiting; by
    # bucket, the first such tile.
    queues = (
        np.full((tiles, buckets[1]), -1, np.int32),
        np.empty((tiles, buckets[1]), np.int32),
        np.full(buckets[1], -1, np.int32),
    )
    size = max(ROOM, 2 * len(starts))
    cells, keys, links = np.empty(size, np.int64), np.empty(size), np.empty(size, np.int32)
    for e in range(size):
        links[e] = e + 1
    # The sources wait as one queue, whichever tile they lie in.
    for e in range(len(starts)):
        least[starts[e]] = 0.0
        cells[e], keys[e], links[e] = starts[e], 0.0, e - 1
    queues[0][0, 0], queues[1][0, 0], queues[2][0] = len(starts) - 1, -1, 0
    # The first free entry, how many wait, and the bucket at work.
    state = np.array([len(starts), len(starts), 0])
    field = (cost, least)
    while not _drain(field, steps, buckets, (cells, keys, links), queues, state):
        cells, keys, links = _doubled(cells), _doubled(keys), _doubled(links)
        for e in range(size, 2 * size):
            links[e] = e + 1
        links[2 * size - 1] = state[0]
        state[0], size = size, 2 * size


@njit(cache=True, nogil=True, error_model="numpy")
def _doubled(held: NDArray[Any]) -> NDArray[Any]:
    """Room for as many again; what lies there is not set."""
    more = np.empty(2 * len(held), held.dtype)
    for i in range(len(held)):
        more[i] = held[i]
    return more


@njit(cache=True, nogil=True, error_model="numpy")
def _drain(
    field: tuple[Floats, Floats],
    steps: tuple[Ints, Floats],
    buckets: tuple[float, int, int],
    entries: tuple[Ints, Floats, Rows],
    queues: tuple[Rows, Rows, Rows],
    state: Ints,
) -> bool:
    """Work all that waits; False if the room for those that wait ran out before.

    Apart from `by_buckets`, because arrays that may grow cost their loop a third of its speed.
    """
    (cost, least), (offsets, halves) = field, steps
    scale, mask, columns = 1.0 / buckets[0], buckets[1] - 1, buckets[2]
    (cells, keys, links), (heads, others, firsts) = entries, queues
    across, down, size = (columns >> TILE) + 1, 1.0 / columns, len(cells)
    free, waiting, bucket = state
    while waiting:
        here = bucket & mask
        tile = firsts[here]
        if tile < 0:
            bucket += 1
            continue
        firsts[here] = others[tile, here]
        e = heads[tile, here]
        heads[tile, here] = -1
        while e >= 0 and size - waiting >= len(halves):
            cell, key, after = cells[e], keys[e], links[e]
            links[e] = free
            free, e = e, after
            waiting -= 1
            if key != least[cell]:
                continue  # it has improved since
            friction = cost[cell]
            for k in range(len(halves)):
                other = cell + offsets[k]
                reached = key + (friction + cost[other]) * halves[k]
                if reached < least[other]:
                    least[other] = reached
                    slot, row = int(reached * scale) & mask, int((other + 0.5) * down)
                    there = (row >> TILE) * across + ((other - row * columns) >> TILE)
                    if heads[there, slot] < 0:
                        others[there, slot] = firsts[slot]
                        firsts[slot] = there
                    entry = free
                    free = links[entry]
                    cells[entry], keys[entry], links[entry] = other, reached, heads[there, slot]
                    heads[there, slot] = entry
                    waiting += 1
        if e >= 0:
            state[0], state[1], state[2] = free, waiting, bucket
            _return(e, links, queues, tile, here)
            return False
    return True


@njit(cache=True, nogil=True, error_model="numpy")
def _return(entry: int, links: Rows, queues: tuple[Rows, Rows, Rows], tile: int, slot: int) -> None:
    """Put what is left of a queue, from an entry on, back."""
    heads, others, firsts = queues
    last = entry
    while links[last] >= 0:
        last = links[last]
    if heads[tile, slot] < 0:
        others[tile, slot] = firsts[slot]
        firsts[slot] = tile
    links[last] = heads[tile, slot]
    heads[tile, slot] = entry


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
    count = len(starts)
    size = max(ROOM, 2 * count)
    keys, cells = np.zeros(size), np.empty(size, np.int64)
    for e in range(count):
        least[starts[e]] = 0.0
        cells[e] = starts[e]
    while count:
        count = _lift(cost, least, steps, keys, cells, count)
        if count:
            keys, cells = _doubled(keys), _doubled(cells)


@njit(cache=True, nogil=True, error_model="numpy")
def _lift(
    cost: Floats,
    least: Floats,
    steps: tuple[Ints, Floats],
    keys: Floats,
    cells: Ints,
    count: int,
) -> int:
    """Work a heap until it is empty or its room runs out; how many wait then."""
    offsets, halves = steps
    while count and len(keys) - count >= len(offsets):
        key, cell = keys[0], cells[0]
        count -= 1
        _sink(keys, cells, count)
        if key != least[cell]:
            continue
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
    return count


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
            known = here[j + 1] == here[j + 1]
            out[i, j] = (angle + turned) * (180.0 / math.pi) if known else math.nan
