"""Finds known secret values in text, whichever way they were escaped on their way there."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator

MASK = "***"
"""What stands where a secret was."""
SHORT = 4
"""A value of fewer characters is a secret only where it stands alone: it would be found in any text."""

Span = tuple[int, int]
"""Where a secret begins and ends."""


class SecretValues:
    """A fixed set of secret values, found raw, percent-encoded (RFC 3986, also twice) and JSON-escaped."""

    def __init__(self, values: Iterable[str]) -> None:
        """Values that are empty, or masks themselves, are none."""
        self.values = frozenset(value for value in values if value.strip("*"))
        self._has_spaces = any(" " in value for value in self.values)
        longest_first = sorted(self.values, key=lambda value: (-len(value), value))
        self._pattern = re.compile("|".join(map(_pattern, longest_first)) or r"(?!)")

    def spans(self, text: str) -> Iterator[Span]:
        """Where the secrets stand."""
        return (found.span() for found in self._pattern.finditer(text)) if self.within(text) else iter(())

    def within(self, text: str) -> bool:
        """Whether a secret may stand in the text; never wrongly false."""
        for value in self.values:
            if value in text:
                return True
        # Only these characters can hide a value from a plain search.
        hidden = "%" in text or "\\" in text or (self._has_spaces and "+" in text)
        return hidden and bool(self.values) and self._pattern.search(text) is not None


def plain_spans(text: str, values: Iterable[str]) -> Iterator[Span]:
    """Where values stand as they are; short ones only where they are the whole text."""
    for value in values:
        if text == value and value:
            yield 0, len(text)
        elif len(value) >= SHORT:
            at = text.find(value)
            while at >= 0:
                yield at, at + len(value)
                at = text.find(value, at + 1)


def covered(text: str, spans: Iterable[Span]) -> str:
    """The text with a mask over each span, and one mask over spans that overlap."""
    parts: list[str] = []
    done = 0
    for start, end in sorted(span for span in spans if span[0] < span[1]):
        if start >= done:
            parts += (text[done:start], MASK)
        done = max(done, end)
    return "".join((*parts, text[done:])) if parts else text


def _pattern(value: str) -> str:
    found = "".join(map(_character, value))
    return found if len(value) >= SHORT else f"(?<![A-Za-z0-9]){found}(?![A-Za-z0-9])"


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
