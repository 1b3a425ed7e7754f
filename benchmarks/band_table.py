"""MuseGAN's figures for bands: each model from scratch, and to each track, beside real phrases and shuffled ones.

`python -m benchmarks band_table [--model FILE] [--corpus NAME]`: the file; else every model file under
`runs/band_table` (`band-fold-0` to `band-fold-4` are one model, each trained without a fifth of the songs, and the
paper's presets). At 24 steps a beat, in phrases of four bars in each of which at least three tracks sound. Every song
is held out once where there are five folds.

Intervals are over songs, means of those of each sampling seed. Other real songs: how far halves of the real songs,
divided by song, lie apart, in 19 of 20 divisions.
"""

import math
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from antiphon.data.folds import NUM_FOLDS
from antiphon.evaluation.baselines import shuffled_tracks
from antiphon.evaluation.carried import GRID
from antiphon.evaluation.measures import base_name
from antiphon.evaluation.metrics.in_training import overlap
from antiphon.evaluation.rolls import Rolls
from antiphon.evaluation.sets.accompaniment import DEPENDENCE, DOUBLED, ONSETS, accompanied
from antiphon.evaluation.sets.bands import OVERLAP, TELLING, Figure, Figures, Measured, measure
from antiphon.evaluation.sets.certainty import real_floor
from benchmarks.bands import (
    Player,
    accompanied_rolls,
    from_scratch,
    joined,
    kept_rolls,
    phrase_share,
    players,
    real_rolls,
    renumbered,
    to_track,
)
from benchmarks.table import Row

SAMPLING_SEEDS = 5

_PERCENT = {"empty_bar_rate", "qualified_note_rate", "drum_pattern_rate", "bar_repetition", DOUBLED, ONSETS}
_DIVISIONS = 200
_PHRASES, _OF_ALL = "phrases in which three tracks sound", "of all windows of four bars"


def run(quick: bool = False, model: str | None = None, corpus: str = "freedoom") -> list[Row]:
    """Figures of real music and of each model; quick: one sampling seed, a fourth of the songs from scratch."""
    models = players(model, corpus)
    folds = [f"{corpus}:fold-{fold}" for fold in range(NUM_FOLDS)]
    rolls = real_rolls(folds)
    whole = Measured.of(rolls)
    rows = [Row(f"real: {_PHRASES}", 100 * phrase_share(folds), "%", "", _OF_ALL)]
    rows += [*_real(whole), *_shuffled(rolls, whole)]
    seeds = range(1 if quick else SAMPLING_SEEDS)
    for name, players_of_folds in models.items():
        unseen = Measured.of(real_rolls([player.corpus for player in players_of_folds]))
        for kept in players_of_folds[0].kept:
            if kept is None:
                rows += _of_scratch(name, players_of_folds, unseen, seeds, quick)
            else:
                rows += _of_track(name, players_of_folds, kept, seeds)
    return rows


def _real(real: Measured) -> Iterator[Row]:
    """The real figures, and how far halves of the songs lie apart."""
    for name, figure in measure(real, real).items():
        if base_name(name).startswith("tonal distance"):
            continue
        apart = _apart(real, name)
        yield Row(f"real: {name}", *_shown(name, figure.made.value), "", f"{_over(name, figure)}; {apart}")
    for pair, gap in real.gaps.items():
        told = "" if gap.p <= TELLING else ", left out below"
        note = f"songs at random {gap.others.mean():.3g}, p {gap.p:.2g}, {len(gap.own)} songs{told}"
        yield Row(f"real: tonal distance/{pair}", float(gap.own.mean()), "", "", note)


def _shuffled(rolls: Rolls, real: Measured) -> Iterator[Row]:
    mixed = shuffled_tracks(rolls, np.random.default_rng(0))
    figures = measure(real, mixed)
    yield from _rows("real, tracks shuffled", [{name: figures[name] for name in figures if _between(name)}])


def _between(name: str) -> bool:
    """Whether a figure is of what lies between tracks, the rest of which shuffling leaves alone."""
    return name.startswith(("chroma_agreement", "tonal distance"))


def _of_scratch(name: str, folds: Sequence[Player], real: Measured, seeds: Sequence[int], quick: bool) -> Iterator[Row]:
    found, kept = [], []
    for seed in seeds:
        rolls, shares = zip(*(from_scratch(player, seed, quick) for player in folds), strict=True)
        kept.append(float(np.mean(shares)))
        found.append(measure(real, joined(renumbered(rolls)), seed=seed))
    share = 100 * float(np.mean(kept))
    yield Row(
        f"{name} from scratch: phrases in which three tracks sound", share, "%", "", "of all windows of four bars"
    )
    yield from _rows(f"{name} from scratch", found)


def _of_track(name: str, folds: Sequence[Player], kept: int, seeds: Sequence[int]) -> Iterator[Row]:
    quality, listening = [], []
    track = GRID.ensemble.names[kept]
    played = [one for player in folds for one in to_track(player, kept, seeds)]
    real = kept_rolls(played)
    known = Measured.of(real)
    for place, seed in enumerate(seeds):
        made = accompanied_rolls(played, kept, place)
        figures = measure(known, made, seed=seed)
        # The kept track is the real one.
        quality.append({name: figure for name, figure in figures.items() if name.rpartition("/")[2] != track})
        listening.append({f"accompaniment, {what}": one for what, one in accompanied(real, made, kept, seed).items()})
    yield from _rows(f"{name} to {track}", quality)
    yield from _rows(f"{name} to {track}", listening)


def _rows(name: str, seeds: Sequence[Figures]) -> Iterator[Row]:
    """Each figure over the sampling seeds, with its goal."""
    for what in seeds[0]:
        figures = [found[what] for found in seeds if what in found]
        value = float(np.nanmean([f.made.value for f in figures])) if _any(figures) else math.nan
        shown, unit = _shown(what, value)
        yield Row(f"{name}: {what}", shown, unit, goal_of(what, value, figures[0]), _note(what, figures))


def goal_of(name: str, value: float, figure: Figure) -> str:
    """The goal in words, and whether a value reaches it."""
    if figure.goal is None:
        return ""
    low, high = figure.goal
    ends = [_shown(name, end)[0] for end in (low, high)]
    if math.isinf(high):
        asked = f"at least {ends[0]:.3g}"
    elif math.isinf(low):
        asked = "below 0.001" if name.endswith(DEPENDENCE) else f"at most {ends[1]:.3g}"
    else:
        asked = f"{ends[0]:.4g} to {ends[1]:.4g}"
    return f"{asked}: {'reached' if low <= value <= high else 'missed'}"


def _note(name: str, figures: Sequence[Figure]) -> str:
    low, high = (_mean([getattr(figure.made, end) for figure in figures]) for end in ("low", "high"))
    parts = [] if math.isnan(low) else [f"{_shown(name, low)[0]:.3g} to {_shown(name, high)[0]:.3g}"]
    if len(figures) > 1:
        values = [_shown(name, figure.made.value)[0] for figure in figures]
        parts.append(f"seeds {np.nanmin(values):.3g} to {np.nanmax(values):.3g}" if _any(figures) else "undefined")
    parts.append(f"n {figures[0].made.num_units:,} of {figures[0].made.num_songs} songs")
    if figures[0].real.value != 1:
        parts.append(f"real {_shown(name, figures[0].real.value)[0]:.3g}")
    return "; ".join(parts)


def _over(name: str, figure: Figure) -> str:
    low, high = (_shown(name, end)[0] for end in (figure.made.low, figure.made.high))
    return f"{low:.3g} to {high:.3g}; n {figure.made.num_units:,} of {figure.made.num_songs} songs"


def _apart(real: Measured, name: str) -> str:
    """How far halves of the real songs lie apart."""
    if name.startswith(OVERLAP):
        shares = _halves(real, real.like.tracks.index(name.rpartition("/")[2]))
        return f"other real songs: {np.nanquantile(shares, 0.05):.3g} and more"
    floor = real_floor(real.columns[name], 0, _DIVISIONS)
    return f"other real songs: within {_shown(name, float(np.nanquantile(floor, 0.95)))[0]:.2g}"


def _halves(real: Measured, track: int) -> NDArray[np.float64]:
    """Overlaps of the note lengths of two halves of the songs."""
    names, song = np.unique(real.song, return_inverse=True)
    rng = np.random.default_rng(0)
    shares = []
    for _ in range(_DIVISIONS):
        mine = (rng.permutation(len(names)) < len(names) // 2)[song]
        shares.append(overlap(real.lengths[mine, track].sum(0), real.lengths[~mine, track].sum(0)))
    return np.array(shares)


def _shown(name: str, value: float) -> tuple[float, str]:
    """A value as it is printed, and its unit."""
    metric = base_name(name.removeprefix("accompaniment, "))
    return (100 * value, "%") if metric in _PERCENT else (value, "")


def _any(figures: Sequence[Figure]) -> bool:
    return any(not math.isnan(figure.made.value) for figure in figures)


def _mean(values: Sequence[float]) -> float:
    known = [value for value in values if not math.isnan(value)]
    return float(np.mean(known)) if known else math.nan
