"""Sections are found where made songs change, and nowhere else; real songs agree with themselves."""

import numpy as np

from antiphon.codecs.phrases import PhraseRolls
from antiphon.codecs.strokes import Strokes
from antiphon.codecs.structure import novelty, section_starts
from antiphon.data.corpus import Corpus

STEPS = 16


def song(form: str, bars: int = 8, seed: int = 0) -> tuple[Strokes, np.ndarray]:
    """Sections by letter, each of its own chords, one a bar."""
    rng = np.random.default_rng(seed)
    chords = {letter: [rng.choice(12, 3, replace=False) for _ in range(bars)] for letter in sorted(set(form))}
    rows = [
        (0, pitch, (place * bars + bar) * STEPS + 4 * beat, (place * bars + bar) * STEPS + 4 * beat + 4)
        for place, letter in enumerate(form)
        for bar in range(bars)
        for beat in range(4)
        for pitch in chords[letter][bar]
    ]
    return Strokes(*np.array(rows).T), np.arange(len(form) * bars) * STEPS


FORMS = ("AABA", "ABAC", "ABC", "ABAB", "ABCA", "ABCABC", "AABBCCA")


def test_made_sections_are_found() -> None:
    """At least four fifths of the changes, within a bar, and little elsewhere."""
    found, missed, wrong = 0, 0, 0
    for form in FORMS:
        for seed in range(2):
            strokes, lines = song(form, 8, seed)
            starts = section_starts(strokes, lines, STEPS)
            assert starts[0] == 0
            changes = np.array([8 * k for k in range(1, len(form)) if form[k] != form[k - 1]])
            every = 8 * np.arange(1, len(form))
            near = np.abs(starts[1:, None] - changes).min(0, initial=99) <= 1
            found, missed = found + int(near.sum()), missed + int((~near).sum())
            wrong += int((np.abs(starts[1:, None] - every).min(1) > 1).sum())
    assert found >= 4 * missed
    assert wrong * 8 <= found


def test_one_section_has_no_boundary_and_short_songs_are_one() -> None:
    strokes, lines = song("A", 4)
    assert section_starts(strokes, lines, STEPS).tolist() == [0]
    assert section_starts(strokes, lines[:0], STEPS).tolist() == []


def test_very_long_songs_are_heard_in_longer_frames() -> None:
    strokes, lines = song("ABAB", 300)
    found = section_starts(strokes, lines, STEPS)
    assert found[0] == 0 and len(found) < 200


def test_silence_is_no_news() -> None:
    assert np.isfinite(novelty(np.zeros((40, 12), np.float32), 4.0)).all()


def test_phrases_begin_with_sections() -> None:
    """Every phrase lies in one section, but for a bar at its edges."""
    corpus = Corpus.open("freedoom")
    codec = PhraseRolls(phrases="sections")
    windows = PhraseRolls()
    for index in corpus.split("test")[:5]:
        score = corpus.score(index)
        bars, rows = codec.song_bars(score), codec.encode(score)
        if not len(rows["bar"]):
            continue
        section = np.searchsorted(bars.sections, rows["bar"], side="right")
        ends = np.append(bars.sections, len(bars.begins))[section]
        assert (rows["bar"] + codec.bars <= ends + 1).all()
        assert len(rows["bar"]) <= len(windows.encode(score)["bar"]) * 2 + 4
