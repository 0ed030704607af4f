"""The command line under guard: no network, no change to what it reads, no trace of a failure."""

import hashlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from siteselect.base import files

# Stands in front of the interpreter's own start: every attempt to reach beyond the machine is
# written down and refused.
GUARD = """
import os, socket

def refuse(name):
    def attempt(*arguments, **more):
        with open(os.environ["NETWORK_LOG"], "a") as log:
            log.write(f"{name} {arguments[-1]!r}\\n")
        raise OSError("no network here")
    return attempt

socket.socket.connect = refuse("connect")
socket.socket.connect_ex = refuse("connect_ex")
socket.socket.sendto = refuse("sendto")
socket.getaddrinfo = refuse("getaddrinfo")
socket.create_connection = refuse("create_connection")
"""


@dataclass(frozen=True)
class Said:
    """What a command said, and how it ended."""

    code: int
    out: str
    err: str


def contents(folder: Path) -> dict[str, str]:
    """Every file below a folder, with its hash."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def study_text(cell_m: float = 20_000, own_sites: str = "") -> str:
    """The bundled study on coarse cells, without draws and parks."""
    text = (files.home() / "criteria" / "study.yaml").read_text("utf-8")
    text = re.sub(r"(?ms)^trust:.*?(?=^\w|\Z)", "", text)
    text = re.sub(r"(?m)^programme:.*\n", "", text)
    text = re.sub(r"(?m)^cell_m:.*$", f"cell_m: {cell_m:g}", text)
    return text + (f"own_sites: {own_sites}\n" if own_sites else "")


@pytest.fixture(scope="session")
def guard(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Environment in which an attempt to use the network is refused and written down."""
    folder = tmp_path_factory.mktemp("guard")
    (folder / "sitecustomize.py").write_text(GUARD)
    log = folder / "network.log"
    log.touch()
    return {**os.environ, "PYTHONPATH": str(folder), "NETWORK_LOG": str(log)}


@pytest.fixture
def siteselect(guard: dict[str, str], tmp_path: Path) -> Iterator[Callable[..., Said]]:
    """Run the command line in a process of its own; no attempt to use the network is allowed."""

    def run(*arguments: object, cwd: Path = tmp_path) -> Said:
        done = subprocess.run(
            [sys.executable, "-m", "siteselect", *map(str, arguments)],
            cwd=cwd, capture_output=True, text=True, encoding="utf-8", env=guard, check=False,
        )  # fmt: skip
        assert "Traceback" not in done.stderr, done.stderr
        return Said(done.returncode, done.stdout, done.stderr)

    yield run
    assert Path(guard["NETWORK_LOG"]).read_text() == ""


@pytest.fixture
def here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Callable[..., Said]]:
    """Run the command line in this process: as exact, and quick enough for every faulty file."""
    from siteselect.cli.door import enter

    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}

    def run(*arguments: object) -> Said:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", ["siteselect", *map(str, arguments)])
        code = 0
        try:
            enter()
        except SystemExit as leave:
            code = int(leave.code or 0)
        out, err = capsys.readouterr()
        return Said(code, out, err)

    yield run
    for number, handler in before.items():
        signal.signal(number, handler)
