"""Passages shared with a corpus: against a naive search, in other keys and tempos, with their places and floor."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from antiphon.evaluation.notes import Notes
from antiphon.evaluation.sets.lookup import Lookup
from antiphon.evaluation.sets.matches import FEWEST_NOTES, Match
from antiphon.evaluation.sets.originality import Index, contained, longest_shared, originality
from antiphon.evaluation.sets.passages import SEPARATOR, Reading, Streams, reading_of
from antiphon.evaluation.suffixes import Suffixes

BEATS, PERFORMANCE = Reading("beats"), Reading("performance")


def piece(onset: object, pitch: object, track: object = 0, seconds_a_beat: float = 0.5) -> Notes:
    start = np.asarray(onset, np.float64)
    pitches = np.asarray(pitch, np.int64)
    tracks = np.broadcast_to(np.asarray(track, np.int64), pitches.shape)
    order = np.lexsort((pitches, start))
    start, pitches, tracks = start[order], pitches[order], tracks[order]
    return Notes(
        start_seconds=start * seconds_a_beat,
        end_seconds=(start + 0.25) * seconds_a_beat,
        start_beat=start,
        end_beat=start + 0.25,
        pitch=pitches,
        velocity=np.full(len(pitches), 64),
        track=tracks,
        is_drum=np.zeros(len(pitches), bool),
        bar_beats=np.arange(0, (start.max(initial=0) // 4 + 2) * 4, 4.0),
    )


def random_piece(seed: int, num: int = 60) -> Notes:
    """Uneven rhythm on quarters of a beat, with chords."""
    chance = np.random.default_rng(seed)
    return piece(np.cumsum(chance.choice([0, 0.25, 0.5, 1, 2], num)), chance.integers(40, 80, num))


def faster(notes: Notes, factor: float) -> Notes:
    return replace(notes, start_seconds=notes.start_seconds / factor, end_seconds=notes.end_seconds / factor)


def parts(notes: Notes, size: int) -> Notes:
    return notes.only(np.arange(size))


def joined(a: Notes, b: Notes, gap: float = 4.0) -> Notes:
    shift = a.start_beat.max() + gap - b.start_beat.min()
    return piece(np.append(a.start_beat, b.start_beat + shift), np.append(a.pitch, b.pitch))


def naive(corpus: Streams, query: Streams) -> NDArray[np.int64]:
    """Symbols that match from each place of the query on, by trying all pairs."""
    best = np.zeros(len(query), np.int64)
    for i in range(len(query)):
        for j in range(len(corpus)):
            length = 0
            while query.symbols[i + length] == corpus.symbols[j + length] and query.symbols[i + length] != SEPARATOR:
                length += 1
            best[i] = max(best[i], length)
    return best


few = st.lists(
    st.tuples(st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0]), st.integers(60, 62), st.integers(0, 1)), max_size=14
)


def made(rows: list[tuple[float, int, int]]) -> Notes:
    onset, pitch, track = (np.array([row[k] for row in rows]) for k in range(3))
    return piece(np.cumsum(onset), pitch, track)


@settings(max_examples=80, deadline=None)
@given(st.lists(few, max_size=3), st.lists(few, max_size=3), st.sampled_from([BEATS, PERFORMANCE]))
def test_finds_what_a_naive_search_finds(
    corpus: list[list[tuple[float, int, int]]], queries: list[list[tuple[float, int, int]]], reading: Reading
) -> None:
    known = Streams.of([made(rows) for rows in corpus], reading)
    asked = Streams.of([made(rows) for rows in queries], reading)
    found = Lookup.run(known, asked)
    expected = naive(known, asked)
    assert found.length.tolist() == expected.tolist()
    for row in np.flatnonzero(found.length):
        length, place = found.length[row], found.place[row]
        assert known.symbols[place : place + length].tolist() == asked.symbols[row : row + length].tolist()
    rows = np.flatnonzero(found.length)
    for row, songs in zip(rows, found.songs(rows, known.piece), strict=True):
        passage = asked.symbols[row : row + found.length[row]].tolist()
        windows = range(len(known) - len(passage) + 1)
        holders = {int(known.piece[j]) for j in windows if known.symbols[j : j + len(passage)].tolist() == passage}
        assert songs == len(holders)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 2), max_size=40))
def test_suffixes_are_in_order(symbols: list[int]) -> None:
    text = np.array([*symbols, SEPARATOR])
    suffixes = Suffixes.of(text, len(text))
    assert suffixes.order.tolist() == sorted(range(len(text)), key=lambda i: text[i:].tolist())


def test_a_text_ends_with_a_separator() -> None:
    with pytest.raises(ValueError, match="separator"):
        Suffixes.of(np.array([1, 2]), 2)


@pytest.mark.parametrize("reading", [BEATS, PERFORMANCE])
@pytest.mark.parametrize("semitones", [0, 5, -12])
@pytest.mark.parametrize("factor", [1, 1.37])
def test_key_and_tempo_do_not_matter(reading: Reading, semitones: int, factor: float) -> None:
    original = random_piece(1)
    index = Index.build([random_piece(0), original], ["other", "this"], reading)
    sample = faster(original.transposed(semitones), factor)
    match = longest_shared(index, [sample])[0]
    first_chord = int((original.start_beat == original.start_beat[0]).sum()) if reading is PERFORMANCE else 0
    assert (match.notes, match.song, match.songs) == (60 - first_chord, "this", 1)
    assert contained([sample], index).tolist() == [True]


def test_small_unevenness_of_a_performance_does_not_matter() -> None:
    original = random_piece(3)
    jitter = np.random.default_rng(0).normal(0, 0.004, 60)
    uneven = replace(original, start_seconds=original.start_seconds + jitter)
    assert contained([uneven], Index.build([original], ["a"], PERFORMANCE)).all()


def test_another_rhythm_or_interval_ends_a_passage() -> None:
    index = Index.build([piece(range(10), [60, 62, 64, 65, 67, 69, 71, 72, 74, 76])], ["scale"], BEATS)
    slower = piece([0, 1, 2, 3, 5, 6, 7], [60, 62, 64, 65, 67, 69, 71])
    bent = piece(range(7), [60, 62, 64, 67, 71, 75, 79])
    assert [match.notes for match in longest_shared(index, [slower, bent])] == [4, 3]


def test_an_inserted_passage_is_found_with_its_places() -> None:
    source = random_piece(5, 80)
    stolen = source.only(np.arange(30, 55)).transposed(3)
    sample = joined(random_piece(6, 40), stolen)
    index = Index.build([random_piece(7), source], ["a", "b"], BEATS)
    match = longest_shared(index, [random_piece(8), sample])[1]
    assert match.song == "b" and match.notes >= 25
    assert match.there is not None and match.here is not None
    extra = match.notes - 25  # A neighbour on either side may happen to fit.
    assert abs(match.there.beat - source.start_beat[30]) <= 4 * extra
    assert match.there.second == match.there.beat / 2
    assert match.there.bar == match.there.beat // 4 + 1
    assert abs(match.here.beat - sample.start_beat[40]) <= 4 * extra
    assert match.beats == pytest.approx(match.seconds * 2)
    assert match.beats >= np.ptp(stolen.start_beat)


def test_no_passage_runs_over_the_end_of_a_song_or_track() -> None:
    whole = piece(range(20), np.arange(60, 80))
    halves = [parts(whole, 10), whole.only(np.arange(10, 20))]
    for corpus in (halves, [replace(whole, track=np.arange(20) // 10)]):
        index = Index.build(corpus, [str(k) for k in range(len(corpus))], BEATS)
        assert longest_shared(index, [whole])[0].notes == 10
    assert (
        longest_shared(Index.build([whole], ["a"], BEATS), [replace(whole, track=np.arange(20) // 10)])[0].notes == 10
    )


def test_chords_match_in_whatever_order_they_are_written_or_played() -> None:
    chords = np.repeat(np.arange(6), 3)
    pitch = np.array([60, 64, 67, 62, 65, 69, 59, 62, 67, 60, 64, 67, 65, 69, 72, 60, 64, 67])
    original = piece(chords, pitch)
    spread = np.random.default_rng(1).uniform(0, 0.03, 18)
    played = replace(original, start_seconds=original.start_seconds + spread)
    order = np.argsort(played.start_seconds)
    played = played.only(order)
    index = Index.build([original], ["a"], PERFORMANCE)
    assert longest_shared(index, [played])[0].notes == 15


def test_nothing_and_too_little() -> None:
    nothing, one = piece([], []), piece([0], [60])
    index = Index.build([random_piece(0), nothing], ["a", "b"], BEATS)
    empty = Match(0, 0.0, 0.0, "", 0, None, None)
    assert longest_shared(index, [nothing, one]) == [empty, empty]
    assert longest_shared(index, []) == []
    assert contained([nothing, one], index).tolist() == [False, False]
    assert longest_shared(Index.build([], [], BEATS), [random_piece(0)]) == [empty]
    found = originality([], index, [])
    assert found.words() == "There are no samples."
    found = originality([nothing, random_piece(1)], index, [])
    assert np.isnan(found.human_share).all() and "Nothing is held out" in found.words()


def test_short_samples_are_never_called_copies() -> None:
    original = random_piece(1)
    index = Index.build([original], ["a"], BEATS)
    short, enough = parts(original, FEWEST_NOTES - 1), parts(original, FEWEST_NOTES)
    assert contained([short, enough], index).tolist() == [False, True]
    assert np.isnan(originality([short], index, [random_piece(2)]).human_share).all()


def test_a_copy_for_the_greater_part_is_one() -> None:
    original = random_piece(1)
    index = Index.build([original], ["a"], BEATS)
    half, third = joined(parts(original, 40), random_piece(2, 30)), joined(parts(original, 30), random_piece(2, 61))
    assert contained([half, third], index).tolist() == [True, False]
    found = originality([half, third, piece([], [])], index, [])
    assert found.copied[:2] == pytest.approx([4 / 7, 30 / 91], abs=0.03) and np.isnan(found.copied[2])


def test_drums_are_not_read() -> None:
    original = random_piece(1)
    drums = replace(original, is_drum=np.ones(60, bool))
    assert longest_shared(Index.build([original], ["a"], BEATS), [drums])[0].notes == 0


def test_the_floor_is_human_music_of_equal_length() -> None:
    training = [random_piece(k, 200) for k in range(20)]
    human = [random_piece(100 + k, 150 + k) for k in range(30)]
    index = Index.build(training, [str(k) for k in range(20)], BEATS)
    fresh = [random_piece(500 + k, 47) for k in range(40)]
    copies = [parts(piece_, 47) for piece_ in training[:15]]
    found = originality([*fresh, *copies], index, human)
    assert (found.compared_notes == 47).all() and found.num_human == 30 and found.num_leaked == 0
    assert (found.human_share[40:] == 0).all() and found.contained[40:].all() and not found.contained[:40].any()
    assert found.human_share[:40].mean() > 0.3
    assert (
        found.rare_share >= 0.2
        and "15 of 55 samples STAND IN" in found.words()
        and ": more than chance" in found.words()
    )
    assert ": not plainly more than chance" in originality(fresh, index, human).words()
    assert found.sample_notes[40] == 47 and found.human_notes.max() < 10
    cut = [human_.only(np.arange(k * 47, (k + 1) * 47)) for human_ in human for k in range(3)]
    lengths = np.array([match.notes for match in longest_shared(index, cut)])
    for k in range(40):
        expected = np.mean(lengths >= found.sample_notes[k])
        assert found.human_share[k] == pytest.approx(expected)


def test_long_samples_are_cut_to_what_human_pieces_have() -> None:
    index = Index.build([random_piece(0, 300)], ["a"], BEATS)
    found = originality([random_piece(0, 300)], index, [random_piece(k, 123) for k in range(1, 30)])
    assert found.compared_notes.tolist() == [120] and found.sample_notes.tolist() == [120]
    assert found.matches[0].notes == 300


def test_a_leak_and_too_few_human_pieces_are_said() -> None:
    training = [random_piece(k) for k in range(5)]
    index = Index.build(training, list("abcde"), BEATS)
    samples = [random_piece(50)]
    assert "1 of 2 held-out songs stand in" in originality(samples, index, [training[0], random_piece(9)]).words()
    human = [random_piece(100 + k) for k in range(30)]
    fair, leaking = originality(samples, index, human), originality(samples, index, [*human, *training])
    assert leaking.num_leaked == 5 and leaking.human_share.tolist() == fair.human_share.tolist()
    assert "too few" in originality(samples, index, [random_piece(9)]).words()
    assert set(originality(samples, index, []).columns()) == {
        "longest_shared_passage",
        "human_pieces_sharing_as_much",
        "copied_note_share",
        "contained_share",
    }


def test_reading_tells_a_score_from_a_performance() -> None:
    score = random_piece(0)
    free = replace(score, start_beat=score.start_beat + np.random.default_rng(0).uniform(-0.5, 0.5, 60))
    assert reading_of([score]).timing == "beats" and reading_of([free]).timing == "performance"
    with pytest.raises(ValueError, match="beats"):
        Reading("beats", 0)
    with pytest.raises(ValueError, match="ids"):
        Index.build([score], [], BEATS)
