"""What a training shows of itself: previews beside real bars, health measures, alarms said once, metrics, curves."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from tests.made import TOY

from antiphon.errors import InputError
from antiphon.gan.losses import LOSSES
from antiphon.gan.objective import Objective
from antiphon.io.midi import read_midi
from antiphon.observers import Curves, Evaluation, Health, Preview, _loss
from antiphon.presets.table import get_preset
from antiphon.resolved import RunConfig


def config(preset: str) -> RunConfig:
    return get_preset(preset).resolve(TOY[preset])


def objective(preset: str) -> Objective:
    torch.manual_seed(3)
    built = config(preset).family.build()
    return built.eval()


def rows(preset: str, num: int = 300) -> dict[str, np.ndarray]:
    chance = np.random.default_rng(0)
    low, high = (0, 26) if preset == "bar" else (60, 84)
    bars = chance.integers(low, high, (2, num, 16)).astype(np.uint8)
    return {"real": bars[0], "previous": bars[1], "chord": chance.integers(0, 25, num).astype(np.uint8)}


@pytest.mark.parametrize("preset", TOY)
def test_preview_puts_made_bars_before_the_real_ones(preset: str, tmp_path: Path) -> None:
    shown, game = rows(preset), objective(preset)
    preview = Preview(tmp_path, config(preset).codec, shown, every=5)
    with torch.no_grad():
        assert preview(5, game, []) == {}
        torch.manual_seed(99)
        preview(10, game, [])
    files = sorted(path.name for path in (tmp_path / "previews").iterdir())
    assert files == ["0000005.mid", "0000005.png", "0000010.mid", "0000010.png"]
    # The latents are fixed, so an unchanged generator shows the same bars.
    assert (tmp_path / "previews" / files[0]).read_bytes() == (tmp_path / "previews" / files[2]).read_bytes()
    score = read_midi(tmp_path / "previews" / files[0])
    made, real = score.tracks
    half = 8 * 4 * score.ticks_per_beat
    assert (made.name, real.name) == ("made", "real")
    assert made.notes["start"].max() < half <= real.notes["start"].min()
    decoded = config(preset).codec.decode(shown["real"][:8])
    np.testing.assert_array_equal(real.notes["pitch"][-20:], decoded.tracks[0].notes["pitch"][-20:])


@pytest.mark.parametrize("preset", TOY)
def test_health_measures_and_alarms(preset: str) -> None:
    said: list[str] = []
    health = Health(rows(preset), 5, said.append)
    with torch.no_grad():
        record = health(5, objective(preset), [])
    assert record["health/duplicate_share"] >= 0 and 0 <= record["health/critic_auc"] <= 1
    assert {name.split("/")[0] for name in record} <= {"health", "alarm"}
    assert len(said) == sum(name.startswith("alarm/") for name in record)
    json.dumps(record, allow_nan=False)


@pytest.mark.parametrize(
    ("preset", "loss"),
    [
        ("bar", "relativistic"),
        ("midinet-v2-relativistic", "relativistic"),
        ("midinet-v2-wgan", "wasserstein"),
        ("midinet-v2-wgan-clipped", "wasserstein"),
        ("midinet-v2-wgan-gp", "wasserstein"),
    ],
)
def test_health_is_read_by_the_loss_that_is_played(preset: str, loss: str) -> None:
    assert _loss(get_preset(preset).family.build()) == LOSSES[loss]


def test_health_knows_the_smoothed_label() -> None:
    for preset in ("midinet-v2", "midinet-v2-noise"):
        assert _loss(get_preset(preset).family.build()).blind == pytest.approx(1.3763, abs=1e-4)


def test_an_alarm_is_said_when_it_begins() -> None:
    class Constant(torch.nn.Module):
        def sample(self, num: int, condition: object) -> torch.Tensor:
            return torch.full((num, 16), 60, dtype=torch.uint8)

    game = objective("midinet-v1")
    game.sample = Constant().sample  # type: ignore[method-assign]
    said: list[str] = []
    health = Health({"real": rows("midinet-v1")["real"]}, 5, said.append)
    with torch.no_grad():
        records = [health(iteration, game, []) for iteration in (5, 10)]
    assert all(record["alarm/mode collapse"] == 1 for record in records)
    assert sum("mode collapse" in sentence for sentence in said) == 1
    assert said[0].startswith("iteration 5: ")


def test_a_game_that_has_not_begun_is_not_judged() -> None:
    game, blind = objective("bar"), "alarm/blind discriminator"
    chance = np.random.default_rng(5)
    game.sample = lambda num, condition: torch.from_numpy(chance.integers(0, 9, (num, 16)))  # type: ignore[method-assign]
    health = Health(rows("bar"), 5, str)
    likelihood = [{"iteration": float(n), "likelihood/loss": 3.0} for n in range(50, 1000, 50)]
    played = [{"iteration": float(n), "discriminator/loss": 1.3, "generator/loss": 0.8} for n in range(50, 1000, 50)]
    with torch.no_grad():
        records = [health(iteration, game, log) for iteration, log in ((5, []), (1000, likelihood), (1000, played))]
    assert [blind in record for record in records] == [False, False, True]


def test_its_own_figures_are_not_taken_for_the_trainers() -> None:
    history = [{"iteration": float(n), "discriminator/gradient_norm": 1.0 + n, "g/loss": 1.0} for n in range(20)]
    history = [record | {"d/confidence_real": 0.5, "d/confidence_fake": 0.5} for record in history]
    with torch.no_grad():
        record = Health(rows("midinet-v2"), 5, print)(20, objective("midinet-v2"), history)
    for ending in ("gradient_norm", "confidence_real", "confidence_fake", "loss"):
        assert not [name for name in record if name.endswith(ending)]


def test_curves_wait_for_losses(tmp_path: Path) -> None:
    curves, game = Curves(tmp_path, 5), objective("midinet-v1")
    curves(5, game, [{"iteration": 5, "health/critic_auc": 0.5}])
    assert not (tmp_path / "curves.png").exists()
    curves(10, game, [{"iteration": 5, "generator/loss": 0.5}])
    assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")
    assert not (tmp_path / "metrics.png").exists()
    curves(15, game, [{"iteration": 5, "evaluate/onsets": 0.5}])
    assert (tmp_path / "metrics.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("preset", TOY)
def test_metrics_of_samples_stand_beside_those_of_real_bars(preset: str) -> None:
    shown, game = rows(preset), objective(preset)
    evaluation = Evaluation(config(preset).codec, shown, every=5)
    with torch.no_grad():
        first = evaluation(5, game, [])
        torch.manual_seed(99)
        assert evaluation(10, game, []) == first, "latents and conditions are fixed"
    made = {name.removeprefix("evaluate/") for name in first if name.startswith("evaluate/")}
    real = {name.removeprefix("evaluate_real/") for name in first if name.startswith("evaluate_real/")}
    assert made == real >= {"pitch_changes", "held_bars", "notes_a_bar", "interval_overlap", "chord_tone_share"}
    assert len(made) + len(real) == len(first)
    json.dumps(first, allow_nan=False)


def test_metrics_see_what_the_samples_are() -> None:
    shown, game = rows("midinet-v2"), objective("midinet-v2")
    game.sample = lambda num, condition: condition["real"]  # type: ignore[method-assign]
    evaluation = Evaluation(config("midinet-v2").codec, shown, every=5)
    with torch.no_grad():
        copied = evaluation(5, game, [])
        game.sample = lambda num, condition: torch.full((num, 16), 60, dtype=torch.uint8)  # type: ignore[method-assign]
        held = evaluation(10, game, [])
    assert all(copied[name.replace("evaluate/", "evaluate_real/")] == copied[name] for name in list(copied)[:5])
    # Real bars are compared with other ones: not even they overlap wholly.
    assert 0.8 < copied["evaluate_real/interval_overlap"] < 1
    assert held["evaluate/held_bars"] == 1 and held["evaluate/pitch_class_overlap"] < 0.2
    assert held["evaluate_real/pitch_changes"] == copied["evaluate/pitch_changes"] > 10


def test_a_codec_without_metrics_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("antiphon.observers.KINDS", {"frames": None})
    with pytest.raises(InputError, match=r"train\.evaluate_every = 5: .*MelodyBars"):
        Evaluation(config("bar").codec, rows("bar"), 5)


def test_what_is_undefined_is_not_logged() -> None:
    silent = np.full((80, 16), 25, np.uint8)
    shown = {"real": silent, "previous": silent, "chord": np.full(80, 24, np.uint8)}
    with torch.no_grad():
        record = Evaluation(config("bar").codec, shown, 5)(5, objective("bar"), [])
    assert "evaluate_real/silent_steps" in record and "evaluate_real/chord_tone_share" not in record
    json.dumps(record, allow_nan=False)


def test_a_preview_of_phrases_has_the_ensembles_tracks_made_and_then_real(tmp_path: Path) -> None:
    from tests.families.musegan_toys import phrases, toy

    game, codec = toy("musegan-hybrid-conditional"), get_preset("musegan-hybrid-conditional").codec
    rows = {name: values.numpy() for name, values in phrases(game, 2).items()}
    Preview(tmp_path, codec, rows, 1)(3, game, [])
    score = read_midi(tmp_path / "previews" / "0000003.mid")
    assert (tmp_path / "previews" / "0000003.png").is_file()
    assert [track.name for track in score.tracks] == ["Bass", "Drums", "Guitar", "Piano", "Strings"]
    half = 2 * 4 * 4 * score.ticks_per_beat
    assert half < score.end <= 2 * half + score.ticks_per_beat
    piano = score.tracks[3].notes
    from_the_start, from_half = (
        set(zip((piano["start"] - begin).tolist(), piano["pitch"].tolist(), strict=True)) for begin in (0, half)
    )
    assert len(from_the_start & from_half) > 0.9 * len(piano) / 2, "the piano is given"
