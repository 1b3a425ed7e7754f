"""What games of phrases show of their health, and their metrics in training."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from tests.evaluation.bands_made import BASS, PIANO, SIXTEENTHS, strokes
from tests.families.musegan_toys import phrases, toy
from tests.made import TOY_OF_PHRASES

from antiphon.codecs.ensembles import ENSEMBLES
from antiphon.codecs.phrases import PhraseRolls
from antiphon.data.prepare import prepare
from antiphon.evaluation.carried import carried
from antiphon.families.musegan.objective import Musegan
from antiphon.fit import fit_preset
from antiphon.io.midi import write_midi
from antiphon.observers import Evaluation, Health
from antiphon.phrase_evidence import num_examined, outline, phrase_evidence
from antiphon.presets.table import get_preset

CODEC = PhraseRolls(ensemble=ENSEMBLES["paper"])
PRESETS = tuple(TOY_OF_PHRASES)[:2]


@pytest.fixture(scope="module")
def songs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus of small bands."""
    folder = tmp_path_factory.mktemp("bands")
    codec = SIXTEENTHS.model_copy(update={"bars": 16})
    for seed in range(10):
        song = carried(strokes(np.random.default_rng(seed), 16), 16, SIXTEENTHS, SIXTEENTHS)
        write_midi(codec.decode(*(part.swapaxes(0, 1)[None] for part in song)), folder / "midi" / f"{seed}.mid")
    prepare(folder / "midi", folder / "c", licence="CC0-1.0", workers=1)
    return folder / "c"


def shown(game: Musegan, num: int) -> dict[str, np.ndarray]:
    return {name: values.numpy() for name, values in phrases(game, num).items()}


def test_an_outline_is_the_highest_pitch_of_each_sixteenth() -> None:
    cells = torch.zeros(1, 2, 2, 96, 84, dtype=torch.bool)
    cells[0, 0, 1, 5, [3, 7]] = True
    cells[0, 1, 0, 95, 83] = True
    found = outline(cells)
    assert found.shape == (1, 2, 32)
    assert torch.nonzero(found).tolist() == [[0, 0, 16], [0, 1, 15]]
    assert found[0, 0, 16] == 8 and found[0, 1, 15] == 84
    assert outline(torch.zeros(2, 1, 1, 20, 12, dtype=torch.bool)).shape == (2, 1, 20)


def test_long_phrases_are_fewer() -> None:
    assert [num_examined(CODEC.model_copy(update={"bars": bars})) for bars in (4, 16, 64)] == [128, 32, 32]


def test_evidence_of_a_model_from_scratch() -> None:
    game = toy("musegan-hybrid").eval()
    batch = phrases(game, 40)
    found = phrase_evidence(game, CODEC, batch, seed=1)
    again = phrase_evidence(game, CODEC, batch, seed=1)
    assert found.fake_one_condition is None and found.fake_other_condition is None
    assert list(found.tracks) == list(CODEC.ensemble.names)
    assert torch.equal(torch.as_tensor(found.fake), torch.as_tensor(again.fake))
    assert torch.as_tensor(found.real).shape == (40, 5, 64)
    assert float(torch.as_tensor(found.tracks["bass"].real_density).mean()) == pytest.approx(0.05, abs=0.005)


def test_a_given_track_is_no_sample_and_another_makes_a_difference() -> None:
    game = toy("musegan-hybrid-conditional").eval()
    given = game.config.condition
    assert given is not None
    found = phrase_evidence(game, CODEC, phrases(game, 40), seed=1)
    assert CODEC.ensemble.names[given] not in found.tracks and len(found.tracks) == 4
    fake, other = (torch.as_tensor(part) for part in (found.fake, found.fake_other_condition))
    assert fake.shape == other.shape == (40, 4, 64)
    assert not torch.equal(fake, other)


@pytest.mark.parametrize("preset", PRESETS)
def test_health_of_phrases(preset: str) -> None:
    game, codec = toy(preset).eval(), get_preset(preset).codec
    said: list[str] = []
    with torch.no_grad():
        record = Health(shown(game, 150), 5, said.append, codec)(5, game, [])
    assert 0 <= record["health/critic_auc"] <= 1 and "health/density_bass" in record
    assert ("health/condition_effect" in record) == (game.config.condition is not None)
    assert len(said) == sum(name.startswith("alarm/") for name in record)
    json.dumps(record, allow_nan=False)


def test_a_track_that_dies_in_a_game_is_said() -> None:
    game = toy("musegan-hybrid").eval()
    real, codec = shown(game, 150), get_preset("musegan-hybrid").codec
    whole = torch.rand(128, 5, 4, 96, 84) < 0.08
    # Told apart, so that no probe is trained.
    game.judge = lambda phrases: -phrases.flatten(1).float().mean(1)  # type: ignore[method-assign]
    said: list[str] = []
    played = [{"iteration": float(n), "discriminator/loss": 1.0, "generator/loss": 1.0} for n in range(100, 1000, 100)]
    for dead in (False, True):
        whole[:, 0] &= not dead
        game.sample = lambda num, condition: whole  # type: ignore[method-assign]
        with torch.no_grad():
            record = Health(real, 5, said.append, codec)(1000, game, played)
        assert ("alarm/silent track" in record) == dead
    assert any("silent track (track density least 0)" in sentence for sentence in said)


@pytest.mark.parametrize("preset", PRESETS)
def test_metrics_of_phrases_stand_beside_those_of_real_ones(preset: str) -> None:
    game = toy(preset).eval()
    evaluation = Evaluation(get_preset(preset).codec, shown(game, 6), 5)
    with torch.no_grad():
        record = evaluation(5, game, [])
        assert evaluation(10, game, []) == record
    assert {
        "evaluate_real/empty_bar_rate/bass",
        "evaluate_real/chroma_agreement",
        "evaluate/empty_bar_rate/drums",
    } <= set(record)
    json.dumps(record, allow_nan=False)


@pytest.mark.slow
def test_a_training_is_measured_and_examined(songs: Path, tmp_path: Path) -> None:
    changes = [*TOY_OF_PHRASES["musegan-hybrid"], "train.iterations=1", "train.evaluate_every=1", "train.batch_size=2"]
    config = get_preset("musegan-hybrid").resolve([*changes, "train.health_every=1", "train.preview_every=1"])
    facts = fit_preset(config, songs, tmp_path / "run", workers=1, say=str)
    assert "empty_bar_rate/bass" in facts["evaluated"] and (tmp_path / "run" / "metrics.png").is_file()
    log = [json.loads(line) for line in (tmp_path / "run" / "log.jsonl").read_text().splitlines()]
    assert any("health/density_piano" in record for record in log)


def test_tracks_are_named_as_the_codec_has_them() -> None:
    assert (CODEC.ensemble.names[0], SIXTEENTHS.ensemble.names[BASS], SIXTEENTHS.ensemble.names[PIANO]) == (
        "bass",
        "bass",
        "piano",
    )
