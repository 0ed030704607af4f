"""What holds for the whole suite: no network, no home folder, fixed draws, honest skips."""

import ipaddress
import os
import socket
import tempfile
from collections.abc import Callable, Generator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

# The same examples on every machine; HYPOTHESIS_PROFILE=explore looks for new ones.
settings.register_profile(
    "ci",
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("explore", deadline=None, max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))

CI = os.environ.get("CI", "").lower() == "true"
# Discard, on loopback: whatever honours a proxy, in any process that a test starts, ends there.
NOWHERE = "http://127.0.0.1:9"


class NetworkUsed(AssertionError):
    """A test, or the code under test, tried to leave the machine."""


def is_local(address: Any) -> bool:
    """Whether a socket address stays on this machine."""
    if not isinstance(address, tuple):
        return True  # a path: Unix domain
    host = address[0]
    if isinstance(host, bytes):
        host = host.decode()
    if host in ("", "localhost", None):
        return True
    try:
        return ipaddress.ip_address(host.split("%")[0]).is_loopback
    except ValueError:
        return False


def guarded(call: Callable[..., Any], position: int) -> Callable[..., Any]:
    """The call, refused for an address outside this machine at that position."""

    def wrapper(*args: Any, **kwargs: Any) -> Any:
        address = args[position] if position else (args[0],)
        if not is_local(address):
            raise NetworkUsed(f"the suite runs without a network; refused {address!r}")
        return call(*args, **kwargs)

    return wrapper


def pytest_configure(config: pytest.Config) -> None:
    """Shut the network and move the home folder, before any test or doctest is imported."""
    socket.socket.connect = guarded(socket.socket.connect, 1)  # type: ignore[method-assign]
    socket.socket.connect_ex = guarded(socket.socket.connect_ex, 1)  # type: ignore[method-assign]
    socket.getaddrinfo = guarded(socket.getaddrinfo, 0)
    home = tempfile.TemporaryDirectory(prefix="siteselect-home-", ignore_cleanup_errors=True)
    config.add_cleanup(home.cleanup)
    os.environ.update(
        HOME=home.name,
        XDG_CACHE_HOME=f"{home.name}/cache",
        XDG_CONFIG_HOME=f"{home.name}/config",
        XDG_DATA_HOME=f"{home.name}/data",
        PROJ_NETWORK="OFF",
        http_proxy=NOWHERE,
        https_proxy=NOWHERE,
        no_proxy="127.0.0.1,localhost,::1",
    )
    os.environ.pop("SITESELECT_HOME", None)
    os.environ.pop("MPLBACKEND", None)


def refuse_skip(report: Any) -> Any:
    """Make a failure of a skip where CI=true: there, every test must run."""
    if CI and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"CI refuses a skip: {report.longrepr}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, Any, Any]:
    """Judge the skips of tests."""
    return refuse_skip((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, Any, Any]:
    """Judge the skips of whole files."""
    return refuse_skip((yield))
