"""Secrets that must turn up nowhere, a server that gives back all it is told, and the search for them."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote, quote_plus, unquote

SHORTEST_BASE64 = 8


def forms(secret: str) -> set[bytes]:
    """A secret as it may be written: raw, in lower case, percent-encoded, JSON-escaped, in base64."""
    escaped = quote(secret, safe="")
    written = {
        secret,
        secret.lower(),
        escaped,
        escaped.lower(),
        quote(escaped, safe=""),
        quote_plus(secret),
        json.dumps(secret)[1:-1],
        json.dumps(secret)[1:-1].replace("/", "\\/"),
    }
    for before in range(3):
        core = base64.b64encode(b"\0" * before + secret.encode())[4 if before else 0 : -4].decode()
        if len(core) >= SHORTEST_BASE64:
            written |= {core, core.replace("+", "-").replace("/", "_")}
    return {form.encode() for form in written}


def leaks(data: bytes | str, secrets: Iterable[str]) -> list[tuple[str, str]]:
    """Which secrets stand in the data, and what is around them."""
    octets = data.encode("utf-8", "replace") if isinstance(data, str) else data
    return [
        (secret, octets[max(0, at - 60) : at + len(form) + 20].decode("latin-1"))
        for secret in secrets
        for form in forms(secret)
        if (at := octets.find(form)) >= 0
    ]


def leaks_below(folder: Path, secrets: Iterable[str]) -> list[tuple[str, str, str]]:
    """The same for every file below a folder, and for the names of files."""
    found: list[tuple[str, str, str]] = []
    wanted = list(secrets)
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        found += [(name, *leak) for leak in leaks(name, wanted)]
        if path.is_file():
            found += [(name, *leak) for leak in leaks(path.read_bytes(), wanted)]
    return found


class EchoServer:
    """Answers `/ok/…`, `/error/…`, `/redirect/…` and so on with what it was asked in every field of the reply."""

    KINDS = ("ok", "error", "missing", "redirect", "away", "garble", "header", "drop", "chunk", "cut")

    def __init__(self, *, echo_body: bool = False, hold: asyncio.Event | None = None) -> None:
        """With `echo_body` replies have it in their bodies too; with `hold` they wait for that event."""
        self.told: list[bytes] = []
        """All requests, as they came."""
        self._echo_body = echo_body
        self._hold = hold
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> EchoServer:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._server.close()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                head = await reader.readuntil(b"\r\n\r\n")
                length = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
                body = await reader.readexactly(int(length[0].partition(b":")[2])) if length else b""
                self.told.append(head + body)
                if self._hold is not None:
                    await self._hold.wait()
                writer.write(self._reply(head.decode("latin-1"), body.decode("latin-1")))
                await writer.drain()
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    def _reply(self, head: str, body: str) -> bytes:
        request, *lines = head.strip().split("\r\n")
        target = request.split(" ")[1]
        values = [line.partition(":")[2].strip() for line in lines]
        kind = target.lstrip("/").partition("/")[0]
        everything = " ".join([unquote(target), *values, body.replace("\r", " ").replace("\n", " ")])
        echo = [f"X-Echo-{number}: {value}" for number, value in enumerate(values)]
        echo += [
            f"X-Url: http://h{target}",
            f"X-Decoded: {unquote(target)}",
            f"X-Lower: {target.lower()}",
            f"X-All: {everything}",
            f"X-Json: {json.dumps(everything)}",
            f"X-Base64: {base64.b64encode(everything.encode('latin-1')).decode()}",
            f"Link: <{target}>; rel=next",
            f"Set-Cookie: last={quote(everything, safe='')}; Path=/",
            f"{quote(everything, safe='').replace('%', '')[:40]}: name",
        ]
        fields = "\r\n".join([*echo, "Connection: close"])
        text = everything if self._echo_body else "kept"
        whole = f"{fields}\r\nContent-Length: {len(text)}\r\n\r\n{text}"
        match kind:
            case "error":
                reply = f"HTTP/1.1 500 {everything}\r\n{whole}"
            case "missing":
                reply = f"HTTP/1.1 404 {everything}\r\n{whole}"
            case "redirect":
                onward = f"/ok/{quote(everything, safe='')}{target}"
                reply = f"HTTP/1.1 307 Moved\r\nLocation: {onward}\r\n{whole}"
            case "away":
                reply = f"HTTP/1.1 302 Moved\r\nLocation: http://127.0.0.1:1{target}#{target}\r\n{whole}"
            case "garble":
                reply = f"HTP/1.1 {everything}\r\n{whole}"
            case "header":
                reply = f"HTTP/1.1 200 OK\r\n{everything}\r\n{whole}"
            case "drop":
                reply = f"HTTP/1.1 200 {everything}\r\n{fields}\r\n"
            case "chunk":
                reply = f"HTTP/1.1 200 OK\r\n{fields}\r\nTransfer-Encoding: chunked\r\n\r\n{everything}\r\n"
            case "cut":
                reply = f"HTTP/1.1 200 OK\r\n{fields}\r\nContent-Length: 99999\r\n\r\nkept"
            case _:
                reply = f"HTTP/1.1 200 {everything}\r\n{whole}"
        return reply.encode("latin-1", "replace")
