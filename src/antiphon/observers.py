"""What a training shows of itself: previews for ear and eye, health with alarms, metrics, curves.

Axes: N samples, T step (16).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from antiphon.codecs.chords import NO_CHORD, chord_vector
from antiphon.codecs.codec import Codec, Rows
from antiphon.codecs.melody import LOWEST, NUM_PITCHES
from antiphon.codecs.notes import NoteSequences
from antiphon.codecs.phrases import PhraseRolls, unpack
from antiphon.codecs.progressions import Progressions
from antiphon.errors import InputError
from antiphon.evaluation.metrics.in_training import KINDS, measure
from antiphon.evaluation.metrics.in_training_phrases import measure_phrases
from antiphon.families.band.objective import BandObjective
from antiphon.families.bar.hearing import one_hot
from antiphon.families.bar.objective import BarObjective
from antiphon.families.chords.objective import ChordsObjective
from antiphon.families.lstm.note_objective import LstmObjective
from antiphon.families.lstm.notes import valid
from antiphon.families.lstm.objective import LstmGan
from antiphon.families.midinet.objective import Midinet
from antiphon.families.musegan.objective import Musegan
from antiphon.gan.health import examine
from antiphon.gan.losses import LOSSES, AdversarialLoss, adversarial_loss
from antiphon.gan.objective import Objective
from antiphon.gan.vitals import Evidence
from antiphon.io.image import render_image
from antiphon.io.midi import write_midi
from antiphon.io.roll_pictures import coloured, tiled, write_pixels
from antiphon.music.score import NOTE, Score, Track, empty
from antiphon.phrase_evidence import num_examined, phrase_evidence
from antiphon.training.curves import CURVES, METRICS, draw_curves, draw_metrics
from antiphon.training.log import MADE, REAL, History
from antiphon.training.seeds import seed_torch

PREVIEWS = "previews"

_NUM_PREVIEWED, _TILES = 8, 4
_NUM_EXAMINED = 512
_NUM_EVALUATED = 512
_FIXED_SEED = 20_011
# The examination reads these from the log, where its own figures must not look like the trainer's.
_LOGGED_BY_TRAINER = ("gradient_norm", "confidence_real", "confidence_fake", "loss")


class Preview:
    """Renders samples of the same fixed latents and conditions as `previews/ITERATION.mid` and `.png`: eight made bars
    or phrases, then the eight real ones of the same conditions; phrases are drawn in four rows, real ones below.

    Parameters
    ----------
    run
        The run folder.
    codec
        Turns bars into notes.
    rows
        Real rows, held out where there are enough; the first ones are used.
    every
        Interval in iterations.
    """

    def __init__(self, run: Path, codec: Codec, rows: Rows, every: int) -> None:
        self.every = every
        self._folder, self._codec = run / PREVIEWS, codec
        self._rows = {name: np.array(values[:_NUM_PREVIEWED]) for name, values in rows.items()}

    def __call__(self, iteration: int, objective: Objective, history: History) -> dict[str, float]:
        """Write the two files."""
        device = next(objective.parameters()).device
        seed_torch(_FIXED_SEED, device=device)
        made = objective.sample(len(self._rows["real"]), _on(device, self._rows)).cpu().numpy()
        score = self._score(made)
        name = f"{iteration:07d}"
        write_midi(score, self._folder / f"{name}.mid")
        picture = self._folder / f"{name}.png"
        if isinstance(self._codec, PhraseRolls):
            _draw_phrases(self._codec, (made, self._real(self._codec)), picture)
        else:
            render_image(score, picture)
        return {}

    def _real(self, codec: PhraseRolls) -> NDArray[np.bool_]:
        return unpack(self._rows["real"], *codec.shape[2:])

    def _score(self, made: NDArray[Any]) -> Score:
        parts = {"made": made, "real": self._rows["real"]}
        if isinstance(self._codec, NoteSequences):
            return _one_after_the_other(partial(self._codec.decode, length=self._rows["length"]), parts)
        if isinstance(self._codec, PhraseRolls):
            return self._codec.decode(np.concatenate([made, self._real(self._codec)]))
        if isinstance(self._codec, Progressions):
            return _one_after_the_other(self._codec.decode, parts)
        bars = np.concatenate([made, self._rows["real"]])
        chords = np.tile(self._rows["chord"], 2) if "chord" in self._rows else None
        score: Score = decode_bars(self._codec, bars, chords)
        notes, half = score.tracks[0].notes, len(made) * 4 * score.ticks_per_beat
        halves = {"made": notes[notes["start"] < half], "real": notes[notes["start"] >= half]}
        return replace(score, tracks=tuple(Track(part, name=name) for name, part in halves.items()))


class Health:
    """Examines samples against real bars, logs the measures, says and logs the alarms.

    Parameters
    ----------
    rows
        Real rows, held out where there are enough: training rows cannot show memorising. The first 512 are used.
    every
        Interval in iterations.
    say
        Takes the sentence of an alarm that did not sound at the last examination.
    codec
        What the rows are written in; phrases are examined by `antiphon.phrase_evidence`, fewer of them.
    """

    def __init__(self, rows: Rows, every: int, say: Callable[[str], object], codec: Codec | None = None) -> None:
        self.every, self._codec = every, codec
        num = num_examined(codec) if isinstance(codec, PhraseRolls) else _NUM_EXAMINED
        self._rows = {name: np.array(values[:num]) for name, values in rows.items()}
        self._say = say
        self._sounding: frozenset[str] = frozenset()

    def __call__(self, iteration: int, objective: Objective, history: History) -> dict[str, float]:
        """The measures as "health/NAME", and 1 for each sounding "alarm/NAME"."""
        now = {"iteration": float(iteration)}
        found = examine([*history, now], self._evidence(objective), loss=_loss(objective))
        for alarm in found.alarms:
            if alarm.name not in self._sounding:
                self._say(f"iteration {iteration}: {alarm}")
        self._sounding = frozenset(alarm.name for alarm in found.alarms)
        measures = {
            f"health/{name}": float(f"{value:.6g}")
            for name, value in found.measures.items()
            if not name.endswith(_LOGGED_BY_TRAINER)
        }
        return measures | {f"alarm/{name}": 1.0 for name in sorted(self._sounding)}

    def _evidence(self, objective: Objective) -> Evidence:
        device = next(objective.parameters()).device
        batch = _on(device, self._rows)
        if isinstance(self._codec, PhraseRolls):
            assert isinstance(objective, Musegan | BandObjective)
            return phrase_evidence(objective, self._codec, batch, int(torch.randint(2**31, ())))
        num = len(batch["real"])
        fake = objective.sample(num, batch)
        one = {name: values[:1].expand(num, *values.shape[1:]) for name, values in batch.items()}
        return Evidence(
            real=batch["real"],
            fake=fake,
            fake_one_condition=objective.sample(num, one) if batch.keys() & {"previous", "chord"} else None,
            real_logits=_judge(objective, batch["real"], batch),
            fake_logits=_judge(objective, fake, batch),
            counts={
                "pitch_classes": (
                    _pitch_classes(objective, batch["real"], batch),
                    _pitch_classes(objective, fake, batch),
                )
            },
        )


class Evaluation:
    """Logs the cheap metrics of samples of the same fixed latents and conditions as "evaluate/NAME", and those of the
    real bars of these conditions as "evaluate_real/NAME".

    Parameters
    ----------
    codec
        Whose bars they are.
    rows
        Real rows, held out where there are enough. The first half, 512 at most, gives the conditions; what overlaps
        are taken with is as many others, so that real bars too are compared with others than themselves.
    every
        Interval in iterations.

    Raises
    ------
    InputError
        If no such metrics are known for the codec.
    """

    def __init__(self, codec: Codec, rows: Rows, every: int) -> None:
        self.every, self._measure = every, _metrics(codec, every)
        most = num_examined(codec) if isinstance(codec, PhraseRolls) else _NUM_EVALUATED
        num = min(-(-len(rows["real"]) // 2), most)
        self._rows = {name: np.array(values[:num]) for name, values in rows.items()}
        self._others = {name: np.array(values[num : 2 * num]) for name, values in rows.items()}
        self._real = _figures(REAL, self._measure(self._rows, self._others))

    def __call__(self, iteration: int, objective: Objective, history: History) -> dict[str, float]:
        """The metrics that are defined."""
        device = next(objective.parameters()).device
        seed_torch(_FIXED_SEED, device=device)
        made = objective.sample(len(self._rows["real"]), _on(device, self._rows)).cpu().numpy()
        return _figures(MADE, self._measure({**self._rows, "real": made}, self._others)) | self._real


def _metrics(codec: Codec, every: int) -> Callable[[Rows, Rows], dict[str, float]]:
    """The metrics of some rows, of which some are overlaps with others."""
    if isinstance(codec, PhraseRolls):
        return lambda rows, others: measure_phrases(codec, np.asarray(rows["real"]))
    kind = str(getattr(codec, "kind", ""))
    if kind not in KINDS:
        raise InputError(
            f"train.evaluate_every = {every}: there are no metrics yet for this preset's codec "
            f"({type(codec).__name__}); leave it out"
        )
    return partial(measure, kind)


def _figures(group: str, values: Mapping[str, float]) -> dict[str, float]:
    """What is defined, at the precision of a log."""
    return {group + name: float(f"{value:.6g}") for name, value in values.items() if np.isfinite(value)}


class Curves:
    """Draws losses and confidences so far as `curves.png`, and metrics, where they are logged, as `metrics.png`.

    Parameters
    ----------
    run
        The run folder.
    every
        Interval in iterations.
    """

    def __init__(self, run: Path, every: int) -> None:
        self.every, self._run = every, run

    def __call__(self, iteration: int, objective: Objective, history: History) -> dict[str, float]:
        """Write the pictures, once there is something to show."""
        if any(name.endswith("/loss") for record in history for name in record):
            draw_curves(history, self._run / CURVES)
        draw_metrics(history, self._run / METRICS)
        return {}


def decode_bars(codec: Any, bars: NDArray[np.uint8], chords: NDArray[np.uint8] | None) -> Score:
    """Bars with the codes of their chords as a score, by any codec of bars."""
    score: Score = codec.decode(bars, chords=None if chords is None else chords.tolist())
    return score


def _draw_phrases(codec: PhraseRolls, parts: Sequence[NDArray[np.bool_]], path: Path) -> None:
    """Phrases (n, K, B, T, P) as tiles, each part in rows of its own."""
    names = codec.ensemble.names
    rows = [part[begin : begin + _TILES] for part in parts for begin in range(0, len(part), _TILES)]
    write_pixels(tiled([[coloured(phrase, names) for phrase in row] for row in rows]), path)


def _one_after_the_other(decode: Callable[[NDArray[np.uint8]], Score], parts: Mapping[str, NDArray[np.uint8]]) -> Score:
    """Rows by name as tracks, each from the bar after the end of the one before."""
    score, begin, tracks = Score(), 0, []
    for name, rows in parts.items():
        score = decode(rows)
        notes = np.concatenate([track.notes for track in score.tracks]) if score.tracks else empty(NOTE)
        notes["start"] += begin
        notes["end"] += begin
        bar = 4 * score.ticks_per_beat
        begin = -(-int(notes["end"].max(initial=begin)) // bar) * bar
        tracks.append(Track(notes, name=name))
    return replace(score, tracks=tuple(tracks))


def _judge(objective: Objective, bars: Tensor, batch: Mapping[str, Tensor]) -> Tensor:
    """The discriminator's logits (N,) of bars (N, T) under the conditions of a batch."""
    if isinstance(objective, Midinet):
        codes = batch["chord"].cpu().numpy() if objective.config.chord else None
        chord = None if codes is None else torch.from_numpy(chord_vector(codes)).to(bars.device)
        logits: Tensor = objective.discriminator(bars, chord)
        return logits
    if isinstance(objective, LstmGan):
        return objective.judge(bars, batch["length"])
    if isinstance(objective, LstmObjective):
        return objective.judge(bars, batch["length"], batch["place"], batch["bar"])
    if isinstance(objective, ChordsObjective):
        return objective.judge(bars, batch)
    assert isinstance(objective, BarObjective)
    return torch.as_tensor(objective.discriminator(one_hot(bars), batch["previous"], batch["chord"])).squeeze(1)


def _loss(objective: Objective) -> AdversarialLoss:
    if isinstance(objective, Midinet):
        return adversarial_loss(objective.config.loss, objective.config.real_target)
    if isinstance(objective, Musegan):
        return LOSSES[objective.config.loss]
    return LOSSES["non-saturating" if isinstance(objective, LstmGan) else "relativistic"]


def _pitch_classes(objective: Objective, bars: Tensor, batch: Mapping[str, Tensor]) -> Sequence[int]:
    if isinstance(objective, LstmGan | LstmObjective):
        bars = bars[valid(batch["length"], bars.shape[1])][:, 0]
    values = bars.flatten().long()
    if isinstance(objective, BarObjective):
        values = values[values < NUM_PITCHES] + LOWEST
    if isinstance(objective, ChordsObjective):
        values = values[values < NO_CHORD]
    counts: list[int] = torch.bincount(values % 12, minlength=12).tolist()
    return counts


def _on(device: torch.device, rows: Rows) -> dict[str, Tensor]:
    return {name: torch.from_numpy(values).to(device) for name, values in rows.items()}
