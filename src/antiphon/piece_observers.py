"""What a training on pieces shows of itself: how surprised it is by pieces that it never learnt, and how it goes on."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from antiphon.codecs.performance import PADDING, PerformanceTokens
from antiphon.families.transformer.likelihood import token_nats
from antiphon.families.transformer.objective import TransformerObjective
from antiphon.families.transformer.pretraining import MaskedObjective
from antiphon.gan.objective import Objective
from antiphon.io.image import render_image
from antiphon.io.midi import write_midi
from antiphon.training.log import History
from antiphon.training.seeds import seed_torch

NATS = "held_out/nats"
"""The logged figure."""
HIDDEN, RIGHT = "held_out/hidden_nats", "held_out/right"
"""Those of masked models."""

_FIXED_SEED = 20_011
_PRIME = 256
_MOST_PIECES, _MOST_TOKENS = 64, 2048


class PiecePreview:
    """Goes on from the beginning of a piece with as many tokens as were given, from the same chance each time:
    `previews/ITERATION.mid` and `.png`.

    Parameters
    ----------
    folder
        Where to write.
    codec
        Turns tokens into notes.
    piece
        Tokens (t,); the first 256 are given.
    every
        Interval in iterations.
    """

    def __init__(self, folder: Path, codec: PerformanceTokens, piece: NDArray[np.integer], every: int) -> None:
        self.every = every
        self._folder, self._codec, self._given = folder, codec, np.asarray(piece[:_PRIME], np.int64)

    def __call__(self, iteration: int, objective: Objective, history: History) -> dict[str, float]:
        """Write the two files."""
        device = next(objective.parameters()).device
        seed_torch(_FIXED_SEED, device=device)
        given = torch.from_numpy(self._given[None]).to(device)
        made = objective.sample(1, {"real": given})[0].cpu().numpy()
        score = self._codec.decode(np.concatenate([self._given, made]))
        write_midi(score, self._folder / f"{iteration:07d}.mid")
        render_image(score, self._folder / f"{iteration:07d}.png")
        return {}


class HeldOutNats:
    """Logs the mean nats of a token of held-out pieces as "held_out/nats": of the first 2,048 tokens of the first 64.

    Parameters
    ----------
    pieces
        Tokens (t,) of each.
    every
        Interval in iterations.
    """

    def __init__(self, pieces: Sequence[NDArray[np.integer]], every: int) -> None:
        self.every = every
        self._pieces = [piece[:_MOST_TOKENS] for piece in pieces[:_MOST_PIECES]]

    def __call__(self, iteration: int, objective: Objective, history: History) -> dict[str, float]:
        """The figure."""
        assert isinstance(objective, TransformerObjective)
        found = np.concatenate(token_nats(objective.generator, self._pieces, span=objective.config.span))
        return {NATS: float(f"{found.mean():.6g}")}


class HeldOutHidden:
    """Logs the mean nats of what is hidden of held-out pieces as "held_out/hidden_nats", and how many of it is told
    right as "held_out/right": of the first block of the first 64, the same hidden each time.

    Parameters
    ----------
    pieces
        Tokens (t,) of each.
    block
        Tokens that are looked at.
    every
        Interval in iterations.
    """

    def __init__(self, pieces: Sequence[NDArray[np.integer]], block: int, every: int) -> None:
        self.every = every
        self._blocks = torch.full((min(len(pieces), _MOST_PIECES), block), PADDING)
        for row, piece in zip(self._blocks, pieces, strict=False):
            row[: len(piece)] = torch.from_numpy(np.asarray(piece[:block], np.int64))

    def __call__(self, iteration: int, objective: Objective, history: History) -> dict[str, float]:
        """Both figures."""
        assert isinstance(objective, MaskedObjective)
        device = next(objective.parameters()).device
        seed_torch(_FIXED_SEED, device=device)
        nats, right = objective.surprise(self._blocks.to(device))
        return {HIDDEN: float(f"{nats.mean():.6g}"), RIGHT: float(f"{right.float().mean():.6g}")}
