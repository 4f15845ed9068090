"""Redirect hops: followed as RFC 9110 has it, recorded, and never with credentials for somebody else."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from fetchdeck.core.model import UNSENT_KINDS, FailureKind, Headers, Request
from fetchdeck.core.transport.faults import AttemptError
from fetchdeck.core.transport.http import HttpTransport
from fetchdeck.core.transport.redirects import redirected
from hypothesis import given
from hypothesis import strategies as st

from tests.support.fault_server import FaultServer, Reset, Send, reply
from tests.support.fetching import SECRET, fault, fetched, opened, whole


@pytest.fixture
async def transport(tmp_path: Path):
    async with opened(tmp_path / "bodies") as transport:
        yield transport


def to(location: str, status: int = 302) -> list[Send]:
    return [Send(reply(b"", f"{status} Moved", Location=location))]


@pytest.mark.parametrize(
    ("status", "method", "then"),
    [
        (301, "GET", "GET"),
        (301, "POST", "GET"),
        (301, "PUT", "PUT"),
        (302, "POST", "GET"),
        (302, "DELETE", "DELETE"),
        (303, "POST", "GET"),
        (303, "PUT", "GET"),
        (303, "HEAD", "HEAD"),
        (307, "POST", "POST"),
        (308, "PATCH", "PATCH"),
    ],
)
async def test_the_method_after_a_redirect(
    transport: HttpTransport, status: int, method: str, then: str
) -> None:
    fields = (("Content-Type", "text/x"), ("X-Key", "k"))
    body = None if method in ("GET", "HEAD") else b"payload"
    async with FaultServer({"/a": to("/b", status)}, default=[Send(reply())]) as server:
        found = whole(await fetched(transport, server.url("/a"), method, fields, body))
        raw = server.ledger.requests["/b"][0]
        assert raw.startswith(then.encode() + b" /b HTTP/1.1\r\n")
        assert raw.endswith(b"payload") == (then == method and body is not None)
        assert (b"Content-Type: text/x" in raw) == (then == method)
        assert b"X-Key: k" in raw
    assert found.final_url == server.url("/b")
    assert [(hop.url, hop.status) for hop in found.hops] == [(server.url("/a"), status)]


async def test_hops_are_masked_and_counted(transport: HttpTransport) -> None:
    scripts = {f"/{n}?key={SECRET}": to(f"/{n + 1}?key={SECRET}") for n in range(10)}
    async with FaultServer(scripts) as server:
        found = whole(await fetched(transport, server.url(f"/0?key={SECRET}")))
        assert len(found.hops) == 10
        assert found.hops[3].url == server.url("/3?key=***")
        assert found.final_url == server.url("/10?key=***")
        server.scripts[f"/10?key={SECRET}"] = to("/11")
        failed = fault(await fetched(transport, server.url(f"/0?key={SECRET}")))
    assert failed.kind is FailureKind.REDIRECT
    assert failed.status == 302
    assert len(failed.hops) == 11


async def test_a_redirect_with_a_body_loses_nothing(transport: HttpTransport) -> None:
    moved = [Send(reply(b"moved " * 50_000, "302 Moved", Location="/b"))]
    async with FaultServer({"/a": moved}) as server:
        for _ in range(3):
            assert whole(await fetched(transport, server.url("/a"))).body == b"ok"


async def test_a_circle_is_noticed_before_it_is_run_twice(transport: HttpTransport) -> None:
    async with FaultServer({"/a": to("/b"), "/b": to("/a")}) as server:
        assert fault(await fetched(transport, server.url("/a"))).kind is FailureKind.REDIRECT
        assert (server.ledger.count("/a"), server.ledger.count("/b")) == (1, 1)


@pytest.mark.parametrize(
    "location",
    [
        "",
        "file:///etc/passwd",
        "ftp://h/x",
        "javascript:alert(1)",
        "http://",
        "http:///x",
        "http://a:b:c/",
        "http:b",
        "http://h:99999/",
        "http://a b/",
        "//",
        "http://[::1",
        "http://é.example/",
    ],
)
async def test_locations_that_are_not_followed(transport: HttpTransport, location: str) -> None:
    async with FaultServer({"/a": to(location)}) as server:
        found = fault(await fetched(transport, server.url("/a")))
    assert (found.kind, found.status) == (FailureKind.REDIRECT, 302)


async def test_no_location_at_all(transport: HttpTransport) -> None:
    async with FaultServer({"/a": [Send(reply(b"", "301 Moved"))]}) as server:
        assert fault(await fetched(transport, server.url("/a"))).kind is FailureKind.REDIRECT


@pytest.mark.parametrize("status", [300, 304, 305, 306])
async def test_other_3xx_are_replies(transport: HttpTransport, status: int) -> None:
    async with FaultServer({"/a": to("/b", status)}) as server:
        assert whole(await fetched(transport, server.url("/a"))).status == status
        assert server.ledger.count("/b") == 0


@pytest.mark.parametrize(
    ("location", "target"),
    [
        ("/x/../%7Ey?q=%2f", None),
        ("c?z=1", "/a/c?z=1"),
        ("../up", "/up"),
        ("?only=query", "/a/b?only=query"),
        ("/x?", None),
        ("c?", "/a/c?"),
        ("?", "/a/b?"),
        ("/sp ace", "/sp%20ace"),
        ("/caf\u00e9", "/caf%C3%A9"),
    ],
)
async def test_where_relative_locations_lead(
    transport: HttpTransport, location: str, target: str | None
) -> None:
    async with FaultServer({"/a/b": to(location)}) as server:
        absolute = server.url(location) if target is None else location
        server.scripts["/a/b"] = to(absolute)
        target = target or location
        whole(await fetched(transport, server.url("/a/b")))
        assert server.ledger.first_line(target) == f"GET {target} HTTP/1.1"


CREDENTIALS: Headers = (
    ("Authorization", "Bearer " + SECRET),
    ("Cookie", "sid=" + SECRET),
    ("X-Api-Key", SECRET),
    ("X-Custom", SECRET),
    ("Accept", "application/json"),
    ("User-Agent", "me"),
)


async def test_credentials_stay_home(transport: HttpTransport) -> None:
    async with FaultServer() as away, FaultServer({"/a": to("http://127.0.0.1:1/")}) as home:
        home.scripts["/a"] = to(away.url("/b"))
        away.scripts["/b"] = to(home.url("/c"))
        url = home.url("/a").replace("//", f"//ann:{SECRET}@")
        whole(await fetched(transport, url, headers=CREDENTIALS[1:]))
        assert home.ledger.requests["/a"][0].count(SECRET.encode()) == 3
        for raw in (away.ledger.requests["/b"][0], home.ledger.requests["/c"][0]):
            assert SECRET.encode() not in raw
            assert b"Authorization" not in raw
            assert b"Accept: application/json\r\n" in raw
            assert b"User-Agent: me\r\n" in raw


async def test_credentials_travel_within_their_origin(transport: HttpTransport) -> None:
    async with FaultServer() as server:
        server.scripts["/a"] = to(server.url("/b"))
        whole(await fetched(transport, server.url("/a"), headers=CREDENTIALS))
        assert server.ledger.headers("/b")["x-api-key"] == SECRET
        assert server.ledger.headers("/b")["authorization"] == "Bearer " + SECRET
        whole(await fetched(transport, server.url("/a").replace("//", "//ann:pw@")))
        assert server.ledger.headers("/b", 1)["authorization"] == "Basic YW5uOnB3"


@pytest.mark.parametrize("status", [303, 307])
async def test_a_post_that_fails_after_a_redirect_may_have_been_done(
    transport: HttpTransport, status: int
) -> None:
    async with FaultServer({"/a": to("http://127.0.0.1:1/", status)}) as server:
        found = fault(await fetched(transport, server.url("/a"), "POST", body=b"x"))
        assert found.kind is FailureKind.OUTCOME_UNKNOWN
        assert "refused" in found.message
        assert fault(await fetched(transport, server.url("/a"), "PUT")).kind in UNSENT_KINDS


async def test_the_fault_of_a_later_hop_keeps_the_hops(transport: HttpTransport) -> None:
    async with FaultServer({"/a": to("/b"), "/b": [Reset()]}) as server:
        found = fault(await fetched(transport, server.url("/a")))
    assert (found.kind, found.status) == (FailureKind.RESET, None)
    assert [hop.status for hop in found.hops] == [302]


@given(st.text(max_size=60), st.sampled_from([301, 302, 303, 307, 308]))
def test_any_location_leads_to_http_or_nowhere(location: str, status: int) -> None:
    request = Request("POST", "https://u:p@home.example:8443/a/b?c#d", (("X-Key", SECRET),), b"x")
    with contextlib.suppress(AttemptError):
        following = redirected(request, status, location)
        assert following.url.lower().startswith(("http://", "https://"))
        assert following.url.isascii()
        assert not set(following.url) & set(" \r\n\t")
        if following.headers:
            authority = following.url.split("/")[2].rpartition("@")[2]
            assert authority.partition("?")[0].partition("#")[0].lower() == "home.example:8443"
