"""Watches the command to its end: reads its screen, takes samples, and stops it when its time is over."""

from __future__ import annotations

import json
import os
import selectors
import signal
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import cycle
from pathlib import Path
from time import monotonic

from .command import Front, Running
from .sampling import Gap, Sample, count_rows, take_sample

SAMPLE_S = 0.5
KEY_S = 2.0
_KEYS = ("1", "2", "3", "4", "5", "6", "\x1b[F", "\x1b[H")
"""Every tab in turn, and the end and the beginning of the last one."""
_IDLE_S = 1.0
"""How long a dashboard whose rows are all done is left standing before it is asked to leave."""
_LEAVE_S = 120.0
"""How long a command may take from being asked to leave until it has ended."""
_READ = 65_536
_TAIL = 4_000


@dataclass
class Watched:
    """What was seen of one run of the command."""

    samples: list[Sample] = field(default_factory=list[Sample])
    exit_status: int = -1
    seconds: float = 0.0
    done: int = 0
    """Rows in a terminal state at the end."""
    stopped: bool = False
    """It was stopped because its time was over."""
    killed: bool = False
    """It did not leave when it was asked to."""
    screen_bytes: int = 0
    last_words: bytes = b""


class Watch:
    """One run of the command under watch."""

    def __init__(
        self, running: Running, front: Front, folder: Path, rows: int, limit_s: float | None
    ) -> None:
        """`folder` is the run's; after `limit_s` seconds the run is stopped."""
        self._running = running
        self._front = front
        self._folder = folder
        self._rows = rows
        self._limit_s = limit_s
        self._began = monotonic()
        self._asked_at: float | None = None
        self._done_at: float | None = None
        self._key_at = self._began + KEY_S
        self._keys = cycle(_KEYS)
        self._gap = self._own_gap = Gap()
        self._partial = b""
        self.seen = Watched()

    def to_the_end(self, sampled: Callable[[Sample], None]) -> Watched:
        """Return when the command has ended; `sampled` gets each sample."""
        process = self._running.process
        with selectors.DefaultSelector() as selector:
            selector.register(self._running.screen, selectors.EVENT_READ, self._read_screen)
            selector.register(self._running.beats, selectors.EVENT_READ, self._read_beats)
            due = self._began + SAMPLE_S
            while process.poll() is None:
                for key, _ in selector.select(max(0.0, due - monotonic())):
                    if not key.data():
                        selector.unregister(key.fd)
                if monotonic() >= due:
                    due += SAMPLE_S
                    self._sample(sampled)
                    self._steer()
        self.seen.seconds = monotonic() - self._began
        self.seen.exit_status = process.wait()
        self.seen.done, _ = count_rows(self._folder)
        self._read_rest()
        return self.seen

    def _sample(self, sampled: Callable[[Sample], None]) -> None:
        at_s = monotonic() - self._began
        found = take_sample(self._running.process.pid, self._folder, at_s, self._gap, self._own_gap)
        if found is not None:
            self._gap = self._own_gap = Gap()
            self.seen.samples.append(found)
            sampled(found)

    @property
    def _fetching(self) -> bool:
        """Whether a row is done; a run is not stopped before it has begun, unless it never does."""
        return bool(self.seen.samples) and self.seen.samples[-1].done > 0

    def _steer(self) -> None:
        now = monotonic()
        if self._asked_at is not None:
            if now - self._asked_at > _LEAVE_S:
                self.seen.killed = True
                self._running.process.kill()
            return
        if self._limit_s is not None and now - self._began > self._limit_s + (
            0 if self._fetching else _LEAVE_S
        ):
            self.seen.stopped = True
            self._ask_to_leave(now)
        elif self._front is Front.DASHBOARD:
            self._steer_dashboard(now)

    def _steer_dashboard(self, now: float) -> None:
        if self.seen.samples and self.seen.samples[-1].done >= self._rows:
            self._done_at = self._done_at or now
            if now - self._done_at >= _IDLE_S:
                self._ask_to_leave(now)
        elif now >= self._key_at:
            self._key_at = now + KEY_S
            os.write(self._running.screen, next(self._keys).encode())

    def _ask_to_leave(self, now: float) -> None:
        self._asked_at = now
        self._running.process.send_signal(signal.SIGTERM)

    def _read_screen(self) -> bool:
        data = b""
        with suppress(OSError):  # EIO: the terminal's other end is closed
            data = os.read(self._running.screen, _READ)
        self.seen.screen_bytes += len(data)
        self.seen.last_words = (self.seen.last_words + data)[-_TAIL:]
        return bool(data)

    def _read_beats(self) -> bool:
        data = b""
        with suppress(BlockingIOError):
            data = os.read(self._running.beats, _READ)
        *lines, self._partial = (self._partial + data).split(b"\n")
        for line in lines:
            longest, own = (Gap(*gap) for gap in json.loads(line))
            self._gap = max(self._gap, longest)
            self._own_gap = max(self._own_gap, own, key=lambda gap: gap.own_ms)
        return bool(data)

    def _read_rest(self) -> None:
        for descriptor, read in (
            (self._running.screen, self._read_screen),
            (self._running.beats, self._read_beats),
        ):
            os.set_blocking(descriptor, False)
            while read():
                pass
        if self.seen.samples:
            last = self.seen.samples[-1]
            own_gap = max(last.own_gap, self._own_gap, key=lambda gap: gap.own_ms)
            self.seen.samples[-1] = replace(last, gap=max(last.gap, self._gap), own_gap=own_gap)
