"""The filter language of the dashboard's `/`, of `retry --where` and of exports, and its translation to SQL."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable
from dataclasses import dataclass, replace

from ..errors import OptionError
from ..model import FailureKind, State

_COMPARISON = re.compile(r"(slow|size|attempts)([<>])(\d+(?:\.\d+)?)(ms|s|m|k|kb|mb|b)?", re.IGNORECASE)
_STATUS_CLASS = re.compile(r"([1-5])xx", re.IGNORECASE)
_COLUMNS = {"slow": "elapsed_ms", "size": "bytes", "attempts": "attempts"}
_UNITS: dict[str, dict[str | None, float]] = {
    "slow": {"ms": 1.0, "s": 1000.0, "m": 60_000.0, None: 1000.0},
    "size": {"b": 1.0, "k": 1e3, "kb": 1e3, "mb": 1e6, "m": 1e6, None: 1.0},
    "attempts": {None: 1.0},
}
SYNTAX = "status:5xx state:failed kind:timeout host:api. cause:3 slow>2s size>10kb attempts>1 word -word"
"""One example of each term, for help texts and error messages."""
_LONGEST = 2_000
_MOST_TERMS = 100
"""Far below where SQLite refuses a condition as too deep (1,000) or a pattern as too long (50,000)."""
_LARGEST = 2**63 - 1
"""The largest integer that SQLite takes."""
_UNFIT = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class RowFilter:
    """Which requests are meant. Terms of one kind widen the choice, terms of different kinds narrow it."""

    states: frozenset[State] = frozenset()
    statuses: tuple[tuple[int, int], ...] = ()
    """Inclusive ranges of HTTP statuses."""
    kinds: frozenset[FailureKind] = frozenset()
    hosts: tuple[str, ...] = ()
    """Parts of host names."""
    causes: frozenset[int] = frozenset()
    """Failure clusters by their number."""
    comparisons: tuple[tuple[str, str, float], ...] = ()
    """Journal column, `<` or `>`, and a value in the column's unit."""
    words: tuple[str, ...] = ()
    """Texts that must appear in the URL, the row or the message."""
    without: tuple[str, ...] = ()
    """Texts that must not."""

    @classmethod
    def parse(cls, text: str) -> RowFilter:
        """Read the language that `SYNTAX` shows; quotes keep spaces. Raises OptionError with the bad term."""
        if len(text) > _LONGEST or _UNFIT.search(text):
            raise OptionError(
                f"A filter has at most {_LONGEST:,} characters, all of them valid text. Known: {SYNTAX}"
            )
        try:
            terms = shlex.split(text)
        except ValueError as error:
            raise OptionError(
                f"The filter has an open quote: {text!r}. Close it, or leave it out."
            ) from error
        if len(terms) > _MOST_TERMS:
            raise OptionError(f"A filter has at most {_MOST_TERMS} terms; this one has {len(terms):,}.")
        found = cls()
        for term in terms:
            found = found._with_term(term)
        return found

    def within(self, states: Iterable[State]) -> RowFilter:
        """The same filter over these states, unless it names states of its own."""
        return self if self.states else replace(self, states=frozenset(states))

    def where(self) -> tuple[str, list[object]]:
        """The SQL condition over `requests`, and its parameters; `1` when everything is meant."""
        parts: list[str] = []
        values: list[object] = []

        def either(options: Iterable[tuple[str, tuple[object, ...]]]) -> None:
            chosen = list(options)
            if chosen:
                parts.append("(" + " OR ".join(sql for sql, _ in chosen) + ")")
                values.extend(value for _, params in chosen for value in params)

        if self.states:
            parts.append(f"state IN ({','.join(str(int(state)) for state in sorted(self.states))})")
        either(("status BETWEEN ? AND ?", span) for span in self.statuses)
        either(("kind = ?", (kind.value,)) for kind in sorted(self.kinds))
        either(("instr(host, ?)", (host.lower(),)) for host in self.hosts)
        either(("cause = ?", (cause,)) for cause in sorted(self.causes))
        for column, operator, value in self.comparisons:
            parts.append(f"{column} {operator} ?")
            values.append(value)
        for word in self.words:
            parts.append(_MENTIONS)
            values.extend([_like(word)] * 3)
        for word in self.without:
            parts.append(f"NOT {_MENTIONS}")
            values.extend([_like(word)] * 3)
        return " AND ".join(parts) or "1", values

    def _with_term(self, term: str) -> RowFilter:
        name, colon, value = term.partition(":")
        if colon and name.lower() in ("state", "status", "kind", "host", "cause"):
            return self._with_field(name.lower(), value, term)
        if comparison := _COMPARISON.fullmatch(term):
            field, operator, number, unit = comparison.groups()
            factor = _UNITS[field.lower()].get(unit.lower() if unit else None)
            if factor is None:
                raise OptionError(
                    f"The filter term {term!r} has a unit that {field} cannot have. Known: {SYNTAX}"
                )
            item = (_COLUMNS[field.lower()], operator, float(number) * factor)
            return replace(self, comparisons=(*self.comparisons, item))
        if term.startswith("-") and len(term) > 1:
            return replace(self, without=(*self.without, term[1:]))
        return replace(self, words=(*self.words, term))

    def _with_field(self, name: str, value: str, term: str) -> RowFilter:
        try:
            if name == "state":
                return replace(self, states=self.states | {State[value.upper()]})
            if name == "kind":
                return replace(self, kinds=self.kinds | {FailureKind(value.lower())})
            if name == "cause":
                return replace(self, causes=self.causes | {_integer(value)})
            if name == "status":
                return replace(self, statuses=(*self.statuses, _status_range(value)))
        except (KeyError, ValueError) as error:
            known = {"state": [s.label for s in State], "kind": [k.value for k in FailureKind]}.get(name)
            hint = f"one of {', '.join(known)}" if known else SYNTAX
            raise OptionError(f"The filter term {term!r} cannot be understood. Known: {hint}") from error
        return replace(self, hosts=(*self.hosts, value))


_MENTIONS = r"(url LIKE ? ESCAPE '\' OR row LIKE ? ESCAPE '\' OR ifnull(message, '') LIKE ? ESCAPE '\')"


def _like(word: str) -> str:
    escaped = word.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    return f"%{escaped}%"


def _status_range(text: str) -> tuple[int, int]:
    if whole := _STATUS_CLASS.fullmatch(text):
        first = int(whole[1]) * 100
        return first, first + 99
    low, _, high = text.partition("-")
    return _integer(low), _integer(high or low)


def _integer(text: str) -> int:
    value = int(text)
    if abs(value) > _LARGEST:
        raise ValueError(text)
    return value
