"""Lines of coloured text as plain values: composed and measured by pure functions, drawn by `Lines`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from rich.cells import cell_len, set_cell_size

from .widgets.columns import Tone


class Span(NamedTuple):
    """A piece of one line; its text is already printable."""

    text: str
    tone: Tone = Tone.PLAIN
    action: str = ""
    """The Textual action that a click on it runs; empty for none."""


Line = tuple[Span, ...]
_NARROW = re.compile(r"[ -~·×–—‖…←-⇿−⊘─-◼⚠✓✗⠀-⣿]*").fullmatch
"""ASCII and what our own lines draw: glyphs of states, arrows, bars, frames, braille, all of one cell each."""


def width_of(line: Line) -> int:
    """Cells that a line takes."""
    text = text_of(line)
    return len(text) if _NARROW(text) else sum(cell_len(span.text) for span in line)


def text_of(line: Line) -> str:
    """The line without its colours."""
    return "".join(span.text for span in line)


def cut(line: Line, width: int) -> Line:
    """The line in at most `width` cells; an ellipsis says that it was longer."""
    if width_of(line) <= width:
        return line
    kept: list[Span] = []
    left = max(0, width - 1)
    for span in line:
        used = cell_len(span.text)
        if used > left:
            kept.append(span._replace(text=set_cell_size(span.text, left)))
            break
        kept.append(span)
        left -= used
    return (*kept, Span("…" if width > 0 else "", Tone.MUTED))


def justify(left: Line, right: Line, width: int) -> Line:
    """One part at each edge; the right one is dropped, then the left one cut, where both do not fit."""
    gap = width - width_of(left) - width_of(right)
    if gap < 2:
        return cut(left, width)
    return (*left, Span(" " * gap), *right)


def join(parts: Iterable[Line], gap: str) -> Line:
    """Parts one after the other with a muted gap between them."""
    joined: list[Span] = []
    for part in parts:
        if joined:
            joined.append(Span(gap, Tone.MUTED))
        joined.extend(part)
    return tuple(joined)


def fill(share: float, width: int, tone: Tone, glyphs: str) -> Line:
    """A bar of `width` cells, filled to a share between 0 and 1; more than nothing is always seen."""
    filled = min(width, max(round(share * width), 1 if share > 0 else 0))
    return (Span(glyphs[0] * filled, tone), Span(glyphs[1] * (width - filled), Tone.MUTED))
