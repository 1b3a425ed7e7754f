"""What the generator's adversarial gradient is worth at a small size: how far two batches agree on it, by the way it
goes back, by temperature, context and critic; and what it costs in time and in memory that waits for it.

A generator taught by likelihood writes after GiantMIDI's recordings; critics learn against it while it stands still.
Of n gradients g_i on other music with other chance, agreement is the mean of <g_i, g_j> over all pairs, over the mean
of |g_i|^2: 1 without noise, 0 where all is noise. The variance of a gradient is 1 less that, of its mean square.
"""

# Function.apply and backward bear no types in torch.
# mypy: disable-error-code="no-untyped-call"

import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor, nn

from antiphon.codecs.performance import PerformanceTokens
from antiphon.data.corpus import Corpus
from antiphon.data.views import view
from antiphon.families.transformer.config import TransformerConfig
from antiphon.families.transformer.critic_designs import EMBEDDINGS, BertCritic, BertSizes
from antiphon.families.transformer.designs import XlNetwork
from antiphon.families.transformer.fakes import WAYS
from antiphon.families.transformer.game import TransformerGame
from antiphon.families.transformer.game_config import Game
from antiphon.families.transformer.masked_config import MaskedConfig
from antiphon.gan.objective import Objective, Outcome, Phase
from antiphon.piece_loader import PieceLoader, Plan, pieces_of
from antiphon.training.seeds import seed_torch
from benchmarks.table import Row

NETWORK = XlNetwork(num_layers=3, width=64, num_heads=4, feedforward=128)
SIZES = BertSizes(num_layers=2, width=64, num_heads=4, inner=128, positions=128)
GAME = Game(loss="relativistic", penalty=10.0, rise=1, highest=1.0, dropout="taught")
LAYERS = tuple(str(layer) for layer in range(SIZES.num_layers))
_BATCH, _PIECES = 16, 200

Batches = Callable[[int], Mapping[str, Tensor]]


def run(quick: bool = False) -> list[Row]:
    """Rows by way, temperature, context, and critic."""
    taught, judged, num, length = (60, 20, 6, 32) if quick else (1000, 300, 16, 64)
    bench = _Bench(GAME.model_copy(update={"length": length, "memory": length}), taught)
    body = bench.masked(taught)
    critic = bench.critic(_design(*LAYERS), judged, body)
    rows = _of_ways(bench, critic, num) + _of_windows(bench, critic)
    rows += [_of_temperature(bench, critic, heat, num) for heat in (1.0, 0.1, 0.01)]
    rows += [_of_context(bench, critic, shared, num) for shared in (True, False)]
    return rows + _of_critics(bench, body, judged, num)


class _Bench:
    """Music, a generator taught by likelihood, and critics of what it writes."""

    def __init__(self, game: Game, taught: int) -> None:
        rows = view(Corpus.open("giantmidi"), PerformanceTokens().stored, "train")
        self._pieces = pieces_of(rows)[:_PIECES]
        self.game = game
        self.config = TransformerConfig(network=NETWORK, segment=game.length, memory=game.length)
        objective = self.config.build()
        self.nats = _teach(objective, objective.phases[0], self._loader("segments").batch, taught, rate=2e-3)
        self.generator = objective.generator.state_dict()
        self.loader = self._loader("crops")

    def masked(self, taught: int) -> Mapping[str, Tensor]:
        """Weights of a masked model."""
        objective = MaskedConfig(sizes=SIZES, block=self.game.length).build()
        _teach(objective, objective.phases[0], self.loader.batch, taught, rate=1e-3)
        return objective.state_dict()

    def play(self, design: BertCritic, **changes: Any) -> TransformerGame:
        """A game with the taught generator."""
        torch.manual_seed(1)
        game = self.game.model_copy(update=changes)
        objective = self.config.model_copy(update={"critic": design, "game": game}).build()
        assert isinstance(objective, TransformerGame)
        objective.generator.load_state_dict(self.generator)
        return objective

    def critic(self, design: BertCritic, judged: int, body: Mapping[str, Tensor] | None) -> TransformerGame:
        """A game whose critic has learnt against the generator as it is."""
        objective = self.play(design)
        if body is not None:
            objective.load_state_dict(dict(objective.borrowed(body)))
        objective.generator.requires_grad_(False)
        phase = objective.game.phases[0]
        self.right = _teach(objective, phase, self.loader.batch, judged, rate=1e-3, figure="critic_right")
        objective.generator.requires_grad_(True)
        objective.discriminator.requires_grad_(False)
        return objective

    def _loader(self, walk: Any) -> PieceLoader:
        plan = Plan(_BATCH, self.game.length, walk, crop=self.game.crop)
        return PieceLoader(self._pieces, plan, PerformanceTokens())


def gradients(objective: TransformerGame, batch: Batches, num: int) -> Tensor:
    """The generator's adversarial gradients (num, weights), each on other music with other chance."""
    phase, found = objective.game.phases[1], []
    for number in range(num):
        seed_torch(7, number)
        _turn(objective, phase, batch(10_000 + number), objective.game.rise)
        weights = [w for w in objective.generator.parameters() if w.grad is not None]
        found.append(torch.cat([w.grad.flatten() for w in weights if w.grad is not None]))
        objective.zero_grad()
    return torch.stack(found)


def agreement(one: Tensor, other: Tensor | None = None) -> float:
    """The mean product of two different gradients (n, D), of one kind or of two, where no noise is in common."""
    products = one @ (one if other is None else other).t()
    return float(products.sum() - products.diagonal().sum()) / (len(one) * (len(one) - 1))


def share(found: Tensor) -> float:
    """How far two gradients agree, see above."""
    return agreement(found) / float(found.square().sum(1).mean())


def cosine(one: Tensor, other: Tensor) -> float:
    """Of the means of two kinds of gradients (n, D), with what is noise taken out; NaN where all is noise."""
    lengths = [agreement(kind) for kind in (one, other)]
    return agreement(one, other) / (lengths[0] * lengths[1]) ** 0.5 if min(lengths) > 0 else float("nan")


class Kept:
    """Counts the bytes that wait for a backward pass; `most` is the largest count while it is entered.

    Parameters
    ----------
    networks
        Whose weights are there anyway.
    """

    def __init__(self, *networks: nn.Module) -> None:
        self._there = {weight.untyped_storage().data_ptr() for part in networks for weight in part.parameters()}
        self._waiting: dict[int, int] = {}
        self.now = self.most = 0
        self._hooks = torch.autograd.graph.saved_tensors_hooks(self._pack, lambda held: held.tensor)

    def __enter__(self) -> Self:
        self._hooks.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        self._hooks.__exit__(kind, fault, at)

    def _pack(self, tensor: Tensor) -> "_Held":
        return _Held(self, tensor)

    def count(self, place: int, size: int, waits: int) -> None:
        """One more, or one fewer, waits for what lies at a place."""
        if place in self._there:
            return
        before = self._waiting.get(place, 0)
        self._waiting[place] = before + waits
        self.now += size * ((before + waits > 0) - (before > 0))
        self.most = max(self.most, self.now)


class _Held:
    def __init__(self, kept: Kept, tensor: Tensor) -> None:
        storage = tensor.untyped_storage()
        self.tensor, self._kept = tensor.detach(), kept
        self._where = storage.data_ptr(), storage.nbytes()
        kept.count(*self._where, 1)

    def __del__(self) -> None:
        self._kept.count(*self._where, -1)


def _teach(objective: Objective, phase: Phase, batch: Batches, num: int, *, rate: float, figure: str = "nats") -> float:
    """Take steps of one phase; the mean of a figure over the last fifth."""
    player = objective.generator if phase.player == "generator" else objective.discriminator
    optimizer = torch.optim.Adam([w for w in player.parameters() if w.requires_grad], rate)
    figures = []
    for number in range(num):
        seed_torch(3, number)
        outcome = _turn(objective, phase, objective.augment(batch(number)), number)
        nn.utils.clip_grad_norm_(player.parameters(), 1.0)
        optimizer.step()
        objective.zero_grad()
        figures.append(sum(float({**part.terms, **part.watch}[figure].detach()) for part in outcome))
    return float(np.mean(figures[-max(num // 5, 1) :]))


def _turn(objective: Objective, phase: Phase, batch: Mapping[str, Tensor], iteration: int) -> list[Outcome]:
    """The parts of a phase's loss, each differentiated before the next is computed."""
    parts = []
    outcome: Outcome | None = objective.losses(phase, batch, iteration)
    while outcome is not None:
        torch.stack(list(outcome.terms.values())).sum().backward()
        parts.append(Outcome({name: term.detach() for name, term in outcome.terms.items()}, outcome.watch))
        outcome = outcome.then()
    return parts


def _design(*frozen: str) -> BertCritic:
    return BertCritic(**SIZES.model_dump(), freeze=(EMBEDDINGS, *frozen))


def _set(objective: TransformerGame, **changes: Any) -> TransformerGame:
    """The same players in a game of other settings."""
    objective.game = objective.game.model_copy(update=changes)
    return objective


def _of_ways(bench: _Bench, critic: TransformerGame, num: int) -> list[Row]:
    rows, found = [], {}
    told = f"n = {num}, {_BATCH} fakes of {bench.game.length} tokens; generator at {bench.nats:.2f} nats"
    for way in WAYS:
        begin = time.process_time()
        found[way] = gradients(_set(critic, gradient=way), bench.loader.batch, num)
        seconds = (time.process_time() - begin) / num
        rows.append(Row(f'gradient = "{way}": agreement of two batches', 100 * share(found[way]), "%", "", told))
        rows.append(Row(f'gradient = "{way}": a turn', seconds, "s", "", "one thread's processor time"))
    for one, other in (("tokens", "segment"), ("choices", "segment"), ("tokens", "choices")):
        told = "of the means over batches, noise taken out"
        rows.append(Row(f'"{one}" against "{other}": cosine', cosine(found[one], found[other]), "", "", told))
    return rows


def _of_windows(bench: _Bench, critic: TransformerGame) -> list[Row]:
    """What cutting at windows saves."""
    rows = []
    for way in WAYS:
        for windows in (1, 2, 4):
            objective = _set(critic, gradient=way, windows=windows)
            what = f'gradient = "{way}", {windows} windows: waits for the backward pass'
            rows.append(Row(what, _megabytes(bench, objective), "MB", "", "most at a time"))
    _set(critic, windows=bench.game.windows)
    return rows


def _of_temperature(bench: _Bench, critic: TransformerGame, heat: float, num: int) -> Row:
    found = gradients(_set(critic, gradient="tokens", highest=1 / heat), bench.loader.batch, num)
    _set(critic, highest=1.0)
    return Row(f'temperature {heat}, "tokens": agreement of two batches', 100 * share(found), "%", "", f"n = {num}")


def _of_context(bench: _Bench, critic: TransformerGame, shared: bool, num: int) -> Row:
    found = gradients(_set(critic, gradient="tokens", shared=shared), bench.loader.batch, num)
    _set(critic, shared=True)
    what = "the same context" if shared else "another context"
    return Row(f'{what}, "tokens": agreement of two batches', 100 * share(found), "%", "", f"n = {num}")


def _of_critics(bench: _Bench, body: Mapping[str, Tensor], judged: int, num: int) -> list[Row]:
    """Critics of equally many steps, pre-trained or not, frozen or not."""
    rows = []
    for frozen in ((), ("0",), LAYERS):
        for lent in (body, None):
            critic = bench.critic(_design(*frozen), judged, lent)
            found = gradients(_set(critic, gradient="tokens"), bench.loader.batch, num)
            what = f"{'pre-trained' if lent else 'random'} critic, {len(frozen)} of {len(LAYERS)} layers frozen"
            told = f"after {judged} steps, the generator standing still"
            rows.append(Row(f"{what}: right", 100 * bench.right, "%", "", told))
            rows.append(Row(f"{what}: agreement of two batches", 100 * share(found), "%", "", f'"tokens", n = {num}'))
    return rows


def _megabytes(bench: _Bench, objective: TransformerGame) -> float:
    seed_torch(7)
    with Kept(objective) as kept:
        _turn(objective, objective.game.phases[1], bench.loader.batch(0), 0)
    objective.zero_grad()
    return kept.most / 1e6
