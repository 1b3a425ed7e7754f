"""The published tables as a table in code: every way of training that has a name."""

from collections.abc import Mapping
from difflib import get_close_matches

from antiphon.errors import InputError
from antiphon.presets.bands import BANDS
from antiphon.presets.critics import CRITICS
from antiphon.presets.ours import OURS
from antiphon.presets.performances import PERFORMANCES
from antiphon.presets.phrases import PHRASES
from antiphon.presets.preset import Preset
from antiphon.presets.published import PUBLISHED

_ALL = (*OURS, *BANDS, *PERFORMANCES, *CRITICS, *PUBLISHED, *PHRASES)
PRESETS: Mapping[str, Preset] = {preset.name: preset for preset in _ALL}
"""Every row by name."""


def get_preset(name: str) -> Preset:
    """The row of that name.

    Raises
    ------
    InputError
        If there is none; the sentence lists the names that come near, or all.
    """
    if name not in PRESETS:
        near = get_close_matches(name, PRESETS, n=3) or ["bar"]
        raise InputError(
            f"preset {name!r}: there is none of this name; did you mean {' or '.join(near)}? See `antiphon presets`"
        )
    return PRESETS[name]
