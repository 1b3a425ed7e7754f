"""What of an order is known to be wrong before torch is imported, which takes a second."""

from pathlib import Path

from antiphon.asked import HELD_OUT, Asked, check_values
from antiphon.io.midi import read_midi
from antiphon.model_files import find_here


def check_order(model: str, asked: Asked) -> None:
    """Raise InputError where there is no such model, no model can honour a value, or the piece to follow cannot be
    read."""
    find_here(model)
    check_values(asked)
    if isinstance(asked.first, Path | str) and asked.first != HELD_OUT:
        read_midi(asked.first)
