"""Measures say one thing each, in a unit that can be known."""

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from siteselect.declared.measures import Measure, dimension

READ = TypeAdapter(Measure)
TARGET = {"layer": "ports"}
DECAY = {"scale_km": 10.0, "cutoff_km": 30.0}


@pytest.mark.parametrize(
    ("spec", "kind"),
    [
        ({"kind": "distance", "target": TARGET}, "length"),
        ({"kind": "inside", "target": TARGET}, "length"),
        ({"kind": "count", "target": TARGET, "radius_km": 5.0}, "number"),
        ({"kind": "share", "layer": "dem", "slope_below_deg": 3.0, "radius_km": 5.0}, "share"),
        ({"kind": "surface", "layer": "dem", "statistic": "slope"}, "slope"),
        ({"kind": "surface", "layer": "dem", "statistic": "value"}, ""),
        ({"kind": "attribute", "column": "class"}, ""),
        ({"kind": "supply", "target": TARGET, "amount": {"column": "people"}, "decay": DECAY}, ""),
        ({"kind": "supply", "target": TARGET, "decay": DECAY,
          "amount": {"products": {"names": ("ethane",)}}}, "flow"),
    ],
)  # fmt: skip
def test_the_dimension_of_a_reading(spec: dict[str, Any], kind: str) -> None:
    assert dimension(READ.validate_python(spec)) == kind


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        ({"kind": "supply", "target": TARGET, "amount": {}, "decay": DECAY},
         "give exactly one of constant, column, products"),
        ({"kind": "supply", "target": TARGET, "decay": DECAY,
          "amount": {"constant": 1.0, "column": "x"}}, "give exactly one of constant"),
        ({"kind": "distance", "target": TARGET, "radius": {}}, "exactly one of column, population"),
        ({"kind": "distance", "target": TARGET, "radius": {"column": "a", "population": "b"}},
         "exactly one of column, population"),
        ({"kind": "share", "layer": "dem", "radius_km": 5.0}, "classes, slope_below_deg"),
        ({"kind": "distance", "target": {"layer": "x", "where": {"d": {"min": 2.0, "max": 1.0}}}},
         "min 2 is above max 1"),
        ({"kind": "distance", "target": TARGET, "gaps": (
            {"west": 5.0, "east": 4.0, "south": 1.0, "north": 2.0, "beyond_km": 1.0},)},
         "west must be below east"),
        ({"kind": "distance", "target": {"layer": "../../etc"}}, "should match pattern"),
        ({"kind": "teleport"}, "does not match any of the expected tags"),
    ],
)  # fmt: skip
def test_what_says_two_things_or_none_is_refused(spec: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        READ.validate_python(spec)


def test_a_range_may_be_open_at_either_end() -> None:
    target = {"layer": "x", "where": {"d": {"min": 2.0}, "e": {"max": 1.0, "unknown": "keep"}}}
    measure = READ.validate_python({"kind": "distance", "target": target})
    assert measure.target.where["d"].max is None
