"""What lies between values: the ends themselves, the arc, the plane of four, and that chance stays chance."""

import numpy as np
import pytest

from antiphon.writers.blending import between_uniforms, blended, lerp, nearest, slerp

CHANCE = np.random.default_rng(0)
FIRST, SECOND, THIRD, FOURTH = CHANCE.standard_normal((4, 5, 32))


def test_ends_are_themselves_to_the_bit() -> None:
    for way in (lerp, slerp):
        assert blended([FIRST, SECOND], (0.0,), way) is FIRST and blended([FIRST, SECOND], (1.0,), way) is SECOND
    uniforms = [np.random.default_rng(seed).random((7, 2)) for seed in range(4)]
    for number, place in enumerate(((0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0))):
        assert between_uniforms(uniforms, place, slerp) is uniforms[number]
        assert nearest(place) == number


def test_the_arc_is_the_closed_form() -> None:
    right, up = np.array([2.0, 0.0]), np.array([0.0, 2.0])
    assert np.allclose(slerp(right, up, 1 / 3), [2 * np.cos(np.pi / 6), 2 * np.sin(np.pi / 6)])
    # Each vector goes its own way.
    both = slerp(np.stack([FIRST[0], SECOND[0]]), np.stack([SECOND[0], FIRST[0]]), 0.25)
    assert np.allclose(both[0], slerp(FIRST[0], SECOND[0], 0.25)) and np.allclose(
        both[1], slerp(FIRST[0], SECOND[0], 0.75)
    )


def test_the_arc_is_the_line_where_there_is_no_angle() -> None:
    for last in (3 * FIRST, -FIRST, np.zeros_like(FIRST)):
        assert np.allclose(slerp(FIRST, last, 0.25), lerp(FIRST, last, 0.25), atol=1e-6)
    assert np.array_equal(slerp(FIRST, FIRST, 0.3), lerp(FIRST, FIRST, 0.3))


def test_four_lie_at_the_corners_of_a_plane() -> None:
    found = blended([FIRST, SECOND, THIRD, FOURTH], (0.25, 0.5), lerp)
    assert np.allclose(found, (0.75 * FIRST + 0.25 * SECOND + 0.75 * THIRD + 0.25 * FOURTH) / 2)
    with pytest.raises(ValueError, match="1 shares lie between 2 values, not 4"):
        blended([FIRST, SECOND, THIRD, FOURTH], (0.25,), lerp)


@pytest.mark.parametrize("place", [(0.5,), (0.2,), (0.4, 0.7)])
def test_what_is_between_even_numbers_is_even(place: tuple[float, ...]) -> None:
    ends = [np.random.default_rng(seed).random((2000, 4, 2)) for seed in range(2 ** len(place))]
    ends[0][0, 0, 0] = 0.0
    found = between_uniforms(ends, place, slerp)
    assert found.shape == ends[0].shape and (found >= 0).all() and (found < 1).all()
    shares = np.histogram(found, 10, (0, 1))[0] / found.size
    assert np.abs(shares - 0.1).max() < 0.01
    # In a straight line the middle comes too often.
    assert np.histogram(between_uniforms(ends, place, lerp), 10, (0, 1))[0][0] / found.size < 0.08
