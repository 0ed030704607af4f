"""The value chain in tables and as a Sankey: what stands there is what was found."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.patches import PathPatch
from matplotlib.text import Text

from siteselect.plan.allocation import Allocation
from siteselect.plan.units import Diagnosis, Idle
from siteselect.present import export, supply
from siteselect.present.drawn import figures, paper, sankey
from siteselect.present.maps import flows
from siteselect.study.result import ChainPlan
from tests.real import result
from tests.toy import toy_result


def plan() -> tuple[ChainPlan, Allocation]:
    found = result().chain
    assert found is not None
    assert found.allocation is not None
    return found, found.allocation


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("supply")
    for name, table in supply.tables(result()).items():
        export.write_csv(table, out / name)
    return out


@pytest.fixture
def style() -> Iterator[None]:
    with paper.style():
        yield


def test_what_flows_to_a_park_is_what_it_takes(folder: Path) -> None:
    arriving = pd.read_csv(folder / "chain_flows.csv", encoding="utf-8-sig")
    parks = pd.read_csv(folder / "chain_parks.csv", encoding="utf-8-sig")
    arrived = arriving.groupby(["destination", "material"])["kt_y"].sum()
    takes = parks[parks["direction"] == "takes"].set_index(["id", "material"])["kt_y"]
    assert set(arrived.index) == set(takes.index)
    for key, kt_y in takes.items():
        assert arrived[key] == pytest.approx(kt_y, abs=1e-3), key


def test_the_balance_closes_in_the_table(folder: Path) -> None:
    balance = pd.read_csv(folder / "chain_balance.csv", encoding="utf-8-sig")
    spent = balance[["own_use", "bought", "parks", "raw_with"]].sum(axis=1)
    assert (spent - balance["available"]).abs().max() <= 1e-6 * balance["available"].sum()
    assert (balance["raw_with"] <= balance["raw_without"] + 1e-9).all()
    assert set(balance["figures"]) <= {"found", "recalled"}
    assert balance["parks"].is_monotonic_decreasing


def test_every_column_is_in_the_dictionary_of_fields() -> None:
    from siteselect.present import columns

    ranking = columns.ranking(result())
    fields = columns.fields(result(), ranking, columns.layers(result(), ranking)).frame
    told = set(zip(fields["table"], fields["name"], strict=True))
    for name, table in supply.tables(result()).items():
        assert {(name, column.name) for column in table.columns} <= told
    assert fields["source"].ne("").all()
    scored = fields[fields["name"].isin(["score", "total", "loss", "cost", "loss_with"])]
    assert set(scored["unit"]) == {"score"}


def test_a_run_without_types_has_no_tables_of_the_chain(tmp_path: Path) -> None:
    plain = toy_result(12)
    assert supply.tables(plain) == {}
    assert figures.write(plain, tmp_path) == ()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("style")
def test_bands_are_as_wide_as_they_flow() -> None:
    whole, found = plan()
    links = sankey.links(found)
    takes = sum(sum(park.takes.values()) for park in found.parks)
    assert sum(links.values()) == pytest.approx(takes, rel=1e-6)
    for language in ("en", "fa"):
        drawn = sankey.draw(result(), whole, found, tongue=paper.Tongue(language))
        FigureCanvasAgg(drawn).draw()
        bands = [patch for patch in drawn.axes[0].patches if isinstance(patch, PathPatch)]
        merged = sankey._merged(links)
        assert len(bands) == len(merged)
        widths = [float(b.get_path().vertices[7, 1] - b.get_path().vertices[0, 1]) for b in bands]
        assert sorted(w / max(widths) for w in widths) == pytest.approx(
            sorted(kt_y / max(merged.values()) for kt_y in merged.values())
        )


@pytest.mark.usefixtures("style")
@pytest.mark.parametrize("language", ["en", "fa"])
def test_names_keep_within_the_sheet_and_off_each_other(language: str) -> None:
    whole, found = plan()
    drawn = sankey.draw(result(), whole, found, tongue=paper.Tongue(language))
    canvas = FigureCanvasAgg(drawn)
    canvas.draw()
    boxes = [t.get_window_extent(canvas.get_renderer()) for t in drawn.axes[0].findobj(Text)
             if t.get_text().strip("\u200f ")]  # fmt: skip
    width = drawn.get_figwidth() * paper.DPI
    for index, box in enumerate(boxes):
        assert box.x0 >= 0
        assert box.x1 <= width
        for other in boxes[index + 1 :]:
            assert not box.overlaps(other)


def test_flows_are_lines_that_end_at_their_park() -> None:
    found, allocation = plan()
    lines = supply.lines(result())
    assert lines is not None
    assert len(lines) == len([f for f in allocation.flows if f.origin != "outside"])
    places = result().sites.set_index("id")
    for line, park in zip(lines.geometry, lines["destination"], strict=True):
        assert line.coords[-1] == pytest.approx(
            (places["lon"][park], places["lat"][park]), abs=0.01
        )
    sources = {s.source: s for s in found.market.supplies}
    assert {name for name in lines["origin"] if name in sources}
    assert supply.lines(toy_result(8)) is None


def test_openings_and_idle_capacity_are_tables(tmp_path: Path) -> None:
    found, _ = plan()
    table = supply.tables(result())["chain_openings.csv"]
    assert len(table.frame) == len(found.openings) > 50
    assert table.frame["rank"].tolist() == list(range(1, len(found.openings) + 1))
    kinds = result().sites.set_index("id")["kind"]
    assert set(kinds.loc[table.frame["site"]]) <= {"estate", "special_zone"}
    assert (table.frame["idle"] == "no register of units is at hand").all()
    assert table.frame["sources"].str.len().min() > 0
    assert "chain_idle.csv" not in supply.tables(result())
    export.write_csv(table, tmp_path / "chain_openings.csv")
    idle = Idle("IE-KHZ-012", "pe_pipe", ("U1",), 5000.0, 1000.0, 4000.0, ("liquidity",))
    ailing = Diagnosis({"below_30": 1}, (("liquidity", 1),), (idle,), synthetic=True)
    marked = replace(result(), chain=replace(found, diagnosis=ailing))
    row = supply.tables(marked)["chain_idle.csv"].frame.iloc[0]
    assert (row["id"], row["revivable"], row["register"]) == ("IE-KHZ-012", 4000.0, "synthetic")
    data = flows.flows(marked)
    assert data is not None
    assert data["synthetic"] is True
    [(site, material, t_y)] = data["idle"]
    assert result().pool.frame["id"].iloc[site] == "IE-KHZ-012"
    assert data["materials"][material]["en"] == "PE pipe"
    assert t_y == 4000
    assert len(data["openings"]) == len(found.openings)
