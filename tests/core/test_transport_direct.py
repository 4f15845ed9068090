"""A host with one address is connected to by the loop's own means, and nobody can tell from what comes of it.

On both loops, which find their own ways to connect.
"""

from __future__ import annotations

import asyncio
import resource
import socket
import time
from pathlib import Path

import aiohttp
import pytest
from fetchdeck.core.job import Options
from fetchdeck.core.model import ConnectTimes, FailureKind, Phase, Progress, Request
from fetchdeck.core.transport.connecting import ConnectWatch, making
from fetchdeck.core.transport.names import OneAddress
from yarl import URL

from tests.support.descriptors import descriptors
from tests.support.fault_server import Close, FaultServer, Send, Signal, Wait, reply
from tests.support.fetching import SECRET, fault, fetch, fetched, opened, whole
from tests.support.full_server import never_accepting
from tests.support.loops import on_both_loops
from tests.support.proxy_server import ProxyServer

CLOSING = [Send(reply(b"ok", Connection="close")), Close()]


OPTIONS = Options(timeout_s=20, connect_timeout_s=0.2)


@pytest.fixture
def by_aiohttp(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The hosts that aiohttp was asked for a connection to."""
    asked: list[str] = []
    connect = aiohttp.TCPConnector.connect

    async def noted(self: aiohttp.TCPConnector, req: aiohttp.ClientRequest, *args: object) -> object:
        asked.append(req.host)
        return await connect(self, req, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(aiohttp.TCPConnector, "connect", noted)
    return asked


def names(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    """Every name has these addresses."""
    ask = socket.getaddrinfo

    def told(host: str, *args: object, **more: object) -> list[object]:
        return [one for address in addresses for one in ask(address, *args, **more)]  # type: ignore[call-overload]

    monkeypatch.setattr(socket, "getaddrinfo", told)


@on_both_loops
async def test_a_numeric_host_is_known_after_its_first_connection(
    tmp_path: Path, by_aiohttp: list[str]
) -> None:
    async with opened(tmp_path / "bodies", OPTIONS) as transport:
        async with FaultServer(default=CLOSING) as server:
            for _ in range(5):
                assert whole(await fetched(transport, server.url("/"))).body == b"ok"
            assert server.ledger.connections == 5
        assert by_aiohttp == ["127.0.0.1"]


@on_both_loops
async def test_a_name_with_one_address_too_and_its_connection_took_time(
    tmp_path: Path, by_aiohttp: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(tmp_path / "bodies", OPTIONS) as transport:
        names(monkeypatch, "127.0.0.1")
        async with FaultServer(default=CLOSING) as server:
            for _ in range(3):
                progress = Progress()
                request = Request("GET", f"http://one.example:{server.port}/")
                found = whole(await fetch(transport, request, "00000/0-1", progress))
                assert progress.times is not None
                assert 0 < (progress.times.connect_s or 0) <= found.ttfb_s
            assert progress.times.dns_s is None
        assert by_aiohttp == ["one.example"]


@on_both_loops
async def test_several_addresses_are_aiohttps_to_choose_from(
    tmp_path: Path, by_aiohttp: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(tmp_path / "bodies", OPTIONS) as transport:
        names(monkeypatch, "127.0.0.9", "127.0.0.1")
        async with FaultServer(default=CLOSING) as server:
            for _ in range(3):
                whole(await fetched(transport, f"http://two.example:{server.port}/"))
        assert by_aiohttp == ["two.example"] * 3


@on_both_loops
async def test_a_refusal_is_told_alike(tmp_path: Path, by_aiohttp: list[str]) -> None:
    async with opened(tmp_path / "bodies", OPTIONS) as transport:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            url = f"http://127.0.0.1:{taken.getsockname()[1]}/?key={SECRET}"
            first, second = [fault(await fetched(transport, url, "POST")) for _ in range(2)]
        assert first == second
        assert second.kind is FailureKind.CONNECT
        assert len(by_aiohttp) == 1


@on_both_loops
async def test_a_connection_that_is_never_accepted_is_told_alike(
    tmp_path: Path, by_aiohttp: list[str]
) -> None:
    async with opened(tmp_path / "bodies", OPTIONS) as transport:
        with never_accepting() as port:
            url = f"http://127.0.0.1:{port}/"
            await fetched(transport, url)
            began = time.monotonic()
            first, second = [fault(await fetched(transport, url, "POST")) for _ in range(2)]
            assert time.monotonic() - began < 10, "the connect timeout, not that of the whole"
        assert first == second
        assert second.kind is FailureKind.CONNECT_TIMEOUT
        assert len(by_aiohttp) == 1


@on_both_loops
async def test_an_attempt_is_cancelled_while_it_connects(tmp_path: Path, by_aiohttp: list[str]) -> None:
    async with opened(tmp_path / "bodies", OPTIONS) as transport:
        with never_accepting() as port:
            url = f"http://127.0.0.1:{port}/"
            for _ in range(2):
                # A loop may open something for itself.
                await fetched(transport, url)
            open_before = descriptors()
            progress = Progress()
            attempt = asyncio.create_task(fetch(transport, Request("GET", url), "00000/0-2", progress))
            async with asyncio.timeout(10):
                while progress.phase is not Phase.CONNECT:
                    await asyncio.sleep(0)
            attempt.cancel()
            with pytest.raises(asyncio.CancelledError):
                await attempt
            await asyncio.sleep(0)
            assert descriptors() == open_before
        assert len(by_aiohttp) == 1


@on_both_loops
async def test_no_descriptors_left_is_this_machines_fault(tmp_path: Path, by_aiohttp: list[str]) -> None:
    async with opened(tmp_path / "bodies", OPTIONS) as transport:
        async with FaultServer(default=CLOSING) as server:
            whole(await fetched(transport, server.url("/")))
            soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
            resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
            try:
                found = fault(await fetched(transport, server.url("/")))
            finally:
                resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
            assert found.kind is FailureKind.LOCAL
            assert "too many open files" in found.message
            assert whole(await fetched(transport, server.url("/"))).body == b"ok"
        assert len(by_aiohttp) == 1


@on_both_loops
async def test_what_was_in_the_making_when_all_was_closed_is_closed_too(
    tmp_path: Path, by_aiohttp: list[str]
) -> None:
    async with FaultServer(default=CLOSING) as server, opened(tmp_path) as transport:
        whole(await fetched(transport, server.url("/")))
        progress = Progress()
        request = Request("GET", server.url("/late"))
        attempt = asyncio.create_task(fetch(transport, request, "00000/0-2", progress))
        async with asyncio.timeout(10):
            while progress.phase is not Phase.CONNECT:
                await asyncio.sleep(0)
        await transport._gear.connector.shut()
        fault(await attempt)
        assert server.ledger.count("/late") == 0
    assert len(by_aiohttp) == 1


@on_both_loops
async def test_a_connection_in_use_is_closed_with_all_others(tmp_path: Path, by_aiohttp: list[str]) -> None:
    gone = asyncio.Event()
    async with (
        FaultServer({"/slow": [Signal(gone), Wait()]}, default=CLOSING) as server,
        opened(tmp_path) as transport,
    ):
        whole(await fetched(transport, server.url("/")))
        attempt = asyncio.create_task(fetched(transport, server.url("/slow")))
        async with asyncio.timeout(10):
            await gone.wait()
            await transport._gear.connector.shut()
            fault(await attempt)
    assert len(by_aiohttp) == 1


@on_both_loops
async def test_another_attempts_watch_hears_nothing_of_it(tmp_path: Path) -> None:
    """Whatever a callback of a connection begins runs in the context that this connection was made in."""
    async with opened(tmp_path / "bodies", OPTIONS) as transport:
        other = Progress()
        async with FaultServer(default=CLOSING) as server:
            whole(await fetched(transport, server.url("/")))
            token = making.set(ConnectWatch(other, tls=True, tunnel=False))
            try:
                whole(await fetched(transport, server.url("/")))
            finally:
                making.reset(token)
        assert other.phase is Phase.QUEUED
        assert other.times == ConnectTimes()


@on_both_loops
async def test_what_stands_before_a_server_is_not_left_out(by_aiohttp: list[str], tmp_path: Path) -> None:
    async with opened(tmp_path / "bodies", OPTIONS) as transport:
        async with FaultServer(default=CLOSING) as server:
            whole(await fetched(transport, server.url("/")))
            fault(await fetched(transport, server.url("/").replace("http:", "https:")))
            assert server.ledger.total == 1
        assert by_aiohttp == ["127.0.0.1"] * 2
        async with (
            FaultServer(default=CLOSING) as server,
            ProxyServer() as proxy,
            opened(tmp_path / "b", Options(proxy=proxy.url())) as transport,
        ):
            transport._gear.connector._known.learn("127.0.0.1", server.port, ["127.0.0.1"], fresh=True)
            for _ in range(3):
                whole(await fetched(transport, server.url("/")))
            assert len(proxy.first_lines) == 3


@pytest.mark.parametrize("host", ["[fe80::9]", "[::1%25lo]", "[fe80::9%25nosuch]"])
@on_both_loops
async def test_no_interface_is_taken_that_nobody_named(tmp_path: Path, host: str) -> None:
    async with opened(tmp_path / "bodies", OPTIONS) as transport:
        first, second = [fault(await fetched(transport, f"http://{host}:1/", "POST")) for _ in range(2)]
        assert first == second


@on_both_loops
async def test_a_redirect_to_what_only_looks_like_an_address_is_told_alike(tmp_path: Path) -> None:
    away = [Send(reply(b"", "302 Found", Location="http://[v1.fe::1]/"))]
    async with opened(tmp_path / "bodies", OPTIONS) as transport, FaultServer(default=away) as server:
        gets = [fault(await fetched(transport, server.url("/"))).kind for _ in range(2)]
        posts = [fault(await fetched(transport, server.url("/"), "POST")).kind for _ in range(2)]
    assert gets == [FailureKind.CONNECT] * 2
    assert posts == [FailureKind.OUTCOME_UNKNOWN] * 2


ORIGIN = URL("http://one.example:80/")


@pytest.mark.parametrize(
    ("host", "found", "fresh", "known"),
    [
        ("one.example", ["10.0.0.1"], True, "10.0.0.1"),
        ("one.example", ["10.0.0.1"], False, None),
        ("one.example", ["10.0.0.1", "10.0.0.2"], True, None),
        ("10.0.0.3", ["10.0.0.3"], False, "10.0.0.3"),
        ("::1", ["::1"], False, "::1"),
        ("::1%lo", ["::1%lo"], False, None),
        ("fe80::1", ["fe80::1"], False, None),
        ("fe80::1%eth0", ["fe80::1%eth0"], False, None),
        ("one.example", ["fe80::1%eth0"], True, None),
    ],
)
def test_one_address_is_known_where_there_is_no_other(
    host: str, found: list[str], fresh: bool, known: str | None
) -> None:
    addresses = OneAddress(60)
    origin = URL.build(scheme="http", host=host, port=81)
    assert addresses.of(origin) is None
    addresses.learn(host, 81, found, fresh=fresh)
    assert addresses.of(origin) == ((known, 81) if known else None)
    assert addresses.of(origin.with_port(82)) is None


def test_a_second_address_is_news_and_an_old_look_up_is_none() -> None:
    addresses, old = OneAddress(60), OneAddress(0)
    for known in (addresses, old):
        known.learn("one.example", 80, ["10.0.0.1"], fresh=True)
    assert old.of(ORIGIN) is None
    assert addresses.of(ORIGIN) == ("10.0.0.1", 80)
    addresses.learn("one.example", 80, ["10.0.0.1", "10.0.0.2"], fresh=True)
    assert addresses.of(ORIGIN) is None


def test_so_many_hosts_and_no_more_are_remembered() -> None:
    addresses = OneAddress(60)
    for number in range(25_000):
        addresses.learn(f"{number}.example", 80, ["10.0.0.1"], fresh=True)
    assert len(addresses._known) <= 10_000
    assert addresses.of(URL("http://24999.example/")) is not None
