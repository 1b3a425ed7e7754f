"""Accompaniment: what listens, what does not, and what copies."""

from dataclasses import replace

import numpy as np
import pytest
from tests.evaluation.bands_made import BASS, DRUMS, GUITAR, PIANO, STRINGS, bands

from antiphon.evaluation.baselines import shuffled_tracks
from antiphon.evaluation.rolls import Rolls
from antiphon.evaluation.sets.accompaniment import DEPENDENCE, DOUBLED, ONSETS, accompanied
from antiphon.evaluation.sets.bands import OWN_GAP

REAL = bands(20, together=True)
RNG = np.random.default_rng


def with_kept(made: Rolls, kept: int) -> Rolls:
    """The same with the real kept track."""
    cells, onsets = made.cells.copy(), np.array(made.onsets)
    cells[:, kept], onsets[:, kept] = REAL.cells[:, kept], np.array(REAL.onsets)[:, kept]
    return replace(made, cells=cells, onsets=onsets)


def copied(kept: int) -> Rolls:
    """The kept track in the place of every pitched one."""
    cells, onsets = REAL.cells.copy(), np.array(REAL.onsets)
    for track in (PIANO, GUITAR, BASS, STRINGS):
        cells[:, track], onsets[:, track] = cells[:, kept].copy(), onsets[:, kept].copy()
    return replace(REAL, cells=cells, onsets=onsets)


def test_real_bands_reach_every_goal() -> None:
    figures = accompanied(REAL, REAL, PIANO)
    assert all(figure.reached for figure in figures.values())
    assert figures[OWN_GAP].made.value == 1 and figures[DEPENDENCE].made.value == 1 / 5000


@pytest.mark.parametrize("kept", [PIANO, BASS])
def test_what_does_not_listen_is_no_nearer_than_to_other_songs(kept: int) -> None:
    figures = accompanied(REAL, with_kept(shuffled_tracks(REAL, RNG(1)), kept), kept)
    assert not figures[OWN_GAP].reached and not figures[DEPENDENCE].reached
    assert figures["notes_a_bar/drums"].reached and figures["empty_bar_rate/strings"].reached


def test_a_track_that_real_bands_do_not_play_to_tells_nothing() -> None:
    cells, mixed = REAL.cells.copy(), shuffled_tracks(REAL, RNG(2))
    cells[:, STRINGS] = mixed.cells[:, STRINGS]
    figures = accompanied(replace(REAL, cells=cells), REAL, PIANO)
    assert f"{OWN_GAP}/bass" in figures and f"{OWN_GAP}/strings" not in figures


def test_what_copies_doubles_too_much() -> None:
    figures = accompanied(REAL, copied(PIANO), PIANO)
    assert figures[OWN_GAP].reached
    assert figures[f"{DOUBLED}/strings"].made.value == 1 and not figures[f"{DOUBLED}/strings"].reached


def test_drums_and_bass_strike_together() -> None:
    figures = accompanied(REAL, REAL, DRUMS)
    assert f"{ONSETS}/drums-bass" in figures and DEPENDENCE not in figures
    late = np.array(REAL.onsets)
    late[:, BASS] = np.roll(late[:, BASS], 6, 2)
    cells = REAL.cells.copy()
    cells[:, BASS] |= late[:, BASS]
    assert not accompanied(REAL, replace(REAL, cells=cells, onsets=late), DRUMS)[f"{ONSETS}/drums-bass"].reached
    assert f"{ONSETS}/drums-bass" not in accompanied(REAL, REAL, PIANO)


def test_a_silent_accompaniment_is_empty() -> None:
    cells = np.zeros_like(REAL.cells)
    cells[:, PIANO] = REAL.cells[:, PIANO]
    figures = accompanied(REAL, replace(REAL, cells=cells, onsets=cells & np.array(REAL.onsets)), PIANO)
    assert figures["empty_bar_rate/bass"].made.value == 1 and not figures["empty_bar_rate/bass"].reached
    assert np.isnan(figures[OWN_GAP].made.value) and not figures[OWN_GAP].reached


def test_other_songs_are_no_comparison() -> None:
    with pytest.raises(ValueError, match="same phrases"):
        accompanied(REAL, bands(19, together=True), PIANO)
