"""What the benchmark of gradients reckons: agreement without and with noise, and bytes that wait."""

import pytest
import torch
from benchmarks.adversarial_gradients import Kept, agreement, cosine, share
from torch import nn


def test_agreement_is_one_without_noise_and_none_where_all_is_noise() -> None:
    torch.manual_seed(0)
    same = torch.randn(1, 500).expand(20, -1)
    assert share(same) == pytest.approx(1, rel=1e-5)
    assert abs(share(torch.randn(40, 5000))) < 0.01
    half = torch.randn(1, 5000) + torch.randn(200, 5000)
    assert share(half) == pytest.approx(0.5, abs=0.05)


def test_two_kinds_agree_as_their_means_do() -> None:
    torch.manual_seed(0)
    mean = torch.randn(1, 2000)
    one, other = (mean * factor + torch.randn(50, 2000) for factor in (2, -3))
    assert agreement(one, other) == pytest.approx(-6 * float(mean.square().sum()), rel=0.05)
    assert cosine(one, other) == pytest.approx(-1, abs=0.02)


def test_what_waits_is_counted_once_and_let_go() -> None:
    layer = nn.Linear(10, 20, bias=False)
    with Kept(layer) as kept:
        hidden = torch.randn(5, 10)
        made = layer(hidden).sigmoid()
        # Sigmoid keeps what it gave, the map what it took; the weight is there anyway.
        assert kept.now == kept.most == 4 * (5 * 10 + 5 * 20)
        made.sum().backward()
        assert kept.now == 0
    assert kept.most == 600
