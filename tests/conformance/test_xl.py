"""Transformer-XL against reference numbers of the published code: losses, memories, gradients, steps, restarts.

Reads `ANTIPHON_FIXTURES`/generator/*.npz and takes every size from the files.
"""

import os
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from antiphon.families.transformer.convert import convert_generator
from antiphon.families.transformer.generator import Memory
from antiphon.families.transformer.xl import XlGenerator
from antiphon.nn.straight_through import gumbel_softmax

FOLDER = Path(os.environ.get("ANTIPHON_FIXTURES", "")) / "generator"
if "ANTIPHON_FIXTURES" not in os.environ or not FOLDER.is_dir():
    pytest.skip("ANTIPHON_FIXTURES names no folder with generator/", allow_module_level=True)
MODEL = "weights_and_data"
SEGMENTS = sorted(path.stem for path in FOLDER.glob("*_no_reset.npz"))
RESTARTS = sorted(path.stem for path in FOLDER.glob("*_clean_restart_*.npz"))
GRADIENTS = sorted(path.stem for path in FOLDER.glob("gradients_*.npz"))
STEPS = sorted(path.stem for path in FOLDER.glob("stepwise_*.npz"))
DRAWS = sorted(path.stem for path in FOLDER.glob("gumbel_*.npz"))
# Nats, logits and states; gradients as a share of the largest of a tensor.
TOLERANCE = 2e-5
GRADIENT_TOLERANCE = 2e-5

Arrays = dict[str, NDArray[Any]]


@lru_cache
def arrays(stem: str) -> Arrays:
    with np.load(FOLDER / f"{stem}.npz") as file:
        return {name: file[name] for name in file.files}


def tensor(values: NDArray[Any]) -> Tensor:
    return torch.from_numpy(values.copy())


@pytest.fixture
def network() -> XlGenerator:
    weights = {name: tensor(values) for name, values in arrays(MODEL).items() if name != "data"}
    sizes, vocabulary, state = convert_generator(weights, MODEL)
    made = XlGenerator(sizes, vocabulary)
    made.load_state_dict(state)
    return made.eval()


def data() -> Tensor:
    """Ids (B, T)."""
    return tensor(arrays(MODEL)["data"]).T


def places() -> int:
    """How many the published memory had: the most that any file's states have."""
    every = [arrays(stem) for stem in SEGMENTS]
    return max(int(values.shape[1]) for file in every for name, values in file.items() if name.startswith("mems"))


def segment_length() -> int:
    return len(arrays(SEGMENTS[0])["nll0"])


def losses(network: XlGenerator, same_length: bool, fresh: dict[int, Tensor]) -> Iterator[tuple[Tensor, Memory]]:
    """Nats (B, T) of each segment of the data, and the memory after it; `fresh` columns by segment."""
    ids, length = data(), segment_length()
    memory = network.begin(len(ids), places())
    for number, begin in enumerate(range(0, ids.shape[1] - 1, length)):
        read, meant = ids[:, begin : begin + length], ids[:, begin + 1 : begin + length + 1]
        logits, after = network(read, memory, fresh.get(number), same_length=same_length)
        assert after is not None
        memory = after
        yield F.cross_entropy(logits.transpose(1, 2), meant, reduction="none"), memory


def assert_near(ours: Tensor, expected: NDArray[Any], tolerance: float = TOLERANCE) -> None:
    np.testing.assert_allclose(ours.detach().numpy(), expected, rtol=tolerance, atol=tolerance)


# A class can be left out of the collection: a folder without files gives no test, where an empty list of parameters
# would give a skipped one.
class TestSegments:
    __test__ = bool(SEGMENTS)

    @pytest.mark.parametrize("stem", SEGMENTS, ids=[f"xl-{stem}" for stem in SEGMENTS])
    @torch.no_grad()
    def test_losses_and_memories(self, network: XlGenerator, stem: str) -> None:
        expected = arrays(stem)
        for number, (nll, memory) in enumerate(losses(network, "same_length" in stem, {})):
            assert_near(nll.T, expected[f"nll{number}"])
            # The last of the published levels is written and never read.
            states = expected[f"mems{number}"][:-1]
            assert memory.length.tolist() == [states.shape[1]] * states.shape[2]
            assert_near(memory.states[:, :, -states.shape[1] :].transpose(1, 2), states)


class TestRestarts:
    __test__ = bool(RESTARTS)

    @pytest.mark.parametrize("stem", RESTARTS, ids=[f"xl-{stem}" for stem in RESTARTS])
    @torch.no_grad()
    def test_a_fresh_column_never_sees_its_old_piece(self, network: XlGenerator, stem: str) -> None:
        told = re.fullmatch(r"col(\d+)_clean_restart_from_seg(\d+)", stem)
        assert told is not None
        column, begin = int(told[1]), int(told[2])
        fresh = torch.arange(len(data())) == column
        expected = arrays(stem)
        made = {f"nll{number}": nll for number, (nll, _) in enumerate(losses(network, False, {begin: fresh}))}
        assert expected
        for name, values in expected.items():
            assert_near(made[name][column, :, None], values)


class TestGradients:
    __test__ = bool(GRADIENTS)

    @pytest.mark.parametrize("stem", GRADIENTS, ids=[f"xl-{stem}" for stem in GRADIENTS])
    def test_gradients_of_the_mean(self, network: XlGenerator, stem: str) -> None:
        expected, walk = arrays(stem), losses(network, False, {})
        for number in range(1 + max(int(name.split("/")[0].removeprefix("seg")) for name in expected)):
            network.zero_grad()
            next(walk)[0].mean().backward()
            published = {
                name.removeprefix(f"seg{number}/"): tensor(values)
                for name, values in expected.items()
                if name.startswith(f"seg{number}/")
            }
            _, _, gradients = convert_generator(published, stem)
            for name, parameter in network.named_parameters():
                assert parameter.grad is not None
                scale = gradients[name].abs().max().item()
                assert_near(parameter.grad / scale, (gradients[name] / scale).numpy(), GRADIENT_TOLERANCE)


class TestSteps:
    __test__ = bool(STEPS)

    @pytest.fixture(params=STEPS, ids=[f"xl-{stem}" for stem in STEPS])
    def stepwise(self, request: pytest.FixtureRequest) -> tuple[int, NDArray[Any]]:
        told = re.search(r"mem(\d+)", request.param)
        assert told is not None
        return int(told[1]), arrays(request.param)["logits"]

    @torch.no_grad()
    def test_reading_one_by_one(self, network: XlGenerator, stepwise: tuple[int, NDArray[Any]]) -> None:
        span, expected = stepwise
        memory: Memory | None = network.begin(len(data()), span)
        for read, logits in zip(data().T, expected, strict=False):
            ours, memory = network(read[:, None], memory, same_length=True)
            assert_near(ours[:, 0], logits)

    def test_the_decoder(self, network: XlGenerator, stepwise: tuple[int, NDArray[Any]]) -> None:
        span, expected = stepwise
        decoder = network.decoder(len(data()), span)
        for read, logits in zip(data().T, expected, strict=False):
            assert_near(decoder.step(read), logits)

    def test_the_decoder_many_at_once(self, network: XlGenerator, stepwise: tuple[int, NDArray[Any]]) -> None:
        span, expected = stepwise
        decoder = network.decoder(len(data()), span)
        assert_near(decoder.follow(data()[:, : len(expected)]).transpose(0, 1), expected)


class TestDraws:
    __test__ = bool(DRAWS)

    @pytest.mark.parametrize("stem", DRAWS, ids=[f"xl-{stem}" for stem in DRAWS])
    def test_a_straight_through_step(self, network: XlGenerator, stem: str) -> None:
        given = {name: tensor(values) for name, values in arrays(stem).items()}
        read = F.one_hot(given["input_ids"].T, network.vocabulary).float().requires_grad_()
        logits, _ = network(read)
        drawn = gumbel_softmax(logits, 2, given["tau"].item(), given["uniform"].transpose(0, 1))
        assert_near(drawn.transpose(0, 1), arrays(stem)["out"])
        (gradient,) = torch.autograd.grad(drawn, read, given["cotangent"].transpose(0, 1))
        expected = arrays(stem)["grad_input_onehot"]
        scale = np.abs(expected).max()
        assert_near(gradient.transpose(0, 1) / scale, expected / scale, GRADIENT_TOLERANCE)
