"""The register of downstream units: read, checked by field and row, and diagnosed."""

import datetime
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from siteselect.base.errors import DataError, Fault
from siteselect.base.text import fold, latin_digits, nearest
from siteselect.declared.chain import PARK_TYPES, Process, Row, number_of, text_of
from siteselect.declared.sources import Column
from siteselect.world.tables import Table, parse, read_table

BANDS = ("ge70", "50to70", "lt50", "idle")
_IDLE = ("inactive", "seized_by_bank", "liquidated")
_TYPES = {"number": "number", "integer": "integer"}
_RANGES = {
    "lon": (40.0, 70.0),
    "lat": (20.0, 45.0),
    "env_class": (1.0, 7.0),
    "outage_days_y": (0.0, 366.0),
    "position_accuracy_km": (0.0, 100.0),
}
_KEYS = {
    "estate_id": "estates",
    "main_product": "materials",
    "main_feedstock": "materials",
    "chain_process_id": "processes",
    "feedstock_supplier_id": "sources",
}
_SYNTHETIC = ("synthetic", "ساختگی")
# Never ran, or is no more: nothing of it could be revived.
_UNBUILT = ("establishment_permit", "under_construction", "revoked", "liquidated")
# Years of the Persian and of the Gregorian calendar that a register can speak of.
_CALENDARS = {"Persian": (1300, 1500), "Gregorian": (1900, 2100)}
# Years that one office writes into one column; a machine may bear its maker's calendar.
_ONE_CALENDAR = ("output_year", "inactive_since")


@dataclass(frozen=True, slots=True)
class Unit:
    """One downstream unit.

    Parameters
    ----------
    id, name, estate, product, feedstock : str
        Who, where, what of what.
    status, stage : str
        Words of the register for its activity and its licence.
    capacity, practical, output : float
        Licensed, technically reachable (the licensed figure if it is not given) and last year's
        output, t/y.
    practical_given : bool
        Whether `practical` was given.
    utilisation_pct : float
        Output over licensed capacity.
    band : str
        One of `BANDS`.
    causes : tuple of str
        Why it runs below capacity, first cause first.
    source, source_kind : str
        Where the row is from.
    row : int
        Row of the file.
    """

    id: str
    name: str
    estate: str
    product: str
    feedstock: str
    status: str
    stage: str
    capacity: float
    practical: float
    output: float
    practical_given: bool
    utilisation_pct: float
    band: str
    causes: tuple[str, ...]
    source: str
    source_kind: str
    row: int

    @property
    def stands(self) -> bool:
        """Whether it was built and still is: what is not cannot be revived."""
        return self.status not in _UNBUILT and self.stage not in _UNBUILT

    @property
    def revivable(self) -> float:
        """What it could make beyond last year's output, t/y; none if it runs at 70 % or more."""
        if self.band == "ge70" or not self.stands:
            return 0.0
        return max(self.practical - self.output, 0.0)


@dataclass(frozen=True, slots=True)
class Register:
    """A register that was read and found without a fault.

    `synthetic` is true if any row says so in its source: outputs must then say so too.
    """

    file: str
    units: tuple[Unit, ...]
    synthetic: bool
    warnings: tuple[Fault, ...]


@dataclass(frozen=True, slots=True)
class Idle:
    """Capacity of one product on one estate, t/y.

    Parameters
    ----------
    estate, product : str
        Where, and of what.
    units : tuple of str
        Those that could make more.
    capacity, output, revivable : float
        Of all units that stand there.
    causes : tuple of str
        Why `units` make less, by name.
    """

    estate: str
    product: str
    units: tuple[str, ...]
    capacity: float
    output: float
    revivable: float
    causes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What ails the units of a register.

    Parameters
    ----------
    bands : mapping of str to int
        Units that stand by utilisation band, every band named.
    causes : tuple of (str, int)
        Main causes of units below 70 %, most frequent first.
    idle : tuple of Idle
        By estate and product, most revivable first; only where something could be revived.
    synthetic : bool
        Whether the register is an example.
    unbuilt : int
        Units that are not built yet or no longer stand; they are in no band.
    made : tuple of (str, float)
        What all units together made of each product last year, t/y, by product.
    """

    bands: Mapping[str, int]
    causes: tuple[tuple[str, int], ...]
    idle: tuple[Idle, ...]
    synthetic: bool
    unbuilt: int = 0
    made: tuple[tuple[str, float], ...] = ()

    def idle_estates(self) -> dict[str, float]:
        """Revivable capacity by estate, t/y."""
        total: dict[str, float] = {}
        for entry in self.idle:
            total[entry.estate] = total.get(entry.estate, 0.0) + entry.revivable
        return total


def read_units(
    path: Path,
    layout: Iterable[Row],
    known: Mapping[str, Iterable[str]],
    *,
    processes: Mapping[str, Process] | None = None,
) -> Register:
    """A register of downstream units from its file.

    Parameters
    ----------
    path : pathlib.Path
        CSV, TSV or XLSX. Headings are the field names or their Persian labels; digits may be
        Persian.
    layout : iterable of mapping
        Rows of the table ``unit_register_layout``.
    known : mapping of str to iterable of str
        Ids of ``estates``, ``materials``, ``processes`` and ``sources``.
    processes : mapping of str to Process, optional
        What each process makes; if given, a unit must make what its process does.

    Returns
    -------
    Register

    Raises
    ------
    DataError
        Every fault, each with row and field: an unknown heading, word, estate, product or
        process, a figure that is no number or carries a unit, output above capacity, a cause that
        is missing where a unit runs below 70 %, a date that is not Gregorian, years of two
        calendars in one column, fields that contradict each other. Nothing is guessed.
    """
    fields = {text_of(row, "id"): row for row in layout}
    spelt = {name: (name, text_of(row, "label_fa")) for name, row in fields.items()}
    table = _in_latin(headed(read_table(path), spelt), fields)
    warnings: list[Fault] = []
    columns = {name: _column(row) for name, row in fields.items()}
    frame, faults = parse(table, columns, warnings=warnings)
    ids = {name: frozenset(words) for name, words in known.items()}
    records: list[Row] = [
        dict(zip(frame.columns, row, strict=True)) for row in frame.to_numpy(object)
    ]
    rows = list(zip(table.numbers, records, strict=True))
    seen: dict[str, int] = {}
    for number, row in rows:
        faults += [
            Fault(message, table.file, f"row {number}", field)
            for field, message in (*_row_faults(row, fields, ids), *_made_faults(row, processes))
        ]
        name = text_of(row, "unit_id")
        if name in seen:
            message = f"stands in row {seen[name]} too"
            faults.append(Fault(message, table.file, f"row {number}", "unit_id"))
        seen.setdefault(name, number)
    faults += [
        Fault(message, table.file, f"row {number}", field)
        for number, field, message in _calendar_faults(rows)
    ]
    if faults:
        raise DataError(faults)
    units = tuple(_unit(row, number) for number, row in rows)
    synthetic = any(unit.source.casefold().startswith(_SYNTHETIC) for unit in units)
    return Register(table.file, units, synthetic, tuple(warnings))


def headed(table: Table, words: Mapping[str, Iterable[str]]) -> Table:
    """A table with its headings as field names.

    Parameters
    ----------
    table : Table
    words : mapping of str to iterable of str
        By field, the headings that are read as it, in whatever spelling.

    Returns
    -------
    Table

    Raises
    ------
    DataError
        Every heading that is no field, with the nearest that is, and every field that has two.

    Examples
    --------
    >>> table = Table("a.csv", ("SITE", "پاسخ"), (), ())
    >>> headed(table, {"site": ["site"], "answer": ["answer", "پاسخ"]}).columns
    ('site', 'answer')
    """
    names = {fold(word): name for name, spelt in words.items() for word in spelt}
    labels = [word for spelt in words.values() for word in spelt]
    faults = [
        Fault(
            f"is no field of the register{nearest(heading, labels)}", table.file, "row 1", heading
        )
        for heading in table.columns
        if fold(heading) not in names
    ]
    columns = tuple(names.get(fold(heading), heading) for heading in table.columns)
    faults += [
        Fault("this field stands under two headings", table.file, "row 1", name)
        for name, count in Counter(columns).items()
        if count > 1
    ]
    if faults:
        raise DataError(faults)
    return replace(table, columns=columns)


def _in_latin(table: Table, fields: Mapping[str, Row]) -> Table:
    """Codes and dates in Latin digits; numbers are read by the table's own rule, which says so."""
    rows = (
        tuple(_latin(cell, fields[name]) for cell, name in zip(row, table.columns, strict=True))
        for row in table.rows
    )
    return replace(table, rows=tuple(rows))


def _latin(cell: str, field: Row) -> str:
    return latin_digits(cell) if field["type"] in ("code", "code_list", "date") else cell


def _column(field: Row) -> Column:
    name = text_of(field, "id")
    kind = _TYPES.get(text_of(field, "type"), "text")
    low, high = _RANGES.get(name, (0.0, None)) if kind != "text" else (None, None)
    return Column.model_validate(
        {
            "type": kind,
            "unit": text_of(field, "unit"),
            "required": text_of(field, "requirement") == "required",
            "low": low,
            "high": high,
        }
    )


def _row_faults(
    row: Row, fields: Mapping[str, Row], known: Mapping[str, frozenset[str]]
) -> Iterator[tuple[str, str]]:
    for name, field in fields.items():
        word = text_of(row, name)
        if not word:
            continue
        if name in _KEYS:
            ids = known[_KEYS[name]]
            if word not in ids:
                yield name, f"{word[:40]!r} is unknown{nearest(word, ids)}"
        elif field["type"] in ("code", "code_list"):
            yield from _code_faults(name, word, field, fields)
        elif field["type"] == "date":
            yield from date_faults(name, word)
    yield from _figure_faults(row)


def _code_faults(
    name: str, text: str, field: Row, fields: Mapping[str, Row]
) -> Iterator[tuple[str, str]]:
    allowed = text_of(field, "allowed_values")
    if allowed == "same list":
        allowed = text_of(fields["cause_primary"], "allowed_values")
    words = [word.strip() for word in text.split(";")] if field["type"] == "code_list" else [text]
    choices = allowed.split("|") if "|" in allowed else []
    for word in words:
        if choices and word not in choices:
            yield name, f"{word[:40]!r} is not one of {', '.join(choices)}{nearest(word, choices)}"
    if name in _RANGES:
        low, high = _RANGES[name]
        if not (text.isascii() and text.isdigit() and low <= int(text) <= high):
            yield name, f"{text[:40]!r} is not a whole number from {low:g} to {high:g}"
    if name == "isic4" and not re.fullmatch(r"\d{4}", text, re.ASCII):
        yield name, f"{text[:40]!r} is no code of four digits"
    if name == "export_markets" and not all(re.fullmatch(r"[A-Z]{2}", word) for word in words):
        yield name, f"{text[:40]!r} is no list of country codes of two letters"


def date_faults(name: str, word: str) -> Iterator[tuple[str, str]]:
    """What is wrong with a date, by its field.

    Parameters
    ----------
    name : str
        Field that it stands in.
    word : str
        The date.

    Yields
    ------
    tuple of (str, str)
        Field and fault.

    Examples
    --------
    >>> [fault for _, fault in date_faults("date", "1403-12-30")]
    ["'1403-12-30' is no Gregorian date; write 1403-12-30 as 2025-03-20"]
    """
    try:
        date = datetime.date.fromisoformat(word)
    except ValueError:
        yield name, f"{word[:40]!r} is no date; write 2025-03-20"
        return
    if _calendar(date.year) != "Gregorian":
        yield name, f"{word[:40]!r} is no Gregorian date; write 1403-12-30 as 2025-03-20"


def _calendar(year: float) -> str | None:
    return next((name for name, (low, high) in _CALENDARS.items() if low <= year <= high), None)


def _calendar_faults(rows: list[tuple[int, Row]]) -> Iterator[tuple[int, str, str]]:
    """Years of no calendar, and columns that mix two."""
    for name in (*_ONE_CALENDAR, "machinery_year"):
        years = [(number, year) for number, row in rows
                 if (year := number_of(row, name)) is not None]  # fmt: skip
        first: tuple[int, float] | None = None
        for number, year in years:
            calendar = _calendar(year)
            if calendar is None:
                yield number, name, f"{year:g} is no year such as 1403 or 2024"
            elif first is None:
                first = (number, year)
            elif name in _ONE_CALENDAR and calendar != _calendar(first[1]):
                words = f"{year:g} is {calendar}, but row {first[0]} has {first[1]:g}"
                yield number, name, f"{words}; write one calendar"


def _made_faults(row: Row, processes: Mapping[str, Process] | None) -> Iterator[tuple[str, str]]:
    process = (processes or {}).get(text_of(row, "chain_process_id"))
    if process is None:
        return
    product, told = text_of(row, "main_product"), text_of(row, "park_type")
    if product and product not in process.outputs:
        makes = ", ".join(process.outputs)
        yield "main_product", f"{product[:40]!r} is not made by {process.id}, which makes {makes}"
    hosts = PARK_TYPES.get(told, told)
    if told and hosts not in process.park_types:
        yield "park_type", f"{told[:40]!r} may not hold {process.id}"


def _figure_faults(row: Row) -> Iterator[tuple[str, str]]:
    capacity, output = number_of(row, "nominal_capacity_t_y"), number_of(row, "actual_output_t_y")
    practical, told = number_of(row, "practical_capacity_t_y"), number_of(row, "utilisation_pct")
    if capacity is None or output is None:
        return
    if capacity <= 0:
        yield "nominal_capacity_t_y", "must be above 0"
        return
    if output > capacity:
        yield (
            "actual_output_t_y",
            f"{output:g} t/y is above the capacity of {capacity:g} t/y; are both in t/y?",
        )
    if practical is not None and practical > capacity:
        yield "practical_capacity_t_y", f"{practical:g} is above the licensed {capacity:g} t/y"
    used = 100 * output / capacity
    if told is not None and abs(told - used) > 1:
        yield "utilisation_pct", f"{told:g} % is given, output over capacity is {used:.1f} %"
    status = text_of(row, "activity_status")
    unbuilt = {status, text_of(row, "licence_stage")} & {*_UNBUILT}
    if used < 70 and not unbuilt and not text_of(row, "cause_primary"):
        yield "cause_primary", f"a unit at {used:.0f} % must name its main cause"
    named = text_of(row, "utilisation_band")
    if named and named != band(used, status):
        yield "utilisation_band", f"{named[:40]} is given, output over capacity is {used:.1f} %"
    if output > 0 and status in (*_IDLE, "under_construction"):
        yield "actual_output_t_y", f"{output:g} t/y of a unit that is said to stand idle"


def _unit(row: Mapping[str, Any], number: int) -> Unit:
    capacity, output = float(row["nominal_capacity_t_y"]), float(row["actual_output_t_y"])
    practical = number_of(row, "practical_capacity_t_y")
    causes = (text_of(row, "cause_primary"), text_of(row, "cause_secondary"))
    used = 100 * output / capacity
    return Unit(
        id=text_of(row, "unit_id"),
        name=text_of(row, "name_fa"),
        estate=text_of(row, "estate_id"),
        product=text_of(row, "main_product"),
        feedstock=text_of(row, "main_feedstock"),
        status=text_of(row, "activity_status"),
        stage=text_of(row, "licence_stage"),
        capacity=capacity,
        practical=capacity if practical is None else practical,
        output=output,
        practical_given=practical is not None,
        utilisation_pct=used,
        band=band(used, text_of(row, "activity_status")),
        causes=tuple(cause for cause in causes if cause),
        source=text_of(row, "source"),
        source_kind=text_of(row, "source_kind"),
        row=number,
    )


def band(utilisation_pct: float, status: str) -> str:
    """Utilisation band of a unit, as the organisation of industrial estates counts.

    Examples
    --------
    >>> band(70.0, "active"), band(50.0, "active"), band(49.9, "active"), band(0.0, "active")
    ('ge70', '50to70', 'lt50', 'idle')
    """
    if utilisation_pct <= 0 or status in _IDLE:
        return "idle"
    return "ge70" if utilisation_pct >= 70 else "50to70" if utilisation_pct >= 50 else "lt50"


def diagnose(register: Register) -> Diagnosis:
    """Bands, causes, and what could be revived, by estate and product.

    Parameters
    ----------
    register : Register
        As read.

    Returns
    -------
    Diagnosis
    """
    made: dict[str, float] = {}
    for unit in register.units:
        made[unit.product] = made.get(unit.product, 0.0) + unit.output
    standing = [unit for unit in register.units if unit.stands]
    counted = Counter(unit.band for unit in standing)
    # A unit at 70 % or more may have named one too.
    causes = Counter(unit.causes[0] for unit in standing if unit.causes and unit.band != "ge70")
    groups: dict[tuple[str, str], list[Unit]] = {}
    for unit in standing:
        groups.setdefault((unit.estate, unit.product), []).append(unit)
    idle = [
        Idle(
            estate,
            product,
            tuple(unit.id for unit in units if unit.revivable > 0),
            sum(unit.capacity for unit in units),
            sum(unit.output for unit in units),
            sum(unit.revivable for unit in units),
            tuple(sorted({cause for unit in units if unit.revivable > 0 for cause in unit.causes})),
        )
        for (estate, product), units in groups.items()
    ]
    return Diagnosis(
        {name: counted[name] for name in BANDS},
        tuple(sorted(causes.items(), key=lambda item: (-item[1], item[0]))),
        tuple(
            sorted(
                (entry for entry in idle if entry.revivable > 0),
                key=lambda entry: (-entry.revivable, entry.estate, entry.product),
            )
        ),
        register.synthetic,
        len(register.units) - len(standing),
        tuple((product, t_y) for product, t_y in sorted(made.items()) if t_y > 0),
    )
