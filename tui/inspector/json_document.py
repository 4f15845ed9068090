"""JSON as a tree of lines: scanned once into flat arrays, each line made of the text when it comes into sight."""

from __future__ import annotations

import re
from array import array
from collections.abc import Sequence
from enum import Enum, auto

from ...core.printable import printable
from ..pauses import Pauses
from ..spans import Line, Span, cut
from ..widgets.columns import Tone

_DEEPEST = 40
"""Levels that are indented: deeper ones would be mostly spaces."""
_LONGEST = 20_000
"""Characters of one line; the raw view has the rest."""
_PREVIEW = 400
"""Characters of a folded block that its preview is made of."""
_OPEN_UP_TO = 3_000
"""Lines of a tree that is opened whole."""
_TOKEN = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[{}\[\],:]|[^\s{}\[\],:"]+', re.DOTALL)
_SCALAR = re.compile(
    r'"[^"\\]*+(?:\\.[^"\\]*+)*+"|-?(?:0|[1-9]\d*+)(?:\.\d++)?(?:[eE][+-]?\d++)?|true|false|null|NaN|-?Infinity',
    re.DOTALL,
)


class NotJsonError(ValueError):
    """The text is no JSON."""


class JsonDocument:
    """A tree whose numbers, doubled keys and order stay as they came."""

    def __init__(self, text: str, starts: array[int], stops: array[int], depths: array[int]) -> None:
        """One entry a line: the slice of `text` that it shows, and how deep it stands."""
        self._source, self._starts, self._stops, self._depths = text, starts, stops, depths
        self.ends: array[int] = array("L", range(len(starts)))
        self.counts: dict[int, int] = {}
        """How many members the block that begins in a line has."""

    def __len__(self) -> int:
        return len(self._starts)

    def text(self, line: int) -> str:
        """One line, indented."""
        return "".join(span.text for span in self.spans(line))

    def spans(self, line: int) -> Line:
        """One line with its keys, strings, numbers and words told apart."""
        start, stop = self._starts[line], self._stops[line]
        longer = stop - start - _LONGEST
        shown = self._source[start : start + _LONGEST] if longer > 0 else self._source[start:stop]
        indent = Span("  " * min(self._depths[line], _DEEPEST))
        tail = (Span(f" … {longer:,} more characters: v shows them", Tone.WARN),) if longer > 0 else ()
        return (indent, *paint(shown), *tail)

    def folded(self, line: int, room: int) -> Line:
        """The beginning of the block, and how many members it has."""
        head, end = self._stops[line], self._starts[self.ends[line]]
        count = self.counts.get(line, 0)
        opener = self._source[head - 1]
        noun = ("key" if opener == "{" else "item") + ("" if count == 1 else "s")
        tail = Span(f"{'}' if opener == '{' else ']'} {count:,} {noun}", Tone.MUTED)
        preview = paint(self._source[head : min(end, head + _PREVIEW)])
        return (*cut(preview, max(1, room - len(tail.text))), tail)

    def fits(self, line: int, width: int) -> bool:
        """By the length of the slice: a space may come behind each of its two marks."""
        start, stop = self._starts[line], self._stops[line]
        if 2 * min(self._depths[line], _DEEPEST) + stop - start + 2 > width:
            return False
        return self._source.isascii() or self._source[start:stop].isascii()

    def first_folds(self) -> list[int]:
        """What is folded when the tree is opened: of a large one all but the outermost level."""
        if len(self) <= _OPEN_UP_TO:
            return []
        return [line for line in self.counts if self._depths[line] > 0]

    def all_folds(self) -> Sequence[int]:
        """Every block below the outermost."""
        return [line for line in self.counts if self._depths[line] > 0] or list(self.counts)


def paint(text: str) -> Line:
    """A piece of JSON with one space behind its colons and none elsewhere."""
    spans: list[Span] = []
    parts: list[str] = _TOKEN.findall(text)
    for number, part in enumerate(parts):
        following = parts[number + 1] if number + 1 < len(parts) else ""
        if part == ":" or (part == "," and following):
            spans.append(Span(f"{part} ", Tone.MUTED))
        else:
            spans.append(Span(printable(part), _tone(part, following)))
    return tuple(spans)


def read_json(text: str, pauses: Pauses) -> JsonDocument:
    """Make the tree of a text of one value or several; raises NotJsonError. For a thread: it takes time."""
    return _Scanner(text).scan(pauses)


class _Due(Enum):
    """What may come next."""

    VALUE = auto()
    VALUE_OR_END = auto()
    KEY = auto()
    KEY_OR_END = auto()
    COLON = auto()
    COMMA_OR_END = auto()


_VALUES = (_Due.VALUE, _Due.VALUE_OR_END)
_KEYS = (_Due.KEY, _Due.KEY_OR_END)
_ENDS = (_Due.COMMA_OR_END, _Due.KEY_OR_END, _Due.VALUE_OR_END)


class _Scanner:
    """Reads the parts of a text into lines; a stack of open blocks, so that no depth is too deep."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._starts, self._stops = array("Q"), array("Q")
        self._depths = array("L")
        self._ends: list[tuple[int, int]] = []
        self._counts: dict[int, int] = {}
        self._open: list[tuple[int, str]] = []
        self._due = _Due.VALUE
        self._key = -1
        """Where the key of the value that is due begins; -1 without one."""

    def scan(self, pauses: Pauses) -> JsonDocument:
        for match in _TOKEN.finditer(self._text):
            part = match[0]
            if part in ":,":
                self._mark(part, match.end())
            elif part in "}]":
                self._end(match.start(), match.end(), part)
            elif self._due in _KEYS and part[0] == '"' and _SCALAR.fullmatch(part):
                self._key, self._due = match.start(), _Due.COLON
            elif self._due not in _VALUES:
                raise NotJsonError
            else:
                self._value(match.start() if self._key < 0 else self._key, match.end(), part)
            pauses.tick()
        if self._open or not self._starts:
            raise NotJsonError
        return self._made()

    def _mark(self, part: str, end: int) -> None:
        """A colon or comma where one is due."""
        if part == ":" and self._due is _Due.COLON:
            self._due = _Due.VALUE
        elif part == "," and self._due is _Due.COMMA_OR_END:
            self._stops[-1] = end
            self._due = _Due.KEY if self._open[-1][1] == "{" else _Due.VALUE
        else:
            raise NotJsonError

    def _value(self, start: int, end: int, part: str) -> None:
        self._key = -1
        if part in "{[":
            self._begin(start, end, part)
            self._due = _Due.KEY_OR_END if part == "{" else _Due.VALUE_OR_END
        elif _SCALAR.fullmatch(part):
            self._add(start, end)
            self._due = _Due.COMMA_OR_END if self._open else _Due.VALUE
        else:
            raise NotJsonError

    def _add(self, start: int, end: int) -> None:
        self._starts.append(start)
        self._stops.append(end)
        self._depths.append(len(self._open))
        if self._open:
            self._counts[self._open[-1][0]] += 1

    def _begin(self, start: int, end: int, opener: str) -> None:
        self._add(start, end)
        line = len(self._starts) - 1
        self._counts[line] = 0
        self._open.append((line, opener))

    def _end(self, start: int, end: int, closer: str) -> None:
        if self._due not in _ENDS or not self._open or self._open[-1][1] + closer not in ("{}", "[]"):
            raise NotJsonError
        line, _ = self._open.pop()
        self._due = _Due.COMMA_OR_END if self._open else _Due.VALUE
        if not self._counts[line]:
            del self._counts[line]
            self._stops[-1] = end
            return
        self._starts.append(start)
        self._stops.append(end)
        self._depths.append(len(self._open))
        self._ends.append((line, len(self._starts) - 1))

    def _made(self) -> JsonDocument:
        document = JsonDocument(self._text, self._starts, self._stops, self._depths)
        for line, last in self._ends:
            document.ends[line] = last
        document.counts = self._counts
        return document


def _tone(part: str, following: str) -> Tone:
    if part[0] == '"':
        return Tone.ACCENT if following == ":" else Tone.GOOD
    if part in "{}[],:":
        return Tone.MUTED
    return Tone.TITLE if part in ("true", "false", "null") else Tone.WARN
