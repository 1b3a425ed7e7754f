"""How the family `transformer` writes performances: token after token, for as many seconds as are asked for.

Axes: N songs, T token, V vocabulary.
"""

import copy
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property, partial
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from antiphon.codecs.performance import MAX_SHIFT, PADDING, SHIFT, START
from antiphon.families.transformer.generator import Decoder, Generator
from antiphon.families.transformer.objective import TransformerObjective
from antiphon.gan.steady import SAFETY
from antiphon.nn.straight_through import gumbel
from antiphon.writers.token_choices import Manner, choose
from antiphon.writers.writer import Chance, Writer, normal

Tokens = NDArray[np.int64]
Watch = Callable[[int], None]
"""Takes the steps that are written, of all songs together."""

# Tokens of which no time passes: so many at once, and two more for each step. The densest of the recordings that ship
# needs half of what may come at once.
_AT_ONCE, _A_STEP = 128, 2
# Songs written together: what they remember takes memory.
_SONGS = 8
_DRAWN, _READ, _PROBES = 32, 512, 64


class PerformanceWriter(Writer):
    """Writes tokens of performances, each drawn from scores.

    A choice is made in float32, and again in float64 where another order of additions could have changed it: so the
    same tokens come of a seed whatever is written beside it, on any processor. For that a second decoder in float64
    reads what was written since it was last asked, many tokens at once.

    Parameters
    ----------
    objective
        The generator, alone or in its game.
    """

    reads = frozenset()
    has_temperature: ClassVar[bool] = True
    knows_silence: ClassVar[bool] = True
    has_harmony: ClassVar[bool] = True
    knows_form: ClassVar[bool] = True
    tempo: ClassVar[float] = 120.0

    def __init__(self, objective: TransformerObjective) -> None:
        self.span = objective.config.span
        self._quick = objective.generator

    @cached_property
    def _exact(self) -> Generator:
        return copy.deepcopy(self._quick).to(torch.float64)

    @cached_property
    def _margin(self) -> float:
        """What differences between logits in float32 are known to."""
        probes = np.random.default_rng(0).integers(PADDING + 1, self._quick.vocabulary, (1, _PROBES))
        quick, exact = (
            net.decoder(1, self.span).follow(torch.from_numpy(probes)) for net in (self._quick, self._exact)
        )
        return SAFETY * float((quick - exact).abs().max())

    @torch.no_grad()
    def perform(
        self,
        chances: Sequence[Chance],
        num_steps: int,
        manner: Manner,
        prime: Tokens | None = None,
        watch: Watch | None = None,
    ) -> list[Tokens]:
        """Tokens (t,) of N songs, each from its own chance, that last so many steps of 10 ms at least.

        A song begins like a longer one of the same chance.

        Parameters
        ----------
        chances, num_steps, manner
            Of each song, its length, how boldly it is drawn.
        prime
            Tokens (t,) that the songs go on from, START among them where they begin a piece; None: START alone.
        watch
            Told after each token how many steps are written, of all songs together.
        """
        begins = torch.from_numpy(np.array([START]) if prime is None else prime.astype(np.int64))
        songs: list[Tokens] = []
        for first in range(0, len(chances), _SONGS):
            some = chances[first : first + _SONGS]
            lines = _Lines(self._quick, lambda: self._exact, begins.expand(len(some), -1), self.span)
            told = partial(_tell, watch, first * num_steps, len(some))
            songs += self._together(lines, some, num_steps, manner, told)
        return songs

    def _together(
        self, lines: "_Lines", chances: Sequence[Chance], num_steps: int, manner: Manner, watch: Watch
    ) -> list[Tokens]:
        pace, logits = _Pace(len(chances), num_steps, self._quick.vocabulary), lines.begun()
        for noise in self._noise(chances):
            tokens = self._chosen(lines, pace, logits, noise, manner)
            pace.pass_(tokens)
            lines.write(tokens)
            watch(pace.reached)
            if pace.all_over:
                break
            logits = lines.heard(tokens)
        return [lines.written(song)[:num] for song, num in enumerate(pace.num_tokens.tolist())]

    def _noise(self, chances: Sequence[Chance]) -> Iterator[Tensor]:
        """Gumbel noise (N, V) for one token after the other."""
        while True:
            yield from gumbel(normal(chances, _DRAWN, self._quick.vocabulary)).unbind(1)

    def _chosen(self, lines: "_Lines", pace: "_Pace", logits: Tensor, noise: Tensor, manner: Manner) -> Tensor:
        barred = pace.barred()
        chosen, sure = choose(logits.double().masked_fill(barred, -torch.inf), noise, manner, self._margin)
        for song in torch.nonzero(~(sure | pace.over)).flatten().tolist():
            exact = lines.exact(song).masked_fill(barred[song], -torch.inf)
            chosen[song] = choose(exact[None], noise[song][None], manner)[0][0]
        return chosen


class _Lines:
    """What N songs hold (N, T), and what their networks make of it."""

    def __init__(self, quick: Generator, exact: Callable[[], Generator], begins: Tensor, span: int) -> None:
        self._exact, self._span = exact, span
        self._decoder = quick.decoder(len(begins), span)
        self._num_given = self._num = begins.shape[1]
        self._tokens = begins.clone()
        self._behind: dict[int, tuple[Decoder, int]] = {}

    def begun(self) -> Tensor:
        """Logits (N, V) after what the songs go on from."""
        for some in torch.split(self._tokens, _READ, dim=1):
            logits = self._decoder.read(some)
        return logits

    def write(self, tokens: Tensor) -> None:
        """Append tokens (N,)."""
        if self._num == self._tokens.shape[1]:
            self._tokens = torch.cat([self._tokens, torch.zeros_like(self._tokens)], dim=1)
        self._tokens[:, self._num] = tokens
        self._num += 1

    def heard(self, tokens: Tensor) -> Tensor:
        """Logits (N, V) after the last tokens (N,)."""
        return self._decoder.step(tokens)

    def exact(self, song: int) -> Tensor:
        """The logits (V,) of a song in float64."""
        if song not in self._behind:
            self._behind[song] = self._exact().decoder(1, self._span), 0
        decoder, read = self._behind[song]
        for some in torch.split(self._tokens[song : song + 1, read : self._num], _READ, dim=1):
            logits = decoder.read(some)
        self._behind[song] = decoder, self._num
        return logits[0]

    def written(self, song: int) -> Tokens:
        """What was written of a song (t,)."""
        tokens: Tokens = self._tokens[song, self._num_given : self._num].numpy()
        return tokens


class _Pace:
    """How far N songs are; and that time passes in them, and that nothing is written that says nothing."""

    def __init__(self, num: int, num_steps: int, vocabulary: int) -> None:
        self._num_steps = num_steps
        self._steps = torch.zeros(num, dtype=torch.int64)
        self._room = torch.full((num,), _AT_ONCE)
        self.num_tokens = torch.zeros(num, dtype=torch.int64)
        token = torch.arange(vocabulary)
        self._silent = (token == START) | (token == PADDING)
        self._still = (token <= SHIFT) | (token > SHIFT + MAX_SHIFT)

    @property
    def over(self) -> Tensor:
        """Which songs have come to their end (N,)."""
        return self._steps >= self._num_steps

    @property
    def all_over(self) -> bool:
        """Whether all have."""
        return bool(self.over.all())

    @property
    def reached(self) -> int:
        """The steps that each of them has come to, up to the end."""
        return min(int(self._steps.min()), self._num_steps)

    def barred(self) -> Tensor:
        """Tokens (N, V) that may not follow."""
        return self._silent | (self._still & (self._room <= 0)[:, None])

    def pass_(self, tokens: Tensor) -> None:
        """Take one more token (N,) of each song."""
        self.num_tokens += ~self.over
        steps = torch.where(self._still[tokens], 0, tokens - SHIFT)
        self._steps += steps
        self._room = (self._room + _A_STEP * steps).clamp_max(_AT_ONCE) - 1


def _tell(watch: Watch | None, before: int, num: int, steps: int) -> None:
    if watch is not None:
        watch(before + num * steps)
