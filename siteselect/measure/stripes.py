"""Stripes: the rows of a grid in pieces that fit the cache, worked by threads."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

# Of float64 cells: one stripe, what it is made of and what comes out of it stay in a core's cache.
CELLS = 1 << 17


def stripes(rows: int, columns: int) -> list[slice]:
    """The rows of a grid, a cache-size piece at a time; none of a grid without cells.

    Examples
    --------
    >>> stripes(5, CELLS // 2)
    [slice(0, 2, None), slice(2, 4, None), slice(4, 5, None)]
    """
    each = max(1, CELLS // max(columns, 1))
    last = rows if columns else 0
    return [slice(first, min(first + each, last)) for first in range(0, last, each)]


def work(task: Callable[[int, slice], None], pieces: list[slice]) -> None:
    """Do a task on each stripe, on all cores; it must let other threads run while it computes.

    Parameters
    ----------
    task : callable
        Takes the number of a stripe and its rows; writes what it finds to a place of its own.
    pieces : list of slice
        The stripes.

    Examples
    --------
    >>> work(print, stripes(1, 1))
    0 slice(0, 1, None)
    """
    numbers = range(len(pieces))
    if len(pieces) < 2:  # one stripe is not worth a thread
        for number in numbers:
            task(number, pieces[number])
        return
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for _ in pool.map(task, numbers, pieces):
            pass
