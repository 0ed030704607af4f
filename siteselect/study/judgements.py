"""What members brought, read: matrices, lists and questionnaires become arrays."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from siteselect.base import files
from siteselect.base.errors import DataError, DeclarationError, Fault, SiteselectError
from siteselect.base.text import fold, nearest
from siteselect.decide.table import Floats
from siteselect.declared.judgements import (
    ASKED,
    FORMS,
    GROUPS,
    HEADINGS,
    INDEX_COLUMNS,
    INDEX_SHEET,
    MEMBER,
    BestWorst,
    Members,
    Pairs,
    figure,
)
from siteselect.world.tables import Table, read_table

YAML = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class Answer:
    """One list of things judged.

    Parameters
    ----------
    method : str
        ahp, bwm, direct, rank or swing.
    names : tuple of str, length m
        What is judged.
    figures : numpy.ndarray
        Shape (m, m) for ahp (NaN = not compared), (2, m) for bwm (best to each, each to the worst),
        (1, m) for the others.
    file, place : str
        Where it stands, for messages.
    rows : mapping of str to str
        Row or line of each name.
    """

    method: str
    names: tuple[str, ...]
    figures: Floats
    file: str
    place: str = ""
    rows: Mapping[str, str] = field(default_factory=dict)

    def aligned(self, expected: tuple[str, ...]) -> "Answer":
        """The same in a wanted order.

        Raises
        ------
        DeclarationError
            Naming each name that is not wanted, or lacks.
        """
        faults = [
            Fault(f"there is no {name} to judge here{nearest(name, expected)}", self.file,
                  self.rows.get(name, ""), self.place)
            for name in self.names if name not in expected
        ] + [
            Fault(f"{name} is not judged", self.file, "", self.place)
            for name in expected if name not in self.names
        ]  # fmt: skip
        if faults:
            raise DeclarationError(faults)
        order = [self.names.index(name) for name in expected]
        moved = self.figures[:, order]
        return replace(
            self, names=expected, figures=moved[order] if self.method == "ahp" else moved
        )

    def placed(self, fault: Fault) -> Fault:
        """A fault of the arithmetic, with the file and row that it speaks of."""
        name = fault.row or fault.field
        where = ": ".join(part for part in (self.place, fault.row, fault.field) if part)
        return replace(fault, file=self.file, row=self.rows.get(name, ""), field=where)


@dataclass(frozen=True, slots=True)
class Speaker:
    """A member with what was said.

    Parameters
    ----------
    name, organisation : str
        Who, and for whom.
    importance : float
        Beside the others.
    method : str
        How.
    answers : mapping of str to Answer
        By ``groups`` and the ids of the groups; what was left out is not there.
    file : str
        Where from.
    """

    name: str
    organisation: str
    importance: float
    method: str
    answers: Mapping[str, Answer]
    file: str


def read_answer(path: Path, method: str, *, sheet: str | None = None) -> Answer:
    """One list of judgements from a CSV, XLSX or YAML file.

    Parameters
    ----------
    path : pathlib.Path
        For ahp a matrix with names in its first row and column, or the columns ``first, second,
        judgement``; else a column ``criterion`` and what the method asks. YAML as
        `siteselect.declared.judgements.FORMS` says.
    method : str
        ahp, bwm, direct, rank or swing.
    sheet : str, optional
        Of a workbook with several.

    Returns
    -------
    Answer

    Raises
    ------
    DeclarationError, DataError
        Every fault, with row and column, or line and key.
    """
    if path.suffix.lower() in YAML:
        data, lines = files.read_yaml(path)
        form = files.validate(data, FORMS[method], file=str(path), lines=lines)
        content = form if method in ("ahp", "bwm") else next(iter(dict(form).values()))
        return _declared(content, method, file=str(path), where=(), lines=lines)
    return _of_table(read_table(path, sheet=sheet), method)


def questionnaire(path: Path) -> Speaker | None:
    """A questionnaire that came back; None if the file is another workbook.

    Parameters
    ----------
    path : pathlib.Path

    Returns
    -------
    Speaker or None

    Raises
    ------
    DeclarationError, DataError
        Every fault of every sheet.
    """
    try:
        index = read_table(path, sheet=INDEX_SHEET)
    except DataError:
        # Another workbook, or a damaged one: whoever reads it as such says which.
        return None
    if index.columns != INDEX_COLUMNS:
        return None
    answers: dict[str, Answer] = {}
    faults: list[Fault] = []
    person: dict[str, str] = {}
    for node, sheet, method in index.rows:
        try:
            table = read_table(path, sheet=sheet)
            if node == MEMBER:
                person = _person(table)
            elif not _blank(table, method):
                answers[node] = _of_table(table, method, place=sheet)
        except SiteselectError as error:
            faults += error.faults
    importance = _importance(person.get("importance", ""), path.name, faults)
    if faults:
        raise DeclarationError(faults)
    name = person.get("name", "").strip() or path.stem
    organisation = person.get("organisation", "").strip()
    return Speaker(name, organisation, importance, index.rows[0][2], answers, path.name)


def read_lists(path: Path, method: str, *, sheet: str | None = None) -> dict[str, Answer]:
    """One person's judgements: the lists of a questionnaire, or the one list of another file.

    Parameters
    ----------
    path, method, sheet
        As for `read_answer`.

    Returns
    -------
    dict of str to Answer
        By ``(groups)`` and the ids of the groups; by an empty text for one list.

    Raises
    ------
    DeclarationError, DataError
        Every fault; or if a questionnaire is unanswered, or asks by another method.
    """
    speaker = questionnaire(path) if path.suffix.lower() == ".xlsx" and sheet is None else None
    if speaker is None:
        return {"": read_answer(path, method, sheet=sheet)}
    if speaker.method != method:
        raise DeclarationError(Fault(f"asks by {speaker.method}, not {method}", path.name))
    if not speaker.answers:
        raise DeclarationError(Fault("no sheet of the questionnaire is answered", path.name))
    return dict(speaker.answers)


def read_members(path: Path) -> tuple[str, tuple[Speaker, ...]]:
    """A committee, from a YAML file, one questionnaire, or a folder of questionnaires.

    Parameters
    ----------
    path : pathlib.Path

    Returns
    -------
    str, tuple of Speaker
        How to aggregate, and the members.

    Raises
    ------
    DeclarationError, DataError
        Every fault of every file.
    """
    if path.suffix.lower() in YAML:
        data, lines = files.read_yaml(path)
        declared = files.validate(data, Members, file=str(path), lines=lines)
        return declared.aggregation, tuple(_speakers(declared, str(path), lines))
    # Spreadsheet programs leave a file that begins with ~$ beside one that is open.
    found = [p for p in sorted(path.glob("*.xlsx")) if not p.name.startswith("~$")]
    speakers: list[Speaker] = []
    faults: list[Fault] = []
    for file in found if path.is_dir() else [path]:
        try:
            speaker = questionnaire(file)
            if speaker is None:
                read_table(file, sheet=INDEX_SHEET)
                raise DataError(Fault("is no questionnaire of siteselect", file=file.name))
            speakers.append(speaker)
        except SiteselectError as error:
            faults += error.faults
    if path.is_dir() and not found:
        faults.append(Fault("holds no questionnaire (.xlsx)", file=str(path)))
    names = [speaker.name for speaker in speakers]
    faults += [
        Fault(f"the member {s.name!r} speaks in more than one file", s.file)
        for s in speakers if names.count(s.name) > 1
    ]  # fmt: skip
    if faults:
        raise DeclarationError(faults)
    return "priorities", tuple(speakers)


def _speakers(declared: Members, file: str, lines: files.Line) -> Iterator[Speaker]:
    for i, member in enumerate(declared.members):
        told: dict[str, Any] = {} if member.groups is None else {GROUPS: member.groups}
        where: dict[str, tuple[str | int, ...]] = {GROUPS: ("members", i, "groups")}
        for group, content in member.criteria.items():
            told[group], where[group] = content, ("members", i, "criteria", group)
        answers = {
            node: _declared(content, member.method, file=file, where=where[node], lines=lines)
            for node, content in told.items()
        }
        yield Speaker(member.name, member.organisation, member.importance, member.method,
                      answers, file)  # fmt: skip


def _declared(
    content: Any, method: str, *, file: str, where: tuple[str | int, ...], lines: files.Line
) -> Answer:
    if isinstance(content, Pairs):
        names = content.names
        rows = [[np.nan if cell is None else cell for cell in row] for row in content.matrix]
        paths = [(*where, "matrix", i) for i in range(len(names))]
    elif isinstance(content, BestWorst):
        names = tuple(content.best_to)
        rows = [list(content.best_to.values()), [content.to_worst[name] for name in names]]
        paths = [(*where, "best_to", name) for name in names]
    else:
        names, rows = tuple(content), [list(content.values())]
        key = {"rank": "ranks", "swing": "points", "direct": "weights"}[method]
        paths = [(*where, name) if where else (key, name) for name in names]
    at = {name: f"line {lines[path]}" for name, path in zip(names, paths, strict=True)
          if path in lines}  # fmt: skip
    table = np.array(rows, dtype=np.float64)
    return Answer(method, names, table, file, ".".join(str(part) for part in where), at)


def _column(table: Table, key: str) -> int | None:
    folded = [fold(name) for name in table.columns]
    return next((folded.index(fold(word)) for word in HEADINGS[key] if fold(word) in folded), None)


def _need(table: Table, keys: Iterable[str]) -> list[int]:
    found = {key: _column(table, key) for key in keys}
    there = ", ".join(name[:40] for name in table.columns[:12])
    faults = [Fault(f"column {key} is missing; there are {there}", table.file, "row 1", key)
              for key, at in found.items() if at is None]  # fmt: skip
    if faults:
        raise DataError(faults)
    return [at for at in found.values() if at is not None]


def _blank(table: Table, method: str) -> bool:
    answers = _need(table, ("judgement",) if method == "ahp" else ASKED[method])
    return not any(row[at].strip() for row in table.rows for at in answers)


def _person(table: Table) -> dict[str, str]:
    key, answer = _need(table, ("criterion", "answer"))
    return {row[key]: row[answer] for row in table.rows if row[key]}


def _importance(text: str, file: str, faults: list[Fault]) -> float:
    try:
        value = figure(text)
    except ValueError as error:
        faults.append(Fault(f"{error}, not {text[:40]!r}", file, "", "importance"))
        return 1.0
    if not isinstance(value, float):
        return 1.0
    if value < 0:
        faults.append(Fault(f"{text[:40]!r} is below 0", file, "", "importance"))
    return value


def _of_table(table: Table, method: str, *, place: str = "") -> Answer:
    if method != "ahp":
        return _figures(table, method, place=place)
    if _column(table, "first") is not None and _column(table, "judgement") is not None:
        return _pair_list(table, place=place)
    return _matrix(table, place=place)


def _cell(
    text: str, table: Table, at: int, *, column: str, faults: list[Fault], needed: bool
) -> float:
    row = f"{table.word} {table.numbers[at]}"
    try:
        value = figure(text)
    except ValueError as error:
        date = "; a spreadsheet made a date of it" if text.count("-") > 1 else ""
        faults.append(Fault(f"{text[:40]!r} {error}{date}", table.file, row, column))
        return np.nan
    if value is None and needed:
        faults.append(Fault("is empty; write a number", table.file, row, column))
    return float(value) if isinstance(value, float) else np.nan


def _figures(table: Table, method: str, *, place: str) -> Answer:
    key, *asked = _need(table, ("criterion", *ASKED[method]))
    faults: list[Fault] = []
    names = tuple(row[key].strip() for row in table.rows)
    faults += _name_faults(table, names)
    rows = [
        [_cell(row[at], table, i, column=table.columns[at], faults=faults, needed=True)
         for i, row in enumerate(table.rows)]
        for at in asked
    ]  # fmt: skip
    if faults:
        raise DeclarationError(faults)
    return Answer(method, names, np.array(rows), table.file, place, _numbered(table, names))


def _numbered(table: Table, names: tuple[str, ...]) -> dict[str, str]:
    return {name: f"{table.word} {n}" for name, n in zip(names, table.numbers, strict=False)}


def _name_faults(table: Table, names: tuple[str, ...]) -> list[Fault]:
    return [
        Fault("is empty" if not name else f"{name} stands twice", table.file, f"row {number}",
              table.columns[0])
        for name, number, before in zip(names, table.numbers, range(len(names)), strict=True)
        if not name or name in names[:before]
    ]  # fmt: skip


def _matrix(table: Table, *, place: str) -> Answer:
    columns = table.columns[1:]
    names = tuple(row[0].strip() for row in table.rows)
    faults = _name_faults(table, names)
    faults += [
        Fault(f"{name!r} has no column{nearest(name, columns)}", table.file, f"row {n}", "column 1")
        for name, n in zip(names, table.numbers, strict=True) if name and name not in columns
    ]  # fmt: skip
    faults += [
        Fault(f"{name!r} has no row{nearest(name, names)}; a matrix of judgements is square",
              table.file, "row 1", name)
        for name in columns if name not in names
    ]  # fmt: skip
    cells = [
        [_cell(text, table, i, column=column, faults=faults, needed=False)
         for column, text in zip(columns, row[1:], strict=True)]
        for i, row in enumerate(table.rows)
    ]  # fmt: skip
    if faults:
        raise DeclarationError(faults)
    order = [names.index(name) for name in columns]
    matrix = np.array(cells).reshape(len(names), len(columns))[order]
    return Answer("ahp", columns, matrix, table.file, place, _numbered(table, names))


def _pair_list(table: Table, *, place: str) -> Answer:
    one, other, said = _need(table, ("first", "second", "judgement"))
    pairs = [(row[one].strip(), row[other].strip()) for row in table.rows]
    names = tuple(dict.fromkeys(name for pair in pairs for name in pair))
    matrix = np.full((len(names), len(names)), np.nan)
    rows: dict[str, str] = {}
    np.fill_diagonal(matrix, 1.0)
    faults: list[Fault] = []
    seen: set[frozenset[str]] = set()
    for i, (a, b) in enumerate(pairs):
        row = f"row {table.numbers[i]}"
        if not a or not b or a == b:
            faults.append(Fault(f"{a!r} against {b!r} is no pair", table.file, row))
            continue
        if {a, b} in seen:
            faults.append(Fault(f"{a} against {b} stands twice", table.file, row))
        seen.add(frozenset((a, b)))
        matrix[names.index(a), names.index(b)] = _cell(
            table.rows[i][said], table, i, column=table.columns[said], faults=faults, needed=False
        )
        rows.setdefault(a, row)
    if faults:
        raise DeclarationError(faults)
    return Answer("ahp", names, matrix, table.file, place, rows)
