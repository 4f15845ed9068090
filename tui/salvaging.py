"""`fetchdeck salvage` from the command line: the work, and what is said of it."""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path

from ..core.journal.salvage.rescue import Salvaged, salvage
from ..core.printable import printable
from ..core.report import run_status
from .demo.setup import MEMORY
from .figures import count
from .summary import next_commands


def salvage_lines(run: Path, new: Path) -> list[str]:
    """Salvage a run into a new folder; what was saved, what is lost, and how to go on. Raises RunError."""
    found = salvage(run, new)
    if (run / MEMORY).is_file():
        shutil.copyfile(run / MEMORY, new / MEMORY)
    lines = [
        f"Saved {printable(str(run))} to {printable(str(new))}; the damaged run was left as it is.",
        "",
        f"  {'requests':<11}{count(found.requests):>9}",
        f"  {'responses':<11}{count(found.responses):>9}",
        f"  {'attempts':<11}{count(found.attempts):>9}",
        *(f"  {text}".rstrip() for text in _losses(found)),
        "",
    ]
    return lines + [
        f"  {'Next' if n == 0 else '':<12}{command}" for n, command in enumerate(_next(found, new))
    ]


def _losses(found: Salvaged) -> list[str]:
    lines: list[str] = []
    if found.missing:
        lines.append(f"{count(found.missing)} requests are lost; reading the input again brings them back.")
    elif not found.input_read:
        lines.append("Rows may be missing; the input is read again, and what is missing is fetched.")
    if found.refetched:
        lines.append(f"{count(found.refetched)} had succeeded, but their responses are lost: fetched again.")
    if found.unknown:
        lines.append(
            f"{count(found.unknown)} may have been sent and must not be sent twice unasked (POST, PATCH): "
            "failed, outcome unknown."
        )
    if found.doubtful:
        lines.append("The last commits are lost: some of what was saved may be older than it was.")
    return ["", *lines] if lines else ["", "Nothing is known to be lost."]


def _next(found: Salvaged, new: Path) -> list[str]:
    place = shlex.quote(printable(str(new)))
    if found.job:
        return next_commands(run_status(new))
    return [
        f"fetchdeck run INPUT … --run {place}   (the first command again: the run's job could not be read)",
        f"fetchdeck export {place} -o {shlex.quote(printable(new.name.removesuffix('.run')))}.jsonl",
    ]
