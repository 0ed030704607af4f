"""Tables: cells on their way into a file."""

import csv
import io

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from siteselect.base.errors import DataError
from siteselect.present.tables import (
    Column,
    Table,
    csv_rows,
    csv_text,
    require_same,
    shown,
    shown_column,
    text,
    tidy,
    twelve,
)

WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))


@given(st.lists(st.tuples(WORDS, st.floats()), max_size=20))
def test_a_csv_gives_back_every_cell_and_no_formula(cells: list[tuple[str, float]]) -> None:
    columns = (Column("word", "Word", "واژه"), Column("number", "Number", "شمار"))
    frame = pd.DataFrame(
        {
            "word": pd.Series([text(word) for word, _ in cells], dtype=object),
            "number": pd.Series([number for _, number in cells], dtype=np.float64),
        }
    )
    content = csv_text(Table(columns, frame))
    lines = list(csv.reader(io.StringIO(content.removeprefix("\ufeff"), newline="")))
    assert lines[0] == ["word", "number"]
    assert len(lines) == len(cells) + 1
    for (word, number), (shown_word, shown_number) in zip(cells, lines[1:], strict=True):
        assert not shown_word.startswith(("=", "+", "-", "@", "\t", "\n"))
        assert shown_word in (text(word), "'" + text(word))
        if np.isnan(number):
            assert shown_number == ""
        else:
            assert float(shown_number) == pytest.approx(number, rel=1e-11)


@given(st.lists(WORDS, max_size=9))
def test_a_csv_of_one_column_keeps_its_empty_rows(words: list[str]) -> None:
    cells = [text(word) for word in words]
    frame = pd.DataFrame({"word": pd.Series(cells, dtype=object)})
    content = "".join(csv_rows(frame))
    lines = list(csv.reader(io.StringIO(content, newline="")))
    assert lines == [[shown(cell)] for cell in cells]
    writer = csv.writer(buffer := io.StringIO(newline=""), lineterminator="\n")
    writer.writerows([shown(cell), "x"] for cell in cells)
    assert "".join(csv_rows(frame.assign(more="x"))) == buffer.getvalue()


def test_a_negative_number_stays_a_number() -> None:
    assert shown(-2.5) == "-2.5"


@pytest.mark.parametrize(
    ("given_cells", "kind", "cells"),
    [
        ([1, 2], "Int64", [1, 2]),
        ([True, False], "object", ["True", "False"]),
        (["a", None], "object", ["a", ""]),
        ([1 / 3], "float64", [0.333333333333]),
        (pd.to_datetime(["2026-01-02"]), "object", ["2026-01-02 00:00:00"]),
    ],
)
def test_columns_of_any_kind_become_text_or_numbers(
    given_cells: list[object], kind: str, cells: list[object]
) -> None:
    series = tidy(pd.Series(given_cells))
    assert str(series.dtype) == kind
    assert series.tolist() == cells


@pytest.mark.parametrize(
    ("back", "message"),
    [
        ({"id": ["a"], "n": [1.0]}, "holds 1 rows, 2 were written"),
        ({"id": ["a", "b"]}, "lost the columns n"),
        ({"id": ["a", "b"], "n": [1.0, np.nan]}, "b: n: reads back as '', not '2'"),
        ({"id": ["a", "c"], "n": [1.0, 2.0]}, "b: id: reads back as 'c', not 'b'"),
    ],
)
def test_a_difference_is_named_by_row_and_field(
    back: dict[str, list[object]], message: str
) -> None:
    written = pd.DataFrame({"id": ["a", "b"], "n": [1.0, 2.0]})
    with pytest.raises(DataError, match=f"^file: {message}$"):
        require_same(written, pd.DataFrame(back), file="file", key="id")


def test_digits_that_the_poorest_format_drops_are_no_difference() -> None:
    written = pd.DataFrame({"id": ["a"], "n": [4.65148452243e-05]})
    require_same(written, written.assign(n=4.6514845224e-05), file="f", key="id")
    with pytest.raises(DataError):
        require_same(written, written.assign(n=4.65148e-05), file="f", key="id")


def test_missing_text_and_empty_text_are_the_same() -> None:
    written = pd.DataFrame({"id": ["a"], "note": [""]})
    require_same(written, pd.DataFrame({"id": ["a"], "note": [None]}), file="f", key="id")


@given(
    st.lists(
        st.floats()
        | st.decimals(-1, 1, places=13).map(float)
        | st.integers(-(10**13), 10**13).map(lambda whole: whole / 10**12)
        | st.integers(-330, 308).flatmap(
            lambda power: st.sampled_from([float(f"1e{power}"), float(f"9.9999999999995e{power}")])
        )
    )
)
def test_twelve_digits_are_those_that_are_written(numbers: list[float]) -> None:
    written = np.array([float(f"{number:.12g}") for number in numbers], dtype=np.float64)
    np.testing.assert_array_equal(twelve(numbers), written)


@given(st.lists(st.floats() | st.sampled_from([0.0, -0.0, 0.25, 1e20])))
def test_a_column_is_written_as_each_of_its_cells(numbers: list[float]) -> None:
    column = pd.Series(numbers, dtype=np.float64)
    assert shown_column(column) == [shown(cell) for cell in numbers]
    assert "-0" not in shown_column(column)
