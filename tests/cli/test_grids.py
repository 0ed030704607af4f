"""A surface alone, and the store: what is written, what is kept, what is refused."""

import json
from pathlib import Path

import numpy as np
import pytest
import rasterio
from rio_cogeo import cog_validate

from siteselect.declared.criteria import named
from siteselect.measure.measure import prepare, read
from siteselect.study.cells import grid_of
from siteselect.study.question import ask
from tests.cli.conftest import Command
from tests.real import COARSE_M, result

COARSE = ("--cell", "8000")


def test_the_surface_of_the_score_is_that_of_a_run(siteselect: Command, tmp_path: Path) -> None:
    said = siteselect("surface", "--out", "score.tif", "--cell", f"{COARSE_M:g}", "--json")
    assert said.code == 0, said.err
    told = json.loads(said.out)
    assert told["command"] == "surface"
    assert [band["name"] for band in told["data"]["bands"]] == ["score", "known", "verdict"]
    path = tmp_path / "score.tif"
    assert cog_validate(path, quiet=True) == (True, [], [])
    truth = result().surface
    with rasterio.open(path) as raster:
        score, known, verdict = raster.read()
        assert raster.transform == truth.grid.transform
    np.testing.assert_array_equal(score, truth.score)
    np.testing.assert_array_equal(known, truth.known)
    np.testing.assert_array_equal(np.nan_to_num(verdict, nan=-1), truth.verdict)
    assert list(tmp_path.iterdir()) == [path]


def test_the_surface_of_a_criterion_holds_its_readings(siteselect: Command, tmp_path: Path) -> None:
    arguments = ("--provinces", "IR-18", "--park-type", "sulphur", *COARSE)
    said = siteselect("surface", "rail", "--out", "rail.tif", *arguments)
    assert said.code == 0, said.err
    criteria = named("sulphur")
    question = ask(criteria=criteria, changes={"cell_m": 8000.0, "provinces": ["IR-18"]})
    cells = grid_of(question).places()
    table = read(prepare(criteria, question.catalog, question.crs), cells)
    with rasterio.open(tmp_path / "rail.tif") as raster:
        (band,) = raster.read()
        assert (raster.descriptions, raster.units) == (("rail",), ("km",))
    expected = table.values[:, table.column_ids.index("rail")].astype(np.float32)
    np.testing.assert_array_equal(band.ravel()[cells.ids], expected)
    assert np.isnan(np.delete(band.ravel(), cells.ids)).all()


def test_a_surface_is_the_same_whoever_works(siteselect: Command, tmp_path: Path) -> None:
    for name, more in (("one", ("--jobs", "1")), ("three", ("--jobs", "3")), ("again", ())):
        said = siteselect("surface", "--out", f"{name}.tif", *COARSE, *more)
        assert said.code == 0, said.err
    one, *others = (path.read_bytes() for path in sorted(tmp_path.glob("*.tif")))
    assert all(other == one for other in others)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("deep_prot", "--out", "x.tif"), 3, "did you mean 'deep_port'"),
        (("--out", "nowhere/x.tif"), 4, "is no folder that can be written"),
        (("--out", "mine.tif"), 4, "is not a surface of siteselect"),
        (("--out", "x.tif", "--cell", "-5"), 3, "cell_m"),
        (("--out", "x.tif", "--provinces", "IR-77"), 3, "IR-77"),
        (("--out", "x.tif", "--cluster", "tcp://127.0.0.1:9"), 4, "no scheduler answers"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_written(
    siteselect: Command, tmp_path: Path, arguments: tuple[str, ...], code: int, words: str
) -> None:
    (tmp_path / "mine.tif").write_bytes(b"somebody's work")
    said = siteselect("surface", *arguments)
    assert said.code == code, said.err
    assert words in said.err
    assert [path.name for path in tmp_path.iterdir()] == ["mine.tif"]
    assert (tmp_path / "mine.tif").read_bytes() == b"somebody's work"


def test_a_surface_goes_where_a_link_points(siteselect: Command, tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    link = tmp_path / "rail.tif"
    link.symlink_to(tmp_path / "disk" / "far.tif")
    said = siteselect("surface", "rail", "--out", link, "--provinces", "IR-18", *COARSE)
    assert said.code == 0, said.err
    assert link.is_symlink()
    assert cog_validate(tmp_path / "disk" / "far.tif", quiet=True)[0]


def test_the_store_is_told_and_cleared(
    siteselect: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SITESELECT_CACHE", str(tmp_path / "kept"))
    assert siteselect("surface", "rail", "--out", "rail.tif", *COARSE).code == 0
    told = json.loads(siteselect("cache", "--json").out)["data"]
    assert told["files"] > 0
    assert told["bytes"] > 1000
    cleared = json.loads(siteselect("cache", "--clear", "--json").out)["data"]
    assert (cleared["files"], cleared["dropped"]) == (0, told["files"])
    monkeypatch.setenv("SITESELECT_CACHE", "off")
    assert "off" in siteselect("cache").out
    refused = siteselect("surface", "--out", "x.tif", "--cluster", "tcp://127.0.0.1:9")
    assert (refused.code, "need a store" in refused.err) == (4, True)
