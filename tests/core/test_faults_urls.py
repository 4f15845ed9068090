"""Odd URLs through a whole run: on the wire byte for byte as given, in the journal without a password."""

from __future__ import annotations

import base64
import socket
from pathlib import Path
from typing import Any

import pytest
from fetchdeck.core.model import State

from tests.support.fault_runs import QUICK, Row, among_healthy, check_healthy, fetch_all
from tests.support.fault_server import FaultServer, named

TARGETS = [
    "/%7Euser/%7euser/~user",
    "/%2e%2e/%2E/%2f/%2F",
    "/a/../b/./c/..",
    "/.",
    "/..",
    "/a//b///c//",
    "/%",
    "/%zz/%4",
    "/plus+and%2Bplus%20space",
    "/semi;v=1/at@home/colon:80/bang!",
    "/quote'(and)*$,&",
    "/[square]{curly}|^`\\back",
    "/q?a=b&&c==d&?e/../f",
    "/q?x=%E2%82%AC&y=%c3%a9",
    "/q?url=http://example.com/%3Fa%3Db",
    '/q?<tag>="quoted"',
    "/q?sign=AbC%2fdEf%3D%3d",
]


USERS = (b"user:hunter2@secret", b"hunter2token:", b"")


async def run_targets(server: FaultServer, folder: Path, targets: list[str]) -> list[Row]:
    """Fetch these among healthy rows; the rows of the targets, in their order."""
    rows = await fetch_all(folder, map(server.url, among_healthy(targets)), QUICK)
    check_healthy(server, rows)
    return [row for row in rows if "/healthy/" not in row.url]


async def test_a_target_is_sent_and_kept_byte_for_byte(tmp_path: Path) -> None:
    async with FaultServer(default=named) as server:
        rows = await run_targets(server, tmp_path, TARGETS)
        for target, row in zip(TARGETS, rows, strict=True):
            assert row.url == server.url(target)
            assert server.ledger.first_line(target) == f"GET {target} HTTP/1.1"
            assert (row.state, row.body) == (State.SUCCEEDED, target.encode())
            assert server.ledger.count(target) == len(row.attempts) == 1


async def test_an_empty_query_is_sent_too(tmp_path: Path) -> None:
    async with FaultServer(default=named) as server:
        (row,) = await run_targets(server, tmp_path, ["/empty-query?"])
        assert server.ledger.first_line("/empty-query?") == "GET /empty-query? HTTP/1.1"
        assert (row.url, row.body) == (server.url("/empty-query?"), b"/empty-query?")


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("/page#section", "/page"),
        ("/page?a=b#/route?c=d", "/page?a=b"),
        ("/caf\u00e9/\u6771\u4eac?q=\u20ac", "/caf%C3%A9/%E6%9D%B1%E4%BA%AC?q=%E2%82%AC"),
        ("?bare=query", "/?bare=query"),
        ("", "/"),
    ],
)
async def test_what_cannot_be_sent_is_encoded_or_left_out(tmp_path: Path, given: str, sent: str) -> None:
    async with FaultServer(default=named) as server:
        (row,) = await run_targets(server, tmp_path, [given])
        assert (row.state, row.body) == (State.SUCCEEDED, sent.encode())
        assert server.ledger.first_line(sent) == f"GET {sent} HTTP/1.1"
        assert server.ledger.count(sent) == len(row.attempts) == 1


async def test_a_password_in_a_url_becomes_a_header_and_is_kept_nowhere(tmp_path: Path) -> None:
    async with FaultServer(default=named) as server:
        urls = [
            f"http://us%65r:hunter2%40secret@127.0.0.1:{server.port}/login",
            f"http://hunter2token@127.0.0.1:{server.port}/token",
            server.url("/open"),
        ]
        rows = await fetch_all(tmp_path, urls)
        assert [(row.state, row.body) for row in rows] == [
            (State.SUCCEEDED, path) for path in (b"/login", b"/token", b"/open")
        ]
        sent = [server.ledger.headers(path).get("authorization") for path in ("/login", "/token", "/open")]
        assert sent == [f"Basic {base64.b64encode(user).decode()}" if user else None for user in USERS]
        assert server.ledger.headers("/login")["host"] == f"127.0.0.1:{server.port}"
        assert all("***@" in row.url for row in rows[:2])
    files = [file for file in (tmp_path / "urls.run").rglob("*") if file.is_file()]
    assert files
    kept = b"".join(file.read_bytes() for file in files)
    for secret in (b"hunter2", base64.b64encode(USERS[0]), base64.b64encode(USERS[1])):
        assert secret not in kept


async def test_names_beyond_ascii_are_asked_for_in_idna(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    resolve = socket.getaddrinfo

    def all_here(host: str, *args: Any, **more: Any) -> Any:
        asked.append(host)
        return resolve("127.0.0.1", *args, **more)

    monkeypatch.setattr(socket, "getaddrinfo", all_here)
    async with FaultServer(default=named) as server:
        hosts = {
            "b\u00fccher.example": "xn--bcher-kva.example",
            "FA\u00df.example": "xn--fa-hia.example",
            "\u6771\u4eac.example.": "xn--1lqs71d.example",
            "UPPER.example": "UPPER.example",
        }
        urls = [f"http://{host}:{server.port}/{n}" for n, host in enumerate(hosts)]
        rows = await fetch_all(tmp_path, urls)
        assert [(row.state, row.body) for row in rows] == [
            (State.SUCCEEDED, f"/{n}".encode()) for n in range(len(hosts))
        ]
        sent = [server.ledger.headers(f"/{n}")["host"].lower() for n in range(len(hosts))]
        assert sent == [f"{name.lower()}:{server.port}" for name in hosts.values()]
        assert all(name.isascii() for name in asked)


async def test_an_ipv6_address_is_a_host(tmp_path: Path) -> None:
    try:
        server = await FaultServer(default=named, host="::1").__aenter__()
    except OSError:
        pytest.skip("no IPv6 on loopback")
    try:
        (row,) = await run_targets(server, tmp_path, ["/six?a=%5B"])
        assert (row.url, row.state) == (f"http://[::1]:{server.port}/six?a=%5B", State.SUCCEEDED)
        assert server.ledger.headers("/six?a=%5B")["host"] == f"[::1]:{server.port}"
    finally:
        await server.__aexit__()


async def test_rows_that_are_no_url_are_invalid_and_the_others_go_on(tmp_path: Path) -> None:
    bad = [
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "http://",
        "http:///no-host",
        "http://127.0.0.1:99999/",
        "http://127.0.0.1:port/",
        "http://[::1/",
        "http://[nonsense]/",
        "http://a b/",
        "http://127.0.0.1/a b",
        "http://127.0.0.1\\@evil.example/",
        f"http://{'a' * 64}.example/",
        "no URL at all",
    ]
    async with FaultServer(default=named) as server:
        good = [server.url(path) for path in among_healthy([])] + [server.url("/healthy/last")]
        rows = await fetch_all(tmp_path, [good[0], *bad, *good[1:]])
        check_healthy(server, rows)
        invalid = rows[1 : len(bad) + 1]
        assert {row.state for row in invalid} == {State.INVALID}
        for number, row in enumerate(invalid, start=2):
            assert f"line {number}" in str(row.message)
            assert (row.attempts, row.tries) == ((), 0)
        assert set(server.ledger.requests) == {"/healthy/0", "/healthy/last"}
