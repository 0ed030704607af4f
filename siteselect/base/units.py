"""Units: one house unit a dimension, and the factors that lead to it."""

from siteselect.base.errors import UnitMismatch

HOUSE_UNIT = {
    "length": "km",
    "area": "ha",
    "height": "m",
    "slope": "deg",
    "flow": "kt/y",
    "people": "people",
    "share": "share",
    "class": "class",
    "number": "count",
}

_FACTORS: dict[str, tuple[str, float]] = {
    "km": ("length", 1.0),
    "m": ("height", 1.0),
    "ha": ("area", 1.0),
    "km2": ("area", 100.0),
    "m2": ("area", 1e-4),
    "deg": ("slope", 1.0),
    "kt/y": ("flow", 1.0),
    "t/y": ("flow", 1e-3),
    "Mt/y": ("flow", 1e3),
    "people": ("people", 1.0),
    "share": ("share", 1.0),
    "%": ("share", 0.01),
    "class": ("class", 1.0),
    "count": ("number", 1.0),
    "estates": ("number", 1.0),
    "events": ("number", 1.0),
    "chains": ("number", 1.0),
}


def factor(unit: str, dimension: str) -> float:
    """What a figure in `unit` is multiplied by to stand in the house unit of a dimension.

    Parameters
    ----------
    unit : str
        As written, such as ``"m"`` or ``"Mt/y"``.
    dimension : str
        A key of `HOUSE_UNIT`.

    Returns
    -------
    float
        The factor; metres are taken as a length too.

    Raises
    ------
    UnitMismatch
        If the unit is unknown or belongs to another dimension.

    Examples
    --------
    >>> factor("m", "length"), factor("Mt/y", "flow")
    (0.001, 1000.0)
    """
    if unit == "m" and dimension == "length":
        return 1e-3
    if unit == "km" and dimension == "height":
        return 1e3
    known = _FACTORS.get(unit)
    if known is None or known[0] != dimension:
        fitting = sorted(u for u, (kind, _) in _FACTORS.items() if kind == dimension)
        raise UnitMismatch(
            f"unit {unit!r} does not fit a {dimension}; write one of {', '.join(fitting)}"
        )
    return known[1]
