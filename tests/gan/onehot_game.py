"""A small adversarial game over sequences of categories: real ones walk around a ring."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from antiphon.gan.losses import adversarial_loss, confidences
from antiphon.gan.penalties import r1
from antiphon.gan.vitals import Evidence
from antiphon.nn.straight_through import monophonic

LENGTH, CATEGORIES, BATCH = 4, 8, 64


def walks(num: int, chance: torch.Generator) -> Tensor:
    """Sequences (num, LENGTH) that start anywhere and stay or move one place around the ring."""
    moves = torch.randint(-1, 2, (num, LENGTH), generator=chance)
    moves[:, 0] = torch.randint(CATEGORIES, (num,), generator=chance)
    return moves.cumsum(1) % CATEGORIES


@dataclass(frozen=True)
class Settings:
    """How a game is played; the defaults are sound."""

    generator_lr: float = 1e-3
    discriminator_lr: float = 2e-3
    penalty: float = 1.0
    latent_dim: int = 16
    iterations: int = 500


class Game:
    """A generator of monophonic sequences and a discriminator, both of two layers."""

    def __init__(self, settings: Settings, seed: int) -> None:
        torch.manual_seed(seed)
        self.settings, self.chance = settings, torch.Generator().manual_seed(seed)
        width = LENGTH * CATEGORIES
        self.generator = nn.Sequential(nn.Linear(settings.latent_dim, 128), nn.LeakyReLU(0.2), nn.Linear(128, width))
        self.discriminator = nn.Sequential(nn.Linear(width, 128), nn.LeakyReLU(0.2), nn.Linear(128, 1))
        self.history: list[dict[str, float]] = []

    def fake(self, num: int) -> Tensor:
        logits = self.generator(torch.randn(num, self.settings.latent_dim)).view(num, LENGTH, CATEGORIES)
        return monophonic(logits, axis=2)

    def play(self) -> "Game":
        settings, loss = self.settings, adversarial_loss("non-saturating", real_target=0.9)
        movers = [
            torch.optim.Adam(network.parameters(), lr, betas=(0.5, 0.999))
            for network, lr in (
                (self.discriminator, settings.discriminator_lr),
                (self.generator, settings.generator_lr),
            )
        ]
        for iteration in range(settings.iterations):
            real = one_hot(walks(BATCH, self.chance))
            with torch.no_grad():
                fake = self.fake(BATCH)
            real_logits, fake_logits = self.discriminator(real.flatten(1)), self.discriminator(fake.flatten(1))
            d_loss = torch.stack(list(loss.discriminator(real_logits, fake_logits).values())).sum()
            d_norm = step(movers[0], d_loss + settings.penalty * r1(self.discriminator, real.flatten(1)))
            g_loss = loss.generator(real_logits, self.discriminator(self.fake(BATCH).flatten(1)))["adversarial"]
            g_norm = step(movers[1], g_loss)
            if (iteration + 1) % 10 == 0:
                real_confidence, fake_confidence = confidences(real_logits, fake_logits)
                figures = torch.stack([d_loss, g_loss, d_norm, g_norm, real_confidence, fake_confidence]).tolist()
                self.history.append(dict(zip(NAMES, figures, strict=True)))
        return self

    @torch.no_grad()
    def evidence(self, num: int = 1024) -> Evidence:
        real = walks(num, self.chance)
        fake = self.fake(num).argmax(2)
        real_logits, fake_logits = (self.discriminator(one_hot(side).flatten(1)) for side in (real, fake))
        counts = [torch.bincount(side.flatten(), minlength=CATEGORIES).numpy() for side in (real, fake)]
        return Evidence(real, fake, None, real_logits, fake_logits, {"places": (counts[0], counts[1])})


NAMES = (
    "discriminator/loss",
    "generator/loss",
    "discriminator/gradient_norm",
    "generator/gradient_norm",
    "discriminator/confidence_real",
    "discriminator/confidence_fake",
)


def one_hot(codes: Tensor) -> Tensor:
    return nn.functional.one_hot(codes, CATEGORIES).float()


def step(mover: torch.optim.Optimizer, value: Tensor) -> Tensor:
    mover.zero_grad()
    value.backward()
    weights = [weight for group in mover.param_groups for weight in group["params"]]
    norm = torch.nn.utils.clip_grad_norm_(weights, 1e9)
    mover.step()
    return norm
