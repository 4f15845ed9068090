"""What a path that was typed stands for."""

from __future__ import annotations

from pathlib import Path

from ...core.errors import InputError
from .choice import Choice, go_on
from .found import JOB_FILE, Found, FoundRun, look_around, look_at_run


def look_up(text: str) -> Path | FoundRun | Choice | Found:
    """An input, a run, a job file to run, or a folder and what it offers; raises InputError where there is nothing.

    It looks at the disk, and so belongs on a thread.
    """
    path = Path(text.strip()).expanduser()
    if not path.exists():
        raise InputError(f"There is no {path}. Correct the path, or choose from the list.")
    if path.is_dir():
        return look_at_run(path) if (path / "journal.sqlite").is_file() else look_around(path)
    return go_on("run", path) if path.suffix.lower() == JOB_FILE else path
