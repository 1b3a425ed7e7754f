"""Songs with a band as files, and the report that tells whether it plays in their key and on their beat."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from antiphon.asked import Asked, check_values
from antiphon.codecs.ensembles import ENSEMBLES, Ensemble
from antiphon.codecs.keeping import track_rows
from antiphon.codecs.melody import earlier
from antiphon.commands import song_files
from antiphon.evaluation.metrics import company
from antiphon.evaluation.metrics.pitch import best_key, in_key_onset_share
from antiphon.evaluation.notes import Notes
from antiphon.io.midi import read_midi
from antiphon.model_files import find_here
from antiphon.music.score import Score
from antiphon.part_options import read_density, read_program

if TYPE_CHECKING:
    from antiphon.accompanying import Accompanied

_MOST_RANGES = 6
_MOST_TRACKS = 12


def tracks_of(song: Path) -> list[dict[str, str | int]]:
    """The tracks of a song that can be named, a row each, with the parts of the ensemble that the model `band` knows.

    Raises
    ------
    InputError
        If the file cannot be read.
    """
    return track_rows(read_midi(song), ENSEMBLES["lpd-5"])


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
    find_here(model)
    check_values(Asked(**{name: options[name] for name in ("seed", "num", "temperature", "tempo")}))
    read_density(options["density"])
    read_program(options["program"])
    read_midi(song)

    from antiphon.generate import load

    done = load(model).accompany(song, only_new=only_new, **options)
    name = f"{song.stem}-{'accompaniment' if only_new else 'accompanied'}-{Path(model).stem}"
    for index, score in enumerate(done.songs):
        seed = options["seed"] + index
        files, apart = song_files.write_song(score, out / f"{name}-{seed}", stems=stems, musicxml=musicxml)
        facts = song_files.facts_of(score, seed, len(done.grid.starts), files)
        yield {**facts, "stems": apart, **_what_stays(done), "report": report(done, index)}


def report(done: "Accompanied", index: int = 0) -> dict[str, Any]:
    """How the band of a song goes with what is kept of it, as plain values; None where a figure is undefined.

    "key", the song's by its notes, and the "in_key_share" of added and of kept notes; the "sixteenth_share" of both;
    "chroma_agreement" of kept and added tracks, and "onset_agreement" of drums and bass, each also with bars shuffled;
    of each added track the "notes_a_bar" and the "empty_bar_rate".
    """
    grid, late = done.grid, done.grid.late
    num = len(done.added)
    kept = tuple(done.song.tracks[track] for track in done.kept.tracks)
    added = done.songs[index].tracks[-num:]
    sides = {"added": _notes(done.song, added, late), "kept": _notes(done.song, kept, late)}
    bars = grid.lines / grid.ticks_per_beat
    key = best_key(Notes.from_score(done.song))
    beat = _by_part(done, index, "drums"), _by_part(done, index, "bass")
    return {
        "key": key.name.replace("natural ", "") if key else None,
        "in_key_share": {side: _plain(in_key_onset_share(notes, key)) for side, notes in sides.items()},
        "sixteenth_share": {side: _plain(company.sixteenth_share(notes)) for side, notes in sides.items()},
        "chroma_agreement": _beside(company.harmony(sides["kept"], sides["added"], bars)),
        "onset_agreement": _beside(company.rhythm(*beat, bars)),
        "tracks": {
            done.ensemble.names[part]: {
                "notes_a_bar": _plain(company.notes_a_bar(notes, bars)),
                "empty_bar_rate": _plain(company.empty_bar_rate(notes, bars)),
            }
            for part, track in zip(done.added, added, strict=True)
            for notes in [_notes(done.song, (track,), late)]
        },
    }


def describe(fact: Mapping[str, Any]) -> str:
    """The facts of a song with its band in a few lines."""
    found, lines = fact["report"], [song_files.describe(fact)]
    stays = f"kept {_many(fact['kept'])}; added {', '.join(fact['added'])}"
    lines.append(stays + (f"; left out {_many(fact['left_out'])}" if fact["left_out"] else ""))
    if fact["left_alone"]:
        lines.append(f"left alone, no whole bars in 4/4: {_ranges(fact['left_alone'])}")
    lines += _sentences(found)
    lines.append("; ".join(f"{part}: {_amount(row)}" for part, row in found["tracks"].items()))
    return "\n  ".join(lines)


def _sentences(found: Mapping[str, Any]) -> Iterator[str]:
    """Whether the band plays in the song's key and on its beat, and with it."""
    key = [f"in {found['key']}: {_both(found['in_key_share'])}"] if found["key"] else []
    yield "; ".join([*key, f"on sixteenths: {_both(found['sixteenth_share'])}"])
    names = {"chroma_agreement": "harmony with what is kept", "onset_agreement": "drums with bass"}
    together = [f"{what} {_against(found[name])}" for name, what in names.items() if found[name]["own"] is not None]
    if together:
        yield "; ".join(together)


def _against(values: Mapping[str, float | None]) -> str:
    shuffled = "" if values["shuffled"] is None else f", {values['shuffled']:.2f} with bars shuffled"
    return f"{values['own']:.2f}{shuffled}"


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
        "added": [names[part] for part in done.added],
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


def _plain(value: float) -> float | None:
    return None if np.isnan(value) else round(value, 4)


def _beside(value: company.Beside) -> dict[str, float | None]:
    return {"own": _plain(value.own), "shuffled": _plain(value.shuffled)}
