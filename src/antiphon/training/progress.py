"""How far a run is, on a terminal."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_INTERVAL_SECONDS = 0.2


@contextmanager
def progress(total: int, start: int, shown: bool) -> Iterator[Callable[[int], None]]:
    """Yield a function that takes the number of iterations done; silent unless `shown` and on a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    if not (shown and console.is_terminal):
        yield lambda done: None
        return
    columns = (TextColumn("training"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, refresh_per_second=4) as bar:
        task = bar.add_task("training", total=total, completed=start)
        last = 0.0

        def update(done: int) -> None:
            # Drawing at every iteration would cost more than some iterations.
            nonlocal last
            if time.monotonic() - last > _INTERVAL_SECONDS or done == total:
                last = time.monotonic()
                bar.update(task, completed=done)

        yield update
