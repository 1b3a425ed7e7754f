"""Songs as files: MIDI, sound, picture, notation, each track by itself, and the line that tells of them."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from antiphon.codecs.melody import in_fours
from antiphon.commands.part_facts import band_facts, warnings
from antiphon.evaluation.notes import stated_key
from antiphon.files import write_together
from antiphon.io.audio import MAX_SECONDS, TAIL_SECONDS
from antiphon.io.midi import write_midi
from antiphon.music.form import FORM_TEXT
from antiphon.music.score import Score

_MOST_STEM = 40
_MORE = "naming all parts that are to play with --tracks, or another seed, may bring more"

Write = Callable[[Path], None]


def write_songs(
    songs: Sequence[Score],
    out: Path,
    name: str,
    seed: int,
    bars: int | None = None,
    *,
    new: int | None = None,
    stems: bool = False,
    musicxml: bool = False,
    is_band: bool = False,
    has_bars: bool = True,
) -> Iterator[dict[str, Any]]:
    """Write `NAME-SEED.mid`, `.wav` and `.png` of each song, whole or not at all; yield the facts of each.

    Parameters
    ----------
    bars
        How many were asked for; None: as many as a song has.
    new
        The tick with which what is new in a song begins, which its picture shows; None: with the song.
    stems
        Whether each track is written by itself as well, as MIDI and sound.
    musicxml
        Whether the song is written for notation programs as well.
    is_band
        Whether it is told what each part plays (`antiphon.commands.part_facts.band_facts`).
    has_bars
        Whether a song has bars to be counted, rather than being played freely.
    """
    for index, score in enumerate(songs):
        stem = out / f"{name}-{seed + index}"
        files, apart = write_song(score, stem, new=new, stems=stems, musicxml=musicxml)
        facts = facts_of(score, seed + index, bars, files)
        facts |= band_facts(score, facts["bars"]) if is_band else {}
        yield {**facts, "bars": facts["bars"] if has_bars else None, "stems": apart}


def write_song(
    score: Score, stem: Path, *, new: int | None = None, stems: bool = False, musicxml: bool = False
) -> tuple[dict[str, str], list[str]]:
    """Write a song as `write_songs` does, and return its files by kind, and those of its tracks. Sound that would last
    too long is left out."""
    kinds = (*_kinds(score, ("mid", "wav", "png")), *(("musicxml",) if musicxml else ()))
    whole = {kind: _path(stem, kind) for kind in kinds}
    apart = _stems(score, stem) if stems else {}
    write_together({path: renderer(score, kind, new) for kind, path in whole.items()} | apart)
    return whole, list(apart)


def renderer(score: Score, kind: str, new: int | None = None) -> Callable[[Path], None]:
    """What writes a song as a file of a kind: mid, wav, png, musicxml."""
    from antiphon.io.audio import render_audio
    from antiphon.io.image import render_image
    from antiphon.io.musicxml_writer import write_musicxml

    write: Mapping[str, Callable[[Score, Path], None]] = {
        "mid": write_midi,
        "wav": render_audio,
        "png": lambda score, path: render_image(in_fours(score), path, new=new),
        "musicxml": lambda score, path: write_musicxml(in_fours(score), path),
    }
    return partial(write[kind], score)


def facts_of(score: Score, seed: int, bars: int | None, files: Mapping[str, str]) -> dict[str, Any]:
    """What is told of a song that was written."""
    return {
        "seed": seed,
        "bars": bars or len(score.bars()) - 1,
        "form": _form_of(score),
        "key": _key_of(score),
        "seconds": round(score.duration_seconds, 3),
        "notes": score.num_notes,
        "chords": [symbol for _, symbol in score.chords],
        "files": dict(files),
    }


def _form_of(score: Score) -> str | None:
    """What a song's texts say of its form."""
    forms = (text.removeprefix(FORM_TEXT) for _, text in score.texts if text.startswith(FORM_TEXT))
    return next(forms, None)


def _key_of(score: Score) -> str | None:
    """The key that a song states, as people write it."""
    key = stated_key(score)
    return key.name.replace("natural ", "") if key is not None else None


def counted(num: int, what: str) -> str:
    """A number of things in words."""
    return f"{num} {what}" if num == 1 else f"{num} {what}s"


def describe(fact: Mapping[str, Any]) -> str:
    """The facts of a song as a line."""
    rows = fact.get("parts", {})
    amounts = ", ".join(f"{name} {row['notes']}" for name, row in rows.items())
    each = f" ({amounts})" if rows else ""
    bars = [counted(fact["bars"], "bar")] if fact["bars"] else []
    parts = [*bars, f"{fact['seconds']:.1f} s", counted(fact["notes"], "note") + each]
    if fact["form"]:
        parts.append(f"form {fact['form'].partition(',')[0]}")
    if fact["key"]:
        parts.append(fact["key"] + (" by its notes" if fact.get("key_found") else ""))
    if fact["chords"]:
        shown = fact["chords"][:8]
        parts.append(" ".join(shown) + (" ..." if len(fact["chords"]) > len(shown) else ""))
    if "wav" not in fact["files"]:
        parts.append(f"no sound: it lasts longer than {MAX_SECONDS / 60:.0f} minutes")
    if fact["stems"]:
        size = f"{_megabytes(fact['stems']):.1f} MB"
        parts.append(f"stems: {len(fact['stems'])} files of {size} together, {fact['stems'][0]} and so on")
    told = f"{', '.join(fact['files'].values())}: {', '.join(parts)}"
    missing = warnings(rows)
    return "; ".join([told, *missing, *([_MORE] if missing else [])])


def _megabytes(files: Sequence[str]) -> float:
    return sum(Path(path).stat().st_size for path in files) / 1e6


def _stems(score: Score, stem: Path) -> dict[str, Write]:
    """By path, what writes each track with notes there."""
    writes = {}
    for number, track in enumerate(score.tracks):
        if not len(track.notes):
            continue
        alone = replace(score, tracks=(track,))
        named = stem.with_name(f"{stem.name}-{number + 1}-{_slug(track.name)}".rstrip("-"))
        for kind in _kinds(score, ("mid", "wav")):
            writes[_path(named, kind)] = renderer(alone, kind)
    return writes


def _path(stem: Path, kind: str) -> str:
    return str(stem.with_name(f"{stem.name}.{kind}"))


def _kinds(score: Score, kinds: tuple[str, ...]) -> tuple[str, ...]:
    """Without sound where there would be too much of it."""
    too_long = score.duration_seconds + TAIL_SECONDS > MAX_SECONDS
    return tuple(kind for kind in kinds if kind != "wav" or not too_long)


def _slug(name: str) -> str:
    """A track's name as part of a file's."""
    return re.sub(r"[^\w]+", "-", name.lower()).strip("-")[:_MOST_STEM]
