"""The real command in a process of its own, while the servers that it talks to stay on the test's loop."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

_COMMAND = (sys.executable, "-c", "from fetchdeck.tui.cli import main; main()")


@dataclass(frozen=True)
class Done:
    """A command that has ended."""

    status: int
    told: str
    """Standard output, then standard error."""


@asynccontextmanager
async def started(
    folder: Path,
    *arguments: str,
    environ: Mapping[str, str] | None = None,
    before: Callable[[], None] | None = None,
) -> AsyncGenerator[asyncio.subprocess.Process]:
    """`fetchdeck` in a folder while the block lasts; `before` runs in the new process first."""
    process = await asyncio.create_subprocess_exec(
        *_COMMAND,
        *arguments,
        cwd=folder,
        env={**os.environ, "NO_COLOR": "1", **(environ or {})},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        preexec_fn=before,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


async def says(process: asyncio.subprocess.Process, words: str) -> str:
    """Read a command's standard error up to the line with these words; what was read."""
    assert process.stderr is not None
    told = ""
    while words not in told:
        line = (await process.stderr.readline()).decode()
        assert line, f"it ended without saying {words!r}: {told}"
        told += line
    return told


async def ended(process: asyncio.subprocess.Process) -> Done:
    """Wait for a command's end; what was read of its output before is missing."""
    output, errors = await process.communicate()
    assert process.returncode is not None
    return Done(process.returncode, output.decode() + errors.decode())


async def fetchdeck(
    folder: Path,
    *arguments: str,
    environ: Mapping[str, str] | None = None,
    before: Callable[[], None] | None = None,
) -> Done:
    """Run a command to its end."""
    async with started(folder, *arguments, environ=environ, before=before) as process:
        return await ended(process)
