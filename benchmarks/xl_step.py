"""A likelihood step of a Transformer-XL at the paper's shapes on one thread: batch 4 of 128 tokens, memory 1024.

Processor time of loss and gradients, without the optimizer. The published way, which makes queries of memory places and
gradients into them, has the same weights and is timed in the same run.
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from antiphon.families.transformer.designs import XlNetwork
from antiphon.families.transformer.generator import Memory
from antiphon.families.transformer.xl import XlGenerator
from benchmarks.table import Row
from benchmarks.train_step import matrix_rate, processor_seconds
from benchmarks.xl_plain import plain_logits

SIZES, VOCABULARY = XlNetwork(), 310
BATCH, SEGMENT, MEMORY = 4, 128, 1024
# Tokens a second of the released code, measured once on a busy thread.
STORED = 200


def run(quick: bool = False) -> list[Row]:
    """Tokens a second in float32 and bfloat16, and those of the published way."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    network = SIZES.build(VOCABULARY).train()
    tokens = torch.randint(2, VOCABULARY, (BATCH, SEGMENT + 1))
    states = torch.randn(SIZES.num_layers, BATCH, MEMORY, SIZES.width)
    ours, plain = _ways(network, tokens, states)
    repeats = 1 if quick else 7
    seconds = {"ours": processor_seconds(ours, repeats), "plain": processor_seconds(plain, repeats)}
    with torch.autocast("cpu", torch.bfloat16):
        seconds["short"] = processor_seconds(ours, repeats)
    work, more = operations(ours), operations(plain)
    share = work / seconds["ours"] / matrix_rate()
    num = BATCH * SEGMENT
    note = f"{work / 1e9:.0f} GFLOP, {share:.0%} of sgemm's rate"
    return [
        Row("training, float32", num / seconds["ours"], "tokens/s", f">= {1.3 * STORED:g}", note),
        Row("training, bfloat16 products", num / seconds["short"], "tokens/s", "", "autocast"),
        Row("published way, float32", num / seconds["plain"], "tokens/s", "", f"{more / 1e9:.0f} GFLOP, the same run"),
        Row("ours of theirs", seconds["plain"] / seconds["ours"], "times", ">= 1.3", f"{more / work:.2f} by FLOPs"),
    ]


def operations(step: Callable[[], object]) -> int:
    """Floating-point operations of a step's matrix products, as torch counts them where they are its own."""
    counter = FlopCounterMode(display=False, custom_mapping={torch.ops.mkldnn._linear_pointwise: _of_linear})
    with counter:
        step()
    return int(counter.get_total_flops())


def _of_linear(rows: torch.Size, weight: torch.Size, *others: object, **more: object) -> int:
    return 2 * rows.numel() * weight[0]


def _ways(network: XlGenerator, tokens: Tensor, states: Tensor) -> tuple[Callable[[], None], Callable[[], None]]:
    read, following = tokens[:, :-1], tokens[:, 1:].flatten()
    memory = Memory(states, torch.full((len(tokens),), states.shape[2]))

    def learned(logits: Tensor) -> None:
        network.zero_grad()
        F.cross_entropy(logits.float().flatten(0, 1), following).backward()  # type: ignore[no-untyped-call]

    return lambda: learned(network(read, memory)[0]), lambda: learned(plain_logits(network, read, states)[0])
