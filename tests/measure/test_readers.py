"""Each kind of measure on small worlds: known answers, and bounds that hold the truth."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rasterio.transform import Affine
from shapely.affinity import translate
from shapely.geometry import LineString, Point, box

from siteselect.base.errors import DataError
from siteselect.decide.score import ELIGIBLE, EXCLUDED, UNDETERMINED, score
from siteselect.measure.measure import measure
from siteselect.world.catalog import Catalog
from tests.toydata import catalog, layer, one_criterion, reading, spots

KM = 1000.0
FEW = settings(max_examples=25, suppress_health_check=list(HealthCheck))
SEEDS = st.integers(0, 2**32 - 1)


def of(name: str, **more: Any) -> dict[str, Any]:
    return {"kind": "distance", "target": {"layer": name}} | more


def moved(
    rng: np.random.Generator, shapes: list[shapely.Geometry], accuracy_km: Any
) -> list[shapely.Geometry]:
    """Each shape where it may truly stand."""
    size = len(shapes)
    turn = rng.uniform(0, 2 * np.pi, size)
    away = np.sqrt(rng.uniform(0, 1, size)) * np.broadcast_to(accuracy_km, size) * KM
    steps = np.column_stack([away * np.cos(turn), away * np.sin(turn)])
    return [translate(shape, *step) for shape, step in zip(shapes, steps, strict=True)]


# --- distance ----------------------------------------------------------------------------------


def test_a_distance_and_its_bounds_by_hand(tmp_path: Path) -> None:
    """10 km off a line known to 2 km, from a site known to 3 km: within 5 to 15 km."""
    road = layer([LineString([(-50 * KM, 0), (50 * KM, 0)])], position_accuracy_km=[2.0])
    world = catalog(tmp_path, road=road)
    ends = reading(of("road"), spots(0, 10 * KM, 3.0), world)
    np.testing.assert_allclose(np.ravel(ends), [10, 5, 15], atol=1e-9)


def test_a_layer_speaks_for_rows_that_do_not_tell_their_accuracy(tmp_path: Path) -> None:
    ports = layer([Point(0, 0), Point(0, 90 * KM)], position_accuracy_km=[np.nan, 1.0])
    world = catalog(tmp_path, ports=(ports, {"position_accuracy_km": 4.0}))
    ends = reading(of("ports"), spots([10 * KM] * 2, [0, 90 * KM]), world)
    np.testing.assert_allclose(ends, [[10, 10], [6, 9], [14, 11]], atol=1e-9)


def test_a_declared_metre_is_a_thousandth_of_a_kilometre(tmp_path: Path) -> None:
    world = catalog(tmp_path, ports=layer([Point(0, 0)], position_accuracy_km=[0.5]))
    ends = reading(of("ports"), spots(3 * KM, 4 * KM), world, unit="m")
    np.testing.assert_allclose(np.ravel(ends), [5000, 4500, 5500], atol=1e-6)


def test_a_body_is_at_distance_0_unless_its_outline_is_asked(tmp_path: Path) -> None:
    world = catalog(tmp_path, lake=layer([box(0, 0, 10 * KM, 10 * KM)]))
    here = spots([5 * KM, 12 * KM], [4 * KM, 4 * KM])
    np.testing.assert_allclose(reading(of("lake"), here, world)[0], [0, 2], atol=1e-9)
    outline = reading(of("lake", outline=True), here, world)[0]
    np.testing.assert_allclose(outline, [4, 2], atol=1e-9)


def test_deep_within_a_body_even_its_error_does_not_lead_out(tmp_path: Path) -> None:
    """5 km deep, accuracies 2 and 1 km: certainly within. 2 km deep: at most 1 km out."""
    lake = layer([box(0, 0, 20 * KM, 10 * KM)], position_accuracy_km=[2.0])
    ends = reading(
        of("lake"), spots([10 * KM] * 2, [5 * KM, 2 * KM], 1.0), catalog(tmp_path, lake=lake)
    )
    np.testing.assert_allclose(ends, [[0, 0], [0, 0], [0, 1]], atol=1e-9)


@FEW
@given(seed=SEEDS)
def test_distance_bounds_hold_the_truth(
    seed: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    rng = np.random.default_rng(seed)
    shapes: list[shapely.Geometry] = []
    for _ in range(rng.integers(1, 5)):
        at, size = rng.uniform(-30, 30, 2) * KM, rng.uniform(1, 25, 2) * KM
        shapes.append(box(*at, *(at + size)))
    accuracy, own = rng.exponential(4, len(shapes)), rng.exponential(3)
    world = catalog(tmp_path_factory.mktemp("w"), lake=layer(shapes, position_accuracy_km=accuracy))
    here = [Point(rng.uniform(-40, 60, 2) * KM)]
    nominal, low, high = reading(of("lake"), spots(here[0].x, here[0].y, own), world)
    assert low[0] <= nominal[0] <= high[0]
    for _ in range(40):
        site, truth = moved(rng, here, own)[0], moved(rng, shapes, accuracy)
        away = min(site.distance(shape) for shape in truth) / KM
        assert low[0] - 1e-9 <= away <= high[0] + 1e-9


def test_where_a_layer_lacks_features_far_means_unknown(tmp_path: Path) -> None:
    world = catalog(tmp_path, road=layer([Point(0, 0)]))
    gap = {"west": 55.0, "east": 56.0, "south": 28.5, "north": 29.5, "beyond_km": 10.0}
    here = spots([5 * KM, 20 * KM, 90 * KM], [0, 0, 0])
    for end in reading(of("road", gaps=[gap]), here, world):
        np.testing.assert_allclose(end, [5, np.nan, 90], atol=1e-9)


# --- discs -------------------------------------------------------------------------------------

PARKS = {"radius": {"column": "radius_km", "unknown_km": 10.0, "shape_error": 0.5}}


def judged(world: Catalog, at_km: list[float], limit: float = 1.0, own: float = 0.0) -> list[int]:
    rule = one_criterion(of("parks", **PARKS), at_least=limit)
    here = spots(np.array(at_km) * KM, np.zeros(len(at_km)), own)
    table = measure(rule, here, world)
    return score(table, rule, kinds=here.kinds.tolist()).verdict.tolist()


def test_a_disc_excludes_within_frees_without_and_doubts_between(tmp_path: Path) -> None:
    """Radius 20 km, border known to 0.5 x 20 + 2 km: excluded to 8 + 1, eligible from 32 + 1."""
    parks = layer([Point(0, 0)], radius_km=[20.0], position_accuracy_km=[2.0],
                  extent_wkt=["POLYGON ((0 0, 1 0, 1 1, 0 0))"])  # fmt: skip
    world = catalog(tmp_path, parks=parks)
    got = judged(world, [0, 8.9, 9.1, 20, 32.9, 33.1])
    assert got == [EXCLUDED] * 2 + [UNDETERMINED] * 3 + [ELIGIBLE]
    # A site known to 5 km, deep within: still certainly inside.
    assert judged(world, [0, 3.9, 4.1, 37.9, 38.1], own=5.0) == [
        EXCLUDED, EXCLUDED, UNDETERMINED, UNDETERMINED, ELIGIBLE,
    ]  # fmt: skip


def test_a_disc_of_unknown_size_never_excludes(tmp_path: Path) -> None:
    parks = layer([Point(0, 0)], radius_km=[np.nan], position_accuracy_km=[2.0])
    got = judged(catalog(tmp_path, parks=parks), [0, 5, 10.9, 11.1])
    assert got == [UNDETERMINED] * 3 + [ELIGIBLE]


def test_a_town_is_as_wide_as_its_people_need(tmp_path: Path) -> None:
    """157,080 people at 50 a hectare fill a disc of 3.162 km; unknown ones are in doubt."""
    towns = layer([Point(0, 0), Point(500 * KM, 0)], people=[50 * 100 * np.pi * 10, np.nan])
    spec = of("towns", radius={"population": "people", "people_per_ha": 50.0, "unknown_km": 7.0})
    nominal, low, high = reading(
        spec, spots([10 * KM, 510 * KM], [0, 0]), catalog(tmp_path, towns=towns)
    )
    np.testing.assert_allclose(nominal, [10 - 10**0.5, 10], atol=1e-9)
    np.testing.assert_allclose(low, [10 - 10**0.5, 3], atol=1e-9)
    np.testing.assert_allclose(high, [10 - 10**0.5, 17], atol=1e-9)


# --- islands -----------------------------------------------------------------------------------


@pytest.fixture
def strait(tmp_path: Path) -> Catalog:
    """The mainland north of 0, an island south of the strait; a plant on each."""
    main = box(-400 * KM, 0, 400 * KM, 400 * KM)
    island = box(0, -20 * KM, 20 * KM, -10 * KM)
    plants = layer(
        [Point(0, 30 * KM), Point(5 * KM, -15 * KM)], tonnes=[100.0, 7.0], words=["a", "b"]
    )
    return catalog(
        tmp_path,
        land=layer([main, island]),
        islands=layer([island], landmass=[4]),
        plants=plants,
        mine=layer([Point(0, 30 * KM)]),
    )


DECAY = {"scale_km": 50.0, "cutoff_km": 300.0}
TWO = ([0, 10 * KM], [5 * KM, -15 * KM])


def test_an_island_sees_its_own_features_only(strait: Catalog) -> None:
    here = spots(*TWO, landmass=[0, 4])
    near = reading(of("plants", reach="same_landmass"), here, strait)[0]
    np.testing.assert_allclose(near, [25, 5], atol=1e-9)
    anywhere = reading(of("plants"), here, strait)[0]
    np.testing.assert_allclose(anywhere, [np.hypot(5, 20), 5], atol=1e-9)
    spec = {"kind": "supply", "target": {"layer": "plants"}, "amount": {"column": "tonnes"},
            "decay": DECAY, "reach": "same_landmass"}  # fmt: skip
    supplied = reading(spec, here, strait)[0]
    np.testing.assert_allclose(supplied, [100 * np.exp(-0.5), 7 * np.exp(-0.1)], rtol=1e-12)
    count = {"kind": "count", "target": {"layer": "plants"}, "radius_km": 100.0,
             "reach": "same_landmass"}  # fmt: skip
    assert reading(count, here, strait, unit="count")[0].tolist() == [1, 1]


def test_what_stands_on_no_shared_ground_is_infinitely_far(strait: Catalog) -> None:
    spec = of("mine", reach="same_landmass")
    here = spots(*TWO, landmass=[0, 4])
    assert [end[1] for end in reading(spec, here, strait)] == [np.inf] * 3
    scores = score(measure(one_criterion(spec), here, strait), one_criterion(spec))
    assert scores.values[1, 0] == 1.0  # the far end of its knots, and known
    assert scores.known[1] == 1.0


# --- supply and count --------------------------------------------------------------------------


def test_supply_by_status_and_product(tmp_path: Path) -> None:
    plants = layer([Point(0, 0)] * 3, made=["ethane=700; lpg=100", "ethane=50", "crude=9"],
                   status=["operating", "construction", "planned"])  # fmt: skip
    spec = {"kind": "supply", "target": {"layer": "plants"}, "decay": DECAY,
            "amount": {"products": {"column": "made", "names": ["ethane"], "factors": {"lpg": 0.1}},
                       "by_status": {"operating": 1.0, "construction": 0.5}}}  # fmt: skip
    got = reading(spec, spots(0, 0), catalog(tmp_path, plants=plants), unit="Mt/y")
    np.testing.assert_allclose(got[0], [0.735], rtol=1e-12)


@pytest.mark.parametrize(
    ("families", "expected"), [({}, 3), ({"x": ["a"]}, 1), ({"x": ["a"], "y": ["c", "z"]}, 2)]
)
def test_a_family_counts_once_and_without_families_each_feature(
    tmp_path: Path, families: dict[str, list[str]], expected: int
) -> None:
    plants = layer([Point(0, 0), Point(KM, 0), Point(2 * KM, 0), Point(90 * KM, 0)],
                   products=["a; b", "a", "c", "d"], status=["on"] * 4)  # fmt: skip
    spec = {"kind": "count", "target": {"layer": "plants"}, "radius_km": 5.0, "families": families,
            "by_status": {"on": 1.0}}  # fmt: skip
    assert reading(spec, spots(0, 0), catalog(tmp_path, plants=plants), "count")[0] == [expected]


@FEW
@given(seed=SEEDS)
def test_bounds_of_amounts_hold_the_truth(
    seed: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    rng = np.random.default_rng(seed)
    size = int(rng.integers(1, 6))
    shapes = [Point(rng.uniform(-30, 30, 2) * KM) for _ in range(size)]
    accuracy, own = rng.exponential(4, size), float(rng.integers(0, 2) * rng.exponential(4))
    told = {"tonnes": rng.uniform(0, 90, size), "code": rng.integers(1, 5, size).astype(float),
            "position_accuracy_km": accuracy}  # fmt: skip
    here = [Point(rng.uniform(-40, 40, 2) * KM)]
    decay = {"scale_km": 10.0, "cutoff_km": 30.0}
    specs: list[dict[str, Any]] = [
        {"kind": "supply", "amount": {"column": "tonnes"}, "decay": decay},
        {"kind": "count", "radius_km": 20.0},
        {"kind": "attribute", "column": "code"},
    ]
    units = ("people", "count", "class")
    target = {"target": {"layer": "it"}}
    world = catalog(tmp_path_factory.mktemp("w"), it=layer(shapes, **told))
    ends = [
        reading(spec | target, spots(here[0].x, here[0].y, own), world, unit)
        for spec, unit in zip(specs, units, strict=True)
    ]
    for nominal, low, high in ends:
        assert low[0] <= nominal[0] <= high[0]
    for _ in range(40):
        site, truth = moved(rng, here, own)[0], moved(rng, shapes, accuracy)
        away = np.array([site.distance(shape) for shape in truth]) / KM
        left = np.where(away <= 30, np.exp(-away / 10), 0)
        true = (left @ told["tonnes"], (away <= 20).sum(), told["code"][away.argmin()])
        for value, (_, low, high) in zip(true, ends, strict=True):
            assert low[0] - 1e-9 <= value <= high[0] + 1e-9


# --- surface and share -------------------------------------------------------------------------

HERE = Affine(KM, 0, 0, 0, -KM, 4 * KM)


def test_a_surface_is_read_at_the_place_and_around_an_uncertain_one(tmp_path: Path) -> None:
    heights = np.arange(16.0).reshape(4, 4)
    world = catalog(tmp_path, dem=(heights, HERE, {"unit": "m", "position_accuracy_km": 0.2}))
    spec = {"kind": "surface", "layer": "dem", "statistic": "value"}
    certain = reading(spec, spots([1500, 9e6], [2500, 0]), world, unit="m")
    np.testing.assert_allclose(certain, [[5, np.nan]] * 3, atol=1e-6)
    ends = reading(spec, spots([1500] * 2, [2500] * 2, [0.0, 0.4]), world, unit="m")
    np.testing.assert_allclose(ends, [[5, 5], [5, 1], [5, 9]], atol=1e-6)
    feet = reading(spec, spots(1500, 2500), world, unit="km")
    np.testing.assert_allclose(feet[0], [0.005], atol=1e-9)


def test_a_raster_of_metres_is_not_read_in_tonnes(tmp_path: Path) -> None:
    world = catalog(tmp_path, dem=(np.ones((4, 4)), HERE, {"unit": "m"}))
    spec = {"kind": "surface", "layer": "dem", "statistic": "value"}
    with pytest.raises(
        DataError, match="it: unit 'kt/y' does not fit a length; write one of km, m"
    ):
        reading(spec, spots(1500, 2500), world, unit="kt/y")


def test_slope_and_shares_of_a_raster(tmp_path: Path) -> None:
    heights = np.tile([0.0, 0.0, 0.0, 0.0, 1000.0, 2000.0, 3000.0], (7, 1))
    classes = np.where(heights > 0, 2.0, 1.0)
    at = Affine(KM, 0, 0, 0, -KM, 7 * KM)
    world = catalog(
        tmp_path, dem=(heights, at, {"unit": "m"}), cover=(classes, at, {"unit": "class"})
    )
    here = spots([1500, 5500], [3500, 3500])
    slope = {"kind": "surface", "layer": "dem", "statistic": "slope"}
    np.testing.assert_allclose(reading(slope, here, world, "deg")[0], [0, 45], atol=1e-6)
    flat = {"kind": "share", "layer": "dem", "slope_below_deg": 3.0, "radius_km": 1.0}
    np.testing.assert_allclose(reading(flat, here, world, "%")[0], [100, 0], atol=1e-9)
    built = {"kind": "share", "layer": "cover", "classes": [2], "radius_km": 1.0}
    np.testing.assert_allclose(reading(built, here, world, "share")[0], [0, 1], atol=1e-12)


# --- inside and attribute ----------------------------------------------------------------------


def test_inside_is_a_signed_distance_and_neighbours_are_one(tmp_path: Path) -> None:
    halves = layer([box(0, 0, 10 * KM, 20 * KM), box(10 * KM, 0, 20 * KM, 20 * KM)],
                   position_accuracy_km=[0.5, 1.0])  # fmt: skip
    spec = {"kind": "inside", "target": {"layer": "halves"}}
    ends = reading(
        spec, spots([10 * KM, -3 * KM], [5 * KM] * 2, [0.0, 2.0]), catalog(tmp_path, halves=halves)
    )
    np.testing.assert_allclose(ends, [[5, -3], [4, -6], [6, 0]], atol=1e-9)


def test_an_attribute_of_the_place_itself(tmp_path: Path) -> None:
    world = catalog(tmp_path, ports=layer([Point(0, 0)]))
    here = spots([0, 0, 0], [0, 0, 0], classes=["A; E", "B", None], depth=["7.5", "deep", ""])
    coded = {"kind": "attribute", "column": "classes", "codes": {"A; E": 5.0, "B": 2.0}}
    np.testing.assert_array_equal(reading(coded, here, world, "class")[0], [5, 2, np.nan])
    depth = {"kind": "attribute", "column": "depth"}
    np.testing.assert_array_equal(reading(depth, here, world, "m")[0], [7.5, np.nan, np.nan])
    lost = {"kind": "attribute", "column": "none"}
    np.testing.assert_array_equal(reading(lost, here, world, "m")[0], [np.nan] * 3)


def test_an_attribute_of_the_nearest_feature_within_reach(tmp_path: Path) -> None:
    towns = layer([Point(0, 0), Point(100 * KM, 0)], zone=["high", "low"])
    spec = {"kind": "attribute", "column": "zone", "target": {"layer": "towns"}, "within_km": 40.0,
            "codes": {"high": 3.0, "low": 1.0}}  # fmt: skip
    here = spots([5 * KM, 98 * KM, 50 * KM, 30 * KM], [0] * 4, [0, 0, 0, 25.0])
    ends = reading(spec, here, catalog(tmp_path, towns=towns), "class")
    np.testing.assert_array_equal(ends, [[3, 1, np.nan, 3], [3, 1, np.nan, 1], [3, 1, np.nan, 3]])


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        (of("moon"), "no such source"),
        (of("ports", radius={"column": "radius"}), "no column radius .did you mean 'radius_km'"),
        ({"kind": "supply", "target": {"layer": "ports"}, "decay": DECAY,
          "amount": {"column": "t"}}, "has no column t"),
        ({"kind": "supply", "target": {"layer": "ports"}, "decay": DECAY,
          "amount": {"constant": 1.0, "by_status": {"on": 1.0}}}, "has no column status"),
        ({"kind": "count", "target": {"layer": "ports"}, "radius_km": 1.0,
          "families": {"a": ["b"]}}, "has no column products"),
        ({"kind": "attribute", "target": {"layer": "ports"}, "column": "zone"}, "no column zone"),
        ({"kind": "surface", "layer": "ports", "statistic": "value"}, "is no raster"),
    ],
)  # fmt: skip
def test_what_a_measure_lacks_is_named_with_the_criterion(
    tmp_path: Path, spec: dict[str, Any], told: str
) -> None:
    units = {"supply": "people", "count": "count", "attribute": "class", "surface": "m"}
    world = catalog(tmp_path, ports=layer([Point(0, 0)], radius_km=[1.0]))
    with pytest.raises(DataError, match=rf"it: .*{told}"):
        reading(spec, spots(0, 0), world, units.get(spec["kind"], "km"))


MADE = {"names": ["ethane"], "column": "made"}


def plants(folder: Path) -> Catalog:
    """Two plants, one of which no target below selects, and a table of materials."""
    made = layer([Point(0, 0)] * 2, made=["ethane=700; lpg=", "sulphur=50"],
                 status=["operating", "planned"], kind=["a", "b"])  # fmt: skip
    known = pd.DataFrame({"id": ["ethane", "eps"], "name_en": ["Ethane", "EPS"]})
    return catalog(folder, plants=made, materials=known)


@pytest.mark.parametrize(
    ("products", "told"),
    [
        ({"names": ["ethane", "ethne"]}, "products.names: holds no 'ethne' .did you mean 'eth"),
        ({"factors": {"sulfur": 0.1}}, "products.factors: holds no 'sulfur' .did you mean 'sul"),
        ({"captive": {"F-9": {"ethane": 1}}}, "products.captive: holds no 'F-9'"),
        ({"captive": {"F-0": {"ethan": 1}}}, "captive.F-0: holds no 'ethan' .did you mean 'eth"),
        ({"availability": {"G": {"lpg": 1}}}, "products.availability: holds no 'G'"),
        ({"availability": {"F": {"lpj": 1}}}, "availability.F: holds no 'lpj' .did you mean 'lpg'"),
        ({"instead": {"F-0": "totl"}}, "products.instead.F-0: holds no 'totl'"),
        ({"instead": {"F_0": "lpg"}}, "products.instead: holds no 'F_0' .did you mean 'F-0'"),
    ],
)  # fmt: skip
def test_a_misspelt_product_or_source_is_no_amount_of_zero(
    tmp_path: Path, products: dict[str, Any], told: str
) -> None:
    spec = {"kind": "supply", "target": {"layer": "plants", "where": {"kind": ["a"]}},
            "decay": DECAY, "amount": {"products": MADE | products}}  # fmt: skip
    with pytest.raises(DataError, match=rf"it: plants: amount\.(products\.)?{told}"):
        reading(spec, spots(0, 0), plants(tmp_path), "Mt/y")


def test_what_a_target_leaves_out_and_nobody_makes_yet_is_no_misspelling(tmp_path: Path) -> None:
    products = MADE | {"names": ["ethane", "lpg", "eps"], "factors": {"sulphur": 1.0},
                       "availability": {"F-1": {"sulphur": 0.5}}}  # fmt: skip
    amount = {"products": products, "by_status": {"operating": 1.0, "planned": 0.5}}
    spec = {"kind": "supply", "target": {"layer": "plants", "where": {"kind": ["a"]}},
            "decay": DECAY, "amount": amount}  # fmt: skip
    got = reading(spec, spots(0, 0), plants(tmp_path), "Mt/y")
    np.testing.assert_allclose(got[0], [0.7], rtol=1e-12)


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        ({"kind": "supply", "decay": DECAY, "amount": {"constant": 1.0}}, "amount.by_status"),
        ({"kind": "count", "radius_km": 5.0}, "by_status"),
    ],
)
def test_a_misspelt_status_is_no_amount_of_zero(
    tmp_path: Path, spec: dict[str, Any], told: str
) -> None:
    words = {"operatng": 1.0}
    spec = spec | {"target": {"layer": "plants"}}
    spec |= {"amount": spec["amount"] | {"by_status": words}} if "amount" in spec else {
        "by_status": words}  # fmt: skip
    units = {"supply": "people", "count": "count"}
    told = f"it: plants: {told}: holds no 'operatng' .did you mean 'operating'"
    with pytest.raises(DataError, match=told):
        reading(spec, spots(0, 0), plants(tmp_path), units[spec["kind"]])


# --- threads -----------------------------------------------------------------------------------

TOGETHER = """
import numpy as np, shapely
from concurrent.futures import ThreadPoolExecutor
from siteselect.measure.blocks import Blocks
from siteselect.measure.readers import _Bodies

turn = np.linspace(0, 2 * np.pi, 4000, endpoint=False)
reach = 1 + 0.3 * np.sin(40 * turn)
star = np.column_stack([reach * np.cos(turn), reach * np.sin(turn)])
points = [Blocks.of(*p) for p in np.random.default_rng(0).uniform(-1, 4, (4, 2, 2000))]
for _ in range(150):
    stars = np.array([shapely.Polygon(star + step) for step in range(4)])
    bodies = _Bodies.of(stars, np.zeros(4))
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda p: bodies.holding(p, np.zeros(len(p))), points))
plain = [shapely.contains(stars[:, None], shapely.points(p.easting, p.northing)).any(axis=0)
         for p in points]
assert all((a == b).all() for a, b in zip(found, plain, strict=True))
"""


def test_threads_may_ask_the_same_polygons_first() -> None:
    # In a process of its own: where it fails, the heap breaks and the process is gone.
    child = subprocess.run([sys.executable, "-c", TOGETHER], capture_output=True, check=False)
    assert child.returncode == 0, child.stderr.decode()
