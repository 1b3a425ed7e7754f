"""The released LSTM GAN's weights, recognised by their names and shapes, which are ours already."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from antiphon.errors import InputError
from antiphon.families.lstm.config import AS_PUBLISHED

_UNTRAINED = 0


def convert_players(players: Mapping[str, tuple[str, Mapping[str, Any]]]) -> dict[str, Tensor]:
    """The state of a model from what the released code saved of its players.

    Parameters
    ----------
    players
        By player ("generator", "discriminator"), the file's name for messages, and its content. The songs are the
        generator's alone, so its opponent may be missing, and is then untrained.

    Returns
    -------
    State with keys `generator.*` and `discriminator.*`, for `AS_PUBLISHED`.

    Raises
    ------
    InputError
        If a file's names, shapes or types are not that player's.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(_UNTRAINED)
        state = {name: tensor.clone() for name, tensor in AS_PUBLISHED.build().state_dict().items()}
    for player, (file, content) in players.items():
        own = {name.removeprefix(f"{player}."): name for name in state if name.startswith(player)}
        _check(file, player, content, {short: state[name] for short, name in own.items()})
        state |= {name: content[short].detach().clone() for short, name in own.items()}
    return state


def _check(file: str, player: str, content: Mapping[str, Any], own: Mapping[str, Tensor]) -> None:
    wanted = f"give the {player}'s .pth file of the released LSTM GAN"
    for name in sorted(own.keys() ^ content.keys(), key=str):
        fault = f"has no {name}" if name in own else f"holds {name}, which the {player} has not"
        raise InputError(f"{file} {fault}; {wanted}")
    for name, tensor in own.items():
        given = content[name]
        if not isinstance(given, Tensor) or given.dtype != tensor.dtype:
            raise InputError(f"{file}: {name} holds no numbers of float32; {wanted}")
        if given.shape != tensor.shape:
            raise InputError(f"{file}: {name} has shape {tuple(given.shape)}, not {tuple(tensor.shape)}; {wanted}")
        if not given.isfinite().all():
            raise InputError(f"{file}: {name} is not finite everywhere; {wanted}")
