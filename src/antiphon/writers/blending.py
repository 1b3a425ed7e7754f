"""Values between values: in a straight line, or over the sphere that both lie on (Shoemake 1985)."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import numpy as np
import torch
from numpy.typing import NDArray

Values = NDArray[np.float64]
Way = Callable[[Values, Values, float], Values]
Place = tuple[float, ...]
"""Where a point lies between two values, (share,), or between four, (share, share); see `blended`."""

_SMALL = 1e-6
# Uniform numbers can be 0, which no Gaussian belongs to.
_LEAST = 2.0**-60


def lerp(first: Values, last: Values, share: float) -> Values:
    """The straight line."""
    return (1 - share) * first + share * last


def slerp(first: Values, last: Values, share: float) -> Values:
    """The arc between vectors (..., L): sin((1 - s) a) / sin(a) first + sin(s a) / sin(a) last, a their angle; the
    straight line where there is none."""
    lengths = [np.linalg.norm(values, axis=-1, keepdims=True) for values in (first, last)]
    product = lengths[0] * lengths[1]
    cosine = (first * last).sum(-1, keepdims=True) / np.where(product > 0, product, 1)
    angle = np.arccos(np.clip(cosine, -1, 1))
    sine = np.sin(angle)
    flat = (sine < _SMALL) | (product == 0)
    sine = np.where(flat, 1, sine)
    weights = [np.where(flat, line, np.sin(line * angle) / sine) for line in (1 - share, share)]
    return np.asarray(weights[0] * first + weights[1] * last)


WAYS: Mapping[str, Way] = MappingProxyType({"slerp": slerp, "lerp": lerp})
"""By name. Gaussian vectors between Gaussian vectors are as likely as these on the arc, and too short on the line."""


def blended(ends: Sequence[Values], place: Place, way: Way) -> Values:
    """What lies between two values at a share, or between four: from the first to the second and from the third to the
    fourth at one share, and from what that gives to the other at another. Shares of 0 and 1 give the ends unchanged.

    Raises
    ------
    ValueError
        If there are not two ends a share.
    """
    if len(ends) != 2 ** len(place):
        raise ValueError(f"{len(place)} shares lie between {2 ** len(place)} values, not {len(ends)}")
    values = list(ends)
    for share in place:
        pairs = zip(values[::2], values[1::2], strict=True)
        values = [_between(first, last, share, way) for first, last in pairs]
    return values[0]


def nearest(place: Place) -> int:
    """The number of the end that a place is nearest to."""
    return sum(2**axis for axis, share in enumerate(place) if share > 0.5)


def between_uniforms(ends: Sequence[Values], place: Place, way: Way) -> Values:
    """As `blended`, of numbers between 0 and 1 drawn evenly, by way of the Gaussian vectors that belong to them: what
    lies on the arc is drawn as evenly as they are."""
    if all(share in {0.0, 1.0} for share in place):
        return blended(ends, place, lerp)
    normal = [torch.special.ndtri(torch.from_numpy(end).clamp(_LEAST, 1 - 2.0**-53)).numpy().ravel() for end in ends]
    values = torch.special.ndtr(torch.from_numpy(blended(normal, place, way)))
    return np.asarray(values.numpy().reshape(ends[0].shape))


def _between(first: Values, last: Values, share: float, way: Way) -> Values:
    return first if share == 0 else last if share == 1 else way(first, last, share)
