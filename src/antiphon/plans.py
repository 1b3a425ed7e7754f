"""What is settled of a song before its first note: length, form, key, chords, wishes, and how it is to end.

Axes: N songs, B bar, T step (16).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from antiphon.codecs.chords import NO_KEY, triad_code
from antiphon.composing import Compose
from antiphon.music.form import Layout, draw_form, draw_periods, lay_out
from antiphon.music.progressions import draw_key
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


def make_plans(
    order: Order, openings: Sequence[Bars], chances: Sequence[Chance], compose: Compose | None
) -> list[Plan]:
    """The plans of N songs, each after its own opening, by its own chance; without a composer they have only the chords
    that are asked for."""
    draws_key = compose is not None and order.key is None and order.chords is None
    keys = [draw_key(chance) if draws_key else order.key for chance in chances]
    layouts = [_layout(order, chance) for chance in chances]
    if order.chords is not None or compose is None:
        chords = [order.chords or (None,)] * len(chances)
    else:
        known = [key for key in keys if key is not None]
        chords = compose(known, order.bars, layouts, chances)
    songs = zip(chords, keys, openings, layouts, strict=True)
    return [_plan(order, over, key, opening, layout) for over, key, opening, layout in songs]


def _layout(order: Order, chance: Chance) -> Layout | None:
    if not order.phrased:
        return None
    form = order.form or draw_form(order.bars, chance)
    # Of a song in one section it was not said that it has any form.
    periods = draw_periods(form, order.section_bars, chance) if len(form) > 1 else frozenset[int]()
    return lay_out(form, order.section_bars, order.bars, periods)


def _plan(order: Order, chords: Chords, key: Key | None, opening: Bars, layout: Layout | None) -> Plan:
    over = tuple(chords[bar % len(chords)] for bar in range(order.bars))
    codes = np.array([triad_code(chord) for chord in chords], np.uint8)
    return Plan(over, np.resize(codes, order.bars), key, opening, layout, order.wishes)


def script_of(plans: Sequence[Plan]) -> Script | None:
    """What some plans ask of the bars of their songs; None where they ask nothing."""
    wishes = plans[0].wishes
    if all(plan.layout is None for plan in plans) and not wishes.num_candidates > 1:
        return None
    source, strength, tones = zip(*(_asked(plan) for plan in plans), strict=True)
    keys = np.array([NO_KEY if plan.key is None else plan.key.tonic + 12 * plan.key.is_minor for plan in plans])
    return Script(np.stack(source), wishes, np.stack(strength), np.stack(tones), keys)


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
