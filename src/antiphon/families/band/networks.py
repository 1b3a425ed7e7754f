"""The generator of `band`: it hears the other tracks, before and after, and writes one track step by step.

Axes: M parts to be written, K track, S step, P pitch, H hidden; D choices: of every step one, "nothing more", and of
every struck pitch one.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from antiphon.codecs.traits import NUM_TRAITS
from antiphon.families.band.config import BandConfig
from antiphon.families.band.past import NUM_CLUES, NUM_HEARD, Clues, Past, busy, earlier, lately
from antiphon.families.band.rolls import LAGS, NUM_LENGTHS, NUM_SEEN, OCTAVE, SPANS, Lines, folded, lagged
from antiphon.nn.straight_through import gumbel_softmax

_REACH = (1, 4, 16)
_KERNEL = 5
_SPANS = (16, 64)
# Of the traits of tracks, by and large.
_CENTRE, _SPREAD = (0.7, 1.6, 0.4, 3.0, 1.0), (0.3, 0.6, 0.4, 0.8, 0.8)
# Pitches that a track strikes at a step of the game, at most.
_TRIES = 5
_STYLES = 256


def standard(traits: Tensor) -> Tensor:
    """Traits (..., 5) in units in which tracks differ by about one."""
    centre, spread = (torch.tensor(row, dtype=traits.dtype, device=traits.device) for row in (_CENTRE, _SPREAD))
    return (traits - centre) / spread


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
    heard_as
        (M, K) as which track each is heard; None: as itself.
    """

    seen: Tensor
    row: Tensor
    given: Tensor
    heard_as: Tensor | None = None


class Hearing(nn.Module):
    """What the other tracks do around each step, (M, S, width), and how much of each pitch class they have there,
    (M, S, 4, 12): sounding, struck, and of all that sounds around it, within a bar and within four, the share."""

    pitched: Tensor

    def __init__(self, config: BandConfig) -> None:
        super().__init__()
        num_tracks, width = config.tracks, config.hearing_dim
        self.read = nn.Parameter(torch.empty(num_tracks, NUM_SEEN, width).normal_(std=NUM_SEEN**-0.5))
        self.there = nn.Parameter(torch.zeros(num_tracks, width))
        self.place = nn.Embedding(config.steps, width)
        self.who = nn.Embedding(num_tracks, width)
        self.classes = nn.Linear(NUM_HEARD * OCTAVE, width)
        self.around = nn.ModuleList(
            nn.Conv1d(width, width, _KERNEL, padding=reach * (_KERNEL // 2), dilation=reach) for reach in _REACH
        )
        self.dropout = nn.Dropout(config.dropout)
        pitched = torch.ones(num_tracks)
        pitched[list(config.drums)] = 0
        self.register_buffer("pitched", pitched)

    def forward(self, band: Band, track: Tensor) -> tuple[Tensor, Tensor]:
        """See the class."""
        classes = self._classes(band)
        heard = self._read(band) + self.classes(classes.flatten(2))
        steps = torch.arange(heard.shape[1], device=heard.device) % self.place.num_embeddings
        heard = heard + self.place(steps) + self.who(track)[:, None]
        for layer in self.around:
            more = layer(F.relu(heard).transpose(1, 2)).transpose(1, 2)
            heard = heard + self.dropout(more)
        return F.relu(heard), classes

    def _read(self, band: Band) -> Tensor:
        """(M, S, width) of all tracks that a part hears."""
        if band.heard_as is None:
            each = torch.einsum("nksf,kfw->nksw", band.seen, self.read) + self.there[:, None, :]
            return torch.einsum("mk,mksw->msw", band.given, each[band.row])
        each = torch.einsum("nksf,lfw->nklsw", band.seen, self.read) + self.there[:, None, :]
        other = F.one_hot(band.heard_as, self.read.shape[0]) * band.given[:, :, None]
        return torch.einsum("mkl,mklsw->msw", other, each[band.row])

    def _classes(self, band: Band) -> Tensor:
        planes = band.seen[..., : 2 * OCTAVE].reshape(*band.seen.shape[:-1], 2, OCTAVE)
        there = torch.einsum("mk,mksic->msic", band.given * self.pitched, planes[band.row]).clamp_max(1)
        return torch.cat([there, *(_share(there[:, :, 1:], span) for span in _SPANS)], 2)


def _share(sounding: Tensor, span: int) -> Tensor:
    """Of what sounds, (M, S, 1, C), up to `span` steps before and after each, the share of each class, times three: of
    a triad that sounds all the time 1 each."""
    line = sounding[:, :, 0].transpose(1, 2)
    sums = F.avg_pool1d(line, 2 * span + 1, 1, span)
    share = 3 * sums / sums.sum(1, keepdim=True).clamp_min(1e-6)
    return share.transpose(1, 2)[:, :, None]


class BandGenerator(nn.Module):
    """Parts given what is heard, what they are told, and their own past."""

    style: Tensor

    def __init__(
        self,
        config: BandConfig,
    ) -> None:
        super().__init__()
        self.pitches = pitches = config.pitches
        hidden_dim, hearing_dim, head_dim = config.hidden_dim, config.hearing_dim, config.head_dim
        self.hearing = Hearing(config)
        own = 2 * (pitches + OCTAVE) + len(LAGS) * (pitches + OCTAVE + 1) + len(SPANS)
        self.past = nn.Linear(own, hearing_dim)
        self.traits = nn.Linear(NUM_TRAITS + 1, hearing_dim)
        self.memory = nn.GRU(2 * hearing_dim, hidden_dim, batch_first=True)
        self.dropout = nn.Dropout(config.dropout)
        self.ask = nn.Linear(hidden_dim + hearing_dim + NUM_HEARD * OCTAVE, head_dim)
        self.below = nn.Linear(pitches + OCTAVE + NUM_LENGTHS, head_dim, bias=False)
        self.which = nn.Linear(head_dim, pitches + 1)
        self.clues = nn.Linear(head_dim, NUM_CLUES)
        self.what = nn.Linear(pitches + OCTAVE + NUM_LENGTHS, head_dim, bias=False)
        self.long = nn.Sequential(nn.ReLU(), nn.Linear(head_dim, head_dim // 2), nn.ReLU())
        self.length = nn.Linear(head_dim // 2, NUM_LENGTHS)
        self.register_buffer("style", torch.zeros(_STYLES, config.tracks, NUM_TRAITS))

    def told(self, told: Told) -> Tensor:
        """(M, width) of what is settled."""
        known = told.known[:, None]
        settled: Tensor = self.traits(torch.cat([told.traits * known, known], -1)) + self.hearing.who(told.track)
        return settled

    def inputs(self, before: Tensor, held: Tensor, earlier: Tensor, there: Tensor, busy: Tensor) -> Tensor:
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
        busy
            (..., spans), see `antiphon.families.band.past.busy`.
        """
        parts = [before, folded(before), held, folded(held), earlier.flatten(-2), folded(earlier).flatten(-2)]
        past: Tensor = self.past(torch.cat([*parts, there, busy], -1))
        return past

    def teacher(self, lines: Lines, band: Band, told: Told, past: Lines | None = None) -> "Choices":
        """Scores of every choice that a part's notes stand for; `lines` are (M, S, P), and so is what it takes for its
        past, by default these."""
        heard, classes = self.hearing(band, told.track)
        past = past or lines
        own = F.relu(self._own(past, past.onsets.shape[1]) + self.told(told)[:, None])
        hidden, _ = self.memory(torch.cat([heard, own], -1))
        asked = self.ask(torch.cat([self.dropout(hidden), heard, classes.flatten(-2)], -1))
        onsets = past.onsets
        clues = Clues(lagged(onsets, 1), past.held, earlier(onsets), lately(onsets), classes)
        return self._choices(lines, asked, clues)

    def _own(self, lines: Lines, end: int) -> Tensor:
        """`inputs` of a part's steps before `end`."""
        onsets, held = lines.onsets[:, :end], lines.held[:, :end]
        steps = torch.arange(end, device=onsets.device)
        there = torch.stack([(steps >= lag).to(onsets) for lag in LAGS], -1).expand(len(onsets), -1, -1)
        return self.inputs(lagged(onsets, 1), held, earlier(onsets), there, busy(onsets))

    def forward(self, lines: Lines, band: Band, told: Told, place: tuple[int, int], temperature: float) -> Tensor:
        """What parts strike and sound, (M, 2, length, P), as they write it.

        Parameters
        ----------
        lines
            (M, S, P) of which what comes before the first step is a part's past.
        place
            The first step, and how many.
        temperature
            Of the Gumbel-softmax whose gradient stands for that of what was drawn.
        """
        begin, length = place
        heard, classes = self.hearing(band, told.track)
        settled = self.told(told)
        past = Past(lines, begin)
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
        after: Tensor = hidden[0]
        return after

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
            (D, P, clues) see `Clues`.
        """
        inner = F.relu(query + self.below(torch.cat([below, folded(below), spoken], -1)))
        same = self._spread(folded(below).clamp_max(1))
        each = torch.einsum("df,dpf->dp", self.clues(inner), torch.cat([clues, same[..., None]], -1))
        scores = self.which(inner) + F.pad(each, (0, 1))
        under = F.pad(below.detach().flip(-1).cumsum(-1).flip(-1), (0, 1)) > 0
        return torch.as_tensor(scores.masked_fill(under, -torch.inf))

    def length_scores(self, query: Tensor, struck: Tensor, spoken: Tensor) -> Tensor:
        """Scores (D, L) of how long what is struck (D, P) lasts; else as `pitch_scores`."""
        inner = query + self.what(torch.cat([struck, folded(struck), spoken], -1))
        scores: Tensor = self.length(self.long(inner))
        return scores

    def _spread(self, classes: Tensor) -> Tensor:
        """What holds of classes (..., 12) for the pitches (..., P)."""
        times = -(-self.pitches // OCTAVE)
        return classes.repeat(*[1] * (classes.ndim - 1), times)[..., : self.pitches]


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
