"""The store: what was measured before, kept on disk by the hash of all that it follows from."""

import contextlib
import hashlib
import io
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from siteselect.base import kept
from siteselect.world.admit import LIMITS

HEAD_BYTES = 4096  # more than what an array of numbers says of itself


@dataclass(frozen=True, slots=True)
class Store:
    """Arrays by name, in files of a folder that several processes may use at once.

    Parameters
    ----------
    folder : pathlib.Path
        Made when the first entry is kept.
    limit_bytes : int
        How much `trim` leaves.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     store = Store(Path(folder))
    ...     store.put("ab12", np.arange(3))
    ...     store.get("ab12"), store.get("cd34")
    (array([0, 1, 2]), None)
    """

    folder: Path
    limit_bytes: int = LIMITS.cache_bytes

    def get(self, name: str) -> NDArray[Any] | None:
        """An entry, not to be changed; None if there is none that is whole."""
        data = kept.read(kept.entry(self.folder, name))
        if data is None:
            return None
        head = io.BytesIO(data[:HEAD_BYTES])
        try:
            np.lib.format.read_magic(head)
            shape, _, dtype = np.lib.format.read_array_header_1_0(head)
            size = int(np.prod(shape))
            return np.frombuffer(data, dtype, size, head.tell()).reshape(shape)
        except ValueError:
            return None

    def put(self, name: str, array: NDArray[Any]) -> None:
        """Keep an entry whole, or not at all.

        Parameters
        ----------
        name : str
            A hash, in hexadecimal.
        array : numpy.ndarray
            Numbers or booleans.

        Raises
        ------
        ValueError
            If the array holds objects.
        """
        if array.dtype.hasobject:
            raise ValueError("wants numbers or booleans, not objects")
        head, array = io.BytesIO(), np.ascontiguousarray(array)
        np.lib.format.write_array_header_1_0(head, np.lib.format.header_data_from_array_1_0(array))
        # The numbers as they lie in memory: `write_array` would copy them piece by piece.
        kept.write(
            kept.entry(self.folder, name), head.getbuffer(), array.ravel().view(np.uint8).data
        )

    def _files(self) -> Iterator[tuple[str, os.stat_result]]:
        # Another process may drop any of them meanwhile.
        with contextlib.suppress(OSError), os.scandir(self.folder) as shelves:
            for shelf in shelves:
                with contextlib.suppress(OSError), os.scandir(shelf) as files:
                    for file in files:
                        with contextlib.suppress(OSError):
                            yield file.path, file.stat()

    def entries(self) -> dict[Path, os.stat_result]:
        """Files of the store, drafts that a killed process left included."""
        return {Path(path): state for path, state in sorted(self._files())}

    def trim(self) -> int:
        """Drop what was used longest ago until the limit is kept; the number of files dropped."""
        files = list(self._files())
        held = sum(state.st_size for _, state in files)
        dropped = 0
        for path, state in sorted(files, key=lambda file: file[1].st_mtime):
            if held <= self.limit_bytes:
                break
            held -= state.st_size
            with contextlib.suppress(OSError):
                Path(path).unlink()
                dropped += 1
        return dropped

    def clear(self) -> int:
        """Drop everything; the number of files dropped."""
        return Store(self.folder, limit_bytes=-1).trim()


def store() -> Store | None:
    """The store of this user.

    Returns
    -------
    Store or None
        None where ``SITESELECT_CACHE`` is ``off``.
    """
    folder = kept.folder()
    return None if folder is None else Store(folder)


def remembered(*parts: str, make: Callable[[], NDArray[Any]]) -> NDArray[Any]:
    """An array as it was kept before, or made now and kept.

    Parameters
    ----------
    *parts : str
        All that it follows from, the code that makes it included.
    make : callable
        Makes the array.

    Returns
    -------
    numpy.ndarray
        Not to be changed.

    Examples
    --------
    >>> remembered("an example", make=lambda: np.arange(3))
    array([0, 1, 2])
    """
    here, name = store(), hashlib.sha256("\0".join(parts).encode()).hexdigest()
    found = None if here is None else here.get(name)
    if found is None:
        found = make()
        if here is not None:
            here.put(name, found)
    return found
