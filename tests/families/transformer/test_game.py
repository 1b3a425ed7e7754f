"""The adversarial stage: who moves when, what each turn costs, part by part, and that one process is two."""

from typing import Any, get_args

import pytest
import torch
from torch import Tensor, nn

from antiphon.config import Config
from antiphon.errors import InputError
from antiphon.families.transformer.config import TransformerConfig
from antiphon.families.transformer.critic_designs import BertCritic, CnnCritic, CriticDesign
from antiphon.families.transformer.designs import XlNetwork
from antiphon.families.transformer.fakes import written
from antiphon.families.transformer.game import TransformerGame
from antiphon.families.transformer.game_config import Game, LossName, PolicyName
from antiphon.families.transformer.masked_config import MaskedConfig
from antiphon.families.transformer.temperature import POLICIES
from antiphon.gan.losses import LOSSES
from antiphon.gan.objective import Outcome, Phase
from antiphon.training.checkpoint import check_fit

VOCABULARY = 20
XL = XlNetwork(num_layers=1, width=12, num_heads=2, feedforward=16)
BERT = BertCritic(num_layers=2, width=16, num_heads=2, inner=24, positions=16, freeze=("embeddings", "0"))
CNN = CnnCritic(num_views=4, channels=6, hidden_dim=6)
GAME = Game(length=16, windows=2, context=3, memory=16, after=3, critic_every=2, generator_every=3, rise=10)
TOY = TransformerConfig(network=XL, vocabulary=VOCABULARY, segment=8, memory=8, critic=BERT, game=GAME)


def toy(critic: CriticDesign = BERT, **game: Any) -> TransformerGame:
    torch.manual_seed(0)
    objective = TOY.model_copy(update={"critic": critic, "game": GAME.model_copy(update=game)}).build()
    assert isinstance(objective, TransformerGame)
    return objective


def batch(num: int = 6) -> dict[str, Tensor]:
    made = torch.Generator().manual_seed(1)
    return {
        "real": torch.randint(2, VOCABULARY, (num, 9), generator=made),
        "fresh": torch.ones(num, dtype=torch.bool),
        "column": torch.arange(num),
        "crop": torch.randint(2, VOCABULARY, (num, 32), generator=made),
    }


def phase(objective: TransformerGame, name: str) -> Phase:
    return next(phase for phase in objective.phases if phase.name == name)


def parts(outcome: Outcome | None) -> list[Outcome]:
    found = []
    while outcome is not None:
        found.append(outcome)
        sum(outcome.terms.values(), torch.zeros(())).backward()
        outcome = outcome.then()
    return found


def turn(objective: TransformerGame, name: str, iteration: int = 3) -> list[Outcome]:
    """One turn's parts, differentiated, with the other player held as the trainer holds it."""
    wanted = phase(objective, name)
    players: dict[str, nn.Module] = {"generator": objective.generator, "discriminator": objective.discriminator}
    moving = [w for name in players for w in players[name].parameters() if w.requires_grad and name != wanted.player]
    for weight in moving:
        weight.requires_grad_(False)
    objective.zero_grad()
    torch.manual_seed(2)
    found = parts(objective.losses(wanted, batch(), iteration))
    for weight in moving:
        weight.requires_grad_(True)
    return found


def moved(player: nn.Module) -> set[str]:
    return {name for name, weight in player.named_parameters() if weight.grad is not None and bool(weight.grad.any())}


def test_the_settings_know_every_loss_and_policy() -> None:
    assert set(get_args(LossName)) == set(LOSSES)
    assert set(get_args(PolicyName)) == set(POLICIES)


def test_likelihood_always_and_the_game_every_fifth_from_105_on() -> None:
    phases = TransformerConfig(critic=BertCritic(), game=Game(), memory=8).build().phases
    due = {i: [phase.name for phase in phases if phase.is_due(i)] for i in range(200)}
    assert [i for i in due if len(due[i]) > 1] == list(range(105, 200, 5))
    assert due[105] == ["likelihood", "discriminator", "generator"]
    seldom = Game(after=0, critic_every=50, generator_every=10).phases
    assert [(phase.start, phase.every) for phase in seldom] == [(50, 50), (10, 10)]
    assert [phase.optimizer for phase in phases] == ["generator", "discriminator", "adversarial"]


@pytest.mark.parametrize("critic", [BERT, CNN], ids=["bert", "cnn"])
@pytest.mark.parametrize("gradient", ["tokens", "segment", "choices"])
def test_only_the_player_moves(critic: CriticDesign, gradient: str) -> None:
    objective = toy(critic, gradient=gradient)
    turn(objective, "discriminator")
    assert moved(objective.discriminator) and not moved(objective.generator)
    turn(objective, "generator")
    # A first key's bias moves no share of attention.
    assert len(moved(objective.generator)) > 0.8 * len(list(objective.generator.parameters()))
    assert not moved(objective.discriminator)
    turn(objective, "likelihood")
    assert moved(objective.generator) and not moved(objective.discriminator)


def test_frozen_layers_take_no_gradient_and_pass_it_on() -> None:
    objective = toy(BERT.model_copy(update={"freeze": ("embeddings", "0", "1")}))
    turn(objective, "discriminator")
    assert {name.split(".")[0] for name in moved(objective.discriminator)} == {"pooler", "classifier"}
    turn(objective, "generator")
    assert "embedding" in moved(objective.generator)


@pytest.mark.parametrize("critic", [BERT, CNN], ids=["bert", "cnn"])
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("penalty", [0.0, 10.0])
def test_terms_are_the_loss_over_the_windows(loss: str, penalty: float, critic: CriticDesign) -> None:
    objective = toy(critic, loss=loss, penalty=penalty, dropout="taught")
    of_critic, of_generator = turn(objective, "discriminator"), turn(objective, "generator")
    assert len(of_critic) == len(of_generator) == 2
    assert ("penalty" in of_critic[0].terms) == (penalty > 0)
    assert all(term.isfinite() for outcome in (*of_critic, *of_generator) for term in outcome.terms.values())


def test_the_penalty_is_as_heavy_as_it_is_told_to_be() -> None:
    light, heavy = (turn(toy(penalty=weight, dropout="taught"), "discriminator")[0] for weight in (1.0, 10.0))
    torch.testing.assert_close(10 * light.terms["penalty"], heavy.terms["penalty"])


def test_the_memory_that_a_game_takes_is_told() -> None:
    config = TransformerConfig(segment=8, memory=8, critic=BertCritic(), game=Game(memory=128, length=128))
    taught = config.model_copy(update={"critic": None, "game": None})
    # 64 steps over half of the memory on the average, keys and values of six layers.
    assert config.memory_bytes(16, 4) - taught.memory_bytes(16, 4) > 3 * 6 * 64 * 64 * 2 * 500 * 4
    small = config.model_copy(update={"game": Game(gradient="choices")})
    assert small.memory_bytes(16, 4) == taught.memory_bytes(16, 4)


def test_a_turn_is_the_mean_over_its_windows_by_hand() -> None:
    objective = toy(loss="relativistic", penalty=0.0, gradient="choices", weight=3.0, dropout="taught")
    objective.eval()
    got = turn(objective, "generator")
    real = batch()["crop"][:, 16:]
    objective.eval()
    torch.manual_seed(2)
    fake, _ = written(objective.generator, real[:, :3], GAME)
    gaps = [objective.discriminator(real[:, k : k + 8]) - objective.discriminator(fake[:, k : k + 8]) for k in (0, 8)]
    for outcome, gap in zip(got, gaps, strict=True):
        wanted = 3.0 * nn.functional.softplus(gap).mean() / 2
        torch.testing.assert_close(outcome.terms["adversarial"], wanted)


def test_both_sides_begin_alike_unless_told_otherwise() -> None:
    heard: list[Tensor] = []
    for shared in (True, False):
        objective = toy(shared=shared)
        objective.discriminator.register_forward_pre_hook(lambda _, inputs: heard.append(inputs[0]))
        turn(objective, "discriminator")
    real, fake = heard[0][:, :3].chunk(2)
    assert torch.equal(real, fake)
    real, fake = heard[2][:, :3].chunk(2)
    assert torch.equal(real.roll(1, 0), fake)


def test_the_critic_and_the_generator_hear_other_music() -> None:
    heard: list[Tensor] = []
    objective = toy(loss="relativistic")
    objective.discriminator.register_forward_pre_hook(lambda _, inputs: heard.append(inputs[0]))
    turn(objective, "discriminator")
    turn(objective, "generator")
    crop = batch()["crop"]
    assert torch.equal(torch.cat([heard[0][:6], heard[1][:6]], 1), crop[:, :16])
    assert torch.equal(heard[2], crop[:, 16:24])


@pytest.mark.parametrize("dropout", ["always", "taught"])
def test_dropout_is_where_it_is_said_to_be(dropout: str) -> None:
    objective = toy(dropout=dropout)
    modes = {}
    for name in ("likelihood", "discriminator", "generator"):
        turn(objective, name)
        modes[name] = (objective.generator.training, objective.discriminator.training)
    always = dict.fromkeys(modes, (True, True))
    taught = {"likelihood": (True, False), "discriminator": (False, True), "generator": (False, False)}
    assert modes == (always if dropout == "always" else taught)


def test_the_temperature_falls_with_the_iteration() -> None:
    objective = toy(policy="exp", highest=100.0, rise=10, dropout="taught", loss="wasserstein")
    norms = []
    for iteration in (0, 10):
        turn(objective, "generator", iteration)
        norms.append(sum(float(w.grad.norm()) for w in objective.generator.parameters() if w.grad is not None))
    assert norms[0] != pytest.approx(norms[1], rel=0.05)


def test_a_critic_takes_the_body_of_a_masked_model() -> None:
    sizes = BERT.model_dump(include={"num_layers", "width", "num_heads", "inner", "positions", "dropout"})
    masked = MaskedConfig.parse({"sizes": sizes, "vocabulary": VOCABULARY, "block": 16}).build()
    objective = toy(BERT.model_copy(update={"origin": "span.safetensors"}))
    assert objective.borrows == "span.safetensors"
    state = objective.borrowed(masked.state_dict())
    check_fit(objective.state_dict(), state)
    objective.load_state_dict(dict(state))
    words = masked.state_dict()["generator.encoder.words.weight"]
    assert torch.equal(objective.discriminator.state_dict()["encoder.words.weight"], words)
    assert toy(CNN).borrows is None


@pytest.mark.parametrize("change", ["num_layers", "width"])
def test_a_body_of_other_sizes_is_refused(change: str) -> None:
    sizes = {"num_layers": 2, "width": 16, "num_heads": 2, "inner": 24, "positions": 16}
    smaller = MaskedConfig.parse({"sizes": {**sizes, change: sizes[change] // 2}, "vocabulary": VOCABULARY, "block": 8})
    objective = toy()
    with pytest.raises(InputError, match="encoder"):
        check_fit(objective.state_dict(), objective.borrowed(smaller.build().state_dict()))


def test_a_likelihood_model_begins_a_game() -> None:
    taught = TOY.model_copy(update={"critic": None, "game": None}).build()
    objective = toy()
    state = objective.completed(taught.state_dict())
    check_fit(objective.state_dict(), state)
    assert torch.equal(state["generator.embedding"], taught.generator.state_dict()["embedding"])
    assert objective.completed(objective.state_dict()).keys() == objective.state_dict().keys()


@pytest.mark.parametrize(
    ("config", "assignment", "words"),
    [
        (TOY, "critic=null", "both critic and game"),
        (TOY, "critic.positions=4", "critic.positions = 4"),
        (GAME, "windows=3", "no 3 equal windows"),
        (GAME, "context=8", "nothing to write"),
    ],
)
def test_wrong_settings_are_told_what_to_do(config: Config, assignment: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        config.override([assignment])
