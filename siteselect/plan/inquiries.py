"""Inquiries: which bodies a site must ask, about which rule, by which law, within how many days."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from siteselect.decide.score import ANSWERS, Scores
from siteselect.decide.table import PerformanceTable
from siteselect.declared.answers import Answer
from siteselect.declared.chain import Row, number_of, text_of
from siteselect.declared.criteria import Constraint, CriteriaSet
from siteselect.declared.sources import Titles

# What the law says of a rule that a body can settle.
UNSETTLED = ("undetermined", "open", "excluded")
_EVERYWHERE = "all"
_NOBODY = "none"


@dataclass(frozen=True, slots=True)
class Authority:
    """One body that is asked.

    Parameters
    ----------
    id : str
        Row of the table of authorities.
    titles, subject, basis, days_note : Titles
        Its name, what it is asked, by which law, and the time limit as it was published.
    days : int or None
        Statutory days to reply; None if no limit is known, which is never no time at all.
    days_at : tuple of str
        Kinds of site that the limit was published for; all if empty.
    asked_at, licenses_at : tuple of str
        Kinds of site that must ask it whatever the rules say, and those that it licenses.
    asked_as : tuple of str
        Names by which criteria sets speak of it.
    checked : str
        What it looks at.
    source, source_kind : str
        Where the row is from, and whether it was found there or is recalled.
    """

    id: str
    titles: Titles
    subject: Titles
    basis: Titles
    days_note: Titles
    days: int | None
    days_at: tuple[str, ...]
    asked_at: tuple[str, ...]
    licenses_at: tuple[str, ...]
    asked_as: tuple[str, ...]
    checked: str
    source: str
    source_kind: str

    def days_for(self, kind: str) -> int | None:
        """Statutory days at a kind of site; None if none are known."""
        return self.days if not self.days_at or kind in self.days_at else None


@dataclass(frozen=True, slots=True)
class Inquiry:
    """One question of one site to one body.

    Parameters
    ----------
    site, kind, park_type : str
        Who asks, and as what.
    authority : Authority or None
        Who is asked; None if the table knows nobody.
    name : Titles
        Its name, or the rule's own words for it; nobody's if no body can answer.
    licensor : bool
        Whether it is the body that licenses this kind of site.
    rule : Constraint or None
        What its answer settles; None if it is asked of the site as a whole.
    answer : str
        What the law says of the rule so far: an entry of `siteselect.decide.score.ANSWERS`.
    reading, lower, upper : float
        In the rule's unit; NaN where nothing is read.
    legal_basis : tuple of str
        Where the rule is written; of a body without a rule, by which law it is asked.
    source_kind : str
        Whether the rule, or the body without one, was found in a source or is recalled.
    days : int or None
        Statutory days at this kind of site; None if unknown.
    given : Answer or None
        What the body has answered.
    """

    site: str
    kind: str
    park_type: str
    authority: Authority | None
    name: Titles
    licensor: bool
    rule: Constraint | None
    answer: str
    reading: float
    lower: float
    upper: float
    legal_basis: tuple[str, ...]
    source_kind: str
    days: int | None
    given: Answer | None

    @property
    def basis(self) -> Titles:
        """By which law the body is asked, in its own words."""
        return self.authority.basis if self.authority else Titles(en="", fa="")

    @property
    def days_note(self) -> Titles:
        """The body's time limits as they were published, for whatever kind of site."""
        return self.authority.days_note if self.authority else Titles(en="", fa="")

    @property
    def status(self) -> str:
        """granted, refused, conditional or pending."""
        return self.given.answer if self.given else "pending"

    @property
    def has_body(self) -> bool:
        """Whether it can be put to anybody at all."""
        return self.rule is None or has_body(self.rule)

    @property
    def settles(self) -> str:
        """What its answer would settle: verdict, open rule, site or, of nobody, nothing: a survey.

        A rule that enters the verdict settles it; of any other an answer closes an open question.
        """
        if self.rule is None:
            return "site"
        if not self.has_body:
            return "survey"
        in_verdict = self.rule.role == "screen" and self.answer != "open"
        return "verdict" if in_verdict else "open rule"

    @property
    def waits(self) -> bool:
        """Whether a body is still to answer."""
        return self.has_body and self.status == "pending"


@dataclass(frozen=True, slots=True)
class Desk:
    """What is at hand to say who is asked what.

    Parameters
    ----------
    authorities : tuple of Authority
    rules : mapping of str to mapping
        Rows of the table of siting rules by id.
    answers : tuple of Answer
        What was answered so far.
    """

    authorities: tuple[Authority, ...]
    rules: Mapping[str, Mapping[str, str]]
    answers: tuple[Answer, ...] = ()


def authorities_of(rows: Iterable[Row]) -> tuple[Authority, ...]:
    """The bodies of the table of authorities.

    Parameters
    ----------
    rows : iterable of mapping
        Rows of the table ``authorities``.

    Returns
    -------
    tuple of Authority

    Examples
    --------
    >>> row = {"id": "IA-02", "name_en": "Environment", "name_fa": "محیط زیست", "days": 20,
    ...        "days_at": "estate", "asked_at": "all"}
    >>> (body,) = authorities_of([row])
    >>> body.days_for("estate"), body.days_for("greenfield")
    (20, None)
    """
    return tuple(_authority(row) for row in rows)


def _authority(row: Row) -> Authority:
    days = number_of(row, "days")
    return Authority(
        id=text_of(row, "id"),
        titles=Titles(en=text_of(row, "name_en"), fa=text_of(row, "name_fa")),
        subject=Titles(en=text_of(row, "subject"), fa=text_of(row, "subject_fa")),
        basis=Titles(en=text_of(row, "legal_basis"), fa=text_of(row, "legal_basis_fa")),
        days_note=Titles(en=text_of(row, "days_note"), fa=text_of(row, "days_note_fa")),
        days=None if days is None else int(days),
        days_at=_words(row, "days_at"),
        asked_at=_words(row, "asked_at"),
        licenses_at=_words(row, "licenses_at"),
        asked_as=_words(row, "asked_as"),
        checked=text_of(row, "checked"),
        source=text_of(row, "source"),
        source_kind=text_of(row, "source_kind"),
    )


def _words(row: Row, column: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text_of(row, column).split(";") if word.strip())


def has_body(rule: Constraint) -> bool:
    """Whether anybody can answer a rule: an engineering limit and a foreign guide have no body."""
    return rule.authority.split(" (")[0] != _NOBODY


def bodies_of(
    rule: Constraint, authorities: Iterable[Authority]
) -> tuple[tuple[Authority | None, Titles], ...]:
    """Who answers for a rule: the bodies that its declaration names.

    Parameters
    ----------
    rule : Constraint
    authorities : iterable of Authority

    Returns
    -------
    tuple of (Authority or None, Titles)
        Each body with its name; None stands for one that the table does not know. Empty if nobody
        can answer.
    """
    if not has_body(rule):
        return ()
    known = {word: body for body in authorities for word in body.asked_as}
    names = [part.strip() for part in rule.authority.split(";")]
    persian = [part.strip() for part in rule.authority_fa.split("؛")]
    if len(persian) != len(names):
        persian = [rule.authority_fa] * len(names)
    return tuple(
        (known.get(en), known[en].titles if en in known else Titles(en=en, fa=fa))
        for en, fa in zip(names, persian, strict=True)
    )


def inquiries(
    desk: Desk, place: int, *, kind: str, criteria: CriteriaSet, table: PerformanceTable,
    scores: Scores,
) -> tuple[Inquiry, ...]:  # fmt: skip
    """All that one site must ask: the licensor first, then by body; what nobody answers last.

    Parameters
    ----------
    desk : Desk
    place : int
        Row of the site.
    kind : str
        Kind of the site.
    criteria : CriteriaSet
        Of the park type that it is to hold.
    table : PerformanceTable
    scores : Scores
        What was read of the sites by these criteria, and what the law says.

    Returns
    -------
    tuple of Inquiry
        Rules that are not settled, or were by an answer, each with every body that it names; and
        the bodies that this kind of site asks whatever the rules say.
    """
    site = str(scores.place_ids[place])
    given = {(a.rule, a.authority): a for a in desk.answers if a.site == site}
    found = list(_of_rules(desk, given, _Place(site, kind, place), criteria, table, scores))
    for body in desk.authorities:
        always = kind in body.asked_at or _EVERYWHERE in body.asked_at
        answered = given.get(("", body.id))
        if answered or always:
            found.append(_of_body(body, _Place(site, kind, place), criteria.id, answered))
    order = {body.id: i for i, body in enumerate(desk.authorities)}

    def first(asked: Inquiry) -> tuple[bool, bool, int, str, bool]:
        at = order[asked.authority.id] if asked.authority else len(order)
        whole = asked.rule is None
        return not asked.has_body, not asked.licensor, at, asked.name.en, not whole

    return tuple(sorted(found, key=first))


@dataclass(frozen=True, slots=True)
class _Place:
    id: str
    kind: str
    row: int


def _of_rules(
    desk: Desk,
    given: Mapping[tuple[str, str], Answer],
    place: _Place,
    criteria: CriteriaSet,
    table: PerformanceTable,
    scores: Scores,
) -> Iterator[Inquiry]:
    for rule, row in zip(criteria.constraints, scores.answers, strict=True):
        answer = ANSWERS[row[place.row]]
        bodies = bodies_of(rule, desk.authorities) or ((None, Titles(en="nobody", fa="هیچ نهاد")),)
        told = [given.get((rule.id, body.id if body else "")) for body, _ in bodies]
        if answer not in UNSETTLED and not any(told):
            continue
        column = table.index(rule.id)
        parts = (table.values, table.lower, table.upper)
        reading = [np.nan if column is None else float(p[place.row, column]) for p in parts]
        rows: list[Mapping[str, Any]] = [desk.rules.get(name, {}) for name in rule.rules]
        basis = tuple(dict.fromkeys(filter(None, (r.get("legal_basis", "") for r in rows))))
        for (body, name), answered in zip(bodies, told, strict=True):
            yield Inquiry(
                site=place.id,
                kind=place.kind,
                park_type=criteria.id,
                authority=body,
                name=name,
                licensor=body is not None and place.kind in body.licenses_at,
                rule=rule,
                answer=answer,
                reading=reading[0],
                lower=reading[1],
                upper=reading[2],
                legal_basis=basis or ((body.basis.en,) if body else ()),
                source_kind=_kind_of(rows, body),
                days=body.days_for(place.kind) if body else None,
                given=answered,
            )


def _kind_of(rows: list[Mapping[str, Any]], body: Authority | None) -> str:
    """How the rows behind a rule are known: recalled if any is."""
    kinds = {str(row.get("source_kind", "")) for row in rows} - {""}
    if not kinds and body:
        kinds = {body.source_kind}
    return "recalled" if "recalled" in kinds else min(kinds, default="")


def _of_body(body: Authority, place: _Place, park_type: str, given: Answer | None) -> Inquiry:
    return Inquiry(
        site=place.id,
        kind=place.kind,
        park_type=park_type,
        authority=body,
        name=body.titles,
        licensor=place.kind in body.licenses_at,
        rule=None,
        answer="",
        reading=np.nan,
        lower=np.nan,
        upper=np.nan,
        legal_basis=(body.basis.en,),
        source_kind=body.source_kind,
        days=body.days_for(place.kind),
        given=given,
    )


@dataclass(frozen=True, slots=True)
class Time:
    """How long the questions of a site take at the least.

    Parameters
    ----------
    days : int or None
        All bodies asked at once, the longest known limit; None if none is known.
    bodies : int
        That are still to answer.
    unknown : int
        Of them, those without a known limit.
    """

    days: int | None
    bodies: int
    unknown: int


def least_time(asked: Iterable[Inquiry]) -> Time:
    """A lower bound of the time that questions take.

    Parameters
    ----------
    asked : iterable of Inquiry
        Of one site.

    Returns
    -------
    Time

    Examples
    --------
    >>> least_time([])
    Time(days=None, bodies=0, unknown=0)
    """
    days = {item.name.en: item.days for item in asked if item.waits}
    known = [limit for limit in days.values() if limit is not None]
    return Time(max(known, default=None), len(days), len(days) - len(known))
