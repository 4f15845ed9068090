"""A real transport for one test, with a redactor that knows one secret."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from types import MappingProxyType

from fetchdeck.core.job import Options
from fetchdeck.core.model import Fault, Headers, Outcome, Progress, Reply, Request
from fetchdeck.core.proxies import Proxies
from fetchdeck.core.transport.bodies import BodyStore
from fetchdeck.core.transport.http import HttpTransport, open_transport

SECRET = "s3cr3t"


class OneSecret:
    """Masks `SECRET` wherever it stands."""

    def url(self, url: str, request: Request | None = None) -> str:
        return url.replace(SECRET, "***")

    def raw_headers(self, raw: bytes, request: Request | None = None) -> bytes:
        return raw

    def text(self, text: str, request: Request | None = None) -> str:
        return text.replace(SECRET, "***")


@asynccontextmanager
async def opened(
    root: Path,
    options: Options | None = None,
    inline_limit: int = 262_144,
    environ: Mapping[str, str] = MappingProxyType({}),
) -> AsyncIterator[HttpTransport]:
    """A transport whose large bodies go below `root`; `environ` may name proxies."""
    options = options or Options(timeout_s=20)
    transport = await open_transport(
        options, BodyStore(root, inline_limit), OneSecret(), Proxies.of(options, environ)
    )
    try:
        yield transport
    finally:
        await transport.close()


async def fetched(
    transport: HttpTransport,
    url: str,
    method: str = "GET",
    headers: Headers = (),
    body: bytes | None = None,
    name: str = "00000/0-1",
) -> Outcome:
    """One attempt."""
    return await fetch(transport, Request(method, url, headers, body), name)


async def fetch(
    transport: HttpTransport, request: Request, name: str = "00000/0-1", progress: Progress | None = None
) -> Outcome:
    """One attempt, which ends when it is cancelled."""
    over: asyncio.Future[Outcome | None] = asyncio.get_running_loop().create_future()
    attempt = transport.start(request, lambda: name, progress or Progress(), over.set_result)
    try:
        outcome = await asyncio.shield(over)
    except asyncio.CancelledError:
        attempt.cancel()
        assert await over is None
        raise
    assert outcome is not None
    return outcome


def whole(outcome: Outcome) -> Reply:
    """The outcome as the reply that the test expects."""
    assert isinstance(outcome, Reply), outcome
    return outcome


def fault(outcome: Outcome) -> Fault:
    """The outcome as the fault that the test expects; no fault's message is fit for machines only."""
    assert isinstance(outcome, Fault), outcome
    assert outcome.message
    assert not set("<>\n\r\x1b") & set(outcome.message)
    assert SECRET not in outcome.message
    return outcome
