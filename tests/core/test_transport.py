"""What goes to the wire, and what comes of well-behaved servers."""

from __future__ import annotations

import asyncio
from pathlib import Path

import aiohttp
import pytest
from fetchdeck.core.model import FailureKind, Phase, Progress, Request
from fetchdeck.core.transport.http import HttpTransport
from fetchdeck.core.transport.names import Names
from fetchdeck.core.transport.pool import FreshConnector
from fetchdeck.core.transport.protocol import ReplyProtocol

from tests.support.fault_server import Close, FaultServer, Send, Signal, Wait, reply
from tests.support.fetching import fault, fetch, fetched, opened, whole


@pytest.fixture
async def transport(tmp_path: Path):
    async with opened(tmp_path / "bodies") as transport:
        yield transport


async def test_a_reply_is_taken_whole(transport: HttpTransport, tmp_path: Path) -> None:
    head = b"HTTP/1.1 201 Created\r\nX-One: a\r\nx-ONE:  b \r\nContent-Length: 5\r\n\r\n"
    async with FaultServer(default=[Send(head + b"hello")]) as server:
        progress = Progress()
        found = whole(await fetch(transport, Request("GET", server.url("/")), "0/0-1", progress))
    assert (found.status, found.body, found.wire_bytes) == (201, b"hello", 5)
    assert found.headers == b"X-One: a\r\nx-ONE: b\r\nContent-Length: 5"
    assert not found.unverified_length
    assert found.hops == ()
    assert found.ttfb_s > 0
    assert (progress.phase, progress.received) == (Phase.RECEIVING, 5)
    assert not (tmp_path / "bodies").exists()


@pytest.mark.parametrize(
    "target",
    [
        "/a/../b/./c",
        "/%7Euser/~user",
        "/%7euser",
        "//double///slash",
        "/p;a=1?x=a+b%20c&y=%2F%2f&z",
        "/q?a=b?c/d",
        "/p?",
        "/p??",
        "/?",
        "/it's(fine)!*,:@&=$",
    ],
)
async def test_a_target_goes_out_byte_for_byte(transport: HttpTransport, target: str) -> None:
    async with FaultServer() as server:
        whole(await fetched(transport, server.url(target)))
        assert server.ledger.first_line(target) == f"GET {target} HTTP/1.1"


async def test_the_mark_of_an_empty_query_stays(transport: HttpTransport) -> None:
    async with FaultServer() as server:
        whole(await fetched(transport, server.origin + "?"))
        assert server.ledger.first_line("/?") == "GET /? HTTP/1.1"
        whole(await fetched(transport, server.url("/%7e?").replace("//", "//ann:pw@", 1)))
        assert server.ledger.first_line("/%7e?") == "GET /%7e? HTTP/1.1"
        assert server.ledger.headers("/%7e?")["authorization"] == "Basic YW5uOnB3"
        whole(await fetched(transport, server.url("/p")))
        assert server.ledger.first_line("/p") == "GET /p HTTP/1.1"


async def test_a_fragment_stays_home_and_userinfo_becomes_a_header(transport: HttpTransport) -> None:
    async with FaultServer() as server:
        whole(await fetched(transport, server.url("/a#part").replace("//", "//ann:pw@")))
        assert server.ledger.headers("/a")["authorization"] == "Basic YW5uOnB3"
        assert server.ledger.headers("/a")["host"] == f"127.0.0.1:{server.port}"


async def test_default_headers_and_the_users_own(transport: HttpTransport) -> None:
    async with FaultServer() as server:
        whole(await fetched(transport, server.url("/plain")))
        sent = server.ledger.headers("/plain")
        assert sent["user-agent"].startswith("fetchdeck/")
        assert sent["accept"] == "*/*"
        assert sent["accept-encoding"] == "gzip, deflate, br, zstd"
        assert set(sent) == {"host", "user-agent", "accept", "accept-encoding"}
        mine = (("user-agent", "me"), ("Accept-Encoding", "identity"), ("X-Tag", "a"), ("X-Tag", "b"))
        whole(await fetched(transport, server.url("/mine"), headers=mine))
        raw = server.ledger.requests["/mine"][0]
        assert raw.lower().count(b"user-agent:") == 1
        assert b"X-Tag: a\r\nX-Tag: b\r\n" in raw
        assert server.ledger.headers("/mine")["accept-encoding"] == "identity"


@pytest.mark.parametrize("size", [0, 3, 2_000_000])
async def test_a_body_is_framed_by_the_client_alone(transport: HttpTransport, size: int) -> None:
    body = b"b" * size
    lies = (("Content-Length", "1"), ("Transfer-Encoding", "chunked"))
    async with FaultServer() as server:
        whole(await fetched(transport, server.url("/"), "POST", lies, body))
        raw = server.ledger.requests["/"][0]
        assert raw.partition(b"\r\n\r\n")[2] == body
        assert server.ledger.headers("/")["content-length"] == str(size)
        assert {"content-type", "transfer-encoding"}.isdisjoint(server.ledger.headers("/"))


@pytest.mark.parametrize(
    ("method", "status", "extra"),
    [
        ("HEAD", "200 OK", {"Content_Length": "900", "Content_Encoding": "gzip"}),
        ("GET", "204 No Content", {"Content_Length": "0"}),
        ("GET", "304 Not Modified", {"Content_Length": "900", "Content_Encoding": "br"}),
        ("GET", "200 OK", {"Content_Encoding": "gzip"}),
    ],
)
async def test_replies_without_a_body(
    transport: HttpTransport, method: str, status: str, extra: dict[str, str]
) -> None:
    async with FaultServer(default=[Send(reply(b"", status, **extra))]) as server:
        for _ in range(2):
            found = whole(await fetched(transport, server.url("/"), method))
            assert (found.status, found.body, found.unverified_length) == (int(status[:3]), b"", False)
        assert server.ledger.connections == 1


async def test_connections_are_reused(transport: HttpTransport) -> None:
    async with FaultServer() as server:
        for _ in range(5):
            assert whole(await fetched(transport, server.url("/"))).body == b"ok"
        assert server.ledger.connections == 1


async def test_a_body_that_ends_with_the_connection_is_unverified(transport: HttpTransport) -> None:
    async with FaultServer(default=[Send(b"HTTP/1.1 200 OK\r\n\r\nall?"), Close()]) as server:
        found = whole(await fetched(transport, server.url("/")))
    assert (found.body, found.unverified_length) == (b"all?", True)


async def test_interim_replies_are_passed_over(transport: HttpTransport) -> None:
    early = b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n"
    async with FaultServer(default=[Send(early + reply(b"ok"))]) as server:
        assert whole(await fetched(transport, server.url("/"))).body == b"ok"


async def test_no_cookie_crosses_from_one_request_to_the_next(transport: HttpTransport) -> None:
    async with FaultServer(default=[Send(reply(b"ok", Set_Cookie="sid=1; Path=/"))]) as server:
        whole(await fetched(transport, server.url("/a")))
        whole(await fetched(transport, server.url("/b")))
        assert "cookie" not in server.ledger.headers("/b")


async def test_cancelling_ends_the_attempt_and_the_connection(transport: HttpTransport) -> None:
    asked, left = asyncio.Event(), asyncio.Event()
    async with FaultServer(default=[Signal(asked), Wait(), Signal(left)]) as server:
        task = asyncio.create_task(fetched(transport, server.url("/")))
        await asked.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await left.wait()


async def test_headers_that_cannot_be_sent_are_a_fault(transport: HttpTransport) -> None:
    async with FaultServer() as server:
        found = fault(await fetched(transport, server.url("/"), headers=(("X", "a\r\nHost: evil"),)))
        assert found.kind is FailureKind.UNEXPECTED
        assert "ValueError" in found.message
        assert server.ledger.count("/") == 0


def test_aiohttp_still_has_the_parts_we_lean_on() -> None:
    """Each is guarded at run time; this is where a release that takes one away is noticed."""
    assert callable(aiohttp.TCPConnector._resolve_host)
    assert callable(aiohttp.TCPConnector._create_connection)
    assert "_reading_paused" in aiohttp.base_protocol.BaseProtocol.__slots__
    assert isinstance(aiohttp.connector.ResponseHandler.should_close, property)
    assert callable(aiohttp.connector.ResponseHandler.exception)


async def test_each_connection_still_speaks_through_our_protocol() -> None:
    connector = FreshConnector(Names(), 5.0)
    assert type(connector._factory()) is ReplyProtocol
    assert "_payload" in vars(connector._factory())
    assert hasattr(aiohttp.TCPConnector(loop=asyncio.get_running_loop()), "_factory")
    await connector.close()
