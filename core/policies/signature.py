"""What makes two failures the same failure."""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache

from ..model import FailureKind
from ..printable import printable
from .variables import without_variables

LONGEST = 200
"""Characters of a signature."""
MOST = 1_000
"""Causes that are told apart; what comes after is gathered by kind and status."""
MOST_ALIKE = 200
"""Causes of one kind and status that are told apart, so that one chatty server leaves room for all others."""
_LOOKED_AT = 1_000
"""Characters of a message that count: more are a body that somebody has put into it."""
_NOTHING_SAID = re.compile(r"(?:URL|EMAIL|TIME|HOST|PATH|ID|N|\W)*")
"""What a body says that holds but an id: nothing."""
_BY_RULE = frozenset({FailureKind.REJECTED, FailureKind.RULE})


@lru_cache(1024)
def signature(kind: FailureKind, status: int | None, message: str) -> str:
    """A failure's message without numbers, hosts, addresses and ids, so that like failures share it.

    The status of an HTTP failure stays: 404 and 500 are two causes. So does the rule that a reply was judged by.
    """
    text = printable(" ".join(message[:_LOOKED_AT].split()))
    if kind in _BY_RULE:
        return _cut(text)
    if kind is FailureKind.HTTP_STATUS and status is not None:
        words, colon, said = text.partition(": ")
        if words.startswith(f"HTTP {status}"):
            told = without_variables(said)
            return _cut(words if _NOTHING_SAID.fullmatch(told) else f"{words}{colon}{told}")
        return _cut(f"HTTP {status}: {without_variables(text)}")
    return _cut(without_variables(text, names=True))


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def overflow(kind: FailureKind, status: int | None) -> str:
    """The signature of failures beyond those that are told apart: there are few of these, whatever is said."""
    if kind is FailureKind.HTTP_STATUS and status is not None:
        return f"HTTP {status}: other messages"
    return f"{kind.value.replace('_', ' ')}: other messages"


class Signatures:
    """Gives failures their signatures, and keeps those known so few that they can be held in memory and shown."""

    def __init__(self) -> None:
        """Knows none."""
        self._known: set[str] = set()
        self._alike: Counter[tuple[FailureKind, int | None]] = Counter()

    def add(self, text: str, kind: FailureKind, status: int | None) -> None:
        """Know a signature from before."""
        if text not in self._known:
            self._known.add(text)
            self._alike[_class(kind, status)] += 1

    def of(self, kind: FailureKind, status: int | None, message: str) -> str:
        """The failure's own signature, or that of all others like it where too many are known already."""
        text = signature(kind, status, message)
        if text in self._known:
            return text
        if len(self._known) >= MOST or self._alike[_class(kind, status)] >= MOST_ALIKE:
            return overflow(kind, status)
        self.add(text, kind, status)
        return text


def _class(kind: FailureKind, status: int | None) -> tuple[FailureKind, int | None]:
    return kind, status if kind is FailureKind.HTTP_STATUS else None
