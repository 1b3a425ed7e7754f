"""Map over files with several processes, in order and in little memory; a file that kills its process is set aside."""

import multiprocessing
import os
import signal
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

CHUNK = 16
WORTH_IT = 400
"""Files from which on a pool is started unasked: a process takes about a second to come up."""


def num_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def num_workers(num_items: int, asked: int | None) -> int:
    """The processes asked for; unasked, one a core where there are enough items, else 1 (this process alone)."""
    if asked is None:
        return num_cores() if num_items >= WORTH_IT else 1
    return max(asked, 1)


def map_chunks(
    function: Callable[[Sequence[T]], list[R]], items: Sequence[T], workers: int, crashed: Callable[[T], R]
) -> Iterator[R]:
    """Yield one result an item, in order.

    Parameters
    ----------
    function
        Takes some items and returns as many results; importable, for processes are spawned.
    items
        All of them.
    workers
        Processes; 1 means this one.
    crashed
        The result for an item during which a process died. With one worker there is no such help: this process dies.
    """
    chunks = list(_batched(items, CHUNK))
    if workers == 1:
        for chunk in chunks:
            yield from function(chunk)
        return
    yield from _pooled(function, chunks, workers, crashed)


def _pooled(
    function: Callable[[Sequence[T]], list[R]], chunks: list[tuple[T, ...]], workers: int, crashed: Callable[[T], R]
) -> Iterator[R]:
    waiting, position = deque[Future[list[R]]](), 0
    pool = _pool(workers)
    try:
        for number, chunk in enumerate(chunks):
            try:
                # A few chunks ahead keep all processes busy; more would only hold memory.
                while position < min(len(chunks), number + 3 * workers):
                    waiting.append(_submit(pool, function, chunks[position]))
                    position += 1
                results = waiting.popleft().result()
            except BrokenProcessPool:
                _stop(pool)
                results = _one_by_one(function, chunk, crashed)
                waiting.clear()
                pool, position = _pool(workers), number + 1
            yield from results
    finally:
        _stop(pool)


def _one_by_one(function: Callable[[Sequence[T]], list[R]], chunk: Sequence[T], crashed: Callable[[T], R]) -> list[R]:
    results: list[R] = []
    pool = _pool(1)
    try:
        for item in chunk:
            try:
                results += _submit(pool, function, (item,)).result()
            except BrokenProcessPool:
                results.append(crashed(item))
                _stop(pool)
                pool = _pool(1)
    finally:
        _stop(pool)
    return results


def _submit(
    pool: ProcessPoolExecutor, function: Callable[[Sequence[T]], list[R]], items: Sequence[T]
) -> Future[list[R]]:
    with _main_left_out():  # submitting is what starts a process
        return pool.submit(function, items)


@contextmanager
def _main_left_out() -> Iterator[None]:
    """A spawned process runs the caller's script again as its first act, unless it cannot find it: a script of three
    lines without `if __name__ == "__main__"` would start itself over and over. Nothing of it is needed there."""
    main = sys.modules["__main__"].__dict__
    hidden = {name: main.pop(name) for name in ("__spec__", "__file__") if name in main}
    main["__spec__"] = None
    try:
        yield
    finally:
        main.update({"__spec__": None} | hidden)


def _pool(workers: int) -> ProcessPoolExecutor:
    # Forking a process that may hold threads (torch, symusic) can hang; spawning cannot.
    return ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), _leave_interrupts_to_parent)


def _leave_interrupts_to_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _stop(pool: ProcessPoolExecutor) -> None:
    pool.shutdown(wait=True, cancel_futures=True)


def _batched(items: Sequence[T], size: int) -> Iterator[tuple[T, ...]]:
    for begin in range(0, len(items), size):
        yield tuple(items[begin : begin + size])
