"""The section on agreement with the songs that may have taught: their use of pitches, and their runs of chords."""

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from antiphon.evaluation.baselines import shuffled_gaps, shuffled_pitches
from antiphon.evaluation.measures import Metric, Number
from antiphon.evaluation.metrics.chord_spans import Harmony
from antiphon.evaluation.metrics.harmony import chord_ngrams
from antiphon.evaluation.metrics.histograms import agreement
from antiphon.evaluation.metrics.pitch import key_relative_histogram
from antiphon.evaluation.notes import Notes
from antiphon.evaluation.report.report import Row, Section
from antiphon.evaluation.sets.floors import floor_number, floor_words, p_values
from antiphon.evaluation.sets.resampling import student_t
from antiphon.evaluation.suite.comparing import too_few
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


def teaching_section(sides: Sides) -> Section | None:
    """Agreement of samples, and of held-out real songs, with the other real songs; for notes alone."""
    reference = sides.reference
    if reference is None or not len(reference.other) or "notes" not in PROTOCOLS[sides.plan.protocol]:
        return None
    tables = [_tables(sides, songs) for songs in (sides.made, reference.real, reference.other)]
    shuffled = _tables(sides, reference.real, sides.plan.seed)
    cases = [_Case(metric, *four) for metric, four in zip(METRICS, zip(*tables, shuffled, strict=True), strict=True)]
    if "performance" in PROTOCOLS[sides.plan.protocol] and not sides.setting.beats:
        cases = cases[:1]  # chords are told by half bars
    cases = [case for case in cases if case.there]
    if not cases:
        return None
    draws = {case.metric.name: _agreements(case.real, case, sides.plan.seed) for case in cases}
    own = {case.metric.name: float(_agreements(case.made, case, sides.plan.seed).mean()) for case in cases}
    p = p_values(own, draws, dict.fromkeys(own, True))
    return Section(
        "Agreement with the songs that teach",
        f"Held against {len(cases[0].other)} other real songs, which may be those that the samples' model learnt from. "
        "More songs agree better, so that of every set as many are taken as there are samples, or half of the held-out "
        f"songs, {_DRAWS} times, and the mean is shown; floor: of the held-out songs, and in brackets where 95 % of "
        "the choices lie. Shuffled: the held-out songs with pitches and gaps in random order.",
        tuple(_row(case, draws[case.metric.name], p[case.metric.name], sides.plan.seed) for case in cases),
    )


def _tables(sides: Sides, songs: Songs, shuffle: int | None = None) -> tuple[Table, Table]:
    """Histograms (songs, d) of both kinds, of the songs that have them; `shuffle` seeds an order of their notes."""
    read = notes_reader(sides.plan.protocol, sides.setting)
    found = gather(songs, partial(_histograms, read, shuffle), "read notes", sides.plan.workers).found
    pitch, chords = (np.array([one[k] for one in found]).reshape(len(found), -1) for k in (0, 1))
    return pitch[~np.isnan(pitch).any(1)], chords[~np.isnan(chords).any(1)]


def _histograms(read: Reader, shuffle: int | None, songs: Songs, index: int) -> tuple[Table, Table]:
    notes: Notes = read(songs, index)
    if shuffle is not None:
        rng = np.random.default_rng((shuffle, index))
        notes = shuffled_gaps(shuffled_pitches(notes, rng), rng)
    chords = Harmony.of(notes).progression
    return np.asarray(key_relative_histogram(notes)).ravel(), np.asarray(chord_ngrams(chords, 3)).ravel()


@dataclass(frozen=True, eq=False)
class _Case:
    """Histograms (songs, d) of one metric on all sides."""

    metric: Metric
    made: Table
    real: Table
    other: Table
    shuffled: Table

    @property
    def size(self) -> int:
        """Songs of each choice."""
        return min(len(self.made), max(len(self.real) // 2, 1))

    @property
    def there(self) -> bool:
        return all(map(len, (self.made, self.real, self.other, self.shuffled)))


def _row(case: _Case, draws: Table, p: float, seed: int) -> Row:
    words = (case.metric.name, case.metric.sentence, case.metric.source, case.metric.unit)
    made, real, shuffled = (_number(own, case, seed) for own in (case.made, case.real, case.shuffled))
    few = too_few(len(case.made), len(case.real), len(case.other))
    verdict = few or floor_words(made.value, draws, p, shuffled.value, larger_is_better=True)
    return Row(*words, made, real, floor_number(draws), shuffled, None if np.isnan(p) else p, verdict)


def _number(own: Table, case: _Case, seed: int) -> Number:
    """An agreement with its 95 % interval over the songs of the first: the jackknife's of half of them or fewer (Shao &
    Wu 1989), the spread over random choices, scaled. Songs drawn twice would agree less than songs do, where most
    chords are rare."""
    value, num = float(_agreements(own, case, seed).mean()), len(own)
    if num < 2:
        return Number(value, num_units=num, num_songs=num)
    part = min(case.size, (num + 1) // 2)
    spread = float(np.std(_agreements(own, case, seed, part))) * np.sqrt(part / (num - part))
    reach = float(student_t(num - 1, 0.95) * spread)
    return Number(value, max(value - reach, 0.0), min(value + reach, 1.0), num, num)


def _agreements(own: Table, case: _Case, seed: int, size: int | None = None) -> Table:
    """Agreements of random choices of `size` songs, by default as many as are compared, with those that teach."""
    size, rng = min(size or case.size, len(own)), np.random.default_rng(seed)
    if size == len(own):
        return np.array([agreement(own, case.other)])
    orders = (rng.permutation(len(own)) for _ in range(_DRAWS))
    return np.array([agreement(own[order[:size]], case.other) for order in orders])
