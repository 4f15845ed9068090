"""aiohttp's parser on uvloop's sockets and nothing around it. `protocol.py URLS CONCURRENCY [JOURNAL]`.

No session, no timeouts, no errors, no redirects, one host. With a journal, each reply is a row of an SQLite file
with its headers and body (`synchronous=FULL`), written on a thread with a commit each twentieth of a second.
"""

import asyncio
import sqlite3
import sys
from collections.abc import Iterator
from urllib.parse import urlsplit

import uvloop
from aiohttp.base_protocol import BaseProtocol
from aiohttp.http_parser import HttpResponseParser

EVERY_S = 0.05
Kept = list[tuple[str, int, bytes, bytes]]


class Slot(BaseProtocol):
    """A connection that asks for one URL after the other."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, urls: Iterator[str], kept: Kept, totals: list[int]
    ) -> None:
        super().__init__(loop)
        self.done: asyncio.Future[None] = loop.create_future()
        self._parser = HttpResponseParser(self, loop, 2**16)
        self._urls, self._kept, self._totals = urls, kept, totals
        self._url = ""
        self._head = self._payload = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._ask()

    def _ask(self) -> None:
        url = next(self._urls, None)
        if url is None:
            self.transport.close()
            self.done.set_result(None)
            return
        self._url, parts = url.strip(), urlsplit(url.strip())
        self.transport.write(
            f"GET {parts.path or '/'} HTTP/1.1\r\nHost: {parts.netloc}\r\nAccept: */*\r\n"
            "Accept-Encoding: gzip, deflate\r\nUser-Agent: bare\r\n\r\n".encode()
        )

    def resume_reading(self, resume_parser: bool = True) -> None:
        if self._reading_paused:  # or nothing would be parsed once more after each body
            super().resume_reading(resume_parser)

    def data_received(self, data: bytes) -> None:
        messages, _, _ = self._parser.feed_data(data)
        for self._head, self._payload in messages:
            pass
        if self._payload is not None and self._payload.is_eof():
            payload, self._payload = self._payload, None
            body = payload.read_nowait()
            self._totals[0] += 1
            self._totals[1] += len(body)
            lines = b"\r\n".join(map(b": ".join, self._head.raw_headers))
            self._kept.append((self._url, self._head.code, lines, body))
            self._ask()


async def keep(db: sqlite3.Connection | None, kept: Kept, done: asyncio.Event) -> None:
    over = False
    while not over:
        over = done.is_set()
        rows = kept[:]
        kept.clear()
        if db is not None and rows:
            await asyncio.to_thread(commit, db, rows)
        await asyncio.sleep(EVERY_S)


def commit(db: sqlite3.Connection, rows: Kept) -> None:
    with db:
        db.executemany("INSERT INTO replies VALUES (?, ?, ?, ?)", rows)


async def main(path: str, concurrency: int, journal: str | None) -> None:
    db = sqlite3.connect(journal, check_same_thread=False) if journal else None
    if db is not None:
        for statement in ("PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL",
                          "CREATE TABLE replies(url TEXT, status INTEGER, headers BLOB, body BLOB)"):  # fmt: skip
            db.execute(statement)
    loop, kept, totals, done = asyncio.get_running_loop(), Kept(), [0, 0], asyncio.Event()
    with open(path) as file:  # noqa: ASYNC230, PTH123
        keeping = asyncio.create_task(keep(db, kept, done))
        server = urlsplit(file.readline())
        file.seek(0)
        slots = [await loop.create_connection(lambda: Slot(loop, file, kept, totals), server.hostname, server.port)
                 for _ in range(concurrency)]  # fmt: skip
        await asyncio.gather(*(slot.done for _, slot in slots))
        done.set()
        await keeping
    print(*totals)


uvloop.run(main(sys.argv[1], int(sys.argv[2]), sys.argv[3] if len(sys.argv) > 3 else None))
