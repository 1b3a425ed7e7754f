"""What generators write in the game: three ways to the same tokens, and each one's gradients, against those by hand."""

from collections.abc import Iterator

import pytest
import torch
from torch import Tensor

from antiphon.codecs.performance import PADDING, START
from antiphon.families.transformer.designs import LstmNetwork, ModernNetwork, Network, XlNetwork
from antiphon.families.transformer.fakes import WAYS, one_hots, written
from antiphon.families.transformer.game_config import Game
from antiphon.families.transformer.generator import Generator

VOCABULARY = 12
XL = XlNetwork(num_layers=2, width=12, num_heads=2, feedforward=16, dropout=0.0, attention_dropout=0.0)
DESIGNS: dict[str, Network] = {
    "xl": XL,
    "modern": ModernNetwork(num_layers=2, width=12, num_heads=2, feedforward=16),
    "lstm": LstmNetwork(num_layers=1, width=12, dropout=0.0),
}
GAME = Game(length=12, windows=2, context=3, memory=12)


def generator(design: str = "xl") -> Generator:
    torch.manual_seed(1)
    made = DESIGNS[design].build(VOCABULARY).double().eval()
    for weight in made.parameters():
        torch.nn.init.normal_(weight, 0.0, 0.4)
    return made


def context(num: int = 4, size: int = 3) -> Tensor:
    return torch.randint(2, VOCABULARY, (num, size), generator=torch.Generator().manual_seed(2))


def windows(way: str, made: Generator, temperature: float = 0.7, game: Game = GAME) -> Iterator[Tensor]:
    torch.manual_seed(3)
    return WAYS[way](made, context(size=game.context), game, temperature)


@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("way", WAYS)
def test_fakes_are_one_hot_begin_as_told_and_never_pad(way: str, design: str) -> None:
    rows = torch.cat(list(windows(way, generator(design))), dim=1)
    assert rows.shape == (4, 12, VOCABULARY)
    assert set(rows.unique().tolist()) == {0.0, 1.0} and (rows.sum(2) == 1).all()
    assert torch.equal(rows.argmax(2)[:, :3], context())
    assert not rows[:, 3:, [START, PADDING]].any()


@pytest.mark.parametrize("design", DESIGNS)
def test_all_ways_write_the_same(design: str) -> None:
    made = generator(design)
    wrote = {way: torch.cat([w.argmax(2) for w in windows(way, made)], dim=1) for way in WAYS}
    torch.manual_seed(3)
    plain, _ = written(made, context(), GAME)
    assert all(torch.equal(tokens, plain) for tokens in wrote.values())
    assert len(plain.unique(dim=0)) == 4


@pytest.mark.parametrize("design", DESIGNS)
def test_tokens_are_drawn_as_likelihood_says(design: str) -> None:
    made = generator(design)
    many = context(1).expand(20_000, -1)
    tokens, noise = written(made, many, Game(length=4, windows=1, context=3, memory=12))
    logits = made(many[:1], made.begin(1, 12) if made.num_levels else None)[0][0, -1].detach()
    logits[[START, PADDING]] = -torch.inf
    counts = torch.bincount(tokens[:, 3], minlength=VOCABULARY) / len(tokens)
    torch.testing.assert_close(counts.double(), logits.softmax(0), atol=0.015, rtol=0)
    assert noise.shape == (20_000, 1, VOCABULARY)


def gradients(way: str, made: Generator, game: Game = GAME, temperature: float = 0.7) -> dict[str, Tensor]:
    """Of a score that weighs every token at every place otherwise, squared, so that tokens meet."""
    made.zero_grad()
    weigh = torch.randn(game.window, VOCABULARY, dtype=torch.float64, generator=torch.Generator().manual_seed(4))
    for window in windows(way, made, temperature, game):
        (window * weigh).sum((1, 2)).square().mean().backward()
    return {name: w.grad.clone() for name, w in made.named_parameters() if w.grad is not None}


def whole(made: Generator, game: Game, temperature: float, through: bool) -> dict[str, Tensor]:
    """The same score's gradients, from windows in which every token is written anew from all before it, `through` which
    gradients go or do not."""
    made.zero_grad()
    weigh = torch.randn(game.window, VOCABULARY, dtype=torch.float64, generator=torch.Generator().manual_seed(4))
    rows = one_hots(context(), made)
    torch.manual_seed(3)
    uniform = [torch.rand(4, VOCABULARY) for _ in range(game.length - game.context)]
    for begin in range(0, game.length, game.window):
        rows = rows.detach()
        for place in range(rows.shape[1], begin + game.window):
            read = rows if through else rows.detach()
            logits = made(read, made.begin(4, 0))[0][:, -1].float().index_fill(1, torch.tensor([0, 1]), -torch.inf)
            noise = -torch.log(-torch.log(uniform[place - game.context].to(logits) + 1e-20) + 1e-20)
            soft = ((logits + noise) / temperature).softmax(1)
            hard = torch.nn.functional.one_hot(soft.argmax(1), VOCABULARY)
            rows = torch.cat([rows, (soft + (hard - soft).detach())[:, None].to(rows)], dim=1)
        (rows[:, begin:] * weigh).sum((1, 2)).square().mean().backward()
    return {name: w.grad.clone() for name, w in made.named_parameters() if w.grad is not None}


def alike(one: dict[str, Tensor], other: dict[str, Tensor]) -> float:
    left, right = (torch.cat([part.flatten() for _, part in sorted(of.items())]) for of in (one, other))
    return float(torch.nn.functional.cosine_similarity(left, right, dim=0))


@pytest.mark.parametrize(("way", "through"), [("segment", True), ("choices", False)])
def test_a_first_windows_gradient_is_the_one_by_hand(way: str, through: bool) -> None:
    made, game = generator(), Game(length=6, windows=1, context=3, memory=6)
    got = gradients(way, made, game)
    for name, wanted in whole(made, game, 0.7, through).items():
        torch.testing.assert_close(got[name], wanted, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(("way", "through"), [("segment", True), ("choices", False)])
def test_without_a_memory_so_are_later_ones(way: str, through: bool) -> None:
    made = generator("modern")
    got = gradients(way, made)
    for name, wanted in whole(made, GAME, 0.7, through).items():
        torch.testing.assert_close(got[name], wanted, rtol=1e-4, atol=1e-6)


def test_the_token_chain_is_a_gradient_of_its_own() -> None:
    made = generator()
    of = {way: gradients(way, made) for way in WAYS}
    assert all(alike(of[one], of[other]) < 0.999 for one, other in (("segment", "tokens"), ("choices", "tokens")))


def test_one_token_is_chosen_alike_by_all() -> None:
    """With a single token to write there is nothing behind it to learn from."""
    made, game = generator(), Game(length=4, windows=1, context=3, memory=4)
    of = {way: gradients(way, made, game) for way in WAYS}
    torch.testing.assert_close(of["segment"], of["choices"], rtol=1e-4, atol=1e-7)


def test_temperature_scales_gradients_and_changes_no_token() -> None:
    made = generator()
    warm, cold = (torch.cat(list(windows("tokens", made, heat)), dim=1) for heat in (1.0, 0.05))
    assert torch.equal(warm, cold)
    assert alike(gradients("tokens", made, temperature=1.0), gradients("tokens", made, temperature=0.3)) < 0.999


@pytest.mark.parametrize("way", WAYS)
def test_no_gradient_goes_from_a_window_to_the_one_before(way: str) -> None:
    made = generator()
    first, second = windows(way, made)
    graph = [second.grad_fn]
    reached = set()
    while graph:
        node = graph.pop()
        if node is not None and node not in reached:
            reached.add(node)
            graph += [following for following, _ in node.next_functions]
    assert first.grad_fn not in reached
    assert second.requires_grad


@pytest.mark.parametrize("way", WAYS)
def test_windows_are_written_when_asked_for(way: str) -> None:
    made, calls = generator(), list[int]()
    made.register_forward_hook(lambda *_: calls.append(1))
    wrote = windows(way, made)
    next(wrote)
    before = len(calls)
    next(wrote)
    assert len(calls) > before


@pytest.mark.parametrize("design", DESIGNS)
def test_dropout_is_heard_where_the_generator_learns(design: str) -> None:
    made = DESIGNS[design].model_copy(update={"dropout": 0.5}).build(VOCABULARY)
    for weight in made.parameters():
        torch.nn.init.normal_(weight, 0.0, 1.0)
    wrote = []
    for seed in (5, 5, 6):
        torch.manual_seed(seed)
        made.train()
        tokens, _ = written(made, context(), Game(length=24, windows=1, context=3, memory=24))
        wrote.append(tokens)
    assert torch.equal(wrote[0], wrote[1]) and not torch.equal(wrote[0], wrote[2])
    assert not torch.equal(wrote[0], _evaluated(made))


def _evaluated(made: Generator) -> Tensor:
    torch.manual_seed(5)
    return written(made.eval(), context(), Game(length=24, windows=1, context=3, memory=24))[0]
