"""Runs of any size, made with the project's own store in a minute a million, as if they had been fetched."""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import closing
from pathlib import Path

from fetchdeck.core.engine import identity
from fetchdeck.core.engine.plan import Plan
from fetchdeck.core.inputs.source import open_source
from fetchdeck.core.job import Job, Options
from fetchdeck.core.journal.entries import Accepted, Ended
from fetchdeck.core.journal.folder import RunFolder
from fetchdeck.core.journal.store import Store
from fetchdeck.core.model import Reply, State

from ..body import BODY, SIZE
from .inputs import write_urls

_BATCH = 10_000
_HEADERS = (
    f"Server: nginx\r\nDate: Mon, 05 Jan 2026 10:00:00 GMT\r\nContent-Type: application/json\r\n"
    f"Content-Length: {SIZE}\r\nConnection: keep-alive"
).encode()


def make_run(folder: Path, url: str, rows: int, done: int, concurrency: int) -> Path:
    """A run over so many URLs, of which the first `done` have succeeded, in `folder`; its input is beside it."""
    job = Job(str(write_urls(folder.with_suffix(".txt"), url, rows)))
    options = Options(concurrency=concurrency)
    run = RunFolder.at(folder)
    run.create()
    with closing(Store(run)) as store:
        with store.transaction():
            redactor = Plan.of(job, options, {}).redactor
            store.set_meta("job", identity.record(job, options, asyncio.run(_identity(job)), redactor))
            number, _ = store.begin_session()
        for first in range(0, rows, _BATCH):
            count = min(_BATCH, rows - first)
            with store.transaction():
                store.accept([_accepted(n, url) for n in range(first, first + count)])
        for first in range(0, done, _BATCH):
            with store.transaction():
                leased = store.lease(min(_BATCH, done - first))
                store.end([_ended(one.id) for one in leased])
        with store.transaction():
            store.set_meta("ingest", {"rows": rows, "done": True, "digest": ""})
            store.save_session(number, 60.0, "finished" if done == rows else "interrupted")
    return folder


async def _identity(job: Job) -> str | None:
    source = await open_source(job.input, job.format)
    try:
        return source.identity
    finally:
        await source.close()


def _accepted(row: int, url: str) -> Accepted:
    own = f"{url}/{row}"
    host = url.partition("//")[2]
    columns = json.dumps({"url": own}, separators=(",", ":"))
    return Accepted(row, State.QUEUED, row + 1, "GET", own, host, columns, None, 0)


def _ended(row: int) -> Ended:
    reply = Reply(200, _HEADERS, BODY.encode(), SIZE, 0.008, "")
    return Ended(row, 1, 1, State.SUCCEEDED, time.time(), 9.5, 200, None, None, reply, (), SIZE)
