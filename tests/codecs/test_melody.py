import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from antiphon.codecs.chords import NO_CHORD
from antiphon.codecs.melody import (
    HOLD,
    LOWEST,
    NUM_PITCHES,
    REST,
    STEPS,
    MelodyBars,
    bar_phase,
    common_time_bars,
    fold_octaves,
    in_fours,
    late_by,
    melody_track,
    metres,
    monophonic,
    off_grid_share,
    on_the_beat,
    pulse,
)
from antiphon.music.score import TIME_SIGNATURE, Score, Track, notes_from_columns, table

CODEC = MelodyBars()
BEAT = 480


def clean(bars: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Bars as music writes them: nothing is held after a rest or before the first note."""
    line = bars.reshape(-1).copy()
    for step in range(len(line)):
        if line[step] == HOLD and (step == 0 or line[step - 1] == REST):
            line[step] = REST
    return line.reshape(-1, STEPS)


songs = st.integers(1, 6).flatmap(
    lambda n: st.lists(st.integers(0, REST), min_size=n * STEPS, max_size=n * STEPS).map(
        lambda classes: clean(np.array(classes, np.uint8).reshape(-1, STEPS))
    )
)


@given(songs)
@settings(max_examples=150, deadline=None)
def test_what_is_decoded_encodes_to_the_same_bars(bars: NDArray[np.uint8]) -> None:
    rows = CODEC.encode(CODEC.decode(bars))
    sounding = np.flatnonzero((bars < NUM_PITCHES).any(1))
    assert rows["bar"].tolist() == sounding.tolist()
    np.testing.assert_array_equal(rows["real"], bars[sounding])
    for number, previous in zip(rows["bar"], rows["previous"], strict=True):
        expected = bars[number - 1] if number else np.full(STEPS, REST)
        np.testing.assert_array_equal(previous, expected)


def voice(*notes: tuple[float, float, int], name: str = "Voice") -> Track:
    start, end, pitch = zip(*notes, strict=True)
    return Track(notes_from_columns(np.multiply(start, BEAT), np.multiply(end, BEAT), pitch, 80), name=name)


def test_a_bar_by_hand() -> None:
    score = Score(BEAT, (voice((0, 1, 60), (1, 1.5, 62), (2, 6, 64)),))
    rows = CODEC.encode(score)
    expected = [0, HOLD, HOLD, HOLD, 2, HOLD, REST, REST, 4] + [HOLD] * 7
    assert rows["real"].tolist() == [expected]
    assert rows["chord"].tolist() == [NO_CHORD]


def test_a_note_over_the_bar_line_is_held_into_the_next_bar() -> None:
    rows = CODEC.encode(Score(BEAT, (voice((3, 5, 70), (5, 8, 72)),)))
    assert rows["real"][1].tolist() == [HOLD] * 4 + [12] + [HOLD] * 11


def test_repeated_notes_are_struck_again() -> None:
    rows = CODEC.encode(Score(BEAT, (voice(*[(beat, beat + 1, 67) for beat in range(4)]),)))
    assert (rows["real"] == 7).sum() == 4


def test_the_chord_is_heard_in_the_other_tracks() -> None:
    piano = voice((0, 4, 45), (0, 4, 52), (0, 4, 60), (4, 8, 43), (4, 8, 47), (4, 8, 50), name="Piano")
    rows = CODEC.encode(Score(BEAT, (voice((0, 4, 72), (4, 8, 71)), piano)))
    assert rows["chord"].tolist() == [12 + 9, 7]


def test_written_chords_come_before_heard_ones() -> None:
    score = Score(BEAT, (voice((0, 4, 72), (4, 8, 71)),), chords=((0, "Dm7"), (4 * BEAT, "N")))
    assert CODEC.encode(score)["chord"].tolist() == [12 + 2, NO_CHORD]


def test_only_common_time_gives_bars_and_a_change_of_metre_breaks_the_chain() -> None:
    signatures = table(TIME_SIGNATURE, [(0, 4, 4), (4 * BEAT, 3, 4), (7 * BEAT, 4, 4)])
    tune = voice(*[(beat, beat + 1, 60 + beat) for beat in range(11)])
    rows = CODEC.encode(Score(BEAT, (tune,), time_signatures=signatures))
    assert len(rows["real"]) == 2
    assert (rows["previous"] == REST).all(), "neither bar has a bar of common time before it"


@pytest.mark.parametrize("signature", [(3, 4), (6, 8), (12, 8)])
def test_other_metres_give_no_rows(signature: tuple[int, int]) -> None:
    score = Score(BEAT, (voice((0, 12, 60)),), time_signatures=table(TIME_SIGNATURE, [(0, *signature)]))
    assert len(CODEC.encode(score)["real"]) == 0


def test_a_performance_off_the_grid_gives_no_rows() -> None:
    rng = np.random.default_rng(0)
    start = np.sort(rng.uniform(0, 60, 200))
    score = Score(BEAT, (voice(*[(s, s + 0.3, 60) for s in start]),))
    assert off_grid_share(score) > 0.4
    assert len(CODEC.encode(score)["real"]) == 0


def test_empty_scores_and_drums_give_no_rows() -> None:
    drums = Track(voice((0, 1, 40)).notes, is_drum=True)
    for score in (Score(), Score(BEAT, (Track(),)), Score(BEAT, (drums,))):
        rows = CODEC.encode(score)
        assert rows["real"].shape == (0, STEPS)
        assert rows["chord"].shape == (0,)


def test_the_tune_is_the_named_voice_else_the_highest_single_line() -> None:
    high = voice(*[(beat, beat + 1, 80) for beat in range(20)], name="Flute")
    low = voice(*[(beat, beat + 1, 50) for beat in range(20)], name="Bass")
    sung = voice(*[(beat, beat + 1, 60) for beat in range(20)], name="Gesang")
    assert melody_track(Score(BEAT, (low, high))) == 1
    assert melody_track(Score(BEAT, (low, high, sung))) == 2


def test_monophonic_keeps_the_top_and_cuts_at_the_next_onset() -> None:
    top = monophonic(voice((0, 4, 60), (0, 2, 67), (1, 2, 64)).notes)
    assert top["pitch"].tolist() == [67, 64]
    assert top["end"].tolist() == [BEAT, 2 * BEAT]


@given(st.lists(st.integers(0, 127), min_size=1, max_size=50), st.integers(-3, 3))
def test_folding_keeps_pitch_classes_and_knows_no_octaves(pitches: list[int], octaves: int) -> None:
    pitch = np.array(pitches)
    folded = fold_octaves(pitch)
    assert ((folded >= LOWEST) & (folded < LOWEST + NUM_PITCHES)).all()
    np.testing.assert_array_equal(folded % 12, pitch % 12)


def test_a_voice_that_fits_two_octaves_keeps_its_intervals() -> None:
    pitch = np.array([36, 40, 43, 48, 52])
    np.testing.assert_array_equal(np.diff(fold_octaves(pitch)), np.diff(pitch))


@pytest.mark.parametrize("pickup_beats", [0, 1, 2])
def test_a_dropped_pickup_is_found_by_the_bass(pickup_beats: int) -> None:
    beats = range(pickup_beats, 44, 4)
    bass = voice(*[(beat, beat + 2, 36) for beat in beats], *[(b + 2, b + 3, 60) for b in beats], name="Piano")
    tune = voice(*[(beat, beat + 1, 65 + beat % 5) for beat in range(44)])
    score = Score(BEAT, (tune, bass))
    lines, begins = common_time_bars(score)
    assert bar_phase(score, 0, lines, begins) == pickup_beats * BEAT


def test_only_bass_within_the_bars_of_common_time_is_heard() -> None:
    signatures = table(TIME_SIGNATURE, [(0, 3, 4), (61 * 3 * BEAT, 4, 4)])
    begin = 61 * 3
    waltz = [(float(beat), beat + 1.0, 36 if beat % 3 == 0 else 60) for beat in range(begin)]
    march = [(float(begin + beat), begin + beat + 2.0, 36) for beat in range(0, 48, 4)]
    tune = voice(*[(float(beat), beat + 1.0, 65 + beat % 5) for beat in range(begin + 48)])
    score = Score(BEAT, (tune, voice(*waltz, *march, name="Piano")), time_signatures=signatures)
    lines, begins = common_time_bars(score)
    assert len(lines) == 12
    assert bar_phase(score, 0, lines, begins) == 0


def off_beat_bass() -> tuple[Track, Track]:
    bass = voice(*[(b + 1.0, b + 3.0, 36) for b in range(0, 44, 4)], name="Piano")
    return voice(*[(float(b), b + 3.0, 70) for b in range(0, 44, 4)]), bass


def test_a_tune_that_contradicts_the_bass_keeps_the_written_bars() -> None:
    score = Score(BEAT, off_beat_bass())
    lines, begins = common_time_bars(score)
    assert bar_phase(score, 0, lines, begins) == 0


def test_drums_are_written_to_the_grid() -> None:
    tune = voice(*[(b + 1.0, b + 3.0, 70) for b in range(0, 44, 4)])
    bass, kick = off_beat_bass()[1], Track(voice((0, 1, 36)).notes, is_drum=True)
    lines, begins = common_time_bars(Score(BEAT, (tune, bass)))
    assert bar_phase(Score(BEAT, (tune, bass)), 0, lines, begins) == BEAT
    assert bar_phase(Score(BEAT, (tune, bass, kick)), 0, lines, begins) == 0


def test_a_file_that_is_late_throughout_is_moved_to_the_grid() -> None:
    tune = voice(*[(beat + 0.11, beat + 1.11, 60 + beat) for beat in range(8)])
    score = Score(BEAT, (tune,))
    assert off_grid_share(score) > 0.9
    moved = on_the_beat(score)
    assert moved.tracks[0].notes["start"].tolist() == [beat * BEAT for beat in range(8)]
    assert CODEC.encode(score)["real"][0].tolist() == [n for p in range(4) for n in (p, HOLD, HOLD, HOLD)]
    assert on_the_beat(moved) is moved


def test_a_performance_is_not_moved() -> None:
    start = np.random.default_rng(0).uniform(0, 60, 200)
    score = Score(BEAT, (voice(*[(s, s + 0.3, 60) for s in start.tolist()]),))
    assert on_the_beat(score) is score


def test_counted_beats_are_four_to_the_bar() -> None:
    tune = voice(*[(float(beat), beat + 1.0, 60 + beat) for beat in range(8)])
    score = Score(BEAT, (tune,), time_signatures=table(TIME_SIGNATURE, [(0, 1, 4)]))
    assert len(CODEC.encode(score)["real"]) == 2


@pytest.mark.parametrize("name", ["Bass Lead", "Voice Oohs", "Synth Voice", "singer@example.org", "Leading Edge"])
def test_names_that_are_no_voice(name: str) -> None:
    low = voice(*[(float(b), b + 1.0, 40) for b in range(20)], name=name)
    high = voice(*[(float(b), b + 1.0, 80) for b in range(20)], name="Flute")
    assert melody_track(Score(BEAT, (low, high))) == 1


def test_settings_are_part_of_the_codec() -> None:
    assert MelodyBars.parse(MelodyBars(chord_coverage=0.7).model_dump()).chord_coverage == 0.7


@pytest.mark.slow
def test_real_songs_read_as_songs() -> None:
    folder = Path(os.environ.get("ANTIPHON_DATA", "nowhere")) / "openscore-lieder-midi"
    if not folder.is_dir():
        pytest.skip("ANTIPHON_DATA does not hold openscore-lieder-midi")
    from antiphon.io.midi import read_midi

    files = sorted(folder.rglob("*.mid"))[::20]
    rows = CODEC.join([CODEC.encode(read_midi(path)) for path in files])
    bars = rows["real"]
    assert len(bars) > 500
    assert 3 < (bars < NUM_PITCHES).sum(1).mean() < 5
    assert 0.05 < (bars == REST).mean() < 0.2
    follows_rest = (bars[:, :-1] == REST) & (bars[:, 1:] == HOLD)
    assert not follows_rest.any()


def struck(starts: NDArray[np.int64], metre: list[tuple[int, int, int]] | None = None) -> Score:
    notes = notes_from_columns(starts, starts + 60, 60, 80)
    return Score(BEAT, (Track(notes),), time_signatures=table(TIME_SIGNATURE, metre or []))


def test_pulse_tells_players_from_performances_without_beats() -> None:
    chance = np.random.default_rng(0)
    sixteenths, triplets = np.arange(400) * BEAT // 4, np.arange(400) * BEAT // 6
    assert pulse(struck(sixteenths)) == pytest.approx(1) == pytest.approx(pulse(struck(triplets)))
    # A fiftieth of a second at 120 beats a minute.
    loose = struck(np.maximum(sixteenths + chance.normal(0, 0.04 * BEAT, 400).round().astype(np.int64), 0))
    assert 0.5 < pulse(loose) < 0.7
    assert pulse(struck(np.sort(chance.integers(0, 400 * BEAT, 400)))) < 0.2
    assert pulse(Score()) == 0.0


def test_lateness_is_told_unless_the_grid_is_met() -> None:
    starts = np.arange(1, 50) * BEAT // 4
    assert late_by(struck(starts + 40)) == 40 and late_by(struck(starts - 40)) == -40
    assert late_by(struck(starts)) == 0 == late_by(struck(starts + 40), resolution=12)


def test_a_metre_that_another_replaces_at_once_does_not_hold() -> None:
    counted = struck(np.arange(4) * BEAT, [(0, 4, 4), (0, 1, 4)])
    assert metres(counted).tolist() == [(0, 1, 4)] and not len(metres(Score()))
    assert in_fours(counted).time_signatures.tolist() == [(0, 4, 4)]
    other = struck(np.arange(4) * BEAT, [(0, 1, 4), (BEAT, 3, 4)])
    assert in_fours(other) is other
