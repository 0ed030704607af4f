"""Haulage: by which way a material moves, what a tonne costs, and the cheapest flows."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from siteselect.base.errors import DataError
from siteselect.declared.chain import Chain, Mode
from siteselect.plan.exact import Floats, Indices

# Share by which a source may be overdrawn: what the solver's own tolerance may hide. A tenth of
# what counts as mass that closes.
SLACK = 1e-7
_DEAR = 1e3


@dataclass(frozen=True, slots=True)
class Ways:
    """The cheapest way from each origin to each destination.

    Parameters
    ----------
    usd_t : numpy.ndarray, shape (o, d)
        Cost of a tonne; infinite where no mode reaches.
    mode : numpy.ndarray of int64, shape (o, d)
        Index into `modes`.
    km : numpy.ndarray, shape (o, d)
        Straight distance.
    modes : tuple of str
        Modes that carry the material.
    """

    usd_t: Floats
    mode: NDArray[np.int64]
    km: Floats
    modes: tuple[str, ...]


def ways(
    chain: Chain, material: str, origins: Floats, *, to: Floats, access: Mapping[str, Floats]
) -> Ways:
    """The cheapest way of a material between points.

    Parameters
    ----------
    chain : Chain
        Modes, and which carry the material.
    material : str
        What is moved.
    origins, to : numpy.ndarray, shape (o, 2) and (d, 2)
        Easting, northing, metres.
    access : mapping of str to numpy.ndarray, shape (p, 2)
        Points of each layer that a mode needs near both ends.

    Returns
    -------
    Ways
        Straight distance times the way's detour, times its cost, with loading and unloading.

    Raises
    ------
    DataError
        If a layer of access points is missing.
    """
    names = chain.rules.modes_of(material)
    km = distance_km(origins, to)
    cost = np.full((len(names), *km.shape), np.inf)
    for index, name in enumerate(names):
        mode = chain.rules.modes[name]
        near = _near(mode, origins, access)[:, None] & _near(mode, to, access)
        fit = near & (km <= mode.reach_km)
        cost[index] = np.where(fit, mode.handling_usd_t + mode.usd_t_km * mode.detour * km, np.inf)
    return Ways(cost.min(axis=0), cost.argmin(axis=0), km, names)


def _near(mode: Mode, points: Floats, access: Mapping[str, Floats]) -> NDArray[np.bool_]:
    if not mode.access:
        return np.ones(len(points), dtype=bool)
    if mode.access not in access:
        raise DataError(f"no points of {mode.access} are given, which a way needs near its ends")
    away = distance_km(points, access[mode.access]).min(axis=1, initial=np.inf)
    return np.asarray(away <= (mode.access_km or 0.0))


def distance_km(origins: Floats, destinations: Floats) -> Floats:
    """Straight distances.

    Parameters
    ----------
    origins, destinations : numpy.ndarray, shape (o, 2) and (d, 2)
        Easting, northing, metres.

    Returns
    -------
    numpy.ndarray, shape (o, d)
        Kilometres.

    Examples
    --------
    >>> distance_km(np.array([[0.0, 0.0]]), np.array([[3e3, 4e3]])).tolist()
    [[5.0]]
    """
    apart = origins[:, None, :] - destinations[None, :, :]
    return np.asarray(np.hypot(apart[..., 0], apart[..., 1]) / 1e3)


@dataclass(frozen=True, slots=True)
class Trade:
    """One material: what each option wants and gives, who has it, and what the way costs.

    Parameters
    ----------
    want, give : numpy.ndarray, shape (m,)
        kt/y of each option.
    cap : numpy.ndarray, shape (s,)
        kt/y of each origin.
    origins : tuple of str, length s
        Sources; or `OUTSIDE` alone, without limit, where the region has no source.
    cost, between : numpy.ndarray, shape (s, n) and (n, n)
        USD a tonne from source, or site, to site; infinite where out of reach.
    """

    material: str
    want: Floats
    give: Floats
    cap: Floats
    origins: tuple[str, ...]
    cost: Floats
    between: Floats


@dataclass(frozen=True, slots=True)
class Shipment:
    """Flows of one material for one choice, and prices that bound those of any other.

    Parameters
    ----------
    cost : float
        kt/y times USD a tonne: thousand USD a year.
    flow : numpy.ndarray, shape (origins + givers, takers)
        kt/y from each origin, then each giving park, to each park that takes.
    each, fixed : numpy.ndarray, shape (m,), and float
        Any choice x of options costs at least ``each @ x - fixed``.
    """

    cost: float
    flow: Floats
    each: Floats
    fixed: float


def ship(trade: Trade, site: Indices, picks: Indices, *, lack: float | None = None) -> Shipment:
    """The cheapest flows of one material to chosen parks, priced for every other choice.

    Parameters
    ----------
    trade : Trade
        Who wants, who has, and what the way costs.
    site : numpy.ndarray of int64, shape (m,)
        Site of each option.
    picks : numpy.ndarray of int64, shape (k,)
        Chosen options; the material must suffice for them, unless `lack` is given.
    lack : float, optional
        Cost of a tonne that comes from nowhere, for finding out how much is short.

    Returns
    -------
    Shipment

    Notes
    -----
    The dual of the transport problem prices what each source and each giving park has left.
    At any site the material is then worth what the cheapest of them asks there; a park that was
    not chosen gets the price that leaves its offer just uninteresting. These prices satisfy the
    dual of every other choice too, so its cost is at least ``each @ x - fixed``.
    """
    takers = picks[trade.want[picks] > 0]
    givers = picks[trade.give[picks] > 0]
    to, back = site[takers], site[givers]
    cost, caps = trade.cost, trade.cap
    gives = trade.give[givers]
    if lack is None:
        caps, gives = caps * (1 + SLACK), gives * (1 + SLACK)
    else:
        cost = np.vstack([cost, np.full(cost.shape[1], lack)])
        caps = np.append(caps, np.inf)
    way = np.vstack([cost[:, to], trade.between[np.ix_(back, to)]])
    flow, value, dual = _flow(way, np.concatenate([caps, gives]), trade.want[takers])
    source, giver = dual[: len(caps)], dual[len(caps) :]
    # The price at a site is that of the cheapest origin at its dual price; what a park gives
    # elsewhere is then worth at most what it saves there.
    prices = (cost + source[:, None])[caps > 0].min(axis=0, initial=_DEAR)
    if len(back):
        prices = np.minimum(prices, (trade.between[back] + giver[:, None]).min(axis=0))
    saves = np.maximum(prices[None] - trade.between, 0.0).max(axis=1)
    each = trade.want * prices[site] - trade.give * saves[site]
    fixed = float((source * np.where(np.isfinite(caps), caps, 0.0)).sum())
    return Shipment(value, flow, each, fixed)


def _flow(way: Floats, cap: Floats, want: Floats) -> tuple[Floats, float, Floats]:
    """Cheapest flows from origins with a limit to takers with a want; prices of the limits."""
    from scipy.optimize import linprog

    flow, dual = np.zeros(way.shape), np.zeros(len(cap))
    if not len(want):
        return flow, 0.0, dual
    taker = np.arange(len(want))
    nearest = way.argmin(axis=0)
    if (np.bincount(nearest, want, len(cap)) <= cap).all():
        # Nobody stands in another's way: each draws on its cheapest, and no limit has a price.
        flow[nearest, taker] = want
        return flow, float(want @ way[nearest, taker]), dual
    # In parts of the greatest want, for the solver's tolerance is absolute.
    scale = want.max()
    cap, want = cap / scale, want / scale
    origin, taker = np.nonzero(np.isfinite(way) & (cap > 0)[:, None])
    number = np.arange(len(origin))
    finite = np.flatnonzero(np.isfinite(cap))
    leaves, arrives = np.zeros((len(cap), len(origin))), np.zeros((len(want), len(origin)))
    leaves[origin, number] = 1.0
    arrives[taker, number] = 1.0
    found = linprog(
        way[origin, taker],
        A_ub=leaves[finite],
        b_ub=cap[finite],
        A_eq=arrives,
        b_eq=want,
        method="highs",
    )
    flow[origin, taker] = found.x * scale
    dual[finite] = np.maximum(-found.ineqlin.marginals, 0.0)
    return flow, float(found.fun * scale), dual
