"""The adversarial stage: likelihood goes on, a critic hears windows, the generator learns from what the critic says.

Axes: B column of a batch, T token, C token of a crop, W token of a window, V vocabulary.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

import torch
from torch import Tensor

from antiphon.families.transformer.config import TransformerConfig
from antiphon.families.transformer.critic import Critic
from antiphon.families.transformer.critic_designs import BertCritic
from antiphon.families.transformer.fakes import WAYS, one_hots, written
from antiphon.families.transformer.objective import LIKELIHOOD, TransformerObjective
from antiphon.families.transformer.temperature import temperature
from antiphon.gan.losses import LOSSES
from antiphon.gan.objective import Batch, Outcome, Phase
from antiphon.gan.penalties import gradient_penalty

_CRITIC, _BODY, _MASKED = "discriminator.", "discriminator.encoder.", "generator.encoder."


class TransformerGame(TransformerObjective):
    """Batches as of `TransformerObjective`, and "crop" int64 (B, C): real music for the critic.

    Parameters
    ----------
    config
        With `critic` and `game`.
    """

    discriminator: Critic

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__(config)
        if config.critic is None or config.game is None:
            raise ValueError("a game needs a critic and settings; give config.critic and config.game")
        self.critic, self.game = config.critic, config.game
        self.discriminator = self.critic.build(config.vocabulary)
        self._loss = LOSSES[self.game.loss]

    @property
    def phases(self) -> tuple[Phase, ...]:
        """Likelihood in each iteration; now and then the critic, then the generator."""
        return (LIKELIHOOD, *self.game.phases)

    def losses(self, phase: Phase, batch: Batch, iteration: int) -> Outcome:
        """The terms of the phase of that name; adversarial ones window by window."""
        always = self.game.dropout == "always"
        self.generator.train(always or phase.name == LIKELIHOOD.name)
        self.discriminator.train(always or phase.player == "discriminator")
        if phase.name == LIKELIHOOD.name:
            return super().losses(phase, batch, iteration)
        first = _in_turn(self._turn(phase.name, batch["crop"], iteration))
        assert first is not None
        return first

    def _turn(self, name: str, crop: Tensor, iteration: int) -> Iterator[Outcome]:
        for_critic, for_generator = crop.chunk(2, dim=1)
        if name == "discriminator":
            return self._discriminator(for_critic)
        return self._generator(for_generator, iteration)

    def _discriminator(self, real: Tensor) -> Iterator[Outcome]:
        tokens, _ = written(self.generator, self._context(real), self.game)
        for heard, fake in zip(self._cut(real), self._cut(tokens), strict=True):
            real_logits, fake_logits = self.discriminator(torch.cat([heard, fake])).chunk(2)
            gap = (real_logits - fake_logits).detach()
            terms = self._loss.discriminator(real_logits, fake_logits)
            watch = {"critic_gap": gap.mean(), "critic_right": (gap > 0).float().mean()}
            yield self._part(terms | self._penalty(heard, fake), watch)

    def _penalty(self, real: Tensor, fake: Tensor) -> dict[str, Tensor]:
        """With respect to what the critic embeds tokens as."""
        if not self.game.penalty:
            return {}
        rows = (one_hots(tokens, self.generator) for tokens in (real, fake))
        slope = gradient_penalty(self.discriminator.judge, *rows, embed=self.discriminator.embed)
        return {"penalty": self.game.penalty * slope}

    def _generator(self, real: Tensor, iteration: int) -> Iterator[Outcome]:
        game = self.game
        heat = temperature(game.policy, iteration, game.rise, game.highest)
        fakes = WAYS[game.gradient](self.generator, self._context(real), game, heat)
        for heard, fake in zip(self._cut(real), fakes, strict=True):
            with torch.no_grad():
                real_logits = self.discriminator(heard) if self._loss.compares else heard.new_zeros(len(heard))
            terms = self._loss.generator(real_logits, self.discriminator(fake))
            yield self._part({name: game.weight * term for name, term in terms.items()}, {})

    def _part(self, terms: Mapping[str, Tensor], watch: Mapping[str, Tensor]) -> Outcome:
        """A window's share."""
        terms, watch = ({name: value / self.game.windows for name, value in of.items()} for of in (terms, watch))
        return Outcome(terms, watch)

    def _context(self, real: Tensor) -> Tensor:
        """What fakes begin with."""
        context = real[:, : self.game.context]
        return context if self.game.shared else context.roll(1, dims=0)

    def _cut(self, tokens: Tensor) -> tuple[Tensor, ...]:
        return tokens.chunk(self.game.windows, dim=1)

    @property
    def borrows(self) -> str | None:
        """The masked model on which the critic is built."""
        return self.critic.origin if isinstance(self.critic, BertCritic) else None

    def borrowed(self, state: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """All weights, those of the critic's body a masked model's."""
        own = {name: values for name, values in self.state_dict().items() if not name.startswith(_BODY)}
        return own | {_BODY + name.removeprefix(_MASKED): state[name] for name in state if name.startswith(_MASKED)}

    def completed(self, state: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """Weights of a model that was taught by likelihood alone, with this one's own critic."""
        if any(name.startswith(_CRITIC) for name in state):
            return state
        return {**{name: own for name, own in self.state_dict().items() if name.startswith(_CRITIC)}, **state}


def _in_turn(outcomes: Iterator[Outcome]) -> Outcome | None:
    """The next outcome, which knows how the one after it comes to be."""
    outcome = next(outcomes, None)
    return None if outcome is None else replace(outcome, then=lambda: _in_turn(outcomes))
