"""The bar GAN's other games: every loss, penalties, instance noise, and the fast path that none of them slows down."""

import json
from typing import Any, get_args

import pytest
import torch
from tests.families.test_midinet import bars, freeze_all_but, phase_of, total
from torch import Tensor

from antiphon.errors import InputError
from antiphon.families.midinet import objective as module
from antiphon.families.midinet.config import VARIANTS, LossName, MidinetConfig
from antiphon.families.midinet.objective import Midinet, one_hot
from antiphon.gan.losses import LOSSES, adversarial_loss
from antiphon.gan.objective import Batch, Phase
from antiphon.gan.penalties import clip_weights

KINDS = {"gradient": {"gradient"}, "r1": {"r1"}, "r2": {"r2"}, "r1+r2": {"r1", "r2"}}
STILL = {"dropout": 0.0, "minibatch": None}


def config(**changes: Any) -> MidinetConfig:
    """A small version 3: the discriminator hears the chord."""
    small = {"condition_channels": 4, "chord": True, "generator_steps": 1, "real_target": 1.0}
    return MidinetConfig.model_validate(small | changes)


def play(game: Midinet, iterations: int) -> None:
    """A few iterations as the trainer plays them; each turn moves its player, and nothing is infinite."""
    optimizers = {
        player: torch.optim.Adam(getattr(game, player).parameters(), lr=1e-3)
        for player in ("generator", "discriminator")
    }
    for iteration in range(iterations):
        for phase in (phase for phase in game.phases if phase.is_due(iteration)):
            freeze_all_but(game, phase)
            before = {key: weight.detach().clone() for key, weight in game.named_parameters()}
            outcome = game.losses(phase, bars(seed=iteration), iteration)
            assert all(value.isfinite() for value in (*outcome.terms.values(), *outcome.watch.values()))
            torch.stack(tuple(outcome.terms.values())).sum().backward()
            optimizers[phase.player].step()
            game.zero_grad()
            moved = {key for key, weight in game.named_parameters() if not torch.equal(weight, before[key])}
            assert moved and all(key.startswith(phase.player) for key in moved)


@pytest.mark.parametrize("loss", LOSSES)
def test_every_loss_moves_only_the_player_whose_turn_it_is(loss: str) -> None:
    game = config(loss=loss).build().train()
    play(game, 2)
    assert all(weight.isfinite().all() for weight in game.parameters())
    watched = game.losses(phase_of(game, "discriminator"), bars(), 2).watch
    # A sigmoid of what is no log-odds would be taken for the paper's confidence.
    assert set(watched) == ({"confidence_real", "confidence_fake"} if LOSSES[loss].log_odds else {"critic_gap"})


@pytest.mark.parametrize("loss", ["relativistic", "relativistic-average"])
@pytest.mark.parametrize("features", ["clean", "dropped"])
def test_a_relativistic_generator_is_told_how_real_bars_do(loss: str, features: str) -> None:
    game = config(loss=loss, discriminator=STILL, matching={"features": features}).build().train()
    batch, latent = bars(), game.draw(len(bars()["real"]))
    game.draw = lambda num: latent  # type: ignore[method-assign]
    terms = game.losses(phase_of(game, "generator"), batch, 0).terms
    previous, chord = game._conditions(batch)
    fake = game.generator(latent, previous, chord).argmax(2).to(torch.uint8)
    logits = (game.discriminator(side, chord) for side in (batch["real"], fake))
    for name, value in adversarial_loss(loss).generator(*logits).items():
        torch.testing.assert_close(terms[name], value)


def test_the_table_of_losses_is_the_gans_own() -> None:
    assert set(get_args(LossName)) == set(LOSSES)
    for loss in LOSSES:
        smooths = True
        try:
            adversarial_loss(loss, 0.9)
        except InputError:
            smooths = False
        assert config(loss=loss).real_target == 1
        if smooths:
            assert config(loss=loss, real_target=0.9).real_target == 0.9
        else:
            with pytest.raises(InputError, match=f"'{loss}' has no labels to smooth; set real_target to 1"):
                MidinetConfig().override([f"loss={loss}"])


@pytest.mark.parametrize(
    ("key", "sentence"),
    [
        ("loss=wgan", "loss = 'wgan'.*'wasserstein'"),
        ('penalty={"kind":"r3","weight":1}', "penalty.kind = 'r3'"),
        ('penalty={"kind":"r1","weight":0}', "penalty.weight = 0"),
        ('penalty={"kind":"r1"}', "penalty.weight' is missing"),
        ('noise={"std":-1,"iterations":3}', "noise.std = -1"),
        ('noise={"std":1}', "noise.iterations' is missing"),
    ],
)
def test_what_cannot_be_played_is_refused_in_a_sentence(key: str, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        MidinetConfig().override([key])


@pytest.mark.parametrize("kind", KINDS)
def test_penalties_reach_the_discriminator_only(kind: str) -> None:
    game = config(penalty={"kind": kind, "weight": 2.0}).build().train()
    (phase,) = (phase for phase in game.phases if phase.name == "penalty")
    freeze_all_but(game, phase)
    terms = game.losses(phase, bars(), 0).terms
    assert set(terms) == KINDS[kind]
    torch.stack(tuple(terms.values())).sum().backward()
    assert all(weight.grad is None for weight in game.generator.parameters())
    first = game.discriminator.get_parameter("conv_net1.0.weight")
    assert first.grad is not None and first.grad.isfinite().all() and first.grad.norm() > 0
    play(game, 2)


def test_a_penalty_is_its_weight_times_the_squared_slope() -> None:
    game = config(penalty={"kind": "r1", "weight": 3.0, "every": 4}, discriminator=STILL).build().train()
    batch = bars()
    chord = game._conditions(batch)[1]
    roll = one_hot(batch["real"]).requires_grad_()
    (slope,) = torch.autograd.grad(game.discriminator(roll, chord).sum(), roll)
    (value,) = game.losses(Phase("penalty", "discriminator"), batch, 0).terms.values()
    torch.testing.assert_close(value, 3 * 4 * slope.square().sum((1, 2)).mean() / 2)


def test_a_penalty_follows_every_step_of_the_discriminator_when_it_is_due() -> None:
    game = config(penalty={"kind": "r2", "weight": 1.0, "every": 3}, discriminator_steps=2).build()
    turns = [[phase.name for phase in game.phases if phase.is_due(iteration)] for iteration in range(4)]
    assert turns[0] == turns[3] == ["discriminator", "penalty", "discriminator", "penalty", "generator"]
    assert turns[1] == turns[2] == ["discriminator", "discriminator", "generator"]


def test_a_gradient_penalty_brings_the_slope_to_1() -> None:
    game = config(loss="wasserstein", penalty={"kind": "gradient", "weight": 10.0}, discriminator=STILL).build().train()
    phase = Phase("penalty", "discriminator")
    freeze_all_but(game, phase)
    optimizer = torch.optim.Adam(game.discriminator.parameters(), lr=1e-3)
    paid = []
    for _ in range(40):
        loss = total(game, phase, bars(16))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        paid.append(loss.item())
    assert paid[-1] < paid[0] / 10


def seen(game: Midinet, phase: Phase, iteration: int) -> list[Tensor]:
    """What the discriminator's first layer is given in a phase."""
    given: list[Tensor] = []
    features = game.discriminator.features

    def spy(bars: Tensor, chord: Tensor | None = None) -> Tensor:
        given.append(bars.detach())
        return features(bars, chord)

    game.discriminator.features = spy  # type: ignore[method-assign]
    game.losses(phase, bars(300), iteration)
    game.discriminator.features = features  # type: ignore[method-assign]
    return given


@pytest.mark.parametrize("name", ["discriminator", "generator", "penalty"])
def test_noise_is_on_real_and_fake_and_fades(name: str) -> None:
    noise, penalty = {"std": 0.5, "iterations": 100}, {"kind": "r1+r2", "weight": 1.0}
    game = config(noise=noise, penalty=penalty).build().train()
    for iteration, std in ((0, 0.5), (50, 0.25), (90, 0.05)):
        given = seen(game, Phase(name, "discriminator"), iteration)
        assert len(given) == 2
        for side in given:
            # All pitches but the one of 128 that sounds are noise alone.
            assert side.shape == (300, 16, 128)
            assert side.quantile(0.1).item() == pytest.approx(-1.2816 * std, rel=0.05)
    real, fake = seen(game, Phase("discriminator", "discriminator"), 100)
    assert real.dtype == fake.dtype == torch.uint8


def test_games_without_noise_hand_on_pitches() -> None:
    game = VARIANTS["midinet-v2"].family.build().train()
    given = {phase.name: [side.dtype for side in seen(game, phase, 0)] for phase in game.phases}
    assert given == {"discriminator": [torch.uint8] * 2, "generator": [torch.float32, torch.uint8]}
    assert [(phase.name, phase.steps) for phase in game.phases] == [("discriminator", 1), ("generator", 3)]


@pytest.mark.parametrize("name", VARIANTS)
def test_pitches_and_rolls_give_the_same_losses(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    family = VARIANTS[name].family
    game = family.build().train()
    found: list[dict[str, Tensor]] = []
    for dense in (False, True):
        if dense:
            monkeypatch.setattr(module, "_noisy", lambda pitches, std: one_hot(pitches))
        torch.manual_seed(4)
        terms: dict[str, Tensor] = {}
        for phase in game.phases:
            terms |= game.losses(phase, bars(), 0).terms
        found.append(terms)
    torch.testing.assert_close(*found)


def test_noise_that_has_faded_leaves_the_plain_game() -> None:
    plain, faded = config(), config(noise={"std": 0.5, "iterations": 1})
    values = []
    for row in (plain, faded):
        torch.manual_seed(2)
        game = row.build().train()
        values.append([total_of(game, phase, bars(), 1) for phase in game.phases])
    assert values[0] == values[1]


def total_of(game: Midinet, phase: Phase, batch: Batch, iteration: int) -> float:
    return float(sum(term.item() for term in game.losses(phase, batch, iteration).terms.values()))


def test_clipped_weights_keep_their_limit() -> None:
    game = config(loss="wasserstein").build()
    clip_weights(game.discriminator, 0.01)
    largest = max(weight.abs().max().item() for weight in game.discriminator.parameters())
    assert largest == pytest.approx(0.01)
    assert max(weight.abs().max().item() for weight in game.generator.parameters()) > 0.01


def test_configurations_survive_json_and_old_cards_are_read() -> None:
    row = config(loss="hinge", penalty={"kind": "r1", "weight": 1.0}, noise={"std": 0.1, "iterations": 9})
    assert MidinetConfig.model_validate_json(row.model_dump_json()) == row
    old = json.loads(config().model_dump_json(exclude={"penalty", "noise"}))
    assert MidinetConfig.parse(old) == config()
