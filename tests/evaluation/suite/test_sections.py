"""Sections on whole sets: each says what it found, or that there is too little; the floor knows what chance does."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pytest
from tests.made import song

from antiphon.evaluation.baselines import shuffled_gaps, shuffled_pitches
from antiphon.evaluation.examiner.budget import Budget
from antiphon.evaluation.examiner.examination import examination, real_against_real
from antiphon.evaluation.measures import Number
from antiphon.evaluation.notes import Notes
from antiphon.evaluation.report.report import Row, Section
from antiphon.evaluation.report.wording import standing
from antiphon.evaluation.sets.certainty import holm
from antiphon.evaluation.sets.dependence import dependence
from antiphon.evaluation.sets.features import FEATURES
from antiphon.evaluation.sets.matches import Originality
from antiphon.evaluation.suite.context import Sides
from antiphon.evaluation.suite.parts import PROTOCOLS, Setting
from antiphon.evaluation.suite.plan import Plan
from antiphon.evaluation.suite.sections import examiners
from antiphon.evaluation.suite.sections.all import of_sets
from antiphon.evaluation.suite.sections.conditions import dependence_section, pairings
from antiphon.evaluation.suite.sections.examiners import examiner_section
from antiphon.evaluation.suite.sections.likeness import likeness_sections
from antiphon.evaluation.suite.sections.originals import _rare, originality_section
from antiphon.evaluation.suite.sections.phrases import phrase_rolls
from antiphon.evaluation.suite.sections.published import published_sections
from antiphon.evaluation.suite.sections.teaching import teaching_section
from antiphon.evaluation.suite.sections.variety import variety_section
from antiphon.evaluation.suite.sides import Reference
from antiphon.evaluation.suite.songs import Songs, in_memory
from antiphon.music.score import Score

TOY = Budget(iterations=20, batch=24, width=8, checks=1, trees=10, leaves=8)


def songs(begin: int, num: int = 16, bars: int = 16) -> Songs:
    return in_memory("songs", [song(seed, bars) for seed in range(begin, begin + num)])


def spoilt(seed: int) -> Score:
    notes, rng = Notes.from_score(song(seed)), np.random.default_rng(seed)
    return shuffled_gaps(shuffled_pitches(notes, rng), rng).score()


def sides(made: Songs, reference: Reference | None = None, protocol: str = "bar", **setting: Any) -> Sides:
    plan = Plan(protocol, as_published=True)
    return Sides(plan, Setting(**setting), made, made, made, reference, lambda sentence: None)


def real(num: int = 16) -> Reference:
    return Reference(songs(100, num), songs(200, num), "")


def by_name(sections: Sequence[Section | None]) -> dict[str, Row]:
    return {row.name: row for section in sections if section is not None for row in section.rows}


class TestVariety:
    def test_copies_are_counted(self) -> None:
        moved = Notes.from_score(song(1)).transposed(3).score()
        copies = in_memory("made", [song(0), moved, song(1), song(1), song(2)])
        row = by_name([variety_section(sides(copies, real(), "lstm"))])["duplicate_rate"]
        assert row.made.value == pytest.approx(3 / 5) and row.made.low == pytest.approx(0.231, abs=1e-3)
        assert row.verdict == "more than among real songs"

    def test_few_samples_without_copies_prove_nothing(self) -> None:
        few, held = songs(0, 6), real()
        row = by_name([variety_section(sides(few, held, "lstm"))])["duplicate_rate"]
        assert row.made.value == 0 and row.made.high > 0.3 and standing(row) == "open" and "needs 1" in row.verdict
        row = by_name([variety_section(sides(songs(0, 3), held, "lstm"))])["duplicate_rate"]
        assert row.verdict == "too few songs to tell (needs 5)"
        many = Reference(songs(100, 90, 2), songs(300, 2), "")
        row = by_name([variety_section(sides(songs(0, 90, 2), many, "lstm"))])["duplicate_rate"]
        assert row.verdict == "as among real songs"

    def test_silence_gives_no_verdict(self) -> None:
        silence = in_memory("silence", [Score()])
        for made, held in ((silence, songs(0)), (songs(0), silence)):
            row = by_name([variety_section(sides(made, Reference(held, songs(1), "")))])["duplicate_rate"]
            assert row.verdict == ""

    def test_bars_that_return_are_less_varied(self) -> None:
        rows = by_name([variety_section(sides(in_memory("made", [song(0)] * 16), real()))])
        assert rows["distinct_bars"].verdict == "less varied than real songs"
        row = by_name([variety_section(sides(songs(0), real()))])["distinct_bars"]
        assert standing(row) in {"alike", "open"} and row.made.num_songs == 16 and row.made.low < row.made.high


class TestLikeness:
    def test_real_songs_are_as_other_real_songs(self) -> None:
        tables = [by_name(likeness_sections(sides(songs(begin, 24), real()))) for begin in (300, 400, 500)]
        apart = [name for rows in tables for name, row in rows.items() if standing(row) == "apart"]
        assert len(apart) <= 1
        assert sum(map(len, tables)) > 60

    def test_spoilt_songs_are_far_off(self) -> None:
        made = in_memory("spoilt", [spoilt(seed) for seed in range(16)])
        rows = by_name(likeness_sections(sides(made, real(), "lstm")))
        assert {standing(row) for name, row in rows.items() if name.endswith("/within real")} == {"apart"}

    def test_without_other_songs_the_floor_is_of_halves(self) -> None:
        made = in_memory("spoilt", [spoilt(seed) for seed in range(16)])
        section, _ = likeness_sections(sides(made, Reference(songs(100), songs(100, 0), ""), "lstm"))
        assert "divisions of all real songs into 8 and 8" in section.sentence
        assert all(row.floor is not None for row in section.rows)

    def test_few_songs_get_no_verdict(self) -> None:
        for num_made, num_real in ((3, 16), (16, 3)):
            rows = by_name(likeness_sections(sides(songs(0, num_made, 64), real(num_real))))
            assert {standing(row) for row in rows.values()} == {"unknown"}
            assert all("needs" in row.verdict for row in rows.values())

    @pytest.mark.parametrize(
        ("made", "held", "bars", "name", "said"),
        [
            (5, 30, 64, "precision", "too few songs to tell (needs 6 on each side; there are 5)"),
            (6, 30, 16, "precision", "too few phrases to tell (needs 50 on each side; there are 24)"),
            (9, 30, 128, "frechet_distance", "too few songs to tell (needs 10 on each side; there are 9)"),
            (12, 30, 16, "frechet_distance", "too few phrases to tell (needs 195 on each side; there are 48)"),
            (6, 30, 12, "overlap_area/within real", "too few phrases to tell (needs 20 on each side; there are 18)"),
            (19, 30, 16, f"overlap_area/{FEATURES[0]}", "too few songs to tell (needs 20 on each side; there are 19)"),
        ],
    )
    def test_what_there_is_too_little_of_is_named(self, made: int, held: int, bars: int, name: str, said: str) -> None:
        reference = Reference(songs(100, held), songs(200, 2), "")
        row = by_name(likeness_sections(sides(songs(0, made, bars), reference)))[name]
        assert row.verdict == said and np.isnan(row.made.value)

    def test_songs_shorter_than_a_phrase_are_said(self) -> None:
        (row,) = by_name(likeness_sections(sides(songs(0, 6, bars=3), real()))).values()
        assert row.verdict == "too few to tell (none of the samples has a phrase of 4 bars)"
        assert likeness_sections(sides(songs(0, 6), None)) == ()


class TestExaminers:
    @pytest.fixture(autouse=True)
    def toy(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(examiners, "examination", partial(examination, budget=TOY))
        monkeypatch.setattr(examiners, "real_against_real", partial(real_against_real, budget=TOY))
        monkeypatch.setattr(examiners, "SEEDS", (0,))

    @pytest.mark.slow
    @pytest.mark.parametrize("protocol", ["bar", "lstm", "musegan", "transformer-gan"])
    def test_spoilt_songs_are_heard(self, protocol: str) -> None:
        made = in_memory("spoilt", [spoilt(seed) for seed in range(16)])
        rows = by_name([examiner_section(sides(made, real(), protocol))])
        auc = next(row for name, row in rows.items() if "," not in name and "auc" in name)
        assert auc.made.value > 0.6 and auc.floor is not None and auc.floor.value < auc.made.value
        assert auc.verdict and len(rows) == 5

    def test_nobody_to_learn_from(self) -> None:
        assert examiner_section(sides(songs(0, 2))) is None
        assert examiner_section(sides(songs(0, 2), Reference(songs(100, 2), songs(200, 0), ""))) is None

    def test_arrays_without_onsets_are_heard_as_such_on_both_sides(self) -> None:
        known, unknown = (phrase_rolls(sides(songs(0, 2), onsets=onsets), songs(0, 2)) for onsets in (True, False))
        assert known is not None and known.onsets is not None
        assert unknown is not None and unknown.onsets is None


class TestDependence:
    def test_real_music_listens_to_its_chords(self) -> None:
        rows = by_name([dependence_section(sides(songs(0), real()))])
        fit = next(row for name, row in rows.items() if name.endswith("/chord") and "fit" in name)
        assert fit.p is not None and fit.p > 0.05 and standing(fit) in {"alike", "open"}
        assert fit.verdict.startswith("depends") and "(dependence itself: p = 0.0" in fit.verdict

    def test_p_values_are_corrected_for_the_rows(self) -> None:
        given, held = sides(songs(0), real()), real()
        rows = by_name([dependence_section(given)])
        made, truth = pairings(given, given.conditioned), pairings(given, held.real)
        single = {name: dependence(made[name], truth[name], 0, 999) for name in made}
        assert len(single) == 4
        for metric, tests in (
            ("condition_fit", [one.against.p for one in single.values()]),
            ("condition_copied", [one.copying.p for one in single.values()]),
        ):
            shown = [rows[f"{metric}/{name}"].p for name in made]
            assert shown == pytest.approx(holm(tests).tolist()) and shown != pytest.approx(tests)

    def test_a_track_that_never_sounds_is_no_condition(self) -> None:
        assert dependence_section(sides(songs(0), real(), "musegan")) is None

    def test_nothing_to_condition(self) -> None:
        assert dependence_section(sides(songs(0, 2), real(2), "lstm")) is None
        assert dependence_section(sides(songs(0, 2))) is None


class TestOriginality:
    def test_copies_of_training_songs_are_found(self) -> None:
        rows = by_name([originality_section(sides(in_memory("made", [song(200), song(0)]), real()))])
        assert rows["contained_share"].made.value == 0.5 and rows["contained_share"].real is not None
        assert rows["contained_share"].real.value == 0
        section = originality_section(sides(in_memory("made", [song(200)]), real()))
        assert section is not None and "1 of 1 samples STAND IN THE TRAINING SONGS" in section.sentence
        assert "1 of 1 stand" in section.remarks[0] and "taught" in section.remarks[0]

    def test_samples_among_the_songs_that_they_are_held_against_are_said_loudly_in_any_key(self) -> None:
        held = real()
        moved = held.real.score(0)
        up = Notes.from_score(moved).transposed(2).score()
        section = originality_section(sides(in_memory("made", [up]), held))
        assert section is not None and "held against" in section.remarks[0]

    def test_a_set_of_copies_stands_apart(self) -> None:
        rows = by_name([originality_section(sides(in_memory("made", [song(200 + k) for k in range(12)]), real(30)))])
        for name in ("contained_share", "human_pieces_sharing_as_much"):
            assert standing(rows[name]) == "apart", name
        assert rows["contained_share"].verdict == "more than among real songs: 12 of 12"
        assert "100% of samples share more than 95 % of human pieces do" in rows["human_pieces_sharing_as_much"].verdict

    def test_songs_of_ones_own_are_no_copies(self) -> None:
        rows = by_name([originality_section(sides(songs(0, 12), real(30)))])
        for name in ("contained_share", "human_pieces_sharing_as_much"):
            assert standing(rows[name]) == "open", name
        assert rows["contained_share"].verdict.endswith(": 0 of 12")

    def test_copies_are_held_against_those_among_real_songs(self) -> None:
        held = in_memory("real", [song(200 + k) for k in range(12)])
        rows = by_name([originality_section(sides(held, Reference(held, songs(200, 12), "")))])
        assert standing(rows["contained_share"]) != "apart"

    def test_few_samples_or_human_pieces_tell_nothing_of_copying(self) -> None:
        few = by_name([originality_section(sides(in_memory("made", [song(200)] * 3), real(30)))])
        assert {few[name].verdict for name in ("contained_share", "human_pieces_sharing_as_much")} == {
            "too few songs to tell (needs 5): 3 of 3",
            "too few songs to tell (needs 5)",
        }
        rows = by_name([originality_section(sides(in_memory("made", [song(200)] * 12), real(19)))])
        assert rows["human_pieces_sharing_as_much"].verdict == "too few human pieces to tell (needs 20)"

    @pytest.mark.parametrize(
        ("rare", "num", "human", "said"),
        [(0.3, 100, 400, "apart"), (0.05, 1000, 2000, "alike"), (0.05, 100, 100, "open"), (0.3, 10, 20, "open")],
    )
    def test_rare_passages_are_held_against_chance(self, rare: float, num: int, human: int, said: str) -> None:
        share = np.where(np.arange(num) < round(rare * num), 0.0, 0.5)
        nothing = np.zeros(num, np.int64)
        found = Originality((), share, nothing, share, nothing, share, nothing > 0, human, 0)
        row = Row("human_pieces_sharing_as_much", "", "", "%", Number(rare), verdict=_rare(found))
        assert standing(row) == said

    def test_nothing_to_copy_from(self) -> None:
        assert originality_section(sides(songs(0, 2), Reference(songs(100, 2), songs(200, 0), ""))) is None


def test_as_published_has_its_own_sections() -> None:
    titles = {
        protocol: [section.title for section in published_sections(sides(songs(0, 3), real(3), protocol))]
        for protocol in PROTOCOLS
    }
    assert titles["bar"] == titles["lstm"] == ["As published"]
    assert titles["musegan"] == ["As MuseGAN's released code prints them"]
    assert titles["transformer-gan"] == ["As pypianoroll 0.5.3 prints them"]
    assert titles["all"] == titles["musegan"] + titles["transformer-gan"]


def test_what_nothing_is_printed_of_is_said() -> None:
    (section,) = published_sections(sides(songs(0, 3), real(3), "bar"))
    assert not section.rows and "no released code prints anything under the protocol 'bar'" in section.remarks[0]


def test_without_a_reference_there_is_variety_and_what_was_asked_to_be_printed() -> None:
    found = of_sets(sides(songs(0, 2), None, "lstm"))
    assert [section.title for section in found] == ["Variety", "As published"]


class TestTeaching:
    def test_songs_of_the_same_kind_agree_and_others_do_not(self) -> None:
        low = in_memory("low", [spoilt(seed) for seed in range(8)])
        for made, agrees in ((songs(0, 8), True), (low, None)):
            rows = by_name([teaching_section(sides(made, real(12), "lstm"))])
            assert set(rows) == {"pitch_distribution_agreement", "chord_ngram_agreement"}
            row = rows["pitch_distribution_agreement"]
            assert row.real is not None and 0 < row.made.value <= 1 and row.p is not None
            if agrees:
                assert row.p > 0.05 and standing(row) in {"alike", "open"}

    def test_few_songs_get_no_verdict(self) -> None:
        for made, held in ((songs(0, 2), real(12)), (songs(0, 12), Reference(songs(100, 4), songs(200), ""))):
            rows = by_name([teaching_section(sides(made, held, "lstm"))])
            assert {row.verdict for row in rows.values()} == {"too few songs to tell (needs 5)"}

    def test_a_likeness_that_shuffled_songs_have_too_is_no_likeness(self) -> None:
        rows = by_name([teaching_section(sides(songs(0), real(), "lstm"))])
        for row in rows.values():
            assert row.shuffled is not None and row.shuffled.value > 0
            assert row.made.low < row.made.value < row.made.high
            assert row.real is not None and row.real.low < row.real.value < row.real.high
        row = rows["chord_ngram_agreement"]
        assert row.shuffled is not None and row.real is not None and row.shuffled.value < row.real.value
        # Pitches in another order are the same pitches.
        row = rows["pitch_distribution_agreement"]
        assert row.verdict == "no difference seen, nor would it be of shuffled music" and standing(row) == "open"

    def test_sets_of_any_size_are_taken_for_as_many_songs(self) -> None:
        held = real()
        few, many = (
            by_name([teaching_section(sides(made, held, "lstm"))])["chord_ngram_agreement"]
            for made in (songs(100, 8), songs(100, 16))
        )
        for row in (few, many):
            assert row.real is not None and row.floor is not None
            assert row.real.value == row.floor.value and row.made.value == pytest.approx(row.floor.value, abs=0.02)

    def test_notes_alone_are_held_against_songs_that_teach(self) -> None:
        assert teaching_section(sides(songs(0, 2), real(2), "bar")) is None
        assert teaching_section(sides(songs(0, 2), Reference(songs(100, 2), songs(200, 0), ""), "lstm")) is None

    def test_another_use_of_the_tones_is_seen(self) -> None:
        chromatic = Notes.from_score(song(0))
        even = replace(chromatic, pitch=60 + np.arange(len(chromatic.pitch)) % 12)
        rows = by_name([teaching_section(sides(in_memory("even", [even.score()] * 6), real(12), "lstm"))])
        assert standing(rows["pitch_distribution_agreement"]) == "apart"
