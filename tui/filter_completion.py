"""What the tab key can make of a filter that is being typed."""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec import Struct

from ..core.journal.filter import TERMS
from ..core.journal.filter_terms import quoted
from ..core.model import FailureKind, State
from ..core.printable import printable

_LAST = re.compile(r"(?:^|(?<=\s))(-?)(?:([a-z]+):(?:[^\s\"',]+,)*)?([^\s\"',]*)$", re.IGNORECASE)
_OPERATORS = {"slow": ">", "size": ">", "attempts": ">"}
_LASTS = ("1m", "5m", "15m", "1h", "1d")
_CLASSES = ("2xx", "3xx", "4xx", "5xx")


class Known(Struct, frozen=True):
    """Values that this run has, the most telling first."""

    hosts: Sequence[str] = ()
    statuses: Sequence[int] = ()
    causes: Sequence[int] = ()

    def of(self, name: str) -> Sequence[str]:
        """Values that a term may have; empty where it may have any."""
        return {
            "state": [state.label for state in State],
            "status": [*map(str, self.statuses), *_CLASSES],
            "kind": [kind.value for kind in FailureKind],
            "host": [host for host in self.hosts if quoted(host) == host == printable(host)],
            "cause": [str(cause) for cause in self.causes],
            "last": list(_LASTS),
        }.get(name, [])


class Completion(Struct, frozen=True):
    """One way to go on."""

    text: str
    """The whole filter."""
    shown: str
    """What is new in it, as a list of choices shows it."""


def completions(text: str, known: Known) -> tuple[Completion, ...]:
    """The names, or the values of the last name, that begin with what was typed last; values may hold it, too."""
    found = _LAST.search(text)
    if found is None:
        return ()
    name, begun = (found[2] or "").lower(), found[3]
    head = text[: len(text) - len(begun)]
    if name:
        values = [value for value in known.of(name) if begun.lower() in value.lower()]
        values.sort(key=lambda value: not value.lower().startswith(begun.lower()))
        return tuple(Completion(head + value, value) for value in values if value != begun)
    names = [term.name + _OPERATORS.get(term.name, ":") for term in TERMS]
    return tuple(Completion(head + one, one) for one in names if one.startswith(begun.lower()))
