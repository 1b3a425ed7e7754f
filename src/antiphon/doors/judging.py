"""Doors to verdicts: music graded, several grades as one table, published tables and figures made anew."""

import sys
from pathlib import Path
from shutil import get_terminal_size
from typing import Annotated, Literal

from cyclopts import Parameter

from antiphon.doors.app import AsJson, app, print_json, print_rows, quiet, say_to_stderr, tell


@app.command
def evaluate(
    samples: str,
    /,
    *,
    reference: str | None = None,
    protocol: str | None = None,
    as_published: Annotated[bool, Parameter(negative="")] = False,
    tokens: int | None = None,
    seconds: float | None = None,
    prime_tokens: int | None = None,
    examiner: bool = True,
    num: int | None = None,
    bars: int | None = None,
    seed: int = 0,
    workers: int | None = None,
    out: Path | None = None,
    json: Annotated[Path | None, Parameter(name="--json")] = None,
) -> None:
    """Grade music: metrics with intervals, beside real music, its floor and shuffled music, with a verdict in words.

    Parameters
    ----------
    samples
        A folder of MIDI, a corpus, an .npz of rolls (rolls, lowest_pitch, resolution, drum_track), or a model, which
        then writes songs to be graded. A corpus may be narrowed to a part: lieder:test.
    reference
        Real music: a folder of MIDI, a corpus or an .npz of rolls. Its held-out songs are what samples are held
        against, the others teach the examiners.
    protocol
        bar, lstm, musegan, transformer-gan or all; by default what suits the samples.
    as_published
        Also print what the released codes of MuseGAN and Transformer-GAN print, slips included.
    tokens
        Length to which performances are cut on both sides; 0 for whole pieces.
    seconds
        The same in seconds.
    prime_tokens
        Tokens at the beginning of each sample that its model was given, in performances: does what follows go on from
        them?
    examiner
        Train classifiers to tell samples from real music, which takes minutes.
    num
        Songs that a model writes, by default 64.
    bars
        Length of each, by default 32.
    seed
        Of everything that is drawn by chance.
    workers
        Processes; by default one a core where there is enough to do.
    out
        A page with pictures for people: a folder, or a file named .html; its JSON is written beside it.
    json
        The report as JSON, to this file.
    """
    from antiphon.commands.evaluating import check_places, evaluate_samples, write_report
    from antiphon.evaluation.report.terminal import table_text
    from antiphon.evaluation.suite.plan import Plan

    check_places(out, json)
    plan = Plan(
        seed=seed,
        tokens=tokens,
        seconds=seconds,
        prime_tokens=prime_tokens,
        as_published=as_published,
        examine=examiner,
        workers=workers,
    )
    report = evaluate_samples(
        samples, reference=reference, protocol=protocol, plan=plan, num=num, bars=bars, say=say_to_stderr
    )
    print(table_text(report, get_terminal_size((120, 24)).columns, sys.stdout.encoding or "utf-8"))
    for path in write_report(report, out, json):
        print(path)


@app.command
def likelihood(
    model: str,
    corpus: str,
    /,
    *,
    split: Literal["train", "valid", "test"] = "test",
    memory: int | None = None,
    pieces: int | None = None,
    workers: int | None = None,
    as_json: AsJson = False,
) -> None:
    """Measure how surprised a model of tokens is by whole pieces that it never learnt: nats a token, lower is better.

    Parameters
    ----------
    model
        A shipped model, a model file, a hub id, a run's folder, or an n-gram of the corpus's training pieces: 5-gram.
    corpus
        A folder made by antiphon prepare, or the name of an embedded corpus.
    split
        Which of its pieces.
    memory
        Tokens that each token is given at most, itself among them; by default what the model was made for.
    pieces
        Only so many of them.
    workers
        Processes for encoding the corpus; by default one a core where there is enough to do.
    as_json
        Print the result as JSON, with every piece's.
    """
    from antiphon.commands.likelihoods import describe, measure_likelihood

    facts = measure_likelihood(model, corpus, split=split, memory=memory, pieces=pieces, workers=workers)
    tell(facts, describe(facts), as_json)


@app.command
def spread(*reports: Path, as_json: AsJson = False) -> None:
    """Tell training seeds from sampling seeds: the figures of several reports on models of one recipe.

    Parameters
    ----------
    reports
        JSON files of antiphon evaluate: several trainings of one recipe, of each one report or more with other seeds.
    as_json
        Print the result as JSON.
    """
    from antiphon.commands.listings import table_text
    from antiphon.commands.spreading import plain, spread_reports
    from antiphon.evaluation.report.spread import spread_table

    rows = spread_reports(reports)
    if as_json:
        print_json(plain(rows))
    else:
        print(table_text(spread_table(rows)))


@app.command
def reproduce(
    name: str | None = None,
    /,
    *,
    scale: Literal["toy", "cpu", "paper"] = "cpu",
    corpus: str | None = None,
    runs: Path | None = None,
    out: Path = Path("out"),
    seed: int = 0,
    as_json: AsJson = False,
) -> None:
    """Make a published table or figure anew, beside its published values; without a name, list them.

    Parameters
    ----------
    name
        A row of the list.
    scale
        toy runs in seconds, cpu in minutes of one core, paper at the size that was published.
    corpus
        A folder made by antiphon prepare, or the name of a corpus, instead of the row's own music.
    runs
        A folder of finished runs (antiphon train PRESET CORPUS --run RUNS/PRESET), whose models are measured and shown;
        models without one are trained at this scale for figures, and left out of tables.
    out
        Folder for NAME.json and pictures.
    seed
        Of everything that is drawn by chance.
    as_json
        Print the result as JSON.
    """
    from antiphon.commands.reproducing import describe, recipe_rows, reproduce_and_write

    if name is None:
        print_rows(recipe_rows, as_json)
        return
    facts = reproduce_and_write(
        name, scale=scale, corpus=corpus, out=out, seed=seed, runs=runs, say=quiet if as_json else say_to_stderr
    )
    if as_json:
        print_json(facts)
    else:
        print(describe(facts))
