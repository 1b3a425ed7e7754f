"""Which token comes next: drawn from scores, of the likeliest alone if so wished, and whether rounding decided it.

Axes: N songs, V vocabulary.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor


class Manner(NamedTuple):
    """How boldly tokens are drawn.

    Parameters
    ----------
    temperature
        Below 1 safer, above 1 wilder, 0 the likeliest each time.
    top_k
        Of so many likeliest alone; None: of all.
    top_p
        Of the fewest likeliest that together have this share of the chances (nucleus sampling, Holtzman et al. 2020),
        after the temperature; None: of all. Beside `top_k` the smaller set counts.
    """

    temperature: float = 1.0
    top_k: int | None = None
    top_p: float | None = None


def choose(logits: Tensor, noise: Tensor, manner: Manner, margin: float = 0.0) -> tuple[Tensor, Tensor]:
    """Tokens (N,), and whether each would be the same under any logits that differ by less than the margin (N,).

    Parameters
    ----------
    logits
        (N, V) of float64; -inf for tokens that are out of the question.
    noise
        Standard Gumbel noise (N, V): the largest of logits / temperature + noise is a draw from their softmax.
    manner
        How boldly.
    margin
        What differences between two logits are known to.
    """
    scores = logits + manner.temperature * noise
    ordered = logits.sort(dim=1, descending=True).values
    fewest, most = _kept(ordered, manner, margin)
    best = scores.masked_fill(logits < ordered.gather(1, most - 1) - margin, -torch.inf).topk(2, dim=1)
    chosen = best.indices[:, :1]
    lead = best.values[:, :1] - best.values[:, 1:]
    first_out = F.pad(ordered, (0, 1), value=-torch.inf).gather(1, fewest)
    # Written so that NaN is unsure.
    sure = (lead > margin) & (logits.gather(1, chosen) > first_out + margin)
    return chosen[:, 0], sure[:, 0]


def _kept(ordered: Tensor, manner: Manner, margin: float) -> tuple[Tensor, Tensor]:
    """How many of the likeliest, by logits in descending order, stay at least, 0 or more, and at most (N, 1)."""
    num = min(manner.top_k or ordered.shape[1], ordered.shape[1])
    fewest = most = torch.full((len(ordered), 1), num)
    if manner.top_p is None or not manner.temperature:
        return fewest, most
    shares = (ordered / manner.temperature).softmax(1)
    before = shares.cumsum(1) - shares
    slack = margin / manner.temperature
    least, largest = ((before < manner.top_p + apart).sum(1, keepdim=True) for apart in (-slack, slack))
    return fewest.minimum(least), most.minimum(largest.clamp_min(1))
