"""Packed phrases: bars by hand, round trips over every option, bars with enough tracks, odd songs and their reasons."""

import tracemalloc
from typing import Any
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from pydantic import ValidationError

from antiphon.codecs import phrases
from antiphon.codecs.codec import Rows
from antiphon.codecs.ensembles import ENSEMBLES, Ensemble, Part
from antiphon.codecs.phrases import PhraseRolls, pack, unpack
from antiphon.codecs.pianoroll import PianoRoll
from antiphon.codecs.strokes import strokes_of
from antiphon.data.corpus import Corpus
from antiphon.io.midi import midi_bytes, parse_midi
from antiphon.music.score import TEMPO, TIME_SIGNATURE, Score, Track, notes_from_columns, table

BEAT, STEP = 480, 20
BAR = 4 * BEAT
ALONE = PhraseRolls(sounding=1)


def played(*notes: tuple[float, float, int], program: int = 0, is_drum: bool = False, unit: int = STEP) -> Track:
    """A track of (first step, end step, pitch)."""
    start, end, pitch = zip(*notes, strict=True)
    ticks = np.rint(np.multiply([start, end], unit)).astype(int)
    return Track(notes_from_columns(ticks[0], ticks[1], pitch, 80), program, is_drum)


def beats(num: int, program: int = 0, is_drum: bool = False, pitch: int = 60) -> Track:
    """A quarter note on every beat."""
    return played(*[(24 * beat, 24 * beat + 24, pitch) for beat in range(num)], program=program, is_drum=is_drum)


def band(bars: int, **options: Any) -> Score:
    """Drums, piano and bass on every beat."""
    return Score(BEAT, (beats(4 * bars, is_drum=True), beats(4 * bars), beats(4 * bars, program=33)), **options)


def cells(rows: Rows, codec: PhraseRolls, name: str = "real") -> NDArray[np.bool_]:
    return unpack(rows[name], *codec.shape[2:])


def test_rows_are_bars_of_tracks_with_a_rest_after_each_note() -> None:
    codec = PhraseRolls()
    rows = codec.encode(band(9))
    assert rows["real"].shape == rows["onsets"].shape == (2, 5, 4, 1008)
    assert rows["real"].dtype == np.uint8 and rows["bar"].tolist() == [0, 4]
    real, onsets = cells(rows, codec), cells(rows, codec, "onsets")
    assert real.shape == (2, *codec.shape) == (2, 5, 4, 96, 84)
    sounding = np.argwhere(real[0, 1, 0])
    assert sounding.tolist() == [[step, 36] for step in range(96) if step % 24 != 23]
    assert np.flatnonzero(onsets[1, 1, 3, :, 36]).tolist() == [0, 24, 48, 72]
    np.testing.assert_array_equal(real[:, 0], onsets[:, 0])
    assert real[:, 0].sum() == 32 and not real[:, [2, 4]].any()


@pytest.mark.parametrize("lengths", ["paper", "whole"])
@pytest.mark.parametrize("name", ["freedoom", "lieder"])
def test_cells_are_those_of_the_piano_roll(name: str, lengths: Any) -> None:
    """The evaluation's codec and this one agree wherever their rules do: the paper's families, windows."""
    parts = [part for want in PianoRoll().tracks for part in ENSEMBLES["paper"].parts if part.name == want]
    codec = PhraseRolls(ensemble=Ensemble(parts=tuple(parts)), lengths=lengths, sounding=1, bars=1)
    roll = PianoRoll(lengths=lengths, bars=1)
    corpus, compared = Corpus.open(name), 0
    for song in corpus.split("test")[:8]:
        score = corpus.score(song)
        ours, theirs = codec.encode(score), roll.encode(score)
        kept = np.isin(theirs["bar"], ours["bar"])
        if not len(ours["bar"]):
            continue
        assert kept.all() or lengths == "whole"
        np.testing.assert_array_equal(cells(ours, codec)[:, 1:], theirs["real"][kept][:, 1:])
        np.testing.assert_array_equal(cells(ours, codec, "onsets"), theirs["onsets"][kept])
        compared += len(ours["bar"])
    assert compared > 50


def test_every_bar_of_a_phrase_has_enough_tracks() -> None:
    quiet = played(*[(24 * beat, 24 * beat + 24, 40) for beat in range(32) if beat // 4 != 2], program=33)
    music = Score(BEAT, (beats(32, is_drum=True), beats(32), quiet))
    assert PhraseRolls().encode(music)["bar"].tolist() == [4]
    assert PhraseRolls(sounding=2).encode(music)["bar"].tolist() == [0, 4]
    assert PhraseRolls(hop=1).encode(music)["bar"].tolist() == [3, 4]
    assert len(PhraseRolls(sounding=4).encode(music)["bar"]) == 0
    assert "in no 4 bars of it do 4 tracks sound" in PhraseRolls(sounding=4).why_none(music)
    silent = PhraseRolls(sounding=0).encode(Score(BEAT, (played((0, 24, 60), (8 * 96, 8 * 96 + 24, 60)),)))
    assert silent["bar"].tolist() == [0, 4]


def test_small_ensembles_need_all_their_tracks() -> None:
    voice, piano = beats(16, pitch=80), beats(16, pitch=40)
    codec = PhraseRolls(ensemble=ENSEMBLES["song"])
    assert codec.encode(Score(BEAT, (voice, piano)))["real"].shape == (1, 2, 4, 1008)
    assert len(codec.encode(Score(BEAT, (voice, beats(12, pitch=40))))["bar"]) == 0


def test_sixteenths_keep_their_lengths_and_drums_are_strokes() -> None:
    codec = PhraseRolls(resolution=4, sounding=1)
    assert codec.lengths == "whole" and PhraseRolls().lengths == "paper"
    music = Score(BEAT, (played((0, 6, 60), (6, 12, 60)), played((0, 48, 36), is_drum=True), beats(16, 33)))
    rows = codec.encode(music)
    assert np.flatnonzero(cells(rows, codec)[0, 1, 0, :, 36]).tolist() == [0, 1]
    assert np.flatnonzero(cells(rows, codec)[0, 0, 0, :, 12]).tolist() == [0]


def test_bars_of_other_metres_end_a_phrase() -> None:
    metre = table(TIME_SIGNATURE, [(0, 4, 4), (5 * BAR, 3, 4), (5 * BAR + 3 * BEAT, 4, 4)])
    music = band(16, time_signatures=metre)
    assert ALONE.encode(music)["bar"].tolist() == [0, 5, 9]
    assert PhraseRolls(hop=1).encode(music)["bar"].tolist() == [0, 1, *range(5, 13)]
    bars = ALONE.song_bars(music)
    assert np.flatnonzero(bars.begins).tolist() == [0, 5] and len(bars.real) == 16


WALTZ = table(TIME_SIGNATURE, [(0, 3, 4)])
ODD: dict[str, tuple[Score, int, str]] = {
    "nothing": (Score(), 0, "it has no notes"),
    "a waltz": (band(8, time_signatures=WALTZ), 0, "it has no bar in 4/4"),
    "one bar": (band(1), 0, "its longest run of bars in 4/4 has 1, and a phrase 4"),
    "only choirs": (Score(BEAT, (beats(16, program=122),)), 0, "none of its tracks is of the ensemble: drums, piano"),
    "two tracks": (Score(BEAT, (beats(16), beats(16, 33))), 0, "in no 4 bars of it do 3 tracks sound in every bar"),
    "hours": (Score(BEAT, (played((0, 24, 60), (10**9, 10**9 + 9, 60), unit=1000),)), 0, "lasts longer than 65,536"),
    "too many bars": (band(1).with_tracks((played((0, 24, 60), (96 * 16384, 96 * 16385, 60)),)), 0, "longer"),
    "ends within a bar": (Score(BEAT, (beats(14, is_drum=True), beats(14), beats(13, 33))), 1, ""),
    "2,000 bars": (band(2000), 500, ""),
    "a tempo a bar": (band(8, tempos=table(TEMPO, [(bar * BAR, 300_000 + 9 * bar) for bar in range(8)])), 2, ""),
}


@pytest.mark.parametrize("name", ODD)
def test_odd_songs_give_what_they_can_and_say_why_not(name: str) -> None:
    music, num, why = ODD[name]
    codec = PhraseRolls()
    assert len(codec.encode(music)["bar"]) == num
    assert why in codec.why_none(music) and bool(codec.why_none(music)) == (num == 0)


def test_a_performance_without_beats_is_none() -> None:
    chance = np.random.default_rng(0)
    starts = np.sort(chance.integers(0, 32 * BAR, 2000))
    notes = notes_from_columns(starts, starts + 300, chance.integers(30, 90, 2000), 80)
    codec = PhraseRolls(ensemble=ENSEMBLES["keyboard"], sounding=1)
    assert "as in a free performance" in codec.why_none(Score(BEAT, (Track(notes),)))
    triplets = played(*[(8 * k, 8 * k + 8, 60) for k in range(400)])
    assert codec.why_none(Score(BEAT, (triplets,))) == ""


def test_long_songs_take_little_memory() -> None:
    music = band(2000)
    PhraseRolls().encode(band(8))
    tracemalloc.start()
    rows = PhraseRolls().encode(music)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 120e6 and rows["real"].nbytes == 500 * 20160


def test_many_bars_are_written_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    music = Score(BEAT, (played(*[(7 * k, 7 * k + 150, 40 + k % 50) for k in range(400)]),))
    whole = ALONE.encode(music)
    monkeypatch.setattr(phrases, "_BARS_AT_ONCE", 3)
    parts = ALONE.encode(music)
    for name, values in whole.items():
        np.testing.assert_array_equal(parts[name], values)


def test_decoded_tracks_are_named_and_sound_as_the_ensemble() -> None:
    codec = PhraseRolls(ensemble=ENSEMBLES["quartet"])
    back = codec.decode(np.zeros((1, *codec.shape), bool))
    assert [(track.name, track.program) for track in back.tracks] == [
        ("Violin 1", 40),
        ("Violin 2", 40),
        ("Viola", 41),
        ("Cello", 42),
    ]
    rows = PhraseRolls().encode(band(4))
    drums = PhraseRolls().decode(rows["real"][0]).tracks[0]
    assert drums.is_drum and drums.name == "Drums" and len(drums.notes) == 16


def test_every_cell_of_drums_is_a_stroke() -> None:
    codec = PhraseRolls()
    real = np.zeros(codec.shape, bool)
    real[:2, 0, 3:5, 12] = True
    back = codec.decode(real)
    assert [len(track.notes) for track in back.tracks] == [2, 1, 0, 0, 0]


@pytest.mark.parametrize(
    ("sections", "end", "expected"),
    [
        ([0, 8], 16, [(0, 8), (8, 16)]),
        ([0, 9], 16, [(0, 9), (9, 16)]),
        ([0, 10], 16, [(1, 10), (11, 16)]),
        ([0, 7], 16, [(0, 8), (7, 16)]),
        ([0, 3], 12, [(0, 4), (3, 12)]),
        ([0, 5], 8, [(0, 5), (5, 8)]),
    ],
)
def test_sections_are_made_to_fit_whole_phrases(sections: list[int], end: int, expected: list[tuple[int, int]]) -> None:
    """A bar too many is cut by the windows, two too many begin one later, a bar too few takes in the next."""
    fitted = phrases._fitted(np.array(sections), np.array([0]), np.array([end]), 4)
    assert [(int(a), int(b)) for a, b in zip(*fitted, strict=True)] == expected


@pytest.mark.parametrize(
    "values",
    [np.ones((1, 4, 4, 96, 84), bool), np.ones((5, 4, 96, 84)), np.ones((5, 4, 1007), np.uint8), np.ones(3, bool)],
)
def test_decoding_other_shapes_is_refused(values: NDArray[Any]) -> None:
    with pytest.raises(ValueError, match="phrases are bool"):
        PhraseRolls().decode(values)
    with pytest.raises(ValueError, match="of one shape"):
        PhraseRolls().decode(np.zeros((2, 5, 4, 96, 84), bool), np.zeros((1, 5, 4, 96, 84), bool))


@pytest.mark.parametrize(
    "options",
    [{"ensemble": "choir"}, {"lowest_pitch": 100, "num_pitches": 29}, {"hop": 0}, {"phrases": "random"}, {"bars": 0}],
)
def test_options_that_make_no_sense_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        PhraseRolls(**options)


def test_the_codec_comes_back_from_its_json() -> None:
    codec = PhraseRolls(ensemble=ENSEMBLES["quartet"], resolution=4, phrases="sections")
    assert PhraseRolls.model_validate_json(codec.model_dump_json()) == codec


@st.composite
def written(draw: st.DrawFn) -> tuple[PhraseRolls, NDArray[np.bool_], NDArray[np.bool_]]:
    """A codec and phrases that it may write; every track sounds in every bar."""
    lowest = draw(st.integers(0, 120))
    drums = draw(st.booleans())
    parts = [Part(name="kit", is_drum=True)] if drums else []
    parts += [Part(name=f"p{k}", program=k * 10, programs=((k * 10, k * 10),)) for k in range(draw(st.integers(1, 3)))]
    codec = PhraseRolls(
        ensemble=Ensemble(parts=tuple(parts)),
        resolution=draw(st.sampled_from([1, 2, 3, 4, 7, 12, 24])),
        lowest_pitch=lowest,
        num_pitches=draw(st.integers(2, min(8, 128 - lowest))),
        bars=draw(st.integers(1, 4)),
        lengths=draw(st.sampled_from(["paper", "whole"])),
    )
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    num, (tracks, bars, steps, pitches) = draw(st.integers(1, 3)), codec.shape
    line = rng.random((tracks, num * bars * steps, pitches)) < draw(st.sampled_from([0.0, 0.1, 0.6]))
    line[:, ::steps, 0] = line[:, -1, -1] = True
    struck = line.copy()
    struck[:, 1:] &= ~line[:, :-1]
    if codec.lengths == "whole":
        struck |= line & (rng.random(line.shape) < 0.3)
    struck[list(codec.ensemble.drums)] = line[list(codec.ensemble.drums)]
    shape = (tracks, num, bars, steps, pitches)
    return codec, line.reshape(shape).swapaxes(0, 1), struck.reshape(shape).swapaxes(0, 1)


@given(written())
@settings(max_examples=60, deadline=None)
def test_what_is_decoded_encodes_to_the_same_phrases(
    made: tuple[PhraseRolls, NDArray[np.bool_], NDArray[np.bool_]],
) -> None:
    codec, sounding, onsets = made
    with mock.patch.object(phrases, "_ON_GRID", 0):
        rows = codec.encode(parse_midi(midi_bytes(codec.decode(pack(sounding), pack(onsets)))))
    np.testing.assert_array_equal(cells(rows, codec), sounding)
    np.testing.assert_array_equal(cells(rows, codec, "onsets"), onsets)


@pytest.mark.parametrize(("name", "ensemble"), [("freedoom", "lpd-5"), ("quartets", "quartet"), ("lieder", "song")])
def test_real_songs_come_back(name: str, ensemble: Any) -> None:
    corpus, num = Corpus.open(name), 0
    codec = PhraseRolls(ensemble=ensemble, sounding=0)
    again = codec.model_copy(update={"ensemble": codec.ensemble.model_copy(update={"seating": "programs"})})
    for song in corpus.split("test")[:20]:
        rows = codec.encode(corpus.score(song))
        for phrase in range(0, min(len(rows["bar"]), 11), 5):
            real, onsets = cells(rows, codec)[phrase], cells(rows, codec, "onsets")[phrase].copy()
            # What goes on from before begins here.
            onsets[:, 0, 0] |= real[:, 0, 0]
            back = codec.decode(real, onsets)
            strokes = strokes_of(back, range(len(back.tracks)), again.grid)
            first = np.arange(codec.bars) * codec.shape[2]
            packed = again._packed(strokes, first)
            np.testing.assert_array_equal(unpack(packed[0].swapaxes(0, 1), *codec.shape[2:]), real)
            np.testing.assert_array_equal(unpack(packed[1].swapaxes(0, 1), *codec.shape[2:]), onsets)
            num += 1
    assert num > 5
