"""The octets and pauses with which the server gives a row its fate."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from functools import cache

from fetchdeck.tui.demo.byte_scripts import Close, Pause, Reset, Script, Send, Step, Wait

from .bodies import MAX_BODY, body_of
from .fates import LOTS, Fate

_CLOSE, _RESET = Close(), Reset()
_TYPE = b"Content-Type: application/json\r\n"
_STRAY = b'{"error":"this reply was not asked for"}'


def whole(body: bytes, fields: bytes = b"", status: bytes = b"200 OK") -> bytes:
    """A well-formed reply; `fields` are header lines, each with its CRLF."""
    return b"HTTP/1.1 %s\r\n%s%sContent-Length: %d\r\n\r\n%s" % (status, _TYPE, fields, len(body), body)


def script_for(row: int, fate: Fate, arrival: int, elsewhere: str) -> Script:
    """What to play for a row that was asked for `arrival` times before; `elsewhere` is another origin."""
    spoilt = LOTS[fate].spoilt
    if spoilt is not None and 0 < spoilt <= arrival:
        return (Send(whole(body_of(row, fate))),)
    if fate is Fate.REDIRECT:
        location = b"Location: %s/t/%d\r\n" % (elsewhere.encode(), row)
        return (Send(whole(b"", location, b"307 Temporary Redirect")),)
    return _SCRIPTS[fate](row, body_of(row, fate))


def redirect_target(row: int) -> Script:
    """Where a redirect ends well."""
    return (Send(whole(body_of(row, Fate.REDIRECT))),)


def loop_on(row: int, half: bytes) -> Script:
    """One half of a redirect loop, `l` or `m`, which leads to the other."""
    other = b"m" if half == b"l" else b"l"
    return (Send(whole(b"", b"Location: /%s/%d\r\n" % (other, row), b"302 Found")),)


def _head(fields: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\n" + _TYPE + fields + b"\r\n"


def _chunks(body: bytes) -> bytes:
    half = len(body) // 2
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:half], body[half:]) if part)


def _drip(data: bytes, pieces: int, pause: float) -> Script:
    size = len(data) // pieces + 1
    steps: list[Step] = []
    for at in range(0, len(data), size):
        steps += [Send(data[at : at + size]), Pause(pause)]
    return steps


def _compressed(body: bytes) -> bytes:
    return gzip.compress(body, compresslevel=1, mtime=0)


@cache
def _bomb() -> bytes:
    return gzip.compress(bytes(2 * MAX_BODY), mtime=0)


def _refuse(status: bytes, fields: bytes = b"") -> Callable[[int, bytes], Script]:
    reply = whole(b'{"error":"not now"}', fields, status)
    return lambda row, body: (Send(reply),)


def _redirect(fields: bytes) -> Callable[[int, bytes], Script]:
    return lambda row, body: (Send(whole(b"", fields, b"302 Found")),)


_GZIP = b"Content-Encoding: gzip\r\n"
_CHUNKED = b"Transfer-Encoding: chunked\r\n"
_BAD_STATUSES = (b"099 Low", b"600 High", b"999 Higher", b"777 Between")
_SCRIPTS: dict[Fate, Callable[[int, bytes], Script]] = {
    Fate.WHOLE: lambda row, body: (Send(whole(body)),),
    Fate.CHUNKED: lambda row, body: (Send(_head(_CHUNKED) + _chunks(body) + b"0\r\n\r\n"),),
    Fate.GZIP: lambda row, body: (Send(whole(_compressed(body), _GZIP)),),
    Fate.EMPTY: lambda row, body: (Send(b"HTTP/1.1 204 No Content\r\n\r\n"),),
    Fate.UNFRAMED: lambda row, body: (Send(_head(b"") + body), _CLOSE),
    Fate.CLOSING: lambda row, body: (Send(whole(body)), _CLOSE),
    Fate.LARGE: lambda row, body: (Send(whole(body)),),
    Fate.DRIP: lambda row, body: _drip(whole(body), 10, 0.05),
    Fate.SLOW_HEADERS: lambda row, body: (*_drip(whole(b"")[:60], 5, 0.1), Send(whole(body)[60:])),
    Fate.STRAY_AT_ONCE: lambda row, body: (Send(whole(body) + whole(_STRAY)),),
    Fate.STRAY_LATER: lambda row, body: (Send(whole(body)), Pause(0.005), Send(whole(_STRAY))),
    Fate.TOO_MANY: _refuse(b"429 Too Many Requests", b"Retry-After: 1\r\n"),
    Fate.ERROR: _refuse(b"500 Internal Server Error"),
    Fate.BUSY: _refuse(b"503 Service Unavailable"),
    Fate.RESET_BEFORE: lambda row, body: (_RESET,),
    Fate.RESET_WITHIN: lambda row, body: (Send(whole(body)[:400]), Pause(0.02), _RESET),
    Fate.CLOSED_BEFORE: lambda row, body: (_CLOSE,),
    Fate.CUT_LENGTH: lambda row, body: (Send(whole(body)[:-10]), _CLOSE),
    Fate.CUT_CHUNKS: lambda row, body: (Send(_head(_CHUNKED) + _chunks(body)), _CLOSE),
    Fate.CUT_GZIP: lambda row, body: (Send(whole(_compressed(body)[:-20], _GZIP)),),
    Fate.SILENT: lambda row, body: (Wait(),),
    Fate.MISSING: _refuse(b"404 Not Found"),
    Fate.MALFORMED: lambda row, body: (Send(b"HTXP/1.1 two hundred\r\n\r\n" + body), _CLOSE),
    Fate.BAD_STATUS: lambda row, body: (Send(whole(body, status=_BAD_STATUSES[row % 4])), _CLOSE),
    Fate.SWITCHING: lambda row, body: (
        Send(b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n" + body),
        _CLOSE,
    ),
    Fate.BAD_CHUNK: lambda row, body: (
        Send(_head(_CHUNKED) + _chunks(body) + b"zz\r\nno\r\n0\r\n\r\n"),
        _CLOSE,
    ),
    Fate.BAD_GZIP: lambda row, body: (Send(whole(b"\x1f\x8b\x08\x00" + body, _GZIP)),),
    Fate.ALWAYS_CUT: lambda row, body: (Send(whole(body)[:-10]), _CLOSE),
    Fate.LOOP: lambda row, body: (Send(whole(b"", b"Location: /l/%d\r\n" % row, b"302 Found")),),
    Fate.NOWHERE: _redirect(b""),
    Fate.FOREIGN: _redirect(b"Location: ftp://127.0.0.1/etc/passwd\r\n"),
    Fate.BOMB: lambda row, body: (Send(whole(_bomb(), _GZIP)),),
    Fate.HUGE_HEADERS: lambda row, body: (Send(whole(body, b"X-Huge: %s\r\n" % (b"h" * 40_000))), _CLOSE),
}
