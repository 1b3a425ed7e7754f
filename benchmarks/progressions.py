"""Progressions of the chords model beside those of held-out songs, of other real songs, of counts and of a list.

Every set but the real ones holds a song for each test song, as long and in its mode. Runs of chords are compared
with those of the test songs; the floor is what the validation songs, which are real, come to. Nats are of the test
songs' chords given all before them; the model knows too where in its song a chord stands. The examiners of the suite
hear windows of eight chords, songs kept apart. With `--model FILE` another model than the shipped one is graded.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from antiphon.codecs.chords import NO_CHORD, transpose_codes, triad_code
from antiphon.codecs.progressions import harmony_of
from antiphon.data.corpus import Corpus
from antiphon.evaluation.examiner.budget import Budget
from antiphon.evaluation.examiner.examination import examination, real_against_real
from antiphon.evaluation.examiner.material import Material, joined_features, shares
from antiphon.evaluation.metrics.progressions import (
    Counts,
    Song,
    changes,
    distinct_runs,
    ends_authentically,
    ends_in_cadence,
    ends_on_tonic,
    nats_a_chord,
    returns,
    run_divergence,
    run_overlap,
)
from antiphon.families.chords.objective import ChordsObjective
from antiphon.model_files import read
from antiphon.music.progressions import draw_progression
from antiphon.music.theory import Key
from antiphon.nn.straight_through import gumbel
from benchmarks.table import Row

CORPUS = "lieder"
WINDOW = 8
_EXAMINERS = Budget(iterations=300)


class Set(NamedTuple):
    """Songs, and whether each is in minor."""

    songs: list[Song]
    minor: list[bool]


def run(quick: bool = False, model: str = "chords") -> list[Row]:
    """Figures of every set; the examiners are left out if `quick`."""
    torch.set_num_threads(1)
    real, others, learnt = (real_set(split) for split in ("test", "valid", "train"))
    objective = read(model).build().eval()
    assert isinstance(objective, ChordsObjective), "a model of the family chords is graded here"
    sets = {
        "other real songs": others,
        model: made_by(objective, real),
        "counts of two chords": counted(learnt, real),
        "the common progressions": listed(real),
        "the test songs shuffled": shuffled(real),
    }
    rows = [Row(f"{name}, {CORPUS} test songs", value, unit) for name, value, unit in _own(real)]
    for name, other in sets.items():
        rows += [Row(f"{what}, {name}", value, unit) for what, value, unit in [*_beside(other, real), *_own(other)]]
        if not quick:
            rows.append(Row(f"examiner AUC, windows of {WINDOW} chords, {name}", examiner_auc(real, other), ""))
    if not quick:
        rows.append(Row(f"examiner AUC, windows of {WINDOW} chords, floor", _floor(real), ""))
    return rows + [Row(f"surprise, {name}", value, "nats a chord") for name, value in nats(objective, learnt, real)]


def real_set(split: str) -> Set:
    """The songs of a split of the corpus whose chords are known."""
    corpus = Corpus.open(CORPUS)
    found = [harmony_of(corpus.score(song)) for song in corpus.split(split)]
    there = [harmony for harmony in found if harmony is not None]
    return Set([harmony.degrees for harmony in there], [harmony.key.is_minor for harmony in there])


def made_by(objective: ChordsObjective, like: Set, seed: int = 0) -> Set:
    """Songs of a model, each as long as one of `like`."""
    lengths = [len(song) for song in like.songs]
    noise = gumbel(torch.randn(len(lengths), max(lengths), NO_CHORD, generator=torch.Generator().manual_seed(seed)))
    chords = objective.write(_places(like), noise).numpy()
    return Set([song[:length] for song, length in zip(chords, lengths, strict=True)], like.minor)


def counted(learnt: Set, like: Set, seed: int = 0) -> Set:
    """Songs drawn from counts of pairs of chords."""
    counts, chance = Counts(learnt.songs, learnt.minor, order=1), np.random.default_rng(seed)
    pairs = zip(like.songs, like.minor, strict=True)
    return Set([counts.draw(len(song), minor, chance) for song, minor in pairs], like.minor)


def listed(like: Set, seed: int = 0) -> Set:
    """Songs that repeat one of the common progressions."""
    chance = np.random.default_rng(seed)
    songs = []
    for song, minor in zip(like.songs, like.minor, strict=True):
        chords = draw_progression(Key(0, "natural minor" if minor else "major"), chance)
        songs.append(np.resize(np.array([triad_code(chord) for chord in chords], np.uint8), len(song)))
    return Set(songs, like.minor)


def shuffled(like: Set, seed: int = 0) -> Set:
    """The same chords of each song in another order."""
    chance = np.random.default_rng(seed)
    return Set([chance.permutation(song) for song in like.songs], like.minor)


def nats(objective: ChordsObjective, learnt: Set, real: Set) -> list[tuple[str, float]]:
    """The surprise of real chords by what foretells them."""
    pairs = list(zip(real.songs, real.minor, strict=True))
    named = {f"counts of runs of {order + 1}": Counts(learnt.songs, learnt.minor, order) for order in range(4)}
    found = [(name, nats_a_chord([counts.surprise(*pair) for pair in pairs])) for name, counts in named.items()]
    return [*found, ("the model", nats_a_chord(surprises(objective, real)))]


@torch.no_grad()
def surprises(objective: ChordsObjective, real: Set) -> list[NDArray[np.float64]]:
    """Nats of each chord of each song, given all before it."""
    found = []
    for index, song in enumerate(real.songs):
        one = Set([song], [real.minor[index]])
        found.append(objective.surprise({**_places(one), "real": torch.from_numpy(song[None])}).double().numpy())
    return found


def _places(songs: Set) -> dict[str, torch.Tensor]:
    num = len(songs.songs)
    return {
        "previous": torch.full((num, 8), NO_CHORD),
        "mode": torch.tensor([int(minor) for minor in songs.minor]),
        "place": torch.zeros(num, dtype=torch.int64),
        "left": torch.tensor([len(song) - 1 for song in songs.songs]),
    }


def _beside(songs: Set, real: Set) -> list[tuple[str, float, str]]:
    overlaps = [(f"overlap of runs of {n}", run_overlap(songs.songs, real.songs, n), "") for n in range(1, 5)]
    return overlaps + [
        (f"divergence of runs of {n}", run_divergence(songs.songs, real.songs, n), "bits") for n in range(1, 5)
    ]


def _own(songs: Set) -> list[tuple[str, float, str]]:
    pairs = list(zip(songs.songs, songs.minor, strict=True))
    ends = {"on the tonic": ends_on_tonic, "in a cadence": ends_in_cadence, "from the dominant": ends_authentically}
    return [
        ("distinct runs of 4", distinct_runs(songs.songs, 4), ""),
        ("changes a bar", _mean(changes, songs.songs), ""),
        ("back after 4 bars", _mean(partial(returns, bars=4), songs.songs), ""),
        ("back after 8 bars", _mean(partial(returns, bars=8), songs.songs), ""),
        *((f"ends {name}", float(np.mean([end(*pair) for pair in pairs])), "") for name, end in ends.items()),
    ]


def _mean(measure: Callable[[Song], float], songs: Sequence[Song]) -> float:
    return float(np.nanmean([measure(song) for song in songs]))


def examiner_auc(real: Set, made: Set) -> float:
    """The AUC of the examiner that tells best."""
    return examination(material(real), material(made), budget=_EXAMINERS).worst.auc


def _floor(real: Set) -> float:
    return real_against_real(material(real), budget=_EXAMINERS).worst.auc


def material(songs: Set) -> Material:
    """Windows of eight chords, one every four bars."""
    view = np.lib.stride_tricks.sliding_window_view
    windows = [
        view(song, WINDOW)[::4] if len(song) >= WINDOW else np.empty((0, WINDOW), np.uint8) for song in songs.songs
    ]
    codes = np.concatenate(windows)
    song = np.repeat(np.arange(len(windows)), [len(part) for part in windows])
    moves = transpose_codes(codes[:, 1:], -(codes[:, :-1].astype(np.int64) % 12)).astype(np.int64)
    again = [(codes[:, lag:] == codes[:, :-lag]).mean(1) for lag in (1, 2, 4)]
    features = joined_features(
        shares(codes.astype(np.int64), NO_CHORD), shares(moves + NO_CHORD * (codes[:, :-1] // 12), 2 * NO_CHORD), *again
    )
    planes = np.empty((*codes.shape, 0), np.uint8)
    return Material(
        f"windows of {WINDOW} chords", codes[:, :, None], (NO_CHORD,), planes, features, song.astype(np.int64)
    )
