"""Regions are contiguous, keep their area, spacing and province, and depend on nothing else."""

from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import box

from siteselect.declared.study import Greenfield
from siteselect.world import regions
from siteselect.world.places import Grid, Surface
from tests.toy import ANALYSIS

KM = 1000.0
RULE: dict[str, Any] = {"min_ha": 300.0, "max_ha": 900.0, "per_province": 4, "spacing_km": 4.0}
CODES = ("IR-06", "IR-18", "IR-22")


def surface(seed: int, codes: tuple[str, ...] = CODES, steps: int = 4) -> Surface:
    """A rough surface with many ties, the same at each cell whichever provinces are asked."""
    bounds = {"IR-06": (0, 0, 11, 13), "IR-18": (11, -3, 21, 9), "IR-22": (21, 2, 33, 14)}
    frame = gpd.GeoDataFrame(
        {"iso": codes}, geometry=[box(*np.array(bounds[c]) * KM) for c in codes], crs=ANALYSIS
    )
    grid = Grid.over(
        frame, KM, islands=gpd.GeoDataFrame({"landmass": []}, geometry=[], crs=ANALYSIS)
    )
    (west, north), (rows, columns) = grid.first, grid.shape
    noise = np.random.default_rng(seed).integers(0, steps + 1, (2, 60, 60))
    row, column = np.indices((rows, columns))
    at = (30 - (north - row), 10 + west + column)
    score = np.where(grid.inside, noise[0][at] / steps, np.nan).astype(np.float32)
    verdict = np.where(grid.inside, np.minimum(noise[1][at], 2) * (noise[1][at] > 1), -1)
    return Surface(grid, score, np.ones_like(score), verdict.astype(np.int8), {}, {})


def absolute(region: regions.Region, grid: Grid) -> set[tuple[int, int]]:
    row, column = np.divmod(region.cells, grid.shape[1])
    west, north = grid.first
    return set(zip((west + column).tolist(), (north - row).tolist(), strict=True))


@settings(max_examples=50)
@given(seed=st.integers(0, 2**32 - 1), doubt=st.booleans())
def test_regions_keep_the_rules(seed: int, *, doubt: bool) -> None:
    rule = Greenfield(**RULE, min_score=0.4, verdicts="not excluded" if doubt else "eligible")
    world = surface(seed)
    avoid = np.random.default_rng(seed).uniform(size=world.grid.shape) < 0.1
    taken: set[int] = set()
    for region in (found := regions.grow(world, rule, avoid=avoid)):
        cells = region.cells
        assert rule.min_ha <= len(cells) * world.grid.cell_ha <= rule.max_ha
        assert (world.verdict.ravel()[cells] <= (1 if doubt else 0)).all()
        assert (world.score.ravel()[cells] >= np.float32(0.4)).all()
        assert not avoid.ravel()[cells].any()
        codes = world.grid.province.ravel()[cells]
        assert {world.grid.province_codes[i] for i in codes} == {region.province}
        outline = regions.polygon(region, world)
        assert outline.geom_type == "Polygon"  # contiguous by edges
        assert shapely.area(outline) == pytest.approx(len(cells) * 1e6)
        assert not taken & set(cells)
        taken |= set(cells)
    for code in CODES:
        mine = [region for region in found if region.province == code]
        assert len(mine) <= rule.per_province
        for i, one in enumerate(mine):
            for other in mine[:i]:
                assert np.hypot(one.column - other.column, one.row - other.row) >= rule.spacing_km


@settings(max_examples=50)
@given(st.integers(0, 2**32 - 1), st.sampled_from([("IR-18",), ("IR-06", "IR-22"), ("IR-22",)]))
def test_regions_do_not_depend_on_the_other_provinces(seed: int, codes: tuple[str, ...]) -> None:
    rule = Greenfield(**RULE)
    everything, some = surface(seed), surface(seed, codes)
    one = {r.id: absolute(r, everything.grid) for r in regions.grow(everything, rule)}
    other = {r.id: absolute(r, some.grid) for r in regions.grow(some, rule)}
    assert other == {name: cells for name, cells in one.items() if f"IR-{name[3:5]}" in codes}


def test_the_best_cell_is_the_first_seed_and_its_id_says_where() -> None:
    world = surface(1)
    score = np.where(world.grid.inside, 0.5, np.nan).astype(np.float32)
    score[5, 5] = 0.9
    flat = replace(world, score=score, verdict=np.where(world.grid.inside, 0, -1).astype(np.int8))
    first = regions.grow(flat, Greenfield(**RULE))[0]
    west, north = world.grid.first
    assert (first.column, first.row) == (west + 5, north - 5)
    assert first.id == f"GF-06{west + 5:+05d}{north - 5:+05d}"
    # Where all else is equal a region is a disc around its seed.
    away = [np.hypot(c - first.column, r - first.row) for c, r in absolute(first, world.grid)]
    assert max(away) <= np.sqrt(9 / np.pi) + 0.5


@pytest.mark.parametrize("cell_m", [30.0, 100.1, 333.3])
def test_an_outline_is_whole_whatever_the_side_of_a_cell(cell_m: float) -> None:
    world = surface(0)
    grid = replace(
        world.grid, cell_m=cell_m, west=round(123e3 / cell_m) * cell_m,
        north=round(3.3e6 / cell_m) * cell_m,
    )  # fmt: skip
    row, column = np.indices((12, 9))
    cells = (row * grid.shape[1] + column).ravel()
    outline = regions.polygon(regions.Region("IR-06", cells, 0, 0), replace(world, grid=grid))
    assert outline.geom_type == "Polygon"
    assert outline.is_valid
    assert outline.area == pytest.approx(len(cells) * cell_m**2)
    assert not outline.interiors


def test_too_little_room_gives_none() -> None:
    rule = Greenfield(**(RULE | {"min_ha": 60000.0, "max_ha": 60000.0}))
    assert regions.grow(surface(2), rule) == ()
    assert regions.grow(surface(2), Greenfield(**(RULE | {"per_province": 0}))) == ()
