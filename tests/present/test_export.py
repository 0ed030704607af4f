"""What stands in the folder of a run: complete, whole, the same bytes, safe to open."""

import csv
import dataclasses
import io
import json
import random
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pyogrio
import pytest
import rasterio
from rio_cogeo import cog_validate

from siteselect.base.errors import DataError
from siteselect.decide.score import score
from siteselect.present import columns, export
from siteselect.present.tables import Column, Table
from siteselect.study.result import Result
from siteselect.world.places import Sites
from tests.toy import criteria_data, toy_result

# The order that the contract promises to scripts.
LEADING = [
    "rank",
    "id",
    "name_en",
    "name_fa",
    "kind",
    "province",
    "lon",
    "lat",
    "position_accuracy_km",
    "area_ha",
    "score",
    "score_low",
    "score_high",
    "known",
    "verdict",
    "excluded_by",
    "undetermined_by",
    "open_rules",
    "source_kind",
    "c_ports",
    "c_railways",
    "c_protected",
    "p_ports",
    "p_railways",
    "p_protected",
]
HOSTILE = [
    '=HYPERLINK("http://198.51.100.1","open")',
    "<script>alert(1)</script>",
    "{{7*7}}",
    "two\r\nlines",
    "ی" * 300,
    "-2+3",
    "@SUM(A1)",
    "_x0041_",
    "\x01control",
    "tab\there",
    'quote " comma , semicolon ;',
    "+1",
]


def rows(path: Path) -> list[dict[str, str]]:
    """A CSV as a spreadsheet reads it."""
    with path.open(encoding="utf-8-sig", newline="") as handle:
        return list(csv.DictReader(handle))


def workbook(folder: Path) -> openpyxl.Workbook:
    """The workbook of a run; from memory, since openpyxl leaves files open."""
    content = io.BytesIO((folder / "ranking.xlsx").read_bytes())
    with warnings.catch_warnings():
        # It does not know data bars that run from the right.
        warnings.filterwarnings("ignore", ".*extension is not supported", UserWarning)
        return openpyxl.load_workbook(content)


def extracted(folder: Path) -> Path:
    """The shapefile of a run, unpacked."""
    with zipfile.ZipFile(folder / "sites_shapefile.zip") as archive:
        archive.extractall(folder / "bundle")
    return folder / "bundle" / "sites.shp"


def kept(result: Result, keep: np.ndarray) -> Result:
    """The result as if only some sites had been in the pool."""
    frame, table = result.pool.frame[keep].reset_index(drop=True), result.table
    parts = {name: getattr(table, name)[keep] for name in ("place_ids", "values", "lower", "upper")}
    table = dataclasses.replace(table, **parts)
    scores = score(table, result.criteria, kinds=list(frame["kind"]))
    pool = Sites(frame, result.pool.places)
    return dataclasses.replace(result, pool=pool, table=table, scores=scores)


def reading(result: Result, change: Callable[[np.ndarray], None]) -> Result:
    """The result with other exact readings."""
    values = result.table.values.copy()
    change(values)
    table = dataclasses.replace(result.table, values=values, lower=values, upper=values)
    scores = score(table, result.criteria, kinds=list(result.pool.frame["kind"]))
    return dataclasses.replace(result, table=table, scores=scores)


@pytest.fixture(scope="module")
def run() -> Result:
    return toy_result(40)


@pytest.fixture(scope="module")
def folder(run: Result, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("run")
    export.write(run, out)
    return out


def test_every_file_of_the_contract_is_there_and_nothing_else(folder: Path) -> None:
    assert {path.name for path in folder.iterdir()} >= set(export.FILES)
    assert {path.name for path in folder.iterdir()} - {"bundle"} == set(export.FILES)


def test_the_ranking_opens_with_the_columns_of_the_contract(folder: Path) -> None:
    first = (folder / "ranking.csv").read_bytes()
    assert first.startswith(b"\xef\xbb\xbfrank,id,")
    assert list(rows(folder / "ranking.csv")[0])[: len(LEADING)] == LEADING


def test_ranked_sites_lead_then_too_little_data_then_excluded(folder: Path) -> None:
    table = rows(folder / "ranking.csv")
    ranks = [int(row["rank"]) for row in table if row["rank"]]
    assert ranks == list(range(1, len(ranks) + 1))
    groups = [0 if row["rank"] else 2 if row["verdict"] == "excluded" else 1 for row in table]
    assert groups == sorted(groups)
    assert set(groups) == {0, 1, 2}
    for row, group in zip(table, groups, strict=True):
        reason = row["unranked_reason"]
        assert (reason == "") == (group == 0)
        assert group != 1 or "min_known" in reason
        assert group != 2 or (reason == "excluded" and row["excluded_by"] == "national_park")


def test_contributions_sum_to_the_score(folder: Path) -> None:
    for row in rows(folder / "ranking.csv"):
        parts = [float(cell) for name, cell in row.items() if name.startswith("c_") and cell]
        assert sum(parts) == pytest.approx(float(row["score"]), abs=1e-9)


def test_numbers_are_those_of_the_law(run: Result, folder: Path) -> None:
    table = {row["id"]: row for row in rows(folder / "ranking.csv")}
    for i, site in enumerate(run.scores.place_ids):
        for j, name in enumerate(run.scores.criteria_ids):
            cell, truth = table[site][f"p_{name}"], run.table.values[i, j]
            assert (cell == "") == np.isnan(truth)
            assert cell == "" or float(cell) == pytest.approx(truth, rel=1e-11)
        assert float(table[site]["score"]) == pytest.approx(run.scores.score[i], rel=1e-11)


def test_an_inquiry_is_open_at_every_site_and_never_excludes(folder: Path) -> None:
    for row in rows(folder / "ranking.csv"):
        assert row["open_rules"] == "regulation_1390"
        assert "regulation_1390" not in row["excluded_by"] + row["undetermined_by"]


@pytest.mark.parametrize(("distance", "listed"), [(0.0, True), (5.0, False)], ids=["near", "clear"])
def test_an_inquiry_with_a_reading_is_open_unless_clear(
    tmp_path: Path, distance: float, *, listed: bool
) -> None:
    data = criteria_data()
    data["constraints"][0]["role"] = "inquiry"
    run = toy_result(4)
    criteria = type(run.criteria).model_validate_json(json.dumps(data))
    run = dataclasses.replace(run, criteria=criteria)
    run = reading(run, lambda values: values[:, 3].fill(distance))
    export.write_csv(columns.ranking(run), tmp_path / "ranking.csv")
    for row in rows(tmp_path / "ranking.csv"):
        assert ("national_park" in row["open_rules"].split("; ")) is listed
        assert row["excluded_by"] == row["undetermined_by"] == ""


def test_rules_by_part_with_the_open_ones_at_the_end(folder: Path) -> None:
    screen, last = rows(folder / "excluded_by.csv")
    assert (screen["part"], screen["constraint"]) == ("screen", "national_park")
    assert (screen["area_excluded_km2"], screen["area_undetermined_km2"]) == ("123", "456")
    assert screen["legal_basis"] == "Cabinet regulation of 1378"
    assert (screen["legal_status"], screen["legal_status_fa"]) == ("superseded", "منسوخ")
    assert (last["part"], last["constraint"], last["area_excluded_km2"]) == (
        "open", "regulation_1390", "",
    )  # fmt: skip


def test_fields_name_every_column_of_every_table_in_both_languages(folder: Path) -> None:
    fields = rows(folder / "fields.csv")
    assert all(row["en"] and row["fa"] and row["source"] for row in fields)
    held = {(row["table"].split(": ")[-1], row["name"]) for row in fields if ": " in row["table"]}
    for name in pyogrio.list_layers(folder / "sites.gpkg")[:, 0]:
        if name != "layer_styles":
            for column in pyogrio.read_info(folder / "sites.gpkg", layer=name)["fields"]:
                assert (name, column) in held
    named = {row["name"] for row in fields if row["table"].startswith("ranking.csv")}
    assert named == set(rows(folder / "ranking.csv")[0])
    named = {row["name"] for row in fields if row["table"] == "excluded_by.csv"}
    assert named == set(rows(folder / "excluded_by.csv")[0])


def test_two_writes_give_the_same_bytes(run: Result, folder: Path, tmp_path: Path) -> None:
    export.write(run, tmp_path)
    for name in export.FILES:
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes(), name


def test_hostile_names_are_text_everywhere(tmp_path: Path) -> None:
    export.write(toy_result(12, names=HOSTILE), tmp_path)
    names = {name.replace("\r\n", "\n") for name in HOSTILE}
    for row in rows(tmp_path / "ranking.csv"):
        assert row["name_en"][:1] not in tuple("=+-@\t\r\n")
    book = workbook(tmp_path)
    kinds = {cell.data_type for sheet in book for line in sheet.iter_rows() for cell in line}
    assert kinds <= {"s", "n"}
    with zipfile.ZipFile(tmp_path / "ranking.xlsx") as archive:
        sheets = [archive.read(name) for name in archive.namelist() if "worksheets/" in name]
    assert not any(b"<f>" in sheet or b"hyperlink" in sheet for sheet in sheets)
    features = json.loads((tmp_path / "sites.geojson").read_text("utf-8"))["features"]
    assert {feature["properties"]["name_en"] for feature in features} == names
    assert set(pyogrio.read_dataframe(tmp_path / "sites.gpkg", layer="sites")["name_en"]) == names


def test_no_persian_letter_is_lost_in_any_format(tmp_path: Path) -> None:
    letters = "ابپتثجچحخدذرزژسشصضطظعغفقکگلمنوهیآأئؤءٔ‌َُِّ ۰۱۲۳۴۵۶۷۸۹"
    rng = random.Random(13)
    names = ["پ" + "".join(rng.choices(letters, k=rng.randint(1, 60))) + "ی" for _ in range(200)]
    run = toy_result(200)
    frame = run.pool.frame.assign(name_fa=names)
    export.write(dataclasses.replace(run, pool=Sites(frame, run.pool.places)), tmp_path)
    truth = dict(zip(frame["id"], names, strict=True))

    found = {row["id"]: row["name_fa"] for row in rows(tmp_path / "ranking.csv")}
    assert found == truth
    for layer, key, name, path in (
        ("sites", "id", "name_fa", tmp_path / "sites.gpkg"),
        ("sites", "SITE_ID", "NAME_FA", extracted(tmp_path)),
        ("sites", "id", "name_fa", tmp_path / "sites.geojson"),
    ):
        frame = pyogrio.read_dataframe(path, layer=layer)
        assert dict(zip(frame[key], frame[name], strict=True)) == truth, path.name
    sheet = workbook(tmp_path).worksheets[0]
    cells = {line[1]: line[3] for line in sheet.iter_rows(values_only=True) if line[1] in truth}
    assert cells == truth


def test_the_workbook_reads_right_to_left_and_says_what_is_open(run: Result, folder: Path) -> None:
    book = workbook(folder)
    first, second = book.worksheets[:2]
    assert first.title == "رتبه‌بندی"
    assert first.sheet_view.rightToLeft
    assert not second.sheet_view.rightToLeft
    heading = "\n".join(str(first.cell(row, 1).value) for row in range(1, 5))
    assert "منسوخ" in heading
    assert "قاعده‌های باز" in heading
    assert "از حافظه" in heading
    top = next(cell.row for cell in second["A"] if str(cell.value).startswith("Rank"))
    assert second.freeze_panes == f"D{top + 1}"
    assert second.max_row == top + len(run.pool)
    bars = [rule.type for area in second.conditional_formatting for rule in area.rules]
    assert bars == ["dataBar"]
    scores = [second.cell(row, 11).value for row in range(top + 1, second.max_row + 1)]
    assert all(isinstance(cell, float) for cell in scores)
    weights = book.worksheets[2]
    column = [cell.value for cell in weights["F"] if isinstance(cell.value, float)]
    assert sum(column) == pytest.approx(1.0, abs=1e-9)


def test_geojson_keeps_rfc_7946(run: Result, folder: Path) -> None:
    data = json.loads((folder / "sites.geojson").read_text("utf-8"))
    assert data["type"] == "FeatureCollection"
    assert "crs" not in data
    assert len(data["features"]) == len(run.pool)
    for feature in data["features"]:
        lon, lat = feature["geometry"]["coordinates"]
        assert 50 < lon < 52
        assert 28 < lat < 29
        assert (feature["properties"]["lon"], feature["properties"]["lat"]) == (lon, lat)
    unknown = [row for row in rows(folder / "ranking.csv") if row["p_ports"] == ""]
    nulls = [f["id"] for f in data["features"] if f["properties"]["p_ports"] is None]
    assert nulls == [row["id"] for row in unknown]
    assert nulls


def test_the_geopackage_holds_layers_in_version_1_2_with_default_styles(folder: Path) -> None:
    path = folder / "sites.gpkg"
    kinds = dict(pyogrio.list_layers(path))
    assert kinds == {
        "sites": "Point", "site_areas": "MultiPolygon", "provinces": "MultiPolygon",
        "estates": "Point", "ports": "Point", "pipelines": "MultiLineString",
        "feedstock": "Point", "layer_styles": None,
    }  # fmt: skip
    assert path.read_bytes()[60:64] == (10200).to_bytes(4, "big")  # user_version of 1.2
    styles = pyogrio.read_dataframe(path, layer="layer_styles")
    assert set(styles["f_table_name"]) == set(kinds) - {"layer_styles"}
    assert (styles["useAsDefault"] == 1).all()
    areas = gpd.read_file(path, layer="site_areas")
    assert set(areas["kind"]) == {"greenfield"}
    assert areas.crs.to_epsg() == 4326


def test_the_surface_is_a_cloud_optimised_geotiff(run: Result, folder: Path) -> None:
    path = folder / "suitability.tif"
    valid, errors, warnings = cog_validate(path, quiet=True)
    assert (valid, errors, warnings) == (True, [], [])
    surface = run.surface
    with rasterio.open(path) as raster:
        bands, tags = raster.read(), raster.tags()
        assert raster.descriptions == ("score", "known", "verdict")
        assert raster.transform == surface.grid.transform
        assert raster.crs == rasterio.crs.CRS.from_wkt(surface.grid.crs.to_wkt())
        assert np.isnan(raster.nodata)
    inside = surface.grid.inside
    assert np.isnan(bands[:, ~inside]).all()
    assert (bands[0][inside] == surface.score[inside]).all()
    assert (bands[2][inside] == surface.verdict[inside]).all()
    assert tags["name"] == "toy"
    assert tags["version"] == "0.0.0"
    assert len(tags["criteria_sha256"]) == 64
    assert "+proj=aea" in tags["crs"]
    assert "Superseded" in tags["notes"]


def test_the_hash_of_the_criteria_follows_the_criteria(tmp_path: Path) -> None:
    def tag(run: Result) -> str:
        export.write_surface(run, tmp_path / "s.tif")
        with rasterio.open(tmp_path / "s.tif") as raster:
            return str(raster.tags()["criteria_sha256"])

    run = toy_result(1)
    data = criteria_data() | {"version": "2"}
    other = type(run.criteria).model_validate_json(json.dumps(data))
    assert tag(run) == tag(toy_result(2)) != tag(dataclasses.replace(run, criteria=other))


def test_out_of_reach_is_a_word_and_never_unknown(tmp_path: Path) -> None:
    run = reading(toy_result(6), lambda values: values[:, 0].fill(np.inf))
    export.write(run, tmp_path)
    assert {row["p_ports"] for row in rows(tmp_path / "ranking.csv")} == {"inf"}
    features = json.loads((tmp_path / "sites.geojson").read_text("utf-8"))["features"]
    assert {feature["properties"]["p_ports"] for feature in features} == {"inf"}
    assert np.isinf(pyogrio.read_dataframe(tmp_path / "sites.gpkg", layer="sites")["p_ports"]).all()
    assert set(pyogrio.read_dataframe(extracted(tmp_path))["P01"]) == {999_999_999.0}


@pytest.mark.parametrize("case", ["no greenfield", "no site", "all excluded", "empty layers"])
def test_poor_pools_are_written_whole(tmp_path: Path, case: str) -> None:
    run = toy_result(8)
    kinds = run.pool.frame["kind"].to_numpy()
    if case == "no greenfield":
        run = kept(run, kinds != "greenfield")
    elif case == "no site":
        run = kept(run, np.zeros(8, dtype=bool))
    elif case == "all excluded":
        run = reading(run, lambda values: values[:, 3].fill(0.0))
    else:
        empty = {name: run.context[name].iloc[:0] for name in ("ports", "pipelines", "provinces")}
        run = dataclasses.replace(run, context={**run.context, **empty})
    export.write(run, tmp_path)
    table = rows(tmp_path / "ranking.csv")
    assert len(table) == len(run.pool)
    layers = dict(pyogrio.list_layers(tmp_path / "sites.gpkg"))
    assert layers["site_areas"] == "MultiPolygon"
    assert len(pyogrio.read_dataframe(extracted(tmp_path))) == len(run.pool)
    if case == "all excluded":
        assert {row["rank"] for row in table} == {""}
        assert {row["verdict"] for row in table} == {"excluded"}


def test_columns_of_the_user_are_carried_along_under_free_names(tmp_path: Path) -> None:
    run = toy_result(4)
    own = {"Rank": [9.5, 1e-7, 123456789.125, -1e15], "p_value": ["a", None, "=b", "c"],
           "fid": [7, 8, 9, 10], "public": [True, False, True, True], "=x": ["1"] * 4,
           "": ["0", "1", "2", "3"]}  # fmt: skip
    run = dataclasses.replace(run, pool=Sites(run.pool.frame.assign(**own), run.pool.places))
    export.write(run, tmp_path)
    back = {row["id"]: row for row in rows(tmp_path / "ranking.csv")}
    assert [float(back[f"T-0{i}"]["own_Rank"]) for i in range(4)] == own["Rank"]
    assert [back[f"T-0{i}"]["own_fid"] for i in range(4)] == ["7", "8", "9", "10"]
    assert [back[f"T-0{i}"]["p_value"] for i in range(4)] == ["a", "", "'=b", "c"]
    assert "'=x" in back["T-00"]
    assert [back[f"T-0{i}"]["unnamed"] for i in range(4)] == ["0", "1", "2", "3"]
    frame = pyogrio.read_dataframe(tmp_path / "sites.gpkg", layer="sites").set_index("id")
    assert frame["own_Rank"].reindex([f"T-0{i}" for i in range(4)]).tolist() == own["Rank"]
    assert "P04" not in pyogrio.read_dataframe(extracted(tmp_path))


def test_a_ranking_fed_back_in_gets_the_new_results() -> None:
    run = toy_result(4)
    truth = columns.ranking(run)
    stale = {"rank": 99, "c_ports": 0.5, "excluded_by": "stale", "province_fa": "stale"}
    again = dataclasses.replace(run, pool=Sites(run.pool.frame.assign(**stale), run.pool.places))
    pd.testing.assert_frame_equal(columns.ranking(again).frame, truth.frame)


def test_a_province_out_of_the_layer_is_empty_not_invented(tmp_path: Path) -> None:
    run = toy_result(3)
    frame = run.pool.frame.assign(province=["IR-18", "IR-99", "IR-22"])
    run = dataclasses.replace(run, pool=Sites(frame, run.pool.places))
    export.write_csv(columns.ranking(run), tmp_path / "ranking.csv")
    found = {row["id"]: row for row in rows(tmp_path / "ranking.csv")}
    assert [found[f"T-0{i}"]["province"] for i in range(3)] == ["Bushehr", "", "Hormozgan"]
    assert [found[f"T-0{i}"]["province_fa"] for i in range(3)] == ["بوشهر", "", "هرمزگان"]
    assert found["T-01"]["province_iso"] == "IR-99"


def test_a_text_that_no_cell_holds_is_refused_with_its_place(tmp_path: Path) -> None:
    run = toy_result(3)
    frame = run.pool.frame.assign(note=["", "x" * 40_000, ""])
    run = dataclasses.replace(run, pool=Sites(frame, run.pool.places))
    with pytest.raises(DataError, match=r"ranking\.xlsx: sheet رتبه‌بندی, row \d+: column \d+"):
        export.write(run, tmp_path)


def test_a_damaged_file_is_not_passed_on(
    run: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = pyogrio.read_dataframe

    def lossy(path: Path, **options: object) -> pd.DataFrame:
        frame = real(path, **options)
        if "name_fa" in frame:
            frame["name_fa"] = frame["name_fa"].str.replace("ه", "", regex=False)
        return frame

    monkeypatch.setattr(pyogrio, "read_dataframe", lossy)
    with pytest.raises(DataError, match=r"sites\.gpkg: sites: T-\d\d: name_fa: reads back as"):
        export.write(run, tmp_path)


def test_a_csv_that_reads_back_otherwise_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "write_text", lambda path, text: path.write_text(text[:-4]))
    table = Table((Column("a", "A", "الف"),), pd.DataFrame({"a": ["first", "second"]}))
    with pytest.raises(DataError, match=r"table\.csv: does not read back"):
        export.write_csv(table, tmp_path / "table.csv")
