"""The planner's page in a browser: how soon it can be used, and how it follows a thumb.

    python bench/browser.py [--repeat 5] [--sites 500 2000]

The sites are drawn at random over the study area and judged by the bundled criteria, so that the
page holds what a page of that many sites would hold. Chromium is Debian's; the network is off.
"""

import argparse
import shutil
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from siteselect.present.maps.write import write
from siteselect.study.question import Own, ask
from siteselect.study.run import decide
from siteselect.world.catalog import WGS84

ROOT = Path(__file__).resolve().parents[1]
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update",
         "--disable-sync"]  # fmt: skip
# One thumb, moved as a hand moves it: the work of the page in its frame, layout included; and how
# long it takes from the move until that frame has been painted, the wait for the frame included.
DRAG = """async ([steps, group]) => {
  const thumb = document.getElementById(`weight-${group}`), work = [], shown = [];
  const painted = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)));
  for (let k = 0; k < steps; k += 1) {
    await painted();
    const moved = performance.now();
    let from = 0;
    // Asked for before the page asks, so that it is called first.
    requestAnimationFrame(() => { from = performance.now(); });
    thumb.value = 5 + ((k * 7) % 50);
    thumb.dispatchEvent(new Event('input', { bubbles: true }));
    await new Promise((done) => requestAnimationFrame(done));
    document.body.getBoundingClientRect();
    work.push(performance.now() - from);
    await painted();
    shown.push(performance.now() - moved);
  }
  thumb.dispatchEvent(new Event('change', { bubbles: true }));
  return [work, shown];
}"""
# The law and the new order alone, without what is drawn.
LAW = """(sets) => sets.map((weights) => {
  const from = performance.now();
  siteselect.score(weights);
  return performance.now() - from;
})"""


def points(count: int, path: Path) -> None:
    """Sites at random over the four provinces, with a fixed seed."""
    question = ask()
    provinces = question.catalog.features("provinces", WGS84)
    area = provinces[provinces["iso"].isin(question.study.provinces)].union_all().buffer(-0.05)
    rng, found = np.random.default_rng(1), np.empty((0, 2))
    west, south, east, north = area.bounds
    shapely.prepare(area)
    while len(found) < count:
        drawn = rng.uniform((west, south), (east, north), (4 * count, 2))
        found = np.concatenate([found, drawn[shapely.contains_xy(area, *drawn.T)]])
    rows = [f"S-{i:05},{lon:.5f},{lat:.5f}" for i, (lon, lat) in enumerate(found[:count])]
    path.write_text("id,lon,lat\n" + "\n".join(rows) + "\n", "utf-8")


def measured(browser: Any, page: Path, repeat: int) -> dict[str, float]:
    """Medians over openings of a page, in milliseconds."""
    kept: dict[str, list[float]] = {"open": [], "law": [], "work": [], "shown": []}
    for k in range(repeat + 1):
        context = browser.new_context(viewport={"width": 1440, "height": 900}, offline=True)
        visit = context.new_page()
        visit.goto(page.as_uri() + "#l=fa")
        visit.wait_for_selector("body[data-ready]", timeout=60_000)
        ready = visit.evaluate("performance.getEntriesByName('ready')[0].startTime")
        criteria = visit.evaluate("siteselect.data.criteria.length")
        sets = np.random.default_rng(k).dirichlet(np.ones(criteria), 30).tolist()
        law, (work, shown) = visit.evaluate(LAW, sets), visit.evaluate(DRAG, [30, 0])
        if k:  # the first opening warms caches of the machine
            kept["open"].append(ready)
            kept["law"] += law
            kept["work"] += work
            kept["shown"] += shown
        context.close()
    return {name: statistics.median(times) for name, times in kept.items()}


def main() -> int:
    """Measure and print a table."""
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--sites", type=int, nargs="+", default=[500, 2000])
    asked = parser.parse_args()
    chromium = shutil.which("chromium")
    if chromium is None:
        print("chromium is not installed", file=sys.stderr)
        return 1
    print(
        "| page | size, MB | usable after, ms | law and order, ms | a drag: work, ms | shown, ms |"
    )
    print("|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        pages = {}
        for count in asked.sites:
            table, page = Path(folder) / f"{count}.csv", Path(folder) / f"{count}.html"
            points(count, table)
            question = ask(own=Own(table, alone=True), changes={"trust": None, "cell_m": 2000})
            write(decide(question), page)
            pages[f"{count} sites"] = page
        finished = ROOT / "out" / "map.html"
        if finished.exists():
            pages["default run"] = finished
        for name, page in pages.items():
            found = measured(browser, page, asked.repeat)
            cells = [f"{page.stat().st_size / 1e6:.2f}", *(f"{found[k]:.1f}" for k in found)]
            print(f"| {name} | {' | '.join(cells)} |")
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
