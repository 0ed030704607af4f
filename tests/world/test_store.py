"""The store saves time and never an answer: what is not whole is not there."""

import multiprocessing
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from siteselect.world.store import Store, store

NAME = "ab" + "0" * 62
KINDS = st.sampled_from([np.float64, np.float32, np.int8, np.int64])
SHAPES = arrays.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=6)


@given(st.data(), KINDS, SHAPES)
def test_what_is_put_comes_back(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, kind: type, shape: tuple
) -> None:
    kept = data.draw(arrays.arrays(kind, shape))
    here = Store(tmp_path_factory.mktemp("store"))
    here.put(NAME, kept)
    back = here.get(NAME)
    assert back is not None
    assert (back.dtype, back.shape) == (kept.dtype, kept.shape)
    assert back.tobytes() == kept.tobytes()


def test_an_array_that_is_not_contiguous_comes_back_in_its_order(tmp_path: Path) -> None:
    kept = np.arange(12.0).reshape(3, 4).T[::2]
    Store(tmp_path).put(NAME, kept)
    np.testing.assert_array_equal(Store(tmp_path).get(NAME), kept)


@pytest.mark.parametrize("at", [0, 5, 40, 127, 130, -5, -1])
def test_a_damaged_entry_is_not_there(tmp_path: Path, at: int) -> None:
    here = Store(tmp_path)
    here.put(NAME, np.arange(9.0))
    (path,) = here.entries()
    content = bytearray(path.read_bytes())
    content[at] ^= 0x10
    path.write_bytes(content)
    assert here.get(NAME) is None
    for size in (0, 3, 60, len(content) - 1):
        path.write_bytes(bytes(content[:size]))
        assert here.get(NAME) is None


def test_objects_are_never_read(tmp_path: Path) -> None:
    here = Store(tmp_path)
    with pytest.raises(ValueError, match="not objects"):
        here.put(NAME, np.array([{}], dtype=object))
    assert here.get(NAME) is None


def test_what_was_used_last_is_dropped_last(tmp_path: Path) -> None:
    here = Store(tmp_path, limit_bytes=2500)
    names = [f"{i:02d}" + "f" * 62 for i in range(5)]
    for age, name in enumerate(names):
        here.put(name, np.zeros(100))
        path = tmp_path / name[:2] / name[2:]
        os.utime(path, (age, age))
    assert here.get(names[0]) is not None
    assert here.trim() == 3
    left = [name for name in names if here.get(name) is not None]
    assert left == [names[0], names[4]]
    assert here.clear() == 2
    assert here.entries() == {}


def test_a_folder_that_cannot_be_written_keeps_nothing_and_says_nothing(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    here = Store(blocked)
    here.put(NAME, np.zeros(3))
    assert here.get(NAME) is None
    assert here.entries() == {}


def test_many_writers_of_one_entry_leave_one_that_is_whole(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        pool.starmap(_put, [(str(tmp_path), i % 3) for i in range(60)])
    back = Store(tmp_path).get(NAME)
    assert back is not None
    assert len(set(back.tolist())) == 1
    assert len(Store(tmp_path).entries()) == 1


def _put(folder: str, value: int) -> None:
    Store(Path(folder)).put(NAME, np.full(5000, value))


def test_the_environment_says_where(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SITESELECT_CACHE", "off")
    assert store() is None
    monkeypatch.setenv("SITESELECT_CACHE", str(tmp_path / "mine"))
    assert store() == Store(tmp_path / "mine")
    monkeypatch.delenv("SITESELECT_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert store() == Store(tmp_path / "siteselect")
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.delenv("LOCALAPPDATA", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))
    assert store() == Store(tmp_path / "home" / ".cache" / "siteselect")
