"""The speed of a likelihood step: what is counted, and the table at toy size."""

import pytest
import torch

from antiphon.families.transformer.designs import XlNetwork
from antiphon.nn.products import affine
from benchmarks import xl_step


def test_operations_are_counted_in_either_library() -> None:
    rows, weight = torch.randn(6, 5), torch.randn(5, 7)
    assert xl_step.operations(lambda: affine(rows, weight, None)) == 2 * 6 * 5 * 7
    assert xl_step.operations(lambda: rows @ weight) == 2 * 6 * 5 * 7


def test_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = XlNetwork(num_layers=2, width=8, num_heads=2, feedforward=12)
    for name, value in {"SIZES": sizes, "VOCABULARY": 11, "BATCH": 2, "SEGMENT": 4, "MEMORY": 8}.items():
        monkeypatch.setattr(xl_step, name, value)
    rows = xl_step.run(quick=True)
    assert [row.target for row in rows] == [">= 260", "", "", ">= 1.3"]
    assert all(row.value > 0 for row in rows)
