"""Foreign exceptions become faults here: a failure kind and a plain sentence, never the exception's own text.

Exceptions of HTTP clients carry URLs and headers in `str` and `repr`, secrets included.
"""

from __future__ import annotations

import errno
import os
import ssl
from collections.abc import Iterator

import aiohttp
from aiohttp import http_exceptions

from ..model import FailureKind
from ..proxies import Proxy
from .bodies import StorageError

_LOCAL_ERRNOS = frozenset({errno.EMFILE, errno.ENFILE, errno.EADDRNOTAVAIL, errno.ENOBUFS, errno.ENOMEM})
_LONGEST_CHAIN = 20
_PLAINTEXT_REASONS = frozenset(
    {"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST", "UNKNOWN_PROTOCOL"}
)
"""What OpenSSL says of octets that are no TLS record."""
Verdict = tuple[FailureKind, str]


class AttemptError(Exception):
    """A reply that cannot be used, found by the project itself; `message` names no secret."""

    def __init__(self, kind: FailureKind, message: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message


class TunnelError(Exception):
    """The proxy broke off, or did not speak HTTP, before its tunnel to the server stood."""


_UNSENT_ERRORS = (
    aiohttp.ClientConnectorError,
    aiohttp.ConnectionTimeoutError,
    aiohttp.ClientHttpProxyError,
    TunnelError,
)


def classify(
    error: BaseException, peer: str, timeout_s: float, connect_timeout_s: float, proxy: Proxy | None = None
) -> Verdict:
    """What an attempt died of, and a sentence for people.

    `peer` is the server as `host:port`, `proxy` the one the request was to go through.
    """
    if isinstance(error, AttemptError):
        return error.kind, error.message
    if isinstance(error, StorageError):
        return FailureKind.DISK, f"this machine cannot store the body: {_reason(error)}"
    if any(getattr(link, "errno", None) in _LOCAL_ERRNOS for link in _chain(error)):
        return FailureKind.LOCAL, f"this machine cannot connect to {peer}: {_reason(error)}"
    if proxy is not None and (verdict := _by_proxy(error, peer, connect_timeout_s, proxy)) is not None:
        return verdict
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return FailureKind.CONNECT_TIMEOUT, f"no connection to {peer} within {connect_timeout_s:g} s"
    if isinstance(error, aiohttp.ClientConnectorError):
        return _not_connected(error, peer)
    return _after_connecting(error, peer, timeout_s)


def connected(error: BaseException) -> bool:
    """Whether octets of the request may have left this machine before `error` came."""
    return not isinstance(error, _UNSENT_ERRORS) and not (
        isinstance(error, AttemptError) and error.kind is FailureKind.PROXY
    )


def not_resolved(host: str, error: Exception) -> str:
    """Why the name of a host led to no address."""
    return (
        f"cannot resolve {host}: {'it is no host name' if isinstance(error, ValueError) else _reason(error)}"
    )


def not_connected(peer: str, error: Exception) -> str:
    """Why no TCP connection came about with `peer`, a `host:port`."""
    numbers = {getattr(link, "errno", None) for link in _chain(error)}
    if numbers & _LOCAL_ERRNOS:
        return f"this machine cannot connect to {peer}: {_reason(error)}"
    if errno.ECONNREFUSED in numbers:
        return f"connection refused by {peer}"
    if errno.ETIMEDOUT in numbers:
        return f"no connection to {peer}: the system gave up waiting"
    return f"cannot connect to {peer}: {_reason(error)}"


def peer_name(host: str, port: int | None) -> str:
    """A server as people write it: `host:port`, an IPv6 address in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def proxy_wants_credentials(proxy: Proxy) -> str:
    """What the status 407 of a proxy means (RFC 9110, section 15.5.8)."""
    refused = "refused the user and password given" if proxy.authorization else "wants a user and a password"
    return f"the proxy {proxy.shown} {refused}: HTTP 407"


def _by_proxy(error: BaseException, peer: str, connect_timeout_s: float, proxy: Proxy) -> Verdict | None:
    name = f"the proxy {proxy.shown}"
    message = None
    if isinstance(error, aiohttp.ClientHttpProxyError):
        refused = f"{name} refused a tunnel to {peer}: HTTP {error.status}"
        message = proxy_wants_credentials(proxy) if error.status == 407 else refused
    elif isinstance(error, aiohttp.ConnectionTimeoutError):
        message = f"no connection to {peer} through {name} within {connect_timeout_s:g} s"
    elif isinstance(error, aiohttp.ClientConnectorDNSError):
        message = f"{name}: {not_resolved(proxy.host, error)}"
    elif isinstance(error, aiohttp.ClientProxyConnectionError):
        message = not_connected(name, error)
    elif isinstance(error, TunnelError):
        message = f"{name} broke off before its tunnel to {peer} stood"
    elif isinstance(error, aiohttp.ClientSSLError) and (error.host, error.port) == (proxy.host, proxy.port):
        message = _no_tls(error, name)
    return None if message is None else (FailureKind.PROXY, message)


def _not_connected(error: aiohttp.ClientConnectorError, peer: str) -> Verdict:
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return FailureKind.DNS, not_resolved(error.host, error)
    for link in _chain(error):
        if isinstance(link, ssl.SSLError) and not isinstance(link, aiohttp.ClientError):
            return FailureKind.TLS, _no_tls(error, peer)
        if getattr(link, "errno", None) == errno.ETIMEDOUT:
            return FailureKind.CONNECT_TIMEOUT, not_connected(peer, error)
    return FailureKind.CONNECT, not_connected(peer, error)


def _no_tls(error: BaseException, peer: str) -> str:
    for link in _chain(error):
        if isinstance(link, ssl.SSLCertVerificationError) and not isinstance(link, aiohttp.ClientError):
            return f"the certificate of {peer} is not valid: {link.verify_message.rstrip('.').lower()}"
        if isinstance(link, ssl.SSLError) and not isinstance(link, aiohttp.ClientError):
            reason = link.reason or "handshake failed"
            plain = "it does not speak TLS" if reason in _PLAINTEXT_REASONS else None
            return f"no TLS with {peer}: {plain or reason.lower().replace('_', ' ')}"
    return f"no TLS with {peer}: the handshake failed"


def _after_connecting(error: BaseException, peer: str, timeout_s: float) -> Verdict:
    if isinstance(error, TimeoutError) and error.errno is None:
        return FailureKind.TIMEOUT, f"no complete reply from {peer} within {timeout_s:g} s"
    if isinstance(error, http_exceptions.HttpProcessingError):
        return FailureKind.PROTOCOL, f"the reply of {peer} is not valid HTTP: {_parser_complaint(error)}"
    if isinstance(error, aiohttp.ClientPayloadError):
        return FailureKind.TRUNCATED, f"the body from {peer} broke off"
    if isinstance(error, aiohttp.InvalidURL):
        return FailureKind.INVALID, f"the URL cannot be requested from {peer}"
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return FailureKind.RESET, f"{peer} closed the connection without a whole reply"
    if isinstance(error, aiohttp.ClientConnectionError | OSError):
        return FailureKind.RESET, f"the connection to {peer} was lost: {_reason(error)}"
    return FailureKind.UNEXPECTED, f"unexpected {type(error).__name__} from {peer}"


def _parser_complaint(error: http_exceptions.HttpProcessingError) -> str:
    *_, cause = _chain(error)
    if isinstance(cause, http_exceptions.LineTooLong):
        return "a header or the status line is too long"
    if isinstance(cause, http_exceptions.BadStatusLine):
        return "its status line is malformed"
    if isinstance(cause, http_exceptions.InvalidHeader):
        return "a header is malformed"
    said = error.message.strip().partition("\n")[0].rstrip(":. ")[:120].lower()
    # Octets of the server's are no message: what they hold has not been masked.
    return said if said and "b'" not in said and 'b"' not in said else "it cannot be parsed"


def _reason(error: BaseException) -> str:
    for link in _chain(error):
        if isinstance(link, OSError) and link.errno:
            resolver = link.errno < 0  # getaddrinfo has numbers of its own
            return (link.strerror or "no such host" if resolver else os.strerror(link.errno)).lower()
    return "it was closed"


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and what it came from, nearest first; a re-raise can make a chain circular."""
    link: BaseException | None = error
    for _ in range(_LONGEST_CHAIN):
        if link is None:
            return
        yield link
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)
