"""A server whose backlog is full: to connect to it takes for ever."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def never_accepting() -> Iterator[int]:
    """Its port on 127.0.0.1."""
    with socket.socket() as full, socket.socket() as filler:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        filler.connect(full.getsockname())
        yield full.getsockname()[1]
