"""Taking in one reply: is it HTTP, is its body whole, and what does its content coding hide."""

from __future__ import annotations

import asyncio

import aiohttp
from aiohttp import StreamReader, hdrs

from ..model import BodyFile, FailureKind, Progress
from .bodies import BodyStore
from .decoders import Decoder, decoder_for
from .exchange import Exchange
from .faults import AttemptError
from .inflow import pour
from .protocol import MOST_HELD

_BODILESS_STATUSES = frozenset({204, 304})
_PIECES_A_TURN = 16
"""Decoded pieces, empty ones too, after which other tasks and the timeout get their turn: 1 MiB of work at most."""


def check_head(response: Exchange) -> None:
    """Refuse what the parser lets pass (RFC 9112, sections 2.3 and 4); raises AttemptError (PROTOCOL)."""
    status = response.status
    if not 200 <= status <= 599:
        raise AttemptError(FailureKind.PROTOCOL, f"the status {status} is not a final one of HTTP")
    if response.version[0] != 1:
        raise AttemptError(FailureKind.PROTOCOL, "the reply is not HTTP/1")


def raw_headers(response: Exchange) -> bytes:
    """The field lines as received, joined by CRLF; line ends inside a value become spaces."""
    raw = response.raw_headers
    lines = b"\r\n".join(map(b": ".join, raw))
    if lines.count(b"\n") != len(raw) - 1 or lines.count(b"\r") != len(raw) - 1:
        flat = (name + b": " + value.replace(b"\r", b" ").replace(b"\n", b" ") for name, value in raw)
        lines = b"\r\n".join(flat)
    return lines


def at_hand(
    response: Exchange, method: str, store: BodyStore, most: int, progress: Progress
) -> tuple[bytes, bool] | None:
    """The body, and that its framing proves it whole, where all of it has come and need not be decoded.

    None for another one, which `receive` takes in. Raises AttemptError.
    """
    if method == "HEAD" or response.status in _BODILESS_STATUSES:
        return b"", True
    content, headers = response.content, response.headers
    if (
        not content.is_eof()
        or content.exception() is not None
        or content.total_bytes > store.inline_limit
        or hdrs.CONTENT_ENCODING in headers
        or not (hdrs.CONTENT_LENGTH in headers or _chunked(response))
    ):
        return None
    body = content.read_nowait()
    progress.received = len(body)
    if len(body) > most:
        raise _too_large(most)
    return body, True


def comes_soon(response: Exchange, store: BodyStore, most: int) -> bool:
    """Whether the body will be at hand by and by: the connection holds all of it, and it may be taken as it is."""
    return (
        response.content.exception() is None
        and hdrs.CONTENT_ENCODING not in response.headers
        and 0 < _length(response) <= min(store.inline_limit, most, MOST_HELD)
    )


async def receive(
    response: Exchange,
    method: str,
    store: BodyStore,
    body_name: str,
    most: int,
    progress: Progress,
) -> tuple[bytes | BodyFile, bool]:
    """The decoded body, and whether its framing proves it whole (RFC 9112, section 8).

    Raises AttemptError where it is broken, longer than `most` decoded bytes, or of unknown coding, and
    StorageError where this machine cannot keep it.
    """
    if (found := at_hand(response, method, store, most, progress)) is not None:
        return found
    headers = response.headers
    whole = hdrs.CONTENT_LENGTH in headers or _chunked(response)
    content = response.content
    try:
        coding = headers.get(hdrs.CONTENT_ENCODING)
        if coding is None and store.inline_limit < (length := _length(response)) <= most:
            return await _large(response, length, store, body_name, progress), True
        chunk = content.read_nowait() if content.is_eof() else await content.readany()
        progress.received = len(chunk)
        if coding is None and content.at_eof() and len(chunk) <= store.inline_limit:
            if len(chunk) > most:
                raise _too_large(most)
            body: bytes | BodyFile = chunk
        else:
            body = await _stream(
                content, chunk, _decoder(response, whole, chunk), store, body_name, most, progress
            )
    except aiohttp.ClientError:
        progress.received = content.total_bytes
        raise _broken_off(response) from None
    if not whole and isinstance(error := _lost(response), OSError):
        raise _broken_off(response) from error
    return body, whole


async def _stream(
    content: StreamReader,
    chunk: bytes,
    decoder: Decoder | None,
    store: BodyStore,
    body_name: str,
    most: int,
    progress: Progress,
) -> bytes | BodyFile:
    sink = store.sink(body_name)
    size = pieces = 0
    try:
        while chunk:
            for piece in decoder.feed(chunk) if decoder is not None else (chunk,):
                size += len(piece)
                if size > most:
                    raise _too_large(most)
                await sink.write(piece)
                pieces += 1
                if pieces % _PIECES_A_TURN == 0:
                    await asyncio.sleep(0)
            chunk = b"" if content.at_eof() else await content.readany()
            progress.received += len(chunk)
        if decoder is not None:
            decoder.finish()
        return await sink.finish()
    except BaseException:
        await sink.abort()
        raise


async def _large(
    response: Exchange, length: int, store: BodyStore, body_name: str, progress: Progress
) -> bytes | BodyFile:
    sink = store.sink(body_name)
    try:
        await pour(response.protocol, response.content, length, sink, store.blocks, progress)
        return await sink.finish()
    except BaseException:
        await sink.abort()
        raise


def _length(response: Exchange) -> int:
    """How long the reply says that its body is; 0 where the framing is of another kind."""
    length = response.headers.get(hdrs.CONTENT_LENGTH)
    return 0 if length is None or hdrs.TRANSFER_ENCODING in response.headers else int(length)


def _decoder(response: Exchange, whole: bool, chunk: bytes) -> Decoder | None:
    fields = response.headers.getall(hdrs.CONTENT_ENCODING, ())
    if not chunk and whole:
        return None  # servers name a coding for empty bodies too
    return decoder_for(",".join(fields))


def _chunked(response: Exchange) -> bool:
    fields = response.headers.getall(hdrs.TRANSFER_ENCODING, ())
    if not fields:
        return False
    if len(fields) > 1 or fields[0].strip().lower() != "chunked":
        raise AttemptError(FailureKind.PROTOCOL, "the reply has a transfer coding that was not asked for")
    return True


def _too_large(most: int) -> AttemptError:
    return AttemptError(FailureKind.TOO_LARGE, f"the body has more than {most} bytes")


def _broken_off(response: Exchange) -> AttemptError:
    """A body that ended early: was the connection reset, or did the framing lie?"""
    received = response.content.total_bytes
    if isinstance(_lost(response), OSError):
        return AttemptError(FailureKind.RESET, f"the connection was reset after {received} bytes of the body")
    declared = response.headers.get(hdrs.CONTENT_LENGTH)
    if declared is not None:
        return AttemptError(FailureKind.TRUNCATED, f"the body ended after {received} of {declared} bytes")
    return AttemptError(FailureKind.TRUNCATED, f"the chunked body broke off after {received} bytes")


def _lost(response: Exchange) -> BaseException | None:
    """What ended the response's connection; None while nothing did."""
    error = response.protocol.exception()
    return error if isinstance(error, BaseException) else None
