"""The gate of the command line: what can be turned away before any map library is loaded."""

import zipfile
from pathlib import Path

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
