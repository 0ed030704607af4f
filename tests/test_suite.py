"""The suite guards itself: what conftest promises holds."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import NetworkUsed, is_local

ROOT = Path(__file__).parents[1]


def test_a_connection_out_is_refused() -> None:
    with socket.socket() as plug, pytest.raises(NetworkUsed, match=r"192\.0\.2\.1"):
        plug.connect(("192.0.2.1", 80))


def test_a_name_is_not_looked_up() -> None:
    with pytest.raises(NetworkUsed, match=r"example\.org"):
        socket.getaddrinfo("example.org", 443)


def test_this_machine_may_be_spoken_to() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname()).close()


@pytest.mark.parametrize(
    ("address", "local"),
    [
        (("127.0.0.1", 1), True),
        (("::1", 1, 0, 0), True),
        (("localhost", 1), True),
        ("/run/some.sock", True),
        (("10.0.0.1", 1), False),
        (("example.org", 1), False),
    ],
)
def test_what_is_local(address: object, local: bool) -> None:  # noqa: FBT001 - a parameter
    assert is_local(address) is local


def test_home_is_not_the_users() -> None:
    assert "siteselect-home-" in os.environ["HOME"]


@pytest.mark.parametrize(("ci", "closing"), [("true", "1 failed"), ("", "1 skipped")])
def test_ci_fails_on_a_skip(tmp_path: Path, ci: str, closing: str) -> None:
    (tmp_path / "conftest.py").write_text("from tests.conftest import *\n")
    (tmp_path / "test_it.py").write_text(
        "import pytest\n\ndef test_it():\n    pytest.skip('no browser')\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)],
        env=os.environ | {"CI": ci, "PYTHONPATH": str(ROOT)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert closing in done.stdout
    assert "no browser" in done.stdout or not ci
