"""Iterations as CUDA graphs: recorded once, replayed without Python and launch costs."""

from collections.abc import Callable, Hashable

import torch
from torch import Tensor

Play = Callable[[dict[str, Tensor], int], None]

# Libraries choose their kernels and allocate workspaces in the first runs, which cannot be recorded.
_WARM_UP = 3


class Captured:
    """Plays iterations from graphs, one for each kind of iteration.

    Whatever Python decides inside an iteration is decided once, while recording: the objective may read no tensor on
    the host and must not use the iteration's number. Draws from torch's default CUDA generator stay fresh, since each
    replay takes up its seed.

    Parameters
    ----------
    play
        Does an iteration on a batch.
    kind
        Tells iterations apart that do different things.
    """

    def __init__(self, play: Play, kind: Callable[[int], Hashable]) -> None:
        self._play, self._kind = play, kind
        self._runs: dict[Hashable, int] = {}
        self._graphs: dict[Hashable, tuple[torch.cuda.CUDAGraph, dict[str, Tensor]]] = {}
        self._aside: torch.cuda.Stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]

    def __call__(self, batch: dict[str, Tensor], iteration: int) -> None:
        """Do the iteration: warm up, record, or replay."""
        kind = self._kind(iteration)
        self._runs[kind] = self._runs.get(kind, 0) + 1
        if self._runs[kind] <= _WARM_UP:
            self._warm_up(batch, iteration)
            return
        if kind not in self._graphs:
            self._graphs[kind] = self._record(batch, iteration)
        graph, held = self._graphs[kind]
        for name, tensor in batch.items():
            held[name].copy_(tensor)
        graph.replay()

    def _warm_up(self, batch: dict[str, Tensor], iteration: int) -> None:
        # Recording needs that autograd has run on another than the default stream.
        self._aside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(self._aside):
            self._play(batch, iteration)
        torch.cuda.current_stream().wait_stream(self._aside)

    def _record(self, batch: dict[str, Tensor], iteration: int) -> tuple[torch.cuda.CUDAGraph, dict[str, Tensor]]:
        held = {name: tensor.clone() for name, tensor in batch.items()}
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            self._play(held, iteration)
        return graph, held
