"""A share of the spoilt files of ``make fuzz``, and bytes that hypothesis looks for."""

import contextlib
import random
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from siteselect.base.errors import SiteselectError
from siteselect.study import gate
from siteselect.world.markup import read_geojson
from siteselect.world.tables import read_table
from tests.fuzz import mutate


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::RuntimeWarning")
def test_spoilt_files_are_answered(tmp_path: Path) -> None:
    found = mutate.fuzz(tmp_path, 360)
    assert found["refused"] > 150
    assert found["accepted"] + found["warned"] > 20
    assert found["accepted"] + found["warned"] + found["refused"] == 360


def test_a_mutation_is_fixed_by_its_number() -> None:
    spoils = [mutate.spoilt(b"abc" * 50, random.Random(7), [b"xyz"]) for _ in range(2)]
    assert spoils[0] == spoils[1] != b"abc" * 50


@settings(max_examples=200)
@given(text=st.text(max_size=200), delimiter=st.sampled_from(",;\t"))
@example(text='"', delimiter=",")
@example(text="\ufeff\ufeffid", delimiter=",")
def test_any_text_is_a_table_or_refused(
    tmp_path_factory: pytest.TempPathFactory, text: str, delimiter: str
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(f"id{delimiter}lon\n{text}\n".encode("utf-8", "surrogatepass"))
    with contextlib.suppress(SiteselectError):
        table = read_table(path)
        assert all(len(row) == len(table.columns) for row in table.rows)


@settings(max_examples=200)
@given(data=st.binary(max_size=200))
def test_any_bytes_are_geojson_or_refused(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.geojson"
    path.write_bytes(b'{"type": "FeatureCollection", "features": [' + data + b"]}")
    with contextlib.suppress(SiteselectError):
        read_geojson(path, warnings=[])


@settings(max_examples=100)
@given(name=st.text(max_size=60))
@example(name="/vsistdin/")
@example(name="\x00")
def test_any_name_of_a_file_is_answered(name: str) -> None:
    with contextlib.suppress(SiteselectError):
        gate.look(Path(name))
