"""The Lakh MIDI dataset and the pianoroll dataset made from it: their folders, match scores and lists of genres."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from antiphon.data.listing import Item, Listing, file_name, id_of, mostly, stem_of, unique
from antiphon.data.manifest import Reason, Rejection, Rules
from antiphon.data.selection import SELECTIONS, Selection
from antiphon.errors import InputError

MATCH_SCORES = "match_scores.json"

Scores = Mapping[str, Mapping[str, float]]
"""Song of the Million Song Dataset -> MD5 of a file -> score from 0 to 1."""

_SONG = re.compile(r"TR[A-Z0-9]{16}")
_MAX_BYTES = 1 << 28


@dataclass(frozen=True)
class Metadata:
    """What is known of the files beside their music.

    Parameters
    ----------
    scores
        The file of match scores.
    genres
        A list of songs: a line begins with the id of one, after which labels may follow, parted by tabs or blanks.
    """

    scores: Path | None = None
    genres: Path | None = None

    def found_beside(self, source: Path) -> "Metadata":
        """With the match scores that lie in the source or beside it, where none were named."""
        places = (source / MATCH_SCORES, source.parent / MATCH_SCORES)
        return self if self.scores else replace(self, scores=next((path for path in places if path.is_file()), None))


def lakh(folder: Path, files: Sequence[Path]) -> Listing | None:
    """Files named by their MD5, in folders by its first letter or by the id of a song: `T/R/A/TRAAA.../MD5.mid`, or
    `.npz` for the pianoroll dataset. Files of one song are one group, and so are the copies of one file."""
    if not mostly(files, r"[0-9a-f]{32}"):
        return None
    items = []
    for path in files:
        name = file_name(folder, path)
        song = _song_of(name)
        keys = (*([f"song {song}"] if song else []), f"file {path.stem}")
        items.append(Item(path, name, id_of(name), f"{song} {path.stem}".strip(), keys))
    matched = any(_song_of(item.file) for item in items)
    rolls = files[0].suffix.lower() == ".npz"
    return Listing("lakh", unique(tuple(items)), known="lpd" if rolls else "lakh-matched" if matched else "lakh")


def select(listing: Listing, rules: Rules, metadata: Metadata) -> Listing:
    """The files that a selection and a list of genres leave; the others are set aside with a reason.

    Raises
    ------
    InputError
        If the metadata that the rules need are missing or damaged, or nothing is left.
    """
    if rules.selection is None and metadata.genres is None:
        return listing
    rule = SELECTIONS[rules.selection] if rules.selection else Selection()
    if rule.matched and metadata.scores is None:
        raise InputError(
            f"selection {rules.selection!r} needs the match scores of the Lakh MIDI dataset: name {MATCH_SCORES} with "
            "--scores, put it beside the source, or choose the selection cleansed"
        )
    songs = _matches(listing.items, read_scores(metadata.scores) if metadata.scores else {})
    wanted = read_genres(metadata.genres, rules.genre) if metadata.genres else None
    best = _best(songs)
    chosen: list[Item] = []
    aside: list[Rejection] = []
    for item in listing.items:
        if fault := _fault(item, songs[item.file], rule, wanted, best):
            aside.append(Rejection(file=item.file, kind=fault[0], reason=fault[1]))
        else:
            keys = dict.fromkeys((*item.keys, *(f"song {song}" for song in songs[item.file])))
            chosen.append(replace(item, keys=tuple(keys)))
    if not chosen:
        raise InputError(
            f"none of {len(listing.items):,} files is left by what is asked for: {aside[0].file}, for one, "
            f"{aside[0].reason}"
        )
    tables = tuple(path for path in (metadata.scores, metadata.genres) if path is not None)
    return replace(listing, items=tuple(chosen), aside=(*listing.aside, *aside), tables=(*listing.tables, *tables))


def read_scores(path: Path) -> Scores:
    """The match scores of the Lakh MIDI dataset: `{"TRAAAGR128F425B14B": {"1d9d16a9...": 0.61}, ...}`.

    Raises
    ------
    InputError
        If the file cannot be read or says something else.
    """
    text = _text(path)
    try:
        scores: Any = json.loads(text)
    except (ValueError, RecursionError):
        raise InputError(f"{path}: is no JSON; fetch match_scores.json of the Lakh MIDI dataset again") from None
    good = isinstance(scores, dict) and all(
        isinstance(files, dict) and all(isinstance(score, int | float) for score in files.values())
        for files in scores.values()
    )
    if not good:
        raise InputError(f"{path}: says no scores of files by song; fetch match_scores.json of the Lakh dataset again")
    told: Scores = scores
    return told


def read_genres(path: Path, genre: str | None) -> frozenset[str]:
    """The songs in a list of genres, those of one genre where one is asked for (its letters' case aside).

    Raises
    ------
    InputError
        If the file cannot be read, or names no song of that genre.
    """
    rows = [line.split(maxsplit=1) for line in _text(path).splitlines() if not line.startswith("#")]
    rows = [row for row in rows if row and _SONG.fullmatch(row[0])]
    asked = genre.casefold() if genre else None
    songs = frozenset(row[0] for row in rows if asked is None or asked in (label.strip() for label in _labels(row[1:])))
    if not songs:
        what = f"no song of the genre {genre!r}" if rows and genre else "no ids of songs such as TRAAAGR128F425B14B"
        raise InputError(f"{path}: names {what}; a line is an id and, where labels are wanted, a tab and the label")
    return songs


def _labels(rest: Sequence[str]) -> Sequence[str]:
    """Labels parted by tabs or commas; "Pop Rock" is one."""
    return re.split(r"[\t,;]", rest[0].casefold()) if rest else ()


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise InputError(f"{path}: has over {_MAX_BYTES:,} bytes; name another file")
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); check the name") from None
    except UnicodeDecodeError:
        raise InputError(f"{path}: is no text; name another file") from None


def _matches(items: Sequence[Item], scores: Scores) -> dict[str, dict[str, float]]:
    """By file its songs, with the scores: that of its folder, or all that it matches where it lies in none."""
    by_file: dict[str, dict[str, float]] = {}
    for song, files in scores.items():
        for digest, score in files.items():
            by_file.setdefault(digest, {})[song] = float(score)
    found = {}
    for item in items:
        known, song = by_file.get(stem_of(item.file).lower(), {}), _song_of(item.file)
        # Without scores the folder alone tells the song.
        found[item.file] = {song: known.get(song, 0.0)} if song and (song in known or not scores) else dict(known)
    return found


def _best(songs: Mapping[str, Mapping[str, float]]) -> dict[str, str]:
    """By song the file that matches it best; of equals the first."""
    best: dict[str, tuple[float, str]] = {}
    for file, mine in songs.items():
        for song, score in mine.items():
            if song not in best or score > best[song][0]:
                best[song] = score, file
    return {song: file for song, (_, file) in best.items()}


def _fault(
    item: Item,
    mine: Mapping[str, float],
    rule: Selection,
    wanted: frozenset[str] | None,
    best: Mapping[str, str],
) -> tuple[Reason, str] | None:
    left = dict(mine)
    if rule.matched and not left:
        return "unmatched", "matches no song"
    if wanted is not None and not (left := {song: score for song, score in left.items() if song in wanted}):
        return "genre", "its song is not in the list of genres"
    if rule.matched and not (left := {song: score for song, score in left.items() if score > rule.above}):
        return "unmatched", f"matches its song at {max(mine.values()):.2f}, not above {rule.above}"
    if rule.best and not any(best[song] == item.file for song in left):
        return "outmatched", f"another file matches {next(iter(left))} better"
    return None


def _song_of(name: str) -> str:
    """The id of the Million Song Dataset in a file's folders; empty where there is none."""
    return next((part for part in reversed(name.split("/")[:-1]) if _SONG.fullmatch(part)), "")
