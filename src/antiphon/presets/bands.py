"""The rows of `band`, tracks on the beat that are written to each other: the model, its likelihood twin, its game."""

from antiphon.codecs.phrases import PhraseRolls
from antiphon.families.band.config import BandConfig
from antiphon.presets.preset import Preset
from antiphon.training.config import AdamConfig, TrainConfig

_STARTED, _TAUGHT, _LEAD, _PLAYED = 800, 1200, 40, 160

# E1 of a piano, B1 of a guitar of seven strings, C1 of a bass of five, C2 of a cello; drums have all.
_LOWEST = (0, 4, 11, 0, 12)

_BAND = Preset(
    name="band",
    source="this project",
    summary="five tracks on the beat, as many bars as one likes; each is written to those that are there",
    family=BandConfig(lowest=_LOWEST, likelihood_iterations=_TAUGHT, likelihood_rate=40.0, critic_lead=_LEAD),
    codec=PhraseRolls(resolution=4, bars=16, hop=4, sounding=1),
    train=TrainConfig(
        batch_size=4,
        iterations=_TAUGHT + _LEAD + _PLAYED,
        generator=AdamConfig(lr=5e-5, beta1=0.9, beta2=0.99, clip_norm=1.0),
        discriminator=AdamConfig(lr=5e-4, beta1=0.0, beta2=0.99),
        ema_decay=0.98,
        log_every=50,
        checkpoint_every=200,
        # A preview is eighty bars of music, and health as many phrases: each a minute's work.
        preview_every=_TAUGHT,
        health_every=_TAUGHT + _LEAD + _PLAYED,
    ),
    corpus="freedoom",
)


def _row(name: str, summary: str, taught: int, played: int, corpus: str = "freedoom") -> Preset:
    family = _BAND.family.model_copy(
        update={"likelihood_iterations": taught} | ({} if played else {"adversarial_weight": 0.0})
    )
    lasts = taught + played
    train = _BAND.train.model_copy(update={"iterations": lasts, "preview_every": lasts, "health_every": lasts})
    return _BAND.model_copy(
        update={"name": name, "summary": summary, "family": family, "train": train, "corpus": corpus}
    )


BANDS = (
    _BAND,
    _row("band-start", "what `band` begins as: taught harmony by likelihood on other music", _STARTED, 0, "lieder"),
    _row("band-likelihood", "the generator of `band` as its game finds it: taught by likelihood alone", _TAUGHT, 0),
    _row("band-tune", "the game of `band` alone, for going on from a trained one: --from band", 0, _LEAD + _PLAYED),
)
"""In the order in which they are listed."""
