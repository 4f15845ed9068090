"""The governor against servers with limits, side by side with what others do."""
