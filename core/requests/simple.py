"""Templates that only put values into text, which is nearly all of them: read and rendered without Jinja.

It takes 50 ms to load, and five times as long to render.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from .escapes import Escape, plain_value
from .references import References, UndefinedValueError

_PLACE = re.compile(
    r"""\{\{\s*
    (?:
        (?P<owner>env|row) (?: \.(?P<attribute>[^\W\d]\w*) | \[(?P<q>["'])(?P<item>[^"'\\]*)(?P=q)\] )
        | (?P<column>[^\W\d]\w*)
    )
    \s*(?P<safe>\|\s*safe\s*)?\}\}""",
    re.VERBOSE,
)
_BREAK = re.compile(r"\r\n?")
"""What Jinja makes a line feed."""
_BEYOND = re.compile(r"\{[%#]")
"""Tags and comments."""
_NOT_COLUMNS = frozenset(
    ["env", "row", "range", "namespace", "self", "not", "true", "True", "false", "False", "none", "None"]
)
"""Names that mean something else to Jinja."""


class _Place(Struct, frozen=True):
    name: str
    owner: str | None
    """`env`, `row`, or none."""
    escape: Escape


class SimpleTemplate:
    """The text and the places of a template, in order."""

    def __init__(self, parts: list[str | _Place]) -> None:
        """Of `simple_template`; `bind` comes before any text."""
        self._parts = parts
        self._steps: list[tuple[Escape | None, str | None, str]] = []
        places = [part for part in parts if isinstance(part, _Place)]
        self.references = References(
            frozenset(place.name for place in places if place.owner != "env"),
            frozenset(place.name for place in places if place.owner == "env"),
        )

    def bind(self, env: Mapping[str, str]) -> None:
        """Take the values of the environment variables that it refers to."""
        self._steps = [
            (None, None, part)
            if isinstance(part, str)
            else (part.escape, None, env[part.name])
            if part.owner == "env"
            else (part.escape, part.name, "")
            for part in self._parts
        ]

    def text(self, columns: Mapping[str, Any]) -> str:
        """Render for one row; raises UndefinedValueError, and whatever a value cannot do."""
        try:
            return "".join(
                [
                    text if escape is None else escape(columns[column] if column is not None else text)
                    for escape, column, text in self._steps
                ]
            )
        except KeyError:
            raise UndefinedValueError(self._undefined(columns)) from None

    def _undefined(self, columns: Mapping[str, Any]) -> str:
        """In Jinja's words."""
        missing = next(
            part
            for part in self._parts
            if isinstance(part, _Place) and part.owner != "env" and part.name not in columns
        )
        if missing.owner is None:
            return f"{missing.name!r} is undefined"
        return f"'dict object' has no attribute {missing.name!r}"


def simple_template(source: str, escape: Escape) -> SimpleTemplate | None:
    """The template as text and places; None where it says more than `{{ column }}`, `{{ env.NAME }}` and `| safe`."""
    source = _BREAK.sub("\n", source)
    if _BEYOND.search(source):
        return None
    parts: list[str | _Place] = []
    at = 0
    while (begun := source.find("{{", at)) >= 0:
        place = _PLACE.match(source, begun)
        if place is None:
            return None
        owner, item = place["owner"], place["item"]
        name = place["column"] or place["attribute"] or item
        if item is None and not name.isidentifier():
            return None
        # Where there is no column `items`, `row.items` is a method to Jinja.
        if (owner is None and name in _NOT_COLUMNS) or (owner == "row" and hasattr({}, name)):
            return None
        parts += source[at:begun], _Place(name, owner, plain_value if place["safe"] else escape)
        at = place.end()
    return SimpleTemplate([part for part in (*parts, source[at:]) if part])
