"""Each kernel beside its peers: the same input, in turn, in one run.

    python bench/kernels.py [--cell 250] [--cost 1000 500] [--repeat 5] [--out docs/speed.md]

Every tool works in a process of its own, with its input in memory and warm, so that a figure is
the work alone and a peak of memory is its own. The tools take turns, so that a busy machine is
busy for all of them. Whole commands (GDAL, GRASS) stand in a table of their own, with files in and
out; the two kinds are not to be compared. What is not installed is skipped and named.
"""

import argparse
import importlib.metadata
import json
import multiprocessing
import os
import platform
import resource
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from run import process

if TYPE_CHECKING:
    from siteselect.declared.criteria import CriteriaSet

ROOT = Path(__file__).resolve().parents[1]
HEIGHT_M, WIDTH_M = 1_000_000.0, 1_700_000.0  # about the box of the four provinces
PATIENCE_S = 40.0  # a tool that has worked so long gets no further turn
SMALL_M = 1000.0
WINDOW = 512 * 512  # cells
Work = Callable[[], object]

# --- inputs ------------------------------------------------------------------------------------


def shape(cell_m: float) -> tuple[int, int]:
    """Rows and columns of the box."""
    return int(HEIGHT_M / cell_m), int(WIDTH_M / cell_m)


def features(cell_m: float, lines: int, points: int) -> np.ndarray:
    """Straight lines and points, drawn at random, as cells."""
    rng, (rows, columns) = np.random.default_rng(0), shape(cell_m)
    grid = np.zeros((rows, columns), np.uint8)
    along = np.linspace(0.0, 1.0, 2 * columns)[:, None]
    for _ in range(lines):
        begin, end = rng.uniform(size=(2, 2)) * (rows, columns)
        grid[tuple((begin + (end - begin) * along).astype(int).T)] = 1
    grid[tuple((rng.uniform(size=(points, 2)) * (rows, columns)).astype(int).T)] = 1
    return grid


def elevation(cell_m: float) -> np.ndarray:
    """Hills of several sizes, metres."""
    north, east = np.ogrid[tuple(slice(0, n) for n in shape(cell_m))]
    north, east = north * cell_m, east * cell_m
    height = np.zeros(shape(cell_m))
    for wave, tall in ((90e3, 800.0), (17e3, 250.0), (3.1e3, 40.0)):
        height += tall * np.sin(east / wave + north / (2 * wave)) * np.cos(north / wave)
    return height


def friction(cell_m: float) -> np.ndarray:
    """Smooth cost of a metre, 0.5 to 3.5."""
    return 2.0 + 1.5 * elevation(cell_m) / 1090.0


def ports(cell_m: float) -> np.ndarray:
    """Fifteen source cells."""
    return (np.random.default_rng(1).uniform(size=(15, 2)) * shape(cell_m)).astype(int)


def walls(cell_m: float) -> np.ndarray:
    """Staggered walls: each leaves a gap at one end, so that a way winds through all of them."""
    grid = friction(cell_m)
    grid[20::40] = np.nan
    grid[20::80, :5] = grid[60::80, -5:] = 2.0
    return grid


# --- tools: given a cell, the work to be timed ---------------------------------------------------


def _ours_distance(cell_m: float, lines: int, points: int) -> Work:
    from siteselect.measure.reach import distance_grid

    grid = features(cell_m, lines, points)
    return lambda: distance_grid(grid, cell_m)


def _scipy_distance(cell_m: float, lines: int, points: int) -> Work:
    from scipy.ndimage import distance_transform_edt

    ground = features(cell_m, lines, points) == 0
    return lambda: distance_transform_edt(ground, sampling=cell_m)


def _opencv_distance(cell_m: float, lines: int, points: int) -> Work:
    import cv2

    ground = 1 - features(cell_m, lines, points)
    return lambda: cv2.distanceTransform(ground, cv2.DIST_L2, cv2.DIST_MASK_PRECISE) * cell_m


def _xrspatial(name: str, grid: np.ndarray, cell_m: float) -> Work:
    import xarray
    import xrspatial

    rows, columns = (np.arange(n) * cell_m for n in grid.shape)
    layer = xarray.DataArray(grid, {"y": rows[::-1], "x": columns}, ("y", "x"))
    return lambda: getattr(xrspatial, name)(layer).data


def _ours_slope(cell_m: float) -> Work:
    from siteselect.measure.ground import slope_deg

    heights = elevation(cell_m)
    return lambda: slope_deg(heights, cell_m)


def _definition(work: Callable[[float], Work], cell_m: float) -> Work:
    """Ours where numba is not installed."""
    from siteselect.decide import ordered
    from siteselect.measure import reach

    reach.kernels = lambda _="kernels": None
    ordered.kernels = lambda: None
    return work(cell_m)


def _ours_cost(cell_m: float, *, maze: bool = False, heap: bool = False) -> Work:
    from siteselect.measure import reach

    ground = walls(cell_m) if maze else friction(cell_m)
    sources = np.array([[0, 0]]) if maze else ports(cell_m)
    if heap:
        reach.MOST_BUCKETS = 0
    return lambda: reach.cost_distance(ground, sources, cell_m)


def _small(cell_m: float) -> float:
    """The cell, if a graph of all steps between such cells still fits into memory."""
    if cell_m < SMALL_M:
        raise AttributeError("the graph of all steps would not fit")
    return cell_m


def _skimage_cost(cell_m: float) -> Work:
    from skimage.graph import MCP_Geometric

    ground, sources = friction(cell_m), [tuple(cell) for cell in ports(cell_m)]
    return lambda: MCP_Geometric(ground, sampling=(cell_m, cell_m)).find_costs(sources)


def _xrspatial_cost(cell_m: float) -> Work:
    import xarray
    from xrspatial import cost_distance

    rows, columns = (np.arange(n) * cell_m for n in shape(cell_m))
    where = {"y": rows[::-1], "x": columns}
    marks = np.zeros(shape(cell_m))
    marks[tuple(ports(cell_m).T)] = 1.0
    source, ground = (xarray.DataArray(a, where, ("y", "x")) for a in (marks, friction(cell_m)))
    return lambda: cost_distance(source, ground).data


def _owa(rows: float, *, criteria: int = 12) -> Work:
    from siteselect.decide.methods import owa

    values = np.random.default_rng(2).uniform(size=(int(rows), criteria))
    return lambda: owa(values, np.arange(1, criteria + 1), alpha=2.0)


def _owa_numpy(rows: float) -> Work:
    values = np.random.default_rng(2).uniform(size=(int(rows), 12))
    weights = np.arange(1, 13) / 78

    def plain() -> np.ndarray:
        order = np.argsort(-values, axis=1)
        reached = np.cumsum(weights[order], axis=1) ** 2.0
        steps = np.diff(reached, axis=1, prepend=0.0)
        return (steps * np.take_along_axis(values, order, axis=1)).sum(axis=1)

    return plain


def _criteria(count: int, *, straight: bool = False) -> "CriteriaSet":
    """The first of the bundled criteria; or with one ramp each."""
    from siteselect.declared.criteria import CriteriaSet, named

    data = named("petrochemical").model_dump(mode="json")
    data["criteria"], data["constraints"] = data["criteria"][:count], []
    used = {c["group"] for c in data["criteria"]}
    data["groups"] = {name: g for name, g in data["groups"].items() if name in used}
    data["weights"] = "relative"
    for criterion in data["criteria"] if straight else ():
        criterion["knots"] = [[0.0, 1.0], [100.0, 0.0]]
    return CriteriaSet.model_validate_json(json.dumps(data))


def _windows(cells: float) -> list[np.ndarray]:
    """Readings of twelve criteria, window by window, as cells are judged."""
    rng = np.random.default_rng(1)
    return [rng.uniform(0, 120, (12, WINDOW)) for _ in range(int(cells) // WINDOW)]


def _cell_law(cells: float, *, straight: bool) -> Work:
    from siteselect.decide.cells import weigh

    windows, criteria = _windows(cells), _criteria(12, straight=straight)
    pool = ThreadPoolExecutor(os.cpu_count())
    # What is said of a window is handed on, as to a raster, and not held.
    return lambda: sum(map(len, pool.map(lambda readings: weigh(readings, criteria), windows)))


def _cell_floor(cells: float) -> Work:
    windows, pool = _windows(cells), ThreadPoolExecutor(os.cpu_count())
    return lambda: list(pool.map(np.sum, windows))


def _law(rows: float, *, criteria: int = 99) -> Work:
    from siteselect.decide.score import score
    from siteselect.decide.table import PerformanceTable

    chosen = _criteria(criteria)
    names = [c.id for c in chosen.criteria]
    readings = np.random.default_rng(1).uniform(0, 100, (len(names), int(rows)))
    table = PerformanceTable.of(readings.T, names)
    return lambda: score(table, chosen, bounds=False)


def _read(size: float, *, threads: int) -> Work:
    """The floor: memory read once."""
    pieces = np.array_split(np.random.default_rng(1).uniform(size=int(size)), threads)
    pool = ThreadPoolExecutor(threads)
    return lambda: list(pool.map(np.sum, pieces))


DENSE, SPARSE = (60, 3000), (0, 15)
TOOLS: dict[str, Callable[[float], Work]] = {
    "distance, dense | siteselect": lambda c: _ours_distance(c, *DENSE),
    "distance, dense | siteselect without numba": lambda c: _definition(
        lambda d: _ours_distance(d, *DENSE), c
    ),
    "distance, dense | scipy distance_transform_edt": lambda c: _scipy_distance(c, *DENSE),
    "distance, dense | opencv, precise": lambda c: _opencv_distance(c, *DENSE),
    "distance, dense | xarray-spatial proximity": lambda c: _xrspatial(
        "proximity", features(c, *DENSE).astype(float), c
    ),
    "distance, sparse | siteselect": lambda c: _ours_distance(c, *SPARSE),
    "distance, sparse | scipy distance_transform_edt": lambda c: _scipy_distance(c, *SPARSE),
    "distance, sparse | opencv, precise": lambda c: _opencv_distance(c, *SPARSE),
    "slope | siteselect": _ours_slope,
    "slope | siteselect without numba": lambda c: _definition(_ours_slope, c),
    "slope | xarray-spatial slope": lambda c: _xrspatial("slope", elevation(c), c),
    "cost | siteselect": _ours_cost,
    "cost | siteselect, by heap": lambda c: _ours_cost(c, heap=True),
    "cost | siteselect without numba": lambda c: _definition(_ours_cost, _small(c)),
    "cost | scikit-image MCP_Geometric": _skimage_cost,
    "cost | xarray-spatial cost_distance": _xrspatial_cost,
    "cost, maze | siteselect": lambda c: _ours_cost(c, maze=True),
    "cost, maze | siteselect, by heap": lambda c: _ours_cost(c, maze=True, heap=True),
    "ordered mean | siteselect": _owa,
    "ordered mean | siteselect without numba": lambda n: _definition(_owa, n),
    "ordered mean | numpy, whole table": _owa_numpy,
    "law of cells | siteselect, one ramp each": lambda n: _cell_law(n, straight=True),
    "law of cells | siteselect, bundled criteria": lambda n: _cell_law(n, straight=False),
    "law of cells | floor: readings read once": _cell_floor,
    "memory | read once, 1 thread": lambda n: _read(n, threads=1),
    "memory | read once, 2 threads": lambda n: _read(n, threads=2),
    **{f"criteria | {k}": lambda n, k=k: _law(n, criteria=k) for k in (6, 12, 24)},
    **{f"criteria, ordered mean | {k}": lambda n, k=k: _owa(n, criteria=k) for k in (6, 12, 24)},
}


# --- turns -------------------------------------------------------------------------------------


def serve(key: str, size: float, line: Connection) -> None:
    """A tool in its own process: makes its input, warms up, works when told, tells its memory."""
    try:
        work = TOOLS[key](size)
    except (ImportError, AttributeError) as lacking:
        line.send(str(lacking))
        return
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    work()
    line.send(None)
    while line.recv():
        begin = time.perf_counter()
        work()
        line.send(time.perf_counter() - begin)
    line.send((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)


def in_turn(task: str, size: float, repeat: int) -> Iterator[tuple[str, list[float], float]]:
    """Times and further memory, MB, of each tool of a task; what is lacking is told and skipped."""
    context = multiprocessing.get_context("spawn")
    keys = [key for key in TOOLS if key.partition(" | ")[0] == task]
    lines, times = {}, {}
    for key in keys:  # one after another: the warm-up of one must not disturb another's
        here, there = context.Pipe()
        context.Process(target=serve, args=(key, size, there), daemon=True).start()
        lacking = here.recv()
        if lacking is None:
            lines[key], times[key] = here, []
        else:
            print(f"  skipped: {key} ({lacking})", file=sys.stderr)
    for _ in range(repeat):
        for key, line in lines.items():
            if sum(times[key]) < PATIENCE_S:
                line.send(True)
                times[key].append(line.recv())
    for key, line in lines.items():
        line.send(False)
        yield key.partition(" | ")[2], times[key], line.recv()


def rows_of(task: str, size: float, repeat: int, unit: str) -> list[str]:
    """Lines of a table: median, spread, ratio to ours, further memory."""
    print(f"{task}, {size:g}", file=sys.stderr)
    found = list(in_turn(task, size, repeat))
    ours = statistics.median(found[0][1])
    return [
        f"| {unit} | {name} | {statistics.median(t):.3f} | {min(t):.3f} to {max(t):.3f} |"
        f" {len(t)} | {statistics.median(t) / ours:.2f} | {memory:.0f} |"
        for name, t, memory in found
    ]


# --- whole commands ------------------------------------------------------------------------------

OURS = """
import sys, numpy, rasterio
from siteselect.measure import ground, reach
with rasterio.open(sys.argv[2]) as source:
    values, profile, cell = source.read(1), source.profile, source.transform.a
found = (ground.slope_deg if sys.argv[1] == "slope" else reach.distance_grid)(values, cell)
profile.update(dtype="float32", nodata=None)
with rasterio.open(sys.argv[3], "w", **profile) as out:
    out.write(found.astype("float32"), 1)
"""


def commands(folder: Path) -> dict[str, dict[str, list[str]]]:
    """What each whole process is, files in and out."""
    marks, heights, out = (str(folder / f"{n}.tif") for n in ("features", "elevation", "out"))
    python, grass = [sys.executable, "-c", OURS], ["grass", str(folder / "grass" / "one"), "--exec"]
    return {
        "distance": {
            "siteselect": [*python, "distance", marks, out],
            "gdal_proximity.py": ["gdal_proximity.py", "-q", "-values", "1", "-distunits", "GEO",
                                  "-ot", "Float32", marks, out],
            "grass r.grow.distance": [*grass, "r.grow.distance", "input=features", "distance=d",
                                      "--overwrite", "--quiet"],
        },
        "slope": {
            "siteselect": [*python, "slope", heights, out],
            "gdaldem": ["gdaldem", "slope", "-q", "-compute_edges", heights, out],
            "grass r.slope.aspect": [*grass, "r.slope.aspect", "elevation=elevation", "slope=s",
                                     "--overwrite", "--quiet"],
        },
    }  # fmt: skip


def prepare_files(folder: Path, cell_m: float) -> None:
    """Inputs of the whole commands; those of GRASS are imported beforehand, which is not timed."""
    import rasterio
    from rasterio.crs import CRS

    transform = rasterio.Affine(cell_m, 0, 0, 0, -cell_m, HEIGHT_M)
    for name, grid in (
        ("features", features(cell_m, *DENSE)),
        ("elevation", elevation(cell_m).astype(np.float32)),
    ):
        with rasterio.open(folder / f"{name}.tif", "w", driver="GTiff", count=1, dtype=grid.dtype,
                           height=grid.shape[0], width=grid.shape[1], transform=transform,
                           crs=CRS.from_epsg(32639)) as file:  # fmt: skip
            file.write(grid, 1)
    if shutil.which("grass"):
        place, tif = str(folder / "grass"), str(folder / "features.tif")
        process(["grass", "-c", tif, "-e", place], 1)
        process(["grass", "-c", f"{place}/one", "-e"], 1)
        for name in ("features", "elevation"):
            process(["grass", f"{place}/one", "--exec", "r.in.gdal", "--overwrite",
                     f"input={folder / name}.tif", f"output={name}"], 1)  # fmt: skip
        process(["grass", f"{place}/one", "--exec", "g.region", "raster=features"], 1)
        process(["grass", f"{place}/one", "--exec", "r.null", "map=features", "setnull=0"], 1)


def whole_commands(cell_m: float, repeat: int) -> list[str]:
    """Lines of a table: whole processes in turn."""
    lines = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # Apart, because a child is charged with the memory of the process that started it.
        context = multiprocessing.get_context("spawn")
        child = context.Process(target=prepare_files, args=(folder, cell_m))
        child.start()
        child.join()
        for task, tools in commands(folder).items():
            print(f"whole commands: {task}", file=sys.stderr)
            found: dict[str, list[tuple[float, float]]] = {}
            for tool, command in tools.items():
                if command[0] != sys.executable and not shutil.which(command[0]):
                    print(f"  skipped: {tool} (no {command[0]})", file=sys.stderr)
                else:
                    found[tool] = []
            for _ in range(repeat):
                for tool, measured in found.items():
                    measured.append(process(tools[tool], 1))
            ours = statistics.median(t for t, _ in found["siteselect"])
            for tool, measured in found.items():
                times, peaks = zip(*measured, strict=True)
                lines.append(
                    f"| {task} | {tool} | {statistics.median(times):.2f} |"
                    f" {min(times):.2f} to {max(times):.2f} | {len(times)} |"
                    f" {statistics.median(times) / ours:.2f} | {max(peaks):.0f} |"
                )
    return lines


# --- growth ------------------------------------------------------------------------------------


def growth(keys: dict[str, str], sizes: dict[float, int], repeat: int) -> list[str]:
    """Lines of a table: what a cell or a site costs as there are more of them, ns."""
    lines = []
    for name, key in keys.items():
        each = [_alone(key, size, repeat) / count * 1e9 for size, count in sizes.items()]
        lines.append(f"| {name} | " + " | ".join(f"{ns:.1f}" for ns in each) + " |")
    return lines


def _alone(key: str, size: float, repeat: int) -> float:
    """Median time of our own tool alone."""
    print(f"growth: {key}, {size:g}", file=sys.stderr)
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    context.Process(target=serve, args=(key, size, there), daemon=True).start()
    here.recv()
    times = []
    for _ in range(repeat):
        here.send(True)
        times.append(here.recv())
    here.send(False)
    here.recv()
    return statistics.median(times)


def machine() -> str:
    """What the figures were taken on, without names."""
    info = Path("/proc/cpuinfo")
    found = [line.partition(":")[2].strip() for line in info.read_text("utf-8").splitlines()
             if line.startswith("model name")] if info.exists() else []  # fmt: skip
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    versions = []
    for name in ("numpy", "scipy", "numba", "scikit-image", "opencv-python-headless",
                 "xarray-spatial"):  # fmt: skip
        try:
            versions.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            versions.append(f"no {name}")
    return (
        f"{found[0] if found else platform.machine()}, {os.cpu_count()} cores, {memory:.0f} GB;"
        f" Python {platform.python_version()}, {', '.join(versions)}."
    )


HEAD = "| {0} | tool | median, s | least to most | turns | ratio | further memory, MB |"
RULE = "|---|---|---|---|---|---|---|"


def page(given: argparse.Namespace) -> Iterator[str]:
    """The document, line by line."""
    load = [os.getloadavg()[0]]
    yield from (
        "# Speed of the kernels",
        "",
        "Made by `make bench` (`bench/kernels.py`); do not edit. Times of one run on one machine:",
        "only ratios within a table mean anything elsewhere. A ratio is the tool's time over ours.",
        "",
        machine(),
        "",
        "## In memory, warm, in turn",
        "",
        HEAD.format("work"),
        RULE,
    )
    for task in ("distance, dense", "distance, sparse", "slope"):
        yield from rows_of(task, given.cell, given.repeat, f"{task}, {given.cell:g} m")
    for cell_m in given.cost:
        yield from rows_of("cost", cell_m, given.repeat, f"cost, smooth, {cell_m:g} m")
    yield from rows_of("cost, maze", given.cost[0], given.repeat, f"maze, {given.cost[0]:g} m")
    yield from rows_of("law of cells", 24 * WINDOW, given.repeat, f"law, {24 * WINDOW:,} x 12")
    yield from rows_of("ordered mean", 500_000, given.repeat, "OWA, 500,000 x 12")
    yield from ("", "A slope written once and its elevations read once are 16 bytes a cell; the",
                "floor is what memory gives:", "", HEAD.format("work"), RULE)  # fmt: skip
    yield from rows_of("memory", 50_000_000, given.repeat, "400 MB")
    yield from ("", f"## Whole commands, files in and out, {given.cell:g} m", "",
                "The inputs of GRASS were imported beforehand, untimed.", "",
                HEAD.format("work").replace("further", "peak"), RULE)  # fmt: skip
    yield from whole_commands(given.cell, given.repeat)
    cells = {c: int(np.prod(shape(c))) for c in (2000.0, 1000.0, 500.0, given.cell)}
    yield from ("", "## Growth", "", "| ns a cell, of | "
                + " | ".join(f"{c:g} m, {n:,}" for c, n in cells.items()) + " |",
                "|---|" + "---|" * len(cells))  # fmt: skip
    ours = {t: f"{t} | siteselect" for t in ("distance, dense", "slope", "cost")}
    yield from growth(ours, cells, given.repeat)
    sites = {float(n): n for n in (1_000, 10_000, 100_000, 1_000_000)}
    yield from ("", "| ns a site, 12 criteria, of | "
                + " | ".join(f"{n:,}" for n in sites.values()) + " |",
                "|---|" + "---|" * len(sites))  # fmt: skip
    both = {"the law": "criteria | 12", "OWA": "criteria, ordered mean | 12"}
    yield from growth(both, sites, given.repeat)
    yield from ("", HEAD.format("criteria").replace("tool", "criteria"), RULE)
    yield from rows_of("criteria", 100_000, given.repeat, "the law, 100,000 sites")
    yield from rows_of("criteria, ordered mean", 100_000, given.repeat, "OWA, 100,000 sites")
    load.append(os.getloadavg()[0])
    told = f"Load of the machine at begin and end: {load[0]:.1f}, {load[1]:.1f}; "
    yield from ("", told + "above the number of cores, others worked beside.", "")


def main() -> None:
    """Measure every kernel and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cell", type=float, default=250.0)
    parser.add_argument("--cost", type=float, nargs="+", default=[1000.0, 500.0])
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "speed.md")
    given = parser.parse_args()
    lines = list(page(given))
    given.out.write_text("\n".join(lines), encoding="utf-8")
    print(given.out)


if __name__ == "__main__":
    main()
