"""All chance of an iteration from (seed, rank, iteration): torch's default generators, reseeded cheaply."""

import torch

_WORD = 2**64 - 1


def mix(*values: int) -> int:
    """Hash integers to 64 well-mixed bits: one SplitMix64 step (Steele et al. 2014) for each value."""
    state = 0
    for value in values:
        state = (state ^ value) + 0x9E3779B97F4A7C15 & _WORD
        state = (state ^ state >> 30) * 0xBF58476D1CE4E5B9 & _WORD
        state = (state ^ state >> 27) * 0x94D049BB133111EB & _WORD
        state ^= state >> 31
    return state


def seed_torch(*values: int, device: torch.device | None = None) -> None:
    """Seed the default generators of the CPU and of `device` with the hash of `values`.

    `torch.manual_seed` would do, but it looks for every backend at each call and takes a hundred times as long.
    """
    state = mix(*values)
    torch.default_generator.manual_seed(state)
    if device is not None and device.type == "cuda":
        torch.cuda.default_generators[device.index or 0].manual_seed(state)
