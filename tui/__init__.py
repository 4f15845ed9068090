"""All that a terminal shows: command line, plain progress, dashboard."""
