"""The time line of an attempt: what it spent its time on, and the bar that shows it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ...core.journal.records import AttemptRecord
from ...core.model import FailureKind
from ..spans import Line, Span
from ..widgets.columns import Tone
from ..widgets.quantities import latency


@dataclass(frozen=True, slots=True)
class Part:
    """One kind of time in an attempt."""

    name: str
    glyph: str
    tone: Tone


DNS = Part("DNS", "▂", Tone.TITLE)
CONNECT = Part("connect", "▄", Tone.ACCENT)
TLS = Part("TLS", "▆", Tone.WARN)
WAITING = Part("first byte", "░", Tone.MUTED)
TRANSFER = Part("transfer", "█", Tone.GOOD)
PARTS = (DNS, CONNECT, TLS, WAITING, TRANSFER)
Segments = tuple[tuple[Part, float], ...]
"""Parts with their milliseconds, in order of time."""
_ENDED_IN = {
    FailureKind.DNS: DNS,
    FailureKind.CONNECT: CONNECT,
    FailureKind.CONNECT_TIMEOUT: CONNECT,
    FailureKind.PROXY: CONNECT,
    FailureKind.TLS: TLS,
}
"""What an attempt was busy with when it failed in a way that names it."""


def segments(attempt: AttemptRecord) -> Segments:
    """What an attempt's time went to; the parts add up to the whole of it."""
    left = max(0.0, attempt.elapsed_ms)
    spent: list[tuple[Part, float]] = []
    for part, ms in ((DNS, attempt.dns_ms), (CONNECT, attempt.connect_ms), (TLS, attempt.tls_ms)):
        if ms is not None:
            taken = min(left, max(0.0, ms))
            spent.append((part, taken))
            left -= taken
    ended_in = _ENDED_IN.get(attempt.kind, WAITING) if attempt.kind is not None else WAITING
    if attempt.ttfb_ms is None:
        return _merged(spent, ended_in, left)
    waited = max(0.0, min(left, attempt.ttfb_ms - (attempt.elapsed_ms - left)))
    return (*spent, (WAITING, waited), (TRANSFER, left - waited))


def _merged(spent: list[tuple[Part, float]], last: Part, left: float) -> Segments:
    if any(part is last for part, _ in spent):
        return tuple((part, ms + (left if part is last else 0.0)) for part, ms in spent)
    return (*spent, (last, left))


def bar(spent: Segments, longest_ms: float, width: int) -> Line:
    """The segments to a scale on which the longest attempt takes `width` cells; no part of a millisecond is unseen."""
    total = sum(ms for _, ms in spent)
    if longest_ms <= 0 or total <= 0:
        return (Span(" " * width),)
    cells = min(width, max(1, round(width * total / longest_ms)))
    lengths = _shared([ms for _, ms in spent], cells)
    drawn = [Span(part.glyph * n, part.tone) for (part, _), n in zip(spent, lengths, strict=True) if n]
    return (*drawn, Span(" " * (width - sum(lengths))))


def _shared(parts: list[float], cells: int) -> list[int]:
    """Share cells in proportion: a part that counts gets one at least, taken from the largest."""
    total = sum(parts)
    edges = [round(cells * sum(parts[: n + 1]) / total) for n in range(len(parts))]
    lengths = [edge - before for before, edge in zip([0, *edges], edges, strict=False)]
    for at, ms in enumerate(parts):
        largest = max(range(len(lengths)), key=lengths.__getitem__)
        if not lengths[at] and ms >= 1.0 and lengths[largest] > 1:
            lengths[at] += 1
            lengths[largest] -= 1
    return lengths


def figures(spent: Segments) -> Line:
    """The milliseconds of a bar's parts, each in its tone."""
    line: list[Span] = []
    for part, ms in spent:
        line += [Span(f"{part.name} ", Tone.MUTED), Span(_number(ms), part.tone), Span(" · ", Tone.MUTED)]
    return (*line[:-1], Span(" ms", Tone.MUTED))


def legend(used: Iterable[Part]) -> Line:
    """What the glyphs of the bars mean."""
    shown = set(used)
    line: list[Span] = []
    for part in PARTS:
        if part in shown:
            line += [Span(part.glyph * 2, part.tone), Span(f" {part.name}   ", Tone.MUTED)]
    return tuple(line)


def precise(ms: float) -> str:
    """Milliseconds with a decimal where they are few."""
    return f"{ms:.1f} ms" if 0 < ms < 9.95 else latency(ms)


def _number(ms: float) -> str:
    return f"{ms:.1f}" if 0 < ms < 9.95 else f"{ms:,.0f}"
