"""What a band finds in a song: bars to play in, and slips that are told before a model is opened."""

from pathlib import Path

import numpy as np
import pytest
from tests.played_to import BAR, BASS, BEAT, DRUMS, GUITAR, PIANO, STRINGS, song

from antiphon.codecs.phrases import PhraseRolls
from antiphon.errors import InputError
from antiphon.io.midi import write_midi
from antiphon.joining import bars_to_play, join
from antiphon.music.score import Score

CODEC = PhraseRolls(resolution=4)


def test_what_is_kept_is_heard_and_the_rest_is_asked_for() -> None:
    found = join(song(), CODEC, "piano,bass", mute="strings", density="drums=2,low", program="guitar=30")
    assert found.kept.parts == (PIANO, BASS) and found.asked == (DRUMS, GUITAR, STRINGS)
    assert found.added == (DRUMS, GUITAR) and found.programs == {GUITAR: 30}
    assert found.density == {DRUMS: 2.0, GUITAR: 0.6, STRINGS: 0.6}
    assert set(np.unique(found.given.track)) == {PIANO, BASS} and len(found.grid.lines) == 4


def test_files_and_scores_alike(tmp_path: Path) -> None:
    write_midi(song(), tmp_path / "x.mid")
    file, score = join(tmp_path / "x.mid", CODEC, "piano"), join(song(), CODEC, "piano")
    np.testing.assert_array_equal(file.given.start, score.given.start)
    with pytest.raises(InputError, match=r"keep 9: no track of this number sounds; .*x\.mid has 1 Flute"):
        join(tmp_path / "x.mid", CODEC, 9)


def test_the_tempo_that_is_asked_for() -> None:
    assert join(song(), CODEC, "piano", tempo=60).score.tempos["beat_us"].tolist() == [1_000_000]


def test_bars_to_play() -> None:
    grid = bars_to_play(song(metre=[(0, 4, 4), (BAR, 3, 4), (BAR + 3 * BEAT, 4, 4)]), CODEC)
    assert len(grid.lines) == 4 and grid.others.tolist() == [2]
    with pytest.raises(InputError, match="its metre is 3/4"):
        bars_to_play(song(metre=[(0, 3, 4)]), CODEC)
    with pytest.raises(InputError, match="no note sounds in it"):
        bars_to_play(Score(BEAT), CODEC)
