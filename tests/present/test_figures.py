"""Figures are drawn in both languages, mirrored for Persian, the same bytes for the same result."""

import re
import subprocess
import sys
import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont
from matplotlib.ft2font import FT2Font
from matplotlib.image import imread
from matplotlib.text import Text
from PIL import Image

from siteselect.base.errors import DataError
from siteselect.declared.study import Trust
from siteselect.present.drawn import figures, paper
from siteselect.study.result import Result
from tests.toy import toy_result

TRUST = Trust(draws=200, list_length=4)
NAMES = ["$x_1$ <b>", "{{7*7}}", "x" * 300, "Bostānū", "", "a\nb", "آب", "\u4e2d"]


@pytest.fixture(scope="module")
def run() -> Result:
    return toy_result(20, trust=TRUST)


@pytest.fixture(scope="module")
def folder(run: Result, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("figures")
    assert figures.write(run, out) == ()
    return out


@pytest.fixture
def style() -> Iterator[None]:
    context: AbstractContextManager[None] = paper.style()
    with context:
        yield


def drawn(run: Result, name: str, language: str) -> Figure:
    assert run.robustness is not None
    figure = figures.DRAWINGS[name](run, run.robustness, paper.Tongue(language))
    FigureCanvasAgg(figure).draw()
    return figure


def words(figure: Figure) -> list[Text]:
    return [t for t in figure.findobj(Text) if t.get_visible() and t.get_text().strip("\u200f ")]


def test_each_drawing_comes_in_both_languages_and_formats(folder: Path) -> None:
    assert {path.name for path in folder.iterdir()} == {
        f"figure_{name}_{language}.{end}"
        for name in ("levers", "ranks", "drivers")
        for language in ("fa", "en")
        for end in ("png", "svg")
    }


def test_pictures_are_sharp_and_not_blank(folder: Path) -> None:
    for path in folder.glob("*.png"):
        picture = imread(path)
        assert picture.shape[1] == 1800, path.name
        assert 0.02 < (picture[..., :3].min(axis=2) < 0.9).mean() < 0.6, path.name


def test_two_writes_give_the_same_bytes(run: Result, folder: Path, tmp_path: Path) -> None:
    figures.write(run, tmp_path)
    for path in folder.iterdir():
        assert (tmp_path / path.name).read_bytes() == path.read_bytes(), path.name


def test_no_file_tells_the_time_or_the_machine(folder: Path) -> None:
    for path in folder.iterdir():
        content = path.read_bytes()
        assert b"<dc:date" not in content
        assert b"tIME" not in content
        assert b"Software" not in content
        assert str(Path.home()).encode() not in content


@pytest.mark.usefixtures("style")
@pytest.mark.parametrize("name", list(figures.DRAWINGS))
def test_persian_figures_speak_persian_from_the_right(run: Result, name: str) -> None:
    figure = drawn(run, name, "fa")
    for text in words(figure):
        assert not re.search(r"[0-9%]", text.get_text()), text.get_text()
    for axes in figure.axes:
        left, right = axes.get_xlim()
        assert left > right
    heading = figure.texts[0]
    assert heading.get_ha() == "right"
    assert heading.get_window_extent().x1 > 0.95 * figure.bbox.width


@pytest.mark.usefixtures("style")
@pytest.mark.parametrize("name", list(figures.DRAWINGS))
def test_english_figures_speak_english_from_the_left(run: Result, name: str) -> None:
    figure = drawn(run, name, "en")
    for text in words(figure):
        assert text.get_text().isascii() or set(text.get_text()) & set("▲▼"), text.get_text()
    for axes in figure.axes:
        left, right = axes.get_xlim()
        assert left < right


@pytest.mark.usefixtures("style")
@pytest.mark.parametrize("language", figures.LANGUAGES)
@pytest.mark.parametrize("name", list(figures.DRAWINGS))
def test_texts_keep_within_the_sheet_and_off_each_other(
    run: Result, name: str, language: str
) -> None:
    figure = drawn(run, name, language)
    boxes = [(t.get_text(), t.get_window_extent()) for t in words(figure)]
    for text, box in boxes:
        assert box.x0 >= 0, text
        assert box.y0 >= 0, text
        assert box.x1 <= figure.bbox.width, text
        assert box.y1 <= figure.bbox.height, text
    for i, (one, a) in enumerate(boxes):
        for other, b in boxes[i + 1 :]:
            across = min(a.x1, b.x1) - max(a.x0, b.x0)
            down = min(a.y1, b.y1) - max(a.y0, b.y0)
            # A line box holds room for marks above and below its letters.
            assert across <= 1 or down <= 0.35 * min(a.height, b.height), (one, other)


@pytest.mark.usefixtures("style")
def test_one_criterion_alone_has_room(run: Result) -> None:
    assert run.robustness is not None
    alone = replace(
        run,
        criteria=run.criteria.model_copy(update={"criteria": run.criteria.criteria[:1]}),
        scores=replace(run.scores, weights=run.scores.weights[:1]),
        robustness=replace(run.robustness, levers=run.robustness.levers[:1]),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for language in ("en", "fa"):
            drawn(alone, "levers", language)


@pytest.mark.usefixtures("style")
def test_bars_and_cells_are_those_of_the_result(run: Result) -> None:
    found = run.robustness
    assert found is not None
    (axes,) = drawn(run, "levers", "en").axes
    widths = np.array([bar.get_width() for bar in axes.patches]).reshape(2, -1)
    assert (sorted(-widths[0]), sorted(widths[1])) == (
        sorted(found.levers[:, 0]), sorted(found.levers[:, 1]),
    )  # fmt: skip
    (axes,) = drawn(run, "ranks", "en").axes
    cells = np.asarray(axes.images[0].get_array())
    best = int(np.argmin(np.where(run.scores.rank > 0, run.scores.rank, 99)))
    assert (cells[0] == found.ranks.acceptability[best]).all()
    assert len(cells) == (run.scores.rank > 0).sum()
    left, right = drawn(run, "drivers", "en").axes
    for axes, indices in ((left, found.drivers.ranks), (right, found.drivers.listed)):
        long = [bar.get_width() for bar in axes.patches[:4]]
        assert long == pytest.approx(np.clip(indices.total, 0, 1))


@pytest.mark.usefixtures("style")
def test_the_shipped_font_is_found_and_holds_what_is_said() -> None:
    for weight in ("regular", "bold"):
        path = Path(findfont(FontProperties(family=paper.FONT, weight=weight)))
        assert path.name.startswith("Vazirmatn")
        held = FT2Font(path).get_charmap()
        assert all(ord(letter) in held for letter in "پژگیک۰۱۲۳٪٬؛ā\u200c…")
    assert (paper.ASSETS / "OFL.txt").read_text("utf-8").startswith("Copyright")


def test_names_are_text_whatever_they_hold(tmp_path: Path) -> None:
    run = toy_result(len(NAMES), names=NAMES, trust=TRUST)
    figures.write(run, tmp_path)
    assert (tmp_path / "figure_ranks_en.svg").stat().st_size > 0
    with paper.style():
        labels = [t.get_text() for t in drawn(run, "ranks", "en").axes[0].get_yticklabels()]
    assert max(map(len, labels)) <= figures.LETTERS + 6
    assert any("$x_1$" in label for label in labels)
    assert any(label.startswith("T-04") for label in labels)
    assert not any("\n" in label for label in labels)


def test_without_robustness_there_is_nothing_to_draw(tmp_path: Path) -> None:
    assert figures.write(toy_result(5), tmp_path) == ()
    assert list(tmp_path.iterdir()) == []


def test_without_the_extra_the_warning_names_it(
    run: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(figures.importlib.util, "find_spec", lambda _: None)
    (warning,) = figures.write(run, tmp_path)
    assert "'report'" in warning
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("wrong", ["cut short", "another size"])
def test_a_picture_that_reads_back_otherwise_is_refused(
    run: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    as_is = FigureCanvasAgg.print_png

    def print_png(canvas: FigureCanvasAgg, path: Path, **told: object) -> None:
        as_is(canvas, path, **told)
        if wrong == "cut short":
            path.write_bytes(path.read_bytes()[:5000])
        else:
            Image.new("RGBA", (1, 1)).save(path)

    monkeypatch.setattr(FigureCanvasAgg, "print_png", print_png)
    with pytest.raises(DataError, match=r"figure_levers_fa\.png: does not read back"):
        figures.write(run, tmp_path)


def test_the_module_does_not_import_matplotlib() -> None:
    code = "import sys, siteselect.present.drawn.figures; assert 'matplotlib' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
