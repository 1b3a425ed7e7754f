"""Published checkpoints of the bar GAN, recognised by their keys and shapes; names and shapes are ours already."""

from collections.abc import Mapping
from typing import Any

import torch
from pydantic import ValidationError
from torch import Tensor

from antiphon.errors import InputError
from antiphon.families.midinet.config import (
    Convolution,
    DiscriminatorConfig,
    Matching,
    MidinetConfig,
    Minibatch,
)
from antiphon.families.midinet.networks import Discriminator, Generator

Shapes = Mapping[str, tuple[int, ...]]

_LATENT = "generator.fc_net.0.weight"
_CONDITION = "generator.conv1_cond.0.weight"
_CONV1 = "discriminator.conv_net1.0.weight"
_CONV2 = "discriminator.conv_net2.0.weight"
_MINIBATCH = "discriminator.bd_net.T"
_JUDGE = "discriminator.fc_net.0.weight"


def convert_checkpoint(content: Mapping[str, Any], name: str = "checkpoint") -> tuple[MidinetConfig, dict[str, Tensor]]:
    """Configuration and state of a checkpoint that the released training code wrote.

    Parameters
    ----------
    content
        The file's content: `state_dict`, and `hyper_parameters` where it has them.
    name
        What messages call it.

    Returns
    -------
    The configuration, whose shapes are read from the weights and whose training values from the hyper-parameters (the
    released defaults where there are none), and the state, with keys `generator.*` and `discriminator.*`.

    Raises
    ------
    InputError
        If it is no checkpoint of this model.
    """
    state = content.get("state_dict")
    if not isinstance(state, Mapping) or not all(isinstance(value, Tensor) for value in state.values()):
        raise InputError(f"{name} holds no state_dict of tensors; give a checkpoint of the released bar GAN")
    shapes = {str(key): tuple(value.shape) for key, value in state.items()}
    missing = [key for key in (_LATENT, _CONV1, _CONV2, _JUDGE) if key not in shapes]
    if missing:
        raise InputError(f"{name} has no {missing[0]}; give a checkpoint of the released bar GAN")
    hyper = content.get("hyper_parameters")
    config = _config(shapes, hyper if isinstance(hyper, Mapping) else {}, name)
    _check(shapes, config, name)
    return config, {str(key): value.detach().clone() for key, value in state.items()}


def _config(shapes: Shapes, hyper: Mapping[str, Any], name: str) -> MidinetConfig:
    conditioned = _CONDITION in shapes
    try:
        minibatch = None
        if _MINIBATCH in shapes:
            _, kernels, dims = shapes[_MINIBATCH]
            minibatch = Minibatch(kernels=kernels, dims=dims)
        convolutions = tuple(Convolution(kernels=shapes[key][0], width=shapes[key][3]) for key in (_CONV1, _CONV2))
        chord = shapes[_CONV1][1] > 1
        return MidinetConfig(
            latent_dim=shapes[_LATENT][1],
            condition_channels=shapes[_CONDITION][0] if conditioned else 0,
            chord=chord,
            discriminator=DiscriminatorConfig(
                convolutions=convolutions, hidden=(), minibatch=minibatch, judge=shapes[_JUDGE][0]
            ),
            matching=Matching(
                form="per-pixel" if conditioned else "scalar",
                features="dropped",
                bar_weight=hyper.get("lambda_1", 0.1 if conditioned else 1.0),
                feature_weight=hyper.get("lambda_2", 1.0 if conditioned else 0.1),
            ),
            transposition="published" if conditioned else "none",
            discriminator_steps=hyper.get("dis_updates", 1),
            generator_steps=hyper.get("gen_updates", 1),
        )
    except (ValueError, IndexError) as error:
        raise InputError(f"{name} is no checkpoint of the released bar GAN: {_first_line(error)}") from None


def _check(shapes: Shapes, config: MidinetConfig, name: str) -> None:
    """Every key and shape that the configuration's networks have, and no other."""
    with torch.device("meta"):
        players = {
            "generator": Generator(config),
            "discriminator": Discriminator(config.discriminator, config.chord),
        }
    expected = {
        f"{player}.{key}": tuple(value.shape)
        for player, network in players.items()
        for key, value in network.state_dict().items()
    }
    for key in sorted(expected.keys() ^ shapes.keys()):
        fault = f"has no {key}" if key in expected else f"holds {key}, which the bar GAN has not"
        raise InputError(f"{name} {fault}; give a checkpoint of the released bar GAN")
    for key, shape in shapes.items():
        if shape != expected[key]:
            raise InputError(
                f"{name}: {key} has shape {shape} where its other weights ask for {expected[key]}; the file is damaged"
            )


def _first_line(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"{'.'.join(str(part) for part in first['loc'])} {first['msg'].lower()}"
    return str(error).splitlines()[0]
