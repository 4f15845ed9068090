"""The field for a path, which completes what stands in it."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from textual import events
from textual.suggester import Suggester

from ....core.printable import printable
from ...setup.found import JOB_FILE, SUFFIXES
from ...widgets.field import Field


class PathSuggester(Suggester):
    """Suggests the first folder or input, by name, that begins as the text does."""

    def __init__(self) -> None:
        super().__init__(use_cache=False, case_sensitive=True)

    async def get_suggestion(self, value: str) -> str | None:
        """The completed path; None where nothing begins so."""
        return await asyncio.to_thread(completed, value) if value else None


def completed(text: str) -> str | None:
    """The text with the rest of a name that is there; a folder gets a slash behind it."""
    folder, _, begun = text.rpartition("/")
    try:
        with os.scandir(Path(f"{folder}/" if "/" in text else ".").expanduser()) as entries:
            names = sorted(_fitting(entry) for entry in entries if entry.name.startswith(begun))
    except (OSError, ValueError, RuntimeError):
        # No such folder, no name of a file at all, or nobody's home.
        return None
    found = next((name for name in names if name and (begun or not name.startswith("."))), None)
    return None if found is None else f"{folder}/{found}" if "/" in text else found


def _fitting(entry: os.DirEntry[str]) -> str:
    """What a name is completed to; empty where it is no input, or could not stand in a field as it is."""
    if printable(entry.name) != entry.name:
        return ""
    if entry.is_dir():
        return f"{entry.name}/"
    return entry.name if Path(entry.name).suffix.lower() in SUFFIXES | {JOB_FILE} else ""


class PathField(Field):
    """`tab` takes the suggestion, where there is one."""

    def __init__(self) -> None:
        super().__init__(
            placeholder="type a path: .csv .tsv .txt .jsonl, a run folder, a job file",
            suggester=PathSuggester(),
            compact=True,
            id="path",
        )

    async def on_key(self, event: events.Key) -> None:
        """Complete by `tab`; it goes on to the list where there is nothing to complete."""
        if event.key == "tab" and self._suggestion and self._suggestion != self.value:
            event.stop()
            event.prevent_default()
            self.value = self._suggestion
            self.cursor_position = len(self.value)
        elif event.key == "down":
            event.stop()
            self.screen.focus_next()
