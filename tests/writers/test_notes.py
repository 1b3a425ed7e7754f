"""How pieces of notes are written: what comes back, which ending is taken, and that nothing before it changes."""

import numpy as np
import torch
from tests.families.test_lstm_notes import TOY, brief, trusting

from antiphon.codecs.melody import STEPS
from antiphon.families.lstm.note_networks import NUM_CLASSES
from antiphon.nn.straight_through import gumbel
from antiphon.writers.choosing import Wishes
from antiphon.writers.notes import LstmWriter, _back, _Before, _closes
from antiphon.writers.phrases import Script


def chances(num: int) -> list[np.random.Generator]:
    return [np.random.default_rng([seed, 0]) for seed in range(num)]


def script(num: int, bars: int) -> Script:
    source = np.tile(np.arange(bars), (num, 1))
    return Script(source, Wishes(), np.zeros((num, bars)), np.zeros((num, bars, 12)))


def test_a_bar_brings_back_the_latest_that_has_its_source() -> None:
    source = np.array([[0, 1, 0, 1, 4, 0]])
    assert _back(source).tolist() == [[0, 0, 2, 2, 0, 3]]


def test_a_long_note_over_the_tonic_ends_best() -> None:
    def ending(*notes: tuple[int, int, int]) -> np.ndarray:
        return np.array(notes, np.uint8)

    best = ending((62, 3, 0), (60, 15, 4), (64, 15, 0))
    short, other = ending((62, 3, 0), (60, 1, 4), (64, 1, 0)), ending((62, 3, 0), (59, 15, 4), (64, 15, 0))
    assert _closes(best, 0) == 2 and _closes(short, 0) == 1.25 and _closes(other, 0) == 1
    assert _closes(best[:0], 0) == 0


def test_states_of_songs_are_taken_and_put_back() -> None:
    game, told = trusting().eval(), brief(6)
    zero, noise = torch.zeros(6, dtype=torch.int64), gumbel(torch.randn(6, 24, NUM_CLASSES).double())
    _, early = game.go_on(game.generator.begin(zero, zero + 16), told, noise[:, :12], zero)
    _, late = game.go_on(early, told, noise[:, 12:])
    some = torch.tensor([1, 4])
    mixed = late.replaced(some, early)
    for song, state in ((1, early), (4, early), (0, late)):
        one, other = (part.of(torch.tensor([song])) for part in (mixed, state))
        for mine, theirs in zip(one._by_song(), other._by_song(), strict=True):
            assert torch.equal(mine, theirs)
    repeated = early.of(torch.tensor([2, 2]))
    assert torch.equal(repeated.hidden[:, 0], repeated.hidden[:, 1]) and repeated.heard.pitch.shape[0] == 2


def test_what_is_kept_is_the_state_before_the_ending() -> None:
    game, told = trusting().eval(), brief(3)
    zero = torch.zeros(3, dtype=torch.int64)
    state, notes = game.generator.begin(zero, zero + 16), torch.empty(3, 0, 3, dtype=torch.uint8)
    before, states = _Before(state, 64, 32), []
    for step in range(40):
        before.keep(state, notes)
        states.append(state)
        noise = gumbel(torch.randn(3, 1, NUM_CLASSES).double())
        note, state = game.go_on(state, told, noise, zero if step == 0 else None)
        notes = torch.cat([notes, note], dim=1)
    onset = notes[:, :, 2].long().cumsum(1)
    for song in range(3):
        num = int((onset[song] < 32).sum())
        assert before.num[song] == min(num, 39)
        last = states[int(before.num[song])].of(torch.tensor([song]))
        assert torch.equal(before.state.of(torch.tensor([song])).cell, last.cell)
        assert before.left[song] == 64 - onset[song, int(before.num[song]) - 1]


def test_songs_end_on_the_best_of_several_endings_and_are_the_same_before() -> None:
    writer = LstmWriter(TOY.build())
    chords = np.zeros((4, 6), np.uint8)
    ended = writer.perform(chances(4), np.empty((4, 0), np.uint8), chords, 1.0, script(4, 6))
    writer._endings = lambda *rest: [np.empty((0, 3), np.uint8)] * 4  # type: ignore[method-assign]
    begun = writer.perform(chances(4), np.empty((4, 0), np.uint8), chords, 1.0, script(4, 6))
    assert sum(map(len, ended)) > sum(map(len, begun))
    for song, head in zip(ended, begun, strict=True):
        np.testing.assert_array_equal(song[: len(head), [0, 2]], head[:, [0, 2]])
        onset = np.cumsum(song[:, 2], dtype=np.int64)
        # Where the ending begins is open: at the note that may follow the last one before it.
        assert (onset[: len(head)] < 4 * STEPS).all()
        assert (onset + song[:, 1] < 6 * STEPS).all()


def test_each_song_is_its_own_chance_alone() -> None:
    game = TOY.build()
    with torch.no_grad():
        game.generator.offset.out.get_parameter("bias")[1:4] = 4.0
    writer, chords = LstmWriter(game), np.full((3, 5), 7, np.uint8)
    together = writer.perform(chances(3), np.empty((3, 0), np.uint8), chords, 1.0, script(3, 5))
    alone = writer.perform(chances(3)[2:], np.empty((1, 0), np.uint8), chords[2:], 1.0, script(1, 5))
    np.testing.assert_array_equal(together[2], alone[0])
