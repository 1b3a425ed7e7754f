"""How MuseGAN's networks write songs: tracks, lengths, seeds, and who needs a track to accompany."""

from pathlib import Path

import numpy as np
import pytest
from tests.families.musegan_toys import toy
from tests.made import model

from antiphon.codecs.phrases import PhraseRolls, unpack
from antiphon.errors import InputError
from antiphon.generate import Model, load
from antiphon.io.midi import midi_bytes, read_midi, write_midi
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
    writer = writer_of(toy("musegan-v3-stochastic"))
    assert isinstance(writer, MuseganWriter)

    def cells(bars: int) -> np.ndarray:
        chances = [np.random.default_rng(2)]
        (packed,) = writer.compose(chances, np.empty((1, 0), np.uint8), np.zeros((1, bars), np.uint8), 1.0)
        return unpack(packed, 48, 84)

    whole, part = cells(8), cells(7)
    assert whole.shape == part.shape == (2, 5, 4, 48, 84)
    assert not part[1, :, 3].any() and whole[1, :, 3].any()
    assert not part[1, :, 2, -1].any() and not whole[1, :, 3, -1].any()
    part[1, :, 3], part[1, :, 2, -1] = whole[1, :, 3], whole[1, :, 2, -1]
    assert np.array_equal(whole, part)
    assert not np.array_equal(whole[0], whole[1])


def test_who_writes_to_a_given_track_asks_for_one(tmp_path: Path) -> None:
    conditional = load(model(tmp_path / "given.safetensors", "musegan-hybrid-conditional"))
    with pytest.raises(InputError, match="the model given writes to a given track, so it needs a track to accompany"):
        conditional.generate(2)


def test_wishes_that_it_cannot_hear_are_refused(loaded: Model) -> None:
    for wish in ({"chords": "C G"}, {"form": "AA"}, {"density": 3}):
        with pytest.raises(InputError, match=f"{next(iter(wish))}: the model band"):
            loaded.generate(2, **wish)


def test_bars_to_begin_with_have_no_place_in_a_model_of_phrases(tmp_path: Path) -> None:
    import torch

    path = model(tmp_path / "odd.safetensors", "musegan-hybrid", **{"held_out.real": torch.zeros(1, 16).byte()})
    with pytest.raises(InputError, match=r"held_out\.real holds bars, which phrases do not follow"):
        load(path)
