"""The band: what its lines are, that it is taught, plays and writes by the same scores, that its game reaches it."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from antiphon.codecs.strokes import Strokes
from antiphon.codecs.traits import ACTIVE, HEIGHT, LENGTH, PLACES, THICKNESS, traits_of
from antiphon.families.band.config import BandConfig
from antiphon.families.band.folded import Folded, Heard
from antiphon.families.band.networks import Band, Told
from antiphon.families.band.objective import BandObjective
from antiphon.families.band.past import Past, busy, earlier, lately
from antiphon.families.band.rolls import LAGS, LENGTHS, Lines, folded, lines, moved, seen, worn
from antiphon.nn.bits import pack

TOY = BandConfig(
    tracks=3,
    bars=10,
    pitches=36,
    drums=(0,),
    hidden_dim=12,
    hearing_dim=8,
    head_dim=8,
    critic_dim=4,
    dropout=0.0,
    transpose=0,
    doubt=0.0,
    phrase=2,
)
STEPS = TOY.bars * TOY.steps


def toy(seed: int = 0, loud: float = 0.3) -> BandObjective:
    """A band whose weights say something."""
    torch.manual_seed(seed)
    objective = TOY.build()
    with torch.no_grad():
        for weight in objective.generator.parameters():
            weight.add_(loud * torch.randn_like(weight))
    return objective


def random_rolls(num: int, seed: int = 0, share: float = 0.04) -> tuple[Tensor, Tensor]:
    """What sounds and what is struck, bool (N, K, S, P)."""
    generator = torch.Generator().manual_seed(seed)
    struck = torch.rand(num, TOY.tracks, STEPS, TOY.pitches, generator=generator) < share
    real = struck.clone()
    for late in (1, 2):
        real[:, :, late:] |= struck[:, :, :-late]
    return real, struck


def batch(num: int = 4, seed: int = 0) -> dict[str, Tensor]:
    real, struck = random_rolls(num, seed)
    bars = (num, TOY.tracks, TOY.bars, TOY.steps, TOY.pitches)
    traits = torch.ones(num, TOY.tracks, 5)
    return {"real": pack(real.view(bars), 2), "onsets": pack(struck.view(bars), 2), "traits": traits}


def test_a_line_says_what_is_struck_held_and_how_long() -> None:
    real = torch.zeros(8, 2, dtype=torch.bool)
    real[0:3, 0] = True  # goes on from before
    real[4:8, 0] = True  # struck, and its end unknown
    real[2:6, 1] = True  # struck twice
    onsets = torch.zeros_like(real)
    onsets[[2, 4], [1, 1]] = True
    found = lines(real, onsets)
    assert torch.nonzero(found.onsets).tolist() == [[2, 1], [4, 0], [4, 1]]
    assert found.held[:3, 0].tolist() == [1, 1, 1]
    assert LENGTHS[found.lengths[2, 1]] == 2
    assert LENGTHS[found.lengths[4, 1]] == 2
    assert torch.nonzero(found.whole).tolist() == [[2, 1], [4, 1]]


@given(st.integers(1, 64))
def test_a_length_is_told_by_the_nearest_class(length: int) -> None:
    real = torch.zeros(70, 1, dtype=torch.bool)
    real[1 : 1 + length] = True
    onsets = torch.zeros_like(real)
    onsets[1] = True
    told = int(LENGTHS[lines(real, onsets).lengths[1, 0]])
    assert abs(told - length) == int((LENGTHS - length).abs().min())


def test_what_is_moved_up_and_down_again_is_the_same_and_drums_stay() -> None:
    real, _ = random_rolls(2)
    real[..., :5], real[..., -5:] = False, False
    shift = torch.tensor([5, -3])
    there = moved(real, shift, (0,))
    assert torch.equal(there[:, 0], real[:, 0])
    assert torch.equal(there[0, 1, :, 5:], real[0, 1, :, :-5])
    assert torch.equal(moved(there, -shift, (0,)), real)


def test_octaves_are_heard_as_one_but_for_how_high_they_lie() -> None:
    real, struck = random_rolls(1)
    real[..., 24:], struck[..., 24:] = False, False
    is_drums = torch.tensor([True, False, False])
    up = [moved(part, torch.tensor([12]), (0,)) for part in (struck, real)]
    before, after = seen(struck.float(), real.float(), is_drums), seen(up[0].float(), up[1].float(), is_drums)
    assert torch.allclose(before[..., :-1], after[..., :-1])
    assert (after[0, 1, :, -1] >= before[0, 1, :, -1]).all()
    assert not torch.allclose(before[..., -1], after[..., -1])


def test_traits_are_what_they_are_called() -> None:
    start = np.array([0, 0, 4, 32, 48])
    strokes = Strokes(np.full(5, 1), np.array([12, 24, 24, 36, 24]), start, start + 2)
    traits = traits_of(strokes, 3, 8, 16)
    assert not traits[[0, 2]].any()
    assert traits[1, ACTIVE] == pytest.approx(3 / 8)
    assert traits[1, PLACES] == pytest.approx(np.log(4 / 3))
    assert traits[1, THICKNESS] == pytest.approx(np.log(5 / 4))
    assert traits[1, HEIGHT] == pytest.approx(2)
    assert traits[1, LENGTH] == pytest.approx(np.log(2))


def test_the_past_is_the_same_at_once_and_step_by_step() -> None:
    real, struck = random_rolls(2)
    # Of what is struck again while it sounds, the part knew another end.
    own = lines(real[:, 1], struck[:, 1])
    onsets = own.onsets
    whole = [F.pad(onsets, (0, 0, 1, 0))[:, :-1], own.held, earlier(onsets), busy(onsets), lately(onsets)]
    begin = LAGS[0] + 3
    past = Past(own, begin)
    for step in range(begin, begin + 40):
        before, _, lagged, there, spans = past.inputs(step)
        for found, wanted in zip((before, lagged, spans), (whole[0], whole[2], whole[3]), strict=True):
            assert torch.allclose(found, wanted[:, step], atol=1e-5)
        assert there[0].tolist() == [float(step >= lag) for lag in LAGS]
        clues = past.clues(step, torch.zeros(2, 4, 12))
        assert torch.allclose(clues[..., 2], whole[4][:, step], atol=1e-5)
        pitches = torch.diag_embed(onsets[:, step])
        past.add(step, pitches, F.one_hot(own.lengths[:, step], len(LENGTHS)).float())


def written(objective: BandObjective, chance: np.ndarray) -> tuple[Lines, Band, Told]:
    """What a folded band writes by some chance, as the lines that its teacher reads."""
    net = objective.generator.double().eval()
    num = len(chance)
    real, struck = random_rolls(num, seed=1)
    is_drums = torch.tensor([True, False, False])
    heard_by = torch.ones(num, TOY.tracks, dtype=torch.double)
    heard_by[:, 2] = 0
    band = Band(seen(struck.double(), real.double(), is_drums), torch.arange(num), heard_by)
    told = Told(torch.full((num,), 2), torch.randn(num, 5).double(), torch.ones(num).double())
    with torch.no_grad():
        around, classes = net.hearing(band, told.track)
        heard = Heard(around.numpy(), classes.numpy(), net.told(told).numpy())
    parts = Folded(net).begin(heard)
    parts.write(chance)
    song, pitch, start, end = parts.notes()
    onsets = torch.zeros(num, STEPS, TOY.pitches, dtype=torch.bool)
    sounds = onsets.clone()
    for one, high, first, last in zip(song, pitch, start, end, strict=True):
        onsets[one, first, high] = True
        sounds[one, first:last, high] = True
    own = lines(sounds, onsets)
    return own._replace(onsets=own.onsets.double(), held=own.held.double()), band, told


def test_parts_go_on_from_where_they_are_and_some_of_them_by_themselves() -> None:
    net = toy().generator.double().eval()
    rng = np.random.default_rng(0)
    width, told = net.past.out_features, rng.normal(size=(3, net.past.out_features))
    heard = Heard(rng.normal(size=(3, STEPS, width)), rng.random((3, STEPS, 4, 12)), told)
    chance, other = rng.random((2, 3, STEPS, 8, 2))
    whole = Folded(net).begin(heard)
    whole.write(chance)
    parts = Folded(net).begin(heard)
    parts.write(chance[:, :5])
    before = parts.some(np.arange(3))
    parts.write(other[:, 5:])
    again = before.some(np.array([2, 0]))
    again.write(chance[[2, 0], 5:])
    parts.put(np.array([2, 0]), again)
    expected, found = (np.stack(each.notes(), 1) for each in (whole, parts))
    assert len(expected) > 20
    assert (found[found[:, 0] != 1] == expected[expected[:, 0] != 1]).all()
    assert found[found[:, 0] == 1].tolist() != expected[expected[:, 0] == 1].tolist()
    assert (parts.struck(0, STEPS)[1, :5] == whole.struck(0, STEPS)[1, :5]).all()


def test_what_is_written_is_what_the_teacher_finds_in_that_share_of_its_scores() -> None:
    objective = toy()
    # Notes of one step are never struck again while they sound, so what is written is what was meant.
    with torch.no_grad():
        objective.generator.length.bias[0] += 100
        objective.generator.which.bias[-1] += 1.5
    chance = np.random.default_rng(0).random((3, STEPS, 8, 2))
    own, band, told = written(objective, chance)
    with torch.no_grad():
        choices = objective.generator.teacher(own, band, told)
    sums = torch.softmax(choices.scores, -1).cumsum(-1).numpy()
    chosen = choices.chosen.numpy()
    high = np.take_along_axis(sums, chosen[:, None], 1)[:, 0]
    low = np.where(chosen > 0, np.take_along_axis(sums, np.maximum(chosen - 1, 0)[:, None], 1)[:, 0], 0)
    # Choices come by part and step, every step's last being the end.
    first = np.append(0, np.flatnonzero(chosen[:-1] == TOY.pitches) + 1)
    attempt = np.arange(len(chosen)) - np.repeat(first, np.diff(np.append(first, len(chosen))))
    place = np.cumsum(chosen == TOY.pitches) - (chosen == TOY.pitches)
    drawn = chance.reshape(-1, 8, 2)[place[attempt < 8], attempt[attempt < 8], 0]
    assert len(chosen) > len(first) * 1.3
    assert (low[attempt < 8] <= drawn + 1e-9).all()
    assert (drawn <= high[attempt < 8] + 1e-9).all()


def test_likelihood_learns() -> None:
    objective = TOY.build()
    optimizer = torch.optim.Adam(objective.generator.parameters(), 1e-2)
    # One note a beat.
    cells = torch.zeros(2, TOY.tracks, TOY.bars, TOY.steps, TOY.pitches, dtype=torch.bool)
    cells[..., ::4, 12] = True
    rows = {**batch(2), "real": pack(cells, 2), "onsets": pack(cells, 2)}
    surprises = []
    for _ in range(40):
        terms = objective.likelihood(rows)
        optimizer.zero_grad()
        torch.stack(list(terms.values())).sum().backward()
        optimizer.step()
        surprises.append(float(terms["pitch"].detach()))
    assert np.isfinite(surprises).all()
    assert surprises[-1] < 0.2 * surprises[0]


def test_surprise_at_nothing_is_that_of_saying_nothing_more() -> None:
    objective = toy()
    rows = batch(1)
    rows = {name: torch.zeros_like(values) if name != "traits" else values for name, values in rows.items()}
    with torch.no_grad():
        objective.generator.which.weight.zero_()
        objective.generator.clues.weight.zero_()
        objective.generator.clues.bias.zero_()
        objective.generator.which.bias.zero_()
        terms = objective.likelihood(rows)
    # One choice a step among all pitches and the end, all alike.
    assert float(terms["pitch"]) == pytest.approx(np.log(TOY.pitches + 1), rel=1e-5)
    assert float(terms["length"]) == 0


def test_a_part_is_taught_beside_those_before_it_and_never_beside_itself() -> None:
    objective = toy()
    row, track, given_to = objective._parts(torch.ones(50, 3, 5))
    assert len(row) == 150
    assert not given_to[torch.arange(150), track].any()
    heard = given_to.view(50, 3, 3).sum((1, 2))
    assert (heard == 3).all()


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**31))
def test_what_a_part_strikes_sounds(seed: int) -> None:
    objective = toy(1)
    torch.manual_seed(seed)
    played = objective.played(batch())
    with torch.no_grad():
        fake = objective.fakes(played, 1.0)
        real, made = objective.pairs(played, fake)
    assert set(fake.unique().tolist()) <= {0.0, 1.0}
    assert (fake[:, 1] >= fake[:, 0]).all()
    others = [track for track in range(3) if track != int(played["track"][0])]
    planes = [*others, *(3 + track for track in others)]
    assert torch.equal(real[0, planes], made[0, planes])


def test_the_game_reaches_every_weight_of_the_part() -> None:
    objective = toy(1)
    objective.generator.which.bias.data[-1] -= 1
    torch.manual_seed(0)
    outcome = objective._generator(objective.played(batch()))
    torch.stack(list(outcome.terms.values())).sum().backward()
    lacking = [name for name, weight in objective.generator.named_parameters()
               if weight.grad is None or not weight.grad.abs().sum() > 0]  # fmt: skip
    assert lacking == []


def test_sampled_bands_play_all_their_tracks_and_are_judged() -> None:
    objective = toy(1).eval()
    rows = objective.sample(2, batch())
    assert rows.dtype == torch.bool
    assert rows.shape == (2, TOY.tracks, TOY.bars, TOY.steps, TOY.pitches)
    assert rows.any(dim=(0, 2, 3, 4)).all()
    assert objective.judge(rows).shape == (2,)


def test_classes_of_pitches_that_are_no_whole_octaves() -> None:
    rolls = torch.zeros(1, 30)
    rolls[0, [0, 12, 24, 29]] = 1
    assert folded(rolls)[0].tolist() == [3, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]


def test_worn_pasts_miss_whole_notes_and_a_share_of_them() -> None:
    real, struck = random_rolls(2, share=0.01)
    own = lines(real[:, 1], struck[:, 1])
    found = worn(own, torch.tensor([0.0, 0.5]))
    assert torch.equal(found.onsets[0], own.onsets[0])
    assert 0.3 < float(found.onsets[1].sum() / own.onsets[1].sum()) < 0.7
    # What was struck and is still there sounds as long as it did.
    kept = torch.nonzero(found.onsets[1])
    after = kept[kept[:, 0] < STEPS - 1] + torch.tensor([1, 0])
    sounds, still = (part.held[1][after[:, 0], after[:, 1]] for part in (own, found))
    assert torch.equal(sounds, still)
    assert found.held[1].sum() < own.held[1].sum()


def test_only_in_training_is_a_past_worn_a_track_disguised_and_an_end_unknown_left_out() -> None:
    family = TOY.model_copy(update={"wear": 0.9, "disguise": 1.0})
    torch.manual_seed(0)
    objective = family.build()
    seen_pasts: list[bool] = []
    disguises: list[Tensor] = []
    whole = objective.generator.teacher

    def teacher(own: Lines, band: Band, told: Told, past: Lines | None = None) -> object:
        seen_pasts.append(past is not None and torch.equal(past.onsets, own.onsets))
        disguises.append(torch.as_tensor(band.heard_as) if band.heard_as is not None else torch.empty(0))
        return whole(own, band, told, past)

    objective.generator.teacher = teacher  # type: ignore[method-assign, assignment]
    objective.train().likelihood(batch())
    objective.eval().likelihood(batch())
    assert seen_pasts == [False, True]
    assert (disguises[0][:, 0] == 0).all()
    assert set(disguises[0][:, 1:].flatten().tolist()) == {1, 2}
    assert not len(disguises[1])
    # A note that goes on beyond the row: its length is nobody's to know.
    cells = torch.zeros(1, TOY.tracks, TOY.bars, TOY.steps, TOY.pitches, dtype=torch.bool)
    cells[..., -1, -3:, 12] = True
    rows = {**batch(1), "real": pack(cells, 2), "onsets": pack(cells & False, 2)}
    assert float(objective.likelihood(rows)["length"].detach()) == 0


def test_who_is_disguised_is_heard_as_another() -> None:
    net = toy().generator
    real, struck = random_rolls(1)
    band = Band(
        seen(struck.float(), real.float(), torch.tensor([True, False, False])),
        torch.zeros(1).long(),
        torch.tensor([[0.0, 1, 0]]),
    )
    track = torch.tensor([0])
    plain, itself, other = (
        net.hearing(Band(band.seen, band.row, band.given, heard_as), track)[0]
        for heard_as in (None, torch.tensor([[0, 1, 2]]), torch.tensor([[0, 2, 2]]))
    )
    assert torch.allclose(plain, itself, atol=1e-5)
    assert not torch.allclose(plain, other, atol=1e-3)


def test_drums_are_no_harmony() -> None:
    net = toy().generator
    real, struck = random_rolls(1)
    heard = seen(struck.float(), real.float(), torch.tensor([True, False, False]))
    classes = [net.hearing(Band(heard, torch.zeros(1).long(), given_to), torch.tensor([1]))[1]
               for given_to in (torch.tensor([[1.0, 0, 0]]), torch.tensor([[0.0, 0, 1]]))]  # fmt: skip
    assert not classes[0].any()
    assert classes[1].any()


def test_a_song_is_told_to_be_like_any_of_the_songs() -> None:
    objective = TOY.build()
    traits = torch.arange(10.0)[:, None, None].expand(10, TOY.tracks, 5)
    objective.restyle({"traits": traits})
    assert set(objective.generator.style[:, 0, 0].tolist()) == set(map(float, range(10)))


def test_heights_are_transposed_with_the_notes() -> None:
    torch.manual_seed(1)
    objective = TOY.model_copy(update={"transpose": 6}).build().train()
    cells = torch.zeros(8, TOY.tracks, TOY.bars, TOY.steps, TOY.pitches, dtype=torch.bool)
    cells[..., ::4, 18] = True
    rows = {"real": pack(cells, 2), "onsets": pack(cells, 2), "traits": torch.full((8, TOY.tracks, 5), 1.5)}
    tracks, traits = objective._rolls(rows)
    height = tracks.onsets[:, 1].sum(1).argmax(1)
    assert torch.allclose(traits[:, 1, HEIGHT], height / 12)
    assert len(set(height.tolist())) > 2
    assert (traits[:, 0, HEIGHT] == 1.5).all()


def test_the_rate_of_the_start_rises_and_falls() -> None:
    rates = [
        phase.rate
        for phase in BandConfig(likelihood_iterations=100, likelihood_rate=10).phases
        if phase.name == "likelihood"
    ]
    assert rates[0] < rates[1] == max(rates)
    assert rates[1:] == sorted(rates[1:], reverse=True)
    assert rates[-1] < 1


def test_what_sounds_from_before_a_phrase_goes_on_in_it() -> None:
    onsets = torch.zeros(1, 40, TOY.pitches)
    onsets[0, 12, 20] = 1
    lengths = torch.zeros(1, 40, TOY.pitches, dtype=torch.long)
    lengths[0, 12, 20] = 7
    past = Past(Lines(onsets, onsets * 0, lengths, onsets.bool()), 16)
    nothing = torch.zeros(1, 16, 2, TOY.pitches), torch.zeros(1, 16, 2, len(LENGTHS))
    sounds = past.sounding(*nothing, 16)[0, 1, :, 20]
    assert sounds.tolist() == [1.0] * 4 + [0.0] * 12


def test_the_critic_hears_intervals_whatever_the_class_they_begin_with() -> None:
    torch.manual_seed(0)
    critic = TOY.build().discriminator
    with torch.no_grad():
        for weight in critic.rolls.parameters():
            weight.zero_()
    low = torch.zeros(1, 6, 32, 36)
    low[:, [1, 4], :, 12] = 1
    low[:, [1, 4], :, 16] = 1
    # The same third between the last class of one octave and the first ones of the next.
    high = low.roll(10, -1)
    assert torch.allclose(critic(low), critic(high), atol=1e-5)
