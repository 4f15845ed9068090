"""Bodies through the transport: content codings to their very end, caps, spilling, and this machine's disk."""

from __future__ import annotations

import asyncio
import gzip
import sys
import tracemalloc
import zlib
from functools import partial
from pathlib import Path

import brotli
import pytest
from fetchdeck.core.job import Options
from fetchdeck.core.model import BodyFile, FailureKind, Fault, Progress, Request
from fetchdeck.core.transport.decoders import decoder_for
from fetchdeck.core.transport.faults import AttemptError
from hypothesis import given
from hypothesis import strategies as st

from tests.support.fault_server import Close, FaultServer, Send, Wait, reply
from tests.support.fetching import fault, fetch, fetched, opened, whole

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

TEXT = bytes(range(256)) * 400


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


CODINGS = {
    "gzip": gzip.compress,
    "X-GZip": gzip.compress,
    "deflate": zlib.compress,
    "br": partial(brotli.compress, quality=5),
    "zstd": zstd.compress,
}
ENCODERS = [*CODINGS.items(), ("deflate", raw_deflate)]
IDS = [*CODINGS, "raw deflate"]


def decoded(coding: str, data: bytes, step: int = 1 << 20) -> bytes:
    decoder = decoder_for(coding)
    assert decoder is not None
    found = b"".join(b"".join(decoder.feed(data[i : i + step])) for i in range(0, len(data), step))
    decoder.finish()
    return found


def refusal(coding: str, data: bytes, step: int = 1 << 20) -> FailureKind:
    with pytest.raises(AttemptError) as caught:
        decoded(coding, data, step)
    return caught.value.kind


@pytest.mark.parametrize(("coding", "encode"), ENCODERS, ids=IDS)
@pytest.mark.parametrize("step", [1, 7, 1 << 20])
def test_a_coding_is_undone_in_pieces_of_any_size(coding: str, encode, step: int) -> None:
    for data in (b"", b"x", TEXT[:3000]):
        assert decoded(coding, encode(data), step) == data


@pytest.mark.parametrize(("coding", "encode"), ENCODERS, ids=IDS)
@pytest.mark.parametrize("size", [65_535, 65_536, 65_537, 131_072])
def test_output_that_fills_a_piece_to_the_brim(coding: str, encode, size: int) -> None:
    assert decoded(coding, encode(b"z" * size)) == b"z" * size


@pytest.mark.parametrize(("coding", "encode"), ENCODERS, ids=IDS)
def test_a_coding_cut_anywhere_is_truncated(coding: str, encode) -> None:
    packed = encode(TEXT[:300])
    for cut in range(len(packed)):
        assert refusal(coding, packed[:cut]) is FailureKind.TRUNCATED, cut


@pytest.mark.parametrize(("coding", "encode"), ENCODERS, ids=IDS)
@pytest.mark.parametrize("step", [1, 1 << 20])
def test_data_after_the_end_is_refused(coding: str, encode, step: int) -> None:
    assert refusal(coding, encode(TEXT) + b"\x01garbage", step) is FailureKind.DECODE


@pytest.mark.parametrize(("coding", "encode"), ENCODERS, ids=IDS)
def test_a_broken_coding_is_refused(coding: str, encode) -> None:
    packed = bytearray(encode(TEXT))
    packed[len(packed) // 2 :] = b"\xff" * (len(packed) - len(packed) // 2)
    assert refusal(coding, bytes(packed)) in (FailureKind.DECODE, FailureKind.TRUNCATED)


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
@pytest.mark.parametrize("step", [1, 1 << 20])
def test_several_members_are_one_body(coding: str, step: int) -> None:
    assert decoded(coding, CODINGS[coding](b"one") + CODINGS[coding](b"two"), step) == b"onetwo"


@given(
    st.lists(st.sampled_from(sorted(CODINGS)), min_size=1, max_size=3),
    st.binary(max_size=300),
    st.integers(1, 99),
)
def test_stacked_codings_are_undone_from_the_last_to_the_first(
    codings: list[str], data: bytes, step: int
) -> None:
    packed = data
    for coding in codings:
        packed = CODINGS[coding](packed)
    assert decoded(" , ".join(codings), packed, step) == data


@given(st.sampled_from(["gzip", "deflate", "br", "zstd"]), st.binary(max_size=200), st.integers(1, 50))
def test_noise_is_decoded_or_refused_by_name(coding: str, noise: bytes, step: int) -> None:
    decoder = decoder_for(coding)
    assert decoder is not None
    kind = FailureKind.DECODE
    try:
        for at in range(0, len(noise), step):
            b"".join(decoder.feed(noise[at : at + step]))
        decoder.finish()
    except AttemptError as error:
        kind = error.kind
    assert kind in (FailureKind.DECODE, FailureKind.TRUNCATED)


def test_codings_that_are_not_ours() -> None:
    assert decoder_for("identity") is None
    assert refusal("compress", b"") is FailureKind.DECODE
    assert refusal("gzip, br, gzip, br", b"") is FailureKind.DECODE


async def test_a_coded_reply(tmp_path: Path) -> None:
    packed = brotli.compress(gzip.compress(TEXT))
    head = reply(b"", Content_Encoding="gzip", content_encoding="br", Content_Length=str(len(packed)))
    async with opened(tmp_path) as transport, FaultServer(default=[Send(head + packed)]) as server:
        found = whole(await fetched(transport, server.url("/")))
    assert found.body == TEXT
    assert found.wire_bytes == len(packed)


@pytest.mark.parametrize(("coding", "encode"), ENCODERS, ids=IDS)
async def test_a_truncated_coding_in_whole_framing_is_no_success(tmp_path: Path, coding: str, encode) -> None:
    script = [Send(reply(encode(TEXT)[:-3], Content_Encoding=coding))]
    async with opened(tmp_path) as transport, FaultServer({"/bad": script}) as server:
        found = fault(await fetched(transport, server.url("/bad")))
        assert (found.kind, found.status) == (FailureKind.TRUNCATED, 200)
        assert whole(await fetched(transport, server.url("/good"))).body == b"ok"


async def test_an_empty_coded_body_that_ends_with_the_connection_is_truncated(tmp_path: Path) -> None:
    script = [Send(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n"), Close()]
    async with opened(tmp_path) as transport, FaultServer(default=script) as server:
        assert fault(await fetched(transport, server.url("/"))).kind is FailureKind.TRUNCATED


async def test_an_unknown_coding_is_refused(tmp_path: Path) -> None:
    script = [Send(reply(b"?", Content_Encoding="rot13\x1b[31m"))]
    async with opened(tmp_path) as transport, FaultServer(default=script) as server:
        assert fault(await fetched(transport, server.url("/"))).kind is FailureKind.DECODE


async def test_a_body_of_nothing_but_work_leaves_the_loop_to_others(tmp_path: Path) -> None:
    empty_members = gzip.compress(gzip.compress(b"") * 50_000)
    turns = 0

    async def count_turns() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    script = [Send(reply(empty_members, Content_Encoding="gzip, gzip"))]
    async with opened(tmp_path) as transport, FaultServer(default=script) as server:
        counter = asyncio.create_task(count_turns())
        found = whole(await fetched(transport, server.url("/")))
        counter.cancel()
    assert found.body == b""
    assert turns > 1000


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd"])
async def test_a_bomb_meets_the_cap_in_flat_memory(tmp_path: Path, coding: str) -> None:
    bomb = CODINGS[coding](b"\0" * 60_000_000)
    options = Options(max_body=20_000_000)
    async with (
        opened(tmp_path, options) as transport,
        FaultServer(default=[Send(reply(bomb, Content_Encoding=coding))]) as server,
    ):
        tracemalloc.start()
        try:
            found = fault(await fetched(transport, server.url("/")))
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert found.kind is FailureKind.TOO_LARGE
    assert peak < 6_000_000
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


@pytest.mark.parametrize(("size", "kind"), [(1000, None), (1001, FailureKind.TOO_LARGE)])
async def test_the_cap_is_exact(tmp_path: Path, size: int, kind: FailureKind | None) -> None:
    async with (
        opened(tmp_path, Options(max_body=1000)) as transport,
        FaultServer({"/plain": [Send(reply(b"x" * size))]}) as server,
    ):
        server.scripts["/gzip"] = [Send(reply(gzip.compress(b"x" * size), Content_Encoding="gzip"))]
        for path in ("/plain", "/gzip"):
            assert getattr(await fetched(transport, server.url(path)), "kind", None) is kind


async def test_a_large_body_is_a_file_named_by_the_engine(tmp_path: Path) -> None:
    body = TEXT * 20
    chunked = b"".join(b"%x\r\n%s\r\n" % (len(TEXT), TEXT) for _ in range(20)) + b"0\r\n\r\n"
    scripts = {
        "/length": [Send(reply(body))],
        "/chunked": [Send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked)],
        "/close": [Send(b"HTTP/1.1 200 OK\r\n\r\n" + body), Close()],
        "/gzip": [Send(reply(gzip.compress(body), Content_Encoding="gzip"))],
    }
    async with opened(tmp_path) as transport, FaultServer(scripts) as server:
        for number, path in enumerate(scripts):
            found = whole(await fetched(transport, server.url(path), name=f"00000/{number}-1"))
            assert found.body == BodyFile(tmp_path / f"00000/{number}-1.body", len(body))
            assert found.body.path.read_bytes() == body
            assert found.unverified_length == (path == "/close")


async def test_a_cancelled_large_body_leaves_no_file(tmp_path: Path) -> None:
    half = reply(TEXT * 20)[: len(TEXT) * 10]
    async with opened(tmp_path) as transport, FaultServer(default=[Send(half), Wait()]) as server:
        request, progress = Request("GET", server.url("/")), Progress()
        attempt = asyncio.create_task(fetch(transport, request, "0/0-1", progress))
        while not list(tmp_path.rglob("*.part")):
            await asyncio.sleep(0)
        attempt.cancel()
        with pytest.raises(asyncio.CancelledError):
            await attempt
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_body_that_cannot_be_stored_is_this_machines_fault(tmp_path: Path, method: str) -> None:
    (tmp_path / "bodies").touch()
    async with (
        opened(tmp_path / "bodies") as transport,
        FaultServer(default=[Send(reply(TEXT * 20))]) as server,
    ):
        found = await fetched(transport, server.url("/"), method)
    assert isinstance(found, Fault)
    assert (found.kind, found.status) == (FailureKind.DISK, 200)
    assert found.message.startswith("this machine cannot store the body: ")
