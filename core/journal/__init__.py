"""The run's durable memory: one SQLite file, one writer, many readers."""
