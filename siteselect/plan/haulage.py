"""Haulage: by which way a material moves between two points, and what a tonne costs."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from siteselect.base.errors import DataError
from siteselect.declared.chain import Chain, Mode

Floats = NDArray[np.float64]


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
    chain: Chain, material: str, origins: Floats, destinations: Floats, access: Mapping[str, Floats]
) -> Ways:
    """The cheapest way of a material between points.

    Parameters
    ----------
    chain : Chain
        Modes, and which carry the material.
    material : str
        What is moved.
    origins, destinations : numpy.ndarray, shape (o, 2) and (d, 2)
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
    km = distance_km(origins, destinations)
    cost = np.full((len(names), *km.shape), np.inf)
    for index, name in enumerate(names):
        mode = chain.rules.modes[name]
        near = _near(mode, origins, access)[:, None] & _near(mode, destinations, access)
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
