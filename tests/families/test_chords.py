"""The chords family: two ways to write agree, phases move one player, ends are respected, training teaches."""

import numpy as np
import pytest
import torch
from torch import Tensor

from antiphon.codecs.chords import NO_CHORD
from antiphon.codecs.progressions import Progressions
from antiphon.families.chords.config import ChordsConfig
from antiphon.families.chords.networks import MOST_LEFT, ChordDiscriminator, inside, known, one_hot, returns
from antiphon.families.chords.objective import ChordsObjective, condition_of
from antiphon.gan.objective import Phase
from antiphon.nn.straight_through import gumbel

TOY = ChordsConfig(hidden_dim=12, critic_dim=8, dropout=0.0, likelihood_iterations=2, critic_lead=0)


def batch(num: int = 6, seed: int = 0) -> dict[str, Tensor]:
    """Windows of random songs, beginnings and ends among them."""
    chance = np.random.default_rng(seed)
    songs = [chance.integers(0, NO_CHORD, length).astype(np.uint8) for length in chance.integers(6, 60, num)]
    rows = Progressions().windows(songs, [bool(value) for value in chance.integers(0, 2, num)])
    chosen = chance.permutation(len(rows["real"]))[:num]
    return {name: torch.from_numpy(values[chosen]) for name, values in rows.items()}


def phase(objective: ChordsObjective, name: str) -> Phase:
    return next(phase for phase in objective.phases if phase.name == name)


def test_both_players_are_tiny() -> None:
    objective = ChordsConfig().build()
    assert sum(p.numel() for p in objective.generator.parameters()) == 44_760
    assert sum(p.numel() for p in objective.discriminator.parameters()) == 30_241


def test_the_two_ways_to_write_agree() -> None:
    objective, rows = TOY.build(), batch(50)
    noise = gumbel(objective.latent(50, 16))
    planes = objective.generator(*condition_of(rows), noise)
    written = objective.write(rows, noise)
    assert torch.equal(planes.argmax(2).to(torch.uint8), written)
    torch.testing.assert_close(planes.detach(), one_hot(written))


def test_teaching_and_writing_see_the_same_scores() -> None:
    objective, rows = TOY.build(), batch(50)
    noise = gumbel(objective.latent(50, 16))
    written = objective.write(rows, noise)
    scores = objective.generator.teacher(written, *condition_of(rows))
    there = inside(condition_of(rows)[1])[:, 8:] > 0
    assert torch.equal((scores + noise).argmax(2)[there].to(torch.uint8), written[there])
    assert not there.all() and (written[~there] == NO_CHORD).all()


def test_a_song_is_as_long_as_it_is_told() -> None:
    rows = {**batch(3), "left": torch.tensor([0, 7, 200])}
    written = TOY.build().write(rows, gumbel(torch.randn(3, 100, NO_CHORD)))
    assert (written < NO_CHORD).sum(1).tolist() == [1, 8, 100]


def test_what_is_known_of_a_bar_by_hand() -> None:
    told = known(torch.tensor([1]), torch.tensor([6]), torch.tensor([2]), 1, 4)
    assert told.shape == (1, 5, 28)
    mode, place, left = told[0, :, :2], told[0, :, 2:10], told[0, :, 10:]
    assert mode.argmax(1).tolist() == [1] * 5
    assert place.argmax(1).tolist() == [5, 6, 7, 0, 1]
    assert (left.argmax(1) - 1).tolist() == [3, 2, 1, 0, -1]
    assert inside(told).tolist() == [[1, 1, 1, 1, 0]]
    far = known(torch.tensor([0]), torch.tensor([0]), torch.tensor([255]), 0, 2)
    assert (far[0, :, 10:].argmax(1) - 1).tolist() == [MOST_LEFT] * 2


def test_looking_back_over_a_phrase_changes_what_comes() -> None:
    """A chord eight bars before is heard, whatever the state has forgotten."""
    objective, rows = TOY.build(), batch(1)
    rows = {**rows, "real": torch.zeros(1, 16, dtype=torch.uint8), "left": torch.tensor([100])}
    other = rows["real"].clone()
    other[0, 2] = 7
    with torch.no_grad():
        objective.generator.recur.get_parameter("weight_hh_l0").zero_()
        first, second = (objective.generator.teacher(real, *condition_of(rows)) for real in (rows["real"], other))
    changed = (first - second).abs().sum(2)[0] > 0
    # A unit without a state of its own hears the last chord through its update gate for a while.
    assert changed[[3, 6, 10]].all() and not changed[:3].any()


@pytest.mark.parametrize("name", ["likelihood", "anchor", "discriminator", "penalty", "generator"])
def test_every_phase_reaches_its_player_alone(name: str) -> None:
    objective = TOY.build()
    now = phase(objective, name)
    for player in ("generator", "discriminator"):
        getattr(objective, player).requires_grad_(player == now.player)
    outcome = objective.losses(now, batch(20), 5)
    torch.autograd.backward(sum(outcome.terms.values(), torch.zeros(())))
    moved = {n for n, p in getattr(objective, now.player).named_parameters() if p.grad is not None and p.grad.any()}
    assert {n for n, p in getattr(objective, now.player).named_parameters() if p.dim() > 1} <= moved
    still = "discriminator" if now.player == "generator" else "generator"
    assert all(p.grad is None for p in getattr(objective, still).parameters())


def test_bars_beyond_the_end_teach_nothing() -> None:
    objective = TOY.build()
    rows = batch(30)
    beyond = rows["left"][:, None] < torch.arange(16)
    assert beyond.any()
    other = {**rows, "real": torch.where(beyond, 3, rows["real"]).to(torch.uint8)}
    torch.testing.assert_close(objective.surprise(other), objective.surprise(rows))
    assert len(objective.surprise(rows)) == int((~beyond).sum())


def test_the_critic_hears_moves_and_returns() -> None:
    line = one_hot(torch.tensor([[0, 7, 12 + 9, 7, 0, 7, NO_CHORD, 5, 0]]))
    moves = ChordDiscriminator(8).moves(line)
    assert moves.sum(2).tolist() == [[0, 1, 1, 1, 1, 1, 0, 0, 1]]
    assert moves.argmax(2)[0, 1:6].tolist() == [7, 12 + 2, 24 + 10, 5, 7]
    same = returns(line)
    assert same[0, :, 0].tolist() == [0] * 9
    assert same[0, :, 1].tolist() == [0, 0, 0, 0, 1, 1, 0, 0, 1]
    assert same[0, :, 2].tolist() == [0, 0, 0, 0, 0, 0, 0, 0, 1]


def test_other_latents_give_other_songs_and_the_same_give_the_same() -> None:
    objective = TOY.build()
    one = {name: values[:1].expand(200, *values.shape[1:]) for name, values in batch().items()}
    one["left"] = torch.full((200,), 50)
    assert len(torch.unique(objective.sample(200, one), dim=0)) > 190
    noise = torch.randn(200, 16, NO_CHORD)
    assert torch.equal(objective.write(one, noise), objective.write(one, noise))


def test_verdicts_are_of_windows_in_their_place() -> None:
    objective, rows = TOY.build(), batch(10)
    logits = objective.judge(rows["real"], rows)
    assert logits.shape == (10,)
    elsewhere = objective.judge(rows["real"], {**rows, "place": (rows["place"] + 3) % 8})
    assert not torch.equal(logits, elsewhere)


def test_songs_that_follow_one_rule_are_learnt() -> None:
    songs = [np.resize(np.array([0, 5, 7, 12 + 9], np.uint8), length) for length in range(16, 30)]
    rows = {name: torch.from_numpy(values) for name, values in Progressions().windows(songs, [False] * 14).items()}
    objective = ChordsConfig(hidden_dim=16, critic_dim=8, dropout=0.0).build()
    optimizer = torch.optim.Adam(objective.generator.parameters(), lr=2e-2)
    for _ in range(60):
        optimizer.zero_grad()
        objective.surprise(rows).mean().backward()
        optimizer.step()
    assert objective.surprise(rows).mean().item() < 0.1
