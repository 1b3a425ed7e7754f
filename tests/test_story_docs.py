"""The page on evaluation holds what was stored of the suite's story, and its commands are ones that exist."""

import re
import shlex
from dataclasses import replace

import numpy as np
import pytest
from benchmarks.story import BEGIN, DOCUMENT, END, Cell, cells, document, judged, stored, with_block
from benchmarks.story_expectations import STORIES, Story

from antiphon.cli import app
from antiphon.data.corpus import Corpus
from antiphon.evaluation.measures import Number
from antiphon.evaluation.notes import Notes
from antiphon.evaluation.report.report import Report, Row, Section, Side
from benchmarks import story, story_sets

TEXT = DOCUMENT.read_text()
COMMANDS = [line for block in re.findall(r"```sh\n(.*?)```", TEXT, re.S) for line in block.splitlines()]
APART, ALIKE = Cell(1.0, "", "apart", 0.0), Cell(0.0, "", "open", 0.0)


def named(title: str) -> Story:
    return next(one for one in STORIES if one.title == title)


def test_the_page_has_the_stored_tables_between_its_marks() -> None:
    assert with_block(TEXT, document(*stored())) == TEXT


def test_the_tables_are_whole() -> None:
    block = TEXT.partition(BEGIN)[2].partition(END)[0]
    tables = re.findall(r"(?:^\|.*\|\n)+", block, re.M)
    assert len(tables) == len(stored()[0])
    for table in tables:
        rows = [line.strip("|").split("|") for line in table.splitlines()]
        assert len({len(row) for row in rows}) == 1 and len(rows) > 10


def test_marks_are_asked_for_once() -> None:
    assert with_block(f"a\n{BEGIN}\nold\n{END}\nb\n", "new\n") == f"a\n{BEGIN}\nnew\n{END}\nb\n"
    for text in ("", BEGIN, f"{END}{BEGIN}", f"{BEGIN}{BEGIN}{END}", f"{BEGIN}{END}{END}"):
        with pytest.raises(ValueError, match="single"):
            with_block(text, "")


@pytest.mark.parametrize("one", STORIES, ids=lambda one: one.title)
def test_what_is_expected_was_measured(one: Story) -> None:
    found = stored()[0].get(one.title)
    if found is None:
        assert one.folder, "a story of embedded corpora can be measured everywhere"
        return
    for name, rows, _ in one.expected():
        missing = [row for row in rows if row not in found[name] and not row.startswith("examiner_auc")]
        assert not missing, f"{one.title}, {name}: the suite has no such rows"
    assert set(one.examined) <= set(found) and not {*one.seen, *one.unseen} - set(found)


def test_expectations_are_judged_both_ways() -> None:
    one = replace(named("Melody bars"), seen={"noise": ("a", "b")}, unseen={"noise": ("c", "d"), "away": ("a",)})
    met, unmet = judged(one, {"noise": {"a": APART, "b": ALIKE, "c": APART, "d": ALIKE}})
    assert met == 2 and unmet == ["noise: b does not see it", "noise: c sees a difference"]
    unknown = Cell(0.0, "", "unknown", 0.0)
    assert judged(one, {"noise": {"a": unknown, "d": unknown}}) == (
        0,
        ["noise: a cannot tell", "noise: d cannot tell"],
    )


def test_rows_are_judged_by_their_verdicts_alone() -> None:
    verdicts = ("more than among real songs: 3 of 9", "as among real songs: 0 of 9", "")
    found = tuple(Row(said, "", "", "%", Number(0.5), Number(0.1), verdict=said) for said in verdicts)
    report = Report("bar", 0, "", Side("", "", 1), sections=(Section("", "", found),))
    assert [cell.sees for cell in cells(report).values()] == [True, False, None]


def test_no_row_must_and_must_not_see() -> None:
    for one in STORIES:
        for name, rows in one.seen.items():
            assert not set(rows) & set(one.unseen.get(name, ())), f"{one.title}, {name}"


def test_cells_are_stored_without_loss(tmp_path: object) -> None:
    cells = [Cell(0.25, "%", "alike", float("nan")), Cell(float("nan"), "", "unknown", 1.0)]
    for cell in cells:
        assert repr(story._of_list(story._to_list(cell))) == repr(cell)


@pytest.mark.parametrize("line", [line for line in COMMANDS if line.startswith("antiphon")])
def test_commands_of_the_page_exist(line: str) -> None:
    command, *_ = app.parse_args(shlex.split(line, comments=True)[1:], exit_on_error=False, print_error=False)
    assert command.__name__ in ("evaluate", "reproduce")


def test_other_commands_are_benchmarks() -> None:
    others = [line for line in COMMANDS if line and not line.startswith(("antiphon", "python -m benchmarks"))]
    assert not others


def test_rewriting_without_damage_changes_nothing() -> None:
    corpus = Corpus.open("lieder")
    score = corpus.score(int(corpus.split("test")[0]))
    again = story_sets._rewritten(score, Notes.from_score(score))
    for one, other in zip(score.tracks, again.tracks, strict=True):
        np.testing.assert_array_equal(one.notes, other.notes)


def test_the_voice_alone_is_moved() -> None:
    corpus = Corpus.open("lieder")
    score = corpus.score(int(corpus.split("test")[0]))
    moved = story_sets._voice_moved(score)
    np.testing.assert_array_equal(moved.tracks[0].notes["pitch"], score.tracks[0].notes["pitch"] + 6)
    np.testing.assert_array_equal(moved.tracks[1].notes, score.tracks[1].notes)


def test_parts_of_a_corpus_share_no_work() -> None:
    material = story_sets.divided("giantmidi", 0, 10)
    parts = [material.fresh, material.reference.real, material.reference.other]
    groups = [set(part.groups) for part in parts]
    assert not groups[0] & groups[1] and not groups[0] & groups[2] and not groups[1] & groups[2]
    assert all(len(part) >= 10 for part in parts)
