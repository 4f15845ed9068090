"""An engine that does what a test says: settable snapshots, recorded commands, a real journal file."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from fetchdeck.core.engine.timeline import Timeline
from fetchdeck.core.journal.filter import RowFilter
from fetchdeck.core.latencies import Latencies, Latency, cell_of
from fetchdeck.core.model import Counts, EditedRequest, FailureKind, Headers, Phase, State
from fetchdeck.core.past import EventKind, PastView, Stretch
from fetchdeck.core.snapshot import Eta, Event, EventBatch, HostRow, InFlightRow, RunState, Second, Snapshot
from msgspec.structs import replace
from textual.app import App

from .journal_factory import Made, make_journal

Command = tuple[object, ...]


def history(seconds: int = 120) -> tuple[Second, ...]:
    """A made-up past: a ramp, a wave, one bad patch, and one second without any reply."""
    made: list[Second] = []
    for n in range(seconds):
        good = min(1400, 40 * n) + (n * 37 % 11) * 18
        bad = 12 if 70 <= n < 84 else n % 9 == 0
        base = 320 + (n * 53 % 17) * 3 + (160 if 70 <= n < 84 else 0)
        latency = None if n == 40 else Latency(base, base * 1.35, base * (3.1 if n % 23 == 0 else 1.9))
        made.append(Second(good, int(bad), latency))
    return tuple(made)


def made_past(seconds: Sequence[Second] | None = None, began: float = 1_700_000_000.0) -> Timeline:
    """The same past as a timeline, with two changes: begun with 300, raised to 500 after 70 seconds."""
    made = Timeline()
    for n, second in enumerate(history() if seconds is None else seconds):
        if n == 0:
            made.mark(began, EventKind.STARTED, "Started with concurrency 300.")
        elif n == 70:
            made.mark(began + n, EventKind.CONCURRENCY, "Concurrency 300→500 by hand.")
        limit, counted = 300 if n < 70 else 500, second.succeeded + second.failed
        cells: dict[int, int] = {}
        if second.latency is not None:
            rare, slow = counted // 100 + 1, counted // 20 + 1
            for ms, count in (
                (second.latency.p99, rare),
                (second.latency.p95, slow - rare + 1),
                (second.latency.p50, counted - slow + 1),
            ):
                cells[cell_of(ms)] = cells.get(cell_of(ms), 0) + max(1, count)
        busy = min(limit, second.succeeded // 3)
        made.add(Stretch(began + n, 1, 1, second.succeeded, second.failed, busy, limit, Latencies.of(cells)))
    return made


def running(**changes: object) -> Snapshot:
    """A run half-way through; every field may be another."""
    snapshot = Snapshot(
        name="places",
        state=RunState.RUNNING,
        reason="",
        counts=Counts(queued=21_004, in_flight=500, succeeded=5_003, failed=493),
        total_known=True,
        in_use=500,
        limit=500,
        auto=False,
        saving=0,
        rate_limit=None,
        rate_limit_per_host=None,
        received_bytes=12_345_678,
        elapsed_s=42.0,
        rate_per_s=1482.4,
        eta=Eta(14.0, 19.0),
        latency=Latency(333.0, 452.0, 1240.0),
        history=history(),
        asking=None,
        spending=None,
        revision=1,
    )
    return replace(snapshot, **changes)  # type: ignore[arg-type]


def rows(succeeded: int = 40, failed: int = 12) -> tuple[Made, ...]:
    """Rows for the journal, of every kind that a table shows."""
    good = (
        Made(
            State.SUCCEEDED, f"https://places.example/v1/details?place={n}&key=***", size=900 + n, status=200
        )
        for n in range(succeeded)
    )
    bad = (
        Made(
            State.FAILED,
            f"https://places.example/v1/details?place={9000 + n}&key=***",
            status=503 if n % 3 else None,
            kind=FailureKind.HTTP_STATUS if n % 3 else FailureKind.TIMEOUT,
            message="503 Service Unavailable" if n % 3 else "No reply within 60 s.",
            attempts=5,
        )
        for n in range(failed)
    )
    return (*good, *bad)


@dataclass(slots=True)
class ScriptedEngine:
    """An EngineHandle that carries nothing out: it notes each command, and shows the snapshot it was given.

    `obeys` makes the commands that concern the whole run change the snapshot as the engine's would.
    """

    journal_path: Path
    now: Snapshot = field(default_factory=running)
    obeys: bool = False
    commands: list[Command] = field(default_factory=list)
    flying: tuple[InFlightRow, ...] = ()
    happened: tuple[Event, ...] = ()
    asked: tuple[HostRow, ...] = ()
    pulls: int = 0
    read_only: bool = False
    remembered: Timeline = field(default_factory=lambda: made_past())

    def snapshot(self) -> Snapshot:
        self.pulls += 1
        return self.now

    def in_flight(self, start: int, count: int) -> tuple[InFlightRow, ...]:
        return self.flying[start : start + count]

    @property
    def host_count(self) -> int:
        return len(self.asked)

    def hosts(self, start: int, count: int) -> tuple[HostRow, ...]:
        return self.asked[start : start + count]

    def events_since(self, seq: int) -> EventBatch:
        return EventBatch(self.happened[max(0, seq) :], len(self.happened), 0)

    def past(self, span_s: float | None, columns: int) -> PastView:
        return self.remembered.view(span_s, columns)

    def pause(self) -> None:
        self._note("pause", state=RunState.PAUSED)

    def resume(self) -> None:
        self._note("resume", state=RunState.RUNNING, reason="", asking=None)

    def set_concurrency(self, limit: int) -> None:
        self._note("set_concurrency", limit, limit=limit, auto=False)

    def set_auto(self, on: bool) -> None:
        self._note("set_auto", on, auto=on)

    def set_rate_per_host(self, per_second: float | None) -> None:
        self._note("set_rate_per_host", per_second)

    def set_rate(self, per_second: float | None) -> None:
        self._note("set_rate", per_second, rate_limit=per_second)

    def set_credentials(self, headers: Headers, environ: Mapping[str, str]) -> None:
        self._note("set_credentials", headers, dict(environ))

    def retry(self, ids: Collection[int]) -> None:
        self._note("retry", tuple(ids))

    def retry_matching(self, rows: RowFilter) -> None:
        self._note("retry_matching", rows)

    def resend(self, request: int, edited: EditedRequest) -> None:
        self._note("resend", request, edited)

    def cancel(self, ids: Collection[int]) -> None:
        self._note("cancel", tuple(ids))

    def skip_matching(self, rows: RowFilter) -> None:
        self._note("skip_matching", rows)

    def abort_in_flight(self) -> None:
        self._note("abort_in_flight", in_use=0)

    def give_way(self) -> None:
        """Nothing takes up the loop here."""

    def drain(self) -> None:
        self._note("drain", state=RunState.DRAINING)

    def abandon(self) -> None:
        self._note("abandon", state=RunState.INTERRUPTED)

    def _note(self, name: str, *details: object, **effect: object) -> None:
        self.commands.append((name, *details))
        if self.obeys:
            self.now = replace(self.now, **effect)  # type: ignore[arg-type]


def in_flight(n: int = 500) -> tuple[InFlightRow, ...]:
    """Requests under way, the oldest first."""
    phases = (Phase.RECEIVING, Phase.SENT, Phase.SENT)
    return tuple(
        InFlightRow(
            5_496 + i,
            "GET",
            f"https://places.example/v1/details?place={5496 + i}&key=***",
            2 if i % 7 == 0 else 1,
            phases[i % 3],
            0.9 if i == 0 else 0.33 * (n - i) / n,
            932 * (i % 3 == 0),
        )
        for i in range(n)
    )


def host(
    id_: int,
    name: str,
    in_flight: int = 0,
    succeeded: int = 0,
    failed: int = 0,
    p50_ms: float | None = None,
    p95_ms: float | None = None,
    last_failure: FailureKind | None = None,
) -> HostRow:
    """A host with no limits of its own."""
    return HostRow(id_, name, in_flight, succeeded, failed, p50_ms, p95_ms, last_failure, None, None, 0.0)


def asked_hosts() -> tuple[HostRow, ...]:
    """Hosts in all conditions, the busiest first."""
    return (
        host(0, "places.example", 480, 5_003, 493, 333.0, 452.0, FailureKind.TIMEOUT),
        host(2, "cdn.places.example:8443", 20, 311, 0, 12.0, 31.0),
        host(1, "xn--r8jz45g.example", 0, 0, 7, 10_004.0, 10_020.0, FailureKind.CONNECT_TIMEOUT),
        host(3, "new.example", 1),
        host(10_000, "", 2, 40, 3, 120.0, 2_400.0, FailureKind.DNS),
    )


def governed_hosts() -> tuple[HostRow, ...]:
    """The same while each host's limits are found automatically: two that rest, one that nothing is known of."""
    limits = ((41, 43.27, 0.0), (20, None, 0.0), (1, 0.5, 611.0), (4, None, 0.0), (None, None, 12.3))
    return tuple(
        replace(row, limit=limit, pace_per_s=pace, rests_s=rests)
        for row, (limit, pace, rests) in zip(asked_hosts(), limits, strict=True)
    )


def scripted(folder: Path, made: Iterable[Made] = (), **fields: object) -> ScriptedEngine:
    """An engine over a new journal in `folder` with these rows."""
    path = make_journal(folder / "journal.sqlite", made)
    events = (
        Event(0, 1_700_000_000.0, EventKind.STARTED, "27,000 rows, concurrency 500."),
        Event(1, 1_700_000_007.0, EventKind.CONCURRENCY, "Concurrency limit 300 to 500."),
    )
    return ScriptedEngine(
        path, **{"flying": in_flight(), "happened": events, "asked": asked_hosts(), **fields}
    )  # type: ignore[arg-type]


def seen(app: App[object]) -> str:
    """What stands on the screen, line by line."""
    return "\n".join(strip.text for strip in app.screen._compositor.render_strips())
