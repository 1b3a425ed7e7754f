"""How MuseGAN's networks write songs: tracks, lengths, seeds, and who needs a track to accompany."""

import copy
from pathlib import Path

import numpy as np
import pytest
import torch
from tests.families.musegan_toys import toy
from tests.made import model

from antiphon.codecs.phrases import PhraseRolls
from antiphon.codecs.strokes import Strokes, fill
from antiphon.errors import InputError
from antiphon.generate import Model, load
from antiphon.io.midi import midi_bytes, read_midi, write_midi
from antiphon.writers.bands import Setting
from antiphon.writers.blending import lerp
from antiphon.writers.musegan import MuseganWriter
from antiphon.writers.table import writer_of


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return load(model(tmp_path_factory.mktemp("models") / "band.safetensors", "musegan-hybrid"))


def test_a_song_has_the_ensembles_tracks_by_name_and_program(loaded: Model, tmp_path: Path) -> None:
    (score,) = loaded.generate(1, seed=3)
    write_midi(score, tmp_path / "song.mid")
    again = read_midi(tmp_path / "song.mid")
    assert isinstance(loaded.codec, PhraseRolls)
    parts = loaded.codec.ensemble.parts
    assert [part.name for part in parts] == ["bass", "drums", "guitar", "piano", "strings"]
    for song in (score, again):
        found = [(track.name, track.program, track.is_drum) for track in song.tracks]
        assert found == [(part.name.capitalize(), part.program, part.is_drum) for part in parts]
        assert all(len(track.notes) for track in song.tracks)
    assert any(text.startswith("model: band (musegan-hybrid)") for _, text in score.texts)


def test_a_song_is_as_long_as_asked_for_whatever_phrases_are(loaded: Model) -> None:
    for bars in (1, 6):
        (score,) = loaded.generate(bars, tempo=90)
        bar = 4 * score.ticks_per_beat
        assert (bars - 1) * bar < score.end <= bars * bar
        assert score.tempos["beat_us"].tolist() == [round(60_000_000 / 90)]


def test_a_song_is_its_seeds_whatever_its_company(loaded: Model) -> None:
    together = [midi_bytes(score) for score in loaded.generate(1, seed=5, num=3)]
    assert together == [midi_bytes(loaded.generate(1, seed=5 + song)[0]) for song in range(3)]
    assert len(set(together)) == 3


def test_phrases_are_what_the_networks_write_one_after_the_other() -> None:
    game = toy("musegan-v3-stochastic")
    writer = writer_of(game)
    assert isinstance(writer, MuseganWriter)

    def line(bars: int) -> np.ndarray:
        alone = Setting.alone(bars, (2, 4), {})
        (found,) = writer.perform([np.random.default_rng(2)], alone, 1.0)
        cells = np.zeros((2, 1, 5, bars, 48, 84), bool)
        fill(cells[0], cells[1], found, np.zeros(1, np.int64))
        song: np.ndarray = cells[0, 0]
        return song

    exact = copy.deepcopy(game).double().eval()
    torch.manual_seed(int(np.random.default_rng(2).integers(2**63)))
    made = exact.sample_from(exact.draw(2)).numpy()
    made[:, [0, 1, 3]] = False
    whole, part = line(8), line(7)
    assert np.array_equal(whole, np.concatenate(list(made), 1)) and np.array_equal(part, whole[:, :7])
    assert not np.array_equal(made[0], made[1])


def test_who_writes_to_a_given_track_asks_for_one(tmp_path: Path) -> None:
    conditional = load(model(tmp_path / "given.safetensors", "musegan-hybrid-conditional"))
    with pytest.raises(InputError, match="the model given writes to a given track, so it needs a track to accompany"):
        conditional.generate(2)


def setting(begins: list[int], given: Strokes, known: tuple[int, ...] = (3,)) -> Setting:
    return Setting(np.array(begins, bool), given, known, tuple(track for track in range(5) if track not in known))


def strokes(*rows: tuple[int, int, int, int]) -> Strokes:
    return Strokes(*np.array(rows, np.int64).reshape(-1, 4).T)


def by_track(found: Strokes) -> dict[int, set[tuple[int, int, int]]]:
    rows = zip(found.track.tolist(), found.pitch.tolist(), found.start.tolist(), found.end.tolist(), strict=True)
    tracks: dict[int, set[tuple[int, int, int]]] = {}
    for track, *rest in rows:
        tracks.setdefault(track, set()).add((rest[0], rest[1], rest[2]))
    return tracks


def test_it_plays_to_its_track_phrase_by_phrase() -> None:
    game = toy("musegan-hybrid-conditional")
    writer = writer_of(game)
    assert isinstance(writer, MuseganWriter) and writer.hears == (3,) and writer.accompanies
    # Five bars and two: a phrase of four bars and one of one, then one of two.
    begins = [1, 0, 0, 0, 0, 1, 0]
    given = strokes((3, 30, 0, 90), (3, 33, 380, 480), (3, 35, 480, 500))
    (found,) = writer.perform([np.random.default_rng(1)], setting(begins, given), 1.0)
    again = writer.perform([np.random.default_rng(0), np.random.default_rng(1)], setting(begins, given), 1.0)[1]
    assert by_track(found) == by_track(again) and set(by_track(found)) == {0, 1, 2, 4}
    assert (found.end <= 7 * 96).all() and not ((found.start < 480) & (found.end > 480)).any()
    # What the network itself writes to those bars, filled up with silence.
    cells = torch.zeros(3, 4, 96, 84, dtype=torch.bool)
    cells[0, 0, :90, 30] = True
    cells[0, 3, 92:, 33] = cells[1, 0, :, 33] = True
    cells[2, 0, :20, 35] = True
    exact = copy.deepcopy(game).double().eval()
    torch.manual_seed(int(np.random.default_rng(1).integers(2**63)))
    made = exact.sample_from(exact.draw(3, 4), cells.double() * 2 - 1)
    line = torch.cat([made[0, 2], made[1, 2, :1], made[2, 2, :2]]).reshape(7 * 96, 84)
    mine = torch.zeros_like(line)
    for pitch, start, end in by_track(found)[2]:
        assert not mine[start:end, pitch].any()
        mine[start:end, pitch] = True
    assert torch.equal(mine, line)


def test_less_temperature_is_nearer_to_one_song() -> None:
    writer = writer_of(toy("musegan-v3-accompaniment"))
    assert isinstance(writer, MuseganWriter)
    heard = setting([1, 0, 0, 0], strokes((1, 30, 0, 90)), known=(1,))

    def songs(temperature: float) -> list[Strokes]:
        return writer.perform([np.random.default_rng(seed) for seed in range(2)], heard, temperature)

    first, second = (by_track(song) for song in songs(0.0))
    assert first == second
    assert by_track(songs(1.0)[0]) != by_track(songs(1.0)[1]) != by_track(songs(2.0)[1])


@pytest.mark.parametrize(
    ("name", "temperature", "furthest"),
    [
        ("musegan-hybrid", 0.5, 1.5),
        ("musegan-hybrid", 0.9, 2.7),
        ("musegan-v3", 0.5, 1.0),
        ("musegan-v3", 1.0, 2.0),
    ],
)
def test_a_temperature_below_one_limits_the_deviation(name: str, temperature: float, furthest: float) -> None:
    writer = writer_of(toy(name, scale=0.2))
    assert isinstance(writer, MuseganWriter)
    latents = writer._drawn(np.random.default_rng(0), Setting.alone(400, (0,), {}), temperature).latents
    drawn = torch.cat([part.flatten() for part in latents.values()])
    assert 0.95 * furthest < drawn.abs().max() <= furthest


def test_a_temperature_above_one_multiplies_latents() -> None:
    writer = writer_of(toy("musegan-hybrid"))
    assert isinstance(writer, MuseganWriter)
    one, two = (
        writer._drawn(np.random.default_rng(0), Setting.alone(8, (0,), {}), temperature).latents
        for temperature in (1.0, 2.5)
    )
    assert all(torch.equal(2.5 * one[name], two[name]) for name in one)


def heard_by(writer: MuseganWriter, temperature: float, *seeds: int) -> list[dict[int, set[tuple[int, int, int]]]]:
    alone, chances = Setting.alone(4, (0, 1, 2, 3, 4), {}), [np.random.default_rng(seed) for seed in seeds]
    return [by_track(song) for song in writer.perform(chances, alone, temperature)]


def test_coins_fall_as_they_are_likelier_to_where_it_is_cold() -> None:
    game = toy("musegan-v3-stochastic")
    with torch.no_grad():
        # As it is drawn, silence in and silence out, every coin is fair.
        for track, merge in enumerate(game.generator.get_submodule("merged").children()):
            merge.get_parameter("norm.bias").add_(0.5 if track % 2 else -0.5)
    writer = writer_of(game)
    assert isinstance(writer, MuseganWriter)
    cold, other = heard_by(writer, 0.0, 0, 1)
    assert cold == other
    warm, warmer = heard_by(writer, 1.0, 0, 1)
    assert warm != warmer


def test_between_songs_coins_fall_as_at_the_nearest() -> None:
    writer = writer_of(toy("musegan-v3-stochastic"))
    assert isinstance(writer, MuseganWriter)
    alone = Setting.alone(4, (0, 1, 2, 3, 4), {})
    ends = [np.random.default_rng(seed) for seed in (0, 1)]
    found = [by_track(song) for song in writer.between(ends, [(0.0,), (0.6,), (1.0,)], lerp, alone, 1.0)]
    first, last = heard_by(writer, 1.0, 0, 1)
    assert found[0] == first and found[2] == last
    # The same latents with the coins of the second song.
    origins = [writer._drawn(np.random.default_rng(seed), alone, 1.0) for seed in (0, 1)]
    parts = {name: 0.4 * origins[0].latents[name] + 0.6 * origins[1].latents[name] for name in origins[0].latents}
    (middle,) = writer._played([origins[1]._replace(latents=parts)], alone, 1.0)
    assert found[1] == by_track(middle)


def test_other_tracks_than_its_own_are_misuse() -> None:
    for name, known in (
        ("musegan-hybrid-conditional", (1,)),
        ("musegan-hybrid-conditional", ()),
        ("musegan-hybrid", (3,)),
    ):
        writer = writer_of(toy(name))
        assert isinstance(writer, MuseganWriter)
        with pytest.raises(ValueError, match="are given; this writer hears"):
            writer.perform([np.random.default_rng(0)], setting([1], strokes(), known), 1.0)


def test_wishes_that_it_cannot_hear_are_refused(loaded: Model) -> None:
    for wish in ({"chords": "C G"}, {"form": "AA"}, {"density": 3}):
        with pytest.raises(InputError, match=f"{next(iter(wish))}: the model band"):
            loaded.generate(2, **wish)


def test_bars_to_begin_with_have_no_place_in_a_model_of_phrases(tmp_path: Path) -> None:
    path = model(tmp_path / "odd.safetensors", "musegan-hybrid", **{"held_out.real": torch.zeros(1, 16).byte()})
    with pytest.raises(InputError, match=r"held_out\.real holds bars, which phrases do not follow"):
        load(path)
