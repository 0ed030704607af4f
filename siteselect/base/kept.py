"""What was worked out before: entries of a cache folder, written whole and checked when read.

It only ever saves time: an entry that is missing, cut short or damaged is worked out again, and
what cannot be written is not kept.
"""

import contextlib
import hashlib
import os
import threading
import zlib
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import TypeVar

from siteselect.base import frozen

Value = TypeVar("Value")

OFF = "off"
_TAIL = 4  # bytes of the checksum


def folder() -> Path | None:
    """Where this user's entries are: ``SITESELECT_CACHE``, else the cache folder of the system.

    Returns
    -------
    pathlib.Path or None
        None where ``SITESELECT_CACHE`` is ``off``.

    Examples
    --------
    >>> folder() is None or folder().name != ""
    True
    """
    chosen = os.environ.get("SITESELECT_CACHE", "")
    if chosen == OFF:
        return None
    if chosen:
        return Path(chosen)
    system = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA")
    return (Path(system) if system else Path.home() / ".cache") / "siteselect"


def entry(place: Path, name: str) -> Path:
    """The file of an entry.

    Parameters
    ----------
    place : pathlib.Path
        A cache folder.
    name : str
        A hash, in hexadecimal.

    Returns
    -------
    pathlib.Path

    Examples
    --------
    >>> entry(Path("cache"), "ab12cd").as_posix()
    'cache/ab/12cd'
    """
    return place / name[:2] / name[2:]


def read(path: Path) -> memoryview | None:
    """The content of an entry; None if there is none that is whole.

    Parameters
    ----------
    path : pathlib.Path
        As `entry` names it.

    Returns
    -------
    memoryview or None

    Examples
    --------
    >>> read(Path("there is none")) is None
    True
    """
    try:
        data = memoryview(path.read_bytes())
        os.utime(path)  # so that what is used last is dropped last
    except OSError:
        return None
    whole = zlib.crc32(data[:-_TAIL]).to_bytes(_TAIL, "big") == data[-_TAIL:]
    return data[:-_TAIL] if whole else None


def write(path: Path, *parts: bytes | memoryview) -> None:
    """Keep an entry whole, or not at all.

    Parameters
    ----------
    path : pathlib.Path
        As `entry` names it.
    *parts : bytes or memoryview
        Its content, one after another.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            mark = 0
            with draft.open("wb") as handle:
                for part in parts:
                    handle.write(part)
                    mark = zlib.crc32(part, mark)
                handle.write(mark.to_bytes(_TAIL, "big"))
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)


@cache
def code(*rooms: str) -> str:
    """Hash of the code of some rooms: what other code makes is another answer.

    Parameters
    ----------
    *rooms : str
        Folders of the package, or single files of it.

    Returns
    -------
    str
        Hexadecimal.

    Examples
    --------
    >>> code("base", "world") == code("world", "base")
    True
    >>> code("base") == code("base/kept.py")
    False
    """
    package = Path(__file__).parents[1]
    asked = (room if room.endswith(".py") else f"{room}/*.py" for room in sorted(rooms))
    files = [file for pattern in asked for file in sorted(package.glob(pattern))]
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()


@cache
def versions(*libraries: str) -> str:
    """Which libraries are installed, and their versions: others may give another answer.

    Parameters
    ----------
    *libraries : str
        Names of distributions.

    Returns
    -------
    str

    Examples
    --------
    >>> versions("there-is-none")
    'there-is-none none'
    """
    from importlib import metadata

    told = []
    for name in libraries:
        try:
            told.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            told.append(f"{name} none")
    return ", ".join(told)


def value(kind: type[Value], parts: Iterable[object], make: Callable[[], Value]) -> Value:
    """A frozen value that follows from some parts: as it was kept before, or made now and kept.

    Parameters
    ----------
    kind : type
        What it is, as `siteselect.base.frozen.of_text` asks.
    parts : iterable of object
        All that the value follows from, the code that makes it included.
    make : callable
        Makes the value.

    Returns
    -------
    value

    Examples
    --------
    >>> value(tuple[float, ...], ["an example", 2, code("base")], lambda: (1.0, 2.0))
    (1.0, 2.0)
    """
    if folder() is None:
        return make()
    told = (frozen.to_text(part) for part in parts)
    return frozen.of_text(kind, text(told, lambda: frozen.to_text(make())))


def text(parts: Iterable[str | bytes], make: Callable[[], str]) -> str:
    """What comes of some parts: as it was kept before, or made now and kept.

    Parameters
    ----------
    parts : iterable of str or bytes
        All that the text follows from, the code that makes it included.
    make : callable
        Makes the text.

    Returns
    -------
    str

    Examples
    --------
    >>> text(["an example", code("base/kept.py")], lambda: "made")
    'made'
    """
    place = folder()
    if place is None:
        return make()
    mark = hashlib.sha256()
    for part in parts:
        content = part.encode() if isinstance(part, str) else part
        mark.update(len(content).to_bytes(8, "big") + content)
    path = entry(place, mark.hexdigest())
    found = read(path)
    if found is not None:
        return str(found, "utf-8")
    made = make()
    write(path, made.encode())
    return made
