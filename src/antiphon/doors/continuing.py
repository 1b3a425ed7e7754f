"""The door to what follows a piece."""

from pathlib import Path

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
    only_new: bool = False,
    out: Path = Path("out"),
    as_json: AsJson = False,
) -> None:
    """Write what follows a piece, from the next bar line on, as MIDI, WAV and PNG, and a line about each.

    Parameters
    ----------
    song
        A MIDI file.
    model
        The name of a shipped model, a .safetensors file, or a hub id owner/name: lstm hears all parts, bar the melody.
    bars
        Length of what follows.
    seed
        The same seed gives the same files.
    num
        How many continuations; number i is the first one of seed + i.
    temperature
        Below 1 safer, above 1 wilder.
    only_new
        Leave the piece itself out.
    out
        Folder for the files.
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
