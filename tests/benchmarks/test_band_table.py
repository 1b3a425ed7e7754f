"""The table of bands: who is held against which songs, goals in words, a deterministic writer through every row."""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from benchmarks.bands import (
    SONG_BARS,
    Held,
    Player,
    _unseen,
    accompanied_rolls,
    from_scratch,
    held_out,
    kept_rolls,
    to_track,
)
from tests.evaluation.bands_made import SIXTEENTHS, harmony, strokes
from tests.made import model

from antiphon.codecs.strokes import Strokes
from antiphon.data.corpus import Corpus
from antiphon.errors import InputError
from antiphon.evaluation.carried import GRID, BandSong, carried
from antiphon.evaluation.sets.bands import Figure, measure
from antiphon.evaluation.sets.certainty import Estimate
from antiphon.generate import load
from antiphon.music.score import Score
from antiphon.writers.bands import Setting
from benchmarks import band_table, bands

PIANO, GUITAR, BASS = (GRID.ensemble.names.index(name) for name in ("piano", "guitar", "bass"))


class Echo:
    """A writer that plays the given track again in every track, and chords by chance from scratch."""

    accompanies, hears = False, None

    def perform(self, chances: Sequence[np.random.Generator], setting: Setting, temperature: float) -> list[Strokes]:
        given = setting.given
        parts = [[np.full(len(given.track), track), given.pitch, given.start, given.end] for track in setting.asked]
        return [Strokes(*(np.concatenate(column) for column in zip(*parts, strict=True))) for _ in chances]


class EchoModel:
    """What a table asks of a model."""

    codec, writer = SIXTEENTHS, Echo()

    def generate(self, bars: int, num: int, seed: int) -> list[Score]:
        rngs = [np.random.default_rng(seed + song) for song in range(num)]
        songs = [carried(strokes(rng, bars, harmony(rng, bars)), bars, SIXTEENTHS, self.codec) for rng in rngs]
        codec = SIXTEENTHS.model_copy(update={"bars": bars})
        return [codec.decode(*(part.swapaxes(0, 1)[None] for part in song)) for song in songs]


class EchoPlayer(Player):
    """Skips what only a real model has."""

    @property
    def writer(self):  # type: ignore[no-untyped-def]  # noqa: ANN201
        return Echo()

    @property
    def codec(self):  # type: ignore[no-untyped-def]  # noqa: ANN201
        return SIXTEENTHS


PRESET = "musegan-hybrid"
PLAYER = EchoPlayer(EchoModel(), "freedoom:fold-0")  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def few_songs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Six songs of each fold are enough."""

    def some(corpus: str) -> list[Held]:
        opened = Corpus.open(corpus)
        songs = ((int(song), opened.score(int(song))) for song in opened.split("test")[2:8])
        return [Held(song, score, BandSong.of_score(score)) for song, score in songs]

    monkeypatch.setattr(bands, "held_out", some)


@pytest.mark.parametrize(
    ("file", "name", "unseen"),
    [
        ("runs/band_table/band-fold-3.safetensors", "band", "freedoom:fold-3"),
        ("musegan-hybrid.safetensors", "musegan-hybrid", "freedoom"),
        ("band", "band", "freedoom"),
        ("band-given-fold-0.safetensors", "band-given", "freedoom:fold-0"),
    ],
)
def test_a_files_name_tells_what_it_has_not_seen(file: str, name: str, unseen: str) -> None:
    assert _unseen(file, "freedoom") == (name, unseen)


def test_songs_from_scratch_are_as_many_phrases_as_the_real_ones() -> None:
    rolls, share = from_scratch(PLAYER, 0, quick=False)
    wanted = sum(len(song.bars.phrases) for song in bands.held_out("freedoom:fold-0"))
    assert share == 1 and len(rolls) == max(-(-wanted // 8), 8) * SONG_BARS // 4
    other, _ = from_scratch(PLAYER, 1, quick=False)
    assert len(other) == len(rolls) and not np.array_equal(other.cells, rolls.cells)


def test_the_kept_track_stays_and_the_others_are_what_was_written() -> None:
    for one in to_track(PLAYER, BASS, [0]):
        held, made = one.held, one.song(BASS, 0)
        assert np.array_equal(made.sounds[:, BASS], held.bars.sounds[:, BASS])
        assert np.array_equal(made.onsets[:, BASS], held.bars.onsets[:, BASS])
        own = BandSong.of_score(held.score, SIXTEENTHS)
        assert np.array_equal(made.onsets[:, GUITAR, ::6], own.onsets[:, BASS])


def test_songs_without_the_kept_track_are_no_condition() -> None:
    played = list(to_track(PLAYER, GUITAR, [0, 1]))
    playing = {song.number for song in bands.held_out("freedoom:fold-0") if song.bars.sounds[:, GUITAR].any()}
    real, made = kept_rolls(played), accompanied_rolls(played, GUITAR, 1)
    assert set(real.song.tolist()) == playing and np.array_equal(real.song, made.song) and playing
    assert not list(to_track(PLAYER, PIANO, [0]))


def test_an_echo_copies_and_is_told_so() -> None:
    rows = {row.name: row for row in band_table._of_track("echo", [PLAYER], BASS, range(2))}
    assert rows["echo to bass: accompaniment, doubled_share/strings"].value > 90
    assert rows["echo to bass: accompaniment, doubled_share/strings"].target.endswith("missed")
    assert rows["echo to bass: chroma_agreement"].value > 0.95
    assert not any(name.endswith("/bass") and "empty" in name for name in rows)


@pytest.mark.parametrize(
    ("name", "value", "goal", "words"),
    [
        ("notes_a_bar/bass", 9.0, (8.1, 9.9), "8.1 to 9.9: reached"),
        ("empty_bar_rate/bass", 0.16, (0.05, 0.15), "5 to 15: missed"),
        ("chroma_agreement", 0.6, (0.55, math.inf), "at least 0.55: reached"),
        ("chroma_agreement of shuffled tracks", 0.3, (-math.inf, 0.22), "at most 0.22: missed"),
        ("bar_repetition", math.nan, (0.25, math.inf), "at least 25: missed"),
        ("accompaniment, tonal distance, p of shuffled conditions", 0.0002, (-math.inf, 0.001), "below 0.001: reached"),
        ("used_pitch_classes/bass", 9.0, None, ""),
    ],
)
def test_goals_are_told_as_reached_or_missed(
    name: str, value: float, goal: tuple[float, float] | None, words: str
) -> None:
    known = Estimate(1.0, 1.0, 1.0, 1, 1)
    assert band_table.goal_of(name, value, Figure(known, known, goal)) == words


def test_figures_of_several_seeds_come_together() -> None:
    def figure(value: float) -> Figure:
        return Figure(Estimate(value, value - 1, value + 1, 5, 2), Estimate(10.0, 9.0, 11.0, 5, 2), (9.0, 11.0))

    (row,) = band_table._rows("band", [{"notes_a_bar/bass": figure(value)} for value in (9.0, 10.0, 14.0)])
    assert row.value == 11 and row.target == "9 to 11: reached"
    assert row.note == "10 to 12; seeds 9 to 14; n 5 of 2 songs; real 10"


def test_what_is_no_band_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no bands"):
        bands.players(str(model(tmp_path / "m.safetensors", "midinet-v1")), "freedoom")


def test_a_conditional_model_has_its_own_track_only(tmp_path: Path) -> None:
    for preset, kept in (("musegan-hybrid", (None,)), ("musegan-hybrid-conditional", (PIANO,))):
        player = Player(load(model(tmp_path / f"{preset}.safetensors", preset)), "freedoom")
        assert player.kept == kept
    rolls, _ = from_scratch(Player(load(tmp_path / "musegan-hybrid.safetensors"), "freedoom:fold-1"), 0, quick=True)
    assert rolls.tracks == GRID.ensemble.names and len(rolls)
    figures = measure(rolls, rolls, intervals=False)
    assert figures["qualified_note_rate (24 steps a beat)/piano"].made.value < 1


@pytest.mark.slow
def test_the_whole_table_of_a_model(tmp_path: Path) -> None:
    rows = {row.name: row for row in band_table.run(quick=True, model=str(model(tmp_path / "m.safetensors", PRESET)))}
    assert rows["real: chroma_agreement"].value > 0.5 and "other real songs" in rows["real: chroma_agreement"].note
    assert rows["real: tonal distance/bass-strings"].value < 1.2
    assert rows["real, tracks shuffled: chroma_agreement"].target.endswith("missed")
    assert rows["m from scratch: qualified_note_rate (24 steps a beat)/bass"].target.endswith("missed")
    assert rows["m from scratch: phrases in which three tracks sound"].unit == "%"


def test_held_out_songs_have_phrases() -> None:
    assert all(len(song.bars.phrases) for song in held_out("freedoom:fold-2"))
