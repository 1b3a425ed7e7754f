"""The door to a band that plays along with a song."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from antiphon.doors.app import AsJson, app, print_json, tell

Flag = Annotated[bool, Parameter(negative="")]


@app.command
def accompany(
    song: Path,
    model: str = "band",
    /,
    *,
    keep: str | None = None,
    tracks: str | None = None,
    seed: int = 0,
    num: int = 1,
    temperature: float = 1.0,
    tempo: float | None = None,
    density: str | None = None,
    program: str | None = None,
    mute: str | None = None,
    sixteenths: Flag = False,
    stems: Flag = False,
    musicxml: Flag = False,
    only_new: Flag = False,
    list_tracks: Annotated[bool, Parameter(name="--list", negative="")] = False,
    out: Path = Path("out"),
    as_json: AsJson = False,
) -> None:
    """Write a band to your song, as MIDI, sound (WAV) and a piano-roll picture (PNG).

    What you keep stays note for note, in the song's own tempo; the band plays on the song's beats in all its bars in
    4/4, and bars in other metres are left alone. A few lines say what was kept and added, and whether the band plays in
    the song's key and on its beat. The song has its key: there is no option for it.

    Parameters
    ----------
    song
        A MIDI file of notes that lie on the beat, of any length, in any tempos.
    model
        The shipped model band, a model file (.safetensors) whose preset writes to a given track, such as
        musegan-hybrid-conditional, or a model on the Hugging Face hub as owner/name.
    keep
        What stays, by comma: a part (drums, piano, guitar, bass, strings), which keeps all tracks that play it; a
        track's own name; or its number as --list shows it. "voice=strings" keeps the track voice and has the band hear
        it as strings. All other tracks of the song are left out. Without --keep the whole song stays, and the parts
        that it lacks are added.
    tracks
        The parts to add, by comma; left out, all that nothing kept plays.
    seed
        A number that stands for chance: the same seed gives the same files.
    num
        How many bands, the first from the seed, the next from the seed + 1, and so on.
    temperature
        Below 1 safer, above 1 wilder.
    tempo
        Beats a minute at the beginning; all tempos of the song are scaled with it.
    density
        How much the band plays: low (0.6 times as many notes as by itself), medium, high (1.6 times) or a number; or so
        for some parts, such as drums=1.5,guitar=low.
    program
        Instruments of added parts: General MIDI programs from 0 to 127, or their names, such as guitar=30 or
        "bass=Fretless Bass".
    mute
        Parts that the others are to hear but that are not written into the files.
    sixteenths
        Begin and end the band's notes on sixteenths, for models with a finer grid, such as those of MuseGAN's paper.
    stems
        Write each track by itself as well, as MIDI and sound.
    musicxml
        Write the song for notation programs as well.
    only_new
        Write the band alone, without what is kept.
    list_tracks
        List the song's tracks with their numbers, its metre and whether a band can play along, and write nothing.
    out
        Folder for the files; those of the same song, model and seed are replaced.
    as_json
        Print the result as JSON.
    """
    from antiphon.commands.accompanying import describe, describe_listing, listing_of, write_accompanied

    if list_tracks:
        listing = listing_of(song, model)
        tell(listing, describe_listing(listing), as_json)
        return
    options = {
        "keep": keep,
        "tracks": tracks,
        "seed": seed,
        "num": num,
        "temperature": temperature,
        "tempo": tempo,
        "density": density,
        "program": program,
        "mute": mute,
        "sixteenths": sixteenths,
    }
    written = write_accompanied(song, model, out, only_new=only_new, stems=stems, musicxml=musicxml, **options)
    facts = []
    for fact in written:
        facts.append(fact)
        if not as_json:
            print(describe(fact), flush=True)
    if as_json:
        print_json(facts)
