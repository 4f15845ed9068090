"""A request as one line of CSV (RFC 4180), safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from itertools import islice

import msgspec

from ..model import State
from ..moments import Moments
from .jsonl import text_or_base64
from .records import JournalRows, Record

OWN_COLUMNS = ("url", "state", "status", "bytes", "attempts", "elapsed_ms", "finished_at", "error", "body")
"""What follows the input's own columns."""

_BATCH = 256
_FORMULA = frozenset("=+-@\t\r\n＝＋－＠")
"""What a formula begins with."""
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_LABELS = {int(state): state.label for state in State}
_SUCCEEDED = int(State.SUCCEEDED)
_read_row = msgspec.json.Decoder(dict[str, object]).decode


def csv_lines(rows: JournalRows) -> Iterator[tuple[int, bytes]]:
    """The export in pieces of whole lines, UTF-8: how many requests they hold, and their bytes."""
    names = input_columns(rows)
    yield 0, _encode([[cell(name) for name in (*names, *own_names(names))]])
    moments = Moments()
    cells = (_cells(record, names, moments) for record in rows.records())
    while batch := list(islice(cells, _BATCH)):
        yield len(batch), _encode(batch)


def input_columns(rows: JournalRows) -> tuple[str, ...]:
    """The input's columns in the order they first appear; rows of JSON may differ in theirs."""
    names: dict[str, None] = {}
    for row in rows.columns():
        found = _read_row(row).keys()
        if not found <= names.keys():
            names.update(dict.fromkeys(found))
    return tuple(names)


def own_names(taken: tuple[str, ...]) -> list[str]:
    """The names of our own columns, with a number after those that the input has already taken."""
    used = set(taken)
    names: list[str] = []
    for name in OWN_COLUMNS:
        free, number = name, 2
        while free in used:
            free, number = f"{name}_{number}", number + 1
        used.add(free)
        names.append(free)
    return names


def cell(value: object) -> str:
    """A value as a cell: text that a spreadsheet would take for a formula gets an apostrophe before it.

    Plain numbers such as -33.86 stay as they are. The rule is OWASP's for CSV injection.
    """
    if value is None:
        return ""
    if isinstance(value, str):
        text = value
    elif isinstance(value, (bool, dict, list)):
        text = msgspec.json.encode(value).decode()
    else:
        text = str(value)
    if text and text[0] in _FORMULA and not _NUMBER.fullmatch(text):
        return "'" + text
    return text


def _cells(record: Record, names: tuple[str, ...], moments: Moments) -> list[str]:
    _, row, _, url, state, status, kind, message, size, attempts, elapsed_ms, ended_at = record[:12]
    _, body, body_path = record[12:]
    columns = _read_row(row)
    return [cell(columns.get(name)) for name in names] + [
        cell(url),
        _LABELS[state],
        cell(status),
        cell(size),
        cell(attempts),
        cell(round(elapsed_ms * 1000) / 1000) if elapsed_ms is not None else "",
        moments[round(ended_at * 1000)] if ended_at is not None else "",
        cell(f"{kind}: {message}") if kind and state != _SUCCEEDED else "",
        cell(_body(body, body_path)),
    ]


def _body(body: bytes | None, path: str | None) -> str | None:
    """Text as it is, a large body's file relative to the run folder, else a data URL (RFC 2397)."""
    if path is not None:
        return path
    text, encoded = text_or_base64(body)
    return f"data:;base64,{encoded}" if isinstance(encoded, str) else text if text else None


def _encode(rows: list[list[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode("utf-8", "replace")
