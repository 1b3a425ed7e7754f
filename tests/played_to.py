"""Songs to accompany, and a band without networks that plays to them by rule."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, ClassVar, cast

import numpy as np

from antiphon.codecs.codec import Codec
from antiphon.codecs.phrases import PhraseRolls
from antiphon.codecs.strokes import Strokes
from antiphon.generate import Model
from antiphon.music.score import TIME_SIGNATURE, Score, Track, notes_from_columns, table
from antiphon.writers.bands import BandWriter, Setting
from antiphon.writers.writer import Bars, Chance

BEAT = 480
BAR = 4 * BEAT
DRUMS, PIANO, GUITAR, BASS, STRINGS = range(5)


class RuleWriter(BandWriter):
    """Each asked track strikes once a beat, and holds until the next: the pitch class that is given there or was last,
    in its own octave; drums their one stroke. Settings are remembered."""

    reads = frozenset()
    has_temperature: ClassVar[bool] = True
    knows_silence: ClassVar[bool] = True
    tempo: ClassVar[float] = 100.0

    def __init__(self, codec: PhraseRolls, hears: tuple[int, ...] | None = None) -> None:
        self.codec, self.hears = codec, hears
        self.settings: list[Setting] = []
        self.temperatures: list[float] = []

    def opening(self, chance: Chance) -> Bars:
        return np.empty(0, np.uint8)

    def last_bar(self, score: Score, codec: Codec) -> Bars | None:
        return None

    def compose(self, chances: Sequence[Chance], openings: Bars, chords: Bars, temperature: float) -> Sequence[Bars]:
        raise NotImplementedError

    def perform(self, chances: Sequence[Chance], setting: Setting, temperature: float) -> list[Strokes]:
        self.settings.append(setting)
        self.temperatures.append(temperature)
        return [self._song(chance, setting) for chance in chances]

    def between(self, *_: Any) -> list[Strokes]:
        raise NotImplementedError

    def vary(self, *_: Any) -> list[Strokes]:
        raise NotImplementedError

    def _song(self, chance: Chance, setting: Setting) -> Strokes:
        beat = self.codec.resolution
        start = np.arange(4 * setting.num_bars) * beat
        order = np.argsort(setting.given.start, kind="stable")
        heard = np.searchsorted(setting.given.start[order], start, side="right") - 1
        pitch = (setting.given.pitch[order][heard] + self.codec.lowest_pitch) % 12
        octave = 12 * int(chance.integers(3, 5))
        rows = [
            (track, 36 if track in self.codec.ensemble.drums else pitch + octave + 12 * (track % 2))
            for track in setting.asked
        ]
        return Strokes(
            np.concatenate([np.full(len(start), track) for track, _ in rows]),
            np.concatenate([np.broadcast_to(played, len(start)) for _, played in rows]) - self.codec.lowest_pitch,
            np.tile(start, len(rows)),
            np.concatenate([start + (1 if track in self.codec.ensemble.drums else beat) for track, _ in rows]),
        )


def band(writer: RuleWriter | None = None, **codec: Any) -> Model:
    """A model that plays by rule; its writer remembers what it was given."""
    writer = writer or RuleWriter(PhraseRolls(**{"resolution": 4, **codec}))
    texts = lambda seed: ((0, f"seed: {seed}"),)  # noqa: E731
    return cast(Model, SimpleNamespace(name="toy", writer=writer, codec=writer.codec, texts=texts))


def line(*pitches: int, length: int = BEAT, start: int = 0, velocity: int = 80) -> np.ndarray:
    """Notes one after the other."""
    at = start + length * np.arange(len(pitches))
    return notes_from_columns(at, at + length, list(pitches), velocity)


def tracks() -> dict[str, Track]:
    """Four bars: a tune, a piano, a bass, and drums under a program of their own, as some files have them."""
    return {
        "tune": Track(line(*[60, 62, 64, 65] * 4), program=73, name="Flute"),
        "piano": Track(line(*[48, 55, 52, 55] * 4), program=0, name="Piano"),
        "bass": Track(line(*[36, 36, 43, 36] * 4), program=33, name="E-Bass"),
        "drums": Track(line(*[36, 42, 38, 42] * 4), program=48, is_drum=True, name="Kit"),
    }


def song(*names: str, metre: Sequence[tuple[int, int, int]] = ((0, 4, 4),)) -> Score:
    """Some of `tracks`, or all."""
    every = tracks()
    chosen = tuple(every[name] for name in names) or tuple(every.values())
    return Score(BEAT, chosen, time_signatures=table(TIME_SIGNATURE, list(metre)))
