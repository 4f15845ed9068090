"""Replies without end, and replies that swell: a run's memory stays flat while it takes them in."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import brotli
import pytest
from fetchdeck.core.model import FailureKind
from fetchdeck.core.transport.decoders import zstd
from msgspec.structs import replace

from tests.support.fault_runs import QUICK, Ends, check_run
from tests.support.fault_server import Drip, FaultServer, Script, Send, named, reply

HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
BLOCK = bytes(65_536)
CHUNK = b"10000\r\n" + BLOCK + b"\r\n"
SWOLLEN = bytes(64_000_000)
LIMIT = 8_000_000
"""`--max-body`, decoded; eight such bodies at once would be 64 MB."""
FLAT = 16_000_000
"""What eight requests in flight may take at most, buffers and all; about 4 MB is usual."""
TOO_LARGE = Ends(FailureKind.TOO_LARGE, status=200)
BROKEN = Ends(FailureKind.PROTOCOL)

ENDLESS: dict[str, tuple[Script, Ends]] = {
    "/endless/body": ([Send(HEAD + b"\r\n"), Drip(BLOCK)], TOO_LARGE),
    "/endless/chunks": ([Send(CHUNKED), Drip(CHUNK)], TOO_LARGE),
    "/endless/reason": ([Send(b"HTTP/1.1 200 "), Drip(b"x" * 65_536)], BROKEN),
    "/endless/header": ([Send(HEAD + b"X: "), Drip(b"x" * 65_536)], BROKEN),
    "/endless/headers": ([Send(HEAD), Drip(b"X: y\r\n" * 1_000)], BROKEN),
    "/endless/trailer": ([Send(CHUNKED + b"0\r\nX: "), Drip(b"x" * 65_536)], BROKEN),
    "/endless/trailers": ([Send(CHUNKED + b"0\r\n"), Drip(b"X: y\r\n" * 1_000)], BROKEN),
    "/endless/no-content": ([Send(b"HTTP/1.1 204 No Content\r\n\r\n"), Drip(BLOCK)], BROKEN),
    "/endless/redirect": (
        [Send(HEAD.replace(b"200 OK", b"302 Found") + b"Location: /landed\r\n\r\n"), Drip(BLOCK)],
        Ends(status=200, body=b"/landed"),
    ),
}
CODINGS = {
    "gzip": gzip.compress(SWOLLEN),
    "deflate": zlib.compress(SWOLLEN),
    "br": brotli.compress(SWOLLEN, quality=3),
    "zstd": zstd.compress(SWOLLEN),
    "gzip, gzip": gzip.compress(gzip.compress(SWOLLEN)),
}
BOMBS: dict[str, tuple[Script, Ends]] = {
    f"/bomb/{number}": ([Send(reply(bomb, Content_Encoding=coding))], TOO_LARGE)
    for number, (coding, bomb) in enumerate([*CODINGS.items()] * 2)
}


@contextmanager
def flat_memory() -> Generator[None]:
    """All that Python allocates within the block stays below `FLAT` at every moment."""
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < FLAT
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("cases", [ENDLESS, BOMBS], ids=["endless", "bombs"])
async def test_what_has_no_end_meets_its_limit_in_flat_memory(
    tmp_path: Path, cases: dict[str, tuple[Script, Ends]]
) -> None:
    scripts = {path: script for path, (script, _) in cases.items()}
    expected = {path: ends for path, (_, ends) in cases.items()}
    async with FaultServer(scripts, default=named) as server:
        with flat_memory():
            await check_run(server, tmp_path, expected, replace(QUICK, max_body=LIMIT))
    assert not [file for file in tmp_path.glob("urls.run/bodies/*/*") if file.is_file()]
