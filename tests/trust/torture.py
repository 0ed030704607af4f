"""Kills, pairs and full disks: a folder of results is the old set or the new one, always.

``make torture`` runs it at full length; the suite runs a few turns of each part.
"""

import contextlib
import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from siteselect.base.errors import SiteselectError
from siteselect.present import write
from siteselect.study.result import Result
from tests.toy import toy_result

SEED = 20


def turn(result: Result, number: int) -> Result:
    """The toy result with the number of a turn in every name, so that sets can be told apart."""
    frame = result.pool.frame.assign(name_en=f"Turn {number}")
    return replace(
        result,
        pool=replace(result.pool, frame=frame),
        manifest={**result.manifest, "seed": number},
    )


def whole(folder: Path) -> int:
    """The turn that a folder holds, after every file in it was found to be of that turn."""
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    found = {path.name for path in folder.iterdir()} - {"manifest.json"}
    assert found == set(manifest["outputs"])
    for name, known in manifest["outputs"].items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == known, name
    number = int(manifest["seed"])
    assert f"Turn {number}" in (folder / "ranking.csv").read_text("utf-8")
    return number


def fork(work: Callable[[], object]) -> int:
    """A child that does the work and ends; its exit code is that of the error, 0 if none.

    The parent itself writes nothing: libraries that have started threads cannot be forked.
    """
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        work()
        code = 0
    except SiteselectError as error:
        code = error.exit_code
    finally:
        os._exit(code)


def ended(child: int) -> int:
    """How a child ended: its exit code, negative if a signal ended it."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def kills(folder: Path, times: int) -> dict[str, int]:
    """Kill a writer at spread moments; count which set was found."""
    result = toy_result()
    out = folder / "out"
    start = time.monotonic()
    assert ended(fork(lambda: write.write(turn(result, 0), out))) == 0
    lasts = time.monotonic() - start
    draw = random.Random(SEED)
    old = 0
    counts = {"kills": 0, "old": 0, "new": 0, "leftovers": 0}
    while counts["kills"] < times:
        number = counts["kills"] + 1
        child = fork(lambda number=number: write.write(turn(result, number), out))
        # A third of the kills fall into the last tenth, where the sets are exchanged.
        share = draw.uniform(0.9, 1.1) if number % 3 == 0 else draw.uniform(0.0, 1.05)
        time.sleep(share * lasts)
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        ended(child)
        found = whole(out)
        assert found in (old, number)
        counts["kills"] += 1
        counts["new" if found == number else "old"] += 1
        counts["leftovers"] += any(path.name != "out" for path in folder.iterdir())
        old = found
    assert ended(fork(lambda: write.write(turn(result, times + 1), out))) == 0
    assert whole(out) == times + 1
    assert [path.name for path in folder.iterdir()] == ["out"]
    return counts


def pairs(folder: Path, times: int) -> dict[str, int]:
    """Two writers at once into one folder; count how they ended."""
    result = toy_result()
    out = folder / "out"
    draw = random.Random(SEED)
    counts = {"pairs": 0, "one refused": 0, "both wrote": 0}
    for pair in range(times):
        numbers = (2 * pair, 2 * pair + 1)
        children = []
        for number in numbers:
            children.append(fork(lambda number=number: write.write(turn(result, number), out)))
            time.sleep(draw.uniform(0, 0.05) if pair % 2 else 0)
        codes = [ended(child) for child in children]
        assert set(codes) <= {0, 4}, codes
        assert 0 in codes
        wrote = [number for number, code in zip(numbers, codes, strict=True) if code == 0]
        assert whole(out) in wrote
        counts["pairs"] += 1
        counts["both wrote" if len(wrote) == 2 else "one refused"] += 1
        assert [path.name for path in folder.iterdir()] == ["out"]
    return counts


def command(folder: Path, *arguments: str) -> "subprocess.Popen[str]":
    """The command line, started."""
    return subprocess.Popen(
        [sys.executable, "-m", "siteselect", *arguments],
        cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8",
    )  # fmt: skip


def run_kills(folder: Path, times: int) -> dict[str, float]:
    """Kill whole runs of the bundled study at spread moments."""
    arguments = ("run", "--cell", "8000", "--no-robustness", "--out", "out")
    start = time.monotonic()
    assert command(folder, *arguments).wait() == 0
    lasts = time.monotonic() - start
    before = (folder / "out" / "manifest.json").read_bytes()
    for number in range(times):
        started = command(folder, *arguments)
        time.sleep(lasts * (number + 1) / (times + 1))
        started.kill()
        started.communicate()
        assert (folder / "out" / "manifest.json").read_bytes() == before
        held = command(folder, "verify", "out")
        assert held.wait() == 0, held.communicate()
    assert command(folder, *arguments).wait() == 0
    assert [path.name for path in folder.iterdir()] == ["out"]
    return {"runs killed": times, "seconds a run": round(lasts, 1)}


def main(arguments: Sequence[str]) -> None:
    """Torture a folder: how many kills, pairs and kills of whole runs, then the folder."""
    n_kills, n_pairs, n_runs = map(int, arguments[:3])
    for name, part, times in (
        ("kills", kills, n_kills), ("pairs", pairs, n_pairs), ("runs", run_kills, n_runs),
    ):  # fmt: skip
        folder = Path(arguments[3]) / name
        folder.mkdir(parents=True)
        start = time.monotonic()
        print(name, part(folder, times), f"{time.monotonic() - start:.0f} s", flush=True)  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1:])
