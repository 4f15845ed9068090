"""A pseudo-terminal of a size, for commands that want one."""

from __future__ import annotations

import fcntl
import os
import struct
import termios

Size = tuple[int, int]
"""Columns and rows."""


def open_terminal(size: Size) -> tuple[int, int]:
    """The end that a person has, and the end that the command gets."""
    person, command = os.openpty()
    fcntl.ioctl(person, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
    return person, command
