"""The planner's map in a real browser, without a network."""

import csv
import io
import itertools
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pyproj import Transformer
from rasterio.io import MemoryFile

from siteselect.base.text import fold
from siteselect.decide.score import score
from siteselect.present.maps.write import write
from siteselect.study.result import Result
from tests.present.test_maps import HOSTILE
from tests.toy import toy_result

api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = shutil.which("chromium")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
]
DESKTOP, PHONE = (1440, 900), (390, 844)


@dataclass
class Visit:
    """A page that was opened, and what it did that it should not."""

    page: Any
    outside: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def ask(self, expression: str, argument: Any = None) -> Any:
        """The value of an expression in the page."""
        return self.page.evaluate(expression, argument)


@dataclass
class Reader:
    """Someone who opens pages of results."""

    browser: Any
    folder: Path

    def write(self, result: Result) -> Path:
        """The page of a result, written."""
        path = self.folder / f"{len(list(self.folder.iterdir()))}.html"
        write(result, path)
        return path

    def open(self, path: Path, address: str = "", size: tuple[int, int] = DESKTOP) -> Visit:
        """Open a page with the network off and wait until it is ready."""
        context = self.browser.new_context(
            viewport={"width": size[0], "height": size[1]}, offline=True, accept_downloads=True
        )
        visit = Visit(context.new_page())
        visit.page.on("request", lambda request: self._note(visit, request.url))
        visit.page.on("pageerror", lambda error: visit.complaints.append(str(error)))
        visit.page.on(
            "console",
            lambda said: (
                visit.complaints.append(said.text) if said.type in ("error", "warning") else None
            ),
        )
        visit.page.goto(path.as_uri() + address)
        visit.page.wait_for_selector("body[data-ready]", timeout=20_000)
        return visit

    @staticmethod
    def _note(visit: Visit, url: str) -> None:
        if not url.startswith(("file:", "data:", "blob:")):
            visit.outside.append(url)


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    """A browser for all tests of this file."""
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield Reader(browser, tmp_path_factory.mktemp("pages"))
        browser.close()


@pytest.fixture(scope="module")
def result() -> Result:
    """Forty sites of the toy world."""
    return toy_result(40)


@pytest.fixture(scope="module")
def path(reader: Reader, result: Result) -> Path:
    """The page of the forty sites."""
    return reader.write(result)


def quiet(visit: Visit) -> None:
    """Nothing was asked of the network and nothing complained."""
    assert visit.outside == []
    assert visit.complaints == []


@pytest.mark.parametrize("size", [DESKTOP, (820, 1180), PHONE])
@pytest.mark.parametrize("language", ["fa", "en"])
def test_opens_alone_in_both_languages(
    reader: Reader, path: Path, language: str, size: tuple[int, int]
) -> None:
    visit = reader.open(path, f"#l={language}", size)
    for view in ("inquiries", "compare", "data", "rank"):
        visit.page.click(f"#tab-{view}")
    assert visit.page.locator("[data-row]").count() == 40
    assert visit.page.locator(".marks .mark").count() >= 30
    assert visit.ask("document.documentElement.lang") == language
    assert visit.ask("document.documentElement.scrollWidth <= window.innerWidth")
    quiet(visit)


def test_ranking_is_the_official_one(reader: Reader, path: Path, result: Result) -> None:
    visit = reader.open(path, "#l=en")
    shown = visit.page.locator("[data-row] .name").all_inner_texts()
    ranked = result.sites[result.sites["rank"] > 0]["name_en"].tolist()
    assert shown[: len(ranked)] == ranked
    scores = visit.page.locator("[data-row] td:nth-child(3)").all_inner_texts()
    assert scores[0] == f"{result.sites['score'].iloc[0]:.3f}"


def test_hostile_names_stay_text(reader: Reader) -> None:
    hostile = toy_result(len(HOSTILE), list(HOSTILE))
    visit = reader.open(reader.write(hostile), "#l=en")
    shown = set(visit.page.locator("[data-row] .name").all_text_contents())
    assert shown == set(HOSTILE)
    for i in range(len(HOSTILE)):
        visit.ask("(i) => siteselect.update({view: 'site', site: i})", i)
        assert visit.page.locator("#card-title").text_content() == HOSTILE[i]
        visit.page.locator(f'[data-site="{i}"]').first.dispatch_event("mouseover")
    assert visit.ask("window.__pwned") is None
    assert visit.page.locator("#rail script, #rail img, .marks script, .marks image").count() == 0
    assert "49" not in shown
    quiet(visit)


def test_scores_equal_those_of_python(reader: Reader, path: Path, result: Result) -> None:
    visit = reader.open(path)
    rng = np.random.default_rng(7)
    for _ in range(25):
        weights = rng.dirichlet(np.ones(3)) * rng.uniform(0.1, 9)
        weights[rng.integers(3)] *= rng.integers(2)
        truth = score(result.table, result.criteria, kinds=list(result.pool.frame["kind"]),
                      weights=weights)  # fmt: skip
        found = visit.ask("(weights) => siteselect.score(weights)", weights.tolist())
        for ours, theirs in (("score", "score"), ("known", "known")):
            said = np.array(found[ours], dtype=float)
            np.testing.assert_allclose(said, getattr(truth, theirs), rtol=0, atol=1e-9)
        np.testing.assert_allclose(found["low"], truth.score_low, rtol=0, atol=1e-4)
        np.testing.assert_allclose(found["high"], truth.score_high, rtol=0, atol=1e-4)
        assert found["rank"] == truth.rank.tolist()


def test_moving_a_weight_is_exploratory_and_can_be_taken_back(reader: Reader, path: Path) -> None:
    visit = reader.open(path, "#l=en")
    before = visit.page.locator("[data-row] .name").all_inner_texts()
    visit.page.locator("#weight-0").fill("10")
    assert visit.page.locator("#strip .strip").count() == 1
    assert visit.page.locator("#preset").input_value() == "own"
    shares = visit.page.locator(".weights b").all_inner_texts()
    assert shares == ["10%", "90%"]
    assert visit.page.locator("#rows .change.up").count() > 0
    visit.page.wait_for_url("**w=10,90**")
    address = visit.ask("location.hash")
    moved = visit.page.locator("[data-row] .name").all_inner_texts()
    assert moved != before
    again = reader.open(path, address)
    assert again.page.locator("[data-row] .name").all_inner_texts() == moved
    visit.page.click("#reset")
    assert visit.page.locator("[data-row] .name").all_inner_texts() == before
    assert visit.page.locator("#strip .strip").count() == 0


def test_a_thumb_can_be_dragged_and_moved_by_keys(reader: Reader, path: Path) -> None:
    visit = reader.open(path, "#l=en")
    box = visit.page.locator("#weight-0").bounding_box()
    middle = box["y"] + box["height"] / 2
    visit.page.mouse.move(box["x"] + 0.6 * box["width"], middle)
    visit.page.mouse.down()
    for share in (0.5, 0.4, 0.3, 0.2):
        visit.page.mouse.move(box["x"] + share * box["width"], middle)
    visit.page.mouse.up()
    value = int(visit.page.locator("#weight-0").input_value())
    assert value == pytest.approx(20, abs=3)
    for key, step in (("ArrowRight", 1), ("PageUp", 5), ("PageDown", -5), ("End", 100 - value - 1)):
        visit.page.keyboard.press(key)
        value += step
        assert visit.page.locator("#weight-0").input_value() == str(value), key
    assert visit.page.locator(".weights b").all_inner_texts() == ["100%", "0%"]
    quiet(visit)


def test_rank_interval_is_shown_where_a_run_has_one(
    reader: Reader, result: Result, monkeypatch: pytest.MonkeyPatch
) -> None:
    trusted = result.sites.assign(rank_low=2, rank_high=9, prob_top_k=0.25)
    monkeypatch.setattr(Result, "sites", property(lambda _: trusted))
    visit = reader.open(reader.write(result), "#l=en&v=site&s=T-03")
    card = visit.page.locator("#rail").inner_text()
    assert "Rank interval" in card
    assert "2–9" in card
    assert "25%" in card
    quiet(visit)


def test_a_locked_share_keeps_still(reader: Reader) -> None:
    visit = reader.open(reader.write(toy_result(12)), "#l=en&k=1")
    assert visit.page.locator("#weight-0").is_disabled()
    # The only free group cannot move while the other is locked.
    visit.page.locator("#weight-1").fill("90")
    assert visit.page.locator(".weights b").all_inner_texts() == ["60%", "40%"]


@pytest.mark.parametrize(
    "address",
    ["#w=50,40", "#w=NaN,100", "#w=-5,105", "#w=1e2,0", "#w=100,0&i=1,2,3", "#w=", "#w=<b>,1"],
)
def test_weights_that_cannot_be_read_give_the_official_ones(
    reader: Reader, path: Path, address: str
) -> None:
    visit = reader.open(path, f"{address}&l=en&v=nonsense&s=nobody&c=x,y&k=-1&z=a/b/c&extra=1")
    assert visit.ask("siteselect.state.preset") == "official"
    assert "official weights are shown" in visit.page.locator("#strip").inner_text()
    quiet(visit)


def test_language_switch_keeps_the_view(reader: Reader, path: Path) -> None:
    visit = reader.open(path, "#l=fa&v=site&s=T-03")
    assert visit.page.locator("#rail").get_attribute("dir") == "rtl"
    assert "پهنهٔ ۳" in visit.page.locator("#card-title").inner_text()
    visit.page.click("#language")
    assert visit.page.locator("#rail").get_attribute("dir") == "ltr"
    assert visit.page.locator("#card-title").inner_text() == "Site 3"
    assert visit.ask("document.documentElement.lang") == "en"
    quiet(visit)


def test_marks_and_names_do_not_overlap(reader: Reader, path: Path) -> None:
    for language, zoom in itertools.product(("fa", "en"), (6.5, 7.5, 8.5)):
        visit = reader.open(path, f"#l={language}&z={zoom}/28.5/51.0")
        boxes = visit.ask(
            """() => [...document.querySelectorAll('.marks .ranked .body, .marks [data-name]')]
                .map((e) => e.getBoundingClientRect())
                .map((r) => [r.left + 1.5, r.top + 1.5, r.right - 1.5, r.bottom - 1.5])"""
        )
        assert len(boxes) >= 13
        for a, b in itertools.combinations(boxes, 2):
            apart = a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]
            assert apart, (language, zoom, a, b)


def test_card_shows_contributions_that_sum_to_the_score(
    reader: Reader, path: Path, result: Result
) -> None:
    i = int(
        np.flatnonzero(np.isnan(result.scores.values).any(axis=1) & (result.scores.rank > 0))[0]
    )
    visit = reader.open(path, f"#l=en&v=site&s=T-{i:02d}")
    for g in range(2):
        visit.page.locator(".fall-row").nth(g).click()
        cells = visit.page.locator(".criteria tbody tr").all()
        assert len(cells) == len(
            [c for c in result.criteria.criteria if c.group == ["transport", "nature"][g]]
        )
    parts = visit.page.locator("button.fall-row .figure").all_inner_texts()
    total = visit.page.locator(".fall-row.sum .figure").inner_text()
    assert abs(sum(map(float, parts)) - float(total)) < 0.0021
    assert float(total) == pytest.approx(result.scores.score[i], abs=5e-4)
    assert "unknown" in visit.page.locator("#rail").inner_text()
    assert "superseded law" in visit.page.locator("#rail").inner_text()


def test_accuracy_circle_has_its_true_radius(reader: Reader, path: Path, result: Result) -> None:
    row = result.pool.frame.iloc[1]
    visit = reader.open(path, f"#v=site&s={row['id']}&z=9/{row['lat']}/{row['lon']}")
    drawn = float(visit.page.locator(".marks .accuracy").get_attribute("r"))
    metres = 40075016.7 * np.cos(np.radians(row["lat"])) / (256 * 2**9)
    assert drawn == pytest.approx(1000 * row["position_accuracy_km"] / metres, rel=1e-3)


def test_search_folds_letters_and_digits(reader: Reader, path: Path) -> None:
    visit = reader.open(path)
    for typed in ("پهنه ۱۷", "پهنة 17", "پهنهٔ ١٧", "SITE 17", "t-17"):
        visit.page.fill("#search", typed)
        assert visit.page.locator("[data-row]").count() == 1, typed
    texts = ["كنگان", "بندر امام خمينی", "آبادان", "می‌ناب ۱۲", "İzmir  Ä"]
    assert [visit.ask("(text) => siteselect.fold(text)", text) for text in texts[:4]] == [
        fold(text) for text in texts[:4]
    ]


def test_filters_and_the_empty_list(reader: Reader, path: Path, result: Result) -> None:
    visit = reader.open(path, "#l=en")
    visit.page.select_option("#filter-province", "IR-18")
    assert visit.page.locator("[data-row]").count() == (result.sites["province"] == "IR-18").sum()
    visit.page.fill("#search", "nobody")
    assert "No site passes" in visit.page.locator("#rows").inner_text()
    visit.page.click("#rows .button")
    assert visit.page.locator("[data-row]").count() == 40


def test_compare_up_to_four(reader: Reader, path: Path) -> None:
    visit = reader.open(path, "#l=en&v=compare&c=T-01,T-02,T-03,T-04,T-05")
    assert visit.page.locator(".compare thead .letter").all_inner_texts() == ["A", "B", "C", "D"]
    rows = visit.page.locator(".compare tbody tr").count()
    visit.page.get_by_text("Differences only").click()
    assert visit.page.locator(".compare tbody tr").count() < rows
    quiet(visit)


def test_any_point_can_be_asked(reader: Reader, path: Path, result: Result) -> None:
    visit = reader.open(path, "#l=en")
    surface, agreed = result.surface, []
    cells = surface.grid.places()
    to_degrees = Transformer.from_crs(surface.grid.crs, "EPSG:4326", always_xy=True)
    for k in range(0, len(cells), 23):
        lon, lat = to_degrees.transform(cells.easting[k], cells.northing[k])
        found = visit.ask("([lon, lat]) => siteselect.ask(lon, lat)", [lon, lat])
        agreed.append(bool(found) and found["verdict"] == surface.verdict.ravel()[cells.ids[k]])
    assert np.mean(agreed) > 0.9
    assert visit.ask("siteselect.ask(49.0, 27.0)") is None
    box = visit.page.locator(".folium-map").bounding_box()
    visit.page.mouse.click(box["x"] + box["width"] * 0.42, box["y"] + box["height"] * 0.47)
    assert "5 km" in visit.page.locator("#rail").inner_text()


def test_keys_move_and_open(reader: Reader, path: Path) -> None:
    visit = reader.open(path, "#l=en")
    visit.page.locator("[data-row]").first.focus()
    visit.page.keyboard.press("ArrowDown")
    visit.page.keyboard.press("Enter")
    assert visit.ask("siteselect.state.view") == "site"
    visit.page.keyboard.press("]")
    visit.page.keyboard.press("[")
    visit.page.keyboard.press("c")
    assert visit.ask("siteselect.state.compare.length") == 1
    visit.page.keyboard.press("Escape")
    assert visit.ask("siteselect.state.view") == "rank"
    visit.page.keyboard.press("/")
    visit.page.keyboard.type("wicl")
    assert visit.ask("siteselect.state.view") == "rank"
    assert visit.page.locator("#search").input_value() == "wicl"
    quiet(visit)


def test_utm_agrees_with_proj(reader: Reader, path: Path) -> None:
    visit = reader.open(path)
    for lon, lat, zone in (
        (47.6, 31.9, 38),
        (52.177, 27.729, 39),
        (56.3, 27.2, 40),
        (61.5, 25.2, 41),
    ):
        east, north = Transformer.from_crs(4326, 32600 + zone, always_xy=True).transform(lon, lat)
        found = visit.ask("(point) => siteselect.utm(point)", [lon, lat])
        assert found["zone"] == f"{zone}N"
        assert (found["easting"], found["northing"]) == pytest.approx((east, north), abs=0.01)


def test_table_downloads_as_inert_csv(reader: Reader) -> None:
    hostile = toy_result(len(HOSTILE), list(HOSTILE))
    visit = reader.open(reader.write(hostile), "#l=en")
    with visit.page.expect_download() as waiting:
        visit.page.click("#csv")
    text = Path(waiting.value.path()).read_bytes().decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == len(HOSTILE)
    assert not [r for r in rows for cell in r.values() if cell.startswith(("=", "@", "\t"))]
    assert "'=1+1" in {row["name_en"] for row in rows}
    assert {row["weights"] for row in rows} == {"official"}
    quiet(visit)


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
def test_picture_of_the_map_downloads(reader: Reader, path: Path) -> None:
    visit = reader.open(path)
    with visit.page.expect_download() as waiting:
        visit.page.click("#png")
    picture = Path(waiting.value.path()).read_bytes()
    assert picture.startswith(b"\x89PNG")
    seen = visit.page.locator(".folium-map").screenshot()
    with MemoryFile(picture) as file, file.open() as image:
        drawn = image.read([1, 2, 3])[:, ::2, ::2].astype(float)
    with MemoryFile(seen) as file, file.open() as image:
        shown = image.read([1, 2, 3]).astype(float)
    # The middle of the map, where no control lies over it.
    middle = (slice(None), slice(150, 450), slice(330, 900))
    assert np.corrcoef(drawn[middle].ravel(), shown[middle].ravel())[0, 1] > 0.85
    quiet(visit)


@pytest.mark.parametrize("language", ["fa", "en"])
def test_prints_on_one_sheet(reader: Reader, path: Path, language: str) -> None:
    visit = reader.open(path, f"#l={language}")
    pdf = visit.page.pdf(prefer_css_page_size=True, print_background=True)
    assert pdf.count(b"/Type /Page\n") + pdf.count(b"/Type /Page ") == 1
    assert not visit.ask("document.body.classList.contains('printing')")
    quiet(visit)


def test_controls_have_names(reader: Reader, path: Path) -> None:
    for address in ("#l=fa", "#l=en&v=site&s=T-03", "#l=en&v=compare&c=T-01,T-02"):
        visit = reader.open(path, address)
        nameless = visit.ask(
            """() => [...document.querySelectorAll('button, input, select')]
                .filter((e) => e.checkVisibility())
                .filter((e) => !(e.getAttribute('aria-label') || e.textContent.trim()
                    || (e.labels && e.labels.length)))
                .map((e) => e.outerHTML)"""
        )
        assert nameless == []


def test_one_name_in_the_window(reader: Reader, path: Path, tmp_path: Path) -> None:
    visit = reader.open(path)
    blank = tmp_path / "blank.html"
    blank.write_text("<!DOCTYPE html><body data-ready=yes>.</body>", "utf-8")
    empty = reader.open(blank)
    ours = set(visit.ask("Object.keys(window)")) - set(empty.ask("Object.keys(window)"))
    named = visit.ask("[...document.querySelectorAll('[id]')].map((e) => e.id)")
    assert ours - set(named) == {"L", "leaflet", "_leaflet_events", "siteselect"}
