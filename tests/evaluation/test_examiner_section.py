"""What the section gives the examiners to hear, and what it says of what they heard."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from tests.made import song

from antiphon.evaluation.examiner.examination import Examination, Hearing
from antiphon.evaluation.examiner.material import Material
from antiphon.evaluation.report.report import Section
from antiphon.evaluation.report.wording import standing
from antiphon.evaluation.suite.context import Sides
from antiphon.evaluation.suite.gather import gather
from antiphon.evaluation.suite.parts import Setting, melody_rows
from antiphon.evaluation.suite.plan import Plan
from antiphon.evaluation.suite.sections import examiners
from antiphon.evaluation.suite.sections.examiners import examiner_section
from antiphon.evaluation.suite.sides import Reference
from antiphon.evaluation.suite.songs import Songs, in_memory


def songs(begin: int, num: int) -> Songs:
    return in_memory("songs", [song(seed) for seed in range(begin, begin + num)])


def of_bars(real: Songs, pitch: int) -> Songs:
    """Under the conditions of each bar of real songs, one bar that holds a pitch."""
    found = gather(real, melody_rows, "read").found
    bar = np.array([pitch] + [24] * 15)
    entries = tuple({**rows, "real": np.broadcast_to(bar, rows["real"].shape)} for rows in found)
    return Songs("made", "bars", real.ids, real.groups, real.splits, entries)


class Ear:
    """Stands for the examiners: notes what they are given, and hears what it is told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, made: float = 0.52, shuffled: float = 0.99) -> None:
        self.heard: list[tuple[Material, Material, Sequence[int], bool]] = []
        self.aucs = [made, shuffled]
        monkeypatch.setattr(examiners, "examination", self.examination)
        monkeypatch.setattr(examiners, "real_against_real", lambda real, seeds: self.found(0.5))

    def found(self, auc: float) -> Examination:
        near = auc - 0.04, auc + 0.04
        kinds = (Hearing("recurrent", auc, auc, near, near, (auc,)), Hearing("boosted", 0.4, 0.4, near, near, (0.4,)))
        return Examination("bars", kinds, (9, 9), (9, 9), 40)

    def examination(
        self, real: Material, made: Material, seeds: Sequence[int], *, same_songs: bool = False
    ) -> Examination:
        self.heard.append((real, made, tuple(seeds), same_songs))
        return self.found(self.aucs[len(self.heard) - 1])


def section(made: Songs, reference: Reference, protocol: str = "bar", **more: Any) -> Section:
    sides = Sides(
        Plan(protocol, seed=7),
        Setting(),
        made,
        more.get("conditioned", made),
        more.get("taught", made),
        reference,
        lambda sentence: None,
    )
    found = examiner_section(sides)
    assert found is not None
    return found


def test_bars_made_under_the_conditions_of_songs_stay_with_those_songs(monkeypatch: pytest.MonkeyPatch) -> None:
    ear = Ear(monkeypatch)
    held, other = songs(100, 6), songs(200, 5)
    section(songs(0, 3), Reference(held, other, ""), conditioned=of_bars(held, 1), taught=of_bars(other, 2))
    real, made, seeds, same_songs = ear.heard[0]
    assert same_songs and seeds == (7, 8, 9)
    assert real.held is not None
    np.testing.assert_array_equal(made.song, real.song)
    assert set(made.codes[real.held, 16, 0]) == {1}
    assert set(made.codes[~real.held, 16, 0]) == {2}
    assert len(np.unique(real.song[real.held])) == 6
    # Bars before and chords are those of the real bars.
    np.testing.assert_array_equal(made.codes[:, :16, 0], real.codes[:, :16, 0])


def test_samples_are_songs_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    ear = Ear(monkeypatch)
    section(songs(0, 10), Reference(songs(100, 5), songs(200, 5), ""))
    _, made, _, same_songs = ear.heard[0]
    assert not same_songs and made.held is None and len(np.unique(made.song)) == 10


@pytest.mark.parametrize("protocol", ["bar", "musegan", "lstm", "transformer-gan"])
def test_shuffled_music_is_that_of_the_same_songs_in_another_order(
    protocol: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ear = Ear(monkeypatch)
    section(songs(0, 10), Reference(songs(100, 5), songs(200, 5), ""), protocol)
    real, shuffled, seeds, same_songs = ear.heard[1]
    assert same_songs and seeds == (7,)
    assert real.held is not None and shuffled.held is not None
    np.testing.assert_array_equal(real.song, shuffled.song)
    np.testing.assert_array_equal(real.held, shuffled.held)
    differs = (real.codes != shuffled.codes).any((1, 2)) | (real.planes != shuffled.planes).any((1, 2))
    for side in (real.held, ~real.held):
        assert differs[side].mean() > 0.8
    sounding = real.planes if protocol == "musegan" else real.codes[:, 16:, 0]
    other = shuffled.planes if protocol == "musegan" else shuffled.codes[:, 16:, 0]
    if protocol == "musegan":
        np.testing.assert_array_equal(sounding[..., :12].sum((1, 2)), other[..., :12].sum((1, 2)))
    elif protocol == "bar":
        np.testing.assert_array_equal(np.sort(sounding), np.sort(other))


def test_examiners_that_do_not_hear_shuffled_music_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    parts = songs(0, 10), Reference(songs(100, 5), songs(200, 5), "")
    Ear(monkeypatch)
    found = section(*parts)
    assert not found.remarks and "one split, for time" in found.sentence
    assert found.rows[0].verdict == "not told from real" and found.rows[0].made.num_songs == 40
    Ear(monkeypatch, shuffled=0.94)
    found = section(*parts)
    (remark,) = found.remarks
    assert remark.startswith("The examiners of bars do not hear shuffled music (AUC 0.940") and "little" in remark
    assert standing(found.rows[0]) == "open"


@pytest.mark.parametrize(("num_made", "num_held", "num_other"), [(9, 5, 5), (10, 4, 5), (10, 5, 4)])
def test_too_few_songs_are_not_examined(
    num_made: int, num_held: int, num_other: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    ear = Ear(monkeypatch)
    (row,) = section(songs(0, num_made), Reference(songs(100, num_held), songs(200, num_other), "")).rows
    assert not ear.heard and standing(row) == "unknown" and np.isnan(row.made.value)
    assert (
        row.verdict == "too few songs to tell (needs 10 with bars among the samples, 5 held-out and 5 other real ones)"
    )
