"""Templates without the literal secrets in them; `key={{ env.API_KEY }}` holds none and stays as it is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from ..job import Templates
from .names import TEXT, URL, is_secret_header, named_spans, names_parameter
from .redact import Redactor
from .values import Span, covered

_STRING = r"'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\""
_EXPRESSION = re.compile(rf"\{{\{{(?:{_STRING}|\}}(?!\}})|[^'\"}}])*\}}\}}", re.DOTALL)
_TAG = re.compile(rf"\{{%(?:{_STRING}|%(?!\}})|[^'\"%])*%\}}", re.DOTALL)
_RAW = re.compile(r"\{%[-+]?\s*raw\b")
_LITERAL = re.compile(
    rf"(?<=[\w)\]])\[\s*(?:{_STRING})\s*\]|(?P<text>{_STRING}|(?<![\w.])\d{{4,}})", re.DOTALL
)
"""A string or a long number of an expression; the name of an item, as in `row["id"]`, is none."""
_SET = re.compile(r"\{%[-+]?\s*set\b")
_SCHEME = re.compile(r"\s*[A-Za-z-]{1,12}\s+(?=\ue000)")
_COOKIE = re.compile(r"(?:[^=;\ue000]*=)?(?P<v>[^;]*)")
_FILL = "\ue000"


def masked_templates(templates: Templates, redactor: Redactor) -> Templates:
    """The templates with a mask over each secret that is written out, whole values at a time."""

    def masked(template: str | None, spans: Iterable[Span]) -> str | None:
        return _masked(template, spans, redactor) if template is not None else None

    return Templates(
        url=masked(templates.url, _in_url(templates.url or "")),
        method=templates.method,
        headers=tuple(
            (name, _masked(value, _in_header(name, value), redactor)) for name, value in templates.headers
        ),
        data=masked(templates.data, _in_body(templates.data or "")),
        json=masked(templates.json, _in_body(templates.json or "")),
    )


def _in_url(template: str) -> Iterator[Span]:
    return named_spans(_hidden(template), URL)


def _in_body(template: str) -> Iterator[Span]:
    hidden = _hidden(template)
    yield from named_spans(hidden, TEXT)
    # A form names its secrets as a query does.
    yield from ((start - 1, end - 1) for start, end in named_spans(f"?{hidden}", URL))


def _in_header(name: str, value: str) -> Iterator[Span]:
    hidden = _hidden(value)
    if not is_secret_header(name):
        yield from named_spans(hidden, TEXT)
        return
    if name.lower() == "cookie":
        yield from (cookie.span("v") for cookie in _COOKIE.finditer(hidden))
        return
    scheme = _SCHEME.match(hidden)
    yield (scheme.end() if scheme else 0), len(value)


def _masked(template: str, places: Iterable[Span], redactor: Redactor) -> str:
    code = list(_code(template))
    hidden = _hidden(template)
    secret = list(places)
    found = [place for place in secret if _writes_out(template, hidden, place, code)]
    for span in code:
        if secret and _SET.match(template, span[0]):
            found += _literals(template, span)
        found += _named_literals(template, span)
    return covered(template, [*found, *redactor.known(template)])


def _code(template: str) -> Iterator[Span]:
    """Where expressions and tags stand; what cannot be told is taken for text, and so for a possible secret."""
    patterns = (_TAG,) if _RAW.search(template) else (_EXPRESSION, _TAG)
    return (match.span() for pattern in patterns for match in pattern.finditer(template))


def _hidden(template: str) -> str:
    """The template with its code filled up, so that only text is text and each place stays where it is."""
    characters = list(template)
    for start, end in _code(template):
        characters[start:end] = _FILL * (end - start)
    return "".join(characters)


def _writes_out(template: str, hidden: str, place: Span, code: list[Span]) -> bool:
    """Whether some of a secret stands in the template itself."""
    start, end = place
    if any(character.isalnum() for character in hidden[start:end]):
        return True
    return any(a < end and b > start and any(_literals(template, (a, b))) for a, b in code)


def _literals(template: str, span: Span) -> Iterator[Span]:
    """The strings and long numbers within code that could be secrets, without their quotes."""
    for match in _LITERAL.finditer(template, *span):
        text = match["text"]
        if text and any(character.isalnum() for character in text):
            start, end = match.span("text")
            yield (start, end) if text.isdigit() else (start + 1, end - 1)


def _named_literals(template: str, span: Span) -> list[Span]:
    """Literals of an expression that names them as secrets itself: `url ~ '&key=x'`, `{"token": "x"} | tojson`."""
    literals = list(_literals(template, span))
    if not literals:
        return []
    if any(names_parameter(template[start:end]) for start, end in literals):
        return literals
    offset = span[0]
    named = [(offset + a, offset + b) for a, b in named_spans(template[slice(*span)], TEXT)]
    return [(a, b) for a, b in literals if any(a < end and b > start for start, end in named)]
