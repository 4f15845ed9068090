"""The functions that rules may call beside those of JMESPath."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

import regex
from jmespath import functions  # pyright: ignore[reportMissingTypeStubs]

from .view import MOST_TEXT, ReplyView

F = TypeVar("F", bound=Callable[..., Any])
Pattern = regex.Pattern[str]
Patterns = Mapping[str, Pattern]
"""Compiled regular expressions by their text."""
PATTERN_AT = {"body_matches": 0, "matches": 1}
"""Which argument of which function is a regular expression."""
_LONGEST_SEARCH_S = 0.25
"""What a server sends must not make a regular expression stop the loop, as catastrophic backtracking would."""


def compiled(text: str) -> Pattern:
    """A regular expression; raises regex.error."""
    return regex.compile(text)


def _found(pattern: Pattern, text: str) -> bool:
    """Whether it is found; raises TimeoutError."""
    return pattern.search(text, timeout=_LONGEST_SEARCH_S) is not None


def _takes(*arguments: str) -> Callable[[F], F]:
    """Declare the JMESPath types of a function's arguments, such as `string|null`."""
    types = [{"types": argument.split("|")} for argument in arguments]
    return cast("Callable[[F], F]", functions.signature(*types))  # pyright: ignore


class RuleFunctions(functions.Functions):
    """JMESPath's own functions and ours, over one reply."""

    def __init__(self, reply: ReplyView, patterns: Patterns) -> None:
        """`patterns` has every regular expression that the rules name."""
        self._reply = reply
        self._patterns = patterns

    @_takes("string")
    def _func_body_matches(self, pattern: str) -> bool:
        """Whether a regular expression is found in the body's text."""
        return _found(self._patterns[pattern], self._reply.text)

    @_takes("string|null", "string")
    def _func_matches(self, subject: str | None, pattern: str) -> bool:
        """Whether it is found in a text; never in null."""
        return subject is not None and _found(self._patterns[pattern], subject[:MOST_TEXT])

    @_takes("string")
    def _func_header(self, name: str) -> str | None:
        """The value of a header, its name in any case; null where there is none."""
        return self._reply.fields.get(name.lower())


def arity(name: str) -> tuple[int, bool] | None:
    """How many arguments a function takes, and whether that is the least; None where there is no such function."""
    table = cast("dict[str, dict[str, Any]]", RuleFunctions.FUNCTION_TABLE)
    if name not in table:
        return None
    signature = table[name]["signature"]
    return len(signature), bool(signature and signature[-1].get("variadic"))


def names() -> list[str]:
    """All functions, in order."""
    return sorted(cast("dict[str, object]", RuleFunctions.FUNCTION_TABLE))
