"""Where in a TOML document each key stands: tomllib tells positions only of what it refuses."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping

Way = tuple[str | int, ...]
"""How to come to a value from the top: `("header", "Accept")`, `("ok-if", 1)`."""

_GAP = re.compile(r"(?:[ \t\n]|#[^\n]*)*")
_BLANK = re.compile(r"[ \t]*")
_BASIC = r'"(?:\\.|[^"\\\n])*"'
_LITERAL = r"'[^'\n]*'"
_KEY = re.compile(rf"[A-Za-z0-9_-]+|{_BASIC}|{_LITERAL}")
_SCALAR = re.compile(
    r'"""(?:\\.|[^\\])*?"""(?!")' + r"|'''.*?'''(?!')" + rf"|{_BASIC}|{_LITERAL}|[^,\]\}}#\n]+",
    re.DOTALL,
)
"""A number or a date ends with what comes behind it; a date may have a space in it."""


def key_lines(text: str) -> Mapping[Way, int]:
    """The 1-based line of every key, table and array element of a document that tomllib accepts.

    A key that comes more than once, as a table or in dotted keys, has the line of the first time. Raises
    RecursionError for arrays in arrays a few hundred deep.
    """
    scan = _Scan(text.replace("\r\n", "\n"))
    scan.document()
    return scan.lines


class _Scan:
    """One pass from the top to the end; it relies on the document being valid."""

    def __init__(self, text: str) -> None:
        self.lines: dict[Way, int] = {}
        self._text = text
        self._at = 0
        self._starts = [0, *(match.end() for match in re.finditer("\n", text))]
        self._tables: dict[Way, int] = {}
        """How many tables an array of tables (`[[name]]`) has so far."""

    def document(self) -> None:
        """Everything."""
        base: Way = ()
        while self._next(_GAP) is not None and self._at < len(self._text):
            if self._takes("[["):
                base = self._table(array=True)
            elif self._takes("["):
                base = self._table(array=False)
            else:
                self._pair(base)

    def _table(self, *, array: bool) -> Way:
        line, keys = self._line, self._keys()
        self._at += 2 if array else 1
        way: Way = ()
        for number, key in enumerate(keys, start=1):
            way += (key,)
            self.lines.setdefault(way, line)
            if array and number == len(keys):
                self._tables[way] = self._tables.get(way, 0) + 1
            if way in self._tables:
                way += (self._tables[way] - 1,)
                self.lines.setdefault(way, line)
        return way

    def _pair(self, base: Way) -> None:
        line, way = self._line, base
        for key in self._keys():
            way += (key,)
            self.lines.setdefault(way, line)
        self._at += 1  # the equals sign
        self._next(_BLANK)
        self._value(way)

    def _keys(self) -> list[str]:
        # Loaded here, because its patterns cost a start time that only a file is worth.
        import tomllib

        keys: list[str] = []
        while True:
            self._next(_BLANK)
            key = self._next(_KEY) or ""
            keys.append(tomllib.loads(f"_={key}")["_"] if key[:1] in "\"'" else key)
            self._next(_BLANK)
            if not self._takes("."):
                return keys

    def _value(self, way: Way) -> None:
        if self._takes("["):
            number = 0
            while not self._closes("]"):
                self.lines[*way, number] = self._line
                self._value((*way, number))
                number += 1
        elif self._takes("{"):
            while not self._closes("}"):
                self._pair(way)
        else:
            self._next(_SCALAR)

    def _closes(self, bracket: str) -> bool:
        """Go on to the next element; whether there is none."""
        self._next(_GAP)
        self._takes(",")
        self._next(_GAP)
        return self._takes(bracket) or self._at >= len(self._text)

    @property
    def _line(self) -> int:
        return bisect_right(self._starts, self._at)

    def _takes(self, mark: str) -> bool:
        found = self._text.startswith(mark, self._at)
        self._at += len(mark) if found else 0
        return found

    def _next(self, pattern: re.Pattern[str]) -> str | None:
        match = pattern.match(self._text, self._at)
        self._at = match.end() if match is not None else len(self._text)
        return match[0] if match is not None else None
