"""What a layer of a map becomes: an entry of the city pack's sources."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Layer(BaseModel):
    """Which features of a file are taken, under which names; nothing else of it is read."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    becomes: Literal["site", "stop", "lamp", "street", "boundary", "background"]
    # What all its features are, or the column that says so and what its values mean here;
    # features of other values are not taken.
    kind: str | None = None
    kind_column: str | None = None
    kinds: dict[str, str] = {}
    # Without a key a feature is known by its name and outline, so a moved one is a new one.
    key: str | None = None
    name: str | None = None
    attributes: list[str] = []
    # Within a file of several layers, such as a GeoPackage.
    layer: str | None = None
    # Its reference system, where the file does not say it.
    crs: str | None = Field(default=None, pattern=r"^EPSG:\d{4,6}$")
    # A layer of a region: what lies outside the city is left alone, and no fault.
    reaches_beyond: bool = False

    @property
    def columns(self) -> list[str]:
        """The columns that are read."""
        named = [self.key, self.name, self.kind_column, *self.attributes]
        return list(dict.fromkeys(column for column in named if column))

    @model_validator(mode="after")
    def _says_what_it_is(self) -> "Layer":
        if (self.kind is None) == (self.kind_column is None):
            raise ValueError("a layer has either `kind` or `kind_column`")
        if (self.kind_column is None) == bool(self.kinds):
            raise ValueError("`kinds` says what the values of `kind_column` mean")
        return self
