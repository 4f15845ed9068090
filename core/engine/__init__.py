"""The run itself: ingest, scheduling, attempts, and what a front end sees."""
