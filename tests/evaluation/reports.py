"""Reports to read and write in tests: a whole one, and an empty one."""

import math

from antiphon.evaluation.measures import Number
from antiphon.evaluation.report.report import Curve, Histogram, Report, Row, Section, Side, Thumbnail
from antiphon.evaluation.report.thumbnails import thumbnails
from antiphon.music.score import Score, Track, notes_from_columns

SONG = Score(
    tracks=(Track(notes_from_columns([0, 480, 960], [480, 960, 1920], [60, 64, 67], 90), name="violin <b>"),),
    chords=((0, "C"),),
)
EMPTY = Report("bar", 0, "0.1.0", Side("nothing", "folder of MIDI", 0))


def numbers(*values: float) -> tuple[Number, ...]:
    return tuple(Number(value, value - 0.05, value + 0.05, 90, 30) for value in values)


def rows() -> tuple[Row, ...]:
    words = ("Share of bars in which nothing sounds.", "Dong et al. 2018, section 4.1")
    return (
        Row(
            "empty_bar_rate/bass",
            *words,
            "%",
            Number(0.123, 0.11, 0.135, 1200, 50),
            Number(0.0806, 0.07, 0.09, 4000, 200),
            Number(0.011),
            Number(0.0806, 0.07, 0.09, 4000, 200),
            0.0004,
            "higher than real, medium",
        ),
        Row(
            "empty_bar_rate/strings",
            *words,
            "%",
            Number(0.10, 0.09, 0.11, 1200, 50),
            Number(0.101, 0.09, 0.112, 4000, 200),
            Number(0.011),
            Number(0.101, 0.09, 0.112, 4000, 200),
            0.8,
            "as real songs",
        ),
        Row(
            "used_pitch_classes",
            "Different note names in a bar.",
            "Dong et al. 2018, section 4.1",
            "pitch classes",
            Number(3.9, 3.85, 3.96, 900, 50),
            Number(3.8, 3.7, 3.9, 2000, 200),
            Number(0.15),
            Number(3.82, 3.7, 3.9, 2000, 200),
            0.03,
            "higher than real, slight",
        ),
        Row(
            "drum_pattern_rate",
            "Share of drum strokes on the grid of eighths or sixteenths.",
            "Dong et al. 2018, section 4.1",
            "%",
            Number(math.nan, num_units=0, num_songs=2),
            Number(0.886, 0.88, 0.89, 4000, 200),
            None,
            None,
            None,
            "too few songs to tell (needs 9)",
        ),
    )


def distances() -> tuple[Row, ...]:
    return (
        Row(
            "examiner_auc/recurrent",
            "How well a fresh classifier tells made bars from real ones.",
            "This project",
            "",
            Number(0.91, 0.88, 0.93, 300, 50),
            None,
            Number(0.52, 0.47, 0.56, 300, 50),
            Number(0.99, 0.98, 0.995, 300, 50),
            0.001,
            "mostly told from real",
        ),
    )


def pictures() -> tuple[Thumbnail, ...]:
    captions = ["<script>alert(1)</script>.mid", "two"]
    return (*thumbnails([SONG, SONG], captions, True), *thumbnails([SONG], ["Op. 9"], False))


def whole() -> Report:
    classes = ("C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B")
    shares = (0.2, 0.02, 0.15, 0.03, 0.15, 0.12, 0.02, 0.16, 0.03, 0.08, 0.02, 0.02)
    return Report(
        protocol="musegan",
        seed=7,
        version="0.1.0",
        samples=Side('<script>alert("x")</script>', "folder of MIDI", 50, remark="2 of 52 files could not be read."),
        reference=Side("lieder & co", "corpus", 200, "CC0-1.0"),
        remarks=("The reference contains 3 of the samples.", "Samples were resampled from 4 to 24 steps a beat."),
        sections=(
            Section(
                "Bars & <phrases>", "Measured bar by bar; shuffled bars have their steps in another order.", rows()
            ),
            Section("Examiner", "Classifiers trained on training songs.", distances()),
        ),
        histograms=(
            Histogram("pitch_class_histogram", "Notes by name.", classes, shares, shares[::-1], (1 / 12,) * 12),
        ),
        curves=(
            Curve(
                "used_pitch_classes",
                "By thousands of tokens.",
                "",
                ("1", "2", "3", "4"),
                (*numbers(7, 7.2), Number(math.nan), *numbers(8.1)),
                numbers(7, 7.1, 7, 7.05),
            ),
        ),
        thumbnails=pictures(),
        training_curve=pictures()[0].png,
        settings={"steps": 24, "note": "<i>"},
    )
