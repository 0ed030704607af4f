"""The shapefile bundle keeps to the format's bounds and loses nothing without saying so."""

import csv
import dataclasses
import io
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pyogrio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from siteselect.base.errors import DataError
from siteselect.present import columns, shapefile
from siteselect.study.result import Result
from siteselect.world.places import Sites
from tests.toy import toy_result


def with_columns(run: Result, **given_columns: object) -> Result:
    """The run with other columns in its pool."""
    return dataclasses.replace(
        run, pool=Sites(run.pool.frame.assign(**given_columns), run.pool.places)
    )


def bundle(run: Result, folder: Path) -> dict[str, bytes]:
    """The entries of the bundle, unpacked into the folder."""
    shapefile.write(run, columns.ranking(run), folder / "sites_shapefile.zip")
    with zipfile.ZipFile(folder / "sites_shapefile.zip") as archive:
        archive.extractall(folder)
        assert archive.namelist() == sorted(archive.namelist())
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        return {name: archive.read(name) for name in archive.namelist()}


def test_the_bundle_holds_what_the_contract_lists(tmp_path: Path) -> None:
    entries = bundle(toy_result(5), tmp_path)
    parts = {f"sites.{end}" for end in ("shp", "shx", "dbf", "prj", "cpg", "qml", "sld")}
    assert set(entries) == parts | {"fields.csv", "README_fa.txt"}
    assert entries["sites.cpg"] == b"UTF-8"
    assert b"WGS_1984" in entries["sites.prj"]


def test_the_day_of_writing_is_not_in_the_table(tmp_path: Path) -> None:
    assert bundle(toy_result(1), tmp_path)["sites.dbf"][1:4] == bytes((100, 1, 1))


def test_names_are_short_unique_and_explained(tmp_path: Path) -> None:
    entries = bundle(toy_result(5), tmp_path)
    held = list(pyogrio.read_info(tmp_path / "sites.shp")["fields"])
    assert all(len(name) <= 10 and name.isascii() and name.isupper() for name in held)
    assert len(set(held)) == len(held)
    listed = list(csv.DictReader(io.StringIO(entries["fields.csv"].decode("utf-8-sig"))))
    assert [row["short_name"] for row in listed] == held
    full = {row["short_name"]: row["full_name"] for row in listed}
    assert (full["SCORE_HIGH"], full["C01"], full["P03"]) == (
        "score_high", "c_ports", "p_protected",
    )  # fmt: skip
    assert all(row["fa"] for row in listed)
    assert next(row["unit"] for row in listed if row["short_name"] == "P01") == "km"


def test_a_hundred_criteria_still_have_names_of_their_own() -> None:
    sites = columns.ranking(toy_result(2))
    ids = tuple(f"x{i}" for i in range(101))
    twins = [columns.Column(f"{mark}_{name}", name, name) for mark in "cp" for name in ids]
    readings = pd.DataFrame(0.5, index=sites.frame.index, columns=[twin.name for twin in twins])
    frame = pd.concat([sites.frame, readings], axis=1)
    wide = type(sites)((*sites.columns, *twins), frame)
    table, _ = shapefile.short_table(wide, ids)
    names = [column.name for column in table.columns]
    assert len(set(names)) == len(names)
    assert {"C001", "C101", "P101"} <= set(names)


@given(st.text())
def test_a_cut_name_fits_and_is_the_beginning_of_the_name(name: str) -> None:
    short = shapefile.cut(name)
    assert len(short.encode()) <= shapefile.LIMIT_BYTES
    assert short == name or name.startswith(short.removesuffix("…"))


@given(st.lists(st.from_regex(r"[a-z_]{1,60}", fullmatch=True), max_size=40))
def test_a_cut_list_of_rules_tells_how_many_are_left_out(rules: list[str]) -> None:
    short = shapefile.cut_list("; ".join(rules))
    assert len(short.encode()) <= shapefile.LIMIT_BYTES
    kept = short.split("; ") if short else []
    if kept and kept[-1].startswith("+"):
        assert kept[:-1] == rules[: len(kept) - 1]
        assert int(kept[-1]) == len(rules) - len(kept) + 1
    else:
        assert kept == rules


def test_a_long_name_is_cut_and_the_readme_says_whose(tmp_path: Path) -> None:
    run = with_columns(toy_result(3), name_fa=["کوتاه", "ن" * 200, "پارس"])
    readme = bundle(run, tmp_path)["README_fa.txt"].decode()
    back = pyogrio.read_dataframe(tmp_path / "sites.shp").set_index("SITE_ID")["NAME_FA"]
    assert back["T-01"] == "ن" * 125 + "…"
    assert back["T-00"] == "کوتاه"
    assert "کوتاه شده است: T-01\n" in readme


def test_another_text_that_is_too_long_is_refused_with_its_site_and_field(tmp_path: Path) -> None:
    run = with_columns(toy_result(2), kind=["estate", "ش" * 128])
    with pytest.raises(DataError, match="T-01: KIND: 256 bytes do not fit a shapefile"):
        bundle(run, tmp_path)


def test_arabic_letters_become_persian(tmp_path: Path) -> None:
    bundle(with_columns(toy_result(2), name_fa=["كنگان", "عسلويه"]), tmp_path)
    names = set(pyogrio.read_dataframe(tmp_path / "sites.shp")["NAME_FA"])
    assert names == {"کنگان", "عسلویه"}


def test_readings_of_any_size_come_back_to_twelve_digits(tmp_path: Path) -> None:
    run = toy_result(8)
    readings = np.array([1e-9, 1 / 3, 818_123.456789, 123_456_789.125, -1e15, 0.0, np.nan, 4e7 / 3])
    values = run.table.values.copy()
    values[:, 0] = readings
    run = dataclasses.replace(run, table=dataclasses.replace(run.table, values=values))
    bundle(run, tmp_path)
    back = pyogrio.read_dataframe(tmp_path / "sites.shp").set_index("SITE_ID")["P01"]
    found = back.reindex([f"T-0{i}" for i in range(8)]).to_numpy()
    np.testing.assert_allclose(found, readings, rtol=1e-11)


def test_counts_of_rules_stand_beside_their_lists(tmp_path: Path) -> None:
    bundle(toy_result(40), tmp_path)
    back = pyogrio.read_dataframe(tmp_path / "sites.shp")
    assert (back["OPEN_N"] == 1).all()
    assert ((back["EXCL_N"] == 1) == (back["VERDICT"] == "excluded")).all()
    assert ((back["UNDET_N"] == 1) == (back["VERDICT"] == "undetermined")).all()
    assert set(back["EXCL_N"]) == {0, 1}


def test_the_readme_is_honest_in_persian(tmp_path: Path) -> None:
    readme = bundle(toy_result(12), tmp_path)["README_fa.txt"].decode()
    for word in ("منسوخ", "پارک ملی", "ضوابط ۱۳۹۰", "از حافظه", "EPSG:4326", "۱۲ پهنهٔ نامزد",
                 "CC BY 4.0", "the toy world is invented"):  # fmt: skip
        assert word in readme
