import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from antiphon.codecs.chords import NO_CHORD
from antiphon.codecs.melody import HOLD, NUM_CLASSES, NUM_PITCHES, REST, STEPS
from antiphon.families.bar.hearing import (
    NUM_INTERVALS,
    Tonality,
    above_root,
    along,
    from_c,
    harmony_of,
    intervals,
    line,
    one_hot,
    pitch_classes,
    steps_from,
)
from antiphon.families.bar.transposition import moved, moved_chord, moved_planes, shifts

SILENCE = torch.full((1, STEPS), REST)


def pitches(*values: int) -> torch.Tensor:
    return torch.nn.functional.one_hot(torch.tensor(values), NUM_PITCHES + 1).float()


def bar(*opening: int) -> torch.Tensor:
    return torch.tensor([[*opening, *[REST] * (STEPS - len(opening))]])


def test_the_pitch_begun_last_by_hand() -> None:
    assert line(one_hot(bar(HOLD, 3, HOLD, REST, 7, 7)))[0, :8].argmax(1).tolist() == [24, 24, 3, 3, 3, 7, 7, 7]


def test_intervals_by_hand() -> None:
    told = intervals(pitches(5, 0, 24, 3, 23), pitches(3, 23, 3, 24, 0))
    assert told.sum(1).tolist() == [1] * 5
    none = NUM_INTERVALS - 1
    assert told.argmax(1).tolist() == [2 + 23, 0, none, none, 46]


def test_intervals_have_the_gradient_of_the_product() -> None:
    high, low = pitches(7, 0, 24).requires_grad_(), pitches(9, 23, 4).requires_grad_()
    weight = torch.randn(NUM_INTERVALS, generator=torch.Generator().manual_seed(0))
    weight[-1] = 0
    ours = torch.autograd.grad((intervals(high, low) @ weight).sum(), (high, low))
    span = torch.arange(NUM_PITCHES)
    table = weight[span[:, None] - span + NUM_PITCHES - 1]
    product = (high[:, :NUM_PITCHES] @ table * low[:, :NUM_PITCHES]).sum()
    for got, expected in zip(ours, torch.autograd.grad(product, (high, low)), strict=True):
        torch.testing.assert_close(got, expected)


def test_steps_from_names_the_interval_of_every_pitch() -> None:
    index = steps_from(pitches(4, 24))
    assert index[0].tolist() == [pitch - 4 + 23 for pitch in range(NUM_PITCHES)]
    assert set(index[1].tolist()) == {NUM_INTERVALS - 1}


def test_likeness_tells_how_far_two_bars_go_together() -> None:
    before = bar(3, HOLD, 5, HOLD)
    known = along(one_hot(bar(4, HOLD, 5, 7)), one_hot(before)).likeness[0]
    # Kinds are the same for three steps, then not; classes differ at once; shares of kinds 3/4 and of classes 2/4.
    assert known[:5, 0].tolist() == [1, 1, 1, 1, 0]
    assert known[:5, 1].tolist() == [1, 0, 0, 0, 0]
    torch.testing.assert_close(known[4, 2:4], torch.tensor([0.75, 0.5]))
    assert known[:3, 4].tolist() == [1, 0, 0]
    itself = along(one_hot(before), one_hot(before)).likeness[0]
    assert itself[:, :4].min() == 1


def test_what_was_heard_is_counted_over_both_bars() -> None:
    heard = along(one_hot(bar(0, 12, 4)), one_hot(bar(7, 7, 7, 7))).heard[0]
    assert heard[0].nonzero().flatten().tolist() == [7]
    assert heard[0, 7] == 2
    assert heard[3, [0, 4, 7]].tolist() == [2, 1, 2]


def test_a_key_fits_its_own_scale() -> None:
    tonality = Tonality()
    c_major = torch.zeros(1, 12)
    c, none = (harmony_of(torch.tensor([code]), c_major) for code in (0, NO_CHORD))
    c_major[0, [0, 2, 4, 5, 7, 9, 11]] = 1
    fit = tonality(c_major, c)[0]
    assert fit[[0, 2, 4, 5, 7, 9, 11]].min() > 0.8
    assert fit[[1, 3, 6, 8, 10]].max() < 0.3
    nothing = tonality(torch.zeros(1, 12), none)[0]
    torch.testing.assert_close(nothing, nothing.mean().expand(12))


@settings(max_examples=30, deadline=None)
@given(st.integers(0, NO_CHORD), st.integers(0, 11), st.integers(0, 2**32))
def test_hearing_turns_with_the_music(chord: int, shift: int, seed: int) -> None:
    heard = torch.rand(3, 4, 12, generator=torch.Generator().manual_seed(seed))
    chords = torch.full((3,), chord)
    here, there = (harmony_of(codes, heard) for codes in (chords, moved_chord(chords, torch.full((3,), shift))))
    torch.testing.assert_close(from_c(above_root(heard, here), here), heard)
    turned = heard.roll(shift, -1)
    if chord < NO_CHORD:
        torch.testing.assert_close(above_root(turned, there), above_root(heard, here))
    fit = Tonality()
    torch.testing.assert_close(fit(turned, there), fit(heard, here).roll(shift, -1))


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 12), st.integers(0, 2**32))
def test_rows_and_planes_move_alike_and_stay_within_the_octaves(reach: int, seed: int) -> None:
    torch.manual_seed(seed)
    rows = torch.randint(0, NUM_CLASSES, (20, STEPS))
    shift = shifts(rows, reach)
    assert int(shift.abs().max()) <= reach
    assert torch.equal(moved_planes(one_hot(rows), shift), one_hot(moved(rows, shift)))
    assert torch.equal(moved(rows, shift) >= NUM_PITCHES, rows >= NUM_PITCHES)


def test_pitch_classes_fold_both_octaves() -> None:
    assert pitch_classes(one_hot(bar(0, 12, 23, HOLD))).argmax(2)[0, :3].tolist() == [0, 0, 11]
    assert not pitch_classes(one_hot(SILENCE)).any()
