"""Metrics of bands: perfect, empty, malformed, stored values, and what must not change them."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from antiphon.evaluation.baselines import shuffled_tracks
from antiphon.evaluation.metrics import bands
from antiphon.evaluation.metrics.rhythm import NOTE_VALUES
from antiphon.evaluation.rolls import Rolls

TRACKS = ("drums", "piano", "bass")
DRUMS, PIANO, BASS = range(3)
Note = tuple[int, int, int, int]


def phrase(*notes: Note, bars: int = 2, onsets: bool = True, num: int = 1) -> Rolls:
    """Equal phrases of notes (track, first step, end step, MIDI pitch) at 24 steps a beat."""
    cells = np.zeros((1, 3, bars * 96, 84), bool)
    struck = np.zeros_like(cells)
    for track, start, end, pitch in notes:
        cells[0, track, start:end, pitch - 24] = True
        struck[0, track, start, pitch - 24] = True
    cells, struck = (np.repeat(part.reshape(1, 3, bars, 96, 84), num, 0) for part in (cells, struck))
    return Rolls(cells, 24, 24, DRUMS, TRACKS, onsets=struck if onsets else None)


def moved(rolls: Rolls, semitones: int, tracks: tuple[int, ...] = (PIANO, BASS)) -> Rolls:
    cells, onsets = rolls.cells.copy(), np.array(rolls.onsets)
    for track in tracks:
        cells[:, track] = np.roll(cells[:, track], semitones, -1)
        onsets[:, track] = np.roll(onsets[:, track], semitones, -1)
    return replace(rolls, cells=cells, onsets=onsets)


def noise(seed: int, bars: int = 3) -> Rolls:
    """Notes by chance in the middle of the range."""
    rng = np.random.default_rng(seed)
    start = rng.integers(0, 96 * bars - 1, 60)
    rows = zip(rng.integers(0, 3, 60), start, start + rng.integers(1, 60, 60), rng.integers(48, 72, 60), strict=True)
    return phrase(*((int(k), int(s), int(min(e, 96 * bars)), int(p)) for k, s, e, p in rows), bars=bars)


SILENCE = phrase()
NONE = noise(0)[:0]


class TestNotesABar:
    def test_by_hand(self) -> None:
        music = phrase((PIANO, 0, 11, 60), (PIANO, 12, 120, 60), (PIANO, 0, 11, 64), (DRUMS, 5, 6, 36))
        notes = bands.notes_a_bar(music)[0]
        assert notes[PIANO].tolist() == [3, 0] and notes[DRUMS, 0] == 1
        assert np.isnan(notes[DRUMS, 1]) and np.isnan(notes[BASS]).all()

    def test_struck_again_without_a_gap(self) -> None:
        assert bands.notes_a_bar(phrase((BASS, 0, 6, 40), (BASS, 6, 11, 40)))[0, BASS, 0] == 2
        assert bands.notes_a_bar(phrase((BASS, 0, 6, 40), (BASS, 6, 11, 40), onsets=False))[0, BASS, 0] == 1

    def test_empty(self) -> None:
        assert np.isnan(bands.notes_a_bar(SILENCE)).all()
        assert bands.notes_a_bar(NONE).shape == (0, 3, 3)


class TestNoteLengths:
    def test_a_rest_belongs_to_the_note(self) -> None:
        notes = [(PIANO, 12 * number, 12 * number + 11, 60) for number in range(4)]
        counts = bands.note_lengths(phrase(*notes))[0]
        assert dict(zip(NOTE_VALUES, counts[PIANO], strict=True))["8th"] == 4 == counts.sum()

    def test_a_note_struck_again_at_once_has_none(self) -> None:
        counts = bands.note_lengths(phrase((PIANO, 0, 9, 60), (PIANO, 9, 32, 60)))[0, PIANO]
        found = dict(zip(NOTE_VALUES, counts, strict=True))
        assert found["dotted 16th"] == found["quarter"] == 1 == counts.sum() - 1

    def test_over_bar_lines_but_not_over_the_ends(self) -> None:
        counts = bands.note_lengths(phrase((PIANO, 90, 101, 60), (BASS, 96, 192, 40)))[0]
        assert counts[PIANO].sum() == 1 and counts[BASS].sum() == 0
        music = phrase((PIANO, 0, 20, 60))
        begun_before = replace(music, onsets=np.zeros_like(music.cells))
        assert bands.note_lengths(begun_before).sum() == 0

    def test_drums_have_no_lengths_and_silence_no_notes(self) -> None:
        assert bands.note_lengths(phrase((DRUMS, 3, 4, 36))).sum() == 0
        assert bands.note_lengths(SILENCE).sum() == 0 == len(bands.note_lengths(NONE))

    @given(st.integers(0, 1000))
    @settings(max_examples=20, deadline=None)
    def test_a_slow_second_opinion(self, seed: int) -> None:
        music = noise(seed)
        counts = np.zeros((3, 12), np.int64)
        values = np.array(list(NOTE_VALUES.values()))
        for track in (PIANO, BASS):
            for pitch in range(84):
                sides = music.cells, np.array(music.onsets)
                line, struck = (part[0, track].reshape(-1, 84)[:, pitch] for part in sides)
                starts = [t for t in range(len(line)) if line[t] and (struck[t] or t == 0 or not line[t - 1])]
                for start in starts:
                    end = start + 1
                    while end < len(line) and line[end] and not struck[end]:
                        end += 1
                    if end == len(line) or not struck[start]:
                        continue
                    beats = (end - start + (not line[end])) / 24
                    counts[track, np.abs(np.log(values / beats)).argmin()] += 1
        assert (bands.note_lengths(music)[0] == counts).all()


class TestChromaAgreement:
    def test_the_same_chord_in_any_octave_is_1_and_a_tritone_0(self) -> None:
        chord = [(PIANO, 0, 96, pitch) for pitch in (60, 64, 67)]
        same = phrase(*chord, *((BASS, 0, 48, pitch) for pitch in (36, 52, 43)))
        assert bands.chroma_agreement(same)[0, 0, 0] == pytest.approx(1)
        assert bands.chroma_agreement(phrase(*chord, (BASS, 0, 48, 42)))[0, 0, 0] == 0
        assert bands.chroma_agreement(phrase(*chord, (BASS, 0, 48, 36)))[0, 0, 0] == pytest.approx(3**-0.5)

    def test_a_bar_is_heard_as_a_whole(self) -> None:
        music = phrase((PIANO, 0, 96, 60), (BASS, 0, 24, 36), (BASS, 24, 48, 40))
        assert bands.chroma_agreement(music)[0, 0, 0] == pytest.approx(2**-0.5)

    def test_where_one_is_silent_it_is_undefined(self) -> None:
        assert np.isnan(bands.chroma_agreement(phrase((PIANO, 0, 96, 60), (BASS, 96, 120, 36)))).all()
        assert bands.chroma_agreement(NONE).shape == (0, 1, 3)

    def test_drums_say_nothing(self) -> None:
        music = phrase((PIANO, 0, 96, 60), (BASS, 0, 96, 36))
        drummed = phrase((PIANO, 0, 96, 60), (BASS, 0, 96, 36), (DRUMS, 0, 1, 42))
        assert np.array_equal(bands.chroma_agreement(music), bands.chroma_agreement(drummed), equal_nan=True)


class TestBarRepetition:
    def test_the_same_bar_again_is_1_and_another_0(self) -> None:
        again = phrase(*((PIANO, 96 * bar + step, 96 * bar + step + 5, 60) for bar in range(2) for step in (0, 24)))
        assert bands.bar_repetition(again)[0, PIANO, 0] == 1
        assert np.isnan(bands.bar_repetition(again)[0, BASS, 0])
        assert bands.bar_repetition(phrase((PIANO, 0, 9, 60), (PIANO, 96, 99, 61)))[0, PIANO, 0] == 0

    def test_half_of_it(self) -> None:
        music = phrase((PIANO, 0, 9, 60), (PIANO, 12, 20, 60), (PIANO, 96, 99, 60))
        assert bands.bar_repetition(music)[0, PIANO, 0] == 0.5
        held = phrase((PIANO, 0, 120, 60), onsets=False)
        assert bands.bar_repetition(held)[0, PIANO, 0] == 1  # a bar begins from silence


class TestDoubledShare:
    def test_by_hand(self) -> None:
        music = phrase((BASS, 0, 20, 36), (PIANO, 2, 20, 60), (PIANO, 2, 20, 64), (PIANO, 48, 60, 60))
        share = bands.doubled_share(music, BASS)[0]
        assert share[PIANO] == pytest.approx(1 / 3)
        assert np.isnan(share[[DRUMS, BASS]]).all()
        assert bands.doubled_share(music, PIANO)[0, BASS] == 1

    def test_a_sixteenth_is_what_onsets_are_rounded_to(self) -> None:
        for step, doubled in ((0, 1), (2, 1), (3, 0), (8, 0)):
            assert bands.doubled_share(phrase((BASS, 0, 20, 36), (PIANO, step, 30, 60)), BASS)[0, PIANO] == doubled

    def test_drums_cannot_be_doubled(self) -> None:
        with pytest.raises(ValueError, match="drums"):
            bands.doubled_share(SILENCE, DRUMS)


class TestOnsetAgreement:
    def test_by_hand(self) -> None:
        music = phrase(
            (DRUMS, 0, 1, 36), (DRUMS, 24, 25, 38), (DRUMS, 24, 25, 42), (BASS, 1, 20, 36), (BASS, 50, 60, 36)
        )
        assert bands.onset_agreement(music, DRUMS, BASS)[0] == 0.5
        assert bands.onset_agreement(music, DRUMS, DRUMS)[0] == 1

    def test_where_one_does_not_play(self) -> None:
        assert np.isnan(bands.onset_agreement(phrase((BASS, 0, 9, 36)), DRUMS, BASS)[0])


@given(st.integers(0, 1000), st.integers(-12, 12))
@settings(max_examples=25, deadline=None)
def test_transposition_of_all_changes_nothing(seed: int, semitones: int) -> None:
    music = noise(seed)
    other = moved(music, semitones)
    assert np.allclose(bands.chroma_agreement(music), bands.chroma_agreement(other), equal_nan=True)
    assert np.array_equal(bands.bar_repetition(music), bands.bar_repetition(other), equal_nan=True)
    assert np.array_equal(bands.doubled_share(music, BASS), bands.doubled_share(other, BASS), equal_nan=True)
    assert np.array_equal(bands.note_lengths(music), bands.note_lengths(other))
    assert np.array_equal(bands.notes_a_bar(music), bands.notes_a_bar(other), equal_nan=True)


@given(st.integers(0, 1000))
@settings(max_examples=25, deadline=None)
def test_a_track_an_octave_higher_agrees_as_before(seed: int) -> None:
    music = noise(seed)
    other = moved(music, 12, (PIANO,))
    assert np.allclose(bands.chroma_agreement(music), bands.chroma_agreement(other), equal_nan=True)
    assert np.array_equal(bands.doubled_share(music, BASS), bands.doubled_share(other, BASS), equal_nan=True)


def test_metrics_by_name() -> None:
    music = noise(3)
    found = bands.band_metrics(music)
    assert set(found) == {
        *(f"{name}/{track}" for name in ("notes_a_bar", "bar_repetition") for track in TRACKS),
        "chroma_agreement/piano-bass",
    }
    assert np.array_equal(found["notes_a_bar/bass"], bands.notes_a_bar(music)[0, BASS], equal_nan=True)
    assert len(found["bar_repetition/bass"]) == 2 and set(bands.PER_BAR) <= {metric.name for metric in bands.METRICS}


def test_a_silent_bar_more_changes_no_mean_of_what_sounds() -> None:
    short, long = phrase((PIANO, 0, 90, 60), (BASS, 0, 90, 43), bars=1), phrase((PIANO, 0, 90, 60), (BASS, 0, 90, 43))
    for metric in (bands.chroma_agreement, bands.notes_a_bar):
        assert np.nanmean(metric(short)) == np.nanmean(metric(long))


def test_shuffled_tracks_have_other_values() -> None:
    keys = np.random.default_rng(0).permutation(np.tile(np.arange(12), 5))
    parts = [phrase((PIANO, 0, 90, 60 + int(key)), (BASS, 0, 90, 36 + int(key))) for key in keys]
    cells, onsets = (np.concatenate([np.array(getattr(part, name)) for part in parts]) for name in ("cells", "onsets"))
    music = Rolls(cells, 24, 24, DRUMS, TRACKS, onsets=onsets)
    mixed = shuffled_tracks(music, np.random.default_rng(1))
    assert np.nanmean(bands.chroma_agreement(music)) == pytest.approx(1)
    assert np.nanmean(bands.chroma_agreement(mixed)) < 0.3
    assert np.nanmean(bands.doubled_share(mixed, BASS)[:, PIANO]) < 0.3
