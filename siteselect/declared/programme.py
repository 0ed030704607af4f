"""The programme: how many parks, under which rules, and what the rules may cost."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from siteselect.declared.sources import Declared, Finite, Identifier, NotNegative, Positive, Titles

Share = Annotated[Finite, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=0, le=1000)]


class Quota(Declared):
    """How many parks a province or a park type takes."""

    titles: Titles | None = None
    """Name in both languages, for the sentences."""
    at_least: Count = 0
    """Fewest."""
    at_most: Count | None = None
    """Most; no limit if left out."""

    @model_validator(mode="after")
    def _ascends(self) -> "Quota":
        if self.at_most is not None and self.at_most < self.at_least:
            raise ValueError(f"at_least {self.at_least} is above at_most {self.at_most}")
        return self


class Spacing(Declared):
    """How far apart two parks stand."""

    at_least_km: NotNegative
    """Least distance between two sites."""
    judged: Literal["nominal", "certain", "possible"] = "nominal"
    """With a distance d and accuracies a, b the truth lies in [d-a-b, d+a+b]. Two sites are too
    near by d itself, only if even the far end is too near, or already if the near end is."""
    at_most_per_point: Annotated[int, Field(ge=1)] | None = None
    """At most this many of the sites that are known by one and the same point, such as estates
    known by their town only: how far apart they lie is not known."""


class Budget(Declared):
    """What all parks together may take of a resource."""

    at_most: Positive
    """The limit."""
    if_unknown: NotNegative | None = None
    """Assumed where a site's figure is unknown; left out, it is not counted and a note says so."""


class Budgets(Declared):
    """Limits on what all parks together take, where it is known."""

    area_ha: Budget | None = None
    """Land."""
    water_m3_d: Budget | None = None
    """Water a day."""
    power_mw: Budget | None = None
    """Electricity."""
    capital_meur: Budget | None = None
    """Capital, million euro."""


class Undetermined(Declared):
    """Whether a site may be chosen whose verdict is undetermined."""

    policy: Literal["allowed", "priced", "forbidden"] = "allowed"
    """Taken as it is, at a price, or not at all."""
    price: NotNegative = 0.0
    """Score that each such site loses in the choice; only where the policy is ``priced``."""

    @model_validator(mode="after")
    def _price_is_meant(self) -> "Undetermined":
        if self.policy != "priced" and self.price > 0:
            raise ValueError(f"a price of {self.price:g} needs policy: priced")
        return self


class ExistingFirst(Declared):
    """Priority to existing capacity: fill, revive, extend, and only then build on new land."""

    tolerance_loss: Share
    """Share of the best total score that may be given up for it."""
    least_free_ha: NotNegative = 0.0
    """An existing site known to have less free land than this must be extended."""


class Alternatives(Declared):
    """Which other portfolios are shown."""

    gap: Share = 0.01
    """Share of the total score by which they may fall short."""
    at_most: Annotated[int, Field(ge=0, le=200)] = 12
    """Most of them."""


class Programme(Declared):
    """What is to be built: a set of parks and the rules it keeps."""

    id: Identifier
    """Name of the programme."""
    titles: Titles
    """Title in both languages."""
    k: Annotated[int, Field(ge=1, le=1000)]
    """How many parks."""
    objective: Literal["score", "expected", "worst"] = "score"
    """Total score; its mean over draws of the scores; or its least over them."""
    provinces: dict[str, Quota] = Field(default_factory=dict)
    """Quota by province code."""
    park_types: dict[str, Quota] = Field(default_factory=dict)
    """Quota by park type."""
    spacing: Spacing | None = None
    """Least distance between two parks."""
    budgets: Budgets = Budgets()
    """Limits on land, water, power, capital."""
    locked_in: tuple[str, ...] = ()
    """Ids of sites that must be chosen."""
    locked_out: tuple[str, ...] = ()
    """Ids of sites that must not."""
    undetermined: Undetermined = Undetermined()
    """What is done with an undetermined verdict."""
    existing_first: ExistingFirst | None = None
    """Priority to existing capacity; none if left out."""
    alternatives: Alternatives = Alternatives()
    """The near-equal sets to look for."""

    @model_validator(mode="after")
    def _locks_agree(self) -> "Programme":
        both = sorted(set(self.locked_in) & set(self.locked_out))
        if both:
            raise ValueError(f"locked in and locked out at once: {', '.join(both)}")
        return self
