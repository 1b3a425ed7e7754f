"""MuseGAN's game: turns, losses of both players, samples.

Axes: N phrases, K track, B bar, T step, P pitch, in this order wherever phrases go in or out.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from antiphon.families.musegan.at_once import AtOnceGenerator
from antiphon.families.musegan.bar_by_bar import BarByBarGenerator
from antiphon.families.musegan.config import MuseganConfig
from antiphon.families.musegan.critics import Critics
from antiphon.families.musegan.latents import Latents, draw
from antiphon.families.musegan.players import AtOnce, BarByBar, Convolutional
from antiphon.gan.losses import adversarial_loss
from antiphon.gan.objective import Batch, Objective, Outcome, Phase
from antiphon.gan.parts import in_parts
from antiphon.gan.penalties import gradient_penalty
from antiphon.nn.binary import annealed, deterministic, stochastic
from antiphon.nn.bits import unpack
from antiphon.nn.init import truncated_init

# Inside the root of the penalty, in both released codes.
_EPSILON = 1e-8
# Phrases that a discriminator hears at once on a processor: what its cache holds of the paper's, whose first layers
# keep every cell, and of the others. Elsewhere it hears the whole batch.
_AT_ONCE_OF_CELLS, _AT_ONCE = 4, 8
_SAMPLED_AT_ONCE = 64
_REUSED = "latent."


class Musegan(Objective):
    """Both players of a MuseGAN.

    Batches hold "real", uint8 (N, K, B, bytes): what sounds, each bar of a track packed, see `antiphon.nn.bits`. The
    given track of a conditional model is that of its phrase.
    """

    generator: BarByBarGenerator | AtOnceGenerator
    discriminator: Critics

    def __init__(self, config: MuseganConfig) -> None:
        super().__init__()
        self.config = config
        writer, judge = config.players
        self._latents = writer.latents
        self.generator = _generator(config, writer)
        self.discriminator = Critics(judge, config.heard, config.size)
        # Narrower layers sum over fewer inputs; so their sums begin as large as the wide ones'.
        truncated_init(self, config.init_std * config.scale**-0.5)
        self._loss = adversarial_loss(config.loss)
        of_cells = isinstance(judge, Convolutional) and judge.hears == "phrases"
        self._at_once = _AT_ONCE_OF_CELLS if of_cells else _AT_ONCE

    @property
    def phases(self) -> tuple[Phase, ...]:
        """See `Turns`."""
        return self.config.turns.phases

    def draw(self, num: int, bars: int | None = None, limit: float | None = None) -> dict[str, Tensor]:
        """Latents of `num` phrases of `bars` bars, the configured number by default, from torch's default generator.

        Parameters
        ----------
        limit
            Largest deviation that is drawn, in standard deviations, see `LatentConfig.limit`: less is less adventurous.
        """
        flows = self.config.generator.kind == "bar-by-bar" and self.config.generator.flow == "drawn"
        bars = (bars or self.config.bars) if flows else 1
        like = next(self.generator.parameters())
        return draw(self._latents, num, self.config.tracks, bars, limit=limit, like=like)

    def augment(self, batch: Batch) -> Batch:
        """With latents for all turns of an iteration, where they are reused."""
        if self.config.turns.draws == "fresh":
            return batch
        return {**batch, **{_REUSED + name: part for name, part in self.draw(len(batch["real"])).items()}}

    def losses(self, phase: Phase, batch: Batch, iteration: int) -> Outcome:
        """The adversarial terms of the player, and for the discriminator "penalty"."""
        slope = self._slope(iteration)
        if phase.player == "generator":
            return self._generator_losses(batch, slope)
        return self._discriminator_losses(batch, slope)

    def sample(self, num: int, condition: Batch) -> Tensor:
        """Phrases bool (num, K, B, T, P) from fresh latents; a conditional model reads its track from "real"."""
        given = self._given(condition)
        return self.sample_from(self.draw(num, None if given is None else given.shape[1]), given)

    def sample_from(self, latents: Latents, given: Tensor | None = None, sharpness: float = 1.0) -> Tensor:
        """Phrases bool (N, K, B, T, P) of given latents, and of a given track (N, B, T, P) of -1 and 1, unchanged;
        binary neurons are so many times as steep as in training."""
        return torch.cat([self.binarised(part) for part in self._activations(latents, given, sharpness)])

    def activations(self, latents: Latents, given: Tensor | None = None) -> Tensor:
        """What `sample_from` makes binary: (N, K, B, T, P) between -1 and 1. Neurons that throw coins throw others in
        every call."""
        return torch.cat(list(self._activations(latents, given)))

    @torch.no_grad()
    def judge(self, phrases: Tensor) -> Tensor:
        """Scores (N,) of phrases bool (N, K, B, T, P)."""
        scores = [self.discriminator(self._signed(part)) for part in torch.split(phrases, _SAMPLED_AT_ONCE)]
        return torch.cat(scores)

    def _activations(self, latents: Latents, given: Tensor | None, sharpness: float = 1.0) -> Iterator[Tensor]:
        num = len(next(iter(latents.values())))
        if given is not None and len(given) != num:
            raise ValueError(f"{num} phrases are asked for with {len(given)} given tracks; give one for every phrase")
        slope = sharpness * (self.config.slope.last if self.config.slope else 1.0)
        with _resting(self.generator), torch.no_grad():
            for start in range(0, num, _SAMPLED_AT_ONCE):
                some = slice(start, start + _SAMPLED_AT_ONCE)
                part = {name: values[some] for name, values in latents.items()}
                yield self._write(part, None if given is None else given[some], slope)

    def binarised(self, activations: Tensor) -> Tensor:
        """What sounds, bool (N, K, B, T, P): all above 0, and of monophonic tracks the highest of these."""
        sounding = activations > 0
        for track in self.config.monophonic:
            part = activations[:, track]
            highest = torch.zeros_like(part, dtype=torch.bool).scatter_(3, part.argmax(3, keepdim=True), True)
            sounding[:, track] &= highest
        return sounding

    def _write(self, latents: Latents, given: Tensor | None, slope: float) -> Tensor:
        """Phrases (N, K, B, T, P) between -1 and 1, the given track in its place."""
        made = self._neurons(self.generator(latents, given), slope)
        if given is None:
            return made
        place = self.config.condition or 0
        return torch.cat([made[:, :place], given[:, None], made[:, place:]], 1)

    def _neurons(self, activations: Tensor, slope: float) -> Tensor:
        if self.config.neurons == "tanh":
            return activations.tanh()
        return (
            2 * {"deterministic": deterministic, "stochastic": stochastic}[self.config.neurons](activations, slope) - 1
        )

    def _discriminator_losses(self, batch: Batch, slope: float) -> Outcome:
        real = self._signed(self._whole(batch["real"]))
        with torch.no_grad():
            fake = self._write(self._drawn(batch), self._given(batch), slope)
        shares = torch.rand(len(real), device=real.device)
        terms: dict[str, list[Tensor]] = {}
        for critic, (own, made) in self.discriminator.hearings(real, fake):
            halves = {"adversarial_real": own, "adversarial_fake": made}
            for name, phrases in halves.items():
                terms.setdefault(name, []).append(self._mean(self._half(critic, name), critic, phrases))
            if self.config.penalty:
                penalty = self._mean(_penalty(critic), critic, own, made, shares)
                terms.setdefault("penalty", []).append(self.config.penalty * penalty)
        summed = {name: torch.stack(parts).sum() for name, parts in terms.items()}
        return Outcome(summed, self._watch(summed))

    def _generator_losses(self, batch: Batch, slope: float) -> Outcome:
        fake = self._write(self._drawn(batch), self._given(batch), slope)

        def term(critic: nn.Module) -> Callable[[Tensor], Tensor]:
            def mean(phrases: Tensor) -> Tensor:
                logits = critic(phrases)
                return self._loss.generator(logits, logits)["adversarial"]

            return mean

        terms = [self._mean(term(critic), critic, made) for critic, (made,) in self.discriminator.hearings(fake)]
        return Outcome({"adversarial": torch.stack(terms).sum()})

    def _half(self, critic: nn.Module, name: str) -> Callable[[Tensor], Tensor]:
        """A term of the discriminator's loss, which reads one side only."""

        def mean(phrases: Tensor) -> Tensor:
            logits = critic(phrases)
            return self._loss.discriminator(logits, logits)[name]

        return mean

    def _mean(self, term: Callable[..., Tensor], critic: nn.Module, *phrases: Tensor) -> Tensor:
        size = self._at_once if phrases[0].device.type == "cpu" else None
        return in_parts(term, critic.parameters(), *phrases, size=size)

    def _watch(self, terms: dict[str, Tensor]) -> dict[str, Tensor]:
        """How far apart the critic holds both sides, where that is what its loss measures."""
        if self.config.loss != "wasserstein":
            return {}
        return {"critic_gap": -(terms["adversarial_real"] + terms["adversarial_fake"]).detach()}

    def _slope(self, iteration: int) -> float:
        slope, step = self.config.slope, self.config.turns.generator_step(iteration)
        return 1.0 if slope is None else annealed(step, slope.first, slope.last, slope.begin, slope.end)

    def _drawn(self, batch: Batch) -> dict[str, Tensor]:
        reused = {name.removeprefix(_REUSED): part for name, part in batch.items() if name.startswith(_REUSED)}
        return reused or self.draw(len(batch["real"]))

    def _given(self, batch: Batch) -> Tensor | None:
        """The given track (N, B, T, P) of -1 and 1, None for a model that writes from scratch."""
        if self.config.condition is None:
            return None
        if "real" not in batch:
            raise ValueError(
                "this model writes to a given track, which it reads from 'real'; give phrases that hold it"
            )
        return self._signed(self._whole(batch["real"][:, self.config.condition]))

    def _whole(self, rows: Tensor) -> Tensor:
        """Bars packed (..., bytes) as cells (..., T, P)."""
        return unpack(rows, (self.config.steps, self.config.pitches), next(self.generator.parameters()).dtype)

    def _signed(self, sounding: Tensor) -> Tensor:
        """-1 where nothing sounds, 1 where something does."""
        return sounding.to(next(self.generator.parameters()).dtype) * 2 - 1


def _generator(config: MuseganConfig, writer: BarByBar | AtOnce) -> BarByBarGenerator | AtOnceGenerator:
    given = config.condition is not None
    if isinstance(writer, BarByBar):
        return BarByBarGenerator(writer, config.size, config.written, given)
    return AtOnceGenerator(writer, config.written, given)


def _penalty(critic: nn.Module) -> Callable[..., Tensor]:
    def mean(real: Tensor, fake: Tensor, shares: Tensor) -> Tensor:
        return gradient_penalty(critic, real, fake, alpha=shares, epsilon=_EPSILON)

    return mean


@contextmanager
def _resting(generator: nn.Module) -> Iterator[None]:
    """The generator as it samples: by running statistics."""
    training = generator.training
    generator.eval()
    try:
        yield
    finally:
        generator.train(training)
