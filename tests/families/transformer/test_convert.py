"""Published generators of Transformer-GAN: what is read of them, by function and by command, and what is refused."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from antiphon.cli import run
from antiphon.errors import InputError
from antiphon.families.transformer.convert import convert_generator
from antiphon.families.transformer.designs import XlNetwork
from antiphon.families.transformer.xl import XlGenerator
from antiphon.training.foreign import read_torch_file

SIZES = XlNetwork(num_layers=2, width=8, num_heads=2, feedforward=12)
PUBLISHED = {
    "embedding": "word_emb.emb_layers.0.weight",
    "bias": "crit.out_layers.0.bias",
    "to_content": "r_w_bias",
    "to_place": "r_r_bias",
    "told": "dec_attn.qkv_net",
    "placed": "dec_attn.r_net",
    "mixed": "dec_attn.o_net",
    "heard_norm": "dec_attn.layer_norm",
    "up": "pos_ff.CoreNet.0",
    "down": "pos_ff.CoreNet.3",
    "norm": "pos_ff.layer_norm",
}


def generator(vocabulary: int = 310) -> XlGenerator:
    torch.manual_seed(3)
    made = SIZES.build(vocabulary)
    for parameter in made.parameters():
        torch.nn.init.normal_(parameter)
    return made


def published(made: XlGenerator, prefix: str = "") -> dict[str, Tensor]:
    """Its state by the published names."""
    state = {}
    for name, tensor in made.state_dict().items():
        *before, part, kind = ["", "", *name.split(".")]
        theirs = PUBLISHED[name] if name in PUBLISHED else f"{before[2]}.{before[3]}.{PUBLISHED[part]}.{kind}"
        state[prefix + theirs] = tensor.squeeze(1) if name.startswith("to_") else tensor
    state[f"{prefix}crit.out_layers.0.weight"] = made.embedding.detach()
    state[f"{prefix}pos_emb.inv_freq"] = torch.ones(4)
    return state


@pytest.mark.parametrize(
    "wrap",
    [
        published,
        lambda made: {"model": published(made), "optimizer": {"state": {}}, "step": 7},
        lambda made: {"model": published(made, "module.")},
        lambda made: {**published(made, "module.generator."), "module.discriminator.weight": torch.ones(2)},
    ],
)
def test_every_way_it_was_saved(wrap: Callable[[XlGenerator], dict[str, object]]) -> None:
    made = generator()
    sizes, vocabulary, state = convert_generator(wrap(made), "file")
    assert (sizes, vocabulary) == (SIZES, 310)
    assert state.keys() == made.state_dict().keys()
    for name, tensor in made.state_dict().items():
        assert state[name].equal(tensor), name


def test_halves_become_floats() -> None:
    content = {name: tensor.half() for name, tensor in published(generator()).items()}
    assert {tensor.dtype for tensor in convert_generator(content, "file")[2].values()} == {torch.float32}


FAULTS: dict[str, tuple[str, Callable[[dict[str, object]], object]]] = {
    "no table": ("word_emb", lambda content: content.pop("word_emb.emb_layers.0.weight")),
    "lost": ("norm.bias", lambda content: content.pop("layers.1.pos_ff.layer_norm.bias")),
    "sizes lost": ("sizes", lambda content: content.pop("r_w_bias")),
    "more": ("note_status", lambda content: content.update({"note_status.weight": torch.ones(2)})),
    "shape": ("r_net", lambda content: content.update({"layers.1.dec_attn.r_net.weight": torch.ones(8, 9)})),
    "heads": ("num_heads", lambda content: content.update({"r_w_bias": torch.ones(3, 4)})),
    "untied": ("out_layers", lambda content: content.update({"crit.out_layers.0.weight": torch.ones(310, 8)})),
    "infinite": ("r_r_bias", lambda content: content.update({"r_r_bias": torch.full((2, 4), torch.inf)})),
    "text": ("r_r_bias", lambda content: content.update({"r_r_bias": "none"})),
    "whole numbers": ("r_r_bias", lambda content: content.update({"r_r_bias": torch.ones(2, 4, dtype=torch.int64)})),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_no_such_generator_is_named(fault: str) -> None:
    named, change = FAULTS[fault]
    content: dict[str, object] = dict(published(generator()))
    change(content)
    with pytest.raises(InputError, match=named) as caught:
        convert_generator(content, "some.pt")
    assert "some.pt" in str(caught.value)


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made, checkpoint, out = generator(), tmp_path / "best.pt", tmp_path / "m.safetensors"
    torch.save({"model": published(made, "module.")}, checkpoint)
    assert run(["convert", "transformer-gan", str(checkpoint), str(out), "--json"]) == 0
    card = json.loads(capsys.readouterr().out)
    assert card["family"]["network"]["num_layers"] == 2
    assert card["converted_from"] == "best.pt"
    assert load_file(out)["generator.layers.1.up.weight"].equal(made.get_parameter("layers.1.up.weight"))


class Evil:
    """Pickles as a call."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return os.mkdir, (str(self.path),)


def test_the_command_refuses(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    torch.save(published(generator(390)), tmp_path / "keys.pt")
    torch.save({"model": {"weight": torch.zeros(2)}}, tmp_path / "other.pt")
    torch.save({**published(generator()), "evil": Evil(tmp_path / "made")}, tmp_path / "evil.pt")
    out = tmp_path / "m.safetensors"
    for name in ("keys", "other", "evil", "absent"):
        assert run(["convert", "transformer-gan", str(tmp_path / f"{name}.pt"), str(out)]) == 2
        told = capsys.readouterr().err
        assert f"{name}.pt" in told
        assert "Traceback" not in told
    assert not out.exists()
    assert not (tmp_path / "made").exists()
    with pytest.raises(InputError, match="refused"):
        read_torch_file(tmp_path / "evil.pt")
