"""Runs of these tests draw no curves: a picture takes longer than the run; its own test draws one."""

import pytest

from antiphon.training import trainer


@pytest.fixture(autouse=True)
def _no_curves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trainer, "draw_curves", lambda history, path: None)
