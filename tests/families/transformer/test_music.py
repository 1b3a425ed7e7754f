"""Music Transformer: its sizes, that its skewing is the plain sum over distances, and its decoder."""

import pytest
import torch
from torch import Tensor

from antiphon.families.transformer.designs import MusicNetwork
from antiphon.families.transformer.music import Layer, MusicGenerator

VOCABULARY = 19
SIZES = MusicNetwork(num_layers=2, width=12, num_heads=2, feedforward=20, key_width=16, reach=5)


@pytest.fixture(scope="module")
def network() -> MusicGenerator:
    torch.manual_seed(1)
    made = SIZES.build(VOCABULARY).eval()
    for parameter in made.parameters():
        torch.nn.init.normal_(parameter, 0.0, 0.6)
    return made


def tokens(length: int, num: int = 3) -> Tensor:
    return torch.randint(VOCABULARY, (num, length), generator=torch.Generator().manual_seed(length))


def test_paper_size_and_one_pass() -> None:
    made = MusicNetwork().build(310)
    # Five fewer than the paper counts: see `MusicGenerator`.
    assert sum(part.numel() for part in made.parameters()) == 16_253_189 - 5
    logits, memory = made(torch.zeros(1, 4, dtype=torch.int64))
    assert logits.shape == (1, 4, 310)
    assert memory is None


@torch.no_grad()
@pytest.mark.parametrize("length", [1, 4, 5, 6, 12])
def test_skewing_is_the_sum_over_distances(network: MusicGenerator, length: int) -> None:
    layer = network.layers[0]
    assert isinstance(layer, Layer)
    states = torch.randn(2, length, 12)
    query, key, value = layer.heads(states)
    heard = torch.zeros(2, 2, length, 6)
    for last in range(length):
        scores = (query[:, :, last, None] * key[:, :, : last + 1]).sum(3)
        for seen in range(last + 1):
            if last - seen < 5:
                scores[:, :, seen] += (query[:, :, last] * layer.places[:, 4 - (last - seen)]).sum(2)
        heard[:, :, last] = (scores.softmax(2)[..., None] * value[:, :, : last + 1]).sum(2)
    torch.testing.assert_close(layer(states), layer.after(states, heard), atol=1e-5, rtol=1e-5)


@torch.no_grad()
@pytest.mark.parametrize("parts", [(1,) * 14, (5, 1, 1, 7), (14,)])
def test_the_decoder_gives_the_logits_of_one_pass(network: MusicGenerator, parts: tuple[int, ...]) -> None:
    read = tokens(14)
    expected = network(read)[0]
    decoder, followed, place = network.decoder(3, 14), network.decoder(3, 14), 0
    for part in read.split(list(parts), 1):
        logits = decoder.step(part[:, 0]) if part.shape[1] == 1 else decoder.read(part)
        begin, place = place, place + part.shape[1]
        torch.testing.assert_close(logits, expected[:, place - 1], atol=1e-5, rtol=1e-5)
        torch.testing.assert_close(followed.follow(part), expected[:, begin:place], atol=1e-5, rtol=1e-5)


def test_the_decoder_slides(network: MusicGenerator) -> None:
    read = tokens(40)
    slow, quick = network.decoder(3, 6), network.decoder(3, 6)
    steps = torch.stack([slow.step(column) for column in read.T], 1)
    torch.testing.assert_close(quick.follow(read), steps, atol=1e-5, rtol=1e-5)
    # Two layers see 2 (6 - 1) tokens back.
    torch.testing.assert_close(network.decoder(3, 6).read(read[:, -11:]), steps[:, -1], atol=1e-5, rtol=1e-5)


def test_soft_tokens_are_ids(network: MusicGenerator) -> None:
    soft = torch.nn.functional.one_hot(tokens(6), VOCABULARY).float()
    torch.testing.assert_close(network(soft)[0], network(tokens(6))[0])


def test_keys_are_shared_by_the_heads() -> None:
    with pytest.raises(ValueError, match="key_width"):
        MusicNetwork(key_width=15)


@torch.no_grad()
def test_queries_are_scaled_by_their_width(network: MusicGenerator) -> None:
    layer = network.layers[0]
    assert isinstance(layer, Layer)
    states = torch.randn(2, 3, 12)
    query, key, value = layer.heads(states)
    told = layer.heard_norm(states) @ layer.told.weight.T
    torch.testing.assert_close(query.transpose(1, 2).flatten(2) * 8**0.5, told[..., :16])
    torch.testing.assert_close(key.transpose(1, 2).flatten(2), told[..., 16:32])
    torch.testing.assert_close(value.transpose(1, 2).flatten(2), told[..., 32:])
