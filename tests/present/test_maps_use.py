"""The planner's page as people use it in a meeting, in a real browser without a network."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from siteselect.decide.score import EXCLUDED
from siteselect.declared.sources import Titles
from siteselect.present.maps import shell
from siteselect.present.maps.data import page_data
from siteselect.study.result import Result
from tests.present.test_maps import with_lattice, with_parks
from tests.present.test_maps_browser import AXE, CHROMIUM, FLAGS, PHONE, Reader, quiet
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
    visit.page.wait_for_function("document.getElementById('base-answer').textContent !== ''")
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


def test_sites_are_found_by_their_county(reader: Reader, result: Result) -> None:
    county = ["كنگان" if i == 7 else "" for i in range(len(result.pool.frame))]
    pool = dataclasses.replace(result.pool, frame=result.pool.frame.assign(county=county))
    visit = reader.open(reader.write(dataclasses.replace(result, pool=pool)))
    visit.page.fill("#search", "کنگان")
    assert [r.get_attribute("data-row") for r in visit.page.locator("[data-row]").all()] == ["7"]


def test_a_moved_share_tells_how_far_it_stands_from_the_official(
    reader: Reader, path: Path
) -> None:
    visit = reader.open(path, "#l=en")
    assert visit.page.locator(".share .change").count() == 0
    visit.page.locator("#weight-0").fill("10")
    assert visit.page.locator(".share .change").all_inner_texts() == ["▼50", "▲50"]
    visit.page.click("#reset")
    assert visit.page.locator(".share .change").count() == 0


def test_an_id_keeps_its_digits_in_persian(reader: Reader) -> None:
    visit = reader.open(reader.write(toy_result(12, ["IE-KHZ-011 و 12"] * 12)), "#l=fa&v=rank")
    visit.ask("siteselect.data.sites.name_fa[0] = 'شهرک IE-KHZ-011 و 12'")
    visit.ask("siteselect.update({view: 'site', site: 0})")
    assert visit.page.locator("#card-title").inner_text() == "شهرک IE-KHZ-011 و ۱۲"


def test_a_warning_that_is_a_note_is_told_in_both_languages(result: Result) -> None:
    said = Titles(en="nine of them are in doubt", fa="نه پهنه نامعین است")
    told = dataclasses.replace(
        with_parks(result, notes=(said,)), warnings=(said.en, "one of another kind")
    )
    assert page_data(told)["warnings"] == [
        {"en": said.en, "fa": said.fa},
        {"en": "one of another kind", "fa": ""},
    ]


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
