"""General MIDI: program names, their sixteen groups and five families, names of drum notes."""

PROGRAM_NAMES: tuple[str, ...] = tuple("""
Acoustic Grand Piano|Bright Acoustic Piano|Electric Grand Piano|Honky-tonk Piano
Electric Piano 1|Electric Piano 2|Harpsichord|Clavinet
Celesta|Glockenspiel|Music Box|Vibraphone|Marimba|Xylophone|Tubular Bells|Dulcimer
Drawbar Organ|Percussive Organ|Rock Organ|Church Organ|Reed Organ|Accordion|Harmonica|Tango Accordion
Acoustic Guitar (nylon)|Acoustic Guitar (steel)|Electric Guitar (jazz)|Electric Guitar (clean)
Electric Guitar (muted)|Overdriven Guitar|Distortion Guitar|Guitar Harmonics
Acoustic Bass|Electric Bass (finger)|Electric Bass (pick)|Fretless Bass
Slap Bass 1|Slap Bass 2|Synth Bass 1|Synth Bass 2
Violin|Viola|Cello|Contrabass|Tremolo Strings|Pizzicato Strings|Orchestral Harp|Timpani
String Ensemble 1|String Ensemble 2|Synth Strings 1|Synth Strings 2
Choir Aahs|Voice Oohs|Synth Voice|Orchestra Hit
Trumpet|Trombone|Tuba|Muted Trumpet|French Horn|Brass Section|Synth Brass 1|Synth Brass 2
Soprano Sax|Alto Sax|Tenor Sax|Baritone Sax|Oboe|English Horn|Bassoon|Clarinet
Piccolo|Flute|Recorder|Pan Flute|Blown Bottle|Shakuhachi|Whistle|Ocarina
Lead 1 (square)|Lead 2 (sawtooth)|Lead 3 (calliope)|Lead 4 (chiff)
Lead 5 (charang)|Lead 6 (voice)|Lead 7 (fifths)|Lead 8 (bass + lead)
Pad 1 (new age)|Pad 2 (warm)|Pad 3 (polysynth)|Pad 4 (choir)
Pad 5 (bowed)|Pad 6 (metallic)|Pad 7 (halo)|Pad 8 (sweep)
FX 1 (rain)|FX 2 (soundtrack)|FX 3 (crystal)|FX 4 (atmosphere)
FX 5 (brightness)|FX 6 (goblins)|FX 7 (echoes)|FX 8 (sci-fi)
Sitar|Banjo|Shamisen|Koto|Kalimba|Bagpipe|Fiddle|Shanai
Tinkle Bell|Agogo|Steel Drums|Woodblock|Taiko Drum|Melodic Tom|Synth Drum|Reverse Cymbal
Guitar Fret Noise|Breath Noise|Seashore|Bird Tweet|Telephone Ring|Helicopter|Applause|Gunshot
""".strip().replace("\n", "|").split("|"))  # fmt: skip
"""Name of each General MIDI (level 1) program 0-127."""

PROGRAM_GROUPS: tuple[str, ...] = (
    "piano",
    "chromatic percussion",
    "organ",
    "guitar",
    "bass",
    "strings",
    "ensemble",
    "brass",
    "reed",
    "pipe",
    "synth lead",
    "synth pad",
    "synth effects",
    "ethnic",
    "percussive",
    "sound effects",
)
"""General MIDI's groups of eight programs."""

FAMILIES: tuple[str, ...] = ("drums", "piano", "guitar", "bass", "strings")
"""The five tracks of MuseGAN (Dong et al. 2018), in the order of its data."""

FAMILY_PROGRAMS: dict[str, int] = {"drums": 0, "piano": 0, "guitar": 24, "bass": 32, "strings": 48}
"""The program with which each family sounds (drums: the standard kit)."""

# Of the sixteen groups; everything else is merged into the strings, as the MuseGAN paper does.
_FAMILY_OF_GROUP = {"piano": "piano", "guitar": "guitar", "bass": "bass"}

DRUM_NAMES: dict[int, str] = dict(enumerate((
    "Acoustic Bass Drum", "Bass Drum 1", "Side Stick", "Acoustic Snare", "Hand Clap", "Electric Snare",
    "Low Floor Tom", "Closed Hi-hat", "High Floor Tom", "Pedal Hi-hat", "Low Tom", "Open Hi-hat", "Low-mid Tom",
    "High-mid Tom", "Crash Cymbal 1", "High Tom", "Ride Cymbal 1", "Chinese Cymbal", "Ride Bell", "Tambourine",
    "Splash Cymbal", "Cowbell", "Crash Cymbal 2", "Vibraslap", "Ride Cymbal 2", "High Bongo", "Low Bongo",
    "Mute High Conga", "Open High Conga", "Low Conga", "High Timbale", "Low Timbale", "High Agogo", "Low Agogo",
    "Cabasa", "Maracas", "Short Whistle", "Long Whistle", "Short Guiro", "Long Guiro", "Claves", "High Woodblock",
    "Low Woodblock", "Mute Cuica", "Open Cuica", "Mute Triangle", "Open Triangle",
), start=35))  # fmt: skip
"""Name of each note 35-81 of the General MIDI percussion channel."""


def program_name(program: int, is_drum: bool = False) -> str:
    """General MIDI name of a program 0-127; `Drums` on the percussion channel."""
    return "Drums" if is_drum else PROGRAM_NAMES[program]


def program_group(program: int) -> str:
    """General MIDI group of a program 0-127."""
    return PROGRAM_GROUPS[program // 8]


def family(program: int, is_drum: bool = False) -> str:
    """MuseGAN family of a track: drums, piano, guitar, bass, and strings for everything else."""
    return "drums" if is_drum else _FAMILY_OF_GROUP.get(program_group(program), "strings")


def drum_name(pitch: int) -> str:
    """Name of a percussion note, or its number outside the General MIDI range 35-81."""
    return DRUM_NAMES.get(pitch, f"Drum {pitch}")
