"""A band to a user's song: what stays, where the band plays, what it is told and asked for; and what cannot be."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.made import model
from tests.played_to import BAR, BASS, BEAT, DRUMS, GUITAR, PIANO, STRINGS, RuleWriter, band, line, song, tracks

from antiphon.accompanying import Accompanied, accompany_song
from antiphon.codecs.melody import pulse
from antiphon.codecs.phrases import PhraseRolls, is_free
from antiphon.errors import InputError
from antiphon.generate import load
from antiphon.io.midi import midi_bytes, parse_midi, read_midi, write_midi
from antiphon.music.score import TEMPO, TIME_SIGNATURE, Score, Track, notes_from_columns, table


def accompany(piece: Score, *words: Any, **options: Any) -> Accompanied:
    return accompany_song(band(), piece, *words, **options)


def added(done: Accompanied) -> dict[str, Track]:
    """The added tracks of the first song by name."""
    return {track.name: track for track in done.songs[0].tracks[-len(done.added) :]}


def fault(piece: Score, *words: Any, **options: Any) -> str:
    with pytest.raises(InputError) as raised:
        accompany(piece, *words, **options)
    return str(raised.value)


def test_what_is_kept_stays_note_for_note_and_the_rest_is_written_anew() -> None:
    piece = song()
    done = accompany(piece, "piano")
    (whole,) = done.songs
    assert [track.name for track in whole.tracks] == ["Piano", "Drums", "Guitar", "Bass", "Strings"]
    assert [track.program for track in whole.tracks] == [0, 0, 24, 32, 48]
    assert [track.is_drum for track in whole.tracks] == [False, True, False, False, False]
    np.testing.assert_array_equal(whole.tracks[0].notes, piece.tracks[1].notes)
    assert done.kept.tracks == (1,) and done.left_out == (0, 2, 3) and done.added == (DRUMS, GUITAR, BASS, STRINGS)
    again = parse_midi(midi_bytes(whole))
    np.testing.assert_array_equal(again.tracks[0].notes, piece.tracks[1].notes)


def test_drums_off_their_channel_are_kept_as_drums_and_no_others_are_added() -> None:
    starts = np.arange(32) * BEAT
    kit = Track(notes_from_columns(starts, starts + 60, np.resize([36, 42, 38, 42], 32), 90), name="Drums")
    piece = song().with_tracks((*song().tracks[:3], kit))
    done = accompany(piece, "drums")
    assert done.kept.seats[DRUMS] == (3,) and done.added == (PIANO, GUITAR, BASS, STRINGS)
    (whole,) = done.songs
    assert not any(track.is_drum for track in whole.tracks)
    np.testing.assert_array_equal(whole.tracks[0].notes, kit.notes)
    assert accompany(piece).added == (GUITAR,)
    odd = piece.with_tracks((*piece.tracks[:3], Track(line(80), name="Drums")))
    assert "--keep 4=drums or --keep 4=piano" in fault(odd) and "4=piano" in fault(odd, "drums")


def test_a_name_may_have_any_signs() -> None:
    odd = song().with_tracks((*song().tracks, Track(line(60), name="Ma, jo=r \n")))
    assert accompany(odd, "ma, jo=r").kept.tracks == (4,) and accompany(odd, ["ma, jo=r", 1]).kept.tracks == (0, 4)


def test_without_a_wish_all_stays_and_what_lacks_is_added() -> None:
    done = accompany(song())
    (whole,) = done.songs
    assert whole.tracks[:4] == song().tracks or [t.name for t in whole.tracks[:4]] == [
        "Flute",
        "Piano",
        "E-Bass",
        "Kit",
    ]
    assert list(added(done)) == ["Guitar"] and not done.left_out
    full = song().with_tracks((*song().tracks, Track(line(60), program=25)))
    assert "plays all parts (drums, piano, guitar, bass, strings), so there is none to add" in fault(full)


def test_only_what_is_asked_for_is_added() -> None:
    done = accompany(song(), "piano", "Bass, drums")
    assert list(added(done)) == ["Drums", "Bass"]
    assert "tracks 'piano': 2 Piano (Acoustic Grand Piano) plays this part and is kept" in fault(
        song(), "piano", "piano"
    )
    assert "tracks 'kazoo': no part is called so" in fault(song(), "piano", "kazoo")


def test_the_band_is_told_what_stays_and_what_is_asked_for() -> None:
    writer = RuleWriter(PhraseRolls(resolution=4))
    accompany_song(band(writer), song(), "flute=guitar,3", "drums,strings", density="drums=2,low", temperature=0.5)
    (setting,) = writer.settings
    assert setting.known == (GUITAR, BASS) and setting.asked == (DRUMS, STRINGS) and writer.temperatures == [0.5]
    assert dict(setting.density) == {DRUMS: 2.0, STRINGS: 0.6}
    assert setting.begins.tolist() == [True, False, False, False]
    heard, given = setting.given.track == GUITAR, setting.given
    notes = sorted(zip(given.start[heard].tolist(), (given.pitch[heard] + 24).tolist(), strict=True))
    assert notes == list(zip(range(0, 64, 4), [60, 62, 64, 65] * 4, strict=True))


def test_drums_under_a_wrong_program_are_drums() -> None:
    writer = RuleWriter(PhraseRolls(resolution=4))
    done = accompany_song(band(writer), song(), "drums")
    assert done.kept.tracks == (3,) and writer.settings[0].known == (DRUMS,)
    assert (writer.settings[0].given.end - writer.settings[0].given.start == 1).all()


def test_the_band_plays_in_the_songs_bars_and_leaves_others_alone() -> None:
    metre = [(0, 4, 4), (BAR, 3, 4), (BAR + 6 * BEAT, 4, 4)]
    done = accompany(song("piano", metre=metre))
    starts = added(done)["Bass"].notes["start"]
    expected = [*range(0, BAR, BEAT), *range(BAR + 6 * BEAT, 16 * BEAT + 2 * BEAT, BEAT)]
    assert starts.tolist() == expected and done.grid.others.tolist() == [2, 3]
    assert (added(done)["Bass"].notes["end"] <= 18 * BEAT).all()
    np.testing.assert_array_equal(done.songs[0].time_signatures, song("piano", metre=metre).time_signatures)


def test_the_band_plays_to_a_late_song_as_late() -> None:
    late = song("piano").with_tracks((replace(tracks()["piano"], notes=line(*[48, 55] * 8, start=50)),))
    done = accompany(late)
    assert added(done)["Bass"].notes["start"].tolist() == list(range(50, 16 * BEAT, BEAT))


def test_a_late_song_is_heard_on_its_beats() -> None:
    late = Score(BEAT, (Track(line(*[48, 55] * 8, start=50)),))
    writer = RuleWriter(PhraseRolls(resolution=24))
    accompany_song(band(writer), late)
    assert sorted(writer.settings[0].given.start.tolist()) == list(range(0, 16 * 24, 24))


def test_tempos_stay_or_are_scaled_together() -> None:
    rows = [(bar * BAR, 500_000 + 10_000 * bar) for bar in range(4)]
    piece = replace(song(), tempos=table(TEMPO, rows))
    np.testing.assert_array_equal(accompany(piece, "piano").songs[0].tempos, piece.tempos)
    (slow,) = accompany(piece, "piano", tempo=60).songs
    assert slow.tempos["beat_us"].tolist() == [2 * us for _, us in rows]
    assert "tempo = 5" in fault(piece, "piano", tempo=5)


def test_a_seed_is_a_band() -> None:
    done = accompany(song(), "piano", num=3, seed=4)
    alone = [midi_bytes(accompany(song(), "piano", seed=seed).songs[0]) for seed in (4, 5, 6)]
    assert [midi_bytes(one) for one in done.songs] == alone and len(set(alone)) == 3
    assert done.songs[1].texts[0] == (0, "seed: 5")
    many = accompany(song(), "piano", num=40)
    assert len(many.songs) == 40


def test_instruments_are_chosen_and_parts_muted() -> None:
    writer = RuleWriter(PhraseRolls(resolution=4))
    done = accompany_song(band(writer), song(), "piano", program="guitar=banjo,bass=39", mute="drums,strings")
    assert {name: track.program for name, track in added(done).items()} == {"Guitar": 105, "Bass": 39}
    assert DRUMS in writer.settings[0].asked and done.songs[0].tracks[0].name == "Piano"
    assert "nothing is left" in fault(song(), "piano", "bass", mute="bass")
    assert "mute 'drums': this part is not to be written" in fault(song(), "piano", "bass", mute="drums")
    assert "on their channel all programs are drums" in fault(song(), "piano", program="drums=5")


def test_the_band_alone() -> None:
    done = accompany(song(), "piano", only_new=True)
    assert [track.name for track in done.songs[0].tracks] == ["Drums", "Guitar", "Bass", "Strings"]
    np.testing.assert_array_equal(done.songs[0].time_signatures, song().time_signatures)


def test_the_band_is_a_little_softer_than_what_stays() -> None:
    for velocity, softer in ((80, 72), (20, 40), (127, 110)):
        piece = Score(BEAT, (Track(line(60, 64, 67, 72, velocity=velocity)),))
        assert (added(accompany(piece))["Bass"].notes["velocity"] == softer).all()


def test_rests_of_the_papers_lengths_are_sounded_again() -> None:
    """Cells leave a note's last step out; in the file it is whole, unless the pitch is struck again at once."""
    writer = RuleWriter(PhraseRolls(resolution=24))
    done = accompany_song(band(writer), Score(BEAT, (Track(line(*[48, 48, 55, 55] * 4)),)))
    notes = added(done)["Bass"].notes
    assert (notes["start"] % BEAT == 0).all()
    again = notes["pitch"][1:] == notes["pitch"][:-1]
    assert (notes["end"][:-1][again] == notes["start"][1:][again]).all() and again.any()
    assert (notes["end"][:-1][~again] == notes["start"][1:][~again] + BEAT // 24).all()
    assert notes["end"][-1] == 4 * BAR
    given = writer.settings[0].given
    assert (given.end - given.start == 23).all()


def test_drums_strike_at_each_step_that_sounds() -> None:
    class Rolling(RuleWriter):
        def _song(self, chance: Any, setting: Any) -> Any:
            found = super()._song(chance, setting)
            return replace(found, end=found.start + 3)

    notes = added(accompany_song(band(Rolling(PhraseRolls(resolution=4))), song("piano"), None, "drums"))["Drums"].notes
    assert len(notes) == 48 and np.diff(notes["start"])[:3].tolist() == [120, 120, 240]


def test_ticks_coarser_than_the_grid_are_made_finer() -> None:
    piece = Score(2, (Track(line(60, 62, 64, 65, length=2)),))
    done = accompany(piece)
    (whole,) = done.songs
    assert whole.ticks_per_beat == 4 and whole.tracks[0].notes["start"].tolist() == [0, 4, 8, 12]


def test_at_odd_ticks_what_is_added_lies_on_the_grid_all_the_same() -> None:
    class Sixteenths(RuleWriter):
        def _song(self, chance: Any, setting: Any) -> Any:
            found, steps = super()._song(chance, setting), 16 * setting.num_bars
            every = np.arange(len(found.start)) % steps
            return replace(found, start=every, end=every + 1)

    piece = Score(13, (Track(line(*[60, 62, 64, 65] * 4, length=13)),))
    codec = PhraseRolls(resolution=4)
    drums = added(accompany_song(band(Sixteenths(codec)), piece, None, "drums"))["Drums"].notes
    assert np.unique(drums["start"]).tolist() == list(range(0, 13 * 16, 13))


WALTZ = [(0, 3, 4)]


@pytest.mark.parametrize(
    ("piece", "options", "words"),
    [
        (Score(), {}, "no note sounds in it"),
        (song(metre=WALTZ), {}, "no whole bar in 4/4 (its metre is 3/4), and the band plays 4/4 alone"),
        (song(), {"keep": "sax"}, "no part and no track is called 'sax'; the score has 1 Flute"),
        (song(), {"keep": ","}, "keep ',': name a track of the score, 1 Flute"),
        (Score(BEAT, (Track(line(60, start=70_000 * BEAT)),)), {}, "lasts longer than 65,536 beats"),
        (Score(BEAT, (Track(line(60), program=120),)), {}, "plays one of the parts"),
        (Score(BEAT, (Track(line(5, 6)),)), {}, "is silent in all bars in 4/4, or out of the band's hearing"),
        (song(), {"keep": "piano", "density": "much"}, "density 'much'"),
        (song(), {"keep": "piano", "num": 0}, "num = 0"),
    ],
)
def test_what_cannot_be_is_told(piece: Score, options: dict[str, Any], words: str) -> None:
    assert words in fault(piece, **options)


def performance(num: int = 400, seed: int = 0) -> Track:
    chance = np.random.default_rng(seed)
    start = np.sort(chance.integers(0, 40 * BEAT, num))
    return Track(notes_from_columns(start, start + 100, chance.integers(40, 80, num), 80), name="Live")


def test_a_performance_without_beats_is_told_what_to_do() -> None:
    sentence = fault(Score(BEAT, (performance(),)))
    assert "as in a free performance without beats" in sentence and "quantise it" in sentence
    # Beside drums on the beat the beats are known.
    clicked = Score(BEAT, (performance(60), Track(line(*[36] * 160, length=BEAT // 4), is_drum=True)))
    assert len(added(accompany(clicked, "live"))["Bass"].notes) == 40
    # And so they are where people play near them.
    played = line(*[60, 62] * 80, length=BEAT // 4, start=BEAT)
    for name in ("start", "end"):
        played[name] += np.random.default_rng(0).integers(-24, 25, 160)
    played = played[np.argsort(played["start"])]
    loose = Score(BEAT, (Track(played),))
    assert is_free(loose) and len(added(accompany(loose))["Bass"].notes) == 44


def test_a_fifth_of_the_notes_on_a_grid_is_no_beat() -> None:
    chance = np.random.default_rng(0)
    on_grid, anywhere = 120 * chance.integers(0, 800, 2000), chance.integers(0, 96_000, 2000)
    start = np.sort(np.where(np.arange(2000) % 5 == 0, on_grid, anywhere))
    piece = Score(BEAT, (Track(notes_from_columns(start, start + 100, chance.integers(40, 80, 2000), 80)),))
    assert is_free(piece) and 0.17 < pulse(piece) < 0.24
    assert "as in a free performance without beats" in fault(piece)


def test_models_that_cannot_hear_are_told(tmp_path: Path) -> None:
    scratch = load(model(tmp_path / "scratch.safetensors", "musegan-hybrid"))
    with pytest.raises(InputError, match="writes all parts from scratch and cannot hear one"):
        scratch.accompany(song(), "piano")
    bar = load(model(tmp_path / "melody.safetensors", "bar"))
    with pytest.raises(InputError, match="plays no parts to others"):
        bar.accompany(song(), "piano")
    with pytest.raises(InputError, match=r"give a model that is open, antiphon.load\('band'\)"):
        accompany_song("band", song())  # type: ignore[arg-type]
    writer = RuleWriter(PhraseRolls(resolution=4), hears=(PIANO,))
    with pytest.raises(InputError, match=r"hears piano alone, and 3 E-Bass .* is kept as bass; .*--keep 3=piano"):
        accompany_song(band(writer), song(), "piano,bass")
    assert accompany_song(band(writer), song(), "bass=piano").kept.parts == (PIANO,)


def test_a_musegan_plays_to_its_track(tmp_path: Path) -> None:
    toy = load(model(tmp_path / "toy.safetensors", "musegan-hybrid-conditional"))
    metre = [(0, 4, 4), (BAR, 3, 4), (BAR + 3 * BEAT, 4, 4)]
    piece = song("piano", metre=metre)
    done = toy.accompany(piece, "piano", seed=3)
    (whole,) = done.songs
    np.testing.assert_array_equal(whole.tracks[0].notes, piece.tracks[0].notes)
    assert [track.name for track in whole.tracks[1:]] == ["Bass", "Drums", "Guitar", "Strings"]
    starts = np.concatenate([track.notes["start"] for track in whole.tracks[1:]])
    ends = np.concatenate([track.notes["end"] for track in whole.tracks[1:]])
    assert len(starts) and not ((starts >= BAR) & (starts < BAR + 3 * BEAT)).any()
    # The song ends a beat into its fifth bar, which the band fills.
    assert ends.max() <= BAR + 3 * BEAT + 3 * BAR + BAR and not ((starts < BAR) & (ends > BAR)).any()
    assert midi_bytes(whole) == midi_bytes(toy.accompany(piece, "piano", seed=3).songs[0])
    with pytest.raises(InputError, match="density: the model toy cannot play more or fewer"):
        toy.accompany(piece, "piano", density="low")


def test_a_fine_grid_can_be_played_on_sixteenths(tmp_path: Path) -> None:
    toy = load(model(tmp_path / "toy.safetensors", "musegan-hybrid-conditional"))
    plain, even = (toy.accompany(song(), "piano", sixteenths=only) for only in (False, True))
    sixteenth = even.song.ticks_per_beat // 4
    assert all(not (track.notes["start"] % sixteenth).any() for track in added(even).values())
    assert any((track.notes["start"] % sixteenth).any() for track in added(plain).values())
    np.testing.assert_array_equal(even.songs[0].tracks[0].notes, plain.songs[0].tracks[0].notes)
    with pytest.raises(InputError, match="sixteenths = 1"):
        toy.accompany(song(), "piano", sixteenths=1)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 6000), st.integers(0, 900), st.integers(0, 127), st.integers(1, 127)),
        min_size=1,
        max_size=40,
    ),
    st.sampled_from([1, 10, 96, 480]),
    st.lists(st.tuples(st.integers(0, 6000), st.sampled_from([(4, 4), (3, 4), (2, 2), (5, 8)])), max_size=3),
    st.integers(0, 127),
    st.booleans(),
)
def test_any_song_is_accompanied_or_refused_in_a_sentence(
    rows: list[tuple[int, int, int, int]],
    beat: int,
    metres: list[tuple[int, tuple[int, int]]],
    program: int,
    is_drum: bool,
) -> None:
    start, length, pitch, velocity = np.array(rows).T
    notes = notes_from_columns(start, start + length, pitch, velocity)
    metre = table(TIME_SIGNATURE, [(tick, *one) for tick, one in sorted(metres)])
    piece = Score(beat, (Track(notes, program, is_drum, "x"),), time_signatures=metre)
    try:
        (whole,) = accompany(piece).songs
    except InputError:
        return
    factor = whole.ticks_per_beat // beat
    np.testing.assert_array_equal(whole.tracks[0].notes["start"], factor * notes["start"])
    np.testing.assert_array_equal(whole.tracks[0].notes["pitch"], notes["pitch"])
    assert midi_bytes(whole)


def test_two_thousand_bars_and_forty_tracks() -> None:
    rows = tuple(Track(line(*[60 + number % 12] * 8000), program=number % 8, name=f"t{number}") for number in range(40))
    done = accompany(Score(BEAT, rows), "t3")
    assert len(added(done)["Bass"].notes) == 8000 and done.left_out == tuple(n for n in range(40) if n != 3)
    assert len(done.songs[0].tracks) == 5


def test_a_song_of_one_bar_and_one_that_ends_within_one() -> None:
    for notes, bars in ((line(60), 1), (line(60, 62, 64, 65, 67), 2)):
        done = accompany(Score(BEAT, (Track(notes),)))
        assert len(done.grid.lines) == bars and added(done)["Bass"].notes["end"].max() == bars * BAR


def test_a_file_is_read_and_named(tmp_path: Path) -> None:
    write_midi(song(), tmp_path / "x.mid")
    done = accompany_song(band(), tmp_path / "x.mid", "piano")
    np.testing.assert_array_equal(done.songs[0].tracks[0].notes, read_midi(tmp_path / "x.mid").tracks[1].notes)
    with pytest.raises(InputError, match=r"x.mid has 1 Flute"):
        accompany_song(band(), tmp_path / "x.mid", "sax")
