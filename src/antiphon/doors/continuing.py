"""The door to what follows a piece."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from antiphon.doors.app import AsJson, app, print_json


@app.command(name="continue")
def continue_(
    song: Path,
    model: str = "lstm",
    /,
    *,
    bars: int = 16,
    seed: int = 0,
    num: int = 1,
    temperature: float = 1.0,
    only_new: Annotated[bool, Parameter(negative="")] = False,
    out: Path = Path("out"),
    as_json: AsJson = False,
) -> None:
    """Write what follows a piece, from the next bar line on, as MIDI, sound (WAV) and a piano-roll picture (PNG).

    The files hold the piece and what follows it, on tracks of its own; a line about each says what of the piece was
    heard. The picture begins a few bars before what is new.

    Parameters
    ----------
    song
        A MIDI file of notes that lie on the beat; a free performance has to be quantised first.
    model
        lstm hears all parts but drums and goes on in the metre of the piece. bar hears the melody, in 4/4 alone, and
        writes a melody over chords: those that are written in the file, or new ones in its key. Or a model file
        (.safetensors) of these families, or a model on the Hugging Face hub as owner/name.
    bars
        How many bars to write.
    seed
        A number that stands for chance: the same seed gives the same files.
    num
        How many continuations, the first from the seed, the next from the seed + 1, and so on.
    temperature
        Below 1 safer, above 1 wilder.
    only_new
        Write what follows alone, without the piece.
    out
        Folder for the files; those of the same piece and seed are replaced.
    as_json
        Print the result as JSON.
    """
    from antiphon.commands.continuing import describe, write_continuations

    options = {"bars": bars, "seed": seed, "num": num, "temperature": temperature}
    facts = []
    for fact in write_continuations(song, model, out, only_new=only_new, **options):
        facts.append(fact)
        if not as_json:
            print(describe(fact), flush=True)
    if as_json:
        print_json(facts)
