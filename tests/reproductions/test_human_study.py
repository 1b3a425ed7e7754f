"""Chances of the listening test: stored values, and what they follow from."""

from pathlib import Path

import pytest

from antiphon.reproductions.human_study import STATED_CHANCE, reproduce
from antiphon.reproductions.result import Asked


def test_stored_chances() -> None:
    lines = reproduce(Asked("cpu", 0, None, Path(), str)).lines
    ours = {(line.row[:4], line.column[0]): line.ours for line in lines}
    assert ours["chan", "2"] == pytest.approx(0.195, abs=5e-4)
    assert ours["chan", "3"] == pytest.approx(0.352, abs=5e-4)
    assert ours["chan", "1"] == pytest.approx(0.070, abs=5e-4)
    assert ours["chi2", "2"] == pytest.approx(6.95, abs=5e-3)
    assert ours["62 w", "t"] == pytest.approx(0.30, abs=5e-3)
    assert [line.paper for line in lines if line.paper is not None] == [STATED_CHANCE, 3.272]
