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
from .bodies import StorageError

_LOCAL_ERRNOS = frozenset({errno.EMFILE, errno.ENFILE, errno.EADDRNOTAVAIL, errno.ENOBUFS, errno.ENOMEM})
_LONGEST_CHAIN = 20
Verdict = tuple[FailureKind, str]


class AttemptError(Exception):
    """A reply that cannot be used, found by the project itself; `message` names no secret."""

    def __init__(self, kind: FailureKind, message: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message


def classify(error: BaseException, peer: str, timeout_s: float, connect_timeout_s: float) -> Verdict:
    """What an attempt died of, and a sentence for people; `peer` is the server as `host:port`."""
    if isinstance(error, AttemptError):
        return error.kind, error.message
    if isinstance(error, StorageError):
        return FailureKind.DISK, f"this machine cannot store the body: {_reason(error)}"
    if any(getattr(link, "errno", None) in _LOCAL_ERRNOS for link in _chain(error)):
        return FailureKind.LOCAL, f"this machine cannot connect to {peer}: {_reason(error)}"
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return FailureKind.CONNECT_TIMEOUT, f"no connection to {peer} within {connect_timeout_s:g} s"
    if isinstance(error, aiohttp.ClientConnectorError):
        return _not_connected(error, peer)
    return _after_connecting(error, peer, timeout_s)


def connected(error: BaseException) -> bool:
    """Whether octets of the request may have left this machine before `error` came."""
    return not isinstance(error, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError)


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


def _not_connected(error: aiohttp.ClientConnectorError, peer: str) -> Verdict:
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return FailureKind.DNS, not_resolved(error.host, error)
    for link in _chain(error):
        if isinstance(link, ssl.SSLCertVerificationError) and not isinstance(link, aiohttp.ClientError):
            return FailureKind.TLS, f"the certificate of {peer} is not valid: {link.verify_message}"
        if isinstance(link, ssl.SSLError) and not isinstance(link, aiohttp.ClientError):
            return FailureKind.TLS, f"no TLS with {peer}: {(link.reason or 'handshake failed').lower()}"
        if getattr(link, "errno", None) == errno.ETIMEDOUT:
            return FailureKind.CONNECT_TIMEOUT, not_connected(peer, error)
    return FailureKind.CONNECT, not_connected(peer, error)


def _after_connecting(error: BaseException, peer: str, timeout_s: float) -> Verdict:
    if isinstance(error, TimeoutError) and error.errno is None:
        return FailureKind.TIMEOUT, f"no complete reply from {peer} within {timeout_s:g} s"
    if isinstance(error, aiohttp.ClientResponseError):
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


def _parser_complaint(error: aiohttp.ClientResponseError) -> str:
    cause = error.__cause__
    while cause is not None and cause.__cause__ is not None:
        cause = cause.__cause__
    if isinstance(cause, http_exceptions.LineTooLong):
        return "a header or the status line is too long"
    if isinstance(cause, http_exceptions.BadStatusLine):
        return "its status line is malformed"
    if isinstance(cause, http_exceptions.InvalidHeader):
        return "a header is malformed"
    return error.message.strip().partition("\n")[0].rstrip(":. ")[:120].lower() or "it cannot be parsed"


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
