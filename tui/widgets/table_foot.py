"""The last line of a table: where one is, how many rows are marked, their order, and whether it follows."""

from __future__ import annotations

from msgspec import Struct

from ..figures import count
from ..spans import Line, Span, cut, width_of
from .columns import Tone
from .table_sort import Sorting


class Foot(Struct, frozen=True):
    """What the line tells."""

    position: int
    """0-based, of the cursor."""
    rows: int
    marked: int = 0
    everything: bool = False
    """All rows are marked, those that come too."""
    sorting: Sorting | None = None
    busy: str = ""
    """What is being done to the rows, such as `sorting`."""
    following: bool | None = None
    """Whether the newest rows are followed; None where none are."""
    new: int = 0
    """Rows that came since they were last followed."""


def foot_line(foot: Foot, width: int) -> Line:
    """`▸ 12 of 1,200 · ● 3 marked · ▼ by latency        37 new ↓ G`; what does not fit is left out from its end."""
    sign = follow_sign(foot)
    room = width - width_of(sign) - 1
    line: list[Span] = [Span(" ")]
    for part in _parts(foot):
        gap = Span(" · " if len(line) > 1 else "", Tone.MUTED)
        if width_of((*line, gap, part)) > room:
            break
        line += [gap, part]
    if len(line) == 1 and width_of(sign) > width:
        return cut((), width)
    spare = width - width_of(tuple(line)) - width_of(sign)
    return cut((*line, Span(" " * max(0, spare)), *sign), width)


def follow_sign(foot: Foot) -> Line:
    """Whether the newest rows are followed, and how to follow them again; a click on it does."""
    if foot.following is None:
        return ()
    if foot.following:
        return (Span("following ↓ ", Tone.GOOD),)
    if foot.new:
        return (Span(f"{count(foot.new)} new ↓ ", Tone.WARN), Span("G follows ", Tone.MUTED))
    return (Span("G follows ↓ ", Tone.MUTED),)


def _parts(foot: Foot) -> tuple[Span, ...]:
    parts: list[Span] = []
    if foot.rows:
        parts.append(Span(f"{count(foot.position + 1)} of {count(foot.rows)}", Tone.MUTED))
    if foot.marked:
        every = "all " if foot.everything else ""
        parts.append(Span(f"● {every}{count(foot.marked)} marked", Tone.ACCENT))
    if foot.sorting is not None:
        parts.append(Span(f"{foot.sorting.glyph} by {foot.sorting.title}", Tone.ACCENT))
    if foot.busy:
        parts.append(Span(f"{foot.busy}…", Tone.MUTED))
    return tuple(parts)
