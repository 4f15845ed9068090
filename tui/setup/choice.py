"""What the setup ends with: the words of a command line, which is then carried out in the same process."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Choice:
    """A command of fetchdeck."""

    words: tuple[str, ...]
    """Behind `fetchdeck`. May hold secrets that were typed."""


def demo() -> Choice:
    """Try the demo."""
    return Choice(("demo",))


def go_on(command: str, folder: Path) -> Choice:
    """`open`, `resume` or `retry` the run in a folder, or `run` a job file."""
    name = str(folder)
    return Choice((command, f"./{name}" if name.startswith("-") else name))
