"""What is settled first: one length that both sides have, primes, and whether anybody hears beats."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tests.evaluation.performed import made, pedalled, through_the_codec
from tests.made import song

from antiphon.codecs.performance import score_of
from antiphon.errors import InputError
from antiphon.evaluation.metrics.performance import performance_of_score
from antiphon.evaluation.notes import Notes
from antiphon.evaluation.suite.gather import UnusableError
from antiphon.evaluation.suite.parts import PARTS, Setting, heard_notes, song_notes
from antiphon.evaluation.suite.plan import Plan
from antiphon.evaluation.suite.protocols import metrics_of, notes_reader, parts_of
from antiphon.evaluation.suite.songs import Songs, in_memory
from antiphon.evaluation.suite.stated import STATED_TOKENS, settled
from antiphon.evaluation.suite.suite import evaluate
from antiphon.music.score import KEY_SIGNATURE, Score, table

PIECES = [pedalled(seed) for seed in range(6)]


def plan(protocol: str = "transformer-gan", **more: Any) -> Plan:
    return Plan(protocol, examine=False, **more)


def of_tokens(*tokens: int) -> Songs:
    """Songs with as many tokens, nearly."""
    return in_memory("lengths", [score_of(made(k, 900).first(num)) for k, num in enumerate(tokens)])


def tokens(songs: Songs) -> list[int]:
    return sorted(len(performance_of_score(songs.score(index))) for index in range(len(songs)))


def test_nine_in_ten_songs_of_each_side_reach_the_length() -> None:
    some, others = of_tokens(300, 400, *[1000] * 18), of_tokens(*[700] * 10)
    chosen, _ = settled(plan(), Setting(), some, None)
    assert chosen.tokens == tokens(some)[2] > 900
    assert sum(length >= chosen.tokens for length in tokens(some)) == 18
    both, remarks = settled(plan(), Setting(), some, others)
    assert both.tokens == tokens(others)[1] < 710 and remarks == ()
    long = in_memory("long", [score_of(made(0, 2000))])
    assert settled(plan(), Setting(), long, None)[0].tokens == STATED_TOKENS
    assert settled(plan(), Setting(), long, some)[0].tokens == chosen.tokens


def test_a_length_that_is_hardly_one_is_said() -> None:
    chosen, remarks = settled(plan(), Setting(), of_tokens(20, 20, *[1000] * 8), None)
    assert chosen.tokens is not None and chosen.tokens < 30
    assert "lengths: more than a tenth of the songs" in remarks[0] and "--tokens" in remarks[0]


@pytest.mark.parametrize(
    ("options", "tokens", "seconds"),
    [({"tokens": 500}, 500, None), ({"seconds": 9.0}, None, 9.0), ({"tokens": 0}, None, None)],
)
def test_a_stated_length_is_kept(options: dict[str, Any], tokens: int | None, seconds: float | None) -> None:
    chosen, _ = settled(plan(**options), Setting(), of_tokens(20), None)
    assert (chosen.tokens, chosen.seconds) == (tokens, seconds)


def test_shorter_songs_are_left_out_on_both_sides_and_counted() -> None:
    some = of_tokens(300, *[1000] * 7)
    found = evaluate(some, None, plan(tokens=800))
    assert any("1 of 8 pieces" in remark and "fewer than the stated 800" in remark for remark in found.remarks)
    assert "the first 800 tokens; shorter songs are left out on both sides" in found.sections[0].sentence
    default = evaluate(some, None, plan())
    assert "which nine in ten songs of each side reach" in default.sections[0].sentence
    with pytest.raises(InputError, match=r"lasts .* seconds, less than the stated 500"):
        evaluate(some, None, plan(seconds=500.0))
    whole = evaluate(some, None, plan(tokens=0))
    assert "whole pieces" in whole.sections[0].sentence and whole.sections[0].rows[0].made.num_songs == 8


def test_no_song_that_is_measured_is_shorter_than_another() -> None:
    some = of_tokens(600, 640, 700, 800, 900, 1000)
    chosen, _ = settled(plan(), Setting(), some, None)
    heard = [len(performance_of_score(through_the_codec(some.score(index)))) for index in range(6)]
    assert chosen.tokens == min(heard)
    with pytest.raises(UnusableError, match="fewer than the stated 650"):
        heard_notes(Setting(tokens=650), some, 0)


@pytest.mark.parametrize("protocol", ["transformer-gan", "all", "lstm"])
def test_a_pedal_is_heard_as_a_model_of_tokens_writes_it(protocol: str) -> None:
    raw, decoded = in_memory("raw", PIECES), in_memory("decoded", [through_the_codec(score) for score in PIECES])
    for tokens in (None, 800):
        setting, _ = settled(plan(protocol, tokens=tokens), Setting(), decoded, raw)
        read = notes_reader(protocol, setting)
        for index in range(6):
            one, other = read(raw, index), read(decoded, index)
            np.testing.assert_array_equal(one.start_seconds, other.start_seconds)
            np.testing.assert_array_equal(one.pitch, other.pitch)
            # Two strokes of a key within one step may change places.
            assert np.mean(one.end_seconds != other.end_seconds) < 0.02
            dry = Notes.from_score(raw.score(index))
            assert np.mean(one.end_seconds - one.start_seconds) > 3 * np.mean(dry.end_seconds - dry.start_seconds)


def test_beats_are_those_of_both_sides() -> None:
    played, written = in_memory("played", PIECES), in_memory("written", [song(seed) for seed in range(6)])
    for sides, beats in (((written, written), True), ((played, written), False), ((written, played), False)):
        setting, remarks = settled(plan("all"), Setting(), *sides)
        assert setting.beats is beats
        assert bool(remarks) is not beats
        assert (notes_reader("all", setting) is song_notes) is beats
    assert remarks[0].startswith("played: most songs are played without beats")
    for protocol in ("bar", "musegan"):
        assert settled(plan(protocol), Setting(), played, written)[0].beats


def test_what_needs_beats_is_left_out_where_there_are_none() -> None:
    setting = Setting(beats=False)
    assert parts_of("all", setting) == ("notes", "performance") and len(parts_of("all", Setting())) == 4
    kept = {metric.name for metric in metrics_of(PARTS["notes"], "all", setting)}
    assert {"in_key_share", "notes_per_second"} <= kept
    assert not {"grid_share", "groove_consistency", "chord_tone_share", "notes_per_beat", "bar_repetition"} & kept
    assert metrics_of(PARTS["notes"], "all", Setting()) == PARTS["notes"].metrics
    found = evaluate(in_memory("played", PIECES), None, plan("all"))
    assert [section.title for section in found.sections[:2]] == [PARTS["notes"].title, PARTS["performance"].title]
    assert found.sections[2].title == "Variety"
    assert "what needs beats (bars, rolls, rhythm, harmony, form) is left out" in " ".join(found.remarks)
    spoken = evaluate(in_memory("played", PIECES), None, plan("lstm"))
    assert "grid_share" in {row.name for row in spoken.sections[0].rows}
    assert "beats that nobody hears" in " ".join(spoken.remarks)


def test_a_prime_is_shorter_than_what_is_measured() -> None:
    some = of_tokens(*[1000] * 6)
    assert settled(plan(prime_tokens=300), Setting(), some, None)[0].prime_tokens == 300
    assert settled(plan(prime_tokens=0), Setting(), some, None)[0].prime_tokens is None
    with pytest.raises(InputError, match=r"prime_tokens 800: .* first 800 tokens"):
        evaluate(some, None, plan(prime_tokens=800, tokens=800))
    with pytest.raises(UnusableError, match="no more than the prime's 2,000"):
        heard_notes(Setting(prime_tokens=2000), some, 0)
    with pytest.raises(InputError, match="prime_tokens -1"):
        evaluate(some, None, plan(prime_tokens=-1))
    for protocol in ("bar", "lstm", "musegan"):
        with pytest.raises(InputError, match=f"'{protocol}' measures no performances"):
            evaluate(some, None, plan(protocol, prime_tokens=5))


def test_contrast_is_measured_where_the_prime_ends() -> None:
    some = of_tokens(*[1500] * 2)
    found, usual = (PARTS["performance"].measure(some, 0, Setting(prime_tokens=prime))[0] for prime in (600, None))
    assert found["contrast_at_joins/density"] != usual["contrast_at_joins/density"]
    assert found["pitches_used"] == usual["pitches_used"]


def test_curves_are_of_the_whole_piece() -> None:
    some = in_memory("made", [score_of(made(0, 3000))])
    own, _ = PARTS["performance"].measure(some, 0, Setting(tokens=1200))
    assert np.isfinite(np.asarray(own["pitches_used_by_position"])).sum() == 8
    report = evaluate(some, None, plan())
    names = {curve.name for curve in report.curves}
    assert {"in_scale_rate_by_position/best", "contrast_at_joins_by_position/register"} <= names


def test_the_key_that_a_file_states_is_reported() -> None:
    stated = [
        replace(score, key_signatures=table(KEY_SIGNATURE, [(0, sharps, False)]))
        for score, sharps in zip(PIECES, (0, 7, 0, 7, 0, 7), strict=True)
    ]
    rows = {row.name: row for row in evaluate(in_memory("made", stated), None, plan()).sections[0].rows}
    assert rows["in_scale_rate/stated"].made.num_songs == 6
    assert rows["in_scale_rate/stated"].made.value != rows["in_scale_rate/C major"].made.value
    unsaid = {row.name for row in evaluate(in_memory("made", PIECES), None, plan()).sections[0].rows}
    assert "in_scale_rate/stated" not in unsaid


def test_a_number_stands_in_a_report_once() -> None:
    names = {row.name for row in evaluate(in_memory("made", PIECES), None, plan()).sections[0].rows}
    assert "pitches_used" in names and "total_used_pitches" not in names
    sentence = next(metric.sentence for metric in PARTS["performance"].metrics if metric.name == "pitches_used")
    assert "TUP" in sentence


def test_silence_alone_settles_nothing() -> None:
    silent = in_memory("silent", [Score()] * 3)
    assert settled(plan("all"), Setting(), silent, None)[0].tokens == STATED_TOKENS
