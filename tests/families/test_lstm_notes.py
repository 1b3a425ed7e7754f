"""Our LSTM: two ways to write agree, gradients reach, second derivatives are right, songs go on from their state."""

from pathlib import Path

import numpy as np
import pytest
import torch
from tests.families.test_lstm import rows as lstm_rows
from torch import Tensor

from antiphon.families.lstm.brief import MOST_LEFT, NUM_CHORDS, NUM_KEYS, TRAITS, Brief, Plan, numbers
from antiphon.families.lstm.config import LstmConfig
from antiphon.families.lstm.note_networks import NUM_CLASSES, parts, to_planes, to_rows
from antiphon.families.lstm.note_objective import LstmObjective
from antiphon.fit import fit_preset, publish_run
from antiphon.gan.objective import Phase
from antiphon.gan.penalties import r1
from antiphon.generate import load
from antiphon.io.midi import midi_bytes, read_midi
from antiphon.nn.straight_through import gumbel
from antiphon.presets.table import get_preset
from antiphon.training.checkpoint import load_model

TOY = LstmConfig(
    hidden_dim=12,
    embedding_dim=6,
    head_dim=9,
    critic_dim=10,
    row_length=8,
    passage=8,
    dropout=0.0,
    likelihood_iterations=2,
    critic_lead=0,
)
_NARROW = ("hidden_dim", "head_dim", "critic_dim")
TOY_OPTIONS = tuple(f"family.{name}={getattr(TOY, name)}" for name in _NARROW)


def rows(num: int = 6, width: int = 8) -> dict[str, Tensor]:
    batch = lstm_rows(num, width)
    bar = torch.randint(4, 20, (num, 1), generator=torch.Generator().manual_seed(2)).expand(-1, width)
    place = (batch["real"][:, :, 2].long().cumsum(1) + 3) % bar
    return {**batch, "place": place.byte(), "bar": bar.byte()}


def phase(game: LstmObjective, name: str) -> Phase:
    return next(phase for phase in game.phases if phase.name == name)


def freeze_all_but(game: LstmObjective, player: str) -> None:
    for name in ("generator", "discriminator"):
        getattr(game, name).requires_grad_(name == player)


def total(game: LstmObjective, name: str, batch: dict[str, Tensor]) -> Tensor:
    return torch.stack(tuple(game.losses(phase(game, name), batch, 0).terms.values())).sum()


def test_sizes_are_as_stated() -> None:
    game = LstmConfig().build()
    counts = [sum(weight.numel() for weight in player.parameters()) for player in (game.generator, game.discriminator)]
    assert counts == [2_037_248, 291_522]


def test_rows_are_planes_and_back_but_for_the_first_offset() -> None:
    real = rows()["real"]
    again = to_rows(to_planes(real))
    real[:, 0, 2] = 0
    assert torch.equal(again, real)


def brief(num: int, bars: int = 12) -> Brief:
    chance = torch.Generator().manual_seed(4)
    sizes = (NUM_CHORDS, 6, MOST_LEFT + 1, NUM_KEYS)
    plan = Plan(*(torch.randint(size, (num, bars), generator=chance) for size in sizes))
    return Brief(torch.randn(num, len(TRAITS), generator=chance).double(), plan)


@pytest.mark.parametrize("width", [8, 300])
def test_teaching_and_writing_see_the_same_scores(width: int) -> None:
    game = trusting().eval()
    num = 160 // width + 4
    bar = torch.arange(num) % 17 + 2
    place, told = torch.arange(num) % bar, brief(num)
    noise = gumbel(torch.randn(num, width, NUM_CLASSES).double())
    planes, _ = game.generator(game.generator.begin(place, bar), told, noise, given=place * 0)
    steps = parts(planes)[0].argmax(2).cumsum(1) + place[:, None]
    places, number, bars = steps % bar[:, None], steps // bar[:, None], bar[:, None].expand(-1, width)
    scores = game.generator.teacher(planes.detach(), places, bars, number, told)
    for which, (score, drawn, plane) in enumerate(zip(scores, parts(noise), parts(planes), strict=True)):
        chosen = (score + drawn).argmax(2)
        begin = int(which == 0)
        assert torch.equal(chosen[:, begin:], plane.argmax(2)[:, begin:])
    assert (parts(planes)[0][:, 0].argmax(1) == 0).all()
    assert torch.equal(numbers(steps - place[:, None], places, bars), number)


def trusting() -> LstmObjective:
    """A toy that trusts its memory, so that what it remembers decides."""
    game = TOY.build().double()
    with torch.no_grad():
        for name, weight in game.generator.named_parameters():
            if "trust" in name:
                weight.copy_(4 * torch.randn_like(weight))
    return game


def test_chords_rise() -> None:
    game = TOY.build().eval()
    # As chordal as can be: hardly any note begins later than the one before.
    with torch.no_grad():
        game.generator.offset.out.get_parameter("bias")[0] = 6.0
    like = {**rows(300), "length": torch.full((300,), 8)}
    made = game.sample(300, like).long()
    together = made[:, 1:, 2] == 0
    assert together.float().mean() > 0.3
    assert (made[:, :, 0].diff(dim=1)[together] > 0).all()


def test_a_song_goes_on_from_its_state() -> None:
    game = trusting().eval()
    told, noise = brief(5), gumbel(torch.randn(5, 30, NUM_CLASSES).double())
    zero = torch.zeros(5, dtype=torch.int64)
    begin = game.generator.begin(zero, zero + 16)
    whole, _ = game.go_on(begin, told, noise, zero)
    head, state = game.go_on(begin, told, noise[:, :11], zero)
    tail, _ = game.go_on(state, told, noise[:, 11:])
    assert torch.equal(torch.cat([head, tail], dim=1), whole)
    steps = head[:, :, 2].long().cumsum(1)
    given = {"real": head, "place": steps % 16, "bar": torch.full((5, 11), 16), "number": steps // 16}
    heard = game.after(given, told)
    assert torch.equal(game.go_on(heard, told, noise[:, 11:])[0], tail)


@pytest.mark.parametrize("field", ["traits", *Plan._fields])
def test_what_is_settled_is_heard(field: str) -> None:
    game, told = trusting().eval(), brief(20)
    zero, noise = torch.zeros(20, dtype=torch.int64), gumbel(torch.randn(20, 40, NUM_CLASSES).double())
    other = told._replace(traits=-told.traits)
    if field != "traits":
        other = told._replace(plan=told.plan._replace(**{field: told.plan.chord * 0 + 1}))
    begin = game.generator.begin(zero, zero + 16)
    one, two = (game.go_on(begin, some, noise, zero)[0] for some in (told, other))
    assert not torch.equal(one, two)


@pytest.mark.parametrize("name", ["likelihood", "anchor", "discriminator", "penalty", "generator"])
def test_every_phase_reaches_its_player_and_its_recurrence_and_no_other(name: str) -> None:
    game = TOY.build().train()
    player = phase(game, name).player
    freeze_all_but(game, player)
    total(game, name, rows(16)).backward()
    for key, weight in game.named_parameters():
        assert weight.grad is None or key.startswith(player), key
        # A critic's last bias moves no gradient by its input.
        assert weight.grad is not None or not key.startswith(player) or "bias" in key, key
        if "weight_hh" in key and key.startswith(player):
            assert weight.grad is not None and weight.grad.norm() > 0, key


def test_gradients_reach_both_notes_of_an_interval_and_no_note_behind_the_end() -> None:
    game, batch = TOY.build(), rows(20)
    planes = to_planes(batch["real"]).requires_grad_()
    game.discriminator(planes, batch["length"], batch["place"][:, 0], batch["bar"][:, 0]).sum().backward()
    assert planes.grad is not None
    reached = planes.grad.abs().sum(2) > 0
    assert torch.equal(reached, torch.arange(8) < batch["length"][:, None])


def test_the_second_derivative_through_the_recurrence_is_right() -> None:
    batch = rows(4)
    game = TOY.build()
    given = (batch["length"], batch["place"][:, 0], batch["bar"][:, 0])
    gradients = []
    for dtype in (torch.float32, torch.float64):
        critic = game.discriminator.to(dtype)
        critic.zero_grad()
        r1(critic, to_planes(batch["real"]).to(dtype), *given).backward()
        gradient = critic.lstm.get_parameter("weight_hh_l0").grad
        assert gradient is not None
        gradients.append(gradient.clone())
    # float32 takes another kernel on many processors.
    torch.testing.assert_close(gradients[0].double(), gradients[1], rtol=1e-3, atol=1e-7)
    weight, step = game.discriminator.lstm.get_parameter("weight_hh_l0"), 1e-5
    row, column = divmod(int(gradients[1].abs().argmax()), weight.shape[1])
    moved = []
    for sign in (1, -1):
        with torch.no_grad():
            weight[row, column] += sign * step
            moved.append(r1(game.discriminator, to_planes(batch["real"]).double(), *given).item())
            weight[row, column] -= sign * step
    assert (moved[0] - moved[1]) / (2 * step) == pytest.approx(float(gradients[1][row, column]), rel=1e-4)


def test_transposition_moves_a_row_as_one_and_stays_in_range() -> None:
    game, batch = TOY.build(), rows(300)
    inside = torch.arange(8) < batch["length"][:, None]
    batch["real"][:100, :, 0] = batch["real"][:100, :, 0] * 0 + 126 * inside[:100]
    moved = game.augment(batch)["real"]
    shift = (moved[:, :, 0].long() - batch["real"][:, :, 0].long()) * inside
    assert (shift == shift[:, :1] * inside).all()
    assert set(shift[100:, 0].tolist()) == set(range(-6, 7))
    assert shift[:100].max() == 1 and moved.max() <= 127
    assert torch.equal(moved[:, :, 1:], batch["real"][:, :, 1:])
    assert not moved[~inside].any()


def test_the_likelihood_start_learns_scales() -> None:
    game, batch = TOY.build().train(), rows(64)
    freeze_all_but(game, "generator")
    optimizer = torch.optim.Adam(game.generator.parameters(), lr=2e-2)
    losses = []
    for _ in range(90):
        optimizer.zero_grad()
        terms = game.losses(phase(game, "likelihood"), batch, 0).terms
        torch.stack(tuple(terms.values())).sum().backward()
        optimizer.step()
        losses.append(float(terms["pitch"].detach()))
    # Every scale rises by a semitone a note: once its first pitch is known the others are.
    assert losses[-1] < 0.4 * losses[0]


def test_what_is_less_likely_than_its_floor_is_not_drawn() -> None:
    game, like = TOY.build().eval(), rows(200)
    free = game.sample(200, like)
    with torch.no_grad():
        game.generator.duration.out.get_parameter("bias")[5] = 12.0
    game.generator.floor[2] = 0.5
    bound = game.sample(200, like)
    inside = torch.arange(8) < like["length"][:, None]
    assert set(bound[:, :, 1][inside].tolist()) == {5} and len(set(free[:, :, 1][inside].tolist())) > 5
    # Pitches have no floor.
    assert len(set(bound[:, :, 0][inside].tolist())) > 20


def test_the_end_of_a_song_is_taught_and_habits_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    game, batch = TOY.build().train(), {**rows(12), "length": torch.full((12,), 5, dtype=torch.int16)}
    sizes = (65, 128, 64)
    monkeypatch.setattr(game.generator, "teacher", lambda *_: tuple(torch.zeros(12, 8, size) for size in sizes))
    # Of five notes four have an offset that is somebody's choice; the fifth is that to the bar line behind them.
    terms = game.likelihood(batch)
    assert [float(terms[name]) for name in ("offset", "pitch", "duration")] == pytest.approx(np.log(sizes).tolist())
    whole = game.likelihood({**batch, "length": torch.full((12,), 8, dtype=torch.int16)})
    assert float(whole["offset"]) == pytest.approx(np.log(65) * 7 / 8)
    count = game.generator.habits.count.clone()
    assert count > 0 and game.generator.habits.returns.sum() > 1
    with torch.no_grad():
        game.likelihood(batch)
    assert game.generator.habits.count == count


def test_samples_are_rows_of_the_length_asked_for() -> None:
    game, batch = TOY.build().eval(), rows(50)
    made = game.sample(50, batch)
    assert made.shape == batch["real"].shape and made.dtype == torch.uint8
    assert not made[torch.arange(8) >= batch["length"][:, None]].any()
    assert len(torch.unique(made, dim=0)) > 45


@pytest.mark.slow
def test_a_run_resumes_and_its_model_writes_songs_of_any_length(corpus: Path, tmp_path: Path) -> None:
    def train(run: str, iterations: int) -> Path:
        short = [f"train.iterations={iterations}", "train.batch_size=4", "train.device=cpu", "train.log_every=2"]
        phases = ["family.likelihood_iterations=2", "family.critic_lead=1", "train.preview_every=2"]
        observed = ["train.health_every=4", "train.evaluate_every=6"]
        config = get_preset("lstm").resolve([*TOY_OPTIONS, *short, *phases, *observed])
        fit_preset(config, corpus, tmp_path / run, say=str)
        publish_run(tmp_path / run, tmp_path / f"{run}.safetensors")
        return tmp_path / f"{run}.safetensors"

    whole = load_model(train("whole", 6))[1]
    train("parts", 3)
    again = load_model(train("parts", 6))[1]
    assert all(torch.equal(again[name], tensor) for name, tensor in whole.items())
    assert len(read_midi(tmp_path / "whole" / "previews" / "0000006.mid").tracks) == 2
    model = load(tmp_path / "whole.safetensors")
    songs = model.generate(20, num=3, seed=2, form="none", chords="C G")
    for index, song in enumerate(songs):
        assert song.end <= 20 * 4 * song.ticks_per_beat
        assert midi_bytes(song) == midi_bytes(model.generate(20, seed=2 + index, form="none", chords="C G")[0])
    short = model.generate(2, seed=2, form="none", chords="C G")[0].tracks[0].notes
    np.testing.assert_array_equal(songs[0].tracks[0].notes["pitch"][: len(short)], short["pitch"])
    bold, safe = (model.generate(4, temperature=temperature)[0] for temperature in (1.0, 0.0))
    assert midi_bytes(safe) != midi_bytes(bold)
