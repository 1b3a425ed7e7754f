"""What is settled of a song before its first note: length, form, key, chords, wishes, and how it is to end.

Axes: N songs, B bar, T step (16).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from antiphon.codecs.chords import triad_code
from antiphon.music.form import Layout, draw_form, lay_out
from antiphon.music.progressions import draw_key, draw_progression, draw_song_chords
from antiphon.music.theory import Chord, Key
from antiphon.orders import Chords, Order
from antiphon.writers.choosing import Wishes
from antiphon.writers.phrases import Script
from antiphon.writers.writer import Bars, Chance

# How much a section's last bar closes beside that of the song; its chord's tones, then those of the last bar.
_SECTION_END = 0.3
_ROOT, _THIRD, _OTHER = 0.6, 0.4, 0.3
_LAST, _PINCH = 1.0, 0.3


@dataclass(frozen=True, eq=False)
class Plan:
    """What is settled before a song's first note.

    Parameters
    ----------
    chords
        One a bar, None where there is none.
    codes
        The same as the model hears them, uint8 (B,), see `antiphon.codecs.chords`.
    key
        None where none was given or drawn.
    opening
        What the first bar follows, uint8 (T,); for families that write pieces, nothing (0,).
    layout
        Its sections; None where there are none.
    wishes
        Of every bar.
    """

    chords: Chords
    codes: Bars
    key: Key | None
    opening: Bars
    layout: Layout | None = None
    wishes: Wishes = field(default_factory=Wishes)


def make_plan(order: Order, opening: Bars, chance: Chance, hears_chords: bool) -> Plan:
    """The plan of one song, by its own chance."""
    key, chords, layout = order.key, order.chords, None
    if chords is None and hears_chords:
        key = key or draw_key(chance)
    if order.phrased:
        form = order.form or draw_form(order.bars, chance)
        layout = lay_out(form, order.section_bars, order.bars)
    if chords is None:
        chords = progression_for(key, order.bars, layout, chance) if hears_chords and key else (None,)
    over = tuple(chords[bar % len(chords)] for bar in range(order.bars))
    codes = np.array([triad_code(chord) for chord in chords], np.uint8)
    return Plan(over, np.resize(codes, order.bars), key, opening, layout, order.wishes)


def progression_for(key: Key, num_bars: int, layout: Layout | None, chance: Chance) -> Chords:
    """The chords of a song that was given none, one a bar, repeated where they are fewer than its bars.

    This is the place for a composer of progressions. Sections of one letter share theirs (`Layout.harmony`), and a song
    that has sections ends with a cadence.

    Parameters
    ----------
    key, num_bars
        Of the song.
    layout
        Its sections; None where there are none.
    chance
        The song's own.
    """
    return draw_progression(key, chance) if layout is None else draw_song_chords(key, layout, chance)


def script_of(plans: Sequence[Plan]) -> Script | None:
    """What some plans ask of the bars of their songs; None where they ask nothing."""
    wishes = plans[0].wishes
    if all(plan.layout is None for plan in plans) and not wishes.num_candidates > 1:
        return None
    source, strength, tones = zip(*(_asked(plan) for plan in plans), strict=True)
    return Script(np.stack(source), wishes, np.stack(strength), np.stack(tones))


def _asked(plan: Plan) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Sources (B,), how much bars close (B,), and on which tones (B, 12)."""
    num_bars = len(plan.chords)
    strength, tones = np.zeros(num_bars), np.zeros((num_bars, 12))
    if plan.layout is None:
        return np.arange(num_bars), strength, tones
    source = plan.layout.source.copy()
    # However the section was to end, the song ends now.
    source[-1] = num_bars - 1
    strength[plan.layout.closes] = _SECTION_END
    strength[-1] = 1
    for bar in np.flatnonzero(plan.layout.closes[:-1]).tolist():
        tones[bar] = _chord_tones(plan.chords[bar])
    tones[-1] = _last_tones(plan.chords[-1], plan.key)
    return source, strength, tones


def _chord_tones(chord: Chord | None) -> NDArray[np.float64]:
    """How well each pitch class (12,) ends a section over a chord."""
    tones = np.zeros(12)
    if chord is not None:
        tones[list(chord.pitch_classes)] = _OTHER
        tones[list(chord.pitch_classes[1:2])] = _THIRD
        tones[chord.root] = _ROOT
    return tones


def _last_tones(chord: Chord | None, key: Key | None) -> NDArray[np.float64]:
    """How well each pitch class (12,) ends a song: the tonic best, or the chord's root where it has no tonic."""
    tones = np.zeros(12)
    if chord is not None:
        tones[list(chord.pitch_classes)] = _PINCH
    if key is not None and (chord is None or key.tonic in chord.pitch_classes):
        tones[key.tonic] = _LAST
    elif chord is not None:
        tones[chord.root] = _LAST
    return tones
