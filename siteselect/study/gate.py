"""The gate of the command line: what can be turned away before any map library is loaded."""

import os
import zipfile
from pathlib import Path

from siteselect.base.errors import DataError, Fault
from siteselect.world.admit import LIMITS, Limits, admit, archive


def look(path: Path, limits: Limits = LIMITS) -> None:
    """Refuse what can be refused of a file by its name, its size and its table of contents.

    It takes a few milliseconds and little memory, whatever the file would unpack to.

    Parameters
    ----------
    path : pathlib.Path
        As the user named it.
    limits : Limits
        How much it may hold.

    Raises
    ------
    DataError
        If it is no plain local file, is empty or too large, or is a hostile or damaged archive.

    Examples
    --------
    >>> look(Path("/vsicurl/http://example.org/a.tif"))
    Traceback (most recent call last):
    siteselect.base.errors.DataError: /vsicurl/http:/example.org/a.tif: is no local file; fetch it
    first
    """
    admit(path, limits)
    if path.suffix.lower() in (".zip", ".xlsx") and zipfile.is_zipfile(path):
        with archive(path, limits):
            pass


def refuse_there(*paths: Path) -> None:
    """Refuse files to write that are there already, or for which there is no folder.

    Parameters
    ----------
    *paths : pathlib.Path

    Raises
    ------
    DataError
        Naming each.
    """
    faults = [
        Fault("is there already; nothing was written", file=str(path))
        for path in paths
        if os.path.lexists(path)
    ]
    folders = dict.fromkeys(path.absolute().parent for path in paths)
    faults += [
        Fault("is no folder that can be written; make it, or name another", file=str(folder))
        for folder in folders
        if not folder.is_dir() or not os.access(folder, os.W_OK)
    ]
    if faults:
        raise DataError(faults)
