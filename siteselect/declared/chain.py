"""The value chain: materials, processes and prices, and how feedstock is counted."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import Field, ValidationError, model_validator

from siteselect.base import files
from siteselect.base.errors import DataError, DeclarationError, Fault
from siteselect.base.text import figures, nearest
from siteselect.declared.sources import Declared, Finite, Identifier, NotNegative, Positive, Titles

LOSS = "losses_and_byproducts"
CLOSES_AS_GIVEN = 1e-3
CLOSES = 1e-6
ANY = "*"

Row = Mapping[str, Any]
Kind = TypeVar("Kind", bound=Declared)
Share = Annotated[Finite, Field(ge=0, le=1)]
SourceKind = Literal["found", "recalled", "inferred", "derived"]
# Park types by the words of the tables, where they differ.
PARK_TYPES = {
    "methanol/gas-conversion": "gas_conversion",
    "chlor-alkali": "chlor_alkali",
    "olefin": "petrochemical",
}


class Material(Declared):
    """One material of the chain."""

    id: Identifier
    """Name in the tables."""
    titles: Titles
    """Name in both languages."""
    role: str
    """What it is to the region, as compiled."""
    source_kind: SourceKind
    """How far its row may be trusted."""


class Process(Declared):
    """One process: tonnes in and out, a tonne of main product each, losses included."""

    id: Identifier
    """Name in the table."""
    titles: Titles
    """What it does; in Persian, what it makes and of what, since the table has no Persian name."""
    inputs: dict[str, Positive]
    """Tonnes of each material that goes in."""
    outputs: dict[str, Positive]
    """Tonnes of each that comes out; the first is the main product. Closes to 1e-6."""
    given_closure: Finite
    """In less out as the table has it, as a share of in; it was added to the losses."""
    park_types: tuple[str, ...]
    """Which parks may hold it."""
    scale_kt_y: tuple[NotNegative | None, NotNegative | None]
    """Least and greatest usual size; None where none is published."""
    utilities: str
    """Steam, power and water a tonne, as compiled."""
    source: str
    """Where it is from."""
    source_kind: SourceKind
    """Whether its factors were read or recalled."""

    @property
    def main(self) -> str:
        """The main product."""
        return next(iter(self.outputs))

    def per_main(self, material: str) -> float:
        """Tonnes of an input for one tonne of the main product."""
        return self.inputs.get(material, 0.0) / self.outputs[self.main]


class Price(Declared):
    """Quotes of one material."""

    id: Identifier
    """Material."""
    low_usd_t: Positive
    """Lowest quote."""
    high_usd_t: Positive
    """Highest quote."""
    years: str
    """When."""
    volatility: Literal["low", "medium", "high", "not_classed"]
    """How far the quotes lie apart; a hint, as their bases differ."""
    source: str
    """Where they were read."""
    source_kind: SourceKind
    """How far they may be trusted."""

    @model_validator(mode="after")
    def _ordered(self) -> "Price":
        if self.low_usd_t > self.high_usd_t:
            raise ValueError(f"the low quote {self.low_usd_t:g} is above {self.high_usd_t:g}")
        return self


class Availability(Declared):
    """Share of nominal capacity that is really there."""

    source_prefix: str
    """Beginning of the ids of sources; all if empty."""
    material: str
    """Material, or ``*`` for any."""
    share: Share
    """What is counted with."""
    range: tuple[Share, Share]
    """Between what and what it lies."""
    as_of: str
    """Date that it speaks of."""
    source: str
    """Where it is from."""
    source_kind: SourceKind
    """Whether it was read or recalled."""
    after_use: bool = False
    """Whether the use of running plants has been taken off already."""

    @model_validator(mode="after")
    def _within(self) -> "Availability":
        if not self.range[0] <= self.share <= self.range[1]:
            raise ValueError(f"share {self.share:g} is not in its range {self.range}")
        return self


class NotSold(Declared):
    """What a source makes and sells to nobody."""

    source: str
    """Id of the source."""
    material: Identifier
    """What it keeps."""
    reason: str
    """Why."""


class MadeBy(Declared):
    """By which process running plants make a product."""

    source_prefix: str
    """Beginning of the ids of sources; all if empty."""
    material: str
    """Product, or ``*`` for any."""
    process: str
    """Process; empty for a by-product without a feed of its own."""


class Mode(Declared):
    """One way to move material."""

    usd_t_km: NotNegative
    """Cost of a tonne and kilometre."""
    handling_usd_t: NotNegative
    """Cost of loading and unloading a tonne."""
    detour: Annotated[Finite, Field(ge=1)]
    """Length of the way over the straight distance."""
    reach_km: Positive
    """Longest straight distance."""
    access: str = ""
    """Layer of points that both ends must be near; none if empty."""
    access_km: Positive | None = None
    """How near."""


class Carrier(Declared):
    """By which modes some materials move."""

    materials: Annotated[tuple[Identifier, ...], Field(min_length=1)]
    """Materials."""
    modes: Annotated[tuple[str, ...], Field(min_length=1)]
    """Modes that carry them."""


class ChainRules(Declared):
    """How feedstock is counted, moved and used: what the tables cannot say."""

    id: Identifier
    """Name."""
    titles: Titles
    """Title in both languages."""
    kinds: tuple[str, ...]
    """Kinds of source that supply."""
    statuses: tuple[str, ...]
    """Status words of what supplies today."""
    no_products: tuple[str, ...]
    """Patterns of figures that are no product: totals, intakes, plans."""
    free: tuple[Identifier, ...]
    """Materials that are on every site."""
    waste: tuple[Identifier, ...]
    """Outputs that are sold to nobody."""
    stand_ins: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Charge of a process, and the materials that may serve as it."""
    availability: tuple[Availability, ...]
    """Share of nominal capacity that is there; one must fit every source."""
    not_sold: tuple[NotSold, ...] = ()
    """What its maker keeps."""
    made_by: tuple[MadeBy, ...] = ()
    """Processes of running plants."""
    intakes: dict[str, Identifier] = Field(default_factory=dict)
    """Figures among capacities that are a use, and the material that is used."""
    not_running: tuple[Identifier, ...] = ()
    """Processes that no plant of the region works by."""
    on_site: tuple[Identifier, ...] = ()
    """Intermediates that do not travel: whoever uses one makes it."""
    parks: dict[str, dict[str, Positive]]
    """Plants of one park by type: process and kt/y of its main product."""
    hosts_as: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Park types that may hold what others hold."""
    modes: dict[str, Mode]
    """Ways to move material."""
    modes_source: str
    """Where their figures are from."""
    bought_in_usd_t: NotNegative
    """Cost of bringing a tonne from outside the region."""
    carriers: tuple[Carrier, ...]
    """Modes of named materials."""
    other_modes: tuple[str, ...]
    """Modes of any other."""
    score_per_musd: NotNegative
    """Score that a million USD a year of haulage is worth in the choice."""

    @model_validator(mode="after")
    def _whole(self) -> "ChainRules":
        named = [mode for carrier in self.carriers for mode in carrier.modes]
        lost = sorted({*named, *self.other_modes} - set(self.modes))
        bare = sorted(
            name for name, mode in self.modes.items() if mode.access and not mode.access_km
        )
        faults = [f"mode {name} is not declared{nearest(name, self.modes)}" for name in lost]
        faults += [f"mode {name} has an access layer without access_km" for name in bare]
        if not any(a.source_prefix == "" and a.material == ANY for a in self.availability):
            faults.append('availability needs an entry with source_prefix "" and material "*"')
        if faults:
            raise ValueError("; ".join(faults))
        return self

    def modes_of(self, material: str) -> tuple[str, ...]:
        """Modes that carry a material."""
        for carrier in self.carriers:
            if material in carrier.materials:
                return carrier.modes
        return self.other_modes

    def available(self, source: str, material: str) -> Availability:
        """What is known of how much of a source's material is really there.

        Parameters
        ----------
        source, material : str
            Ids.

        Returns
        -------
        Availability
            An entry that names the material before one that does not; then the longest beginning.
        """
        fitting = [
            entry
            for entry in self.availability
            if source.startswith(entry.source_prefix) and entry.material in (material, ANY)
        ]
        return max(fitting, key=lambda e: (e.material != ANY, len(e.source_prefix)))

    def process_of(self, source: str, product: str) -> str | None:
        """Process by which a source makes a product.

        Parameters
        ----------
        source, product : str
            Ids.

        Returns
        -------
        str or None
            Empty for a by-product; None if it is not said.
        """
        fitting = [
            entry
            for entry in self.made_by
            if source.startswith(entry.source_prefix) and entry.material in (product, ANY)
        ]
        if not fitting:
            return None
        return max(fitting, key=lambda e: (len(e.source_prefix), e.material != ANY)).process

    def no_product(self, figure: str) -> bool:
        """Whether a figure among capacities is a total, an intake or a plan."""
        return any(fnmatchcase(figure, pattern) for pattern in self.no_products)


class Chain(Declared):
    """Materials, processes and prices of a region, and the rules to count them by."""

    materials: dict[str, Material]
    """By id."""
    processes: dict[str, Process]
    """By id."""
    prices: dict[str, Price]
    """By material."""
    rules: ChainRules
    """How they are counted."""

    @model_validator(mode="after")
    def _known(self) -> "Chain":
        rules = self.rules
        wanted = [(m, k) for k in ("free", "waste", "on_site") for m in getattr(rules, k)]
        wanted += [
            (m, "stand_ins") for pair in rules.stand_ins.items() for m in (pair[0], *pair[1])
        ]
        wanted += [(a.material, "availability") for a in rules.availability if a.material != ANY]
        wanted += [(m.material, "made_by") for m in rules.made_by if m.material != ANY]
        wanted += [(n.material, "not_sold") for n in rules.not_sold]
        wanted += [(m, "intakes") for m in rules.intakes.values()]
        wanted += [(m, "carriers") for carrier in rules.carriers for m in carrier.materials]
        faults = [
            f"{where}: material {name} is not in the table{nearest(name, self.materials)}"
            for name, where in wanted
            if name not in self.materials
        ]
        faults += [
            f"made_by: process {entry.process} is not in the table"
            for entry in rules.made_by
            if entry.process and entry.process not in self.processes
        ]
        faults += [
            f"not_running: process {name} is not in the table"
            for name in rules.not_running
            if name not in self.processes
        ]
        faults += [fault for park in rules.parks for fault in self._park_faults(park)]
        if faults:
            raise ValueError("; ".join(faults))
        return self

    def _park_faults(self, park: str) -> list[str]:
        faults = []
        for name, kt_y in self.rules.parks[park].items():
            process = self.processes.get(name)
            if process is None:
                faults.append(f"parks: {park}: process {name} is not in the table")
                continue
            low, high = process.scale_kt_y
            if not self.may_host(park, process):
                faults.append(
                    f"parks: {park}: may not hold {name} ({', '.join(process.park_types)})"
                )
            if (low is not None and kt_y < low) or (high is not None and kt_y > high):
                faults.append(f"parks: {park}: {name} of {kt_y:g} kt/y is not in {low} to {high}")
        return faults

    def may_host(self, park_type: str, process: Process) -> bool:
        """Whether a park type may hold a process.

        Parameters
        ----------
        park_type : str
            Type, itself or by `ChainRules.hosts_as`.
        process : Process
            What it would hold.

        Returns
        -------
        bool
        """
        types = (park_type, *self.rules.hosts_as.get(park_type, ()))
        return any(name in process.park_types for name in types)

    def makers(self, material: str) -> tuple[Process, ...]:
        """Processes that make a material as their main product, or beside one in equal amount."""
        return tuple(
            p
            for p in self.processes.values()
            if material in p.outputs and p.outputs[material] >= 0.5 * p.outputs[p.main]
            and material not in (*self.rules.waste, *self.rules.free)
        )  # fmt: skip

    def park_net(self, park_type: str) -> dict[str, float]:
        """What one park of a type takes (negative) and gives, kt/y; its own steps are netted.

        Free materials and waste are included, so the sum is zero: mass closes.

        Raises
        ------
        DataError
            If no park of that type is declared.
        """
        if park_type not in self.rules.parks:
            raise DataError(
                f"no plants are declared for a {park_type} park"
                f"{nearest(park_type, self.rules.parks)}"
            )
        net: dict[str, float] = {}
        for name, kt_y in self.rules.parks[park_type].items():
            process = self.processes[name]
            scale = kt_y / process.outputs[process.main]
            for sign, flows in ((-1.0, process.inputs), (1.0, process.outputs)):
                for material, tonnes in flows.items():
                    net[material] = net.get(material, 0.0) + sign * scale * tonnes
        return {material: kt_y for material, kt_y in net.items() if abs(kt_y) > CLOSES}


def read_rules(path: Path) -> ChainRules:
    """Rules of the chain from their file.

    Raises
    ------
    DeclarationError
        Every fault, with file, line and key.
    """
    return files.read(path, ChainRules)


def bundled_rules() -> ChainRules:
    """The rules of the bundled study.

    Examples
    --------
    >>> bundled_rules().available("GR-SP0910", "sulphur").share
    0.42
    """
    return read_rules(files.home() / "criteria" / "chain" / "south.yaml")


def chain_of(
    rules: ChainRules,
    *,
    value_chain: Iterable[Row],
    materials: Iterable[Row],
    prices: Iterable[Row],
) -> Chain:
    """The chain from rows of its tables.

    Parameters
    ----------
    rules : ChainRules
        How it is counted.
    value_chain, materials, prices : iterable of mapping
        Rows of the tables of those names, by column. ``inputs`` and ``outputs`` are lists such as
        ``sulphur=0.328; air_oxygen=0.489``.

    Returns
    -------
    Chain

    Raises
    ------
    DataError
        Every row with a fault: an id that stands twice, a cell that cannot be read, a factor of
        zero, a material that is not in the table of materials, a process whose mass does not close
        to 1e-3.
    DeclarationError
        If the rules name what the tables do not hold.
    """
    known, faults = _each(materials, _material, "materials")
    making = partial(_process, known=known, free=rules.free)
    found, wrong = _each(value_chain, making, "value_chain")
    faults += wrong
    faults += [
        Fault(f"material {name} is not in the table{nearest(name, known)}", "value_chain", process)
        for process, made in found.items()
        for name in (*made.inputs, *made.outputs)
        if name not in known
    ]
    # A quote of what no process touches (pigments, say) stands in the table and has no use here.
    quoted = [row for row in prices if text_of(row, "id") in known]
    quotes, wrong = _each(quoted, _price, "prices")
    faults += wrong
    if faults:
        raise DataError(faults)
    try:
        return Chain(materials=known, processes=found, prices=quotes, rules=rules)
    except ValidationError as error:
        words = [item["msg"].removeprefix("Value error, ") for item in error.errors()]
        raise DeclarationError([Fault(word, f"chain/{rules.id}.yaml") for word in words]) from error


def _each(
    rows: Iterable[Row], make: Callable[[Row], Kind], file: str
) -> tuple[dict[str, Kind], list[Fault]]:
    """What each row says, by id, and every row with a fault."""
    found: dict[str, Kind] = {}
    faults: list[Fault] = []
    for row in rows:
        name = text_of(row, "id")
        if name in found:
            faults.append(Fault("this id stands twice", file, name))
        try:
            found[name] = make(row)
        except DataError as error:
            faults += error.faults
        except ValidationError as error:
            faults += [
                Fault(item["msg"].removeprefix("Value error, "), file, name,
                      ".".join(map(str, item["loc"])))
                for item in error.errors()
            ]  # fmt: skip
    return found, faults


def text_of(row: Row, column: str) -> str:
    """A cell as text; empty if it is missing or not a text.

    Examples
    --------
    >>> text_of({"id": " S03 "}, "id"), text_of({"id": float("nan")}, "id")
    ('S03', '')
    """
    value = row.get(column)
    return value.strip() if isinstance(value, str) else ""


def number_of(row: Row, column: str) -> float | None:
    """A cell as a number; None if it is unknown.

    Examples
    --------
    >>> number_of({"t": 5}, "t"), number_of({"t": float("nan")}, "t"), number_of({}, "t")
    (5.0, None, None)
    """
    value = row.get(column)
    return float(value) if isinstance(value, int | float) and not math.isnan(value) else None


def _material(row: Row) -> Material:
    return Material.model_validate({
        "id": text_of(row, "id"),
        "titles": Titles(en=text_of(row, "name_en"), fa=text_of(row, "name_fa")),
        "role": text_of(row, "role"),
        "source_kind": row.get("source_kind"),
    })  # fmt: skip


def _process(row: Row, *, known: Mapping[str, Material], free: Sequence[str]) -> Process:
    name = text_of(row, "id")
    inputs = figures(text_of(row, "inputs"), file="value_chain", row=name)
    outputs = figures(text_of(row, "outputs"), file="value_chain", row=name)
    total = sum(inputs.values())
    missing = total - sum(outputs.values())
    losses = outputs.get(LOSS, 0.0) + missing
    closes = abs(missing) <= CLOSES_AS_GIVEN * total + 1e-12 and losses >= -1e-9
    if not closes or not inputs or not {*outputs} - {LOSS}:
        raise DataError(
            Fault(f"mass does not close: {total:g} t in, {sum(outputs.values()):g} t out",
                  "value_chain", name)
        )  # fmt: skip
    outputs = {material: tonnes for material, tonnes in outputs.items() if material != LOSS}
    if losses > 1e-12:
        outputs[LOSS] = losses
    park_types = [word.strip() for word in text_of(row, "park_types").split(";")]
    bought = [material for material in inputs if material not in free]
    named = [known[m].titles.fa if m in known else m for m in (next(iter(outputs)), *bought)]
    return Process.model_validate({
        "id": name,
        "titles": Titles(en=text_of(row, "name_en"), fa=f"{named[0]} از {'، '.join(named[1:])}"),
        "inputs": inputs,
        "outputs": outputs,
        "given_closure": missing / total,
        "park_types": tuple(PARK_TYPES.get(word, word) for word in park_types),
        "scale_kt_y": (number_of(row, "scale_low_kt_y"), number_of(row, "scale_high_kt_y")),
        "utilities": text_of(row, "utilities"),
        "source": text_of(row, "source"),
        "source_kind": row.get("source_kind"),
    })  # fmt: skip


def _price(row: Row) -> Price:
    return Price.model_validate({
        "id": text_of(row, "id"),
        "low_usd_t": number_of(row, "price_low_usd_t"),
        "high_usd_t": number_of(row, "price_high_usd_t"),
        "years": text_of(row, "years"),
        "volatility": row.get("volatility_class"),
        "source": text_of(row, "source"),
        "source_kind": row.get("source_kind"),
    })  # fmt: skip
