"""The clients, each in a process of its own for so many seconds, and the attempts that they made."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from ..soak.server_process import ROOT

_COMMAND = (sys.executable, "-c", "from fetchdeck.tui.cli import main; main()")
_GRACE_S = 15.0
_TOO_MANY_WORKERS = 64
_DECISION = re.compile(r"127\.0\.0\.1:\d+ .*")


class Tool(Enum):
    """Who is measured; all but the first are clients of the bench's own."""

    FETCHDECK = "fetchdeck --auto"
    HALVING = "feroxbuster-style halving"
    AUTOTHROTTLE = "AutoThrottle's algorithm"
    FIXED = f"fixed concurrency of {_TOO_MANY_WORKERS}"


@dataclass(frozen=True, slots=True, order=True)
class Attempt:
    """One request that was sent and answered."""

    started: float
    """Seconds since the epoch."""
    elapsed_s: float
    status: int
    """0 where there was no answer."""


class Running:
    """A client under way."""

    def __init__(self, tool: Tool, url: str, rate: float, seconds: float, folder: Path) -> None:
        """Start it against `url`; `rate` says how many rows it may need."""
        self.tool = tool
        self._folder = folder
        folder.mkdir(parents=True)
        self._told = (folder / "told.txt").open("wb")
        if tool is Tool.FETCHDECK:
            rows = int(rate * (seconds + 10) * 1.2) + 2000
            source = folder / "rows.txt"
            source.write_text("".join(f"{url}/{row}\n" for row in range(rows)))
            arguments = [*_COMMAND, "run", str(source), "--run", str(folder / "run"), "--headless", "--auto"]
        else:
            name = tool.name.lower()
            arguments = [
                sys.executable, "-m", "bench.governor.baseline", name, str(_TOO_MANY_WORKERS), url,
                str(seconds), str(folder / "attempts.jsonl"),
            ]  # fmt: skip
        self._process = subprocess.Popen(
            arguments, stdin=subprocess.DEVNULL, stdout=self._told, stderr=self._told, cwd=ROOT,
            env={**os.environ, "NO_COLOR": "1"}, start_new_session=True,
        )  # fmt: skip

    def stop(self) -> None:
        """Ask fetchdeck to drain and save; the others end by themselves."""
        if self.tool is Tool.FETCHDECK and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)

    def close(self) -> None:
        """Wait for its end, and kill it where it does not come."""
        try:
            self._process.wait(_GRACE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        finally:
            self._told.close()

    def kill(self) -> None:
        """End it whatever it does."""
        self._process.kill()
        self._process.wait()
        self._told.close()

    def attempts(self) -> list[Attempt]:
        """What it sent, in the order of the starts; after `close`."""
        if self.tool is not Tool.FETCHDECK:
            lines = (self._folder / "attempts.jsonl").read_text().splitlines()
            return sorted(Attempt(*json.loads(line)) for line in lines)
        return sorted(_journalled(self._folder / "run/journal.sqlite"))

    def decisions(self) -> list[str]:
        """What fetchdeck's governor said, with its times."""
        log = self._folder / "run/fetchdeck.log"
        if not log.exists():
            return []
        return [line for line in log.read_text().splitlines() if _DECISION.search(line)]

    def words(self) -> str:
        """What it wrote on standard output and standard error."""
        return (self._folder / "told.txt").read_text(errors="replace")


def _journalled(journal: Path) -> list[Attempt]:
    with closing(sqlite3.connect(f"file:{journal}?mode=ro", uri=True)) as db:
        rows = db.execute("SELECT started, elapsed_ms, status FROM attempts")
        return [Attempt(started, elapsed_ms / 1000, status or 0) for started, elapsed_ms, status in rows]


def wait_until(moment: float) -> None:
    """Sleep until a monotonic moment."""
    time.sleep(max(0.0, moment - time.monotonic()))
