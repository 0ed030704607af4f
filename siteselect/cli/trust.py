"""The commands that say how far the ranking can be trusted: robustness and backtest."""

from collections.abc import Mapping
from dataclasses import replace
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from siteselect.base.errors import DataError, Fault
from siteselect.cli.door import RANKING, answer, json_option, progress, study_argument, table

if TYPE_CHECKING:
    from siteselect.present.tables import Table
    from siteselect.study.question import Question
    from siteselect.study.result import Result
    from siteselect.study.robustness import Found

MOVED = 3
CHANCE = (
    "AUC: the chance that a spot scores higher than a piece of ground; 0.5 is guessing. Plants"
    " nearer than 10 km to one another are one spot."
)
CAUTION = (
    "Plants stand where they were decided to be, and towns grow beside them: a criterion below 0.5"
    " is not wrong for that. So few spots prove little: read the intervals."
)


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


@click.command()
@study_argument
@json_option
def backtest(study: Path | None, *, as_json: bool) -> None:
    """Whether the criteria find the plants that stand, without being told of them."""
    from siteselect.study.question import ask
    from siteselect.study.robustness import find_plants

    question = ask(study, changes=RANKING)
    progress()("holding the criteria against the plants that run")
    found = find_plants(question)
    data, text = _tested(found), _test_told(question, found)
    answer("backtest", data, text, as_json=as_json, warnings=question.warnings)


def _tested(found: "Found") -> dict[str, Any]:
    def plain(test: Any) -> dict[str, Any]:
        low, high = (end if isfinite(end) else None for end in (test.low, test.high))
        best = {f"{share:g}": hit for share, hit in test.best.items()}
        return {"spots": test.spots, "auc": test.auc, "low": low, "high": high, "best": best}

    columns = ["id", "name_en", "name_fa", "province", "spot", "above"]
    plants = found.plants[columns].astype(object)
    return {
        "by": [
            {"layers_not_read": list(told), "criteria_left_out": list(left), **plain(test)}
            for told, left, test in zip(found.told, found.left, found.by, strict=True)
        ],
        "provinces": {iso: plain(test) for iso, test in found.provinces.items()},
        "alone": {name: plain(test) for name, test in found.alone.items()},
        "plants": plants.where(plants.notna(), None).to_dict("records"),
    }


def _test_told(question: "Question", found: "Found") -> str:
    provinces = question.catalog.features("provinces", question.crs)
    names = dict(zip(provinces["iso"], provinces["name_en"], strict=True))
    judged = ["all criteria", *(f"none that reads {', '.join(told)}" for told in found.told[1:])]
    judged += [f"the same within {names[iso]}" for iso in found.provinces]
    tests = dict(zip(judged, (*found.by, *found.provinces.values()), strict=True))
    titles = {c.id: c.titles.en for c in question.criteria.criteria}
    left = [
        f"  {', '.join(told)}: {', '.join(titles[name] for name in names)}"
        for told, names in zip(found.told[1:], found.left[1:], strict=True)
    ]
    alone = sorted(found.alone.items(), key=lambda item: -item[1].auc)
    count = f"{len(found.plants)} plants run in the study area, at {found.by[0].spots} spots."
    return "\n".join(
        [
            f"{count} {CHANCE}",
            "",
            _tests("judged by", tests),
            "",
            "left out, for they read where the plants are or what was built for them:",
            *left,
            "",
            _tests("criterion alone", {titles[name]: test for name, test in alone}),
            "",
            _spots(found),
            "",
            CAUTION,
        ]
    )


def _tests(what: str, tests: Mapping[str, Any]) -> str:
    one = next(iter(tests.values()))
    best = [f"in best {share:.0%}" for share in one.best]
    heads = [what, "AUC", f"{one.level:.0%} interval", *best]
    rows = [
        [name, f"{test.auc:.2f}",
         f"{test.low:.2f} to {test.high:.2f}" if test.spots > 1 else "one spot",
         *(f"{hit:.0%}" for hit in test.best.values())]
        for name, test in tests.items()
    ]  # fmt: skip
    return table(rows, heads)


def _spots(found: "Found") -> str:
    spots = found.plants.groupby("spot").agg(
        above=("above", "mean"), plants=("id", "size"), first=("name_en", "first")
    )
    rows = [
        [f"{spot.above:.0%}", str(spot.plants), spot.first]
        for spot in spots.sort_values("above", ascending=False).itertuples()
    ]
    return table(rows, ["outranks", "plants", "the first of them"])
