"""The study: where, at what cell, with which criteria, from which candidates."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from siteselect.declared.sources import (
    Declared,
    Finite,
    Identifier,
    NotNegative,
    Positive,
    Titles,
)

ALBERS = (
    "+proj=aea +lat_1=26 +lat_2=32 +lat_0=29 +lon_0=55.5 +x_0=0 +y_0=0 +datum=WGS84 +units=m"
    " +no_defs +type=crs"
)


class Existing(Declared):
    """Which existing estates and zones stand in the pool."""

    layer: Identifier
    """Table of estates."""
    kinds: dict[str, Literal["estate", "special_zone", "extension"]]
    """Kind of site for each kind of row; a kind that is not named stays out."""
    without_status: tuple[str, ...] = ()
    """Status words that keep a row out."""
    proposed_status: tuple[str, ...] = ()
    """Status words of what does not stand yet: a proposal, no existing capacity."""
    extensions: tuple[str, ...] = ()
    """Ids of rows that extend an estate or zone."""


class Greenfield(Declared):
    """How new regions are grown from the suitability surface."""

    min_ha: Positive
    """Least area."""
    max_ha: Positive
    """Greatest area."""
    per_province: Annotated[int, Field(ge=0, le=500)]
    """At most this many a province."""
    spacing_km: NotNegative
    """Least distance between the seeds of two."""
    compactness: Annotated[float, Field(ge=0, le=1)] = 0.5
    """Weight of closeness to the seed against score while growing."""
    min_score: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Cells below this are not grown into."""
    verdicts: Literal["eligible", "not excluded"] = "eligible"
    """Cells that may be grown into."""
    avoid: Identifier | None = None
    """Layer of discs with a column ``radius_km``, inside which nothing is grown."""

    @model_validator(mode="after")
    def _range(self) -> "Greenfield":
        if self.min_ha > self.max_ha:
            raise ValueError(f"min_ha {self.min_ha:g} is above max_ha {self.max_ha:g}")
        return self


class Trust(Declared):
    """What is drawn to learn how sure the ranking is."""

    draws: Annotated[int, Field(ge=100, le=1_000_000)] = 10_000
    """Draws of weights, method, data and positions together."""
    list_length: Annotated[int, Field(ge=1)] = 13
    """Length of the list whose membership is asked."""
    concentration: Positive = 100.0
    """How closely drawn weights keep to the declared ones (Dirichlet)."""
    methods: tuple[Literal["weighted_mean", "weighted_geometric", "owa"], ...] = (
        "weighted_mean",
        "weighted_geometric",
        "owa",
    )
    """Ways of adding up that are drawn from."""
    level: Annotated[Finite, Field(gt=0, lt=1)] = 0.9
    """Probability that the rank interval covers."""
    relative_error: dict[str, NotNegative] = Field(default_factory=dict)
    """Relative standard error of the readings of a criterion, apart from position."""


class Study(Declared):
    """Everything that defines a run."""

    id: Identifier
    """Name of the study."""
    titles: Titles
    """Title in both languages."""
    crs: str = ALBERS
    """Analysis CRS: projected, in metres."""
    provinces: Annotated[tuple[str, ...], Field(min_length=1)]
    """ISO 3166-2 codes of the provinces."""
    cell_m: Annotated[float, Field(ge=20, le=50000)] = 500.0
    """Side of a grid cell, metres."""
    seed: Annotated[int, Field(ge=0)] = 0
    """Seed of every random draw."""
    criteria: str
    """File of the criteria set, relative to the study."""
    existing: Existing | None = None
    """Estates and zones in the pool."""
    greenfield: Greenfield | None = None
    """Regions grown from the surface."""
    trust: Trust | None = None
    """How sure the ranking is; not asked if absent."""
    programme: str | None = None
    """File of the programme of parks, relative to the study; no parks are chosen if absent."""
    own_sites: str | None = None
    """A table or layer of the user's own sites, relative to the study."""
    units: str | None = None
    """A register of downstream units, relative to the study; its idle capacity comes first."""
    answers: str | None = None
    """A register of what bodies that were asked have answered, relative to the study."""
    committee: str | None = None
    """Members' judgements, relative to the study: a YAML file, or a folder of questionnaires."""
