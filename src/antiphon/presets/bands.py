"""The rows of `band`, tracks on the beat that are written to each other, and of its likelihood twin."""

from antiphon.codecs.phrases import PhraseRolls
from antiphon.families.band.config import BandConfig
from antiphon.presets.preset import Preset
from antiphon.training.config import AdamConfig, TrainConfig

_BAND = Preset(
    name="band",
    source="this project",
    summary="five tracks on the beat, as many bars as one likes; each is written to those that are there",
    family=BandConfig(likelihood_iterations=2400, likelihood_rate=20.0),
    codec=PhraseRolls(resolution=4, bars=16, hop=4, sounding=1),
    train=TrainConfig(
        batch_size=4,
        iterations=2700,
        generator=AdamConfig(lr=1e-4, beta1=0.9, beta2=0.99, clip_norm=1.0),
        discriminator=AdamConfig(lr=5e-4, beta1=0.0, beta2=0.99),
        ema_decay=0.99,
        log_every=50,
        checkpoint_every=400,
        preview_every=2700,
        health_every=2700,
    ),
    corpus="freedoom",
)
_BAND_LIKELIHOOD = _BAND.model_copy(
    update={
        "name": "band-likelihood",
        "summary": "the generator of `band` taught by likelihood alone, for as many steps",
        "family": _BAND.family.model_copy(update={"adversarial_weight": 0.0}),
    }
)

BANDS = (_BAND, _BAND_LIKELIHOOD)
"""In the order in which they are listed."""
