"""The same music on another clock."""

import numpy as np
import pytest
from tests.played_to import BAR, BEAT, line

from antiphon.errors import InputError
from antiphon.music.score import CONTROL, KEY_SIGNATURE, TEMPO, TIME_SIGNATURE, Score, Track, table
from antiphon.music.tempo import divided, finer, from_tempo


def test_all_tempos_are_scaled_with_the_first() -> None:
    piece = Score(BEAT, (Track(line(60, 62)),), tempos=table(TEMPO, [(0, 400_000), (0, 500_000), (BAR, 1_000_000)]))
    faster = from_tempo(piece, 240)
    assert faster.tempos["beat_us"].tolist() == [200_000, 250_000, 500_000]
    assert faster.duration_seconds == piece.duration_seconds / 2


def test_where_none_is_written_it_is_120() -> None:
    assert from_tempo(Score(BEAT), 60).tempos.tolist() == [(0, 1_000_000)]
    later = Score(BEAT, tempos=table(TEMPO, [(BAR, 250_000)]))
    assert from_tempo(later, 60).tempos.tolist() == [(0, 1_000_000), (BAR, 500_000)]


def test_what_midi_cannot_say_is_told() -> None:
    piece = Score(BEAT, tempos=table(TEMPO, [(0, 250_000), (BAR, 8_000_000)]))
    with pytest.raises(InputError, match=r"tempo = 20: x.mid has tempos .* nearer to its own, 240"):
        from_tempo(piece, 20, "x.mid")


def test_finer_ticks_are_the_same_music() -> None:
    piece = Score(
        10,
        (Track(line(60, 62, length=5), controls=table(CONTROL, [(3, 64, 127)])),),
        tempos=table(TEMPO, [(0, 400_000), (7, 500_000)]),
        time_signatures=table(TIME_SIGNATURE, [(0, 4, 4), (5, 3, 4)]),
        key_signatures=table(KEY_SIGNATURE, [(4, 1, False)]),
        texts=((2, "a"),),
        chords=((6, "C"),),
    )
    fine = finer(piece, 24)
    assert fine.ticks_per_beat == 30 and finer(piece, 10) is piece
    assert fine.tracks[0].notes["start"].tolist() == [0, 15] and fine.tracks[0].controls["tick"].tolist() == [9]
    assert fine.texts == ((6, "a"),) and fine.chords == ((18, "C"),) and fine.key_signatures["tick"].tolist() == [12]
    np.testing.assert_array_equal(fine.bars(), 3 * piece.bars())
    np.testing.assert_allclose(fine.seconds(3 * np.arange(20)), piece.seconds(np.arange(20)))


@pytest.mark.parametrize(
    ("ticks", "resolution", "found"),
    [(13, 4, 52), (480, 24, 480), (220, 24, 1320), (10, 24, 120), (1, 4, 4), (8191, 4, 32764), (8193, 4, 8193)],
)
def test_steps_are_whole_ticks_where_midi_has_so_many(ticks: int, resolution: int, found: int) -> None:
    piece = Score(ticks, (Track(line(60, length=ticks)),))
    fine = divided(piece, resolution)
    assert fine.ticks_per_beat == found
    assert fine.tracks[0].notes["start"].tolist() == (piece.tracks[0].notes["start"] * (found // ticks)).tolist()
