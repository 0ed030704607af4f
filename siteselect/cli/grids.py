"""Commands on cells: a surface alone, and the store of what was measured."""

import os
from pathlib import Path
from typing import Any

import click

from siteselect.cli.door import answer, json_option, progress

FILE = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.argument("criterion", required=False)
@click.option("--out", type=FILE, required=True, help="GeoTIFF to write.")
@click.option("--study", type=click.Path(path_type=Path), help="A study; the bundled one if none.")
@click.option("--provinces", help="ISO codes, separated by commas, instead of the study's.")
@click.option("--park-type", help="Criteria of this park type instead of the study's.")
@click.option("--cell", "cell_m", type=float, help="Side of a grid cell, metres.")
@click.option("--jobs", type=click.IntRange(1, 1024), help="Threads that measure.")
@click.option("--cluster", metavar="ADDRESS", help="Dask scheduler whose workers measure.")
@click.option("--force", is_flag=True, help="Replace a file that is of a run, or not of this"
              " program.")  # fmt: skip
@json_option
def surface(criterion: str | None, out: Path, **options: Any) -> None:
    """Write the readings of CRITERION in every cell; without it, score, known share and verdict.

    No grid is too large: cells are measured and written window by window, and a long work that was
    broken off goes on where it stood.
    """
    from siteselect.present import rasters

    force, as_json, jobs, cluster = (
        options.pop(key) for key in ("force", "as_json", "jobs", "cluster")
    )
    # A link stays, and what it points to is replaced.
    out = Path(os.path.realpath(out)) if out.is_symlink() else out
    rasters.replaceable(out, force=force)
    # Slow to load; a file that cannot be written was refused above.
    from siteselect.cli.runs import changes_of
    from siteselect.study.cells import helpers
    from siteselect.study.question import ask

    study = options.pop("study")
    chosen = changes_of(seed=None, no_robustness=True, **options)
    # What chooses parks is no part of a surface.
    chosen["changes"] |= {"programme": None, "committee": None, "units": None, "own_sites": None}
    question = ask(study, **chosen)
    with helpers(jobs=jobs, cluster=cluster) as pool:
        told = rasters.write(question, out, criterion=criterion, pool=pool, progress=progress())
    answer("surface", told, f"{out}: {told['cells']:,} cells of {told['cell_m']:g} m",
           as_json=as_json, warnings=question.warnings)  # fmt: skip


@click.command()
@click.option("--clear", is_flag=True, help="Drop everything.")
@json_option
def cache(*, clear: bool, as_json: bool) -> None:
    """What was measured and decided and is kept for the next run: where, how much; or drop it."""
    from siteselect.study.cells import kept

    told = kept(clear=clear)
    words = "off (SITESELECT_CACHE=off)"
    if told["folder"] is not None:
        words = "{files:,} files, {bytes:,} of at most {limit_bytes:,} bytes in {folder}".format(
            **told
        )
    if clear:
        words += f"; {told['dropped']:,} files dropped"
    answer("cache", told, words, as_json=as_json)
