"""Who plays in a roll: the names of its tracks, how they sound, and which tracks of a song go into each.

Whatever the rule, MIDI's channel 10 alone makes drums: a track on it is drums whatever its program, and no program
makes drums of a track elsewhere.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BeforeValidator, Field, model_validator

from antiphon.codecs.melody import melody_track
from antiphon.config import Config
from antiphon.errors import InputError
from antiphon.music.score import NOTE, Score, Track

Seats = tuple[tuple[int, ...], ...]
"""For each part the numbers of the song's tracks that go into it."""


class Part(Config):
    """One track of a roll.

    Parameters
    ----------
    name
        As it is asked for; capitalised it names the track of a MIDI file.
    program
        With which it sounds, General MIDI counted from 0.
    is_drum
        Whether this is the percussion track; its notes are strokes without a length.
    programs
        Ranges, both ends included, of the programs that it takes in.
    span
        Lowest and highest pitch that it takes of a track which it shares with another part.
    """

    name: str = Field(min_length=1)
    program: int = Field(default=0, ge=0, le=127)
    is_drum: bool = False
    programs: tuple[tuple[int, int], ...] = ()
    span: tuple[int, int] = (0, 127)


class Ensemble(Config):
    """The tracks of a roll, in the order of its track axis, and the rule by which a song's tracks go into them.

    Parameters
    ----------
    parts
        Their names differ.
    seating
        A row of `SEATINGS`. "programs": by channel 10 and the programs of each part; what no part takes is left out.
        "quartet", "song", "hands": see there.
    several
        What becomes of several tracks that go into one part: they are "merged", as in the paper and in LPD-5, or only
        the "busiest" is taken, as for the later training set: that with the most distinct pitches and sounding beats;
        of equals the first.
    """

    parts: tuple[Part, ...] = Field(min_length=1, max_length=64)
    seating: Literal["programs", "quartet", "song", "hands"] = "programs"
    several: Literal["merged", "busiest"] = "merged"

    @model_validator(mode="after")
    def _check(self) -> Self:
        names = [part.name for part in self.parts]
        if len(set(names)) < len(names):
            raise ValueError(f"the names of parts must differ, not {', '.join(names)}")
        seated = SEATED.get(self.seating, len(names))
        if len(names) != seated:
            raise ValueError(f"seating {self.seating!r} is for {seated} parts, not {len(names)}")
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """Of the parts."""
        return tuple(part.name for part in self.parts)

    @property
    def drums(self) -> tuple[int, ...]:
        """Numbers of the percussion parts on the track axis."""
        return tuple(number for number, part in enumerate(self.parts) if part.is_drum)

    def seats(self, score: Score) -> Seats:
        """The tracks with notes that go into each part, before `several` chooses among them."""
        return SEATINGS[self.seating](score, self)

    def arranged(self, score: Score) -> Score:
        """The same song with the parts as its tracks, in order, silent ones too; what no part takes is left out."""
        return self.seated(score, self.seats(score))

    def seated(self, score: Score, seats: Seats) -> Score:
        """The same song with the parts as its tracks, each playing what its seat names; a track in two seats is divided
        by the parts' spans."""
        seats = tuple(self._chosen(score, seat) for seat in seats)
        times = np.bincount([track for seat in seats for track in seat], minlength=len(score.tracks))
        tracks = []
        for part, seat in zip(self.parts, seats, strict=True):
            notes = [_of_part(score.tracks[track].notes, part, times[track] > 1) for track in seat]
            tracks.append(played(part, merged(notes)))
        return score.with_tracks(tuple(tracks))

    def tracks_of(self, score: Score, name: str, where: str = "the song") -> tuple[int, ...]:
        """Numbers of the song's tracks that play one part, all of them where there are several.

        Raises
        ------
        InputError
            If no part is called so, or nothing plays it; the sentence names `where` and what there is.
        """
        if name not in self.names:
            near = f"choose one of {', '.join(self.names)}"
            raise InputError(f"track {name!r}: there is none of this name; {near}")
        seats = dict(zip(self.names, self.seats(score), strict=True))
        if not seats[name]:
            there = [other for other, seat in seats.items() if seat]
            choice = f"it has {', '.join(there)}: choose one of those" if there else "nothing in it plays any part"
            raise InputError(f"{where}: no track plays {name!r}; {choice}")
        return seats[name]

    def _chosen(self, score: Score, seat: tuple[int, ...]) -> tuple[int, ...]:
        if self.several == "merged" or len(seat) < 2:
            return seat
        return (max(seat, key=lambda track: _business(score.tracks[track].notes, score.ticks_per_beat)),)


def played(part: Part, notes: NDArray[np.void]) -> Track:
    """A track that sounds and is called as a part."""
    return Track(notes, part.program, part.is_drum, part.name.capitalize())


def merged(tables: Sequence[NDArray[np.void]]) -> NDArray[np.void]:
    """Several tables of notes as one, ordered by start."""
    if len(tables) == 1:
        return tables[0]
    notes = np.concatenate([np.empty(0, NOTE), *tables])
    return notes[np.lexsort((notes["end"], notes["pitch"], notes["start"]))]


def _of_part(notes: NDArray[np.void], part: Part, shared: bool) -> NDArray[np.void]:
    low, high = part.span
    return notes[(notes["pitch"] >= low) & (notes["pitch"] <= high)] if shared else notes


def _business(notes: NDArray[np.void], ticks_per_beat: int) -> int:
    return len(np.unique(notes["pitch"])) + len(np.unique(notes["start"] // ticks_per_beat))


def _by_program(score: Score, ensemble: Ensemble) -> Seats:
    """Each track to the first part that takes its program, those of channel 10 to the drums."""
    place = np.full(129, -1)
    for number, part in reversed(tuple(enumerate(ensemble.parts))):
        for low, high in ((128, 128),) if part.is_drum else part.programs:
            place[low : high + 1] = number
    tracks = _sounding(score, drums=True)
    seen = [128 if score.tracks[track].is_drum else score.tracks[track].program for track in tracks]
    taken = list(zip(tracks, place[seen].tolist(), strict=True))
    return tuple(tuple(track for track, number in taken if number == part) for part in range(len(ensemble.parts)))


def _quartet(score: Score, ensemble: Ensemble) -> Seats:
    """By their names where all four are named (first and second violin, viola, cello in any of five languages), so that
    a second track of one player, such as his pizzicato, joins the first; else four tracks by their order; else none."""
    tracks = _sounding(score)
    by_name = tuple(tuple(t for t in tracks if pattern.search(score.tracks[t].name)) for pattern in _PLAYERS)
    if all(by_name):
        return by_name
    return tuple((track,) for track in tracks) if len(tracks) == len(ensemble.parts) else _nobody(ensemble)


def _song(score: Score, ensemble: Ensemble) -> Seats:
    """The track that carries the tune (`antiphon.codecs.melody.melody_track`) is the first part, all other pitched
    tracks are the second; a song without either is nothing."""
    voice = melody_track(score)
    rest = tuple(track for track in _sounding(score) if track != voice)
    return ((voice,), rest) if voice is not None and rest else _nobody(ensemble)


def _hands(score: Score, ensemble: Ensemble) -> Seats:
    """Keyboard music: of two tracks and more the highest by its mean pitch is the first part, the others the second;
    one track goes into both, divided between them by pitch."""
    tracks = _sounding(score)
    if len(tracks) < 2:
        return (tracks, tracks) if tracks else _nobody(ensemble)
    first = max(tracks, key=lambda track: (float(score.tracks[track].notes["pitch"].mean()), -track))
    return (first,), tuple(track for track in tracks if track != first)


def _sounding(score: Score, drums: bool = False) -> tuple[int, ...]:
    found = ((number, track) for number, track in enumerate(score.tracks) if len(track.notes))
    return tuple(number for number, track in found if drums or not track.is_drum)


def _nobody(ensemble: Ensemble) -> Seats:
    return ((),) * len(ensemble.parts)


SEATINGS: Mapping[str, Callable[[Score, Ensemble], Seats]] = {
    "programs": _by_program,
    "quartet": _quartet,
    "song": _song,
    "hands": _hands,
}
"""Rules by name; "quartet" seats four parts, "song" and "hands" two."""

SEATED: Mapping[str, int] = {"quartet": 4, "song": 2, "hands": 2}
"""How many parts a rule seats; "programs" any number."""

_SECOND = r"(2|ii|second|zweite|seconda?|deuxi)"
_PLAYERS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"^(?!.*\b{_SECOND}\b).*(violin|violon(?!c)|geige)",
        rf"\b{_SECOND}.*(violin|violon|geige)|(violin[eo]?|violon|geige)\W*{_SECOND}\b",
        r"\bviola|\balto\b|bratsche",
        r"cello|violoncel",
    )
)


def _band(order: Sequence[str], programs: Mapping[str, int], takes: Mapping[str, Sequence[tuple[int, int]]],
          several: Literal["merged", "busiest"] = "merged") -> Ensemble:  # fmt: skip
    parts = [
        Part(name=name, program=programs[name], is_drum=name == "drums", programs=tuple(takes.get(name, ())))
        for name in order
    ]
    return Ensemble(parts=tuple(parts), several=several)


_PIANO, _ORGAN, _GUITAR, _BASS = (0, 7), (16, 23), (24, 31), (32, 39)
_COMMON = {"piano": (_PIANO,), "guitar": (_GUITAR,), "bass": (_BASS,)}
_PUBLIC = ("drums", "piano", "guitar", "bass", "strings")

ENSEMBLES: Mapping[str, Ensemble] = {
    "lpd-5": _band(
        _PUBLIC,
        {"drums": 0, "piano": 0, "guitar": 24, "bass": 32, "strings": 48},
        {**_COMMON, "strings": ((8, 23), (40, 95), (104, 111))},
    ),
    "paper": _band(
        ("bass", "drums", "guitar", "strings", "piano"),
        {"bass": 33, "drums": 0, "guitar": 25, "strings": 49, "piano": 0},
        {**_COMMON, "strings": ((8, 23), (40, 127))},
    ),
    "later": _band(
        _PUBLIC,
        {"drums": 0, "piano": 0, "guitar": 25, "bass": 33, "strings": 48},
        {**_COMMON, "piano": (_PIANO, _ORGAN), "strings": ((40, 51),)},
        several="busiest",
    ),
    "quartet": Ensemble(
        parts=(
            Part(name="violin 1", program=40),
            Part(name="violin 2", program=40),
            Part(name="viola", program=41),
            Part(name="cello", program=42),
        ),
        seating="quartet",
    ),
    "song": Ensemble(parts=(Part(name="voice", program=52), Part(name="piano", program=0)), seating="song"),
    "keyboard": Ensemble(
        parts=(
            Part(name="right hand", program=0, span=(60, 127)),
            Part(name="left hand", program=0, span=(0, 59)),
        ),
        seating="hands",
    ),
}
"""By name. "lpd-5": the rule of the public Lakh pianoroll dataset, which leaves out synth effects (96-103) and
percussive and sound effects (112-127). "paper": Dong et al. 2018 and its first code, in that code's order; all else is
strings. "later": the rule of its later training set (102,378 phrases), with organs as pianos. "quartet": string
quartets, "song": a voice and all that accompanies it, "keyboard": two hands, which one track is divided into at middle
C."""


def _named(value: Any) -> Any:
    if isinstance(value, str):
        if value not in ENSEMBLES:
            raise ValueError(f"choose one of {', '.join(ENSEMBLES)}, or describe one, not {value!r}")
        return ENSEMBLES[value]
    return value


NamedEnsemble = Annotated[Ensemble, BeforeValidator(_named)]
"""A field that takes a name of `ENSEMBLES` or an ensemble in full."""
