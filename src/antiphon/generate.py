"""From a model to scores: songs of any length, over chords, in sections, from a seed.

Axes: N songs, B bar, T step (16).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import antiphon
from antiphon.accompanying import Accompanied, accompany_song
from antiphon.asked import FASTEST, HELD_OUT, SLOWEST, Asked, check_values
from antiphon.between_songs import Between, songs_between
from antiphon.codecs.frames import FrameBars
from antiphon.codecs.melody import STEPS, MelodyBars, why_silent
from antiphon.codecs.notes import NoteSequences
from antiphon.codecs.performance import PerformanceTokens
from antiphon.codecs.phrases import PhraseRolls
from antiphon.codecs.progressions import Progressions
from antiphon.composing import PROGRESSIONS, Compose, composed_by
from antiphon.continuing import continue_song
from antiphon.errors import InputError
from antiphon.gan.objective import Objective
from antiphon.model_files import ModelFile, read
from antiphon.music.accompaniment import accompany
from antiphon.music.keys import estimate_key
from antiphon.music.score import KEY_SIGNATURE, Score, table
from antiphon.music.theory import Chord, parse_chord
from antiphon.orders import Chords, Order, check_abilities, settle
from antiphon.performing import Continued, perform_songs
from antiphon.plans import Plan, make_plans, script_of
from antiphon.playing import play_songs
from antiphon.resolved import ModelConfig
from antiphon.varying import vary_songs
from antiphon.writers.bands import BandWriter
from antiphon.writers.chords import ChordsWriter
from antiphon.writers.performances import PerformanceWriter
from antiphon.writers.phrases import PhraseWriter
from antiphon.writers.table import writer_of
from antiphon.writers.writer import Chance, SongWriter, Writer

Bars = NDArray[np.uint8]

_AT_ONCE = 256
_MOST_BARS_AT_ONCE = 2**15
_NOISE, _PLAN = 0, 1
# Velocity of chords without a melody, as loud as one would be.
_ALONE = 90


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
    def writer(self) -> Writer:
        """Who writes with the model's networks."""
        return self._writer

    @property
    def _song_writer(self) -> SongWriter:
        assert isinstance(self._writer, SongWriter)
        return self._writer

    @property
    def codec(self) -> FrameBars | MelodyBars | NoteSequences | Progressions | PhraseRolls | PerformanceTokens:
        """The representation that the model writes in."""
        return self.config.codec

    def generate(
        self,
        bars: int | None = None,
        *,
        seed: int = 0,
        num: int = 1,
        form: str | None = None,
        section_bars: int | None = None,
        chords: str | None = None,
        tempo: float | None = None,
        key: str | None = None,
        density: str | float | Mapping[str, str | float] | None = None,
        register: str | int | None = None,
        first: Path | str | Score | None = None,
        accompaniment: str | None = "block",
        temperature: float = 1.0,
        progression: str | None = None,
        tracks: str | Sequence[str] | None = None,
        program: str | Mapping[str, str | int] | None = None,
        mute: str | Sequence[str] | None = None,
        sixteenths: bool = False,
        seconds: float | None = None,
        top_k: int | None = None,
        top_p: float | None = None,
    ) -> list[Score]:
        """Write songs.

        Parameters
        ----------
        bars
            Length of each song; None: 8, or what the form comes to.
        seed
            Song `i` is the first song of `seed + i`, whatever `num` is: the same bytes on any CPU.
        num
            How many songs.
        form
            A letter for each section, such as "AABA": one that was there before comes back, with an apostrophe to
            another ending (`antiphon.music.form`). None: models of phrases draw a form by seed for songs of four bars
            and more; "none": one bar after the other, without sections or an end.
        section_bars
            Bars a section; None: what the bars come to, else 8 in forms of up to four sections and 4 in longer ones.
        chords
            Symbols such as "C G Am F", one a bar, repeated. None has them composed by seed, the same for sections of
            one letter, with a cadence at the end.
        tempo
            Beats a minute; None: the family's own.
        key
            Such as "A minor": what chords are composed in, or beside `chords` what the song is said to be in and
            ends in. None draws a key by seed, unless there are chords. Bands: of some songs one in this mode is taken
            and transposed as a whole, but for the drums, the smallest way there; None: as it comes.
        density
            "low", "medium", "high" or a number of notes a bar, of the melody on average; None: as it comes. Bands: how
            many times as many notes as by themselves they play, or so for each part (`antiphon.part_options`).
        register
            "low", "middle", "high", a pitch such as "G4" or a range such as "C4-G4" in which the melody is wished to
            stay, pitches also as MIDI numbers such as 67 or "60-67"; None: as it comes.
        first
            A MIDI file, or a score: the first bar follows the last one in which its melody begins a note, in its tempo,
            its key, and over the chords that are written in it, unless others are asked for; or "held-out", a bar of
            music that the model was not trained on, by seed, where the model file carries some. None: silence for
            models that know it, else "held-out", else one held note.
        accompaniment
            A name in `antiphon.music.accompaniment.PATTERNS`, or None.
        temperature
            Boldness: below 1 safer, above 1 wilder, 0 the likeliest step each time.
        progression
            Who composes chords: "learnt", the shipped model `chords`, or "common", a list of common progressions. None:
            learnt.
        tracks, program, mute
            Of bands: names of the parts that play, all by default; their General MIDI programs; and parts that are
            heard by the others and then left out. See `antiphon.accompanying.accompany_song`.
        sixteenths
            Of bands: whether notes begin and end on sixteenths, as in the songs that listeners of Dong et al. 2018
            heard, rather than on the model's grid.
        seconds
            Of models of performances: the length of each, to the 10 ms; None: 60. What sounds there ends there.
        top_k, top_p
            Of models of performances: draw from so many likeliest tokens alone, or from the fewest likeliest that have
            this share of the chances; None: from all.

        Returns
        -------
        Scores with a melody, an accompaniment where there are chords, and texts that say where they came from.

        Raises
        ------
        InputError
            If a value is of another kind or out of range, a chord, key, form, pitch or pattern unknown, options
            contradict each other, the file cannot be used, or the model cannot honour an option.
        """
        asked = Asked(
            bars,
            seed,
            num,
            form,
            section_bars,
            chords,
            tempo,
            key,
            density,
            register,
            first,
            accompaniment,
            temperature,
            progression,
            tracks,
            program,
            mute,
            sixteenths,
            seconds,
            top_k,
            top_p,
        )
        check_values(asked)
        check_abilities(self.name, self._writer, asked)
        if isinstance(self._writer, BandWriter):
            return play_songs(self, asked)
        if isinstance(self._writer, PerformanceWriter):
            return perform_songs(self, asked)
        order, tune = settle(asked, self._writer), _tune(first)
        openings = self._openings(first, tune)
        if tune is not None and "chord" in self._writer.reads:
            order = _continuing(order, tune)
        if tune is not None and isinstance(self.codec, MelodyBars):
            tempo = tempo or last_tempo(tune)
        songs: list[Score] = []
        at_once = max(min(_AT_ONCE, _MOST_BARS_AT_ONCE // order.bars), 1)
        for begin in range(0, num, at_once):
            seeds = range(seed + begin, seed + min(num, begin + at_once))
            plans = self._plans(order, seeds, openings)
            written = self._compose(plans, seeds, temperature)
            songs += [
                self._score(song, plan, track, tempo, accompaniment)
                for song, plan, track in zip(seeds, plans, written, strict=True)
            ]
        return songs

    def compose(
        self,
        bars: int | None = None,
        *,
        key: str | None = None,
        form: str | None = None,
        section_bars: int | None = None,
        num: int = 1,
        seed: int = 0,
        temperature: float = 1.0,
    ) -> list[Chords]:
        """The chords of the songs that `generate` writes for the same options, one a bar; for models of the family
        `chords`.

        Parameters
        ----------
        bars, key, form, section_bars, num, seed, temperature
            See `generate`.

        Raises
        ------
        InputError
            As `generate` does, and for models that write no chords.
        """
        if not isinstance(self._writer, ChordsWriter):
            raise InputError(f"compose: the model {self.name} writes no chords; take the model chords")
        asked = Asked(bars, seed, num, form, section_bars, key=key, temperature=temperature)
        check_values(asked)
        order = settle(asked, self._writer)
        return [plan.chords for plan in self._plans(order, range(seed, seed + num), self._openings(None, None))]

    def continue_song(
        self,
        prime: Path | str | Score,
        bars: int | None = None,
        *,
        seed: int = 0,
        num: int = 1,
        temperature: float = 1.0,
        only_new: bool = False,
        seconds: float | None = None,
        top_k: int | None = None,
        top_p: float | None = None,
    ) -> Continued:
        """Write what follows a piece, see `antiphon.continuing.continue_song`."""
        options: dict[str, Any] = {"seed": seed, "num": num, "temperature": temperature, "only_new": only_new}
        options |= {"seconds": seconds, "top_k": top_k, "top_p": top_p}
        return continue_song(self, prime, bars, **options)

    def between(
        self, seeds: str | Sequence[int], steps: str | int | None = None, method: str = "slerp", **options: Any
    ) -> Between:
        """Write songs that lie between those of two seeds, or of four, see `antiphon.between_songs.songs_between`."""
        return songs_between(self, seeds, steps, method, **options)

    def vary(
        self, vary: str | Sequence[str], *, seed: int = 0, vary_seed: int = 1, num: int = 1, **options: Any
    ) -> list[Score]:
        """Write some tracks of a song anew, see `antiphon.varying.vary_songs`."""
        return vary_songs(self, vary, seed=seed, vary_seed=vary_seed, num=num, **options)

    def accompany(
        self,
        song: Path | str | Score,
        keep: str | int | Sequence[str | int] | None = None,
        tracks: str | Sequence[str] | None = None,
        **options: Any,
    ) -> Accompanied:
        """Write tracks to those of a song that are kept, see `antiphon.accompanying.accompany_song`."""
        return accompany_song(self, song, keep, tracks, **options)

    def texts(self, seed: int | str) -> tuple[tuple[int, str], ...]:
        """Where the song of a seed comes from, as the texts of a score."""
        texts = (
            f"generator: antiphon {antiphon.__version__}",
            f"model: {self.name} ({self.card.get('preset', self.config.family.kind)})",
            f"seed: {seed}",
            f"licence: {self.card.get('licence', 'unknown')}",
        )
        return tuple((0, text) for text in texts)

    def _compose(self, plans: Sequence[Plan], seeds: Sequence[int], temperature: float) -> Sequence[Bars]:
        """Each song as rows of the codec."""
        chances = [_chance(seed, _NOISE) for seed in seeds]
        openings, codes = (np.stack(parts) for parts in zip(*((p.opening, p.codes) for p in plans), strict=True))
        script = script_of(plans)
        if script is not None and isinstance(self._writer, PhraseWriter):
            return self._writer.perform(chances, openings, codes, temperature, script)
        return self._song_writer.compose(chances, openings, codes, temperature)

    def _plans(self, order: Order, seeds: Sequence[int], openings: Bars) -> list[Plan]:
        """A plan for each seed; `openings` are those of `_openings`."""
        chances = [_chance(seed, _PLAN) for seed in seeds]
        drawn = [self._song_writer.opening(chance) for chance in chances]
        if len(openings):
            drawn = [openings[chance.integers(len(openings))] for chance in chances]
        return make_plans(order, drawn, chances, self._composer(order))

    def _composer(self, order: Order) -> Compose | None:
        """Who composes the songs' chords; none where they are given, or not heard."""
        if isinstance(self._writer, ChordsWriter):
            return composed_by(self._writer, order.temperature)
        wanted = "chord" in self._writer.reads and order.chords is None
        return PROGRESSIONS[order.progression]() if wanted else None

    def _openings(self, first: Path | str | Score | None, tune: Score | None) -> Bars:
        """Bars (n, T) of which one is drawn to be what a song's first bar follows; none to leave it to the family."""
        if tune is not None:
            return self._last_bar("the score" if isinstance(first, Score) else str(first), tune)[None]
        bars = self._held_out.get("real", np.empty((0, STEPS), np.uint8))
        if first == HELD_OUT and not len(bars):
            raise InputError(f"first: the model {self.name} carries no held-out bars; give a MIDI file or leave it out")
        return bars if first == HELD_OUT or not self._writer.knows_silence else bars[:0]

    def _last_bar(self, what: str, tune: Score) -> Bars:
        bar = self._song_writer.last_bar(tune, self.codec)
        if bar is None:
            metrical = isinstance(self.codec, MelodyBars)
            reason = why_silent(tune) if metrical else "no pitched note sounds in it, or it is too short"
            raise InputError(f"{what}: no bar that this model can follow: {reason}; give another file")
        return bar

    def _score(self, seed: int, plan: Plan, rows: Bars, tempo: float | None, accompaniment: str | None) -> Score:
        score = self._song_writer.decode(self.codec, rows, tempo or self._writer.tempo)
        bar_ticks = 4 * score.ticks_per_beat
        symbols = tuple((bar * bar_ticks, chord.symbol) for bar, chord in enumerate(plan.chords) if chord is not None)
        tracks = score.tracks
        if accompaniment is not None and symbols and not self._writer.has_harmony:
            loudest = max((int(track.notes["velocity"].max(initial=50)) for track in tracks), default=_ALONE)
            chords = accompany(plan.chords, accompaniment, score.ticks_per_beat, loudest=loudest)
            tracks = (*tracks, chords)
        keys = [(0, plan.key.sharps, plan.key.is_minor)] if plan.key is not None else []
        return replace(
            score,
            tracks=tracks,
            chords=symbols,
            key_signatures=table(KEY_SIGNATURE, keys),
            texts=self.texts(seed) + (((0, plan.layout.text),) if plan.layout else ()),
        )


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
    return tempo if SLOWEST <= tempo <= FASTEST else None


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


def _continuing(order: Order, tune: Score) -> Order:
    """An order in the key of a tune, and over its last chords where neither chords nor a key are asked for."""
    chords = order.chords or (last_chords(tune) if order.key is None else None)
    return replace(order, chords=chords, key=order.key or estimate_key(tune))


def _chance(seed: int, purpose: int) -> Chance:
    return np.random.default_rng([seed, purpose])
