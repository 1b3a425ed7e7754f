"""Tokens a second that a Transformer-XL of the paper's size writes on one processor thread, at a memory of 2048.

Processor time. Beside it what a step must read (weights, keys, values, what is made of distances) at the rate at which
this machine reads, and the published way, which makes all of that anew for every token, in the same run.
"""

from collections.abc import Callable

import torch
from threadpoolctl import threadpool_limits

from antiphon.families.transformer.designs import XlNetwork
from antiphon.families.transformer.xl import XlGenerator
from antiphon.families.transformer.xl_decoder import XlDecoder
from antiphon.nn.thin import steady
from benchmarks.table import Row
from benchmarks.train_step import processor_seconds
from benchmarks.xl_plain import plain_logits

SIZES, VOCABULARY, SPAN = XlNetwork(), 310, 2048
TARGETS = {1: 160, 8: 400}
_FLOAT = 4
# Larger than any cache.
_READ = 64 * 2**20


def run(quick: bool = False) -> list[Row]:
    """Tokens a second at batch 1 and 8, and where they come from."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    # Numpy's library has threads of its own.
    with threadpool_limits(1), torch.inference_mode():
        return _rows(SIZES.build(VOCABULARY).eval(), 20 if quick else 100)


def _rows(network: XlGenerator, repeats: int) -> list[Row]:
    rows, plain = [], _plain_seconds(network, 1 if repeats <= 20 else 5)
    for num, target in TARGETS.items():
        # The rate is that of the minutes in which the steps are timed: others use the memory too.
        before = read_rate()
        decoder = filled(network, num, SPAN)
        seconds = processor_seconds(_stepping(decoder, num), repeats)
        rate = (before + read_rate()) / 2
        held = step_bytes(decoder)
        best = num / (sum(held.values()) / rate)
        parts = ", ".join(f"{name} {count / 1e6:.1f} MB" for name, count in held.items())
        name = f"tokens a second together, batch {num}"
        rows += [
            Row(name, num / seconds, "tokens/s", f">= {target}", f"{parts}; {best:.0f} at {rate / 1e9:.1f} GB/s"),
            Row(f"of what the memory allows, batch {num}", 100 * num / seconds / best, "%", "", "sum of 256 MB floats"),
        ]
    ratio = rows[0].value * plain
    return [
        *rows,
        Row("published way, batch 1", 1 / plain, "tokens/s", "", "all of memory made anew, the same run"),
        Row("ours of theirs, batch 1", ratio, "times", "", "the same weights, the same logits"),
    ]


def read_rate() -> float:
    """Bytes a second that one thread reads."""
    numbers = steady(torch.ones(_READ))
    return numbers.numel() * _FLOAT / processor_seconds(numbers.sum, 5)


def filled(network: XlGenerator, num: int, span: int) -> XlDecoder:
    """A decoder whose windows are full, of numbers that are not zero: zeros may be quicker."""
    decoder = XlDecoder(network, num, span)
    for kept in decoder.windows.kept:
        kept.normal_()
    decoder.windows.advance(span)
    return decoder


def step_bytes(decoder: XlDecoder) -> dict[str, int]:
    """What a step of all pieces must read: each number once."""
    network, windows = decoder.network, decoder.windows
    # What becomes of distances is kept, so that its weights are not read.
    weights = sum(part.numel() for name, part in network.named_parameters() if ".placed." not in name)
    heads = sum(kept[..., : windows.span].numel() for kept in windows.kept)
    places = sum(made[..., : windows.span].numel() for made in decoder.places)
    return {"weights": _FLOAT * weights, "keys and values": _FLOAT * heads, "distances": _FLOAT * places}


def _stepping(decoder: XlDecoder, num: int) -> Callable[[], object]:
    tokens = torch.randint(2, VOCABULARY, (num,))
    return lambda: decoder.step(tokens)


def _plain_seconds(network: XlGenerator, repeats: int) -> float:
    memory = torch.randn(network.sizes.num_layers, 1, SPAN, network.width)
    tokens = torch.randint(2, VOCABULARY, (1, 1))
    return processor_seconds(lambda: plain_logits(network, tokens, memory, SPAN), repeats)
