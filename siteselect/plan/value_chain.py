"""The chain as a graph: what can be made of what, at which yield, and what is missing."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from siteselect.declared.chain import CLOSES, Chain, Process
from siteselect.plan.chain_flows import Balance, Market, Supply

if TYPE_CHECKING:
    import networkx as nx

MATERIAL, PROCESS = "m:", "p:"


@dataclass(frozen=True, slots=True)
class Made:
    """A product that can be made of a material.

    Parameters
    ----------
    product : str
        What is made.
    steps : tuple of str
        Processes, in order.
    yield_t : float
        Tonnes of product a tonne of the material, along these steps.
    kt_y : float
        What the material within reach would give if all of it went there; NaN if not asked.
    bought_in : tuple of str
        Inputs of these steps that nothing in the region supplies.
    recalled : bool
        Whether the factors of any step are recalled.
    """

    product: str
    steps: tuple[str, ...]
    yield_t: float
    kt_y: float
    bought_in: tuple[str, ...]
    recalled: bool


@dataclass(frozen=True, slots=True)
class Added:
    """Added value of a process, USD a tonne of main product.

    `missing` names priced sides that have no quote; then there is no figure.
    """

    process: str
    product: str
    low: float | None
    high: float | None
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sankey:
    """Nodes and links of a drawing, kt/y.

    Parameters
    ----------
    nodes : tuple of (str, str)
        Id and what it is: ``supply, material, use, park, raw``.
    links : tuple of (str, str, float)
        From, to, kt/y; what enters a material leaves it.
    """

    nodes: tuple[tuple[str, str], ...]
    links: tuple[tuple[str, str, float], ...]


def graph_of(chain: Chain) -> "nx.DiGraph[str]":
    """Materials and processes as one directed graph.

    Parameters
    ----------
    chain : Chain
        The chain.

    Returns
    -------
    networkx.DiGraph
        Nodes ``m:<material>`` and ``p:<process>``; an edge into a process carries ``tonnes`` a
        tonne of its main product, one out of it tonnes that it gives. What is on every site and
        what nobody buys has no node. A stand-in leads to every process that it may charge.
    """
    import networkx as nx

    graph: nx.DiGraph[str] = nx.DiGraph()
    none = {*chain.rules.free, *chain.rules.waste}
    for process in chain.processes.values():
        node = PROCESS + process.id
        graph.add_node(node)
        for material, tonnes in process.inputs.items():
            for name in (material, *chain.rules.stand_ins.get(material, ())):
                if name not in none:
                    graph.add_edge(MATERIAL + name, node, tonnes=tonnes)
        for material, tonnes in process.outputs.items():
            if material not in none:
                graph.add_edge(node, MATERIAL + material, tonnes=tonnes)
    return graph


def made_from(
    chain: Chain, material: str, market: Market, *, at_hand_kt_y: float = float("nan")
) -> tuple[Made, ...]:
    """What can be made of a material, best yield first for each product.

    Parameters
    ----------
    chain : Chain
        The chain.
    material : str
        Where it starts.
    market : Market
        What the region supplies, to tell what is bought in.
    at_hand_kt_y : float
        How much of it is at hand, as `within` tells.

    Returns
    -------
    tuple of Made
        By number of steps, then by name. Of several ways to a product the one of the best yield.

    Notes
    -----
    Every way is tried that comes back to no material that it has passed. Along a way a tonne of
    product costs what its last step takes of the material itself, and what the tonnes it takes of
    the step before cost: a material that a way draws on twice is counted twice. What other inputs
    cost is not counted.
    """
    graph = graph_of(chain)
    best: dict[str, tuple[float, tuple[str, ...]]] = {}
    ways: deque[_Way] = deque([_Way(material, 1.0, (), frozenset([material]))])
    while ways:
        for further in _further(chain, graph, ways.popleft(), start=material):
            ways.append(further)
            known = best.get(further.material, (0.0, ()))[0]
            if further.yield_t > known * (1 + CLOSES):
                best[further.material] = (further.yield_t, further.steps)
    found = (
        _made(chain, market, product, start=material, way=way, at_hand_kt_y=at_hand_kt_y)
        for product, way in best.items()
    )
    return tuple(sorted(found, key=lambda made: (len(made.steps), made.product)))


@dataclass(frozen=True, slots=True)
class _Way:
    """A way from a material to another: what a tonne gives, by which steps, past what."""

    material: str
    yield_t: float
    steps: tuple[str, ...]
    passed: frozenset[str]


def _further(chain: Chain, graph: "nx.DiGraph[str]", way: _Way, *, start: str) -> Iterator[_Way]:
    """The way with one more step."""
    here = MATERIAL + way.material
    for node in sorted(graph.successors(here)) if here in graph else ():
        process = chain.processes[node.removeprefix(PROCESS)]
        # Tonnes of the first material for a tonne of this step's own measure.
        cost = graph[here][node]["tonnes"] / way.yield_t
        if way.steps:
            cost += process.inputs.get(start, 0.0)
        passed = way.passed | {*process.inputs}
        for out, edge in graph[node].items():
            product = out.removeprefix(MATERIAL)
            if product not in passed:
                steps = (*way.steps, process.id)
                yield _Way(product, edge["tonnes"] / cost, steps, passed | {product})


def _made(
    chain: Chain,
    market: Market,
    product: str,
    *,
    start: str,
    way: tuple[float, tuple[str, ...]],
    at_hand_kt_y: float,
) -> Made:
    share, steps = way
    done = [chain.processes[step] for step in steps]
    given = {name for process in done for name in process.outputs}
    inputs = {name for process in done for name in process.inputs} - {*given, start}
    return Made(
        product,
        steps,
        share,
        share * at_hand_kt_y,
        tuple(sorted(name for name in inputs if not supplied(chain, market, name))),
        any(process.source_kind != "found" for process in done),
    )


def supplied(chain: Chain, market: Market, material: str) -> bool:
    """Whether a material is on every site, or has a source of known capacity in the region.

    Parameters
    ----------
    chain : Chain
        What could be made.
    market : Market
        What is supplied.
    material : str
        Which; a stand-in counts as it.

    Returns
    -------
    bool
    """
    names = (material, *chain.rules.stand_ins.get(material, ()))
    known = [market.balances[name] for name in names if name in market.balances]
    return material in chain.rules.free or any(balance.nominal > 0 for balance in known)


def within(
    market: Market, material: str, *, easting: float, northing: float, radius_km: float
) -> tuple[float, tuple[Supply, ...]]:
    """What is left of a material within a distance of a point.

    Parameters
    ----------
    market : Market
        The region's feedstock.
    material : str
        Which.
    easting, northing : float
        Metres.
    radius_km : float
        Straight distance.

    Returns
    -------
    kt_y : float
        Sum of what is left.
    supplies : tuple of Supply
        Nearest first.
    """

    def away(supply: Supply) -> float:
        east, north = supply.easting - easting, supply.northing - northing
        return float((east * east + north * north) ** 0.5 / 1e3)

    near = [s for s in market.supplies if s.material == material and away(s) <= radius_km]
    near.sort(key=lambda s: (away(s), s.source))
    return sum(s.left for s in near), tuple(near)


def route(
    chain: Chain, material: str, product: str, *, by: Literal["steps", "yield"] = "steps"
) -> tuple[str, ...]:
    """The shortest way from a surplus to a product.

    Parameters
    ----------
    chain : Chain
        The chain.
    material, product : str
        From what to what.
    by : {"steps", "yield"}
        Fewest processes; or least of the material a tonne of product.

    Returns
    -------
    tuple of str
        Processes in order; empty if there is no way.

    Notes
    -----
    By steps it is a breadth-first search. By yield the best of all ways without a repeated
    process, as `made_from` finds them: a step may take less than a tonne for a tonne, so lengths
    that are logarithms could be negative and Dijkstra's method would not do.
    """
    import networkx as nx

    graph = graph_of(chain)
    start, end = MATERIAL + material, MATERIAL + product
    if start not in graph or end not in graph or not nx.has_path(graph, start, end):
        return ()
    if by == "steps":
        nodes = min(nx.all_shortest_paths(graph, start, end))
        return tuple(n.removeprefix(PROCESS) for n in nodes if n.startswith(PROCESS))
    empty = Market((), (), {}, ())
    return next((m.steps for m in made_from(chain, material, empty) if m.product == product), ())


def not_produced(chain: Chain, market: Market) -> tuple[str, ...]:
    """Products of the chain that nobody in the region makes, as far as its tables tell.

    Parameters
    ----------
    chain : Chain
        What could be made.
    market : Market
        What is supplied.

    Returns
    -------
    tuple of str
        By name; a product that a source lists without a capacity is made, so it is not here, nor
        is an intermediate that whoever uses it makes on the spot.
    """
    listed = {product for _, product in market.unknown}
    none = {*chain.rules.free, *chain.rules.waste, *chain.rules.on_site}
    mains = {process.main for process in chain.processes.values()}
    return tuple(
        sorted(
            name
            for name in mains - none - listed
            if name not in market.balances or market.balances[name].nominal <= 0
        )
    )


def bought_in(chain: Chain, market: Market) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Inputs that nothing in the region supplies or makes, and the processes that want them.

    Parameters
    ----------
    chain : Chain
        What could be made.
    market : Market
        What is supplied.

    Returns
    -------
    tuple of (str, tuple of str)
        By material.
    """
    listed = {product for _, product in market.unknown}
    none = {*chain.rules.free, *chain.rules.waste}
    users: dict[str, list[str]] = {}
    for process in chain.processes.values():
        for name in process.inputs:
            if name not in none | listed and not supplied(chain, market, name):
                users.setdefault(name, []).append(process.id)
    return tuple((name, tuple(sorted(users[name]))) for name in sorted(users))


def added_value(chain: Chain, process: Process) -> Added:
    """What a process adds: price of what it gives less price of what it takes.

    Parameters
    ----------
    chain : Chain
        Prices are those of its table, of several years and bases: an order of size.
    process : Process
        Which.

    Returns
    -------
    Added
        From the least favourable quotes to the most favourable. By-products without a quote are
        counted at nothing; an input or a main product without a quote leaves it without a figure.
    """
    none = {*chain.rules.free, *chain.rules.waste}
    main = process.main
    inputs = {name: t for name, t in process.inputs.items() if name not in none}
    missing = tuple(sorted(name for name in (main, *inputs) if name not in chain.prices))
    if missing:
        return Added(process.id, main, None, None, missing)
    scale = process.outputs[main]
    gives = {n: t for n, t in process.outputs.items() if n in chain.prices and n not in none}
    prices = chain.prices
    low = sum(t * prices[n].low_usd_t for n, t in gives.items())
    high = sum(t * prices[n].high_usd_t for n, t in gives.items())
    low -= sum(t * prices[n].high_usd_t for n, t in inputs.items())
    high -= sum(t * prices[n].low_usd_t for n, t in inputs.items())
    return Added(process.id, main, low / scale, high / scale, ())


def sankey(
    balances: Mapping[str, Balance],
    materials: Iterable[str],
    *,
    takes: Mapping[str, Mapping[str, float]],
) -> Sankey:
    """The balance of some materials as a drawing.

    Parameters
    ----------
    balances : mapping of str to Balance
        With or without a programme.
    materials : iterable of str
        Which to draw.
    takes : mapping of str to mapping of str to float
        kt/y that each park or type of park draws from the region's sources, by material.

    Returns
    -------
    Sankey
        Supply of each material to its uses: captive, sold to running plants, parks, exported raw.
    """
    nodes: dict[str, str] = {}
    links: list[tuple[str, str, float]] = []
    for name in materials:
        balance = balances[name]
        ends = [("captive", "use", balance.captive), ("running plants", "use", balance.bought)]
        ends += [(park, "park", flows.get(name, 0.0)) for park, flows in sorted(takes.items())]
        ends.append(("exported raw", "raw", balance.raw))
        drawn = [(end, kind, kt_y) for end, kind, kt_y in ends if kt_y > CLOSES]
        if not drawn:
            continue
        nodes[f"sources of {name}"], nodes[name] = "supply", "material"
        links.append((f"sources of {name}", name, balance.available))
        for end, kind, kt_y in drawn:
            nodes[end] = kind
            links.append((name, end, kt_y))
    return Sankey(tuple(nodes.items()), tuple(links))
