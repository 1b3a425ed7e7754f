"""Published checkpoints to model files: `antiphon convert`."""

from pathlib import Path
from typing import Any

from antiphon.codecs.frames import FrameBars, Version
from antiphon.errors import InputError
from antiphon.families.midinet.config import MidinetConfig
from antiphon.families.midinet.convert import convert_checkpoint
from antiphon.training.checkpoint import complete_card, save_model
from antiphon.training.foreign import read_torch_file


def convert_midinet(checkpoint: Path, out: Path) -> dict[str, Any]:
    """Write the model file of a Lightning checkpoint of the released bar GAN and return its card; executes nothing of
    what the checkpoint holds.

    Raises
    ------
    InputError
        If it is no such checkpoint, damaged or dangerous, or the file cannot be written.
    """
    if out.suffix != ".safetensors":
        raise InputError(f"{out}: a model file's name ends in .safetensors; choose such a name")
    content = read_torch_file(checkpoint)
    family, state = convert_checkpoint(content, str(checkpoint))
    version = _version(family)
    steps = content.get("global_step")
    card = {
        "family": family.model_dump(mode="json"),
        "codec": FrameBars.published(version).model_dump(mode="json"),
        "preset": f"midinet-{version}-as-published",
        "corpus": {"name": "unknown", "fingerprint": "", "licence": "unknown", "attribution": ""},
        "licence": "that of the checkpoint's publisher",
        "converted_from": checkpoint.name,
    }
    # Lightning counts every optimizer's steps.
    return save_model(out, state, complete_card(card, steps if isinstance(steps, int) else None, seed=None))


def _version(family: MidinetConfig) -> Version:
    if family.chord:
        return "v3"
    return "v2" if family.condition_channels else "v1"
