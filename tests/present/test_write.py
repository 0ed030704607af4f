"""The sets that are written: very many sites as one table, block by block."""

import dataclasses
import json
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from siteselect.base.errors import DataError
from siteselect.decide.score import EXCLUDED
from siteselect.present import columns, write
from siteselect.present.export import write_csv
from siteselect.study.question import Own, Question, ask, with_answers
from siteselect.study.run import decide
from siteselect.world.admit import LIMITS

AWKWARD = ('"a, ""b""\nc"', "=1+1", "کنگان", "")


@pytest.fixture(scope="module")
def question(tmp_path_factory: pytest.TempPathFactory) -> Question:
    """Forty sites in Khuzestan, most with awkward names."""
    path = tmp_path_factory.mktemp("many") / "own.csv"
    draw = np.random.default_rng(4)
    spots = np.column_stack([draw.uniform(48.6, 49.2, 40), draw.uniform(30.9, 31.4, 40)])
    rows = [f"S{n:02},{AWKWARD[n % 4]},{lon:.4f},{lat:.4f},{n + 1}" for n, (lon, lat)
            in enumerate(spots)]  # fmt: skip
    path.write_text("id,name,lon,lat,area_ha\n" + "\n".join(rows) + "\n", "utf-8")
    return ask(changes={"cell_m": 20_000.0, "trust": None}, own=Own(path, alone=True))


def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make forty sites very many, and a block of them seven."""
    monkeypatch.setattr(write, "LIMITS", dataclasses.replace(LIMITS, drawn_sites=10))
    monkeypatch.setattr(write, "BLOCK", 7)


@pytest.mark.slow
def test_blocks_say_what_the_whole_says(
    question: Question, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = decide(question)
    write_csv(columns.ranking(whole), tmp_path / "whole.csv")
    assert not write.too_many(question)
    few(monkeypatch)
    assert write.too_many(question)
    found = write.write_many(question, tmp_path / "out")
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {"ranking.csv", "excluded_by.csv", "fields.csv", "suitability.tif",
                     "manifest.json"}  # fmt: skip
    one, other = (
        pd.read_csv(path, encoding="utf-8-sig", dtype=str, keep_default_na=False)
        for path in (tmp_path / "whole.csv", tmp_path / "out" / "ranking.csv")
    )
    pd.testing.assert_frame_equal(one, other)
    rules = pd.read_csv(tmp_path / "out" / "excluded_by.csv", encoding="utf-8-sig")
    counts = columns.excluded_by(whole).frame
    assert rules["sites_excluded"].tolist() == counts["sites_excluded"].tolist()
    assert rules["sites_undetermined"].tolist() == counts["sites_undetermined"].tolist()
    assert found.candidates == 40
    assert found.ranked == int((whole.scores.rank > 0).sum())
    assert [row["rank"] for row in found.top] == list(range(1, 14))
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text("utf-8"))
    assert any("drawn_sites = 10" in text for text in manifest["warnings"])
    assert set(manifest["outputs"]) == names - {"manifest.json"}


@pytest.mark.slow
def test_answers_reach_every_block(
    question: Question, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scores = decide(question).scores
    rule = scores.constraint_ids.index("settlement")
    screens = [constraint.role == "screen" for constraint in question.criteria.constraints]
    alone = (scores.answers[screens] == EXCLUDED).sum(axis=0) == 1
    out = str(scores.place_ids[np.flatnonzero((scores.answers[rule] == EXCLUDED) & alone)[-1]])
    best = str(scores.place_ids[scores.rank == 1][0])
    register = tmp_path / "answers.csv"
    register.write_text(
        f"site,rule,authority,answer,date,reference\n{out},settlement,,granted,2026-03-01,1\n"
        f"{best},,IA-03,refused,2026-03-01,2\n"
    )
    heard = with_answers(question, register)
    whole = decide(heard)
    few(monkeypatch)
    found = write.write_many(heard, tmp_path / "out")
    assert found.ranked == int((whole.scores.rank > 0).sum())
    table = pd.read_csv(tmp_path / "out" / "ranking.csv", index_col="id", keep_default_na=False)
    assert table.loc[best, "excluded_by"] == "refused by IA-03"
    assert table.loc[out, "verdict"] != "excluded"
    assert any(words.startswith(f"{out}: settlement excludes by") for words in found.warnings)


class Gone(Executor):
    """Helpers who are gone before they have done anything."""

    def submit(self, *_: object, **__: object) -> "Future[Any]":  # type: ignore[override]
        future: Future[Any] = Future()
        future.set_exception(BrokenExecutor())
        return future


@pytest.mark.slow
def test_another_process_takes_a_share_and_nothing_differs(
    question: Question, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few(monkeypatch)
    alone = write.write_many(question, tmp_path / "alone")
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        for name, helper in (("shared", pool), ("left", Gone())):
            assert write.write_many(question, tmp_path / name, pool=helper) == alone
            for file in ("ranking.csv", "excluded_by.csv", "fields.csv", "suitability.tif"):
                one, other = (tmp_path / which / file for which in ("alone", name))
                assert one.read_bytes() == other.read_bytes()


@pytest.mark.slow
def test_a_table_that_does_not_read_back_is_not_left(
    question: Question, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few(monkeypatch)
    marks = iter(range(1000))
    monkeypatch.setattr(write.zlib, "crc32", lambda *_: next(marks))
    with pytest.raises(DataError, match=r"ranking\.csv: does not read back"):
        write.write_many(question, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_many_sites_that_change_in_use_are_not_written(
    question: Question, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few(monkeypatch)
    changed = dict.fromkeys(question.declarations, "0" * 64)
    with pytest.raises(DataError, match="changed while it was in use"):
        write.write_many(dataclasses.replace(question, declarations=changed), tmp_path / "out")
    assert list(tmp_path.iterdir()) == []
