"""How the `band` family writes: one track after the other, each to those that are given and those that are written.

Axes: N songs, K track, B bar, S step of a run of bars, P pitch.
"""

import copy
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import ClassVar, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from antiphon.codecs.stroke_changes import joined, of_tracks
from antiphon.codecs.strokes import Strokes, without_overlap
from antiphon.codecs.traits import ACTIVE, PLACES, THICKNESS, traits_of
from antiphon.families.band.config import BandConfig
from antiphon.families.band.folded import MOST, Folded, Heard, Parts
from antiphon.families.band.networks import Band, Told, standard
from antiphon.families.band.objective import BandObjective
from antiphon.families.band.rolls import OCTAVE, seen
from antiphon.music.keys import key_of_weights
from antiphon.writers.bands import BandWriter, Setting
from antiphon.writers.blending import Place, Values, Way, between_uniforms, blended, lerp
from antiphon.writers.writer import Chance

_FIVE = (0, 3, 2, 1, 4)
_FLOOR = 0.01
# How much nearer a style is than another, in deviations of the given tracks' traits, to be drawn e times as often.
_NEAR = 0.5
# A track that plays in fewer of a song's bars hardly plays, and a song in which an asked one does is no model.
_PLAYS, _UNLIKELY = 0.3, 20.0
# In how many bars at a time a track is held against its style, how far it may be from it, and how often it is tried.
_STRETCH, _BARS_APART, _NOTES_APART, _ATTEMPTS = 8, 0.4, np.log(1.7), 5
# How much less likely a pitch is, as a logarithm, that is not of the key of what is given.
_FOREIGN = 2.0
# The same of one that does not sound in the beat's bar of what is given, where so many classes do.
_ASIDE, _HARMONY = 1.5, 3

Traits = NDArray[np.float64]


class TrackByTrackWriter(BandWriter):
    """Writes tracks step by step, in an order of its own; a run of bars is a piece for itself."""

    tempo: ClassVar[float] = 120.0

    def __init__(self, objective: BandObjective) -> None:
        self._config = objective.config
        self._net = copy.deepcopy(objective.generator).double().cpu().eval()
        self._folded = Folded(self._net)
        self.order, self.floor = _order(self._config), _FLOOR
        self.lowest = self._config.lowest

    def perform(self, chances: Sequence[Chance], setting: Setting, temperature: float) -> list[Strokes]:
        """See `BandWriter.perform`."""
        return self._played([self._band(chance, setting) for chance in chances], setting, temperature)

    def between(
        self, ends: Sequence[Chance], places: Sequence[Place], way: Way, setting: Setting, temperature: float
    ) -> list[Strokes]:
        """See `BandWriter.between`: styles lie on straight lines, and what is drawn goes its way as Gaussians."""
        bands = tuple(self._band(chance, setting) for chance in ends)
        return self._played([_Between.of(bands, place, way) for place in places], setting, temperature)

    def vary(
        self, chance: Chance, others: Sequence[Chance], tracks: tuple[int, ...], setting: Setting, temperature: float
    ) -> list[Strokes]:
        """See `BandWriter.vary`: the tracks are written once more, to all others."""
        (song,) = self.perform([chance], setting, temperature)
        stay = tuple(sorted({*setting.known, *setting.asked} - set(tracks)))
        kept = of_tracks(song, stay)
        beside = replace(setting, given=joined([setting.given, kept]), known=stay, asked=tracks)
        return [joined([kept, anew]) for anew in self.perform(others, beside, temperature)]

    def _played(self, bands: Sequence["_Band | _Between"], setting: Setting, temperature: float) -> list[Strokes]:
        bounds = self._config.steps * np.array([*np.flatnonzero(setting.begins), setting.num_bars])
        runs = [self._run(bands, setting, int(begin), int(end), temperature) for begin, end in pairwise(bounds)]
        return [joined(parts) for parts in zip(*runs, strict=True)]

    def _band(self, chance: Chance, setting: Setting) -> "_Band":
        return _Band(self._style(chance, setting), int(chance.integers(2**63)))

    def _style(self, chance: Chance, setting: Setting) -> Traits:
        """Traits (K, 5) of a song that is like the given tracks, and in which those play that are to."""
        styles = self._net.style.numpy()
        silent = styles[:, list(setting.sure), ACTIVE] < _PLAYS
        fits = -_UNLIKELY * silent.sum(1)
        if setting.known:
            known, size = list(setting.known), (self._config.tracks, setting.num_bars, self._config.steps)
            like = torch.from_numpy(traits_of(setting.given, *size)).double()
            apart = standard(self._net.style)[:, known] - standard(like)[known]
            fits -= apart.abs().mean((1, 2)).numpy() / _NEAR
        shares = np.exp(fits - fits.max())
        style: Traits = styles[chance.choice(len(styles), p=shares / shares.sum())].astype(np.float64)
        for track, times in setting.density.items():
            style[track, PLACES] += np.log(times)
        return style

    def _lean(self, setting: Setting) -> Values:
        """(S, P) of a song: away from what is not of the given tracks' key, nor of their harmony.

        Taught on riffs, it takes a melody alone for little evidence of a key.
        """
        size = setting.num_bars * self._config.steps
        lean = np.zeros((size, OCTAVE))
        pitched = ~np.isin(setting.given.track, self._config.drums)
        given = setting.given[pitched]
        sounding = _sounding(given, size, self._config.steps)
        key = key_of_weights(sounding.sum(0)) if len(given.pitch) else None
        if key is not None:
            # The leading tone is at home in minor.
            own = {*key.pitch_classes, (key.tonic - 1) % OCTAVE}
            lean -= np.where(np.isin(np.arange(OCTAVE), list(own)), 0.0, _FOREIGN)
        there = sounding > 0
        lean -= np.where(there | (there.sum(1, keepdims=True) < _HARMONY), 0.0, _ASIDE)
        return lean[:, np.arange(self._config.pitches) % OCTAVE]

    def _run(
        self, bands: Sequence["_Band | _Between"], setting: Setting, begin: int, end: int, temperature: float
    ) -> list[Strokes]:
        """What is written in a run of bars from one step to another, by each band."""
        stage = _Stage(len(bands), self._config, end - begin)
        stage.place(slice(None), _cut(setting.given, begin, end))
        given = torch.zeros(len(bands), self._config.tracks, dtype=torch.float64)
        given[:, list(setting.known)] = 1
        written: list[list[Strokes]] = [[] for _ in bands]
        lean = self._lean(setting)[begin:end]
        for track in sorted(setting.asked, key=self.order.index):
            notes = self._part(
                bands, _Turn(track, begin, end, temperature, self._bounded(lean, track)), (stage.seen(), given)
            )
            for song, line in enumerate(notes):
                stage.place(song, line)
                written[song].append(Strokes(line.track, line.pitch, line.start + begin, line.end + begin))
            given[:, track] = 1
        return [joined(parts) for parts in written]

    def _bounded(self, lean: Values, track: int) -> Values | None:
        """The lean (S, P) of a track: drums have none, others no pitches below their lowest."""
        if track in self._config.drums:
            return None
        lowest = self.lowest[track] if self.lowest else 0
        return np.where(np.arange(self._config.pitches) < lowest, -np.inf, lean)

    def _part(self, bands: Sequence["_Band | _Between"], turn: "_Turn", beside: "_Beside") -> list[Strokes]:
        """What one track plays in a run of bars, beside what is seen (N, K, S, F) of those that are given (N, K)."""
        net, number = self._net, torch.full((len(bands),), turn.track)
        style = torch.from_numpy(np.stack([band.style[turn.track] for band in bands]))
        with torch.no_grad():
            hearing = net.hearing(Band(beside[0], torch.arange(len(bands)), beside[1]), number)
            likeness = standard(style)
            told = net.told(Told(number, likeness, torch.ones_like(likeness[:, 0])))
        around, classes = (part.numpy() for part in hearing)
        parts = self._folded.begin(Heard(around, classes, told.numpy(), turn.lean))
        for begin in range(0, turn.end - turn.begin, _STRETCH * self._config.steps):
            self._stretch(parts, bands, turn, begin)
        song, pitch, start, stop = parts.notes()
        if turn.track in self._config.drums:
            stop = start + 1
        song, pitch, start, stop = without_overlap(song, pitch, start, stop)
        each = [song == number for number in range(len(bands))]
        return [Strokes(np.full(mine.sum(), turn.track), pitch[mine], start[mine], stop[mine]) for mine in each]

    def _stretch(self, parts: Parts, bands: Sequence["_Band | _Between"], turn: "_Turn", begin: int) -> None:
        """Write some bars from a step on; of those that are unlike the track's style the nearest of some attempts.

        A part that has been silent for long hears nothing that would make it begin again.
        """
        steps = turn.end - turn.begin
        end = min(begin + _STRETCH * self._config.steps, steps)
        wanted = np.stack([band.style[turn.track] for band in bands])

        def tried(some: Parts, songs: Sequence[int], attempt: int) -> Values:
            chance = [bands[song].chance(turn.begin, turn.track, steps, attempt)[begin:end] for song in songs]
            some.write(np.stack(chance), turn.temperature, self.floor)
            return _apart(some.struck(begin, end), wanted[songs], self._config.steps)

        everyone = list(range(len(bands)))
        before = parts.some(np.array(everyone))
        distance = tried(parts, everyone, 0)
        for attempt in range(1, _ATTEMPTS):
            songs = np.flatnonzero(distance > 1)
            if not len(songs):
                break
            others = before.some(songs)
            found = tried(others, songs.tolist(), attempt)
            better = found < distance[songs]
            parts.put(songs[better], others.some(np.flatnonzero(better)))
            distance[songs[better]] = found[better]


def _order(config: BandConfig) -> tuple[int, ...]:
    """Those that carry the others come first: of the five drums, bass, guitar, piano, strings; of others drums, then
    who reaches lowest, or without ranges the last, as scores are written."""
    if (config.tracks, config.drums) == (len(_FIVE), (0,)):
        return _FIVE
    lowest = config.lowest or (0,) * config.tracks
    return tuple(sorted(range(config.tracks), key=lambda track: (track not in config.drums, lowest[track], -track)))


def _apart(struck: NDArray[np.bool_], wanted: Values, steps: int) -> Values:
    """How far some bars (N, S, P) are from the traits (N, 5) that were wanted; up to 1 they pass for the same.

    A track that plays in every other bar may rest, or play, for as long as is looked at.
    """
    bars = np.asarray(struck.reshape(len(struck), -1, steps * struck.shape[2]).any(axis=2))
    share = np.abs(bars.mean(1) - wanted[:, ACTIVE]) / _BARS_APART
    notes = np.log(np.maximum(struck.sum((1, 2)), 1) / np.maximum(bars.sum(1), 1))
    thick = np.abs(notes - wanted[:, [PLACES, THICKNESS]].sum(1)) / _NOTES_APART
    played = bars.any(1) & (wanted[:, ACTIVE] > 0)
    return np.asarray(np.where(played, np.maximum(share, thick), share))


def _sounding(strokes: Strokes, size: int, steps: int) -> Values:
    """How many steps of its bar each pitch class sounds at each step (S, C)."""
    length = np.minimum(strokes.end, size) - np.maximum(strokes.start, 0)
    row = np.repeat(np.arange(len(length)), np.maximum(length, 0))
    step = np.maximum(strokes.start, 0)[row] + np.arange(len(row)) - np.repeat(np.cumsum(length) - length, length)
    bars = np.zeros((size // steps, OCTAVE))
    np.add.at(bars, (step // steps, strokes.pitch[row] % OCTAVE), 1)
    return np.repeat(bars, steps, axis=0)


_Beside = tuple[torch.Tensor, torch.Tensor]
"""What is seen of all tracks (N, K, S, F), and which of them are given or written (N, K)."""


class _Turn(NamedTuple):
    """Which track is written in the run of bars from one step to another, how boldly, and to which pitches (S, P) it
    leans."""

    track: int
    begin: int
    end: int
    temperature: float
    lean: Values | None


class _Band(NamedTuple):
    """Who plays a song: what its tracks are like (K, 5), and the seed of its chance."""

    style: Traits
    seed: int

    def chance(self, begin: int, track: int, steps: int, attempt: int = 0) -> Values:
        """Numbers (steps, tries, 2) of one track in the run of bars that begins at a step: what one track draws moves
        no other."""
        again = [attempt] if attempt else []
        return np.random.default_rng([self.seed, begin, track, *again]).random((steps, MOST, 2))


class _Between(NamedTuple):
    """Who plays what lies between songs: what its tracks are like (K, 5), and whose chance its own lies between."""

    style: Traits
    ends: tuple[_Band, ...]
    place: Place
    way: Way

    @classmethod
    def of(cls, ends: tuple[_Band, ...], place: Place, way: Way) -> "_Between":
        return cls(blended([band.style for band in ends], place, lerp), ends, place, way)

    def chance(self, begin: int, track: int, steps: int, attempt: int = 0) -> Values:
        """As that of a song."""
        return between_uniforms([band.chance(begin, track, steps, attempt) for band in self.ends], self.place, self.way)


class _Stage:
    """What of a run of bars is there, (N, K, S, P) each."""

    def __init__(self, num: int, config: BandConfig, steps: int) -> None:
        self._struck = np.zeros((num, config.tracks, steps, config.pitches), bool)
        self._sounds = np.zeros_like(self._struck)
        self._is_drums = torch.tensor([track in config.drums for track in range(config.tracks)])

    def place(self, song: int | slice, strokes: Strokes) -> None:
        """Add strokes to a song, or to all; one that begins before the first step is only held."""
        first = strokes.start >= 0
        self._struck[song, strokes.track[first], strokes.start[first], strokes.pitch[first]] = True
        start = np.maximum(strokes.start, 0)
        length = np.minimum(strokes.end, self._struck.shape[2]) - start
        row = np.repeat(np.arange(len(start)), length)
        step = np.arange(len(row)) - np.repeat(np.cumsum(length) - length - start, length)
        self._sounds[song, strokes.track[row], step, strokes.pitch[row]] = True

    def seen(self) -> torch.Tensor:
        """See `antiphon.families.band.rolls.seen`."""
        struck, sounds = (torch.from_numpy(part).double() for part in (self._struck, self._sounds))
        return seen(struck, sounds, self._is_drums)


def _cut(strokes: Strokes, begin: int, end: int) -> Strokes:
    """Those that sound from one step to another, counted from the first of them."""
    inside = (strokes.start < end) & (strokes.end > begin)
    some = strokes[inside]
    return Strokes(some.track, some.pitch, some.start - begin, some.end - begin)
