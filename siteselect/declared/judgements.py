"""Judgements: what the members of a committee write about the weights, each in their own way."""

from fractions import Fraction
from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from siteselect.base.text import latin_digits
from siteselect.declared.sources import Declared, Finite, NotNegative

# Neither can be the id of a group, beside whose lists they stand.
GROUPS = "(groups)"
"""The list of the groups themselves."""
MEMBER = "(member)"
"""The sheet of a questionnaire that asks who speaks."""
INDEX_SHEET = "siteselect"
"""Sheet of a questionnaire that says which sheet asks what."""
INDEX_COLUMNS = ("node", "sheet", "method")

# Headings under which a column of judgements is known, the plain one first.
HEADINGS = MappingProxyType(
    {
        "criterion": ("id", "criterion", "group", "name", "معیار", "گروه"),
        "weight": ("weight", "وزن"),
        "rank": ("rank", "رتبه"),
        "points": ("points", "امتیاز"),
        "best_to": ("best_to", "best to it", "بهترین به آن"),
        "to_worst": ("to_worst", "it to worst", "آن به بدترین"),
        "first": ("first_id", "first", "نخست"),
        "second": ("second_id", "second", "دوم"),
        "judgement": ("judgement", "judgment", "داوری"),
        "answer": ("answer", "your answer", "پاسخ", "پاسخ شما"),
    }
)
# The columns that a method asks for, beside that of the criterion.
ASKED = MappingProxyType(
    {
        "direct": ("weight",),
        "rank": ("rank",),
        "swing": ("points",),
        "bwm": ("best_to", "to_worst"),
    }
)


def figure(given: object) -> object:
    """A judgement as a number: a fraction such as 1/3 and Persian digits are read, blank is None.

    Parameters
    ----------
    given : object
        As it was written; what is no text is handed on as it is.

    Returns
    -------
    object

    Raises
    ------
    ValueError
        If a text is no number.

    Examples
    --------
    >>> figure("1/4"), figure("۳"), figure(" "), figure(2)
    (0.25, 3.0, None, 2)
    """
    if not isinstance(given, str):
        return given
    plain = latin_digits(given).strip()
    if not plain:
        return None
    try:
        return float(Fraction(plain))
    except (ValueError, ZeroDivisionError, OverflowError) as error:
        raise ValueError("is no number; write one such as 3, 0.5 or 1/3") from error


Figure = Annotated[Finite, BeforeValidator(figure)]
Judged = Annotated[Finite | None, BeforeValidator(figure)]
Figures = Annotated[dict[str, Figure], Field(min_length=1)]


class Pairs(Declared):
    """How many times the one of the row matters as much as the one of the column."""

    names: Annotated[tuple[str, ...], Field(min_length=1)]
    """What is compared."""
    matrix: tuple[tuple[Judged, ...], ...]
    """One row a name; null is not compared, and one side of the diagonal is enough."""

    @model_validator(mode="after")
    def _square(self) -> "Pairs":
        n = len(self.names)
        twice = sorted({name for name in self.names if self.names.count(name) > 1})
        faults = [f"{name} stands twice in names" for name in twice]
        if len(self.matrix) != n:
            faults.append(f"matrix has {len(self.matrix)} rows, {n} names are compared")
        faults += [
            f"row {name} has {len(row)} judgements, {n} are needed (null for none)"
            for name, row in zip(self.names, self.matrix, strict=False)
            if len(row) != n
        ]
        if faults:
            raise ValueError("; ".join(faults))
        return self


class BestWorst(Declared):
    """The best against each, and each against the worst."""

    best_to: Figures
    """How many times the best matters as much as each; 1 at the best."""
    to_worst: Figures
    """How many times each matters as much as the worst; 1 at the worst."""

    @model_validator(mode="after")
    def _same_names(self) -> "BestWorst":
        apart = sorted(set(self.best_to) ^ set(self.to_worst))
        if apart:
            raise ValueError(f"{', '.join(apart)} must stand in best_to and in to_worst")
        return self


class Ranks(Declared):
    """A file of ranks, 1 = most important."""

    ranks: Figures
    """Rank of each criterion; equal ranks are ties."""


class Points(Declared):
    """A file of swing points."""

    points: Figures
    """What going from worst to best is worth; the greatest swing usually has 100."""


class Weights(Declared):
    """A file of direct weights."""

    weights: Figures
    """Weight of each criterion, in any measure."""


class Person(Declared):
    """Who speaks."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    """Name of the member."""
    organisation: Annotated[str, Field(max_length=200)] = ""
    """For whom the member speaks."""
    importance: NotNegative = 1.0
    """How much the member counts beside the others."""


class PairsMember(Person):
    """A member who compares in pairs (AHP)."""

    method: Literal["ahp"]
    """The method."""
    groups: Pairs | None = None
    """The groups against each other; as declared if absent."""
    criteria: dict[str, Pairs] = Field(default_factory=dict)
    """The criteria of a group against each other; as declared where absent."""


class BestWorstMember(Person):
    """A member who compares with the best and the worst (BWM)."""

    method: Literal["bwm"]
    """The method."""
    groups: BestWorst | None = None
    """The groups; as declared if absent."""
    criteria: dict[str, BestWorst] = Field(default_factory=dict)
    """The criteria of a group; as declared where absent."""


class FiguresMember(Person):
    """A member who gives one figure each: a weight, a rank, or swing points."""

    method: Literal["direct", "rank", "swing"]
    """The method."""
    groups: Figures | None = None
    """The groups; as declared if absent."""
    criteria: dict[str, Figures] = Field(default_factory=dict)
    """The criteria of a group; as declared where absent."""


Member = Annotated[PairsMember | BestWorstMember | FiguresMember, Field(discriminator="method")]


class Members(Declared):
    """A committee, as it stands in a file."""

    aggregation: Literal["priorities", "judgements"] = "priorities"
    """Mean of the members' weights, or of their judgements if all compare in pairs."""
    members: tuple[Member, ...]
    """Who speaks, and what they say."""

    @model_validator(mode="after")
    def _told_apart(self) -> "Members":
        if not self.members:
            raise ValueError("a committee needs one member at least")
        names = [member.name for member in self.members]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"more than one member is called {', '.join(twice)}")
        return self


# What a file of one person's judgements holds, by method.
FORMS: MappingProxyType[str, Any] = MappingProxyType(
    {"ahp": Pairs, "bwm": BestWorst, "rank": Ranks, "swing": Points, "direct": Weights}
)
