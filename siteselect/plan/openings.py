"""Openings: products that the region lacks, where their feedstock is at hand."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from siteselect.declared.chain import CLOSES, Chain, Process
from siteselect.plan.chain_flows import Market
from siteselect.plan.haulage import distance_km
from siteselect.plan.units import Diagnosis, Idle
from siteselect.plan.value_chain import not_produced, supplied

Floats = NDArray[np.float64]
_CALM = {"low": 0, "medium": 1, "not_classed": 2, "high": 3}
_EVERY_FEED = 1.0


@dataclass(frozen=True, slots=True)
class Factor:
    """One reason for or against an opening: what, how much, from where, checked or recalled."""

    name: str
    reading: str
    value: float
    source: str
    recalled: bool


@dataclass(frozen=True, slots=True)
class Opening:
    """A product that could be made at a place.

    Parameters
    ----------
    rank : int
        1 = best.
    product, process, place : str
        What, how, where.
    factors : tuple of Factor
        ``idle capacity``, ``feedstock``, ``price``, one a utility, ``bought in``, ``missing``: in
        the order in which they decide the rank.
    """

    rank: int
    product: str
    process: str
    place: str
    factors: tuple[Factor, ...]

    @property
    def recalled(self) -> bool:
        """Whether any factor rests on what is recalled."""
        return any(factor.recalled for factor in self.factors)


@dataclass(frozen=True, slots=True)
class Spots:
    """Places where something could be made.

    Parameters
    ----------
    ids : tuple of str, length n
        Unique.
    easting, northing : numpy.ndarray, shape (n,)
        Metres.
    utilities : mapping of str to numpy.ndarray, shape (n,)
        Distance to each utility, km; NaN = unknown.
    reach_km : mapping of str to float
        How far each utility is within reach.
    source : str
        Where the distances are from.
    """

    ids: tuple[str, ...]
    easting: Floats
    northing: Floats
    utilities: Mapping[str, Floats]
    reach_km: Mapping[str, float]
    source: str


def openings(
    chain: Chain,
    market: Market,
    spots: Spots,
    *,
    radius_km: float = 100.0,
    diagnosis: Diagnosis | None = None,
    places_each: int = 3,
) -> tuple[Opening, ...]:
    """Products without a producer in the region, and where they could be made.

    Parameters
    ----------
    chain : Chain
        Processes, scales and prices.
    market : Market
        What is left of each feedstock.
    spots : Spots
        Candidate places.
    radius_km : float
        How far feedstock may be.
    diagnosis : Diagnosis, optional
        Idle units, which come first; without a register there are none to show.
    places_each : int
        At most so many places a product and process.

    Returns
    -------
    tuple of Opening
        Best first. Only where every feed that the region sells is at hand for the least usual
        plant, and at least one is. What units of the register make is missing no more: it is an
        opening only where idle units of it stand.

    Notes
    -----
    Lexicographic, without weights: idle units of the product on the place; then the calm of its
    price, or of its feed's where it is not quoted (low, medium, not classed or not quoted, high);
    then how many utilities are within reach;
    then the share of feed that the region gives; then how often the least usual plant could be
    fed; then names.
    """
    made = dict(diagnosis.made) if diagnosis else {}
    found: list[Opening] = []
    for product, lack in missing(chain, market).items():
        told = _made_by_units(made[product], diagnosis) if product in made else lack
        for process in chain.makers(product):
            if process.main != product:
                continue
            rows = [
                Opening(
                    0,
                    product,
                    process.id,
                    spots.ids[place],
                    (
                        idle,
                        fed,
                        _price(chain, process),
                        *_utilities(spots, place),
                        _bought_in(chain, market, process),
                        told,
                    ),
                )
                for place, fed in _places(
                    chain, market, spots, process=process, radius_km=radius_km
                )
                if (idle := _idle(diagnosis, spots.ids[place], product)).value or told is lack
            ]
            found += sorted(rows, key=_key)[:places_each]
    return tuple(
        replace(opening, rank=rank) for rank, opening in enumerate(sorted(found, key=_key), start=1)
    )


def missing(chain: Chain, market: Market) -> dict[str, Factor]:
    """Products that nobody in the region makes, or that running plants want more of.

    Parameters
    ----------
    chain : Chain
        What could be made.
    market : Market
        What is made, and what is short.

    Returns
    -------
    dict of str to Factor
        Why each counts as missing.
    """
    source = "tables of feedstock and value chain"
    found = {
        name: Factor(
            "missing", "no producer in the tables of the region", 1.0, source, recalled=False
        )
        for name in not_produced(chain, market)
    }
    none = {*chain.rules.free, *chain.rules.waste}
    for name, balance in market.balances.items():
        if balance.short > CLOSES and balance.nominal > 0 and name not in none:
            low, high = f"{balance.short_low:.0f}", f"{balance.short:.0f}"
            span = high if low == high else f"{low} to {high}"
            reading = f"running plants want {span} kt/y more"
            found[name] = Factor("missing", reading, balance.short, source, recalled=True)
    return dict(sorted(found.items()))


def _key(opening: Opening) -> tuple[float, float, float, float, float, str, str, str]:
    by = {factor.name: factor.value for factor in opening.factors}
    near = sum(f.value for f in opening.factors if f.name.startswith("utility "))
    idle, price, share, times = (
        by[name] for name in ("idle capacity", "price", "bought in", "feedstock")
    )
    names = (opening.product, opening.process, opening.place)
    return (-idle, price, -near, share, -times, *names)


def _places(
    chain: Chain, market: Market, spots: Spots, *, process: Process, radius_km: float
) -> Iterator[tuple[int, Factor]]:
    """Places where the least usual plant could be fed, and how many times over."""
    needs = _regional(chain, market, process)
    if not needs:
        return
    usual = process.scale_kt_y[0]
    scale = usual or 1.0
    plant = f"a plant of {usual:g} kt/y" if usual else "1 kt/y (no usual scale is published)"
    times = np.full(len(spots.ids), np.inf)
    recalled = process.source_kind != "found"
    at = np.column_stack([spots.easting, spots.northing])
    for material, tonnes in needs.items():
        names = (material, *chain.rules.stand_ins.get(material, ()))
        offers = [s for s in market.supplies if s.material in names and s.left > 0]
        recalled |= any(s.recalled for s in offers)
        where = np.array([[s.easting, s.northing] for s in offers]).reshape(-1, 2)
        left = np.array([s.left for s in offers])
        there = (distance_km(at, where) <= radius_km) @ left if len(left) else np.zeros(len(at))
        times = np.minimum(times, there / (tonnes * scale))
    for place in np.flatnonzero(times >= _EVERY_FEED):
        count = float(times[place])
        reading = f"what is left within {radius_km:g} km feeds {plant} {count:.1f} times"
        yield int(place), Factor("feedstock", reading, count, process.source, recalled)


def _regional(chain: Chain, market: Market, process: Process) -> dict[str, float]:
    return {
        name: process.per_main(name)
        for name in process.inputs
        if name not in chain.rules.free and supplied(chain, market, name)
    }


def _register(diagnosis: Diagnosis) -> str:
    return "register (synthetic example)" if diagnosis.synthetic else "register"


def _made_by_units(made_t_y: float, diagnosis: Diagnosis | None) -> Factor:
    source = _register(diagnosis) if diagnosis else ""
    reading = f"units of the register make {made_t_y:g} t/y, others of them stand idle"
    return Factor("missing", reading, 0.0, source, recalled=bool(diagnosis and diagnosis.synthetic))


def _idle(diagnosis: Diagnosis | None, place: str, product: str) -> Factor:
    if diagnosis is None:
        return Factor("idle capacity", "no register of units is at hand", 0.0, "", recalled=False)
    entries: list[Idle] = [
        entry for entry in diagnosis.idle if (entry.estate, entry.product) == (place, product)
    ]
    total = sum(entry.revivable for entry in entries)
    # An example is no fact: never is it shown as found.
    return Factor("idle capacity", f"{total:g} t/y could be revived", total, _register(diagnosis),
                  recalled=diagnosis.synthetic)  # fmt: skip


def _price(chain: Chain, process: Process) -> Factor:
    """Calm of the product's price; of its dearest-swinging feed where it is not quoted itself."""
    own = chain.prices.get(process.main)
    names = [process.main] if own else [n for n in process.inputs if n not in chain.rules.free]
    quoted = [chain.prices[name] for name in names if name in chain.prices]
    words = [f"{q.id} {q.low_usd_t:g} to {q.high_usd_t:g} USD/t ({q.volatility})" for q in quoted]
    calm = max([_CALM[q.volatility] for q in quoted], default=_CALM["not_classed"])
    unquoted = sorted(set(names) - set(chain.prices))
    if unquoted:
        calm = max(calm, _CALM["not_classed"])
        words.append(f"no quote of {', '.join(unquoted)}")
    if own is None:
        words.insert(0, "not quoted itself, but its feed")
    recalled = any(quote.source_kind != "found" for quote in quoted)
    return Factor("price", "; ".join(words), calm, "; ".join(q.source for q in quoted), recalled)


def _utilities(spots: Spots, place: int) -> Iterator[Factor]:
    for name, away in spots.utilities.items():
        km = float(away[place])
        within = 0.0 if np.isnan(km) else float(km <= spots.reach_km[name])
        reading = (
            "unknown" if np.isnan(km) else f"{km:.0f} km, within reach to {spots.reach_km[name]:g}"
        )
        yield Factor(f"utility {name}", reading, within, spots.source, recalled=False)


def _bought_in(chain: Chain, market: Market, process: Process) -> Factor:
    charge = {n: t for n, t in process.inputs.items() if n not in chain.rules.free}
    outside = {n: t for n, t in charge.items() if not supplied(chain, market, n)}
    share = sum(outside.values()) / sum(charge.values())
    names = ", ".join(sorted(outside)) or "nothing"
    recalled = process.source_kind != "found"
    return Factor("bought in", f"{share:.0%}: {names}", share, process.source, recalled)
