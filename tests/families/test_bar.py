import pytest
import torch
from torch import Tensor

from antiphon.codecs.chords import NO_CHORD
from antiphon.codecs.melody import HOLD, NUM_CLASSES, NUM_PITCHES, REST, STEPS
from antiphon.errors import InputError
from antiphon.families.bar.config import BarConfig
from antiphon.families.bar.hearing import one_hot
from antiphon.families.bar.networks import begin_cleanly
from antiphon.families.bar.objective import BarObjective
from antiphon.families.bar.transposition import moved, moved_chord
from antiphon.gan.objective import Phase
from antiphon.nn.straight_through import gumbel

TOY = BarConfig(hidden_dim=16, embedding_dim=8, critic_dim=8, dropout=0.0, likelihood_iterations=2, critic_lead=0)


def batch(num: int = 6, seed: int = 0) -> dict[str, Tensor]:
    torch.manual_seed(seed)
    lines = torch.randint(0, NUM_CLASSES, (num, 2 * STEPS))
    for step in range(1, 2 * STEPS):
        after_rest = (lines[:, step] == HOLD) & (lines[:, step - 1] == REST)
        lines[:, step] = torch.where(after_rest, REST, lines[:, step])
    chord = torch.randint(0, NO_CHORD + 1, (num,))
    return {"previous": lines[:, :STEPS].byte(), "real": lines[:, STEPS:].byte(), "chord": chord.byte()}


def phase(objective: BarObjective, name: str) -> Phase:
    return next(phase for phase in objective.phases if phase.name == name)


def test_paper_size_has_the_stated_parameters() -> None:
    objective = BarConfig().build()
    assert sum(p.numel() for p in objective.generator.parameters()) == 650_446
    assert sum(p.numel() for p in objective.discriminator.parameters()) == 323_236


def test_the_two_ways_to_write_agree() -> None:
    torch.manual_seed(1)
    objective = TOY.build()
    condition, latent = batch(50), torch.randn(50, STEPS, NUM_CLASSES)
    planes = objective.generator(condition["previous"], condition["chord"], latent)
    written = objective.generator.write(condition["previous"], condition["chord"], latent)
    assert torch.equal(planes.argmax(2), written)
    torch.testing.assert_close(planes.detach(), one_hot(written))


def test_teaching_and_writing_see_the_same_scores() -> None:
    objective = TOY.build()
    rows = batch(20)
    torch.manual_seed(2)
    latent = torch.randn(20, STEPS, NUM_CLASSES)
    written = objective.generator.write(rows["previous"], rows["chord"], latent)
    scores = objective.generator.teacher(written, rows["previous"], rows["chord"])
    assert torch.equal((scores + gumbel(latent)).argmax(2), written)


def test_nothing_is_held_after_a_rest() -> None:
    objective = TOY.build()
    rows = batch(400)
    bars = objective.sample(400, rows)
    line = torch.cat([rows["previous"][:, -1:], bars], dim=1)
    assert not ((line[:, :-1] == REST) & (line[:, 1:] == HOLD)).any()
    assert int(bars.max()) < NUM_CLASSES


def test_other_latents_give_other_bars_and_the_same_give_the_same() -> None:
    objective = TOY.build()
    one = {name: value[:1].expand(200, *value.shape[1:]) for name, value in batch().items()}
    bars = objective.sample(200, one)
    assert len(torch.unique(bars, dim=0)) > 190
    latent = objective.latent(200)
    assert torch.equal(objective.sample_from(latent, one), objective.sample_from(latent, one))


def test_gumbel_noise_has_its_distribution() -> None:
    torch.manual_seed(0)
    noise = gumbel(torch.randn(200_000))
    assert noise.mean().item() == pytest.approx(0.5772, abs=0.02)
    assert noise.var().item() == pytest.approx(1.6449, abs=0.04)


@pytest.mark.parametrize("name", ["likelihood", "discriminator", "penalty", "generator"])
def test_every_phase_reaches_its_player(name: str) -> None:
    objective = TOY.build()
    now = phase(objective, name)
    for player in ("generator", "discriminator"):
        getattr(objective, player).requires_grad_(player == now.player)
    outcome = objective.losses(now, batch(), 5)
    torch.autograd.backward(sum(outcome.terms.values(), torch.zeros(())))
    moved = {
        name for name, p in getattr(objective, now.player).named_parameters() if p.grad is not None and p.grad.any()
    }
    weights = {name for name, p in getattr(objective, now.player).named_parameters() if p.dim() > 1}
    # What the critic only adds (bar before, chord, position) moves a gradient by the input through its kinks alone.
    added = {"previous.weight", "chord.weight", "position", "before.weight"} if now.name == "penalty" else set[str]()
    assert weights - added <= moved
    assert all(p.grad.norm() < 100 for p in getattr(objective, now.player).parameters() if p.grad is not None)
    still = "discriminator" if now.player == "generator" else "generator"
    assert all(p.grad is None for p in getattr(objective, still).parameters())


def test_the_game_begins_after_the_likelihood_start() -> None:
    objective = TOY.build()
    assert [p.name for p in objective.phases if p.is_due(0)] == ["likelihood"]
    assert "likelihood" not in [p.name for p in objective.phases if p.is_due(2)]
    pure = TOY.override(["likelihood_iterations=0"]).build()
    assert not any(p.name == "likelihood" and p.is_due(it) for it in range(5) for p in pure.phases)


def test_augmentation_moves_bars_and_chord_together_within_the_range() -> None:
    objective = TOY.override(["silence=0", "transpose=3"]).build()
    rows = batch(500)
    rows["real"][:, :] = torch.randint(8, 14, (500, STEPS))
    rows["previous"][:, :] = 10
    moved = objective.augment(rows)
    shift = moved["previous"][:, 0].long() - 10
    assert set(shift.tolist()) == set(range(-3, 4))
    assert torch.equal(moved["real"].long() - shift[:, None], rows["real"].long())
    chords = rows["chord"].long()
    expected = torch.where(chords == NO_CHORD, chords, chords // 12 * 12 + (chords + shift) % 12)
    assert torch.equal(moved["chord"].long(), expected)


def test_augmentation_never_leaves_the_two_octaves() -> None:
    moved = TOY.build().augment(batch(2000))
    assert int(moved["real"].max()) <= REST
    assert int(moved["real"].min()) >= 0
    opening = (moved["real"][:, 0] == HOLD) & (moved["previous"][:, -1] == REST)
    assert not opening.any()


def test_an_opening_hold_after_silence_becomes_a_rest() -> None:
    bar = torch.tensor([[HOLD, HOLD, 5, HOLD] + [REST] * 12])
    silence = torch.full((1, STEPS), REST)
    assert begin_cleanly(bar, silence)[0, :4].tolist() == [REST, REST, 5, HOLD]
    assert torch.equal(begin_cleanly(bar, torch.full((1, STEPS), 3)), bar)


def test_what_is_learnt_in_one_key_is_known_in_all() -> None:
    objective = TOY.build().eval()
    generator = objective.generator
    # Heights are the one thing that a transposition may change.
    for layer, columns in ((generator.token, slice(27, 51)), (generator.step, slice(39, 63))):
        layer.weight.data[:, columns] = 0
    for values in (generator.out.weight.data, generator.out.bias.data):
        values[2 : 2 + NUM_PITCHES] = 0
    rows = batch(40)
    lines = {
        name: torch.where(rows[name] < NUM_PITCHES, 6 + rows[name] % 12, rows[name]) for name in ("real", "previous")
    }
    chord = rows["chord"]
    shift = torch.full((40,), 5)
    here = generator.teacher(lines["real"], lines["previous"], chord)
    there = generator.teacher(
        moved(lines["real"].long(), shift), moved(lines["previous"].long(), shift), moved_chord(chord, shift)
    )
    chordal = chord < NO_CHORD
    torch.testing.assert_close(here[chordal, :, : NUM_PITCHES - 5], there[chordal, :, 5:NUM_PITCHES])
    torch.testing.assert_close(here[chordal, :, NUM_PITCHES:], there[chordal, :, NUM_PITCHES:])


def test_the_critic_hears_pairs_transposed_as_one() -> None:
    objective = TOY.override(["hearing=4"]).build()
    rows = batch(300)
    rows = {**rows, "real": torch.full_like(rows["real"], 10), "previous": torch.full_like(rows["previous"], 12)}
    fake = one_hot(torch.full((300, STEPS), 11)).requires_grad_()
    real, made, previous, chord = objective.pairs(rows, fake)
    shift = previous[:, 0] - 12
    assert set(shift.tolist()) == set(range(-4, 5))
    assert torch.equal(real.argmax(2), (10 + shift)[:, None].expand(-1, STEPS))
    assert torch.equal(made.argmax(2), (11 + shift)[:, None].expand(-1, STEPS))
    assert torch.equal(chord, moved_chord(rows["chord"], shift))
    made.sum().backward()
    assert fake.grad is not None
    assert fake.grad[:, :, 11].all()


def test_without_an_anchor_there_is_no_such_phase() -> None:
    names = [phase.name for phase in TOY.override(["anchor_rate=0"]).build().phases]
    assert "anchor" not in names
    assert "anchor" in [phase.name for phase in TOY.build().phases]


@pytest.mark.parametrize(
    "wrong",
    [
        "dropout=2",
        "transpose=-1",
        "temperature=0",
        "silence=7",
        "hearing=13",
        "penalty=-1",
        "critic_lead=-5",
        "hidden_dim=100000000",
    ],
)
def test_settings_out_of_range_are_named(wrong: str) -> None:
    with pytest.raises(InputError, match=wrong.split("=", maxsplit=1)[0]):
        BarConfig().override([wrong])


def test_the_bar_before_counts_for_kind_and_pitch_of_each_step() -> None:
    generator = TOY.build().eval().generator
    rows = batch(30)
    before = generator.teacher(rows["real"], rows["previous"], rows["chord"])
    # Behind hold and rest, heights, degrees and intervals: three kinds, then the pitch.
    kinds = 2 + NUM_PITCHES + 12 + 2 * NUM_PITCHES - 1
    generator.out.bias.data[kinds : kinds + 4] += torch.tensor([1.0, 2.0, 4.0, 8.0])
    gained = generator.teacher(rows["real"], rows["previous"], rows["chord"]) - before
    there = one_hot(rows["previous"])
    begun = there[..., :NUM_PITCHES]
    pitches = begun.sum(2, keepdim=True) + 8 * begun
    expected = torch.cat([pitches, there[..., NUM_PITCHES:] * torch.tensor([2.0, 4.0])], dim=2)
    torch.testing.assert_close(gained, expected, atol=2e-3, rtol=0)
