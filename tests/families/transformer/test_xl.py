"""Transformer-XL: its sizes, what its memory does and forgets, and that writing token by token is reading at once."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from antiphon.families.transformer.designs import XlNetwork
from antiphon.families.transformer.generator import Memory
from antiphon.families.transformer.xl import XlGenerator
from antiphon.families.transformer.xl_decoder import XlDecoder
from antiphon.nn.relative import by_key, fused, plain, sinusoids

VOCABULARY = 17
SIZES = XlNetwork(num_layers=2, width=12, num_heads=2, feedforward=20)


@pytest.fixture(scope="module")
def network() -> XlGenerator:
    torch.manual_seed(1)
    made = SIZES.build(VOCABULARY).eval()
    for parameter in made.parameters():
        torch.nn.init.normal_(parameter, 0.0, 0.6)
    return made


def tokens(length: int, num: int = 3) -> Tensor:
    return torch.randint(VOCABULARY, (num, length), generator=torch.Generator().manual_seed(length))


@torch.no_grad()
def walked(made: XlGenerator, parts: tuple[Tensor, ...], places: int, same_length: bool) -> tuple[Tensor, Memory]:
    memory: Memory | None = made.begin(len(parts[0]), places)
    logits = []
    for part in parts:
        some, memory = made(part, memory, same_length=same_length)
        logits.append(some)
    assert memory is not None
    return torch.cat(logits, 1), memory


def test_paper_size_and_one_pass() -> None:
    made = XlNetwork().build(310)
    assert sum(part.numel() for part in made.parameters()) == 13_677_310
    logits, memory = made(torch.zeros(1, 4, dtype=torch.int64), made.begin(1, 8))
    assert logits.shape == (1, 4, 310)
    assert memory is not None
    assert memory.states.shape == (6, 1, 8, 500)
    assert memory.length.tolist() == [4]


def test_weights_are_drawn_as_published() -> None:
    state = XlNetwork(num_layers=1).build(310).state_dict()
    for name, values in state.items():
        deviation = 0.0 if name.endswith("bias") else 0.01
        middle = 1.0 if name.endswith("norm.weight") else 0.0
        assert values.std().item() == pytest.approx(deviation, rel=0.15), name
        assert values.mean().item() == pytest.approx(middle, abs=2e-3), name


@pytest.mark.parametrize("parts", [(20,), (1,) * 20, (3, 9, 1, 7), (5, 5, 5, 5)])
def test_same_length_does_not_depend_on_the_segments(network: XlGenerator, parts: tuple[int, ...]) -> None:
    read = tokens(20)
    expected, last = walked(network, read.split(4, 1), 5, same_length=True)
    ours, memory = walked(network, read.split(list(parts), 1), 5, same_length=True)
    torch.testing.assert_close(ours, expected, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(memory.states, last.states, atol=1e-5, rtol=1e-5)
    assert memory.length.tolist() == [5, 5, 5]


@torch.no_grad()
@pytest.mark.parametrize("parts", [(20,), (1,) * 20, (3, 9, 1, 7), (11, 1, 1, 1, 6)])
@pytest.mark.parametrize("span", [1, 4, 7, 50])
def test_the_decoder_gives_the_logits_of_same_length(network: XlGenerator, parts: tuple[int, ...], span: int) -> None:
    read = tokens(20)
    expected, _ = walked(network, read.split(1, 1), span, same_length=True)
    decoder, followed, place = network.decoder(3, span), network.decoder(3, span), 0
    for part in read.split(list(parts), 1):
        logits = decoder.step(part[:, 0]) if part.shape[1] == 1 else decoder.read(part)
        begin, place = place, place + part.shape[1]
        torch.testing.assert_close(logits, expected[:, place - 1], atol=1e-5, rtol=1e-5)
        torch.testing.assert_close(followed.follow(part), expected[:, begin:place], atol=1e-5, rtol=1e-5)


def test_the_decoder_keeps_no_more_than_it_began_with(network: XlGenerator) -> None:
    decoder = network.decoder(2, 4)
    assert isinstance(decoder, XlDecoder)
    kept = decoder.windows.kept[0].data_ptr()
    decoder.read(tokens(100, 2))
    assert decoder.windows.kept[0].data_ptr() == kept
    assert decoder.windows.kept[0].shape[-1] == 8


@torch.no_grad()
def test_a_full_memory_and_the_whole_segment_are_seen(network: XlGenerator) -> None:
    read = tokens(12, 1)
    changed = read.clone()
    changed[0, 3] = (read[0, 3] + 1) % VOCABULARY
    (ours, _), (other, _) = (walked(network, part.split(4, 1), 4, same_length=False) for part in (read, changed))
    different = (ours != other).any(2)[0].tolist()
    # Through the memory to the next segment, and through its states, which saw that, to the one after.
    assert different == [False] * 3 + [True] * 9


@torch.no_grad()
def test_a_fresh_column_forgets_for_good(network: XlGenerator) -> None:
    read = tokens(24)
    memory: Memory | None = network.begin(3, 9)
    made = []
    for number, part in enumerate(read.split(4, 1)):
        fresh = torch.tensor([False, number == 2, False])
        logits, memory = network(part, memory, fresh)
        assert memory is not None
        made.append(logits)
    together = torch.cat(made, 1)
    alone, _ = walked(network, read[1:2, 8:].split(4, 1), 9, same_length=False)
    torch.testing.assert_close(together[1:2, 8:], alone, atol=1e-5, rtol=1e-5)
    whole, _ = walked(network, read.split(4, 1), 9, same_length=False)
    torch.testing.assert_close(together[[0, 2]], whole[[0, 2]], atol=1e-5, rtol=1e-5)
    assert (together[1, 8:] - whole[1, 8:]).abs().max() > 1e-2
    assert memory is not None
    assert memory.length.tolist() == [9, 9, 9]


def test_no_gradient_enters_the_memory_but_its_keys_teach(network: XlGenerator) -> None:
    _, memory = network(tokens(4), network.begin(3, 4))
    assert memory is not None
    assert not memory.states.requires_grad
    told = network.layers[0].get_parameter("told.weight")
    gradients = []
    for mine in (memory, network.begin(3, 4)):
        logits, _ = network(tokens(4), mine)
        gradients.append(torch.autograd.grad(logits.square().sum(), told)[0])
    assert not torch.allclose(gradients[0], gradients[1])


def test_gradients_are_those_of_differences() -> None:
    torch.manual_seed(2)
    made = SIZES.build(VOCABULARY).double().eval()
    for parameter in made.parameters():
        torch.nn.init.normal_(parameter, 0.0, 0.4)
    states = torch.randn(2, 2, 3, 12, dtype=torch.float64)
    memory = Memory(states, torch.tensor([3, 1]))
    soft = torch.rand(2, 3, VOCABULARY, dtype=torch.float64).requires_grad_()
    assert torch.autograd.gradcheck(lambda given: made(given, memory)[0][..., :3], soft)
    assert torch.autograd.gradcheck(lambda given: made(given, memory, same_length=True)[0][..., :3], soft)


def test_soft_tokens_are_ids(network: XlGenerator) -> None:
    read = tokens(6)
    soft = torch.nn.functional.one_hot(read, VOCABULARY).float()
    torch.testing.assert_close(network(soft)[0], network(read)[0])


def test_dropout_while_training_alone(network: XlGenerator) -> None:
    read = tokens(6)
    torch.manual_seed(0)
    first, second = (network.train()(read)[0] for _ in range(2))
    assert not torch.allclose(first, second)
    torch.testing.assert_close(network.eval()(read)[0], network(read)[0], rtol=0, atol=0)


def test_same_length_without_memory_is_a_mistake(network: XlGenerator) -> None:
    with pytest.raises(ValueError, match="memory"):
        network(tokens(4), same_length=True)


def test_products_by_key_are_a_view() -> None:
    products = torch.arange(15.0).view(3, 5)
    # Queries 1 to 3 of four keys: distances 4 (nobody's), 3, 2, 1, 0.
    shifted = by_key(products)
    assert shifted.data_ptr() == products[0, 3:].data_ptr()
    assert shifted.shape == (3, 4)
    for query in range(3):
        for key in range(query + 2):
            assert shifted[query, key] == products[query, 4 - (query + 1 - key)]


def test_sines_then_cosines() -> None:
    like = torch.zeros(1, dtype=torch.float64)
    table = sinusoids(3, 4, like)
    angle = torch.tensor([2.0, 0.02], dtype=torch.float64)
    torch.testing.assert_close(table[0], torch.cat([angle.sin(), angle.cos()]))
    assert table[2].tolist() == [0, 0, 1, 1]


@pytest.mark.parametrize("attention", [plain, fused])
def test_attention_with_a_bias_at_any_width(attention: Callable[..., Tensor]) -> None:
    query, key, value = torch.randn(2, 3, 4, 5), torch.randn(2, 3, 6, 5), torch.randn(2, 3, 6, 7)
    bias, hidden = torch.randn(2, 3, 4, 6), torch.rand(2, 1, 4, 6) < 0.4
    hidden[..., 0] = False
    expected = (query @ key.transpose(2, 3) + bias).masked_fill(hidden, -torch.inf).softmax(3) @ value
    torch.testing.assert_close(attention(query, key, value, bias, hidden, dropout=0.0), expected)


def test_bfloat16_is_near(network: XlGenerator) -> None:
    read, memory = tokens(8), network.begin(3, 4)
    exact, _ = network(read, memory)
    with torch.autocast("cpu", torch.bfloat16):
        short, _ = network(read, memory)
    assert (short - exact).abs().max() < 0.1 * exact.std()


def test_what_distances_say_is_dropped_too() -> None:
    made = SIZES.build(VOCABULARY).train()
    seen: list[Tensor] = []
    made.dropout.register_forward_hook(lambda module, given, passed: seen.append(passed))
    made(tokens(4), made.begin(3, 4))
    assert [tuple(part.shape) for part in seen] == [(9, 12), (3, 4, 12), (3, 4, 12)]
    assert (seen[0] == 0).float().mean() > 0.03


def test_what_a_decoder_draws_can_be_learned_from(network: XlGenerator) -> None:
    drawn = network.decoder(3, 4).step(tokens(1)[:, 0]).argmax(1)
    network(drawn[:, None])[0].sum().backward()
    network.zero_grad()
