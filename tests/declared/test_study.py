"""A study says where, at what cell, from which candidates."""

from typing import Any

import pytest
from pydantic import ValidationError

from siteselect.base import files
from siteselect.declared.study import Greenfield, Study

REGION = {"min_ha": 10.0, "max_ha": 20.0, "per_province": 3, "spacing_km": 5.0}


def test_the_bundled_study_covers_the_four_provinces() -> None:
    study = files.read(files.home() / "criteria" / "study.yaml", Study)
    assert sorted(study.provinces) == ["IR-06", "IR-11", "IR-18", "IR-22"]
    assert study.greenfield is not None


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"min_ha": 30.0}, "min_ha 30 is above max_ha 20"),
        ({"per_province": -1}, "greater than or equal to 0"),
        ({"compactness": 1.5}, "less than or equal to 1"),
        ({"verdicts": "excluded"}, "'eligible' or 'not excluded'"),
    ],
)
def test_regions_that_cannot_be_are_refused(change: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        Greenfield(**(REGION | change))  # type: ignore[arg-type]


@pytest.mark.parametrize("change", [{"cell_m": 1.0}, {"seed": -1}, {"provinces": ()}])
def test_a_study_that_cannot_be_run_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Study.model_validate(
            {"id": "x", "titles": {"en": "x", "fa": "x"}, "provinces": ("IR-18",),
             "criteria": "x.yaml"} | change
        )  # fmt: skip
