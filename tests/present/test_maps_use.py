"""The planner's page as people use it in a meeting, in a real browser without a network."""

import csv
import dataclasses
import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from rasterio.io import MemoryFile

from siteselect.decide.score import EXCLUDED
from siteselect.declared.sources import Titles
from siteselect.present import columns
from siteselect.present.export import write_csv
from siteselect.present.maps import shell
from siteselect.present.maps.data import page_data
from siteselect.study.result import Result
from tests.present.test_maps import with_lattice, with_parks
from tests.present.test_maps_browser import AXE, CHROMIUM, FLAGS, PHONE, Reader, picture_of, quiet
from tests.toy import toy_result

api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
]


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    """A browser for all tests of this file."""
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield Reader(browser, tmp_path_factory.mktemp("use"))
        browser.close()


@pytest.fixture(scope="module")
def result() -> Result:
    """Forty sites of the toy world."""
    return toy_result(40)


@pytest.fixture(scope="module")
def path(reader: Reader, result: Result) -> Path:
    """The page of the forty sites, with a lattice and parks."""
    return reader.write(with_parks(with_lattice(result)))


@pytest.mark.parametrize("language", ["fa", "en"])
def test_the_base_map_asks_one_host_and_only_when_switched_on(
    reader: Reader, path: Path, language: str
) -> None:
    visit = reader.open(path, f"#l={language}&base=1&layers=base")
    visit.page.click("#layers-button")
    switch = visit.page.locator("#layer-base")
    assert not switch.is_checked()
    # Said before it is done: whom it contacts.
    assert shell.BASE_MAP.split("/")[2] in visit.page.locator("#layers .base").inner_text()
    quiet(visit)
    switch.check()
    visit.page.wait_for_function("() => document.getElementById('base-answer').textContent !== ''")
    assert visit.outside
    assert not [url for url in visit.outside if not url.startswith(shell.BASE_MAP)]
    assert "NASA" in visit.page.locator("#attribution").inner_text()
    # A link of the page as it stands switches nothing on.
    again = reader.open(path, visit.ask("location.hash"))
    quiet(again)
    switch.uncheck()
    asked = len(visit.outside)
    visit.ask("siteselect.map.setZoom(8, {animate: false})")
    visit.ask("new Promise((done) => setTimeout(done, 300))")
    assert len(visit.outside) == asked
    assert visit.page.locator("#base-answer").inner_text() == ""


def test_no_other_address_stands_in_the_page(path: Path) -> None:
    document = path.read_text("utf-8")
    policy = document.partition('Content-Security-Policy" content="')[2].partition('"')[0]
    assert [word for word in policy.split() if "://" in word] == [f"{shell.BASE_MAP};"]


def test_rows_are_taken_into_the_comparison_and_out(reader: Reader, path: Path) -> None:
    visit = reader.open(path, "#l=en&v=compare")
    assert "Choose two to four sites" in visit.page.locator("#compare").inner_text()
    rows = visit.page.locator("[data-row]")
    for k in range(3):
        rows.nth(k).click()
    rows.nth(3).focus()
    visit.page.keyboard.press("Enter")
    assert visit.page.locator(".compare thead .letter").all_inner_texts() == ["A", "B", "C", "D"]
    assert visit.page.locator("#rows .letter").all_inner_texts() == ["A", "B", "C", "D"]
    # The row keeps the focus, so that a keyboard can go on from there.
    assert visit.ask("document.activeElement.dataset.row") == rows.nth(3).get_attribute("data-row")
    rows.nth(4).click()
    assert "Four sites at most" in visit.page.locator("#strip").inner_text()
    assert visit.ask("siteselect.state.compare.length") == 4
    rows.nth(0).click()
    assert visit.ask("siteselect.state.compare.length") == 3
    assert visit.page.locator("#strip .strip").count() == 0
    quiet(visit)


def test_a_numbered_mark_is_pointed_at_and_opened(reader: Reader, path: Path) -> None:
    visit = reader.open(path, "#l=en")
    marks = visit.page.locator(".marks .ranked")
    assert marks.count() >= 10
    # The last lies on top of those before it.
    site, box = int(marks.last.get_attribute("data-site")), marks.last.bounding_box()
    visit.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    name = visit.ask("(i) => siteselect.data.sites.name_en[i]", site)
    assert name in visit.page.locator("#tip").inner_text()
    visit.page.mouse.down()
    visit.page.mouse.up()
    assert visit.page.locator("#card-title").inner_text() == name
    quiet(visit)


def test_a_mark_on_the_map_is_taken_into_the_comparison(reader: Reader, path: Path) -> None:
    visit = reader.open(path, "#l=en&v=compare")
    mark = visit.page.locator(".marks .ranked").first
    site, box = int(mark.get_attribute("data-site")), mark.locator(".body").bounding_box()
    visit.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    assert visit.ask("[siteselect.state.view, siteselect.state.compare]") == ["compare", [site]]
    quiet(visit)


def test_on_a_phone_the_comparison_stands_before_the_list(reader: Reader, path: Path) -> None:
    visit = reader.open(path, "#l=fa&v=compare&c=T-01,T-02", PHONE)
    top = visit.page.locator("#compare").bounding_box()["y"]
    assert top < visit.page.locator("#rail").bounding_box()["y"]
    tab = visit.page.locator("#tab-data")
    tab.click()
    box = tab.bounding_box()
    assert box["x"] >= -1
    assert box["x"] + box["width"] <= PHONE[0] + 1
    quiet(visit)


def test_a_map_that_was_moved_is_not_framed_anew(reader: Reader, path: Path) -> None:
    visit = reader.open(path, "#l=fa")
    visit.ask("siteselect.map.setView([28.4, 50.6], 9, {animate: false}) && 0")
    visit.page.click("#tab-compare")
    visit.page.click("#tab-rank")
    assert visit.ask("siteselect.map.getZoom()") == 9


def test_a_site_without_a_rank_has_no_rank_interval(
    reader: Reader, result: Result, monkeypatch: pytest.MonkeyPatch
) -> None:
    ranked = result.sites["rank"] > 0
    trusted = result.sites.assign(
        rank_low=np.where(ranked, 2, np.nan), rank_high=np.where(ranked, 9, np.nan)
    )
    monkeypatch.setattr(Result, "sites", property(lambda _: trusted))
    out = int(np.flatnonzero(result.scores.verdict == EXCLUDED)[0])
    visit = reader.open(reader.write(result), "#l=en")
    visit.ask("(site) => siteselect.update({view: 'site', site})", out)
    facts = visit.page.locator(".facts .fact").all_inner_texts()
    assert [fact.split("\n")[-1] for fact in facts if fact.startswith("Rank interval")] == ["–"]
    quiet(visit)


def test_what_is_unknown_is_told_as_no_zero(reader: Reader, path: Path, result: Result) -> None:
    criteria, values = result.criteria.criteria, result.table.values
    groups = list(result.criteria.groups)
    site, g = next(
        (i, g)
        for i in range(len(values))
        for g, name in enumerate(groups)
        if result.scores.rank[i] > 0
        and all(np.isnan(values[i, j]) for j, c in enumerate(criteria) if c.group == name)
    )
    visit = reader.open(path, "#l=en")
    visit.ask("(site) => siteselect.update({view: 'site', site})", site)
    part, whole = visit.page.locator(f"#fall-row-{g} .blank"), visit.page.locator(".sum .figure")
    assert part.inner_text() == "–"
    assert float(whole.inner_text()) == pytest.approx(result.scores.score[site], abs=0.0006)
    # All weight on what is not known of the site: it has no score, and none is made up.
    visit.page.focus(f"#weight-{g}")
    visit.page.keyboard.press("End")
    assert visit.ask("(site) => siteselect.scores().score[site]", site) is None
    assert whole.inner_text() == "–"
    assert "NaN" not in visit.page.locator("#rail").inner_text()
    best = visit.ask("siteselect.scores().listed[0]")
    visit.ask("(compare) => siteselect.update({view: 'compare', compare})", [best, site])
    told = visit.page.locator(".compare tbody tr").first.locator("td").nth(1)
    assert told.locator("b").inner_text() == "–"
    assert told.locator(".sub").inner_text() == ""
    quiet(visit)


@pytest.mark.parametrize("size", [PHONE, (1024, 768)])
def test_the_scale_lies_below_the_study_area(
    reader: Reader, path: Path, size: tuple[int, int]
) -> None:
    visit = reader.open(path, "#l=fa", size)
    south = """() => {
        const [west, south] = siteselect.data.study_bounds;
        const { top } = siteselect.map.getContainer().getBoundingClientRect();
        const scale = document.querySelector('#scale').getBoundingClientRect();
        return scale.top - top - siteselect.map.latLngToContainerPoint([south, west]).y;
    }"""
    assert visit.ask(south) >= 0
    visit.ask("window.dispatchEvent(new Event('beforeprint'))")
    assert visit.ask(south) >= 0
    quiet(visit)


@pytest.mark.parametrize("language", ["fa", "en"])
def test_no_number_of_the_comparison_is_broken(reader: Reader, path: Path, language: str) -> None:
    visit = reader.open(path, f"#l={language}&v=compare&c=T-01,T-02,T-03,T-04", (1024, 768))
    lines = """() => [...document.querySelectorAll('.compare tbody tr:first-child td *')]
        .filter((box) => !box.children.length && box.textContent).map((box) => {
            const text = document.createRange();
            text.selectNodeContents(box);
            return new Set([...text.getClientRects()].map(({ top }) => Math.round(top))).size;
        })"""
    assert set(visit.ask(lines)) == {1}
    quiet(visit)


@pytest.mark.parametrize("paper", ["a4", "a3"])
def test_the_sheet_of_long_names_is_one_page(reader: Reader, paper: str) -> None:
    long = "Special economic zone of petrochemical, refining and energy industries no. "
    named = toy_result(40, [f"{long}{k}" for k in range(40)])
    visit = reader.open(reader.write(with_parks(named)), "#l=en")
    visit.ask("(paper) => siteselect.update({paper})", paper)
    pdf = visit.page.pdf(prefer_css_page_size=True, print_background=True)
    assert pdf.count(b"/Type /Page\n") + pdf.count(b"/Type /Page ") == 1
    visit.ask("window.dispatchEvent(new Event('beforeprint'))")
    # Weights and licences keep their width, and the map a size to be read.
    widths = visit.ask(
        "[...document.querySelector('.sheet-foot').children].map((box) => box.offsetWidth)"
    )
    assert min(widths) > 190
    assert visit.page.locator(".folium-map").bounding_box()["height"] > 300
    quiet(visit)


def test_forced_colours_leave_those_that_mean_something(reader: Reader, path: Path) -> None:
    visit = reader.open(path, "#l=en")
    look = """(names) => Object.fromEntries(names.map((name) => {
        const look = getComputedStyle(document.querySelector(name));
        return [name, [look.backgroundColor, look.borderBottomColor]];
    }))"""
    names = [".folium-map", ".interval-range", ".interval-tick", ".badge", "#tab-rank", "#tab-data"]
    usual = visit.ask(look, names)
    visit.page.emulate_media(forced_colors="active", color_scheme="dark")
    forced = visit.ask(look, names)
    assert forced["#tab-rank"] != forced["#tab-data"]
    for name in names[:4]:
        assert forced[name][0] == usual[name][0], name
    # What is written on them can be read.
    assert (
        visit.ask("getComputedStyle(document.querySelector('#zoom-in')).color") == "rgb(27, 36, 48)"
    )
    visit.ask("siteselect.update({view: 'site', site: 0})")
    ground = visit.ask(look, [".waterfall"])[".waterfall"][0]
    assert ground == "rgb(255, 255, 255)"
    assert (
        visit.ask("getComputedStyle(document.querySelector('.fall-name')).color")
        == "rgb(27, 36, 48)"
    )
    quiet(visit)


def test_words_of_the_curve_are_no_larger_than_those_about_it(reader: Reader, path: Path) -> None:
    visit = reader.open(path, "#l=fa&v=parks", (820, 1180))
    heights = visit.ask(
        """['.curve text', '#rail h2'].map((name) => {
            const box = document.querySelector(name);
            const scale = box.getScreenCTM?.().a ?? 1;
            return scale * parseFloat(getComputedStyle(box).fontSize);
        })"""
    )
    assert heights[0] <= heights[1]
    quiet(visit)


def test_criteria_that_are_opened_on_a_phone_are_in_view(reader: Reader, path: Path) -> None:
    visit = reader.open(path, "#l=fa", PHONE)
    visit.page.click("#dock-toggle")
    visit.ask("document.querySelector('#dock').style.maxHeight = '200px'")
    visit.page.locator("[id^=open-]").last.click()
    dock, panel = (visit.page.locator(box).bounding_box() for box in ("#dock", ".sub-panel"))
    assert panel["y"] >= dock["y"]
    quiet(visit)


def test_only_what_was_drawn_on_the_grid_is_said_to_be(reader: Reader, result: Result) -> None:
    frame = result.pool.frame.copy()
    frame.loc[frame["kind"] == "proposed", "position_accuracy_km"] = 0.0
    own, drawn = (
        int(np.flatnonzero(frame["kind"] == kind)[0]) for kind in ("proposed", "greenfield")
    )
    pool = dataclasses.replace(result.pool, frame=frame)
    visit = reader.open(reader.write(dataclasses.replace(result, pool=pool)), "#l=en")
    said = {own: "judged as if surveyed", drawn: "drawn on the grid"}
    for site, words in said.items():
        visit.ask("(site) => siteselect.update({view: 'site', site})", site)
        rail = visit.page.locator("#rail").inner_text()
        assert [word for word in said.values() if word in rail] == [words]
    visit.ask("(compare) => siteselect.update({view: 'compare', compare})", list(said))
    line = visit.page.locator(".compare tr", has_text="Position accuracy")
    assert line.locator("td").all_inner_texts() == list(said.values())
    quiet(visit)


def test_sites_are_found_by_their_county(reader: Reader, result: Result) -> None:
    county = ["كنگان" if i == 7 else "" for i in range(len(result.pool.frame))]
    pool = dataclasses.replace(result.pool, frame=result.pool.frame.assign(county=county))
    visit = reader.open(reader.write(dataclasses.replace(result, pool=pool)))
    visit.page.fill("#search", "کنگان")
    assert [r.get_attribute("data-row") for r in visit.page.locator("[data-row]").all()] == ["7"]


def test_spaces_and_macrons_do_not_hide_a_site(reader: Reader) -> None:
    made = toy_result(12, [f"Place {k}" for k in range(10)] + ["Bostānū", "Bandar-e ʿAbbās"])
    frame = made.pool.frame.copy()
    for k, name in enumerate(("بندرعباس", "بندر عباس", "بندر\u200cعباس ۲")):
        frame.loc[k, "name_fa"] = name
    pool = dataclasses.replace(made.pool, frame=frame)
    visit = reader.open(reader.write(dataclasses.replace(made, pool=pool)))
    found = {"بندر عباس": {0, 1, 2}, "بندرعباس": {0, 1, 2}, "بندر\u200cعباس 2": {2},
             "bostanu": {10}, "Bostānū": {10}, "T-1 ": {10, 11}, "1Place": set()}  # fmt: skip
    for typed, sites in found.items():
        visit.page.fill("#search", typed)
        rows = visit.page.locator("[data-row]").all()
        assert {int(row.get_attribute("data-row")) for row in rows} == sites, typed
    quiet(visit)


def test_a_double_click_zooms_and_asks_nothing(reader: Reader, path: Path) -> None:
    visit = reader.open(path, "#l=en")
    x, y = visit.ask("""() => {
        const { map } = siteselect, home = map.getContainer().getBoundingClientRect();
        const spots = [...Array(400).keys()];
        const at = (k) => [60 + 23 * (k % 20), 60 + 17 * Math.floor(k / 20)];
        const [x, y] = spots.map(at).find(([u, v]) => siteselect.siteAt(u, v) === null && !document
            .elementFromPoint(home.left + u, home.top + v).closest('.keep-out, [data-site]'));
        return [home.left + x, home.top + y];
    }""")
    zoom = visit.ask("siteselect.map.getZoom()")
    visit.page.mouse.dblclick(x, y)
    visit.page.wait_for_function("(zoom) => siteselect.map.getZoom() > zoom", arg=zoom)
    assert visit.ask("siteselect.state.view") == "rank"
    visit.page.wait_for_timeout(600)  # Longer than the zoom, and than two clicks that are one.
    visit.page.mouse.click(x, y)
    assert visit.ask("siteselect.state.view") == "cell"
    quiet(visit)


def test_nothing_glides_where_motion_is_not_wanted(reader: Reader, path: Path) -> None:
    visit = reader.open(path, "#l=en")
    # As Leaflet marks its pane while it zooms.
    glides = """() => {
        const pane = siteselect.map.getPane('mapPane');
        pane.classList.add('leaflet-zoom-anim');
        const moved = pane.querySelector('.leaflet-zoom-animated');
        const takes = getComputedStyle(moved).transitionDuration;
        pane.classList.remove('leaflet-zoom-anim');
        return takes;
    }"""
    assert visit.ask(glides) == "0.25s"
    visit.page.emulate_media(reduced_motion="reduce")
    assert visit.ask(glides) == "0s"
    quiet(visit)


def test_the_table_says_what_the_ranking_of_the_run_says(
    reader: Reader, path: Path, result: Result, tmp_path: Path
) -> None:
    write_csv(columns.ranking(result), tmp_path / "ranking.csv")
    told = {
        row["id"]: row
        for row in csv.DictReader(io.StringIO((tmp_path / "ranking.csv").read_text("utf-8-sig")))
    }
    visit = reader.open(path)
    whole = list(csv.DictReader(io.StringIO(visit.ask("siteselect.csv()").lstrip("\ufeff"))))
    assert {row["id"] for row in whole} == set(told)
    for row in whole:
        same = told[row["id"]]
        for name in ("name_en", "name_fa", "kind", "province", "verdict"):
            assert row[name] == same[name]
        assert int(row["rank"] or 0) == int(same["rank"] or 0)
        for name, off in (
            ("score", 1e-9),
            ("known", 1e-9),
            ("score_low", 1e-4),
            ("score_high", 1e-4),
        ):
            assert float(row[name]) == pytest.approx(float(same[name]), abs=off)
        assert len(row["score_low"]) <= 6
    # A part of the ranking does not pass for the whole.
    names = []
    for province in ("", "IR-22"):
        visit.page.select_option("#filter-province", province)
        with visit.page.expect_download() as waiting:
            visit.page.click("#csv")
        names.append(waiting.value.suggested_filename)
    assert names == ["toy-ranking.csv", "toy-filtered-ranking.csv"]
    quiet(visit)


def test_the_sheet_says_whose_weights_it_stands_under(reader: Reader, result: Result) -> None:
    ids = [c.id for c in result.criteria.criteria]
    committee = {name: dict.fromkeys(ids, 1 / len(ids)) for name in ("A. Energy", "دبیر")}
    manifest = {**result.manifest, "committee": committee}
    visit = reader.open(reader.write(dataclasses.replace(result, manifest=manifest)), "#l=en")
    said = []
    for preset in ("official", "equal", "m0", "m1"):
        visit.page.select_option("#preset", preset)
        visit.ask("window.dispatchEvent(new Event('beforeprint'))")
        said.append(visit.page.locator(".sheet-head p").first.inner_text().split(" · ")[-1])
        visit.ask("window.dispatchEvent(new Event('afterprint'))")
    assert [words.replace("\u2068", "").replace("\u2069", "") for words in said] == [
        "Official weights",
        "Exploratory weights: Equal criteria",
        "Exploratory weights: Weights of A. Energy",
        "Exploratory weights: Weights of دبیر",
    ]
    quiet(visit)


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
def test_the_picture_of_the_parks_is_as_pale_as_their_map(reader: Reader, path: Path) -> None:
    visit = reader.open(path, "#l=en&v=parks")
    with visit.page.expect_download() as waiting:
        visit.page.click("#png")
    shown = picture_of(visit.page.locator(".folium-map").screenshot())
    drawn = picture_of(Path(waiting.value.path()).read_bytes())[::2, ::2]
    middle = (slice(150, 450), slice(330, 900))
    assert abs(drawn[middle].mean() - shown[middle].mean()) < 4
    quiet(visit)


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
@pytest.mark.parametrize("language", ["fa", "en"])
def test_the_picture_has_its_scale_and_its_legend(
    reader: Reader, path: Path, language: str
) -> None:
    visit = reader.open(path, f"#l={language}")
    with visit.page.expect_download() as waiting:
        visit.page.click("#png")
    with MemoryFile(Path(waiting.value.path()).read_bytes()) as file, file.open() as image:
        picture = image.read([1, 2, 3])
    home, bar = (visit.page.locator(name).bounding_box() for name in (".folium-map", "#scale svg"))
    left, top = 2 * round(bar["x"] - home["x"]), 2 * round(bar["y"] - home["y"])
    scale = picture[:, top : top + 48, left : left + 2 * round(bar["width"])]
    # Half of the bar is filled with ink; the ground about it is dimmed.
    assert (scale.max(axis=0) < 60).sum() > 0.35 * 20 * (bar["width"] - 44)
    beneath = picture[:, 2 * round(home["height"]) :].reshape(3, -1)
    found = {f"#{r:02X}{g:02X}{b:02X}" for r, g, b in np.unique(beneath, axis=1).T}
    keys = visit.ask("[...document.querySelectorAll('#legend .swatch [fill]')].map((part) =>"
                     " part.getAttribute('fill').toUpperCase())")  # fmt: skip
    colours = {key for key in keys if key.startswith("#")}
    assert len(colours) > 8
    assert colours <= found
    quiet(visit)


def test_a_moved_share_tells_how_far_it_stands_from_the_official(
    reader: Reader, path: Path
) -> None:
    visit = reader.open(path, "#l=en")
    assert visit.page.locator(".share .change").count() == 0
    visit.page.locator("#weight-0").fill("10")
    assert visit.page.locator(".share .change").all_inner_texts() == ["▼50", "▲50"]
    visit.page.click("#reset")
    assert visit.page.locator(".share .change").count() == 0


def test_a_name_without_persian_reads_from_the_left(reader: Reader) -> None:
    made = with_parks(toy_result(12, [f"{20 + k} km S of Jam" for k in range(12)]))
    frame = made.pool.frame.assign(name_fa="")
    frame.loc[0, ["id", "name_en"]] = ["GF-22+0115-0412", ""]
    made = dataclasses.replace(made, pool=dataclasses.replace(made.pool, frame=frame))
    visit = reader.open(reader.write(made), "#l=fa")
    names = visit.ask(
        """() => [...document.querySelectorAll('.marks [data-name]')].map((text) =>
            [text.textContent, text.getExtentOfChar(0).x < text.getExtentOfChar(5).x])"""
    )
    assert names
    assert all(name[:2].isascii() and rightward for name, rightward in names)
    visit.ask("siteselect.update({view: 'site', site: 0})")
    assert visit.page.locator("#card-title").inner_text() == "GF-22+0115-0412"
    # Beside one another such names keep apart.
    visit.ask("siteselect.update({view: 'parks', preview: ['set', 0]})")
    comes = visit.page.locator(".preview .up bdi").inner_text()
    assert all(part.startswith("\u2068") and part.endswith("\u2069") for part in comes.split("، "))
    quiet(visit)


def test_an_id_keeps_its_digits_in_persian(reader: Reader) -> None:
    visit = reader.open(reader.write(toy_result(12, ["IE-KHZ-011 و 12"] * 12)), "#l=fa&v=rank")
    visit.ask("siteselect.data.sites.name_fa[0] = 'شهرک IE-KHZ-011 و 12'")
    visit.ask("siteselect.update({view: 'site', site: 0})")
    assert visit.page.locator("#card-title").inner_text() == "شهرک IE-KHZ-011 و ۱۲"
    # So does an English citation, all of it.
    visit.ask("siteselect.data.sites.source[0] = 'GeoNames 141663, print 4129'")
    visit.ask("siteselect.update({view: 'site', site: 0})")
    assert "GeoNames 141663, print 4129 (" in visit.page.locator("#rail").inner_text()


def test_a_warning_that_is_a_note_is_told_in_both_languages(result: Result) -> None:
    said = Titles(en="nine of them are in doubt", fa="نه پهنه نامعین است")
    told = dataclasses.replace(
        with_parks(result, notes=(said,)), warnings=(said.en, "one of another kind")
    )
    assert page_data(told)["warnings"] == [
        {"en": said.en, "fa": said.fa},
        {"en": "one of another kind", "fa": ""},
    ]


def test_a_legend_that_was_closed_stays_closed(reader: Reader, path: Path) -> None:
    visit = reader.open(path, "#l=fa", (1024, 768))
    visit.ask("new Promise((done) => setTimeout(done, 300))")
    for view in ("site", "parks", "compare", "rank"):
        visit.ask("(view) => siteselect.update({view, site: 0})", view)
        assert visit.ask("document.querySelector('#legend details').open") is False
    # A low map never grows a legend that cannot be closed.
    low = reader.open(path, "#l=fa", (844, 390))
    boxes = {
        name: low.page.locator(name).bounding_box()
        for name in (".folium-map", "#tool-box", "#scale")
    }
    head = low.page.locator("#legend summary")
    for _ in range(2):
        assert head.bounding_box()["y"] > boxes[".folium-map"]["y"]
        head.click()
        low.page.wait_for_timeout(100)
    tools, scale = boxes["#tool-box"], boxes["#scale"]
    assert tools["y"] + tools["height"] < scale["y"]
    assert low.ask("siteselect.state.legend") is False
    # Who opens it has it open everywhere.
    visit.page.click("#legend summary")
    visit.page.wait_for_function("() => siteselect.state.legend")
    visit.page.click("#tab-parks")
    assert visit.ask("document.querySelector('#legend details').open") is True
    quiet(visit)


@pytest.mark.parametrize("language", ["fa", "en"])
def test_every_layer_with_symbols_has_its_key(reader: Reader, path: Path, language: str) -> None:
    visit = reader.open(path, f"#l={language}")
    visit.page.click("#layers-button")
    keys = visit.ask(
        """() => Object.fromEntries([...document.querySelectorAll('#layers input')].map((box) =>
            [box.id.slice(6), box.closest('div').querySelectorAll('.keys .legend-row').length]))"""
    )
    assert {name: keys[name] for name in ("estates", "ports", "pipelines", "feedstock")} == {
        "estates": 2, "ports": 4, "pipelines": 7, "feedstock": 4,
    }  # fmt: skip
    assert keys["railways"] == keys["protected"] == 1
    # Colours, hatches and shapes too: a phone has no other legend.
    assert (keys["surface"], keys["sites"]) == (7, 5)
    # The dark mark of a site without a rank is no class of the score.
    assert visit.page.locator("#layers [fill='#59524A']").count() == 1
    assert visit.page.locator("#legend [fill='#59524A']").count() == 1
    hatch = visit.page.locator("#layers [fill*='-excluded']").get_attribute("fill")
    assert visit.page.locator(f"#layers {hatch[4:-1]}").count() == 1
    before = visit.page.locator("#legend .legend-row").count()
    visit.page.uncheck("#layer-pipelines")
    assert visit.page.locator("#legend .legend-row").count() == before - 3
    quiet(visit)


def test_the_sheet_says_when_it_was_printed_and_how_to_read_it(reader: Reader, path: Path) -> None:
    visit = reader.open(path, "#l=en")
    visit.ask("window.dispatchEvent(new Event('beforeprint'))")
    year = visit.ask("String(new Date().getFullYear())")
    head = visit.page.locator(".sheet-head").inner_text()
    assert "printed on" in head
    assert year in head
    assert "How to read" in visit.page.locator(".sheet-foot").inner_text()
    quiet(visit)


def test_a_card_looks_the_same_from_either_list(reader: Reader, path: Path) -> None:
    widths = """() => [...document.querySelectorAll('.answers thead th, .near tr:first-child > *')]
        .map((cell) => Math.round(cell.getBoundingClientRect().width))"""
    visit = reader.open(path, "#l=en&v=rank")
    visit.ask("siteselect.update({view: 'site', site: 3})")
    from_ranking = visit.ask(widths)
    assert len(from_ranking) > 3
    visit.ask("siteselect.update({view: 'parks'})")
    visit.ask("siteselect.update({view: 'site', site: 3})")
    assert visit.ask(widths) == from_ranking


def test_rows_in_view_follow_a_held_thumb_and_all_when_it_is_let_go(
    reader: Reader, path: Path
) -> None:
    visit = reader.open(path, "#l=en")
    told = """() => [...document.querySelectorAll('#rows [data-row]')].map((row) =>
        [Number(row.dataset.row), ...[...row.cells].map((cell) => cell.textContent)])"""
    places = """() => document.querySelectorAll('.marks > g')[0].innerHTML"""
    before, names = visit.ask(told), visit.ask(places)
    visit.ask(
        """async () => { const thumb = document.getElementById('weight-0'); thumb.value = 10;
        thumb.dispatchEvent(new Event('input', { bubbles: true }));
        for (let k = 0; k < 2; k += 1) await new Promise(requestAnimationFrame); }"""
    )
    held, listed = visit.ask(told), visit.ask("siteselect.scores().listed")
    assert visit.ask("siteselect.state.dragging")
    seen = int(visit.page.locator("#rows").bounding_box()["height"] / 64)
    assert seen >= 8
    assert [row[0] for row in held[:seen]] == listed[:seen] != [row[0] for row in before[:seen]]
    scores = visit.ask("siteselect.scores().score")
    assert [row[3] for row in held[:seen]] == [f"{scores[i]:.3f}" for i in listed[:seen]]
    # Names of places rest while a thumb moves.
    assert visit.ask(places) == names
    visit.page.locator("#weight-0").dispatch_event("change")
    let_go = visit.ask(told)
    assert not visit.ask("siteselect.state.dragging")
    assert [row[0] for row in let_go[:30]] == listed[:30]
    assert let_go[:seen] == held[:seen]
    visit.page.wait_for_url("**w=10,90**")
    assert reader.open(path, visit.ask("location.hash")).ask(told) == let_go
    quiet(visit)


@pytest.mark.parametrize("language", ["fa", "en"])
def test_help_lists_every_key_apart_from_what_it_does(
    reader: Reader, path: Path, language: str
) -> None:
    visit = reader.open(path, f"#l={language}")
    visit.page.click("#keys")
    keys = visit.page.locator("#help kbd").all_inner_texts()
    assert "".join(keys).replace(" ", "") == "/↑↓EnterEsccwpi[]+−0l?"
    done = visit.page.locator("#help dd").all_inner_texts()
    assert len(done) == len(keys)
    assert all(text.isascii() == (language == "en") for text in done)
    quiet(visit)


@pytest.mark.parametrize("language", ["fa", "en"])
def test_axe_finds_nothing_serious_in_what_opens_over_the_page(
    reader: Reader, path: Path, language: str
) -> None:
    visit = reader.open(path, f"#l={language}&v=compare&c=T-01,T-02")
    visit.ask(AXE)
    opened = {
        "layers": lambda: visit.page.click("#layers-button"),
        "point": lambda: visit.ask("siteselect.update({view: 'cell', cell: [50.5, 28.5]})"),
        "criteria": lambda: visit.page.click("#open-0"),
        "help": lambda: visit.page.click("#keys"),
    }
    for name, act in opened.items():
        act()
        found = visit.ask("axe.run({resultTypes: ['violations']})")["violations"]
        serious = [f["id"] for f in found if f["impact"] in ("serious", "critical")]
        assert serious == [], name
    quiet(visit)


def test_a_damaged_page_says_so_in_both_languages(reader: Reader, path: Path) -> None:
    document = path.read_text("utf-8")
    damaged = reader.folder / "damaged.html"
    damaged.write_text(document.replace('id="data">{', 'id="data">{{', 1), "utf-8")
    page = reader.browser.new_context(offline=True).new_page()
    page.goto(damaged.as_uri())
    said = page.locator("#rail [role=alert]").all_inner_texts()
    assert len(said) == 2
    assert "cannot be read" in said[0]
    assert "خوانا نیست" in said[1]


def test_links_are_followed_in_the_open_page_and_hold_an_asked_point(
    reader: Reader, path: Path
) -> None:
    visit = reader.open(path, "#l=en&p=equal")
    visit.ask("location.hash = '#l=fa&v=parks'")
    visit.page.wait_for_function("() => window.siteselect?.state.view === 'parks'")
    assert visit.ask("[siteselect.state.lang, siteselect.state.preset]") == ["fa", "official"]
    visit.page.wait_for_selector("body[data-ready]")
    visit.ask("siteselect.update({view: 'cell', cell: [50.512345, 28.5]})")
    visit.page.wait_for_url("**q=50.5123,28.5000**")
    again = reader.open(path, visit.ask("location.hash"))
    assert again.ask("siteselect.state.cell") == [50.5123, 28.5]
    assert again.page.locator("#card-title").is_visible()
    assert again.page.locator("#tab-parks").get_attribute("aria-current") == "page"
    for bad in ("", "&q=", "&q=50", "&q=50,99", "&q=x,28", "&q=1e3,28"):
        assert reader.open(path, f"#v=cell{bad}").ask("siteselect.state.view") == "rank"
    quiet(again)


def test_a_notice_ends_when_somebody_goes_on(reader: Reader, path: Path) -> None:
    visit = reader.open(path, "#l=en&v=compare&c=T-01,T-02,T-03,T-04&p=equal")
    strip = visit.page.locator("#strip")
    for act in (
        lambda: visit.page.click("#tab-rank"),
        lambda: visit.ask("siteselect.update({preset: 'equal'})"),
    ):
        visit.page.click("#tab-compare")
        visit.page.locator("[data-row]").nth(12).click()
        assert "Four sites at most" in strip.inner_text()
        act()
        assert "Exploratory" in strip.inner_text()
    quiet(visit)


@pytest.fixture(scope="module")
def asked_path(reader: Reader, result: Result) -> Path:
    """The page of the forty sites; the first rule is in doubt at every third of them."""
    answers = result.scores.answers.copy()
    answers[0] = np.where(np.arange(40) % 3 == 0, 1, 0)
    scores = dataclasses.replace(result.scores, answers=answers)
    return reader.write(with_parks(dataclasses.replace(result, scores=scores)))


MARKS = "Object.fromEntries([...document.querySelectorAll('.ranked')].map((m) => [m.dataset.site, Number(m.getAttribute('opacity'))]))"  # noqa: E501


def test_filters_and_a_lit_authority_act_where_they_are_shown(
    reader: Reader, asked_path: Path
) -> None:
    visit = reader.open(asked_path, "#l=en&v=inquiries")
    visit.page.locator(".authority-head").first.click()
    visit.ask("siteselect.update({lit: [0]})")
    lit = visit.ask(MARKS)
    assert {opacity for site, opacity in lit.items() if int(site) % 3 == 0} == {1}
    assert {opacity for site, opacity in lit.items() if int(site) % 3} == {0.25}
    visit.ask("siteselect.update({view: 'site', site: 3})")
    assert 0.25 in visit.ask(MARKS).values()
    visit.page.keyboard.press("Escape")
    assert visit.ask("[siteselect.state.view, siteselect.state.lit]") == ["inquiries", [0]]
    visit.page.click("#tab-rank")
    assert set(visit.ask(MARKS).values()) == {1}
    visit.page.select_option("#filter-province", "IR-22")
    lines = "siteselect.csv().trim().split('\\r\\n').length - 1"
    few = visit.ask(lines)
    assert 0 < few < 40
    east = visit.ask("siteselect.data.sites.province.map((code) => code === 'IR-22')")
    marks = [int(site) for site in visit.ask(MARKS)]
    assert len(marks) > 2
    assert [east[site] for site in marks] == [True] * len(marks), marks
    visit.page.locator("[data-row]").first.click()
    assert visit.ask(lines) == few
    for view in ("parks", "inquiries", "data"):
        visit.page.click(f"#tab-{view}")
        assert visit.ask(lines) == 40
        assert 0.18 not in visit.ask(MARKS).values()
    quiet(visit)


def test_the_sheet_of_a_filtered_ranking_lists_what_the_map_shows(
    reader: Reader, path: Path
) -> None:
    visit = reader.open(path, "#l=en")
    visit.page.select_option("#filter-province", "IR-22")
    visit.page.fill("#search", "T-")
    visit.ask("window.dispatchEvent(new Event('beforeprint'))")
    head = visit.page.locator(".sheet-head").inner_text()
    assert "Filters: Province: Hormozgan, search “T-”" in head
    rows = visit.page.locator(".sheet-sites tbody tr")
    assert rows.count() == 4  # as many as there are parks
    assert set(visit.page.locator(".sheet-sites td:nth-child(3)").all_inner_texts()) == {
        "Hormozgan"
    }
    ranks = visit.page.locator(".sheet-sites td:first-child").all_inner_texts()
    marks = visit.page.locator(".marks .ranked text").all_text_contents()
    assert sorted(marks) == sorted(ranks)
    visit.ask("window.dispatchEvent(new Event('afterprint'))")
    visit.page.click("#tab-parks")
    visit.ask("window.dispatchEvent(new Event('beforeprint'))")
    assert "Filters" not in visit.page.locator(".sheet-head").inner_text()
    quiet(visit)


@pytest.mark.parametrize("language", ["fa", "en"])
def test_the_sheet_of_a_preview_says_that_it_is_one(
    reader: Reader, path: Path, language: str
) -> None:
    visit = reader.open(path, f"#l={language}&v=parks")
    told = visit.ask("siteselect.data.portfolio")
    names = visit.ask(f"siteselect.data.sites.name_{language}")
    number = max(range(len(told["sets"])), key=lambda k: len(told["sets"][k]["joins"]))
    other = told["sets"][number]
    visit.page.select_option("#set", str(number))
    strip = visit.page.locator(".preview b").inner_text()
    pdf = visit.page.pdf(prefer_css_page_size=True, print_background=True)
    assert pdf.count(b"/Type /Page\n") + pdf.count(b"/Type /Page ") == 1
    visit.ask("window.dispatchEvent(new Event('beforeprint'))")
    said = visit.page.locator(".sheet-head .preview").inner_text()
    assert strip in said
    rings = ("حلقهٔ سبز", "حلقهٔ خط‌چین") if language == "fa" else ("green ring", "dashed ring")
    assert all(ring in said for ring in rings)
    rows = visit.page.locator(".sheet-sites tbody tr").all_inner_texts()
    assert len(rows) == len(told["picks"]) + len(other["joins"])
    for sign, moved in (("▲", other["joins"]), ("▼", other["leaves"])):
        assert sum(sign in row for row in rows) == len(moved)
        digits = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹" if language == "fa" else "0123456789")
        for site in moved:
            name = names[site].translate(digits)
            assert name in said
            assert any(f"{sign} {name}" in row for row in rows)
    visit.ask("window.dispatchEvent(new Event('afterprint'))")
    visit.page.select_option("#set", "")
    visit.ask("window.dispatchEvent(new Event('beforeprint'))")
    assert visit.page.locator("#sheet .preview").count() == 0
    assert visit.page.locator(".sheet-sites tbody tr").count() == len(told["picks"])
    quiet(visit)


def test_the_rail_keeps_its_place_and_the_focus(reader: Reader, path: Path) -> None:
    visit = reader.open(path, "#l=en", (1366, 768))
    top = "document.querySelector('#rail .scroll').scrollTop"
    held = "document.activeElement.dataset.row ?? document.activeElement.id"
    row = visit.page.locator("[data-row]").nth(20)
    row.focus()
    site, before = row.get_attribute("data-row"), visit.ask(top)
    assert before > 100
    visit.page.keyboard.press("Enter")
    assert visit.ask(f"[{held}, {top}]") == ["card-title", 0]
    visit.ask(f"{top} = 150")
    visit.page.locator("#weight-0").fill("30")
    assert visit.ask(top) == 150
    visit.page.click("#reset")
    visit.page.keyboard.press("]")
    visit.page.keyboard.press("[")
    visit.page.click("#next")
    assert visit.ask(held) == "next"
    name = visit.page.locator("#card-title").inner_text()
    visit.page.wait_for_function(
        "(name) => document.getElementById('live').textContent === name", arg=name
    )
    visit.page.click("#previous")
    assert visit.ask(held) == "previous"
    visit.page.click("#back")
    assert visit.ask(f"[{held}, {top}]") == [site, before]
    visit.page.click("#tab-parks")
    swap = visit.page.locator(".swap").last
    swap.scroll_into_view_if_needed()
    level = swap.bounding_box()["y"]
    swap.click()
    assert visit.page.locator(".preview").count() == 1
    assert visit.page.locator(".swap").last.bounding_box()["y"] == pytest.approx(level, abs=2)
    visit.page.locator("table.parks .name").last.click()
    visit.page.keyboard.press("Escape")
    assert visit.ask("document.activeElement.closest('[data-row]')?.dataset.row") == visit.ask(
        "String(siteselect.state.site)"
    )
    quiet(visit)


def test_a_persian_keyboard_has_the_same_keys(reader: Reader, path: Path) -> None:
    visit = reader.open(path, "#l=fa")
    press = """([key, code]) => document.body.dispatchEvent(
        new KeyboardEvent('keydown', { key, code, bubbles: true, cancelable: true }))"""
    for key, code, view in (("ح", "KeyP", "parks"), ("ه", "KeyI", "inquiries"), ("ز", "KeyC", "compare")):  # fmt: skip # noqa: E501
        visit.ask(press, [key, code])
        assert visit.ask("siteselect.state.view") == view
    visit.ask("siteselect.update({view: 'site', site: siteselect.scores().listed[3]})")
    visit.ask(press, ["چ", "BracketRight"])
    assert visit.ask("siteselect.state.site === siteselect.scores().listed[4]")
    visit.ask(press, ["م", "KeyL"])
    assert visit.ask("siteselect.state.lang") == "en"
    visit.ask(press, ["؟", "Slash"])
    assert visit.page.locator("#help").is_visible()
    quiet(visit)


def test_small_things_are_told_as_they_are(reader: Reader, path: Path) -> None:
    visit = reader.open(path, "#l=fa")
    # What is typed stays as it was typed.
    visit.page.fill("#search", "كيلومتري ۱")
    visit.page.click("#tab-data")
    visit.page.click("#tab-rank")
    assert visit.page.locator("#search").input_value() == "كيلومتري ۱"
    visit.page.fill("#search", "")
    # The measure follows the language.
    visit.page.click("#measure-button")
    visit.page.click("#language")
    assert "Click points" in visit.page.locator("#measure").inner_text()
    visit.page.keyboard.press("Escape")
    # A site of too little data is not said to be excluded.
    mark = visit.page.locator(".marks .ranked").last
    site, box = int(mark.get_attribute("data-site")), mark.locator(".body").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    visit.ask("(i) => { siteselect.scores().rank[i] = 0; }", site)
    for verdict, said in ((1, "too little data"), (2, "Excluded")):
        visit.ask("([i, code]) => { siteselect.data.sites.verdict[i] = code; }", [site, verdict])
        visit.page.mouse.move(x + verdict, y)
        assert said in visit.page.locator("#tip").inner_text()
    quiet(visit)


@pytest.mark.parametrize("language", ["fa", "en"])
def test_the_arrows_point_outward_and_step_through_the_list(
    reader: Reader, path: Path, language: str
) -> None:
    visit = reader.open(path, f"#l={language}")
    visit.page.select_option("#filter-province", "IR-22")
    shown = [int(r.get_attribute("data-row")) for r in visit.page.locator("[data-row]").all()]
    visit.page.locator("[data-row]").first.click()
    # Signs that the script mirrors where it is read from the right.
    assert visit.page.locator("#previous").inner_text() == "‹"
    for site in shown[1:4]:
        visit.page.click("#next")
        assert visit.ask("siteselect.state.site") == site
    visit.page.click("#tab-parks")
    shown = [int(r.get_attribute("data-row")) for r in visit.page.locator("[data-row]").all()]
    visit.page.locator("table.parks .name").first.click()
    for site in shown[1:]:
        visit.page.click("#next")
        assert visit.ask("siteselect.state.site") == site
    assert visit.page.locator("#next").is_disabled()
    # A site that is none of them stands among all.
    ranked = visit.ask("siteselect.scores().listed")
    other = next(i for i in ranked[1:] if i not in shown)
    visit.ask("(site) => siteselect.update({view: 'site', site})", other)
    visit.page.click("#previous")
    assert visit.ask("siteselect.state.site") == ranked[ranked.index(other) - 1]
    quiet(visit)


def test_the_curve_shows_the_official_set_where_it_is(reader: Reader, result: Result) -> None:
    chosen = with_parks(result).portfolio
    assert chosen is not None
    rungs = [pick.rung for pick in chosen.picks]
    green = rungs.count("greenfield")
    first = dataclasses.replace(
        chosen.curve[0], existing=len(rungs) - green - 1, extensions=1, greenfield=green,
        total=chosen.total + 0.2,
    )  # fmt: skip
    last = dataclasses.replace(first, existing=0, greenfield=len(rungs) - 1, total=chosen.total)
    beside = dataclasses.replace(chosen, curve=(last, first), burden=0.25)
    here = dataclasses.replace(
        first, existing=len(rungs) - green, extensions=0, total=chosen.total
    )  # fmt: skip
    places = {}
    for name, made in (("beside", beside), ("on", dataclasses.replace(beside, curve=(last, here)))):
        visit = reader.open(
            reader.write(dataclasses.replace(result, portfolio=made)), "#l=en&v=parks"
        )
        rail = visit.page.locator("#rail").inner_text()
        assert f"scores sum to {chosen.total + 0.25:.3f}" in rail
        assert "takes off 0.250" in rail
        places[name] = (visit.page.locator(".curve .official").count(), "is none of them" in rail,
                        visit.page.locator("figure tbody tr").count())  # fmt: skip
        bold = visit.page.locator(".curve text[font-weight='700']").all_text_contents()
        assert bold == [f"{chosen.total:.2f}"]
        quiet(visit)
    assert places == {"beside": (1, True, 3), "on": (1, False, 2)}
