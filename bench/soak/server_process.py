"""Starts the soak's server and ends it, and reads the ledger it leaves."""

from __future__ import annotations

import json
import subprocess
import sys
from array import array
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
"""The project's folder, from which `bench` can be imported."""
_GRACE_S = 20.0


@dataclass
class SoakServer:
    """A server that runs, or has run."""

    origins: list[str]
    refused: str
    """An origin where nobody listens."""
    seen: array[int] = field(default_factory=lambda: array("H"))
    """How often each row was asked for; filled when the server has ended."""
    crossed: frozenset[int] = frozenset()
    """Rows that were asked for after a stray reply was under way on their connection, likewise."""
    complaints: str = ""
    """What it wrote on standard error, likewise: an error of the bench itself."""


@contextmanager
def soak_server(rows: int, folder: Path) -> Generator[SoakServer]:
    """Serve while the block lasts."""
    ledger, complaints = folder / "ledger.bin", folder / "server.log"
    with complaints.open("wb") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "bench.soak.server", str(rows), str(ledger)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            start_new_session=True,
            cwd=ROOT,
        )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        server = SoakServer(**json.loads(process.stdout.readline()))
        yield server
        process.stdin.close()
        server.crossed = frozenset(json.loads(process.stdout.readline())["crossed"])
        process.wait(_GRACE_S)
        with ledger.open("rb") as file:
            server.seen.fromfile(file, rows)
        server.complaints = complaints.read_text(errors="replace")
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        process.stdin.close()
