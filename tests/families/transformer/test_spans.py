"""What is hidden of a block: the share exactly, spans of the right lengths anywhere, eight of ten masked."""

import pytest
import torch
from torch import Tensor

from antiphon.families.transformer.masked_config import Masking
from antiphon.families.transformer.spans import CHOICES, choose_spans, heard

SPANS, SINGLE = Masking(), Masking(choice="single")


def lengths(places: Tensor) -> list[int]:
    """Of all runs of hidden tokens."""
    edges = torch.nn.functional.pad(places.int(), (1, 1)).diff(dim=1)
    begins, ends = (edges == 1).nonzero()[:, 1], (edges == -1).nonzero()[:, 1]
    return (ends - begins).tolist()


@pytest.mark.parametrize("length", [1, 2, 7, 20, 128, 512])
def test_spans_hide_the_share_exactly(length: int) -> None:
    there = torch.arange(length) < torch.tensor([length, max(length // 2, 1), 1])[:, None]
    places, _ = choose_spans(there, SPANS)
    wanted = (there.sum(1) * 0.15).round().clamp_min(1)
    assert torch.equal(places.sum(1), wanted.long())
    assert not (places & ~there).any()


def test_spans_are_as_long_as_their_chance_says() -> None:
    chances = torch.tensor([0.2 * 0.8**k for k in range(10)])
    mean = float((chances / chances.sum() * torch.arange(1, 11)).sum())
    assert mean == pytest.approx(3.8, abs=0.01)
    found = lengths(choose_spans(torch.ones(200, 512, dtype=torch.bool), Masking(share=0.02)).places)
    # The last of each row is cut, and some lie side by side.
    assert sum(found) / len(found) == pytest.approx(3.1, abs=0.25)
    assert max(found) > 8
    few = lengths(choose_spans(torch.ones(100, 512, dtype=torch.bool), Masking(longest=1)).places)
    assert sum(length == 1 for length in few) / len(few) > 0.8


@pytest.mark.parametrize("choice", CHOICES)
def test_every_place_is_hidden_equally_often(choice: str) -> None:
    places, _ = CHOICES[choice](torch.ones(20_000, 40, dtype=torch.bool), SPANS)
    often = places.float().mean(0)
    assert float(often.mean()) == pytest.approx(0.15, abs=0.005)
    inner = often[10:-10]
    assert float((inner - inner.mean()).abs().max()) < 0.015
    # A span that lies anywhere covers the ends less often.
    assert float(often.min()) > 0.04


def test_single_tokens_are_each_for_itself() -> None:
    places, _ = CHOICES["single"](torch.ones(500, 512, dtype=torch.bool), SINGLE)
    both = (places[:, 1:] & places[:, :-1]).float().mean()
    assert float(both) == pytest.approx(0.15**2, rel=0.1)
    spans, _ = choose_spans(torch.ones(500, 512, dtype=torch.bool), SPANS)
    assert float((spans[:, 1:] & spans[:, :-1]).float().mean()) > 0.08


def test_a_span_has_one_fate() -> None:
    places, fate = choose_spans(torch.ones(50, 200, dtype=torch.bool), Masking(share=0.05))
    inside = places[:, 1:] & places[:, :-1]
    same = fate[:, 1:] == fate[:, :-1]
    assert float(same[inside].float().mean()) > 0.9
    assert len(fate[places].unique()) > 50


@pytest.mark.parametrize("choice", CHOICES)
def test_of_ten_hidden_tokens_eight_are_masked_one_is_any_and_one_stays(choice: str) -> None:
    tokens = torch.randint(2, 300, (200, 512))
    chosen = CHOICES[choice](torch.ones_like(tokens, dtype=torch.bool), SPANS)
    told = heard(tokens, chosen, mask=310)
    assert torch.equal(told[~chosen.places], tokens[~chosen.places])
    hidden, was = told[chosen.places], tokens[chosen.places]
    masked, kept = (hidden == 310).float().mean(), (hidden == was).float().mean()
    assert float(masked) == pytest.approx(0.8, abs=0.02)
    assert float(kept) == pytest.approx(0.1, abs=0.015)
    others = hidden[(hidden != was) & (hidden != 310)]
    assert int(others.min()) < 20 and int(others.max()) > 295


def test_padding_is_never_hidden_and_chance_is_seeded() -> None:
    there = torch.arange(64) < torch.tensor([10, 64])[:, None]
    for choice in CHOICES.values():
        torch.manual_seed(1)
        one = choice(there, SPANS)
        torch.manual_seed(1)
        again = choice(there, SPANS)
        assert torch.equal(one.places, again.places) and not (one.places & ~there).any()
