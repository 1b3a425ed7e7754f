"""The rows of MuseGAN: as its paper says, and as both of its codes were published."""

from antiphon.codecs.ensembles import ENSEMBLES, Ensemble
from antiphon.codecs.phrases import PhraseRolls
from antiphon.families.musegan.variants import VARIANTS, Variant
from antiphon.presets.preset import Preset
from antiphon.training.config import AdamConfig, TrainConfig
from antiphon.training.schedules import Decay


def _ensemble(row: Variant) -> Ensemble:
    """The parts in the order of the row's tracks, by whose numbers its settings name them."""
    ensemble = ENSEMBLES["paper" if row.tracks[0] == "bass" else "lpd-5"]
    parts = {part.name: part for part in ensemble.parts}
    return ensemble.model_copy(update={"parts": tuple(parts[name] for name in row.tracks)})


def _musegan(name: str, row: Variant) -> Preset:
    adam = AdamConfig(lr=row.rate, beta1=0.5, beta2=0.9)
    iterations = row.family.turns.iterations
    decay = row.fading and Decay(begin=iterations(row.fading), end=iterations(row.generator_steps))
    codec = {"ensemble": _ensemble(row), "resolution": row.resolution, "bars": row.family.bars}
    return Preset(
        name=name,
        source=f"MuseGAN, {row.source}",
        summary=row.summary,
        family=row.family,
        codec=PhraseRolls.model_validate(codec),
        train=TrainConfig(
            batch_size=64,
            iterations=iterations(row.generator_steps),
            generator=adam,
            discriminator=adam,
            decay=decay or None,
        ),
        corpus="freedoom",
    )


PHRASES = tuple(_musegan(name, row) for name, row in VARIANTS.items())
"""In the order in which they are listed."""
