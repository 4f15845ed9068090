"""The seam between the engine and whatever fetches: a request goes in, an outcome comes out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from ..model import Outcome, Progress, Request


class RedactorLike(Protocol):
    """What the transport needs of the redactor: it names URLs and errors, and must not name secrets.

    With a request, whose secrets a server may give back, these are masked too.
    """

    def url(self, url: str, request: Request | None = None) -> str:
        """The URL with its secrets masked."""
        ...

    def text(self, text: str, request: Request | None = None) -> str:
        """Free text with every known secret masked."""
        ...

    def raw_headers(self, raw: bytes, request: Request | None = None) -> bytes:
        """Response field lines, joined by CRLF, with secrets masked."""
        ...


OnEnd = Callable[[Outcome | None], None]
"""Told what an attempt came to; None where it was cancelled."""


class Cancellable(Protocol):
    """Something under way that can be told to end."""

    def cancel(self) -> object:
        """Have it end soon, where it has not ended."""
        ...


class Transport(Protocol):
    """Sends requests; the engine needs to know nothing else about how."""

    def start(
        self, request: Request, body_name: Callable[[], str], progress: Progress, ended: OnEnd
    ) -> Cancellable:
        """Begin one attempt, redirects included; raises nothing.

        `ended` is called once, with what it came to, or with None where it was cancelled; it may be called before
        this returns. `body_name` says where a large body goes below the run's `bodies/`, such as `00012/12345-2`.
        """
        ...

    async def probe(self, url: str, timeout_s: float) -> str | None:
        """Whether the origin of a masked URL can be reached right now; raises nothing but CancelledError.

        Looks its name up afresh, connects (to the proxy where the request would go through one), sends nothing
        and closes. None when that was done within `timeout_s` seconds, or when the URL does not tell where to
        try (its host is masked); else the reason in a few words.
        """
        ...

    async def close(self) -> None:
        """Close all connections and files."""
        ...
