"""The generator of `band` as tables, for writing: what is linear in a part's notes is looked up, in float64.

Axes: N songs, S step, P pitch, H hidden; L tries at a step, the most that it can strike.
"""

import copy
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from antiphon.families.band.networks import BandGenerator
from antiphon.families.band.past import LATELY, NUM_CLUES, NUM_HEARD
from antiphon.families.band.rolls import LAGS, LENGTHS, OCTAVE, SPANS

Values = NDArray[np.float64]
Integers = NDArray[np.int64]

MOST = 8
"""Pitches that a track strikes at one step."""


class Heard(NamedTuple):
    """What parts are written to.

    Parameters
    ----------
    around, classes
        (N, S, width) and (N, S, 4, 12), what `antiphon.families.band.networks.Hearing` gives.
    told
        (N, width), what `BandGenerator.told` gives.
    lean
        (S, P) what is added to the scores of pitches, without making notes more or less likely on the whole.
    """

    around: Values
    classes: Values
    told: Values
    lean: Values | None = None


class Folded:
    """Writes parts of N songs at once.

    Parameters
    ----------
    generator
        As it was trained; it stays as it is.
    """

    def __init__(self, generator: BandGenerator) -> None:
        state = {name: value.detach().double().cpu().numpy() for name, value in generator.state_dict().items()}
        self._pitches = pitches = generator.pitches
        classes = np.arange(pitches) % OCTAVE

        def table(weight: Values, first: int, second: int) -> Values:
            """Columns of pitches and of their classes as one row a pitch."""
            return weight[:, first : first + pitches].T + weight[:, second : second + OCTAVE].T[classes]

        past = state["past.weight"]
        num, own = len(LAGS), pitches + OCTAVE
        lagged = 2 * own + num * pitches
        tables = [table(past, start, start + pitches) for start in (0, own)]
        tables += [table(past, 2 * own + lag * pitches, lagged + lag * OCTAVE) for lag in range(num)]
        self._past = np.concatenate([*tables, past[:, lagged + num * OCTAVE :].T])
        self._past_bias = state["past.bias"]
        width = len(self._past_bias)
        self._heard_in = state["memory.weight_ih_l0"][:, :width].T
        self._past_in = np.ascontiguousarray(state["memory.weight_ih_l0"][:, width:].T)
        self._again = np.ascontiguousarray(state["memory.weight_hh_l0"].T)
        self._in_bias, self._again_bias = state["memory.bias_ih_l0"], state["memory.bias_hh_l0"]
        self._hidden = hidden = len(self._again)
        self._ask = np.ascontiguousarray(state["ask.weight"][:, :hidden].T)
        self._ask_heard, self._ask_bias = state["ask.weight"][:, hidden:].T, state["ask.bias"]
        below, what = state["below.weight"], state["what.weight"]
        self._below, self._below_length = table(below, 0, pitches), below[:, own:].T
        self._what, self._what_length = table(what, 0, pitches), what[:, own:].T
        self._which, self._which_bias = np.ascontiguousarray(state["which.weight"].T), state["which.bias"]
        self._clues, self._clues_bias = np.ascontiguousarray(state["clues.weight"].T), state["clues.bias"]
        self._long, self._long_bias = np.ascontiguousarray(state["long.1.weight"].T), state["long.1.bias"]
        self._length, self._length_bias = np.ascontiguousarray(state["length.weight"].T), state["length.bias"]
        self._lengths = LENGTHS.numpy()
        self._same = classes[:, None] == np.arange(OCTAVE)

    def begin(self, heard: Heard) -> "Parts":
        """Parts of which nothing is written yet."""
        return Parts(self, heard)


class Parts:
    """Parts of N songs while they are written.

    Parameters
    ----------
    net
        Who writes them.
    heard
        What they are written to.
    """

    def __init__(self, net: Folded, heard: Heard) -> None:
        self._net = net
        around, classes, told, self._lean = heard
        num, steps = around.shape[:2]
        pitches = net._pitches
        # Those of all songs; `_rows` says which of them are these.
        self._gates = around @ net._heard_in + net._in_bias
        asked = np.concatenate([around, classes.reshape(num, steps, -1)], -1)
        self._asked = asked @ net._ask_heard + net._ask_bias
        self._classes = classes
        self._bias = net._past_bias + told
        self._rows = np.arange(num)
        self._step = 0
        self._hidden = np.zeros((num, net._hidden))
        self._length = np.zeros((num, steps, pitches), np.int16)
        self._num = np.zeros((num, steps))
        self._end = np.zeros((num, pitches), np.int64)
        self._lately = np.zeros((num, pitches))
        self._clues = np.zeros((num, pitches, NUM_CLUES))

    def some(self, songs: Integers) -> "Parts":
        """Copies of some of them, which go on by themselves."""
        part = copy.copy(self)
        for name in ("_rows", *_STATE):
            setattr(part, name, getattr(self, name)[songs])
        return part

    def put(self, songs: Integers, others: "Parts") -> None:
        """Replace some of them."""
        for name in _STATE:
            getattr(self, name)[songs] = getattr(others, name)

    def write(self, chance: Values, temperature: float = 1.0, floor: float = 0.0) -> None:
        """Go on.

        Parameters
        ----------
        chance
            (N, S, L, 2) numbers between 0 and 1 for the next steps: which share of what is likely lies below what is
            chosen, of pitches and of lengths.
        temperature
            Below 1 safer, above 1 wilder.
        floor
            Choices less likely than this share of the likeliest are left out.
        """
        for step in range(chance.shape[1]):
            self._write(self._step, chance[:, step], temperature, floor)
            self._step += 1

    def struck(self, begin: int, end: int) -> NDArray[np.bool_]:
        """What is struck (N, S, P) from one step to another."""
        return np.asarray(self._length[:, begin:end] > 0)

    def _write(self, step: int, chance: Values, temperature: float, floor: float) -> None:
        net, rows = self._net, self._rows
        before = self._at(step - 1)
        held = (self._end > step).astype(float)
        lags = [self._at(step - lag) for lag in LAGS]
        there = np.tile([float(step >= lag) for lag in LAGS], (len(before), 1))
        busy = [np.log1p(self._num[:, max(step - span, 0) : step].sum(1, keepdims=True)) for span in SPANS]
        past = np.concatenate([before, held, *lags, there, *busy], 1) @ net._past + self._bias[rows]
        self._remember(np.maximum(past, 0), step)
        asked = self._asked[rows, step] + self._hidden @ net._ask
        clues = self._clues
        clues[..., 0], clues[..., 1], clues[..., 2] = before, held, np.minimum(self._lately, 1)
        clues[..., 3] = (clues[..., 2] @ net._same) @ net._same.T
        for number, lag in enumerate(lags):
            clues[..., 4 + number] = lag
        clues[..., -1 - NUM_HEARD : -1] = (self._classes[rows, step] @ net._same.T).swapaxes(1, 2)
        clues[..., -1] = 0
        self._strike(step, asked, chance, temperature, floor)
        self._lately = LATELY * self._lately + (1 - LATELY) * 4 * self._at(step)

    def _strike(self, step: int, asked: Values, chance: Values, temperature: float, floor: float) -> None:
        net, song = self._net, np.arange(len(asked))
        highest = np.full(len(asked), -1)
        # What is struck already says of the next pitch, and its length of that and of the next length.
        below, spoken, lasting = (np.zeros_like(asked) for _ in range(3))
        for attempt in range(chance.shape[1]):
            inner = np.maximum(asked + below + spoken, 0)
            scores = inner @ net._which + net._which_bias
            scores[:, :-1] += np.einsum("npf,nf->np", self._clues[song], inner @ net._clues + net._clues_bias)
            scores[np.arange(net._pitches + 1) <= highest[:, None]] = -np.inf
            if self._lean is not None:
                scores[:, :-1] = _leaning(scores[:, :-1], self._lean[step])
            pitch = _chosen(scores, chance[song, attempt, 0], temperature, floor)
            more = pitch < net._pitches
            if not more.any():
                return
            song, pitch = song[more], pitch[more]
            asked, below, lasting = asked[more], below[more], lasting[more]
            inner = np.maximum(np.maximum(asked + net._what[pitch] + lasting, 0) @ net._long + net._long_bias, 0)
            length = _chosen(inner @ net._length + net._length_bias, chance[song, attempt, 1], temperature, floor)
            self._note(song, pitch, step, net._lengths[length])
            highest, below = pitch, below + net._below[pitch]
            spoken, lasting = net._below_length[length], net._what_length[length]

    def _note(self, song: Integers, pitch: Integers, step: int, length: Integers) -> None:
        self._length[song, step, pitch] = length
        self._num[song, step] += 1
        self._end[song, pitch] = step + length
        same = self._clues[song, :, -1]
        self._clues[song, :, -1] = np.maximum(same, self._net._same[:, pitch % OCTAVE].T)

    def _at(self, step: int) -> Values:
        if step < 0:
            return np.zeros_like(self._lately)
        return (self._length[:, step] > 0).astype(float)

    def _remember(self, past: Values, step: int) -> None:
        net, size = self._net, self._net._hidden
        given = self._gates[self._rows, step] + past @ net._past_in
        again = self._hidden @ net._again + net._again_bias
        reset = 1 / (1 + np.exp(-given[:, :size] - again[:, :size]))
        keep = 1 / (1 + np.exp(-given[:, size : 2 * size] - again[:, size : 2 * size]))
        new = np.tanh(given[:, 2 * size :] + reset * again[:, 2 * size :])
        self._hidden = new + keep * (self._hidden - new)

    def notes(self) -> tuple[Integers, Integers, Integers, Integers]:
        """Song, pitch, first and end step of each note, in the order of songs, steps and pitches."""
        song, start, pitch = np.nonzero(self._length)
        end = np.minimum(start + self._length[song, start, pitch], self._length.shape[1])
        return song, pitch, start, end


_STATE = ("_hidden", "_length", "_num", "_end", "_lately", "_clues")


def _leaning(scores: Values, lean: Values) -> Values:
    """Scores (D, P) that lean, of the same sum of likelihoods."""
    moved = scores + lean
    return np.asarray(moved + (_log_sum(scores) - _log_sum(moved)))


def _log_sum(scores: Values) -> Values:
    highest = np.maximum(scores.max(1, keepdims=True), -1e9)
    return np.asarray(highest + np.log(np.exp(scores - highest).sum(1, keepdims=True) + 1e-300))


def _chosen(scores: Values, chance: Values, temperature: float, floor: float) -> Integers:
    """(D,) choices from scores (D, C)."""
    scores = scores - scores.max(1, keepdims=True)
    if temperature <= 0:
        chosen: Integers = scores.argmax(1)
        return chosen
    shares = np.exp(scores / temperature)
    shares[shares < floor] = 0
    sums = shares.cumsum(1)
    return np.asarray((sums <= chance[:, None] * sums[:, -1:]).sum(1))
