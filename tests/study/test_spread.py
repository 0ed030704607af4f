"""How far the score of a cell moves under weights in doubt, from the study to the surface."""

from dataclasses import replace

import numpy as np
import pytest

from siteselect.decide.robustness import dirichlet_weights, score_under_doubt
from siteselect.decide.score import criterion_weights
from siteselect.declared.study import Trust
from siteselect.measure.measure import prepare
from siteselect.study.cells import surface_of
from siteselect.study.question import Question, ask
from tests.toy import criteria_set

TRUST = Trust(concentration=40.0)


def test_the_spread_is_that_of_drawn_weights() -> None:
    criteria = criteria_set()
    share = criterion_weights(criteria)
    values = np.array([[0.0, 0.5, 1.0], [0.7, 0.7, 0.7], [1.0, 0.0, 0.0]])
    _, spread = score_under_doubt(values, share, concentration=TRUST.concentration)
    drawn = dirichlet_weights(share, draws=40_000, seed=1, concentration=TRUST.concentration)
    assert spread == pytest.approx((drawn @ values.T).std(axis=0), rel=0.02, abs=1e-12)


def test_the_surface_carries_it_where_the_study_asks() -> None:
    coarse: dict[str, object] = {"cell_m": 8000.0, "provinces": ["IR-18"], "programme": None}
    question: Question = ask(changes=coarse)
    instruments = prepare(question.criteria, question.catalog, question.crs)
    asked = surface_of(question, instruments)
    bare = replace(question, study=question.study.model_copy(update={"trust": None}))
    unasked = surface_of(bare, instruments)
    assert unasked.spread is None
    assert asked.spread is not None
    inside = asked.grid.inside
    assert np.isnan(asked.spread[~inside]).all()
    assert (asked.spread[inside] > 0).all()
    assert asked.spread[inside].max() < 0.5 / np.sqrt(question.study.trust.concentration + 1) + 1e-6
    np.testing.assert_array_equal(asked.score, unasked.score)
