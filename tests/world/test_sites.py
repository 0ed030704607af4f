"""One pool of existing, new and own sites."""

from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from shapely.geometry import LineString, MultiPolygon, Point, box

from siteselect.base.errors import DataError
from siteselect.declared.study import Existing, Greenfield, Study
from siteselect.world import sites
from siteselect.world.places import Landmasses
from tests.toy import ANALYSIS, site_frame, titles, toy_result
from tests.toydata import catalog, layer

KM = 1000.0
STUDY = Study(id="s", titles=titles("S", "س"), provinces=("IR-18",), criteria="x.yaml")
MASSES = Landmasses(
    layer([box(0, 0, 1, 1)], landmass=[1]), layer([box(-900 * KM, -900 * KM, 900 * KM, 900 * KM)])
)


def samples(shape: shapely.Geometry, cell_m: float = 1000.0) -> np.ndarray:
    got = sites.places(layer([shape], kind="own", position_accuracy_km=0.0), cell_m, MASSES)
    return np.column_stack([got.easting, got.northing])


def test_existing_sites_are_of_the_kind_that_the_study_says(tmp_path: Path) -> None:
    rows = [
        ("zone", "operating", "IR-18", "estate"),
        ("free_zone", "operating", "IR-18", "special_zone"),
        ("zone", "planned", "IR-18", "proposed"),
        ("zone", "list_only", "IR-18", None),
        ("aquaculture", "operating", "IR-18", None),
        ("zone", "operating", "IR-06", None),
        ("zone", "planned", "IR-18", "extension"),
    ]
    kind, status, province, expected = zip(*rows, strict=True)
    points = layer(
        [Point(i * KM, 0) for i in range(7)], kind=kind, status=status, province=province
    )
    rule = Existing(
        layer="estates", kinds={"zone": "estate", "free_zone": "special_zone"},
        without_status=("list_only",), proposed_status=("planned",), extensions=("F-6",),
    )  # fmt: skip
    world = catalog(tmp_path, estates=points)
    got = sites.existing(world, rule, STUDY, crs=ANALYSIS)
    assert dict(zip(got["id"], got["kind"], strict=True)) == {
        f"F-{i}": e for i, e in enumerate(expected) if e
    }
    assert set(got["row_kind"]) == {"zone", "free_zone"}
    # The layer itself is read by others and stays as it was.
    assert "row_kind" not in world.features("estates", ANALYSIS)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"kinds": {"zoen": "estate"}}, "s: existing.kinds: estates has no kind 'zoen' .*'zone'"),
        ({"without_status": ("planed",)}, "existing.without_status: .*'planed' .*'planned'"),
        ({"proposed_status": ("planed",)}, "existing.proposed_status: .*'planed' .*'planned'"),
        ({"extensions": ("F_0",)}, "existing.extensions: estates has no id 'F_0' .*'F-0'"),
        ({"layer": "estatez"}, "existing.layer: no layer estatez in the catalogue .*'estates'"),
        ({"layer": "bare"}, "existing.layer: bare has no kind, status, province; name a layer"),
    ],
)
def test_a_misspelt_row_of_estates_is_no_row_less(
    tmp_path: Path, change: dict[str, Any], told: str
) -> None:
    points = layer([Point(0, 0)] * 2, kind="zone", status=["operating", "planned"],
                   province=["IR-18", "IR-06"])  # fmt: skip
    world = catalog(tmp_path, estates=points, bare=layer([Point(0, 0)]))
    rule = {"layer": "estates", "kinds": {"zone": "estate"}, "extensions": ("F-1",)}
    good = Existing.model_validate(rule)
    assert len(sites.existing(world, good, STUDY, crs=ANALYSIS)) == 1
    with pytest.raises(DataError, match=told):
        sites.existing(world, Existing.model_validate(rule | change), STUDY, crs=ANALYSIS)


def test_every_misspelt_row_is_told_at_once(tmp_path: Path) -> None:
    points = layer([Point(0, 0)], kind="zone", status="operating", province="IR-18")
    rule = Existing(layer="estates", kinds={"a": "estate"}, without_status=("b", "c"))
    with pytest.raises(DataError) as caught:
        sites.existing(catalog(tmp_path, estates=points), rule, STUDY, crs=ANALYSIS)
    assert len(caught.value.faults) == 3


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("protectd", "greenfield.avoid: no layer protectd in the catalogue .*'protected'"),
        ("towns", "greenfield.avoid: towns has no radius_km; name a layer that has"),
        ("parks", "parks: radius_km: holds what is no number"),
    ],
)
def test_what_holds_no_discs_is_named(tmp_path: Path, name: str, told: str) -> None:
    world = catalog(
        tmp_path,
        towns=layer([Point(0, 0)]),
        parks=layer([Point(0, 0)], radius_km=["wide"]),
        protected=layer([Point(0, 0)], radius_km=[1.0]),
    )
    assert len(sites.avoided(world, "protected", ANALYSIS)) == 1
    with pytest.raises(DataError, match=told):
        sites.avoided(world, name, ANALYSIS)


def test_an_own_site_with_the_id_of_an_estate_is_named_by_file_and_row() -> None:
    own = layer([Point(0, 0)] * 2, source="mine.csv").rename_axis("feature")
    assert [str(fault) for fault in sites.taken(own, {"F-1", "X"})] == [
        "mine.csv: feature 1: id: 'F-1' is the id of another candidate too; rename it"
    ]


def test_why_nobody_stands_in_the_pool_is_told_of_what_the_study_names() -> None:
    rule = Greenfield(min_ha=300, max_ha=900, per_province=5, spacing_km=20)
    estates = Existing(layer="estates", kinds={"zone": "estate"})
    assert "names no estates, no greenfield" in sites.nobody(STUDY)
    told = sites.nobody(STUDY.model_copy(update={"greenfield": rule}))
    assert told.startswith("no candidates: no region of 300 ha could be grown")
    told = sites.nobody(STUDY.model_copy(update={"existing": estates}))
    assert told.startswith("no candidates: no row of estates in its provinces")


@pytest.fixture
def towns(tmp_path: Path) -> Any:
    at = [Point(0, 0), Point(9e5, 9e5), Point(-1 * KM, 0)]
    return catalog(
        tmp_path,
        towns=layer(at, country=["IR", "IR", "IQ"], name_en=["Kaki", "Far", "Basra"],
                    name_fa=["کاکی", None, "بصره"]),
        protected=layer([Point(-480 * KM, -60 * KM)] * 2, radius_km=[20.0, np.nan]),
    )  # fmt: skip


def test_new_regions_are_sites_that_avoid_discs_and_bear_names(towns: Any) -> None:
    surface = toy_result().surface
    rule = Greenfield(min_ha=2500, max_ha=5000, per_province=5, spacing_km=20, avoid="protected")
    got = sites.greenfield(towns, surface, rule, crs=ANALYSIS)
    assert len(got) == 10
    assert all(sites.GROWN.fullmatch(name) for name in got["id"])
    disc = Point(-480 * KM, -60 * KM).buffer(20 * KM - 5000 / 2**0.5)
    assert not got.intersects(disc).any()
    assert got["area_ha"].between(2500, 5000).all()
    assert (shapely.area(got.geometry) / 1e4 == got["area_ha"]).all()
    first = got.iloc[0]
    km = np.hypot(*shapely.get_coordinates(shapely.point_on_surface(first.geometry))[0]) / KM
    assert first["name_en"].startswith(f"{km:.0f} km ")
    assert first["name_en"].endswith(" of Kaki")
    assert "کیلومتری" in first["name_fa"]
    assert first["name_fa"].endswith("کاکی")
    points = gpd.GeoSeries.from_xy(got["lon"], got["lat"], crs="EPSG:4326").to_crs(ANALYSIS)
    assert got.contains(points).all()


def test_no_room_gives_no_region_and_no_fault(towns: Any) -> None:
    rule = Greenfield(min_ha=2500, max_ha=5000, per_province=5, spacing_km=20, min_score=1.0)
    assert len(sites.greenfield(towns, toy_result().surface, rule, crs=ANALYSIS)) == 0


def test_without_discs_nothing_is_avoided(tmp_path: Path) -> None:
    parks = layer([Point(0, 0)], radius_km=[np.nan])
    grid = toy_result().surface.grid
    got = sites._discs(catalog(tmp_path, parks=parks), "parks", grid, ANALYSIS)
    assert got.shape == grid.shape
    assert not got.any()


@pytest.mark.parametrize(
    ("east", "north", "told"),
    [(0, 9, "9 km N of Kaki"), (7, 7, "10 km NE of Kaki"), (0, -3, "3 km S of Kaki"),
     (-5, 0.1, "5 km W of Kaki"), (-7, 7, "10 km NW of Kaki"), (900, 899, "1 km S of Far")],
)  # fmt: skip
def test_a_region_is_named_after_the_nearest_town_of_the_country(
    towns: Any, east: float, north: float, told: str
) -> None:
    frame = towns.features("towns", ANALYSIS)
    en, fa = sites._named(frame, np.array([east * KM]), np.array([north * KM]))[0]
    assert en == told
    assert fa.endswith("Far" if "Far" in told else "کاکی")


def test_the_pool_is_one_table_sorted_by_id() -> None:
    one, two = site_frame(4).iloc[[2, 0]], site_frame(8).iloc[[7, 5]].assign(depth_m=[1.0, 2.0])
    pool = sites.pool([one, two, one.iloc[:0]], 1000.0, MASSES)
    assert pool.frame["id"].tolist() == pool.places.ids.tolist() == ["T-00", "T-02", "T-05", "T-07"]
    assert tuple(pool.frame.columns) == (*sites.COLUMNS, "depth_m", "geometry")
    assert pool.frame["depth_m"].tolist()[2:] == [2.0, 1.0]
    assert np.bincount(pool.places.owner).tolist()[:2] == [1, 4]  # a point, and 2 x 2 km
    pd.testing.assert_series_equal(pool.places.columns["depth_m"], pool.frame["depth_m"])


def test_a_point_is_read_where_it_stands() -> None:
    np.testing.assert_array_equal(samples(Point(123.4, -5.6)), [[123.4, -5.6]])


def test_a_polygon_is_read_at_the_centres_of_the_cells_within_it() -> None:
    got = samples(box(-1000, -1000, 1000, 1000))
    assert sorted(map(tuple, got)) == [(-500, -500), (-500, 500), (500, -500), (500, 500)]
    two = MultiPolygon([box(0, 0, 1000, 1000), box(5000, 0, 6000, 1000)])
    assert sorted(map(tuple, samples(two))) == [(500, 500), (5500, 500)]


@pytest.mark.parametrize(
    "shape", [box(10, 10, 90, 90), LineString([(0, 0), (100, 100)])], ids=["polygon", "line"]
)
def test_what_holds_no_centre_is_read_at_a_point_of_its_own(shape: shapely.Geometry) -> None:
    got = samples(shape)
    assert got.shape == (1, 2)
    assert shape.distance(Point(got[0])) < 1e-9


def test_a_large_polygon_is_read_on_a_coarser_lattice_of_whole_cells() -> None:
    got = samples(box(0, 0, 100 * KM, 100 * KM))
    assert len(got) == 400
    assert set(np.unique(got % 5000)) == {2500.0}
