"""Incremental decoders of content codings (RFC 9110, section 8.4.1) that know whether they reached their end."""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable, Iterator
from typing import Protocol, cast

import brotli  # pyright: ignore[reportMissingTypeStubs]

from ..model import FailureKind
from .faults import AttemptError

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

ACCEPT_ENCODING = "gzip, deflate, br, zstd"
"""What is asked for when the user asks for nothing else."""
_BROTLI_ERROR = cast(type[Exception], brotli.error)  # pyright: ignore[reportUnknownMemberType]
_PIECE = 65_536
_MOST_CODINGS = 3
_ZSTD_WINDOW_LOG = 23  # RFC 9659: a content coding's window has 8 MiB at most


class Decoder(Protocol):
    """Undoes one content coding. Output comes in small pieces, so that a bomb never stands in memory."""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Decode more octets; raises AttemptError (DECODE) for broken data or data after the end."""
        ...

    def finish(self) -> None:
        """No more octets will come; raises AttemptError (TRUNCATED) if the coding has not ended."""
        ...


def decoder_for(content_encoding: str) -> Decoder | None:
    """The decoder of a Content-Encoding field, None for `identity`; raises AttemptError (DECODE) if unknown."""
    names = [name.strip().lower() for name in content_encoding.split(",")]
    names = [name for name in names if name not in ("", "identity")]
    if len(names) > _MOST_CODINGS:
        raise AttemptError(FailureKind.DECODE, f"the body has {len(names)} content codings, too many")
    for name in names:
        if name not in _DECODERS:
            raise AttemptError(FailureKind.DECODE, f"the content coding {name[:40]} is unknown")
    if not names:
        return None
    stages = [_DECODERS[name]() for name in reversed(names)]
    return stages[0] if len(stages) == 1 else _Stack(stages)


class _Stack:
    """Several codings; the one that was applied last is undone first."""

    def __init__(self, stages: list[Decoder]) -> None:
        self._stages = stages

    def feed(self, data: bytes) -> Iterator[bytes]:
        return self._through(0, data)

    def finish(self) -> None:
        for stage in self._stages:
            stage.finish()

    def _through(self, stage: int, data: bytes) -> Iterator[bytes]:
        if stage == len(self._stages):
            yield data
            return
        for piece in self._stages[stage].feed(data):
            yield from self._through(stage + 1, piece)


class _Inflater(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def unconsumed_tail(self) -> bytes: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


class _Zlib:
    """Gzip in one or more members (RFC 1952, section 2.2), or deflate in its zlib or its raw form.

    RFC 9110, 8.4.1.2 wants the zlib form, and names the raw one as a common mistake; the first octets tell.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._start: bytes = b""
        self._inflater = _inflater(31) if name == "gzip" else None

    def feed(self, data: bytes) -> Iterator[bytes]:
        inflater = self._inflater
        if inflater is None:
            data = self._start + data
            if len(data) < 2:
                self._start = data
                return
            zlib_form = data[0] & 0x0F == 8 and int.from_bytes(data[:2]) % 31 == 0
            inflater = self._inflater = _inflater(15 if zlib_form else -15)
        while data:
            if inflater.eof:
                if self._name != "gzip":
                    raise _garbage(self._name)
                inflater = self._inflater = _inflater(31)
            try:
                full = True
                while full and not inflater.eof:
                    piece = inflater.decompress(data, _PIECE)
                    data = inflater.unconsumed_tail
                    full = len(piece) == _PIECE
                    yield piece
            except zlib.error as error:
                raise _broken(self._name) from error
            if inflater.eof:
                data = inflater.unused_data

    def finish(self) -> None:
        if self._inflater is None or not self._inflater.eof:
            raise _truncated(self._name)


class _BrotliStream(Protocol):
    def process(self, data: bytes, output_buffer_limit: int) -> bytes: ...
    def is_finished(self) -> bool: ...


class _Brotli:
    """RFC 7932: one stream, nothing after it."""

    def __init__(self) -> None:
        self._stream = _brotli_stream()

    def feed(self, data: bytes) -> Iterator[bytes]:
        stream = self._stream
        if data and stream.is_finished():
            raise _garbage("br")
        try:
            # An output that fills the piece exactly leaves the stream's end unseen: ask until nothing comes.
            piece = stream.process(data, output_buffer_limit=_PIECE)
            while piece:
                yield piece
                piece = b"" if stream.is_finished() else stream.process(b"", output_buffer_limit=_PIECE)
        except _BROTLI_ERROR as error:
            raise _broken("br") from error

    def finish(self) -> None:
        if not self._stream.is_finished():
            raise _truncated("br")


class _Zstd:
    """RFC 8878: one or more frames."""

    def __init__(self) -> None:
        self._stream = _zstd_stream()
        self._fed = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        while data:
            stream = self._stream
            if stream.eof:
                stream = self._stream = _zstd_stream()
            try:
                yield stream.decompress(data, _PIECE)
                while not stream.eof and not stream.needs_input:
                    yield stream.decompress(b"", _PIECE)
            except zstd.ZstdError as error:
                raise _broken("zstd") from error
            data = stream.unused_data if stream.eof else b""

    def finish(self) -> None:
        if not self._stream.eof:
            raise _truncated("zstd")


_DECODERS: dict[str, Callable[[], Decoder]] = {
    "gzip": lambda: _Zlib("gzip"),
    "x-gzip": lambda: _Zlib("gzip"),
    "deflate": lambda: _Zlib("deflate"),
    "br": _Brotli,
    "zstd": _Zstd,
}


def _inflater(window_bits: int) -> _Inflater:
    return zlib.decompressobj(window_bits)


def _brotli_stream() -> _BrotliStream:
    return cast(_BrotliStream, brotli.Decompressor())  # pyright: ignore[reportUnknownMemberType]


def _zstd_stream() -> zstd.ZstdDecompressor:
    return zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: _ZSTD_WINDOW_LOG})


def _broken(name: str) -> AttemptError:
    return AttemptError(FailureKind.DECODE, f"the body is not valid {name}")


def _garbage(name: str) -> AttemptError:
    return AttemptError(FailureKind.DECODE, f"the body has data after the end of its {name} coding")


def _truncated(name: str) -> AttemptError:
    return AttemptError(FailureKind.TRUNCATED, f"the body ends before its {name} coding does")
