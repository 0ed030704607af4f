"""Units: what measures one dimension, and the factors that lead to its house unit."""

from types import MappingProxyType

from siteselect.base.errors import UnitMismatch

# The house unit of each dimension stands first, with factor 1.
UNITS = MappingProxyType(
    {
        "length": {"km": 1.0, "m": 1e-3},
        "area": {"ha": 1.0, "km2": 100.0, "m2": 1e-4},
        "slope": {"deg": 1.0},
        "flow": {"kt/y": 1.0, "t/y": 1e-3, "Mt/y": 1e3},
        "people": {"people": 1.0},
        "share": {"share": 1.0, "%": 0.01},
        "class": {"class": 1.0},
        "number": {"count": 1.0, "number": 1.0, "estates": 1.0, "events": 1.0, "chains": 1.0},
    }
)
# Units as Persian texts write them.
PERSIAN_UNITS = MappingProxyType({
    "km": "کیلومتر", "m": "متر", "ha": "هکتار", "km2": "کیلومتر مربع", "m2": "متر مربع",
    "deg": "درجه", "kt/y": "هزار تن در سال", "t/y": "تن در سال", "Mt/y": "میلیون تن در سال",
    "people": "نفر", "share": "سهم", "class": "گروه", "%": "درصد", "estates": "شهرک",
    "events": "رویداد", "chains": "زنجیره",
})  # fmt: skip


def factor(unit: str, dimension: str) -> float:
    """What a figure in `unit` is multiplied by to stand in the house unit of a dimension.

    Parameters
    ----------
    unit : str
        As written, such as ``"m"`` or ``"Mt/y"``.
    dimension : str
        A key of `UNITS`.

    Returns
    -------
    float
        The factor.

    Raises
    ------
    UnitMismatch
        If the unit does not measure that dimension; the message names it and those that do.

    Examples
    --------
    >>> factor("m", "length"), factor("Mt/y", "flow")
    (0.001, 1000.0)
    """
    fitting = UNITS[dimension]
    if unit not in fitting:
        raise UnitMismatch(
            f"unit {unit!r} does not fit a {dimension}; write one of {', '.join(fitting)}"
        )
    return fitting[unit]
