"""From a model to scores: chains of bars of any length, over chords, from a seed.

Axes: N songs, B bar, T step (16).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import antiphon
from antiphon.codecs.chords import triad_code
from antiphon.codecs.frames import FrameBars
from antiphon.codecs.melody import STEPS, MelodyBars, why_silent
from antiphon.codecs.notes import NoteSequences
from antiphon.errors import InputError
from antiphon.gan.objective import Objective
from antiphon.model_files import ModelFile, read
from antiphon.music.accompaniment import PATTERNS, accompany
from antiphon.music.keys import estimate_key
from antiphon.music.progressions import draw_key, draw_progression
from antiphon.music.score import KEY_SIGNATURE, Score, table
from antiphon.music.theory import Chord, Key, parse_chord, parse_progression
from antiphon.resolved import ModelConfig
from antiphon.writers.table import writer_of
from antiphon.writers.writer import MOST_BOLD, Chance, Writer

Bars = NDArray[np.uint8]

HELD_OUT = "held-out"

_AT_ONCE = 256
_MOST_BARS = 10_000
_SLOWEST, _FASTEST = 10, 1000
_NOISE, _PLAN = 0, 1


@dataclass(frozen=True)
class Plan:
    """What is settled before a song's first note.

    Parameters
    ----------
    chords
        One a bar, None where there is none.
    codes
        The same as the model hears them, uint8 (B,), see `antiphon.codecs.chords`.
    key
        None where none was given or drawn.
    opening
        What the first bar follows, uint8 (T,); for families that write pieces, nothing (0,).
    """

    chords: tuple[Chord | None, ...]
    codes: Bars
    key: Key | None
    opening: Bars


class Model:
    """A generator with its codec, ready to write; see `load`.

    Parameters
    ----------
    file
        What `antiphon.model_files.read` gave.

    Attributes
    ----------
    name, card, config
        What the file says of itself.
    objective
        Both players as they were trained, in evaluation mode, for who wants samples rather than songs.
    """

    def __init__(self, file: ModelFile) -> None:
        self.name = file.name
        self.card: Mapping[str, Any] = file.card
        self.config: ModelConfig = file.config
        self.objective: Objective = file.build().eval()
        self._writer: Writer = writer_of(self.objective)
        self._held_out = file.held_out

    @property
    def codec(self) -> FrameBars | MelodyBars | NoteSequences:
        """The representation that the model writes in."""
        return self.config.codec

    def generate(
        self,
        bars: int = 8,
        *,
        seed: int = 0,
        num: int = 1,
        chords: str | None = None,
        tempo: float | None = None,
        key: str | None = None,
        first: Path | str | Score | None = None,
        accompaniment: str | None = "block",
        temperature: float = 1.0,
    ) -> list[Score]:
        """Write songs.

        Parameters
        ----------
        bars
            Length of each song.
        seed
            Song `i` is the first song of `seed + i`, whatever `num` is: the same bytes on any CPU.
        num
            How many songs.
        chords
            Symbols such as "C G Am F", one a bar, repeated. None draws a common progression by seed.
        tempo
            Beats a minute; None: the family's own.
        key
            Such as "A minor": where the progression is drawn from, so not together with `chords`; None draws a key by
            seed.
        first
            A MIDI file, or a score, whose last bar the first bar follows, in its tempo, its key, and over the chords
            that are written in it, unless others are asked for; or "held-out", a bar of music that the model
            was not trained on, by seed, where the model file carries some. None: silence for models that know it, else
            "held-out", else one held note.
        accompaniment
            A name in `antiphon.music.accompaniment.PATTERNS`, or None.
        temperature
            Boldness: below 1 safer, above 1 wilder, 0 the likeliest step each time.

        Returns
        -------
        Scores with a melody, an accompaniment where there are chords, and texts that say where they came from.

        Raises
        ------
        InputError
            If a value is out of range, a chord, key or pattern unknown, the file cannot be used, or the model cannot
            honour an option.
        """
        self._check(bars, seed, num, tempo, temperature)
        self._check_abilities(chords, key, first, accompaniment, temperature)
        if chords is not None and key is not None:
            raise InputError(
                f"key {key!r}: a progression is drawn from a key, but chords are given; leave one of the two out"
            )
        tune = _tune(first)
        given = parse_progression(chords) if chords is not None else None
        in_key = _mode(key) if key is not None else None
        openings = self._openings(first, tune)
        if tune is not None and "chord" in self._writer.reads:
            given = given or (last_chords(tune) if in_key is None else None)
            in_key = in_key or estimate_key(tune)
        if tune is not None and isinstance(self.codec, MelodyBars):
            tempo = tempo or last_tempo(tune)
        songs: list[Score] = []
        for begin in range(0, num, _AT_ONCE):
            seeds = range(seed + begin, seed + min(num, begin + _AT_ONCE))
            plans = [self._plan(bars, song, given, in_key, openings) for song in seeds]
            written = self._compose(plans, seeds, temperature)
            songs += [
                self._score(song, plan, track, tempo, accompaniment)
                for song, plan, track in zip(seeds, plans, written, strict=True)
            ]
        return songs

    def _compose(self, plans: Sequence[Plan], seeds: Sequence[int], temperature: float) -> Sequence[Bars]:
        """Each song as rows of the codec."""
        chances = [_chance(seed, _NOISE) for seed in seeds]
        openings, codes = (np.stack(parts) for parts in zip(*((p.opening, p.codes) for p in plans), strict=True))
        return self._writer.compose(chances, openings, codes, temperature)

    def _plan(
        self, bars: int, seed: int, given: tuple[Chord | None, ...] | None, key: Key | None, openings: Bars
    ) -> Plan:
        chance = _chance(seed, _PLAN)
        drawn = self._writer.opening(chance)
        opening = openings[chance.integers(len(openings))] if len(openings) else drawn
        progression: tuple[Chord | None, ...] = (None,)
        if given is not None:
            progression = given
        elif "chord" in self._writer.reads:
            key = key or draw_key(chance)
            progression = draw_progression(key, chance)
        chords = tuple(progression[bar % len(progression)] for bar in range(bars))
        codes = np.array([triad_code(chord) for chord in progression], np.uint8)
        return Plan(chords, np.resize(codes, bars), key, opening)

    def _openings(self, first: Path | str | Score | None, tune: Score | None) -> Bars:
        """Bars (n, T) of which one is drawn to be what a song's first bar follows; none to leave it to the family."""
        if tune is not None:
            return self._last_bar("the score" if isinstance(first, Score) else str(first), tune)[None]
        bars = self._held_out.get("real", np.empty((0, STEPS), np.uint8))
        if first == HELD_OUT and not len(bars):
            raise InputError(f"first: the model {self.name} carries no held-out bars; give a MIDI file or leave it out")
        return bars if first == HELD_OUT or not self._writer.knows_silence else bars[:0]

    def _last_bar(self, what: str, tune: Score) -> Bars:
        bar = self._writer.last_bar(tune, self.codec)
        if bar is None:
            metrical = isinstance(self.codec, MelodyBars)
            reason = why_silent(tune) if metrical else "no pitched note sounds in it, or it is too short"
            raise InputError(f"{what}: no bar that this model can follow: {reason}; give another file")
        return bar

    def _score(self, seed: int, plan: Plan, rows: Bars, tempo: float | None, accompaniment: str | None) -> Score:
        score = self.codec.decode(rows, tempo=tempo or self._writer.tempo)
        bar_ticks = 4 * score.ticks_per_beat
        symbols = tuple((bar * bar_ticks, chord.symbol) for bar, chord in enumerate(plan.chords) if chord is not None)
        tracks = score.tracks
        if accompaniment is not None and symbols:
            loudest = int(tracks[0].notes["velocity"].max(initial=50))
            chords = accompany(plan.chords, accompaniment, score.ticks_per_beat, loudest=loudest)
            tracks = (*tracks, chords)
        keys = [(0, plan.key.sharps, plan.key.is_minor)] if plan.key is not None else []
        return replace(
            score,
            tracks=tracks,
            chords=symbols,
            key_signatures=table(KEY_SIGNATURE, keys),
            texts=tuple((0, text) for text in self._texts(seed)),
        )

    def _texts(self, seed: int) -> list[str]:
        return [
            f"generator: antiphon {antiphon.__version__}",
            f"model: {self.name} ({self.card.get('preset', self.config.family.kind)})",
            f"seed: {seed}",
            f"licence: {self.card.get('licence', 'unknown')}",
        ]

    def _check(self, bars: int, seed: int, num: int, tempo: float | None, temperature: float) -> None:
        _within("bars", bars, 1, _MOST_BARS)
        _within("num", num, 1, 1_000_000)
        _within("seed", seed, 0, 2**62)
        _within("tempo", 120 if tempo is None else tempo, _SLOWEST, _FASTEST)
        _within("temperature", temperature, 0, MOST_BOLD)

    def _check_abilities(
        self,
        chords: str | None,
        key: str | None,
        first: Path | str | Score | None,
        accompaniment: str | None,
        temperature: float,
    ) -> None:
        reads = self._writer.reads
        if accompaniment is not None and accompaniment not in PATTERNS:
            raise InputError(f"accompaniment {accompaniment!r}: choose one of {', '.join(PATTERNS)}")
        wants_chords = {
            "chords": chords is not None,
            "key": key is not None,
            # Block chords are what is played unasked; without chords they are silence.
            "accompaniment": accompaniment not in {None, "block"},
        }
        for option, wanted in wants_chords.items():
            if wanted and "chord" not in reads:
                self._refuse(option, "hears no chords", "bar and midinet-v3 models do")
        if first is not None and "previous" not in reads:
            self._refuse("first", "does not hear the bar before", "bar, midinet-v2 and midinet-v3 models do")
        if temperature != 1.0 and not self._writer.has_temperature:
            self._refuse("temperature", "has no choice to make at a step", "bar and lstm models do")

    def _refuse(self, option: str, why: str, who: str) -> None:
        raise InputError(f"{option}: the model {self.name} {why}; {who}, so leave {option} out or choose one of those")


def load(model: str | Path = "bar") -> Model:
    """Open a model for generating.

    Parameters
    ----------
    model
        The name of a shipped model, a `.safetensors` file, or a hub id `owner/name` (fetched once, then cached).

    Raises
    ------
    InputError
        If there is no such model, or it cannot be read.
    """
    return Model(read(model))


def last_tempo(tune: Score) -> float | None:
    """Beats a minute at the end of a tune; 120 where it states none, as the file format has it."""
    tempo = 60_000_000 / int(tune.tempos["beat_us"][-1]) if len(tune.tempos) else 120.0
    return tempo if _SLOWEST <= tempo <= _FASTEST else None


def last_chords(tune: Score, most: int = 8) -> tuple[Chord | None, ...] | None:
    """The chords written over the last bars of a tune, one a bar; None where it has none."""
    if not tune.chords:
        return None
    lines = tune.bars()[:-1][-most:]
    ticks = np.array([tick for tick, _ in tune.chords])
    rows = np.searchsorted(ticks, lines, side="right") - 1
    return tuple(parse_chord(tune.chords[row][1]) if row >= 0 else None for row in rows)


def _tune(first: Path | str | Score | None) -> Score | None:
    """What the first bar is to follow, read; None where that is not music of the caller's."""
    from antiphon.io.midi import read_midi

    if first is None or isinstance(first, Score):
        return first
    return None if first == HELD_OUT else read_midi(first)


def _mode(text: str) -> Key:
    """A key that progressions are known for."""
    key = Key.parse(text)
    if key.scale not in {"major", "natural minor"}:
        raise InputError(f"key {text!r}: progressions are known in major and minor; give chords for other scales")
    return key


def _chance(seed: int, purpose: int) -> Chance:
    return np.random.default_rng([seed, purpose])


def _within(name: str, value: float, low: float, high: float) -> None:
    # Written so that NaN is outside.
    if not low <= value <= high:
        raise InputError(f"{name} = {value}: choose a value from {low} to {high}")
