"""What a folder offers: inputs with an estimate of their rows, and runs with how they stand."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ...core.errors import FetchdeckError
from ...core.report import Status, run_status

SUFFIXES = frozenset({".txt", ".csv", ".tsv", ".jsonl", ".ndjson"})
"""By which an input's format is known."""
JOB_FILE = ".toml"
MOST = 200
"""Files and runs that are listed of each kind, the newest first."""
_SAMPLE = 64 * 1024
_HEADED = frozenset({".csv", ".tsv"})


@dataclass(frozen=True, slots=True)
class FoundInput:
    """A file that looks like an input."""

    path: Path
    size: int
    """Octets."""
    rows: int
    """How many there are; an estimate by 64 KiB of its beginning and of its middle unless `exact`."""
    exact: bool


@dataclass(frozen=True, slots=True)
class FoundRun:
    """A run folder."""

    path: Path
    status: Status | None
    trouble: str
    """Why it cannot be read, in a sentence; empty where it can."""


@dataclass(frozen=True, slots=True)
class Found:
    """All that a folder offers."""

    folder: Path
    inputs: tuple[FoundInput, ...] = ()
    runs: tuple[FoundRun, ...] = ()
    trouble: str = ""
    """Why the folder cannot be listed."""


def look_around(folder: Path) -> Found:
    """List a folder; reads the beginning of each file, and so belongs on a thread."""
    try:
        entries = sorted(folder.iterdir(), key=_age)
    except OSError as error:
        return Found(folder, trouble=f"{folder} cannot be listed: {error.strerror or error}.")
    files = [path for path in entries if path.suffix.lower() in SUFFIXES and path.is_file()]
    runs = [path for path in entries if path.suffix == ".run" and (path / "journal.sqlite").is_file()]
    return Found(
        folder,
        tuple(found for path in files[:MOST] if (found := _input(path)) is not None),
        tuple(look_at_run(path) for path in runs[:MOST]),
    )


def estimate_rows(sample: bytes, size: int, *, headed: bool) -> int:
    """How many rows a file of `size` octets has that begins with `sample`, by its lines."""
    lines = sum(1 for line in sample.split(b"\n") if line.strip())
    if len(sample) >= size:
        return max(0, lines - headed)
    whole = sample[: sample.rfind(b"\n") + 1]
    lines = whole.count(b"\n")
    return max(0, round(size * lines / len(whole)) - headed) if whole else 1


def _age(path: Path) -> float:
    try:
        return -path.stat().st_mtime
    except OSError:
        return 0.0


def _input(path: Path) -> FoundInput | None:
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            sample = file.read(_SAMPLE)
            if size > 4 * _SAMPLE:
                # Rows often grow with their numbers.
                file.seek(size // 2)
                file.readline()
                sample += file.read(_SAMPLE)
    except OSError:
        return None
    rows = estimate_rows(sample, size, headed=path.suffix.lower() in _HEADED)
    return FoundInput(path, size, rows, exact=len(sample) >= size)


def look_at_run(path: Path) -> FoundRun:
    """How the run in a folder stands."""
    try:
        return FoundRun(path, run_status(path), "")
    except FetchdeckError as error:
        return FoundRun(path, None, str(error))
