"""What a run makes of redirects: hops are journalled, credentials stay home, and dead ends fail at once."""

from __future__ import annotations

from pathlib import Path

import pytest
from fetchdeck.core.job import Templates
from fetchdeck.core.model import FailureKind, State
from msgspec.structs import replace

from tests.support.fault_runs import (
    QUICK,
    Ends,
    Row,
    among_healthy,
    check_healthy,
    check_run,
    endings,
    fetch_all,
)
from tests.support.fault_server import FaultServer, Script, Send, named, reply

REFUSED = Ends(FailureKind.REDIRECT, status=302)


def to(location: str, status: str = "302 Found") -> Script:
    return [Send(reply(b"on your way", status, Location=location))]


def hops(rows: list[Row], url: str) -> list[tuple[str, int]]:
    """The redirects of the one attempt of a row."""
    (row,) = (row for row in rows if row.url == url)
    (attempt,) = row.attempts
    return list(attempt.hops)


DEAD_ENDS: dict[str, Script] = {
    "/no-location": [Send(reply(b"", "302 Found"))],
    "/empty-location": to(""),
    "/file": to("file:///etc/passwd"),
    "/ftp": to("ftp://127.0.0.1/x"),
    "/javascript": to("javascript:alert(1)"),
    "/data": to("data:text/plain,wrong"),
    "/no-host": to("http:///x"),
    "/bad-port": to("http://127.0.0.1:99999/"),
    "/itself": to("/itself"),
}


async def test_redirects_that_lead_nowhere_fail_at_once(tmp_path: Path) -> None:
    async with FaultServer(DEAD_ENDS, default=named) as server:
        rows = await check_run(server, tmp_path, dict.fromkeys(DEAD_ENDS, REFUSED))
        assert hops(rows, server.url("/itself")) == [(server.url("/itself"), 302)]


async def test_a_circle_and_a_chain_too_long_end_with_all_their_hops(tmp_path: Path) -> None:
    scripts = {"/ping": to("/pong"), "/pong": to("/ping", "307 Temporary")}
    scripts |= {f"/chain/{n}": to(f"/chain/{n + 1}") for n in range(40)}
    async with FaultServer(scripts, default=named) as server:
        rows = await check_run(server, tmp_path, {"/ping": replace(REFUSED, status=307), "/chain/0": REFUSED})
        assert hops(rows, server.url("/ping")) == [(server.url("/ping"), 302), (server.url("/pong"), 307)]
        chain = [(server.url(f"/chain/{n}"), 302) for n in range(11)]
        assert hops(rows, server.url("/chain/0")) == chain
        assert [server.ledger.count(f"/chain/{n}") for n in range(12)] == [1] * 11 + [0]


@pytest.mark.parametrize(
    ("location", "landed"),
    [
        ("landed?a=1", "/deep/er/landed?a=1"),
        ("../landed", "/deep/landed"),
        ("/landed", "/landed"),
        ("?b=2", "/deep/er/start?b=2"),
        ("{origin}/landed/%7Euser/%2e", "/landed/%7Euser/%2e"),
        ("/landed#fragment", "/landed"),
    ],
)
async def test_relative_locations_are_followed_and_the_answer_is_the_rows(
    tmp_path: Path, location: str, landed: str
) -> None:
    async with FaultServer(default=named) as server:
        server.scripts["/deep/er/start"] = to(location.format(origin=server.origin), "308 Permanent")
        ends = {"/deep/er/start": Ends(status=200, body=landed.encode())}
        rows = await check_run(server, tmp_path, ends)
        assert hops(rows, server.url("/deep/er/start")) == [(server.url("/deep/er/start"), 308)]
        (row,) = (row for row in rows if "/deep/" in row.url)
        assert row.response
        assert row.response.final_url
        assert row.response.final_url.partition("#")[0] == server.url(landed)


async def test_credentials_stay_home_and_travel_at_home(tmp_path: Path) -> None:
    secret = "hunter2secret"
    headers = (("Authorization", f"Bearer {secret}"), ("X-My-Key", secret), ("Cookie", f"c={secret}"))
    async with FaultServer(default=named) as home, FaultServer(default=named) as away:
        home.scripts |= {
            "/out": to(away.url("/elsewhere")),
            "/in": to("/inside"),
            "/there": to(away.url("/and-back")),
        }
        away.scripts["/and-back"] = to(home.url("/back"))
        urls = [home.url(path) for path in among_healthy(["/out", "/in", "/there"])]
        rows = await fetch_all(tmp_path, urls, templates=Templates(headers=headers))
        check_healthy(home, rows)
        assert endings(home, rows, ["/out", "/in", "/there"]) == {
            "/out": Ends(status=200, body=b"/elsewhere"),
            "/in": Ends(status=200, body=b"/inside"),
            "/there": Ends(status=200, body=b"/back"),
        }
        assert hops(rows, home.url("/there")) == [(home.url("/there"), 302), (away.url("/and-back"), 302)]
        for path in ("/out", "/in", "/inside", "/there"):
            assert home.ledger.requests[path][0].count(secret.encode()) == 3
        abroad = [*away.ledger.requests["/elsewhere"], *away.ledger.requests["/and-back"]]
        assert len(abroad) == 2
        assert secret.encode() not in b"".join([*abroad, *home.ledger.requests["/back"]])
        assert b"\r\nuser-agent: fetchdeck" in abroad[0].lower()
    kept = b"".join(file.read_bytes() for file in (tmp_path / "urls.run").rglob("*") if file.is_file())
    assert secret.encode() not in kept


async def test_a_post_that_is_redirected_becomes_a_get_and_is_sent_once(tmp_path: Path) -> None:
    scripts = {"/form": to("/result", "303 See Other"), "/moved": to("/taken", "307 Temporary")}
    async with FaultServer(scripts, default=named) as server:
        urls = [server.url(path) for path in scripts]
        rows = await fetch_all(tmp_path, urls, QUICK, Templates(data="a=1"))
        assert [(row.state, row.body) for row in rows] == [
            (State.SUCCEEDED, b"/result"),
            (State.SUCCEEDED, b"/taken"),
        ]
        assert server.ledger.first_line("/result").startswith("GET ")
        assert not server.ledger.requests["/result"][0].endswith(b"a=1")
        assert server.ledger.first_line("/taken").startswith("POST ")
        assert server.ledger.requests["/taken"][0].endswith(b"\r\n\r\na=1")
        assert {path: len(seen) for path, seen in server.ledger.requests.items()} == dict.fromkeys(
            ["/form", "/result", "/moved", "/taken"], 1
        )
