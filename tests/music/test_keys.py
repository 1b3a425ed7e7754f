import numpy as np
import pytest

from antiphon.music.keys import estimate_key, key_of_weights
from antiphon.music.score import Score, Track, notes_from_columns
from antiphon.music.theory import Key

MAJOR = (60, 62, 64, 65, 67, 69, 71, 72, 67, 64, 60)
MINOR = (69, 71, 72, 74, 76, 77, 80, 81, 76, 72, 69)


def score(pitches: tuple[int, ...], up: int = 0, is_drum: bool = False) -> Score:
    starts = range(0, 480 * len(pitches), 480)
    notes = notes_from_columns(starts, [start + 480 for start in starts], [pitch + up for pitch in pitches], 80)
    return Score(480, (Track(notes, is_drum=is_drum),))


@pytest.mark.parametrize("up", range(12))
def test_the_key_moves_with_the_music(up: int) -> None:
    major, minor = estimate_key(score(MAJOR, up)), estimate_key(score(MINOR, up))
    assert major is not None and minor is not None
    assert (major.tonic, major.is_minor) == (up, False)
    assert (minor.tonic, minor.is_minor) == ((9 + up) % 12, True)


def test_octaves_change_nothing() -> None:
    assert estimate_key(score(MAJOR, 24)) == estimate_key(score(MAJOR)) == Key.parse("C")


def test_no_pitched_note_is_in_no_key() -> None:
    assert estimate_key(Score()) is None
    assert estimate_key(score(MAJOR, is_drum=True)) is None


def test_weights_of_any_unit_give_the_key_of_their_score() -> None:
    weights = np.bincount(np.array(MAJOR) % 12, minlength=12)
    assert key_of_weights(weights) == key_of_weights(weights * 1e-7) == estimate_key(score(MAJOR))


def test_keys_that_fit_alike_tie_whatever_rounding_says() -> None:
    assert key_of_weights(np.full(12, 0.1)) == key_of_weights(np.ones(12)) == Key.parse("C")


def test_no_weight_is_in_no_key_and_other_numbers_of_weights_are_refused() -> None:
    assert key_of_weights(np.zeros(12)) is None
    with pytest.raises(ValueError, match="12 weights"):
        key_of_weights(np.ones(24))
