"""The whole of `antiphon likelihood`: how surprised a model, or an n-gram, is by whole pieces of a corpus."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from antiphon.codecs.performance import START, PerformanceTokens
from antiphon.data.corpus import Corpus
from antiphon.data.views import view
from antiphon.errors import InputError
from antiphon.evaluation.ngrams import NGrams
from antiphon.piece_loader import pieces_of

Line = NDArray[np.integer]
Judge = Callable[[Sequence[Line]], list[NDArray[Any]]]

NGRAM = re.compile(r"([1-9])-gram")
"""What a model is called that is counted in the corpus's own training pieces."""
_RESAMPLES, _LEVEL = 2000, 0.95


def measure_likelihood(
    model: str,
    corpus: str,
    *,
    split: str = "test",
    memory: int | None = None,
    pieces: int | None = None,
    workers: int | None = None,
) -> dict[str, Any]:
    """Nats a token of whole pieces, the first token given START alone; START itself and padding do not count.

    Parameters
    ----------
    model
        As for `antiphon.generate.load`, a run's folder, or an n-gram such as "5-gram".
    corpus
        A folder made by `antiphon prepare`, or the name of an embedded corpus.
    split
        "train", "valid" or "test".
    memory
        Tokens that each is given at most, itself among them; None: what the model was made for. An n-gram and an LSTM
        see what they see.
    pieces
        Only so many of them, the first; None: all.
    workers
        Processes for encoding the corpus.

    Returns
    -------
    "model", "corpus", "split", "memory", "nats" with its interval ("low", "high", over pieces), "tokens", and by piece
    its "song", "tokens" and "nats".

    Raises
    ------
    InputError
        If the model is of no tokens, or the split has no pieces.
    """
    if memory is not None and memory < 1:
        raise InputError(f"memory {memory}: choose a whole number of 1 or more")
    opened = Corpus.open(corpus)
    gram = NGRAM.fullmatch(model)
    codec, seen, judge = _counted(opened, int(gram[1]), workers) if gram else _trained(model, memory)
    rows = view(opened, codec.stored, split, workers)
    lines = pieces_of(rows)[:pieces]
    if not lines:
        raise InputError(f"{opened.name}: its {split} split has no piece with notes on the keyboard; choose another")
    sums = np.array([[found.sum(dtype=np.float64), len(found)] for found in judge(lines)])
    songs = list(dict.fromkeys(rows["song"].tolist()))
    return {
        "model": model,
        "corpus": opened.name,
        "split": split,
        "memory": seen,
        **_mean(sums),
        "tokens": int(sums[:, 1].sum()),
        "pieces": [
            {"song": opened.songs[song].id, "tokens": int(tokens), "nats": float(nats / tokens)}
            for song, (nats, tokens) in zip(songs, sums.tolist(), strict=False)
        ],
    }


def describe(facts: dict[str, Any]) -> str:
    """The same in a sentence."""
    low, high = facts["low"], facts["high"]
    within = f" ({low:.4f} to {high:.4f} at 95 % over pieces)" if low is not None else ""
    seen = f", {facts['memory']:,} tokens of memory" if facts["memory"] is not None else ""
    music = f"{facts['tokens']:,} tokens of {len(facts['pieces']):,} {facts['split']} pieces of {facts['corpus']}"
    return f"{facts['model']}: {facts['nats']:.4f} nats a token{within}; {music}{seen}"


def _trained(model: str, memory: int | None) -> tuple[PerformanceTokens, int | None, Judge]:
    """A model's codec, the tokens that it is given, and how surprised it is."""
    import torch

    from antiphon.families.transformer.designs import LstmNetwork
    from antiphon.families.transformer.likelihood import token_nats
    from antiphon.families.transformer.objective import TransformerObjective

    file = _read(model)
    codec, objective = file.config.codec, file.build().eval()
    if not isinstance(objective, TransformerObjective) or not isinstance(codec, PerformanceTokens):
        raise InputError(f"{model}: a model of {file.config.family.kind!r}, which gives no likelihood of tokens")
    device = "cuda" if torch.cuda.is_available() else "cpu"
    generator, span = objective.generator.to(device), memory or objective.config.span
    seen = None if isinstance(objective.config.network, LstmNetwork) else span
    return codec, seen, lambda lines: token_nats(generator, lines, span=span)


def _read(model: str) -> Any:
    import tempfile

    from antiphon.fit import publish_run
    from antiphon.model_files import read
    from antiphon.training.checkpoint import CHECKPOINT

    if not (Path(model) / CHECKPOINT).is_file():
        return read(model)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "run.safetensors"
        publish_run(model, file)
        return read(file)


def _counted(corpus: Corpus, order: int, workers: int | None) -> tuple[PerformanceTokens, int, Judge]:
    """The same of an n-gram of the corpus's training pieces."""
    codec = PerformanceTokens()
    lines = pieces_of(view(corpus, codec, "train", workers))
    if not lines:
        raise InputError(f"{corpus.name}: its training songs have no notes on the keyboard to count; choose another")
    grams = NGrams(lines, codec.keyboard.num_tokens, order, START)
    return codec, order - 1, lambda pieces: [grams.nats(piece) for piece in pieces]


def _mean(sums: NDArray[np.float64]) -> dict[str, float | None]:
    """Nats a token over all pieces (n, 2) of nats and tokens, and the interval that drawing other pieces gives."""
    nats, tokens = sums.sum(0)
    drawn = sums[np.random.default_rng(0).integers(len(sums), size=(_RESAMPLES, len(sums)))].sum(1)
    low, high = np.quantile(drawn[:, 0] / drawn[:, 1], [(1 - _LEVEL) / 2, (1 + _LEVEL) / 2])
    known = len(sums) > 1
    return {"nats": float(nats / tokens), "low": float(low) if known else None, "high": float(high) if known else None}
