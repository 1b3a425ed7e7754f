"""How families of notes write pieces: as many notes as it takes, cut at the last bar.

Axes: N songs, n notes.
"""

import copy
from collections.abc import Sequence
from typing import ClassVar

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from antiphon.codecs.chords import NO_CHORD, TRIADS
from antiphon.codecs.codec import Codec, Rows
from antiphon.codecs.melody import STEPS
from antiphon.families.lstm.brief import MOST_LEFT, NO_KEY, TRAITS, Brief, Plan, keys
from antiphon.families.lstm.habits import Habits
from antiphon.families.lstm.note_networks import NUM_CLASSES, State
from antiphon.families.lstm.note_objective import LstmObjective, read_brief
from antiphon.families.lstm.objective import LstmGan
from antiphon.music.score import Score
from antiphon.nn.straight_through import gumbel
from antiphon.writers.phrases import PhraseWriter, Script
from antiphon.writers.writer import Bars, Chance, Writer, as_array, normal

LONGEST_GAP = 64
"""Steps from one onset to the next."""

Integers = NDArray[np.int64]

_MOST_NOTES = 64
# What is planned of bars in which nothing is heard.
_RESTS = {"chord": NO_CHORD, "back": 0, "left": MOST_LEFT, "key": NO_KEY}
_AT_ONCE = 32


class PieceWriter(Writer):
    """Writes notes, as many as it takes, cut at the last bar.

    A model that gives all notes one onset would never come to an end: no song has more than 64 notes a bar.
    """

    reads = frozenset[str]()
    knows_silence: ClassVar[bool] = True

    def opening(self, chance: Chance) -> Bars:
        """Nothing."""
        return np.empty(0, np.uint8)

    def last_bar(self, score: Score, codec: Codec) -> Bars | None:
        """None that it could follow."""
        return None


class LstmGanWriter(PieceWriter):
    """One sequence after the other, each from a latent of its own."""

    has_temperature: ClassVar[bool] = False
    tempo: ClassVar[float] = 120.0

    def __init__(self, objective: LstmGan) -> None:
        config = objective.config
        self._exact = copy.deepcopy(objective).to(torch.float64).eval()
        self._size = config.row_length // config.sequence_length, config.latent_dim

    def compose(self, chances: Sequence[Chance], openings: Bars, chords: Bars, temperature: float) -> Sequence[Bars]:
        """Notes (n, 3) of each song."""
        num_steps, most = STEPS * chords.shape[1], _MOST_NOTES * chords.shape[1]
        latent = normal(chances, *self._size)
        notes = self._exact.rows_of(latent)
        while notes.shape[1] < most and _num_steps(notes) < num_steps:
            more = normal(chances, latent.shape[1], latent.shape[2])
            latent = torch.cat([latent, more], dim=1)
            notes = self._exact.rows_of(latent)
        return [_cut(song[:most], num_steps) for song in as_array(notes)]


class LstmWriter(PieceWriter, PhraseWriter):
    """One note after the other, each drawn from scores that the temperature flattens or sharpens.

    A piece's traits, and which of its bars come back where no form says so, are drawn as they were among the pieces
    that it was taught with.
    """

    reads = frozenset({"chord"})
    has_temperature: ClassVar[bool] = True
    has_harmony: ClassVar[bool] = True
    chooses: ClassVar[bool] = False
    tempo: ClassVar[float] = 100.0

    def __init__(self, objective: LstmObjective) -> None:
        self._exact = copy.deepcopy(objective).to(torch.float64).eval()

    def compose(self, chances: Sequence[Chance], openings: Bars, chords: Bars, temperature: float) -> Sequence[Bars]:
        """Notes (n, 3) of each song, the first at the first bar line; none comes to an end."""
        return self._piece(chances, plan_of(chords, ends=False), temperature)

    def perform(
        self, chances: Sequence[Chance], openings: Bars, chords: Bars, temperature: float, script: Script
    ) -> Sequence[Bars]:
        """See `PhraseWriter`; a bar that comes back is written like the bar that it brings back, not note for note."""
        return self._piece(chances, plan_of(chords, _back(script.source)), temperature)

    def _piece(self, chances: Sequence[Chance], asked: Plan, temperature: float) -> Sequence[Bars]:
        brief = draw_brief(self._exact.generator.habits, chances, asked)
        place = torch.zeros(len(chances), dtype=torch.int64)
        state = self._exact.generator.begin(place, place + STEPS)
        num_steps = STEPS * asked.chord.shape[1]
        return self._written(chances, state, brief, given=place, num_steps=num_steps, temperature=temperature)

    def follow(
        self,
        chances: Sequence[Chance],
        prime: Rows,
        chords: Bars,
        *,
        bar: int,
        gap: int,
        temperature: float,
    ) -> Sequence[Bars]:
        """Notes (n, 3) that follow a piece and end with the last of so many bars, the first at a bar line.

        Parameters
        ----------
        prime
            Its notes: "real" uint8 (n, 3), "place" and "bar" (n,), see `antiphon.codecs.notes`.
        chords
            Codes (N, B) of the bars that follow.
        bar
            Steps of a bar of what follows.
        gap
            Steps from the last onset to the bar line, 0 to 64.
        """
        num, num_bars = chords.shape
        rows = {name: torch.from_numpy(np.array(prime[name]))[None] for name in ("real", "place", "bar")}
        heard = read_brief({**rows, "length": torch.tensor([rows["real"].shape[1]])})
        metre = torch.full((num, 1), bar)
        begins = int(heard["number"][0, -1]) + -(-gap // bar)
        new = draw_plan(self._exact.generator.habits, chances, plan_of(chords), begins)
        between = begins - heard["chord"].shape[1]
        known = [F.pad(heard[name], (0, between), value=fill)[:, :begins] for name, fill in _RESTS.items()]
        plan = Plan(*(torch.cat([was.expand(num, -1), is_], 1) for was, is_ in zip(known, new, strict=True)))
        brief = Brief(heard["traits"].double().expand(num, -1), plan)
        given = {name: heard[name].expand(num, *heard[name].shape[1:]) for name in ("real", "place", "bar", "number")}
        state = self._exact.after(given, brief)
        offset = torch.full((num,), gap)
        state = state._replace(moment=state.moment._replace(place=-offset[:, None] % metre, bar=metre))
        return self._written(chances, state, brief, given=offset, num_steps=bar * num_bars, temperature=temperature)

    def _written(
        self,
        chances: Sequence[Chance],
        state: State,
        brief: Brief,
        *,
        given: Tensor,
        num_steps: int,
        temperature: float,
    ) -> Sequence[Bars]:
        """Notes (n, 3) of so many steps after a state; the first comes after `given` (N,) steps and is at step 0."""
        most = _MOST_NOTES * -(-num_steps // STEPS)
        notes = torch.empty(len(chances), 0, 3, dtype=torch.uint8)
        while notes.shape[1] < most and _num_steps(notes) < num_steps:
            noise = temperature * gumbel(normal(chances, _AT_ONCE, NUM_CLASSES))
            more, state = self._exact.go_on(state, brief, noise, None if notes.shape[1] else given)
            if not notes.shape[1]:
                more[:, 0, 2] = 0
            notes = torch.cat([notes, more], dim=1)
        return [_cut(song[:most], num_steps) for song in as_array(notes)]


def draw_brief(habits: Habits, chances: Sequence[Chance], asked: Plan) -> Brief:
    """What is settled of pieces that follow nothing: traits, drawn, and `draw_plan`."""
    return Brief(habits.traits(normal(chances, len(TRAITS))), draw_plan(habits, chances, asked))


def draw_plan(habits: Habits, chances: Sequence[Chance], asked: Plan, heard: int = 0) -> Plan:
    """The plan of bars after `heard` others; what those bring back of which nothing is asked is drawn."""
    # Of chances of their own, so that a longer song begins like a shorter one.
    uniform = np.stack([chance.spawn(1)[0].random(asked.back.shape[1]) for chance in chances])
    drawn = habits.back(torch.from_numpy(uniform), heard)
    return asked._replace(back=torch.where(asked.back > 0, asked.back, drawn))


def plan_of(chords: Bars, back: Integers | None = None, ends: bool = True) -> Plan:
    """A plan of bars over chord codes (N, B), of what they bring back (N, B), if anything, to an end or beyond it, in
    the key in which most of the chords are."""
    none = np.zeros(chords.shape, np.int64)
    left = np.minimum(np.arange(chords.shape[1])[::-1], MOST_LEFT) if ends else MOST_LEFT
    tones = np.concatenate([np.eye(12)[TRIADS].sum(1), np.zeros((1, 12))])
    key = keys(torch.from_numpy(tones[chords].sum(1)))[:, None].numpy()
    columns = chords, none if back is None else back, left + none, key + none
    return Plan(*(torch.from_numpy(np.array(column, np.int64)) for column in columns))


def _back(source: Integers) -> Integers:
    """How many bars ago each bar's `source` (N, B) came last, 0 where it is its own."""
    bar = np.arange(source.shape[1])
    same = (source[:, :, None] == source[:, None]) & (bar < bar[:, None])
    latest = np.where(same, bar, -1).max(2, initial=-1)
    return np.asarray(np.where(latest < 0, 0, bar - latest))


def _num_steps(notes: Tensor) -> int:
    """How far the shortest of songs (N, n, 3) has come."""
    return int(notes[:, :, 2].sum(1).min())


def _cut(notes: Bars, num_steps: int) -> Bars:
    """The notes (n, 3) that begin before a step, none sounding beyond it."""
    begin = np.cumsum(notes[:, 2], dtype=np.int64)
    kept = notes[begin < num_steps].copy()
    kept[:, 1] = np.minimum(kept[:, 1], num_steps - 1 - begin[: len(kept)])
    return kept
