"""What people and tables give, as arrays: every fault at once, each naming its cell."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import partial
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike, NDArray

from siteselect.base.errors import DataError, DeclarationError, Fault
from siteselect.decide.table import Floats, PerformanceTable, unmasked

Names = Sequence[str] | None
Preference = tuple[str, float | None, float | None, float | None]

# Rounding must neither make nor break a tie.
TIE = 1e-12

# Two decimals must do, as 0.13 beside 8 or 0.91 beside 1.09: either entry may be off by this much,
# and by no more for being beyond Saaty's scale.
ROUNDING, GREATEST = 0.005, 9.0

# The six preference functions, each with the thresholds that it uses.
USES: Mapping[str, str] = MappingProxyType(
    {"usual": "", "u-shape": "q", "v-shape": "p", "level": "qp", "linear": "qp", "gaussian": "s"}
)
# Names under which the six preference functions go, without hyphens and spaces.
SHAPES: Mapping[str, str] = MappingProxyType(
    {
        "usual": "usual",
        **dict.fromkeys(("ushape", "u", "quasi"), "u-shape"),
        **dict.fromkeys(("vshape", "v"), "v-shape"),
        "level": "level",
        **dict.fromkeys(("linear", "vshapewithindifference", "vshape2"), "linear"),
        **dict.fromkeys(("gaussian", "gauss"), "gaussian"),
    }
)


def signs(objectives: ArrayLike | None, m: int) -> Floats:
    """Objectives checked: 1 = more is better, -1 = less is better.

    Parameters
    ----------
    objectives : array_like, shape (m,), or None
        None is all 1.
    m : int
        How many criteria.

    Returns
    -------
    numpy.ndarray, shape (m,)

    Raises
    ------
    DeclarationError
        Naming every criterion whose objective is neither.

    Examples
    --------
    >>> signs([1, -1], 2)
    array([ 1., -1.])
    """
    given = vector([1] * m if objectives is None else objectives, None, "objective", least=-1.0)
    wrong = np.flatnonzero(np.abs(given) != 1)
    if len(wrong) or len(given) != m:
        raise DeclarationError(
            [Fault(f"objective {given[j]:g} is neither 1 (more is better) nor -1",
                   field=f"criterion {j + 1}") for j in wrong]
            or f"{m} objectives are needed, {len(given)} were given"
        )  # fmt: skip
    return given


def finite_table(matrix: PerformanceTable | ArrayLike, *, least: float = -np.inf) -> Floats:
    """Readings of alternatives, none of them missing.

    Parameters
    ----------
    matrix : PerformanceTable or array_like, shape (n, m)
        One row is one alternative; a single row may stand without its outer brackets.
    least : float
        The least reading that makes sense.

    Returns
    -------
    numpy.ndarray, shape (n, m)

    Raises
    ------
    DataError
        Naming row and column of every reading that is no finite number or below `least`.

    Examples
    --------
    >>> finite_table([[1, float("nan")]])
    Traceback (most recent call last):
    ...
    siteselect.base.errors.DataError: row 1: column 2: nan is no finite number
    """
    table = matrix if isinstance(matrix, PerformanceTable) else None
    given = matrix if table is None else table.values
    if np.ma.isMaskedArray(given):
        given = unmasked(given)
    if isinstance(given, np.ndarray) and given.dtype.kind in "biuf":
        grid = np.atleast_2d(given)
        values = grid.astype(np.float64)
    else:
        grid = np.atleast_2d(np.asarray(given, dtype=object))
        values = numbers(grid)
    if grid.ndim != 2 or grid.size == 0:
        raise DataError(f"a table of alternatives x criteria is needed, not shape {grid.shape}")
    wrong = ~np.isfinite(values) | (values < least)
    if wrong.any():
        rows = labelled(None if table is None else table.place_ids, len(grid), "row")
        columns = labelled(None if table is None else table.column_ids, grid.shape[1], "column")
        raise DataError(
            Fault(f"{grid[i, j]} is below {least:g}" if np.isfinite(values[i, j])
                  else f"{grid[i, j]} is no finite number", row=rows[i], field=columns[j])
            for i, j in np.argwhere(wrong)
        )  # fmt: skip
    return values


def labelled(
    names: Sequence[str] | NDArray[np.generic] | None, n: int, kind: str
) -> tuple[str, ...]:
    """Names for messages: those given, or a kind of thing numbered from 1.

    Raises
    ------
    DeclarationError
        If there are more or fewer than n.

    Examples
    --------
    >>> labelled(None, 2, "row")
    ('row 1', 'row 2')
    """
    if names is None:
        return tuple(f"{kind} {i + 1}" for i in range(n))
    if len(names) != n:
        raise DeclarationError(f"{n} names are needed, {len(names)} were given")
    return tuple(str(name) for name in names)


def numbers(cells: NDArray[np.object_]) -> Floats:
    """Cells as numbers, text such as "1/3" too: NaN if blank, infinite if no number at all.

    Examples
    --------
    >>> numbers(np.array([2, "1/4", "", "many"], dtype=object))
    array([2.  , 0.25,  nan,  inf])
    """
    return np.array([number(cell) for cell in cells.flat], dtype=np.float64).reshape(cells.shape)


def number(cell: object) -> float:
    """One cell as a number: NaN if blank, infinite if it is none at all.

    Examples
    --------
    >>> number("1/4"), number(None), number("many")
    (0.25, nan, inf)
    """
    if cell is None or (isinstance(cell, str) and not cell.strip()):
        return np.nan
    try:
        return float(Fraction(cell.strip()) if isinstance(cell, str) else cell)  # type: ignore[arg-type] # whatever has no number raises TypeError
    except (TypeError, ValueError, OverflowError, ZeroDivisionError):
        return np.inf


def vector(cells: ArrayLike, names: Names, what: str, *, least: float) -> Floats:
    """One number a criterion, none of them missing.

    Parameters
    ----------
    cells : array_like, shape (m,)
        Numbers, or text such as "1/3".
    names : sequence of str, length m, or None
        Of the criteria.
    what : str
        What one of the numbers is called in a message.
    least : float
        The least number that makes sense.

    Returns
    -------
    numpy.ndarray, shape (m,)

    Raises
    ------
    DeclarationError
        Naming every entry that is no finite number or below `least`, or all names if there are more
        or fewer of them.

    Examples
    --------
    >>> vector([1, "1/2"], None, "weight", least=0.0)
    array([1. , 0.5])
    """
    grid = np.atleast_1d(np.asarray(cells, dtype=object))
    if grid.ndim != 1 or grid.size == 0:
        raise DeclarationError(f"a list, one {what} a criterion, is needed: shape {grid.shape}")
    if names is not None and len(names) != len(grid):
        raise DeclarationError(
            f"one {what} is needed for each of {', '.join(map(str, names))}; {len(grid)} were given"
        )
    labels = labelled(names, len(grid), "criterion")
    given = numbers(grid)
    wrong = np.flatnonzero(~(np.isfinite(given) & (given >= least)))
    if len(wrong):
        raise DeclarationError(
            Fault(f"{what} {grid[j]} is no number of {least:g} or more", field=labels[j])
            for j in wrong
        )
    return given


def preferences(
    preference: str | Sequence[Preference], m: int
) -> list[tuple[str, float, float, float]]:
    """Preference functions checked: the shape of each, and the thresholds that it uses.

    Parameters
    ----------
    preference : str or sequence of (shape, q, p, s), length m
        As for `siteselect.decide.methods.promethee`.
    m : int
        How many criteria.

    Returns
    -------
    list of (shape, q, p, s), length m
        A threshold that the shape does not use is 0.

    Raises
    ------
    DeclarationError
        Naming every criterion whose shape or threshold is wrong.

    Examples
    --------
    >>> preferences([("V", None, 2, None)], 1)
    [('v-shape', 0.0, 2.0, 0.0)]
    """
    given = [(preference, None, None, None)] * m if isinstance(preference, str) else preference
    if len(given) != m:
        raise DeclarationError(f"{m} preference functions are needed, {len(given)} were given")
    read = [_preference(one, f"criterion {j}") for j, one in enumerate(given, 1)]
    faults = [one for one in read if isinstance(one, Fault)]
    if faults:
        raise DeclarationError(faults)
    return [one for one in read if not isinstance(one, Fault)]


def _preference(preference: Preference, field: str) -> tuple[str, float, float, float] | Fault:
    shape = "" if isinstance(preference, str) or len(preference) != 4 else str(preference[0])
    kind = SHAPES.get("".join(c for c in shape.lower() if c.isalnum()))
    if kind is None:
        return Fault(
            f"{preference!r} is not (shape, q, p, s), the shape one of {', '.join(USES)}",
            field=field,
        )
    given = dict(zip("qps", preference[1:], strict=True))
    used = {x: _threshold(given[x]) for x in USES[kind]}
    q, p, s = (used.get(x, 0.0) for x in "qps")
    lacking = not all(number >= 0 for number in used.values())
    if lacking or (kind in ("level", "linear") and q > p) or (kind == "gaussian" and s == 0):
        return Fault(
            f"{kind} needs {', '.join(USES[kind])}: 0 <= q <= p, s above 0; got "
            f"{', '.join(f'{x} = {given[x]}' for x in used)}",
            field=field,
        )
    return kind, q, p, s


def _threshold(number: object) -> float:
    """A threshold as a number; NaN if it is none."""
    try:
        return float(number)  # type: ignore[arg-type] # whatever has no number raises TypeError
    except (TypeError, ValueError):
        return np.nan


def judgements(matrix: ArrayLike, names: Names, *, judge: str = "") -> Floats:
    """Pairwise judgements, checked and made reciprocal.

    Parameters
    ----------
    matrix : array_like, shape (m, m)
        As for `siteselect.decide.weights.ahp`.
    names : sequence of str, length m, or None
        Of the criteria.
    judge : str
        Stands before the row in messages.

    Returns
    -------
    numpy.ndarray, shape (m, m)
        NaN on both sides of the diagonal where a pair was not compared.

    Raises
    ------
    DeclarationError
        Naming every cell that is no positive number, off 1 on the diagonal, or not reciprocal.

    Examples
    --------
    >>> judgements([[1, "", 4], [2, 1, None], ["1/4", None, 1]], None)
    array([[1.  , 0.5 , 4.  ],
           [2.  , 1.  ,  nan],
           [0.25,  nan, 1.  ]])
    """
    # Rows that differ in length can only be held, and so refused, as objects.
    rows = isinstance(matrix, list | tuple)
    grid = np.asarray(matrix if rows else unmasked(matrix), dtype=object)
    if grid.ndim != 2 or grid.shape[0] != grid.shape[1] or grid.size == 0:
        raise DeclarationError(
            f"{judge}judgements must be a square table, not one of shape {grid.shape}"
        )
    n = len(grid)
    labels = labelled(names, n, "criterion")
    judged = numbers(grid)
    faults = [
        Fault(message, row=f"{judge}{labels[i]}", field=labels[j])
        for i, j, message in _wrong_cells(grid, judged)
    ]
    if faults:
        raise DeclarationError(faults)
    np.fill_diagonal(judged, 1.0)
    # The greater of two opposite entries is the one that was spoken: 3, beside 0.33.
    spoken = (judged >= judged.T) | np.isnan(judged.T)
    return np.where(spoken, judged, 1.0 / judged.T)


def all_judgements(matrices: Mapping[str, ArrayLike], names: Names) -> list[Floats]:
    """Pairwise judgements of several judges, or of several groups of criteria.

    Parameters
    ----------
    matrices : mapping of str to array_like
        By the name of judge or group, as for `judgements`.
    names : sequence of str, length m, or None
        Of the criteria.

    Returns
    -------
    list of numpy.ndarray

    Raises
    ------
    DeclarationError
        Naming every cell that is wrong, of all of them.

    Examples
    --------
    >>> all_judgements({"one": [[1, 2], [0.5, 1]], "other": [[1]]}, None)[0].tolist()
    [[1.0, 2.0], [0.5, 1.0]]
    """
    return _together(
        partial(judgements, matrix, names, judge=f"{judge}: ") for judge, matrix in matrices.items()
    )


def answers(best_to_others: ArrayLike, others_to_worst: ArrayLike, names: Names) -> list[Floats]:
    """The two lists of answers of the best-worst method, each entry 1 or more.

    Parameters
    ----------
    best_to_others, others_to_worst : array_like, shape (m,)
        As for `siteselect.decide.weights.bwm`.
    names : sequence of str, length m, or None
        Of the criteria.

    Returns
    -------
    list of numpy.ndarray, length 2

    Raises
    ------
    DeclarationError
        Naming every entry below 1, of both lists.

    Examples
    --------
    >>> answers([1, 2], ["2", 1], None)
    [array([1., 2.]), array([2., 1.])]
    """
    given = {"best against it": best_to_others, "it against the worst": others_to_worst}
    return _together(partial(vector, row, names, what, least=1.0) for what, row in given.items())


def _together(reads: Iterable[Callable[[], Floats]]) -> list[Floats]:
    """What each gives; the faults of all at once."""
    found: list[Floats] = []
    faults: list[Fault] = []
    for read in reads:
        try:
            found.append(read())
        except DeclarationError as error:
            faults += error.faults
    if faults:
        raise DeclarationError(faults)
    return found


def ends(to_others: Floats, to_worst: Floats) -> tuple[int, int]:
    """Which criteria two lists of answers make the best and the worst.

    Parameters
    ----------
    to_others, to_worst : numpy.ndarray, shape (m,)
        How many times the best matters as much as each, and each as much as the worst; 1 or more.

    Returns
    -------
    tuple of (int, int)

    Raises
    ------
    DeclarationError
        If a list lacks its 1, or best against worst differs between the two.

    Examples
    --------
    >>> ends(np.array([2.0, 1.0, 4.0]), np.array([2.0, 4.0, 1.0]))
    (1, 2)
    """
    n = len(to_others)
    if len(to_worst) != n or to_others.min() != 1 or to_worst.min() != 1:
        raise DeclarationError(
            "two lists of one length are needed, with a 1 at the best in the first and a 1 at the "
            "worst in the second"
        )
    best = int(np.argmax(np.where(to_others == 1, to_worst, 0.0)))
    others = np.where((to_worst == 1) & ((np.arange(n) != best) | (n == 1)), to_others, 0.0)
    worst = int(np.argmax(others))
    if others[worst] != to_worst[best]:
        raise DeclarationError(
            f"the best (criterion {best + 1}) against the worst (criterion {worst + 1}) is "
            f"{to_others[worst]:g} in the first list but {to_worst[best]:g} in the second"
        )
    return best, worst


def _wrong_cells(
    grid: NDArray[np.object_], judged: Floats
) -> Iterator[tuple[np.intp, np.intp, str]]:
    sound = (judged > 0) & np.isfinite(judged)
    for i, j in np.argwhere(~sound & ~np.isnan(judged)):
        yield i, j, f"{grid[i, j]} is no judgement; write a number above 0, or nothing"
    for i in np.flatnonzero(sound.diagonal() & (np.abs(judged.diagonal() - 1.0) > 1e-9)):
        yield i, i, f"{judged[i, i]:g} must be 1"
    for i, j in np.argwhere(np.triu(sound & sound.T, k=1)):
        one, other = judged[i, j], judged[j, i]
        if abs(one * other - 1.0) > ROUNDING * (min(one, GREATEST) + min(other, GREATEST)):
            yield i, j, f"{one:g} is not 1 over {other:g}, its opposite"
