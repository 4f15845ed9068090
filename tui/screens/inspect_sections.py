"""One request in full as lines: what was asked, each attempt, what came back."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Iterator

from ...core.journal.records import AttemptRecord, RequestDetail, ResponseRecord
from ...core.model import Headers
from ...core.printable import printable
from ..body_text import body_text
from ..curl import curl_command
from ..spans import Line, Span, width_of
from ..widgets.columns import Tone
from ..widgets.journal_table_columns import failure_text, status_tone
from ..widgets.quantities import NONE, clock, latency, size

_WAITING, _TRANSFER = "░", "█"
_LEAST_BAR = 10
_INDENT = " " * 6
_NO_REQUEST = Span("This row could not become a request.", Tone.WARN)


def request_lines(detail: RequestDetail, width: int) -> list[Line]:
    """Everything but the response's body, for a screen of `width` cells."""
    row = detail.row
    asked = bool(row.url)
    lines = _asked(detail)
    if detail.columns:
        lines += _section(f"Row {row.id}, line {row.line} of the input")
        lines += [_field(name, _value(value)) for name, value in detail.columns.items()]
    if detail.attempts:
        lines += [*_section("Attempts"), *_attempts(detail.attempts, width)]
    elif asked:
        lines += [*_section("Attempts"), (Span("None yet.", Tone.MUTED),)]
    if detail.response is not None:
        lines += _response(detail.response)
    elif row.message:
        lines += [*_section("Failure"), (_span(failure_text(row.kind, row.message), Tone.BAD),)]
    return lines


def exchange_lines(detail: RequestDetail, width: int) -> list[Line]:
    """What was sent and what came back, without the response's body, and no more of it all than that.

    Attempts are listed where there was more than one, or no reply.
    """
    lines, reply, attempts = _asked(detail), detail.response, detail.attempts
    if len(attempts) > 1 or (attempts and reply is None):
        lines += [*_section("Attempts"), *_attempts(attempts, width)]
    if reply is not None:
        status = detail.row.status
        took = f" in {latency(attempts[-1].elapsed_ms)}" if attempts else ""
        lines += [*_section(f"Reply: {status}{took}"), *_headers(reply.headers)]
    return lines


def curl_lines(detail: RequestDetail) -> list[Line]:
    """The command that `y` copies, for terminals that let no program write to the clipboard."""
    if not detail.row.url:
        return []
    return [*_section("As curl"), (_span(curl_command(detail)),)]


def _asked(detail: RequestDetail) -> list[Line]:
    """The request as it was sent, secrets masked."""
    row = detail.row
    if not row.url:
        return [(_NO_REQUEST,)]
    lines: list[Line] = [(_span(f"{row.method} ", Tone.TITLE), _span(row.url)), *_headers(detail.headers)]
    if detail.body is not None:
        lines += [(), *((_span(line),) for line in body_text(detail.body, _type_of(detail.headers)).lines)]
    return lines


def _section(title: str) -> Iterator[Line]:
    yield ()
    yield (Span(f"─── {title} ", Tone.TITLE), Span("─" * 12, Tone.MUTED))


def _attempts(attempts: Iterable[AttemptRecord], width: int) -> list[Line]:
    kept = list(attempts)
    longest = max((attempt.elapsed_ms for attempt in kept), default=0.0)
    lines: list[Line] = []
    for attempt in kept:
        lines += _attempt(attempt, longest, width)
        lines += [
            (Span(_INDENT), Span(str(status), status_tone(status)), Span(" sent on from "), _span(url))
            for url, status in attempt.hops
        ]
    legend = f"{_INDENT}{_WAITING} until the first byte  {_TRANSFER} transfer"
    return [*lines, (Span(legend, Tone.MUTED),)]


def _attempt(attempt: AttemptRecord, longest: float, width: int) -> list[Line]:
    """The attempt in one line; why it failed stands in it where there is room, else below it."""
    failed = attempt.kind is not None
    line = (
        Span(f"{attempt.n:>3}  {clock(attempt.started)}  ", Tone.MUTED),
        Span("✗ " if failed else "✓ ", Tone.BAD if failed else Tone.GOOD),
        Span(f"{attempt.status or NONE:>3}  ", status_tone(attempt.status)),
        Span(time_bar(attempt, longest, max(_LEAST_BAR, width // 4)), Tone.BAD if failed else Tone.ACCENT),
        Span(f" {latency(attempt.elapsed_ms):>7}"),
    )
    if not failed:
        return [line]
    why = _span(failure_text(attempt.kind, attempt.message), Tone.BAD)
    beside = (*line, Span("  "), why)
    if width_of(beside) <= width:
        return [beside]
    parts = textwrap.wrap(why.text, width - len(_INDENT)) or [""]
    return [line, *((Span(_INDENT), Span(part, Tone.BAD)) for part in parts)]


def time_bar(attempt: AttemptRecord, longest: float, width: int) -> str:
    """An attempt's time in proportion to the longest one, split where the first byte came."""
    scale = width / longest if longest > 0 else 0.0
    total = min(width, max(1, round(attempt.elapsed_ms * scale)))
    first = total if attempt.ttfb_ms is None else max(0, min(total, round(attempt.ttfb_ms * scale)))
    return (_WAITING * first + _TRANSFER * (total - first)).ljust(width)


def _response(response: ResponseRecord) -> list[Line]:
    lines: list[Line] = [*_section("Response")]
    if response.final_url is not None:
        lines.append(_field("answered by", response.final_url))
    if response.unverified:
        text = "The body ended with the connection: nothing proves that it is whole."
        lines.append((Span(text, Tone.WARN),))
    return lines + _headers(response.headers) + [_field("body", size(response.bytes))]


def _headers(headers: Headers) -> list[Line]:
    return [_field(name, value) for name, value in headers]


def _field(name: str, value: str) -> Line:
    return (_span(f"{name}: ", Tone.ACCENT), _span(value))


def _value(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _span(text: str, tone: Tone = Tone.PLAIN) -> Span:
    return Span(printable(text), tone)


def _type_of(headers: Headers) -> str:
    return next((value for name, value in headers if name.lower() == "content-type"), "")
