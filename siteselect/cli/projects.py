"""Commands on what people write: init, doctor, criteria, check."""

import json
from pathlib import Path

import click

from siteselect.base.errors import CheckFailed
from siteselect.cli.door import answer, json_option, study_argument, table


@click.command()
@click.argument("folder", default=".", type=click.Path(path_type=Path, file_okay=False))
@json_option
def init(folder: Path, *, as_json: bool) -> None:
    """Make a study to edit in FOLDER: study.yaml, criteria/, a table for own sites."""
    from siteselect.study import project

    made = project.init(folder)
    lines = [f"made {folder / name}" for name in made]
    answer("init", {"files": list(made)}, "\n".join(lines), as_json=as_json)


@click.command()
@json_option
def doctor(*, as_json: bool) -> None:
    """Versions, data hashes, agreement of the libraries, a write probe."""
    from siteselect.study import project

    health = project.doctor()
    lines = [f"{name:18}{version}" for name, version in health.versions]
    lines += [f"ok      {words}" for words in health.passed]
    lines += [f"FAILED  {words}" for words in health.failed]
    data = {
        "versions": dict(health.versions),
        "passed": list(health.passed),
        "failed": list(health.failed),
    }
    answer("doctor", data, "\n".join(lines), as_json=as_json, ok=not health.failed)
    if health.failed:
        raise CheckFailed(health.failed)


@click.command()
@study_argument
@json_option
def check(study: Path | None, *, as_json: bool) -> None:
    """Hold STUDY against the data: every fault at once, nothing measured."""
    from siteselect.study import project

    warnings = project.check(study)
    name = str(study or "the bundled study")
    answer("check", {"study": name}, f"{name}: no faults", as_json=as_json, warnings=warnings)


@click.group()
def criteria() -> None:
    """The criteria of a park type; check a file of your own."""


@criteria.command("list")
@json_option
def list_types(*, as_json: bool) -> None:
    """Park types whose criteria are bundled."""
    from siteselect.base import files
    from siteselect.declared.criteria import park_types

    found = park_types(files.home() / "criteria")
    rows = [[c.id, c.titles.en, str(len(c.criteria)), str(len(c.constraints))] for c in found]
    data = [{"id": c.id, "titles": c.titles.model_dump()} for c in found]
    answer(
        "criteria list", data, table(rows, ["type", "title", "criteria", "rules"]), as_json=as_json
    )


@criteria.command()
@click.argument("park_type", metavar="TYPE")
@json_option
def show(park_type: str, *, as_json: bool) -> None:
    """Weights, units, knots and evidence of a park type, and its rules."""
    from siteselect.declared.criteria import named
    from siteselect.study.project import weights_of

    chosen = named(park_type)
    shares = weights_of(chosen).values()
    rows = [
        [c.id, f"{share:.4f}", c.unit, " ".join(f"{a:g}:{b:g}" for a, b in c.knots), c.titles.en]
        for c, share in zip(chosen.criteria, shares, strict=True)
    ]
    rules = [[c.id, c.role, f"{c.limit if c.limit is not None else '-'}", c.status, c.titles.en]
             for c in chosen.constraints]  # fmt: skip
    text = table(rows, ["criterion", "weight", "unit", "knots", "title"])
    text += "\n\n" + table(rules, ["rule", "role", "limit", "status", "title"])
    answer("criteria show", chosen.model_dump(mode="json"), text, as_json=as_json)


@criteria.command("check")
@click.argument("file", type=click.Path(path_type=Path))
@json_option
def check_file(file: Path, *, as_json: bool) -> None:
    """Read FILE as a criteria set: every fault with its line."""
    from siteselect.declared.criteria import read_criteria

    found = read_criteria(file)
    text = f"{file}: {len(found.criteria)} criteria, {len(found.constraints)} rules, no faults"
    answer("criteria check", {"file": str(file), "id": found.id}, text, as_json=as_json)


@criteria.command()
@json_option
def schema(*, as_json: bool) -> None:
    """The JSON schema of a criteria file, for editors."""
    from siteselect.declared.criteria import CriteriaSet

    found = CriteriaSet.model_json_schema()
    text = json.dumps(found, ensure_ascii=False, indent=1)
    answer("criteria schema", found, text, as_json=as_json)
