"""One player of the game under training: its weights, its optimizer, its limits; and the generator's average."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _NormBase

from antiphon.gan.penalties import clip_weights
from antiphon.training.config import AdamConfig
from antiphon.training.muon import Muon
from antiphon.training.schedules import Schedule


class Mover:
    """A player that moves in its own phases and stands still, batch-norm statistics included, in all others.

    Parameters
    ----------
    network
        The player's module, on its device; what of it takes no gradient now never moves.
    config
        Its optimizer and limits.
    decay
        How its learning rate goes, unless its own settings say so.
    capturable
        Whether steps must be fit for a CUDA graph.
    """

    def __init__(
        self, network: nn.Module, config: AdamConfig, decay: Schedule | None = None, capturable: bool = False
    ) -> None:
        self.weights = [weight for weight in network.parameters() if weight.requires_grad]
        self._norms = [m for m in network.modules() if isinstance(m, _NormBase) and m.track_running_stats]
        self._network, self._config = network, config
        self._decay = config.decay or decay
        matrices = _matrices(network, self.weights) if config.matrices is not None else []
        others = [weight for weight in self.weights if not any(weight is matrix for matrix in matrices)]
        self.optimizers: dict[str, torch.optim.Optimizer] = {"adam": self._adam(others, capturable)}
        if config.matrices is not None and matrices:
            self.optimizers["muon"] = Muon(matrices, config.matrices, weight_decay=config.weight_decay)

    def _adam(self, weights: list[nn.Parameter], capturable: bool) -> torch.optim.AdamW:
        config = self._config
        betas = (config.beta1, config.beta2)
        return torch.optim.AdamW(
            weights, config.lr, betas, config.epsilon, config.weight_decay, fused=True, capturable=capturable
        )

    def state(self) -> dict[str, Any]:
        """What its optimizers have learnt; of Adam alone as it is."""
        states = {name: optimizer.state_dict() for name, optimizer in self.optimizers.items()}
        return states["adam"] if len(states) == 1 else states

    def restore(self, state: dict[str, Any]) -> None:
        """Take over what `state` gave."""
        states = {"adam": state} if len(self.optimizers) == 1 else state
        for name, optimizer in self.optimizers.items():
            optimizer.load_state_dict(states[name])

    def free(self, moves: bool) -> None:
        """Let the player move, or hold it still; held batch norms go on normalising by the batch."""
        for weight in self.weights:
            weight.requires_grad_(moves)
        for norm in self._norms:
            norm.track_running_stats = moves

    def gradients(self) -> list[Tensor]:
        """Those gradients that the last backward pass left."""
        return [weight.grad for weight in self.weights if weight.grad is not None]

    def step(self, iteration: int, rate: float = 1.0) -> None:
        """Limit the gradients, move at `rate` times the iteration's learning rate, limit the weights, drop the
        gradients."""
        rates = {"adam": self._config.lr, "muon": self._config.matrices or 0.0}
        for name, optimizer in self.optimizers.items():
            optimizer.param_groups[0]["lr"] = rates[name] * rate * self._rate(iteration)
        if self._config.clip_norm is not None:
            nn.utils.clip_grad_norm_(self.weights, self._config.clip_norm)
        for optimizer in self.optimizers.values():
            optimizer.step()
        if self._config.clip_weights is not None:
            clip_weights(self._network, self._config.clip_weights)
        for weight in self.weights:
            weight.grad = None

    def _rate(self, iteration: int) -> float:
        return 1.0 if self._decay is None else self._decay.rate(iteration)


def _matrices(network: nn.Module, weights: Sequence[nn.Parameter]) -> list[nn.Parameter]:
    """Those with two axes but embeddings, whose rows are no directions of a layer."""
    inner = {id(weight) for name, weight in network.named_parameters() if "embedding" not in name}
    return [weight for weight in weights if weight.ndim == 2 and id(weight) in inner]


def gradient_norm(gradients: list[Tensor]) -> Tensor:
    """L2 norm over all gradients together, a scalar on their device."""
    norm: Tensor = torch.linalg.vector_norm(torch.stack(torch._foreach_norm(gradients)))
    return norm


def average_over_ranks(gradients: list[Tensor], all_reduce: Callable[[Tensor], Tensor]) -> None:
    """Replace gradients by their mean over all processes, in one message.

    A plain mean after backward, rather than a wrapper around forward, is right for several forward passes in one loss
    and for gradients of gradients.
    """
    joined = all_reduce(torch.cat([gradient.flatten() for gradient in gradients]))
    parts = torch.split(joined, [gradient.numel() for gradient in gradients])
    torch._foreach_copy_(gradients, [part.view_as(to) for part, to in zip(parts, gradients, strict=True)])


class Average:
    """Exponential moving average of a network's weights: average <- decay * average + (1 - decay) * weight.

    Buffers are not averaged: batch-norm statistics are those of the live network.

    Parameters
    ----------
    network
        The module to follow.
    decay
        None keeps no average; all methods then do nothing.
    """

    def __init__(self, network: nn.Module, decay: float | None) -> None:
        self._decay = decay
        self._weights = dict(network.named_parameters()) if decay is not None else {}
        self._averages = {name: weight.detach().clone() for name, weight in self._weights.items()}

    def update(self) -> None:
        """Take one step towards the live weights."""
        if self._decay is not None:
            with torch.no_grad():
                torch._foreach_lerp_(list(self._averages.values()), list(self._weights.values()), 1 - self._decay)

    def state(self) -> dict[str, Tensor]:
        """Averages by weight name; empty where none is kept."""
        return self._averages

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Take over averages that `state` gave."""
        for name, average in self._averages.items():
            average.copy_(state[name])

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Within the block the network's weights are the averaged ones."""
        self._swap()
        try:
            yield
        finally:
            self._swap()

    def _swap(self) -> None:
        for name, weight in self._weights.items():
            weight.data, self._averages[name].data = self._averages[name].data, weight.data
