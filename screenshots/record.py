"""Records the animated picture at the top of the README: the real command on a pseudo-terminal, its keys pressed here.

Run it from the checkout with the test extra and pyte, a terminal emulator, installed: `python screenshots/record.py`.
With `--frames DIR` it also writes each frame as a PNG, to look at before the film is committed.
"""

from __future__ import annotations

import argparse
import codecs
import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import tempfile
import termios
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby, pairwise
from pathlib import Path

import pyte
import resvg_py
from film import INK, PAPER, Frame, Line, Run, film

HERE = Path(__file__).parent
COLUMNS, ROWS = 104, 30
FRAME_S = 0.4
DEMO = (
    "demo", "--fresh", "--rows", "20000", "--concurrency", "60", "--latency", "250", "--retries", "0",
    "--faults", "429=2%,500=2%,reset=1%,slow=1%",
)  # fmt: skip
_UNKNOWN = re.compile(r"\x1b\[[<=>][\d;]*[A-Za-z]|\x1b\[\?[\d;]*\$p|\x1b[\]P_][^\x07\x1b]*(?:\x07|\x1b\\)")
"""What a terminal obeys or answers without showing it, and the emulator would print."""
_UNFINISHED = re.compile(r"\x1b(?:\[[\d;?<=>$]*|[\]P_][^\x07\x1b]*\x1b?)?$")


@dataclass(frozen=True)
class Act:
    """A key, and what is said while it shows its effect."""

    seconds: float
    keys: str
    caption: str


SCRIPT = (
    Act(0.0, "", "fetchdeck demo: a run against a server of its own"),
    Act(4.0, "]", "]  twice the concurrency"),
    Act(8.0, "p", "p  pause: those in flight go on to their end"),
    Act(11.0, "p", "p  resume"),
    Act(13.0, "3", "3  what has failed"),
    Act(15.5, "\x1b[A", "↑  choose a request"),
    Act(17.0, "\r", "enter  inspect it: attempts, timing, headers, body"),
    Act(21.0, "\x1b", "esc  back"),
    Act(22.5, "4", "4  failures by cause"),
    Act(25.0, "R", "R  retry every failure"),
    Act(27.5, "\r", "enter  yes"),
    Act(29.0, "1", "1  in flight again"),
    Act(33.0, "", ""),
)


def record(command: tuple[str, ...], folder: Path) -> tuple[Frame, ...]:
    """Run a command through the script, and keep what its terminal shows."""
    screen = pyte.Screen(COLUMNS, ROWS)
    terminal = Terminal(command, folder, screen)
    frames: list[Frame] = []
    try:
        terminal.read_until(lambda: any("running" in line for line in screen.display), 30.0)
        began = time.monotonic()
        for act, after in pairwise(SCRIPT):
            terminal.write(act.keys)
            while (now := time.monotonic() - began) < after.seconds:
                terminal.read(min(FRAME_S, after.seconds - now))
                seconds = time.monotonic() - began
                frames.append(Frame(seconds, tuple(lines_of(screen)), act.caption))
    finally:
        terminal.end()
    return thinned(frames)


def thinned(frames: list[Frame]) -> tuple[Frame, ...]:
    """Without those that show what the one before shows; the first begins the film."""
    kept = [next(group) for _, group in groupby(frames, lambda frame: (frame.lines, frame.caption))]
    return (Frame(0.0, kept[0].lines, kept[0].caption), *kept[1:])


def lines_of(screen: pyte.Screen) -> Iterator[Line]:
    """What the emulated terminal shows, line by line."""
    for row in range(ROWS):
        cells = [screen.buffer[row][column] for column in range(COLUMNS)]
        yield tuple(_runs(cells))


def _runs(cells: list[pyte.screens.Char]) -> Iterator[Run]:
    at = 0
    for (ink, paper, bold, underlined), group in groupby(cells, _look):
        text = "".join(cell.data or " " for cell in group)
        if text.strip() or paper != PAPER:
            yield Run(at, text, ink, paper, bold, underlined)
        at += len(text)


def _look(cell: pyte.screens.Char) -> tuple[str, str, bool, bool]:
    ink, paper = _colour(cell.fg, INK), _colour(cell.bg, PAPER)
    if cell.reverse:
        ink, paper = paper, ink
    return ink, paper, cell.bold, cell.underscore


def _colour(name: str, default: str) -> str:
    return f"#{name}" if re.fullmatch(r"[0-9a-f]{6}", name) else default


class Terminal:
    """A command on a pseudo-terminal, whose output goes to an emulator."""

    def __init__(self, command: tuple[str, ...], folder: Path, screen: pyte.Screen) -> None:
        self._stream = pyte.Stream(screen)
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._held = ""
        self._pid, self._master = pty.fork()
        if self._pid == 0:
            os.chdir(folder)
            os.environ |= {"TERM": "xterm-256color", "COLORTERM": "truecolor", "FETCHDECK_CONFIG": os.devnull}
            os.environ["XDG_STATE_HOME"] = str(folder)
            os.execvp(command[0], command)  # noqa: S606
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))

    def write(self, keys: str) -> None:
        """Press keys."""
        os.write(self._master, keys.encode())

    def read(self, seconds: float) -> None:
        """Show all that comes in this time."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if select.select([self._master], [], [], left)[0]:
                self._show(os.read(self._master, 65536))

    def read_until(self, condition: object, seconds: float) -> None:
        """Show what comes until something is seen."""
        end = time.monotonic() + seconds
        while callable(condition) and not condition():
            if time.monotonic() > end:
                raise SystemExit("The dashboard did not come up.")
            self.read(0.1)

    def end(self) -> None:
        """Stop the command."""
        os.kill(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)
        os.close(self._master)

    def _show(self, octets: bytes) -> None:
        text = _UNKNOWN.sub("", self._held + self._decode(octets))
        unfinished = _UNFINISHED.search(text)
        cut = unfinished.start() if unfinished else len(text)
        self._held = text[cut:]
        self._stream.feed(text[:cut])


def main() -> None:
    """Record the film, and write it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=Path, help="also write each frame as a PNG to this folder")
    frames_to = parser.parse_args().frames
    fetchdeck = str(Path(sys.executable).with_name("fetchdeck"))
    with tempfile.TemporaryDirectory() as folder:
        frames = record((fetchdeck, *DEMO), Path(folder))
    length = SCRIPT[-1].seconds
    svg = film(frames, length, COLUMNS)
    (HERE / "session.svg").write_text(svg)
    print(f"session.svg: {len(frames)} frames, {len(svg) / 1e6:.2f} MB")  # noqa: T201
    if frames_to is not None:
        frames_to.mkdir(parents=True, exist_ok=True)
        for number, frame in enumerate(frames):
            still = film([Frame(0.0, frame.lines, frame.caption)], 1.0, COLUMNS)
            png = resvg_py.svg_to_bytes(svg_string=still, zoom=1.0)
            (frames_to / f"{number:03}.png").write_bytes(bytes(png))


if __name__ == "__main__":
    main()
