"""Songs with a band as files, and the report that tells whether it plays in their key and on their beat."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from antiphon.asked import Asked, check_values
from antiphon.codecs.ensembles import Ensemble
from antiphon.codecs.keeping import track_rows
from antiphon.codecs.melody import earlier, in_fours, metres
from antiphon.codecs.phrases import PhraseRolls
from antiphon.commands import song_files
from antiphon.commands.listings import table_text
from antiphon.commands.part_facts import part_rows, plain, silent, warnings
from antiphon.errors import InputError
from antiphon.evaluation.metrics import company
from antiphon.evaluation.metrics.pitch import best_key, in_key_onset_share
from antiphon.evaluation.notes import Notes
from antiphon.io.midi import read_midi
from antiphon.joining import bars_to_play, join, opened
from antiphon.model_files import band_codec
from antiphon.music.score import Score
from antiphon.part_options import read_density, read_program

if TYPE_CHECKING:
    from antiphon.accompanying import Accompanied

_JOINING = ("keep", "tracks", "tempo", "density", "program", "mute")
_MOST_RANGES = 6
_MOST_TRACKS = 12


def listing_of(song: Path, model: str = "band") -> dict[str, Any]:
    """What of a song a band of a model can hear: its "metres" and number of "bars", the "bars_played" of them in which
    a band plays along, whether the song "fits" and "why" not, and its "tracks" that can be named, a row each.

    Raises
    ------
    InputError
        If the file cannot be read, or there is no such model.
    """
    codec = band_codec(model) or PhraseRolls(resolution=4)
    score = in_fours(read_midi(song))
    played, why = 0, None
    try:
        played = len(bars_to_play(score, codec).lines)
    except InputError as error:
        why = str(error).removeprefix(f"{opened(score)[0]}: ")
    return {
        "song": str(song),
        "metres": list(dict.fromkeys(f"{row['numerator']}/{row['denominator']}" for row in metres(score))) or ["4/4"],
        "bars": len(score.bars()) - 1,
        "bars_played": played,
        "fits": why is None,
        "why": why,
        "tracks": track_rows(score, codec.ensemble),
    }


def describe_listing(listing: Mapping[str, Any]) -> str:
    """A listing as a table of tracks, and whether the song fits, in a sentence."""
    named = listing["metres"]
    metre = f"metre {', '.join(named[:_MOST_RANGES])}{' and others' if len(named) > _MOST_RANGES else ''}"
    bars = song_files.counted(listing["bars"], "bar")
    if listing["fits"]:
        fits = f"{bars}, of which a band plays along in {listing['bars_played']}"
    else:
        fits = f"{bars}; no band can play along: {listing['why']}"
    return "\n".join([*([table_text(listing["tracks"])] if listing["tracks"] else []), f"{metre}; {fits}"])


def write_accompanied(
    song: Path, model: str, out: Path, *, only_new: bool, stems: bool, musicxml: bool, **options: Any
) -> Iterator[dict[str, Any]]:
    """Write `SONG-accompanied-MODEL-SEED.mid`, `.wav` and `.png` of each song with its band; yield the facts of each.

    Parameters
    ----------
    song, model, out
        A MIDI file, a model, a folder.
    only_new
        Whether the band is written alone, as `SONG-accompaniment-MODEL-SEED`.
    stems
        Whether each track is written by itself as well, as MIDI and sound.
    musicxml
        Whether the song is written as a score for notation programs as well.
    options
        As of `antiphon.accompanying.accompany_song`.

    Raises
    ------
    InputError
        As there, or if a file cannot be written.
    """
    codec = band_codec(model)
    check_values(Asked(**{name: options[name] for name in ("seed", "num", "temperature", "tempo")}))
    read_density(options["density"])
    read_program(options["program"])
    if codec is None:
        read_midi(song)
    else:
        join(song, codec, **{name: options[name] for name in _JOINING})

    from antiphon.generate import load

    done = load(model).accompany(song, only_new=only_new, **options)
    name = f"{song.stem}-{'accompaniment' if only_new else 'accompanied'}-{Path(model).stem}"
    for index, score in enumerate(done.songs):
        seed = options["seed"] + index
        files, apart = song_files.write_song(score, out / f"{name}-{seed}", stems=stems, musicxml=musicxml)
        facts = song_files.facts_of(score, seed, len(done.grid.starts), files)
        told = report(done, index)
        mute = silent(told["tracks"])
        yield {
            **facts,
            "key": told["key"],
            "stems": apart,
            **_what_stays(done),
            "added": [part for part in told["tracks"] if part not in mute],
            "silent": mute,
            "report": told,
        }


def report(done: "Accompanied", index: int = 0) -> dict[str, Any]:
    """How the band of a song goes with what is kept of it, as plain values; None where a figure is undefined.

    "key" is that of the kept notes, or where none of them has a pitch, of the added ones: "key_of" says which; then
    the "in_key_share" of added and of kept notes; the "sixteenth_share" of both; "chroma_agreement" of kept and added
    tracks, and "onset_agreement" of drums and bass, each also with bars "shuffled", and whether it is "clearly_more" so
    than in all of these orders (`antiphon.evaluation.metrics.company.Beside`); of each added track the rows of
    `antiphon.commands.part_facts.part_rows`.
    """
    grid, late = done.grid, done.grid.late
    num = len(done.added)
    kept = tuple(done.song.tracks[track] for track in done.kept.tracks)
    added = done.songs[index].tracks[-num:]
    sides = {"added": _notes(done.song, added, late), "kept": _notes(done.song, kept, late)}
    keys = {side: best_key(sides[side]) for side in ("kept", "added")}
    key_of = next((side for side, found in keys.items() if found), None)
    key = keys[key_of] if key_of else None
    bars = grid.lines / grid.ticks_per_beat
    beat = _by_part(done, index, "drums"), _by_part(done, index, "bass")
    return {
        "key": key.name.replace("natural ", "") if key else None,
        "key_of": key_of,
        "in_key_share": {side: plain(in_key_onset_share(notes, key)) for side, notes in sides.items()},
        "sixteenth_share": {side: plain(company.sixteenth_share(notes)) for side, notes in sides.items()},
        "chroma_agreement": _beside(company.harmony(sides["kept"], sides["added"], bars)),
        "onset_agreement": _beside(company.rhythm(*beat, bars)),
        "tracks": part_rows(
            {
                done.ensemble.names[part]: _notes(done.song, (track,), late)
                for part, track in zip(done.added, added, strict=True)
            },
            bars,
        ),
    }


def describe(fact: Mapping[str, Any]) -> str:
    """The facts of a song with its band in a few lines."""
    found, lines = fact["report"], [song_files.describe({**fact, "key": None})]
    stays = [f"kept {_many(fact['kept'])}", f"added {', '.join(fact['added']) or 'nothing'}"]
    stays += [f"left out {_many(fact['left_out'])}"] if fact["left_out"] else []
    lines.append("; ".join([*stays, *warnings(found["tracks"])]))
    if fact["left_alone"]:
        lines.append(f"left alone, no whole bars in 4/4: {_ranges(fact['left_alone'])}")
    lines += _sentences(found)
    lines += ["; ".join(f"{part}: {_amount(found['tracks'][part])}" for part in fact["added"])]
    return "\n  ".join(lines)


def _sentences(found: Mapping[str, Any]) -> Iterator[str]:
    """Whether the band plays in the song's key and on its beat, and with it."""
    whose = "" if found["key_of"] == "kept" else ", the key of what is added, for no pitches are kept"
    key = [f"in {found['key']}{whose}: {_both(found['in_key_share'])}"] if found["key"] else []
    yield "; ".join([*key, f"on sixteenths: {_both(found['sixteenth_share'])}"])
    names = {"chroma_agreement": "harmony with what is kept", "onset_agreement": "drums with bass"}
    together = [f"{what} {_against(found[name])}" for name, what in names.items() if found[name]["own"] is not None]
    if together:
        yield "; ".join(together)


def _against(values: Mapping[str, float | None]) -> str:
    if values["shuffled"] is None:
        return f"{values['own']:.2f}"
    chance = ", no more than by chance" if values["clearly_more"] is False else ""
    return f"{values['own']:.2f}{chance} ({values['shuffled']:.2f} with bars shuffled)"


def _both(shares: Mapping[str, float | None]) -> str:
    words = [f"{share:.0%} of {side} notes" for side, share in shares.items() if share is not None]
    return ", ".join(words) or "no notes"


def _amount(row: Mapping[str, float]) -> str:
    return f"{row['notes_a_bar']:.1f} notes a bar, {row['empty_bar_rate']:.0%} of bars empty"


def _many(rows: list[dict[str, Any]]) -> str:
    """Tracks in words, not too many."""
    more = len(rows) - _MOST_TRACKS
    return ", ".join(_told(row) for row in rows[:_MOST_TRACKS]) + (f" and {more} more" if more > 0 else "")


def _told(row: Mapping[str, Any]) -> str:
    name = f"{row['number']} {row['name'] or row['instrument']}"
    if "parts" not in row:
        return name
    return f"{name} as {' and '.join(row['parts'])}" if row["parts"] else f"{name} (which the band does not hear)"


def _what_stays(done: "Accompanied") -> dict[str, Any]:
    names, rows = done.ensemble.names, {row["number"]: row for row in track_rows(done.song, done.ensemble)}
    parts = {
        track: [names[part] for part, seat in enumerate(done.kept.seats) if track in seat] for track in done.kept.tracks
    }
    shown = ("number", "name", "instrument")
    return {
        "kept": [{**{key: rows[track + 1][key] for key in shown}, "parts": parts[track]} for track in parts],
        "left_out": [{key: rows[track + 1][key] for key in shown} for track in done.left_out],
        "left_alone": done.grid.others.tolist(),
    }


def _ranges(bars: list[int]) -> str:
    """Numbers of bars as people write them: bars 1, 5-8."""
    cuts = np.split(np.array(bars), np.flatnonzero(np.diff(bars) > 1) + 1)
    words = [f"{cut[0]}-{cut[-1]}" if len(cut) > 1 else f"{cut[0]}" for cut in cuts[:_MOST_RANGES]]
    more = len(bars) - sum(len(cut) for cut in cuts[:_MOST_RANGES])
    what = "bar" if len(bars) == 1 else "bars"
    return f"{what} {', '.join(words)}" + (f" and {more} more" if more else "")


def _by_part(done: "Accompanied", index: int, name: str) -> Notes:
    """What a part plays, be it kept or added; nothing where the ensemble has none of the name."""
    ensemble: Ensemble = done.ensemble
    if name not in ensemble.names:
        return _notes(done.song, (), 0)
    part = ensemble.names.index(name)
    tracks = [done.song.tracks[track] for track in done.kept.seats[part]]
    if part in done.added:
        tracks.append(done.songs[index].tracks[done.added.index(part) - len(done.added)])
    return _notes(done.song, tuple(tracks), done.grid.late)


def _notes(song: Score, tracks: tuple[Any, ...], late: int) -> Notes:
    return Notes.from_score(earlier(song.with_tracks(tracks), late), drums=True)


def _beside(value: company.Beside) -> dict[str, float | None]:
    return {"own": plain(value.own), "shuffled": plain(value.shuffled), "clearly_more": value.is_clear}
