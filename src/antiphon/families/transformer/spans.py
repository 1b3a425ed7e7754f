"""Which tokens a masked model has to tell, and what it hears in their place.

Axes: B piece, T token, S span.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

import torch
from torch import Tensor

from antiphon.families.transformer.masked_config import Masking

_MASKED, _RANDOM = 0.8, 0.9


class Chosen(NamedTuple):
    """Places (B, T) that are to be told, and for each a number in [0, 1) that decides what is heard there."""

    places: Tensor
    fate: Tensor


def choose_spans(there: Tensor, masking: Masking) -> Chosen:
    """Spans of geometric length, cut to the longest, anywhere, none over another, until the share is reached exactly; a
    span has one fate.

    Parameters
    ----------
    there
        Which tokens (B, T) are music, those of a piece first.
    masking
        Share, chance and longest span.

    Source: Joshi et al. 2020 (SpanBERT), section 3.1; there a span longer than what is left of the share is drawn anew,
    here the last one is cut.
    """
    num = there.sum(dim=1, keepdim=True)
    wanted = (num * masking.share).round().clamp_min(1).minimum(num).long()
    lengths = _lengths(there, masking)
    # As many spans as the share takes; then each token that stays is a thing of length 1. Their random order is a
    # placing of all spans, each as likely as any other.
    spans = (wanted - (lengths.cumsum(1) - lengths)).clamp_min(0).minimum(lengths)
    single = (torch.arange(there.shape[1], device=there.device) < num - wanted).long()
    things = torch.cat([spans, single], dim=1)
    order = torch.rand(things.shape, device=there.device).argsort(dim=1)
    things, is_span = things.gather(1, order), order < spans.shape[1]
    ends, place = things.cumsum(dim=1), torch.arange(there.shape[1], device=there.device)
    thing = torch.searchsorted(ends, place.expand_as(there).contiguous(), right=True)
    thing = thing.clamp_max(things.shape[1] - 1)
    fate = torch.rand(things.shape, device=there.device)
    return Chosen(is_span.gather(1, thing) & there, fate.gather(1, thing))


def choose_singly(there: Tensor, masking: Masking) -> Chosen:
    """Each token by itself with the same chance, as the released code does."""
    drawn, fate = torch.rand((2, *there.shape), device=there.device)
    return Chosen((drawn < masking.share) & there, fate)


CHOICES: Mapping[str, Callable[[Tensor, Masking], Chosen]] = MappingProxyType(
    {"spans": choose_spans, "single": choose_singly}
)
"""By `Masking.choice`."""


def heard(tokens: Tensor, chosen: Chosen, mask: int) -> Tensor:
    """Tokens (B, T) with eight of ten chosen ones masked, one replaced by any, the mask among them, and one left as it
    is (Devlin et al. 2018, section 3.1)."""
    other = torch.randint_like(tokens, mask + 1)
    replaced = torch.where(chosen.fate < _MASKED, mask, torch.where(chosen.fate < _RANDOM, other, tokens))
    return torch.where(chosen.places, replaced, tokens)


def _lengths(there: Tensor, masking: Masking) -> Tensor:
    """Lengths (B, S) of geometric chance among those up to the longest, more than enough."""
    most = max(int(there.shape[1] * masking.share + 1), 1)
    chances = masking.chance * (1 - masking.chance) ** torch.arange(masking.longest, device=there.device)
    drawn = torch.multinomial(chances, len(there) * most, replacement=True)
    return drawn.view(len(there), most) + 1
