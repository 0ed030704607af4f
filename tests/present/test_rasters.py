"""A raster written window by window: its overviews, its drafts, and what does not read back."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import rasterio

from siteselect.base.errors import DataError
from siteselect.present import rasters
from siteselect.world.places import Grid, Window
from tests.toy import ANALYSIS

ROWS, COLUMNS = 1203, 1531
BANDS = rasters.Bands(("a", "b"), ("m", "km"), {"name": "toy"})


def grid() -> Grid:
    inside = np.ones((ROWS, COLUMNS), dtype=np.int16)
    return Grid(ANALYSIS, 250.0, 1e5, 2e5, inside, ("IR-06",), np.zeros_like(inside))


def cells() -> np.ndarray:
    found = np.random.default_rng(1).uniform(size=(2, ROWS, COLUMNS)).astype(np.float32)
    found[:, 300:, 900:] = np.nan
    return found


def windows(whole: np.ndarray, side: int) -> Iterator[tuple[Window, np.ndarray]]:
    for row in range(0, ROWS, side):
        for column in range(0, COLUMNS, side):
            part = whole[:, row : row + side, column : column + side]
            if not np.isnan(part).all():
                yield Window(row, column, part.shape[1], part.shape[2]), part


@pytest.mark.parametrize(("side", "draft_bytes"), [(512, 10**9), (300, 10**9), (77, 0)])
def test_an_overview_holds_every_second_cell_of_the_last(
    side: int, draft_bytes: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rasters, "DRAFT_BYTES", draft_bytes)
    whole, path = cells(), tmp_path / "s.tif"
    rasters.cog(path, grid(), BANDS, windows=windows(whole, side))
    assert list(tmp_path.iterdir()) == [path]
    with rasterio.open(path) as raster:
        assert raster.overviews(1) == [2, 4]
        assert (raster.descriptions, raster.units) == (BANDS.names, BANDS.units)
        np.testing.assert_array_equal(raster.read(), whole)
    for level, step in enumerate((2, 4)):
        with rasterio.open(path, overview_level=level) as raster:
            np.testing.assert_array_equal(raster.read(), whole[:, ::step, ::step])


def test_what_does_not_read_back_is_not_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "s.tif"
    rasters.cog(path, grid(), BANDS, windows=windows(cells(), 512))
    before = path.read_bytes()
    whole = rasterio.shutil.copy

    def spoilt(draft: Path, ready: Path, **options: object) -> None:
        with rasterio.open(draft, "r+") as raster:
            raster.write(np.zeros((1, 1), np.float32), 2, window=((700, 701), (600, 601)))
        whole(draft, ready, **options)

    monkeypatch.setattr(rasterio.shutil, "copy", spoilt)
    with pytest.raises(DataError, match="does not read back"):
        rasters.cog(path, grid(), BANDS, windows=windows(cells(), 512))
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_raster_of_a_run_is_replaced_only_by_force(tmp_path: Path) -> None:
    small = Grid(ANALYSIS, 250.0, 1e5, 2e5, np.ones((4, 4), dtype=np.int16), ("IR-06",),
                 np.zeros((4, 4), dtype=np.int16))  # fmt: skip
    bands = rasters.Bands(("a",), ("m",), {"software": rasters.SOFTWARE})
    part = [(Window(0, 0, 4, 4), np.ones((1, 4, 4), dtype=np.float32))]
    for name in ("suitability.tif", "slope.tif"):
        rasters.cog(tmp_path / name, small, bands, windows=part)
    told = {"schema": "siteselect/1", "outputs": {"suitability.tif": ""}}
    (tmp_path / "manifest.json").write_text(json.dumps(told))
    rasters.replaceable(tmp_path / "slope.tif")
    rasters.replaceable(tmp_path / "suitability.tif", force=True)
    with pytest.raises(DataError) as caught:
        rasters.replaceable(tmp_path / "suitability.tif")
    assert str(caught.value) == (
        f"{tmp_path / 'suitability.tif'}: is part of the run in its folder; choose another name, or"
        " replace it with --force"
    )
