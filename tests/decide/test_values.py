"""Value functions are anchored, monotone between knots, and bounded by what lies between."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from siteselect.decide.values import value, value_range

NUMBERS = st.floats(-1e4, 1e4)
HEIGHTS = st.floats(0, 1)


@st.composite
def knots(draw: st.DrawFn) -> list[tuple[float, float]]:
    at = draw(st.lists(st.integers(-1000, 1000), min_size=2, max_size=6, unique=True))
    return [(float(reading), draw(HEIGHTS)) for reading in sorted(at)]


def test_the_knots_themselves_and_the_flat_ends() -> None:
    corners = [(0.0, 0.2), (10.0, 1.0), (30.0, 0.0)]
    at = [-np.inf, -5, 0, 5, 10, 20, 30, 99, np.inf, np.nan]
    expected = [0.2, 0.2, 0.2, 0.6, 1.0, 0.5, 0.0, 0.0, 0.0, np.nan]
    np.testing.assert_allclose(value(at, corners), expected, rtol=0, atol=1e-15)


@given(knots(), st.lists(NUMBERS, min_size=1, max_size=20))
def test_a_value_lies_between_0_and_1_and_depends_on_its_reading_alone(
    corners: list[tuple[float, float]], readings: list[float]
) -> None:
    together = value(readings, corners)
    assert ((together >= 0) & (together <= 1)).all()
    assert together.tolist() == [float(value(reading, corners)) for reading in readings]


@given(knots(), NUMBERS, NUMBERS, st.floats(0, 1))
def test_the_range_holds_every_value_between_the_bounds_and_is_reached(
    corners: list[tuple[float, float]], one: float, other: float, share: float
) -> None:
    low, high = sorted((one, other))
    worst, best = value_range([low], [high], corners)
    within = float(value(min(max(low + share * (high - low), low), high), corners))
    assert worst[0] - 1e-12 <= within <= best[0] + 1e-12
    ends = [low, high, *(reading for reading, _ in corners if low < reading < high)]
    reached = value(ends, corners)
    assert (worst[0], best[0]) == (reached.min(), reached.max())


def test_unknown_bounds_give_unknown_values() -> None:
    worst, best = value_range([np.nan, 1.0], [np.nan, np.inf], [(0, 0.0), (2, 1.0), (3, 0.5)])
    assert np.isnan(worst[0])
    assert np.isnan(best[0])
    assert (worst[1], best[1]) == (0.5, 1.0)
