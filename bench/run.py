"""Times of the whole and of its parts, ours beside a peer on the same work, in one run.

    python bench/run.py [--repeat 5] [--out bench/results.md]

Every figure is a median of several repetitions on the machine at hand; only the ratios within one
table mean anything elsewhere. Nothing here is a test.
"""

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import shapely

ROOT = Path(__file__).resolve().parents[1]
Row = tuple[str, str, str, str]


def seconds(work: Callable[[], object], repeat: int) -> float:
    """Median time of a piece of work, after one warm-up."""
    work()
    times = []
    for _ in range(repeat):
        begin = time.perf_counter()
        work()
        times.append(time.perf_counter() - begin)
    return statistics.median(times)


def process(arguments: list[str], repeat: int) -> tuple[float, float]:
    """Median wall time, s, and greatest memory, MB, of a whole process."""
    times, peaks = [], []
    for _ in range(repeat):
        begin = time.perf_counter()
        child = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, _, usage = os.wait4(child.pid, 0)
        times.append(time.perf_counter() - begin)
        peaks.append(usage.ru_maxrss / 1024)
    return statistics.median(times), max(peaks)


def start_up(repeat: int) -> list[Row]:
    """Start of the interpreter, of the package, of the help."""
    python = sys.executable
    bare, _ = process([python, "-c", "pass"], repeat)
    rows: list[Row] = [("bare interpreter", f"{bare * 1000:.0f} ms", "", "")]
    stack = "import geopandas, rasterio, networkx, folium, click"
    for name, code in (
        ("import siteselect", "import siteselect"),
        ("siteselect --help", ("import sys; sys.argv[1:] = ['--help'];"
         " from siteselect.cli import main; main()")),
    ):  # fmt: skip
        ours, _ = process([python, "-c", code], repeat)
        peer, _ = process([python, "-c", stack], max(1, repeat // 2))
        rows.append((name, f"{ours * 1000:.0f} ms", f"the stack, imported: {peer * 1000:.0f} ms",
                     f"{peer / ours:.1f}"))  # fmt: skip
    return rows


def whole_run(repeat: int) -> list[Row]:
    """The default run, with files, and without its draws."""
    rows: list[Row] = []
    for name, extra in (("default run", []), ("without robustness", ["--no-robustness"])):
        with tempfile.TemporaryDirectory() as folder:
            arguments = [sys.executable, "-m", "siteselect", "run", "--out", f"{folder}/out"]
            wall, peak = process([*arguments, *extra], repeat)
        rows.append((name, f"{wall:.1f} s", f"peak memory {peak:.0f} MB", ""))
    return rows


def distances(repeat: int) -> list[Row]:
    """Exact distance of every cell of the study to rivers, roads, coast."""
    from siteselect.measure import reach
    from siteselect.measure.blocks import Blocks
    from siteselect.study.cells import grid_of
    from siteselect.study.question import ask

    question = ask()
    places = grid_of(question).places()
    points = Blocks.of(places.easting, places.northing)
    some = np.random.default_rng(1).choice(len(places), 50_000, replace=False)
    plain = shapely.points(places.easting[some], places.northing[some])
    rows: list[Row] = []
    for layer in ("rivers", "highways", "coastline"):
        shapes = question.catalog.features(layer, question.crs).geometry.to_numpy()
        pieces = reach.segments(shapes)
        ours = seconds(partial(reach.nearest_m, points, pieces), repeat)
        tree = shapely.STRtree(shapely.linestrings(pieces.ends.reshape(-1, 2, 2)))
        nearest = partial(tree.query_nearest, return_distance=True, all_matches=False)
        peer = seconds(partial(nearest, plain), max(1, repeat // 2))
        each, other = ours / len(places) * 1e9, peer / len(some) * 1e9
        rows.append((f"distance to {layer}, {len(pieces):,} pieces, {len(places):,} cells",
                     f"{ours:.2f} s, {each:.0f} ns a cell",
                     f"shapely query_nearest: {other:.0f} ns a point",
                     f"{other / each:.1f}"))  # fmt: skip
    return rows


def law(repeat: int) -> list[Row]:
    """The law on a table in memory, beside reading that memory once."""
    from siteselect.decide.score import score
    from siteselect.decide.table import PerformanceTable
    from siteselect.declared.criteria import named

    criteria = named("petrochemical")
    rng = np.random.default_rng(1)
    stack = rng.uniform(0, 100, (len(criteria.criteria), 500_000))
    table = PerformanceTable.of(stack.T, [c.id for c in criteria.criteria])
    ours = seconds(lambda: score(table, criteria, bounds=False), repeat)
    floor = seconds(stack.sum, repeat)
    return [(f"law, 500,000 cells x {len(stack)} criteria", f"{ours:.2f} s",
             f"reading the table once: {floor:.3f} s", f"{floor / ours:.3f}")]  # fmt: skip


def decisions(repeat: int) -> list[Row]:
    """Ten thousand draws of five hundred sites by twelve criteria."""
    from siteselect.decide.doubt import Doubt
    from siteselect.decide.robustness import rank_draws
    from siteselect.decide.table import PerformanceTable
    from siteselect.declared.criteria import CriteriaSet, named

    whole = named("petrochemical")
    data = whole.model_dump(mode="json")
    data["criteria"], data["constraints"] = data["criteria"][:12], []
    used = {c["group"] for c in data["criteria"]}
    data["groups"] = {name: g for name, g in data["groups"].items() if name in used}
    data["weights"] = "relative"
    criteria = CriteriaSet.model_validate_json(json.dumps(data))
    rng = np.random.default_rng(2)
    high = [c.knots[-1][0] for c in criteria.criteria]
    values = rng.uniform(0, high, (500, 12))
    exact = PerformanceTable.of(values, [c.id for c in criteria.criteria])
    table = PerformanceTable(exact.place_ids, exact.column_ids, exact.units, values,
                             values * 0.9, values * 1.1, exact.source_ids)  # fmt: skip
    doubt = Doubt(spread=np.full((500, 12), 0.1))
    ours = seconds(lambda: rank_draws(table, criteria, doubt=doubt, seed=1), max(1, repeat // 2))
    return [("10,000 draws x 500 sites x 12 criteria", f"{ours:.1f} s", "", "")]


PARTS: dict[str, Callable[[int], list[Row]]] = {
    "Start": start_up,
    "Whole run": whole_run,
    "Distance": distances,
    "Law": law,
    "Robustness": decisions,
}


def main() -> None:
    """Measure every part and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--out", type=Path, default=ROOT / "bench" / "results.md")
    given = parser.parse_args()
    lines = [
        "# Measured",
        "",
        f"Python {platform.python_version()}, {os.cpu_count()} cores, one run.",
        f"Medians of {given.repeat} repetitions. A ratio above 1 means that ours is faster.",
    ]
    for title, part in PARTS.items():
        print(title, file=sys.stderr)
        lines += ["", f"## {title}", "", "| work | ours | beside it | ratio |", "|---|---|---|---|"]
        lines += ["| " + " | ".join(row) + " |" for row in part(given.repeat)]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    lines += ["", f"Peak memory of this benchmark: {peak:.0f} MB.", ""]
    given.out.write_text("\n".join(lines), encoding="utf-8")
    print(given.out)


if __name__ == "__main__":
    main()
