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
from antiphon.gan.penalties import gradient_penalty, instance_noise, noise_std, r1, r2
from antiphon.gan.steady import Decide, Inputs
from antiphon.nn.init import dcgan_init
from antiphon.nn.straight_through import monophonic

_MATCHING: Mapping[str, Callable[[Tensor, Tensor], Tensor]] = MappingProxyType(
    {"per-pixel": feature_matching, "scalar": scalar_feature_matching}
)
# By kind, the terms of a penalty: at which bars it is taken, and how.
_R1, _R2 = (("real",), r1), (("fake",), r2)
_PENALTIES: Mapping[str, Mapping[str, tuple[tuple[str, ...], Callable[..., Tensor]]]] = MappingProxyType(
    {
        "gradient": {"gradient": (("real", "fake"), gradient_penalty)},
        "r1": {"r1": _R1},
        "r2": {"r2": _R2},
        "r1+r2": {"r1": _R1, "r2": _R2},
    }
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
        self._phases = _phases(config)
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
        """The discriminator's steps, each with its penalty where there is one, then the generator's."""
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
        """The adversarial terms of the player, the penalty's, or the generator's with "match_bars" and
        "match_features"."""
        turn = {
            "discriminator": self._discriminator_losses,
            "penalty": self._penalty_losses,
            "generator": self._generator_losses,
        }[phase.name]
        return turn(batch["real"], *self._conditions(batch), self._noise(iteration))

    def sample(self, num: int, condition: Batch) -> Tensor:
        """Bars uint8 (num, 16), MIDI pitches; `condition` holds "previous" and "chord" of `num` bars where needed."""
        return self.sample_from(self.draw(num), condition)

    def sample_from(self, latent: Tensor, condition: Batch) -> Tensor:
        """Bars uint8 (N, 16) of given latents (N, latent_dim), with batch norm's running statistics."""
        previous, chord = self._conditions(condition)
        sampler = Sampler(self.generator)
        parts = zip(*(_parts(values, len(latent)) for values in (latent, previous, chord)), strict=True)
        return torch.cat([sampler(*part) for part in parts])

    def decider(self) -> Decide:
        """Pitches and their leads from "latent", and "previous" and "chord" where needed; until the weights change."""
        sampler = Sampler(self.generator)

        def decide(inputs: Inputs) -> tuple[Tensor, Tensor]:
            return sampler.decide(inputs["latent"].to(self._chord_vectors.dtype), *self._conditions(inputs))

        return decide

    def _discriminator_losses(
        self, real: Tensor, previous: Tensor | None, chord: Tensor | None, noise: float
    ) -> Outcome:
        fake = self._write(len(real), previous, chord)
        real_logits = self.discriminator(_noisy(real, noise), chord)
        fake_logits = self.discriminator(_noisy(fake, noise), chord)
        return Outcome(self._loss.discriminator(real_logits, fake_logits), self._watch(real_logits, fake_logits))

    def _penalty_losses(self, real: Tensor, previous: Tensor | None, chord: Tensor | None, noise: float) -> Outcome:
        """Penalties at the bars that the discriminator judges, with their noise."""
        penalty = self.config.penalty
        assert penalty is not None
        fake = self._write(len(real), previous, chord)
        rolls = {name: instance_noise(one_hot(bars), noise) for name, bars in (("real", real), ("fake", fake))}
        weight = penalty.weight * penalty.every
        condition = () if chord is None else (chord,)
        return Outcome(
            {
                name: weight * term(self.discriminator, *(rolls[side] for side in sides), *condition)
                for name, (sides, term) in _PENALTIES[penalty.kind].items()
            }
        )

    def _generator_losses(self, real: Tensor, previous: Tensor | None, chord: Tensor | None, noise: float) -> Outcome:
        critic, matching = self.discriminator, self.config.matching
        fake = monophonic(self.generator(self.draw(len(real)), previous, chord), axis=2)
        clean = critic.features(instance_noise(fake, noise), chord)
        dropped = critic.drop(clean)
        logits = critic.judge(dropped, chord)
        with torch.no_grad():
            real_features = critic.features(_noisy(real, noise), chord)
            if matching.features == "dropped":
                real_features = critic.drop(real_features)
            # Only relativistic losses read these, and judging costs as much again.
            real_logits = critic.judge(self._dropped(real_features), chord) if self._loss.compares else logits
        fake_features = dropped if matching.features == "dropped" else clean
        terms = self._loss.generator(real_logits, logits)
        terms["match_bars"] = matching.bar_weight * self._match(one_hot(real), fake)
        terms["match_features"] = matching.feature_weight * self._match(real_features, fake_features)
        return Outcome(terms)

    def _dropped(self, features: Tensor) -> Tensor:
        """Features as `judge` takes them, whether or not matching has dropped them already."""
        return features if self.config.matching.features == "dropped" else self.discriminator.drop(features)

    @torch.no_grad()
    def _write(self, num: int, previous: Tensor | None, chord: Tensor | None) -> Tensor:
        """Fake bars uint8 (num, 16) for the discriminator's turns."""
        activations: Tensor = self.generator(self.draw(num), previous, chord)
        return activations.argmax(2).to(torch.uint8)

    @torch.no_grad()
    def _watch(self, real_logits: Tensor, fake_logits: Tensor) -> dict[str, Tensor]:
        """The paper's confidences where a logit is a belief, else how far apart the critic holds the two sides."""
        if not self._loss.log_odds:
            return {"critic_gap": real_logits.mean() - fake_logits.mean()}
        confidence_real, confidence_fake = confidences(real_logits, fake_logits)
        return {"confidence_real": confidence_real, "confidence_fake": confidence_fake}

    def _noise(self, iteration: int) -> float:
        noise = self.config.noise
        return 0.0 if noise is None else noise_std(iteration, noise.std, noise.iterations)

    def _conditions(self, batch: Batch) -> tuple[Tensor | None, Tensor | None]:
        """The previous bar's pitches and the chord's vectors, each None where the configuration does not read it."""
        previous = _needed(batch, "previous") if self.config.condition_channels else None
        chord = self._chord_vectors[_needed(batch, "chord").long()] if self.config.chord else None
        return previous, chord


def one_hot(pitches: Tensor) -> Tensor:
    """Rolls float (N, T, 128) of pitches (N, T)."""
    roll = torch.zeros(*pitches.shape, NUM_PITCHES, device=pitches.device)
    return roll.scatter_(2, pitches.long().unsqueeze(2), 1.0)


def _phases(config: MidinetConfig) -> tuple[Phase, ...]:
    generator = Phase("generator", "generator", config.generator_steps)
    if config.penalty is None:
        return Phase("discriminator", "discriminator", config.discriminator_steps), generator
    # Turn by turn: five unbounded steps in a row would leave the penalty's points far behind.
    pair = (
        Phase("discriminator", "discriminator"),
        Phase("penalty", "discriminator", every=config.penalty.every),
    )
    return *pair * config.discriminator_steps, generator


def _noisy(pitches: Tensor, std: float) -> Tensor:
    """What the discriminator is given of bars (N, T): pitches, which it reads fastest, or rolls under noise."""
    return pitches if std == 0 else instance_noise(one_hot(pitches), std)


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
