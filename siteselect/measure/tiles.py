"""Tiles: the law on every cell of a grid, window by window, wherever there are hands for it.

A window is judged by itself: distances are measured to the features and not from cell to cell, so
that no window needs its neighbours. What was read in a window is kept in the store by the hash of
all that it follows from: other weights cost only the law, another layer only what reads it, and a
long work that was broken off goes on where it stood. Helpers in other processes, or on other
machines, put what they find into the same store and hand back its name alone.
"""

import contextlib
import hashlib
import itertools
import json
import os
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, lru_cache, partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from pyproj import CRS

from siteselect.decide.cells import weigh
from siteselect.decide.score import (
    EXCLUDED,
    NOT_ASKED,
    OPEN,
    UNDETERMINED,
    answer,
    worst_answer,
)
from siteselect.declared.criteria import Constraint, CriteriaSet, Criterion
from siteselect.measure.blocks import Floats, Spots, cells_in_order
from siteselect.measure.measure import Instruments, prepare
from siteselect.measure.readers import Reader, Reading
from siteselect.world.catalog import Catalog
from siteselect.world.places import OUTSIDE, Frame, Grid, Surface, Window
from siteselect.world.store import Store

SIDE_CELLS = 512
THREADS = os.cpu_count() or 1
# Windows that are asked for before the first is taken: enough for every helper, not for all of
# memory.
AHEAD = 4 * max(THREADS, 4)
# Readings are kept while they fill at most this share of the store.
KEPT_SHARE = 0.5

Item = TypeVar("Item")
Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Job:
    """What a helper in another process needs to judge windows of the same field.

    Parameters
    ----------
    catalog : str
        Folder of the catalogue; helpers see it under the same name.
    criteria : str
        The criteria set as JSON.
    crs : str
        Analysis CRS as WKT.
    provinces : tuple of str
        ISO codes.
    cell_m : float
        Side of a cell, metres.
    concentration : float or None
        How sure the weights are, if the spread of scores is asked.
    store : Store or None
        Where readings are kept.
    """

    catalog: str
    criteria: str
    crs: str
    provinces: tuple[str, ...]
    cell_m: float
    concentration: float | None
    store: Store | None


def frame_over(catalog: Catalog, crs: CRS, *, provinces: tuple[str, ...], cell_m: float) -> Frame:
    """Where the cells of a study area are.

    Parameters
    ----------
    catalog : Catalog
    crs : pyproj.CRS
        Analysis CRS.
    provinces : tuple of str
        ISO codes.
    cell_m : float
        Side of a cell, metres.

    Returns
    -------
    Frame
    """
    every = catalog.features("provinces", crs)
    chosen = every[every["iso"].isin(provinces)]
    return Frame.over(chosen, cell_m, islands=catalog.features("islands", crs))


@dataclass(frozen=True, slots=True)
class Field:
    """A job made ready in this process.

    Parameters
    ----------
    job : Job
    frame : Frame
        Where its cells are.
    criteria : CriteriaSet
        What is weighed and what is a rule.
    instruments : Instruments
        Prepared for those criteria, without inquiries.
    """

    job: Job
    frame: Frame
    criteria: CriteriaSet
    instruments: Instruments

    @classmethod
    def of(
        cls, job: Job, catalog: Catalog, *, criteria: CriteriaSet, instruments: Instruments
    ) -> "Field":
        """A job made ready, by what has been read and prepared already.

        Parameters
        ----------
        job : Job
        catalog : Catalog
            That of the job.
        criteria : CriteriaSet
            That of the job, or some of its criteria and rules.
        instruments : Instruments
            Prepared for them.

        Returns
        -------
        Field
        """
        frame = frame_over(catalog, instruments.crs, provinces=job.provinces, cell_m=job.cell_m)
        return cls(job, frame, criteria, instruments.without_inquiries())

    @property
    def screens(self) -> tuple[Constraint, ...]:
        """The rules that enter the verdict, in their order."""
        return tuple(c for c in self.criteria.constraints if c.role == "screen")

    @property
    def keeps_readings(self) -> bool:
        """Whether the readings of all cells are few enough to be kept."""
        if self.job.store is None:
            return False
        cells = self.frame.provinces.area.sum() / self.job.cell_m**2
        each = 8 * len(self.criteria.criteria) + len(self.screens)
        return bool(cells * each <= KEPT_SHARE * self.job.store.limit_bytes)


@dataclass(frozen=True, slots=True)
class Marks:
    """What the law says of the cells of a window.

    Parameters
    ----------
    cells : numpy.ndarray of int64, shape (n,)
        Flat indices within the window.
    weighed : numpy.ndarray of float32, shape (2 or 3, n)
        Score, known share and, if asked, the spread of the score.
    verdict : numpy.ndarray of int8, shape (n,)
        0 eligible, 1 undetermined, 2 excluded.
    counts : numpy.ndarray of int64, shape (2, screens)
        Cells that each screen excludes, and leaves in doubt.
    """

    cells: NDArray[np.int64]
    weighed: NDArray[np.float32]
    verdict: NDArray[np.int8]
    counts: NDArray[np.int64]


# ------------------------------------------------------------------------------ one window


def judge(field: Field, grid: Grid) -> Marks:
    """The law on the cells of one window.

    Parameters
    ----------
    field : Field
    grid : Grid
        The window, cut from the field's frame.

    Returns
    -------
    Marks
    """
    cells = cells_in_order(grid)
    # Where readings are kept, the law costs less than reading what it said before.
    store = None if field.keeps_readings else field.job.store
    name = _name_of(field, grid) if store is not None else ""
    if store is not None and (kept := _kept(store, name, cells)) is not None:
        return kept
    readings, answers = measured(field, grid)
    weighed = weigh(readings, field.criteria, concentration=field.job.concentration)
    counts = [(answers == code).sum(axis=1) for code in (EXCLUDED, UNDETERMINED)]
    marks = Marks(cells, weighed, worst_answer(answers), np.array(counts, dtype=np.int64))
    if store is not None:
        _keep(store, name, marks)
    return marks


def reading(field: Field, grid: Grid, criterion: Criterion) -> tuple[NDArray[np.int64], Floats]:
    """Readings of one criterion on the cells of one window.

    Parameters
    ----------
    field : Field
    grid : Grid
        The window, cut from the field's frame.
    criterion : Criterion
        One of the field's.

    Returns
    -------
    cells : numpy.ndarray of int64, shape (n,)
        Flat indices within the window.
    readings : numpy.ndarray, shape (n,)
        In the unit of the criterion; NaN is unknown.
    """
    take = _taker(field, grid)
    return cells_in_order(grid), take.reading(field.instruments.declarations.index(criterion))


@dataclass(frozen=True, slots=True)
class _Taker:
    """What is read of the cells of a window: taken from the store, or measured and kept there."""

    instruments: Instruments
    take: Callable[[int], Reading]
    kept: Callable[[str, Callable[[], NDArray[Any]]], NDArray[Any]]

    def reading(self, j: int) -> Floats:
        """Readings of a criterion."""
        return self.kept(self.instruments.marks[j], lambda: self.take(j)[0])

    def answers(self, j: int, rule: Constraint) -> NDArray[np.int8]:
        """Answers to a screen with a limit."""
        limit = rule.model_dump_json(include={"at_least", "at_most", "clear", "when_unknown"})
        mark = _hash(self.instruments.marks[j], limit, str(self.instruments.partial[j]))
        return self.kept(mark, lambda: answer(*self.take(j)[1:], rule))


def _taker(field: Field, grid: Grid) -> _Taker:
    instruments = field.instruments
    store = field.job.store if field.keeps_readings else None
    place = _place_of(grid) if store is not None else ""
    count = np.count_nonzero(grid.inside)
    asked = zip(instruments.declarations, instruments.readers, strict=True)
    ruled = {take for declaration, take in asked if isinstance(declaration, Constraint)}

    @cache
    def spots() -> Spots:
        return Spots.of_cells(grid)

    @cache
    def taken(take: Reader) -> Reading:
        # Rules need the bounds of their readings; criteria of cells do not.
        return take(spots() if take in ruled else spots().without_bounds())

    def kept(mark: str, make: Callable[[], NDArray[Any]]) -> NDArray[Any]:
        if store is None:
            return make()
        name = _hash(place, mark)
        found = store.get(name)
        if found is None or found.shape != (count,):
            found = make()
            store.put(name, found)
        return found

    return _Taker(instruments, lambda j: instruments.told(j, taken(instruments.readers[j])), kept)


def measured(field: Field, grid: Grid) -> tuple[Floats, NDArray[np.int8]]:
    """Readings of the criteria, and answers to the screens, on the cells of one window.

    Parameters
    ----------
    field : Field
    grid : Grid
        The window, cut from the field's frame.

    Returns
    -------
    readings : numpy.ndarray, shape (m, n)
        In the units of the criteria; NaN is unknown.
    answers : numpy.ndarray of int8, shape (screens, n)
        As in `siteselect.decide.score.Scores`.

    Both in the order of `siteselect.measure.blocks.cells_in_order`.
    """
    take, count = _taker(field, grid), np.count_nonzero(grid.inside)
    places = {d.id: j for j, d in enumerate(field.instruments.declarations)}
    readings = np.empty((len(field.criteria.criteria), count))
    for row, criterion in zip(readings, field.criteria.criteria, strict=True):
        row[:] = take.reading(places[criterion.id])
    answers = np.full((len(field.screens), count), OPEN, dtype=np.int8)
    for told, rule in zip(answers, field.screens, strict=True):
        if rule.applies_to:
            told[:] = NOT_ASKED
        elif rule.id in places and rule.limit is not None:
            told[:] = take.answers(places[rule.id], rule)
    return readings, answers


def _hash(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _place_of(grid: Grid) -> str:
    """Hash of where the cells of a window are, and which of them are asked."""
    what = hashlib.sha256(np.ascontiguousarray(grid.inside).tobytes())
    what.update(np.where(grid.inside, grid.landmass, 0).tobytes())
    return _hash(repr((grid.west, grid.north, grid.cell_m, grid.shape)), what.hexdigest())


def _name_of(field: Field, grid: Grid) -> str:
    """Hash of all that the marks of a window follow from."""
    law = json.dumps([field.job.criteria, field.job.concentration])
    return _hash(_place_of(grid), *field.instruments.marks, law)


def _keep(store: Store, name: str, marks: Marks) -> None:
    cells = np.vstack([marks.weighed, marks.verdict.astype(np.float32)])
    store.put(name, cells)
    # Last, for it says that the others are there.
    store.put(_hash(name, "counts"), marks.counts)


def _kept(store: Store, name: str, cells: NDArray[np.int64]) -> Marks | None:
    counts = store.get(_hash(name, "counts"))
    found = store.get(name) if counts is not None else None
    if counts is None or found is None or found.shape[1] != len(cells):
        return None
    return Marks(cells, found[:-1], found[-1].astype(np.int8), counts)


# ------------------------------------------------------------------------------ all windows


def surface(
    field: Field, *, pool: Executor | None = None, progress: Callable[[str], None] = lambda _: None
) -> Surface:
    """Score, known share and verdict of every cell within the study area.

    Parameters
    ----------
    field : Field
    pool : concurrent.futures.Executor, optional
        Who works; threads of this process if not given.
    progress : callable
        Told in a few words how far the work is.

    Returns
    -------
    Surface
        NaN outside the study area; excluded cells keep their score.
    """
    grid = field.frame.cut(field.frame.whole)
    rows = 2 if field.job.concentration is None else 3
    weighed = np.full((rows, *grid.shape), np.nan, dtype=np.float32)
    verdict = np.full(grid.shape, OUTSIDE, dtype=np.int8)
    counts = np.zeros((2, len(field.screens)), dtype=np.int64)
    for window, marks in judged(field, grid=grid, pool=pool, progress=progress):
        row, column = np.divmod(marks.cells, window.columns)
        row, column = row + window.row, column + window.column
        weighed[:, row, column], verdict[row, column] = marks.weighed, marks.verdict
        counts += marks.counts
    names, km2 = [rule.id for rule in field.screens], grid.cell_ha / 100.0
    excluded, doubtful = (dict(zip(names, (n * km2).tolist(), strict=True)) for n in counts)
    spread = weighed[2] if rows == 3 else None
    return Surface(grid, weighed[0], weighed[1], verdict, excluded, doubtful, spread)


def judged(
    field: Field,
    *,
    grid: Grid | None = None,
    pool: Executor | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Iterator[tuple[Window, Marks]]:
    """What the law says of one window after another, in their order, never all at once.

    Parameters
    ----------
    field : Field
    grid : Grid, optional
        The whole grid, if it is at hand; else windows are cut from the frame.
    pool : concurrent.futures.Executor, optional
        Who works; threads of this process if not given. Helpers in other processes need a store.
    progress : callable
        Told in a few words how far the work is.

    Yields
    ------
    Window, Marks
    """
    windows = field.frame.windows(SIDE_CELLS)

    def here(window: Window) -> Marks:
        return judge(field, (field.frame if grid is None else grid).cut(window))

    def fetched(window: Window, name: str) -> Marks:
        found, cut = None, (field.frame if grid is None else grid).cut(window)
        if field.job.store is not None:
            found = _kept(field.job.store, name, cells_in_order(cut))
        return judge(field, cut) if found is None else found

    with contextlib.ExitStack() as stack:
        if pool is None or isinstance(pool, ThreadPoolExecutor):
            threads = pool or stack.enter_context(ThreadPoolExecutor(THREADS))
            found = _in_order(threads, here, windows, instead=here)
        else:
            names = _in_order(pool, partial(_judge_apart, field.job), windows, instead=lambda _: "")
            found = map(fetched, windows, names)
        yield from zip(windows, _timed(found, len(windows), progress), strict=True)
    if field.job.store is not None:
        field.job.store.trim()


def readings_of(
    field: Field, criterion: Criterion, *, progress: Callable[[str], None] = lambda _: None
) -> Iterator[tuple[Window, NDArray[np.int64], Floats]]:
    """Readings of one criterion, one window after another.

    Parameters
    ----------
    field : Field
    criterion : Criterion
        One of the field's.
    progress : callable
        Told in a few words how far the work is.

    Yields
    ------
    Window, numpy.ndarray of int64, numpy.ndarray
        Flat indices of cells within the window, and their readings.
    """
    windows = field.frame.windows(SIDE_CELLS)

    def here(window: Window) -> tuple[NDArray[np.int64], Floats]:
        return reading(field, field.frame.cut(window), criterion)

    with ThreadPoolExecutor(THREADS) as threads:
        read = _in_order(threads, here, windows, instead=here)
        for window, found in zip(windows, _timed(read, len(windows), progress), strict=True):
            yield window, *found


@lru_cache(maxsize=2)
def _opened(job: Job) -> Field:
    catalog, crs = Catalog.open(Path(job.catalog)), CRS.from_wkt(job.crs)
    criteria = CriteriaSet.model_validate_json(job.criteria)
    ready = prepare(criteria, catalog, crs)
    return Field.of(job, catalog, criteria=criteria, instruments=ready)


def _judge_apart(job: Job, window: Window) -> str:
    """Judge a window in another process: the marks go into the store, their name comes back."""
    field = _opened(job)
    grid = field.frame.cut(window)
    name = _name_of(field, grid)
    assert job.store is not None  # noqa: S101 - refused before any helper was asked
    if _kept(job.store, name, cells_in_order(grid)) is None:
        _keep(job.store, name, judge(field, grid))
    return name


def _in_order(
    pool: Executor,
    work: Callable[[Item], Found],
    items: Sequence[Item],
    *,
    instead: Callable[[Item], Found],
) -> Iterator[Found]:
    """What comes of each item, in their order; only a few are asked for before they are taken.

    Where the helpers are gone for good, `instead` answers for what they leave.
    """
    waiting: deque[tuple[Item, Future[Found] | None]] = deque()

    def ask(item: Item) -> None:
        future = None
        with contextlib.suppress(BrokenExecutor):
            future = pool.submit(work, item)
        waiting.append((item, future))

    following = iter(items)
    for item in itertools.islice(following, AHEAD):
        ask(item)
    try:
        while waiting:
            item, future = waiting.popleft()
            for more in itertools.islice(following, 1):
                ask(more)
            try:
                found = future.result() if future else instead(item)
            except BrokenExecutor:
                found = instead(item)
            yield found
    finally:
        for _, future in waiting:
            if future is not None:
                future.cancel()


def _timed(found: Iterable[Found], total: int, progress: Callable[[str], None]) -> Iterator[Found]:
    """Tell how far the work is, and how long the rest will take if it goes on alike."""
    begin = time.monotonic()
    for done, item in enumerate(found, start=1):
        yield item
        left = (time.monotonic() - begin) / done * (total - done)
        rest = f", about {left:.0f} s left" if left >= 1 else ""
        progress(f"measuring the surface: {done / total:.0%}{rest}")
