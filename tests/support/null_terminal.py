"""A terminal's writer whose octets nobody gets."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from fetchdeck.tui.terminal_writer import TerminalWriter


@contextmanager
def null_output() -> Iterator[TerminalWriter]:
    """A writer that is closed at the end, and what it writes to as well."""
    null = os.open(os.devnull, os.O_WRONLY)
    output = TerminalWriter(null)
    try:
        yield output
    finally:
        output.close()
        os.close(null)
