"""What a game of phrases shows of its health: how each phrase goes in outline, track by track.

Axes: N samples, K track, B bar, T step, P pitch; S sixteenths of a phrase.
"""

from collections.abc import Mapping

import torch
from torch import Tensor

from antiphon.codecs.phrases import PhraseRolls
from antiphon.codecs.pianoroll import BEATS
from antiphon.families.band.objective import BandObjective
from antiphon.families.musegan.objective import Musegan
from antiphon.gan.vitals import Evidence, TrackEvidence
from antiphon.nn.bits import unpack
from antiphon.training.seeds import seed_torch

PhraseGame = Musegan | BandObjective

_BARS_EXAMINED, _FEWEST = 512, 32

_SIXTEENTHS = 4 * BEATS


def phrase_evidence(game: PhraseGame, codec: PhraseRolls, batch: Mapping[str, Tensor], seed: int) -> Evidence:
    """Samples under the conditions of real phrases beside these, and under the conditions of others; a given track is
    left out, which is no sample.

    Parameters
    ----------
    batch
        Rows of the codec on the game's device.
    seed
        Of the latents.
    """
    real = unpack(batch["real"], codec.shape[2:]).bool()
    num, given = len(real), _given(game)
    written = [track for track in range(real.shape[1]) if track != given]

    def sampled(condition: Mapping[str, Tensor]) -> Tensor:
        seed_torch(seed, device=real.device)
        return game.sample(num, dict(condition)).bool()

    fake = sampled(batch)
    one = {name: values[:1].expand_as(values) for name, values in batch.items()}
    other = {name: values.roll(1, 0) for name, values in batch.items()}
    conditional = given is not None or isinstance(game, BandObjective)
    real_outline, fake_outline = outline(real), outline(fake)
    return Evidence(
        real=real_outline[:, written],
        fake=fake_outline[:, written],
        fake_one_condition=outline(sampled(one))[:, written] if conditional else None,
        fake_other_condition=outline(sampled(other))[:, written] if conditional else None,
        real_logits=game.judge(real),
        fake_logits=game.judge(fake),
        counts={"pitch_classes": (_pitch_classes(real, codec), _pitch_classes(fake, codec))},
        tracks={
            codec.ensemble.names[track]: TrackEvidence(
                real_outline[:, track], fake_outline[:, track], _density(real[:, track]), _density(fake[:, track])
            )
            for track in written
        },
    )


def num_examined(codec: PhraseRolls) -> int:
    """Phrases a side: 512 bars, 128 phrases of four, so many as a probe needs; more would take a wide generator, or one
    that writes step by step, minutes. At least 32, since fewer say nothing about variety."""
    return max(_BARS_EXAMINED // codec.bars, _FEWEST)


def outline(phrases: Tensor) -> Tensor:
    """The highest pitch, counted from 1, that sounds at each sixteenth of each track, 0 for none: uint8 (N, K, S), from
    phrases bool (N, K, B, T, P). Grids that sixteenths do not divide keep their steps."""
    num, tracks, bars, steps, pitches = phrases.shape
    numbers = torch.arange(1, pitches + 1, dtype=torch.uint8, device=phrases.device)
    highest = (phrases * numbers).amax(-1).flatten(2)
    each = steps // _SIXTEENTHS if steps % _SIXTEENTHS == 0 else 1
    return highest.view(num, tracks, bars * steps // each, each).amax(-1)


def _given(game: PhraseGame) -> int | None:
    """The track that is given."""
    return game.config.condition if isinstance(game, Musegan) else None


def _density(cells: Tensor) -> Tensor:
    """Share of cells (N, B, T, P) that sound, (N,)."""
    return cells.flatten(1).float().mean(1)


def _pitch_classes(phrases: Tensor, codec: PhraseRolls) -> list[int]:
    """For how many steps each pitch class sounds in tracks that are no drums."""
    pitched = [track for track in range(phrases.shape[1]) if track not in codec.ensemble.drums]
    sounding = phrases[:, pitched].sum((0, 1, 2, 3))
    place = (torch.arange(len(sounding), device=sounding.device) + codec.lowest_pitch) % 12
    counts: list[int] = (
        torch.zeros(12, dtype=sounding.dtype, device=sounding.device).index_add(0, place, sounding).tolist()
    )
    return counts
