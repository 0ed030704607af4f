"""A value that is written as text and read back is the same value."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from siteselect.base.frozen import of_text, to_text
from siteselect.declared.sources import Titles


@dataclass(frozen=True, slots=True)
class Leaf:
    name: str
    weight: float
    sure: bool
    parts: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Tree:
    titles: Titles
    leaves: tuple[Leaf, ...]
    edge: tuple[int, str] | None
    by_name: Mapping[str, tuple[float, ...]]
    marks: NDArray[np.generic]


numbers = st.floats(allow_nan=False)
leaves = st.builds(
    Leaf,
    st.text(),
    numbers,
    st.booleans(),
    st.lists(st.floats(), max_size=4).map(lambda items: np.array(items, dtype=float)),
)
arrays = st.sampled_from(
    [
        np.arange(6, dtype=np.int8).reshape(2, 3),
        np.array([], dtype=np.int64),
        np.array(["IE-KHZ-011", "پارک"]),
        np.array([["IE-KHZ-011", "پارک"], ["", None]], dtype=object),
        np.array([True, False]),
        np.arange(12.0).reshape(3, 4)[:, ::2],
        np.array(7.0),
    ]
)
trees = st.builds(
    Tree,
    st.builds(Titles, en=st.text(), fa=st.text()),
    st.lists(leaves, max_size=3).map(tuple),
    st.none() | st.tuples(st.integers(), st.text()),
    st.dictionaries(st.text(), st.lists(numbers, max_size=3).map(tuple)),
    arrays,
)


def same(one: object, other: object) -> bool:
    """Whether two values are equal to the last bit, arrays with their kinds."""
    if isinstance(one, np.ndarray):
        assert isinstance(other, np.ndarray)
        assert (one.dtype, one.shape) == (other.dtype, other.shape)
        return (
            one.tolist() == other.tolist()
            if one.dtype == object
            else one.tobytes() == other.tobytes()
        )
    if isinstance(one, (Leaf, Tree)):
        return all(same(getattr(one, f.name), getattr(other, f.name)) for f in fields(one))
    if isinstance(one, tuple):
        assert isinstance(other, tuple)
        return len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and one == other


@given(tree=trees)
def test_what_is_written_is_read_back(tree: Tree) -> None:
    text = to_text(tree)
    again = of_text(Tree, text)
    assert same(tree, again)
    assert to_text(again) == text


def test_numbers_of_numpy_stand_as_numbers() -> None:
    found = of_text(
        tuple[float | None, ...], to_text((np.float64(0.1), math.inf, np.int64(3), None))
    )
    assert found == (0.1, math.inf, 3, None)
    assert not any(isinstance(item, np.generic) for item in found)
    assert math.isnan(of_text(float, to_text(math.nan)))


def test_another_value_is_another_text() -> None:
    one = Leaf("a", 0.1, True, np.array([0.0]))
    others = (
        Leaf("b", 0.1, True, np.array([0.0])),
        Leaf("a", math.nextafter(0.1, 1), True, np.array([0.0])),
        Leaf("a", 0.1, False, np.array([0.0])),
        Leaf("a", 0.1, True, np.array([-0.0])),
        Leaf("a", 0.1, True, np.array([[0.0]])),
        Leaf("a", 0.1, True, np.array([0])),
    )
    assert len({to_text(leaf) for leaf in (one, *others)}) == 1 + len(others)


def test_what_reads_back_otherwise_is_refused() -> None:
    for odd in ({1, 2}, SimpleNamespace(a=1), b"bytes", (1, object())):
        with pytest.raises(TypeError, match="no value that can be kept"):
            to_text(odd)
    for odd in ({1}, (1, 2)):
        cells = np.array(["a", None], dtype=object)
        cells[1] = odd
        with pytest.raises(TypeError, match="no value that can be kept"):
            to_text(cells)
