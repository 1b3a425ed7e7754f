"""Presets: every row builds, survives JSON, and says what the paper or the published code says."""

import json
from pathlib import Path

import pytest
from tests.made import TOY

from antiphon.data import container, sources
from antiphon.errors import InputError
from antiphon.fit import fit_preset
from antiphon.presets.preset import Preset
from antiphon.presets.table import PRESETS, get_preset
from antiphon.resolved import RunConfig
from antiphon.training.schedules import Decay

LIKELIHOODS = ("transformer-xl", "music-transformer", "piano", "piano-small", "piano-start", "piano-lstm")
MASKED = ("span-bert", "bert-single-token", "span-bert-small")


@pytest.mark.parametrize("name", PRESETS)
def test_every_row_builds_and_round_trips(name: str) -> None:
    preset = PRESETS[name]
    assert preset.name == name
    assert preset.corpus in {*container.names(), *sources.KNOWN}
    objective = preset.family.build()
    # A likelihood twin plays alone.
    alone = {"lstm-likelihood", "band-start", "band-likelihood", *LIKELIHOODS, *MASKED}
    both = {"generator"} if name in alone else {"generator", "discriminator"}
    assert {phase.player for phase in objective.phases} == both
    assert Preset.parse(json.loads(preset.model_dump_json())) == preset
    run = preset.resolve()
    assert RunConfig.parse(json.loads(run.model_dump_json())) == run


@pytest.mark.parametrize("version", ["v1", "v2", "v3"])
def test_paper_rows_have_figure_8s_settings(version: str) -> None:
    preset = get_preset(f"midinet-{version}")
    train, family = preset.train, preset.family
    assert family.kind == "midinet"
    passes = 20 if version == "v1" else 20 * 12
    assert (train.batch_size, train.epochs, train.iterations) == (72, passes, None)
    assert (train.generator.lr, train.discriminator.lr, train.generator.beta1) == (3e-4, 1e-5, 0.5)
    assert (family.generator_steps, family.discriminator_steps) == (3, 1)
    assert family.discriminator.minibatch is not None
    assert [row.kernels for row in family.discriminator.convolutions] == [14, 14]
    assert preset.codec.kind == "frames" and preset.codec.version == version
    assert preset.codec.rules.no_triad == "none"


def test_published_rows_take_the_published_data_rules() -> None:
    preset = get_preset("midinet-v3-as-published")
    assert preset.codec.kind == "frames"
    assert preset.codec.rules.no_triad == "c-minor"
    assert preset.family.kind == "midinet" and preset.family.transposition == "published"


@pytest.mark.parametrize(
    ("name", "rates", "steps", "minibatch", "batch", "splits"),
    [
        ("midinet-v2-run-1", (3e-4, 1e-5), (3, 1), (10, 2), 64, 600),
        ("midinet-v2-run-170k", (3e-4, 1e-5), (2, 1), (10, 5), 64, 2000),
        ("midinet-v3-run-3", (3e-4, 1e-5), (1, 3), (10, 5), 128, 600),
        ("midinet-v3-notebook", (3e-4, 3e-5), (1, 3), (10, 2), 72, 600),
    ],
)
def test_logged_runs(
    name: str, rates: tuple[float, float], steps: tuple[int, int], minibatch: tuple[int, int], batch: int, splits: int
) -> None:
    preset = get_preset(name)
    family, train = preset.family, preset.train
    assert family.kind == "midinet" and preset.codec.kind == "frames"
    assert (train.generator.lr, train.discriminator.lr) == rates
    assert (family.generator_steps, family.discriminator_steps) == steps
    assert family.discriminator.minibatch is not None
    assert (family.discriminator.minibatch.kernels, family.discriminator.minibatch.dims) == minibatch
    assert (train.batch_size, preset.codec.num_splits) == (batch, splits)


@pytest.mark.parametrize("name", [name for name in PRESETS if name.startswith("midinet-v")])
def test_every_row_asks_for_about_50_000_bars(name: str) -> None:
    codec = PRESETS[name].codec
    assert codec.kind == "frames"
    # MAESTRO has some 275 bars a song, a piece of 8 bars 7 pairs in 12 transpositions.
    bars = codec.num_splits * (275 if codec.version == "v1" else 7 * 12) if codec.num_splits else 0
    assert bars == pytest.approx(168_000 if name.endswith("170k") else 50_000, rel=0.02)


@pytest.mark.parametrize(
    ("name", "loss", "penalty", "limits", "steps"),
    [
        ("midinet-v2-wgan", "wasserstein", None, (0.03, None), (5, 1)),
        ("midinet-v2-wgan-clipped", "wasserstein", None, (None, 1.0), (5, 1)),
        ("midinet-v2-wgan-gp", "wasserstein", ("gradient", 10.0), (None, None), (5, 1)),
        ("midinet-v2-noise", "non-saturating", None, (None, None), (1, 3)),
        ("midinet-v2-relativistic", "relativistic", ("r1+r2", 0.1), (None, None), (1, 1)),
    ],
)
def test_other_games_of_version_2(
    name: str,
    loss: str,
    penalty: tuple[str, float] | None,
    limits: tuple[float | None, float | None],
    steps: tuple[int, int],
) -> None:
    preset, paper = get_preset(name), get_preset("midinet-v2")
    family, critic = preset.family, preset.train.discriminator
    assert family.kind == "midinet" and paper.family.kind == "midinet"
    assert family.loss == loss
    assert (family.penalty and (family.penalty.kind, family.penalty.weight)) == penalty
    assert (critic.clip_weights, critic.clip_norm) == limits
    assert (preset.train.generator.clip_weights, preset.train.generator.clip_norm) == (None, None)
    assert (family.discriminator_steps, family.generator_steps) == steps
    assert (family.condition_channels, family.transposition) == (32, "octave") and preset.codec == paper.codec
    # Minibatch discrimination would mix the gradients whose size is to be bounded.
    assert (family.discriminator.minibatch is None) == (name != "midinet-v2-noise")
    if family.noise is not None:
        assert preset.train.iterations is not None and family.noise.iterations < preset.train.iterations
    assert (family.noise is not None) == (name == "midinet-v2-noise")


def test_noise_that_cannot_fade_is_refused() -> None:
    with pytest.raises(InputError, match=r"train\.capture = true: .* fade family\.noise"):
        get_preset("midinet-v2-noise").resolve(["train.capture=true"])
    assert get_preset("midinet-v2-wgan").resolve(["train.capture=true"]).train.capture


@pytest.mark.parametrize(
    ("preset", "override", "sentence"),
    [
        ("midinet-v2", "codec.version=v1", r"^option: codec\.version = 'v1': .*'previous'.* codec\.version=v2"),
        ("midinet-v2", "family.chord=true", r"codec\.version = 'v2': .*'chord'.* codec\.version=v3"),
        ("midinet-v3", "codec.version=v1", r"'previous'.* codec\.version=v3"),
        ("midinet-v1", "family.condition_channels=4", r"codec\.version=v2"),
        ("midinet-v1", 'codec={"kind": "melody"}', r"codec\.kind = 'melody': .*'midinet' takes 'frames'"),
        ("bar", 'codec={"kind": "frames"}', r"codec\.kind = 'frames': .*'bar' takes 'melody'"),
        ("lstm-gan", 'codec={"kind": "melody"}', r"codec\.kind = 'melody': .*'lstm-gan' takes 'notes'"),
        ("lstm-gan", "codec.length=32", r"codec\.length = 32: this family reads rows of 64; set codec\.length so"),
        ("lstm-gan", "codec.unit=seconds", r"codec\.unit = 'seconds': this family reads rows of 'beats'"),
    ],
)
def test_a_family_without_the_rows_that_it_reads_is_refused(preset: str, override: str, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        get_preset(preset).resolve([override])


def test_rows_of_the_lstm_gan_have_the_papers_settings() -> None:
    for name, length in (("lstm-gan", 64), ("lstm-gan-as-published", 1)):
        preset = get_preset(name)
        train, family = preset.train, preset.family
        assert family.kind == "lstm-gan"
        assert (family.latent_dim, family.hidden_dim, family.num_layers, family.sequence_length) == (
            100,
            256,
            2,
            length,
        )
        assert (train.batch_size, train.epochs) == (64, 100)
        for adam in (train.generator, train.discriminator):
            assert (adam.lr, adam.beta1, adam.beta2) == (1e-3, 0.9, 0.999)


def test_the_later_codes_rate_falls_over_the_generators_last_steps() -> None:
    train = get_preset("musegan-v3").train
    # Ten steps of fifty turns of the critic, then five to each.
    assert train.iterations == 500 + 5 * 49_990
    assert isinstance(train.decay, Decay)
    assert (train.decay.begin, train.decay.end) == (500 + 5 * 44_990, train.iterations)
    assert get_preset("musegan-hybrid").train.decay is None


def test_a_family_may_read_less_than_there_is() -> None:
    assert get_preset("midinet-v2").resolve(["codec.version=v3"]).family == get_preset("midinet-v2").family
    both = get_preset("midinet-v2").resolve(["codec.version=v3", "family.chord=true"])
    assert both.codec.kind == "frames" and both.codec.version == "v3"


def test_unknown_preset_names_near_ones() -> None:
    with pytest.raises(InputError, match=r"'midinet-v22'.*midinet-v2"):
        get_preset("midinet-v22")
    with pytest.raises(InputError, match=r"did you mean bar\?.*antiphon presets"):
        get_preset("xyzzy")


def test_overrides_reach_every_section() -> None:
    run = get_preset("midinet-v2").resolve(
        ["family.latent_dim=32", "train.iterations=5", "codec.num_splits=7", "family.discriminator.dropout=0"]
    )
    assert run.family.kind == "midinet" and run.codec.kind == "frames"
    assert (run.family.latent_dim, run.codec.num_splits, run.family.discriminator.dropout) == (32, 7, 0)
    assert (run.train.iterations, run.train.epochs) == (5, None)
    assert get_preset("bar").resolve(["train.epochs=2"]).train.iterations is None


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("train.bach_size=3", "no key 'bach_size'"),
        ("famly.latent_dim=3", "no section 'famly'"),
        ("train.batch_size=many", "train.batch_size = 'many'"),
        ("family.generator_steps=0", "greater than"),
        ("train.batch_size", "key=value"),
    ],
)
def test_bad_overrides(override: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        get_preset("midinet-v2").resolve([override])


@pytest.mark.slow
@pytest.mark.parametrize("preset", TOY)
def test_two_iterations_of_each_family(preset: str, corpus: Path, tmp_path: Path) -> None:
    short = ["train.iterations=2", "train.batch_size=4", "train.log_every=1", "train.device=cpu"]
    often = ["train.preview_every=1", "train.health_every=2"]
    config = get_preset(preset).resolve([*TOY[preset], *short, *often])
    said: list[str] = []
    facts = fit_preset(config, corpus, tmp_path / "run", say=said.append)
    assert (facts["iteration"], facts["preset"]) == (2, preset)
    assert facts["rows"] > 0 and f"{facts['rows']:,} bars" in said[0]
    previews = sorted(path.name for path in (tmp_path / "run" / "previews").iterdir())
    assert previews == ["0000001.mid", "0000001.png", "0000002.mid", "0000002.png"]
    assert (tmp_path / "run" / "curves.png").read_bytes().startswith(b"\x89PNG")
    assert any(name.startswith("health/") for name in facts["last"])


def test_bands_know_which_of_their_tracks_are_drums() -> None:
    quartet = ["codec.ensemble=quartet", "family.tracks=4", "family.lowest=[]"]
    with pytest.raises(InputError, match=r"drums = \[0\]: .*violin 1.*, these are none; set family\.drums=\[\]"):
        get_preset("band").resolve(quartet)
    assert get_preset("band").resolve([*quartet, "family.drums=[]"]).family.kind == "band"
    with pytest.raises(InputError, match=r"these are \[1\]; set family\.drums=\[1\]"):
        get_preset("band").resolve(["codec.ensemble=paper"])
    with pytest.raises(InputError, match=r"lowest has a pitch for each of 4 tracks, or none"):
        get_preset("band").resolve(["family.tracks=4"])
    with pytest.raises(InputError, match=r"drums names tracks by number, 0 to 4"):
        get_preset("band").resolve(["family.drums=[5]"])
