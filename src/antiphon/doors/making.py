"""Doors to music: songs of a model, their sound and pictures, their bars as arrays."""

from pathlib import Path

from antiphon.doors.app import AsJson, app, print_json, tell


@app.command
def generate(
    model: str = "bar",
    /,
    *,
    num: int = 1,
    bars: int | None = None,
    form: str | None = None,
    section_bars: int | None = None,
    seed: int = 0,
    tempo: float | None = None,
    key: str | None = None,
    chords: str | None = None,
    density: str | None = None,
    register: str | None = None,
    first: str | None = None,
    accompaniment: str = "block",
    temperature: float = 1.0,
    progression: str | None = None,
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
        Length of each song; 8 unless a form says otherwise.
    form
        A letter for each section, such as AABA: a letter that was there before comes back, with an apostrophe (AA'BA)
        to another ending. Unasked, a form is drawn by seed; none for one bar after the other, without an end.
    section_bars
        Bars a section of the form; unasked what the bars come to, or 8 in forms of up to four letters, else 4.
    seed
        The same seed gives the same files.
    tempo
        Beats a minute.
    key
        What chords are composed in, such as "A minor"; beside chords of your own, what the song is in and what its
        melody ends on, where the last chord has it.
    chords
        One a bar, repeated, such as "C G Am F"; unasked composed by seed, with a cadence at the end.
    density
        How many notes a bar has: low, medium, high or a number.
    register
        Where the melody lies: low, middle, high, a pitch such as G4 or a range such as C4-G4; a MIDI number such as 67
        stands for its pitch. Melodies lie between C4 and B5.
    first
        A MIDI file whose last bar the first bar follows, or held-out for a bar of music unknown to the model.
    accompaniment
        A pattern: block or 1 to 6; none for the melody alone.
    temperature
        Below 1 safer, above 1 wilder.
    progression
        Who composes chords: learnt, the model chords, which is what is done unasked, or common, a list of progressions.
    out
        Folder for the files.
    as_json
        Print the result as JSON.
    """
    from antiphon.asked import Asked
    from antiphon.commands.checks import check_order

    asked = Asked(
        bars=bars,
        seed=seed,
        num=num,
        form=form,
        section_bars=section_bars,
        chords=chords,
        tempo=tempo,
        key=key,
        density=density,
        register=register,
        first=first,
        accompaniment=None if accompaniment == "none" else accompaniment,
        temperature=temperature,
        progression=progression,
    )
    check_order(model, asked)

    from antiphon.commands.songs import describe, write_songs
    from antiphon.generate import load

    songs = load(model).generate(**asked._asdict())
    facts = []
    for fact in write_songs(songs, out, Path(model).stem, seed, bars):
        facts.append(fact)
        if not as_json:
            print(describe(fact), flush=True)
    if as_json:
        print_json(facts)


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
    tell(facts, str(out), as_json)


@app.command
def encode(codec: str, song: Path, out: Path, /, *, as_json: AsJson = False) -> None:
    """Write a song's bars as a numpy array (bars, 16) of uint8, its notes as one (notes, 4) or its chords (bars, 1).

    Parameters
    ----------
    codec
        melody (a 16th grid with holds and rests), frames (the bar GAN's two-second bars of pitches), notes (all parts
        as one line: pitch, duration less one and offset since the last onset in 16ths, velocity) or progressions (a
        chord a bar from the tonic on: 0-11 major, 12-23 minor triads).
    song
        A MIDI or MusicXML file.
    out
        Named .npy.
    as_json
        Print the result as JSON.
    """
    from antiphon.commands.songs import encode_song

    ((thing, num),) = encode_song(codec, song, out).items()
    tell({"file": str(out), "codec": codec, thing: num}, f"{out}: {num} {thing}", as_json)


@app.command
def decode(codec: str, bars: Path, out: Path, /, *, as_json: AsJson = False) -> None:
    """Write an array of bars or notes as a MIDI file.

    Parameters
    ----------
    codec
        melody, frames, notes or progressions, as it was encoded.
    bars
        A .npy file of integers, (bars, 16), (notes, 4) or (bars, 1).
    out
        Named .mid or .midi.
    as_json
        Print the result as JSON.
    """
    from antiphon.commands.songs import decode_song

    score = decode_song(codec, bars, out)
    facts = {"file": str(out), "notes": score.num_notes, "seconds": round(score.duration_seconds, 3)}
    tell(facts, f"{out}: {score.num_notes} notes, {score.duration_seconds:.1f} s", as_json)
