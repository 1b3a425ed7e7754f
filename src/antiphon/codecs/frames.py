"""The bar GAN's representation: "bars" of two seconds on a fixed clock, one pitch in each of 16 columns."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import Field

from antiphon.codecs import chords as chord_codes
from antiphon.codecs import sounding
from antiphon.codecs.codec import Codec, Rows
from antiphon.config import Config
from antiphon.music.score import TEMPO, TIME_SIGNATURE, Score, Track, beat_us, notes_from_columns, table

COLUMNS = 16
BARS_A_SPLIT = 8
BAR_SECONDS = 2.0
LOWEST, HIGHEST = 60, 83

Version = Literal["v1", "v2", "v3"]
Transposition = Literal["none", "octave", "published"]


class BarRules(Config):
    """What the paper and its code decide differently; the defaults are the paper's for v2 and v3.

    Parameters
    ----------
    splits
        Whether a file is cut into pieces of 8 bars first, the remainder dropped; otherwise it is one piece.
    bar_seconds
        "fixed": 2 s. "first-tempo": a bar of the file's first tempo and numerator (the denominator is ignored).
    sounding
        "struck": notes begin and end at the nearest column and last one at least; a pitch struck again takes its new
        velocity. "summed": see `antiphon.codecs.sounding.summed_spans`.
    touching
        "struck-again" or "merged": whether notes of one pitch that touch stay apart inside a piece. This matters for
        the velocity, and so for which pitch is the melody.
    partial_bar
        What becomes of a bar that a piece's last note leaves unfinished. "filled": it is completed, and a split always
        has 8 bars. "remainder-doubled": n mod 16 columns are added, so that it stays when it is half full.
        "always-more": 16 - (n mod 16) columns are added, a whole bar where none is missing.
    chord_bar
        The bar whose chord goes with a pair.
    no_triad
        The chord of a bar without any triad.
    """

    splits: bool = True
    bar_seconds: Literal["fixed", "first-tempo"] = "fixed"
    sounding: Literal["struck", "summed"] = "struck"
    touching: Literal["struck-again", "merged"] = "struck-again"
    partial_bar: Literal["filled", "remainder-doubled", "always-more"] = "filled"
    chord_bar: Literal["previous", "current"] = "previous"
    no_triad: Literal["none", "c-minor"] = "none"


_PAPER = BarRules()
_PUBLISHED = BarRules(
    sounding="summed",
    touching="merged",
    partial_bar="remainder-doubled",
    chord_bar="current",
    no_triad="c-minor",
)
_PUBLISHED_V1 = BarRules(splits=False, bar_seconds="first-tempo", sounding="summed", partial_bar="always-more")


class FrameBars(Codec):
    """Bars of the bar-GAN paper (section IV) or of its published code.

    Rows: "real" uint8 (n, 16), the MIDI pitch 60-83 of each column; from v2 on "previous" uint8 (n, 16), the bar before
    it in the same piece; in v3 "chord" uint8 (n,), a code of `antiphon.codecs.chords`. `encode` adds "split" int32
    (n,), the piece of its song that a row comes from.

    Parameters
    ----------
    version
        Of the model, which decides the rows: v1 has bars, v2 pairs, v3 pairs with a chord.
    rules
        A row of `PAPER` (the default) or `PUBLISHED`.
    num_splits
        How many pieces (8-bar splits; whole songs where the rules have no splits) `join` picks; None or too few: all.
    split_seed
        Of that pick.
    """

    PAPER: ClassVar[Mapping[str, BarRules]] = MappingProxyType(
        {"v1": BarRules(splits=False), "v2": _PAPER, "v3": _PAPER}
    )
    PUBLISHED: ClassVar[Mapping[str, BarRules]] = MappingProxyType(
        {"v1": _PUBLISHED_V1, "v2": _PUBLISHED, "v3": _PUBLISHED}
    )

    kind: Literal["frames"] = "frames"
    version: Version = "v2"
    rules: BarRules = Field(default_factory=lambda values: FrameBars.PAPER[values["version"]])
    num_splits: int | None = Field(default=600, ge=1)
    split_seed: int = Field(default=0, ge=0)

    @classmethod
    def published(cls, version: Version, **options: Any) -> Self:
        """The codec with the published code's rules."""
        return cls(version=version, rules=cls.PUBLISHED[version], **options)

    def encode(self, score: Score) -> Rows:
        """Bars of one song; pieces without any note, and a last piece too short for `version`, give no rows."""
        spans = _SOUNDING[self.rules.sounding](score, COLUMNS / self._bar_seconds(score))
        if self.rules.splits:
            spans = spans.until(spans.num_columns // _SPLIT * _SPLIT)
        width = _SPLIT if self.rules.splits else max(1, spans.num_columns)
        if self.rules.touching == "merged":
            spans = sounding.merge_touching(spans, width)
        span, column = spans.cells()
        pieces = _FOLD[sounding.melody(spans, span, column)].reshape(-1, width)
        bars, lasting = _bars(pieces, self.rules.partial_bar)
        first = 0 if self.version == "v1" else 1
        taken = lasting[:, first:]
        rows: dict[str, NDArray[Any]] = {"real": bars[:, first:][taken], "split": np.nonzero(taken)[0].astype(np.int32)}
        if self.version != "v1":
            rows["previous"] = bars[:, :-1][taken]
        if self.version == "v3":
            classes = sounding.pitch_classes(spans, span, column).reshape(-1, width, 12)
            codes = self._chords(classes, bars.shape[1])
            rows["chord"] = (codes[:, :-1] if self.rules.chord_bar == "previous" else codes[:, 1:])[taken]
        return rows

    def join(self, songs: Sequence[Rows]) -> Rows:
        """The rows of `num_splits` pieces, picked at random from those of all songs, in the songs' order."""
        joined = dict(super().join(songs))
        split = joined.pop("split")
        opens = np.ones(len(split), bool)
        opens[1:] = (np.diff(split) != 0) | (np.diff(joined["song"]) != 0)
        piece = np.cumsum(opens) - 1
        total = int(opens.sum())
        if self.num_splits is None or self.num_splits >= total:
            return joined
        chosen = np.zeros(total, bool)
        chosen[np.random.default_rng(self.split_seed).choice(total, self.num_splits, replace=False)] = True
        return {name: values[chosen[piece]] for name, values in joined.items()}

    def decode(
        self,
        bars: ArrayLike,
        *,
        chords: Sequence[int] | NDArray[np.uint8] | None = None,
        tempo: float = 120.0,
        velocity: int = 50,
        program: int = 0,
    ) -> Score:
        """Bars one after the other as a score of one track; equal pitches in adjacent columns are one note.

        Parameters
        ----------
        bars
            MIDI pitches, uint8 (num_bars, 16).
        chords
            Codes, one a bar, which become the score's chord symbols, "N.C." where there is none.
        tempo
            Beats a minute; at 120 a bar takes the two seconds that `encode` reads.
        velocity
            Of every note; 50 is the published code's.
        """
        pitch = np.asarray(bars, np.int64).reshape(-1, COLUMNS).reshape(-1)
        begin = np.flatnonzero(np.diff(pitch, prepend=-1))
        stop = np.append(begin[1:], len(pitch))[: len(begin)]
        notes = notes_from_columns(begin * _COLUMN_TICKS, stop * _COLUMN_TICKS, pitch[begin], velocity)
        symbols = chord_codes.chord_symbols(() if chords is None else chords)
        return Score(
            ticks_per_beat=4 * _COLUMN_TICKS,
            tracks=(Track(notes=notes, program=program, name="melody"),),
            tempos=table(TEMPO, [(0, beat_us(tempo))]),
            time_signatures=table(TIME_SIGNATURE, [(0, 4, 4)]),
            chords=tuple((bar * COLUMNS * _COLUMN_TICKS, symbol) for bar, symbol in enumerate(symbols)),
        )

    def _bar_seconds(self, score: Score) -> float:
        if self.rules.bar_seconds == "fixed":
            return BAR_SECONDS
        tempos, metres = score.tempos, score.time_signatures
        beat = int(tempos["beat_us"][0]) if len(tempos) and tempos["tick"][0] == 0 else 500_000
        return beat * (int(metres["numerator"][0]) if len(metres) else 4) / 1_000_000

    def _chords(self, classes: NDArray[np.bool_], num_bars: int) -> NDArray[np.uint8]:
        num_pieces, width, _ = classes.shape
        columns = np.zeros((num_pieces, num_bars * COLUMNS, 12), bool)
        columns[:, :width] = classes[:, : num_bars * COLUMNS]
        no_triad = chord_codes.NO_CHORD if self.rules.no_triad == "none" else chord_codes.C_MINOR
        codes = chord_codes.triad_codes(columns.reshape(-1, COLUMNS, 12), no_triad)
        return codes.reshape(num_pieces, num_bars)


def shift_table(kind: Transposition) -> NDArray[np.uint8]:
    """Circular shifts of the range 60-83 by 0 to 11 semitones: table[n][pitch], uint8 (12, 128).

    "octave" wraps within each octave (60-71, 72-83): the paper lets a note past the top of the range come in at its
    bottom, which would move it by two octaves; "published" has the off-by-one boundary of the
    published sets, two cycles of length 13 (60-72) and 11 (73-83); "none" moves nothing. Pitches outside stay.
    """
    shift, pitch = np.arange(12)[:, None], np.arange(128)[None]
    moved = np.repeat(pitch, 12, axis=0)
    for low, high in _CYCLES[kind]:
        cycle = slice(low, high + 1)
        moved[:, cycle] = low + (pitch[:, cycle] - low + shift) % (high + 1 - low)
    return moved.astype(np.uint8)


def augmented(rows: Rows, kind: Transposition) -> Rows:
    """All transpositions in the published files' order: the rows as they are, then the 11 shifts of each row.

    Training draws its shifts instead; this is for who wants the stored sets. The chord moves with an "octave" shift and
    stays where it was under "published", as in the released sets; "none" adds nothing.
    """
    if kind == "none":
        return rows
    joined = {}
    for name, values in rows.items():
        if name in ("real", "previous"):
            moved = np.stack([table[values] for table in shift_table(kind)[1:]], axis=1)
        elif name == "chord" and kind == "octave":
            moved = chord_codes.transpose_codes(values[:, None], np.arange(1, 12))
        else:
            moved = np.repeat(values[:, None], 11, axis=1)
        joined[name] = np.concatenate([values, moved.reshape(-1, *values.shape[1:])])
    return joined


def _bars(pieces: NDArray[np.uint8], partial_bar: str) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Bars (pieces, bars, 16) without pauses from melodies (pieces, width), 0 in silence, and which bars last."""
    sounds = pieces > 0
    silent = ~sounds.any(axis=1)
    width = pieces.shape[1]
    length = np.where(silent, 0, width - sounds[:, ::-1].argmax(axis=1))
    if partial_bar == "filled":
        num_bars = np.where(silent, 0, -(-width // COLUMNS))
    elif partial_bar == "remainder-doubled":
        num_bars = (length + length % COLUMNS) // COLUMNS
    else:
        # The count comes from the whole roll here: a file may end with a pause.
        num_bars = np.where(silent, 0, width // COLUMNS + 1)
    first = sounds.argmax(axis=1)[:, None]
    at = np.maximum.accumulate(np.where(sounds, np.arange(width), first), axis=1)
    total = max(1, int(num_bars.max(initial=0)))
    at = np.pad(at, ((0, 0), (0, max(0, total * COLUMNS - width))), mode="edge")[:, : total * COLUMNS]
    bars = np.take_along_axis(pieces, at, axis=1).reshape(-1, total, COLUMNS)
    return bars, np.arange(total) < num_bars[:, None]


def _fold() -> NDArray[np.uint8]:
    pitch = np.arange(129)
    folded = np.where(pitch < LOWEST, LOWEST + pitch % 12, np.where(pitch > HIGHEST, 72 + pitch % 12, pitch))
    # Index -1, the last entry, stands for silence.
    folded[-1] = 0
    folded.setflags(write=False)
    return folded.astype(np.uint8)


_SPLIT = COLUMNS * BARS_A_SPLIT
_COLUMN_TICKS = 120
_FOLD = _fold()
_SOUNDING = {"struck": sounding.struck_spans, "summed": sounding.summed_spans}
_CYCLES: dict[str, tuple[tuple[int, int], ...]] = {
    "none": (),
    "octave": ((60, 71), (72, 83)),
    "published": ((60, 72), (73, 83)),
}
