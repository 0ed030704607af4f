"""Tiles: the law on every cell of a grid, never all criteria of all cells in memory."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from siteselect.decide.score import EXCLUDED, UNDETERMINED, Scores, score
from siteselect.decide.table import Floats
from siteselect.declared.criteria import CriteriaSet
from siteselect.measure.measure import Instruments, read
from siteselect.world.places import Grid, Surface

SIDE_CELLS = 256
THREADS = 2


def surface(
    grid: Grid,
    criteria: CriteriaSet,
    instruments: Instruments,
    *,
    progress: Callable[[str], None] = lambda _: None,
    spread: Callable[[Floats], Floats] | None = None,
) -> Surface:
    """Score, known share and verdict of every cell within the study area.

    Parameters
    ----------
    grid : Grid
    criteria : CriteriaSet
        What is weighed and what is a rule.
    instruments : Instruments
        Prepared for those criteria; screens are enough.
    progress : callable
        Told in a few words how far the work is.
    spread : callable, optional
        From the values of cells, shape (n, m), to the standard deviation of their scores, shape
        (n,).

    Returns
    -------
    Surface
        NaN outside the study area; excluded cells keep their score.
    """
    n = grid.shape[0] * grid.shape[1]
    marks = np.full((2 if spread is None else 3, n), np.nan, dtype=np.float32)
    verdict = np.full(n, -1, dtype=np.int8)
    screens = [c.id for c in criteria.constraints if c.role == "screen"]
    areas = {EXCLUDED: dict.fromkeys(screens, 0.0), UNDETERMINED: dict.fromkeys(screens, 0.0)}
    done, total = 0, int(grid.inside.sum())

    def work(tile: np.ndarray) -> tuple[np.ndarray, Scores]:
        scores = score(read(instruments, grid.places(tile)), criteria, bounds=False)
        if spread is not None:
            marks[2, tile] = spread(scores.values)
        return tile, scores

    with ThreadPoolExecutor(THREADS) as pool:
        for tile, scores in pool.map(work, grid.tiles(SIDE_CELLS)):
            marks[0, tile], marks[1, tile] = scores.score, scores.known
            verdict[tile] = scores.verdict
            _add_areas(scores, grid.cell_ha / 100.0, areas)
            done += len(tile)
            progress(f"measuring the surface: {done / total:.0%} of {total:,} cells")
    shape = grid.shape
    return Surface(
        grid,
        marks[0].reshape(shape),
        marks[1].reshape(shape),
        verdict.reshape(shape),
        areas[EXCLUDED],
        areas[UNDETERMINED],
        None if spread is None else marks[2].reshape(shape),
    )


def _add_areas(scores: Scores, cell_km2: float, areas: dict[int, dict[str, float]]) -> None:
    for name, row in zip(scores.constraint_ids, scores.answers, strict=True):
        for answer, by_rule in areas.items():
            if name in by_rule:
                by_rule[name] += cell_km2 * int((row == answer).sum())
