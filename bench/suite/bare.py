"""The bare scripts as contestants."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from ..body import SIZE
from .child import Child, TroubleError
from .fetchdeck import limit_s
from .figures import Run
from .rows import About
from .settings import ROOT, Settings

GATHER, GATHER_UVLOOP, WORKERS = "bare gather, asyncio", "bare gather, uvloop", "bare workers, uvloop"
ABOUT_GATHER, ABOUT_GATHER_UVLOOP, ABOUT_WORKERS = About(GATHER), About(GATHER_UVLOOP), About(WORKERS)
_FOLDER = ROOT / "bench" / "bare"


def gather(urls: Path, rows: int, concurrency: int, loop: str, settings: Settings, folder: Path) -> Run:
    """`asyncio.gather` on `asyncio` or `uvloop`."""
    return script(
        [sys.executable, str(_FOLDER / "gather.py"), str(urls), str(concurrency), loop],
        rows,
        settings,
        folder,
    )


def workers(urls: Path, rows: int, concurrency: int, settings: Settings, folder: Path) -> Run:
    """A worker for each slot, on uvloop."""
    return script(
        [sys.executable, str(_FOLDER / "workers.py"), str(urls), str(concurrency)], rows, settings, folder
    )


def script(words: Sequence[str], rows: int, settings: Settings, folder: Path) -> Run:
    """A script that prints how many replies and octets of bodies it has had; raises TroubleError for fewer."""
    with Child(words, folder, settings.client) as child:
        ended = child.succeed(limit_s(rows))
        told = child.said.split()[-2:]
        if told != [str(rows), str(rows * SIZE)]:
            raise TroubleError(f"it has not fetched everything: {' '.join(told)}")
        return Run(rows, ended.ended - child.began, ended.cpu_s, ended.peak_mb)
