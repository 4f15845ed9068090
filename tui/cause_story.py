"""One cause of failure told in full: for the pane below the table, and for the dialog."""

from __future__ import annotations

import time

from textual.content import Content

from ..core.journal.cause_detail import LOOKED_AT, CauseDetail
from ..core.journal.records import Cause
from ..core.printable import printable
from .figures import count
from .trend import sparkline, trend_words

MINUTES = 30
"""Minutes of the trend that are shown."""
_LONGEST = 600
"""Characters of foreign text in one line of the story."""
_LABEL = 9


def story(cause: Cause, detail: CauseDetail | None, now: float) -> Content:
    """Signature, counts, times, trend, hosts and a sample; `now` is the wall clock."""
    kind = cause.kind.value.replace("_", " ")
    bars = sparkline(cause.trend.counts(now, MINUTES))
    lines = [
        Content.styled(_foreign(cause.signature), "bold $text-error"),
        _line("cause", f"{cause.id} · {kind} · {count(cause.count)} failed now"),
        _line("seen", f"first {_moment(cause.first_at, now)}, last {_moment(cause.last_at, now)}"),
        _line(
            "trend",
            f"{trend_words(cause, now)}; the last {MINUTES} minutes: ▕{bars}▏",
        ),
    ]
    if detail is not None:
        lines += [_line("hosts", _hosts(detail)), *_sample(detail)]
    return Content("\n").join(lines)


def _sample(detail: CauseDetail) -> list[Content]:
    row = detail.sample
    if row is None:
        return []
    return [
        _line("sample", f"#{row.id} {row.method} {_foreign(row.url)}"),
        _line("", _foreign(row.message or "")),
    ]


def _hosts(detail: CauseDetail) -> str:
    shown = [f"{_foreign(host) or '(none)'} {count(n)}" for host, n in detail.hosts]
    if more := detail.hosts_in_all - len(detail.hosts):
        shown.append(f"{count(more)} more")
    of = f" (of the newest {count(LOOKED_AT)})" if detail.looked_at >= LOOKED_AT else ""
    return f"{', '.join(shown)}{of}"


def _line(label: str, text: str) -> Content:
    return Content.assemble((f"{label:<{_LABEL}}", "$text-muted"), text)


def _foreign(text: str) -> str:
    return printable(text[:_LONGEST])


def _moment(at: float, now: float) -> str:
    """The time of day; with its date where that is another day."""
    same = time.localtime(at)[:3] == time.localtime(now)[:3]
    return time.strftime("%H:%M:%S" if same else "%Y-%m-%d %H:%M:%S", time.localtime(at))
