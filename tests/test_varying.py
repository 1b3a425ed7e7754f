"""A song with tracks written anew: these change, the others stay to the note, whatever is asked of the song."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.families.musegan_toys import toy
from tests.made import model

from antiphon.errors import InputError
from antiphon.generate import Model, load
from antiphon.io.midi import midi_bytes
from antiphon.music.score import Score
from antiphon.writers.bands import Setting
from antiphon.writers.musegan import MuseganWriter

PRESETS = ("musegan-hybrid", "band")


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Model]:
    folder = tmp_path_factory.mktemp("models")
    return {preset: load(model(folder / f"{preset}.safetensors", preset)) for preset in PRESETS}


def same(first: Score, second: Score) -> dict[str, bool]:
    pairs = zip(first.tracks, second.tracks, strict=True)
    return {mine.name.lower(): np.array_equal(mine.notes, other.notes) for mine, other in pairs}


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("options", [{}, {"key": "E minor", "temperature": 0.8}, {"sixteenths": True, "mute": "piano"}])
def test_the_others_stay_to_the_note(preset: str, options: dict[str, Any], loaded: dict[str, Model]) -> None:
    (song,) = loaded[preset].generate(2, seed=5, **options)
    varied = loaded[preset].vary("drums, Bass", seed=5, vary_seed=8, num=2, bars=2, **options)
    for other in varied:
        assert {name for name, stays in same(song, other).items() if not stays} == {"drums", "bass"}
        assert any(text.startswith("anew: ") and "drums" in text for _, text in other.texts)
    assert set(same(*varied).values()) == {True, False}


@pytest.mark.parametrize("preset", PRESETS)
def test_what_is_anew_is_its_seeds(preset: str, loaded: dict[str, Model]) -> None:
    pair = loaded[preset].vary("drums", seed=1, vary_seed=3, num=2, bars=1)
    (second,) = loaded[preset].vary("drums", seed=1, vary_seed=4, bars=1)
    assert midi_bytes(pair[1]) == midi_bytes(second) != midi_bytes(pair[0])


def test_a_part_of_some(loaded: dict[str, Model]) -> None:
    (song,) = loaded["band"].generate(1, tracks="drums,bass")
    (varied,) = loaded["band"].vary("bass", bars=1, tracks="drums,bass")
    assert same(song, varied) == {"drums": True, "bass": False}
    with pytest.raises(InputError, match="vary 'piano': this part is not to be written; choose among drums, bass"):
        loaded["band"].vary("piano", bars=1, tracks="drums,bass")


@pytest.mark.parametrize("name", ["musegan-jamming", "musegan-hybrid-as-published"])
def test_every_network_with_private_latents_varies(name: str) -> None:
    writer = MuseganWriter(toy(name))
    alone = Setting.alone(5, (0, 1, 2, 3, 4), {})
    (song,) = writer.perform([np.random.default_rng(1)], alone, 1.0)
    (varied,) = writer.vary(np.random.default_rng(1), [np.random.default_rng(2)], (2,), alone, 1.0)
    for track in range(5):
        before, after = (
            np.stack([part[found.track == track] for part in (found.pitch, found.start, found.end)])
            for found in (song, varied)
        )
        assert np.array_equal(before, after) == (track != 2)


def test_who_cannot_vary(tmp_path: Path, loaded: dict[str, Model]) -> None:
    with pytest.raises(InputError, match="the model bar writes no parts"):
        load("bar").vary("drums")
    shared = MuseganWriter(toy("musegan-composer"))
    assert not shared.can_vary and MuseganWriter(toy("musegan-hybrid")).can_vary
    with pytest.raises(ValueError, match="share all latents"):
        shared.vary(np.random.default_rng(0), [], (0,), Setting.alone(1, (0,), {}), 1.0)
    with pytest.raises(InputError, match="name a part, such as drums"):
        loaded["band"].vary(" , ")
    with pytest.raises(InputError, match="seed = -1"):
        loaded["band"].vary("drums", vary_seed=-1)
