"""The networks of MuseGAN as tables: two kinds of generator, three kinds of discriminator, the paper's sizes as
defaults.

Bars, steps and pitches in that order wherever a kernel, a stride or a size is named.
"""

from math import prod
from typing import Annotated, Literal, Self

from pydantic import Field, PositiveInt, model_validator

from antiphon.config import Config
from antiphon.families.musegan.layers import (
    Convolution,
    Convolutions,
    Grid,
    LatentConfig,
    Width,
    fit,
    narrowed,
    scaled,
)


class BarLayers(Config):
    """A network that writes one bar (paper, table 4b, with the x2 layer that is missing there).

    Parameters
    ----------
    widths
        Filters of all layers but the last, whose filters are tracks.
    steps
        By which factors time grows: the first by cutting the first layer's channels, each other by a layer.
    pitches
        By which factors pitch grows, a layer each.
    """

    widths: Annotated[tuple[Width, ...], Field(min_length=1)] = (1024, 512, 256, 256, 128, 128, 64)
    steps: Annotated[tuple[PositiveInt, ...], Field(min_length=1)] = (2, 2, 2, 2, 2, 3)
    pitches: Annotated[tuple[PositiveInt, ...], Field(min_length=1)] = (7, 12)

    @property
    def layers(self) -> tuple[Convolution, ...]:
        """The transposed convolutions behind the first layer, but the last, whose kernel is `pitches[-1]`."""
        kernels = [(1, factor, 1) for factor in self.steps[1:]] + [(1, 1, factor) for factor in self.pitches[:-1]]
        rows = zip(self.widths[1:], kernels, strict=True)
        return tuple(Convolution(filters=filters, kernel=kernel) for filters, kernel in rows)

    @property
    def grown(self) -> tuple[int, int]:
        """Steps and pitches of a bar."""
        return prod(self.steps), prod(self.pitches)

    @model_validator(mode="after")
    def _check(self) -> Self:
        if len(self.widths) != len(self.steps) + len(self.pitches) - 1:
            raise ValueError("widths has one value for each of steps and pitches, but for the last of pitches")
        if self.widths[0] % self.steps[0]:
            raise ValueError("the first of widths is cut into the first of steps; make it a multiple")
        return self

    def scaled(self, scale: float) -> "BarLayers":
        """The same with narrower or wider layers."""
        first, *others = self.widths
        cut = self.steps[0] * narrowed(first // self.steps[0], scale)
        return self.model_copy(update={"widths": (cut, *(narrowed(width, scale) for width in others))})


class BarByBar(Config):
    """The generator of the paper: flowing latents of a phrase, then its bars one by one, each track's from its own.

    Parameters
    ----------
    latents
        See there.
    written
        "apart": each track by its own network (jamming, hybrid); "together": all by one (composer).
    networks
        One for all tracks, or one for each that is written, which may then differ (the hybrid's flexibility).
    flow
        Where flowing latents come from. "own": each from a temporal network of its own (paper); "one": all from the
        same network (released code); "drawn": they are drawn anew for every bar, and time is the given track's (paper,
        equation 4), for as many bars as it has.
    temporal_width
        Filters of the temporal network's first layer.
    encoders, encoder_width
        Of a given track: "one" for all, or "one a track" that is written; filters of all its layers.
    norm
        Batch norm. "running": by the batch in training and by running statistics after; "batch": always by the batch,
        bar by bar (released code); "none" (the ablated model).
    """

    kind: Literal["bar-by-bar"] = "bar-by-bar"
    latents: LatentConfig
    written: Literal["apart", "together"] = "apart"
    networks: Annotated[tuple[BarLayers, ...], Field(min_length=1)] = (BarLayers(),)
    flow: Literal["own", "one", "drawn"] = "own"
    temporal_width: Width = 1024
    encoders: Literal["one", "one a track"] = "one"
    encoder_width: Width = 16
    norm: Literal["running", "batch", "none"] = "running"

    def scaled(self, scale: float) -> "BarByBar":
        """The same with narrower or wider layers."""
        changes = {
            "latents": self.latents.scaled(scale),
            "networks": tuple(network.scaled(scale) for network in self.networks),
            "temporal_width": narrowed(self.temporal_width, scale),
            "encoder_width": narrowed(self.encoder_width, scale),
        }
        return self.model_copy(update=changes)

    def check(self, size: Grid, num_written: int) -> None:
        """ValueError unless phrases of this size come out, for so many tracks."""
        if any(network.grown != size[1:] for network in self.networks):
            grown = " and ".join(f"{network.grown}" for network in self.networks)
            raise ValueError(f"the generator's networks write bars of {grown} steps and pitches, not {size[1:]}")
        if len(self.networks) not in {1, num_written if self.written == "apart" else 1}:
            raise ValueError(f"networks holds one for all tracks, or one for each of the {num_written} written apart")
        latents = self.latents
        if self.written == "together" and (latents.private_flowing or latents.private_fixed):
            raise ValueError("tracks that are written together have no private latents; make them shared")
        if self.flow != "drawn" and size[0] < 2 and "flowing" in " ".join(latents.lengths):
            raise ValueError('latents that flow need two bars or more; set flow to "drawn"')
        flowing = {length for name, length in latents.lengths.items() if name.endswith("flowing")}
        if self.flow == "one" and len(flowing) > 1:
            raise ValueError("one temporal network makes flowing latents of one length; make them equally long")


class AtOnce(Config):
    """The generator of the later code: a phrase at once, grown together, then for each track on two branches.

    Parameters
    ----------
    latents
        Shared and fixed ones only.
    shared
        Layers of all tracks.
    branches
        Each track's own layers: pitch before time, and time before pitch; their ends are put together.
    encoder_branches, encoder_shared
        Of a given track, the other way round; each of its layers joins the one of the generator that ends in its size.
    """

    kind: Literal["at-once"] = "at-once"
    latents: LatentConfig = LatentConfig(shared_fixed=128, limit=2.0)
    shared: Convolutions = (
        Convolution(filters=512, kernel=(4, 1, 1)),
        Convolution(filters=256, kernel=(1, 4, 3)),
        Convolution(filters=128, kernel=(1, 4, 3), stride=(1, 4, 2)),
    )
    branches: tuple[Convolutions, Convolutions] = (
        (Convolution(filters=32, kernel=(1, 1, 12)), Convolution(filters=16, kernel=(1, 3, 1))),
        (Convolution(filters=32, kernel=(1, 3, 1)), Convolution(filters=16, kernel=(1, 1, 12))),
    )
    encoder_branches: tuple[Convolutions, Convolutions] = (
        (Convolution(filters=16, kernel=(1, 1, 12)), Convolution(filters=32, kernel=(1, 3, 1))),
        (Convolution(filters=16, kernel=(1, 3, 1)), Convolution(filters=32, kernel=(1, 1, 12))),
    )
    encoder_shared: Convolutions = (
        Convolution(filters=64, kernel=(1, 4, 3), stride=(1, 4, 2)),
        Convolution(filters=128, kernel=(1, 4, 3)),
        Convolution(filters=256, kernel=(4, 1, 1)),
    )

    def scaled(self, scale: float) -> "AtOnce":
        """The same with narrower or wider layers."""
        changes = {
            "latents": self.latents.scaled(scale),
            "shared": scaled(self.shared, scale),
            "branches": tuple(scaled(branch, scale) for branch in self.branches),
            "encoder_branches": tuple(scaled(branch, scale) for branch in self.encoder_branches),
            "encoder_shared": scaled(self.encoder_shared, scale),
        }
        return self.model_copy(update=changes)

    def check(self, size: Grid, num_written: int) -> None:
        """ValueError unless phrases of this size come out."""
        if self.latents.lengths.keys() != {"shared_fixed"}:
            raise ValueError("a phrase that is written at once has shared, fixed latents and no others")
        for branch in self.branches:
            grown: Grid = (1, 1, 1)
            for layer in (*self.shared, *branch):
                grown = layer.before(grown)
            if grown != size:
                raise ValueError(f"the generator's layers make phrases of {grown} bars, steps and pitches, not {size}")


class Convolutional(Config):
    """A discriminator of convolutions and two dense layers: the paper's, over a phrase, or one over each bar.

    Parameters
    ----------
    layers, hidden
        Its convolutions, and the width of its first dense layer (paper, table 4c).
    hears
        "phrases", or "bars", each by itself.
    """

    kind: Literal["convolutional"] = "convolutional"
    layers: Convolutions = (
        Convolution(filters=128, kernel=(2, 1, 1), stride=(1, 1, 1)),
        Convolution(filters=128, kernel=(3, 1, 1), stride=(1, 1, 1)),
        Convolution(filters=128, kernel=(1, 1, 12)),
        Convolution(filters=128, kernel=(1, 1, 7)),
        Convolution(filters=128, kernel=(1, 2, 1)),
        Convolution(filters=128, kernel=(1, 2, 1)),
        Convolution(filters=256, kernel=(1, 4, 1), stride=(1, 2, 1)),
        Convolution(filters=512, kernel=(1, 3, 1), stride=(1, 2, 1)),
    )
    hidden: Width = 1024
    hears: Literal["phrases", "bars"] = "phrases"

    def scaled(self, scale: float) -> "Convolutional":
        """The same with narrower or wider layers."""
        return self.model_copy(update={"layers": scaled(self.layers, scale), "hidden": narrowed(self.hidden, scale)})

    def heard(self, size: Grid) -> Grid:
        """The size of what it hears at once."""
        return size if self.hears == "phrases" else (1, *size[1:])

    def check(self, size: Grid) -> None:
        """ValueError if its layers do not fit a phrase."""
        fit(self.layers, self.heard(size))


BARS = Convolutional(layers=Convolutional().layers[2:], hears="bars")
"""The discriminator of bars of the code of 2018: the paper's without the layers over bars."""


class TwoStages(Config):
    """The phrase discriminator of the code of 2018, as it is wired: it gives one score for each place in each bar.

    The features of a bar, channels at a few places in time, are cut into as many rows as a phrase has bars, and a
    second network hears these rows as if they were its bars. Bars are never compared.

    Parameters
    ----------
    bar
        The first network, whose dense layers are there and unused.
    widths, hidden
        Convolutions of the second, over two rows and over what that leaves, and its dense layer.
    """

    kind: Literal["two-stages"] = "two-stages"
    bar: Convolutional = BARS
    widths: tuple[Width, Width] = (512, 128)
    hidden: Width = 1024

    def scaled(self, scale: float) -> "TwoStages":
        """The same with narrower or wider layers."""
        first, second = (narrowed(width, scale) for width in self.widths)
        bar = self.bar.scaled(scale)
        # It is cut into as many rows as a phrase has bars: four, as published.
        last = self.bar.layers[-1]
        kept = last.model_copy(update={"filters": 4 * narrowed(last.filters // 4, scale)})
        bar = bar.model_copy(update={"layers": (*bar.layers[:-1], kept)})
        return self.model_copy(update={"bar": bar, "widths": (first, second), "hidden": narrowed(self.hidden, scale)})

    def check(self, size: Grid) -> None:
        """ValueError if its layers do not fit a phrase."""
        self.bar.check(size)
        if self.bar.hears != "bars" or size[0] < 2 or self.bar.layers[-1].filters % size[0]:
            raise ValueError("the first stage hears bars, and its last filters are a multiple of two bars or more")


class Streams(Config):
    """The discriminator of the later code: branches over the cells, one over chroma, one over onsets and offsets.

    Parameters
    ----------
    branches
        Layers over the cells, pitch before time and time before pitch; there are as many pairs as tracks, each of which
        hears all tracks.
    merged
        Filters of the layer that ends a pair.
    shared
        Layers over all pairs together.
    chroma
        Layers over what sounds in each beat, by pitch class; none: there is no such stream.
    onsets
        Layers over the changes from step to step, summed over pitch; none: there is no such stream.
    joined
        The layer over all streams, along bars.
    beats
        A bar's.
    """

    kind: Literal["streams"] = "streams"
    branches: tuple[Convolutions, Convolutions] = (
        (Convolution(filters=16, kernel=(1, 1, 12)), Convolution(filters=32, kernel=(1, 3, 1))),
        (Convolution(filters=16, kernel=(1, 3, 1)), Convolution(filters=32, kernel=(1, 1, 12))),
    )
    merged: Width = 64
    shared: Convolutions = (
        Convolution(filters=128, kernel=(1, 4, 3), stride=(1, 4, 2)),
        Convolution(filters=256, kernel=(1, 4, 3)),
    )
    chroma: tuple[Convolution, ...] = (
        Convolution(filters=32, kernel=(1, 1, 12)),
        Convolution(filters=64, kernel=(1, 4, 1)),
    )
    onsets: tuple[Convolution, ...] = (
        Convolution(filters=16, kernel=(1, 3, 1)),
        Convolution(filters=32, kernel=(1, 4, 1)),
        Convolution(filters=64, kernel=(1, 4, 1)),
    )
    joined: Convolution = Convolution(filters=512, kernel=(2, 1, 1), stride=(1, 1, 1))
    beats: PositiveInt = 4

    def scaled(self, scale: float) -> "Streams":
        """The same with narrower or wider layers."""
        changes = {
            "branches": tuple(scaled(branch, scale) for branch in self.branches),
            "merged": narrowed(self.merged, scale),
            "shared": scaled(self.shared, scale),
            "chroma": scaled(self.chroma, scale),
            "onsets": scaled(self.onsets, scale),
            "joined": self.joined.scaled(scale),
        }
        return self.model_copy(update=changes)

    def check(self, size: Grid) -> None:
        """ValueError if its layers do not fit a phrase."""
        bars, steps, pitches = size
        if steps % self.beats or pitches % 12:
            raise ValueError("streams need whole beats and whole octaves; change steps or pitches")
        ends = {fit((*branch, *self.shared), size) for branch in self.branches}
        if self.chroma:
            ends.add(fit(self.chroma, (bars, self.beats, 12)))
        if self.onsets:
            ends.add(fit(self.onsets, (bars, steps, 1)))
        if len(ends) > 1:
            raise ValueError(f"all streams end in one size, not in {' and '.join(map(str, sorted(ends)))}")
        fit((self.joined,), ends.pop())
