"""The exact core: a set chosen with proof, what else could have been, and why none can be."""

import os
import sys
import threading
from collections.abc import Callable, Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from siteselect.base.errors import NoSolution
from siteselect.declared.sources import Titles

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]
Flags = NDArray[np.bool_]

COUNT = "k"
RUNGS = ("fill", "revive", "extend", "greenfield")
FILL, REVIVE, EXTEND, GREENFIELD = range(4)
EXACT = 1e-9
TIME_LIMIT_S = 60.0
TOP = 1e4
_CORE = 60
_ROUNDS = 300
_SETTLED = 1e-7
_OPTIMAL, _INFEASIBLE = 0, 2


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule over the options: ``rows @ x <= limits``, and how it is said.

    Parameters
    ----------
    id : str
        Name, such as ``province.IR-18.at_least``.
    titles : Titles
        The rule in words, numbers included, in both languages.
    rows : numpy.ndarray, shape (r, m)
        Coefficient of each option.
    limits : numpy.ndarray, shape (r,)
        Right-hand sides.
    wants : int
        Index of the row that asks for a least number (written negated), -1 if there is none.
    waivable : bool
        Whether it is a decision, and so has a price; not what a park or a programme is.
    """

    id: str
    titles: Titles
    rows: Floats
    limits: Floats
    wants: int = -1
    waivable: bool = True


@dataclass(frozen=True, slots=True)
class Burden:
    """What shows only once a set is chosen: rules that it breaks, and what it costs.

    Parameters
    ----------
    rules : tuple of Rule
        Rules that every choice keeps which can be carried out, and this one breaks.
    cost : float
        What is taken off the total of the choice, if it breaks none.
    lines : numpy.ndarray, shape (l, m)
        Every choice x of as many options costs at least ``line @ x``; this one exactly `cost`.
    """

    rules: tuple[Rule, ...]
    cost: float
    lines: Floats


Oracle = Callable[[Indices], Burden]


def _no_lines() -> Floats:
    return np.zeros((0, 0))


@dataclass(frozen=True, slots=True)
class Problem:
    """Options, what each is worth, and the rules that a choice of them keeps.

    Parameters
    ----------
    values : numpy.ndarray, shape (s, m)
        Worth of each option in each scenario; a choice is worth the least of its totals.
    rules : tuple of Rule
        The rules.
    site : numpy.ndarray of int64, shape (m,)
        Site of each option; two options of one site differ in park type.
    matrix : scipy.sparse.csr_array, shape (r, m)
        Rows of all rules.
    limits : numpy.ndarray, shape (r,)
        Their right-hand sides.
    charges : numpy.ndarray, shape (c, m), or empty
        Any choice x costs at least the greatest of ``charges @ x``, besides.
    oracle : callable, optional
        Tells the burden of a choice, ascending options; without it there is none.
    """

    values: Floats
    rules: tuple[Rule, ...]
    site: Indices
    matrix: Any
    limits: Floats
    charges: Floats = field(default_factory=_no_lines)
    oracle: Oracle | None = None

    @property
    def lines(self) -> Floats:
        """Rows of which the least total is what a choice is worth, as far as is known."""
        if not len(self.charges):
            return self.values
        return np.concatenate(self.values[:, None] - self.charges)

    def without(self, ids: Collection[str]) -> "Problem":
        """The same options under fewer rules."""
        stays = [rule.id not in ids for rule in self.rules]
        rows = np.repeat(stays, [len(rule.limits) for rule in self.rules])
        return replace(
            self,
            rules=tuple(rule for rule, stay in zip(self.rules, stays, strict=True) if stay),
            matrix=self.matrix[rows],
            limits=self.limits[rows],
        )

    def under(self, *rules: Rule) -> "Problem":
        """The same options under further rules."""
        from scipy.sparse import csr_array, vstack

        rows = np.vstack([rule.rows for rule in rules])
        limits = np.concatenate([self.limits, *(rule.limits for rule in rules)])
        matrix = vstack([self.matrix, csr_array(rows)], format="csr")
        return replace(self, rules=(*self.rules, *rules), matrix=matrix, limits=limits)

    def worth(self, values: Floats) -> "Problem":
        """The same options, rules and burden with other values, shape (m,) or (s, m)."""
        return replace(self, values=np.atleast_2d(values))

    def charged(self, lines: Floats) -> "Problem":
        """The same with further lines, shape (l, m), under which no choice costs less."""
        return replace(self, charges=np.vstack([*self.charges, lines]))

    def instead(self, values: Floats) -> "Problem":
        """Other values in place of all that counted: what can be carried out still counts."""
        asked, none = self.oracle, _no_lines()
        bare = replace(self.worth(values), charges=none)
        if asked is None:
            return bare

        def feasible(picks: Indices) -> Burden:
            return Burden(asked(picks).rules, 0.0, none)

        return replace(bare, oracle=feasible)


@dataclass(frozen=True, slots=True)
class Solution:
    """A choice and its proof.

    Parameters
    ----------
    picks : numpy.ndarray of int64, shape (k,)
        Chosen options, ascending.
    total : float
        What they are worth.
    bound : float
        No choice under the same rules is worth more.
    """

    picks: Indices
    total: float
    bound: float


def problem(values: Floats, rules: Collection[Rule], site: Indices) -> Problem:
    """A problem from its parts.

    Parameters
    ----------
    values : numpy.ndarray, shape (m,) or (s, m)
        Worth of each option, by scenario.
    rules : collection of Rule
        May be empty.
    site : numpy.ndarray of int64, shape (m,)
        Site of each option.

    Returns
    -------
    Problem

    Examples
    --------
    >>> import numpy as np
    >>> two = Rule("k", Titles(en="two parks", fa="دو پارک"), np.ones((1, 3)), np.array([2.0]))
    >>> solve(problem(np.array([0.2, 0.9, 0.5]), [two], np.arange(3))).picks.tolist()
    [1, 2]
    """
    from scipy.sparse import csr_array

    values = np.atleast_2d(np.asarray(values, dtype=np.float64))
    rows = np.vstack([np.zeros((0, values.shape[1])), *(rule.rows for rule in rules)])
    limits = np.concatenate([np.zeros(0), *(rule.limits for rule in rules)])
    return Problem(values, tuple(rules), site, csr_array(rows), limits)


def solve(task: Problem) -> Solution | None:
    """The best choice, proven.

    Parameters
    ----------
    task : Problem
        What is worth how much, under which rules.

    Returns
    -------
    Solution or None
        None if it is proven that no choice keeps all rules.

    Raises
    ------
    NoSolution
        If the time limit passes before any choice is found.

    Notes
    -----
    The linear relaxation is solved first. If it is integral it is the proof. Otherwise its
    reduced costs say how much the relaxed total falls if an option is forced in or out; only
    options whose reduced cost lies within a margin stay free (the core: Balas and Zemel 1980,
    Operations Research 28), and HiGHS (Huangfu and Hall 2018) solves the rest by branch and cut.
    If the core's best falls short of the relaxation by no more than the margin, no option outside
    the core can improve on it; else the margin is widened to the shortfall, which always suffices.
    A branch and cut that runs into the time limit gives its best choice, and a bound above it.
    Values are scaled so that the solver's absolute tolerance of 1e-6 is 1e-10 of the largest.
    """
    return settle(task)[0]


def settle(task: Problem) -> tuple[Solution | None, Problem]:
    """The best choice with its burden taken off, proven, and what was learnt on the way.

    Parameters
    ----------
    task : Problem
        With an oracle, or without: then there is nothing to learn.

    Returns
    -------
    solution : Solution or None
        None if it is proven that no choice keeps all rules and can be carried out.
    task : Problem
        The same with the rules and lines that the oracle told; the solution is the best of it too.

    Raises
    ------
    NoSolution
        If a limit of time or rounds passes before any choice is found.

    Notes
    -----
    Benders' decomposition (Benders 1962, Numerische Mathematik 4). The best choice by what is
    known is shown to the oracle, which tells a rule that it breaks, or what it costs with lines
    under which no choice can be cheaper. It ends when the best choice costs what its lines
    promise: proven, not searched.
    """
    if task.oracle is None:
        return _best(task), task
    best: Solution | None = None
    bound = np.inf
    for _ in range(_ROUNDS):
        found = _best(task)
        if found is None:
            return None, task
        bound = found.bound
        burden = task.oracle(found.picks)
        if burden.rules:
            task = task.under(*burden.rules)
            continue
        total = float(task.values[:, found.picks].sum(axis=1).min()) - burden.cost
        if best is None or total > best.total:
            best = Solution(found.picks, total, bound)
        if bound - best.total <= _SETTLED * max(1.0, abs(best.total)):
            break
        task = task.charged(burden.lines)
    if best is None:
        raise NoSolution(f"no choice that can be carried out in {_ROUNDS} rounds")
    return Solution(best.picks, best.total, max(bound, best.total)), task


def _best(task: Problem) -> Solution | None:
    """The best choice by what is known of its burden."""
    lines = task.lines
    scenarios, m = lines.shape
    top = float(np.abs(lines).max(initial=0.0))
    gain = lines * (TOP / top if top > 0 else 1.0)
    if scenarios == 1:
        found = maximise(gain[0], task.matrix, task.limits, whole=m)
    else:
        found = maximise(*_least_of(gain, task), whole=m)
    if found is None:
        return None
    x, bound = found
    picks = np.flatnonzero(x[:m] > 0.5)
    total = float(lines[:, picks].sum(axis=1).min())
    return Solution(picks, total, max(total, bound * top / TOP) if top > 0 else total)


def worth(task: Problem, picks: Indices) -> float:
    """What a choice is worth: the least of its totals over the scenarios, less its burden.

    Parameters
    ----------
    task : Problem
        The options.
    picks : numpy.ndarray of int64, shape (k,)
        Chosen options.

    Returns
    -------
    float
        Minus infinity if it cannot be carried out.
    """
    if task.oracle is None:
        return float(task.lines[:, picks].sum(axis=1).min())
    total = float(task.values[:, picks].sum(axis=1).min())
    burden = task.oracle(picks)
    return -np.inf if burden.rules else total - burden.cost


def _least_of(gain: Floats, task: Problem) -> tuple[Floats, Any, Floats]:
    """One more column z with z <= each scenario's total; z is maximised."""
    from scipy.sparse import block_array, csr_array

    count, m = gain.shape
    matrix = block_array(
        [[task.matrix, None], [csr_array(-gain), csr_array(np.ones((count, 1)))]], format="csr"
    )
    return np.append(np.zeros(m), 1.0), matrix, np.append(task.limits, np.zeros(count))


def maximise(
    gain: Floats, matrix: Any, limits: Floats, *, whole: int, floor: float = -np.inf
) -> tuple[Floats, float] | None:
    """The greatest ``gain @ x`` under ``matrix @ x <= limits``, with its proof.

    Parameters
    ----------
    gain : numpy.ndarray, shape (v,)
        Scaled so that its largest entry is of the size of `TOP`.
    matrix : scipy.sparse.csr_array, shape (r, v)
    limits : numpy.ndarray, shape (r,)
    whole : int
        The first so many variables are 0 or 1.
    floor : float
        The others are no less than this.

    Returns
    -------
    tuple of (numpy.ndarray of shape (v,), float) or None
        A best x and the proven limit; None if no x keeps the limits.

    Raises
    ------
    NoSolution
        If the time limit passes before any x is found.
    """
    from scipy.optimize import linprog

    if not len(gain):
        return (gain, 0.0) if (limits >= 0).all() else None
    box = np.array([[0.0, 1.0]] * whole + [[floor, np.inf]] * (len(gain) - whole))
    # So small a relaxation is solved sooner than it is simplified.
    relaxed = linprog(-gain, A_ub=matrix, b_ub=limits, bounds=box, method="highs-ds",
                      options={"presolve": False})  # fmt: skip
    if relaxed.status == _INFEASIBLE:
        return None
    if relaxed.status != _OPTIMAL:
        return _branch(gain, matrix, limits, box, whole)
    x, ceiling = relaxed.x, -float(relaxed.fun)
    nearest = np.round(x[:whole])
    if np.abs(x[:whole] - nearest).max(initial=0.0) < 1e-7:
        return np.append(nearest, x[whole:]), ceiling
    reduced = np.abs(relaxed.lower.marginals + relaxed.upper.marginals)[:whole]
    margin = np.partition(reduced, _CORE)[_CORE] if whole > _CORE else np.inf
    for _ in range(3):
        fixed = np.flatnonzero((reduced > margin) & (np.abs(x[:whole] - nearest) < 1e-7))
        core = box.copy()
        core[fixed] = nearest[fixed, None]
        found = _branch(gain, matrix, limits, core, whole)
        short = ceiling - float(gain @ found[0]) if found is not None else np.inf
        if short <= margin or not fixed.size:
            break
        margin = short + 1e-6 * (1 + abs(ceiling))
    return None if found is None else (found[0], max(found[1], ceiling - margin))


class _Silence:
    """The standard output of the process, turned away while anybody asks for it."""

    def __init__(self) -> None:
        self._lock, self._asking, self._kept = threading.Lock(), 0, -1

    def __enter__(self) -> None:
        with self._lock:
            self._asking += 1
            if self._asking == 1:
                sys.stdout.flush()
                nowhere = os.open(os.devnull, os.O_WRONLY)
                self._kept = os.dup(1)
                os.dup2(nowhere, 1)
                os.close(nowhere)

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._asking -= 1
            if self._asking == 0:
                os.dup2(self._kept, 1)
                os.close(self._kept)


# Keeps what compiled code prints off the standard output, which belongs to the answer: HiGHS writes
# some of its remarks there even when it is told to be quiet. Threads share that output.
silent = _Silence()


def _branch(
    gain: Floats, matrix: Any, limits: Floats, box: Floats, whole: int
) -> tuple[Floats, float] | None:
    from scipy.optimize import Bounds, LinearConstraint, milp

    free = np.flatnonzero(box[:, 0] < box[:, 1])
    base = np.where(box[:, 0] == box[:, 1], box[:, 0], 0.0)
    left = limits - matrix @ base
    with silent:
        found = milp(
            -gain[free],
            constraints=LinearConstraint(matrix[:, free], -np.inf, left),
            bounds=Bounds(box[free, 0], box[free, 1]),
            integrality=(free < whole).astype(np.int64),
            options={"mip_rel_gap": 0.0, "time_limit": TIME_LIMIT_S},
        )
    if found.x is None:
        if found.status == _INFEASIBLE:
            return None
        raise NoSolution(f"no portfolio was found in {TIME_LIMIT_S:g} s, nor proven impossible")
    x = base.copy()
    x[free] = found.x
    x[:whole] = np.round(x[:whole])
    return x, float(gain @ base - found.mip_dual_bound)


def first_by_id(task: Problem, best: Solution) -> Solution:
    """Among choices of equal worth (to 1e-9) the one whose options come first.

    Parameters
    ----------
    task : Problem
        Its options stand in the order of ids, so the choice depends neither on the order of rows
        nor on the solver's way to it.
    best : Solution
        Its best choice.

    Returns
    -------
    Solution
        The least sum of positions among choices of equal worth.
    """
    m = task.values.shape[1]
    first = solve(keep_total(task, best.total, 0.0).instead(-np.arange(m, dtype=np.float64)))
    if first is None or worth(task, first.picks) < best.total - 2 * _grain(task):
        return best
    return Solution(first.picks, worth(task, first.picks), best.bound)


def keep_total(task: Problem, total: float, loss: float) -> Problem:
    """The same problem where the worth may fall short of a total by a loss and no more.

    Parameters
    ----------
    task : Problem
        The problem.
    total, loss : float
        What was reached, and what may be given up of it.

    Returns
    -------
    Problem
    """
    least, asked = total - loss - _grain(task), task.oracle
    kept = task.under(_total_rule(task.lines, least))
    if asked is None:
        return kept

    def kept_too(picks: Indices) -> Burden:
        burden = asked(picks)
        if burden.rules or worth(replace(task, oracle=lambda _: burden), picks) >= least:
            return burden
        lines = np.asarray(task.values[:, None] - burden.lines).reshape(-1, task.values.shape[1])
        return replace(burden, rules=(_total_rule(lines, least),))

    return replace(kept, oracle=kept_too)


def _total_rule(lines: Floats, least: float) -> Rule:
    scale = TOP / (float(np.abs(lines).max(initial=0.0)) or 1.0)
    words = Titles(en="the total may not fall further", fa="جمع امتیاز بیش از این کم نشود")
    return Rule("total", words, -lines * scale, np.full(len(lines), -least * scale))


def _grain(task: Problem) -> float:
    return EXACT * max(1.0, float(np.abs(task.values).max(initial=0.0)))


def cliques(near: Flags) -> Floats:
    """Sets of sites of which at most one may be chosen, so that every near pair is in one.

    Parameters
    ----------
    near : numpy.ndarray of bool, shape (n, n)
        Symmetric; True where two sites may not both be chosen. The diagonal is not read.

    Returns
    -------
    numpy.ndarray, shape (c, n)
        1 for the members of each set, a maximal clique grown from each pair not yet covered
        (after Padberg 1973: one row a clique is far tighter than one row a pair).

    Examples
    --------
    >>> import numpy as np
    >>> cliques(np.array([[0, 1, 1], [1, 0, 1], [1, 1, 0]], dtype=bool)).tolist()
    [[1.0, 1.0, 1.0]]
    """
    near = near & ~np.eye(len(near), dtype=bool)
    left = np.triu(near)
    rows = []
    for one in range(len(near)):
        while left[one].any():
            members = [one, int(left[one].argmax())]
            common = near[members[0]] & near[members[1]]
            while common.any():
                fresh = left[one] & common
                members.append(int((fresh if fresh.any() else common).argmax()))
                common = common & near[members[-1]]
            left[np.ix_(members, members)] = False
            row = np.zeros(len(near))
            row[members] = 1.0
            rows.append(row)
    return np.array(rows).reshape(len(rows), len(near))


@dataclass(frozen=True, slots=True)
class Climb:
    """What priority to existing capacity does to a choice.

    Parameters
    ----------
    best : Solution
        The choice without the policy.
    curve : tuple of Solution
        The best choice with ever fewer greenfield sites, from that of `best` down to the fewest
        that the rules can do with.
    chosen : Solution
        The choice under the policy.
    task : Problem
        The problem that `chosen` solves: the rules, and no lower a rung than the policy found.
    """

    best: Solution
    curve: tuple[Solution, ...]
    chosen: Solution
    task: Problem


@dataclass(frozen=True, slots=True)
class Trust:
    """How a choice stands over draws of the scores.

    Parameters
    ----------
    probability : numpy.ndarray, shape (m,)
        Share of draws in whose best portfolio each option is.
    total, regret : numpy.ndarray, shape (s,)
        What the choice is worth in each draw, and how much less that is than the draw's best.
    """

    probability: Floats
    total: Floats
    regret: Floats


def climb(task: Problem, best: Solution, rung: Indices, *, tolerance: float | None) -> Climb:
    """Best total first, then as few low rungs as a tolerated loss of that total allows.

    Parameters
    ----------
    task : Problem
        The problem.
    best : Solution
        Its best choice.
    rung : numpy.ndarray of int64, shape (m,)
        Index into `RUNGS` of each option.
    tolerance : float or None
        Share of the best total that may be given up; None for no policy.

    Returns
    -------
    Climb

    Notes
    -----
    Lexicographic: the fewest greenfield sites whose best total lies within the loss; then, with no
    more of them, the fewest extensions, then revivals; then the greatest total; then the order of
    ids. The curve is solved anyway, so the first step is read from it.
    """
    curve = _curve(task, rung == GREENFIELD, best)
    if tolerance is None:
        return Climb(best, curve, first_by_id(task, best), task)
    loss = tolerance * abs(best.total)
    kept = [s for s in curve if s.total >= best.total - loss - EXACT]
    fewest = kept[-1]
    limit = int((rung[fewest.picks] == GREENFIELD).sum())
    held, chosen = task.under(_no_more("existing_first", rung == GREENFIELD, limit)), fewest
    if ((rung == EXTEND) | (rung == REVIVE)).any():
        steps = np.select([rung == EXTEND, rung == REVIVE], [len(fewest.picks) + 1.0, 1.0], 0.0)
        lowest = solve(keep_total(held, best.total, loss).instead(-steps))
        if lowest is not None:
            held = held.under(_no_more("lower_rungs", steps, -lowest.total))
            chosen = solve(held) or fewest
    return Climb(best, curve, first_by_id(held, chosen), held)


def _curve(task: Problem, green: Flags, best: Solution) -> tuple[Solution, ...]:
    steps = [best]
    while count := int(green[steps[-1].picks].sum()):
        step, task = settle(task.under(_no_more("fewer", green, count - 1)))
        if step is None:
            break
        steps.append(step)
    return tuple(steps)


def prices(task: Problem, total: float) -> tuple[tuple[Rule, float], ...]:
    """What each rule costs: how much greater the best total would be without it.

    Parameters
    ----------
    task : Problem
        The rules; those that can be waived have a price.
    total : float
        Best total under all of them.

    Returns
    -------
    tuple of (Rule, float)
        In the order of the rules; 0 where a rule costs nothing.
    """
    waivable = [rule for rule in task.rules if rule.waivable]
    freed = _side_by_side([task.without({rule.id}) for rule in waivable])
    costs = [best.total - total if best is not None else 0.0 for best in freed]
    return tuple(
        (rule, cost if cost > EXACT else 0.0) for rule, cost in zip(waivable, costs, strict=True)
    )


def alternatives(task: Problem, chosen: Solution, *, gap: float, most: int) -> tuple[Solution, ...]:
    """Other sets of sites nearly as good, best first.

    Parameters
    ----------
    task : Problem
        The problem that `chosen` solves.
    chosen : Solution
        The choice.
    gap : float
        Share of its total by which others may fall short.
    most : int
        At most so many.

    Returns
    -------
    tuple of Solution
        Each differs from the choice and from each other in at least one site. None is missing
        that is better than one listed.
    """
    found: list[Solution] = []
    least = chosen.total - gap * abs(chosen.total) - EXACT
    last = chosen
    while len(found) < most:
        members = np.isin(task.site, task.site[last.picks])
        # What was learnt of the burden holds for the next as well.
        other, task = settle(task.under(_no_more("other", members, len(last.picks) - 1)))
        if other is None or other.total < least:
            break
        found.append(other)
        last = other
    return tuple(found)


def replacements(task: Problem, chosen: Solution) -> tuple[Solution | None, ...]:
    """The best choice without each chosen site in turn; None where no choice can do without it.

    Parameters
    ----------
    task : Problem
        The problem that `chosen` solves.
    chosen : Solution
        The choice.

    Returns
    -------
    tuple of (Solution or None), length k
        The total that is lost is the importance of the site (irreplaceability; Ferrier, Pressey
        and Barrett 2000), and what comes in for it is its swap.
    """
    sites = task.site[chosen.picks]
    return _side_by_side(task.under(_no_more("locked_out", task.site == s, 0)) for s in sites)


def insisted(task: Problem, sites: Iterable[int]) -> tuple[Solution | None, ...]:
    """The best choice with each of some sites in turn; None where no choice can hold it.

    Parameters
    ----------
    task : Problem
        The problem.
    sites : iterable of int
        As in `Problem.site`.

    Returns
    -------
    tuple of (Solution or None)
        The total that is lost is the price of insisting on the site.
    """
    return _side_by_side(task.under(_no_more("held", -1.0 * (task.site == s), -1)) for s in sites)


def _side_by_side(tasks: Iterable[Problem]) -> tuple[Solution | None, ...]:
    """The best choice of each problem, by several threads: HiGHS lets go of the interpreter."""
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        return tuple(threads.map(solve, tasks))


def _no_more(name: str, members: NDArray[Any], most: float) -> Rule:
    words = Titles(en="the policy allows no more", fa="سیاست بیش از این روا نمی‌دارد")
    return Rule(name, words, members[None].astype(np.float64), np.array([most], dtype=np.float64))


def trust(task: Problem, chosen: Solution, draws: Floats) -> Trust:
    """The best choice of each draw of the scores, and what the choice loses against it.

    Parameters
    ----------
    task : Problem
        The problem that `chosen` solves.
    chosen : Solution
        The choice.
    draws : numpy.ndarray, shape (s, m)
        Value of each option in each draw.

    Returns
    -------
    Trust

    Notes
    -----
    Regret after Savage 1951. Every draw is solved exactly, under the same rules and the same
    limit on greenfield sites; a burden is counted by the lines that the problem has learnt, which
    may be a little less than it is.
    """
    hits = np.zeros(draws.shape[1])
    totals, regret = np.zeros(len(draws)), np.zeros(len(draws))
    drawn = [replace(task.worth(values), oracle=None) for values in draws]
    for index, best in enumerate(_side_by_side(drawn)):
        totals[index] = worth(drawn[index], chosen.picks)
        if best is not None:
            hits[best.picks] += 1
            regret[index] = max(0.0, best.total - totals[index])
    return Trust(hits / len(draws), totals, regret)
