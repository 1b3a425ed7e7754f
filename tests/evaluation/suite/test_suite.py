"""The whole of an evaluation: equal sets are alike, spoilt ones are not, and what cannot be said is not said."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.evaluation.suite.test_songs import rolls_file
from tests.made import folder, song

from antiphon.codecs.melody import MelodyBars
from antiphon.errors import InputError
from antiphon.evaluation.baselines import shuffled_gaps, shuffled_pitches
from antiphon.evaluation.measures import Number
from antiphon.evaluation.notes import Notes
from antiphon.evaluation.report.report import Report, Row, Section
from antiphon.evaluation.report.wording import standing
from antiphon.evaluation.suite.parts import PARTS, Setting
from antiphon.evaluation.suite.plan import Plan
from antiphon.evaluation.suite.sides import Reference, open_reference
from antiphon.evaluation.suite.songs import Songs, in_memory, open_songs
from antiphon.evaluation.suite.suite import evaluate, measured
from antiphon.io.midi import write_midi
from antiphon.music.score import Score

SILENCE = Score()


@pytest.fixture(autouse=True)
def quick(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The parts alone: the sections on whole sets have tests of their own."""
    if request.node.name != "test_the_whole_of_it_with_two_processes":
        monkeypatch.setattr("antiphon.evaluation.suite.suite.of_sets", lambda sides: [])


def made(begin: int, num: int = 12, name: str = "made") -> Songs:
    return in_memory(name, [song(seed, bars=8) for seed in range(begin, begin + num)])


def spoilt(seed: int) -> Score:
    notes, rng = Notes.from_score(song(seed, bars=8)), np.random.default_rng(seed)
    return shuffled_gaps(shuffled_pitches(notes, rng), rng).score()


def reference(begin: int = 100, num: int = 12) -> Reference:
    return Reference(made(begin, num, "real"), made(begin + num, num, "other"), "held against half")


def rows(report: Report) -> Iterator[Row]:
    return (row for section in report.sections for row in section.rows)


def standings(report: Report) -> Counter[str]:
    return Counter(standing(row) for row in rows(report))


def plan(protocol: str, **more: Any) -> Plan:
    return Plan(protocol, examine=False, **more)


SLOWER = [pytest.param(name, marks=pytest.mark.slow) for name in ("lstm", "musegan")]


@pytest.mark.parametrize("protocol", ["bar", "transformer-gan", *SLOWER])
def test_equal_sets_are_as_real(protocol: str) -> None:
    real = reference()
    found = evaluate(real.real, real, plan(protocol))
    assert not {"apart", "slight", "unknown"} & set(standings(found))
    pairs = [(row.made, row.real) for row in rows(found) if row.real is not None]
    assert len(pairs) > 10 and all(repr(made) == repr(theirs) for made, theirs in pairs)
    assert found.remarks[0].startswith("THE REFERENCE CONTAINS THE SAMPLES: 12 of 12")


@pytest.mark.parametrize("protocol", ["bar", "transformer-gan", *SLOWER])
def test_other_songs_of_the_kind_are_not_told(protocol: str) -> None:
    found = standings(evaluate(made(0), reference(), plan(protocol)))
    assert not {"apart", "slight"} & set(found)


@pytest.mark.parametrize(("protocol", "least"), [("bar", 3), ("lstm", 12), ("transformer-gan", 3)])
def test_shuffled_songs_are_far_off(protocol: str, least: int) -> None:
    found = evaluate(in_memory("spoilt", [spoilt(seed) for seed in range(12)]), reference(), plan(protocol))
    assert standings(found)["apart"] >= least
    if protocol != "bar":  # there it is the steps of bars that are shuffled, which is something else
        assert sum("as far off as shuffled" in row.verdict for row in rows(found)) >= 2


def test_sides_that_are_exchanged_exchange_their_values() -> None:
    other = in_memory("spoilt", [spoilt(seed) for seed in range(12)])
    real = made(100)
    one, two = (evaluate(a, Reference(b, made(200), ""), plan("bar")) for a, b in ((other, real), (real, other)))
    pairs = list(zip(rows(one), rows(two), strict=True))
    assert len(pairs) > 10
    for row, swapped in pairs:
        if row.real is not None:
            assert swapped.real is not None and row.name == swapped.name
            assert repr((row.made, row.real)) == repr((swapped.real, swapped.made))


def test_the_same_seed_gives_the_same_bytes() -> None:
    texts = [evaluate(made(0, 6), reference(100, 6), plan("bar", seed=seed)).json_text() for seed in (3, 3, 4)]
    assert texts[0] == texts[1] != texts[2]
    json.loads(texts[0], parse_constant=lambda name: pytest.fail(f"{name} is no number"))


def test_a_song_set_aside_is_remarked_and_moves_no_other(tmp_path: Path) -> None:
    (folder(tmp_path, 6) / "broken.mid").write_bytes(b"MThd no")
    found = evaluate(open_songs(tmp_path), reference(100, 6), plan("bar"))
    remark = next(remark for remark in found.remarks if "1 of 7 pieces give nothing" in remark)
    assert str(tmp_path / "broken.mid") in remark and "get a whole copy" in remark
    clean = evaluate(in_memory("clean", [song(seed) for seed in range(6)]), reference(100, 6), plan("bar"))
    assert [row.made for row in rows(found)] == [row.made for row in rows(clean)]


@pytest.mark.parametrize("protocol", ["bar", "lstm", "musegan", "transformer-gan", "all"])
def test_nothing_to_measure_is_refused(protocol: str) -> None:
    silent = in_memory("silent", [SILENCE] * 6)
    with pytest.raises(InputError, match=f"^silent: its songs .6. cannot .* protocol '{protocol}'.*: silent-0: .*no"):
        evaluate(silent, reference(100, 6), plan(protocol))
    with pytest.raises(InputError, match=f"^silent: its songs .6. cannot .* protocol '{protocol}'.*: silent-0: .*no"):
        evaluate(made(0, 6), Reference(silent, made(0, 2), ""), plan(protocol))


def test_silent_samples_do_not_shorten_the_stated_length() -> None:
    few = in_memory("made", [*(song(seed) for seed in range(3)), *[SILENCE] * 5])
    found = evaluate(few, None, plan("transformer-gan"))
    assert found.settings["tokens"] > 100
    assert "5 of 8 pieces give nothing" in found.remarks[0]


@pytest.mark.parametrize("num", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_few_songs_say_how_many_are_needed(num: int) -> None:
    found = evaluate(made(0, num), reference(100, 6), plan("all"))
    assert any("a verdict needs 5 songs on each side" in remark for remark in found.remarks)
    assert set(standings(found)) == {"unknown"}
    assert all("needs" in row.verdict or "undefined" in row.verdict for row in rows(found))


def test_one_real_song_alone() -> None:
    found = evaluate(made(0, 6), Reference(made(100, 1, "real"), made(100, 0), ""), plan("bar"))
    assert set(standings(found)) == {"unknown"}
    assert any("no real songs beside those" in remark for remark in found.remarks)


def test_one_song_twelve_times_is_no_set_of_twelve_songs_alike() -> None:
    found = evaluate(in_memory("made", [song(0)] * 12), reference(), plan("bar"))
    assert all(row.made.low == row.made.high for row in rows(found) if row.p is not None)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"protocol": "polka"}, "protocol 'polka': choose one of bar, lstm"),
        ({"tokens": 3, "seconds": 4.0}, "tokens and seconds: state one length"),
        ({"tokens": -1}, "tokens -1"),
        ({"seconds": 0.0}, "seconds 0"),
        ({"seconds": float("nan")}, "seconds nan"),
        ({"seconds": float("inf")}, "seconds inf"),
        ({"seed": -1}, "seed -1"),
        ({"seed": 2**31}, "seed 2147483648"),
        ({"workers": 0}, "workers 0"),
    ],
)
def test_plans_that_cannot_be_carried_out(options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InputError) as caught:
        evaluate(made(0, 1), None, Plan(**options))
    assert str(caught.value).startswith(sentence)


def test_an_array_against_scores(tmp_path: Path) -> None:
    rolls = open_songs(rolls_file(tmp_path / "a.npz"))
    found = evaluate(rolls, reference(100, 6), plan("musegan"))
    assert any("real is laid on the grid of the rolls: 4 steps a beat" in remark for remark in found.remarks)
    names = {row.name for row in rows(found)}
    assert "qualified_note_rate (4 steps a beat)/piano" in names
    assert not any("24 steps" in name for name in names)


def test_an_array_of_silence_is_said(tmp_path: Path) -> None:
    rolls = open_songs(rolls_file(tmp_path / "a.npz", rolls=np.zeros((6, 5, 1, 16, 24), bool)))
    found = evaluate(rolls, reference(100, 6), plan("musegan"))
    assert "6 of 6 samples are silent" in found.remarks[0]
    assert {row.made.value for row in rows(found) if row.name.startswith("empty_bar_rate")} == {1.0}


def test_silence_is_said_before_what_sections_remark(tmp_path: Path) -> None:
    cells = np.random.default_rng(0).random((6, 5, 1, 16, 24)) < 0.1
    cells[:2] = False
    rolls, extra = open_songs(rolls_file(tmp_path / "a.npz", rolls=cells)), Section("Extra", "", (), ("Grave.",))
    found = evaluate(rolls, reference(100, 6), plan("lstm"), extra=[extra])
    assert "2 of 6 samples are silent" in found.remarks[0] and found.remarks[1] == "Grave."


def under_conditions(real: Songs, left_out: int | None = None) -> Songs:
    """Bars as a model would write them under the conditions of real songs: an octave's turn of the real ones."""
    entries = []
    for index in range(len(real)):
        bars = MelodyBars().encode(real.score(index))
        entries.append({**bars, "real": np.where(bars["real"] < 23, bars["real"] + 1, bars["real"])})
    kept = [index for index in range(len(real)) if index != left_out]
    return replace(real.only(kept), name="under", kind="bars", entries=tuple(entries[index] for index in kept))


def test_bars_under_the_conditions_of_real_songs_are_compared_in_pairs() -> None:
    held = reference()
    conditioned = (under_conditions(held.real), under_conditions(held.other))
    paired = evaluate(made(0), held, plan("bar"), conditioned=conditioned)
    assert "in pairs" in paired.sections[0].sentence
    half = (under_conditions(held.real, left_out=3), conditioned[1])
    alone = evaluate(made(0), held, plan("bar"), conditioned=half)
    assert "in pairs" not in alone.sections[0].sentence
    assert "in pairs" not in evaluate(made(0), held, plan("bar")).sections[0].sentence
    p = [{row.name: row for row in rows(one)}["pitch_range"].p for one in (paired, alone)]
    assert p[0] is not None and p[1] is not None and p[0] < 0.05 < p[1]


def test_extra_sections_come_after_the_parts() -> None:
    extra = Section("Extra", "A sentence.", (Row("own", "A sentence.", "a source", "", Number(1.0)),))
    found = evaluate(made(0, 5), None, plan("lstm"), extra=[extra])
    assert [section.title for section in found.sections][-1] == "Extra"


def test_columns_number_the_songs_that_were_measured() -> None:
    songs = in_memory("made", [SILENCE, song(0), song(1)])
    found, own, shuffled = measured(songs, PARTS["notes"], Setting())
    assert found.songs == (1, 2)
    assert all(set(column.song) <= {0, 1} for column in (*own.values(), *shuffled.values()))


@pytest.mark.slow
def test_the_whole_of_it_with_two_processes(tmp_path: Path) -> None:
    folder(tmp_path / "real", 24)
    for seed in range(100, 112):
        write_midi(song(seed), tmp_path / "made" / f"{seed}.mid")
    texts = [
        evaluate(
            open_songs(tmp_path / "made"),
            open_reference(str(tmp_path / "real")),
            plan("all", workers=workers, as_published=True),
        ).json_text()
        for workers in (1, 2)
    ]
    assert texts[0] == texts[1]
    titles = [section["title"] for section in json.loads(texts[0])["sections"]]
    assert len(titles) > 8
