"""What a user has settled for every run: the config file, and what the dashboard remembers."""
