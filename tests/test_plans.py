"""Plans: what a song is to be, from an order and its own chance."""

import numpy as np
import pytest

from antiphon.composing import common
from antiphon.music.form import parse_form
from antiphon.music.theory import Key, parse_progression
from antiphon.orders import Order
from antiphon.plans import Plan, make_plans, script_of
from antiphon.writers.choosing import Wishes

OPENING = np.full(16, 25, np.uint8)


def plan(seed: int = 0, hears_chords: bool = True, **order: object) -> Plan:
    chance = np.random.default_rng(seed)
    return make_plans(Order(**order), [OPENING], [chance], common if hears_chords else None)[0]  # type: ignore[arg-type]


def test_a_chain_has_neither_sections_nor_script() -> None:
    chain = plan(bars=6)
    assert chain.layout is None
    assert len(chain.chords) == len(chain.codes) == 6
    assert script_of([chain]) is None


def test_wishes_make_a_script_for_a_chain() -> None:
    script = script_of([plan(bars=6, wishes=Wishes(notes=3))])
    assert script is not None
    assert script.source[0].tolist() == list(range(6))
    assert not script.strength.any()


def test_sections_have_their_chords_and_the_song_a_cadence() -> None:
    song = plan(bars=16, phrased=True, form=parse_form("AABA"), key=Key.parse("C"))
    assert song.chords[:4] == song.chords[4:8]
    assert song.chords[12:14] == song.chords[:2]
    assert str(getattr(song.chords[-1], "symbol", "")) == "C"
    assert song.layout is not None
    assert song.layout.name == "AABA"


def test_chords_of_the_caller_stay_as_they_are() -> None:
    given = parse_progression("C G Am")
    song = plan(bars=8, phrased=True, form=parse_form("AA"), chords=given)
    assert song.chords == (*given, *given, *given)[:8]
    assert song.key is None


def test_forms_are_drawn_by_seed() -> None:
    names = {drawn.layout.name for drawn in (plan(seed, bars=32, phrased=True) for seed in range(12)) if drawn.layout}
    assert len(names) > 1
    assert plan(3, bars=32, phrased=True).chords == plan(3, bars=32, phrased=True).chords


@pytest.mark.parametrize(
    ("chords", "key", "best"),
    [("C F G C", None, 0), ("C F G F", "C", 0), ("C F G D", "C", 2), ("C F G N", "D minor", 2), ("C F G Am7", None, 9)],
)
def test_songs_end_on_the_tonic_or_on_the_root_of_their_last_chord(chords: str, key: str | None, best: int) -> None:
    given, tonic = parse_progression(chords), Key.parse(key) if key else None
    script = script_of([plan(bars=4, phrased=True, form=parse_form("A"), chords=given, key=tonic)])
    assert script is not None
    assert script.tones[0, -1].argmax() == best
    assert script.tones[0, -1, best] == 1
    assert script.strength[0].tolist() == [0, 0, 0, 1]


def test_without_key_and_chord_no_tone_ends_better() -> None:
    script = script_of([plan(bars=4, phrased=True, form=parse_form("A"), chords=(None,))])
    assert script is not None
    assert not script.tones.any()


def test_sections_close_more_weakly_than_songs_and_the_last_bar_is_new() -> None:
    script = script_of([plan(bars=12, phrased=True, form=parse_form("AAA"))])
    assert script is not None
    assert 0 < script.strength[0, 3] == script.strength[0, 7] < script.strength[0, 11] == 1
    assert script.source[0].tolist() == [0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 11]
    assert (script.tones[0, 3] > 0).sum() == 3
