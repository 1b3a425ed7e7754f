"""The bar GAN: sizes, gradients, augmentation, samples, its table of variants, conversion, a few steps of training."""

import pytest
import torch
from torch import Tensor

from antiphon.errors import InputError
from antiphon.families.midinet.config import NOTEBOOKS, VARIANTS, Convolution, DiscriminatorConfig, MidinetConfig
from antiphon.families.midinet.convert import convert_checkpoint
from antiphon.families.midinet.networks import Discriminator, Generator
from antiphon.families.midinet.objective import Midinet, one_hot
from antiphon.gan.objective import Batch, Phase

# Generator and discriminator; as published from the released code, the paper's from its layer tables.
PARAMETERS = {
    "midinet-v1": (484_225, 270_624),
    "midinet-v2": (523_521, 270_624),
    "midinet-v3": (535_169, 317_580),
    "midinet-v1-as-published": (484_225, 268_370),
    "midinet-v2-as-published": (523_521, 272_172),
    "midinet-v3-as-published": (546_913, 361_777),
}
BATCH_SIZE = 6


def bars(batch_size: int = BATCH_SIZE, seed: int = 1) -> dict[str, Tensor]:
    chance = torch.Generator().manual_seed(seed)
    rows = {
        name: torch.randint(60, 84, (batch_size, 16), generator=chance, dtype=torch.uint8)
        for name in ("real", "previous")
    }
    return rows | {"chord": torch.randint(25, (batch_size,), generator=chance, dtype=torch.uint8)}


def freeze_all_but(objective: Midinet, phase: Phase) -> None:
    for player in ("generator", "discriminator"):
        getattr(objective, player).requires_grad_(player == phase.player)


def phase_of(objective: Midinet, player: str) -> Phase:
    return next(phase for phase in objective.phases if phase.player == player)


def total(objective: Midinet, phase: Phase, batch: Batch) -> Tensor:
    return torch.stack(tuple(objective.losses(phase, batch, 0).terms.values())).sum()


def test_every_variant_has_its_number_of_parameters() -> None:
    counts = {
        name: tuple(
            sum(weight.numel() for weight in player.parameters()) for player in (game.generator, game.discriminator)
        )
        for name, game in ((name, variant.family.build()) for name, variant in VARIANTS.items())
    }
    assert counts == PARAMETERS


@pytest.mark.parametrize(
    ("channels", "minibatch", "expected"),
    [(32, "10,2", (523_521, 265_242)), (32, "10,5", (523_521, 272_172))],
)
def test_published_runs_of_version_2(channels: int, minibatch: str, expected: tuple[int, int]) -> None:
    kernels, dims = minibatch.split(",")
    config = VARIANTS["midinet-v2-as-published"].family.override(
        [
            f"condition_channels={channels}",
            f"discriminator.minibatch.kernels={kernels}",
            f"discriminator.minibatch.dims={dims}",
        ]
    )
    game = config.build()
    counted = [sum(weight.numel() for weight in player.parameters()) for player in (game.generator, game.discriminator)]
    assert tuple(counted) == expected


def test_rows_hold_the_published_training_values() -> None:
    values = {
        name: (
            (row.family.discriminator_steps, row.family.generator_steps),
            (row.family.matching.bar_weight, row.family.matching.feature_weight),
            (row.generator_rate, row.discriminator_rate),
        )
        for name, row in VARIANTS.items()
    }
    figure_8 = ((1, 3), (0.1, 1.0), (3e-4, 1e-5))
    assert values == {
        "midinet-v1": figure_8,
        "midinet-v2": figure_8,
        "midinet-v3": figure_8,
        "midinet-v1-as-published": ((1, 3), (0.1, 1.0), (3e-4, 1e-5)),
        "midinet-v2-as-published": ((1, 2), (0.1, 1.0), (3e-4, 2e-5)),
        "midinet-v3-as-published": ((1, 2), (0.01, 0.1), (3e-4, 1e-5)),
    }


def test_notebook_of_version_3_has_its_number_of_parameters() -> None:
    game = NOTEBOOKS["v3"].family.build()
    counted = [sum(weight.numel() for weight in player.parameters()) for player in (game.generator, game.discriminator)]
    assert counted == [532_353, 309_957]


@pytest.mark.parametrize("name", VARIANTS)
def test_shapes_of_a_forward_pass(name: str) -> None:
    game = VARIANTS[name].family.build().train()
    batch = bars(72)
    previous, chord = game._conditions(batch)
    activations = game.generator(game.draw(72), previous, chord)
    assert activations.shape == (72, 16, 128)
    assert game.discriminator.features(batch["real"], chord).shape[:2] == (72, 8)
    assert game.discriminator(batch["real"], chord).shape == (72,)


@pytest.mark.parametrize("name", VARIANTS)
def test_gradients_reach_the_player_whose_turn_it_is_and_no_other(name: str) -> None:
    game = VARIANTS[name].family.build().train()
    for phase in game.phases:
        freeze_all_but(game, phase)
        game.zero_grad()
        total(game, phase, bars()).backward()
        for key, weight in game.named_parameters():
            if key.startswith(phase.player):
                assert weight.grad is not None, key
                assert weight.grad.isfinite().all(), key
                assert key.endswith("bias") or weight.grad.norm() > 0, key
            else:
                assert weight.grad is None, key


def test_the_straight_through_gradient_reaches_all_pitches() -> None:
    game = VARIANTS["midinet-v2"].family.build().eval()
    roll = one_hot(bars()["real"]).requires_grad_()
    game.discriminator(roll, None).sum().backward()
    assert roll.grad is not None
    assert (roll.grad != 0).float().mean() > 0.99


def test_frozen_pitches_and_rolls_give_the_same_first_layer() -> None:
    config = VARIANTS["midinet-v3"].family
    critic = Discriminator(config.discriminator, config.chord)
    batch, chord = bars(), torch.randn(BATCH_SIZE, 13)
    torch.testing.assert_close(critic.features(batch["real"], chord), critic.features(one_hot(batch["real"]), chord))


def test_layers_equal_torchs_own_convolutions() -> None:
    config = VARIANTS["midinet-v3-as-published"].family
    generator = Generator(config).eval()
    latent, previous, chord = torch.randn(3, 100), bars(3)["previous"], torch.randn(3, 13)
    maps = [one_hot(previous).transpose(1, 2).unsqueeze(1)]
    for index in range(1, 5):
        convolution, norm, rectifier = generator.get_submodule(f"conv{index}_cond").children()
        maps.append(rectifier(plain_norm(norm, convolution(maps[-1]))))
    hidden = generator.fc_net(latent).view(3, 128, 1, 2)
    for index in range(1, 5):
        added = chord[:, :, None, None].expand(-1, -1, 1, hidden.shape[3])
        convolution, *rest = generator.get_submodule(f"transp_conv{index}").children()
        hidden = convolution(torch.cat((hidden, added, maps[5 - index]), 1))
        for layer in rest:
            hidden = plain_norm(layer, hidden)
    torch.testing.assert_close(generator(latent, previous, chord), hidden[:, 0].transpose(1, 2), rtol=1e-5, atol=1e-5)


def plain_norm(layer: torch.nn.Module, hidden: Tensor) -> Tensor:
    """A layer on (N, C, H, W), batch norm of one dimension included."""
    result: Tensor = layer(hidden.flatten(2)).view(hidden.shape)
    return result


def test_dropout_keeps_the_mean_and_drops_its_share() -> None:
    critic = Discriminator(DiscriminatorConfig(dropout=0.3), chord=False).train()
    dropped = critic.drop(torch.ones(400, 501))
    assert (dropped == 0).float().mean().item() == pytest.approx(0.3, abs=0.005)
    assert dropped.max().item() == pytest.approx(1 / 0.7)
    assert critic.eval().drop(torch.ones(2, 2)).eq(1).all()


@pytest.mark.parametrize("name", ["midinet-v2", "midinet-v3", "midinet-v3-as-published"])
def test_augment_keeps_the_range_and_moves_bar_previous_and_chord_together(name: str) -> None:
    game = VARIANTS[name].family.build()
    batch = bars(500)
    batch["previous"] = batch["real"]
    moved = game.augment(batch)
    assert set(moved) == set(batch)
    for key in ("real", "previous"):
        assert moved[key].dtype == torch.uint8
        assert moved[key].min() >= 60
        assert moved[key].max() <= 83
    assert torch.equal(moved["real"], moved["previous"])
    assert not torch.equal(moved["real"], batch["real"])
    if name.endswith("as-published"):
        assert torch.equal(moved["chord"], batch["chord"])
        return
    shift = (moved["real"].long() - batch["real"].long()) % 12
    assert (shift == shift[:, :1]).all()
    assert shift.unique().tolist() == list(range(12))
    sounding = batch["chord"] < 24
    assert torch.equal(moved["chord"] == 24, ~sounding)
    assert torch.equal(moved["chord"] // 12, batch["chord"] // 12)
    root = (moved["chord"].long() - batch["chord"].long()) % 12
    assert torch.equal(root[sounding], shift[sounding, 0])


@pytest.mark.parametrize("name", ["midinet-v1", "midinet-v1-as-published"])
def test_version_1_is_not_augmented(name: str) -> None:
    batch = bars()
    assert VARIANTS[name].family.build().augment(batch) is batch


@pytest.mark.parametrize("name", VARIANTS)
def test_samples_are_pitches_that_a_seed_repeats(name: str) -> None:
    game = VARIANTS[name].family.build().train()
    drawn = []
    for _ in range(2):
        torch.manual_seed(5)
        drawn.append(game.sample(300, bars(300)))
    assert drawn[0].shape == (300, 16)
    assert drawn[0].dtype == torch.uint8
    assert drawn[0].max() < 128
    assert torch.equal(*drawn)
    assert game.generator.training, "sampling leaves training mode as it was"


@pytest.mark.parametrize("name", VARIANTS)
def test_samples_are_the_generators_highest_pitches_in_evaluation(name: str) -> None:
    game = VARIANTS[name].family.build().train()
    latent, batch = game.draw(300), bars(300)
    conditions = game._conditions(batch)
    with torch.no_grad():
        game.generator(latent, *conditions)  # running statistics away from their first values
        activations = game.generator.eval()(latent, *conditions)
    chosen = activations.gather(2, game.sample_from(latent, batch).long().unsqueeze(2)).squeeze(2)
    assert (activations.amax(2) - chosen).max() < 1e-4 * activations.abs().max()


@pytest.mark.parametrize("name", ["midinet-v1", "midinet-v3"])
def test_a_phase_runs_in_bfloat16(name: str) -> None:
    game = VARIANTS[name].family.build().train()
    for phase in game.phases:
        freeze_all_but(game, phase)
        with torch.autocast("cpu", torch.bfloat16):
            loss = total(game, phase, bars())
        loss.backward()
        assert loss.isfinite()


def test_samples_of_given_latents_do_not_depend_on_their_batch() -> None:
    game = VARIANTS["midinet-v3"].family.build().eval()
    latent, condition = game.draw(300), bars(300)
    together = game.sample_from(latent, condition)
    some = game.sample_from(latent[290:], {name: values[290:] for name, values in condition.items()})
    assert torch.equal(together[290:], some)


def test_a_missing_or_short_condition_is_named() -> None:
    game = VARIANTS["midinet-v3"].family.build()
    batch = bars(2)
    with pytest.raises(ValueError, match="'chord', which is missing"):
        game.sample(2, {"previous": batch["previous"]})
    with pytest.raises(ValueError, match="3 bars are asked for with conditions for 2"):
        game.sample(3, batch)


def test_paper_and_published_rows_differ_in_table_fields_only() -> None:
    for version in ("v1", "v2", "v3"):
        paper, published = (VARIANTS[f"midinet-{version}{suffix}"].family for suffix in ("", "-as-published"))
        assert type(paper.build()) is type(published.build())
        differing = {key for key, value in paper.model_dump().items() if value != published.model_dump()[key]}
        assert differing <= {"discriminator", "matching", "transposition", "generator_steps", "condition_channels"}
        assert MidinetConfig.model_validate_json(paper.model_dump_json()) == paper


@pytest.mark.parametrize("name", ["midinet-v1", "midinet-v3", "midinet-v1-as-published", "midinet-v3-as-published"])
def test_a_few_iterations_move_only_the_player_whose_turn_it_is(name: str) -> None:
    game = VARIANTS[name].family.build().train()
    for iteration in range(2):
        for phase in game.phases:
            freeze_all_but(game, phase)
            before = {key: weight.detach().clone() for key, weight in game.named_parameters()}
            optimizer = torch.optim.Adam(getattr(game, phase.player).parameters(), lr=1e-3)
            loss = total(game, phase, game.augment(bars(seed=iteration)))
            loss.backward()
            optimizer.step()
            assert loss.isfinite()
            moved = {key for key, weight in game.named_parameters() if not torch.equal(weight, before[key])}
            assert moved
            assert all(key.startswith(phase.player) for key in moved)
            game.zero_grad()


def test_the_discriminator_learns_to_tell_real_from_fake() -> None:
    game = VARIANTS["midinet-v1"].family.build().train()
    phase = phase_of(game, "discriminator")
    freeze_all_but(game, phase)
    optimizer = torch.optim.Adam(game.discriminator.parameters(), lr=1e-3)
    batch = {"real": bars(32)["real"]}
    for _ in range(90):
        optimizer.zero_grad()
        total(game, phase, batch).backward()
        optimizer.step()
    watch = game.losses(phase, batch, 0).watch
    assert watch["confidence_real"] > 0.7
    assert watch["confidence_fake"] > 0.7


def test_scalar_matching_of_bars_is_nil_and_per_pixel_is_not() -> None:
    terms = {}
    for name in ("midinet-v1", "midinet-v1-as-published"):
        game = VARIANTS[name].family.build().train()
        terms[name] = game.losses(phase_of(game, "generator"), bars(), 0).terms["match_bars"].item()
    assert terms["midinet-v1-as-published"] == 0
    assert terms["midinet-v1"] > 0.01


@pytest.mark.parametrize(
    "value", ['[{"kernels":14,"width":3}]', '[{"kernels":14,"width":2},{"kernels":4,"width":9}]', "[]"]
)
def test_convolutions_that_do_not_fit_a_bar_are_refused(value: str) -> None:
    with pytest.raises(InputError, match=r"discriminator\.convolutions"):
        MidinetConfig().override([f"discriminator.convolutions={value}"])


@pytest.mark.parametrize("name", [name for name in VARIANTS if name.endswith("as-published")])
def test_converted_weights_sample_the_same(name: str) -> None:
    config = VARIANTS[name].family
    game = config.build().eval()
    hyper = {
        "lambda_1": config.matching.bar_weight,
        "lambda_2": config.matching.feature_weight,
        "gen_updates": config.generator_steps,
        "dis_updates": config.discriminator_steps,
    }
    converted, state = convert_checkpoint({"state_dict": game.state_dict(), "hyper_parameters": hyper, "epoch": 3})
    assert converted == config
    copy = converted.build().eval()
    copy.load_state_dict(state)
    latent = game.draw(4)
    assert torch.equal(copy.sample_from(latent, bars(4)), game.sample_from(latent, bars(4)))


def damaged(fault: str) -> dict[str, object]:
    state: dict[str, object] = dict(VARIANTS["midinet-v2-as-published"].family.build().state_dict())
    if fault == "missing":
        del state["generator.conv3_cond.0.bias"]
    elif fault == "foreign":
        state["encoder.weight"] = torch.zeros(2)
    elif fault == "shape":
        state["generator.transp_conv2.0.weight"] = torch.zeros(159, 128, 1, 2)
    elif fault == "rank":
        state["discriminator.conv_net2.0.weight"] = torch.zeros(77)
    elif fault == "other":
        state = {"linear.weight": torch.zeros(2)}
    elif fault == "values":
        state["generator.fc_net.0.weight"] = "weights"
    return state


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        ("missing", "model.ckpt has no generator.conv3_cond.0.bias"),
        ("foreign", "model.ckpt holds encoder.weight"),
        ("shape", "generator.transp_conv2.0.weight has shape"),
        ("rank", "model.ckpt is no checkpoint of the released bar GAN"),
        ("other", "model.ckpt has no generator.fc_net.0.weight"),
        ("values", "model.ckpt holds no state_dict of tensors"),
    ],
)
def test_a_checkpoint_that_is_none_is_refused_in_a_sentence(fault: str, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        convert_checkpoint({"state_dict": damaged(fault)}, "model.ckpt")


def test_hyper_parameters_that_are_no_numbers_are_refused() -> None:
    state = VARIANTS["midinet-v1-as-published"].family.build().state_dict()
    with pytest.raises(InputError, match="generator_steps"):
        convert_checkpoint({"state_dict": state, "hyper_parameters": {"gen_updates": "many"}})


def test_the_first_layer_is_a_table_row() -> None:
    wide = DiscriminatorConfig(convolutions=(Convolution(kernels=5, width=2), Convolution(kernels=6, width=8)))
    assert Discriminator(wide, chord=False)(bars()["real"]).shape == (BATCH_SIZE,)
