"""The criteria are held against plants that stand, by those that are not told of them."""

from dataclasses import replace

import networkx as nx
import numpy as np
import pytest
import shapely

from siteselect.base.errors import DataError
from siteselect.decide.score import score
from siteselect.measure.measure import layers_of, prepare, read
from siteselect.study import robustness
from siteselect.study.cells import surface_of
from siteselect.study.robustness import SPOT_KM, TOLD, Found, find_plants
from siteselect.world.sites import places
from tests import real

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def found() -> Found:
    return find_plants(real.question())


def test_the_plants_are_those_that_run_in_the_study_area(found: Found) -> None:
    table = real.question().catalog.table("feedstock")
    runs = (table["kind"] == "petrochemical_complex") & (table["status"] == "operating")
    here = table["province"].isin(real.question().study.provinces)
    assert set(found.plants["id"]) == set(table["id"][runs & here])


def test_a_spot_is_a_chain_of_near_plants(found: Found) -> None:
    geometry = found.plants.geometry.to_numpy()
    metres = shapely.distance(geometry[:, None], geometry)
    graph = nx.from_numpy_array(metres <= SPOT_KM * 1000)
    chains = {frozenset(chain) for chain in nx.connected_components(graph)}
    spots = found.plants.groupby("spot").indices.values()
    assert {frozenset(spot.tolist()) for spot in spots} == chains
    assert found.by[0].spots == len(chains)


def test_no_criterion_that_is_kept_reads_what_knows_the_plants(found: Found) -> None:
    criteria = real.question().criteria.criteria
    for told, left in zip(found.told, found.left, strict=True):
        reads = {c.id for c in criteria if {*layers_of(c.measure)} & {*told}}
        assert set(left) == reads
    assert found.told == ((), *TOLD)
    assert set(found.alone) == {c.id for c in criteria} - set(found.left[-1])


def test_the_score_is_that_of_the_law(found: Found) -> None:
    question = real.question()
    study = question.study.model_copy(update={"cell_m": 5000.0})
    criteria = question.criteria.model_copy(update={"constraints": ()})
    question = replace(question, study=study, criteria=criteria)
    ready = prepare(criteria, question.catalog, question.crs)
    ground = surface_of(question, ready).score
    ground = ground[~np.isnan(ground)]
    stand = places(found.plants, 5000.0, question.landmasses)
    scores = score(read(ready, stand), criteria, kinds=stand.kinds.tolist()).score
    above = [np.mean((s > ground) + 0.5 * (s == ground)) for s in scores]
    by_spot = found.plants.assign(by_all=above).groupby("spot")["by_all"].mean()
    assert found.by[0].auc == pytest.approx(by_spot.mean(), abs=1e-9)


def test_a_province_without_plants_is_refused() -> None:
    with pytest.raises(DataError, match="no plant runs in the study area"):
        find_plants(real.question(("IR-11",)))


def test_criteria_that_all_know_the_plants_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    question = real.question()
    every = {name for c in question.criteria.criteria for name in layers_of(c.measure)}
    monkeypatch.setattr(robustness, "TOLD", (tuple(sorted(every)),))
    with pytest.raises(DataError, match="every criterion is told"):
        find_plants(question)
