"""Cookies: none unless asked for, then by the rules of RFC 6265, byte for byte, and never without bound."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from fetchdeck.core.job import Options
from fetchdeck.core.model import FailureKind, Headers
from fetchdeck.core.transport.cookies import (
    LONGEST_COOKIE,
    LONGEST_HEADER,
    MOST_IN_ALL,
    MOST_OF_A_DOMAIN,
    CookieJar,
)
from fetchdeck.core.transport.http import HttpTransport
from hypothesis import given
from hypothesis import strategies as st

from tests.support.fault_server import FaultServer, Script, Send, reply
from tests.support.fetching import fault, fetched, opened, whole

KEEP = Options(timeout_s=20, cookies=True)
NOW = 1_700_000_000.0


def setting(*fields: str, status: str = "200 OK", location: str = "") -> Script:
    head = reply(b"ok", status, **({"Location": location} if location else {}))
    lines = b"".join(f"\r\nSet-Cookie: {field}".encode("latin-1") for field in fields)
    return [Send(head.replace(b"\r\n\r\n", lines + b"\r\n\r\n", 1))]


@pytest.fixture
async def transport(tmp_path: Path):
    async with opened(tmp_path, KEEP) as transport:
        yield transport


async def _sent(transport: HttpTransport, server: FaultServer, path: str = "/", headers: Headers = ()) -> str:
    """The Cookie field that a request carried, empty without one."""
    whole(await fetched(transport, server.url(path), headers=headers))
    return server.ledger.headers(path, -1).get("cookie", "")


async def test_no_cookie_is_kept_unless_asked_for(tmp_path: Path) -> None:
    async with (
        FaultServer({"/set": setting("a=1; Path=/")}) as server,
        opened(tmp_path) as transport,
    ):
        whole(await fetched(transport, server.url("/set")))
        assert await _sent(transport, server) == ""
        assert await _sent(transport, server, "/own", (("Cookie", "x=1"),)) == "x=1"


@pytest.mark.parametrize(
    "pair",
    ["a=b", "sid=a/b+c==", 'q="quoted"', 'j={"x": 1}', "a=", "a=b c", "a=b,c", "a=x=y", "n@me=1"],
)
async def test_a_cookie_goes_back_byte_for_byte_even_to_an_address(
    transport: HttpTransport, pair: str
) -> None:
    async with FaultServer({"/set": setting(f"{pair}; HttpOnly")}) as server:
        whole(await fetched(transport, server.url("/set")))
        assert await _sent(transport, server) == pair


async def test_octets_that_are_no_text_cannot_go_back(transport: HttpTransport) -> None:
    async with FaultServer({"/set": setting("a=caf\xe9", "b=caf\xc3\xa9")}) as server:
        whole(await fetched(transport, server.url("/set")))
        assert await _sent(transport, server) == "b=caf\xc3\xa9"


async def test_cookies_follow_redirects_of_the_same_host(transport: HttpTransport) -> None:
    scripts = {
        "/login": setting("sid=1; Path=/", status="302 Found", location="/step"),
        "/step": setting("sid=2; Path=/", status="303 See", location="/in"),
    }
    async with FaultServer(scripts) as server:
        whole(await fetched(transport, server.url("/login")))
        assert server.ledger.headers("/step")["cookie"] == "sid=1"
        assert server.ledger.headers("/in")["cookie"] == "sid=2"


async def test_a_server_may_try_whether_cookies_are_kept(transport: HttpTransport, tmp_path: Path) -> None:
    def bounce(seen: int) -> Script:
        return setting("seen=1", status="302 Found", location="/a") if seen == 0 else setting()

    async with FaultServer({"/a": bounce}) as server:
        assert whole(await fetched(transport, server.url("/a"), headers=(("Cookie", "own=1"),))).body == b"ok"
        assert server.ledger.headers("/a", 1)["cookie"] == "own=1; seen=1"
    async with FaultServer({"/a": bounce}) as server, opened(tmp_path / "none") as without:
        assert fault(await fetched(without, server.url("/a"))).message == "the redirects run in a circle"
        assert server.ledger.count("/a") == 1


@pytest.mark.parametrize(("value", "hops", "said"), [("same", 2, "in a circle"), ("{}", 11, "more than 10")])
async def test_a_circle_ends_whatever_cookies_it_sets(
    transport: HttpTransport, value: str, hops: int, said: str
) -> None:
    scripts = {"/a": lambda seen: setting(f"x={value.format(seen)}", status="302 Found", location="/a")}
    async with FaultServer(scripts) as server:
        found = fault(await fetched(transport, server.url("/a")))
        assert (found.kind, len(found.hops)) == (FailureKind.REDIRECT, hops)
        assert said in found.message
        assert server.ledger.count("/a") == hops


async def test_cookies_never_go_to_another_host(transport: HttpTransport) -> None:
    async with FaultServer() as other, FaultServer() as server:
        away = f"http://localhost:{other.port}/there"
        server.scripts["/go"] = setting("sid=1; Path=/", status="302 Found", location=away)
        whole(await fetched(transport, server.url("/go"), headers=(("Cookie", "own=1"),)))
        assert "cookie" not in other.ledger.headers("/there")
        assert await _sent(transport, server, "/again") == "sid=1"


async def test_a_users_own_cookies_are_sent_along_and_win(transport: HttpTransport) -> None:
    own = 'b=mine; b=twice; weird; j={"x": 1}'
    async with FaultServer({"/set": setting("a=1", "b=theirs")}) as server:
        assert await _sent(transport, server, "/", (("Cookie", own),)) == own
        whole(await fetched(transport, server.url("/set")))
        assert await _sent(transport, server, "/", (("cookie", own),)) == f"{own}; a=1"


@pytest.mark.parametrize(
    "field",
    [
        "",
        "=",
        ";",
        "=x",
        "noequals",
        "; Path=/",
        "a=b\x01c",
        "a=\xff\xfe",
        "\xff=1",
        f"a={'x' * 5000}",
        "a=1; Expires=\xff",
    ],
)
async def test_a_malformed_cookie_breaks_nothing(transport: HttpTransport, field: str) -> None:
    async with FaultServer({"/set": setting(field, "good=1")}) as server:
        outcome = await fetched(transport, server.url("/set"))
        if "\x01" not in field:  # which is no HTTP
            assert whole(outcome).body == b"ok"
            assert "good=1" in await _sent(transport, server)


async def test_a_hostile_server_meets_the_bounds(transport: HttpTransport) -> None:
    scripts = {"/set": lambda seen: setting(*(f"c{seen}_{n}={'x' * 500}; Path=/" for n in range(20)))}
    async with FaultServer(scripts) as server:
        for _ in range(10):
            whole(await fetched(transport, server.url("/set")))
        cookies = await _sent(transport, server)
    assert len(cookies) <= LONGEST_HEADER
    assert re.findall(r"c(\d+)_", cookies) == sorted(re.findall(r"c(\d+)_", cookies))


def _jar(clock: float = NOW) -> CookieJar:
    return CookieJar(lambda: clock)


def test_the_newest_of_a_domain_and_of_all_are_kept() -> None:
    jar = _jar()
    for n in range(200):
        jar.learn("http://a.example/", [f"c{n}=1"])
    assert len(jar) == MOST_OF_A_DOMAIN
    assert jar.header("http://a.example/").split("; ")[0] == "c150=1"
    for n in range(5_000):
        jar.learn(f"http://h{n}.example/", ["x=1"])
    assert len(jar) == MOST_IN_ALL
    assert jar.header("http://a.example/") == ""
    assert jar.header("http://h4999.example/") == "x=1"


def test_a_cookie_set_again_counts_once_and_is_young_again() -> None:
    jar = _jar()
    jar.learn("http://h/", ["first=1"])
    for n in range(MOST_OF_A_DOMAIN - 1):
        jar.learn("http://h/", [f"c{n}=1"])
    jar.learn("http://h/", ["first=2"])
    assert len(jar) == MOST_OF_A_DOMAIN
    jar.learn("http://h/", ["last=1"])
    assert "first=2" in jar.header("http://h/")
    assert "c0=1" not in jar.header("http://h/")


def test_expired_cookies_make_room_first() -> None:
    moment = [NOW]
    jar = CookieJar(lambda: moment[0])
    jar.learn("http://h/", ["old=1", "brief=1; Max-Age=5"])
    for n in range(MOST_OF_A_DOMAIN - 2):
        jar.learn("http://h/", [f"c{n}=1"])
    moment[0] += 10
    jar.learn("http://h/", ["last=1"])
    assert "old=1" in jar.header("http://h/")
    assert len(jar) == MOST_OF_A_DOMAIN


@pytest.mark.parametrize(
    ("url", "field", "asked", "sent"),
    [
        ("http://a.example/", "x=1", "http://a.example/p", True),
        ("http://a.example/", "x=1", "http://sub.a.example/", False),
        ("http://a.example/", "x=1; Domain=a.example", "http://sub.a.example/", True),
        ("http://a.example/", "x=1; Domain=.A.example", "https://SUB.a.example:8443/", True),
        ("http://w.a.example/", "x=1; Domain=a.example", "http://a.example/", True),
        ("http://w.a.example/", "x=1; Domain=a.example", "http://nota.example/", False),
        ("http://w.a.example/", "x=1; Domain=b.example", "http://b.example/", False),
        ("http://w.a.example/", "x=1; Domain=v.w.a.example", "http://v.w.a.example/", False),
        ("http://evil.com/", "x=1; Domain=com", "http://bank.com/", False),
        ("http://evil.co.uk/", "x=1; Domain=co.uk", "http://bank.co.uk/", False),
        ("http://localhost/", "x=1; Domain=localhost", "http://localhost:81/", True),
        ("http://127.0.0.1/", "x=1; Domain=0.0.1", "http://9.0.0.1/", False),
        ("http://127.0.0.1/", "x=1; Domain=127.0.0.1", "http://127.0.0.1:81/", True),
        ("http://[::1]/", "x=1", "http://[::1]:81/", True),
        ("http://a.example./", "x=1", "http://a.example/", True),
        ("https://h/", "x=1; Secure", "https://h/", True),
        ("https://h/", "x=1; secure", "http://h/", False),
        ("http://h/", "x=1; Secure", "https://h/", False),
        ("http://u:p@h/a/b", "x=1", "http://h/a/c?q", True),
        ("http://h/a/b", "x=1", "http://h/", False),
        ("http://h/a/b", "x=1", "http://h/ab", False),
        ("http://h/a/b", "x=1; Path=/", "http://h", True),
        ("http://h/", "x=1; Path=/a", "http://h/a", True),
        ("http://h/", "x=1; Path=/a", "http://h/a/b", True),
        ("http://h/", "x=1; Path=/a", "http://h/ab", False),
        ("http://h/", "x=1; Path=/a/", "http://h/a", False),
        ("http://h/", "x=1; Path=relative", "http://h/b", True),
        ("http://h?q/r", "x=1", "http://h/b", True),
        ("http://h/", "x=1; Max-Age=1", "http://h/", True),
        ("http://h/", "x=1; Max-Age=0", "http://h/", False),
        ("http://h/", "x=1; Max-Age=-1", "http://h/", False),
        ("http://h/", "x=1; Max-Age=9999999999999999999999", "http://h/", True),
        ("http://h/", f"x=1; Max-Age={'9' * 5000}", "http://h/", True),
        ("http://h/", "x=1; Max-Age=soon", "http://h/", True),
        ("http://h/", "x=1; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "http://h/", True),
        ("http://h/", "x=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "http://h/", False),
        ("http://h/", "x=1; expires=Thu, 01-Jan-1970 00:00:01 GMT", "http://h/", False),
        ("http://h/", "x=1; expires=Fri, 01-Jan-2100 00:00:01 GMT", "http://h/", True),
        ("http://h/", "x=1; Expires=never", "http://h/", True),
        ("http://h/", "x=1; Expires=Wed, 31 Dec 99999 23:59:59 GMT", "http://h/", True),
    ],
)
def test_where_a_cookie_goes(url: str, field: str, asked: str, sent: bool) -> None:
    jar = _jar()
    jar.learn(url, [field])
    assert jar.header(asked) == ("x=1" if sent else "")


def test_a_deletion_takes_it_away() -> None:
    jar = _jar()
    jar.learn("http://h/", ["x=1; Path=/", "y=1"])
    jar.learn("http://h/a/b", ["x=; Path=/; Max-Age=0"])
    assert jar.header("http://h/") == "y=1"
    assert len(jar) == 1


def test_a_cookie_ends_with_its_time() -> None:
    moment = [NOW]
    jar = CookieJar(lambda: moment[0])
    jar.learn("http://h/", ["x=1; Max-Age=60"])
    moment[0] += 59
    assert jar.header("http://h/") == "x=1"
    moment[0] += 1
    assert jar.header("http://h/") == ""


def test_longer_paths_come_first() -> None:
    jar = _jar()
    jar.learn("http://h/a/b", ["x=root; Path=/", "x=deep; Path=/a/b", "y=mid; Path=/a"])
    assert jar.header("http://h/a/b") == "x=deep; y=mid; x=root"


urls = st.builds(
    "{}://{}{}".format,
    st.sampled_from(["http", "https"]),
    st.sampled_from(["h", "a.example", "b.a.example", "127.0.0.1", "[::1]:80", "x.co.uk"]),
    st.sampled_from(["", "/", "/a", "/a/b?c", "?x"]),
)
parts = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        ["a=b", "Domain=example", "Domain=a.example", "Path=/a", "Max-Age=5", "Secure", "Expires=1 2 3"]
    ),
)
fields = st.lists(parts, max_size=5).map(";".join)


@given(st.lists(st.tuples(urls, fields), max_size=8), urls, st.text(max_size=8))
def test_whatever_is_set_only_fields_that_can_be_sent_come_back(
    replies: list[tuple[str, str]], asked: str, own: str
) -> None:
    jar = _jar()
    for url, field in replies:
        jar.learn(url, [field])
    header = jar.header(asked, own)
    assert not set(map(chr, [*range(9), *range(10, 32), 127])) & set(header)
    assert len(header.encode()) <= LONGEST_HEADER
    assert all(len(pair) <= LONGEST_COOKIE for pair in header.split("; "))
    assert len(jar) <= len(replies)
