"""Models that are found by name, and what is read off their cards before torch is there."""

from pathlib import Path

import pytest
from tests.made import model

from antiphon.errors import InputError
from antiphon.model_files import band_codec, find_here, names


def test_the_codec_of_a_band_is_on_its_card(tmp_path: Path) -> None:
    toy = model(tmp_path / "toy.safetensors", "musegan-v3-accompaniment")
    found = band_codec(toy)
    assert found is not None and found.ensemble.names[1] == "piano"
    shipped = band_codec("band")
    assert shipped is not None and shipped.resolution == 4


def test_models_of_other_kinds_and_files_that_are_none_have_no_band(tmp_path: Path) -> None:
    assert band_codec("bar") is None and band_codec("someone/something") is None
    whole = model(tmp_path / "whole.safetensors", "musegan-hybrid").read_bytes()
    (tmp_path / "cut.safetensors").write_bytes(whole[:1000])
    (tmp_path / "text.safetensors").write_text("no model")
    assert band_codec(tmp_path / "cut.safetensors") is None is band_codec(tmp_path / "text.safetensors")
    (tmp_path / "odd.safetensors").write_bytes(whole.replace(b"phrases", b"phrased"))
    assert band_codec(tmp_path / "odd.safetensors") is None


def test_names_that_are_near_are_guessed_and_all_are_told() -> None:
    with pytest.raises(InputError, match=rf"did you mean band\? shipped: {', '.join(names())};"):
        find_here("bnad")
    with pytest.raises(InputError) as raised:
        find_here("zzzz")
    assert "did you mean" not in str(raised.value) and f"shipped: {', '.join(names())};" in str(raised.value)
