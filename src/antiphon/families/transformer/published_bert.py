"""Weights of a BERT under the names of the library that the released code uses, under ours."""

from collections.abc import Mapping

import torch
from torch import Tensor

from antiphon.errors import InputError

_OUTSIDE = {
    "bert.embeddings.word_embeddings": "encoder.words",
    "bert.embeddings.position_embeddings": "encoder.positions",
    "bert.embeddings.token_type_embeddings": "encoder.kinds",
    "bert.embeddings.LayerNorm": "encoder.norm",
    "bert.pooler.dense": "pooler",
    "classifier": "classifier",
    "cls.predictions.transform.dense": "dense",
    "cls.predictions.transform.LayerNorm": "norm",
}
_INSIDE = {
    "attention.output.dense": "out",
    "attention.output.LayerNorm": "attended_norm",
    "intermediate.dense": "inner",
    "output.dense": "outer",
    "output.LayerNorm": "norm",
}
_LAYER = "bert.encoder.layer."
_HEARD = ("query", "key", "value")


def from_published(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weights by our names, of a critic or of a masked model, whichever was given.

    Raises
    ------
    InputError
        If a weight is missing or has a name that such a model does not have.
    """
    known = {key: name for key in state if (name := _ours(key)) is not None}
    joined = {key for key in state if ".attention.self." in key}
    told_twice = {"cls.predictions.decoder.weight", "cls.predictions.decoder.bias", "bert.embeddings.position_ids"}
    strange = next((key for key in state if key not in known.keys() | joined | told_twice), None)
    if strange is not None:
        raise InputError(f"weights {strange!r}: no part of a BERT critic or masked model; give another checkpoint")
    return {name: state[key] for key, name in known.items()} | _joined(state, joined)


def _ours(key: str) -> str | None:
    if key == "cls.predictions.bias":
        return "bias"
    module, _, kind = key.rpartition(".")
    if not module.startswith(_LAYER):
        return f"{_OUTSIDE[module]}.{kind}" if module in _OUTSIDE else None
    layer, _, part = module.removeprefix(_LAYER).partition(".")
    return f"encoder.layers.{layer}.{_INSIDE[part]}.{kind}" if part in _INSIDE else None


def _joined(state: Mapping[str, Tensor], keys: set[str]) -> dict[str, Tensor]:
    """Queries, keys and values of a layer are one map here."""
    found = {}
    for layer in sorted({key.removeprefix(_LAYER).partition(".")[0] for key in keys}):
        for kind in ("weight", "bias"):
            names = [f"{_LAYER}{layer}.attention.self.{part}.{kind}" for part in _HEARD]
            missing = next((name for name in names if name not in state), None)
            if missing is not None:
                raise InputError(f"weights {missing!r} are missing; give a complete checkpoint")
            found[f"encoder.layers.{layer}.heard.{kind}"] = torch.cat([state[name] for name in names])
    return found
