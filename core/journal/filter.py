"""The filter language of the dashboard's `/`, of `retry --where` and of exports, and its translation to SQL."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from ..model import FailureKind, State
from . import filter_values as values
from .filter_terms import SYNTAX, TERMS, Term, Token, quoted, tokens

__all__ = ["SYNTAX", "TERMS", "RowFilter", "Term"]

T = TypeVar("T")
_COLUMNS = {"slow": "elapsed_ms", "size": "bytes", "attempts": "attempts"}
_MEASURES = {column: name for name, column in _COLUMNS.items()}
_OPERATORS = frozenset({"<", ">", "<=", ">=", "="})
_MOMENTS = {"after": ">=", "before": "<"}
_HIGHEST_STATUS = 999
_MENTIONS = r"(url LIKE ? ESCAPE '\' OR row LIKE ? ESCAPE '\' OR ifnull(message, '') LIKE ? ESCAPE '\')"


class RowFilter(Struct, frozen=True):
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
    """Journal column, an operator, and a value in the column's unit; all must hold."""
    words: tuple[str, ...] = ()
    """Texts that must appear in the URL, the row or the message."""
    without: tuple[str, ...] = ()
    """Texts that must not."""
    ids: tuple[tuple[int, int], ...] = ()
    """Inclusive ranges of row numbers."""
    nots: tuple[RowFilter, ...] = ()
    """What must not be the case, each a filter of one term; a request without such a value is none of it."""

    @classmethod
    def parse(cls, text: str, now: float | None = None) -> RowFilter:
        """Read the language that `TERMS` lists; quotes keep spaces.

        Times of day and spans are taken from `now` (wall clock, seconds). Raises OptionError that names the term
        that is wrong, where it stands, and how it should be.
        """
        moment = time.time() if now is None else now
        found = cls()
        for token in tokens(text):
            found = found._with_token(token, moment)
        return found

    def text(self) -> str:
        """The filter in its own language; `parse` reads it as the same filter."""
        terms = [
            *_listed("state", (state.label for state in sorted(self.states))),
            *_listed("status", map(values.write_status, self.statuses)),
            *_listed("kind", (kind.value for kind in sorted(self.kinds))),
            *_listed("host", self.hosts),
            *_listed("cause", map(str, sorted(self.causes))),
            *_listed("row", map(values.write_span, self.ids)),
        ]
        terms += [_write_comparison(*comparison) for comparison in self.comparisons]
        terms += [quoted(word) for word in self.words]
        terms += [f"-{quoted(word)}" for word in self.without]
        terms += [f"-{one.text()}" for one in self.nots]
        return " ".join(terms)

    def within(self, states: Iterable[State]) -> RowFilter:
        """The same filter over these states, unless it names states of its own."""
        return self if self.states else replace(self, states=frozenset(states))

    def where(self) -> tuple[str, list[object]]:
        """The SQL condition over `requests`, and its parameters; `1` when everything is meant."""
        parts: list[str] = []
        params: list[object] = []

        def either(options: Iterable[tuple[str, tuple[object, ...]]]) -> None:
            chosen = list(options)
            if chosen:
                parts.append("(" + " OR ".join(sql for sql, _ in chosen) + ")")
                params.extend(value for _, given in chosen for value in given)

        if self.states:
            parts.append(f"state IN ({','.join(str(int(state)) for state in sorted(self.states))})")
        # One by one they may be thousands, more than a condition may have parameters or branches.
        singles = ",".join(str(first) for first, last in self.ids if first == last)
        spans = [("id BETWEEN ? AND ?", span) for span in self.ids if span[0] != span[1]]
        either([*([(f"id IN ({singles})", ())] if singles else []), *spans])
        either(("status BETWEEN ? AND ?", span) for span in self.statuses)
        either(("kind = ?", (kind.value,)) for kind in sorted(self.kinds))
        either(("instr(host, ?)", (host.lower(),)) for host in self.hosts)
        either(("cause = ?", (cause,)) for cause in sorted(self.causes))
        for column, operator, value in self.comparisons:
            parts.append(f"{column} {operator} ?")
            params.append(value)
        for one in self.nots:
            condition, given = one.where()
            parts.append(f"NOT ifnull({condition}, 0)")
            params.extend(given)
        for word in self.words:
            parts.append(_MENTIONS)
            params.extend([_like(word)] * 3)
        for word in self.without:
            parts.append(f"NOT {_MENTIONS}")
            params.extend([_like(word)] * 3)
        return " AND ".join(parts) or "1", params

    def _with_token(self, token: Token, now: float) -> RowFilter:
        if not token.name:
            if token.negated:
                return replace(self, without=(*self.without, token.value))
            return replace(self, words=(*self.words, token.value))
        if token.negated:
            return replace(self, nots=(*self.nots, RowFilter()._with_term(token, now)))
        return self._with_term(token, now)

    def _with_term(self, token: Token, now: float) -> RowFilter:
        if token.name in _COLUMNS:
            return self._compared(_COLUMNS[token.name], token, _quantity(token))
        if token.name in (*_MOMENTS, "last"):
            return self._timed(token, now)
        if token.name == "status" and token.operator != ":":
            return replace(self, statuses=(*self.statuses, _status_beyond(token)))
        if token.operator != ":":
            raise token.wrong(f"write {token.name}:VALUE, such as {_example(token.name)}")
        match token.name:
            case "state":
                return replace(self, states=self.states | frozenset(_each(token, _state, _STATES)))
            case "kind":
                return replace(self, kinds=self.kinds | frozenset(_each(token, _kind, _KINDS)))
            case "cause":
                hint = "a cause is a number, such as cause:3"
                return replace(self, causes=self.causes | frozenset(_each(token, values.integer, hint)))
            case "status":
                return replace(self, statuses=(*self.statuses, *_each(token, values.status_span, _STATUSES)))
            case "row":
                hint = "a row is a number such as 7, or a range such as 100-200"
                return replace(self, ids=(*self.ids, *_each(token, values.span, hint)))
            case _:
                return replace(self, hosts=(*self.hosts, *_each(token, _some_text, "name a part of a host")))

    def _compared(self, column: str, token: Token, value: float) -> RowFilter:
        if token.operator not in _OPERATORS:
            raise token.wrong(f"compare with <, >, <=, >= or =, such as {_example(token.name)}")
        return replace(self, comparisons=(*self.comparisons, (column, token.operator, value)))

    def _timed(self, token: Token, now: float) -> RowFilter:
        try:
            if token.operator != ":":
                raise ValueError(token.operator)
            if token.name == "last":
                since = float(int(now - values.quantity("last", token.value)))
                return replace(self, comparisons=(*self.comparisons, ("ended_at", ">=", since)))
            when = values.moment(token.value, now)
        except (ValueError, KeyError, OverflowError, OSError) as error:
            form = "a span such as last:90s, last:5m or last:2h"
            form = (
                form
                if token.name == "last"
                else f"a time such as {token.name}:14:30 or a date as in ISO 8601"
            )
            raise token.wrong(f"write {form}") from error
        return replace(self, comparisons=(*self.comparisons, ("ended_at", _MOMENTS[token.name], when)))


_STATES = f"a state is one of {', '.join(state.label for state in State)}"
_KINDS = f"a kind is one of {', '.join(kind.value for kind in FailureKind)}"
_STATUSES = "a status is a number such as 404, a class such as 5xx, or a range such as 500-504"


def _each(token: Token, read: Callable[[str], T], hint: str) -> list[T]:
    try:
        return [read(value) for value in token.values]
    except (KeyError, ValueError) as error:
        raise token.wrong(hint) from error


def _state(text: str) -> State:
    return State[text.upper()]


def _kind(text: str) -> FailureKind:
    return FailureKind(text.lower())


def _some_text(text: str) -> str:
    if not text:
        raise ValueError(text)
    return text


def _quantity(token: Token) -> float:
    try:
        return values.quantity(token.name, token.value)
    except KeyError as error:
        units = ", ".join(unit for unit in values.UNITS[token.name] if unit)
        known = f"it may have the units {units}" if units else "it has none"
        raise token.wrong(f"this is no unit that {token.name} can have; {known}") from error
    except ValueError as error:
        raise token.wrong(f"write a number, such as {_example(token.name)}") from error


def _status_beyond(token: Token) -> tuple[int, int]:
    try:
        status = values.integer(token.value)
    except ValueError as error:
        raise token.wrong(_STATUSES) from error
    low = {">": status + 1, ">=": status, "=": status}.get(token.operator, 0)
    high = {"<": status - 1, "<=": status, "=": status}.get(token.operator, max(low, _HIGHEST_STATUS))
    if low > high:
        raise token.wrong("no status is that low")
    return low, high


def _example(name: str) -> str:
    return next(term.example for term in TERMS if term.name == name)


def _listed(name: str, written: Iterable[str]) -> list[str]:
    """One term with commas, or one for each value where some must stand in quotes."""
    found = list(written)
    if len(found) > 1 and all(quoted(value) == value for value in found):
        return [f"{name}:{','.join(found)}"]
    return [f"{name}:{quoted(value)}" for value in found]


def _write_comparison(column: str, operator: str, value: float) -> str:
    if column == "ended_at":
        name = next(name for name, known in _MOMENTS.items() if known == operator)
        return f"{name}:{values.write_moment(value)}"
    name = _MEASURES[column]
    return f"{name}{operator}{values.write_quantity(name, value)}"


def _like(word: str) -> str:
    escaped = word.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    return f"%{escaped}%"
