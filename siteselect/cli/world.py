"""Commands on the data: what there is, and what is wrong with a file."""

from pathlib import Path

import click

from siteselect.base.errors import DataError, Fault
from siteselect.cli.door import answer, json_option, table
from siteselect.declared.sources import Source

# Those of `siteselect.world.checks`, which is slow to load.
KINDS = ("sites", "provinces", "estates", "ports", "pipelines", "feedstock", "dem", "raster")


def _sources() -> dict[str, Source]:
    from siteselect.study.project import open_catalog

    return dict(open_catalog().sources)


@click.group()
def data() -> None:
    """What data there are; check a file of your own."""


@data.command("list")
@json_option
def list_sources(*, as_json: bool) -> None:
    """Every entry of the catalogue."""
    sources = list(_sources().values())
    rows = [
        [s.id, s.kind, s.source_kind, f"{s.position_accuracy_km:g}", s.coverage, s.titles.en]
        for s in sources
    ]
    headings = ["id", "kind", "source", "accuracy km", "coverage", "title"]
    found = [
        s.model_dump(mode="json", include={"id", "titles", "kind", "coverage"}) for s in sources
    ]
    answer("data list", found, table(rows, headings), as_json=as_json)


@data.command()
@click.argument("source_id", metavar="ID")
@json_option
def show(source_id: str, *, as_json: bool) -> None:
    """All that the catalogue says of one entry."""
    from siteselect.study.project import open_catalog

    source = open_catalog().source(source_id)
    shown = source.model_dump(mode="json", exclude={"columns"}, exclude_defaults=True)
    lines = [f"{key:22}{value}" for key, value in shown.items()]
    wide = max(map(len, source.columns), default=0)
    lines += [f"column {name:{wide}}  {c.type} {c.unit}" for name, c in source.columns.items()]
    answer("data show", source.model_dump(mode="json"), "\n".join(lines), as_json=as_json)


@data.command()
@json_option
def sources(*, as_json: bool) -> None:
    """Licence and attribution of each file, as they must be printed."""
    found = {
        s.file: {"licence": s.licence, "attribution": s.attribution} for s in _sources().values()
    }
    text = "\n".join(f"{file}\n  {e['licence']}\n  {e['attribution']}" for file, e in found.items())
    answer("data sources", found, text, as_json=as_json)


@data.command()
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--as", "kind", type=click.Choice(KINDS), help="What FILE is.")
@click.option("--crs", help="CRS of a file that does not say.")
@click.option("--encoding", help="Encoding of a text file that is not UTF-8.")
@click.option("--layer", help="Layer or sheet of a file that holds several.")
@json_option
def check(file: Path | None, kind: str | None, *, as_json: bool, **told: str | None) -> None:
    """Check FILE, or without one everything in the catalogue: every fault at once."""
    from siteselect.study import gate

    if file is not None and kind is not None:
        gate.look(file)
    # Slow to load; what can be refused without it was refused above.
    from siteselect.study.project import check_catalog, check_own

    if file is None:
        rows, warnings = check_catalog()
        name = "catalogue"
    elif kind is None:
        raise click.UsageError("say what FILE is with --as")
    else:
        rows, warnings = check_own(file, kind, **told)
        name = str(file)
    text = f"{name}: {rows} rows, no faults"
    answer("data check", {"file": name, "rows": rows}, text, as_json=as_json, warnings=warnings)


@data.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--as", "kind", required=True, help="What FILE is: sites.")
@click.option("--study", type=click.Path(path_type=Path), required=True, help="Study to put it in.")
@click.option("--crs", help="CRS of a file that does not say.")
@click.option("--encoding", help="Encoding of a text file that is not UTF-8.")
@click.option("--layer", help="Layer or sheet of a file that holds several.")
@json_option
def import_file(file: Path, kind: str, study: Path, *, as_json: bool, **told: str | None) -> None:
    """Check FILE and put a clean copy beside STUDY, which then names it."""
    from siteselect.study.project import import_sites

    if kind != "sites":
        raise DataError("only sites can be imported; other layers are changed in data/catalog.yaml")
    repairs: list[Fault] = []
    copy = import_sites(file, study, warnings=repairs, **told)
    answer("data import", {"file": str(copy)}, f"{study} now reads {copy}", as_json=as_json,
           warnings=tuple(map(str, repairs)))  # fmt: skip
