"""Music to be measured, wherever it lies: folders of MIDI, corpora, arrays of rolls, scores in memory."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from antiphon.codecs.codec import Rows
from antiphon.codecs.melody import MelodyBars
from antiphon.codecs.pianoroll import PianoRoll
from antiphon.data import container
from antiphon.data.corpus import PUBLISHED_SUFFIXES, Corpus
from antiphon.data.layouts import survey
from antiphon.data.listing import LEAD_SHEET_SUFFIXES, Listing
from antiphon.data.manifest import MANIFEST, SPLITS, Rules
from antiphon.data.split import assign, groups
from antiphon.errors import InputError
from antiphon.evaluation.metrics.multitrack import default_min_steps
from antiphon.evaluation.rolls import Rolls, read_rolls
from antiphon.io.midi import read_midi
from antiphon.music.instruments import FAMILIES
from antiphon.music.score import Score

CHECKPOINT_NAME = "checkpoint.pt"
"""What a run's folder holds, whose name people try."""


@dataclass(frozen=True, eq=False)
class Songs:
    """Songs that are read one by one, when they are asked for; small enough to be sent to other processes.

    Parameters
    ----------
    name, kind
        For people: where they come from, and "folder", "corpus", "rolls" or "scores".
    ids
        A name a song, unique.
    groups
        What a song must not share with songs on the other side of a division: its work, its recording.
    splits
        "train", "valid" or "test" a song.
    entries
        Paths, numbers within `source` (an array of them for a song of rolls), scores, or rows of melody bars.
    source
        What the numbers count in: a corpus's folder or name, a file of rolls.
    licence
        Where it is known.
    aside
        Sentences on what was left out before anything was measured.
    """

    name: str
    kind: str
    ids: tuple[str, ...]
    groups: tuple[str, ...]
    splits: tuple[str, ...]
    entries: tuple[Any, ...]
    source: Path | str | None = None
    licence: str = ""
    aside: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.ids)

    def score(self, index: int) -> Score:
        """One song.

        Raises
        ------
        InputError
            In one sentence that names it, if it cannot be read.
        """
        entry = self.entries[index]
        if isinstance(entry, Score):
            return entry
        if isinstance(entry, Mapping):
            return MelodyBars().decode(entry["real"], entry["chord"].tolist())
        if isinstance(entry, Path):
            if entry.suffix.lower() in LEAD_SHEET_SUFFIXES:
                from antiphon.io.musicxml import read_musicxml

                return read_musicxml(entry)
            return read_midi(entry)
        if self.kind == "rolls":
            return decoded(_rolls(Path(str(self.source)))[entry])
        assert self.source is not None
        return _corpus(self.source).score(entry)

    def bars(self, index: int) -> Rows | None:
        """Rows of melody bars, where that is what the songs are."""
        entry = self.entries[index]
        return entry if isinstance(entry, Mapping) else None

    @property
    def rolls(self) -> Rolls | None:
        """The arrays themselves, where that is what the songs are."""
        if self.kind != "rolls":
            return None
        return _rolls(Path(str(self.source)))[np.concatenate(self.entries)]

    def only(self, indices: Sequence[int] | NDArray[np.integer[Any]]) -> Self:
        """Some of the songs, in the order given."""
        chosen: dict[str, Any] = {name: tuple(getattr(self, name)[i] for i in indices) for name in _PER_SONG}
        return replace(self, **chosen)

    def split(self, name: str) -> Self:
        """The songs of one split."""
        return replace(
            self.only([i for i, split in enumerate(self.splits) if split == name]), name=f"{self.name}:{name}"
        )


_PER_SONG = ("ids", "groups", "splits", "entries")


def open_songs(source: Path | str) -> Songs:
    """Open a folder of MIDI, a corpus (its folder, or the name of an embedded one) or an `.npz` of rolls.

    After a colon may stand "train", "valid" or "test": that part alone (`lieder:test`). Songs of a folder without a
    published division are divided by the names of their works, as `prepare` does it.

    Raises
    ------
    InputError
        If there is nothing, nothing that can be read, or no song in that part.
    """
    text = str(source)
    place, colon, part = text.rpartition(":")
    if colon and part in SPLITS:
        songs = open_songs(place).split(part)
        if not len(songs):
            raise InputError(f"{text}: there is no song in this part; leave ':{part}' away, or prepare a larger corpus")
        return songs
    if container.named(text) or (Path(text) / MANIFEST).is_file():
        return _of_corpus(text)
    path = Path(text)
    if path.suffix.lower() == ".npz":
        return _of_rolls(path)
    if path.suffix.lower() in PUBLISHED_SUFFIXES:
        raise InputError(
            f"{path}: holds bars without notes' lengths; name a folder of MIDI, a corpus or an .npz of rolls"
        )
    if not path.is_dir():
        raise _no_songs(text, path)
    return _of_folder(path)


def _no_songs(text: str, path: Path) -> InputError:
    """What to do about a name that is no folder, corpus or array."""
    wanted = "name a folder of MIDI, a corpus or an .npz of rolls"
    place, colon, part = text.rpartition(":")
    if colon and (container.named(place) or Path(place).is_dir()):
        return InputError(f"{text}: {place} has the parts {', '.join(SPLITS)}, not {part!r}; name one of them")
    if path.suffix.lower() in (".mid", ".midi", ".kar", *LEAD_SHEET_SUFFIXES):
        return InputError(
            f"{path}: is one file; put it into a folder and name that"
            if path.exists()
            else f"{path}: there is no such file; {wanted}"
        )
    if path.suffix.lower() == ".npy":
        return InputError(
            f"{path}: is one array; save it by numpy.savez with rolls, lowest_pitch, resolution, drum_track"
        )
    if path.name == CHECKPOINT_NAME:
        return InputError(f"{path}: is a run's checkpoint; name the run's folder, {path.parent}")
    if path.exists():
        return InputError(f"{path}: is neither a folder nor an .npz; {wanted}")
    near = get_close_matches(text, container.names(), n=1)
    hint = f"did you mean {near[0]}? " if near else ""
    return InputError(f"{path}: is neither there nor one of {', '.join(container.names())}; {hint}{wanted}")


def in_memory(name: str, scores: Sequence[Score], kind: str = "scores") -> Songs:
    """Songs of scores that are there already, each its own group."""
    ids = tuple(f"{name}-{number}" for number in range(len(scores)))
    return Songs(name, kind, ids, ids, ("test",) * len(ids), tuple(scores))


def decoded(rolls: Rolls) -> Score:
    """All samples of some rolls, one after the other, as a score."""
    return grid_of(rolls).decode(rolls.cells, rolls.onsets)


def grid_of(rolls: Rolls) -> PianoRoll:
    """The codec that gives rolls of this form.

    Notes end with a silent step, as the paper has it, where a 32nd note is more than one step. On coarser grids they
    keep their length: a rest of one step would be half of an eighth and all of a sixteenth.
    """
    return PianoRoll.model_validate(
        {
            "tracks": rolls.tracks,
            "resolution": rolls.resolution,
            "lowest_pitch": rolls.lowest_pitch,
            "num_pitches": rolls.cells.shape[4],
            "bars": rolls.cells.shape[2],
            "lengths": "paper" if default_min_steps(rolls.resolution) > 1 else "whole",
        }
    )


def _of_corpus(source: str) -> Songs:
    corpus = _corpus(source)
    songs = corpus.songs
    return Songs(
        name=source,
        kind="corpus",
        ids=tuple(song.id for song in songs),
        groups=tuple(song.group for song in songs),
        splits=tuple(song.split for song in songs),
        entries=tuple(range(len(songs))),
        source=source,
        licence=corpus.manifest.licence,
    )


def _of_rolls(path: Path) -> Songs:
    rolls = _rolls(path)
    if not len(rolls):
        raise InputError(f"{path}: holds no sample; write at least one")
    _check_form(path, rolls)
    # Samples of one song are alike: they are its units, as bars of a score are.
    numbers = np.unique(rolls.song)
    ids = tuple(f"song {number}" for number in numbers)
    entries = tuple(np.flatnonzero(rolls.song == number) for number in numbers)
    return Songs(str(path), "rolls", ids, ids, tuple(assign(ids, Rules())), entries, str(path))


def _of_folder(folder: Path) -> Songs:
    listing: Listing = survey(folder)
    items = listing.items
    if not items:
        raise InputError(f"{folder}: none of its files is music that can be read; name a folder of MIDI files")
    owners = groups([item.keys for item in items])
    assigned = assign(owners, Rules())
    return Songs(
        name=str(folder),
        kind="folder",
        ids=tuple(item.id for item in items),
        groups=tuple(owners),
        splits=tuple(item.split or side for item, side in zip(items, assigned, strict=True)),
        entries=tuple(item.path for item in items),
        aside=tuple(f"{rejection.file}: {rejection.reason}" for rejection in listing.aside),
    )


def _check_form(path: Path, rolls: Rolls) -> None:
    """Refuse rolls that no score can be read from."""
    if unknown := [track for track in rolls.tracks if track not in FAMILIES]:
        raise InputError(
            f"{path}: track {unknown[0]!r} is none of {', '.join(FAMILIES)}; name the tracks by the key 'tracks'"
        )
    drums = rolls.tracks.index("drums") if "drums" in rolls.tracks else None
    if rolls.drum_track != drums:
        raise InputError(
            f"{path}: drum_track is {-1 if rolls.drum_track is None else rolls.drum_track}, but by their names the "
            f"drums are {'no track' if drums is None else f'track {drums}'}; mend drum_track or tracks"
        )
    try:
        grid_of(rolls)
    except ValidationError:
        raise InputError(
            f"{path}: rolls of shape {rolls.cells.shape} at {rolls.resolution} steps a beat cannot be read; they have "
            "1 to 96 steps a beat, 1 to 64 bars, a track and a pitch at least"
        ) from None


def _corpus(source: Path | str) -> Corpus:
    manifest = Path(source) / MANIFEST
    return _corpus_as_of(source, _stamp(manifest) if manifest.is_file() else None)


def _rolls(path: Path) -> Rolls:
    return _rolls_as_of(path, _stamp(path) if path.is_file() else None)


def _stamp(path: Path) -> tuple[int, int]:
    """Changes when a file is written anew, which whoever works on samples does while this process lives."""
    status = path.stat()
    return status.st_mtime_ns, status.st_size


@lru_cache(maxsize=4)
def _corpus_as_of(source: Path | str, stamp: tuple[int, int] | None) -> Corpus:
    return Corpus.open(source)


@lru_cache(maxsize=4)
def _rolls_as_of(path: Path, stamp: tuple[int, int] | None) -> Rolls:
    return read_rolls(path)
