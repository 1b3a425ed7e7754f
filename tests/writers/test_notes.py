"""How pieces of notes are written: what comes back, which ending is taken, and that nothing before it changes."""

from collections.abc import Sequence

import numpy as np
import pytest
import torch
from tests.families.test_lstm_notes import TOY, brief, trusting

from antiphon.codecs.chords import NO_CHORD, NO_KEY
from antiphon.codecs.melody import STEPS
from antiphon.families.lstm.brief import MOST_LEFT, Brief
from antiphon.families.lstm.note_networks import NUM_CLASSES, State
from antiphon.nn.straight_through import gumbel
from antiphon.writers import notes
from antiphon.writers.choosing import Wishes
from antiphon.writers.notes import LstmWriter, _back, _Before, _closes
from antiphon.writers.phrases import Script


def chances(num: int) -> list[np.random.Generator]:
    return [np.random.default_rng([seed, 0]) for seed in range(num)]


def script(num: int, bars: int, key: int = NO_KEY) -> Script:
    source = np.tile(np.arange(bars), (num, 1))
    return Script(source, Wishes(), np.zeros((num, bars)), np.zeros((num, bars, 12)), np.full(num, key))


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


def test_songs_are_the_same_however_many_are_written_together(monkeypatch: pytest.MonkeyPatch) -> None:
    writer, chords = LstmWriter(TOY.build()), np.full((5, 4), 7, np.uint8)

    def written(size: int) -> Sequence[np.ndarray]:
        monkeypatch.setattr(notes, "_SONGS", size)
        return writer.perform(chances(5), np.empty((5, 0), np.uint8), chords, 1.0, script(5, 4))

    together, apart = written(16), written(2)
    assert len(apart) == 5
    for one, other in zip(together, apart, strict=True):
        np.testing.assert_array_equal(one, other)


def test_what_is_asked_reaches_the_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    writer, briefs, endings = LstmWriter(TOY.build()), [], []

    def written(chances: object, state: object, brief: Brief, **rest: object) -> list[np.ndarray]:
        briefs.append(brief)
        endings.append(rest["ending"])
        return []

    monkeypatch.setattr(writer, "_written", written)
    asked = script(2, 6, key=21)
    asked.source[:, 4:] = [0, 1]
    writer.perform(chances(2), np.empty((2, 0), np.uint8), np.zeros((2, 6), np.uint8), 1.0, asked)
    assert briefs[0].plan.back.tolist() == [[0, 0, 0, 0, 4, 4]] * 2
    assert (briefs[0].plan.key == 21).all() and briefs[0].plan.left[0].tolist() == [5, 4, 3, 2, 1, 0]
    writer.compose(chances(2), np.empty((2, 0), np.uint8), np.zeros((2, 6), np.uint8), 1.0)
    assert (briefs[1].plan.key == 0).all() and (briefs[1].plan.left == MOST_LEFT).all()
    assert endings == [2 * STEPS, 0]


def test_a_continuation_is_told_where_it_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    writer, told = LstmWriter(TOY.build()), []

    def written(chances: object, state: State, brief: Brief, **rest: object) -> list[np.ndarray]:
        told.append((state, brief, rest))
        return []

    monkeypatch.setattr(writer, "_written", written)
    # Two bars of quarters in C, the last at step 12 of the second; a bar of silence, then what is new.
    place = np.array([0, 4, 8, 12] * 2, np.uint8)
    real = np.stack([np.array([60, 64, 67, 72] * 2), np.full(8, 3), [0, *[4] * 7]], 1).astype(np.uint8)
    prime = {"real": real, "place": place, "bar": np.full(8, 16, np.uint8)}
    writer.follow(chances(3), prime, np.full((3, 4), 7, np.uint8), key=7, bar=16, gap=20, temperature=1.0)
    ((state, brief, rest),) = told
    assert brief.plan.chord[0].tolist() == [0, 0, NO_CHORD, 7, 7, 7, 7]
    assert brief.plan.key[0].tolist() == [0, 0, NO_KEY, 7, 7, 7, 7]
    assert brief.plan.left[0, 3:].tolist() == [3, 2, 1, 0] and brief.plan.back[0, :2].tolist() == [0, 1]
    # The first new note lies at the line of bar 3.
    new = (state.moment.place + 20) // state.moment.bar
    assert (state.number + new == 3).all() and ((state.moment.place + 20) % 16 == 0).all()
    assert rest["ending"] == 32 and float(brief.traits[0, 0]) == pytest.approx((65.75 - 63) / 6, abs=1e-3)


def test_the_best_of_several_endings_is_taken() -> None:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        game = TOY.build()
    with torch.no_grad():
        game.generator.offset.out.get_parameter("bias")[4] = 5.0
    writer, chords = LstmWriter(game), np.zeros((40, 4), np.uint8)
    ended = writer.perform(chances(40), np.empty((40, 0), np.uint8), chords, 1.0, script(40, 4, key=0))
    straight = writer.compose(chances(40), np.empty((40, 0), np.uint8), chords, 1.0)
    best, other = (np.mean([_closes(song, 0) for song in songs]) for songs in (ended, straight))
    assert best > other + 0.1
