"""The examiner's proof: it hears what is wrong in known ways and the published bar GAN, and no fault in real songs."""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from antiphon.codecs.codec import Codec
from antiphon.codecs.frames import FrameBars
from antiphon.codecs.melody import MelodyBars
from antiphon.codecs.pianoroll import PianoRoll
from antiphon.data.corpus import Corpus
from antiphon.data.views import view
from antiphon.evaluation import baselines, markov
from antiphon.evaluation.examiner.bars import frame_bars, melody_bars
from antiphon.evaluation.examiner.budget import Budget
from antiphon.evaluation.examiner.events import events
from antiphon.evaluation.examiner.examination import Examination, examination, real_against_real
from antiphon.evaluation.examiner.material import Material
from antiphon.evaluation.examiner.phrases import phrases
from antiphon.evaluation.notes import Notes
from antiphon.evaluation.rolls import Rolls
from antiphon.fit import fit_preset, publish_run
from antiphon.generate import load
from antiphon.presets.table import get_preset
from benchmarks.table import Row

_HEARD, _FLOOR = "at least 0.95", "0.5 within its interval"
_QUICK = Budget(iterations=150, trees=60, checks=2)
_LEAST_TRACKS = 2


def run(quick: bool = False, model: str | None = None) -> list[Row]:
    """All kinds of music; `model` is a file of `midinet-v2`, which is trained anew (minutes) where none is given.

    Quick: one split, a fourth of the budget, and an unfinished `midinet-v2`.
    """
    seeds, budget = (range(1), _QUICK) if quick else (range(3), Budget())
    return [
        *_rows("melody bars", *melodies(), seeds, budget),
        *_rows("frame bars", *frames(model, quick), seeds, budget),
        *_rows("phrases", *rolls(), seeds, budget),
        *_rows("events", *notes(), seeds, budget),
    ]


def melodies(corpus: str = "lieder") -> tuple[Material, Mapping[str, tuple[Material, str]]]:
    """Bars of a voice: as they are, and as an examiner ought to hear that they are not."""
    rows, held = _of_all_splits(corpus, MelodyBars())
    bars, previous, chord, song = (rows[name] for name in ("real", "previous", "chord", "song"))
    rng = np.random.default_rng(0)
    order = baselines.shuffled_rows(len(bars), rng)
    chain = markov.markov_bars(bars[~held], previous[~held], previous, rng)

    def given(made: NDArray[Any], before: NDArray[Any] = previous, over: NDArray[Any] = chord) -> Material:
        return melody_bars(made, before, over, song, held)

    return given(bars), {
        "steps shuffled": (given(baselines.shuffled_steps(bars, rng)), _HEARD),
        "order-2 Markov chain": (given(chain), _HEARD),
        "beside other conditions": (given(bars, previous[order], chord[order]), ""),
    }


def frames(
    model: str | None, quick: bool, corpus: str = "giantmidi"
) -> tuple[Material, Mapping[str, tuple[Material, str]]]:
    """Bars of two seconds: real ones, and those that `midinet-v2` makes after the same bars before."""
    with TemporaryDirectory() as folder:
        loaded = load(model or _trained(Path(folder), corpus, quick))
        rows, held = _of_all_splits(corpus, FrameBars(num_splits=None))
        torch.manual_seed(0)
        made = loaded.objective.sample(len(held), {"previous": torch.from_numpy(rows["previous"])}).numpy()
    previous, song = rows["previous"], rows["song"]
    return frame_bars(rows["real"], previous, None, song, held), {
        "midinet-v2": (frame_bars(made, previous, None, song, held), _HEARD)
    }


def rolls(corpus: str = "freedoom") -> tuple[Material, Mapping[str, tuple[Material, str]]]:
    """Phrases of four bars and five tracks, two of them sounding at least."""
    codec = PianoRoll(resolution=4, lengths="whole")
    # The embedded split holds out too few songs for an interval: songs are divided at random.
    rows, _ = _of_all_splits(corpus, codec)
    sounding = np.asarray(rows["real"].any((2, 3, 4)))
    several = sounding[:, [track != codec.drum_track for track in range(len(codec.tracks))]].sum(1) >= _LEAST_TRACKS
    real = Rolls(
        rows["real"][several],
        codec.lowest_pitch,
        codec.resolution,
        codec.drum_track,
        codec.tracks,
        rows["song"][several].astype(np.int64),
        rows["onsets"][several],
    )
    rng = np.random.default_rng(0)
    return phrases(real), {
        "steps shuffled in bars": (phrases(baselines.shuffled_bars(real, rng)), _HEARD),
        "tracks of other songs": (phrases(baselines.shuffled_tracks(real, rng)), _HEARD),
        "bars of other songs": (phrases(baselines.shuffled_bar_order(real, rng)), ""),
    }


def notes(corpus: str = "lieder", most: int = 300) -> tuple[Material, Mapping[str, tuple[Material, str]]]:
    """Windows of 128 notes of written music, some training songs drawn at random and all held-out ones.

    In the corpus's own order neighbours are songs of one composer, which would pass for a difference between halves.
    """
    source = Corpus.open(corpus)
    drawn = np.random.default_rng(1).permutation(source.split("train"))[:most]
    songs = np.concatenate([np.sort(drawn), source.split("test")])
    held = np.isin(songs, source.split("test"))
    pieces = [Notes.from_score(source.score(int(song))) for song in songs]
    rng = np.random.default_rng(0)
    learnt = [piece for piece, kept in zip(pieces, held, strict=True) if not kept]
    chains = markov.markov_notes(learnt, [len(piece) for piece in pieces], rng)

    def windows(made: list[Notes]) -> Material:
        return events(made, songs, held)

    return windows(pieces), {
        "pitches shuffled": (windows([baselines.shuffled_pitches(piece, rng) for piece in pieces]), _HEARD),
        "gaps shuffled": (windows([baselines.shuffled_gaps(piece, rng) for piece in pieces]), _HEARD),
        "order-2 Markov chain": (windows(chains), _HEARD),
    }


def _rows(
    music: str, real: Material, made: Mapping[str, tuple[Material, str]], seeds: range, budget: Budget
) -> list[Row]:
    found = {
        name: (examination(real, one, seeds, budget, same_songs=True), target) for name, (one, target) in made.items()
    }
    found["real against real"] = real_against_real(real, seeds, budget), _FLOOR
    return [_row(f"{music}: {name}", one, target) for name, (one, target) in found.items()]


def _row(name: str, found: Examination, target: str) -> Row:
    kinds = ", ".join(f"{kind.kind} {kind.auc:.3f} (spread {kind.spread:.3f})" for kind in found.kinds)
    low, high = found.worst.auc_interval
    return Row(name, found.worst.auc, "AUC", target, f"{low:.3f} to {high:.3f}; {kinds}")


def _of_all_splits(corpus: str, codec: Codec) -> tuple[dict[str, NDArray[Any]], NDArray[np.bool_]]:
    """Rows of a corpus, and which are of its test songs."""
    parts = [view(Corpus.open(corpus), codec, split) for split in ("train", "valid", "test")]
    counts = [len(part["song"]) for part in parts]
    rows = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return rows, np.repeat([False, False, True], counts)


def _trained(folder: Path, corpus: str, quick: bool) -> str:
    """A model file of `midinet-v2`, trained at full length, or for a moment."""
    out = folder / "midinet-v2.safetensors"
    config = get_preset("midinet-v2").resolve(["train.iterations=300"] if quick else [])
    fit_preset(config, corpus, folder / "run", say=lambda sentence: None)
    publish_run(folder / "run", out)
    return str(out)
