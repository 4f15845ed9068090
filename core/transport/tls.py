"""The TLS context of a run's connections, made when the first of them wants it.

To load the certificates of all authorities takes 50 ms with OpenSSL 3, and a run over plain HTTP needs none.
"""

from __future__ import annotations

import ssl
from collections.abc import Generator
from contextlib import contextmanager
from functools import cached_property


class Tls:
    """How servers prove who they are."""

    def __init__(self, *, verify: bool) -> None:
        """`verify` is whether their certificates must be valid."""
        self._verify = verify

    @cached_property
    def context(self) -> ssl.SSLContext:
        """For HTTP/1.1 alone (RFC 7301)."""
        if self._verify:
            made = ssl.create_default_context()
        else:
            made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            made.check_hostname = False
            made.verify_mode = ssl.CERT_NONE
        made.set_alpn_protocols(("http/1.1",))
        return made


@contextmanager
def no_certificates() -> Generator[None]:
    """Let contexts that are made meanwhile trust nobody.

    aiohttp makes two when it is imported, which no connection of ours uses: 100 ms before the first request. For a
    program of our own only: in another one somebody may use aiohttp for more, or make contexts on a thread.
    """
    ssl.SSLContext.set_default_verify_paths = _load_none
    try:
        yield
    finally:
        # What it inherits is seen again.
        del ssl.SSLContext.set_default_verify_paths


def _load_none(self: ssl.SSLContext) -> None:
    pass
