"""What a terminal that nobody reads costs a run: `python -m bench.terminal_stall [PAIRS] [SECONDS] [RATE]`.

One run of the real dashboard on a pseudo-terminal, against the demo server, as fast as one core lets it but at
most RATE. Windows with a terminal that is read and one that is not alternate within it, the order turning with
each pair, so that what else the machine does falls on both. Keys that paint are pressed in both. The run is paused
until its whole input is in the journal. Prints a line a pair and the median ratios: of requests a second, and of
requests a second of processor time, which other work on the machine disturbs less. Takes about PAIRS * 2 * SECONDS
and half a minute.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import pty
import select
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from fetchdeck.core.model import Counts
from fetchdeck.core.report import run_status
from fetchdeck.tui.demo.faults import NO_FAULTS
from fetchdeck.tui.demo.process import demo_server

SIZE = (48, 160)
CONCURRENCY = 100
RATE = 2000
"""Requests a second at most, so that it is known how many rows are enough; a low one shows stops on a busy machine."""
WARM_UP_S = 2.0
PAINTED = 5000
KEY_EVERY_S = 0.25
LIMIT_S = 90.0


class Terminal:
    """A pseudo-terminal with the dashboard on it, and a thread that reads it while it should."""

    def __init__(self, folder: Path, url: str, rate: int) -> None:
        self.fd, slave = pty.openpty()
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", *SIZE, 0, 0))
        self.read_octets = 0
        self.reading = True

        def take_terminal() -> None:
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        template = f"{url}/details?place=1796236&key={{{{ env.BENCH_KEY }}}}&n={{{{ n }}}}"
        command = [
            "run",
            "rows.csv",
            "--url",
            template,
            "--run",
            "x.run",
            "--tui",
            "-c",
            str(CONCURRENCY),
            "--rate",
            f"{rate}/s",
        ]
        self.process = subprocess.Popen(
            [sys.executable, "-c", "from fetchdeck.tui.cli import main; main()", *command],
            stdin=slave, stdout=slave, stderr=slave, cwd=folder, preexec_fn=take_terminal,
            env={**os.environ, "TERM": "xterm-256color", "BENCH_KEY": "a-key-for-nobody"},
        )  # fmt: skip
        os.close(slave)
        self._ended = False
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def press(self, keys: bytes) -> None:
        os.write(self.fd, keys)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self._ended = True
        self._reader.join()
        os.close(self.fd)

    def _read(self) -> None:
        while not self._ended:
            if not self.reading:
                time.sleep(0.05)
            elif select.select([self.fd], [], [], 0.05)[0]:
                try:
                    self.read_octets += len(os.read(self.fd, 65536))
                except OSError:
                    return


def counts(folder: Path) -> Counts:
    return run_status(folder / "x.run").counts


def processor_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def wait_for(reached: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + LIMIT_S
    while not reached():
        if time.monotonic() > end:
            raise SystemExit(f"{what} did not come")
        time.sleep(0.1)


@dataclass(frozen=True)
class Rates:
    """Of one window."""

    per_s: float
    per_processor_s: float


def window(terminal: Terminal, folder: Path, seconds: float, *, stalled: bool) -> Rates:
    terminal.reading = not stalled
    began, processor, before = time.monotonic(), processor_s(terminal.process.pid), counts(folder)
    while time.monotonic() - began < seconds:
        terminal.press(b"132")
        time.sleep(KEY_EVERY_S)
    after, took = counts(folder), time.monotonic() - began
    if not after.queued:
        raise SystemExit("the run ended within a window")
    done = after.done - before.done
    return Rates(done / took, done / (processor_s(terminal.process.pid) - processor))


def measure(terminal: Terminal, folder: Path, pairs: int, seconds: float, rows: int) -> None:
    wait_for(lambda: terminal.read_octets > PAINTED, "the dashboard")
    terminal.press(b"p")
    wait_for(lambda: counts(folder).total == rows, "the end of the input")
    terminal.press(b"p")
    time.sleep(WARM_UP_S)
    ratios: list[tuple[float, float]] = []
    for pair in range(pairs):
        found: dict[bool, Rates] = {}
        for stalled in (False, True) if pair % 2 == 0 else (True, False):
            found[stalled] = window(terminal, folder, seconds, stalled=stalled)
        stall, read = found[True], found[False]
        ratios.append((stall.per_s / read.per_s, stall.per_processor_s / read.per_processor_s))
        print(
            f"pair {pair + 1}: read {read.per_s:,.0f}/s, {read.per_processor_s:,.0f} a processor second;"
            f" stalled {stall.per_s:,.0f}/s, {stall.per_processor_s:,.0f};"
            f" ratios {ratios[-1][0]:.3f} and {ratios[-1][1]:.3f}",
            flush=True,
        )
    for n, name in enumerate(("requests a second", "requests a processor second")):
        each = [ratio[n] for ratio in ratios]
        print(f"{name}: median ratio {statistics.median(each):.3f}, {min(each):.3f} to {max(each):.3f}")


def main(pairs: int, seconds: float, rate: int) -> None:
    rows = int((pairs * 2 * (seconds + 1) + WARM_UP_S + 10) * rate)
    with tempfile.TemporaryDirectory() as name, demo_server(replace(NO_FAULTS, latency_s=0.001)) as server:
        folder = Path(name)
        (folder / "rows.csv").write_text("n\n" + "".join(f"{n}\n" for n in range(rows)))
        terminal = Terminal(folder, server.url, rate)
        try:
            measure(terminal, folder, pairs, seconds, rows)
        finally:
            terminal.close()


if __name__ == "__main__":
    options = argparse.ArgumentParser(prog="python -m bench.terminal_stall", description=__doc__)
    options.add_argument("pairs", nargs="?", type=int, default=5)
    options.add_argument("seconds", nargs="?", type=float, default=10.0)
    options.add_argument("rate", nargs="?", type=int, default=RATE)
    main(**vars(options.parse_args()))
