"""Is the game sound? Alarms that name a failure of a running GAN, its evidence and its remedy.

A smoothed cross-entropy game that rests at C_r 0.45, C_f 0.55 and d_loss 1.376 is at the optimum of a constant
discriminator: a perfect generator leads there, and so does a blind discriminator. Losses cannot tell the two apart;
a small fresh probe on the samples can, and is trained before anyone is accused.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from antiphon.gan.losses import LOSSES, AdversarialLoss
from antiphon.gan.probe import as_rows, probe_auc
from antiphon.gan.track_vitals import measure_tracks
from antiphon.gan.vitals import Evidence, History, Measures, Samples, measure

MIN_PROBED = 128
"""With fewer samples a side the probe's own AUC on equal data strays beyond 0.6."""


@dataclass(frozen=True)
class Alarm:
    """A failure by name, the measures that show it, and what to do."""

    name: str
    evidence: Mapping[str, float]
    remedy: str

    def __str__(self) -> str:
        shown = ", ".join(f"{name.replace('_', ' ')} {value:.3g}" for name, value in self.evidence.items())
        return f"{self.name} ({shown}): {self.remedy}"


@dataclass(frozen=True)
class Checkup:
    """All measures, for the log, and the alarms that they raise, gravest first."""

    measures: Mapping[str, float]
    alarms: tuple[Alarm, ...]


@dataclass(frozen=True)
class Sign:
    """One limit on one measure, and why it lies there. A measure that is missing never shows the sign."""

    measure: str
    side: Literal["above", "below"]
    limit: float
    reason: str

    def shows(self, measures: Mapping[str, float]) -> bool:
        """Whether the measure lies beyond the limit."""
        value = measures.get(self.measure, math.nan)
        return value > self.limit if self.side == "above" else value < self.limit


@dataclass(frozen=True)
class Rule:
    """An alarm sounds when all of `every` and, where there are some, one of `some` show, unless a graver one does or it
    is too `early` to tell."""

    alarm: str
    remedy: str
    some: tuple[Sign, ...] = ()
    every: tuple[Sign, ...] = ()
    unless: str | None = None
    early: Sign | None = None

    def suspects(self, measures: Mapping[str, float]) -> bool:
        """Whether one of `some` shows, and it is not too early."""
        return not self.is_early(measures) and any(sign.shows(measures) for sign in self.some)

    def is_early(self, measures: Mapping[str, float]) -> bool:
        """Whether `early` shows."""
        return self.early is not None and self.early.shows(measures)

    def judge(self, measures: Mapping[str, float]) -> Alarm | None:
        """The alarm with the signs that show, or None."""
        if self.is_early(measures):
            return None
        shown = [sign.measure for sign in (*self.every, *self.some) if sign.shows(measures)]
        if not all(sign.shows(measures) for sign in self.every) or (self.some and not self.suspects(measures)):
            return None
        return Alarm(self.alarm, {name: measures[name] for name in shown}, self.remedy)


NON_FINITE = Rule(
    "non-finite",
    "Start again from the last checkpoint with lower learning rates, or clip the gradient norm.",
    every=(Sign("non_finite", "above", 0, "One NaN or infinity spoils every weight that it reaches."),),
)
EXPLODING = Rule(
    "exploding gradients",
    "Clip the gradient norm, lower the generator's learning rate, or bound what it puts out before the argmax.",
    every=(
        Sign(
            "gradient_growth", "above", 100, "Norms wander tenfold in sound runs; the published v2 grew a thousandfold."
        ),
        Sign("gradient_norm", "above", 10, "A growing norm that is still small does no harm."),
    ),
)
COLLAPSE = Rule(
    "mode collapse",
    "Turn minibatch discrimination on, lower the generator's learning rate or update it less often.",
    some=(
        Sign("effective_ratio", "below", 0.06, "A dozen samples over and over, where real data have hundreds."),
        Sign("spread_ratio", "below", 0.4, "Two fakes agree at most positions where two real samples would not."),
        Sign("categories_ratio", "below", 0.3, "Most of the categories that real data use have gone."),
    ),
)
PARTIAL = Rule(
    "partial mode collapse",
    "Add minibatch discrimination kernels, show the discriminator the condition, or weigh feature matching up.",
    some=(
        Sign("effective_ratio", "below", 0.3, "Sound toy games keep above 0.5, half-collapsed ones below 0.15."),
        Sign("distinct_ratio", "below", 0.6, "Real data against real data stays above 0.9 at 256 samples."),
        Sign("spread_ratio", "below", 0.8, "Real data against real data stays within 0.95 and 1.05 at 256 samples."),
        Sign("categories_ratio", "below", 0.6, "Some categories have gone; sampling alone moves this by a tenth."),
        Sign("distinct_one_condition", "below", 0.5, "The latent is all but ignored; the published v2 stands at 0.3."),
        Sign("spread_one_condition", "below", 0.2, "The latent changes a position or two and leaves the rest alone."),
    ),
    unless="mode collapse",
)
NO_GAME_YET = Sign(
    "game_iterations",
    "below",
    100,
    "Fresh players rank by chance, and one that moves alone (a likelihood start, a critic's lead) plays no game.",
)
WINNING = Rule(
    "winning discriminator",
    "Lower the discriminator's learning rate to half the generator's or less, or update the generator more often.",
    every=(
        Sign(
            "separation",
            "above",
            0.5,
            "C_r 0.7 and C_f 0.8, kept up, on the way to 0.9 and 1; sound games stay below 0.2.",
        ),
        Sign(
            "critic_auc",
            "above",
            0.9,
            "It is right about almost every sample, so no fake shows a way; a pairing critic at a hundred "
            "times the generator's rate rests at 0.93.",
        ),
    ),
    early=NO_GAME_YET,
)
BLIND = Rule(
    "blind discriminator",
    "Raise the discriminator's learning rate or its updates, and show it the condition; the balance is not a success.",
    some=(
        Sign("critic_auc", "below", 0.65, "The discriminator's own ranking is near chance."),
        Sign("separation_size", "below", 0.05, "C_r + C_f - 1 near nought is the optimum of a constant."),
    ),
    every=(
        Sign(
            "probe_auc",
            "above",
            0.9,
            "Half a second of training finds what it misses; sound games give the probe 0.5 to 0.85.",
        ),
        Sign("probe_lead", "above", 0.1, "The probe sees clearly more than the discriminator does."),
    ),
    early=NO_GAME_YET,
)
SILENT = Rule(
    "silent track",
    "Lower the discriminator's learning rate or its penalty, or begin with likelihood; health/density_... in the log "
    "says which track it is.",
    every=(Sign("track_density_least", "below", 0.1, "Halves of real songs keep above 0.15, even of a rare track."),),
    early=NO_GAME_YET,
)
FULL = Rule(
    "overfull track",
    "Let the discriminator move more often, or lower the generator's learning rate; health/density_... in the log says "
    "which track it is.",
    every=(Sign("track_density_greatest", "above", 8, "Halves of real songs keep below 3.2, even of a rare track."),),
    early=NO_GAME_YET,
)
FROZEN = Rule(
    "frozen track",
    "Give the track latents of its own, or show the discriminator each track by itself; health/spread_... in the log "
    "says which track it is.",
    every=(
        Sign(
            "track_spread_least",
            "below",
            0.2,
            "Halves of real songs keep above 0.25, even of a rare track; below, it plays the same in every sample.",
        ),
    ),
    unless="mode collapse",
    early=NO_GAME_YET,
)
UNHEARD = Rule(
    "unheard condition",
    "Show the discriminator real samples beside conditions that are not theirs; it must see the condition at all.",
    every=(
        Sign(
            "condition_effect",
            "below",
            0.05,
            "Other conditions change less than a twentieth of what two samples differ by: they need not be given.",
        ),
    ),
    unless="mode collapse",
    early=NO_GAME_YET,
)
RULES = (NON_FINITE, EXPLODING, COLLAPSE, PARTIAL, SILENT, FULL, FROZEN, UNHEARD, WINNING, BLIND)
"""Every alarm with its limits and their reasons, gravest first."""


def diagnose(
    history: History, evidence: Evidence, *, loss: AdversarialLoss | None = None, seed: int = 0
) -> list[Alarm]:
    """The alarms of `examine`, gravest first; none for a sound run."""
    return list(examine(history, evidence, loss=loss, seed=seed).alarms)


def examine(history: History, evidence: Evidence, *, loss: AdversarialLoss | None = None, seed: int = 0) -> Checkup:
    """Measure a running GAN and judge it by `RULES`.

    Parameters
    ----------
    history
        The log so far: figures whose names end in "confidence_real", "confidence_fake", "gradient_norm" and "loss".
        Where it counts the "iteration", "discriminator/loss" and "generator/loss" tell since when both players move.
    evidence
        Samples and logits of now; 256 samples a side or more, 1,024 for a sharp probe.
    loss
        The adversarial loss played, by which logits are read; the non-saturating one if None.
    seed
        Of the probe, which is trained only when the discriminator looks blind.
    """
    measures = measure(history, evidence, LOSSES["non-saturating"] if loss is None else loss)
    measures |= measure_tracks(evidence)
    if BLIND.suspects(measures) and evidence.real is not None and evidence.fake is not None:
        measures |= _probe(evidence.real, evidence.fake, measures.get("critic_auc", 0.5), seed)
    alarms: dict[str, Alarm] = {}
    for rule in RULES:
        alarm = rule.judge(measures)
        if alarm is not None and rule.unless not in alarms:
            alarms[rule.alarm] = alarm
    return Checkup(measures, tuple(alarms.values()))


def _probe(real: Samples, fake: Samples, critic_auc: float, seed: int) -> Measures:
    sides = as_rows(real), as_rows(fake)
    if min(len(side) for side in sides) < MIN_PROBED:
        return {}
    auc = probe_auc(*sides, seed=seed)
    return {"probe_auc": auc, "probe_lead": auc - critic_auc}
