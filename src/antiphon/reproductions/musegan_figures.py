"""MuseGAN's figures made anew: real and made phrases, before and after binarisation, what a training went through.

Dong et al. 2018, "MuseGAN", figures 2 and 7 to 13. Axes: N phrases, K track, B bar, T step, P pitch.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from antiphon.codecs.phrases import PhraseRolls, unpack
from antiphon.data.corpus import Corpus
from antiphon.data.views import view
from antiphon.errors import InputError
from antiphon.evaluation.metrics.in_training_phrases import measure_phrases
from antiphon.files import write_bytes, write_together
from antiphon.io.image import encode_png
from antiphon.io.roll_pictures import Pixels, coloured, stacked, tiled
from antiphon.presets.table import get_preset
from antiphon.reproductions.musegan_marks import LETTERS, draw_training, marked, read_preview, training_lines
from antiphon.reproductions.musegan_runs import CORPUS, Made, Run, check_scale, opened
from antiphon.reproductions.musegan_tables import GIVEN, TABLE_1, TABLE_1_COLUMNS, TRACKS
from antiphon.reproductions.result import Asked, Line, Reproduction, Scale

_WATCHED: Mapping[Scale, tuple[str, ...]] = {
    "toy": ("train.preview_every=2", "train.evaluate_every=4", "train.log_every=1"),
    "cpu": ("train.preview_every=20", "train.evaluate_every=40", "train.log_every=5"),
    "paper": ("train.preview_every=500", "train.evaluate_every=500", "train.log_every=50"),
}
_FRAGMENTS, _ROWS, _COLUMNS = 2, 3, 4
_MEASURED = 32


def real_figures(asked: Asked) -> Reproduction:
    """Figures 2 (two fragments, track above track) and 10 (phrases in colours) of training music.

    Raises
    ------
    InputError
        If the paper's music is asked for without a corpus, or the corpus has no phrases.
    """
    check_scale(asked)
    corpus, codec = Corpus.open(asked.corpus or CORPUS), get_preset("musegan-hybrid").codec
    assert isinstance(codec, PhraseRolls)
    rows = view(corpus, codec, "train", 1)
    if not len(rows["real"]):
        raise InputError(f"{corpus.name}: no phrase of five tracks in its training songs; give other music")
    chosen = _of_songs(np.asarray(rows["song"]), _ROWS * _COLUMNS, np.random.default_rng(asked.seed))
    phrases = unpack(np.asarray(rows["real"][chosen]), *codec.shape[2:])
    ids = [corpus.songs[int(song)].id for song in rows["song"][chosen]]
    names = codec.ensemble.names
    fragments = tiled([[stacked(phrase) for phrase in phrases[:_FRAGMENTS]]], [ids[:_FRAGMENTS]])
    sheet = [[coloured(phrase, names) for phrase in phrases[row::_ROWS]] for row in range(_ROWS)]
    pictures = {"figure-2": encode_png(fragments), "figure-10": encode_png(tiled([row for row in sheet if row]))}
    figures = [f"figure {figure}" for figure, num in (("2", _FRAGMENTS), ("10", len(ids))) for _ in range(num)]
    shown = [*ids[:_FRAGMENTS], *ids]
    lines = [Line(figure, "a song shown", None, song) for figure, song in zip(figures, shown, strict=True)]
    told = f"{len(chosen)} phrases of four bars, of training songs of {corpus.name}"
    return Reproduction(tuple(lines), told, (_order(names),), _written(asked, pictures))


def made_figures(asked: Asked) -> Reproduction:
    """Figures 7 (composer above hybrid), 11 (composer) and 12 (hybrid, both before and after binarisation).

    Raises
    ------
    InputError
        As `antiphon.reproductions.musegan_runs.opened`.
    """
    pictures, lines, told, binary = dict[str, bytes](), list[Line](), list[str](), list[list[Pixels]]()
    for figure, model in (("11", "composer"), ("12", "hybrid")):
        with opened(f"musegan-{model}", asked) as run:
            made = run.made(_MEASURED, asked.seed, asked.corpus or CORPUS)
            pictures[f"figure-{figure}"] = _before_and_after(run, made)
            binary.append([coloured(phrase, run.codec.ensemble.names) for phrase in made.after[:_COLUMNS]])
            lines += _qualified(f"figure {figure}, {model}", f"from scratch, {model}", run, made)
            told.append(run.told)
            names = run.codec.ensemble.names
    pictures = {"figure-7": encode_png(tiled(binary)), **pictures}
    return Reproduction(tuple(lines), "; ".join(told), (_order(names), *_remarks(asked)), _written(asked, pictures))


def conditional_figure(asked: Asked) -> Reproduction:
    """Figure 13: the composer to given strings, before and after binarisation.

    Raises
    ------
    InputError
        As `antiphon.reproductions.musegan_runs.opened`, or where no held-out phrase gives a track to play to.
    """
    preset = "musegan-composer-conditional"
    codec = get_preset(preset).codec
    assert isinstance(codec, PhraseRolls)
    with opened(preset, asked, f"family.condition={codec.ensemble.names.index('strings')}") as run:
        made = run.made(_MEASURED, asked.seed, asked.corpus or CORPUS)
        picture = _before_and_after(run, made)
        lines = tuple(_qualified("figure 13, composer", "on a track, composer", run, made))
        sentences = (
            f"The given track is {run.given}: it is music of songs that were not trained on, and not made.",
            _order(run.codec.ensemble.names),
            *_remarks(asked, run.given),
        )
        return Reproduction(lines, f"{made.told}, of {run.told}", sentences, _written(asked, {"figure-13": picture}))


def training_figures(asked: Asked) -> Reproduction:
    """Figures 8 (made phrases at marked steps of the composer's training) and 9 (its critic's loss, and the pitch
    classes and qualified notes of its strings, with the marks).

    Raises
    ------
    InputError
        As `antiphon.reproductions.musegan_runs.opened`, or if the run has no previews.
    """
    with opened("musegan-composer", asked, *_WATCHED[asked.scale]) as run:
        marks = marked(run.folder)
        names = [f"{letter}: iteration {at:,}" for letter, at in zip(LETTERS, marks, strict=False)]
        evolution = tiled([[stacked(read_preview(path, run.codec)) for path in marks.values()]], [names])
        lines = tuple(training_lines(run.history))
        pictures = {"figure-8": encode_png(evolution), "figure-9": draw_training(run.history, list(marks))}
        sentences = [_order(run.codec.ensemble.names), *_remarks(asked)[:-1]]
        if not lines:
            sentences.append("The run logged no metrics (train.evaluate_every), so figure 9 has no (b) and (c).")
        return Reproduction(lines, run.told, tuple(sentences), _written(asked, pictures))


def _before_and_after(run: Run, made: Made) -> bytes:
    """Phrases in colours, and below them what of each lies above zero."""
    names, rows = run.codec.ensemble.names, []
    for begin in range(0, _COLUMNS * (_ROWS - 1), _COLUMNS):
        some = slice(begin, begin + _COLUMNS)
        rows.append([coloured((phrase + 1) / 2, names) for phrase in made.before[some]])
        rows.append([coloured(phrase, names) for phrase in made.after[some]])
    given = "" if run.given is None else f" ({run.given} given)"
    kinds = (f"before binarisation{given}", f"after{given}")
    titles = [[title] * _COLUMNS for _ in range(0, len(rows), 2) for title in kinds]
    return encode_png(tiled(rows, titles))


def _qualified(figure: str, row: str, run: Run, made: Made) -> Iterator[Line]:
    """Of each pitched track, how many of the phrases' notes are long enough; the paper's where it is given no other
    track."""
    printed = dict(zip(TABLE_1_COLUMNS, TABLE_1[row], strict=True)) if run.given in (None, GIVEN) else {}
    found = measure_phrases(run.codec, made.after)
    for letter, track in TRACKS.items():
        column = f"QN {letter}"
        if track == run.given:
            yield Line(figure, column, None, None, remark="given")
        elif column in TABLE_1_COLUMNS:
            ours = 100 * found[f"qualified_note_rate/{track}"]
            yield Line(figure, column, printed.get(column), ours, remark=run.remark)


def _of_songs(song: NDArray[np.int64], num: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Rows of phrases, of as many songs as there are."""
    shuffled = rng.permutation(len(song))
    _, first = np.unique(song[shuffled], return_index=True)
    others = np.setdiff1d(np.arange(len(song)), first)
    return np.asarray(shuffled[np.concatenate([rng.permutation(first), others])[:num]])


def _order(names: Sequence[str]) -> str:
    return (
        f"Tracks lie above each other in this order: {', '.join(names)}. In colours bass is cyan, drums pink, guitar "
        "yellow, strings blue, piano orange."
    )


def _remarks(asked: Asked, given: str | None = None) -> tuple[str, ...]:
    toy = ("A toy run only shows that everything works; what it draws is noise.",) if asked.scale == "toy" else ()
    paper = "the paper's those of its table 1" if given in (None, GIVEN) else f"the paper has none to given {given}"
    return (*toy, f"Ours are the qualified notes of phrases of the same model, in percent; {paper}.")


def _written(asked: Asked, pictures: Mapping[str, bytes]) -> tuple[Path, ...]:
    """PNG files, all of them or none."""
    contents = {str(asked.out / f"{name}.png"): content for name, content in pictures.items()}
    write_together({path: partial(write_bytes, content=content) for path, content in contents.items()})
    return tuple(map(Path, contents))
