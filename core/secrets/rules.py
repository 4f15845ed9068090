"""Rules without the secrets that they write out; `body.status == 'OK'` holds none and stays as it is."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .names import TEXT, is_secret_column, is_secret_header, named_spans
from .redact import Redactor
from .values import Span, covered

_LITERAL = r"'(?:\\.|[^'\\])*'|`(?:\\.|[^`\\])*`"
_NAME = (
    r"(?:header\(\s*(?:'(?P<header>[^']*)')\s*\)|(?P<field>[A-Za-z_]\w*)|\"(?P<quoted>(?:\\.|[^\"\\])*)\")"
)
_COMPARED = (
    re.compile(rf"{_NAME}\s*[!=]=\s*(?P<literal>{_LITERAL})"),
    re.compile(rf"(?P<literal>{_LITERAL})\s*[!=]=\s*(?:[A-Za-z_]\w*\.)*{_NAME}(?![.\w(])"),
)
"""A text that is compared with a field or a header, in either order."""
_LITERALS = re.compile(_LITERAL)
_PATTERN = re.compile(r"[\\\[(]|\.[*+]")
"""What only a regular expression has: `key=\\w+` names a secret and writes none out."""


def masked_rule(rule: str, redactor: Redactor) -> str:
    """A rule with a mask over each secret that is written out: by its value, or by the name beside it."""
    return covered(rule, [*redactor.known(rule), *_in_literals(rule), *_compared(rule)])


def _in_literals(rule: str) -> Iterator[Span]:
    for literal in _LITERALS.finditer(rule):
        for start, end in named_spans(literal[0][1:-1], TEXT):
            if not _PATTERN.search(literal[0], start + 1, end + 1):
                yield literal.start() + 1 + start, literal.start() + 1 + end


def _compared(rule: str) -> Iterator[Span]:
    for pattern in _COMPARED:
        for found in pattern.finditer(rule):
            name = found["header"] or found["field"] or found["quoted"] or ""
            start, end = found.span("literal")
            if end - start > 2 and _names_secret(name):
                yield start + 1, end - 1


def _names_secret(name: str) -> bool:
    """Whether what is compared with it is one of the user's; cookies are the server's data."""
    name = name.lower()
    is_header = ("-" in name and "cookie" not in name) or name == "authorization"
    return is_secret_column(name) or (is_header and is_secret_header(name))
