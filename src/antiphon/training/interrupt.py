"""Ctrl-C and SIGTERM end a run after the iteration at hand, so that its checkpoint holds a whole one."""

import signal
import threading
from types import FrameType, TracebackType
from typing import Self


class Interrupt:
    """Within the block the first signal is only noted; the second one acts at once."""

    def __init__(self) -> None:
        self.requested = False
        self._handlers: dict[signal.Signals, signal._HANDLER] = {}

    def __enter__(self) -> Self:
        # Python delivers signals to the main thread alone.
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._handlers[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for number, handler in self._handlers.items():
            signal.signal(number, handler)

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self.requested:
            raise KeyboardInterrupt
        self.requested = True
