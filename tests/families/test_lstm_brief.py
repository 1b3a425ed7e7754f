"""What is settled of a piece, read off tunes that can be checked by eye; and what is counted of it and drawn."""

import numpy as np
import pytest
import torch
from torch import Tensor

from antiphon.codecs.chords import NO_CHORD, NO_KEY
from antiphon.families.lstm.brief import MOST_BACK, MOST_LEFT, TRAITS, Brief, Plan, numbers
from antiphon.families.lstm.habits import Habits
from antiphon.families.lstm.note_objective import read_brief
from antiphon.writers.notes import draw_plan, plan_of

# C major, A minor, C major again, each as four quarters; then a bar's rest and a last C.
_TUNE = [60, 64, 67, 72, 57, 60, 64, 69, 60, 64, 67, 72, 60]
_OFFSETS = [0, *[4] * 11, 20]


def batch(pitch: list[int], offset: list[int], bar: int = 16, full: bool = False) -> dict[str, Tensor]:
    """One row of quarters; one that is not full has room behind the last note."""
    room = 0 if full else 4
    num = len(pitch)
    onset = np.cumsum(offset)
    row = np.zeros((1, num + room, 3), np.uint8)
    row[0, :num] = np.stack([pitch, np.full(num, 3), offset], axis=1)
    place, size = np.zeros((2, 1, num + room), np.uint8)
    place[0, :num], size[0, :num] = onset % bar, bar
    columns = {"real": row, "place": place, "bar": size, "length": np.array([num], np.int16)}
    return {name: torch.from_numpy(column) for name, column in columns.items()}


def test_bars_have_their_chords_returns_and_what_is_left() -> None:
    read = read_brief(batch(_TUNE, _OFFSETS))
    assert read["number"][0, :13].tolist() == [0] * 4 + [1] * 4 + [2] * 4 + [4]
    assert read["chord"].tolist() == [[0, 21, 0, NO_CHORD, 0]]
    # The last bar has one note in common with four of the third.
    assert read["back"].tolist() == [[0, 0, 2, 0, 0]]
    assert read["left"].tolist() == [[4, 3, 2, 1, 0]] and read["key"].tolist() == [[0] * 5]


def test_a_full_row_does_not_know_its_end_and_others_end_at_a_bar_line() -> None:
    assert (read_brief(batch(_TUNE, _OFFSETS, full=True))["left"] == MOST_LEFT).all()
    ended = read_brief(batch(_TUNE[:11], _OFFSETS[:11]))
    assert ended["real"][0, 11, 2] == 8 and not ended["real"][0, 12:].any()
    assert ended["number"][0, 10:].tolist() == [2] * 5


def test_numbers_follow_changes_of_metre_and_rests() -> None:
    onset, place = torch.tensor([[0, 8, 16, 28, 40, 88]]), torch.tensor([[0, 8, 0, 0, 0, 0]])
    bar = torch.tensor([[16, 16, 12, 12, 12, 16]])
    assert numbers(onset, place, bar).tolist() == [[0, 0, 1, 2, 3, 7]]


def test_after_its_last_bar_a_song_goes_on_like_it() -> None:
    plan = Plan(*(torch.tensor([[1, 2, 3]]) for _ in Plan._fields))
    told = Brief(torch.zeros(1, len(TRAITS)), plan).at(torch.tensor([[0, 2, 9]]))
    assert told.chord.tolist() == [[1, 3, 3]] and told.next_chord.tolist() == [[2, 3, 3]]


def test_traits_are_what_they_say() -> None:
    read = read_brief(batch(_TUNE, _OFFSETS))["traits"][0]
    traits = {name: value * scale + centre for value, (name, centre, scale) in zip(read.tolist(), TRAITS, strict=True)}
    assert traits["pitch, semitones"] == pytest.approx(np.mean(_TUNE), abs=1e-3)
    assert traits["spread of pitches, semitones"] == pytest.approx(np.std(_TUNE), abs=1e-3)
    assert traits["length, octaves of a sixteenth"] == pytest.approx(2, abs=1e-3)
    quick = read_brief(batch(_TUNE, [offset // 4 for offset in _OFFSETS], bar=4))["traits"][0, 2]
    assert quick * TRAITS[2][2] + TRAITS[2][1] == pytest.approx(np.log2(13 * 4 / (sum(_OFFSETS) / 4 + 4)), abs=1e-3)
    assert traits["share of notes within chords"] == pytest.approx(0, abs=1e-3)
    assert traits["entropy of durations, bits"] == pytest.approx(0, abs=1e-3)
    # The third bar's four notes, and the last one.
    assert traits["share of notes that lay there within 16 bars"] == pytest.approx(5 / 13, abs=1e-3)


def test_padding_and_octaves_change_only_what_they_should() -> None:
    one, two = read_brief(batch(_TUNE, _OFFSETS)), read_brief(batch([p + 12 for p in _TUNE], _OFFSETS))
    for name in Plan._fields:
        assert torch.equal(one[name], two[name])
    torch.testing.assert_close(one["traits"][:, 1:], two["traits"][:, 1:])
    assert (two["traits"] - one["traits"])[0, 0] * TRAITS[0][2] == pytest.approx(12, abs=1e-3)
    longer = batch(_TUNE, _OFFSETS)
    padded = {name: torch.cat([column, column[:, -2:] * 0], 1) for name, column in longer.items() if name != "length"}
    again = read_brief({**padded, "length": longer["length"]})
    torch.testing.assert_close(one["traits"], again["traits"])
    assert torch.equal(one["back"], again["back"])


def test_what_is_told_of_harmony_moves_with_the_music() -> None:
    one, two = (read_brief(batch([p + up for p in _TUNE], _OFFSETS)) for up in (0, 5))
    told = [
        Brief(read["traits"], Plan(*(read[name] for name in Plan._fields))).at(read["number"]) for read in (one, two)
    ]
    assert torch.equal((told[0].chord[:, :4] + 5) % 12, told[1].chord[:, :4]) and told[1].key[0, 0] == 5
    for mine, other in zip(told[0].degrees, told[1].degrees, strict=True):
        assert torch.equal(mine, other)
    pitch = one["real"][:, :, 0].long()
    assert torch.equal(told[0].degree(pitch)[:, :13], told[1].degree(pitch + 5)[:, :13])
    silent = told[0]._replace(key=told[0].key * 0 + NO_KEY)
    assert (silent.degree(pitch) == NO_KEY).all()


def test_a_key_holds_as_far_as_four_bars_around_say_so() -> None:
    scale = [0, 2, 4, 5, 7, 9, 11, 12]
    tune = [60 + step for step in scale] * 10 + [66 + step for step in scale] * 10
    key = read_brief(batch(tune, [0, *[2] * 159]))["key"][0]
    assert key[:14].tolist() == [0] * 14 or key[:7].tolist() == [0] * 7
    assert key[0] == 0 and key[19] == 6


def test_drawn_traits_go_together_as_they_were_counted() -> None:
    chance = torch.Generator().manual_seed(0)
    mix = torch.randn(len(TRAITS), len(TRAITS), generator=chance)
    habits, plan = Habits(), Plan(*(torch.zeros(64, 3, dtype=torch.int64) for _ in Plan._fields))
    for _ in range(300):
        traits = 2 + torch.randn(64, len(TRAITS), generator=chance) @ mix
        habits.learn(Brief(traits, plan), torch.full((64,), 3))
    drawn = habits.traits(torch.randn(40_000, len(TRAITS), generator=chance, dtype=torch.float64))
    torch.testing.assert_close(drawn.mean(0).float(), torch.full((len(TRAITS),), 2.0), atol=0.2, rtol=0)
    spread = torch.cov(drawn.T).float()
    assert (spread - mix.T @ mix).abs().max() < 0.08 * (mix.T @ mix).abs().max()


def test_returns_follow_each_other_as_they_were_counted_and_never_reach_before_the_beginning() -> None:
    habits = Habits()
    back = torch.tensor([[0, 0, 2, 2, 0, 0, 2, 2, 0, 9]])
    plan = Plan(back * 0, back, back * 0, back * 0)
    habits.learn(Brief(torch.zeros(1, len(TRAITS)), plan), torch.tensor([9]))
    assert habits.returns[0].round().tolist()[:3] == [2, 0, 2] and habits.returns[:, 9].sum() == 0
    drawn = habits.back(torch.rand(4000, 20, dtype=torch.float64, generator=torch.Generator().manual_seed(1)))
    assert set(drawn.unique().tolist()) == {0, 2} and not drawn[:, :2].any()
    after = drawn[:, 5:-1][drawn[:, 4:-2] == 0]
    assert (after == 2).float().mean() == pytest.approx(0.5, abs=0.03)
    further = habits.back(torch.full((1, 3), 0.9, dtype=torch.float64), heard=5)
    assert further[0, 0] == 2


def test_a_plan_keeps_what_is_asked() -> None:
    chances = [np.random.default_rng(seed) for seed in range(3)]
    asked = np.array([[0, 0, 0, 24]] * 3)
    plan = draw_plan(Habits(), chances, plan_of(np.full((3, 4), 7, np.uint8), asked))
    assert (plan.chord == 7).all() and torch.equal(plan.back, torch.from_numpy(asked)) and MOST_BACK < 24
    assert (plan.key == 7).all()
    assert plan.left.tolist() == [[3, 2, 1, 0]] * 3 and (plan_of(asked, ends=False).left == MOST_LEFT).all()
