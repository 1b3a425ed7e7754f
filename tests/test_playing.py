"""Bands by themselves: their parts, key, grid and instruments, and that a seed's song is its own."""

import numpy as np
import pytest
from tests.made import model

from antiphon.errors import InputError
from antiphon.generate import Model, load
from antiphon.io.midi import midi_bytes
from antiphon.music.keys import estimate_key
from antiphon.music.score import Score

PRESETS = ("musegan-hybrid", "band")


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Model]:
    folder = tmp_path_factory.mktemp("models")
    return {preset: load(model(folder / f"{preset}.safetensors", preset)) for preset in PRESETS}


def notes(score: Score) -> dict[str, list[tuple[int, ...]]]:
    """Start, end and pitch of each track's notes."""
    return {track.name: track.notes[["start", "end", "pitch"]].tolist() for track in score.tracks}


@pytest.mark.parametrize("preset", PRESETS)
def test_songs_of_a_seed_do_not_depend_on_company(preset: str, loaded: dict[str, Model]) -> None:
    together = loaded[preset].generate(2, seed=3, num=3)
    alone = [loaded[preset].generate(2, seed=3 + song)[0] for song in range(3)]
    assert [midi_bytes(song) for song in together] == [midi_bytes(song) for song in alone]
    for song in together:
        assert song.end <= 2 * 4 * song.ticks_per_beat and all(len(track.notes) for track in song.tracks)


def test_songs_beyond_one_batch(loaded: dict[str, Model], monkeypatch: pytest.MonkeyPatch) -> None:
    songs = loaded["band"].generate(1, num=3)
    monkeypatch.setattr("antiphon.playing._AT_ONCE", 2)
    assert [midi_bytes(song) for song in loaded["band"].generate(1, num=3)] == [midi_bytes(song) for song in songs]


def test_only_the_parts_that_are_asked_for(loaded: dict[str, Model]) -> None:
    for preset in PRESETS:
        (song,) = loaded[preset].generate(1, tracks="bass, Drums")
        assert {track.name for track in song.tracks} == {"Bass", "Drums"}
    # In musegan nobody hears the others.
    (whole,) = loaded["musegan-hybrid"].generate(1)
    (part,) = loaded["musegan-hybrid"].generate(1, tracks=["bass"])
    assert notes(part) == {"Bass": notes(whole)["Bass"]}


def test_muted_parts_are_heard_and_not_written(loaded: dict[str, Model]) -> None:
    (whole,) = loaded["band"].generate(2)
    (less,) = loaded["band"].generate(2, mute="drums,piano")
    assert notes(less) == {name: found for name, found in notes(whole).items() if name not in {"Drums", "Piano"}}
    (without,) = loaded["band"].generate(2, tracks="guitar,bass,strings")
    assert notes(without) != notes(less)


def test_programs(loaded: dict[str, Model]) -> None:
    (song,) = loaded["band"].generate(1, program={"guitar": 30, "bass": "Fretless Bass"})
    found = {track.name: track.program for track in song.tracks}
    assert (found["Guitar"], found["Bass"], found["Piano"]) == (30, 35, 0)


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("key", ["Eb", "F# minor"])
def test_a_song_is_transposed_to_its_key_but_for_the_drums(preset: str, key: str, loaded: dict[str, Model]) -> None:
    (plain,) = loaded[preset].generate(2, seed=1)
    (moved,) = loaded[preset].generate(2, seed=1, key=key)
    (row,) = moved.key_signatures
    assert (int(row["sharps"]), bool(row["minor"])) == {"Eb": (-3, False), "F# minor": (3, True)}[key]
    first, other = notes(plain), notes(moved)
    if first["Drums"] != other["Drums"]:
        # Another candidate, since the first was in the other mode.
        assert (found := estimate_key(plain)) and found.is_minor != (key == "F# minor")
        return
    shifts = {b[2] - a[2] for name in first if name != "Drums" for a, b in zip(first[name], other[name], strict=True)}
    assert len(shifts) == 1 and -6 < shifts.pop() <= 6
    found = estimate_key(moved)
    assert found is not None and found.tonic == {"Eb": 3, "F# minor": 6}[key]


def test_a_key_is_reached_in_its_mode_where_a_candidate_has_it(
    loaded: dict[str, Model], monkeypatch: pytest.MonkeyPatch
) -> None:
    band = loaded["band"]
    monkeypatch.setattr("antiphon.playing._CANDIDATES", 12)
    asked = [{"key": key, "seed": seed} for key in ("D", "D minor") for seed in range(4)]
    found = [estimate_key(band.generate(2, tracks="piano", **options)[0]) for options in asked]  # type: ignore[arg-type]
    assert [key.is_minor for key in found if key] == [False] * 4 + [True] * 4
    assert {key.tonic for key in found if key} == {2}
    monkeypatch.setattr("antiphon.playing._CANDIDATES", 1)
    first = [estimate_key(band.generate(1, tracks="piano", **options)[0]) for options in asked]  # type: ignore[arg-type]
    assert len({key.is_minor for key in first[:4] if key}) == 2


def test_drums_alone_are_in_no_key(loaded: dict[str, Model]) -> None:
    (plain,), (song,) = (loaded["band"].generate(1, tracks="drums", key=key) for key in (None, "A minor"))
    assert notes(plain) == notes(song)


def test_sixteenths(loaded: dict[str, Model]) -> None:
    (plain,), (song,) = (loaded["musegan-hybrid"].generate(2, sixteenths=only) for only in (False, True))
    tick = song.ticks_per_beat // 4
    for track in song.tracks:
        assert not (track.notes["start"] % tick).any()
        if not track.is_drum:
            assert not (track.notes["end"] % tick).any()
    assert any((track.notes["start"] % tick).any() for track in plain.tracks)
    assert song.end <= 8 * song.ticks_per_beat
    (same,), (again,) = (loaded["band"].generate(1, sixteenths=only) for only in (False, True))
    assert notes(same) == notes(again)


def test_density(loaded: dict[str, Model]) -> None:
    with pytest.raises(InputError, match="the model musegan-hybrid cannot play more or fewer notes"):
        loaded["musegan-hybrid"].generate(1, density="high")
    plain, more = (loaded["band"].generate(1, density=density)[0] for density in (None, {"drums": 4.0}))
    assert notes(plain)["Drums"] != notes(more)["Drums"]


def test_temperature_cools_latents_and_coins(loaded: dict[str, Model]) -> None:
    cold = [notes(song) for song in loaded["musegan-hybrid"].generate(1, num=2, temperature=0)]
    warm = [notes(song) for song in loaded["musegan-hybrid"].generate(1, num=2, temperature=0.9)]
    assert cold[0] == cold[1] and warm[0] != warm[1]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"tracks": "horn"}, "tracks 'horn': no part is called so; choose among drums, piano"),
        ({"mute": "drums,piano,guitar,bass,strings"}, "nothing is left; mute fewer"),
        ({"tracks": "drums", "mute": "bass"}, "mute 'bass': this part is not to be written"),
        ({"program": "drums=3"}, "on their channel all programs are drums"),
        ({"density": 10}, "density '10': write low, medium, high"),
        ({"key": "D dorian"}, "key 'D dorian'"),
        ({"chords": "C G"}, "chords: the model band hears no chords"),
        ({"register": "low"}, "register: the model band cannot choose"),
    ],
)
def test_what_a_band_cannot_do(options: dict[str, object], words: str, loaded: dict[str, Model]) -> None:
    with pytest.raises(InputError, match=words):
        loaded["band"].generate(1, **options)  # type: ignore[arg-type]


def test_other_models_write_no_parts() -> None:
    for option in ({"tracks": "bass"}, {"program": "bass=3"}, {"mute": "bass"}, {"sixteenths": True}):
        with pytest.raises(InputError, match=f"{next(iter(option))}: the model bar writes no parts of a band"):
            load("bar").generate(4, **option)


def test_long_songs_are_whole(loaded: dict[str, Model]) -> None:
    (song,) = loaded["musegan-hybrid"].generate(9)
    bars = np.concatenate([track.notes["start"] for track in song.tracks]) // (4 * song.ticks_per_beat)
    assert set(bars.tolist()) == set(range(9))
