"""Doors to models: corpora prepared, presets trained, runs published, published weights converted."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from antiphon.doors.app import AsJson, app, convert, print_json, quiet, say_to_stderr, tell
from antiphon.errors import InputError


@app.command
def prepare(
    source: str,
    out: Path,
    /,
    *,
    view: str | None = None,
    splits: int | None = None,
    seed: int = 0,
    licence: str | None = None,
    selection: str | None = None,
    scores: Path | None = None,
    genres: Path | None = None,
    genre: str | None = None,
    workers: int | None = None,
    as_json: AsJson = False,
) -> None:
    """Make a corpus of a folder or an archive of MIDI files, or of a known corpus.

    Parameters
    ----------
    source
        A folder, an archive, or the name of a known corpus (see antiphon corpora).
    out
        The corpus folder; appears whole or not at all.
    view
        Also encode the rows that this preset trains on.
    splits
        How many 8-bar splits the view picks; the corpus remembers it, and train on it picks the same unless told
        otherwise by codec.num_splits=N codec.split_seed=S.
    seed
        Of the division into training, validation and test songs, and of the pick of splits: another one divides the
        songs anew.
    licence
        Of the music, for the corpus and every model trained on it; known corpora bring their own.
    selection
        Which songs are taken: lpd, lpd-matched or lpd-cleansed (of the Lakh datasets, as the Lakh pianoroll dataset
        does), musegan (as MuseGAN did), cleansed (any music with one time signature, 4/4 from the beginning).
    scores
        match_scores.json of the Lakh MIDI dataset; found unasked in or beside the source.
    genres
        A list of songs: ids of the Million Song Dataset, one a line, with labels behind them or without.
    genre
        Only songs with this label in that list.
    workers
        Processes; by default one a core where there is enough to do.
    as_json
        Print the result as JSON.
    """
    from antiphon.commands.preparing import prepare_corpus

    say = quiet if as_json else print
    options: dict[str, Any] = {"view_of": view, "splits": splits, "seed": seed, "licence": licence, "workers": workers}
    options |= {"selection": selection, "scores": scores, "genres": genres, "genre": genre}
    facts = prepare_corpus(source, out, **options, say=say)
    if as_json:
        print_json(facts)


@app.command
def train(
    preset: str,
    corpus: str,
    /,
    *overrides: str,
    run: Path,
    start: Annotated[str | None, Parameter(name="--from")] = None,
    evaluate_every: int | None = None,
    tensorboard: Annotated[bool, Parameter(negative="")] = False,
    as_json: AsJson = False,
) -> None:
    """Train a preset on a corpus; the same command again resumes.

    On several GPUs: torchrun --nproc-per-node N -m -- antiphon train ...

    Parameters
    ----------
    preset
        A name from antiphon presets.
    corpus
        A folder made by antiphon prepare, or the name of an embedded corpus.
    overrides
        Settings such as train.iterations=5000 train.batch_size=64 family.latent_dim=32 codec.num_splits=600. Without
        the last one a corpus made by prepare --splits gives the splits that were picked there.
    run
        Folder for the run: checkpoint, log, previews, curves.
    start
        Begin with the weights of this model (fine-tuning).
    evaluate_every
        Every so many iterations log metrics of samples beside those of real music, and draw them as metrics.png.
    tensorboard
        Also write TensorBoard events.
    as_json
        Print the result as JSON.
    """
    from antiphon.commands.preparing import resolve_for
    from antiphon.fit import fit_preset, leads

    chosen = [*overrides, *(["train.tensorboard=true"] if tensorboard else [])]
    chosen += [f"train.evaluate_every={evaluate_every}"] if evaluate_every is not None else []
    config = resolve_for(preset, corpus, chosen)
    facts = fit_preset(config, corpus, run, start=start, say=quiet if as_json else say_to_stderr)
    if not leads():
        return
    ending = ", converged" if facts["converged"] else ""
    done = f"{run}: {facts['iteration']} iterations{ending}; publish it with antiphon publish {run} OUT.safetensors"
    tell(facts, done, as_json)


def way_of_setting(option: str, arguments: Sequence[str]) -> str:
    """How a setting is written that was meant as an option of `train`; nothing where no setting has its name.

    Parameters
    ----------
    option
        As it was given, such as --iterations or --iterations=3.
    arguments
        What `train` was given, the preset first.
    """
    from antiphon.commands.settings import settings_called

    name, sign, value = option.partition("=")
    after = arguments[arguments.index(option) + 1 :] if option in arguments else []
    given = value if sign else next((word for word in after[:1] if not word.startswith("-")), "VALUE")
    ways = [f"{key}={given}" for key in settings_called(name, arguments[0])]
    return f"Settings are written without dashes: {' or '.join(ways)}" if ways else ""


@app.command
def publish(run: Path, out: Path, /, *, as_json: AsJson = False) -> None:
    """Make a model file of a run.

    Parameters
    ----------
    run
        The folder of a training.
    out
        The model file, named .safetensors.
    as_json
        Print the model's card as JSON.
    """
    from antiphon.fit import publish_run

    card = publish_run(run, out)
    tell(card, f"{out}: {card['preset']} after {card['iteration']} iterations, licence: {card['licence']}", as_json)


@convert.command
def midinet(checkpoint: Path, out: Path, /, *, as_json: AsJson = False) -> None:
    """Convert a published MidiNet-style Lightning checkpoint; nothing in it is executed.

    Parameters
    ----------
    checkpoint
        The .ckpt file.
    out
        The model file, named .safetensors.
    as_json
        Print the model's card as JSON.
    """
    from antiphon.commands.converting import convert_midinet

    card = convert_midinet(checkpoint, out)
    tell(card, f"{out}: {card['preset']}, licence: {card['licence']}", as_json)


@convert.command
def lstm(generator: Path, /, *files: Path, as_json: AsJson = False) -> None:
    """Convert the published LSTM GAN's weights; nothing in them is executed.

    Parameters
    ----------
    generator
        The generator's .pth file.
    files
        The discriminator's .pth file, where there is one, and the model file, named .safetensors.
    as_json
        Print the model's card as JSON.
    """
    from antiphon.commands.converting import convert_lstm

    if len(files) not in (1, 2):
        raise InputError("convert lstm: give GENERATOR.pth, DISCRIMINATOR.pth where there is one, and OUT.safetensors")
    *discriminator, out = files
    card = convert_lstm([generator, *discriminator], out)
    tell(card, f"{out}: {card['preset']}, licence: {card['licence']}", as_json)


@convert.command(name="transformer-gan")
def transformer_gan(checkpoint: Path, out: Path, /, *, as_json: AsJson = False) -> None:
    """Convert the generator of a published Transformer-GAN checkpoint; nothing in it is executed.

    Parameters
    ----------
    checkpoint
        The .pt file: a state by the published names, or a dictionary that holds it as "model".
    out
        The model file, named .safetensors.
    as_json
        Print the model's card as JSON.
    """
    from antiphon.commands.converting import convert_transformer_gan

    card = convert_transformer_gan(checkpoint, out)
    tell(card, f"{out}: {card['preset']}, licence: {card['licence']}", as_json)
