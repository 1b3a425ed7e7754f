"""What a writer of notes remembers, on tunes that can be read by eye."""

import torch
from torch import Tensor

from antiphon.families.lstm import memory
from antiphon.families.lstm.memory import Again, Heard, Moment


def heard(onset: list[int], pitch: list[int], duration: list[int]) -> Heard:
    at = torch.tensor([onset])
    offset = torch.diff(at, prepend=at[:, :1])
    pitches = torch.tensor([pitch])
    run = memory.runs(pitches, offset)[:, -1]
    return Heard(at, offset, pitches, torch.tensor([duration]), run, torch.ones_like(at, dtype=torch.bool))


def moment(onset: int, bar: int = 16) -> Moment:
    return Moment(*(torch.tensor([[value]]) for value in (onset, onset % bar, bar)))


# A bar of two chords and a note, then the first chord's lower note a bar later.
SONG = heard([0, 0, 4, 4, 12, 16], [48, 60, 50, 62, 64, 48], [4, 8, 4, 4, 2, 4])
NONE = Again(*(torch.zeros(1, 1, dtype=torch.int64) for _ in range(4)))


def at(onset: int, song: Heard = SONG, back: int = 0) -> memory.Recall:
    return memory.recall(song, song.there[:, None], moment(onset), NONE, torch.tensor([[back]]))


def sung(plane: Tensor) -> list[int]:
    return torch.nonzero(plane > 0).flatten().tolist()


def test_the_next_onset_of_a_bar_ago_and_the_rest_of_its_chord() -> None:
    gaps, more = memory.rhythm(at(16))
    one_bar = memory.LAGS.index(1.0)
    # A bar ago two notes began together, of which one has been written; the next began four steps later.
    assert gaps[0, 0, one_bar] == 4 and more[0, 0, one_bar] == 3
    two_bars = memory.LAGS.index(2.0)
    assert more[0, 0, two_bars] == memory.NUM_MORE - 1


def test_pitches_by_what_they_are_remembered_for() -> None:
    planes = memory.pitches(at(20), torch.zeros(1, 1, 128))[0, 0]
    assert planes.shape == (memory.NUM_PLANES, 128)
    chord, sounding, last, one_before = planes[:4]
    assert sung(chord) == [] and sung(sounding) == [] and sung(last) == [48] and sung(one_before) == [64]
    assert sung(planes[4 + memory.LAGS.index(1.0)]) == [50, 62]
    assert sung(memory.pitches(at(6), torch.zeros(1, 1, 128))[0, 0][1]) == [50, 60, 62]


def test_durations_of_the_same_pitch_at_the_same_place() -> None:
    pitch = torch.tensor([[62]])
    assert memory.durations(at(20), pitch)[0, 0].tolist() == [0, 4, 0, 0, 0, 0]
    assert memory.durations(at(20), pitch + 1)[0, 0].tolist() == [0] * 6


def test_what_sounds_and_when_it_ends() -> None:
    # Of the first chord the upper note lasts eight steps; the two of the second begin while it sounds.
    found = {onset: [int(part) for part in memory.sounding(at(onset))] for onset in (0, 4, 6, 13, 15)}
    assert found[6] == [3, 2, 2] and found[13] == [1, 1, 1] and found[15] == [0, 0, 0]
    assert found[0] == [2, 4, 8] and found[4] == [3, 4, 4]
    alone = memory.recall(SONG, SONG.there[:, None] & False, moment(6), NONE, torch.zeros(1, 1, dtype=torch.int64))
    assert [int(part) for part in memory.sounding(alone)] == [0, 0, 0]


def test_the_bar_that_is_brought_back_is_remembered_from_any_distance() -> None:
    recalled, none = at(52, back=3), torch.zeros(1, 1, 128)
    plane = 4 + len(memory.LAGS)
    assert sung(memory.pitches(recalled, none)[0, 0][plane]) == [50, 62]
    assert sung(memory.pitches(at(52), none)[0, 0][plane]) == []
    assert memory.durations(recalled, torch.tensor([[62]]))[0, 0, -1] == 4
    assert memory.rhythm(recalled)[0][0, 0, -1] == 8 and memory.rhythm(at(52))[0][0, 0, -1] == 0


def test_a_repetition_goes_on_as_it_did() -> None:
    tune = [60, 62, 64, 65, 67, 60, 62, 64]
    song = heard([4 * step for step in range(8)], tune, [4] * 7 + [9])
    again = memory.going_on(song, song.run[:, None], song.there[:, None])
    assert (int(again.pitch), int(again.length), int(again.offset), int(again.duration)) == (65, 2, 4, 4)
    other = heard([0, 4, 8], [60, 62, 64], [4] * 3)
    assert int(memory.going_on(other, other.run[:, None], other.there[:, None]).length) == 0


def test_remembering_note_by_note_is_remembering_at_once() -> None:
    chance = torch.Generator().manual_seed(0)
    pitch = 60 + torch.randint(3, (2, 40), generator=chance)
    offset = torch.randint(2, (2, 40), generator=chance)
    offset[:, 0] = 0
    state = memory.nothing(2, pitch)
    for step in range(40):
        state = memory.remember(state, offset[:, : step + 1].sum(1), offset[:, step], pitch[:, step], pitch[:, step])
    assert torch.equal(state.run[:, -40:], memory.runs(pitch, offset)[:, -1])
    assert torch.equal(state.onset[:, -40:], offset.cumsum(1)) and state.there.sum() == 80
    assert int(state.run.max()) <= memory.LONGEST_RUN
