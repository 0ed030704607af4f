"""What rasters say at a place and around it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rasterio.transform import Affine

from siteselect.measure import ground
from siteselect.world.catalog import Raster
from tests.toy import ANALYSIS

# QGIS slope of a 7 x 6 raster of cell 1, as carried by the tests of xarray-spatial.
ELEVATION = [
    [704.237, 242.24084, 429.3324, 779.8816, 193.29506, 984.6926],
    [226.56795, 815.7483, 290.6041, 76.49687, 820.89716, 32.27882],
    [344.8238, 256.34998, 806.8326, 602.0442, 721.1633, 496.95636],
    [185.43515, 834.10425, 387.0871, 716.0262, 49.61273, 752.95483],
    [302.4271, 151.49211, 442.32797, 358.4702, 659.8187, 447.1241],
    [148.04834, 819.2133, 468.97913, 977.11694, 597.69666, 999.14185],
    [268.1575, 625.96466, 840.26483, 448.28333, 859.2699, 528.04095],
]
INTERIOR = [
    [88.56143, 89.45366, 89.50229, 88.82584],
    [89.61588, 89.47127, 89.24196, 88.385376],
    [89.61132, 89.59183, 89.56854, 88.90889],
    [89.42886, 89.25054, 89.60963, 89.71719],
    [89.75693, 89.67336, 89.502174, 89.24611],
]


def raster(values: object, cell: float = 1000.0) -> Raster:
    array = np.asarray(values, dtype=float)
    return Raster(array, Affine(cell, 0, 0, 0, -cell, len(array) * cell), ANALYSIS)


def test_slope_is_that_of_qgis() -> None:
    got = ground.slope_deg(ELEVATION, 1.0)[1:-1, 1:-1]
    np.testing.assert_allclose(got, INTERIOR, rtol=1e-5)


@given(st.floats(-1, 1), st.floats(-1, 1), st.floats(10, 1000))
def test_a_tilted_plane_has_the_slope_of_its_gradient(
    east: float, north: float, cell: float
) -> None:
    row, column = np.indices((4, 5)) * cell
    got = ground.slope_deg(east * column - north * row, cell)[1:-1, 1:-1]
    expected = np.degrees(np.arctan(np.hypot(east, north)))
    np.testing.assert_allclose(got, expected, rtol=0, atol=1e-6)


def test_the_sea_is_level_0_beside_land_and_has_no_slope_itself() -> None:
    got = ground.slope(raster([[0, 0, np.nan]] * 3)).values
    assert got[1, 1] == 0.0
    assert np.isnan(got[1, 2])
    np.testing.assert_array_equal(got[:, :2], 0.0)


def test_the_share_of_a_disc_by_hand() -> None:
    """A disc of radius one cell is a cross of five; at the corner of the raster three are left."""
    counts = np.zeros((3, 3), bool)
    counts[1, 1] = counts[0, 0] = True
    share = ground.share_around(counts, raster(np.zeros((3, 3))), 1.0).values
    assert share[1, 1] == 1 / 5
    assert share[0, 0] == 1 / 3
    assert share[0, 1] == 2 / 4


@given(st.integers(0, 2**32 - 1), st.floats(0, 12))
def test_the_share_of_a_disc_is_its_definition(seed: int, radius_km: float) -> None:
    rng = np.random.default_rng(seed)
    counts = rng.uniform(size=rng.integers(1, 12, 2)) < rng.uniform()
    got = ground.share_around(counts, raster(np.zeros(counts.shape)), radius_km).values
    row, column = np.indices(counts.shape)
    for i, j in np.ndindex(counts.shape):
        assert got[i, j] == counts[np.hypot(row - i, column - j) * 1000 <= radius_km * 1000].mean()


@pytest.mark.parametrize("radius_km", [0.001, 0.5, 0.999])
def test_a_disc_smaller_than_a_cell_reads_the_cell(radius_km: float) -> None:
    counts = np.eye(3, dtype=bool)
    share = ground.share_around(counts, raster(np.zeros((3, 3))), radius_km).values
    np.testing.assert_array_equal(share, np.eye(3))


def test_a_point_reads_the_cell_it_lies_in_and_nothing_beyond() -> None:
    source = raster([[1, 2], [3, 4]])
    east = np.array([0.0, 1999.9, 500.0, -0.1, 2000.0, 500.0, 500.0])
    north = np.array([2000.0, 1500.0, 500.0, 500.0, 500.0, -0.1, 2000.1])
    expected = [1, 2, 3, np.nan, np.nan, np.nan, np.nan]
    np.testing.assert_array_equal(ground.at(source, east, north), expected)


def around(source: Raster, east: float, north: float, radius: float) -> tuple[float, float]:
    ends = ground.range_within(
        source, np.array([east]), np.array([north]), radius_m=np.array([radius])
    )
    return float(ends[0][0]), float(ends[1][0])


@given(st.integers(0, 2**32 - 1))
def test_the_range_holds_whatever_a_true_position_reads(seed: int) -> None:
    rng = np.random.default_rng(seed)
    source = raster(np.where(rng.uniform(size=(6, 7)) < 0.2, np.nan, rng.uniform(0, 9, (6, 7))))
    east, north, radius = *rng.uniform(-3000, 10000, 2), rng.exponential(2000)
    low, high = around(source, east, north, radius)
    turn, away = rng.uniform(0, 2 * np.pi, 200), radius * np.sqrt(rng.uniform(size=200))
    truth = ground.at(source, east + away * np.cos(turn), north + away * np.sin(turn))
    truth = truth[~np.isnan(truth)]
    if truth.size:
        assert low <= truth.min()
        assert truth.max() <= high


@given(st.integers(0, 2**32 - 1))
def test_many_discs_read_as_each_alone(seed: int) -> None:
    rng = np.random.default_rng(seed)
    source = raster(np.where(rng.uniform(size=(6, 7)) < 0.2, np.nan, rng.uniform(0, 9, (6, 7))))
    east, north = rng.uniform(-3000, 10000, (2, 30))
    radius = rng.choice([0.0, 400.0, 1000.0, 1001.0, 9000.0], 30)
    low, high = ground.range_within(source, east, north, radius_m=radius)
    alone = [around(source, *each) for each in zip(east, north, radius, strict=True)]
    np.testing.assert_array_equal(np.column_stack([low, high]), alone)


@pytest.mark.parametrize(
    ("east", "north", "radius", "expected"),
    [
        (500, 1500, 0, (1, 1)),  # its own cell only
        (500, 1500, 400, (1, 1)),  # a disc within the cell
        (500, 1500, 600, (1, 3)),  # touches the two beside
        (500, 1500, 800, (1, 4)),  # and the corner of the fourth
        (-5000, 5000, 600, (np.nan, np.nan)),  # far beyond the edges
        (9000, -9000, 600, (np.nan, np.nan)),
        (-100, 2100, 150, (1, 1)),  # beyond the corner, touching it
    ],
)
def test_the_range_at_edges_by_hand(
    east: float, north: float, radius: float, expected: tuple[float, float]
) -> None:
    np.testing.assert_array_equal(around(raster([[1, 2], [3, 4]]), east, north, radius), expected)
