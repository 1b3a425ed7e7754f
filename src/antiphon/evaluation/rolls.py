"""Multi-track piano rolls of many phrases in one array: what bar-based metrics read.

Axes: N samples, K track, B bar, T step, P pitch.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self
from zipfile import is_zipfile

import numpy as np
from numpy.typing import NDArray

from antiphon.codecs.pianoroll import PianoRoll
from antiphon.errors import InputError
from antiphon.music.score import Score

BEATS = 4
"""Beats a bar: rolls are in 4/4."""

FIVE_TRACKS = {
    0: ("drums", "piano", "guitar", "bass", "strings"),
    1: ("bass", "drums", "guitar", "strings", "piano"),
}
"""Names of five unnamed tracks by the place of the drums: the public data's order, and that of the first MuseGAN."""


@dataclass(frozen=True, eq=False)
class Rolls:
    """Phrases of equal length.

    Parameters
    ----------
    cells
        (N, K, B, T, P) bool: which pitches sound at which step.
    lowest_pitch
        MIDI pitch of the first cell.
    resolution
        Steps a beat; T is four times that.
    drum_track
        Number of the percussion track; None where there is none.
    tracks
        (K,) names, no two alike.
    song
        (N,) int64: the song that each sample belongs to; by default each is its own.
    onsets
        (N, K, B, T, P) bool: which notes begin where; None where only what sounds is known, so that a note struck again
        without a gap cannot be told from one that is held.
    """

    cells: NDArray[np.bool_]
    lowest_pitch: int
    resolution: int
    drum_track: int | None
    tracks: tuple[str, ...]
    song: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    onsets: NDArray[np.bool_] | None = None

    def __post_init__(self) -> None:
        cells = self.cells
        if cells.ndim != 5 or cells.dtype != bool:
            raise ValueError(f"rolls are (sample, track, bar, step, pitch) of bool, not {cells.shape} of {cells.dtype}")
        if cells.shape[3] != BEATS * self.resolution:
            raise ValueError(f"a 4/4 bar at {self.resolution} steps a beat has {BEATS * self.resolution} steps")
        if len(set(self.tracks)) != cells.shape[1]:
            raise ValueError(f"{cells.shape[1]} tracks need as many names, no two alike, not {self.tracks}")
        if self.drum_track is not None and not 0 <= self.drum_track < cells.shape[1]:
            raise ValueError(f"drum track {self.drum_track} is none of {cells.shape[1]} tracks")
        if not 0 <= self.lowest_pitch <= 128 - cells.shape[4]:
            raise ValueError(f"{cells.shape[4]} pitches from {self.lowest_pitch} on leave MIDI's range 0-127")
        if self.onsets is not None and self.onsets.shape != cells.shape:
            raise ValueError("onsets and cells have one shape")
        if len(self.song) != len(cells):
            if len(self.song):
                raise ValueError("rolls have a song for each sample")
            object.__setattr__(self, "song", np.arange(len(cells), dtype=np.int64))

    @classmethod
    def from_scores(cls, scores: Iterable[Score], codec: PianoRoll) -> Self:
        """The phrases of scores, song i being the i-th; a song without any gives none.

        All of them are held in memory (320 KB a phrase of four bars by the paper's measures, with its onsets): where
        there are many, take them song by song and join what was measured with `antiphon.evaluation.measures.columns`.
        """
        real, onsets, songs = [np.empty((0, *codec.shape), bool)], [np.empty((0, *codec.shape), bool)], [0]
        for score in scores:
            rows = codec.encode(score)
            real.append(rows["real"])
            onsets.append(rows["onsets"])
            songs.append(len(rows["real"]))
        song = np.repeat(np.arange(-1, len(songs) - 1), songs)
        cells, struck = np.concatenate(real), np.concatenate(onsets)
        return cls(cells, codec.lowest_pitch, codec.resolution, codec.drum_track, codec.tracks, song, struck)

    def __len__(self) -> int:
        return len(self.cells)

    def __getitem__(self, rows: Any) -> Self:
        """Some samples."""
        onsets = None if self.onsets is None else self.onsets[rows]
        return replace(self, cells=self.cells[rows], song=self.song[rows], onsets=onsets)

    def without_onsets(self) -> Self:
        """What an array holds of the same music that tells only what sounds: a drum sounds where it is struck."""
        if self.onsets is None:
            return self
        cells = self.cells.copy()
        if self.drum_track is not None:
            cells[:, self.drum_track] = self.onsets[:, self.drum_track]
        return replace(self, cells=cells, onsets=None)

    def in_phrases(self, bars: int) -> "tuple[Rolls, ...]":
        """All bars in order as samples of `bars` bars, and what is left at the end as a shorter one; of one song."""
        every = {name: _bars_first(values) for name, values in (("cells", self.cells), ("onsets", self.onsets))}
        num = len(self) * self.cells.shape[2]
        cuts = [(0, num // bars * bars, bars), (num // bars * bars, num, num % bars)]
        parts = []
        for begin, end, size in cuts:
            if end > begin:
                shaped = {name: _phrases(values, begin, end, size) for name, values in every.items()}
                song = np.full((end - begin) // size, self.song[0])
                parts.append(replace(self, song=song, cells=shaped["cells"], onsets=shaped["onsets"]))
        return tuple(parts)

    @property
    def pitched(self) -> tuple[int, ...]:
        """Numbers of the tracks that are no drums."""
        return tuple(k for k in range(len(self.tracks)) if k != self.drum_track)

    @property
    def grid(self) -> str:
        """The grid in words, part of the name of every metric that depends on it: `24 steps a beat`."""
        return f"{self.resolution} steps a beat"


def _bars_first(values: NDArray[np.bool_] | None) -> NDArray[np.bool_] | None:
    """(N, K, B, T, P) as bars (N * B, K, T, P)."""
    return None if values is None else values.swapaxes(1, 2).reshape(-1, values.shape[1], *values.shape[3:])


def _phrases(bars: NDArray[np.bool_] | None, begin: int, end: int, size: int) -> Any:
    """Some bars (m, K, T, P) as phrases (m / size, K, size, T, P)."""
    return None if bars is None else bars[begin:end].reshape(-1, size, *bars.shape[1:]).swapaxes(1, 2)


def read_rolls(path: Path | str) -> Rolls:
    """Read an `.npz` with `rolls` (sample, track, bar, step, pitch) bool, `lowest_pitch`, `resolution`, `drum_track`
    (-1 for none), and where they are there `tracks` (names), `song` and `onsets`.

    Raises
    ------
    InputError
        Naming the file and the key: missing, no such archive, of another shape or type, NaN.
    """
    path = Path(path)
    try:
        with path.open("rb") as stream:
            if not is_zipfile(stream):
                raise InputError(f"{path}: is no .npz, or not all of it; write it with numpy.savez")
            stream.seek(0)
            with np.load(stream, allow_pickle=False) as archive:
                values = {name: archive[name] for name in archive.files}
    except FileNotFoundError:
        raise InputError(f"{path}: there is no such file; check the name") from None
    except InputError:
        raise
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error}); check the file") from None
    except (ValueError, EOFError, KeyError) as error:
        raise InputError(f"{path}: cannot be read as .npz ({error}); write it with numpy.savez") from None
    except Exception as error:  # zipfile and zlib have errors of their own
        raise InputError(f"{path}: damaged ({error}); write it anew with numpy.savez") from None
    lacking = [name for name in ("rolls", "lowest_pitch", "resolution", "drum_track") if name not in values]
    if lacking:
        raise InputError(
            f"{path}: has no {lacking[0]!r}; rolls need rolls, lowest_pitch, resolution and drum_track (-1: none)"
        )
    cells = _cells(path, "rolls", values["rolls"])
    lowest, resolution, drum = (
        _whole(path, name, values[name]) for name in ("lowest_pitch", "resolution", "drum_track")
    )
    drum_track = None if drum == -1 else drum
    onsets = _cells(path, "onsets", values["onsets"]) if "onsets" in values else None
    try:
        song = values.get("song", np.arange(len(cells)))
        if song.ndim != 1 or song.dtype.kind not in "iu":
            raise ValueError("song must be a whole number for each sample")
        song = song.astype(np.int64)
        return Rolls(cells, lowest, resolution, drum_track, _names(path, values, cells, drum_track), song, onsets)
    except (ValueError, TypeError) as error:
        raise InputError(f"{path}: {error}; mend the arrays in it") from None


def write_rolls(rolls: Rolls, path: Path | str) -> None:
    """Write what `read_rolls` reads, compressed, whole or not at all."""
    import io

    from antiphon.files import write_bytes

    content = io.BytesIO()
    parts: dict[str, Any] = {} if rolls.onsets is None else {"onsets": rolls.onsets}
    np.savez_compressed(
        content,
        rolls=rolls.cells,
        lowest_pitch=rolls.lowest_pitch,
        resolution=rolls.resolution,
        drum_track=-1 if rolls.drum_track is None else rolls.drum_track,
        tracks=np.array(rolls.tracks),
        song=rolls.song,
        **parts,
    )
    write_bytes(path, content.getvalue())


def _cells(path: Path, name: str, values: NDArray[Any]) -> NDArray[np.bool_]:
    if values.ndim != 5:
        raise InputError(f"{path}: {name} is {values.shape}; it must be (sample, track, bar, step, pitch)")
    if values.dtype == bool:
        return values
    if values.dtype.kind not in "iuf" or not np.isin(values, (0, 1)).all():
        raise InputError(f"{path}: {name} holds other values than true and false (NaN too is one); binarise it first")
    return values.astype(bool)


def _whole(path: Path, name: str, value: NDArray[Any]) -> int:
    if value.ndim or value.dtype.kind not in "iu":
        raise InputError(f"{path}: {name} must be one whole number")
    return int(value)


def _names(path: Path, values: dict[str, NDArray[Any]], cells: NDArray[np.bool_], drum: int | None) -> tuple[str, ...]:
    if "tracks" in values:
        return tuple(str(name) for name in np.atleast_1d(values["tracks"]))
    if cells.shape[1] == 5 and drum in FIVE_TRACKS:
        return FIVE_TRACKS[drum]
    names = [f"track {k}" for k in range(cells.shape[1])]
    if drum is not None and drum < len(names):
        names[drum] = "drums"
    return tuple(names)
