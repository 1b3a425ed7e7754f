"""Doors to music: songs of a model, their sound and pictures, their bars as arrays."""

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from antiphon.doors.app import AsJson, app, print_json, tell

Flag = Annotated[bool, Parameter(negative="")]


@app.command
def generate(
    model: str = "bar",
    /,
    *,
    num: int = 1,
    bars: int | None = None,
    seconds: float | None = None,
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
    top_k: int | None = None,
    top_p: float | None = None,
    progression: str | None = None,
    tracks: str | None = None,
    program: str | None = None,
    mute: str | None = None,
    sixteenths: Flag = False,
    vary: str | None = None,
    vary_seed: int | None = None,
    interpolate: str | None = None,
    steps: str | None = None,
    method: Literal["slerp", "lerp"] = "slerp",
    stems: Flag = False,
    musicxml: Flag = False,
    out: Path = Path("out"),
    as_json: AsJson = False,
) -> None:
    """Write songs as MIDI, sound (WAV) and a piano-roll picture (PNG), and a line about each.

    What you leave out is drawn by the seed or has a usual value. A wish that a model cannot fulfil is refused, with the
    models that can.

    Parameters
    ----------
    model
        A shipped model: bar writes a melody over chords, lstm voice and piano, chords a progression alone, band drums,
        piano, guitar, bass and strings, piano-small minutes of piano. Or a model file (.safetensors), or a model on the
        Hugging Face hub as owner/name.
    num
        How many songs, the first from the seed, the next from the seed + 1, and so on.
    bars
        Length of each song; left out, what the form comes to, or 8.
    seconds
        Of piano-small and its like, which play without bars: how long; left out, 60.
    form
        A letter for each section, such as AABA. A letter that was there before brings its section back, with an
        apostrophe (AA'BA) to another ending. Left out, a form is drawn by the seed; "none" writes one bar after the
        other, without sections or an end.
    section_bars
        Bars of each section of the form; left out, the bars shared out among the letters, or else 8 in forms of up to
        four letters and 4 in longer ones.
    seed
        A number that stands for chance: the same seed gives the same files.
    tempo
        Beats a minute; left out, what suits the model, or the tempo of the file that is given with --first.
    key
        Such as "A minor" or "Eb": chords are composed in it. Beside --chords it is the key that the files state, and
        the melody ends on its tonic where the last chord holds that. The song of a band is transposed there.
    chords
        One a bar, repeated to the end, such as "C G Am F"; N is a bar without one. Left out, they are composed by the
        seed, with a cadence at the end.
    density
        How many notes a bar has on average: low (2.5), medium (4), high (6) or a number. Of a band, how many times as
        many notes as by itself: low (0.6), medium, high (1.6) or a number, or so for each part: drums=1.5,guitar=low.
    register
        Where the melody is wished to lie: low, middle, high, a pitch such as G4 or a range such as C4-G4, within C4
        (middle C) to B5. MIDI numbers will do too: 67, 60-67.
    first
        A MIDI file to begin from: the first bar follows the last one in which its melody begins a note, and bar models
        keep its tempo, its key and the chords that are written in it. The file itself is left out; antiphon continue
        writes both in one. Or "held-out" for a bar of real music that the model was not trained on.
    accompaniment
        How the chords are played: block (held for a bar), 1 to 6 (patterns), or "none" for the melody alone.
    temperature
        Below 1 safer, above 1 wilder.
    top_k
        Of piano-small and its like: choose each time among so many likeliest tokens alone, such as 32.
    top_p
        Of piano-small and its like: choose among the fewest likeliest tokens that have this share of the chances, such
        as 0.95.
    progression
        Who composes the chords that you leave out: "learnt" (the model chords, the usual way) or "common" (a list of
        common progressions).
    tracks
        Of a band: the parts that play, by comma, such as drums,bass; left out, all.
    program
        Of a band: the parts' instruments, General MIDI programs from 0 to 127 or their names, such as guitar=30 or
        "bass=Fretless Bass".
    mute
        Of a band: parts that the others are to hear but that are not written into the files.
    sixteenths
        Of a band: begin and end all notes on sixteenths, as in the songs that listeners of MuseGAN's paper heard.
    vary
        Of a band: parts to write anew in the song of the seed, by comma; the others stay note for note. With --num so
        many songs, the first from --vary-seed.
    vary_seed
        The chance of what is written anew; left out, the seed + 1.
    interpolate
        Of a band: seeds A:B, for songs that lead from the one's song to the other's, or A:B:C:D, for a grid of songs
        with these at its corners; as MIDI and as one picture.
    steps
        How many songs, both ends included: 5 between two seeds, 3x3 (rows, columns) among four.
    method
        The way from song to song: slerp, on which every song is as likely as the ends, or lerp, the straight line.
    stems
        Write each track by itself as well, as MIDI and sound.
    musicxml
        Write the songs for notation programs as well.
    out
        Folder for the files; those of the same model and seed are replaced.
    as_json
        Print the result as JSON.
    """
    from antiphon.commands.making import Wanted, describe, write_wanted

    wanted = Wanted(
        {
            "bars": bars,
            "seed": seed,
            "num": num,
            "form": form,
            "section_bars": section_bars,
            "chords": chords,
            "tempo": tempo,
            "key": key,
            "density": density,
            "register": register,
            "first": first,
            "accompaniment": None if accompaniment == "none" else accompaniment,
            "temperature": temperature,
            "seconds": seconds,
            "top_k": top_k,
            "top_p": top_p,
            "progression": progression,
            "tracks": tracks,
            "program": program,
            "mute": mute,
            "sixteenths": sixteenths,
        },
        vary=vary,
        vary_seed=vary_seed,
        interpolate=interpolate,
        steps=steps,
        method=method,
        stems=stems,
        musicxml=musicxml,
    )
    facts = []
    for fact in write_wanted(model, out, wanted):
        facts.append(fact)
        if not as_json:
            print(describe(fact), flush=True)
    if as_json:
        print_json(facts)


@app.command
def render(song: Path, out: Path, /, *, engine: str | None = None, as_json: AsJson = False) -> None:
    """Turn a song into sound, a piano-roll picture or a score for notation programs.

    Parameters
    ----------
    song
        A MIDI or MusicXML file.
    out
        Named .wav, .flac, .ogg, .png, .svg or .musicxml.
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
def encode(codec: str, song: Path, out: Path, /, *, spelling: str | None = None, as_json: AsJson = False) -> None:
    """Write a song's bars as a numpy array (bars, 16) of uint8, its notes as one (notes, 4), its chords (bars, 1), its
    performance as tokens (tokens, 1), or the song as a piano roll of the Lakh pianoroll dataset.

    Parameters
    ----------
    codec
        melody (a 16th grid with holds and rests), frames (the bar GAN's two-second bars of pitches), notes (all parts
        as one line: pitch, duration less one and offset since the last onset in 16ths, velocity) or progressions (a
        chord a bar from the tonic on: 0-11 major, 12-23 minor triads), performance (310 event tokens of 10 ms time
        shifts, piano keys and velocities), lpd or lpd-5 (a roll of 24 steps a beat, of the song's own tracks or of
        drums, piano, guitar, bass and strings).
    song
        A MIDI or MusicXML file, or such a roll; for rolls also a corpus.
    out
        Named .npy; a roll .npz; the rolls of a corpus a new folder.
    spelling
        What a roll calls its steps a beat: resolution, or beat_resolution for programs with pypianoroll before 1.0.
    as_json
        Print the result as JSON.
    """
    from antiphon.commands.songs import encode_song

    ((thing, num),) = encode_song(codec, song, out, spelling).items()
    tell({"file": str(out), "codec": codec, thing: num}, f"{out}: {num} {thing}", as_json)


@app.command
def decode(codec: str, bars: Path, out: Path, /, *, as_json: AsJson = False) -> None:
    """Write an array of bars or notes as a MIDI file.

    Parameters
    ----------
    codec
        melody, frames, notes, progressions or performance, as it was encoded; lpd, a roll with its own tracks, or
        lpd-5, with those of drums, piano, guitar, bass and strings that they are merged into.
    bars
        A .npy file of integers, (bars, 16), (notes, 4), (bars, 1) or (tokens, 1), or a piano roll, .npz.
    out
        Named .mid or .midi.
    as_json
        Print the result as JSON.
    """
    from antiphon.commands.songs import decode_song

    score, remark = decode_song(codec, bars, out)
    facts = {"file": str(out), "notes": score.num_notes, "seconds": round(score.duration_seconds, 3), "remark": remark}
    sentence = f"{out}: {score.num_notes} notes, {score.duration_seconds:.1f} s"
    tell(facts, f"{sentence}; {remark}" if remark else sentence, as_json)
