"""SIGINT, SIGTERM and SIGHUP from the first moment of a command to its last, whoever shows the run meanwhile."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

_STOP = (signal.SIGINT, signal.SIGTERM)
_ECHO_S = 0.05
"""uvloop calls a handler twice for one signal that comes while it handles another; so soon it is that."""
HANG_UP: signal.Signals | None = None if sys.platform == "win32" else signal.SIGHUP


class Signals:
    """Handles the signals on the loop while the block lasts; what they do may be set anew at any time.

    What the caller has had ignored stays so: `nohup` means it.
    """

    def __init__(self, on_stop: Callable[[], None], on_hang_up: Callable[[], None]) -> None:
        """`on_stop` is for SIGINT and SIGTERM."""
        self.on_stop = on_stop
        self.on_hang_up = on_hang_up
        self._loop = asyncio.get_running_loop()
        self._installed: list[signal.Signals] = []
        self._recent: tuple[tuple[signal.Signals, float], ...] = ()

    def __enter__(self) -> Signals:
        for number in (*_STOP, *((HANG_UP,) if HANG_UP is not None else ())):
            if signal.getsignal(number) is not signal.SIG_IGN:
                try:
                    self._loop.add_signal_handler(number, self._signalled, number)
                except NotImplementedError:
                    # Windows' loops have no signal handlers; there ctrl+c is a key of the app.
                    return self
                self._installed.append(number)
        return self

    def __exit__(self, *exc: object) -> None:
        for number in self._installed:
            self._loop.remove_signal_handler(number)

    def _signalled(self, number: signal.Signals) -> None:
        if self._is_echo(number):
            return
        if number is HANG_UP:
            self.on_hang_up()
        else:
            self.on_stop()

    def _is_echo(self, number: signal.Signals) -> bool:
        now = self._loop.time()
        since = [before for before, at in self._recent if now - at < _ECHO_S]
        self._recent = (*self._recent[-1:], (number, now))
        return len(since) > 1 and since[0] != number == since[1]

    @contextmanager
    def to(self, on_stop: Callable[[], None], on_hang_up: Callable[[], None]) -> Iterator[None]:
        """Have the signals do something else while the block lasts."""
        before = self.on_stop, self.on_hang_up
        self.on_stop, self.on_hang_up = on_stop, on_hang_up
        try:
            yield
        finally:
            self.on_stop, self.on_hang_up = before


def hang_up_ignored() -> bool:
    """Whether the caller has asked for a life after the terminal, as `nohup` does."""
    return HANG_UP is not None and signal.getsignal(HANG_UP) is signal.SIG_IGN


def leave_at_next_signal(status: int) -> None:
    """For the time after the run: a signal to stop ends the process with `status`, a hang-up does nothing.

    All is saved by then; what may take long is an export, or a terminal that does not read its last lines.
    """

    def leave(number: int, frame: FrameType | None) -> None:
        # Not a KeyboardInterrupt: click would write to the terminal first, which may be what we wait for.
        raise SystemExit(status)

    for number in _STOP:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, leave)
    if HANG_UP is not None:
        signal.signal(HANG_UP, signal.SIG_IGN)
