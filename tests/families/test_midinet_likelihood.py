"""The bar GAN's likelihood twin: the same layers, told no more than what is written, learning, sampling by chances."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from tests.families.test_midinet import bars, freeze_all_but

from antiphon.codecs.frames import HIGHEST, LOWEST
from antiphon.errors import InputError
from antiphon.families.midinet.config import MidinetConfig
from antiphon.families.midinet.likelihood import MidinetTwin, told
from antiphon.families.midinet.sampling import Sampler
from antiphon.nn.straight_through import gumbel
from antiphon.presets.table import PRESETS
from antiphon.writers.table import writer_of
from antiphon.writers.twins import MidinetTwinWriter

TWINS = [name for name in PRESETS if name.startswith("midinet") and name.endswith("-likelihood")]
TOY = MidinetConfig(condition_channels=4, taught="likelihood")


def toy() -> MidinetTwin:
    twin = TOY.build()
    assert isinstance(twin, MidinetTwin)
    return twin


@pytest.mark.parametrize("name", TWINS)
def test_a_twin_has_the_layers_bars_and_rates_of_its_game(name: str) -> None:
    preset, game = PRESETS[name], PRESETS[name.removesuffix("-likelihood")]
    shapes = [{key: value.shape for key, value in one.family.build().state_dict().items()} for one in (preset, game)]
    assert shapes[0] == shapes[1]
    assert preset.family == game.family.model_copy(update={"taught": "likelihood"})
    assert (preset.codec, preset.train, preset.corpus) == (game.codec, game.train, game.corpus)


def test_there_is_a_twin_of_each_version() -> None:
    assert len(TWINS) == 3


@pytest.mark.parametrize("name", TWINS)
def test_the_generator_alone_is_taught(name: str) -> None:
    family = PRESETS[name].family
    assert family.kind == "midinet"
    twin = family.build()
    due = [phase for phase in twin.phases if any(phase.is_due(iteration) for iteration in range(3))]
    assert [(phase.player, phase.steps) for phase in due] == [("generator", family.generator_steps)]
    freeze_all_but(twin, due[0])
    (term,) = twin.losses(due[0], bars(), 0).terms.values()
    torch.autograd.backward(term)
    assert all(weight.grad is None for weight in twin.discriminator.parameters())
    moved = [weight.grad is not None and bool(weight.grad.any()) for weight in twin.generator.parameters()]
    # Biases before batch norm have no say.
    assert sum(moved) > len(moved) / 2


def test_what_is_told_is_what_is_written_and_no_more() -> None:
    rows = bars(5)
    step = torch.tensor([0, 1, 7, 15, 15])
    heard = told(rows["real"].long(), step, rows["previous"], 100)
    spoilt = torch.where(torch.arange(16) >= step[:, None], 0, rows["real"].long())
    assert heard.equal(told(spoilt, step, rows["previous"], 100))
    assert heard[:, :16].argmax(1).equal(step) and heard[:, :16].sum(1).eq(1).all()
    before = [int(rows["previous"][0, -1]), *(int(rows["real"][i, step[i] - 1]) for i in range(1, 5))]
    assert (heard[:, 16:40].argmax(1) + LOWEST).tolist() == before
    assert heard[:, 40:56].ne(0).sum(1).equal(step) and not heard[:, 56:].any()
    assert heard[4, 40 + 3] == (int(rows["real"][4, 3]) - (LOWEST + HIGHEST) / 2) / 12


def test_without_a_bar_before_nothing_sounds_before_the_first_step() -> None:
    assert not told(bars(2)["real"].long(), torch.tensor([0, 0]), None, 60)[:, 16:].any()


def test_a_pitch_is_drawn_with_the_chance_that_is_taught() -> None:
    torch.manual_seed(0)
    twin = toy().eval()
    with torch.no_grad():
        # Fresh weights are nearly indifferent between pitches; these are not.
        twin.generator.upward[-1].weight.mul_(400)
    rows = {name: values.expand(2_000, 16) for name, values in bars(1).items() if name == "previous"}
    made = twin.sample(2_000, rows)[:, 0].long()
    heard = told(torch.zeros(1, 16), torch.tensor([0]), rows["previous"][:1], 100)
    activations = twin.generator(heard, rows["previous"][:1].contiguous())[0, 0]
    chance = F.softmax(torch.where(activations < 0, activations / 0.01, activations), 0)
    assert chance.max() > 0.03
    found = torch.bincount(made, minlength=128) / len(made)
    assert (found - chance).abs().max() < 4 * (chance.max() / len(made)).sqrt()


def test_the_same_latents_give_the_same_bars_and_leads_are_those_of_the_choice() -> None:
    torch.manual_seed(0)
    twin, rows = toy().eval(), bars(6)
    latent = twin.draw(6)
    assert twin.sample_from(latent, rows).equal(twin.sample_from(latent, rows))
    pitches, leads = twin.decider()({**rows, "noise": gumbel(latent)})
    assert pitches.shape == leads.shape == (6, 16) and (leads > 0).all()
    scores = (
        Sampler(twin.generator)
        .activations(told(pitches.long(), torch.full((6,), 15), rows["previous"], 100), rows["previous"], None)
        .view(6, 16, 128)[:, 15]
        + gumbel(latent)[:, 15]
    )
    assert scores.argmax(1).equal(pitches[:, 15].long())


def test_the_loss_is_the_surprise_at_the_pitch_of_the_step_that_was_told() -> None:
    torch.manual_seed(0)
    twin, rows = toy().eval(), bars(6)
    with torch.no_grad():
        twin.generator.upward[-1].weight.mul_(400)
        torch.manual_seed(1)
        (term,) = twin.losses(twin.phases[0], rows, 0).terms.values()
    torch.manual_seed(1)
    step, row = torch.randint(16, (6,)), torch.arange(6)
    assert len(set(step.tolist())) > 2
    heard = told(rows["real"].long(), step, rows["previous"], 100)
    scores = Sampler(twin.generator).activations(heard, rows["previous"], None).view(6, 16, 128)
    assert float(term) == pytest.approx(
        float(F.cross_entropy(scores[row, step], rows["real"][row, step].long())), rel=1e-4
    )


def test_likelihood_falls_and_the_rule_of_toy_bars_is_learnt() -> None:
    torch.manual_seed(0)
    twin = toy()
    start = torch.randint(60, 84, (64, 1), dtype=torch.uint8)
    rows = {"real": start.repeat(1, 16), "previous": start.repeat(1, 16)}
    optimizer = torch.optim.Adam(twin.generator.parameters(), 2e-3)
    terms = []
    for _ in range(100):
        optimizer.zero_grad()
        (term,) = twin.losses(twin.phases[0], rows, 0).terms.values()
        torch.autograd.backward(term)
        optimizer.step()
        terms.append(float(term.detach()))
    assert terms[0] > 4 and np.mean(terms[-5:]) < 0.1
    made = twin.eval().sample(64, rows)
    assert (made == rows["real"]).float().mean() > 0.85


def test_a_writer_writes_its_chains_bolder_where_asked() -> None:
    torch.manual_seed(0)
    twin = toy()
    with torch.no_grad():
        twin.generator.upward[-1].weight.mul_(400)
    writer = writer_of(twin)
    assert isinstance(writer, MidinetTwinWriter)
    assert writer.has_temperature and writer.reads == {"previous"}
    openings, chords = np.full((2, 16), 60, np.uint8), np.zeros((2, 3), np.uint8)

    def songs(temperature: float) -> list[list[list[int]]]:
        chances = [np.random.default_rng(seed) for seed in range(2)]
        return [song.tolist() for song in writer.compose(chances, openings, chords, temperature)]

    assert np.shape(songs(1.0)) == (2, 3, 16)
    assert songs(1.0) == songs(1.0) != songs(0.5)


def test_too_few_inputs_to_be_told_are_refused() -> None:
    with pytest.raises(InputError, match="latent_dim to 56"):
        MidinetConfig().override(["taught=likelihood", "latent_dim=55"])
