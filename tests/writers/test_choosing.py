"""Wishes: each term prefers what it is about, and chances follow scores."""

import numpy as np
import pytest

from antiphon.codecs.melody import HOLD, REST
from antiphon.writers.choosing import ECHO, FEW, MANY, Past, Wishes, choose, score


def bar(*classes: int, fill: int = HOLD) -> np.ndarray:
    """A bar that goes on as its filling says."""
    return np.array([*classes, *[fill] * (16 - len(classes))], np.uint8)


SILENCE = bar(fill=REST)
EVEN = bar(0, HOLD, 2, HOLD, 4, HOLD, 5, HOLD, 7, HOLD, HOLD, HOLD, 4)
HIGHER = np.where(EVEN < 24, EVEN + 5, EVEN).astype(np.uint8)
UNEVEN = bar(0, 2, 4, HOLD, 5, 7)
WHOLE, STOPPED = bar(0), bar(0, HOLD, fill=REST)
NOWHERE = np.zeros(1), np.zeros((1, 12))


def scores(wishes: Wishes, written: list[np.ndarray], *candidates: np.ndarray) -> list[float]:
    notes = sum(int((row < 24).sum()) for row in written)
    past = Past([row[None] for row in written], np.array([(wishes.notes or 0.0) * len(written) - notes]))
    found: list[float] = score(np.stack(candidates)[None], past, wishes, *NOWHERE)[0].tolist()
    return found


def test_density_prefers_the_number_of_notes() -> None:
    few, many = scores(Wishes(notes=1), [], WHOLE, EVEN), scores(Wishes(notes=6), [], WHOLE, EVEN)
    assert few[0] == 0 > few[1]
    assert many[1] == 0 > many[0]


def test_density_makes_up_for_what_came_before() -> None:
    wishes = Wishes(notes=3)
    after_few, after_many = scores(wishes, [WHOLE], WHOLE, UNEVEN), scores(wishes, [UNEVEN], WHOLE, UNEVEN)
    assert after_few[1] == 0 > after_few[0]
    assert after_many[0] == 0 > after_many[1]


def test_what_is_owed_is_bounded() -> None:
    assert scores(Wishes(notes=4), [WHOLE] * 9, UNEVEN) == scores(Wishes(notes=4), [WHOLE], UNEVEN)


def test_register_prefers_notes_inside() -> None:
    inside, outside, beyond = scores(Wishes(register=(60, 67)), [], EVEN, EVEN + (EVEN < 24) * np.uint8(2), HIGHER)
    assert inside == 0 > outside > beyond
    assert scores(Wishes(register=(72, 83)), [], SILENCE) == [0]


@pytest.mark.parametrize("lag", range(1, 9))
def test_rhythms_echo(lag: int) -> None:
    written = [EVEN, *[bar(step) for step in range(3, 3 + lag - 1)]]
    written[1:] = [np.roll(row, step + 1) for step, row in enumerate(written[1:])]
    assert scores(Wishes(echoes=True), written, HIGHER, UNEVEN) == [ECHO[lag - 1], 0]


def test_a_rhythm_of_few_notes_tells_little() -> None:
    assert scores(Wishes(echoes=True), [WHOLE], bar(5)) == [ECHO[0] / 6]


def test_no_echo_of_silence_or_of_what_is_long_past() -> None:
    assert scores(Wishes(echoes=True), [SILENCE], SILENCE) == [0]
    others = [np.roll(UNEVEN, step) for step in range(8)]
    assert scores(Wishes(echoes=True), [EVEN, *others], EVEN) == [0]


def ending(strength: float, *candidates: np.ndarray) -> list[float]:
    tones = np.zeros((1, 12))
    tones[0, 0] = 1
    found: list[float] = score(
        np.stack(candidates)[None], Past([], np.zeros(1)), Wishes(), np.array([strength]), tones
    )[0].tolist()
    return found


def test_an_end_is_long_and_on_its_tone() -> None:
    tonic, other, short, silent = ending(1, WHOLE, bar(5), STOPPED, SILENCE)
    assert tonic > other > silent
    assert tonic > short > silent
    # The last note is what counts, an octave makes no difference.
    assert ending(1, bar(5, 12)) > ending(1, bar(12, 5))
    assert ending(0.5, WHOLE)[0] == pytest.approx(tonic / 2)
    assert ending(0, WHOLE, bar(5)) == [0, 0]


def test_chances_follow_scores() -> None:
    chance = np.random.default_rng(0)
    wanted = np.array([0.5, 0.3, 0.2])
    picked = np.array([choose(np.log(wanted)[None], [chance])[0] for _ in range(4000)])
    assert np.bincount(picked) / 4000 == pytest.approx(wanted, abs=0.03)


def test_a_song_is_picked_by_its_own_chance() -> None:
    table = np.zeros((2, 40))
    both = choose(table, [np.random.default_rng(1), np.random.default_rng(2)])
    assert both[1] == choose(table[1:], [np.random.default_rng(2)])[0]


def test_candidates_are_drawn_where_there_are_wishes() -> None:
    numbers = [wishes.num_candidates for wishes in (Wishes(), Wishes(echoes=True), Wishes(notes=3, echoes=True))]
    assert numbers == [1, FEW, MANY]
    assert Wishes(register=(60, 64)).num_candidates == MANY
