"""HTML and XML as a tree of lines; what does not nest well is shown as it stands."""

from __future__ import annotations

import re
from array import array
from collections.abc import Sequence

from ...core.printable import printable
from ..pauses import Pauses
from ..spans import Line, Span
from ..widgets.columns import Tone

_DEEPEST = 20
_LONGEST = 20_000
"""Characters of one line; the raw view has the rest."""
_ONE_LINE = 100
"""Characters that an element may have to stand in one line."""
_LOOKED_AT = 64
"""Open elements that an end tag may belong to, counted from the innermost."""
_OPEN_UP_TO = 3_000
_VOID = frozenset(
    (
        "area",
        "base",
        "br",
        "col",
        "embed",
        "hr",
        "img",
        "input",
        "link",
        "meta",
        "param",
        "source",
        "track",
        "wbr",
    )
)
_RAW = {name: re.compile(f"</{name}", re.IGNORECASE) for name in ("script", "style", "textarea")}
_TAG = re.compile(r"<(/?)([A-Za-z_][^\s<>/]*)([^<>]*)>")
_PARTS = re.compile(
    r"""(?P<tag></?[A-Za-z_][^\s<>/"'=]*|/?>)|(?P<value>"[^"]*"|'[^']*')|(?P<name>[^\s"'<>=/]+)"""
)
_WHOLE = {"<!--": "-->", "<![CDATA[": "]]>", "<?": "?>", "<!": ">"}
_SPACES = re.compile(r"\s+")


class MarkupDocument:
    """Elements that fold, indented by their depth; white space between them is left out."""

    def __init__(self, text: str, lines: Sequence[tuple[int, int, int]], ends: Sequence[int]) -> None:
        """A line is a slice of `text` and its depth."""
        self._source, self._lines, self.ends = text, lines, ends

    def __len__(self) -> int:
        return len(self._lines)

    def text(self, line: int) -> str:
        """One line, indented."""
        return "".join(span.text for span in self.spans(line))

    def spans(self, line: int) -> Line:
        """One line with tags, attributes and their values told apart."""
        start, stop, depth = self._lines[line]
        longer = stop - start - _LONGEST
        shown = self._source[start : start + _LONGEST] if longer > 0 else self._source[start:stop]
        tail = (Span(f" … {longer:,} more characters: v shows them", Tone.WARN),) if longer > 0 else ()
        indent = Span("  " * min(depth, _DEEPEST))
        return (indent, *paint_markup(_SPACES.sub(" ", shown)), *tail)

    def folded(self, line: int, room: int) -> Line:
        """How much is folded away."""
        n = self.ends[line] - line
        return (Span(f" … {n:,} {'line' if n == 1 else 'lines'}", Tone.MUTED),)

    def fits(self, line: int, width: int) -> bool:
        """By the length of the slice, which white space can only make shorter."""
        start, stop, depth = self._lines[line]
        return 2 * min(depth, _DEEPEST) + stop - start <= width and self._source[start:stop].isascii()

    def first_folds(self) -> list[int]:
        """What is folded when a large document is opened."""
        return [] if len(self) <= _OPEN_UP_TO else self._blocks(2)

    def all_folds(self) -> Sequence[int]:
        """Every block below the outermost."""
        return self._blocks(1) or self._blocks(0)

    def _blocks(self, depth: int) -> list[int]:
        return [n for n, line in enumerate(self._lines) if line[2] >= depth and self.ends[n] > n]


def paint_markup(text: str) -> Line:
    """A piece of markup in colours."""
    spans: list[Span] = []
    at = 0
    for tag in re.finditer(r"<!--.*?(?:-->|$)|<[!?/A-Za-z_][^<>]*>", text, re.DOTALL):
        spans += [Span(printable(text[at : tag.start()]))] if tag.start() > at else []
        spans += _tag(tag[0])
        at = tag.end()
    return (*spans, Span(printable(text[at:])))


def _tag(text: str) -> list[Span]:
    if text.startswith(("<!", "<?")):
        return [Span(printable(text), Tone.MUTED)]
    spans: list[Span] = []
    at = 0
    for part in _PARTS.finditer(text):
        if part.start() > at:
            spans.append(Span(printable(text[at : part.start()]), Tone.MUTED))
        tone = {"tag": Tone.TITLE, "value": Tone.GOOD, "name": Tone.ACCENT}[part.lastgroup or "tag"]
        spans.append(Span(printable(part[0]), tone))
        at = part.end()
    return [*spans, Span(printable(text[at:]), Tone.MUTED)] if at < len(text) else spans


def read_markup(text: str, *, html: bool, pauses: Pauses) -> MarkupDocument:
    """Make the tree of a text. Never raises; takes time in proportion to the text, on a thread."""
    return _Scanner(text, html=html).scan(pauses)


class _Scanner:
    """One pass over the text with a stack of open elements."""

    def __init__(self, text: str, *, html: bool) -> None:
        self._text, self._html = text, html
        self._lines: list[tuple[int, int, int]] = []
        self._open: list[tuple[str, int]] = []
        self._ends: list[tuple[int, int]] = []
        self._missing: set[str] = set()

    def scan(self, pauses: Pauses) -> MarkupDocument:
        text, at = self._text, 0
        while at < len(text):
            pauses.tick()
            mark = text.find("<", at)
            self._words(at, len(text) if mark < 0 else mark)
            if mark < 0:
                break
            at = self._markup(mark)
        for _, line in self._open:
            self._ends.append((line, len(self._lines) - 1))
        ends = array("L", range(len(self._lines)))
        for line, last in self._ends:
            ends[line] = max(line, last)
        return MarkupDocument(text, self._lines, ends)

    def _markup(self, at: int) -> int:
        """Take in what begins with `<`, and tell where it ends."""
        for begin, end in _WHOLE.items():
            if self._text.startswith(begin, at):
                return self._whole(at, begin, end)
        tag = _TAG.match(self._text, at)
        if tag is None:
            self._add(at, at + 1)
            return at + 1
        closing, name, rest = tag[1], tag[2], tag[3]
        name = name.lower() if self._html else name
        if closing:
            self._close(tag.start(), tag.end(), name)
            return tag.end()
        self._add(tag.start(), tag.end())
        if rest.endswith("/") or (self._html and name in _VOID):
            return tag.end()
        self._open.append((name, len(self._lines) - 1))
        return self._raw(name, tag.end())

    def _whole(self, at: int, begin: str, end: str) -> int:
        stop = -1 if begin in self._missing else self._text.find(end, at + len(begin))
        if stop < 0:
            # Remembered, since looking for what is not there costs the whole rest of the text each time.
            self._missing.add(begin)
            self._add(at, at + len(begin))
            return at + len(begin)
        self._add(at, stop + len(end))
        return stop + len(end)

    def _raw(self, name: str, at: int) -> int:
        """Scripts and styles are text up to their own end tag."""
        if not self._html or name not in _RAW or name in self._missing:
            return at
        end = _RAW[name].search(self._text, at)
        if end is None:
            self._missing.add(name)
            return at
        self._words(at, end.start())
        return end.start()

    def _words(self, start: int, stop: int) -> None:
        """Add text, a line for each of its own, without the white space around it."""
        while start < stop:
            end = self._text.find("\n", start, stop)
            end = stop if end < 0 else end
            begin, last = start, end
            while begin < last and self._text[begin].isspace():
                begin += 1
            while last > begin and self._text[last - 1].isspace():
                last -= 1
            if begin < last:
                self._add(begin, last)
            start = end + 1

    def _close(self, start: int, stop: int, name: str) -> None:
        depth = next(
            (n for n, (open_, _) in enumerate(self._open[: -_LOOKED_AT - 1 : -1]) if open_ == name), -1
        )
        if depth < 0:
            self._add(start, stop)
            return
        last = len(self._lines) - 1
        for _ in range(depth):
            self._ends.append((self._open.pop()[1], last))
        _, line = self._open.pop()
        begin = self._lines[line][0]
        if line >= last - 1 and stop - begin <= _ONE_LINE and "\n" not in self._text[begin:stop]:
            # An element with nothing but a word in it stands in one line.
            del self._lines[line + 1 :]
            self._lines[line] = (begin, stop, len(self._open))
            return
        self._add(start, stop)
        self._ends.append((line, len(self._lines) - 1))

    def _add(self, start: int, stop: int) -> None:
        self._lines.append((start, stop, len(self._open)))
