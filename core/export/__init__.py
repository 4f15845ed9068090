"""Writing a run's results to files of other programs."""
