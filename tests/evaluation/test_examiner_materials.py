import numpy as np
import pytest

from antiphon.evaluation.baselines import shuffled_pitches, shuffled_tracks
from antiphon.evaluation.examiner.budget import Budget
from antiphon.evaluation.examiner.events import events
from antiphon.evaluation.examiner.examination import examination
from antiphon.evaluation.examiner.material import Material
from antiphon.evaluation.examiner.phrases import phrases
from antiphon.evaluation.notes import Notes
from antiphon.evaluation.rolls import Rolls
from antiphon.music.score import Score, Track, notes_from_columns

TOY = Budget(iterations=60, batch=24, width=8, checks=1, trees=30, leaves=8)


def doubled(num: int = 120, resolution: int = 4, onsets: bool = True) -> Rolls:
    """Phrases in which the bass doubles the piano an octave below, with drums."""
    rng = np.random.default_rng(0)
    fine = resolution // 4
    cells = np.zeros((num, 3, 2, 16, 48), bool)
    for k in range(4):
        pitch = rng.integers(24, 48, (num, 2))
        for bar in range(2):
            cells[np.arange(num), 1, bar, 4 * k : 4 * k + 3, pitch[:, bar][:, None].T] = True
            cells[np.arange(num), 2, bar, 4 * k : 4 * k + 3, pitch[:, bar][:, None].T - 12] = True
    cells[:, 0, :, ::4, 12] = True
    begun = cells.copy()
    begun[:, :, :, 1:] &= ~cells[:, :, :, :-1]
    fine_onsets = np.zeros((*cells.shape[:3], 16, fine, 48), bool)
    fine_onsets[:, :, :, :, 0] = begun
    fine_cells = np.repeat(cells, fine, axis=3)
    shape = fine_cells.shape
    return Rolls(
        fine_cells,
        24,
        resolution,
        0,
        ("drums", "piano", "bass"),
        np.arange(num) // 6,
        fine_onsets.reshape(shape) if onsets else None,
    )


def written(seed: int, num: int = 70) -> Notes:
    """Scales in eighths."""
    rng = np.random.default_rng(seed)
    start = np.arange(num) * 240
    pitch = 50 + rng.integers(0, 12) + np.arange(num) % 8
    return Notes.from_score(Score(tracks=(Track(notes_from_columns(start, start + 200, pitch, 80)),)))


def test_tracks_that_belong_together_are_told_from_shuffled_ones() -> None:
    real = doubled()
    found = examination(
        phrases(real), phrases(shuffled_tracks(real, np.random.default_rng(1))), (0,), TOY, same_songs=True
    )
    assert found.worst.auc > 0.95
    assert found.music.startswith("phrases of 2 bars")


def test_phrases_say_what_sounds_and_what_begins() -> None:
    material = phrases(doubled(6))
    assert material.codes.shape == (6, 32, 2 + 2 + 2)
    planes = material.planes.reshape(6, 32, -1)
    chroma, begins = planes[..., :24], planes[..., 24:48]
    assert (chroma[:, :, :12] == chroma[:, :, 12:]).all()
    assert chroma.sum() == 6 * 2 * 2 * 4 * 3
    assert begins[:, ::4].sum() == begins.sum() == 6 * 2 * 2 * 4
    between = planes[..., 48 + 18 : 48 + 18 + 12]
    assert between[..., 0].sum() == 6 * 2 * 4 * 3
    assert between[..., 1:].sum() == 0


def test_a_finer_grid_is_counted_in_16ths() -> None:
    coarse, fine = phrases(doubled(6)), phrases(doubled(6, 24))
    np.testing.assert_array_equal(coarse.codes, fine.codes)
    np.testing.assert_array_equal(6 * coarse.planes[..., :24].astype(int), fine.planes[..., :24])
    np.testing.assert_array_equal(coarse.planes[..., 24:48], fine.planes[..., 24:48])


@pytest.mark.parametrize("resolution", [1, 3, 6])
def test_other_grids_stay_as_they_are(resolution: int) -> None:
    cells = np.random.default_rng(0).random((5, 3, 2, 4 * resolution, 24)) < 0.2
    material = phrases(Rolls(cells, 36, resolution, None, ("a", "b", "c")))
    assert material.codes.shape[:2] == (5, 8 * resolution)
    assert np.isfinite(material.features).any(0).all()


def test_where_onsets_are_unknown_notes_begin_where_they_begin_to_sound() -> None:
    known, unknown = phrases(doubled(6)), phrases(doubled(6, onsets=False))
    np.testing.assert_array_equal(known.planes, unknown.planes)
    assert known.form != unknown.form


def test_silent_phrases_are_material_too() -> None:
    real = doubled(4)
    silent = Rolls(np.zeros_like(real.cells), 24, 4, 0, real.tracks)
    material = phrases(silent)
    assert len(material) == 4
    assert material.planes.sum() == 0
    assert np.isnan(material.features).any()
    assert len(phrases(silent[:0])) == 0


def test_shuffled_pitches_are_told_from_scales() -> None:
    pieces = [written(seed) for seed in range(40)]
    rng = np.random.default_rng(0)
    shuffled = [shuffled_pitches(piece, rng) for piece in pieces]
    found = examination(events(pieces, length=32), events(shuffled, length=32), (0,), TOY, same_songs=True)
    assert found.worst.auc > 0.95


def test_windows_do_not_cross_pieces() -> None:
    material = events([written(0, 70), written(1, 20), written(2, 64)], song=np.array([5, 6, 7]), length=32)
    assert material.song.tolist() == [5, 5, 7, 7]
    whole = events([written(2, 64)], length=64)
    np.testing.assert_array_equal(material.codes[2, :, 0], whole.codes[0, :32, 0])


def test_events_say_interval_degree_time_and_place() -> None:
    table = notes_from_columns([0, 0, 480, 840], [480, 1920, 960, 1200], [60, 48, 64, 67], [100, 100, 20, 100])
    codes = events([Notes.from_score(Score(tracks=(Track(table),)))], length=4).codes[0].astype(int)
    pitch, classes, interval, skip, bass, degree, sounding, gap, length, place, velocity = codes.T
    assert pitch.tolist() == [48, 60, 64, 67]
    assert classes.tolist() == [0, 0, 4, 7]
    assert interval.tolist() == [50, 36, 28, 27]
    assert skip.tolist()[:2] == [50, 50]
    assert skip[2] == 24 + 16
    assert bass.tolist() == [12, 0, 4, 7]
    assert degree.tolist() == [0, 0, 4, 7]
    assert sounding.tolist() == [1, 1, 1, 2]
    assert gap[0] == gap[1] == 0
    assert gap[2] > gap[3] > 0
    assert length[0] > length[1] == length[2] > length[3]
    assert place.tolist() == [0, 0, 0, 18]
    assert velocity[2] < velocity[0]


def test_performances_are_timed_in_seconds() -> None:
    slow, fast = (events([written(0, 32)], clock=clock, length=32) for clock in ("beats", "seconds"))
    assert slow.form != fast.form
    assert (fast.codes[..., 9] == 0).all()


def test_too_few_notes_give_no_windows() -> None:
    assert len(events([written(0, 10)], length=32)) == 0
    assert len(events([], length=32)) == 0
    assert len(events([Notes.from_score(Score())], length=32)) == 0


def test_malformed_material_is_refused() -> None:
    good = events([written(0, 64)], length=32)
    with pytest.raises(ValueError, match="do not fit"):
        Material("x", good.codes, good.sizes[:-1], good.planes, good.features, good.song)
    with pytest.raises(ValueError, match="a row for each unit"):
        Material("x", good.codes, good.sizes, good.planes, good.features, good.song[:1])
    with pytest.raises(ValueError, match="beyond the size"):
        Material("x", good.codes, (1, *good.sizes[1:]), good.planes, good.features, good.song)
