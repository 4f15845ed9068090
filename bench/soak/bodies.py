"""The body that each row must end with: both the server and the check after the run know it."""

from __future__ import annotations

from hashlib import blake2b

from .fates import Fate

_WORDS = b"the quick brown fox jumps over the lazy dog while the lazy dog looks the other way; " * 30
LEAST_LARGE, MOST_LARGE = 100_000, 1_000_000
MAX_BODY = 4_000_000
"""What the run is told to accept at most, in bytes; the bomb holds twice as much."""


def body_of(row: int, fate: Fate) -> bytes:
    """About 900 bytes of JSON that no other row has, nothing, or a large body."""
    if fate is Fate.EMPTY:
        return b""
    digest = blake2b(b"body %d" % row, digest_size=16).hexdigest().encode()
    if fate is Fate.LARGE:
        size = LEAST_LARGE + int(digest[:6], 16) % (MOST_LARGE - LEAST_LARGE)
        return (digest * (size // len(digest) + 1))[:size]
    text = _WORDS[row % 85 : row % 85 + 700 + row % 300]
    return b'{"id":%d,"digest":"%s","text":"%s"}' % (row, digest, text)
