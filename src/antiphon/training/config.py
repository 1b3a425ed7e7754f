"""How a run trains: batch, length, optimizers, limits, intervals, precision, place."""

from typing import Literal, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from antiphon.config import Config
from antiphon.training.schedules import Schedule


class AdamConfig(Config):
    """Adam with decoupled weight decay for one player, and the limits put on its steps.

    Parameters
    ----------
    lr, beta1, beta2, epsilon, weight_decay
        As in Kingma & Ba (2015) and Loshchilov & Hutter (2019).
    clip_norm
        Largest L2 norm of the player's whole gradient; longer ones are scaled down to it.
    clip_weights
        After each step every weight is clamped to +-`clip_weights` (Arjovsky et al. 2017).
    decay
        How this rate goes; None: as `train.decay` says.
    matrices
        Learning rate of Muon (`antiphon.training.muon`), by which weights with two axes move that are no embedding;
        None: they move by Adam too.
    """

    lr: float = Field(default=2e-4, gt=0, allow_inf_nan=False)
    beta1: float = Field(default=0.5, ge=0, lt=1)
    beta2: float = Field(default=0.999, ge=0, lt=1)
    epsilon: float = Field(default=1e-8, gt=0, allow_inf_nan=False)
    weight_decay: float = Field(default=0.0, ge=0, allow_inf_nan=False)
    clip_norm: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    clip_weights: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    decay: Schedule | None = None
    matrices: float | None = Field(default=None, gt=0, allow_inf_nan=False)


class TrainConfig(Config):
    """A run's settings; exactly one of `iterations` and `epochs` is set.

    Parameters
    ----------
    batch_size
        Items an iteration, over all processes together.
    iterations, epochs
        Length of the run; an epoch is one pass over the training rows.
    seed
        All chance of the run follows from it.
    accumulate
        Parts into which each process's share of a batch is divided, whose gradients are added up: less memory for the
        same step. It divides the share; None: one part.
    generator, discriminator
        Optimizers of the two players.
    adversarial
        Optimizer of the generator in phases that ask for averages of their own (`Phase.moments`); None: as `generator`.
    decay
        How learning rates go where an optimizer says nothing else; None: they stay.
    ema_decay
        Keep an exponential moving average of the generator's weights with this decay; it is what observers see and
        what is published. None: the weights themselves.
    log_every, checkpoint_every, preview_every, health_every
        Intervals in iterations.
    evaluate_every
        Interval in iterations of the cheap metrics that are logged as `evaluate/NAME` and drawn as `metrics.png`, made
        music beside real; None: never.
    watch, patience
        Convergence stop: the run ends when the logged figure named `watch` (lower is better) has not gone below its
        best value in `patience` records that hold it. The weights of its best record are kept, and published.
    precision
        "bfloat16" computes losses under autocast; weights and optimizer stay float32.
    device
        "auto" takes a GPU where there is one.
    capture
        Replay each iteration as a CUDA graph; only for objectives whose losses read no host value that changes.
    tensorboard
        Write TensorBoard events too (extra `tensorboard`).
    """

    batch_size: int = Field(default=64, ge=1, le=65_536)
    iterations: int | None = Field(default=None, ge=1)
    epochs: int | None = Field(default=None, ge=1)
    seed: int = Field(default=0, ge=0, lt=2**63)
    accumulate: int | None = Field(default=None, ge=1)
    generator: AdamConfig = AdamConfig()
    discriminator: AdamConfig = AdamConfig()
    adversarial: AdamConfig | None = None
    decay: Schedule | None = None
    ema_decay: float | None = Field(default=None, gt=0, lt=1)
    log_every: int = Field(default=50, ge=1)
    checkpoint_every: int = Field(default=1000, ge=1)
    preview_every: int = Field(default=1000, ge=1)
    health_every: int = Field(default=1000, ge=1)
    evaluate_every: int | None = Field(default=None, ge=1)
    watch: str | None = None
    patience: int | None = Field(default=None, ge=1)
    precision: Literal["float32", "bfloat16"] = "float32"
    device: Literal["auto", "cpu", "cuda"] = "auto"
    capture: bool = False
    tensorboard: bool = False

    @field_validator("accumulate")
    @classmethod
    def _divides_the_batch(cls, parts: int | None, info: ValidationInfo) -> int | None:
        if parts is not None and "batch_size" in info.data and info.data["batch_size"] % parts:
            raise ValueError(f"a batch of {info.data['batch_size']} has no {parts} equal parts")
        return parts

    @field_validator("epochs")
    @classmethod
    def _one_length(cls, epochs: int | None, info: ValidationInfo) -> int | None:
        if "iterations" in info.data and (epochs is None) == (info.data["iterations"] is None):
            raise ValueError("set exactly one of iterations and epochs (the other to null)")
        return epochs

    @field_validator("patience")
    @classmethod
    def _patience_watches(cls, patience: int | None, info: ValidationInfo) -> int | None:
        if patience is not None and info.data.get("watch") is None:
            raise ValueError("name the figure that shows convergence in watch")
        return patience

    @model_validator(mode="after")
    def _recorded_rates_stay(self) -> Self:
        optimizers = (self.generator, self.discriminator, self.adversarial)
        if self.capture and any(settings is not None and settings.decay for settings in (self, *optimizers)):
            raise ValueError("a recorded iteration (capture) cannot change the rates (decay); leave one of them out")
        return self
