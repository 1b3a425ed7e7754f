"""The gap of tonal distance: closed by what plays together, none where tracks do not know of each other."""

import numpy as np
import pytest
from tests.evaluation.bands_made import BASS, DRUMS, PIANO, STRINGS, bands

from antiphon.evaluation.baselines import shuffled_tracks
from antiphon.evaluation.rolls import Rolls
from antiphon.evaluation.sets.tonal_gaps import closed_share, gap_share, tonal_gap, tonal_gaps

REAL, APART = bands(24, together=True), bands(24, together=False, seed=1)
GAPS, NO_GAPS = tonal_gaps(REAL), tonal_gaps(APART)


def test_tracks_that_play_together_are_nearer_than_those_of_other_songs() -> None:
    for gap in GAPS.values():
        assert gap.p == 1 / 5000 and gap.gap > 0.3 and len(gap.own) == len(gap.others) == 24


def test_tracks_that_do_not_are_not() -> None:
    assert min(gap.p for gap in NO_GAPS.values()) > 0.005
    assert max(abs(gap.gap) for gap in NO_GAPS.values()) < 0.2


def test_p_values_of_no_difference_are_even() -> None:
    found = [tonal_gap(bands(8, together=False, seed=seed), PIANO, [BASS], permutations=199).p for seed in range(40)]
    assert 0.35 < np.mean(found) < 0.65 and np.mean(np.array(found) <= 0.1) < 0.25


def test_a_real_band_closes_its_own_gap_and_shuffled_tracks_none() -> None:
    whole = closed_share(GAPS, GAPS)
    assert whole.value == 1 and whole.low < 1 < whole.high
    assert gap_share(GAPS, GAPS).value == 1
    mixed = tonal_gaps(shuffled_tracks(REAL, np.random.default_rng(0)))
    for share in (closed_share(mixed, GAPS), gap_share(mixed, GAPS)):
        assert abs(share.value) < 0.2 and share.high < 0.4


def test_one_key_throughout_closes_the_way_without_listening() -> None:
    one = bands(1, together=True, num_bars=64)
    same = np.zeros(len(one.cells), int)
    still = one[same]
    still = type(one)(still.cells, 24, 24, 0, one.tracks, np.arange(len(still)), still.onsets)
    found = tonal_gaps(still)
    assert closed_share(found, GAPS).value > 0.8 and gap_share(found, GAPS).value == pytest.approx(0, abs=1e-9)


def test_equal_songs_tell_nothing() -> None:
    one = bands(1, together=True)[np.zeros(6, int)]
    songs = type(one)(one.cells, 24, 24, 0, one.tracks, np.arange(6), one.onsets)
    assert tonal_gap(songs, PIANO, [BASS]).p == 1


def test_several_tracks_at_once_lie_between_each_alone() -> None:
    alone = [tonal_gap(REAL, PIANO, [track]).own for track in (BASS, STRINGS)]
    both = tonal_gap(REAL, PIANO, [BASS, STRINGS]).own
    assert (np.minimum(*alone) <= both + 1e-12).all() and (both <= np.maximum(*alone) + 1e-12).all()


def chords(*songs: tuple[int, ...]) -> Rolls:
    """Songs of phrases in which piano and bass hold one pitch class."""
    cells = np.zeros((sum(map(len, songs)), 5, 1, 96, 84), bool)
    for number, pitch in enumerate(pitch for song in songs for pitch in song):
        cells[number, PIANO, :, :, 36 + pitch] = cells[number, BASS, :, :, 12 + pitch] = True
    return Rolls(cells, 24, 24, DRUMS, REAL.tracks, np.repeat(np.arange(len(songs)), [len(song) for song in songs]))


def test_by_hand() -> None:
    gap = tonal_gap(chords((0, 2), (6, 8)), PIANO, [BASS])
    assert gap.own == pytest.approx([0, 0])
    # A tritone lies across the circles of fifths and of minor thirds, and on one point of that of major thirds.
    apart = tonal_gap(chords((0,), (6,)), PIANO, [BASS]).others[0]
    assert apart == pytest.approx(8**0.5)
    assert gap.others == pytest.approx([apart, apart])
    # The shorter song begins again.
    again = tonal_gap(chords((0, 0), (6,)), PIANO, [BASS])
    assert again.others == pytest.approx([apart, apart]) and again.own == pytest.approx([0, 0])


def test_too_few_songs_and_silence() -> None:
    for rolls in (REAL[:0], REAL[:1], silent(BASS)):
        gap = tonal_gap(rolls, PIANO, [BASS])
        assert np.isnan(gap.p) and np.isnan(gap.gap) and not len(gap.own)
    nothing = closed_share(tonal_gaps(REAL[:0]), GAPS)
    assert np.isnan(nothing.value) and nothing.num_songs == 0


def test_drums_are_in_no_pair() -> None:
    assert all(REAL.tracks[DRUMS] not in pair.split("-") for pair in GAPS) and len(GAPS) == 6


def silent(track: int) -> Rolls:
    cells = REAL.cells.copy()
    cells[:, track] = False
    return type(REAL)(cells, 24, 24, 0, REAL.tracks, REAL.song)
