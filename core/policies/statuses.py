"""Sets of HTTP statuses and of kinds of failure as people write them: `429,5xx,520-529,timeout`."""

from __future__ import annotations

import re

from msgspec import Struct

from ..errors import OptionError
from ..job import DEFAULT_RETRY_ON
from ..model import FailureKind

_CLASS = re.compile(r"([2-5])xx", re.IGNORECASE)
_RANGE = re.compile(r"([2-5]\d\d)(?:\s*-\s*([2-5]\d\d))?", re.ASCII)
_CONNECTION = "connection"
CONNECTION_KINDS = frozenset(
    {
        FailureKind.DNS,
        FailureKind.CONNECT,
        FailureKind.CONNECT_TIMEOUT,
        FailureKind.PROXY,
        FailureKind.TIMEOUT,
        FailureKind.RESET,
        FailureKind.TRUNCATED,
    }
)
"""Ways in which a connection does not come about, or does not last; what `connection` stands for."""
RETRIABLE_KINDS = CONNECTION_KINDS | {
    FailureKind.TLS,
    FailureKind.DECODE,
    FailureKind.PROTOCOL,
    FailureKind.REDIRECT,
}
"""Kinds that another attempt may cure, and that can be named."""


def parse_statuses(text: str, option: str) -> frozenset[int]:
    """The statuses that a list names; empty for `none` or nothing. Raises OptionError with the bad term."""
    found: set[int] = set()
    for term in _terms(text):
        statuses = _statuses(term)
        if statuses is None:
            raise OptionError(
                f"{option}: {term!r} is no status from 200 to 599. Write 429, 5xx or 520-529, separated by commas."
            )
        found.update(statuses)
    return frozenset(found)


class RetryOn(Struct, frozen=True):
    """What is worth another attempt: the meaning of --retry-on."""

    statuses: frozenset[int] = frozenset()
    kinds: frozenset[FailureKind] = frozenset()
    unsafe: bool = False
    """The user named the statuses himself, so they hold for non-idempotent methods too."""

    @classmethod
    def parse(cls, text: str, option: str = "--retry-on") -> RetryOn:
        """Read statuses, classes, ranges and kinds of failure, separated by commas.

        Statuses that are named take the place of the default statuses, kinds that of the default kinds; of what is
        not named, the default stays. `none` or nothing turns all off. Raises OptionError with the bad term.
        """
        terms = _terms(text)
        if not terms:
            return cls()
        statuses: set[int] = set()
        kinds: set[FailureKind] = set()
        for term in terms:
            named = _statuses(term)
            if named is not None:
                statuses.update(named)
            else:
                kinds |= _kinds(term, option)
        return cls(
            statuses=frozenset(statuses) or parse_statuses(DEFAULT_RETRY_ON, option),
            kinds=frozenset(kinds) or CONNECTION_KINDS,
            unsafe=bool(statuses) and text != DEFAULT_RETRY_ON,
        )


def _terms(text: str) -> list[str]:
    if text.strip().lower() == "none":
        return []
    return [term for part in text.split(",") if (term := part.strip())]


def _statuses(term: str) -> range | None:
    """The statuses of one term; None where it names none."""
    if match := _CLASS.fullmatch(term):
        return range(int(match[1]) * 100, int(match[1]) * 100 + 100)
    match = _RANGE.fullmatch(term)
    if match is None:
        return None
    return range(int(match[1]), int(match[2] or match[1]) + 1) or None


def _kinds(term: str, option: str) -> frozenset[FailureKind]:
    name = term.lower().replace("-", "_").replace(" ", "_")
    if name == _CONNECTION:
        return CONNECTION_KINDS
    for kind in RETRIABLE_KINDS:
        if name == kind.value:
            return frozenset({kind})
    kinds = ", ".join(sorted(kind.value for kind in RETRIABLE_KINDS))
    usual = ", ".join(sorted(kind.value for kind in CONNECTION_KINDS))
    raise OptionError(
        f"{option}: {term!r} is no status from 200 to 599 and no kind of failure. Write statuses such as 429, 5xx or "
        f"520-529, kinds ({kinds}) or {_CONNECTION} (which is {usual}), separated by commas, or 'none'."
    )
