"""The files of the report: no word is run, the same bytes twice, right to left, whole on paper."""

import io
import re
import shutil
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import docx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

from siteselect.base.errors import DataError
from siteselect.declared.study import Trust
from siteselect.present.drawn import figures, paper, region
from siteselect.present.report import office, pdf, write
from siteselect.present.report.build import build
from siteselect.present.report.case import case_of
from siteselect.present.report.content import (
    Bullets,
    Facts,
    Heading,
    Note,
    Paragraph,
    Report,
    Table,
    clean,
)
from siteselect.present.report.words import Voice
from siteselect.study.result import Result
from tests.real import result
from tests.toy import toy_result

TRUST = Trust(draws=200, list_length=4)
MAPS = {f"figure_map_{language}.{end}" for language in ("fa", "en") for end in ("png", "svg")}
W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
HOSTILE = [
    "#panic()", "*x*", "$x$", "\u202eabc", "<w:br/>", "\x00\x0b\x1f", "]]>&amp;", "// x", "\\",
    "#eval('1')", "#read('/report.typ')", "`x`", "@label <tag>", "= heading", "آب",
]  # fmt: skip
needs_poppler = pytest.mark.skipif(
    shutil.which("pdftotext") is None, reason="poppler is not installed"
)
needs_office = pytest.mark.skipif(
    shutil.which("soffice") is None, reason="LibreOffice is not installed"
)


@pytest.fixture(scope="module")
def run() -> Result:
    return toy_result(20, trust=TRUST)


@pytest.fixture(scope="module")
def folder(run: Result, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("report")
    figures.write(run, out)
    assert write.write(run, out) == ()
    return out


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of the bundled study on coarse cells, with its figures."""
    out = tmp_path_factory.mktemp("whole")
    figures.write(result(), out)
    assert write.write(result(), out) == ()
    return out


def told(path: Path) -> str:
    """The text of a PDF, without marks of direction."""
    command = ["pdftotext", "-layout", path, "-"]
    text = subprocess.run(command, check=True, capture_output=True, timeout=60).stdout.decode()
    return re.sub("[\u200e\u200f\u202a-\u202e\u2066-\u2069]", "", text)


def one_line(*texts: str) -> Report:
    """A report in which hostile words stand in every kind of place."""
    return Report("en", texts[0], texts[0], texts[0], (
        *(Heading(1, t) for t in texts), *(Paragraph(t) for t in texts), Note(texts[0]),
        Bullets(texts), Facts(tuple((t, t) for t in texts)),
        Table((texts[0], "x"), (1, 1), tuple((t, t) for t in texts), title=texts[0]),
    ))  # fmt: skip


# --- the set ------------------------------------------------------------------------------------


def test_the_files_of_a_report(folder: Path) -> None:
    names = {path.name for path in folder.iterdir()}
    assert {*write.FILES, *MAPS} <= names
    for name in write.FILES:
        assert (folder / name).stat().st_size > 10_000


def test_two_writes_give_the_same_bytes(run: Result, folder: Path, tmp_path: Path) -> None:
    for path in folder.glob("figure_*"):
        shutil.copy(path, tmp_path)
    write.write(run, tmp_path)
    for name in (*write.FILES, *MAPS):
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes(), name


def test_no_file_tells_the_time_or_the_machine(folder: Path) -> None:
    for name in write.FILES[:2]:
        content = (folder / name).read_bytes()
        assert b"CreationDate" not in content
        assert b"ModDate" not in content
    with zipfile.ZipFile(folder / "report_fa.docx") as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(2000, 1, 1, 0, 0, 0)}
        core = archive.read("docProps/core.xml").decode()
    assert set(re.findall(r"\d{4}-\d\d-\d\d", core)) == {"2000-01-01"}
    assert "python-docx" not in core


@pytest.mark.parametrize(
    ("library", "left", "lost"),
    [("typst", "report_fa.docx", "report_*.pdf"), ("docx", "report_fa.pdf", "report_*.docx")],
)
def test_a_library_that_is_missing_is_told_and_the_rest_is_written(
    run: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    *, library: str, left: str, lost: str,
) -> None:  # fmt: skip
    monkeypatch.setattr(write, "_there", lambda name: name not in (library, "matplotlib"))
    (warning,) = write.write(run, tmp_path)
    assert lost in warning
    assert "'report'" in warning
    assert (tmp_path / left).is_file()
    assert not list(tmp_path.glob(lost))


def test_without_the_extra_nothing_is_written(
    run: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(write, "_there", lambda _: False)
    assert len(write.write(run, tmp_path)) == 2
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_document_is_refused(
    run: Result, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pdf, "render", lambda *_: b"nothing")
    monkeypatch.setattr(write, "_map", lambda *_: None)
    with pytest.raises(DataError, match=r"report_fa\.pdf: does not read back"):
        write.write(run, folder)
    (folder / "report_fa.pdf").unlink()


def test_the_modules_do_not_import_what_they_write_with() -> None:
    code = (
        "import sys, siteselect.present.report.write\n"
        "assert not {'typst', 'docx', 'matplotlib'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


# --- nothing that was written by others is run --------------------------------------------------


def test_the_template_runs_nothing_and_asks_nobody() -> None:
    template = pdf.TEMPLATE.read_text("utf-8")
    code = re.sub(r"//.*", "", template)
    assert not re.search(r"\beval\b|\bimport\b|\binclude\b|@preview|\bread\(|https?:", code)
    assert "date: none" in code


@needs_poppler
def test_hostile_words_are_set_as_they_stand(tmp_path: Path) -> None:
    (tmp_path / "x.pdf").write_bytes(pdf.render(one_line(*HOSTILE), tmp_path))
    said = told(tmp_path / "x.pdf")
    for text in HOSTILE[:-1]:
        assert clean(text) in said, text


@given(st.lists(st.text(max_size=40), min_size=1, max_size=4).map(tuple))
@settings(max_examples=12)
def test_no_name_breaks_a_document(texts: tuple[str, ...]) -> None:
    report = one_line(*texts)
    assert pdf.render(report, Path()).startswith(b"%PDF-")
    for language in ("en", "fa"):
        made = office.render(replace(report, language=language), Path())
        page = docx.Document(io.BytesIO(made))
        cells = [cell.text for cell in page.tables[-1].columns[0].cells][1:]
        assert [cell.replace("\u200f", "") for cell in cells] == [
            clean(text).replace("\u200f", "") for text in texts
        ]


# --- paper --------------------------------------------------------------------------------------


@pytest.mark.slow
@needs_poppler
@pytest.mark.parametrize("language", ["fa", "en"])
def test_the_report_of_the_study_is_short_and_whole(whole: Path, language: str) -> None:
    path = whole / f"report_{language}.pdf"
    assert path.stat().st_size < 2_500_000
    said = told(path)
    pages = said.split("\f")[:-1]
    assert 10 < len(pages) <= 40
    assert all(len(page.split()) > 5 for page in pages)
    found = result().portfolio
    assert found is not None
    for pick in found.picks:
        assert pick.id in said
    first = pages[0]
    for number in ("۱۳", "۱۳۷۸") if language == "fa" else ("13", "1378", "never a pass"):
        assert number in first
    assert f"{found.picks[0].score:.3f}".translate(
        str.maketrans("0123456789.", "۰۱۲۳۴۵۶۷۸۹٫") if language == "fa" else {}
    ) in first  # fmt: skip


@pytest.mark.slow
@needs_poppler
def test_the_first_page_answers_and_the_second_begins_anew(whole: Path) -> None:
    first, second, *_ = told(whole / "report_en.pdf").split("\f")
    for head in ("What was asked", "The answer", "What is not known"):
        assert head in first
    assert "Map of the region" in second


@pytest.mark.slow
@needs_poppler
def test_only_the_shipped_letters_are_in_the_file(whole: Path) -> None:
    for language in ("fa", "en"):
        command = ["pdffonts", whole / f"report_{language}.pdf"]
        rows = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        names = [row.split()[0].partition("+")[2] for row in rows.splitlines()[2:]]
        # Typst brings letters for the accents of transcriptions; none come from the machine.
        ours = ("Vazirmatn",) if language == "fa" else ("Vazirmatn", "LibertinusSerif")
        assert names
        assert all(name.startswith(ours) for name in names), names


# --- docx ---------------------------------------------------------------------------------------


def test_every_paragraph_and_table_runs_from_the_right(folder: Path) -> None:
    with zipfile.ZipFile(folder / "report_fa.docx") as archive:
        body = ElementTree.fromstring(archive.read("word/document.xml"))  # noqa: S314 - ours
        styles = archive.read("word/styles.xml").decode()
    texts = [p for p in body.iter(f"{W}p") if p.find(f"{W}r/{W}t") is not None]
    assert len(texts) > 100
    for p in texts:
        mark, said = p.find(f"{W}pPr/{W}bidi"), "".join(t.text or "" for t in p.iter(f"{W}t"))
        assert mark is not None
        if re.search("[\u0621-\u06cc]", said):
            assert mark.get(f"{W}val") is None, said
    grids = list(body.iter(f"{W}tbl"))
    assert grids
    assert all(t.find(f"{W}tblPr/{W}bidiVisual") is not None for t in grids)
    for r in body.iter(f"{W}r"):
        said = "".join(t.text or "" for t in r.iter(f"{W}t"))
        from_the_right = r.find(f"{W}rPr/{W}rtl") is not None
        if re.search("[\u0621-\u06cc]", said):
            assert from_the_right, said
        elif re.search("[A-Za-z]", said):
            assert not from_the_right, said
    assert 'w:cs="Vazirmatn"' in styles


def test_headings_heads_of_tables_pictures_and_pages_are_real(folder: Path) -> None:
    page = docx.Document(str(folder / "report_fa.docx"))
    names = {p.style.name for p in page.paragraphs if p.style is not None}
    assert {"Title", "Subtitle", "Heading 1", "Heading 2", "List Bullet", "Caption"} <= names
    with zipfile.ZipFile(folder / "report_fa.docx") as archive:
        body = archive.read("word/document.xml").decode()
        foot = "".join(archive.read(n).decode() for n in archive.namelist() if "footer" in n)
    assert body.count("<w:tblHeader/>") > 5
    assert len(re.findall('descr="[^"]+"', body)) == body.count("</pic:pic>") > 0
    assert "PAGE" in foot


@pytest.mark.slow
@pytest.mark.office
@needs_office
@needs_poppler
def test_libreoffice_opens_the_document(whole: Path, tmp_path: Path) -> None:
    command = ["soffice", "--headless", f"-env:UserInstallation={tmp_path.as_uri()}/profile",
               "--convert-to", "pdf", "--outdir", tmp_path, whole / "report_fa.docx"]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True, timeout=240)
    said = told(tmp_path / "report_fa.pdf")
    assert 10 < said.count("\f") <= 45
    found = result().portfolio
    assert found is not None
    assert all(pick.id in said for pick in found.picks)


# --- the map ------------------------------------------------------------------------------------


@given(st.lists(st.tuples(st.floats(0, 5), st.floats(0, 5)), max_size=14))
def test_marks_keep_apart_and_stay_where_they_may(points: list[tuple[float, float]]) -> None:
    at = np.array(points).reshape(-1, 2)
    places = region.spread(at, 0.2)
    gap = places[:, None] - places[None]
    far = np.hypot(gap[..., 0], gap[..., 1]) + np.eye(len(at)) * 9
    assert far.min(initial=9) > 0.15
    alone = np.hypot(*(at[:, None] - at[None]).transpose(2, 0, 1)) + np.eye(len(at)) * 9
    if alone.min(initial=9) > 0.21:
        assert (places == at).all()


@pytest.mark.parametrize("language", ["fa", "en"])
def test_every_park_has_its_number_on_the_map(language: str) -> None:
    case = case_of(result(), Voice(language))  # type: ignore[arg-type]
    with paper.style():
        figure = region.draw(case, region.ground_of(result()))
        FigureCanvasAgg(figure).draw()
    said = [t.get_text() for t in figure.findobj(Text)]
    for number in range(1, 14):
        assert said.count(case.voice.number(number)) == 1
    for iso in result().study.provinces:
        assert case.province(iso) in said
    for text in figure.findobj(Text):
        if text.get_text().strip("\u200f ") and text.get_visible():
            box = text.get_window_extent()
            assert box.x0 >= 0
            assert box.x1 <= figure.bbox.width
    colours = [shape for shape, _ in region.MARKS.values()]
    assert len(set(colours)) == len(colours), "told apart without their colours"


def test_the_map_is_the_same_whichever_language_it_speaks() -> None:
    run = toy_result(12)
    first, again = region.ground_of(run), region.ground_of(run)
    assert first.box == again.box
    assert len(first.areas) == len(again.areas)
    assert {iso for iso, _, own in first.labels if own} == set(run.study.provinces)
    assert build(case_of(run, Voice("en"))).blocks
