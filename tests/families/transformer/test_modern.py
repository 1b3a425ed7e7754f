"""Our generator of tokens: what it sees, and that writing token by token is reading at once."""

import pytest
import torch
from torch import Tensor

from antiphon.families.transformer.designs import ModernNetwork
from antiphon.families.transformer.modern import Layer, ModernDecoder, ModernGenerator
from antiphon.nn.rotary import turns

VOCABULARY = 23
SIZES = ModernNetwork(num_layers=2, width=16, num_heads=2, feedforward=32, span=6)


def network(sizes: ModernNetwork = SIZES) -> ModernGenerator:
    """One whose layers do something, unlike those of a fresh one."""
    torch.manual_seed(1)
    made = sizes.build(VOCABULARY).eval()
    for parameter in made.parameters():
        torch.nn.init.normal_(parameter, 0.0, 0.5)
    return made


def tokens(length: int, num: int = 3) -> Tensor:
    return torch.randint(VOCABULARY, (num, length), generator=torch.Generator().manual_seed(length))


def test_the_default_has_its_parameters_and_passes_once() -> None:
    made = ModernNetwork().build(310)
    matrices = 8 * (4 * 384 * 384 + 2 * 384 * 1536)
    assert sum(part.numel() for part in made.parameters()) == 310 * 384 + matrices + 8 * 6
    logits, memory = made(torch.zeros(1, 8, dtype=torch.int64))
    assert logits.shape == (1, 8, 310)
    assert memory is None


def test_a_fresh_one_knows_nothing() -> None:
    torch.manual_seed(0)
    logits, _ = SIZES.build(VOCABULARY)(tokens(9))
    assert logits.std() < 0.5


@torch.no_grad()
def test_it_sees_the_past_within_its_layers_windows_and_never_the_future() -> None:
    made, read = network(), tokens(24)
    changed = read.clone()
    changed[:, 8] = (read[:, 8] + 1) % VOCABULARY
    different = (made(read)[0] != made(changed)[0]).any(2)
    assert not different[:, :8].any()
    # Two layers reach 2 (span - 1) tokens on.
    assert different[:, 8 : 8 + 11].all()
    assert not different[:, 8 + 11 :].any()


@torch.no_grad()
@pytest.mark.parametrize("parts", [(1,) * 20, (5, 1, 1, 13), (20,), (2, 18)])
def test_the_decoder_gives_the_logits_of_one_pass(parts: tuple[int, ...]) -> None:
    made, read = network(), tokens(20)
    expected = made(read)[0]
    decoder, place = made.decoder(3, SIZES.span), 0
    for part in read.split(list(parts), 1):
        place += part.shape[1]
        logits = decoder.step(part[:, 0]) if part.shape[1] == 1 else decoder.read(part)
        torch.testing.assert_close(logits, expected[:, place - 1], atol=1e-5, rtol=1e-5)


@torch.no_grad()
def test_the_decoder_follows_and_keeps_no_more_than_it_began_with() -> None:
    made, read = network(), tokens(50)
    decoder = made.decoder(3, 1000)
    assert isinstance(decoder, ModernDecoder)
    kept = sum(part.numel() for part in decoder.windows.kept)
    followed = torch.cat([decoder.follow(read[:, :7]), decoder.follow(read[:, 7:])], 1)
    torch.testing.assert_close(followed, made(read)[0], atol=1e-5, rtol=1e-5)
    assert sum(part.numel() for part in decoder.windows.kept) == kept


def test_soft_tokens_are_ids_and_pass_a_gradient() -> None:
    made, read = network(), tokens(9)
    soft = torch.nn.functional.one_hot(read, VOCABULARY).float().requires_grad_()
    logits, _ = made(soft)
    torch.testing.assert_close(logits, made(read)[0])
    (gradient,) = torch.autograd.grad(logits[:, 4].sum(), soft)
    assert gradient[:, :5].abs().sum() > 0
    assert not gradient[:, 5:].any()


def test_heads_must_share_the_width() -> None:
    with pytest.raises(ValueError, match="num_heads"):
        ModernNetwork(width=30, num_heads=4)


@torch.no_grad()
def test_queries_and_keys_are_normed_and_heads_choose_how_sharp() -> None:
    made = network()
    layer = made.layers[0]
    assert isinstance(layer, Layer)
    states = made.entered(tokens(5))
    turn = turns(0, 5, 8, SIZES.base, states)
    layer.sharpness.copy_(torch.tensor([2.0, 3.0])[:, None, None])
    query, key, _ = layer.heads(states, turn)
    torch.testing.assert_close(query.norm(dim=3) / 8**0.5, torch.tensor([2.0, 3.0])[None, :, None].expand(3, 2, 5))
    torch.testing.assert_close(key.norm(dim=3) / 8**0.5, torch.ones(3, 2, 5))


@torch.no_grad()
def test_bfloat16_is_near() -> None:
    torch.manual_seed(0)
    made, read = SIZES.build(VOCABULARY).eval(), tokens(20)
    for parameter in made.parameters():
        torch.nn.init.normal_(parameter, 0.0, 0.2)
    exact, _ = made(read)
    with torch.autocast("cpu", torch.bfloat16):
        short, _ = made(read)
    assert (short - exact).abs().max() < 0.1 * exact.std()
