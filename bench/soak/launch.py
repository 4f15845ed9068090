"""Runs the real command with a heart beating on its loop: `python -m bench.soak.launch BEATS [STACKS] -- run …`.

The product has no hook for it: `asyncio.Runner.run`, which it gives its main coroutine to, is wrapped so that the
beat begins first. Once a second a line of JSON on descriptor BEATS tells two times for which the loop did not come
round, the longest one and the longest one but for waiting: how long it was, for how much of it the loop's thread ran,
and for how much that thread waited for a processor that others had, all in milliseconds.
"""

from __future__ import annotations

import asyncio
import faulthandler
import json
import os
import sys
from collections.abc import Coroutine
from contextlib import suppress
from pathlib import Path
from threading import get_native_id
from time import perf_counter
from typing import Any, TextIO

BEAT_S = 0.02
REPORT_S = 1.0
STALL_S = 0.25
"""A loop that does not come round for so long is said to stand still."""

_NO_GAP = (0.0, 0.0, 0.0)


class Heart:
    """Beats on the running loop."""

    def __init__(self, beats: int, stacks: TextIO | None) -> None:
        """`beats` is a descriptor that takes lines; `stacks` takes what all threads did when the loop stood still."""
        self._loop = asyncio.get_running_loop()
        self._beats = beats
        self._stacks = stacks
        self._schedule = _open_schedule()
        self._due = self._reported = perf_counter()
        self._before = self._spent()
        self._longest = self._own = _NO_GAP
        self._handle: asyncio.TimerHandle | None = None
        os.set_blocking(beats, False)

    def beat(self) -> None:
        """Measure how late this beat is, and order the next."""
        now, spent = perf_counter(), self._spent()
        late = now - self._due
        ran, waited = (min(late, after - before) for after, before in zip(spent, self._before, strict=True))
        self._longest = max(self._longest, (late, ran, waited))
        self._own = max(self._own, (late, ran, waited), key=lambda gap: gap[0] - gap[2])
        if now - self._reported >= REPORT_S:
            self._report(now)
        if self._stacks is not None:
            faulthandler.dump_traceback_later(STALL_S + BEAT_S, file=self._stacks)
        self._due, self._before = now + BEAT_S, spent
        self._handle = self._loop.call_later(BEAT_S, self.beat)

    def stop(self) -> None:
        """Beat no more."""
        if self._handle is not None:
            self._handle.cancel()
        self._report(perf_counter())
        faulthandler.cancel_dump_traceback_later()

    def _report(self, now: float) -> None:
        gaps = [[round(part * 1000, 1) for part in gap] for gap in (self._longest, self._own)]
        with suppress(OSError):  # a full pipe or a watcher that is gone must not disturb the run
            os.write(self._beats, json.dumps(gaps).encode() + b"\n")
        self._reported, self._longest, self._own = now, _NO_GAP, _NO_GAP

    def _spent(self) -> tuple[float, float]:
        """Seconds this thread has run, and has been ready to without a processor; 0 where the system does not tell."""
        if self._schedule is None:
            return 0.0, 0.0
        ran, waited, _ = os.pread(self._schedule, 64, 0).split()
        return int(ran) / 1e9, int(waited) / 1e9


def _open_schedule() -> int | None:
    # proc(5): time on the processor, time waiting for one, both in nanoseconds, and the number of turns.
    with suppress(OSError):
        return os.open(f"/proc/self/task/{get_native_id()}/schedstat", os.O_RDONLY | os.O_CLOEXEC)
    return None


def install(beats: int, stacks: TextIO | None) -> None:
    """Let every runner from now on start a heart beside its main coroutine."""

    async def beating(main: Coroutine[Any, Any, Any]) -> Any:
        heart = Heart(beats, stacks)
        heart.beat()
        try:
            return await main
        finally:
            heart.stop()

    run = asyncio.Runner.run

    def run_beating(self: asyncio.Runner, main: Coroutine[Any, Any, Any], **options: Any) -> Any:
        return run(self, beating(main), **options)

    asyncio.Runner.run = run_beating  # type: ignore[method-assign]


def main() -> None:
    """Entry point."""
    own, command = sys.argv[1 : sys.argv.index("--")], sys.argv[sys.argv.index("--") + 1 :]
    stacks = Path(own[1]).open("a", encoding="utf-8") if len(own) > 1 else None  # noqa: SIM115 (for all its life)
    install(int(own[0]), stacks)
    sys.argv[:] = ["fetchdeck", *command]

    from fetchdeck.tui.cli import main as fetchdeck

    fetchdeck()


if __name__ == "__main__":
    main()
