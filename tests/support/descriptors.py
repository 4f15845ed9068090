"""What this process has open."""

from __future__ import annotations

from pathlib import Path


def descriptors() -> int:
    """How many descriptors; on Linux."""
    return sum(1 for _ in Path("/proc/self/fd").iterdir())
