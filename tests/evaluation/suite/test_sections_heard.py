"""Sections on whole sets of performances: what a codec does to real pieces is told from nothing real."""

from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from tests.evaluation.performed import pedalled, through_the_codec

from antiphon.codecs.performance import performance_of, performed_notes, score_of
from antiphon.evaluation.report.report import Row
from antiphon.evaluation.report.wording import standing
from antiphon.evaluation.suite.context import Sides
from antiphon.evaluation.suite.parts import Setting
from antiphon.evaluation.suite.plan import Plan
from antiphon.evaluation.suite.sections import likeness
from antiphon.evaluation.suite.sections.conditions import dependence_section
from antiphon.evaluation.suite.sections.likeness import likeness_sections
from antiphon.evaluation.suite.sections.originals import originality_section
from antiphon.evaluation.suite.sections.variety import variety_section
from antiphon.evaluation.suite.sides import Reference
from antiphon.evaluation.suite.songs import Songs, in_memory
from antiphon.music.score import CONTROL, Score, empty


@cache
def pieces(begin: int, num: int) -> tuple[Score, ...]:
    return tuple(pedalled(seed) for seed in range(begin, begin + num))


def sides(made: Songs, protocol: str = "transformer-gan", **setting: Any) -> Sides:
    reference = Reference(in_memory("real", pieces(100, 24)), in_memory("other", pieces(200, 24)), "")
    setting = {"tokens": 1000, "beats": False, **setting}
    return Sides(Plan(protocol), Setting(**setting), made, made, made, reference, lambda sentence: None)


def decoded(begin: int, num: int = 24) -> Songs:
    return in_memory("decoded", [through_the_codec(score) for score in pieces(begin, num)])


def rows(given: Sides) -> dict[str, Row]:
    return {row.name: row for section in likeness_sections(given) for row in section.rows}


def test_real_pieces_through_the_codec_are_as_real_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(likeness, "_DRAWS", 20)
    found = rows(sides(decoded(0)))
    apart = {name for name, row in found.items() if standing(row) == "apart"}
    whole = {f"{kind}/within {side}" for kind in ("overlap_area", "kl_divergence") for side in ("real", "made")}
    # One in twenty may, before correction.
    assert len(apart) <= len(found) // 20 and not whole & apart
    # The same read as written, its pedal lost, would be far off.
    spoilt = rows(sides(in_memory("dry", [dry(score) for score in pieces(0, 24)])))
    assert whole <= {name for name, row in spoilt.items() if standing(row) == "apart"}


def dry(score: Score) -> Score:
    return replace(score, tracks=tuple(replace(track, controls=empty(CONTROL)) for track in score.tracks))


def test_all_cuts_phrases_of_performances_by_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(likeness, "_DRAWS", 3)
    assert "phrases of 20 seconds" in likeness_sections(sides(decoded(0, 6), "all"))[0].sentence
    assert "phrases of 8 bars" in likeness_sections(sides(decoded(0, 6), "all", beats=True))[0].sentence


def test_phrases_are_of_the_stated_length() -> None:
    short = likeness_sections(sides(decoded(0, 6), tokens=200))[0]
    assert short.rows[0].verdict == "too few to tell (none of the samples has a phrase of 20 seconds)"


def test_copies_are_known_though_their_pedal_is_gone() -> None:
    made = in_memory("made", [through_the_codec(score) for score in (*pieces(200, 1), *pieces(0, 1), *pieces(0, 1))])
    section = originality_section(sides(made, tokens=500))
    assert section is not None
    shares = {row.name: row for row in section.rows}
    assert shares["contained_share"].made.value == pytest.approx(1 / 3)
    variety = variety_section(sides(made))
    assert variety is not None and variety.rows[0].made.value == pytest.approx(2 / 3)


def spliced(first: Score, second: Score, prime: int = 400) -> Score:
    """The beginning of one piece, then another."""
    one, two = (performed_notes(score) for score in (first, second))
    return score_of(performance_of([*one.tokens[:prime], *two.tokens[prime:]]))


def test_what_follows_a_prime_is_asked_whether_it_goes_on() -> None:
    assert dependence_section(sides(decoded(0))) is None
    section = dependence_section(sides(decoded(0), prime_tokens=400))
    assert section is not None
    names = {row.name for row in section.rows}
    assert {f"condition_fit/prime, {facet}" for facet in ("join", "harmony", "rhythm")} <= names
    assert all(row.real is not None and row.made.num_songs == 24 for row in section.rows)


def moved(score: Score, semitones: int) -> Score:
    return score_of(performed_notes(score, transpose=semitones))


def low_and_high(num: int, shift: int) -> Songs:
    """Pieces each in a register of its own, which goes on after the prime; or in that of a neighbour."""
    scores = [through_the_codec(score) for score in pieces(0, num)]
    registers = [moved(score, 20 if k % 2 else -20) for k, score in enumerate(scores)]
    return in_memory("made", [spliced(registers[k], registers[(k + shift) % num]) for k in range(num)])


def test_a_continuation_that_ignores_its_prime_is_told_from_one_that_heeds_it() -> None:
    found = []
    for shift in (0, 1):
        section = dependence_section(sides(low_and_high(12, shift), prime_tokens=400))
        assert section is not None
        found.append({row.name: row for row in section.rows}["condition_fit/prime, join"])
    heeds, ignores = found
    assert heeds.made.value > ignores.made.value + 20
    assert "depends less than real music" in ignores.verdict and "depends less" not in heeds.verdict
