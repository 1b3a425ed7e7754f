"""Nats of whole pieces: how surprised a generator is by each token, given the tokens of its piece that it can see.

Axes: B piece, T token, V vocabulary.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from antiphon.codecs.performance import PADDING, START
from antiphon.families.transformer.generator import Generator
from antiphon.families.transformer.objective import nats

_CHUNK = 512


@torch.no_grad()
def token_nats(
    generator: Generator, pieces: Sequence[NDArray[np.integer]], *, span: int, batch_size: int = 8
) -> list[NDArray[np.float32]]:
    """-ln p (t,) of every token of pieces (t,), the first given START alone, each given the last `span` before it.

    Parameters
    ----------
    generator
        In the mode that it is to be judged in.
    pieces
        Tokens without START.
    span
        Tokens that each sees, itself among them.
    batch_size
        Pieces read side by side, those of like length together.
    """
    order = sorted(range(len(pieces)), key=lambda number: -len(pieces[number]))
    found: list[NDArray[np.float32]] = [np.empty(0, np.float32)] * len(pieces)
    for begin in range(0, len(order), batch_size):
        group = order[begin : begin + batch_size]
        read = list(_read(generator, [pieces[number] for number in group], span))
        whole = torch.cat(read, dim=1).cpu().numpy() if read else np.empty((len(group), 0), np.float32)
        for number, line in zip(group, whole, strict=True):
            found[number] = line[: len(pieces[number])]
    return found


def _read(generator: Generator, pieces: Sequence[NDArray[np.integer]], span: int) -> Iterator[Tensor]:
    """Nats (B, T) chunk by chunk; the longest piece comes first."""
    device = next(generator.parameters()).device
    lines = np.full((len(pieces), len(pieces[0]) + 1), PADDING, np.int64)
    lines[:, 0] = START
    for line, piece in zip(lines, pieces, strict=True):
        line[1 : len(piece) + 1] = piece
    tokens = torch.from_numpy(lines)
    decoder = generator.decoder(len(pieces), span)
    for begin in range(0, tokens.shape[1] - 1, _CHUNK):
        chunk = tokens[:, begin : begin + _CHUNK + 1].to(device)
        yield nats(decoder.follow(chunk[:, :-1]), chunk[:, 1:])
