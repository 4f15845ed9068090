"""How long a run waits when a server says `Retry-After`, on a clock that runs ahead of the machine's.

Times are the server's own, from its ledger; the wall clock decides nothing but what a date without `Date` means.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fetchdeck.core.model import FailureKind
from fetchdeck.core.policies.retry import RetryPolicy
from fetchdeck.core.policies.retry_after import CAP_S
from fetchdeck.core.policies.statuses import RetryOn
from msgspec.structs import replace

from tests.support.fault_runs import QUICK, Ends, Row, check_run
from tests.support.fault_server import FaultServer, Pause, Script, Send, named, reply
from tests.support.travelling import travel

SENT = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)
LATER = SENT + timedelta(seconds=40)
IMF, RFC850, ASCTIME = "%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %d %H:%M:%S %Y"
"""The three forms of a date (RFC 9110, section 5.6.7)."""
BACKOFF_S = RetryPolicy(0, RetryOn()).base_s + 1
"""More than backoff or jitter adds to the first wait."""
DAY_S = 86_400.0


def busy(retry_after: str, status: str = "503 Service Unavailable", sent: datetime = SENT) -> bytes:
    return reply(b"later", status, Retry_After=retry_after, Date=sent.strftime(IMF))


def once(first: bytes, path: str) -> Callable[[int], Script]:
    """This reply first, and afterwards the path's own."""
    return lambda seen: named(path) if seen else [Send(first)]


HONOURED: dict[str, tuple[bytes, float]] = {
    "/seconds": (busy("40"), 40),
    "/seconds/429": (busy("40", "429 Too Many Requests"), 40),
    "/seconds/none": (busy("0"), 0),
    "/seconds/spaces": (busy("  40  "), 40),
    "/date/imf": (busy(LATER.strftime(IMF)), 40),
    "/date/rfc850": (busy(LATER.strftime(RFC850)), 40),
    "/date/asctime": (busy(LATER.strftime(ASCTIME)), 40),
    "/date/other-clock": (
        busy((LATER - timedelta(days=900)).strftime(IMF), sent=SENT - timedelta(days=900)),
        40,
    ),
    "/date/past": (busy((SENT - timedelta(hours=1)).strftime(IMF)), 0),
    "/absurd/seconds": (busy("9" * 30), CAP_S),
    "/absurd/date": (busy("Fri, 31 Dec 9999 23:59:59 GMT"), CAP_S),
}
"""What the server says, and the seconds that are waited at least."""
IGNORED: dict[str, bytes] = {
    "/negative": busy("-40"),
    "/fraction": busy("40.5"),
    "/words": busy("forty seconds"),
    "/empty": busy(""),
    "/hexadecimal": busy("0x28"),
    "/no-day": busy("Sun, 99 Nov 2026 12:00:40 GMT"),
    "/other-status": reply(b"broken", "500 Broken", Retry_After="40"),
}


@pytest.mark.parametrize("concurrency", [1, 20])
def test_a_server_is_given_the_time_it_asks_for_up_to_a_cap(tmp_path: Path, concurrency: int) -> None:
    async def run() -> None:
        scripts = {path: once(first, path) for path, (first, _) in HONOURED.items()}
        expected = {path: Ends(sent=2, status=200, body=path.encode()) for path in HONOURED}
        async with FaultServer(scripts, default=named) as server:
            rows = await check_run(server, tmp_path, expected, replace(QUICK, concurrency=concurrency))
            waited = {path: server.ledger.gaps(path)[0] for path in HONOURED}
            asked = {path: least for path, (_, least) in HONOURED.items()}
            assert {path: asked[path] <= wait < asked[path] + BACKOFF_S for path, wait in waited.items()} == (
                dict.fromkeys(HONOURED, True)
            ), waited
            assert healthy_before(server, rows, min(server.ledger.times["/seconds"][1:]))

    travel(run())


def healthy_before(server: FaultServer, rows: list[Row], moment: float) -> bool:
    """Whether the waiting rows kept no other from being sent."""
    healthy = [row.url.removeprefix(server.origin) for row in rows if "/healthy/" in row.url]
    return max(server.ledger.times[path][0] for path in healthy) < moment


def test_a_date_is_held_against_the_wall_clock_where_the_reply_has_none(tmp_path: Path) -> None:
    def dated(seen: int) -> Script:
        until = datetime.now(UTC) + timedelta(seconds=40)
        return named("/dated") if seen else [Send(reply(b"", "503 Busy", Retry_After=until.strftime(IMF)))]

    async def run() -> None:
        async with FaultServer({"/dated": dated}, default=named) as server:
            await check_run(server, tmp_path, {"/dated": Ends(sent=2, status=200, body=b"/dated")})
            assert server.ledger.gaps("/dated")[0] >= 35

    travel(run())


def test_what_is_no_time_is_ignored(tmp_path: Path) -> None:
    async def run() -> None:
        scripts = {path: once(first, path) for path, first in IGNORED.items()}
        expected = {path: Ends(sent=2, status=200, body=path.encode()) for path in IGNORED}
        async with FaultServer(scripts, default=named) as server:
            rows = await check_run(server, tmp_path, expected)
            gaps = {path: server.ledger.gaps(path)[0] for path in IGNORED}
            assert {path: gap < BACKOFF_S for path, gap in gaps.items()} == dict.fromkeys(IGNORED, True), gaps
            kinds = {tuple(one.kind for one in row.attempts) for row in rows if len(row.attempts) > 1}
            assert kinds == {(FailureKind.HTTP_STATUS, None)}

    travel(run())


def test_a_server_that_is_never_ready_is_asked_as_often_as_the_policy_says(tmp_path: Path) -> None:
    async def run() -> None:
        expected = {"/never": Ends(FailureKind.HTTP_STATUS, sent=4, status=429, body=b"later")}
        script = [Send(busy("7", "429 Too Many Requests"))]
        async with FaultServer({"/never": script}, default=named) as server:
            await check_run(server, tmp_path, expected, replace(QUICK, retries=3))
            assert all(gap >= 7 for gap in server.ledger.gaps("/never"))

    travel(run())


class WallClock:
    """`time.time`, but for a jump that a test makes."""

    def __init__(self) -> None:
        self._real = time.time
        self.jumped_s = 0.0

    def __call__(self) -> float:
        return self._real() + self.jumped_s


@pytest.mark.parametrize("jump_s", [DAY_S, -DAY_S])
def test_a_jump_of_the_wall_clock_changes_no_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, jump_s: float
) -> None:
    """The clock jumps while one row waits, another is in flight, and a rate limit spaces the others."""
    clock = WallClock()
    monkeypatch.setattr(time, "time", clock)

    def jumping(seen: int) -> Script:
        if not seen:
            clock.jumped_s = jump_s
        return named("/jump")

    scripts = {
        "/waits": once(busy("40"), "/waits"),
        "/slow": [Pause(15), *named("/slow")],
        "/backs-off": once(reply(b"", "500 Broken"), "/backs-off"),
        "/jump": jumping,
    }
    expected = {
        path: Ends(sent=1 + (path in ("/waits", "/backs-off")), status=200, body=path.encode())
        for path in scripts
    }

    async def run() -> None:
        async with FaultServer(scripts, default=named) as server:
            options = replace(QUICK, rate=2.0, timeout_s=30)
            rows = await check_run(server, tmp_path, expected, options)
            assert clock.jumped_s == jump_s
            assert 40 <= server.ledger.gaps("/waits")[0] < 45
            assert server.ledger.gaps("/backs-off")[0] < 5
            firsts = sorted(times[0] for times in server.ledger.times.values())
            assert all(later - earlier < 5 for earlier, later in itertools.pairwise(firsts))
            for row in rows:
                longest = 16_000 if row.url.endswith("/slow") else 5_000
                assert all(0 <= one.elapsed_ms < longest for one in row.attempts)

    travel(run())
