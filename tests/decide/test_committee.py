"""Committees: pooled weights, disagreement, dissent kept, and agreement of rankings."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from siteselect.base.errors import DataError, DeclarationError
from siteselect.decide import committee, weights
from siteselect.decide.table import Floats


def drawn(rng: np.random.Generator, members: int, m: int) -> dict[str, Floats]:
    return {f"member {i}": rng.dirichlet(np.ones(m)) for i in range(members)}


def test_members_come_by_any_method() -> None:
    found = committee.pool(
        {
            "direct": [40, 30, 20, 10],
            "rank": weights.ranking([1, 2, 3, 4]),
            "swing": weights.swing([100, 60, 40, 0]),
            "ahp": weights.ahp(np.ones((4, 4))).weights,
            "bwm": weights.bwm([1, 2, 4, 8], [8, 4, 2, 1]).weights,
        },
        importance=[1, 1, 2, 1, 1],
    )
    assert found.names == ("direct", "rank", "swing", "ahp", "bwm")
    np.testing.assert_allclose(found.members.sum(axis=1), 1)
    expected = (found.members.sum(axis=0) + found.members[2]) / 6
    np.testing.assert_allclose(found.weights, expected, atol=1e-12)
    np.testing.assert_allclose(found.spread, found.members.max(axis=0) - found.members.min(axis=0))


def test_disagreement_runs_from_one_mind_to_nothing_in_common() -> None:
    assert committee.pool({"a": [1, 2], "b": [2, 4]}).disagreement == 0
    assert committee.pool({"a": [1, 0], "b": [0, 1]}).disagreement == 1
    assert committee.pool({"a": [1, 0]}).disagreement == 0
    assert committee.pool({"a": [1, 0], "b": [0, 1]}, importance=[1, 0]).disagreement == 0


@given(st.integers(0, 1000), st.integers(2, 6))
def test_disagreement_is_the_mean_over_pairs(seed: int, members: int) -> None:
    found = committee.pool(drawn(np.random.default_rng(seed), members, 4))
    pairs = [abs(a - b).sum() / 2 for a, b in itertools.combinations(found.members, 2)]
    assert found.disagreement == pytest.approx(np.mean(pairs))
    assert (found.distance <= 1).all()


def test_faults_of_a_committee_name_the_member() -> None:
    with pytest.raises(DeclarationError, match="criterion 2: weight of Sara -1 is no number"):
        committee.pool({"Ali": [1, 1], "Sara": [1, -1]})
    with pytest.raises(DeclarationError, match="Sara: importance x is no number"):
        committee.pool({"Ali": [1, 1], "Sara": [1, 1]}, importance=[1, "x"])  # type: ignore[list-item] # the fault itself
    with pytest.raises(DeclarationError, match="same criteria"):
        committee.pool({"Ali": [1, 1], "Sara": [1, 1, 1]})
    with pytest.raises(DeclarationError, match="one member at least"):
        committee.pool({})


VALUES = np.array([[1.0, 0.0, 0.2], [0.0, 1.0, 0.2], [0.9, 0.9, 0.9], [0.1, 0.1, 0.1]])


def test_dissent_is_kept() -> None:
    found = committee.dissent(
        lambda w: VALUES @ w,
        committee.pool({"land": [8, 1, 1], "sea": [1, 8, 1]}, importance=[2, 1]),
        k=2,
    )
    assert found.always.tolist() == [2]
    assert found.never.tolist() == [3]
    assert found.contested.tolist() == [0, 1]
    assert found.in_top.tolist() == [[True, False, True, False], [False, True, True, False]]
    assert found.pooled.tolist() == [True, False, True, False]
    # Without the first the second site comes in for the first; without the second nothing changes.
    assert found.decides.tolist() == [[1, -1, 0, 0], [0, 0, 0, 0]]
    assert found.power.tolist() == [2, 0]


@given(st.integers(0, 1000), st.integers(1, 5), st.integers(1, 12))
def test_every_site_is_kept_contested_or_dropped(seed: int, members: int, k: int) -> None:
    rng = np.random.default_rng(seed)
    values = rng.random((10, 3))
    group = committee.pool(drawn(rng, members, 3))
    found = committee.dissent(lambda w: values @ w, group, k=k)
    together = np.concatenate([found.always, found.never, found.contested])
    assert sorted(together) == list(range(10))
    assert (found.in_top.sum(axis=1) == min(k, 10)).all()
    if k >= 10:
        assert found.always.tolist() == list(range(10))
    if members == 1:
        assert not found.decides.any()


def test_sites_without_a_score_are_never_chosen() -> None:
    scores = np.array([0.5, np.nan, 0.1])
    found = committee.dissent(lambda _: scores, committee.pool({"a": [1]}), k=3)
    assert found.always.tolist() == [0, 2]
    assert found.never.tolist() == [1]
    with pytest.raises(DeclarationError, match="k must be 1 or more"):
        committee.dissent(lambda _: scores, committee.pool({"a": [1]}), k=0)


def test_ties_at_the_cut_are_all_in() -> None:
    found = committee.dissent(lambda _: [1.0, 0.5, 0.5, 0.1], committee.pool({"a": [1]}), k=2)
    assert found.pooled.tolist() == [True, True, True, False]


# --- agreement of rankings -----------------------------------------------------------------------


def slow_tau(a: list[int], b: list[int]) -> float:
    """Kendall's tau-b, pair by pair."""
    pairs = list(itertools.combinations(range(len(a)), 2))
    signs = [(np.sign(a[i] - a[j]), np.sign(b[i] - b[j])) for i, j in pairs]
    top = sum(x * y for x, y in signs)
    return float(top / np.sqrt(sum(x != 0 for x, _ in signs) * sum(y != 0 for _, y in signs)))


@given(st.lists(st.tuples(st.integers(1, 5), st.integers(1, 5)), min_size=2, max_size=12))
def test_tau_and_rho(pairs: list[tuple[int, int]]) -> None:
    a, b = [p[0] for p in pairs], [p[1] for p in pairs]
    found = committee.agreement({"a": a, "b": b})
    if len(set(a)) == 1 or len(set(b)) == 1:
        assert np.isnan(found.kendall[0, 1])
        assert np.isnan(found.spearman[0, 1])
        return
    assert found.kendall[0, 1] == pytest.approx(slow_tau(a, b))
    middle = [[sum(x < y for x in r) + (r.count(y) + 1) / 2 for y in r] for r in (a, b)]
    assert found.spearman[0, 1] == pytest.approx(np.corrcoef(middle)[0, 1])
    np.testing.assert_allclose(np.diag(found.spearman), 1)


def test_agreement_of_the_same_and_of_the_opposite() -> None:
    found = committee.agreement({"a": [1, 2, 3], "b": [1, 2, 3], "c": [3, 2, 1]})
    for table in (found.kendall, found.spearman):
        np.testing.assert_allclose(table, [[1, 1, -1], [1, 1, -1], [-1, -1, 1]], atol=1e-12)


def test_who_moves_most_stands_first() -> None:
    found = committee.agreement({"mean": [1, 2, 3, 4], "topsis": [1, 4, 2, 3], "owa": [2, 4, 1, 3]})
    assert found.best.tolist() == [1, 2, 1, 3]
    assert found.worst.tolist() == [2, 4, 3, 4]
    assert found.movers.tolist() == [1, 2, 0, 3]


def test_rankings_must_fit() -> None:
    with pytest.raises(DataError, match="same alternatives"):
        committee.agreement({"a": [1, 2], "b": [1, 2, 3]})
    with pytest.raises(DataError, match="same alternatives"):
        committee.agreement({})
    with pytest.raises(DataError, match="row 1: column 2: nan"):
        committee.agreement({"a": [1, float("nan")]})


@given(st.lists(st.integers(0, 5), min_size=1, max_size=10))
def test_standing_counts_the_better(scores: list[int]) -> None:
    expected = [1 + sum(other > mine for other in scores) for mine in scores]
    assert committee.standing(scores).tolist() == expected
    assert committee.standing([-s for s in scores], lowest_first=True).tolist() == expected


def test_rounding_makes_no_difference_of_rank() -> None:
    assert committee.standing([0.3, 0.1 + 0.2, 0.2]).tolist() == [1, 1, 3]
