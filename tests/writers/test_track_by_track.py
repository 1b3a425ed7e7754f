"""Bands track by track: who hears whom, that runs of bars and songs do not touch each other, and a training of one."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tests.made import folder

import antiphon
from antiphon.codecs.strokes import Strokes
from antiphon.data.prepare import prepare
from antiphon.families.band import folded
from antiphon.families.band.config import BandConfig
from antiphon.families.band.objective import BandObjective
from antiphon.fit import fit_preset
from antiphon.presets.table import get_preset
from antiphon.training.checkpoint import load_model, publish
from antiphon.writers import track_by_track
from antiphon.writers.bands import Setting
from antiphon.writers.track_by_track import TrackByTrackWriter

NOTHING = Strokes(*(np.empty(0, np.int64) for _ in range(4)))
TOY = ("family.hidden_dim=12", "family.hearing_dim=8", "family.head_dim=8", "family.critic_dim=4", "train.batch_size=2")
# Those after 3 belong to the game.
SHORT = ("family.likelihood_iterations=3", "family.critic_lead=1", "train.checkpoint_every=2", "train.log_every=1")
OFF = ("train.preview_every=100", "train.health_every=100")


def writer() -> TrackByTrackWriter:
    torch.manual_seed(0)
    family = get_preset("band").family.model_copy(update={"hidden_dim": 12, "hearing_dim": 8, "head_dim": 8})
    objective = family.build()
    assert isinstance(objective, BandObjective)
    objective.generator.style[:, :, 0] = 1
    return TrackByTrackWriter(objective)


def get_band() -> BandConfig:
    family = get_preset("band").family
    assert isinstance(family, BandConfig)
    return family


def rolls(strokes: Strokes) -> set[tuple[int, ...]]:
    return set(zip(*(getattr(strokes, name).tolist() for name in ("track", "pitch", "start", "end")), strict=True))


def chance(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


def setting(begins: list[int], **changes: object) -> Setting:
    whole = {"given": NOTHING, "known": (), "asked": (0, 1, 2, 3, 4)}
    return Setting(np.array(begins, bool), **{**whole, **changes})  # type: ignore[arg-type]


def test_a_song_is_the_same_alone_and_among_others() -> None:
    band = writer()
    alone = band.perform([chance(1)], setting([1, 0]), 1.0)[0]
    among = band.perform([chance(0), chance(1), chance(2)], setting([1, 0]), 1.0)[1]
    assert rolls(alone) == rolls(among)
    assert len(alone.start) > 50


def test_runs_of_bars_are_pieces_for_themselves() -> None:
    band = writer()
    one, two = (band.perform([chance(3)], setting(begins), 1.0)[0] for begins in ([1, 0, 1], [1, 0]))
    assert rolls(one[one.start < 32]) == rolls(two)
    assert one.end[one.start < 32].max() <= 32
    assert one.end.max() <= 48


@pytest.mark.parametrize(
    ("changes", "order"),
    [
        ({}, (0, 3, 2, 1, 4)),
        ({"tracks": 4, "drums": (), "lowest": ()}, (3, 2, 1, 0)),
        ({"drums": (1,), "lowest": (0, 5, 11, 12, 4)}, (1, 0, 4, 2, 3)),
        ({"tracks": 6, "lowest": ()}, (0, 5, 4, 3, 2, 1)),
    ],
)
def test_those_that_carry_the_others_are_written_first(changes: dict[str, Any], order: tuple[int, ...]) -> None:
    narrow = {"hidden_dim": 4, "hearing_dim": 4, "head_dim": 4, "critic_dim": 4}
    config = BandConfig.model_validate({**get_band().model_dump(), **narrow, **changes})
    band = TrackByTrackWriter(config.build())
    assert band.order == order
    song = band.perform([chance(0)], setting([1], asked=tuple(range(config.tracks))), 1.0)[0]
    assert set(song.track.tolist()) <= set(range(config.tracks))


def test_only_what_is_asked_is_written_and_it_hears_what_is_given() -> None:
    band = writer()
    given = Strokes(np.full(8, 1), np.arange(30, 38), np.arange(8) * 4, np.arange(8) * 4 + 3)
    beside = setting([1, 0], given=given, known=(1,), asked=(3,))
    found = band.perform([chance(3)], beside, 1.0)[0]
    assert set(found.track.tolist()) == {3}
    alone = band.perform([chance(3)], setting([1, 0], asked=(3,)), 1.0)[0]
    assert rolls(found) != rolls(alone)


def test_no_pitch_is_struck_while_it_sounds_and_drums_are_strokes() -> None:
    found = writer().perform([chance(5)], setting([1, 0, 0, 0]), 1.0)[0]
    drums = found.track == 0
    assert (found.end[drums] == found.start[drums] + 1).all()
    order = np.lexsort((found.start, found.pitch, found.track))
    track, pitch, start, end = (getattr(found, name)[order] for name in ("track", "pitch", "start", "end"))
    same = (track[1:] == track[:-1]) & (pitch[1:] == pitch[:-1])
    assert (end[:-1][same] <= start[1:][same]).all()
    assert (end > start).all()


def test_cold_bands_are_the_likeliest_whatever_their_chance() -> None:
    band = writer()
    cold = [rolls(band.perform([chance(seed)], setting([1, 0]), 0.0)[0]) for seed in (0, 1)]
    # The styles are all alike.
    assert cold[0] == cold[1]


def test_who_is_to_play_does_whatever_songs_do() -> None:
    band = writer()
    style = band._net.style
    style[:, :, 0] = 0
    style[:5, 3, 0] = 1
    for seed in range(8):
        assert band._style(chance(seed), setting([1], asked=(3,), sure=(3,)))[3, 0] == 1
    assert not all(band._style(chance(seed), setting([1], asked=(3,)))[3, 0] for seed in range(8))


def watched_attempts(monkeypatch: pytest.MonkeyPatch, share: float, places: float) -> tuple[list[int], Strokes]:
    """Attempts at the bass of nine bars, which plays two bars more of eight at each, a note in each of them."""
    band = writer()
    band._net.style[:, 3] = torch.tensor([share, places, 0, 0, 0])
    attempts: list[int] = []
    chances = track_by_track._Band.chance

    def chance(self: Any, begin: int, track: int, steps: int, attempt: int = 0) -> Any:
        attempts.append(attempt)
        return chances(self, begin, track, steps, attempt) * 0 + attempt

    def write(parts: folded.Parts, chance: Any, temperature: float, floor: float) -> None:
        bars = min(2 * int(chance[0, 0, 0, 0]) + 1, chance.shape[1] // 16)
        parts._length[0, parts._step + 16 * np.arange(bars), 40] = 1
        parts._step += chance.shape[1]

    monkeypatch.setattr(track_by_track._Band, "chance", chance)
    monkeypatch.setattr(folded.Parts, "write", write)
    return attempts, band.perform([np.random.default_rng(0)], setting([1, *[0] * 8], asked=(3,)), 1.0)[0]


@pytest.mark.parametrize(
    ("share", "places", "tried", "bars"),
    [
        (1.0, 0.0, [0, 1, 2, 0], 5),  # five of eight are near enough
        (0.5, 0.0, [0, 0, 1, 2, 3, 4], 1),  # one of eight too; the ninth bar alone has no half, whatever is tried
        (0.1, 0.0, [0, 0, 1, 2, 3, 4], 1),
        (0.1, 2.0, [0, 1, 2, 3, 4, 0, 1, 2, 3, 4], 1),  # right bars, too few notes in them, and no attempt is better
    ],
)
def test_bars_unlike_their_tracks_style_are_tried_again(
    monkeypatch: pytest.MonkeyPatch, share: float, places: float, tried: list[int], bars: int
) -> None:
    attempts, found = watched_attempts(monkeypatch, share, places)
    assert attempts == tried
    assert len(found.start) == bars + 1


def test_bars_are_as_far_from_a_style_as_too_many_play_or_too_thick() -> None:
    struck = np.zeros((3, 64, 5), bool)
    struck[1, :32:4, 2] = struck[2, ::4, 2:4] = True
    half = np.array([[0.5, np.log(4), 0, 0, 0]] * 3)
    assert track_by_track._apart(struck, half, 16) == pytest.approx(
        [0.5 / 0.4, 0, max(0.5 / 0.4, np.log(2) / np.log(1.7))]
    )
    assert track_by_track._apart(struck, half * 0, 16) == pytest.approx([0, 0.5 / 0.4, 1 / 0.4])


def test_no_pitch_lies_below_the_lowest_of_its_track() -> None:
    band = writer()
    band.lowest = (0, 50, 60, 40, 30)
    song = band.perform([chance(0)], setting([1, 0]), 1.0)[0]
    for track, lowest in enumerate(band.lowest):
        mine = song.pitch[song.track == track]
        assert len(mine)
        assert mine.min() >= lowest
    assert song.pitch[song.track == 0].min() < 30


def test_a_band_leans_to_the_harmony_of_each_bar() -> None:
    chords = np.array([[0, 4, 7], [7, 11, 14]])
    start = np.repeat(np.arange(2), 3) * 16
    given = Strokes(0 * start + 1, 36 + chords.ravel(), start, start + 16)
    lean = writer()._lean(setting([1, 0], given=given, known=(1,), asked=(3,)))
    assert (lean[:16, 36:48] == lean[0, :12]).all()
    assert lean[0, [0, 4, 7]].tolist() == [0, 0, 0]
    assert lean[0, 11] == lean[16, 0] == -track_by_track._ASIDE
    assert lean[0, 1] == -track_by_track._ASIDE - track_by_track._FOREIGN
    thin = Strokes(*(values[[0, 3]] for values in (given.track, given.pitch, given.start, given.end)))
    assert writer()._lean(setting([1, 0], given=thin, known=(1,), asked=(3,)))[0, 4] == 0


def test_a_band_leans_to_the_key_of_what_is_given_and_plays_no_less(monkeypatch: pytest.MonkeyPatch) -> None:
    band = writer()
    scale = np.array([0, 2, 4, 5, 7, 9, 11])
    start = np.arange(28) * 4
    given = Strokes(0 * start + 1, 36 + np.tile(scale, 4), start, start + 4)
    bars = [1, *[0] * 6]
    beside = setting(bars, given=given, known=(1,), asked=(3,))
    leaning = band.perform([chance(0)], beside, 1.0)[0]
    monkeypatch.setattr(band, "_lean", lambda _: np.zeros((16 * len(bars), 84)))
    free = band.perform([chance(0)], beside, 1.0)[0]

    def own(part: Strokes) -> float:
        return float(np.isin(part.pitch % 12, scale).mean())

    assert own(leaning) > 0.75
    assert own(free) < 0.7
    assert len(leaning.start) > 0.8 * len(free.start)


def test_songs_like_the_given_tracks_are_the_models() -> None:
    band = writer()
    band._net.style[:, 0, 1] = 9.0
    band._net.style[7, 0, 1] = np.log(8)
    start = np.arange(0, 64, 2)
    drums = Strokes(0 * start, 0 * start + 12, start, start + 1)
    beside = setting([1, 0, 0, 0], given=drums, known=(0,), asked=(3,))
    found = [band._style(chance(seed), beside)[0, 1] for seed in range(20)]
    assert sum(value < 3 for value in found) > 1


def test_who_is_given_is_not_asked() -> None:
    with pytest.raises(ValueError, match="given and asked"):
        setting([1], known=(1,), asked=(1, 2))


def test_choices_are_cut_by_the_floor_and_sharpened_by_temperature() -> None:
    scores = np.log(np.tile([0.70, 0.29, 0.01], (1000, 1)))
    spread = (np.arange(1000) + 0.5) / 1000

    def shares(temperature: float, floor: float) -> list[float]:
        chosen = folded._chosen(scores, spread, temperature, floor)
        return [float((chosen == choice).mean()) for choice in range(3)]

    assert shares(1.0, 0.0) == pytest.approx([0.7, 0.29, 0.01], abs=0.002)
    assert shares(1.0, 0.05) == pytest.approx([0.7 / 0.99, 0.29 / 0.99, 0], abs=0.002)
    assert shares(0.5, 0.0)[0] == pytest.approx(0.49 / (0.49 + 0.0841 + 0.0001), abs=0.002)
    assert shares(0.0, 0.0) == [1, 0, 0]


def test_leaning_moves_likelihood_among_pitches_only() -> None:
    scores = np.log(np.array([[0.2, 0.3, 0.1]]))
    moved = np.exp(folded._leaning(scores, np.array([0.0, -2.0, 0.0])))
    assert moved.sum() == pytest.approx(0.6)
    assert moved[0, 0] / moved[0, 1] == pytest.approx(0.2 / 0.3 * np.exp(2))


def test_more_density_is_more_places() -> None:
    band = writer()
    plain, dense = (band._style(chance(0), setting([1], density=density)) for density in ({}, {3: 2.0}))
    assert dense[3, 1] - plain[3, 1] == pytest.approx(np.log(2))
    assert (dense[2] == plain[2]).all()


def test_drums_carry_the_others_and_strings_come_last() -> None:
    band = writer()
    order: list[int] = []
    part = band._part

    def watched(bands: Any, turn: Any, beside: Any) -> list[Strokes]:
        order.append(turn.track)
        assert beside[1][0].nonzero().flatten().tolist() == sorted(order[:-1])
        return part(bands, turn, beside)

    band._part = watched  # type: ignore[method-assign]
    band.perform([chance(0)], setting([1]), 1.0)
    assert order == [0, 3, 2, 1, 4]


def test_every_run_of_bars_has_its_own_chance() -> None:
    found = writer().perform([chance(4)], setting([1, 1]), 1.0)[0]
    first, second = found.start < 16, found.start >= 16
    moved = Strokes(found.track, found.pitch, found.start - 16, found.end - 16)
    assert rolls(found[first]) != rolls(moved[second])


def test_what_sounds_over_the_beginning_of_a_run_is_heard_as_held() -> None:
    held = Strokes(np.array([1]), np.array([40]), np.array([10]), np.array([22]))
    cut = track_by_track._cut(held, 16, 32)
    assert (cut.start.tolist(), cut.end.tolist()) == ([-6], [6])
    stage = track_by_track._Stage(1, get_band(), 16)
    stage.place(0, cut)
    stage.place(0, Strokes(np.array([1]), np.array([50]), np.array([8]), np.array([11])))
    assert not stage._struck[0, 1, :, 40].any()
    assert np.flatnonzero(stage._sounds[0, 1, :, 40]).tolist() == [0, 1, 2, 3, 4, 5]
    assert np.flatnonzero(stage._struck[0, 1, :, 50]).tolist() == [8]
    assert np.flatnonzero(stage._sounds[0, 1, :, 50]).tolist() == [8, 9, 10]


def test_what_is_written_anew_hears_what_stays() -> None:
    band = writer()
    whole = setting([1, 0])
    (anew,) = band.vary(chance(1), [chance(2)], (4,), whole, 1.0)
    kept = band.perform([chance(1)], whole, 1.0)[0]
    assert rolls(kept[kept.track != 4]) == rolls(anew[anew.track != 4])
    deaf = band.perform([chance(2)], setting([1, 0], known=(0, 1, 2, 3), asked=(4,)), 1.0)[0]
    assert rolls(anew[anew.track == 4]) != rolls(deaf)


@pytest.mark.slow
def test_a_band_is_trained_published_tuned_and_plays(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    prepare(folder(tmp_path / "songs", 8), corpus)
    config = get_preset("band").resolve([*TOY, *SHORT, *OFF, "train.iterations=6"])
    fit_preset(config, corpus, tmp_path / "whole")
    publish(tmp_path / "whole", tmp_path / "band.safetensors")
    _, state = load_model(tmp_path / "band.safetensors")
    assert state["generator.style"].any()
    tune = get_preset("band-tune").resolve([*TOY, *OFF, "family.critic_lead=1", "train.iterations=2"])
    fit_preset(tune, corpus, tmp_path / "tuned", start=tmp_path / "band.safetensors")
    (song,) = antiphon.load(tmp_path / "band.safetensors").generate(2, seed=1)
    assert [track.name for track in song.tracks] == ["Drums", "Piano", "Guitar", "Bass", "Strings"]
