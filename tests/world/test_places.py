"""Cells stand on one absolute lattice; an island is told from the mainland."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import box

from siteselect.base.errors import CrsMismatch
from siteselect.world.places import Frame, Grid, Landmasses, Sites, require_crs
from tests.toy import ANALYSIS, site_frame
from tests.toydata import layer, spots

KM = 1000.0
NO_ISLANDS = gpd.GeoDataFrame({"landmass": []}, geometry=[], crs=ANALYSIS)
CODES = ["IR-06", "IR-11", "IR-18", "IR-22"]


def provinces(seed: int) -> gpd.GeoDataFrame:
    """Four boxes side by side, of any extent."""
    rng = np.random.default_rng(seed)
    east = (
        rng.uniform(-500 * KM, 500 * KM)
        + np.concatenate(([0], rng.uniform(5, 30, 4).cumsum())) * KM
    )
    shapes = [box(east[i], rng.uniform(-30 * KM, 0), east[i + 1], rng.uniform(9 * KM, 30 * KM))
              for i in range(4)]  # fmt: skip
    return gpd.GeoDataFrame({"iso": CODES}, geometry=shapes, crs=ANALYSIS)


def centres(grid: Grid) -> dict[tuple[float, float], str]:
    """Province code at each cell centre of the study area."""
    cells = grid.places()
    codes = np.array(grid.province_codes)[grid.province.ravel()[cells.ids]]
    return dict(
        zip(zip(cells.easting.tolist(), cells.northing.tolist(), strict=True), codes, strict=True)
    )


@settings(max_examples=40)
@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from([500.0, 1000.0, 333.3, 777.7]),
    st.sets(st.sampled_from(CODES), min_size=1),
)
def test_the_cells_of_a_province_are_the_same_whichever_others_are_asked(
    seed: int, cell_m: float, chosen: set[str]
) -> None:
    frame = provinces(seed)
    everything = centres(Grid.over(frame, cell_m, islands=NO_ISLANDS))
    some = centres(Grid.over(frame[frame["iso"].isin(chosen)], cell_m, islands=NO_ISLANDS))
    assert some == {at: code for at, code in everything.items() if code in chosen}


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1), st.sampled_from([500.0, 333.3]))
def test_a_grid_covers_its_provinces_by_the_centres_of_its_cells(seed: int, cell_m: float) -> None:
    frame = provinces(seed)
    grid = Grid.over(frame, cell_m, islands=NO_ISLANDS)
    area = grid.inside.sum() * grid.cell_ha / 100
    assert area == pytest.approx(frame.area.sum() / 1e6, rel=0.1)
    cells = grid.places()
    assert shapely.contains_xy(frame.union_all().buffer(1e-6), cells.easting, cells.northing).all()
    west, south, east, north = frame.total_bounds
    assert grid.west <= west < grid.west + cell_m
    assert grid.north - cell_m < north <= grid.north
    rows, columns = grid.shape
    assert grid.west + columns * cell_m >= east
    assert grid.north - rows * cell_m <= south


def test_windows_hold_each_cell_once() -> None:
    frame = Frame.over(provinces(3), 1000.0, islands=NO_ISLANDS)
    grid = frame.cut(frame.whole)
    held = np.zeros(grid.shape, dtype=int)
    for window in frame.windows(16):
        assert max(window.rows, window.columns) <= 16
        inside = frame.cut(window).inside
        held[window.row : window.row + 16, window.column : window.column + 16] += inside
    np.testing.assert_array_equal(held, grid.inside)


def test_cells_know_their_island() -> None:
    frame = provinces(3)
    west, _, _, north = frame.total_bounds
    islands = layer([box(west, north - 9 * KM, west + 5 * KM, north)], landmass=[7])
    cells = Grid.over(frame, 1000.0, islands=islands).places()
    within = (cells.easting < west + 5 * KM) & (cells.northing > north - 9 * KM)
    assert set(cells.landmass[within]) == {7}
    assert set(cells.landmass[~within]) == {0}


def test_two_reference_systems_may_not_meet() -> None:
    with pytest.raises(CrsMismatch, match="EPSG:4326"):
        Grid.over(provinces(1), 500.0, islands=NO_ISLANDS.to_crs("EPSG:4326"))
    require_crs(ANALYSIS, ANALYSIS)


@pytest.mark.parametrize(
    ("east_km", "north_km", "mass"),
    [
        (50, 50, 0),  # on the mainland
        (5, -7, 3),  # on the island
        (5, -4, 3),  # at sea, 1 km off the island and 4 off the mainland
        (5, -2, 0),  # 2 km off the mainland, 3 off the island
        (50, -50, 0),  # in the open sea
        (5, -12.9, 3),
        (5, -13.1, 0),
    ],
)
def test_a_point_belongs_to_the_ground_it_stands_on_or_off(
    east_km: float, north_km: float, mass: int
) -> None:
    island = box(0, -10 * KM, 10 * KM, -5 * KM)
    land = layer([box(-100 * KM, 0, 100 * KM, 100 * KM), island])
    masses = Landmasses(layer([island], landmass=[3]), land)
    assert masses.of(np.array([east_km * KM]), np.array([north_km * KM])).tolist() == [mass]


def test_without_islands_or_points_all_is_mainland() -> None:
    land = layer([box(0, 0, 9 * KM, 9 * KM)])
    one = np.array([5.0])
    assert Landmasses(NO_ISLANDS, land).of(one, one).tolist() == [0]
    assert Landmasses(layer([box(0, 0, 1, 1)], landmass=[1]), land).of(one[:0], one[:0]).size == 0


def test_places_and_sites_know_how_many_they_are() -> None:
    assert len(spots([1, 2, 3], [1, 2, 3])) == 3
    assert len(Sites(site_frame(5), spots(range(5), range(5)))) == 5
