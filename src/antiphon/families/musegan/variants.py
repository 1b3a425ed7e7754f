"""The rows of MuseGAN's tables and codes: the family's settings of each model with a name, and how it was trained."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from antiphon.families.musegan.config import MuseganConfig, Slope
from antiphon.families.musegan.layers import LatentConfig
from antiphon.families.musegan.players import BARS, AtOnce, BarByBar, Convolutional, Streams, TwoStages
from antiphon.families.musegan.turns import Turns


class Variant(NamedTuple):
    """A row: the family's settings, the learning rate of both players, generator steps, tracks in order, steps a beat.

    The names of tracks are families of `antiphon.music.instruments`. From its generator's step `fading` on, if there is
    one, the rate falls in a straight line to 0 at the last; the code of 2019 counts both players' steps instead, and
    so stops learning at a sixth of the way.
    """

    family: MuseganConfig
    rate: float
    generator_steps: int
    tracks: tuple[str, ...]
    resolution: int
    source: str
    summary: str
    fading: int | None = None


_PAPER_TRACKS = ("bass", "drums", "guitar", "piano", "strings")
_RELEASED_TRACKS = ("bass", "drums", "guitar", "strings", "piano")
_LATER_TRACKS = ("drums", "piano", "guitar", "bass", "strings")
# 50,266 phrases in batches of 64, 20 times; the paper counts hours only.
_STEPS, _LATER_STEPS, _FADING = 15_700, 50_000, 45_000

_PRIVATE = LatentConfig(private_flowing=64, private_fixed=64)
_SHARED = LatentConfig(shared_flowing=64, shared_fixed=64)
_BOTH = LatentConfig(shared_flowing=32, private_flowing=32, shared_fixed=32, private_fixed=32)
_MODELS: Mapping[str, tuple[BarByBar, str]] = {
    "jamming": (BarByBar(latents=_PRIVATE), "apart"),
    "composer": (BarByBar(latents=_SHARED, written="together"), "together"),
    "hybrid": (BarByBar(latents=_BOTH), "together"),
}


def _family(writer: BarByBar, judged: Any, condition: int | None = None) -> MuseganConfig:
    return MuseganConfig(generator=writer, discriminator=Convolutional(), judged=judged, condition=condition)


def _paper(name: str) -> Variant:
    family = _family(*_MODELS[name])
    summary = f"phrases of five tracks from scratch, the {name} model"
    return Variant(family, 1e-3, _STEPS, _PAPER_TRACKS, 24, "paper, table 1, from scratch", summary)


def _conditional(name: str) -> Variant:
    writer, judged = _MODELS[name]
    family = _family(writer.model_copy(update={"flow": "drawn"}), judged, _PAPER_TRACKS.index("piano"))
    summary = f"four tracks to a given piano, bar by bar, the {name} model"
    return Variant(family, 1e-3, _STEPS, _PAPER_TRACKS, 24, "paper, table 1, track-conditional", summary)


def _ablated() -> Variant:
    writer, judged = _MODELS["composer"]
    family = _family(writer.model_copy(update={"norm": "none"}), judged)
    summary = "the composer model without batch norm, which learns next to nothing"
    return Variant(family, 1e-3, _STEPS, _PAPER_TRACKS, 24, "paper, table 1, ablated", summary)


_RELEASED_TURNS = Turns(draws="reused", lead=25, lead_steps=100, again=500)


def _released(summary: str, writer: BarByBar, judge: Convolutional | TwoStages, given: bool = False) -> Variant:
    family = MuseganConfig(
        generator=writer.model_copy(update={"norm": "batch"}),
        discriminator=judge,
        condition=_RELEASED_TRACKS.index("piano") if given else None,
        monophonic=(_RELEASED_TRACKS.index("bass"),),
        turns=_RELEASED_TURNS,
    )
    return Variant(family, 2e-4, _STEPS, _RELEASED_TRACKS, 24, "released code of 2018", summary)


_TENTHS = _BOTH.model_copy(update={"std": 0.1})
_OF_A_BAR = LatentConfig(private_flowing=64, shared_flowing=64, std=0.1)
_RELEASED = {
    "musegan-hybrid-as-published": _released(
        "the hybrid of the released code: one temporal network for all, bars never compared",
        BarByBar(latents=_TENTHS, flow="one"),
        TwoStages(),
    ),
    "musegan-hybrid-bars-as-published": _released(
        "the hybrid of the released code for single bars", BarByBar(latents=_OF_A_BAR, flow="drawn"), BARS
    ),
    "musegan-hybrid-conditional-as-published": _released(
        "the hybrid of the released code for single bars to a given piano",
        BarByBar(latents=_OF_A_BAR, flow="drawn"),
        BARS,
        given=True,
    ),
    "musegan-jamming-as-published": _released(
        "the jamming of the released code for single bars, which one discriminator hears together",
        BarByBar(latents=LatentConfig(private_flowing=128, std=0.1), flow="drawn"),
        BARS,
    ),
}
_LATER_TURNS = Turns(lead=10, lead_steps=50)


def _later(summary: str, judge: Streams | None = None, given: str | None = None, **changes: Any) -> Variant:
    family = MuseganConfig(
        steps=48,
        generator=AtOnce(),
        discriminator=judge or Streams(),
        condition=None if given is None else _LATER_TRACKS.index(given),
        init_std=0.05,
        turns=_LATER_TURNS,
        **changes,
    )
    return Variant(family, 1e-3, _LATER_STEPS, _LATER_TRACKS, 12, "released code of 2019", summary, _FADING)


VARIANTS: Mapping[str, Variant] = {
    **{f"musegan-{name}": _paper(name) for name in _MODELS},
    "musegan-ablated": _ablated(),
    **{f"musegan-{name}-conditional": _conditional(name) for name in _MODELS},
    **_RELEASED,
    "musegan-v3": _later("the later code: a phrase at once, judged by cells, chroma and onsets"),
    "musegan-v3-accompaniment": _later("the later code's accompaniment to a given piano", given="piano"),
    "musegan-v3-deterministic": _later(
        "the later code with deterministic binary neurons", neurons="deterministic", slope=Slope()
    ),
    "musegan-v3-stochastic": _later(
        "the later code with stochastic binary neurons", neurons="stochastic", slope=Slope()
    ),
    "musegan-v3-no-chroma": _later("the later code without the chroma stream", Streams(chroma=())),
    "musegan-v3-no-onsets": _later("the later code without the stream of onsets and offsets", Streams(onsets=())),
    "musegan-v3-cells": _later("the later code judged by cells alone", Streams(chroma=(), onsets=())),
}
"""In the order in which presets are listed."""
