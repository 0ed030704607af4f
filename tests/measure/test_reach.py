"""Distances and supplies equal their definition, whatever the squares and the kernels."""

import importlib.util
import sys
from types import ModuleType

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod, Transformer

from siteselect.measure import amounts, reach
from siteselect.measure.blocks import Blocks
from tests.toy import ANALYSIS

SEEDS = st.integers(0, 2**32 - 1)
COMPILED = reach.kernels()


def uncompiled(name: str = "kernels") -> ModuleType:
    """The kernels as the Python that they are written in."""
    numba = pytest.importorskip("numba")
    compiled = reach.kernels(name)
    assert compiled is not None
    assert compiled.__file__ is not None
    spec = importlib.util.spec_from_file_location(f"uncompiled_{name}", compiled.__file__)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(numba.config, "DISABLE_JIT", 1)
        spec.loader.exec_module(module)
    return module


@pytest.fixture(params=["compiled", "uncompiled", "numpy"])
def kernel(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every way of working; where numba is absent only one is left."""
    if request.param != "numpy" and COMPILED is None:
        pytest.skip("numba is not installed")
    found = {"compiled": lambda: COMPILED, "uncompiled": uncompiled, "numpy": lambda: None}
    chosen = found[request.param]()
    monkeypatch.setattr(reach, "kernels", lambda: chosen)


def random_places(rng: np.random.Generator) -> tuple[Blocks, np.ndarray, np.ndarray, int]:
    """Places over 160 km: their blocks, positions and accuracies; and a number of features."""
    points = rng.uniform(-80e3, 80e3, (rng.integers(1, 120), 2))
    slack = rng.exponential(3e3, len(points)) * (rng.uniform(size=len(points)) < 0.6)
    size = int(rng.integers(1, 15))
    blocks = Blocks.of(*points.T)
    return blocks, points[blocks.order], slack[blocks.order], size


def random_world(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Points, lines and polygons over 150 km, their radius and error."""
    shapes = []
    for _ in range(rng.integers(1, 12)):
        at = rng.uniform(-75e3, 75e3, 2)
        turn = np.sort(rng.uniform(0, 2 * np.pi, rng.integers(3, 7)))
        ring = at + rng.uniform(500, 30e3) * np.column_stack([np.cos(turn), np.sin(turn)])
        shapes.append([shapely.Point(at), shapely.LineString(ring), shapely.Polygon(ring),
                       shapely.MultiPoint(ring)][rng.integers(4)])  # fmt: skip
    size = len(shapes)
    radius = np.where(rng.uniform(size=size) < 0.5, 0.0, rng.exponential(5e3, size))
    return np.array(shapes, object), radius, rng.exponential(4e3, size)


def definition(points: np.ndarray, shapes: np.ndarray, sizes: tuple[np.ndarray, ...]) -> np.ndarray:
    """Every point against every feature, by another library's distance to its outline."""
    radius, error = sizes
    lines = np.where(np.isin(shapely.get_type_id(shapes), (3, 6)), shapely.boundary(shapes), shapes)
    away = shapely.distance(shapely.points(points)[:, None], lines) - radius
    return np.stack([(away + add).min(axis=1) for add in (0.0, -error, error)])


def test_the_compiled_kernels_are_at_hand_or_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "siteselect.measure.kernels", None)
    monkeypatch.delattr("siteselect.measure.kernels", raising=False)
    assert reach.kernels.__wrapped__() is None


@pytest.mark.usefixtures("kernel")
@pytest.mark.parametrize("seed", range(25))
def test_nearest_is_its_definition(seed: int) -> None:
    rng = np.random.default_rng(seed)
    points = rng.uniform(-80e3, 80e3, (rng.integers(1, 120), 2))
    shapes, radius, error = random_world(rng)
    pieces = reach.segments(shapes, radius_m=radius, error_m=error)
    blocks = Blocks.of(*points.T)
    got = np.stack(reach.nearest_m(blocks, pieces))
    expected = definition(points[blocks.order], shapes, (radius, error))
    np.testing.assert_allclose(got, expected, rtol=1e-9, atol=1e-6)


@pytest.mark.usefixtures("kernel")
@pytest.mark.parametrize("seed", range(25))
def test_supply_is_its_definition(seed: int) -> None:
    rng = np.random.default_rng(seed)
    blocks, points, slack, size = random_places(rng)
    sources = np.column_stack([rng.uniform(-80e3, 80e3, (size, 2)), rng.uniform(0, 900, size),
                               rng.exponential(3e3, size)])  # fmt: skip
    got = reach.supply(blocks, slack, sources, scale_m=20e3, cutoff_m=50e3)
    alone = reach.supply(blocks, slack, sources, scale_m=20e3, cutoff_m=50e3, bounds=False)
    np.testing.assert_array_equal(alone, [got[0]] * 3)
    away = np.hypot(*(points[:, None] - sources[:, :2]).transpose(2, 0, 1))
    doubt = slack[:, None] + sources[:, 3]
    for part, end in zip(got, (away, away + doubt, np.maximum(away - doubt, 0)), strict=True):
        expected = np.where(end <= 50e3, np.exp(-end / 20e3), 0.0) @ sources[:, 2]
        np.testing.assert_allclose(part, expected, rtol=1e-9, atol=1e-9)


@pytest.mark.usefixtures("kernel")
@pytest.mark.parametrize("seed", range(25))
def test_the_code_of_the_nearest_is_its_definition(seed: int) -> None:
    rng = np.random.default_rng(seed)
    blocks, points, slack, size = random_places(rng)
    codes = np.where(rng.uniform(size=size) < 0.2, np.nan, rng.integers(-2, 4, size))
    coded = np.column_stack([rng.uniform(-80e3, 80e3, (size, 2)), codes,
                             rng.exponential(3e3, size)])  # fmt: skip
    code, low, high = amounts.nearest_code(blocks, slack, coded, within_m=60e3)
    alone = amounts.nearest_code(blocks, slack, coded, within_m=60e3, bounds=False)
    np.testing.assert_array_equal(alone, [code] * 3)
    away = np.hypot(*(points[:, None] - coded[:, :2]).transpose(2, 0, 1))
    doubt = slack[:, None] + coded[:, 3]
    for i, (row, loose) in enumerate(zip(away, doubt, strict=True)):
        far = row.min() > 60e3
        may_be = codes[row - loose <= (row + loose).min()]
        assert np.array_equal(code[i], np.nan if far else codes[row.argmin()], equal_nan=True)
        ends = (may_be.min(), may_be.max())
        if far:
            ends = (np.nan, np.nan)
        elif np.isnan(may_be).any():
            ends = (-np.inf, np.inf)
        np.testing.assert_array_equal((low[i], high[i]), ends)


@pytest.mark.usefixtures("kernel")
def test_of_features_as_near_the_first_tells_its_code() -> None:
    here = Blocks.of(np.zeros(1), np.zeros(1))
    coded = np.array([[3.0, 4.0, 2.0, 0.0], [-4.0, 3.0, 1.0, 0.0], [0.0, 9.0, 7.0, 0.0]])
    told = amounts.nearest_code(here, np.zeros(1), coded, within_m=5.0)
    assert [end.tolist() for end in told] == [[2.0], [1.0], [2.0]]
    assert np.isnan(amounts.nearest_code(here, np.zeros(1), coded, within_m=4.9)).all()
    none = amounts.nearest_code(here, np.zeros(1), np.empty((0, 4)), within_m=np.inf)
    assert np.isnan(none).all()


@pytest.mark.usefixtures("kernel")
@pytest.mark.parametrize("families", [0, 1, 3])
@pytest.mark.parametrize("seed", range(8))
def test_what_stands_within_a_radius_is_its_definition(seed: int, families: int) -> None:
    rng = np.random.default_rng(seed)
    blocks, points, slack, size = random_places(rng)
    sources = np.column_stack([rng.uniform(-80e3, 80e3, (size, 2)), rng.exponential(3e3, size)])
    member = rng.uniform(size=(size, families)) < 0.5 if families else None
    got = amounts.count_within(blocks, slack, sources, member=member, radius_m=40e3)
    away = np.hypot(*(points[:, None] - sources[:, :2]).transpose(2, 0, 1))
    doubt = slack[:, None] + sources[:, 2]
    for part, end in zip(got, (away, away + doubt, away - doubt), strict=True):
        hits = [row <= 40e3 for row in end]
        counts = [hit if member is None else member[hit].any(axis=0) for hit in hits]
        np.testing.assert_array_equal(part, [count.sum() for count in counts])


@given(SEEDS)
def test_both_ways_of_working_agree(seed: int) -> None:
    if COMPILED is None:
        pytest.skip("numba is not installed")
    rng = np.random.default_rng(seed)
    points = Blocks.of(*rng.uniform(-90e3, 90e3, (2, rng.integers(0, 60))))
    shapes, radius, error = random_world(rng)
    pieces = reach.segments(shapes, radius_m=radius, error_m=error)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reach, "kernels", lambda: COMPILED)
        one = np.stack(reach.nearest_m(points, pieces))
        patch.setattr(reach, "kernels", lambda: None)
        other = np.stack(reach.nearest_m(points, pieces))
    np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-6)


@given(SEEDS)
def test_the_answer_at_a_point_does_not_depend_on_the_other_points(seed: int) -> None:
    rng = np.random.default_rng(seed)
    points = rng.uniform(-90e3, 90e3, (30, 2))
    shapes, radius, error = random_world(rng)
    pieces = reach.segments(shapes, radius_m=radius, error_m=error)
    blocks = Blocks.of(*points.T)
    together = np.stack(reach.nearest_m(blocks, pieces))[:, blocks.order == 7]
    alone = np.stack(reach.nearest_m(Blocks.of(*points[7:8].T), pieces))
    np.testing.assert_array_equal(together, alone)


def winding(rng: np.random.Generator) -> np.ndarray:
    """Lines of many short pieces, some along the axes of the grid, that share their ends."""
    shapes = []
    for _ in range(rng.integers(1, 5)):
        steps = rng.integers(-3, 4, (rng.integers(2, 60), 2)) * rng.choice([250.0, 7.3])
        steps = steps + rng.normal(0, 20, steps.shape) * rng.integers(2)
        shapes.append(shapely.LineString(rng.integers(-300, 300, 2) * 250.0 + steps.cumsum(axis=0)))
    return np.array([*shapes, *shapes[:1]], object)


@pytest.mark.usefixtures("kernel")
@pytest.mark.parametrize("seed", range(24))
def test_what_is_left_out_of_a_square_never_decides_there(seed: int) -> None:
    """A full grid near and far from lines whose pieces tie at every joint, in squares and alone."""
    rng = np.random.default_rng(seed)
    corner, alike = rng.choice([0.0, 612345.678], 2), bool(seed % 3)
    shapes = shapely.transform(winding(rng), lambda at: at + corner)
    error = np.full(len(shapes), 40.0) if alike else rng.choice([0.0, 40.0, 900.0], len(shapes))
    radius = np.zeros(len(shapes)) if alike else rng.choice([0.0, 500.0], len(shapes))
    pieces = reach.segments(shapes, radius_m=radius, error_m=error)
    far = corner + rng.choice([0.0, 400e3], 2)
    axis = np.arange(40) * 250.0
    east, north = (part.ravel() for part in np.meshgrid(axis + far[0], axis + far[1]))
    blocks = Blocks.of(east, north, 250.0)
    got = np.stack(reach.nearest_m(blocks, pieces))
    expected = definition(np.column_stack([east, north])[blocks.order], shapes, (radius, error))
    np.testing.assert_allclose(got, expected, rtol=1e-9, atol=1e-6)
    lone = rng.choice(len(east), 25, replace=False)
    alone = [reach.nearest_m(Blocks.of(east[[i]], north[[i]]), pieces) for i in lone]
    together = got[:, np.argsort(blocks.order)[lone]]
    np.testing.assert_array_equal(together, np.hstack([np.stack(ends) for ends in alone]))
    np.testing.assert_array_equal(reach.nearest_m(blocks, pieces, bounds=False)[0], got[0])


@pytest.mark.usefixtures("kernel")
@pytest.mark.parametrize("seed", range(12))
def test_a_lone_point_close_by_a_line_keeps_it(seed: int) -> None:
    rng = np.random.default_rng(seed)
    shapes = shapely.transform(winding(rng), lambda at: at + 612345.678)
    pieces, zero = reach.segments(shapes), np.zeros(len(shapes))
    at = shapely.line_interpolate_point(shapes[0], rng.uniform(size=40), normalized=True)
    points = shapely.get_coordinates(at) + rng.normal(0, 30, (40, 2))
    got = np.array([reach.nearest_m(Blocks.of(*point[:, None]), pieces) for point in points])
    expected = definition(points, shapes, (zero, zero)).T
    np.testing.assert_allclose(got[:, :, 0], expected, rtol=1e-9, atol=1e-6)


@pytest.mark.usefixtures("kernel")
def test_nothing_is_infinitely_far_and_supplies_nothing() -> None:
    here = Blocks.of(np.array([1.0]), np.array([2.0]))
    nobody = Blocks.of(np.empty(0), np.empty(0))
    nothing, one = reach.segments([]), reach.segments([shapely.Point(0, 0)])
    assert [float(end[0]) for end in reach.nearest_m(here, nothing)] == [np.inf] * 3
    assert [len(end) for end in reach.nearest_m(nobody, one)] == [0] * 3
    none = reach.supply(here, np.zeros(1), np.empty((0, 4)), scale_m=1.0, cutoff_m=1.0)
    assert [float(end[0]) for end in none] == [0.0] * 3
    decay = {"scale_m": 1.0, "cutoff_m": 1.0}
    assert [len(end) for end in reach.supply(nobody, np.empty(0), np.ones((1, 4)), **decay)] == [
        0
    ] * 3


def test_within_a_disc_a_distance_is_below_zero() -> None:
    disc = reach.segments([shapely.Point(0, 0)], radius_m=1000.0, error_m=100.0)
    ends = reach.nearest_m(Blocks.of(np.array([600.0]), np.array([0.0])), disc)
    np.testing.assert_allclose(np.ravel(ends), [-400, -500, -300], atol=1e-9)


def test_shapes_are_taken_apart_into_straight_pieces() -> None:
    square = shapely.box(0, 0, 2, 2)
    holed = square.difference(shapely.box(0.5, 0.5, 1, 1))
    lines = shapely.MultiLineString([[(0, 0), (1, 1)], [(5, 5), (6, 6), (7, 5)]])
    for shape, count in ((square, 4), (holed, 8), (lines, 3), (shapely.Point(1, 1), 1)):
        assert len(reach.segments([shape])) == count
    some = reach.segments([square, lines], error_m=[1.0, 2.0])
    assert some.error_m.tolist() == [1.0] * 4 + [2.0] * 3
    few = some.take(some.error_m > 1)
    np.testing.assert_array_equal(few.middles(), [[0.5, 0.5], [5.5, 5.5], [6.5, 5.5]])


@given(st.floats(45, 64), st.floats(24.5, 33.5), st.floats(0, 360), st.floats(1e3, 150e3))
def test_straight_distances_are_those_on_the_ellipsoid_within_3_in_1000(
    lon: float, lat: float, azimuth: float, metres: float
) -> None:
    """Against Karney's geodesic (GeographicLib, in pyproj), over the box of the four provinces."""
    there = Geod(ellps="WGS84").fwd(lon, lat, azimuth, metres)[:2]
    to = Transformer.from_crs("EPSG:4326", ANALYSIS, always_xy=True)
    (e0, n0), (e1, n1) = to.transform(lon, lat), to.transform(*there)
    got = reach.nearest_m(
        Blocks.of(np.array([e0]), np.array([n0])), reach.segments([shapely.Point(e1, n1)])
    )
    if 25 <= there[1] <= 33:
        assert abs(float(got[0][0]) / metres - 1) < 3e-3
