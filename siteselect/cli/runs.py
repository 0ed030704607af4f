"""Commands that measure: run, sites, score, map, export, report."""

import os
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from multiprocessing import active_children, get_context, parent_process
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

import click

from siteselect.cli.door import (
    RANKING,
    answer,
    answers_option,
    asked_as,
    json_option,
    progress,
    span,
    study_argument,
    table,
    unheard,
)

if TYPE_CHECKING:
    from concurrent.futures import Executor
    from multiprocessing.process import BaseProcess

    from siteselect.study.question import Question
    from siteselect.study.result import Result

FOLDER = click.Path(path_type=Path, file_okay=False)
LISTED = 13
# What says where to write, who works and how it is told, but nothing of the answer.
UNTOLD = ("out", "force", "jobs", "cluster", "dry_run", "as_json")
LEAVING = (signal.SIGINT, signal.SIGTERM)


@click.command()
@study_argument
@click.option("--out", type=FOLDER, required=True, help="Folder for the outputs.")
@click.option("--provinces", help="ISO codes, separated by commas, instead of the study's.")
@click.option("--park-type", help="Criteria of this park type instead of the study's.")
@click.option("--cell", "cell_m", type=float, help="Side of a grid cell, metres.")
@click.option("--seed", type=int, help="Seed of every random draw.")
@click.option(
    "--without",
    multiple=True,
    metavar="SOURCE",
    help="Leave out a source of feedstock, by the beginning of its id; may be given again.",
)
@answers_option
@click.option("--no-robustness", is_flag=True, help="Leave the draws of robustness out.")
@click.option("--jobs", type=click.IntRange(1, 1024), help="Threads that measure.")
@click.option("--cluster", metavar="ADDRESS", help="Dask scheduler whose workers measure.")
@click.option("-n", "--dry-run", is_flag=True, help="Say what would be read and written; no more.")
@click.option("--force", is_flag=True, help="Replace a folder that is not of a run, or holds more.")
@json_option
def run(study: Path | None, out: Path, **options: Any) -> None:
    """Everything in one go: measure, score, rank, and write tables, layers and the map."""
    from siteselect.base import files

    dry, force, as_json = (options.pop(key) for key in ("dry_run", "force", "as_json"))
    without, heard = options.pop("without"), options.pop("heard")
    if not dry:
        files.writable(out, force=force)
    # Slow to load; a folder that cannot be written was refused above.
    from siteselect.present import write
    from siteselect.study.cells import helpers
    from siteselect.study.question import ask, with_answers
    from siteselect.study.run import decide

    jobs, cluster = options.pop("jobs"), options.pop("cluster")
    asked = changes_of(**options)
    asked["changes"] |= unheard(heard)
    question = replace(ask(study, **asked), without=without, command=asked_as(but=UNTOLD))
    question = question if heard is None else with_answers(question, heard)
    if dry:
        plan = _plan(question, out)
        answer("run", plan, _plan_text(plan), as_json=as_json)
        return
    tell = progress()
    with helpers(jobs=jobs, cluster=cluster) as pool:
        result = decide(question, pool=pool, progress=tell)
    missing = write.write(result, out, force=force, progress=tell)
    text = f"{summary(result)}\n\nwritten to {out}: open {out / 'map.html'}"
    warnings = (*result.warnings, *missing)
    answer("run", summary_data(result), text, as_json=as_json, warnings=warnings)


def changes_of(
    *,
    provinces: str | None,
    park_type: str | None,
    cell_m: float | None,
    seed: int | None,
    no_robustness: bool,
) -> dict[str, Any]:
    """What options of a command change of a study, as `siteselect.study.question.ask` takes it.

    Parameters
    ----------
    provinces, park_type, cell_m, seed, no_robustness
        As the options give them; None if not given.

    Returns
    -------
    dict
        ``changes`` and ``criteria``.

    Examples
    --------
    >>> changes_of(provinces="IR-06", park_type=None, cell_m=None, seed=7, no_robustness=False)
    {'changes': {'provinces': ('IR-06',), 'seed': 7}, 'criteria': None}
    """
    changes: dict[str, Any] = {}
    if provinces:
        changes["provinces"] = tuple(code.strip() for code in provinces.split(","))
    if cell_m is not None:
        changes["cell_m"] = cell_m
    if seed is not None:
        changes["seed"] = seed
    if no_robustness:
        changes["trust"] = None
    return {"changes": changes, "criteria": park_type}


def _plan(question: "Question", out: Path) -> dict[str, Any]:
    from siteselect.study.cells import grid_of
    from siteselect.study.run import inputs_of

    grid = grid_of(question)
    return {
        "declarations": [path.name for path in question.declarations],
        "reads": list(inputs_of(question)),
        "cells": int(grid.inside.sum()),
        "cell_m": grid.cell_m,
        "writes": str(out),
    }


def _plan_text(plan: dict[str, Any]) -> str:
    lines = [f"would read   {name}" for name in (*plan["declarations"], *plan["reads"])]
    lines.append(f"would score  {plan['cells']:,} cells of {plan['cell_m']:g} m")
    lines.append(f"would write  {plan['writes']}")
    return "\n".join(lines)


def summary_data(result: "Result") -> dict[str, Any]:
    """What a run found, in a few figures."""
    from siteselect.study.run import verdict_shares

    frame = result.sites
    top = frame[frame["rank"] > 0].head(LISTED)
    columns = ["rank", "id", "name_en", "name_fa", "kind", "province", "score", "known"]
    names = ("eligible", "undetermined", "excluded")
    return {
        "candidates": len(frame),
        "ranked": int((frame["rank"] > 0).sum()),
        "verdicts": verdict_shares(result),
        "top": [
            {**row, "verdict": names[code]}
            for row, code in zip(top[columns].to_dict("records"), top["verdict"], strict=True)
        ],
    }


def summary(result: "Result") -> str:
    """What a run found, for a reader."""
    data = summary_data(result)
    rows = [
        [str(row["rank"]), row["id"], f"{row['score']:.3f}", row["verdict"], row["province"],
         row["name_en"]]
        for row in data["top"]
    ]  # fmt: skip
    shares = [
        f"{what}: " + ", ".join(f"{name} {share:.1%}" for name, share in parts.items())
        for what, parts in data["verdicts"].items()
    ]
    head = (
        f"{data['candidates']} candidates, {data['ranked']} ranked by {result.criteria.titles.en}"
    )
    body = table(rows, ["rank", "id", "score", "verdict", "province", "name"])
    return "\n".join([head, *shares, "", body, *_balance(result)])


def _balance(result: "Result") -> list[str]:
    """What the parks draw of the region's feedstock, and what is still sold raw."""
    plan = result.chain
    if plan is None or plan.allocation is None:
        return []
    drawn = {n: b for n, b in plan.allocation.balances.items() if b.used > 0}
    used = {name: b.used for name, b in drawn.items()}
    rows = [
        [name, *(f"{x:.0f}" for x in (b.available, b.captive, b.bought, b.used, b.raw, b.left)),
         "recalled" if b.recalled else "found"]
        for name, b in ((name, drawn[name]) for name, _ in _most(used))
    ]  # fmt: skip
    headings = ["kt/y", "available", "own use", "bought", "parks", "still raw", "raw without",
                "figures"]  # fmt: skip
    count = len(plan.allocation.parks)
    lines = ["", f"{count} parks draw on the region's feedstock:", table(rows, headings)]
    bought = {name: (kt_y, kt_y) for name, kt_y in plan.allocation.bought_in.items()}
    short = {n: (b.short_low, b.short) for n, b in plan.allocation.balances.items()}
    for words, amounts in (("bought in for the parks", bought), ("running plants lack", short)):
        order = _most({name: most for name, (_, most) in amounts.items() if most >= 1})
        told = [f"{name} {span(*amounts[name])}" for name, _ in order]
        lines += ["", f"{words}, kt/y: {', '.join(told)}"] if told else []
    return lines


def _most(amounts: Mapping[str, float]) -> list[tuple[str, float]]:
    return sorted(amounts.items(), key=lambda item: (-item[1], item[0]))


@click.command()
@study_argument
@json_option
def sites(study: Path | None, *, as_json: bool) -> None:
    """The pool of candidates, with what is known of each."""
    from siteselect.study.question import ask
    from siteselect.study.run import decide

    result = decide(ask(study, changes=RANKING), progress=progress())
    columns = ["id", "kind", "province", "position_accuracy_km", "source_kind", "name_en"]
    frame = result.pool.frame[columns]
    rows = [[str(cell) for cell in row] for row in frame.itertuples(index=False)]
    data, text = frame.to_dict("records"), table(rows, columns)
    answer("sites", data, text, as_json=as_json, warnings=result.warnings)


@click.command()
@study_argument
@click.option("--sites", "own", type=click.Path(path_type=Path), required=True,
              help="CSV or XLSX with id, lon, lat, or a vector file.")  # fmt: skip
@click.option("--out", type=FOLDER, help="Folder for the same set of files as of a run.")
@click.option("--crs", help="CRS of a vector file that does not say.")
@click.option("--encoding", help="Encoding of a text file that is not UTF-8.")
@click.option("--layer", help="Layer or sheet of a file that holds several.")
@click.option("--park-type", help="Criteria of this park type instead of the study's.")
@answers_option
@click.option("--force", is_flag=True, help="Replace a folder that is not of a run, or holds more.")
@json_option
def score(study: Path | None, own: Path, out: Path | None, **options: Any) -> None:
    """Score your own sites by the criteria and rules of STUDY."""
    from siteselect.base import files
    from siteselect.study import gate

    force, as_json, park_type = (options.pop(key) for key in ("force", "as_json", "park_type"))
    heard = options.pop("heard")
    if out is not None:
        files.writable(out, force=force)
    gate.look(own)
    # Slow to load; what can be refused without them was refused above.
    from siteselect.present import write
    from siteselect.study.question import Own, ask, with_answers
    from siteselect.study.run import decide

    question = ask(
        study,
        own=Own(own, alone=True, **options),
        criteria=park_type,
        changes=unheard(heard),
    )
    question = replace(question, command=asked_as(but=UNTOLD))
    question = question if heard is None else with_answers(question, heard)
    tell = progress()
    if write.too_many(question):
        _score_many(question, out, force=force, as_json=as_json)
        return
    result = decide(question, progress=tell)
    text, warnings = summary(result), result.warnings
    if out is not None:
        warnings += write.write(result, out, force=force, progress=tell)
        text += f"\n\nwritten to {out}"
    answer("score", summary_data(result), text, as_json=as_json, warnings=warnings)


@contextmanager
def _another() -> Iterator["Executor"]:
    """One other process of this program, which is not left behind when this one is interrupted."""
    from concurrent.futures import ProcessPoolExecutor

    # Spawned, for a fork would copy locks that other threads hold.
    with ProcessPoolExecutor(1, get_context("spawn"), _belong) as pool:
        try:
            with _deaf():
                pool.submit(os.getpid)  # begins the process
            yield pool
        except BaseException:
            for process in active_children():
                process.terminate()
            raise


@contextmanager
def _deaf() -> Iterator[None]:
    """Hear who asks to leave only afterwards: a process half begun would complain of its end."""
    heard: list[int] = []
    held = {number: signal.signal(number, lambda n, _: heard.append(n)) for number in LEAVING}
    _keyboard(blocked=True)
    try:
        yield
    finally:
        _keyboard(blocked=False)
        for number, handler in held.items():
            signal.signal(number, handler)
        for asked in heard:
            signal.raise_signal(asked)


def _keyboard(*, blocked: bool) -> None:
    """Block the interrupts of the keyboard, or not, for this thread and what it begins."""
    if hasattr(signal, "pthread_sigmask"):
        how = signal.SIG_BLOCK if blocked else signal.SIG_UNBLOCK
        signal.pthread_sigmask(how, [signal.SIGINT])


def _belong() -> None:
    """Go with the process that has begun this one, even if it is killed without a word."""
    # An interrupt from the keyboard reaches both; this one leaves it to the other.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _keyboard(blocked=False)
    parent = parent_process()
    if parent is not None:
        Thread(target=_go_with, args=[parent], daemon=True).start()


def _go_with(parent: "BaseProcess") -> None:
    parent.join()
    os._exit(1)


def _score_many(question: "Question", out: Path | None, *, force: bool, as_json: bool) -> None:
    """Score more sites than can be drawn: a table is written, and its head is told."""
    from siteselect.present import write

    if out is None:
        raise click.UsageError("so many sites are written as a table: name a folder with --out")
    with _another() as pool:
        found = write.write_many(question, out, pool=pool, force=force, progress=progress())
    data = {"candidates": found.candidates, "ranked": found.ranked, "top": list(found.top)}
    cells = [
        [str(row["rank"]), row["id"], f"{row['score']:.3f}", row["verdict"], row["name_en"]]
        for row in found.top
    ]
    head = f"{found.candidates:,} candidates, {found.ranked:,} ranked"
    body = table(cells, ["rank", "id", "score", "verdict", "name"])
    text = f"{head}\n\n{body}\n\nwritten to {out}"
    answer("score", data, text, as_json=as_json, warnings=found.warnings)


@click.command("map")
@click.argument("folder", type=FOLDER)
@click.option("--open", "show", is_flag=True, help="Open the map in the browser.")
@json_option
def draw(folder: Path, *, show: bool, as_json: bool) -> None:
    """Draw the map of a finished run in FOLDER again, and the whole set that it stands in."""
    from siteselect.present import write

    missing = write.redraw(folder, progress=progress())
    path = folder / "map.html"
    answer("map", {"map": str(path)}, str(path), as_json=as_json, warnings=missing)
    if show:
        click.launch(str(path))


@click.command()
@click.argument("folder", type=FOLDER)
@json_option
def export(folder: Path, *, as_json: bool) -> None:
    """Write the tables and layers of a finished run in FOLDER again, the whole set of them."""
    from siteselect.present import write

    missing = write.redraw(folder, progress=progress())
    answer("export", {"folder": str(folder)}, str(folder), as_json=as_json, warnings=missing)


@click.command()
@click.argument("folder", type=FOLDER)
@json_option
def report(folder: Path, *, as_json: bool) -> None:
    """Write the report of a finished run in FOLDER again, and the whole set that it stands in."""
    from siteselect.present import write
    from siteselect.present.report.write import FILES

    missing = write.redraw(folder, progress=progress())
    paths = [str(folder / name) for name in FILES if (folder / name).is_file()]
    answer("report", {"reports": paths}, "\n".join(paths), as_json=as_json, warnings=missing)
