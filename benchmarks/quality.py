"""How the shipped `bar` compares with songs it never saw: statistics, distinct bars, what a fresh examiner hears."""

from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from antiphon.codecs.codec import Rows
from antiphon.codecs.melody import REST
from antiphon.data.corpus import Corpus
from antiphon.data.views import view
from antiphon.evaluation.baselines import shuffled_rows, shuffled_steps
from antiphon.evaluation.examiner.bars import melody_bars
from antiphon.evaluation.examiner.examination import Examination, examination, real_against_real
from antiphon.evaluation.metrics import bars as stats
from antiphon.generate import Model, load
from antiphon.io.midi import midi_bytes, parse_midi
from benchmarks.table import Row

if TYPE_CHECKING:
    from antiphon.gan.objective import Objective

Array = NDArray[np.uint8]
_LATENTS = 500
_CONDITIONS = 24


def run(quick: bool = False, model: str = "bar", corpus: str = "lieder") -> list[Row]:
    """The figures of `model` (a shipped name or a model file) on the held-out songs of `corpus`."""
    loaded = load(model)
    held = view(Corpus.open(corpus), loaded.codec, "test")
    torch.manual_seed(0)
    fake = sample(loaded.objective, held)
    return [
        *statistics(held, fake),
        written_range(loaded, 4 if quick else 64),
        *diversity(loaded.objective, held, 4 if quick else _CONDITIONS),
        *examined(held, fake, 1 if quick else 3),
    ]


def sample(objective: "Objective", rows: Rows) -> Array:
    """One made bar for each row, under that row's conditions."""
    condition = {name: torch.from_numpy(np.array(rows[name])) for name in ("previous", "chord")}
    return np.asarray(objective.sample(len(rows["chord"]), condition).numpy())


def statistics(held: Rows, fake: Array) -> list[Row]:
    """Made bars against the real bars that have the same conditions."""
    real, previous = np.asarray(held["real"]), np.asarray(held["previous"])
    changes = stats.pitch_changes(real, previous), stats.pitch_changes(fake, previous)
    still = stats.held_share(real, previous), stats.held_share(fake, previous)
    notes = stats.onsets(real), stats.onsets(fake)
    rests = stats.rest_share(real), stats.rest_share(fake)
    return [
        Row("pitch changes a bar", changes[1], "", "within 15 % of real", f"real {changes[0]:.3g}; published v2 12.8"),
        Row("held bars", 100 * still[1], "%", "within 5 points of real", f"real {100 * still[0]:.3g} %"),
        Row("notes a bar", notes[1], "", "", f"real {notes[0]:.3g}"),
        Row("silent steps", 100 * rests[1], "%", "", f"real {100 * rests[0]:.3g} %"),
    ]


def written_range(model: Model, num_songs: int) -> Row:
    """Melody notes outside the two octaves in songs as they lie in their MIDI files."""
    songs = [parse_midi(midi_bytes(song)) for song in model.generate(bars=32, num=num_songs)]
    pitches = np.concatenate([song.tracks[0].notes["pitch"] for song in songs])
    outside = 100 * float(((pitches < 60) | (pitches > 83)).mean())
    return Row("notes outside 60-83", outside, "%", "0", f"of {len(pitches)} in {num_songs} files; published v2 0.33 %")


def diversity(objective: "Objective", held: Rows, num_conditions: int) -> list[Row]:
    """Different bars among 500 latents under one condition: over held-out rows, and where a song begins over C."""
    shares = [100 * share for share in distinct_shares(objective, held, num_conditions)]
    opening = {"previous": np.full_like(held["previous"][:1], REST), "chord": np.zeros_like(held["chord"][:1])}
    note = (
        f"mean of {num_conditions} conditions, {min(shares):.3g} to {max(shares):.3g}, median {np.median(shares):.3g}"
    )
    name = f"distinct bars of {_LATENTS} latents"
    return [
        Row(name, float(np.mean(shares)), "%", "at least 95", f"{note}; published v2 30 %"),
        Row(f"{name}, opening a song over C", 100 * _distinct(objective, opening), "%", "at least 95"),
    ]


def distinct_shares(objective: "Objective", held: Rows, num_conditions: int) -> list[float]:
    """The share of different bars for each of some conditions, spread evenly through the rows."""
    chosen = np.linspace(0, len(held["chord"]) - 1, num_conditions).astype(int)
    return [
        _distinct(objective, {name: held[name][index : index + 1] for name in ("previous", "chord")})
        for index in chosen
    ]


def _distinct(objective: "Objective", condition: Rows) -> float:
    rows = {name: np.repeat(values, _LATENTS, axis=0) for name, values in condition.items()}
    return stats.distinct_share(sample(objective, rows))


def examined(held: Rows, fake: Array, splits: int) -> list[Row]:
    """AUC of the worst of three kinds of examiner; songs held out are divided once more, to teach and to test."""
    rng, seeds = np.random.default_rng(0), range(splits)
    bars, previous, chord, song = (np.asarray(held[name]) for name in ("real", "previous", "chord", "song"))
    real = melody_bars(bars, previous, chord, song)
    order = shuffled_rows(len(bars), rng)
    made = {
        "made bars": (melody_bars(fake, previous, chord, song), "at most 0.70"),
        "real bars, steps shuffled (ceiling)": (melody_bars(shuffled_steps(bars, rng), previous, chord, song), ""),
        "real bars beside other conditions": (melody_bars(bars, previous[order], chord[order], song), ""),
    }
    rows = [_heard(name, examination(real, one, seeds, same_songs=True), goal) for name, (one, goal) in made.items()]
    return [*rows, _heard("real bars of other songs (floor)", real_against_real(real, seeds), "0.5")]


def _heard(name: str, found: Examination, target: str) -> Row:
    return Row(f"examiner: {name}", found.worst.auc, "AUC", target, found.words)
