"""Which fetchdeck this is."""

VERSION = "0.1.0"
"""As pyproject.toml reads it, too. To ask the installed package for it takes 7 ms of every start."""
