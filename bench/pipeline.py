"""Twelve distances, their value functions and the weighted mean, from files to one raster.

    python bench/pipeline.py [--cells 250 100] [--repeat 5 2] [--out docs/speed_surface.md]

Whole processes in turn: ours reads the vector layers of the data pack and writes score, known
share and verdict as a cloud-optimised GeoTIFF; GDAL and GRASS begin with the same layers burnt into
rasters beforehand, which is not timed, and write the score alone. Ours works the cells of the study
area, the others the box around it: that is what each can do. A tool that is not installed is left
out by name. One distance or slope alone is the command `siteselect surface CRITERION`, beside
gdal_proximity and gdaldem: once as they write by default, unpacked and without overviews, and once
into such a file as ours, packed, tiled and with overviews. Ours works slopes on the grid of the
elevations and reads them at the cells; gdaldem begins with elevations on the cells.
"""

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
LAYERS = (
    "rivers", "highways", "coastline", "railways", "ports", "towns", "pipelines", "feedstock",
    "protected", "power_plants", "estates", "airports",
)  # fmt: skip
ONE = "rivers"  # the layer of most pieces
FAR_KM = 200.0
# Such a file as ours is.
COG = (
    "-of COG -co COMPRESS=DEFLATE -co LEVEL=1 -co PREDICTOR=YES -co BLOCKSIZE=256"
    " -co NUM_THREADS=ALL_CPUS"
)


def study(folder: Path) -> Path:
    """A study of twelve distance criteria over the bundled region."""
    from siteselect.declared.criteria import named

    base = named("petrochemical").model_dump(mode="json")
    group = next(iter(base["groups"]))
    first = base["criteria"][0]
    criteria = [
        first
        | {"id": f"d_{name}", "group": group, "weight": 1.0, "unit": "km",
           "knots": [[0.0, 1.0], [FAR_KM, 0.0]],
           "measure": {"kind": "distance", "target": {"layer": name}}}
        for name in LAYERS
    ]  # fmt: skip
    base |= {"id": "twelve", "criteria": criteria, "constraints": [], "weights": "relative",
             "groups": {group: base["groups"][group]}}  # fmt: skip
    (folder / "twelve.yaml").write_text(json.dumps(base), "utf-8")
    declared = {
        "id": "bench", "titles": {"en": "Bench", "fa": "سنجش"}, "criteria": "twelve.yaml",
        "provinces": ["IR-06", "IR-18", "IR-22", "IR-11"], "cell_m": 500,
    }  # fmt: skip
    path = folder / "study.yaml"
    path.write_text(json.dumps(declared), "utf-8")
    return path


def burn(folder: Path, path: Path, cell_m: float) -> tuple[int, int]:
    """The layers as rasters over the box of the study; rows and columns."""
    import numpy as np
    import rasterio
    from rasterio.features import rasterize

    from siteselect.study.cells import grid_of
    from siteselect.study.question import ask

    question = ask(path, changes={"cell_m": max(cell_m, 500.0)})
    coarse = grid_of(question)
    factor = coarse.cell_m / cell_m
    shape = (round(coarse.shape[0] * factor), round(coarse.shape[1] * factor))
    transform = rasterio.Affine(cell_m, 0, coarse.west, 0, -cell_m, coarse.north)
    profile = {"driver": "GTiff", "height": shape[0], "width": shape[1], "count": 1,
               "dtype": "uint8", "transform": transform, "compress": "ZSTD", "tiled": True,
               "crs": rasterio.CRS.from_wkt(coarse.crs.to_wkt())}  # fmt: skip
    for name in LAYERS:
        shapes = question.catalog.features(name, question.crs).geometry
        cells = rasterize(shapes, out_shape=shape, transform=transform, dtype="uint8",
                          all_touched=True)  # fmt: skip
        with rasterio.open(folder / f"{name}.tif", "w", **profile) as raster:
            raster.write(np.asarray(cells), 1)
    return shape


def surface(folder: Path, cell_m: float, *more: str) -> list[str]:
    """Our command, of all criteria of a study together if it is given none."""
    return [sys.executable, "-m", "siteselect", "surface", "--cell", f"{cell_m:g}",
            "--out", str(folder / "ours.tif"), *more]  # fmt: skip


def distances(folder: Path, path: Path, cell_m: float) -> dict[str, list[str]]:
    """What each whole process is for one distance."""
    found = {"ours": surface(folder, cell_m, "--study", str(path), f"d_{ONE}")}
    if shutil.which("gdal_proximity.py"):
        bare = proximity(ONE)
        found["gdal_proximity.py"] = bare
        same = f"{' '.join(bare)} && gdal_translate -q {COG} d_{ONE}.tif d_same.tif"
        found["gdal_proximity.py, such a file"] = ["sh", "-c", same]
    return found


def unpacked(packed: Path, path: Path) -> None:
    """A raster as GDAL writes it by default."""
    import rasterio

    with rasterio.open(packed) as read:
        kept = ("height", "width", "count", "dtype", "crs", "transform", "nodata")
        profile = {name: read.profile[name] for name in kept}
        with rasterio.open(path, "w", driver="GTiff", **profile) as raster:
            raster.write(read.read())


def slopes(folder: Path, cell_m: float) -> dict[str, list[str]]:
    """What each whole process is for one slope; elevations on the cells are put there before."""
    timed(surface(folder, cell_m, "elevation"), folder)
    apart(unpacked, folder / "ours.tif", folder / "elevation.tif")
    (folder / "ours.tif").unlink()
    found = {"ours": surface(folder, cell_m, "slope")}
    if shutil.which("gdaldem"):
        bare = ["gdaldem", "slope", "-q", "-compute_edges", "elevation.tif", "d_slope.tif"]
        found["gdaldem"] = bare
        found["gdaldem, such a file"] = [*bare, *COG.split()]
    return found


def proximity(name: str) -> list[str]:
    """GDAL's distances to a layer."""
    return ["gdal_proximity.py", "-q", "-values", "1", "-distunits", "GEO", "-ot", "Float32",
            f"{name}.tif", f"d_{name}.tif"]  # fmt: skip


def commands(folder: Path, path: Path, cell_m: float) -> dict[str, list[str]]:
    """What each whole process is for all distances and their weighted mean."""
    share = 1 / len(LAYERS)
    letters = [chr(ord("A") + i) for i in range(len(LAYERS))]
    far = FAR_KM * 1000
    terms = "+".join(f"(1-minimum({a},{far})/{far})*{share}" for a in letters)
    gdal = [" ".join(proximity(name)) for name in LAYERS]
    given = " ".join(f"-{a} d_{n}.tif" for a, n in zip(letters, LAYERS, strict=True))
    gdal.append(f"gdal_calc.py --quiet --overwrite {given} --type=Float32 --outfile=gdal.tif"
                f' --calc="{terms}"')  # fmt: skip
    grass = [
        f"r.grow.distance -m input={name} distance=d_{name} --overwrite --quiet" for name in LAYERS
    ]
    sums = " + ".join(f"(1-min(d_{name},{far})/{far})*{share}" for name in LAYERS)
    grass.append(f'r.mapcalc --overwrite --quiet "score = float({sums})"')
    grass.append("r.out.gdal --overwrite --quiet input=score output=grass.tif type=Float32")
    (folder / "gdal.sh").write_text("set -e\nrm -f d_*.tif gdal.tif\n" + "\n".join(gdal) + "\n")
    (folder / "grass.sh").write_text("set -e\n" + "\n".join(grass) + "\n")
    found = {"ours": surface(folder, cell_m, "--study", str(path))}
    if shutil.which("gdal_proximity.py") and shutil.which("gdal_calc.py"):
        found["GDAL"] = ["sh", "gdal.sh"]
    if shutil.which("grass"):
        found["GRASS"] = ["grass", str(folder / "place" / "PERMANENT"), "--exec", "sh", "grass.sh"]
    for name in {"GDAL", "GRASS"} - set(found):
        print(f"{name} is not installed", file=sys.stderr)
    return found


def place(folder: Path) -> None:
    """A place of GRASS with the burnt layers; 0 becomes null, as its distances ask."""
    shutil.rmtree(folder / "place", ignore_errors=True)
    home = str(folder / "place")
    subprocess.run(["grass", "-e", "-c", str(folder / f"{LAYERS[0]}.tif"), home], check=True,
                   capture_output=True)  # fmt: skip
    steps = "\n".join(
        f"r.in.gdal --quiet -o input={name}.tif output={name}\nr.null {name} setnull=0"
        for name in LAYERS
    )
    (folder / "import.sh").write_text(f"set -e\n{steps}\ng.region raster={LAYERS[0]}\n")
    subprocess.run(["grass", f"{home}/PERMANENT", "--exec", "sh", "import.sh"], cwd=folder,
                   check=True, capture_output=True)  # fmt: skip


def apart(work: Callable[..., Any], *given: Any) -> Any:
    """Work done in a process of its own: a child is charged with the memory of who begins it."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(work, *given).result()


def timed(command: list[str], folder: Path) -> tuple[float, float]:
    """Wall time, s, and greatest memory of one process of it, MB."""
    begin = time.perf_counter()
    child = subprocess.Popen(
        command, cwd=folder, env={**os.environ, "SITESELECT_CACHE": "off"},
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert child.stderr is not None  # noqa: S101 - asked for above
    said = child.stderr.read()
    _, status, usage = os.wait4(child.pid, 0)
    if status:
        raise RuntimeError(said.decode()[-2000:])
    return time.perf_counter() - begin, usage.ru_maxrss / 1024


def table(cell_m: float, repeat: int) -> list[str]:
    """Lines of the tables at one size of cells: every tool in turn.

    Ours runs once before, so that its kernels are compiled; the others have nothing to warm, and
    the files that all read were written just before.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = study(folder)
        rows, columns = apart(burn, folder, path, cell_m)
        found = commands(folder, path, cell_m)
        if "GRASS" in found:
            place(folder)
        timed(found["ours"], folder)
        lines = [f"## {cell_m:g} m, {rows * columns:,} cells in the box", ""]
        lines += ["Twelve distances and their weighted mean:", "", *in_turn(found, folder, repeat)]
        often = max(repeat, 5)
        for title, tools in (
            (f"One distance, to {ONE}", distances(folder, path, cell_m)),
            ("One slope", slopes(folder, cell_m)),
            ("All criteria and rules of the bundled study", {"ours": surface(folder, cell_m)}),
        ):
            lines += ["", f"{title}:", "", *in_turn(tools, folder, often)]
        return [*lines, ""]


def in_turn(found: dict[str, list[str]], folder: Path, repeat: int) -> list[str]:
    """Lines of one table."""
    taken: dict[str, list[Any]] = {tool: [] for tool in found}
    for _ in range(repeat):
        for tool, command in found.items():
            # A file that is there already would be opened and written over.
            for left in folder.glob("d_*.tif"):
                left.unlink()
            taken[tool].append(timed(command, folder))
    lines = ["| tool | median s | from, to | turns | tool / ours, median of the pairs | peak MB |",
             "|---|---|---|---|---|---|"]  # fmt: skip
    for tool, figures in taken.items():
        times = [wall for wall, _ in figures]
        ratio = statistics.median(a / b for (a, _), (b, _) in
                                  zip(figures, taken["ours"], strict=True))  # fmt: skip
        peak = max(peak for _, peak in figures)
        spread = f"{min(times):.2f}, {max(times):.2f}"
        lines.append(
            f"| {tool} | {statistics.median(times):.2f} | {spread} | {len(times)} | {ratio:.2f} |"
            f" {peak:.0f} |"
        )
    return lines


def main() -> None:
    """Measure and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cells", type=float, nargs="+", default=[250.0, 100.0])
    parser.add_argument("--repeat", type=int, nargs="+", default=[5, 2], help="turns, a cell each")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "speed_surface.md")
    given = parser.parse_args()
    words = (__doc__ or "").split("\n\n")[2].strip()
    lines = ["# Twelve distances to one raster", "",
             f"Python {platform.python_version()}, {os.cpu_count()} cores; made by `make bench`.",
             words, ""]  # fmt: skip
    for number, cell_m in enumerate(given.cells):
        lines += table(cell_m, given.repeat[min(number, len(given.repeat) - 1)])
    given.out.write_text("\n".join(lines), encoding="utf-8")
    print(given.out)


if __name__ == "__main__":
    main()
