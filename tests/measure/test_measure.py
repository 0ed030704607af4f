"""One measure for cells and sites: the same readings, the same bounds, tile by tile or at once."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
from pyproj import CRS
from rasterio.transform import Affine
from shapely.geometry import LineString, Point, box

from siteselect.base.errors import CrsMismatch, DataError
from siteselect.decide.score import ELIGIBLE, EXCLUDED, UNDETERMINED, score
from siteselect.declared.criteria import CriteriaSet
from siteselect.declared.measures import Distance
from siteselect.measure import tiles
from siteselect.measure.measure import Instruments, layers_of, measure, measures_of, prepare, read
from siteselect.world.catalog import Catalog
from siteselect.world.places import Frame, Grid, Landmasses, Surface
from siteselect.world.sites import places
from siteselect.world.store import Store
from tests.toy import ANALYSIS, criteria_set
from tests.toydata import catalog, layer, one_criterion, reading, spots

KM = 1000.0
RASTER = Affine(KM, 0, -60 * KM, 0, -KM, 60 * KM)
PORTS = {"kind": "distance", "target": {"layer": "ports"}}
MEASURES: dict[str, tuple[dict[str, Any], str]] = {
    "distance": (PORTS, "km"),
    "supply": (
        {"kind": "supply", "target": {"layer": "ports"}, "amount": {"constant": 1.0},
         "decay": {"scale_km": 20.0, "cutoff_km": 90.0}}, "count"),
    "count": ({"kind": "count", "target": {"layer": "ports"}, "radius_km": 30.0}, "count"),
    "value": ({"kind": "surface", "layer": "dem", "statistic": "value"}, "m"),
    "slope": ({"kind": "surface", "layer": "dem", "statistic": "slope"}, "deg"),
    "share": ({"kind": "share", "layer": "dem", "slope_below_deg": 9.0, "radius_km": 3.0}, "share"),
    "inside": ({"kind": "inside", "target": {"layer": "land"}}, "km"),
    "attribute": ({"kind": "attribute", "target": {"layer": "ports"}, "column": "depth"}, "m"),
}  # fmt: skip


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    rng = np.random.default_rng(5)
    return catalog(
        tmp_path_factory.mktemp("world"),
        ports=layer([Point(p) for p in rng.uniform(-50 * KM, 50 * KM, (9, 2))],
                    depth=rng.uniform(5, 15, 9), position_accuracy_km=rng.uniform(0, 3, 9)),
        railways=layer([LineString(rng.uniform(-50 * KM, 50 * KM, (5, 2)))]),
        protected=layer([box(0, 0, 9 * KM, 7 * KM), box(-30 * KM, -20 * KM, -25 * KM, 9 * KM)],
                        position_accuracy_km=[1.0, 2.0]),
        land=layer([box(-45 * KM, -45 * KM, 45 * KM, 45 * KM)]),
        islands=layer([box(50 * KM, 50 * KM, 52 * KM, 52 * KM)], landmass=[1]),
        dem=(rng.uniform(0, 900, (120, 120)), RASTER, {"unit": "m"}),
    )  # fmt: skip


PROVINCES = gpd.GeoDataFrame(
    {"iso": ["IR-18", "IR-22"]},
    geometry=[box(-40 * KM, -30 * KM, 0, 30 * KM), box(0, -30 * KM, 33 * KM, 25 * KM)],
    crs=ANALYSIS,
)
NO_ISLANDS = gpd.GeoDataFrame({"landmass": []}, geometry=[], crs=ANALYSIS)


def grid(cell_m: float = 2000.0) -> Grid:
    return Grid.over(PROVINCES, cell_m, islands=NO_ISLANDS)


@pytest.mark.parametrize("name", MEASURES)
def test_a_site_of_one_cell_reads_exactly_as_that_cell(world: Catalog, name: str) -> None:
    spec, unit = MEASURES[name]
    cells = grid().places(grid().cell_ids()[[0, 17, 333, 700]])
    squares = [box(e - 1000, n - 1000, e + 1000, n + 1000)
               for e, n in zip(cells.easting, cells.northing, strict=True)]  # fmt: skip
    frame = layer(squares, kind="greenfield", position_accuracy_km=0.0)
    masses = Landmasses(world.features("islands", ANALYSIS), world.features("land", ANALYSIS))
    sites = places(frame, 2000.0, masses)
    for one, other in zip(
        reading(spec, cells, world, unit), reading(spec, sites, world, unit), strict=True
    ):
        np.testing.assert_array_equal(one, other)


def test_a_place_of_many_cells_reads_their_mean_and_their_widest_bounds(world: Catalog) -> None:
    cells = grid().places(grid().cell_ids()[:3])
    owner = np.array([0, 0, 1])
    sites = type(cells)(
        ids=np.array(["a", "b"]), kinds=np.array(["estate"] * 2), accuracy_km=np.array([2.0, 0.0]),
        easting=cells.easting, northing=cells.northing, owner=owner, landmass=cells.landmass,
        crs=ANALYSIS, columns=cells.columns[:2],
    )  # fmt: skip
    alone = reading(PORTS, spots(cells.easting, cells.northing, [2.0, 2.0, 0.0]), world)
    together = reading(PORTS, sites, world)
    np.testing.assert_allclose(together[0], [alone[0][:2].mean(), alone[0][2]], rtol=1e-15)
    np.testing.assert_array_equal(together[1], [alone[1][:2].min(), alone[1][2]])
    np.testing.assert_array_equal(together[2], [alone[2][:2].max(), alone[2][2]])


def test_declarations_that_ask_the_same_share_a_reader(world: Catalog) -> None:
    criteria = one_criterion(PORTS, at_least=5.0)
    instruments = prepare(criteria, world, ANALYSIS)
    assert instruments.readers[0] is instruments.readers[1]
    assert instruments.source_ids == (("ports",), ("ports",))


@pytest.mark.parametrize(
    ("coverage", "limit", "expected"),
    [
        ("complete", {"at_least": 5.0}, [ELIGIBLE, EXCLUDED]),
        ("partial", {"at_least": 5.0}, [UNDETERMINED, EXCLUDED]),
        ("complete", {"at_most": 5.0}, [EXCLUDED, ELIGIBLE]),
        ("partial", {"at_most": 5.0}, [EXCLUDED, UNDETERMINED]),
    ],
)
def test_a_partial_layer_may_exclude_but_never_make_eligible(
    tmp_path: Path, coverage: str, limit: dict[str, float], expected: list[int]
) -> None:
    world = catalog(tmp_path, ports=(layer([Point(0, 0)]), {"coverage": coverage}))
    criteria, here = one_criterion(PORTS, **limit), spots([100 * KM, 0], [0, 0])
    table = measure(criteria, here, world)
    assert score(table, criteria, kinds=here.kinds.tolist()).verdict.tolist() == expected
    assert np.isfinite(table.lower[:, 0]).all()  # a criterion is not widened


def test_what_is_known_around_an_unknown_place_does_not_clear_it(tmp_path: Path) -> None:
    """Its own cell is unknown, or the nearest port has no depth: no rule can pass on neighbours."""
    heights = np.full((120, 120), 2.0)
    heights[60, 60] = np.nan
    ports = layer([Point(0, 0), Point(9 * KM, 0)], depth=[np.nan, 3.0], position_accuracy_km=5.0)
    world = catalog(tmp_path, dem=(heights, RASTER, {"unit": "m"}), ports=ports)
    here = spots([500.0, -20 * KM], [-500.0, -500.0], [3.0, 3.0])
    for name, expected in (("value", [UNDETERMINED, ELIGIBLE]), ("attribute", [UNDETERMINED] * 2)):
        criteria = one_criterion(*MEASURES[name], at_most=12.0)
        table = measure(criteria, here, world)
        assert np.isnan([table.values[0], table.lower[0], table.upper[0]]).all()
        assert score(table, criteria, kinds=here.kinds.tolist()).verdict.tolist() == expected


def test_a_place_known_in_part_is_not_cleared_by_that_part(tmp_path: Path) -> None:
    heights = np.full((120, 120), 2.0)
    heights[:, 60:] = np.nan
    world = catalog(tmp_path, dem=(heights, RASTER, {"unit": "m"}))
    cells = spots([-1500.0, -500.0, 500.0, -9500.0], [-500.0] * 4)
    sites = replace(
        cells, ids=np.array(["shore", "inland"]), kinds=cells.kinds[:2],
        accuracy_km=cells.accuracy_km[:2], owner=np.array([0, 0, 0, 1]),
        columns=cells.columns[:2],
    )  # fmt: skip
    for limit, expected in ((12.0, [UNDETERMINED, ELIGIBLE]), (1.0, [UNDETERMINED, EXCLUDED])):
        criteria = one_criterion(*MEASURES["value"], at_most=limit)
        table = measure(criteria, sites, world)
        assert table.values[:, 0].tolist() == [2.0, 2.0]
        told = score(table, criteria, kinds=sites.kinds.tolist())
        assert told.verdict.tolist() == expected
        assert told.score_low[0] <= told.score[0] <= told.score_high[0]


def test_readings_in_another_crs_are_refused(world: Catalog) -> None:
    instruments = prepare(one_criterion(PORTS), world, CRS.from_epsg(32640))
    with pytest.raises(CrsMismatch, match="32640"):
        read(instruments, spots(0, 0))


def test_every_layer_that_is_missing_is_told_at_once(tmp_path: Path) -> None:
    world = catalog(tmp_path, railways=layer([Point(0, 0)]))
    with pytest.raises(DataError) as error:
        prepare(criteria_set(), world, ANALYSIS)
    assert {fault.field for fault in error.value.faults} == {"ports", "protected", "national_park"}


def test_inquiries_are_left_out_of_the_map(world: Catalog) -> None:
    data = one_criterion(PORTS, at_least=5.0, role="inquiry")
    kept = prepare(data, world, ANALYSIS).without_inquiries()
    assert [declaration.id for declaration in kept.declarations] == ["it"]
    assert len(kept.readers) == len(kept.factors) == len(kept.source_ids) == len(kept.partial) == 1


def test_no_places_give_an_empty_table(world: Catalog) -> None:
    assert measure(criteria_set(), spots([], []), world).values.shape == (0, 4)


def test_what_a_set_reads_can_be_listed() -> None:
    listed = [(name, layers_of(spec)) for name, spec in measures_of(criteria_set())]
    assert listed == [("ports", ("ports",)), ("railways", ("railways",)),
                      ("protected", ("protected",)), ("national_park", ("protected",))]  # fmt: skip
    two = one_criterion(PORTS | {"also": [{"layer": "quays"}, {"layer": "ports"}]})
    assert layers_of(two.criteria[0].measure) == ("ports", "quays")
    assert layers_of(one_criterion(*MEASURES["share"]).criteria[0].measure) == ("dem",)
    own = one_criterion({"kind": "attribute", "column": "x"}, "class")
    assert layers_of(own.criteria[0].measure) == ()


# --- tiles -------------------------------------------------------------------------------------


def field(criteria: CriteriaSet, world: Catalog, store: Store | None = None) -> tiles.Field:
    job = tiles.Job(
        catalog=str(world.folder),
        criteria=criteria.model_dump_json(),
        crs=ANALYSIS.to_wkt(),
        provinces=tuple(PROVINCES["iso"]),
        cell_m=2000.0,
        concentration=None,
        store=store,
    )
    frame = Frame.over(PROVINCES, 2000.0, islands=NO_ISLANDS)
    ready = prepare(criteria, world, ANALYSIS).without_inquiries()
    return tiles.Field(job, frame, criteria, ready)


def whole(criteria: CriteriaSet, world: Catalog) -> tuple[Grid, Any, Any]:
    told: list[str] = []
    surface = tiles.surface(field(criteria, world), progress=told.append)
    assert told[-1] == "measuring the surface: 100%"
    cells = surface.grid
    instruments = prepare(criteria, world, ANALYSIS).without_inquiries()
    return cells, surface, score(read(instruments, cells.places()), criteria, bounds=False)


@pytest.mark.parametrize("side", [7, 256])
def test_tiles_give_what_the_whole_gives(
    world: Catalog, side: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tiles, "SIDE_CELLS", side)
    cells, surface, at_once = whole(criteria_set(), world)
    inside = cells.inside
    np.testing.assert_array_equal(surface.score[inside], at_once.score.astype(np.float32))
    np.testing.assert_array_equal(surface.known[inside], at_once.known.astype(np.float32))
    np.testing.assert_array_equal(surface.verdict[inside], at_once.verdict)
    assert np.isnan(surface.score[~inside]).all()
    assert (surface.verdict[~inside] == -1).all()
    for areas, verdict in (
        (surface.excluded_km2, EXCLUDED),
        (surface.undetermined_km2, UNDETERMINED),
    ):
        assert areas == {"national_park": pytest.approx(4.0 * (at_once.verdict == verdict).sum())}
        assert areas["national_park"] > 0


def test_a_window_of_the_frame_is_the_window_of_the_grid() -> None:
    frame = Frame.over(PROVINCES, 700.0, islands=NO_ISLANDS)
    whole = frame.cut(frame.whole)
    seen = np.zeros(whole.shape, dtype=int)
    for window in frame.windows(16):
        one, other = frame.cut(window), whole.cut(window)
        np.testing.assert_array_equal(one.province, other.province)
        assert (one.west, one.north, one.first) == (other.west, other.north, other.first)
        rows = slice(window.row, window.row + window.rows)
        seen[rows, window.column : window.column + window.columns] += 1
    assert (seen[whole.inside] == 1).all()
    assert seen.max() == 1


# --- the store ---------------------------------------------------------------------------------


def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Measures that are read from now on, by kind."""
    calls: list[str] = []
    told = Instruments.told

    def counting(self: Instruments, j: int, reading: Any) -> Any:
        calls.append(self.declarations[j].id)
        return told(self, j, reading)

    monkeypatch.setattr(Instruments, "told", counting)
    return calls


def alike(one: Surface, other: Surface) -> None:
    for name in ("score", "known", "verdict"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    assert (one.excluded_km2, one.undetermined_km2) == (other.excluded_km2, other.undetermined_km2)


def weighed_anew(criteria: CriteriaSet) -> CriteriaSet:
    first, *rest = criteria.criteria
    changed = (first.model_copy(update={"weight": first.weight * 3}), *rest)
    return criteria.model_copy(update={"criteria": changed, "weights": "relative"})


def test_other_weights_measure_nothing_again(
    world: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    criteria, store = criteria_set(), Store(tmp_path)
    tiles.surface(field(criteria, world, store))
    other = weighed_anew(criteria)
    fresh = tiles.surface(field(other, world))
    calls = counted(monkeypatch)
    alike(tiles.surface(field(other, world, store)), fresh)
    assert calls == []


def test_another_measure_is_measured_alone(
    world: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    criteria, store = criteria_set(), Store(tmp_path)
    tiles.surface(field(criteria, world, store))
    first, *rest = criteria.criteria
    moved = first.model_copy(update={"measure": Distance.model_validate(PORTS | {"outline": True})})
    other = criteria.model_copy(update={"criteria": (moved, *rest)})
    fresh = tiles.surface(field(other, world))
    calls = counted(monkeypatch)
    alike(tiles.surface(field(other, world, store)), fresh)
    assert set(calls) == {first.id}


def test_a_long_work_goes_on_where_it_stood(
    world: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With more readings than are kept, the marks of finished windows are."""
    monkeypatch.setattr(tiles, "SIDE_CELLS", 8)
    monkeypatch.setattr(tiles, "KEPT_SHARE", 0.0)
    criteria, store = criteria_set(), Store(tmp_path)
    fresh = tiles.surface(field(criteria, world))
    begun = tiles.judged(field(criteria, world, store))
    for _ in range(3):
        next(begun)
    begun.close()
    finished = len(list(store.entries())) // 2
    assert 3 <= finished < len(fresh.score) // 8 * 8
    calls = counted(monkeypatch)
    alike(tiles.surface(field(criteria, world, store)), fresh)
    asked = len(criteria.criteria) + 1
    windows = len(Frame.over(PROVINCES, 2000.0, islands=NO_ISLANDS).windows(8))
    assert len(calls) == (windows - finished) * asked
