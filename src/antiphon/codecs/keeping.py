"""Which tracks of a song stay when a band joins it, and as which part of an ensemble each of them is heard."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from antiphon.codecs.ensembles import Ensemble, Seats
from antiphon.errors import InputError
from antiphon.music.instruments import DRUM_NAMES, program_name
from antiphon.music.score import Score

_MOST_NAMED = 12
# Steel drums play tunes.
_DRUMS = re.compile(r"^(?!.*steel).*\b(drum ?(s|kit|set)?|percussions?|batter(ia|ie)|bater[ií]a|schlagzeug)\b", re.I)
# The highest of a kit's own pitches in General MIDI, a ride cymbal, and how many notes are of those and of all others.
_KIT, _MOST, _NEARLY_ALL = 59, 0.5, 0.95


@dataclass(frozen=True)
class Kept:
    """What stays of a song.

    Parameters
    ----------
    tracks
        Numbers of the song's tracks, ascending.
    seats
        For each part of the ensemble those of them that are heard as it.
    """

    tracks: tuple[int, ...]
    seats: Seats

    @property
    def parts(self) -> tuple[int, ...]:
        """Numbers of the parts that are played."""
        return tuple(number for number, seat in enumerate(self.seats) if seat)

    @property
    def unheard(self) -> tuple[int, ...]:
        """Tracks that play no part."""
        heard = {track for seat in self.seats for track in seat}
        return tuple(track for track in self.tracks if track not in heard)


def everything(score: Score, ensemble: Ensemble, where: str | None = None) -> Kept:
    """All tracks with notes, each heard as the part that the ensemble's rule gives it, or as drums where its name and
    pitches say so.

    Raises
    ------
    InputError
        If the song is called something, `where`, and a track's name says drums and its pitches do not.
    """
    for track in _sounding(score) if where is not None else ():
        _check_drums(score, ensemble, track, str(where))
    return Kept(_sounding(score), _seats(score, ensemble))


def chosen(score: Score, ensemble: Ensemble, keep: Sequence[str], where: str) -> Kept:
    """The tracks that a user names.

    Parameters
    ----------
    score, ensemble
        The song, and the parts as which its tracks can be heard.
    keep
        Each the name of a part, for all tracks that play it; a track's own name, or what it alone has in its name; or
        its number, counted from 1. Behind it may stand "=" and the part that it is to be heard as.
    where
        What the song is called in a sentence about it.

    Raises
    ------
    InputError
        If nothing or several things can be meant, a track is silent, plays no part and none is given for it, or is
        called drums, and its pitches are none.
    """
    by_rule = _seats(score, ensemble)
    seats: list[set[int]] = [set() for _ in ensemble.parts]
    for item in keep:
        name, called = _halves(score, item)
        tracks = _named(score, ensemble, by_rule, name, where)
        part = None if called is None else _part(score, ensemble, called, tracks, item)
        for track in tracks:
            for number in _own_parts(score, ensemble, by_rule, track, where) if part is None else (part,):
                seats[number].add(track)
    kept = tuple(sorted(set().union(*seats)))
    return Kept(kept, tuple(tuple(sorted(seat)) for seat in seats))


def is_called(score: Score, name: str) -> bool:
    """Whether this is a track's own name, whatever signs are in it."""
    return " ".join(name.lower().split()) in {_own_name(score, index).lower() for index in _sounding(score)}


def track_rows(score: Score, ensemble: Ensemble) -> list[dict[str, str | int]]:
    """What `chosen` can name: number, own name, instrument, notes and part of each track with notes."""
    parts = {track: name for name, seat in zip(ensemble.names, _seats(score, ensemble), strict=True) for track in seat}
    return [
        {
            "number": index + 1,
            "name": _own_name(score, index),
            "instrument": program_name(score.tracks[index].program, score.tracks[index].is_drum),
            "notes": len(score.tracks[index].notes),
            "part": parts.get(index, ""),
        }
        for index in _sounding(score)
    ]


def told(score: Score, tracks: Sequence[int]) -> str:
    """Tracks as people are told of them: number, name, and the instrument where that is another word."""
    names = [_told(score, index) for index in tracks[:_MOST_NAMED]]
    more = len(tracks) - len(names)
    return ", ".join(names) + (f" and {more} more" if more else "")


def _told(score: Score, index: int) -> str:
    name = _own_name(score, index)
    instrument = program_name(score.tracks[index].program, score.tracks[index].is_drum)
    if not name:
        return f"{index + 1} ({instrument})"
    return f"{index + 1} {name}" + (f" ({instrument})" if instrument.lower() != name.lower() else "")


def _own_name(score: Score, index: int) -> str:
    return " ".join(score.tracks[index].name.split())[:40]


def _sounding(score: Score) -> tuple[int, ...]:
    return tuple(index for index, track in enumerate(score.tracks) if len(track.notes))


def _seats(score: Score, ensemble: Ensemble) -> Seats:
    """As the ensemble's rule, but that drums need not be on the channel of drums."""
    seats = ensemble.seats(score)
    found = tuple(track for track in _sounding(score) if _is_called_drums(score, track) and _has_drums(score, track))
    if not ensemble.drums or not found:
        return seats
    others = [tuple(track for track in seat if track not in found) for seat in seats]
    drums = ensemble.drums[0]
    return (*others[:drums], tuple(sorted({*others[drums], *found})), *others[drums + 1 :])


def _is_called_drums(score: Score, index: int) -> bool:
    """Whether a track off the channel of drums has their name."""
    return not score.tracks[index].is_drum and bool(_DRUMS.search(_own_name(score, index)))


def _has_drums(score: Score, index: int) -> bool:
    """Whether a track's pitches are those of General MIDI's percussion, and most of them of its drum kit."""
    pitch = score.tracks[index].notes["pitch"]
    low, high = min(DRUM_NAMES), max(DRUM_NAMES)
    return bool(((pitch >= low) & (pitch <= high)).mean() >= _NEARLY_ALL and (pitch <= _KIT).mean() >= _MOST)


def _check_drums(score: Score, ensemble: Ensemble, track: int, where: str) -> None:
    """Ask about a track that may be drums or not."""
    if not ensemble.drums or not _is_called_drums(score, track) or _has_drums(score, track):
        return
    drums = ensemble.names[ensemble.drums[0]]
    by_rule = [name for name, seat in zip(ensemble.names, ensemble.seats(score), strict=True) if track in seat]
    other = by_rule[0] if by_rule else _pitched(ensemble)
    raise InputError(
        f"{where}: track {told(score, [track])} has the name of drums, but is not on their channel and has other "
        f"pitches than theirs; say what it is to be heard as, --keep {track + 1}={drums} or --keep {track + 1}={other}"
    )


def _halves(score: Score, item: str) -> tuple[str, str | None]:
    """What is kept and what it is heard as; a track's own name may hold the sign between them."""
    item = item.strip()
    if "=" not in item or is_called(score, item):
        return item, None
    name, _, part = item.rpartition("=")
    return name.strip(), part.strip()


def _named(score: Score, ensemble: Ensemble, by_rule: Seats, name: str, where: str) -> tuple[int, ...]:
    """Numbers of the tracks that a name or number means."""
    there = f"{where} has {told(score, _sounding(score))}"
    if name.isdecimal():
        index = int(name) - 1
        if index not in _sounding(score):
            raise InputError(f"keep {name}: no track of this number sounds; {there}")
        return (index,)
    part = next((number for number, known in enumerate(ensemble.names) if known.lower() == name.lower()), None)
    playing = by_rule[part] if part is not None else ()
    own = _called(score, name, alike=not playing)
    if playing and set(own) <= set(playing):
        return playing
    found = tuple(sorted({*playing, *own}))
    if len(found) == 1:
        return found
    if found:
        numbers = ",".join(str(track + 1) for track in found)
        raise InputError(
            f"keep {name!r}: {where} has {len(found)} tracks of which this can be said, {told(score, found)}; choose "
            f"one by its number, such as --keep {found[0] + 1}, or all of them with --keep {numbers}"
        )
    what = f"no track plays {name!r}" if part is not None else f"no part and no track is called {name!r}"
    raise InputError(f"keep {name!r}: {what}; {there}; the parts are {', '.join(ensemble.names)}")


def _called(score: Score, name: str, alike: bool) -> tuple[int, ...]:
    """The tracks of a name; or where there are none and names need only be alike, those that have it in theirs."""
    names = {index: _own_name(score, index).lower() for index in _sounding(score)}
    wanted = " ".join(name.lower().split())
    exactly = tuple(index for index, own in names.items() if own == wanted)
    return exactly or tuple(index for index, own in names.items() if alike and wanted and wanted in own)


def _own_parts(score: Score, ensemble: Ensemble, by_rule: Seats, track: int, where: str) -> tuple[int, ...]:
    """The parts that the rule gives a track."""
    _check_drums(score, ensemble, track, where)
    own = tuple(number for number, seat in enumerate(by_rule) if track in seat)
    if not own:
        raise InputError(
            f"keep {track + 1}: in {where} track {told(score, [track])} plays none of the parts; say as which it is to "
            f"be heard, such as --keep {track + 1}={_pitched(ensemble)}"
        )
    return own


def _part(score: Score, ensemble: Ensemble, part: str, tracks: Sequence[int], item: str) -> int:
    """The number of the part that tracks are to be heard as."""
    names = [name.lower() for name in ensemble.names]
    if part.lower() not in names:
        raise InputError(f"keep {item!r}: no part is called {part!r}; choose one of {', '.join(ensemble.names)}")
    number = names.index(part.lower())
    drums = [track for track in tracks if score.tracks[track].is_drum]
    if drums and not ensemble.parts[number].is_drum:
        raise InputError(
            f"keep {item!r}: track {told(score, drums)} is on the channel of drums, whose pitches are no notes, so it "
            f"cannot be heard as {part}; keep another"
        )
    return number


def _pitched(ensemble: Ensemble) -> str:
    """A part that a melody can be heard as."""
    return [part.name for part in ensemble.parts if not part.is_drum][-1]
