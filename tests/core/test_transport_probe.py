"""Whether a server can be reached right now: connected to for real, and nothing sent."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from fetchdeck.core.transport.http import HttpTransport
from fetchdeck.core.transport.names import Names

from tests.support.fault_server import FaultServer
from tests.support.fetching import SECRET, fetched, opened, whole
from tests.support.full_server import never_accepting


@pytest.fixture
async def transport(tmp_path: Path):
    async with opened(tmp_path / "bodies") as transport:
        yield transport


async def _listener() -> tuple[asyncio.Server, asyncio.Future[bytes]]:
    """A server that tells all that the first client sent before it left."""
    heard: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    async def hear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.set_result(await reader.read())
        writer.close()

    return await asyncio.start_server(hear, "127.0.0.1", 0), heard


@pytest.mark.parametrize("shape", ["http://{}/x", "https://{}/", "http://***@{}/p?key=***", "http://{}?***"])
async def test_a_server_that_listens_is_reached_and_hears_nothing(
    transport: HttpTransport, shape: str
) -> None:
    server, heard = await _listener()
    port = server.sockets[0].getsockname()[1]
    async with server:
        assert await transport.probe(shape.format(f"127.0.0.1:{port}"), 5) is None
        assert await heard == b""


async def test_a_name_is_reached_by_any_of_its_addresses(transport: HttpTransport) -> None:
    """`localhost` may be ::1 first, where nobody listens."""
    server, heard = await _listener()
    async with server:
        assert await transport.probe(f"http://localhost:{server.sockets[0].getsockname()[1]}/", 5) is None
        assert await heard == b""


async def test_refused(transport: HttpTransport) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        assert (
            await transport.probe(f"http://127.0.0.1:{port}/", 5) == f"connection refused by 127.0.0.1:{port}"
        )


async def test_never_accepted(transport: HttpTransport) -> None:
    with never_accepting() as port:
        assert (
            await transport.probe(f"http://127.0.0.1:{port}/", 0.2)
            == f"no connection to 127.0.0.1:{port} within 0.2 s"
        )


@pytest.mark.parametrize("host", ["no-such-host.invalid", f"{'a' * 70}.invalid"])
async def test_hosts_without_an_address(transport: HttpTransport, host: str) -> None:
    reason = await transport.probe(f"http://{host}/", 20)
    assert reason is not None
    assert reason.startswith(f"cannot resolve {host}: ")


@pytest.mark.parametrize(
    "url", ["", "***", "http://***/", "http://***.example/", "ftp://h/", "http://h:99999/", "http://[/"]
)
async def test_urls_that_do_not_tell_where_to_try(transport: HttpTransport, url: str) -> None:
    assert await transport.probe(url, 5) is None


async def test_a_reason_names_no_secret(transport: HttpTransport) -> None:
    reason = await transport.probe(f"http://{SECRET}.invalid/", 20)
    assert reason is not None
    assert SECRET not in reason


class _SystemNames:
    """Stands for the system's resolver: answers when the test says so, and counts how often it was asked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, silent: bool = False) -> None:
        self.asked: list[str] = []
        self.threads: set[str] = set()
        self.answer = threading.Event()
        self.known = True
        self._ask: Callable[..., object] = socket.getaddrinfo
        if not silent:
            self.answer.set()
        monkeypatch.setattr(socket, "getaddrinfo", self._look_up)

    def _look_up(self, host: str, *args: object, **options: object) -> object:
        self.asked.append(host)
        self.threads.add(threading.current_thread().name)
        self.answer.wait()
        if not self.known:
            raise socket.gaierror(socket.EAI_AGAIN, "temporary failure")
        return self._ask("127.0.0.1", *args, **options)


async def test_every_probe_looks_the_name_up_anew(
    transport: HttpTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = _SystemNames(monkeypatch)
    async with FaultServer() as server:
        url = f"http://api.example:{server.port}/"
        for _ in range(2):
            assert whole(await fetched(transport, url)).body == b"ok"
        assert len(names.asked) == 1
        for _ in range(3):
            assert await transport.probe(url, 5) is None
        assert len(names.asked) == 4
        names.known = False
        assert await transport.probe(url, 5) == "cannot resolve api.example: temporary failure"


async def test_dead_name_servers_hold_neither_a_probe_nor_disk_work(
    transport: HttpTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = _SystemNames(monkeypatch, silent=True)
    held = [asyncio.create_task(fetched(transport, f"http://h{n}.example/")) for n in range(80)]
    try:
        while len(names.asked) < 32:
            await asyncio.sleep(0)
        assert await asyncio.to_thread(lambda: 7) == 7
        assert await transport.probe("http://api.example/", 0.1) == (
            "cannot resolve api.example: no answer within 0.1 s"
        )
        assert len([host for host in names.asked if host.startswith("h")]) == 32
        assert names.threads == {"names"}
    finally:
        for one in held:
            one.cancel()
        await asyncio.gather(*held, return_exceptions=True)
        names.answer.set()


async def test_look_ups_that_were_given_up_free_their_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    names, system = Names(most_at_once=1), _SystemNames(monkeypatch, silent=True)
    given_up = asyncio.create_task(names.addresses("a.example", 80))
    while not system.asked:
        await asyncio.sleep(0)
    given_up.cancel()
    waiting = asyncio.create_task(names.addresses("b.example", 80))
    await asyncio.sleep(0)
    assert system.asked == ["a.example"]
    system.answer.set()
    assert [one.host for one in await waiting] == ["127.0.0.1"]
