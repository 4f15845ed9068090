"""A run's results as files: JSON lines and CSV."""

from __future__ import annotations

from .export import check_output, export_run
from .records import EVERYTHING, Choice, ExportStates
from .unmasked import SecretSources

__all__ = ["EVERYTHING", "Choice", "ExportStates", "SecretSources", "check_output", "export_run"]
