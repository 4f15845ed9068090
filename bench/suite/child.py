"""One command under measurement: pinned, bounded in time, reaped with what it used."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from ..pseudo_terminal import Size, open_terminal

_SPAWNER = str(Path(__file__).with_name("spawner.py"))
_READ = 65_536
_GRACE_S = 20.0


class TroubleError(Exception):
    """A contestant did not do what it was asked; says what happened."""


@dataclass(frozen=True, slots=True)
class Ended:
    """What a command used, from its start to its end."""

    status: int
    """Its exit status, or minus the signal that killed it."""
    ended: float
    """On the monotonic clock, which all processes share."""
    cpu_s: float
    """User and system time, of its own and of children that it waited for."""
    peak_mb: float


class Child:
    """A command that runs, on a terminal of its own where it is given a size."""

    def __init__(
        self,
        command: Sequence[str],
        folder: Path,
        processors: Collection[int],
        *,
        terminal: Size | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Without a terminal, what it says goes to `output.txt` in its folder."""
        self._output = folder / "output.txt"
        self.terminal: int | None = None
        self._ended: Ended | None = None
        self._told = b""
        self._report, report = os.pipe()
        lifeline, self._lifeline = os.pipe()
        with contextlib.ExitStack() as stack:
            for fd in (report, lifeline):
                stack.callback(os.close, fd)
            if terminal is not None:
                self.terminal, shown = open_terminal(terminal)
                stack.callback(os.close, shown)
                streams = {"stdin": shown, "stdout": shown, "stderr": shown}
            else:
                said = stack.enter_context(self._output.open("wb"))
                streams = {"stdin": subprocess.DEVNULL, "stdout": said, "stderr": said}
            cores = ",".join(map(str, processors))
            self._spawner = subprocess.Popen(
                [sys.executable, "-I", "-S", _SPAWNER, str(report), str(lifeline), cores,
                 "1" if terminal is not None else "0", *command],
                cwd=folder, pass_fds=(report, lifeline), env=environment, **streams,
            )  # fmt: skip
        started = self._line(_GRACE_S)
        self.pid: int = started["pid"]
        self.began: float = started["began"]
        self.began_wall: float = started["wall"]

    @property
    def ended(self) -> Ended | None:
        """What it used, or None while it runs."""
        if self._ended is None and select.select([self._report], [], [], 0)[0]:
            facts = self._line(_GRACE_S)
            self._ended = Ended(facts["status"], facts["ended"], facts["cpu_s"], facts["peak_kb"] / 1000)
        return self._ended

    def read(self, wait_s: float) -> bytes:
        """What comes to its terminal, waiting no longer than this; empty also when it has ended."""
        fds = [self._report] if self.terminal is None else [self._report, self.terminal]
        if self.terminal not in select.select(fds, [], [], wait_s)[0]:
            return b""
        try:
            return os.read(self.terminal, _READ) if self.terminal is not None else b""
        except OSError:  # EIO: the other end is closed
            return b""

    def type(self, keys: str) -> None:
        """Press keys on its terminal."""
        assert self.terminal is not None
        os.write(self.terminal, keys.encode())

    def signal(self, number: signal.Signals) -> None:
        """Send a signal, if it still runs."""
        if self.ended is None:
            os.kill(self.pid, number)

    def wait(self, limit_s: float) -> Ended:
        """Read its terminal until it has ended; raises TroubleError where that takes too long."""
        ends = monotonic() + limit_s
        while (ended := self.ended) is None:
            if monotonic() > ends:
                raise TroubleError(f"it had not ended after {limit_s:.0f} s")
            self.read(0.5)
        return ended

    def succeed(self, limit_s: float, statuses: Collection[int] = (0,)) -> Ended:
        """The same; raises TroubleError also for another exit status."""
        ended = self.wait(limit_s)
        if ended.status not in statuses:
            raise TroubleError(f"it ended with status {ended.status}: {self.said}")
        return ended

    @property
    def said(self) -> str:
        """The end of what it has said, where it has no terminal."""
        if self.terminal is not None:
            return "see its terminal"
        return " ".join(self._output.read_text(errors="replace")[-300:].split())

    def close(self) -> None:
        """Kill it, and what it has started, if it still runs."""
        os.close(self._lifeline)
        try:
            self._spawner.wait(_GRACE_S)
        except subprocess.TimeoutExpired:
            self._spawner.kill()
            self._spawner.wait()
        os.close(self._report)
        if self.terminal is not None:
            os.close(self.terminal)

    def __enter__(self) -> Child:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _line(self, limit_s: float) -> dict[str, float]:
        while b"\n" not in self._told:
            if not select.select([self._report], [], [], limit_s)[0]:
                raise TroubleError("the command was not started")
            more = os.read(self._report, 4096)
            if not more:
                raise TroubleError(f"the command was lost: {self.said}")
            self._told += more
        line, _, self._told = self._told.partition(b"\n")
        return json.loads(line)
