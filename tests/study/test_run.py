"""The composer on the real data: nothing moves what it should not move."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely

from siteselect.base.errors import DataError, DeclarationError
from siteselect.decide.score import ELIGIBLE, EXCLUDED, UNDETERMINED, score
from siteselect.measure.measure import prepare, read
from siteselect.study import run
from siteselect.study.question import Own, ask
from siteselect.study.run import decide, inputs_of, verdict_shares
from siteselect.world.catalog import WGS84
from tests.real import COARSE_M, question, result

THREE = ("IR-06", "IR-18", "IR-22")
COMPARED = ["score", "score_low", "score_high", "known", "verdict"]


@pytest.mark.parametrize("programme", [None, "open"])
def test_a_source_is_left_out_only_where_somebody_draws_on_it(
    programme: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "surface_of", lambda *_, **__: pytest.fail("the work has begun"))
    asked = question()
    assert asked.programme is not None
    none = asked.programme.model_copy(update={"park_types": {}}) if programme else None
    plain = replace(asked, programme=none, types=())
    for one in (plain, asked):
        with pytest.raises(DataError, match="no source of feedstock is named ZZZ"):
            decide(replace(one, without=("GR-SP", "ZZZ")))
    before = plain.catalog.used
    with pytest.raises(DeclarationError, match="without: changes nothing here: without park types"):
        decide(replace(plain, without=("GR-SP",)))
    assert plain.catalog.used == before


def test_leaving_a_province_out_changes_no_other_site() -> None:
    everywhere = result().sites.set_index("id")
    fewer = result(THREE).sites.set_index("id")
    kept = everywhere[everywhere["province"] != "IR-11"]
    assert sorted(kept.index) == sorted(fewer.index)
    for column in COMPARED:
        change = (kept[column] - fewer.loc[kept.index, column]).abs().max()
        assert change <= 1e-12, column


def test_leaving_a_province_out_changes_no_other_cell() -> None:
    whole, part = result().surface, result(THREE).surface
    grid, other = whole.grid, part.grid
    row, column = np.nonzero(other.inside)
    north = round((grid.north - other.north) / grid.cell_m)
    west = round((other.west - grid.west) / grid.cell_m)
    for name in ("score", "known", "verdict"):
        np.testing.assert_array_equal(
            getattr(whole, name)[row + north, column + west], getattr(part, name)[row, column]
        )


def test_the_lattice_says_what_the_law_says_there() -> None:
    lattice, asked = result().lattice, question()
    assert lattice is not None
    ready = prepare(asked.criteria, asked.catalog, asked.crs).without_inquiries()
    law = score(read(ready, lattice.grid.places()), asked.criteria, bounds=False)
    np.testing.assert_array_equal(lattice.cells, lattice.grid.cell_ids())
    for name in ("values", "verdict", "answers"):
        np.testing.assert_array_equal(getattr(lattice, name), getattr(law, name))


def test_twenty_own_sites_change_no_other_site(tmp_path: Path) -> None:
    rng = np.random.default_rng(7)
    cells = result().surface.grid.places()
    chosen = rng.choice(len(cells), 20, replace=False)
    from siteselect.world.catalog import lonlat

    lon, lat = lonlat(cells.easting[chosen], cells.northing[chosen], cells.crs)
    table = pd.DataFrame({"id": [f"MY-{i}" for i in range(20)], "lon": lon, "lat": lat})
    table.to_csv(tmp_path / "mine.csv", index=False)
    asked = ask(own=Own(tmp_path / "mine.csv"), changes={"cell_m": COARSE_M, "trust": None})
    with_own = decide(asked).sites.set_index("id")
    before = result().sites.set_index("id")
    assert len(with_own) == len(before) + 20
    for column in COMPARED:
        assert (before[column] - with_own.loc[before.index, column]).abs().max() <= 1e-12
    # A site that is one cell's centre reads as that cell.
    surface = result().surface
    for name, cell in zip(table["id"], cells.ids[chosen], strict=True):
        row, column = divmod(int(cell), surface.grid.shape[1])
        assert with_own.loc[name, "score"] == pytest.approx(surface.score[row, column], abs=1e-6)


def test_not_everything_is_undetermined_and_every_exclusion_has_a_rule() -> None:
    found = result()
    for shares in verdict_shares(found).values():
        assert sum(shares.values()) == pytest.approx(1.0)
    area = verdict_shares(found)["area"]
    assert area["eligible"] > 0.4
    assert 0 < area["excluded"] < 0.3
    screens = np.array([c.role == "screen" for c in found.criteria.constraints])
    out = found.scores.verdict == EXCLUDED
    assert (found.scores.answers[screens][:, out] == EXCLUDED).any(axis=0).all()
    assert (found.scores.rank[out] == 0).all()


def test_no_site_of_the_top_thirty_is_laughable() -> None:
    found = result()
    top = found.sites[found.sites["rank"].between(1, 30)]
    assert set(top["verdict"]) <= {ELIGIBLE, UNDETERMINED}
    provinces = question().catalog.features("provinces", WGS84)
    land = question().catalog.features("land", found.pool.frame.crs).union_all()
    points = shapely.points(*np.array([top.geometry.representative_point().x,
                                       top.geometry.representative_point().y]))  # fmt: skip
    at_sea_km = shapely.distance(points, land) / 1000
    assert (at_sea_km <= top["position_accuracy_km"] + 0.3).all()
    assert set(top["province"]) <= set(provinces["iso"])
    slope = found.table.values[:, found.table.column_ids.index("slope")]
    by_id = dict(zip(found.table.place_ids, slope, strict=True))
    assert max(by_id[name] for name in top["id"]) < 12


def test_new_regions_are_whole_apart_and_out_of_nominal_circles() -> None:
    found, rule = result(), question().study.greenfield
    assert rule is not None
    new = found.pool.frame[found.pool.frame["kind"] == "greenfield"]
    per_province = new.groupby("province").size()
    assert (per_province >= 10).all()
    assert (per_province <= rule.per_province).all()
    assert (new.geometry.geom_type == "Polygon").all()
    assert shapely.area(new.union_all()) == pytest.approx(new.geometry.area.sum())
    protected = question().catalog.features("protected", found.pool.frame.crs)
    radius = pd.to_numeric(protected["radius_km"]).fillna(0.0) * 1000
    discs = shapely.union_all(protected.geometry.buffer(radius).to_numpy())
    assert not new.geometry.representative_point().within(discs).any()


def test_islands_see_their_own_ports_only() -> None:
    found = result()
    frame, ports = found.pool.frame, found.table.column_ids.index("deep_port")
    island = found.pool.places.landmass[np.searchsorted(found.pool.places.owner,
                                                        np.arange(len(frame)))] > 0  # fmt: skip
    assert island.any()
    assert np.isinf(found.table.values[island, ports]).all()
    assert np.isfinite(found.table.values[~island, ports]).all()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"provinces": ["IR-60"]}, "no province IR-60"),
        ({"crs": "EPSG:4326"}, "not projected"),
        ({"cell_m": -5}, "greater than or equal to 20"),
    ],
)
def test_a_wrong_study_is_refused(changes: dict[str, object], words: str) -> None:
    with pytest.raises(DeclarationError, match=words):
        ask(changes=changes)


def test_a_missing_criteria_file_is_named() -> None:
    with pytest.raises(DeclarationError, match=r"did you mean 'petrochemical\.yaml'"):
        ask(changes={"criteria": "petrochemcal.yaml"})


def test_an_empty_pool_is_refused() -> None:
    with pytest.raises(DataError, match="no candidates"):
        decide(
            ask(changes={"existing": None, "greenfield": None, "cell_m": 20000.0, "trust": None})
        )


def test_inputs_are_named_before_the_run() -> None:
    names = inputs_of(question())
    assert {"ports.csv", "dem_globe_30s.tif", "rules.csv"} <= set(names)


@pytest.mark.slow
def test_two_runs_give_the_same_bytes_under_other_seeds_and_locales(tmp_path: Path) -> None:
    written = []
    kept = str(tmp_path / "cache")  # of its own, so that the second run works everything out too
    for seed, locale, cache in (("0", "C", "off"), ("1", "fa_IR.UTF-8", kept)):
        out = tmp_path / seed
        subprocess.run(
            [sys.executable, "-m", "siteselect", "run", "--cell", "8000", "--out", str(out)],
            check=True,
            capture_output=True,
            env={
                **os.environ,
                "PYTHONHASHSEED": seed,
                "LANG": locale,
                "LC_ALL": locale,
                "SITESELECT_CACHE": cache,
            },
        )
        written.append({path.name: path.read_bytes() for path in sorted(out.iterdir())})
    assert list(written[0]) == list(written[1])
    assert [name for name in written[0] if written[0][name] != written[1][name]] == []
