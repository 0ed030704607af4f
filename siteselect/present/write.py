"""Writing: the whole set of files of a result, staged, read back, then put in place at once."""

import contextlib
import json
import mmap
import tempfile
import zlib
from collections.abc import Callable, Mapping
from concurrent.futures import BrokenExecutor, Executor
from dataclasses import dataclass, replace
from itertools import accumulate
from pathlib import Path
from typing import Any

import pandas as pd

from siteselect.base import files
from siteselect.base.errors import DataError, Fault
from siteselect.decide.score import ANSWERS, ranks
from siteselect.declared.answers import Answer
from siteselect.declared.criteria import CriteriaSet
from siteselect.declared.programme import Programme
from siteselect.declared.study import Study
from siteselect.plan import answers
from siteselect.present import columns, export
from siteselect.present.drawn import figures
from siteselect.present.maps import write as page
from siteselect.present.report import write as report
from siteselect.present.tables import Column, Table, csv_rows, csv_text
from siteselect.study.compare import read_manifest
from siteselect.study.question import Question, answered, ask
from siteselect.study.result import Result
from siteselect.study.run import decide, in_blocks, remarks, shares_of
from siteselect.world.admit import LIMITS

BLOCK = 20_000
LISTED = 13
Progress = Callable[[str], None]


def run(
    study: Study | Path | str | None = None,
    *,
    out: Path | str | None = None,
    force: bool = False,
    progress: Progress = lambda _: None,
) -> Result:
    """Everything in one go: from a study to ranked candidates, and files if `out` is given.

    Parameters
    ----------
    study : Study, path or None
        What is asked; the bundled study if not given.
    out : path, optional
        Folder for the outputs, replaced as a whole.
    force : bool
        Replace a folder that is not of a run.
    progress : callable
        Told in a few words what begins.

    Returns
    -------
    Result

    Raises
    ------
    DeclarationError, DataError
        Every fault of what was declared or of the data; nothing is written then.

    Examples
    --------
    >>> study = files.read(files.home() / "criteria" / "study.yaml", Study)
    >>> coarse = study.model_copy(update={"cell_m": 20000.0, "trust": None})
    >>> int(run(coarse).sites.iloc[0]["rank"])
    1
    """
    path = Path(study) if isinstance(study, str) else study
    if out is not None:
        files.writable(Path(out), force=force)
    result = decide(replace(ask(path), command="siteselect.run"), progress=progress)
    if out is not None:
        write(result, Path(out), force=force, progress=progress)
    return result


def write(
    result: Result, out: Path, *, force: bool = False, progress: Progress = lambda _: None
) -> tuple[str, ...]:
    """The files of a result, as one set.

    Parameters
    ----------
    result : Result
    out : pathlib.Path
        Folder; one of an earlier run is replaced as a whole, at the very end.
    force : bool
        Replace a folder that is not of a run.
    progress : callable
        Told in a few words what begins.

    Returns
    -------
    tuple of str
        What could not be written, and why; the manifest says so too.

    Raises
    ------
    DataError
        If the folder cannot be written, or what was read back differs from what was written.
    """
    with files.staged(out, force=force) as folder:
        progress("writing tables and layers")
        export.write(result, folder)
        progress("drawing the map")
        page.write(result, folder / "map.html")
        progress("drawing the figures")
        missing = figures.write(result, folder)
        progress("writing the report")
        missing += report.write(result, folder)
        told = [*result.manifest.get("warnings", ()), *missing]
        _write_manifest(
            {**result.manifest, "warnings": told} if missing else result.manifest, folder
        )
    return missing


def _write_manifest(manifest: Mapping[str, Any], folder: Path) -> None:
    """The manifest, with the hash of every file that stands beside it."""
    outputs = {path.name: files.sha256(path) for path in sorted(folder.iterdir()) if path.is_file()}
    # In the order it was made: that of the criteria's groups is that of the page.
    content = json.dumps({**manifest, "outputs": outputs}, ensure_ascii=False, indent=1)
    files.write_text(folder / "manifest.json", content + "\n")


@dataclass(frozen=True, slots=True)
class Many:
    """What was found of very many sites.

    Parameters
    ----------
    top : tuple of dict
        The first of the list: ``rank, id, name_en, score, verdict``.
    candidates, ranked : int
        How many there are, and how many have a rank.
    warnings : tuple of str
        What must be known.
    """

    top: tuple[dict[str, Any], ...]
    candidates: int
    ranked: int
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Rows:
    """Rows that were put into a file without their first cell, the rank.

    `found` has a row a site: ``id, name_en, score, verdict``, its ``rank`` in its block, 0 if it
    has none, and where it lies, ``start, stop``; `counts` a row a rule, with the sites that it
    excludes and leaves in doubt; `lifted` the measured exclusions that an answer lifts.
    """

    found: pd.DataFrame
    counts: pd.DataFrame
    lifted: tuple[str, ...] = ()


def write_many(
    question: Question,
    out: Path,
    *,
    pool: Executor | None = None,
    force: bool = False,
    progress: Progress = lambda _: None,
) -> Many:
    """The table of very many own sites, measured and written a block at a time.

    A map, a workbook, a layer or a report of a million sites would fill the memory and open
    nowhere, so they are left out, and the manifest says so.

    Parameters
    ----------
    question : Question
        With own sites alone.
    out : pathlib.Path
        Folder; one of an earlier run is replaced as a whole, at the very end.
    pool : concurrent.futures.Executor, optional
        Of one other process on this machine, which then takes a share of the sites.
    force : bool
        Replace a folder that is not of a run.
    progress : callable
        Told in a few words what begins.

    Returns
    -------
    Many

    Raises
    ------
    DataError
        As in `write`.
    """
    with files.staged(out, force=force) as folder, tempfile.TemporaryDirectory() as name:
        first, table, shares = _many(question, Path(name), pool, progress)
        found = pd.concat([rows.found for rows in shares.values()], keys=shares, names=["file"])
        found = found.reset_index("file").reset_index(drop=True)
        ranked = found["rank"].to_numpy() > 0
        found["rank"] = ranks(found["score"].to_numpy(), found["id"].to_numpy(), ranked)
        listed = found["rank"].where(ranked, len(found) + 1)
        order = found.assign(_listed=listed).sort_values(["_listed", "verdict", "id"])
        progress("writing the table")
        _write_rows(order, table.columns, folder / "ranking.csv")
        rules = columns.excluded_by(first)
        totals = pd.concat([rows.counts for rows in shares.values()]).groupby(level=0).sum()
        rules.frame[totals.columns] = totals
        export.write_csv(rules, folder / "excluded_by.csv")
        export.write_csv(columns.fields(first, table, {}), folder / "fields.csv")
        export.write_surface(first, folder / "suitability.tif")
        told = remarks(question, found["rank"].to_numpy(), found["verdict"].to_numpy())
        told += sorted(words for rows in shares.values() for words in rows.lifted)
        warnings = (*question.warnings, *told, _left_out(len(found)))
        _write_manifest({**first.manifest, "warnings": list(warnings)}, folder)
    head = order.head(LISTED)[["rank", "id", "name_en", "score", "verdict"]]
    top = head.assign(verdict=head["verdict"].map(lambda answer: ANSWERS[answer]))
    rows_told = tuple({str(k): v for k, v in row.items()} for row in top.to_dict("records"))
    return Many(rows_told, len(found), int(ranked.sum()), warnings)


def too_many(question: Question) -> bool:
    """Whether the own sites of a question are too many to be drawn."""
    return question.own is not None and len(question.own) > LIMITS.drawn_sites


def _left_out(count: int) -> str:
    return (
        f"{count:,} sites are more than drawn_sites = {LIMITS.drawn_sites:,}"
        " (SITESELECT_LIMIT_DRAWN_SITES sets it): map, layers, workbook, figures, report and"
        " draws are left out; ranking.csv holds every site"
    )


def _many(
    question: Question, folder: Path, pool: Executor | None, progress: Progress
) -> tuple[Result, Table, dict[str, _Rows]]:
    """The first block and its table without rows; and by file the rows of every share."""
    mine, *others = shares_of(question, BLOCK, 1 if pool is None else 2)
    paths = [folder / str(number) for number in range(1 + len(others))]
    asked = [
        pool.submit(_put_apart, share, path, BLOCK)
        for share, path in zip(others, paths[1:], strict=True)
        if pool is not None
    ]
    first, table, rows = _put(mine, paths[0], BLOCK, progress)
    shares = {str(paths[0]): rows}
    for share, path, future in zip(others, paths[1:], asked, strict=True):
        try:
            shares[str(path)] = future.result()
        except BrokenExecutor:
            shares[str(path)] = _put_apart(share, path, BLOCK)
    return first, table, shares


def _put_apart(question: Question, path: Path, size: int) -> _Rows:
    """Rows of a share, as another process puts them."""
    return _put(question, path, size, lambda _: None)[2]


def _put(
    question: Question, path: Path, size: int, progress: Progress
) -> tuple[Result, Table, _Rows]:
    """Rows of every block put into a file; with the first block, and its table without rows."""
    first: list[tuple[Result, Table]] = []
    parts: list[pd.DataFrame] = []
    counted: list[pd.DataFrame] = []
    lifted: list[str] = []
    with path.open("wb") as rows:
        for result in in_blocks(question, size, progress=progress):
            table, ruled = columns.ranking(result), columns.excluded_by(result)
            if not first:
                first.append((result, Table(table.columns, table.frame.iloc[:0])))
            told = answers.lifted(result.answers, result.table, result.criteria)
            lifted += [words.en for words in told]
            counted.append(ruled.frame[["sites_excluded", "sites_undetermined"]])
            lines = [line.encode() for line in csv_rows(table.frame.iloc[:, 1:])]
            stops = list(accumulate([rows.tell(), *map(len, lines)]))
            rows.writelines(lines)
            part = pd.DataFrame(result.sites[["id", "name_en", "score", "verdict", "rank"]])
            parts.append(part.assign(start=stops[:-1], stop=stops[1:]))
    counts = pd.concat(counted).groupby(level=0).sum()
    return *first[0], _Rows(pd.concat(parts, ignore_index=True), counts, tuple(lifted))


def _write_rows(order: pd.DataFrame, columns_of: tuple[Column, ...], path: Path) -> None:
    """The rows in their order, each led by its rank, then read back."""
    written = zlib.crc32(b"")
    with contextlib.ExitStack() as stack:
        rows = {}
        for name in order["file"].unique():
            handle = stack.enter_context(Path(name).open("rb"))
            rows[name] = stack.enter_context(mmap.mmap(handle.fileno(), 0, access=mmap.ACCESS_READ))
        out = stack.enter_context(path.open("wb"))
        lines = [csv_text(Table(columns_of, pd.DataFrame())).encode()]
        for first in range(0, len(order), BLOCK):
            few = order.iloc[first : first + BLOCK]
            spans = few[["rank", "file", "start", "stop"]].itertuples(index=False)
            lines += [
                b"%b,%b" % (str(rank or "").encode(), rows[file][start:stop])
                for rank, file, start, stop in spans
            ]
            content = b"".join(lines)
            written = zlib.crc32(content, written)
            out.write(content)
            lines.clear()
    with path.open("rb") as handle:
        read = 0
        while content := handle.read(1 << 24):
            read = zlib.crc32(content, read)
    if read != written:
        raise DataError(Fault("does not read back as it was written", file=path.name))


def redraw(folder: Path, *, progress: Progress = lambda _: None) -> tuple[str, ...]:
    """Write the files of a finished run again, from what its manifest says.

    The study and criteria of the manifest are run again on the data at hand; with the same data
    the same files come out.

    Parameters
    ----------
    folder : pathlib.Path
        Of a finished run.
    progress : callable
        Told in a few words what begins.

    Returns
    -------
    tuple of str
        What could not be written, and why, as `write` says it.

    Raises
    ------
    DataError
        If the folder holds no run, its data have changed since, or it was of the user's own sites,
        whose file a manifest does not hold.
    """
    earlier = read_manifest(folder)
    files.writable(folder)
    study = files.validate(earlier["study"], Study, file="manifest.json")
    criteria = files.validate(earlier["criteria"], CriteriaSet, file="manifest.json")
    if study.own_sites or study.units or not (study.existing or study.greenfield):
        message = "was a run with sites or units of its own; run it again"
        raise DataError(Fault(message, file=str(folder)))
    asked = earlier.get("programme")
    programme = files.validate(asked, Programme, file="manifest.json") if asked else None
    # What the members said stands in the manifest as the weights that follow from it, and what
    # bodies have answered as it was read.
    others = dict.fromkeys(("committee", "answers"))
    asked_again = ask(study, criteria=criteria, programme=programme, changes=others)
    heard = [
        files.validate({k: v for k, v in a.items() if k != "words"}, Answer, file="manifest.json")
        for a in earlier.get("answers", ())
    ]
    question = replace(
        answered(asked_again, tuple(heard)),
        without=tuple(earlier.get("without", ())),
        committee=earlier.get("committee", {}),
        command=earlier.get("command", ""),
    )
    # Criteria of park types stand in no manifest; by their hashes they must be those of the run.
    named = programme.park_types if programme else {}
    marks = {p.name: mark for p, mark in question.declarations.items() if p.stem in named}
    _refuse_changed({Path(n).name: mark for n, mark in earlier["declarations"].items()}, marks)
    result = decide(question, progress=progress)
    _refuse_changed(result.manifest["inputs"], earlier["inputs"])
    kept = {name: earlier[name] for name in ("declarations", "study")}
    return write(replace(result, manifest={**result.manifest, **kept}), folder, progress=progress)


def _refuse_changed(known: Mapping[str, str], asked: Mapping[str, str]) -> None:
    changed = [
        Fault("has changed since the run; run again instead", file=name)
        for name, mark in asked.items()
        if known.get(name) != mark
    ]
    if changed:
        raise DataError(changed)
