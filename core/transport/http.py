"""The transport over aiohttp: one attempt, with its redirect hops, becomes a verified reply or a named fault."""

from __future__ import annotations

import time
from urllib.parse import urlsplit

from aiohttp import hdrs

from ..courtesy import Courtesy
from ..job import Options
from ..model import UNSENT_KINDS, FailureKind, Fault, Hop, Outcome, Phase, Progress, Reply, Request
from ..printable import printable
from ..proxies import Proxies
from ..secrets.values import MASK
from .base import RedactorLike
from .bodies import BodyStore
from .cookies import CookieJar
from .deadlines import Deadlines
from .exchange import Response, exchange
from .faults import AttemptError, classify, connected, peer_name, proxy_wants_credentials
from .heads import cookie_field, expects_continue, head
from .names import Names
from .pool import FreshConnector
from .probe import probe
from .receive import check_head, raw_headers, receive
from .redirects import MOST_HOPS, REDIRECT_STATUSES, redirected
from .routes import Routes

_PROBES_AT_ONCE = 4
_PROXY_WANTS_CREDENTIALS = 407
_CONNECT_SHARE = 0.95
"""Share of the whole timeout that connecting may take, so that it is named for what it was."""
_DEFAULT_PORTS = {"http": 80, "https": 443}


async def open_transport(
    options: Options,
    bodies: BodyStore,
    redactor: RedactorLike,
    proxies: Proxies | None = None,
    courtesy: Courtesy | None = None,
) -> HttpTransport:
    """A transport on the running loop; it owns `bodies` from now on, and wants to be closed.

    `proxies` are those of `options`, as `Proxies.of` has them: without them requests go straight to their hosts.
    `courtesy` says when little is to be let in at once.
    """
    connect_s = min(options.connect_timeout_s, options.timeout_s * _CONNECT_SHARE)
    connector = FreshConnector(Names(), connect_s, courtesy)
    return HttpTransport(connector, options, bodies, redactor, proxies or Proxies(), connect_s)


class _Attempt:
    """What is known of an attempt under way, for the fault it may become."""

    __slots__ = ("asked", "cookie", "hops", "progress", "request", "status")

    def __init__(self, request: Request, progress: Progress) -> None:
        self.request = request
        self.asked = request
        """The request of the current hop."""
        self.cookie = ""
        """The Cookie field it was sent with."""
        self.progress = progress
        self.hops: tuple[Hop, ...] = ()
        self.status: int | None = None


class HttpTransport:
    """HTTP/1.1 over pooled connections; how many requests are under way is for the caller to limit."""

    def __init__(
        self,
        connector: FreshConnector,
        options: Options,
        bodies: BodyStore,
        redactor: RedactorLike,
        proxies: Proxies,
        connect_timeout_s: float,
    ) -> None:
        """Made by `open_transport`."""
        self._connector = connector
        self._routes = Routes(proxies, verify=not options.insecure)
        self._bodies = bodies
        self._redactor = redactor
        self._proxies = proxies
        self._cookies = CookieJar() if options.cookies else None
        self._timeout_s = options.timeout_s
        self._deadlines = Deadlines(options.timeout_s)
        self._connect_timeout_s = connect_timeout_s
        self._most = options.max_body
        self._probe_names = Names(_PROBES_AT_ONCE)
        """Apart from those of the connections, which may all be waiting for a dead name server."""

    async def close(self) -> None:
        """Close all connections, and the threads that write bodies."""
        self._deadlines.close()
        await self._connector.shut()
        self._bodies.close()

    async def fetch(self, request: Request, body_name: str, progress: Progress) -> Outcome:
        """Make one attempt, redirects included; raises nothing but CancelledError."""
        attempt = _Attempt(request, progress)
        try:
            with self._deadlines.within():
                return await self._follow(attempt, body_name)
        except Exception as error:  # a worker records whatever comes, and never dies of it
            return self._fault(attempt, error)

    async def probe(self, url: str, timeout_s: float) -> str | None:
        """Try to connect to the origin of a masked URL; see `Transport.probe`."""
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port or _DEFAULT_PORTS[parts.scheme]
        except (KeyError, ValueError):
            return None
        if not host or MASK in host:
            return None
        peer = peer_name(host, port)
        if (proxy := self._proxies.via(url)) is not None:
            host, port, peer = proxy.host, proxy.port, f"the proxy {proxy.shown}"
        reason = await probe(self._probe_names, host, port, timeout_s, peer)
        return printable(self._redactor.text(reason)) if reason is not None else None

    async def _follow(self, attempt: _Attempt, body_name: str) -> Reply:
        started = time.monotonic()
        seen: set[tuple[str, str, str]] = set()
        while True:
            asked = attempt.asked
            response = await self._send(attempt)
            try:
                ttfb_s = time.monotonic() - started
                check_head(response)
                if response.status in REDIRECT_STATUSES:
                    self._redirect(attempt, response, seen)
                    self._connector.give_back(response)
                    continue
                attempt.progress.phase = Phase.RECEIVING
                body, whole = await receive(
                    response, asked.method, self._bodies, body_name, self._most, attempt.progress
                )
            except BaseException:
                response.close()
                raise
            self._connector.give_back(response)
            return Reply(
                response.status,
                self._redactor.raw_headers(raw_headers(response), attempt.request),
                body,
                attempt.progress.received,
                ttfb_s,
                self._redactor.url(asked.url, attempt.request) if attempt.hops else "",
                attempt.hops,
                not whole,
            )

    async def _send(self, attempt: _Attempt) -> Response:
        asked, progress = attempt.asked, attempt.progress
        route, target = self._routes.of(asked.url)
        attempt.cookie = cookie_field(asked, self._cookies)
        octets = head(asked, route, target, attempt.cookie if self._cookies is not None else "")
        connection = await self._connector.take(route, progress)
        progress.phase = Phase.REDIRECTING if progress.hops else Phase.SENT
        response = await exchange(
            route,
            connection,
            octets,
            asked.body,
            bodiless=asked.method == "HEAD",
            patient=expects_continue(asked),
        )
        if (
            route.proxy is not None
            and response.status == _PROXY_WANTS_CREDENTIALS
            and asked.url.startswith("http:")
        ):
            response.close()
            raise AttemptError(FailureKind.PROXY, proxy_wants_credentials(route.proxy))
        attempt.status = response.status
        if self._cookies is not None and hdrs.SET_COOKIE in response.headers:
            self._cookies.learn(asked.url, response.headers.getall(hdrs.SET_COOKIE))
        return response

    def _redirect(self, attempt: _Attempt, response: Response, seen: set[tuple[str, str, str]]) -> None:
        asked = attempt.asked
        attempt.progress.phase = Phase.REDIRECTING
        attempt.progress.hops += 1
        # Being sent back to the same URL with another cookie is how servers try whether cookies are kept.
        seen.add((asked.method, asked.url, attempt.cookie))
        following = redirected(asked, response.status, response.headers.get(hdrs.LOCATION))
        url = printable(self._redactor.url(asked.url, attempt.request))
        attempt.hops = (*attempt.hops, Hop(url, response.status))
        if (following.method, following.url, cookie_field(following, self._cookies)) in seen:
            raise AttemptError(FailureKind.REDIRECT, "the redirects run in a circle")
        if len(attempt.hops) > MOST_HOPS:
            raise AttemptError(FailureKind.REDIRECT, f"there are more than {MOST_HOPS} redirects")
        attempt.asked = following
        attempt.status = None

    def _fault(self, attempt: _Attempt, error: Exception) -> Fault:
        url = attempt.asked.url
        kind, message = classify(
            error, _peer(url), self._timeout_s, self._connect_timeout_s, self._proxies.via(url)
        )
        reached = bool(attempt.hops) or attempt.status is not None or connected(error)
        if kind in UNSENT_KINDS and reached and not attempt.request.idempotent:
            kind = FailureKind.OUTCOME_UNKNOWN
        return Fault(
            kind,
            printable(self._redactor.text(message, attempt.request)),
            attempt.progress.received,
            attempt.hops,
            attempt.status,
        )


def _peer(url: str) -> str:
    parts = urlsplit(url)
    host = parts.hostname or "the server"
    port = parts.port or _DEFAULT_PORTS.get(parts.scheme)
    return peer_name(host, port)
