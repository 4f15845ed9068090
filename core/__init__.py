"""The engine: knows HTTP, journals and limits, and nothing of terminals."""
