"""What makes a value a secret by its name or its place. In each pattern the group `v` is the secret."""

from __future__ import annotations

import re
from collections.abc import Iterable

_PLAIN = [
    "api_key",
    "apikey",
    "api-key",
    "token",
    "access_token",
    "auth_token",
    "refresh_token",
    "id_token",
    "password",
    "passwd",
    "secret",
    "client_secret",
    "x-amz-signature",
    "x-amz-security-token",
    "x-amz-credential",
    "x-goog-signature",
]
SECRET_COLUMNS = frozenset(_PLAIN)
"""Names that mean a secret wherever they stand, in lower case."""
_PARAMETERS = [*_PLAIN, "key", "sig", "signature"]


def _either(names: Iterable[str]) -> str:
    longest_first = sorted(names, key=len, reverse=True)
    return "|".join(name.replace("_", "(?:_|%5f)").replace("-", "(?:-|%2d)") for name in longest_first)


def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


_ANY_PARAMETER = rf"[?&;#](?:{_either(_PARAMETERS)})="
_BEFORE_USER = r"(?<![\w/.~%!$*+-])//"

PARAMETER = _compiled(rf"{_ANY_PARAMETER}(?P<v>[^&#]*)")
"""A secret parameter of a URL; its name may mean something else elsewhere (`key`)."""
USER = _compiled(rf"{_BEFORE_USER}(?P<v>[^/?#]*)@")
"""The user and password of a URL (RFC 3986, section 3.2.1)."""
IN_VALUES = (
    _compiled(rf"{_ANY_PARAMETER}(?P<v>[^&#\s]*)"),
    _compiled(rf"{_BEFORE_USER}(?P<v>[^/?#\s]*)@"),
)
"""The same where URLs stand among other words."""
IN_LINKS = (
    _compiled(rf"{_ANY_PARAMETER}(?P<v>[^&#\s>\"]*)"),
    _compiled(rf"{_BEFORE_USER}(?P<v>[^/?#\s>\"]*)@"),
)
"""The same in the fields `Link` and `Refresh`."""
IN_TEXT = (
    _compiled(rf"(?<![\w-])(?:{_either(_PARAMETERS)})=(?P<v>\"[^\"]*\"|'[^']*'|[^\s&\"<>#]+)"),
    _compiled(r"//(?P<v>[^/?#\s\"<>]*)@"),
    _compiled(
        rf"(?P<q>\\?[\"'])(?:{_either(_PLAIN)})(?P=q)\s*[:,]\s*"
        r"(?:\\\"(?P<v>(?:(?!\\\").)*)|\"(?P<v2>(?:[^\"\\]|\\.)*)|'(?P<v3>(?:[^'\\]|\\.)*)|(?P<v4>[^\s,;\"'}\]]+))"
    ),
    _compiled(r"\b(?:bearer|basic)(?:\s|%20|\+)+(?P<v>[A-Za-z0-9._~+/=%-]+)"),
    _compiled(
        r"\b(?:(?:proxy-)?authorization|x-api-key|(?:set-)?cookie)(?:[\"']?\s*[:=]\s*[\"']?|[\"']\s*,\s*[\"'])"
        r"(?P<v>[^\r\n\"']+)"
    ),
)
"""Secrets in messages, log lines and bodies, where a name may stand in quotes or be a header's."""
LINK_FIELD = _compiled(r"^(?P<url>(?:content-)?location:)|^(?:refresh|link):")
"""The response fields that hold URLs, of which two hold nothing else."""
ANY_LINK_FIELD = re.compile(rb"^(?:content-location|location|refresh|link):", re.IGNORECASE | re.MULTILINE)
"""Whether there is one in raw field lines."""
_JSON_KEY = _compiled(rf'"(?:{_either(_PLAIN)})":')
_JSON_PARAMETER = _compiled(_ANY_PARAMETER)

_HEADERS = frozenset({"authorization", "proxy-authorization", "cookie", "set-cookie", "x-api-key"})
_IN_HEADER = _compiled("key|token|secret|auth|password|signature|credential|session")


def is_secret_header(name: str) -> bool:
    """Whether the value of a request header is a secret by its name."""
    return name.lower() in _HEADERS or _IN_HEADER.search(name) is not None


def may_name_secrets(json: str) -> bool:
    """Whether columns, written as JSON, may hold a secret by its name or place; never wrongly false."""
    if "=" in json and _JSON_PARAMETER.search(json) is not None:
        return True
    return ("@" in json and "//" in json) or _JSON_KEY.search(json) is not None
