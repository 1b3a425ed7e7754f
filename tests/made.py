"""Songs, folders of them and untrained models, made for tests of the doors."""

from pathlib import Path
from typing import Any

import numpy as np

from antiphon.codecs.chords import TRIADS
from antiphon.io.midi import write_midi
from antiphon.music.score import TEMPO, TIME_SIGNATURE, Score, Track, beat_us, notes_from_columns, table
from antiphon.presets.table import get_preset
from antiphon.training.checkpoint import save_model

BEAT = 480


def song(seed: int, bars: int = 16) -> Score:
    """A melody of quarters and eighths over triads, in 4/4 at 120 beats a minute: two seconds a bar."""
    chance = np.random.default_rng(seed)
    chords = chance.integers(0, 24, bars)
    rows, low = [], []
    for bar, code in enumerate(chords):
        for beat in range(4):
            start = (4 * bar + beat) * BEAT
            for part in range(int(chance.integers(1, 3))):
                pitch = 60 + int(TRIADS[code][chance.integers(3)]) + 12 * int(chance.integers(2))
                rows.append((start + part * BEAT // 2, start + (part + 1) * BEAT // 2, min(pitch, 83), 90))
        low += [(4 * bar * BEAT, 4 * (bar + 1) * BEAT, 36 + int(tone), 60) for tone in TRIADS[code]]
    tracks = (
        Track(notes_from_columns(*zip(*rows, strict=True)), name="Voice"),
        Track(notes_from_columns(*zip(*low, strict=True)), name="Piano"),
    )
    return Score(
        ticks_per_beat=BEAT,
        tracks=tracks,
        tempos=table(TEMPO, [(0, beat_us(120))]),
        time_signatures=table(TIME_SIGNATURE, [(0, 4, 4)]),
    )


def band_song(seed: int, bars: int = 16, silent: tuple[int, ...] = ()) -> Score:
    """Eighths of five tracks, drums, piano, guitar, bass and strings, in 4/4; the piano rests in some bars."""
    chance = np.random.default_rng([seed, 5])
    tracks = []
    for name, program, low in (
        ("drums", 0, 36),
        ("piano", 0, 60),
        ("guitar", 25, 52),
        ("bass", 33, 36),
        ("strings", 48, 64),
    ):
        rests = silent if name == "piano" else ()
        starts = np.array([place for place in range(8 * bars) if place // 8 not in rests]) * BEAT // 2
        pitch = low + chance.integers(0, 12, len(starts))
        notes = notes_from_columns(starts, starts + BEAT // 2, pitch, 80)
        tracks.append(Track(notes, program, name == "drums", name.capitalize()))
    signature = table(TIME_SIGNATURE, [(0, 4, 4)])
    return Score(BEAT, tuple(tracks), tempos=table(TEMPO, [(0, beat_us(120))]), time_signatures=signature)


def folder(path: Path, num: int = 12) -> Path:
    """A folder of MIDI files."""
    for seed in range(num):
        write_midi(song(seed), path / f"song-{seed}.mid")
    return path


TOY = {
    "bar": ("family.hidden_dim=16", "family.embedding_dim=8", "family.critic_dim=8"),
    "midinet-v1": (),
    "midinet-v2": ("family.condition_channels=4",),
    "midinet-v3": ("family.condition_channels=4",),
}
"""Presets of bars with what makes them small."""

TOY_OF_NOTES = {
    "lstm": ("family.hidden_dim=16", "family.embedding_dim=8", "family.head_dim=8", "family.critic_dim=8"),
}
"""Presets of notes with what makes them small."""

TOY_OF_PHRASES = {
    **dict.fromkeys(
        ("musegan-hybrid", "musegan-hybrid-conditional", "musegan-v3-accompaniment"), ("family.scale=0.02",)
    ),
    "band": ("family.hidden_dim=16", "family.hearing_dim=8", "family.head_dim=16", "family.critic_dim=8"),
}
"""Presets of phrases with what makes them small."""


TOY_OF_PIECES = {
    "piano-small": (
        "family.network.num_layers=2",
        "family.network.width=16",
        "family.network.num_heads=2",
        "family.network.feedforward=16",
        "family.network.span=32",
        "family.segment=32",
    ),
}
"""Presets of performances with what makes them small."""


def model(path: Path, preset: str, **more: Any) -> Path:
    """An untrained model file of a preset's toy."""
    import torch

    config = get_preset(preset).resolve({**TOY, **TOY_OF_NOTES, **TOY_OF_PHRASES, **TOY_OF_PIECES}[preset])
    with torch.random.fork_rng():
        torch.manual_seed(0)
        objective = config.family.build()
    card = {
        **config.model_dump(mode="json", include={"preset", "family", "codec"}),
        "corpus": {"name": "made", "fingerprint": "0", "licence": "CC0-1.0", "attribution": ""},
        "licence": "MIT",
        "version": "0",
        "iteration": 0,
        "seed": 0,
    }
    save_model(path, {**objective.state_dict(), **more}, card)
    return path
