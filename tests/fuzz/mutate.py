"""Spoilt files by the thousand: every reader ends with an answer, soon, in bounded memory.

``make fuzz`` runs ten thousand. A mutation is fixed by its number alone, so that a failure can be
made again: ``python -m tests.fuzz.mutate 1 FOLDER --first 4711``.
"""

import random
import resource
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from siteselect.base import files
from siteselect.base.errors import SiteselectError
from siteselect.declared.criteria import read_criteria
from siteselect.world.checks import check_file
from tests.world import faulty
from tests.world.faulty import AREA, GOOD, SQUARE, features, kml, named, packed, polygon

SEED = 1378
MARK = "<Placemark><name>A</name><Point><coordinates>50.5,28.5</coordinates></Point></Placemark>"
# What breaks readers more often than bytes drawn at random do.
TOKENS = (
    b"", b"\x00", b"\xff", b"\xef\xbb\xbf", b"\n", b"\r", b'"', b",", b";", b"\t", b"-", b"=",
    b"<", b"&", b"{", b"}", b"[", b"]", b"[[[[[[[[", b": ", b"&a ", b"*a", b"!!", b"<<: *a",
    b".nan", b".inf", b"NaN", b"-0", b"1e999", b"1e-999", b"9" * 400, b"-9999",
    b"\xff\xff\xff\xff", b"\x00\x00\x00\x00", b"\x7f\xff\xff\xff", b"%s%n", b"../../",
    b"/vsicurl/http://127.0.0.1:9/", b"<!DOCTYPE x>", b"null", b"true", "۵٫۵".encode(),
    "\u202e".encode(), "\u200f".encode(), b"\xed\xa0\x80", b"'" * 50,
)  # fmt: skip


def seeds(folder: Path) -> dict[str, bytes]:
    """A sound file of every format, by the name that a reader is given."""
    frame = faulty.sites_frame()
    for name in ("a.gpkg", "a.fgb"):
        frame.to_file(folder / name)
    lines = faulty.lines_frame()
    lines.to_file(folder / "lines.gpkg")
    parts = named(faulty.shapefile(folder / "shape"))
    criteria = (files.home() / "criteria" / "petrochemical.yaml").read_bytes()
    cells = [["id", "name", "lon", "lat"], ["S1", "A", 50.5, 28.5], ["S2", "=1+1", "50", 28.6]]
    return {
        "table.csv": GOOD.encode(),
        "table.tsv": GOOD.replace(",", "\t").encode(),
        "book.xlsx": faulty.workbook(cells),
        "layer.geojson": features(polygon(SQUARE)),
        "points.geojson": features(faulty.point(50.5, 28.5), faulty.point(51.5, 28.5)),
        "marks.kml": kml(MARK),
        "shape.zip": packed(parts),
        "layer.gpkg": (folder / "a.gpkg").read_bytes(),
        "lines.gpkg": (folder / "lines.gpkg").read_bytes(),
        "layer.fgb": (folder / "a.fgb").read_bytes(),
        "cells.tif": faulty.raster(folder / "a.tif"),
        "criteria.yaml": criteria[:6000],
    }


def spoilt(sound: bytes, draw: random.Random, others: Sequence[bytes]) -> bytes:
    """Bytes with a few places overwritten, shifted, repeated or swapped, and maybe cut off."""
    data = bytearray(sound)
    for _ in range(draw.randint(1, 8)):
        at, length = draw.randint(0, len(data)), draw.choice((1, 1, 4, 16, 200))
        what = draw.randrange(6)
        if what == 0:
            data[at : at + length] = draw.randbytes(length)
        elif what == 1:
            token = draw.choice(TOKENS)
            data[at : at + draw.choice((0, len(token)))] = token
        elif what == 2 and data:
            data[min(at, len(data) - 1)] ^= 1 << draw.randrange(8)
        elif what == 3:
            data[at:at] = data[at : at + length] * draw.choice((1, 2, 50))
        elif what == 4:
            del data[at : at + length]
        elif draw.random() < 0.2:
            other = draw.choice(others)
            start = draw.randrange(len(other))
            data[at:at] = other[start : start + length]
    if draw.random() < 0.15:
        del data[draw.randint(0, len(data)) :]
    return bytes(data)


def read(path: Path) -> str:
    """Read a file as its name says, by the doors that the command line uses."""
    if path.suffix == ".yaml":
        try:
            read_criteria(path)
        except SiteselectError:
            return "refused"
        return "accepted"
    kind = {"cells.tif": "dem", "lines.gpkg": "pipelines"}.get(path.name, "sites")
    report = check_file(path, kind, AREA)
    return "refused" if report.faults else "warned" if report.warnings else "accepted"


def fuzz(folder: Path, times: int, *, first: int = 0) -> dict[str, Any]:
    """Spoil and read so many files; anything but an answer of ours is raised with its number."""
    sound = seeds(folder)
    names, bodies = list(sound), list(sound.values())
    counts: dict[str, Any] = {"inputs": 0, "accepted": 0, "warned": 0, "refused": 0}
    slowest, slow_number = 0.0, first
    for number in range(first, first + times):
        draw = random.Random(SEED * 1_000_003 + number)
        name = names[number % len(names)]
        path = folder / name
        path.write_bytes(spoilt(sound[name], draw, bodies))
        start = time.perf_counter()
        try:
            counts[read(path)] += 1
        except Exception as error:
            raise AssertionError(f"mutation {number} of {name} brought {error!r}") from error
        took = time.perf_counter() - start
        counts["inputs"] += 1
        if took > slowest:
            slowest, slow_number = took, number
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    figures = {"slowest_s": round(slowest, 2), "slowest": slow_number, "peak_mb": peak // 1024}
    return counts | figures


def main(arguments: Sequence[str]) -> None:
    """How many, in which folder, and the number of the first."""
    first = int(arguments[3]) if len(arguments) > 3 else 0
    found = fuzz(Path(arguments[1]), int(arguments[0]), first=first)
    print(found)  # noqa: T201
    assert found["slowest_s"] < 10
    assert found["peak_mb"] < 1000


if __name__ == "__main__":
    main(sys.argv[1:])
