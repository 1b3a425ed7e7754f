"""The rows of piano performances: likelihood as Transformer-GAN's tables have it, and ours."""

from typing import Any

from antiphon.codecs.performance import PerformanceTokens
from antiphon.families.transformer.config import TransformerConfig
from antiphon.families.transformer.designs import LstmNetwork, ModernNetwork, MusicNetwork, XlNetwork
from antiphon.presets.preset import Preset
from antiphon.training.config import AdamConfig, TrainConfig
from antiphon.training.schedules import Cosine, InverseSquareRoot

_ITERATIONS = 100_000
_RATE, _LEAST_RATE = 0.004, 1e-4
# tensor2tensor multiplies its constant by these roots of the width and of the warm-up.
_MUSIC_CONSTANT, _MUSIC_WARM_UP = 0.2, 8000
_MUSIC_RATE = _MUSIC_CONSTANT * (MusicNetwork().width * _MUSIC_WARM_UP) ** -0.5

XL = Preset(
    name="transformer-xl",
    source="Transformer-GAN, table 1 and the released experiment_baseline.yml",
    summary="a Transformer-XL of six layers taught by likelihood, with a memory of 1,024 tokens",
    family=TransformerConfig(network=XlNetwork(), segment=128, memory=1024),
    codec=PerformanceTokens(augment="exhaustive"),
    train=TrainConfig(
        batch_size=512,
        accumulate=4,
        iterations=_ITERATIONS,
        seed=1111,
        generator=AdamConfig(lr=_RATE, beta1=0.9, clip_norm=1.0),
        decay=InverseSquareRoot(warm_up=4000, floor=_LEAST_RATE / _RATE),
        log_every=100,
        watch="held_out/nats",
    ),
    corpus="maestro",
)
"""The start of the rows that play the game."""

_MUSIC = XL.model_copy(
    update={
        "name": "music-transformer",
        "source": "Transformer-GAN, table 1",
        "summary": f"the other baseline, in pieces of 2,048 tokens; its rate 0.2 is tensor2tensor's constant, which "
        f"makes {_MUSIC_RATE:.1e} at the peak",
        "family": TransformerConfig(network=MusicNetwork(), segment=2048),
        "train": XL.train.model_copy(
            update={
                # As many tokens an iteration.
                "batch_size": 32,
                "generator": AdamConfig(lr=_MUSIC_RATE, beta1=0.9, beta2=0.98, epsilon=1e-9),
                "decay": InverseSquareRoot(warm_up=_MUSIC_WARM_UP),
            }
        ),
    }
)

_PIANO = Preset(
    name="piano",
    source="this project",
    summary="minutes of piano by likelihood: long segments instead of a memory, pre-norm, rotary positions",
    family=TransformerConfig(network=ModernNetwork(num_layers=8, width=384, span=1024), segment=2048),
    codec=PerformanceTokens(augment="drawn"),
    train=TrainConfig(
        batch_size=64,
        iterations=18_000,
        generator=AdamConfig(lr=1e-3, beta1=0.9, beta2=0.95, weight_decay=0.1, clip_norm=1.0),
        decay=Cosine(warm_up=500, end=18_000, floor=0.02),
        ema_decay=0.999,
        log_every=100,
    ),
    corpus="maestro",
)


def _small(
    name: str,
    summary: str,
    family: TransformerConfig,
    iterations: int = 2800,
    corpus: str = "giantmidi",
    **optimizer: Any,
) -> Preset:
    """A row of few minutes of a CPU."""
    train = _PIANO.train.model_copy(
        update={
            "batch_size": 4,
            "iterations": iterations,
            "generator": _PIANO.train.generator.model_copy(update={"lr": 3e-3, **optimizer}),
            "decay": Cosine(warm_up=60, end=iterations, floor=0.02),
            "ema_decay": 0.995,
            "precision": "bfloat16",
            "checkpoint_every": 200,
            "preview_every": iterations,
            "health_every": iterations,
        }
    )
    update = {"name": name, "summary": summary, "family": family, "train": train, "corpus": corpus}
    return _PIANO.model_copy(update=update)


_SMALL = TransformerConfig(
    network=ModernNetwork(num_layers=6, width=320, num_heads=5, feedforward=1280, dropout=0.1, span=512), segment=512
)

PERFORMANCES = (
    XL,
    _MUSIC,
    _PIANO,
    _small("piano-small", "what a CPU learns of `piano` in minutes: --from piano-start", _SMALL, matrices=2e-2),
    _small(
        "piano-start", "what `piano-small` begins as: taught songs as written", _SMALL, 1200, "lieder", matrices=2e-2
    ),
    _small(
        "piano-lstm",
        "an LSTM of the size of `piano-small`, taught the same tokens: a baseline",
        TransformerConfig(network=LstmNetwork(width=672), segment=512, memory=1),
    ),
)
"""In the order in which they are listed."""
