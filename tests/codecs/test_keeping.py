"""Which tracks stay: by part, by name, by number; and what is told where that is not clear."""

from dataclasses import replace

import numpy as np
import pytest
from tests.played_to import line, song, tracks

from antiphon.codecs.ensembles import ENSEMBLES
from antiphon.codecs.keeping import Kept, chosen, everything, told, track_rows
from antiphon.errors import InputError
from antiphon.music.score import Score, Track, notes_from_columns

FIVE = ENSEMBLES["lpd-5"]


def keep(score: Score, *items: str) -> Kept:
    return chosen(score, FIVE, items, "x.mid")


def fault(score: Score, *items: str) -> str:
    with pytest.raises(InputError) as raised:
        keep(score, *items)
    return str(raised.value)


@pytest.mark.parametrize(
    ("items", "tracks", "parts"),
    [
        (["piano"], (1,), (1,)),
        (["Piano"], (1,), (1,)),
        (["flute"], (0,), (4,)),
        (["FLU"], (0,), (4,)),
        (["1"], (0,), (4,)),
        (["1=piano"], (0,), (1,)),
        (["flute = Guitar"], (0,), (2,)),
        (["drums"], (3,), (0,)),
        (["kit"], (3,), (0,)),
        (["bass", "1"], (0, 2), (3, 4)),
        (["3=drums"], (2,), (0,)),
        (["piano", "piano"], (1,), (1,)),
    ],
)
def test_what_is_named_stays(items: list[str], tracks: tuple[int, ...], parts: tuple[int, ...]) -> None:
    kept = keep(song(), *items)
    assert kept.tracks == tracks and kept.parts == parts and not kept.unheard


def test_a_part_is_all_tracks_that_play_it() -> None:
    two = song().with_tracks((*song().tracks, Track(line(60), program=4, name="Rhodes")))
    assert keep(two, "piano").seats[1] == (1, 4) and keep(two, "rhodes").tracks == (4,)


def test_two_of_a_name_are_a_question() -> None:
    twins = song().with_tracks((*song().tracks, replace(tracks()["tune"], program=68, name="Flute ")))
    sentence = fault(twins, "flute")
    assert sentence == (
        "keep 'flute': x.mid has 2 tracks of which this can be said, 1 Flute, 5 Flute (Oboe); choose one by its "
        "number, such as --keep 1, or all of them with --keep 1,5"
    )
    # A part, and a track that is called so and plays another.
    odd = song().with_tracks((*song().tracks, Track(line(60), program=40, name="bass")))
    assert "3 E-Bass (Electric Bass (finger)), 5 bass (Violin)" in fault(odd, "bass")
    # A name that holds another one is no such question where a part is meant.
    contra = song().with_tracks((*song().tracks, Track(line(60), program=43, name="Contrabass")))
    assert keep(contra, "bass").tracks == (2,)


@pytest.mark.parametrize(
    ("items", "words"),
    [
        (["guitar"], "no track plays 'guitar'; x.mid has 1 Flute, 2 Piano (Acoustic Grand Piano), 3 E-Bass"),
        (["oboe"], "no part and no track is called 'oboe'"),
        (["5"], "keep 5: no track of this number sounds; x.mid has 1 Flute"),
        (["0"], "keep 0"),
        (["1=oboe"], "no part is called 'oboe'; choose one of drums, piano, guitar, bass, strings"),
        (["4=strings"], "on the channel of drums"),
        (["=piano"], "no part and no track is called ''"),
    ],
)
def test_what_is_not_there_is_told(items: list[str], words: str) -> None:
    assert words in fault(song(), *items)


def test_a_track_without_a_part_wants_one() -> None:
    noise = song().with_tracks((*song().tracks, Track(line(60), program=122, name="Sea")))
    assert (
        "track 5 Sea (Seashore) plays none of the parts; say as which it is to be heard, such as --keep 5=strings"
        in (fault(noise, "sea"))
    )
    assert keep(noise, "sea=strings").seats[4] == (4,)
    assert everything(noise, FIVE).unheard == (4,) and everything(noise, FIVE).parts == (0, 1, 3, 4)


def test_a_name_may_hold_the_sign() -> None:
    odd = Score(480, (Track(line(60), name="a=b"), Track(line(60), program=40, name="a")))
    assert keep(odd, "a=b").tracks == (0,) and keep(odd, "a=piano").seats[1] == (1,)


def test_silent_tracks_are_not_there() -> None:
    silent = song().with_tracks((Track(name="Flute"), *song().tracks))
    assert keep(silent, "flute").tracks == (1,) and [row["number"] for row in track_rows(silent, FIVE)] == [2, 3, 4, 5]
    assert "no track of this number sounds" in fault(silent, "1")


def test_rows_and_words_for_people() -> None:
    assert track_rows(song(), FIVE)[3] == {
        "number": 4,
        "name": "Kit",
        "instrument": "Drums",
        "notes": 16,
        "part": "drums",
    }
    many = Score(480, tuple(Track(line(60)) for _ in range(40)))
    assert told(many, range(40)).endswith("12 (Acoustic Grand Piano) and 28 more")


def struck(name: str, *pitches: int, program: int = 0) -> Track:
    """A track off the channel of drums."""
    starts = np.arange(16) * 240
    return Track(notes_from_columns(starts, starts + 120, np.resize(pitches, 16), 90), program, name=name)


def with_last(track: Track) -> Score:
    """The song without its drums, and a track in their place."""
    return song().with_tracks((*song().tracks[:3], track))


@pytest.mark.parametrize("name", ["Drums", "drum kit", "Drumset 2", "My DRUMS", "Percussion", "Schlagzeug", "Batería"])
def test_drums_off_their_channel_are_heard_as_drums(name: str) -> None:
    piece = with_last(struck(name, 36, 42, 38, 42))
    assert keep(piece, "drums").seats == ((3,), (), (), (), ())
    assert keep(piece, "4").parts == keep(piece, name).parts == (0,)
    assert everything(piece, FIVE, "x.mid").seats == ((3,), (1,), (), (2,), (0,))
    assert track_rows(piece, FIVE)[3]["part"] == "drums"
    assert keep(piece, "4=piano").parts == (1,)


def test_they_join_those_on_the_channel() -> None:
    piece = song().with_tracks((*song().tracks, struck("Drums", 36, 42, program=118)))
    assert keep(piece, "drums").seats[0] == (3, 4)


@pytest.mark.parametrize("pitches", [(72, 76, 79), (36, 84, 90), (20, 24, 22), (60, 62, 64, 65)])
def test_what_only_is_called_drums_is_a_question(pitches: tuple[int, ...]) -> None:
    piece = with_last(struck("Drums", *pitches))
    words = "x.mid: track 4 Drums (Acoustic Grand Piano) has the name of drums, but is not on their channel"
    assert words in fault(piece, "drums") and words in fault(piece, "4")
    assert fault(piece, "4").endswith("say what it is to be heard as, --keep 4=drums or --keep 4=piano")
    with pytest.raises(InputError, match="track 4 Drums"):
        everything(piece, FIVE, "x.mid")
    assert everything(piece, FIVE).seats == ((), (1, 3), (), (2,), (0,))
    assert keep(piece, "4=drums").parts == (0,) and keep(piece, "4=piano").parts == (1,)
    assert keep(piece, "bass").parts == (3,)


@pytest.mark.parametrize("name", ["Steel Drums", "Drummond", "Kit", "Piano"])
def test_other_names_are_no_drums(name: str) -> None:
    assert keep(with_last(struck(name, 36, 42, 38)), "4").parts == (1,)


def test_an_ensemble_without_drums_has_none() -> None:
    piece = with_last(struck("Drums", 72))
    assert everything(piece, ENSEMBLES["keyboard"], "x.mid").tracks == (0, 1, 2, 3)
