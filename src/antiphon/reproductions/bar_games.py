"""The games of the bar GAN paper's figures 5 to 8, and others that the alarms of health must tell apart: settings, and
what these foretell."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from antiphon.presets.table import get_preset
from antiphon.resolved import RunConfig

TUNING_SEEDS = (0, 1, 2)
"""Rates and lengths below, and the limits of health, were chosen on these."""
SEEDS = (10, 11, 12)
"""The table of alarms is reported on these, which nothing was chosen on."""
NO_ALARM = "none"


@dataclass(frozen=True)
class Game:
    """A row: settings, and what they foretell, decided from the settings alone.

    Parameters
    ----------
    title
        What the paper's figure shows.
    preset, overrides, iterations
        The run.
    corpus
        What it is trained on unless another is asked for.
    expected
        The alarm that must sound at the end, or "none".
    because
        Why, from the settings.
    also
        Alarms that may sound beside it, as parts or consequences of the same failure; any other is a false one.
    """

    title: str
    preset: str
    overrides: tuple[str, ...]
    iterations: int
    corpus: str
    expected: str
    because: str
    also: frozenset[str] = frozenset()

    def resolve(self, seed: int, iterations: int | None = None, more: Sequence[str] = ()) -> RunConfig:
        """The run, with `more` settings changed, examined three times and pictured at its end."""
        num = iterations or self.iterations
        intervals = (
            f"train.log_every={max(1, num // 40)}",
            f"train.health_every={max(1, num // 3)}",
            f"train.preview_every={num}",
            f"train.checkpoint_every={num}",
        )
        return get_preset(self.preset).resolve(
            [*self.overrides, f"train.iterations={num}", f"train.seed={seed}", *intervals, *more]
        )

    def is_right(self, raised: Sequence[str]) -> bool:
        """Whether these alarms hold the expected one and no false one."""
        if self.expected == NO_ALARM:
            return not raised
        return self.expected in raised and set(raised) <= {self.expected, *self.also}


_BATCH = "train.batch_size=32"
_NO_MINIBATCH = "family.discriminator.minibatch=null"
_SMALL_BAR = (
    "family.hidden_dim=64",
    "family.embedding_dim=24",
    "family.critic_dim=48",
    # The preset's own lead would outlast these runs: the generator would never move.
    "family.critic_lead=20",
    "train.batch_size=64",
    "train.ema_decay=null",
)
_SOUND_BAR = ("family.likelihood_iterations=200", "train.generator.lr=2e-4", "train.discriminator.lr=1e-4")
_SOUND = "a likelihood start, then a gentle game: the discriminator is near chance because the bars are good"

GAMES: Mapping[str, Game] = {
    "5": Game(
        title="mode collapse",
        preset="midinet-v1",
        overrides=(
            _BATCH,
            _NO_MINIBATCH,
            "family.matching.bar_weight=0",
            "family.matching.feature_weight=0",
            "train.generator.lr=1e-3",
            "train.discriminator.lr=3e-4",
        ),
        iterations=200,
        corpus="giantmidi",
        expected="mode collapse",
        because="neither minibatch discrimination nor feature matching, and three strides of the generator to a step",
        # A generator of a few bars is soon known to the discriminator, and strides until its activations explode.
        also=frozenset({"winning discriminator", "exploding gradients", "blind discriminator"}),
    ),
    "6": Game(
        title="partial mode collapse",
        preset="midinet-v2",
        overrides=(_BATCH, _NO_MINIBATCH, "train.generator.lr=1e-3", "train.discriminator.lr=1e-4"),
        iterations=400,
        corpus="giantmidi",
        expected="partial mode collapse",
        because="no minibatch discrimination: nothing asks for noise to matter, while the bar before keeps bars apart",
        # C_r 0.45 and C_f 0.55 are what makes this figure misleading.
        also=frozenset({"blind discriminator", "exploding gradients"}),
    ),
    "7": Game(
        title="non-balanced game",
        preset="midinet-v1",
        overrides=(
            _BATCH,
            "train.generator.lr=1e-5",
            "train.discriminator.lr=3e-4",
            "family.discriminator_steps=2",
            "family.generator_steps=1",
        ),
        iterations=400,
        corpus="giantmidi",
        expected="winning discriminator",
        because="the discriminator's rate is thirty times the generator's, and it moves twice as often",
        also=frozenset({"partial mode collapse", "exploding gradients"}),
    ),
    "8": Game(
        title="balanced game",
        preset="midinet-v1",
        overrides=(_BATCH,),
        iterations=250,
        corpus="giantmidi",
        expected="blind discriminator",
        because="figure 8's own rates: at 1e-5 the discriminator stays at its constant optimum, C_r 0.45 and C_f 0.55",
        also=frozenset({"partial mode collapse"}),
    ),
    "bar-lieder": Game(
        title="a small `bar`",
        preset="bar",
        overrides=(*_SMALL_BAR, *_SOUND_BAR),
        iterations=400,
        corpus="lieder",
        expected=NO_ALARM,
        because=_SOUND,
    ),
    "bar-quartets": Game(
        title="the same on other music",
        preset="bar",
        overrides=(*_SMALL_BAR, *_SOUND_BAR),
        iterations=400,
        corpus="quartets",
        expected=NO_ALARM,
        because=_SOUND,
    ),
    "bar-overruled": Game(
        title="the same under too strong a discriminator",
        preset="bar",
        overrides=(
            *_SMALL_BAR,
            "family.likelihood_iterations=100",
            "train.generator.lr=1e-5",
            "train.discriminator.lr=1e-3",
        ),
        iterations=300,
        corpus="lieder",
        expected="winning discriminator",
        because="the discriminator's rate is a hundred times that of a generator that has hardly begun",
    ),
}
"""The paper's figures by number, and games of our own, two sound and one not, that the alarms must tell apart too."""
