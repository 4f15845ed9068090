"""What was chosen in the dashboard, kept for the next time in a file of its own: the config file is its user's."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

_MOST_OCTETS = 64 * 1024


class Remembered(msgspec.Struct, frozen=True, kw_only=True):
    """Choices that outlive the dashboard."""

    theme: str | None = None
    columns: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict[str, tuple[str, ...]])
    """Names of columns, by table."""


def read_remembered(path: Path) -> Remembered:
    """What is kept there; nothing, where there is no such file or it cannot be understood."""
    try:
        with path.open("rb") as file:
            return msgspec.json.decode(file.read(_MOST_OCTETS), type=Remembered)
    except (OSError, msgspec.DecodeError):
        return Remembered()


def write_remembered(path: Path, remembered: Remembered) -> None:
    """Replace what is kept there, whole or not at all; raises OSError where it cannot be written."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(msgspec.json.encode(remembered))
        part.replace(path)
    except OSError:
        part.unlink(missing_ok=True)
        raise
