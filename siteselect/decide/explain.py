"""Explanation: why a place scores as it does, why before another, and what would change it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import numpy as np

from siteselect.base.errors import DataError
from siteselect.base.text import persian_figures
from siteselect.base.units import PERSIAN_UNITS
from siteselect.decide.counterfactual import Change, Counterfactual, counterfactual
from siteselect.decide.score import REFUSED_BY, Scores
from siteselect.declared.criteria import CriteriaSet

# What an explanation is made of stands here under one name, wherever it is worked out.
__all__ = (
    "Comparison",
    "Counterfactual",
    "Waterfall",
    "counterfactual",
    "sentences",
    "waterfall",
    "why_before",
)

Language = Literal["en", "fa"]
# How many criteria a sentence names, and the least figure that it shows.
NAMED, SEEN = 3, 0.0005
BARE = frozenset({"class", "count"})


@dataclass(frozen=True, slots=True)
class Step:
    """One criterion of a waterfall: it lifts the sum from `start` to `end`.

    Parameters
    ----------
    criterion_id : str
        The criterion.
    contribution : float
        What it adds; NaN if unknown.
    possible : float
        What it would add at a value of 1; NaN if unknown.
    start, end : float
        The sum before and after it.
    """

    criterion_id: str
    contribution: float
    possible: float
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Waterfall:
    """How the contributions of a place add up to its score.

    Parameters
    ----------
    place_id : str
        The place.
    steps : tuple of Step
        Greatest contribution first; unknown criteria last.
    score : float
        The score; NaN if nothing is known.
    rank : int
        Its rank; 0 if it is not ranked.
    """

    place_id: str
    steps: tuple[Step, ...]
    score: float
    rank: int


def waterfall(scores: Scores, i: int) -> Waterfall:
    """Waterfall of a place: its contributions, from 0 up to its score.

    Parameters
    ----------
    scores : Scores
        Of any method whose contributions sum to the score.
    i : int
        Row of the place.

    Returns
    -------
    Waterfall

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> law = SimpleNamespace(place_ids=["A"], criteria_ids=("port", "rail"), score=[0.5], rank=[1],
    ...     weights=np.array([0.7, 0.3]), known=[1.0], contributions=np.array([[0.2, 0.3]]))
    >>> [(s.criterion_id, s.start, s.end) for s in waterfall(law, 0).steps]
    [('rail', 0.0, 0.3), ('port', 0.3, 0.5)]
    """
    parts = scores.contributions[i]
    order = np.argsort(np.where(np.isnan(parts), np.inf, -parts), kind="stable")
    steps, reached = [], 0.0
    for j in order:
        part = float(parts[j])
        after = reached if np.isnan(part) else reached + part
        possible = float("nan") if np.isnan(part) else float(scores.weights[j] / scores.known[i])
        steps.append(Step(scores.criteria_ids[j], part, possible, reached, after))
        reached = after
    return Waterfall(
        str(scores.place_ids[i]), tuple(steps), float(scores.score[i]), int(scores.rank[i])
    )


@dataclass(frozen=True, slots=True)
class Reason:
    """One criterion of a comparison.

    Parameters
    ----------
    criterion_id : str
        The criterion.
    difference : float
        Contribution to the one place less contribution to the other; unknown contributes 0.
    contribution_a, contribution_b : float
        The two contributions; NaN if unknown.
    """

    criterion_id: str
    difference: float
    contribution_a: float
    contribution_b: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """Why one place stands before another.

    Parameters
    ----------
    place_a, place_b : str
        The two places.
    difference : float
        Score of the first less score of the second.
    reasons : tuple of Reason
        Their differences sum to `difference`; what speaks for the first place comes first.
    """

    place_a: str
    place_b: str
    difference: float
    reasons: tuple[Reason, ...]


def why_before(scores: Scores, a: int, b: int) -> Comparison:
    """Differences of contributions between two places, which sum to that of their scores.

    Parameters
    ----------
    scores : Scores
        Of any method whose contributions sum to the score.
    a, b : int
        Rows of the two places; `a` need not be the better one.

    Returns
    -------
    Comparison

    Raises
    ------
    DataError
        If nothing is known of one of them.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> law = SimpleNamespace(place_ids=["A", "B"], criteria_ids=("port", "rail"),
    ...     score=np.array([0.75, 0.5]), contributions=np.array([[0.5, 0.25], [0.125, 0.375]]))
    >>> [(r.criterion_id, r.difference) for r in why_before(law, 0, 1).reasons]
    [('port', 0.375), ('rail', -0.125)]
    """
    if np.isnan(scores.score[a]) or np.isnan(scores.score[b]):
        raise DataError("nothing is known of one of the two places")
    pair = scores.contributions[[a, b]]
    differences = np.nan_to_num(pair[0]) - np.nan_to_num(pair[1])
    return Comparison(
        str(scores.place_ids[a]),
        str(scores.place_ids[b]),
        float(scores.score[a] - scores.score[b]),
        tuple(
            Reason(
                scores.criteria_ids[j], float(differences[j]), float(pair[0, j]), float(pair[1, j])
            )
            for j in np.argsort(-differences, kind="stable")
        ),
    )


WORDS = MappingProxyType({
    "en": MappingProxyType({
        "ranked": "{name} ranks {rank} with a score of {score}.",
        "unranked": "{name} has no rank; its score is {score}.",
        "nothing": "Nothing is known of {name}.",
        "gains": "Most of it comes from: {items}.",
        "losses": "Most is lost on: {items}.",
        "loss": "{title} ({lost} of {possible})",
        "blanks": "No data on: {items}.",
        "before": "{a} scores {difference} more than {b}.",
        "level": "{a} and {b} score the same.",
        "in_favour": "In favour of {name}: {items}.",
        "listed": "{name} is on the list of {k} already, at rank {rank}.",
        "change": "The least change that brings {name} onto the list of {k}, at rank {rank}:"
        " {items}.",
        "reading": "{title}: {after} (now {before})",
        "excluded": "{name} is excluded; no change of its readings counts while this rule stands"
        " against it: {items}.",
        "unknown": "Too little is known of {name} for a rank; these must be read first: {items}.",
        "out of reach": "Even at the best readings that may change, {name} reaches a score of"
        " {score}, rank {rank}, and does not come onto the list of {k}.",
        "none": "none within reach",
        "unread": "unknown",
    }),
    "fa": MappingProxyType({
        "ranked": "{name} با امتیاز {score} در رتبهٔ {rank} است.",
        "unranked": "{name} رتبه ندارد؛ امتیاز آن {score} است.",
        "nothing": "دربارهٔ {name} هیچ داده‌ای در دست نیست.",
        "gains": "بیشترین سهم از این معیارهاست: {items}.",
        "losses": "بیشترین کاهش در این معیارهاست: {items}.",
        "loss": "{title} ({lost} از {possible})",
        "blanks": "بدون داده: {items}.",
        "before": "امتیاز {a} به اندازهٔ {difference} از امتیاز {b} بیشتر است.",
        "level": "امتیاز {a} و {b} برابر است.",
        "in_favour": "به سود {name}: {items}.",
        "listed": "{name} هم‌اکنون با رتبهٔ {rank} در فهرست {k}تایی است.",
        "change": "کمترین تغییری که {name} را با رتبهٔ {rank} به فهرست {k}تایی می‌رساند: {items}.",
        "reading": "{title}: {after} (اکنون {before})",
        "excluded": "{name} کنار گذاشته شده است؛ تا این ضابطه برقرار است، هیچ تغییری در عملکردها"
        " آن را به فهرست نمی‌رساند: {items}.",
        "unknown": "داده‌های {name} برای رتبه‌بندی کافی نیست؛ نخست باید این معیارها سنجیده شوند:"
        " {items}.",
        "out of reach": "حتی با بهترین عملکرد در همهٔ معیارهای تغییرپذیر، {name} به امتیاز {score}"
        " و رتبهٔ {rank} می‌رسد و به فهرست {k}تایی راه نمی‌یابد.",
        "none": "در دسترس نیست",
        "unread": "نامعلوم",
    }),
})  # fmt: skip


def sentences(
    item: Waterfall | Comparison | Counterfactual,
    criteria: CriteriaSet,
    *,
    language: Language = "en",
    names: Mapping[str, str] | None = None,
) -> tuple[str, ...]:
    """An explanation in plain sentences.

    Parameters
    ----------
    item : Waterfall, Comparison or Counterfactual
        What to tell.
    criteria : CriteriaSet
        Titles of criteria and constraints.
    language : {"en", "fa"}
        Persian comes with Persian digits and units.
    names : mapping of str to str, optional
        Name of each place by its id; the id itself if not given.

    Returns
    -------
    tuple of str
        Plain text; names stand in it as they were given.
    """
    teller = _Teller(criteria, language, names or {})
    if isinstance(item, Waterfall):
        return tuple(teller.of_waterfall(item))
    if isinstance(item, Comparison):
        return tuple(teller.of_comparison(item))
    return (teller.of_counterfactual(item),)


def reading(value: float, unit: str, *, language: Language = "en") -> str:
    """A reading with its unit, as every explanation says it.

    Parameters
    ----------
    value : float
        NaN is unknown, infinite means that nothing is within reach.
    unit : str
        Its unit; a share is told as a percentage.
    language : {"en", "fa"}

    Returns
    -------
    str

    Examples
    --------
    >>> reading(0.25, "share"), reading(1234.5, "km", language="fa"), reading(float("nan"), "km")
    ('25 %', '۱٬۲۳۴ کیلومتر', 'unknown')
    """
    if np.isnan(value) or np.isinf(value):
        return WORDS[language]["unread" if np.isnan(value) else "none"]
    if unit == "share":
        value, unit = 100 * value, "%"
    shown = f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
    word = PERSIAN_UNITS.get(unit, unit) if language == "fa" else unit
    figure = persian_figures(shown) if language == "fa" else shown
    return f"{figure} {'' if unit in BARE else word}".strip()


@dataclass(frozen=True, slots=True)
class _Teller:
    """Words of one language for the places and criteria of one study."""

    criteria: CriteriaSet
    language: Language
    names: Mapping[str, str]

    def of_waterfall(self, item: Waterfall) -> Iterator[str]:
        head = {"name": self.name(item.place_id), "rank": self.digits(str(item.rank))}
        if np.isnan(item.score):
            yield self.say("nothing", head)
            return
        head["score"] = self.share(item.score)
        yield self.say("ranked" if item.rank > 0 else "unranked", head)
        known = [step for step in item.steps if not np.isnan(step.contribution)]
        gains = [(step.criterion_id, step.contribution) for step in known]
        yield from self.told("gains", self.parts(gains))
        falls = sorted(known, key=lambda step: step.contribution - step.possible)
        yield from self.told("losses", [self.loss(step) for step in falls if _lost(step) >= SEEN])
        blanks = [step for step in item.steps if np.isnan(step.contribution)]
        yield from self.told(
            "blanks", [self.title(step.criterion_id) for step in blanks], most=None
        )

    def of_comparison(self, item: Comparison) -> Iterator[str]:
        a, b = self.name(item.place_a), self.name(item.place_b)
        signs = ((a, 1), (b, -1)) if item.difference >= 0 else ((b, -1), (a, 1))
        (better, _), (worse, _) = signs
        gap = self.share(abs(item.difference))
        kind = "before" if item.difference != 0 else "level"
        yield self.say(kind, {"a": better, "b": worse, "difference": gap})
        for name, sign in signs:
            parts = [(r.criterion_id, sign * r.difference) for r in item.reasons[::sign]]
            yield from self.told("in_favour", self.parts(parts), name=name)

    def of_counterfactual(self, item: Counterfactual) -> str:
        kind = item.obstacle or ("change" if item.changes else "listed")
        blocks = [self.title(name) for name in item.blocked_by]
        return self.say(
            kind,
            {
                "name": self.name(item.place_id),
                "k": self.digits(str(item.k)),
                "rank": self.digits(str(item.rank_after)),
                "score": self.share(item.score_after),
                "items": self.joined(blocks or [self.change(change) for change in item.changes]),
            },
        )

    def told(
        self, kind: str, items: Sequence[str], *, most: int | None = NAMED, name: str = ""
    ) -> Iterator[str]:
        """A sentence over some items; none if there are none."""
        if items:
            yield self.say(kind, {"items": self.joined(items[:most]), "name": name})

    def say(self, kind: str, parts: Mapping[str, str]) -> str:
        return WORDS[self.language][kind].format_map(parts)

    def joined(self, items: Sequence[str]) -> str:
        return ("؛ " if self.language == "fa" else "; ").join(items)

    def name(self, place_id: str) -> str:
        return self.names.get(place_id, place_id)

    def title(self, item_id: str) -> str:
        named = {c.id: c.titles for c in self.criteria.criteria}
        titles = (named | {c.id: c.titles for c in self.criteria.constraints}).get(item_id)
        if titles is None:  # who has refused a place as a whole is no rule
            return item_id.replace(REFUSED_BY, "مخالفت" if self.language == "fa" else REFUSED_BY)
        return titles.fa if self.language == "fa" else titles.en

    def parts(self, parts: Sequence[tuple[str, float]]) -> list[str]:
        """What adds enough to be seen, each with its figure."""
        return [f"{self.title(name)} ({self.share(part)})" for name, part in parts if part >= SEEN]

    def loss(self, step: Step) -> str:
        lost, possible = self.share(_lost(step)), self.share(step.possible)
        title = self.title(step.criterion_id)
        return self.say("loss", {"title": title, "lost": lost, "possible": possible})

    def change(self, change: Change) -> str:
        before, after = (self.reading(x, change.unit) for x in (change.before, change.after))
        title = self.title(change.criterion_id)
        return self.say("reading", {"title": title, "before": before, "after": after})

    def reading(self, value: float, unit: str) -> str:
        return reading(value, unit, language=self.language)

    def share(self, share: float) -> str:
        return self.digits(f"{share:.3f}")

    def digits(self, text: str) -> str:
        if self.language == "en":
            return text
        return persian_figures(text)


def _lost(step: Step) -> float:
    return step.possible - step.contribution
