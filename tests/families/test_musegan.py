"""MuseGAN's game: losses against closed forms, who moves, what gradients reach, samples, and turns."""

from pathlib import Path

import numpy as np
import pytest
import torch
from tests.families.musegan_toys import NARROW, cells, hold, phrases, shape, total, toy
from torch import Tensor, nn

from antiphon.cli import run
from antiphon.codecs.phrases import PhraseRolls
from antiphon.errors import InputError
from antiphon.families.musegan.config import MuseganConfig, Slope
from antiphon.families.musegan.turns import Turns
from antiphon.families.musegan.variants import VARIANTS
from antiphon.gan.objective import Phase
from antiphon.presets.table import get_preset
from antiphon.training.checkpoint import read_checkpoint
from antiphon.training.log import read_log

# Generator and discriminator. The released codes' are counted in them, the paper's hybrid and its discriminator follow
# from its tables; its jamming and composer from the same layers.
PARAMETERS = {
    "musegan-jamming": (7_797_125, 5 * 3_575_553),
    "musegan-composer": (1_562_501, 3_576_577),
    "musegan-hybrid": (7_144_453, 3_576_577),
    # Without the scales and shifts of 3,456 channels.
    "musegan-ablated": (1_562_501 - 2 * 3_456, 3_576_577),
    "musegan-jamming-conditional": (5_120_532, 4 * 3_575_809),
    "musegan-composer-conditional": (1_286_868, 3_576_577),
    "musegan-hybrid-conditional": (5_120_532, 3_576_577),
    "musegan-hybrid-as-published": (6_309_413, 3_798_402),
    "musegan-hybrid-bars-as-published": (6_142_405, 3_336_961),
    "musegan-hybrid-conditional-as-published": (5_120_532, 3_336_961),
    "musegan-jamming-as-published": (6_142_405, 3_336_961),
    "musegan-v3": (2_578_127, 1_365_841),
    "musegan-v3-accompaniment": (3_889_372, 1_365_841),
    "musegan-v3-deterministic": (2_578_127, 1_365_841),
    "musegan-v3-stochastic": (2_578_127, 1_365_841),
    "musegan-v3-no-chroma": (2_578_127, 1_290_097),
    "musegan-v3-no-onsets": (2_578_127, 1_289_713),
    "musegan-v3-cells": (2_578_127, 1_213_969),
}
CONDITIONAL = [name for name, row in VARIANTS.items() if row.family.condition is not None]
KINDS = [
    "musegan-jamming",
    "musegan-composer",
    "musegan-hybrid-conditional",
    "musegan-hybrid-as-published",
    "musegan-jamming-conditional",
    "musegan-v3-accompaniment",
    "musegan-v3-deterministic",
]


def size(player: nn.Module) -> int:
    return sum(weight.numel() for weight in player.parameters())


def test_every_row_is_counted() -> None:
    assert PARAMETERS.keys() == VARIANTS.keys()


@pytest.mark.slow
@pytest.mark.parametrize("name", VARIANTS)
def test_every_row_has_its_number_of_parameters_and_passes_forward_at_full_size(name: str) -> None:
    game = VARIANTS[name].family.build()
    assert (size(game.generator), size(game.discriminator)) == PARAMETERS[name]
    made = game.sample(2, phrases(game, 2))
    assert made.shape == shape(game, 2) and made.dtype == torch.bool
    scores = game.judge(made)
    assert scores.shape == (2,) and scores.isfinite().all()


@pytest.mark.slow
@pytest.mark.parametrize("name", VARIANTS)
def test_every_row_trains_ten_iterations_at_toy_width_by_its_command(name: str, bands: Path, tmp_path: Path) -> None:
    toy = [f"family.scale={NARROW}", "family.turns.lead=0", "train.batch_size=2", "train.device=cpu"]
    short = ["train.iterations=10", "train.log_every=5"]
    assert run(["train", name, str(bands), "--run", str(tmp_path / "run"), *toy, *short]) == 0
    checkpoint = read_checkpoint(tmp_path / "run")
    assert checkpoint is not None and checkpoint["iteration"] == 10
    assert np.isfinite([value for record in read_log(tmp_path / "run") for value in record.values()]).all()
    optimizers = checkpoint["optimizers"].items()
    moved = {player for player, own in optimizers if any(row["exp_avg"].any() for row in own["state"].values())}
    assert moved == {"generator", "discriminator"}


@pytest.mark.parametrize("name", KINDS)
def test_gradients_reach_the_player_whose_turn_it_is_and_no_other(name: str) -> None:
    game = toy(name)
    batch = game.augment(phrases(game))
    for phase in (game.phases[0], game.phases[-1]):
        hold(game, phase)
        game.zero_grad()
        total(game, phase, batch).backward()
        for key, weight in game.named_parameters():
            # The released code has two dense layers that nothing goes through.
            if key.startswith(phase.player) and ".bar.hidden" not in key and ".bar.score" not in key:
                assert weight.grad is not None, key
                assert weight.grad.isfinite().all(), key
                assert key.endswith("bias") or weight.grad.norm() > 0, key
            else:
                assert weight.grad is None, key


@pytest.mark.parametrize("name", KINDS)
def test_only_the_player_moves(name: str) -> None:
    game = toy(name)
    for phase in (game.phases[0], game.phases[-1]):
        hold(game, phase)
        before = {key: weight.detach().clone() for key, weight in game.named_parameters()}
        optimizer = torch.optim.Adam(getattr(game, phase.player).parameters(), lr=1e-3)
        total(game, phase, game.augment(phrases(game))).backward()
        optimizer.step()
        moved = {key for key, weight in game.named_parameters() if not torch.equal(weight, before[key])}
        assert moved and all(key.startswith(phase.player) for key in moved)
        game.zero_grad()


class Sum(nn.Module):
    """A discriminator whose slope is known: `slope` times the square root of the cells, everywhere."""

    def __init__(self, slope: float) -> None:
        super().__init__()
        self.slope = nn.Parameter(torch.tensor(slope))

    def forward(self, heard: Tensor) -> Tensor:
        return self.slope * heard.flatten(1).sum(1)


@pytest.mark.parametrize("num", [1, 5])
def test_losses_have_their_closed_form(num: int, monkeypatch: pytest.MonkeyPatch) -> None:
    game = toy("musegan-hybrid")
    game.discriminator.each = nn.ModuleList([Sum(0.01)])
    batch = phrases(game, num)
    fake = torch.full(shape(game, num), -0.25)
    monkeypatch.setattr(game, "_write", lambda *inputs: fake)
    size = fake[0].numel()
    real_sum = (2.0 * cells(game, batch).flatten(1).sum(1) - size).mean()
    terms = game.losses(game.phases[0], batch, 0).terms
    assert terms["adversarial_real"].item() == pytest.approx(-0.01 * real_sum.item(), rel=1e-4)
    assert terms["adversarial_fake"].item() == pytest.approx(-0.25 * 0.01 * size, rel=1e-4)
    assert terms["penalty"].item() == pytest.approx(10 * (0.01 * size**0.5 - 1) ** 2, rel=1e-4)
    watch = game.losses(game.phases[0], batch, 0).watch
    assert watch["critic_gap"].item() == pytest.approx(0.01 * (real_sum.item() + 0.25 * size), rel=1e-4)
    generator = game.losses(game.phases[-1], batch, 0).terms
    assert generator["adversarial"].item() == pytest.approx(0.25 * 0.01 * size, rel=1e-4)


def test_jamming_sums_its_critics_each_of_which_hears_its_own_track(monkeypatch: pytest.MonkeyPatch) -> None:
    game = toy("musegan-jamming")
    game.discriminator.each = nn.ModuleList(Sum(slope) for slope in (0.01, 0.02, 0.0, 0.0, 0.04))
    batch = phrases(game, 2)
    fake = torch.ones(shape(game, 2)) * torch.arange(5.0).view(1, 5, 1, 1, 1) / 5
    monkeypatch.setattr(game, "_write", lambda *inputs: fake)
    size = fake[0, 0].numel()
    terms = game.losses(game.phases[0], batch, 0).terms
    assert terms["adversarial_fake"].item() == pytest.approx(size * (0.02 / 5 + 0.04 * 4 / 5), rel=1e-4)
    norms = [slope * size**0.5 for slope in (0.01, 0.02, 0.0, 0.0, 0.04)]
    assert terms["penalty"].item() == pytest.approx(10 * sum((norm - 1) ** 2 for norm in norms), rel=1e-3)


@pytest.mark.parametrize("name", ["musegan-hybrid", "musegan-v3"])
def test_a_loss_in_parts_is_that_of_the_whole_batch(name: str) -> None:
    game = toy(name)
    batch, results = phrases(game, 5), []
    for at_once in (2, None):
        game._at_once = at_once  # type: ignore[assignment]
        for phase in (game.phases[0], game.phases[-1]):
            hold(game, phase)
            game.zero_grad()
            torch.manual_seed(3)
            loss = total(game, phase, batch)
            loss.backward()
            results.append([loss.detach(), *(weight.grad for weight in game.parameters() if weight.grad is not None)])
    for parts, whole in zip(results[:2], results[2:], strict=True):
        for ours, expected in zip(parts, whole, strict=True):
            torch.testing.assert_close(ours, expected, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("name", [*KINDS, "musegan-v3-stochastic"])
def test_samples_are_phrases_that_a_seed_repeats(name: str) -> None:
    game = toy(name)
    batch, drawn = phrases(game, 3), []
    for _ in range(2):
        torch.manual_seed(5)
        drawn.append(game.sample(3, batch))
    assert drawn[0].shape == shape(game, 3) and drawn[0].dtype == torch.bool
    assert torch.equal(*drawn)
    assert game.generator.training, "sampling leaves training mode as it was"


def test_what_sounds_is_what_is_above_zero() -> None:
    game = toy("musegan-hybrid")
    latents = game.draw(2)
    activations = game.activations(latents)
    assert activations.abs().max() <= 1
    assert torch.equal(game.sample_from(latents), activations > 0)


def test_the_released_bass_has_one_pitch_at_a_time() -> None:
    game = toy("musegan-hybrid-as-published")
    latents = game.draw(2)
    made, activations = game.sample_from(latents), game.activations(latents)
    assert made[:, 0].sum(3).max() == 1
    assert torch.equal(made[:, 0].any(3), (activations[:, 0] > 0).any(3))
    assert torch.equal(made[:, 1:], activations[:, 1:] > 0)


def test_binary_neurons_make_cells_of_two_values_with_a_gradient() -> None:
    game = toy("musegan-v3-deterministic")
    made = game._write(game.draw(2), None, 1.0)
    assert made.unique().tolist() == [-1, 1]
    made.sum().backward()
    grads = [weight.grad for weight in game.generator.parameters()]
    assert all(grad is not None and grad.isfinite().all() for grad in grads)


def test_the_slope_counts_the_generators_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    turns = {"critic_steps": 5, "lead": 0}
    slope = Slope(first=1.0, last=5.0, begin=10, end=20)
    game = toy("musegan-v3-deterministic", turns=turns, slope=slope)
    seen: list[float] = []

    def neurons(values: Tensor, slope: float) -> Tensor:
        seen.append(slope)
        return values.tanh()

    monkeypatch.setattr(game, "_neurons", neurons)
    for iteration in (0, 50, 75, 99, 100, 500):
        game.losses(game.phases[-1], phrases(game, 2), iteration)
    assert seen == [1, 1, 3, pytest.approx(1 + 4 * 0.9), 5, 5]


def moves(turns: Turns, iterations: int) -> str:
    """Who moves, step by step: D and G."""
    phases = [(at, phase) for at in range(iterations) for phase in turns.phases if phase.is_due(at)]
    return "".join(phase.player[0].upper() * phase.steps for _, phase in phases)


def test_fresh_turns() -> None:
    assert moves(Turns(critic_steps=3), 7) == "DDDGDDDGD"
    led = Turns(critic_steps=2, lead=2, lead_steps=3)
    assert moves(led, 12) == "DDDGDDDGDDGDDGDDG"
    assert [led.generator_step(at) for at in range(11)] == [0, 0, 0, 1, 1, 1, 2, 2, 3, 3, 4]
    assert led.iterations(5) == 12


def test_reused_turns() -> None:
    turns = Turns(critic_steps=2, draws="reused", lead=1, lead_steps=4, again=3)
    assert moves(turns, 5) == "DDDDG" + "DDG" * 2 + "DDDDG" + "DDG"
    assert [turns.generator_step(at) for at in range(3)] == [0, 1, 2]
    assert turns.iterations(7) == 7


def in_turn(name: str, iterations: int) -> list[int]:
    """How many steps of the discriminator go before each of the generator's."""
    return [len(steps) for steps in moves(VARIANTS[name].family.turns, iterations).split("G")[:-1]]


def test_the_rows_turns_are_those_of_the_paper_and_the_codes() -> None:
    assert in_turn("musegan-hybrid", 20) == [5, 5, 5, 5]
    assert in_turn("musegan-v3", 520) == [50] * 10 + [5] * 4
    released = in_turn("musegan-hybrid-as-published", 1002)
    assert released == [100] * 25 + [5] * 475 + [100] + [5] * 499 + [100, 5]


def test_reused_turns_hear_the_same_latents() -> None:
    game = toy("musegan-jamming-as-published")
    batch = game.augment(phrases(game))
    first, second = (game._drawn(batch) for _ in range(2))
    assert first.keys() == {"private_flowing"} and torch.equal(first["private_flowing"], second["private_flowing"])
    fresh = toy("musegan-hybrid")
    batch = phrases(fresh)
    assert fresh.augment(batch) is batch


@pytest.mark.parametrize(("name", "std"), [("musegan-hybrid", 0.06), ("musegan-v3", 0.05)])
def test_the_discriminator_learns_to_tell_real_from_made(name: str, std: float) -> None:
    game = toy(name, init_std=std)
    phase = Phase("discriminator", "discriminator")
    hold(game, phase)
    optimizer = torch.optim.Adam(game.discriminator.parameters(), lr=2e-3, betas=(0.5, 0.9))
    batch = phrases(game, 2)
    gaps = []
    for _ in range(12):
        optimizer.zero_grad()
        outcome = game.losses(phase, batch, 0)
        torch.stack(tuple(outcome.terms.values())).sum().backward()
        optimizer.step()
        gaps.append(outcome.watch["critic_gap"].item())
    assert gaps[-1] > gaps[0] + 0.5


@pytest.mark.parametrize("name", ["musegan-hybrid", "musegan-v3"])
def test_a_phase_runs_in_bfloat16(name: str) -> None:
    game = toy(name)
    for phase in (game.phases[0], game.phases[-1]):
        hold(game, phase)
        with torch.autocast("cpu", torch.bfloat16):
            loss = total(game, phase, phrases(game, 2))
        loss.backward()
        assert loss.isfinite()


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("condition=5", "condition .*0 to 4"),
        ("monophonic=[7]", "monophonic names a track"),
        ("tracks=1", "nothing is left to write"),
        ("steps=48", "write bars of"),
        ("generator.latents.shared_flowing=16", None),
        ('generator.latents.joined="summed"', None),
        ("generator.flow=one", None),
        ("generator.networks=[]", "at least 1"),
        ("turns.again=3", "again goes with"),
        ("scale=0", "greater than 0"),
        ("generator.latents.private_fixed=0", None),
        ("generator.written=together", "no private latents"),
    ],
)
def test_settings_that_do_not_fit_are_refused_in_a_sentence(override: str, words: str | None) -> None:
    config = VARIANTS["musegan-hybrid"].family
    if override == "tracks=1":
        config = config.model_copy(update={"condition": 0})
    if words is None:
        assert isinstance(config.override([override]), MuseganConfig)
        return
    with pytest.raises(InputError, match=words):
        config.override([override])


def test_phrases_of_another_size_than_the_codecs_are_refused() -> None:
    with pytest.raises(InputError, match=r"family\.tracks = 5: the codec's phrases have 4 tracks"):
        get_preset("musegan-hybrid").resolve(["codec.ensemble=quartet"])
    with pytest.raises(InputError, match=r"train\.capture = true: .*family\.slope"):
        get_preset("musegan-v3-stochastic").resolve(["train.capture=true", "train.decay=null"])


def test_a_model_that_writes_to_a_track_asks_for_it() -> None:
    game = toy("musegan-hybrid-conditional")
    with pytest.raises(ValueError, match="reads from 'real'"):
        game.sample(2, {})
    with pytest.raises(ValueError, match="2 phrases are asked for with 3 given tracks"):
        game.sample_from(game.draw(2), torch.zeros(3, 4, 96, 84))


@pytest.mark.parametrize("name", VARIANTS)
def test_the_codec_has_the_rows_tracks_in_their_order(name: str) -> None:
    codec, row = get_preset(name).codec, VARIANTS[name]
    assert isinstance(codec, PhraseRolls) and codec.ensemble.names == row.tracks
