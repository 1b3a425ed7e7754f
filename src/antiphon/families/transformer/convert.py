"""Published generators of Transformer-GAN, recognised by the names and shapes of their weights."""

import re
from collections.abc import Mapping
from typing import Any

from torch import Tensor

from antiphon.errors import InputError
from antiphon.families.transformer.designs import XlNetwork

SEGMENT, MEMORY = 128, 1024
"""Tokens that the published generator learns at a time, and remembers, by its settings for likelihood."""

_TABLE, _TABLE_AGAIN = "word_emb.emb_layers.0.weight", "crit.out_layers.0.weight"
# Theirs and ours; the shapes differ in places of size 1 alone.
_NAMES = {
    _TABLE: "embedding",
    "crit.out_layers.0.bias": "bias",
    "r_w_bias": "to_content",
    "r_r_bias": "to_place",
}
_LAYER_NAMES = {
    "dec_attn.qkv_net.weight": "told.weight",
    "dec_attn.r_net.weight": "placed.weight",
    "dec_attn.o_net.weight": "mixed.weight",
    "dec_attn.layer_norm.weight": "heard_norm.weight",
    "dec_attn.layer_norm.bias": "heard_norm.bias",
    "pos_ff.CoreNet.0.weight": "up.weight",
    "pos_ff.CoreNet.0.bias": "up.bias",
    "pos_ff.CoreNet.3.weight": "down.weight",
    "pos_ff.CoreNet.3.bias": "down.bias",
    "pos_ff.layer_norm.weight": "norm.weight",
    "pos_ff.layer_norm.bias": "norm.bias",
}
_LAYER = re.compile(r"layers\.(\d+)\.(.+)")
# Follow from the sizes.
_DERIVED = {"pos_emb.inv_freq"}
_WANTED = "give a checkpoint of Transformer-GAN's generator"


def convert_generator(content: Mapping[str, Any], file: str) -> tuple[XlNetwork, int, dict[str, Tensor]]:
    """What a published generator is: its design, its vocabulary, and the state of our network.

    Parameters
    ----------
    content
        The checkpoint: the state itself, or a dictionary that holds it as "model"; names may have a prefix, such as
        that of parallel training, and others beside the generator's are passed over then.
    file
        Its name, for messages.

    Raises
    ------
    InputError
        If names, shapes or types are not those of such a generator, or if it is one with other parts.
    """
    theirs = _of_generator(content, file)
    again = theirs.pop(_TABLE_AGAIN, theirs[_TABLE])
    if again.shape != theirs[_TABLE].shape or not again.equal(theirs[_TABLE]):
        raise InputError(f"{file}: its output has weights of its own ({_TABLE_AGAIN}), not the embedding's; {_WANTED}")
    named = {_ours(name, file): (name, tensor) for name, tensor in theirs.items() if name not in _DERIVED}
    sizes, vocabulary = _sizes({name: tensor for name, (_, tensor) in named.items()}, file)
    own = sizes.build(vocabulary).state_dict()
    for name in own.keys() - named.keys():
        raise InputError(f"{file} has no weights that would be our {name}; {_WANTED}")
    state = {}
    for name, (published, tensor) in named.items():
        if name not in own or own[name].squeeze().shape != tensor.squeeze().shape:
            raise InputError(f"{file}: {published} of shape {tuple(tensor.shape)} does not fit the others; {_WANTED}")
        state[name] = tensor.detach().float().reshape(own[name].shape).clone()
    return sizes, vocabulary, state


def _of_generator(content: Mapping[str, Any], file: str) -> dict[str, Tensor]:
    inner = content.get("model", content)
    whole = inner if isinstance(inner, Mapping) else content
    found = [str(name) for name in whole if str(name).endswith(_TABLE)]
    if len(found) != 1:
        raise InputError(f"{file} has no {_TABLE}; {_WANTED}")
    prefix = found[0].removesuffix(_TABLE)
    theirs = {str(name).removeprefix(prefix): part for name, part in whole.items() if str(name).startswith(prefix)}
    for name, part in theirs.items():
        if not isinstance(part, Tensor) or not part.is_floating_point() or not part.isfinite().all():
            raise InputError(f"{file}: {name} holds no finite numbers; {_WANTED}")
    return theirs


def _ours(name: str, file: str) -> str:
    layer = _LAYER.fullmatch(name)
    if layer is not None and layer[2] in _LAYER_NAMES:
        return f"layers.{layer[1]}.{_LAYER_NAMES[layer[2]]}"
    if name not in _NAMES:
        raise InputError(f"{file} holds {name}, which no generator of the published settings has; {_WANTED}")
    return _NAMES[name]


def _sizes(named: Mapping[str, Tensor], file: str) -> tuple[XlNetwork, int]:
    needed = ("embedding", "to_content", "layers.0.up.weight")
    if any(name not in named or named[name].ndim != 2 for name in needed):
        raise InputError(f"{file} lacks the weights that tell its sizes; {_WANTED}")
    (vocabulary, width), (num_heads, _), (feedforward, _) = (named[name].shape for name in needed)
    num_layers = len({name.split(".")[1] for name in named if name.startswith("layers.")})
    values = {"num_layers": num_layers, "width": width, "num_heads": num_heads, "feedforward": feedforward}
    return XlNetwork.parse(values, where=file), vocabulary
