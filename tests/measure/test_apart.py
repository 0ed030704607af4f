"""Windows judged in other processes: the same marks, whoever judges, and whoever is killed."""

import os
import signal
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from siteselect.declared.criteria import named
from siteselect.measure import tiles
from siteselect.measure.measure import prepare
from siteselect.study.question import ask
from siteselect.world.places import Surface
from siteselect.world.store import Store

PROVINCES = ("IR-18",)


def field(folder: Path) -> tiles.Field:
    """One province on a coarse grid of several windows."""
    criteria = named("sulphur")
    question = ask(criteria=criteria, changes={"programme": None})
    job = tiles.Job(
        catalog=str(question.catalog.folder),
        criteria=criteria.model_dump_json(),
        crs=question.crs.to_wkt(),
        provinces=PROVINCES,
        cell_m=900.0,
        concentration=60.0,
        store=Store(folder),
    )
    ready = prepare(criteria, question.catalog, question.crs)
    return tiles.Field.of(job, question.catalog, criteria=criteria, instruments=ready)


@pytest.fixture(scope="module")
def truth(tmp_path_factory: pytest.TempPathFactory) -> Surface:
    return tiles.surface(field(tmp_path_factory.mktemp("truth")))


def same(found: Surface, truth: Surface) -> None:
    for name in ("score", "known", "verdict", "spread"):
        assert getattr(found, name).tobytes() == getattr(truth, name).tobytes(), name
    assert found.excluded_km2 == truth.excluded_km2
    assert found.undetermined_km2 == truth.undetermined_km2


def test_processes_judge_as_threads_do(tmp_path: Path, truth: Surface) -> None:
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        same(tiles.surface(field(tmp_path), pool=pool), truth)
    assert Store(tmp_path).entries()


class Doomed(ProcessPoolExecutor):
    """A pool whose processes are killed when the third window is asked for."""

    def submit(self, *args: Any, **kwargs: Any) -> Any:
        self.asked = getattr(self, "asked", 0) + 1
        if self.asked == 3:
            for process in list(self._processes.values()):
                os.kill(process.pid, signal.SIGKILL)
        return super().submit(*args, **kwargs)


def test_killed_processes_cost_time_and_no_results(tmp_path: Path, truth: Surface) -> None:
    with Doomed(2, mp_context=get_context("spawn")) as pool:
        same(tiles.surface(field(tmp_path), pool=pool), truth)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    distributed = pytest.importorskip("distributed")
    import dask

    settings = {"distributed.worker.daemon": False, "distributed.admin.tick.limit": "1h"}
    with (
        dask.config.set(settings),
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
        ) as found,
    ):
        yield found


def executor(cluster: Any) -> Executor:
    from distributed import Client

    return Client(cluster).get_executor(pure=False)


@pytest.mark.slow
def test_a_dask_cluster_judges_as_threads_do(tmp_path: Path, truth: Surface, cluster: Any) -> None:
    same(tiles.surface(field(tmp_path), pool=executor(cluster)), truth)


@pytest.mark.slow
def test_a_killed_worker_of_a_cluster_costs_time_and_no_results(
    tmp_path: Path, truth: Surface, cluster: Any
) -> None:
    pool = executor(cluster)
    judged = tiles.judged(field(tmp_path), pool=pool)
    found = [next(judged)]
    os.kill(next(iter(cluster.workers.values())).pid, signal.SIGKILL)
    found += list(judged)
    scores = np.concatenate([marks.weighed[0] for _, marks in found])
    every = truth.score[truth.verdict >= 0]
    np.testing.assert_array_equal(np.sort(scores), np.sort(every))
