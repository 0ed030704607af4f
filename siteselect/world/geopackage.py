"""What a GeoPackage says of itself: whether it is whole, and whether all of it is in its file."""

import sqlite3
import struct
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from siteselect.base.errors import DataError, Fault
from siteselect.world.admit import shown


@contextmanager
def alone(path: Path) -> Iterator[Path]:
    """A GeoPackage as a file that reading leaves nothing beside.

    Parameters
    ----------
    path : pathlib.Path

    Yields
    ------
    pathlib.Path
        The file itself, or a copy of one that would be given two files beside it.

    Raises
    ------
    DataError
        If it is cut short, or changes to it are not in it yet.
    """
    with path.open("rb") as handle:
        head = handle.read(100).ljust(100, b"\x00")
    size, pages = struct.unpack(">H", head[16:18])[0], struct.unpack(">I", head[28:32])[0]
    size = 65536 if size == 1 else size
    if head[24:28] == head[92:96] and path.stat().st_size < size * pages:
        raise DataError(Fault("is a damaged database: it is cut short", file=path.name))
    if head[18] == head[19] == 1:
        yield path
        return
    # A database in write-ahead mode would be given two files beside it as soon as it is read.
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "layer.gpkg"
        copy.write_bytes(path.read_bytes())
        _refuse_pending(path, copy)
        yield copy


def _refuse_pending(path: Path, copy: Path) -> None:
    """Refuse what a program that has it open has saved beside the database and not yet into it."""
    log = path.with_name(f"{path.name}-wal")
    if not log.is_file() or not log.stat().st_size:
        return
    before = copy.read_bytes()
    copy.with_name(f"{copy.name}-wal").write_bytes(log.read_bytes())
    with closing(sqlite3.connect(copy)) as base:
        base.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    if copy.read_bytes() != before:
        message = f"holds changes that are still in {log.name} beside it; close it in the program"
        raise DataError(Fault(f"{message} that has it open, then try again", file=path.name))


def refuse_view(path: Path, name: str, file: str) -> None:
    """Refuse a layer that is a view: a program that runs when it is read, maybe without end.

    Parameters
    ----------
    path : pathlib.Path
        As `alone` gives it.
    name : str
        Of the layer.
    file : str
        What faults call the file.

    Raises
    ------
    DataError
        If it is one.
    """
    query = "SELECT type FROM sqlite_master WHERE lower(name) = lower(?)"
    place = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
    with closing(sqlite3.connect(place, uri=True)) as base:
        kinds = {str(kind) for (kind,) in base.execute(query, (name,))}
    if "view" in kinds:
        raise DataError(Fault(f"its layer {shown(name)} is a view; save it as a table", file))
