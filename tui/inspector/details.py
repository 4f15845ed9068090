"""Everything about a request but the body of its response: sections that fold, as one document."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from ...core.journal.records import RequestDetail, ResponseRecord
from ...core.model import Headers
from ...core.printable import printable
from ...core.snapshot import InFlightRow
from ..body_text import body_text
from ..curl import curl_command
from ..spans import Line, Span
from ..widgets.columns import Tone
from ..widgets.journal_table_columns import failure_text
from ..widgets.quantities import latency, size
from ..widgets.tab_bar import Tab
from .attempts import attempt_lines
from .document import LineDocument

_WIDEST_NAME = 26
_MANY = 14
"""Header fields from which on a section's own begin folded."""
_BODY_SHOWN = 262_144
"""Octets of a request's body that are shown."""
LONGEST_VALUE = 65_536
"""Characters of a column's value that are shown, and octets of a body that the command for curl shows."""
_NO_REQUEST = Span("This row could not become a request.", Tone.WARN)


class Section(Enum):
    """The parts of a request; the value is the heading."""

    REQUEST = "Request"
    ATTEMPTS = "Attempts"
    RESPONSE = "Response"
    BODY = "Body"
    ROW = "Row"
    CURL = "As curl"


@dataclass(frozen=True, slots=True)
class Details:
    """The document, and the line at which each section begins."""

    document: LineDocument
    headings: dict[Section, int]


def details_of(detail: RequestDetail, flight: InFlightRow | None, width: int) -> Details:
    """The document for a screen of `width` cells; `flight` is what the request does now, if it is under way."""
    made = _Making(width)
    row = detail.row
    made.section(Section.REQUEST, "")
    _request(made, detail)
    made.section(Section.ATTEMPTS, str(max(len(detail.attempts), flight.attempt if flight else 0) or ""))
    made.lines += attempt_lines(detail, flight, width)
    if detail.response is not None:
        made.section(Section.RESPONSE, _response_title(detail))
        _response(made, detail.response)
    elif row.message:
        made.section(Section.RESPONSE, "none")
        made.lines.append((_span(failure_text(row.kind, row.message), Tone.BAD),))
    made.section(Section.ROW, f"{row.id}, line {row.line} of the input")
    made.fields([(name, _value(value)) for name, value in detail.columns.items()])
    if not detail.columns:
        made.lines.append((Span("The row has no columns of its own.", Tone.MUTED),))
    if row.url:
        made.section(Section.CURL, "y copies it")
        made.lines.append(_curl(detail))
    return made.done()


class _Making:
    """Collects lines and the blocks among them."""

    def __init__(self, width: int) -> None:
        self.width = width
        self.lines: list[Line] = []
        self.headings: dict[Section, int] = {}
        self.blocks: list[tuple[int, int]] = []
        self.folds: list[int] = []

    def section(self, section: Section, note: str) -> None:
        self.end_section()
        if self.lines:
            self.lines.append(())
        self.headings[section] = len(self.lines)
        title = f"{section.value} "
        rest = f"{note} " if note else ""
        rule = "─" * max(3, min(60, self.width - 1) - len(title) - len(rest))
        self.lines.append((Span(title, Tone.TITLE), Span(printable(rest)), Span(rule, Tone.MUTED)))

    def end_section(self) -> None:
        if self.headings:
            self.blocks.append((max(self.headings.values()), len(self.lines) - 1))

    def block(self, head: Line, lines: Sequence[Line], *, folded: bool) -> None:
        """Lines that fold into `head`."""
        at = len(self.lines)
        self.lines += [head, *lines]
        self.blocks.append((at, at + len(lines)))
        if folded and lines:
            self.folds.append(at)

    def headers(self, headers: Headers) -> None:
        fields = field_lines(headers)
        if len(fields) > _MANY:
            self.block((Span(f"{len(fields)} header fields", Tone.MUTED),), fields, folded=True)
        else:
            self.lines += fields

    def fields(self, pairs: Sequence[tuple[str, str]]) -> None:
        self.lines += field_lines(pairs)

    def done(self) -> Details:
        self.end_section()
        ends = list(range(len(self.lines)))
        for head, last in self.blocks:
            ends[head] = last
        return Details(LineDocument(self.lines, ends, self.folds), self.headings)


def field_lines(pairs: Sequence[tuple[str, str]]) -> list[Line]:
    """Names and values, the values below each other."""
    names = [f"{printable(name)}: " for name, _ in pairs]
    width = min(_WIDEST_NAME, max((len(name) for name in names), default=0))
    return [
        (Span(name.ljust(width), Tone.ACCENT), _span(value))
        for name, (_, value) in zip(names, pairs, strict=True)
    ]


def _request(made: _Making, detail: RequestDetail) -> None:
    row = detail.row
    if not row.url:
        made.lines.append((_NO_REQUEST,))
        return
    made.lines.append((_span(f"{row.method} ", Tone.TITLE), _span(row.url)))
    made.headers(detail.headers)
    if detail.body is not None:
        kind = next((value for name, value in detail.headers if name.lower() == "content-type"), "")
        cut = len(detail.body) > _BODY_SHOWN
        body = body_text(detail.body[:_BODY_SHOWN], kind, cut=cut)
        lines = [body.paint(line) for line in body.lines]
        if cut:
            shown = f"These are the first {size(_BODY_SHOWN)}."
            lines.append((Span(shown, Tone.WARN),))
        head = (Span("body ", Tone.ACCENT), Span(f"{size(len(detail.body))}, {body.label}", Tone.MUTED))
        made.block(head, lines, folded=len(lines) > 2 * _MANY)


def _response_title(detail: RequestDetail) -> str:
    took = f" in {latency(detail.row.elapsed_ms)}" if detail.row.elapsed_ms is not None else ""
    return f"{detail.row.status or ''}{took}"


def _response(made: _Making, response: ResponseRecord) -> None:
    if response.final_url is not None:
        made.fields([("answered by", response.final_url)])
    if response.unverified:
        text = "The body ended with the connection: nothing proves that it is whole."
        made.lines.append((Span(text, Tone.WARN),))
    made.headers(response.headers)
    made.lines.append((Span("body ", Tone.ACCENT), Span(size(response.bytes), Tone.MUTED)))


def tabs_of(detail: RequestDetail | None) -> tuple[Tab, ...]:
    """A tab for each section that has a key."""
    attempts = len(detail.attempts) if detail is not None else 0
    return tuple(
        Tab(section.name, section.value, attempts if section is Section.ATTEMPTS else None, most=9)
        for section in Section
        if section is not Section.CURL
    )


def _value(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}… ({len(text):,} characters)"


def _curl(detail: RequestDetail) -> Line:
    if len(detail.body or b"") > LONGEST_VALUE:
        return (Span("The body is too long to be shown here; y copies the whole command.", Tone.MUTED),)
    return (_span(curl_command(detail)),)


def _span(text: str, tone: Tone = Tone.PLAIN) -> Span:
    return Span(printable(text), tone)
