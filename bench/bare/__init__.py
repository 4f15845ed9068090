"""What one would write without fetchdeck: scripts that fetch, count, and keep nothing."""
