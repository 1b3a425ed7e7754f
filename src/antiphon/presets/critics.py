"""The rows of Transformer-GAN's critics: masked pre-training, the games of its tables 2 and 3, and their kin."""

from typing import Any

from antiphon.codecs.performance import PerformanceTokens
from antiphon.families.transformer.config import TransformerConfig
from antiphon.families.transformer.critic_designs import (
    EMBEDDINGS,
    SMALL,
    BertCritic,
    BertSizes,
    CnnCritic,
)
from antiphon.families.transformer.designs import XlNetwork
from antiphon.families.transformer.game_config import Game
from antiphon.families.transformer.masked_config import MaskedConfig, Masking
from antiphon.presets.performances import PERFORMANCES
from antiphon.presets.preset import Preset
from antiphon.training.config import AdamConfig, TrainConfig
from antiphon.training.schedules import Cosine, InverseSquareRoot

_SPAN = Preset(
    name="span-bert",
    source="Transformer-GAN, section 2.2; its released code",
    summary="a BERT that learns to tell hidden spans: what the critics of transformer-gan are built on",
    family=MaskedConfig(),
    codec=PerformanceTokens(),
    train=TrainConfig(
        batch_size=2048,
        # The number in the name of the checkpoint that the released settings ask for.
        iterations=1_969_000,
        seed=42,
        generator=AdamConfig(lr=1e-4, beta1=0.9, clip_norm=1.0),
        # Over 100,000 epochs it hardly falls.
        decay=Cosine(warm_up=1000, end=100_000_000),
        health_every=1000,
        log_every=100,
    ),
    corpus="maestro",
)


def _masked(name: str, summary: str, source: str, family: MaskedConfig, **train: Any) -> Preset:
    update = {"name": name, "summary": summary, "source": source, "family": family}
    return _SPAN.model_copy(update=update | {"train": _SPAN.train.model_copy(update=train)})


_SMALL_SIZES = BertSizes.model_validate(SMALL.model_dump(include=set(BertSizes.model_fields)))
_MASKED = (
    _SPAN,
    _masked(
        "bert-single-token",
        "as span-bert, but tokens are hidden one by one, as the released code does",
        "Transformer-GAN, released code",
        MaskedConfig(masking=Masking(choice="single")),
    ),
    _masked(
        "span-bert-small",
        "span-bert in the size that a CPU trains",
        "this project",
        MaskedConfig(sizes=_SMALL_SIZES, block=128),
        batch_size=32,
        iterations=3000,
        generator=AdamConfig(lr=1e-3, beta1=0.9, clip_norm=1.0),
        decay=Cosine(warm_up=100, end=3000, floor=0.05),
        health_every=250,
    ).model_copy(update={"corpus": "giantmidi"}),
)

_LAYERS = ("0", "1", "2", "3", "4")
_ORIGIN = "span-bert.safetensors"
_BERT = BertCritic(freeze=(EMBEDDINGS, *_LAYERS), origin=_ORIGIN)
_LIKELIHOOD_RATE, _CRITIC_RATE = 0.002, 1e-5
_FLOOR = 0.05

_WGAN_GP = Preset(
    name="transformer-gan-wgan-gp",
    source="Transformer-GAN, tables 2 and 3; the released experiment_spanbert.yml",
    summary="the paper's best: from transformer-xl on (--from), a Wasserstein game with a frozen span-bert",
    family=TransformerConfig(network=XlNetwork(), segment=128, memory=1024, critic=_BERT, game=Game()),
    codec=PerformanceTokens(augment="exhaustive"),
    train=TrainConfig(
        batch_size=512,
        accumulate=16,
        iterations=100_000,
        seed=1111,
        generator=AdamConfig(
            lr=_LIKELIHOOD_RATE,
            beta1=0.9,
            clip_norm=1.0,
            decay=InverseSquareRoot(warm_up=4000, floor=_FLOOR),
        ),
        adversarial=AdamConfig(lr=_LIKELIHOOD_RATE, beta1=0.9, clip_norm=1.0),
        discriminator=AdamConfig(lr=_CRITIC_RATE, beta1=0.9, clip_norm=1.0),
        decay=InverseSquareRoot(warm_up=1000, floor=_FLOOR),
        log_every=100,
        watch="held_out/nats",
    ),
    corpus="maestro",
)


def _game(name: str, summary: str, source: str = "this project", **changes: Any) -> Preset:
    """The best row with another critic, with other settings of the game, the family (`more`) or the training."""
    family, train = _WGAN_GP.family, _WGAN_GP.train
    assert isinstance(family, TransformerConfig) and family.game is not None
    game = family.game.model_copy(update=changes.pop("game", {}))
    more = changes.pop("more", {})
    family = family.model_copy(update={"game": game, "critic": changes.pop("critic", _BERT), **more})
    update = {"name": f"transformer-gan-{name}", "summary": summary, "source": source, "family": family}
    return _WGAN_GP.model_copy(update=update | {"train": train.model_copy(update=changes)})


def _table_3(name: str, summary: str, critic: BertCritic) -> Preset:
    return _game(name, f"table 3: {summary}", "Transformer-GAN, table 3", critic=critic)


def _frozen(layers: int) -> BertCritic:
    return _BERT.model_copy(update={"freeze": (EMBEDDINGS, *_LAYERS[:layers])})


_RSGAN = {"loss": "relativistic", "penalty": 0.0}
_TABLE_2 = "Transformer-GAN, table 2"
_SECTION_2_2, _SECTION_2_3 = "Transformer-GAN, section 2.2", "Transformer-GAN, section 2.3"
# Fakes of the convolutional critic are shorter, and it is heard less often.
_CNN_GAME = {"weight": 1000.0, "policy": "no", "after": 0, "critic_every": 50, "generator_every": 10}
_CNN_GAME |= _RSGAN | {"length": 64, "windows": 1, "memory": 64}
_CNN_TRAIN: dict[str, Any] = {
    "batch_size": 256,
    "accumulate": 4,
    "generator": AdamConfig(lr=0.001, beta1=0.9, clip_norm=1.0, decay=InverseSquareRoot(warm_up=4000, floor=0.1)),
    "adversarial": AdamConfig(lr=6.25e-5, beta1=0.9, clip_norm=1.0),
    "discriminator": AdamConfig(lr=1e-4, beta1=0.9, clip_norm=1.0),
    "decay": None,
    "more": {"segment": 512, "memory": 128},
}
_CNN_YAML = "Transformer-GAN, the released experiment_cnn.yml"
_NORMED, _DROPPING = (_BERT.model_copy(update=update) for update in ({"head": "normed"}, {"dropout": 0.3}))
_DECAYING = _WGAN_GP.train.discriminator.model_copy(update={"weight_decay": 0.01})

_GAMES = (
    _WGAN_GP,
    _game("rsgan", "a relativistic game without a penalty", _TABLE_2, game=_RSGAN),
    _game("rsgan-gp", "a relativistic game with a penalty", _TABLE_2, game={"loss": "relativistic"}),
    _game("wgan", "a Wasserstein game whose critic nothing bounds", game={"penalty": 0.0}),
    _game("standard", "the game of 2014, without a penalty", game={"loss": "non-saturating", "penalty": 0.0}),
    _game("hinge-gp", "a game of hinges with a penalty", game={"loss": "hinge"}),
    _table_3("random", "the critic begins anew, and all of it moves", BertCritic()),
    _table_3("frozen-0", "embeddings and the first layer stay as they were", _frozen(1)),
    _table_3("frozen-0-2", "embeddings and three layers stay as they were", _frozen(3)),
    _table_3("frozen-0-3", "embeddings and four layers stay as they were", _frozen(4)),
    _game("cnn", "RelGAN's convolutions judge", _CNN_YAML, critic=CnnCritic(), game=_CNN_GAME, **_CNN_TRAIN),
    _game("norm", "a layer norm instead of a penalty", _SECTION_2_2, game=_RSGAN, critic=_NORMED),
    _game("dropout", "dropout of three tenths instead of a penalty", _SECTION_2_2, game=_RSGAN, critic=_DROPPING),
    _game("decay", "weight decay instead of a penalty", _SECTION_2_2, game=_RSGAN, discriminator=_DECAYING),
    _game(
        "segment", "gradients go through attention too", "Transformer-GAN, section 3.3", game={"gradient": "segment"}
    ),
    _game("choices", "each choice learns for itself, all side by side", game={"gradient": "choices"}),
)

_START = next(preset for preset in PERFORMANCES if preset.name == "piano-small")
_SMALL_GAN = _START.model_copy(
    update={
        "name": "piano-small-gan",
        "summary": "what a game makes of `piano-small` (--from): a small span-bert judges",
        "family": _START.family.model_copy(
            update={
                "critic": SMALL.model_copy(update={"origin": "span-bert-small.safetensors"}),
                "game": Game(loss="relativistic", gradient="choices", dropout="taught", after=50, rise=1000),
            }
        ),
        "train": _START.train.model_copy(
            update={
                "batch_size": 8,
                "iterations": 1000,
                "health_every": 250,
                "preview_every": 250,
                # What was found by large steps is left as it is.
                "generator": _START.train.generator.model_copy(update={"lr": 1e-4, "matrices": None}),
                "adversarial": AdamConfig(lr=2e-5, beta1=0.0, beta2=0.99, clip_norm=1.0),
                "discriminator": AdamConfig(lr=1e-4, beta1=0.0, beta2=0.99, clip_norm=1.0),
                "decay": None,
            }
        ),
    }
)

CRITICS = (*_MASKED, *_GAMES, _SMALL_GAN)
"""In the order in which they are listed."""
