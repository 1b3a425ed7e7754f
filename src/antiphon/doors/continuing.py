"""The door to what follows a piece."""

from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from antiphon.doors.app import AsJson, app, print_json


@app.command(name="continue")
def continue_(
    song: Path,
    model: str = "lstm",
    /,
    *,
    bars: int | None = None,
    seconds: float | None = None,
    seed: int = 0,
    num: int = 1,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    only_new: Annotated[bool, Parameter(negative="")] = False,
    out: Path = Path("out"),
    as_json: AsJson = False,
) -> None:
    """Write what follows a piece, from the next bar line on or from its end, as MIDI, sound (WAV) and a piano-roll
    picture (PNG).

    The files hold the piece and what follows it, on tracks of its own; a line about each says what of the piece was
    heard. The picture begins a few bars before what is new.

    Parameters
    ----------
    song
        A MIDI file: of notes that lie on the beat for models that write bars, any piano playing for piano-small.
    model
        lstm hears all parts but drums and goes on in the metre of the piece. bar hears the melody, in 4/4 alone, and
        writes a melody over chords: those that are written in the file, or new ones in its key. piano-small goes on
        as a pianist, freely, from where the last note ends. Or a model file (.safetensors) of these families, or a
        model on the Hugging Face hub as owner/name.
    bars
        How many bars to write; left out, 16.
    seconds
        Of piano-small and its like: how long to play on; left out, 30.
    seed
        A number that stands for chance: the same seed gives the same files.
    num
        How many continuations, the first from the seed, the next from the seed + 1, and so on.
    temperature
        Below 1 safer, above 1 wilder.
    top_k
        Of piano-small and its like: choose each time among so many likeliest tokens alone.
    top_p
        Of piano-small and its like: choose among the fewest likeliest tokens that have this share of the chances.
    only_new
        Write what follows alone, without the piece.
    out
        Folder for the files; those of the same piece and seed are replaced.
    as_json
        Print the result as JSON.
    """
    from antiphon.commands.continuing import describe, write_continuations

    options: dict[str, Any] = {"bars": bars, "seed": seed, "num": num, "temperature": temperature}
    options |= {"seconds": seconds, "top_k": top_k, "top_p": top_p}
    facts = []
    for fact in write_continuations(song, model, out, only_new=only_new, **options):
        facts.append(fact)
        if not as_json:
            print(describe(fact), flush=True)
    if as_json:
        print_json(facts)
