"""Sources: what the catalogue says of each layer and table, and the words all models share."""

from typing import Annotated, Literal

from pydantic import AllowInfNan, BaseModel, ConfigDict, Field

Finite = Annotated[float, AllowInfNan(False)]
Positive = Annotated[Finite, Field(gt=0)]
NotNegative = Annotated[Finite, Field(ge=0)]
Identifier = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_.-]*$", max_length=60)]


class Declared(BaseModel):
    """Anything read from a file that people write: frozen, strict, no unknown key."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        use_attribute_docstrings=True,
        defer_build=True,
    )


class Titles(Declared):
    """A title in both languages."""

    en: str
    """English."""
    fa: str
    """Persian."""


class Column(Declared):
    """One column of a table: what it must hold."""

    type: Literal["text", "number", "integer", "choice", "wkt"] = "text"
    """How a cell is read."""
    unit: str = ""
    """Unit of a number."""
    required: bool = False
    """Whether a cell may be empty."""
    low: Finite | None = None
    """Least number allowed."""
    high: Finite | None = None
    """Greatest number allowed."""
    choices: tuple[str, ...] = ()
    """Allowed words of a choice."""
    titles: Titles | None = None
    """Heading in both languages."""


class Source(Declared):
    """One entry of the catalogue: a layer, a raster or a table, and how far it may be trusted."""

    id: Identifier
    """Name used in measures."""
    titles: Titles
    """Title in both languages."""
    file: str
    """File below ``data/``."""
    layer: str = ""
    """Layer inside the file, if it holds several."""
    kind: Literal["points", "lines", "polygons", "raster", "table"]
    """What is in it."""
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    """Hash of the file."""
    crs: str = "EPSG:4326"
    """Coordinate reference system; empty for a table without positions."""
    licence: str
    """Licence of the data, not of the package it came in."""
    attribution: str
    """What must be printed with it."""
    date: str
    """Date or period the data speak of."""
    quality: str
    """What is known of its faults."""
    position_accuracy_km: NotNegative
    """Distance within which a true position lies; rows may carry their own."""
    accuracy_basis: str
    """How that figure was measured or argued."""
    coverage: Literal["complete", "partial"]
    """Whether absence from the layer means absence in the world, within `coverage_scope`."""
    coverage_scope: str
    """What the layer claims to hold, and why."""
    source_kind: Literal["found", "recalled", "mixed", "derived"]
    """Read in the source named, general knowledge, both by row, or computed from others."""
    offshore: tuple[str, ...] = ()
    """Kinds of row that lie in the sea by nature."""
    bands: tuple[str, ...] = ()
    """Names of the bands of a raster."""
    nodata: Finite | None = None
    """Value that stands for unknown in a raster that does not declare one."""
    unit: str = ""
    """Unit of a raster's values."""
    low: Finite | None = None
    """Least believable value of a raster."""
    high: Finite | None = None
    """Greatest believable value of a raster."""
    columns: dict[str, Column] = Field(default_factory=dict)
    """Schema of a table; empty for a layer that is taken as it is."""


class CatalogFile(Declared):
    """The whole of ``data/catalog.yaml``."""

    sources: tuple[Source, ...]
    """One entry a source."""
