"""What a run without a dashboard prints of its first requests before it stops to be asked for the rest."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from ..core.detail import request_detail
from ..core.errors import FetchdeckError
from ..core.journal.ended_rows import ended_rows
from ..core.journal.reader import JournalReader
from ..core.journal.records import RequestDetail
from ..core.printable import printable
from .cells import clip
from .figures import count, milliseconds

_SHOWN = 10
"""Requests."""
_BODY_LINES = 8
_BODY_BYTES = 4_000
_CELLS = 110


async def canary_lines(journal: Path) -> list[str]:
    """The first requests with the beginnings of their replies, secrets masked: printable lines, not too many."""
    try:
        return await _read(journal)
    except (sqlite3.Error, FetchdeckError) as error:
        return [printable(f"The first requests cannot be shown: {error}")]


async def _read(journal: Path) -> list[str]:
    async with JournalReader(journal) as reader:
        ids = await ended_rows(reader, 1_000)
        lines: list[str] = []
        for number, request in enumerate(ids[:_SHOWN], start=1):
            detail = await request_detail(reader, request)
            if detail is not None:
                lines += _lines(detail, f"{number} of {count(len(ids))}")
    if len(ids) > _SHOWN:
        lines.append(f"({count(len(ids) - _SHOWN)} more: fetchdeck export has them.)")
    return lines


def _lines(detail: RequestDetail, place: str) -> list[str]:
    row, reply = detail.row, detail.response
    lines = [f"[{place}] {row.method} {row.url}"]
    lines += [f"    {name}: {value}" for name, value in detail.headers]
    took = "" if row.elapsed_ms is None else f" in {milliseconds(row.elapsed_ms)}"
    if reply is None:
        return [_line(line) for line in [*lines, f"  {row.kind}: {row.message}{took}"]]
    lines.append(f"  {row.status}{took}")
    kind = next((value for name, value in reply.headers if name.lower() == "content-type"), "")
    if kind:
        lines.append(f"    Content-Type: {kind}")
    return [_line(line) for line in lines] + [_line(f"    {line}") for line in _body(detail, kind)]


def _body(detail: RequestDetail, content_type: str) -> list[str]:
    # Loaded only here: other plain runs need none of it.
    from .body_text import body_text

    reply = detail.response
    if reply is None or not reply.bytes:
        return []
    if reply.body is None:
        return [f"({count(reply.bytes)} bytes, in {reply.body_path})"]
    text = body_text(reply.body[:_BODY_BYTES], content_type, cut=reply.bytes > _BODY_BYTES)
    cut = len(text.lines) > _BODY_LINES or reply.bytes > _BODY_BYTES
    return [*text.lines[:_BODY_LINES], *(["…"] if cut else [])]


def _line(text: str) -> str:
    return clip(printable(text[: 4 * _CELLS]), _CELLS)
