"""Configuration: every fault is one sentence with the keys as a user writes them."""

import pytest

from antiphon.config import Config
from antiphon.errors import InputError
from antiphon.presets.table import get_preset


@pytest.mark.parametrize(
    ("preset", "override", "sentence"),
    [
        (
            "bar",
            "codec.kind=frames",
            "option: there is no key 'codec.chord_coverage'; choose one of kind, version, rules, num_splits, "
            "split_seed",
        ),
        (
            "midinet-v2",
            'family.discriminator={"width":1}',
            "option: there is no key 'family.discriminator.width'; choose one of convolutions, hidden, minibatch, "
            "judge, dropout",
        ),
        (
            "midinet-v2",
            'family.discriminator.convolutions=[{"kernels":3}]',
            "option: the key 'family.discriminator.convolutions.0.width' is missing; add it",
        ),
        (
            "midinet-v2",
            "family.latent_dim=0",
            "option: family.latent_dim = 0 will not do: input should be greater than or equal to 1",
        ),
        (
            "bar",
            "family.kind=flute",
            "option: family.kind = 'flute' will not do: choose one of 'midinet', 'bar', 'lstm-gan', 'lstm', 'chords', "
            "'musegan', 'band', 'transformer', 'masked'",
        ),
        (
            "midinet-v2",
            "train.epochs=null",
            "option: train.epochs = None will not do: set exactly one of iterations and epochs (the other to null)",
        ),
    ],
)
def test_a_fault_names_the_key_without_the_kind_of_its_section(preset: str, override: str, sentence: str) -> None:
    with pytest.raises(InputError) as fault:
        get_preset(preset).resolve([override, *(["train.iterations=null"] if "epochs" in override else [])])
    assert str(fault.value) == sentence


def test_a_fault_of_the_whole_does_not_recite_it() -> None:
    class Pair(Config):
        low: int
        high: int

        def model_post_init(self, context: object) -> None:
            if self.low > self.high:
                raise ValueError("low is above high; swap them")

    with pytest.raises(InputError) as fault:
        Pair.parse({"low": 2, "high": 1}, "pair")
    assert str(fault.value) == "pair: low is above high; swap them"
