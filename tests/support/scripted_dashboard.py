"""A process that shows the dashboard over a scripted engine: `python -m … FOLDER REPORT`.

On leaving it writes to REPORT, as JSON, the commands that the engine got. FOLDER/stalled appears as soon as
frames are dropped, and FOLDER/beats grows by a byte with each 50 ms heartbeat of the loop.
"""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import suppress
from pathlib import Path

from fetchdeck.core.snapshot import RunState, Snapshot
from fetchdeck.tui.dashboard import DashboardError, run_dashboard
from fetchdeck.tui.signals import Signals
from fetchdeck.tui.terminal_writer import TerminalWriter
from msgspec.structs import replace

from .scripted_engine import ScriptedEngine, rows, scripted

DRAIN_PULLS = 4
"""A drain is over when the snapshot has been pulled this often."""


class MarkingWriter(TerminalWriter):
    """Tells by a file that it drops frames."""

    def __init__(self, mark: Path) -> None:
        super().__init__(2)
        self._mark = mark

    def write(self, text: str, *, essential: bool = False) -> None:
        super().write(text, essential=essential)
        if self.stalled:
            self._mark.touch()


class DrainingEngine(ScriptedEngine):
    """Ends its drains by itself, has a new figure in every snapshot, and breaks the app by `set_rate`."""

    __slots__ = ("drained",)

    def snapshot(self) -> Snapshot:
        now = ScriptedEngine.snapshot(self)
        if now.state is RunState.DRAINING:
            self.drained = getattr(self, "drained", 0) + 1
            if self.drained > DRAIN_PULLS:
                now = replace(now, state=RunState.INTERRUPTED)
        self.now = replace(now, elapsed_s=now.elapsed_s + 1)
        return self.now

    def set_rate(self, per_second: float | None) -> None:
        raise ZeroDivisionError("a fault of the dashboard's own")


async def main(folder: Path, report: Path) -> None:
    made = scripted(folder, rows())
    engine = DrainingEngine(made.journal_path, obeys=True, flying=made.flying, happened=made.happened)

    async def beat() -> None:
        with (folder / "beats").open("ab", buffering=0) as file:
            while True:
                await asyncio.sleep(0.05)
                file.write(b".")

    output = MarkingWriter(folder / "stalled")
    task = asyncio.create_task(beat())
    try:
        with Signals(engine.abandon, engine.abandon) as signals:
            await run_dashboard(engine, output, signals)
    except DashboardError as error:
        engine.commands.append(("crashed", str(error)))
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    report.write_text(json.dumps(engine.commands))
    output.close(1)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2])))
