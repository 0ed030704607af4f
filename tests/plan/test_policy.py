"""The rules of a programme over the options."""

from dataclasses import fields, replace

import numpy as np
import pandas as pd
import pytest

from siteselect.plan.exact import problem, solve
from siteselect.plan.policy import Candidates, options_of
from siteselect.plan.rules import rules_of
from tests.plan.brute import pool, programme


def big_programme():
    """All kinds of rules at once."""
    return programme(
        13,
        provinces={"IR-06": {"at_least": 3, "at_most": 5}, "IR-18": {"at_least": 4}},
        park_types={"type_0": {"at_least": 2, "at_most": 8}, "type_1": {"at_most": 9}},
        spacing={"at_least_km": 4.0},
        budgets={
            "area_ha": {"at_most": 2500.0, "if_unknown": 150.0},
            "water_m3_d": {"at_most": 2800.0},
            "power_mw": {"at_most": 2600.0},
            "capital_meur": {"at_most": 2600.0},
        },
        locked_in=["S-07"],
        locked_out=["S-02", "S-03"],
        undetermined={"policy": "priced", "price": 0.05},
    )


def task_of(sites, asked):
    options = options_of(sites.canonical()[0], asked)
    rules = tuple(rules_of(options, asked))
    return options, problem(options.values, rules, options.site)


def test_five_hundred_candidates_and_every_kind_of_rule_are_proven():
    sites = pool(500, 1, types=2)
    named = np.isin(sites.ids, ["S-00", "S-01", "S-02", "S-03", "S-07"])
    sites = replace(
        sites,
        ranked=sites.ranked | named,
        verdict=np.where(named, 0, sites.verdict),
        score=np.where(named[:, None], 0.5, sites.score),
    )
    options, task = task_of(sites, big_programme())
    kinds = {rule.id.partition(".")[0] for rule in task.rules}
    assert kinds == {
        "budget", "k", "locked_in", "locked_out", "one_type", "overlap", "park_type", "province",
        "spacing"}  # fmt: skip
    found = solve(task)
    assert len(found.picks) == 13
    assert (found.bound - found.total) / found.total <= 1e-3
    assert (task.matrix @ np.isin(np.arange(len(options.site)), found.picks)
            <= task.limits + 1e-6).all()  # fmt: skip


def test_spacing_is_a_row_a_clique_and_not_a_row_a_pair():
    sites = pool(60, 3)
    _, task = task_of(sites, programme(3, spacing={"at_least_km": 25.0}))
    (spacing,) = [rule for rule in task.rules if rule.id == "spacing"]
    pairs = (spacing.rows.T @ spacing.rows > 0).sum() - len(spacing.rows[0])
    assert len(spacing.rows) < pairs / 2 / 3


@pytest.mark.parametrize("given", [pd.Series, np.ndarray.tolist], ids=["column", "list"])
def test_columns_of_a_frame_are_put_in_order_as_arrays_are(given):
    sites = pool(12, 3)
    columns = {
        field.name: given(value) if isinstance(value, np.ndarray) else value
        for field in fields(sites)
        if (value := getattr(sites, field.name)) is not None
    }
    ordered, order = sites.canonical()
    same, same_order = Candidates(**columns).canonical()
    assert order.tolist() == same_order.tolist()
    for name in columns:
        np.testing.assert_array_equal(getattr(same, name), getattr(ordered, name))


def test_options_stand_in_the_order_of_ids_and_leave_out_what_cannot_be_chosen():
    sites = pool(12, 5, types=2)
    options, _ = task_of(sites, programme(3))
    names = options.names(np.arange(len(options.site)))
    assert list(names) == sorted(names)
    able = (sites.verdict < 2) & sites.ranked
    assert len(names) == np.isfinite(sites.score[able]).sum()
    assert set(names) <= set(sites.ids[able].tolist())


def test_a_price_is_taken_off_undetermined_sites_only():
    sites = pool(12, 5)
    free, _ = task_of(sites, programme(3))
    priced, _ = task_of(sites, programme(3, undetermined={"policy": "priced", "price": 0.2}))
    assert (free.values - priced.values) == pytest.approx(0.2 * free.undetermined)


def test_rules_are_said_in_both_languages():
    sites = pool(30, 2, types=2)
    for rule in task_of(sites, big_programme())[1].rules:
        assert rule.titles.en
        assert any("\u0600" <= letter <= "\u06ff" for letter in rule.titles.fa)
