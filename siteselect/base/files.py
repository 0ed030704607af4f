"""Files: where the data live, strict YAML, hashes, and folders that change as a whole."""

import contextlib
import ctypes
import datetime
import hashlib
import json
import os
import shutil
import socket
import sys
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO, TypeVar

from siteselect.base import kept, text
from siteselect.base.errors import DataError, DeclarationError, Fault, heed

if TYPE_CHECKING:
    from pydantic import BaseModel

Model = TypeVar("Model", bound="BaseModel")
Line = dict[tuple[str | int, ...], int]

MANY_FAULTS = 200
SET_BYTES = 100_000_000  # a set of the bundled study and its copy while it is being replaced
SPARE_BYTES = 65_536  # with less than this left, something may have been cut short
YAML_LIMIT_BYTES = 300_000
YAML_LIMIT_DEPTH = 40
YAML_LIMIT_EVENTS = 20_000
YAML_LIMIT_KEYS = 50_000
SHOWN = 80  # characters of what was written that a fault repeats
STRANGERS_TOLD = 3
# What programs put beside a file that was opened with them, and make again; and what systems put
# into any folder. A style or a copy is somebody's work, and none of these.
COMPANIONS = ("{0}.aux.xml", "{0}.ovr", "{0}-wal", "{0}-shm", "{0}-journal", ".~lock.{0}#", "~${0}",
              "{1}.qmd")  # fmt: skip
OF_SYSTEMS = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})


def home() -> Path:
    """The folder that holds ``data/`` and ``criteria/``.

    ``SITESELECT_HOME`` if set, else the resources shipped inside an installed package, else the
    checkout that the package stands in.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    DataError
        If the folder holds no ``data/catalog.yaml``.

    Examples
    --------
    >>> (home() / "criteria" / "petrochemical.yaml").exists()
    True
    """
    package = Path(__file__).resolve().parents[1]
    chosen = os.environ.get("SITESELECT_HOME")
    if chosen:
        folder = Path(chosen)
    elif (package / "_resources").is_dir():
        folder = package / "_resources"
    else:
        folder = package.parent
    if not (folder / "data" / "catalog.yaml").is_file():
        raise DataError(Fault("holds no data/catalog.yaml; set SITESELECT_HOME", file=str(folder)))
    return folder


def sha256(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal.

    Examples
    --------
    >>> len(sha256(Path(__file__)))
    64
    """
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def read(path: Path | str, model: type[Model]) -> Model:
    """A declaration read from a YAML file, every fault at once.

    Parameters
    ----------
    path : pathlib.Path or str
        A YAML 1.2 file; tags, duplicate keys and unknown keys are refused.
    model : type
        The pydantic model to read it into.

    Returns
    -------
    model
        A frozen value.

    Raises
    ------
    DeclarationError
        Naming file, line and key of every fault.

    Examples
    --------
    >>> from siteselect.declared.study import Study
    >>> read(home() / "criteria" / "study.yaml", Study).seed >= 0
    True
    """
    data, lines = read_yaml(Path(path))
    return validate(data, model, file=str(path), lines=lines)


def validate(data: Any, model: type[Model], *, file: str, lines: Line | None = None) -> Model:
    """Plain data as a model; faults name the file and, where known, the line.

    Parameters
    ----------
    data : Any
        Dictionaries, lists, text, numbers, booleans, None.
    model : type
        The pydantic model to read them into.
    file : str
        Name of the file, for messages.
    lines : dict, optional
        The line of each path of keys.

    Returns
    -------
    model
        A frozen value.

    Raises
    ------
    DeclarationError
        Every fault that the model finds.
    """
    from pydantic import ValidationError

    try:
        return model.model_validate_json(json.dumps(data))
    except ValidationError as error:
        known = _field_names(model)
        found = error.errors()
        faults = [_fault(item, file, lines or {}, known) for item in found[:MANY_FAULTS]]
        if len(found) > MANY_FAULTS:
            faults.append(Fault(f"and {len(found) - MANY_FAULTS:,} more faults", file=file))
    raise DeclarationError(faults)


def _field_names(model: "type[BaseModel]") -> set[str]:
    schema = model.model_json_schema()
    parts = [schema, *schema.get("$defs", {}).values()]
    return {name for part in parts for name in part.get("properties", {})}


def _fault(item: Any, file: str, lines: Line, known: set[str]) -> Fault:
    # Without lines, as of a study changed by options, all of the path is told.
    where: tuple[str | int, ...] = ()
    if not lines:
        where = item["loc"][:-1] if item["type"] == "missing" else item["loc"]
    line = lines.get((), 0)
    for part in item["loc"] if lines else ():
        if (*where, part) in lines:
            where = (*where, part)
            line = lines[where]
    last = item["loc"][-1] if item["loc"] else ""
    message = item["msg"].removeprefix("Value error, ")
    if item["type"] == "extra_forbidden":
        hint = " here" if last in known else text.nearest(str(last), known)
        message = f"unknown key {last!r}{hint}"
    elif item["type"] == "missing":
        message = f"{last} is missing"
    elif item["type"] != "json_invalid" and not isinstance(item["input"], (dict, list)):
        given = repr(item["input"])
        message = f"{message}, not {given if len(given) <= SHOWN else given[: SHOWN - 1] + '…'}"
    return Fault(
        message,
        file=file,
        row=f"line {line}" if line else "",
        field=".".join(str(part) for part in where),
    )


def read_yaml(path: Path) -> tuple[Any, Line]:
    """Plain data of a YAML 1.2 file and the line of every key.

    Parameters
    ----------
    path : pathlib.Path

    Returns
    -------
    data : Any
        Dictionaries, lists, text, numbers, booleans, None; dates stand as ISO text.
    lines : dict
        The 1-based line of each path of keys.

    Raises
    ------
    DeclarationError
        If the file is missing, too large or deep, holds a tag or a duplicate key, aliases that
        multiply without bound, or is no YAML.
    """
    data, lines = json.loads(_read_before(_yaml_text(path), str(path)))
    return data, {tuple(where): line for where, line in lines}


@lru_cache(maxsize=4)
def _read_before(source: str, file: str) -> str:
    """Plain data and lines of a text as JSON.

    Parsing takes most of the time of a short command, so what came of a text is kept.
    """
    parts = (kept.code("base/files.py"), kept.versions("ruamel.yaml"), source)
    return kept.text(parts, lambda: _parsed(source, file))


def _parsed(source: str, file: str) -> str:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError
    from ruamel.yaml.parser import RoundTripParser

    watch = _Watch(file)

    class Watched(RoundTripParser):
        """Lets every event be looked at on its way, so that the file is gone through once."""

        def get_event(self) -> Any:
            return watch.passed(super().get_event())

    loader = YAML(typ="rt", pure=True)
    loader.Parser = Watched
    try:
        loaded = loader.load(source)
        lines: Line = {(): 1}
        data = _plain(loaded, (), lines)
    except (YAMLError, RecursionError, ValueError) as error:
        raise DeclarationError(_yaml_fault(error, file)) from error
    return json.dumps([data, list(lines.items())])


def _yaml_text(path: Path) -> str:
    try:
        with path.open("rb") as handle:  # what is no plain file does not tell its size
            data = handle.read(YAML_LIMIT_BYTES + 1)
        if len(data) > YAML_LIMIT_BYTES:
            raise DeclarationError(
                Fault(f"is larger than {YAML_LIMIT_BYTES:,} bytes", file=str(path))
            )
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DeclarationError(
            Fault(f"is not UTF-8 at byte {error.start}; save it as UTF-8", file=str(path))
        ) from error
    except IsADirectoryError as error:
        study = path / "study.yaml"
        cure = f"name {study}" if study.is_file() else "name a file in it"
        raise DeclarationError(Fault(f"is a folder; {cure}", file=str(path))) from error
    except OSError as error:
        raise DeclarationError(
            Fault(f"cannot be read ({error.strerror})", file=str(path))
        ) from error


class _Watch:
    """What may not pass in a YAML file, looked for event by event."""

    def __init__(self, file: str) -> None:
        self.file, self.depth, self.number = file, 0, 0

    def passed(self, event: Any) -> Any:
        """The event, if it may pass."""
        kind = type(event).__name__
        self.number += 1
        self.depth += kind.endswith("StartEvent") - kind.endswith("EndEvent")
        line = f"line {event.start_mark.line + 1}"
        if getattr(event, "tag", None) and str(event.tag) != "!":
            raise DeclarationError(
                Fault(f"tag {event.tag} is refused; write plain values", file=self.file, row=line)
            )
        if getattr(event, "version", None) not in (None, (1, 2)):
            message = "asks for an older YAML, in which no and 010 are not what they seem"
            raise DeclarationError(Fault(message, file=self.file, row=line))
        if self.number > YAML_LIMIT_EVENTS:
            message = f"holds more than {YAML_LIMIT_EVENTS:,} keys and values"
            raise DeclarationError(Fault(message, file=self.file, row=line))
        if self.depth > YAML_LIMIT_DEPTH:
            raise DeclarationError(Fault("is nested too deep", file=self.file, row=line))
        return event


def _yaml_fault(error: Exception, file: str) -> Fault:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error).splitlines()[0]
    return Fault(str(problem), file=file, row=f"line {mark.line + 1}" if mark else "")


def _plain(node: Any, where: tuple[str | int, ...], lines: Line) -> Any:
    # Aliases are written out here; a few lines of them can stand for more than memory holds.
    if len(lines) > YAML_LIMIT_KEYS:
        raise ValueError(f"stands for more than {YAML_LIMIT_KEYS:,} keys; write fewer aliases")
    if isinstance(node, (dict, list)):
        marks = node.lc.data or {}  # type: ignore[union-attr]  # the loader's own containers
        for key in node if isinstance(node, dict) else range(len(node)):
            name = key if isinstance(node, list) else str(key)
            lines[(*where, name)] = marks[key][0] + 1 if key in marks else lines[where]
    if isinstance(node, dict):
        return {str(key): _plain(value, (*where, str(key)), lines) for key, value in node.items()}
    if isinstance(node, list):
        return [_plain(value, (*where, index), lines) for index, value in enumerate(node)]
    if isinstance(node, (datetime.date, datetime.datetime)):
        return node.isoformat()
    for kind in (bool, int, float, str):
        if isinstance(node, kind):
            return kind(node)
    # A lone = has a type of its own in older YAML; it is text.
    return None if node is None else str(getattr(node, "value", node))


def write_text(path: Path, content: str) -> None:
    """Write UTF-8 text with line feeds, the same bytes on every system.

    Parameters
    ----------
    path : pathlib.Path
        Where to.
    content : str
        What.
    """
    path.write_bytes(content.encode("utf-8"))


@contextlib.contextmanager
def staged(folder: Path, *, force: bool = False) -> Iterator[Path]:
    """A new folder to write into, which takes the place of `folder` as a whole at the end.

    Whatever happens inside, `folder` is the old set or the new one, never a mixture. Leftovers of
    a killed run are removed by the next one. A link stays, and what it points to is replaced.

    Parameters
    ----------
    folder : pathlib.Path
        Where the set is to stand.
    force : bool
        Replace a folder that does not carry our manifest, or holds what that does not list.

    Yields
    ------
    pathlib.Path
        The staging folder, beside `folder`.

    Raises
    ------
    DataError
        If `folder` is somebody else's, cannot be written, or another run holds it.
    """
    folder = _place(folder)
    _refuse_foreign(folder, force=force)
    staging = folder.with_name(f".{folder.name}.staging")
    retired = folder.with_name(f".{folder.name}.retired")
    with _held(folder.with_name(f".{folder.name}.lock")):
        try:
            _recover(folder, staging, retired)
            _made(staging)
            yield staging
            _sync(staging)
            _refuse_full(staging, SPARE_BYTES)
            heed()
            _refuse_foreign(folder, force=force)  # what came while the set was made
            _exchange(staging, folder, retired)
        except Exception as error:
            # Writers say it in many ways when the disk is full, and some not at all.
            if not isinstance(error, DataError) and staging.is_dir():
                _refuse_full(staging, SPARE_BYTES, cause=error)
            raise
        finally:
            _recover(folder, staging, retired)


def writable(folder: Path, *, force: bool = False) -> None:
    """Find out before the work begins whether a set of files can be put into a folder.

    Parameters
    ----------
    folder : pathlib.Path
        Where the set is to stand.
    force : bool
        Whether a folder that does not carry our manifest, or holds what that does not list, may be
        replaced.

    Raises
    ------
    DataError
        If the folder is somebody else's, cannot be written, lies on a disk that is nearly full,
        or another run holds it.
    """
    folder = _place(folder)
    _refuse_foreign(folder, force=force)
    with _held(folder.with_name(f".{folder.name}.lock")):
        _refuse_full(folder.parent, SET_BYTES)


def outputs_of(folder: Path) -> frozenset[str] | None:
    """Names of the files of the run that stands in a folder, besides its manifest.

    Parameters
    ----------
    folder : pathlib.Path

    Returns
    -------
    frozenset of str, or None
        As the manifest lists them; None if no manifest of ours is there.

    Examples
    --------
    >>> outputs_of(home() / "data") is None
    True
    """
    try:
        manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
        ours = str(manifest["schema"]).startswith("siteselect/")
        return frozenset(manifest.get("outputs", ())) if ours else None
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return None


def _place(folder: Path) -> Path:
    """Where a folder stands when every link on the way is followed, if it can be replaced there."""
    place = Path(os.path.realpath(folder))
    if place.is_symlink():
        raise DataError(Fault("is a link that leads back to itself; name another", str(folder)))
    if os.path.ismount(place):
        message = "is where a disk is mounted, which cannot be replaced; name a folder inside it"
        raise DataError(Fault(message, file=str(folder)))
    return place


def _refuse_full(folder: Path, need: int, *, cause: Exception | None = None) -> None:
    free = shutil.disk_usage(folder).free
    if free < need:
        message = f"lies on a disk that is full: {free:,} bytes are free, {need:,} are needed"
        raise DataError(Fault(f"{message}; nothing was replaced", file=str(folder))) from cause


def _refuse_foreign(folder: Path, *, force: bool) -> None:
    if folder.exists() and not folder.is_dir():
        raise DataError(Fault("is a file; name a folder", file=str(folder)))
    if force or not folder.is_dir():
        return
    try:
        found = sorted(folder.iterdir())
    except OSError as error:
        raise DataError(Fault(f"cannot be read ({error.strerror})", file=str(folder))) from error
    outputs = outputs_of(folder)
    message = ""
    if found and outputs is None:
        message = "holds files that are not of a siteselect run; name another or give --force"
    elif strangers := _strangers(found, outputs or frozenset()):
        more = len(strangers) - STRANGERS_TOLD
        told = ", ".join(strangers[:STRANGERS_TOLD]) + (f" and {more:,} more" if more > 0 else "")
        message = (
            f"holds what is not of the run in it: {told}; move it elsewhere, or let run or score"
            " delete it with --force"
        )
    if message:
        raise DataError(Fault(message, file=str(folder)))


def _strangers(found: list[Path], outputs: frozenset[str]) -> list[str]:
    """What is neither of a run nor beside one of its files by the doing of a program."""
    beside = {form.format(name, Path(name).stem) for name in outputs for form in COMPANIONS}
    known = {"manifest.json", *outputs, *beside, *OF_SYSTEMS}
    return [
        path.name + "/" * path.is_dir() for path in found if path.name not in known or path.is_dir()
    ]


@contextlib.contextmanager
def _held(lock: Path) -> Iterator[None]:
    """Hold a lock file; the system lets go of it when the process ends, however it ends."""
    made = [parent for parent in lock.parents if not parent.exists()]
    try:
        with _lock_held(lock):
            yield
    finally:
        for parent in made:  # the nearest first; what holds something by now stays
            with contextlib.suppress(OSError):
                parent.rmdir()


@contextlib.contextmanager
def _lock_held(lock: Path) -> Iterator[None]:
    try:
        lock.parent.mkdir(parents=True, exist_ok=True)
        handle = _locked(lock)
    except OSError as error:
        raise DataError(
            Fault(f"cannot be written ({error.strerror})", file=str(lock.parent))
        ) from error
    if handle is None:
        other = lock.read_text("utf-8", errors="replace") if lock.exists() else "just ended"
        raise DataError(Fault(f"another run holds this folder ({other})", file=str(lock)))
    with handle:
        try:
            yield
        finally:
            # Gone before it is let go, so that nobody takes a lock that is about to vanish.
            with contextlib.suppress(PermissionError):  # Windows keeps a file that is open
                lock.unlink(missing_ok=True)


def _locked(lock: Path) -> TextIO | None:
    """The lock file, locked and signed; None if another process has it."""
    handle = lock.open("a+", encoding="utf-8")
    try:
        _lock(handle)
        # It may have been removed by its holder between opening and locking.
        if lock.exists() and os.path.samestat(os.fstat(handle.fileno()), lock.stat()):
            handle.truncate(0)
            now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
            handle.write(f"pid {os.getpid()} on {socket.gethostname()} since {now}")
            handle.flush()
            return handle
    except BlockingIOError:
        pass
    handle.close()
    return None


def _lock(handle: TextIO) -> None:
    if sys.platform == "win32":
        import msvcrt

        try:
            handle.seek(2**30)  # past the text, which others may then still read
            msvcrt.locking(handle.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError as error:
            raise BlockingIOError from error
    else:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _recover(folder: Path, staging: Path, retired: Path) -> None:
    """Put the old set back if it was put aside and nothing has come in its place; then clean."""
    if retired.is_dir() and not folder.exists():
        retired.rename(folder)
    for leftover in (staging, retired):
        if leftover.is_symlink():
            leftover.unlink()
        shutil.rmtree(leftover, ignore_errors=True)


def _made(staging: Path) -> None:
    try:
        staging.mkdir()
    except OSError as error:
        message = f"cannot be made ({error.strerror}); remove what stands there"
        raise DataError(Fault(message, file=str(staging))) from error


def _sync(folder: Path) -> None:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            with path.open("r+b") as handle:  # Windows flushes only what is open for writing
                os.fsync(handle.fileno())


def _exchange(staging: Path, folder: Path, retired: Path) -> None:
    try:
        if not folder.exists():
            staging.rename(folder)
        elif not _swap(staging, folder):
            folder.rename(retired)
            staging.rename(folder)
    except OSError as error:
        message = f"cannot be replaced ({error.strerror}); it stays as it was"
        raise DataError(Fault(message, file=str(folder))) from error


def _swap(one: Path, other: Path) -> bool:
    """Swap two folders in one step where the kernel can (Linux renameat2, RENAME_EXCHANGE)."""
    if not sys.platform.startswith("linux"):
        return False
    try:
        call = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError):
        return False
    here, exchange = -100, 2
    return bool(call(here, os.fsencode(one), here, os.fsencode(other), exchange) == 0)
