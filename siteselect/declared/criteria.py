"""Criteria: what is weighed, what is a rule, and the complete model of a park type."""

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from siteselect.base import files, units
from siteselect.base.errors import DeclarationError, Fault, UnitMismatch
from siteselect.base.text import nearest
from siteselect.declared.measures import Measure, dimension
from siteselect.declared.sources import Declared, Finite, Identifier, NotNegative, Positive, Titles

Knot = tuple[Finite, Annotated[Finite, Field(ge=0, le=1)]]

LegalStatus = Literal[
    "in force", "superseded", "benchmark", "needs legal text", "definition", "engineering"
]
SiteKind = Literal["cell", "estate", "special_zone", "extension", "greenfield", "proposed"]


def _check_unit(name: str, measure: Measure, unit: str) -> None:
    kind = dimension(measure)
    try:
        if kind:
            units.factor(unit, kind)
    except UnitMismatch as error:
        raise ValueError(f"{name}: {error}") from error


class Group(Declared):
    """A group of criteria and its share of the score."""

    weight: NotNegative
    """Share of the group."""
    titles: Titles
    """Title in both languages."""


class Criterion(Declared):
    """One weighted factor: a measure, a unit, a value function, a weight, evidence."""

    id: Identifier
    """Name, unique among criteria and constraints."""
    group: Identifier
    """Group it belongs to."""
    weight: NotNegative
    """Share within its group."""
    titles: Titles
    """Title in both languages."""
    measure: Measure
    """How its performance is read."""
    unit: str
    """Unit of the performance and of the knots."""
    knots: Annotated[tuple[Knot, ...], Field(min_length=2)]
    """Performance and value 0..1 at each corner of the value function; flat beyond the ends."""
    evidence: str
    """Why this criterion, these knots, this weight."""
    quality: str = ""
    """What the data behind it cannot tell."""
    changeable: bool = True
    """Whether a project could change the reading: a road can be built, a fault cannot be moved."""

    @model_validator(mode="after")
    def _fits(self) -> "Criterion":
        readings = [reading for reading, _ in self.knots]
        if any(b <= a for a, b in itertools.pairwise(readings)):
            raise ValueError(f"knots of {self.id} must ascend, read {readings}")
        _check_unit(self.id, self.measure, self.unit)
        return self


class Constraint(Declared):
    """A rule with a limit: a screen enters the verdict, an inquiry opens a question."""

    id: Identifier
    """Name, unique among criteria and constraints."""
    role: Literal["screen", "inquiry"]
    """Whether it enters the verdict of a place."""
    titles: Titles
    """Title in both languages."""
    rules: tuple[str, ...] = ()
    """Rows of the table of siting rules that it stands on."""
    measure: Measure | None = None
    """How its reading is taken; none if no layer is at hand: the rule is open everywhere."""
    unit: str = "km"
    """Unit of the reading and of the limits."""
    at_least: Finite | None = None
    """The reading must not be below this."""
    at_most: Finite | None = None
    """The reading must not be above this."""
    clear: Finite | None = None
    """Eligible only from here on, where the reading itself is in doubt near the limit."""
    applies_to: tuple[SiteKind, ...] = ()
    """Kinds of place that it speaks of; all if empty."""
    when_unknown: Literal["undetermined", "open"] = "undetermined"
    """Answer at a place without a reading: in doubt, or no part of the verdict but an open rule."""
    authority: str
    """Who is asked."""
    authority_fa: str
    """Who is asked, in Persian."""
    status: LegalStatus
    """Standing of the rule in law."""
    note: str = ""
    """What must be known of it."""

    @model_validator(mode="after")
    def _one_limit(self) -> "Constraint":
        if self.at_least is not None and self.at_most is not None:
            raise ValueError(f"{self.id} has both at_least and at_most; write two constraints")
        if self.role == "screen" and (self.measure is None or self.limit is None):
            raise ValueError(
                f"{self.id} is a screen without a measure or a limit; make it an inquiry"
            )
        if self.clear is not None and not self._clears_the_limit(self.clear):
            raise ValueError(f"clear of {self.id} must keep its limit")
        if self.measure is not None:
            _check_unit(self.id, self.measure, self.unit)
        return self

    def _clears_the_limit(self, clear: float) -> bool:
        if self.at_least is not None:
            return clear >= self.at_least
        return self.at_most is not None and clear <= self.at_most

    @property
    def limit(self) -> float | None:
        """The limit, whichever way it points."""
        return self.at_least if self.at_least is not None else self.at_most


class Needs(Declared):
    """What a park of this type takes: ranges from small to large."""

    land_ha: tuple[Positive, Positive]
    """Land."""
    water_m3_d: tuple[NotNegative, Positive]
    """Water a day."""
    power_mw: tuple[NotNegative, Positive]
    """Electricity."""
    gas_mcm_d: tuple[NotNegative, Positive] | None = None
    """Natural gas, million cubic metres a day."""
    hazard_class: str = ""
    """Class in the table of 1378, as far as known."""


class CriteriaSet(Declared):
    """The complete model of one park type."""

    id: Identifier
    """Park type."""
    titles: Titles
    """Title in both languages."""
    version: str
    """Version of the model."""
    weights: Literal["shares", "relative"] = "shares"
    """Shares sum to 1 over the groups and within each; relative weights are normalised."""
    min_known: Annotated[Finite, Field(ge=0, le=1)] = 0.6
    """Share of weight with data below which a site is listed without a rank."""
    needs: Needs
    """Land, water, power of one park."""
    groups: dict[str, Group]
    """Groups of criteria."""
    criteria: Annotated[tuple[Criterion, ...], Field(min_length=1)]
    """What is weighed."""
    constraints: tuple[Constraint, ...] = ()
    """What is a rule."""

    @model_validator(mode="after")
    def _whole(self) -> "CriteriaSet":
        faults = [*self._name_faults(), *self._weight_faults()]
        if faults:
            raise ValueError("; ".join(faults))
        return self

    def _name_faults(self) -> list[str]:
        ids = [c.id for c in self.criteria] + [c.id for c in self.constraints]
        twice = sorted({name for name in ids if ids.count(name) > 1})
        lost = sorted({c.group for c in self.criteria} - set(self.groups))
        return [f"id {name} is used twice" for name in twice] + [
            f"group {name} is not declared" for name in lost
        ]

    def _weight_faults(self) -> list[str]:
        shares = {"groups": {name: group.weight for name, group in self.groups.items()}}
        for name in self.groups:
            shares[f"group {name}"] = {c.id: c.weight for c in self.criteria if c.group == name}
        faults = []
        for what, weights in shares.items():
            total = sum(weights.values())
            idle = what != "groups" and self.groups[what.removeprefix("group ")].weight == 0
            if total <= 0 and not idle:
                faults.append(f"weights of {what} sum to 0")
            elif self.weights == "shares" and not idle and abs(total - 1) > 1e-6:
                normal = ", ".join(f"{key}: {w / total:.6g}" for key, w in weights.items())
                faults.append(
                    f"weights of {what} sum to {total:.6g}, not 1; normalised they are {normal}"
                    " (or write weights: relative)"
                )
        return faults


def read_criteria(path: Path) -> CriteriaSet:
    """A criteria set from its file; one that `extends` another says only what differs.

    A file with ``extends: petrochemical`` takes the model beside it and replaces what it names:
    ``groups``, ``criteria`` and ``constraints`` are then mappings by id whose keys replace those
    of the base (a mapping is merged, anything else replaced), ``add`` lists new criteria, and
    ``drop`` names criteria and constraints that are left out.

    Parameters
    ----------
    path : pathlib.Path
        A YAML file.

    Returns
    -------
    CriteriaSet

    Raises
    ------
    DeclarationError
        Every fault, with file, line and key.
    """
    data, lines = files.read_yaml(path)
    if isinstance(data, dict) and "extends" in data:
        data, lines = _extended(data, lines, path)
    return files.validate(data, CriteriaSet, file=str(path), lines=lines)


def _extended(data: dict[str, Any], lines: files.Line, path: Path) -> tuple[Any, files.Line]:
    """The whole model that an extending file stands for, and the lines of what it says itself."""
    base = _base_of(data, path)
    faults = _unknown_names(data, base, lines, str(path))
    if faults:
        raise DeclarationError(faults)
    dropped = set(data.get("drop") or ())
    merged = base | {k: v for k, v in data.items() if k not in ("extends", "add", "drop")}
    merged["groups"] = _merged(base["groups"], data.get("groups") or {})
    where = {key: line for key, line in lines.items() if key[:1] not in _LISTS}
    for key in ("criteria", "constraints"):
        kept = [item for item in base.get(key) or () if item["id"] not in dropped]
        changes = data.get(key) or {}
        merged[key] = [_merged(item, changes.get(item["id"], {})) for item in kept]
        where[key,] = lines.get((key,), 1)
        for index, item in enumerate(kept):
            where |= _moved(lines, (key, item["id"]), (key, index))
    for index, item in enumerate(data.get("add") or ()):
        where |= _moved(lines, ("add", index), ("criteria", len(merged["criteria"])))
        merged["criteria"].append(item)
    return merged, where


_LISTS = (("criteria",), ("constraints",), ("add",))
Where = tuple[str | int, ...]


def _moved(lines: files.Line, old: Where, new: Where) -> files.Line:
    return {(*new, *key[len(old) :]): line for key, line in lines.items() if key[: len(old)] == old}


def files_behind(path: Path) -> tuple[Path, ...]:
    """The files that a criteria set is read from: its own and, if it extends one, the model.

    Parameters
    ----------
    path : pathlib.Path
        A YAML file.

    Returns
    -------
    tuple of pathlib.Path

    Raises
    ------
    DeclarationError
        If the file cannot be read, or there is no such model.
    """
    data, _ = files.read_yaml(path)
    extends = isinstance(data, dict) and "extends" in data
    return (path, _base_file(data, path)) if extends else (path,)


def _base_file(data: dict[str, Any], path: Path) -> Path:
    name = str(data["extends"])
    folders = (path.parent, files.home() / "criteria")
    found = {other.stem: other for folder in folders[::-1] for other in folder.glob("*.yaml")}
    found.pop(path.stem, None)
    if name not in found:
        hint = nearest(name, found)
        raise DeclarationError(
            Fault(f"no model {name!r} beside it or bundled{hint}", str(path), "", "extends")
        )
    return found[name]


def _base_of(data: dict[str, Any], path: Path) -> dict[str, Any]:
    file = _base_file(data, path)
    base, _ = files.read_yaml(file)
    # A model that stands by itself is whole, so that what follows may rely on its form.
    files.validate(base, CriteriaSet, file=file.name)
    return dict(base)


def _unknown_names(
    data: dict[str, Any], base: dict[str, Any], lines: files.Line, file: str
) -> list[Fault]:
    """Names that an extending file changes or drops, and that its base does not have."""
    known = {key: {i["id"] for i in base.get(key) or ()} for key in ("criteria", "constraints")}
    known["groups"] = set(base["groups"]) | set(data.get("groups") or {})
    known["drop"] = known["criteria"] | known["constraints"]
    faults = []
    for key, names in known.items():
        given = data.get(key) or ()
        if not isinstance(given, list if key == "drop" else (dict, tuple)):
            form = "a list of ids" if key == "drop" else "a mapping by id"
            faults += [Fault(f"must be {form}", file, f"line {lines[key,]}", key)] if given else []
            continue
        faults += [
            Fault(f"{name} is not in {data['extends']}{nearest(str(name), names)}", file,
                  f"line {lines.get((key, name), lines[key,])}", key)
            for name in given if name not in names
        ]  # fmt: skip
    return faults


def _merged(base: Any, change: Any) -> Any:
    """Mappings are merged, anything else is replaced; so is a measure by one of another kind."""
    if not (isinstance(base, dict) and isinstance(change, dict)):
        return change
    if change.get("kind", base.get("kind")) != base.get("kind"):
        return change
    return base | {
        key: _merged(base[key], value) if key in base else value for key, value in change.items()
    }


NOT_TYPES = ("study.yaml", "programme.yaml")


def park_types(folder: Path) -> tuple[CriteriaSet, ...]:
    """Every criteria set of a folder, by file name.

    Raises
    ------
    DeclarationError
        Every fault of every file.
    """
    paths = [path for path in sorted(folder.glob("*.yaml")) if path.name not in NOT_TYPES]
    return tuple(read_criteria(path) for path in paths)


def file_of(park_type: str, folders: Sequence[Path]) -> Path:
    """The file of a park type: the first of that name.

    Parameters
    ----------
    park_type : str
        Its id.
    folders : sequence of pathlib.Path
        Where to look, the first first.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    DeclarationError
        If there is none of that name, with the nearest that there is.
    """
    every = [path for folder in reversed(folders) for path in folder.glob("*.yaml")]
    found = {path.stem: path for path in every if path.name not in NOT_TYPES}
    if park_type not in found:
        raise DeclarationError(
            f"no park type {park_type!r}{nearest(park_type, found)}; there are"
            f" {', '.join(sorted(found))}"
        )
    return found[park_type]


def named(park_type: str) -> CriteriaSet:
    """The bundled criteria set of a park type.

    Raises
    ------
    DeclarationError
        If there is none of that name, with the nearest that there is.

    Examples
    --------
    >>> named("petrochemical").titles.en
    'Petrochemical park'
    """
    return read_criteria(file_of(park_type, [files.home() / "criteria"]))
