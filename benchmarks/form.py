"""Forms, cadences and wishes of melody models: what was asked for beside what was written, and beside real songs.

Songs have 32 bars. Intervals are over songs (cluster bootstrap, 95 %). Real songs are the last 32 bars of those in 4/4
of `lieder`, by their melody as the codec hears it, over its chords; for a model that writes all parts as one line they
are such a line. A target `[low, high]` is the interval of the test songs' mean; a value beyond it and beyond that of
all songs is told how many of them have as much.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from antiphon.asked import DENSITIES, REGISTERS, parse_register
from antiphon.codecs.chords import NO_CHORD, SYMBOLS
from antiphon.codecs.melody import REST, STEPS, MelodyBars
from antiphon.codecs.notes import NoteSequences
from antiphon.data.corpus import Corpus
from antiphon.evaluation.measures import Column
from antiphon.evaluation.metrics import form as forms
from antiphon.evaluation.metrics.bars import melody_metrics
from antiphon.evaluation.metrics.harmony import harmony_metrics
from antiphon.evaluation.metrics.pitch import best_key, in_key_onset_share
from antiphon.evaluation.metrics.structure import self_similarity
from antiphon.evaluation.notes import Notes
from antiphon.evaluation.sets.certainty import Estimate, estimate
from antiphon.generate import Model, load
from antiphon.music.accompaniment import accompany
from antiphon.music.score import Score
from antiphon.music.theory import Key, parse_chord, pitch_name
from benchmarks.table import Row

SONGS, BARS, LEAST_BARS = 64, 32, 16
FORM = "AABA"

# What a model that writes all parts at once cannot choose by, and what it does not bring back note for note.
_OF_ONE_VOICE = {"density", "register", "form"}

Values = Mapping[str, float]


def run(quick: bool = False, model: str | None = None, corpus: str = "lieder") -> list[Row]:
    """What songs are like under each wish, and how they are built; `model` is a file of a bar model (quick: fewer)."""
    loaded, num = load(model or "bar"), 8 if quick else SONGS
    return [*_built(loaded, num, corpus, quick), *_asked(loaded, num)]


BUILT = {
    "bars back after 4": "%",
    "bars back after 8": "%",
    "rhythms back after 4": "%",
    "rhythms back after 8": "%",
    "similarity 4 bars apart": "%",
    "similarity 8 bars apart": "%",
    "similarity peak at 4": "%",
    "similarity peak at 8": "%",
    "last note on the tonic": "%",
    "last note": "beats",
    "note length": "beats",
    "last chord on the tonic": "%",
    "groups of four bars that end in a cadence": "%",
    "notes a bar": "notes",
    "notes of the bar's chord": "%",
    "pitch changes a bar": "",
}
"""What is measured of each song, and its unit."""


def _built(model: Model, num: int, corpus: str, quick: bool) -> Iterator[Row]:
    """Repetition and endings of real songs, and of songs by form."""
    songs = Corpus.open(corpus)
    test = _real(songs, songs.split("test"), model)
    every = test if quick else _real(songs, np.arange(len(songs.songs)), model)
    made = {
        "forms drawn by seed": _values(model.generate(BARS, num=num)),
        f"--form {FORM}": _values(model.generate(form=FORM, num=num)),
        "--form none": _values(model.generate(BARS, num=num, form="none")),
    }
    for name, unit in BUILT.items():
        real = {"test": _estimate(_column(test, name)), "all": _estimate(_column(every, name))}
        yield from (_row(f"{name}: real songs, {which}", found, unit) for which, found in real.items())
        for what, values in made.items():
            found = _estimate(_column(values, name))
            within = [which for which, known in real.items() if known.low <= found.value <= known.high]
            more = f"{np.nanmean(_column(every, name) >= found.value):.0%} of all have as much"
            note = f"inside {' and '.join(within)}" if within else more
            yield _row(f"{name}: {what}", found, unit, _interval(real["test"], unit), note)


@dataclass(frozen=True)
class Measure:
    """One figure of a wish: what it is, what was asked for, its unit, and how a song is measured."""

    what: str
    target: str
    unit: str
    of: Callable[[Score], float]


def _wishes() -> Iterator[tuple[str, dict[str, Any], tuple[Measure, ...]]]:
    """Each wish as it is written, its options, and its figures."""
    for name, notes in {**DENSITIES, "3": 3.0, "8": 8.0}.items():
        yield f"--density {name}", {"density": name}, (Measure("notes a bar", f"{notes:g}", "notes", _notes_a_bar),)
    for name in (*REGISTERS, "G4", "A4-F5"):
        low, high = parse_register(name)
        inside = Measure(f"notes from {pitch_name(low)} to {pitch_name(high)}", "most", "%", _inside(low, high))
        yield f"--register {name}", {"register": name}, (inside,)
    for name in ("C", "A minor", "Eb", "F# minor"):
        key = Key.parse(name)
        heard = Measure("songs heard in it", "most", "%", _heard_in(key))
        yield f"--key {name}", {"key": name}, (heard, Measure("notes of its scale", "most", "%", _in_scale(key)))
    for tempo in (60.0, 140.0):
        yield f"--tempo {tempo:g}", {"tempo": tempo}, (Measure("beats a minute", f"{tempo:g}", "", _beats_a_minute),)
    for form, begins in {FORM: (8, 24), "ABAC": (16,), "AA'BA'": (8, 24)}.items():
        yield f"--form {form}", {"form": form}, (Measure("bars of A that come back", "100", "%", _come_back(begins)),)


def _asked(model: Model, num: int) -> Iterator[Row]:
    """Each wish beside what came of it, with what it costs in the note."""
    plain = _values(model.generate(BARS, num=num))
    one_voice = isinstance(model.codec, MelodyBars)
    for words, options, measures in _wishes():
        if not one_voice and options.keys() & _OF_ONE_VOICE:
            continue
        scores = model.generate(BARS, num=num, **options)
        cost = _cost(_values(scores), plain)
        for measure in measures:
            found = _estimate([measure.of(score) for score in scores])
            yield _row(f"{words}: {measure.what}", found, measure.unit, measure.target, cost)


def _real(songs: Corpus, which: NDArray[np.int64], model: Model) -> list[Values]:
    """The last 32 bars of songs as the model would have written them: its line of notes, or a melody over block chords;
    the beginnings of longer songs have no end, and a share of groups that close depends on their number."""
    found, of_notes = [], isinstance(model.codec, NoteSequences)
    for number in which.tolist():
        score = songs.score(number)
        if len(MelodyBars().encode(score)["real"]) < LEAST_BARS:
            continue
        if isinstance(model.codec, NoteSequences):
            written = model.codec.encode(score)
            inside = np.arange(written["bar"].shape[1]) < written["length"][:, None]
            if (written["bar"][inside] != STEPS).any():
                # Its line would be read across its bars.
                continue
            score = _ending(model.codec.decode(model.codec.line(score)[:, :3]))
        rows = MelodyBars().encode(score)
        bar = np.asarray(rows["bar"], np.int64)
        last = bar > bar.max(initial=0) - BARS
        if last.sum() >= LEAST_BARS:
            rows = {name: column[last] for name, column in rows.items()}
            found.append(_measured(score if of_notes else _over_blocks(rows), rows))
    return found


def _ending(score: Score) -> Score:
    """The last 32 bars of a score of one track in 4/4."""
    bar, notes = 4 * score.ticks_per_beat, score.tracks[0].notes
    begin = max(-(-score.end // bar) - BARS, 0) * bar
    kept = notes[notes["start"] >= begin].copy()
    for name in ("start", "end"):
        kept[name] -= begin
    return score.with_tracks((replace(score.tracks[0], notes=kept),))


def _over_blocks(rows: Mapping[str, NDArray[np.generic]]) -> Score:
    """The melody that rows of the codec tell of over its chords, which are played as a model's songs have them."""
    bar = np.asarray(rows["bar"], np.int64)
    codes = np.full(bar[-1] - bar[0] + 1, NO_CHORD, np.int64)
    codes[bar - bar[0]] = rows["chord"]
    chords = [None if code == NO_CHORD else parse_chord(SYMBOLS[code]) for code in codes.tolist()]
    score = MelodyBars().decode(_grid(rows))
    return score.with_tracks((*score.tracks, accompany(chords, "block", score.ticks_per_beat)))


def _values(scores: Sequence[Score]) -> list[Values]:
    return [_measured(score, MelodyBars().encode(score)) for score in scores]


def _measured(score: Score, rows: Mapping[str, NDArray[np.generic]]) -> Values:
    """`BUILT` of one song."""
    whole, line = Notes.from_score(score), _line(rows)
    alike, key, harmony = self_similarity(line)[0], best_key(whole), harmony_metrics(whole)
    bars = melody_metrics(rows)
    return {
        **{f"bars back after {lag}": forms.bars_back(line, lag) for lag in forms.PHRASES},
        **{f"rhythms back after {lag}": forms.bars_back(line, lag, rhythm=True) for lag in forms.PHRASES},
        **{f"similarity {lag} bars apart": float(alike[lag - 1]) for lag in forms.PHRASES},
        **{f"similarity peak at {lag}": forms.similarity_peak(line, lag) for lag in forms.PHRASES},
        "last note on the tonic": forms.last_note_on_tonic(line, key),
        "last note": forms.last_note_beats(line),
        "note length": float((line.end_beat - line.start_beat).mean()),
        "last chord on the tonic": float(np.asarray(harmony["ends_on_tonic"])),
        "groups of four bars that end in a cadence": float(np.asarray(harmony["cadence_share"])),
        "notes a bar": float(bars["notes_a_bar"].mean()),
        "notes of the bar's chord": _mean(bars["chord_tone_share"]),
        "pitch changes a bar": float(bars["pitch_changes"].mean()),
    }


def _mean(values: NDArray[np.float64]) -> float:
    return float(np.nanmean(values)) if np.isfinite(values).any() else float("nan")


def _line(rows: Mapping[str, NDArray[np.generic]]) -> Notes:
    """The melody that rows of the codec tell of."""
    return Notes.from_score(MelodyBars().decode(_grid(rows)))


def _grid(rows: Mapping[str, NDArray[np.generic]]) -> NDArray[np.uint8]:
    """Bars (B, T) with the silent ones between them."""
    bar = np.asarray(rows["bar"], np.int64)
    grid = np.full((bar[-1] - bar[0] + 1, STEPS), REST, np.uint8)
    grid[bar - bar[0]] = rows["real"]
    return grid


def _column(songs: Sequence[Values], name: str) -> NDArray[np.float64]:
    return np.array([song[name] for song in songs])


def _estimate(values: ArrayLike) -> Estimate:
    found = np.asarray(values, np.float64)
    return estimate(Column(found, np.arange(len(found))), seed=0)


def _row(name: str, found: Estimate, unit: str, target: str = "", more: str = "") -> Row:
    value = found.value * (100 if unit == "%" else 1)
    note = f"{_interval(found, unit)}, {found.num_songs} songs{'; ' if more else ''}{more}"
    return Row(name, value, unit, target, note)


def _interval(found: Estimate, unit: str) -> str:
    times = 100 if unit == "%" else 1
    return f"[{found.low * times:.3g}, {found.high * times:.3g}]"


def _cost(wished: Sequence[Values], plain: Sequence[Values]) -> str:
    """What else is other than without the wish."""
    told = []
    for name in ("notes of the bar's chord", "pitch changes a bar"):
        with_it, without = (np.nanmean(_column(songs, name)) for songs in (wished, plain))
        form = ".1%" if BUILT[name] == "%" else ".2f"
        told.append(f"{name} {with_it:{form}}, else {without:{form}}")
    return "; ".join(told)


def _notes_a_bar(score: Score) -> float:
    return len(score.tracks[0].notes) / BARS


def _inside(low: int, high: int) -> Callable[[Score], float]:
    def share(score: Score) -> float:
        pitch = score.tracks[0].notes["pitch"]
        return float(((pitch >= low) & (pitch <= high)).mean())

    return share


def _heard_in(key: Key) -> Callable[[Score], float]:
    return lambda score: float(best_key(Notes.from_score(score)) == key)


def _in_scale(key: Key) -> Callable[[Score], float]:
    return lambda score: in_key_onset_share(_line(MelodyBars().encode(score)), key)


def _beats_a_minute(score: Score) -> float:
    return 60 * score.end / score.ticks_per_beat / score.duration_seconds


def _come_back(begins: Sequence[int]) -> Callable[[Score], float]:
    """Share of the bars of the first section's first 6, the last of all aside, that come back note for note."""

    def share(score: Score) -> float:
        notes, bar = score.tracks[0].notes, 4 * score.ticks_per_beat
        table = {(int(start), int(pitch)) for start, pitch in zip(notes["start"], notes["pitch"], strict=True)}
        bars = [{(s % bar, p) for s, p in table if s // bar == number} for number in range(BARS)]
        pairs = [(number, begin + number) for begin in begins for number in range(6)]
        return float(np.mean([bars[first] == bars[back] for first, back in pairs]))

    return share
