"""Model files: what goes in comes out, and every wrong file gets one clear sentence."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from antiphon.errors import InputError
from antiphon.training.checkpoint import load_model, save_model

CARD: dict[str, Any] = {
    "family": {"kind": "toy", "layers": [1, 2]},
    "codec": {"kind": "melody"},
    "corpus": {"name": "Lieder é", "licence": "CC0-1.0"},
    "iteration": 3,
}


def _state() -> dict[str, torch.Tensor]:
    base = torch.arange(6.0).reshape(2, 3)
    return {
        "generator.weight": base,
        # Shared and transposed memory, whole numbers, scalars: all that state dicts hold.
        "generator.tied": base,
        "generator.transposed": base.T,
        "generator.count": torch.tensor(7),
        "discriminator.half": torch.ones(2, dtype=torch.bfloat16),
    }


def test_weights_and_card_come_back(tmp_path: Path) -> None:
    save_model(tmp_path / "m.safetensors", _state(), CARD)
    card, state = load_model(tmp_path / "m.safetensors", kind="toy")
    assert card == {**CARD, "format": 1}
    assert state.keys() == _state().keys()
    for name, tensor in _state().items():
        assert state[name].dtype == tensor.dtype
        assert torch.equal(state[name], tensor), name


def test_the_same_weights_give_the_same_bytes(tmp_path: Path) -> None:
    for name in "ab":
        save_model(tmp_path / name, _state(), CARD)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def _missing(path: Path) -> None:
    path.unlink()


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-5])


def _beheaded(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:20])


def _huge_header(path: Path) -> None:
    path.write_bytes((2**62).to_bytes(8, "little") + path.read_bytes()[8:])


def _text(path: Path) -> None:
    path.write_text("not a model at all")


def _pickle(path: Path) -> None:
    torch.save({"generator.weight": torch.zeros(1)}, path)


def _old_pickle(path: Path) -> None:
    torch.save({"generator.weight": torch.zeros(1)}, path, _use_new_zipfile_serialization=False)


def _foreign(path: Path) -> None:
    save_file({"weight": torch.zeros(1)}, path)


def _torn_card(path: Path) -> None:
    save_file({"weight": torch.zeros(1)}, path, {"antiphon": '{"format": 1'})


def _listed_card(path: Path) -> None:
    save_file({"weight": torch.zeros(1)}, path, {"antiphon": "[1]"})


def _newer(path: Path) -> None:
    save_file({"weight": torch.zeros(1)}, path, {"antiphon": json.dumps({**CARD, "format": 2})})


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (_missing, "cannot be read"),
        (_folder, "cannot be read"),
        (_empty, "truncated, damaged or not a safetensors"),
        (_truncated, "truncated, damaged or not a safetensors"),
        (_beheaded, "truncated, damaged or not a safetensors"),
        (_huge_header, "truncated, damaged or not a safetensors"),
        (_text, "truncated, damaged or not a safetensors"),
        (_pickle, "a pickled checkpoint"),
        (_old_pickle, "a pickled checkpoint"),
        (_foreign, "no antiphon model"),
        (_torn_card, "card is damaged"),
        (_listed_card, "card is damaged"),
        (_newer, "written in format 2"),
    ],
)
def test_a_wrong_file_is_said(damage: Callable[[Path], None], told: str, tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    save_model(path, _state(), CARD)
    damage(path)
    with pytest.raises(InputError, match=told) as caught:
        load_model(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_another_family_is_said(tmp_path: Path) -> None:
    save_model(tmp_path / "m.safetensors", _state(), CARD)
    with pytest.raises(InputError, match="family 'toy', but 'bar' is needed"):
        load_model(tmp_path / "m.safetensors", kind="bar")


def test_a_header_length_that_looks_like_a_pickle(tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    for padding in range(300):
        save_model(path, _state(), {**CARD, "remark": "." * padding})
        if path.read_bytes()[:1] == b"\x80":
            break
    assert path.read_bytes()[:1] == b"\x80"
    assert load_model(path)[0]["remark"] == "." * padding
