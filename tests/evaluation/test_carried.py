"""Bands on the grid of measuring: nothing moves, nothing is lost, tracks go by their names."""

import numpy as np
import pytest
from tests.evaluation.bands_made import BASS, DRUMS, PIANO, SIXTEENTHS, strokes

from antiphon.codecs.ensembles import ENSEMBLES
from antiphon.codecs.phrases import PhraseRolls
from antiphon.codecs.strokes import Strokes
from antiphon.data.corpus import Corpus
from antiphon.evaluation.carried import GRID, BandSong, carried, given_strokes, rolls_of, song_of


def one(track: int, pitch: int, start: int, end: int) -> Strokes:
    return Strokes(*(np.array([value]) for value in (track, pitch, start, end)))


def test_onsets_and_ends_stay_where_they_were() -> None:
    sounds, onsets = carried(one(PIANO, 36, 2, 6), 1, SIXTEENTHS)
    # Half a beat in, a quarter long, silent in its last 24th.
    assert np.flatnonzero(sounds[0, PIANO, :, 36]).tolist() == list(range(12, 35))
    assert np.argwhere(onsets).tolist() == [[0, PIANO, 12, 36]]
    assert sounds.sum() == 23


def test_a_drum_is_a_stroke() -> None:
    sounds, onsets = carried(one(DRUMS, 12, 4, 9), 1, SIXTEENTHS)
    assert np.argwhere(sounds).tolist() == np.argwhere(onsets).tolist() == [[0, DRUMS, 24, 12]]


def test_a_sixteenth_is_five_steps_and_a_rest() -> None:
    sounds, _ = carried(one(BASS, 5, 15, 16), 1, SIXTEENTHS)
    assert np.flatnonzero(sounds[0, BASS, :, 5]).tolist() == [90, 91, 92, 93, 94]


def test_over_a_bar_line_without_another_onset() -> None:
    sounds, onsets = carried(one(BASS, 5, 12, 20), 2, SIXTEENTHS)
    assert sounds[1, BASS, :23, 5].all() and not sounds[1, BASS, 23, 5]
    assert onsets.sum() == 1


def test_tracks_go_by_name_and_pitches_by_height() -> None:
    paper = PhraseRolls(resolution=4, ensemble=ENSEMBLES["paper"], lowest_pitch=36, num_pitches=48)
    sounds, _ = carried(one(0, 4, 0, 4), 1, paper)
    assert {tuple(cell) for cell in np.argwhere(sounds)[:, [1, 3]].tolist()} == {(BASS, 16)}
    assert not carried(one(0, 0, 0, 4), 1, PhraseRolls(resolution=4, ensemble=ENSEMBLES["paper"], lowest_pitch=0))[
        0
    ].any()


def test_a_grid_that_does_not_divide_is_a_fault() -> None:
    with pytest.raises(ValueError, match="exactly"):
        carried(one(0, 0, 0, 1), 1, PhraseRolls(resolution=5))


@pytest.mark.parametrize("song", [2, 40])
def test_a_real_song_goes_there_and_back(song: int) -> None:
    real = BandSong.of_score(Corpus.open("freedoom").score(song))
    num = len(real.begins)
    sounds, onsets = carried(given_strokes(real, range(5)), num, GRID)
    assert np.array_equal(sounds, real.sounds) and np.array_equal(onsets, real.onsets)


def test_phrases_are_those_in_which_three_tracks_sound() -> None:
    found = song_of(strokes(np.random.default_rng(0), 9), 9, SIXTEENTHS)
    assert found.phrases.tolist() == [0, 4]
    alone = song_of(one(PIANO, 36, 0, 64), 4, SIXTEENTHS)
    assert not len(alone.phrases) and not len(rolls_of([alone]))
    assert not len(song_of(one(PIANO, 36, 0, 4), 0, SIXTEENTHS).phrases)


def test_other_tracks_keep_what_is_not_theirs() -> None:
    real = song_of(strokes(np.random.default_rng(0), 8), 8, SIXTEENTHS)
    nothing = np.zeros_like(real.sounds[:, 0])
    made = real.with_tracks({BASS: (nothing, nothing)})
    assert not made.sounds[:, BASS].any() and np.array_equal(made.sounds[:, PIANO], real.sounds[:, PIANO])
    assert real.sounds[:, BASS].any() and np.array_equal(made.phrases, real.phrases)


def test_rolls_know_their_songs() -> None:
    song = song_of(strokes(np.random.default_rng(0), 8), 8, SIXTEENTHS)
    rolls = rolls_of([song, song], [7, 9])
    assert rolls.song.tolist() == [7, 7, 9, 9] and rolls.resolution == 24 and rolls.drum_track == DRUMS
    assert np.array_equal(rolls.cells[1, PIANO, 2], song.sounds[6, PIANO])
