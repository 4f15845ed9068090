"""What a path that was typed stands for."""

from __future__ import annotations

from pathlib import Path

from ...core.errors import InputError
from .choice import Choice, go_on
from .found import JOB_FILE, Found, FoundRun, look_around, look_at_run

_NEXT = "Correct the path, or choose from the list."
_LONGEST = 200
"""Characters of a path that an error repeats."""


def look_up(text: str) -> Path | FoundRun | Choice | Found:
    """An input, a run, a job file to run, or a folder and what it offers; raises InputError where there is nothing.

    It looks at the disk, and so belongs on a thread.
    """
    try:
        path = Path(text.strip()).expanduser()
        there = path.exists()
    except RuntimeError as error:
        raise InputError(f"Nobody here has the home of {_named(text)}. {_NEXT}") from error
    except OSError as error:
        raise InputError(f"{_named(text)} cannot be looked at: {error.strerror}. {_NEXT}") from error
    if not there:
        raise InputError(f"There is no {_named(str(path))}. {_NEXT}")
    if path.is_dir():
        return look_at_run(path) if (path / "journal.sqlite").is_file() else look_around(path)
    return go_on("run", path) if path.suffix.lower() == JOB_FILE else path


def _named(path: str) -> str:
    path = path.strip()
    return path if len(path) <= _LONGEST else f"{path[:_LONGEST]}…"
