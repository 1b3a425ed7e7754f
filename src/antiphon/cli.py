"""The command line: thin doors, importing what they need only when they are opened."""

import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, CycloptsError, Parameter

from antiphon import __version__
from antiphon.errors import InputError, memory_sentence

app = App(
    name="antiphon",
    help="Symbolic music generation with generative adversarial networks.",
    version=__version__,
    result_action="return_value",
    suppress_keyboard_interrupt=False,
)
convert = App(name="convert", help="Make a model file of published weights.", result_action="return_value")
app.command(convert)

AsJson = Annotated[bool, Parameter(name="--json", negative="")]


@app.command
def generate(
    model: str = "bar",
    /,
    *,
    num: int = 1,
    bars: int = 8,
    seed: int = 0,
    tempo: float | None = None,
    key: str | None = None,
    chords: str | None = None,
    first: str | None = None,
    accompaniment: str = "block",
    temperature: float = 1.0,
    out: Path = Path("out"),
    as_json: AsJson = False,
) -> None:
    """Write songs as MIDI, WAV and PNG, and a line about each.

    Parameters
    ----------
    model
        The name of a shipped model, a .safetensors file, or a hub id owner/name.
    num
        How many songs; song i is the first song of seed + i.
    bars
        Length of each song.
    seed
        The same seed gives the same files.
    tempo
        Beats a minute.
    key
        Where a progression is drawn from, such as "A minor"; instead of chords.
    chords
        One a bar, repeated, such as "C G Am F".
    first
        A MIDI file whose last bar the first bar follows, or held-out for a bar of music unknown to the model.
    accompaniment
        A pattern: block or 1 to 6; none for the melody alone.
    temperature
        Below 1 safer, above 1 wilder.
    out
        Folder for the files.
    as_json
        Print the result as JSON.
    """
    from antiphon.commands.songs import describe, write_songs
    from antiphon.generate import load

    songs = load(model).generate(
        bars,
        num=num,
        seed=seed,
        tempo=tempo,
        key=key,
        chords=chords,
        first=first,
        accompaniment=None if accompaniment == "none" else accompaniment,
        temperature=temperature,
    )
    facts = []
    for fact in write_songs(songs, out, Path(model).stem, seed, bars):
        facts.append(fact)
        if not as_json:
            print(describe(fact), flush=True)
    if as_json:
        _print_json(facts)


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
    workers
        Processes; by default one a core where there is enough to do.
    as_json
        Print the result as JSON.
    """
    from antiphon.commands.preparing import prepare_corpus

    say = _quiet if as_json else print
    options: dict[str, Any] = {"view_of": view, "splits": splits, "seed": seed, "licence": licence, "workers": workers}
    facts = prepare_corpus(source, out, **options, say=say)
    if as_json:
        _print_json(facts)


@app.command
def train(
    preset: str,
    corpus: str,
    /,
    *overrides: str,
    run: Path,
    start: Annotated[str | None, Parameter(name="--from")] = None,
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
    tensorboard
        Also write TensorBoard events.
    as_json
        Print the result as JSON.
    """
    from antiphon.commands.preparing import resolve_for
    from antiphon.fit import fit_preset, leads

    chosen = [*overrides, *(["train.tensorboard=true"] if tensorboard else [])]
    config = resolve_for(preset, corpus, chosen)
    facts = fit_preset(config, corpus, run, start=start, say=_quiet if as_json else _say_to_stderr)
    if not leads():
        return
    ending = ", converged" if facts["converged"] else ""
    done = f"{run}: {facts['iteration']} iterations{ending}; publish it with antiphon publish {run} OUT.safetensors"
    _tell(facts, done, as_json)


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
    _tell(card, f"{out}: {card['preset']} after {card['iteration']} iterations, licence: {card['licence']}", as_json)


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
    _tell(card, f"{out}: {card['preset']}, licence: {card['licence']}", as_json)


@app.command
def render(song: Path, out: Path, /, *, engine: str | None = None, as_json: AsJson = False) -> None:
    """Turn a song into sound or a piano-roll picture.

    Parameters
    ----------
    song
        A MIDI or MusicXML file.
    out
        Named .wav, .flac, .ogg, .png or .svg.
    engine
        What plays a sound: soundfont, which comes with the package, or fluidsynth; by default the first that is there.
    as_json
        Print the result as JSON.
    """
    from antiphon.commands.songs import read_song, render_song

    score = read_song(song)
    render_song(score, out, engine)
    facts = {"file": str(out), "notes": score.num_notes, "seconds": round(score.duration_seconds, 3)}
    _tell(facts, str(out), as_json)


@app.command
def encode(codec: str, song: Path, out: Path, /, *, as_json: AsJson = False) -> None:
    """Write a song's bars as a numpy array (bars, 16) of uint8.

    Parameters
    ----------
    codec
        melody (a 16th grid with holds and rests) or frames (the bar GAN's two-second bars of pitches).
    song
        A MIDI or MusicXML file.
    out
        Named .npy.
    as_json
        Print the result as JSON.
    """
    from antiphon.commands.songs import encode_song

    bars = encode_song(codec, song, out)
    _tell({"file": str(out), "codec": codec, "bars": bars}, f"{out}: {bars} bars", as_json)


@app.command
def decode(codec: str, bars: Path, out: Path, /, *, as_json: AsJson = False) -> None:
    """Write an array of bars as a MIDI file.

    Parameters
    ----------
    codec
        melody or frames, as it was encoded.
    bars
        A .npy file (bars, 16) of integers.
    out
        Named .mid or .midi.
    as_json
        Print the result as JSON.
    """
    from antiphon.commands.songs import decode_song

    score = decode_song(codec, bars, out)
    facts = {"file": str(out), "notes": score.num_notes, "seconds": round(score.duration_seconds, 3)}
    _tell(facts, f"{out}: {score.num_notes} notes, {score.duration_seconds:.1f} s", as_json)


@app.command
def models(*, as_json: AsJson = False) -> None:
    """List the models that come with the package.

    Parameters
    ----------
    as_json
        As JSON.
    """
    from antiphon.commands.listings import model_rows

    _print_rows(model_rows, as_json)


@app.command
def corpora(*, as_json: AsJson = False) -> None:
    """List the corpora that are embedded or known.

    Parameters
    ----------
    as_json
        As JSON.
    """
    from antiphon.commands.listings import corpus_rows

    _print_rows(corpus_rows, as_json)


@app.command
def presets(*, as_json: AsJson = False) -> None:
    """List the ways of training that have a name.

    Parameters
    ----------
    as_json
        As JSON, with every setting.
    """
    from antiphon.commands.listings import preset_rows, presets_in_full

    _print_rows(presets_in_full if as_json else preset_rows, as_json)


def main() -> None:
    """Run the command line of this process and exit."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code: 0, or 2 after one sentence on standard error."""
    try:
        app(list(arguments), exit_on_error=False, print_error=False)
        sys.stdout.flush()
    except (InputError, CycloptsError) as error:
        return _fail(" ".join(str(error).split()))
    except KeyboardInterrupt:
        return _fail(f"interrupted; {_INTERRUPTED.get(next(iter(arguments), ''), _WHOLE)}")
    except BrokenPipeError:
        # The reader has gone; what Python would flush at exit goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        return _fail(f"{error.filename or 'the system'}: {error.strerror or error}; mend this and try again")
    except (MemoryError, RuntimeError) as error:
        if (sentence := memory_sentence(error, next(iter(arguments), ""))) is None:
            raise
        return _fail(sentence)
    return 0


_WHOLE = "every file that is there is whole"
_INTERRUPTED = {
    "train": "what was trained is kept, and the same command goes on from there",
    "prepare": "a corpus is there whole or not at all; the same command makes what is missing",
    "generate": "every song that is there is whole; the same command writes them all again",
    "render": "nothing was written; the same command begins again",
}


def _fail(sentence: str) -> int:
    print(f"antiphon: {sentence}", file=sys.stderr)
    return 2


def _tell(facts: Any, sentence: str, as_json: bool) -> None:
    if as_json:
        _print_json(facts)
    else:
        print(sentence)


def _print_json(value: Any) -> None:
    print(json.dumps(value, indent=1, ensure_ascii=False))


def _print_rows(rows: Callable[[], list[dict[str, Any]]], as_json: bool) -> None:
    from antiphon.commands.listings import table_text

    if as_json:
        _print_json(rows())
    else:
        print(table_text(rows()))


def _quiet(sentence: str) -> None:
    pass


def _say_to_stderr(sentence: str) -> None:
    print(sentence, file=sys.stderr)
