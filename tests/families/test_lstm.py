"""The LSTM GAN: sizes, what gradients reach, the numbers of notes, a few steps of training, conversion."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from antiphon.commands.converting import convert_lstm
from antiphon.doors.training import lstm as convert_command
from antiphon.errors import InputError
from antiphon.families.lstm.config import AS_PUBLISHED, LstmGanConfig
from antiphon.families.lstm.convert import convert_players
from antiphon.families.lstm.notes import as_published, rounded, to_numbers, valid
from antiphon.families.lstm.objective import LstmGan
from antiphon.fit import fit_preset, publish_run
from antiphon.gan.objective import Phase
from antiphon.generate import Model, load
from antiphon.io.midi import midi_bytes, read_midi
from antiphon.presets.table import get_preset
from antiphon.training.checkpoint import load_model, save_model
from antiphon.training.foreign import read_torch_file
from antiphon.writers.notes import LstmGanWriter

PAPER = LstmGanConfig()
TOY = LstmGanConfig(latent_dim=5, hidden_dim=12, row_length=8, sequence_length=8)
TOY_AS_PUBLISHED = AS_PUBLISHED.override(["latent_dim=5", "hidden_dim=12", "row_length=8"])
GAMES = pytest.mark.parametrize("config", [TOY, TOY_AS_PUBLISHED], ids=["paper", "as-published"])


def rows(num: int = 6, width: int = 8, seed: int = 1, shortest: int = 3) -> dict[str, Tensor]:
    """Rows of rising scales, of various lengths, zero behind."""
    chance = torch.Generator().manual_seed(seed)
    length = torch.randint(shortest, width + 1, (num,), generator=chance)
    pitch = 40 + torch.randint(30, (num, 1), generator=chance) + torch.arange(width)
    duration = torch.randint(0, 8, (num, width), generator=chance)
    offset = torch.randint(0, 5, (num, width), generator=chance)
    real = torch.stack([pitch, duration, offset], dim=2) * valid(length, width)[:, :, None]
    return {"real": real.byte(), "length": length.byte()}


def freeze_all_but(game: LstmGan, phase: Phase) -> None:
    for player in ("generator", "discriminator"):
        getattr(game, player).requires_grad_(player == phase.player)


def total(game: LstmGan, phase: Phase, batch: dict[str, Tensor]) -> Tensor:
    return torch.stack(tuple(game.losses(phase, game.augment(batch), 0).terms.values())).sum()


def num_weights(network: torch.nn.Module) -> int:
    return sum(weight.numel() for weight in network.parameters())


@pytest.mark.parametrize("config", [PAPER, AS_PUBLISHED], ids=["paper", "as-published"])
def test_both_presets_have_the_published_sizes(config: LstmGanConfig) -> None:
    game = config.build()
    assert (num_weights(game.generator), num_weights(game.discriminator)) == (893_699, 793_857)


@pytest.mark.parametrize(("config", "width"), [(PAPER, 64), (AS_PUBLISHED, 1)], ids=["paper", "as-published"])
def test_a_forward_pass_at_paper_size(config: LstmGanConfig, width: int) -> None:
    game = config.build()
    notes = game.generator(game.draw(64), config.sequence_length)
    assert notes.shape == (64, width, 3)
    assert game.discriminator(notes, torch.full((64,), width)).shape == (64,)
    assert game.sample(5, rows(5, 64)).shape == (5, 64, 3)


@GAMES
def test_gradients_reach_the_player_whose_turn_it_is_and_no_other(config: LstmGanConfig) -> None:
    game = config.build().train()
    for phase in game.phases:
        freeze_all_but(game, phase)
        game.zero_grad()
        total(game, phase, rows()).backward()
        for key, weight in game.named_parameters():
            assert (weight.grad is not None) == key.startswith(phase.player), key


@pytest.mark.parametrize("config", [PAPER, AS_PUBLISHED], ids=["paper", "as-published"])
def test_recurrent_weights_learn_from_sequences_and_from_single_notes_nothing(config: LstmGanConfig) -> None:
    game = config.build().train()
    for phase in game.phases:
        freeze_all_but(game, phase)
        total(game, phase, rows(16, 64)).backward()
    recurrent = {key: weight.grad for key, weight in game.named_parameters() if "weight_hh" in key}
    assert len(recurrent) == 4
    for key, gradient in recurrent.items():
        assert gradient is not None, key
        assert (gradient == 0).all() if config is AS_PUBLISHED else gradient.norm() > 1e-6, key


def test_a_sequence_hangs_on_all_that_came_before() -> None:
    game = TOY.build()
    notes = torch.randn(4, 8, 3, requires_grad=True)
    game.discriminator(notes, torch.tensor([8, 8, 3, 1])).sum().backward()
    assert notes.grad is not None
    reached = notes.grad.abs().sum(2) > 0
    assert torch.equal(reached, valid(torch.tensor([8, 8, 3, 1]), 8))


def test_notes_behind_the_end_change_no_verdict() -> None:
    game, batch = TOY.build(), rows(50)
    noise = torch.randint(0, 60, batch["real"].shape, dtype=torch.uint8)
    inside = valid(batch["length"], 8)[:, :, None]
    other = torch.where(inside, batch["real"], noise)
    assert torch.equal(game.judge(batch["real"], batch["length"]), game.judge(other, batch["length"]))


def test_a_row_of_single_notes_is_judged_note_by_note() -> None:
    game, batch = TOY_AS_PUBLISHED.build(), rows(20)
    verdicts = game.judge(batch["real"], batch["length"])
    singles = game.discriminator(to_numbers(batch["real"]).view(-1, 1, 3), torch.ones(160)).view(20, 8)
    means = [row[:num].mean() for row, num in zip(singles, batch["length"].tolist(), strict=True)]
    torch.testing.assert_close(verdicts, torch.stack(means))


def test_single_notes_are_drawn_from_all_valid_ones() -> None:
    game, batch = TOY_AS_PUBLISHED.build(), rows(1)
    many = {name: values.expand(2000, *values.shape[1:]) for name, values in batch.items()}
    drawn = game.augment(many)["real"]
    assert drawn.shape == (2000, 1, 3)
    length = int(batch["length"][0])
    assert set(drawn[:, 0, 0].tolist()) == set(batch["real"][0, :length, 0].tolist())


def test_a_whole_row_is_one_sequence() -> None:
    batch = rows()
    augmented = TOY.build().augment(batch)
    assert torch.equal(augmented["real"], batch["real"])
    assert torch.equal(augmented["length"].byte(), batch["length"])


def test_scales_are_those_of_the_valid_notes_and_part_of_the_state() -> None:
    game, batch = TOY.build(), rows(200)
    game.calibrate(batch)
    notes = np.concatenate(
        [to_numbers(row)[: int(num)].numpy() for row, num in zip(batch["real"], batch["length"], strict=True)]
    )
    np.testing.assert_allclose(game.state_dict()["centre"], notes.mean(0), rtol=1e-5)
    np.testing.assert_allclose(game.state_dict()["scale"], notes.std(0), rtol=1e-5)


def test_the_networks_see_standardised_numbers() -> None:
    game, batch = TOY.build(), rows(200)
    game.calibrate(batch)
    inside = valid(batch["length"], 8)
    seen = ((to_numbers(batch["real"]).numpy() - game.centre.numpy()) / game.scale.numpy())[inside.numpy()]
    np.testing.assert_allclose((seen.mean(0), seen.std(0)), ((0, 0, 0), (1, 1, 1)), atol=1e-4)
    whole = (to_numbers(batch["real"]) - game.centre) / game.scale
    logits = game.discriminator(whole, batch["length"])
    torch.testing.assert_close(game.judge(batch["real"], batch["length"]), logits)
    loss = game.losses(game.phases[0], batch, 0).terms["adversarial_real"]
    torch.testing.assert_close(loss, torch.nn.functional.softplus(-logits).mean())


def test_scales_of_notes_that_are_all_alike_divide_by_one() -> None:
    game = TOY.build()
    game.calibrate({"real": torch.full((3, 8, 3), 7, dtype=torch.uint8), "length": torch.full((3,), 8)})
    assert game.scale.tolist() == [1, 1, 1]


def test_published_numbers_stay_as_they_are() -> None:
    game = TOY_AS_PUBLISHED.build()
    game.calibrate(rows())
    assert (game.centre.tolist(), game.scale.tolist()) == ([0, 0, 0], [1, 1, 1])


def test_numbers_of_rows_are_semitones_and_beats_and_go_back() -> None:
    row = torch.tensor([[[60, 3, 0], [127, 63, 64], [0, 0, 6]]], dtype=torch.uint8)
    assert to_numbers(row).tolist() == [[[60, 1, 0], [127, 16, 16], [0, 0.25, 1.5]]]
    assert torch.equal(rounded(to_numbers(row)), row)


def test_numbers_out_of_range_are_held_within_it() -> None:
    wild = torch.tensor([[[-3.0, -1.0, -4.8], [500.0, 99.0, 99.0], [float("nan"), float("inf"), 60.4]]])
    assert rounded(wild).tolist() == [[[0, 0, 0], [127, 63, 64], [0, 63, 64]]]


def test_published_reading_cuts_pitches_and_lays_notes_end_to_end() -> None:
    numbers = torch.tensor([[[64.9, 2.1, -4.8], [63.2, 0.5, -4.8], [64.0, -1.0, 9.0], [60.0, 1.0, 0.0]]])
    assert as_published(numbers).tolist() == [[[64, 7, 0], [63, 1, 8], [64, 0, 2], [60, 3, 1]]]


@GAMES
def test_samples_are_rows_that_a_seed_repeats(config: LstmGanConfig) -> None:
    game, batch = config.build(), rows(40)
    game.calibrate(batch)
    drawn = []
    for _ in range(2):
        torch.manual_seed(5)
        drawn.append(game.sample(40, batch))
    assert drawn[0].shape == batch["real"].shape and drawn[0].dtype == torch.uint8
    assert torch.equal(*drawn)
    assert not drawn[0][~valid(batch["length"], 8)].any()


def test_the_discriminator_learns_to_tell_real_from_fake() -> None:
    game, batch = TOY.build(), rows(32)
    game.calibrate(batch)
    phase = game.phases[0]
    freeze_all_but(game, phase)
    optimizer = torch.optim.Adam(game.discriminator.parameters(), lr=1e-2)
    for _ in range(60):
        optimizer.zero_grad()
        total(game, phase, batch).backward()
        optimizer.step()
    watch = game.losses(phase, batch, 0).watch
    assert watch["confidence_real"] > 0.7
    assert watch["confidence_fake"] > 0.7


@GAMES
def test_only_the_player_moves(config: LstmGanConfig) -> None:
    game = config.build().train()
    for phase in game.phases:
        freeze_all_but(game, phase)
        before = {key: weight.detach().clone() for key, weight in game.named_parameters()}
        optimizer = torch.optim.Adam(getattr(game, phase.player).parameters(), lr=1e-3)
        total(game, phase, rows()).backward()
        optimizer.step()
        game.zero_grad()
        moved = {key for key, weight in game.named_parameters() if not torch.equal(weight, before[key])}
        assert moved and all(key.startswith(phase.player) for key in moved)


def test_a_sequence_that_divides_no_row_is_refused() -> None:
    with pytest.raises(InputError, match="sequence_length = 5 will not do: a row of 8 notes is no whole number"):
        TOY.override(["sequence_length=5"])


def saved(folder: Path, player: str, **changes: object) -> Path:
    """A file such as the released code saves: a player's state alone."""
    state = getattr(AS_PUBLISHED.build(), player).state_dict()
    for name, value in changes.items():
        key = name.replace("__", ".")
        if value is None:
            del state[key]
        else:
            state[key] = value
    path = folder / f"{player}.pth"
    torch.save(state, path)
    return path


TOY_OPTIONS = ("family.latent_dim=5", "family.hidden_dim=12")


@pytest.mark.slow
@pytest.mark.parametrize("preset", ["lstm-gan", "lstm-gan-as-published"])
def test_resuming_equals_never_stopping(preset: str, corpus: Path, tmp_path: Path) -> None:
    def train(run: str, iterations: int) -> dict[str, Tensor]:
        length = [f"train.iterations={iterations}", "train.batch_size=4", "train.device=cpu", "train.log_every=2"]
        often = ["train.preview_every=2", "train.health_every=4"]
        config = get_preset(preset).resolve([*TOY_OPTIONS, *length, *often])
        facts = fit_preset(config, corpus, tmp_path / run, say=str)
        assert facts["iteration"] == iterations
        publish_run(tmp_path / run, tmp_path / f"{run}.safetensors")
        return load_model(tmp_path / f"{run}.safetensors")[1]

    whole = train("whole", 4)
    train("parts", 2)
    again = train("parts", 4)
    assert all(torch.equal(again[name], tensor) for name, tensor in whole.items())
    assert (tmp_path / "whole" / "log.jsonl").read_text() == (tmp_path / "parts" / "log.jsonl").read_text()
    assert (whole["scale"] != 1).any() == (preset == "lstm-gan")
    made, real = read_midi(tmp_path / "whole" / "previews" / "0000004.mid").tracks
    assert made.notes["end"].max() <= real.notes["start"].min()


@pytest.fixture
def written(tmp_path: Path, request: pytest.FixtureRequest) -> Model:
    """A toy whose notes are spread over pitches and beats, as a model file."""
    config = get_preset(request.param).resolve(TOY_OPTIONS)
    assert isinstance(config.family, LstmGanConfig)
    game = config.family.build()
    with torch.no_grad():
        made = game.generator(game.draw(200), config.family.sequence_length).flatten(0, 1)
    game.scale.copy_(torch.tensor([8.0, 0.5, 0.4]) / made.std(0))
    game.centre.copy_(torch.tensor([60.0, 1.0, 0.6]) - made.mean(0) * game.scale)
    card = {**config.model_dump(mode="json", include={"preset", "family", "codec"}), "licence": "MIT"}
    save_model(tmp_path / "m.safetensors", game.state_dict(), card)
    return load(tmp_path / "m.safetensors")


@pytest.mark.parametrize("written", ["lstm-gan", "lstm-gan-as-published"], indirect=True)
def test_songs_are_cut_at_their_last_bar_and_do_not_depend_on_their_company(written: Model) -> None:
    songs = written.generate(40, num=3, seed=4)
    for index, song in enumerate(songs):
        bar = 4 * song.ticks_per_beat
        assert 39 * bar < song.end <= 40 * bar
        assert midi_bytes(song) == midi_bytes(written.generate(40, seed=4 + index)[0])
    notes, short = songs[0].tracks[0].notes, written.generate(2, seed=4)[0].tracks[0].notes
    np.testing.assert_array_equal(notes["start"][: len(short)], short["start"])
    assert len(np.unique(notes["pitch"])) > 3


@pytest.mark.parametrize("written", ["lstm-gan"], indirect=True)
def test_a_song_whose_notes_all_begin_together_has_an_end(written: Model) -> None:
    game = written.objective
    assert isinstance(game, LstmGan)
    game.scale.zero_()
    game.centre.copy_(torch.tensor([60.0, 1.0, 0.0]))
    (song,) = LstmGanWriter(game).compose(
        [np.random.default_rng(0)], np.empty((1, 0), np.uint8), np.zeros((1, 3), np.uint8), 1.0
    )
    assert song.shape == (3 * 64, 3)


@pytest.mark.parametrize("written", ["lstm-gan"], indirect=True)
@pytest.mark.parametrize(
    ("option", "value", "why"),
    [
        ("chords", "C", "hears no chords"),
        ("first", "held-out", "bar before"),
        ("temperature", 0.5, "no choice to make"),
    ],
)
def test_options_that_make_no_sense_are_refused(option: str, value: object, why: str, written: Model) -> None:
    with pytest.raises(InputError, match=f"{option}: the model m .*{why}"):
        written.generate(2, **{option: value})  # type: ignore[arg-type]


def content(folder: Path, player: str, **changes: object) -> tuple[str, dict[str, object]]:
    path = saved(folder, player, **changes)
    return path.name, read_torch_file(path)


def test_converted_players_are_those_that_were_saved(tmp_path: Path) -> None:
    files = {player: content(tmp_path, player) for player in ("generator", "discriminator")}
    state = convert_players(files)
    game = AS_PUBLISHED.build()
    game.load_state_dict(state)
    for player, (_, given) in files.items():
        for name, tensor in given.items():
            assert isinstance(tensor, Tensor)
            assert torch.equal(tensor, state[f"{player}.{name}"])
    again = convert_players({"generator": files["generator"]})
    assert torch.equal(again["generator.fc.weight"], state["generator.fc.weight"])
    assert not torch.equal(again["discriminator.fc.weight"], state["discriminator.fc.weight"])


FAULTS: dict[str, tuple[dict[str, object], str]] = {
    "missing": ({"fc__bias": None}, r"generator\.pth has no fc\.bias; give the generator's \.pth file"),
    "more": ({"embed__weight": torch.ones(2)}, r"generator\.pth holds embed\.weight, which the generator has not"),
    "shape": ({"fc__weight": torch.ones(1, 256)}, r"fc\.weight has shape \(1, 256\), not \(3, 256\)"),
    "type": ({"fc__weight": torch.ones(3, 256).half()}, r"fc\.weight holds no numbers of float32"),
    "none": ({"fc__weight": "text"}, r"fc\.weight holds no numbers of float32"),
    "nan": ({"fc__bias": torch.tensor([1.0, float("nan"), 0.0])}, r"fc\.bias is not finite everywhere"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_files_of_others_are_refused_in_a_sentence(fault: str, tmp_path: Path) -> None:
    changes, sentence = FAULTS[fault]
    with pytest.raises(InputError, match=sentence):
        convert_players({"generator": content(tmp_path, "generator", **changes)})


def test_a_discriminator_given_as_generator_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"lstm\.weight_ih_l0 has shape \(1024, 3\), not \(1024, 100\)"):
        convert_players({"generator": content(tmp_path, "discriminator")})


def test_a_collapsed_generator_is_seen_to_have_collapsed() -> None:
    game = AS_PUBLISHED.build()
    # What the released weights are told to make: 64.1 semitones and 2.1 beats, whatever the noise.
    with torch.no_grad():
        game.generator.fc.weight.mul_(0.01)
        game.generator.fc.bias.copy_(torch.tensor([64.12, 2.1, -4.83]))
    notes = game.rows_of(game.draw(100)[None])[0]
    assert notes.shape == (100, 3)
    assert notes[:, 0].unique().tolist() == [64]
    assert notes[1:, 2].unique().tolist() == [8]


def test_published_weights_become_a_model_file_that_writes(tmp_path: Path) -> None:
    bias = torch.tensor([64.12, 2.1, -4.83])
    files = [
        saved(tmp_path, "generator", fc__weight=torch.zeros(3, 256), fc__bias=bias),
        saved(tmp_path, "discriminator"),
    ]
    for players in (files[:1], files):
        card = convert_lstm(players, tmp_path / "m.safetensors")
        assert card["preset"] == "lstm-gan-as-published"
        assert card["converted_from"] == ", ".join(file.name for file in players)
        (song,) = load(tmp_path / "m.safetensors").generate(8)
        notes = song.tracks[0].notes
        # Two beats each, end to end: what the released weights collapsed to.
        assert notes["pitch"].tolist() == [64] * 16
        assert notes["start"].tolist() == list(range(0, 16 * 960, 960))


def test_converting_says_what_it_wants(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"a model file's name ends in \.safetensors"):
        convert_lstm([saved(tmp_path, "generator")], tmp_path / "m.bin")
    for number in (0, 3):
        with pytest.raises(InputError, match=r"give GENERATOR\.pth, DISCRIMINATOR\.pth where there is one, and OUT"):
            convert_command(tmp_path / "g.pth", *[tmp_path / "m.safetensors"] * number)
