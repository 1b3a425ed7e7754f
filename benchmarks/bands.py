"""Who plays in the tables of bands: held-out songs, and what models write from scratch and to one of their tracks.

A model file NAME-fold-F.safetensors was trained without the songs of fold F of the corpus (`antiphon.data.folds`);
others are held against the corpus's own held-out songs. Whatever grid a model writes on, its notes are carried over to
the grid of measuring one by one.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from antiphon.codecs.phrases import PhraseRolls
from antiphon.codecs.strokes import Grid, Strokes, strokes_of
from antiphon.data.corpus import Corpus
from antiphon.data.folds import parse_fold
from antiphon.errors import InputError
from antiphon.evaluation.carried import GRID, BandSong, carried, given_strokes, rolls_of, song_of
from antiphon.evaluation.rolls import Rolls
from antiphon.generate import Model, load
from antiphon.music.score import Score
from antiphon.writers.bands import BandWriter, Setting

MODELS = Path("runs/band_table")

SONG_BARS = 32
"""Bars of a song from scratch."""

_FOLD = re.compile(r"(?P<name>.+)-fold-(?P<fold>\d+)")
_SEEDS_APART, _FEWEST_SONGS = 100_000, 8


@dataclass(frozen=True, eq=False)
class Held:
    """A held-out song: its number in the corpus, its score, and its bars on the grid of measuring."""

    number: int
    score: Score
    bars: BandSong


@dataclass(frozen=True)
class Player:
    """A model and the corpus whose "test" songs it has not seen."""

    model: Model
    corpus: str

    @property
    def writer(self) -> BandWriter:
        """Who writes."""
        assert isinstance(self.model.writer, BandWriter)
        return self.model.writer

    @property
    def codec(self) -> PhraseRolls:
        """On what grid."""
        assert isinstance(self.model.codec, PhraseRolls)
        return self.model.codec

    @property
    def kept(self) -> tuple[int | None, ...]:
        """What it can be given, in numbers of the grid of measuring: nothing (None), or one of the tracks."""
        names, hears = self.codec.ensemble.names, self.writer.hears
        heard = range(len(names)) if hears is None else hears
        scratch = () if self.writer.accompanies else (None,)
        return (*scratch, *sorted(GRID.ensemble.names.index(names[track]) for track in heard))


def players(model: str | None, corpus: str) -> dict[str, list[Player]]:
    """Models by name, the folds of one name together: the file, or all under `runs/band_table`.

    Raises
    ------
    InputError
        If a model is no band of the tracks of the grid of measuring, or there is none.
    """
    files = [model] if model else [str(path) for path in sorted(MODELS.glob("*.safetensors"))]
    found: dict[str, list[Player]] = {}
    for file in files:
        name, unseen = _unseen(file, corpus)
        found.setdefault(name, []).append(_player(file, unseen))
    return found


def held_out(corpus: str) -> list[Held]:
    """The held-out songs of a corpus that have phrases."""
    return [song for song in _test_songs(corpus) if len(song.bars.phrases)]


def phrase_share(corpora: Sequence[str]) -> float:
    """How many of the windows of four bars of all held-out songs are phrases."""
    songs = ((len(song.bars.phrases), len(song.bars.begins)) for corpus in corpora for song in _test_songs(corpus))
    phrases, bars = np.sum(list(songs), axis=0)
    return float(GRID.bars * phrases / bars)


def _test_songs(corpus: str) -> Iterator[Held]:
    opened = Corpus.open(corpus)
    songs = ((int(number), opened.score(int(number))) for number in opened.split("test"))
    return (Held(number, score, BandSong.of_score(score)) for number, score in songs)


def real_rolls(corpora: Sequence[str]) -> Rolls:
    """The phrases of the held-out songs of some corpora, numbered as in them."""
    return joined([_rolls(held_out(corpus)) for corpus in corpora])


def from_scratch(player: Player, seed: int, quick: bool) -> tuple[Rolls, float]:
    """About as many phrases as the held-out songs have, of songs of 32 bars, and the share of all windows of four bars
    that are such phrases."""
    wanted = sum(len(song.bars.phrases) for song in held_out(player.corpus))
    each = SONG_BARS // GRID.bars
    num = max(-(-wanted // each) // (4 if quick else 1), _FEWEST_SONGS)
    scores = player.model.generate(SONG_BARS, num=num, seed=_SEEDS_APART * seed)
    rolls = rolls_of([song_of(_strokes(score, player.codec), SONG_BARS, player.codec) for score in scores])
    return rolls, len(rolls) / (num * each)


@dataclass(frozen=True, eq=False)
class Played:
    """A held-out song, and what a model wrote to one of its tracks, once for each sampling seed."""

    held: Held
    codec: PhraseRolls
    written: list[Strokes]

    def song(self, kept: int, place: int) -> BandSong:
        """The song with all tracks but the kept one written anew, of the seed at a place."""
        cells = carried(self.written[place], len(self.held.bars.begins), self.codec)
        others = (number for number in range(len(GRID.ensemble.names)) if number != kept)
        return self.held.bars.with_tracks({number: (cells[0][:, number], cells[1][:, number]) for number in others})


def to_track(player: Player, kept: int, seeds: Sequence[int]) -> Iterator[Played]:
    """Each held-out song in which a track plays, with what is written to that; songs that have not the same bars on the
    model's grid are passed over."""
    names = player.codec.ensemble.names
    track = names.index(GRID.ensemble.names[kept])
    asked = tuple(number for number in range(len(names)) if number != track)
    for held in held_out(player.corpus):
        own = BandSong.of_score(held.score, player.codec)
        if not held.bars.sounds[:, kept].any() or not np.array_equal(own.begins, held.bars.begins):
            continue
        setting = Setting(own.begins, given_strokes(own, [track]), (track,), asked)
        chances = [np.random.default_rng([seed, held.number]) for seed in seeds]
        yield Played(held, player.codec, player.writer.perform(chances, setting, 1.0))


def accompanied_rolls(played: Sequence[Played], kept: int, place: int) -> Rolls:
    """The phrases of songs to a kept track, of the sampling seed at a place."""
    return rolls_of([one.song(kept, place) for one in played], [one.held.number for one in played])


def kept_rolls(played: Sequence[Played]) -> Rolls:
    """The real phrases of the same songs."""
    return _rolls([one.held for one in played])


def joined(parts: Sequence[Rolls]) -> Rolls:
    """Phrases of several sets, of the songs that their numbers say."""
    cells, onsets = (
        np.concatenate([np.asarray(getattr(part, name)) for part in parts]) for name in ("cells", "onsets")
    )
    first = parts[0]
    song = np.concatenate([part.song for part in parts])
    return Rolls(cells, first.lowest_pitch, first.resolution, first.drum_track, first.tracks, song, onsets)


def renumbered(parts: Sequence[Rolls]) -> list[Rolls]:
    """The same phrases, no two parts with a song of one number."""
    found, begin = [], 0
    for part in parts:
        found.append(replace(part, song=part.song + begin))
        begin += int(part.song.max(initial=-1)) + 1
    return found


def _strokes(score: Score, codec: PhraseRolls) -> Strokes:
    """A song as its codec decoded it: its tracks are the codec's. Read as a song from elsewhere it could be taken for a
    free performance."""
    rests, drums = codec.lengths == "paper", codec.ensemble.drums
    grid = Grid(codec.resolution, codec.lowest_pitch, codec.num_pitches, rests, drums)
    return strokes_of(score, range(len(score.tracks)), grid)


def _rolls(songs: Sequence[Held]) -> Rolls:
    return rolls_of([song.bars for song in songs], [song.number for song in songs])


def _unseen(file: str, corpus: str) -> tuple[str, str]:
    """The name of a model file, and the corpus whose "test" songs it has not seen."""
    stem = Path(file).stem
    found = _FOLD.fullmatch(stem)
    return (found["name"], f"{corpus}:fold-{found['fold']}") if found else (stem, corpus)


def _player(file: str, unseen: str) -> Player:
    model = load(file)
    codec, writer = model.codec, model.writer
    if not isinstance(codec, PhraseRolls) or not isinstance(writer, BandWriter):
        raise InputError(f"{file}: writes no bands of several tracks; name a model that does, such as band")
    if set(codec.ensemble.names) != set(GRID.ensemble.names):
        there, wanted = ", ".join(codec.ensemble.names), ", ".join(GRID.ensemble.names)
        raise InputError(f"{file}: plays {there}, and this table is about {wanted}; name a model of those")
    taught = str((model.card.get("corpus") or {}).get("name", ""))
    # A file's name has precedence: its corpus may be larger than the one that it is held against.
    return Player(model, taught if (parse_fold(taught) or ("",))[0] == unseen else unseen)
