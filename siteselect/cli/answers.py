"""Commands that answer: explain, diff, verify."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from siteselect.base.errors import CheckFailed
from siteselect.cli.door import (
    RANKING,
    answer,
    answers_option,
    json_option,
    progress,
    table,
    unheard,
)

if TYPE_CHECKING:
    from siteselect.study.compare import Difference
    from siteselect.study.explain import Explanation

FOLDER = click.Path(path_type=Path, file_okay=False)
STUDY = click.Path(path_type=Path)


class Where(click.ParamType[str | tuple[float, float]]):
    """A site's id, or longitude and latitude separated by a comma."""

    name = "where"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> str | tuple[float, float]:
        """Two numbers as a point, anything else as an id.

        Parameters
        ----------
        value : str
            As it was typed.
        param, ctx
            As click gives them, for its messages.

        Returns
        -------
        str or tuple of (float, float)
        """
        parts = str(value).split(",")
        try:
            lon, lat = (float(part) for part in parts)
        except ValueError:
            return str(value)
        if not (-180 <= lon <= 180 and -90 <= lat <= 90):
            self.fail(f"{value} is no longitude and latitude in degrees", param, ctx)
        return lon, lat


@click.command()
@click.argument("where", metavar="SITE|LON,LAT", type=Where())
@click.option("--study", type=STUDY, help="Study file; the bundled study if none is given.")
@click.option("-k", "--list-length", "k", type=click.IntRange(1), default=13, show_default=True,
              help="Length of the list that the place is held against.")  # fmt: skip
@click.option("--lang", type=click.Choice(["en", "fa"]), default="en", help="Language of the text.")
@answers_option
@json_option
def explain(
    where: str | tuple[float, float],
    study: Path | None,
    *,
    k: int,
    lang: str,
    heard: Path | None,
    as_json: bool,
) -> None:
    """Why, why not here, and the least change that would put it on the list."""
    from siteselect.study import explain as explaining
    from siteselect.study.question import ask, with_answers

    question = ask(study, changes={**RANKING, **unheard(heard)})
    question = question if heard is None else with_answers(question, heard)
    item, result = explaining.ask_why(question, where, k=k, progress=progress())
    data, text = explaining.as_data(item), _told(item, lang)
    answer("explain", data, text, as_json=as_json, warnings=result.warnings)


def _told(item: "Explanation", lang: str) -> str:
    rows = [
        [a.answer, a.constraint.id, a.constraint.role,
         _limit(a.constraint.limit, a.constraint.unit),
         _reading(a.reading, a.lower, a.upper), a.constraint.status, a.constraint.authority]
        for a in item.rules
        if a.answer != "not asked"
    ]  # fmt: skip
    head = f"{item.place_id}  {item.name}" if item.name != item.place_id else item.place_id
    figures = (
        f"score {item.score:.4f} ({item.score_low:.3f} to {item.score_high:.3f}),"
        f" rank {item.rank or 'none'}, {item.known:.0%} of the weight has data"
    )
    bars = [
        [
            s.criterion_id,
            f"{s.contribution:.4f}",
            f"{s.possible:.4f}",
            f"{round(value, 6) + 0.0:.5g} {unit}",
        ]
        for s in item.contributions.steps
        for name, value, unit in item.performances
        if name == s.criterion_id
    ]
    return "\n".join(
        [head, figures, *item.answers[lang], "", *item.text[lang], "",
         table(bars, ["criterion", "contribution", "of", "reading"]), "",
         table(rows, ["answer", "rule", "role", "limit", "reading", "status", "authority"])]
    )  # fmt: skip


def _limit(limit: float | None, unit: str) -> str:
    return "-" if limit is None else f"{limit:g} {unit}"


def _reading(reading: float, lower: float, upper: float) -> str:
    if reading != reading:  # noqa: PLR0124 - NaN is the one number that differs from itself
        return "-"
    return f"{reading:.4g} [{lower:.4g}, {upper:.4g}]"


@click.command()
@click.argument("run_a", type=FOLDER)
@click.argument("run_b", type=FOLDER)
@click.option("--exit-code", is_flag=True, help="Exit with 6 if anything changed.")
@json_option
def diff(run_a: Path, run_b: Path, *, exit_code: bool, as_json: bool) -> None:
    """What changed from RUN_A to RUN_B, in words, with causes."""
    from dataclasses import asdict

    from siteselect.study.compare import Run
    from siteselect.study.compare import diff as compare

    found = compare(Run.read(run_a), Run.read(run_b))
    differ = exit_code and any(asdict(found).values())
    answer("diff", asdict(found), _changes(found), as_json=as_json, ok=not differ)
    if differ:
        raise CheckFailed("the runs differ")


def _refusal(found: "Difference", name: str) -> str:
    """Who has refused a site, where somebody has since the first run."""
    rules = next((item.rules for item in found.moved if item.site_id == name), ())
    refused = [words for words in rules if words.startswith("refused by")]
    return f", {'; '.join(refused)}" if refused else ""


def _changes(found: "Difference") -> str:
    lines = [*found.declared]
    for words, ids in (
        ("new candidate", found.came),
        ("no longer a candidate", found.went),
        ("came onto the list", found.onto_list),
        ("left the list", found.off_list),
    ):
        lines += [f"{words}: {name}{_refusal(found, name)}" for name in ids]
    for item in found.moved:
        place = f"{item.site_id} {item.name}"
        rank = f"rank {item.rank_before or 'none'} to {item.rank_after or 'none'}"
        lines.append(f"{place}: score {item.score_change:+.4f}, {rank}")
        lines += [f"    {cause.share:+.4f}  {cause.words}" for cause in item.causes]
        lines += [f"    {words}" for words in item.rules]
    for park in found.parks:
        verb = "came into" if park.came else "left"
        lines.append(f"{park.site_id} {park.name} {verb} the chosen parks")
        lines += [f"    {words}" for words in park.causes]
    lines += found.chain
    return "\n".join(lines or ["nothing changed"])


@click.command()
@click.argument("folder", type=FOLDER)
@json_option
def verify(folder: Path, *, as_json: bool) -> None:
    """Hash the inputs and outputs of a run again."""
    from siteselect.study.compare import verify as hold

    held, broken, unchecked = hold(folder)
    lines = [f"ok      {words}" for words in held] + [f"-       {words}" for words in unchecked]
    lines += [f"BROKEN  {words}" for words in broken]
    data = {"held": list(held), "broken": list(broken), "unchecked": list(unchecked)}
    answer("verify", data, "\n".join(lines), as_json=as_json, ok=not broken)
    if broken:
        raise CheckFailed(broken)
