"""The next request after a redirect (RFC 9110, section 15.4); pure."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from ..model import FailureKind, Request
from .faults import AttemptError

REDIRECT_STATUSES = frozenset({301, 302, 303, 307, 308})
"""The statuses whose Location is followed."""
MOST_HOPS = 10
"""Redirects followed for one attempt."""
_TRAVELLING_HEADERS = frozenset(
    {"accept", "accept-language", "accept-encoding", "user-agent", "content-type"}
)
_SCHEME = re.compile("[A-Za-z][A-Za-z0-9+.-]*:")
_BAD_HOST = re.compile(r"[^A-Za-z0-9._~!$&'()*+,;=:-]")
_CONTROLS = re.compile("[\x00-\x1f\x7f]")
_KEPT = "!#$%&'()*+,/:;=?@[]~"
_DEFAULT_PORTS = {"http": 80, "https": 443}


def redirected(request: Request, status: int, location: str | None) -> Request:
    """The request that follows `request` after `status` with that Location field.

    Another origin (scheme, host or port) gets none of the user's headers but those that say what is wanted,
    whatever they are called: an API key may travel in any header. Raises AttemptError (REDIRECT).
    """
    if not location:
        raise _refusal(f"the status {status} has no Location")
    base = urlsplit(request.url)
    url, target = _resolve(base, request.url, location)
    headers = request.headers
    method, body = request.method, request.body
    if (status == 303 and method != "HEAD") or (status in (301, 302) and method == "POST"):
        method, body = "GET", None
        headers = tuple(field for field in headers if not field[0].lower().startswith("content-"))
    if _origin(base) != _origin(target):
        headers = tuple(field for field in headers if field[0].lower() in _TRAVELLING_HEADERS)
    elif "@" in base.netloc and "@" not in target.netloc:
        userinfo = base.netloc.rpartition("@")[0]
        url = url.replace("//", f"//{userinfo}@", 1)
    return Request(method, url, headers, body)


def _resolve(base: SplitResult, base_url: str, location: str) -> tuple[str, SplitResult]:
    location = location.strip(" \t")
    if _CONTROLS.search(location):
        raise _refusal("the Location has control characters")
    reference = quote(location.encode(errors="surrogateescape"), safe=_KEPT)
    if _SCHEME.match(reference):
        url = reference
    elif reference.startswith("//"):
        url = f"{base.scheme}:{reference}"
    else:
        url = urljoin(base_url, reference)
    if reference.endswith("?") and not url.endswith("?"):
        url += "?"  # urljoin drops the mark of an empty query, which a signature may cover
    scheme = url.partition(":")[0].lower()
    if scheme not in _DEFAULT_PORTS:
        raise _refusal(f"the Location leads to {scheme[:20]}:, which is not followed")
    try:
        target = urlsplit(url)
        _origin(target)
    except ValueError:
        raise _refusal("the Location is not a valid URL") from None
    if not target.hostname or _BAD_HOST.search(target.hostname):
        raise _refusal("the Location has no valid host")
    return url, target


def _origin(url: SplitResult) -> tuple[str, str | None, int | None]:
    return url.scheme, url.hostname, url.port or _DEFAULT_PORTS.get(url.scheme)


def _refusal(message: str) -> AttemptError:
    return AttemptError(FailureKind.REDIRECT, message)
