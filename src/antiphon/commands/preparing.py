"""The whole of `antiphon prepare`: a corpus, the rows of a preset if asked for, and the splits picked for training."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from antiphon.codecs.codec import Codec
from antiphon.codecs.frames import FrameBars
from antiphon.data.corpus import VIEWS, Corpus
from antiphon.data.lakh import Metadata
from antiphon.data.manifest import SPLITS, Rules
from antiphon.data.prepare import CHOICES, prepare
from antiphon.data.selection import SELECTIONS
from antiphon.data.views import view
from antiphon.errors import InputError
from antiphon.files import write_text
from antiphon.presets.table import get_preset
from antiphon.resolved import RunConfig


def prepare_corpus(
    source: str,
    out: Path,
    *,
    view_of: str | None = None,
    splits: int | None = None,
    seed: int = 0,
    licence: str | None = None,
    selection: str | None = None,
    scores: Path | None = None,
    genres: Path | None = None,
    genre: str | None = None,
    workers: int | None = None,
    say: Callable[[str], object] = print,
) -> dict[str, Any]:
    """Prepare a corpus; see `antiphon.data.prepare.prepare`.

    Parameters
    ----------
    source, out
        What is read, and the corpus folder.
    view_of
        A preset whose rows are encoded too.
    splits
        How many 8-bar splits that view picks, then and in later trainings; None: the preset's own number.
    seed
        Of the division into training, validation and test songs, and with `splits` of their pick.
    licence
        Of the music; None: what is known of the source.
    selection, genre
        By which songs are chosen, see `antiphon.data.manifest.Rules`.
    scores, genres
        Files of match scores and of songs by genre, see `antiphon.data.lakh.Metadata`.
    workers
        Processes; None: as many as are worth it.
    say
        Takes sentences about what was done.

    Returns
    -------
    Plain facts: counts, and rows a split of the view.

    Raises
    ------
    InputError
        If an option does not fit the other, or preparing fails.
    """
    if workers is not None and workers < 1:
        raise InputError(f"workers = {workers}: choose at least 1")
    codec = _codec(view_of, splits, seed)
    rules = Rules.parse({"seed": seed, "selection": _selection(selection), "genre": genre})
    if genre is not None and genres is None:
        raise InputError("genre: needs a list of songs by genre; name one with --genres FILE")
    metadata = Metadata(scores, genres)
    manifest = prepare(source, out, rules, licence=licence, metadata=metadata, workers=workers, say=say)
    kinds: dict[str, int] = {}
    for rejection in manifest.rejected:
        kinds[rejection.kind] = kinds.get(rejection.kind, 0) + 1
    facts: dict[str, Any] = {
        "corpus": str(out),
        "name": manifest.name,
        "licence": manifest.licence,
        "fingerprint": manifest.fingerprint,
        "counts": dict(manifest.counts),
        "set_aside": dict(sorted(kinds.items())),
    }
    if codec is not None:
        corpus = Corpus.open(out)
        _remember(corpus, codec, splits is not None)
        facts["rows"] = {split: len(view(corpus, codec, split, workers)["real"]) for split in SPLITS}
        say(f"{view_of}: " + ", ".join(f"{num} bars to {_USES[split]}" for split, num in facts["rows"].items()))
    return facts


def _selection(name: str | None) -> str | None:
    if name is not None and name not in SELECTIONS:
        raise InputError(f"selection {name!r}: choose one of {', '.join(SELECTIONS)}")
    return name


_USES = {"train": "train on", "valid": "validate on", "test": "test on"}


def resolve_for(preset: str, corpus: str, overrides: Sequence[str]) -> RunConfig:
    """The run of a preset on a corpus: with the splits that were picked when it was prepared, unless overrides pick.

    Raises
    ------
    InputError
        If there is no such preset or corpus, or an override will not do.
    """
    row = get_preset(preset)
    run = row.resolve(overrides)
    keys = {override.partition("=")[0] for override in overrides}
    if not isinstance(run.codec, FrameBars) or keys & {"codec", "codec.num_splits", "codec.split_seed"}:
        return run
    # The opened corpus knows its folder: the name of an embedded one is never that of a folder here.
    folder = Corpus.open(corpus).folder
    picked = {} if folder is None else _choices(folder).get(run.codec.version, {})
    return row.resolve([*(f"codec.{key}={value}" for key, value in picked.items()), *overrides])


def _remember(corpus: Corpus, codec: Codec, chosen: bool) -> None:
    if corpus.folder is None or not isinstance(codec, FrameBars):
        return
    before = _choices(corpus.folder)
    choices = {version: picked for version, picked in before.items() if version != codec.version}
    if chosen:
        choices[codec.version] = codec.model_dump(mode="json", include={"num_splits", "split_seed"})
    if choices != before:
        write_text(corpus.folder / VIEWS / CHOICES, json.dumps(choices, indent=1, sort_keys=True) + "\n")


def _choices(folder: Path) -> dict[str, dict[str, int]]:
    path = folder / VIEWS / CHOICES
    if not path.exists():
        return {}
    try:
        content = json.loads(path.read_text())
        return {version: {key: int(picked[key]) for key in _PICK} for version, picked in content.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise InputError(f"{path}: damaged; remove it, or prepare the view again") from None


_PICK = ("num_splits", "split_seed")


def _codec(view_of: str | None, splits: int | None, seed: int) -> Codec | None:
    codec = get_preset(view_of).codec if view_of is not None else None
    if splits is None:
        return codec
    if not isinstance(codec, FrameBars):
        raise InputError("splits: only the rows of a midinet preset come from 8-bar splits; add --view midinet-v2, say")
    if splits < 1:
        raise InputError(f"splits = {splits}: choose at least 1")
    return codec.model_copy(update={"num_splits": splits, "split_seed": seed})
