"""Measures: how a performance is read from the world, one model a kind."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from siteselect.declared.sources import Declared, Finite, Identifier, NotNegative, Positive


def _exactly_one(names: str, given: list[bool]) -> None:
    if sum(given) != 1:
        raise ValueError(f"give exactly one of {names}")


class Range(Declared):
    """Numbers of a column that count."""

    min: Finite | None = None
    """Least number that counts."""
    max: Finite | None = None
    """Greatest number that counts."""
    unknown: Literal["keep", "drop"] = "drop"
    """What becomes of a row without the number."""

    @model_validator(mode="after")
    def _ascends(self) -> "Range":
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"min {self.min:g} is above max {self.max:g}")
        return self


Condition = tuple[str, ...] | tuple[int, ...] | Range


class Target(Declared):
    """Which features of which layer."""

    layer: Identifier
    """Entry of the catalogue."""
    where: dict[str, Condition] = Field(default_factory=dict)
    """Conditions on columns; all must hold."""
    ids: tuple[str, ...] = ()
    """Only these ids, if any are named."""
    without: tuple[str, ...] = ()
    """Ids left out."""


class Radius(Declared):
    """Features that are discs around their point."""

    column: str = ""
    """Column with the radius in km; a row without one is a point in doubt to `unknown_km`."""
    population: str = ""
    """Column with people, who live at `people_per_ha` around the point."""
    people_per_ha: Positive = 50.0
    """Density of a built area."""
    unknown_km: NotNegative = 10.0
    """Doubt of a feature without a radius."""
    shape_error: Annotated[Finite, Field(ge=0, le=1)] = 0.0
    """Share of the radius by which the true border may differ from the disc."""

    @model_validator(mode="after")
    def _one_basis(self) -> "Radius":
        _exactly_one("column, population", [bool(self.column), bool(self.population)])
        return self


class Gap(Declared):
    """A box in which a layer lacks what exists, so that far means unknown."""

    west: Finite
    """Western edge, degrees."""
    south: Finite
    """Southern edge, degrees."""
    east: Finite
    """Eastern edge, degrees."""
    north: Finite
    """Northern edge, degrees."""
    beyond_km: NotNegative
    """A reading farther than this is unknown inside the box."""

    @model_validator(mode="after")
    def _is_a_box(self) -> "Gap":
        if self.west >= self.east or self.south >= self.north:
            raise ValueError("west must be below east, and south below north")
        return self


class Decay(Declared):
    """How a supply loses weight with distance: exp(-distance / scale), nothing past the cutoff."""

    scale_km: Positive
    """Distance at which 37 % is left."""
    cutoff_km: Positive
    """Distance past which nothing counts."""


class Products(Declared):
    """Amount by product, from a column such as ``ethane=700; lpg=350`` in kt/y."""

    column: str = "capacity_kt_per_year"
    """Column that holds the list."""
    names: tuple[str, ...]
    """Products that count in full."""
    factors: dict[str, NotNegative] = Field(default_factory=dict)
    """Products that count in part."""
    availability: dict[str, dict[str, NotNegative]] = Field(default_factory=dict)
    """Share really available, by source id (or its beginning) and product."""
    captive: dict[str, dict[str, NotNegative]] = Field(default_factory=dict)
    """kt/y that the source turns into products of its own, by source id and product."""
    instead: dict[str, str] = Field(default_factory=dict)
    """Source id whose total product stands for its listed ones."""


class Amount(Declared):
    """What each feature supplies: a constant, a column, or products."""

    constant: NotNegative | None = None
    """The same for each feature; 1 counts them."""
    column: str = ""
    """A column of numbers."""
    products: Products | None = None
    """By product."""
    by_status: dict[str, NotNegative] = Field(default_factory=dict)
    """Factor by the word in the column ``status``; a word not named counts nothing."""

    @model_validator(mode="after")
    def _one_basis(self) -> "Amount":
        given = [self.constant is not None, bool(self.column), self.products is not None]
        _exactly_one("constant, column, products", given)
        return self


class _FromLayer(Declared):
    target: Target
    """Which features."""
    also: tuple[Target, ...] = ()
    """Further features that count alike."""
    reach: Literal["anywhere", "same_landmass"] = "anywhere"
    """Whether a place on an island sees only what stands on that island."""


class Distance(_FromLayer):
    """Straight distance to the nearest feature, in km."""

    kind: Literal["distance"]
    radius: Radius | None = None
    """Features are discs."""
    outline: bool = False
    """Distance to the border of polygons instead of to their body."""
    gaps: tuple[Gap, ...] = ()
    """Where the layer is known to lack features."""


class Supply(_FromLayer):
    """Sum of what features supply, each losing weight with distance."""

    kind: Literal["supply"]
    amount: Amount
    """What each feature supplies."""
    decay: Decay
    """Loss with distance."""


class Count(_FromLayer):
    """How many families of features stand within a radius."""

    kind: Literal["count"]
    radius_km: Positive
    """Radius."""
    families: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """A family counts once if a feature within the radius lists one of its words in `column`;
    without families every feature counts."""
    column: str = "products"
    """Column with words separated by semicolons."""
    by_status: dict[str, NotNegative] = Field(default_factory=dict)
    """Only features whose ``status`` is named; all if empty."""


class Surface(Declared):
    """A statistic of a raster at the place."""

    kind: Literal["surface"]
    layer: Identifier
    """A raster of the catalogue."""
    statistic: Literal["value", "slope"]
    """The value itself, or the slope of an elevation in degrees."""


class Share(Declared):
    """Share of the land around a place that has some property, 0 to 1."""

    kind: Literal["share"]
    layer: Identifier
    """A raster of the catalogue."""
    classes: tuple[int, ...] = ()
    """Cell classes that count."""
    slope_below_deg: Positive | None = None
    """For an elevation: land flatter than this counts, sea does not."""
    radius_km: Positive
    """Radius of the disc."""

    @model_validator(mode="after")
    def _one_property(self) -> "Share":
        given = [bool(self.classes), self.slope_below_deg is not None]
        _exactly_one("classes, slope_below_deg", given)
        return self


class Inside(Declared):
    """Signed distance to a border, in km: positive inside, negative outside."""

    kind: Literal["inside"]
    target: Target
    """Polygons."""


class Attribute(Declared):
    """A word or number of the place itself, or of the nearest feature."""

    kind: Literal["attribute"]
    column: str
    """Column that holds it."""
    target: Target | None = None
    """Nearest feature of these; the place's own column if none."""
    within_km: Positive | None = None
    """Farther than this is unknown."""
    codes: dict[str, Finite] = Field(default_factory=dict)
    """Number for each word."""


Measure = Annotated[
    Distance | Supply | Count | Surface | Share | Inside | Attribute, Field(discriminator="kind")
]

_DIMENSIONS = {"distance": "length", "inside": "length", "share": "share", "count": "number"}


def dimension(measure: Measure) -> str:
    """Dimension of what a measure reads; empty where only the data can tell.

    Examples
    --------
    >>> dimension(Inside(kind="inside", target=Target(layer="land")))
    'length'
    """
    if isinstance(measure, Surface):
        return "slope" if measure.statistic == "slope" else ""
    if isinstance(measure, Supply):
        return "flow" if measure.amount.products else ""
    return _DIMENSIONS.get(measure.kind, "")
