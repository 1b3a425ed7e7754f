"""MuseGAN's step beside a plain loop: that both play the same game, and what the table says of them."""

import benchmarks.musegan_gpu as gpu
import benchmarks.musegan_step as step
import pytest
import torch
from benchmarks.musegan_plain import PlainLoop
from benchmarks.table import Row, UnavailableError
from torch import Tensor, nn

from antiphon.families.musegan.critics import ConvolutionalCritic
from antiphon.families.musegan.layers import fit
from antiphon.families.musegan.objective import Musegan
from antiphon.gan.penalties import gradient_penalty
from antiphon.nn.grid import GridConv, GridDeconv, GridNorm
from antiphon.resolved import RunConfig

NARROW = 0.02


def config(critic: str, scale: float = NARROW, *more: str) -> RunConfig:
    return step.resolve(critic, f"family.scale={scale}", "train.batch_size=2", "train.device=cpu", *more)


def copied(ours: nn.Module, theirs: nn.Module) -> None:
    """Our weights into torch's layers, which are in the same order."""
    kinds = (GridConv, GridDeconv, GridNorm, nn.Linear)
    own = [part for part in ours.modules() if isinstance(part, kinds)]
    others = [
        part for part in theirs.modules() if isinstance(part, (nn.modules.conv._ConvNd, nn.BatchNorm3d, nn.Linear))
    ]
    for one, other in zip(own, others, strict=True):
        weight = one.weight.detach()
        if isinstance(one, GridConv):
            # The critic's grids are steps, pitches, bars inside.
            weight = weight.permute(4, 3, 2, 0, 1)
        elif isinstance(one, GridDeconv):
            weight = weight.permute(4, 3, 0, 1, 2)
        assert other.weight.numel() == weight.numel()
        other.weight.data.copy_(weight.reshape(other.weight.shape))
        assert one.bias is not None and other.bias is not None
        other.bias.data.copy_(one.bias.data)


def channels_first(critic: ConvolutionalCritic, size: tuple[int, int, int]) -> Tensor:
    """The weights of the first dense layer in the order of torch's convolutions."""
    bars, steps, pitches = size
    weight = critic.hidden.weight.detach()
    return weight.view(len(weight), steps, pitches, bars, -1).permute(0, 4, 3, 1, 2)


@pytest.fixture(params=step.CRITICS)
def players(request: pytest.FixtureRequest) -> tuple[Musegan, ConvolutionalCritic, PlainLoop]:
    run = config(request.param)
    torch.manual_seed(3)
    game, plain = run.family.build(), step.build_plain(run)
    assert isinstance(game, Musegan)
    (critic,) = game.discriminator.each
    assert isinstance(critic, ConvolutionalCritic)
    for part in game.modules():
        if isinstance(part, (GridConv, GridDeconv)):
            nn.init.normal_(part.weight, std=0.5)
    copied(game.generator, plain.generator)
    copied(critic, plain.critic)
    judge = step.CRITICS[request.param]
    first = channels_first(critic, fit(judge.layers, judge.heard(game.config.size)))
    plain.critic.hidden.weight.data.copy_(first.flatten(1))
    return game, critic, plain


def test_the_plain_loop_has_the_same_networks(players: tuple[Musegan, ConvolutionalCritic, PlainLoop]) -> None:
    game, critic, plain = players
    latents = game.draw(2)
    ours, theirs = game.generator(latents).tanh(), plain.generator(latents)
    assert theirs.std() > 0.1
    torch.testing.assert_close(ours, theirs, rtol=1e-3, atol=1e-4)
    torch.testing.assert_close(critic(theirs), plain.critic(theirs), rtol=1e-3, atol=1e-4)
    real, fake, shares = theirs.detach().sign(), theirs.detach(), torch.rand(2)
    penalty = gradient_penalty(critic, real, fake, alpha=shares, epsilon=1e-8)
    torch.testing.assert_close(penalty, plain.penalty(real, fake, shares), rtol=1e-3, atol=1e-4)


@pytest.mark.slow
def test_at_full_size_they_have_the_paper_s_number_of_parameters() -> None:
    for critic, num in (("bar", 3_336_961), ("3-D", 3_576_577)):
        plain = step.build_plain(config(critic, 1.0))
        sizes = [sum(weight.numel() for weight in player.parameters()) for player in (plain.generator, plain.critic)]
        assert sizes == [7_144_453, num]


def test_a_cycle_moves_both_players_of_either() -> None:
    run = config("3-D")
    plain, trainer = step.build_plain(run), step.build_trainer(run)
    players = (plain.generator, plain.critic, trainer.objective.generator, trainer.objective.discriminator)
    before = [[weight.detach().clone() for weight in player.parameters()] for player in players]
    plain.cycle()
    step.cycle(trainer)
    assert trainer.iteration == 5
    for player, old in zip(players, before, strict=True):
        assert any(not torch.equal(weight, was) for weight, was in zip(player.parameters(), old, strict=True))
    assert step.rolls(run).unique().tolist() == [-1, 1]


def test_the_plain_loop_refuses_what_it_does_not_know() -> None:
    run = config("3-D")
    family = run.family.model_copy(update={"condition": 1})
    with pytest.raises(ValueError, match="from scratch"):
        step.build_plain(run.model_copy(update={"family": family}))


def test_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    threads_set: list[int] = []
    resolve, median_of_each = step.resolve, step.median_of_each
    small = (f"family.scale={NARROW}", "train.batch_size=2")
    monkeypatch.setattr(step, "resolve", lambda critic, *more: resolve(critic, *more, *small))
    monkeypatch.setattr(step, "operations", lambda run: 1e9)
    monkeypatch.setattr(step, "median_of_each", lambda calls, rounds, clock: median_of_each(calls, 1, clock))
    monkeypatch.setattr(torch, "set_num_threads", threads_set.append)
    monkeypatch.setattr(step, "_memory_row", lambda: Row("memory", 1, "MiB"))
    rows = {row.name: row for row in step.run(quick=True)}
    assert len(rows) == 15
    assert threads_set == [1, 2, 1, 2, torch.get_num_threads()]
    for critic, goal in step.GOALS.items():
        for threads in ("one thread", "two threads, wall time"):
            what = f"{critic} critic, batch 4, {threads}"
            ours, plain, ratio = (rows[name] for name in (what, f"{what}: plain loop", f"{what}: ours of theirs"))
            assert ratio.value == pytest.approx(ours.value / plain.value)
            assert ratio.target == f">= {goal:g}"
        assert 0 < rows[f"{critic} critic: data feeding"].value < 100


def test_operations_are_those_of_a_phrase() -> None:
    work = {scale: step.operations(config("3-D", scale)) for scale in (NARROW, 2 * NARROW)}
    # Between the first layers, whose inputs are five tracks, and the others, four times as much.
    assert 2 < work[2 * NARROW] / work[NARROW] < 4.5


def test_memory_is_that_of_a_process(capsys: pytest.CaptureFixture[str]) -> None:
    step.main("3-D", "2", f"family.scale={NARROW}")
    before, after = (float(word) for word in capsys.readouterr().out.split())
    assert 0 < before <= after


def test_a_gpu_is_needed_for_its_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(UnavailableError, match="no GPU"):
        gpu.run(quick=True)
