"""How the inverse temperature of the sampling's gradient rises: the released code's seven policies.

In each, i is the iteration, N the iterations until the highest inverse temperature B is reached. All but one begin near
1, and all but "no" end near B (Nie et al. 2019, RelGAN, section 3.4 and appendix E).
"""

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType

Policy = Callable[[float, float, float], float]
"""The inverse temperature from i, N and B."""


def _sigmoid(i: float, num: float, highest: float) -> float:
    return 1 + (highest - 1) / (1 + math.exp((num / 2 - i) * 20 / num))


POLICIES: Mapping[str, Policy] = MappingProxyType(
    {
        "no": lambda i, num, highest: 1.0,
        "lin": lambda i, num, highest: 1 + i * (highest - 1) / max(num - 1, 1),
        "exp": lambda i, num, highest: highest ** (i / num),
        "log": lambda i, num, highest: 1 + (highest - 1) * math.log(i + 1) / math.log(max(num, 2)),
        "sigmoid": _sigmoid,
        "quad": lambda i, num, highest: 1 + (highest - 1) * i**2 / max(num - 1, 1) ** 2,
        "sqrt": lambda i, num, highest: 1 + (highest - 1) * math.sqrt(i / max(num - 1, 1)),
    }
)
"""By the published names."""


def temperature(policy: str, iteration: int, iterations: int, highest: float) -> float:
    """1 / beta in an iteration; from `iterations` on it stays.

    Raises
    ------
    ValueError
        If there is no such policy.
    """
    if policy not in POLICIES:
        raise ValueError(f"there is no policy {policy!r}; choose one of {', '.join(POLICIES)}")
    return 1 / POLICIES[policy](min(iteration, iterations), iterations, highest)
