"""The schemas that editors read are those of the models."""

import json
import os

import pytest
from pydantic import BaseModel

from siteselect.base.files import home
from siteselect.declared.criteria import CriteriaSet
from siteselect.declared.programme import Programme
from siteselect.declared.study import Study

MODELS: dict[str, type[BaseModel]] = {
    "criteria": CriteriaSet,
    "programme": Programme,
    "study": Study,
}


@pytest.mark.parametrize("name", list(MODELS))
def test_the_schema_for_editors_is_that_of_the_model(name: str) -> None:
    path = home() / "criteria" / "schema" / f"{name}.json"
    text = json.dumps(MODELS[name].model_json_schema(), ensure_ascii=False, indent=1) + "\n"
    if os.environ.get("RENEW_SCHEMAS"):
        path.write_text(text, "utf-8")
    assert path.read_text("utf-8") == text, "renew with RENEW_SCHEMAS=1"


@pytest.mark.parametrize("name", list(MODELS))
def test_every_field_is_told(name: str) -> None:
    schema = MODELS[name].model_json_schema()
    parts = {name: schema, **schema.get("$defs", {})}
    untold = [
        f"{part}.{field}"
        for part, body in parts.items()
        for field, told in body.get("properties", {}).items()
        if not told.get("description") and field != "kind"
    ]
    assert untold == []
