"""Settings are found by what people call them."""

import pytest

from antiphon.commands.settings import settings_called


@pytest.mark.parametrize(
    ("name", "preset", "keys"),
    [
        ("--iterations", "band", ["train.iterations"]),
        ("batch-size", "midinet-v2", ["train.batch_size"]),
        ("--train.seed", "lstm", ["train.seed"]),
        ("--beta1", "bar", ["train.generator.beta1", "train.discriminator.beta1"]),
        ("--Resolution", "musegan-hybrid", ["codec.resolution"]),
        ("--resolution", "midinet-v2", []),
        ("--iterations", "no such preset", ["train.iterations"]),
        ("--ations", "band", []),
        ("--", "band", []),
    ],
)
def test_settings_by_name(name: str, preset: str, keys: list[str]) -> None:
    assert settings_called(name, preset) == keys
