"""The bridge: licences, held-out bars, exact resume, fine-tuning."""

from pathlib import Path

import pytest
import torch
from tests.made import TOY

from antiphon.data import container
from antiphon.data.corpus import Corpus
from antiphon.data.views import view
from antiphon.errors import InputError
from antiphon.fit import _rows, fit_preset, publish_run
from antiphon.generate import load
from antiphon.licences import model_licence
from antiphon.presets.table import get_preset
from antiphon.resolved import RunConfig
from antiphon.training.checkpoint import load_model, save_model
from antiphon.training.log import read_log


def config(preset: str, iterations: int, *more: str) -> RunConfig:
    short = [f"train.iterations={iterations}", "train.batch_size=4", "train.device=cpu"]
    return get_preset(preset).resolve([*TOY[preset], *short, *more])


def state(run: Path) -> dict[str, torch.Tensor]:
    publish_run(run, run / "m.safetensors")
    return load_model(run / "m.safetensors")[1]


NOT_FREE = (
    "MIT (the collection; the songs in it are under copyright)",
    "Mitwirkende: all rights reserved",
    "pdf terms apply",
    "public domain in the USA only",
    "CC0 for the files, not for the songs",
)


@pytest.mark.parametrize(
    ("corpus", "origin", "licence"),
    [
        ("CC0-1.0", None, "MIT"),
        ("Public Domain", "MIT", "MIT"),
        ("CC-BY-NC-SA-4.0", None, "CC-BY-NC-SA-4.0"),
        ("CC0-1.0", "CC-BY-NC-SA-4.0", "CC-BY-NC-SA-4.0"),
        ("CC-BY-4.0", "CC-BY-4.0", "CC-BY-4.0"),
        ("CC-BY-4.0", "CC-BY-SA-4.0", "CC-BY-4.0 and CC-BY-SA-4.0"),
        ("unknown", None, "unknown"),
        ("CC0 1.0", None, "MIT"),
        ("pd", None, "MIT"),
        ("MIT", "CC-BY-4.0", "CC-BY-4.0"),
        *((songs, None, songs) for songs in NOT_FREE),
    ],
)
def test_licence_of_weights(corpus: str, origin: str | None, licence: str) -> None:
    assert model_licence(corpus, origin) == licence


def test_weights_of_free_embedded_music_are_free() -> None:
    licences = {name: model_licence(container.load(name)[0].licence) for name in container.names()}
    assert {name for name, licence in licences.items() if licence == "MIT"} == {"leadsheets", "lieder", "quartets"}


# Likelihood, then the critic alone, then the game; penalties at 2, 4 and 6: each stop is inside or between the phases.
PHASES = ("family.likelihood_iterations=2", "family.critic_lead=2", "family.penalty_every=2")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("preset", "more", "stops"), [("midinet-v2", (), [2, 4]), ("bar", (*PHASES, "train.ema_decay=0.9"), [1, 3, 5, 7])]
)
def test_resume_is_exact(preset: str, more: tuple[str, ...], stops: list[int], corpus: Path, tmp_path: Path) -> None:
    for run, lengths in (("once", stops[-1:]), ("twice", stops)):
        for iterations in lengths:
            fit_preset(config(preset, iterations, *more), corpus, tmp_path / run, say=str)
    once, twice = state(tmp_path / "once"), state(tmp_path / "twice")
    assert once.keys() == twice.keys()
    assert all(torch.equal(once[name], twice[name]) for name in once)


@pytest.mark.slow
def test_held_out_bars_are_no_training_bars(corpus: Path, tmp_path: Path) -> None:
    wanted = config("midinet-v2", 1)
    fit_preset(wanted, corpus, tmp_path / "r", say=str)
    held_out = {tuple(bar.tolist()) for bar in state(tmp_path / "r")["held_out.real"]}
    bars = {
        split: {tuple(bar.tolist()) for bar in view(Corpus.open(corpus), wanted.codec, split)["real"]}
        for split in ("train", "valid")
    }
    assert held_out and held_out <= bars["valid"]
    assert not held_out <= bars["train"]


@pytest.mark.slow
def test_the_first_weights_follow_from_the_seed(corpus: Path, tmp_path: Path) -> None:
    states = []
    for number, seed in enumerate((1, 1, 2)):
        torch.manual_seed(number)
        fit_preset(config("midinet-v1", 1, f"train.seed={seed}"), corpus, tmp_path / str(number), say=str)
        states.append(state(tmp_path / str(number))["generator.fc_net.0.weight"])
    assert torch.equal(states[0], states[1])
    assert not torch.equal(states[0], states[2])


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.slow
def test_a_refused_training_leaves_the_run_of_another_alone(corpus: Path, tmp_path: Path) -> None:
    fit_preset(config("midinet-v1", 1), corpus, tmp_path / "r", say=str)
    before = contents(tmp_path / "r")
    with pytest.raises(InputError, match="this run was begun with"):
        fit_preset(config("midinet-v2", 1), corpus, tmp_path / "r", say=str)
    assert contents(tmp_path / "r") == before


@pytest.mark.slow
def test_a_run_without_a_checkpoint_binds_nobody(corpus: Path, tmp_path: Path) -> None:
    run = tmp_path / "r"
    fit_preset(config("midinet-v2", 1), corpus, run, say=str)
    (run / "checkpoint.pt").unlink()
    (run / "best.safetensors").write_bytes(b"of the other")
    facts = fit_preset(config("midinet-v1", 2), corpus, run, say=str)
    assert (facts["preset"], facts["iteration"]) == ("midinet-v1", 2)
    # Held-out bars of the other's codec, and its best weights, are gone with it.
    assert not any(name.startswith("held_out") for name in state(run))


def test_how_many_songs_give_bars_is_said(corpus: Path, tmp_path: Path) -> None:
    said: list[str] = []
    wanted = config("midinet-v2", 1)
    facts = fit_preset(wanted, corpus, tmp_path / "r", say=said.append)
    songs = len(Corpus.open(corpus).split("train"))
    assert facts["songs"] == songs > 1
    assert said[
        0
    ] == f"c: {facts['rows']:,} bars of {songs} of {songs} training songs to train midinet-v2 on, 1 iterations".replace(
        "c:", f"{Corpus.open(corpus).name}:"
    )
    one = wanted.override(["codec.num_splits=1"])
    facts = fit_preset(one, corpus, tmp_path / "s", say=said.append)
    assert facts["songs"] == 1 and f"bars of 1 of {songs} training songs" in said[-2]


@pytest.mark.parametrize(("fewest", "told"), [(64, True), (1, False)])
def test_too_few_held_out_bars_are_said(
    fewest: int, told: bool, corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("antiphon.fit._FEWEST_HELD_OUT", fewest)
    said: list[str] = []
    fit_preset(config("midinet-v2", 1), corpus, tmp_path / "r", say=said.append)
    sentence = f"fewer than {fewest} held-out bars: health and previews compare with training bars instead"
    assert (sentence in said) == told


@pytest.mark.slow
def test_resumed_fine_tuning_wants_the_same_model(models: dict[str, Path], corpus: Path, tmp_path: Path) -> None:
    run, origin = tmp_path / "r", models["midinet-v1"]
    fit_preset(config("midinet-v1", 1), corpus, run, start=origin, say=str)
    with pytest.raises(InputError, match=r"preset 'midinet-v1'; give that model as --from, or"):
        fit_preset(config("midinet-v1", 2), corpus, run, say=str)
    card, weights = load_model(origin)
    save_model(tmp_path / "copy.safetensors", weights, card)
    weights["generator.fc_net.0.bias"] += 1
    save_model(tmp_path / "other.safetensors", weights, card)
    with pytest.raises(InputError, match="and not of this one; give that model as --from"):
        fit_preset(config("midinet-v1", 2), corpus, run, start=tmp_path / "other.safetensors", say=str)
    assert fit_preset(config("midinet-v1", 2), corpus, run, start=tmp_path / "copy.safetensors")["iteration"] == 2
    fit_preset(config("midinet-v1", 1), corpus, tmp_path / "plain", say=str)
    with pytest.raises(InputError, match="begun without --from; leave it out"):
        fit_preset(config("midinet-v1", 2), corpus, tmp_path / "plain", start=origin, say=str)


@pytest.mark.slow
def test_fine_tuning_begins_with_the_model(models: dict[str, Path], corpus: Path, tmp_path: Path) -> None:
    slow = ("train.generator.lr=1e-12", "train.discriminator.lr=1e-12")
    fit_preset(config("midinet-v1", 1, *slow), corpus, tmp_path / "r", start=models["midinet-v1"], say=str)
    _, before = load_model(models["midinet-v1"])
    name = "generator.fc_net.0.weight"
    torch.testing.assert_close(state(tmp_path / "r")[name], before[name])
    with pytest.raises(InputError, match="family 'bar', but preset midinet-v1"):
        fit_preset(config("midinet-v1", 1), corpus, tmp_path / "s", start=models["bar"])
    assert not (tmp_path / "s").exists()


@pytest.mark.slow
@pytest.mark.parametrize("preset", ["bar", "midinet-v3"])
def test_evaluating_changes_nothing_and_goes_on_after_a_stop(preset: str, corpus: Path, tmp_path: Path) -> None:
    evaluated = (preset, 6, "train.log_every=2", "train.evaluate_every=2")
    whole = fit_preset(config(*evaluated), corpus, tmp_path / "a", say=str)
    fit_preset(config(preset, 6, "train.log_every=2"), corpus, tmp_path / "plain", say=str)
    plain, watched = state(tmp_path / "plain"), state(tmp_path / "a")
    assert all(torch.equal(plain[name], watched[name]) for name in plain)
    without = [
        {name: value for name, value in record.items() if not name.startswith("evaluate")}
        for record in read_log(tmp_path / "a")
    ]
    assert without == read_log(tmp_path / "plain")
    assert not (tmp_path / "plain" / "metrics.png").exists()
    # Evaluation may begin late, and what was logged before a stop stays.
    fit_preset(config(preset, 2, "train.log_every=2"), corpus, tmp_path / "b", say=str)
    fit_preset(config(preset, 4, *evaluated[2:]), corpus, tmp_path / "b", say=str)
    resumed = fit_preset(config(*evaluated), corpus, tmp_path / "b", say=str)
    assert read_log(tmp_path / "b")[1:] == read_log(tmp_path / "a")[1:]
    assert resumed["evaluated"] == whole["evaluated"]
    assert {"made", "real"} == set(whole["evaluated"]["pitch_changes"])
    assert (tmp_path / "b" / "metrics.png").read_bytes().startswith(b"\x89PNG")


def test_chords_are_trained_shown_published_and_compose(tmp_path: Path) -> None:
    toy = ("family.hidden_dim=8", "family.critic_dim=8", "family.likelihood_iterations=2", "family.critic_lead=1")
    short = ("train.iterations=6", "train.batch_size=4", "train.preview_every=6", "train.health_every=6")
    fitted = fit_preset(get_preset("chords").resolve([*toy, *short]), "leadsheets", tmp_path / "run", workers=1)
    assert fitted["iteration"] == 6
    assert (tmp_path / "run" / "previews" / "0000006.mid").is_file()
    assert any(name.startswith("health/") for record in read_log(tmp_path / "run") for name in record)
    assert publish_run(tmp_path / "run", tmp_path / "m.safetensors")["licence"] == "MIT"
    assert len(load(tmp_path / "m.safetensors").compose(12)[0]) == 12


CONDITIONAL = ("family.scale=0.02", "train.iterations=1", "train.batch_size=4", "train.device=cpu")


def test_a_model_trains_on_the_phrases_in_which_its_given_track_sounds(bands: Path) -> None:
    preset, corpus = get_preset("musegan-hybrid-conditional"), Corpus.open(bands)
    songs = len(corpus.split("train"))
    rows, num_songs, remark = _rows(corpus, preset.resolve(CONDITIONAL), 1)
    assert len(rows["real"]) == num_songs == songs and rows["real"][:, 3].any((1, 2)).all()
    assert f"sounds in {songs} of {4 * songs} phrases" in remark and "under half of them" in remark
    strings, _, remark = _rows(corpus, preset.resolve([*CONDITIONAL, "family.condition=4"]), 1)
    assert len(strings["real"]) == 4 * songs and not remark
    scratch, _, remark = _rows(corpus, get_preset("musegan-hybrid").resolve(CONDITIONAL), 1)
    assert len(scratch["real"]) == 4 * songs and not remark
    with pytest.raises(InputError, match="too few to train on"):
        _rows(corpus, preset.resolve([*CONDITIONAL, f"train.batch_size={songs + 1}"]), 1)


@pytest.mark.slow
def test_phrases_that_are_left_out_are_told(bands: Path, tmp_path: Path) -> None:
    said: list[str] = []
    config = get_preset("musegan-composer-conditional").resolve(CONDITIONAL)
    facts = fit_preset(config, bands, tmp_path / "a", say=said.append)
    assert facts["rows"] == len(Corpus.open(bands).split("train"))
    assert any("piano, to which this model plays, sounds in" in sentence for sentence in said)
