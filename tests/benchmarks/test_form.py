from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from tests.made import BEAT, song

from antiphon.asked import Asked, check_values
from antiphon.codecs.melody import MelodyBars
from antiphon.evaluation.sets.certainty import Estimate
from antiphon.generate import Model
from antiphon.music.score import TEMPO, Score, Track, beat_us, notes_from_columns, table
from benchmarks import form

BAR = 4 * BEAT


def tune(pitches: list[int], bars: int = form.BARS) -> Score:
    """Four quarter notes a bar over a chord of C, the pitches again and again."""
    starts = np.arange(4 * bars) * BEAT
    melody = notes_from_columns(starts, starts + BEAT, np.resize(pitches, len(starts)), 90)
    lines = np.repeat(np.arange(bars) * BAR, 3)
    chords = notes_from_columns(lines, lines + BAR, np.resize([48, 52, 55], len(lines)), 60)
    return replace(song(0), tracks=(Track(melody, name="Melody"), Track(chords, name="Piano")))


PHRASE = [72, 74, 76, 77, 79, 77, 76, 74, 72, 76, 79, 76, 74, 71, 67, 72]


class Player:
    """Writes tunes and remembers what it was asked for."""

    codec = MelodyBars()

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []

    def generate(self, bars: int | None = None, num: int = 1, **options: Any) -> list[Score]:
        self.asked.append({"bars": bars, **options})
        return [tune(PHRASE if options else [*PHRASE, *reversed(PHRASE), 60 + seed]) for seed in range(num)]


@pytest.fixture
def player() -> Model:
    return cast("Model", Player())


def test_a_phrase_of_four_bars_comes_back_after_four() -> None:
    (back,) = form._values([tune(PHRASE)])
    assert set(back) == set(form.BUILT)
    assert back["bars back after 4"] == back["similarity 4 bars apart"] == 1
    assert back["notes a bar"] == 4 and back["note length"] == back["last note"] == 1
    assert back["last note on the tonic"] == back["last chord on the tonic"] == 1
    assert back["notes of the bar's chord"] == pytest.approx(10 / 16)
    (other,) = form._values([song(1, 32)])
    assert other["bars back after 4"] < 0.2


def test_each_figure_stands_beside_real_songs(player: Model, corpus: Path) -> None:
    rows = {row.name: row for row in form._built(player, 3, str(corpus), quick=True)}
    assert len(rows) == 5 * len(form.BUILT)
    assert all(row.unit == form.BUILT[row.name.split(": ")[0]] for row in rows.values())
    written, real = rows["notes a bar: --form AABA"], rows["notes a bar: real songs, test"]
    assert written.value == 4 < real.value
    assert written.note == "[4, 4], 3 songs; 100% of all have as much" and written.target in real.note
    assert rows["bars back after 4: --form AABA"].value == 100
    asked = cast("Player", player).asked
    assert [(each["bars"], each.get("form")) for each in asked] == [(32, None), (None, "AABA"), (32, "none")]


def test_each_wish_is_one_that_can_be_asked_for_and_is_asked_for(player: Model) -> None:
    rows = list(form._asked(player, 2))
    plain, *asked = cast("Player", player).asked
    assert plain == {"bars": form.BARS}
    wishes = list(form._wishes())
    assert asked == [{"bars": form.BARS, **options} for _, options, _ in wishes]
    for options in asked:
        check_values(Asked(**options))
    assert [row.name for row in rows] == [f"{words}: {each.what}" for words, _, measures in wishes for each in measures]
    assert next(row for row in rows if row.name.startswith("--density 8")).target == "8"
    assert "pitch changes a bar" in rows[0].note


@pytest.mark.parametrize(
    ("measure", "value"),
    [
        (form._notes_a_bar, 4.0),
        (form._inside(72, 76), 10 / 16),
        (form._inside(80, 83), 0.0),
        (form._beats_a_minute, 90.0),
        (form._come_back((8, 24)), 1.0),
        (form._come_back((1,)), 0.0),
    ],
)
def test_what_is_measured_of_a_wish(measure: Any, value: float) -> None:
    score = replace(tune(PHRASE), tempos=table(TEMPO, [(0, beat_us(90))]))
    assert measure(score) == pytest.approx(value, rel=1e-5)


def test_shares_are_told_in_percent() -> None:
    found = Estimate(0.25, 0.125, 0.375, 6, 3)
    row = form._row("x", found, "%", "most")
    assert (row.value, row.note, row.target) == (25.0, "[12.5, 37.5], 3 songs", "most")
    assert form._row("x", found, "beats", "", "more").note == "[0.125, 0.375], 3 songs; more"
