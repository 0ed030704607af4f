"""Answers fed back, on the real data: what they move, what they do not, and that it is told."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from siteselect.base.errors import DataError
from siteselect.decide.score import EXCLUDED
from siteselect.present import write
from siteselect.study.compare import Run, diff, verify
from siteselect.study.explain import of_site
from siteselect.study.parks import asks_of
from siteselect.study.question import Question, ask, with_answers
from siteselect.study.result import Result
from siteselect.study.run import decide
from tests.real import question, result

HEAD = "site,rule,authority,answer,date,reference,note"


def heard(folder: Path, *rows: str, asked: Question | None = None) -> Question:
    path = folder / "answers.csv"
    path.write_text("\n".join([HEAD, *rows]) + "\n", encoding="utf-8")
    return with_answers(asked or question(), path)


@cache
def picks() -> Mapping[str, str]:
    """The chosen parks of the coarse study, with their types."""
    chosen = result().portfolio
    assert chosen is not None
    return {pick.id: pick.park_type for pick in chosen.picks}


@pytest.fixture(scope="module")
def answered(tmp_path_factory: pytest.TempPathFactory) -> Result:
    """The coarse study with two of its parks refused, by a rule and by a body of none."""
    one, other, third, *_ = picks()
    return decide(
        heard(
            tmp_path_factory.mktemp("register"),
            f"{one},regulation_1390,IA-02,refused,2026-03-01,140/1,",
            f"{other},,IA-03,refused,2026-03-02,140/2,outside the plan",
            f"{third},eia,IA-02,conditional,2026-03-03,140/3,",
            f"{third},,IA-03,pending,,,asked in March",
        )
    )


def test_refused_parks_are_never_chosen_again(answered: Result) -> None:
    one, other, *_ = picks()
    chosen = answered.portfolio
    assert chosen is not None
    assert {one, other}.isdisjoint(pick.id for pick in chosen.picks)
    assert len(chosen.picks) == len(picks())
    sites = answered.sites.set_index("id")
    assert (sites.loc[[one, other], "verdict"] == EXCLUDED).all()
    assert (sites.loc[[one, other], "rank"] == 0).all()
    for scores in answered.chain.scores.values() if answered.chain else ():
        at = np.isin(scores.place_ids.astype(str), [one, other])
        assert (scores.verdict[at] == EXCLUDED).all()


def test_no_other_site_moves(answered: Result) -> None:
    one, other, *_ = picks()
    before, after = result().scores, answered.scores
    rest = ~np.isin(before.place_ids.astype(str), [one, other])
    np.testing.assert_array_equal(before.score, after.score)
    np.testing.assert_array_equal(before.verdict[rest], after.verdict[rest])
    np.testing.assert_array_equal(before.answers[:, rest], after.answers[:, rest])


def test_why_is_told_wherever_the_verdict_is(answered: Result) -> None:
    one, other, *_ = picks()
    item = of_site(answered, other)
    assert item.change.blocked_by[-1] == "refused by IA-03"
    assert "outside the plan" in item.answers["en"][0]
    assert item.answers["fa"][0].startswith("مخالفت شورای برنامه‌ریزی")
    assert any("مخالفت IA-03" in line for line in item.text["fa"])
    rule = next(a for a in of_site(answered, one).rules if a.constraint.id == "regulation_1390")
    assert (rule.answer, rule.measured) == ("excluded", "open")
    assert rule.given[0].reference == "140/1"
    assert "answers of authorities: 2 refused, 1 conditional, 1 pending" in answered.warnings


def test_the_files_of_a_run_tell_the_answers_and_the_diff_their_cause(
    answered: Result, tmp_path: Path
) -> None:
    one, other, third, *_ = picks()
    write.write(result(), tmp_path / "before")
    write.write(answered, tmp_path / "after")
    ranking = pd.read_csv(tmp_path / "after" / "ranking.csv", keep_default_na=False, index_col="id")
    assert ranking.loc[one, "excluded_by"].split("; ")[-1] == "regulation_1390"
    assert "regulation_1390" not in ranking.loc[one, "open_rules"].split("; ")
    assert ranking.loc[other, "excluded_by"].split("; ")[-1] == "refused by IA-03"
    assert "reference 140/2" in ranking.loc[other, "answers"]
    asks = pd.read_csv(tmp_path / "after" / "inquiries.csv", keep_default_na=False)
    waiting = asks[(asks["id"] == third) & (asks["rule"] == "eia")]
    assert waiting["status"].tolist() == ["conditional"]
    found = diff(Run.read(tmp_path / "before"), Run.read(tmp_path / "after"))
    causes = {park.site_id: park.causes for park in found.parks}
    assert "refused by Department of Environment" in causes[one][0]
    assert "refused by Provincial Planning" in causes[other][0]
    assert "declaration answers.csv is in one run only" in found.declared
    _, broken, unchecked = verify(tmp_path / "after")
    assert broken == ()
    assert "declaration answers.csv is not bundled, not checked" in unchecked
    # A finished run keeps what it was told, so that it can be drawn again without the register.
    held = (tmp_path / "after" / "ranking.csv").read_bytes()
    write.redraw(tmp_path / "after")
    assert (tmp_path / "after" / "ranking.csv").read_bytes() == held
    assert diff(Run.read(tmp_path / "after"), Run.read(tmp_path / "after")).moved == ()


def test_a_granted_rule_settles_it_and_lifts_what_was_measured(tmp_path: Path) -> None:
    scores, criteria = result().scores, result().criteria
    rules = {rule.id: rule for rule in criteria.constraints}
    rows, columns = np.nonzero(scores.answers == EXCLUDED)
    rule, place = next(
        (scores.constraint_ids[row], column)
        for row, column in zip(rows, columns, strict=True)
        if rules[scores.constraint_ids[row]].role == "screen"
        and rules[scores.constraint_ids[row]].authority != "none"
        and (scores.answers[:, column] == EXCLUDED).sum() == 1
    )
    site = str(scores.place_ids[place])
    found = decide(heard(tmp_path, f"{site},{rule},,granted,2026-03-01,9,"))
    assert found.scores.verdict[place] < EXCLUDED
    assert found.scores.rank[place] > 0
    assert any(f"{site}: {rule} excludes by measurement and is lifted" in w for w in found.warnings)
    (asked,) = (a for a in asks_of(found, [site])[site] if a.rule and a.rule.id == rule)
    assert (asked.answer, asked.status, asked.waits) == ("eligible", "granted", False)


def test_sites_that_can_be_no_candidate_are_refused_and_absent_ones_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="did you mean 'IE-BUS-0"):
        heard(tmp_path, "IE-BUS-16,eia,,granted,2026-03-01,9,")
    known = heard(tmp_path, "GF-06-9999+9999,eia,,granted,2026-03-01,9,")
    assert known.settled == (("GF-06-9999+9999", "eia", "granted"),)
    found = decide(replace(known, programme=None, types=()))
    assert any(w.endswith("change nothing: GF-06-9999+9999") for w in found.warnings)
    np.testing.assert_array_equal(found.scores.rank, result().scores.rank)


def test_a_study_names_its_register_beside_it(tmp_path: Path) -> None:
    (tmp_path / "answers.csv").write_text(f"{HEAD}\nIE-BUS-016,eia,,refused,2026-03-01,9,\n")
    study = question().study.model_copy(update={"answers": "answers.csv", "programme": None})
    path = tmp_path / "study.yaml"
    path.write_text(study.model_dump_json(exclude_none=True), encoding="utf-8")
    asked = ask(path)
    assert asked.settled == (("IE-BUS-016", "eia", "refused"),)
    assert tmp_path / "answers.csv" in asked.declarations
