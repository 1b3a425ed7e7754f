"""The generator of `band`: it hears the other tracks, before and after, and writes one track step by step.

Axes: M parts to be written, K track, S step, P pitch, H hidden; D choices: of every step one, "nothing more", and of
every struck pitch one.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from antiphon.families.band.rolls import LAGS, LENGTHS, NUM_LENGTHS, NUM_SEEN, OCTAVE, Lines, folded, lagged
from antiphon.nn.straight_through import gumbel_softmax

NUM_TRAITS = 5
_REACH = (1, 4, 16)
_KERNEL = 5
# Of each pitch: struck a step ago, held, struck 16, 32 and 64 steps ago, how often lately; of its class, struck now below
# it, lately, sounding and struck in other tracks.
_CLUES = 10
_LATELY = 0.97
# Pitches that a track strikes at a step of the game, at most.
_TRIES = 5


class Told(NamedTuple):
    """What is settled of a part before its first step.

    Parameters
    ----------
    track
        (M,) its number.
    traits
        (M, 5) what it is like, standardised, and 0 where that is not known.
    known
        (M,) 1 where it is.
    """

    track: Tensor
    traits: Tensor
    known: Tensor


class Band(NamedTuple):
    """What a part is heard beside.

    Parameters
    ----------
    seen
        (N, K, S, F), see `antiphon.families.band.rolls.seen`.
    row
        (M,) the row of each part.
    given
        (M, K) 1 for the tracks that are heard.
    """

    seen: Tensor
    row: Tensor
    given: Tensor


class Hearing(nn.Module):
    """What the other tracks do around each step, (M, S, width), and which pitch classes they sound and strike there,
    (M, S, 2, 12)."""

    def __init__(self, num_tracks: int, steps: int, width: int, dropout: float, drums: tuple[int, ...]) -> None:
        super().__init__()
        self.read = nn.Parameter(torch.empty(num_tracks, NUM_SEEN, width).normal_(std=NUM_SEEN**-0.5))
        self.there = nn.Parameter(torch.zeros(num_tracks, width))
        self.place = nn.Embedding(steps, width)
        self.who = nn.Embedding(num_tracks, width)
        self.around = nn.ModuleList(
            nn.Conv1d(width, width, _KERNEL, padding=reach * (_KERNEL // 2), dilation=reach) for reach in _REACH
        )
        self.dropout = nn.Dropout(dropout)
        pitched = torch.ones(num_tracks)
        pitched[list(drums)] = 0
        self.register_buffer("pitched", pitched)

    def forward(self, band: Band, track: Tensor) -> tuple[Tensor, Tensor]:
        """See the class."""
        each = torch.einsum("nksf,kfw->nksw", band.seen, self.read) + self.there[:, None, :]
        steps = torch.arange(each.shape[2], device=each.device) % self.place.num_embeddings
        heard = torch.einsum("mk,mksw->msw", band.given, each[band.row])
        heard = heard + self.place(steps) + self.who(track)[:, None]
        for layer in self.around:
            more = layer(F.relu(heard).transpose(1, 2)).transpose(1, 2)
            heard = heard + self.dropout(more)
        classes = band.seen[..., : 2 * OCTAVE].unflatten(-1, (2, OCTAVE))
        weights = band.given * self.pitched
        sounding = torch.einsum("mk,mksic->msic", weights, classes[band.row]).clamp_max(1)
        return F.relu(heard), sounding


class BandGenerator(nn.Module):
    """Parts given what is heard, what they are told, and their own past."""

    def __init__(
        self,
        num_tracks: int,
        steps: int,
        pitches: int,
        hidden_dim: int,
        hearing_dim: int,
        head_dim: int,
        dropout: float,
        drums: tuple[int, ...],
    ) -> None:
        super().__init__()
        self.pitches = pitches
        self.hearing = Hearing(num_tracks, steps, hearing_dim, dropout, drums)
        own = 2 * (pitches + OCTAVE) + len(LAGS) * (pitches + OCTAVE + 1)
        self.past = nn.Linear(own, hearing_dim)
        self.traits = nn.Linear(NUM_TRAITS + 1, hearing_dim)
        self.memory = nn.GRU(2 * hearing_dim, hidden_dim, batch_first=True)
        self.dropout = nn.Dropout(dropout)
        self.ask = nn.Linear(hidden_dim + hearing_dim + OCTAVE * 2, head_dim)
        self.below = nn.Linear(pitches + OCTAVE + NUM_LENGTHS, head_dim, bias=False)
        self.which = nn.Linear(head_dim, pitches + 1)
        self.clues = nn.Linear(head_dim, _CLUES)
        self.what = nn.Linear(pitches + OCTAVE + NUM_LENGTHS, head_dim, bias=False)
        self.long = nn.Sequential(nn.ReLU(), nn.Linear(head_dim, head_dim // 2), nn.ReLU())
        self.length = nn.Linear(head_dim // 2, NUM_LENGTHS)
        self.register_buffer("style", torch.zeros(256, num_tracks, NUM_TRAITS))
        self.register_buffer("centre", torch.zeros(num_tracks, NUM_TRAITS))
        self.register_buffer("spread", torch.ones(num_tracks, NUM_TRAITS))

    def told(self, told: Told) -> Tensor:
        """(M, width) of what is settled."""
        known = told.known[:, None]
        return self.traits(torch.cat([told.traits * known, known], -1)) + self.hearing.who(told.track)

    def inputs(self, before: Tensor, held: Tensor, earlier: Tensor, there: Tensor) -> Tensor:
        """What a part's own past is at each step, (..., width).

        Parameters
        ----------
        before
            (..., P) what was struck a step ago.
        held
            (..., P) what still sounds of it.
        earlier
            (..., lags, P) what was struck a bar ago and more.
        there
            (..., lags) whether the piece had begun then.
        """
        parts = [before, folded(before), held, folded(held), earlier.flatten(-2), folded(earlier).flatten(-2), there]
        return self.past(torch.cat(parts, -1))

    def teacher(self, lines: Lines, band: Band, told: Told) -> "Choices":
        """Scores of every choice that a part's notes stand for; `lines` are (M, S, P)."""
        heard, classes = self.hearing(band, told.track)
        past = F.relu(self._own(lines, lines.onsets.shape[1]) + self.told(told)[:, None])
        hidden, _ = self.memory(torch.cat([heard, past], -1))
        asked = self.ask(torch.cat([self.dropout(hidden), heard, classes.flatten(-2)], -1))
        onsets = lines.onsets
        clues = Clues(lagged(onsets, 1), lines.held, _earlier(onsets), lately(onsets), classes)
        return self._choices(lines, asked, clues)

    def _own(self, lines: Lines, end: int) -> Tensor:
        """`inputs` of a part's steps before `end`."""
        onsets, held = lines.onsets[:, :end], lines.held[:, :end]
        steps = torch.arange(end, device=onsets.device)
        there = torch.stack([(steps >= lag).to(onsets) for lag in LAGS], -1).expand(len(onsets), -1, -1)
        return self.inputs(lagged(onsets, 1), held, _earlier(onsets), there)

    def forward(self, lines: Lines, band: Band, told: Told, begin: int, length: int, temperature: float) -> Tensor:
        """What parts strike and sound, (M, 2, length, P), as they write them from step `begin` on, after their own past.

        Parameters
        ----------
        lines
            (M, S, P) of which what comes before `begin` is a part's past.
        temperature
            Of the Gumbel-softmax whose gradient stands for that of what was drawn.
        """
        heard, classes = self.hearing(band, told.track)
        settled = self.told(told)
        past = _Past(lines, begin)
        hidden = self._after(lines, heard, settled, begin)
        struck, lasting = [], []
        for step in range(begin, begin + length):
            own = self.inputs(*past.inputs(step)) + settled
            given = torch.cat([heard[:, step], F.relu(own)], -1)
            hidden = torch.gru_cell(given, hidden, *self.memory.all_weights[0])
            asked = self.ask(torch.cat([self.dropout(hidden), heard[:, step], classes[:, step].flatten(1)], -1))
            pitches, lengths = self._strike(asked, past.clues(step, classes[:, step]), temperature)
            struck.append(pitches)
            lasting.append(lengths)
            past.add(step, pitches, lengths)
        return past.sounding(torch.stack(struck, 1), torch.stack(lasting, 1), begin)

    def _after(self, lines: Lines, heard: Tensor, settled: Tensor, begin: int) -> Tensor:
        """The state (M, H) in which a part begins to write."""
        if not begin:
            return heard.new_zeros(len(heard), self.memory.hidden_size)
        with torch.no_grad():
            own = F.relu(self._own(lines, begin) + settled[:, None])
            _, hidden = self.memory(torch.cat([heard[:, :begin], own], -1))
        return hidden[0]

    def _strike(self, asked: Tensor, clues: Tensor, temperature: float) -> tuple[Tensor, Tensor]:
        """What is struck at a step, (M, tries, P) one pitch a try, and its lengths (M, tries, L)."""
        below, spoken = asked.new_zeros(len(asked), self.pitches), asked.new_zeros(len(asked), NUM_LENGTHS)
        more = asked.new_ones(len(asked), 1)
        pitches, lengths = [], []
        for _ in range(_TRIES):
            if not more.any():
                break
            scores = self.pitch_scores(asked, below, spoken, clues)
            drawn = gumbel_softmax(scores, 1, temperature)
            struck = drawn[:, :-1] * more
            length = gumbel_softmax(self.length_scores(asked, struck, spoken), 1, temperature)
            more = more * (1 - drawn[:, -1:])
            pitches.append(struck)
            lengths.append(length)
            below, spoken = below + struck, length * more
        none = [asked.new_zeros(len(asked), size) for size in (self.pitches, NUM_LENGTHS)]
        rest = _TRIES - len(pitches)
        return torch.stack(pitches + none[:1] * rest, 1), torch.stack(lengths + none[1:] * rest, 1)

    def _choices(self, lines: Lines, asked: Tensor, clues: "Clues") -> "Choices":
        onsets = lines.onsets
        part, step, pitch = torch.nonzero(torch.cat([onsets, torch.ones_like(onsets[..., :1])], -1), as_tuple=True)
        here = torch.arange(self.pitches, device=onsets.device)
        below = onsets[part, step] * (here < pitch[:, None])
        highest = (below * (here + 1)).amax(-1).long() - 1
        length = lines.lengths[part, step].gather(1, highest.clamp_min(0)[:, None])[:, 0]
        spoken = (F.one_hot(length, NUM_LENGTHS) * (highest >= 0)[:, None]).to(asked)
        query = asked[part, step]
        scores = self.pitch_scores(query, below, spoken, clues.at(part, step))
        notes = pitch < self.pitches
        place = part[notes], step[notes], pitch[notes]
        struck = F.one_hot(place[2], self.pitches).to(asked)
        length_scores = self.length_scores(query[notes], struck, spoken[notes])
        return Choices(scores, pitch, length_scores, lines.lengths[place], lines.whole[place])

    def pitch_scores(self, query: Tensor, below: Tensor, spoken: Tensor, clues: Tensor) -> Tensor:
        """Scores (D, P + 1) of what is struck next above what a step has struck already, the last for nothing more.

        Parameters
        ----------
        query
            (D, head) of the step.
        below
            (D, P) 1 for what is struck already.
        spoken
            (D, L) the length of the highest of it, zeros where there is nothing.
        clues
            (D, P, 9) see `Clues`.
        """
        inner = F.relu(query + self.below(torch.cat([below, folded(below), spoken], -1)))
        same = self._spread(folded(below).clamp_max(1))
        each = torch.einsum("df,dpf->dp", self.clues(inner), torch.cat([clues, same[..., None]], -1))
        scores = self.which(inner) + F.pad(each, (0, 1))
        under = F.pad(below.detach().flip(-1).cumsum(-1).flip(-1), (0, 1)) > 0
        return scores.masked_fill(under, -torch.inf)

    def length_scores(self, query: Tensor, struck: Tensor, spoken: Tensor) -> Tensor:
        """Scores (D, L) of how long what is struck (D, P) lasts; else as `pitch_scores`."""
        inner = query + self.what(torch.cat([struck, folded(struck), spoken], -1))
        return self.length(self.long(inner))

    def _spread(self, classes: Tensor) -> Tensor:
        """What holds of classes (..., 12) for the pitches (..., P)."""
        times = -(-self.pitches // OCTAVE)
        return classes.repeat(*[1] * (classes.ndim - 1), times)[..., : self.pitches]


class Clues(NamedTuple):
    """What speaks for a pitch at each step, (M, S, P) each, `earlier` (M, S, lags, P), `classes` (M, S, 2, 12)."""

    before: Tensor
    held: Tensor
    earlier: Tensor
    lately: Tensor
    classes: Tensor

    def at(self, part: Tensor, step: Tensor) -> Tensor:
        """(D, P, 9) for some steps of some parts."""
        pitches = self.before.shape[-1]
        times = -(-pitches // OCTAVE)
        lately = self.lately[part, step]
        columns = [self.before[part, step], self.held[part, step], lately, folded(lately).repeat(1, times)[:, :pitches]]
        columns += list(self.earlier[part, step].unbind(1))
        columns += [plane.repeat(1, times)[:, :pitches] for plane in self.classes[part, step].unbind(1)]
        return torch.stack(columns, -1)


class Choices(NamedTuple):
    """Scores of choices, and what was chosen.

    Parameters
    ----------
    scores, chosen
        (D, P + 1) and (D,) of pitches.
    length_scores, lengths, whole
        (notes, L), (notes,) and (notes,) of the lengths of what is struck, and whether they are known.
    """

    scores: Tensor
    chosen: Tensor
    length_scores: Tensor
    lengths: Tensor
    whole: Tensor


class _Past:
    """What a part has done while it is written: planes (M, P) of every step, with their gradients."""

    def __init__(self, lines: Lines, begin: int) -> None:
        self._struck = [plane for plane in lines.onsets[:, :begin].unbind(1)]
        num, _, pitches = lines.onsets.shape
        self._none = lines.onsets.new_zeros(num, pitches)
        self._lately = self._none
        for plane in self._struck:
            self._lately = _later(self._lately, plane)
        table = LENGTHS.to(self._none.device)
        # The last step in which a pitch sounds that was struck before, and one more.
        self._end = torch.zeros(num, pitches, dtype=torch.long, device=self._none.device)
        for step, plane in enumerate(self._struck):
            self._end = torch.where(plane > 0, step + table[lines.lengths[:, step]], self._end)
        self._begun = self._end

    def at(self, step: int) -> Tensor:
        """What was struck at a step, nothing before the first."""
        return self._struck[step] if step >= 0 else self._none

    def held(self, step: int) -> Tensor:
        """What sounds of what was struck before."""
        return (self._end > step).to(self._none)

    def inputs(self, step: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """See `BandGenerator.inputs`."""
        earlier = torch.stack([self.at(step - lag) for lag in LAGS], 1)
        there = self._none.new_tensor([float(step >= lag) for lag in LAGS]).expand(len(earlier), -1)
        return self.at(step - 1), self.held(step), earlier, there

    def clues(self, step: int, classes: Tensor) -> Tensor:
        """(M, P, 9), see `Clues`."""
        before, held, earlier, _ = self.inputs(step)
        whole = Clues(*(part[:, None] for part in (before, held, earlier, self._lately.clamp_max(1), classes)))
        part = torch.arange(len(before), device=before.device)
        return whole.at(part, torch.zeros_like(part))

    def add(self, step: int, pitches: Tensor, lengths: Tensor) -> None:
        """Take up what `BandGenerator._strike` gave."""
        plane = pitches.sum(1)
        self._struck.append(plane)
        self._lately = _later(self._lately, plane)
        steps = lengths.detach() @ LENGTHS.to(lengths)
        ends = step + (pitches.detach() * steps[:, :, None]).sum(1).long()
        self._end = torch.where(plane.detach() > 0, ends, self._end)

    def sounding(self, pitches: Tensor, lengths: Tensor, begin: int) -> Tensor:
        """What is struck and what sounds, (M, 2, S, P), from what was struck, (M, S, tries, P) and (M, S, tries, L);
        what is held from before sounds until its end."""
        size = pitches.shape[1]
        after = torch.arange(size, device=pitches.device)
        lasts = (LENGTHS.to(pitches.device)[:, None] > after).to(pitches)
        each = torch.einsum("msap,msaf->msfp", pitches, lengths @ lasts)
        sounds = sum(F.pad(each[:, : size - late, late], (0, 0, late, 0)) for late in range(size))
        left = (self._begun[:, None] > begin + after[:, None]).to(pitches)
        return torch.stack([pitches.sum(2), (sounds + left).clamp_max(1)], 1)


def _earlier(onsets: Tensor) -> Tensor:
    return torch.stack([lagged(onsets, lag) for lag in LAGS], -2)


def _later(sums: Tensor, plane: Tensor) -> Tensor:
    return _LATELY * sums + (1 - _LATELY) * 4 * plane


def lately(onsets: Tensor) -> Tensor:
    """How often each pitch (M, S, P) was struck before a step, the longer ago the less; at most 1."""
    out, sums = [], torch.zeros_like(onsets[:, 0])
    for step in range(onsets.shape[1]):
        out.append(sums)
        sums = _later(sums, onsets[:, step])
    return torch.stack(out, 1).clamp_max(1)
