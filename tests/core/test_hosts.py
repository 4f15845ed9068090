from __future__ import annotations

from pathlib import Path

import pytest
from fetchdeck.core.engine.hosts import WINDOW, Hosts
from fetchdeck.core.engine.run import open_run
from fetchdeck.core.job import Job, Options
from fetchdeck.core.limits.hosts import HostLimits
from fetchdeck.core.model import FailureKind
from hypothesis import given
from hypothesis import strategies as st

from tests.support.ledger import ledger_server


def test_every_attempt_is_counted_where_it_belongs() -> None:
    hosts = Hosts(HostLimits())
    for host in ("a", "b", "a", "a", "a"):
        hosts.started(host)
    hosts.ended("a", 10.0, None)
    hosts.ended("a", 10.0, FailureKind.TIMEOUT)
    hosts.ended("a", 10.0, FailureKind.RESET)
    hosts.ended("b", None, FailureKind.INTERRUPTED)
    a, b = hosts.rows(0, 9)
    assert (a.host, a.in_flight, a.succeeded, a.failed) == ("a", 1, 1, 2)
    assert a.last_failure is FailureKind.RESET
    assert (b.host, b.in_flight, b.succeeded, b.failed, b.p50_ms, b.last_failure) == (
        "b",
        0,
        0,
        0,
        None,
        None,
    )


def test_the_busiest_come_first_and_the_order_is_kept_for_a_while() -> None:
    now = 0.0
    hosts = Hosts(HostLimits(), clock=lambda: now)
    for host in ("a", "b", "b", "c", "c", "c"):
        hosts.started(host)
    assert [row.host for row in hosts.rows(0, 2)] == ["c", "b"]
    for _ in range(5):
        hosts.started("a")
    assert [row.host for row in hosts.rows(0, 3)] == ["c", "b", "a"]
    now = 0.6
    rows = hosts.rows(0, 3)
    assert [(row.host, row.id) for row in rows] == [("a", 0), ("c", 2), ("b", 1)]
    assert hosts.rows(1, 1) == rows[1:2]
    assert hosts.rows(3, 5) == ()


def test_hosts_beyond_the_most_share_the_last_row() -> None:
    hosts = Hosts(HostLimits(), most=2)
    for host in ("a", "b", "c", "d", "c", "c"):
        hosts.started(host)
    for host in ("d", "c", "a"):
        hosts.ended(host, 10.0, None)
    assert len(hosts) == 3
    rows = hosts.rows(0, 3)
    assert [(row.host, row.in_flight, row.succeeded) for row in rows] == [
        ("a", 0, 1),
        ("b", 1, 0),
        ("", 2, 2),
    ]
    assert hosts.rows(2, 1) == rows[2:]
    assert len({row.id for row in rows}) == 3


@given(st.lists(st.integers(0, 100_000), min_size=1, max_size=3 * WINDOW))
def test_percentiles_are_those_of_the_last_attempts(times: list[int]) -> None:
    hosts = Hosts(HostLimits())
    for time in times:
        hosts.started("a")
        hosts.ended("a", float(time), None)
    recent = sorted(times[-WINDOW:])
    [row] = hosts.rows(0, 1)
    assert row.p50_ms in recent
    assert row.p95_ms in recent
    assert sum(time < row.p50_ms for time in recent) < len(recent) / 2 + 0.5
    assert sum(time <= row.p95_ms for time in recent) >= 0.95 * len(recent)
    assert row.p50_ms == pytest.approx(recent[(len(recent) + 1) // 2 - 1])


def test_an_end_without_a_start_does_no_harm() -> None:
    hosts = Hosts(HostLimits())
    hosts.ended("a", 10.0, None)
    assert len(hosts) == 0


async def test_a_run_counts_every_attempt_by_its_host(tmp_path: Path) -> None:
    async with ledger_server() as server:
        urls = [f"{server.url}/{kind}/{n}" for kind in ("ok", "flaky", "status/404") for n in range(3)]
        (tmp_path / "urls.txt").write_text("\n".join(urls))
        options = Options(concurrency=5, retries=2)
        async with open_run(
            Job(str(tmp_path / "urls.txt")), options, tmp_path / "x.run", environ={}
        ) as engine:
            await engine.finished()
            assert engine.host_count == 1
            [row] = engine.hosts(0, 10)
    assert row.host == server.url.removeprefix("http://")
    assert (row.in_flight, row.succeeded, row.failed) == (0, 6, 6)
    assert row.last_failure is FailureKind.HTTP_STATUS
    assert row.p50_ms is not None
    assert row.p95_ms is not None
    assert 0 < row.p50_ms <= row.p95_ms
