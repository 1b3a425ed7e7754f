"""The section on agreement with the songs that may have taught: their use of pitches, and their runs of chords."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from antiphon.evaluation.measures import Metric, Number
from antiphon.evaluation.metrics.chord_spans import Harmony
from antiphon.evaluation.metrics.harmony import chord_ngram_agreement, chord_ngrams
from antiphon.evaluation.metrics.pitch import key_relative_histogram, pitch_distribution_agreement
from antiphon.evaluation.notes import Notes
from antiphon.evaluation.report.report import Row, Section
from antiphon.evaluation.sets.floors import floor_number, floor_words, p_values
from antiphon.evaluation.suite.context import Sides
from antiphon.evaluation.suite.gather import gather
from antiphon.evaluation.suite.parts import PROTOCOLS
from antiphon.evaluation.suite.protocols import Reader, notes_reader
from antiphon.evaluation.suite.songs import Songs

_DRAWS = 200
_JS = "1 - Jensen-Shannon distance (Lin 1991; Endres and Schindelin 2003)"

METRICS = (
    Metric(
        "pitch_distribution_agreement",
        "How far the use of the twelve tones, counted from the tonic, agrees with that of the songs that teach; 100 %: "
        "the same.",
        f"LSTM GAN, section 3, pitch accuracy, as a definition: {_JS}",
        "%",
    ),
    Metric(
        "chord_ngram_agreement",
        "How far runs of three chords, whatever their key, agree with those of the songs that teach; 100 %: the same.",
        f"LSTM GAN, section 3, harmonic progression, as a definition: {_JS}",
        "%",
    ),
)

Table = NDArray[np.float64]
_AGREEMENTS: dict[str, Callable[[Table, Table], float]] = {
    "pitch_distribution_agreement": pitch_distribution_agreement,
    "chord_ngram_agreement": chord_ngram_agreement,
}


def teaching_section(sides: Sides) -> Section | None:
    """Agreement of samples, and of held-out real songs, with the other real songs; for notes alone."""
    reference = sides.reference
    if reference is None or not len(reference.other) or "notes" not in PROTOCOLS[sides.plan.protocol]:
        return None
    tables = [_tables(sides, songs) for songs in (sides.made, reference.real, reference.other)]
    if not all(len(pitch) for pitch, _ in tables):
        return None
    cases = [_Case(metric, *three) for metric, three in zip(METRICS, zip(*tables, strict=True), strict=True)]
    if "performance" in PROTOCOLS[sides.plan.protocol] and not sides.setting.beats:
        cases = cases[:1]  # chords are told by half bars
    draws = {case.metric.name: _draws(case, sides.plan.seed) for case in cases}
    own = {case.metric.name: case.agreement(case.made) for case in cases}
    p = p_values(own, draws, dict.fromkeys(own, True))
    rows = [_row(case, own[case.metric.name], draws[case.metric.name], p[case.metric.name]) for case in cases]
    other = cases[0].other
    return Section(
        "Agreement with the songs that teach",
        f"Held against {len(other)} other real songs, which may be those that the samples' model learnt from. Floor: "
        f"as many held-out songs as there are samples, or half of them, drawn {_DRAWS} times.",
        tuple(rows),
    )


def _tables(sides: Sides, songs: Songs) -> tuple[Table, Table]:
    read = notes_reader(sides.plan.protocol, sides.setting)
    found = gather(songs, partial(_histograms, read), "read notes", sides.plan.workers).found
    pitch, chords = ([one[k] for one in found] for k in (0, 1))
    return np.array(pitch).reshape(len(pitch), -1), np.array(chords).reshape(len(chords), -1)


def _histograms(read: Reader, songs: Songs, index: int) -> tuple[Table, Table]:
    notes: Notes = read(songs, index)
    chords = Harmony.of(notes).progression
    return np.asarray(key_relative_histogram(notes)).ravel(), np.asarray(chord_ngrams(chords, 3)).ravel()


@dataclass(frozen=True, eq=False)
class _Case:
    """Histograms (songs, d) of one metric on all three sides."""

    metric: Metric
    made: Table
    real: Table
    other: Table

    def agreement(self, own: Table) -> float:
        return _AGREEMENTS[self.metric.name](own, self.other)


def _row(case: _Case, own: float, draws: Table, p: float) -> Row:
    words = (case.metric.name, case.metric.sentence, case.metric.source, case.metric.unit)
    made = Number(own, num_units=len(case.made), num_songs=len(case.made))
    real = Number(case.agreement(case.real), num_units=len(case.real), num_songs=len(case.real))
    # The worst that shuffling could do is to leave nothing in common.
    verdict = floor_words(own, draws, p, 0.0, larger_is_better=True)
    return Row(*words, made, real, floor_number(draws), None, None if np.isnan(p) else p, verdict)


def _draws(case: _Case, seed: int) -> Table:
    size, rng = min(len(case.made), max(len(case.real) // 2, 1)), np.random.default_rng(seed)
    orders = (rng.permutation(len(case.real)) for _ in range(_DRAWS))
    return np.array([case.agreement(case.real[order[:size]]) for order in orders])
