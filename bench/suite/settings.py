"""What all cases share: how often, how much, where, and whom to tell."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Settings:
    """Of one call of the bench."""

    rounds: int
    quick: bool
    client: frozenset[int]
    """The processor of what is measured."""
    server: frozenset[int]
    """The processor of the server, and of the bench itself."""
    say: Callable[[str], None]
    """Tells the person who waits."""

    def load(self, whole: T, quick: T) -> T:
        """How much to do, or for how long."""
        return quick if self.quick else whole


def processors() -> tuple[frozenset[int], frozenset[int]]:
    """For clients and for servers; the same where there is but one."""
    cores = sorted(os.sched_getaffinity(0))
    return frozenset(cores[:1]), frozenset(cores[-1:])


ROOT = Path(__file__).parents[2]
"""The checkout."""
