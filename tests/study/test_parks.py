"""Robustness and parks on the real data."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from siteselect.base.frozen import to_text
from siteselect.declared.study import Trust
from siteselect.study import chain, parks, robustness
from siteselect.study.parks import story
from siteselect.study.question import ask
from siteselect.study.result import Result
from siteselect.study.run import decide
from tests.real import COARSE_M

TRUST = {"draws": 1000, "relative_error": {"feed_supply": 0.35}}


@cache
def drawn() -> Result:
    """The coarse study with a thousand draws."""
    return decide(ask(changes={"cell_m": COARSE_M, "trust": TRUST}))


def test_probabilities_and_intervals_hold_together() -> None:
    sites = drawn().sites
    ranked = sites[sites["rank"] > 0]
    assert ranked["prob_top_k"].sum() == pytest.approx(13)
    assert (ranked["rank_low"] <= ranked["rank_high"]).all()
    assert sites.loc[sites["rank"] == 0, ["prob_top_k", "rank_low"]].isna().all(axis=None)
    top, tail = ranked.head(13)["prob_top_k"], ranked.tail(100)["prob_top_k"]
    assert top.mean() > 10 * tail.mean()


def decided(result: Result) -> tuple[str, str, str]:
    """What was drawn and chosen, to the last bit."""
    allocation = None if result.chain is None else result.chain.allocation
    return to_text(result.robustness), to_text(result.portfolio), to_text(allocation)


@pytest.mark.parametrize("types", ["declared", "open"])
def test_what_was_decided_before_is_told_again(types: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = ask(changes={"cell_m": COARSE_M, "trust": TRUST})
    if types == "open":
        assert asked.programme is not None
        open_types = asked.programme.model_copy(update={"park_types": {}})
        asked = replace(asked, programme=open_types, types=())
    first = decide(asked)

    def again(*_: object, **__: object) -> None:
        raise AssertionError("worked out again")

    for room, name in ((chain, "allocate"), (parks, "choose"), (robustness, "_drawn")):
        monkeypatch.setattr(room, name, again)
    assert decided(decide(asked)) == decided(first)
    # Each of these would change the answer, so none of them is told what was found for another.
    study = asked.study
    assert study.trust is not None
    assert asked.programme is not None
    fewer = asked.programme.model_copy(update={"k": asked.programme.k - 1})
    for other in (
        replace(asked, study=study.model_copy(update={"seed": study.seed + 1})),
        replace(asked, study=study.model_copy(update={"trust": Trust(draws=999)})),
        replace(asked, programme=fewer),
    ):
        with pytest.raises(AssertionError, match="worked out again"):
            decide(other)


def test_the_sources_of_doubt_are_told_apart() -> None:
    trust = drawn().robustness
    assert trust is not None
    assert trust.drivers.sources == ("weights", "method", "data", "position")
    assert (trust.drivers.ranks.total >= trust.drivers.ranks.first - 0.05).all()
    assert trust.drivers.ranks.first.sum() <= 1.05
    assert trust.levers.shape == (len(drawn().criteria.criteria), 2)
    assert (trust.levers >= 0).all()


def test_thirteen_parks_keep_the_programme_and_are_proven() -> None:
    found = drawn()
    chosen = found.portfolio
    assert chosen is not None
    assert len(chosen.picks) == 13
    assert chosen.gap <= 1e-3
    assert chosen.price <= chosen.tolerance * chosen.best_total + 1e-9
    sites = found.sites.set_index("id")
    picks = sites.loc[[pick.id for pick in chosen.picks]]
    assert (picks["verdict"] < 2).all()
    assert picks["in_portfolio"].all()
    assert sites["in_portfolio"].sum() == 13
    per_province = picks.groupby("province").size()
    assert set(per_province.index) == {"IR-06", "IR-11", "IR-18", "IR-22"}
    assert per_province.max() <= 6
    assert sites["prob_in_portfolio"].between(0, 1).all()


def test_parks_keep_their_distance_by_nominal_position() -> None:
    chosen = drawn().portfolio
    assert chosen is not None
    frame = drawn().pool.frame.set_index("id")
    points = frame.loc[[pick.id for pick in chosen.picks]].geometry.representative_point()
    for one, a in points.items():
        for other, b in points.items():
            assert one == other or a.distance(b) == 0.0 or a.distance(b) >= 20_000 - 1e-6


def test_the_story_is_told_in_both_languages() -> None:
    english, persian = (story(drawn(), language=lang) for lang in ("en", "fa"))
    assert len(english) == len(persian)
    assert english[0].startswith("13 parks are chosen")
    assert "۱۳ پارک" in persian[0]


def test_an_impossible_programme_leaves_the_ranking_and_says_why() -> None:
    found = decide(ask(changes={"cell_m": 20000.0, "trust": None}, k=90))
    assert found.portfolio is None
    assert any(w.startswith("no parks can be chosen") for w in found.warnings)
    refused = [note for note in found.trouble if note.en.startswith("no parks can be chosen")]
    assert refused
    assert all(note.en in found.warnings for note in found.trouble)
    assert "درست ۹۰ پارک" in refused[0].fa + refused[-1].fa
    assert (found.sites["rank"] == 1).any()


def test_the_lattice_reads_as_the_surface_does() -> None:
    lattice = drawn().lattice
    assert lattice is not None
    assert lattice.values.shape == (len(lattice.cells), len(drawn().criteria.criteria))
    known = lattice.values[~np.isnan(lattice.values)]
    assert ((known >= 0) & (known <= 1)).all()
