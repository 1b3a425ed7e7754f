"""The three kinds of examiner: convolutional, recurrent, boosted features. Each learns to give real units the higher
score.

No kind has batch statistics, and the networks learn on pure batches, all real or all made, so that nothing but the unit
itself can give it away. The networks' weights are those of the check at which they told validation songs (a part of the
training songs) apart best, with the dividing line that served best there.
"""

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from antiphon.evaluation.examiner.budget import Budget
from antiphon.evaluation.examiner.material import Material
from antiphon.evaluation.examiner.roc import auc, dividing_line

Judge = Callable[[Material], NDArray[np.float64]]
"""Scores (n,) of units: above 0 they are held to be real."""

_VALIDATION = 0.12
_SHORTEST, _LONGEST = 8, 32


class _Eyes(nn.Module):
    """Codes and planes (N, L, .) as vectors (N, width, L): a table row for each category, a product for the planes."""

    offsets: Tensor
    mean: Tensor
    scale: Tensor

    def __init__(self, material: Material, width: int) -> None:
        super().__init__()
        self.table = nn.EmbeddingBag(sum(material.sizes) + 1, width, mode="sum")
        self.table.weight.data.mul_(len(material.sizes) ** -0.5)
        some = material.planes[:: max(1, len(material) // 2_000)].astype(np.float32)
        planes = some.reshape(-1, some.shape[2]) if some.shape[2] else np.zeros((1, 0), np.float32)
        self.register_buffer("offsets", torch.from_numpy(np.cumsum([0, *material.sizes[:-1]])))
        self.register_buffer("mean", torch.from_numpy(planes.mean(0)))
        self.register_buffer("scale", torch.from_numpy(1 / (planes.std(0) + 0.1)))
        self.planes = nn.Linear(planes.shape[1], width) if planes.shape[1] else None

    def forward(self, codes: Tensor, planes: Tensor) -> Tensor:
        num, length, channels = codes.shape
        seen: Tensor = planes.new_zeros(()) if self.planes is None else self.planes((planes - self.mean) * self.scale)
        if channels:
            rows = (codes + self.offsets).reshape(num * length, channels)
            seen = seen + self.table(rows).reshape(num, length, -1)
        return seen.transpose(1, 2)


def _first_layer(width: int, length: int) -> nn.Conv1d:
    """Looks at neighbours, and joins steps where there are more than 32."""
    joined = max(1, length // _LONGEST)
    return nn.Conv1d(width, 2 * width, 2 * joined + 1, joined, padding=joined)


class Convolutional(nn.Module):
    """Convolutions that halve the length down to eight steps or fewer; all that is left decides, with the mean and the
    maximum over time of the finest layer."""

    def __init__(self, material: Material, budget: Budget) -> None:
        super().__init__()
        width, length = budget.width, material.codes.shape[1]
        self.eyes = _Eyes(material, width)
        self.fine = _first_layer(width, length)
        length = (length - 1) // self.fine.stride[0] + 1
        halvings = max(0, int(np.ceil(np.log2(length / _SHORTEST))))
        self.halving = nn.ModuleList(nn.Conv1d(2 * width, 2 * width, 4, 2, 1) for _ in range(halvings))
        for _ in range(halvings):
            length = length // 2
        self.hidden = nn.Linear(2 * width * (length + 2), 2 * width)
        self.verdict = nn.Linear(2 * width, 1)
        self.dropout = nn.Dropout(budget.dropout)

    def forward(self, codes: Tensor, planes: Tensor) -> Tensor:
        """Logits (N,) of codes (N, L, channels) and planes (N, L, planes)."""
        hidden = fine = F.relu(self.fine(self.dropout(self.eyes(codes, planes))))
        for layer in self.halving:
            hidden = F.relu(layer(hidden))
        hidden = torch.cat([hidden.flatten(1), fine.mean(2), fine.amax(2)], dim=1)
        logits: Tensor = self.verdict(self.dropout(F.relu(self.hidden(self.dropout(hidden)))))[:, 0]
        return logits


class Recurrent(nn.Module):
    """A GRU over the unit, some steps at a time where it is long; its last state and its mean decide."""

    def __init__(self, material: Material, budget: Budget) -> None:
        super().__init__()
        width, length = budget.width, material.codes.shape[1]
        self.eyes = _Eyes(material, width)
        self.join = _first_layer(width, length)
        self.memory = nn.GRU(2 * width, 2 * width, batch_first=True)
        self.hidden = nn.Linear(4 * width, width)
        self.verdict = nn.Linear(width, 1)
        self.dropout = nn.Dropout(budget.dropout)

    def forward(self, codes: Tensor, planes: Tensor) -> Tensor:
        """Logits (N,) of codes (N, L, channels) and planes (N, L, planes)."""
        seen = F.relu(self.join(self.dropout(self.eyes(codes, planes)))).transpose(1, 2)
        states, last = self.memory(seen)
        hidden = self.dropout(torch.cat([last[0], states.mean(1)], dim=1))
        logits: Tensor = self.verdict(self.dropout(F.relu(self.hidden(hidden))))[:, 0]
        return logits


def convolutional(real: Material, made: Material, budget: Budget, seed: int) -> Judge:
    """A trained `Convolutional`."""
    return _network(Convolutional, real, made, budget, seed)


def recurrent(real: Material, made: Material, budget: Budget, seed: int) -> Judge:
    """A trained `Recurrent`."""
    return _network(Recurrent, real, made, budget, seed)


def boosted(real: Material, made: Material, budget: Budget, seed: int) -> Judge:
    """Boosted trees on the features (scikit-learn's HistGradientBoostingClassifier), both classes of equal weight."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    trees = HistGradientBoostingClassifier(
        max_iter=budget.trees,
        learning_rate=budget.tree_rate,
        max_leaf_nodes=budget.leaves,
        l2_regularization=1.0,
        max_features=0.5,
        early_stopping=False,
        random_state=seed,
    )
    features = np.concatenate([real.features, made.features])
    # Trees cannot learn from what is never defined, and need not from what never varies.
    useful = np.flatnonzero((features[:1] != features).any(0) & ~np.isnan(features).all(0))
    label = np.repeat([1, 0], [len(real), len(made)])
    weight = np.repeat([0.5 / len(real), 0.5 / len(made)], [len(real), len(made)]) * len(label)
    trees.fit(features[:, useful], label, sample_weight=weight)
    return lambda material: np.asarray(trees.decision_function(material.features[:, useful]), np.float64)


KINDS: Mapping[str, Callable[[Material, Material, Budget, int], Judge]] = MappingProxyType(
    {"convolutional": convolutional, "recurrent": recurrent, "boosted features": boosted}
)


def _network(
    kind: Callable[[Material, Budget], nn.Module], real: Material, made: Material, budget: Budget, seed: int
) -> Judge:
    rng = np.random.default_rng(seed)
    (real, real_kept), (made, made_kept) = _validation(real, rng), _validation(made, rng)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = kind(real, budget)
        best: tuple[float, float, dict[str, Tensor]] = (-1.0, 0.0, {})
        for _ in _trained(network, real, made, budget, rng):
            scores = _scores(network, real_kept), _scores(network, made_kept)
            heard = auc(*scores)
            if heard > best[0]:
                weights = {name: value.clone() for name, value in network.state_dict().items()}
                best = heard, dividing_line(*scores), weights
        network.load_state_dict(best[2])
    return lambda material: _scores(network, material) - best[1]


def _validation(material: Material, rng: np.random.Generator) -> tuple[Material, Material]:
    """Units to learn from and units to choose weights by, of different songs (of one song alone: different units)."""
    songs = np.unique(material.song)
    if len(songs) < 2:
        order = rng.permutation(len(material))
        cut = max(1, round(_VALIDATION * len(material)))
        return material[order[cut:] if len(order) > 1 else order], material[order[:cut]]
    kept = rng.permutation(songs)[: max(1, round(_VALIDATION * len(songs)))]
    chosen = np.isin(material.song, kept)
    return material[~chosen], material[chosen]


def _trained(
    network: nn.Module, real: Material, made: Material, budget: Budget, rng: np.random.Generator
) -> Iterator[int]:
    """Train, pausing `budget.checks` times."""
    optimizer = torch.optim.AdamW(network.parameters(), budget.rate, weight_decay=budget.decay)
    warm = max(1, budget.iterations // 20)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min((step + 1) / warm, 1.05 - step / budget.iterations)
    )
    pauses = set(np.linspace(budget.iterations, 0, budget.checks, endpoint=False).astype(int).tolist())
    for iteration in range(1, budget.iterations + 1):
        optimizer.zero_grad()
        for sign, material in ((-1, real), (1, made)):
            chosen = rng.integers(0, len(material), budget.batch)
            torch.autograd.backward(F.softplus(sign * network(*_tensors(material, chosen))).mean())
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        if iteration in pauses:
            yield iteration


@torch.no_grad()
def _scores(network: nn.Module, material: Material) -> NDArray[np.float64]:
    network.eval()
    parts = [network(*_tensors(material, slice(begin, begin + 512))) for begin in range(0, len(material), 512)]
    network.train()
    return torch.cat(parts).double().numpy() if parts else np.empty(0)


def _tensors(material: Material, rows: NDArray[np.int64] | slice) -> tuple[Tensor, Tensor]:
    codes, planes = material.codes[rows], material.planes[rows]
    return torch.from_numpy(codes.astype(np.int64)), torch.from_numpy(planes.astype(np.float32))
