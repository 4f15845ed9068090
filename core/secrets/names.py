"""What makes a value a secret by its name or its place. In each pattern the groups named `v…` are the secret."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache, cached_property
from itertools import repeat
from typing import NamedTuple, cast

from .values import SHORT

_PLAIN = [
    "access_key",
    "access_token",
    "api_key",
    "api_secret",
    "api_token",
    "auth_token",
    "client_secret",
    "id_token",
    "passwd",
    "password",
    "private_key",
    "pwd",
    "refresh_token",
    "secret",
    "secret_key",
    "session_token",
    "subscription_key",
    "token",
    "x_amz_credential",
    "x_amz_security_token",
    "x_amz_signature",
    "x_goog_credential",
    "x_goog_signature",
]
_SEPARATORS = str.maketrans("", "", "_- ")
_COLUMNS = frozenset(name.translate(_SEPARATORS) for name in _PLAIN)
_PARAMETERS = [*_PLAIN, "key", "sig", "signature"]
_ROOTS = ("key", "token", "passw", "pwd", "secret", "amz", "goog")
"""Each of the plain names has one of these in it."""
_SEPARATOR = "(?:[-_ +]|%(?:25)*(?:5f|2d|20))?"
"""`access_token`, `accessToken`, `Access-Token` and `access%5Ftoken` are one name."""


def _either(names: Iterable[str]) -> str:
    longest_first = sorted(names, key=len, reverse=True)
    return "|".join(name.replace("_", _SEPARATOR) for name in longest_first)


def _either_encoded(names: Iterable[str]) -> str:
    longest_first = sorted(names, key=len, reverse=True)
    return "|".join("".join(map(_raw_or_encoded, name)) for name in longest_first)


def _raw_or_encoded(character: str) -> str:
    if character == "_":
        return _SEPARATOR
    codes = sorted({f"{ord(one):02x}" for one in (character, character.upper())})
    return f"(?:{character}|%(?:25)*(?:{'|'.join(codes)}))"


def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


class _Late:
    """A pattern that is compiled when it is first wanted: those with all the names take 5 ms each."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern

    @cached_property
    def search(self) -> Callable[[str], re.Match[str] | None]:
        """As `re.Pattern.search`."""
        return self._compiled.search

    @cached_property
    def finditer(self) -> Callable[[str], Iterator[re.Match[str]]]:
        """As `re.Pattern.finditer`."""
        return self._compiled.finditer

    @cached_property
    def groups(self) -> tuple[str, ...]:
        """The names of the groups that are the secret."""
        return tuple(name for name in self._compiled.groupindex if name.startswith("v"))

    @cached_property
    def _compiled(self) -> re.Pattern[str]:
        return _compiled(self._pattern)


_ANY_PARAMETER = rf"[?&;#](?:{_either(_PARAMETERS)})="
_BEFORE_USER = r"(?<![\w/.~%!$*+-])//"

_PARAMETER = _Late(rf"{_ANY_PARAMETER}(?P<v>[^&#]*)")
_USER = _Late(rf"{_BEFORE_USER}(?P<v>[^/?#]*)@")
"""The user and password of a URL (RFC 3986, section 3.2.1)."""
_HINT = _compiled(r"%(?:25)*(?:3d|[4-7][0-9a-f])")
"""Without one of these (`=`, `@`, a letter) no percent-encoding can hide a name or a user."""
_IN_VALUES = (
    _Late(rf"{_ANY_PARAMETER}(?P<v>[^&#\s]*)"),
    _Late(rf"{_BEFORE_USER}(?P<v>[^/?#\s]*)@"),
)
_IN_LINKS = (
    _Late(rf"{_ANY_PARAMETER}(?P<v>[^&#\s>\"]*)"),
    _Late(rf"{_BEFORE_USER}(?P<v>[^/?#\s>\"]*)@"),
)
_NAME_IN_TEXT = rf"(?<![\w-])(?:{_either(_PARAMETERS)})="
_IN_TEXT = (
    _Late(
        rf"{_NAME_IN_TEXT}(?P<v>(?:\\\"(?:(?!\\\").)*(?:\\\")?|\"[^\"]*\"|'[^']*')?"
        # Of a value in quotes, or a mask, that follows at once the quotes are to be found, and masked as its own.
        rf"(?:(?!{_NAME_IN_TEXT}(?:\\?[\"']|\*\*\*))[^\s&\"<>#])*)"
    ),
    _Late(r"//(?P<v>[^/?#\s\"<>]*)@"),
    _Late(
        rf"(?P<q>\\?[\"'])(?:{_either(_PARAMETERS)})(?P=q)\s*[:,]\s*"
        r"(?:\\\"(?P<v>(?:(?!\\\").)*)|\"(?P<v2>(?:[^\"\\]|\\.)*)|'(?P<v3>(?:[^'\\]|\\.)*)|(?P<v4>[^\s,;\"'}\]]+))"
    ),
    _Late(r"\b(?:bearer|basic)(?:\s|%20|\+)+(?P<v>[A-Za-z0-9._~+/=%-]+)"),
    _Late(
        r"\b(?:(?:proxy-)?authorization|x-api-key|(?:set-)?cookie)(?:[\"']?\s*[:=]\s*[\"']?|[\"']\s*,\s*[\"'])"
        r"(?P<v>[^\r\n\"']+)"
    ),
    _Late(
        r"\bx(?:-\w+)*-(?:key|token|secret|auth|signature|session)[\"']?(?::\s*|[\"']\s*,\s*)[\"']?(?P<v>[^\r\n\"']+)"
    ),
)
LINK_FIELD = _compiled(r"^(?P<url>(?:content-)?location:)|^(?:refresh|link):")
"""The response fields that hold URLs, of which two hold nothing else."""
_ANY_LINK_FIELD = re.compile(rb"^(?:content-location|location|refresh|link):", re.MULTILINE)
_JSON_KEY = _Late(rf'"[ ]*(?:{_either(_PLAIN)})[ ]*":')
_NAMED = _Late(rf"(?<![\w-])(?:{_either(_PARAMETERS)})=")
_MENTION = _Late(_either(_PLAIN))
_JSON_PARAMETER = _Late(_ANY_PARAMETER)

_HEADERS = frozenset({"authorization", "proxy-authorization", "cookie", "set-cookie", "x-api-key"})
_IN_HEADER = _compiled("key|token|secret|auth|passw|pwd|signature|credential|session|cookie|jwt")


class Place(NamedTuple):
    """A pattern whose groups are secrets, and what must stand in a text for it to be found there."""

    mark: str
    pattern: _Late


Places = tuple[Place, ...]


def _places(*patterns: _Late, marks: Iterable[str] = repeat("")) -> Places:
    return tuple(Place(mark, pattern) for pattern, mark in zip(patterns, marks, strict=False))


URL = _places(_PARAMETER, _USER, marks="=@")
"""A URL and nothing else: its secret parameters (elsewhere `key` may mean something else), its user."""
VALUE = _places(*_IN_VALUES, marks="=@")
"""URLs among other words."""
LINK = _places(*_IN_LINKS, marks="=@")
"""URLs in the fields `Link` and `Refresh`."""
TEXT = _places(*_IN_TEXT, marks=("=", "@", "", "", "", ""))
"""Messages, log lines and bodies, where a name may stand in quotes or be a header's."""


@cache
def _hidden() -> Places:
    """A parameter with an encoded name; a URL within a URL with its parameters, and with its user.

    Compiled where a text may hold one: that takes 50 ms, which few runs need.
    """
    name = _either_encoded(_PARAMETERS)
    return _places(
        _Late(rf"[?&;#](?:{name})=(?P<v>[^&#\s]*)"),
        _Late(
            rf"(?:[?&;#]|%(?:25)*(?:3f|26|3b|23))(?:{name})%(?P<n>(?:25)*)3d"
            r"(?P<v>(?:(?!%(?P=n)(?:26|23))[^&#\s>\"])*)"
        ),
        _Late(
            r"%(?P<n>(?:25)*)2f%(?P=n)2f(?P<v>(?:(?!%(?P=n)(?:2f|3f|23|26))[^/?#&\s>\"])*)%(?P=n)40",
        ),
    )


def named_spans(text: str, places: Places) -> Iterator[tuple[int, int]]:
    """Where secrets stand, by one of the sets of patterns above and percent-encoded ones."""
    if "%" in text and _HINT.search(text) is not None:
        places += _hidden()
    for mark, pattern in places:
        if mark in text:
            for match in pattern.finditer(text):
                for group in pattern.groups:
                    yield match.span(group)


def url_names_secrets(url: str) -> bool:
    """Whether a URL may hold a secret by its name or place; never wrongly false."""
    return (
        ("=" in url and _PARAMETER.search(url) is not None)
        or ("@" in url and _USER.search(url) is not None)
        or ("%" in url and _HINT.search(url) is not None)
    )


def any_link_field(raw: bytes) -> bool:
    """Whether any of raw field lines holds URLs."""
    folded = raw.lower()
    return (b"location:" in folded or b"link:" in folded or b"refresh:" in folded) and (
        _ANY_LINK_FIELD.search(folded) is not None
    )


def is_secret_header(name: str) -> bool:
    """Whether the value of a request header is a secret by its name."""
    return name.lower() in _HEADERS or _IN_HEADER.search(name) is not None


def is_secret_column(name: str) -> bool:
    """Whether a column, or a member of a JSON object, is a secret by its name wherever it stands."""
    return name.lower().translate(_SEPARATORS) in _COLUMNS


def json_names_secrets(json: str) -> bool:
    """Whether columns, written as JSON, may hold a secret by its name or place; never wrongly false."""
    if "=" in json and _JSON_PARAMETER.search(json) is not None:
        return True
    if "%" in json and _HINT.search(json) is not None:
        return True
    return ("@" in json and "//" in json) or names_column(json)


def names_column(json: str) -> bool:
    """Whether a member of a JSON object has the name of a secret."""
    return _has_root(json) and _JSON_KEY.search(json) is not None


def names_parameter(text: str) -> bool:
    """Whether the name of a secret parameter stands in a text, with the sign that a value follows."""
    return _NAMED.search(text) is not None


def names_secrets(template: str) -> bool:
    """Whether a template gives a value, or leaves one to a row, that is a secret by its name."""
    return any(named_spans(template, TEXT)) or any(named_spans(f"?{template}", URL))


def mentions_column(template: str) -> bool:
    """Whether a template may use a column with the name of a secret; never wrongly false."""
    return _has_root(template) and _MENTION.search(template) is not None


def _has_root(text: str) -> bool:
    folded = text.casefold()
    # Done for each row: `any` takes twice as long.
    for root in _ROOTS:  # noqa: SIM110
        if root in folded:
            return True
    return False


def column_secrets(columns: object) -> Iterator[str]:
    """The values, as text, whose names in a JSON value mean a secret; not those so short that any text has them."""
    if isinstance(columns, Mapping):
        for name, value in cast("Mapping[str, object]", columns).items():
            yield from _texts(value) if is_secret_column(name) else column_secrets(value)
    elif isinstance(columns, list):
        for value in cast("list[object]", columns):
            yield from column_secrets(value)


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, Mapping):
        for part in cast("Mapping[str, object]", value).values():
            yield from _texts(part)
    elif isinstance(value, list):
        for part in cast("list[object]", value):
            yield from _texts(part)
    elif value is not None and not isinstance(value, bool) and len(str(value)) >= SHORT:
        yield str(value)
