"""The policy: candidates as the portfolio sees them, and a programme's rules over them."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from siteselect.base.errors import DataError, DeclarationError, Fault
from siteselect.base.text import nearest, persian_figures
from siteselect.decide.score import Scores
from siteselect.declared.criteria import Needs
from siteselect.declared.programme import Programme
from siteselect.declared.sources import Titles
from siteselect.plan.exact import (
    EXTEND,
    FILL,
    GREENFIELD,
    REVIVE,
    Flags,
    Floats,
    Indices,
)
from siteselect.world.places import Sites

EXISTING = ("estate", "special_zone")
#: Digits that tell scores apart. What is beyond them comes of the order in which sums were made,
#: and would decide between twins, two estates at one place, which their ids are to decide.
DIGITS = 12
RESOURCES = {
    "area_ha": Titles(en="land (ha)", fa="زمین (هکتار)"),
    "water_m3_d": Titles(en="water (m3 a day)", fa="آب (مترمکعب در روز)"),
    "power_mw": Titles(en="power (MW)", fa="برق (مگاوات)"),
    "capital_meur": Titles(en="capital (million euro)", fa="سرمایه (میلیون یورو)"),
}


@dataclass(frozen=True, slots=True)
class Candidates:
    """The pool as the portfolio sees it: n sites, each fit for one or more of t park types.

    Lists and columns of a frame are taken for the arrays that they hold.

    Parameters
    ----------
    ids : numpy.ndarray of str, shape (n,)
        Unique.
    score : numpy.ndarray, shape (n,) or (n, t)
        Score 0..1, by park type; NaN where it has none: that pair is never chosen.
    verdict : numpy.ndarray of int, shape (n,) or (n, t)
        0 eligible, 1 undetermined, 2 excluded: never chosen.
    province, kind : numpy.ndarray of str, shape (n,)
        Province code; ``estate, special_zone, extension, greenfield, proposed``.
    easting, northing : numpy.ndarray, shape (n,)
        Metres.
    accuracy_km : numpy.ndarray, shape (n,)
        Distance within which the true position lies.
    park_types : tuple of str, length t
        Names of the columns of `score`.
    ranked : numpy.ndarray of bool, shape (n,) or (n, t), optional
        False where too little is known to be ranked: never chosen. All True if not given.
    area_ha, water_m3_d, power_mw, capital_meur : numpy.ndarray, shape (n,) or (n, t), optional
        What a park there takes; NaN = unknown. All unknown if not given.
    free_ha : numpy.ndarray, shape (n,), optional
        Free land of existing sites; NaN = unknown.
    idle : numpy.ndarray of bool, shape (n,), optional
        True for an existing site that is known to stand idle.
    overlaps : tuple of (str, str)
        Pairs of ids whose ground overlaps.

    Raises
    ------
    DataError
        If shapes differ, an id stands twice or a position is unknown.
    """

    ids: NDArray[np.str_]
    score: Floats
    verdict: NDArray[np.integer[Any]]
    province: NDArray[np.str_]
    kind: NDArray[np.str_]
    easting: Floats
    northing: Floats
    accuracy_km: Floats
    park_types: tuple[str, ...] = ("park",)
    ranked: Flags | None = None
    area_ha: Floats | None = None
    water_m3_d: Floats | None = None
    power_mw: Floats | None = None
    capital_meur: Floats | None = None
    free_ha: Floats | None = None
    idle: Flags | None = None
    overlaps: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        for field in fields(self):
            column = getattr(self, field.name)
            if column is not None and field.name not in ("park_types", "overlaps"):
                # What were no array would be left behind when the sites are put in order.
                object.__setattr__(self, field.name, np.asarray(column))
        n, t = len(self.ids), len(self.park_types)
        faults = [
            Fault(f"has shape {array.shape} for {n} sites and {t} park types", field=name)
            for name, array in self._arrays()
            if array.shape not in ((n,), (n, t)) or (name == "score" and array.size != n * t)
        ]
        names, counts = np.unique(self.ids, return_counts=True)
        faults += [Fault("this id stands twice", row=str(name)) for name in names[counts > 1]]
        lost = ~np.isfinite(self.easting + self.northing + self.accuracy_km)
        faults += [Fault("has no position", row=str(name)) for name in self.ids[lost]]
        known = set(self.ids.tolist())
        faults += [
            Fault(f"{name} is not among the candidates{nearest(name, known)}", field="overlaps")
            for pair in self.overlaps
            for name in pair
            if name not in known
        ]
        if faults:
            raise DataError(faults)

    def _arrays(self) -> Iterator[tuple[str, NDArray[Any]]]:
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, np.ndarray):
                yield field.name, value

    def by_pair(self, name: str, missing: float) -> NDArray[Any]:
        """A column for each pair of site and park type.

        Parameters
        ----------
        name : str
            Name of a column.
        missing : float
            Stands where it was not given.

        Returns
        -------
        numpy.ndarray, shape (n, t)
        """
        column = getattr(self, name)
        shape = len(self.ids), len(self.park_types)
        if column is None:
            return np.full(shape, missing)
        return np.broadcast_to(column.reshape(shape[0], -1), shape)

    def canonical(self) -> tuple["Candidates", Indices]:
        """The same in the order of their ids, scores to `DIGITS`; the row that each came from."""
        order = np.argsort(self.ids, kind="stable")
        columns: dict[str, Any] = {name: array[order] for name, array in self._arrays()}
        columns["score"] = np.round(columns["score"], DIGITS)
        return replace(self, **columns), order


def candidates_of(
    pool: Sites,
    scores: Mapping[str, Scores],
    *,
    idle: Collection[str] = (),
    needs: Mapping[str, Needs] = MappingProxyType({}),
) -> Candidates:
    """The pool and its scores as candidates.

    Parameters
    ----------
    pool : Sites
        Its frame may carry ``free_ha``; status ``idle`` marks an idle estate.
    scores : mapping of str to Scores
        What the law says of the pool, by park type.
    idle : collection of str
        Further sites that are known to have idle capacity.
    needs : mapping of str to Needs
        What a park of each type takes: it counts at the larger end of its range.

    Returns
    -------
    Candidates
        Known by representative points. Sites overlap where their polygons do; a site known by a
        point overlaps none.
    """
    frame = pool.frame
    point = frame.geometry.representative_point()
    ids = frame["id"].to_numpy().astype(str)
    area = frame.geometry.area.to_numpy() > 0
    one, other = frame.sindex.query(frame.geometry, predicate="overlaps")
    inner, outer = frame.sindex.query(frame.geometry, predicate="within")
    pairs = {(min(a, b), max(a, b)) for a, b in zip([*one, *inner], [*other, *outer], strict=True)
             if a != b and area[a] and area[b]}  # fmt: skip
    free = frame["free_ha"].to_numpy(float) if "free_ha" in frame else None

    def taken(name: str) -> Floats:
        most = [getattr(needs[t], name)[1] if t in needs else np.nan for t in scores]
        return np.broadcast_to(np.array(most), (len(ids), len(most)))

    return Candidates(
        ids=ids,
        score=np.column_stack([s.score for s in scores.values()]),
        verdict=np.column_stack([s.verdict for s in scores.values()]),
        ranked=np.column_stack([s.rank > 0 for s in scores.values()]),
        province=frame["province"].to_numpy().astype(str),
        kind=frame["kind"].to_numpy().astype(str),
        easting=point.x.to_numpy(),
        northing=point.y.to_numpy(),
        accuracy_km=frame["position_accuracy_km"].to_numpy(float),
        park_types=tuple(scores),
        area_ha=frame["area_ha"].to_numpy(float),
        water_m3_d=taken("water_m3_d"),
        power_mw=taken("power_mw"),
        free_ha=free,
        idle=(frame["status"].to_numpy() == "idle") | np.isin(ids, list(idle)),
        overlaps=tuple((str(ids[a]), str(ids[b])) for a, b in sorted(pairs)),
    )


@dataclass(frozen=True, slots=True)
class Options:
    """The m pairs (site, park type) that may be chosen, in the order of ids, then of types.

    Parameters
    ----------
    pool : Candidates
        In the order of ids.
    site, park : numpy.ndarray of int64, shape (m,)
        Row of the pool, and column of its scores.
    values : numpy.ndarray, shape (m,)
        Score less the price of an undetermined verdict.
    undetermined : numpy.ndarray of bool, shape (m,)
        Whether the verdict is.
    rung : numpy.ndarray of int64, shape (m,)
        Index into `siteselect.plan.exact.RUNGS`.
    """

    pool: Candidates
    site: Indices
    park: Indices
    values: Floats
    undetermined: Flags
    rung: Indices

    def column(self, name: str) -> NDArray[Any]:
        """A column of the pool, by option; NaN where it was not given."""
        return np.asarray(self.pool.by_pair(name, np.nan)[self.site, self.park])

    def names(self, picks: Indices) -> tuple[str, ...]:
        """Ids of the sites of options."""
        return tuple(str(name) for name in self.pool.ids[self.site[picks]])


def refuse_unknown(pool: Candidates, programme: Programme) -> None:
    """Refuse a programme that names a site or a park type that is not in the pool.

    Parameters
    ----------
    pool : Candidates
        What there is.
    programme : Programme
        What is named.

    Raises
    ------
    DeclarationError
        Naming each, with the nearest word that is known.
    """
    ids = pool.ids.tolist()
    known = {"locked_in": ids, "locked_out": ids, "park_types": list(pool.park_types)}
    faults = [
        Fault(f"{name} is not among the candidates{nearest(name, words)}", field=key)
        for key, words in known.items()
        for name in getattr(programme, key)
        if name not in words
    ]
    if faults:
        raise DeclarationError(faults)


def options_of(pool: Candidates, programme: Programme) -> Options:
    """The pairs of site and park type that may be chosen, and what each is worth.

    Parameters
    ----------
    pool : Candidates
        In the order of ids.
    programme : Programme
        Prices an undetermined verdict and says when an estate counts as full.

    Returns
    -------
    Options
        Pairs that are ranked, scored and not excluded.
    """
    score, verdict = pool.by_pair("score", np.nan), pool.by_pair("verdict", 0)
    ranked = pool.by_pair("ranked", 1).astype(bool)
    site, park = np.nonzero((verdict < 2) & ranked & np.isfinite(score))
    undetermined = verdict[site, park] == 1
    values = score[site, park] - programme.undetermined.price * undetermined
    rung = _rungs(pool, programme)[site]
    return Options(pool, site, park, values, undetermined, rung)


def _rungs(pool: Candidates, programme: Programme) -> Indices:
    first = programme.existing_first
    least = first.least_free_ha if first else 0.0
    n = len(pool.ids)
    idle = pool.idle if pool.idle is not None else np.zeros(n, dtype=bool)
    full = pool.free_ha < least if pool.free_ha is not None else np.zeros(n, dtype=bool)
    existing = np.isin(pool.kind, EXISTING)
    return np.select(
        [(pool.kind == "extension") | (existing & full), existing & idle, existing],
        [EXTEND, REVIVE, FILL],
        GREENFIELD,
    ).astype(np.int64)


def drawn_values(draws: Floats, scores: Candidates, options: Options, *, order: Indices) -> Floats:
    """Draws of the scores as values of the options.

    Parameters
    ----------
    draws : numpy.ndarray, shape (d, n) or (d, n, t)
        In the order of `scores`.
    scores : Candidates
        As given.
    options : Options
        Of the sorted candidates.
    order : numpy.ndarray of int64, shape (n,)
        Row of `scores` that each sorted candidate came from.

    Returns
    -------
    numpy.ndarray, shape (d, m)

    Raises
    ------
    DataError
        If the shape does not fit, or a draw lacks a score.
    """
    n, t = len(scores.ids), len(scores.park_types)
    shaped = np.asarray(draws, dtype=np.float64)
    if not len(shaped) or shaped.shape[1:] not in ((n,), (n, t)) or shaped[0].size != n * t:
        raise DataError(f"draws have shape {shaped.shape}, not (draws, {n}, {t})")
    taken = shaped.reshape(-1, n, t)[:, order][:, options.site, options.park]
    if not np.isfinite(taken).all():
        raise DataError("a draw lacks the score of a candidate that has one")
    price = options.pool.score.reshape(n, t)[options.site, options.park] - options.values
    return np.round(taken - price, DIGITS)


def objective(options: Options, programme: Programme, drawn: Floats | None) -> Floats:
    """What is maximised.

    Parameters
    ----------
    options : Options
        With their values.
    programme : Programme
        Names the objective.
    drawn : numpy.ndarray, shape (d, m), or None
        Values in draws of the scores.

    Returns
    -------
    numpy.ndarray, shape (m,) or (d, m)
        Several rows where the least of their totals counts.

    Raises
    ------
    DataError
        If the objective needs draws and there are none.
    """
    if programme.objective == "score":
        return options.values
    if drawn is None:
        raise DataError(f"objective {programme.objective} needs draws of the scores")
    return drawn if programme.objective == "worst" else np.asarray(drawn.mean(axis=0))


def said(en: str, fa: str) -> Titles:
    """A sentence in both languages, the Persian one with Persian figures.

    Examples
    --------
    >>> said("13 parks", "13 پارک").fa
    '۱۳ پارک'
    """
    return Titles(en=en, fa=persian_figures(fa))
