"""Commands that plan: portfolio."""

from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import click

from siteselect.base.errors import NoSolution
from siteselect.cli.door import (
    answer,
    answers_option,
    json_option,
    progress,
    study_argument,
    table,
    unheard,
)


@click.command()
@study_argument
@click.option("--programme", type=click.Path(path_type=Path), help="Programme instead of the"
              " study's.")  # fmt: skip
@click.option(
    "--without",
    multiple=True,
    metavar="SOURCE",
    help="Leave out a source of feedstock, by the beginning of its id; may be given again.",
)
@click.option("-k", type=click.IntRange(1), help="How many parks, instead of the programme's.")
@click.option("--lang", type=click.Choice(["en", "fa"]), default="en", help="Language of the text.")
@answers_option
@json_option
def portfolio(
    study: Path | None,
    programme: Path | None,
    *,
    k: int | None,
    lang: Literal["en", "fa"],
    as_json: bool,
    **options: Any,
) -> None:
    """The best set of parks, proven, with the price of each rule and the alternatives."""
    from siteselect.study.parks import as_data, story
    from siteselect.study.question import ask, with_answers
    from siteselect.study.run import decide

    without, heard = options["without"], options["heard"]
    asked = ask(study, programme=programme, k=k, changes=unheard(heard))
    question = replace(asked, without=without)
    question = question if heard is None else with_answers(question, heard)
    result = decide(question, progress=progress())
    if result.portfolio is None:
        lines = [w for w in result.warnings if w.startswith("no parks can be chosen")]
        raise NoSolution(lines or ["the study names no programme; give --programme"])
    data = as_data(result) | {"chain": result.manifest["chain"]}
    rows = [
        [pick["id"], pick["park_type"], f"{pick['score']:.3f}", pick["rung"], pick["province"],
         "-" if pick["probability"] is None else f"{pick['probability']:.2f}", pick["name_en"]]
        for pick in data["picks"]
    ]  # fmt: skip
    headings = ["id", "type", "score", "rung", "province", "chosen in draws", "name"]
    text = "\n".join([*story(result, language=lang), "", table(rows, headings)])
    # What the story says need not be said twice to a reader.
    said = () if as_json else story(result, language="en")
    warnings = tuple(words for words in result.warnings if words not in said)
    answer("portfolio", data, text, as_json=as_json, warnings=warnings)
