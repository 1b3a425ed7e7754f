"""Choices by table are those of the generator."""

import copy

import pytest
import torch
from torch import Tensor

from antiphon.codecs.chords import NO_CHORD
from antiphon.codecs.melody import HOLD, NUM_CLASSES, REST, STEPS
from antiphon.families.bar.config import BarConfig
from antiphon.families.bar.folded import Folded
from antiphon.families.bar.networks import BarGenerator
from antiphon.nn.straight_through import gumbel

SIZES = BarConfig(hidden_dim=20, embedding_dim=6, critic_dim=4)
NUM = 300


@pytest.fixture(scope="module")
def generator() -> BarGenerator:
    """With weights so large that every one of them counts."""
    torch.manual_seed(3)
    made = SIZES.build().generator.to(torch.float64).eval()
    with torch.no_grad():
        for weights in made.parameters():
            weights.add_(0.3 * torch.randn_like(weights))
    return made


def inputs(boldness: float, num: int = NUM) -> dict[str, Tensor]:
    """Bars of all kinds, silence among them, over every chord; bold noise begins pitches after every other."""
    chance = torch.Generator().manual_seed(5)
    previous = torch.randint(NUM_CLASSES, (num, STEPS), generator=chance).byte()
    previous[::7] = REST
    previous[1::7, 1:] = HOLD
    chord = torch.arange(num).remainder(NO_CHORD + 1).byte()
    latent = torch.randn(num, STEPS, NUM_CLASSES, generator=chance, dtype=torch.float64)
    return {"previous": previous, "chord": chord, "noise": boldness * gumbel(latent)}


def compare(generator: BarGenerator, rows: dict[str, Tensor]) -> Tensor:
    """The two best classes (N, T, 2) of each step, once they were found to be those of the teacher's scores."""
    classes, leads = Folded(generator)(**rows)
    scores = generator.teacher(classes, rows["previous"], rows["chord"]) + rows["noise"]
    best = scores.topk(2, dim=2)
    assert torch.equal(best.indices[..., 0], classes)
    torch.testing.assert_close(best.values[..., 0] - best.values[..., 1], leads, rtol=0, atol=1e-9)
    return best.indices


@pytest.mark.parametrize("boldness", [0.0, 1.0, 10.0])
def test_scores_are_those_that_are_taught(generator: BarGenerator, boldness: float) -> None:
    compare(generator, inputs(boldness))


def test_they_are_so_for_every_class(generator: BarGenerator) -> None:
    for place in compare(generator, inputs(1000.0)).unbind(2):
        assert torch.unique(place).tolist() == list(range(NUM_CLASSES))


def test_they_are_so_where_no_scale_is_likely(generator: BarGenerator) -> None:
    strict = copy.deepcopy(generator)
    strict.tonality.strictness.data.fill_(900.0)
    compare(strict, inputs(1.0))


def test_bars_are_those_that_are_written(generator: BarGenerator) -> None:
    rows = inputs(1.0)
    latent = torch.randn(NUM, STEPS, NUM_CLASSES, dtype=torch.float64)
    written = generator.write(rows["previous"], rows["chord"], latent)
    assert torch.equal(Folded(generator)(rows["previous"], rows["chord"], gumbel(latent))[0], written)


def test_a_bar_does_not_depend_on_those_beside_it(generator: BarGenerator) -> None:
    folded, rows = Folded(generator), inputs(1.0)
    classes, leads = folded(**rows)
    for row in (0, 7, 255, 256, NUM - 1):
        alone, lead = folded(**{name: values[row : row + 1] for name, values in rows.items()})
        assert torch.equal(alone[0], classes[row])
        torch.testing.assert_close(lead[0], leads[row], rtol=0, atol=1e-9)


def test_single_precision_is_off_by_its_rounding_however_bold(generator: BarGenerator) -> None:
    rows = inputs(10.0)
    exact, leads = Folded(generator)(**rows)
    quick, near = Folded(copy.deepcopy(generator).to(torch.float32))(**rows)
    agreed = (exact == quick).all(1)
    assert agreed.sum() > 0.99 * NUM
    torch.testing.assert_close(near[agreed], leads[agreed], rtol=0, atol=3e-5)


def test_what_is_given_stays_as_it_is(generator: BarGenerator) -> None:
    rows = inputs(1.0, 4)
    kept = {name: values.clone() for name, values in rows.items()}
    classes, _ = Folded(generator)(**rows)
    classes[0] = REST
    assert all(torch.equal(values, kept[name]) for name, values in rows.items())
