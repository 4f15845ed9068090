"""What comes of servers, networks and machines that misbehave: each fault by its name, and never a wrong body."""

from __future__ import annotations

import asyncio
import errno
import os
import resource
import socket
from pathlib import Path

import pytest
from fetchdeck.core.job import Options
from fetchdeck.core.model import UNSENT_KINDS, FailureKind, Fault, Outcome, Phase, Progress, Request
from fetchdeck.core.transport.http import HttpTransport

from tests.support.fault_server import (
    Close,
    Drip,
    FaultServer,
    Pause,
    Reset,
    Script,
    Send,
    Signal,
    Wait,
    reply,
)
from tests.support.fetching import SECRET, fault, fetch, fetched, opened, whole
from tests.support.full_server import never_accepting

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
CUT = reply(b"x" * 10)[:-7]


@pytest.fixture
async def transport(tmp_path: Path):
    async with opened(tmp_path / "bodies") as transport:
        yield transport


@pytest.mark.parametrize(
    ("script", "kind", "status"),
    [
        ([Close()], FailureKind.RESET, None),
        ([Reset()], FailureKind.RESET, None),
        ([Send(b"HTTP/1.1 200 OK\r\nX: "), Close()], FailureKind.RESET, None),
        ([Send(b"HTTP/1.1 200 OK\r\nX: "), Reset()], FailureKind.RESET, None),
        ([Send(CUT), Close()], FailureKind.TRUNCATED, 200),
        ([Send(CHUNKED + b"5\r\nab"), Close()], FailureKind.TRUNCATED, 200),
        ([Send(CHUNKED + b"2\r\nab\r\n"), Close()], FailureKind.TRUNCATED, 200),
        ([Send(b"garbage\r\n\r\n"), Close()], FailureKind.PROTOCOL, None),
        ([Send(b"HTTP/1.1 2x0 OK\r\n\r\n"), Close()], FailureKind.PROTOCOL, None),
        ([Send(b"HTTP/0.9\r\n\r\nhi"), Close()], FailureKind.PROTOCOL, None),
        ([Send(reply(b"", "099 Odd"))], FailureKind.PROTOCOL, 99),
        ([Send(reply(b"", "600 Odd"))], FailureKind.PROTOCOL, 600),
        ([Send(reply(b"", "999 Odd"))], FailureKind.PROTOCOL, 999),
        ([Send(b"HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n")], FailureKind.PROTOCOL, 200),
        ([Send(b"HTTP/1.1 101 Up\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n")], FailureKind.PROTOCOL, 101),
        ([Send(reply(b"", X="v" * 40_000))], FailureKind.PROTOCOL, None),
        ([Send(reply(b"", **{f"X_{n}": "v" for n in range(300)}))], FailureKind.PROTOCOL, None),
        ([Send(reply(b"ab", Content_Length="2, 3"))], FailureKind.PROTOCOL, None),
        (
            [Send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n")],
            FailureKind.PROTOCOL,
            200,
        ),
    ],
)
async def test_broken_replies_are_named(
    transport: HttpTransport, script: Script, kind: FailureKind, status: int | None
) -> None:
    async with FaultServer({"/bad": script}) as server:
        found = fault(await fetched(transport, server.url("/bad")))
        assert (found.kind, found.status) == (kind, status)
        assert server.ledger.count("/bad") == 1
        assert whole(await fetched(transport, server.url("/good"))).body == b"ok"
        # The same on a connection that has been used, where no task waits for the reply.
        assert fault(await fetched(transport, server.url("/bad"))) == found
        assert whole(await fetched(transport, server.url("/good"))).body == b"ok"
        assert server.ledger.connections == 3


@pytest.mark.parametrize("used", [False, True])
async def test_octets_of_the_server_are_no_message(transport: HttpTransport, used: bool) -> None:
    async with FaultServer({"/bad": [Send(reply(b"", X=f"{SECRET.upper()}\0"))]}) as server:
        if used:
            whole(await fetched(transport, server.url("/good")))
        found = fault(await fetched(transport, server.url("/bad")))
        assert found.kind is FailureKind.PROTOCOL
        assert SECRET not in found.message.lower()


@pytest.mark.parametrize("used", [False, True])
@pytest.mark.parametrize("then", [Wait(), Close(), Reset()])
async def test_more_than_may_come_is_not_waited_for(
    tmp_path: Path, then: Wait | Close | Reset, used: bool
) -> None:
    options = Options(timeout_s=30, max_body=3)
    begins: Script = [Send(reply(b"x" * 10)[:-5]), Pause(0.2), then]
    async with (
        FaultServer({"/large": begins}) as server,
        opened(tmp_path / "bodies", options) as transport,
    ):
        if used:
            whole(await fetched(transport, server.url("/good")))
        async with asyncio.timeout(20):
            found = fault(await fetched(transport, server.url("/large")))
        assert found.kind is FailureKind.TOO_LARGE


async def test_what_cannot_even_be_named_is_a_fault_too(transport: HttpTransport) -> None:
    found = fault(await fetched(transport, "http://us[er:pw@127.0.0.1:9/"))
    assert found.kind is FailureKind.UNEXPECTED


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "POST"])
async def test_nothing_is_sent_twice_behind_our_back(transport: HttpTransport, method: str) -> None:
    scripts = {"/dies": lambda seen: [Send(reply(b"ok"))] if seen == 0 else [Close()]}
    async with FaultServer(scripts) as server:
        whole(await fetched(transport, server.url("/dies"), method))
        assert fault(await fetched(transport, server.url("/dies"), method)).kind is FailureKind.RESET
        assert server.ledger.count("/dies") == 2
        assert server.ledger.connections == 1


async def test_a_connection_closed_while_idle_is_not_used_again(transport: HttpTransport) -> None:
    async with FaultServer(default=[Send(reply(b"ok")), Close()]) as server:
        for _ in range(50):
            assert whole(await fetched(transport, server.url("/"), "POST", body=b"x")).body == b"ok"
        assert server.ledger.count("/") == 50


@pytest.mark.parametrize(
    "extra",
    [reply(b"WRONG"), reply(b"WRONG")[:-20], b"junk", b"\r\n\r\n", b"H"],
)
async def test_unsolicited_octets_never_answer_the_next_request(
    transport: HttpTransport, extra: bytes
) -> None:
    async with FaultServer({"/first": [Send(reply(b"first")), Send(extra)]}) as server:
        for _ in range(20):
            await fetched(transport, server.url("/first"))
            assert whole(await fetched(transport, server.url("/next"))).body == b"ok"


@pytest.mark.parametrize("turns", [0, 50], ids=["in the socket", "in the client"])
async def test_octets_that_arrive_later_on_an_idle_connection(transport: HttpTransport, turns: int) -> None:
    go, sent = asyncio.Event(), asyncio.Event()
    scripts = {"/first": [Send(reply(b"first")), Wait(go), Send(reply(b"WRONG")), Signal(sent)]}
    async with FaultServer(scripts) as server:
        whole(await fetched(transport, server.url("/first")))
        go.set()
        await sent.wait()
        for _ in range(turns):
            await asyncio.sleep(0)
        assert whole(await fetched(transport, server.url("/next"))).body == b"ok"
        assert server.ledger.connections == 2


@pytest.mark.parametrize(
    "script", [[Send(reply(b"body", "204 No Content"))], [Send(reply(b"body", "304 Same"))]]
)
async def test_a_body_where_none_may_be_is_dropped(transport: HttpTransport, script: Script) -> None:
    async with FaultServer({"/bad": script}) as server:
        for _ in range(3):
            found = await fetched(transport, server.url("/bad"))
            assert getattr(found, "body", b"") == b""
            assert whole(await fetched(transport, server.url("/good"))).body == b"ok"


async def test_a_body_longer_than_declared_is_not_read_on(transport: HttpTransport) -> None:
    async with FaultServer({"/bad": [Send(reply(b"abcdef", Content_Length="3"))]}) as server:
        found = await fetched(transport, server.url("/bad"))
        assert getattr(found, "body", b"abc") == b"abc"
        assert whole(await fetched(transport, server.url("/good"))).body == b"ok"


@pytest.mark.parametrize("head", [reply(b"x" * 90)[:-80], CHUNKED + b"5\r\nab", b"HTTP/1.1 200 OK\r\n\r\nab"])
async def test_a_reset_in_mid_body(transport: HttpTransport, head: bytes) -> None:
    go = asyncio.Event()
    async with FaultServer(default=[Send(head), Wait(go), Reset()]) as server:
        progress = Progress()
        attempt = asyncio.create_task(fetch(transport, Request("GET", server.url("/")), "0/0-1", progress))
        while progress.phase is not Phase.RECEIVING:
            await asyncio.sleep(0)
        go.set()
        found = fault(await attempt)
        assert (found.kind, found.status) == (FailureKind.RESET, 200)
        assert found.wire_bytes > 0


async def test_chunks_that_are_no_chunks_end_the_attempt_at_once(transport: HttpTransport) -> None:
    go = asyncio.Event()
    async with FaultServer(
        default=[Send(CHUNKED + b"2\r\nab\r\n"), Wait(go), Send(b"zz\r\n"), Wait()]
    ) as server:
        progress = Progress()
        attempt = asyncio.create_task(fetch(transport, Request("GET", server.url("/")), "0/0-1", progress))
        while not progress.received:
            await asyncio.sleep(0)
        go.set()
        found = fault(await attempt)
    assert (found.kind, found.status) == (FailureKind.PROTOCOL, 200)


@pytest.mark.parametrize(
    "script",
    [
        [Wait()],
        [Send(b"HTTP/1.1 200 OK\r\nX: "), Drip(b"x", times=99), Wait()],
        [Send(reply(b"", Content_Length="5")), Wait()],
    ],
)
async def test_the_total_timeout_holds(tmp_path: Path, script: Script) -> None:
    async with opened(tmp_path, Options(timeout_s=0.2)) as transport, FaultServer(default=script) as server:
        found = fault(await fetched(transport, server.url("/")))
    assert found.kind is FailureKind.TIMEOUT
    assert "0.2 s" in found.message


async def test_a_dripping_body_meets_the_total_timeout(tmp_path: Path) -> None:
    script = [Send(CHUNKED), Drip(b"1\r\nx\r\n")]
    async with opened(tmp_path, Options(timeout_s=0.3)) as transport, FaultServer(default=script) as server:
        found = fault(await fetched(transport, server.url("/")))
    assert (found.kind, found.status) == (FailureKind.TIMEOUT, 200)
    assert found.wire_bytes > 0


async def test_an_endless_body_meets_its_cap(tmp_path: Path) -> None:
    left = asyncio.Event()
    script = [Send(b"HTTP/1.1 200 OK\r\n\r\n"), Drip(b"x" * 65_536), Signal(left)]
    options = Options(max_body=3_000_000, timeout_s=20)
    async with opened(tmp_path, options) as transport, FaultServer(default=script) as server:
        found = fault(await fetched(transport, server.url("/")))
        assert (found.kind, found.status) == (FailureKind.TOO_LARGE, 200)
        assert 3_000_000 < found.wire_bytes < 4_000_000
        assert not [path for path in tmp_path.rglob("*") if path.is_file()]
        assert server.ledger.connections == 1


async def test_refused(transport: HttpTransport) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        found = fault(await fetched(transport, f"http://127.0.0.1:{port}/?key={SECRET}"))
    assert found.kind is FailureKind.CONNECT
    assert found.message == f"connection refused by 127.0.0.1:{port}"


async def test_a_connection_that_is_never_accepted_times_out(tmp_path: Path) -> None:
    with never_accepting() as port:
        async with opened(tmp_path, Options(connect_timeout_s=0.2)) as transport:
            found = fault(await fetched(transport, f"http://127.0.0.1:{port}/", "POST"))
    assert found.kind is FailureKind.CONNECT_TIMEOUT
    assert found.kind in UNSENT_KINDS


async def test_connecting_is_blamed_even_if_the_total_timeout_is_the_shorter(tmp_path: Path) -> None:
    with never_accepting() as port:
        async with opened(tmp_path, Options(connect_timeout_s=30, timeout_s=0.3)) as transport:
            found = fault(await fetched(transport, f"http://127.0.0.1:{port}/"))
    assert found.kind is FailureKind.CONNECT_TIMEOUT


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("http://no-such-host.invalid/", FailureKind.DNS),
        (f"http://{'a' * 70}.invalid/", FailureKind.UNEXPECTED),
        ("http://127.1/", FailureKind.INVALID),
    ],
)
async def test_hosts_that_lead_nowhere(transport: HttpTransport, url: str, kind: FailureKind) -> None:
    assert fault(await fetched(transport, url)).kind is kind


def _take_all_descriptors(hoard: list[int]) -> None:
    try:
        while True:
            hoard.append(os.dup(0))
    except OSError as error:
        if error.errno != errno.EMFILE:
            raise


async def test_no_descriptors_left_is_this_machines_fault(transport: HttpTransport) -> None:
    async with FaultServer() as server:
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        highest = max(int(entry.name) for entry in Path("/proc/self/fd").iterdir())
        hoard: list[int] = []
        resource.setrlimit(resource.RLIMIT_NOFILE, (highest + 1, hard))
        try:
            _take_all_descriptors(hoard)
            found = fault(await fetched(transport, server.url("/")))
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
            for descriptor in hoard:
                os.close(descriptor)
        assert found.kind is FailureKind.LOCAL
        assert "too many open files" in found.message
        assert whole(await fetched(transport, server.url("/"))).body == b"ok"


async def test_a_post_whose_reply_is_lost_is_no_unsent_kind(transport: HttpTransport) -> None:
    async with FaultServer(default=[Reset()]) as server:
        found = fault(await fetched(transport, server.url("/"), "POST", body=b"x"))
        assert found.kind not in UNSENT_KINDS
        assert server.ledger.count("/") == 1


SLOW: tuple[Script, ...] = (
    [Wait()],
    [Send(b"HTTP/1.1 200 OK\r\nX: "), Wait()],
    [Send(b"HTTP/1.1 103 Early\r\n\r\n"), Wait()],
    [Send(reply(b"", Content_Length="5")), Wait()],
    [Send(CHUNKED + b"2\r\nab\r\n"), Wait()],
)


async def _last(
    transport: HttpTransport, request: Request, cancel_after_s: float | None
) -> list[Outcome | None]:
    """How often, and by what, an attempt ends that is told to after a while, twice, and perhaps by its timeout."""
    ends: list[Outcome | None] = []
    attempt = transport.start(request, lambda: "0/0-1", Progress(), ends.append)
    if cancel_after_s is not None:
        await asyncio.sleep(cancel_after_s)
        attempt.cancel()
    while not ends:
        await asyncio.sleep(0.01)
    attempt.cancel()
    await asyncio.sleep(0.02)
    return ends


@pytest.mark.parametrize("used", [False, True])
@pytest.mark.parametrize("script", SLOW)
async def test_an_attempt_ends_once_by_its_timeout_or_by_hand(
    tmp_path: Path, script: Script, used: bool
) -> None:
    async with (
        opened(tmp_path, Options(timeout_s=0.4)) as transport,
        FaultServer({"/slow": script}) as server,
    ):
        request = Request("GET", server.url("/slow"))
        for cancel_after_s in (0.0, 0.1, None):
            if used:
                whole(await fetched(transport, server.url("/good")))
            found = await _last(transport, request, cancel_after_s)
            if cancel_after_s is None:
                assert [one.kind for one in found if isinstance(one, Fault)] == [FailureKind.TIMEOUT]
            assert len(found) == 1
            assert (found[0] is None) == (cancel_after_s is not None)
        # None of these connections is used for another request; the first may not have been made yet.
        assert whole(await fetched(transport, server.url("/good"))).body == b"ok"
        assert server.ledger.connections >= 3 + used
