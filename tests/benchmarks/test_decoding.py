"""The speed of decoding: that the two ways agree, what is counted, and the table at toy size."""

import pytest
import torch
from benchmarks.xl_plain import plain_logits

from antiphon.families.transformer.designs import XlNetwork
from antiphon.families.transformer.generator import Memory
from benchmarks import decoding

SIZES = XlNetwork(num_layers=2, width=8, num_heads=2, feedforward=12)


@torch.no_grad()
@pytest.mark.parametrize("span", [None, 5])
def test_the_published_way_gives_the_same_logits(span: int | None) -> None:
    torch.manual_seed(0)
    network = SIZES.build(11).eval()
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, 0.0, 0.5)
    states, tokens = torch.randn(2, 3, 5, 8), torch.randint(11, (3, 4))
    ours, memory = network(tokens, Memory(states, torch.full((3,), 5)), same_length=span is not None)
    theirs, after = plain_logits(network, tokens, states, span)
    torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=1e-5)
    assert memory is not None
    torch.testing.assert_close(memory.states, after, atol=1e-5, rtol=1e-5)


@torch.inference_mode()
def test_bytes_of_a_step() -> None:
    network = SIZES.build(11)
    counted = decoding.step_bytes(decoding.filled(network, 3, 16))
    placed = 2 * 8 * 8
    assert counted["weights"] == 4 * (sum(part.numel() for part in network.parameters()) - placed)
    assert counted["keys and values"] == 4 * 2 * 2 * 3 * 16 * 8
    assert counted["distances"] == 4 * 2 * 16 * 8


def test_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"SIZES": SIZES, "VOCABULARY": 11, "SPAN": 16, "_READ": 1000}.items():
        monkeypatch.setattr(decoding, name, value)
    rows = decoding.run(quick=True)
    assert [row.target for row in rows] == [">= 160", "", ">= 400", "", "", ""]
    assert all(row.value > 0 for row in rows)
