"""Windowed attention against a mask over all pairs; rotary positions know distances only."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from antiphon.nn import windowed
from antiphon.nn.rotary import turned, turns
from antiphon.nn.windowed import band, fused, plain, windowed_attention


def draws(length: int) -> list[Tensor]:
    chance = torch.Generator().manual_seed(length)
    return [torch.randn(2, 3, length, 4, generator=chance, dtype=torch.float64).requires_grad_() for _ in range(3)]


@pytest.mark.parametrize(("length", "span"), [(1, 4), (4, 4), (5, 4), (12, 4), (19, 4), (7, 1)])
@pytest.mark.parametrize("attention", [plain, fused])
def test_windows_are_what_a_mask_over_all_pairs_gives(
    attention: Callable[..., Tensor], length: int, span: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(windowed, "_BLOCK", 5)
    query, key, value = draws(length)
    scores = query @ key.transpose(2, 3) / 2
    distance = torch.arange(length)[:, None] - torch.arange(length)
    scores = scores.masked_fill((distance < 0) | (distance >= span), -torch.inf)
    expected, ours = scores.softmax(3) @ value, attention(query, key, value, span)
    torch.testing.assert_close(ours, expected)
    weight = torch.randn_like(expected)
    for mine, theirs in zip(
        *(
            torch.autograd.grad((made * weight).sum(), draws_)
            for made, draws_ in (
                (ours, (query, key, value)),
                (expected, (query, key, value)),
            )
        ),
        strict=True,
    ):
        torch.testing.assert_close(mine, theirs)


def test_a_band_is_seen_from_the_last_tokens() -> None:
    expected = [[True, True, False], [False, True, True]]
    assert band(2, 3, 2, torch.device("cpu")).tolist() == expected


def test_turned_products_depend_on_distance_alone() -> None:
    query, key = torch.randn(2, 8, dtype=torch.float64)
    near, far = (turns(first, 10, 8, 100.0, query) for first in (0, 100_000))
    products = [turned(query.expand(10, 8), turn) @ turned(key.expand(10, 8), turn).T for turn in (near, far)]
    torch.testing.assert_close(products[0], products[1])
    torch.testing.assert_close(products[0][3:, 3:], products[0][:-3, :-3])
    assert not torch.allclose(products[0][0], products[0][0, 0].expand(10))


def test_angles_are_right_far_from_the_begin() -> None:
    like = torch.zeros(1, dtype=torch.float32)
    cosine, _ = turns(1_000_000, 1, 2, 10.0, like)
    assert cosine.item() == pytest.approx(0.9367521275331447, abs=1e-7)


def test_the_type_is_that_of_the_values() -> None:
    query, key, value = (torch.randn(1, 1, 6, 4) for _ in range(3))
    made = windowed_attention(query, key, value.bfloat16(), 3)
    assert made.dtype == torch.bfloat16
    assert (made - windowed_attention(query, key, value, 3)).abs().max() < 0.05
