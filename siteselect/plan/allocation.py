"""Place and type together: which parks, where, from whose feedstock, with proof."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import zip_longest

import numpy as np

from siteselect.base.errors import DataError, Fault, NoSolution
from siteselect.declared.chain import CLOSES, Chain
from siteselect.declared.programme import Programme
from siteselect.declared.sources import Titles
from siteselect.plan import exact
from siteselect.plan.chain_flows import Balance, Market
from siteselect.plan.exact import RUNGS, TOP, Burden, Floats, Indices, Problem, Rule
from siteselect.plan.haulage import SLACK, Trade, ship, ways
from siteselect.plan.policy import Candidates, Options, options_of, refuse_unknown, said
from siteselect.plan.portfolio import Portfolio, choose

OUTSIDE = "outside"
_FEED = "feed."
_MUSD = 1e-3


@dataclass(frozen=True, slots=True)
class Park:
    """One park: where, of which type, what it takes and gives, kt/y."""

    id: str
    park_type: str
    score: float
    province: str
    rung: str
    takes: Mapping[str, float]
    gives: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Flow:
    """A material on its way: from a source, a park or `OUTSIDE` to a park."""

    material: str
    origin: str
    destination: str
    kt_y: float
    km: float
    mode: str
    usd_t: float


@dataclass(frozen=True, slots=True)
class Allocation:
    """Parks and flows, with the proof and the balance.

    Parameters
    ----------
    parks : tuple of Park, length k
        Best score first.
    flows : tuple of Flow
        Every tonne of feedstock that is limited or that a park may give, by material.
    portfolio : Portfolio
        The same choice with its proof, the price of each rule, alternatives and importance; its
        total is the sum of scores less the haulage at its declared price.
    score, haulage_musd : float
        Sum of scores, and million USD a year.
    balances : mapping of str to Balance
        Every material of the region, with `used`, `given` and `raw` of this programme.
    bought_in : mapping of str to float
        kt/y that come from outside the region.
    closure : float
        Greatest gap, kt/y, between what a park takes and what flows to it.
    unfed : mapping of str to tuple of str
        Park types that cannot be fed anywhere, and for want of which materials.
    """

    parks: tuple[Park, ...]
    flows: tuple[Flow, ...]
    portfolio: Portfolio
    score: float
    haulage_musd: float
    balances: Mapping[str, Balance]
    bought_in: Mapping[str, float]
    closure: float
    unfed: Mapping[str, tuple[str, ...]]


def allocate(
    candidates: Candidates,
    programme: Programme,
    chain: Chain,
    *,
    market: Market,
    access: Mapping[str, Floats],
    draws: Floats | None = None,
) -> Allocation:
    """The best parks with their types and feedstock flows.

    Parameters
    ----------
    candidates : Candidates
        The pool with one column of scores a park type; positions in metres.
    programme : Programme
        How many parks, under which rules.
    chain : Chain
        What a park of each type takes and gives, and what haulage costs.
    market : Market
        What is left to draw.
    access : mapping of str to numpy.ndarray, shape (p, 2)
        Points of each layer that a mode needs near both ends, metres.
    draws : numpy.ndarray, shape (d, n, t), optional
        Draws of the scores, as `siteselect.plan.portfolio.choose` takes them.

    Returns
    -------
    Allocation

    Raises
    ------
    NoSolution
        If no choice keeps all rules; a material that is short is named with what can be had.
    DataError
        If a park type has no declared plants, a layer of access points is missing, or the
        programme's objective is the worst of draws, which is not weighed against haulage.

    Notes
    -----
    For chosen parks each material is a transport problem of its own. Its dual prices bound the
    haulage of every other choice, so each choice that is tried adds one line under which no choice
    can be cheaper, or, where a material is short, a rule that no feasible choice breaks
    (`siteselect.plan.exact.settle`).
    """
    if programme.objective == "worst":
        raise DataError("objective worst is not weighed against haulage; ask for score or expected")
    pool, _ = candidates.canonical()
    refuse_unknown(pool, programme)
    options = options_of(pool, programme)
    region = _Region(chain, market, access)
    trades = tuple(_trades(options, region))
    work = _Work(region, options, trades, programme.k, chain.rules.score_per_musd * _MUSD)
    try:
        chosen = choose(candidates, programme, draws=draws, burden=work.laid_on)
    except NoSolution as error:
        raise _short(error) from None
    return _told(work, chosen)


@dataclass(frozen=True, slots=True)
class _Region:
    chain: Chain
    market: Market
    access: Mapping[str, Floats]


@dataclass(frozen=True, slots=True)
class _Work:
    region: _Region
    options: Options
    trades: tuple[Trade, ...]
    k: int
    price: float

    def laid_on(self, task: Problem) -> Problem:
        """A problem whose choices must be fed, and pay for the haulage."""
        barred = (*self.unfed(), *task.rules)
        fed = replace(exact.problem(task.values, barred, task.site), oracle=self.burden)
        return fed.charged(self._nearest()[None])

    def burden(self, picks: Indices) -> Burden:
        """What feeding a choice costs, or which material is short for it."""
        shortages = [self._shortage(trade, picks) for trade in self.trades]
        rules = tuple(rule for rule in shortages if rule is not None)
        if rules or not self.trades:
            return Burden(rules, 0.0, np.zeros((0, len(self.options.values))))
        lines = [ship(trade, self.options.site, picks) for trade in self.trades]
        each = np.sum([line.each for line in lines], axis=0)
        # Every choice holds k options, so what is fixed is shared out among them.
        line = self.price * (each - sum(line.fixed for line in lines) / self.k)
        return Burden((), self.price * sum(line.cost for line in lines), line[None])

    def _nearest(self) -> Floats:
        """Haulage of each option if every park drew from the nearest source, however many do."""
        each = np.zeros(len(self.options.values))
        for trade in self.trades:
            near = trade.cost[trade.cap > 0].min(axis=0, initial=np.inf)
            nearest = np.minimum(near, _others(trade.between, trade, self.options).min(axis=0))
            each += trade.want * np.where(np.isfinite(nearest), nearest, 0.0)[self.options.site]
        return self.price * each

    def unfed(self) -> Iterator[Rule]:
        """Options that all sources and parks within reach together could not feed, by material."""
        for trade in self.trades:
            barred = (trade.want > 0) & (self._offer(trade)[self.options.site] < trade.want)
            if barred.any():
                rows = barred[None].astype(np.float64)
                yield _feed_rule(trade, self._titles(trade), rows=rows, limit=0.0)

    def unfed_types(self) -> dict[str, tuple[str, ...]]:
        """Materials for want of which no park of a type can be built."""
        found: dict[str, tuple[str, ...]] = {}
        types = self.options.pool.park_types
        for rule in self.unfed():
            for park in np.unique(self.options.park):
                if rule.rows[0, self.options.park == park].all():
                    name = types[park]
                    found[name] = (*found.get(name, ()), rule.id.removeprefix(_FEED))
        return found

    def _titles(self, trade: Trade) -> Titles:
        return self.region.chain.materials[trade.material].titles

    def _offer(self, trade: Trade) -> Floats:
        """What each site could draw if it were the only one to draw, kt/y."""
        sources = np.where(np.isfinite(trade.cost), trade.cap[:, None], 0.0).sum(axis=0)
        parks = np.isfinite(_others(trade.between, trade, self.options)).any(axis=0)
        return np.asarray(np.where(parks, np.inf, sources * (1 + SLACK)))

    def _shortage(self, trade: Trade, picks: Indices) -> Rule | None:
        """A rule that every choice with enough of the material keeps, and this one breaks."""
        wants = np.bincount(self.options.site[picks], trade.want[picks], trade.cost.shape[1])
        there = np.where(np.isfinite(trade.cost), trade.cap[:, None], 0.0).sum(axis=0)
        if (there[wants > 0] >= wants.sum()).all():
            # Who reaches enough for all takes nothing that another needs more.
            return None
        plain = replace(
            trade,
            cost=np.where(np.isfinite(trade.cost), 0.0, np.inf),
            between=np.where(np.isfinite(trade.between), 0.0, np.inf),
        )
        lack = ship(plain, self.options.site, picks, lack=1.0)
        # So little is within what every source may be overdrawn by, whoever is short of it.
        least = SLACK / 2 * trade.want[picks][trade.want[picks] > 0].min()
        if lack.cost <= least:
            return None
        return _feed_rule(
            trade, self._titles(trade), rows=lack.each[None], limit=lack.fixed + least / 2
        )


def _feed_rule(trade: Trade, titles: Titles, *, rows: Floats, limit: float) -> Rule:
    reaching = np.isfinite(trade.cost).any(axis=1)
    there = f"{trade.cap[reaching].sum():.0f}"
    scale = TOP / float(np.abs(rows).max())
    words = said(
        f"{titles.en} is short: sources within reach give new parks {there} kt/y in all",
        f"{titles.fa} کم است: منابع در دسترس به پارک‌های نو جمعاً {there} هزار تن در سال می‌دهند",
    )
    limits = np.array([limit * scale])
    return Rule(f"{_FEED}{trade.material}", words, rows * scale, limits, waivable=False)


def _short(error: NoSolution) -> NoSolution:
    """The same conflict with the materials that are short named first."""
    short = sorted({f.field for f in error.faults if f.field and f.field.startswith(_FEED)})
    if not short:
        return error
    names = ", ".join(name.removeprefix(_FEED) for name in short)
    pairs = zip_longest(error.faults, error.persian, fillvalue="")
    seen = {(f.field, f.message): (f, fa) for f, fa in pairs if isinstance(f, Fault)}
    faults, persian = zip(*seen.values(), strict=True)
    return NoSolution(
        [Fault(f"the chain is short of {names}", field="chain"), *faults],
        [f"زنجیره کمبود دارد: {names}", *map(str, persian)],
    )


def _others(between: Floats, trade: Trade, options: Options) -> Floats:
    """Cost from each site that may give to each other site."""
    gives = np.zeros(len(between), dtype=bool)
    gives[options.site[trade.give > 0]] = True
    return np.where(gives[:, None], between, np.inf)


def _trades(options: Options, region: _Region) -> Iterator[Trade]:
    """Materials that are limited, or that one park may give another."""
    chain, market, access = region.chain, region.market, region.access
    nets = [_net(chain, name) for name in options.pool.park_types]
    sites = np.column_stack([options.pool.easting, options.pool.northing])
    for material in sorted({name for net in nets for name, kt_y in net.items() if kt_y < 0}):
        net = np.array([net.get(material, 0.0) for net in nets])[options.park]
        limited = _limited(region, material)
        if not limited and not (net > 0).any():
            continue
        offers = [s for s in market.supplies if s.material == material and s.left > CLOSES]
        if limited:
            at = np.array([[s.easting, s.northing] for s in offers]).reshape(-1, 2)
            cost = ways(chain, material, at, to=sites, access=access).usd_t
            origins, cap = tuple(s.source for s in offers), np.array([s.left for s in offers])
        else:
            cost = np.full((1, len(sites)), chain.rules.bought_in_usd_t)
            origins, cap = (OUTSIDE,), np.array([np.inf])
        between = np.full((len(sites), len(sites)), np.inf)
        if (net > 0).any():
            between = ways(chain, material, sites, to=sites, access=access).usd_t
            np.fill_diagonal(between, np.inf)
        yield Trade(
            material, np.maximum(-net, 0.0), np.maximum(net, 0.0), cap, origins, cost, between
        )


def _limited(region: _Region, material: str) -> bool:
    """Whether parks can only have what the region gives: it has sources, all of known capacity.

    What is only listed without a figure is bought in, for a figure cannot be made up. What the
    table of materials calls a feedstock of the region stays one when its last source is gone.
    """
    balance = region.market.balances.get(material)
    if balance is not None and balance.nominal > 0:
        return True
    listed = {name for _, name in region.market.unknown}
    regional = region.chain.materials[material].role == "regional_feedstock"
    return regional and material not in listed


def _net(chain: Chain, park_type: str) -> dict[str, float]:
    """What a park takes and gives, without what is on every site and what nobody buys.

    A charge that others stand in for is taken as the first of them, as running plants take it.
    """
    none = {*chain.rules.free, *chain.rules.waste}
    net: dict[str, float] = {}
    for name, kt_y in chain.park_net(park_type).items():
        if name not in none:
            charge = chain.rules.stand_ins.get(name, (name,))[0] if kt_y < 0 else name
            net[charge] = net.get(charge, 0.0) + kt_y
    return net


def _told(work: _Work, portfolio: Portfolio) -> Allocation:
    options = work.options
    where = {
        (str(options.pool.ids[site]), options.pool.park_types[park]): option
        for option, (site, park) in enumerate(zip(options.site, options.park, strict=True))
    }
    ranked = [where[pick.id, pick.park_type] for pick in portfolio.picks]
    parks = tuple(_park(work, pick) for pick in ranked)
    picks = np.sort(np.array(ranked, dtype=np.int64))
    shipments = [ship(trade, options.site, picks) for trade in work.trades]
    flows = tuple(
        flow
        for trade, shipment in zip(work.trades, shipments, strict=True)
        for flow in _flows(trade, shipment.flow, work, picks=picks)
    )
    market = work.region.market
    arrived: dict[tuple[str, str], float] = {}
    for flow in flows:
        key = (flow.destination, flow.material)
        arrived[key] = arrived.get(key, 0.0) + flow.kt_y
    traded = {trade.material for trade in work.trades}
    gaps = [
        abs(kt_y - arrived.get((park.id, material), 0.0))
        for park in parks
        for material, kt_y in park.takes.items()
        if material in traded
    ]
    return Allocation(
        parks=tuple(sorted(parks, key=lambda park: (-park.score, park.id))),
        flows=flows,
        portfolio=portfolio,
        score=sum(park.score for park in parks),
        haulage_musd=sum(shipment.cost for shipment in shipments) * _MUSD,
        balances=_balances(market, parks, flows),
        bought_in=_bought_in(parks, flows, traded),
        closure=max(gaps, default=0.0),
        unfed=work.unfed_types(),
    )


def _park(work: _Work, option: int) -> Park:
    options, pool = work.options, work.options.pool
    site = options.site[option]
    park_type = pool.park_types[options.park[option]]
    net = _net(work.region.chain, park_type)
    return Park(
        id=str(pool.ids[site]),
        park_type=park_type,
        score=float(options.column("score")[option]),
        province=str(pool.province[site]),
        rung=RUNGS[options.rung[option]],
        takes={name: -kt_y for name, kt_y in net.items() if kt_y < 0},
        gives={name: kt_y for name, kt_y in net.items() if kt_y > 0},
    )


def _flows(trade: Trade, flow: Floats, work: _Work, *, picks: Indices) -> Iterator[Flow]:
    options, region = work.options, work.region
    takers = options.site[picks[trade.want[picks] > 0]]
    givers = options.site[picks[trade.give[picks] > 0]]
    ids = options.pool.ids
    sites = np.column_stack([options.pool.easting, options.pool.northing])
    where = {s.source: (s.easting, s.northing) for s in region.market.supplies}
    where |= {str(ids[site]): (sites[site, 0], sites[site, 1]) for site in givers}
    names = (*trade.origins, *(str(ids[site]) for site in givers))
    for origin, taker in np.argwhere(flow > CLOSES):
        name, site = names[origin], takers[taker]
        kt_y, end = float(flow[origin, taker]), str(ids[site])
        if name == OUTSIDE:
            cost = region.chain.rules.bought_in_usd_t
            yield Flow(trade.material, OUTSIDE, end, kt_y, float("nan"), OUTSIDE, cost)
            continue
        start = np.array([where[name]])
        way = ways(region.chain, trade.material, start, to=sites[site][None], access=region.access)
        mode, km = way.modes[way.mode[0, 0]], float(way.km[0, 0])
        yield Flow(trade.material, name, end, kt_y, km, mode, float(way.usd_t[0, 0]))


def _balances(market: Market, parks: Iterable[Park], flows: Iterable[Flow]) -> dict[str, Balance]:
    sources = {supply.source for supply in market.supplies}
    used: dict[str, float] = {}
    given: dict[str, float] = {}
    for flow in flows:
        if flow.origin in sources:
            used[flow.material] = used.get(flow.material, 0.0) + flow.kt_y
    for park in parks:
        for material, kt_y in park.gives.items():
            given[material] = given.get(material, 0.0) + kt_y
    return {
        name: replace(
            balance,
            used=used.get(name, 0.0),
            given=given.get(name, 0.0),
            raw=max(balance.left - used.get(name, 0.0), 0.0),
        )
        for name, balance in market.balances.items()
    }


def _bought_in(parks: Iterable[Park], flows: Iterable[Flow], traded: set[str]) -> dict[str, float]:
    total: dict[str, float] = {}
    for flow in flows:
        if flow.origin == OUTSIDE:
            total[flow.material] = total.get(flow.material, 0.0) + flow.kt_y
    for park in parks:
        for material, kt_y in park.takes.items():
            if material not in traded:
                total[material] = total.get(material, 0.0) + kt_y
    return dict(sorted(total.items()))
