"""Where an attempt is, and what each part of making its connection took: on real sockets, each part made slow."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from fetchdeck.core.job import Options
from fetchdeck.core.model import FailureKind, Outcome, Phase, Progress, Request
from fetchdeck.core.transport.connecting import ConnectWatch
from fetchdeck.core.transport.http import HttpTransport

from tests.support.certificates import Authority
from tests.support.fault_server import FaultServer, Send, Signal, Wait, reply
from tests.support.fetching import fault, fetch, opened, whole
from tests.support.full_server import never_accepting
from tests.support.proxy_server import ProxyServer

NAMED = "http://slow-name.example:{}/"


@pytest.fixture
async def transport(tmp_path: Path) -> AsyncIterator[HttpTransport]:
    async with opened(tmp_path / "bodies", Options(timeout_s=20, insecure=True)) as transport:
        yield transport


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    try:
        return Authority(tmp_path_factory.mktemp("tls")).self_signed("DNS:other.example")
    except FileNotFoundError:
        pytest.skip("no openssl command to make certificates with")


@pytest.fixture
def name_server(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Every name is 127.0.0.1, which is told once the event is set."""
    go, ask = threading.Event(), socket.getaddrinfo

    def slow(host: str, *args: object, **more: object) -> object:
        assert go.wait(20)
        return ask("127.0.0.1", *args, **more)  # type: ignore[call-overload]

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    return go


class Watched:
    """An attempt under way, and all phases it has passed."""

    def __init__(self, transport: HttpTransport, url: str) -> None:
        self.progress = Progress()
        self.passed = [Phase.QUEUED]
        self.task = asyncio.create_task(fetch(transport, Request("GET", url), "00000/0-1", self.progress))

    async def until(self, phase: Phase) -> None:
        async with asyncio.timeout(10):
            while self._seen() is not phase:
                await asyncio.sleep(0)

    async def outcome(self) -> Outcome:
        while not self.task.done():
            self._seen()
            await asyncio.sleep(0)
        return self.task.result()

    async def cancelled(self) -> None:
        self.task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await self.task

    @property
    def parts(self) -> tuple[bool, bool, bool]:
        """Which of DNS, connect and TLS took any time."""
        times = self.progress.times
        assert times is not None
        return times.dns_s is not None, times.connect_s is not None, times.tls_s is not None

    def _seen(self) -> Phase:
        if self.progress.phase is not self.passed[-1]:
            self.passed.append(self.progress.phase)
        return self.progress.phase


async def test_a_slow_name_server_is_waited_for_in_dns(
    transport: HttpTransport, name_server: threading.Event
) -> None:
    async with FaultServer() as server:
        url = NAMED.format(server.port)
        first, second = Watched(transport, url), Watched(transport, url)
        await first.until(Phase.DNS)
        await second.until(Phase.DNS)
        name_server.set()
        for attempt in (first, second):
            found = whole(await attempt.outcome())
            assert attempt.parts == (True, True, False)
            times = attempt.progress.times
            assert times is not None
            assert (times.dns_s or 0) + (times.connect_s or 0) <= found.ttfb_s
        # The name is known now, so that a third connection waits for nobody.
        third, fourth = Watched(transport, url), Watched(transport, url)
        whole(await third.outcome())
        whole(await fourth.outcome())
        assert [one.progress.times for one in (third, fourth)] == [None, None]
        several = [Watched(transport, url) for _ in range(3)]
        for one in several:
            whole(await one.outcome())
        assert several[2].parts == (False, True, False)


async def test_a_cancelled_look_up_keeps_what_it_took(
    transport: HttpTransport, name_server: threading.Event
) -> None:
    attempt = Watched(transport, NAMED.format(1))
    await attempt.until(Phase.DNS)
    await attempt.cancelled()
    name_server.set()
    assert attempt.parts == (True, False, False)


async def test_a_full_backlog_is_waited_for_in_connect(tmp_path: Path) -> None:
    options = Options(timeout_s=20, connect_timeout_s=0.2)
    with never_accepting() as port:
        async with opened(tmp_path, options) as transport:
            attempt = Watched(transport, f"http://127.0.0.1:{port}/")
            await attempt.until(Phase.CONNECT)
            found = fault(await attempt.outcome())
            assert found.kind is FailureKind.CONNECT_TIMEOUT
            assert attempt.parts == (False, True, False)
            assert attempt.progress.times is not None
            assert 0.15 < (attempt.progress.times.connect_s or 0) < 5
            gone = Watched(transport, f"http://127.0.0.1:{port}/")
            await gone.until(Phase.CONNECT)
            await gone.cancelled()


async def test_a_server_that_says_no_hello_is_waited_for_in_tls(transport: HttpTransport) -> None:
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen(8)
        attempt = Watched(transport, f"https://127.0.0.1:{mute.getsockname()[1]}/")
        await attempt.until(Phase.TLS)
        assert attempt.parts == (False, True, False)
        await attempt.cancelled()
        assert attempt.parts == (False, True, True)


async def test_a_slow_reply_passes_sent_and_receiving_and_a_reused_connection_costs_nothing(
    transport: HttpTransport, tls: ssl.SSLContext
) -> None:
    head, rest = asyncio.Event(), asyncio.Event()
    script = [Wait(head), Send(reply(b"x" * 9)[:-4]), Wait(rest), Send(b"xxxx")]
    async with FaultServer({"/slow": script}, tls=tls) as server:
        attempt = Watched(transport, server.url("/slow"))
        await attempt.until(Phase.SENT)
        assert attempt.parts == (False, True, True)
        head.set()
        await attempt.until(Phase.RECEIVING)
        rest.set()
        assert whole(await attempt.outcome()).size == 9
        again = Watched(transport, server.url("/ok"))
        whole(await again.outcome())
        assert server.ledger.connections == 1
        assert again.progress.times is None
        assert not {Phase.DNS, Phase.CONNECT, Phase.TLS} & {*again.passed}


def test_parts_add_up_over_the_connections_of_an_attempt() -> None:
    progress = Progress()
    for took in (0.25, 0.5):
        watch = ConnectWatch(progress, tls=False, tunnel=False)
        assert progress.times is not None
        known = progress.times.connect_s or 0.0
        watch.enter(Phase.CONNECT)
        watch._since -= took
        watch.protocol_made()
        watch.leave()
        assert took <= (progress.times.connect_s or 0.0) - known < took + 0.2
    assert progress.times.tls_s is None


async def test_a_hop_is_connected_and_awaited_by_itself(transport: HttpTransport) -> None:
    go = asyncio.Event()
    async with FaultServer({"/end": [Wait(go), Send(reply(b"ok"))]}) as other:
        away = reply(b"", "302 Found", Location=other.url("/end"))
        async with FaultServer(default=[Send(away)]) as server:
            attempt = Watched(transport, server.url("/"))
            await attempt.until(Phase.REDIRECTING)
            assert attempt.passed.count(Phase.CONNECT) == 2
            while not other.ledger.count("/end"):
                await asyncio.sleep(0)
            assert attempt.progress.phase is Phase.REDIRECTING
            go.set()
            assert whole(await attempt.outcome()).hops
            assert attempt.parts == (False, True, False)


@pytest.mark.parametrize("tunnel", [True, False])
async def test_through_a_proxy_connect_is_to_the_proxy(
    tmp_path: Path, tls: ssl.SSLContext, tunnel: bool
) -> None:
    async with FaultServer(tls=tls if tunnel else None) as server, ProxyServer() as proxy:
        options = Options(timeout_s=20, insecure=True, proxy=proxy.url())
        async with opened(tmp_path, options) as transport:
            attempt = Watched(transport, server.url("/"))
            assert whole(await attempt.outcome()).body == b"ok"
        assert proxy.connections == 1
        assert attempt.parts == (False, True, tunnel)
        assert (Phase.TLS in attempt.passed) is tunnel


async def test_a_refused_connection_has_the_time_it_took(transport: HttpTransport) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        attempt = Watched(transport, f"http://127.0.0.1:{taken.getsockname()[1]}/")
        assert fault(await attempt.outcome()).kind is FailureKind.CONNECT
    assert attempt.parts == (False, True, False)


async def test_an_unknown_name_has_the_time_it_took(
    transport: HttpTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody(*_args: object, **_more: object) -> object:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", nobody)
    attempt = Watched(transport, NAMED.format(80))
    assert fault(await attempt.outcome()).kind is FailureKind.DNS
    assert attempt.parts == (True, False, False)
    assert attempt.passed[:2] == [Phase.QUEUED, Phase.DNS]


async def test_a_lost_signal_leaves_the_reply_awaited(transport: HttpTransport) -> None:
    asked = asyncio.Event()
    async with FaultServer(default=[Signal(asked), Wait(asyncio.Event())]) as server:
        attempt = Watched(transport, server.url("/"))
        await asked.wait()
        assert attempt.progress.phase is Phase.SENT
        await attempt.cancelled()
