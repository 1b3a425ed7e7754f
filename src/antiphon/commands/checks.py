"""What of an order is known to be wrong before torch is imported, which takes a second."""

from pathlib import Path

from antiphon.asked import HELD_OUT, Asked, check_values
from antiphon.io.midi import read_midi
from antiphon.model_files import band_codec
from antiphon.part_options import choose_parts, varied_parts


def check_order(model: str, asked: Asked, vary: str | None = None) -> None:
    """Raise InputError where there is no such model, no model can honour a value, a band has no such part, or the piece
    to follow cannot be read; `vary` as of `antiphon.varying.vary_songs`."""
    codec = band_codec(model)
    if codec is not None:
        parts = choose_parts(codec.ensemble, asked.tracks, asked.density, asked.program, asked.mute)
        if vary is not None:
            varied_parts(vary, codec.ensemble, parts.asked)
    check_values(asked)
    if isinstance(asked.first, Path | str) and asked.first != HELD_OUT:
        read_midi(asked.first)
