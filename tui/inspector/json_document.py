"""JSON as a tree of lines: scanned once into flat arrays, each line made of the text when it comes into sight."""

from __future__ import annotations

import re
from array import array
from collections.abc import Sequence

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


class NotJson(ValueError):
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
        tail = Span(f" {'}' if opener == '{' else ']'} {count:,} {noun}", Tone.MUTED)
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
    """Make the tree of a text that holds one value or several of them; raises NotJson. For a thread: it takes time."""
    return _Scanner(text).scan(pauses)


class _Scanner:
    """Reads tokens into lines; a stack of open blocks, so that no depth is too deep."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._starts, self._stops = array("Q"), array("Q")
        self._depths = array("L")
        self._ends: list[tuple[int, int]] = []
        self._counts: dict[int, int] = {}
        self._open: list[tuple[int, str]] = []

    def scan(self, pauses: Pauses) -> JsonDocument:
        expected, begun = "value", -1
        for match in _TOKEN.finditer(self._text):
            token, end = match[0], match.end()
            start = match.start() if begun < 0 else begun
            if expected == "colon":
                if token != ":":
                    raise NotJson
                expected = "value"
            elif expected in ("value", "value or end") and token in "{[":
                self._begin(start, end, token)
                expected, begun = ("key or end" if token == "{" else "value or end"), -1
            elif token in "}]" and expected in ("comma", "key or end", "value or end"):
                self._end(match.start(), end, token)
                expected = "comma" if self._open else "value"
            elif token == "," and expected == "comma" and self._open:
                self._stops[-1] = end
                expected = "key" if self._open[-1][1] == "{" else "value"
            elif expected in ("key", "key or end") and token[0] == '"' and _SCALAR.fullmatch(token):
                begun, expected = match.start(), "colon"
            elif expected in ("value", "value or end") and _SCALAR.fullmatch(token):
                self._add(start, end)
                expected, begun = ("comma" if self._open else "value"), -1
            else:
                raise NotJson
            pauses.tick()
        if self._open or begun >= 0 or not self._starts:
            raise NotJson
        return self._made()

    def _add(self, start: int, end: int) -> None:
        self._starts.append(start)
        self._stops.append(end)
        self._depths.append(len(self._open))
        if self._open:
            self._counts[self._open[-1][0]] += 1

    def _begin(self, start: int, end: int, token: str) -> None:
        self._add(start, end)
        line = len(self._starts) - 1
        self._counts[line] = 0
        self._open.append((line, token))

    def _end(self, start: int, end: int, token: str) -> None:
        if not self._open or self._open[-1][1] + token not in ("{}", "[]"):
            raise NotJson
        line, _ = self._open.pop()
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
