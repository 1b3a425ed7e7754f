"""The rows of the families that write on the beat: our bar GAN, progressions, and both kinds of LSTM GAN."""

from typing import Any

from antiphon.codecs.melody import MelodyBars
from antiphon.codecs.notes import NoteSequences
from antiphon.codecs.progressions import Progressions
from antiphon.families.bar.config import BarConfig
from antiphon.families.chords.config import ChordsConfig
from antiphon.families.lstm.config import AS_PUBLISHED as LSTM_GAN_AS_PUBLISHED
from antiphon.families.lstm.config import LstmConfig, LstmGanConfig
from antiphon.presets.preset import Preset
from antiphon.training.config import AdamConfig, TrainConfig

_BAR = Preset(
    name="bar",
    source="this project",
    summary="bars with rests and struck-again notes on a metrical grid, from noise, the bar before and the bar's chord",
    family=BarConfig(likelihood_iterations=500),
    codec=MelodyBars(),
    train=TrainConfig(
        batch_size=128,
        iterations=2500,
        generator=AdamConfig(lr=7e-5, beta1=0.5, beta2=0.99, clip_norm=5.0),
        discriminator=AdamConfig(lr=1e-3, beta1=0.5, beta2=0.99),
        ema_decay=0.998,
        checkpoint_every=500,
        preview_every=500,
    ),
    corpus="lieder",
)


def _bar(name: str, summary: str, family: BarConfig, corpus: str = "lieder", **train: Any) -> Preset:
    changes = {"family": family, "train": _BAR.train.model_copy(update=train), "corpus": corpus}
    return _BAR.model_copy(update={"name": name, "summary": summary, **changes})


_BARS = (
    _BAR,
    _bar(
        "bar-start",
        "what `bar` begins as: its generator taught by likelihood on other melodies, in all keys",
        BarConfig(likelihood_iterations=1000, likelihood_rate=28.0, transpose=6),
        corpus="quartets",
        iterations=1000,
        ema_decay=0.995,
    ),
    _bar(
        "bar-likelihood",
        "the twin of `bar`: the same start, the same likelihood, and no game",
        BarConfig(likelihood_iterations=500),
        iterations=500,
        ema_decay=0.995,
    ),
    _bar(
        "bar-gan",
        "the players of `bar` from nothing, with no likelihood anywhere: a pure GAN",
        BarConfig(anchor_rate=0.0, critic_lead=0),
        iterations=3000,
        generator=AdamConfig(lr=3e-4, beta1=0.0, beta2=0.99, clip_norm=5.0),
        discriminator=AdamConfig(lr=6e-4, beta1=0.5, beta2=0.99),
    ),
    _bar(
        "bar-tune",
        "the game alone, for going on from a trained `bar` with one's own songs: --from bar",
        BarConfig(critic_lead=50),
        iterations=300,
        ema_decay=0.99,
    ),
)

_CHORDS = Preset(
    name="chords",
    source="this project; bar GAN, section VII, its fourth model",
    summary="progressions, one chord a bar from the tonic on, for as many bars as one likes, that know where they end",
    family=ChordsConfig(likelihood_iterations=1000, likelihood_rate=10.0),
    codec=Progressions(),
    train=TrainConfig(
        batch_size=128,
        iterations=2000,
        generator=AdamConfig(lr=2e-4, beta1=0.5, beta2=0.99, clip_norm=5.0),
        discriminator=AdamConfig(lr=5e-4, beta1=0.0, beta2=0.99),
        ema_decay=0.995,
        checkpoint_every=500,
        preview_every=500,
    ),
    corpus="lieder",
)
_CHORDS_LIKELIHOOD = _CHORDS.model_copy(
    update={
        "name": "chords-likelihood",
        "summary": "the generator of `chords` taught by likelihood alone, for as many steps",
        "family": ChordsConfig(likelihood_iterations=2000, likelihood_rate=10.0),
    }
)

_LSTM = Preset(
    name="lstm",
    source="this project",
    summary="notes on the grid, one after the other and for as long as one likes, each given all before it",
    family=LstmConfig(likelihood_iterations=3200, likelihood_rate=30.0, critic_lead=150, penalty_every=8, penalty=2e-5),
    codec=NoteSequences(length=LstmConfig().row_length),
    train=TrainConfig(
        batch_size=8,
        iterations=3550,
        generator=AdamConfig(lr=1e-4, beta1=0.9, beta2=0.99, clip_norm=1.0),
        discriminator=AdamConfig(lr=1e-3, beta1=0.0, beta2=0.99),
        ema_decay=0.99,
        log_every=50,
        checkpoint_every=400,
        preview_every=1775,
        # Health asks for 512 rows, a minute's work.
        health_every=1775,
    ),
    corpus="lieder",
)
_LSTM_LIKELIHOOD = _LSTM.model_copy(
    update={
        "name": "lstm-likelihood",
        "summary": "the generator of `lstm` taught by likelihood alone, for as many steps",
        "family": _LSTM.family.model_copy(update={"adversarial_weight": 0.0}),
    }
)
_LSTM_ADAM = AdamConfig(lr=1e-3, beta1=0.9)
_LSTM_GAN = Preset(
    name="lstm-gan",
    source="LSTM GAN, paper, sections 3 and 4.3",
    summary="64 notes, each pitch, duration and offset as real numbers, from one noise vector, as the paper says it",
    family=LstmGanConfig(),
    codec=NoteSequences(),
    train=TrainConfig(batch_size=64, epochs=100, generator=_LSTM_ADAM, discriminator=_LSTM_ADAM),
    corpus="lieder",
)
_LSTM_GAN_AS_PUBLISHED = _LSTM_GAN.model_copy(
    update={
        "name": "lstm-gan-as-published",
        "source": "LSTM GAN, released code",
        "summary": "the released code: sequences of one note, so that nothing recurs; it collapses to one pitch",
        "family": LSTM_GAN_AS_PUBLISHED,
    }
)

OURS = (*_BARS, _CHORDS, _CHORDS_LIKELIHOOD, _LSTM, _LSTM_LIKELIHOOD, _LSTM_GAN, _LSTM_GAN_AS_PUBLISHED)
"""In the order in which they are listed."""
