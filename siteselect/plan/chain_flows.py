"""What feedstock there is: nominal, available, used where it is made, sold, and left over."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from siteselect.base.errors import DataError, Fault
from siteselect.base.text import figures, nearest
from siteselect.declared.chain import CLOSES, Chain, Process, Row, number_of, text_of


@dataclass(frozen=True, slots=True)
class Use:
    """What a running plant takes of a feedstock for one of its products; always recalled.

    Parameters
    ----------
    source, product, material : str
        Who takes, for what, and what is taken.
    processes : tuple of str
        Processes that it may be; more than one if none is given.
    low_kt_y, high_kt_y : float
        Capacity x availability x coefficient, over those processes.
    """

    source: str
    product: str
    material: str
    processes: tuple[str, ...]
    low_kt_y: float
    high_kt_y: float


@dataclass(frozen=True, slots=True)
class Supply:
    """One material of one source, kt/y.

    Parameters
    ----------
    source, name_en, name_fa, material : str
        Who makes what.
    easting, northing : float
        Metres; NaN if unknown: then it is counted, but no way leads from it.
    nominal, available : float
        Capacity, and the share of it that is really there.
    captive : float
        What the source uses itself, or sells to nobody.
    bought : float
        What other running plants take of it: each source gives the same share of what it sells.
    left : float
        What a new park could draw: available less captive less bought.
    recalled : bool
        True unless both the capacity and the availability were read in a source.
    basis : str
        Source of the capacity, and date and source of the availability.
    """

    source: str
    name_en: str
    name_fa: str
    material: str
    easting: float
    northing: float
    nominal: float
    available: float
    captive: float
    bought: float
    left: float
    recalled: bool
    basis: str


@dataclass(frozen=True, slots=True)
class Balance:
    """One material over the region, kt/y: where its supply goes, with and without a programme.

    Parameters
    ----------
    material : str
        Which.
    nominal, available : float
        Capacity, and what is really there.
    range : tuple of float
        Between what and what `available` lies.
    captive, bought : float
        Used where it is made or kept; sold to running plants.
    left : float
        Left over without the programme: exported raw today.
    wanted : tuple of float
        What running plants want in all, least and most: apart where it is not said by which
        process they work. `captive`, `bought` and `left` are reckoned with the most.
    short, short_low : float
        What they want and the region does not give, at most and at least.
    used, given : float
        What the programme's parks draw from the region's sources, and what they add.
    raw : float
        Left over with the programme: still exported raw.
    recalled : bool
        Whether any figure in it is recalled.
    """

    material: str
    nominal: float
    available: float
    range: tuple[float, float]
    captive: float
    bought: float
    left: float
    wanted: tuple[float, float]
    short: float
    short_low: float
    used: float
    given: float
    raw: float
    recalled: bool


@dataclass(frozen=True, slots=True)
class Market:
    """The region's feedstock as it stands.

    Parameters
    ----------
    supplies : tuple of Supply
        By material, then source.
    uses : tuple of Use
        What running plants take.
    balances : mapping of str to Balance
        By material, without a programme.
    unknown : tuple of (str, str)
        Source and product whose capacity is not known: counted as nothing, and said.
    """

    supplies: tuple[Supply, ...]
    uses: tuple[Use, ...]
    balances: Mapping[str, Balance]
    unknown: tuple[tuple[str, str], ...]


def market(chain: Chain, sources: Iterable[Row]) -> Market:
    """What each source supplies and what running plants already use of it.

    Parameters
    ----------
    chain : Chain
        Processes, and rules of availability and use.
    sources : iterable of mapping
        Rows of the table of feedstock sources with ``easting`` and ``northing`` in metres.

    Returns
    -------
    Market

    Raises
    ------
    DataError
        An id that stands twice, a product that is no material, or a figure that is no number:
        every one, each with its row.

    Notes
    -----
    A plant's own use is met from what it makes itself; the rest is bought from all who sell, each
    giving the same share. Where it is not said by which process a plant works, the greatest use
    among those that make the product is counted, so that `left` errs on the low side.
    """
    rows = [
        row
        for row in sources
        if text_of(row, "kind") in chain.rules.kinds
        and text_of(row, "status") in chain.rules.statuses
    ]
    capacity = _capacities(chain, rows)
    uses = tuple(use for row in rows for use in _uses(chain, text_of(row, "id"), capacity))
    wants = _wants(chain, uses)
    least, most = ({key: pair[end] for key, pair in wants.items()} for end in (0, 1))
    made = _made(chain, rows, capacity, wants=most)
    bought = _bought(made, most)
    frugal = _made(chain, rows, capacity, wants=least)
    short = (_lacking(frugal, _bought(frugal, least)), _lacking(made, bought))
    sold = _sold(made, bought)
    names = {material for _, material in wants} | {supply.material for supply in sold}
    balances = {
        name: _balance(
            chain,
            name,
            [supply for supply in sold if supply.material == name],
            wanted=[pair for (_, material), pair in wants.items() if material == name],
            short=(short[0].get(name, 0.0), short[1].get(name, 0.0)),
        )
        for name in sorted(names)
    }
    listed = [(text_of(row, "id"), text_of(row, "products").split(";")) for row in rows]
    unknown = tuple(
        (name, word.strip())
        for name, words in listed
        for word in words
        if word.strip() and word.strip() not in capacity[name]
    )
    return Market(sold, uses, balances, unknown)


def _wants(chain: Chain, uses: Iterable[Use]) -> dict[tuple[str, str], tuple[float, float]]:
    """What each plant wants of each material, least and most."""
    settled = {entry.material for entry in chain.rules.availability if entry.after_use}
    wants: dict[tuple[str, str], tuple[float, float]] = {}
    for use in uses:
        if use.material not in settled:
            low, high = wants.get((use.source, use.material), (0.0, 0.0))
            wants[use.source, use.material] = (low + use.low_kt_y, high + use.high_kt_y)
    return wants


def _made(
    chain: Chain,
    rows: list[Row],
    capacity: Mapping[str, Mapping[str, float]],
    *,
    wants: Mapping[tuple[str, str], float],
) -> list[Supply]:
    return [s for row in rows for s in _own(chain, row, capacity[text_of(row, "id")], wants=wants)]


def _bought(made: Iterable[Supply], wants: Mapping[tuple[str, str], float]) -> dict[str, float]:
    """What plants want of each material beyond what they make themselves."""
    own = {(s.source, s.material): s.available for s in made}
    bought: dict[str, float] = {}
    for (source, material), kt_y in wants.items():
        rest = max(kt_y - own.get((source, material), 0.0), 0.0)
        bought[material] = bought.get(material, 0.0) + rest
    return bought


def _lacking(made: Iterable[Supply], bought: Mapping[str, float]) -> dict[str, float]:
    """What plants would buy of each material, and nobody sells."""
    offered = _offered(made)
    gaps = {name: kt_y - offered.get(name, 0.0) for name, kt_y in bought.items()}
    # Shares of a sum do not add up to it to the last bit: that is no shortage.
    return {name: gap if gap > bought[name] * CLOSES else 0.0 for name, gap in gaps.items()}


def _offered(made: Iterable[Supply]) -> dict[str, float]:
    offered: dict[str, float] = {}
    for supply in made:
        offered[supply.material] = offered.get(supply.material, 0.0) + supply.left
    return offered


def _capacities(chain: Chain, rows: list[Row]) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    faults: list[Fault] = []
    for row in rows:
        name = text_of(row, "id")
        if name in found:
            faults.append(Fault("this id stands twice", "feedstock", name))
        try:
            found[name] = figures(text_of(row, "capacity_kt_per_year"), file="feedstock", row=name)
        except DataError as error:
            faults += error.faults
            continue
        faults += [
            Fault(f"is no material{nearest(product, chain.materials)}", "feedstock", name, product)
            for product in found[name]
            if product not in chain.materials
            and product not in chain.rules.intakes
            and not chain.rules.no_product(product)
        ]
    if faults:
        raise DataError(faults)
    return found


def _uses(chain: Chain, source: str, capacity: Mapping[str, Mapping[str, float]]) -> Iterable[Use]:
    for product, kt_y in capacity[source].items():
        if product in chain.rules.intakes:
            taken = chain.rules.intakes[product]
            there = kt_y * chain.rules.available(source, taken).share
            yield Use(source, product, taken, (), there, there)
        elif product in chain.materials:
            there = kt_y * chain.rules.available(source, product).share
            ways = [
                (process.id, _feeds(chain, source, process, product=product))
                for process in _ways(chain, source, product)
            ]
            for material in sorted({name for _, feeds in ways for name in feeds}):
                taken_t = [feeds.get(material, 0.0) for _, feeds in ways]
                yield Use(
                    source,
                    product,
                    material,
                    tuple(name for name, _ in ways),
                    there * min(taken_t),
                    there * max(taken_t),
                )


def _ways(chain: Chain, source: str, product: str) -> tuple[Process, ...]:
    said = chain.rules.process_of(source, product)
    if said is None:
        running = chain.rules.not_running
        return tuple(way for way in chain.makers(product) if way.id not in running)
    return (chain.processes[said],) if said else ()


def _feeds(chain: Chain, source: str, process: Process, *, product: str) -> dict[str, float]:
    """Tonnes bought for a tonne of a product; what does not travel is made on the spot."""
    found: dict[str, float] = {}
    for material, tonnes in process.inputs.items():
        each = tonnes / process.outputs[product]
        ways = _ways(chain, source, material) if material in chain.rules.on_site else ()
        deeper = (
            _feeds(chain, source, ways[0], product=material) if len(ways) == 1 else {material: 1.0}
        )
        for charge, share in deeper.items():
            name = chain.rules.stand_ins.get(charge, (charge,))[0]
            if name not in (*chain.rules.free, *chain.rules.waste):
                found[name] = found.get(name, 0.0) + each * share
    return found


def _own(
    chain: Chain,
    row: Row,
    capacity: Mapping[str, float],
    *,
    wants: Mapping[tuple[str, str], float],
) -> Iterable[Supply]:
    source = text_of(row, "id")
    read = {word.strip() for word in text_of(row, "found_capacity_products").split(";")}
    kept = {entry.material for entry in chain.rules.not_sold if entry.source == source}
    for material, nominal in capacity.items():
        if material not in chain.materials:
            continue
        entry = chain.rules.available(source, material)
        available = nominal * entry.share
        captive = (
            available if material in kept else min(available, wants.get((source, material), 0.0))
        )
        yield Supply(
            source,
            text_of(row, "name_en"),
            text_of(row, "name_fa"),
            material,
            _metres(row, "easting"),
            _metres(row, "northing"),
            nominal,
            available,
            captive,
            0.0,
            available - captive,
            recalled=material not in read or entry.source_kind != "found",
            basis=f"{text_of(row, 'source')}; availability {entry.share:g} ({entry.as_of}):"
            f" {entry.source}",
        )


def _metres(row: Row, column: str) -> float:
    known = number_of(row, column)
    return math.nan if known is None else known


def _sold(made: list[Supply], bought: Mapping[str, float]) -> tuple[Supply, ...]:
    offered = _offered(made)
    result = []
    for supply in sorted(made, key=lambda s: (s.material, s.source)):
        offer = offered[supply.material]
        share = min(bought.get(supply.material, 0.0) / offer, 1.0) if offer > CLOSES else 0.0
        taken = supply.left * share
        result.append(replace(supply, bought=taken, left=supply.left - taken))
    return tuple(result)


def _balance(
    chain: Chain,
    material: str,
    supplies: list[Supply],
    *,
    wanted: list[tuple[float, float]],
    short: tuple[float, float],
) -> Balance:
    ranges = [chain.rules.available(s.source, material).range for s in supplies]
    nominal = [s.nominal for s in supplies]
    left = sum(s.left for s in supplies)
    return Balance(
        material=material,
        nominal=sum(nominal),
        available=sum(s.available for s in supplies),
        range=(
            sum(kt_y * low for kt_y, (low, _) in zip(nominal, ranges, strict=True)),
            sum(kt_y * high for kt_y, (_, high) in zip(nominal, ranges, strict=True)),
        ),
        captive=sum(s.captive for s in supplies),
        bought=sum(s.bought for s in supplies),
        left=left,
        wanted=(sum(low for low, _ in wanted), sum(high for _, high in wanted)),
        short=short[1],
        short_low=short[0],
        used=0.0,
        given=0.0,
        raw=left,
        recalled=bool(wanted) or any(s.recalled for s in supplies),
    )
