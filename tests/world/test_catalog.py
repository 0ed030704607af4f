"""The catalogue is the only reader: it checks hashes, names what it lacks, reprojects."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import rasterio
from pyproj import CRS
from rasterio.transform import Affine
from shapely.geometry import LineString, Point, box

from siteselect.base import files
from siteselect.base.errors import DataError, DeclarationError
from siteselect.declared.measures import Range, Target
from siteselect.world.catalog import WGS84, Catalog, column, lonlat
from tests.toy import ANALYSIS
from tests.toydata import catalog, layer

KM = 1000.0
PORTS = layer(
    [Point(0, 0), Point(9 * KM, 0), Point(0, 9 * KM), Point(9 * KM, 9 * KM)],
    kind=["cargo", "oil", "cargo", "fishing"],
    depth_m=[12.0, 7.0, np.nan, 3.0],
    berths=[1, 2, 3, 4],
)


@pytest.fixture
def world(tmp_path: Path) -> Catalog:
    return catalog(
        tmp_path,
        ports=PORTS,
        prices=pd.DataFrame({"id": ["a", "b"], "price": [1.5, 2.5]}),
        dem=(np.arange(12.0).reshape(3, 4), Affine(KM, 0, 0, 0, -KM, 3 * KM), {"unit": "m"}),
    )


def ids(world: Catalog, **target: Any) -> list[str]:
    return world.select(Target(layer="ports", **target), ANALYSIS)["id"].tolist()


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ({}, [0, 1, 2, 3]),
        ({"where": {"kind": ("cargo", "oil")}}, [0, 1, 2]),
        ({"where": {"berths": (2, 4)}}, [1, 3]),
        ({"where": {"depth_m": Range(min=7.0)}}, [0, 1]),
        ({"where": {"depth_m": Range(max=7.0, unknown="keep")}}, [1, 2, 3]),
        ({"where": {"kind": ("cargo",), "depth_m": Range(min=1.0)}}, [0]),
        ({"ids": ("F-2", "F-0")}, [0, 2]),
        ({"without": ("F-2", "F-0")}, [1, 3]),
        ({"ids": ("F-2", "F-0"), "without": ("F-2",)}, [0]),
    ],
)
def test_a_target_selects(world: Catalog, target: dict[str, Any], expected: list[int]) -> None:
    assert ids(world, **target) == [f"F-{i}" for i in expected]


@pytest.mark.parametrize(
    ("target", "told"),
    [
        (
            {"where": {"depht_m": Range(min=1.0)}},
            "ports: has no column depht_m .did you mean 'depth_m'",
        ),
        ({"where": {"kind": ("carg",)}}, "ports: kind: holds no 'carg' .did you mean 'cargo'"),
        ({"where": {"berths": (9,)}}, "ports: berths: holds no 9"),
        ({"ids": ("F-9",)}, "has no id F-9 .did you mean 'F-"),
        ({"without": ("X",)}, "has no id X"),
    ],
)
def test_what_a_target_names_must_be_there(
    world: Catalog, target: dict[str, Any], told: str
) -> None:
    with pytest.raises(DataError, match=told):
        ids(world, **target)


def test_a_word_that_the_schema_allows_may_be_absent(tmp_path: Path) -> None:
    columns = {"kind": {"type": "choice", "choices": ("cargo", "oil", "fishing", "naval")}}
    world = catalog(tmp_path, ports=(PORTS, {"columns": columns}))
    assert ids(world, where={"kind": ("naval",)}) == []


def test_an_unknown_source_and_an_unknown_column_are_told_with_the_nearest(world: Catalog) -> None:
    with pytest.raises(
        DataError, match=r"catalog.yaml: prots: no such source .did you mean 'ports'"
    ):
        world.source("prots")
    with pytest.raises(DataError, match="ports: has no column moon"):
        column(PORTS, "moon", "ports")


def test_a_changed_or_a_missing_file_is_refused(world: Catalog) -> None:
    path = world.folder / "prices.csv"
    path.write_text("id,price\na,9.9\n")
    with pytest.raises(DataError, match="is not the file that the catalogue speaks of"):
        world.table("prices")
    path.unlink()
    with pytest.raises(DataError, match=r"prices.csv: prices: is missing"):
        Catalog.open(world.folder).table("prices")


def test_kinds_are_not_taken_for_each_other(world: Catalog) -> None:
    with pytest.raises(DataError, match="prices: holds no features"):
        world.features("prices", ANALYSIS)
    with pytest.raises(DataError, match="dem: holds no features"):
        world.features("dem", ANALYSIS)
    with pytest.raises(DataError, match="ports: is no raster"):
        world.raster("ports", ANALYSIS)


def test_a_catalogue_with_faults_is_refused(tmp_path: Path) -> None:
    (tmp_path / "catalog.yaml").write_text("sources:\n- id: 3\n")
    with pytest.raises(
        DeclarationError, match=r"line 2: sources.0.id: Input should be a valid string"
    ):
        Catalog.open(tmp_path)


def test_tables_are_typed_and_read_once(tmp_path: Path) -> None:
    columns = {"id": {"required": True}, "price": {"type": "number", "low": 0.0}}
    table = pd.DataFrame({"id": ["a", "b"], "price": [1.5, None]})
    world = catalog(tmp_path, prices=(table, {"columns": columns}))
    got = world.table("prices")
    assert got["price"].tolist()[0] == 1.5
    assert np.isnan(got["price"].tolist()[1])
    assert world.table("prices") is got


def test_features_of_a_table_stand_where_its_columns_say(tmp_path: Path) -> None:
    numbers = {"lon": {"type": "number"}, "lat": {"type": "number"}, "id": {"required": True},
               "position_accuracy_km": {"type": "number"}}  # fmt: skip
    towns = pd.DataFrame({"id": ["a", "b"], "lon": [55.5, 50.0], "lat": [29.0, 28.0],
                          "position_accuracy_km": [1.0, None]})  # fmt: skip
    lines = pd.DataFrame({"id": ["l"], "wkt": ["LINESTRING (50 28, 51 28)"]})
    shapes = {"id": {"required": True}, "wkt": {"type": "wkt"}}
    world = catalog(
        tmp_path,
        towns=(towns, {"kind": "points", "columns": numbers, "position_accuracy_km": 9.0}),
        roads=(lines, {"kind": "lines", "columns": shapes}),
    )
    got = world.features("towns", ANALYSIS)
    assert got.crs == ANALYSIS
    # The origin of the analysis CRS is 55.5 E, 29 N.
    assert got.geometry.iloc[0].distance(Point(0, 0)) < 1e-6
    assert got["position_accuracy_km"].tolist() == [1.0, 9.0]
    assert world.features("roads", WGS84).geometry.iloc[0].equals(LineString([(50, 28), (51, 28)]))
    assert [source.id for source in world.used] == ["roads", "towns"]


def test_features_are_read_once_a_reference_system(world: Catalog) -> None:
    assert world.features("ports", ANALYSIS) is world.features("ports", ANALYSIS)
    there = CRS.from_epsg(32640)
    assert world.features("ports", there).crs == there


def test_a_raster_in_the_analysis_crs_keeps_its_cells(world: Catalog) -> None:
    got = world.raster("dem", ANALYSIS)
    assert got.cell_m == KM
    np.testing.assert_allclose(got.values, np.arange(12.0).reshape(3, 4), atol=1e-6)
    assert world.raster("dem", ANALYSIS) is got


@pytest.mark.parametrize("unit", ["m", "class"])
def test_a_raster_in_degrees_is_warped_to_metres(tmp_path: Path, unit: str) -> None:
    """A plane of longitudes stays one within half a cell; classes take no values between."""
    side = 0.01
    lon = 55 + side * (np.arange(60) + 0.5)
    values = np.tile(np.floor(lon * 10) if unit == "class" else lon, (50, 1))
    values[:5] = np.nan
    at = Affine(side, 0, 55, 0, -side, 29.25)
    world = catalog(tmp_path, dem=(values, at, "EPSG:4326", {"unit": unit}))
    got = world.raster("dem", ANALYSIS)
    assert got.cell_m == 1100.0
    down, right = (np.indices(got.values.shape) + 0.5) * 1100.0
    there, lat = lonlat(got.transform.c + right, got.transform.f - down, ANALYSIS)
    known = ~np.isnan(got.values)
    assert known.mean() > 0.7
    assert not known[lat > 29.22].any()
    if unit == "class":
        assert set(np.unique(got.values[known])) <= set(np.unique(values[5:]))
    else:
        np.testing.assert_allclose(got.values[known], there[known], atol=side)


def test_nodata_may_be_declared_where_the_file_does_not(tmp_path: Path) -> None:
    world = catalog(tmp_path, dem=(np.ones((3, 3)), Affine(KM, 0, 0, 0, -KM, 3 * KM)))
    path = tmp_path / "dem.tif"
    profile = {"driver": "GTiff", "height": 3, "width": 3, "count": 1, "dtype": "float64"}
    values = np.full((3, 3), 5.0)
    values[1, 1] = -1.0
    for nodata, unknown in ((None, 0), (-1.0, 1)):
        with rasterio.open(
            path, "w", **profile, crs=rasterio.CRS.from_user_input(ANALYSIS),
            transform=Affine(KM, 0, 0, 0, -KM, 3 * KM),
        ) as data:  # fmt: skip
            data.write(values, 1)
        told = {"nodata": nodata, "sha256": files.sha256(path)}
        source = world.source("dem").model_copy(update=told)
        got = Catalog(tmp_path, {"dem": source}).raster("dem", ANALYSIS)
        assert np.isnan(got.values).sum() == unknown


def test_positions_turn_back_into_degrees() -> None:
    lon, lat = lonlat(np.zeros(1), np.zeros(1), ANALYSIS)
    np.testing.assert_allclose([lon[0], lat[0]], [55.5, 29.0], atol=1e-9)


def test_polygons_are_read_as_they_were_drawn(tmp_path: Path) -> None:
    square = box(100 * KM, 100 * KM, 110 * KM, 120 * KM)
    got = catalog(tmp_path, land=layer([square])).features("land", ANALYSIS)
    assert got.area.iloc[0] == pytest.approx(200 * KM**2, rel=1e-9)
