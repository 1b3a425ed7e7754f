"""MuseGAN's layers and random vectors as data, and how tables of layers are checked and narrowed."""

from typing import Annotated, Literal, Self

from pydantic import Field, PositiveInt, model_validator

from antiphon.config import Config

# Beyond this a layer is a slip of the finger, which no machine would have memory for.
Width = Annotated[int, Field(ge=1, le=4096)]
Grid = tuple[PositiveInt, PositiveInt, PositiveInt]
"""Bars, steps, pitches."""


def narrowed(width: int, scale: float) -> int:
    """A layer's width times `scale`, one at least."""
    return max(1, round(width * scale))


class Convolution(Config):
    """A row of a table of layers.

    Parameters
    ----------
    filters
        Channels made.
    kernel, stride
        On bars, steps and pitches; a stride of None is the kernel.
    """

    filters: Width
    kernel: Grid
    stride: Grid | None = None

    def scaled(self, scale: float) -> "Convolution":
        """The same with fewer or more filters."""
        return self.model_copy(update={"filters": narrowed(self.filters, scale)})

    def after(self, size: Grid) -> Grid:
        """The size of what a convolution without padding makes of a grid."""
        rows = zip(size, self.kernel, self.stride or self.kernel, strict=True)
        bars, steps, pitches = ((length - kernel) // stride + 1 for length, kernel, stride in rows)
        return bars, steps, pitches

    def before(self, size: Grid) -> Grid:
        """The size of what a transposed convolution without padding makes of a grid."""
        rows = zip(size, self.kernel, self.stride or self.kernel, strict=True)
        bars, steps, pitches = ((length - 1) * stride + kernel for length, kernel, stride in rows)
        return bars, steps, pitches


Convolutions = Annotated[tuple[Convolution, ...], Field(min_length=1)]


def scaled(layers: tuple[Convolution, ...], scale: float) -> tuple[Convolution, ...]:
    """Every row narrowed."""
    return tuple(layer.scaled(scale) for layer in layers)


def fit(layers: tuple[Convolution, ...], size: Grid) -> Grid:
    """What is left of a grid behind convolutions.

    Raises
    ------
    ValueError
        If nothing is.
    """
    for layer in layers:
        size = layer.after(size)
        if min(size) < 1:
            raise ValueError("the convolutions leave nothing of a phrase; make their kernels smaller or leave some out")
    return size


class LatentConfig(Config):
    """The four kinds of random vectors of figure 5: shared by all tracks or a track's own, fixed or flowing.

    Parameters
    ----------
    shared_flowing, shared_fixed, private_flowing, private_fixed
        Their lengths; 0: there is none. Fixed ones are the same in all bars, flowing ones have a value a bar.
    joined
        What a bar is written from: all four, "concatenated", or where they are equally long "summed" (the paper's
        footnote 2).
    std
        Of the normal distribution that they are drawn from.
    limit
        None, or beyond how many deviations one is drawn again.
    """

    shared_flowing: int = Field(default=0, ge=0, le=4096)
    shared_fixed: int = Field(default=0, ge=0, le=4096)
    private_flowing: int = Field(default=0, ge=0, le=4096)
    private_fixed: int = Field(default=0, ge=0, le=4096)
    joined: Literal["concatenated", "summed"] = "concatenated"
    std: float = Field(default=1.0, gt=0, allow_inf_nan=False)
    limit: float | None = Field(default=None, gt=0, allow_inf_nan=False)

    @property
    def lengths(self) -> dict[str, int]:
        """By name those that there are."""
        parts = {
            "shared_flowing": self.shared_flowing,
            "private_flowing": self.private_flowing,
            "shared_fixed": self.shared_fixed,
            "private_fixed": self.private_fixed,
        }
        return {name: length for name, length in parts.items() if length}

    @property
    def width(self) -> int:
        """Values that a bar of a track is written from."""
        lengths = self.lengths.values()
        return max(lengths) if self.joined == "summed" else sum(lengths)

    def scaled(self, scale: float) -> "LatentConfig":
        """The same with shorter or longer vectors."""
        return self.model_copy(update={name: narrowed(length, scale) for name, length in self.lengths.items()})

    @model_validator(mode="after")
    def _check(self) -> Self:
        lengths = set(self.lengths.values())
        if not lengths:
            raise ValueError("music is written from random vectors; give one of them a length")
        if self.joined == "summed" and len(lengths) > 1:
            raise ValueError("vectors that are summed are equally long; give them one length, or concatenate them")
        return self
