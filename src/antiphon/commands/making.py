"""The whole of `antiphon generate`: songs of seeds, songs with tracks written anew, songs between songs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from antiphon.asked import Asked
from antiphon.commands import song_files, song_grids
from antiphon.commands.checks import check_order
from antiphon.errors import InputError


@dataclass(frozen=True)
class Wanted:
    """What the command was given.

    Parameters
    ----------
    options
        All of `antiphon.asked.Asked`, by name.
    vary, vary_seed
        As of `antiphon.varying.vary_songs`; None where no track is to be written anew.
    interpolate, steps, method
        As of `antiphon.between_songs.songs_between`; None where no songs are to lie between others.
    stems, musicxml
        As of `antiphon.commands.song_files.write_songs`.
    """

    options: Mapping[str, Any]
    vary: str | None = None
    vary_seed: int | None = None
    interpolate: str | None = None
    steps: str | None = None
    method: str = "slerp"
    stems: bool = False
    musicxml: bool = False

    def check(self) -> None:
        """Raise InputError for options of which one makes no sense without, or beside, another."""
        if self.vary_seed is not None and self.vary is None:
            raise InputError(f"vary_seed = {self.vary_seed}: say with --vary which parts are to be written anew")
        if self.steps is not None and self.interpolate is None:
            raise InputError(f"steps {self.steps!r}: say with --interpolate between which seeds, such as 1:2")
        if self.interpolate is None:
            return
        others = {"vary": self.vary, "stems": self.stems, "musicxml": self.musicxml, "num": self.options["num"] != 1}
        for name, given in others.items():
            if given:
                raise InputError(f"{name}: interpolate writes as many songs as --steps says, as MIDI; leave {name} out")


def write_wanted(model: str, out: Path, wanted: Wanted) -> Iterator[dict[str, Any]]:
    """Write the songs and yield the facts of each, or of all that lie between others together.

    Raises
    ------
    InputError
        As `antiphon.generate.Model.generate`, `antiphon.varying.vary_songs` and
        `antiphon.between_songs.songs_between`, or if a file cannot be written.
    """
    wanted.check()
    if wanted.interpolate is not None:
        options = {name: value for name, value in wanted.options.items() if name not in {"seed", "num"}}
        ends, steps, method = wanted.interpolate, wanted.steps, wanted.method
        yield song_grids.write_between(model, out, seeds=ends, steps=steps, method=method, options=options)
        return
    check_order(model, Asked(**wanted.options), wanted.vary)

    from antiphon.generate import load
    from antiphon.playing import BARS
    from antiphon.writers.bands import BandWriter
    from antiphon.writers.performances import PerformanceWriter

    opened, name, seed = load(model), Path(model).stem, wanted.options["seed"]
    is_free = isinstance(opened.writer, PerformanceWriter)
    if is_free and wanted.musicxml:
        raise InputError(f"musicxml: the model {name} plays freely, by no bars and no beat; leave musicxml out")
    if wanted.vary is None:
        songs = opened.generate(**wanted.options)
    else:
        fresh = seed + 1 if wanted.vary_seed is None else wanted.vary_seed
        songs = opened.vary(wanted.vary, vary_seed=fresh, **wanted.options)
        name, seed = f"{name}-{seed}-{'-'.join(wanted.vary.replace(',', ' ').split())}", fresh
    is_band = isinstance(opened.writer, BandWriter)
    bars = wanted.options["bars"] or (BARS if is_band else None)
    files = {"stems": wanted.stems, "musicxml": wanted.musicxml, "is_band": is_band, "has_bars": not is_free}
    yield from song_files.write_songs(songs, out, name, seed, bars, **files)


def describe(fact: Mapping[str, Any]) -> str:
    """The facts of a song, or of songs between others, as a line."""
    return song_grids.describe(fact) if "shape" in fact else song_files.describe(fact)
