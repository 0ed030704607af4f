"""Runs that are killed, meet each other, run out of disk or find their inputs changed."""

import contextlib
import json
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from siteselect.base import errors, files
from siteselect.base.errors import DataError
from siteselect.present import write
from siteselect.study import manifest
from siteselect.study.question import ask
from siteselect.study.run import decide
from siteselect.world.admit import Limits
from tests.toy import toy_result
from tests.trust import torture
from tests.trust.conftest import Said, contents, study_text

Run = Callable[..., Said]
needs_signals = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")


@needs_signals
@pytest.mark.slow
def test_kills_and_pairs_leave_one_whole_set(tmp_path: Path) -> None:
    root = Path(torture.__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "tests.trust.torture", "5", "2", "0", tmp_path],
        cwd=root, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "'kills': 5" in done.stdout
    assert "'pairs': 2" in done.stdout


@needs_signals
@pytest.mark.slow
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_run_leaves_the_old_set_and_no_trace(
    tmp_path: Path, number: signal.Signals, code: int
) -> None:
    out = tmp_path / "out"
    write.write(toy_result(), out)
    before = contents(out)
    started = torture.command(tmp_path, "run", "--cell", "8000", "--no-robustness", "--out", "out")
    for _ in range(1200):  # until it writes
        if (tmp_path / ".out.staging").exists() or started.poll() is not None:
            break
        time.sleep(0.05)
    started.send_signal(number)
    _, err = started.communicate()
    assert started.returncode == code, err
    assert "Traceback" not in err
    assert contents(out) == before
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_an_interrupt_that_is_lost_on_its_way_is_heeded_before_the_set_is_replaced(
    tmp_path: Path,
) -> None:
    out = tmp_path / "out"
    write.write(toy_result(), out)
    before = contents(out)

    def replaced() -> None:
        with files.staged(out) as folder:
            (folder / "manifest.json").write_text("{}")
            with contextlib.suppress(BaseException):  # as a library does
                errors.leave(KeyboardInterrupt())

    with pytest.raises(KeyboardInterrupt):
        replaced()
    errors.forget()
    assert contents(out) == before
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    with files.staged(out) as folder:
        (folder / "manifest.json").write_text("{}")
    assert [path.name for path in out.iterdir()] == ["manifest.json"]


def children(pid: int) -> list[int]:
    """Processes that a process has started, as Linux tells them; none if it is gone."""
    file = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in file.read_text().split()] if file.exists() else []


def begun(pid: int) -> bool:
    """Whether a process is to be a helper."""
    with contextlib.suppress(OSError):
        return b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()
    return False


def works(pid: int) -> bool:
    """Whether a helper has come so far that it has loaded numpy."""
    with contextlib.suppress(OSError):
        return begun(pid) and "multiarray" in Path(f"/proc/{pid}/maps").read_text()
    return False


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks into /proc of Linux")
@pytest.mark.slow
@pytest.mark.parametrize("moment", [begun, works])
@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -9)]
)
def test_who_scores_many_sites_leaves_no_helper_behind(
    tmp_path: Path, number: signal.Signals, code: int, moment: Callable[[int], bool]
) -> None:
    rows = (f"S{n},{48.6 + n % 200 / 400:.4f},{30.9 + n / 60000:.5f},200" for n in range(20_050))
    (tmp_path / "own.csv").write_text("id,lon,lat,area_ha\n" + "\n".join(rows) + "\n")
    (tmp_path / "study.yaml").write_text(study_text(), "utf-8")
    started = torture.command(
        tmp_path, "score", "study.yaml", "--sites", "own.csv", "--out", "out"
    )  # fmt: skip
    helpers: list[int] = []
    while started.poll() is None and not any(map(moment, helpers)):
        helpers = children(started.pid)
    started.send_signal(number)
    _, err = started.communicate()
    assert helpers
    assert started.returncode == code, err
    while any(Path(f"/proc/{pid}").exists() for pid in helpers):
        time.sleep(0.05)
    if number != signal.SIGKILL:  # who is killed can put nothing away
        assert "Traceback" not in err
        assert sorted(path.name for path in tmp_path.iterdir()) == ["own.csv", "study.yaml"]


class Usage(NamedTuple):
    """As `shutil.disk_usage` gives it."""

    total: int
    used: int
    free: int


def full(free: int) -> Callable[[Any], Usage]:
    return lambda _: Usage(10**9, 10**9 - free, free)


def test_a_full_disk_is_found_before_the_work_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", full(10_000_000))
    with pytest.raises(DataError, match=r"disk that is full: 10,000,000 bytes are free"):
        files.writable(tmp_path / "new" / "out")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("told", [True, False], ids=["writer says so", "writer is silent"])
def test_a_disk_that_fills_up_keeps_the_old_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, told: bool
) -> None:
    out = tmp_path / "out"
    write.write(toy_result(), out)
    before = contents(out)

    def no_room(*_: object) -> None:
        monkeypatch.setattr(shutil, "disk_usage", full(0))
        if told:
            raise RuntimeError("database or disk is full")

    monkeypatch.setattr(write.page, "write", no_room)
    with pytest.raises(DataError, match="disk that is full: 0 bytes are free"):
        write.write(toy_result(), out)
    assert contents(out) == before
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_another_failure_is_told_as_it_is(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), files.staged(tmp_path / "out"):
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_found_first(here: Run) -> None:
    said = here("run", "--out", "/proc/none/out")
    assert said.code == 4
    assert "cannot be written" in said.err


@pytest.mark.parametrize("verb", [("run",), ("score", "--sites", "own.csv")])
def test_notes_in_the_folder_of_a_run_are_found_before_the_work_begins(
    here: Run, tmp_path: Path, verb: tuple[str, ...]
) -> None:
    (tmp_path / "out").mkdir()
    told = {"schema": "siteselect/1", "outputs": {"map.html": ""}}
    (tmp_path / "out" / "manifest.json").write_text(json.dumps(told))
    (tmp_path / "out" / "notes.txt").write_text("mine")
    said = here(*verb, "--out", "out")
    assert said.code == 4
    assert "out: holds what is not of the run in it: notes.txt; move it elsewhere" in said.err
    assert (tmp_path / "out" / "notes.txt").read_text() == "mine"


def test_an_input_that_changes_in_use_is_noticed(tmp_path: Path) -> None:
    study = tmp_path / "study.yaml"
    study.write_text(study_text(own_sites="own.csv"), "utf-8")
    (tmp_path / "own.csv").write_text("id,lon,lat\nS1,52.61,27.5\n")
    question = ask(study)
    assert {path.name for path in question.declarations} == {
        "study.yaml", "petrochemical.yaml", "own.csv",
    }  # fmt: skip
    manifest.refuse_changed(question.declarations, question.catalog)
    (tmp_path / "own.csv").write_text("id,lon,lat\nS1,52.62,27.5\n")
    study.unlink()
    with pytest.raises(DataError) as caught:
        decide(question)
    assert {fault.file for fault in caught.value.faults} == {"study.yaml", "own.csv"}
    assert "changed while it was in use" in str(caught.value)


def test_every_part_of_a_shapefile_is_hashed(tmp_path: Path) -> None:
    for name in ("a.shp", "a.dbf", "a.txt", "b.dbf"):
        (tmp_path / name).write_text(name)
    assert {path.name for path in manifest.marks(tmp_path / "a.shp")} == {"a.shp", "a.dbf"}
    assert manifest.marks(tmp_path / "none.shp") == {}


def test_the_manifest_tells_how_positions_were_moved() -> None:
    question = ask(changes={"trust": None})
    question.catalog.features("ports", question.crs)
    (operation,) = manifest.operations(question.catalog, question.crs)
    assert operation["source"] == "EPSG:4326"
    assert "proj=aea" in operation["operation"]
    assert operation["accuracy_m"] == 0.0  # one datum: a conversion is exact
    assert {"GDAL of rasterio", "GDAL of pyogrio", "GEOS of shapely", "PROJ of pyproj"} == set(
        manifest.native()
    )


@pytest.mark.slow
def test_a_study_of_ones_own_is_verified_without_its_folder(
    siteselect: Run, tmp_path: Path
) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "study.yaml").write_text(study_text(), "utf-8")
    assert siteselect("run", "mine/study.yaml", "--out", "out").code == 0
    told = json.loads((tmp_path / "out" / "manifest.json").read_text("utf-8"))
    assert set(told["declarations"]) == {"study.yaml", "criteria/petrochemical.yaml"}
    assert told["programme"] is None
    assert told["repairs"] == []
    said = siteselect("verify", "out")
    assert said.code == 0, said.err
    assert "study.yaml is not bundled, not checked" in said.out
    (tmp_path / "out" / "ranking.csv").write_text("id\n")
    assert siteselect("verify", "out").code == 6


def test_the_page_on_security_names_every_limit() -> None:
    page = (Path(__file__).parents[2] / "SECURITY.md").read_text("utf-8")
    rows = dict(re.findall(r"\| `SITESELECT_LIMIT_(\w+)` \| ([\d,]+) \|", page))
    told = {name.lower(): int(text.replace(",", "")) for name, text in rows.items()}
    assert told == asdict(Limits())
    for figure in (files.YAML_LIMIT_BYTES, files.YAML_LIMIT_EVENTS, files.YAML_LIMIT_KEYS):
        assert f"{figure:,}" in page
