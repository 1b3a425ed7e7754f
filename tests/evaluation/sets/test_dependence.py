"""Dependence sees who listens, who does not and who copies; fits of bars, tracks and primes by hand."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from antiphon.codecs.chords import NO_CHORD
from antiphon.codecs.melody import HOLD, REST
from antiphon.evaluation.notes import Notes
from antiphon.evaluation.rolls import Rolls
from antiphon.evaluation.sets.certainty import holm
from antiphon.evaluation.sets.conditions import with_bar_before, with_chord, with_prime, with_track
from antiphon.evaluation.sets.dependence import Pairing, corrected, dependence, fits_of
from antiphon.evaluation.sets.exchanges import BLOCK, Floats, Numbers
from antiphon.evaluation.sets.passages import Reading

SONGS, EACH = 30, 4
SONG = np.repeat(np.arange(SONGS), EACH)


def pairing(outputs: Floats, conditions: Floats, song: Numbers = SONG) -> Pairing:
    """Numbers that fit where they are near, and are copied where they are equal."""
    return Pairing(lambda i, j: -np.abs(outputs[i] - conditions[j]), (outputs == conditions).astype(np.float64), song)


def conditions(seed: int) -> Floats:
    """Those of a song are alike."""
    chance = np.random.default_rng(seed)
    return chance.normal(size=SONGS)[SONG] * 2 + chance.normal(size=len(SONG))


def listening(seed: int, weight: float = 1, num: int = SONGS) -> Pairing:
    """Outputs that follow their conditions as far as the weight says, and are alike within a song."""
    rng, song = np.random.default_rng(seed), np.repeat(np.arange(num), EACH)
    given = 2 * rng.normal(size=num)[song] + rng.normal(size=len(song))
    own = 2 * rng.normal(size=num)[song]
    return pairing(weight * given + (1 - weight) * own + rng.normal(size=len(song)), given, song)


def test_sees_who_listens() -> None:
    found = dependence(listening(0), listening(10), 0)
    assert found.made.p <= 0.002 and not found.copies and found.strength == pytest.approx(1, abs=0.4)
    assert found.made.gap.low > 0
    assert found.made.own.value - found.made.shuffled.value == pytest.approx(found.made.gap.value)
    assert found.words().startswith("depends no less than real music, as far as can be seen (needs ")
    many = dependence(listening(0, num=300), listening(10, num=300), 0, 199)
    assert many.words() == "depends much as real music does"
    assert dependence(listening(0, 0.5, 300), listening(10, num=300), 0, 199).words() == (
        "depends less than real music does"
    )
    assert dependence(listening(0, num=300), listening(10, 0.4, 300), 0, 199).words() == (
        "depends more than real music does"
    )


def test_sees_who_does_not() -> None:
    found = dependence(pairing(conditions(5), conditions(6)), listening(0), 0)
    assert found.made.p > 0.1 and found.words() == "depends less than real music does, if at all"
    deaf = pairing(conditions(7), conditions(8))
    assert dependence(deaf, deaf, 0).words() == "no dependence is seen, nor in real music"


def test_p_is_uniform_where_outputs_do_not_listen() -> None:
    # Alike within a song, so that a test that took outputs for independent would see what is not there.
    p = np.array([fits_of(listening(seed, 0, 12), 0, 99).p for seed in range(300)])
    assert [(p <= level).mean() for level in (0.05, 0.2, 0.5)] == pytest.approx([0.05, 0.2, 0.5], abs=0.07)


@pytest.mark.parametrize("weight", [0.15, 0.6])
def test_the_same_process_does_not_fail_for_being_hard_to_see(weight: float) -> None:
    said = [dependence(listening(k, weight), listening(k + 100, weight), k, 199).words() for k in range(60)]
    assert sum("less than real music does" in words for words in said) <= 6
    assert sum("too few" in words or "nor in real" in words or "no less" in words for words in said) >= 30


def test_open_verdicts_ask_for_enough_songs() -> None:
    words = dependence(listening(0), listening(10), 0).words()
    needed = int(words.split("needs ")[1].rstrip(")"))
    assert 30 < needed < 1000
    said = [dependence(listening(k, num=needed), listening(k + 9, num=needed), k, 199).words() for k in range(6)]
    assert sum("much as" in one or "a little" in one for one in said) >= 5


def test_the_interval_covers_the_gap() -> None:
    truth = np.mean([fits_of(listening(seed, 0.6, 300), 0, 1).gap.value for seed in range(1000, 1008)])
    found = [fits_of(listening(seed, 0.6), 0, 1).gap for seed in range(150)]
    # With each song's own score less that with other conditions alone, it covers 0.75.
    assert np.mean([one.low <= truth <= one.high for one in found]) > 0.87


def test_sees_who_copies() -> None:
    given = conditions(0)
    found = dependence(pairing(given, given), listening(0), 0)
    assert found.copies and not found.copies_no_more and found.words() == "copies its condition"
    assert found.made.copied.value == 1 and found.real.copied.value == 0


def test_doubling_a_little_more_for_sure_is_not_copying() -> None:
    rng, real = np.random.default_rng(0), listening(0, num=1000)
    shares = [np.repeat(level + 0.1 * rng.normal(size=1000), EACH) for level in (0.3, 0.32, 0.4)]
    held, little, much = (replace(real, copied=share) for share in shares)
    found = dependence(little, held, 0, 99)
    assert (
        found.copying.effect_low > 0
        and found.copying.p < 0.02
        and not found.copies
        and found.copies_no_more
        and "copies" not in found.words()
    )
    assert dependence(much, held, 0, 99).copies


def test_chance_in_one_of_many_rows_is_not_copying() -> None:
    rng = np.random.default_rng(0)
    alike = [[replace(listening(k), copied=rng.random(SONGS)[SONG]) for k in (row, row + 50)] for row in range(40)]
    found = {str(k): dependence(made, real, 0, 1600) for k, (made, real) in enumerate(alike)}
    assert any(one.copies for one in found.values())
    assert not any(one.copies for one in corrected(found).values())


def test_a_table_is_corrected_together() -> None:
    weak = {f"track {k}": dependence(listening(k, 0.3), listening(k + 50, 0.3), k, 199) for k in range(8)}
    found = corrected(weak)
    for side in ("made", "real", "against", "copying"):
        p = [getattr(one, side).p for one in weak.values()]
        assert [getattr(one, side).corrected_p for one in found.values()] == pytest.approx(holm(p).tolist())
    assert all(one.made.p == one.made.corrected_p for one in weak.values())
    lost = [name for name in weak if weak[name].made.depends and not found[name].made.depends]
    assert lost and all(found[name].words().startswith("no dependence is seen") for name in lost)
    assert corrected({}) == {}


def test_shuffled_never_pairs_within_a_song_and_exchanges_may() -> None:
    song = np.array([3, 3, 7, 9, 9, 9, 1, 0])
    found = fits_of(Pairing(lambda i, j: (song[i] == song[j]).astype(np.float64), np.zeros(8), song), 0, 2000)
    assert found.own.value == 1 and found.shuffled.value == 0
    # Only the order that is there fits as well: one of 5! = 120.
    assert found.p == pytest.approx(1 / 120, rel=0.4)


@pytest.mark.parametrize("num", [BLOCK, BLOCK + 1, 3 * BLOCK + 7])
def test_songs_exchange_within_blocks_of_bounded_size(num: int) -> None:
    seen: list[tuple[Numbers, Numbers]] = []

    def fit(i: Numbers, j: Numbers) -> Floats:
        seen.append((i, j))
        return np.zeros(len(i))

    fits_of(Pairing(fit, np.zeros(num), np.arange(num)), 0, 50)
    assert (seen[0][0] == seen[0][1]).all() and BLOCK / 2 < len(seen) <= BLOCK
    assert all((np.sort(j) == np.arange(num)).all() for _, j in seen)


def test_too_few_songs_and_nothing() -> None:
    few = pairing(np.zeros(4), np.zeros(4), np.array([0, 1, 2, 3]))
    assert np.isnan(fits_of(few, 0).p)
    for made, real in ((few, listening(0)), (listening(0), few)):
        assert dependence(made, real, 0).words() == "too few songs to tell (needs 5)"
    none = pairing(np.empty(0), np.empty(0), np.empty(0, np.int64))
    assert np.isnan(fits_of(none, 0).own.value) and np.isnan(fits_of(none, 0).p)
    silent = pairing(np.full(9, np.nan), np.zeros(9), np.arange(9))
    assert np.isnan([fits_of(silent, 0).p, fits_of(silent, 0).gap.value]).all()


def test_what_makes_no_sense_is_refused() -> None:
    with pytest.raises(ValueError, match="song for each"):
        Pairing(lambda i, j: np.zeros(len(i)), np.zeros(3), np.zeros(2, np.int64))
    with pytest.raises(ValueError, match="permutation"):
        fits_of(listening(0), 0, 0)


def test_undefined_scores_are_left_out() -> None:
    whole = listening(0)
    holes = Pairing(lambda i, j: np.where(i % 3 == 0, np.nan, whole.fit(i, j)), whole.copied, SONG)
    found = fits_of(holes, 0)
    assert found.own.num_units == int((np.arange(len(SONG)) % 3 != 0).sum()) and found.p <= 0.002


def bars(*rows: list[int]) -> NDArray[np.uint8]:
    return np.array([row + [HOLD] * (16 - len(row)) for row in rows], np.uint8)


EVERY = np.arange(2)


def test_chord_tones_by_hand() -> None:
    made = bars([0] * 4 + [2] * 4 + [4] * 4 + [REST] * 4, [HOLD] * 8 + [7] * 8)
    before = bars([REST], [9])
    found = with_chord(made, before, np.array([0, 21]), np.array([0, 1]))  # C, A minor
    assert found.copied == pytest.approx([8 / 12, 0.5])
    assert found.fit(EVERY, EVERY[::-1]) == pytest.approx([8 / 12, 0.5])
    assert np.isnan(with_chord(bars([REST] * 16), bars([REST] * 16), np.array([0]), np.array([0])).copied).all()
    assert len(with_chord(made, before, np.array([NO_CHORD, 0]), np.array([0, 1])).song) == 1


def test_bar_before_by_hand() -> None:
    made, before = bars([0, 2, 4, 5], [HOLD, 7, REST]), bars([0, 2, 5, 5], [12])
    found = with_bar_before(made, before, np.array([0, 1]))
    assert found["join"].fit(EVERY, EVERY).tolist() == [-5, -5]
    assert found["join"].fit(EVERY, EVERY[::-1]).tolist() == [-12, -2]
    assert found["harmony"].copied == pytest.approx([3 / 4, 0])
    assert found["rhythm"].fit(EVERY, EVERY) == pytest.approx([1, 0])
    assert found["harmony"].fit(EVERY, EVERY)[1] == 0
    assert len(with_bar_before(made, bars([REST] * 16, [0]), np.array([0, 1]))["join"].song) == 1


def rolls(seed: int, num: int = 40) -> Rolls:
    """A bass of one pitch class a bar, a lead on chord tones above it, drums on every beat."""
    chance = np.random.default_rng(seed)
    cells = np.zeros((num, 3, 2, 16, 48), bool)
    for sample in range(num):
        for bar in range(2):
            root = int(chance.integers(12))
            cells[sample, 1, bar, ::2, root] = True
            cells[sample, 0, bar, ::4, 24 + (root + int(chance.choice([0, 4, 7]))) % 12] = True
    cells[:, 2, :, ::4, 0] = True
    return Rolls(cells, 36, 4, 2, ("lead", "bass", "drums"))


def test_a_track_is_followed_doubled_or_ignored() -> None:
    real = rolls(0)
    truth = with_track(real, "bass")
    alone = replace(real, cells=real.cells.copy())
    alone.cells[:, 0] = alone.cells[::-1, 0]
    doubled = replace(real, cells=real.cells.copy())
    doubled.cells[:, 0] = np.roll(doubled.cells[:, 1], 12, axis=3)
    # Others of the same song would not be shuffled: each sample is its own.
    ignores = dependence(with_track(alone, "bass")["harmony"], truth["harmony"], 0)
    copies = dependence(with_track(doubled, "bass")["harmony"], truth["harmony"], 0)
    assert ignores.made.p > 0.05 and ignores.real.p <= 0.01
    assert copies.copies and copies.made.own.value == pytest.approx(1) and copies.made.copied.value == 1
    assert 0.1 < copies.real.copied.value < 0.6


def test_tracks_by_hand() -> None:
    cells = np.zeros((2, 2, 1, 16, 24), bool)
    cells[0, 0, 0, :4, 0] = True
    cells[0, 1, 0, 2:6, 12] = True
    cells[1, 1, 0, 0, 3] = True
    found = with_track(Rolls(cells, 60, 4, None, ("a", "b")), "b")
    assert found["harmony"].copied[0] == pytest.approx(0.5) and np.isnan(found["harmony"].copied[1])
    assert found["harmony"].fit(EVERY, EVERY)[0] == pytest.approx(1)
    assert np.isnan(found["harmony"].fit(EVERY, EVERY)[1])
    assert found["rhythm"].copied[0] == 0
    assert set(with_track(rolls(0), "drums")) == {"rhythm"}
    with pytest.raises(ValueError, match="one of several"):
        with_track(rolls(0), "harp")


def notes(pitch: list[int], gap: float = 0.5) -> Notes:
    start = np.arange(len(pitch), dtype=np.float64) * np.float64(gap)
    number = np.zeros(len(pitch), np.int64)
    values = np.array(pitch, np.int64)
    return Notes(
        start, start + gap, start * 2, (start + gap) * 2, values, number + 64, number, number > 0, np.arange(0, 40, 4.0)
    )


def test_primes_by_hand() -> None:
    tune = [60, 62, 64, 67, 65, 62, 59, 60, 64, 66, 69, 71]
    primes = [notes(tune), notes([50] * 12, 1.5)]
    after = [notes([pitch + 5 for pitch in tune[:10]] + [40, 80, 41, 79, 42, 78, 43, 77, 44, 76]), notes([62] * 6, 1.5)]
    found = with_prime(after, primes, np.array([0, 1]), Reading("beats"))
    assert found["join"].copied[0] == pytest.approx(0.5) and found["join"].copied[1] == 0
    assert found["join"].fit(EVERY, EVERY)[1] == -12
    assert found["harmony"].fit(EVERY, EVERY)[1] == pytest.approx(1)
    assert found["rhythm"].fit(EVERY, EVERY) == pytest.approx([1, 1])
    assert found["rhythm"].fit(EVERY, EVERY[::-1]) == pytest.approx([0, 0])
    with pytest.raises(ValueError, match="primes"):
        with_prime(after, primes[:1], np.array([0, 1]), Reading("beats"))
    silent = with_prime([notes([])], [notes(tune)], np.array([0]), Reading("beats"))
    assert all(np.isnan(one.fit(EVERY[:1], EVERY[:1])).all() for one in silent.values())
    assert with_prime([], [], np.empty(0, np.int64), Reading("beats"))["harmony"].song.size == 0
