"""How learning rates go: what each is multiplied by in an iteration, one row a published way."""

import math
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, PositiveInt, Tag, model_validator

from antiphon.config import Config


class Decay(Config):
    """Learning rates that fall in a straight line from what they are at iteration `begin` to 0 at `end`."""

    # Not written, as it was not when there were straight lines only: runs begun then go on.
    kind: Literal["linear"] = Field(default="linear", exclude=True)
    begin: int = Field(ge=0)
    end: PositiveInt

    @model_validator(mode="after")
    def _goes_on(self) -> Self:
        if self.end <= self.begin:
            raise ValueError(f"rates fall from iteration begin = {self.begin} to a later one; make end larger")
        return self

    def rate(self, iteration: int) -> float:
        """What rates are multiplied by in an iteration, counted from 0."""
        return min(max((self.end - iteration) / (self.end - self.begin), 0.0), 1.0)


class InverseSquareRoot(Config):
    """Rates that rise in a straight line from 0 to 1 at iteration `warm_up`, then fall with the root of the iteration
    (Vaswani et al. 2017, section 5.3, told by its peak), down to `floor`."""

    kind: Literal["inverse-square-root"] = "inverse-square-root"
    warm_up: PositiveInt
    floor: float = Field(default=0.0, ge=0, le=1)

    def rate(self, iteration: int) -> float:
        """What rates are multiplied by in an iteration, counted from 0: nothing in the first."""
        if iteration < self.warm_up:
            return iteration / self.warm_up
        return max(math.sqrt(self.warm_up / iteration), self.floor)


class Cosine(Config):
    """Rates that rise in a straight line to 1 at iteration `warm_up`, then fall as half a cosine to `floor` at `end`
    (Loshchilov & Hutter 2017) and stay there."""

    kind: Literal["cosine"] = "cosine"
    warm_up: int = Field(default=0, ge=0)
    end: PositiveInt
    floor: float = Field(default=0.0, ge=0, le=1)

    @model_validator(mode="after")
    def _goes_on(self) -> Self:
        if self.end <= self.warm_up:
            raise ValueError(f"rates fall after iteration warm_up = {self.warm_up} to a later one; make end larger")
        return self

    def rate(self, iteration: int) -> float:
        """What rates are multiplied by in an iteration, counted from 0."""
        if iteration < self.warm_up:
            return (iteration + 1) / (self.warm_up + 1)
        gone = min((iteration - self.warm_up) / (self.end - self.warm_up), 1.0)
        return self.floor + (1 - self.floor) * (1 + math.cos(math.pi * gone)) / 2


def _kind(values: Any) -> Any:
    return values.get("kind", "linear") if isinstance(values, Mapping) else getattr(values, "kind", None)


Schedule = Annotated[
    Annotated[Decay, Tag("linear")]
    | Annotated[InverseSquareRoot, Tag("inverse-square-root")]
    | Annotated[Cosine, Tag("cosine")],
    Discriminator(_kind),
]
