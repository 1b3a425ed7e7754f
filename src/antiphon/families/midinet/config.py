"""The bar GAN's variants as data: one configuration, and the table of the paper's and the released code's rows."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple

from pydantic import Field, PositiveInt, ValidationInfo, field_validator

from antiphon.codecs.frames import COLUMNS, HIGHEST, LOWEST, Transposition
from antiphon.config import Config

if TYPE_CHECKING:
    from antiphon.families.midinet.objective import Midinet

# Beyond this a layer is a slip of the finger, which no machine would have memory for.
_WIDEST = 4096
Width = Annotated[int, Field(ge=1, le=_WIDEST)]
MatchingForm = Literal["per-pixel", "scalar"]
# The step that is next, the pitch before it, and the pitches of the bar so far.
_TOLD = COLUMNS + (HIGHEST - LOWEST + 1) + COLUMNS
# The names of `antiphon.gan.losses.LOSSES`, which are not imported because a configuration is read without torch.
LossName = Literal[
    "non-saturating",
    "saturating",
    "kullback-leibler",
    "wasserstein",
    "total-variation",
    "least-squares",
    "hinge",
    "relativistic",
    "relativistic-average",
]
_LABELLED = ("non-saturating", "saturating", "kullback-leibler")


class Convolution(Config):
    """A convolution of the discriminator over the steps of a bar, with stride 2.

    The first is as high as the bar (128 pitches), so every later one is one row high: where the paper writes 128x2
    for the second layer too, only 1x2 can be meant.
    """

    kernels: Width
    width: Width


class Minibatch(Config):
    """Minibatch discrimination: `kernels` (B) closeness sums a bar, each from a projection to `dims` (C) values."""

    kernels: int = Field(default=10, ge=1, le=256)
    dims: int = Field(default=2, ge=1, le=256)


class DiscriminatorConfig(Config):
    """Layer table of the discriminator.

    Parameters
    ----------
    convolutions
        Applied in turn; each takes the chord's 13 values as further feature maps where the family has chords.
    hidden
        Fully connected layers between the flattened convolutions and minibatch discrimination.
    minibatch
        None: no minibatch discrimination.
    judge
        Width of the fully connected layer before the logit.
    dropout
        After every hidden layer.
    """

    convolutions: tuple[Convolution, ...] = (Convolution(kernels=14, width=2), Convolution(kernels=14, width=2))
    hidden: tuple[Width, ...] = (231,)
    minibatch: Minibatch | None = Minibatch()
    judge: Width = 1024
    dropout: float = Field(default=0.3, ge=0, lt=1)

    @field_validator("convolutions")
    @classmethod
    def _fit_a_bar(cls, convolutions: tuple[Convolution, ...]) -> tuple[Convolution, ...]:
        if not convolutions or convolutions[0].width != 2:
            raise ValueError("the first convolution is 2 steps wide, as its stride")
        steps = 8
        for layer in convolutions[1:]:
            steps = (steps - layer.width) // 2 + 1
            if steps < 1:
                raise ValueError("the convolutions leave no step of the bar; make them narrower or fewer")
        return convolutions


class Matching(Config):
    """Feature matching of the generator (paper, equation 2).

    Parameters
    ----------
    form
        "per-pixel": squared distance of the mean images over the batch; "scalar": of the means over everything.
    features
        "clean": the first convolution's activations; "dropped": the same behind its dropout.
    bar_weight, feature_weight
        The equation's two lambdas.
    """

    form: MatchingForm = "per-pixel"
    features: Literal["clean", "dropped"] = "clean"
    bar_weight: float = Field(default=0.1, ge=0, allow_inf_nan=False)
    feature_weight: float = Field(default=1.0, ge=0, allow_inf_nan=False)


class PenaltyConfig(Config):
    """A gradient penalty on the discriminator: a step of its own after each of its adversarial ones.

    Parameters
    ----------
    kind
        "gradient": (||grad|| - 1)^2 between real and fake bars (Gulrajani et al. 2017, eq. 3); "r1", "r2", "r1+r2":
        ||grad||^2 / 2 at real, at fake, at both (Mescheder et al. 2018, eq. 9 and 10). Minibatch discrimination mixes
        the gradients of a batch, so it is best left out beside any of them.
    weight
        Lambda of the first, gamma of the others.
    every
        Iterations from one with penalties to the next; the weight grows to match (lazy regularisation, Karras et al.
        2020).
    """

    kind: Literal["gradient", "r1", "r2", "r1+r2"]
    weight: float = Field(gt=0, allow_inf_nan=False)
    every: PositiveInt = 1


class NoiseConfig(Config):
    """Instance noise on every real and fake bar before the discriminator (Soenderby et al. 2017; paper, section VII).

    Parameters
    ----------
    std
        Standard deviation at first, where a note is 1 and no note 0.
    iterations
        It falls in a straight line to 0 at this iteration.
    """

    std: float = Field(gt=0, allow_inf_nan=False)
    iterations: PositiveInt


class MidinetConfig(Config):
    """A bar GAN after MidiNet: noise, and by variant the previous bar and a chord, to 16 steps of one voice.

    Parameters
    ----------
    latent_dim
        Values of Gaussian noise a bar.
    condition_channels
        Feature maps of the network that reads the previous bar; 0: the previous bar is not read.
    chord
        Whether both players are given the chord.
    discriminator, matching
        See there.
    loss
        Of both players. The paper writes the min-max game ("saturating"), whose generator gets no gradient from a
        discriminator that is sure of itself; the released code, and everyone since 2014, trains "non-saturating", and
        only with it does the paper's balance of one step to three hold. Hence the default. Any other loss of
        `antiphon.gan.losses` will do; Wasserstein wants `train.discriminator.clip_weights` or a penalty besides.
    real_target
        What the discriminator is to answer to real bars (one-sided label smoothing); 1 for losses without labels.
    penalty, noise
        See there; None: there is none.
    transposition
        Augmentation: "none", "octave" (by 0 to 11 semitones around the octave, the chord along with the melody) or
        "published" (the released code's cycles of 13 and 11 semitones, the chord left where it was).
    discriminator_steps, generator_steps
        Optimizer steps of each player in an iteration, the discriminator first.
    taught
        By what the generator is taught. "likelihood": its twin, see `antiphon.families.midinet.likelihood`, which has
        the same layers and reads none of the game's settings.
    """

    kind: Literal["midinet"] = "midinet"
    latent_dim: Width = 100
    condition_channels: int = Field(default=0, ge=0, le=_WIDEST)
    chord: bool = False
    discriminator: DiscriminatorConfig = DiscriminatorConfig()
    matching: Matching = Matching()
    loss: LossName = "non-saturating"
    real_target: float = Field(default=0.9, gt=0, le=1)
    penalty: PenaltyConfig | None = None
    noise: NoiseConfig | None = None
    transposition: Transposition = "none"
    discriminator_steps: PositiveInt = 1
    generator_steps: PositiveInt = 3
    taught: Literal["game", "likelihood"] = "game"

    @field_validator("taught")
    @classmethod
    def _has_room_to_be_told(cls, taught: str, info: ValidationInfo) -> str:
        if taught == "likelihood" and info.data.get("latent_dim", _TOLD) < _TOLD:
            raise ValueError(
                f"a generator taught by likelihood is told {_TOLD} values; set latent_dim to {_TOLD} or more"
            )
        return taught

    @field_validator("real_target")
    @classmethod
    def _smooths_labels(cls, real_target: float, info: ValidationInfo) -> float:
        loss = info.data.get("loss", _LABELLED[0])
        if real_target != 1 and loss not in _LABELLED:
            raise ValueError(f"the loss {loss!r} has no labels to smooth; set real_target to 1 with it")
        return real_target

    def build(self) -> "Midinet":
        """Both players with fresh weights, drawn from torch's default generator."""
        if self.taught == "likelihood":
            from antiphon.families.midinet.likelihood import MidinetTwin

            return MidinetTwin(self)
        from antiphon.families.midinet.objective import Midinet

        return Midinet(self)


class Variant(NamedTuple):
    """A row of a published table: the family's configuration and the two learning rates it was trained with."""

    family: MidinetConfig
    generator_rate: float
    discriminator_rate: float
    batch_size: int
    source: str


def _released(kernels: int, width: int, minibatch: Minibatch) -> DiscriminatorConfig:
    convolutions = (Convolution(kernels=kernels, width=2), Convolution(kernels=77, width=width))
    return DiscriminatorConfig(convolutions=convolutions, hidden=(), minibatch=minibatch)


_B10_C2, _B10_C5, _B20_C10 = (Minibatch(kernels=b, dims=c) for b, c in ((10, 2), (10, 5), (20, 10)))
_V1_NOISY = Matching(form="scalar", features="dropped")
_NOISY = Matching(features="dropped")
_NOISY_TENTH = Matching(features="dropped", bar_weight=0.01, feature_weight=0.1)

_V1 = MidinetConfig(discriminator=_released(14, 4, _B10_C5), matching=_V1_NOISY)
_V2 = MidinetConfig(
    condition_channels=32,
    discriminator=_released(24, 3, _B10_C5),
    matching=_NOISY,
    transposition="published",
    generator_steps=2,
)
_V3 = MidinetConfig(
    condition_channels=40,
    chord=True,
    discriminator=_released(14, 3, _B20_C10),
    matching=_NOISY_TENTH,
    transposition="published",
    generator_steps=2,
)
_V3_NOTEBOOK = MidinetConfig(
    condition_channels=30,
    chord=True,
    discriminator=_released(14, 3, _B10_C2),
    matching=Matching(features="dropped", bar_weight=1.0),
    transposition="published",
    discriminator_steps=3,
    generator_steps=1,
)

_PAPER_V1 = MidinetConfig()
_PAPER_V2 = MidinetConfig(condition_channels=32, transposition="octave")
_PAPER_V3 = MidinetConfig(condition_channels=32, chord=True, transposition="octave")

VARIANTS: Mapping[str, Variant] = {
    "midinet-v1": Variant(_PAPER_V1, 3e-4, 1e-5, 72, "paper, section V.A and figure 8"),
    "midinet-v2": Variant(_PAPER_V2, 3e-4, 1e-5, 72, "paper, section V.B and figure 8"),
    "midinet-v3": Variant(_PAPER_V3, 3e-4, 1e-5, 72, "paper, section V.C and figure 8"),
    "midinet-v1-as-published": Variant(_V1, 3e-4, 1e-5, 72, "released code, notebook v1"),
    "midinet-v2-as-published": Variant(_V2, 3e-4, 2e-5, 72, "released code, notebook v2"),
    "midinet-v3-as-published": Variant(_V3, 3e-4, 1e-5, 128, "released code, run v3/aug_1"),
}
"""The six rows that presets are made of: three versions as the paper says, three as its code does."""

NOTEBOOKS: Mapping[str, Variant] = {
    "v1": VARIANTS["midinet-v1-as-published"],
    "v2": VARIANTS["midinet-v2-as-published"],
    "v3": Variant(_V3_NOTEBOOK, 3e-4, 3e-5, 72, "released code, notebook v3"),
}
"""The settings of the released training notebooks, at which speed is measured."""
