"""Whose notes go into which track of a roll: every program, odd files, quartets, songs, keyboards."""

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from antiphon.codecs.ensembles import ENSEMBLES, Ensemble, Part
from antiphon.data.corpus import Corpus
from antiphon.errors import InputError
from antiphon.music.score import Score, Track, notes_from_columns

LPD, PAPER, LATER = (ENSEMBLES[name] for name in ("lpd-5", "paper", "later"))


def played(*pitches: int, program: int = 0, is_drum: bool = False, name: str = "") -> Track:
    starts = np.arange(len(pitches)) * 480
    return Track(notes_from_columns(starts, starts + 480, pitches, 80), program, is_drum, name)


def score(*tracks: Track) -> Score:
    return Score(480, tracks)


def where(ensemble: Ensemble, track: Track) -> str:
    """The part that a track goes into; empty where none takes it."""
    found = [name for name, seat in zip(ensemble.names, ensemble.seats(score(track)), strict=True) if seat]
    return found[0] if found else ""


# The table of the specification, 1.4: first and last program, and the part by each rule.
RULES = [
    (0, 7, "piano", "piano", "piano"),
    (8, 15, "strings", "strings", ""),
    (16, 23, "strings", "strings", "piano"),
    (24, 31, "guitar", "guitar", "guitar"),
    (32, 39, "bass", "bass", "bass"),
    (40, 51, "strings", "strings", "strings"),
    (52, 95, "strings", "strings", ""),
    (96, 103, "", "strings", ""),
    (104, 111, "strings", "strings", ""),
    (112, 127, "", "strings", ""),
]


@pytest.mark.parametrize(("low", "high", "lpd", "paper", "later"), RULES)
def test_every_program_goes_where_the_rules_say(low: int, high: int, lpd: str, paper: str, later: str) -> None:
    for program in range(low, high + 1):
        track = played(60, program=program)
        assert (where(LPD, track), where(PAPER, track), where(LATER, track)) == (lpd, paper, later)


@pytest.mark.parametrize("program", range(0, 128, 9))
def test_channel_ten_is_drums_whatever_its_program(program: int) -> None:
    drums = played(36, program=program, is_drum=True)
    assert {where(ensemble, drums) for ensemble in (LPD, PAPER, LATER)} == {"drums"}
    assert where(ENSEMBLES["quartet"], drums) == where(ENSEMBLES["song"], drums) == ""


def test_orders_and_sounds_are_those_of_the_data() -> None:
    assert LPD.names == LATER.names == ("drums", "piano", "guitar", "bass", "strings")
    assert PAPER.names == ("bass", "drums", "guitar", "strings", "piano")
    assert [part.program for part in PAPER.parts] == [33, 0, 25, 49, 0]
    assert (LPD.drums, PAPER.drums, ENSEMBLES["quartet"].drums) == ((0,), (1,), ())


def test_several_tracks_of_a_part_are_merged_and_forty_tracks_are_none_too_many() -> None:
    tracks = [played(40 + k, program=(k * 3) % 96, is_drum=k % 10 == 9, name=f"t{k}") for k in range(40)]
    arranged = LPD.arranged(score(*tracks))
    assert [track.name for track in arranged.tracks] == ["Drums", "Piano", "Guitar", "Bass", "Strings"]
    assert arranged.num_notes == 40
    assert [track.program for track in arranged.tracks] == [0, 0, 24, 32, 48]
    for track in arranged.tracks:
        assert (np.diff(track.notes["start"].astype(int)) >= 0).all()
    assert sum(len(seat) for seat in LPD.seats(score(*tracks))) == 40


def test_only_the_busiest_of_two_candidates_is_taken_where_the_rule_says_so() -> None:
    few, many = played(60, 60, 60, program=0), played(60, 62, 64, program=1)
    music = score(few, many, played(30, program=33))
    assert [len(track.notes) for track in LATER.arranged(music).tracks] == [0, 3, 0, 1, 0]
    assert LATER.arranged(music).tracks[1].notes["pitch"].tolist() == [60, 62, 64]
    assert len(LPD.arranged(music).tracks[1].notes) == 6


def test_a_quartet_is_seated_by_name_else_by_order() -> None:
    quartet = ENSEMBLES["quartet"]
    named = ["Violoncello", "Viola", "Violin II", "Violin 1"]
    tracks = [played(50 + k, name=name, program=40) for k, name in enumerate(named)]
    assert quartet.seats(score(*tracks)) == ((3,), (2,), (1,), (0,))
    pizzicato = played(40, name="Violoncello", program=45)
    assert quartet.seats(score(*tracks, pizzicato))[3] == (0, 4)
    plain = [played(50, program=40) for _ in range(4)]
    assert quartet.seats(score(Track(), *plain)) == ((1,), (2,), (3,), (4,))
    assert quartet.seats(score(*plain[:3])) == quartet.seats(score(*plain, played(60))) == ((),) * 4
    assert quartet.arranged(score(*plain[:3])).num_notes == 0


@pytest.mark.parametrize(
    "names",
    [
        ("Violine 1", "Violine 2", "Bratsche", "Violoncello"),
        ("1. Violine", "2. Violine", "Viola", "Cello"),
        ("Violino I", "Violino II", "Viola", "Violoncello"),
        ("Violon 1", "Violon 2", "Alto", "Violoncelle"),
        ("First Violin", "Second Violin", "Viola", "Cello"),
    ],
)
def test_players_are_known_in_several_languages(names: tuple[str, ...]) -> None:
    tracks = [played(60, name=name) for name in reversed(names)]
    assert ENSEMBLES["quartet"].seats(score(*tracks)) == ((3,), (2,), (1,), (0,))


def test_a_song_is_its_tune_and_the_rest() -> None:
    song = ENSEMBLES["song"]
    voice, piano = played(*[72] * 20, name="Singstimme"), played(*[48] * 20, program=0, name="Piano")
    flute = played(*[80] * 20, program=73)
    assert song.seats(score(piano, voice, flute)) == ((1,), (0, 2))
    assert song.seats(score(voice)) == song.seats(score(played(36, is_drum=True))) == ((), ())


def test_a_keyboard_has_two_hands() -> None:
    keyboard = ENSEMBLES["keyboard"]
    left, right = played(40, 50, name="a"), played(70, 50, name="b")
    assert keyboard.seats(score(left, right)) == ((1,), (0,))
    alone = keyboard.arranged(score(played(59, 60, 61, 20)))
    assert [track.notes["pitch"].tolist() for track in alone.tracks] == [[60, 61], [59, 20]]
    assert keyboard.arranged(score(left, right)).num_notes == 4


def test_the_named_track_is_found_or_missed_in_a_sentence() -> None:
    music = score(played(60), played(62, program=1), played(36, is_drum=True))
    assert LPD.tracks_of(music, "piano") == (0, 1)
    with pytest.raises(InputError, match=r"a\.mid: no track plays 'bass'; it has drums, piano: choose one of those"):
        LPD.tracks_of(music, "bass", "a.mid")
    with pytest.raises(InputError, match="there is none of this name; choose one of drums, piano"):
        LPD.tracks_of(music, "flute")
    with pytest.raises(InputError, match="nothing in it plays any part"):
        LPD.tracks_of(score(Track()), "bass")


@pytest.mark.parametrize(
    "values",
    [
        {"parts": ()},
        {"parts": (Part(name="a"), Part(name="a"))},
        {"parts": (Part(name="a"),), "seating": "quartet"},
        {"parts": (Part(name="a"),), "seating": "circle"},
    ],
)
def test_ensembles_that_make_no_sense_are_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Ensemble(**values)


def test_number_and_names_of_tracks_are_configuration() -> None:
    trio = Ensemble(parts=(Part(name="organ", program=16, programs=((16, 23),)), Part(name="kit", is_drum=True)))
    music = score(played(60, program=19), played(36, is_drum=True), played(60, program=0))
    assert [(track.name, len(track.notes)) for track in trio.arranged(music).tracks] == [("Organ", 1), ("Kit", 1)]
    assert Ensemble.model_validate_json(trio.model_dump_json()) == trio


@pytest.mark.parametrize(("corpus", "ensemble", "share"), [("quartets", "quartet", 0.99), ("lieder", "song", 0.95)])
def test_real_songs_find_their_players(corpus: str, ensemble: str, share: float) -> None:
    songs = Corpus.open(corpus)
    arranged = [ENSEMBLES[ensemble].arranged(songs.score(song)) for song in songs.split("test")[:40]]
    full = [all(len(track.notes) for track in music.tracks) for music in arranged]
    assert np.mean(full) >= share
