"""Distance, allocation, cost and slope over grids: known answers, laws, all ways of working."""

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from siteselect.base.errors import DataError
from siteselect.measure import ground, reach, stripes
from tests.measure.test_reach import SEEDS, uncompiled

COMPILED = reach.kernels("kernels_grid")


@cache
def way(name: str) -> ModuleType | None:
    """What `reach.kernels` finds when grids are worked in that way."""
    found: dict[str, Callable[[], ModuleType | None]] = {
        "compiled": lambda: COMPILED,
        "uncompiled": lambda: uncompiled("kernels_grid"),
        "definition": lambda: None,
    }
    return found[name]()


@pytest.fixture(params=["compiled", "uncompiled", "definition"])
def kernel(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every way of working; where numba is absent only one is left."""
    if request.param != "definition" and COMPILED is None:
        pytest.skip("numba is not installed")
    chosen = way(request.param)
    monkeypatch.setattr(reach, "kernels", lambda _: chosen)


def both(call: Callable[[], np.ndarray], cells: int = 1 << 17) -> tuple[np.ndarray, np.ndarray]:
    """What a call gives compiled and by definition, in stripes of so many cells."""
    if COMPILED is None:
        pytest.skip("numba is not installed")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stripes, "CELLS", cells)
        patch.setattr(reach, "kernels", lambda _: COMPILED)
        one = call()
        patch.setattr(reach, "kernels", lambda _: None)
        return one, call()


# --- distance ----------------------------------------------------------------------------------

# xarray-spatial, test_proximity.py: columns from -20 to 20 in 6 steps, rows from 20 to -20 in 4.
TARGETS = [[0, 0, 0, 0, 0, 2], [0, 0, 1, 0, 0, 0], [0, np.inf, 3, 0, 0, 0], [4, 0, 0, 0, np.nan, 0]]
SIDES = (40 / 3, 8.0)
DISTANCES = [
    [20.82733247, 15.54920505, 13.33333333, 15.54920505, 8, 0],
    [16, 8, 0, 8, 15.54920505, 13.33333333],
    [13.33333333, 8, 0, 8, 16, 24],
    [0, 8, 13.33333333, 15.54920505, 20.82733247, 27.45501371],
]


@pytest.mark.usefixtures("kernel")
def test_distance_and_allocation_of_a_published_grid() -> None:
    np.testing.assert_allclose(reach.distance_grid(TARGETS, SIDES), DISTANCES, atol=1e-6)
    array = np.array(TARGETS)
    nearest = reach.allocation_grid(TARGETS, SIDES)
    target = np.argwhere(np.isfinite(array) & (array != 0))
    for cell in np.ndindex(array.shape):
        away = np.hypot(*((target - cell) * SIDES).T)
        ties = {array[tuple(at)] for at in target[away <= away.min() + 1e-9]}
        assert nearest[cell] in ties


def random_targets(rng: np.random.Generator) -> np.ndarray:
    """A small grid, of none, few, many or nothing but targets, some of them no numbers."""
    shape = rng.integers(1, 24, 2)
    grid = rng.integers(1, 9, shape) * (rng.uniform(size=shape) < rng.choice([0, 0.02, 0.3, 1.1]))
    if rng.uniform() < 0.5:
        return grid.astype(rng.choice(["uint8", "int64", "bool"]))
    odd = rng.choice([0.0, np.nan, np.inf, -np.inf], shape)
    return np.where(rng.uniform(size=shape) < 0.1, odd, grid)


@given(SEEDS, st.floats(0.01, 1e4), st.floats(0.01, 1e4), st.integers(1, 200))
def test_distances_over_a_grid_are_their_definition(
    seed: int, height: float, width: float, cells: int
) -> None:
    grid = random_targets(np.random.default_rng(seed))
    targets = np.argwhere(np.isfinite(grid) & (grid != 0))
    away = np.indices(grid.shape)[..., None] - targets.T[:, None, None]
    every = np.hypot(away[0] * height, away[1] * width)
    expected = every.min(axis=-1, initial=np.inf)
    for got in both(lambda: reach.distance_grid(grid, (height, width)), cells):
        assert got.dtype == np.float64
        np.testing.assert_allclose(got, expected, rtol=1e-12)
    for got in both(lambda: reach.allocation_grid(grid, (height, width)), cells):
        assert got.dtype == np.float64
        nearest = every <= expected[..., None] * (1 + 1e-12)
        fits = nearest & (grid[tuple(targets.T)] == got[..., None])
        assert (fits.any(axis=-1) | (np.isnan(got) & (len(targets) == 0))).all()


@pytest.mark.parametrize("cell_m", [1.0, 250.0, 4000.0, (1000.0, 1300.0)])
@pytest.mark.parametrize("targets", [1, 15, 4000])
def test_distances_agree_at_any_range(cell_m: float, targets: int) -> None:
    """With those of scipy, over 1 to 4,000 km, to a millionth of a metre."""
    rng = np.random.default_rng(targets)
    grid = np.zeros((700, 1000), np.uint8)
    grid.ravel()[rng.choice(grid.size, targets, replace=False)] = 1
    one, other = both(partial(reach.distance_grid, grid, cell_m))
    assert np.abs(one - other).max() < 1e-6


def test_several_threads_ask_at_once() -> None:
    grid = np.zeros((300, 400))
    grid[[7, 250], [300, 20]] = 1
    alone = reach.distance_grid(grid, 10.0)
    with ThreadPoolExecutor(8) as pool:
        for got in pool.map(lambda _: reach.distance_grid(grid, 10.0), range(16)):
            np.testing.assert_array_equal(got, alone)


@given(st.integers(0, 50), st.integers(1, 50), st.integers(1, 99))
def test_stripes_are_all_rows_in_turn(rows: int, columns: int, cells: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stripes, "CELLS", cells)
        pieces = stripes.stripes(rows, columns)
    assert [row for piece in pieces for row in range(rows)[piece]] == list(range(rows))
    assert all(len(range(rows)[p]) * columns <= max(cells, columns) for p in pieces)


# --- cost --------------------------------------------------------------------------------------

# GRASS GIS manual of r.cost: eight neighbours, source at row 4, column 5. The manual prints whole
# numbers; the figures below follow from its rule, mean of two cells times their distance.
COST = [
    [2, 2, 1, 1, 5, 5, 5],
    [2, 2, 8, 8, 5, 2, 1],
    [7, 1, 1, 8, 2, 2, 2],
    [8, 7, 8, 8, 8, 8, 5],
    [8, 8, 1, 1, 5, 3, 9],
    [8, 1, 1, 2, 5, 3, 9],
]
PRINTED = [
    [22, 21, 21, 20, 17, 15, 14],
    [20, 19, 22, 20, 15, 12, 11],
    [22, 18, 17, 18, 13, 11, 9],
    [21, 14, 13, 12, 8, 6, 6],
    [16, 13, 8, 7, 4, 0, 6],
    [14, 9, 8, 9, 6, 3, 8],
]


@pytest.mark.usefixtures("kernel")
def test_accumulated_cost_of_the_grass_manual() -> None:
    got = reach.cost_distance(COST, (4, 5), 1.0)
    np.testing.assert_array_equal(np.floor(got + 0.5), PRINTED)
    assert got[0, 0] == pytest.approx(21.778175, abs=1e-6)
    assert got[5, 6] == pytest.approx(8.485281, abs=1e-6)
    mask = np.zeros((6, 7))
    mask[4, 5] = 1
    np.testing.assert_array_equal(reach.cost_distance(COST, mask, 1.0), got)
    np.testing.assert_array_equal(reach.cost_distance(COST, [[4, 5], [4, 5]], 1.0), got)


@pytest.mark.usefixtures("kernel")
def test_the_cost_of_a_step_is_that_of_arcgis() -> None:
    """ArcGIS, How cost distance tools work: cells of 30 m, costs 10 and 20."""
    straight = reach.cost_distance([[10, 20]], (0, 0), 30.0)
    assert straight[0, 1] == pytest.approx(450.0)
    slanted = reach.cost_distance([[10, np.nan], [np.nan, 20]], (0, 0), 30.0)
    assert slanted[1, 1] == pytest.approx(636.3963, abs=1e-3)


@pytest.mark.usefixtures("kernel")
def test_barriers_are_gone_around_or_shut_off() -> None:
    friction = np.ones((3, 5))
    wall = np.zeros((3, 5), bool)
    wall[:2, 2] = True
    round_it = reach.cost_distance(friction, (0, 0), 1.0, barrier=wall)
    assert round_it[0, 4] == pytest.approx(4 * math.sqrt(2))
    assert np.isinf(round_it[0, 2])
    wall[2, 2] = True
    shut = reach.cost_distance(friction, (0, 0), 1.0, barrier=wall)
    assert np.isinf(shut[:, 2:]).all()
    holes = reach.cost_distance(np.where(wall, np.nan, friction), (0, 0), 1.0)
    np.testing.assert_array_equal(holes, shut)
    assert np.isinf(reach.cost_distance(friction, (0, 2), 1.0, barrier=wall)).all()
    assert np.isinf(reach.cost_distance(friction, np.zeros((3, 5)), 1.0)).all()


@pytest.mark.usefixtures("kernel")
def test_ground_that_costs_nothing_is_free() -> None:
    np.testing.assert_array_equal(reach.cost_distance([[0.0, 0.0, 2.0]], (0, 0), 1.0), [[0, 0, 1]])


def random_friction(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Friction of every kind: smooth, wild, free, with holes."""
    friction = [
        rng.uniform(0.5, 3.0, shape),
        10.0 ** rng.uniform(-6, 6, shape),
        rng.integers(0, 3, shape).astype(float),
        np.ones(shape),
        np.zeros(shape),
    ][rng.integers(5)]
    odd = rng.choice([np.nan, np.inf], shape)
    return np.where(rng.uniform(size=shape) < rng.choice([0, 0.3]), odd, friction)


@given(SEEDS)
def test_costs_are_those_of_the_graph(seed: int) -> None:
    rng = np.random.default_rng(seed)
    shape = tuple(int(n) for n in rng.integers(1, 20, 2))
    friction, wall = random_friction(rng, shape), rng.uniform(size=shape) < rng.choice([0, 0.3])
    sources = np.argwhere(rng.uniform(size=shape) < 0.1)
    if not len(sources):
        sources = rng.integers(0, shape)
    sides = tuple(rng.uniform(1, 50, 2))
    one, other = both(lambda: reach.cost_distance(friction, sources, sides, barrier=wall))
    assert one.dtype == other.dtype == np.float64
    np.testing.assert_allclose(one, other, rtol=1e-14)


@pytest.mark.parametrize("wild", [False, True])
def test_costs_agree_on_a_large_grid(wild: bool) -> None:  # noqa: FBT001 - a parameter of a test
    """Buckets and the heap against the graph, with more at once than their first room holds."""
    rng = np.random.default_rng(3)
    waves = np.sin(np.arange(500) / 40.0)
    friction = 2.0 + waves[:, None] * waves
    if wild:
        friction *= 10.0 ** rng.uniform(-4, 4, friction.shape)
    assert (reach._buckets(friction, friction > 0, (1.0, 1.0)) is None) == wild
    sources = rng.integers(0, 500, (15, 2))
    everywhere = np.ones(friction.shape)
    for given_ in (sources, everywhere):
        one, other = both(partial(reach.cost_distance, friction, given_, (100.0, 90.0)))
        np.testing.assert_allclose(one, other, rtol=1e-14)


@pytest.mark.parametrize("wild", [0, 6])
def test_a_crowd_finds_room(wild: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """More cells wait than there is room for, so that room is made again and again."""
    module = uncompiled("kernels_grid")
    rng = np.random.default_rng(4)
    friction = rng.uniform(1.0, 8.0, (70, 80)) * 10.0 ** rng.uniform(0, wild, (70, 80))
    assert (reach._buckets(friction, friction > 0, (1.0, 1.0)) is None) == bool(wild)
    monkeypatch.setattr(module, "ROOM", 8)
    for sources in ((3, 70), rng.integers(0, 70, (9, 2))):
        monkeypatch.setattr(reach, "kernels", lambda _: module)
        one = reach.cost_distance(friction, sources, 30.0)
        monkeypatch.setattr(reach, "kernels", lambda _: None)
        other = reach.cost_distance(friction, sources, 30.0)
        np.testing.assert_allclose(one, other, rtol=1e-14)


@pytest.mark.usefixtures("kernel")
def test_a_way_through_a_maze_is_found() -> None:
    """Walls that leave a gap at one end and the other in turn: the way is all corridors."""
    wall = np.zeros((41, 40), bool)
    wall[1::2] = True
    wall[1::4, -1] = wall[3::4, 0] = False
    got = reach.cost_distance(np.ones(wall.shape), (0, 0), 1.0, barrier=wall)
    corridor, turn = 39, 2
    slanted = math.sqrt(2) * 2 - 2  # two corners cut where one may pass slantwise
    assert got[40, 39] <= 21 * corridor + 20 * turn
    assert got[40, 39] == pytest.approx(21 * corridor + 20 * (turn + slanted - 2), abs=1e-9)


def test_buckets_are_few_or_none() -> None:
    open_ = np.ones((2, 2), bool)
    smooth = reach._buckets(np.array([[1.0, 2.0], [3.0, 4.0]]), open_, (30.0, 40.0))
    assert smooth is not None
    assert smooth[0] == 8 * 30.0
    assert smooth[1] >= 4 * 50.0 / smooth[0] + 2
    for wild in ([[0.0, 1.0], [1.0, 1.0]], [[1e-9, 1.0], [1.0, 1.0]], [[0.0, 0.0], [0.0, 0.0]]):
        assert reach._buckets(np.array(wild), open_, (1.0, 1.0)) is None
    rare = np.ones((4000, 3000))
    rare[5, 5] = 1e8
    assert reach._buckets(rare, rare > 0, (1.0, 1.0)) is None


@given(SEEDS)
def test_no_step_brings_a_cell_nearer_than_its_least_cost(seed: int) -> None:
    """Bellman: a least cost is the source's zero, or the best of a neighbour's and the step."""
    rng = np.random.default_rng(seed)
    cost, sides = rng.uniform(0.1, 9, (5, 6)), (rng.uniform(1, 3), rng.uniform(1, 3))
    source = tuple(int(i) for i in rng.integers(0, (5, 6)))
    got = reach.cost_distance(cost, source, sides)
    for cell in np.ndindex(cost.shape):
        ways = [0.0] if cell == source else []
        for step in np.ndindex(3, 3):
            other = (cell[0] + step[0] - 1, cell[1] + step[1] - 1)
            if other != cell and 0 <= other[0] < 5 and 0 <= other[1] < 6:
                length = math.hypot((step[0] - 1) * sides[0], (step[1] - 1) * sides[1])
                ways.append(got[other] + length * (cost[cell] + cost[other]) / 2)
        assert got[cell] == pytest.approx(min(ways), rel=1e-12)


# --- slope -------------------------------------------------------------------------------------


def horn(elevation: np.ndarray, cell_m: float) -> np.ndarray:
    """Horn's eight weights, cell by cell, with the edge repeated; unknown where the cell is."""
    padded = np.pad(elevation, 1, mode="edge")
    weights = np.array([1.0, 2.0, 1.0])
    out = np.empty(elevation.shape)
    for i, j in np.ndindex(elevation.shape):
        box = padded[i : i + 3, j : j + 3]
        east, south = (box[:, 2] - box[:, 0]) @ weights, (box[2] - box[0]) @ weights
        out[i, j] = math.degrees(math.atan(math.hypot(east, south) / (8 * cell_m)))
    return np.where(np.isnan(elevation), np.nan, out)


@given(SEEDS, st.floats(-3, 6), st.integers(1, 200))
def test_slopes_are_their_definition(seed: int, size: float, cells: int) -> None:
    rng = np.random.default_rng(seed)
    elevation = rng.normal(size=rng.integers(1, 20, 2)) * 10.0**size
    elevation[rng.uniform(size=elevation.shape) < rng.choice([0, 0.1])] = np.nan
    if rng.uniform() < 0.3:
        elevation = elevation.astype(np.float32)
    for got in both(lambda: ground.slope_deg(elevation, 30.0), cells):
        np.testing.assert_allclose(got, horn(elevation.astype(float), 30.0), rtol=0, atol=1e-9)


def test_an_unknown_cell_has_no_slope_though_horn_does_not_look_at_it() -> None:
    elevation = np.arange(25.0).reshape(5, 5)
    elevation[2, 2] = np.nan
    for got in both(partial(ground.slope_deg, elevation, 1.0)):
        assert np.isnan(got[1:4, 1:4]).all()
        assert np.isfinite(got).sum() == 16


def test_angles_are_right_from_level_to_upright() -> None:
    """Also where one polynomial takes over from another, and at both ends."""
    seams = [near for seam in (0.66, 1 + math.sqrt(2)) for near in np.nextafter(seam, [0, 9])]
    steps = np.tan(np.radians(np.linspace(1e-9, 89.9999, 999)))
    for tilt in (0.0, 1e-150, *steps, *seams, 1e150):
        plane = [[0.0, tilt, 2 * tilt]] * 3
        for got in both(partial(ground.slope_deg, plane, 1.0)):
            assert got[1, 1] == pytest.approx(math.degrees(math.atan(tilt)), rel=1e-15)


# --- how a grid lies in memory -----------------------------------------------------------------


@pytest.mark.usefixtures("kernel")
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int16])
def test_neither_order_nor_type_of_a_grid_matters(dtype: type) -> None:
    rng = np.random.default_rng(6)
    grid = rng.integers(1, 9, (14, 22)).astype(dtype)
    targets = (grid * (rng.uniform(size=grid.shape) < 0.1)).astype(dtype)
    sources = np.argwhere(targets)
    kept = np.zeros((28, 66), dtype)
    kept[::2, ::-3] = grid
    locked = grid.copy()
    locked.flags.writeable = False
    calls = (
        lambda g: reach.distance_grid(np.where(targets, g, 0).astype(dtype), 10.0),
        lambda g: reach.allocation_grid(np.where(targets, g, 0).astype(dtype), 10.0),
        lambda g: reach.cost_distance(g, sources, 10.0),
        lambda g: ground.slope_deg(g, 10.0),
    )
    for call in calls:
        expected = call(grid)
        assert expected.dtype == np.float64
        for same in (np.asfortranarray(grid), kept[::2, ::-3], locked, grid.tolist()):
            np.testing.assert_array_equal(call(same), expected)


@pytest.mark.usefixtures("kernel")
@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (0, 0)])
def test_a_grid_without_cells_has_none(shape: tuple[int, int]) -> None:
    nothing = np.empty(shape)
    for call in (reach.distance_grid, reach.allocation_grid, ground.slope_deg):
        assert call(nothing, 10.0).shape == shape
    assert reach.cost_distance(nothing, nothing, 10.0).shape == shape


@pytest.mark.usefixtures("kernel")
def test_what_is_masked_in_a_grid_is_unknown() -> None:
    rng = np.random.default_rng(8)
    grid = rng.integers(0, 4, (9, 11)).astype(float)
    hidden = rng.uniform(size=grid.shape) < 0.1
    blank = np.where(hidden, np.nan, grid)
    covered = np.ma.masked_array(np.where(hidden, 9999, grid).astype(np.int16), hidden)
    calls = (
        lambda g: reach.distance_grid(g, 10.0),
        lambda g: reach.allocation_grid(g, 10.0),
        lambda g: reach.cost_distance(g, (0, 0), 10.0),
        lambda g: reach.cost_distance(np.ones(grid.shape), g, 10.0),
        lambda g: ground.slope_deg(g, 10.0),
    )
    for call in calls:
        np.testing.assert_array_equal(call(covered), call(blank))


# --- what does not fit ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: reach.distance_grid([1, 2], 1.0), "rows and columns"),
        (lambda: reach.distance_grid([[1, 2]], 0.0), "sides of a cell must be positive"),
        (lambda: reach.distance_grid([[1, 2]], (1.0, np.nan)), "must be positive"),
        (lambda: reach.distance_grid([[1, 2]], (1.0, 2.0, 3.0)), "positive, one or two"),  # type: ignore[arg-type] # the fault itself
        (lambda: reach.cost_distance([[1, -2]], (0, 0), 1.0), "friction must not be negative"),
        (lambda: reach.cost_distance([[1, 2]], (0, 5), 1.0), "rows and columns within it"),
        (lambda: reach.cost_distance([[1, 2]], [1, 2, 3], 1.0), "neither a grid"),
        (lambda: reach.cost_distance([[1, 2]], (0, 0), 1.0, barrier=[[True]]), "barrier of shape"),
    ],
)
def test_grids_that_do_not_fit_are_refused(call: object, told: str) -> None:
    with pytest.raises(DataError, match=told):
        call()  # type: ignore[operator]
