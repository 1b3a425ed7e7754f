"""Progressions of whole songs: sections share them, songs end with a cadence."""

import numpy as np
import pytest

from antiphon.music.form import lay_out, parse_form
from antiphon.music.progressions import draw_song_chords
from antiphon.music.theory import Chord, Key


def chords(form: str, section_bars: int, key: str, seed: int) -> tuple[Chord, ...]:
    parsed = parse_form(form)
    layout = lay_out(parsed, section_bars, len(parsed) * section_bars)
    return draw_song_chords(Key.parse(key), layout, np.random.default_rng(seed))


@pytest.mark.parametrize("seed", range(8))
def test_sections_of_one_letter_share_their_chords(seed: int) -> None:
    song = chords("AABA'C", 8, "D minor", seed)
    assert len(song) == 40
    assert song[:8] == song[8:16] == song[24:32]


def test_sections_of_different_letters_have_their_own() -> None:
    assert any(song[:2] != song[4:6] for song in (chords("AB", 4, "C", seed) for seed in range(20)))
    assert any(song[:4] != song[4:8] for song in (chords("A", 8, "C", seed) for seed in range(20)))


@pytest.mark.parametrize(("key", "ends"), [("G", {"D G", "C G"}), ("C minor", {"G Cm", "Fm Cm"})])
def test_songs_end_with_a_cadence(key: str, ends: set[str]) -> None:
    found = {" ".join(chord.symbol for chord in chords("ABA", 4, key, seed)[-2:]) for seed in range(40)}
    assert found == ends


def test_some_sections_within_a_song_end_with_a_cadence() -> None:
    ends = [" ".join(chord.symbol for chord in chords("AB", 4, "C", seed)[2:4]) for seed in range(400)]
    # No common progression ends on the tonic.
    assert 30 <= sum(end in {"G C", "F C"} for end in ends) <= 70


def test_a_song_of_one_bar_is_its_end() -> None:
    assert [chord.symbol for chord in chords("A", 1, "F", 0)] == ["F"]
