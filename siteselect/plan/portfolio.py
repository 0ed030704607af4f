"""The portfolio: the best set of parks under a programme, proven, priced and explained."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np

from siteselect.declared.programme import Programme
from siteselect.declared.sources import Titles
from siteselect.plan import exact
from siteselect.plan.exact import RUNGS, Floats, Indices, Problem, Solution
from siteselect.plan.policy import (
    Candidates,
    Options,
    candidates_of,
    drawn_values,
    objective,
    options_of,
    refuse_unknown,
)
from siteselect.plan.rules import conflict, inquiries_of, notes_of, rules_of

__all__ = [
    "Alternative",
    "Candidates",
    "Importance",
    "LeftOut",
    "Pick",
    "Portfolio",
    "Price",
    "Robust",
    "Step",
    "candidates_of",
    "choose",
]


@dataclass(frozen=True, slots=True)
class Pick:
    """One park of the portfolio: where, of which type, how good, on which rung of the ladder."""

    id: str
    park_type: str
    score: float
    rung: str
    province: str
    undetermined: bool


@dataclass(frozen=True, slots=True)
class Price:
    """What a rule costs: how much greater the best total would be without it."""

    rule: str
    titles: Titles
    cost: float


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another set: its sites and total, and how it differs from the portfolio."""

    ids: tuple[str, ...]
    park_types: tuple[str, ...]
    total: float
    loss: float
    joins: tuple[str, ...]
    leaves: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Importance:
    """What is lost if a chosen site is locked out, and what then changes places.

    `loss` is infinite if the programme cannot be met without the site; `by_policy` if only priority
    to existing capacity cannot, as far as it goes: then `joins` and `leaves` are of the best set
    without that policy.
    """

    id: str
    loss: float
    joins: tuple[str, ...]
    leaves: tuple[str, ...]
    by_policy: bool = False


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A site that scores high and is not chosen, and what it would cost to insist on it.

    Parameters
    ----------
    id : str
        The site.
    score : float
        Its best score, of whichever park type.
    loss : float
        What the best set with the site scores less; infinite if no set keeps the rules with it.
    by_policy : bool
        Whether it is priority to existing capacity that keeps the site out: then the set is the
        best without that policy, and the loss that against `Portfolio.best_total`.
    joins, leaves : tuple of str
        How the best set with it differs from the portfolio.
    """

    id: str
    score: float
    loss: float
    by_policy: bool
    joins: tuple[str, ...]
    leaves: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One point of the curve of existing capacity against total score.

    `break_even` is the tolerated loss, as a share of the best total, from which on the policy
    goes this far; `joins` and `leaves` are the sites that change against the point before.
    """

    existing: int
    extensions: int
    greenfield: int
    total: float
    break_even: float
    joins: tuple[str, ...]
    leaves: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Robust:
    """How the portfolio stands over draws of the scores.

    Parameters
    ----------
    probability : numpy.ndarray, shape (n,)
        Share of draws in whose best portfolio each candidate is, in the order given.
    expected, worst : float
        Mean and least total of the portfolio.
    regret_mean, regret_max : float
        Mean and greatest shortfall from the best portfolio of a draw.
    """

    probability: Floats
    expected: float
    worst: float
    regret_mean: float
    regret_max: float


@dataclass(frozen=True, slots=True)
class Portfolio:
    """The chosen set, with proof, price and alternatives.

    Parameters
    ----------
    picks : tuple of Pick, length k
        Best score first.
    total, bound, gap : float
        Worth of the set by the declared objective, its burden taken off; proven limit of any set
        under the same rules and policy; their difference as a share of the total.
    best_total, price, tolerance : float
        Worth of the best set without priority to existing capacity, what the priority costs, and
        the loss that was tolerated (share of `best_total`; 0 without the policy).
    curve : tuple of Step
        From the best set down to the fewest greenfield sites.
    prices : tuple of Price
        Every rule, against `best_total`.
    alternatives : tuple of Alternative
        Near-equal sets, best first.
    importance : tuple of Importance, length k
        In the order of `picks`. The least is the 13th against the 14th.
    robust : Robust or None
        Over draws of the scores, if they were given.
    notes : tuple of Titles
        What must be known of the choice.
    inquiries : tuple of (str, Titles)
        Questions that chosen sites must put, by id.
    burden : float
        What is taken off the scores for hauling feedstock; 0 where none is counted.
    left_out : tuple of LeftOut
        The sites of the best scores that are not chosen, best first, at most k.
    """

    picks: tuple[Pick, ...]
    total: float
    bound: float
    gap: float
    best_total: float
    price: float
    tolerance: float
    curve: tuple[Step, ...]
    prices: tuple[Price, ...]
    alternatives: tuple[Alternative, ...]
    importance: tuple[Importance, ...]
    robust: Robust | None
    notes: tuple[Titles, ...]
    inquiries: tuple[tuple[str, Titles], ...]
    burden: float = 0.0
    left_out: tuple[LeftOut, ...] = ()

    @property
    def binding(self) -> tuple[Price, ...]:
        """The rules that cost something, dearest first."""
        return tuple(
            sorted((p for p in self.prices if p.cost > 0), key=lambda p: (-p.cost, p.rule))
        )

    @property
    def swaps(self) -> tuple[Importance, ...]:
        """Who would come in for whom, nearest contest first."""
        return tuple(sorted(self.importance, key=lambda swap: (swap.loss, swap.id)))


def choose(
    scores: Candidates,
    programme: Programme,
    *,
    draws: Floats | None = None,
    burden: Callable[[Problem], Problem] | None = None,
) -> Portfolio:
    """The best set of parks under a programme: proven, priced, with its alternatives.

    Parameters
    ----------
    scores : Candidates
        The pool; the order of its rows does not matter.
    programme : Programme
        How many parks, under which rules.
    draws : numpy.ndarray, shape (d, n) or (d, n, t), optional
        Draws of the scores, in the order of the pool: for probability and regret (200 and more
        are of use), and for the objectives ``expected`` and ``worst``, which need them.
    burden : callable, optional
        Lays on the problem what a choice must pay or can carry out, such as feedstock
        (`siteselect.plan.allocation.allocate`).

    Returns
    -------
    Portfolio

    Raises
    ------
    DeclarationError
        If the programme names a site or a park type that is not in the pool.
    DataError
        If draws are needed and missing, or do not fit the pool.
    NoSolution
        If no set keeps all rules; its faults are a smallest set of rules that conflict.

    Notes
    -----
    A binary programme solved to optimality (`siteselect.plan.exact.solve`). Candidates are sorted
    by id first, scores told apart to `siteselect.plan.policy.DIGITS` digits, and among sets of
    equal worth the one that comes first by id is taken.

    Examples
    --------
    >>> import numpy as np
    >>> n = 4
    >>> pool = Candidates(
    ...     ids=np.array(["a", "b", "c", "d"]), score=np.array([0.9, 0.8, 0.79, 0.3]),
    ...     verdict=np.zeros(n, dtype=int), province=np.array(["P"] * n),
    ...     kind=np.array(["greenfield", "greenfield", "estate", "estate"]),
    ...     easting=np.arange(n) * 50e3, northing=np.zeros(n), accuracy_km=np.zeros(n))
    >>> programme = Programme.model_validate_json('''{"id": "two", "k": 2,
    ...     "titles": {"en": "Two parks", "fa": "دو پارک"},
    ...     "existing_first": {"tolerance_loss": 0.01}}''')
    >>> parks = choose(pool, programme)
    >>> [pick.id for pick in parks.picks], round(parks.price, 9)
    (['a', 'c'], 0.01)
    """
    pool, order = scores.canonical()
    refuse_unknown(pool, programme)
    options = options_of(pool, programme)
    drawn = None if draws is None else drawn_values(draws, scores, options, order=order)
    values = objective(options, programme, drawn)
    task = exact.problem(values, tuple(rules_of(options, programme)), options.site)
    best, task = exact.settle(task if burden is None else burden(task))
    if best is None:
        raise conflict(task)
    first = programme.existing_first
    tolerance = None if first is None else first.tolerance_loss
    asked, robust = programme.alternatives, None
    with ThreadPoolExecutor(2) as apart:
        # Prices rest on the best set alone, and alternatives are sought one after another: both
        # leave a core to what else is solved meanwhile.
        priced = apart.submit(exact.prices, task, best.total)
        found = exact.climb(task, best, options.rung, tolerance=tolerance)
        chosen = found.chosen
        ranked = np.lexsort((chosen.picks, -options.column("score")[chosen.picks]))
        others = apart.submit(
            exact.alternatives, found.task, chosen, gap=asked.gap, most=asked.at_most
        )
        if drawn is not None:
            robust = _robust(exact.trust(found.task, chosen, drawn), options, order)
        importance = tuple(_importance(options, found, task))
        left_out = tuple(_left_out(options, found, task))
    return Portfolio(
        picks=tuple(_pick(options, option) for option in chosen.picks[ranked]),
        total=chosen.total,
        burden=max(0.0, float(values[..., chosen.picks].sum(axis=-1).min()) - chosen.total),
        bound=chosen.bound,
        gap=(chosen.bound - chosen.total) / max(abs(chosen.total), 1e-12),
        best_total=found.best.total,
        price=found.best.total - chosen.total,
        tolerance=tolerance or 0.0,
        curve=_steps(options, found),
        prices=tuple(Price(r.id, r.titles, cost) for r, cost in priced.result()),
        alternatives=tuple(_alternative(options, chosen, other) for other in others.result()),
        importance=tuple(importance[index] for index in ranked),
        left_out=left_out,
        robust=robust,
        notes=tuple(notes_of(options, programme, chosen.picks)),
        inquiries=tuple(inquiries_of(options, chosen.picks)),
    )


def _pick(options: Options, option: int) -> Pick:
    pool, site = options.pool, options.site[option]
    return Pick(
        id=str(pool.ids[site]),
        park_type=pool.park_types[options.park[option]],
        score=float(options.column("score")[option]),
        rung=RUNGS[options.rung[option]],
        province=str(pool.province[site]),
        undetermined=bool(options.undetermined[option]),
    )


def _change(options: Options, old: Indices, new: Indices) -> dict[str, tuple[str, ...]]:
    before, after = options.names(old), options.names(new)
    return {
        "joins": tuple(sorted(set(after) - set(before))),
        "leaves": tuple(sorted(set(before) - set(after))),
    }


def _alternative(options: Options, chosen: Solution, other: Solution) -> Alternative:
    types = options.pool.park_types
    return Alternative(
        ids=options.names(other.picks),
        park_types=tuple(types[park] for park in options.park[other.picks]),
        total=other.total,
        loss=chosen.total - other.total,
        **_change(options, chosen.picks, other.picks),
    )


def _importance(options: Options, found: exact.Climb, task: Problem) -> Iterator[Importance]:
    chosen = found.chosen
    others = exact.replacements(found.task, chosen)
    stuck = chosen.picks[[other is None for other in others]]
    freed = iter(exact.replacements(task, replace(chosen, picks=stuck)))
    for option, other in zip(chosen.picks, others, strict=True):
        name, instead = options.names(np.array([option]))[0], other or next(freed)
        if instead is None:
            yield Importance(name, np.inf, (), (name,))
        else:
            loss = max(0.0, chosen.total - other.total) if other else np.inf
            change = _change(options, chosen.picks, instead.picks)
            yield Importance(name, loss, **change, by_policy=other is None)


def _left_out(options: Options, found: exact.Climb, task: Problem) -> Iterator[LeftOut]:
    chosen, scores = found.chosen, options.column("score")
    best = np.full(len(options.pool.ids), -np.inf)
    np.maximum.at(best, options.site, scores)
    best[options.site[chosen.picks]] = -np.inf
    rest = np.argsort(-best, kind="stable")[: min(len(chosen.picks), int(np.isfinite(best).sum()))]
    held = exact.insisted(found.task, rest)
    outside = [site for site, solution in zip(rest, held, strict=True) if solution is None]
    freed = dict(zip(outside, exact.insisted(task, outside), strict=True))
    for site, solution in zip(rest, held, strict=True):
        name, score = str(options.pool.ids[site]), float(best[site])
        other, most = (solution, chosen.total) if solution else (freed[site], found.best.total)
        if other is None:
            yield LeftOut(name, score, np.inf, False, (), ())
        else:
            loss = max(0.0, most - other.total)
            change = _change(options, chosen.picks, other.picks)
            yield LeftOut(name, score, loss, solution is None, **change)


def _steps(options: Options, found: exact.Climb) -> tuple[Step, ...]:
    best, before, steps = found.best.total, found.best, []
    for solution in found.curve:
        rungs = np.bincount(options.rung[solution.picks], minlength=len(RUNGS)).tolist()
        steps.append(
            Step(
                existing=rungs[exact.FILL] + rungs[exact.REVIVE],
                extensions=rungs[exact.EXTEND],
                greenfield=rungs[exact.GREENFIELD],
                total=solution.total,
                break_even=max(0.0, best - solution.total) / max(abs(best), 1e-12),
                **_change(options, before.picks, solution.picks),
            )
        )
        before = solution
    return tuple(steps)


def _robust(trust: exact.Trust, options: Options, order: Indices) -> Robust:
    probability = np.zeros(len(order))
    np.add.at(probability, order[options.site], trust.probability)
    return Robust(
        probability=probability,
        expected=float(trust.total.mean()),
        worst=float(trust.total.min()),
        regret_mean=float(trust.regret.mean()),
        regret_max=float(trust.regret.max()),
    )
