"""The fast encoder against plain loops, rule by rule, and against the published sets' statistics."""

import os
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from antiphon.codecs.codec import Rows
from antiphon.codecs.frames import FrameBars, Version
from antiphon.music.score import CONTROL, NOTE, TEMPO, Score, Track, table

Name = Literal["paper", "published"]
Cells = dict[tuple[int, int], int]  # (column, pitch) -> velocity
VERSIONS: tuple[Version, ...] = ("v1", "v2", "v3")


def column(score: Score, tick: int) -> Fraction:
    """The time of a tick in columns of 125 ms, exactly."""
    beat, at, micros = 500_000, 0, Fraction(0)
    for tempo in score.tempos:
        if int(tempo["tick"]) > tick:
            break
        micros += Fraction((int(tempo["tick"]) - at) * beat, score.ticks_per_beat)
        beat, at = int(tempo["beat_us"]), int(tempo["tick"])
    return (micros + Fraction((tick - at) * beat, score.ticks_per_beat)) / 125_000


def pedal_spans(track: Track, unreleased: int | None) -> list[tuple[int, int]]:
    spans, down = [], None
    for control in track.controls:
        if control["number"] != 64:
            continue
        if down is None and control["value"] >= 64:
            down = int(control["tick"])
        elif down is not None and control["value"] < 64:
            spans.append((down, int(control["tick"])))
            down = None
    if down is not None and unreleased is not None:
        spans.append((down, unreleased))
    return spans


def paper_cells(score: Score) -> tuple[Cells, int]:
    """Each track's strings, struck and damped one after the other; the loudest string of a pitch counts."""
    cells: Cells = {}
    for track in score.tracks:
        strings: Cells = {}
        events = [int(end) for end in track.notes["end"]] + [
            int(c["tick"]) for c in track.controls if c["number"] == 64
        ]
        spans = pedal_spans(track, max(events, default=0))
        for note in track.notes:
            end, pitch = int(note["end"]), int(note["pitch"])
            end = max([end] + [up for down, up in spans if down <= end < up])
            first = int(column(score, int(note["start"])) + Fraction(1, 2))
            last = max(first + 1, int(column(score, end) + Fraction(1, 2)))
            for cell in [cell for cell in strings if cell[1] == pitch and cell[0] >= first]:
                del strings[cell]
            for at in range(first, last):
                strings[at, pitch] = int(note["velocity"])
        for cell, velocity in strings.items():
            cells[cell] = max(velocity, cells.get(cell, 0))
    return cells, max((at + 1 for at, _ in cells), default=0)


def published_cells(score: Score) -> tuple[Cells, int]:
    """Velocities added up in a cell, then each pedal span as its running maximum over time; tracks added up."""
    total: Cells = {}
    ends = [int(t) for track in score.tracks for t in (*track.notes["end"], *track.controls["tick"])]
    num_columns = int(column(score, max(ends, default=0)))
    for track in score.tracks:
        cells: Cells = {}
        for note in track.notes:
            for at in range(int(column(score, int(note["start"]))), int(column(score, int(note["end"])))):
                key = at, int(note["pitch"])
                cells[key] = cells.get(key, 0) + int(note["velocity"])
        for down, up in pedal_spans(track, None):
            for pitch in {pitch for _, pitch in cells}:
                highest = 0
                for at in range(int(column(score, down)), int(column(score, up))):
                    highest = max(highest, cells.get((at, pitch), 0))
                    if highest:
                        cells[at, pitch] = highest
        for cell, velocity in cells.items():
            total[cell] = total.get(cell, 0) + velocity
    return total, num_columns


def rewritten(cells: Cells) -> Cells:
    """A piece written to MIDI and read again: a run of sounding cells keeps the velocity of its first."""
    kept: Cells = {}
    for at, pitch in sorted(cells):
        kept[at, pitch] = kept.get((at - 1, pitch), cells[at, pitch])
    return kept


def folded(pitch: int) -> int:
    while pitch < 60:
        pitch += 12
    while pitch > 83:
        pitch -= 12
    return pitch


def melody_bars(cells: Cells, num_columns: int) -> list[list[int]]:
    sounds: list[dict[int, int]] = [{} for _ in range(num_columns)]
    for (at, pitch), velocity in cells.items():
        sounds[at][pitch] = velocity
    melody: list[int | None] = []
    for sounding in sounds:
        loudest = max(sounding.values(), default=0)
        lowest = min((pitch for pitch in sounding if sounding[pitch] == loudest), default=None)
        melody.append(None if lowest is None else folded(lowest))
    active = [pitch for pitch in melody if pitch is not None]
    filled: list[int] = []
    for heard in melody:
        filled.append(heard if heard is not None else filled[-1] if filled else active[0])
    return [filled[start : start + 16] for start in range(0, len(filled) - 15, 16)]


def triad(cells: Cells, bar: int, none: int) -> int:
    major, minor = [0] * 12, [0] * 12
    for at in range(16 * bar, 16 * bar + 16):
        classes = {pitch % 12 for where, pitch in cells if where == at}
        for root in range(12):
            major[root] += {root, (root + 4) % 12, (root + 7) % 12} <= classes
            minor[root] += {root, (root + 3) % 12, (root + 7) % 12} <= classes
    if not any(major) and not any(minor):
        return none
    return major.index(max(major)) if max(major) > max(minor) else 12 + minor.index(max(minor))


def pieces_of(score: Score, name: Name, version: Version) -> Iterator[tuple[int, Cells, int]]:
    """Number, cells and columns of each piece that has notes, padded as its rules say."""
    cells, num_columns = (paper_cells if name == "paper" else published_cells)(score)
    if version == "v1":
        if cells:
            missing = -num_columns % 16 if name == "paper" else 16 - num_columns % 16
            yield 0, cells, num_columns + missing
        return
    for split in range(num_columns // 128):
        piece = {(at - 128 * split, p): v for (at, p), v in cells.items() if at // 128 == split}
        if piece and name == "paper":
            yield split, piece, 128
        elif piece:
            length = max(at for at, _ in piece) + 1
            yield split, rewritten(piece), length + length % 16


def slow_rows(score: Score, name: Name, version: Version) -> dict[str, list[object]]:
    rows: dict[str, list[object]] = {"real": [], "previous": [], "chord": [], "split": []}
    for split, cells, num_columns in pieces_of(score, name, version):
        bars = melody_bars(cells, num_columns)
        for bar in range(0 if version == "v1" else 1, len(bars)):
            rows["real"].append(bars[bar])
            rows["split"].append(split)
            rows["previous"].append(bars[bar - 1])
            if version == "v3":
                rows["chord"].append(triad(cells, bar - 1, 24) if name == "paper" else triad(cells, bar, 12))
    names = {"v1": ("real", "split"), "v2": ("real", "split", "previous"), "v3": tuple(rows)}[version]
    return {key: rows[key] for key in names}


def random_track(rng: np.random.Generator, beats: int) -> Track:
    num = int(rng.integers(1, 60))
    start = np.sort(rng.integers(0, beats * 24, num)) * int(rng.choice([1, 6]))
    # Few pitches and velocities, so that notes overlap, touch and tie.
    pitches = rng.choice([36, 48, 55, 60, 64, 67, 72, 91], num)
    velocities = rng.choice([20, 50, 50, 80, 120], num)
    ends = start + rng.choice([1, 6, 24, 48, 200], num)
    notes = table(NOTE, sorted(zip(start.tolist(), ends.tolist(), pitches.tolist(), velocities.tolist(), strict=True)))
    changes = np.sort(rng.integers(0, beats * 24, int(rng.integers(0, 14))))
    values = rng.choice([0, 30, 63, 64, 127], len(changes))
    controls = [(tick, rng.choice([64, 64, 64, 67]), value) for tick, value in zip(changes, values, strict=True)]
    return Track(notes=notes, controls=table(CONTROL, controls))


def random_score(seed: int) -> Score:
    rng = np.random.default_rng(seed)
    beats = int(rng.integers(8, 90))
    tracks = tuple(random_track(rng, beats) for _ in range(rng.choice([1, 1, 2, 3])))
    tempos = [(int(tick), int(rng.choice([350_000, 500_000, 600_000]))) for tick in (96, 700)]
    return Score(ticks_per_beat=24, tracks=tracks, tempos=table(TEMPO, tempos if rng.random() < 0.5 else []))


def fast_rows(score: Score, name: Name, version: Version, **rules: object) -> Rows:
    row = (FrameBars.PAPER if name == "paper" else FrameBars.PUBLISHED)[version]
    return FrameBars(version=version, rules=row.model_copy(update=rules)).encode(score)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", ["paper", "published"])
@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_agrees_with_plain_loops(name: Name, version: Version, seed: int) -> None:
    score = random_score(seed)
    fast, slow = fast_rows(score, name, version, bar_seconds="fixed"), slow_rows(score, name, version)
    assert {key: values.tolist() for key, values in fast.items()} == slow


def maestro(step: int) -> list[Score]:
    """Every `step`-th MAESTRO file."""
    from antiphon.io.midi import read_midi

    folder = Path(os.environ.get("ANTIPHON_DATA", ""), "maestro-v3.0.0-midi")
    if "ANTIPHON_DATA" not in os.environ or not folder.is_dir():
        pytest.skip("ANTIPHON_DATA names no folder with maestro-v3.0.0-midi")
    return [read_midi(path) for path in sorted(folder.rglob("*.midi"))[::step]]


def beginning(score: Score, ticks: int) -> Score:
    """The notes that start before a tick, with the controls before it."""
    tracks = []
    for track in score.tracks:
        notes, controls = track.notes[track.notes["start"] < ticks], track.controls[track.controls["tick"] < ticks]
        tracks.append(Track(notes=notes, controls=controls))
    return score.with_tracks(tuple(tracks))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["paper", "published"])
def test_agrees_with_plain_loops_on_real_performances(name: Name) -> None:
    for score in maestro(step=320):
        part = beginning(score, ticks=80 * score.ticks_per_beat)
        for version in VERSIONS:
            fast, slow = fast_rows(part, name, version), slow_rows(part, name, version)
            assert len(slow["real"]) > 10
            assert {key: values.tolist() for key, values in fast.items()} == slow


@pytest.mark.slow
def test_published_rules_give_the_published_statistics() -> None:
    # Forty files scatter about the published sets, which are samples themselves: hence the tolerances.
    scores = maestro(step=32)
    songs = [fast_rows(score, "published", "v3") for score in scores]
    bars = np.concatenate([song["real"] for song in songs])
    label = np.concatenate([song["chord"] for song in songs])
    moves = np.diff(bars.astype(int), axis=1)
    changes = np.count_nonzero(moves, axis=1)
    assert len(bars) > 8000
    assert bars.min() >= 60
    assert bars.max() <= 83
    assert 3.3 - 0.2 < changes.mean() < 3.9 + 0.2
    assert 3.6 - 0.2 < np.mean([len(set(bar)) for bar in bars.tolist()]) < 3.9 + 0.2
    assert 0.12 - 0.02 < (changes == 0).mean() < 0.15 + 0.02
    assert abs(np.abs(moves[moves != 0]).mean() - 5.4) < 0.3
    assert 0.215 - 0.05 < (label == 12).mean() < 0.25 + 0.05, "C minor stands for no triad too"
    assert 0.55 - 0.05 < (label >= 12).mean() < 0.58 + 0.05
    explicit = np.concatenate([fast_rows(score, "published", "v3", no_triad="none")["chord"] for score in scores])
    assert 0.171 - 0.03 < (explicit == 24).mean() < 0.171 + 0.08
