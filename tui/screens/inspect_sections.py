"""What was asked and what came back as lines, for a glance at a request."""

from __future__ import annotations

from collections.abc import Iterator

from ...core.journal.records import RequestDetail
from ...core.model import Headers
from ...core.printable import printable
from ..body_text import body_text
from ..inspector.attempts import attempt_lines
from ..inspector.details import field_lines
from ..spans import Line, Span
from ..widgets.columns import Tone
from ..widgets.quantities import latency

_NO_REQUEST = Span("This row could not become a request.", Tone.WARN)


def exchange_lines(detail: RequestDetail, width: int) -> list[Line]:
    """What was sent and what came back, without the response's body.

    Attempts are listed where there was more than one, or no reply.
    """
    lines, reply, attempts = _asked(detail), detail.response, detail.attempts
    if len(attempts) > 1 or (attempts and reply is None):
        lines += [*_section("Attempts"), *attempt_lines(detail, None, width)]
    if reply is not None:
        status = detail.row.status
        took = f" in {latency(attempts[-1].elapsed_ms)}" if attempts else ""
        lines += [*_section(f"Reply: {status}{took}"), *field_lines(reply.headers)]
    return lines


def _asked(detail: RequestDetail) -> list[Line]:
    """The request as it was sent, secrets masked."""
    row = detail.row
    if not row.url:
        return [(_NO_REQUEST,)]
    head = (Span(printable(f"{row.method} "), Tone.TITLE), Span(printable(row.url)))
    lines: list[Line] = [head, *field_lines(detail.headers)]
    if detail.body is not None:
        lines += [(), *((Span(line),) for line in body_text(detail.body, _type_of(detail.headers)).lines)]
    return lines


def _section(title: str) -> Iterator[Line]:
    yield ()
    yield (Span(f"─── {title} ", Tone.TITLE), Span("─" * 12, Tone.MUTED))


def _type_of(headers: Headers) -> str:
    return next((value for name, value in headers if name.lower() == "content-type"), "")
