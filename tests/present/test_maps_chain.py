"""The value chain on the planner's page, on the real data, in a real browser without a network."""

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from siteselect.decide.score import score
from siteselect.declared.criteria import CriteriaSet
from siteselect.declared.sources import Titles
from siteselect.plan.allocation import OUTSIDE, Allocation
from siteselect.present.maps import judged
from siteselect.present.maps.flows import flows
from siteselect.study.result import Result
from tests.present.test_maps import HOSTILE
from tests.present.test_maps_browser import AXE, CHROMIUM, DESKTOP, FLAGS, PHONE, Reader, quiet
from tests.real import result
from tests.toy import toy_result

api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
]


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield Reader(browser, tmp_path_factory.mktemp("chain"))
        browser.close()


@pytest.fixture(scope="module")
def path(reader: Reader) -> Path:
    return reader.write(result())


def placed(of: Result) -> Allocation:
    assert of.chain is not None
    assert of.chain.allocation is not None
    return of.chain.allocation


def hostile() -> Result:
    """The real result with payloads for names of materials, sources and park types."""
    found = result()
    plan = found.chain
    assert plan is not None
    titles = [Titles(en=text or "-", fa=text or "-") for text in HOSTILE]

    def at(k: int) -> Titles:
        return titles[k % len(titles)]

    materials = {
        name: material.model_copy(update={"titles": at(k)})
        for k, (name, material) in enumerate(plan.chain.materials.items())
    }
    supplies = tuple(
        replace(supply, name_en=HOSTILE[k % len(HOSTILE)], name_fa=HOSTILE[k % len(HOSTILE)])
        for k, supply in enumerate(plan.market.supplies)
    )
    criteria = {
        name: made.model_copy(update={"titles": at(k)})
        for k, (name, made) in enumerate(plan.criteria.items())
    }
    changed = replace(
        plan,
        chain=plan.chain.model_copy(update={"materials": materials}),
        market=replace(plan.market, supplies=supplies),
        criteria=criteria,
    )
    return replace(found, chain=changed)


def criteria() -> Mapping[str, CriteriaSet]:
    """Criteria by park type."""
    plan = result().chain
    assert plan is not None
    return plan.criteria


def test_the_data_of_the_page_are_those_of_the_result() -> None:
    told, found = flows(result()), placed(result())
    assert told is not None
    inside = [flow for flow in found.flows if flow.origin != OUTSIDE]
    assert len(told["flows"]) == len(inside)
    ids = list(result().pool.frame["id"])
    for row, flow in zip(told["flows"], inside, strict=True):
        origin = told["sources"][row[1]]["id"] if row[1] >= 0 else ids[-1 - row[1]]
        assert (origin, ids[row[2]]) == (flow.origin, flow.destination)
        assert row[3] == pytest.approx(flow.kt_y, abs=0.01)
    takes = sum(sum(park.takes.values()) for park in found.parks)
    whole = sum(row[3] for row in told["flows"]) + sum(row[2] for row in told["outside"])
    assert whole == pytest.approx(takes, abs=0.5)
    assert flows(toy_result(5)) is None


@pytest.mark.parametrize("size", [DESKTOP, (820, 1180), PHONE])
@pytest.mark.parametrize("language", ["fa", "en"])
def test_bands_table_and_lines_are_shown(
    reader: Reader, path: Path, language: str, size: tuple[int, int]
) -> None:
    visit = reader.open(path, f"#l={language}&v=chain", size)
    told = flows(result())
    assert told is not None
    assert visit.page.locator(".sankey path").count() > len(placed(result()).parks)
    assert visit.page.locator(".balance tbody tr").count() == len(told["balance"])
    assert visit.page.locator(".marks .flow").count() == len(told["flows"])
    assert visit.ask("document.documentElement.scrollWidth <= window.innerWidth")
    words = visit.page.locator("#rail").inner_text()
    assert any(line[language] in words for line in told["told"])
    if language == "fa":
        figures = visit.page.locator(".balance td").all_inner_texts()
        assert not set("0123456789") & set("".join(figures))
    visit.ask("siteselect.update({layers: {...siteselect.state.layers, flows: false}})")
    assert visit.page.locator(".marks .flow").count() == 0
    quiet(visit)


def test_a_card_of_a_park_says_who_feeds_it(reader: Reader, path: Path) -> None:
    visit = reader.open(path, "#l=en&v=chain")
    ids = list(result().pool.frame["id"])
    for park in placed(result()).parks:
        visit.ask("(i) => siteselect.update({view: 'site', site: i})", ids.index(park.id))
        items = visit.page.locator(".feed li").count()
        mine = [f for f in placed(result()).flows if f.origin != OUTSIDE
                and park.id in (f.origin, f.destination)]  # fmt: skip
        assert items >= len(mine) > 0
        assert visit.page.locator(".marks .flow").count() == len(mine)
    quiet(visit)


def test_the_other_way_to_the_chain_is_the_keyboard(reader: Reader, path: Path) -> None:
    visit = reader.open(path, "#l=en")
    visit.page.focus("#tab-chain")
    visit.page.keyboard.press("Enter")
    assert visit.ask("siteselect.state.view") == "chain"
    visit.page.wait_for_url("**v=chain**")


@pytest.mark.parametrize("language", ["fa", "en"])
def test_axe_finds_nothing_serious_in_the_chain(reader: Reader, path: Path, language: str) -> None:
    visit = reader.open(path, f"#l={language}&v=chain")
    visit.ask(AXE)
    found = visit.ask("axe.run({resultTypes: ['violations']})")
    serious = [
        (fault["id"], fault["nodes"][0]["html"][:200])
        for fault in found["violations"]
        if fault["impact"] in ("serious", "critical")
    ]
    assert serious == []


def test_hostile_names_of_the_chain_stay_text(reader: Reader) -> None:
    strange = hostile()
    page = reader.write(strange)
    visit = reader.open(page, "#l=en&v=chain")
    ids = list(strange.pool.frame["id"])
    for park in placed(strange).parks:
        visit.ask("(i) => siteselect.update({view: 'site', site: i})", ids.index(park.id))
    visit.ask("siteselect.update({view: 'parks'})")
    visit.ask("siteselect.update({view: 'chain'})")
    assert visit.ask("window.__pwned") is None
    assert visit.page.locator("#rail script, #rail img, #rail iframe, .marks script").count() == 0
    quiet(visit)


@pytest.mark.parametrize("language", ["fa", "en"])
@pytest.mark.parametrize("view", ["rank", "parks", "chain"])
def test_the_real_run_prints_on_one_sheet(
    reader: Reader, path: Path, language: str, view: str
) -> None:
    visit = reader.open(path, f"#l={language}&v={view}")
    pdf = visit.page.pdf(prefer_css_page_size=True, print_background=True)
    assert pdf.count(b"/Type /Page\n") + pdf.count(b"/Type /Page ") == 1
    visit.ask("window.dispatchEvent(new Event('beforeprint'))")
    rows = visit.page.locator(".sheet-sites tbody tr").all_inner_texts()
    assert len(rows) == len(placed(result()).parks)
    types = {m.titles.en if language == "en" else m.titles.fa for m in criteria().values()}
    shown = [any(name in row for name in types) for row in rows]
    assert all(shown) if view != "rank" else not any(shown)
    quiet(visit)


@pytest.mark.parametrize("language", ["fa", "en"])
def test_names_keep_clear_of_a_legend_that_grows(reader: Reader, path: Path, language: str) -> None:
    visit = reader.open(path, f"#l={language}", (1920, 1080))
    short = visit.page.locator("#legend").bounding_box()["height"]
    visit.page.click("#tab-parks")
    box = visit.page.locator("#legend").bounding_box()
    assert box["height"] > short + 40
    covered = visit.ask(
        """(box) => [...document.querySelectorAll('.marks .ranked .body, .marks .label')]
            .map((e) => e.getBoundingClientRect())
            .filter((r) => r.right > box.x + 3 && r.left < box.x + box.width - 3
                && r.bottom > box.y + 3 && r.top < box.y + box.height - 3).length""",
        box,
    )
    assert covered == 0
    visit.page.locator("#legend summary").click()
    visit.page.wait_for_function("() => siteselect.state.legend === false")
    quiet(visit)


def test_every_park_type_judges_in_the_page_as_in_python(reader: Reader, path: Path) -> None:
    found = result()
    plan = found.chain
    assert plan is not None
    for name, made in plan.criteria.items():
        visit = reader.open(path, f"#l=en&t={name}")
        truth, ours = plan.scores[name], visit.ask("siteselect.scores()")
        np.testing.assert_allclose(np.array(ours["score"], float), truth.score, rtol=0, atol=1e-9)
        np.testing.assert_allclose(ours["known"], truth.known, rtol=0, atol=1e-9)
        assert ours["rank"] == truth.rank.tolist()
        assert visit.page.locator("#lens").input_value() in ("", name)
        assert made.titles.en in visit.page.locator("#head").inner_text()
        told = visit.ask("""() => { const { data } = siteselect; return {
            verdict: data.sites.verdict, answers: data.sites.answers,
            rules: data.rules.map((r) => [r.id, r.limit]), readings: data.sites.readings,
            distances: data.sites.distances } }""")
        assert told["verdict"] == truth.verdict.tolist()
        assert told["answers"] == ["".join(map(str, row)) for row in truth.answers.tolist()]
        assert told["rules"] == [[c.id, c.limit] for c in made.constraints]
        table = plan.tables[name]
        for key, ids in (("readings", truth.criteria_ids), ("distances", truth.constraint_ids)):
            read = np.array(
                [[np.inf if x == "inf" else x for x in row] for row in told[key]], float
            )
            np.testing.assert_allclose(read, judged.readings(table, ids), rtol=0, atol=5.1e-4)
        quiet(visit)


def test_a_park_type_is_looked_through_and_left_again(reader: Reader, path: Path) -> None:
    visit = reader.open(path, "#l=en")
    own = visit.page.locator("[data-row] .name").all_inner_texts()
    visit.page.select_option("#lens", "sulphur")
    visit.page.wait_for_selector("#lens-note")
    assert "t=sulphur" in visit.ask("location.hash")
    assert visit.page.locator("[data-row] .name").all_inner_texts() != own
    assert not visit.ask("siteselect.state.layers.surface")
    visit.ask("siteselect.update({view: 'cell', cell: [50.5, 29.5]})")
    assert visit.page.locator(".answers").count() == 0
    visit.page.select_option("#lens", "")
    visit.page.wait_for_selector("#lens-note", state="detached")
    visit.page.wait_for_selector("body[data-ready]")
    # The point that was asked about is asked about still.
    assert visit.ask("siteselect.state.view") == "cell"
    visit.page.click("#tab-rank")
    assert visit.page.locator("[data-row] .name").all_inner_texts() == own
    quiet(visit)


def test_scores_of_the_real_run_equal_those_of_python(reader: Reader, path: Path) -> None:
    found = result()
    visit = reader.open(path)
    rng = np.random.default_rng(11)
    m, kinds = len(found.criteria.criteria), list(found.pool.frame["kind"])
    sets = rng.dirichlet(np.ones(m), 200)
    sets[np.arange(0, 200, 5), rng.integers(m, size=40)] = 0.0
    told = visit.ask("(sets) => siteselect.scoreMany(sets)", sets.tolist())
    for weights, ours in zip(sets, told, strict=True):
        truth = score(found.table, found.criteria, kinds=kinds, weights=weights)
        np.testing.assert_allclose(np.array(ours["score"], float), truth.score, rtol=0, atol=1e-9)
        assert ours["rank"] == truth.rank.tolist()


@pytest.mark.parametrize("language", ["fa", "en"])
def test_the_picture_names_its_sources_in_full(reader: Reader, path: Path, language: str) -> None:
    visit = reader.open(path, f"#l={language}&v=parks&a=0", (1366, 768))
    visit.ask(
        """() => { window.written = []; const { fillText } = CanvasRenderingContext2D.prototype;
        CanvasRenderingContext2D.prototype.fillText = function (...told) {
            const { width } = this.measureText(told[0]);
            window.written.push([told[0], told.length, this.direction, width]);
            fillText.apply(this, told); } }"""
    )
    width = visit.page.locator(".folium-map").bounding_box()["width"]
    with visit.page.expect_download():
        visit.page.click("#png")
    written = visit.ask("window.written")
    whole = " ".join(text for text, *_ in written).replace("\u00a0", " ")
    for source in visit.ask("siteselect.data.sources"):
        assert source["licence"] in whole
    assert visit.ask("siteselect.data.type")[language] in whole
    assert visit.page.locator(".preview b").inner_text() in whole
    assert {(count, way) for _, count, way, _ in written} == {
        (3, "rtl" if language == "fa" else "ltr")
    }
    assert len(written) > 2
    assert max(wide for *_, wide in written) <= width
    quiet(visit)


def test_files_of_another_park_type_say_so(reader: Reader, path: Path) -> None:
    visit = reader.open(path, "#l=en&t=sulphur")
    names = []
    for button in ("#csv", "#png"):
        with visit.page.expect_download() as waiting:
            visit.page.click(button)
        names.append(waiting.value.suggested_filename)
    study = result().study.id
    assert names == [f"{study}-sulphur-ranking.csv", f"{study}-sulphur-map.png"]
    rows = list(csv.DictReader(io.StringIO(visit.ask("siteselect.csv()").lstrip("\ufeff"))))
    assert {(row["park_type"], row["official_rank"]) for row in rows} == {("sulphur", "")}
    visit.page.locator("[data-row]").first.click()
    assert "Official rank" not in visit.page.locator(".facts").inner_text()
    own = reader.open(path, "#l=en")
    rows = list(csv.DictReader(io.StringIO(own.ask("siteselect.csv()").lstrip("\ufeff"))))
    assert {row["park_type"] for row in rows} == {result().criteria.id}
    assert [row["official_rank"] for row in rows] == [row["rank"] for row in rows]
    quiet(visit)


@pytest.mark.parametrize("language", ["fa", "en"])
def test_scores_of_other_kinds_are_told_apart_in_a_preview(
    reader: Reader, path: Path, language: str
) -> None:
    visit = reader.open(path, f"#l={language}&v=parks")
    swaps = visit.ask("siteselect.data.portfolio.swaps")
    most = max(range(len(swaps)), key=lambda k: len(swaps[k]["joins"]))
    visit.page.click(f"#swap-{most}")
    own = result().criteria.titles
    coming = visit.page.locator(".joining li").all_inner_texts()
    assert len(coming) == len(swaps[most]["joins"])
    assert all((own.fa if language == "fa" else own.en) in line for line in coming)
    pdf = visit.page.pdf(prefer_css_page_size=True, print_background=True)
    assert pdf.count(b"/Type /Page\n") + pdf.count(b"/Type /Page ") == 1
    visit.ask("window.dispatchEvent(new Event('beforeprint'))")
    rows = visit.page.locator(".sheet-sites tbody tr", has_text="▲")
    assert rows.count() == len(coming)
    assert set(rows.locator("td:nth-child(5)").all_inner_texts()) == {"–"}
    quiet(visit)


@pytest.mark.parametrize("language", ["fa", "en"])
def test_what_must_be_known_of_the_run_is_told_in_persian(
    reader: Reader, path: Path, language: str
) -> None:
    visit = reader.open(path, f"#l={language}&v=data")
    notes = visit.page.locator("#rail section", has=visit.page.locator("li")).first
    lines = notes.locator("li").all()
    assert len(lines) >= 3
    assert not [line for line in lines if line.get_attribute("lang") == "en" and language == "fa"]
    caveat = lines[0].inner_text()
    superseded = [c for c in result().criteria.constraints if c.status == "superseded"]
    assert not [c.id for c in superseded if "_" in c.id and c.id in caveat]
    digits = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")
    for rule in superseded:
        assert (rule.titles.fa.translate(digits) if language == "fa" else rule.titles.en) in caveat


@pytest.mark.parametrize("language", ["fa", "en"])
def test_a_name_stands_nearest_to_its_own_mark(reader: Reader, path: Path, language: str) -> None:
    visit = reader.open(path, f"#l={language}", (1366, 768))
    strays = """() => {
        const marks = [...document.querySelectorAll('.marks .ranked')].map((mark) =>
            [mark.dataset.site, mark.querySelector('.body').getBoundingClientRect()]);
        return [...document.querySelectorAll('[data-name]')].map((name) => {
            const r = name.getBoundingClientRect();
            const away = ([, m]) => Math.hypot(Math.max(0, r.left - m.right, m.left - r.right),
                Math.max(0, r.top - m.bottom, m.top - r.bottom));
            const own = away(marks.find(([site]) => site === name.dataset.name));
            return marks.some((mark) => mark[0] !== name.dataset.name && away(mark) <= own);
        });
    }"""
    named = 0
    for act in ("#tab-rank", "#tab-parks"):
        visit.page.click(act)
        found = visit.ask(strays)
        named += len(found)
        assert not any(found)
    assert named > 2


@pytest.mark.parametrize("language", ["fa", "en"])
def test_the_map_is_framed_as_before_after_comparing_and_printing(
    reader: Reader, path: Path, language: str
) -> None:
    visit = reader.open(path, f"#l={language}", (1366, 768))
    seen = "siteselect.map.getBounds().toBBoxString().split(',').map(Number)"
    before = visit.ask(seen)
    for act in ("#tab-compare", "#tab-rank"):
        visit.page.click(act)
        visit.page.wait_for_timeout(400)  # Longer than a glide of the map takes.
    assert visit.ask(seen) == pytest.approx(before, abs=0.03)
    visit.page.pdf(prefer_css_page_size=True)
    visit.page.wait_for_timeout(400)
    assert visit.ask(seen) == pytest.approx(before, abs=0.03)
    visit.ask("siteselect.map.setView([28.4, 50.6], 9, {animate: false}) && 0")
    visit.page.pdf(prefer_css_page_size=True)
    visit.page.click("#tab-compare")
    assert visit.ask("siteselect.map.getZoom()") == 9
    quiet(visit)
