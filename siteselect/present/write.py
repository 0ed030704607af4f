"""Writing: the whole set of files of a result, staged, read back, then put in place at once."""

import csv
import json
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import accumulate
from pathlib import Path
from typing import IO, Any

import pandas as pd

from siteselect.base import files
from siteselect.base.errors import DataError, Fault
from siteselect.decide.score import ANSWERS, ranks
from siteselect.declared.criteria import CriteriaSet
from siteselect.declared.programme import Programme
from siteselect.declared.study import Study
from siteselect.present import columns, export, figures
from siteselect.present.maps import write as page
from siteselect.present.tables import Column, Table, csv_rows, csv_text, shown_column
from siteselect.study.compare import read_manifest
from siteselect.study.question import Question, ask
from siteselect.study.result import Result
from siteselect.study.run import decide, in_blocks, remarks
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
    result = decide(ask(path), progress=progress)
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


def write_many(
    question: Question, out: Path, *, force: bool = False, progress: Progress = lambda _: None
) -> Many:
    """The table of very many own sites, measured and written a block at a time.

    A map, a workbook or a layer of a million sites would fill the memory and open nowhere, so they
    are left out, and the manifest says so.

    Parameters
    ----------
    question : Question
        With own sites alone.
    out : pathlib.Path
        Folder; one of an earlier run is replaced as a whole, at the very end.
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
    with files.staged(out, force=force) as folder, tempfile.TemporaryFile() as rows:
        first, rules, columns_of, found = _many(question, rows, progress)
        ranked = found["rank"].to_numpy() > 0
        found["rank"] = ranks(found["score"].to_numpy(), found["id"].to_numpy(), ranked)
        listed = found["rank"].where(ranked, len(found) + 1)
        order = found.assign(_listed=listed).sort_values(["_listed", "verdict", "id"])
        progress("writing the table")
        _write_rows(rows, order, columns_of, folder / "ranking.csv")
        fields = columns.fields(first, Table(columns_of, pd.DataFrame()), {})
        export.write_csv(rules, folder / "excluded_by.csv")
        export.write_csv(fields, folder / "fields.csv")
        export.write_surface(first, folder / "suitability.tif")
        told = remarks(question, found["rank"].to_numpy(), found["verdict"].to_numpy())
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
        " (SITESELECT_LIMIT_DRAWN_SITES sets it): map, layers, workbook, figures and draws are"
        " left out; ranking.csv holds every site"
    )


def _many(
    question: Question, rows: IO[bytes], progress: Progress
) -> tuple[Result, Table, tuple[Column, ...], pd.DataFrame]:
    """Rows of every block put into a file; what is needed to sort them, and the sums of the rules.

    Where each row lies stands in the columns ``start, stop``.
    """
    parts: list[pd.DataFrame] = []
    counted: list[pd.DataFrame] = []
    first: Result | None = None
    for result in in_blocks(question, BLOCK, progress=progress):
        table, ruled = columns.ranking(result), columns.excluded_by(result)
        if first is None:
            first, rules, columns_of = result, ruled, table.columns
        counted.append(ruled.frame[["sites_excluded", "sites_undetermined"]])
        stops = _put_rows(table, rows)
        part = result.sites[["id", "name_en", "score", "verdict", "rank"]]
        parts.append(part.assign(start=stops[:-1], stop=stops[1:]))
    assert first is not None  # noqa: S101 - there is a block, or it would have been refused
    totals = pd.concat(counted).groupby(level=0).sum()
    frame = rules.frame.copy()
    frame[totals.columns] = totals
    found = pd.concat(parts, ignore_index=True)
    return first, Table(rules.columns, frame), columns_of, found


def _put_rows(table: Table, rows: IO[bytes]) -> list[int]:
    """Rows without their first cell, the rank; the place where each begins, and the end."""
    lines = [line.encode() for line in csv_rows(table.frame.iloc[:, 1:])]
    stops = [rows.tell(), *map(len, lines)]
    rows.writelines(lines)
    return list(accumulate(stops))


def _write_rows(
    rows: IO[bytes], order: pd.DataFrame, columns_of: tuple[Column, ...], path: Path
) -> None:
    """The rows in their order, each led by its rank, then read back by their ids."""
    with path.open("wb") as out:
        out.write(csv_text(Table(columns_of, pd.DataFrame())).encode())
        spans = order[["rank", "start", "stop"]].itertuples(index=False)
        for rank, start, stop in spans:
            rows.seek(start)
            out.write(f"{rank or ''},".encode() + rows.read(stop - start))
    with path.open(encoding="utf-8-sig", newline="") as handle:
        back = csv.reader(handle)
        at = next(back).index("id")
        same = [row[at] for row in back] == shown_column(order["id"])
    if not same:
        raise DataError(Fault("does not read back as it was written", file=path.name))


def redraw(folder: Path, *, progress: Progress = lambda _: None) -> Path:
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
    pathlib.Path
        The map.

    Raises
    ------
    DataError
        If the folder holds no run, its data have changed since, or it was of the user's own sites,
        whose file a manifest does not hold.
    """
    earlier = read_manifest(folder)
    study = files.validate(earlier["study"], Study, file="manifest.json")
    criteria = files.validate(earlier["criteria"], CriteriaSet, file="manifest.json")
    if study.own_sites or study.units or not (study.existing or study.greenfield):
        message = "was a run with sites or units of its own; run it again"
        raise DataError(Fault(message, file=str(folder)))
    asked = earlier.get("programme")
    programme = files.validate(asked, Programme, file="manifest.json") if asked else None
    # What the members said stands in the manifest as the weights that follow from it.
    asked_again = ask(study, criteria=criteria, programme=programme, changes={"committee": None})
    question = replace(
        asked_again,
        without=tuple(earlier.get("without", ())),
        committee=earlier.get("committee", {}),
    )
    # Criteria of park types stand in no manifest; by their hashes they must be those of the run.
    named = programme.park_types if programme else {}
    marks = {p.name: mark for p, mark in question.declarations.items() if p.stem in named}
    _refuse_changed({Path(n).name: mark for n, mark in earlier["declarations"].items()}, marks)
    result = decide(question, progress=progress)
    _refuse_changed(result.manifest["inputs"], earlier["inputs"])
    kept = {name: earlier[name] for name in ("declarations", "study")}
    write(replace(result, manifest={**result.manifest, **kept}), folder, progress=progress)
    return folder / "map.html"


def _refuse_changed(known: Mapping[str, str], asked: Mapping[str, str]) -> None:
    changed = [
        Fault("has changed since the run; run again instead", file=name)
        for name, mark in asked.items()
        if known.get(name) != mark
    ]
    if changed:
        raise DataError(changed)
