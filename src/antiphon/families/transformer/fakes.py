"""What a generator writes after real tokens, as rows of one-hots whose gradients tell it what to write instead.

Draws are straight-through Gumbel-softmax: the temperature shapes gradients and never what is drawn.

Axes: B column of a batch, T token, C token of the context, W token of a window, V vocabulary.
"""

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

import torch
import torch.nn.functional as F
from torch import Tensor

from antiphon.codecs.performance import PADDING, START
from antiphon.families.transformer.game_config import Game
from antiphon.families.transformer.generator import Generator
from antiphon.nn.straight_through import gumbel_noise, gumbel_softmax, straight_through

Way = Callable[[Generator, Tensor, Game, float], Iterator[Tensor]]
"""From a generator, contexts int64 (B, C), settings and a temperature to windows (B, W, V), the next of which is
written when it is asked for."""


class Reading:
    """A generator that reads on: with its memory where it has one, else from everything before.

    Parameters
    ----------
    generator
        Whose.
    num
        Columns.
    places
        Tokens before that it sees.
    """

    def __init__(self, generator: Generator, num: int, places: int) -> None:
        self._generator, self._places = generator, places
        self._memory = generator.begin(num, places) if generator.num_levels else None
        self._past: list[Tensor] = []

    def scores(self, tokens: Tensor) -> Tensor:
        """Logits (B, T, V) of ids (B, T) or rows (B, T, V), as if they were read."""
        return self._read(tokens, keep=False)

    def follow(self, tokens: Tensor) -> Tensor:
        """Logits (B, T, V) of ids (B, T) or rows (B, T, V); what comes after sends no gradient into them."""
        return self._read(tokens, keep=True)

    def _read(self, tokens: Tensor, keep: bool) -> Tensor:
        if self._memory is not None:
            logits, memory = self._generator(tokens, self._memory)
            self._memory = memory if keep else self._memory
            return _allowed(logits)
        seen = torch.cat([*self._past, tokens], dim=1)
        if keep:
            self._past = [seen[:, -self._places :].detach()]
        return _allowed(self._generator(seen)[0][:, -tokens.shape[1] :])


def along_tokens(generator: Generator, context: Tensor, game: Game, temperature: float) -> Iterator[Tensor]:
    """As released: what was read is a memory without gradient, so that a token learns from the later ones of its window
    by way of each next token's embedding alone."""
    reading, window = _begun(generator, context, game)
    last = window[-1]
    for _ in range(game.windows):
        last = last.detach()
        while len(window) < game.window:
            last = gumbel_softmax(reading.follow(last), 2, temperature)
            window.append(last)
        yield torch.cat(window, dim=1)
        window = []


def through_segment(generator: Generator, context: Tensor, game: Game, temperature: float) -> Iterator[Tensor]:
    """The paper's truncated backpropagation through time: within a window a token learns from all later ones, by way of
    attention too. For each token the window is read anew."""
    reading, read = Reading(generator, len(context), game.memory), _singly(one_hots(context, generator))
    known = 0
    for _ in range(game.windows):
        while len(read) < game.window + known:
            read.append(gumbel_softmax(reading.scores(torch.cat(read, dim=1))[:, -1:], 2, temperature))
        with torch.no_grad():
            reading.follow(torch.cat(read[:-1], dim=1))
        yield torch.cat(read[known:], dim=1)
        # The last token of a window has not been read.
        read, known = [read[-1].detach()], 1


def by_choices(generator: Generator, context: Tensor, game: Game, temperature: float) -> Iterator[Tensor]:
    """Written without gradients, then each window is read once, its tokens side by side, at the price of likelihood: a
    token learns from what the critic says of itself, through all that its choice was made from."""
    tokens, noise = written(generator, context, game)
    reading = Reading(generator, len(context), game.memory)
    for begin in range(0, game.length, game.window):
        end, first = begin + game.window, max(begin, game.context)
        logits = reading.follow(tokens[:, max(begin - 1, 0) : end - 1])[:, first - end :]
        soft = torch.softmax((logits + noise[:, first - game.context : end - game.context]) / temperature, dim=2)
        hard = one_hots(tokens[:, begin:end], generator)
        yield torch.cat([hard[:, : first - begin], straight_through(hard[:, first - begin :], soft)], dim=1)


WAYS: Mapping[str, Way] = MappingProxyType({"tokens": along_tokens, "segment": through_segment, "choices": by_choices})
"""By `Game.gradient`."""


@torch.no_grad()
def written(generator: Generator, context: Tensor, game: Game) -> tuple[Tensor, Tensor]:
    """Tokens int64 (B, T) that begin with contexts (B, C), and the Gumbel noise (B, T - C, V) that drew the others."""
    logits, step = _steps(generator, context, game)
    tokens, noises = list(context.unbind(1)), list[Tensor]()
    while len(tokens) < game.length:
        scores = logits if len(noises) == 0 else step(tokens[-1])
        noises.append(gumbel_noise(torch.empty_like(scores)))
        tokens.append((scores + noises[-1]).argmax(dim=1))
    return torch.stack(tokens, dim=1), torch.stack(noises, dim=1)


def one_hots(tokens: Tensor, generator: Generator) -> Tensor:
    """Rows (B, T, V) of ids (B, T)."""
    return F.one_hot(tokens, generator.vocabulary).to(next(generator.parameters()))


def _steps(generator: Generator, context: Tensor, game: Game) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
    """Logits (B, V) after contexts, and what gives them after one more token each."""
    if not generator.training:
        decoder = generator.decoder(len(context), game.memory)
        return _allowed(decoder.read(context)), lambda tokens: _allowed(decoder.step(tokens))
    # Decoders drop nothing.
    reading = Reading(generator, len(context), game.memory)
    return reading.follow(context)[:, -1], lambda tokens: reading.follow(tokens[:, None])[:, -1]


def _begun(generator: Generator, context: Tensor, game: Game) -> tuple[Reading, list[Tensor]]:
    """A generator that has read all of a context but its last token, and the context's rows (B, 1, V)."""
    reading, rows = Reading(generator, len(context), game.memory), one_hots(context, generator)
    if context.shape[1] > 1:
        with torch.no_grad():
            reading.follow(rows[:, :-1])
    return reading, _singly(rows)


def _singly(rows: Tensor) -> list[Tensor]:
    """Rows (B, 1, V) of rows (B, T, V)."""
    return list(rows.unsqueeze(2).unbind(1))


def _allowed(logits: Tensor) -> Tensor:
    """Logits (..., V) in float32, with nothing left for what no piece goes on with."""
    never = torch.tensor([START, PADDING], device=logits.device)
    return logits.float().index_fill(-1, never, -torch.inf)
