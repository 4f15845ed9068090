"""A request as one line of JSON."""

from __future__ import annotations

import base64
from collections.abc import Iterator

import msgspec
from msgspec import UNSET, Raw, UnsetType

from ..model import State
from ..moments import Moments
from ..printable import safe_json
from .records import JournalRows

_HEADER_LINES_HELD = 20_000


class Problem(msgspec.Struct, frozen=True, gc=False):
    """Why something did not succeed."""

    kind: str
    message: str | None


class AttemptLine(msgspec.Struct, frozen=True, gc=False):
    """One attempt within a line."""

    n: int
    started: str
    elapsed_ms: float
    status: int | None
    error: Problem | None


class Line(msgspec.Struct, frozen=True, gc=False):
    """One request; the order of the fields is the order of the keys. One of the three bodies is set."""

    id: int
    row: Raw
    method: str
    url: str
    state: str
    status: int | None
    headers: Raw
    body: str | UnsetType | None
    """The body as text, or null where there was no reply."""
    body_base64: str | UnsetType
    """A body that is not UTF-8."""
    body_path: str | UnsetType
    """A large body's file, relative to the run folder."""
    bytes: int | None
    attempts: list[AttemptLine]
    error: Problem | None
    elapsed_ms: float | None
    finished_at: str | None


def jsonl(rows: JournalRows) -> Iterator[tuple[int, bytes]]:
    """The export in pieces of whole lines: how many lines, and their bytes."""
    encoder = msgspec.json.Encoder()
    for lines in _lines(rows):
        yield len(lines), encoder.encode_lines(lines)


def jsonl_to_print(rows: JournalRows) -> Iterator[tuple[int, bytes]]:
    """The same objects with all escaped that would act on a terminal, hide or reorder text: for standard output."""
    for lines, data in jsonl(rows):
        harmless = data.isascii() and b"\x7f" not in data
        yield lines, data if harmless else safe_json(data.decode()).encode()


def _lines(rows: JournalRows) -> Iterator[list[Line]]:
    lines: list[Line] = []
    at = -1
    tried: list[AttemptLine] = []
    headers, moments = HeaderLines(), Moments()
    raw_before, pairs = None, headers.pairs(None)
    # One loop that calls little: each call for a row, or for an attempt, costs a hundredth of the whole and more.
    for block in rows.tries():
        for (
            id_, row, method, url, state, status, kind, message, size, _, elapsed_ms, ended_at,
            raw_headers, body, body_path, n, started, took_ms, came_to, failed_by, why,
        ) in block:  # fmt: skip
            # A third of the time that it takes to round to digits.
            rounded = round(elapsed_ms * 1000) / 1000 if elapsed_ms is not None else None
            if id_ != at:
                at = id_
                tried = []
                try:
                    text, encoded = None if body is None else str(body, "utf-8"), UNSET
                except UnicodeDecodeError:
                    text, encoded = text_or_base64(body)
                if raw_headers != raw_before:
                    # Often they are those of the reply before.
                    raw_before, pairs = raw_headers, headers.pairs(raw_headers)
                lines.append(
                    Line(
                        id_,
                        Raw(row),
                        method,
                        url,
                        _LABELS[state],
                        status,
                        pairs,
                        UNSET if body_path is not None else text,
                        encoded,
                        body_path if body_path is not None else UNSET,
                        size,
                        tried,
                        Problem(kind, message) if kind is not None and state != _SUCCEEDED else None,
                        rounded,
                        moments[round(ended_at * 1000)] if ended_at is not None else None,
                    )
                )
            if n is not None:
                # Mostly it is the only attempt, which took what the request did.
                took = round(took_ms * 1000) / 1000 if rounded is None or took_ms != elapsed_ms else rounded
                problem = Problem(failed_by, why) if failed_by is not None else None
                tried.append(AttemptLine(n, moments[round(started * 1000)], took, came_to, problem))
        # The last one may have further attempts in the next block.
        last = lines.pop()
        yield lines
        lines = [last]
    if lines:
        yield lines


_LABELS = {int(state): state.label for state in State}
_SUCCEEDED = int(State.SUCCEEDED)


def text_or_base64(body: bytes | None) -> tuple[str | UnsetType | None, str | UnsetType]:
    """A body as text where it is UTF-8, else as base64."""
    if body is None:
        return None, UNSET
    try:
        return body.decode(), UNSET
    except UnicodeDecodeError:
        return UNSET, base64.b64encode(body).decode()


class HeaderLines(dict[bytes, bytes]):
    """JSON pairs by raw header line: servers repeat most lines with every reply."""

    def __missing__(self, line: bytes) -> bytes:
        name, _, value = line.partition(b":")
        pair = msgspec.json.encode((_text(name), _text(value.strip())))
        if len(self) < _HEADER_LINES_HELD:
            self[line] = pair
        return pair

    def pairs(self, raw: bytes | None) -> Raw:
        """A JSON list of pairs from field lines joined by CRLF."""
        pairs = map(self.__getitem__, raw.split(b"\r\n")) if raw else ()
        return Raw(b"[" + b",".join(pairs) + b"]")


def _text(raw: bytes) -> str:
    """UTF-8 where it is, else Latin-1 (RFC 9110, section 5.5)."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")
