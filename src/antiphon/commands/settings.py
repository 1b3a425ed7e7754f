"""Settings of a training by their own names, as people ask for them who do not know their sections."""

from collections.abc import Iterator, Mapping
from typing import Any

from antiphon.presets.table import PRESETS

_MOST = 3
_ANY = "bar"


def settings_called(name: str, preset: str) -> list[str]:
    """The settings of a preset, such as train.iterations, that a name may mean: with dashes or without, alone or behind
    its sections. Those of few sections come first. Of a preset that there is not, those of `bar`."""
    wanted = name.lstrip("-").replace("-", "_").lower()
    config = PRESETS[preset if preset in PRESETS else _ANY].resolve([]).model_dump(mode="json")
    keys = [key for key in _keys(config) if key == wanted or key.endswith(f".{wanted}")]
    return sorted(keys, key=lambda key: key.count("."))[:_MOST]


def _keys(values: Mapping[str, Any], before: str = "") -> Iterator[str]:
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from _keys(value, f"{before}{key}.")
        else:
            yield f"{before}{key}"
