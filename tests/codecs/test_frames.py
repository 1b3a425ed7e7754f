"""The bar GAN's representation: round trips, rows of each version, rules, pauses, picks, shift tables."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from antiphon.codecs.chords import NO_CHORD
from antiphon.codecs.codec import Rows
from antiphon.codecs.frames import FrameBars, Version
from antiphon.errors import InputError
from antiphon.music.score import CONTROL, NOTE, TEMPO, TIME_SIGNATURE, Score, Track, notes_from_columns, table

VERSIONS: tuple[Version, ...] = ("v1", "v2", "v3")
TABLES = {"paper": FrameBars.PAPER, "published": FrameBars.PUBLISHED}
COLUMN = 120  # ticks of a 125 ms column at 480 ticks a beat and 120 beats a minute


def played(
    *notes: tuple[float, float, int, int], pedal: tuple[tuple[float, int], ...] = (), is_drum: bool = False
) -> Track:
    """A track of (first column, end column, pitch, velocity), with (column, value) of the pedal."""
    rows = [(round(start * COLUMN), round(end * COLUMN), pitch, velocity) for start, end, pitch, velocity in notes]
    controls = table(CONTROL, [(round(column * COLUMN), 64, value) for column, value in pedal])
    return Track(notes=table(NOTE, sorted(rows)), controls=controls, is_drum=is_drum)


def score_of(*tracks: Track, **options: Any) -> Score:
    return Score(ticks_per_beat=480, tracks=tracks, **options)


def codec(name: str, version: Version, **rules: object) -> FrameBars:
    changed = {**TABLES[name][version].model_dump(), **rules}
    return FrameBars(version=version, rules=changed, num_splits=None)  # type: ignore[arg-type]


def split_with(*notes: tuple[float, float, int, int], **options: Any) -> Score:
    """A score of one whole split: the notes, and a soft low note in its last column."""
    return score_of(played(*notes, (127, 128, 60, 1), **options))


def bars_of(rows: Rows) -> NDArray[np.uint8]:
    """All bars of one piece from its pairs."""
    return np.concatenate([rows["previous"][:1], rows["real"]])


bars_strategy = st.integers(1, 3).flatmap(
    lambda splits: arrays(np.uint8, (8 * splits, 16), elements=st.integers(60, 83))
)


@pytest.mark.parametrize("name", TABLES)
@given(bars=bars_strategy)
def test_round_trip_gives_the_bars_back(name: str, bars: NDArray[np.uint8]) -> None:
    pieces = bars.reshape(-1, 8, 16)
    rows = codec(name, "v2").encode(codec(name, "v2").decode(bars))
    assert np.array_equal(rows["previous"], pieces[:, :-1].reshape(-1, 16))
    assert np.array_equal(rows["real"], pieces[:, 1:].reshape(-1, 16))
    assert np.array_equal(rows["split"], np.repeat(np.arange(len(pieces)), 7))


@given(bars=bars_strategy)
def test_round_trip_of_v1_has_every_bar(bars: NDArray[np.uint8]) -> None:
    score = codec("paper", "v1").decode(bars)
    assert np.array_equal(codec("paper", "v1").encode(score)["real"], bars)
    published = codec("published", "v1").encode(score)["real"]
    assert np.array_equal(published[:-1], bars)
    assert np.all(published[-1] == bars[-1, -1])


@pytest.mark.parametrize("version", VERSIONS)
def test_rows_of_each_version(version: Version) -> None:
    rows = codec("paper", version).encode(split_with((0, 100, 64, 80)))
    expected = {"v1": {"real"}, "v2": {"real", "previous"}, "v3": {"real", "previous", "chord"}}[version]
    assert set(rows) == expected | {"split"}
    num_rows = 8 if version == "v1" else 7
    assert {len(values) for values in rows.values()} == {num_rows}
    assert rows["real"].dtype == np.uint8
    assert rows["real"].shape == (num_rows, 16)
    assert rows["split"].dtype == np.int32


def test_remainder_after_the_last_split_is_dropped() -> None:
    score = score_of(played((0, 128 + 127, 64, 80)))
    assert len(codec("paper", "v2").encode(score)["real"]) == 7
    assert len(codec("paper", "v2").encode(score_of(played((0, 127, 64, 80))))["real"]) == 0


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    "score",
    [
        Score(),
        score_of(Track()),
        score_of(played((0, 300, 40, 90), is_drum=True)),
    ],
    ids=["nothing", "no notes", "drums"],
)
def test_scores_without_music_give_no_rows(name: str, version: Version, score: Score) -> None:
    rows = codec(name, version).encode(score)
    assert {len(values) for values in rows.values()} == {0}
    assert rows["real"].shape == (0, 16)


def test_one_short_note_is_a_bar_for_the_paper_and_lost_in_the_published_roll() -> None:
    score = score_of(played((0.1, 0.2, 60, 90)))
    assert codec("paper", "v1").encode(score)["real"].tolist() == [[60] * 16]
    assert len(codec("published", "v1").encode(score)["real"]) == 0


def test_empty_split_gives_no_rows_and_keeps_the_numbering() -> None:
    score = score_of(played((0, 4, 64, 80), (2 * 128, 3 * 128, 65, 80)))
    rows = codec("paper", "v2").encode(score)
    assert rows["split"].tolist() == [0] * 7 + [2] * 7
    assert set(rows["real"][7:].ravel().tolist()) == {65}


@pytest.mark.parametrize("pitch", range(128))
def test_octaves_fold_into_the_range(pitch: int) -> None:
    folded = codec("paper", "v1").encode(score_of(played((0, 16, pitch, 80))))["real"]
    assert np.all(folded == folded[0, 0])
    expected = pitch
    while expected < 60:
        expected += 12
    while expected > 83:
        expected -= 12
    assert folded[0, 0] == expected


def test_melody_is_the_highest_velocity_and_a_tie_goes_to_the_lowest_pitch() -> None:
    rows = codec("paper", "v2").encode(
        split_with(
            (0, 16, 72, 80), (0, 16, 64, 90), (0, 16, 60, 70), (16, 32, 72, 80), (16, 32, 62, 80), (32, 99, 67, 9)
        )
    )
    bars = bars_of(rows)
    assert set(bars[0].tolist()) == {64}
    assert set(bars[1].tolist()) == {62}


def test_ties_are_settled_before_the_octave_is_folded() -> None:
    rows = codec("paper", "v2").encode(split_with((0, 120, 47, 80), (0, 120, 60, 80)))
    assert set(rows["previous"][0].tolist()) == {71}


def test_pauses_take_the_pitch_before_and_a_leading_pause_the_first() -> None:
    bars = bars_of(codec("paper", "v2").encode(split_with((5, 7, 64, 80), (20, 21, 67, 80)))).ravel()
    assert bars[:20].tolist() == [64] * 20
    assert bars[20:127].tolist() == [67] * 107


def test_pauses_do_not_reach_across_splits() -> None:
    score = score_of(played((0, 20, 64, 80), (128 + 40, 256, 67, 80)))
    assert set(codec("paper", "v2").encode(score)["previous"][7].tolist()) == {67}
    unsplit = codec("paper", "v2", splits=False).encode(score)
    assert len(unsplit["real"]) == 15
    assert set(unsplit["real"][7].tolist()) == {64}


def test_notes_ring_on_under_the_pedal() -> None:
    notes = ((0, 4, 64, 80), (40, 42, 67, 70))
    pedal = ((2, 127), (44, 0))
    struck = bars_of(codec("paper", "v2").encode(split_with(*notes, pedal=pedal))).ravel()
    assert struck[:44].tolist() == [64] * 44
    assert struck[44] == 64, "the last active pitch fills the pause after the release"
    dry = bars_of(codec("paper", "v2").encode(split_with(*notes))).ravel()
    assert dry[40:127].tolist() == [67] * 87


def test_a_pedal_pressed_after_the_key_is_let_go_catches_nothing() -> None:
    track = split_with((0, 4, 64, 80), (4, 5, 67, 70), pedal=((4.5, 127), (60, 0)))
    bars = bars_of(codec("paper", "v2").encode(track)).ravel()
    assert bars[3:6].tolist() == [64, 67, 67]


def test_a_pitch_struck_again_takes_its_new_velocity_unless_touching_notes_are_merged() -> None:
    notes = ((0, 8, 60, 90), (8, 128, 60, 30), (0, 128, 64, 60))
    score = score_of(played(*notes))
    apart = bars_of(codec("paper", "v2").encode(score)).ravel()
    assert apart.tolist() == [60] * 8 + [64] * 120
    merged = bars_of(codec("published", "v2").encode(score)).ravel()
    assert merged.tolist() == [60] * 128


def test_published_velocities_of_one_cell_add_up() -> None:
    tracks = (played((0, 128, 60, 40)), played((0, 128, 60, 40)), played((0, 128, 64, 60)))
    assert set(codec("published", "v2").encode(score_of(*tracks))["real"].ravel().tolist()) == {60}
    assert set(codec("paper", "v2").encode(score_of(*tracks))["real"].ravel().tolist()) == {64}


def test_notes_inside_one_column_are_lost_only_in_the_published_roll() -> None:
    notes = ((0, 128, 60, 40), (3.1, 3.4, 72, 90))
    assert bars_of(codec("paper", "v2").encode(score_of(played(*notes))))[0, 3] == 72
    assert bars_of(codec("published", "v2").encode(score_of(played(*notes))))[0, 3] == 60


def test_edges_go_to_the_nearest_column_or_to_the_one_before() -> None:
    notes = ((0, 9.6, 60, 40), (9.6, 128, 72, 90))
    assert bars_of(codec("paper", "v2").encode(score_of(played(*notes))))[0, 9] == 60
    assert bars_of(codec("published", "v2").encode(score_of(played(*notes))))[0, 9] == 72


@pytest.mark.parametrize(("last", "num_bars"), [(16 * 6, 6), (16 * 6 + 7, 6), (16 * 6 + 8, 7), (127, 8), (128, 8)])
def test_published_padding_keeps_a_partial_bar_only_when_half_full(last: int, num_bars: int) -> None:
    score = score_of(played((0, last, 60, 80), (130, 256, 62, 80)))
    first = codec("published", "v2").encode(score)["split"] == 0
    assert first.sum() == num_bars - 1
    assert (codec("paper", "v2").encode(score)["split"] == 0).sum() == 7


@pytest.mark.parametrize(("last", "num_bars"), [(31, 2), (32, 3), (33, 3)])
def test_published_v1_always_adds_columns(last: int, num_bars: int) -> None:
    assert len(codec("published", "v1").encode(score_of(played((0, last, 60, 80))))["real"]) == num_bars
    assert len(codec("paper", "v1").encode(score_of(played((0, last, 60, 80))))["real"]) == -(-last // 16)


def test_first_tempo_sets_the_clock_of_published_v1() -> None:
    options = {
        "tempos": table(TEMPO, [(0, 600_000)]),
        "time_signatures": table(TIME_SIGNATURE, [(0, 3, 8)]),
    }
    beat = 4 * COLUMN
    notes = table(NOTE, [(3 * beat * bar, 3 * beat * (bar + 1), 60 + bar, 80) for bar in range(5)])
    score = score_of(Track(notes=notes), **options)
    rows = codec("published", "v1").encode(score)["real"]
    assert rows[:5].tolist() == [[60 + bar] * 16 for bar in range(5)]
    fixed = codec("published", "v1", bar_seconds="fixed").encode(score)["real"]
    assert fixed[0].tolist() == [60] * 14 + [61] * 2


@pytest.mark.parametrize("tempo", [47.0, 61.0, 90.0, 113.0, 187.0, 240.0])
def test_first_tempo_round_trip_loses_no_column_to_rounding(tempo: float) -> None:
    bars = np.random.default_rng(0).integers(60, 84, (200, 16))
    published = codec("published", "v1")
    assert np.array_equal(published.encode(published.decode(bars, tempo=tempo))["real"][:-1], bars)


def test_first_tempo_is_that_of_the_beginning() -> None:
    tempos = table(TEMPO, [(8 * COLUMN, 250_000)])
    score = score_of(played((0, 16, 60, 80), (16, 32, 62, 80)), tempos=tempos)
    # Column 8 is the first at double speed: 8 columns, then 8 of half the length, and so on.
    assert codec("published", "v1").encode(score)["real"][0].tolist() == [60] * 12 + [62] * 4


def test_the_published_roll_lasts_until_the_last_control() -> None:
    score = score_of(played((0, 20, 60, 80), pedal=((39, 127), (40, 0))))
    assert len(codec("published", "v1").encode(score)["real"]) == 3
    assert len(codec("paper", "v1").encode(score)["real"]) == 2


def test_a_hostile_first_tempo_gives_no_rows() -> None:
    tempos = table(TEMPO, [(0, 1), (1, 500_000)])
    score = score_of(played((0, 1000, 60, 80)), tempos=tempos)
    assert len(codec("published", "v1").encode(score)["real"]) == 0


def c_major_then_a_minor() -> Score:
    """Bar 0 C major, bar 1 A minor, bar 2 a fifth alone, then C major."""
    chord = [(0, 16, pitch, 50) for pitch in (60, 64, 67)] + [(16, 32, pitch, 50) for pitch in (57, 60, 64)]
    chord += [(32, 48, pitch, 50) for pitch in (60, 67)] + [(48, 128, pitch, 50) for pitch in (60, 64, 67)]
    return score_of(played(*chord))


def test_chord_is_that_of_the_previous_bar_or_of_the_current_one() -> None:
    score = c_major_then_a_minor()
    assert codec("paper", "v3").encode(score)["chord"].tolist() == [0, 21, NO_CHORD, 0, 0, 0, 0]
    current = codec("paper", "v3", chord_bar="current").encode(score)["chord"]
    assert current.tolist() == [21, NO_CHORD, 0, 0, 0, 0, 0]
    assert codec("published", "v3").encode(score)["chord"].tolist() == [21, 12, 0, 0, 0, 0, 0]


def test_v2_and_v3_have_the_same_bars() -> None:
    pairs, triplets = (codec("paper", version).encode(c_major_then_a_minor()) for version in ("v2", "v3"))
    assert all(np.array_equal(pairs[name], triplets[name]) for name in pairs)


def songs(num_songs: int) -> list[Rows]:
    rng = np.random.default_rng(5)
    plain = codec("paper", "v3")
    sizes = rng.integers(1, 5, num_songs)
    return [plain.encode(plain.decode(rng.integers(60, 84, (8 * size, 16)))) for size in sizes]


def test_join_picks_whole_splits_by_seed() -> None:
    pieces = songs(12)
    everything = codec("paper", "v3").join(pieces)
    picks = {seed: FrameBars(version="v3", num_splits=9, split_seed=seed).join(pieces) for seed in range(4)}
    for rows in picks.values():
        assert set(rows) == {"real", "previous", "chord", "song"}
        assert {len(values) for values in rows.values()} == {9 * 7}
        assert np.all(np.diff(rows["song"]) >= 0)
        # Inside a split the pairs chain; all picked rows are rows of their song.
        chained = rows["previous"].reshape(9, 7, 16)[:, 1:] == rows["real"].reshape(9, 7, 16)[:, :-1]
        assert chained.all()
        for real, song in zip(rows["real"], rows["song"], strict=True):
            assert (everything["real"][everything["song"] == song] == real).all(axis=1).any()
    again = FrameBars(version="v3", num_splits=9, split_seed=2).join(pieces)
    assert np.array_equal(again["real"], picks[2]["real"])
    assert len({rows["real"].tobytes() for rows in picks.values()}) == 4


def test_join_takes_all_where_there_are_too_few() -> None:
    pieces = songs(3)
    total = sum(len(rows["real"]) for rows in pieces)
    assert len(FrameBars(version="v3", num_splits=600).join(pieces)["real"]) == total
    assert len(FrameBars(version="v3", num_splits=None).join(pieces)["real"]) == total
    nothing = codec("paper", "v3").encode(Score())
    assert len(FrameBars(version="v3").join([nothing])["real"]) == 0


def test_every_split_can_be_picked() -> None:
    pieces = songs(3)
    total = len(codec("paper", "v3").join(pieces)["real"])
    seen = {
        row.tobytes() for seed in range(60) for row in FrameBars(num_splits=1, split_seed=seed).join(pieces)["real"]
    }
    assert len(seen) == total


def test_fifty_thousand_pairs_take_under_five_megabytes() -> None:
    pieces = songs(20)
    rows = codec("paper", "v3").join(pieces)
    bytes_a_row = sum(values.nbytes for values in rows.values()) / len(rows["real"])
    assert bytes_a_row * 50_000 < 2_000_000


def test_decode_merges_equal_columns_into_notes() -> None:
    bars = np.full((2, 16), 60, np.uint8)
    bars[0, 4:8] = 64
    score = FrameBars().decode(bars, chords=[0, NO_CHORD])
    (track,) = score.tracks
    expected = notes_from_columns([0, 4 * COLUMN, 8 * COLUMN], [4 * COLUMN, 8 * COLUMN, 32 * COLUMN], [60, 64, 60], 50)
    assert np.array_equal(track.notes, expected)
    assert score.duration_seconds == 4.0
    assert score.bars().tolist() == [0, 16 * COLUMN, 32 * COLUMN]
    assert score.chords == ((0, "C"), (16 * COLUMN, "N.C."))


def test_decode_at_another_tempo_and_of_nothing() -> None:
    bars = np.full((1, 16), 60, np.uint8)
    assert FrameBars().decode(bars, tempo=60).duration_seconds == 4.0
    assert FrameBars().decode(bars, velocity=90).tracks[0].notes["velocity"].tolist() == [90]
    assert FrameBars().decode(np.zeros((0, 16), np.uint8)).num_notes == 0


def test_rules_follow_the_version_and_survive_json() -> None:
    for version in VERSIONS:
        assert FrameBars(version=version).rules == FrameBars.PAPER[version]
        published = FrameBars.published(version, num_splits=None)
        assert published.rules == FrameBars.PUBLISHED[version]
        assert FrameBars.model_validate_json(published.model_dump_json()) == published


@pytest.mark.parametrize(
    "values", [{"version": "v4"}, {"num_splits": 0}, {"rules": {"chord_bar": "next"}}, {"rules": {"chords": True}}]
)
def test_other_settings_are_refused(values: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        FrameBars.parse(values)
