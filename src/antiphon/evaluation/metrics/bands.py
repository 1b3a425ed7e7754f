"""How a band plays: how much, how long its notes are, what comes back, and whether its tracks listen to each other.

Conventions: functions take `Rolls` of phrases; values are float64 and NaN where a metric is undefined. Where onsets are
not known a note begins where a pitch sounds after silence. Axes: N phrases, K track, B bar, T step, P pitch.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from antiphon.evaluation.measures import Metric
from antiphon.evaluation.metrics.multitrack import track_pairs
from antiphon.evaluation.metrics.packed import Packed, Words, chunks, first_steps, num_bits, tiled
from antiphon.evaluation.metrics.rhythm import NOTE_VALUES, note_values
from antiphon.evaluation.metrics.tonal import ratio
from antiphon.evaluation.rolls import BEATS, Rolls

Values = NDArray[np.float64]

_OURS = "this project"
_SIXTEENTHS = 4

METRICS = (
    Metric("notes_a_bar", "Notes that begin in a bar in which the track sounds.", _OURS, "notes"),
    Metric(
        "note_lengths",
        "How many notes have each length. Notes that go over a phrase's beginning or end are left out.",
        "Yang and Lerch, On the evaluation of generative models in music, Neural Computing and Applications 2020, NLH",
        "notes",
        "histogram",
        tuple(NOTE_VALUES),
    ),
    Metric(
        "chroma_agreement",
        "How alike the pitch classes of two tracks are in a bar: the cosine of how long each sounds, 1 for the same "
        "chord. Bars in which one of them is silent are left out.",
        _OURS,
    ),
    Metric(
        "bar_repetition",
        "Share of a track's strokes that a bar and the next have in common, of all strokes of both (Jaccard).",
        _OURS,
        "%",
    ),
    Metric(
        "doubled_share",
        "Share of a track's notes that strike the same pitch class as another track at the same sixteenth.",
        _OURS,
        "%",
    ),
    Metric(
        "onset_agreement",
        "Sixteenths at which two tracks strike together, twice, of those at which one of them does (Dice).",
        _OURS,
        "%",
    ),
)


PER_BAR = ("notes_a_bar", "chroma_agreement", "bar_repetition")
"""Those that bars have, see `band_metrics`."""


def band_metrics(rolls: Rolls) -> dict[str, Values]:
    """The metrics of `PER_BAR` by name and track, or pair of tracks, as `multitrack.bar_metrics` gives its own; of
    repetition each bar but a phrase's last."""
    pairs = [f"{rolls.tracks[first]}-{rolls.tracks[second]}" for first, second in track_pairs(rolls)]
    found: dict[str, Values] = {}
    for measure, names in (
        (notes_a_bar, rolls.tracks),
        (chroma_agreement, pairs),
        (bar_repetition, rolls.tracks),
    ):
        values = measure(rolls)
        found |= {f"{measure.__name__}/{name}": values[:, place].ravel() for place, name in enumerate(names)}
    return found


def notes_a_bar(rolls: Rolls) -> Values:
    """Notes that begin in each bar (N, K, B) in which the track sounds; NaN in silent ones."""
    return _by_chunk(rolls, lambda packed: np.where(packed.empty, np.nan, tiled(num_bits, _struck(packed))))


def note_lengths(rolls: Rolls, rest: int = 1) -> NDArray[np.int64]:
    """How many notes (N, K, 12) of each phrase and track have each of the note values of `rhythm.NOTE_VALUES`.

    A note is a run of sounding cells of one pitch that ends where the pitch is struck again; it is followed by `rest`
    silent steps that belong to it unless it is struck again at once, see `multitrack.qualified_note_rate`. Notes that
    go over the phrase's beginning or end, whose length is not known, and drums are left out.
    """
    counts = np.zeros((len(rolls), len(rolls.tracks), len(NOTE_VALUES)), np.int64)
    for track in rolls.pitched:
        onsets = None if rolls.onsets is None else _lines(rolls.onsets[:, track])
        phrase, length = _runs(_lines(rolls.cells[:, track]), onsets, rest)
        code = phrase * len(NOTE_VALUES) + note_values(length / rolls.resolution)
        counts[:, track] = np.bincount(code, minlength=counts[:, track].size).reshape(len(rolls), len(NOTE_VALUES))
    return counts


def chroma_agreement(rolls: Rolls) -> Values:
    """Cosine (N, pairs, B) of how long two tracks' pitch classes sound in a bar, for the pairs of `track_pairs`; NaN
    where one of them is silent."""
    return _by_chunk(rolls, _chroma_agreement)


def bar_repetition(rolls: Rolls) -> Values:
    """Strokes, of one pitch and step each, that a bar has in common with the next / those that one of both has
    (N, K, B - 1); NaN where neither has any."""

    def repetition(packed: Packed) -> Values:
        struck = _struck(packed)
        before, after = np.ascontiguousarray(struck[:, :, :-1]), np.ascontiguousarray(struck[:, :, 1:])
        return ratio(tiled(num_bits, before & after), tiled(num_bits, before | after))

    return _by_chunk(rolls, repetition)


def doubled_share(rolls: Rolls, track: int) -> Values:
    """Share (N, K) of each track's notes whose pitch class `track` strikes at the same sixteenth, to which onsets are
    rounded; NaN for drums, for the track itself, and where a track has no notes."""
    if track == rolls.drum_track:
        raise ValueError("drums have no pitch classes that another track could double")
    others = [k for k in rolls.pitched if k != track]

    def share(packed: Packed) -> Values:
        strokes = _strokes_by_sixteenth(packed)
        notes = strokes[:, others]
        doubled = np.where(strokes[:, track, None] > 0, notes, 0)
        values = np.full(strokes.shape[:2], np.nan)
        values[:, others] = ratio(doubled.sum((2, 3)), notes.sum((2, 3)))
        return values

    return _by_chunk(rolls, share)


def onset_agreement(rolls: Rolls, first: int, second: int) -> Values:
    """2 x sixteenths at which both tracks strike / (those of one + those of the other), (N,); onsets are rounded to
    sixteenths; NaN where one of the tracks does not play in the phrase."""

    def agreement(packed: Packed) -> Values:
        strokes = _strokes_by_sixteenth(packed)
        one, other = (np.any(strokes[:, track], axis=2) for track in (first, second))
        playing = np.any(one, axis=1) & np.any(other, axis=1)
        return np.where(playing, ratio(2 * (one & other).sum(1), one.sum(1) + other.sum(1)), np.nan)

    return _by_chunk(rolls, agreement)


def _by_chunk(rolls: Rolls, measure: Callable[[Packed], Values]) -> Values:
    return np.concatenate([measure(packed) for packed in chunks(rolls)])


def _struck(packed: Packed) -> Words:
    return tiled(first_steps, packed.sounds) if packed.onsets is None else packed.onsets


def _chroma_agreement(packed: Packed) -> Values:
    chroma = packed.pitch_classes.sum(3)
    sides = np.array(track_pairs(packed.rolls), np.int64).reshape(-1, 2)
    sizes = np.sqrt((chroma**2).sum(-1))
    products = (chroma[:, sides[:, 0]] * chroma[:, sides[:, 1]]).sum(-1)
    return ratio(products, sizes[:, sides[:, 0]] * sizes[:, sides[:, 1]])


def _strokes_by_sixteenth(packed: Packed) -> NDArray[np.int64]:
    """How many notes (N, K, sixteenths, 12) of each pitch class begin at each sixteenth of a phrase, rounded."""
    rolls = packed.rolls
    struck = rolls.onsets if rolls.onsets is not None else _first_cells(rolls.cells)
    sample, track, bar, step, pitch = np.nonzero(struck & rolls.cells)
    steps, wide = rolls.cells.shape[3], BEATS * _SIXTEENTHS * rolls.cells.shape[2]
    # Half a sixteenth before the phrase's end is no beginning of it.
    place = np.minimum(((bar * steps + step) * 2 * _SIXTEENTHS + rolls.resolution) // (2 * rolls.resolution), wide - 1)
    shape = (*rolls.cells.shape[:2], wide, 12)
    code = np.ravel_multi_index((sample, track, place, (pitch + rolls.lowest_pitch) % 12), shape)
    return np.bincount(code, minlength=int(np.prod(shape))).reshape(shape)


def _first_cells(cells: NDArray[np.bool_]) -> NDArray[np.bool_]:
    first = cells.copy()
    first[:, :, :, 1:] &= ~cells[:, :, :, :-1]
    return first


def _lines(cells: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """One track (N, B, T, P) as lines (N, P, B * T), one a pitch."""
    num, bars, steps, pitches = cells.shape
    return np.ascontiguousarray(cells.reshape(num, bars * steps, pitches).swapaxes(1, 2))


def _runs(
    sounds: NDArray[np.bool_], onsets: NDArray[np.bool_] | None, rest: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Phrase and length of every note of lines (N, P, S) that begins and ends within them."""
    num_pitches, size = sounds.shape[1:]
    first = sounds.copy()
    first[..., 1:] &= ~sounds[..., :-1]
    if onsets is not None:
        first |= sounds & onsets
    last = sounds.copy()
    last[..., :-1] &= ~sounds[..., 1:] | first[..., 1:]
    # As many as there are notes, in the same order: the last step of a line ends every note.
    begin, end = np.flatnonzero(first), np.flatnonzero(last)
    whole = end % size < size - 1
    if onsets is not None:
        whole &= (begin % size > 0) | onsets.reshape(-1)[begin]
    begin, end = begin[whole], end[whole]
    again = sounds.reshape(-1)[end + 1]
    return begin // (size * num_pitches), end - begin + 1 + rest * ~again
