"""Which notes make the melody."""

from hypothesis import given
from tests.evaluation.played import SILENCE, line, piece, pieces, reversed_in_time

from antiphon.evaluation.metrics.melody import melody, melody_mask, pitched
from antiphon.evaluation.notes import Notes

TUNE = line(72, 74, 76, 77, 79, 77, 76, 74, 72, 71, 72, 74, 76, 77, 79, 84)


def test_of_notes_that_begin_together_the_highest_is_the_melody() -> None:
    assert melody(piece(TUNE + line(*[48] * 16))).pitch.tolist() == [pitch for *_, pitch in TUNE]


def test_an_accompaniment_under_a_held_tune_is_none_of_it() -> None:
    alberti = line(*[48, 55, 52, 55] * 2, length=0.5)
    assert melody(piece([(0, 2, 72), (2, 2, 74), *alberti])).pitch.tolist() == [72, 74]


def test_a_legato_overlap_loses_no_note() -> None:
    assert melody(piece([(0, 1.2, 76), (1, 1.2, 74), (2, 1, 72)])).pitch.tolist() == [76, 74, 72]


def test_each_note_ends_where_the_next_begins() -> None:
    notes = melody(piece([(0, 1.2, 76), (1, 1, 74)]))
    assert notes.end_beat.tolist() == [1, 2]
    assert notes.end_seconds.tolist() == [0.5, 1]


def test_a_chord_that_is_played_is_one_event() -> None:
    assert melody(piece([(0, 1, 60), (0.02, 1, 64), (0.04, 1, 67), (1, 1, 65)])).pitch.tolist() == [67, 65]


def test_a_long_note_that_is_struck_with_a_higher_one_is_none_of_it() -> None:
    assert melody(piece([(0, 4, 48), (0.02, 0.5, 72), (4, 1, 71)])).pitch.tolist() == [72, 71]


def test_the_track_of_one_voice_carries_it_though_chords_go_higher() -> None:
    chords = [(float(k), 1.0, pitch) for k in range(16) for pitch in (60, 84, 88, 91)]
    broken = [(k + 0.5, 2.0, 96) for k in range(16)]
    assert set(melody(piece(TUNE, chords + broken)).track.tolist()) == {0}


def test_drums_are_no_melody() -> None:
    notes = piece(TUNE, line(*[100] * 16), drums=1)
    assert set(melody(notes).track.tolist()) == {0}
    assert not melody_mask(notes)[notes.is_drum].any()
    assert len(pitched(notes)) == 16


def test_silence_has_none() -> None:
    assert len(melody(SILENCE)) == 0


@given(pieces)
def test_it_is_one_voice_that_moves_with_the_music(notes: Notes) -> None:
    own = melody(notes)
    assert (own.start_beat[1:] >= own.end_beat[:-1]).all()
    assert (melody(notes.transposed(7)).pitch == own.pitch + 7).all()
    assert bool(len(own)) == bool(len(notes))


@given(pieces)
def test_a_voice_alone_is_its_own_melody_in_both_directions(notes: Notes) -> None:
    own = melody(notes)
    assert melody(own).pitch.tolist() == own.pitch.tolist()
    assert melody(reversed_in_time(own)).pitch.tolist() == own.pitch[::-1].tolist()


def test_a_track_of_overlapping_voices_is_no_tune_though_it_lies_higher() -> None:
    # Three of ten notes of the upper track overlap the next: chords, no melody.
    upper = [*line(*[84] * 7), (7.0, 2.0, 84), (8.0, 2.0, 86), (9.0, 1.0, 88)]
    assert set(melody(piece(upper, line(*[60, 62, 64, 65, 67, 65, 64, 62, 60, 59]))).pitch) <= set(range(59, 68))
