"""Records, events, curves and seeds."""

import json
import struct
import sys
from pathlib import Path

import pytest
import torch

from antiphon.errors import InputError
from antiphon.training.curves import draw_curves, draw_metrics, running_median
from antiphon.training.log import LOG, Log, read_log
from antiphon.training.meter import Meter
from antiphon.training.seeds import mix, seed_torch


def test_records_are_lines_of_json(tmp_path: Path) -> None:
    log = Log(tmp_path, 0)
    log.write({"iteration": 3, "d/loss": 0.5})
    # Before closing: a killed process must not lose it.
    assert json.loads((tmp_path / LOG).read_text()) == {"iteration": 3, "d/loss": 0.5}
    log.close()


def test_what_came_after_the_checkpoint_is_cut_off(tmp_path: Path) -> None:
    log = Log(tmp_path, 0)
    for iteration in (3, 6, 9):
        log.write({"iteration": iteration})
    log.close()
    again = Log(tmp_path, 6)
    again.write({"iteration": 9, "x": 1})
    again.close()
    assert read_log(tmp_path) == again.history == [{"iteration": 3}, {"iteration": 6}, {"iteration": 9, "x": 1}]


def test_events_hold_the_figures(tmp_path: Path) -> None:
    loader = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    log = Log(tmp_path, 0, tensorboard=True)
    log.write({"iteration": 3, "d/loss": 0.5})
    log.close()
    events = loader.EventAccumulator(str(tmp_path / "tensorboard"))
    events.Reload()
    assert [(event.step, event.value) for event in events.Scalars("d/loss")] == [(3, 0.5)]


def test_events_without_tensorboard_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(InputError, match=r"antiphon\[tensorboard\]"):
        Log(tmp_path, 0, tensorboard=True)


def _size(path: Path) -> tuple[int, int]:
    content = path.read_bytes()
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    return struct.unpack(">II", content[16:24])


def test_curves_show_losses_and_confidences(tmp_path: Path) -> None:
    record = {"d/loss": 1.4, "g/loss": 0.7, "d/confidence_real": 0.45, "d/confidence_fake": 0.55}
    history = [{"iteration": at, **record} for at in range(1, 3000)]
    draw_curves(history, tmp_path / "both.png")
    draw_curves([{"iteration": 1, "d/loss": 1.0}, {"iteration": 2, "preview": 1.0}], tmp_path / "losses.png")
    assert _size(tmp_path / "both.png")[1] > 1.5 * _size(tmp_path / "losses.png")[1]


def test_no_curves_without_records(tmp_path: Path) -> None:
    draw_curves([], tmp_path / "x.png")
    assert not (tmp_path / "x.png").exists()


def test_metrics_are_drawn_where_they_are_logged(tmp_path: Path) -> None:
    few = [{"iteration": at, "evaluate/a": 0.5, "evaluate_real/a": 0.4, "d/loss": 1.0} for at in range(10)]
    # A metric may be undefined now and then, and for real music always.
    many = [{**record, "evaluate/b": 1.0, "evaluate/c": 1.0, "evaluate/d": 2.0} for record in few] + few
    draw_metrics(few, tmp_path / "few.png")
    draw_metrics(many, tmp_path / "many.png")
    assert _size(tmp_path / "many.png")[1] > 1.5 * _size(tmp_path / "few.png")[1]
    draw_metrics([{"iteration": 1, "d/loss": 1.0}], tmp_path / "none.png")
    assert not (tmp_path / "none.png").exists()


def test_a_running_median_keeps_steps_and_drops_spikes() -> None:
    assert running_median([]) == []
    assert running_median([1.0]) == [1.0]
    assert running_median([0.0, 0.0, 9.0, 0.0, 5.0, 5.0, 5.0]) == [0.0, 0.0, 0.0, 5.0, 5.0, 5.0, 5.0]
    assert running_median([0.0] * 50 + [1.0] * 50) == [0.0] * 50 + [1.0] * 50
    assert running_median([7.0 if at % 50 < 5 else 0.0 for at in range(10, 110)])[5:95] == [0.0] * 90


def test_the_meter_reads_means_and_begins_anew() -> None:
    meter = Meter()
    for value in (1.0, 2.0, 6.0):
        meter.add({"d/loss": torch.tensor(value, requires_grad=True), "d/x": torch.tensor(-value).bfloat16()})
    meter.add({"g/loss": torch.tensor(5.0)})
    saved = meter.state(lambda tensor: tensor)
    assert meter.read(lambda tensor: tensor) == {"d/loss": 3.0, "d/x": -3.0, "g/loss": 5.0}
    assert meter.read(lambda tensor: tensor) == {}
    meter.restore(saved, torch.device("cpu"))
    meter.add({"g/loss": torch.tensor(7.0)})
    assert meter.read(lambda tensor: tensor) == {"d/loss": 3.0, "d/x": -3.0, "g/loss": 6.0}


def test_seeds_differ_in_every_value_and_place() -> None:
    words = [mix(seed, rank, iteration) for seed in range(8) for rank in range(8) for iteration in range(64)]
    assert len(set(words)) == len(words)
    # The CPU's generator takes the low half alone.
    assert len({word & 0xFFFFFFFF for word in words}) == len(words)
    flipped = sum((mix(0, 0, i) ^ mix(0, 0, i + 1)).bit_count() for i in range(500)) / 500
    assert flipped == pytest.approx(32, abs=1)


def test_seeding_decides_the_draws() -> None:
    seed_torch(1, 0, 5)
    first = torch.randn(4)
    torch.randn(100)
    seed_torch(1, 0, 5)
    assert torch.equal(first, torch.randn(4))
    seed_torch(1, 0, 6)
    assert not torch.equal(first, torch.randn(4))
