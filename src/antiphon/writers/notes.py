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

from antiphon.codecs.chords import NO_CHORD, NO_KEY, TRIADS
from antiphon.codecs.codec import Codec, Rows
from antiphon.codecs.melody import STEPS
from antiphon.families.lstm.brief import MOST_LEFT, TRAITS, Brief, Plan, keys_of
from antiphon.families.lstm.habits import Habits
from antiphon.families.lstm.note_networks import NUM_CLASSES, State
from antiphon.families.lstm.note_objective import LstmObjective, read_brief
from antiphon.families.lstm.objective import LstmGan
from antiphon.music.score import Score
from antiphon.nn.straight_through import gumbel
from antiphon.writers.phrases import PhraseWriter, Script
from antiphon.writers.writer import Bars, Chance, SongWriter, as_array, normal

LONGEST_GAP = 64
"""Steps from one onset to the next."""

Integers = NDArray[np.int64]

_MOST_NOTES = 64
# Bars of an ending, and how many are tried.
_ENDING_BARS, _ENDINGS = 2, 4
# Songs written together: what they remember takes memory, above all while each has several endings.
_SONGS = 16
# What is planned of bars in which nothing is heard.
_RESTS = {"chord": NO_CHORD, "back": 0, "left": MOST_LEFT, "key": NO_KEY}
_AT_ONCE = 32


class PieceWriter(SongWriter):
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
    knows_form: ClassVar[bool] = True
    chooses: ClassVar[bool] = False
    tempo: ClassVar[float] = 100.0

    def __init__(self, objective: LstmObjective) -> None:
        self._exact = copy.deepcopy(objective).to(torch.float64).eval()

    def compose(self, chances: Sequence[Chance], openings: Bars, chords: Bars, temperature: float) -> Sequence[Bars]:
        """Notes (n, 3) of each song, the first at the first bar line; none comes to an end."""
        return self._piece(chances, plan_of(chords, ends=False), temperature, ending=0)

    def perform(
        self, chances: Sequence[Chance], openings: Bars, chords: Bars, temperature: float, script: Script
    ) -> Sequence[Bars]:
        """See `PhraseWriter`; a bar that comes back is written like the bar that it brings back, not note for note."""
        return self._piece(
            chances, plan_of(chords, _back(script.source), keys=script.keys), temperature, ending=_ENDING_BARS * STEPS
        )

    def _piece(self, chances: Sequence[Chance], asked: Plan, temperature: float, ending: int) -> Sequence[Bars]:
        songs: list[Bars] = []
        for begin in range(0, len(chances), _SONGS):
            part = slice(begin, begin + _SONGS)
            songs += self._together(chances[part], Plan(*(column[part] for column in asked)), temperature, ending)
        return songs

    def _together(self, chances: Sequence[Chance], asked: Plan, temperature: float, ending: int) -> Sequence[Bars]:
        brief = draw_brief(self._exact.generator.habits, chances, asked)
        place = torch.zeros(len(chances), dtype=torch.int64)
        state = self._exact.generator.begin(place, place + STEPS)
        length = {"num_steps": STEPS * asked.chord.shape[1], "ending": ending}
        return self._written(chances, state, brief, given=place, temperature=temperature, **length)

    def follow(
        self,
        chances: Sequence[Chance],
        prime: Rows,
        chords: Bars,
        *,
        key: int,
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
        key
            Of what follows, see `Script`.
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
        new = draw_plan(self._exact.generator.habits, chances, plan_of(chords, keys=np.full(num, key)), begins)
        between = begins - heard["chord"].shape[1]
        known = [F.pad(heard[name], (0, between), value=fill)[:, :begins] for name, fill in _RESTS.items()]
        plan = Plan(*(torch.cat([was.expand(num, -1), is_], 1) for was, is_ in zip(known, new, strict=True)))
        brief = Brief(heard["traits"].double().expand(num, -1), plan)
        given = {name: heard[name].expand(num, *heard[name].shape[1:]) for name in ("real", "place", "bar", "number")}
        state = self._exact.after(given, brief)
        offset = torch.full((num,), gap)
        state = state._replace(moment=state.moment._replace(place=-offset[:, None] % metre, bar=metre))
        length = {"num_steps": bar * num_bars, "ending": bar * _ENDING_BARS}
        return self._written(chances, state, brief, given=offset, temperature=temperature, **length)

    def _written(
        self,
        chances: Sequence[Chance],
        state: State,
        brief: Brief,
        *,
        given: Tensor,
        num_steps: int,
        temperature: float,
        ending: int,
    ) -> Sequence[Bars]:
        """Notes (n, 3) of so many steps after a state; the first comes after `given` (N,) steps and is at step 0. The
        last `ending` steps are the best of several."""
        most = _MOST_NOTES * -(-num_steps // STEPS)
        notes, before = torch.empty(len(chances), 0, 3, dtype=torch.uint8), _Before(state, num_steps, ending)
        while notes.shape[1] < most and _num_steps(notes) < num_steps:
            for drawn in torch.split(temperature * gumbel(normal(chances, _AT_ONCE, NUM_CLASSES)), 1, dim=1):
                if ending:
                    before.keep(state, notes)
                note, state = self._exact.go_on(state, brief, drawn, None if notes.shape[1] else given)
                if not notes.shape[1]:
                    note[:, 0, 2] = 0
                notes = torch.cat([notes, note], dim=1)
        songs = [_cut(song[:most], num_steps) for song in as_array(notes)]
        if not ending or num_steps <= ending:
            return songs
        endings = self._endings(chances, before, brief, temperature)
        begun = zip(songs, before.num.tolist(), endings, strict=True)
        return [_cut(np.concatenate([song[:num], last]), num_steps) for song, num, last in begun]

    def _endings(self, chances: Sequence[Chance], before: "_Before", brief: Brief, temperature: float) -> list[Bars]:
        """For each song the best of some endings: what ends on a long note over the tonic."""
        song = torch.arange(len(chances)).repeat_interleave(_ENDINGS)
        state, told = before.state.of(song), Brief(brief.traits[song], Plan(*(part[song] for part in brief.plan)))
        left = before.left[song]
        # How much of a chance a song has used depends on how long the others of its batch are.
        own = [chance.spawn(1)[0] for chance in chances]
        notes = torch.empty(len(song), 0, 3, dtype=torch.uint8)
        most = _MOST_NOTES * -(-int(left.max()) // STEPS)
        while notes.shape[1] < most and bool((notes[:, :, 2].sum(1) < left).any()):
            noise = temperature * gumbel(normal(own, _ENDINGS, _AT_ONCE, NUM_CLASSES)).flatten(0, 1)
            more, state = self._exact.go_on(state, told, noise)
            notes = torch.cat([notes, more], dim=1)
        tries = [_cut(one, room) for one, room in zip(as_array(notes), left.tolist(), strict=True)]
        tonics = (told.plan.key[:, -1] % 12).tolist()
        worth = np.array([_closes(one, tonic) for one, tonic in zip(tries, tonics, strict=True)])
        best = worth.reshape(-1, _ENDINGS).argmax(1) + np.arange(len(chances)) * _ENDINGS
        return [tries[one] for one in best.tolist()]


class _Before:
    """Of each song its state after the last note before its ending, how many notes it had then, and how many steps lay
    between that note and the song's end."""

    def __init__(self, state: State, num_steps: int, ending: int) -> None:
        self.state, self._num_steps, self._begins = state, num_steps, num_steps - ending
        self.num = torch.zeros(len(state.number), dtype=torch.int64)
        self.left = torch.full_like(self.num, num_steps)

    def keep(self, state: State, notes: Tensor) -> None:
        """Take the state after notes (N, n, 3) of those songs whose ending has not begun."""
        onset = notes[:, :, 2].sum(1)
        early = torch.nonzero(onset < self._begins).flatten()
        if len(early):
            self.state = self.state.replaced(early, state)
            self.num[early], self.left[early] = notes.shape[1], self._num_steps - onset[early]


def _closes(ending: Bars, tonic: int) -> float:
    """How well notes (n, 3) end a piece: with a long note, up to half a bar, and with the tonic below."""
    if not len(ending):
        return 0.0
    after = np.cumsum(ending[::-1, 2], dtype=np.int64)[::-1] - ending[:, 2]
    last = ending[after == 0]
    long = min(int(last[:, 1].max()) + 1, STEPS // 2) / (STEPS // 2)
    return long + float(int(last[:, 0].min()) % 12 == tonic)


def draw_brief(habits: Habits, chances: Sequence[Chance], asked: Plan) -> Brief:
    """What is settled of pieces that follow nothing: traits, drawn, and `draw_plan`."""
    return Brief(habits.traits(normal(chances, len(TRAITS))), draw_plan(habits, chances, asked))


def draw_plan(habits: Habits, chances: Sequence[Chance], asked: Plan, heard: int = 0) -> Plan:
    """The plan of bars after `heard` others; what comes back in songs of which nothing is asked is drawn."""
    # Of chances of their own, so that a longer song begins like a shorter one.
    uniform = np.stack([chance.spawn(1)[0].random(asked.back.shape[1]) for chance in chances])
    drawn = habits.back(torch.from_numpy(uniform), heard)
    has_form = (asked.back > 0).any(1, keepdim=True)
    return asked._replace(back=torch.where(has_form, asked.back, drawn))


def plan_of(chords: Bars, back: Integers | None = None, ends: bool = True, keys: Integers | None = None) -> Plan:
    """A plan of bars over chord codes (N, B), of what they bring back (N, B), if anything, to an end or beyond it, in
    `keys` (N,), or where there is none in the one that fits the chords best."""
    none = np.zeros(chords.shape, np.int64)
    left = np.minimum(np.arange(chords.shape[1])[::-1], MOST_LEFT) if ends else MOST_LEFT
    tones = np.concatenate([np.eye(12)[TRIADS].sum(1), np.zeros((1, 12))])
    guessed = keys_of(torch.from_numpy(tones[chords].sum(1))).numpy()
    key = guessed if keys is None else np.where(keys == NO_KEY, guessed, keys)
    columns = chords, none if back is None else back, left + none, key[:, None] + none
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
