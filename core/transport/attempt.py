"""One attempt: its redirect hops, its end in time, and what it came to.

The usual one wakes no task: it is sent on a connection that was idle, and has ended when the octets that end its
reply are parsed. What is not usual goes on in a task of its own: a connection that is to be made, a redirect, a body
that is coded or large, a connection that ends. Without a task, and with its kind rather than alone
(`core/engine/attempts.py`), a request takes a quarter less of the processor: 137 µs against 183.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from urllib.parse import urlsplit

from aiohttp import hdrs
from aiohttp.connector import Connection
from msgspec import Struct

from ..model import UNSENT_KINDS, BodyFile, FailureKind, Fault, Hop, Outcome, Phase, Progress, Reply, Request
from ..printable import printable
from ..proxies import Proxies
from .base import OnEnd, RedactorLike
from .bodies import BodyStore
from .cookies import CookieJar
from .deadlines import Deadlines
from .exchange import Exchange, send
from .faults import AttemptError, classify, connected, peer_name, proxy_wants_credentials
from .heads import cookie_field, expects_continue, head
from .pool import FreshConnector
from .receive import at_hand, check_head, comes_soon, raw_headers, receive
from .redirects import MOST_HOPS, REDIRECT_STATUSES, redirected
from .routes import Route, Routes

_PROXY_WANTS_CREDENTIALS = 407
DEFAULT_PORTS = {"http": 80, "https": 443}


class Gear(Struct, frozen=True):
    """What the attempts of a transport share."""

    connector: FreshConnector
    routes: Routes
    proxies: Proxies
    cookies: CookieJar | None
    bodies: BodyStore
    redactor: RedactorLike
    deadlines: Deadlines
    timeout_s: float
    connect_timeout_s: float
    most: int
    """Decoded octets that a body may have."""


class Attempt:
    """One attempt under way. It ends once: with an outcome, or without one, None, where it was cancelled."""

    __slots__ = (
        "_asked",
        "_body_name",
        "_cancelled",
        "_cookie",
        "_ended",
        "_exchange",
        "_expired",
        "_gear",
        "_heard_s",
        "_hops",
        "_progress",
        "_request",
        "_started",
        "_status",
        "_task",
    )

    def __init__(
        self,
        gear: Gear,
        request: Request,
        body_name: Callable[[], str],
        progress: Progress,
        ended: OnEnd,
    ) -> None:
        """See `Transport.start`."""
        self._gear = gear
        self._request = self._asked = request
        self._body_name = body_name
        self._progress = progress
        self._ended: OnEnd | None = ended
        self._started = time.monotonic()
        self._heard_s: float | None = None
        """From the start to the head of the reply."""
        self._cookie = ""
        """The Cookie field that the request of this hop was sent with."""
        self._hops: tuple[Hop, ...] = ()
        self._status: int | None = None
        self._exchange: Exchange | None = None
        """While a connection is the attempt's."""
        self._task: asyncio.Task[Reply] | None = None
        self._expired = self._cancelled = False

    def start(self) -> None:
        """Send the request now, where a connection is idle, or have a task see to it."""
        gear, asked = self._gear, self._asked
        gear.deadlines.enter(self)
        try:
            route, target = gear.routes.of(asked.url)
            octets = self._head(route, target)
            connection = gear.connector.idle(route)
            if connection is not None:
                exchange = self._send(route, connection, octets)
                if not expects_continue(asked):
                    exchange.protocol.heard = self._heard
                    return
        except Exception as error:  # whatever comes is recorded
            self._leave()
            self._end(self._fault(error))
            return
        self._go_on()

    def cancel(self) -> None:
        """Have it end without an outcome, where it has not ended."""
        self._cancelled = True
        if self._task is not None:
            self._task.cancel()
        elif self._ended is not None:
            self._leave()
            self._end(None)

    def expire(self) -> None:
        """Its time is up."""
        self._expired = True
        if self._task is not None:
            self._task.cancel()
        else:
            self._leave()
            self._end(self._fault(TimeoutError()))

    def _head(self, route: Route, target: str) -> bytes:
        asked, cookies = self._asked, self._gear.cookies
        self._cookie = cookie_field(asked, cookies)
        return head(asked, route, target, self._cookie if cookies is not None else "")

    def _send(self, route: Route, connection: Connection, octets: bytes) -> Exchange:
        asked, progress = self._asked, self._progress
        progress.phase = Phase.REDIRECTING if progress.hops else Phase.SENT
        self._exchange = exchange = send(
            route,
            connection,
            octets,
            asked.body,
            bodiless=asked.method == "HEAD",
            patient=expects_continue(asked),
        )
        return exchange

    def _heard(self) -> None:
        """Something has come on the connection, its end perhaps."""
        gear, exchange, progress = self._gear, self._exchange, self._progress
        if exchange is None:
            return
        reply: Reply | None = None
        try:
            if not exchange.heard():
                if exchange.protocol.has_more:
                    self._go_on()
                return
            if self._heard_s is None:
                self._take_head(exchange)
            if exchange.status not in REDIRECT_STATUSES:
                found = at_hand(exchange, self._asked.method, gear.bodies, gear.most, progress)
                if found is not None:
                    reply = self._reply(exchange, *found)
                elif comes_soon(exchange, gear.bodies, gear.most):
                    progress.phase = Phase.RECEIVING
                    progress.received = exchange.content.total_bytes
                    return
        except Exception as error:  # the same
            self._leave()
            self._end(self._fault(error))
            return
        if reply is not None:
            self._end(reply)
        else:
            self._go_on()

    def _go_on(self) -> None:
        if self._exchange is not None:
            self._exchange.protocol.heard = None
        self._task = asyncio.get_running_loop().create_task(self._follow())
        self._task.add_done_callback(self._followed)

    async def _follow(self) -> Reply:
        """From wherever it is to the end of the last hop."""
        gear, progress = self._gear, self._progress
        seen: set[tuple[str, str, str]] = set()
        while True:
            exchange = self._exchange
            if exchange is None:
                route, target = gear.routes.of(self._asked.url)
                octets = self._head(route, target)
                exchange = self._send(route, await gear.connector.take(route, progress), octets)
            await exchange.answered()
            if self._heard_s is None:
                self._take_head(exchange)
            if exchange.status not in REDIRECT_STATUSES:
                progress.phase = Phase.RECEIVING
                body, whole = await receive(
                    exchange, self._asked.method, gear.bodies, self._body_name(), gear.most, progress
                )
                return self._reply(exchange, body, whole)
            self._redirect(exchange, seen)
            self._give_back(exchange)

    def _followed(self, task: asyncio.Task[Reply]) -> None:
        outcome: Outcome | None = None
        if task.cancelled():
            if self._expired and not self._cancelled:
                outcome = self._fault(TimeoutError())
        elif isinstance(error := task.exception(), Exception):
            outcome = self._fault(error)
        elif error is None:
            outcome = task.result()
        self._task = None
        self._leave()
        self._end(outcome)

    def _take_head(self, exchange: Exchange) -> None:
        """The head of this hop's reply has come."""
        self._heard_s = time.monotonic() - self._started
        proxy, cookies, url = exchange.route.proxy, self._gear.cookies, self._asked.url
        if proxy is not None and exchange.status == _PROXY_WANTS_CREDENTIALS and url.startswith("http:"):
            raise AttemptError(FailureKind.PROXY, proxy_wants_credentials(proxy))
        self._status = exchange.status
        if cookies is not None and hdrs.SET_COOKIE in exchange.headers:
            cookies.learn(url, exchange.headers.getall(hdrs.SET_COOKIE))
        check_head(exchange)

    def _redirect(self, exchange: Exchange, seen: set[tuple[str, str, str]]) -> None:
        asked, cookies, redactor = self._asked, self._gear.cookies, self._gear.redactor
        self._progress.phase = Phase.REDIRECTING
        self._progress.hops += 1
        # Being sent back to the same URL with another cookie is how servers try whether cookies are kept.
        seen.add((asked.method, asked.url, self._cookie))
        following = redirected(asked, exchange.status, exchange.headers.get(hdrs.LOCATION))
        url = printable(redactor.url(asked.url, self._request))
        self._hops = (*self._hops, Hop(url, exchange.status))
        if (following.method, following.url, cookie_field(following, cookies)) in seen:
            raise AttemptError(FailureKind.REDIRECT, "the redirects run in a circle")
        if len(self._hops) > MOST_HOPS:
            raise AttemptError(FailureKind.REDIRECT, f"there are more than {MOST_HOPS} redirects")
        self._asked = following
        self._status = self._heard_s = None

    def _reply(self, exchange: Exchange, body: bytes | BodyFile, whole: bool) -> Reply:
        """The outcome, of a reply that has come to its end."""
        self._give_back(exchange)
        redactor, hops = self._gear.redactor, self._hops
        return Reply(
            exchange.status,
            redactor.raw_headers(raw_headers(exchange), self._request),
            body,
            self._progress.received,
            self._heard_s or 0.0,
            redactor.url(self._asked.url, self._request) if hops else "",
            hops,
            not whole,
        )

    def _fault(self, error: Exception) -> Fault:
        """What it died of, whatever that was: an attempt that says nothing would keep its slot for good."""
        try:
            return self._classified(error)
        except Exception as worse:
            return Fault(FailureKind.UNEXPECTED, type(worse).__name__, 0, self._hops, self._status)

    def _classified(self, error: Exception) -> Fault:
        gear, url = self._gear, self._asked.url
        kind, message = classify(
            error, _peer(url), gear.timeout_s, gear.connect_timeout_s, gear.proxies.via(url)
        )
        reached = bool(self._hops) or self._status is not None or connected(error)
        if kind in UNSENT_KINDS and reached and not self._request.idempotent:
            kind = FailureKind.OUTCOME_UNKNOWN
        return Fault(
            kind,
            printable(gear.redactor.text(message, self._request)),
            self._progress.received,
            self._hops,
            self._status,
        )

    def _give_back(self, exchange: Exchange) -> None:
        self._exchange = None
        exchange.protocol.heard = None
        self._gear.connector.give_back(exchange)

    def _leave(self) -> None:
        """Close the connection, where one is the attempt's."""
        if (exchange := self._exchange) is not None:
            self._exchange = None
            exchange.protocol.heard = None
            exchange.close()

    def _end(self, outcome: Outcome | None) -> None:
        self._gear.deadlines.leave(self)
        ended, self._ended = self._ended, None
        if ended is not None:
            ended(outcome)


def _peer(url: str) -> str:
    parts = urlsplit(url)
    host = parts.hostname or "the server"
    port = parts.port or DEFAULT_PORTS.get(parts.scheme)
    return peer_name(host, port)
