"""Regions: new sites grown from the suitability surface, province by province, best first."""

import heapq
import math
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from siteselect.declared.study import Greenfield
from siteselect.world.places import Grid, Surface

Cells = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Region:
    """A contiguous set of cells of one province.

    Parameters
    ----------
    province : str
        ISO code.
    cells : numpy.ndarray of int64, shape (n,)
        Flat indices into the grid, ascending.
    column, row : int
        Position of the seed, in whole cells from the origin of the CRS; the same on every grid of
        the same cell.
    """

    province: str
    cells: Cells
    column: int
    row: int

    @property
    def id(self) -> str:
        """Id that names province and seed cell."""
        return f"GF-{self.province[-2:]}{self.column:+05d}{self.row:+05d}"


def grow(
    surface: Surface, rule: Greenfield, *, avoid: NDArray[np.bool_] | None = None
) -> tuple[Region, ...]:
    """Grow regions from the surface.

    In each province the best free cell becomes a seed; the region takes the best neighbour, less
    a penalty for its distance from the seed, until it is full. Another seed keeps its spacing.
    Regions are contiguous by edges, never overlap, never cross a province.

    Parameters
    ----------
    surface : Surface
        Scores and verdicts.
    rule : Greenfield
        Areas, spacing, number.
    avoid : numpy.ndarray of bool, shape (rows, columns), optional
        Cells that are not grown into.

    Returns
    -------
    tuple of Region
        By province, best seed first.

    References
    ----------
    Brookes (1997), A parameterized region-growing programme for site allocation on raster
    suitability maps, Int. J. Geogr. Inf. Sci. 11(4) 375-396.
    """
    grid = surface.grid
    worst = 0 if rule.verdicts == "eligible" else 1
    free = (surface.verdict >= 0) & (surface.verdict <= worst)
    free &= surface.score >= rule.min_score
    if avoid is not None:
        free &= ~avoid
    scores = surface.score.ravel().astype(np.float64)
    regions: list[Region] = []
    for index, code in enumerate(grid.province_codes):
        regions += _in_province(grid, scores, rule, free & (grid.province == index), code)
    return tuple(regions)


def _in_province(
    grid: Grid, scores: NDArray[np.float64], rule: Greenfield, free: NDArray[np.bool_], code: str
) -> list[Region]:
    cells, width = np.flatnonzero(free), grid.shape[1]
    order = cells[np.argsort(-scores[cells], kind="stable")]
    # Views of one row of cells, as seeds and regions name them.
    seedable = free.copy()
    seeds, open_cells = seedable.ravel(), free.ravel()
    found: list[Region] = []
    for seed in order.tolist():
        if len(found) == rule.per_province:
            break
        if not seeds[seed]:
            continue
        grown = _grown(seed, scores, free, rule, grid.cell_m)
        _clear(seedable, divmod(seed, width), rule.spacing_km * 1000 / grid.cell_m)
        if len(grown) * grid.cell_ha < rule.min_ha:
            continue
        open_cells[grown] = False
        seeds[grown] = False
        row, column = divmod(seed, width)
        west, north = grid.first
        found.append(Region(code, grown, west + column, north - row))
    return found


def _grown(
    seed: int, scores: NDArray[np.float64], free: NDArray[np.bool_], rule: Greenfield, cell_m: float
) -> Cells:
    rows, width = free.shape
    most = int(rule.max_ha * 1e4 / cell_m**2)
    radius = math.sqrt(most / math.pi)
    home = divmod(seed, width)
    taken: set[int] = set()
    queue = [(0.0, seed)]
    seen = {seed}
    while queue and len(taken) < most:
        _, cell = heapq.heappop(queue)
        taken.add(cell)
        row, column = divmod(cell, width)
        for r, c in ((row - 1, column), (row + 1, column), (row, column - 1), (row, column + 1)):
            other = r * width + c
            if 0 <= r < rows and 0 <= c < width and free[r, c] and other not in seen:
                seen.add(other)
                away = math.hypot(r - home[0], c - home[1]) / max(radius, 1.0)
                worth = (1 - rule.compactness) * scores[other] - rule.compactness * away**2
                heapq.heappush(queue, (-worth, other))
    return np.array(sorted(taken), dtype=np.int64)


def _clear(mask: NDArray[np.bool_], at: tuple[int, int], radius: float) -> None:
    reach = int(radius)
    top, left = max(at[0] - reach, 0), max(at[1] - reach, 0)
    window = mask[top : at[0] + reach + 1, left : at[1] + reach + 1]
    row, column = np.indices(window.shape)
    window[np.hypot(row + top - at[0], column + left - at[1]) < radius] = False


def polygon(region: Region, surface: Surface) -> shapely.Geometry:
    """The outline of a region, in the analysis CRS.

    Parameters
    ----------
    region : Region
    surface : Surface
        That it was grown from.

    Returns
    -------
    shapely.Polygon
    """
    grid = surface.grid
    row, column = np.divmod(region.cells, grid.shape[1])
    # Neighbours share an edge to the last bit, whatever the side of a cell.
    west, east = (grid.west + (column + step) * grid.cell_m for step in (0, 1))
    north, south = (grid.north - (row + step) * grid.cell_m for step in (0, 1))
    return shapely.coverage_union_all(shapely.box(west, south, east, north))
