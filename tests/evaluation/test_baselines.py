import numpy as np
import pytest

from antiphon.evaluation import baselines
from antiphon.evaluation.notes import Notes
from antiphon.evaluation.rolls import Rolls
from antiphon.music.score import Score, Track, notes_from_columns


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def rolls(num: int = 12, songs: int = 4, onsets: bool = True) -> Rolls:
    cells = rng(1).random((num, 3, 2, 16, 24)) < 0.2
    begun = cells & (rng(2).random(cells.shape) < 0.5) if onsets else None
    return Rolls(cells, 48, 4, 0, ("drums", "piano", "bass"), np.sort(np.arange(num) % songs), begun)


def sounding(rolls: Rolls, sample: int, bar: int) -> list[bytes]:
    """The steps of a bar, all tracks together with their onsets, in no order."""
    assert rolls.onsets is not None
    both = np.stack([rolls.cells[sample, :, bar], rolls.onsets[sample, :, bar]])
    return sorted(step.tobytes() for step in np.moveaxis(both, 2, 0))


def piece(num: int = 40) -> Notes:
    chance = rng(3)
    start = np.cumsum(chance.integers(0, 3, num)) * 120
    pitch = chance.integers(40, 80, num)
    table = notes_from_columns(start, start + chance.integers(60, 600, num), pitch, chance.integers(1, 128, num))
    return Notes.from_score(Score(tracks=(Track(table),), chords=((0, "C"), (960, "Am"), (1920, "N.C."))))


def test_shuffled_steps_keep_each_bars_classes() -> None:
    bars = rng().integers(0, 26, (20, 16))
    shuffled = baselines.shuffled_steps(bars, rng(1))
    assert not np.array_equal(bars, shuffled)
    np.testing.assert_array_equal(np.sort(bars, axis=1), np.sort(shuffled, axis=1))


@pytest.mark.parametrize("num", [2, 3, 50])
def test_no_unit_keeps_its_condition(num: int) -> None:
    order = baselines.shuffled_rows(num, rng())
    assert sorted(order.tolist()) == list(range(num))
    assert (order != np.arange(num)).all()


def test_one_unit_has_no_other_condition() -> None:
    with pytest.raises(ValueError, match="at least two units"):
        baselines.shuffled_rows(1, rng())


def test_noise_is_uniform_over_classes() -> None:
    noise = baselines.noise_bars(4000, 16, 26, rng())
    assert noise.shape == (4000, 16)
    np.testing.assert_allclose(np.bincount(noise.ravel(), minlength=26) / noise.size, 1 / 26, rtol=0.1)


def test_noise_rolls_sound_as_often_as_each_track() -> None:
    real = rolls(200, onsets=False)
    real.cells[:, 2] &= rng(5).random(real.cells[:, 2].shape) < 0.25
    noise = baselines.noise_rolls(real, rng())
    assert noise.onsets is None
    np.testing.assert_allclose(noise.cells.mean((0, 2, 3, 4)), real.cells.mean((0, 2, 3, 4)), rtol=0.05)


def test_shuffled_tracks_come_from_other_songs_whole_and_with_their_onsets() -> None:
    real = rolls()
    made = baselines.shuffled_tracks(real, rng())
    np.testing.assert_array_equal(made.cells[:, 0], real.cells[:, 0])
    for track in (1, 2):
        source = [[np.array_equal(a, b) for b in real.cells[:, track]].index(True) for a in made.cells[:, track]]
        assert sorted(source) == list(range(12))
        assert (real.song[source] != real.song).all()
        assert made.onsets is not None
        assert real.onsets is not None
        np.testing.assert_array_equal(made.onsets[:, track], real.onsets[source, track])


def test_tracks_of_one_song_alone_are_shuffled_all_the_same() -> None:
    made = baselines.shuffled_tracks(rolls(12, 1), rng())
    assert made.cells.sum() == rolls(12, 1).cells.sum()


def test_bars_of_other_songs_keep_their_tracks_together() -> None:
    real = rolls()
    made = baselines.shuffled_bar_order(real, rng())
    np.testing.assert_array_equal(made.cells[:, :, 0], real.cells[:, :, 0])
    source = [[np.array_equal(a, b) for b in real.cells[:, :, 1]].index(True) for a in made.cells[:, :, 1]]
    assert (real.song[source] != real.song).all()


def test_shuffled_bars_keep_what_sounds_together() -> None:
    real = rolls()
    made = baselines.shuffled_bars(real, rng())
    assert not np.array_equal(real.cells, made.cells)
    assert sounding(real, 0, 1) == sounding(made, 0, 1)
    assert sounding(real, 0, 1) != sounding(made, 0, 0)
    without = baselines.shuffled_bars(rolls(onsets=False), rng())
    np.testing.assert_array_equal(without.cells, made.cells)


@pytest.mark.parametrize("semitones", [6, 1, 11])
def test_a_transposed_track_moves_its_pitch_classes_and_no_other_track(semitones: int) -> None:
    real = rolls()
    made = baselines.transposed_track(real, 1, rng(), semitones)
    np.testing.assert_array_equal(made.cells[:, [0, 2]], real.cells[:, [0, 2]])
    low = real.cells[:, 1, ..., : 24 - semitones]
    np.testing.assert_array_equal(made.cells[:, 1, ..., semitones:], low)
    np.testing.assert_array_equal(made.cells[:, 1, ..., :semitones], real.cells[:, 1, ..., 12 - semitones : 12])


def test_random_transposition_never_stays_and_drums_are_refused() -> None:
    real = rolls(40)
    made = baselines.transposed_track(real, 2, rng(), None)
    assert (made.cells[:, 2] != real.cells[:, 2]).any((1, 2, 3)).all()
    with pytest.raises(ValueError, match="drums have no pitch"):
        baselines.transposed_track(real, 0, rng())


def test_transposed_chords_leave_the_notes_and_no_chord() -> None:
    notes = piece()
    moved = baselines.transposed_chords(notes, rng())
    assert notes.chord.tolist() == [0, 21, 24]
    assert moved.chord.tolist() == [6, 15, 24]
    np.testing.assert_array_equal(moved.pitch, notes.pitch)
    assert (baselines.transposed_chords(notes, rng(), None).chord[:2] != notes.chord[:2]).all()


def test_shuffled_pitches_keep_the_rhythm() -> None:
    notes = piece()
    made = baselines.shuffled_pitches(notes, rng())
    np.testing.assert_array_equal(np.sort(made.pitch), np.sort(notes.pitch))
    np.testing.assert_array_equal(made.start_beat, notes.start_beat)
    assert not np.array_equal(made.pitch, notes.pitch)
    ordered = np.lexsort((made.pitch, made.start_seconds))
    np.testing.assert_array_equal(ordered, np.arange(len(made)))


def test_shuffled_gaps_keep_pitches_lengths_and_all_gaps() -> None:
    notes = piece()
    made = baselines.shuffled_gaps(notes, rng())
    assert not np.allclose(made.start_beat, notes.start_beat)
    np.testing.assert_allclose(np.sort(np.diff(made.start_beat)), np.sort(np.diff(notes.start_beat)), atol=1e-9)
    np.testing.assert_allclose(
        np.sort(made.end_beat - made.start_beat), np.sort(notes.end_beat - notes.start_beat), atol=1e-9
    )
    np.testing.assert_array_equal(np.sort(made.pitch), np.sort(notes.pitch))
    assert made.start_seconds[-1] == pytest.approx(notes.start_seconds[-1])


def test_noise_notes_stay_in_range_and_in_order() -> None:
    notes = piece()
    made = baselines.noise_notes(notes, rng())
    assert len(made) == len(notes)
    assert (np.diff(made.start_seconds) >= 0).all()
    assert notes.pitch.min() <= made.pitch.min() <= made.pitch.max() <= notes.pitch.max()


def test_no_notes_stay_no_notes() -> None:
    nothing = Notes.from_score(Score())
    for function in (baselines.shuffled_gaps, baselines.shuffled_pitches, baselines.noise_notes):
        assert len(function(nothing, rng())) == 0
