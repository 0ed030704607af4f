"""Methods: published cases, an independent library, slow second opinions, laws, faults."""

import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymcdm import methods as theirs
from pymcdm import normalizations

from siteselect.base.errors import DataError, DeclarationError
from siteselect.decide import methods
from siteselect.decide.table import Floats, PerformanceTable

CASES = json.loads(Path(__file__).with_name("published.json").read_text("utf-8"))
NAN = float("nan")
# pymcdm warns of alternatives that dominate others.
dominance_is_no_matter = pytest.mark.filterwarnings("ignore:Alternatives with indices")
SHAPES = ("usual", "u-shape", "v-shape", "level", "linear", "gaussian")


def case(name: str) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    found = CASES[name]
    return found["inputs"], found["expected"], found["tolerance"]


def problem(rng: np.random.Generator, kind: str = "plain") -> tuple[Floats, Floats, Floats]:
    """A random table, its weights and objectives: plain, full of ties, with constants, or alone."""
    n, m = (1 if kind == "single" else int(rng.integers(2, 12))), int(rng.integers(1, 7))
    matrix = rng.random((n, m)) * 100 + 1
    if kind == "ties":
        matrix = rng.integers(1, 4, (n, m)) * 1.0
    if kind == "constant":
        matrix[:, rng.integers(m)] = 7.0
    return matrix, rng.dirichlet(np.ones(m)), rng.choice([-1.0, 1.0], m)


KINDS = ("plain", "ties", "constant", "single")


# --- mean, geometric mean ------------------------------------------------------------------------


def test_weighted_mean_of_kracka() -> None:
    given_, expected, within = case("wlc-kracka-2010")
    matrix = np.array(given_["matrix"]) ** np.array(given_["objectives"], float)
    found = methods.weighted_mean(matrix / matrix.sum(axis=0), given_["weights"])
    np.testing.assert_allclose(found, expected["scores"], atol=within["scores"])
    assert methods.standing(found).tolist() == expected["ranks"]


@dominance_is_no_matter
def test_means_equal_pymcdm() -> None:
    rng = np.random.default_rng(1)
    for kind in KINDS * 30:
        values, shares, _ = problem(rng, kind)
        ones = np.ones(len(shares))
        for ours, other in ((methods.weighted_mean, theirs.WSM),
                            (methods.weighted_geometric, theirs.WPM)):  # fmt: skip
            np.testing.assert_allclose(
                ours(values, shares),
                other(lambda column, **_: column)(values, shares, ones),
                rtol=1e-9,
            )


def test_a_zero_is_fatal_only_where_it_weighs() -> None:
    found = methods.weighted_geometric([[0, 1, 1], [1, 1, 0], [0.5, 0.5, 0.5]], [1, 1, 0])
    np.testing.assert_allclose(found, [0, 1, 0.5])
    with pytest.raises(DataError, match="row 1: column 1: -1 is below 0"):
        methods.weighted_geometric([[-1, 2]], [1, 1])


# --- OWA -----------------------------------------------------------------------------------------


def test_owa_of_yager() -> None:
    given_, expected, within = case("owa-yager-classic")
    risk = given_["order_weights_best_first"]
    found = methods.owa([given_["arguments"]], None, order_weights=risk)
    assert found[0] == pytest.approx(expected["value"], abs=within["all"])
    assert methods.orness(risk) == pytest.approx(expected["orness"], abs=within["all"])
    assert methods.tradeoff(risk) == pytest.approx(expected["tradeoff"], abs=within["all"])
    assert methods.dispersion(risk) == pytest.approx(
        expected["dispersion_entropy"], abs=within["all"]
    )


def test_quantifier_guided_owa_of_malczewski() -> None:
    given_, expected, within = case("owa-quantifier-guided")
    for alpha, score in zip(given_["alphas"], expected["scores"], strict=True):
        found = methods.owa(given_["values"], given_["criterion_weights"], alpha=alpha)
        assert found[0] == pytest.approx(score, abs=within["all"])


def test_owa_without_preference_is_the_mean() -> None:
    rng = np.random.default_rng(2)
    for kind in KINDS * 25:
        values, shares, _ = problem(rng, kind)
        m = len(shares)
        mean = methods.weighted_mean(values, shares)
        equal = np.ones(m)
        plain = values.mean(axis=1)
        for found, expected in (
            (methods.owa(values, None, order_weights=equal), plain),
            (methods.owa(values, equal, order_weights=equal), plain),
            (methods.owa(values, shares, order_weights=equal), mean),
            (methods.owa(values, shares, alpha=1), mean),
            (methods.owa(values, shares), mean),
        ):
            np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_owa_runs_from_the_worst_value_to_the_best() -> None:
    rng = np.random.default_rng(3)
    for kind in KINDS * 10:
        values, shares, _ = problem(rng, kind)
        best, worst = values.max(axis=1), values.min(axis=1)
        edge = np.eye(len(shares))
        for found, expected in (
            (methods.owa(values, shares, alpha=0), best),
            (methods.owa(values, shares, alpha=np.inf), worst),
            (methods.owa(values, shares, order_weights=edge[0]), best),
            (methods.owa(values, shares, order_weights=edge[-1]), worst),
        ):
            np.testing.assert_allclose(found, expected, rtol=1e-12)
        ladder = [methods.owa(values, shares, alpha=a) for a in (0, 0.2, 1, 3, 50)]
        assert all((a >= b - 1e-9).all() for a, b in itertools.pairwise(ladder))


def test_owa_with_equal_weights_equals_sorting() -> None:
    rng = np.random.default_rng(4)
    for kind in KINDS * 25:
        values, _, _ = problem(rng, kind)
        risk = rng.dirichlet(np.ones(values.shape[1]))
        slow = [sum(w * z for w, z in zip(risk, sorted(row, reverse=True), strict=True))
                for row in values]  # fmt: skip
        np.testing.assert_allclose(methods.owa(values, None, order_weights=risk), slow, rtol=1e-12)


def test_criteria_without_weight_do_not_count() -> None:
    values = [[0.9, 0.3, 0.6], [0.1, 0.8, 0.2]]
    for alpha in (0, 0.5, 2, 1e6, np.inf):
        with_it = methods.owa(values, [0, 1, 2], alpha=alpha)
        np.testing.assert_allclose(
            with_it, methods.owa(np.array(values)[:, 1:], [1, 2], alpha=alpha), rtol=1e-12
        )
    with pytest.raises(DeclarationError, match="leave out criteria that weigh nothing"):
        methods.owa(values, [0, 1, 2], order_weights=[1, 0, 0])


@given(st.integers(2, 9), st.floats(0, 1), st.floats(0, 1))
def test_a_strategy_has_the_orness_it_was_asked_for(m: int, risk: float, wanted: float) -> None:
    found = methods.strategy(m, risk, wanted)
    assert found.min() >= -1e-12
    assert found.sum() == pytest.approx(1)
    assert methods.orness(found) == pytest.approx(risk, abs=1e-9)
    # Inside the triangle more trade-off than wanted is there only because none has less.
    if wanted <= 1 - abs(2 * risk - 1):
        least = methods.tradeoff(methods.strategy(m, risk, 0))
        assert methods.tradeoff(found) == pytest.approx(max(wanted, least), abs=1e-6)


@pytest.mark.parametrize(("m", "parts"), [(3, 60), (4, 20), (5, 10)])
def test_a_strategy_reaches_whatever_an_orness_allows(m: int, parts: int) -> None:
    for cuts in itertools.combinations(range(parts + m - 1), m - 1):
        given_ = np.diff([-1, *cuts, parts + m - 1]) - 1.0
        risk, wanted = methods.orness(given_), methods.tradeoff(given_)
        found = methods.strategy(m, risk, max(wanted, 0.0))
        assert methods.orness(found) == pytest.approx(risk, abs=1e-9)
        assert methods.tradeoff(found) == pytest.approx(wanted, abs=1e-7)


def test_the_least_even_weights_rest_on_two_ranks() -> None:
    np.testing.assert_allclose(methods.strategy(3, 0.75, 0), [0.75, 0, 0.25], atol=1e-12)
    # The first two ranks at 0.25 and 0.75 would be no evener.
    for off in (-1e-15, 0.0, 1e-15):
        np.testing.assert_allclose(
            methods.strategy(4, 0.5 + off, 0), [0, 0.75, 0, 0.25], atol=1e-12
        )
        np.testing.assert_allclose(
            methods.strategy(4, 0.75 + off, 0), [0.75, 0, 0, 0.25], atol=1e-12
        )
        np.testing.assert_allclose(
            methods.strategy(4, 0.25 + off, 0), [0.25, 0, 0, 0.75], atol=1e-12
        )
    for m in range(2, 8):
        for risk in np.linspace(0, 1, 41):
            rest, rank = methods.tradeoff(methods.strategy(m, risk, 0)), np.linspace(1, 0, m)
            for a, b in itertools.combinations(range(m), 2):
                if rank[a] >= risk >= rank[b]:
                    pair = np.zeros(m)
                    pair[a] = (risk - rank[b]) / (rank[a] - rank[b])
                    pair[b] = 1 - pair[a]
                    assert rest <= methods.tradeoff(pair) + 1e-9


def test_no_weights_of_an_orness_are_evener() -> None:
    rng = np.random.default_rng(5)
    for _ in range(300):
        drawn = rng.dirichlet(np.full(5, 0.5))
        evenest = methods.strategy(5, methods.orness(drawn), 1)
        assert methods.tradeoff(evenest) >= methods.tradeoff(drawn) - 1e-9


def test_the_triangle_holds_its_corners() -> None:
    found = methods.strategies(5, steps=5)
    corners = {(0.0, 0.0): [0, 0, 0, 0, 1], (1.0, 0.0): [1, 0, 0, 0, 0], (0.5, 1.0): [0.2] * 5}
    places = list(zip(found.orness.round(9), found.tradeoff.round(9), strict=True))
    for place, risk in corners.items():
        np.testing.assert_allclose(found.order_weights[places.index(place)], risk, atol=1e-9)
    assert len(places) == 2 + 3 * 5


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: methods.owa([[1, 2]], None, order_weights=[1, 1], alpha=1), "not both"),
        (lambda: methods.owa([[1, 2]], None, alpha=-1), "alpha must be a number of 0 or more"),
        (lambda: methods.owa([[1, 2]], None, alpha="much"), "0 or more, not 'much'"),
        (lambda: methods.owa([[1, 2]], None, order_weights=[1]), "2 weights are needed"),
        (lambda: methods.strategy(1, 0.5, 0.5), "2 criteria"),
        (lambda: methods.strategy(3, 1.5, 0.5), "in 0..1"),
        (lambda: methods.strategies(3, steps=1), "2 or more"),
    ],
)
def test_bad_owa_wishes_are_refused(call: Any, said: str) -> None:
    with pytest.raises(DeclarationError, match=said):
        call()


@pytest.mark.parametrize("v", ["half", None, -0.1, 1.1, float("nan")])
def test_a_v_of_vikor_that_is_no_share_is_refused(v: Any) -> None:
    with pytest.raises(DeclarationError, match=r"v must be a number in 0\.\.1"):
        methods.vikor([[1, 2], [2, 1]], [1, 1], [1, 1], v=v)


# --- TOPSIS --------------------------------------------------------------------------------------


def test_topsis_of_tzeng_and_huang() -> None:
    given_, expected, within = case("topsis-tzeng-huang-2011")
    found = methods.topsis(given_["matrix"], given_["weights"], given_["objectives"])
    np.testing.assert_allclose(found, expected["closeness"], atol=within["closeness"])
    assert methods.standing(found).tolist() == expected["ranks"]


def test_topsis_depends_on_the_normalization_that_is_named() -> None:
    given_, expected, within = case("topsis-opricovic-2004-mountain")
    for name in ("vector", "minmax"):
        found = methods.topsis(
            given_["matrix"], given_["weights"], given_["objectives"], normalization=name
        )
        np.testing.assert_allclose(found, expected[f"closeness_{name}"], atol=within["closeness"])


def test_topsis_reverses_ranks_and_fixed_ideals_do_not() -> None:
    given_, expected, within = case("topsis-rank-reversal")
    added = [*given_["base"], given_["added"]]
    rest = given_["weights"], given_["objectives"]
    for matrix, key in ((given_["base"], "base_closeness"), (added, "with_added")):
        found = methods.topsis(matrix, *rest)
        np.testing.assert_allclose(found, expected[key], atol=within["all"])
    fixed = [methods.topsis(x, *rest, normalization="fixed", ideal=[5, 5], anti_ideal=[0, 0])
             for x in (given_["base"], added)]  # fmt: skip
    np.testing.assert_array_equal(fixed[0], fixed[1][:3])


def test_fixed_topsis_never_reverses_ranks() -> None:
    rng = np.random.default_rng(6)
    for _ in range(1000):
        matrix, shares, objectives = problem(rng, "ties" if rng.random() < 0.3 else "plain")
        top = np.where(objectives > 0, 60.0, 10.0)
        ideals = {"ideal": top, "anti_ideal": 70.0 - top}
        whole = methods.topsis(matrix, shares, objectives, normalization="fixed", **ideals)
        kept = np.flatnonzero(rng.random(len(matrix)) < 0.6)
        if len(kept):
            less = methods.topsis(matrix[kept], shares, objectives, normalization="fixed", **ideals)
            np.testing.assert_array_equal(whole[kept], less)
        more = np.vstack([matrix, rng.random((2, len(shares))) * 200 - 50])
        after = methods.topsis(more, shares, objectives, normalization="fixed", **ideals)
        np.testing.assert_array_equal(whole, after[: len(matrix)])


@dominance_is_no_matter
def test_topsis_equals_pymcdm() -> None:
    rng = np.random.default_rng(7)
    for kind in ("plain", "ties", "constant") * 40:
        matrix, shares, objectives = problem(rng, kind)
        if (np.ptp(matrix, axis=0) == 0).all():
            continue  # 0 / 0 there, 0.5 here: the next test
        for name, norm in (("vector", normalizations.vector_normalization),
                           ("minmax", normalizations.minmax_normalization)):  # fmt: skip
            np.testing.assert_allclose(
                methods.topsis(matrix, shares, objectives, normalization=name),
                theirs.TOPSIS(norm)(matrix, shares, objectives),
                atol=1e-9,
            )


@pytest.mark.parametrize("name", ["vector", "minmax"])
def test_where_nothing_separates_topsis_says_half(name: Any) -> None:
    assert methods.topsis([[3, 0]], [1, 1], [1, -1], normalization=name).tolist() == [0.5]
    same = methods.topsis([[3, 0]] * 4, [1, 1], [1, -1], normalization=name)
    assert same.tolist() == [0.5] * 4


@given(st.floats(1e-9, 1e9), st.integers(0, 1000))
def test_units_do_not_matter_to_topsis(factor: float, seed: int) -> None:
    matrix, shares, objectives = problem(np.random.default_rng(seed))
    for name in ("vector", "minmax"):
        one, other = (methods.topsis(x, shares, objectives, normalization=name)
                      for x in (matrix, matrix * factor))  # fmt: skip
        np.testing.assert_allclose(one, other, atol=1e-7)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"normalization": "sum"}, "'sum' is not vector"),
        ({"ideal": [1, 1]}, "for the normalization 'fixed' only"),
        ({"normalization": "fixed", "ideal": [9, 0]}, "or neither"),
        ({"normalization": "fixed", "ideal": [9, 9], "anti_ideal": [0, 0]},
         "criterion 2: ideal 9 must be better than anti-ideal 0"),
        ({"normalization": "fixed", "ideal": [9], "anti_ideal": [0]}, "2 ideals"),
        ({"normalization": "fixed", "ideal": [9, NAN], "anti_ideal": [0, 0]}, "criterion 2"),
    ],
)  # fmt: skip
def test_bad_ideals_are_refused(options: Any, said: str) -> None:
    with pytest.raises(DeclarationError, match=said):
        methods.topsis([[1, 2], [3, 4]], [1, 1], [1, -1], **options)


def test_fixed_topsis_takes_the_house_scale_where_no_ideal_is_given() -> None:
    found = methods.topsis([[1, 0], [0.5, 0.5]], [1, 1], [1, -1], normalization="fixed")
    np.testing.assert_allclose(found, [1, 0.5])
    with pytest.raises(DataError, match=r"values 0\.\.1"):
        methods.topsis([[5, 0]], [1, 1], [1, -1], normalization="fixed")


# --- VIKOR ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["vikor-4x3-skcriteria", "vikor-advantage-without-stability",
             "site-vikor-drina-hydropower-w1", "site-vikor-drina-hydropower-w3"]
)  # fmt: skip
def test_published_vikor(name: str) -> None:
    given_, expected, within = case(name)
    found = methods.vikor(given_["matrix"], given_["weights"], given_["objectives"], v=given_["v"])
    for measure in ("s", "r", "q"):
        key = measure.upper()
        np.testing.assert_allclose(
            getattr(found, measure), expected[key], atol=within.get(key, within.get("all"))
        )
    assert found.acceptable_advantage == expected["acceptable_advantage"]
    assert found.acceptable_stability == expected["acceptable_stability"]
    assert {f"A{row + 1}" for row in found.compromise} == set(expected["compromise_set"])
    if "ranks_by_Q" in expected:
        ranks = methods.standing(found.q, lowest_first=True)
        assert ranks.tolist() == expected["ranks_by_Q"]


@dominance_is_no_matter
def test_vikor_equals_pymcdm() -> None:
    rng = np.random.default_rng(8)
    for _ in range(150):
        matrix, shares, objectives = problem(rng)
        v = float(rng.random())
        if len(matrix) > 2:
            other = theirs.VIKOR(v=v)(matrix, shares, objectives)
            found = methods.vikor(matrix, shares, objectives, v=v)
            np.testing.assert_allclose(found.q, other, atol=1e-9)


def slow_vikor(matrix: Floats, shares: Floats, objectives: Floats, v: float) -> list[list[float]]:
    """VIKOR in loops: pymcdm refuses constant columns and divides 0 by 0 where all are equal."""

    def share(x: float, low: float, high: float) -> float:
        return (x - low) / (high - low) if high > low else 0.0

    gaps = [
        [w * share(x, *sorted([c.min(), c.max()])) if o < 0 else w * share(-x, -c.max(), -c.min())
         for x, w, o, c in zip(row, shares, objectives, matrix.T, strict=True)]
        for row in matrix
    ]  # fmt: skip
    s, r = [sum(g) for g in gaps], [max(g) for g in gaps]
    s, r = [round(x, 13) for x in s], [round(x, 13) for x in r]
    q = [v * share(a, min(s), max(s)) + (1 - v) * share(b, min(r), max(r))
         for a, b in zip(s, r, strict=True)]  # fmt: skip
    return [s, r, q]


def test_vikor_with_ties_constants_and_single_alternatives() -> None:
    rng = np.random.default_rng(9)
    for kind in ("constant", "single", "ties") * 40:
        matrix, shares, objectives = problem(rng, kind)
        found = methods.vikor(matrix, shares, objectives)
        slow = slow_vikor(matrix, shares, objectives, 0.5)
        for mine, other in zip((found.s, found.r), slow[:2], strict=True):
            np.testing.assert_allclose(mine, other, atol=1e-9)
        np.testing.assert_allclose(found.q, slow[2], atol=1e-9)
        assert found.compromise[0] == found.q.argmin()


def test_vikor_of_equals_keeps_them_all() -> None:
    found = methods.vikor([[1, 2]] * 3, [1, 1], [1, 1])
    assert found.compromise == (0, 1, 2)
    assert not found.acceptable_advantage
    assert methods.vikor([[1, 2]], [1, 1], [1, 1]).compromise == (0,)


def test_what_differs_by_rounding_only_adds_nothing_to_vikor() -> None:
    rows = list(itertools.permutations((0.0, 0.1, 0.3, 1.0)))
    found = methods.vikor(rows, [1] * 4, [1] * 4)
    assert np.ptp(found.s) > 0
    assert found.q.tolist() == [0.0] * len(rows)
    assert found.compromise == tuple(range(len(rows)))
    for column in ([0.3, 0.1 + 0.2, 0.3], [3e5, 3e5 * (1 + 1e-15), 3e5]):
        matrix = np.column_stack([column, [1, 2, 3]])
        assert methods.vikor(matrix, [1, 1], [1, 1]).s.tolist() == [0.5, 0.25, 0.0]
        np.testing.assert_allclose(
            methods.topsis(matrix, [1, 1], [1, 1], normalization="minmax"), [0, 0.5, 1]
        )


def test_vikor_wants_v_between_0_and_1() -> None:
    with pytest.raises(DeclarationError, match=r"not 1\.5"):
        methods.vikor([[1, 2]], [1, 1], [1, 1], v=1.5)


# --- PROMETHEE -----------------------------------------------------------------------------------


def test_six_projects_of_brans() -> None:
    given_, expected, within = case("site-promethee-brans-hydropower")
    found = methods.promethee(
        given_["matrix"], given_["weights"], given_["objectives"], preference=given_["preference"]
    )
    np.testing.assert_allclose(
        found.indices, expected["preference_indices"], atol=within["preference_indices"]
    )
    for flow in ("plus", "minus", "net"):
        np.testing.assert_allclose(
            getattr(found, flow), expected[f"phi_{flow}"], atol=within["flows"]
        )
    assert methods.standing(found.net).tolist() == expected["promethee2_ranks"]
    assert (found.relations[4, [0, 1, 2, 3, 5]] == methods.BETTER).all()
    assert found.relations[1, 2] == found.relations[2, 1] == methods.INCOMPARABLE


def slow_preference(d: float, shape: str, q: float, p: float, s: float) -> float:
    """The table of Brans, Vincke and Mareschal (1986), read line by line."""
    if d <= 0:
        return 0.0
    lines = {
        "usual": 1.0,
        "u-shape": 1.0 if d > q else 0.0,
        "v-shape": d / p if d <= p else 1.0,
        "level": 0.0 if d <= q else 0.5 if d <= p else 1.0,
        "linear": 0.0 if d <= q else (d - q) / (p - q) if d <= p else 1.0,
        "gaussian": float(1 - np.exp(-d * d / (2 * s * s))),
    }
    return lines[shape]


def test_promethee_equals_its_definition() -> None:
    rng = np.random.default_rng(10)
    for kind in KINDS * 30:
        matrix, shares, objectives = problem(rng, kind)
        n, m = matrix.shape
        given_ = [(str(rng.choice(SHAPES)), 1.0, float(rng.integers(2, 50)), 3.0) for _ in range(m)]
        found = methods.promethee(matrix, shares, objectives, preference=given_)
        slow = np.array([
            [sum(w * slow_preference(o * (x - y), *g)
                 for w, o, x, y, g in zip(shares, objectives, a, b, given_, strict=True))
             for b in matrix] for a in matrix
        ])  # fmt: skip
        np.testing.assert_allclose(found.indices, slow, atol=1e-9)
        np.testing.assert_allclose(
            found.net, (slow.sum(1) - slow.sum(0)) / max(n - 1, 1), atol=1e-9
        )
        assert found.net.sum() == pytest.approx(0, abs=1e-9)


@dominance_is_no_matter
def test_promethee_equals_pymcdm() -> None:
    names = {"usual": "usual", "u-shape": "ushape", "v-shape": "vshape", "level": "level",
             "linear": "vshape_2"}  # fmt: skip
    rng = np.random.default_rng(11)
    for shape, kind in itertools.product(names, ("plain", "ties", "constant") * 10):
        matrix, shares, objectives = problem(rng, kind)
        m = len(shares)
        q, p = rng.random(m) + 0.5, rng.random(m) * 40 + 1.6
        given_ = [(shape, *thresholds, None) for thresholds in zip(q, p, strict=True)]
        found = methods.promethee(matrix, shares, objectives, preference=given_)
        other = theirs.PROMETHEE_II(names[shape], p=p, q=q)(matrix, shares, objectives)
        np.testing.assert_allclose(found.net, other, atol=1e-9)


def test_thresholds_are_not_crossed_by_rounding() -> None:
    found = methods.promethee([[8.6], [8.3]], [1], [1], preference=[("u-shape", 0.3, None, None)])
    assert found.indices.tolist() == [[0, 0], [0, 0]]


@pytest.mark.parametrize(
    ("preference", "said"),
    [
        ("steps", "criterion 1: .*shape one of usual, u-shape"),
        ("v-shape", "criterion 1: v-shape needs p"),
        ([("usual", None, None, None)], "2 preference functions are needed, 1 were given"),
        ([("usual",), ("usual",)], "criterion 1: .*is not"),
        ([("usual", None, None, None), ("linear", 5, 2, None)], "criterion 2: linear needs q, p"),
        ([("gaussian", None, None, 0), ("usual", None, None, None)], "criterion 1: gaussian needs"),
        ([("u-shape", -1, None, None), ("usual", None, None, None)], "criterion 1: u-shape needs"),
    ],
)
def test_bad_preference_functions_are_named(preference: Any, said: str) -> None:
    with pytest.raises(DeclarationError, match=said):
        methods.promethee([[1, 2], [3, 4]], [1, 1], [1, 1], preference=preference)


def test_all_bad_preference_functions_are_named_at_once() -> None:
    given_: Any = ["usual", ("usual",), (), ("linear", "wide", 1, None), ("v-shape", 0, 2, 0)]
    with pytest.raises(DeclarationError) as caught:
        methods.promethee(np.eye(5), np.ones(5), np.ones(5), preference=given_)
    assert [f.field for f in caught.value.faults] == [f"criterion {j}" for j in (1, 2, 3, 4)]
    assert "got q = wide, p = 1" in str(caught.value)


# --- ELECTRE III ---------------------------------------------------------------------------------


def test_schools_of_r_mcda() -> None:
    given_, expected, within = case("electre3-schools")
    found = methods.electre_iii(
        given_["matrix"], given_["weights"], given_["objectives"],
        q=given_["q"], p=given_["p"], v=given_["v"],
    )  # fmt: skip
    np.testing.assert_allclose(
        found.concordance, expected["concordance"], atol=within["concordance"]
    )
    assert found.discordance.sum() == pytest.approx(
        expected["discordance_sum"], abs=within["discordance_sum"]
    )
    assert found.credibility.sum() == pytest.approx(
        expected["credibility_sum"], abs=within["credibility_sum"]
    )
    # B and C outrank all, and cannot be told apart; D outranks A at 0.8125 against 0.25.
    assert found.descending.tolist() == found.ascending.tolist() == [3, 1, 1, 2]
    assert found.rank.tolist() == [4, 1, 1, 3]


def test_universities_of_the_python_mcda() -> None:
    given_, expected, within = case("electre3-universities")
    found = methods.electre_iii(
        given_["matrix"], given_["weights"], [1] * 4,
        q=given_["q"], p=given_["p"], v=given_["v"],
    )  # fmt: skip
    for key in ("concordance", "credibility"):
        np.testing.assert_allclose(getattr(found, key), expected[key], atol=within[key])
    # By hand: 5th outranks 1st, 2nd, 4th, 6th at level 0.716; then 1st outranks 2nd and 6th; then
    # 4th outranks 2nd at level 0.411; what is left cannot be told apart.
    assert found.descending.tolist() == [2, 4, 4, 3, 1, 4]
    # 2nd and 6th are outranked by two; then the 4th and 1st by one; nobody outranks the 3rd.
    assert found.ascending.tolist() == [3, 4, 2, 3, 1, 4]
    assert found.relations[0, 2] == found.relations[2, 0] == methods.INCOMPARABLE
    no_veto = methods.electre_iii(
        given_["matrix"], given_["weights"], [1] * 4,
        q=given_["q"], p=given_["p"], v=[None, NAN, np.inf, None],
    )  # fmt: skip
    np.testing.assert_allclose(no_veto.credibility, found.concordance, atol=1e-12)


def slow_credibility(
    matrix: Floats, shares: Floats, objectives: Floats, *, thresholds: Floats
) -> Floats:
    """Roy's credibility in loops, thresholds as rows q, p, v."""
    n = len(matrix)
    result = np.zeros((n, n))
    for a, b in itertools.product(range(n), repeat=2):
        agree, against = [], []
        for x, y, o, (q, p, v) in zip(matrix[a], matrix[b], objectives, thresholds.T, strict=True):
            behind = o * (y - x)
            agree.append(1.0 if behind <= q else 0.0 if behind >= p else (p - behind) / (p - q))
            against.append(0.0 if behind <= p else 1.0 if behind >= v else (behind - p) / (v - p))
        c = sum(w * x for w, x in zip(shares, agree, strict=True))
        result[a, b] = c
        for d in against:
            if d > c + 1e-15:
                result[a, b] *= (1 - d) / (1 - c)
    return result


def slow_distillation(table: Floats) -> list[set[int]]:
    """The descending distillation, set by set."""

    def s(x: float) -> float:
        return 0.3 - 0.15 * x

    left, classes = set(range(len(table))), []
    while left:
        group, level = set(left), None
        while len(group) > 1 and level != 0:
            pairs = [table[a, b] for a in group for b in group if a != b]
            start = max(pairs) if level is None else level
            level = max((x for x in pairs if x < start - s(start) - 1e-12), default=0)
            mark = {
                a: sum(
                    int(table[x, y] > level + 1e-12
                        and table[x, y] - table[y, x] > s(table[x, y]) + 1e-12) * sign
                    for b in group for x, y, sign in ((a, b, 1), (b, a, -1))
                )
                for a in group
            }  # fmt: skip
            group = {a for a in group if mark[a] == max(mark.values())}
        classes.append(group)
        left -= group
    return classes


def test_electre_equals_its_definition() -> None:
    rng = np.random.default_rng(12)
    for kind in KINDS * 30:
        matrix, shares, objectives = problem(rng, kind)
        thresholds = np.cumsum(rng.random((3, len(shares))) * (20 if kind != "ties" else 1), axis=0)
        q, p, v = thresholds
        found = methods.electre_iii(matrix, shares, objectives, q=q, p=p, v=v)
        slow = slow_credibility(matrix, shares, objectives, thresholds=thresholds)
        np.testing.assert_allclose(found.credibility, slow, atol=1e-9)
        classes = slow_distillation(found.credibility)
        expected = [next(k for k, c in enumerate(classes, 1) if a in c) for a in range(len(matrix))]
        assert found.descending.tolist() == expected
        # Taking the worst out first is taking the best out first with every arrow turned round.
        turned = methods.distillation(found.credibility.T)
        assert found.ascending.tolist() == (turned.max() + 1 - turned).tolist()


def test_an_alternative_better_by_far_everywhere_is_first() -> None:
    rng = np.random.default_rng(13)
    for _ in range(50):
        matrix, shares, _ = problem(rng)
        matrix[0] = 1000.0
        ones = np.ones(len(shares))
        found = methods.electre_iii(matrix, shares, ones, q=ones, p=ones * 2, v=ones * 500)
        assert found.rank[0] == 1
        assert (found.relations[0, 1:] == methods.BETTER).all()


@pytest.mark.parametrize("shares", [[0.7, 0.1, 0.2, 0], [0.1, 0.2, 0.7, 0], [6, 3, 1, 0]])
def test_the_order_of_criteria_does_not_make_a_veto(shares: list[float]) -> None:
    for order in itertools.permutations(range(4)):
        matrix = np.array([[1, 1, 1, 0], [0, 0, 0, 1]])[:, order]
        found = methods.electre_iii(
            matrix, np.array(shares)[list(order)], [1] * 4, q=[0.1] * 4, p=[0.2] * 4, v=[0.5] * 4
        )
        np.testing.assert_allclose(found.credibility, [[1, 1], [0, 1]], atol=1e-12)


def test_electre_thresholds_out_of_order_are_named() -> None:
    with pytest.raises(DeclarationError, match="criterion 2: thresholds must rise: q 3, p 2"):
        methods.electre_iii([[1, 2]], [1, 1], [1, 1], q=[0, 3], p=[1, 2], v=[9, 9])
    with pytest.raises(DeclarationError, match="2 thresholds of each kind"):
        methods.electre_iii([[1, 2]], [1, 1], [1, 1], q=[0, 1], p=[1, 2], v=[9])


# --- all of them ---------------------------------------------------------------------------------


def every(matrix: Any, shares: Any, objectives: Any) -> dict[str, Floats]:
    m = len(objectives)
    return {
        "topsis": methods.topsis(matrix, shares, objectives),
        "vikor": -methods.vikor(matrix, shares, objectives).q,
        "promethee": methods.promethee(matrix, shares, objectives).net,
        "electre": -methods.electre_iii(
            matrix, shares, objectives, q=[1] * m, p=[5] * m, v=[None] * m
        ).rank.astype(float),
    }


@given(st.integers(0, 10_000), st.sampled_from(KINDS))
def test_whoever_is_nowhere_worse_is_never_behind(seed: int, kind: str) -> None:
    rng = np.random.default_rng(seed)
    matrix, shares, objectives = problem(rng, kind)
    better = matrix[0] + objectives * rng.random(len(shares)) * 10
    for name, scores in every(np.vstack([matrix, better]), shares, objectives).items():
        assert scores[-1] >= scores[0] - 1e-9, name


@given(st.integers(0, 10_000))
def test_maximising_the_negative_is_minimising(seed: int) -> None:
    matrix, shares, objectives = problem(np.random.default_rng(seed))
    one = every(matrix, shares, objectives)
    other = every(matrix * objectives, shares, np.ones(len(shares)))
    for name, scores in one.items():
        np.testing.assert_allclose(scores, other[name], atol=1e-9, err_msg=name)


@pytest.mark.parametrize(
    "call",
    [
        lambda t: methods.weighted_mean(t, [1, 1]),
        lambda t: methods.weighted_geometric(t, [1, 1]),
        lambda t: methods.owa(t, [1, 1], alpha=2),
        lambda t: methods.topsis(t, [1, 1], [1, 1]),
        lambda t: methods.vikor(t, [1, 1], [1, 1]),
        lambda t: methods.promethee(t, [1, 1], [1, 1]),
        lambda t: methods.electre_iii(t, [1, 1], [1, 1], q=[0, 0], p=[1, 1], v=[9, 9]),
    ],
)
def test_every_unknown_reading_is_named(call: Any) -> None:
    with pytest.raises(DataError) as caught:
        call([[1, NAN], [2, 3], [None, 4]])
    assert [(f.row, f.field) for f in caught.value.faults] == [
        ("row 1", "column 2"), ("row 3", "column 1"),
    ]  # fmt: skip
    with pytest.raises(DataError, match="0: rail: nan is no finite number"):
        call(PerformanceTable.of([[1.0, NAN]], ["port", "rail"]))
    with pytest.raises(DataError, match="alternatives x criteria"):
        call(np.ones((2, 2, 2)))
    with pytest.raises(DeclarationError, match="3 weights are needed"):
        call([[1, 2, 3]])


def test_objectives_are_1_or_minus_1() -> None:
    with pytest.raises(DeclarationError, match="criterion 2: objective 2 is neither"):
        methods.topsis([[1, 2]], [1, 1], [1, 2])
    with pytest.raises(DeclarationError, match="2 objectives are needed, 1 were given"):
        methods.topsis([[1, 2]], [1, 1], [1])
