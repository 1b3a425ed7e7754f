"""The bar GAN's game: phases, losses of both players, augmentation and samples.

Axes: N batch, T step (16), P pitch (128).
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
import torch
from torch import Tensor

from antiphon.codecs.chords import chord_vector, transpose_codes
from antiphon.codecs.frames import shift_table
from antiphon.families.midinet.config import MidinetConfig
from antiphon.families.midinet.networks import NUM_PITCHES, Discriminator, Generator
from antiphon.families.midinet.sampling import Sampler
from antiphon.gan.losses import adversarial_loss, confidences, feature_matching, scalar_feature_matching
from antiphon.gan.objective import Batch, Objective, Outcome, Phase
from antiphon.nn.init import dcgan_init
from antiphon.nn.straight_through import monophonic

_MATCHING: Mapping[str, Callable[[Tensor, Tensor], Tensor]] = MappingProxyType(
    {"per-pixel": feature_matching, "scalar": scalar_feature_matching}
)
_CHORD_CODES = np.arange(25)
# By how many semitones a chord goes along when its melody is moved by n.
_CHORD_MOVES = MappingProxyType({"none": 0, "octave": 1, "published": 0})
# The activations of so many bars stay in a processor's cache.
_SAMPLES_AT_ONCE = 256


class Midinet(Objective):
    """Both players of a bar GAN.

    Batches hold "real" uint8 (N, 16), MIDI pitches, "previous" uint8 (N, 16) where the configuration has condition
    channels, and "chord" uint8 (N,), codes of `antiphon.codecs.chords`, where it has chords.
    """

    generator: Generator
    discriminator: Discriminator
    _chord_vectors: Tensor
    _pitch_shifts: Tensor
    _chord_shifts: Tensor

    def __init__(self, config: MidinetConfig) -> None:
        super().__init__()
        self.config = config
        self.generator = Generator(config)
        self.discriminator = Discriminator(config.discriminator, config.chord)
        dcgan_init(self)
        self._loss = adversarial_loss(config.loss, config.real_target)
        self._match = _MATCHING[config.matching.form]
        self._phases = (
            Phase("discriminator", "discriminator", config.discriminator_steps),
            Phase("generator", "generator", config.generator_steps),
        )
        chord_shifts = np.arange(12)[:, None] * _CHORD_MOVES[config.transposition]
        tables = {
            "_chord_vectors": chord_vector(_CHORD_CODES),
            "_pitch_shifts": shift_table(config.transposition),
            "_chord_shifts": transpose_codes(_CHORD_CODES, chord_shifts),
        }
        for name, table in tables.items():
            # They follow from the configuration, so no state holds them.
            self.register_buffer(name, torch.from_numpy(table), persistent=False)

    @property
    def phases(self) -> tuple[Phase, ...]:
        """The discriminator's steps, then the generator's."""
        return self._phases

    def draw(self, num: int) -> Tensor:
        """Latents (num, latent_dim): standard normal, from torch's default generator.

        All noise of `losses` and `sample` comes from here; replace it to train or sample with given latents.
        """
        return torch.randn(num, self.config.latent_dim, device=self._chord_vectors.device)

    def augment(self, batch: Batch) -> Batch:
        """Move each bar, with the bar before it and by configuration its chord, by its own 0 to 11 semitones."""
        if self.config.transposition == "none":
            return batch
        shift = torch.randint(12, (len(batch["real"]),), device=batch["real"].device)
        tables = {"real": self._pitch_shifts, "previous": self._pitch_shifts, "chord": self._chord_shifts}
        moved = dict(batch)
        for name, table in tables.items():
            if name in batch:
                values = batch[name].long()
                moved[name] = table[shift.view(-1, *[1] * (values.ndim - 1)), values]
        return moved

    def losses(self, phase: Phase, batch: Batch, iteration: int) -> Outcome:
        """Terms "adversarial_real" and "adversarial_fake", or "adversarial", "match_bars" and "match_features"."""
        previous, chord = self._conditions(batch)
        if phase.player == "discriminator":
            return self._discriminator_losses(batch["real"], previous, chord)
        return self._generator_losses(batch["real"], previous, chord)

    def sample(self, num: int, condition: Batch) -> Tensor:
        """Bars uint8 (num, 16), MIDI pitches; `condition` holds "previous" and "chord" of `num` bars where needed."""
        return self.sample_from(self.draw(num), condition)

    def sample_from(self, latent: Tensor, condition: Batch) -> Tensor:
        """Bars uint8 (N, 16) of given latents (N, latent_dim), with batch norm's running statistics."""
        previous, chord = self._conditions(condition)
        sampler = Sampler(self.generator)
        parts = zip(*(_parts(values, len(latent)) for values in (latent, previous, chord)), strict=True)
        return torch.cat([sampler(*part) for part in parts])

    def _discriminator_losses(self, real: Tensor, previous: Tensor | None, chord: Tensor | None) -> Outcome:
        with torch.no_grad():
            fake = _highest(self.generator(self.draw(len(real)), previous, chord))
        real_logits = self.discriminator(real, chord)
        fake_logits = self.discriminator(fake, chord)
        with torch.no_grad():
            confidence_real, confidence_fake = confidences(real_logits, fake_logits)
        watch = {"confidence_real": confidence_real, "confidence_fake": confidence_fake}
        return Outcome(self._loss.discriminator(real_logits, fake_logits), watch)

    def _generator_losses(self, real: Tensor, previous: Tensor | None, chord: Tensor | None) -> Outcome:
        critic, matching = self.discriminator, self.config.matching
        fake = monophonic(self.generator(self.draw(len(real)), previous, chord), axis=2)
        clean = critic.features(fake, chord)
        dropped = critic.drop(clean)
        logits = critic.judge(dropped, chord)
        with torch.no_grad():
            real_features = critic.features(real, chord)
            if matching.features == "dropped":
                real_features = critic.drop(real_features)
        fake_features = dropped if matching.features == "dropped" else clean
        terms = self._loss.generator(logits, logits)
        terms["match_bars"] = matching.bar_weight * self._match(one_hot(real), fake)
        terms["match_features"] = matching.feature_weight * self._match(real_features, fake_features)
        return Outcome(terms)

    def _conditions(self, batch: Batch) -> tuple[Tensor | None, Tensor | None]:
        """The previous bar's pitches and the chord's vectors, each None where the configuration does not read it."""
        previous = _needed(batch, "previous") if self.config.condition_channels else None
        chord = self._chord_vectors[_needed(batch, "chord").long()] if self.config.chord else None
        return previous, chord


def one_hot(pitches: Tensor) -> Tensor:
    """Rolls float (N, T, 128) of pitches (N, T)."""
    roll = torch.zeros(*pitches.shape, NUM_PITCHES, device=pitches.device)
    return roll.scatter_(2, pitches.long().unsqueeze(2), 1.0)


def _highest(activations: Tensor) -> Tensor:
    return activations.argmax(2).to(torch.uint8)


def _needed(batch: Batch, name: str) -> Tensor:
    if name not in batch:
        raise ValueError(f"this model reads {name!r}, which is missing beside {sorted(batch)}; give one for every bar")
    return batch[name]


def _parts(values: Tensor | None, num: int) -> list[Tensor | None]:
    """Consecutive parts of at most `_SAMPLES_AT_ONCE` rows; as many None for None."""
    if values is None:
        return [None] * -(-num // _SAMPLES_AT_ONCE)
    if len(values) != num:
        raise ValueError(f"{num} bars are asked for with conditions for {len(values)}; give one for every bar")
    return list(torch.split(values, _SAMPLES_AT_ONCE))
