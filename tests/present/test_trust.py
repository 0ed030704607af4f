"""What a run tells of the trust in its ranking: columns, tables and a raster that agree."""

import csv
import dataclasses
import json
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pyogrio
import pytest
import rasterio
from rio_cogeo import cog_validate

from siteselect.declared.study import Trust
from siteselect.present import columns, export, trust, write
from siteselect.present.drawn import figures
from siteselect.study.result import Result
from siteselect.study.robustness import Robustness
from siteselect.world.places import Sites
from tests.toy import toy_result

TRUST = Trust(draws=400, list_length=5, level=0.8)
ADDED = list(trust.APPENDED)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as handle:
        return list(csv.DictReader(handle))


@pytest.fixture(scope="module")
def run() -> Result:
    return toy_result(30, trust=TRUST)


@pytest.fixture(scope="module")
def found(run: Result) -> Robustness:
    assert run.robustness is not None
    return run.robustness


@pytest.fixture(scope="module")
def folder(run: Result, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("run")
    export.write(run, out)
    return out


def test_the_files_are_there_if_it_was_asked_and_only_then(folder: Path, tmp_path: Path) -> None:
    assert {path.name for path in folder.iterdir()} == {*export.FILES, *export.TRUST_FILES}
    export.write(toy_result(6), tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == set(export.FILES)
    assert not set(ADDED) & set(rows(tmp_path / "ranking.csv")[0])


def test_the_ranking_appends_what_is_known_of_it(folder: Path, found: Robustness) -> None:
    table = rows(folder / "ranking.csv")
    assert list(table[0])[-3:] == ADDED
    at = {name: i for i, name in enumerate(found.ranks.place_ids)}
    for row in table:
        i = at[row["id"]]
        if row["rank"]:
            assert float(row["prob_top_k"]) == found.ranks.prob_top_k[i]
            assert int(row["rank_low"]) == found.ranks.rank_low[i] <= int(row["rank_high"])
        else:
            assert [row[name] for name in ADDED] == ["", "", ""]
    listed = sum(float(row["prob_top_k"] or 0) for row in table)
    assert listed == pytest.approx(TRUST.list_length)


def test_every_format_tells_the_same(folder: Path) -> None:
    truth = {row["id"]: row["prob_top_k"] for row in rows(folder / "ranking.csv")}
    with zipfile.ZipFile(folder / "sites_shapefile.zip") as archive:
        archive.extractall(folder.parent / "bundle")
    sources = (
        (folder / "sites.gpkg", "id", ADDED),
        (folder / "sites.geojson", "id", ADDED),
        (folder.parent / "bundle" / "sites.shp", "SITE_ID", [n.upper() for n in ADDED]),
    )
    for path, key, (chance, low, high) in sources:
        frame = pyogrio.read_dataframe(path, layer="sites")
        for site, p, least, most in zip(
            *(frame[name] for name in (key, chance, low, high)), strict=True
        ):
            assert (truth[site] == "") == (p is None or np.isnan(p)), path.name
            assert truth[site] == "" or float(truth[site]) == pytest.approx(p)
            assert truth[site] == "" or 1 <= least <= most


def test_fields_say_what_was_drawn_how_often_and_how_wide(run: Result, folder: Path) -> None:
    told = {(row["table"], row["name"]): row for row in rows(folder / "fields.csv")}
    for name in ("robustness.csv", "drivers.csv", "flips.csv", "levers.csv"):
        heads = set(rows(folder / name)[0])
        assert heads == {column for table, column in told if table == name}
        assert all(told[name, head]["en"] and told[name, head]["fa"] for head in heads)
    assert ("robustness.tif", "score_sd") in told
    chance, low = (told["robustness.csv", name] for name in ADDED[:2])
    assert "first 5" in chance["en"]
    assert "400 draws of weights, method, data, position together" in chance["source"]
    assert "80%" in low["en"]
    assert "۸۰٪" in low["fa"]
    told_fa = [row["fa"] for (table, _), row in told.items() if table in trust.tables(run)]
    assert not any(digit in text for text in told_fa for digit in "0123456789")


def test_robustness_has_a_row_for_each_ranked_site_in_rank_order(
    run: Result, folder: Path, found: Robustness
) -> None:
    table = rows(folder / "robustness.csv")
    assert [int(row["rank"]) for row in table] == list(range(1, (run.scores.rank > 0).sum() + 1))
    assert list(table[0]) == [
        "id", "rank", *ADDED, "expected_rank", "confidence",
        *(f"w_{name}" for name in run.scores.criteria_ids),
    ]  # fmt: skip
    at = {name: i for i, name in enumerate(found.ranks.place_ids)}
    for row in table:
        i = at[row["id"]]
        weights = [row[f"w_{name}"] for name in run.scores.criteria_ids]
        if float(row["prob_top_k"]) == 0:
            assert weights == [""] * len(weights)
        else:
            assert sum(map(float, weights)) == pytest.approx(1)
        assert float(row["expected_rank"]) == pytest.approx(found.ranks.expected_rank[i])
        assert float(row["confidence"]) == found.confidence[i]


def test_drivers_levers_and_flips_are_those_of_the_result(
    run: Result, folder: Path, found: Robustness
) -> None:
    drivers = rows(folder / "drivers.csv")
    assert [row["source"] for row in drivers] == ["weights", "method", "data", "position"]
    assert [float(row["total_list"]) for row in drivers] == pytest.approx(
        found.drivers.listed.total
    )
    levers = rows(folder / "levers.csv")
    places = [[int(row["places_half"]), int(row["places_one_and_half"])] for row in levers]
    assert places == found.levers.tolist()
    *pairs, edge = rows(folder / "flips.csv")
    assert [int(row["rank"]) for row in pairs] == list(range(1, len(pairs) + 1))
    ids = list(run.scores.place_ids)
    for row in pairs:
        ranks = [run.scores.rank[ids.index(row[name])] for name in ("better", "worse")]
        assert ranks[1] - ranks[0] == 1
    assert {row["part"] for row in pairs} == {"pair"}
    assert edge["part"] == "edge"
    inside, outside = (run.scores.rank[ids.index(edge[name])] for name in ("better", "worse"))
    assert inside <= TRUST.list_length < outside


def test_the_raster_is_whole_and_cloud_optimised(run: Result, folder: Path) -> None:
    path = folder / "robustness.tif"
    assert cog_validate(path, quiet=True) == (True, [], [])
    with rasterio.open(path) as raster, rasterio.open(folder / "suitability.tif") as score:
        (band,) = raster.read()
        assert (raster.descriptions, raster.units) == (("score_sd",), ("score",))
        assert (raster.transform, raster.crs) == (score.transform, score.crs)
    assert np.array_equal(band, run.surface.spread, equal_nan=True)
    assert np.isnan(band[~run.surface.grid.inside]).all()


def test_two_writes_give_the_same_bytes(run: Result, folder: Path, tmp_path: Path) -> None:
    export.write(run, tmp_path)
    for name in (*export.FILES, *export.TRUST_FILES):
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes(), name


def test_an_earlier_probability_never_passes_for_a_fresh_one(run: Result) -> None:
    stale = dict.fromkeys(ADDED, 0.123)
    truth = columns.ranking(run)
    again = dataclasses.replace(run, pool=Sites(run.pool.frame.assign(**stale), run.pool.places))
    pd.testing.assert_frame_equal(columns.ranking(again).frame, truth.frame)
    unasked = dataclasses.replace(again, robustness=None)
    assert not set(ADDED) & set(columns.ranking(unasked).frame)


def test_an_order_that_no_weights_turn_is_infinitely_far(run: Result, found: Robustness) -> None:
    far = np.full(len(found.flips.points), np.inf)
    flips = dataclasses.replace(found.flips, points=far, distance=far, edge=None, edge_flip=None)
    held = dataclasses.replace(run, robustness=dataclasses.replace(found, flips=flips))
    table = trust.tables(held)["flips.csv"]
    assert np.isinf(table.frame["points"]).all()
    assert set(table.frame["part"]) == {"pair"}


def test_the_manifest_hashes_all_of_it_and_keeps_what_was_missing(
    run: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert write.write(run, tmp_path / "whole") == ()
    outputs = json.loads((tmp_path / "whole" / "manifest.json").read_text("utf-8"))["outputs"]
    assert {*export.TRUST_FILES, "figure_ranks_fa.svg"} <= set(outputs)
    monkeypatch.setattr(figures, "write", lambda *_: ("no figures",))
    assert write.write(run, tmp_path / "bare") == ("no figures",)
    manifest = json.loads((tmp_path / "bare" / "manifest.json").read_text("utf-8"))
    assert "no figures" in manifest["warnings"]
    assert run.manifest.get("warnings") is None
