"""The first requests as text, one below the other."""

from __future__ import annotations

from textual.content import Content

from ....core.printable import printable, printable_lines
from ...setup.preview import FirstRows, Preview, Rendered

_MOST = 2_000
"""Characters of a URL or body that are shown."""
_NAMES = 12
"""Columns that are named."""


def heading(source: str, rows: FirstRows) -> Content:
    """The input and its columns."""
    names = ", ".join(rows.columns[:_NAMES])
    more = f" and {len(rows.columns) - _NAMES} more" if len(rows.columns) > _NAMES else ""
    return Content.assemble((printable(source), "bold $primary"), f" · columns: {printable(names)}{more}")


def drawn(preview: Preview) -> Content:
    """Every request, or what is wrong with its row."""
    lines = [Content.styled(printable(row[:_MOST]), "$text-muted") for row in preview.rows]
    for one in preview.requests:
        lines += _lines(one)
    return Content("\n").join(lines)


def _lines(one: Rendered) -> list[Content]:
    if one.error:
        return [Content.assemble((f"line {one.line} ", "$text-muted"), (printable(one.error), "$text-error"))]
    first = Content.assemble(
        (f"line {one.line} ", "$text-muted"),
        (printable(one.method), "bold"),
        f" {printable(one.url[:_MOST])}",
    )
    fields = [
        Content.assemble("    ", (f"{printable(name)}: ", "$text-muted"), printable(value[:_MOST]))
        for name, value in one.headers
    ]
    body = [Content(f"    {line}") for line in printable_lines(one.body[:_MOST]).splitlines()]
    return [first, *fields, *body]
