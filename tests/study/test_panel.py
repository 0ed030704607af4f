"""Every method on the same sites: known answers, laws, and why a site moves."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from siteselect.base.errors import DataError, DeclarationError
from siteselect.decide import methods
from siteselect.decide.score import Scores, score
from siteselect.study.panel import METHODS, OFFICIAL, Panel, Thresholds, as_data, panel
from tests.toy import criteria_set, toy_result


def scored(values: list[list[float]] | np.ndarray) -> Scores:
    """Scores of sites with given values on ports, railways and protected."""
    wanted = np.asarray(values, dtype=np.float64)
    # Inverse of the toy's value functions.
    readings = np.column_stack(
        [100 * (1 - wanted[:, 0]), 50 * (1 - wanted[:, 1]), 30 * wanted[:, 2]]
    )
    return score(readings, criteria_set())


def known(seed: int = 0, n: int = 30) -> Panel:
    return panel(toy_result(n, seed=seed).scores, k=5)


def test_the_first_column_is_the_official_ranking() -> None:
    scores = toy_result(30).scores
    found = panel(scores, k=5)
    ranked = np.flatnonzero(scores.rank > 0)
    assert found.ranks[OFFICIAL].tolist() == list(range(1, len(ranked) + 1))
    order = ranked[np.argsort(scores.rank[ranked])]
    assert found.site_ids == tuple(scores.place_ids[order])
    # An unknown value at the score of its site leaves the official score as it was.
    assert found.scores[OFFICIAL] == pytest.approx(scores.score[order], abs=1e-12)
    assert found.unknown == int(np.isnan(scores.values[ranked]).sum()) > 0
    assert any(f"{found.unknown} unknown values" in rule for rule in found.rules)


def test_methods_answer_as_the_library_does() -> None:
    scores = scored([[0.9, 0.2, 0.6], [0.5, 0.5, 0.5], [0.1, 0.9, 1.0]])
    found = panel(scores, k=2)
    order = [int(name) for name in found.site_ids]
    values, more = scores.values[order], [1, 1, 1]
    assert found.scores["vikor"] == pytest.approx(methods.vikor(values, scores.weights, more).q)
    assert found.scores["topsis_fixed"] == pytest.approx(
        methods.topsis(values, scores.weights, more, normalization="fixed")
    )
    assert found.scores["owa_2"] == pytest.approx(methods.owa(values, scores.weights, alpha=2))
    linear = [("linear", 0.05, 0.2, None)] * 3
    assert found.scores["promethee"] == pytest.approx(
        methods.promethee(values, scores.weights, more, preference=linear).net
    )
    outranked = methods.electre_iii(values, scores.weights, more, q=[0.05] * 3, p=[0.2] * 3,
                                    v=[0.8] * 3)  # fmt: skip
    assert found.ranks["electre"].tolist() == outranked.rank.tolist()


@settings(max_examples=25)
@given(st.integers(0, 10_000))
def test_who_is_best_at_everything_is_first_by_every_method(seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = rng.uniform(0.1, 0.8, (6, 3))
    values[3] = 0.9
    found = panel(scored(values), k=3)
    assert found.site_ids[0] == "3"
    assert all(found.ranks[name][0] == 1 for name in METHODS)
    assert found.compromise[0] == 0
    assert "3" in as_data(found)["under_every_method"]


def test_a_zero_costs_most_where_nothing_makes_up_for_it_and_is_named() -> None:
    values = [[1.0, 1.0, 0.0], [0.5, 0.5, 0.5], [0.45, 0.45, 0.45], [0.4, 0.4, 0.4],
              [0.35, 0.35, 0.35]]  # fmt: skip
    found = panel(scored(values), k=1)
    assert found.ranks[OFFICIAL][0] == 1
    # 0.01 to the power of 0.4 is 0.158: behind all others.
    assert found.scores["geometric"][0] == pytest.approx(0.01**0.4)
    assert found.ranks["geometric"][0] == 5
    (mover, *_) = found.movers
    assert (mover.site, mover.criterion, mover.value) == (0, "protected", 0.0)
    assert mover.rank == 5
    # With its zero at its own score of 0.6 the geometric mean is 0.815, the first again.
    assert (mover.rank_without, mover.official_without) == (1, 1)
    assert found.at_zero == 1


def test_the_named_criterion_explains_the_move() -> None:
    found, scores = known(n=40), toy_result(40).scores
    order = [int(np.flatnonzero(scores.place_ids == name)[0]) for name in found.site_ids]
    values = np.where(np.isnan(scores.values), scores.score[:, None], scores.values)[order]
    official = found.ranks[OFFICIAL]

    def ranks(site: int, j: int) -> tuple[int, int]:
        """By the geometric mean, and officially, with one value at the site's own score."""
        trial = values.copy()
        trial[site, j] = scores.score[order[site]]
        geometric = methods.weighted_geometric(np.maximum(trial, 0.01), scores.weights)
        means = geometric, methods.weighted_mean(trial, scores.weights)
        one, other = (int((mean > mean[site] + 1e-12).sum()) + 1 for mean in means)
        return one, other

    named = [mover for mover in found.movers if mover.criterion and mover.method == "geometric"]
    assert named
    for mover in named:
        tried = {name: ranks(mover.site, j) for j, name in enumerate(scores.criteria_ids)}
        assert tried[mover.criterion] == (mover.rank_without, mover.official_without)
        nearest = min(abs(rank - mean) for rank, mean in tried.values())
        assert abs(mover.rank_without - mover.official_without) == nearest
    for mover in found.movers:
        assert found.agreement.best[mover.site] <= found.k
        if mover.criterion:
            gap = abs(mover.rank - official[mover.site])
            assert abs(mover.rank_without - mover.official_without) < gap
    assert found.movers


def test_the_strategies_span_the_triangle() -> None:
    triangle = known().triangle
    mean = np.flatnonzero((abs(triangle.orness - 0.5) < 1e-9) & (triangle.tradeoff > 1 - 1e-9))
    assert triangle.kendall[mean] == pytest.approx([1.0])
    assert triangle.kept[mean].tolist() == triangle.listed[mean].tolist() == [5]
    assert triangle.orness.min() == pytest.approx(0)
    assert triangle.orness.max() == pytest.approx(1)
    assert ((triangle.share >= 0) & (triangle.share <= 1)).all()


def test_relations_count_every_pair_once() -> None:
    found = known()
    n = len(found.site_ids)
    counted = [found.relations[key] for key in ("better", "equal", "incomparable")]
    assert sum(counted) == n * (n - 1) // 2
    assert 0 <= found.relations["in_list"] <= found.relations["incomparable"]


def test_agreement_is_that_of_the_ranks() -> None:
    from scipy.stats import kendalltau, spearmanr

    found = known()
    data = as_data(found)
    for one in data["methods"]:
        ranks = found.ranks[one["method"]]
        assert one["kendall"] == pytest.approx(kendalltau(found.ranks[OFFICIAL], ranks).statistic)
        assert one["spearman"] == pytest.approx(spearmanr(found.ranks[OFFICIAL], ranks).statistic)
        assert all(ranks[found.site_ids.index(name)] <= 5 for name in one["top"])
    assert data["methods"][0]["kept"] == 5


def test_alike_sites_agree_with_nothing_and_say_so() -> None:
    found = panel(scored([[0.5, 0.5, 0.5]] * 3), k=2)
    assert all(set(ranks.tolist()) == {1} for ranks in found.ranks.values())
    assert as_data(found)["methods"][1]["kendall"] is None


def test_the_list_is_no_longer_than_the_ranking() -> None:
    assert panel(scored([[0.5, 0.5, 0.5], [0.6, 0.5, 0.5]]), k=13).k == 2


def test_one_site_is_no_comparison() -> None:
    with pytest.raises(DataError, match="1 site is ranked"):
        panel(scored([[0.5, 0.5, 0.5]]))


def test_thresholds_must_rise() -> None:
    with pytest.raises(DeclarationError):
        panel(toy_result().scores, thresholds=Thresholds(0.3, 0.2, 0.8))
