"""The terms of the filter language, and how a text is taken apart into them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

from ..errors import OptionError

LONGEST = 2_000
"""Characters of a filter."""
MOST_TERMS = 100
"""Far below where SQLite refuses a condition as too deep (1,000) or a pattern as too long (50,000)."""


class Term(Struct, frozen=True):
    """One thing that can be asked for by name."""

    name: str
    example: str
    meaning: str


TERMS = (
    Term("status", "status:429,5xx", "HTTP status: a number, a class, a range such as 500-504"),
    Term("state", "state:failed", "state of the request"),
    Term("kind", "kind:timeout,dns", "kind of failure"),
    Term("host", "host:api.", "part of the host's name"),
    Term("cause", "cause:3", "number of a failure cause"),
    Term("row", "row:100-200", "row number, or a range of them"),
    Term("slow", "slow>2s", "latency, in ms, s or m; also < >= <="),
    Term("size", "size>10kb", "bytes received, in b, kb or mb"),
    Term("attempts", "attempts>1", "attempts that were made"),
    Term("after", "after:14:30", "ended at this time or later"),
    Term("before", "before:15:00", "ended before this time"),
    Term("last", "last:5m", "ended at most so long ago"),
)
"""All of them, as help and completion show them. A `-` before any term negates it; other text is searched for."""
SYNTAX = "status:429,5xx state:failed kind:timeout host:api. cause:3 row:1-99 slow>2s size>=10kb last:5m word -word"
"""One example of the terms, for help texts."""

_ALIASES = {"tries": "attempts", "latency": "slow", "bytes": "size", "since": "after", "until": "before"}
_NAMES = "|".join([*(term.name for term in TERMS), *_ALIASES])
_NAMED = re.compile(rf"({_NAMES})(:|>=|<=|=|<|>)", re.IGNORECASE)
_UNFIT = re.compile("[\x00\ud800-\udfff]")
_BARE = re.compile(r"\S*")
_SPACE = re.compile(r"\s*")
_QUOTED = {quote: re.compile(rf"{quote}((?:[^{quote}\\]|\\.)*){quote}", re.DOTALL) for quote in "\"'"}
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_AWKWARD = re.compile(r"""[\s,]|^["'-]""")


class Token(Struct, frozen=True):
    """One term as it was typed."""

    text: str
    at: int
    """Where it begins, counted from 1."""
    negated: bool
    name: str
    """Empty for a text to search for."""
    operator: str
    value: str
    """Without its quotes."""
    quoted: bool

    @property
    def values(self) -> list[str]:
        """The parts that commas separate; quotes keep commas."""
        return [self.value] if self.quoted else self.value.split(",")

    def wrong(self, hint: str) -> OptionError:
        """The error that says which term is wrong, where it stands, and how it should be."""
        return OptionError(
            f"The filter term '{self.text}' cannot be understood (character {self.at}): {hint}."
        )


def tokens(text: str) -> Iterator[Token]:
    """Take a filter apart; raises OptionError for a text that is too long, or a quote that is not closed."""
    if len(text) > LONGEST or _UNFIT.search(text):
        raise OptionError(f"A filter has at most {LONGEST:,} characters, all of them valid text.")
    at = _end(_SPACE, text, 0)
    number = 0
    while at < len(text):
        number += 1
        if number > MOST_TERMS:
            raise OptionError(f"A filter has at most {MOST_TERMS} terms; this one has more.")
        token, end = _token(text, at)
        yield token
        at = _end(_SPACE, text, end)


def quoted(text: str) -> str:
    """A text as a value or a word of a filter, in quotes where it would be read as something else without."""
    if text and not _AWKWARD.search(text) and not _NAMED.match(text):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _token(text: str, start: int) -> tuple[Token, int]:
    negated = text[start] == "-" and not text[start + 1 : start + 2].isspace() and start + 1 < len(text)
    at = start + negated
    named = _NAMED.match(text, at)
    name, operator = (named[1].lower(), named[2]) if named else ("", "")
    at = named.end() if named else at
    if is_quoted := text[at : at + 1] in _QUOTED:
        found = _QUOTED[text[at]].match(text, at)
        if found is None:
            raise OptionError(
                f"The quote at character {at + 1} of the filter is open: close it with {text[at]}."
            )
        value, end = _ESCAPE.sub(r"\1", found[1]), found.end()
        if _end(_BARE, text, end) > end:
            raise OptionError(
                f"A space is missing behind the quote that closes at character {end} of the filter."
            )
    else:
        end = _end(_BARE, text, at)
        value = text[at:end]
    name = _ALIASES.get(name, name)
    return Token(text[start:end], start + 1, negated, name, operator, value, is_quoted), end


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    return found.end() if found else at
