"""Cells: the grid of a study and the law on it, as a whole or window by window."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from siteselect.base.errors import DataError, DeclarationError, Fault
from siteselect.base.text import nearest
from siteselect.decide.score import NOT_ASKED, OPEN, worst_answer
from siteselect.decide.values import value
from siteselect.declared.criteria import CriteriaSet, Criterion
from siteselect.measure import tiles
from siteselect.measure.blocks import cells_in_order
from siteselect.measure.measure import Instruments, prepare
from siteselect.study.question import Question
from siteselect.world.admit import LIMITS, over
from siteselect.world.places import Frame, Grid, Surface, Window
from siteselect.world.store import store

LATTICE_M = 5000.0

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Lattice:
    """Values of every criterion on coarse cells, so that a page can weigh them anew.

    Parameters
    ----------
    grid : Grid
        Coarse cells over the same provinces.
    cells : numpy.ndarray of int64, shape (n,)
        Flat indices of the cells within the study area.
    values : numpy.ndarray, shape (n, m)
        Value 0..1 of each criterion at the centre of the cell; NaN unknown.
    verdict : numpy.ndarray of int8, shape (n,)
        As in `Scores`.
    answers : numpy.ndarray of int8, shape (c, n)
        As in `Scores`.
    """

    grid: Grid
    cells: NDArray[np.int64]
    values: NDArray[np.float64]
    verdict: NDArray[np.int8]
    answers: NDArray[np.int8]


def grid_of(question: Question, *, cell_m: float | None = None) -> Grid:
    """The study grid, or one of another cell over the same provinces.

    Parameters
    ----------
    question : Question
        For its provinces.
    cell_m : float, optional
        Side of a cell, metres; the study's if not given.

    Returns
    -------
    Grid

    Raises
    ------
    DataError
        If it would hold more cells than the limit.
    """
    study = question.study
    frame = tiles.frame_over(
        question.catalog,
        question.crs,
        provinces=study.provinces,
        cell_m=cell_m or study.cell_m,
    )
    refuse_large(frame)
    return frame.cut(frame.whole)


def refuse_large(frame: Frame) -> None:
    """Refuse a grid that is too large to be held as a whole.

    Raises
    ------
    DataError
        Naming the limit.
    """
    cells = frame.shape[0] * frame.shape[1]
    if cells > LIMITS.grid_cells:
        raise DataError(
            over(f"cells of {frame.cell_m:g} m", cells, LIMITS.grid_cells, name="grid_cells",
                 file="the study")
        )  # fmt: skip


def lattice_of(question: Question, instruments: Instruments) -> Lattice:
    """What each criterion is worth on cells of `LATTICE_M`, or the study's if those are larger.

    Parameters
    ----------
    question : Question
    instruments : Instruments
        Prepared for its criteria.

    Returns
    -------
    Lattice
    """
    field = _field(question, instruments, cell_m=max(LATTICE_M, question.study.cell_m))
    refuse_large(field.frame)
    grid = field.frame.cut(field.frame.whole)
    readings, screens = tiles.measured(field, grid)
    cells = cells_in_order(grid)
    in_rows = np.argsort(cells)
    readings, screens = readings[:, in_rows], screens[:, in_rows]
    every = question.criteria
    worth = [value(row, c.knots) for row, c in zip(readings, every.criteria, strict=True)]
    answers = np.full((len(every.constraints), readings.shape[1]), OPEN, dtype=np.int8)
    answers[[bool(rule.applies_to) for rule in every.constraints]] = NOT_ASKED
    answers[[rule.role == "screen" for rule in every.constraints]] = screens
    return Lattice(grid, cells[in_rows], np.stack(worth, axis=1), worst_answer(screens), answers)


def _field(
    question: Question,
    instruments: Instruments,
    criteria: CriteriaSet | None = None,
    *,
    cell_m: float | None = None,
) -> tiles.Field:
    """The cells of a study, or others over it, made ready for its criteria, or for some of them."""
    study, catalog = question.study, question.catalog
    job = tiles.Job(
        catalog=str(catalog.folder.resolve()),
        criteria=question.criteria.model_dump_json(),
        crs=question.crs.to_wkt(),
        provinces=study.provinces,
        cell_m=cell_m or study.cell_m,
        concentration=None if study.trust is None else study.trust.concentration,
        store=store(),
    )
    return tiles.Field.of(
        job, catalog, criteria=criteria or question.criteria, instruments=instruments
    )


@dataclass(frozen=True, slots=True)
class Windows:
    """A surface that is too large to be held: its frame, and its windows one after another.

    Parameters
    ----------
    frame : Frame
        Where its cells are.
    cells : iterator of (Window, numpy.ndarray of float32, shape (bands, rows, columns))
        NaN outside the study area.
    """

    frame: Frame
    cells: Iterator[tuple[Window, NDArray[np.float32]]]


def score_windows(
    question: Question, *, pool: Executor | None = None, progress: Progress = lambda _: None
) -> Windows:
    """Score, known share and verdict of every cell, window by window.

    Parameters
    ----------
    question : Question
    pool : concurrent.futures.Executor, optional
        Who works; threads of this process if not given.
    progress : callable
        Told in a few words how far the work is.

    Returns
    -------
    Windows
        Of three bands.
    """
    field = _field(question, prepare(question.criteria, question.catalog, question.crs))
    judged = tiles.judged(field, pool=pool, progress=progress)
    return Windows(
        field.frame,
        (
            (window, _placed(window, marks.cells, (*marks.weighed[:2], marks.verdict)))
            for window, marks in judged
        ),
    )


def reading_windows(
    question: Question, criterion: str, *, progress: Progress = lambda _: None
) -> tuple[Windows, Criterion]:
    """What is read of one criterion in every cell, window by window.

    Parameters
    ----------
    question : Question
    criterion : str
        Its id.
    progress : callable
        Told in a few words how far the work is.

    Returns
    -------
    Windows
        Of one band, in the unit of the criterion.
    Criterion

    Raises
    ------
    DeclarationError
        If there is none of that id.
    """
    every = {c.id: c for c in question.criteria.criteria}
    if criterion not in every:
        hint = nearest(criterion, every)
        message = f"no such criterion{hint}; there are {', '.join(every)}"
        raise DeclarationError(Fault(message, file=question.criteria.id, field=criterion))
    chosen = every[criterion]
    alone = question.criteria.model_copy(update={"criteria": (chosen,), "constraints": ()})
    field = _field(question, prepare(alone, question.catalog, question.crs), alone)
    read = tiles.readings_of(field, chosen, progress=progress)
    cells = ((window, _placed(window, cells, (values,))) for window, cells, values in read)
    return Windows(field.frame, cells), chosen


def _placed(
    window: Window, cells: NDArray[np.int64], rows: Sequence[NDArray[Any]]
) -> NDArray[np.float32]:
    bands = np.full((len(rows), window.rows * window.columns), np.nan, dtype=np.float32)
    for band, row in zip(bands, rows, strict=True):
        band[cells] = row
    return bands.reshape(len(rows), window.rows, window.columns)


@contextmanager
def helpers(*, jobs: int | None = None, cluster: str | None = None) -> Iterator[Executor | None]:
    """Who works on the windows of a surface.

    Parameters
    ----------
    jobs : int, optional
        Threads of this process; as many as it has processors if not given.
    cluster : str, optional
        Address of a Dask scheduler; its workers must see the data, and the store, under the same
        names.

    Yields
    ------
    concurrent.futures.Executor or None

    Raises
    ------
    DataError
        If nobody answers there, the extra `cluster` is missing, or there is no store to share.
    """
    if cluster is None:
        with ThreadPoolExecutor(jobs) if jobs else nullcontext() as threads:
            yield threads
        return
    if store() is None:
        raise DataError(Fault("helpers of a cluster need a store; unset SITESELECT_CACHE=off"))
    try:
        from distributed import Client
    except ImportError as error:
        raise DataError(Fault("needs the extra: pip install siteselect[cluster]")) from error
    try:
        client: Any = Client(cluster, timeout="10s")  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        raise DataError(Fault(f"no scheduler answers ({error})", file=cluster)) from error
    with client:
        yield client.get_executor(pure=False)


def surface_of(
    question: Question,
    instruments: Instruments,
    *,
    pool: Executor | None = None,
    progress: Progress = lambda _: None,
) -> Surface:
    """What the law says of every cell of the study area.

    Parameters
    ----------
    question : Question
    instruments : Instruments
        Prepared for its criteria.
    pool : concurrent.futures.Executor, optional
        Who works; threads of this process if not given.
    progress : callable
        Told in a few words how far the work is.

    Returns
    -------
    Surface

    Raises
    ------
    DataError
        If the grid would hold more cells than the limit.
    """
    field = _field(question, instruments)
    refuse_large(field.frame)
    return tiles.surface(field, pool=pool, progress=progress)


def kept(*, clear: bool = False) -> dict[str, Any]:
    """What the store holds.

    Parameters
    ----------
    clear : bool
        Drop everything first.

    Returns
    -------
    dict
        ``folder`` (None if there is no store), ``files``, ``bytes``, ``limit_bytes``, ``dropped``.
    """
    here = store()
    if here is None:
        return {"folder": None, "files": 0, "bytes": 0, "limit_bytes": 0, "dropped": 0}
    dropped = here.clear() if clear else 0
    sizes = [state.st_size for state in here.entries().values()]
    return {"folder": str(here.folder), "files": len(sizes), "bytes": sum(sizes),
            "limit_bytes": here.limit_bytes, "dropped": dropped}  # fmt: skip
