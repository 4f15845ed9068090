"""Reads the text of one rule, and refuses before anything is sent what could never be evaluated."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from typing import Any, cast

import jmespath  # pyright: ignore[reportMissingTypeStubs]
import regex
from jmespath import exceptions  # pyright: ignore[reportMissingTypeStubs]

from ...errors import OptionError
from ...printable import printable
from .functions import PATTERN_AT, Pattern, arity, compiled, names

Node = dict[str, Any]
"""A node of the syntax tree that jmespath makes: `type`, `value`, `children`."""
PARTS = ("status", "headers", "body", "bytes", "elapsed_ms")
"""What a rule sees of a reply."""
_MOST_SHOWN = 120
_SHOWN_REST = 30
_EVERYWHERE = frozenset(
    {
        "and_expression",
        "comparator",
        "function_expression",
        "key_val_pair",
        "multi_select_dict",
        "multi_select_list",
        "not_expression",
        "or_expression",
    }
)
"""Nodes whose children all see what the node sees; of the others only the first child does."""


@dataclass(slots=True)
class Expression:
    """A rule that can be evaluated, and what it looks at."""

    node: Node
    parts: set[str] = field(default_factory=set[str])
    """Which of `PARTS`."""
    functions: set[str] = field(default_factory=set[str])
    patterns: dict[str, Pattern] = field(default_factory=dict[str, Pattern])
    """Its regular expressions, compiled."""


def parse_expression(text: str, option: str) -> Expression:
    """Read a JMESPath expression over a reply; raises OptionError, which says what is wrong and where."""
    refused = f"{option}: {shown(text)}"
    try:
        with warnings.catch_warnings():
            # `OK` without quotes between backticks is an old way to write a string; jmespath warns of it.
            warnings.simplefilter("ignore")
            node = cast(Node, jmespath.compile(text).parsed)  # pyright: ignore
    except exceptions.EmptyExpressionError:
        raise OptionError(
            f"{option}: a rule must not be empty. Write such as \"body.status == 'OK'\"."
        ) from None
    except exceptions.ParseError as error:
        raise OptionError(f"{refused} cannot be read {_place(text, error)}.") from None
    except (IndexError, KeyError, RecursionError, ValueError):
        raise OptionError(f"{refused} is no JMESPath expression (https://jmespath.org).") from None
    found = Expression(node)
    try:
        _Check(found, refused).walk(node, top=True)
    except RecursionError:
        raise OptionError(f"{refused} is nested too deeply.") from None
    return found


def shown(text: str) -> str:
    """A rule as messages quote it: on one line, and not longer than helps."""
    text = printable(" ".join(text.split()))
    return f'"{text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}…"}"'


def _place(text: str, error: exceptions.ParseError) -> str:
    kind, position = error.token_type, error.lex_position
    rest = text[position:].strip()
    if kind in (None, "EOF") or not rest:
        return "to its end: something is missing there (a shell takes backticks in double quotes for its own)"
    rest = printable(rest if len(rest) <= _SHOWN_REST else f"{rest[:_SHOWN_REST]}…")
    where = f"from column {position + 1} on, at {rest}"
    if isinstance(error, exceptions.LexerError):
        hint = " (equality is ==)" if error.lexer_value == "=" else ""
        said = printable(str(error.message))  # pyright: ignore
        return f"{where}: {said[:1].lower()}{said[1:60]}{hint}"
    if kind == "NUMBER":
        return f"{where}: a number stands in backticks, as in `{error.token_value}`"
    return where


class _Check:
    """Walks a syntax tree, notes what it looks at, and refuses what can only fail."""

    def __init__(self, found: Expression, refused: str) -> None:
        """`refused` begins each error."""
        self._found = found
        self._refused = refused

    def walk(self, node: Node, *, top: bool) -> None:
        """`top` says whether the node sees the whole reply, and not a part of it."""
        kind: str = node["type"]
        children: list[Any] = node["children"]
        if kind == "field" and top:
            self._part(node["value"])
        elif top and (
            kind == "current" or (kind == "value_projection" and children[0]["type"] == "identity")
        ):
            self._found.parts.update(PARTS)
        elif kind == "function_expression":
            self._function(node["value"], children)
        elif kind == "subexpression" and children[0]["type"] == "not_expression":
            raise OptionError(
                f"{self._refused}: '!' holds for what stands right behind it, and it has no fields: write !(body.ok) "
                "for !body.ok."
            )
        elif kind == "slice":
            if children[2] == 0:
                raise OptionError(f"{self._refused} has a slice with a step of 0.")
            return
        for number, child in enumerate(children):
            self.walk(child, top=top and kind != "expref" and (number == 0 or kind in _EVERYWHERE))

    def _part(self, name: str) -> None:
        if name not in PARTS:
            raise OptionError(
                f"{self._refused} asks for {printable(name)!r}, and a reply has {', '.join(PARTS)} alone "
                "(a text stands in single quotes, a field of the JSON body is body.name)."
            )
        self._found.parts.add(name)

    def _function(self, name: str, arguments: list[Any]) -> None:
        takes = arity(name)
        if takes is None:
            raise OptionError(
                f"{self._refused} calls {printable(name)}(), and the functions are {', '.join(names())}."
            )
        least, open_ended = takes
        if len(arguments) < least or (len(arguments) > least and not open_ended):
            more = "at least " if open_ended else ""
            given = "1 argument" if len(arguments) == 1 else f"{len(arguments)} arguments"
            raise OptionError(f"{self._refused} calls {name}() with {given}; it takes {more}{least}.")
        self._found.functions.add(name)
        if name in PATTERN_AT:
            self._pattern(name, arguments[PATTERN_AT[name]])

    def _pattern(self, name: str, argument: Node) -> None:
        pattern = argument.get("value")
        if argument["type"] != "literal" or not isinstance(pattern, str):
            raise OptionError(
                f"{self._refused}: the regular expression of {name}() must be written out in single quotes."
            )
        try:
            self._found.patterns[pattern] = compiled(pattern)
        except (regex.error, OverflowError, RecursionError) as error:
            raise OptionError(
                f"{self._refused}: {shown(pattern)} is no regular expression ({printable(str(error))})."
            ) from None
