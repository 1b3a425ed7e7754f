import numpy as np
import pytest

from antiphon.evaluation.markov import MarkovChain, markov_bars, markov_notes
from antiphon.evaluation.notes import Notes
from antiphon.music.score import Score, Track, notes_from_columns


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_a_chain_without_choice_goes_on_as_it_was_fitted() -> None:
    chain = MarkovChain([np.arange(12) % 3, np.arange(12) % 3])
    np.testing.assert_array_equal(chain.continued(np.array([[0, 1], [2, 0]]), 4, rng()), [[2, 0, 1, 2], [1, 2, 0, 1]])


def test_what_follows_has_the_frequencies_of_the_fitted_sequences() -> None:
    source = (rng(1).random(60_000) < 0.3).astype(int)
    source[2:] |= source[1:-1] & source[:-2]
    chain = MarkovChain([source])
    made = chain.continued(np.tile([0, 1], (20_000, 1)), 1, rng())[:, 0]
    follows = source[2:][(source[:-2] == 0) & (source[1:-1] == 1)]
    assert made.mean() == pytest.approx(follows.mean(), abs=0.015)


def test_every_triple_that_a_chain_makes_was_there() -> None:
    lines = [rng(2).integers(0, 5, 50) for _ in range(3)]
    made = MarkovChain(lines).sequences(20, 30, rng())
    seen = {tuple(line[i : i + 3]) for line in lines for i in range(48)}
    ends = {tuple(line[-2:]) for line in lines}
    for line in made:
        for i in range(28):
            assert tuple(line[i : i + 3]) in seen or tuple(line[i : i + 2]) in ends


def test_an_unknown_context_is_shortened() -> None:
    chain = MarkovChain([np.array([0, 1, 2, 3, 4])])
    assert chain.continued(np.array([[4, 2], [9, 9]]), 1, rng())[0].tolist() == [3]
    assert 0 <= chain.continued(np.array([[9, 9]]), 1, rng())[0, 0] <= 4


def test_chains_are_refused_what_they_cannot_be_fitted_to() -> None:
    with pytest.raises(ValueError, match="order 2"):
        MarkovChain([np.array([1, 2])])
    with pytest.raises(ValueError, match="from 0 on"):
        MarkovChain([np.array([1, -2, 3])])


def test_bars_go_on_over_the_bar_line_and_always_begin_a_note() -> None:
    bars = np.full((50, 16), 24)
    bars[:, 0], bars[:25, 8], bars[25:, 8:] = 5, 7, 25
    previous = np.roll(bars, 1, axis=0)
    made = markov_bars(bars, previous, previous, rng())
    assert made.dtype == np.uint8
    assert (made < 24).any(1).all()
    assert not ((made[:, 1:] == 24) & (made[:, :-1] == 25)).any()
    known = {tuple(row[i : i + 3]) for row in np.concatenate([previous, bars], axis=1) for i in range(30)}
    assert {(*row[14:16], first) for row, first in zip(previous, made[:, 0], strict=True)} <= known


def test_notes_have_the_asked_length_and_pitches_that_followed_each_other() -> None:
    chance = rng(3)
    pieces = []
    for _ in range(3):
        start = np.cumsum(chance.integers(1, 3, 60)) * 120
        table = notes_from_columns(start, start + 120, chance.integers(60, 64, 60), 64)
        pieces.append(Notes.from_score(Score(tracks=(Track(table),))))
    made = markov_notes(pieces, [20, 35], rng())
    assert [len(piece) for piece in made] == [20, 35]
    gaps = {0.25, 0.5}
    assert set(np.diff(made[1].start_beat).tolist()) <= gaps
    np.testing.assert_allclose(made[1].end_beat - made[1].start_beat, 0.25)
    assert set(made[0].pitch.tolist()) <= {60, 61, 62, 63}
    assert made[0].bar_beats[-1] >= made[0].end_beat.max()
