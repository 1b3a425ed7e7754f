"""Songs by a script: what comes back is the same, wishes are served, no song depends on another."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from antiphon.codecs.chords import NO_KEY
from antiphon.codecs.melody import HOLD, NUM_PITCHES, REST
from antiphon.music.form import lay_out, parse_form
from antiphon.writers.choosing import MANY, Wishes
from antiphon.writers.phrases import Performance, Script
from antiphon.writers.writer import Chance, normal


def draw(chances: Sequence[Chance], num: int) -> Tensor:
    return normal(chances, num, 4)


def write(latents: Tensor, previous: Tensor, chord: Tensor) -> Tensor:
    """Four quarters from a latent (n, 4), moved by the chord and by the last note of the bar before."""
    steps = previous.long()
    heard = torch.where(steps < NUM_PITCHES, steps, 0).amax(1)
    pitch = ((latents * 4).long() + chord[:, None].long() + heard[:, None]) % NUM_PITCHES
    bars = torch.full((len(latents), 16), HOLD)
    bars[:, ::4] = torch.where(latents < -0.8, HOLD, pitch)
    return bars.to(torch.uint8)


def songs(form: str, num: int = 3, wishes: Wishes | None = None, chords: np.ndarray | None = None) -> np.ndarray:
    parsed = parse_form(form)
    num_bars = 4 * len(parsed)
    source = np.stack([lay_out(parsed, 4, num_bars).source] * num)
    script = Script(
        source, wishes or Wishes(), np.zeros((num, num_bars)), np.zeros((num, num_bars, 12)), np.full(num, NO_KEY)
    )
    chances = [np.random.default_rng([seed, 0]) for seed in range(num)]
    over = np.zeros((num, num_bars), np.uint8) if chords is None else chords
    return np.stack(Performance(draw, write, script, chances).songs(np.full((num, 16), REST, np.uint8), over))


def test_sections_come_back_note_for_note() -> None:
    written = songs("AABA'")
    np.testing.assert_array_equal(written[:, :4], written[:, 4:8])
    np.testing.assert_array_equal(written[:, :3], written[:, 12:15])
    assert (written[:, 3] != written[:, 15]).any(1).all()
    assert (written[:, :4] != written[:, 8:12]).any((1, 2)).all()


def test_over_other_chords_the_same_latents_sound_otherwise() -> None:
    chords = np.zeros((3, 8), np.uint8)
    chords[:, 4:] = 5
    written = songs("AA", chords=chords)
    np.testing.assert_array_equal(written[:, :4] == HOLD, written[:, 4:] == HOLD)
    assert (written[:, :4] != written[:, 4:]).any((1, 2)).all()


def test_new_bars_hear_the_bar_before() -> None:
    free, after = songs("AB")[:, 4:], songs("AAB")[:, 8:]
    # The same chance, the same bar before: A's last.
    np.testing.assert_array_equal(free, after)


def test_a_song_does_not_depend_on_its_company() -> None:
    wishes = Wishes(notes=2)
    np.testing.assert_array_equal(songs("AAB", 5, wishes)[:2], songs("AAB", 2, wishes))


def test_wishes_are_served() -> None:
    count = [float((songs("ABCDEF", 4, Wishes(notes=notes)) < NUM_PITCHES).sum(2).mean()) for notes in (2.5, 3.6)]
    assert abs(count[0] - 2.5) < 0.3
    assert abs(count[1] - 3.6) < 0.3


def test_only_bars_that_wish_are_chosen_among_many() -> None:
    drawn: list[int] = []

    def counted(chances: Sequence[Chance], num: int) -> Tensor:
        drawn.append(num)
        return draw(chances, num)

    layout = lay_out(parse_form("AA"), 4, 8)
    strength = np.zeros((1, 8))
    strength[:, 3] = 1
    script = Script(layout.source[None], Wishes(), strength, np.zeros((1, 8, 12)), np.full(1, NO_KEY))
    opening = np.full((1, 16), REST, np.uint8)
    Performance(counted, write, script, [np.random.default_rng(0)]).songs(opening, np.zeros((1, 8), np.uint8))
    assert drawn == [1, 1, 1, MANY]
