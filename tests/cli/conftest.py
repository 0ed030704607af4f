"""The command line as a user meets it: arguments in, streams and an exit code out."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True)
class Said:
    """What a command said, and how it ended."""

    code: int
    out: str
    err: str


Command = Callable[..., Said]


@pytest.fixture
def siteselect(tmp_path: Path) -> Command:
    """Run the command line in a fresh folder, in a process of its own."""

    def run(*arguments: str | Path, cwd: Path = tmp_path, **variables: str) -> Said:
        done = subprocess.run(
            [sys.executable, "-m", "siteselect", *map(str, arguments)],
            cwd=cwd,
            capture_output=True,
            text=True,
            encoding="utf-8",
            env={**os.environ, **variables},
            check=False,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return Said(done.returncode, done.stdout, done.stderr)

    return run
