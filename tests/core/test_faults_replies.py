"""What a run makes of replies that are not what they say: no wrong, partial or foreign body ever succeeds.

All rows of a test share one host, so that connections are reused: a reply that leaks into the next one is seen.
"""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

import brotli
import pytest
from fetchdeck.core.job import Templates
from fetchdeck.core.model import FailureKind, State
from fetchdeck.core.transport.decoders import zstd
from msgspec.structs import replace

from tests.support.fault_runs import QUICK, Ends, check_run, fetch_all
from tests.support.fault_server import Close, FaultServer, Pause, Script, Send, named, reply
from tests.support.travelling import travel

Cases = dict[str, tuple[bytes, Ends]]

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
UNFRAMED = b"HTTP/1.1 200 OK\r\n\r\n"
BROKEN = Ends(FailureKind.PROTOCOL)
CUT = Ends(FailureKind.TRUNCATED, sent=2, status=200)
"""Sent again by policy, and failed for good with the second attempt."""
UNDECODABLE = Ends(FailureKind.DECODE, status=200)

LENGTHS: Cases = {
    "/length/too-long": (reply(b"abc", Content_Length="10"), CUT),
    "/length/too-short": (reply(b"abcdef", Content_Length="3"), BROKEN),
    "/length/two": (reply(b"abc", Content_Length="3\r\nContent-Length: 2"), BROKEN),
    "/length/list": (reply(b"abc", Content_Length="3, 2"), BROKEN),
    "/length/negative": (reply(b"abc", Content_Length="-3"), BROKEN),
    "/length/signed": (reply(b"abc", Content_Length="+3"), BROKEN),
    "/length/words": (reply(b"abc", Content_Length="three"), BROKEN),
    "/length/and-chunks": (reply(b"3\r\nabc\r\n0\r\n\r\n", Transfer_Encoding="chunked"), BROKEN),
    "/chunks/cut": (CHUNKED + b"5\r\nab", CUT),
    "/chunks/no-end": (CHUNKED + b"2\r\nab\r\n", CUT),
    "/chunks/no-number": (CHUNKED + b"2\r\nab\r\nzz\r\n", BROKEN),
    "/chunks/negative": (CHUNKED + b"-2\r\nab\r\n0\r\n\r\n", BROKEN),
    "/chunks/too-short": (CHUNKED + b"2\r\nabcd\r\n0\r\n\r\n", BROKEN),
    "/chunks/huge": (CHUNKED + b"f" * 40 + b"\r\nab\r\n0\r\n\r\n", BROKEN),
    "/chunks/trailing": (CHUNKED + b"2\r\nab\r\n0\r\n\r\njunk", BROKEN),
    "/chunks/coded": (
        CHUNKED.replace(b"chunked", b"gzip, chunked") + b"0\r\n\r\n",
        replace(BROKEN, status=200),
    ),
}
CODINGS: Cases = {
    f"/coding/{path}": (reply(body, Content_Encoding=coding), ends)
    for path, coding, body, ends in (
        ("gzip", "gzip", gzip.compress(b"x" * 999)[:-4], CUT),
        ("deflate", "deflate", zlib.compress(b"x" * 999)[:-4], CUT),
        ("br", "br", brotli.compress(b"x" * 999)[:-1], CUT),
        ("zstd", "zstd", zstd.compress(b"x" * 999)[:-4], CUT),
        ("stack/cut", "gzip, br", brotli.compress(gzip.compress(b"x" * 999)[:-4]), CUT),
        ("stack/order", "br, gzip", brotli.compress(gzip.compress(b"right")), UNDECODABLE),
        ("stack/high", "gzip, gzip, gzip, gzip", b"anything", UNDECODABLE),
        ("lie", "gzip", b"not gzip at all", UNDECODABLE),
        ("unknown", "rot13", b"jebat", UNDECODABLE),
        ("trailing", "gzip", gzip.compress(b"right") + b"junk", UNDECODABLE),
        (
            "stack/whole",
            "gzip, br",
            brotli.compress(gzip.compress(b"right")),
            Ends(status=200, body=b"right"),
        ),
    )
}
HEADS: Cases = {
    "/head/noise": (b"noise\r\n\r\n", BROKEN),
    "/head/letters": (b"HTTP/1.1 2x0 OK\r\n\r\n", BROKEN),
    "/head/no-version": (b"HTTP/ 200 OK\r\n\r\n", BROKEN),
    "/head/long": (reply(b"", X="v" * 40_000), BROKEN),
    "/head/many": (reply(b"", **{f"X_{n}": "v" for n in range(300)}), BROKEN),
    "/head/null": (reply(b"", X="a\0b"), BROKEN),
    "/head/http2": (reply(b"").replace(b"HTTP/1.1", b"HTTP/2.0"), replace(BROKEN, status=200)),
    "/status/99": (reply(b"wrong", "099 Odd"), replace(BROKEN, status=99)),
    "/status/600": (reply(b"wrong", "600 Odd"), replace(BROKEN, status=600)),
    "/status/999": (reply(b"wrong", "999 Odd"), replace(BROKEN, status=999)),
    "/status/1000": (reply(b"wrong", "1000 Odd"), BROKEN),
    "/status/101": (
        reply(b"wrong", "101 Up", Upgrade="x", Connection="upgrade"),
        replace(BROKEN, status=101),
    ),
    "/status/101/bare": (b"HTTP/1.1 101 Up\r\n\r\n" + reply(b"wrong"), replace(BROKEN, status=101)),
    "/status/103": (b"HTTP/1.1 103 Early\r\n\r\n" + reply(b"right"), Ends(status=200, body=b"right")),
    "/bodiless/204": (reply(b"body", "204 No Content"), BROKEN),
    "/bodiless/304": (reply(b"body", "304 Not Modified"), BROKEN),
    "/bodiless/204/unframed": (b"HTTP/1.1 204 No Content\r\n\r\nbody", BROKEN),
}
TABLES = {"lengths": LENGTHS, "codings": CODINGS, "heads": HEADS}


def written(cases: Cases) -> dict[str, Script]:
    """A body that its framing leaves open ends with the connection."""
    return {
        path: (Send(octets), *([Close()] if ends == CUT else [])) for path, (octets, ends) in cases.items()
    }


@pytest.mark.parametrize("concurrency", [1, 8])
@pytest.mark.parametrize("cases", TABLES.values(), ids=TABLES.keys())
async def test_replies_that_lie_fail_by_their_name_and_harm_no_other(
    tmp_path: Path, cases: Cases, concurrency: int
) -> None:
    expected = {path: ends for path, (_, ends) in cases.items()}
    async with FaultServer(written(cases), default=named) as server:
        await check_run(server, tmp_path, expected, replace(QUICK, concurrency=concurrency))


async def test_a_body_that_ends_with_its_connection_is_kept_and_marked(tmp_path: Path) -> None:
    async with FaultServer({"/open": [Send(UNFRAMED + b"all of it?"), Close()]}, default=named) as server:
        rows = await check_run(server, tmp_path, {"/open": Ends(status=200, body=b"all of it?")})
    kept = [row.response.unverified for row in rows if row.response and row.url.endswith("/open")]
    assert kept == [True]


EXTRA: dict[str, bytes] = {
    "reply": reply(b"wrong"),
    "half a reply": reply(b"wrong")[:-20],
    "error and goodbye": reply(b"wrong", "408 Request Timeout", Connection="close"),
    "junk": b"junk",
    "line end": b"\r\n",
}


@pytest.mark.parametrize("concurrency", [1, 8])
def test_octets_between_replies_answer_no_row(tmp_path: Path, concurrency: int) -> None:
    """Replies come at once, the octets 10 ms later, and the next request of the connection 20 ms after that."""
    extra = {f"/extra/{number}": octets for number, octets in enumerate(EXTRA.values())}
    scripts = {path: (Send(reply(b"right")), Pause(0.01), Send(octets)) for path, octets in extra.items()}

    async def run() -> None:
        async with FaultServer(scripts, default=named) as server:
            options = replace(QUICK, concurrency=concurrency, rate=33.0)
            await check_run(server, tmp_path, dict.fromkeys(extra, Ends(status=200, body=b"right")), options)
            assert 1 < server.ledger.connections <= len(extra) + 1

    travel(run())


@pytest.mark.parametrize("concurrency", [1, 8])
async def test_a_well_formed_reply_too_many_answers_no_row(tmp_path: Path, concurrency: int) -> None:
    twice = {f"/twice/{number}": (Send(reply(b"right") + reply(b"wrong")),) for number in range(10)}
    expected = dict.fromkeys(twice, Ends(status=200, body=b"right"))
    async with FaultServer(twice, default=named) as server:
        await check_run(server, tmp_path, expected, replace(QUICK, concurrency=concurrency))


@pytest.mark.parametrize("concurrency", [1, 8])
async def test_the_body_of_an_answer_to_head_is_no_answer_to_the_next(
    tmp_path: Path, concurrency: int
) -> None:
    async with FaultServer(default=named) as server:
        urls = [server.url(f"/head/{number}") for number in range(30)]
        heads = Templates(method="HEAD")
        rows = await fetch_all(tmp_path, urls, replace(QUICK, concurrency=concurrency), heads)
        for row in rows:
            assert (row.state, row.kind, row.body) == (State.FAILED, FailureKind.PROTOCOL, None)
            assert server.ledger.count(row.url.removeprefix(server.origin)) == len(row.attempts) == 1


async def test_a_reply_to_head_names_a_length_and_has_no_body(tmp_path: Path) -> None:
    async with FaultServer(default=lambda path: [Send(reply(b"", Content_Length="999"))]) as server:
        urls = [server.url(f"/{number}") for number in range(10)]
        rows = await fetch_all(tmp_path, urls, replace(QUICK, concurrency=1), Templates(method="HEAD"))
        assert {(row.state, row.body) for row in rows} == {(State.SUCCEEDED, b"")}
        assert server.ledger.connections == 1
