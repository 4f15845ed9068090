"""The bare scripts as contestants."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from ..body import SIZE
from .child import Child, TroubleError
from .fetchdeck import RUN, environment, limit_s
from .fetchdeck import SIZE as TERMINAL
from .figures import Run
from .rows import About
from .settings import ROOT, Settings
from .standing import JOURNAL

GATHER, GATHER_UVLOOP, WORKERS = "bare gather, asyncio", "bare gather, uvloop", "bare workers, uvloop"
ABOUT_GATHER, ABOUT_GATHER_UVLOOP, ABOUT_WORKERS = About(GATHER), About(GATHER_UVLOOP), About(WORKERS)
BENEATH = "bare workers beneath Textual, uvloop"
ABOUT_BENEATH = About(BENEATH)
PROTOCOL, KEEPING = "bare protocol, uvloop", "bare protocol to SQLite, uvloop"
ABOUT_PROTOCOL, ABOUT_KEEPING = About(PROTOCOL), About(KEEPING, "yes, with headers", "no")
TO_FILES, EXPORT = "bare workers to files, uvloop", "bare cursor to JSON lines"
ABOUT_TO_FILES = About(TO_FILES, "yes, files", "no", "nothing synced")
ABOUT_EXPORT = About(EXPORT, note="fields as they are stored, nothing looked at, nothing synced")
_FOLDER = ROOT / "bench" / "bare"
_TOLD = "told.txt"


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


def beneath_textual(urls: Path, rows: int, concurrency: int, settings: Settings, folder: Path) -> Run:
    """The same beneath a Textual app that shows one line; its time ends, as a dashboard's, with the last reply."""
    with start_beneath_textual(urls, concurrency, settings, folder) as child:
        ended = child.succeed(limit_s(rows))
        told = folder / _TOLD
        _check(told.read_text(), rows, SIZE)
        return Run(rows, told.stat().st_mtime - child.began_wall, ended.cpu_s, ended.peak_mb)


def start_beneath_textual(urls: Path, concurrency: int, settings: Settings, folder: Path) -> Child:
    """Start it in a terminal, on which its first frame comes before aiohttp is loaded."""
    words = [sys.executable, str(_FOLDER / "beneath_textual.py"), str(urls), str(concurrency), _TOLD]
    return Child(words, folder, settings.client, terminal=TERMINAL, environment=environment(folder))


def start_run_beneath_textual(
    urls: Path, concurrency: int, settings: Settings, folder: Path, terminal: tuple[int, int]
) -> Child:
    """Start fetchdeck's engine beneath a Textual app that shows one line four times a second."""
    words = [sys.executable, str(_FOLDER / "run_beneath_textual.py"), str(urls), str(concurrency), RUN]
    return Child(words, folder, settings.client, terminal=terminal, environment=environment(folder))


def protocol(
    urls: Path, rows: int, concurrency: int, settings: Settings, folder: Path, *, keeping: bool = False
) -> Run:
    """aiohttp's parser with nothing around it, or with SQLite behind it."""
    words = [sys.executable, str(_FOLDER / "protocol.py"), str(urls), str(concurrency)]
    return script([*words, *(["kept.sqlite"] if keeping else [])], rows, settings, folder)


def to_files(urls: Path, rows: int, size: int, concurrency: int, settings: Settings, folder: Path) -> Run:
    """A worker for each slot that writes each body of `size` octets to a file of its own, on uvloop."""
    words = [sys.executable, str(_FOLDER / "to_files.py"), str(urls), str(concurrency), "files"]
    return script(words, rows, settings, folder, size)


def export(run: Path, rows: int, settings: Settings, folder: Path) -> Run:
    """A cursor over the run, and a line for each of its rows."""
    words = [sys.executable, str(_FOLDER / "export.py"), str(run / JOURNAL), "out.jsonl"]
    return script(words, rows, settings, folder, None)


def script(words: Sequence[str], rows: int, settings: Settings, folder: Path, size: int | None = SIZE) -> Run:
    """A script that prints how many replies and octets of bodies it has had; raises TroubleError for fewer.

    `size` is that of a body; None where only rows are counted.
    """
    with Child(words, folder, settings.client) as child:
        ended = child.succeed(limit_s(rows))
        _check(child.said, rows, size)
        return Run(rows, ended.ended - child.began, ended.cpu_s, ended.peak_mb)


def _check(said: str, rows: int, size: int | None) -> None:
    expected = [str(rows)] if size is None else [str(rows), str(rows * size)]
    told = said.split()[-len(expected) :]
    if told != expected:
        raise TroubleError(f"it has not done everything: {' '.join(told)}")
