"""Choices in float32 that are those of float64, and what is decided again."""

import torch
from torch import Tensor

from antiphon.gan.steady import FEW, SAFETY, Inputs, Steady


class Decider:
    """Scores from inputs, off by an error, and how many rows it was asked for."""

    def __init__(self, error: float = 0.0) -> None:
        self.error = error
        self.rows: list[int] = []

    def __call__(self, inputs: Inputs) -> tuple[Tensor, Tensor]:
        self.rows.append(len(inputs["scores"]))
        scores = inputs["scores"].clone()
        # The error is against what would win.
        scores.scatter_add_(2, scores.argmax(2, keepdim=True), torch.full((*scores.shape[:2], 1), -self.error))
        best = scores.topk(2, dim=2)
        return best.indices[..., 0], best.values[..., 0] - best.values[..., 1]


def scores(num: int, lead: float) -> dict[str, Tensor]:
    planes = torch.zeros(num, 4, 3)
    planes[..., 1], planes[..., 2] = 1.0, 1.0 - lead
    return {"scores": planes}


def test_close_calls_alone_are_decided_again() -> None:
    exact, quick = Decider(), Decider(0.001)
    steady = Steady(exact, quick, lambda: scores(10, 0.5))
    assert abs(steady.margin - SAFETY * 0.001) < 1e-4
    exact.rows.clear()
    inputs = {"scores": torch.cat([scores(FEW, 0.5)["scores"], scores(3, 0.0005)["scores"]])}
    assert quick(inputs)[0][FEW:].eq(2).all()
    assert steady(inputs).eq(1).all()
    assert exact.rows == [3]


def test_one_close_step_is_enough() -> None:
    exact, quick = Decider(), Decider(0.001)
    inputs = scores(FEW, 0.5)
    inputs["scores"][7, 3, 2] = 0.9999
    assert Steady(exact, quick, lambda: scores(10, 0.5))(inputs).eq(1).all()


def test_a_few_are_decided_exactly_at_once() -> None:
    exact, quick = Decider(), Decider(0.001)
    assert Steady(exact, quick, lambda: scores(10, 0.5))(scores(FEW - 1, 0.0005)).eq(1).all()
    assert (exact.rows, quick.rows) == ([FEW - 1], [])


def test_where_nothing_agrees_nothing_is_trusted() -> None:
    exact, quick = Decider(), Decider(2.0)
    steady = Steady(exact, quick, lambda: scores(10, 0.5))
    assert steady.margin == torch.inf
    assert steady(scores(FEW, 0.5)).eq(1).all()


def test_what_is_no_number_is_decided_again() -> None:
    def lost(inputs: Inputs) -> tuple[Tensor, Tensor]:
        choices, leads = Decider()(inputs)
        return choices * 0, leads * torch.nan

    steady = Steady(Decider(), lost, lambda: scores(10, 0.5))
    steady.margin = 0.0
    assert steady(scores(FEW, 0.5)).eq(1).all()
