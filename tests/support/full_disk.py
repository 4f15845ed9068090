"""A run on a disk that is full until the run says so; a process of its own inside a mount namespace.

`python -m tests.support.full_disk FOLDER SIZE BODY ROWS`: FOLDER is made a tmpfs of SIZE megabytes, each of ROWS
requests gets BODY octets, and once the run pauses itself the disk grows. Prints a JSON object of what happened.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path

from fetchdeck.core.engine.engine import Engine
from fetchdeck.core.engine.run import open_run
from fetchdeck.core.job import Job, Options
from fetchdeck.core.snapshot import RunState

from tests.support.fault_server import FaultServer, Send, reply

PATIENCE_S = 60


def mount(folder: Path, megabytes: int, *, again: bool) -> None:
    options = f"{'remount,' if again else ''}size={megabytes}m"
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], check=True)


async def paused(engine: Engine) -> str:
    while (snapshot := engine.snapshot()).state is not RunState.PAUSED or not snapshot.reason:
        await asyncio.sleep(0.01)
    # Whatever is still under way ends while the disk is full; it must not fail either.
    while engine.snapshot().in_use:
        await asyncio.sleep(0.01)
    return snapshot.reason


async def main(folder: Path, megabytes: int, body: int, rows: int) -> None:
    mount(folder, megabytes, again=False)
    async with (
        asyncio.timeout(PATIENCE_S),
        FaultServer(default=(Send(reply(b"x" * body)),)) as server,
    ):
        urls = folder / "urls.txt"
        urls.write_text("".join(f"{server.url(f'/{n}')}\n" for n in range(rows)))
        job, options = Job(str(urls)), Options(concurrency=4, retries=0, timeout_s=30)
        async with open_run(job, options, folder / "x.run", environ={}) as engine:
            reason = await paused(engine)
            failed = engine.snapshot().counts.failed
            said = [event.text for event in engine.events_since(0).events]
            mount(folder, megabytes + (body * rows >> 20) * 3 + 16, again=True)
            await engine.finished()
            counts = engine.snapshot().counts
        bodies = [path for path in (folder / "x.run" / "bodies").rglob("*") if path.is_file()]
        found = {
            "reason": reason,
            "said": said,
            "failed_while_full": failed,
            "succeeded": counts.succeeded,
            "total": counts.total,
            "body_files": len(bodies),
            "odd_files": sum(path.suffix != ".body" for path in bodies),
        }
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), *map(int, sys.argv[2:])))
