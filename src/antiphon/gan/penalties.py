"""Gradient penalties (the only double backward in the house), weight clipping and instance noise."""

import contextlib
from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from antiphon.nn.products import of_inputs

Critic = Callable[..., Tensor]
"""Logits (N,) or (N, 1) from samples (N, ...) and, behind them, whatever conditions the critic takes."""


@contextlib.contextmanager
def second_order(critic: Critic) -> Iterator[None]:
    """Choose kernels that can be differentiated twice: plain attention, and recurrence without cuDNN."""
    recurrent = isinstance(critic, nn.Module) and any(isinstance(part, nn.RNNBase) for part in critic.modules())
    # Off for recurrent critics only: convolutions have their second derivative in cuDNN and are slow without it.
    cudnn = torch.backends.cudnn.flags(enabled=False) if recurrent else contextlib.nullcontext()
    with sdpa_kernel(SDPBackend.MATH), cudnn:
        yield


def squared_gradient_norms(logits: Tensor, points: Tensor) -> Tensor:
    """||d logits / d points||^2 (N,), one a sample over all other axes, in float32 at least, itself differentiable.

    `logits` must have been computed from `points`, with gradients. A critic that looks across its batch (batch norm,
    minibatch discrimination) mixes its samples' gradients here.
    """
    with of_inputs():
        (gradient,) = torch.autograd.grad(logits.sum(), points, create_graph=True)
    gradient = gradient.to(torch.promote_types(gradient.dtype, torch.float32))
    return gradient.flatten(1).square().sum(dim=1)


def gradient_penalty(
    critic: Critic,
    real: Tensor,
    fake: Tensor,
    *condition: Tensor,
    alpha: Tensor | None = None,
    embed: Callable[[Tensor], Tensor] | None = None,
    target: float = 1.0,
    epsilon: float = 1e-12,
) -> Tensor:
    """E (||grad critic(x)|| - target)^2 at x = alpha real + (1 - alpha) fake; the weight (10) stays with the caller.

    Parameters
    ----------
    real, fake
        Samples of one shape (N, ...), cut off from whatever made them.
    condition
        Further inputs of the critic, passed through untouched.
    alpha
        Shares of real, (N, 1, ...) or (N,); drawn from U(0, 1), one a sample, if None.
    embed
        Maps x to what the critic takes; the gradient is then taken with respect to that (a BERT critic over one-hot
        tokens).
    epsilon
        Inside the root, so that a zero gradient can be differentiated.

    Source: Gulrajani et al. 2017, eq. 3.
    """
    shares = torch.rand(len(real), device=real.device, dtype=real.dtype) if alpha is None else alpha
    shares = shares.reshape(-1, *[1] * (real.dim() - 1))
    with torch.enable_grad(), second_order(critic):
        points = (shares * real + (1 - shares) * fake).detach()
        points = points if embed is None else embed(points)
        points = points if points.requires_grad else points.requires_grad_()
        norms = (squared_gradient_norms(critic(points, *condition), points) + epsilon).sqrt()
    return (norms - target).square().mean()


def zero_centred_penalty(critic: Critic, samples: Tensor, *condition: Tensor) -> Tensor:
    """E ||grad critic(samples)||^2 / 2; the weight (gamma) stays with the caller.

    On real samples it is R1, on fake ones R2 (Mescheder et al. 2018, eq. 9 and 10).
    """
    with torch.enable_grad(), second_order(critic):
        points = samples.detach().requires_grad_()
        return squared_gradient_norms(critic(points, *condition), points).mean() / 2


def r1(critic: Critic, real: Tensor, *condition: Tensor) -> Tensor:
    """E ||grad critic(real)||^2 / 2."""
    return zero_centred_penalty(critic, real, *condition)


def r2(critic: Critic, fake: Tensor, *condition: Tensor) -> Tensor:
    """E ||grad critic(fake)||^2 / 2."""
    return zero_centred_penalty(critic, fake, *condition)


@torch.no_grad()
def clip_weights(module: nn.Module, limit: float) -> None:
    """Clamp every parameter to [-limit, limit] in place (Arjovsky et al. 2017, algorithm 1, limit 0.01)."""
    for parameter in module.parameters():
        parameter.clamp_(-limit, limit)


def instance_noise(samples: Tensor, std: float | Tensor) -> Tensor:
    """Samples with Gaussian noise of `std` on top, for real and fake alike (Soenderby et al. 2017)."""
    if isinstance(std, float | int) and std == 0:
        return samples
    return samples + std * torch.randn_like(samples)


def noise_std(iteration: int, initial: float, iterations: int) -> float:
    """The standard deviation in `iteration`: `initial` at 0, falling in a straight line to 0 at `iterations`."""
    return initial * max(0.0, 1.0 - iteration / iterations) if iterations > 0 else 0.0
