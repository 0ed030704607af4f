"""The command that says how sure the ranking is: robustness."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from siteselect.base.errors import DataError, Fault
from siteselect.cli.door import answer, json_option, progress, study_argument, table

if TYPE_CHECKING:
    from siteselect.present.tables import Table
    from siteselect.study.result import Result

MOVED = 3


@click.command()
@study_argument
@json_option
def robustness(study: Path | None, *, as_json: bool) -> None:
    """How sure the ranking of STUDY is: chances, rank intervals, what drives and what turns it.

    A study that does not say what is in doubt is drawn with the usual doubts.
    """
    from siteselect.declared.study import Trust
    from siteselect.study.question import ask
    from siteselect.study.run import decide

    # Parks are not asked for here, and take their time.
    question = ask(study, changes={"programme": None})
    if question.study.trust is None:
        declared = question.study.model_copy(update={"trust": Trust()})
        question = replace(question, study=declared)
    result = decide(question, progress=progress())
    if result.robustness is None:
        raise DataError(Fault("fewer than two sites have a rank", file=question.study.id))
    answer("robustness", _data(result), _told(result), as_json=as_json, warnings=result.warnings)


def _data(result: "Result") -> dict[str, Any]:
    from siteselect.present import trust

    found = result.robustness
    assert found is not None  # noqa: S101 - the command has seen to it
    names = {"robustness.csv": "sites", "drivers.csv": "drivers", "flips.csv": "flips",
             "levers.csv": "levers"}  # fmt: skip
    tables = {names[name]: _records(table) for name, table in trust.tables(result).items()}
    return {"list_length": found.ranks.k, "drawn": list(found.ranks.sources), **tables}


def _records(table: "Table") -> list[dict[str, Any]]:
    """Rows as plain data: none where nothing is known, ``inf`` where nothing turns an order."""
    frame = table.frame.astype(object)
    rows = frame.where(frame.notna(), None).replace({float("inf"): "inf"})
    return [{str(name): cell for name, cell in row.items()} for row in rows.to_dict("records")]


def _told(result: "Result") -> str:
    found, trust = result.robustness, result.study.trust
    assert found is not None  # noqa: S101 - the command has seen to it
    assert trust is not None  # noqa: S101 - nothing is found that was not asked
    k, frame = found.ranks.k, result.sites
    rows = [
        [str(row["rank"]), row["id"], f"{row['prob_top_k']:.0%}",
         f"{row['rank_low']:.0f} to {row['rank_high']:.0f}", row["name_en"]]
        for row in frame[(frame["rank"] > 0) & (frame["rank"] <= k)].to_dict("records")
    ]  # fmt: skip
    heads = ["rank", "id", f"P(first {k})", f"rank, {trust.level:.0%} interval", "name"]
    drawn = ", ".join(found.ranks.sources) or "nothing"
    return "\n".join(
        [f"{trust.draws:,} draws of {drawn} together, seed {result.study.seed}", "",
         table(rows, heads), "",
         _driven(result, "who is on the list", "list"),
         _driven(result, "the ranks of all sites", "ranks"),
         "(alone, then with what it does together with the others)", "", *_edge(result)]
    )  # fmt: skip


def _driven(result: "Result", what: str, of: str) -> str:
    """What moves an outcome, the strongest source first."""
    from siteselect.present import trust

    frame = trust.tables(result)["drivers.csv"].frame
    first, total = frame[f"first_{of}"].clip(lower=0), frame[f"total_{of}"].clip(lower=0)
    parts = [
        f"{frame['source'][i]} {first[i]:.0%} to {total[i]:.0%}"
        for i in total[total > 0].sort_values(ascending=False, kind="stable").index
    ]
    return f"what moves {what}: {', '.join(parts) or 'nothing that is drawn'}"


def _edge(result: "Result") -> list[str]:
    """The edge of the list in words."""
    found, scores = result.robustness, result.scores
    assert found is not None  # noqa: S101 - the command has seen to it
    edge, flip = found.flips.edge, found.flips.edge_flip
    if edge is None or flip is None:
        return ["no change of weights turns the edge of the list"]
    change = flip.weights - scores.weights
    order = change.argsort(kind="stable")
    names = [c.titles.en for c in result.criteria.criteria]
    less = [names[j] for j in order[:MOVED] if change[j] < 0]
    more = [names[j] for j in order[::-1][:MOVED] if change[j] > 0]
    inside, outside = (f"{scores.place_ids[i]} (rank {scores.rank[i]})" for i in edge)
    return [
        f"moving {flip.points:.2g} percentage points of weight turns the edge of the list:",
        f"  {outside} overtakes {inside}",
        f"  most of it from: {'; '.join(less)}",
        f"  most of it to:   {'; '.join(more)}",
    ]
