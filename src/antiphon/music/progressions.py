"""Common chord progressions, drawn where a song has none, and the cadences that end them."""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from antiphon.music.form import Layout
from antiphon.music.theory import SCALES, Chord, Key

MAJOR: tuple[str, ...] = (
    "I V vi IV",
    "I vi IV V",
    "vi IV I V",
    "I IV vi V",
    "I IV I V",
    "I iii IV V",
    "I V vi iii IV I IV V",
    "I IV V IV",
    "ii V I vi",
)
MINOR: tuple[str, ...] = (
    "i VI III VII",
    "i iv VI V",
    "i VII VI VII",
    "i VI iv V",
    "i iv v i",
    "i III VII iv",
    "i VII VI V",
)
"""One chord a bar by scale degree; small letters are minor triads, degrees of the natural minor scale."""

CADENCES: Mapping[bool, tuple[str, ...]] = MappingProxyType(
    {False: ("V I", "V I", "V I", "IV I", "IV I"), True: ("V i", "V i", "V i", "iv i", "iv i")}
)
"""The chords of the last two bars, by whether the key is minor; those that stand more than once are drawn so often. As
the songs of `lieder` have them: of those that end on the tonic, three come from the dominant to two from below it."""

# How many sections within a song end with a cadence, of those that are long enough for more than that.
_CLOSED, _LEAST_CLOSED = 1 / 8, 4
_DEGREES = ("i", "ii", "iii", "iv", "v", "vi", "vii")
_STEPS = {False: SCALES["major"], True: SCALES["natural minor"]}
# Keys that instruments like, each with at most four signs.
_KEYS = ("C", "G", "D", "A", "E", "F", "Bb", "Eb", "Ab")
_MINOR_KEYS = ("A", "E", "B", "F#", "C#", "D", "G", "C", "F")


def draw_key(chance: np.random.Generator) -> Key:
    """One of nine major and nine minor keys, all equally likely."""
    minor = bool(chance.integers(2))
    tonic = (_MINOR_KEYS if minor else _KEYS)[chance.integers(len(_KEYS))]
    return Key.parse(f"{tonic} {'minor' if minor else 'major'}")


def draw_progression(key: Key, chance: np.random.Generator) -> tuple[Chord, ...]:
    """One of the common progressions of the key's mode."""
    rows = MINOR if key.is_minor else MAJOR
    return progression(rows[chance.integers(len(rows))], key)


def draw_song_chords(key: Key, layout: Layout, chance: np.random.Generator) -> tuple[Chord, ...]:
    """Chords (B,) for a song of sections, one a bar: each new section has progressions of its own, one that comes back
    has them again; some sections end with a cadence, and the last two bars are one."""
    begins = np.unique(layout.harmony // layout.section_bars)
    drawn = {int(section): _drawn(layout.section_bars, key, chance) for section in begins}
    section, bar = np.divmod(layout.harmony, layout.section_bars)
    chords = [drawn[int(which)][place] for which, place in zip(section, bar, strict=True)]
    return (*chords[:-2], *_cadence(key, chance)[-len(chords) :])


def _drawn(num_bars: int, key: Key, chance: np.random.Generator) -> tuple[Chord, ...]:
    """As many bars as are asked for, of one common progression after the other."""
    chords: tuple[Chord, ...] = ()
    while len(chords) < num_bars:
        chords += draw_progression(key, chance)
    closed = num_bars >= _LEAST_CLOSED and chance.random() < _CLOSED
    return (*chords[: num_bars - 2], *_cadence(key, chance)) if closed else chords[:num_bars]


def _cadence(key: Key, chance: np.random.Generator) -> tuple[Chord, ...]:
    rows = CADENCES[key.is_minor]
    return progression(rows[chance.integers(len(rows))], key)


def progression(degrees: str, key: Key) -> tuple[Chord, ...]:
    """The chords of scale degrees such as "I V vi IV" in a key."""
    return tuple(_triad(degree, key) for degree in degrees.split())


def _triad(degree: str, key: Key) -> Chord:
    root = (key.tonic + _STEPS[key.is_minor][_DEGREES.index(degree.lower())]) % 12
    return Chord(root, "m" if degree.islower() else "", flats=key.sharps < 0)
