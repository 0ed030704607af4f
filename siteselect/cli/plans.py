"""Commands that plan: portfolio."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from siteselect.base.errors import NoSolution
from siteselect.cli.door import answer, json_option, progress, study_argument, table

if TYPE_CHECKING:
    from siteselect.plan.portfolio import Portfolio


@click.command()
@study_argument
@click.option("--programme", type=click.Path(path_type=Path), help="Programme instead of the"
              " study's.")  # fmt: skip
@click.option("-k", type=click.IntRange(1), help="How many parks, instead of the programme's.")
@click.option("--lang", type=click.Choice(["en", "fa"]), default="en", help="Language of the text.")
@json_option
def portfolio(
    study: Path | None, programme: Path | None, *, k: int | None, lang: str, as_json: bool
) -> None:
    """The best set of parks, proven, with the price of each rule and the alternatives."""
    from siteselect.study.parks import story
    from siteselect.study.run import ask, decide

    question = ask(study, programme=programme, k=k)
    result = decide(question, progress=progress())
    if result.portfolio is None:
        lines = [w for w in result.warnings if w.startswith("no parks can be chosen")]
        raise NoSolution(lines or ["the study names no programme; give --programme"])
    text = "\n".join([*story(result, language=lang), "", _picks(result.portfolio, result)])
    answer("portfolio", _data(result.portfolio), text, as_json=as_json)


def _picks(found: "Portfolio", result: Any) -> str:
    frame = result.sites.set_index("id")
    rows = [
        [pick.id, pick.park_type, f"{pick.score:.3f}", pick.rung, pick.province,
         f"{frame.loc[pick.id].get('prob_in_portfolio', float('nan')):.2f}",
         str(frame.loc[pick.id, "name_en"])]
        for pick in found.picks
    ]  # fmt: skip
    return table(rows, ["id", "type", "score", "rung", "province", "chosen in draws", "name"])


def _data(found: "Portfolio") -> dict[str, Any]:
    from dataclasses import asdict

    return {
        "picks": [asdict(pick) for pick in found.picks],
        "total": found.total,
        "bound": found.bound,
        "gap": found.gap,
        "best_total": found.best_total,
        "price_of_existing_first": found.price,
        "tolerance": found.tolerance,
        "curve": [asdict(step) for step in found.curve],
        "rules": [{"rule": p.rule, "title": p.titles.en, "cost": p.cost} for p in found.prices],
        "alternatives": [asdict(other) for other in found.alternatives],
        "importance": [
            {**asdict(item), "loss": item.loss if item.loss != float("inf") else None}
            for item in found.importance
        ],
        "inquiries": [{"site": site, "question": titles.en} for site, titles in found.inquiries],
    }
