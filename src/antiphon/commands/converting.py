"""Published checkpoints to model files: `antiphon convert`."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from antiphon.codecs.frames import FrameBars, Version
from antiphon.codecs.notes import NoteSequences
from antiphon.codecs.performance import PerformanceTokens
from antiphon.errors import InputError
from antiphon.families.lstm.config import AS_PUBLISHED
from antiphon.families.lstm.convert import convert_players
from antiphon.families.midinet.config import MidinetConfig
from antiphon.families.midinet.convert import convert_checkpoint
from antiphon.families.transformer.config import TransformerConfig
from antiphon.families.transformer.convert import MEMORY, SEGMENT, convert_generator
from antiphon.training.checkpoint import complete_card, save_model
from antiphon.training.foreign import read_torch_file

_FOREIGN = {
    "corpus": {"name": "unknown", "fingerprint": "", "licence": "unknown", "attribution": ""},
    "licence": "that of the checkpoint's publisher",
}


def convert_lstm(files: Sequence[Path], out: Path) -> dict[str, Any]:
    """Write the model file of the released LSTM GAN's weights and return its card; executes nothing of what they hold.

    Parameters
    ----------
    files
        The generator's file and, where there is one, the discriminator's; without it the model file's discriminator is
        untrained.
    out
        The model file, named .safetensors.

    Raises
    ------
    InputError
        If a file holds no such weights, is damaged or dangerous, or the model file cannot be written.
    """
    _check_suffix(out)
    named = dict(zip(("generator", "discriminator"), files, strict=False))
    state = convert_players({player: (str(file), read_torch_file(file)) for player, file in named.items()})
    card = {
        "family": AS_PUBLISHED.model_dump(mode="json"),
        "codec": NoteSequences().model_dump(mode="json"),
        "preset": "lstm-gan-as-published",
        **_FOREIGN,
        "converted_from": ", ".join(file.name for file in files),
    }
    return save_model(out, state, complete_card(card, iteration=None, seed=None))


def convert_midinet(checkpoint: Path, out: Path) -> dict[str, Any]:
    """Write the model file of a Lightning checkpoint of the released bar GAN and return its card; executes nothing of
    what the checkpoint holds.

    Raises
    ------
    InputError
        If it is no such checkpoint, damaged or dangerous, or the file cannot be written.
    """
    _check_suffix(out)
    content = read_torch_file(checkpoint)
    family, state = convert_checkpoint(content, str(checkpoint))
    version = _version(family)
    steps = content.get("global_step")
    card = {
        "family": family.model_dump(mode="json"),
        "codec": FrameBars.published(version).model_dump(mode="json"),
        "preset": f"midinet-{version}-as-published",
        **_FOREIGN,
        "converted_from": checkpoint.name,
    }
    # Lightning counts every optimizer's steps.
    return save_model(out, state, complete_card(card, steps if isinstance(steps, int) else None, seed=None))


def convert_transformer_gan(checkpoint: Path, out: Path) -> dict[str, Any]:
    """Write the model file of the generator in a checkpoint of Transformer-GAN and return its card; executes nothing of
    what the checkpoint holds.

    Raises
    ------
    InputError
        If there is no such generator in it, if it is damaged or dangerous, or the file cannot be written.
    """
    _check_suffix(out)
    network, vocabulary, state = convert_generator(read_torch_file(checkpoint), str(checkpoint))
    codec = PerformanceTokens()
    if vocabulary != codec.keyboard.num_tokens:
        tokens = f"{vocabulary} tokens, not the {codec.keyboard.num_tokens} of performances on a piano"
        raise InputError(f"{checkpoint} is a generator of {tokens}; give one that was trained on Transformer-GAN's")
    family = TransformerConfig(network=network, vocabulary=vocabulary, segment=SEGMENT, memory=MEMORY)
    card = {
        "family": family.model_dump(mode="json"),
        "codec": codec.model_dump(mode="json"),
        "preset": "transformer-gan-as-published",
        **_FOREIGN,
        "converted_from": checkpoint.name,
    }
    named = {f"generator.{name}": tensor for name, tensor in state.items()}
    return save_model(out, named, complete_card(card, iteration=None, seed=None))


def _check_suffix(out: Path) -> None:
    if out.suffix != ".safetensors":
        raise InputError(f"{out}: a model file's name ends in .safetensors; choose such a name")


def _version(family: MidinetConfig) -> Version:
    if family.chord:
        return "v3"
    return "v2" if family.condition_channels else "v1"
