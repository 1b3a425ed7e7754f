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

from antiphon.codecs.performance import MAX_SHIFT, NOTE, PADDING, SHIFT, START
from antiphon.families.transformer.generator import Decoder, Generator
from antiphon.families.transformer.objective import TransformerObjective
from antiphon.gan.steady import SAFETY
from antiphon.nn.straight_through import gumbel
from antiphon.nn.threads import one_thread
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
_VELOCITIES = 32
# Steps of silence after which a piece begins whatever the network would like.
_SILENCE = 1000


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

        A song begins like a longer one of the same chance. Where nothing is given, it begins with a note.

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
            given = begins.expand(len(some), -1)
            lines = _Lines(self._quick, lambda: self._exact, given, self.span)
            keys = _Keys(given, self._quick.vocabulary, self.span)
            told = partial(_tell, watch, first * num_steps, len(some))
            with one_thread():
                songs += self._together(lines, _Pace(keys, num_steps), some, manner, told)
        return songs

    def _together(
        self, lines: "_Lines", pace: "_Pace", chances: Sequence[Chance], manner: Manner, watch: Watch
    ) -> list[Tokens]:
        logits = lines.begun()
        for noise in self._noise(chances):
            tokens = pace.keys.let_go(self._chosen(lines, pace, logits, noise, manner))
            pace.pass_(tokens)
            lines.write(tokens)
            watch(pace.reached)
            if pace.all_over:
                break
            logits = lines.heard(tokens)
        ends = zip(pace.num_before.tolist(), pace.num_tokens.tolist(), strict=True)
        return [_sounding(lines.written(song)[:num], before) for song, (before, num) in enumerate(ends)]

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
    """How far N songs are; and that time passes in them, and that nothing is written that says nothing.

    A piece begins with its first note: the silence before it, which recordings have, is neither counted nor kept.
    """

    def __init__(self, keys: "_Keys", num_steps: int) -> None:
        self.keys, self._num_steps = keys, num_steps
        num = len(keys.begun)
        self._steps = torch.zeros(num, dtype=torch.int64)
        self._waited = torch.zeros(num, dtype=torch.int64)
        self._room = torch.full((num,), _AT_ONCE)
        self.num_tokens = torch.zeros(num, dtype=torch.int64)
        self.num_before = torch.zeros(num, dtype=torch.int64)
        token = torch.arange(keys.vocabulary)
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
        waits = ~self.keys.begun & (self._waited >= _SILENCE)
        barred = self.keys.barred() | self._silent | (self._still & (self._room <= 0)[:, None])
        return torch.where(waits[:, None], ~self.keys.strikes, barred)

    def pass_(self, tokens: Tensor) -> None:
        """Take one more token (N,) of each song."""
        self.num_tokens += ~self.over
        passed = torch.where(self._still[tokens], 0, tokens - SHIFT)
        self._steps += torch.where(self.keys.begun, passed, 0)
        self._waited += passed
        self.num_before = torch.where(self.keys.begun | (passed == 0), self.num_before, self.num_tokens)
        self._room = (self._room + _A_STEP * passed).clamp_max(_AT_ONCE) - 1
        self.keys.pass_(tokens)


class _Keys:
    """Which keys of N songs are down, so that none is let go where it is up, nor struck again before it is let go.

    A key that was struck longer ago than the network sees would stay down for good: it is let go.
    """

    def __init__(self, begins: Tensor, vocabulary: int, span: int) -> None:
        num_keys = (vocabulary - _VELOCITIES - NOTE) // 2
        self.vocabulary, self._end, self._span, self._num = vocabulary, NOTE + 2 * num_keys, span, 0
        # The place of the token that struck it; -1 where it is up.
        self._since = torch.full((len(begins), num_keys), -1)
        self.begun = torch.zeros(len(begins), dtype=torch.bool)
        token = torch.arange(vocabulary)
        self.strikes = (token >= NOTE) & (token < self._end) & ((token - NOTE) % 2 == 0)
        for tokens in begins.unbind(1):
            self.pass_(tokens)

    def barred(self) -> Tensor:
        """Tokens (N, V) that may not follow."""
        barred = torch.zeros(len(self._since), self.vocabulary, dtype=torch.bool)
        barred[:, NOTE + 1 : self._end : 2] = self._since < 0
        return barred

    def let_go(self, tokens: Tensor) -> Tensor:
        """Tokens (N,), in their place the end of a key that they strike while it is down, or of one out of sight."""
        event = (tokens - NOTE).clamp(0, self._end - NOTE - 1)
        again = self.strikes[tokens] & (self._since.gather(1, event[:, None] // 2)[:, 0] >= 0)
        oldest, key = torch.where(self._since < 0, self._num, self._since).min(1)
        out_of_sight = self._num - oldest >= self._span
        return torch.where(out_of_sight, NOTE + 2 * key + 1, tokens + again.long())

    def pass_(self, tokens: Tensor) -> None:
        """Take one more token (N,) of each song."""
        song = torch.nonzero((tokens >= NOTE) & (tokens < self._end))[:, 0]
        event = tokens[song] - NOTE
        self._since[song, event // 2] = torch.where(event % 2 == 0, self._num, -1)
        self.begun[song] = True
        self._num += 1


def _sounding(tokens: Tokens, num_before: int) -> Tokens:
    """Tokens (t,) without the shifts among the first of them; a velocity there holds for what follows."""
    shifts = tokens <= SHIFT + MAX_SHIFT
    shifts[num_before:] = False
    return tokens[~shifts]


def _tell(watch: Watch | None, before: int, num: int, steps: int) -> None:
    if watch is not None:
        watch(before + num * steps)
