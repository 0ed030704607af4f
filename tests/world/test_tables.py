"""Tables: nothing guessed, nothing lost, every fault with its row and column."""

import datetime
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siteselect.base.errors import DataError, Fault
from siteselect.base.text import persian_digits
from siteselect.declared.sources import Column
from siteselect.world.admit import Limits, row_list
from siteselect.world.tables import Table, read_table, typed
from tests.world.faulty import workbook

NUMBER = Column(type="number")


def table_of(*cells: str, name: str = "area_ha") -> Table:
    return Table(
        "t.csv", (name,), tuple((cell,) for cell in cells), tuple(range(2, len(cells) + 2))
    )


def read_bytes(folder: Path, data: bytes, name: str = "t.csv", **more: object) -> Table:
    path = folder / name
    path.write_bytes(data)
    return read_table(path, **more)  # type: ignore[arg-type]


def test_rows_keep_the_numbers_that_a_spreadsheet_shows(tmp_path: Path) -> None:
    table = read_bytes(tmp_path, b'id,name\nS1,"two\nlines, ""quoted"""\n\nS2,B\n')
    assert table.rows == (("S1", 'two\nlines, "quoted"'), ("S2", "B"))
    assert table.numbers == (2, 4)


def test_a_byte_order_mark_is_no_part_of_the_first_heading(tmp_path: Path) -> None:
    text = "\ufeffid,n\n1,2\n"
    assert read_bytes(tmp_path, text.encode()).columns == ("id", "n")
    for encoding in ("utf-16-le", "utf-16-be", "utf-32-le"):
        table = read_bytes(tmp_path, text.encode(encoding), encoding=encoding)
        assert (table.columns, table.notes) == (("id", "n"), ())


def test_a_heading_with_marks_that_nobody_sees_is_told(tmp_path: Path) -> None:
    table = read_bytes(tmp_path, "id,area_ha\u200f,نیم\u200cروز\n1,2,3\n".encode())
    assert [note.field for note in table.notes] == [r"'area_ha\u200f'"]
    assert "marks that are not seen" in str(table.notes[0])


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", ("empty",)),
        (b"\n\n", ("empty",)),
        (b"id,name\n", ("no rows",)),
        (b"id,name\nS1,a,b\nS2\n", ("row 2: has 3 fields, 2 expected", "row 3: has 1 fields")),
        (b"id,Id\n1,2\n", ("'id'", "'Id'", "stands twice")),
        (b"id,,name\n1,2,3\n", ("column 2 without a heading",)),
        (b'id,name\nS1,"never closed\n', ("row 2", "never closed")),
        (b"id,name\nS1,a\x00b\n", ("NUL",)),
        ("id,name\nS1,عسل\n".encode("cp1256"), ("not UTF-8", "byte 11", "--encoding cp1256")),
        ("id,name\nS1,a\n".encode("utf-16"), ("UTF-16",)),
        (b"PK\x03\x04zip", ("is a spreadsheet",)),
    ],
)  # fmt: skip
def test_a_table_that_is_wrong_is_refused_in_words(
    tmp_path: Path, data: bytes, words: tuple[str, ...]
) -> None:
    with pytest.raises(DataError) as caught:
        read_bytes(tmp_path, data)
    for word in words:
        assert word in str(caught.value)


def test_an_encoding_that_is_given_is_used(tmp_path: Path) -> None:
    data = "id,name\nS1,عسلويه\n".encode("cp1256")
    assert read_bytes(tmp_path, data, encoding="cp1256").rows[0][1] == "عسلويه"
    with pytest.raises(DataError, match="is no encoding"):
        read_bytes(tmp_path, data, encoding="cp9999")


@pytest.mark.parametrize(("mark", "word"), [(";", "semicolons"), ("\t", "tabs")])
def test_other_separators_are_read_and_told(tmp_path: Path, mark: str, word: str) -> None:
    table = read_bytes(tmp_path, f"id{mark}n\nS1{mark}2,5\n".encode())
    assert table.rows == (("S1", "2,5"),)
    warnings: list[Fault] = []
    typed(table, {}, warnings=warnings)
    assert word in str(warnings[0])


def test_limits_are_named_when_they_are_hit(tmp_path: Path) -> None:
    data = b"id\n" + b"S\n" * 5
    with pytest.raises(DataError, match="rows = 4"):
        read_bytes(tmp_path, data, limits=Limits(rows=4))
    with pytest.raises(DataError, match="file_bytes = 10"):
        read_bytes(tmp_path, data * 2, limits=Limits(file_bytes=10))


@pytest.mark.parametrize("name", ["/vsicurl/http://127.0.0.1:9/t.csv", "http://127.0.0.1:9/t.csv"])
def test_what_is_no_local_file_is_not_opened(name: str) -> None:
    with pytest.raises(DataError, match="no local file"):
        read_table(Path(name))


def test_a_folder_and_a_missing_file_are_told(tmp_path: Path) -> None:
    (tmp_path / "d.csv").mkdir()
    for name in ("d.csv", "none.csv", "nul\x00.csv"):
        with pytest.raises(DataError):
            read_table(tmp_path / name)


@pytest.mark.parametrize("name", [".", "..", "/"])
def test_a_folder_without_a_name_is_told_as_it_was_named(name: str) -> None:
    with pytest.raises(DataError, match=rf"^{re.escape(name)}: is no file"):
        read_table(Path(name))


@pytest.mark.parametrize(
    ("cell", "word"),
    [
        ("NaN", "no number"), ("inf", "no number"), ("-", "no number"), ("1e999", "not in"),
        ("1,200", "comma"), ("27,5", "comma"), ("220 ha", "carries a unit"), ("1_000", "no number"),
        ("0x10", "number"), ("27°30'00\"N", "write 27.5"), ("52°36'36\"W", "write -52.61"),
        ("", "empty"), ("unknown", "no number"), ("۵۲/۶", "'۵۲/۶': the slash"),
        ("۱۴۰۲/۵/۱", "'۱۴۰۲/۵/۱' is no number"), ("۵۲،۶", "'۵۲،۶': the comma"),
    ],
)  # fmt: skip
def test_what_is_no_number_for_certain_is_a_fault(cell: str, word: str) -> None:
    with pytest.raises(DataError) as caught:
        typed(table_of(cell), {"area_ha": Column(type="number", required=True)}, warnings=[])
    assert str(caught.value).startswith("t.csv: row 2: area_ha: ")
    assert word in str(caught.value)


def test_every_fault_is_told_at_once() -> None:
    with pytest.raises(DataError) as caught:
        typed(table_of("x", "5", "y", "-1"), {"area_ha": Column(type="number", low=0)}, warnings=[])
    assert [fault.row for fault in caught.value.faults] == ["row 2", "row 4", "row 5"]


def test_many_faults_are_counted_not_poured_out() -> None:
    with pytest.raises(DataError) as caught:
        typed(table_of(*["x"] * 5000), {"area_ha": NUMBER}, warnings=[])
    assert len(caught.value.faults) == 201
    assert "4,800 more" in str(caught.value)


def test_unknown_may_be_said_and_is_not_zero() -> None:
    read = typed(table_of("", "unknown", "نامعلوم", "0"), {"area_ha": NUMBER}, warnings=[])
    assert read["area_ha"].isna().tolist() == [True, True, True, False]


@given(st.floats(-1e9, 1e9).map(lambda value: f"{value:.6f}"))
def test_persian_digits_read_as_the_same_number_with_one_warning(figure: str) -> None:
    warnings: list[Fault] = []
    persian = persian_digits(figure).replace(".", "٫")
    read = typed(table_of(figure, persian), {"area_ha": NUMBER}, warnings=warnings)
    assert read["area_ha"].iloc[0] == read["area_ha"].iloc[1] == float(figure)
    assert len(warnings) == 1
    assert warnings[0].row == "row 3"


def test_persian_thousands_are_certain() -> None:
    assert typed(table_of("۱٬۲۰۰"), {"area_ha": NUMBER}, warnings=[])["area_ha"].iloc[0] == 1200


def test_a_figure_out_of_range_says_what_it_looks_like() -> None:
    columns = {"area_ha": Column(type="number", unit="ha", low=0, high=200_000)}
    with pytest.raises(DataError, match=r"\[0, 200000\] ha; the value looks like square metres"):
        typed(table_of("3500000"), columns, warnings=[])


def test_choices_whole_numbers_and_wkt() -> None:
    table = Table("t.csv", ("k", "n", "wkt"), (("gass", "1.5", "POINT (1 2"),), (2,))
    columns = {"k": Column(type="choice", choices=("gas", "oil")), "n": Column(type="integer"),
               "wkt": Column(type="wkt")}  # fmt: skip
    with pytest.raises(DataError) as caught:
        typed(table, columns, warnings=[])
    text = str(caught.value)
    assert "did you mean 'gas'" in text
    assert "no whole number" in text
    assert "is no WKT" in text


def test_a_missing_column_is_named_with_those_there() -> None:
    with pytest.raises(DataError, match=r"column area_ha is missing.*'area_h'.*there are area_h"):
        typed(table_of("1", name="area_h"), {"area_ha": Column(required=True)}, warnings=[])


@pytest.mark.parametrize(
    ("name", "column"), [("طول جغرافیایی", "lon"), ("عرض جغرافيايي", "lat"), ("شناسه", "id")]
)
def test_a_persian_heading_is_known_for_what_it_holds(name: str, column: str) -> None:
    with pytest.raises(DataError, match=f"if '{name}' holds it, call it {column}"):
        typed(table_of("1", name=name), {column: Column(required=True)}, warnings=[])


def test_a_very_long_text_is_shortened_and_told() -> None:
    warnings: list[Fault] = []
    read = typed(table_of("A" * 300_000, name="note"), {}, warnings=warnings)
    assert len(read["note"].iloc[0]) == 2000
    assert "300,000 characters" in str(warnings[0])


def test_messages_show_forty_characters_of_a_cell_at_most() -> None:
    with pytest.raises(DataError) as caught:
        typed(table_of("secret " * 100), {"area_ha": NUMBER}, warnings=[])
    assert len(str(caught.value)) < 150


@given(st.sets(st.integers(1, 60), min_size=1, max_size=20))
def test_row_lists_name_every_row(numbers: set[int]) -> None:
    words = row_list(numbers).split(" ", 1)[1].replace(" and ", ", ").split(", ")
    if not words[-1].endswith("more"):
        told = [range(int(w.split("-")[0]), int(w.split("-")[-1]) + 1) for w in words]
        assert {n for run in told for n in run} == numbers


def test_a_workbook_reads_as_the_same_table(tmp_path: Path) -> None:
    cells: list[list[object]] = [["id", "name", "lon", "when"],
             ["S1", "عسلویه", 52.61, datetime.date(2024, 3, 20)],
             ["S2", True, 49, None]]  # fmt: skip
    table = read_bytes(tmp_path, workbook(cells), "t.xlsx")
    assert table.columns == ("id", "name", "lon", "when")
    assert table.rows == (("S1", "عسلویه", "52.61", "2024-03-20"), ("S2", "TRUE", "49", ""))
    assert table.numbers == (2, 3)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (workbook([["id", "lat"], ["S1", "=27+0.5"]]), ("row 2: lat", "formula with no stored")),
        (workbook([["id", "lat"], ["S1", "#N/A"]]), ("row 2: lat", "spreadsheet error")),
        (workbook([["id", "lat"], ["S1", 1], ["S2", 2]], merge="A2:A3"), ("A2:A3 are merged",)),
        (workbook([["id"], ["S1"]], second="Other"), ("2 sheets", "'Sheet', 'Other'")),
        (workbook([["id", "lat"], ["S1", 1, "x"]]), ("row 2: has 3 fields, 2 expected",)),
        (workbook([]), ("no sheet holds a cell",)),
        (b"PK\x03\x04" + b"\x00" * 60, ("damaged archive",)),
        (b"\xd0\xcf\x11\xe0" + b"\x00" * 60, ("no such workbook",)),
    ],
)  # fmt: skip
def test_a_workbook_that_is_wrong_is_refused_in_words(
    tmp_path: Path, data: bytes, words: tuple[str, ...]
) -> None:
    with pytest.raises(DataError) as caught:
        read_bytes(tmp_path, data, "t.xlsx")
    for word in words:
        assert word in str(caught.value)


def test_a_sheet_may_be_named(tmp_path: Path) -> None:
    data = workbook([["id"], ["S1"]], second="Other")
    assert read_bytes(tmp_path, data, "t.xlsx", sheet="Sheet").rows == (("S1",),)
    with pytest.raises(DataError, match=r"no sheet 'Shet'.*did you mean 'Sheet'"):
        read_bytes(tmp_path, data, "t.xlsx", sheet="Shet")
