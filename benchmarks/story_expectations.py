"""What ought to see which damage, and what ought not: written down beside the sets, checked against the reports."""

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from antiphon.evaluation.suite.songs import Songs
from benchmarks.story_sets import (
    Material,
    copied,
    divided,
    melody_sets,
    note_sets,
    performance_sets,
    published,
    roll_sets,
    some,
)

Rows = tuple[str, ...]
Build = Callable[[int], tuple[Material, dict[str, Songs]]]

MAESTRO = "maestro-v3.0.0-midi"
OPENING = 512
"""Tokens of an opening."""

_COPIED = "contained_share"
_FRECHET = "frechet_distance"
SETS = (_FRECHET, "coverage")


@dataclass(frozen=True)
class Story:
    """One protocol on one corpus.

    Parameters
    ----------
    title, sentence, protocol
        For people, and as for `antiphon evaluate`.
    sets
        From a seed to the real songs and the sets by name.
    rows
        The metrics that the table shows.
    seen, unseen
        For each set the rows that must find a difference, and those that must not.
    examined
        Sets that examiners are trained on.
    tokens
        Stated lengths of sets that have one of their own; 0: whole pieces.
    folder
        A folder under `ANTIPHON_DATA` that it needs, or "".
    """

    title: str
    sentence: str
    protocol: str
    sets: Build
    rows: Rows
    seen: Mapping[str, Rows]
    unseen: Mapping[str, Rows]
    examined: tuple[str, ...] = ()
    tokens: Mapping[str, int] = field(default_factory=dict)
    folder: str = ""

    def there(self) -> bool:
        """Whether its music is on this machine."""
        return not self.folder or data(self.folder).is_dir()

    def expected(self) -> Iterator[tuple[str, Rows, bool]]:
        """Set, rows, and whether they must find a difference."""
        yield from ((name, rows, True) for name, rows in self.seen.items())
        yield from ((name, rows, False) for name, rows in self.unseen.items())


def data(name: str) -> Path:
    """A folder of music that does not come with the package."""
    return Path(os.environ.get("ANTIPHON_DATA", "")).expanduser() / name


def _without(rows: Rows, *others: str) -> Rows:
    return tuple(row for row in rows if row not in others)


def _common(material: Material, seed: int) -> dict[str, Songs]:
    fresh = material.fresh
    return {"other songs": fresh, "copies": copied(material.reference.other, len(fresh), seed)}


def _melodies(seed: int) -> tuple[Material, dict[str, Songs]]:
    material = divided("lieder", seed, 500)
    sets = melody_sets(material, seed)
    return material, {**_common(material, seed), **sets, "lead sheets": some("leadsheets", 500, seed)}


def _tracks(seed: int) -> tuple[Material, dict[str, Songs]]:
    material = divided("freedoom", seed, 500)
    return material, {**_common(material, seed), **roll_sets(material, seed), "quartets": some("quartets", 40, seed)}


def _pieces(seed: int) -> tuple[Material, dict[str, Songs]]:
    material = divided("lieder", seed, 100)
    return material, {**_common(material, seed), **note_sets(material, seed), "quartets": some("quartets", 100, seed)}


def _recordings(source: str) -> Build:
    def build(seed: int) -> tuple[Material, dict[str, Songs]]:
        # MAESTRO has works in several recordings, which its division keeps together.
        material = published(data(MAESTRO), seed, 60) if source == MAESTRO else divided(source, seed, 60)
        sets = performance_sets(material, seed, OPENING)
        openings = {"openings": sets["openings"], "openings, not cut": sets["openings"]}
        return material, {**_common(material, seed), **sets, **openings, "songs": some("lieder", 60, seed)}

    return build


_BAR_COUNTS = ("notes_a_bar", "silent_steps")
_BAR_PITCH = ("pitch_range", "interval_histogram_agreement")
_BAR_RHYTHM = ("off_beat_share", "repeats_rhythm_before", "onset_histogram_agreement")
_BAR_CHORD = ("chord_tone_share", "condition_fit/chord")
_BAR_EXAMINER = "examiner_auc/bars"
_BAR = (*_BAR_COUNTS, *_BAR_PITCH, *_BAR_RHYTHM, *_BAR_CHORD, *SETS, _COPIED, _BAR_EXAMINER)

_BEFORE, _DRUMS = "qualified_note_rate (24 steps a beat)", "drum_pattern_rate (16-beat, 24 steps a beat)/drums"
_TRACK_SINGLE = (
    "empty_bar_rate/bass",
    "empty_bar_rate/strings",
    "used_pitch_classes/bass",
    "used_pitch_classes/strings",
    "polyphonicity/strings",
    f"{_BEFORE}/bass",
    f"{_BEFORE}/strings",
    _DRUMS,
)
_TRACK_HARMONY = ("tonal_distance/guitar-bass", "tonal_distance/bass-strings", "condition_fit/bass, harmony")
_TRACK_EXAMINER = "examiner_auc/phrases"
_TRACKS = (*_TRACK_SINGLE, *_TRACK_HARMONY, "condition_fit/drums, rhythm", *SETS, _COPIED, _TRACK_EXAMINER)

_NOTE_KEY = ("in_key_share", "pitch_class_entropy")
_NOTE_TIME = ("grid_share", "onset_self_similarity", "groove_consistency", "inter_onset_histogram_agreement")
_NOTE_HARMONY = ("bar_pitch_class_entropy", "chord_coverage", "chord_tone_share", "chord_bigrams_agreement")
_NOTE_LINE = ("stepwise_share", "interval_histogram_agreement")
_NOTE_EXAMINER = "examiner_auc/events"
_NOTES = (
    *_NOTE_KEY,
    *_NOTE_LINE,
    *_NOTE_TIME,
    *_NOTE_HARMONY,
    "bar_repetition",
    "notes_per_beat",
    *SETS,
    _COPIED,
    _NOTE_EXAMINER,
)

_PLAYED_COUNTS = ("pitch_classes_used", "pitches_used", "pitch_range")
_PLAYED_PITCH = ("in_scale_rate/best", "average_pitch_shift", "repetition", "contrast_at_joins/register")
_PLAYED_TIME = ("empty_beat_rate", "inter_onset_interval", "longest_silence_seconds", "contrast_at_joins/density")
_PLAYED = (*_PLAYED_COUNTS, *_PLAYED_PITCH, *_PLAYED_TIME, "polyphonic_rate", *SETS, _COPIED, _NOTE_EXAMINER)

_PLAYED_SEEN: Mapping[str, Rows] = {
    "copies": (_COPIED,),
    "pitches shuffled": (*_without(_PLAYED_PITCH, "in_scale_rate/best"), _FRECHET, _NOTE_EXAMINER),
    "gaps shuffled": ("contrast_at_joins/density", _FRECHET, _NOTE_EXAMINER),
    "noise": (*_PLAYED_PITCH, "contrast_at_joins/density", *SETS, _NOTE_EXAMINER),
    "openings, not cut": _PLAYED_COUNTS,
    "songs": (_FRECHET, "coverage", _NOTE_EXAMINER),
}
_PLAYED_UNSEEN: Mapping[str, Rows] = {
    "other songs": _PLAYED,
    "copies": _without(_PLAYED, _COPIED, _NOTE_EXAMINER),
    "pitches shuffled": ("empty_beat_rate", "inter_onset_interval", "longest_silence_seconds", _COPIED),
    "gaps shuffled": (*_PLAYED_COUNTS, "in_scale_rate/best", "average_pitch_shift", _COPIED),
    "noise": (_COPIED,),
    "openings": (*_PLAYED_COUNTS, "in_scale_rate/best", "average_pitch_shift", "polyphonic_rate", _COPIED),
    "songs": (_COPIED,),
}
_LENGTHS = {"openings": OPENING, "openings, not cut": 0}
_PLAYED_SENTENCE = (
    "pieces, at most 60 a set, cut to the stated length (`--protocol transformer-gan`). Openings: the first "
    f"{OPENING} tokens of each piece, once with both sides cut alike, as is usual, once against whole pieces "
    "(`--tokens 0`), as in print. Songs: lieder played by the score."
)

STORIES = (
    Story(
        "Melody bars",
        "Songs of the Lieder corpus with bars in 4/4 (`--protocol bar`). Chords moved: the chords a tritone higher "
        "under the same melodies. Markov chain: order 2, over steps. Noise: every class as likely.",
        "bar",
        _melodies,
        _BAR,
        {
            "copies": (_COPIED,),
            "steps shuffled": (*_BAR_RHYTHM, _FRECHET, _BAR_EXAMINER),
            "pitches shuffled": (*_BAR_PITCH, "chord_tone_share", _FRECHET, _BAR_EXAMINER),
            "chords moved": (*_BAR_CHORD, _BAR_EXAMINER),
            "Markov chain": (*_without(_BAR_RHYTHM, "repeats_rhythm_before"), *_BAR_CHORD, _BAR_EXAMINER),
            "noise": _without(_BAR, _COPIED),
            "lead sheets": (_FRECHET, "interval_histogram_agreement", "onset_histogram_agreement", _BAR_EXAMINER),
        },
        {
            "other songs": _BAR,
            "copies": _without(_BAR, _COPIED, _BAR_EXAMINER),
            "steps shuffled": ("notes_a_bar", _COPIED),
            "pitches shuffled": (*_BAR_COUNTS, *_BAR_RHYTHM, _COPIED),
            "chords moved": _without(_BAR, *_BAR_CHORD, _BAR_EXAMINER),
            "Markov chain": ("notes_a_bar", _COPIED),
            "noise": (_COPIED,),
            "lead sheets": (_COPIED,),
        },
        examined=("other songs", "Markov chain", "chords moved"),
    ),
    Story(
        "Five tracks",
        "Songs of Freedoom, at most 16 phrases each where they were spoilt (`--protocol musegan`). Bars shuffled: each "
        "bar of a phrase from another song. Tracks shuffled: each track from another song. Bass moved: a tritone up. "
        "Noise: as many cells a track as in the songs.",
        "musegan",
        _tracks,
        _TRACKS,
        {
            "copies": (_COPIED,),
            "steps shuffled": (f"{_BEFORE}/bass", f"{_BEFORE}/strings", _DRUMS, _FRECHET, _TRACK_EXAMINER),
            "bars shuffled": (_FRECHET, _TRACK_EXAMINER),
            "tracks shuffled": (*_TRACK_HARMONY, "condition_fit/drums, rhythm", _TRACK_EXAMINER),
            "bass moved": (*_TRACK_HARMONY, _TRACK_EXAMINER),
            "noise": _without(_TRACKS, "polyphonicity/strings", _COPIED),
            "quartets": ("empty_bar_rate/strings", "polyphonicity/strings", _FRECHET, "coverage"),
        },
        {
            "other songs": _TRACKS,
            "copies": _without(_TRACKS, _COPIED, _TRACK_EXAMINER),
            "steps shuffled": (*_TRACK_SINGLE[:4], _COPIED),
            "bars shuffled": (*_TRACK_SINGLE, *_TRACK_HARMONY, "condition_fit/drums, rhythm", _COPIED),
            "tracks shuffled": (*_TRACK_SINGLE, _COPIED),
            "bass moved": (*_TRACK_SINGLE, "condition_fit/drums, rhythm", _COPIED),
            "noise": (_COPIED,),
            "quartets": (_COPIED,),
        },
        examined=("other songs", "tracks shuffled"),
    ),
    Story(
        "Notes",
        "Songs of the Lieder corpus, voice and piano, up to 100 works a set (`--protocol lstm`). Voice moved: a "
        "tritone higher than its piano. Markov chain: order 2, over pitches and over times. Noise: as many notes of "
        "the same lengths anywhere in the piece.",
        "lstm",
        _pieces,
        _NOTES,
        {
            "copies": (_COPIED,),
            "pitches shuffled": (*_NOTE_HARMONY, *_NOTE_LINE, "bar_repetition", *SETS, _NOTE_EXAMINER),
            "gaps shuffled": (*_NOTE_TIME[1:3], "bar_repetition", _FRECHET, _NOTE_EXAMINER),
            "voice moved": (*_NOTE_KEY, "chord_tone_share", _FRECHET, _NOTE_EXAMINER),
            "Markov chain": (*_NOTE_TIME[1:3], "in_key_share", "bar_repetition", _FRECHET, _NOTE_EXAMINER),
            "noise": _without(_NOTES, "notes_per_beat", _COPIED),
            "quartets": ("notes_per_beat", *SETS, _NOTE_EXAMINER),
        },
        {
            "other songs": _NOTES,
            "copies": _without(_NOTES, _COPIED, _NOTE_EXAMINER),
            "pitches shuffled": (*_NOTE_KEY, *_NOTE_TIME, "notes_per_beat", _COPIED),
            "gaps shuffled": (*_NOTE_KEY, "notes_per_beat", "inter_onset_histogram_agreement", _COPIED),
            "voice moved": (*_NOTE_TIME, "bar_repetition", "notes_per_beat", _COPIED),
            "Markov chain": (_COPIED,),
            "noise": ("notes_per_beat", _COPIED),
            "quartets": (_COPIED,),
        },
        examined=("other songs", "Markov chain"),
    ),
    Story(
        "Performances: GiantMIDI",
        f"GiantMIDI's {_PLAYED_SENTENCE} These are 16 to 23 pieces a set, too few for distances. Three of the "
        "corpus keep the minutes of their recording before they begin, hence the longest silence.",
        "transformer-gan",
        _recordings("giantmidi"),
        _without(_PLAYED, *SETS),
        {name: _without(rows, *SETS) for name, rows in _PLAYED_SEEN.items()},
        {name: _without(rows, *SETS) for name, rows in _PLAYED_UNSEEN.items()},
        tokens=_LENGTHS,
    ),
    Story(
        "Performances: MAESTRO",
        f"MAESTRO's {_PLAYED_SENTENCE} Fresh are its validation pieces.",
        "transformer-gan",
        _recordings(MAESTRO),
        _PLAYED,
        _PLAYED_SEEN,
        _PLAYED_UNSEEN,
        examined=("other songs", "gaps shuffled"),
        tokens=_LENGTHS,
        folder=MAESTRO,
    ),
)
