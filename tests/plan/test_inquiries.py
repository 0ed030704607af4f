"""Inquiries: who is asked for which rule, and what is not known of it."""

from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from siteselect.base import files
from siteselect.declared.criteria import CriteriaSet, park_types
from siteselect.plan.inquiries import (
    UNSETTLED,
    Authority,
    Desk,
    Inquiry,
    authorities_of,
    bodies_of,
    has_body,
    inquiries,
    least_time,
)
from siteselect.world.catalog import Catalog
from tests.toy import toy_result

KINDS = ("estate", "special_zone", "extension", "greenfield", "proposed")


@cache
def bodies() -> tuple[Authority, ...]:
    """The bundled authorities."""
    rows = Catalog.open(files.home() / "data").table("authorities").to_dict("records")
    return authorities_of([{str(key): cell for key, cell in row.items()} for row in rows])


@cache
def models() -> tuple[CriteriaSet, ...]:
    """The bundled park types."""
    return park_types(files.home() / "criteria")


def asked(place: int, kind: str | None = None, seed: int = 0) -> tuple[Inquiry, ...]:
    """What a site of the toy world asks."""
    result = toy_result(seed=seed)
    return inquiries(
        Desk(bodies(), result.rules),
        place,
        kind=kind or str(result.pool.places.kinds[place]),
        criteria=result.criteria,
        table=result.table,
        scores=result.scores,
    )


def test_every_rule_of_every_park_type_has_a_body_in_the_table_or_says_that_it_has_none() -> None:
    for model in models():
        for rule in model.constraints:
            found = bodies_of(rule, bodies())
            assert has_body(rule) == bool(found), rule.id
            assert all(body is not None for body, _ in found), f"{rule.id}: {rule.authority}"
            if not found:
                assert rule.status in ("definition", "engineering", "benchmark"), rule.id


def test_every_rule_that_a_body_answers_says_where_it_stands_in_law() -> None:
    rows = Catalog.open(files.home() / "data").table("rules").set_index("id")
    for model in models():
        for rule in model.constraints:
            for name in rule.rules:
                row = rows.loc[name]
                assert str(row["source"]).strip(), name
                assert str(row["legal_basis"]).strip(), name
                assert row["source_kind"] in ("found", "recalled"), name


def test_the_table_of_authorities_speaks_of_kinds_of_site_that_there_are() -> None:
    for body in bodies():
        assert set(body.asked_at) <= {*KINDS, "all"}, body.id
        assert {*body.licenses_at, *body.days_at} <= set(KINDS), body.id
        assert body.basis.fa
        assert body.subject.fa
        assert (body.days is None) == (body.days_note.en == "") == (body.days_note.fa == "")
    names = [name for body in bodies() for name in body.asked_as]
    assert len(names) == len(set(names)), "two bodies under one name"


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_site_has_one_licensor(kind: str) -> None:
    (licensor,) = (body for body in bodies() if kind in body.licenses_at)
    assert licensor.id == ("IA-25" if kind == "special_zone" else "IA-01")
    first = asked(0, kind)[0]
    assert (first.authority, first.licensor) == (licensor, True)


def test_the_days_of_the_extension_route_hold_in_an_estate_alone() -> None:
    environment = next(body for body in bodies() if body.id == "IA-02")
    assert [environment.days_for(kind) for kind in KINDS] == [20, None, 20, None, None]


def test_what_the_table_is_silent_of_stays_unknown() -> None:
    silent = [body for body in bodies() if body.days is None]
    assert len(silent) > 10
    for body in silent:
        assert {body.days_for(kind) for kind in KINDS} == {None}
    for item in asked(2):
        assert item.days is None or item.days > 0
        if item.authority in silent:
            assert item.days is None


def test_a_rule_that_two_bodies_answer_for_is_asked_of_both() -> None:
    sea_shore = next(rule for rule in models()[-2].constraints if rule.id == "sea_shore")
    found = bodies_of(sea_shore, bodies())
    assert [body.id for body, _ in found if body] == ["IA-15", "IA-06"]


def test_a_body_that_the_table_does_not_know_is_named_in_the_words_of_the_rule() -> None:
    rule = (
        models()[0]
        .constraints[2]
        .model_copy(update={"authority": "Moon Office; Sun Office", "authority_fa": "ماه؛ خورشید"})
    )
    found = bodies_of(rule, bodies())
    assert [(body, name.en, name.fa) for body, name in found] == [
        (None, "Moon Office", "ماه"), (None, "Sun Office", "خورشید")
    ]  # fmt: skip


@given(st.integers(0, 11), st.sampled_from(KINDS), st.integers(0, 20))
def test_all_that_is_not_settled_is_asked_and_nothing_else(
    place: int, kind: str, seed: int
) -> None:
    result = toy_result(seed=seed)
    found = asked(place, kind, seed)
    rules = [item.rule.id for item in found if item.rule]
    answers = dict(zip(result.scores.constraint_ids, result.scores.answers[:, place], strict=True))
    words = ("eligible", "undetermined", "excluded", "open", "not asked")
    assert set(rules) == {name for name, code in answers.items() if words[code] in UNSETTLED}
    whole = {item.authority.id for item in found if item.authority and item.rule is None}
    assert whole == {b.id for b in bodies() if {kind, "all"} & set(b.asked_at)}
    assert {item.status for item in found} == {"pending"}


@given(st.integers(0, 11), st.sampled_from(KINDS))
def test_the_least_time_is_the_longest_known_limit(place: int, kind: str) -> None:
    found = asked(place, kind)
    time = least_time(found)
    limits = {item.name.en: item.days for item in found if item.has_body}
    known = [days for days in limits.values() if days is not None]
    assert time.days == max(known)
    assert (time.bodies, time.unknown) == (len(limits), len(limits) - len(known))
    nobody = [item for item in found if not item.has_body]
    assert least_time(nobody).days is None


def test_a_question_says_what_its_answer_would_settle() -> None:
    result = toy_result()
    doubtful = int(np.flatnonzero(result.scores.answers[0] != 0)[0])
    told = {(item.rule.id if item.rule else ""): item.settles for item in asked(doubtful)}
    assert told["national_park"] == "verdict"
    assert told["regulation_1390"] == "open rule"
    assert told[""] == "site"
