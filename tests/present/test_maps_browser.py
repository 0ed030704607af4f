"""The planner's map in a real browser, without a network."""

import csv
import dataclasses
import io
import itertools
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pyproj import Geod, Transformer
from rasterio.io import MemoryFile
from scipy.ndimage import uniform_filter

from siteselect.base.text import fold
from siteselect.decide.score import score
from siteselect.declared.answers import Answer
from siteselect.declared.sources import Titles
from siteselect.present.maps.data import page_data
from siteselect.present.maps.judged import BOUND_STEPS
from siteselect.present.maps.write import frame, write
from siteselect.study.result import Result
from siteselect.world.catalog import WGS84
from tests.present.test_maps import HOSTILE, with_lattice, with_parks
from tests.toy import source, toy_result

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
AXE = (Path(__file__).parent / "assets" / "axe.min.js").read_text("utf-8")


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
def full() -> Result:
    """A result that has everything: a lattice, and parks with alternatives."""
    return with_parks(with_lattice(toy_result(40)))


@pytest.fixture(scope="module")
def full_path(reader: Reader, full: Result) -> Path:
    """The page of a result that has everything."""
    return reader.write(full)


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
    assert visit.page.locator("[data-row]").count() == 30
    visit.page.click("#more")
    assert visit.page.locator("[data-row]").count() == 40
    assert visit.page.locator(".marks .mark").count() >= 10
    assert visit.ask("document.documentElement.lang") == language
    assert visit.ask("document.documentElement.scrollWidth <= window.innerWidth")
    quiet(visit)


def test_ranking_is_the_official_one(reader: Reader, path: Path, result: Result) -> None:
    visit = reader.open(path, "#l=en")
    shown = visit.page.locator("[data-row] .name").all_inner_texts()
    ranked = result.sites[result.sites["rank"] > 0]["name_en"].tolist()[: len(shown)]
    assert shown[: len(ranked)] == ranked
    scores = visit.page.locator("[data-row] td:nth-child(3)").all_inner_texts()
    assert scores[0] == f"{result.sites['score'].iloc[0]:.3f}"


def hostile_titles(at: int) -> Titles:
    """Titles that no declaration would accept, as a faulty source might bring them."""
    shift = HOSTILE[at:] + HOSTILE[:at]
    return Titles.model_construct(en=shift[0], fa=shift[1])


def hostile_result() -> Result:
    """Every text that a page shows is hostile: each payload in every field that has many."""
    n, whole = len(HOSTILE), " ".join(HOSTILE)
    base = with_parks(with_lattice(toy_result(n, list(HOSTILE))), k=5)
    cycle = [HOSTILE[(i + 7) % n] for i in range(n)]
    columns = ("name_fa", "status", "source", "note", "source_kind", "county", "kind", "province")
    site_frame = base.pool.frame.assign(**dict.fromkeys(columns, cycle))
    titles = Titles.model_construct(en=whole, fa=whole)
    criteria = base.criteria.model_copy(
        update={
            "titles": titles,
            "groups": {
                k: g.model_copy(update={"titles": hostile_titles(i)})
                for i, (k, g) in enumerate(base.criteria.groups.items())
            },
            "criteria": tuple(
                c.model_copy(update={"titles": titles, "evidence": whole, "quality": whole})
                for c in base.criteria.criteria
            ),
            "constraints": tuple(
                c.model_copy(
                    update={"titles": titles, "authority": whole, "authority_fa": whole,
                            "note": whole, "status": whole}
                )
                for c in base.criteria.constraints
            ),
        }
    )  # fmt: skip
    context = {}
    for name, layer in base.context.items():
        texts = {c: whole for c in layer.columns if c in ("name_en", "name_fa", "kind", "status")}
        context[name] = layer.assign(**texts)
    chosen = base.portfolio
    assert chosen is not None
    return dataclasses.replace(
        base,
        study=base.study.model_copy(update={"titles": titles}),
        criteria=criteria,
        pool=dataclasses.replace(base.pool, frame=site_frame),
        context=context,
        sources=tuple(
            source("ports").model_copy(
                update={"titles": hostile_titles(i), "licence": text, "attribution": text,
                        "date": text, "quality": text}
            )
            for i, text in enumerate(HOSTILE)
        ),
        rules={k: {"legal_basis": whole, "source_kind": whole} for k in base.rules},
        warnings=HOSTILE,
        manifest={"version": whole, "date": whole, "command": whole, "seed": whole},
        portfolio=dataclasses.replace(
            chosen,
            notes=tuple(hostile_titles(i) for i in range(n)),
            prices=tuple(dataclasses.replace(p, titles=titles, rule=whole) for p in chosen.prices),
            inquiries=tuple((p.id, hostile_titles(i)) for i, p in enumerate(chosen.picks)),
        ),
    )  # fmt: skip


@pytest.fixture(scope="module")
def hostile_path(reader: Reader) -> Path:
    """The page of the hostile result."""
    return reader.write(hostile_result())


@pytest.mark.parametrize("language", ["fa", "en"])
def test_hostile_text_in_every_field_stays_text(
    reader: Reader, hostile_path: Path, language: str
) -> None:
    visit = reader.open(hostile_path, f"#l={language}")
    if language == "en":
        for _ in range(len(HOSTILE) // 30):
            visit.page.click("#more")
        shown = set(visit.page.locator("[data-row] .name").all_text_contents())
        assert shown == set(HOSTILE)
    for view in ("parks", "inquiries", "compare", "data", "rank"):
        visit.page.click(f"#tab-{view}")
    visit.ask("siteselect.update({view: 'compare', compare: [0, 1, 2, 3]})")
    visit.ask("siteselect.update({view: 'cell', cell: [50.5, 28.5]})")
    for i in range(len(HOSTILE)):
        visit.ask("(i) => siteselect.update({view: 'site', site: i})", i)
        if language == "en":
            assert visit.page.locator("#card-title").text_content() == HOSTILE[i]
    visit.ask("siteselect.update({layers: {...siteselect.state.layers, feedstock: true,"
              " protected: true}})")  # fmt: skip
    visit.page.pdf(prefer_css_page_size=True)
    with visit.page.expect_download():
        visit.page.click("#png")
    visit.ask("siteselect.csv() + siteselect.yaml()")
    assert visit.ask("window.__pwned") is None
    foreign = "#rail script, #rail img, #rail iframe, #rail input[onfocus], .marks script, object"
    assert visit.page.locator(foreign).count() == 0
    assert visit.ask("document.querySelectorAll('[onerror], [onload], base, link').length") == 0
    assert visit.ask("[...document.querySelectorAll('a')].length") == 0
    quiet(visit)


def test_scores_equal_those_of_python_over_two_hundred_weights(
    reader: Reader, path: Path, result: Result
) -> None:
    visit = reader.open(path)
    rng = np.random.default_rng(7)
    sets = rng.dirichlet(np.ones(3), 200) * rng.uniform(0.1, 9, (200, 1))
    sets[np.arange(0, 200, 4), rng.integers(3, size=50)] = 0.0
    found = visit.ask("(sets) => siteselect.scoreMany(sets)", sets.tolist())
    kinds = list(result.pool.frame["kind"])
    for weights, ours in zip(sets, found, strict=True):
        truth = score(result.table, result.criteria, kinds=kinds, weights=weights)
        for name, theirs, far in (
            ("score", truth.score, 1e-9),
            ("known", truth.known, 1e-9),
            # Bounds travel in steps.
            ("low", truth.score_low, 1.01 / BOUND_STEPS),
            ("high", truth.score_high, 1.01 / BOUND_STEPS),
        ):
            said = np.array(ours[name], dtype=float)
            np.testing.assert_allclose(said, theirs, rtol=0, atol=far, err_msg=name)
        assert ours["rank"] == truth.rank.tolist()


def test_each_member_of_the_committee_is_a_preset(reader: Reader, result: Result) -> None:
    rng = np.random.default_rng(5)
    ids = [c.id for c in result.criteria.criteria]
    said = {name: rng.dirichlet(np.ones(len(ids))) for name in (*HOSTILE[:3], "دبیر")}
    committee = {name: dict(zip(ids, w.tolist(), strict=True)) for name, w in said.items()}
    manifest = {**result.manifest, "committee": committee}
    page = reader.write(dataclasses.replace(result, manifest=manifest))
    visit = reader.open(page, "#l=en")
    kinds = list(result.pool.frame["kind"])
    for k, weights in enumerate(said.values()):
        visit.page.select_option("#preset", f"m{k}")
        truth = score(result.table, result.criteria, kinds=kinds, weights=weights)
        assert visit.ask("siteselect.scores().rank") == truth.rank.tolist()
        assert visit.page.locator("#strip .strip").count() == 1
    visit.page.wait_for_url("**p=m3**")
    again = reader.open(page, visit.ask("location.hash"))
    assert again.page.locator("#preset").input_value() == "m3"
    assert reader.open(page, "#l=en&p=m9").page.locator("#preset").input_value() == "official"
    quiet(visit)


def test_a_point_of_the_map_tells_rule_and_authority(reader: Reader, full: Result) -> None:
    lattice = full.lattice
    assert lattice is not None
    visit = reader.open(reader.write(full), "#l=en")
    rules = page_data(full)["rules"]
    cells = full.surface.grid.places()
    to_degrees = Transformer.from_crs(full.surface.grid.crs, WGS84, always_xy=True)
    verdicts = ["Eligible", "Undetermined", "Excluded", "Open"]
    rows_of = lattice.cells // full.surface.grid.shape[1] - full.surface.grid.shape[0] // 2
    inner = np.flatnonzero(abs(rows_of + 0.5) > 2)  # a pixel of the page is no cell of the grid
    for k in inner[:: len(inner) // 9]:
        point = to_degrees.transform(cells.easting[k], cells.northing[k])
        visit.ask("(at) => siteselect.update({view: 'cell', cell: at})", list(point))
        rows = visit.page.locator(".answers tbody tr").all_inner_texts()
        assert len(rows) == len(rules)
        for c, rule in enumerate(rules):
            row = next(row for row in rows if rule["en"] in row)
            assert rule["authority"]["en"] in row
            assert verdicts[lattice.answers[c, k]].lower() in row.lower()
    quiet(visit)


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
    assert visit.page.locator("[data-row]").count() == 30


def test_compare_up_to_four(reader: Reader, path: Path) -> None:
    visit = reader.open(path, "#l=en&v=compare&c=T-01,T-02,T-03,T-04,T-05")
    assert visit.page.locator(".compare thead .letter").all_inner_texts() == ["A", "B", "C", "D"]
    rows = visit.page.locator(".compare tbody tr").count()
    visit.page.get_by_text("Differences only").click()
    assert visit.page.locator(".compare tbody tr").count() < rows
    quiet(visit)


def test_any_point_can_be_asked(reader: Reader, full_path: Path, full: Result) -> None:
    visit = reader.open(full_path, "#l=en")
    surface, lattice = full.surface, full.lattice
    assert lattice is not None
    weights = np.array([c["weight"] for c in visit.ask("siteselect.data.criteria")])
    cells = surface.grid.places()
    to_degrees = Transformer.from_crs(surface.grid.crs, "EPSG:4326", always_xy=True)
    verdicts, scores = [], []
    for k in range(0, len(cells), 23):
        lon, lat = to_degrees.transform(cells.easting[k], cells.northing[k])
        found = visit.ask("([lon, lat]) => siteselect.ask(lon, lat)", [lon, lat])
        verdicts.append(bool(found) and found["verdict"] == surface.verdict.ravel()[cells.ids[k]])
        known = weights * ~np.isnan(lattice.values[k])
        truth = np.nansum(known * lattice.values[k]) / known.sum()
        scores.append(bool(found) and found["told"]["score"] == pytest.approx(truth, abs=0.003))
    assert np.mean(verdicts) > 0.9
    assert np.mean(scores) > 0.75
    assert visit.ask("siteselect.ask(49.0, 27.0)") is None
    box = visit.page.locator(".folium-map").bounding_box()
    visit.page.mouse.click(box["x"] + box["width"] * 0.42, box["y"] + box["height"] * 0.47)
    card = visit.page.locator("#rail").inner_text()
    assert "5 km" in card
    assert "Why this score?" in card
    parts = visit.page.locator("button.fall-row .figure").all_inner_texts()
    total = visit.page.locator(".fall-row.sum .figure").inner_text()
    assert sum(map(float, parts)) == pytest.approx(float(total), abs=0.0021)
    before = visit.page.locator(".facts .big").first.inner_text()
    visit.page.locator("#weight-0").fill("0")
    after = visit.page.locator(".facts .big").first.inner_text()
    assert before != after
    quiet(visit)


GROUND = """() => {
    const ground = document.querySelector('canvas.ground');
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [ground.width, ground.height];
    const pen = canvas.getContext('2d', { willReadFrequently: true });
    pen.drawImage(ground, 0, 0);
    const data = pen.getImageData(0, 0, canvas.width, canvas.height).data;
    const found = {};
    for (let k = 0; k < data.length; k += 4) {
        if (data[k + 3] === 0) continue;
        const key = [data[k], data[k + 1], data[k + 2]].join();
        found[key] = (found[key] || 0) + 1;
    }
    return found;
}"""


def test_the_ground_follows_the_weights_where_it_is_eligible(
    reader: Reader, full_path: Path
) -> None:
    visit = reader.open(full_path, "#l=en")
    palette = visit.ask("siteselect.data.ground.palette")
    tones = [",".join(str(int(c[k : k + 2], 16)) for k in (1, 3, 5)) for c in palette]
    official = visit.ask(GROUND)
    visit.page.locator("#weight-0").fill("3")
    moved = visit.ask(GROUND)
    assert sum(official.values()) == sum(moved.values())
    # Hatches of doubt and exclusion stay pixel by pixel, but for cells that know too little.
    assert official[tones[7]] == moved[tones[7]]
    assert official[tones[6]] <= moved[tones[6]]
    assert {k: official.get(k) for k in tones[1:6]} != {k: moved.get(k) for k in tones[1:6]}
    assert "in squares of 5 km" in visit.page.locator("#strip").inner_text()
    visit.page.click("#reset")
    assert visit.ask(GROUND) == official
    quiet(visit)


def test_a_site_left_out_of_the_parks_says_what_it_would_cost(
    reader: Reader, full_path: Path, full: Result
) -> None:
    assert full.portfolio is not None
    names = full.pool.frame.set_index("id")["name_en"]
    for other in full.portfolio.left_out:
        visit = reader.open(full_path, f"#l=en&v=site&s={other.id}")
        card = visit.page.locator("#rail").inner_text()
        assert "Why is it not in the portfolio?" in card
        assert all(names[name] in card for name in other.leaves)
        if np.isfinite(other.loss) and other.loss >= 0.0005:
            assert f"scores {other.loss:.3f} less" in card
        quiet(visit)
    for pick in full.portfolio.picks[:1]:
        visit = reader.open(full_path, f"#l=en&v=site&s={pick.id}")
        assert "Why is it not" not in visit.page.locator("#rail").inner_text()


def test_a_refused_site_says_who_has_refused_it(reader: Reader, result: Result) -> None:
    table = dataclasses.replace(result.table, settled=(("T-03", "refused by IA-03", "refused"),))
    no = Answer(
        site="T-03", authority="IA-03", answer="refused", date="2026-03-01", reference="<b>7</b>"
    )
    heard = dataclasses.replace(
        result,
        table=table,
        scores=score(table, result.criteria, kinds=result.pool.places.kinds.tolist()),
        answers=(no, no.model_copy(update={"site": "T-04", "answer": "conditional"})),
    )
    path = reader.write(heard)
    told = {"en": "refused by IA-03", "fa": "مخالفت IA-03"}
    for language, words in told.items():
        visit = reader.open(path, f"#l={language}&v=site&s=T-03")
        card = visit.page.locator("#rail").inner_text()
        # Among the answers, and as what keeps the site off the list.
        assert card.count(words) == 2
        assert "<b>" in card
        quiet(visit)
    other = reader.open(path, "#l=en&v=site&s=T-04").page.locator("#rail").inner_text()
    assert other.count("granted under conditions by IA-03") == 1
    quiet(visit)


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_the_map_opens_on_the_study_area_and_lies_still(
    reader: Reader, full_path: Path, size: tuple[int, int]
) -> None:
    visit = reader.open(full_path, "#l=en", size)
    opened = visit.ask("siteselect.map.getBounds().toBBoxString()")
    visit.page.wait_for_timeout(400)  # Longer than a glide of the map takes.
    assert visit.ask("siteselect.map.getBounds().toBBoxString()") == opened
    west, south, east, north = map(float, opened.split(","))
    study = visit.ask("siteselect.data.study_bounds")
    assert west < study[0] < study[2] < east
    assert south < study[1] < study[3] < north


@pytest.mark.parametrize("language", ["fa", "en"])
def test_parks_are_shown_with_their_alternatives(
    reader: Reader, full_path: Path, full: Result, language: str
) -> None:
    chosen = full.portfolio
    assert chosen is not None
    visit = reader.open(full_path, f"#l={language}&v=parks")
    names = dict(zip(full.pool.frame["id"], full.pool.frame["name_en"], strict=True))
    marks = visit.ask(
        "[...document.querySelectorAll('.ranked')].map((m) => Number(m.dataset.site))"
    )
    ids = full.pool.frame["id"].tolist()
    assert {ids[i] for i in marks} == {p.id for p in chosen.picks}
    rows = visit.page.locator("table.parks tbody tr")
    assert rows.count() == len(chosen.picks)
    if language == "en":
        rail = visit.page.locator("#rail").inner_text()
        assert f"{chosen.total:.3f}" in rail
        assert "proven" in rail
        order = full.sites.set_index("id")["rank"]
        expected = [names[p.id] for p in sorted(chosen.picks, key=lambda p: order[p.id])]
        assert rows.locator(".name").all_inner_texts() == expected
        for note in chosen.notes:
            assert note.en in rail
    quiet(visit)


def test_looking_at_another_set_changes_nothing_official(
    reader: Reader, full_path: Path, full: Result
) -> None:
    chosen = full.portfolio
    assert chosen is not None
    assert chosen.alternatives
    visit = reader.open(full_path, "#l=en&v=parks")
    visit.page.select_option("#set", "0")
    strip = visit.page.locator(".preview").inner_text()
    assert "the official portfolio stays as it is" in strip
    other = chosen.alternatives[0]
    names = dict(zip(full.pool.frame["id"], full.pool.frame["name_en"], strict=True))
    for name in (*other.joins, *other.leaves):
        assert names[name] in strip
    assert visit.page.locator("table.parks tbody tr").count() == len(chosen.picks)
    visit.page.wait_for_url("**a=0**")
    again = reader.open(full_path, visit.ask("location.hash"))
    assert again.page.locator(".preview").inner_text() == strip
    visit.page.click("#end-preview")
    assert visit.page.locator(".preview").count() == 0
    swap = visit.page.locator(".swap").first
    swap.click()
    assert visit.page.locator(".swap[aria-pressed=true]").count() == 1
    visit.page.keyboard.press("Escape")
    assert visit.page.locator(".preview").count() == 0
    visit.page.locator("#weight-0").fill("5")
    assert "Official portfolio" in visit.page.locator("#rail .row").first.inner_text()
    assert visit.page.locator("table.parks tbody tr").count() == len(chosen.picks)
    quiet(visit)


@pytest.mark.parametrize("address", ["#v=parks&a=0", "#v=parks&f=parks&a=s1"])
def test_a_page_without_parks_has_no_such_view(reader: Reader, path: Path, address: str) -> None:
    visit = reader.open(path, address)
    assert visit.page.locator("#tab-parks").count() == 0
    assert visit.ask("[siteselect.state.view, siteselect.state.preview]") == ["rank", None]
    quiet(visit)


def test_small_marks_are_found_under_the_pointer(reader: Reader, path: Path) -> None:
    visit = reader.open(path, "#l=en")
    shown = set(visit.ask("[...document.querySelectorAll('.ranked')].map((m) => +m.dataset.site)"))
    i = next(k for k in range(40) if k not in shown)
    x, y = visit.ask(
        """(i) => { const s = siteselect, p = s.map.latLngToContainerPoint(
            [s.data.sites.lat[i], s.data.sites.lon[i]]); return [p.x, p.y]; }""", i
    )  # fmt: skip
    found = visit.ask("([x, y]) => siteselect.siteAt(x, y)", [x, y])
    assert found is not None
    assert found not in shown
    box = visit.page.locator(".folium-map").bounding_box()
    visit.page.mouse.move(box["x"] + x, box["y"] + y)
    name = visit.ask("(i) => siteselect.data.sites.name_en[i]", found)
    assert name in visit.page.locator("#tip").inner_text()
    visit.page.mouse.click(box["x"] + x, box["y"] + y)
    assert visit.page.locator("#card-title").inner_text() == name
    quiet(visit)


def test_distance_and_area_are_measured(reader: Reader, path: Path) -> None:
    visit = reader.open(path, "#l=en")
    visit.page.click("#measure-button")
    visit.page.locator(".folium-map").focus()
    centres = []
    for lat, lon in ((28.3, 50.8), (28.3, 51.2), (28.7, 51.2), (28.7, 50.8)):
        visit.ask("(at) => siteselect.map.setView(at, 8, {animate: false})", [lat, lon])
        centre = visit.ask("siteselect.map.getCenter()")
        centres.append((centre["lng"], centre["lat"]))
        visit.page.keyboard.press("Enter")
    found = visit.ask("siteselect.measured()")
    geod, (lons, lats) = Geod(ellps="WGS84"), zip(*centres, strict=True)
    assert max(lons) - min(lons) > 0.2
    area, _ = geod.polygon_area_perimeter(lons, lats)
    assert found["km"] == pytest.approx(geod.line_length(lons, lats) / 1000, rel=0.005)
    assert found["km2"] == pytest.approx(abs(area) / 1e6, rel=0.006)
    assert "Area" in visit.page.locator("#measure").inner_text()
    quiet(visit)


def test_the_paper_can_be_larger(reader: Reader, full_path: Path) -> None:
    visit = reader.open(full_path, "#l=en")
    visit.page.select_option("#paper", "a3")
    pdf = visit.page.pdf(prefer_css_page_size=True, print_background=True)
    assert pdf.count(b"/Type /Page\n") + pdf.count(b"/Type /Page ") == 1
    box = re.search(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", pdf)
    assert box
    # 420 by 297 mm in points.
    assert [float(v) for v in box.groups()] == pytest.approx([1190.55, 841.89], abs=2)
    quiet(visit)


def picture_of(content: bytes) -> Any:
    """Pixels of a PNG as soft grey values, shape (rows, columns)."""
    with MemoryFile(content) as file, file.open() as image:
        grey = image.read([1, 2, 3]).astype(float).mean(axis=0)
    # Hatches and letters fall on pixels by chance; shapes do not.
    return uniform_filter(grey, 5)


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
@pytest.mark.skipif(shutil.which("pdftoppm") is None, reason="poppler is not installed")
@pytest.mark.parametrize("paper", ["a4", "a3"])
def test_the_sheet_prints_what_the_screen_shows(
    reader: Reader, full_path: Path, tmp_path: Path, paper: str
) -> None:
    visit = reader.open(full_path, "#l=en", (1600, 1000))
    visit.page.select_option("#paper", paper)
    pdf = tmp_path / "sheet.pdf"
    visit.page.pdf(path=pdf, prefer_css_page_size=True, print_background=True)
    drawn = ["pdftoppm", "-r", "96", "-png", "-singlefile", str(pdf), str(tmp_path / "sheet")]
    subprocess.run(drawn, check=True, capture_output=True, timeout=120)
    printed = picture_of((tmp_path / "sheet.png").read_bytes())
    visit.ask("window.dispatchEvent(new Event('beforeprint'))")
    box = visit.page.locator(".folium-map").bounding_box()
    shown = picture_of(visit.page.locator(".folium-map").screenshot())
    # The sheet has a margin of 5 mm, and may lie a pixel off.
    middle = (slice(60, 380), slice(60, 760))
    fits = []
    for down, right in itertools.product(range(16, 24), range(16, 24)):
        top, left = round(box["y"]) + down, round(box["x"]) + right
        part = printed[top : top + shown.shape[0], left : left + shown.shape[1]]
        fits.append(np.corrcoef(part[middle].ravel(), shown[middle].ravel())[0, 1])
    assert max(fits) > 0.9, max(fits)
    quiet(visit)


VIEWS = ("rank", "parks", "inquiries", "compare&c=T-01,T-02", "data", "site&s=T-03")


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
@pytest.mark.parametrize("language", ["fa", "en"])
def test_axe_finds_nothing_serious(
    reader: Reader, full_path: Path, language: str, size: tuple[int, int]
) -> None:
    visit = reader.open(full_path, f"#l={language}", size)
    visit.ask(AXE)
    for view in VIEWS:
        name, _, rest = view.partition("&")
        change = {"view": name} | ({"site": 3} if name == "site" else {})
        visit.ask("(change) => siteselect.update(change)", change)
        if rest.startswith("c="):
            visit.ask("siteselect.update({compare: [1, 2]})")
        visit.ask("siteselect.update({preset: siteselect.state.preset})")
        found = visit.ask("axe.run({resultTypes: ['violations']})")
        serious = [
            (
                view,
                fault["id"],
                fault["nodes"][0]["html"][:200],
                fault["nodes"][0]["failureSummary"],
            )
            for fault in found["violations"]
            if fault["impact"] in ("serious", "critical")
        ]
        assert serious == []


@pytest.mark.parametrize("view", ["rank", "parks", "site&s=T-03", "compare&c=T-01,T-02", "data"])
def test_every_control_is_reached_by_the_tab_key(
    reader: Reader, full_path: Path, view: str
) -> None:
    visit = reader.open(full_path, f"#l=en&v={view}")
    controls = visit.ask(
        """() => [...document.querySelectorAll('button, input, select, summary, [tabindex="0"]')]
            .filter((e) => e.checkVisibility() && !e.disabled)
            .map((e, k) => { e.dataset.probe = k; return k; })"""
    )
    visit.ask("document.activeElement.blur()")
    reached = set()
    for _ in range(len(controls) + 10):
        visit.page.keyboard.press("Tab")
        reached.add(visit.ask("Number(document.activeElement?.dataset.probe ?? -1)"))
    missed = [k for k in controls if k not in reached]
    assert missed == [], visit.ask(
        "(k) => document.querySelector(`[data-probe='${k}']`).outerHTML.slice(0, 200)", missed[0]
    )


def test_the_keyboard_does_what_the_mouse_does(reader: Reader, full_path: Path) -> None:
    visit = reader.open(full_path, "#l=en")
    press = visit.page.keyboard.press
    press("p")
    assert visit.ask("siteselect.state.view") == "parks"
    visit.page.locator(".swap").first.focus()
    press("Enter")
    assert visit.ask("siteselect.state.preview[0]") == "swap"
    assert visit.ask("document.activeElement.id") == "swap-" + visit.ask(
        "String(siteselect.state.preview[1])"
    )
    visit.page.locator("table.parks .name").first.focus()
    press("Enter")
    assert visit.ask("siteselect.state.view") == "site"
    press("Escape")
    assert visit.ask("siteselect.state.view") == "parks"
    press("Escape")
    press("Escape")
    assert visit.ask("siteselect.state.view") == "rank"
    visit.page.locator(".folium-map").focus()
    zoom = visit.ask("siteselect.map.getZoom()")
    press("+")
    visit.page.wait_for_function(
        "(zoom) => Math.abs(siteselect.map.getZoom() - zoom - 0.5) < 0.01", arg=zoom
    )
    press("0")
    press("Enter")
    assert visit.ask("siteselect.state.view") == "cell"
    press("w")
    assert visit.ask("document.activeElement.id") == "weight-0"
    visit.page.locator("#lock-0").focus()
    press("Space")
    assert visit.ask("siteselect.state.locks[0]") is True
    assert visit.ask("document.activeElement.id") == "lock-0"
    visit.page.locator("#language").focus()
    press("Enter")
    assert visit.ask("siteselect.state.lang") == "fa"
    assert visit.ask("document.activeElement.id") == "language"
    visit.page.locator("body").press("?")
    assert visit.page.locator("#help").is_visible()
    assert visit.ask("document.querySelector('#help').contains(document.activeElement)")
    press("Escape")
    assert visit.page.locator("#help").count() == 0
    quiet(visit)


def test_a_notebook_shows_the_map(reader: Reader, full: Result, tmp_path: Path) -> None:
    shown = tmp_path / "notebook.html"
    shown.write_text(
        f"<!DOCTYPE html><meta charset=utf-8><body data-ready=yes>{frame(full)._repr_html_()}",
        "utf-8",
    )
    visit = reader.open(shown)
    inner = visit.page.frames[1]
    inner.wait_for_selector("body[data-ready]", timeout=20_000)
    inner.evaluate("siteselect.update({lang: 'en'})")
    assert inner.locator("[data-row]").count() == 30
    quiet(visit)


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
