"""Performance tokens: by rules told event by event, by round trips over every option, and what a cut leaves."""

import os
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from antiphon.codecs import performance as codec
from antiphon.codecs.performance import (
    PerformanceTokens,
    decode_as_published,
    performance_of,
    performed_notes,
    score_of,
    variants,
)
from antiphon.io.midi import midi_bytes, parse_midi, read_midi
from antiphon.music.score import CONTROL, TEMPO, Score, Track, notes_from_columns, table

ON, OFF, SECOND = codec.NOTE, codec.NOTE + 1, codec.SHIFT + 100
Event = tuple[int, int, bool]


def score(*notes: tuple[int, int, int, int], pedal: list[tuple[int, int]] | None = None, **parts: object) -> Score:
    """Notes of (start, end, pitch, velocity) in milliseconds, and the pedal's (ms, value)."""
    columns = np.array(notes, np.int64).reshape(-1, 4).T
    controls = table(CONTROL, [(tick, 64, value) for tick, value in sorted(pedal or [], key=lambda event: event[0])])
    return Score(500, (Track(notes_from_columns(*columns), controls=controls),), **parts)  # type: ignore[arg-type]


def said(performance: codec.Performance) -> set[tuple[int, int, int, int]]:
    columns = (performance.start_step, performance.end_step, performance.pitch, performance.velocity)
    return set(zip(*(column.tolist() for column in columns), strict=True))


def tokens(music: Score) -> list[int]:
    values: list[int] = PerformanceTokens().encode(music)["real"].tolist()
    return values


# One key only, so that notes meet; times on a coarse grid, so that they coincide.
times = st.integers(0, 40).map(lambda n: n * 50)
rows = st.lists(
    st.tuples(times, times, st.sampled_from([60, 60, 61, 20, 108, 109]), st.integers(1, 127)), max_size=14
).map(lambda notes: [(start, start + length + 1, pitch, v) for start, length, pitch, v in notes])
apart = rows.map(
    lambda notes: [
        (start, min([end, *(other for other, _, p, _ in notes if p == pitch and other > start)]), pitch, v)
        for start, end, pitch, v in {(start, pitch): (start, end, pitch, v) for start, end, pitch, v in notes}.values()
    ]
)
pedals = st.lists(st.tuples(times, st.sampled_from([0, 63, 64, 127])), max_size=10)
lines = st.lists(st.one_of(st.integers(0, 309), st.sampled_from([ON, OFF, ON + 2, OFF + 2, SECOND, 3])), max_size=60)


def by_events(notes: list[tuple[int, int, int, int]], pedal: list[tuple[int, int]]) -> list[tuple[int, int, int, int]]:
    """The pedal's rules (specification, section 2), one event after the other."""
    live = [list(note) for note in sorted(notes, key=lambda n: (n[2], n[0]))]
    for note in live:
        note[1] = min(end for start, end, pitch, _ in notes if pitch == note[2] and end > note[0])
    events: list[tuple[int, int, list[int]]] = [(time, 0 if value >= 64 else 1, []) for time, value in pedal]
    events += [(note[0], 2, note) for note in live] + [(note[1], 3, note) for note in live]
    down, active, gone = False, list[list[int]](), list[list[int]]()
    for now, kind, note in sorted(events, key=lambda event: event[:2]):
        if kind == 0:
            down = True
        elif kind == 1:
            down = False
            for other in [other for other in active if other[1] < now]:
                other[1] = now
                active = [one for one in active if one is not other]
        elif kind == 2:
            for other in [other for other in active if down and other[2] == note[2]]:
                other[1] = now
                active = [one for one in active if one is not other]
                gone += [other] if other[0] == now else []
            active = [*active, note]
        elif not down:
            active = [one for one in active if one is not note]
    for note in active:
        note[1] = max(now, *(end for _, end, _, _ in notes))
    return [(n[0], n[1], n[2], n[3]) for n in live if not any(n is other for other in gone)]


@given(rows, pedals)
@settings(max_examples=200, deadline=None)
def test_the_pedal_follows_its_rules_event_by_event(
    notes: list[tuple[int, int, int, int]], pedal: list[tuple[int, int]]
) -> None:
    expected = {
        (int(start / 10 + 0.5), max(int(end / 10 + 0.5), int(start / 10 + 0.5) + 1), pitch, (v - 1) // 4 * 4 + 1)
        for start, end, pitch, v in by_events(notes, pedal)
        if 21 <= pitch <= 108
    }
    found = said(performed_notes(score(*notes, pedal=pedal)))
    # Of two notes struck at once on one key, the order of a file decides whose velocity it is.
    assert {note[:3] for note in found} == {note[:3] for note in expected}
    starts = [(start, pitch) for start, _, pitch, _ in notes]
    if len(set(starts)) == len(starts):
        assert found == expected


@given(rows, pedals)
@settings(max_examples=200, deadline=None)
def test_tokens_say_what_their_notes_say(notes: list[tuple[int, int, int, int]], pedal: list[tuple[int, int]]) -> None:
    performance = performed_notes(score(*notes, pedal=pedal))
    line, steps = performance.tokens, performance.steps()
    np.testing.assert_array_equal(line[performance.note_on], ON + 2 * (performance.pitch - 21))
    np.testing.assert_array_equal(line[performance.note_off], OFF + 2 * (performance.pitch - 21))
    np.testing.assert_array_equal(steps[performance.note_on], performance.start_step)
    np.testing.assert_array_equal(steps[performance.note_off], performance.end_step)
    assert ((line >= ON) & (line <= codec.VELOCITY)).sum() == 2 * len(performance.pitch)
    bins = line[line > codec.VELOCITY]
    assert (np.diff(bins) != 0).all()


@given(apart, st.sampled_from(variants()))
@settings(max_examples=200, deadline=None)
def test_what_is_encoded_decodes_to_the_same_notes(
    notes: list[tuple[int, int, int, int]], variant: PerformanceTokens
) -> None:
    line = variant.encode(score(*notes))["real"]
    expected = performed_notes(score(*notes), variant.stretch, variant.transpose)
    assert said(performance_of(line)) == said(expected)
    again = performed_notes(parse_midi(midi_bytes(variant.decode(line))))
    assert {note[::2] for note in said(again)} == {note[::2] for note in said(expected)}


@given(lines)
@settings(max_examples=150, deadline=None)
def test_any_tokens_decode_as_the_rules_say_event_by_event(line: list[int]) -> None:
    step, velocity, sounding, expected = 0, 100, dict[int, list[tuple[int, int]]](), list[tuple[int, ...]]()
    for token in line:
        if 2 <= token <= 101:
            step += token - 1
        elif token >= 278:
            velocity = 4 * (token - 277) - 3
        elif token >= ON and token % 2 == ON % 2:
            sounding.setdefault((token - ON) // 2 + 21, []).append((step, velocity))
        elif token >= ON and sounding.get((token - ON) // 2 + 21):
            pitch = (token - ON) // 2 + 21
            start, v = sounding[pitch].pop(0)
            expected.append((start, step, pitch, v))
    expected += [(start, step, pitch, v) for pitch, notes in sounding.items() for start, v in notes]
    found = performance_of(line)
    columns = (found.start_step, found.end_step, found.pitch, found.velocity)
    assert sorted(zip(*columns, strict=True)) == sorted(note for note in expected if note[1] > note[0])
    assert found.num_steps == step


@given(lines, st.integers(0, 60))
@settings(max_examples=200, deadline=None)
def test_a_cut_leaves_what_the_first_tokens_say(line: list[int], num: int) -> None:
    whole = performance_of(line)
    cut, alone = whole.first(num), performance_of(whole.tokens[:num])
    for name in vars(alone):
        np.testing.assert_array_equal(getattr(cut, name), getattr(alone, name), err_msg=name)


@given(lines, st.integers(0, 1500))
@settings(max_examples=200, deadline=None)
def test_a_cut_in_seconds_is_that_long_and_says_what_its_tokens_say(line: list[int], steps: int) -> None:
    whole = performance_of(line)
    cut = whole.first_seconds(steps / 100)
    assert cut.num_steps == min(steps, whole.num_steps)
    assert said(cut) == said(performance_of(cut.tokens))
    assert cut.end_step.max(initial=0) <= max(steps, 0)


def test_hand_written_tokens() -> None:
    music = score((0, 1500, 60, 64), (0, 10, 64, 64), (2500, 2510, 60, 1))
    c, e = 2 * (60 - 21), 2 * (64 - 21)
    assert tokens(music) == [
        *(277 + 16, ON + c, ON + e, 2, OFF + e),
        *(101, 50, OFF + c),
        *(101, 278, ON + c, 2, OFF + c),
    ]


def test_the_four_corners_of_the_keyboard_and_of_velocity() -> None:
    low = tokens(score((0, 10, 21, 1), (0, 10, 108, 127)))
    assert low == [278, 102, 309, 276, 2, 103, 277]
    assert tokens(score((0, 10, 20, 1), (0, 10, 109, 127))) == []


def test_half_a_step_goes_up_and_no_note_is_shorter_than_one() -> None:
    performance = performed_notes(score((5, 6, 60, 1), (14, 24, 62, 1)))
    assert said(performance) == {(1, 2, 60, 1), (1, 2, 62, 1)}


def test_a_tempo_change_moves_what_follows() -> None:
    music = score((1000, 1500, 60, 1), tempos=table(TEMPO, [(0, 500_000), (1000, 1_000_000)]))
    assert said(performed_notes(music)) == {(100, 200, 60, 1)}


def test_each_track_has_its_own_pedal() -> None:
    held = score((0, 100, 60, 1), pedal=[(0, 127), (900, 0)])
    both = held.with_tracks((*held.tracks, score((0, 100, 62, 1)).tracks[0]))
    assert said(performed_notes(both)) == {(0, 90, 60, 1), (0, 10, 62, 1)}


def test_a_pedal_that_is_never_released_holds_to_the_last_event() -> None:
    assert said(performed_notes(score((0, 100, 60, 1), pedal=[(50, 100), (2000, 90)]))) == {(0, 200, 60, 1)}


def test_35_variants_in_the_published_order() -> None:
    assert len(variants()) == 35
    assert variants()[17] == PerformanceTokens()
    for first, second in pairwise(variants()):
        assert (second.stretch, second.transpose) > (first.stretch, first.transpose)
    slow = variants()[34]
    assert said(performed_notes(score((1000, 2000, 60, 1)), slow.stretch, slow.transpose)) == {(105, 210, 63, 1)}


def test_the_published_decoder_shrinks_long_silences_and_long_notes() -> None:
    c = 2 * (60 - 21)
    rest = [SECOND, SECOND, SECOND, SECOND, 26]
    line = [ON + c, 11, OFF + c, *rest, ON + c, 11, OFF + c]
    assert said(performance_of(line)) == {(0, 10, 60, 100), (435, 445, 60, 100)}
    published = performed_notes(decode_as_published(line))
    assert published.start_step.tolist() == [0, 135]
    held = decode_as_published([ON + c, *([SECOND, 51] * 3), OFF + c])
    assert performed_notes(held).end_step.tolist() == [300]


def test_nothing_is_nothing() -> None:
    for nothing in (performed_notes(Score()), performance_of([]), performance_of([0, 1, 0]), performance_of([50, 300])):
        assert len(nothing.pitch) == 0
        assert score_of(nothing).num_notes == 0
    assert PerformanceTokens().encode(Score())["real"].shape == (0,)
    assert decode_as_published([]).num_notes == 0


@pytest.mark.parametrize("malformed", [[310], [-1], [[3]], [0.5]])
def test_malformed_tokens_are_refused(malformed: list[object]) -> None:
    with pytest.raises(ValueError, match="tokens are"):
        performance_of(malformed)  # type: ignore[arg-type]


def test_a_cut_before_the_beginning_is_refused() -> None:
    with pytest.raises(ValueError, match="cut"):
        performance_of([3]).first(-1)
    with pytest.raises(ValueError, match="cut"):
        performance_of([3]).first_seconds(-0.1)
    with pytest.raises(ValueError, match="cut"):
        performance_of([3]).first_seconds(float("nan"))


def test_joined_songs_tell_where_pieces_begin() -> None:
    codec_ = PerformanceTokens()
    joined = codec_.join([codec_.encode(score((0, 10, 60, 1))), codec_.encode(score((0, 10, 62, 1), (0, 10, 64, 9)))])
    assert joined["song"].tolist() == [0] * 4 + [1] * 7
    assert joined["real"].dtype == np.int16


def _real() -> list[Path]:
    folders = [Path(os.environ[name]) for name in ("ANTIPHON_FIXTURES", "ANTIPHON_DATA") if name in os.environ]
    found = [sorted(path for path in folder.rglob("*.mid*") if path.is_file()) for folder in folders]
    return [path for files in found for path in files[:: max(len(files) // 8, 1)]]


def _begun(performance: codec.Performance) -> list[tuple[int, int, int]]:
    return sorted(zip(performance.start_step, performance.pitch, performance.velocity, strict=True))


@pytest.mark.parametrize("path", _real(), ids=lambda path: path.stem)
def test_real_pieces_come_back_note_for_note(path: Path) -> None:
    performance = performed_notes(read_midi(path))
    again = performance_of(performance.tokens)
    assert _begun(again) == _begun(performance)
    through_midi = performed_notes(parse_midi(midi_bytes(score_of(again))))
    # Notes of two tracks may begin at once on one key, and two that overlap end together once they are in one track.
    assert set(_begun(through_midi)) == set(_begun(again))
    if len(set(_begun(again))) == len(again.pitch) and not _overlaps(again):
        assert said(again) == said(performance) == said(through_midi)


def _overlaps(performance: codec.Performance) -> bool:
    order = np.lexsort((performance.start_step, performance.pitch))
    pitch, start, end = performance.pitch[order], performance.start_step[order], performance.end_step[order]
    return bool(((pitch[1:] == pitch[:-1]) & (start[1:] < end[:-1])).any())


@given(rows, pedals)
@settings(max_examples=60, deadline=None)
def test_all_keys_say_what_the_piano_says_and_more(
    notes: list[tuple[int, int, int, int]], pedal: list[tuple[int, int]]
) -> None:
    music, every = score(*notes, pedal=pedal), PerformanceTokens(keys=128)
    whole = performed_notes(music, keyboard=codec.ALL_KEYS)
    inside = {note for note in said(whole) if 21 <= note[2] <= 108}
    assert inside == said(performed_notes(music))
    line = every.encode(music)["real"]
    assert said(performance_of(line, codec.ALL_KEYS)) == said(whole)
    assert every.encode(every.decode(line))["real"].tolist() == line.tolist()
    assert len(line) == 0 or int(line.max()) < every.keyboard.num_tokens == 390


def test_388_tokens_are_music() -> None:
    line = PerformanceTokens(keys=128).encode(score((0, 1000, 0, 1), (0, 1000, 127, 127)))["real"].tolist()
    # The lowest key is on before the highest; velocities follow all keys.
    assert line == [358, 102, 389, 356, 101, 103, 357]
    with pytest.raises(ValueError, match="0 to 309"):
        performance_of(line)


def test_what_training_makes_of_rows_is_no_part_of_them() -> None:
    drawn = PerformanceTokens(augment="drawn", stretch=0.95)
    assert drawn.stored == PerformanceTokens(stretch=0.95)
    music = score((0, 1000, 60, 90))
    assert drawn.encode(music)["real"].tolist() == drawn.stored.encode(music)["real"].tolist()
