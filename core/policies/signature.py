"""What makes two failures the same failure."""

from __future__ import annotations

import re

from ..model import FailureKind

_VARIABLE = (
    (re.compile(r"https?://\S+", re.IGNORECASE), "URL"),
    (re.compile(r"\[[0-9a-f:.%]+\](?::\d+)?", re.IGNORECASE), "HOST"),
    (re.compile(r"(?<![\w:])(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}(?![\w:])", re.IGNORECASE), "HOST"),
    (re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}\b(?::\d+)?"), "HOST"),
    (
        re.compile(r"\b(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]+\b(?::\d+)?", re.IGNORECASE),
        "HOST",
    ),
    (re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", re.IGNORECASE), "ID"),
    (re.compile(r"\b(?=[0-9a-f]*\d)[0-9a-f]{8,}\b", re.IGNORECASE), "ID"),
    (re.compile(r"\blocalhost(?::\d+)?\b", re.IGNORECASE), "HOST"),
    (re.compile(r"\d+(?:[.,]\d+)*"), "N"),
)
_BY_RULE = frozenset({FailureKind.REJECTED, FailureKind.RULE})
_LONGEST = 200


def signature(kind: FailureKind, status: int | None, message: str) -> str:
    """A failure's message without numbers, hosts, addresses and ids, so that like failures share it.

    The status of an HTTP failure stays: 404 and 500 are two causes. So does the rule that a reply was judged by.
    """
    if kind is FailureKind.HTTP_STATUS and status is not None:
        return message
    if kind in _BY_RULE:
        return message[:_LONGEST]
    text = message
    for pattern, name in _VARIABLE:
        text = pattern.sub(name, text)
    return text[:_LONGEST]
