"""The one measure: what declarations ask, read at any places, cells and sites alike."""

import hashlib
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyproj import CRS

from siteselect.base import kept, units
from siteselect.base.errors import DataError, DeclarationError, Fault
from siteselect.decide.table import PerformanceTable
from siteselect.declared.criteria import Constraint, CriteriaSet, Criterion
from siteselect.declared.measures import (
    Measure,
    Share,
    Surface,
    dimension,
)
from siteselect.measure.blocks import Spots
from siteselect.measure.reach import kernels
from siteselect.measure.readers import Reader, Reading, reader
from siteselect.world.catalog import Catalog
from siteselect.world.places import Places, require_crs

Floats = NDArray[np.float64]
Declaration = Criterion | Constraint


@dataclass(frozen=True, slots=True)
class Instruments:
    """Readers made ready for a set of declarations.

    Parameters
    ----------
    declarations : tuple of Criterion or Constraint
        What is asked, in the order of the columns.
    readers : tuple of callable
        One a declaration: places in, nominal reading and its bounds at each sample point out.
    factors : tuple of float
        From the reader's unit to the declared one.
    source_ids : tuple of tuple of str
        Catalogue entries behind each.
    partial : tuple of bool
        Whether any of those is known to lack what exists.
    marks : tuple of str
        Hash of all that the readings of each follow from: measure, unit, layers, CRS, code.
    crs : pyproj.CRS
        Analysis CRS.
    """

    declarations: tuple[Declaration, ...]
    readers: tuple[Reader, ...]
    factors: tuple[float, ...]
    source_ids: tuple[tuple[str, ...], ...]
    partial: tuple[bool, ...]
    marks: tuple[str, ...]
    crs: CRS

    @property
    def made(self) -> dict[str, Reader]:
        """Readers by what they were asked, so that the same is not made twice."""
        asked = [d.measure.model_dump_json() for d in self.declarations if d.measure is not None]
        return dict(zip(asked, self.readers, strict=True))

    def told(self, j: int, reading: Reading) -> Reading:
        """What a reader has read, in the declared unit and within the bounds that are known.

        What a partial layer lacks may stand anywhere: it can break a rule, never prove it kept.

        Parameters
        ----------
        j : int
            Which of the declarations.
        reading : tuple of numpy.ndarray, shape (p,)
            Nominal reading and its bounds, in the unit of the reader.

        Returns
        -------
        tuple of numpy.ndarray, shape (p,)
        """
        declaration = self.declarations[j]
        values, lower, upper = reading
        if self.factors[j] != 1.0:
            values, lower, upper = (part * self.factors[j] for part in reading)
        if reading[1] is not reading[0] and (unknown := np.isnan(values)).any():
            # What is known around a place of which nothing is known says nothing of it.
            lower, upper = (np.where(unknown, np.nan, end) for end in (lower, upper))
        if isinstance(declaration, Constraint) and self.partial[j]:
            if declaration.at_least is not None:
                lower = np.where(np.isnan(lower), lower, -np.inf)
            else:
                upper = np.where(np.isnan(upper), upper, np.inf)
        return values, lower, upper

    def without_inquiries(self) -> "Instruments":
        """The same without inquiries, which never colour the map."""
        keep = [not (isinstance(d, Constraint) and d.role == "inquiry") for d in self.declarations]

        def kept(items: tuple[Any, ...]) -> tuple[Any, ...]:
            return tuple(itertools.compress(items, keep))

        return Instruments(
            kept(self.declarations),
            kept(self.readers),
            kept(self.factors),
            kept(self.source_ids),
            kept(self.partial),
            kept(self.marks),
            self.crs,
        )


def measure(criteria: CriteriaSet, places: Places, catalog: Catalog) -> PerformanceTable:
    """Readings of all criteria, and of all constraints that have a measure, at places.

    Parameters
    ----------
    criteria : CriteriaSet
        What is asked.
    places : Places
        Where.
    catalog : Catalog
        What is known of the world.

    Returns
    -------
    PerformanceTable
        A column a criterion, then a column a constraint with a measure.

    Raises
    ------
    DataError
        If a layer, column or id is missing.
    CrsMismatch
        If the places stand in another CRS than they say.
    """
    return read(prepare(criteria, catalog, places.crs), places)


def prepare(
    criteria: CriteriaSet, catalog: Catalog, crs: CRS, *, like: Instruments | None = None
) -> Instruments:
    """Load and prepare what the measures of a criteria set need, once for many readings.

    Parameters
    ----------
    criteria : CriteriaSet
    catalog : Catalog
    crs : pyproj.CRS
        Analysis CRS.
    like : Instruments, optional
        Prepared before for another set, with the same catalogue: what both ask is not made twice.

    Returns
    -------
    Instruments

    Raises
    ------
    DataError, DeclarationError
        Every layer, column, id or unit that does not fit, at once.
    """
    asked: list[Declaration] = [*criteria.criteria]
    asked += [c for c in criteria.constraints if c.measure is not None]
    faults: list[Fault] = []
    made = {} if like is None else like.made
    readers, factors, sources, partial, marks = [], [], [], [], []
    for declaration in asked:
        assert declaration.measure is not None  # noqa: S101 - filtered above
        try:
            # Declarations that ask the same share one reader, and so one reading.
            key = declaration.measure.model_dump_json()
            if key not in made:
                made[key] = reader(declaration.measure, catalog, crs)
            readers.append(made[key])
            factors.append(_factor(declaration.measure, declaration.unit, catalog))
            names = layers_of(declaration.measure)
            sources.append(names)
            partial.append(any(catalog.source(n).coverage == "partial" for n in names))
            marks.append(_mark(declaration.measure, declaration.unit, catalog, crs))
        except (DataError, DeclarationError) as error:
            faults += [Fault(str(fault), field=declaration.id) for fault in error.faults]
    if faults:
        raise DataError(faults)
    return Instruments(
        tuple(asked), tuple(readers), tuple(factors), tuple(sources), tuple(partial), tuple(marks),
        crs,
    )  # fmt: skip


def _mark(measure: Measure, unit: str, catalog: Catalog, crs: CRS) -> str:
    names = {*layers_of(measure)}
    if getattr(measure, "reach", "anywhere") != "anywhere":
        names |= {"islands", "land"}
    kind = "compiled" if kernels() else "numpy"
    code = kept.code("measure", "world", "decide")
    parts = [measure.model_dump_json(), unit, crs.to_wkt(), code, kind]
    parts += [catalog.source(name).model_dump_json() for name in sorted(names)]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def read(instruments: Instruments, places: Places) -> PerformanceTable:
    """Readings of places by prepared instruments.

    A place of several sample points reads the mean of those that are known; its bounds are the
    least and the greatest of theirs, and none where any is not known.

    Parameters
    ----------
    instruments : Instruments
    places : Places

    Returns
    -------
    PerformanceTable
        Shape (places, declarations).
    """
    return read_each([instruments], places)[0]


def read_each(several: Sequence[Instruments], places: Places) -> list[PerformanceTable]:
    """Readings of the same places for several criteria sets; what they share is read once.

    Parameters
    ----------
    several : sequence of Instruments
        Each prepared like the one before it, so that the same measure has the same reader.
    places : Places

    Returns
    -------
    list of PerformanceTable
        As `read` gives each.

    Raises
    ------
    CrsMismatch
        If the places stand in another CRS than one of them.
    """
    for instruments in several:
        require_crs(instruments.crs, places.crs)
    spots = Spots.of(places)

    @cache
    def taken(take: Reader) -> Reading:
        return _by_place(take(spots), places)

    return [_table(instruments, places, taken) for instruments in several]


def _table(
    instruments: Instruments, places: Places, taken: Callable[[Reader], Reading]
) -> PerformanceTable:
    # Column by column in memory; the table shows rows of places.
    stack = np.empty((3, len(instruments.declarations), len(places)))
    for j, take in enumerate(instruments.readers):
        stack[:, j] = instruments.told(j, taken(take))
    values, lower, upper = stack.transpose(0, 2, 1)
    return PerformanceTable(
        place_ids=places.ids,
        column_ids=tuple(d.id for d in instruments.declarations),
        units=tuple(d.unit for d in instruments.declarations),
        values=values,
        lower=lower,
        upper=upper,
        source_ids=instruments.source_ids,
    )


def _by_place(reading: Reading, places: Places) -> Reading:
    values, lower, upper = reading
    if len(places.owner) == len(places):
        return reading
    n = len(places)
    first = np.searchsorted(places.owner, np.arange(n))
    has = ~np.isnan(values)
    total = np.bincount(places.owner, np.where(has, values, 0.0), n)
    with np.errstate(invalid="ignore"):
        mean = total / np.bincount(places.owner, has, n)
    # The part of a place that is not known may hold anything.
    lower, upper = np.where(has, lower, -np.inf), np.where(has, upper, np.inf)
    return mean, np.minimum.reduceat(lower, first), np.maximum.reduceat(upper, first)


def measures_of(criteria: CriteriaSet) -> tuple[tuple[str, Measure], ...]:
    """Id and measure of every criterion, and of every constraint that has one."""
    asked: list[Declaration] = [*criteria.criteria, *criteria.constraints]
    return tuple((item.id, item.measure) for item in asked if item.measure is not None)


def layers_of(measure: Measure) -> tuple[str, ...]:
    """Catalogue entries that a measure reads.

    Examples
    --------
    >>> from siteselect.declared.measures import Inside, Target
    >>> layers_of(Inside(kind="inside", target=Target(layer="land")))
    ('land',)
    """
    if isinstance(measure, (Surface, Share)):
        return (measure.layer,)
    targets = [measure.target, *getattr(measure, "also", ())]
    return tuple(dict.fromkeys(t.layer for t in targets if t is not None))


def _factor(measure: Measure, unit: str, catalog: Catalog) -> float:
    """From the unit of a reading to the declared one."""
    kind = dimension(measure)
    if kind:
        return 1.0 / units.factor(unit, kind)
    given = catalog.source(measure.layer).unit if isinstance(measure, Surface) else ""
    for kind, fitting in units.UNITS.items():
        if given in fitting:
            return fitting[given] / units.factor(unit, kind)
    return 1.0
