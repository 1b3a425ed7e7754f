"""The bridge: a preset and a corpus to a run, and a run to a model file."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from antiphon.codecs.codec import Codec, Rows
from antiphon.codecs.performance import PerformanceTokens
from antiphon.codecs.phrases import PhraseRolls, phrases_with
from antiphon.data.corpus import Corpus
from antiphon.data.reasons import check_enough, told_given
from antiphon.data.views import view
from antiphon.errors import InputError
from antiphon.families.musegan.config import MuseganConfig
from antiphon.families.transformer.masked_config import MaskedConfig
from antiphon.files import write_bytes
from antiphon.origins import begun, card_of, origin_of
from antiphon.resolved import RunConfig

if TYPE_CHECKING:
    from antiphon.training.log import History
    from antiphon.training.loop import Batches
    from antiphon.training.trainer import Observer

HELD_OUT_FILE = "held_out.safetensors"

_BATCHED = ("real", "onsets", "previous", "chord", "length", "place", "bar", "mode", "left", "traits")
_NUM_HELD_OUT, _NUM_PUBLISHED, _FEWEST_HELD_OUT = 1024, 64, 64


def fit_preset(
    config: RunConfig,
    corpus: Corpus | Path | str,
    run: Path | str,
    *,
    start: str | Path | None = None,
    workers: int | None = None,
    say: Callable[[str], object] = print,
) -> dict[str, Any]:
    """Train in a run folder; the same call on the same folder resumes.

    Parameters
    ----------
    config
        Such as `get_preset("midinet-v2").resolve(["train.epochs=5"])`.
    corpus
        A corpus, its folder, or the name of an embedded one.
    run
        The folder: `config.json`, `log.jsonl`, `checkpoint.pt`, `previews/`, `curves.png`, and where metrics are
        logged (`train.evaluate_every`) `metrics.png`.
    start
        Begin with the weights of this model, see `antiphon.generate.load`.
    workers
        Processes for encoding the corpus; None: as many as are worth it.
    say
        Takes sentences: what is trained on, that there are too few held-out bars to judge by, alarms.

    Returns
    -------
    Plain facts: "run", "preset", "corpus", "rows" and the number of "songs" that they come from, "iteration",
    "converged", "last" (the last record of the log), "evaluated" (metrics as logged last, made and real by name).

    Raises
    ------
    InputError
        If the corpus has no rows for the codec, the model does not fit, the run was begun otherwise, or the folder
        cannot be written.
    KeyboardInterrupt
        After a signal, once the checkpoint is written.
    """
    from antiphon.observers import Curves
    from antiphon.training.trainer import fit

    corpus = corpus if isinstance(corpus, Corpus) else Corpus.open(corpus)
    run, train = Path(run), config.train
    rows, num_songs, remark = _rows(corpus, config, workers)
    origin = origin_of(start)
    say = say if leads() else _silent
    held_out = _held_out(corpus, config, workers)
    prepared = _of_pieces if isinstance(config.codec, PerformanceTokens) else _of_rows
    loader, observers = prepared(config, rows, held_out, run, say)
    objective, lender = begun(config, origin, _batched(rows))
    curves = Curves(run, train.preview_every)

    def opened(run: Path) -> None:
        length = train.iterations or (train.epochs or 0) * loader.iterations_per_epoch
        songs = _of_songs(corpus, num_songs)
        called = _called(config.codec)
        say(f"{corpus.name}: {len(rows['real']):,} {called}{songs} to train {config.preset} on, {length:,} iterations")
        if remark:
            say(remark)
        if not held_out:
            instead = f"health and previews compare with training {called} instead"
            say(f"fewer than {_FEWEST_HELD_OUT} held-out {called}: {instead}")
        _keep_held_out(run, corpus, config.codec, workers, train.seed)

    observers = [*observers, curves]
    card = card_of(config, corpus, origin, lender)
    fitted = fit(objective, loader, train, run, card, observers=observers, opened=opened)
    if leads():
        curves(fitted.iteration, objective, fitted.history)
    return {
        "run": str(run),
        "preset": config.preset,
        "corpus": corpus.name,
        "rows": len(rows["real"]),
        "songs": num_songs,
        "iteration": fitted.iteration,
        "converged": fitted.converged,
        "last": dict(fitted.history[-1]) if fitted.history else {},
        "evaluated": _evaluated(fitted.history),
    }


def _of_rows(
    config: RunConfig, rows: Rows, held_out: Rows, run: Path, say: Callable[[str], object]
) -> "tuple[Batches, list[Observer]]":
    """Batches of rows, and who looks on: previews, health and metrics beside rows that are held out, or else others."""
    from antiphon.loader import Loader
    from antiphon.observers import Evaluation, Health, Preview

    train, own = config.train, _batched(rows)
    shown = _some(_batched(held_out) or own, train.seed)
    preview = Preview(run, config.codec, shown, train.preview_every)
    observers: list[Observer] = [preview, Health(shown, train.health_every, say, config.codec)]
    if train.evaluate_every is not None:
        observers.append(Evaluation(config.codec, shown, train.evaluate_every))
    return Loader(own, train.batch_size, train.seed), observers


def _of_pieces(
    config: RunConfig, rows: Rows, held_out: Rows, run: Path, say: Callable[[str], object]
) -> "tuple[Batches, list[Observer]]":
    """Batches of pieces, and who looks on: previews, and likelihood of pieces that are held out, or else others."""
    from antiphon.observers import PREVIEWS, Evaluation
    from antiphon.piece_loader import PieceLoader, check_memory, pieces_of, plan_of
    from antiphon.piece_observers import HeldOutHidden, HeldOutNats, PiecePreview

    train, codec = config.train, config.codec
    assert isinstance(codec, PerformanceTokens)
    shown = pieces_of(held_out or rows)
    if isinstance(config.family, MaskedConfig):
        told: Observer = HeldOutHidden(shown, config.family.block, train.health_every)
        return PieceLoader(pieces_of(rows), plan_of(config), codec), [told]
    check_memory(config)
    preview = PiecePreview(run / PREVIEWS, codec, shown[0], train.preview_every)
    observers: list[Observer] = [preview, HeldOutNats(shown, train.health_every)]
    if train.evaluate_every is not None:
        observers.append(Evaluation(codec, {}, train.evaluate_every))
    return PieceLoader(pieces_of(rows), plan_of(config), codec), observers


def _evaluated(history: "History") -> dict[str, dict[str, float | None]]:
    from antiphon.training.log import MADE, REAL

    last = next((record for record in reversed(history) if any(name.startswith(MADE) for name in record)), {})
    names = [name.removeprefix(MADE) for name in last if name.startswith(MADE)]
    return {name: {"made": last[MADE + name], "real": last.get(REAL + name)} for name in names}


def leads() -> bool:
    """Whether this process is the first of those that train together, which alone speaks and writes."""
    return os.environ.get("RANK", "0") == "0"


def publish_run(run: Path | str, out: Path | str) -> dict[str, Any]:
    """Write the model file of a run, with some of its held-out bars, and return its card.

    Raises
    ------
    InputError
        If the folder is no run or has no checkpoint yet, or the file cannot be written.
    """
    from antiphon.model_files import HELD_OUT
    from antiphon.training.checkpoint import publish

    run, out = Path(run), Path(out)
    if out.suffix != ".safetensors":
        raise InputError(f"{out}: a model file's name ends in .safetensors; choose such a name")
    return publish(run, out, {HELD_OUT + name: values for name, values in _read_held_out(run).items()})


def _of_songs(corpus: Corpus, num_songs: int) -> str:
    """How many songs gave bars; published sets of bars know of no songs."""
    total = len(corpus.split("train")) if corpus.num_songs else 0
    return f" of {num_songs:,} of {total:,} training songs" if total else ""


def _rows(corpus: Corpus, config: RunConfig, workers: int | None) -> tuple[Rows, int, str]:
    """Rows to train on, how many songs they come from, for a codec passes over songs in which it finds nothing, and
    what there is to say of rows that are left out."""
    codec = config.codec
    rows, remark = view(corpus, _stored(codec), "train", workers), ""
    if isinstance(codec, PhraseRolls):
        check_enough(corpus, codec, len(rows["real"]), config.train.batch_size)
        if (given := _given(config)) is not None:
            every, rows = len(rows["real"]), _playing(rows, given)
            counts = {"num_rows": len(rows["real"]), "every": every, "batch_size": config.train.batch_size}
            remark = told_given(corpus, codec, given, **counts)
    elif not len(rows["real"]):
        raise InputError(
            f"{corpus.name}: no {_called(codec)} in its training songs for this preset's codec "
            f"({type(codec).__name__} {_needs(codec)}); prepare other music or choose another preset"
        )
    return rows, len(np.unique(rows["song"])), remark


def _given(config: RunConfig) -> int | None:
    """The number of the track that a model is given."""
    return config.family.condition if isinstance(config.family, MuseganConfig) else None


def _playing(rows: Rows, track: int) -> Rows:
    """The phrases in which a track sounds: who plays to silence learns nothing of playing to something."""
    there = phrases_with(rows["real"], track)
    return rows if len(there) == len(rows["real"]) else {name: values[there] for name, values in rows.items()}


def _stored(codec: Codec) -> Codec:
    """The codec whose rows are kept: what training makes of them is drawn anew."""
    return codec.stored if isinstance(codec, PerformanceTokens) else codec


def _called(codec: Codec) -> str:
    """What a row is called."""
    return {
        "notes": "sequences of notes",
        "progressions": "windows of chords",
        "phrases": "phrases",
        "performance": "tokens",
    }.get(getattr(codec, "kind", ""), "bars")


def _needs(codec: Codec) -> str:
    return {
        "melody": "needs a melody in 4/4 on a beat grid",
        "frames": "needs songs of at least 16 seconds",
        "notes": "needs notes on a beat grid, or the unit seconds",
        "performance": "needs notes on its keyboard",
        "progressions": "needs songs of four bars and more with chords, on a beat grid",
    }.get(getattr(codec, "kind", ""), "finds none")


def _batched(rows: Rows) -> dict[str, NDArray[Any]]:
    return {name: rows[name] for name in _BATCHED if name in rows}


def _held_out(corpus: Corpus, config: RunConfig, workers: int | None) -> Rows:
    """Rows of validation songs; nothing where there are too few to show."""
    rows = view(corpus, _stored(config.codec), "valid", workers)
    given = _given(config)
    rows = rows if given is None else _playing(rows, given)
    return rows if len(rows["real"]) >= _FEWEST_HELD_OUT else {}


def _some(rows: Mapping[str, NDArray[Any]], seed: int) -> dict[str, NDArray[Any]]:
    chosen = np.random.default_rng([seed, _NUM_HELD_OUT]).permutation(len(rows["real"]))[:_NUM_HELD_OUT]
    return {name: np.asarray(values[chosen]) for name, values in rows.items()}


def _keep_held_out(run: Path, corpus: Corpus, codec: Codec, workers: int | None, seed: int) -> None:
    """Put some bars of validation songs into the run, for chains of the published model to begin with."""
    path = run / HELD_OUT_FILE
    rows = _batched(view(corpus, _stored(codec), "valid", workers))
    if "previous" not in rows or not len(rows["real"]):
        path.unlink(missing_ok=True)
        return
    from safetensors.numpy import save

    write_bytes(path, save({"real": np.ascontiguousarray(_some(rows, seed)["real"][:_NUM_PUBLISHED])}))


def _read_held_out(run: Path) -> dict[str, Any]:
    path = run / HELD_OUT_FILE
    if not path.exists():
        return {}
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return dict(load_file(path))
    except SafetensorError:
        raise InputError(f"{path}: damaged; remove it, and train one more iteration to have it again") from None


def _silent(sentence: str) -> None:
    pass
