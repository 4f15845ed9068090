"""What a case is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .rows import Row
from .settings import Settings


@dataclass(frozen=True, slots=True)
class Case:
    """A question of the table: what is done, and who measures it."""

    name: str
    work: Callable[[Settings], str]
    """What its load is, in a sentence."""
    measure: Callable[[Settings, Path], list[Row]]
    """Does it in an empty folder; raises MissingError where it cannot run here."""
