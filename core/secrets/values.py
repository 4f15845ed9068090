"""Finds known secret values in text, whichever way they were escaped on their way there."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Collection, Iterable, Iterator
from functools import lru_cache
from urllib.parse import unquote, unquote_plus

MASK = "***"
"""What stands where a secret was."""
SHORT = 4
"""A value of fewer characters is a secret only where it stands alone: it would be found in any text."""
_SHORT_ENCODED = 6
"""A value of fewer octets is not looked for in base64, where it would be found by chance."""

_URL_SAFE = str.maketrans("+/", "-_")
Span = tuple[int, int]
"""Where a secret begins and ends."""


class SecretValues:
    """A fixed set of secret values, found raw, percent-encoded (RFC 3986, also twice) and JSON-escaped."""

    def __init__(self, values: Iterable[str]) -> None:
        """Values that are empty, or masks themselves, are none."""
        self.values = _and_lower(frozenset(value for value in values if value.strip("*")))
        """In lower case too."""
        self._has_spaces = any(" " in value for value in self.values)
        longest_first = sorted(self.values, key=lambda value: (-len(value), value))
        self._pattern = re.compile("|".join(map(_pattern, longest_first)) or r"(?!)")
        self._all_long = all(len(value) >= SHORT for value in self.values)
        self._encoded = tuple(form for value in longest_first for form in _base64_forms(value))

    def spans(self, text: str) -> Iterator[Span]:
        """Where the secrets stand."""
        if not self.within(text):
            return iter(())
        if self._all_long and not self._may_hide(text):
            return plain_spans(text, self.values)
        return (found.span() for found in self._pattern.finditer(text))

    def echoes(self, text: str) -> list[Span]:
        """Where they stand, in base64 too, as a server may give them back."""
        found = [*self.spans(text)]
        for form in self._encoded:
            if form in text:
                found += _occurrences(text, form)
        return found

    def within(self, text: str) -> bool:
        """Whether a secret may stand in the text; never wrongly false."""
        for value in self.values:
            if value in text:
                return True
        return bool(self.values) and self._may_hide(text) and self._pattern.search(text) is not None

    def _may_hide(self, text: str) -> bool:
        """Whether a value may be escaped in it; only these characters can hide one from a plain search."""
        return "%" in text or "\\" in text or (self._has_spaces and "+" in text)


@lru_cache(256)
def known_values(values: frozenset[str]) -> SecretValues:
    """The same set again and again is compiled once."""
    return SecretValues(values)


def spans_of(text: str, values: frozenset[str]) -> Iterator[Span]:
    """Where values stand, escaped ones and such in lower case too; short ones only where they are the whole text."""
    if not values:
        return
    values = _and_lower(values)
    yield from plain_spans(text, values)
    yield from base64_spans(text, values)
    long = frozenset(value for value in values if len(value) >= SHORT)
    if ("%" in text or "\\" in text or "+" in text) and _hides(text, long):
        yield from known_values(long).spans(text)


def may_hold(text: str, values: frozenset[str]) -> bool:
    """Whether `spans_of` may find something in a part of the text; never wrongly false, and quick."""
    values = _and_lower(values)
    if "\\" in text or any(
        value in text or any(form in text for form in _base64_forms(value)) for value in values
    ):
        return True
    return ("%" in text or "+" in text) and _hides(text, values)


def _and_lower(values: frozenset[str]) -> frozenset[str]:
    """A host name that was made of a secret, and what some servers give back, is in lower case."""
    return values | {value.lower() for value in values}


def _hides(text: str, values: Collection[str]) -> bool:
    """Whether one of the values shows once the text is decoded; compiling a pattern for each row would be dear."""
    once = unquote(text)
    forms = {once, unquote(once), unquote_plus(text), unquote_plus(once)}
    return "\\" in text or "%25" in text or any(value in form for value in values for form in forms)


def plain_spans(text: str, values: Iterable[str]) -> Iterator[Span]:
    """Where values stand as they are; short ones only where they are the whole text."""
    for value in values:
        if text == value and value:
            yield 0, len(text)
        elif len(value) >= SHORT:
            yield from _occurrences(text, value)


def base64_spans(text: str, values: Iterable[str]) -> Iterator[Span]:
    """Where values stand in base64 (RFC 4648, both alphabets), alone or with other octets around them."""
    for value in values:
        for form in _base64_forms(value):
            yield from _occurrences(text, form)


def _occurrences(text: str, part: str) -> Iterator[Span]:
    at = text.find(part)
    while at >= 0:
        yield at, at + len(part)
        at = text.find(part, at + 1)


@lru_cache(1024)
def _base64_forms(value: str) -> tuple[str, ...]:
    """The characters that depend on the value alone, for each of the three places it may begin at."""
    octets = value.encode(errors="surrogateescape")
    if len(octets) < _SHORT_ENCODED:
        return ()
    forms: dict[str, None] = {}
    for before in range(3):
        encoded = base64.b64encode(bytes(before) + octets).decode()
        whole = encoded[-(-before * 8 // 6) : (before + len(octets)) * 8 // 6]
        forms |= {whole: None, whole.translate(_URL_SAFE): None}
    return tuple(forms)


def covered(text: str, spans: Iterable[Span]) -> str:
    """The text with a mask over each span, and one mask over spans that overlap or touch."""
    parts: list[str] = []
    done = 0
    for start, end in sorted(span for span in spans if span[0] < span[1]):
        if start > done or not parts:
            parts += (text[done:start], MASK)
        done = max(done, end)
    return "".join((*parts, text[done:])) if parts else text


def _pattern(value: str) -> str:
    found = "".join(map(_character, value))
    alone = rf"(?:(?<![A-Za-z0-9])|(?<=%[0-9A-Fa-f]{{2}})){found}(?![A-Za-z0-9])"
    return found if len(value) >= SHORT else alone


def _character(character: str) -> str:
    escaped = json.dumps(character)[1:-1]
    units = escaped if escaped.startswith("\\u") else f"\\u{ord(character):04x}"
    encoded = "".join(f"%(?:25)*{byte:02x}" for byte in character.encode(errors="replace"))
    forms = [re.escape(character), f"(?i:{encoded})", f"(?i:{re.escape(units)})"]
    if escaped not in (character, units):
        forms.append(re.escape(escaped))
    if character == " ":
        forms.append(r"\+")
    if character == "/":
        forms.append(r"\\/")
    return f"(?:{'|'.join(forms)})"
