"""Explanations on the real data: they add up, and what they promise comes true."""

import numpy as np
import pytest

from siteselect.base.errors import DataError
from siteselect.study import explain
from tests.real import question, result


def test_a_site_is_explained_and_its_contributions_sum_to_its_score() -> None:
    site = result().sites.iloc[0]
    item = explain.of_site(result(), str(site["id"]))
    known = [s.contribution for s in item.contributions.steps if np.isfinite(s.contribution)]
    assert sum(known) == pytest.approx(item.score, abs=1e-9)
    assert item.rank == 1
    assert item.gap < 0
    assert {a.constraint.id for a in item.rules} == {c.id for c in result().criteria.constraints}


def test_a_place_off_the_list_learns_what_would_put_it_there() -> None:
    item = explain.of_point(question(), result(), (61.5, 28.9))
    assert item.gap > 0
    data = explain.as_data(item)
    assert data["least_change"]["changes"] or data["least_change"]["obstacle"]
    assert data["text"]["fa"]
    if item.change.possible:
        assert 1 <= item.change.rank_after <= 13


def test_every_possible_change_really_puts_the_site_on_the_list() -> None:
    found = result()
    ids = [str(name) for name in found.sites["id"].iloc[13:60:6]]
    for name in ids:
        change = explain.of_site(found, name).change
        assert not change.possible or change.rank_after <= 13


def test_nature_cannot_be_changed() -> None:
    fixed = {c.id for c in result().criteria.criteria if not c.changeable}
    assert {"slope", "seismic_class", "protected_distance"} <= fixed
    for name in result().sites["id"].iloc[13:40:9]:
        change = explain.of_site(result(), str(name)).change
        assert not {c.criterion_id for c in change.changes} & fixed


def test_exchanged_axes_are_hinted_at() -> None:
    with pytest.raises(DataError, match="longitude comes first"):
        explain.of_point(question(), result(), (27.5, 52.6))


def test_an_unknown_site_is_answered_with_the_nearest_id() -> None:
    with pytest.raises(DataError, match="IE-KHZ-008"):
        explain.of_site(result(), "IE-KHZ-0080")
