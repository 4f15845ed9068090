"""A run's results as files: JSON lines and CSV."""

from __future__ import annotations

from .export import check_output, export_run
from .records import ExportStates

__all__ = ["ExportStates", "check_output", "export_run"]
