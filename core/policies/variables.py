"""What differs from one message to the next though they say the same: numbers, hosts, addresses, ids, values.

Every pattern is linear in the text, or the text is short: messages come from servers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache
from itertools import pairwise

Put = str | Callable[[re.Match[str]], str]

_TOP_LEVELS = (
    "com|org|net|io|dev|app|gov|edu|info|biz|mil|int|cloud|online|site|tech|xyz|local|localdomain|internal|intranet|"
    "lan|corp|home|example|test|invalid|arpa|svc|cluster|xn--[a-z0-9-]+"
)
_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,62})\."
_PORT = r"(?::\d{1,5}\b)?"
_DAY = r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]{0,6},?\s"
_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]{0,6}"
_CLOCK = r"\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?"
_ZONE = r"(?:\s?(?:Z|UTC|GMT|[+-]\d{2}:?\d{2})\b)?"
_MIXED = 0.3
"""Changes between capitals and small letters, a letter, above which no words are meant."""
_TOKEN = 16
"""Characters from which on a word may be a token."""


def without_variables(text: str, *, names: bool = False) -> str:
    """The text with a word such as HOST or ID for each thing that varies; runs of numbers become one.

    `names` takes every dotted name for a host's, as in this program's own messages; otherwise only those that hardly
    are anything else, such as `user.email` or `java.lang.Error`.
    """
    digits = _DIGIT.search(text) is not None
    text = _apply(_BEFORE_NAMES, text, digits=digits)
    if "." in text or ":" in text or "localhost" in text:
        text = _pattern(_ANY_HOST if names else _HOST).sub("HOST", text)
    return _apply(_AFTER_NAMES, text, digits=digits)


def _apply(rules: Iterable[Rule], text: str, *, digits: bool) -> str:
    for needed, pattern, put in rules:
        if digits if needed == "0" else needed in text:
            text = _pattern(pattern).sub(put, text)
    return text


def _is_token(word: str) -> bool:
    """Whether a run of letters, digits and signs is made by a machine."""
    if word.isalpha() and (word.islower() or len(word) < _TOKEN):
        return False
    digits = len(_DIGIT.findall(word))
    if digits:
        return len(word) >= _TOKEN or (digits >= 2 and not _WORD_AND_NUMBER.fullmatch(word))
    if len(word) < _TOKEN:
        return False
    piece = max(_SIGN.split(word), key=len)
    changes = sum(a.isupper() != b.isupper() for a, b in pairwise(piece))
    return len(piece) >= _TOKEN and changes >= _MIXED * len(piece)


def _token(match: re.Match[str]) -> str:
    word = match[0]
    if "=" in word.rstrip("="):  # a name and its value
        name, _, value = word.partition("=")
        return f"{name}=ID" if _is_token(value) else word
    return "ID" if _is_token(word) else word


_pattern = cache(re.compile)
"""Made when something has failed: all of them take 3 ms, which a start does without."""
_SIGN = re.compile(r"[^A-Za-z]")
_DIGIT = re.compile(r"\d")
_WORD_AND_NUMBER = re.compile(r"[A-Za-z]+[_-]?\d+|\d+[_-]?[A-Za-z]+|(?:[A-Za-z]+[_-])+\d+")
Rule = tuple[str, str, Put]
"""A character without which nothing is found (empty: none; `0` for any digit), what to look for, what to put there."""
_BEFORE_NAMES: tuple[Rule, ...] = (
    ("/", r"(?i)\b[a-z][a-z0-9+.-]{0,20}://[^\s\"'<>`]+", "URL"),
    ("@", r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})*", "EMAIL"),
    ('"', r'"[^"]*"', '"…"'),
    ("“", r"“[^”]*”", "“…”"),
    ("`", r"`[^`]*`", "`…`"),
    ("'", r"(?<!\w)'[^']*'(?!\w)", "'…'"),
    ("-", r"(?i)\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", "ID"),
    ("0", rf"(?:{_DAY})?\d{{1,2}}[ -]{_MONTH}[ -]\d{{2,4}}(?:\s{_CLOCK})?{_ZONE}", "TIME"),
    (
        "0",
        rf"(?:{_DAY})?{_MONTH}\s{{1,2}}\d{{1,2}},?(?:\s{_CLOCK})?(?:\s\d{{4}})?{_ZONE}",
        "TIME",
    ),
    ("0", rf"\b\d{{4}}[-/]\d{{2}}[-/]\d{{2}}(?:[T\s_]{_CLOCK})?{_ZONE}", "TIME"),
    (":", r"\b\d{1,2}:\d{2}:\d{2}(?:[.,]\d+)?\b(?!:)", "TIME"),
    ("[", r"(?i)\[[0-9a-f:.]*:[0-9a-f:.]*(?:%\w+)?\](?::\d+)?", "HOST"),
    (
        ":",
        (
            r"(?i)(?<![\w:.])(?=[a-f:.]*\d)(?:(?:[0-9a-f]{1,4}:){7}[0-9a-f]{1,4}|(?:(?:[0-9a-f]{1,4}:){1,7}|:):"
            r"(?:[0-9a-f]{1,4}:){0,6}(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f]{1,4})?)(?:%\w+)?(?![\w:])"
        ),
        "HOST",
    ),
    (".", r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?:/\d{1,2})?(?![\w.]\d)(?::\d+)?", "HOST"),
)
_HOST = (
    rf"(?<![\w.@-])(?:(?:{_LABEL})+(?:{_TOP_LEVELS})|(?:{_LABEL}){{2,}}[a-z]{{2}}|(?:{_LABEL})+[a-z][a-z0-9-]+(?=:\d)"
    rf"|localhost)(?![\w-]|\.\w){_PORT}"
)
_ANY_HOST = rf"(?<![\w.@-])(?:(?:{_LABEL})+[A-Za-z][A-Za-z0-9-]+|[A-Za-z][\w-]*(?=:\d)|localhost)(?![\w-]|\.\w){_PORT}"
_AFTER_NAMES: tuple[Rule, ...] = (
    ("/", r"(?<![\w/.<])/(?!/)[\w.~%!$&()*+,;=:@/-]*(?:\?[^\s\"'<>]*)?", "PATH"),
    ("0", r"(?i)\b0x[0-9a-f]+\b", "ID"),
    (
        "0",
        r"(?i)(?<![\w-])(?=[a-f-]*\d)(?=[0-9-]*[a-f])[0-9a-f]{8,}(?:-[0-9a-f]+)*(?![\w-])",
        "ID",
    ),
    ("", r"(?a)[\w+/=-]{8,}", _token),
    ("0", r"(?:(?<=[\s(=,:\[])[-+])?\d+(?:[.,:]\d+)*(?:[eE][-+]?\d+)?", "N"),
    ("N", r"\bN(?:[,;]? ?N\b)+", "N"),
)
