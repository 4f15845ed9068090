"""What befalls each row of the soak, and what must become of it: decided by its number alone."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b
from itertools import accumulate

from fetchdeck.core.model import FailureKind, State


class Fate(StrEnum):
    """How the server treats a row."""

    WHOLE = "whole"
    CHUNKED = "chunked"
    GZIP = "gzip"
    EMPTY = "empty"
    UNFRAMED = "unframed"
    """A body that ends with the connection."""
    CLOSING = "closing"
    """A whole reply after which the server closes without having said so."""
    LARGE = "large"
    DRIP = "drip"
    SLOW_HEADERS = "slow headers"
    REDIRECT = "redirect"
    """To another origin, which answers."""
    STRAY_AT_ONCE = "stray reply at once"
    """A whole reply with another one, unasked for, in the same packet."""
    STRAY_LATER = "stray reply later"
    """The same a few milliseconds later, when the connection is idle."""

    TOO_MANY = "429"
    ERROR = "500"
    BUSY = "503 twice"
    RESET_BEFORE = "reset before"
    RESET_WITHIN = "reset within"
    CLOSED_BEFORE = "closed before"
    CUT_LENGTH = "Content-Length too long"
    CUT_CHUNKS = "chunks cut short"
    CUT_GZIP = "gzip cut short"
    SILENT = "silent"

    MISSING = "404"
    MALFORMED = "malformed status line"
    BAD_STATUS = "status out of range"
    SWITCHING = "101"
    BAD_CHUNK = "bad chunk size"
    BAD_GZIP = "broken gzip"
    ALWAYS_CUT = "always cut short"
    LOOP = "redirect loop"
    NOWHERE = "redirect without Location"
    FOREIGN = "redirect to ftp:"
    BOMB = "gzip bomb"
    HUGE_HEADERS = "huge headers"
    REFUSED = "refused"
    INVALID = "invalid row"


@dataclass(frozen=True, slots=True)
class Lot:
    """How many rows a fate takes, for how long it lasts, and how it shows."""

    per_million: int
    spoilt: int | None = 0
    """Arrivals that go wrong before one goes well; None for all of them."""
    kinds: frozenset[FailureKind] = frozenset()
    """What an attempt that goes wrong may be called."""

    @property
    def end(self) -> State:
        """The state such a row must end in."""
        if self.spoilt is not None:
            return State.SUCCEEDED
        return State.INVALID if FailureKind.INVALID in self.kinds else State.FAILED


def _lot(per_million: int, spoilt: int | None, *kinds: FailureKind) -> Lot:
    return Lot(per_million, spoilt, frozenset(kinds))


_K = FailureKind
LOTS: Mapping[Fate, Lot] = {
    Fate.WHOLE: Lot(0),  # what the others leave
    Fate.CHUNKED: Lot(20_000),
    Fate.GZIP: Lot(20_000),
    Fate.EMPTY: Lot(5_000),
    Fate.UNFRAMED: Lot(3_000),
    Fate.CLOSING: Lot(5_000),
    Fate.LARGE: Lot(300),
    Fate.DRIP: Lot(500),
    Fate.SLOW_HEADERS: Lot(500),
    Fate.REDIRECT: Lot(10_000),
    Fate.STRAY_AT_ONCE: Lot(1_000),
    Fate.STRAY_LATER: Lot(1_000),
    Fate.TOO_MANY: _lot(10_000, 1, _K.HTTP_STATUS),
    Fate.ERROR: _lot(10_000, 1, _K.HTTP_STATUS),
    Fate.BUSY: _lot(3_000, 2, _K.HTTP_STATUS),
    Fate.RESET_BEFORE: _lot(5_000, 1, _K.RESET),
    Fate.RESET_WITHIN: _lot(5_000, 1, _K.RESET),
    Fate.CLOSED_BEFORE: _lot(3_000, 1, _K.RESET),
    Fate.CUT_LENGTH: _lot(3_000, 1, _K.TRUNCATED),
    Fate.CUT_CHUNKS: _lot(3_000, 1, _K.TRUNCATED),
    Fate.CUT_GZIP: _lot(3_000, 1, _K.TRUNCATED),
    Fate.SILENT: _lot(300, 1, _K.TIMEOUT),
    Fate.MISSING: _lot(5_000, None, _K.HTTP_STATUS),
    Fate.MALFORMED: _lot(1_000, None, _K.PROTOCOL),
    Fate.BAD_STATUS: _lot(1_000, None, _K.PROTOCOL),
    Fate.SWITCHING: _lot(200, None, _K.PROTOCOL),
    Fate.BAD_CHUNK: _lot(1_000, None, _K.PROTOCOL),
    Fate.BAD_GZIP: _lot(1_000, None, _K.DECODE),
    Fate.ALWAYS_CUT: _lot(300, None, _K.TRUNCATED),
    Fate.LOOP: _lot(500, None, _K.REDIRECT),
    Fate.NOWHERE: _lot(500, None, _K.REDIRECT),
    Fate.FOREIGN: _lot(500, None, _K.REDIRECT),
    Fate.BOMB: _lot(100, None, _K.TOO_LARGE),
    Fate.HUGE_HEADERS: _lot(200, None, _K.PROTOCOL),
    Fate.REFUSED: _lot(300, None, _K.CONNECT),
    Fate.INVALID: _lot(300, None, _K.INVALID),
}
STRAYS = frozenset({Fate.STRAY_AT_ONCE, Fate.STRAY_LATER})
MOST_SPOILT = max(lot.spoilt or 0 for lot in LOTS.values())
"""Retries that a run must allow for every row to end as its lot says."""

_ONE_EACH = tuple(Fate)
_RARE = tuple(fate for fate in Fate if LOTS[fate].per_million)
_BOUNDS = tuple(accumulate(LOTS[fate].per_million for fate in _RARE))


def fate_of(row: int) -> Fate:
    """The fate of a row: the first rows meet each once, so that a short run has them all; then by share."""
    if row < len(_ONE_EACH):
        return _ONE_EACH[row]
    luck = int.from_bytes(blake2b(b"%d" % row, digest_size=8).digest()) % 1_000_000
    place = bisect_right(_BOUNDS, luck)
    return _RARE[place] if place < len(_RARE) else Fate.WHOLE
