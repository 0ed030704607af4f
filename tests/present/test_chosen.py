"""The tables of the chosen parks say what the portfolio says."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyogrio
import pytest

from siteselect.present import chosen, export
from siteselect.study.result import Result
from tests.real import result
from tests.toy import toy_result


@pytest.fixture(scope="module")
def found() -> Result:
    """The coarse study, with its parks."""
    return result()


@pytest.fixture(scope="module")
def folder(found: Result, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its exports."""
    out = tmp_path_factory.mktemp("exports")
    export.write(found, out)
    return out


def test_the_ranking_marks_the_chosen_parks(found: Result, folder: Path) -> None:
    ranking = pd.read_csv(folder / "ranking.csv", index_col="id")
    assert found.portfolio is not None
    picks = {pick.id: pick.park_type for pick in found.portfolio.picks}
    marked = ranking[ranking["in_portfolio"] == 1]
    assert set(marked.index) == set(picks)
    assert (marked["park_type"] == pd.Series(picks)[marked.index]).all()
    assert set(ranking["in_portfolio"]) == {0, 1}


def test_the_table_of_parks_is_the_portfolio(found: Result, folder: Path) -> None:
    table = pd.read_csv(folder / "portfolio.csv")
    assert found.portfolio is not None
    assert table["id"].tolist() == [pick.id for pick in found.portfolio.picks]
    total = found.portfolio.total + found.portfolio.burden
    assert table["score"].sum() == pytest.approx(total)
    known = [i.loss for i in found.portfolio.importance if np.isfinite(i.loss)]
    assert table["loss_without"].sum() == pytest.approx(sum(known))
    assert table.loc[table["kind"] == "estate", "inquiry"].str.contains("free").all()


def test_a_park_that_the_own_criteria_do_not_rank_has_no_rank(found: Result) -> None:
    assert found.portfolio is not None
    first = found.portfolio.picks[0].id
    names = np.array(found.scores.place_ids)
    scores = replace(found.scores, rank=np.where(names == first, 0, found.scores.rank))
    table = chosen.picks(replace(found, scores=scores)).frame
    assert table["rank"].dtype == "Int64"
    assert table.loc[table["id"] == first, "rank"].isna().all()
    assert (table.loc[table["id"] != first, "rank"] > 0).all()


def test_curve_rules_and_alternatives_are_written(found: Result, folder: Path) -> None:
    assert found.portfolio is not None
    curve = pd.read_csv(folder / "portfolio_curve.csv")
    assert (curve[["existing", "extensions", "greenfield"]].sum(axis=1) == 13).all()
    assert curve["total"].is_monotonic_decreasing
    rules = pd.read_csv(folder / "portfolio_rules.csv")
    assert (rules["cost"] >= 0).all()
    others = pd.read_csv(folder / "portfolio_alternatives.csv")
    assert len(others) == len(found.portfolio.alternatives)
    assert (others["ids"].str.split("; ").map(len) == 13).all()


def test_the_best_of_those_left_out_say_what_they_would_cost(found: Result, folder: Path) -> None:
    assert found.portfolio is not None
    table = pd.read_csv(folder / "portfolio_left_out.csv", keep_default_na=False)
    others = found.portfolio.left_out
    assert table["id"].tolist() == [other.id for other in others]
    assert len(others) > 0
    for (_, row), other in zip(table.iterrows(), others, strict=True):
        held = np.isfinite(other.loss)
        assert row["kept_out_by"] == (
            "existing_first" if other.by_policy else "" if held else "rules"
        )
        assert (float(row["loss_with"]) if held else row["loss_with"]) == (
            pytest.approx(other.loss) if held else ""
        )


def test_the_layer_of_parks_stands_at_the_sites(folder: Path) -> None:
    parks = pyogrio.read_dataframe(folder / "sites.gpkg", layer="portfolio").set_index("id")
    sites = pyogrio.read_dataframe(folder / "sites.gpkg", layer="sites").set_index("id")
    assert len(parks) == 13
    assert parks.geometry.geom_equals(sites.geometry.loc[parks.index]).all()


def test_without_parks_there_are_no_tables_and_no_columns() -> None:
    assert chosen.tables(toy_result()) == {}
    assert chosen.ranking_columns(toy_result()) == ()
    assert len(chosen.picks(toy_result()).frame) == 0


def test_the_table_of_inquiries_has_every_park_with_its_bodies(found: Result, folder: Path) -> None:
    table = pd.read_csv(folder / "inquiries.csv", keep_default_na=False)
    assert found.portfolio is not None
    picks = {pick.id: pick.park_type for pick in found.portfolio.picks}
    assert dict(zip(table["id"], table["park_type"], strict=True)) == picks
    for _, rows in table.groupby("id"):
        assert {"IA-02", "IA-03", "IA-24"} <= set(rows["authority_id"])
        assert (rows["licensor"] == 1).any()
    # What is not known is empty, and never none.
    assert (table["days"] == "").any()
    assert (table.loc[table["days"] != "", "days"].astype(int) > 0).all()
    assert set(table["status"]) == {"pending"}
    told = table.loc[table["siting_rules"] != "", "legal_basis"]
    assert (told != "").all()
    fields = pd.read_csv(folder / "fields.csv")
    assert fields.loc[fields["table"] == "inquiries.csv", "name"].tolist() == table.columns.tolist()
