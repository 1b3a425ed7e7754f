"""How the `band` family writes: one track after the other, each to those that are given and those that are written.

Axes: N songs, K track, B bar, S step of a run of bars, P pitch.
"""

import copy
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray

from antiphon.codecs.codec import Codec
from antiphon.codecs.phrases import pack
from antiphon.codecs.strokes import Strokes, fill, without_overlap
from antiphon.families.band.folded import MOST, Folded
from antiphon.families.band.networks import NUM_TRAITS, Band, Told
from antiphon.families.band.objective import BandObjective
from antiphon.families.band.rolls import traits_of
from antiphon.music.score import Score
from antiphon.writers.bands import BandWriter, Setting
from antiphon.writers.writer import Bars, Chance

# Those that carry the others come first.
_ORDER = (0, 3, 2, 1, 4)
_FLOOR = 0.02
# How much nearer a style is than another, in deviations of the given tracks' traits, to be drawn e times as often.
_NEAR = 0.5


class TrackByTrackWriter(BandWriter):
    """Writes tracks step by step, in an order of its own; a run of bars is a piece for itself."""

    reads = frozenset()
    has_temperature: ClassVar[bool] = True
    knows_silence: ClassVar[bool] = True
    has_harmony: ClassVar[bool] = True
    tempo: ClassVar[float] = 120.0

    def __init__(self, objective: BandObjective) -> None:
        self._config = objective.config
        self._net = copy.deepcopy(objective.generator).double().cpu().eval()
        self._folded = Folded(self._net)
        self.order, self.floor = _ORDER, _FLOOR

    def opening(self, chance: Chance) -> Bars:
        """Nothing."""
        return np.empty(0, np.uint8)

    def last_bar(self, score: Score, codec: Codec) -> Bars | None:
        """None that it could follow."""
        return None

    def compose(self, chances: Sequence[Chance], openings: Bars, chords: Bars, temperature: float) -> Sequence[Bars]:
        """What sounds and what is struck, packed (2, 1, K, B, bytes), of each song."""
        config, nothing = self._config, np.empty(0, np.int64)
        num_bars = chords.shape[1]
        setting = Setting(
            begins=np.arange(num_bars) == 0,
            given=Strokes(nothing, nothing, nothing, nothing),
            known=(),
            asked=tuple(range(config.tracks)),
        )
        songs = []
        for strokes in self.perform(chances, setting, temperature):
            cells = np.zeros((2, 1, config.tracks, num_bars, config.steps, config.pitches), bool)
            fill(cells[0], cells[1], strokes, np.zeros(1, np.int64))
            songs.append(pack(cells))
        return songs

    def decode(self, codec: Any, rows: Bars, tempo: float) -> Score:
        """Repeated notes stay apart."""
        score: Score = codec.model_copy(update={"bars": rows.shape[3]}).decode(*rows, tempo=tempo)
        return score

    def perform(self, chances: Sequence[Chance], setting: Setting, temperature: float) -> list[Strokes]:
        """See `BandWriter.perform`."""
        style = np.stack([self._style(chance, setting) for chance in chances])
        noise = [
            [np.random.default_rng(int(chance.integers(2**63))) for _ in range(self._config.tracks)]
            for chance in chances
        ]
        found: list[list[Strokes]] = [[] for _ in chances]
        bounds = [*np.flatnonzero(setting.begins), setting.num_bars]
        for begin, end in zip(bounds[:-1], bounds[1:], strict=True):
            steps = self._config.steps * begin, self._config.steps * end
            for song, strokes in enumerate(self._run(noise, style, setting, *steps, temperature)):
                found[song].append(strokes)
        return [_joined(parts) for parts in found]

    def _style(self, chance: Chance, setting: Setting) -> NDArray[np.float64]:
        """Traits (K, 5) of a song that is like the given tracks."""
        styles = self._net.style.numpy()
        fits = np.zeros(len(styles))
        if setting.known:
            like = traits_of(setting.given, self._config.tracks, setting.num_bars, self._config.steps)
            standard = ((styles - like) / self._net.spread.numpy())[:, list(setting.known)]
            fits -= np.abs(standard).mean((1, 2)) / _NEAR
            fits[(styles[:, list(setting.asked), 0] < 0.3).any(1)] -= 20
        shares = np.exp(fits - fits.max())
        return styles[chance.choice(len(styles), p=shares / shares.sum())]

    def _run(self, noise, style, setting: Setting, begin: int, end: int, temperature: float) -> list[Strokes]:
        num, tracks, pitches = len(noise), self._config.tracks, self._config.pitches
        given = setting.given
        struck = np.zeros((num, tracks, end - begin, pitches), bool)
        sounds = struck.copy()
        inside = (given.start < end) & (given.end > begin)
        _fill(
            struck,
            sounds,
            slice(None),
            Strokes(given.track[inside], given.pitch[inside], given.start[inside] - begin, given.end[inside] - begin),
        )
        heard = set(setting.known)
        written: list[list[Strokes]] = [[] for _ in range(num)]
        is_drums = torch.zeros(tracks, dtype=torch.bool)
        is_drums[list(self._config.drums)] = True
        for track in sorted(setting.asked, key=self.order.index):
            seen = _seen(struck, sounds, is_drums)
            flags = torch.zeros(num, tracks, dtype=torch.float64)
            flags[:, list(heard)] = 1
            number = torch.full((num,), track)
            like = torch.from_numpy(style[:, track]).double()
            like = (like - self._net.centre[track]) / self._net.spread[track]
            with torch.no_grad():
                hearing, classes = self._net.hearing(Band(seen, torch.arange(num), flags), number)
                told = self._net.told(Told(number, like, torch.ones(num, dtype=torch.float64)))
            drawn = np.stack([rngs[track].random((end - begin, MOST, 2)) for rngs in noise])
            song, pitch, start, stop = self._folded.write(
                hearing.numpy(), classes.numpy(), told.numpy(), drawn, temperature, self.floor
            )
            if track in self._config.drums:
                stop = start + 1
            song, pitch, start, stop = without_overlap(song, pitch, start, stop)
            for n in range(num):
                mine = song == n
                line = Strokes(np.full(mine.sum(), track), pitch[mine], start[mine], stop[mine])
                _fill(struck, sounds, n, line)
                written[n].append(Strokes(line.track, line.pitch, line.start + begin, line.end + begin))
            heard.add(track)
        return [_joined(parts) for parts in written]


def _seen(struck, sounds, is_drums):
    from antiphon.families.band.rolls import Lines, seen

    onsets = torch.from_numpy(struck).double()
    held = torch.from_numpy(sounds & ~struck).double()
    return seen(Lines(onsets, held, onsets, onsets), is_drums)


def _fill(struck, sounds, song, strokes: Strokes) -> None:
    start = np.maximum(strokes.start, 0)
    first = strokes.start >= 0
    struck[song, strokes.track[first], start[first], strokes.pitch[first]] = True
    length = np.minimum(strokes.end, struck.shape[2]) - start
    row = np.repeat(np.arange(len(start)), length)
    step = np.arange(len(row)) - np.repeat(np.cumsum(length) - length - start, length)
    sounds[song, strokes.track[row], step, strokes.pitch[row]] = True


def _joined(parts: Sequence[Strokes]) -> Strokes:
    return Strokes(
        *(np.concatenate([getattr(part, name) for part in parts]) for name in ("track", "pitch", "start", "end"))
    )
