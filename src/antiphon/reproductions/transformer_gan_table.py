"""Transformer-GAN's table 2: the published values as code, and its training row made anew as printed and truly.

Muhamed et al. 2021, "Symbolic Music Generation with Transformer-GANs", table 2. Its PCU, EBR and ISR are those of
pypianoroll, which mean something else than they say (`antiphon.evaluation.metrics.as_published_performance`), and its
training row is of whole pieces, its other rows are not: most of the distance between them is length.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from antiphon.codecs.performance import Performance, performed_notes
from antiphon.data.corpus import Corpus
from antiphon.errors import InputError
from antiphon.evaluation.measures import Column, Values, columns
from antiphon.evaluation.metrics import performance
from antiphon.evaluation.metrics.as_published_performance import as_published_metrics
from antiphon.evaluation.notes import Notes
from antiphon.evaluation.sets.certainty import estimate
from antiphon.reproductions.result import Asked, Line, Reproduction, Scale

COLUMNS = ("PCU", "NPU", "EBR", "ISR", "PRS", "TUP", "PR", "APS", "IOI")
_TRAINING = "training set"

TABLE_2: Mapping[str, tuple[float, ...]] = {
    _TRAINING: (7.810, 65.848, 0.985, 0.586, 0.399, 65.28, 67.34, 11.531, 0.1334),
    "Music Transformer": (7.230, 54.950, 0.999, 0.589, 0.570, 55.23, 61.74, 11.340, 0.1156),
    "Transformer-XL": (7.020, 52.190, 0.983, 0.567, 0.265, 52.95, 60.39, 11.117, 0.1072),
    "RSGAN": (7.200, 53.000, 0.984, 0.592, 0.330, 53.68, 62.55, 11.037, 0.1179),
    "RSGAN-GPen": (7.300, 53.970, 0.975, 0.585, 0.334, 54.78, 63.17, 11.647, 0.1387),
    "WGAN-GPen": (7.330, 54.830, 0.987, 0.611, 0.405, 55.56, 63.23, 11.935, 0.145),
}
"""By row and `COLUMNS`; the table's NLL, CA and PLL are of models."""

SAMPLE_TOKENS = 4096
"""The length at which real music comes nearest to the generated rows; the paper does not say how long its samples are.
"""
_CUT = f"training set, first {SAMPLE_TOKENS:,} tokens"
_LACKING = "needs the Transformer-GAN family"
_LIMIT: Mapping[Scale, int | None] = {"toy": 3, "cpu": 150, "paper": None}

_TRUE: Mapping[str, Callable[[Notes], float]] = {
    "PCU": performance.pitch_classes_used,
    "NPU": performance.pitches_used,
    "EBR": performance.empty_beat_rate,
    "ISR": performance.in_scale_rate,
    "PRS": performance.polyphonic_rate,
    "TUP": performance.pitches_used,
    "PR": performance.pitch_range,
    "APS": performance.average_pitch_shift,
    "IOI": performance.inter_onset_interval,
}
_PRINTED = {name: f"{base} (as published)" for name, base in {
    "PCU": "pitch_classes_used", "EBR": "empty_beat_rate", "ISR": "in_scale_rate",
}.items()}  # fmt: skip
_REMARKS = {"PRS": "no threshold tried gives the paper's value on whole pieces"}


def training_row(asked: Asked) -> Reproduction:
    """The nine measures of whole training pieces and of their first 4,096 tokens, as printed and truly.

    Raises
    ------
    InputError
        If the paper's music is asked for without a corpus, or the corpus has no piece for the piano.
    """
    if asked.scale == "paper" and asked.corpus is None:
        raise InputError(
            "transformer-gan-table-2-training-row: the paper's music is MAESTRO, which does not ship; run antiphon "
            "prepare maestro OUT and give that folder as --corpus, or choose --scale cpu"
        )
    corpus = Corpus.open(asked.corpus or "giantmidi")
    pieces = _pieces(corpus, asked)
    rows = {_TRAINING: _columns(pieces), _CUT: _columns([piece.first(SAMPLE_TOKENS) for piece in pieces])}
    return Reproduction(
        tuple(
            line
            for row in (_TRAINING, _CUT, *list(TABLE_2)[1:])
            for line in (_lines(row, rows[row], asked.seed) if row in rows else [_lacking(row)])
        ),
        f"{len(pieces):,} training pieces of {corpus.name}, with the pedal",
        (
            "Ours is as printed: registers of ten pitches for pitch classes and scales, and beats with sound for empty "
            "ones. True is what the names say, the scale being C major.",
            "Cut to the length of samples, real music comes near the values that the paper prints for its models.",
        ),
    )


def _pieces(corpus: Corpus, asked: Asked) -> list[Performance]:
    songs = np.random.default_rng(asked.seed).permutation(corpus.split("train"))[: _LIMIT[asked.scale]]
    pieces: list[Performance] = []
    for number, song in enumerate(songs.tolist(), 1):
        piece = performed_notes(corpus.score(song))
        if len(piece.pitch):
            pieces.append(piece)
        if number % 100 == 0:
            asked.say(f"{corpus.name}: {number:,} of {len(songs):,} pieces read")
    if not pieces:
        raise InputError(f"{corpus.name}: no notes for the piano in its training songs; give other music as --corpus")
    return pieces


def _columns(pieces: Sequence[Performance]) -> dict[str, Column]:
    return columns([_values(performance.notes_of(piece)) for piece in pieces])


def _values(notes: Notes) -> Values:
    """Each measure of a piece, and of three of them what is printed in their place."""
    return {name: measure(notes) for name, measure in _TRUE.items()} | as_published_metrics(notes)


def _lines(row: str, values: Mapping[str, Column], seed: int) -> list[Line]:
    papers = TABLE_2.get(row, (None,) * len(COLUMNS))
    lines = []
    for name, paper in zip(COLUMNS, papers, strict=True):
        ours, true = estimate(values[_PRINTED.get(name, name)], seed), float(np.nanmean(values[name].values))
        remark = _REMARKS.get(name, "") if paper is not None else f"the paper's models: {_span(name)}"
        lines.append(Line(row, name, paper, ours.value, true, remark, ours.low, ours.high))
    return lines


def _span(name: str) -> str:
    models = [values[COLUMNS.index(name)] for row, values in TABLE_2.items() if row != _TRAINING]
    return f"{min(models):g} to {max(models):g}"


def _lacking(row: str) -> Line:
    return Line(row, "all", None, None, remark=_LACKING)
