"""Requests through a real proxy on loopback: which go there, what it sees, and what becomes of its refusals."""

from __future__ import annotations

import asyncio
import base64
import socket
import ssl
from pathlib import Path

import pytest
from fetchdeck.core.job import Options
from fetchdeck.core.model import UNSENT_KINDS, FailureKind, Fault

from tests.support.certificates import Authority
from tests.support.fault_server import FaultServer, Reset, Send, reply
from tests.support.fetching import fault, fetched, opened, whole
from tests.support.proxy_server import ProxyServer

USER = "ann:pa%3Ass%20word"
PASSWORD = "pa:ss word"
PLAIN = "ann:pa:ss word"


def through(proxy: ProxyServer | str, user: str = "", **more: object) -> Options:
    url = proxy if isinstance(proxy, str) else proxy.url(user)
    return Options(timeout_s=20, proxy=url, **more)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    try:
        return Authority(tmp_path_factory.mktemp("tls")).self_signed("DNS:other.example")
    except FileNotFoundError:
        pytest.skip("no openssl command to make certificates with")


async def test_plain_requests_are_sent_in_absolute_form(tmp_path: Path) -> None:
    async with ProxyServer() as proxy, FaultServer() as server, opened(tmp_path, through(proxy)) as transport:
        for _ in range(3):
            assert whole(await fetched(transport, server.url("/a/../b%7E?x=%41"))).body == b"ok"
        assert proxy.first_lines == [f"GET {server.origin}/a/../b%7E?x=%41"] * 3
        assert proxy.connections == 1
        assert server.ledger.first_line("/a/../b%7E?x=%41") == "GET /a/../b%7E?x=%41 HTTP/1.1"
        assert "proxy-authorization" not in server.ledger.headers("/a/../b%7E?x=%41")


async def test_the_mark_of_an_empty_query_goes_through(tmp_path: Path) -> None:
    async with ProxyServer() as proxy, FaultServer() as server, opened(tmp_path, through(proxy)) as transport:
        whole(await fetched(transport, server.url("/p?")))
        assert proxy.first_lines == [f"GET {server.origin}/p?"]


async def test_a_body_goes_through(tmp_path: Path) -> None:
    async with ProxyServer() as proxy, FaultServer() as server, opened(tmp_path, through(proxy)) as transport:
        assert whole(await fetched(transport, server.url("/"), "POST", body=b"abc")).body == b"ok"
        assert server.ledger.requests["/"][0].endswith(b"\r\n\r\nabc")


@pytest.mark.parametrize("requests", [1, 3])
async def test_tls_goes_through_a_tunnel(tmp_path: Path, tls: ssl.SSLContext, requests: int) -> None:
    async with (
        ProxyServer(credentials=PLAIN) as proxy,
        FaultServer(tls=tls) as server,
        opened(tmp_path, through(proxy, USER, insecure=True)) as transport,
    ):
        for _ in range(requests):
            assert whole(await fetched(transport, server.url("/x?key=1"))).body == b"ok"
        assert proxy.first_lines == [f"CONNECT 127.0.0.1:{server.port}"]
        assert b"/x" not in b"".join(proxy.heads)
        assert "proxy-authorization" not in server.ledger.headers("/x?key=1")
        assert server.ledger.connections == 1


async def test_a_proxy_that_speaks_tls_itself(tmp_path: Path, tls: ssl.SSLContext) -> None:
    async with (
        ProxyServer(credentials=PLAIN, tls=tls) as proxy,
        FaultServer() as plain,
        FaultServer(tls=tls) as secure,
        opened(tmp_path, through(proxy, USER, insecure=True)) as transport,
    ):
        assert whole(await fetched(transport, plain.url("/"))).body == b"ok"
        assert whole(await fetched(transport, secure.url("/"))).body == b"ok"


async def test_the_certificate_of_a_proxy_is_checked(tmp_path: Path, tls: ssl.SSLContext) -> None:
    async with (
        ProxyServer(tls=tls) as proxy,
        FaultServer() as server,
        opened(tmp_path, through(proxy)) as transport,
    ):
        found = fault(await fetched(transport, server.url("/")))
    assert found.kind is FailureKind.PROXY
    assert (
        found.message == f"the certificate of the proxy {proxy.url()} is not valid: self-signed certificate"
    )


async def test_the_certificate_of_a_server_is_checked_through_the_tunnel(
    tmp_path: Path, tls: ssl.SSLContext
) -> None:
    async with (
        ProxyServer() as proxy,
        FaultServer(tls=tls) as server,
        opened(tmp_path, through(proxy)) as transport,
    ):
        found = fault(await fetched(transport, server.url("/")))
        assert server.ledger.count("/") == 0
    assert found.kind is FailureKind.TLS
    assert (
        found.message == f"the certificate of 127.0.0.1:{server.port} is not valid: self-signed certificate"
    )


async def test_credentials_go_to_the_proxy_on_every_request_and_nowhere_else(tmp_path: Path) -> None:
    async with (
        ProxyServer(credentials=PLAIN) as proxy,
        FaultServer() as server,
        opened(tmp_path, through(proxy, USER)) as transport,
    ):
        for method in ("GET", "POST", "GET"):
            assert whole(await fetched(transport, server.url("/"), method)).body == b"ok"
        token = base64.b64encode(PLAIN.encode())
        assert all(b"Proxy-Authorization: Basic " + token in head for head in proxy.heads)
        assert len(proxy.heads) == 3
        assert all(b"roxy-" not in request for request in server.ledger.requests["/"])


async def test_a_redirect_to_a_host_that_bypasses_the_proxy_gets_no_credentials(tmp_path: Path) -> None:
    async with ProxyServer(credentials=PLAIN) as proxy, FaultServer() as near, FaultServer() as far:
        far.scripts["/go"] = [Send(reply(b"", "302 Found", Location=f"http://localhost:{near.port}/near"))]
        environ = {"http_proxy": proxy.url(USER), "NO_PROXY": f"localhost:{near.port}, other.example"}
        async with opened(tmp_path, Options(timeout_s=20, env_proxy=True), environ=environ) as transport:
            assert whole(await fetched(transport, far.url("/go"))).body == b"ok"
        assert proxy.first_lines == [f"GET {far.origin}/go"]
        assert "proxy-authorization" not in near.ledger.headers("/near")


async def test_a_redirect_may_lead_into_the_proxy(tmp_path: Path) -> None:
    async with ProxyServer() as proxy, FaultServer() as near, FaultServer() as far:
        near.scripts["/go"] = [Send(reply(b"", "302 Found", Location=f"http://api.example:{far.port}/far"))]
        environ = {"ALL_PROXY": proxy.url(), "no_proxy": "127.0.0.1"}
        proxy._hosts = {"api.example": "127.0.0.1"}
        async with opened(tmp_path, Options(timeout_s=20, env_proxy=True), environ=environ) as transport:
            assert whole(await fetched(transport, near.url("/go"))).body == b"ok"
        assert proxy.first_lines == [f"GET http://api.example:{far.port}/far"]


async def test_the_environment_is_left_alone_unless_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    environ = {"http_proxy": "http://127.0.0.1:9"}
    async with FaultServer() as server, opened(tmp_path, Options(timeout_s=20), environ=environ) as transport:
        assert whole(await fetched(transport, server.url("/"))).body == b"ok"


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize(
    ("user", "said"), [("", "wants a user and a password"), ("ann:no", "refused the user and")]
)
async def test_a_proxy_that_wants_other_credentials(
    tmp_path: Path, scheme: str, user: str, said: str
) -> None:
    async with (
        ProxyServer(credentials=PLAIN) as proxy,
        FaultServer() as server,
        opened(tmp_path, through(proxy, user, cookies=True)) as transport,
    ):
        found = fault(await fetched(transport, server.url("/").replace("http", scheme), "POST", body=b"x"))
        assert (found.kind, found.status) == (FailureKind.PROXY, None)
        assert said in found.message
        assert "HTTP 407" in found.message
        assert "ann" not in found.message
        assert server.ledger.count("/") == 0
    assert FailureKind.PROXY in UNSENT_KINDS


async def test_a_407_of_a_server_is_its_own(tmp_path: Path, tls: ssl.SSLContext) -> None:
    script = [Send(reply(b"", "407 Odd"))]
    async with FaultServer(default=script) as server, opened(tmp_path) as transport:
        assert whole(await fetched(transport, server.url("/"))).status == 407
    async with (
        ProxyServer() as proxy,
        FaultServer(default=script, tls=tls) as server,
        opened(tmp_path, through(proxy, insecure=True)) as transport,
    ):
        assert whole(await fetched(transport, server.url("/"))).status == 407


@pytest.mark.parametrize(
    ("refusal", "said"),
    [
        (
            b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n",
            "refused a tunnel to api.example:443: HTTP 403",
        ),
        (b"HTTP/1.1 502 Bad\r\n\r\n<html>\x1b[31m", "refused a tunnel to api.example:443: HTTP 502"),
        (b"", "broke off before its tunnel to api.example:443 stood"),
        (b"HTTP/1.1 200 O", "broke off before its tunnel to api.example:443 stood"),
        (b"SSH-2.0-x\r\n\r\n", "broke off before its tunnel to api.example:443 stood"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_tunnel_that_is_refused(tmp_path: Path, method: str, refusal: bytes, said: str) -> None:
    async with (
        ProxyServer(refusal=refusal) as proxy,
        opened(tmp_path, through(proxy, "ann:secret")) as transport,
    ):
        found = fault(await fetched(transport, "https://api.example/", method, body=b"x"))
        assert len(proxy.heads) == 1
    assert found.kind is FailureKind.PROXY
    assert found.message == f"the proxy http://***@127.0.0.1:{proxy.port} {said}"


async def test_a_proxy_whose_tunnel_is_reset(tmp_path: Path) -> None:
    async with FaultServer(default=[Reset()]) as proxy, opened(tmp_path, through(proxy.origin)) as transport:
        found = fault(await fetched(transport, "https://api.example/", "POST", body=b"x"))
    assert found.kind is FailureKind.PROXY


@pytest.mark.parametrize("url", ["http://api.example/", "https://api.example/"])
async def test_a_proxy_that_is_not_there(tmp_path: Path, url: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        async with opened(tmp_path, through(f"http://ann:secret@127.0.0.1:{port}")) as transport:
            found = fault(await fetched(transport, url, "POST", body=b"x"))
            assert (
                await transport.probe(url, 5)
                == f"connection refused by the proxy http://***@127.0.0.1:{port}"
            )
    assert found.kind is FailureKind.PROXY
    assert found.message == f"connection refused by the proxy http://***@127.0.0.1:{port}"


async def test_a_proxy_without_an_address(tmp_path: Path) -> None:
    async with opened(tmp_path, through("http://ann:secret@no-proxy.invalid:3128")) as transport:
        found = fault(await fetched(transport, "http://127.0.0.1/"))
    assert found.kind is FailureKind.PROXY
    assert found.message.startswith(
        "the proxy http://***@no-proxy.invalid:3128: cannot resolve no-proxy.invalid: "
    )


async def test_a_proxy_that_never_answers(tmp_path: Path) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        async with opened(tmp_path, Options(connect_timeout_s=0.2, proxy=url)) as transport:
            found = fault(await fetched(transport, "https://api.example/", "POST", body=b"x"))
    assert found.kind is FailureKind.PROXY
    assert found.message == f"no connection to api.example:443 through the proxy {url} within 0.2 s"


async def test_a_post_lost_behind_the_proxy_may_have_arrived(tmp_path: Path) -> None:
    async with FaultServer(default=[Reset()]) as proxy, opened(tmp_path, through(proxy.origin)) as transport:
        found = fault(await fetched(transport, "http://api.example/", "POST", body=b"x"))
    assert found.kind is FailureKind.RESET


async def test_a_redirected_post_that_the_proxy_refuses_may_have_arrived(tmp_path: Path) -> None:
    async with ProxyServer(credentials=PLAIN) as proxy, FaultServer() as near:
        near.scripts["/go"] = [Send(reply(b"", "307 Same", Location="http://api.example/far"))]
        environ = {"http_proxy": proxy.url(), "no_proxy": "127.0.0.1"}
        async with opened(tmp_path, Options(timeout_s=20, env_proxy=True), environ=environ) as transport:
            found = await fetched(transport, near.url("/go"), "POST", body=b"x")
    assert isinstance(found, Fault)
    assert (found.kind, len(found.hops)) == (FailureKind.OUTCOME_UNKNOWN, 1)


async def test_a_probe_connects_to_the_proxy_and_sends_nothing(tmp_path: Path) -> None:
    heard: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    async def hear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.set_result(await reader.read())
        writer.close()

    async with await asyncio.start_server(hear, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with opened(tmp_path, through(f"http://a:b@127.0.0.1:{port}")) as transport:
            assert await transport.probe("https://no-such-host.invalid/", 5) is None
            assert await heard == b""
